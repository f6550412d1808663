//! The keep behind its socket, as the gateway's process sees it.

use std::os::unix::net::UnixStream;
use std::thread;

use claviger_core::{Entry, Method};
use claviger_door::{Ask, Command, Door as _, DoorClient, Reply, Seen};

use crate::testing::{Home, command, open_publicly, placed, said, view};

fn talk<F, T>(home: &Home, ask: F) -> T
where
    F: AsyncFnOnce(DoorClient) -> T,
{
    let (ours, theirs) = UnixStream::pair().unwrap();
    let keep = home.keep.clone();
    let running = thread::spawn(move || keep.run(theirs));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let told = runtime.block_on(async {
        ours.set_nonblocking(true).unwrap();
        let client = DoorClient::new(tokio::net::UnixStream::from_std(ours).unwrap());
        ask(client).await
    });
    drop(runtime);
    running.join().unwrap().unwrap();
    told
}

#[test]
fn p1_over_the_socket_every_order_that_leaves_is_in_the_journal() {
    let home = Home::new();
    let bot = home.bot("grid");
    let bot = &bot;
    let sent = talk(&home, async |door| {
        let asks = (0..64).map(|n| {
            let request = match n % 4 {
                0 => bot.binance(Method::Get, "/api/v3/account", &format!("omitZeroBalances={}", n % 8 == 0)),
                _ => bot.order("0.001", "50000", &format!("&newClientOrderId=n{n}")),
            };
            door.ask(Ask::Judge(Box::new(request)))
        });
        let mut sent = Vec::new();
        for reply in futures_join(asks).await {
            match reply {
                Reply::Send(request) => sent.push(request.into_parts()),
                Reply::Refuse(refusal) => {
                    assert_eq!(
                        crate::testing::rule_and_text(&refusal).0,
                        "replay",
                        "two equal reads in one ms"
                    );
                }
                other => panic!("{}", said(&other)),
            }
        }
        for parts in sent.iter().filter(|parts| parts.changes_state) {
            let seen =
                Seen::Answer { status: 200, body: placed(parts, parts.ticket, "NEW", "0").into_bytes() };
            let told = door.ask(Ask::Settle { ticket: parts.ticket, seen }).await.unwrap();
            assert!(matches!(told, Reply::Pass), "{}", said(&told));
        }
        sent
    });
    let orders = sent.iter().filter(|parts| parts.changes_state).count();
    assert_eq!(orders, 48);
    let journal = home.path().join("journal");
    let mut tickets: Vec<u64> = sent.iter().map(|parts| parts.ticket).collect();
    tickets.dedup();
    assert_eq!(tickets.len(), sent.len());
    claviger_store::verify(&journal).unwrap();
    let entries: Vec<Entry> =
        claviger_store::read::<Entry>(&journal, 1).unwrap().map(|r| r.unwrap().entry).collect();
    assert_eq!(entries.iter().filter(|e| matches!(e, Entry::Intent(_))).count(), orders);
    assert_eq!(entries.iter().filter(|e| matches!(e, Entry::Outcome(_))).count(), orders);
}

async fn futures_join(
    asks: impl Iterator<Item = impl Future<Output = Result<Reply, claviger_door::DoorError>>>,
) -> Vec<Reply> {
    let mut asks: Vec<_> = asks.map(Box::pin).collect();
    let mut replies = Vec::new();
    // Polled together, so that many are under way at a time.
    std::future::poll_fn(|context| {
        asks.retain_mut(|ask| match ask.as_mut().poll(context) {
            std::task::Poll::Ready(reply) => {
                replies.push(reply.unwrap());
                false
            }
            std::task::Poll::Pending => true,
        });
        if asks.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    replies
}

#[test]
fn what_the_gateway_leaves_open_is_unknown() {
    let home = Home::new();
    let bot = home.bot("grid");
    let sent = talk(&home, async |door| {
        door.ask(Ask::Judge(Box::new(bot.order("0.01", "50000", "")))).await.unwrap()
    });
    assert!(matches!(sent, Reply::Send(_)));
    assert_eq!(home.keep.room().book.pending().count(), 0);
    let journal = home.path().join("journal");
    let last = claviger_store::read::<Entry>(&journal, 1).unwrap().last().unwrap().unwrap().entry;
    assert!(matches!(last, Entry::Outcome(e) if matches!(e.outcome, claviger_core::Outcome::Unknown { .. })));
}

#[test]
fn what_is_told_comes_before_what_is_asked_and_by_itself() {
    let home = Home::new();
    let bot = home.bot("grid");
    let tickets = || home.keep.room().tickets.open_now();
    talk(&home, async |door| {
        let ask = async |n: u32| {
            let request =
                bot.binance(Method::Get, "/api/v3/account", &format!("omitZeroBalances={}", n == 1));
            match door.ask(Ask::Judge(Box::new(request))).await.unwrap() {
                Reply::Send(request) => request.into_parts().ticket,
                other => panic!("{}", said(&other)),
            }
        };
        let seen = || Seen::Answer { status: 200, body: Vec::new() };
        let first = ask(1).await;
        assert_eq!(tickets(), [first]);
        door.tell(Ask::Settle { ticket: first, seen: seen() }).await.unwrap();
        let second = ask(2).await;
        assert_eq!(tickets(), [second], "told before it was asked");
        door.tell(Ask::Settle { ticket: second, seen: seen() }).await.unwrap();
        while !tickets().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    });
}

#[test]
fn the_other_questions_are_answered() {
    let home = Home::new();
    let now = home.now();
    talk(&home, async |door| {
        let wants = match door.ask(Ask::Wants).await.unwrap() {
            Reply::Wants(wants) => wants,
            other => panic!("{}", said(&other)),
        };
        let binance = wants.markets.iter().find(|w| w.exchange.as_str() == "binance").unwrap();
        assert_eq!(binance.symbols.len(), 1);
        assert!(binance.public_from.iter().any(|net| net.starts_with("127.")));
        let told = door.ask(Ask::Market { now, view: Box::new(view(now)) }).await.unwrap();
        assert!(matches!(told, Reply::Nothing));
        assert!(matches!(door.ask(Ask::Chore).await.unwrap(), Reply::Nothing));
        let leaf = door.ask(Ask::Leaf { host: "example.com".into(), spki: Vec::new() }).await.unwrap();
        assert!(matches!(leaf, Reply::Failed(_)));
    });
}

#[test]
fn stop_ends_the_run() {
    let home = Home::new();
    let bot = home.bot("grid");
    talk(&home, async |door| {
        command(&mut home.keep.clone(), Command::Stop);
        let told = door.ask(Ask::Judge(Box::new(bot.order("0.01", "50000", "")))).await;
        assert!(told.is_err() || matches!(told, Ok(Reply::Refuse(_))));
        while !door.is_gone() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    });
}

#[test]
fn garbage_ends_the_run_with_an_error() {
    use std::io::Write as _;
    let home = Home::new();
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let keep = open_publicly(&home.path());
    let running = thread::spawn(move || keep.run(theirs));
    ours.write_all(&[9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 99, 99, 99, 99, 99, 99, 99, 99, 99]).unwrap();
    assert!(running.join().unwrap().is_err());
}
