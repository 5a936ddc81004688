//! Finds certificates wherever they stand, in PEM files and in objects of manifests ([`ObjectKind`]); and with them
//! the objects by which Traefik takes them into use.

use crate::cluster::data::{Certificates, Content, Data, Lock};
use crate::cluster::kustomization;
use crate::cluster::{Cluster, Object, Resource};
use crate::fault::{Fault, Faults};
use crate::manifests;
use crate::natural::Natural;
use crate::pki::pkcs12::{self, Password, Wanted};
use crate::pki::{Certificate, CertificateText, pem};
use crate::yaml::Node;
use pki_types::CertificateDer;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// How a PEM block of a certificate begins.
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// Where a certificate was found. The order is that of reports: objects by namespace and name, then files, then
/// endpoints.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// In an object of a manifest.
    Object(ObjectOrigin),
    /// In a file.
    File {
        /// Its path, as the user gave it.
        path: String,
        /// Its place among the certificates of the file, from 1; 0 if it is the only one.
        number: usize,
    },
    /// Served by a host.
    Endpoint {
        /// The host, perhaps with its port, as the user wrote it.
        host: String,
        /// The address, where the host was looked at in several places.
        at: Option<String>,
        /// Its place in the chain that was served, from 1; 0 if it is the only one.
        number: usize,
    },
}

/// The place of a certificate in a manifest, in the order in which people look for names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectOrigin {
    /// `metadata.namespace`, if it is given.
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
    /// The key of its data.
    pub key: String,
    /// Its place among the certificates of that key, from 1; 0 if it is the only one.
    pub number: usize,
    /// Kind of the object.
    pub kind: ObjectKind,
    /// The file of the manifest.
    pub file: String,
}

impl ObjectOrigin {
    fn order(&self) -> impl Ord {
        (
            self.namespace.as_deref().map(Natural),
            Natural(&self.name),
            Natural(&self.key),
            self.number,
            self.kind,
            Natural(&self.file),
        )
    }
}

impl Ord for ObjectOrigin {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for ObjectOrigin {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A kind of object that holds certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectKind {
    /// A Secret; its values are base64, those under `stringData` text.
    Secret,
    /// A `SealedSecret`: what is in clear text under `spec.template.data`.
    SealedSecret,
    /// A ConfigMap.
    ConfigMap,
    /// A Secret that a Certificate of cert-manager names, and that is not at hand.
    Announced,
}

impl ObjectKind {
    /// Returns `kind`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "Secret",
            Self::SealedSecret => "SealedSecret",
            Self::ConfigMap => "ConfigMap",
            Self::Announced => "Certificate",
        }
    }
}

impl Origin {
    /// Names the place within its file: `NAMESPACE/NAME KEY`, or the file itself.
    #[must_use]
    pub fn short(&self) -> String {
        match self {
            Self::Object(object) => {
                let namespace = object
                    .namespace
                    .as_deref()
                    .map_or_else(String::new, |namespace| format!("{namespace}/"));
                let ObjectOrigin { name, key, .. } = object;
                format!("{namespace}{name} {key}{}", numbered(object.number))
            }
            Self::File { path, number } => format!("{path}{}", numbered(*number)),
            Self::Endpoint { host, at, number } => {
                let at = at.as_ref();
                let at = at.map_or_else(String::new, |address| format!(" at {address}"));
                format!("{host}{at}{}", numbered(*number))
            }
        }
    }

    fn set_number(&mut self, place: usize) {
        match self {
            Self::Object(ObjectOrigin { number, .. })
            | Self::File { number, .. }
            | Self::Endpoint { number, .. } => *number = place,
        }
    }
}

impl fmt::Display for Origin {
    /// Names file, kind and place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Object(object) = self {
            write!(f, "{} {} ", object.file, object.kind.as_str())?;
        }
        f.write_str(&self.short())
    }
}

fn numbered(number: usize) -> String {
    if number == 0 {
        String::new()
    } else {
        format!(" #{number}")
    }
}

/// A certificate and where it was found.
#[derive(Debug, Clone)]
pub struct FoundCertificate {
    /// Where.
    pub origin: Origin,
    /// The certificate.
    pub certificate: Certificate,
}

/// What a text holds.
#[derive(Debug, Default)]
pub struct Findings {
    /// Its certificates, in its order.
    pub found: Vec<FoundCertificate>,
    /// Its objects, without the texts of Secrets.
    pub objects: Vec<Object>,
    /// What looks like a certificate, or should be base64, and cannot be read.
    pub damaged: Vec<Fault>,
    /// Values that are encrypted (SOPS), by the name of their object and key.
    pub encrypted: Vec<String>,
    /// What a `kustomization.yaml` says: its directory, and the namespace of all that it takes.
    pub namespaces: Vec<(String, String)>,
}

impl Findings {
    /// Takes over what another text holds.
    pub fn append(&mut self, mut other: Self) {
        self.found.append(&mut other.found);
        self.objects.append(&mut other.objects);
        self.damaged.append(&mut other.damaged);
        self.encrypted.append(&mut other.encrypted);
        self.namespaces.append(&mut other.namespaces);
    }

    /// Takes the objects together. Those without a namespace are in the one that the nearest `kustomization.yaml` names, in
    /// their own directory or above it, and so are their certificates.
    pub fn take_cluster(&mut self) -> Cluster {
        let kustomizations: BTreeMap<String, String> = self.namespaces.drain(..).collect();
        let cluster = Cluster::new(std::mem::take(&mut self.objects), kustomizations);
        for found in &mut self.found {
            if let Origin::Object(object) = &mut found.origin {
                let scope = cluster.scope(object.namespace.as_deref(), &object.file);
                object.namespace = scope.namespace().map(str::to_owned);
            }
        }
        cluster
    }

    /// Takes the certificates of a PEM text; what is around them is passed over.
    fn pem(&mut self, text: &str, origin: &Origin) {
        let certificates: Vec<_> = Certificate::each_from_pem(text).collect();
        let is_alone = certificates.len() == 1;
        for (index, certificate) in certificates.into_iter().enumerate() {
            let mut origin = origin.clone();
            origin.set_number(if is_alone { 0 } else { index + 1 });
            match certificate {
                Ok(certificate) => self.found.push(FoundCertificate {
                    origin,
                    certificate,
                }),
                Err(fault) => self.damaged.push(fault.file(&origin.to_string())),
            }
        }
    }

    fn object(&mut self, node: &Node, file: &Arc<str>, known: &Certificates) {
        let Some(mut object) = Object::read(node, file, known) else {
            return;
        };
        let kind = match object.resource {
            Resource::Secret(_) if node.text_of("kind") == Some("SealedSecret") => {
                ObjectKind::SealedSecret
            }
            Resource::ConfigMap(_) => ObjectKind::ConfigMap,
            _ => ObjectKind::Secret,
        };
        let namespace = object.scope.namespace().map(str::to_owned);
        if let Resource::Secret(data) | Resource::ConfigMap(data) = &mut object.resource {
            let origin = |key: &str| ObjectOrigin {
                namespace: namespace.clone(),
                name: object.name.clone(),
                key: key.to_owned(),
                number: 0,
                kind,
                file: file.to_string(),
            };
            self.data(data, origin);
            Arc::make_mut(data).forget_texts();
        }
        self.objects.push(object);
    }

    fn data(&mut self, data: &Data, origin: impl Fn(&str) -> ObjectOrigin) {
        for entry in &data.entries {
            let of_entry = origin(&entry.key);
            match entry.content {
                Content::Locked(Lock::Sops) => {
                    self.encrypted.push(Origin::Object(of_entry).to_string());
                    continue;
                }
                Content::Broken => {
                    let fault = manifests::no_base64("data", &entry.key, &of_entry.name);
                    self.damaged
                        .push(fault.at(entry.value_at.place(&of_entry.file)));
                    continue;
                }
                _ => {}
            }
            let count = entry.certificates.len() + entry.damaged.len();
            let at = |index: usize| {
                let mut origin = Origin::Object(of_entry.clone());
                origin.set_number(if count == 1 { 0 } else { index + 1 });
                origin
            };
            let is_damaged = |index: &usize| entry.damaged.iter().any(|(place, _)| place == index);
            let good = (0..count).filter(|index| !is_damaged(index));
            for (index, cert) in good.zip(&entry.certificates) {
                self.found.push(FoundCertificate {
                    origin: at(index),
                    certificate: cert.certificate.clone(),
                });
            }
            for (index, fault) in &entry.damaged {
                self.damaged
                    .push(fault.clone().file(&at(*index).to_string()));
            }
        }
    }
}

/// Finds the certificates of a file: one in DER, those of PKCS#12, which `password` opens, else what [`read`] finds in
/// text. A text that is not worth reading is not, if it is one of many.
///
/// # Errors
/// As [`read`] and [`pkcs12::read`]; bytes that are neither DER nor text.
pub fn read_bytes(
    bytes: &[u8],
    file: &str,
    is_one_of_many: bool,
    password: Option<&Password>,
) -> Result<Findings, Vec<Fault>> {
    let origin = |number| Origin::File {
        path: file.to_owned(),
        number,
    };
    if pkcs12::is_pkcs12(bytes) {
        let read = pkcs12::read(bytes, password, Wanted::Certificates);
        let contents = read.map_err(|fault| vec![fault.file(file)])?;
        let text: CertificateText = contents.certificates.iter().collect();
        let mut findings = Findings::default();
        findings.pem(text.as_str(), &origin(0));
        return Ok(findings);
    }
    // A certificate is a SEQUENCE of more than 127 bytes (X.690 section 8.1.3.5); no text begins so.
    if let [0x30, 0x81..=0x84, ..] = bytes {
        let certificate = Certificate::from_der(CertificateDer::from(bytes.to_vec()));
        let certificate = certificate.map_err(|_| {
            let fault = Fault::new("the binary file is not a certificate");
            vec![fault.help(pem::advice(bytes)).file(file)]
        })?;
        return Ok(Findings {
            found: vec![FoundCertificate {
                origin: origin(0),
                certificate,
            }],
            ..Findings::default()
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to() + 1;
        let what =
            format!("the file is neither text in UTF-8 (byte {at}) nor a certificate in DER");
        vec![Fault::new(what).help(pem::advice(bytes)).file(file)]
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if is_one_of_many && !is_worth_reading(text) && !kustomization::is_by_name(file) {
        return Ok(Findings::default());
    }
    read(text, file)
}

/// Finds all certificates of a text: PEM blocks, or objects in YAML or JSON manifests.
///
/// Documents that are not objects are passed over, and objects that hold none; of values of Traefik's chart the load
/// balancer is noted.
///
/// # Errors
/// A text that is neither PEM nor YAML.
pub fn read(text: &str, file: &str) -> Result<Findings, Vec<Fault>> {
    let mut findings = Findings::default();
    if is_pem(text) {
        let origin = Origin::File {
            path: file.to_owned(),
            number: 0,
        };
        findings.pem(text, &origin);
    } else {
        let documents = crate::yaml::read_all(text, file)?;
        if kustomization::is_by_name(file) {
            let said = documents
                .first()
                .and_then(|node| kustomization::namespace(node, file));
            findings.namespaces.extend(said);
            return Ok(findings);
        }
        let known = Certificates::default();
        let file = file.into();
        for object in documents.iter().flat_map(manifests::objects) {
            findings.object(object, &file, &known);
        }
        let values = documents.iter();
        let services = values.filter_map(|node| Object::of_chart_values(node, &file));
        findings.objects.extend(services);
    }
    Ok(findings)
}

/// Returns whether a text is PEM, perhaps with other lines around the blocks, and no manifest.
fn is_pem(text: &str) -> bool {
    text.trim_start().starts_with("-----BEGIN") || text.lines().any(|line| line.starts_with(BEGIN))
}

/// Returns, without parsing, whether a text may hold what [`read`] looks for. In a tree, files such as the templates of a
/// chart are not YAML; most of them need not be.
fn is_worth_reading(text: &str) -> bool {
    let marks = [
        BEGIN,
        // "BEGIN CERTIFICATE" in base64, at each of its three offsets.
        "QkVHSU4gQ0VSVElGSUNBVE",
        "JFR0lOIENFUlRJRklDQVRF",
        "CRUdJTiBDRVJUSUZJQ0FURS",
        "ENC[",
        "IngressRoute",
        "TLSStore",
        "ServersTransport",
        "networking.k8s.io",
        "networking.istio.io",
        "cert-manager.io",
        "LoadBalancer",
    ];
    marks.iter().any(|mark| text.contains(mark))
}

/// Returns everything found, if nothing is damaged and there is a certificate.
///
/// # Errors
/// All that [`read_bytes`] refuses or finds damaged; a file without any certificate.
pub fn certificates(
    bytes: &[u8],
    file: &str,
    password: Option<&Password>,
) -> Result<Vec<FoundCertificate>, Vec<Fault>> {
    let mut faults = Faults::default();
    let findings = faults
        .keep_all(read_bytes(bytes, file, false, password))
        .unwrap_or_default();
    let Findings { found, damaged, .. } = findings;
    for fault in damaged {
        faults.push(fault);
    }
    if found.is_empty() && faults.is_empty() {
        faults.push(
            Fault::new("there is no certificate")
                .help("pass a PEM file, or manifests with Secrets")
                .file(file),
        );
    }
    faults.finish(Some(found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;

    #[test]
    fn a_certificate_in_base64_is_worth_reading_whatever_comes_before_it() {
        for before in ["", "x", "xy", "xyz", "Bag Attributes\n"] {
            let text = format!("{before}{BEGIN}\nAAAA");
            let encoded = base64::engine::general_purpose::STANDARD.encode(text);
            assert!(is_worth_reading(&encoded), "{before:?}");
        }
        assert!(!is_worth_reading("replicas: {{ .Values.replicas }}"));
    }
}
