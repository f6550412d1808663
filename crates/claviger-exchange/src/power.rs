//! What in an answer could carry power over an account, wherever it came from.

use crate::json::{self, Bounds, Json};

/// What the name of a member says, in small letters without dashes, whose value may be a key, a secret or a token.
const NAMES: [&str; 12] = [
    "listenkey",
    "token",
    "secret",
    "apikey",
    "privatekey",
    "accesskey",
    "passphrase",
    "password",
    "credential",
    "session",
    "signature",
    "downloadlink",
];

/// The name of a member that may hold power over the account; also for what cannot be read as JSON in one way only.
///
/// Empty texts, flags and `null` hold none.
#[must_use]
pub fn carries_power(body: &[u8]) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    match json::parse(body, Bounds::LARGE) {
        Ok(read) => within(&read),
        Err(error) => Some(error.to_string()),
    }
}

fn within(value: &Json<'_>) -> Option<String> {
    match value {
        Json::List(items) => items.iter().find_map(within),
        Json::Object(members) => members.iter().find_map(|(name, value)| {
            let held = names(name) && !is_nothing(value);
            if held { Some(name.chars().take(64).collect()) } else { within(value) }
        }),
        Json::Null | Json::Flag(_) | Json::Number(_) | Json::Text(_) => None,
    }
}

fn names(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_ascii_lowercase();
    NAMES.into_iter().any(|word| plain.contains(word))
}

fn is_nothing(value: &Json<'_>) -> bool {
    match value {
        Json::Null | Json::Flag(_) => true,
        Json::Text(text) => text.is_empty(),
        Json::List(items) => items.is_empty(),
        Json::Number(_) | Json::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_a_key_is_named() {
        for (body, want) in [
            ("", None),
            ("[]", None),
            (r#"{"code":"0","data":[{"ccy":"USDT","bal":"1"}]}"#, None),
            (r#"{"listenKey":"x"}"#, Some("listenKey")),
            (r#"{"data":[{"a":1},{"Api-Key":"x"}]}"#, Some("Api-Key")),
            (r#"{"data":{"access_token":{"v":1}}}"#, Some("access_token")),
            (r#"{"\u0073ecretKey":"x"}"#, Some("secretKey")),
            (r#"{"token":"","secret":null,"apiKey":false}"#, None),
            (r#"{"tokenId":12}"#, Some("tokenId")),
            ("<html>", Some("not JSON")),
            (r#"{"a":1,"a":2}"#, Some("JSON with a name that stands twice")),
        ] {
            assert_eq!(carries_power(body.as_bytes()).as_deref(), want, "{body}");
        }
    }
}
