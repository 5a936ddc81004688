//! Many instances behind one Traefik.

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::client::{Client, certificates};
use crate::components::newest;
use crate::handwritten::service;
use crate::httpd::{Settings, endpoint};
use crate::instance::{Instance, browser};
use crate::stack::{Case, Stack, trial};

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    vec![trial(
        stack,
        "each_of_50_instances_applied_as_one_stream_answers_with_its_own_page_and_chain",
        fifty,
    )]
}

fn fifty(case: &Case) {
    let release = newest();
    // Traefik watches all namespaces here, as it does by default: no other case's objects may be there.
    let cluster = case.stack.new_cluster(&release, "cluster-of-50");
    let instances: Vec<Instance> = (1..=50)
        .map(|number| Instance::printed(case, &release, &format!("paroisse-{number:02}"), &[]))
        .collect();
    let services: String = instances
        .iter()
        .map(|instance| service(&instance.name, instance.address))
        .collect();
    cluster.kubectl(&["apply", "--server-side", "-f", "-"], &services);
    let browser = browser(case, &cluster, "default", "example.org");
    let stream: String = instances
        .iter()
        .map(|instance| instance.manifests.as_str())
        .collect();
    let applied = cluster.apply(&stream);
    assert!(
        applied.lines().all(|line| line.ends_with(" created")),
        "{applied}"
    );

    let sites: Vec<_> = instances
        .iter()
        .map(|instance| instance.site(&cluster))
        .collect();
    let _httpd = case.httpd("httpd", &sites, &Settings::default());
    let traefik = case.traefik(&release, &cluster, &[]);
    for (instance, site) in instances.iter().zip(&sites) {
        traefik.wait_for(&instance.host);
        let answer = browser
            .get(traefik.websecure(), &instance.host, "/")
            .expect("an answer");
        assert_eq!((answer.status, answer.body), (200, instance.name.clone()));

        // The leg that Traefik verified: this httpd's chain under this instance's authority.
        let own = Client::trusting(&instance.authority(&cluster));
        let direct = own
            .get(endpoint(instance.address), &instance.host, "/")
            .expect("an answer");
        assert_eq!(direct.chain[0], certificates(&site.pair.certificate)[0]);
    }

    // None passes for another: the next instance's httpd under this one's authority and its own name.
    for (instance, next) in instances.iter().zip(instances.iter().cycle().skip(1)) {
        let own = Client::trusting(&instance.authority(&cluster));
        let answer = own.get(endpoint(next.address), &next.host, "/");
        assert!(
            answer
                .as_ref()
                .is_err_and(|why| why.contains("UnknownIssuer") || why.contains("BadSignature")),
            "{} took {}: {answer:?}",
            instance.name,
            next.name
        );
    }
    assert_eq!(traefik.complaints(), Vec::<String>::new());
}
