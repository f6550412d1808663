//! What would print otherwise than it was judged does not leave.

use claviger_core::{ClientOrderId, DenialClass, Intent, Market, Method, OrderState, Outcome, Symbol};
use claviger_door::Reply;
use claviger_exchange::{
    Claim, ClaimError, Exchange, HouseCall, HttpAnswer, KeyFault, KeyInfo, KeyRight, MarketCall, PrintError,
    Printed, RawRequest, ReadError, Row, Scheme, Stamp, Surface, Unsigned,
};

use crate::testing::{Home, rule_and_text, said};

/// Binance with a printer that errs.
struct Garbled {
    binance: &'static dyn Exchange,
    change: fn(&mut Unsigned),
}

impl Exchange for Garbled {
    fn print(&self, intent: &Intent, stamp: Option<Stamp>) -> Result<Unsigned, PrintError> {
        let mut unsigned = self.binance.print(intent, stamp)?;
        (self.change)(&mut unsigned);
        Ok(unsigned)
    }
    fn name(&self) -> &'static str {
        self.binance.name()
    }
    fn title(&self) -> &'static str {
        self.binance.title()
    }
    fn surfaces(&self) -> &'static [Surface] {
        self.binance.surfaces()
    }
    fn live(&self) -> &'static claviger_exchange::Live {
        self.binance.live()
    }
    fn surface_of(&self, host: &str, path: &str) -> Option<&'static Surface> {
        self.binance.surface_of(host, path)
    }
    fn schemes(&self) -> &'static [Scheme] {
        self.binance.schemes()
    }
    fn has_passphrase(&self) -> bool {
        self.binance.has_passphrase()
    }
    fn claim<'a>(&self, request: &RawRequest<'a>) -> Result<Option<Claim<'a>>, ClaimError> {
        self.binance.claim(request)
    }
    fn read(&self, surface: &Surface, request: &RawRequest<'_>) -> Result<(Intent, &'static Row), ReadError> {
        self.binance.read(surface, request)
    }
    fn client_id(&self, market: Market, intent_id: &str) -> ClientOrderId {
        self.binance.client_id(market, intent_id)
    }
    fn attach(&self, unsigned: Unsigned, key_id: Option<&str>, signature: Option<&str>) -> Printed {
        self.binance.attach(unsigned, key_id, signature)
    }
    fn outcome(&self, intent: &Intent, status: u16, body: &[u8]) -> Outcome {
        self.binance.outcome(intent, status, body)
    }
    fn refuse(&self, class: DenialClass, message: &str, intent: Option<&Intent>) -> HttpAnswer {
        self.binance.refuse(class, message, intent)
    }
    fn house(&self, call: &HouseCall) -> Option<Intent> {
        self.binance.house(call)
    }
    fn order_status(&self, intent: &Intent, status: u16, body: &[u8]) -> Option<OrderState> {
        self.binance.order_status(intent, status, body)
    }
    fn sheets(&self, market: claviger_core::Market) -> &'static [(&'static str, claviger_core::Sheet)] {
        self.binance.sheets(market)
    }
    fn holdings(&self, intent: &Intent, status: u16, body: &[u8]) -> Option<claviger_core::Holdings> {
        self.binance.holdings(intent, status, body)
    }
    fn told_orders(&self, intent: &Intent, status: u16, body: &[u8]) -> claviger_exchange::own::Told {
        self.binance.told_orders(intent, status, body)
    }

    fn key_fault(&self, status: u16, body: &[u8]) -> Option<KeyFault> {
        self.binance.key_fault(status, body)
    }

    fn key_info(&self, status: u16, body: &[u8]) -> Option<KeyInfo> {
        self.binance.key_info(status, body)
    }

    fn key_rights(&self, intent: &Intent) -> &'static [KeyRight] {
        self.binance.key_rights(intent)
    }

    fn market_calls(&self, wanted: &[(Market, Vec<Symbol>)]) -> Vec<MarketCall> {
        self.binance.market_calls(wanted)
    }
    fn time_call(&self, surface: &Surface) -> Intent {
        self.binance.time_call(surface)
    }
    fn read_time(&self, body: &[u8]) -> Option<u64> {
        self.binance.read_time(body)
    }
}

fn replace(unsigned: &mut Unsigned, from: &str, to: &str) {
    for bytes in [&mut unsigned.body, &mut unsigned.message] {
        let text = String::from_utf8(std::mem::take(bytes)).unwrap();
        *bytes = text.replace(from, to).into_bytes();
    }
}

/// The order is printed with `change`; whether it leaves, or else what the bot is told.
fn printed(change: fn(&mut Unsigned)) -> Result<(), String> {
    let home = Home::new();
    let mut written = home.keep.receive(home.bot("grid").order("0.01", "50000", "")).ok().unwrap();
    let binance = written.exchange;
    written.exchange = Box::leak(Box::new(Garbled { binance, change }));
    let reply = home.keep.send(written);
    match reply {
        Reply::Send(_) => Ok(()),
        Reply::Refuse(refusal) => {
            assert!(home.keep.room().tickets.is_empty(), "nothing is under way");
            Err(rule_and_text(&refusal).0)
        }
        other => panic!("{}", said(&other)),
    }
}

#[test]
fn p3_what_prints_otherwise_than_it_was_judged_does_not_leave() {
    assert_eq!(printed(|_| {}), Ok(()));
    let changes: [fn(&mut Unsigned); 9] = [
        |u| replace(u, "quantity=0.01", "quantity=0.02"),
        |u| replace(u, "price=50000", "price=50001"),
        |u| replace(u, "side=BUY", "side=SELL"),
        |u| replace(u, "symbol=BTCUSDT", "symbol=ETHUSDT"),
        |u| replace(u, "timeInForce=GTC", "timeInForce=IOC"),
        |u| replace(u, "newClientOrderId=cv", "newClientOrderId=cw"),
        |u| replace(u, "symbol=", "shiny=1&symbol="),
        |u| u.path = "/api/v3/order/test".to_owned(),
        |u| u.method = Method::Put,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        assert_eq!(printed(change), Err("print".to_owned()), "{number}");
    }
}
