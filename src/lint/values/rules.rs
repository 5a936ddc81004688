//! What is looked for.

use crate::lint::rule::rules;

rules! {
    CI501 "value-refused-by-chart" Error
        "the chart refuses a key of the values"
        "`helm install` and `helm upgrade` fail: the values do not meet the chart's schema, or a template calls `fail`."
        "Use the key of this chart, or render the file with `civi-ingress traefik-values`."
    CI502 "value-ignored-by-chart" Warning
        "the chart ignores a key of the values"
        "Nothing happens, and nothing reports it."
        "Use the key of this chart, or render the file with `civi-ingress traefik-values`."
    CI503 "daemon-set-blocks-update" Error
        "a DaemonSet on the nodes' network keeps all its pods during an update"
        "The chart fails: `maxUnavailable should be greater than 0 when using hostNetwork.`"
        "Set `updateStrategy.rollingUpdate` to `maxUnavailable: 1` and `maxSurge: 0`."
    CI504 "max-unavailable-and-max-surge" Error
        "a DaemonSet has both `maxUnavailable` and `maxSurge`"
        "Kubernetes refuses it: `may not be set when maxUnavailable is non-zero`. The chart's default for `maxSurge` is 1."
        "Set `maxSurge: 0`."
    CI505 "node-port-taken" Warning
        "a pod that uses ports of its node is to start alongside the old one"
        "The new pod stays Pending forever: the port is taken."
        "Set `updateStrategy.rollingUpdate` to `maxUnavailable: 1` and `maxSurge: 0`."
    CI506 "low-port-without-root" Error
        "a port below 1024 on the node's network, and Traefik is not root"
        "Traefik does not start: `bind: permission denied`. Kubernetes has no ambient capabilities."
        "Leave `hostNetwork` and use `hostPort: 80` and `hostPort: 443`, or run as root with NET_BIND_SERVICE."
    CI507 "host-port-not-port" Error
        "on the nodes' network `hostPort` must be the port itself"
        "The chart's template fails."
        "Remove `hostPort`."
    CI508 "proxy-trusted-on-one-port" Warning
        "a proxy is trusted on one of `web` and `websecure` only"
        "On the other port every client has the proxy's address, and nothing reports it."
        "Set the same `trustedIPs` on both."
    CI509 "everyone-trusted-as-proxy" Error
        "everyone is trusted as a proxy"
        "Any client can claim any address: access lists, limits and logs are worthless."
        "Name the ranges of the load balancers in `trustedIPs`."
    CI510 "proxy-protocol-trusts-nobody" Error
        "`proxyProtocol` has no `trustedIPs`"
        "Traefik trusts no peer: every client has the load balancer's address, and nothing reports it."
        "Name the ranges of the load balancers in `trustedIPs`."
    CI511 "namespace-not-watched" Error
        "Traefik does not watch the namespace of a route"
        "It is not served: 404."
        "Add the namespace to `providers.kubernetesCRD.namespaces`, or leave the list out to watch all."
    CI512 "unusable-instance-value" Error
        "a value of the Civiparoisse chart cannot be used"
        "The chart writes it into its objects as it is: the API server, Traefik or httpd refuses them, or a misspelt key does nothing. `civi-ingress new-instance -f` refuses it too."
        "Write a value that the key accepts; docs/values.md lists the keys."
    CI513 "provider-off" Error
        "the provider that reads an object is off"
        "Traefik does not see it: what it serves answers 404."
        "Turn the provider on, or leave the object out."
    CI514 "redirect-to-inner-port" Error
        "a redirect leads to an entry point's inner port"
        "Browsers are sent to the port that Traefik listens on in its pod, which nobody exposes: they cannot connect."
        "Redirect to the port that browsers reach, such as `:443`."
}
