//! What the words of a path or a parameter give away. They only ever refuse: a word that is missing here allows nothing
//! that the answer's own search does not catch.

/// Parameters of authentication, in small letters without dashes.
const SIGNATURE: [&str; 8] =
    ["timestamp", "recvwindow", "signature", "apikey", "sign", "passphrase", "accesskey", "nonce"];

/// What a path says, in small letters without dashes, whose answer may carry a key or a token.
const TELLS: [&str; 16] = [
    "apikey",
    "apimanagement",
    "subaccountapi",
    "listen",
    "token",
    "userdatastream",
    "asyn",
    "secret",
    "credential",
    "password",
    "passphrase",
    "oauth",
    "login",
    "session",
    "download",
    "privatekey",
];

/// With what a part of a path begins that does something.
const ACTS: [&str; 14] = [
    "set", "create", "delete", "remove", "cancel", "place", "update", "modify", "submit", "execute",
    "enable", "disable", "reset", "apply",
];

/// What in a parameter's name chooses whose account is told.
const WHOSE: [&str; 5] = ["email", "subac", "subuid", "userid", "mobile"];

fn plain(text: &str) -> String {
    text.to_ascii_lowercase().replace(['-', '_', '.'], "")
}

/// The word by which the path's answer may carry a key or a token.
pub(super) fn that_tells(path: &str) -> Option<&'static str> {
    let plain = plain(path);
    TELLS.into_iter().find(|word| plain.contains(word))
}

/// The word by which the path sounds as if it changed something: the first of one of its parts, `set-leverage`,
/// `setLeverage` or `set`.
pub(super) fn that_acts(path: &str) -> Option<&'static str> {
    let begins = |part: &str, word: &str| {
        let rest = part.to_ascii_lowercase().starts_with(word).then(|| part.get(word.len()..)).flatten();
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_lowercase()))
    };
    ACTS.into_iter().find(|word| path.split('/').any(|part| begins(part, word)))
}

/// Whether two paths are about the same, whatever their version: by their first and their third part.
pub(super) fn same_family(one: &str, other: &str) -> bool {
    let parts = |path| {
        let mut parts = str::split(path, '/').skip(1);
        let (first, _, third) = (parts.next()?, parts.next()?, parts.next()?);
        Some((first, third))
    };
    let (Some((first, third)), Some((its_first, its_third))) = (parts(one), parts(other)) else {
        return false;
    };
    is_same(first, its_first) && is_same(third, its_third)
}

/// As [`plain`], without making texts: a bot may ask for what is unknown as often as it likes.
fn is_same(one: &str, other: &str) -> bool {
    fn letters(text: &str) -> impl Iterator<Item = u8> {
        text.bytes().filter(|b| !matches!(b, b'-' | b'_' | b'.')).map(|b| b.to_ascii_lowercase())
    }
    letters(one).eq(letters(other))
}

/// Whether the parameter belongs to authentication.
pub(in crate::catalogue) fn is_of_the_signature(name: &str) -> bool {
    SIGNATURE.contains(&&*plain(name))
}

/// Whether the parameter may choose whose account is told.
pub(super) fn chooses_whose(name: &str) -> bool {
    let plain = plain(name);
    plain == "uid" || WHOSE.into_iter().any(|word| plain.contains(word))
}
