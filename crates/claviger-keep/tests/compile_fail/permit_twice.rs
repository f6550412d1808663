//! A permit is used once.
use claviger_core::book::{Book, Permit};

fn twice(book: &mut Book, permit: Permit) {
    book.withdraw(permit);
    book.withdraw(permit);
}

fn main() {}
