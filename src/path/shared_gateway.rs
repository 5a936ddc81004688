//! The Gateway of the Gateway API that the instances share, and what that API cannot express.

use super::expand::{Topology, TopologyName};
use super::hop::Place;
use crate::civiparoisse::WILDCARD_SECRET;
use crate::cluster::scope::Scope;
use crate::fault::Fault;
use crate::name::{DnsName, Namespace, ObjectName};
use crate::release::Release;
use std::fmt;

/// The most listeners that a Gateway takes (`maxItems` in the definitions of Gateway API 1.4 to 1.7).
pub const MOST_LISTENERS: usize = 64;

/// A release of the Gateway API, by the minor number of 1.x: which definitions the cluster has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiRelease(u8);

impl Default for ApiRelease {
    /// That which Traefik 3.7 is built against (its `go.mod`).
    fn default() -> Self {
        Self(6)
    }
}

impl ApiRelease {
    /// The oldest, of which the standard channel has a BackendTLSPolicy.
    const OLDEST: Self = Self(4);
    /// The newest.
    const NEWEST: Self = Self(7);

    /// Parses `1.6` or `1.6.3`.
    ///
    /// # Errors
    /// What is not a release, and those that this program does not know.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let shown = text.escape_debug();
        let mut numbers = text.strip_prefix('v').unwrap_or(text).split('.');
        let is_number = |part: &&str| {
            (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        let (major, minor) = (numbers.next(), numbers.next().unwrap_or_default());
        let fits = major == Some("1") && numbers.next().is_none_or(|patch| is_number(&patch));
        let mut known = (Self::OLDEST.0..=Self::NEWEST.0).map(Self);
        let found = known.find(|release| release.0.to_string() == minor);
        let found = found.filter(|_| fits && numbers.next().is_none());
        found.ok_or_else(|| {
            let fault = Fault::new(format!("`{shown}` is not a release of the Gateway API"));
            fault.help(format!(
                "use one from {} to {}, for example `{}`",
                Self::OLDEST,
                Self::NEWEST,
                Self::default()
            ))
        })
    }

    /// Refuses a Traefik that does not read what the standard channel serves; with `passes`, a TLSRoute too.
    ///
    /// That is BackendTLSPolicy v1 from 1.4 on, which Traefik reads from 3.6 on, and TLSRoute v1 from 1.5 on. Traefik 3.7 waits for the
    /// definition of the latter, and serves nothing before it is there (`client.go`; seen with Traefik 3.7.15 and 1.4.1).
    ///
    /// # Errors
    /// Why the two do not fit.
    pub fn check_reader(self, traefik: Release, passes: bool) -> Result<(), Fault> {
        let (what, help) = if traefik < Release::exactly(3, 6, 0) {
            (
                "does not read BackendTLSPolicy v1, the version that the Gateway API serves",
                "use Traefik 3.6 or newer: chart 38",
            )
        } else if traefik < Release::exactly(3, 7, 0) && passes {
            (
                "does not read TLSRoute v1, the version that the Gateway API serves",
                "use Traefik 3.7 or newer: chart 40",
            )
        } else if traefik >= Release::exactly(3, 7, 0) && !self.passes_tls() {
            (
                "waits for TLSRoute v1, which the Gateway API 1.4 lacks, and serves nothing",
                "use the Gateway API 1.5 or newer",
            )
        } else {
            return Ok(());
        };
        Err(Fault::new(format!("Traefik {traefik} {what}")).help(help))
    }

    /// Returns whether its standard channel has TLSRoute: from 1.5 on.
    fn passes_tls(self) -> bool {
        self >= Self(5)
    }
}

impl fmt::Display for ApiRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

/// The Gateway to which the routes of all instances are attached. Traefik serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedGateway {
    /// Which definitions the cluster has.
    pub release: ApiRelease,
    /// Its namespace, with the Secret of the certificate that browsers see.
    pub namespace: Namespace,
    /// Its name.
    pub name: ObjectName,
    /// Name of its `GatewayClass`.
    pub class: ObjectName,
    /// Port of its listeners: that of Traefik's entry point, not of the Service before it.
    pub port: u16,
}

impl SharedGateway {
    /// The port of the entry point `websecure` in Traefik's chart.
    pub const USUAL_PORT: u16 = 8443;
    /// The name of the `GatewayClass` in Traefik's chart.
    pub const USUAL_CLASS: &str = "traefik";

    /// Returns the one that is meant by default.
    ///
    /// # Panics
    /// Never: the names are valid.
    #[must_use]
    pub fn usual(release: ApiRelease) -> Self {
        Self {
            release,
            namespace: Namespace::parse("traefik").expect("the name is valid"),
            name: ObjectName::parse("web").expect("the name is valid"),
            class: ObjectName::parse(Self::USUAL_CLASS).expect("the name is valid"),
            port: Self::USUAL_PORT,
        }
    }

    /// Refuses a class of which its name does not say that Traefik serves it: what each program verifies differs.
    ///
    /// # Errors
    /// That it is another one's.
    pub fn check_class(class: &ObjectName) -> Result<(), Fault> {
        if class.as_str().contains(Self::USUAL_CLASS) {
            return Ok(());
        }
        let what = format!("`{class}` does not name Traefik, for which the objects are written");
        Err(Fault::new(what).help("use a GatewayClass of Traefik whose name says so: `traefik`"))
    }

    /// Refuses a topology for which its objects cannot be written.
    ///
    /// # Errors
    /// Why they cannot.
    pub fn check_topology(&self, topology: Topology) -> Result<(), Fault> {
        match topology {
            Topology::Direct | Topology::TcpProxy | Topology::Passthrough { proxy: None } => Ok(()),
            Topology::Passthrough { proxy: Some(_) } => Err(Unsayable::Proxy.fault()),
            Topology::Offload | Topology::Inspect { .. } | Topology::InspectTwice => {
                Err(Unsayable::Topology(topology.name()).fault())
            }
        }
    }

    /// Returns where it is.
    #[must_use]
    pub fn place(&self) -> Place {
        self.beside(self.name.as_str())
    }

    /// Returns the Secret with the certificate that browsers see.
    #[must_use]
    pub fn certificate(&self) -> Place {
        self.beside(WILDCARD_SECRET)
    }

    fn beside(&self, name: &str) -> Place {
        Place {
            scope: Scope::Namespace(self.namespace.to_string()),
            name: name.to_owned(),
        }
    }
}

/// A listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Its name.
    pub name: String,
    /// The hosts that it is for, an asterisk standing for any labels; all, if it names none.
    pub host: Option<String>,
    /// Whether it passes TLS on, and does not end it.
    pub passes: bool,
}

/// For whom a Gateway listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listening<'a> {
    /// The domain that the hosts are below; nothing if the certificate is for others, too.
    pub domain: Option<&'a DnsName>,
    /// Whether the certificate covers the domain itself.
    pub apex: bool,
    /// Whether TLS of any instance ends here.
    pub ends: bool,
}

impl Listening<'_> {
    /// Returns the listeners; `passed` are the hosts whose TLS is passed on.
    ///
    /// # Errors
    /// More than a Gateway takes.
    pub fn listeners<'h>(
        &self,
        passed: impl Iterator<Item = &'h DnsName>,
    ) -> Result<Vec<Listener>, Fault> {
        let mut listeners = Vec::new();
        let mut add = |name: String, host: Option<String>, passes| {
            listeners.push(Listener { name, host, passes });
        };
        if !self.ends {
            // Who may attach a route may do so for any host; which those are, the routes say.
            add("tls".to_owned(), None, true);
            return Ok(listeners);
        }
        let below = self.domain.map(|domain| format!("*.{domain}"));
        add("https".to_owned(), below, false);
        if let Some(domain) = self.domain.filter(|_| self.apex) {
            add("https-apex".to_owned(), Some(domain.to_string()), false);
        }
        // Of two listeners at one port the one for the single host takes it.
        for host in passed {
            add(format!("tls-{host}"), Some(host.to_string()), true);
        }
        let count = listeners.len();
        if count <= MOST_LISTENERS {
            return Ok(listeners);
        }
        let what = format!(
            "the Gateway would have {count} listeners, one for each host whose TLS is passed on, and takes at most {MOST_LISTENERS}"
        );
        let help = "give the instances with `topology: passthrough` a fleet and a Gateway of their own: one listener then takes all their hosts";
        Err(Fault::new(what).help(help))
    }
}

/// What the Gateway API cannot express, or Traefik does not read of it (`pkg/provider/kubernetes/gateway`, v3.7.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsayable {
    /// A load balancer ends the TLS of browsers.
    Topology(TopologyName),
    /// Where a browser is, told to an httpd to which TLS is passed on.
    Proxy,
    /// Which clients are let in.
    Clients,
    /// That a request is sent again.
    Retry,
    /// A certificate that is shown to the httpd.
    ClientAuth,
    /// How long is waited for the httpd, and how connections to it are kept.
    Transport,
    /// A CA that another program keeps in a Secret.
    Makers,
    /// A certificate for browsers of each instance.
    OwnCertificates,
    /// Entry points: the port of a listener stands for one.
    EntryPoints,
}

impl Unsayable {
    /// Explains what cannot be expressed, and what can.
    #[must_use]
    pub fn fault(self) -> Fault {
        let (what, help) = match self {
            Self::Topology(name) => {
                let what = format!("`{}` is not written for the Gateway API", name.as_str());
                let help = "use `direct`, `tcp-proxy` or `passthrough`, or the ingress `traefik`";
                return Fault::new(what).help(help);
            }
            Self::Proxy => (
                "the Gateway API cannot have the PROXY protocol sent to httpd, which would not learn where browsers are",
                "go without it: `proxyProtocol: false`, for one command `--proxy-protocol none`; or use the ingress `traefik`",
            ),
            Self::Clients => (
                "Traefik does not read of a Gateway that clients must show a certificate",
                "leave it out, have httpd ask for it with `topology: passthrough`, or use the ingress `traefik`",
            ),
            Self::Retry => (
                "Traefik does not read `retry` of an HTTPRoute",
                "leave it out, or use the ingress `traefik`",
            ),
            Self::ClientAuth => (
                "Traefik shows httpd no certificate by the Gateway API",
                "leave it out, or use the ingress `traefik`",
            ),
            Self::Transport => (
                "a BackendTLSPolicy says nothing of connections and times",
                "leave it out: Traefik's own limits apply; or use the ingress `traefik`",
            ),
            Self::Makers => (
                "a BackendTLSPolicy reads the CA from a ConfigMap, and cert-manager and stores keep it in a Secret",
                "use `secrets.mode` sops, sealed or plain, or the ingress `traefik`",
            ),
            Self::OwnCertificates => (
                "a certificate for each instance needs a listener for each of its hosts, and a Gateway takes 64",
                "use `names: wildcard`, or `topology: passthrough`",
            ),
            Self::EntryPoints => (
                "a listener of a Gateway belongs to the entry point that has its port",
                "leave out `entryPoints`, and name the port: `gateway: {port: 8443}`",
            ),
        };
        Fault::new(what).help(help)
    }
}

/// What is dropped silently where TLS to httpd is begun by a BackendTLSPolicy.
pub const LOSSES: [&str; 2] = [
    "the times of `serversTransport`: Traefik connects within 30s and keeps idle connections for 90s",
    "`disableHTTP2`: httpd is offered HTTP/2",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_of_the_gateway_api_are_those_from_1_4_to_1_7() {
        for text in ["1.4", "v1.5", "1.6.3", "1.7.0"] {
            assert!(ApiRelease::parse(text).is_ok(), "{text}");
        }
        for text in [
            "1.3", "1.8", "2.5", "1", "", "1.x", "1.6.", "1.6.1.2", "1.5-rc.1", "1.+6",
        ] {
            assert!(ApiRelease::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_gateway_takes_64_listeners_and_names_the_way_out_of_more() {
        let domain = DnsName::parse("example.org").unwrap();
        let hosts: Vec<DnsName> = (0..64)
            .map(|number| DnsName::parse(&format!("a{number}.example.org")).unwrap())
            .collect();
        let listening = Listening {
            domain: Some(&domain),
            apex: false,
            ends: true,
        };
        let listeners = listening.listeners(hosts[..63].iter()).unwrap();
        assert_eq!(listeners.len(), MOST_LISTENERS);
        let fault = listening.listeners(hosts.iter()).unwrap_err();
        assert!(fault.what.contains("65 listeners"), "{fault}");
        assert!(fault.help.is_some());
        let alone = Listening {
            ends: false,
            ..listening
        };
        assert_eq!(alone.listeners(hosts.iter()).unwrap().len(), 1);
    }
}
