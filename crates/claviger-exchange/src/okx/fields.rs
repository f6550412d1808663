//! Parameters of a request: the query of a GET, the JSON body of a POST.

use claviger_core::Method;

use crate::fields::{Fields, meaning};
use crate::form::{Dialect, Part, pairs};
use crate::json::{self, Bounds, Json, NotJson};
use crate::values::Lists;
use crate::{ParamSpec, RawRequest, ReadError, Row, nested};

/// The exchange writes lists within a parameter as `A,B`.
pub(super) const LISTS: Lists = Lists::Commas;

/// The mark of rows whose body is a list of objects.
const BATCH: &str = "batch";
/// The mark of rows about algo orders.
const ALGO: &str = "algo";

/// Whether a row's body is a list.
pub(super) fn is_batch(row: &Row) -> bool {
    is_marked(row, BATCH)
}

/// Whether a row is about algo orders.
pub(super) fn is_algo(row: &Row) -> bool {
    is_marked(row, ALGO)
}

pub(super) fn is_marked(row: &Row, mark: &str) -> bool {
    row.flags.iter().any(|flag| **flag == *mark)
}

/// How many items the exchange takes in a list: 10 algo orders, 20 usual ones.
pub(super) fn most_items(row: &Row) -> usize {
    if is_algo(row) { 10 } else { 20 }
}

/// Reads a request's parameters by its row: those of each item where the body is a list, else of the one there is.
///
/// # Errors
/// Where one does not fit its row, or the list is empty or too long.
pub(super) fn items<'r>(row: &'r Row, request: &RawRequest<'_>) -> Result<Vec<Fields<'r>>, ReadError> {
    if request.method == Method::Get {
        let mut fields = Fields::new(row);
        from_query(&mut fields, row, request)?;
        return Ok(vec![fields.complete()?]);
    }
    from_body(row, request)
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

fn from_body<'r>(row: &'r Row, request: &RawRequest<'_>) -> Result<Vec<Fields<'r>>, ReadError> {
    if let Some(query) = request.query {
        let name = query.split('=').next().unwrap_or_default();
        return Err(ReadError::Place(name.chars().take(64).collect::<String>().into()));
    }
    if request.body.is_empty() {
        return Ok(vec![Fields::new(row).complete()?]);
    }
    let body = json::parse(request.body, Bounds::SMALL).map_err(|why| match why {
        NotJson::Twice => meaning("the body holds a name twice"),
        NotJson::TooLong(_) | NotJson::TooDeep(_) | NotJson::Malformed => ReadError::Encoding("body"),
    })?;
    if let Some(list) = list_of(row) {
        let mut fields = Fields::new(row);
        put_json(&mut fields, list, &body)?;
        return Ok(vec![fields.complete()?]);
    }
    objects(row, &body)?.iter().map(|object| item(row, object)).collect()
}

/// The objects of the body: itself, or the items of a list.
fn objects<'j, 'a>(row: &Row, body: &'j Json<'a>) -> Result<&'j [Json<'a>], ReadError> {
    if !is_batch(row) {
        return Ok(std::slice::from_ref(body));
    }
    let items = body.items().ok_or(ReadError::Encoding("body"))?;
    let most = most_items(row);
    if (1..=most).contains(&items.len()) {
        Ok(items)
    } else {
        Err(meaning(format!("the body is a list of 1 to {most} items")))
    }
}

fn item<'r>(row: &'r Row, object: &Json<'_>) -> Result<Fields<'r>, ReadError> {
    let mut fields = Fields::new(row);
    for (name, value) in object.entries().ok_or(ReadError::Encoding("body"))? {
        let spec = row.param(name).ok_or_else(|| unknown(name, row))?;
        put_json(&mut fields, spec, value)?;
    }
    fields.complete()
}

fn put_json(fields: &mut Fields<'_>, spec: &ParamSpec, json: &Json<'_>) -> Result<(), ReadError> {
    // A price that may be -1 is a text to the catalogue; clients send it as a number too. It must be judged, which makes
    // a number of it: as a text, 1.50 and 1.5 would be two.
    let price = match json {
        Json::Number(text) if spec.judged && (spec.name.ends_with("OrdPx") || *spec.name == *"orderPx") => {
            Some(Json::Text((*text).into()))
        }
        _ => None,
    };
    match nested::value(spec, price.as_ref().unwrap_or(json), LISTS)? {
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
