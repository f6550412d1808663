//! Any bytes as a frame between claviger's processes: no panic, and what is read can be written and read again.
#![no_main]

use claviger_door::{Ask, Command, SignedParts, frame};
use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};

fn check<T: Serialize + DeserializeOwned>(message: &[u8]) {
    let length = u32::try_from(message.len()).expect("short");
    let bytes = [length.to_le_bytes().as_slice(), &[7; 8], message].concat();
    let Ok((number, message)) = frame::read::<T>(&mut bytes.as_slice()) else { return };
    let mut again = Vec::new();
    frame::write(&mut again, number, &message).expect("writable");
    assert!(frame::read::<T>(&mut again.as_slice()).is_ok());
}

fuzz_target!(|message: &[u8]| {
    check::<Ask>(message);
    check::<Command>(message);
    check::<SignedParts>(message);
    let _ = frame::read::<Ask>(&mut &*message);
});
