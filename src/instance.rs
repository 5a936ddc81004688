//! An instance: what is needed to reach it, checked as a whole.

use crate::cidr::Cidr;
use crate::civiparoisse::{DATABASE_CA_SECRET, DATABASE_TLS_SECRET, HTTPD_TLS_SECRET};
use crate::dns::Dns;
use crate::fault::{Fault, Faults, Place};
use crate::makers::Makers;
use crate::makers::cert_manager::OwnCas;
use crate::name::{DataKey, DnsName, Label, Namespace, ObjectName};
use crate::outside::traefik::HttpdAddress;
use crate::pki::client_authorities::ClientAuthorities;
use crate::values::{SecretKeyRef, Settings};
use std::collections::BTreeMap;
use std::sync::Arc;
use time::OffsetDateTime;

/// One Civiparoisse instance.
#[derive(Debug, Clone)]
pub struct Instance {
    /// The namespace that holds its objects.
    pub namespace: Namespace,
    /// The host that browsers ask for, then its aliases; no two are equal.
    pub hosts: Vec<DnsName>,
    /// The names that the database is reached by inside the cluster.
    ///
    /// The chart's certificate has none, which Go, rustls, Python, Chrome and Firefox refuse.
    pub db_hosts: Vec<DnsName>,
    /// Names, keys, timeouts.
    pub settings: Settings,
    /// Objects beyond the chart's four.
    pub extras: Extras,
}

/// Objects and metadata beyond the four that every instance has.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an object that is rendered or not"
)]
pub struct Extras {
    /// The Helm release that is to adopt the chart's objects.
    pub helm_release: Option<ObjectName>,
    /// Whether the Namespace is rendered too.
    pub namespace: bool,
    /// Whether the httpd's ConfigMap is rendered too.
    pub config_map: bool,
    /// How often the retry Middleware tries, the first time included.
    pub retry_attempts: Option<u32>,
    /// `max-age` of Strict-Transport-Security in seconds.
    pub hsts_seconds: Option<u32>,
    /// Who may reach the httpd.
    pub http_from: Option<TraefikSource>,
    /// Whether the httpd asks Traefik for a certificate of its own.
    pub client_auth: bool,
    /// Whether all else in the namespace is closed to other namespaces.
    pub default_deny: bool,
    /// What the pods may reach outside their namespace, if not everything.
    pub egress: Option<Egress>,
    /// The `kubernetes.io/tls` Secret, made by others, of the certificate that the httpd shows to browsers where their TLS
    /// is passed on to it; without one, the httpd shows a leaf of the instance's own CA.
    pub public_certificate: Option<ObjectName>,
    /// The certificate for browsers that cert-manager is asked for, for the hosts of this instance alone.
    pub asked: Option<Asked>,
    /// Who is told of the hosts, and where they lead.
    pub dns: Option<Arc<Dns>>,
    /// Where the connections of a load balancer come from that ends TLS before the ingress.
    pub forwarding: Vec<Cidr>,
    /// Where the connections of the ingress to the httpd come from, if the httpd is to take the addresses of browsers from
    /// its `X-Forwarded-For`.
    pub remote_ip: Vec<Cidr>,
    /// The CAs of the certificates that clients must show to whatever ends their TLS in the cluster, if they must.
    pub clients: Option<Arc<ClientAuthorities>>,
    /// Who makes the keys and certificates.
    pub makers: Makers,
    /// Where a Traefik outside of the cluster reaches the httpd, if not at the usual place.
    pub httpd: Option<HttpdAddress>,
}

impl Extras {
    /// Returns the Secret with the certificate that browsers see, where no other instance has it.
    #[must_use]
    pub fn own_front(&self) -> Option<&ObjectName> {
        let asked = self.asked.as_ref().map(|asked| &asked.secret);
        asked.or(self.public_certificate.as_ref())
    }
}

/// A certificate that cert-manager is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The `ClusterIssuer`.
    pub issuer: ObjectName,
    /// Its Secret in the namespace of the instance.
    pub secret: ObjectName,
    /// Whether a pod in that namespace answers the CA.
    pub answers_here: bool,
    /// Since when, where the CA issues only so many.
    pub since: Option<OffsetDateTime>,
}

/// What the pods of an instance may reach outside their namespace, beside DNS in `kube-system` and on the node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Egress {
    /// Further DNS servers.
    pub dns: Vec<Cidr>,
    /// Mail servers.
    pub mail: Vec<Cidr>,
    /// Servers at port 443.
    pub https: Vec<Cidr>,
}

/// What an ingress does only with requests that it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opened {
    /// It tries again.
    Retry,
    /// It adds Strict-Transport-Security.
    Hsts,
    /// It shows a certificate of its own to the httpd.
    ClientAuth,
    /// It says in `X-Forwarded-For` where a browser is.
    RemoteIp,
    /// It keeps connections to the httpd and waits for answers in its own way.
    Transport,
}

impl Opened {
    /// Explains why it cannot be had where TLS is passed on unopened, and what can.
    #[must_use]
    pub fn fault(self) -> Fault {
        let (what, help) = match self {
            Self::Retry => (
                "send a request again",
                "leave it out: of TLS that is passed on a connection fails as a whole, and browsers try again",
            ),
            Self::Hsts => (
                "add Strict-Transport-Security",
                "leave it out, and set the header in httpd: `Header always set Strict-Transport-Security`",
            ),
            Self::ClientAuth => (
                "show a certificate of its own to the httpd",
                "leave it out, or use a topology in which Traefik ends TLS",
            ),
            Self::RemoteIp => (
                "write X-Forwarded-For",
                "leave it out: httpd learns where browsers are by the PROXY protocol",
            ),
            Self::Transport => (
                "choose how http is spoken to the httpd",
                "leave it out: only `dialTimeout` counts here; settings of other instances belong in a profile of theirs",
            ),
        };
        Fault::new(format!(
            "Traefik cannot {what}: it passes TLS on to httpd, unopened"
        ))
        .help(help)
    }
}

/// Where Traefik's connections come from, as a NetworkPolicy names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TraefikSource {
    /// Pods with an address of their own.
    Pods {
        /// Their namespace.
        namespace: Namespace,
        /// Their labels.
        labels: Vec<Label>,
    },
    /// Pods on the host's network: no selector matches them, only the nodes' addresses do
    /// (Kubernetes, concepts/services-networking/network-policies, on hostNetwork pods).
    Nodes(Vec<Cidr>),
}

impl TraefikSource {
    /// Selects pods by their labels; without any, by the label that the Traefik chart gives them
    /// (`app.kubernetes.io/name`, templates/_helpers.tpl).
    #[must_use]
    pub fn pods(namespace: Namespace, mut labels: Vec<Label>) -> Self {
        if labels.is_empty() {
            labels.extend(Label::parse("app.kubernetes.io/name=traefik"));
        }
        Self::Pods { namespace, labels }
    }

    /// Names the nodes whose network Traefik's pods use.
    ///
    /// # Errors
    /// No range at all.
    pub fn nodes(cidrs: Vec<Cidr>) -> Result<Self, Fault> {
        if cidrs.is_empty() {
            return Err(
                Fault::new("a NetworkPolicy cannot select pods on the nodes' network")
                    .help("name the nodes' addresses with `--traefik-cidr`"),
            );
        }
        Ok(Self::Nodes(cidrs))
    }
}

/// A PEM text of an instance, or of the cluster. The first eight are in the chart's `selfcert`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Credential {
    /// The instance CA's certificate.
    CaCert,
    /// The instance CA's key.
    CaKey,
    /// The certificate that the httpd serves.
    ServerCert,
    /// Its key.
    ServerKey,
    /// The database CA's certificate, and those before and after it while that matters.
    DbCaCert,
    /// The database CA's key.
    DbCaKey,
    /// The certificate that the database serves.
    DbServerCert,
    /// Its key.
    DbServerKey,
    /// What the ingress trusts: the instance CA, and those before and after it while that matters.
    TrustBundle,
    /// What an httpd that asks for a client certificate trusts, likewise.
    ClientTrustBundle,
    /// The client CA's key.
    ClientCaKey,
    /// The ingress's own certificate.
    ClientCert,
    /// Its key.
    ClientKey,
    /// The certificate of the CA that browsers trust.
    PublicCa,
    /// Its key.
    PublicCaKey,
    /// The wildcard certificate.
    PublicCert,
    /// Its key.
    PublicKey,
}

impl Credential {
    /// Returns whether it is a private key.
    #[must_use]
    pub fn is_private(self) -> bool {
        matches!(
            self,
            Self::CaKey
                | Self::ServerKey
                | Self::DbCaKey
                | Self::DbServerKey
                | Self::ClientCaKey
                | Self::ClientKey
                | Self::PublicCaKey
                | Self::PublicKey
        )
    }

    /// Returns whether it is the private key of a CA.
    #[must_use]
    pub fn is_ca_key(self) -> bool {
        matches!(
            self,
            Self::CaKey | Self::DbCaKey | Self::ClientCaKey | Self::PublicCaKey
        )
    }

    /// Returns whether it belongs to the chain that the httpd serves.
    fn is_of_httpd(self) -> bool {
        matches!(
            self,
            Self::CaCert | Self::CaKey | Self::ServerCert | Self::ServerKey | Self::TrustBundle
        )
    }
}

/// Data keys of a client CA's Secret and of a `kubernetes.io/tls` Secret.
const CLIENT_KEYS: [(Credential, &str); 4] = [
    (Credential::ClientTrustBundle, "ca.crt"),
    (Credential::ClientCaKey, "ca.key"),
    (Credential::ClientCert, "tls.crt"),
    (Credential::ClientKey, "tls.key"),
];

impl Instance {
    /// Puts an instance together from its parts.
    ///
    /// `hosts` are the host and the aliases of the command line, in order; if there is none, the host of
    /// the values counts.
    ///
    /// # Errors
    /// No host at all, a host given twice, two credentials in one place, a Secret name used twice, a Service of the
    /// database that makes no DNS name, a public certificate beside another one or behind a port of plain http.
    pub fn new(
        namespace: Namespace,
        host: Option<DnsName>,
        aliases: Vec<DnsName>,
        mut settings: Settings,
        extras: Extras,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let mut hosts: Vec<DnsName> = Vec::new();
        match host.or_else(|| settings.external_host.clone()) {
            Some(host) => hosts.push(host),
            None => faults.push(
                Fault::new("the instance has no host")
                    .help("pass `--host a.example.org`, or `externalhost` in a values file"),
            ),
        }
        for alias in aliases {
            if hosts.contains(&alias) {
                let fault = Fault::new(format!("the host `{alias}` is given twice"));
                faults.push(
                    fault
                        .help("list it once")
                        .at(Place::Argument("--alias".to_owned())),
                );
            } else {
                hosts.push(alias);
            }
        }
        for fault in placement_faults(&settings) {
            faults.push(fault);
        }
        if extras.client_auth {
            faults.keep(client_secrets(&settings));
        }
        if let Some(secret) = &extras.public_certificate {
            for fault in show_publicly(secret, &mut settings) {
                faults.push(fault);
            }
        }
        if let Some(cas) = extras.makers.asked() {
            for fault in asked_faults(cas, &settings, &extras) {
                faults.push(fault);
            }
        }
        let db_hosts = faults.keep(db_hosts(&settings.names.db_service, &namespace));
        faults.finish(db_hosts.map(|db_hosts| Self {
            namespace,
            hosts,
            db_hosts,
            settings,
            extras,
        }))
    }

    /// Returns the host that browsers ask for.
    ///
    /// # Panics
    /// Never: [`Instance::new`] refuses an instance without a host.
    #[must_use]
    pub fn host(&self) -> &DnsName {
        self.hosts.first().expect("an instance has a host")
    }
}

impl Instance {
    /// Returns the places in the chart's Secrets of the credentials that this program makes: of httpd and database, or of the
    /// database alone where the certificate of the httpd is made by others.
    pub fn chart_placements(&self) -> impl Iterator<Item = (Credential, &SecretKeyRef)> {
        let are_ours = self.extras.makers.are_here();
        self.chart_places().filter(move |_| are_ours)
    }

    fn chart_places(&self) -> impl Iterator<Item = (Credential, &SecretKeyRef)> {
        let is_public = self.extras.public_certificate.is_some();
        let all = self.settings.placements().into_iter();
        all.filter(move |(credential, _)| !is_public || !credential.is_of_httpd())
    }

    /// Returns the places of all credentials that this program makes.
    #[must_use]
    pub fn placements(&self) -> Vec<(Credential, SecretKeyRef)> {
        if self.extras.makers.are_here() {
            self.places()
        } else {
            Vec::new()
        }
    }

    /// Returns the places of all credentials that are not issued in the cluster: the chart's, the trust bundle if Traefik has
    /// to trust its CA, and those of a client certificate if there is one.
    #[must_use]
    pub fn places(&self) -> Vec<(Credential, SecretKeyRef)> {
        let settings = &self.settings;
        let mut placements: Vec<(Credential, SecretKeyRef)> = self
            .chart_places()
            .map(|(credential, place)| (credential, place.clone()))
            .collect();
        if self.extras.public_certificate.is_none() {
            placements.push((Credential::TrustBundle, settings.trust_bundle.clone()));
        }
        if self.extras.client_auth {
            placements.extend(CLIENT_KEYS.map(|(credential, key)| {
                let secret = match credential {
                    Credential::ClientTrustBundle | Credential::ClientCaKey => {
                        &settings.client_ca_secret
                    }
                    _ => &settings.client_secret,
                };
                let key = DataKey::parse(key).expect("the keys are valid");
                let secret = secret.clone();
                (credential, SecretKeyRef { secret, key })
            }));
        }
        placements
    }

    /// Returns where the chart finds what httpd and database show.
    #[must_use]
    pub fn shown(&self) -> ShownPlaces {
        self.extras.shown(&self.settings)
    }

    /// Returns where the CAs stand that whoever speaks TLS to the httpd trusts.
    #[must_use]
    pub fn trusted(&self) -> Vec<SecretKeyRef> {
        let makers = &self.extras.makers;
        let asked = makers.asked();
        let kept = asked.into_iter().flat_map(|cas| &cas.names);
        let kept = kept.map(|name| at(name.as_str(), "ca.crt"));
        // Without an authority of cert-manager, somebody else fills in the bundle.
        let is_here = makers.are_here() || asked.is_none();
        let bundle = is_here.then(|| self.settings.trust_bundle.clone());
        bundle.into_iter().chain(kept).collect()
    }
}

/// Where the chart finds what httpd and database show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownPlaces {
    /// The certificate of the httpd.
    pub server_cert: SecretKeyRef,
    /// Its key.
    pub server_key: SecretKeyRef,
    /// The certificate of the database.
    pub db_server_cert: SecretKeyRef,
    /// Its key.
    pub db_server_key: SecretKeyRef,
    /// The CA of the database, for itself.
    pub db_ca_cert: SecretKeyRef,
    /// The same for those that connect to it.
    pub db_router_ca: SecretKeyRef,
}

impl Extras {
    /// Returns where the chart finds what httpd and database show.
    #[must_use]
    pub fn shown(&self, settings: &Settings) -> ShownPlaces {
        let mut places = ShownPlaces {
            server_cert: settings.server_cert.clone(),
            server_key: settings.server_key.clone(),
            db_server_cert: settings.db_server_cert.clone(),
            db_server_key: settings.db_server_key.clone(),
            db_ca_cert: settings.db_ca_cert.clone(),
            db_router_ca: settings.db_router_ca.clone(),
        };
        let asked = self.makers.show_asked();
        let public = self.public_certificate.as_ref().map(ObjectName::as_str);
        if let Some(secret) = public.or(asked.then_some(HTTPD_TLS_SECRET)) {
            places.server_cert = at(secret, "tls.crt");
            places.server_key = at(secret, "tls.key");
        }
        if asked {
            places.db_server_cert = at(DATABASE_TLS_SECRET, "tls.crt");
            places.db_server_key = at(DATABASE_TLS_SECRET, "tls.key");
            places.db_ca_cert = at(DATABASE_TLS_SECRET, "ca.crt");
            places.db_router_ca = at(DATABASE_TLS_SECRET, "ca.crt");
        }
        places
    }
}

fn at(secret: &str, key: &str) -> SecretKeyRef {
    SecretKeyRef {
        secret: ObjectName::parse(secret).expect("the names are valid"),
        key: DataKey::parse(key).expect("the keys are valid"),
    }
}

/// Explains why an httpd that asks Traefik for a certificate cannot move to the keys of others.
#[must_use]
pub fn client_auth_stays() -> Fault {
    Fault::new("the httpd trusts one CA of Traefik's own certificate at a time, which cannot move while it asks for that")
        .help("set `clientAuth: false` until the move is done")
}

/// Returns what is in the way of the Secrets that cert-manager makes.
fn asked_faults(cas: &OwnCas, settings: &Settings, extras: &Extras) -> Vec<Fault> {
    let mut faults = Vec::new();
    let chart = Settings::default();
    let is_public = extras.public_certificate.is_some();
    let places = |settings: &Settings| {
        let places = settings.placements();
        let shown = places.into_iter().filter(|(credential, _)| {
            let is_of_ca = credential.is_ca_key() || *credential == Credential::CaCert;
            !(is_of_ca || is_public && credential.is_of_httpd())
        });
        shown
            .map(|(credential, place)| (credential, place.clone()))
            .collect::<Vec<_>>()
    };
    if extras.makers.show_asked() && places(settings) != places(&chart) {
        let fault =
            Fault::new("the chart reads its certificates from the Secrets that cert-manager makes");
        faults.push(fault.help(
            "leave out `…Secret` and `…Field` of `httpd` and `db` in `helmValues`: they are filled in",
        ));
    }
    if extras.client_auth && extras.makers.are_here() {
        faults.push(client_auth_stays());
    }
    let mut taken: Vec<&str> = vec![HTTPD_TLS_SECRET, DATABASE_TLS_SECRET, DATABASE_CA_SECRET];
    let public = extras.public_certificate.as_ref();
    let asked = extras.asked.as_ref().map(|asked| &asked.secret);
    taken.extend(public.into_iter().chain(asked).map(ObjectName::as_str));
    if extras.client_auth {
        taken.extend([&settings.client_secret, &settings.client_ca_secret].map(ObjectName::as_str));
    }
    if extras.makers.are_here() {
        let chart = settings.placements();
        taken.extend(chart.iter().map(|(_, place)| place.secret.as_str()));
        taken.push(settings.trust_bundle.secret.as_str());
    }
    for (index, name) in cas.names.iter().enumerate() {
        if taken.contains(&name.as_str()) || cas.names[..index].contains(name) {
            let what = format!("the Secret `{name}` of a CA would hold something else, too");
            faults.push(Fault::new(what).help("give each CA of `authorities` a name of its own"));
        }
    }
    faults
}

fn db_hosts(service: &ObjectName, namespace: &Namespace) -> Result<Vec<DnsName>, Fault> {
    let names = [
        service.to_string(),
        format!("{service}.{namespace}.svc"),
        format!("{service}.{namespace}.svc.cluster.local"),
    ];
    names.iter().map(|name| DnsName::parse(name)).collect()
}

impl Instance {
    /// Returns the name in Traefik's own certificate: it identifies the ingress of this namespace and nothing else.
    ///
    /// # Errors
    /// None that is known: a namespace makes a DNS name.
    pub fn client_name(&self) -> Result<DnsName, Fault> {
        DnsName::parse(&format!("ingress.{}.svc.cluster.local", self.namespace))
    }
}

impl Settings {
    /// Returns the places of each credential; the database's CA certificate has two, mostly equal.
    #[must_use]
    pub fn placements(&self) -> [(Credential, &SecretKeyRef); 9] {
        [
            (Credential::CaCert, &self.ca_cert),
            (Credential::CaKey, &self.ca_key),
            (Credential::ServerCert, &self.server_cert),
            (Credential::ServerKey, &self.server_key),
            (Credential::DbCaCert, &self.db_ca_cert),
            (Credential::DbCaCert, &self.db_router_ca),
            (Credential::DbCaKey, &self.db_ca_key),
            (Credential::DbServerCert, &self.db_server_cert),
            (Credential::DbServerKey, &self.db_server_key),
        ]
    }
}

fn placement_faults(settings: &Settings) -> Vec<Fault> {
    let mut taken: BTreeMap<&SecretKeyRef, Credential> = BTreeMap::new();
    let mut faults = Vec::new();
    for (credential, place) in settings.placements() {
        if taken
            .insert(place, credential)
            .is_some_and(|other| other != credential)
        {
            let what = format!(
                "key `{}` of Secret `{}` would hold two different things",
                place.key, place.secret
            );
            faults.push(
                Fault::new(what)
                    .help("give each its own key (`…Field` and `civiIngress.keys` in the values)"),
            );
        }
        if place.secret == settings.trust_bundle.secret {
            let what = format!(
                "the Secret `{}` would hold credentials next to Traefik's CA",
                place.secret
            );
            faults.push(Fault::new(what).help(
                "Traefik reads a CA Secret by its one key; choose another name (`civiIngress.names.trustSecret`)",
            ));
        }
    }
    faults.dedup();
    faults
}

/// Lets the httpd serve the pair of a `kubernetes.io/tls` Secret, and returns what is in the way.
fn show_publicly(secret: &ObjectName, settings: &mut Settings) -> Vec<Fault> {
    let mut faults = Vec::new();
    let place = |key| SecretKeyRef {
        secret: secret.clone(),
        key: DataKey::parse(key).expect("the keys of a kubernetes.io/tls Secret are valid"),
    };
    let (cert, key) = (place("tls.crt"), place("tls.key"));
    let chart = Settings::default();
    let is_free = |found: &SecretKeyRef, own: &SecretKeyRef, meant: &SecretKeyRef| {
        found == own || found == meant
    };
    if !is_free(&settings.server_cert, &chart.server_cert, &cert)
        || !is_free(&settings.server_key, &chart.server_key, &key)
    {
        let what = format!(
            "the httpd would show both the public certificate of Secret `{secret}` and another one"
        );
        faults.push(Fault::new(what).help(
            "leave out `httpd.serverCertSecret`, `serverCertField`, `serverKeySecret` and `serverKeyField`",
        ));
    }
    settings.server_cert = cert;
    settings.server_key = key;
    let others = settings.placements().into_iter();
    let mut others = others.filter(|(credential, _)| !credential.is_of_httpd());
    if others.any(|(_, place)| place.secret == *secret) || settings.trust_bundle.secret == *secret {
        let what = format!(
            "the Secret `{secret}` of the public certificate would hold other credentials, too"
        );
        faults.push(Fault::new(what).help(
            "name the Secret of type kubernetes.io/tls that cert-manager makes, or a person",
        ));
    }
    if settings.port == 80 {
        let fault =
            Fault::new("TLS is passed on to the httpd, and port 80 of its Service speaks http");
        faults.push(fault.help("use the port of TLS, 443 (`civiIngress.servicePort`)"));
    }
    faults
}

/// Refuses a Secret of the client's pair or its CA that would hold something else too.
fn client_secrets(settings: &Settings) -> Result<(), Fault> {
    let (client, ca) = (&settings.client_secret, &settings.client_ca_secret);
    let mut others = settings
        .placements()
        .map(|(_, place)| &place.secret)
        .into_iter();
    let is_taken = others.any(|secret| secret == client || secret == ca);
    if is_taken || client == ca || [client, ca].contains(&&settings.trust_bundle.secret) {
        let what = format!(
            "the Secrets `{client}` and `{ca}` of the client certificate need names of their own"
        );
        return Err(Fault::new(what).help(
            "change `civiIngress.names.clientSecret` or `civiIngress.names.clientCaSecret`",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DnsName {
        DnsName::parse(text).unwrap()
    }

    fn instance(
        host: Option<&str>,
        aliases: &[&str],
        settings: Settings,
    ) -> Result<Instance, Vec<Fault>> {
        Instance::new(
            Namespace::parse("paroisse-a").unwrap(),
            host.map(name),
            aliases.iter().map(|alias| name(alias)).collect(),
            settings,
            Extras::default(),
        )
    }

    #[test]
    fn the_host_of_the_command_line_wins_over_the_values() {
        let settings = Settings {
            external_host: Some(name("v.example.org")),
            ..Settings::default()
        };
        assert_eq!(
            instance(Some("a.example.org"), &[], settings.clone())
                .unwrap()
                .host()
                .as_str(),
            "a.example.org"
        );
        assert_eq!(
            instance(None, &[], settings).unwrap().host().as_str(),
            "v.example.org"
        );
    }

    #[test]
    fn an_instance_without_a_host_or_with_one_twice_is_refused() {
        assert_eq!(
            instance(None, &[], Settings::default()).unwrap_err().len(),
            1
        );
        let faults =
            instance(Some("a.b"), &["a.b", "c.d", "c.d"], Settings::default()).unwrap_err();
        assert_eq!(faults.len(), 2);
    }

    #[test]
    fn two_credentials_in_one_place_are_refused() {
        let mut settings = Settings::default();
        settings.server_key = settings.server_cert.clone();
        settings.db_server_cert.secret = settings.trust_bundle.secret.clone();
        let faults = instance(Some("a.b"), &[], settings).unwrap_err();
        assert_eq!(faults.len(), 2, "{faults:?}");
    }

    #[test]
    fn pods_on_the_nodes_network_are_named_by_ranges() {
        let nodes = |ranges: &[&str]| {
            TraefikSource::nodes(
                ranges
                    .iter()
                    .map(|range| Cidr::parse(range).unwrap())
                    .collect(),
            )
        };
        assert!(nodes(&["10.0.0.0/24"]).is_ok());
        assert!(nodes(&[]).is_err());
    }

    #[test]
    fn the_database_is_named_by_its_service() {
        let names: Vec<String> = instance(Some("a.b"), &[], Settings::default())
            .unwrap()
            .db_hosts
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            names,
            [
                "civicrmdb",
                "civicrmdb.paroisse-a.svc",
                "civicrmdb.paroisse-a.svc.cluster.local"
            ]
        );
    }
}
