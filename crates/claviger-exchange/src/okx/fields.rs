//! Parameters of a request: the query of a GET, the JSON body of a POST.

use claviger_core::Method;

use crate::fields::{Fields, meaning};
use crate::form::{Dialect, Part, pairs};
use crate::json::{self, Bounds, Json, NotJson};
use crate::values::Lists;
use crate::{ParamSpec, RawRequest, ReadError, Row, nested};

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
    if let Some(list) = list_of(row) {
        return put_json(fields, list, &body);
    }
    for (name, value) in one(row, &body)? {
        let spec = row.param(name).ok_or_else(|| unknown(name, row))?;
        put_json(fields, spec, value)?;
    }
    Ok(())
}

fn put_json(fields: &mut Fields<'_>, spec: &ParamSpec, json: &Json<'_>) -> Result<(), ReadError> {
    match nested::value(spec, json, LISTS)? {
        Some(value) => fields.put_value(&spec.name, value),
        None => Ok(()),
    }
}

/// The one parameter of a row whose whole body is a list.
pub(super) fn list_of(row: &Row) -> Option<&ParamSpec> {
    row.param(WHOLE)
}

/// How the catalogue names the parameter that is the whole body.
const WHOLE: &str = "[]";

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

fn put(fields: &mut Fields<'_>, row: &Row, name: &str, text: &str) -> Result<(), ReadError> {
    match row.param(name) {
        Some(spec) if nested::is_refused(spec) => Err(nested::refused(spec)),
        _ => fields.put(name, text, LISTS),
    }
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
