//! What is asked of a cluster through the user's kubectl, which a script replaces here.

use crate::support::{Run, command, finish, read, run_in, secret_text, write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use tempfile::TempDir;

/// Puts a kubectl into `bin` that notes how it is called, one call a line, and prints the file `answer`.
fn kubectl(directory: &Path, script: &str) {
    let bin = directory.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let program = bin.join("kubectl");
    write(
        &program,
        &format!("#!/bin/sh\necho \"$*\" >> calls\n{script}\n"),
    );
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
}

const ANSWERS: &str = "case \"$*\" in
*api-resources*) printf 'secrets\\npods\\nservices\\ningressroutes.traefik.io\\ntlsstores.traefik.io\\n' ;;
*) cat answer ;;
esac";

fn ask(directory: &Path, arguments: &[&str]) -> Run {
    let path = format!("{}:/usr/bin:/bin", directory.join("bin").display());
    finish(command(directory).args(arguments).env("PATH", path))
}

const NEW: &[&str] = &["new-instance", "paroisse-a", "--host", "a.example.org"];

#[test]
fn the_kinds_that_status_needs_are_asked_for_as_far_as_the_cluster_has_them() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    kubectl(path, ANSWERS);
    write(&path.join("answer"), &run_in(path, NEW).good());
    let asked = ask(path, &["status", "--cluster", "--context", "test"]).good();
    assert_eq!(
        read(&path.join("calls")),
        "--context=test api-resources --verbs=list --output=name\n\
         --context=test get secrets,services,ingressroutes.traefik.io,tlsstores.traefik.io --all-namespaces --output=yaml\n"
    );
    assert_eq!(asked, run_in(path, &["status", "answer"]).good());
}

#[test]
fn an_instance_takes_its_keys_from_the_cluster_and_makes_them_where_it_has_none() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    kubectl(path, ANSWERS);
    write(&path.join("answer"), "");
    let arguments = [NEW, &["--cluster"]].concat();
    let first = ask(path, &arguments);
    let note = "note: the cluster has no Secret of this instance: all keys are new\n";
    assert!(first.stderr.starts_with(note), "{}", first.stderr);
    let first = first.good();
    assert_eq!(
        read(&path.join("calls")),
        "get secret externca selfcert --namespace=paroisse-a --ignore-not-found --output=yaml\n"
    );
    write(&path.join("answer"), &first);
    assert_eq!(ask(path, &arguments).good(), first);
}

#[test]
fn the_wildcard_certificate_stays_while_the_cluster_has_it() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    kubectl(path, ANSWERS);
    write(&path.join("answer"), "");
    let arguments = ["wildcard-secret", "--domain", "example.org", "--cluster"];
    let first = ask(path, &arguments).good();
    assert_eq!(
        read(&path.join("calls")),
        "get secret wildcardsecret --namespace=default --ignore-not-found --output=yaml\n"
    );
    write(&path.join("answer"), &first);
    let second = ask(path, &arguments).good();
    assert_eq!(
        secret_text(&second, "wildcardsecret", "tls.crt"),
        secret_text(&first, "wildcardsecret", "tls.crt")
    );
}

#[test]
fn probe_takes_what_traefik_is_told_from_the_cluster() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    kubectl(path, ANSWERS);
    write(&path.join("answer"), &run_in(path, NEW).good());
    let arguments = [
        "probe",
        "a.example.org",
        "--connect",
        "127.0.0.1:1",
        "--backend",
        "127.0.0.1:1",
    ];
    let asked = ask(path, &[&arguments[..], &["--cluster"]].concat());
    let calls = read(&path.join("calls"));
    let get = "get secrets,services,ingressroutes.traefik.io,tlsstores.traefik.io --all-namespaces --output=yaml\n";
    assert!(calls.ends_with(get), "{calls}");
    let read = run_in(path, &[&arguments[..], &["--manifest", "answer"]].concat());
    assert_eq!((asked.status, asked.stdout), (1, read.stdout));
}

#[test]
fn what_kubectl_says_is_passed_on_and_its_failure_ends_the_run() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    kubectl(path, "printf 'Forbidden \\033[2Jhere\\n' >&2; exit 1");
    let run = ask(path, &[NEW, &["--cluster"]].concat());
    assert_eq!((run.status, run.stdout.as_str()), (4, ""));
    assert_eq!(
        run.stderr,
        "kubectl: Forbidden \\u{1b}[2Jhere\nerror: `kubectl get` failed: exit status: 1\n"
    );
}

#[test]
fn without_kubectl_the_run_says_so() {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    let run = finish(
        command(path)
            .args(["status", "--cluster"])
            .env("PATH", path),
    );
    assert_eq!((run.status, run.stdout.as_str()), (4, ""));
    assert_eq!(
        run.stderr,
        "error: cannot run kubectl: No such file or directory\nhelp: install kubectl, or pass files\n"
    );
}
