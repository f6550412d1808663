//! Answers that tell of orders, taken apart by whose orders they are.
//!
//! Bots that share a real key may each see their own orders and fills alone. An answer is cut into the pieces that tell
//! of one order each, and put together again of those that may be seen; no piece is changed. What cannot be cut for
//! certain is shown to nobody.

use std::ops::Range;

use claviger_core::{OrderRef, Symbol};

use crate::HttpAnswer;
use crate::json::{self, Bounds, Json};

/// An answer in pieces.
#[derive(Debug, PartialEq, Eq)]
pub struct Pieces {
    /// What tells of one order each, in the answer's order.
    pub pieces: Vec<Piece>,
    /// What is said where nothing may be seen of an answer about one order: that it does not exist.
    pub absent: Option<HttpAnswer>,
    /// Whether the answer is one piece, and no list.
    single: bool,
    /// What stands around the pieces.
    around: Range<usize>,
}

/// What an answer tells of orders.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    /// None: it is an error of the exchange's.
    Nothing,
    /// These.
    Orders(Pieces),
    /// It cannot be told whose.
    Unclear,
}

/// What tells of one order, or of a list of orders.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    /// The instrument and the names of each order in it; empty for what is about no order.
    pub orders: Vec<(Symbol, Vec<OrderRef>)>,
    at: Range<usize>,
}

/// Makes a name of what is written.
pub(crate) type Name = fn(&str) -> Option<OrderRef>;

/// How an exchange spells what an order is called.
#[derive(Debug)]
pub(crate) struct Spelling {
    /// The instrument.
    pub(crate) symbol: &'static str,
    /// Names of the exchange's, then of the client's.
    pub(crate) names: &'static [(&'static str, Name)],
    /// Which of the names are the client's own words.
    pub(crate) words: &'static [&'static str],
    /// The member that holds the orders of a list.
    pub(crate) orders: &'static str,
}

impl Pieces {
    /// Says `absent` where it is one object and that may not be seen.
    pub(crate) fn or_absent(self, absent: HttpAnswer) -> Self {
        if self.single { self.about_one(absent) } else { self }
    }

    /// Says `absent` where nothing of it may be seen.
    pub(crate) fn about_one(self, absent: HttpAnswer) -> Self {
        Self { absent: Some(absent), ..self }
    }

    /// The answer with those pieces alone for which `keep` says so; `None` where nothing would be left of it.
    #[must_use]
    pub fn only(&self, body: &[u8], keep: &[bool]) -> Option<Vec<u8>> {
        let kept = self.pieces.iter().zip(keep).filter(|(_, keep)| **keep).map(|(piece, _)| &piece.at);
        let kept: Vec<&[u8]> = kept.map(|at| body.get(at.clone())).collect::<Option<_>>()?;
        if self.single {
            return (kept.len() == self.pieces.len()).then(|| body.to_vec());
        }
        let mut only = body.get(..self.around.start)?.to_vec();
        only.push(b'[');
        only.extend_from_slice(&kept.join(&b','));
        only.push(b']');
        only.extend_from_slice(body.get(self.around.end..)?);
        Some(only)
    }
}

/// Takes apart a list of orders, or one order: the whole body, or the member `within` of it.
///
/// `ledger` says that an item without any order's number is about no order.
pub(crate) fn pieces(body: &[u8], within: Option<&str>, how: &Spelling, ledger: bool) -> Option<Pieces> {
    let text = std::str::from_utf8(body).ok()?;
    let outer = match within {
        Some(name) => {
            let members = json::members(text)?;
            members.into_iter().find(|(found, _)| found == name).map(|(_, raw)| raw)?
        }
        None => text.trim_ascii(),
    };
    let around = place(text, outer)?;
    let (raw, single) = match outer.as_bytes().first()? {
        b'[' => (json::elements(outer)?, false),
        b'{' => (vec![outer], true),
        _ => return None,
    };
    let pieces: Option<Vec<Piece>> = raw.into_iter().map(|raw| piece(text, raw, how, ledger)).collect();
    let pieces = pieces?;
    Some(Pieces { pieces, absent: None, single, around })
}

fn piece(text: &str, raw: &str, how: &Spelling, ledger: bool) -> Option<Piece> {
    let item = json::parse(raw.as_bytes(), Bounds::SMALL).ok()?;
    let orders = match item.get(how.orders).and_then(Json::items) {
        Some(orders) => orders.iter().map(|order| named(order, how)).collect::<Option<Vec<_>>>()?,
        None => match named(&item, how) {
            Some(order) => vec![order],
            None if ledger && names(&item, how)?.is_empty() => Vec::new(),
            None => return None,
        },
    };
    // A list of no orders is nobody's, not everybody's.
    let told = !orders.is_empty() || ledger;
    told.then_some(Piece { orders, at: place(text, raw)? })
}

/// An order's instrument and names; `None` where it has no instrument or no name.
fn named(item: &Json<'_>, how: &Spelling) -> Option<(Symbol, Vec<OrderRef>)> {
    let symbol = item.get(how.symbol)?.text()?.parse().ok()?;
    let names = names(item, how)?;
    (!names.is_empty()).then_some((symbol, names))
}

/// `None` where the exchange's own number of an order is not understood. Clients' words that are none of ours name nothing.
fn names(item: &Json<'_>, how: &Spelling) -> Option<Vec<OrderRef>> {
    let mut names = Vec::new();
    for (name, make) in how.names {
        let text = item.get(name).and_then(Json::scalar).unwrap_or_default();
        match make(text) {
            _ if matches!(text, "" | "-1" | "0") => {}
            Some(made) => names.push(made),
            None if how.words.contains(name) => {}
            None => return None,
        }
    }
    Some(names)
}

/// Where a part of a text stands in it.
fn place(text: &str, part: &str) -> Option<Range<usize>> {
    let start = (part.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    let end = start.checked_add(part.len())?;
    (text.get(start..end) == Some(part)).then_some(start..end)
}

/// A number of the exchange's.
pub(crate) fn id(text: &str) -> Option<Box<str>> {
    (text.len() <= 40 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOW: Spelling = Spelling {
        symbol: "symbol",
        names: &[
            ("orderId", |text| id(text).map(OrderRef::Exchange)),
            ("clientOrderId", |text| text.parse().ok().map(OrderRef::Client)),
        ],
        words: &["clientOrderId"],
        orders: "orders",
    };

    fn check(body: &str, within: Option<&str>, ledger: bool, keep: &[bool], only: Option<&str>) {
        let pieces = pieces(body.as_bytes(), within, &HOW, ledger);
        let got = pieces.and_then(|pieces| {
            assert_eq!(pieces.pieces.len(), keep.len(), "{body}");
            pieces.only(body.as_bytes(), keep)
        });
        assert_eq!(got.map(|bytes| String::from_utf8(bytes).unwrap()).as_deref(), only, "{body}");
    }

    #[test]
    fn lists() {
        let (a, b) = (r#"{"symbol":"X", "orderId":1,"é":1.50}"#, r#"{"orderId":2,"symbol":"X"}"#);
        let both = format!("[ {a} ,{b}]");
        check(&both, None, false, &[true, true], Some(&format!("[{a},{b}]")));
        check(&both, None, false, &[true, false], Some(&format!("[{a}]")));
        check(&both, None, false, &[false, true], Some(&format!("[{b}]")));
        check(&both, None, false, &[false, false], Some("[]"));
        check(" [] ", None, false, &[], Some(" [] "));
        let within = format!(r#"{{"code":"0", "data":[{a},{b}],"msg":"ü"}}"#);
        let only = format!(r#"{{"code":"0", "data":[{b}],"msg":"ü"}}"#);
        check(&within, Some("data"), false, &[false, true], Some(&only));
    }

    #[test]
    fn single_orders() {
        let one = r#"{"symbol":"X","orderId":1}"#;
        check(one, None, false, &[true], Some(one));
        check(one, None, false, &[false], None);
    }

    #[test]
    fn lists_of_orders() {
        let list = r#"[{"symbol":"X","orderListId":5,"orders":[{"symbol":"X","orderId":1},{"symbol":"X","orderId":2}]}]"#;
        let pieces = pieces(list.as_bytes(), None, &HOW, false).unwrap();
        assert_eq!(pieces.pieces[0].orders.len(), 2);
        check(r#"[{"symbol":"X","orderId":1,"orders":[]}]"#, None, false, &[], None);
    }

    #[test]
    fn what_is_about_no_order() {
        let fee = r#"[{"symbol":"","orderId":"","amount":"1"}]"#;
        check(fee, None, true, &[true], Some(fee));
        check(fee, None, false, &[], None);
    }

    /// One item that is not understood, and nothing of the answer is shown.
    #[test]
    fn what_cannot_be_cut() {
        for body in [
            "",
            "5",
            "[5]",
            r#"[{"symbol":"X"}]"#,
            r#"[{"orderId":1}]"#,
            r#"[{"symbol":5,"orderId":1}]"#,
            r#"[{"symbol":"X","orderId":1},{"id":5}]"#,
            r#"[{"symbol":"X","orderId":1,"orderId":2}]"#,
            r#"[{"symbol":"X","orderId":1}] []"#,
            r#"{"symbol":"X","symbol":"Y","orderId":1}"#,
        ] {
            assert_eq!(pieces(body.as_bytes(), None, &HOW, false), None, "{body}");
        }
        let twice = r#"{"data":[],"data":[{"symbol":"X","orderId":1}]}"#;
        assert_eq!(pieces(twice.as_bytes(), Some("data"), &HOW, false), None);
        assert_eq!(pieces(br#"[{"symbol":"X","orderId":"x","note":"fee"}]"#, None, &HOW, true), None);
        let odd = br#"[{"symbol":"X","orderId":1,"clientOrderId":"\u00e9"}]"#;
        assert_eq!(pieces(odd, None, &HOW, false).unwrap().pieces[0].orders[0].1.len(), 1);
        // A ledger's item that names an order is not one that names none, whatever else is missing.
        assert_eq!(pieces(br#"[{"orderId":1}]"#, None, &HOW, true), None);
    }
}
