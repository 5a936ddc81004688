//! What `lint` says that the API server refuses, and what it lets pass, given to one.

use std::sync::Arc;

use libtest_mimic::Trial;

use crate::components::newest;
use crate::stack::{Case, Stack, trial};

/// Rules of the definitions, and what the API server or kubectl says of the case that fires them.
const REFUSED: [(&str, &str, &str); 6] = [
    (
        "unknown field \"spec.servername\"",
        include_str!("../../lint/cases/CI311-fires.yaml"),
        include_str!("../../lint/cases/CI311-near.yaml"),
    ),
    (
        "unknown field \"spec.routes[0].secretName\"",
        include_str!("../../lint/cases/CI314-fires.yaml"),
        include_str!("../../lint/cases/CI314-near.yaml"),
    ),
    (
        "spec.routes[0].priority: Invalid value: \"string\"",
        include_str!("../../lint/cases/CI315-fires.yaml"),
        include_str!("../../lint/cases/CI315-near.yaml"),
    ),
    (
        "spec.routes[0].kind: Unsupported value: \"rule\": supported values: \"Rule\"",
        include_str!("../../lint/cases/CI316-fires.yaml"),
        include_str!("../../lint/cases/CI316-near.yaml"),
    ),
    (
        "spec.routes[0].match: Required value",
        include_str!("../../lint/cases/CI317-fires.yaml"),
        include_str!("../../lint/cases/CI317-near.yaml"),
    ),
    (
        "no matches for kind \"Middleware\" in version \"traefik.io/v1\"",
        include_str!("../../lint/cases/CI318-fires.yaml"),
        // The near miss is of a group that this cluster does not have.
        "",
    ),
];

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    vec![trial(
        stack,
        "the_api_server_refuses_what_lint_says_it_refuses_and_takes_the_near_misses",
        refused,
    )]
}

fn refused(case: &Case) {
    let cluster = case.stack.cluster(&newest());
    let namespace = cluster.try_kubectl(&["create", "namespace", "ns"], "");
    assert!(namespace.status.success(), "{namespace:?}");
    let apply = ["apply", "--dry-run=server", "-f", "-"];
    for (said, fires, near) in REFUSED {
        let output = cluster.try_kubectl(&apply, fires);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "it takes {fires}");
        assert!(errors.contains(said), "{said}: {errors}");
        if !near.is_empty() {
            cluster.kubectl(&apply, near);
        }
    }
}
