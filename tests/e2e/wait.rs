//! Waiting for a state of the world by asking again, never by guessing how long it takes.

use std::thread;
use std::time::{Duration, Instant};

/// How long between two questions.
const INTERVAL: Duration = Duration::from_millis(25);

/// Asks until there is an answer or the time is over.
pub(crate) fn at_most<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if start.elapsed() > limit {
            return None;
        }
        thread::sleep(INTERVAL);
    }
}

/// How long [`until`] goes on. Two idle cores take 20 seconds for the slowest of these, an API server's start; a
/// machine that is busy with something else may take many times that, and only what never comes is a failure.
pub(crate) const LIMIT: Duration = Duration::from_secs(600);

/// Asks until the answer is `Ok`; after ten minutes fails with the last refusal.
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let mut refusal = String::new();
    at_most(LIMIT, || match ask() {
        Ok(answer) => Some(answer),
        Err(why) => {
            refusal = why;
            None
        }
    })
    .unwrap_or_else(|| panic!("waited {} s for {what}: {refusal}", LIMIT.as_secs()))
}
