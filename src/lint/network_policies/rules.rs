//! What is looked for.

use crate::lint::rule::rules;

rules! {
    CI701 "policy-for-host-network" Error
        "a NetworkPolicy selects Traefik's pods, and they are on the nodes' network"
        "Their connections come from the nodes' addresses: none gets through, and Traefik answers 504."
        "Allow the nodes' ranges with `ipBlock`: `civi-ingress new-instance --network-policy --traefik-host-network`."
    CI723 "policy-blocks-http01" Warning
        "a network policy blocks the answers to HTTP-01"
        "cert-manager's solver pods run in the Certificate's namespace: Traefik does not reach them, and the Certificate never becomes ready."
        "Allow Traefik to reach port 8089 of the pods with label `acme.cert-manager.io/http01-solver: \"true\"`."
    CI724 "policy-blocks-traefik" Warning
        "a network policy keeps Traefik from httpd"
        "Traefik answers 504, unless another policy lets it in."
        "Add a policy for Traefik: `civi-ingress new-instance --network-policy`."
    CI725 "policy-blocks-job" Warning
        "a network policy keeps a CronJob from the database"
        "The job times out on every run: the policy selects labels that its pods do not have."
        "Allow all pods of the namespace, `podSelector: {}`, or give the job's pods the label."
}
