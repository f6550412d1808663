//! Ready-made policies that `bot add` writes into the configuration.

use crate::limits::{Percent, Rate};
use crate::{BotName, KeyName, Market, Money, Symbol};

/// A ready-made policy.
#[derive(Debug)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub meaning: &'static str,
    grants: &'static [&'static str],
    trades: Option<Trades>,
}

#[derive(Debug)]
struct Trades {
    market: Market,
    leverage: Option<u32>,
}

/// Every preset there is. A new one adds one entry here.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "read-only",
        meaning: "market data, balances, positions, orders and fills; nothing that changes anything",
        grants: &["market-data", "read"],
        trades: None,
    },
    Preset {
        name: "spot-trader",
        meaning: "reads, and spot orders within the amounts given",
        grants: &["market-data", "read", "trade"],
        trades: Some(Trades { market: Market::Spot, leverage: None }),
    },
    Preset {
        name: "futures-trader",
        meaning: "reads, and orders in linear futures within the amounts and the leverage given",
        grants: &["market-data", "read", "trade"],
        trades: Some(Trades { market: Market::Usdm, leverage: Some(3) }),
    },
];

/// The preset of that name.
#[must_use]
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

/// What a preset that trades leaves open.
#[derive(Clone, Debug)]
pub struct Fill {
    /// The instruments.
    pub symbols: Vec<Symbol>,
    /// The largest order.
    pub max_order: Money,
    /// The day's budget.
    pub max_day: Money,
    /// The band; 2 % where nothing is given.
    pub price_band: Option<Percent>,
    /// The rate; 10 a second where nothing is given.
    pub order_rate: Option<Rate>,
}

impl Preset {
    /// Whether it trades, so that [`Preset::block`] needs a [`Fill`] with at least one symbol.
    #[must_use]
    pub const fn trades(&self) -> bool {
        self.trades.is_some()
    }

    /// The block of configuration for a bot; `None` if it trades and nothing says what, or how much.
    #[must_use]
    pub fn block(&self, bot: &BotName, key: &KeyName, fill: Option<&Fill>) -> Option<String> {
        let mut lines = vec![
            format!("[bot.{bot}]"),
            format!("key = \"{key}\""),
            format!("grants = {}", list(self.grants.iter().copied())),
        ];
        if let Some(trades) = &self.trades {
            lines.extend(trades.lines(fill?)?);
        }
        lines.push("sources = [\"127.0.0.1/32\"]".into());
        Some(lines.join("\n") + "\n")
    }
}

impl Trades {
    fn lines(&self, fill: &Fill) -> Option<Vec<String>> {
        if fill.symbols.is_empty() {
            return None;
        }
        let band = fill.price_band.map_or_else(|| "2%".into(), |band| band.to_string());
        let rate = fill.order_rate.map_or_else(|| "10/s".into(), |rate| rate.to_string());
        let mut lines = vec![
            format!("markets = [\"{}\"]", self.market.as_str()),
            format!("symbols = {}", list(fill.symbols.iter().map(Symbol::as_str))),
            format!("max_order = \"{}\"", fill.max_order),
            format!("max_day = \"{}\"", fill.max_day),
            "max_open_orders = 50".into(),
            format!("price_band = \"{band}\""),
            format!("order_rate = \"{rate}\""),
        ];
        lines.extend(self.leverage.map(|most| format!("max_leverage = {most}")));
        Some(lines)
    }
}

fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = items.map(|item| format!("\"{item}\"")).collect();
    format!("[{}]", quoted.join(", "))
}
