//! A steady load: a number of requests a second over kept connections, as far as the machine keeps up, and every
//! answer counted.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::client::{Client, Connection};
use crate::wait;

/// How many browsers share the rate.
const BROWSERS: u32 = 16;

/// A load in progress.
#[derive(Debug)]
pub(crate) struct Load {
    start: Instant,
    counters: Arc<Counters>,
    browsers: Vec<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Counters {
    over: AtomicBool,
    answered: AtomicU32,
    /// When each request was answered, since the start.
    answers: Mutex<Vec<Duration>>,
    failures: Mutex<Vec<String>>,
}

/// What a load has seen.
#[derive(Debug)]
pub(crate) struct Result {
    /// Requests answered, all in all.
    pub(crate) answered: u32,
    /// Requests answered in each full second; a machine that is busy answers fewer.
    pub(crate) each_second: Vec<u32>,
    /// Every request that was not answered 200, with the time since the start.
    pub(crate) failures: Vec<String>,
}

impl Load {
    /// Starts asking `host` for `/` at `to`, `rate` times a second.
    pub(crate) fn start(client: &Client, to: SocketAddr, host: &str, rate: u32) -> Self {
        let start = Instant::now();
        let counters = Arc::new(Counters::default());
        let interval = Duration::from_secs(1) * BROWSERS / rate;
        let browsers = (0..BROWSERS)
            .map(|number| {
                let (client, host) = (client.clone(), host.to_owned());
                let counters = Arc::clone(&counters);
                let first = start + interval * number / BROWSERS;
                thread::spawn(move || browse(&client, to, &host, &counters, start, first, interval))
            })
            .collect();
        Self {
            start,
            counters,
            browsers,
        }
    }

    /// Waits until this many more requests have been answered; fails when one has failed.
    pub(crate) fn answered(&self, more: u32) {
        let goal = self.counters.answered.load(Ordering::Relaxed) + more;
        wait::until("the load to be answered", || {
            let failures = self.counters.failures.lock().expect("no browser panicked");
            assert_eq!(*failures, Vec::<String>::new());
            let now = self.counters.answered.load(Ordering::Relaxed);
            (now >= goal)
                .then_some(())
                .ok_or_else(|| format!("{now} of {goal}"))
        });
    }

    /// Ends the load.
    pub(crate) fn stop(mut self) -> Result {
        let seconds = self.start.elapsed().as_secs();
        self.counters.over.store(true, Ordering::Relaxed);
        for browser in self.browsers.drain(..) {
            browser.join().expect("a browser does not panic");
        }
        let answers = self.counters.answers.lock().expect("no browser panicked");
        let each_second = (0..seconds)
            .map(|second| {
                let of_this = answers.iter().filter(|at| at.as_secs() == second).count();
                u32::try_from(of_this).expect("a few hundred")
            })
            .collect();
        let failures = self.counters.failures.lock().expect("no browser panicked");
        Result {
            answered: self.counters.answered.load(Ordering::Relaxed),
            each_second,
            failures: failures.clone(),
        }
    }
}

impl Drop for Load {
    /// A case that failed leaves no browsers behind.
    fn drop(&mut self) {
        self.counters.over.store(true, Ordering::Relaxed);
    }
}

/// One browser: asks at its times whatever the answers take, on one connection as long as that lives.
fn browse(
    client: &Client,
    to: SocketAddr,
    host: &str,
    counters: &Counters,
    start: Instant,
    first: Instant,
    interval: Duration,
) {
    let mut next = first;
    let mut connection: Option<Connection> = None;
    while !counters.over.load(Ordering::Relaxed) {
        thread::sleep(next.saturating_duration_since(Instant::now()));
        next += interval;
        let answer = match connection.take() {
            Some(open) => Ok(open),
            None => client.connect(to, host),
        }
        .and_then(|mut open| {
            let answer = open.get("/", &[])?;
            connection = Some(open);
            Ok(answer)
        });
        let at = start.elapsed();
        match answer {
            Ok(answer) if answer.status == 200 => {
                counters.answered.fetch_add(1, Ordering::Relaxed);
                let mut answers = counters.answers.lock().expect("no browser panicked");
                answers.push(at);
            }
            Ok(answer) => fail(counters, at, &format!("{} {}", answer.status, answer.body)),
            Err(why) => fail(counters, at, &why),
        }
    }
}

fn fail(counters: &Counters, at: Duration, why: &str) {
    let mut failures = counters.failures.lock().expect("no browser panicked");
    failures.push(format!("after {:.1} s: {why}", at.as_secs_f64()));
}
