//! Where real keys live. Bytes go in, a signature comes out; the secret never does.
//!
//! A vault is one file under a passphrase (`docs/spec/vault-file.md`). From its key the secrets of virtual keys are
//! derived (`docs/spec/virtual-keys.md`). It must not know exchanges or policy: it binds each secret to names and
//! hosts that others gave it and compares them, no more.
#![forbid(unsafe_code)]

mod ca;
mod entry;
mod error;
mod file;
mod names;
mod passphrase;
mod pem;
mod seal;
mod sign;
mod strength;
mod tls;
mod unlock;
mod vault;
mod verify;
mod virtual_key;

pub use ca::{CaError, CaRequest, LeafRequest};
pub use entry::{EntryInfo, EntryKind, Material, MaterialError, NewEntry};
pub use error::VaultError;
pub use names::{Binding, Destination, KeyId, KeyRef, NotAName, VirtualId};
pub use passphrase::{Passphrase, ReadSecretError, Secret, read_secret, unbuffered_stdin};
pub use sign::{HeaderSecret, Scheme, SignError, SignOutput, Signature};
pub use strength::Strength;
pub use tls::{HandshakeError, HandshakeScheme};
pub use unlock::{UnlockError, UnlockSource};
pub use vault::Vault;
pub use verify::{NotSigned, catalogue_signer};
pub use virtual_key::{BadSignature, VirtualFormat, VirtualKey, VirtualSecret, mint_id};
