//! `new-instance` piped into `kubectl apply`, and what a browser gets.

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::components::{Release, releases};
use crate::httpd::Settings;
use crate::instance::{Instance, browser, versions};
use crate::stack::{Case, Stack, trial};

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for release in releases() {
        let name = release.in_a_name();
        let of = release.clone();
        trials.push(trial(
            stack,
            &format!("a_new_instance_answers_200_through_traefik_{name}"),
            move |case| answers_200(case, &of),
        ));
        let of = release.clone();
        trials.push(trial(
            stack,
            &format!("applying_an_instance_twice_changes_nothing_with_the_crds_of_traefik_{name}"),
            move |case| twice_changes_nothing(case, &of),
        ));
        trials.push(trial(
            stack,
            &format!(
                "every_optional_object_passes_strict_validation_with_the_crds_of_traefik_{name}"
            ),
            move |case| strictly_valid(case, &release),
        ));
    }
    trials
}

fn answers_200(case: &Case, release: &Release) {
    let cluster = case.stack.cluster(release);
    let namespaces = ["stream", "server-side"];
    let stream = Instance::new(case, cluster, release, namespaces[0], &[]);
    let server_side = Instance::new(case, cluster, release, namespaces[1], &[]);
    let browser = browser(case, cluster, namespaces[0], "example.org");

    // A Traefik that runs while the objects arrive, as in a cluster.
    let traefik = case.traefik(release, cluster, &namespaces);
    cluster.apply(&stream.manifests);
    cluster.kubectl(
        &["apply", "--server-side", "-f", "-"],
        &server_side.manifests,
    );
    let sites = [stream.site(cluster), server_side.site(cluster)];
    let _httpd = case.httpd("httpd", &sites, &Settings::default());
    for instance in [&stream, &server_side] {
        traefik.wait_for(&instance.host);
        let answer = browser
            .get(traefik.websecure(), &instance.host, "/")
            .expect("an answer");
        assert_eq!((answer.status, answer.body), (200, instance.name.clone()));
    }
    drop(traefik);

    // Traefik's watches are one for each kind, so that a running one may read an object before the Secret it
    // names; what it says of the objects themselves is what it says when it starts with all of them.
    let traefik = case.traefik(release, cluster, &namespaces);
    for instance in [&stream, &server_side] {
        traefik.wait_for(&instance.host);
        let answer = browser
            .get(traefik.websecure(), &instance.host, "/")
            .expect("an answer");
        assert_eq!((answer.status, answer.body), (200, instance.name.clone()));
    }
    assert_eq!(traefik.complaints(), Vec::<String>::new());
}

fn twice_changes_nothing(case: &Case, release: &Release) {
    let cluster = case.stack.cluster(release);
    for (name, flags) in [
        ("twice", &["apply", "-f", "-"][..]),
        ("twice-server-side", &["apply", "--server-side", "-f", "-"]),
    ] {
        let instance = Instance::new(case, cluster, release, name, &["--retry", "--config-map"]);
        let first = cluster.kubectl(flags, &instance.manifests);
        let before = versions(cluster, name);
        assert_eq!(first.lines().count(), before.len(), "{first}{before:?}");
        let second = cluster.kubectl(flags, &instance.manifests);
        assert_eq!(versions(cluster, name), before, "{second}");
    }
}

fn strictly_valid(case: &Case, release: &Release) {
    let cluster = case.stack.cluster(release);
    let strict = ["apply", "--validate=strict", "-f", "-"];
    let instance = Instance::printed(
        case,
        release,
        "strict",
        &[
            "--create-namespace",
            "--retry",
            "--hsts",
            "--config-map",
            "--network-policy",
            "--default-deny",
            "--egress",
            "--egress-mail=192.0.2.25",
        ],
    );
    let applied = cluster.kubectl(&strict, &instance.manifests);
    for kind in [
        "namespace/",
        "networkpolicy.networking.k8s.io/httpd-from-traefik",
        "networkpolicy.networking.k8s.io/default-deny",
        "networkpolicy.networking.k8s.io/egress",
        "middleware.traefik.io/",
        "configmap/",
    ] {
        assert!(
            applied
                .lines()
                .any(|line| line.starts_with(kind) && line.ends_with(" created")),
            "no {kind} among\n{applied}"
        );
    }

    // That the validation is there: the same stream with a field that no schema has.
    let wrong = instance
        .manifests
        .replace("  entryPoints:", "  entrypoint: websecure\n  entryPoints:");
    assert_ne!(wrong, instance.manifests);
    let refused = cluster.try_kubectl(&strict, &wrong);
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && errors.contains("unknown field \"spec.entrypoint\""),
        "{errors}"
    );
}
