//! Futures accounts: balances, positions, leverage and modes.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::Call;
use super::errors::Refusal;
use super::public::add;
use super::render::{eight, leg, plain};
use crate::engine::{Instrument, Leg, Market, Position, Reject, Switch, Wallet};

type Answer = Result<Value, Refusal>;

fn wallet(call: &Call<'_>) -> Wallet {
    if call.market == Market::Usdm { Wallet::Usdm } else { Wallet::Coinm }
}

/// One asset of a futures wallet, in figures.
struct Money {
    asset: String,
    wallet: Decimal,
    used: Decimal,
    gain: Decimal,
}

impl Money {
    fn available(&self) -> Decimal {
        (self.wallet - self.used + self.gain).max(Decimal::ZERO)
    }
}

fn money(call: &mut Call<'_>) -> Vec<Money> {
    let (name, wallet) = (call.account().to_owned(), wallet(call));
    let held = call.engine.account(&name).balances.clone();
    held.into_iter()
        .filter(|((one, _), _)| *one == wallet)
        .map(|((_, asset), balance)| {
            let (used, gain) = call.engine.margin_in_use(&name, wallet, &asset);
            Money { asset, wallet: balance.free + balance.locked, used, gain }
        })
        .collect()
}

pub(super) fn balances(call: &mut Call<'_>) -> Answer {
    let alias = super::account::uid(call.account()).to_string();
    let coinm = call.market == Market::Coinm;
    let now = call.now;
    let row = |one: Money| {
        let mut body = json!({
            "accountAlias": alias, "asset": one.asset, "balance": eight(one.wallet),
            "crossWalletBalance": eight(one.wallet), "crossUnPnl": eight(one.gain),
            "availableBalance": eight(one.available()), "updateTime": now,
        });
        let rest = if coinm {
            json!({ "withdrawAvailable": eight(one.available()) })
        } else {
            json!({ "maxWithdrawAmount": eight(one.available()), "marginAvailable": true })
        };
        add(&mut body, rest);
        body
    };
    Ok(money(call).into_iter().map(row).collect())
}

pub(super) fn account(call: &mut Call<'_>) -> Answer {
    let money = money(call);
    let total = |of: fn(&Money) -> Decimal| {
        eight(money.iter().filter(|one| one.asset.starts_with("USD")).map(of).sum::<Decimal>())
    };
    let can = call.key.is_some_and(|key| key.state().permissions.trade);
    let mut body = json!({
        "feeTier": 0, "feeBurn": true, "canTrade": can, "canDeposit": true, "canWithdraw": true, "updateTime": 0,
        "multiAssetsMargin": false, "tradeGroupId": -1,
        "totalInitialMargin": total(|one| one.used), "totalMaintMargin": total(|one| one.used / Decimal::TWO),
        "totalWalletBalance": total(|one| one.wallet), "totalUnrealizedProfit": total(|one| one.gain),
        "totalMarginBalance": total(|one| one.wallet + one.gain), "totalPositionInitialMargin": total(|one| one.used),
        "totalOpenOrderInitialMargin": "0.00000000", "totalCrossWalletBalance": total(|one| one.wallet),
        "totalCrossUnPnl": total(|one| one.gain), "availableBalance": total(Money::available),
        "maxWithdrawAmount": total(Money::available),
    });
    let assets: Vec<Value> = money.iter().map(|one| asset(one, call.now)).collect();
    let all = call.version < 3;
    let positions: Vec<Value> = shown(call, all).iter().map(|one| account_position(call, one)).collect();
    add(&mut body, json!({ "assets": assets, "positions": positions }));
    Ok(body)
}

fn asset(one: &Money, now: u64) -> Value {
    json!({
        "asset": one.asset, "walletBalance": eight(one.wallet), "unrealizedProfit": eight(one.gain),
        "marginBalance": eight(one.wallet + one.gain), "maintMargin": eight(one.used / Decimal::TWO),
        "initialMargin": eight(one.used), "positionInitialMargin": eight(one.used),
        "openOrderInitialMargin": "0.00000000", "crossWalletBalance": eight(one.wallet),
        "crossUnPnl": eight(one.gain), "availableBalance": eight(one.available()),
        "maxWithdrawAmount": eight(one.available()), "marginAvailable": true, "updateTime": now,
    })
}

/// The positions to show: with `all`, also what is not held.
fn shown(call: &mut Call<'_>, all: bool) -> Vec<Position> {
    let (name, wallet) = (call.account().to_owned(), wallet(call));
    let hedged = call.engine.account(&name).is_hedged(wallet);
    let legs: &[Leg] = if hedged { &[Leg::Long, Leg::Short] } else { &[Leg::Net] };
    let (market, symbol, pair) =
        (call.market, call.get("symbol").map(str::to_owned), call.get("pair").map(str::to_owned));
    let wanted = |one: &Instrument| {
        one.market == market
            && symbol.as_deref().is_none_or(|symbol| symbol == one.symbol)
            && pair.as_deref().is_none_or(|pair| one.symbol.split('_').next() == Some(pair))
    };
    let instruments: Vec<_> = call.engine.listings.iter().map(|one| one.instrument.clone()).collect();
    let account = call.engine.account(&name);
    let mut out = Vec::new();
    for instrument in instruments.iter().filter(|one| wanted(one)) {
        out.extend(legs.iter().map(|&leg| account.position_mut(instrument, leg).clone()));
    }
    out.retain(|one| all || !one.qty.is_zero());
    out
}

fn account_position(call: &mut Call<'_>, one: &Position) -> Value {
    let facts = Facts::of(call, one);
    let mut body = json!({
        "symbol": one.instrument.symbol, "positionSide": leg(one.leg), "positionAmt": plain(one.qty),
        "unrealizedProfit": eight(facts.gain), "initialMargin": eight(facts.margin),
        "maintMargin": eight(facts.margin / Decimal::TWO), "notional": eight(facts.notional),
        "isolatedWallet": "0", "updateTime": one.updated, "isolated": facts.isolated,
        "positionInitialMargin": eight(facts.margin), "openOrderInitialMargin": "0", "leverage": facts.leverage.to_string(),
        "entryPrice": plain(one.entry), "breakEvenPrice": plain(one.entry), "maxNotional": "1000000", "bidNotional": "0",
        "askNotional": "0", "isolatedMargin": "0.00000000", "marginAsset": one.instrument.settle(),
    });
    if call.market == Market::Coinm {
        add(&mut body, json!({ "maxQty": "1000", "notionalValue": eight(facts.notional) }));
    }
    body
}

pub(super) fn positions(call: &mut Call<'_>) -> Answer {
    if call.get("symbol").is_some() {
        call.instrument()?;
    }
    let all = call.version < 3;
    Ok(shown(call, all).iter().map(|one| risk(call, one)).collect())
}

fn risk(call: &mut Call<'_>, one: &Position) -> Value {
    let facts = Facts::of(call, one);
    let mut body = json!({
        "symbol": one.instrument.symbol, "positionAmt": plain(one.qty), "entryPrice": plain(one.entry),
        "breakEvenPrice": plain(one.entry), "markPrice": eight(facts.mark), "unRealizedProfit": eight(facts.gain),
        "liquidationPrice": plain(facts.liquidation(one)), "leverage": facts.leverage.to_string(),
        "maxNotionalValue": "1000000", "marginType": if facts.isolated { "isolated" } else { "cross" },
        "isolatedMargin": "0.00000000", "isAutoAddMargin": "false", "positionSide": leg(one.leg),
        "notional": eight(facts.notional), "notionalValue": eight(facts.notional), "isolatedWallet": "0",
        "updateTime": one.updated,
    });
    if call.version == 3 {
        add(
            &mut body,
            json!({
                "marginAsset": one.instrument.settle(), "initialMargin": eight(facts.margin),
                "maintMargin": eight(facts.margin / Decimal::TWO), "positionInitialMargin": eight(facts.margin),
                "openOrderInitialMargin": "0", "adl": 1, "bidNotional": "0", "askNotional": "0",
            }),
        );
    }
    if call.market == Market::Coinm {
        add(&mut body, json!({ "maxQty": "1000" }));
    }
    body
}

/// What a position is worth now.
struct Facts {
    mark: Decimal,
    gain: Decimal,
    notional: Decimal,
    margin: Decimal,
    leverage: u32,
    isolated: bool,
}

impl Facts {
    fn of(call: &mut Call<'_>, one: &Position) -> Self {
        let (name, mark) = (call.account().to_owned(), call.engine.price(&one.instrument));
        let account = call.engine.account(&name);
        let leverage = account.leverage(&one.instrument).max(1);
        let notional = one.instrument.value(one.qty, mark);
        Self {
            mark,
            gain: one.instrument.gain(one.qty, one.entry, mark),
            notional,
            margin: (notional.abs() / Decimal::from(leverage)).round_dp(8),
            leverage,
            isolated: account.is_isolated(&one.instrument),
        }
    }

    /// A rough figure: where the margin at this leverage is gone.
    fn liquidation(&self, one: &Position) -> Decimal {
        if one.qty.is_zero() {
            return Decimal::ZERO;
        }
        let way = one.entry / Decimal::from(self.leverage);
        let at = if one.qty.is_sign_positive() { one.entry - way } else { one.entry + way };
        one.instrument.to_tick(at)
    }
}

pub(super) fn set_leverage(call: &mut Call<'_>) -> Answer {
    let (instrument, name) = (call.instrument()?, call.account().to_owned());
    let leverage = call
        .integer("leverage")?
        .and_then(|one| u32::try_from(one).ok())
        .filter(|one| (1..=125).contains(one));
    let leverage = leverage.ok_or_else(|| Refusal::new(-4028, "Leverage is not valid"))?;
    call.engine.account(&name).leverage.insert((instrument.market, instrument.symbol), leverage);
    let mut body = json!({ "symbol": instrument.symbol, "leverage": leverage });
    let most = if call.market == Market::Usdm {
        json!({ "maxNotionalValue": "1000000" })
    } else {
        json!({ "maxQty": "1000" })
    };
    add(&mut body, most);
    Ok(body)
}

pub(super) fn set_margin_type(call: &mut Call<'_>) -> Answer {
    let (instrument, name) = (call.instrument()?, call.account().to_owned());
    let isolated = match call.must("marginType")? {
        "ISOLATED" => true,
        "CROSSED" => false,
        _ => return Err(Refusal::illegal("marginType", "ISOLATED|CROSSED")),
    };
    let account = call.engine.account(&name);
    if account.is_isolated(&instrument) == isolated {
        return Err(Refusal::new(-4046, "No need to change margin type."));
    }
    if [Leg::Net, Leg::Long, Leg::Short].iter().any(|&leg| !account.held(&instrument, leg).is_zero()) {
        return Err(Refusal::new(-4048, "Margin type cannot be changed if there exists position."));
    }
    account.isolated.insert((instrument.market, instrument.symbol), isolated);
    Ok(success())
}

fn success() -> Value {
    json!({ "code": 200, "msg": "success" })
}

/// More or less margin behind an isolated position; acknowledged, as the paper account has one pool.
pub(super) fn set_position_margin(call: &mut Call<'_>) -> Answer {
    let (instrument, name) = (call.instrument()?, call.account().to_owned());
    let amount = call.decimal("amount")?.ok_or_else(|| Refusal::mandatory("amount"))?;
    let kind = call
        .integer("type")?
        .filter(|kind| matches!(kind, 1 | 2))
        .ok_or_else(|| Refusal::illegal("type", "1|2"))?;
    if !call.engine.account(&name).is_isolated(&instrument) {
        return Err(Refusal::new(-4046, "Add margin only support for isolated position."));
    }
    Ok(
        json!({ "code": 200, "msg": "Successfully modify position margin.", "amount": plain(amount), "type": kind }),
    )
}

pub(super) fn position_mode(call: &mut Call<'_>) -> Answer {
    let (name, wallet) = (call.account().to_owned(), wallet(call));
    Ok(json!({ "dualSidePosition": call.engine.account(&name).is_hedged(wallet) }))
}

pub(super) fn set_position_mode(call: &mut Call<'_>) -> Answer {
    let (name, wallet) = (call.account().to_owned(), wallet(call));
    let hedged = call.boolean("dualSidePosition")?;
    if call.engine.account(&name).is_hedged(wallet) == hedged {
        return Err(Refusal::new(-4059, "No need to change position side."));
    }
    let set = call.engine.set_hedged(&name, wallet, hedged);
    set.map(|()| success()).map_err(|reject| match reject {
        Reject::Busy => Refusal::new(-4068, "Position side cannot be changed if there exists position."),
        _ => Refusal::new(-4067, "Position side cannot be changed if there exists open orders."),
    })
}

pub(super) fn multi_assets(_: &mut Call<'_>) -> Answer {
    Ok(json!({ "multiAssetsMargin": false }))
}

pub(super) fn set_multi_assets(call: &mut Call<'_>) -> Answer {
    if call.boolean("multiAssetsMargin")? {
        return Err(Refusal::new(
            -4168,
            "Unable to adjust to Multi-Assets mode with symbols of ISOLATED Margin.",
        ));
    }
    Err(Refusal::new(-4171, "No need to change multi-assets mode."))
}

pub(super) fn symbol_config(call: &mut Call<'_>) -> Answer {
    let rows = shown(call, true);
    let row = |one: &Position, call: &mut Call<'_>| {
        let facts = Facts::of(call, one);
        json!({
            "symbol": one.instrument.symbol, "marginType": if facts.isolated { "ISOLATED" } else { "CROSSED" },
            "isAutoAddMargin": false, "leverage": facts.leverage, "maxNotionalValue": "1000000",
        })
    };
    Ok(rows.iter().map(|one| row(one, call)).collect())
}

pub(super) fn account_config(call: &mut Call<'_>) -> Answer {
    let (name, wallet) = (call.account().to_owned(), wallet(call));
    let hedged = call.engine.account(&name).is_hedged(wallet);
    Ok(json!({
        "feeTier": 0, "canTrade": true, "canDeposit": true, "canWithdraw": true, "dualSidePosition": hedged,
        "updateTime": 0, "multiAssetsMargin": false, "tradeGroupId": -1,
    }))
}

pub(super) fn commission(call: &mut Call<'_>) -> Answer {
    let symbol = call.instrument()?.symbol;
    Ok(json!({ "symbol": symbol, "makerCommissionRate": "0.0002", "takerCommissionRate": "0.0005" }))
}

pub(super) fn brackets(call: &mut Call<'_>) -> Answer {
    let coinm = call.market == Market::Coinm;
    let row = |one: &Position| {
        let (cap, floor) = if coinm { ("qtyCap", "qtyFloor") } else { ("notionalCap", "notionalFloor") };
        json!({
            "symbol": one.instrument.symbol, "notionalCoef": 1.0,
            "brackets": [{ "bracket": 1, "initialLeverage": 125, cap: 1_000_000, floor: 0, "maintMarginRatio": 0.004, "cum": 0.0 }],
        })
    };
    if call.get("symbol").is_some() {
        call.instrument()?;
    }
    Ok(shown(call, true).iter().map(row).collect())
}

/// The dead-man's switch: cancels what is open in a symbol unless it is set again in time.
pub(super) fn countdown(call: &mut Call<'_>) -> Answer {
    let (symbol, market, account) = (call.instrument()?.symbol, call.market, call.account().to_owned());
    let time = call.integer("countdownTime")?.unwrap_or(0);
    let at = if time == 0 { 0 } else { call.now.saturating_add(time) };
    call.engine.arm(Switch { account, market: Some(market), symbol: Some(symbol), tag: None, at });
    Ok(json!({ "symbol": symbol, "countdownTime": time.to_string() }))
}

pub(super) fn nothing(_: &mut Call<'_>) -> Answer {
    Ok(json!([]))
}

/// A listen key: the bearer secret that no gateway may pass on.
pub(super) fn listen_key(call: &mut Call<'_>) -> Answer {
    let seed = super::account::uid(call.account());
    let part = |n: u64| crate::engine::mix(seed ^ n);
    Ok(json!({ "listenKey": format!("{:016x}{:016x}{:016x}{:016x}", part(1), part(2), part(3), part(4)) }))
}

pub(super) fn no_listen_key(_: &mut Call<'_>) -> Answer {
    Ok(json!({}))
}
