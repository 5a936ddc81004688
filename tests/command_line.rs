//! Whole runs: help, streams, what each subcommand prints.

use crate::support::{
    assert_snapshot_in, document, documents, finish, names_in, read, readable, run, run_in,
    run_with_stdin, secret_text, text, write,
};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

#[test]
fn the_version_names_program_and_release() {
    let run = run(&["--version"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert!(
        run.stdout
            .starts_with(concat!("civi-ingress ", env!("CARGO_PKG_VERSION"))),
        "{}",
        run.stdout
    );
}

#[test]
fn a_usage_error_has_status_2_and_prints_nothing_on_stdout() {
    for arguments in [
        &["new-instance"][..],
        &["nope"],
        &["new-instance", "a", "--hots", "x"],
        &["wildcard-secret"],
        &[],
    ] {
        let run = run(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(!run.stderr.is_empty());
    }
}

#[test]
fn a_new_instance_goes_to_stdout_and_its_facts_to_stderr() {
    let run = run(&["new-instance", "paroisse-a", "--host", "a.example.org"]);
    assert_eq!(
        run.stderr,
        "note: httpd: a.example.org, valid until 2027-11-21, renewal due 2027-07-22\n\
         note: database: civicrmdb, civicrmdb.paroisse-a.svc, civicrmdb.paroisse-a.svc.cluster.local, valid until 2027-11-21, renewal due 2027-07-22\n"
    );
    assert_snapshot_in!("command-line", "new-instance", readable(&run.good()));
}

#[test]
fn a_refused_value_has_status_2_and_a_refused_file_3() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    write(&path.join("values.yaml"), "externalhost: a_b\n");
    for (arguments, status) in [
        ("new-instance A_B --host a.example.org", 2),
        ("new-instance p --host a_b", 2),
        ("new-instance p --host a.example.org --days 0", 2),
        ("new-instance p -f values.yaml", 3),
        ("new-instance p -f values.yaml --days 0", 3),
        ("traefik-values --chart 7", 2),
        ("lint --explain CI000", 2),
        ("probe a_b", 2),
        ("status --connect a_b", 2),
        ("inspect https://a.example.org", 2),
        ("inspect values.yaml", 3),
    ] {
        let words: Vec<&str> = arguments.split(' ').collect();
        let run = run_in(path, &words);
        assert_eq!(
            (run.status, run.stdout.as_str()),
            (status, ""),
            "{arguments}\n{}",
            run.stderr
        );
    }
}

#[test]
fn an_address_is_not_read_as_a_file() {
    let inspect = run(&["inspect", "https://a.example.org"]);
    assert_eq!(
        inspect.stderr,
        "error: FILE: `https://a.example.org` is an address, not a file\n\
         help: `civi-ingress probe HOST` looks at a live host\n"
    );
    let status = run(&["status", "http://a.example.org/x"]);
    assert_eq!(status.status, 2);
    let help = "help: `--connect HOST` looks at a live host\n";
    assert!(status.stderr.ends_with(help), "{}", status.stderr);
}

#[test]
fn no_message_has_the_number_of_a_system_error() {
    for arguments in [
        &["inspect", "missing.pem"][..],
        &["status", "missing"],
        &[
            "gitops",
            "render",
            "-f",
            "missing.yaml",
            "--output-dir",
            "o",
        ],
        &["ca", "--output-dir", "/proc/no"],
    ] {
        let run = run(arguments);
        assert_eq!(run.status, 4, "{}", run.stderr);
        assert!(
            run.stderr.ends_with(": No such file or directory\n"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn quiet_leaves_the_notes_out() {
    let run = run(&[
        "new-instance",
        "paroisse-a",
        "--host",
        "a.example.org",
        "-q",
    ]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
}

#[test]
fn two_runs_share_no_key() {
    let arguments = ["new-instance", "paroisse-a", "--host", "a.example.org"];
    let (one, two) = (run(&arguments).good(), run(&arguments).good());
    for key in ["cakey", "externkey", "dbcakey", "dbserverkey", "externcert"] {
        assert_ne!(
            secret_text(&one, "selfcert", key),
            secret_text(&two, "selfcert", key),
            "{key}"
        );
    }
}

#[test]
fn a_directory_gets_the_documents_of_the_stream_one_a_file() {
    let directory = TempDir::new().unwrap();
    let arguments = [
        "new-instance",
        "paroisse-a",
        "--host",
        "a.example.org",
        "--create-namespace",
        "--output-dir",
        "out",
    ];
    run_in(directory.path(), &arguments).good();
    let out = directory.path().join("out");
    assert_eq!(
        names_in(&out),
        [
            "00-namespace-paroisse-a.yaml",
            "10-secret-externca.yaml",
            "10-secret-selfcert.yaml",
            "40-serverstransport-transport-selfsigned.yaml",
            "60-ingressroute-ingressproxy.yaml",
        ]
    );
    let joined: String = names_in(&out)
        .iter()
        .map(|name| read(&out.join(name)))
        .collect();
    let again: Vec<&str> = arguments[..5].to_vec();
    let reuse: Vec<&str> = again.into_iter().chain(["--reuse", "-"]).collect();
    let stream = run_with_stdin(directory.path(), &reuse, &joined).good();
    let mut from_files: Vec<&str> = joined.split_inclusive("---\n").collect();
    let mut from_stream: Vec<&str> = stream.split_inclusive("---\n").collect();
    from_files.sort_unstable();
    from_stream.sort_unstable();
    assert_eq!(from_files.len(), from_stream.len());
    assert_eq!(documents(&joined).len(), 5);
    for key in ["cacert", "externkey"] {
        assert_eq!(
            secret_text(&joined, "selfcert", key),
            secret_text(&stream, "selfcert", key)
        );
    }
}

#[test]
fn values_of_the_chart_are_taken_from_a_file_and_from_stdin() {
    let directory = TempDir::new().unwrap();
    let values = "imageVersion: latest\nexternalhost: \"civicrm2.test\"\nservername: \"civicrm2.test\"\nmail:\n  deployMailserver: \"1\"\n\
                  init:\n  trustedHostPatterns: \"['^civicrm2\\\\.test$']\"\nhttpd:\n  serverCertField: \"externcert\"\n  listenBacklog: 2\n\
                  serverstransport:\n  dialTimeout: \"90s\"\n  idleConnTimeout: 3\n";
    write(&directory.path().join("values.yaml"), values);
    let from_file = run_in(
        directory.path(),
        &["new-instance", "p", "-f", "values.yaml", "--config-map"],
    )
    .good();
    let from_stdin = run_with_stdin(
        directory.path(),
        &["new-instance", "p", "-f", "-", "--config-map"],
        values,
    )
    .good();
    for stream in [from_file, from_stdin] {
        let documents = documents(&stream);
        let transport = document(&documents, "ServersTransport", "transport-selfsigned");
        assert_eq!(
            text(transport, &["spec", "serverName"]),
            Some("civicrm2.test")
        );
        assert_eq!(
            text(transport, &["spec", "forwardingTimeouts", "dialTimeout"]),
            Some("90s")
        );
        assert_eq!(
            text(
                transport,
                &["spec", "forwardingTimeouts", "idleConnTimeout"]
            ),
            Some("3s")
        );
        let httpd = document(&documents, "ConfigMap", "config-httpd");
        assert_eq!(text(httpd, &["data", "LISTEN_BACKLOG"]), Some("2"));
    }
}

#[test]
fn an_existing_ca_signs_and_its_key_is_written_nowhere() {
    let directory = TempDir::new().unwrap();
    run_in(
        directory.path(),
        &["ca", "--output-dir", "ca", "--permit-dns", "example.org"],
    )
    .good();
    let ca = read(&directory.path().join("ca/ca.crt"));
    let run = run_in(
        directory.path(),
        &[
            "new-instance",
            "p",
            "--host",
            "a.example.org",
            "--ca-cert",
            "ca/ca.crt",
            "--ca-key",
            "ca/ca.key",
        ],
    );
    let stream = run.good();
    assert_eq!(secret_text(&stream, "selfcert", "cacert"), ca);
    assert_eq!(secret_text(&stream, "externca", "ca.crt"), ca);
    assert!(!stream.contains(" cakey:"), "the given CA's key");
    assert!(
        stream.contains(" dbcakey:"),
        "the database's own CA is not the given one"
    );
}

#[test]
fn a_dropped_ca_key_is_in_no_manifest_and_can_be_kept_in_a_file() {
    let directory = TempDir::new().unwrap();
    let arguments = [
        "new-instance",
        "p",
        "--host",
        "a.example.org",
        "--ca-custody",
        "dropped",
        "--ca-key-out",
        "ca.key",
    ];
    let stream = run_in(directory.path(), &arguments).good();
    assert!(!stream.contains("cakey:"));
    write(
        &directory.path().join("ca.crt"),
        &secret_text(&stream, "selfcert", "cacert"),
    );
    let signed = [
        "cert",
        "--dns",
        "a.example.org",
        "--ca-cert",
        "ca.crt",
        "--ca-key",
        "ca.key",
        "--output-dir",
        "leaf",
    ];
    run_in(directory.path(), &signed).good();
    let outside = [
        "cert",
        "--dns",
        "b.example.org",
        "--ca-cert",
        "ca.crt",
        "--ca-key",
        "ca.key",
        "--output-dir",
        "other",
    ];
    let run = run_in(directory.path(), &outside);
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (
            3,
            "error: a name is outside the CA's name constraints\n\
             help: see `civi-ingress inspect` for the names that the CA permits; make another CA for others\n"
        )
    );
}

#[test]
fn a_wildcard_comes_with_its_store_and_its_ca() {
    let directory = TempDir::new().unwrap();
    let arguments = [
        "wildcard-secret",
        "--domain",
        "example.org",
        "--apex",
        "--tls-store",
        "--ca-out",
        "ca.crt",
    ];
    let run = run_in(directory.path(), &arguments);
    assert_eq!(
        run.stderr,
        "warning: the key of this CA is not kept: when the certificate is due, on 2027-07-22, every browser must import a new CA; \
         keep the key with `--ca-key-out FILE` or `--ca-custody stored`\n\
         note: *.example.org, example.org, valid until 2027-11-21, renewal due 2027-07-22\n"
    );
    let stream = run.good();
    assert_snapshot_in!("command-line", "wildcard-secret", readable(&stream));
    let inspected = run_in(directory.path(), &["inspect", "ca.crt"]).good();
    assert!(
        inspected.contains("permitted names:           example.org\n"),
        "{inspected}"
    );
}

#[test]
fn an_existing_wildcard_is_taken_from_files_and_from_a_bundle() {
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name);
    let make = ["cert", "--dns", "*.example.org", "--output-dir", "made"];
    run_in(directory.path(), &make).good();
    let (certificate, key) = (read(&path("made/tls.crt")), read(&path("made/tls.key")));
    write(
        &path("bundle.pem"),
        &format!("{certificate}{}{key}", read(&path("made/ca.crt"))),
    );
    let files = [
        "wildcard-secret",
        "--cert",
        "made/tls.crt",
        "--key",
        "made/tls.key",
        "--domain",
        "example.org",
    ];
    let from_files = run_in(directory.path(), &files).good();
    let bundle = run_in(
        directory.path(),
        &["wildcard-secret", "other", "--cert", "bundle.pem"],
    );
    assert!(
        bundle
            .stderr
            .contains("the root certificate at the end is left out"),
        "{}",
        bundle.stderr
    );
    assert!(
        bundle
            .stderr
            .contains("bundle.pem holds a private key and has mode 644"),
        "{}",
        bundle.stderr
    );
    assert_eq!(
        secret_text(&from_files, "wildcardsecret", "tls.crt"),
        certificate
    );
    assert_eq!(secret_text(&bundle.good(), "other", "tls.key"), key);
}

#[test]
fn a_store_alone_holds_no_secret() {
    let stream = run(&[
        "tls-store",
        "--secret",
        "w",
        "-n",
        "traefik",
        "--traefik",
        "2.9",
    ])
    .good();
    let documents = documents(&stream);
    assert_eq!(documents.len(), 1);
    assert_eq!(
        text(&documents[0], &["apiVersion"]),
        Some("traefik.containo.us/v1alpha1")
    );
    assert_eq!(
        text(&documents[0], &["spec", "defaultCertificate", "secretName"]),
        Some("w")
    );
}

#[test]
fn the_values_of_the_notes_come_out_key_for_key() {
    let options = [
        "--chart",
        "20",
        "--host-network",
        "--update-strategy",
        "OnDelete",
        "--log-level",
        "DEBUG",
    ];
    let arguments: Vec<&str> = ["traefik-values"].iter().chain(&options).copied().collect();
    let values: serde_yaml::Value = serde_yaml::from_str(&run(&arguments).good()).unwrap();
    let notes: serde_yaml::Value = serde_yaml::from_str(
        "deployment: {kind: DaemonSet}\nmetrics: {prometheus: null}\nhostNetwork: true\nupdateStrategy: {type: OnDelete}\n\
         globalArguments: [\"--global.checknewversion\"]\nports: {websecure: {port: 443, http: null, tls: null}}\n\
         logs: {general: {level: DEBUG}, access: {enabled: true}}\n",
    )
    .unwrap();
    assert_eq!(values, notes);
}

#[test]
fn values_options_that_a_chart_cannot_express_are_refused_all_at_once() {
    let run = run(&[
        "traefik-values",
        "--chart",
        "31",
        "--log-level",
        "TRACE",
        "--replicas",
        "2",
        "--update-strategy",
        "OnDelete",
    ]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert_snapshot_in!("command-line", "values-refused", run.stderr);
}

#[test]
fn certificates_are_inspected_in_files_and_manifests() {
    let directory = TempDir::new().unwrap();
    let stream = run_in(
        directory.path(),
        &["new-instance", "p", "--host", "a.example.org"],
    )
    .good();
    let text = run_with_stdin(directory.path(), &["inspect", "-"], &stream).good();
    assert_eq!(text.matches("\n  subject:").count(), 5);
    assert!(
        text.starts_with("standard input Secret p/selfcert cacert\n"),
        "{text}"
    );
    let json = run_with_stdin(
        directory.path(),
        &["inspect", "-", "--format", "json"],
        &stream,
    )
    .good();
    let report = crate::support::report("inspect", &json);
    assert_eq!(report["version"], 1);
    let reports = &report["certificates"];
    assert_eq!(reports.as_array().unwrap().len(), 5);
    assert_eq!(reports[3]["subjectAltNames"][0], "a.example.org");
    assert_eq!(reports[3]["notAfter"], "2027-11-21T10:00:00Z");
}

#[test]
fn exported_templates_give_the_same_stream_and_a_changed_one_takes_effect() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    run_in(path, &["templates", "export", "--output-dir", "own"]).good();
    let list = run_in(path, &["templates", "list"]).good();
    assert_eq!(list.lines().count(), civi_ingress::template::BUILT_IN.len());
    let plain = ["tls-store"];
    let own = ["tls-store", "--templates", "own"];
    assert_eq!(run_in(path, &own).good(), run_in(path, &plain).good());
    let store = path.join("own/traefik/tlsstore.yaml");
    write(&store, &format!("# ours\n{}", read(&store)));
    assert!(run_in(path, &own).good().starts_with("---\n# ours\n"));
    write(&store, "kind: {{ kind }}\nx: {{ nope }}\n");
    let broken = run_in(path, &own);
    assert_eq!((broken.status, broken.stdout.as_str()), (3, ""));
    assert_eq!(
        broken.stderr,
        "error: own/traefik/tlsstore.yaml:2:1: undefined value: `nope`\n\
         help: `civi-ingress templates export` writes the built-in template to compare with\n"
    );
}

#[test]
fn the_present_is_the_option_then_the_environment() {
    let directory = TempDir::new().unwrap();
    let note = |arguments: &[&str], epoch: &str| {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_civi-ingress"));
        command
            .current_dir(directory.path())
            .env_clear()
            .env("SOURCE_DATE_EPOCH", epoch)
            .args(["wildcard-secret", "--domain", "example.org"])
            .args(arguments);
        finish(&mut command)
    };
    let near = OffsetDateTime::now_utc() + Duration::days(30);
    let end = near + Duration::days(365);
    let said = note(&[], &near.unix_timestamp().to_string()).stderr;
    assert!(
        said.contains(&format!("valid until {}", end.date())),
        "{said}"
    );
    assert!(
        note(&["--now", "2030-01-01T00:00:00Z"], "0")
            .stderr
            .contains("valid until 2031-01-01")
    );
    for epoch in [
        "soon",
        "-1",
        "-377705116801",
        "253402300800",
        "99999999999999999999",
        "",
    ] {
        let bad = note(&[], epoch);
        assert_eq!((bad.status, bad.stdout.as_str()), (3, ""), "{epoch}");
        let said = "error: SOURCE_DATE_EPOCH is not a number";
        assert!(bad.stderr.starts_with(said), "{}", bad.stderr);
    }
}

#[test]
fn an_environment_far_from_the_clock_issues_nothing_unless_the_command_line_says_so_too() {
    let directory = TempDir::new().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_civi-ingress"));
        command
            .current_dir(directory.path())
            .env_clear()
            // What nix-shell sets.
            .env("SOURCE_DATE_EPOCH", "315532800")
            .args(arguments);
        finish(&mut command)
    };
    for arguments in [
        &["new-instance", "a", "--host", "a.example.org"][..],
        &["wildcard-secret", "--domain", "example.org"],
        &["ca", "--output-dir", "ca"],
    ] {
        let run = run(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{}", run.stderr);
        let said = "error: SOURCE_DATE_EPOCH is 1980-01-01T00:00:00Z";
        assert!(run.stderr.starts_with(said), "{}", run.stderr);
        let help = "help: unset it, or pass `--now 1980-01-01T00:00:00Z`";
        assert!(run.stderr.contains(help), "{}", run.stderr);
    }
    assert!(names_in(directory.path()).is_empty());
    let meant = ["--now", "1980-01-01T00:00:00Z"];
    let secret = ["wildcard-secret", "--domain", "example.org"];
    let secret = run(&[&secret[..], &meant].concat()).good();
    write(&directory.path().join("c.yaml"), &secret);
    let inspect = run(&["inspect", "c.yaml"]);
    assert_eq!(inspect.status, 0, "{}", inspect.stderr);
    let said = "warning: SOURCE_DATE_EPOCH is 1980";
    assert!(inspect.stderr.starts_with(said), "{}", inspect.stderr);
}
