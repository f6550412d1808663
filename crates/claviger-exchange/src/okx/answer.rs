//! The shape of every answer: `{"code":"0","msg":"","data":[…]}`.

use crate::json::{self, Bounds, Json};

/// An answer whose shape is right.
pub(super) struct Answer<'a> {
    body: Json<'a>,
}

impl<'a> Answer<'a> {
    /// Reads an answer; `None` where it is cut, no JSON, or of another shape.
    pub(super) fn of(body: &'a [u8], bounds: Bounds) -> Option<Self> {
        let body = json::parse(body, bounds).ok()?;
        let shaped = body.get("code").is_some_and(|code| code.text().is_some())
            && body.get("data").is_none_or(|data| data.items().is_some());
        shaped.then_some(Self { body })
    }

    /// Reads an answer that says success.
    pub(super) fn good(body: &'a [u8], bounds: Bounds) -> Option<Self> {
        Self::of(body, bounds).filter(|answer| answer.code() == "0")
    }

    pub(super) fn code(&self) -> &str {
        self.body.get("code").and_then(Json::text).unwrap_or_default()
    }

    pub(super) fn data(&self) -> &[Json<'a>] {
        self.body.get("data").and_then(Json::items).unwrap_or_default()
    }

    /// The only item.
    pub(super) fn only(&self) -> Option<&Json<'a>> {
        if let [item] = self.data() { Some(item) } else { None }
    }
}

/// The text of a name in an item; `None` where it is missing, empty or no text.
pub(super) fn text<'j>(item: &'j Json<'_>, name: &str) -> Option<&'j str> {
    item.get(name)?.text().filter(|text| !text.is_empty())
}
