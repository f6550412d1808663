//! An account of 100,000 USDT, a preset filled for it, and two pairs to trade: a deep one and a thin one.

use std::sync::Arc;

use claviger_arena::{Arena, Depth, ONE, Pair, Start, fixed};
use claviger_core::config::{Fill, preset};
use claviger_core::{Bill, BotName, Config, KnownExchange, Market, Money, PolicySet};

/// What the account has.
pub const EQUITY: i128 = 100_000;

/// The presets that trade.
pub const PRESETS: [&str; 6] =
    ["spot-trader", "futures-trader", "market-maker", "dca", "grid", "tradingview"];

/// The pairs of the arena, by their numbers.
pub const DEEP: usize = 0;
pub const THIN: usize = 1;

pub fn bot(name: &str) -> BotName {
    name.parse().unwrap()
}

pub fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub fn known() -> Vec<KnownExchange> {
    vec![KnownExchange {
        name: "binance".parse().unwrap(),
        surfaces: ["spot", "usdm"].map(|s| s.parse().unwrap()).to_vec(),
        markets: Market::ALL.to_vec(),
        exits_by_account: false,
    }]
}

/// What fills a preset for the account: one order of 1 %, and a day's turnover of a fifth; a tenth of that for futures,
/// whose exits no budget holds.
pub fn fill(preset: &str) -> Fill {
    let (order, day) = match preset {
        "futures-trader" => ("500 USDT", "4000 USDT"),
        _ => ("1000 USDT", "20000 USDT"),
    };
    filled(order, day)
}

pub fn filled(order: &str, day: &str) -> Fill {
    Fill {
        symbols: ["BTCUSDT", "VIAUSDT"].map(|symbol| symbol.parse().unwrap()).to_vec(),
        max_order: money(order),
        max_day: money(day),
        max_loss_day: None,
        price_band: None,
        order_rate: None,
    }
}

/// Bots of one preset, each with the same amounts.
pub fn policies(names: &[BotName], of: &str, (fill, key): (&Fill, &str)) -> Arc<PolicySet> {
    let block = |name| preset(of).unwrap().block(name, &"main".parse().unwrap(), Some(fill)).unwrap();
    let blocks: Vec<String> = names.iter().map(block).collect();
    let text = format!("[key.main]\nexchange = \"binance\"\n{key}\n{}", blocks.join("\n"));
    Arc::clone(Config::parse(&text, "test", &known()).unwrap_or_else(|e| panic!("{e}\n{text}")).policies())
}

/// A pair of the arena.
pub fn pair(symbol: &str, fair: &str, market: Market, depth: Depth) -> Pair {
    let fair = fixed(fair.parse().unwrap());
    let (surface, fee_ppm, bound) = match market {
        Market::Usdm => ("usdm", 500, Some(150_000)),
        _ => ("spot", 1_000, None),
    };
    let base = symbol.trim_end_matches("USDT");
    Pair {
        symbol: symbol.parse().unwrap(),
        surface: surface.parse().unwrap(),
        market,
        base: base.parse().unwrap(),
        quote: "USDT".parse().unwrap(),
        fair,
        last: fair,
        tick: (fair / 100_000).max(1),
        step: (ONE * ONE / fair / 10_000).max(1),
        fee_ppm,
        bound_ppm: bound,
        contract: None,
        depth,
    }
}

/// The account before the thieves, half of it in coins where there are balances.
pub fn arena(policies: &Arc<PolicySet>, of: &str, own_reference: bool) -> Arena {
    let market = if of == "futures-trader" { Market::Usdm } else { Market::Spot };
    let pairs =
        vec![pair("BTCUSDT", "50000", market, Depth::deep()), pair("VIAUSDT", "2", market, Depth::thin())];
    let spot = market == Market::Spot;
    let mut arena = Arena::new(Start {
        policies: Arc::clone(policies),
        exchange: "binance".parse().unwrap(),
        pairs,
        cash: if spot { EQUITY / 2 } else { EQUITY },
        own_reference,
    });
    if spot {
        arena.market.endow(DEEP, ONE / 2);
        arena.market.endow(THIN, 12_500 * ONE);
    }
    arena.begin();
    arena
}

/// What a bot's bill comes to in a day, in 1e-16; `None` for unlimited.
pub fn bill(policies: &PolicySet, name: &BotName) -> Option<i128> {
    let day = Bill::of(policies.bot(name).unwrap()).day;
    day.in_asset(&"USDT".parse().unwrap()).map(|money| fixed(money.amount) * ONE)
}
