//! A gateway between a raw client, a keep that does as it is told, and a real TLS server.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use claviger_door::{
    Ask, Door, DoorError, Received, Refusal, Reply, Returns, Seen, SignedParts, SignedRequest,
};
use claviger_door::{Want, Wants};
use claviger_egress::{Egress, Upstream};
use claviger_gateway::{Address, Config, Gateway, Listener};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use crate::server::{Act, Ca, Server};

pub const REAL_ID: &str = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";

/// What the keep decides.
#[derive(Clone, Copy)]
pub enum Plan {
    Send(Returns),
    /// What is signed may not leave any more.
    Late,
    Refuse(&'static str),
    Gone,
}

/// A keep that decides by a function and remembers what it was asked.
pub struct Keep {
    pub plan: fn(&Received) -> Plan,
    pub ca: Ca,
    pub received: Mutex<Vec<Received>>,
    pub settled: Mutex<Vec<String>>,
    pub chores: Mutex<u32>,
    /// Whether to ask first about an answer that is settled.
    pub asks_first: Mutex<bool>,
}

impl Door for Keep {
    async fn ask(&self, ask: Ask) -> Result<Reply, DoorError> {
        match ask {
            Ask::Judge(received) => {
                let plan = (self.plan)(&received);
                self.received.lock().unwrap().push(*received);
                match plan {
                    Plan::Send(returns) => Ok(Reply::Send(Box::new(signed(returns, 5000)))),
                    Plan::Late => Ok(Reply::Send(Box::new(signed(Returns::Shown, 0)))),
                    Plan::Refuse(rule) => Ok(Reply::Refuse(refusal(401, rule))),
                    Plan::Gone => Err(DoorError::Gone),
                }
            }
            Ask::Settle { seen, .. } => {
                let (text, reply) = match seen {
                    Seen::Answer { status, body } => {
                        let text = format!("{status} {}", String::from_utf8_lossy(&body));
                        (text, self.passed(&body))
                    }
                    Seen::NotSent { .. } => ("not sent".into(), Reply::Instead(refusal(503, "unreachable"))),
                    Seen::Lost { .. } => ("lost".into(), Reply::Instead(refusal(504, "answer"))),
                };
                self.settled.lock().unwrap().push(text);
                Ok(reply)
            }
            Ask::Leaf { host, spki } => Ok(Reply::Leaf(self.ca.sign(&host, &spki))),
            Ask::ListenerLeaf { .. } | Ask::ListenerKey | Ask::ListenerSign { .. } => {
                Ok(Reply::Failed("no TLS here".into()))
            }
            Ask::Wants => Ok(Reply::Wants(Wants {
                markets: vec![Want {
                    exchange: "binance".parse().unwrap(),
                    symbols: Vec::new(),
                    public_from: vec!["127.0.0.0/8".into()],
                }],
                allowed: Vec::new(),
            })),
            Ask::Chore => {
                let mut chores = self.chores.lock().unwrap();
                if *chores == 0 {
                    return Ok(Reply::Nothing);
                }
                *chores -= 1;
                Ok(Reply::Send(Box::new(signed(Returns::House, 5000))))
            }
            Ask::Market { .. } => Ok(Reply::Nothing),
        }
    }
}

impl Keep {
    /// An answer that blames the key: ask first, then a hint.
    fn passed(&self, body: &[u8]) -> Reply {
        match body {
            b"[7,8]" => return Reply::Other { status: 200, body: b"[7]".as_slice().into() },
            b"[8]" => return Reply::Other { status: 400, body: b"{}".as_slice().into() },
            b"[9]" => return Reply::Other { status: 200, body: REAL_ID.as_bytes().into() },
            _ => {}
        }
        if !body.starts_with(b"{\"code\":-2015") {
            return Reply::Pass;
        }
        if std::mem::take(&mut *self.asks_first.lock().unwrap()) {
            return Reply::First(Box::new(signed(Returns::House, 5000)));
        }
        Reply::Hinted("address: not listed".into())
    }
}

#[expect(clippy::disallowed_methods, reason = "the test plays the keep")]
pub fn signed(returns: Returns, ttl_ms: u32) -> SignedRequest {
    SignedRequest::sealed(SignedParts {
        ticket: 7,
        exchange: "binance".parse().unwrap(),
        surface: "spot".parse().unwrap(),
        pool: 1,
        method: claviger_core::Method::Post,
        target: "/api/v3/order?signed=1".into(),
        headers: vec![("X-MBX-APIKEY".into(), Zeroizing::new(REAL_ID.into()))],
        body: Vec::new(),
        ttl_ms,
        changes_state: true,
        returns,
        real_id: REAL_ID.into(),
    })
}

pub fn refusal(status: u16, rule: &str) -> Refusal {
    Refusal {
        status,
        headers: vec![
            ("content-type".into(), "application/json".into()),
            ("x-claviger-denial".into(), rule.into()),
        ],
        body: format!("{{\"refused\":\"{rule}\"}}").into_bytes().into(),
    }
}

pub struct Stage {
    pub keep: Arc<Keep>,
    pub upstream: Server,
    pub addresses: Vec<Address>,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl Stage {
    pub async fn new(plan: fn(&Received) -> Plan, act: Act) -> Self {
        Self::with(plan, act, |_| {}).await
    }

    pub async fn with(plan: fn(&Received) -> Plan, act: Act, change: impl FnOnce(&mut Config)) -> Self {
        let ca = Ca::new();
        let upstream = Server::start(&ca.leaf("localhost"), act).await;
        let authority = format!("localhost:{}", upstream.port).parse().unwrap();
        let egress = Egress::new(&claviger_egress::Config {
            upstreams: vec![Upstream {
                exchange: "binance".parse().unwrap(),
                authorities: vec![("spot".parse().unwrap(), authority)],
                ca_pem: Some(ca.pem()),
            }],
        })
        .unwrap();
        let keep = Arc::new(Keep {
            plan,
            ca,
            received: Mutex::default(),
            settled: Mutex::default(),
            chores: Mutex::default(),
            asks_first: Mutex::default(),
        });
        let mut config =
            Config { listeners: vec![Listener::Tcp("127.0.0.1:0".parse().unwrap())], ..Config::default() };
        change(&mut config);
        let gateway = Gateway::bind(config).await.unwrap();
        let addresses = gateway.addresses().to_vec();
        let (stop, stopped) = oneshot::channel();
        let door = Arc::clone(&keep);
        let task = tokio::spawn(gateway.serve(door, Arc::new(egress), async {
            // Dropped means the same.
            let _ = stopped.await;
        }));
        let stage = Self { keep, upstream, addresses, stop: Some(stop), task: Some(task) };
        // The first question about public rows is asked before anything is accepted.
        drop(stage.dial().await);
        stage
    }

    pub fn tcp(&self, at: usize) -> SocketAddr {
        let tcp = self.addresses.get(at).and_then(|address| match address {
            Address::Tcp(address) => Some(*address),
            Address::Unix(_) => None,
        });
        tcp.unwrap()
    }

    pub async fn dial(&self) -> TcpStream {
        let stream = TcpStream::connect(self.tcp(0)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// Sends bytes on a connection of their own and reads to the end of it.
    pub async fn say(&self, bytes: &[u8]) -> String {
        let mut stream = self.dial().await;
        // The gateway may hang up before it has read all.
        let _ = stream.write_all(bytes).await;
        rest(&mut stream).await
    }

    pub fn received(&self) -> Vec<Received> {
        self.keep.received.lock().unwrap().clone()
    }

    pub fn settled(&self) -> Vec<String> {
        self.keep.settled.lock().unwrap().clone()
    }

    pub async fn until_settled(&self, count: usize) -> Vec<String> {
        for _ in 0..200 {
            if self.settled().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.settled()
    }

    /// Tells the gateway to end.
    pub fn stop(&mut self) -> JoinHandle<()> {
        drop(self.stop.take());
        self.task.take().unwrap()
    }
}

/// Everything up to the end of the connection.
pub async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes)).await;
    assert!(read.is_ok(), "the connection stays open: {}", String::from_utf8_lossy(&bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One answer that tells its length.
pub async fn one(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    let read = async {
        loop {
            let text = String::from_utf8_lossy(&bytes);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length =
                    head.split("content-length: ").nth(1).and_then(|l| l.lines().next()?.parse().ok());
                if body.len() >= length.unwrap_or(0) {
                    return text.into_owned();
                }
            }
            assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "ended within an answer: {bytes:?}");
        }
    };
    tokio::time::timeout(Duration::from_secs(20), read).await.unwrap()
}

/// A server that always answers the same.
pub fn says(bytes: &'static [u8]) -> Act {
    Box::new(move |_, mut stream| {
        Box::pin(async move {
            while crate::server::read_request(&mut stream).await.is_some() {
                crate::server::answer(&mut stream, bytes).await;
            }
        })
    })
}

pub const OK: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"orderId\":1}";
