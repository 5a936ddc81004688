//! Wrong and hostile input: one clear error each, nothing on stdout, nothing on disk.

use crate::support::{command, finish, names_in, run, run_in, run_with_stdin, write};
use tempfile::TempDir;

/// Runs `new-instance` with these arguments and checks what holds for every refusal.
#[track_caller]
fn refused(arguments: &[&str]) -> Vec<String> {
    let run = run(arguments);
    assert_eq!(
        (run.status, run.stdout.as_str()),
        (2, ""),
        "{arguments:?}: {}",
        run.stderr
    );
    let errors: Vec<String> = run
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("error: "))
        .map(str::to_owned)
        .collect();
    assert!(!errors.is_empty(), "{arguments:?}: {}", run.stderr);
    let known = |line: &str| {
        ["error: ", "help: ", "warning: ", "note: "]
            .iter()
            .any(|prefix| line.starts_with(prefix))
    };
    assert!(
        run.stderr.lines().all(known),
        "{arguments:?}: {}",
        run.stderr
    );
    assert!(!run.stderr.contains("PRIVATE KEY"), "{arguments:?}");
    errors
}

#[test]
fn hostile_hosts_are_refused() {
    let long_label = format!("{}.example.org", "a".repeat(64));
    let long_name = format!("{}.example.org", ["abcdefg"; 40].join("."));
    let huge = "a".repeat(65_536);
    let hosts = [
        "",
        ".",
        "..",
        "a..b",
        "-a.example.org",
        "a-.example.org",
        "a b.example.org",
        "a`.example.org",
        "b.example.org`) || Host(`evil",
        "a\nb.example.org",
        "a\rb.example.org",
        "a\tb.example.org",
        "a\u{85}.example.org",
        "a\u{2028}.example.org",
        "\u{202e}a.example.org",
        "*.example.org",
        "*",
        "&a",
        "!!str a.b",
        "#a.b",
        "a.b: c",
        "---",
        "{{ host }}.example.org",
        "{% raw %}.b",
        "$(id).example.org",
        "../etc/passwd",
        "/etc",
        "https://a.example.org",
        "a.example.org:443",
        "a.example.org/path",
        "user@a.example.org",
        "127.0.0.1",
        "::1",
        "[2001:db8::1]",
        "1.2.3.4.5",
        "a.1",
        "a.0x10",
        "_dmarc.example.org",
        "a_b.example.org",
        "xn--.example.org",
        "xn--a.example.org",
        "localhost",
        "paroisse",
        "a,b.example.org",
        "'a.example.org'",
        "\"a.example.org\"",
        "a\\.example.org",
        "a%2e.example.org",
        "a\u{200b}.example.org",
        "раураl.ex ample",
        &long_label,
        &long_name,
        &huge,
    ];
    for host in hosts {
        let argument = format!("--host={host}");
        let errors = refused(&["new-instance", "p", &argument]);
        assert!(errors[0].starts_with("--host: "), "{host:?}: {errors:?}");
    }
}

#[test]
fn hostile_names_and_namespaces_are_refused() {
    let long = "a".repeat(64);
    let names = [
        "",
        "A",
        "a.b",
        "a_b",
        "-a",
        "a-",
        "../x",
        "/etc",
        ".",
        "..",
        ".git",
        "a b",
        "a\nb",
        "a`b",
        "{{a}}",
        "é",
        &long,
        "kube-system",
        "kube-public",
        "kube-node-lease",
        "kube-x",
    ];
    for name in names {
        let argument = format!("--namespace={name}");
        let errors = refused(&["new-instance", "p", "--host", "a.example.org", &argument]);
        assert!(
            errors[0].starts_with("--namespace: "),
            "{name:?}: {errors:?}"
        );
        let errors = refused(&["new-instance", "--host=a.example.org", "--", name]);
        assert!(errors[0].starts_with("NAME: "), "{name:?}: {errors:?}");
    }
}

#[test]
fn hostile_options_are_refused() {
    let options: &[&[&str]] = &[
        &["--alias", "a.example.org"],
        &["--alias", "A.EXAMPLE.ORG."],
        &["--alias", "b`"],
        &["--days", "0"],
        &["--days=-1"],
        &["--days", "soon"],
        &["--days", "2020-01-01T00:00:00Z"],
        &["--days", "99999999999999999999"],
        &["--ca-days", "1e3"],
        &["--not-before", "yesterday"],
        &["--not-before", "2099-01-01T00:00:00Z"],
        &["--not-before", "1800-01-01T00:00:00Z"],
        &["--now", "now"],
        &["--key-type", "ed25519"],
        &["--key-type", "rsa1024"],
        &["--organization", ""],
        &["--organization", "a\nb"],
        &["--traefik", "2.8"],
        &["--traefik", "4.0"],
        &["--traefik", "x"],
        &["--retry=0"],
        &["--retry=1"],
        &["--retry=21"],
        &["--retry=many"],
        &["--hsts=-1"],
        &["--hsts=99999999999"],
        &["--helm-release", "A"],
        &[
            "--helm-release",
            "a123456789012345678901234567890123456789012345678901234",
        ],
        &["--network-policy", "--traefik-host-network"],
        &[
            "--network-policy",
            "--traefik-host-network",
            "--traefik-cidr",
            "0.0.0.0/0",
        ],
        &[
            "--network-policy",
            "--traefik-host-network",
            "--traefik-cidr",
            "10.0.0.1/8",
        ],
        &["--network-policy", "--traefik-namespace", "kube-system"],
        &["--network-policy", "--traefik-label", "a"],
        &["--set", "serverstransport.dialTimeout=soon"],
        &["--set", "serverstransport.dialTimeout=-1s"],
        &["--set", "serverstransport.maxIdleConnsPerHost=x"],
        &["--set", "serverstransport.dialTimout=1s"],
        &["--set", "externalHost=a.b"],
        &["--set", "httpd.listenBacklog=0"],
        &["--set", "httpd.serverCertField=a/b"],
        &["--set", "httpd.serverKeyField=externcert"],
        &["--set", "httpd.serverCertSecret=externca"],
        &["--set", "civiIngress.names.service=A"],
        &["--set", "civiIngress.names.service=1e3"],
        &["--set", "civiIngress.names.dbService=db.x"],
        &[
            "--set",
            "civiIngress.names.clientSecret=selfcert",
            "--client-auth",
        ],
        &["--set", "httpd=abc"],
        &["--set", "civiIngress=5"],
        &["--now", "9999-12-31T23:30:00Z"],
        &["--set", "civiIngress.names.dbService=a.b_c"],
        &["--set", "civiIngress.entryPoints=websecure"],
        &["--set", "civiIngress.entryPoints={}"],
        &["--set", "civiIngress.servicePort=0"],
        &["--set", "civiIngress.servicePort=65536"],
        &["--set", "civiIngress.disableHTTP2=maybe"],
        &["--set", "civiIngress.unknown=1"],
        &["--set", "a"],
        &["--set", "a={b"],
        &["--set", "a[0]=b"],
        &["--set-string", "civiIngress.disableHTTP2=true"],
    ];
    for option in options {
        let arguments: Vec<&str> = ["new-instance", "p", "--host", "a.example.org"]
            .iter()
            .chain(*option)
            .copied()
            .collect();
        refused(&arguments);
    }
}

#[test]
fn all_faults_of_a_command_line_are_reported_at_once() {
    let errors = refused(&[
        "new-instance",
        "P",
        "--host",
        "a`",
        "--alias",
        "1.2.3.4",
        "--days",
        "0",
        "--traefik",
        "1.7",
        "--set",
        "externalHots=a",
        "--retry=x",
        "--key-type",
        "dsa",
    ]);
    assert_eq!(errors.len(), 8, "{errors:?}");
}

#[test]
fn wrong_values_files_are_refused_with_file_line_and_column() {
    let bomb = {
        let mut text = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
        for (previous, next) in ('a'..'i').zip('b'..='i') {
            text.extend([format!(
                "{next}: &{next} [{}]\n",
                vec![format!("*{previous}"); 9].join(",")
            )]);
        }
        text
    };
    let scalar_bomb = format!(
        "a: &a \"{}\"\nb: [{}]\n",
        "x".repeat(100_000),
        vec!["*a"; 2_000].join(",")
    );
    let brackets = "[".repeat(300_000);
    let large = format!("a: \"{}\"\n", "x".repeat(5 << 20));
    let table: &[(&str, &str)] = &[
        (
            "externalhost: on\n",
            "v.yaml:1:1: `on` means different things to readers of YAML 1.1 and 1.2",
        ),
        (
            "externalhost: 017\n",
            "v.yaml:1:1: `017` means different things to readers of YAML 1.1 and 1.2",
        ),
        (
            "externalhost: 7\n",
            "v.yaml:1:1: a string is needed here, not the number `7`",
        ),
        (
            "externalhost: [a]\n",
            "v.yaml:1:1: a string is needed here, not a list",
        ),
        (
            "httpd:\n  listenBacklog: low\n",
            "v.yaml:2:3: a whole number is needed here, not the string `low`",
        ),
        ("a: 1\nb: 2\na: 3\n", "v.yaml:3:1: duplicate mapping key: a"),
        (
            "httpd:\n  listenBacklog: 1\n  listenBacklog: 2\n",
            "v.yaml:3:3: duplicate mapping key: listenBacklog",
        ),
        (
            "externalHots: a.b\n",
            "v.yaml:1:1: unknown key `externalHots`",
        ),
        (
            "serverstransport:\n  nope: 1\n",
            "v.yaml:2:3: unknown key `serverstransport.nope`",
        ),
        ("- a\n", "v.yaml:1:1: the values are a list, not a mapping"),
        ("a: [\n", "v.yaml:"),
        ("a: !!python/object:os.system x\n", "v.yaml:1:"),
        ("---\na: 1\n---\nb: 1\n", "v.yaml:"),
        (&bomb, "v.yaml:"),
        (&scalar_bomb, "v.yaml:"),
        (&brackets, "v.yaml:1:"),
        (&large, "v.yaml: "),
    ];
    for (content, expected) in table {
        let directory = TempDir::new().unwrap();
        write(&directory.path().join("v.yaml"), content);
        let run = run_in(
            directory.path(),
            &[
                "new-instance",
                "p",
                "--host",
                "a.example.org",
                "-f",
                "v.yaml",
            ],
        );
        assert_eq!(
            (run.status, run.stdout.as_str()),
            (3, ""),
            "{expected}: {}",
            run.stderr
        );
        assert!(
            run.stderr.starts_with(&format!("error: {expected}")),
            "{expected}: {}",
            run.stderr
        );
        assert!(
            run.stderr.len() < 1_000,
            "{expected}: the error repeats the input"
        );
        assert_eq!(names_in(directory.path()), ["v.yaml"]);
    }
}

#[test]
fn files_that_cannot_be_read_are_input_failures() {
    let directory = TempDir::new().unwrap();
    std::fs::write(directory.path().join("latin1.yaml"), b"a: \xe9\n").unwrap();
    let advised = run_in(directory.path(), &["inspect", "latin1.yaml"]);
    assert!(
        advised.stderr.contains("help: its letters are those of Latin-1 or Windows: save it as UTF-8, or `iconv -f WINDOWS-1252 -t UTF-8 FILE >PLAIN`\n"),
        "{}",
        advised.stderr
    );
    for (arguments, status) in [
        (&["-f", "missing.yaml"][..], 4),
        (&["-f", "."], 4),
        (&["-f", "latin1.yaml"], 3),
        (&["--reuse", "missing.yaml"], 4),
        (&["--templates", "missing"], 4),
        (&["--ca-cert", "missing", "--ca-key", "missing"], 4),
    ] {
        let arguments: Vec<&str> = ["new-instance", "p", "--host", "a.example.org"]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        let run = run_in(directory.path(), &arguments);
        assert_eq!(
            (run.status, run.stdout.as_str()),
            (status, ""),
            "{arguments:?}: {}",
            run.stderr
        );
        assert_eq!(names_in(directory.path()), ["latin1.yaml"]);
    }
}

#[test]
fn stdin_is_not_read_twice() {
    let errors = refused(&[
        "new-instance",
        "p",
        "--host",
        "a.example.org",
        "-f",
        "-",
        "--reuse",
        "-",
    ]);
    assert_eq!(errors, ["`-` is given twice"]);
}

#[test]
fn an_existing_ca_that_cannot_sign_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    run_in(
        path,
        &[
            "cert",
            "--dns",
            "a.example.org",
            "--output-dir",
            "leaf",
            "--ca-key-out",
            "own.key",
        ],
    )
    .good();
    run_in(path, &["ca", "--output-dir", "ca"]).good();
    run_in(path, &["ca", "--output-dir", "other"]).good();
    let table: &[(&str, &str, &[&str], &str)] = &[
        (
            "leaf/tls.crt",
            "leaf/tls.key",
            &[],
            "the certificate is not a CA (basic constraints without cA)",
        ),
        (
            "ca/ca.crt",
            "other/ca.key",
            &[],
            "the private key does not belong to the certificate",
        ),
        (
            "ca/ca.crt",
            "ca/ca.crt",
            &[],
            "there is no readable private key",
        ),
        (
            "ca/ca.key",
            "ca/ca.key",
            &[],
            "there is no readable certificate",
        ),
        (
            "ca/ca.crt",
            "ca/ca.key",
            &["--now", "2040-01-01T00:00:00Z"],
            "the CA is valid from",
        ),
    ];
    for (cert, key, more, expected) in table {
        let arguments: Vec<&str> = [
            "new-instance",
            "p",
            "--host",
            "a.example.org",
            "--ca-cert",
            cert,
            "--ca-key",
            key,
        ]
        .iter()
        .chain(*more)
        .copied()
        .collect();
        let run = run_in(path, &arguments);
        assert_eq!((run.status, run.stdout.as_str()), (3, ""), "{expected}");
        assert!(run.stderr.contains(expected), "{expected}: {}", run.stderr);
    }
}

#[test]
fn what_is_reused_must_be_manifests() {
    let directory = TempDir::new().unwrap();
    let arguments = [
        "new-instance",
        "p",
        "--host",
        "a.example.org",
        "--reuse",
        "-",
    ];
    for text in [
        "",
        "---\n",
        "hello\n",
        "a: 1\n",
        "kind: Secret\n",
        "kind: Secret\nmetadata: {name: selfcert}\ndata: {cacert: \"%%\"}\n",
    ] {
        let run = run_with_stdin(directory.path(), &arguments, text);
        assert_eq!(
            (run.status, run.stdout.as_str()),
            (3, ""),
            "{text:?}: {}",
            run.stderr
        );
    }
}

#[test]
fn a_private_key_appears_in_no_message() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let stream = run_in(path, &["new-instance", "p", "--host", "a.example.org"]).good();
    let key = crate::support::secret_text(&stream, "selfcert", "externkey");
    let body = key.lines().nth(1).unwrap().to_owned();
    let encoded = stream
        .lines()
        .find_map(|line| line.trim().strip_prefix("externkey: "))
        .unwrap()
        .to_owned();
    // Each of these breaks something around the key.
    let broken = [
        stream.replace("externkey:", "externkey: \n  externkey:"),
        stream.replace(&encoded, &encoded[..encoded.len() - 8]),
        stream.replace(&encoded, &format!("{encoded}\n\tx")),
        stream.replace("kind: Secret", "kind: Secret\nkind: Secret"),
        stream.replace(&encoded, &format!("[{encoded}]")),
        stream.replace(&encoded, &format!("&{encoded}")),
        format!("{key}\n{stream}"),
    ];
    for text in broken {
        for arguments in [
            &[
                "new-instance",
                "p",
                "--host",
                "a.example.org",
                "--reuse",
                "-",
            ][..],
            &["inspect", "-"],
            &["wildcard-secret", "--cert", "-"],
            &["new-instance", "p", "--host", "a.example.org", "-f", "-"],
        ] {
            let run = run_with_stdin(path, arguments, &text);
            assert!(
                !run.stderr.contains(&body) && !run.stderr.contains(&encoded[..40]),
                "{arguments:?}: {}",
                run.stderr
            );
        }
    }
}

#[test]
fn a_closed_stdout_is_an_output_failure_because_keys_are_lost() {
    let shell = format!(
        "'{}' new-instance p --host a.example.org <&- >&- 2>&-; test $? -eq 4",
        env!("CARGO_BIN_EXE_civi-ingress")
    );
    let directory = TempDir::new().unwrap();
    let mut sh = assert_cmd::Command::new("sh");
    let run = finish(sh.args(["-c", &shell]).current_dir(directory.path()));
    assert_eq!(run.status, 0, "{}", run.stderr);
}

#[test]
fn the_environment_carries_no_option() {
    let directory = TempDir::new().unwrap();
    let mut command = command(directory.path());
    command
        .env("CIVI_INGRESS_HOST", "a.example.org")
        .args(["new-instance", "p"]);
    assert_eq!(finish(&mut command).status, 2);
}
