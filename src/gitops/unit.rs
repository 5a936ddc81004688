//! What of a fleet has credentials and files of its own: each instance, and the cluster.

use super::context::UnitFiles;
use super::decide::renewal_rule;
use super::layout::{CLUSTER, Form, Home, WILDCARD_CA_SECRET, part_name};
use super::protection;
use crate::acme::{Issuer, Request};
use crate::civiparoisse::{
    HTTPD_CERT, HTTPD_KEY, KEYS_SECRET, WILDCARD_SECRET, WILDCARD_TLS_SECRET,
};
use crate::fault::Fault;
use crate::fleet::{
    CaCustody, CertificateSource, CertificateTerms, Fleet, FrontCertificate, FrontNames, Member,
};
use crate::ingress::{self, Credentials, Ingress, Role, gateway_api, istio, traefik};
use crate::instance::{Credential, Instance};
use crate::makers::Makers;
use crate::makers::cert_manager::KeptLeaf;
use crate::manifest::{Identity, Object, SecretData, secret_data};
use crate::name::{DataKey, ObjectName};
use crate::pki::issue::{Ca, Organization};
use crate::pki::reuse::{ChainTerms, Custody, Extent, LeafTerms, Signer};
use crate::pki::validity::{LifeEnd, Validity};
use crate::pki::{LeafUse, SubjectAltName};
use crate::values::SecretKeyRef;
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;

/// Lifetime of a CA whose key is kept, by default.
const CA_DAYS: u32 = 3650;

/// An instance or the cluster.
#[derive(Debug)]
pub struct Unit<'a> {
    fleet: &'a Fleet,
    kind: UnitKind<'a>,
    roles: Vec<(Role, LeafTerms)>,
    /// Of all credentials, CA keys that are not kept among them.
    places: Vec<(Credential, SecretKeyRef)>,
    /// Of those that are kept.
    placements: Vec<(Credential, SecretKeyRef)>,
}

#[derive(Debug)]
enum UnitKind<'a> {
    Member {
        member: &'a Member,
        instance: Box<Instance>,
    },
    Cluster(&'a FrontCertificate),
}

impl<'a> Unit<'a> {
    /// Takes an instance of the fleet.
    ///
    /// # Errors
    /// As [`Fleet::instance`].
    pub fn member(fleet: &'a Fleet, member: &'a Member) -> Result<Self, Vec<Fault>> {
        let instance = Box::new(fleet.instance(member)?);
        Ok(Self::new(fleet, UnitKind::Member { member, instance }))
    }

    fn new(fleet: &'a Fleet, kind: UnitKind<'a>) -> Self {
        let mut unit = Self {
            fleet,
            kind,
            roles: Vec::new(),
            places: Vec::new(),
            placements: Vec::new(),
        };
        unit.roles = unit.find_roles();
        unit.places = match &unit.kind {
            UnitKind::Member { instance, .. } => instance.placements(),
            UnitKind::Cluster(front) => cluster_placements(front),
        };
        let is_kept = |credential| match credential {
            Credential::CaKey => unit.custody(Role::Httpd) == CaCustody::Stored,
            Credential::DbCaKey => unit.custody(Role::Database) == CaCustody::Stored,
            Credential::ClientCaKey => unit.custody(Role::Client) == CaCustody::Stored,
            Credential::PublicCaKey => unit.custody(Role::Public) == CaCustody::Stored,
            _ => true,
        };
        let placements = unit
            .places
            .iter()
            .filter(|(credential, _)| is_kept(*credential));
        unit.placements = placements.cloned().collect();
        unit
    }

    /// Takes the cluster, if something is to be there once.
    #[must_use]
    pub fn cluster(fleet: &'a Fleet) -> Option<Self> {
        Some(Self::new(fleet, UnitKind::Cluster(fleet.front.as_ref()?)))
    }

    /// Returns the fleet.
    #[must_use]
    pub fn fleet(&self) -> &'a Fleet {
        self.fleet
    }

    /// Returns the member, if it is one.
    #[must_use]
    pub fn as_member(&self) -> Option<&'a Member> {
        match &self.kind {
            UnitKind::Member { member, .. } => Some(member),
            UnitKind::Cluster(_) => None,
        }
    }

    /// Returns the name by which reports call it.
    #[must_use]
    pub fn id(&self) -> &str {
        self.as_member()
            .map_or("cluster", |member| member.id.as_str())
    }

    /// Returns the namespace of its Secrets.
    #[must_use]
    pub fn namespace(&self) -> &str {
        match &self.kind {
            UnitKind::Member { member, .. } => member.namespace.as_str(),
            UnitKind::Cluster(front) => front.namespace.as_str(),
        }
    }

    /// Returns how its certificates are made.
    ///
    /// # Panics
    /// In a cluster whose certificate cert-manager asks for: it has no chain, and nothing is made there.
    #[must_use]
    pub fn terms(&self) -> &'a CertificateTerms {
        match &self.kind {
            UnitKind::Member { member, .. } => &member.terms.certificate,
            UnitKind::Cluster(front) => match &front.source {
                CertificateSource::Own { terms, .. } => terms,
                CertificateSource::Acme { .. } | CertificateSource::Given(_) => {
                    panic!("a unit without chains has no terms")
                }
            },
        }
    }

    /// Returns what becomes of the key of a role's CA. A CA that is given signs only what browsers or Traefik verify:
    /// the database and the client certificate have CAs of their own.
    #[must_use]
    pub fn custody(&self, role: Role) -> CaCustody {
        match (self.terms().ca, role) {
            (CaCustody::External, Role::Database | Role::Client) => CaCustody::Ephemeral,
            (custody, _) => custody,
        }
    }

    /// Returns what the chain of a role must be to stay, where `given` signs for the fleet if it is at hand.
    #[must_use]
    pub fn terms_of<'t>(
        &self,
        role: Role,
        leaf: &'t LeafTerms,
        given: Option<&'t Ca>,
    ) -> ChainTerms<'t> {
        let (custody, signer) = match self.custody(role) {
            CaCustody::Stored => (Custody::Stored, Signer::Own),
            CaCustody::Ephemeral => (Custody::Dropped, Signer::Own),
            CaCustody::External => {
                let given = given.map(|ca| &ca.certificate);
                (Custody::Dropped, Signer::Given(given))
            }
        };
        let renewal = renewal_rule(self.terms(), self.fleet.name.as_str(), self.id());
        ChainTerms {
            leaf,
            custody,
            signer,
            renewal,
        }
    }

    /// Returns its chains, and what each must be.
    #[must_use]
    pub fn roles(&self) -> &[(Role, LeafTerms)] {
        &self.roles
    }

    fn find_roles(&self) -> Vec<(Role, LeafTerms)> {
        let wanted = |names: Vec<SubjectAltName>, leaf_use| LeafTerms {
            names,
            extent: Extent::Exact,
            leaf_use,
            key: Some(self.terms().key),
            common_name_does: false,
        };
        let dns = |names: &[crate::name::DnsName]| {
            names.iter().cloned().map(SubjectAltName::Dns).collect()
        };
        match &self.kind {
            UnitKind::Member { instance, .. } if !instance.extras.makers.are_here() => Vec::new(),
            UnitKind::Member { instance, .. } => {
                let mut roles = Vec::new();
                if instance.extras.public_certificate.is_none() {
                    roles.push((Role::Httpd, wanted(dns(&instance.hosts), LeafUse::Server)));
                }
                roles.push((
                    Role::Database,
                    LeafTerms {
                        common_name_does: true,
                        ..wanted(dns(&instance.db_hosts), LeafUse::Server)
                    },
                ));
                if let (true, Ok(name)) = (instance.extras.client_auth, instance.client_name()) {
                    let names = vec![SubjectAltName::Dns(name)];
                    roles.push((Role::Client, wanted(names, LeafUse::Client)));
                }
                roles
            }
            UnitKind::Cluster(front) => {
                let names = front_names(self.fleet, front);
                let is_own = matches!(&front.source, CertificateSource::Own { makers, .. } if makers.are_here());
                let names = names.filter(|_| is_own).into_iter();
                names
                    .map(|names| (Role::Public, wanted(names, LeafUse::Server)))
                    .collect()
            }
        }
    }

    /// Returns the places of its credentials; those of CA keys only where they are kept.
    #[must_use]
    pub fn placements(&self) -> &[(Credential, SecretKeyRef)] {
        &self.placements
    }

    /// Returns the place of a credential that is kept.
    #[must_use]
    pub fn place_of(&self, credential: Credential) -> Option<&SecretKeyRef> {
        let mut placements = self.placements.iter();
        let (_, place) = placements.find(|(found, _)| *found == credential)?;
        Some(place)
    }

    /// Returns whether it writes a credential to this place, or has written one before its httpd was to show a certificate
    /// of others.
    #[must_use]
    pub fn knows(&self, secret: &str, key: &str) -> bool {
        let is_it =
            |place: &SecretKeyRef| place.secret.as_str() == secret && place.key.as_str() == key;
        if self.placements.iter().any(|(_, place)| is_it(place)) {
            return true;
        }
        match &self.kind {
            UnitKind::Member { instance, .. } if instance.extras.public_certificate.is_some() => {
                let settings = &instance.settings;
                let of_httpd = [HTTPD_CERT, HTTPD_KEY].contains(&key) && secret == KEYS_SECRET;
                of_httpd || is_it(&settings.ca_cert) || is_it(&settings.ca_key)
            }
            UnitKind::Member { .. } | UnitKind::Cluster(_) => false,
        }
    }

    /// Returns the Secrets that hold private values of a role's chain.
    #[must_use]
    pub fn secrets_of(&self, role: Role) -> BTreeSet<ObjectName> {
        let parts = role.parts();
        self.placements
            .iter()
            .filter(|(credential, _)| *credential == parts.leaf_key || *credential == parts.ca_key)
            .map(|(_, place)| place.secret.clone())
            .collect()
    }

    /// Returns the place of the key of a role's CA, kept or not.
    #[must_use]
    pub fn ca_key_place(&self, role: Role) -> Option<&SecretKeyRef> {
        let wanted = role.parts().ca_key;
        let found = self
            .places
            .iter()
            .find(|(credential, _)| *credential == wanted);
        found.map(|(_, place)| place)
    }

    /// Returns the Secret that its httpd mounts by these files of it, where nothing would make that any more: whoever applies
    /// the next ones would take the certificate away before the httpd shows another one.
    #[must_use]
    pub fn stranded(&self, files: &UnitFiles) -> Option<String> {
        let UnitKind::Member { instance, .. } = &self.kind else {
            return None;
        };
        let values = self.home().other_path("values.yaml");
        let values = files.current.iter().find(|(path, _)| *path == values);
        let named = values.and_then(|(_, text)| {
            let mut lines = text.lines();
            lines.find_map(|line| line.strip_prefix("  serverCertSecret: "))
        });
        let usual = instance.settings.server_cert.secret.as_str();
        let mounted = named.unwrap_or(usual);
        let asks = |text: &str| {
            let name = format!("\n  name: {mounted}\n");
            let makes = ["Secret", "SealedSecret", "Certificate", "ExternalSecret"];
            let makes = makes.map(|kind| format!("kind: {kind}\n"));
            text.contains(&name) && makes.iter().any(|kind| text.contains(kind))
        };
        let was_made = files.current.iter().any(|(_, text)| asks(text));
        let stays = self.objects(&Credentials::default());
        let stays = stays.iter().map(|object| &object.identity);
        let mut made =
            stays.filter(|identity| matches!(identity.kind, "Certificate" | "ExternalSecret"));
        let is_made = made.any(|identity| identity.name.as_str() == mounted)
            || self
                .placements
                .iter()
                .any(|(_, place)| place.secret.as_str() == mounted)
            || instance.extras.public_certificate.is_some();
        (was_made && !is_made).then(|| mounted.to_owned())
    }

    /// Returns its objects in the order in which they must be applied.
    #[must_use]
    pub fn objects(&self, credentials: &Credentials) -> Vec<Object> {
        match &self.kind {
            UnitKind::Member { member, instance } => {
                let ingress = self.fleet.ingress();
                let topology = self.fleet.topology(member);
                let mut objects = ingress::objects(&ingress, topology, instance, credentials);
                self.mark(&mut objects, member.id.as_str());
                objects
            }
            UnitKind::Cluster(front) => {
                let mut objects = cluster_objects(self.fleet, front, credentials);
                self.mark(&mut objects, "cluster");
                objects
            }
        }
    }

    /// Returns the name of the part of the fleet that it belongs to, where the fleet is divided.
    #[must_use]
    pub fn part(&self) -> Option<String> {
        self.fleet.shards?;
        Some(match self.as_member() {
            Some(member) => part_name(member.shard.unwrap_or_default()),
            None => CLUSTER.to_owned(),
        })
    }

    /// Returns whether it is to pass to another part of the fleet.
    fn is_moving(&self) -> bool {
        match &self.kind {
            UnitKind::Member { member, .. } => member.is_moving,
            UnitKind::Cluster(front) => front.is_moving,
        }
    }

    /// Returns whether it has a certificate that somebody gives, and that is of no chain of ours.
    #[must_use]
    pub fn takes_given(&self) -> bool {
        match &self.kind {
            UnitKind::Member { .. } => false,
            UnitKind::Cluster(front) => matches!(front.source, CertificateSource::Given(_)),
        }
    }

    /// Returns where its files lie.
    #[must_use]
    pub fn home(&self) -> Home {
        match self.as_member() {
            Some(member) => Home::of_member(self.fleet, member),
            None => Home::of_cluster(),
        }
    }

    /// Returns the paths of all files that it may have with private keys in clear text, of Secrets that wait among
    /// them.
    #[must_use]
    pub fn key_files(&self) -> Vec<String> {
        let home = self.home();
        let private = self
            .placements()
            .iter()
            .filter(|(credential, _)| credential.is_private());
        let secrets: BTreeSet<&ObjectName> = private.map(|(_, place)| &place.secret).collect();
        let paths = |name: &&ObjectName| {
            let identity = Identity {
                api_version: "v1",
                kind: "Secret",
                namespace: None,
                name: (*name).clone(),
            };
            let form = Form::Plain;
            [
                home.path(&identity, form),
                home.staged_path(&identity, form),
            ]
        };
        secrets.iter().flat_map(paths).collect()
    }

    /// Returns whether the loss of one of its objects could not be made good.
    fn cannot_replace(&self, object: &Object) -> bool {
        match object.identity.kind {
            "Namespace" => true,
            "Secret" => self.placements.iter().any(|(credential, place)| {
                credential.is_private() && place.secret == object.identity.name
            }),
            _ => false,
        }
    }

    /// Marks whose the objects are, and those whose loss could not be made good as staying.
    fn mark(&self, objects: &mut [Object], id: &str) {
        for object in objects {
            object.labels = labels(self.fleet.name.as_str(), id, self.part());
            if self.is_moving() || self.cannot_replace(object) {
                protection::protect(object);
            }
        }
    }

    /// Settles the validity of a new CA and of a new leaf. An ephemeral CA signs one leaf, and ends with it: then
    /// it leaves the trust bundle of its successor when that leaf can no longer be in use, and not before.
    ///
    /// # Errors
    /// As [`Validity::new`].
    pub fn validities(
        &self,
        role: Role,
        now: OffsetDateTime,
    ) -> Result<(Validity, Validity), Fault> {
        let terms = self.terms();
        let ca_days = terms.ca_days.unwrap_or(match self.custody(role) {
            CaCustody::Ephemeral => terms.days,
            CaCustody::Stored | CaCustody::External => CA_DAYS,
        });
        let ca = Validity::new(now, None, LifeEnd::Days(ca_days))?;
        let (leaf, _) = Validity::new(now, None, LifeEnd::Days(terms.days))?.clamped_to(ca);
        Ok((ca, leaf))
    }

    /// Returns the organization in its subjects.
    #[must_use]
    pub fn organization(&self) -> &'a Organization {
        &self.terms().organization
    }
}

/// The recommended labels of Kubernetes, and whose object it is: what `kubectl apply --prune -l` may take away is told
/// by the fleet, and by the part of it where it has parts. Not `app.kubernetes.io/instance`: Argo CD's label tracking owns that (argo-cd issue 8503).
fn labels(fleet: &str, id: &str, part: Option<String>) -> Vec<(String, String)> {
    let mut labels: Vec<(String, String)> = [
        ("app.kubernetes.io/component", "ingress"),
        ("app.kubernetes.io/managed-by", "civi-ingress"),
        ("app.kubernetes.io/part-of", "civiparoisse"),
        ("civi-ingress.uepal.fr/fleet", fleet),
        ("civi-ingress.uepal.fr/instance", id),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into();
    labels.extend(part.map(|part| ("civi-ingress.uepal.fr/shard".to_owned(), part)));
    labels
}

fn kept_wildcard_secret() -> ObjectName {
    ObjectName::parse(WILDCARD_TLS_SECRET).expect("the name is valid")
}

fn wildcard_secret() -> ObjectName {
    ObjectName::parse(WILDCARD_SECRET).expect("the name is valid")
}

/// Returns the names of the certificate that browsers see, where it is one for all.
fn front_names(fleet: &Fleet, front: &FrontCertificate) -> Option<Vec<SubjectAltName>> {
    let domain = &fleet.domain;
    match front.names {
        FrontNames::Wildcard { apex } => {
            let mut names = vec![SubjectAltName::Wildcard(domain.clone())];
            names.extend(apex.then(|| SubjectAltName::Dns(domain.clone())));
            Some(names)
        }
        FrontNames::Given => Some(Vec::new()),
        FrontNames::Instances => None,
    }
}

/// Returns what exists once in the cluster: the certificate that browsers see, or whom it is asked of, and the TLSStore or the Gateway.
fn cluster_objects(
    fleet: &Fleet,
    front: &FrontCertificate,
    credentials: &Credentials,
) -> Vec<Object> {
    let names = front_names(fleet, front);
    let shown = match &front.source {
        CertificateSource::Own { makers, .. } if makers.show_asked() => kept_wildcard_secret(),
        CertificateSource::Own { .. }
        | CertificateSource::Acme { .. }
        | CertificateSource::Given(_) => wildcard_secret(),
    };
    let door = match fleet.ingress() {
        Ingress::Traefik(release) => {
            let is_one = names.is_some();
            let store = is_one.then(|| traefik::tls_store(release, &front.namespace, &shown));
            store.into_iter().collect()
        }
        Ingress::GatewayApi(gateway) => {
            let listeners = fleet.listeners().unwrap_or_default();
            vec![gateway_api::gateway(&gateway, &listeners)]
        }
        Ingress::Istio(gateway) => istio::gateways(&gateway, &fleet.istio_servers()).into(),
        Ingress::TraefikFile(_) => Vec::new(),
    };
    let mut objects = match &front.source {
        CertificateSource::Own { makers, .. } => {
            let mut objects = cluster_secrets(front, credentials);
            let names = names.unwrap_or_default();
            objects.extend(made(fleet, front, makers, names));
            objects
        }
        CertificateSource::Acme { issuers, asked, .. } => {
            let request = names.map(|names| Request {
                namespace: front.namespace.clone(),
                secret: wildcard_secret(),
                names,
                issuer: asked.clone(),
            });
            let issuers = issuers.iter().map(Issuer::object);
            issuers.chain(request.iter().map(Request::object)).collect()
        }
        CertificateSource::Given(_) => cluster_secrets(front, credentials),
    };
    objects.extend(door);
    objects
}

/// Returns what a controller is asked for in place of the Secret of the wildcard certificate.
fn made(
    fleet: &Fleet,
    front: &FrontCertificate,
    makers: &Makers,
    names: Vec<SubjectAltName>,
) -> Vec<Object> {
    match makers {
        Makers::Here => Vec::new(),
        Makers::CertManager(cas) | Makers::Both { cas, .. } => {
            let leaf = KeptLeaf {
                namespace: &front.namespace,
                secret: &kept_wildcard_secret(),
                cas: &cas.names,
                names,
                leaf_use: LeafUse::Server,
                permitted: vec![fleet.domain.to_string()],
            };
            cas.objects(&[leaf])
        }
        Makers::ExternalSecrets(store) => {
            let keys = ["tls.crt", "tls.key"];
            let keys = keys.map(|key| DataKey::parse(key).expect("the keys are valid"));
            let secret = wildcard_secret();
            let kind = "kubernetes.io/tls";
            vec![store.external_secret(&front.namespace, &secret, kind, keys.iter())]
        }
    }
}

fn cluster_placements(front: &FrontCertificate) -> Vec<(Credential, SecretKeyRef)> {
    let place = |secret, key| SecretKeyRef {
        secret: ObjectName::parse(secret).expect("the names are valid"),
        key: DataKey::parse(key).expect("the keys are valid"),
    };
    let shown = [
        (Credential::PublicCert, place(WILDCARD_SECRET, "tls.crt")),
        (Credential::PublicKey, place(WILDCARD_SECRET, "tls.key")),
    ];
    match &front.source {
        CertificateSource::Own { makers, .. } if makers.are_here() => {
            let ca = (Credential::PublicCa, place(WILDCARD_SECRET, "ca.crt"));
            let ca_key = (Credential::PublicCaKey, place(WILDCARD_CA_SECRET, "ca.key"));
            std::iter::once(ca).chain(shown).chain([ca_key]).collect()
        }
        CertificateSource::Given(_) => shown.into(),
        CertificateSource::Own { .. } | CertificateSource::Acme { .. } => Vec::new(),
    }
}

fn cluster_secrets(front: &FrontCertificate, credentials: &Credentials) -> Vec<Object> {
    let mut by_secret: BTreeMap<ObjectName, Vec<(DataKey, SecretData)>> = BTreeMap::new();
    for (credential, place) in cluster_placements(front) {
        if let Some(data) = credentials.get(credential) {
            let entries = by_secret.entry(place.secret).or_default();
            entries.push((place.key, data.clone()));
        }
    }
    by_secret
        .into_iter()
        .map(|(name, data)| {
            let secret_type = if name.as_str() == WILDCARD_SECRET {
                "kubernetes.io/tls"
            } else {
                "Opaque"
            };
            let identity = Identity {
                api_version: "v1",
                kind: "Secret",
                namespace: Some(front.namespace.clone()),
                name,
            };
            let mut object = Object::new(identity, "secret.yaml");
            object.fields = vec![("type", secret_type.into()), ("data", secret_data(data))];
            object
        })
        .collect()
}
