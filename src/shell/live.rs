//! The certificates that live hosts present: many hosts at once, in bounded time.
#![expect(clippy::disallowed_methods, reason = "waiting is measured")]

use super::error::Failure;
use super::tls::{Presented, presented_chains};
use super::world;
use civi_ingress::fault::{Fault, Faults, Place};
use civi_ingress::find::{FoundCertificate, Origin};
use civi_ingress::name::DnsName;
use civi_ingress::path::Routed;
use civi_ingress::pki::Certificate;
use civi_ingress::probe::target::{Endpoint, HTTPS};
use clap::{Args, ValueHint};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
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
///
/// One name at two addresses is two hosts: two that the user names, or two that DNS knows and that do not present the
/// same.
pub(super) fn look(
    mut hosts: Vec<Live>,
    faults: &mut Faults,
) -> Result<Vec<FoundCertificate>, Failure> {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    hosts.retain(|host| {
        let endpoints = known.entry(host.shown.clone()).or_default();
        endpoints.insert(host.endpoint.to_string())
    });
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
        presented_chains(&live.endpoint, &live.host, PATIENCE)
    };
    let answers: Vec<Result<Vec<Presented>, String>> =
        pool.install(|| hosts.par_iter().with_max_len(1).map(ask).collect());
    let mut found = Vec::new();
    for (live, answer) in hosts.iter().zip(answers) {
        let is_one_of_several = known[&live.shown].len() > 1;
        let at = is_one_of_several.then(|| live.endpoint.to_string());
        match answer {
            Ok(presented) => take(live, at.as_deref(), presented, &mut found, faults),
            Err(why) => {
                // What failed to connect says where to.
                let at = at.filter(|at| !why.starts_with(at));
                faults.push(Fault::new(why).file(&place(live, at.as_deref())));
            }
        }
    }
    Ok(found)
}

/// Takes what the addresses of a host present: once where it is the same, else that of each.
fn take(
    live: &Live,
    at: Option<&str>,
    mut presented: Vec<Presented>,
    found: &mut Vec<FoundCertificate>,
    faults: &mut Faults,
) {
    let is_same = presented.windows(2).all(|pair| pair[0].1 == pair[1].1);
    if is_same {
        presented.truncate(1);
    }
    for (address, chain) in presented {
        let address = address.to_string();
        let at = if is_same { at } else { Some(&address[..]) };
        match chain {
            Ok(chain) => found.extend(certificates(live, at, chain)),
            Err(why) => faults.push(Fault::new(why).file(&place(live, at))),
        }
    }
}

/// Names a host, and its address if it was looked at in several places.
fn place(live: &Live, at: Option<&str>) -> String {
    let at = at.map_or_else(String::new, |address| format!(" at {address}"));
    format!("{}{at}", live.shown)
}

fn certificates(
    live: &Live,
    at: Option<&str>,
    chain: Vec<Certificate>,
) -> impl Iterator<Item = FoundCertificate> {
    let is_one = chain.len() == 1;
    chain
        .into_iter()
        .enumerate()
        .map(move |(index, certificate)| FoundCertificate {
            origin: Origin::Endpoint {
                host: live.shown.clone(),
                at: at.map(str::to_owned),
                number: if is_one { 0 } else { index + 1 },
            },
            certificate,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    #[test]
    fn addresses_of_a_name_are_told_apart_where_they_do_not_present_the_same() {
        let good = include_str!("../../tests/fixtures/good.crt");
        let good = Ok(Certificate::all_from_pem(good).unwrap());
        let dead = Err("nothing listens there".to_owned());
        let live = parse("a.example.org").unwrap();
        let addresses: [SocketAddr; 2] =
            ["192.0.2.7:443", "[2001:db8::7]:443"].map(|text| text.parse().unwrap());
        let places = |answers: [Result<Vec<Certificate>, String>; 2]| {
            let (mut found, mut faults) = (Vec::new(), Faults::default());
            let presented = addresses.into_iter().zip(answers).collect();
            take(&live, None, presented, &mut found, &mut faults);
            let found: Vec<String> = found.iter().map(|found| found.origin.short()).collect();
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            (found, faults)
        };
        assert_eq!(
            places([good.clone(), good.clone()]),
            (vec!["a.example.org".to_owned()], Vec::new())
        );
        assert_eq!(
            places([good, dead]),
            (
                vec!["a.example.org at 192.0.2.7:443".to_owned()],
                vec!["a.example.org at [2001:db8::7]:443: nothing listens there".to_owned()]
            )
        );
    }
}
