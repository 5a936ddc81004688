//! Certificates made by the tests themselves, for the manifests that the program cannot be made to print.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

/// A certificate with its key, both PEM.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Pair {
    /// Writes both to files; the key's is readable by its owner only.
    pub(crate) fn write(&self, certificate: &Path, key: &Path) {
        fs::write(certificate, &self.certificate).expect("a directory of ours");
        fs::OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(key)
            .and_then(|mut file| file.write_all(self.key.as_bytes()))
            .expect("a directory of ours");
    }
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Pair")
    }
}

impl Pair {
    /// A pair that no authority signed.
    pub(crate) fn self_signed(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut parameters = server(name, &[name]);
        parameters.use_authority_key_identifier_extension = false;
        change(&mut parameters);
        Self {
            certificate: parameters.self_signed(&key).expect("a certificate").pem(),
            key: key.serialize_pem(),
        }
    }
}

/// A certification authority.
pub(crate) struct Authority {
    pub(crate) certificate: String,
    parameters: CertificateParams,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new key under `name`.
    pub(crate) fn new(name: &str) -> Self {
        Self::of(&KeyPair::generate().expect("a key"), name)
    }

    /// An authority of a key.
    pub(crate) fn of(key: &KeyPair, name: &str) -> Self {
        let parameters = authority(name);
        let certificate = parameters.self_signed(key).expect("a certificate").pem();
        let key = KeyPair::from_pem(&key.serialize_pem()).expect("our own");
        Self {
            certificate,
            issuer: Issuer::new(parameters.clone(), key),
            parameters,
        }
    }

    /// The common name of its subject.
    pub(crate) fn name(&self) -> String {
        match self.parameters.distinguished_name.get(&DnType::CommonName) {
            Some(DnValue::Utf8String(name)) => name.clone(),
            other => unreachable!("{other:?}"),
        }
    }

    /// Its private key, PEM.
    pub(crate) fn key(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// Its certificate made again, of the same name and key, with something changed.
    pub(crate) fn again(&self, change: impl FnOnce(&mut CertificateParams)) -> String {
        let mut parameters = self.parameters.clone();
        change(&mut parameters);
        let certificate = parameters.self_signed(self.issuer.key());
        certificate.expect("a certificate").pem()
    }

    /// An authority below this one, with something changed.
    pub(crate) fn intermediate(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut parameters = authority(name);
        parameters.use_authority_key_identifier_extension = true;
        change(&mut parameters);
        let certificate = parameters.signed_by(&key, &self.issuer);
        Self {
            certificate: certificate.expect("a certificate").pem(),
            issuer: Issuer::new(parameters.clone(), key),
            parameters,
        }
    }

    /// A server's pair of an authority below this one, which is sent along or not.
    pub(crate) fn below(&self, name: &str, is_sent: bool) -> Pair {
        let between = self.intermediate(&format!("authority below, for {name}"), |_| ());
        let mut pair = between.server(name, &[name]);
        if is_sent {
            pair.certificate.push_str(&between.certificate);
        }
        pair
    }

    /// A server's pair with these subject alternative names; with none, the name is in the subject only.
    pub(crate) fn server(&self, name: &str, alternatives: &[&str]) -> Pair {
        self.leaf_with(name, alternatives, |_| ())
    }

    /// A client's pair.
    pub(crate) fn client(&self, name: &str) -> Pair {
        self.leaf_with(name, &[], |parameters| {
            parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        })
    }

    /// A server's pair with something changed.
    pub(crate) fn leaf_with(
        &self,
        name: &str,
        alternatives: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Pair {
        let key = KeyPair::generate().expect("a key");
        self.leaf_of(&key, name, alternatives, change)
    }

    /// A server's pair of a key, with something changed.
    pub(crate) fn leaf_of(
        &self,
        key: &KeyPair,
        name: &str,
        alternatives: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Pair {
        let mut parameters = server(name, alternatives);
        change(&mut parameters);
        Pair {
            certificate: parameters
                .signed_by(key, &self.issuer)
                .expect("a certificate")
                .pem(),
            key: key.serialize_pem(),
        }
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut parameters = subject(name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

fn server(name: &str, alternatives: &[&str]) -> CertificateParams {
    let mut parameters = subject(name);
    let names: Vec<String> = alternatives.iter().map(ToString::to_string).collect();
    parameters.subject_alt_names = CertificateParams::new(names)
        .expect("DNS names and addresses")
        .subject_alt_names;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    parameters.use_authority_key_identifier_extension = true;
    parameters
}

fn subject(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    let now = OffsetDateTime::now_utc();
    parameters.not_before = now - Duration::hours(1);
    parameters.not_after = now + Duration::days(365);
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
}
