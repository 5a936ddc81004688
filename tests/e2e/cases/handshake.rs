//! More requests than prefork has workers: Traefik's TLS handshake with a busy httpd waits for 10 seconds, which
//! its fast proxy alone changes (`pkg/server/service/transport.go` of Traefik 3.7), and ends as a 504.
//!
//! The table that this case prints is in the documentation:
//! `cargo test --features e2e --test e2e -- busy_httpd`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::client::Client;
use crate::components::newest;
use crate::httpd::{Httpd, Settings};
use crate::instance::{Instance, browser};
use crate::stack::{Case, Stack, trial};

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    vec![trial(
        stack,
        "a_busy_httpd_costs_504s_and_the_retry_middleware_or_the_fast_proxy_none",
        busy_httpd,
    )]
}

/// How many requests come at once.
const REQUESTS: u32 = 12;
/// How many of them httpd serves at a time.
const WORKERS: u32 = 2;
/// How long each takes, in seconds.
const SLOW: u32 = 6;
/// How long Traefik goes on with `--retry`: five handshakes of 10 seconds.
const RETRIED: Duration = Duration::from_secs(50);

/// One line of the table.
struct Setting {
    name: &'static str,
    backlog: u32,
    retry: bool,
    /// Whether Traefik has its fast proxy.
    fast: bool,
}

const SETTINGS: [Setting; 5] = [
    Setting {
        name: "plain",
        backlog: 511,
        retry: false,
        fast: false,
    },
    Setting {
        name: "backlog",
        backlog: 1,
        retry: false,
        fast: false,
    },
    Setting {
        name: "retry",
        backlog: 511,
        retry: true,
        fast: false,
    },
    Setting {
        name: "backlog-and-retry",
        backlog: 1,
        retry: true,
        fast: false,
    },
    Setting {
        name: "fast-proxy",
        backlog: 511,
        retry: false,
        fast: true,
    },
];

/// What a setting gave.
struct Outcome {
    answered: usize,
    timeouts: usize,
    slowest: Duration,
}

fn busy_httpd(case: &Case) {
    let release = newest();
    let cluster = case.stack.cluster(&release);
    let servers: Vec<(Instance, Httpd)> = SETTINGS
        .iter()
        .map(|setting| {
            let name = format!("busy-{}", setting.name);
            let flags: &[&str] = if setting.retry { &["--retry=5"] } else { &[] };
            let instance = Instance::new(case, cluster, &release, &name, flags);
            cluster.apply(&instance.manifests);
            let settings = Settings {
                workers: WORKERS,
                backlog: setting.backlog,
                slow: Some(SLOW),
                ..Settings::default()
            };
            let httpd = case.httpd(&name, &[instance.site(cluster)], &settings);
            (instance, httpd)
        })
        .collect();
    let namespaces: Vec<&str> = servers
        .iter()
        .map(|(instance, _)| instance.name.as_str())
        .collect();
    let browser = browser(case, cluster, namespaces[0], "example.org");
    let usual = case.traefik(&release, cluster, &namespaces);
    let fast = case.traefik_at(
        case.stack.address(),
        &release,
        cluster,
        &namespaces,
        &["--experimental.fastproxy=true".to_owned()],
    );
    let before = |setting: &Setting| if setting.fast { &fast } else { &usual };
    for (setting, (instance, _)) in SETTINGS.iter().zip(&servers) {
        before(setting).wait_for(&instance.host);
    }

    // They wait side by side: it is the servers that are busy, not the machine.
    let outcomes: Vec<Outcome> = thread::scope(|scope| {
        let crowds: Vec<_> = SETTINGS
            .iter()
            .zip(&servers)
            .map(|(setting, (instance, _))| {
                let traefik = before(setting).websecure();
                let browser = &browser;
                scope.spawn(move || crowd(browser, traefik, &instance.host))
            })
            .collect();
        crowds
            .into_iter()
            .map(|crowd| crowd.join().unwrap_or_else(|why| resume_unwind(why)))
            .collect()
    });

    let mut table =
        "\n| ListenBacklog | retry | fast proxy | 200 | 504 | slowest |\n|---|---|---|---|---|---|\n".to_owned();
    for (setting, outcome) in SETTINGS.iter().zip(&outcomes) {
        let retry = if setting.retry { "5 attempts" } else { "no" };
        let fast = if setting.fast { "yes" } else { "no" };
        writeln!(
            table,
            "| {} | {retry} | {fast} | {} | {} | {} s |",
            setting.backlog,
            outcome.answered,
            outcome.timeouts,
            outcome.slowest.as_secs()
        )
        .expect("a String takes all");
    }
    writeln!(std::io::stdout(), "{table}").expect("standard output");

    let [plain, backlog, retry, both, fast] = &outcomes[..] else {
        unreachable!("as many outcomes as settings");
    };
    // 2 at once and at 6 s, too late for a third round after 10 s: 4 of 12 are answered where the requests come at
    // once. A machine that is busy spreads them, so that some more may be.
    assert!(plain.timeouts > 0, "{table}");
    // What the kernel does not queue, Traefik's dialling retries; the queue itself still times out.
    assert!(backlog.timeouts <= plain.timeouts, "{table}");
    for outcome in [retry, both, fast] {
        // 36 seconds of service, unless the machine adds so much that Traefik gives up for good.
        assert!(
            outcome.timeouts == 0 || outcome.slowest > RETRIED,
            "{table}"
        );
    }
}

/// Sends the requests at once and counts the answers.
fn crowd(browser: &Client, to: SocketAddr, host: &str) -> Outcome {
    let start = Instant::now();
    let statuses: Vec<u16> = thread::scope(|scope| {
        let requests: Vec<_> = (0..REQUESTS)
            .map(|_| scope.spawn(|| browser.get(to, host, "/slow").expect("an answer").status))
            .collect();
        requests
            .into_iter()
            .map(|request| request.join().unwrap_or_else(|why| resume_unwind(why)))
            .collect()
    });
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count();
    let outcome = Outcome {
        answered: count(200),
        timeouts: count(504),
        slowest: start.elapsed(),
    };
    assert_eq!(
        outcome.answered + outcome.timeouts,
        statuses.len(),
        "{statuses:?}"
    );
    outcome
}
