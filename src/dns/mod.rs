//! The names of instances in the DNS: where they lead, and who is told of them.
//!
//! | I want to … | open … |
//! |---|---|
//! | know what a release of external-dns reads | [`external_dns`] |
//! | see what an instance gets | [`Dns::announce`] |
//! | see what a fleet gets: a zone file, values of the chart of external-dns | [`zone_file`], [`Dns::values`] |

pub mod external_dns;

use crate::fault::Fault;
use crate::load_balancer::address;
use crate::manifest::{Field, Identity, Object};
use crate::name::{DnsName, Namespace, ObjectName};
use external_dns::{ExternalDnsRelease, Policy};
use std::net::IpAddr;

/// Name of the `DNSEndpoint` of an instance, which the chart does not have.
const ENDPOINT: &str = "hosts";
/// Kinds of objects from whose hosts external-dns makes records.
const ROUTES: [&str; 2] = ["IngressRoute", "IngressRouteTCP"];

/// How the names of instances get into the DNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dns {
    /// Who is told of them.
    pub told: Told,
    /// Where they lead.
    pub targets: Targets,
    /// How long an answer may be kept, in seconds: 1 to 2147483647 (RFC 2181 section 8).
    pub ttl: u32,
}

/// Who is told of the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// external-dns, by an object of its own kind.
    ByEndpoint(ExternalDns),
    /// external-dns, by annotations of routes.
    ByAnnotation(ExternalDns),
    /// A person, or what a name server includes.
    ByZoneFile,
}

/// external-dns as it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExternalDns {
    /// Its release.
    pub release: ExternalDnsRelease,
    /// What it does with records that nothing asks for any more.
    pub policy: Policy,
}

/// Where names lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Targets {
    /// To addresses.
    Addresses(Vec<IpAddr>),
    /// To another name. A name that leads there has no other record (RFC 1034 section 3.6.2).
    Name(DnsName),
}

/// A record of a name, without the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSet {
    /// `A`, `AAAA` or `CNAME`.
    pub kind: &'static str,
    /// What the records of that kind hold, as text.
    pub targets: Vec<String>,
}

impl Targets {
    /// Parses addresses, or one name.
    ///
    /// # Errors
    /// For each text that is neither, its number from 0 and why; a name beside others; nothing at all.
    pub fn parse(texts: &[&str]) -> Result<Self, Vec<(usize, Fault)>> {
        let mut addresses = Vec::new();
        let mut names = Vec::new();
        let mut faults = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            if let Ok(address) = address(text) {
                if addresses.contains(&address) {
                    let fault = Fault::new(format!("`{text}` is named twice"));
                    faults.push((index, fault.help("leave one of the two out")));
                }
                addresses.push(address);
                continue;
            }
            match DnsName::parse(text) {
                Ok(name) => names.push((index, name)),
                Err(fault) => faults.push((index, fault)),
            }
        }
        if texts.len() > 1 {
            for (index, name) in &names {
                let what = format!("`{name}` cannot be combined with other targets");
                let help = "name addresses alone, or this name alone: a name with a CNAME record has no other record";
                faults.push((*index, Fault::new(what).help(help)));
            }
        }
        faults.sort_by_key(|(index, _)| *index);
        match (names.pop(), faults.is_empty()) {
            (_, false) => Err(faults),
            (Some((_, name)), true) => Ok(Self::Name(name)),
            (None, true) if addresses.is_empty() => {
                let fault = Fault::new("the targets are empty");
                Err(vec![(0, fault.help(Self::EXAMPLE))])
            }
            (None, true) => Ok(Self::Addresses(addresses)),
        }
    }

    /// How to name them.
    pub const EXAMPLE: &'static str =
        "name the address at which browsers find Traefik: `targets: [203.0.113.7]`";

    /// Returns the records, those of addresses by their kind.
    #[must_use]
    pub fn records(&self) -> Vec<RecordSet> {
        let set = |kind, targets: Vec<String>| RecordSet { kind, targets };
        match self {
            Self::Name(name) => vec![set("CNAME", vec![name.to_string()])],
            Self::Addresses(addresses) => {
                let (old, new): (Vec<&IpAddr>, Vec<&IpAddr>) =
                    addresses.iter().partition(|address| address.is_ipv4());
                let texts = |addresses: Vec<&IpAddr>| {
                    let texts = addresses.into_iter().map(ToString::to_string);
                    texts.collect::<Vec<_>>()
                };
                let sets = [set("A", texts(old)), set("AAAA", texts(new))];
                let sets = sets.into_iter().filter(|set| !set.targets.is_empty());
                sets.collect()
            }
        }
    }
}

impl Dns {
    /// Tells external-dns of the hosts of an instance: by an object beside the others, or by annotations of its routes.
    pub fn announce(&self, namespace: &Namespace, hosts: &[DnsName], objects: &mut Vec<Object>) {
        match self.told {
            Told::ByZoneFile => {}
            Told::ByEndpoint(_) => objects.push(self.endpoint(namespace, hosts)),
            Told::ByAnnotation(external_dns) => {
                let (prefix, _) = external_dns.release.prefixes();
                let records = self.targets.records().into_iter();
                let targets: Vec<String> = records.flat_map(|record| record.targets).collect();
                let annotations = [
                    (format!("{prefix}target"), targets.join(",")),
                    (format!("{prefix}ttl"), self.ttl.to_string()),
                ];
                let routes = objects.iter_mut();
                for route in routes.filter(|object| ROUTES.contains(&object.identity.kind)) {
                    route.annotations.extend(annotations.clone());
                }
            }
        }
    }

    fn endpoint(&self, namespace: &Namespace, hosts: &[DnsName]) -> Object {
        let identity = Identity {
            api_version: "externaldns.k8s.io/v1alpha1",
            kind: "DNSEndpoint",
            namespace: Some(namespace.clone()),
            name: ObjectName::parse(ENDPOINT).expect("the name is valid"),
        };
        let mut object = Object::new(identity, "dns/dnsendpoint.yaml");
        let records = self.targets.records();
        let endpoints = hosts.iter().flat_map(|host| {
            let records = records.iter();
            records.map(|record| {
                let targets = record.targets.iter().map(String::as_str).collect();
                Field::List(vec![host.as_str().into(), record.kind.into(), targets])
            })
        });
        object.fields = vec![
            ("endpoints", Field::List(endpoints.collect())),
            ("ttl", Field::Number(self.ttl.into())),
        ];
        object
    }

    /// Returns the values of the chart of external-dns, as the fields of `dns/values.yaml`; nothing if it is not told of the names.
    ///
    /// `domains` are those below which it may write; `owner` is the name by which it knows its records again.
    #[must_use]
    pub fn values(&self, owner: &str, domains: &[&str]) -> Option<Vec<(&'static str, Field)>> {
        let (source, external_dns) = match self.told {
            Told::ByEndpoint(external_dns) => ("crd", external_dns),
            Told::ByAnnotation(external_dns) => ("traefik-proxy", external_dns),
            Told::ByZoneFile => return None,
        };
        Some(vec![
            ("source", source.into()),
            ("policy", external_dns.policy.as_str().into()),
            ("owner", owner.into()),
            ("domains", domains.iter().copied().collect()),
        ])
    }
}

/// Returns the fields of `outside/zone`: the records of hosts below a domain, and the hosts that are elsewhere and that the
/// name servers of the domain know nothing of.
#[must_use]
pub fn zone_file<'a>(
    dns: &Dns,
    domain: &DnsName,
    hosts: impl Iterator<Item = &'a DnsName>,
) -> Vec<(&'static str, Field)> {
    let (own, others): (Vec<&DnsName>, Vec<&DnsName>) =
        hosts.partition(|host| host.is_at_or_below(domain));
    let dot = match dns.targets {
        Targets::Name(_) => ".",
        Targets::Addresses(_) => "",
    };
    let records = dns.targets.records();
    let of_host = |host: &DnsName| -> Vec<Field> {
        let records = records.iter().flat_map(|record| {
            let targets = record.targets.iter();
            targets.map(|target| {
                [
                    format!("{host}."),
                    record.kind.into(),
                    format!("{target}{dot}"),
                ]
            })
        });
        records.map(|record| record.into_iter().collect()).collect()
    };
    let list = |hosts: Vec<&DnsName>| Field::List(hosts.into_iter().flat_map(of_host).collect());
    vec![
        ("domain", domain.as_str().into()),
        ("ttl", Field::Number(dns.ttl.into())),
        ("records", list(own)),
        ("others", list(others)),
    ]
}
