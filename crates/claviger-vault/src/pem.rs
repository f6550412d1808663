//! Reading a private key from PEM without leaving copies of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::entry::MaterialError;

const BEGIN: &[u8] = b"-----BEGIN ";

/// Whether the bytes are meant to be a private key rather than an exchange's secret: PEM, or a DER sequence.
pub fn looks_like_one(bytes: &[u8]) -> bool {
    position(bytes, BEGIN).is_some()
        || (bytes.first() == Some(&0x30) && !bytes.iter().all(u8::is_ascii_graphic))
}

/// The DER of a PKCS#8 private key given as PEM or as DER.
pub fn private_key(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, MaterialError> {
    match block(bytes, b"PRIVATE KEY") {
        Some(base64) => decode(base64),
        None if position(bytes, b"ENCRYPTED").is_some() => Err(MaterialError::Encrypted),
        None if bytes.first() == Some(&0x30) => Ok(Zeroizing::new(bytes.to_vec())),
        None => Err(MaterialError::NotPkcs8),
    }
}

/// What stands between the first `BEGIN label` and the next `END label`.
fn block<'a>(bytes: &'a [u8], label: &[u8]) -> Option<&'a [u8]> {
    let marker = |word: &[u8]| [b"-----", word, b" ", label, b"-----"].concat();
    let (begin, end) = (marker(b"BEGIN"), marker(b"END"));
    let rest = bytes.get(position(bytes, &begin)? + begin.len()..)?;
    rest.get(..position(rest, &end)?)
}

fn decode(base64: &[u8]) -> Result<Zeroizing<Vec<u8>>, MaterialError> {
    let mut packed = Zeroizing::new(Vec::with_capacity(base64.len()));
    packed.extend(base64.iter().filter(|b| !b.is_ascii_whitespace()));
    let mut der = Zeroizing::new(vec![0; base64::decoded_len_estimate(packed.len())]);
    let length = STANDARD.decode_slice(packed.as_slice(), &mut der).map_err(|_| MaterialError::NotPkcs8)?;
    der.truncate(length);
    Ok(der)
}

fn position(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&[u8], MaterialError>) {
        assert_eq!(
            private_key(text.as_bytes()).as_ref().map(|d| d.as_slice()).map_err(|e| *e),
            expected,
            "{text}"
        );
    }

    #[test]
    fn pem_of_many_looks() {
        check("-----BEGIN PRIVATE KEY-----\nMAEC\n-----END PRIVATE KEY-----\n", Ok(&[0x30, 1, 2]));
        check("-----BEGIN PRIVATE KEY-----\r\nMA\r\nEC\r\n-----END PRIVATE KEY-----", Ok(&[0x30, 1, 2]));
        check("a note\n-----BEGIN PRIVATE KEY-----MAEC-----END PRIVATE KEY-----", Ok(&[0x30, 1, 2]));
        check("-----BEGIN PRIVATE KEY-----\nMA?C\n-----END PRIVATE KEY-----\n", Err(MaterialError::NotPkcs8));
        check("-----BEGIN PRIVATE KEY-----\nMAEC\n", Err(MaterialError::NotPkcs8));
        check(
            "-----BEGIN RSA PRIVATE KEY-----\nMAEC\n-----END RSA PRIVATE KEY-----\n",
            Err(MaterialError::NotPkcs8),
        );
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAEC\n-----END ENCRYPTED PRIVATE KEY-----\n";
        check(encrypted, Err(MaterialError::Encrypted));
        check("", Err(MaterialError::NotPkcs8));
    }

    #[test]
    fn a_hex_secret_is_not_taken_for_der() {
        assert!(!looks_like_one(b"0f00ba12"));
        assert!(looks_like_one(&[0x30, 0x82, 1]));
        assert!(looks_like_one(b"\n-----BEGIN PRIVATE KEY-----"));
    }
}
