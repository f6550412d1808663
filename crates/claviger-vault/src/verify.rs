//! Signatures of others over what claviger is given as data: public keys only, no secret.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What stands before a catalogue's bytes when it is signed, so that a signature for something else is none for it.
const CATALOGUE: &[u8] = b"claviger catalogue v1\n";

/// Why a catalogue is not taken for what its maintainers gave out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// A configured key is no key.
    #[error("`{0}` is no Ed25519 public key: wanted its 32 bytes in base64")]
    Key(Box<str>),
    /// The signature is none.
    #[error("the signature is none: wanted 64 bytes in base64")]
    Form,
    /// It is of none of the keys, or of other bytes.
    #[error("none of the {0} keys made this signature over these bytes")]
    NoKey(usize),
}

/// Which of these Ed25519 public keys (32 bytes in base64) made a detached signature (64 bytes in base64, white space
/// around it) over a catalogue.
///
/// # Errors
/// [`NotSigned`] where none did, or one of the keys is no key.
pub fn catalogue_signer<'k>(
    keys: &'k [Box<str>],
    text: &[u8],
    signature: &str,
) -> Result<&'k str, NotSigned> {
    let keys: Vec<(&str, [u8; 32])> =
        keys.iter().map(|key| Ok((&**key, bytes_of(key)?))).collect::<Result<_, _>>()?;
    let signature = STANDARD.decode(signature.trim_ascii()).map_err(|_| NotSigned::Form)?;
    if signature.len() != 64 {
        return Err(NotSigned::Form);
    }
    let message = [CATALOGUE, text].concat();
    let made = |key: &[u8; 32]| UnparsedPublicKey::new(&ED25519, key).verify(&message, &signature).is_ok();
    let signer = keys.iter().find(|(_, key)| made(key));
    signer.map(|(name, _)| *name).ok_or(NotSigned::NoKey(keys.len()))
}

fn bytes_of(key: &str) -> Result<[u8; 32], NotSigned> {
    let wrong = || NotSigned::Key(key.chars().take(64).collect::<String>().into());
    STANDARD.decode(key).map_err(|_| wrong())?.try_into().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;

    fn pair(seed: u8) -> (Ed25519KeyPair, Box<str>) {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        let public = STANDARD.encode(pair.public_key().as_ref()).into();
        (pair, public)
    }

    fn signed(pair: &Ed25519KeyPair, message: &[u8]) -> String {
        STANDARD.encode(pair.sign(message))
    }

    #[test]
    fn only_a_configured_key_over_these_bytes() {
        let ((one, first), (two, second)) = (pair(1), pair(2));
        let keys = [first.clone(), second];
        let message = b"claviger catalogue v1\nformat = 1\n";
        for (pair, at) in [(&one, 0), (&two, 1)] {
            let signature = format!(" {}\n", signed(pair, message));
            assert_eq!(catalogue_signer(&keys, b"format = 1\n", &signature), Ok(&*keys[at]));
        }
        let theirs = signed(&two, message);
        assert_eq!(catalogue_signer(&keys[..1], b"format = 1\n", &theirs), Err(NotSigned::NoKey(1)));
        assert_eq!(catalogue_signer(&[], b"format = 1\n", &theirs), Err(NotSigned::NoKey(0)));
        assert_eq!(catalogue_signer(&keys, b"format = 2\n", &theirs), Err(NotSigned::NoKey(2)));
        let bare = signed(&one, b"format = 1\n");
        assert_eq!(catalogue_signer(&keys, b"format = 1\n", &bare), Err(NotSigned::NoKey(2)), "no context");
        for form in ["", "x", "AAAA", theirs.get(..80).unwrap(), &format!("{theirs}{theirs}")] {
            assert_eq!(catalogue_signer(&keys, b"format = 1\n", form), Err(NotSigned::Form), "{form}");
        }
        for key in ["", "AAAA", first.get(..40).unwrap()] {
            let keys = [key.into()];
            assert_eq!(catalogue_signer(&keys, b"", &theirs), Err(NotSigned::Key(key.into())));
        }
    }
}
