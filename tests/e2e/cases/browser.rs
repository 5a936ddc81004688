//! The browser's leg: the wildcard certificate and who accepts it.

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::client::Client;
use crate::components::newest;
use crate::httpd::Settings;
use crate::instance::{Instance, browser};
use crate::pki::Authority;
use crate::stack::{Case, Stack, trial};

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    vec![trial(
        stack,
        "the_wildcard_serves_who_trusts_its_authority_one_label_deep_and_no_deeper",
        one_label_deep,
    )]
}

fn one_label_deep(case: &Case) {
    let release = newest();
    let cluster = case.stack.cluster(&release);
    let namespace = "wildcard";
    let instance = Instance::new(case, cluster, &release, namespace, &[]);
    cluster.apply(&instance.manifests);
    let browser = browser(case, cluster, namespace, "example.org");
    let _httpd = case.httpd("httpd", &[instance.site(cluster)], &Settings::default());
    let traefik = case.traefik(&release, cluster, &[namespace]);
    traefik.wait_for(&instance.host);

    let answer = browser
        .get(traefik.websecure(), &instance.host, "/")
        .expect("an answer");
    assert_eq!((answer.status, answer.body.as_str()), (200, "wildcard"));

    let deeper = format!("www.{}", instance.host);
    let refused = browser.get(traefik.websecure(), &deeper, "/");
    assert!(
        refused
            .as_ref()
            .is_err_and(|why| why.contains("not valid for name")),
        "{refused:?}"
    );

    let stranger = Client::trusting(&Authority::new("another authority").certificate);
    let refused = stranger.get(traefik.websecure(), &instance.host, "/");
    assert!(
        refused
            .as_ref()
            .is_err_and(|why| why.contains("UnknownIssuer")),
        "{refused:?}"
    );
}
