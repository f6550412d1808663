//! Ready-made policies that `bot add` writes into the configuration.

use crate::limits::{Percent, Rate};
use crate::{BotName, Decimal, KeyName, Market, Money, Symbol};

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
    /// How many orders may be open.
    open: u32,
    /// The rate where nothing is given.
    rate: &'static str,
    /// What may be lost in a day beside what the budget can lose at the band's edge, in thousandths of the budget: the fee,
    /// and the distance of the stops that stand at a time.
    room: u64,
    /// What its orders are held to besides, as lines of configuration.
    lines: &'static [&'static str],
}

const READ: &[&str] = &["market-data", "read"];
const TRADE: &[&str] = &["market-data", "read", "trade"];

/// A price so far on the other side of the market is a slip.
const SLIP: &str = "fat_finger = \"50%\"";

/// So long without an order, and a key is more likely to be in the hands of a thief than of its bot.
const DORMANT: &str = "dormant_after = \"45d\"";

/// Spot orders of every kind.
const SPOT: Trades =
    Trades { market: Market::Spot, leverage: None, open: 50, rate: "10/s", room: 5, lines: &[SLIP] };

/// Every preset there is. A new one adds one entry here.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "market-data",
        meaning: "public market data under the bot's name, and nothing of the account",
        grants: &["market-data"],
        trades: None,
    },
    Preset {
        name: "read-only",
        meaning: "market data, balances, positions, orders and fills; nothing that changes anything",
        grants: READ,
        trades: None,
    },
    Preset {
        name: "spot-trader",
        meaning: "reads, and spot orders within the amounts given",
        grants: TRADE,
        trades: Some(SPOT),
    },
    Preset {
        name: "futures-trader",
        meaning: "reads, and orders in linear futures within the amounts and the leverage given",
        grants: TRADE,
        trades: Some(Trades { market: Market::Usdm, leverage: Some(3), room: 40, ..SPOT }),
    },
    Preset {
        name: "market-maker",
        meaning: "reads, and spot limits that rest in the book or are refused: it never takes",
        grants: TRADE,
        trades: Some(Trades {
            open: 200,
            rate: "20/s",
            lines: &["order_types = [\"limit\"]", "time_in_force = [\"post-only\"]", SLIP],
            ..SPOT
        }),
    },
    Preset {
        name: "dca",
        meaning: "reads, and buys on spot, at the market or with a limit; it sells nothing",
        grants: TRADE,
        trades: Some(Trades {
            open: 10,
            rate: "6/m",
            lines: &["sides = [\"buy\"]", "order_types = [\"limit\", \"market\"]", SLIP],
            ..SPOT
        }),
    },
    Preset {
        name: "grid",
        meaning: "reads, and many spot limits on both sides that stay until they fill",
        grants: TRADE,
        trades: Some(Trades {
            open: 200,
            lines: &["order_types = [\"limit\"]", "time_in_force = [\"gtc\", \"post-only\"]", SLIP],
            ..SPOT
        }),
    },
    Preset {
        name: "tradingview",
        meaning: "reads, and spot orders from alerts: market, limit or trigger, a few a minute",
        grants: TRADE,
        trades: Some(Trades {
            open: 20,
            rate: "10/m",
            lines: &["order_types = [\"limit\", \"market\", \"trigger\"]", SLIP],
            ..SPOT
        }),
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
    /// What may be lost in a day; where nothing is given, what the day's budget can lose at the band's edge and some more
    /// for stops.
    pub max_loss_day: Option<Money>,
    /// The band; 2 % where nothing is given.
    pub price_band: Option<Percent>,
    /// The rate; where nothing is given, one that fits the preset.
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
        let loss = fill.max_loss_day.clone().map_or_else(|| self.lost(fill), Some)?;
        let rate = fill.order_rate.map_or_else(|| self.rate.into(), |rate| rate.to_string());
        let mut lines = vec![
            format!("markets = [\"{}\"]", self.market.as_str()),
            format!("symbols = {}", list(fill.symbols.iter().map(Symbol::as_str))),
            format!("max_order = \"{}\"", fill.max_order),
            format!("max_day = \"{}\"", fill.max_day),
            format!("max_loss_day = \"{loss}\""),
            format!("max_open_orders = {}", self.open),
            format!("price_band = \"{band}\""),
            format!("order_rate = \"{rate}\""),
        ];
        lines.extend(self.lines.iter().map(ToString::to_string));
        lines.push(DORMANT.to_owned());
        lines.extend(self.leverage.map(|most| format!("max_leverage = {most}")));
        Some(lines)
    }

    /// What the day's budget can lose at the band's edge, and the room beside that.
    fn lost(&self, fill: &Fill) -> Option<Money> {
        let day = fill.max_day.amount;
        let band = fill.price_band.unwrap_or_else(|| Percent::whole(2)).of(day)?;
        let room = day.times(Decimal::from_u64(self.room))?.over(Decimal::from_u64(1000))?;
        let lost = band.plus(room)?.rounded_up(LOSS_DIGITS);
        Some(Money::new(lost, fill.max_day.asset.clone()))
    }
}

/// Digits after the point of a loss that was worked out.
const LOSS_DIGITS: u32 = 8;

fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = items.map(|item| format!("\"{item}\"")).collect();
    format!("[{}]", quoted.join(", "))
}
