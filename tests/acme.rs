//! What cert-manager is told, and what it is asked.

use crate::support::{
    command, finish, names_in, read, render_fleet as render, run, run_in, run_line, shown, write,
};
use tempfile::TempDir;

/// The templates that these tests use.
pub(crate) const TEMPLATES: [&str; 2] = [
    "cert-manager/certificate.yaml",
    "cert-manager/clusterissuer.yaml",
];

#[test]
fn an_issuer_for_each_challenge_is_rendered() {
    let directory = TempDir::new().unwrap();
    let solver = "dns01:\n  webhook:\n    groupName: acme.parish.fr\n    solverName: ovh\n    config:\n      endpoint: ovh-eu\n      applicationKey: \"0123\"\n      applicationSecretRef: {name: ovh, key: secret}\n";
    write(&directory.path().join("solver.yaml"), solver);
    let printed: Vec<String> = [
        "issuer --email admin@parish.fr",
        "issuer --server production --gateway traefik/public --wait-instead-of-self-check 30s",
        "issuer internal --server https://ca.parish.fr:9000/acme/acme/directory --profile tlsserver --dns-solver solver.yaml --quiet",
        "public-certificate --dns *.parish.fr,parish.fr --issuer letsencrypt-staging --tls-store",
        "public-certificate web-tls --dns a.parish.fr -n paroisse-a --issuer internal",
    ]
    .into_iter()
    .map(|line| {
        run_line(directory.path(), line).good()
    })
    .collect();
    insta::with_settings!({snapshot_path => "../snapshots/cert-manager", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("issuers-and-certificates", printed.concat());
    });
}

#[test]
fn what_a_person_pipes_in_is_the_solver() {
    let directory = TempDir::new().unwrap();
    let mut command = command(directory.path());
    command.args(["issuer", "--dns-solver", "-"]);
    command.write_stdin("cloudflare: {apiTokenSecretRef: {name: cloudflare, key: token}}\n");
    let run = finish(&mut command);
    assert_eq!(
        run.stderr,
        "note: the Secrets that the solver names belong in the namespace `cert-manager`\n"
    );
    let solver =
        "      - dns01: {cloudflare: {apiTokenSecretRef: {name: cloudflare, key: token}}}\n";
    assert!(run.good().ends_with(solver));
}

#[test]
fn all_faults_of_an_issuer_are_reported_at_once_with_their_places() {
    let directory = TempDir::new().unwrap();
    let solver = "rfc2136:\n  nameserver: 10.0.0.53:53\n  tsigSecret: c2VjcmV0\ncloudfare: {}\n";
    write(&directory.path().join("solver.yaml"), solver);
    let line = "issuer --server http://acme.parish.fr --email admin --dns-solver solver.yaml";
    let run = run_line(directory.path(), line);
    assert_eq!((run.status, run.stdout.as_str()), (3, ""));
    assert_eq!(
        run.stderr,
        "error: --server: `http://acme.parish.fr` is not an ACME server
help: write `staging` or `production` for Let's Encrypt, or the `https://` URL of another server's directory
error: --email: `admin` is not a valid e-mail address
help: write it bare, such as `admin@parish.fr`
error: solver.yaml:4:1: cert-manager has no solver `cloudfare`
help: did you mean `cloudflare`?
error: solver.yaml:3:3: `tsigSecret` would be in clear text for everyone who reads this file
help: put it into a Secret in the namespace of cert-manager, and name that: `…SecretRef: {name, key}`
"
    );
}

#[test]
fn a_public_certificate_has_names_and_no_addresses() {
    let arguments = ["public-certificate", "--dns", "10.0.0.1", "--issuer", "i"];
    let run = run(&arguments);
    assert_eq!(run.status, 2);
    assert_eq!(
        run.stderr,
        "error: --dns: `10.0.0.1` is an address, not a host name\nhelp: name the host that browsers ask for\n"
    );
}

/// A fleet with this certificate for browsers, and this below it.
fn fleet(public: &str, rest: &str) -> String {
    format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: f}}\nspec:\n  domain: parish.fr\n  secrets: {{mode: plain}}\n  publicCertificate: {public}\n{rest}"
    )
}

/// Renders a fleet, in whose tree `lint` finds nothing, and compares these files of it with a snapshot.
fn assert_rendered(directory: &TempDir, fleet: &str, paths: &[&str], snapshot: &str) {
    render(directory, fleet, "").good();
    let shown = shown(directory, paths);
    insta::with_settings!({snapshot_path => "../snapshots/cert-manager", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(snapshot, shown);
    });
    assert_eq!(run_in(directory.path(), &["lint", "tree"]).status, 0);
}

#[test]
fn each_instance_has_its_certificate_by_answers_at_port_80() {
    let directory = TempDir::new().unwrap();
    let public = "{mode: acme, names: instance, acme: {server: staging, email: admin@parish.fr, challenge: http-01}}";
    let rest = "  defaults: {objects: {networkPolicy: {}, defaultDeny: true}}\n  instances:\n    a: {}\n    b: {aliases: [www.b.fr]}\n";
    let paths = [
        "cluster/clusterissuer-letsencrypt-staging.yaml",
        "cluster/kustomization.yaml",
        "cluster/traefik-values.yaml",
        "instances/b/certificate-public-tls.yaml",
        "instances/b/ingressroute-ingressproxy.yaml",
        "instances/b/networkpolicy-acme-from-traefik.yaml",
    ];
    assert_rendered(&directory, &fleet(public, rest), &paths, "fleet-http-01");
    assert!(
        !directory
            .path()
            .join("tree/cluster/tlsstore-default.yaml")
            .exists()
    );

    let earnest = fleet(&public.replace("staging", "production"), rest);
    let run = render(&directory, &earnest, "");
    assert_eq!(
        run.stderr,
        "note: a: wrote instances/a/certificate-public-tls.yaml\nnote: b: wrote instances/b/certificate-public-tls.yaml\nnote: 1 of 3 unchanged, wrote 2 files\n"
    );
}

#[test]
fn traefik_serves_the_ingresses_by_which_an_issuer_that_is_there_answers_at_port_80() {
    let served = |acme: &str| {
        let directory = TempDir::new().unwrap();
        let public = format!("{{mode: acme, names: instance, acme: {{{acme}}}}}");
        render(&directory, &fleet(&public, "  instances: {a: {}}\n"), "").good();
        read(&directory.path().join("tree/cluster/traefik-values.yaml"))
            .contains("kubernetesIngress:\n    enabled: true\n")
    };
    assert!(served("issuer: parish, challenge: http-01"));
    assert!(!served("issuer: parish, challenge: dns-01"));
    assert!(served("server: staging, challenge: http-01"));
    let gateway = "gateway: {namespace: traefik, name: public}";
    assert!(!served(&format!(
        "server: staging, challenge: http-01, {gateway}"
    )));
}

#[test]
fn one_wildcard_certificate_is_asked_for_by_a_record_and_shown_to_all() {
    let directory = TempDir::new().unwrap();
    let public = "{mode: acme, apex: true, acme: {server: production, challenge: dns-01, solver: {cloudflare: {apiTokenSecretRef: {name: cf, key: token}}}}}";
    let rest = "  instances: {a: {}}\n";
    let paths = [
        "cluster/clusterissuer-letsencrypt-production.yaml",
        "cluster/certificate-wildcardsecret.yaml",
        "cluster/tlsstore-default.yaml",
        "instances/a/ingressroute-ingressproxy.yaml",
    ];
    assert_rendered(&directory, &fleet(public, rest), &paths, "fleet-dns-01");
}

#[test]
fn an_httpd_that_browsers_reach_shows_the_certificate_that_is_asked_for() {
    let directory = TempDir::new().unwrap();
    let public = "{mode: acme, names: instance, acme: {issuer: parish, challenge: dns-01}}";
    let rest = "  topology: passthrough\n  instances:\n    a: {}\n    b: {publicCertificate: {secret: web}}\n";
    let paths = [
        "instances/a/certificate-public-tls.yaml",
        "instances/a/values.yaml",
        "instances/b/certificate-web.yaml",
    ];
    assert_rendered(
        &directory,
        &fleet(public, rest),
        &paths,
        "fleet-passthrough",
    );
    let cluster = names_in(&directory.path().join("tree/cluster"));
    assert_eq!(cluster, ["traefik-values.yaml"]);
}

#[test]
fn a_wildcard_secret_that_was_issued_here_stays_in_the_cluster_when_a_ca_is_asked() {
    let directory = TempDir::new().unwrap();
    render(
        &directory,
        &fleet("{mode: own}", "  instances: {a: {}}\n"),
        "",
    )
    .good();
    let secret = read(
        &directory
            .path()
            .join("tree/cluster/secret-wildcardsecret.yaml"),
    );
    assert!(
        secret.contains("kustomize.toolkit.fluxcd.io/prune: disabled"),
        "{secret}"
    );
    let public = "{mode: acme, acme: {issuer: parish, challenge: dns-01}}";
    let asked = fleet(public, "  instances: {a: {}}\n");
    let run = render(&directory, &asked, "--prune");
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        !directory
            .path()
            .join("tree/cluster/secret-wildcardsecret.yaml")
            .exists()
    );
    let certificate = read(
        &directory
            .path()
            .join("tree/cluster/certificate-wildcardsecret.yaml"),
    );
    assert!(certificate.contains("  secretName: wildcardsecret\n"));
    assert_eq!(
        render(&directory, &asked, "").stderr,
        "note: 2 of 2 unchanged, wrote 0 files\n"
    );
}

#[test]
fn what_cannot_be_had_by_acme_is_refused_with_the_way_out() {
    let directory = TempDir::new().unwrap();
    let one = "  instances: {a: {}}\n";
    for (public, rest, what) in [
        ("{mode: acme}", one, "`mode: acme` needs `acme`"),
        (
            "{mode: acme, acme: {challenge: http-01}}",
            one,
            "no CA issues a wildcard certificate for an answer at port 80: it asks for a record in the zone",
        ),
        (
            "{mode: acme, acme: {challenge: dns-01}}",
            one,
            "nothing says who puts the record into the zone",
        ),
        (
            "{mode: acme, names: instance, acme: {challenge: http-01, solver: {cloudflare: {}}}}",
            one,
            "no record is put into a zone with `challenge: http-01`",
        ),
        (
            "{mode: acme, acme: {issuer: i, server: staging, challenge: dns-01}}",
            one,
            "the ClusterIssuer is there already, and says this itself",
        ),
        (
            "{mode: own, names: instance}",
            one,
            "this program issues one certificate for all hosts",
        ),
        (
            "{mode: acme, names: instance, apex: true, acme: {issuer: i, challenge: dns-01}}",
            one,
            "with `names: instance` each instance has its own certificate, in its namespace",
        ),
        (
            "{mode: none, apex: true}",
            one,
            "with `mode: none` nothing is made",
        ),
        (
            "{mode: own}",
            "  wildcard: false\n  instances: {a: {}}\n",
            "`wildcard` is a short form of `publicCertificate`",
        ),
        (
            "{mode: acme, names: instance, acme: {challenge: http-01}}",
            "  topology: passthrough\n  instances: {a: {}}\n",
            "no CA gets an answer at port 80 of this instance: Traefik sends it on to https, and that to the httpd",
        ),
        (
            "{mode: acme, names: instance, acme: {challenge: http-01}}",
            "  topology: offload\n  loadBalancer: {kind: haproxy, trusted: [10.0.0.1], nodes: [10.0.0.2]}\n  instances: {a: {}}\n",
            "HAProxy shows its certificate to browsers, and reads no Secret of the cluster",
        ),
        (
            "{mode: acme, names: instance, acme: {challenge: http-01, gateway: {namespace: traefik, name: g}, ingressClass: t}}",
            one,
            "a CA is answered by Ingresses or by a Gateway, not by both",
        ),
    ] {
        let run = render(&directory, &fleet(public, rest), "");
        assert_eq!(run.status, 3, "{public}: {}", run.stderr);
        let first = run.stderr.lines().next().unwrap_or_default();
        assert!(
            first.ends_with(&format!(": {what}")),
            "{public}: {}",
            run.stderr
        );
        assert_eq!(run.stderr.matches("error: ").count(), 1, "{}", run.stderr);
        assert!(run.stderr.contains("\nhelp: "), "{}", run.stderr);
    }
}

/// The instances of a tree that ask the CA whose certificates are counted.
fn in_production(directory: &TempDir) -> Vec<String> {
    let instances = std::fs::read_dir(directory.path().join("tree/instances")).unwrap();
    let names = instances.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let asks = |name: &String| {
        let path = format!("tree/instances/{name}/certificate-public-tls.yaml");
        let path = directory.path().join(path);
        path.exists() && read(&path).contains("    name: letsencrypt-production\n")
    };
    let mut names: Vec<String> = names.filter(asks).collect();
    names.sort_unstable();
    names
}

#[test]
fn no_more_new_certificates_are_asked_for_than_a_ca_issues_in_a_week() {
    let directory = TempDir::new().unwrap();
    let public = "{mode: acme, names: instance, acme: {server: production, challenge: http-01}}";
    let of = |numbers: std::ops::Range<usize>, more: &str| {
        let instances = numbers.map(|number| format!("    p{number:03}: {{}}\n"));
        let instances: String = instances.collect();
        fleet(public, &format!("  instances:\n{instances}{more}"))
    };
    let many = of(0..119, "    p200: {}\n");
    let at = |day: &str, fleet: &str| {
        let now = format!("-q --now 2026-12-{day}T10:00:00Z");
        render(&directory, fleet, &now)
    };
    let first = at("01", &many);
    assert_eq!(
        (first.status, first.stderr.as_str()),
        (
            0,
            "warning: Let's Encrypt issues 50 new certificates of a registered domain a week: 70 of 120 below `parish.fr` are asked of `letsencrypt-staging` for now; a run from 2026-12-08T10:00:00Z on asks for the next, one from 2026-12-15T10:00:00Z on for the last; with `names: wildcard` and `challenge: dns-01` one is enough\n"
        )
    );
    let asked = in_production(&directory);
    assert_eq!(
        (asked.len(), asked[0].as_str(), asked[49].as_str()),
        (50, "p000", "p049")
    );
    let certificate = directory
        .path()
        .join("tree/instances/p000/certificate-public-tls.yaml");
    assert!(read(&certificate).contains(
        "  annotations:\n    civi-ingress.uepal.fr/asked-since: \"2026-12-01T10:00:00Z\"\n"
    ));
    // The fleet is as its file says until the next turn comes.
    let check = |day: &str| {
        let line = format!(
            "gitops check -f fleet.yaml --output-dir tree -q --now 2026-12-{day}T10:00:00Z"
        );
        run_line(directory.path(), &line).status
    };
    assert_eq!([check("01"), check("07"), check("08")], [0, 0, 1]);
    at("05", &many).good();
    assert_eq!(in_production(&directory), asked);
    // Other hosts are another certificate, and who has asked is not sent back.
    let changed = of(
        1..119,
        "    p000: {aliases: [www.p000.parish.fr]}\n    p200: {}\n",
    );
    at("06", &changed).good();
    assert_eq!(in_production(&directory), asked);
    at("08", &changed).good();
    assert_eq!(in_production(&directory).len(), 99);
    at("13", &changed).good();
    assert_eq!(in_production(&directory).len(), 100);
    let last = at("15", &changed);
    assert_eq!(
        (last.stderr.as_str(), in_production(&directory).len()),
        ("", 120)
    );
}
