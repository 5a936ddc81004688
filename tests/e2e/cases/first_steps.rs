//! "From an empty cluster to a page", as the README has it: its blocks are run by bash, with the real kubectl, the
//! real Helm for the instance's chart (of which `chart/` is a stand-in) and the built program.
//!
//! What the machine lacks is played: `minikube ip` is Traefik's address, `git clone` copies the chart, and Traefik is
//! started by the test where Helm would install its chart; what the program prints for that chart must be its values.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use libtest_mimic::Trial;

use crate::client::Client;
use crate::cluster::{Cluster, output_of};
use crate::components::newest;
use crate::handwritten::service;
use crate::httpd::{Manner, Settings, Site};
use crate::instance::secret;
use crate::pki::Pair;
use crate::stack::{Case, Stack, trial};

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    vec![trial(
        stack,
        "the_readme_leads_from_an_empty_cluster_to_a_page",
        to_a_page,
    )]
}

/// The instance that the README names.
const NAMESPACE: &str = "paroisse-a";
/// Its host.
const HOST: &str = "a.example.org";

fn to_a_page(case: &Case) {
    let release = newest();
    let cluster = case.stack.new_cluster(&release, "first-steps");
    let traefik = case.traefik(&release, &cluster, &["default", NAMESPACE]);
    let node = traefik.websecure();
    play(case, &cluster, &format!("echo {}", node.ip()));

    let mut steps = blocks("From an empty cluster to a page");
    assert_eq!(steps.len(), 7, "{steps:?}");
    let look = steps.pop().expect("the last block, which probes");
    let first = steps.remove(0);
    for block in &steps {
        run(case, &format!("{first}\n{block}"));
    }

    let address = case.stack.address();
    cluster.apply(&service(NAMESPACE, address));
    let mut keys = secret(&cluster, NAMESPACE, "selfcert");
    let mut take = |key: &str| keys.remove(key).expect("a key of selfcert");
    let site = Site {
        address,
        pair: Pair {
            certificate: take("externcert"),
            key: take("externkey"),
        },
        page: NAMESPACE.to_owned(),
        manner: Manner::default(),
    };
    let _httpd = case.httpd("httpd", &[site], &Settings::default());
    traefik.wait_for(HOST);

    let report = run(case, &format!("{first}\n{look}"));
    let well = format!("{HOST}: all is well as far as a browser can see\n");
    assert!(report.ends_with(&well), "{report}");
    let authority = fs::read_to_string(case.directory.join("ca.crt")).expect("--ca-out");
    let answer = Client::trusting(&authority)
        .get(node, HOST, "/")
        .expect("an answer");
    assert_eq!((answer.status, answer.body.as_str()), (200, NAMESPACE));

    // What a timer runs from then on, over what Helm has adopted.
    let keys = secret(&cluster, NAMESPACE, "selfcert");
    for block in blocks("One instance") {
        run(case, &block);
    }
    assert_eq!(secret(&cluster, NAMESPACE, "selfcert"), keys);
    let report = run(case, &format!("{first}\n{look}"));
    assert!(report.ends_with(&well), "{report}");
}

/// The blocks of a section of the README that are for a shell, in order.
fn blocks(title: &str) -> Vec<String> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).expect("the README");
    let section = readme
        .split("\n## ")
        .find(|section| section.starts_with(&format!("{title}\n")))
        .expect(title);
    let mut blocks = Vec::new();
    for rest in section.split("```sh\n").skip(1) {
        blocks.push(rest.split("```").next().expect("its end").to_owned());
    }
    assert!(!blocks.is_empty(), "{title}");
    blocks
}

/// Writes the programs that the blocks call, real and played, into the case's `bin`.
fn play(case: &Case, cluster: &Cluster, minikube: &str) {
    let bin = case.directory.join("bin");
    fs::create_dir(&bin).expect("our own directory");
    let kubeconfig = cluster.kubeconfig();
    let real = |program: &Path| {
        format!(
            "KUBECONFIG='{}' exec '{}' \"$@\"",
            kubeconfig.display(),
            program.display()
        )
    };
    let programs = &case.stack.programs;
    let chart = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/chart");
    let helm = format!(
        "case $1 in\n  repo) exit ;;\n  upgrade) cat >traefik-values.yaml; exit ;;\nesac\n{}",
        real(&programs.helm)
    );
    for (name, script) in [
        ("kubectl", real(&programs.kubectl)),
        ("helm", helm),
        ("git", format!("cp -r '{}' \"$3\"", chart.display())),
        ("minikube", minikube.to_owned()),
        ("certutil", String::new()),
        ("sudo", "cat >hosts".to_owned()),
    ] {
        let file = bin.join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("our own directory");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("our own file");
    }
}

/// Runs a block as a shell does in which it is pasted, stopping at the first failure, and gives its standard output.
#[track_caller]
fn run(case: &Case, block: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_civi-ingress"));
    let path = format!(
        "{}:{}:{}",
        case.directory.join("bin").display(),
        program.parent().expect("a folder").display(),
        std::env::var("PATH").expect("a PATH")
    );
    let mut command = Command::new("bash");
    command
        .args(["-euo", "pipefail", "-c", block])
        .current_dir(&case.directory)
        .env("PATH", path)
        .env("HOME", &case.directory);
    let output = output_of(&mut command, "");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{block}\n{errors}");
    String::from_utf8(output.stdout).expect("text")
}
