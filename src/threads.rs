//! The threads that share the reading of many documents.

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::num::NonZeroUsize;
use std::sync::OnceLock;

/// Most threads: more gain nothing, and a machine of hundreds of processors would pay for their stacks.
const LIMIT: usize = 16;

/// Less text than this, in bytes, is not worth a thread: to wake one takes as long as to read some ten kilobytes.
const MUCH: usize = 64 << 10;

/// To open a file or a folder takes as long as to read so many bytes.
pub const OPENED: usize = 4 << 10;

/// Runs `work` on text of so many bytes. If that is much, [`each`] finds threads in it: one for each processor,
/// whatever the environment asks for. Where it is little, or the system gives none (a container's limit of
/// processes), the present thread does all.
pub fn with_threads<T: Send>(length: usize, work: impl FnOnce() -> T + Send) -> T {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    if length < MUCH || has_threads() {
        return work();
    }
    match POOL.get_or_init(start) {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// Returns what `work` makes of each item, in their order; within [`with_threads`] on several threads.
pub fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    if has_threads() {
        items.par_iter().map(work).collect()
    } else {
        items.iter().map(work).collect()
    }
}

/// Returns what `work` makes of each item, which it may change, in their order; within [`with_threads`] on several
/// threads.
pub fn each_mut<T: Send, R: Send>(
    items: &mut [T],
    work: impl Fn(&mut T) -> R + Sync + Send,
) -> Vec<R> {
    if has_threads() {
        items.par_iter_mut().map(work).collect()
    } else {
        items.iter_mut().map(work).collect()
    }
}

/// Returns what both pieces of work make; within [`with_threads`] side by side.
pub fn both<A: Send, B: Send>(
    one: impl FnOnce() -> A + Send,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    if has_threads() {
        rayon::join(one, other)
    } else {
        (one(), other())
    }
}

/// Drops the items; within [`with_threads`] on several threads, for to free a million values takes as long as to read
/// them.
pub fn discard<T: Send>(items: Vec<T>) {
    if has_threads() {
        items.into_par_iter().for_each(drop);
    }
}

/// Returns the number of processors that this process may use, at most 16.
#[must_use]
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |count| NonZeroUsize::get(count).min(LIMIT))
}

/// Returns whether the present thread is one of several that share work. To start them is not left to rayon, which
/// would panic where the system gives none.
fn has_threads() -> bool {
    rayon::current_thread_index().is_some()
}

fn start() -> Option<ThreadPool> {
    let pool = ThreadPoolBuilder::new().num_threads(processors());
    pool.build().ok()
}
