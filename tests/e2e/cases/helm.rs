//! The way in for a namespace that the Civiparoisse chart runs: Helm takes over what `new-instance` made.
//!
//! The chart is a stand-in of ours (`chart/`); it asks for Traefik's old API group, so that the release here is
//! 2.11, the only one under test that serves it, and the profile 2.9, which prints it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use libtest_mimic::Trial;
use serde_json::Value;

use crate::cluster::{Cluster, output_of};
use crate::components::{Release, releases};
use crate::httpd::Settings;
use crate::instance::{Instance, browser};
use crate::stack::{Case, Stack, trial};

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    vec![
        trial(
            stack,
            "helm_install_adopts_the_objects_of_new_instance_and_keeps_its_keys",
            adopts,
        ),
        trial(
            stack,
            "helm_install_refuses_objects_without_the_marks_of_its_release",
            refuses,
        ),
    ]
}

/// Every difference between what we print and what Helm renders after it has looked our keys up, and why.
const INTENDED: &[(&str, &str)] = &[
    (
        "IngressRoute ingressproxy: only ours: spec.routes.0.services.0.scheme",
        "said in full: the chart leaves it to the port's number",
    ),
    (
        "Secret externca: only ours: data.ca.crt",
        "the key that all releases of Traefik read, Traefik 4 included",
    ),
    (
        "Secret externca: only the chart's: data.tls.crt",
        "read as the only key of the Secret, by a rule announced to go",
    ),
    (
        "ServersTransport transport-selfsigned: differs: spec.forwardingTimeouts.readIdleTimeout",
        "0s for 0: a duration with its unit means the same to every release",
    ),
    (
        "ServersTransport transport-selfsigned: differs: spec.forwardingTimeouts.responseHeaderTimeout",
        "0s for 0: a duration with its unit means the same to every release",
    ),
];

/// The release of Traefik that serves the API group which the chart asks for.
fn last_of_2() -> Release {
    releases()
        .into_iter()
        .find(|release| release.profile() == "2.11")
        .expect("versions: a Traefik 2.11")
}

fn adopts(case: &Case) {
    let release = last_of_2();
    let cluster = case.stack.cluster(&release);
    let namespace = "adopted";
    let instance = Instance::new(
        case,
        cluster,
        &release,
        namespace,
        &["--traefik", "2.9", "--helm-release", "civi"],
    );
    cluster.apply(&instance.manifests);
    let keys = instance.keys(cluster);

    let helm = |arguments: &[&str]| {
        let output = helm(case, cluster, namespace, arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "helm {arguments:?}: {errors}");
        String::from_utf8(output.stdout).expect("helm prints UTF-8")
    };
    let chart = chart();
    let host = format!("externalhost={}", instance.host);
    helm(&["install", "civi", &chart, "--set", &host]);
    assert_eq!(instance.keys(cluster), keys);
    helm(&["upgrade", "civi", &chart, "--set", &host]);
    assert_eq!(instance.keys(cluster), keys);

    let ours = objects(cluster, &instance.manifests);
    let charts = objects(cluster, &helm(&["get", "manifest", "civi"]));
    let intended: Vec<&str> = INTENDED.iter().map(|(difference, _)| *difference).collect();
    assert_eq!(differences(&ours, &charts), intended);

    let browser = browser(case, cluster, namespace, "example.org");
    let _httpd = case.httpd("httpd", &[instance.site(cluster)], &Settings::default());
    let traefik = case.traefik(&release, cluster, &[namespace]);
    traefik.wait_for(&instance.host);
    let answer = browser
        .get(traefik.websecure(), &instance.host, "/")
        .expect("an answer");
    assert_eq!(answer.status, 200);
}

fn refuses(case: &Case) {
    let release = last_of_2();
    let cluster = case.stack.cluster(&release);
    let namespace = "not-adopted";
    let instance = Instance::new(case, cluster, &release, namespace, &["--traefik", "2.9"]);
    cluster.apply(&instance.manifests);
    let keys = instance.keys(cluster);
    let refused = helm(case, cluster, namespace, &["install", "civi", &chart()]);
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && errors.contains("invalid ownership metadata"),
        "{errors}"
    );
    assert_eq!(instance.keys(cluster), keys);
}

fn chart() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/chart");
    folder.display().to_string()
}

fn helm(case: &Case, cluster: &Cluster, namespace: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(&case.stack.programs.helm);
    command
        .args(arguments)
        .args(["--namespace", namespace])
        .env("KUBECONFIG", cluster.kubeconfig())
        .env("HOME", &case.directory);
    output_of(&mut command, "")
}

/// The objects of a stream by kind and name, each as its values by path.
fn objects(cluster: &Cluster, manifests: &str) -> BTreeMap<String, BTreeMap<String, Value>> {
    // kubectl as the reader of YAML: the objects as it would send them.
    let text = cluster.kubectl(
        &["create", "--dry-run=client", "-o", "json", "-f", "-"],
        manifests,
    );
    serde_json::Deserializer::from_str(&text)
        .into_iter::<Value>()
        .map(|object| {
            let mut object = object.expect("kubectl prints JSON");
            let name = format!(
                "{} {}",
                object["kind"].as_str().expect("a kind"),
                object["metadata"]["name"].as_str().expect("a name")
            );
            // The marks of its release are Helm's to add to the objects it renders.
            let metadata = object["metadata"].as_object_mut().expect("metadata");
            metadata.remove("labels");
            metadata.remove("annotations");
            let mut values = BTreeMap::new();
            flatten("", &object, &mut values);
            (name, values)
        })
        .collect()
}

/// Adds every value below `value` with its path.
fn flatten(path: &str, value: &Value, values: &mut BTreeMap<String, Value>) {
    let below = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        }
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                flatten(&below(key), value, values);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (number, value) in items.iter().enumerate() {
                flatten(&below(&number.to_string()), value, values);
            }
        }
        _ => {
            values.insert(path.to_owned(), value.clone());
        }
    }
}

/// What differs, sorted, by path only: some values are keys.
fn differences(
    ours: &BTreeMap<String, BTreeMap<String, Value>>,
    charts: &BTreeMap<String, BTreeMap<String, Value>>,
) -> Vec<String> {
    let empty = BTreeMap::new();
    let mut found = Vec::new();
    let names: BTreeSet<&String> = ours.keys().chain(charts.keys()).collect();
    for name in names {
        let our = ours.get(name).unwrap_or(&empty);
        let their = charts.get(name).unwrap_or(&empty);
        let paths: BTreeSet<&String> = our.keys().chain(their.keys()).collect();
        for path in paths {
            let kind = match (our.get(path), their.get(path)) {
                (Some(one), Some(other)) if one == other => continue,
                (Some(_), Some(_)) => "differs",
                (Some(_), None) => "only ours",
                (None, _) => "only the chart's",
            };
            found.push(format!("{name}: {kind}: {path}"));
        }
    }
    found
}
