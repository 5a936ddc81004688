//! `topology`: the path of an instance, explained.

use crate::support::{report, run, run_in, write};
use tempfile::TempDir;

const EXPLAIN: &[&str] = &[
    "topology",
    "explain",
    "paroisse-a",
    "--host",
    "a.example.org",
];

fn explain(more: &[&str]) -> String {
    run(&[EXPLAIN, more].concat()).good()
}

#[test]
fn where_traefik_ends_tls_each_leg_says_what_is_shown_trusted_and_expected() {
    let text = explain(&["--client-auth", "--ca-custody", "dropped"]);
    assert_eq!(
        text,
        "paroisse-a: direct\n\
         \x20 hosts:    a.example.org\n\
         \x20 read by:  browser, Traefik, httpd\n\
         \x20 browser -> Traefik: TLS\n\
         \x20   certificate:         that of the TLSStore `default`\n\
         \x20   trusts:              a CA that browsers know, or that was imported\n\
         \x20   expects:             the host\n\
         \x20 Traefik -> httpd: TLS\n\
         \x20   certificate:         Secret paroisse-a/selfcert, key externcert\n\
         \x20   trusts:              Secret paroisse-a/externca, key ca.crt\n\
         \x20   expects:             a.example.org\n\
         \x20   client certificate:  Secret paroisse-a/externclient\n\
         \x20 private keys\n\
         \x20   front certificate:   Traefik, in the Secret of the TLSStore `default`\n\
         \x20   httpd certificate:   httpd, in Secret paroisse-a/selfcert, key externkey\n\
         \x20   CA of httpd:         nobody: it is discarded after signing\n\
         \x20   client certificate:  Traefik, in Secret paroisse-a/externclient, key tls.key\n"
    );
}

#[test]
fn where_tls_is_passed_on_traefik_reads_nothing_and_shows_nothing() {
    let passed = ["--topology", "passthrough", "--proxy-protocol", "2"];
    let text = explain(&[&passed[..], &["-o", "json"]].concat());
    let document = report("topology", &text);
    let path = &document["paths"][0];
    assert_eq!(path["readBy"], serde_json::json!(["browser", "httpd"]));
    let legs = path["legs"].as_array().unwrap();
    assert_eq!(legs.len(), 1);
    let leg = &legs[0];
    assert_eq!(
        [&leg["from"], &leg["through"], &leg["to"], &leg["proxy"]],
        [
            &serde_json::json!("browser"),
            &serde_json::json!("Traefik"),
            &serde_json::json!("httpd"),
            &serde_json::json!(2)
        ]
    );
    assert_eq!(
        leg["certificate"],
        "Secret paroisse-a/selfcert, key externcert"
    );
    let drawn = explain(&[&passed[..], &["-o", "mermaid"]].concat());
    assert!(
        drawn.starts_with("flowchart LR\n  subgraph p0[\"paroisse-a, passthrough\"]\n"),
        "{drawn}"
    );
    assert!(
        drawn.contains("p0h0 -->|\"TLS, passed on unopened\"| p0h1") && drawn.contains("| p0h2\n"),
        "{drawn}"
    );
}

#[test]
fn what_is_explained_is_what_is_rendered() {
    let values = ["--set", "httpd.serverCertField=other"];
    let text = explain(&values);
    let leg = "certificate:         Secret paroisse-a/selfcert, key other\n";
    assert!(text.contains(leg), "{text}");
    let rendered = run(&[
        &["new-instance", "paroisse-a", "--host", "a.example.org"][..],
        &values,
    ]
    .concat())
    .good();
    assert!(rendered.contains("\n  other: "));
}

#[test]
fn a_fleet_is_explained_by_its_fleet_file() {
    let directory = TempDir::new().unwrap();
    let fleet = "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {name: f}\nspec:\n  domain: example.org\n  secrets: {mode: plain}\n  instances:\n    a: {}\n    b: {certificate: {ca: external}}\n";
    write(&directory.path().join("fleet.yaml"), fleet);
    let fleet = ["topology", "explain", "-f", "fleet.yaml"];
    let json = run_in(directory.path(), &[&fleet[..], &["-o", "json"]].concat()).good();
    let document = report("topology", &json);
    let holders: Vec<_> = document["paths"]
        .as_array()
        .unwrap()
        .iter()
        .map(|path| (&path["instance"], &path["keys"][2]["holder"]))
        .map(|(id, holder)| (id.as_str().unwrap(), holder.as_str().unwrap()))
        .collect();
    assert_eq!(
        holders,
        [
            ("a", "nobody: it is discarded after signing"),
            ("b", "the owner of the CA")
        ]
    );
    let yaml = run_in(directory.path(), &[&fleet[..], &["-o", "yaml"]].concat()).good();
    assert!(yaml.starts_with("version: 1\npaths:\n"), "{yaml}");
    let one = run_in(
        directory.path(),
        &[&fleet[..], &["--instance", "b"]].concat(),
    )
    .good();
    assert!(one.starts_with("b: direct\n") && !one.contains("a: direct"));
    let none = run_in(
        directory.path(),
        &[&fleet[..], &["--instance", "c"]].concat(),
    );
    assert_eq!((none.status, none.stdout.as_str()), (2, ""));
    assert_eq!(
        none.stderr.lines().next(),
        Some("error: --instance: the fleet has no instance `c`")
    );
}

#[test]
fn the_proxy_protocol_goes_only_before_tls_that_is_passed_on() {
    let refused = run(&[EXPLAIN, &["--proxy-protocol", "1"]].concat());
    assert_eq!((refused.status, refused.stdout.as_str()), (2, ""));
    assert!(
        refused
            .stderr
            .ends_with("help: leave it out, or pass `--topology passthrough`\n"),
        "{}",
        refused.stderr
    );
}

#[test]
fn the_topologies_that_are_listed_can_be_explained() {
    let listed = run(&["topology", "list"]).good();
    assert_eq!(listed.lines().count(), 2);
    for line in listed.lines() {
        let name = line.split(' ').next().unwrap();
        let text = explain(&["--topology", name]);
        assert!(text.starts_with(&format!("paroisse-a: {name}\n")), "{text}");
    }
}
