//! Wiping the part of the stack that finished calls have left behind.

use std::mem::MaybeUninit;

/// Overwrites 128 KiB of the stack below the caller, where moved and dropped values leave copies.
///
/// Call it from the function that made the calls to be wiped, after they returned.
#[inline(never)]
pub fn scrub_stack() {
    wipe::<{ 128 * 1024 }>();
}

/// As [`scrub_stack`], but only 16 KiB: for calls that are known to be shallow, such as one HMAC.
#[inline(never)]
pub fn scrub_shallow_stack() {
    wipe::<{ 16 * 1024 }>();
}

#[inline(always)]
fn wipe<const DEPTH: usize>() {
    let mut below = MaybeUninit::<[u8; DEPTH]>::uninit();
    // SAFETY: writes zeros over exactly the local array.
    unsafe { std::ptr::write_bytes(below.as_mut_ptr(), 0, 1) };
    // SAFETY: no instruction; it only makes the compiler believe that the zeros are read.
    unsafe { std::arch::asm!("/* {0} */", in(reg) below.as_mut_ptr(), options(nostack, preserves_flags)) };
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: u64 = 0x5ec2_e7a1_1e55_0b0b;

    #[inline(never)]
    fn leave_marks() -> usize {
        let mut local = [0u64; 512];
        for (i, word) in local.iter_mut().enumerate() {
            // SAFETY: a plain write into our own array, kept by being volatile.
            unsafe { std::ptr::write_volatile(word, MARK ^ (i as u64)) };
        }
        std::hint::black_box(local.as_ptr()) as usize
    }

    #[inline(never)]
    fn marks_left(at: usize) -> usize {
        (0..512)
            .filter(|i| {
                // SAFETY: the stack of this thread stays mapped; what lies below its top may hold anything.
                let word = unsafe { std::ptr::read_volatile((at as *const u64).add(*i)) };
                word == MARK ^ (*i as u64)
            })
            .count()
    }

    #[test]
    fn what_a_finished_call_left_is_gone() {
        for scrub in [scrub_stack, scrub_shallow_stack] {
            let at = leave_marks();
            assert!(marks_left(at) > 400, "the test must see marks before the scrub");
            let at = leave_marks();
            scrub();
            assert_eq!(marks_left(at), 0);
        }
    }
}
