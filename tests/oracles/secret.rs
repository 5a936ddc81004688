//! The Secret of all cases, and its ways into a file.

use crate::programs::{Programs, run};
use aws_lc_rs::rand::fill;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use civi_ingress::fault::Fault;
use civi_ingress::manifest::{Identity, Object, PrivateKeys, SecretData, secret_data};
use civi_ingress::name::{DataKey, Namespace, ObjectName};
use civi_ingress::pki::CertificateText;
use civi_ingress::seal::{Recipient, sops};
use civi_ingress::template::Templates;
use std::collections::BTreeMap;
use std::path::Path;
use time::OffsetDateTime;
use time::macros::datetime;

pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-24 10:00:00 UTC);

/// What the file says of a value in clear text.
pub(crate) const CERTIFICATE: &str =
    "-----BEGIN CERTIFICATE-----\nclear\n-----END CERTIFICATE-----\n";

/// The private values, sorted by key: keys with dots, hyphens and capitals, short and long values.
pub(crate) fn private() -> Vec<(DataKey, String)> {
    let long = "0123456789abcdef\n".repeat(1_000);
    [
        ("CA.key", "x"),
        ("a.b-c_d", "é: \"quoted\"\n\ttext # with - all { kinds }"),
        ("long.key", &long),
        ("tls.key", include_str!("../keys/leaf.pem")),
    ]
    .into_iter()
    .map(|(key, text)| (DataKey::parse(key).unwrap(), text.to_owned()))
    .collect()
}

/// The private values as they come to be sealed.
pub(crate) fn private_data() -> Vec<(DataKey, SecretData)> {
    private()
        .into_iter()
        .map(|(key, text)| (key, SecretData::private(&text)))
        .collect()
}

/// What must be under `data` once all is opened.
pub(crate) fn expected() -> BTreeMap<String, String> {
    let certificate = ("tls.crt".to_owned(), STANDARD.encode(CERTIFICATE));
    private()
        .into_iter()
        .map(|(key, text)| (key.to_string(), STANDARD.encode(text)))
        .chain([certificate])
        .collect()
}

/// Draws random bytes.
#[expect(clippy::unnecessary_wraps, reason = "the form that sealing asks for")]
pub(crate) fn random(bytes: &mut [u8]) -> Result<(), Fault> {
    fill(bytes).expect("the system has random numbers");
    Ok(())
}

pub(crate) fn namespace() -> Namespace {
    Namespace::parse("paroisse-a").unwrap()
}

pub(crate) fn name() -> ObjectName {
    ObjectName::parse("selfcert").unwrap()
}

/// Renders the Secret with the template of the program.
fn manifest(data: Vec<(DataKey, SecretData)>) -> String {
    let identity = Identity {
        api_version: "v1",
        kind: "Secret",
        namespace: Some(namespace()),
        name: name(),
    };
    let mut object = Object::new(identity, "secret.yaml");
    object.labels = vec![("app.kubernetes.io/name".into(), "civicrm".into())];
    object.annotations = vec![("example.org/count".into(), "12".into())];
    let certificate = (
        DataKey::parse("tls.crt").unwrap(),
        SecretData::certificates(&CertificateText::of(CERTIFICATE).unwrap()),
    );
    object.fields = vec![
        ("type", "Opaque".into()),
        ("data", secret_data(data.into_iter().chain([certificate]))),
    ];
    let manifests = Templates::default().render(&[object], PrivateKeys::Written);
    manifests.unwrap()[0].yaml.to_string()
}

/// The Secret in clear text.
pub(crate) fn plain() -> String {
    manifest(private_data())
}

/// The Secret as a SOPS file of ours.
pub(crate) fn sealed(recipients: &[Recipient]) -> String {
    let private = private_data();
    let mut sealed = sops::seal(&private, recipients, NOW, &mut random).unwrap();
    let data = private.into_iter().map(|(key, _)| {
        let value = sealed.values.remove(&key).expect("every value is sealed");
        (key, SecretData::sealed(value))
    });
    let manifest = manifest(data.collect());
    manifest + sealed.block.text()
}

/// Reads `data` of a Secret with another YAML reader than ours.
pub(crate) fn data_of(text: &str) -> BTreeMap<String, String> {
    let tree: serde_yaml::Value = serde_yaml::from_str(text).expect("the Secret is YAML");
    tree["data"]
        .as_mapping()
        .expect("it has data")
        .iter()
        .map(|(key, value)| {
            let text = |value: &serde_yaml::Value| value.as_str().expect("a string").to_owned();
            (text(key), text(value))
        })
        .collect()
}

/// Makes an identity with `age-keygen`, whose file is given back as it was written.
pub(crate) fn keygen(programs: &Programs, directory: &Path) -> String {
    run(&programs.age_keygen, directory, &[], "", b"").text()
}
