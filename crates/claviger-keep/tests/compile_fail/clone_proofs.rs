//! No proof can be cloned.
fn clone<T: Clone>() {}

fn main() {
    clone::<claviger_keep::Authenticated>();
    clone::<claviger_keep::Recorded>();
    clone::<claviger_keep::Pending>();
    clone::<claviger_core::book::Permit>();
    clone::<claviger_door::SignedRequest>();
}
