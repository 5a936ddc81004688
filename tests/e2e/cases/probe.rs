//! `probe` says what is wrong with a live instance before anybody reads a log.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Trial;

use crate::cluster::{Cluster, output_of};
use crate::components::{Release, releases};
use crate::httpd::{Settings, endpoint};
use crate::instance::{Instance, browser};
use crate::pki::Authority;
use crate::stack::{Case, Stack, trial};
use crate::wait;

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    releases()
        .into_iter()
        .map(|release| {
            let name = format!(
                "probe_says_of_traefik_{}_what_is_well_and_which_object_is_not",
                release.in_a_name()
            );
            trial(stack, &name, move |case| probes(case, &release))
        })
        .collect()
}

fn probes(case: &Case, release: &Release) {
    let cluster = case.stack.cluster(release);
    let namespace = "probe";
    let instance = Instance::new(case, cluster, release, namespace, &[]);
    cluster.apply(&instance.manifests);
    // The client is not needed: probe takes its CA from the Secret of the TLSStore.
    let _ = browser(case, cluster, namespace, "example.org");
    let _httpd = case.httpd("httpd", &[instance.site(cluster)], &Settings::default());
    let traefik = case.traefik(release, cluster, &[namespace]);
    traefik.wait_for(&instance.host);
    let front = traefik.websecure();

    let (status, report) = probe(case, cluster, &instance, front);
    assert_eq!(status, Some(0), "{report}");
    assert!(report.ends_with("all is well on both legs\n"), "{report}");
    drop(traefik);

    let transport = "serverstransports.traefik.io/transport-selfsigned";
    let name = |name: &str| format!(r#"{{"spec":{{"serverName":"{name}"}}}}"#);
    patch(cluster, transport, &name("another.example.org"));
    let said = refused(case, cluster, release, &instance);
    let words = "x509: certificate is valid for probe.example.org, not another.example.org";
    for part in [
        words,
        "set `serverName: probe.example.org` in ServersTransport probe/transport-selfsigned",
    ] {
        assert!(said.contains(part), "no `{part}` in\n{said}");
    }
    patch(cluster, transport, &name(&instance.host));

    let another = Authority::new("another CA").certificate;
    let data = format!(r#"{{"data":{{"ca.crt":"{}"}}}}"#, STANDARD.encode(another));
    patch(cluster, "secret/externca", &data);
    let said = refused(case, cluster, release, &instance);
    for part in [
        "x509: certificate signed by unknown authority",
        "Secret probe/externca key ca.crt does not contain the issuer of the httpd's certificate",
    ] {
        assert!(said.contains(part), "no `{part}` in\n{said}");
    }
    passes_through(case, cluster, release, &instance);
}

/// Leads the host to its httpd by a TCP route too, then by that one alone.
fn passes_through(case: &Case, cluster: &Cluster, release: &Release, instance: &Instance) {
    let route = format!(
        "apiVersion: traefik.io/v1alpha1
kind: IngressRouteTCP
metadata: {{name: through, namespace: {name}}}
spec:
  entryPoints: [websecure]
  routes: [{{match: HostSNI(`{host}`), services: [{{name: civicrmhttpd, port: 443}}]}}]
  tls: {{passthrough: true}}
",
        name = instance.name,
        host = instance.host
    );
    // The first httpd serves what the Secret `selfcert` holds, which has not changed.
    cluster.apply(&instance.manifests);
    cluster.apply(&route);
    let traefik = case.traefik(release, cluster, &[&instance.name]);
    traefik.wait_for(&instance.host);
    let (status, report) = probe(case, cluster, instance, traefik.websecure());
    assert_eq!(status, Some(1), "{report}");
    for part in [
        "[CI227] a host is passed through and terminated on one entry point: IngressRouteTCP probe/through and",
        "*.example.org covers `probe.example.org`",
        "works, with warnings: browser -> front\n",
    ] {
        assert!(report.contains(part), "no `{part}` in\n{report}");
    }

    let http = [
        "delete",
        "-n",
        &instance.name,
        "ingressroutes.traefik.io",
        "--all",
    ];
    cluster.kubectl(&http, "");
    wait::until("TLS that is passed through", || {
        let (status, report) = probe(case, cluster, instance, traefik.websecure());
        let is_through = status == Some(0)
            && report.contains("and passes its TLS through to the httpd")
            && report.ends_with("all is well on both legs\n");
        is_through.then_some(()).ok_or(report)
    });
}

/// Changes an object of the namespace `probe`.
fn patch(cluster: &Cluster, object: &str, change: &str) {
    let arguments = ["patch", "-n", "probe", object, "--type=merge", "-p", change];
    cluster.kubectl(&arguments, "");
}

/// Probes an instance whose leg behind Traefik is broken, and holds what the report says that Traefik logs against
/// what it does log.
fn refused(case: &Case, cluster: &Cluster, release: &Release, instance: &Instance) -> String {
    // A new one, so that its log is about this fault only.
    let traefik = case.traefik(release, cluster, &[&instance.name]);
    traefik.wait_for(&instance.host);
    let (status, report) = probe(case, cluster, instance, traefik.websecure());
    assert_eq!(status, Some(1), "{report}");
    let summary = "the leg front -> httpd is broken, and that is why the front answers like this\n";
    assert!(report.ends_with(summary), "{report}");
    let said = report
        .split("Traefik logs `")
        .nth(1)
        .and_then(|rest| rest.split('`').next())
        .expect("the report says what Traefik logs");
    // Traefik 3.0 logs it at debug level only (`negatives.rs`).
    if release.profile() != "3.0" {
        let complaints = traefik.complaints();
        assert!(
            complaints.iter().any(|line| line.contains(said)),
            "no `{said}` among {complaints:?}"
        );
    }
    report
}

/// Runs `probe` on both legs, with what the cluster holds as its manifests.
pub(super) fn probe(
    case: &Case,
    cluster: &Cluster,
    instance: &Instance,
    front: SocketAddr,
) -> (Option<i32>, String) {
    let kinds = "ingressroutes.traefik.io,ingressroutetcps.traefik.io,serverstransports.traefik.io,\
                 tlsstores.traefik.io,secrets";
    let manifests = cluster.kubectl(&["get", kinds, "-n", &instance.name, "-o", "yaml"], "");
    let file = case.directory.join("live.yaml");
    fs::write(&file, manifests).expect("our own directory");
    let mut command = Command::new(env!("CARGO_BIN_EXE_civi-ingress"));
    let addresses = [front, endpoint(instance.address)].map(|address| address.to_string());
    command
        .args(["probe", &instance.host, "--connect", &addresses[0]])
        .args(["--backend", &addresses[1], "--manifest"])
        .arg(file);
    let output = output_of(&mut command, "");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.is_empty(), "{errors}");
    let report = String::from_utf8(output.stdout).expect("the program prints UTF-8");
    (output.status.code(), report)
}
