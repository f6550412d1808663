//! Parameters of a request: the query of a GET, the JSON body of a POST.

use claviger_core::Method;

use crate::fields::{Fields, meaning};
use crate::form::{Dialect, Part, pairs};
use crate::json::{self, Bounds, Json, NotJson};
use crate::values::Lists;
use crate::{Grammar, ParamSpec, RawRequest, ReadError, Row};

/// The exchange writes lists within a parameter as `A,B`.
pub(super) const LISTS: Lists = Lists::Commas;

/// The mark of rows whose body is a list; claviger reads a list of one.
pub(super) const BATCH: &str = "batch";

/// Whether a row's body is a list.
pub(super) fn is_batch(row: &Row) -> bool {
    row.flags.iter().any(|flag| **flag == *BATCH)
}

/// Reads a request's parameters by its row.
pub(super) fn fields<'r>(row: &'r Row, request: &RawRequest<'_>) -> Result<Fields<'r>, ReadError> {
    let mut fields = Fields::new(row);
    if request.method == Method::Get {
        from_query(&mut fields, row, request)?;
    } else {
        from_body(&mut fields, row, request)?;
    }
    fields.complete()
}

fn from_query(fields: &mut Fields<'_>, row: &Row, request: &RawRequest<'_>) -> Result<(), ReadError> {
    if !request.body.is_empty() {
        return Err(ReadError::Encoding("body"));
    }
    for pair in pairs(request.query.unwrap_or_default().as_bytes(), Part::Query, Dialect::QUERY)? {
        put(fields, row, pair.name, &pair.value)?;
    }
    Ok(())
}

fn from_body(fields: &mut Fields<'_>, row: &Row, request: &RawRequest<'_>) -> Result<(), ReadError> {
    if let Some(query) = request.query {
        let name = query.split('=').next().unwrap_or_default();
        return Err(ReadError::Place(name.chars().take(64).collect::<String>().into()));
    }
    if request.body.is_empty() {
        return Ok(());
    }
    let body = json::parse(request.body, Bounds::SMALL).map_err(|why| match why {
        NotJson::Twice => meaning("the body holds a name twice"),
        NotJson::TooLong(_) | NotJson::TooDeep(_) | NotJson::Malformed => ReadError::Encoding("body"),
    })?;
    for (name, value) in one(row, &body)? {
        let spec = row.param(name).ok_or_else(|| unknown(name, row))?;
        if let Some(text) = text(spec, value)? {
            put(fields, row, name, text)?;
        }
    }
    Ok(())
}

type Entries<'j, 'a> = &'j [(std::borrow::Cow<'a, str>, Json<'a>)];

/// The one object of the body: itself, or the only item of a list.
fn one<'j, 'a>(row: &Row, body: &'j Json<'a>) -> Result<Entries<'j, 'a>, ReadError> {
    let object = if is_batch(row) {
        match body.items().ok_or(ReadError::Encoding("body"))? {
            [object] => object,
            _ => return Err(meaning("claviger reads one order a request: send a list of one")),
        }
    } else {
        body
    };
    object.entries().ok_or(ReadError::Encoding("body"))
}

/// The text of a value; `None` where clients say that they mean nothing: python-okx sends `""`, `null` and `[]` for
/// arguments that were not given.
///
/// Numbers may stand bare where a number is wanted, and whole ones where a text of digits is; flags where a flag is.
fn text<'j>(spec: &ParamSpec, value: &'j Json<'_>) -> Result<Option<&'j str>, ReadError> {
    let numeric = matches!(spec.grammar, Grammar::Number | Grammar::Whole { .. } | Grammar::Millis);
    let odd = |why: &str| Err(ReadError::Value { name: spec.name.clone(), why: why.into() });
    match value {
        Json::Null => Ok(None),
        Json::Text(text) if text.is_empty() => Ok(None),
        Json::List(items) if items.is_empty() => Ok(None),
        _ if is_refused(spec) => Err(refused(spec)),
        Json::Text(text) => Ok(Some(text)),
        Json::Number(text) if numeric || text.bytes().all(|b| b.is_ascii_digit()) => Ok(Some(text)),
        Json::Number(_) => odd("wanted a text"),
        Json::Flag(_) if spec.grammar == Grammar::Flag => Ok(value.scalar()),
        Json::Flag(_) => odd("wanted a text"),
        Json::List(_) | Json::Object(_) => odd("lists and objects are not yet read"),
    }
}

fn put(fields: &mut Fields<'_>, row: &Row, name: &str, text: &str) -> Result<(), ReadError> {
    match row.param(name) {
        Some(spec) if is_refused(spec) => Err(refused(spec)),
        _ => fields.put(name, text, LISTS),
    }
}

/// Whether a parameter is known and must not say anything.
fn is_refused(spec: &ParamSpec) -> bool {
    matches!(&spec.grammar, Grammar::Word(words) if words.is_empty())
}

fn refused(spec: &ParamSpec) -> ReadError {
    meaning(format!("`{}` is not read by claviger: {}", spec.name, spec.about))
}

fn unknown(name: &str, row: &Row) -> ReadError {
    ReadError::UnknownParameter {
        name: name.chars().take(64).collect::<String>().into(),
        path: row.path.clone(),
    }
}

/// Takes a text out and puts it back: what it says is judged, and it stays among the harmless rest.
pub(super) fn peek(fields: &mut Fields<'_>, name: &str) -> Result<Option<Box<str>>, ReadError> {
    let Some(text) = fields.text(name) else { return Ok(None) };
    fields.put(name, &text, LISTS)?;
    Ok(Some(text))
}

/// Holds a text to the exchange's alphabet for names that clients choose: letters and digits.
pub(super) fn alphanumeric(name: &str, text: &str, max: usize) -> Result<(), ReadError> {
    if (1..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        Ok(())
    } else {
        let why = format!("wanted 1 to {max} of A-Z, a-z, 0-9");
        Err(ReadError::Value { name: name.into(), why: why.into() })
    }
}
