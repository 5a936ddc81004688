//! Where the hops of a path do not fit: each question is one function, whatever the way in.
//!
//! A path that was read is judged as one that an instance is to have. What it names is looked up in a cluster; what is
//! not at hand accuses nobody. `lint` says which rule a clash breaks, where, and in which words.

use super::Path;
use super::hop::{Client, Httpd, Inward, Keys, Known, Outward, Place, Shown, Trust};
use super::served::{Grounds, Leaf, Passed, Wants, covers_by};
use crate::cluster::data::Cert;
use crate::cluster::scope::Scope;
use crate::cluster::{Kind, Object, Resource};
use crate::kinds::service::{self as kinds, Service, ServicePort, is_https_port};
use crate::kinds::traefik::Port;
use crate::pki::SubjectAltName;
use crate::pki::verify::Standing;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What does not fit.
#[derive(Debug, Clone)]
pub enum Clash<'a> {
    /// The Service does not have the port.
    NoSuchPort {
        /// The Service.
        service: &'a Object,
        /// What it says.
        ports: &'a Service,
        /// The port.
        wanted: &'a Port,
    },
    /// TLS is passed through to a port that speaks plain http.
    PlainPort {
        /// The port.
        wanted: &'a Port,
    },
    /// A port that speaks TLS gets plain http, or nothing says that it gets TLS.
    TlsPort {
        /// The port.
        wanted: &'a Port,
    },
    /// TLS that is passed through is put into TLS once more.
    TlsInTls,
    /// TLS begins, and nothing says which CA is trusted: the roots of the system are, none of which signs for an httpd.
    NothingTrusted {
        /// The port that is spoken to.
        port: Option<&'a Port>,
    },
    /// TLS begins, and any certificate is taken.
    AnythingTrusted,
    /// TLS begins, and no name is expected.
    NoName,
    /// The httpd's certificate is not signed by what is trusted.
    NotSigned {
        /// The certificate.
        leaf: Leaf<'a>,
        /// What is trusted.
        trusted: Vec<Arc<Cert>>,
    },
    /// The CA of the httpd's certificate may not sign its names.
    OutsideConstraints {
        /// The certificate.
        leaf: Leaf<'a>,
    },
    /// The httpd's certificate is for other names than the expected one.
    OtherNames {
        /// The certificate.
        leaf: Leaf<'a>,
        /// The expected name.
        expected: &'a str,
    },
    /// A certificate that is shown or trusted has expired.
    Expired {
        /// The certificate.
        cert: &'a Cert,
    },
    /// A certificate that is shown or trusted is not valid yet.
    NotYetValid {
        /// The certificate.
        cert: &'a Cert,
    },
    /// The Service is not at hand.
    NoService {
        /// Whether one of the name is in another namespace.
        is_elsewhere: bool,
    },
    /// The Secret of the certificate for browsers is in another namespace only.
    ShownElsewhere {
        /// The namespace.
        namespace: &'a str,
    },
    /// The Secret of the certificate for browsers lacks a key of the pair.
    ShownIncomplete {
        /// The Secret.
        secret: &'a Object,
        /// The key.
        missing: &'static str,
    },
    /// No certificate that browsers may be shown covers a host.
    HostNotCovered {
        /// The host.
        host: &'a str,
    },
    /// Browsers see an httpd's certificate for other names, because TLS is passed through.
    PassedNotCovered {
        /// The certificate.
        leaf: Leaf<'a>,
        /// The host.
        host: &'a str,
    },
    /// Browsers see a certificate of a private CA, because TLS is passed through.
    PrivateAuthority {
        /// The certificate, its host and its httpd.
        passed: Passed<'a, 'a>,
        /// Whether the CA is nobody else's; one whose key and constraints are not here may be one that browsers know.
        is_own: bool,
    },
    /// The httpd waits for the PROXY protocol, and nothing sends it.
    ProxyNotSent,
    /// The PROXY protocol is sent, and the httpd does not expect it.
    ProxyNotExpected,
    /// The httpd asks for a client certificate, and the front shows none.
    ClientNotShown,
}

/// Asks every question of a path.
#[must_use]
pub fn check<'a>(path: &'a Path, grounds: &'a Grounds<'a>) -> Vec<Clash<'a>> {
    let mut clashes = shown(path, grounds);
    clashes.extend(reach(path, grounds));
    if let Outward::Tls(client) = &path.outward {
        let httpd = path.httpd.as_ref();
        for leaf in httpd
            .into_iter()
            .flat_map(|httpd| grounds.stated(&httpd.service.scope))
        {
            clashes.extend(dates(&leaf.entry.certificates, grounds));
        }
        if path.inward != Inward::PassedThrough {
            clashes.extend(trust(client, httpd, grounds));
        }
    }
    clashes.extend(passed(path, grounds));
    clashes
}

/// Asks whether what goes out meets an httpd that takes it.
#[must_use]
pub fn reach<'a>(path: &'a Path, grounds: &Grounds<'a>) -> Vec<Clash<'a>> {
    let mut clashes = Vec::new();
    if let Some(httpd) = &path.httpd {
        clashes.extend(no_service(httpd, grounds));
        clashes.extend(port(httpd, grounds));
        clashes.extend(wants(path, grounds.wants(httpd)));
        match &path.outward {
            Outward::PassedThrough => clashes.extend(plain_port(httpd, grounds)),
            Outward::Plain | Outward::Unsaid(_) => clashes.extend(tls_port(httpd, grounds)),
            Outward::Tls(_) | Outward::Raw | Outward::Mesh => {}
        }
    }
    if matches!(path.outward, Outward::Tls(_)) && path.inward == Inward::PassedThrough {
        clashes.push(Clash::TlsInTls);
    }
    clashes
}

/// Judges the certificate that browsers meet where TLS is passed through.
#[must_use]
pub fn passed<'a>(path: &'a Path, grounds: &'a Grounds<'a>) -> Vec<Clash<'a>> {
    let mut clashes = passed_not_covered(path, grounds);
    if let Some(passed) = grounds.passed(path) {
        clashes.extend(private_authority(passed, grounds));
        clashes.extend(dates(&passed.leaf.entry.certificates, grounds));
    }
    clashes
}

/// Compares what goes before and with a connection to what the httpd wants of it.
#[must_use]
pub fn wants<'a>(path: &Path, wants: Wants) -> Vec<Clash<'a>> {
    let mut clashes = Vec::new();
    match (path.proxy.is_some(), wants.proxy) {
        (false, Some(true)) => clashes.push(Clash::ProxyNotSent),
        (true, Some(false)) => clashes.push(Clash::ProxyNotExpected),
        _ => {}
    }
    let shows_none = matches!(&path.outward, Outward::Tls(client) if client.shows.is_none());
    if wants.certificate && shows_none && path.inward != Inward::PassedThrough {
        clashes.push(Clash::ClientNotShown);
    }
    clashes
}

/// Finds the hosts whose TLS is passed through to an httpd with a certificate for others.
fn passed_not_covered<'a>(path: &'a Path, grounds: &Grounds<'a>) -> Vec<Clash<'a>> {
    let httpd = path.httpd.as_ref();
    let httpd = httpd.filter(|_| path.inward == Inward::PassedThrough);
    let stated = httpd.map(|httpd| grounds.stated(&httpd.service.scope));
    let stated: Vec<Leaf<'a>> = stated.into_iter().flatten().collect();
    let Some(leaf) = stated.first().copied() else {
        return Vec::new();
    };
    let is_covered = |host: &String| {
        let name = SubjectAltName::parse(host).ok();
        let covers = |name| stated.iter().any(|leaf| leaf.cert().details.covers(name));
        host.contains('*') || name.as_ref().is_none_or(covers)
    };
    let hosts = path.hosts.iter().filter(|host| !is_covered(host));
    hosts
        .map(|host| Clash::PassedNotCovered { leaf, host })
        .collect()
}

/// Finds a private CA behind a host whose TLS is passed through; of an httpd that lets in only whom it knows, the others
/// see nothing.
#[must_use]
pub fn private_authority<'a>(passed: Passed<'a, 'a>, grounds: &Grounds<'a>) -> Option<Clash<'a>> {
    if grounds.lets_in_few(&passed.service.scope) {
        return None;
    }
    let is_own = grounds.private(passed.leaf)?;
    Some(Clash::PrivateAuthority { passed, is_own })
}

/// Finds certificates out of their time.
fn dates<'a>(
    certificates: &'a [Arc<Cert>],
    grounds: &Grounds<'_>,
) -> impl Iterator<Item = Clash<'a>> {
    let now = grounds.now;
    certificates.iter().filter_map(move |cert| {
        let validity = cert.details.validity;
        if now < validity.not_before {
            Some(Clash::NotYetValid { cert })
        } else if now > validity.not_after {
            Some(Clash::Expired { cert })
        } else {
            None
        }
    })
}

/// Judges the certificate that browsers are shown where their TLS ends.
fn shown<'a>(path: &'a Path, grounds: &'a Grounds<'a>) -> Vec<Clash<'a>> {
    let Inward::Tls(shown) = &path.inward else {
        return Vec::new();
    };
    let mut clashes = Vec::new();
    let mut places: Vec<(&Scope, &str)> = Vec::new();
    match shown {
        Shown::Secrets(all) => {
            places.extend(all.iter().map(|place| (&place.scope, place.name.as_str())));
        }
        Shown::Store => places.extend(grounds.store()),
        Shown::Unknown => {}
    }
    for (scope, name) in places {
        clashes.extend(pair(scope, name, grounds));
        if let Known::Here(secret) = grounds.secrets.find(scope, name)
            && let Resource::Secret(data) = &secret.resource
            && let Some(entry) = data.get("tls.crt")
        {
            clashes.extend(dates(&entry.certificates, grounds));
        }
    }
    clashes.extend(not_covered(path, shown, grounds));
    clashes
}

/// Judges the Secret of a pair that browsers are shown.
#[must_use]
pub fn pair<'a>(scope: &Scope, name: &str, grounds: &'a Grounds<'a>) -> Option<Clash<'a>> {
    match grounds.secrets.find(scope, name) {
        Known::Here(secret) => {
            let Resource::Secret(data) = &secret.resource else {
                return None;
            };
            let missing = data.missing_of_pair()?;
            Some(Clash::ShownIncomplete { secret, missing })
        }
        Known::Missing => {
            let namespace = grounds.secrets.elsewhere(scope, name)?;
            Some(Clash::ShownElsewhere { namespace })
        }
        Known::Locked(_) | Known::Useless | Known::Outside => None,
    }
}

/// Finds the hosts that no certificate covers which Traefik may choose; another gateway shows that of the listener.
fn not_covered<'a>(path: &'a Path, shown: &Shown, grounds: &'a Grounds<'a>) -> Vec<Clash<'a>> {
    let is_here = |place: &Place| {
        let secret = grounds.secrets.find(&place.scope, &place.name);
        matches!(secret, Known::Here(_) | Known::Locked(_))
    };
    let is_known = match shown {
        Shown::Secrets(places) => places.iter().all(is_here),
        Shown::Store => grounds.knows_store(),
        Shown::Unknown => false,
    };
    let is_of_store = is_known && path.front.gateway.is_none();
    let Some(names) = grounds.names().filter(|_| is_of_store) else {
        return Vec::new();
    };
    let hosts = path.hosts.iter().filter(|host| !covers(names, host));
    hosts.map(|host| Clash::HostNotCovered { host }).collect()
}

/// Returns whether names of certificates cover a host; what cannot be the name of a certificate is not compared.
#[must_use]
pub fn covers(names: &BTreeSet<String>, host: &str) -> bool {
    covers_by(host, |name| names.contains(name))
}

/// Finds a Service that is not at hand.
fn no_service<'a>(httpd: &Httpd, grounds: &Grounds<'a>) -> Option<Clash<'a>> {
    let Place { scope, name } = &httpd.service;
    let cluster = grounds.cluster;
    let found = cluster.find(Kind::Service, scope, name);
    found.is_none().then(|| {
        let is_elsewhere = cluster.elsewhere(Kind::Service, scope, name).is_some();
        Clash::NoService { is_elsewhere }
    })
}

/// Returns the Service of an httpd, if it is at hand.
fn service<'a>(httpd: &Httpd, grounds: &Grounds<'a>) -> Option<(&'a Object, &'a Service)> {
    let place = &httpd.service;
    let object = grounds
        .cluster
        .find(Kind::Service, &place.scope, &place.name)?;
    Some((object, object.resource.service()?))
}

/// Finds a port that the Service does not have. Of one without ports nothing is known, unless it may have none.
#[must_use]
pub fn port<'a>(httpd: &'a Httpd, grounds: &Grounds<'a>) -> Option<Clash<'a>> {
    let wanted = httpd.port.as_ref()?;
    let (service, ports) = service(httpd, grounds)?;
    // Of a name of the DNS it is known that its ports have no names.
    let is_known_to_lack =
        ports.is_headless || ports.is_external && matches!(wanted, Port::Name(_));
    let is_open = ports.ports.is_empty() && !is_known_to_lack;
    let is_known = is_open || ports.port(wanted).is_some();
    (!is_known).then_some(Clash::NoSuchPort {
        service,
        ports,
        wanted,
    })
}

/// Returns the port of an httpd, made up of what names it where the Service is not at hand.
fn port_of<'a>(
    httpd: &'a Httpd,
    grounds: &Grounds<'a>,
) -> Option<(&'a Port, Cow<'a, ServicePort>)> {
    let wanted = httpd.port.as_ref()?;
    let service = service(httpd, grounds).map(|(_, service)| service);
    // Of one without ports nothing is known.
    let service = service.filter(|service| !service.ports.is_empty());
    Some((wanted, kinds::port(service, wanted)?))
}

/// The Service of Argo CD, both of whose ports lead to one that takes TLS and plain http (`cmux` in `server/server.go`).
const OF_BOTH: &str = "argocd-server";

/// Finds a port of plain http.
fn plain_port<'a>(httpd: &'a Httpd, grounds: &Grounds<'a>) -> Option<Clash<'a>> {
    if httpd.service.name == OF_BOTH {
        return None;
    }
    let (wanted, port) = port_of(httpd, grounds)?;
    port.is_plain().then_some(Clash::PlainPort { wanted })
}

/// Finds a port of TLS; of a Service that is elsewhere nothing is known.
#[must_use]
pub fn tls_port<'a>(httpd: &'a Httpd, grounds: &Grounds<'a>) -> Option<Clash<'a>> {
    if let Some(Clash::NoService { is_elsewhere: true }) = no_service(httpd, grounds) {
        return None;
    }
    let (wanted, port) = port_of(httpd, grounds)?;
    port.is_tls().then_some(Clash::TlsPort { wanted })
}

/// Returns whether the pods of an httpd are spoken to at the port of TLS, whatever the Service calls its own.
#[must_use]
pub fn is_at_tls_of_pods(httpd: &Httpd, grounds: &Grounds<'_>) -> bool {
    let target = port_of(httpd, grounds).and_then(|(_, port)| match port.target.as_ref()? {
        Port::Number(number) => Some(is_https_port(Some(*number), "")),
        Port::Name(name) => Some(is_https_port(None, name)),
    });
    target == Some(true)
}

/// Judges the TLS to an httpd: whether it is verified, and by what.
fn trust<'a>(
    client: &'a Client,
    httpd: Option<&'a Httpd>,
    grounds: &Grounds<'a>,
) -> Vec<Clash<'a>> {
    match &client.trusts {
        Trust::Unknown => return Vec::new(),
        Trust::Anything => return vec![Clash::AnythingTrusted],
        Trust::System | Trust::Authorities(_) => {}
    }
    let mut clashes = Vec::new();
    // What is behind a name of the DNS may well have a certificate of a public authority.
    let is_outside = httpd
        .and_then(|httpd| service(httpd, grounds))
        .is_some_and(|(_, service)| service.is_external);
    if client.expects.is_none() {
        if client.trusts == Trust::System && !is_outside {
            let port = httpd.and_then(|httpd| httpd.port.as_ref());
            clashes.push(Clash::NothingTrusted { port });
        }
        clashes.push(Clash::NoName);
    }
    if let Some(httpd) = httpd {
        clashes.extend(verification(client, &httpd.service.scope, grounds));
    }
    clashes
}

/// Compares the certificate of a scope's httpd with what is trusted and expected, where all of that is at hand.
#[must_use]
pub fn verification<'a>(
    client: &'a Client,
    scope: &Scope,
    grounds: &Grounds<'a>,
) -> Vec<Clash<'a>> {
    if client.trusts == Trust::System {
        return private(client, scope, grounds).into_iter().collect();
    }
    let Some(trusted) = trusted(&client.trusts, grounds) else {
        return Vec::new();
    };
    let names: Vec<&str> = client.expects.as_deref().into_iter().collect();
    compare(trusted, &names, scope, grounds)
}

/// Finds a certificate that a CA of the instance's own signed, where only the roots of the system are trusted.
fn private<'a>(client: &Client, scope: &Scope, grounds: &Grounds<'a>) -> Option<Clash<'a>> {
    let expected = client.expects.as_deref();
    let expected = expected.and_then(|name| SubjectAltName::parse(name).ok());
    let served = grounds.served(scope, &[], expected.as_ref()).into_iter();
    let mut leaves = served.map(|(leaf, _)| leaf);
    let leaf = leaves.find(|leaf| grounds.private(*leaf) == Some(true))?;
    let trusted = Vec::new();
    Some(Clash::NotSigned { leaf, trusted })
}

/// Compares the certificate of a scope's httpd with what is trusted, and with the names of which it must have one.
#[must_use]
pub fn compare<'a>(
    trusted: Vec<Arc<Cert>>,
    names: &[&'a str],
    scope: &Scope,
    grounds: &Grounds<'a>,
) -> Vec<Clash<'a>> {
    let parsed = names
        .iter()
        .filter_map(|name| SubjectAltName::parse(name).ok());
    let wanted: Vec<SubjectAltName> = parsed.collect();
    let served = grounds.served(scope, &trusted, wanted.first());
    let is_named = |leaf: &Leaf<'_>| {
        let details = &leaf.cert().details;
        wanted.is_empty() || wanted.iter().any(|name| details.covers(name))
    };
    let is_good =
        |(leaf, standing): &(Leaf<'a>, Standing)| *standing == Standing::Signed && is_named(leaf);
    let mut clashes = Vec::new();
    let Some((leaf, standing)) = served.first().filter(|_| !served.iter().any(is_good)) else {
        return clashes;
    };
    let leaf = *leaf;
    match standing {
        Standing::Unknown => clashes.push(Clash::NotSigned { leaf, trusted }),
        Standing::OutsideConstraints => clashes.push(Clash::OutsideConstraints { leaf }),
        Standing::Signed | Standing::Broken => {}
    }
    if let Some(expected) = names.first().filter(|_| !is_named(&leaf)) {
        clashes.push(Clash::OtherNames { leaf, expected });
    }
    clashes
}

/// Returns the certificates that are trusted, if all that is named can be read. Of the places where Istio looks for a CA
/// one is enough.
fn trusted(trust: &Trust, grounds: &Grounds<'_>) -> Option<Vec<Arc<Cert>>> {
    let Trust::Authorities(authorities) = trust else {
        return None;
    };
    let mut found = Vec::new();
    for authority in authorities {
        match authority.content(grounds.cluster) {
            Known::Here((_, certificates)) => found.extend(certificates),
            Known::Missing if authority.keys == Keys::Istio => {}
            _ => return None,
        }
    }
    (!found.is_empty()).then_some(found)
}
