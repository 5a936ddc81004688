//! The certificates that live hosts present: many hosts at once, in bounded time.
#![expect(clippy::disallowed_methods, reason = "waiting is measured")]

use super::error::Failure;
use super::tls::presented_chain;
use super::world;
use civi_ingress::fault::{Fault, Faults, Place};
use civi_ingress::find::{FoundCertificate, Origin};
use civi_ingress::name::DnsName;
use civi_ingress::path::Routed;
use civi_ingress::probe::target::{Endpoint, HTTPS};
use clap::{Args, ValueHint};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Patience with a host, for its name, its connection and its handshake each.
const PATIENCE: Duration = Duration::from_secs(10);
/// So many hosts at once: each waits, and none works.
const AT_ONCE: usize = 32;
/// After this time no further host is begun.
const TIME: Duration = Duration::from_secs(120);

/// Which live hosts are looked at, besides what is read. Nothing is asked of them, and nothing verified.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Live hosts")]
pub(super) struct LiveHosts {
    /// Check the certificates that a live host presents too; after `=`, the address to connect to instead of what DNS
    /// returns [repeatable]
    #[arg(long, value_name = "HOST[:PORT][=ADDR[:PORT]]")]
    pub(super) connect: Vec<String>,
    /// Check the hosts in this file too, one per line in the same form, or - for stdin
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) connect_file: Option<PathBuf>,
    /// Check every host that a route of the manifests names too; after `=`, one address for all of them
    #[arg(long, value_name = "ADDR[:PORT]", num_args = 0..=1, default_missing_value = "", require_equals = true)]
    pub(super) connect_routes: Option<String>,
}

/// A live host to look at.
pub(super) struct Live {
    /// As it was written: host, perhaps with its port.
    shown: String,
    host: DnsName,
    endpoint: Endpoint,
}

/// Parses what the command line and a file say.
pub(super) fn hosts(arguments: &LiveHosts) -> Result<Vec<Live>, Failure> {
    let mut faults = Faults::default();
    let mut live = Vec::new();
    for text in &arguments.connect {
        let host = parse(text).map_err(|fault| fault.argument("--connect"));
        live.extend(faults.keep(host));
    }
    if let Some(path) = &arguments.connect_file {
        let text = world::read(path)?;
        for (line, content) in (1..).zip(text.content.lines()) {
            let content = content.trim();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let host = parse(content).map_err(|fault| {
                let file = text.name.clone();
                fault.at(Place::Position {
                    file,
                    line,
                    column: 1,
                })
            });
            live.extend(faults.keep(host));
        }
    }
    if let Some(address) = arguments
        .connect_routes
        .as_deref()
        .filter(|text| !text.is_empty())
    {
        let address = Endpoint::parse(address, HTTPS);
        faults.keep(address.map_err(|fault| fault.argument("--connect-routes")));
    }
    Ok(faults.finish(Some(live))?)
}

fn parse(text: &str) -> Result<Live, Fault> {
    let (name, address) = text.split_once('=').unwrap_or((text, text));
    let host = name.rsplit_once(':').map_or(name, |(host, _)| host);
    Ok(Live {
        shown: name.to_owned(),
        host: DnsName::parse(host)?,
        endpoint: Endpoint::parse(address, HTTPS)?,
    })
}

/// Returns the hosts that routes name; names that nobody could ask for are passed over.
pub(super) fn of_routes(paths: &[Routed<'_>], address: &str) -> Vec<Live> {
    let hosts: BTreeSet<&String> = paths.iter().flat_map(|routed| &routed.path.hosts).collect();
    let live = hosts.into_iter().filter_map(|host| {
        let live = parse(host).ok()?;
        match Endpoint::parse(address, HTTPS) {
            Ok(endpoint) => Some(Live { endpoint, ..live }),
            Err(_) => Some(live),
        }
    });
    live.collect()
}

/// Returns the certificates that the hosts present, in their order; hosts that cannot be reached are noted in `faults`.
pub(super) fn look(
    mut hosts: Vec<Live>,
    faults: &mut Faults,
) -> Result<Vec<FoundCertificate>, Failure> {
    let mut known = BTreeSet::new();
    hosts.retain(|host| known.insert(host.shown.clone()));
    if hosts.is_empty() {
        return Ok(Vec::new());
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(AT_ONCE.min(hosts.len()))
        .build()
        .map_err(|error| anyhow::anyhow!("cannot start threads: {error}"))?;
    let begin = Instant::now();
    let ask = |live: &Live| {
        if begin.elapsed() > TIME {
            return Err(format!(
                "not checked: the time limit of {TIME:?} has passed"
            ));
        }
        presented(live)
    };
    let answers: Vec<Result<Vec<FoundCertificate>, String>> =
        pool.install(|| hosts.par_iter().with_max_len(1).map(ask).collect());
    let mut found = Vec::new();
    for (live, answer) in hosts.iter().zip(answers) {
        match answer {
            Ok(certificates) => found.extend(certificates),
            Err(why) => faults.push(Fault::new(why).file(&live.shown)),
        }
    }
    Ok(found)
}

fn presented(live: &Live) -> Result<Vec<FoundCertificate>, String> {
    let chain = presented_chain(&live.endpoint, &live.host, PATIENCE)?;
    let is_one = chain.len() == 1;
    let found = chain
        .into_iter()
        .enumerate()
        .map(|(index, certificate)| FoundCertificate {
            origin: Origin::Endpoint {
                address: live.shown.clone(),
                number: if is_one { 0 } else { index + 1 },
            },
            certificate,
        });
    Ok(found.collect())
}
