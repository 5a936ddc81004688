//! The real stack: what the built program prints, applied by the real kubectl to a real API server, served by
//! real Traefiks in front of a real httpd, and asked for by a TLS client.
//!
//! `tests/e2e/install` fetches the programs; then
//!
//! ```text
//! cargo test --features e2e --test e2e                 all of it
//! cargo test --features e2e --test e2e -- rotation     the cases with this in their name
//! ```
//!
//! I want to … → open …: see what is proved → `cases/`; add a Traefik release → `versions`; see what the
//! stack is → `stack.rs`; see what Traefik answers to a wrong manifest → `src/lint/recorded.rs`.
#![expect(
    clippy::disallowed_methods,
    reason = "tests touch files, streams and the environment"
)]

mod acme;
mod api;
mod balancer;
mod cases;
mod cert_manager;
mod client;
mod cluster;
mod components;
mod dns;
mod handwritten;
mod http;
mod httpd;
mod instance;
mod isolation;
mod istio;
mod load;
mod openstack;
mod pki;
mod process;
mod program;
mod stack;
mod traefik;
mod truth;
mod wait;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::Arguments;

use components::Programs;
use stack::Stack;

/// Most of a case is waiting for servers: this many at a time keep 2 cores busy.
const CASES_AT_A_TIME: usize = 4;

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        // Nothing is left to do when standard error is closed.
        let _ = writeln!(std::io::stderr(), "error: {error}");
        ExitCode::FAILURE
    })
}

fn run() -> Result<ExitCode, String> {
    let mut arguments = Arguments::from_args();
    let programs = Programs::find()?;
    if !arguments.list {
        if !isolation::inside() {
            return isolation::enter();
        }
        isolation::raise_network()?;
    }
    arguments.test_threads.get_or_insert(CASES_AT_A_TIME);
    let stack = Arc::new(Stack::new(programs));
    let conclusion = libtest_mimic::run(&arguments, cases::all(&stack));
    let stack = Arc::into_inner(stack).expect("every case has ended");
    if let Some(logs) = stack.end(conclusion.has_failed()) {
        let _ = writeln!(std::io::stderr(), "logs of all servers: {}", logs.display());
    }
    Ok(conclusion.exit_code())
}
