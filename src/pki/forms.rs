//! The forms in which people keep certificates and keys: PEM, DER, PKCS#12, and the Secrets of Kubernetes manifests. All
//! become PEM, which everything else reads.

use super::pem::to_pem;
use super::pkcs12::{self, Password, Wanted};
use super::{Certificate, CertificateText, pem};
use crate::civiparoisse;
use crate::fault::Fault;
use crate::manifests::{self, FoundSecret};
use pki_types::{CertificateDer, PrivateKeyDer};
use zeroize::Zeroizing;

/// What is wanted of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormPart {
    /// A leaf's certificate with its key.
    Leaf,
    /// A leaf's certificate.
    LeafCertificate,
    /// A leaf's key.
    LeafKey,
    /// A CA's certificate with its key.
    Authority,
    /// A CA's certificate.
    AuthorityCertificate,
    /// A CA's key.
    AuthorityKey,
}

/// Keys of a Secret that hold a leaf's certificate and its key: of `kubernetes.io/tls`, of the Civiparoisse chart.
const LEAVES: &[(&str, &str)] = &[
    ("tls.crt", "tls.key"),
    (civiparoisse::HTTPD_CERT, civiparoisse::HTTPD_KEY),
];

/// Keys of a Secret that hold a CA: beside a leaf, in the Civiparoisse chart, and by itself as cert-manager keeps it.
const AUTHORITIES: &[(&str, &str)] = &[
    ("ca.crt", "ca.key"),
    (civiparoisse::CA_CERT, civiparoisse::CA_KEY),
    ("tls.crt", "tls.key"),
];

impl FormPart {
    fn pairs(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Leaf | Self::LeafCertificate | Self::LeafKey => LEAVES,
            Self::Authority | Self::AuthorityCertificate | Self::AuthorityKey => AUTHORITIES,
        }
    }

    /// Returns what is wanted of one pair; nothing where it lacks that.
    fn of(self, secret: &FoundSecret, (certificate, key): (&str, &str)) -> Option<String> {
        let text = |name: &str| secret.data.get(name).map(|text| text.as_str());
        match self {
            Self::LeafCertificate | Self::AuthorityCertificate => {
                text(certificate).map(str::to_owned)
            }
            Self::LeafKey | Self::AuthorityKey => text(key).map(str::to_owned),
            Self::Leaf | Self::Authority => Some(format!(
                "{}\n{}",
                text(certificate)?,
                text(key).unwrap_or_default()
            )),
        }
    }
}

/// Returns the PEM text of what is wanted of a file, whatever form it has; `password` is that of a PKCS#12 file. A text
/// that is not a manifest is returned as it is.
///
/// # Errors
/// Bytes that are neither text, PKCS#12 nor a certificate or key in DER; what [`pkcs12::read`] refuses, and a PKCS#12 file
/// without exactly one key where one is wanted; manifests that are not YAML, or of which not exactly one Secret has
/// what is wanted.
pub fn pem(
    bytes: &[u8],
    file: &str,
    part: FormPart,
    password: Option<&Password>,
) -> Result<Zeroizing<String>, Vec<Fault>> {
    if pkcs12::is_pkcs12(bytes) {
        return of_pkcs12(bytes, part, password).map_err(|fault| vec![fault.file(file)]);
    }
    if let Some(text) = of_der(bytes) {
        return Ok(text);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let what = format!("the text is not UTF-8 (byte {})", error.valid_up_to() + 1);
        vec![Fault::new(what).help(pem::advice(bytes)).file(file)]
    })?;
    // Windows editors put a byte order mark in front.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let is_block = |line: &str| line.trim_start().starts_with("-----BEGIN ");
    let is_kind = |line: &str| {
        let line = line.trim_start().trim_start_matches(['{', '"']);
        line.starts_with("kind")
    };
    if !text.contains("Secret") || text.lines().any(is_block) || !text.lines().any(is_kind) {
        return Ok(Zeroizing::new(text.to_owned()));
    }
    let secrets = manifests::secrets(text, file)?;
    let mut found = secrets.iter().filter_map(|secret| {
        let mut pairs = part.pairs().iter();
        pairs.find_map(|pair| part.of(secret, *pair))
    });
    match (found.next(), found.next()) {
        (Some(text), None) => Ok(Zeroizing::new(text)),
        (None, _) => {
            let names: Vec<&str> = match part {
                FormPart::LeafKey | FormPart::AuthorityKey => {
                    part.pairs().iter().map(|(_, key)| *key).collect()
                }
                _ => part
                    .pairs()
                    .iter()
                    .map(|(certificate, _)| *certificate)
                    .collect(),
            };
            let what = format!("no Secret has {}", names.join(", "));
            Err(vec![
                Fault::new(what)
                    .help("name the Secret that holds it")
                    .file(file),
            ])
        }
        (Some(_), Some(_)) => {
            let fault = Fault::new("more than one Secret has what is wanted");
            Err(vec![fault.help("give one of them").file(file)])
        }
    }
}

/// Returns what is wanted of a PKCS#12 file.
fn of_pkcs12(
    bytes: &[u8],
    part: FormPart,
    password: Option<&Password>,
) -> Result<Zeroizing<String>, Fault> {
    let (has_certificates, has_key) = match part {
        FormPart::Leaf | FormPart::Authority => (true, true),
        FormPart::LeafCertificate | FormPart::AuthorityCertificate => (true, false),
        FormPart::LeafKey | FormPart::AuthorityKey => (false, true),
    };
    let wanted = if has_key {
        Wanted::CertificatesAndKeys
    } else {
        Wanted::Certificates
    };
    let pkcs12::Contents { certificates, keys } = pkcs12::read(bytes, password, wanted)?;
    let key = match keys.as_slice() {
        [key] => key.as_str(),
        _ if !has_key => "",
        [] => {
            return Err(Fault::new("the PKCS#12 file has no private key")
                .help("export it with the key, or name the file of the key"));
        }
        several => {
            let what = format!("the PKCS#12 file has {} private keys", several.len());
            return Err(Fault::new(what).help("export only the one that is needed"));
        }
    };
    if has_certificates && certificates.is_empty() {
        return Err(Fault::new("the PKCS#12 file has no certificate"));
    }
    let certificates: CertificateText = certificates.iter().collect();
    let certificates = if has_certificates {
        certificates.as_str()
    } else {
        ""
    };
    let mut text = Zeroizing::new(String::with_capacity(certificates.len() + key.len()));
    text.push_str(certificates);
    text.push_str(key);
    Ok(text)
}

/// Returns the PEM block of a certificate or private key in DER; nothing of anything else.
fn of_der(bytes: &[u8]) -> Option<Zeroizing<String>> {
    // Both are a SEQUENCE, which no text begins as: `0` is followed by a length.
    let [0x30, ..] = bytes else {
        return None;
    };
    if let Ok(key) = PrivateKeyDer::try_from(bytes) {
        let (tag, der) = match &key {
            PrivateKeyDer::Pkcs1(der) => ("RSA PRIVATE KEY", der.secret_pkcs1_der()),
            PrivateKeyDer::Sec1(der) => ("EC PRIVATE KEY", der.secret_sec1_der()),
            PrivateKeyDer::Pkcs8(der) => ("PRIVATE KEY", der.secret_pkcs8_der()),
            _ => return None,
        };
        return Some(Zeroizing::new(to_pem(tag, der)));
    }
    let certificate = Certificate::from_der(CertificateDer::from(bytes.to_vec())).ok()?;
    Some(Zeroizing::new(certificate.pem().to_owned()))
}
