//! What kubeseal makes of our SealedSecrets with the controller's key (`--recovery-unseal`).

use crate::Case;
use crate::programs::{Outcome, Programs, run};
use crate::secret::{NOW, data_of, expected, name, namespace, private_data, random};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use civi_ingress::name::DataKey;
use civi_ingress::seal::sealed::{SealingCertificate, SealingScope, seal};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use std::collections::BTreeMap;
use std::fs;
use tempfile::TempDir;
use time::Duration;

pub(crate) const CASES: &[Case] = &[
    (
        "kubeseal_opens_what_we_seal_in_each_scope_and_for_each_size_of_key",
        opened,
    ),
    (
        "kubeseal_opens_a_value_under_another_name_only_where_its_scope_allows_it",
        scopes,
    ),
    ("kubeseal_refuses_each_tampered_value", tampered),
];

/// A controller: its key in a file, and its certificate as we read it.
struct Controller<'a> {
    programs: &'a Programs,
    directory: TempDir,
    certificate: SealingCertificate,
}

impl<'a> Controller<'a> {
    fn new(programs: &'a Programs, size: RsaKeySize) -> Self {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, size).unwrap();
        let mut params = CertificateParams::default();
        params.not_before = NOW - Duration::days(1);
        params.not_after = NOW + Duration::days(30);
        let pem = params.self_signed(&key).unwrap().pem();
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("key.pem"), key.serialize_pem()).unwrap();
        let certificate = SealingCertificate::from_pem(&pem, NOW).unwrap();
        Self {
            programs,
            directory,
            certificate,
        }
    }

    fn seal(&self, scope: SealingScope) -> BTreeMap<DataKey, String> {
        let private = private_data();
        seal(
            &namespace(),
            &name(),
            scope,
            &private,
            &self.certificate,
            &mut random,
        )
        .unwrap()
    }

    fn unseal(&self, manifest: &str) -> Outcome {
        let arguments = [
            "--recovery-unseal",
            "--recovery-private-key",
            "key.pem",
            "--format",
            "yaml",
        ];
        let directory = self.directory.path();
        run(
            &self.programs.kubeseal,
            directory,
            &arguments,
            "",
            manifest.as_bytes(),
        )
    }
}

fn manifest(
    scope: SealingScope,
    namespace: &str,
    name: &str,
    sealed: &BTreeMap<DataKey, String>,
) -> String {
    let annotations = scope.annotation().map_or_else(String::new, |(key, value)| {
        format!("  annotations:\n    {key}: \"{value}\"\n")
    });
    let metadata = format!("metadata:\n  name: {name}\n  namespace: {namespace}\n{annotations}");
    let values: String = sealed
        .iter()
        .flat_map(|(key, value)| ["    ", key.as_str(), ": ", value, "\n"])
        .collect();
    let inner: String = metadata
        .lines()
        .flat_map(|line| ["    ", line, "\n"])
        .collect();
    format!(
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n{metadata}spec:\n  template:\n{inner}    type: Opaque\n  encryptedData:\n{values}"
    )
}

/// What we seal; the certificate in clear text is the template's.
fn wanted() -> BTreeMap<String, String> {
    let mut wanted = expected();
    wanted.remove("tls.crt");
    wanted
}

fn opened(programs: &Programs) {
    for size in [RsaKeySize::_2048, RsaKeySize::_4096] {
        let controller = Controller::new(programs, size);
        for scope in SealingScope::ALL {
            let text = manifest(scope, "paroisse-a", "selfcert", &controller.seal(scope));
            assert_eq!(
                data_of(&controller.unseal(&text).text()),
                wanted(),
                "{scope}"
            );
        }
    }
}

fn scopes(programs: &Programs) {
    let controller = Controller::new(programs, RsaKeySize::_2048);
    for (scope, opens) in
        SealingScope::ALL
            .into_iter()
            .zip([[false, false], [true, false], [true, true]])
    {
        let sealed = controller.seal(scope);
        let elsewhere = [("paroisse-a", "other"), ("paroisse-b", "selfcert")];
        for ((namespace, name), opens) in elsewhere.into_iter().zip(opens) {
            let outcome = controller.unseal(&manifest(scope, namespace, name, &sealed));
            assert_eq!(
                outcome.status == Some(0),
                opens,
                "{scope} {namespace}/{name}: {}",
                outcome.stderr
            );
        }
        for claimed in SealingScope::ALL
            .into_iter()
            .filter(|claimed| *claimed != scope)
        {
            let outcome = controller.unseal(&manifest(claimed, "paroisse-a", "selfcert", &sealed));
            assert_ne!(outcome.status, Some(0), "{scope} opened as {claimed}");
        }
    }
}

fn tampered(programs: &Programs) {
    let controller = Controller::new(programs, RsaKeySize::_2048);
    let sealed = controller.seal(SealingScope::Strict);
    for (key, value) in &sealed {
        let bytes = STANDARD.decode(value).unwrap();
        // The length, the session key (256 bytes), the value, its tag.
        for at in [
            0,
            1,
            2,
            130,
            257,
            258,
            bytes.len() - 17,
            bytes.len() - 16,
            bytes.len() - 1,
        ] {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            let mut sealed = sealed.clone();
            sealed.insert(key.clone(), STANDARD.encode(bytes));
            let outcome = controller.unseal(&manifest(
                SealingScope::Strict,
                "paroisse-a",
                "selfcert",
                &sealed,
            ));
            assert_ne!(outcome.status, Some(0), "{key}, byte {at}");
        }
    }
}
