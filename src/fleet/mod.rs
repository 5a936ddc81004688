//! The fleet file: which instances there are, and on which terms each stands.
//!
//! `kind: Fleet` names the domain, the Traefik release, how secrets are kept, and the instances with their
//! settings. There are two levels of settings and named profiles between them: `defaults`, then the profile that
//! an instance names, then the instance. Mappings merge, lists and single values replace. Strings of `namespace`,
//! `externalHost`, `aliases`, `servername` and `helmValues` take placeholders such as `{id}`.

mod arrival;
mod consumers;
mod csv;
mod dns;
mod document;
pub mod edit;
mod file;
mod front;
mod leaf;
mod levels;
mod members;
mod placeholder;
#[cfg(test)]
mod schema;
mod shards;
mod spec;
mod terms;

use crate::acme::{Challenge, Issuer, Turn};
use crate::dns::{Dns, Targets};
use crate::duration::TraefikDuration;
use crate::fault::{Fault, Place};
use crate::ingress::Ingress;
use crate::instance::{Extras, Instance};
use crate::makers::cert_manager::OwnCas;
use crate::makers::external_secrets::Store;
use crate::makers::{Makers, Side};
use crate::name::{DnsName, InstanceName, Namespace, ObjectName};
use crate::outside::traefik::{HttpdAddress, TraefikFiles};
use crate::path::arrival::Arrival;
use crate::path::expand::{Topology, TopologyName};
use crate::path::shared_gateway::{Listener, Listening};
use crate::path::shared_istio::{AnyGateway, IstioServers};
use crate::pki::KeyType;
use crate::pki::client_authorities::ClientAuthorities;
use crate::pki::issue::Organization;
use crate::release::Release;
use crate::values::{SecretKeyRef, Settings};
use crate::yaml::{At, Key, Node, Value};
use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::sync::Arc;

/// The JSON Schema (draft 2020-12) of the fleet file, as `docs/fleet.schema.json` has it.
pub const SCHEMA: &str = include_str!("../../docs/fleet.schema.json");

/// A file that was read.
#[derive(Debug, Clone)]
pub struct Source {
    /// The name by which faults call it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A fleet, checked as a whole.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// `metadata.name`.
    pub name: ObjectName,
    /// `spec.domain`: the domain whose names the wildcard certificate covers.
    pub domain: DnsName,
    /// `spec.traefik.version`.
    pub release: Release,
    /// `spec.ingress.gateway`: the gateway that the instances share, where their objects are attached to one.
    pub gateway: Option<AnyGateway>,
    /// `spec.ingress`: the Traefik that is told everything by files, if it is one.
    pub files: Option<Arc<TraefikFiles>>,
    /// `spec.traefik.chart`: the major version of Traefik's Helm chart.
    pub chart: u16,
    /// `spec.traefik.fastProxy`.
    pub fast_proxy: bool,
    /// `spec.topology` and `spec.loadBalancer`: how requests get to Traefik.
    pub arrival: Arrival,
    /// `spec.secrets`: who makes keys.
    pub keys: Keys,
    /// `spec.layout`.
    pub layout: Layout,
    /// `spec.shards`: into how many parts the instances are divided.
    pub shards: Option<NonZeroU16>,
    /// `spec.publicCertificate`, or `spec.wildcard`; nothing if it is nothing that is there once in the cluster.
    pub front: Option<FrontCertificate>,
    /// `spec.dns`: who is told of the instances' hosts; nothing if nobody is.
    pub dns: Option<Arc<Dns>>,
    /// Whether cert-manager answers a CA at port 80 through Ingresses, which Traefik has to serve.
    pub ingresses: bool,
    /// `spec.argocd`.
    pub argo_cd: Option<ArgoCd>,
    /// `spec.flux`.
    pub flux: Option<Flux>,
    /// What the files say that `clients` names, by their paths as written.
    clients: BTreeMap<String, Arc<ClientAuthorities>>,
    /// Names of `spec.profiles`, as written.
    pub profiles: Vec<String>,
    /// The instances, sorted bytewise by their id.
    pub members: Vec<Member>,
    /// Whether it is divided as a tree was, and not yet as `spec.shards` says.
    pub is_held: bool,
}

/// How the files of an instance lie in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A directory for each instance.
    Instance,
    /// All files in one directory.
    Flat,
}

/// Who makes the keys of a fleet.
#[derive(Debug, Clone)]
pub enum Keys {
    /// This program, which keeps them in the tree so.
    Here(Secrets),
    /// cert-manager, in the cluster.
    CertManager,
    /// Somebody else: they are fetched from a store.
    External(Arc<Store>),
    /// Both this program and cert-manager, while the instances move from one to the other.
    Both {
        /// How this program keeps its own in the tree.
        here: Secrets,
        /// Whose certificates are shown.
        shown: Side,
    },
}

impl Keys {
    /// Returns how this program keeps in the tree what it makes; nothing if it makes none.
    #[must_use]
    pub fn here(&self) -> Option<&Secrets> {
        match self {
            Self::Here(secrets) | Self::Both { here: secrets, .. } => Some(secrets),
            Self::CertManager | Self::External(_) => None,
        }
    }

    /// Returns who makes the keys of an instance, or of what browsers see, where cert-manager keeps CAs so.
    fn makers(&self, cas: impl FnOnce() -> OwnCas) -> Makers {
        match self {
            Self::Here(_) => Makers::Here,
            Self::CertManager => Makers::CertManager(cas()),
            Self::External(store) => Makers::ExternalSecrets(store.clone()),
            Self::Both { shown, .. } => Makers::Both {
                cas: cas(),
                shown: *shown,
            },
        }
    }
}

/// How secrets are kept in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secrets {
    /// In clear text.
    Plain,
    /// Encrypted value by value, as `sops` does.
    Sops {
        /// The recipients as written; none: those of `.sops.yaml` count.
        recipients: Vec<String>,
    },
    /// As `SealedSecret` objects, which the controller in the cluster opens and nobody else.
    Sealed {
        /// Path of the controller's certificate, relative to the fleet file.
        certificate: String,
        /// What the ciphertext is bound to.
        scope: SealingScope,
    },
}

pub use crate::seal::sealed::SealingScope;
pub use arrival::apart;
pub use shards::{Division, SHARD_LIMIT};

/// The certificate that browsers see.
#[derive(Debug, Clone)]
pub struct FrontCertificate {
    /// Namespace of its Secret and of the TLSStore, where it is one for all.
    pub namespace: Namespace,
    /// Where it comes from.
    pub source: CertificateSource,
    /// Which names it has.
    pub names: FrontNames,
    /// Whether what exists once in the cluster is to pass to another part, and a run before that marks its objects.
    pub is_moving: bool,
}

/// Where the certificate comes from that browsers see.
#[derive(Debug, Clone)]
pub enum CertificateSource {
    /// It is one of our own.
    Own {
        /// How this program makes it.
        terms: CertificateTerms,
        /// Who makes it.
        makers: Makers,
    },
    /// cert-manager asks a CA for it.
    Acme {
        /// The CAs that it is told of.
        issuers: Vec<Issuer>,
        /// The one that it asks.
        asked: ObjectName,
        /// Whether that CA asks at port 80.
        is_by_http: bool,
    },
    /// Somebody has it issued, and gives it to each run that is to take it.
    Given(GivenFiles),
}

/// Files with a certificate, by their paths from the fleet file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenFiles {
    /// The one with the certificate, and those above it.
    pub certificate: String,
    /// The one with its private key, if that is another one.
    pub key: Option<String>,
}

/// Which names the certificate has that browsers see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrontNames {
    /// All of one label below the domain; with `apex` the domain itself too.
    Wildcard {
        /// Whether it covers the domain.
        apex: bool,
    },
    /// Each instance has its own, for its hosts.
    Instances,
    /// Those that it was issued for: a run that takes it checks that all hosts are among them.
    Given,
}

impl FrontCertificate {
    /// Returns whether something is there once in the cluster: a certificate for all, or whom cert-manager asks.
    pub(super) fn is_in_cluster(&self) -> bool {
        let is_told =
            matches!(&self.source, CertificateSource::Acme { issuers, .. } if !issuers.is_empty());
        is_told || self.is_for_all()
    }

    /// Returns whether a wildcard certificate covers the domain itself too; nothing without such a certificate.
    fn apex(&self) -> Option<bool> {
        match self.names {
            FrontNames::Wildcard { apex } => Some(apex),
            FrontNames::Instances | FrontNames::Given => None,
        }
    }

    /// Returns whether it is one for all hosts below the domain.
    fn is_for_all(&self) -> bool {
        self.names != FrontNames::Instances
    }

    /// Returns whether cert-manager answers at port 80 through Ingresses. Of a `ClusterIssuer` that is there already nobody
    /// says whether it does so or through a Gateway: then Traefik serves Ingresses, too.
    pub(super) fn needs_ingresses(&self) -> bool {
        let CertificateSource::Acme {
            issuers,
            is_by_http,
            ..
        } = &self.source
        else {
            return false;
        };
        let mut challenges = issuers.iter().map(|issuer| &issuer.solver.challenge);
        *is_by_http && !challenges.any(|challenge| matches!(challenge, Challenge::Gateway { .. }))
    }
}

/// What an Argo CD `ApplicationSet` must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgoCd {
    /// The repository with the tree.
    pub repo_url: String,
    /// Branch, tag or commit.
    pub revision: String,
    /// Path of the tree in the repository.
    pub path: String,
    /// Argo CD's project.
    pub project: String,
    /// Namespace in which Argo CD runs.
    pub namespace: Namespace,
}

/// What a Flux Kustomization must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flux {
    /// Name of the source.
    pub source: ObjectName,
    /// `GitRepository`, `OCIRepository` or `Bucket`.
    pub source_kind: String,
    /// Path of the tree in the source.
    pub path: String,
    /// Namespace of the Kustomization and its source.
    pub namespace: Namespace,
    /// How often it is reconciled, a Go duration.
    pub interval: String,
    /// The Secret with the keys that open the `sops` files.
    pub decryption_secret: Option<ObjectName>,
}

/// One instance of the fleet.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its name in the fleet.
    pub id: InstanceName,
    /// Where it is written.
    pub place: Place,
    /// The namespace that holds its objects; no other member has it.
    pub namespace: Namespace,
    /// The host that browsers ask for, then its aliases; no other member has one of them.
    pub hosts: Vec<DnsName>,
    /// What the httpd calls itself; the host by default.
    pub server_name: Option<DnsName>,
    /// The part of the fleet that it is kept in, from 0; nothing if the fleet is not divided.
    pub shard: Option<u16>,
    /// Whether the fleet file says in which part.
    pub is_pinned: bool,
    /// Whether it is to pass to another part, and a run before that marks its objects.
    pub is_moving: bool,
    /// Where a Traefik outside of the cluster reaches its httpd, if the fleet file says so.
    pub httpd: Option<HttpdAddress>,
    /// When its turn comes to have its certificate asked for, where each instance has its own.
    pub turn: Turn,
    /// All else.
    pub terms: Arc<Terms>,
}

impl Member {
    /// Returns whether TLS is passed on to its httpd.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.terms.topology.name().is_passed()
    }
}

/// What does not depend on an instance's names. Members without settings of their own share it.
#[derive(Debug)]
pub struct Terms {
    /// Names, keys, timeouts. Hosts and server name are those of the [`Member`], not of the settings.
    pub settings: Arc<Settings>,
    /// Objects beyond the chart's four.
    pub extras: Extras,
    /// The way that requests take.
    pub topology: Topology,
    /// The Secret with the certificate that the httpd shows to browsers, wherever their TLS is passed on to it.
    shown: Option<ObjectName>,
    /// The file with the CA of the clients that are let in, as written.
    clients: Option<String>,
    /// How the certificates are made.
    pub certificate: CertificateTerms,
    /// `helmValues` as written; [`Fleet::helm_values`] merges them and puts a member's names in.
    values: HelmValues,
}

impl Terms {
    /// Returns the Secret with the certificate that the httpd shows to browsers, wherever their TLS is passed on to it: as
    /// the fleet file names it, or that for which cert-manager asks.
    #[must_use]
    pub fn shown(&self) -> Option<&ObjectName> {
        self.shown.as_ref()
    }

    /// Returns whether clients are asked for a certificate.
    #[must_use]
    pub fn asks_clients(&self) -> bool {
        self.clients.is_some()
    }
}

/// `helmValues` in two layers: ten thousand instances that change one value each share all the others.
#[derive(Debug, Clone, Default)]
struct HelmValues {
    /// Those of `defaults` and the profile, merged.
    shared: Option<Arc<Node>>,
    /// Those of the instance.
    own: Option<Node>,
}

/// How certificates are made and kept.
#[derive(Debug, Clone)]
pub struct CertificateTerms {
    /// What becomes of the CA's key.
    pub ca: CaCustody,
    /// Kind of the keys.
    pub key: KeyType,
    /// Life of the leaf in days.
    pub days: u32,
    /// Life of the CA in days; without it an ephemeral CA ends with its leaf, and others after 3650 days.
    pub ca_days: Option<u32>,
    /// How many days before its end a leaf is due; without it the rule of [`crate::pki::validity::Validity::due_at`].
    pub renew_before_days: Option<u32>,
    /// How many days the previous CA stays in the trust bundle; without it until its leaf has ended.
    pub overlap_days: Option<u32>,
    /// Organization in the subjects.
    pub organization: Organization,
}

/// What becomes of a CA's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaCustody {
    /// It signs once and is forgotten; a renewal makes a new CA.
    Ephemeral,
    /// It is kept beside the leaf's key.
    Stored,
    /// It is given at every run, and never kept.
    External,
}

/// Reads a fleet file and the files that it includes.
///
/// `include` gives the files that a glob pattern matches, sorted bytewise. No file is a fault.
///
/// # Errors
/// All faults of all files, each with its place and the line of it.
pub fn read(
    main: &Source,
    include: &mut dyn FnMut(&str) -> Result<Vec<Source>, Fault>,
) -> Result<Fleet, Vec<Fault>> {
    file::read(main, include)
}

/// Reads a table of instances: the name of each, and its settings as the fleet file has them.
///
/// # Errors
/// All faults of the table, each with its place and the line of it.
pub fn table(source: &Source) -> Result<Vec<(String, Node)>, Vec<Fault>> {
    file::table(source)
}

impl Fleet {
    /// Returns what is worth a warning though it can be had.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.alias_at_top().into_iter().collect()
    }

    /// Warns of a CNAME record where a zone may begin.
    fn alias_at_top(&self) -> Option<String> {
        let dns = self.dns.as_ref()?;
        let mut hosts = self.members.iter().flat_map(|member| &member.hosts);
        let is_alias = matches!(dns.targets, Targets::Name(_));
        let top = hosts.find(|host| is_alias && **host == self.domain)?;
        Some(format!(
            "`{top}` is to lead to another name, which no name server takes at the top of a zone (RFC 1912 section 2.4); where it is one, name addresses in `dns.targets`"
        ))
    }

    /// Returns whether there is one certificate for all hosts below the domain.
    #[must_use]
    pub fn has_wildcard(&self) -> bool {
        self.front
            .as_ref()
            .is_some_and(FrontCertificate::is_for_all)
    }

    /// Returns where the certificate is that browsers see, if somebody gives it.
    #[must_use]
    pub fn given_files(&self) -> Option<&GivenFiles> {
        match &self.front.as_ref()?.source {
            CertificateSource::Given(files) => Some(files),
            CertificateSource::Own { .. } | CertificateSource::Acme { .. } => None,
        }
    }

    /// Divides the instances into `spec.shards` parts, as the tree has them divided where that can be.
    pub fn divide(&mut self, found: &Division) {
        if let Some(shards) = self.shards {
            shards::assign(self.name.as_str(), &mut self.members, shards.get(), found);
        }
    }

    /// Returns what is before the instances.
    #[must_use]
    pub fn ingress(&self) -> Ingress {
        match (&self.gateway, &self.files) {
            (Some(AnyGateway::Api(gateway)), _) => Ingress::GatewayApi(gateway.clone()),
            (Some(AnyGateway::Istio(gateway)), _) => Ingress::Istio(gateway.clone()),
            (None, Some(files)) => Ingress::TraefikFile(files.clone()),
            (None, None) => Ingress::Traefik(self.release),
        }
    }

    /// Returns the listeners of the Gateway that the instances share.
    ///
    /// # Errors
    /// More than a Gateway takes; none in a fleet that [`read()`] gave.
    pub fn listeners(&self) -> Result<Vec<Listener>, Fault> {
        self.listening().listeners(self.passed_hosts())
    }

    /// Returns the servers of the Gateway of Istio that the instances share.
    #[must_use]
    pub fn istio_servers(&self) -> IstioServers {
        self.listening().istio_servers(self.passed_hosts())
    }

    fn listening(&self) -> Listening<'_> {
        let names = self.front.as_ref().map(|front| front.names);
        Listening {
            domain: Some(&self.domain).filter(|_| names != Some(FrontNames::Given)),
            apex: self.front.as_ref().and_then(FrontCertificate::apex) == Some(true),
            ends: !self.members.iter().all(Member::is_passed) || self.members.is_empty(),
        }
    }

    fn passed_hosts(&self) -> impl Iterator<Item = &DnsName> {
        let passed = self.members.iter().filter(|member| member.is_passed());
        passed.flat_map(|member| &member.hosts)
    }

    /// Returns the way that requests take to a member.
    #[must_use]
    pub fn topology(&self, member: &Member) -> Topology {
        member.terms.topology
    }

    /// Returns what is rendered for a member.
    ///
    /// # Errors
    /// As [`Instance::new`]; none for a member of a fleet that [`read()`] gave.
    pub fn instance(&self, member: &Member) -> Result<Instance, Vec<Fault>> {
        self.with(member, member.terms.extras.clone())
    }

    /// Returns what would be rendered for a member to which requests come so; `certificate` is shown to browsers in place of
    /// that of the fleet file.
    ///
    /// # Errors
    /// As [`Instance::new`].
    pub fn instance_in(
        &self,
        member: &Member,
        topology: TopologyName,
        arrival: &Arrival,
        certificate: Option<&ObjectName>,
    ) -> Result<Instance, Vec<Fault>> {
        let terms = &member.terms;
        let shown = certificate.or(terms.shown());
        let shown = shown.filter(|_| topology == TopologyName::Passthrough);
        let mut extras = Extras {
            forwarding: arrival.ending().to_vec(),
            public_certificate: shown.cloned(),
            ..terms.extras.clone()
        };
        if let (Some(asked), Some(secret)) = (&mut extras.asked, certificate) {
            asked.secret = secret.clone();
        }
        self.with(member, extras)
    }

    /// Returns whether a CA asks at port 80 before it issues the certificate that browsers see.
    fn asks_by_http(&self) -> bool {
        let by_http = self
            .members
            .iter()
            .filter_map(|member| member.terms.extras.asked.as_ref());
        self.ingresses || by_http.into_iter().any(|asked| asked.answers_here)
    }

    /// Returns whether cert-manager asks for the certificate that browsers see.
    #[must_use]
    pub fn asks(&self) -> bool {
        let is_asked =
            |front: &FrontCertificate| matches!(front.source, CertificateSource::Acme { .. });
        let mut members = self.members.iter();
        self.front.as_ref().is_some_and(is_asked)
            || members.any(|member| member.terms.extras.asked.is_some())
    }

    fn with(&self, member: &Member, mut extras: Extras) -> Result<Instance, Vec<Fault>> {
        let settings = Settings {
            server_name: member.server_name.clone(),
            ..Settings::clone(&member.terms.settings)
        };
        let (host, aliases) = match member.hosts.split_first() {
            Some((host, aliases)) => (Some(host.clone()), aliases.to_vec()),
            None => (None, Vec::new()),
        };
        extras.httpd.clone_from(&member.httpd);
        let clients = member.terms.clients.as_ref();
        extras.clients = clients.and_then(|file| self.clients.get(file)).cloned();
        if let Some(asked) = &mut extras.asked {
            match &member.turn {
                Turn::Asked(since) => asked.since = *since,
                Turn::Waits(issuer) => asked.issuer = issuer.clone(),
            }
        }
        Instance::new(member.namespace.clone(), host, aliases, settings, extras)
    }

    /// Returns the values that a member's chart is to get, if it is to get any: `helmValues` with its names in place of the
    /// placeholders, and what the fleet file says outside `helmValues` under the names that the chart has for it
    /// (fr.uepalparoisse.helm 0.1.1, values.yaml).
    #[must_use]
    pub fn helm_values(&self, member: &Member) -> Option<Node> {
        let HelmValues { shared, own } = &member.terms.values;
        let extras = &member.terms.extras;
        let is_shown_elsewhere =
            extras.public_certificate.is_some() || extras.makers.asked().is_some();
        let empty = || Node {
            value: Value::Map(Vec::new()),
            at: At::default(),
        };
        let values = terms::merged(shared.as_deref(), own.as_ref());
        let mut values = values.or_else(|| is_shown_elsewhere.then(empty))?;
        let host = member.hosts.first().map_or("", DnsName::as_str);
        let names = [
            member.id.as_str(),
            self.domain.as_str(),
            member.namespace.as_str(),
            host,
        ];
        placeholder::expand_tree(&mut values, placeholder::PlaceholderNames(names));
        let mut all = Node {
            value: Value::Map(said_elsewhere(member, host)),
            at: values.at,
        };
        document::merge(&mut all, &values);
        Some(all)
    }
}

/// Returns the chart's values that keys of the fleet file stand for.
fn said_elsewhere(member: &Member, host: &str) -> Vec<(Key, Node)> {
    let entry = |key: &str, value: Value| {
        let at = At::default();
        let text = key.into();
        (Key { text, at }, Node { value, at })
    };
    let text = |key: &str, text: &str| entry(key, Value::Text(text.to_owned()));
    let server_name = member.server_name.as_ref().map_or(host, DnsName::as_str);
    let mut entries = vec![text("externalhost", host), text("servername", server_name)];
    let transport = &member.terms.settings.transport;
    if *transport != Settings::default().transport {
        let duration = |key: &str, time: &TraefikDuration| text(key, &time.to_string());
        let settings = vec![
            entry(
                "maxIdleConnsPerHost",
                Value::Int(transport.max_idle_conns_per_host),
            ),
            duration("dialTimeout", &transport.dial_timeout),
            duration("responseHeaderTimeout", &transport.response_header_timeout),
            duration("readIdleTimeout", &transport.read_idle_timeout),
            duration("idleConnTimeout", &transport.idle_conn_timeout),
        ];
        entries.push(entry("serverstransport", Value::Map(settings)));
    }
    let Terms {
        settings, extras, ..
    } = &*member.terms;
    let shown = extras.shown(settings);
    let place = |name: &str, place: &SecretKeyRef| {
        [
            text(&format!("{name}Secret"), place.secret.as_str()),
            text(&format!("{name}Field"), place.key.as_str()),
        ]
    };
    if extras.public_certificate.is_some() || extras.makers.asked().is_some() {
        let served = [
            place("serverCert", &shown.server_cert),
            place("serverKey", &shown.server_key),
        ];
        entries.push(entry("httpd", Value::Map(served.concat())));
    }
    if extras.makers.asked().is_some() {
        let served = [
            place("dbserverCert", &shown.db_server_cert),
            place("dbserverKey", &shown.db_server_key),
            place("dbcaCert", &shown.db_ca_cert),
            place("dbrouterCa", &shown.db_router_ca),
        ];
        entries.push(entry("db", Value::Map(served.concat())));
    }
    entries
}
