//! An allocator that counts what is alive, in blocks as the system's allocator makes them.
//!
//! # Why there is unsafe code
//!
//! Only an allocator can see every allocation, and the trait of allocators is unsafe. This one hands each call over to
//! [`System`] with its arguments unchanged and its answer unchanged; in between it adds to two numbers. So whatever
//! `System` promises its callers, this promises too.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

static ALIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// To be made the global allocator of a benchmark that measures memory.
#[derive(Debug)]
pub struct Counting;

/// Bytes alive now.
pub fn alive() -> usize {
    ALIVE.load(Relaxed)
}

/// The most bytes alive at any time since the last call.
pub fn take_peak() -> usize {
    PEAK.swap(alive(), Relaxed)
}

/// What a block takes from the heap: its size and a word of bookkeeping, in steps of 16 bytes, 32 at least (glibc).
fn block(size: usize) -> usize {
    (size + 8).next_multiple_of(16).max(32)
}

fn add(size: usize) {
    let alive = ALIVE.fetch_add(block(size), Relaxed) + block(size);
    PEAK.fetch_max(alive, Relaxed);
}

fn remove(size: usize) {
    ALIVE.fetch_sub(block(size), Relaxed);
}

// SAFETY: every call is passed on as it came, and nothing is done with the memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller's promises are System's conditions.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        remove(layout.size());
        add(size);
        // SAFETY: as above; the block came from System, since all blocks do.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        remove(layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}
