//! What the market must be watched for.

use std::collections::{BTreeMap, BTreeSet};

use claviger_core::{BotPolicy, ExchangeName, Market, Permission, Symbol};
use claviger_door::{Want, Wants};

use crate::room::Room;

#[derive(Default)]
struct Wish {
    symbols: BTreeMap<Market, Option<BTreeSet<Symbol>>>,
    public_from: BTreeSet<Box<str>>,
}

impl Room {
    /// Every market and symbol that a bot's orders may need, and from where public rows may be asked.
    pub(crate) fn wants(&self) -> Wants {
        let mut wishes: BTreeMap<ExchangeName, Wish> = BTreeMap::new();
        for (_, bot) in self.config.policies().bots() {
            wishes.entry(bot.exchange().clone()).or_default().add(bot);
        }
        let markets = wishes.into_iter().map(|(exchange, wish)| wish.told(exchange)).collect();
        let allowed = claviger_exchange::EXCHANGES.iter().map(|exchange| {
            let (version, all) = exchange.live().allowances();
            (exchange.exchange_name(), version, all)
        });
        Wants { markets, allowed: allowed.filter(|(_, version, _)| *version > 0).collect() }
    }
}

impl Wish {
    fn add(&mut self, bot: &BotPolicy) {
        let granted = |wanted| bot.rules().grants().any(|g| g == wanted);
        if granted(Permission::MarketData) {
            let nets = bot.rules().bot_sources();
            let nets: Option<Vec<Box<str>>> =
                nets.map(|nets| nets.iter().map(|net| net.to_string().into()).collect());
            self.public_from.extend(nets.unwrap_or_else(|| vec!["0.0.0.0/0".into(), "::/0".into()]));
        }
        if granted(Permission::Trade) {
            let named: BTreeSet<Symbol> = bot.rules().symbols().cloned().collect();
            for market in bot.rules().bot_markets() {
                // No names means every one, and every one includes any.
                let symbols = self.symbols.entry(market).or_insert_with(|| Some(BTreeSet::new()));
                match symbols {
                    Some(symbols) if !named.is_empty() => symbols.extend(named.iter().cloned()),
                    _ => *symbols = None,
                }
            }
        }
    }

    fn told(self, exchange: ExchangeName) -> Want {
        let symbols = self
            .symbols
            .into_iter()
            .map(|(market, symbols)| (market, symbols.into_iter().flatten().collect()))
            .collect();
        Want { exchange, symbols, public_from: self.public_from.into_iter().collect() }
    }
}
