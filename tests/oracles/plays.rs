//! The other ways to keep keys, each through a few steps: sealed, in clear text, with stored CAs, and imported.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use civi_ingress::seal::Identity;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize,
};
use tempfile::TempDir;
use time::macros::datetime;

use crate::Case;
use crate::programs::{Programs, run};
use crate::repository::{FleetText, Repository, program};
use crate::secret::{data_of, keygen};

pub(crate) const CASES: &[Case] = &[
    (
        "kubeseal_opens_a_sealed_fleet_through_a_change_a_renewal_and_a_new_sealing_key",
        sealed,
    ),
    ("a_fleet_in_clear_is_kept_out_of_git_and_renewed", plain),
    (
        "a_stored_authority_signs_again_with_the_identity_and_never_without",
        stored,
    ),
    ("what_runs_is_imported_without_a_changed_key", imported),
    (
        "keys_of_two_kinds_are_imported_without_a_changed_key",
        imported_of_two_kinds,
    ),
];

const IDS: [&str; 5] = ["p0", "p1", "p2", "p3", "p4"];

fn fleet(spec: &str, recipients: &[&str]) -> FleetText {
    let mut fleet = FleetText {
        spec: format!("  wildcard: {{certificate: {{ca: ephemeral}}}}\n{spec}"),
        recipients: recipients.iter().map(ToString::to_string).collect(),
        ..FleetText::default()
    };
    for id in IDS {
        fleet.add(id);
    }
    fleet
}

fn recipient(identity: &str) -> String {
    let identity = Identity::all_from_text(identity)
        .expect("an identity")
        .remove(0);
    identity.recipient().as_str().to_owned()
}

/// Adds an alias to an instance, which reissues its certificate.
fn add_alias(repository: &mut Repository<'_>) {
    let hosts = repository
        .fleet
        .instances
        .get_mut("p1")
        .expect("it is there");
    hosts.0.push("alias.example.org".to_owned());
}

/// Makes a controller's key and certificate; gives the key.
fn sealing_key(repository: &Repository<'_>) -> String {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).expect("a key");
    let mut parameters = CertificateParams::default();
    parameters.not_before = datetime!(2026-01-01 00:00:00 UTC);
    parameters.not_after = datetime!(2036-01-01 00:00:00 UTC);
    let certificate = parameters.self_signed(&key).expect("a certificate").pem();
    fs::write(repository.path().join("seal.pem"), certificate).expect("writable");
    repository.git(&["add", "seal.pem"]);
    key.serialize_pem()
}

fn sealed(programs: &Programs) {
    for scope in ["strict", "namespace-wide"] {
        let spec =
            format!("  secrets: {{mode: sealed, sealingCertificate: seal.pem, scope: {scope}}}\n");
        let mut repository = Repository::new(programs, fleet(&spec, &[]));
        let mut key = sealing_key(&repository);
        let unseal = |key: &str, text: &str| {
            let desk = TempDir::new().expect("a directory");
            fs::write(desk.path().join("key.pem"), key).expect("writable");
            let arguments = [
                "--recovery-unseal",
                "--recovery-private-key",
                "key.pem",
                "--format",
                "yaml",
            ];
            run(
                &programs.kubeseal,
                desk.path(),
                &arguments,
                "",
                text.as_bytes(),
            )
        };
        let step = |day: &str, key: &str, repository: &mut Repository<'_>| {
            assert_eq!(repository.begin(day), 1, "{day}");
            let report = repository.render(&[], 0);
            assert_eq!(repository.gitops("check", &[]).status, Some(0), "{day}");
            repository.verify(false);
            repository.open(&IDS, |text| unseal(key, text).text());
            (report.units("issue"), report.units("renew"))
        };
        let all: BTreeSet<String> = IDS
            .into_iter()
            .chain(["cluster"])
            .map(str::to_owned)
            .collect();
        let nothing = BTreeSet::new();
        assert_eq!(
            step("2026-12-01", &key, &mut repository),
            (all.clone(), nothing.clone())
        );
        add_alias(&mut repository);
        let one = BTreeSet::from(["p1".to_owned()]);
        assert_eq!(
            step("2027-01-01", &key, &mut repository),
            (nothing.clone(), one)
        );
        assert_eq!(
            step("2027-10-01", &key, &mut repository),
            (nothing.clone(), all.clone())
        );
        // Nobody but the controller opens what is sealed: a new sealing key means new keys.
        let old = std::mem::replace(&mut key, sealing_key(&repository));
        assert_eq!(step("2027-11-01", &key, &mut repository), (nothing, all));
        assert_ne!(unseal(&old, &repository.text_of("p1")).status, Some(0));
    }
}

fn plain(programs: &Programs) {
    let fleet = fleet("  secrets: {mode: plain}\n", &[]);
    let mut repository = Repository::new(programs, fleet);
    assert_eq!(repository.begin("2026-12-01"), 1);
    let refused = repository.gitops("render", &[]);
    assert_eq!(refused.status, Some(5), "{}", refused.stderr);
    let first = refused.stderr.lines().next().unwrap_or_default();
    assert!(
        first.starts_with("error: `git add` would stage private keys in clear text: tree/"),
        "{first}"
    );
    assert_eq!(
        fs::read_dir(repository.tree()).expect("readable").count(),
        0
    );
    let allowed = ["--allow-plain-in-git"];
    for (day, renewed) in [("2026-12-01", 0), ("2027-01-01", 1), ("2027-10-01", 6)] {
        if renewed == 1 {
            add_alias(&mut repository);
        }
        assert_eq!(repository.begin(day), 1, "{day}");
        let report = repository.render(&allowed, 0);
        assert_eq!(report.units("renew").len(), renewed, "{day}");
        if renewed == 1 {
            // The database's pair has a life of its own where nothing is encrypted.
            assert_eq!(report.count("renew"), 1);
        }
        assert_eq!(repository.gitops("check", &[]).status, Some(0), "{day}");
        repository.verify(false);
        repository.open(&IDS, str::to_owned);
    }
}

fn stored(programs: &Programs) {
    let outside = TempDir::new().expect("a directory");
    let identity = keygen(programs, outside.path());
    let key_file = outside.path().join("identity");
    fs::write(&key_file, &identity).expect("writable");
    let key_path = key_file.display().to_string();
    let fleet = fleet(
        "  defaults: {certificate: {ca: stored}}\n",
        &[&recipient(&identity)],
    );
    let mut repository = Repository::new(programs, fleet);
    assert_eq!(repository.begin("2026-12-01"), 1);
    repository.render(&[], 0);
    repository.verify(false);
    repository.open_with_sops(&IDS, &identity);
    let before: Vec<_> = IDS.iter().map(|id| repository.seen(id)).collect();

    assert_eq!(repository.begin("2027-10-01"), 1);
    let report = repository.render(&[], 1);
    let instances: BTreeSet<String> = IDS.into_iter().map(str::to_owned).collect();
    assert_eq!(report.units("blocked"), instances);
    assert_eq!(
        report.units("renew"),
        BTreeSet::from(["cluster".to_owned()])
    );
    let refused = repository.program(&[
        "gitops",
        "render",
        "-f",
        "fleet.yaml",
        "--output-dir",
        "tree",
        "--now",
        &repository.now,
    ]);
    assert!(
        refused.stderr.starts_with(
            "warning: p0: httpd: blocked: renewal due, identity needed (`--identity FILE`): its certificate expires at"
        ),
        "{}",
        refused.stderr
    );
    for (id, before) in IDS.iter().zip(&before) {
        assert!(repository.seen(id).leaf.der() == before.leaf.der(), "{id}");
    }
    repository.verify(false);

    let report = repository.render(&["--identity", &key_path], 0);
    assert_eq!(report.units("renew"), instances);
    assert_eq!(repository.gitops("check", &[]).status, Some(0));
    for (id, before) in IDS.iter().zip(&before) {
        let seen = repository.seen(id);
        assert!(seen.leaf.der() != before.leaf.der(), "{id}");
        assert!(seen.ca.der() == before.ca.der(), "{id}");
        assert!(seen.database_ca.der() == before.database_ca.der(), "{id}");
        assert_eq!(seen.bundle.len(), 1, "{id}");
    }
    repository.verify(false);
    repository.open_with_sops(&IDS, &identity);
}

/// The Secrets of an instance that this program brought up, as a stream.
fn new_instance(directory: &TempDir, id: &str, host: &str) -> Vec<BTreeMap<String, String>> {
    let arguments = [
        "new-instance",
        id,
        "--host",
        host,
        "--now",
        "2026-11-01T00:00:00Z",
        "--quiet",
    ];
    let stream = program(directory.path(), &arguments).text();
    let documents = stream
        .split("---\n")
        .filter(|text| text.contains("kind: Secret\n"));
    let mut secrets: Vec<_> = documents.map(data_of).collect();
    secrets.sort_by_key(BTreeMap::len);
    secrets
}

/// The Secrets of an instance as the chart makes them: RSA, and a database certificate with a common name only.
fn chart_instance(host: &str) -> Vec<BTreeMap<String, String>> {
    let pem = |text: String| STANDARD.encode(text);
    let parameters = |name: &str, hosts: &[&str], days: i64| {
        let hosts: Vec<String> = hosts.iter().map(ToString::to_string).collect();
        let mut parameters = CertificateParams::new(hosts).expect("hosts");
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.not_before = datetime!(2026-11-01 00:00:00 UTC);
        parameters.not_after = parameters.not_before + time::Duration::days(days);
        parameters.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
        ];
        parameters.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        parameters
    };
    let rsa = || KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).expect("a key");
    let mut data = BTreeMap::new();
    let mut trust = BTreeMap::new();
    let chains: [(&str, &str, &[&str], [&str; 4]); 2] = [
        (
            "extern-ca",
            host,
            &[host],
            ["cacert", "cakey", "externcert", "externkey"],
        ),
        (
            "db-ca",
            "civicrmdb",
            &[],
            ["dbcacert", "dbcakey", "dbservercert", "dbserverkey"],
        ),
    ];
    for (ca_name, name, hosts, [ca_cert, ca_key, cert, key]) in chains {
        let mut ca = parameters(ca_name, &[], 365);
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages.push(KeyUsagePurpose::KeyCertSign);
        let (signing, leaf_key) = (rsa(), rsa());
        let certificate = pem(ca.self_signed(&signing).expect("a certificate").pem());
        if hosts.len() == 1 {
            trust.insert("tls.crt".to_owned(), certificate.clone());
        }
        data.insert(ca_cert.to_owned(), certificate);
        data.insert(ca_key.to_owned(), pem(signing.serialize_pem()));
        let issuer = Issuer::new(ca, signing);
        let mut leaf = parameters(name, hosts, 365);
        leaf.use_authority_key_identifier_extension = true;
        let leaf = leaf.signed_by(&leaf_key, &issuer).expect("a certificate");
        data.insert(cert.to_owned(), pem(leaf.pem()));
        data.insert(key.to_owned(), pem(leaf_key.serialize_pem()));
    }
    vec![trust, data]
}

/// Writes Secrets as `kubectl get secret -A -o yaml` does.
fn kubectl_list(instances: &BTreeMap<&str, Vec<BTreeMap<String, String>>>) -> String {
    let mut items = Vec::new();
    let secret = |namespace: &str, name: &str, data: serde_json::Value| {
        serde_json::json!({
            "apiVersion": "v1",
            "data": data,
            "kind": "Secret",
            "metadata": {
                "creationTimestamp": "2026-11-01T00:00:00Z",
                "name": name,
                "namespace": namespace,
                "resourceVersion": "214",
                "uid": "2f1a3c52-7a0e-4b0c-9d57-0f7c0c7f0b11",
            },
            "type": "Opaque",
        })
    };
    for (namespace, secrets) in instances {
        for (data, name) in secrets.iter().zip(["externca", "selfcert"]) {
            items.push(secret(namespace, name, serde_json::json!(data)));
        }
        items.push(secret(
            namespace,
            "other",
            serde_json::json!({"password": "c2VjcmV0"}),
        ));
    }
    let list = serde_json::json!({
        "apiVersion": "v1",
        "items": items,
        "kind": "List",
        "metadata": {"resourceVersion": ""},
    });
    serde_yaml::to_string(&list).expect("it can be written")
}

/// Imports instances, renders, and compares every key and certificate with what ran before.
fn import(programs: &Programs, instances: &BTreeMap<&str, Vec<BTreeMap<String, String>>>) {
    let desk = TempDir::new().expect("a directory");
    let identity = keygen(programs, desk.path());
    fs::write(desk.path().join("secrets.yaml"), kubectl_list(instances)).expect("writable");
    let now = ["--now", "2026-12-01T06:00:00Z"];
    let recipient = recipient(&identity);
    let import = [
        "gitops",
        "import",
        "--output-dir",
        "tree",
        "--secrets",
        "secrets.yaml",
    ];
    let import = [&import[..], &["--recipient", &recipient], &now].concat();
    program(desk.path(), &import).good();
    let gitops = |verb| {
        let arguments = [
            "gitops",
            verb,
            "-f",
            "tree/fleet.yaml",
            "--output-dir",
            "tree",
        ];
        program(desk.path(), &[&arguments[..], &now].concat())
    };
    let same = || {
        for (id, secrets) in instances {
            let path = desk
                .path()
                .join(format!("tree/instances/{id}/secret-selfcert.sops.yaml"));
            let text = fs::read_to_string(path).expect("it is there");
            let outside = TempDir::new().expect("a directory");
            fs::write(outside.path().join("s.sops.yaml"), text).expect("writable");
            let sops = ["decrypt", "s.sops.yaml"];
            let opened = run(&programs.sops, outside.path(), &sops, &identity, b"").text();
            let opened = data_of(&opened);
            for key in [
                "cacert",
                "externcert",
                "externkey",
                "dbcacert",
                "dbservercert",
                "dbserverkey",
            ] {
                assert_eq!(opened[key], secrets[1][key], "{id}: {key}");
            }
            for key in ["cakey", "dbcakey"] {
                assert!(!opened.contains_key(key), "{id}: {key}");
            }
        }
    };
    same();
    let rendered = gitops("render");
    assert_eq!(rendered.status, Some(0), "{}", rendered.stderr);
    same();
    let check = gitops("check");
    assert_eq!(check.status, Some(0), "{}", check.stderr);
    for (id, secrets) in instances {
        let path = desk
            .path()
            .join(format!("tree/instances/{id}/secret-externca.yaml"));
        let trust = data_of(&fs::read_to_string(path).expect("it is there"));
        assert_eq!(trust["ca.crt"], secrets[1]["cacert"], "{id}");
    }
}

fn imported(programs: &Programs) {
    let desk = TempDir::new().expect("a directory");
    let ours = ["paroisse-a", "paroisse-b", "paroisse-c"];
    import(
        programs,
        &ours
            .into_iter()
            .map(|id| (id, new_instance(&desk, id, &format!("{id}.example.org"))))
            .collect(),
    );
    import(
        programs,
        &BTreeMap::from([("paroisse-d", chart_instance("d.example.org"))]),
    );
}

fn imported_of_two_kinds(programs: &Programs) {
    let desk = TempDir::new().expect("a directory");
    import(
        programs,
        &BTreeMap::from([
            (
                "paroisse-a",
                new_instance(&desk, "paroisse-a", "a.example.org"),
            ),
            ("paroisse-d", chart_instance("d.example.org")),
            ("paroisse-e", chart_instance("e.example.org")),
        ]),
    );
}
