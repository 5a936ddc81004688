//! Inputs that are too large, broken or made to do harm end with a clear error.

use super::{filled, source};
use crate::support::{NOW, names_in, read, run_in, run_with_stdin, write};
use civi_ingress::lint::{Options, lint};
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;

/// Returns what is found in the syntax: place and what is wrong.
fn broken(text: &str) -> Vec<String> {
    let mut sources = [source("x.yaml", text)];
    let report = lint(&mut sources, &Options::at(NOW)).expect("it is not too long");
    let syntax = report
        .findings
        .iter()
        .filter(|finding| finding.rule.code == "CI009");
    syntax
        .map(|finding| {
            format!(
                "{}:{}: {}",
                finding.at.line, finding.at.column, finding.message
            )
        })
        .collect()
}

#[test]
fn every_broken_document_of_a_stream_is_reported_with_its_place() {
    assert_eq!(
        broken("a: 1\na: 2\n---\nb: 1\n---\nc: [\n---\nd: !!x {}\n"),
        [
            "2:1: duplicate mapping key: a",
            "6:4: unclosed bracket '['",
            "8:8: a tag is of no type that a manifest has",
        ]
    );
}

#[test]
fn bombs_are_refused_without_being_unfolded() {
    let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
    for (previous, next) in ('a'..'i').zip('b'..='i') {
        let list = vec![format!("*{previous}"); 9].join(",");
        bomb.extend([format!("{next}: &{next} [{list}]\n")]);
    }
    let many_keys: String = (0..50_000)
        .map(|number| format!("k{number}: {{}}\n"))
        .collect();
    assert_eq!(broken(&bomb).len(), 1);
    assert_eq!(broken(&"[".repeat(500_000)).len(), 1);
    assert_eq!(broken(&"- ".repeat(500_000)).len(), 1);
    assert_eq!(
        broken(&(many_keys + "k1: {}\n")),
        ["50001:1: duplicate mapping key: k1"]
    );
}

#[test]
fn values_of_unexpected_kinds_are_passed_over() {
    for spec in [
        "[]",
        "7",
        "null",
        "text",
        "{routes: 1}",
        "{routes: [1, [], {services: {}}]}",
        "{tls: [], entryPoints: {}}",
    ] {
        for kind in [
            "IngressRoute",
            "IngressRouteTCP",
            "ServersTransport",
            "TLSStore",
            "TLSOption",
            "Middleware",
        ] {
            let text = format!(
                "apiVersion: traefik.io/v1alpha1\nkind: {kind}\nmetadata: {{name: x, namespace: y}}\nspec: {spec}\n"
            );
            lint(&mut [source("x.yaml", &text)], &Options::at(NOW)).expect("YAML");
        }
    }
    for text in [
        "apiVersion: v1\nkind: Secret\nmetadata: []\ndata: []\n",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: [], namespace: 7}\ndata: {a: [], b: {}, c: true}\n",
        "apiVersion: v1\nkind: List\nitems: [1, null, {}]\n",
        "ports: []\nservice: 1\nhostNetwork: [x]\nupdateStrategy: 7\nglobalArguments: {}\n",
        "ports: {web: 1, websecure: [x]}\n",
        "ports: {web: {}}\nservice: {annotations: [loadbalancer.openstack.org/x], spec: 1}\nadditionalArguments: {a: b}\n",
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: x, annotations: {traefik.ingress.kubernetes.io/router.middlewares: [a], traefik.ingress.kubernetes.io/: b}}\nspec: {rules: [1, {http: {paths: [{backend: {service: 1}}, {backend: {service: {name: x, port: 7}}}]}}], tls: [[], {hosts: 1}]}\n",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: x}\nspec: {podSelector: {matchLabels: [a]}, policyTypes: x, ingress: [1, {from: x, ports: [1]}]}\n",
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: x}\nspec: {jobTemplate: [1]}\n",
        "apiVersion: v1\nkind: Service\nmetadata: {name: x, annotations: {loadbalancer.openstack.org/proxy-protocol: [1]}}\nspec: {selector: [x], ports: [1, {port: []}]}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: \"<VirtualHost\", b: \"</VirtualHost>\\n<VirtualHost :::>\\nListenBacklog\\nRemoteIPProxyProtocol\\nRemoteIPHeader \\\\\"}\n",
    ] {
        lint(&mut [source("x.yaml", text)], &Options::at(NOW)).expect("YAML");
    }
}

#[test]
fn all_files_that_cannot_be_read_are_named_at_once() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    write(&path.join("good.yaml"), "a: 1\n");
    let run = run_in(path, &["lint", "gone.yaml", "good.yaml", "missing.yaml"]);
    assert_eq!((run.status, run.stdout.as_str()), (4, ""));
    assert_eq!(
        run.stderr,
        "error: cannot read gone.yaml: No such file or directory\n\
         error: cannot read missing.yaml: No such file or directory\n"
    );
}

#[test]
fn a_file_whose_bytes_are_not_a_text_is_found_beside_the_rest() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let manifest = "apiVersion: v1\nkind: Servcie\nmetadata: {name: s}\n";
    write(&path.join("good.yaml"), manifest);
    let latin = b"apiVersion: v1\nkind: Namespace\nmetadata: {name: n, labels: {a: \xe9}}\n";
    std::fs::write(path.join("latin.yaml"), latin).unwrap();
    std::fs::write(path.join("other.yaml"), b"a: \xe9\n").unwrap();
    let run = run_in(path, &["lint", ".", "-o", "json", "--level", "info"]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let found: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap();
            format!(
                "{} {} {}:{}:{}",
                text("severity"),
                text("code"),
                text("file"),
                finding["line"],
                finding["column"]
            )
        })
        .collect();
    assert_eq!(
        (run.status, found),
        (
            1,
            [
                "error CI318 ./good.yaml:2:7",
                "error CI009 ./latin.yaml:3:33",
                "info CI009 ./other.yaml:1:4"
            ]
            .map(str::to_owned)
            .to_vec()
        )
    );
    assert!(
        run.stdout.contains("iconv -f WINDOWS-1252"),
        "{}",
        run.stdout
    );
}

#[test]
fn manifests_in_utf_16_are_read_as_kubectl_reads_them() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let text = "\u{feff}apiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n---\napiVersion: v1\nkind: Servcie\nmetadata: {name: s}\n";
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(path.join("wide.yaml"), bytes).unwrap();
    let run = run_in(path, &["lint", "wide.yaml"]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    assert!(run.stdout.contains("6 | kind: Servcie"), "{}", run.stdout);
}

#[test]
fn what_is_not_yaml_is_found_beside_the_rest_and_none_of_it_is_shown() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let text = "apiVersion: v1\nkind: Secret\nstringData: {key: hunter2, [}\n---\napiVersion: v1\nkind: Servcie\nmetadata: {name: s}\n";
    write(&path.join("broken.yaml"), text);
    let run = run_in(path, &["lint", "broken.yaml"]);
    assert_eq!(run.status, 1);
    assert!(!run.stdout.contains("hunter2"), "{}", run.stdout);
    let written = run_in(
        path,
        &["lint", "broken.yaml", "--write-baseline", "known.json"],
    );
    assert_eq!(
        (written.status, written.stderr.as_str()),
        (
            0,
            "warning: a baseline cannot accept a document that is not YAML: left out 1\nnote: wrote 1 finding to known.json\n"
        )
    );
    let accepted = run_in(path, &["lint", "broken.yaml", "--baseline", "known.json"]);
    assert_eq!(accepted.status, 1);
    for line in [
        "error[CI009]: mismatched bracket '[' closed by '}'",
        " --> broken.yaml:3:28",
        "error[CI318]: `v1` has no kind `Servcie`",
    ] {
        assert!(run.stdout.contains(line), "{}", run.stdout);
    }
}

#[test]
fn links_that_lead_in_a_circle_are_left_out_or_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    std::fs::create_dir(path.join("tree")).unwrap();
    let object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: a}\n";
    write(&path.join("tree/a.yaml"), object);
    std::os::unix::fs::symlink("..", path.join("tree/up")).unwrap();
    let run = run_in(path, &["lint", "tree"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stderr
            .starts_with("note: left out tree/up: a link to a directory\n"),
        "{}",
        run.stderr
    );
    for name in ["gone.yaml", "gone"] {
        std::os::unix::fs::symlink("elsewhere", path.join("tree").join(name)).unwrap();
    }
    let run = run_in(path, &["lint", "tree"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stderr.starts_with(
            "note: left out tree/gone.yaml: a link that leads nowhere\nnote: left out tree/up"
        ),
        "{}",
        run.stderr
    );
    std::os::unix::fs::symlink("self.yaml", path.join("tree/self.yaml")).unwrap();
    let run = run_in(path, &["lint", "tree"]);
    assert_eq!(run.status, 4);
    assert!(
        run.stderr
            .starts_with("error: cannot read tree/self.yaml: "),
        "{}",
        run.stderr
    );
}

#[test]
fn an_empty_stdin_is_refused_because_the_command_before_the_pipe_may_have_failed() {
    let directory = TempDir::new().unwrap();
    let run = run_with_stdin(directory.path(), &["lint", "-"], "\n");
    assert_eq!((run.status, run.stdout.as_str()), (3, ""));
    assert_eq!(
        run.stderr,
        "error: standard input: there are no manifests\nhelp: the command before the pipe may have failed\n"
    );
}

#[test]
fn an_endless_input_is_refused() {
    let directory = TempDir::new().unwrap();
    let run = run_in(directory.path(), &["lint", "/dev/zero"]);
    assert_eq!((run.status, run.stdout.as_str()), (3, ""));
    assert_eq!(
        run.stderr,
        "error: /dev/zero: this is a device, not a regular file\nhelp: pass a file, or pipe its content in and pass `-`\n"
    );
}

#[test]
fn a_manifest_that_lacks_any_line_or_any_end_is_judged_or_refused_and_never_ends_the_program() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lint/cases");
    let mut judged = 0;
    for name in names_in(&folder)
        .iter()
        .filter(|name| name.ends_with("-fires.yaml"))
    {
        let text = filled(&read(&folder.join(name)));
        let lines: Vec<&str> = text.lines().collect();
        for missing in 0..lines.len() {
            let others = [&lines[..missing], &lines[missing + 1..]].concat();
            for text in [others.join("\n"), lines[..missing].join("\n")] {
                judged +=
                    usize::from(lint(&mut [source("x.yaml", &text)], &Options::at(NOW)).is_ok());
            }
        }
    }
    assert!(judged > 1_000, "{judged} were judged");
}
