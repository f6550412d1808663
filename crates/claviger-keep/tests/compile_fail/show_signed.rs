//! A signed request cannot be printed.
fn show(request: &claviger_door::SignedRequest) -> String {
    format!("{request:?}")
}

fn main() {}
