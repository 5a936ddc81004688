//! Octavia and the security group of the nodes as Terraform's JSON (terraform-provider-openstack 3.4.0, resources
//! `lb_*_v2` and `networking_*_v2`).

use super::{OutsideFile, Text};
use crate::load_balancer::LoadBalancer;
use crate::path::hop::ProxyVersion;
use serde_json::{Map, Value, json};
use std::net::IpAddr;

/// The ports of the nodes that Traefik answers at, by the name of its entry point's protocol.
const PORTS: [(&str, u16); 2] = [("http", 80), ("https", 443)];

/// Returns the load balancer that passes TCP on to the nodes.
///
/// Which subnets and which security group there are only the cloud knows: they are variables.
pub(super) fn file(name: &str, balancer: &LoadBalancer, version: ProxyVersion) -> OutsideFile {
    let protocol = pool_protocol(version);
    let mut resources = Map::new();
    let mut add = |kind: &str, each: Vec<(String, Value)>| {
        let each: Map<String, Value> = each.into_iter().collect();
        if !each.is_empty() {
            resources.insert(format!("openstack_{kind}"), each.into());
        }
    };
    add(
        "lb_loadbalancer_v2",
        vec![(
            "traefik".to_owned(),
            json!({
                "name": format!("{name}-traefik"),
                "vip_subnet_id": "${var.load_balancer_subnet_id}",
            }),
        )],
    );
    if let Some(address) = balancer.address {
        add(
            "networking_floatingip_associate_v2",
            vec![(
                "traefik".to_owned(),
                json!({
                    "floating_ip": address,
                    "port_id": "${openstack_lb_loadbalancer_v2.traefik.vip_port_id}",
                }),
            )],
        );
    }
    let of_ports = |value: &dyn Fn(&str, u16) -> Value| {
        let each = PORTS.iter();
        each.map(|(port, number)| ((*port).to_owned(), value(port, *number)))
            .collect()
    };
    add(
        "lb_listener_v2",
        of_ports(&|port, number| {
            json!({
                "name": format!("{name}-{port}"),
                "loadbalancer_id": "${openstack_lb_loadbalancer_v2.traefik.id}",
                "protocol": "TCP",
                "protocol_port": number,
            })
        }),
    );
    add(
        "lb_pool_v2",
        of_ports(&|port, _| {
            json!({
                "name": format!("{name}-{port}"),
                "listener_id": format!("${{openstack_lb_listener_v2.{port}.id}}"),
                "protocol": protocol,
                "lb_method": "LEAST_CONNECTIONS",
            })
        }),
    );
    add(
        "lb_members_v2",
        of_ports(&|port, number| {
            let member = |(node, order): (&IpAddr, usize)| {
                json!({
                    "name": format!("node{order}"),
                    "address": node,
                    "protocol_port": number,
                    "subnet_id": "${var.node_subnet_id}",
                })
            };
            json!({
                "pool_id": format!("${{openstack_lb_pool_v2.{port}.id}}"),
                "member": balancer.nodes.iter().zip(1..).map(member).collect::<Vec<_>>(),
            })
        }),
    );
    add(
        "lb_monitor_v2",
        of_ports(&|port, _| {
            json!({
                "name": format!("{name}-{port}"),
                "pool_id": format!("${{openstack_lb_pool_v2.{port}.id}}"),
                "type": "TCP",
                "delay": 5,
                "timeout": 3,
                "max_retries": 3,
            })
        }),
    );
    let mut rules = Vec::new();
    for (range, order) in balancer.trusted.iter().zip(1..) {
        let ethertype = if range.is_ipv4() { "IPv4" } else { "IPv6" };
        for (port, number) in PORTS {
            rules.push((
                format!("{port}{order}"),
                json!({
                    "description": format!("{name}: from the load balancer to Traefik"),
                    "security_group_id": "${var.node_security_group_id}",
                    "direction": "ingress",
                    "ethertype": ethertype,
                    "protocol": "tcp",
                    "port_range_min": number,
                    "port_range_max": number,
                    "remote_ip_prefix": range.to_string(),
                }),
            ));
        }
    }
    add("networking_secgroup_rule_v2", rules);
    let variable = |about: &str| json!({"type": "string", "description": about});
    OutsideFile {
        path: "terraform/main.tf.json",
        text: Text::Json(json!({
            "terraform": {"required_providers": {"openstack": {
                "source": "terraform-provider-openstack/openstack",
                "version": "~> 3.0",
            }}},
            "variable": {
                "load_balancer_subnet_id": variable("Subnet of the load balancer: its connections to the nodes come from there."),
                "node_subnet_id": variable("Subnet of the nodes."),
                "node_security_group_id": variable("Security group of the nodes, which is to let the load balancer in."),
            },
            "resource": resources,
            "output": {"load_balancer_address": {
                "description": "Address of the load balancer in its subnet.",
                "value": "${openstack_lb_loadbalancer_v2.traefik.vip_address}",
            }},
        })),
    }
}

/// Returns the protocol of a pool that gets a version of the PROXY protocol.
pub(super) fn pool_protocol(version: ProxyVersion) -> &'static str {
    match version {
        ProxyVersion::V1 => "PROXY",
        ProxyVersion::V2 => "PROXYV2",
    }
}
