//! The threads that share the reading of many documents.

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::num::NonZeroUsize;
use std::sync::OnceLock;

/// Most threads: more gain nothing, and a machine of hundreds of processors would pay for their stacks.
const LIMIT: usize = 16;

/// Runs `work`, whose parallel iterators then find threads: one for each processor, whatever the environment asks
/// for. Where the system gives none (a container's limit of processes), the present thread does all.
pub fn with_threads<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    if rayon::current_thread_index().is_some() {
        return work();
    }
    match POOL.get_or_init(start) {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// Returns the number of processors that this process may use, at most 16.
#[must_use]
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |count| NonZeroUsize::get(count).min(LIMIT))
}

fn start() -> Option<ThreadPool> {
    let pool = ThreadPoolBuilder::new().num_threads(processors()).build();
    if pool.is_err() {
        // Without one of its own, rayon would try to start threads again, and panic.
        let present = ThreadPoolBuilder::new().num_threads(1).use_current_thread();
        // That one is there already changes nothing.
        let _ = present.build_global();
    }
    pool.ok()
}
