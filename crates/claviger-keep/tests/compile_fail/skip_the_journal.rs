//! Nothing outside of the keep signs.
fn main() {
    let _ = claviger_keep::sign::sign;
}
