//! Instances of a fleet out of Ingresses of ingress-nginx.

use crate::support::{render_fleet, run_in, write};
use tempfile::TempDir;

const INGRESS: &str = "apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: civicrm
  namespace: paroisse-a
  annotations:
    nginx.ingress.kubernetes.io/backend-protocol: HTTPS
    nginx.ingress.kubernetes.io/proxy-ssl-secret: paroisse-a/externca
    nginx.ingress.kubernetes.io/proxy-ssl-verify: \"on\"
    nginx.ingress.kubernetes.io/proxy-ssl-name: a.example.org
    nginx.ingress.kubernetes.io/proxy-connect-timeout: \"60\"
    nginx.ingress.kubernetes.io/proxy-next-upstream-tries: \"3\"
    nginx.ingress.kubernetes.io/proxy-body-size: 100m
    cert-manager.io/cluster-issuer: letsencrypt
spec:
  ingressClassName: nginx
  tls:
    - hosts: [a.example.org]
      secretName: web
  rules:
    - host: a.example.org
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: civicrmhttpd, port: {number: 443}}}}
    - host: www.a.example.org
      http:
        paths:
          - {path: /api, pathType: Prefix, backend: {service: {name: other, port: {number: 80}}}}
";

#[test]
fn an_ingress_becomes_an_instance_that_a_fleet_renders_and_its_losses_are_listed() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    write(&path.join("ingress.yaml"), INGRESS);
    let imported = run_in(path, &["ingress", "import", "ingress.yaml"]);
    assert_eq!(imported.status, 0, "{}", imported.stderr);
    assert_eq!(
        imported.stdout,
        "---\napiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Instance\nmetadata:\n  name: paroisse-a\nspec:\n  \
         externalHost: a.example.org\n  aliases:\n    - www.a.example.org\n  serversTransport:\n    dialTimeout: 60s\n  \
         objects:\n    retry: 3\n"
    );
    let lost: Vec<&str> = imported.stderr.lines().collect();
    let known = [
        "Service `other` port 80: ",
        "path `Prefix /api`: ",
        "Secret `web` of `spec.tls`: ",
        "annotation `nginx.ingress.kubernetes.io/proxy-ssl-secret: paroisse-a/externca`: ",
        "annotation `nginx.ingress.kubernetes.io/proxy-body-size: 100m`: ",
        "annotation `cert-manager.io/cluster-issuer: letsencrypt`: ",
    ];
    for (line, what) in lost.iter().zip(known) {
        let start = format!("note: paroisse-a: lost: {what}");
        assert!(line.starts_with(&start), "{start}: {line}");
    }
    assert_eq!(lost.len(), 6, "{lost:?}");
    write(&path.join("instances.yaml"), &imported.stdout);
    let fleet = "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {name: f}\nspec:\n  domain: example.org\n  \
                 wildcard: false\n  secrets: {mode: plain}\n  include: [instances.yaml]\n";
    render_fleet(&directory, fleet, "").good();
}

#[test]
fn tls_that_nginx_passed_on_stays_unopened_and_wants_a_certificate() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let passed = INGRESS.replace("backend-protocol: HTTPS", "ssl-passthrough: \"true\"");
    write(&path.join("ingress.yaml"), &passed);
    let imported = run_in(path, &["ingress", "import", "ingress.yaml"]);
    assert!(
        imported.stdout.contains("  topology: passthrough\n"),
        "{}",
        imported.stdout
    );
    assert!(!imported.stdout.contains("retry"), "{}", imported.stdout);
    assert!(
        imported
            .stderr
            .contains("`publicCertificate: {secret: NAME}`")
    );
}

#[test]
fn what_has_no_ingress_or_no_host_is_refused() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    for (text, what) in [
        (
            "kind: Service\nmetadata: {name: x}\n",
            "there is no Ingress",
        ),
        (
            "kind: Ingress\nmetadata: {name: a, namespace: ns}\nspec: {rules: [{http: {}}]}\n",
            "no Ingress of `ns` names a host",
        ),
        (
            "kind: Ingress\nmetadata: {name: a}\nspec: {rules: [{host: '*.x_y'}]}\n",
            "ingress.yaml:3:",
        ),
    ] {
        write(&path.join("ingress.yaml"), text);
        let refused = run_in(path, &["ingress", "import", "ingress.yaml"]);
        assert_eq!(refused.status, 3);
        assert!(refused.stderr.contains(what), "{what}: {}", refused.stderr);
        assert_eq!(refused.stdout, "");
    }
}
