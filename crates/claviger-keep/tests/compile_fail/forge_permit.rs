//! `Permit` is made by `Book::decide` alone.
use claviger_core::book::Permit;

fn main() {
    let _ = Permit {
        id: todo!(),
        bot: todo!(),
        key: todo!(),
        deadline: todo!(),
        leaves: todo!(),
        entry: todo!(),
    };
}
