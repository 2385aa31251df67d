//! Asking the memory for what will be looked at soon, without waiting for it.
//!
//! # Why there is unsafe code
//!
//! A plain load of memory that is not in the cache holds up whatever comes after it as soon as the processor's window
//! of some hundred instructions is full; only a prefetch does not, and the standard library has none that is safe and
//! stable. The instruction reads nothing a program could see and ignores addresses that are not there, so no argument
//! can be wrong.
#![allow(unsafe_code)]

const LINE: usize = 64;

/// Asks for a value.
pub fn prefetch<T: ?Sized>(value: &T) {
    prefetch_first(value, usize::MAX);
}

/// Asks for the first so many bytes of a value.
pub fn prefetch_first<T: ?Sized>(value: &T, bytes: usize) {
    let start = std::ptr::from_ref(value).cast::<u8>();
    let before = start.addr() % LINE;
    let end = before + size_of_val(value).min(bytes);
    for line in (0..end).step_by(LINE) {
        ask(start.wrapping_add(line).wrapping_sub(before));
    }
}

#[cfg(target_arch = "x86_64")]
fn ask(place: *const u8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: a prefetch has no effect but on the cache, whatever the address; see the module.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) };
}

/// Elsewhere nothing is asked for.
#[cfg(not(target_arch = "x86_64"))]
fn ask(_place: *const u8) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_can_be_asked_for() {
        let large = vec![7u8; 100_000];
        prefetch(&large[..]);
        prefetch_first(&large[99_999..], 64);
        prefetch(&());
        prefetch::<[u64]>(&[]);
        prefetch("text");
        prefetch::<dyn std::fmt::Debug>(&7);
        assert!(large.iter().all(|byte| *byte == 7));
    }
}
