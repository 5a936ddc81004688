//! The gateway of Istio that the instances share, and what its own objects are not written for.

use super::expand::{Topology, TopologyName};
use super::hop::{Place, ProxyVersion};
use super::shared_gateway::{Listening, SharedGateway, Unsayable};
use crate::civiparoisse::WILDCARD_SECRET;
use crate::cluster::scope::Scope;
use crate::fault::Fault;
use crate::instance::Instance;
use crate::name::{DnsName, Label, Namespace, ObjectName};
use crate::values::Settings;
use std::fmt;
use std::sync::Arc;

/// The annotation of a gateway's pods that configures their proxy (`annotation/annotations.pb.go` in `istio.io/api`).
pub const POD_CONFIG: &str = "proxy.istio.io/config";
/// What it must say for the PROXY protocol to be taken.
pub const PROXY_CONFIG: &str = "{gatewayTopology: {proxyProtocol: {}}}";
/// What follows the name of the Gateway in that of the Gateway for port 80.
const PLAIN: &str = "plain";
/// What follows the name of a VirtualService in that of the one for port 80.
const REDIRECT: &str = "redirect";
/// The longest name to which a namespace and a dot can be added.
const LONGEST: usize = 253 - 64;

/// The gateway that the instances share, where their objects are attached to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnyGateway {
    /// A Gateway of the Gateway API.
    Api(Arc<SharedGateway>),
    /// A Gateway of Istio.
    Istio(Arc<SharedIstio>),
}

impl AnyGateway {
    /// Returns its namespace, with the Secret of the certificate that browsers see.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        match self {
            Self::Api(gateway) => &gateway.namespace,
            Self::Istio(gateway) => &gateway.namespace,
        }
    }

    /// Returns where it is.
    #[must_use]
    pub fn place(&self) -> Place {
        match self {
            Self::Api(gateway) => gateway.place(),
            Self::Istio(gateway) => gateway.place(),
        }
    }

    /// Returns where the certificate is that browsers see.
    #[must_use]
    pub fn certificate(&self) -> Place {
        match self {
            Self::Api(gateway) => gateway.certificate(),
            Self::Istio(gateway) => gateway.beside(WILDCARD_SECRET),
        }
    }

    /// Refuses a topology for which its objects cannot be written.
    ///
    /// # Errors
    /// Why they cannot.
    pub fn check_topology(&self, topology: Topology) -> Result<(), Fault> {
        match self {
            Self::Api(gateway) => gateway.check_topology(topology),
            Self::Istio(_) => SharedIstio::check_topology(topology),
        }
    }

    /// Returns why something cannot be had of its objects, if it cannot.
    #[must_use]
    pub fn refusal(&self, unsayable: Unsayable) -> Option<Fault> {
        match self {
            Self::Api(_) => Some(unsayable.fault()),
            Self::Istio(_) => unsayable.of_istio(),
        }
    }

    /// Returns why something cannot be had of its objects in a tree of files, if it cannot.
    ///
    /// The pair that a gateway of Istio shows must be in the namespace of its pods too, and what keeps keys in a tree, locks and
    /// carries them over knows one place for each.
    #[must_use]
    pub fn fleet_refusal(&self, unsayable: Unsayable) -> Option<Fault> {
        match (self, unsayable) {
            (Self::Istio(_), Unsayable::ClientAuth) => {
                let what = "a fleet keeps the key of a client certificate in the namespace of its instance, and a gateway of Istio reads it in that of its pods";
                let help = "leave it out, render the instance by `civi-ingress new-instance`, or use the ingress `traefik`";
                Some(Fault::new(what).help(help))
            }
            _ => self.refusal(unsayable),
        }
    }

    /// Returns what is dropped silently where TLS to httpd begins there.
    #[must_use]
    pub fn losses(&self) -> &'static [&'static str] {
        match self {
            Self::Api(_) => &super::shared_gateway::LOSSES,
            Self::Istio(_) => &LOSSES,
        }
    }
}

/// A release of Istio, by the minor number of 1.x.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct IstioRelease(u8);

impl Default for IstioRelease {
    /// That which was tried.
    fn default() -> Self {
        Self(31)
    }
}

impl IstioRelease {
    /// The oldest: it serves `networking.istio.io/v1`, and its DestinationRule sends the PROXY protocol (`istio.io/api` 1.22.0).
    const OLDEST: Self = Self(22);
    /// The newest.
    const NEWEST: Self = Self(32);

    /// Parses `1.31` or `1.31.2`.
    ///
    /// # Errors
    /// What is not a release, and those that this program does not know.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let shown = text.escape_debug();
        let is_number = |part: &str| {
            (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        let rest = text.strip_prefix('v').unwrap_or(text).strip_prefix("1.");
        let (minor, patch) = rest.map_or(("", None), |rest| match rest.split_once('.') {
            Some((minor, patch)) => (minor, Some(patch)),
            None => (rest, None),
        });
        let mut known = (Self::OLDEST.0..=Self::NEWEST.0).map(Self);
        let found = known.find(|release| release.0.to_string() == minor);
        let found = found.filter(|_| patch.is_none_or(is_number));
        found.ok_or_else(|| {
            let fault = Fault::new(format!("`{shown}` is not a release of Istio"));
            fault.help(format!(
                "use one from {} to {}, for example `{}`",
                Self::OLDEST,
                Self::NEWEST,
                Self::default()
            ))
        })
    }
}

impl fmt::Display for IstioRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.0)
    }
}

/// The Gateway of Istio to which the VirtualServices of all instances are bound, and the pods that serve it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedIstio {
    /// The release of Istio.
    pub release: IstioRelease,
    /// Its namespace and that of its pods, with the Secrets that they read: of the certificate that browsers see, and
    /// of the CA of each instance.
    pub namespace: Namespace,
    /// Its name.
    pub name: ObjectName,
    /// Labels of its pods.
    pub selector: Vec<Label>,
}

impl SharedIstio {
    /// Returns the one that is meant by default: that of the chart `istio/gateway`, installed as `istio-ingressgateway` in
    /// `istio-ingress`.
    ///
    /// # Panics
    /// Never: the names are valid.
    #[must_use]
    pub fn usual(release: IstioRelease) -> Self {
        Self {
            release,
            namespace: Namespace::parse("istio-ingress").expect("the name is valid"),
            name: ObjectName::parse("web").expect("the name is valid"),
            selector: vec![Label::parse("istio=ingressgateway").expect("the label is valid")],
        }
    }

    /// Refuses a topology for which its objects are not written.
    ///
    /// # Errors
    /// Why they are not.
    pub fn check_topology(topology: Topology) -> Result<(), Fault> {
        match topology {
            Topology::Direct | Topology::TcpProxy | Topology::Passthrough { .. } => Ok(()),
            Topology::Offload | Topology::Inspect { .. } | Topology::InspectTwice => {
                Err(not_written(topology.name()))
            }
        }
    }

    /// Returns where it is.
    #[must_use]
    pub fn place(&self) -> Place {
        self.beside(self.name.as_str())
    }

    /// Refuses names that are too long for what is made of them: 253 characters are a name of Kubernetes.
    ///
    /// # Errors
    /// Which one is.
    pub fn check_names(settings: &Settings) -> Result<(), Fault> {
        let names = &settings.names;
        let made = [
            (&settings.trust_bundle.secret, "a namespace"),
            (&names.ingress_route, REDIRECT),
        ];
        match made.iter().find(|(name, _)| name.as_str().len() > LONGEST) {
            None => Ok(()),
            Some((name, added)) => {
                let what = format!("with {added} the name `{name}` is too long");
                Err(Fault::new(what).help(format!("use at most {LONGEST} characters")))
            }
        }
    }

    /// Refuses a name of a Gateway that is too long for what is made of it.
    ///
    /// # Errors
    /// That it is.
    pub fn check_name(name: &ObjectName) -> Result<(), Fault> {
        if name.as_str().len() <= LONGEST {
            return Ok(());
        }
        let what = format!("with `-{PLAIN}` the name `{name}` is too long");
        Err(Fault::new(what).help(format!("use at most {LONGEST} characters")))
    }

    /// Returns the name of the VirtualService that sends browsers from port 80 to https.
    ///
    /// # Panics
    /// Where [`Self::check_names`] refuses the names.
    #[must_use]
    pub fn redirect(instance: &Instance) -> ObjectName {
        let name = format!("{}-{REDIRECT}", instance.settings.names.ingress_route);
        ObjectName::parse(&name).expect("the length was checked")
    }

    /// Returns the name of the Gateway for port 80: apart, so that what is bound to the other one is not served without TLS.
    ///
    /// # Panics
    /// Where [`Self::check_name`] refuses the name.
    #[must_use]
    pub fn plain(&self) -> ObjectName {
        let name = format!("{}-{PLAIN}", self.name);
        ObjectName::parse(&name).expect("the length was checked")
    }

    /// Returns the Secret with the CA of an instance, and the pair that its httpd asks for, where the gateway's pods read it. A
    /// namespace has no dot: two instances cannot have the same.
    #[must_use]
    pub fn secret(&self, instance: &Instance) -> Place {
        let namespace = &instance.namespace;
        self.beside(&format!(
            "{namespace}.{}",
            instance.settings.trust_bundle.secret
        ))
    }

    fn beside(&self, name: &str) -> Place {
        Place {
            scope: Scope::Namespace(self.namespace.to_string()),
            name: name.to_owned(),
        }
    }
}

/// For which hosts the Gateway of Istio has servers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IstioServers {
    /// The hosts whose TLS ends here, an asterisk standing for any labels.
    pub ended: Vec<String>,
    /// Those whose TLS is passed on.
    pub passed: Vec<String>,
}

impl Listening<'_> {
    /// Returns the servers of a Gateway of Istio; `passed` are the hosts whose TLS is passed on.
    pub fn istio_servers<'h>(&self, passed: impl Iterator<Item = &'h DnsName>) -> IstioServers {
        if !self.ends {
            // Which hosts those are, the VirtualServices say.
            return IstioServers {
                ended: Vec::new(),
                passed: vec!["*".to_owned()],
            };
        }
        let below = self.domain.map(|domain| format!("*.{domain}"));
        let mut ended = vec![below.unwrap_or_else(|| "*".to_owned())];
        let apex = self.domain.filter(|_| self.apex);
        ended.extend(apex.map(ToString::to_string));
        IstioServers {
            ended,
            passed: passed.map(ToString::to_string).collect(),
        }
    }
}

impl IstioServers {
    /// Returns all hosts.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.ended.iter().chain(&self.passed).map(String::as_str)
    }
}

fn not_written(name: TopologyName) -> Fault {
    let what = format!(
        "`{}` is not written for the objects of Istio",
        name.as_str()
    );
    Fault::new(what).help("use `direct`, `tcp-proxy` or `passthrough`, or the ingress `traefik`")
}

impl Unsayable {
    /// Explains why it cannot be had of Istio's own objects, if it cannot, and what can.
    fn of_istio(self) -> Option<Fault> {
        let (what, help) = match self {
            Self::Topology(name) => return Some(not_written(name)),
            Self::Proxy | Self::Retry | Self::ClientAuth | Self::Transport => return None,
            Self::Clients => (
                "that clients must show a certificate to the gateway is not written for the objects of Istio",
                "leave it out, or have httpd ask for it with `topology: passthrough`",
            ),
            Self::Makers => (
                "a gateway of Istio reads the CA in the namespace of its pods, and cert-manager and stores keep it in that of the instance",
                "use `secrets.mode` sops, sealed or plain, or the ingress `traefik`",
            ),
            Self::OwnCertificates => (
                "a gateway of Istio reads certificates in the namespace of its pods, not in that of an instance",
                "use `names: wildcard`, or `topology: passthrough`",
            ),
            Self::EntryPoints => (
                "a gateway of Istio has no entry points",
                "leave out `entryPoints`",
            ),
        };
        Some(Fault::new(what).help(help))
    }
}

/// What is dropped silently where TLS to httpd is begun by a DestinationRule.
pub const LOSSES: [&str; 1] = [
    "`responseHeaderTimeout` and `readIdleTimeout`: Envoy waits for the header of an answer without a limit, and pings nothing",
];

/// The version of the PROXY protocol as a DestinationRule says it.
#[must_use]
pub fn shown_version(version: ProxyVersion) -> &'static str {
    match version {
        ProxyVersion::V1 => "V1",
        ProxyVersion::V2 => "V2",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_of_istio_are_those_from_1_22_to_1_32() {
        for text in ["1.22", "v1.31", "1.31.2", "1.32.0"] {
            assert!(IstioRelease::parse(text).is_ok(), "{text}");
        }
        for text in [
            "1.21",
            "1.33",
            "2.31",
            "1",
            "",
            "1.x",
            "1.31.",
            "1.31.1.2",
            "1.31-rc.1",
            "1.+31",
        ] {
            assert!(IstioRelease::parse(text).is_err(), "{text}");
        }
    }
}
