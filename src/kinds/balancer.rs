//! What annotations of a Service ask a cloud's load balancer for: the PROXY protocol, and a name in place of an address.

use crate::yaml::{At, Node};

/// How the annotations begin that the cloud controller of OpenStack reads.
pub const OPENSTACK: &str = "loadbalancer.openstack.org/";

/// The annotation by which MetalLB is asked for an address (metallb.io, "Requesting specific IPs").
pub const METALLB_ADDRESS: &str = "metallb.io/loadBalancerIPs";

/// A cloud's way of asking for the PROXY protocol.
struct Cloud {
    name: &'static str,
    /// The annotation.
    key: &'static str,
    /// The values that turn it on; none where any but `false` and the empty one does.
    on: &'static [&'static str],
    /// The annotation that makes the balancer's status a host name, if there is one.
    host_name: Option<&'static str>,
    /// Whether it is a host name anyway.
    is_named: bool,
}

const fn cloud(
    name: &'static str,
    key: &'static str,
    on: &'static [&'static str],
    host_name: Option<&'static str>,
) -> Cloud {
    Cloud {
        name,
        key,
        on,
        host_name,
        is_named: false,
    }
}

const fn named(name: &'static str, key: &'static str, on: &'static [&'static str]) -> Cloud {
    Cloud {
        name,
        key,
        on,
        host_name: None,
        is_named: true,
    }
}

const TRUE: &[&str] = &["true"];
/// Go's `strconv.ParseBool`.
const PARSED: &[&str] = &["true", "True", "TRUE", "t", "T", "1"];

static CLOUDS: [Cloud; 15] = [
    // cloud-provider-openstack, pkg/openstack/loadbalancer.go
    cloud(
        "OpenStack",
        "loadbalancer.openstack.org/proxy-protocol",
        &["true", "v1", "v2"],
        Some("loadbalancer.openstack.org/hostname"),
    ),
    // OVHcloud's guide on load balancers, for Kubernetes before 1.31
    cloud(
        "OVHcloud",
        "service.beta.kubernetes.io/ovh-loadbalancer-proxy-protocol",
        &["v1", "v2", "v2-ssl", "v2-ssl-cn"],
        None,
    ),
    // digitalocean-cloud-controller-manager, cloud-controller-manager/do/lb_annotations.go
    cloud(
        "DigitalOcean",
        "service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol",
        PARSED,
        Some("service.beta.kubernetes.io/do-loadbalancer-hostname"),
    ),
    // hcloud-cloud-controller-manager, internal/annotation/load_balancer.go
    cloud(
        "Hetzner Cloud",
        "load-balancer.hetzner.cloud/uses-proxyprotocol",
        PARSED,
        Some("load-balancer.hetzner.cloud/hostname"),
    ),
    // scaleway-cloud-controller-manager, docs/loadbalancer-annotations.md: `true`, `*`, or a list of ports
    cloud(
        "Scaleway",
        "service.beta.kubernetes.io/scw-loadbalancer-proxy-protocol-v1",
        &[],
        Some("service.beta.kubernetes.io/scw-loadbalancer-use-hostname"),
    ),
    cloud(
        "Scaleway",
        "service.beta.kubernetes.io/scw-loadbalancer-proxy-protocol-v2",
        &[],
        Some("service.beta.kubernetes.io/scw-loadbalancer-use-hostname"),
    ),
    // linode-cloud-controller-manager, cloud/annotations/annotations.go
    cloud(
        "Linode",
        "service.beta.kubernetes.io/linode-loadbalancer-default-proxy-protocol",
        &["v1", "v2"],
        Some("service.beta.kubernetes.io/linode-loadbalancer-hostname-only-ingress"),
    ),
    // vultr-cloud-controller-manager, vultr/loadbalancers.go
    cloud(
        "Vultr",
        "service.beta.kubernetes.io/vultr-loadbalancer-proxy-protocol",
        TRUE,
        Some("service.beta.kubernetes.io/vultr-loadbalancer-hostname"),
    ),
    // cloud-provider-aws, pkg/providers/v1/aws.go: `*` and nothing else; its balancers have names
    named(
        "AWS",
        "service.beta.kubernetes.io/aws-load-balancer-proxy-protocol",
        &["*"],
    ),
    // civo-cloud-controller-manager: with it the status has a name
    named(
        "Civo",
        "kubernetes.civo.com/loadbalancer-enable-proxy-protocol",
        &["send-proxy", "send-proxy-v2"],
    ),
    // oci-cloud-controller-manager, pkg/cloudprovider/providers/oci/load_balancer_spec.go
    cloud(
        "Oracle Cloud",
        "service.beta.kubernetes.io/oci-load-balancer-connection-proxy-protocol-version",
        &["1", "2"],
        None,
    ),
    // cloud-provider-alibaba-cloud: `on` or `off`
    cloud(
        "Alibaba Cloud",
        "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-proxy-protocol",
        &["on"],
        Some("service.beta.kubernetes.io/alibaba-cloud-loadbalancer-hostname"),
    ),
    // cloud-provider-stackit, and yawol before it
    cloud("STACKIT", "lb.stackit.cloud/tcp-proxy-protocol", TRUE, None),
    cloud("yawol", "yawol.stackit.cloud/tcpProxyProtocol", TRUE, None),
    // cloud-provider-azure, pkg/consts/consts.go: through a private link service
    cloud(
        "Azure",
        "service.beta.kubernetes.io/azure-pls-proxy-protocol",
        TRUE,
        None,
    ),
];

/// That a load balancer is asked to send the PROXY protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendsProxy {
    /// The cloud.
    pub cloud: &'static str,
    /// The annotation.
    pub key: &'static str,
    /// Where its value stands.
    pub at: At,
    /// Whether clients within the cluster are told a name, by which they go through the balancer as all others do.
    pub is_by_name: bool,
    /// The annotation that would make it so.
    pub host_name: Option<&'static str>,
}

impl SendsProxy {
    /// Reads the annotations of a Service of type `LoadBalancer`.
    #[must_use]
    pub fn of(annotations: &Node) -> Option<Self> {
        CLOUDS.iter().find_map(|cloud| {
            let node = annotations.get(cloud.key)?;
            let value = node.scalar()?;
            let is_on = match cloud.on {
                [] => !["", "false"].contains(&value.as_str()),
                values => values.contains(&value.as_str()),
            };
            let says_name = |key: &str| {
                let node = annotations.get(key).and_then(Node::scalar);
                node.is_some_and(|value| !["", "false"].contains(&value.as_str()))
            };
            is_on.then(|| Self {
                cloud: cloud.name,
                key: cloud.key,
                at: node.at,
                is_by_name: cloud.is_named || cloud.host_name.is_some_and(says_name),
                host_name: cloud.host_name,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    #[test]
    fn each_cloud_is_asked_in_its_own_words() {
        for (text, expected) in [
            (
                "loadbalancer.openstack.org/proxy-protocol: 'true'",
                Some("OpenStack"),
            ),
            (
                "loadbalancer.openstack.org/proxy-protocol: 'yes please'",
                None,
            ),
            (
                "load-balancer.hetzner.cloud/uses-proxyprotocol: 'true'",
                Some("Hetzner Cloud"),
            ),
            (
                "load-balancer.hetzner.cloud/uses-proxyprotocol: 'false'",
                None,
            ),
            (
                "service.beta.kubernetes.io/scw-loadbalancer-proxy-protocol-v2: '*'",
                Some("Scaleway"),
            ),
            (
                "service.beta.kubernetes.io/scw-loadbalancer-proxy-protocol-v2: 80,443",
                Some("Scaleway"),
            ),
            (
                "service.beta.kubernetes.io/scw-loadbalancer-proxy-protocol-v1: 'false'",
                None,
            ),
            (
                "service.beta.kubernetes.io/aws-load-balancer-proxy-protocol: '*'",
                Some("AWS"),
            ),
            (
                "service.beta.kubernetes.io/aws-load-balancer-proxy-protocol: 'true'",
                None,
            ),
            (
                "service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol: 'true'",
                Some("DigitalOcean"),
            ),
            ("a: b", None),
        ] {
            let annotations = yaml::read(&format!("{text}\n"), "-").unwrap();
            let found = SendsProxy::of(&annotations).map(|sends| sends.cloud);
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_name_in_the_status_leads_clients_of_the_cluster_through_the_balancer() {
        let name = |text: &str| {
            let annotations = yaml::read(text, "-").unwrap();
            SendsProxy::of(&annotations).unwrap().is_by_name
        };
        let hetzner = "load-balancer.hetzner.cloud/uses-proxyprotocol: 'true'\n";
        assert!(!name(hetzner));
        assert!(name(&format!(
            "{hetzner}load-balancer.hetzner.cloud/hostname: lb.example.org\n"
        )));
        assert!(name(
            "service.beta.kubernetes.io/aws-load-balancer-proxy-protocol: '*'\n"
        ));
    }
}
