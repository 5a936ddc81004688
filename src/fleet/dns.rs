//! Settles how the hosts of the instances get into the DNS.

use super::document::{DnsPart, LoadBalancerPart};
use super::leaf::DnsMode;
use crate::dns::external_dns::{ExternalDnsRelease, Policy};
use crate::dns::{Dns, ExternalDns, Targets, Told};
use crate::fault::Fault;
use crate::record::{Given, PartReader};

/// How long an answer may be kept, in seconds, where nothing is written.
const TTL: u32 = 300;

/// Settles it, if somebody is to be told.
pub(super) fn dns(
    part: Option<&Given<DnsPart>>,
    balancer: Option<&Given<LoadBalancerPart>>,
    reader: &mut PartReader,
) -> Option<Dns> {
    let part = part?;
    let mode = part.value.mode.as_ref()?.value;
    check_keys(&part.value, mode, reader);
    let external_dns = external_dns(part, mode, reader);
    let told = match mode {
        DnsMode::Nobody => return None,
        DnsMode::ZoneFile => Told::ByZoneFile,
        DnsMode::Endpoint => Told::ByEndpoint(external_dns?),
        DnsMode::Annotation => Told::ByAnnotation(external_dns?),
    };
    Some(Dns {
        told,
        targets: targets(part, balancer, reader)?,
        ttl: (part.value.ttl.as_ref()).map_or(Some(TTL), |given| given.value.get())?,
    })
}

/// Refuses keys that mean nothing in a mode.
fn check_keys(part: &DnsPart, mode: DnsMode, reader: &mut PartReader) {
    let ttl = part.ttl.as_ref().map(|given| given.origin);
    let targets = part.targets.as_ref().map(|given| given.origin);
    let external_dns = part.external_dns.as_ref().map(|given| given.origin);
    let (strangers, what) = match mode {
        DnsMode::Nobody => (
            vec![ttl, targets, external_dns],
            "with `mode: none` nobody is told of the hosts",
        ),
        DnsMode::ZoneFile => (vec![external_dns], "external-dns reads no zone file"),
        DnsMode::Endpoint | DnsMode::Annotation => return,
    };
    for origin in strangers.into_iter().flatten() {
        let help = "leave it out, or change `mode`";
        reader.push(origin, Fault::new(what).help(help));
    }
}

/// Settles which external-dns is told.
fn external_dns(
    part: &Given<DnsPart>,
    mode: DnsMode,
    reader: &mut PartReader,
) -> Option<ExternalDns> {
    let given = part.value.external_dns.as_ref();
    let release = given.and_then(|given| given.value.release.as_ref());
    let policy = given.and_then(|given| given.value.policy.as_ref());
    let release = match release {
        Some(given) => {
            let release = ExternalDnsRelease::parse(&given.value.0);
            release
                .map_err(|fault| reader.push(given.origin, fault))
                .ok()
        }
        None if mode == DnsMode::Annotation => {
            let fault = Fault::new(
                "nothing says which external-dns reads the annotations: 0.22 changed their prefix",
            );
            let origin = given.map_or(part.origin, |given| given.origin);
            let help = "name its release: `externalDns: {release: \"0.22\"}`";
            reader.push(origin, fault.help(help));
            None
        }
        None => Some(ExternalDnsRelease::NEWEST),
    };
    Some(ExternalDns {
        release: release?,
        policy: policy.map_or(Policy::UpsertOnly, |given| given.value),
    })
}

/// Settles where the hosts lead.
fn targets(
    part: &Given<DnsPart>,
    balancer: Option<&Given<LoadBalancerPart>>,
    reader: &mut PartReader,
) -> Option<Targets> {
    let address = balancer.and_then(|given| given.value.address.as_ref());
    let Some(given) = &part.value.targets else {
        let Some(address) = address else {
            let fault = Fault::new("nothing says where the hosts lead");
            reader.push(part.origin, fault.help(Targets::EXAMPLE));
            return None;
        };
        return Some(Targets::Addresses(vec![address.value.0]));
    };
    let items = &given.value.0;
    let texts: Vec<&str> = items.iter().map(|item| item.value.0.as_str()).collect();
    match Targets::parse(&texts) {
        Ok(targets) => Some(targets),
        Err(faults) => {
            for (index, fault) in faults {
                let origin = items.get(index).map_or(given.origin, |item| item.origin);
                reader.push(origin, fault);
            }
            None
        }
    }
}
