//! The parameters of one request between its text and its meaning, held to their row on the way in and out.

use claviger_core::{Asset, ClientOrderId, Decimal, OrderRef, Param, Params, Symbol, Value};

use crate::values::{self, Lists};
use crate::{ParamSpec, PrintError, ReadError, Row};

/// Checked values in the row's order. What gives the act its meaning is taken out; the harmless rest becomes the
/// intent's parameters.
#[derive(Debug)]
pub struct Fields<'r> {
    row: &'r Row,
    values: Vec<Option<Value>>,
}

impl<'r> Fields<'r> {
    /// No parameter yet.
    #[must_use]
    pub fn new(row: &'r Row) -> Self {
        Self { row, values: vec![None; row.params.len()] }
    }

    /// Reads one parameter.
    ///
    /// # Errors
    /// Where the row does not list it, it is there already, or its text does not fit its grammar.
    pub fn put(&mut self, name: &str, text: &str, lists: Lists) -> Result<(), ReadError> {
        let spec = self.row.param(name).ok_or_else(|| unknown(name, self.row))?;
        if self.has(name) {
            return Err(ReadError::Twice(spec.name.clone()));
        }
        self.put_value(name, values::parse(&spec.name, &spec.grammar, text, lists)?)
    }

    /// Puts a value that was read already.
    ///
    /// # Errors
    /// Where the row does not list it or it is there already.
    pub fn put_value(&mut self, name: &str, value: Value) -> Result<(), ReadError> {
        let found = self.row.params.iter().zip(&mut self.values).find(|(spec, _)| *spec.name == *name);
        let (spec, slot) = found.ok_or_else(|| unknown(name, self.row))?;
        if slot.is_some() {
            return Err(ReadError::Twice(spec.name.clone()));
        }
        *slot = Some(value);
        Ok(())
    }

    /// Says that all were read.
    ///
    /// # Errors
    /// Where one that must be there is missing.
    pub fn complete(self) -> Result<Self, ReadError> {
        let missing = self.row.params.iter().zip(&self.values).find(|(s, v)| s.required && v.is_none());
        match missing {
            Some((spec, _)) => Err(ReadError::Missing(spec.name.clone())),
            None => Ok(self),
        }
    }

    /// Whether a parameter is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.row.params.iter().zip(&self.values).any(|(spec, value)| *spec.name == *name && value.is_some())
    }

    /// Whether the row says that the act must hold this parameter's meaning.
    #[must_use]
    pub fn is_judged(&self, name: &str) -> bool {
        self.row.param(name).is_some_and(|spec| spec.judged)
    }

    /// Takes a value out.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let mut found = self.row.params.iter().zip(&mut self.values);
        found.find(|(spec, _)| *spec.name == *name).and_then(|(_, slot)| slot.take())
    }

    /// Takes a text out.
    pub fn text(&mut self, name: &str) -> Option<Box<str>> {
        if let Some(Value::Text(text)) = self.take(name) { Some(text) } else { None }
    }

    /// Takes a number out.
    pub fn number(&mut self, name: &str) -> Option<Decimal> {
        match self.take(name) {
            Some(Value::Number(number)) => Some(number),
            Some(Value::Whole(number)) => Some(Decimal::from_u64(number)),
            Some(Value::Text(_) | Value::Flag(_) | Value::List(_)) | None => None,
        }
    }

    /// Takes a flag out.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        if let Some(Value::Flag(flag)) = self.take(name) { Some(flag) } else { None }
    }

    /// Takes an instrument out.
    pub fn symbol(&mut self, name: &str) -> Option<Symbol> {
        self.text(name)?.parse().ok()
    }

    /// Takes an asset out.
    pub fn asset(&mut self, name: &str) -> Option<Asset> {
        self.text(name)?.parse().ok()
    }

    /// Takes a client order id out.
    pub fn client_id(&mut self, name: &str) -> Option<ClientOrderId> {
        self.text(name)?.parse().ok()
    }

    /// Takes out what names an order: by the exchange's id or by the client's, not both.
    ///
    /// # Errors
    /// Where there is neither, or both, which could name two orders.
    pub fn order_ref(&mut self, by_exchange: &str, by_client: &str) -> Result<OrderRef, ReadError> {
        match (self.text(by_exchange), self.client_id(by_client)) {
            (Some(id), None) => Ok(OrderRef::Exchange(id)),
            (None, Some(id)) => Ok(OrderRef::Client(id)),
            (None, None) => Err(ReadError::Missing(by_exchange.into())),
            (Some(_), Some(_)) => {
                Err(meaning(format!("`{by_exchange}` and `{by_client}` could name two orders: send one")))
            }
        }
    }

    /// What was not taken.
    ///
    /// # Errors
    /// Where a parameter that must be judged was not taken: the act does not hold its meaning.
    pub fn rest(self) -> Result<Params, ReadError> {
        let mut rest = Params::new();
        for (spec, value) in self.row.params.iter().zip(self.values) {
            match value {
                Some(_) if spec.judged => {
                    return Err(meaning(format!("`{}` cannot be judged in this request", spec.name)));
                }
                Some(value) => rest.push(Param { name: spec.name.clone(), value }),
                None => {}
            }
        }
        Ok(rest)
    }
}

/// What an act is in the exchange's words: names of the row and text as it is written.
pub type Words = Vec<(&'static str, String)>;

/// Every parameter of a request in the row's order, from what the act says and the intent's harmless rest.
///
/// # Errors
/// Where a name is not the row's, stands twice, is missing, or its text does not fit its grammar.
pub fn print<'r>(
    row: &'r Row,
    act: Words,
    rest: &Params,
    lists: Lists,
) -> Result<Vec<(&'r ParamSpec, String)>, PrintError> {
    let mut texts: Vec<Option<String>> = vec![None; row.params.len()];
    for (name, text) in act {
        let (spec, slot) = slot(row, &mut texts, name)?;
        let value =
            values::parse(name, &spec.grammar, &text, lists).map_err(|_| refused(name, "does not fit"))?;
        *slot =
            Some(values::print(&spec.grammar, &value, lists).ok_or_else(|| refused(name, "does not fit"))?);
    }
    for Param { name, value } in rest {
        let (spec, slot) = slot(row, &mut texts, name)?;
        *slot =
            Some(values::print(&spec.grammar, value, lists).ok_or_else(|| refused(name, "does not fit"))?);
    }
    let missing = row.params.iter().zip(&texts).find(|(spec, text)| spec.required && text.is_none());
    match missing {
        Some((spec, _)) => Err(refused(&spec.name, "is missing")),
        None => Ok(row.params.iter().zip(texts).filter_map(|(s, t)| t.map(|t| (s, t))).collect()),
    }
}

fn slot<'r, 't>(
    row: &'r Row,
    texts: &'t mut [Option<String>],
    name: &str,
) -> Result<(&'r ParamSpec, &'t mut Option<String>), PrintError> {
    let found = row.params.iter().zip(texts).find(|(spec, _)| *spec.name == *name);
    let (spec, slot) = found.ok_or_else(|| refused(name, "is not a parameter of the row"))?;
    if slot.is_some() { Err(refused(name, "stands twice")) } else { Ok((spec, slot)) }
}

fn refused(name: &str, why: &str) -> PrintError {
    PrintError { what: format!("parameter `{name}`").into(), why: why.into() }
}

fn unknown(name: &str, row: &Row) -> ReadError {
    ReadError::UnknownParameter {
        name: name.chars().take(64).collect::<String>().into(),
        path: row.path.clone(),
    }
}

/// A refusal of parameters that do not make sense together.
#[must_use]
pub fn meaning(text: impl Into<Box<str>>) -> ReadError {
    ReadError::Meaning(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;

    const ROW: &str = r#"
        format = 1
        exchange = "e"
        version = 1
        surfaces = ["s"]
        source = "here"
        date = "2026-11-25"
        row = [{ surface = "s", verb = "POST", path = "/o", permission = "trade", security = "signed", kind = "cancel", params = [
            { name = "symbol", grammar = "symbol", required = true, judged = true },
            { name = "orderId", grammar = "order-id", judged = true },
            { name = "clientId", grammar = "client-id", judged = true },
            { name = "note", grammar = { text = 10 } },
        ] }]"#;

    fn with(
        pairs: &[(&str, &str)],
        then: impl FnOnce(Fields<'_>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let catalogue = Catalogue::parse(&[("test", ROW)]).unwrap();
        let mut fields = Fields::new(&catalogue.rows()[0]);
        for (name, text) in pairs {
            fields.put(name, text, Lists::Json)?;
        }
        then(fields.complete()?)
    }

    #[test]
    fn held_to_the_row() {
        let missing = with(&[("note", "a")], |_| Ok(()));
        assert_eq!(missing, Err(ReadError::Missing("symbol".into())));
        let unknown = with(&[("symbol", "A"), ("x", "1")], |_| Ok(()));
        assert_eq!(unknown, Err(ReadError::UnknownParameter { name: "x".into(), path: "/o".into() }));
        assert_eq!(
            with(&[("symbol", "A"), ("symbol", "A")], |_| Ok(())),
            Err(ReadError::Twice("symbol".into()))
        );
    }

    #[test]
    fn judged_ones_must_be_taken() {
        let left = with(&[("symbol", "A"), ("note", "b")], |fields| fields.rest().map(|_| ()));
        assert_eq!(left, Err(ReadError::Meaning("`symbol` cannot be judged in this request".into())));
    }

    #[test]
    fn one_order_is_named_once() {
        let both = [("symbol", "A"), ("orderId", "1"), ("clientId", "c")];
        assert!(with(&both, |mut f| f.order_ref("orderId", "clientId").map(|_| ())).is_err());
        assert!(with(&both[..1], |mut f| f.order_ref("orderId", "clientId").map(|_| ())).is_err());
        assert!(with(&both[..2], |mut f| f.order_ref("orderId", "clientId").map(|_| ())).is_ok());
    }

    #[test]
    fn printed_in_the_rows_order_or_not_at_all() {
        let catalogue = Catalogue::parse(&[("test", ROW)]).unwrap();
        let row = &catalogue.rows()[0];
        let note = |text: &str| vec![Param { name: "note".into(), value: Value::Text(text.into()) }];
        let printed = |act: Words, rest: &Params| {
            print(row, act, rest, Lists::Json)
                .map(|found| found.into_iter().map(|(s, t)| format!("{}={t}", s.name)).collect::<Vec<_>>())
        };
        let act = || vec![("orderId", "1".to_owned()), ("symbol", "A".to_owned())];
        assert_eq!(printed(act(), &note("x")).unwrap(), ["symbol=A", "orderId=1", "note=x"]);
        assert!(printed(act(), &note("x&orderId=2")).is_err());
        assert!(printed(vec![("orderId", "1".to_owned())], &note("x")).is_err());
        assert!(printed(vec![("symbol", "A".to_owned()), ("symbol", "B".to_owned())], &note("x")).is_err());
        assert!(printed(vec![("symbol", "A".to_owned()), ("price", "1".to_owned())], &note("x")).is_err());
    }
}
