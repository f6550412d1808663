//! The public keys whose catalogues an operator takes.

use std::fmt;
use std::str::FromStr;

/// An Ed25519 public key as `catalogue_keys` spells it: its 32 bytes in standard base64, 44 letters.
///
/// Whether they are a key, whoever verifies with it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueKey(Box<str>);

/// The text is not 32 bytes in base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 32 bytes in base64")]
pub struct NotAKey;

impl FromStr for CatalogueKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let letters = text.strip_suffix('=').ok_or(NotAKey)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
        if letters.len() == 43 && letters.bytes().all(plain) { Ok(Self(text.into())) } else { Err(NotAKey) }
    }
}

impl CatalogueKey {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CatalogueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    const KEY: &str = "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=";

    #[test]
    fn a_key_is_32_bytes_in_base64() {
        assert_eq!(KEY.parse::<CatalogueKey>().unwrap().as_str(), KEY);
        for text in
            ["", "=", &KEY.replace('=', ""), &KEY.replace('j', "_"), &format!("{KEY}="), &format!("A{KEY}")]
        {
            assert_eq!(text.parse::<CatalogueKey>(), Err(NotAKey), "{text}");
        }
    }

    #[test]
    fn another_key_is_wider() {
        let config = |text: &str| Config::parse(text, "claviger.toml", &[]);
        let with = config(&format!("catalogue_keys = [\"{KEY}\"]")).unwrap();
        assert_eq!(with.catalogue_keys(), [KEY.parse().unwrap()]);
        assert!(config("").unwrap().compare(&with).needs_factor());
        let refused = config("catalogue_keys = [\"AAAA\"]").unwrap_err().to_string();
        assert!(refused.contains("catalogue_keys") && refused.contains("Ed25519"), "{refused}");
    }
}
