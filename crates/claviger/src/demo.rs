//! `demo`: the whole of claviger on paper exchanges, on this machine, in a minute.
//!
//! Everything in it is real but the exchanges: the home, the vault, the two processes of `serve`, the commands, the
//! requests that the bots sign in their exchanges' own protocols.

mod binance;
mod bot;
mod okx;
mod script;
mod stage;

use claviger_door::Exit;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::Global;
use crate::failure::Failure;
use crate::out::say;
use script::Tally;
use stage::Stage;

/// Plays it; `once` ends it after the table and fails unless every line went as it should.
pub fn run(global: &Global, once: bool) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure::new(Exit::Failed, "cannot start").caused_by(&e))?;
    runtime.block_on(play(global, once))
}

async fn play(global: &Global, once: bool) -> Result<(), Failure> {
    say("claviger holds the real keys; the bots below hold virtual ones that work only here.");
    say("The exchanges are paper ones on this machine. Everything else is real.\n");
    let mut stage = Stage::set(global).await?;
    let played = scenes(&mut stage, once).await;
    let cleared = stage.clear().await;
    played.and(cleared)
}

async fn scenes(stage: &mut Stage, once: bool) -> Result<(), Failure> {
    let mut tally = Tally::default();
    let bots = stage.bots()?;
    script::heading();
    for bot in &bots {
        script::play(stage, bot.as_ref(), &mut tally).await?;
    }
    stage.leaks(&bots, &mut tally)?;
    stage.journal(&mut tally)?;
    say(format_args!("\n{}", tally.summary()));
    if once {
        return tally.verdict();
    }
    stage.invite()?;
    until_interrupted().await?;
    tally.verdict()
}

async fn until_interrupted() -> Result<(), Failure> {
    let failed = |e: std::io::Error| Failure::new(Exit::Failed, "cannot handle signals").caused_by(&e);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
