//! Mutual TLS between Traefik and the httpd: nobody reaches the httpd around Traefik.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libtest_mimic::Trial;

use crate::client::Client;
use crate::components::{Release, releases};
use crate::httpd::{Settings, endpoint};
use crate::instance::{Instance, browser};
use crate::pki::{Authority, Pair};
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
    let instance = Instance::new(case, cluster, release, namespace, &[]);
    cluster.apply(&instance.manifests);
    let clients = Authority::new("client CA");
    let pair = clients.client("traefik");
    cluster.apply(&client_secret(namespace, &pair));
    let patch = r#"{"spec": {"certificatesSecrets": ["externclient"]}}"#;
    let transport = "serverstransports.traefik.io/transport-selfsigned";
    let arguments = [
        "patch",
        transport,
        "-n",
        namespace,
        "--type=merge",
        "-p",
        patch,
    ];
    cluster.kubectl(&arguments, "");

    let browser = browser(case, cluster, namespace, "example.org");
    let settings = Settings {
        client_authority: Some(clients.certificate.clone()),
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
    let refused = Client::with_identity(&authority, &stranger.certificate, &stranger.key).get(
        httpd,
        &instance.host,
        "/",
    );
    assert!(
        refused.as_ref().is_err_and(|why| why.contains("UnknownCA")),
        "{refused:?}"
    );
    // That it is the certificate which opens the httpd, and not the way there.
    let answer = Client::with_identity(&authority, &pair.certificate, &pair.key)
        .get(httpd, &instance.host, "/")
        .expect("an answer");
    assert_eq!(answer.status, 200);
}

/// Traefik's own pair, as `certificatesSecrets` wants it.
fn client_secret(namespace: &str, pair: &Pair) -> String {
    format!(
        "apiVersion: v1
kind: Secret
metadata: {{name: externclient, namespace: {namespace}}}
type: kubernetes.io/tls
data:
  tls.crt: {}
  tls.key: {}
",
        STANDARD.encode(&pair.certificate),
        STANDARD.encode(&pair.key)
    )
}
