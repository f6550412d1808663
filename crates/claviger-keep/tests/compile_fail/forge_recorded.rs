//! `Recorded` is made by a finished sync alone.
fn main() {
    let _ = claviger_keep::Recorded { written: todo!() };
}
