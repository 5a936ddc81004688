//! Octavia and the security group of the nodes as Terraform's JSON (terraform-provider-openstack 3.4.0, resources
//! `lb_*_v2` and `networking_*_v2`).

use super::{Link, OutsideFile, Text};
use crate::load_balancer::LoadBalancer;
use crate::path::arrival::Onward;
use crate::path::hop::ProxyVersion;
use serde_json::{Map, Value, json};

/// The ports at which the load balancer answers, each with the name of its protocol.
const PORTS: [(&str, u16); 2] = [HTTP, HTTPS];
const HTTP: (&str, u16) = ("http", 80);
const HTTPS: (&str, u16) = ("https", 443);
/// The variable that says where browsers find the load balancer.
pub const FLOATING_IP: &str = "floating_ip";
/// The variable with the CA that the load balancer trusts where Traefik ends the TLS that it begins.
pub const TRAEFIK_CA: &str = "traefik_ca_ref";
/// The variable with the CAs that it trusts where httpd ends that.
pub const HTTPD_CA: &str = "httpd_ca_ref";

/// Returns the load balancer before the nodes.
///
/// Which subnets, which security group and which containers of certificates there are only the cloud knows: they are
/// variables. Without a CA a pool that speaks TLS verifies nothing (Octavia 19.0.0, `macros.j2`, `ssl verify none`), so
/// that the variable has no default.
pub(super) fn file(name: &str, balancer: &LoadBalancer, link: Link) -> OutsideFile {
    let ports: &[_] = match link {
        Link::Passed(_) => &PORTS,
        Link::Ended { .. } => &PORTS[1..],
    };
    let mut resources = Map::new();
    let mut add = |kind: &str, each: Map<String, Value>| {
        if !each.is_empty() {
            resources.insert(format!("openstack_{kind}"), each.into());
        }
    };
    let of_ports = |resource: &dyn Fn((&str, u16)) -> Value| {
        let each = ports.iter();
        each.map(|port| (port.0.to_owned(), resource(*port)))
            .collect()
    };
    let alone = |value: Value| Map::from_iter([("traefik".to_owned(), value)]);
    add("lb_loadbalancer_v2", alone(load_balancer(name)));
    if balancer.address.is_some() {
        let associate = json!({
            "floating_ip": format!("${{var.{FLOATING_IP}}}"),
            "port_id": "${openstack_lb_loadbalancer_v2.traefik.vip_port_id}",
        });
        add("networking_floatingip_associate_v2", alone(associate));
    }
    add(
        "lb_listener_v2",
        of_ports(&|port| listener(name, port, link)),
    );
    add("lb_pool_v2", of_ports(&|(port, _)| pool(name, port, link)));
    add(
        "lb_members_v2",
        of_ports(&|port| members(balancer, port, link)),
    );
    add("lb_monitor_v2", of_ports(&|(port, _)| monitor(name, port)));
    add(
        "networking_secgroup_rule_v2",
        rules(name, balancer, ports, link),
    );
    let document = json!({
        "terraform": {"required_providers": {"openstack": {
            "source": "terraform-provider-openstack/openstack",
            "version": "~> 3.0",
        }}},
        "variable": variables(balancer, link),
        "resource": resources,
        "output": {"load_balancer_address": {
            "description": "Address of the load balancer in its subnet.",
            "value": "${openstack_lb_loadbalancer_v2.traefik.vip_address}",
        }},
    });
    OutsideFile {
        path: "terraform/main.tf.json".to_owned(),
        text: Text::Json(document),
    }
}

fn variables(balancer: &LoadBalancer, link: Link) -> Map<String, Value> {
    let mut about = vec![
        (
            "load_balancer_subnet_id",
            "Subnet of the load balancer: its connections to the nodes come from there.",
        ),
        ("node_subnet_id", "Subnet of the nodes."),
        (
            "node_security_group_id",
            "Security group of the nodes, which is to let the load balancer in.",
        ),
    ];
    if let Link::Ended { onward, shows } = link {
        about.push((
            "certificate_ref",
            "Barbican container or PKCS#12 secret with the certificate for browsers, its chain and its key.",
        ));
        about.extend(match onward {
            Onward::Plain => None,
            Onward::Tls => Some((
                TRAEFIK_CA,
                "Barbican secret with the CA of the certificate that Traefik shows: `civi-ingress gitops ca` prints it.",
            )),
            Onward::ToHttpd => Some((
                HTTPD_CA,
                "Barbican secret with the CAs of the instances: `civi-ingress gitops ca INSTANCE…` prints them.",
            )),
        });
        if shows {
            about.push((
                "client_certificate_ref",
                "Barbican container or PKCS#12 secret with the certificate and key that the load balancer shows where it is asked for one.",
            ));
        }
    }
    let variable = |about: &str| json!({"type": "string", "description": about, "nullable": false});
    let variables = about.into_iter();
    let mut variables: Map<String, Value> = variables
        .map(|(name, about)| (name.to_owned(), variable(about)))
        .collect();
    if let Some(address) = balancer.address {
        let mut given = variable("Floating IP at which browsers find the load balancer.");
        given["default"] = json!(address);
        variables.insert(FLOATING_IP.to_owned(), given);
    }
    variables
}

/// Returns the protocol of a pool that gets a version of the PROXY protocol.
pub(super) fn pool_protocol(version: ProxyVersion) -> &'static str {
    match version {
        ProxyVersion::V1 => "PROXY",
        ProxyVersion::V2 => "PROXYV2",
    }
}

fn load_balancer(name: &str) -> Value {
    json!({
        "name": format!("{name}-traefik"),
        "vip_subnet_id": "${var.load_balancer_subnet_id}",
    })
}

/// Where TLS ends, browsers get HTTP/1.1 alone: with HTTP/2 they send requests for one instance on a connection that asked for
/// another, of which the load balancer keeps the name.
fn listener(name: &str, (port, number): (&str, u16), link: Link) -> Value {
    let mut listener = json!({
        "name": format!("{name}-{port}"),
        "loadbalancer_id": "${openstack_lb_loadbalancer_v2.traefik.id}",
        "protocol": "TCP",
        "protocol_port": number,
    });
    if let Link::Ended { .. } = link {
        listener["protocol"] = "TERMINATED_HTTPS".into();
        listener["default_tls_container_ref"] = "${var.certificate_ref}".into();
        listener["alpn_protocols"] = json!(["http/1.1"]);
        listener["tls_versions"] = json!(["TLSv1.2", "TLSv1.3"]);
        listener["insert_headers"] = json!({
            "X-Forwarded-For": "true",
            "X-Forwarded-Port": "true",
            "X-Forwarded-Proto": "true",
        });
    }
    listener
}

fn pool(name: &str, port: &str, link: Link) -> Value {
    let mut pool = json!({
        "name": format!("{name}-{port}"),
        "listener_id": format!("${{openstack_lb_listener_v2.{port}.id}}"),
        "protocol": match link {
            Link::Passed(version) => pool_protocol(version),
            Link::Ended { .. } => "HTTP",
        },
        "lb_method": "LEAST_CONNECTIONS",
    });
    let Link::Ended { onward, shows } = link else {
        return pool;
    };
    let authority = match onward {
        Onward::Plain => return pool,
        Onward::Tls => TRAEFIK_CA,
        Onward::ToHttpd => HTTPD_CA,
    };
    pool["tls_enabled"] = true.into();
    pool["ca_tls_container_ref"] = format!("${{var.{authority}}}").into();
    pool["tls_versions"] = json!(["TLSv1.2", "TLSv1.3"]);
    if shows {
        pool["tls_container_ref"] = "${var.client_certificate_ref}".into();
    }
    pool
}

/// Returns the port of the nodes at which Traefik answers what comes in at a port of the load balancer.
fn node_port(number: u16, link: Link) -> u16 {
    match link {
        Link::Ended {
            onward: Onward::Plain,
            ..
        } => HTTP.1,
        Link::Passed(_) | Link::Ended { .. } => number,
    }
}

/// A check asks for no name by which Traefik could tell to which httpd it leads. With a port of its own it is one of TCP, even
/// where the pool speaks TLS (HAProxy 2.6, `check-ssl` in `doc/configuration.txt`).
fn members(balancer: &LoadBalancer, (port, number): (&str, u16), link: Link) -> Value {
    let nodes = balancer.nodes.iter().zip(1..);
    let node_port = node_port(number, link);
    let members = nodes.map(|(node, order)| {
        let mut member = json!({
            "name": format!("node{order}"),
            "address": node,
            "protocol_port": node_port,
            "subnet_id": "${var.node_subnet_id}",
        });
        if let Link::Ended {
            onward: Onward::ToHttpd,
            ..
        } = link
        {
            member["monitor_port"] = node_port.into();
        }
        member
    });
    json!({
        "pool_id": format!("${{openstack_lb_pool_v2.{port}.id}}"),
        "member": members.collect::<Vec<_>>(),
    })
}

/// Traefik answers a connection without the PROXY header too, so that TCP is enough to see it.
fn monitor(name: &str, port: &str) -> Value {
    json!({
        "name": format!("{name}-{port}"),
        "pool_id": format!("${{openstack_lb_pool_v2.{port}.id}}"),
        "type": "TCP",
        "delay": 5,
        "timeout": 3,
        "max_retries": 3,
    })
}

/// Returns the rules that let the load balancer in to Traefik.
fn rules(
    name: &str,
    balancer: &LoadBalancer,
    ports: &[(&str, u16)],
    link: Link,
) -> Map<String, Value> {
    let mut rules = Map::new();
    for (range, order) in balancer.trusted.iter().zip(1..) {
        for (port, number) in ports {
            let number = node_port(*number, link);
            let rule = json!({
                "description": format!("{name}: from the load balancer to Traefik"),
                "security_group_id": "${var.node_security_group_id}",
                "direction": "ingress",
                "ethertype": if range.is_ipv4() { "IPv4" } else { "IPv6" },
                "protocol": "tcp",
                "port_range_min": number,
                "port_range_max": number,
                "remote_ip_prefix": range.to_string(),
            });
            rules.insert(format!("{port}{order}"), rule);
        }
    }
    rules
}
