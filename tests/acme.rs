//! What cert-manager is told, and what it is asked.

use crate::support::{command, finish, run, run_in, write};
use tempfile::TempDir;

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
        let arguments: Vec<&str> = line.split(' ').collect();
        run_in(directory.path(), &arguments).good()
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
    let arguments: Vec<&str> = line.split(' ').collect();
    let run = run_in(directory.path(), &arguments);
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
