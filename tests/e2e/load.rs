//! A steady load: a number of requests a second, as far as the machine keeps up, and every answer counted.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::client::{Client, Connection};
use crate::wait;

/// How many browsers share the rate.
const BROWSERS: u32 = 16;
/// How many requests a connection is kept for, where it is not kept as long as it lives.
const KEPT: u32 = 50;

/// What a DNS record says at the moment: where browsers open their connections.
#[derive(Clone, Debug)]
pub(crate) struct Record(Arc<RwLock<Vec<SocketAddr>>>);

impl Record {
    /// A record with these addresses.
    pub(crate) fn new(addresses: Vec<SocketAddr>) -> Self {
        Self(Arc::new(RwLock::new(addresses)))
    }

    /// Replaces its addresses.
    pub(crate) fn set(&self, addresses: Vec<SocketAddr>) {
        *self.0.write().expect("no browser panicked") = addresses;
    }

    /// Its addresses.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.0.read().expect("no browser panicked").clone()
    }

    /// Takes one of its addresses, each in its turn.
    fn take(&self, turn: usize) -> SocketAddr {
        let addresses = self.addresses();
        addresses[turn % addresses.len()]
    }
}

/// One browser.
struct Browser {
    client: Client,
    record: Record,
    host: String,
    /// What it is to read, if it looks.
    page: Option<String>,
    /// For how many requests it keeps a connection.
    kept: u32,
    /// Its number, from 0.
    number: u32,
}

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
    /// Starts asking `host` for `/` at `to`, `rate` times a second, on connections that are kept as long as they live.
    pub(crate) fn start(client: &Client, to: SocketAddr, host: &str, rate: u32) -> Self {
        Self::of_one(client, to, host, rate, u32::MAX)
    }

    /// The same on a new connection for each request, so that the certificate of each is verified.
    pub(crate) fn of_new_connections(
        client: &Client,
        to: SocketAddr,
        host: &str,
        rate: u32,
    ) -> Self {
        Self::of_one(client, to, host, rate, 1)
    }

    /// Starts asking one host, each connection `kept` times.
    fn of_one(client: &Client, to: SocketAddr, host: &str, rate: u32, kept: u32) -> Self {
        let record = Record::new(vec![to]);
        let browsers = (0..BROWSERS).map(|number| Browser {
            client: client.clone(),
            record: record.clone(),
            host: host.to_owned(),
            page: None,
            kept,
            number,
        });
        Self::of(browsers, rate)
    }

    /// Starts asking hosts for their pages where the record says, each host as often as the others: half of the browsers
    /// on a new connection for each request, half on one that they keep for a while.
    pub(crate) fn of_many(
        client: &Client,
        record: &Record,
        pages: &[(&str, &str)],
        rate: u32,
    ) -> Self {
        let browsers = (0..BROWSERS).zip(pages.iter().cycle());
        let browsers = browsers.map(|(number, (host, page))| Browser {
            client: client.clone(),
            record: record.clone(),
            host: (*host).to_owned(),
            page: Some((*page).to_owned()),
            kept: if number < BROWSERS / 2 { 1 } else { KEPT },
            number,
        });
        Self::of(browsers, rate)
    }

    fn of(browsers: impl Iterator<Item = Browser>, rate: u32) -> Self {
        let start = Instant::now();
        let counters = Arc::new(Counters::default());
        let interval = Duration::from_secs(1) * BROWSERS / rate;
        let browsers = browsers
            .map(|browser| {
                let counters = Arc::clone(&counters);
                let first = start + interval * browser.number / BROWSERS;
                thread::spawn(move || browse(&browser, &counters, start, first, interval))
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

/// Asks at its times whatever the answers take.
fn browse(
    browser: &Browser,
    counters: &Counters,
    start: Instant,
    first: Instant,
    interval: Duration,
) {
    let mut next = first;
    let mut turn = browser.number as usize;
    let mut kept: Option<(Connection, u32)> = None;
    while !counters.over.load(Ordering::Relaxed) {
        thread::sleep(next.saturating_duration_since(Instant::now()));
        next += interval;
        let open = if let Some(open) = kept.take() {
            Ok(open)
        } else {
            turn += 1;
            let open = browser
                .client
                .connect(browser.record.take(turn), &browser.host);
            open.map(|open| (open, 0))
        };
        let answer = open.and_then(|(mut open, asked)| {
            let answer = open.get("/", &[])?;
            let goes_on = asked + 1 < browser.kept && !answer.is_last;
            kept = Some((open, asked + 1)).filter(|_| goes_on);
            Ok(answer)
        });
        let at = start.elapsed();
        let is_right = |body: &String| browser.page.as_ref().is_none_or(|page| page == body);
        match answer {
            Ok(answer) if answer.status == 200 && is_right(&answer.body) => {
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
