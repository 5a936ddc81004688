//! What Secrets and ConfigMaps hold: decoded once, certificates read once.

use super::object::{Class, Object};
use crate::fault::Fault;
use crate::pki::Certificate;
use crate::pki::certificate::Details;
use crate::yaml::{At, Node, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki_types::CertificateDer;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// What a Secret or ConfigMap holds.
pub(in crate::lint) struct Secret<'a> {
    pub(in crate::lint) entries: Vec<Entry<'a>>,
    /// Whether these are all keys: who makes the Secret may add others.
    pub(in crate::lint) is_complete: bool,
}

/// One key with its value.
pub(in crate::lint) struct Entry<'a> {
    pub(in crate::lint) key: &'a str,
    pub(in crate::lint) at: At,
    /// The section it is in, such as `data`.
    pub(in crate::lint) section: &'static str,
    pub(in crate::lint) content: Content,
    pub(in crate::lint) certificates: Vec<Arc<Cert>>,
    /// Why its certificates cannot be read.
    pub(in crate::lint) damaged: Option<String>,
}

/// A value, as far as it can be read.
pub(in crate::lint) enum Content {
    Text(Zeroizing<String>),
    /// Bytes that are not text.
    Binary,
    /// Encrypted, or not known before somebody makes it.
    Opaque,
    /// No base64.
    Broken,
}

/// A certificate with what it says.
pub(in crate::lint) struct Cert {
    pub(in crate::lint) certificate: Certificate,
    pub(in crate::lint) details: Details,
}

/// The certificates that were read: each instance shows its CA at least twice, and a fleet may share one.
#[derive(Default)]
pub(in crate::lint) struct Known(Mutex<BTreeMap<Vec<u8>, Arc<Cert>>>);

impl Known {
    fn certificate(&self, der: CertificateDer<'static>) -> Result<Arc<Cert>, Fault> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cert) = known().get(der.as_ref()) {
            return Ok(Arc::clone(cert));
        }
        let key = der.to_vec();
        let (certificate, details) = Certificate::with_details(der)?;
        let cert = Arc::new(Cert {
            certificate,
            details,
        });
        known().insert(key, Arc::clone(&cert));
        Ok(cert)
    }

    /// Reads the certificates of a text, or says why one of them cannot be read.
    fn all(&self, text: &str) -> (Vec<Arc<Cert>>, Option<String>) {
        let mut certificates = Vec::new();
        if !text.contains("-----BEGIN CERTIFICATE-----") {
            return (certificates, None);
        }
        for der in Certificate::ders_of_pem(text) {
            match der.and_then(|der| self.certificate(der)) {
                Ok(certificate) => certificates.push(certificate),
                Err(fault) => return (Vec::new(), Some(fault.what)),
            }
        }
        (certificates, None)
    }
}

impl Cert {
    /// What a report calls it: its subject, else its serial number.
    pub(in crate::lint) fn name(&self) -> &str {
        if self.details.subject.is_empty() {
            &self.details.serial
        } else {
            &self.details.subject
        }
    }
}

impl Entry<'_> {
    pub(in crate::lint) fn field(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    pub(in crate::lint) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns its certificates, in their order.
    pub(in crate::lint) fn certs(&self) -> impl Iterator<Item = &Cert> {
        self.certificates.iter().map(Arc::as_ref)
    }

    pub(in crate::lint) fn is_opaque(&self) -> bool {
        matches!(self.content, Content::Opaque)
    }

    /// Returns whether the value is nothing.
    pub(in crate::lint) fn is_empty(&self) -> bool {
        self.text().is_some_and(|text| text.trim().is_empty())
    }
}

impl<'a> Secret<'a> {
    /// Returns the first key of a pair that is missing or empty.
    pub(in crate::lint) fn missing_of_pair(&self) -> Option<&'static str> {
        if !self.is_complete {
            return None;
        }
        ["tls.crt", "tls.key"]
            .into_iter()
            .find(|key| self.get(key).is_none_or(Entry::is_empty))
    }

    pub(in crate::lint) fn get(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

/// Reads an object that is a Secret or ConfigMap, or makes one.
pub(in crate::lint) fn read<'a>(object: &Object<'a>, known: &Known) -> Option<Secret<'a>> {
    let mut found = Vec::new();
    let mut is_complete = true;
    let mut section = |path: &[&str], name, content: fn(&Node) -> Content| {
        section(object, path, name, content, known, &mut found);
        found.is_empty()
    };
    match (object.class, object.kind) {
        (Class::ConfigMap, _) => is_complete = !section(&["data"], "data", raw),
        (Class::Secret, "Secret") => {
            section(&["data"], "data", decode);
            // One without any data is filled in by somebody else.
            is_complete = !section(&["stringData"], "stringData", raw);
        }
        (Class::Secret, "SealedSecret") => {
            section(
                &["spec", "template", "data"],
                "spec.template.data",
                templated,
            );
            let sealed = ["spec", "encryptedData"];
            section(&sealed, "spec.encryptedData", |_| Content::Opaque);
        }
        (Class::Secret, "Certificate") => {
            for key in ["tls.crt", "tls.key", "ca.crt"] {
                found.push(opaque(key, object.node.at));
            }
        }
        (Class::Secret, _) => is_complete = false,
        _ => return None,
    }
    Some(Secret {
        entries: found,
        is_complete,
    })
}

fn opaque(key: &'static str, at: At) -> Entry<'static> {
    Entry {
        key,
        at,
        section: "spec",
        content: Content::Opaque,
        certificates: Vec::new(),
        damaged: None,
    }
}

fn section<'a>(
    object: &Object<'a>,
    path: &[&str],
    name: &'static str,
    content: fn(&Node) -> Content,
    known: &Known,
    found: &mut Vec<Entry<'a>>,
) {
    let Some(node) = object.at(path) else {
        return;
    };
    for (key, node) in node.entries() {
        let content = content(node);
        let (certificates, damaged) = match &content {
            Content::Text(text) => known.all(text),
            _ => (Vec::new(), None),
        };
        // `stringData` wins over `data`.
        found.retain(|entry| entry.key != key.text);
        found.push(Entry {
            key: &key.text,
            at: key.at,
            section: name,
            content,
            certificates,
            damaged,
        });
    }
}

fn is_encrypted(text: &str) -> bool {
    text.starts_with("ENC[")
}

/// Returns whether a value only stands for one, as in documentation: `LS0tLS1CRUdJTi…`, `<base64>`, an empty block.
fn is_placeholder(text: &str) -> bool {
    let trimmed = text.trim();
    let empty = ["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"];
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
        Value::Text(text) if is_encrypted(text) || is_placeholder(text) => Content::Opaque,
        Value::Text(text) => Content::Text(Zeroizing::new(text.clone())),
        _ => Content::Text(Zeroizing::default()),
    }
}

/// What the controller of SealedSecrets renders is known where nothing is to be filled in.
fn templated(node: &Node) -> Content {
    match node.text() {
        Some(text) if text.contains("{{") => Content::Opaque,
        _ => raw(node),
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
        return Content::Opaque;
    }
    let bytes = STANDARD.decode(text.as_bytes()).or_else(|_| {
        let compact: Zeroizing<String> = Zeroizing::new(text.split_ascii_whitespace().collect());
        STANDARD.decode(compact.as_bytes())
    });
    match bytes.map(String::from_utf8) {
        Err(_) if is_placeholder(text) => Content::Opaque,
        Err(_) => Content::Broken,
        Ok(Ok(text)) if is_placeholder(&text) => Content::Opaque,
        Ok(Ok(text)) => Content::Text(Zeroizing::new(text)),
        Ok(Err(error)) => {
            drop(Zeroizing::new(error.into_bytes()));
            Content::Binary
        }
    }
}
