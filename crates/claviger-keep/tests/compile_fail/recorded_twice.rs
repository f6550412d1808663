//! What was recorded is used once.
use claviger_keep::Recorded;

fn sign(_: Recorded) {}

fn twice(recorded: Recorded) {
    sign(recorded);
    sign(recorded);
}

fn main() {}
