//! What Secrets and ConfigMaps hold: decoded once, certificates read once.

use super::unfilled::is_unfilled;
use crate::fault::Fault;
use crate::pki::Certificate;
use crate::pki::certificate::Details;
use crate::yaml::{At, Key, Node, Value, Word};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki_types::CertificateDer;
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// What a Secret or ConfigMap holds.
#[derive(Debug, Clone, Default)]
pub struct Data {
    /// Its values, in the order of their keys.
    pub entries: Vec<Entry>,
    /// Whether these are all keys: who makes the Secret may add others.
    pub is_complete: bool,
}

/// One key with its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: Word,
    /// Where the key stands.
    pub at: At,
    /// Where the value stands.
    pub value_at: At,
    /// The section it is in, such as `data`.
    pub section: &'static str,
    /// Its value.
    pub content: Content,
    /// The certificates of its text that can be read, in their order.
    pub certificates: Vec<Arc<Cert>>,
    /// Why others cannot be read, each with its place among all of them, from 0.
    pub damaged: Vec<(usize, Fault)>,
}

/// A value, as far as it can be read.
#[derive(Clone)]
pub enum Content {
    /// Text, which may hold private keys.
    Text(Zeroizing<String>),
    /// Text that was let go after its certificates were read.
    Gone,
    /// Bytes that are not text.
    Binary,
    /// Text that only stands for what is filled in later; nothing if it is not base64 either, or was let go.
    Placeholder(Option<Zeroizing<String>>),
    /// What cannot be read here.
    Locked(Lock),
    /// No base64.
    Broken,
}

/// Why a value cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// SOPS encrypted it.
    Sops,
    /// It is sealed.
    Sealed,
    /// It is filled in later: by a template, or by whoever replaces a placeholder.
    Later,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text",
            Self::Gone => "Gone",
            Self::Placeholder(_) => "Placeholder",
            Self::Binary => "Binary",
            Self::Locked(_) => "Locked",
            Self::Broken => "Broken",
        })
    }
}

/// The line before a certificate.
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// A certificate with what it says.
#[derive(Debug)]
pub struct Cert {
    /// The certificate.
    pub certificate: Certificate,
    /// What it says.
    pub details: Details,
}

/// The certificates that were read: each instance shows its CA at least twice, and a fleet may share one.
#[derive(Debug, Default)]
pub struct Certificates(Mutex<BTreeSet<ByDer>>);

/// A certificate, found by its DER form.
#[derive(Debug)]
struct ByDer(Arc<Cert>);

impl Borrow<[u8]> for ByDer {
    fn borrow(&self) -> &[u8] {
        self.0.certificate.der()
    }
}

impl PartialEq for ByDer {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for ByDer {}

impl PartialOrd for ByDer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByDer {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, other): (&[u8], &[u8]) = (self.borrow(), other.borrow());
        one.cmp(other)
    }
}

impl Certificates {
    fn one(&self, der: CertificateDer<'static>) -> Result<Arc<Cert>, Fault> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ByDer(cert)) = known().get(der.as_ref()) {
            return Ok(Arc::clone(cert));
        }
        let (certificate, details) = Certificate::with_details(der)?;
        let cert = Arc::new(Cert {
            certificate,
            details,
        });
        known().insert(ByDer(Arc::clone(&cert)));
        Ok(cert)
    }

    fn all(&self, text: &str) -> (Vec<Arc<Cert>>, Vec<(usize, Fault)>) {
        let (mut certificates, mut damaged) = (Vec::new(), Vec::new());
        if !text.contains(BEGIN) {
            return (certificates, damaged);
        }
        for (place, der) in Certificate::ders_of_plain_pem(text).enumerate() {
            match der.and_then(|der| self.one(der)) {
                Ok(certificate) => certificates.push(certificate),
                Err(fault) => damaged.push((place, fault)),
            }
        }
        certificates.shrink_to_fit();
        (certificates, damaged)
    }
}

impl Cert {
    /// Returns what a report calls it: its subject, else its serial number.
    #[must_use]
    pub fn name(&self) -> &str {
        if self.details.subject.is_empty() {
            &self.details.serial
        } else {
            &self.details.subject
        }
    }
}

impl Entry {
    /// Returns its field.
    #[must_use]
    pub fn field(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    /// Returns its text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns why it cannot be read, if it cannot.
    #[must_use]
    pub fn lock(&self) -> Option<Lock> {
        match self.content {
            Content::Locked(lock) => Some(lock),
            Content::Placeholder(_) => Some(Lock::Later),
            _ => None,
        }
    }

    /// Returns the certificates that can be read, in their order, as Go's `AppendCertsFromPEM` takes them.
    pub fn certs(&self) -> impl Iterator<Item = &Cert> {
        self.certificates.iter().map(Arc::as_ref)
    }

    /// Returns whether the value is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text().is_some_and(|text| text.trim().is_empty())
    }
}

/// What is read of a CA's Secret or ConfigMap.
#[derive(Debug)]
pub enum Read<'a> {
    /// The usual key.
    Usual(&'a Entry),
    /// The only key, whatever its name.
    Only(&'a Entry),
    /// None of its keys.
    Nothing,
    /// There may be more keys than are at hand.
    Unknown,
}

impl<'a> Read<'a> {
    /// Returns what is read, if anything is.
    #[must_use]
    pub fn entry(&self) -> Option<&'a Entry> {
        match self {
            Self::Usual(entry) | Self::Only(entry) => Some(entry),
            Self::Nothing | Self::Unknown => None,
        }
    }
}

impl Data {
    /// Returns what cert-manager fills in for a Certificate, at its place.
    pub(crate) fn announced(at: At) -> Self {
        let entry = |key: &str| Entry {
            key: key.into(),
            at,
            value_at: at,
            section: "spec",
            content: Content::Locked(Lock::Later),
            certificates: Vec::new(),
            damaged: Vec::new(),
        };
        Self {
            entries: ["tls.crt", "tls.key", "ca.crt"].map(entry).into(),
            is_complete: true,
        }
    }

    /// Returns the first key of a pair that is missing or empty.
    #[must_use]
    pub fn missing_of_pair(&self) -> Option<&'static str> {
        if !self.is_complete {
            return None;
        }
        ["tls.crt", "tls.key"]
            .into_iter()
            .find(|key| self.get(key).is_none_or(Entry::is_empty))
    }

    /// Finds a value by its key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// Returns what Traefik reads as CA: `tls.ca`, else `ca.crt`, else the only key of a Secret (`loadCASecret` and
    /// `loadCAConfigMap` in `pkg/provider/kubernetes/crd/kubernetes.go`, 2.5 to 3.7).
    #[must_use]
    pub fn traefik_authority(&self, is_secret: bool) -> Read<'_> {
        match (self.first_of(&["tls.ca", "ca.crt"]), &self.entries[..]) {
            (Some(entry), _) => Read::Usual(entry),
            (None, _) if !self.is_complete => Read::Unknown,
            (None, [only]) if is_secret => Read::Only(only),
            (None, _) => Read::Nothing,
        }
    }

    /// Returns what Traefik reads as CA of clients: `tls.ca`, else `ca.crt` (`loadCASecret` for a TLSOption, 2.5 to 3.7).
    #[must_use]
    pub fn client_authority(&self) -> Read<'_> {
        self.usual(&["tls.ca", "ca.crt"])
    }

    /// Returns what Istio reads as CA: `cacert`, else `ca.crt`, whichever has a value (`ExtractRoot` in
    /// `pilot/pkg/credentials/kube/secrets.go`, 1.20 to 1.31).
    #[must_use]
    pub fn istio_authority(&self) -> Read<'_> {
        let mut found = ["cacert", "ca.crt"].into_iter();
        match found.find_map(|key| self.value(key)) {
            Some(entry) => Read::Usual(entry),
            None if self.is_complete => Read::Nothing,
            None => Read::Unknown,
        }
    }

    /// Returns the certificate of the pair that Istio reads: `cert` and `key`, else `tls.crt` and `tls.key`
    /// (`ExtractCertInfo`, beside it).
    #[must_use]
    pub fn istio_pair(&self) -> Option<&Entry> {
        let mut pairs = [["cert", "key"], ["tls.crt", "tls.key"]].into_iter();
        pairs.find_map(|[certificate, key]| {
            self.value(certificate)
                .filter(|_| self.value(key).is_some())
        })
    }

    /// Finds a value by its key, if it is not empty.
    fn value(&self, key: &str) -> Option<&Entry> {
        self.get(key).filter(|entry| !entry.is_empty())
    }

    /// Returns what the Gateway API reads as CA: `ca.crt` (`BackendTLSPolicyValidation`, v1).
    #[must_use]
    pub fn gateway_authority(&self) -> Read<'_> {
        self.usual(&["ca.crt"])
    }

    fn usual(&self, keys: &[&str]) -> Read<'_> {
        match self.first_of(keys) {
            Some(entry) => Read::Usual(entry),
            None if self.is_complete => Read::Nothing,
            None => Read::Unknown,
        }
    }

    fn first_of(&self, keys: &[&str]) -> Option<&Entry> {
        keys.iter().find_map(|key| self.get(key))
    }

    /// Lets the texts go; the certificates stay.
    pub fn forget_texts(&mut self) {
        for entry in &mut self.entries {
            match &mut entry.content {
                Content::Placeholder(text) => *text = None,
                content @ Content::Text(_) => *content = Content::Gone,
                _ => {}
            }
        }
    }

    /// Lets the texts go that are certificates and nothing else.
    pub(super) fn forget_certificate_texts(&mut self) {
        for entry in &mut self.entries {
            let is_nothing_else = |text: &str| {
                text.trim_start().starts_with(BEGIN) && !text.contains("PRIVATE KEY-----")
            };
            if !entry.certificates.is_empty() && entry.text().is_some_and(is_nothing_else) {
                entry.content = Content::Gone;
            }
        }
    }

    pub(super) fn of_secret(object: &Node, known: &Certificates) -> Self {
        let mut data = Self::default();
        data.take(values_of_secret(object), known);
        // One without any data is filled in by somebody else.
        data.is_complete = !data.entries.is_empty();
        data
    }

    pub(super) fn of_config_map(object: &Node, known: &Certificates) -> Self {
        let mut data = Self::default();
        data.take(values(object.get("data"), "data", raw), known);
        data.is_complete = !data.entries.is_empty();
        data
    }

    pub(super) fn of_sealed(spec: &Node, known: &Certificates) -> Self {
        let mut data = Self {
            is_complete: true,
            ..Self::default()
        };
        let template = spec.at_path(&["template", "data"]);
        data.take(values(template, "spec.template.data", templated), known);
        let encrypted = spec.get("encryptedData");
        let sealed = |_: &Node| Content::Locked(Lock::Sealed);
        data.take(values(encrypted, "spec.encryptedData", sealed), known);
        data
    }

    /// Takes values; of one key the last one counts.
    fn take<'a>(&mut self, values: impl Iterator<Item = Written<'a>>, known: &Certificates) {
        for value in values {
            let (certificates, damaged) = match &value.content {
                Content::Text(text) => known.all(text),
                _ => (Vec::new(), Vec::new()),
            };
            let Written { key, node, .. } = value;
            self.entries.retain(|entry| entry.key != key.text);
            self.entries.push(Entry {
                key: key.text.clone(),
                at: key.at,
                value_at: node.at,
                section: value.section,
                content: value.content,
                certificates,
                damaged,
            });
        }
        self.entries.shrink_to_fit();
    }
}

/// A value as the manifest has it, and what it comes to.
pub(crate) struct Written<'a> {
    /// The section it is in.
    pub(crate) section: &'static str,
    /// Its key.
    pub(crate) key: &'a Key,
    /// As it is written.
    pub(crate) node: &'a Node,
    /// What it comes to.
    pub(crate) content: Content,
}

/// Reads the values of a Secret: those of `data`, then those of `stringData`, which win over them.
pub(crate) fn values_of_secret(secret: &Node) -> impl Iterator<Item = Written<'_>> {
    let encoded = values(secret.get("data"), "data", decode);
    encoded.chain(values(secret.get("stringData"), "stringData", raw))
}

fn values<'a>(
    section: Option<&'a Node>,
    name: &'static str,
    content: fn(&Node) -> Content,
) -> impl Iterator<Item = Written<'a>> {
    let entries = section.map(Node::entries).unwrap_or_default().iter();
    entries.map(move |(key, node)| Written {
        section: name,
        key,
        node,
        content: content(node),
    })
}

/// Lets the values of a Secret go that were read: of each text its place stays.
pub(crate) fn release(object: &mut Node) {
    if object.text_of("kind") != Some("Secret") {
        return;
    }
    for section in ["data", "stringData"] {
        let section = object.get_mut(section).map(Node::entries_mut);
        for (_, node) in section.unwrap_or_default() {
            if let Value::Text(text) = &mut node.value {
                drop(Zeroizing::new(std::mem::take(text)));
            }
        }
    }
}

/// Returns whether SOPS encrypted the value (`stores` of sops 3: `ENC[AES256_GCM,data:…]`).
pub(crate) fn is_encrypted(text: &str) -> bool {
    text.starts_with("ENC[")
}

/// Returns whether a value only stands for one, as in documentation: `LS0tLS1CRUdJTi…`, `<base64>`, an empty block.
fn is_placeholder(text: &str) -> bool {
    let trimmed = text.trim();
    let empty = [BEGIN, "-----END CERTIFICATE-----"];
    trimmed.contains("...")
        || trimmed.contains('…')
        || trimmed.starts_with('<') && trimmed.ends_with('>') && !trimmed.contains('\n')
        || trimmed
            .strip_prefix(empty[0])
            .and_then(|rest| rest.strip_suffix(empty[1]))
            .is_some_and(|body| body.trim().is_empty())
}

fn raw(node: &Node) -> Content {
    match &node.value {
        Value::Text(text) if is_encrypted(text) => Content::Locked(Lock::Sops),
        Value::Text(text) => of_text(Zeroizing::new(text.clone())),
        _ => Content::Text(Zeroizing::default()),
    }
}

/// What the controller of SealedSecrets renders is known where nothing is to be filled in.
fn templated(node: &Node) -> Content {
    match node.text() {
        Some(text) if text.contains("{{") => Content::Locked(Lock::Later),
        _ => raw(node),
    }
}

fn of_text(text: Zeroizing<String>) -> Content {
    if is_placeholder(&text) {
        Content::Placeholder(Some(text))
    } else {
        Content::Text(text)
    }
}

fn decode(node: &Node) -> Content {
    let text = match &node.value {
        Value::Text(text) => text,
        Value::Null => return Content::Text(Zeroizing::default()),
        // A number in base64, such as `1234`.
        Value::Int(number) if *number >= 0 => &number.to_string(),
        _ => return Content::Broken,
    };
    if is_encrypted(text) {
        return Content::Locked(Lock::Sops);
    }
    // Go passes over the ends of lines, and takes no other space (`encoding/base64`).
    let is_spaced = text.contains(' ') || text.contains('\t');
    let decoded = if is_spaced { None } else { of_base64(text) };
    match decoded {
        Some(Ok(text)) => of_text(text),
        Some(Err(NotText)) => Content::Binary,
        None if is_placeholder(text) || is_unfilled(text) => Content::Placeholder(None),
        None => Content::Broken,
    }
}

/// Bytes that are not text.
#[derive(Debug)]
pub(crate) struct NotText;

/// Decodes base64 that may be folded into lines; nothing if it is not base64.
pub(crate) fn of_base64(text: &str) -> Option<Result<Zeroizing<String>, NotText>> {
    let bytes = STANDARD.decode(text.as_bytes()).or_else(|_| {
        let compact: Zeroizing<String> = Zeroizing::new(text.split_ascii_whitespace().collect());
        STANDARD.decode(compact.as_bytes())
    });
    Some(match String::from_utf8(bytes.ok()?) {
        Ok(text) => Ok(Zeroizing::new(text)),
        Err(error) => {
            drop(Zeroizing::new(error.into_bytes()));
            Err(NotText)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Data {
        let node = crate::yaml::read(text, "s.yaml").unwrap();
        Data::of_secret(&node, &Certificates::default())
    }

    #[test]
    fn a_value_comes_to_what_the_api_server_would_hold_or_why_it_is_not_known() {
        let data = read(
            "data: {folded: \"d\\ng==\", number: 1234, broken: '!', nothing: , locked: 'ENC[AES256_GCM,data:x]',\n  \
             later: <base64>, both: dg==}\nstringData: {both: w, later2: <the CA>}\n",
        );
        let content = |key: &str| &data.get(key).unwrap().content;
        assert!(matches!(content("folded"), Content::Text(text) if text.as_str() == "v"));
        assert!(matches!(content("number"), Content::Binary));
        assert!(matches!(content("broken"), Content::Broken));
        assert!(matches!(content("nothing"), Content::Text(text) if text.is_empty()));
        assert!(matches!(content("locked"), Content::Locked(Lock::Sops)));
        assert!(matches!(content("later"), Content::Placeholder(None)));
        assert!(matches!(content("later2"), Content::Placeholder(Some(_))));
        assert!(matches!(content("both"), Content::Text(text) if text.as_str() == "w"));
    }

    #[test]
    fn no_text_is_shown_for_debugging_and_none_is_kept_that_was_to_be_forgotten() {
        let mut data = read("stringData: {k: geheim, l: <geheim>}\n");
        assert!(!format!("{data:?}").contains("geheim"));
        data.forget_texts();
        assert!(data.entries.iter().all(|entry| entry.text().is_none()));
        assert_eq!(data.get("l").unwrap().lock(), Some(Lock::Later));
    }

    #[test]
    fn of_two_odd_keys_traefik_reads_none_and_a_lone_one_of_a_secret() {
        let two = read("stringData: {odd: x, other: y}\n");
        assert!(matches!(two.traefik_authority(true), Read::Nothing));
        let one = read("stringData: {odd: x}\n");
        assert!(matches!(one.traefik_authority(true), Read::Only(entry) if entry.key == "odd"));
        assert!(matches!(one.traefik_authority(false), Read::Nothing));
        assert!(matches!(
            read("type: Opaque\n").traefik_authority(true),
            Read::Unknown
        ));
    }
}
