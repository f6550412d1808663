//! `Authenticated` is made by `authenticate` alone.
fn main() {
    let _ = claviger_keep::Authenticated { received: todo!(), known: todo!() };
}
