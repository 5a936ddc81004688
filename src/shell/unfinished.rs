//! What a run has begun and not finished: undone when the run fails, and when SIGINT, SIGTERM or SIGHUP ends it.
//!
//! A signal waits for a step that is under way, so that it never comes between two calls that belong together; then
//! its thread undoes what is unfinished and ends the process with 128 and the signal's number.

use super::folder;
use rustix::fs::{AtFlags, renameat, unlinkat};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{
    Arc, LazyLock, Mutex, MutexGuard, Once, PoisonError, RwLock, RwLockReadGuard, mpsc,
};

/// How something unfinished is undone.
#[derive(Debug)]
pub(super) enum Undo {
    /// By removing an entry.
    Remove(Arc<OwnedFd>, OsString),
    /// By removing a folder, unless something is in it.
    RemoveEmpty(Arc<OwnedFd>, OsString),
    /// By exchanging two entries once more.
    Exchange(Arc<OwnedFd>, OsString, OsString),
    /// By renaming the first entry to the second.
    Rename(Arc<OwnedFd>, OsString, OsString),
}

impl Undo {
    fn carry_out(&self) {
        // What cannot be undone is found by the next run.
        let _ = match self {
            Self::Remove(folder, name) => folder::remove(folder, name),
            Self::RemoveEmpty(folder, name) => unlinkat(&**folder, name, AtFlags::REMOVEDIR),
            Self::Exchange(folder, one, other) => folder::exchange(folder, one, other).map(|_| ()),
            Self::Rename(folder, from, to) => renameat(&**folder, from, &**folder, to),
        };
    }
}

static STEPS: RwLock<()> = RwLock::new(());
/// Whether a signal has come.
static IS_INTERRUPTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);
static UNFINISHED: Mutex<Vec<Undo>> = Mutex::new(Vec::new());

/// While this is held, a signal waits.
pub(super) type Step = RwLockReadGuard<'static, ()>;

/// Begins a step that no signal may come between. Steps are not begun inside steps.
pub(super) fn step() -> Step {
    STEPS.read().unwrap_or_else(PoisonError::into_inner)
}

fn unfinished() -> MutexGuard<'static, Vec<Undo>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes note of something unfinished.
pub(super) fn note(undo: Undo) {
    unfinished().push(undo);
}

/// Takes all for finished.
pub(super) fn settle() {
    unfinished().clear();
}

/// Undoes all that is unfinished, the last first.
pub(super) fn undo() {
    let all = std::mem::take(&mut *unfinished());
    for undo in all.iter().rev() {
        undo.carry_out();
    }
}

/// Ends a run: one that was interrupted is ended by the signal, whatever it has finished.
pub(super) fn end() {
    while IS_INTERRUPTED.load(Ordering::Relaxed) {
        std::thread::park();
    }
}

/// Lets signals undo what is unfinished, from now on. One that this process was started to ignore, as `nohup` and the
/// background jobs of scripts are, stays ignored.
pub(super) fn watch() {
    static WATCH: Once = Once::new();
    WATCH.call_once(|| {
        let (ready, is_ready) = mpsc::channel();
        let watching = std::thread::Builder::new().spawn(move || {
            let heeded = [SIGHUP, SIGINT, SIGTERM]
                .into_iter()
                .filter(|signal| !super::world::ignores(*signal));
            let heeded: Vec<i32> = heeded.collect();
            let Ok(mut signals) = Signals::new(&heeded) else {
                return;
            };
            for signal in heeded {
                // Without it, a signal at the very end is overtaken by that.
                let _ = signal_hook::flag::register(signal, Arc::clone(&IS_INTERRUPTED));
            }
            let _ = ready.send(());
            if let Some(signal) = signals.forever().next() {
                let _all = STEPS.write().unwrap_or_else(PoisonError::into_inner);
                undo();
                std::process::exit(128 + signal);
            }
        });
        // Without a thread a signal ends the process at once, and the next run sweeps what is left.
        if watching.is_ok() {
            let _ = is_ready.recv();
        }
    });
}
