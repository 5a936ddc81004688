//! CAs that cert-manager keeps in the cluster, and the certificates that it issues by them.
//!
//! The fields are those of cert-manager 1.21.2 (`pkg/apis/certmanager/v1/types_certificate.go`, `types_issuer.go`).

use crate::manifest::{Field, Identity, Object};
use crate::name::{Namespace, ObjectName};
use crate::pki::issue::Organization;
use crate::pki::key::hex;
use crate::pki::{KeyType, LeafUse, SubjectAltName};
use aws_lc_rs::digest::{SHA256, digest};

/// Kind of what issues within a namespace.
const ISSUER: &str = "Issuer";
/// Issuer of the CAs, which sign themselves.
const SELF_SIGNED: &str = "self-signed";
/// Which part of its life a certificate has left when it is renewed, in percent, where nothing else is
/// asked for: of 64 days 21, of 160 hours 53.
const RENEW_BEFORE_PERCENTAGE: i64 = 33;
/// Lifetime of a CA in days, where nothing else is asked for.
const CA_DAYS: u32 = 3650;
/// How many times as long as its certificates a CA lives at least: it is renewed while one that it has signed just before
/// has its whole life ahead.
pub const CA_LIVES: u32 = 2;

/// The CAs of an instance, or of what browsers see, and the terms on which they issue.
#[derive(Debug, Clone)]
pub struct OwnCas {
    /// Secrets of the CAs of httpd, or of those that browsers import. The first one signs; all of them are trusted.
    pub names: Vec<ObjectName>,
    /// Type of all keys.
    pub key: KeyType,
    /// Lifetime of a certificate in days.
    pub days: u32,
    /// Lifetime of a CA in days; [`CA_LIVES`] times `days` or more.
    pub ca_days: Option<u32>,
    /// How many days before its end a certificate is renewed.
    pub renew_before_days: Option<u32>,
    /// Organization in the subjects.
    pub organization: Organization,
}

/// A certificate that cert-manager issues by a CA that it keeps.
#[derive(Debug)]
pub struct KeptLeaf<'a> {
    /// Namespace of all.
    pub namespace: &'a Namespace,
    /// Its Secret.
    pub secret: &'a ObjectName,
    /// The Secrets of the CAs, of which the first one signs.
    pub cas: &'a [ObjectName],
    /// Its names.
    pub names: Vec<SubjectAltName>,
    /// What it is for.
    pub leaf_use: LeafUse,
    /// Below which names the CAs may issue, if these never change: cert-manager does not issue a CA again when its constraints
    /// do (`RequestMatchesSpec` in `pkg/util/pki/match.go` does not compare them).
    pub permitted: Vec<String>,
}

fn object(
    kind: &'static str,
    namespace: &Namespace,
    name: &ObjectName,
    template: &'static str,
) -> Object {
    let identity = Identity {
        api_version: "cert-manager.io/v1",
        kind,
        namespace: Some(namespace.clone()),
        name: name.clone(),
    };
    Object::new(identity, template)
}

fn issuer(namespace: &Namespace, name: &ObjectName, ca: Option<&ObjectName>) -> Object {
    let mut object = object(ISSUER, namespace, name, "cert-manager/issuer.yaml");
    object.fields = vec![("ca", ca.map(ObjectName::as_str).into())];
    object
}

/// What a Certificate asks for.
#[derive(Debug)]
pub struct Asked<'a> {
    /// Namespace of the Certificate and of its Secret.
    pub namespace: &'a Namespace,
    /// Name of both.
    pub secret: &'a ObjectName,
    /// Whether it may sign others.
    pub is_ca: bool,
    /// Common name, where it has one.
    pub common_name: Option<String>,
    /// Organization, where the issuer takes one.
    pub organization: Option<&'a Organization>,
    /// Subject alternative names.
    pub names: &'a [SubjectAltName],
    /// Lifetime in days, where the issuer lets one choose.
    pub days: Option<u32>,
    /// What it is for, in the words of cert-manager; empty: what servers need.
    pub usages: Vec<&'static str>,
    /// The only names below which it may issue.
    pub permitted: &'a [String],
    /// Kind and name of who issues it.
    pub issuer: (&'static str, &'a ObjectName),
    /// Type of its key.
    pub key: KeyType,
    /// Whether a renewal keeps the key.
    pub keeps_key: bool,
    /// How many days before its end it is renewed; without it, when 33 % of its life are left.
    pub renew_before_days: Option<u32>,
}

impl Asked<'_> {
    /// Returns the Certificate.
    #[must_use]
    pub fn object(&self) -> Object {
        let hours = |days: u32| format!("{}h", u64::from(days) * 24);
        let (algorithm, size) = self.key.algorithm();
        let (issuer_kind, issuer) = self.issuer;
        let names = self.names.iter().map(ToString::to_string);
        let permitted = self.permitted.iter().map(String::as_str);
        let percentage = match self.renew_before_days {
            Some(_) => Field::Nothing,
            None => Field::Number(RENEW_BEFORE_PERCENTAGE),
        };
        let template = "cert-manager/certificate.yaml";
        let mut object = object("Certificate", self.namespace, self.secret, template);
        object.fields = vec![
            ("is_ca", Field::Bool(self.is_ca)),
            ("common_name", self.common_name.clone().into()),
            (
                "organization",
                self.organization.map(Organization::as_str).into(),
            ),
            ("names", names.collect()),
            ("duration", self.days.map(hours).into()),
            ("usages", self.usages.iter().copied().collect()),
            ("permitted", permitted.collect()),
            ("issuer_kind", issuer_kind.into()),
            ("issuer", issuer.as_str().into()),
            ("algorithm", algorithm.into()),
            ("size", Field::Number(size)),
            (
                "rotation",
                if self.keeps_key { "Never" } else { "Always" }.into(),
            ),
            ("renew_before", self.renew_before_days.map(hours).into()),
            ("renew_before_percentage", percentage),
        ];
        object
    }
}

impl OwnCas {
    /// Returns the objects by which certificates are issued, in the order in which they must be applied.
    #[must_use]
    pub fn objects(&self, leaves: &[KeptLeaf<'_>]) -> Vec<Object> {
        let self_signed = ObjectName::parse(SELF_SIGNED).expect("the name is valid");
        let first = leaves.first();
        let mut objects: Vec<Object> = first
            .map(|leaf| issuer(leaf.namespace, &self_signed, None))
            .into_iter()
            .collect();
        for leaf in leaves {
            let issuers = leaf.cas.iter();
            objects.extend(issuers.map(|ca| issuer(leaf.namespace, ca, Some(ca))));
        }
        for leaf in leaves {
            let cas = leaf.cas.iter();
            objects.extend(cas.map(|ca| self.ca(leaf, ca, &self_signed)));
            objects.extend(self.leaf(leaf));
        }
        objects
    }

    /// Returns the Certificate of a CA.
    ///
    /// It keeps its key, so that each of its certificates is good for all that it has signed and will sign: whoever trusts it
    /// needs to learn nothing when it is renewed.
    fn ca(&self, leaf: &KeptLeaf<'_>, name: &ObjectName, self_signed: &ObjectName) -> Object {
        let days = self.ca_days.unwrap_or(CA_DAYS.max(self.days * CA_LIVES));
        let whose = format!("{}/{name}", leaf.namespace);
        let hash = hex(digest(&SHA256, whose.as_bytes()).as_ref());
        let asked = Asked {
            namespace: leaf.namespace,
            secret: name,
            is_ca: true,
            // Never a host, which may be too long, and another one for each CA, by which clients tell them apart.
            common_name: Some(format!("civi-ingress CA {}", &hash[..8])),
            organization: Some(&self.organization),
            names: &[],
            days: Some(days),
            usages: vec!["cert sign", "crl sign"],
            permitted: &leaf.permitted,
            issuer: (ISSUER, self_signed),
            key: self.key,
            keeps_key: true,
            renew_before_days: Some((days / 3).max(self.days)),
        };
        asked.object()
    }

    /// Returns the Certificate of a leaf: another key at each renewal.
    fn leaf(&self, leaf: &KeptLeaf<'_>) -> Option<Object> {
        let (server, client) = match leaf.leaf_use {
            LeafUse::Server => (true, false),
            LeafUse::Client => (false, true),
            LeafUse::ServerAndClient => (true, true),
        };
        let usages = [
            ("digital signature", true),
            ("key encipherment", self.key.rsa_size().is_some()),
            ("server auth", server),
            ("client auth", client),
        ];
        let usages = usages.into_iter();
        let asked = Asked {
            namespace: leaf.namespace,
            secret: leaf.secret,
            is_ca: false,
            common_name: None,
            organization: Some(&self.organization),
            names: &leaf.names,
            days: Some(self.days),
            usages: usages
                .filter_map(|(usage, is_wanted)| is_wanted.then_some(usage))
                .collect(),
            permitted: &[],
            issuer: (ISSUER, leaf.cas.first()?),
            key: self.key,
            keeps_key: false,
            renew_before_days: self.renew_before_days,
        };
        Some(asked.object())
    }
}
