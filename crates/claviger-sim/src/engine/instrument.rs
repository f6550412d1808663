//! What is traded, and what an amount of it is worth.

use rust_decimal::Decimal;

use crate::config::Exchange;

/// Where an instrument is traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Market {
    Spot,
    /// Binance cross and isolated margin, as one account.
    Margin,
    /// Binance USDⓈ-M.
    Usdm,
    /// Binance COIN-M.
    Coinm,
    /// OKX perpetual swaps, linear and inverse.
    Swap,
}

impl Market {
    /// Whether what is bought is paid in full: spot and margin.
    pub(crate) const fn is_paid_in_full(self) -> bool {
        matches!(self, Self::Spot | Self::Margin)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Spot => "spot",
            Self::Margin => "margin",
            Self::Usdm => "usdm",
            Self::Coinm => "coinm",
            Self::Swap => "swap",
        }
    }
}

/// A part of an account that holds balances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Wallet {
    Spot,
    Funding,
    /// Binance: cross and isolated margin.
    Margin,
    Usdm,
    Coinm,
    /// OKX: one wallet for spot and swaps.
    Trading,
}

impl Wallet {
    /// The wallets of an account.
    pub(crate) const fn of(exchange: Exchange) -> &'static [Self] {
        match exchange {
            Exchange::Binance => &[Self::Spot, Self::Funding, Self::Margin, Self::Usdm, Self::Coinm],
            Exchange::Okx => &[Self::Trading, Self::Funding],
        }
    }
}

/// How an amount turns into money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Quantity in base, paid in quote.
    Spot,
    /// Quantity × contract size in base, settled in quote.
    Linear,
    /// Contracts of a fixed quote value, settled in base.
    Inverse,
}

/// One thing that is traded.
#[derive(Clone, Debug)]
pub(crate) struct Instrument {
    pub(crate) market: Market,
    pub(crate) wallet: Wallet,
    pub(crate) symbol: &'static str,
    pub(crate) shape: Shape,
    pub(crate) base: &'static str,
    pub(crate) quote: &'static str,
    pub(crate) tick: Decimal,
    pub(crate) step: Decimal,
    pub(crate) min_qty: Decimal,
    pub(crate) max_qty: Decimal,
    pub(crate) min_notional: Decimal,
    pub(crate) contract: Decimal,
    /// What one level of the book holds, in quote.
    pub(crate) depth: Decimal,
    pub(crate) start: Decimal,
}

impl Instrument {
    pub(crate) fn settle(&self) -> &'static str {
        match self.shape {
            Shape::Spot | Shape::Linear => self.quote,
            Shape::Inverse => self.base,
        }
    }

    /// What a quantity is worth at a price, in the settlement currency.
    pub(crate) fn value(&self, qty: Decimal, price: Decimal) -> Decimal {
        match self.shape {
            Shape::Spot => qty * price,
            Shape::Linear => qty * self.contract * price,
            Shape::Inverse => (qty * self.contract).checked_div(price).unwrap_or_default().round_dp(8),
        }
    }

    /// What a signed quantity gained between two prices, in the settlement currency.
    pub(crate) fn gain(&self, qty: Decimal, entry: Decimal, exit: Decimal) -> Decimal {
        match self.shape {
            Shape::Spot => Decimal::ZERO,
            Shape::Linear => (qty * self.contract * (exit - entry)).round_dp(8),
            Shape::Inverse => self.value(qty, entry) - self.value(qty, exit),
        }
    }

    /// The taker's and the maker's fee as shares of the value.
    pub(crate) fn fee_rate(&self, maker: bool) -> Decimal {
        match (self.shape, maker) {
            (Shape::Spot, _) => Decimal::new(1, 3),
            (_, true) => Decimal::new(2, 4),
            (_, false) => Decimal::new(5, 4),
        }
    }

    /// The nearest price on the grid, never below one tick.
    pub(crate) fn to_tick(&self, price: Decimal) -> Decimal {
        let ticks = price.checked_div(self.tick).unwrap_or_default().round().max(Decimal::ONE);
        ticks * self.tick
    }

    /// The largest quantity on the grid that is not above this.
    pub(crate) fn to_step(&self, qty: Decimal) -> Decimal {
        qty.checked_div(self.step).unwrap_or_default().floor() * self.step
    }

    /// Decimal places of prices.
    pub(crate) fn price_places(&self) -> u32 {
        self.tick.normalize().scale()
    }

    /// Decimal places of quantities.
    pub(crate) fn qty_places(&self) -> u32 {
        self.step.normalize().scale()
    }
}

/// What an exchange lists.
pub(crate) fn listed(exchange: Exchange) -> Vec<Instrument> {
    match exchange {
        Exchange::Binance => binance(),
        Exchange::Okx => okx(),
    }
}

/// A number of a table row, as mantissa and places.
fn d(mantissa: i64, places: u32) -> Decimal {
    Decimal::new(mantissa, places)
}

fn binance() -> Vec<Instrument> {
    let spot = |symbol, base, quote, tick, step, start| Instrument {
        market: Market::Spot,
        wallet: Wallet::Spot,
        symbol,
        shape: Shape::Spot,
        base,
        quote,
        tick,
        step,
        min_qty: step,
        max_qty: d(9000, 0),
        min_notional: if quote == "BTC" { d(1, 4) } else { d(5, 0) },
        contract: Decimal::ONE,
        depth: if quote == "BTC" { d(1, 0) } else { d(50_000, 0) },
        start,
    };
    let margin = |symbol, base, tick, step, start| Instrument {
        market: Market::Margin,
        wallet: Wallet::Margin,
        ..spot(symbol, base, "USDT", tick, step, start)
    };
    let usdm = |symbol, base, tick, step, start| Instrument {
        market: Market::Usdm,
        wallet: Wallet::Usdm,
        shape: Shape::Linear,
        max_qty: d(1000, 0),
        ..spot(symbol, base, "USDT", tick, step, start)
    };
    let coinm = |symbol, base, contract, tick, start| Instrument {
        market: Market::Coinm,
        wallet: Wallet::Coinm,
        symbol,
        shape: Shape::Inverse,
        base,
        quote: "USD",
        tick,
        step: Decimal::ONE,
        min_qty: Decimal::ONE,
        max_qty: d(1_000_000, 0),
        min_notional: Decimal::ZERO,
        contract,
        depth: d(50_000, 0),
        start,
    };
    vec![
        spot("BTCUSDT", "BTC", "USDT", d(1, 2), d(1, 5), d(60_000, 0)),
        spot("ETHUSDT", "ETH", "USDT", d(1, 2), d(1, 4), d(3_000, 0)),
        spot("BTCUSDC", "BTC", "USDC", d(1, 2), d(1, 5), d(60_000, 0)),
        spot("ETHBTC", "ETH", "BTC", d(1, 5), d(1, 4), d(5, 2)),
        spot("BNBUSDT", "BNB", "USDT", d(1, 2), d(1, 3), d(600, 0)),
        margin("BTCUSDT", "BTC", d(1, 2), d(1, 5), d(60_000, 0)),
        margin("ETHUSDT", "ETH", d(1, 2), d(1, 4), d(3_000, 0)),
        usdm("BTCUSDT", "BTC", d(1, 1), d(1, 3), d(60_000, 0)),
        usdm("ETHUSDT", "ETH", d(1, 2), d(1, 3), d(3_000, 0)),
        coinm("BTCUSD_PERP", "BTC", d(100, 0), d(1, 1), d(60_000, 0)),
        coinm("ETHUSD_PERP", "ETH", d(10, 0), d(1, 2), d(3_000, 0)),
    ]
}

fn okx() -> Vec<Instrument> {
    let spot = |symbol, base, quote, tick, step, start| Instrument {
        market: Market::Spot,
        wallet: Wallet::Trading,
        symbol,
        shape: Shape::Spot,
        base,
        quote,
        tick,
        step,
        min_qty: step * d(1000, 0),
        max_qty: d(9000, 0),
        min_notional: Decimal::ZERO,
        contract: Decimal::ONE,
        depth: if quote == "BTC" { d(1, 0) } else { d(50_000, 0) },
        start,
    };
    let swap = |symbol, base, quote, contract, tick, start| Instrument {
        market: Market::Swap,
        shape: if quote == "USD" { Shape::Inverse } else { Shape::Linear },
        step: if quote == "USD" { Decimal::ONE } else { d(1, 2) },
        min_qty: if quote == "USD" { Decimal::ONE } else { d(1, 2) },
        max_qty: d(1_000_000, 0),
        contract,
        ..spot(symbol, base, quote, tick, Decimal::ONE, start)
    };
    vec![
        spot("BTC-USDT", "BTC", "USDT", d(1, 1), d(1, 8), d(60_000, 0)),
        spot("ETH-USDT", "ETH", "USDT", d(1, 2), d(1, 6), d(3_000, 0)),
        spot("BTC-USDC", "BTC", "USDC", d(1, 1), d(1, 8), d(60_000, 0)),
        spot("ETH-BTC", "ETH", "BTC", d(1, 5), d(1, 6), d(5, 2)),
        swap("BTC-USDT-SWAP", "BTC", "USDT", d(1, 2), d(1, 1), d(60_000, 0)),
        swap("ETH-USDT-SWAP", "ETH", "USDT", d(1, 1), d(1, 2), d(3_000, 0)),
        swap("BTC-USD-SWAP", "BTC", "USD", d(100, 0), d(1, 1), d(60_000, 0)),
        swap("ETH-USD-SWAP", "ETH", "USD", d(10, 0), d(1, 2), d(3_000, 0)),
    ]
}
