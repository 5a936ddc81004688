//! Mutual TLS between Traefik and the httpd: nobody reaches the httpd around Traefik.

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::client::Client;
use crate::components::{Release, releases};
use crate::httpd::{Settings, endpoint};
use crate::instance::{Instance, browser, secret};
use crate::pki::Authority;
use crate::stack::{Case, Stack, trial};

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    releases()
        .into_iter()
        .map(|release| {
            let name = format!(
                "an_httpd_that_asks_for_a_client_certificate_is_reached_through_traefik_{}_only",
                release.in_a_name()
            );
            trial(stack, &name, move |case| only_through(case, &release))
        })
        .collect()
}

fn only_through(case: &Case, release: &Release) {
    let cluster = case.stack.cluster(release);
    let namespace = "mutual-tls";
    let instance = Instance::new(case, cluster, release, namespace, &["--client-auth"]);
    cluster.apply(&instance.manifests);
    let mut pair = secret(cluster, namespace, "externclient");
    let (certificate, key) = (pair.remove("tls.crt"), pair.remove("tls.key"));
    let (certificate, key) = certificate.zip(key).expect("a pair");
    let clients = secret(cluster, namespace, "externclientca")
        .remove("ca.crt")
        .expect("the client CA");

    let browser = browser(case, cluster, namespace, "example.org");
    let settings = Settings {
        client_authority: Some(clients),
        ..Settings::default()
    };
    let _httpd = case.httpd("httpd", &[instance.site(cluster)], &settings);
    let traefik = case.traefik(release, cluster, &[namespace]);
    traefik.wait_for(&instance.host);
    let answer = browser
        .get(traefik.websecure(), &instance.host, "/")
        .expect("an answer");
    assert_eq!((answer.status, answer.body.as_str()), (200, namespace));
    assert_eq!(traefik.complaints(), Vec::<String>::new());

    let httpd = endpoint(instance.address);
    let authority = instance.authority(cluster);
    let refused = Client::trusting(&authority).get(httpd, &instance.host, "/");
    assert!(
        refused
            .as_ref()
            .is_err_and(|why| why.contains("CertificateRequired")),
        "{refused:?}"
    );
    let stranger = Authority::new("another CA").client("traefik");
    let stranger = Client::with_identity(&authority, &stranger.certificate, &stranger.key);
    let refused = stranger.get(httpd, &instance.host, "/");
    assert!(
        refused.as_ref().is_err_and(|why| why.contains("UnknownCA")),
        "{refused:?}"
    );
    // That it is the certificate which opens the httpd, and not the way there.
    let known = Client::with_identity(&authority, &certificate, &key);
    let answer = known.get(httpd, &instance.host, "/").expect("an answer");
    assert_eq!(answer.status, 200);
}
