//! Whom the pods of an instance may reach, and who may reach them.

use super::object::own_object;
use crate::cidr::Cidr;
use crate::civiparoisse::{HTTPD_APP, HTTPD_PORT};
use crate::instance::{Egress, Instance, TraefikSource};
use crate::kinds::cert_manager::{SOLVER, SOLVER_PORT};
use crate::manifest::{Field, Object};
use crate::name::ObjectName;

/// Where the DNS cache of a node answers, if there is one (kubernetes.io, tasks/administer-cluster/nodelocaldns).
const NODE_DNS_CACHE: &str = "169.254.20.10/32";

/// Ports of mail servers: SMTP (RFC 5321), submission (RFC 6409), and both over TLS from the first byte (RFC 8314).
const MAIL_PORTS: [i64; 4] = [25, 465, 587, 993];

pub(super) fn network_policies(instance: &Instance) -> Vec<Object> {
    let extras = &instance.extras;
    let mut policies = Vec::new();
    if extras.default_deny {
        policies.push(ingress(instance, "default-deny", Vec::new()));
        policies.push(ingress(
            instance,
            "same-namespace",
            vec![
                ("except_app", HTTPD_APP.into()),
                ("from_same_namespace", Field::Bool(true)),
            ],
        ));
    }
    if let Some(source) = &extras.http_from {
        let httpd = ("app", HTTPD_APP, HTTPD_PORT);
        policies.push(from_traefik(instance, "httpd-from-traefik", source, httpd));
        let is_answered_here = match &extras.asked {
            Some(asked) => asked.answers_here,
            None => extras.public_certificate.is_some(),
        };
        if extras.default_deny && is_answered_here {
            let solver = (SOLVER, "true", SOLVER_PORT);
            policies.push(from_traefik(instance, "acme-from-traefik", source, solver));
        }
    }
    if let Some(allowed) = &extras.egress {
        policies.push(egress(instance, allowed));
    }
    policies
}

fn policy(instance: &Instance, name: &str, template: &'static str) -> Object {
    let name = ObjectName::parse(name).expect("the policies' names are valid");
    let api = "networking.k8s.io/v1";
    own_object(instance, api, "NetworkPolicy", &name, template)
}

fn ingress(instance: &Instance, name: &str, fields: Vec<(&'static str, Field)>) -> Object {
    let mut object = policy(instance, name, "networkpolicy.yaml");
    // Strict templates want every name they test to exist.
    object.fields = vec![
        ("only", Field::Map(Vec::new())),
        ("except_app", Field::Nothing),
        ("from_namespace", Field::Nothing),
        ("from_cidrs", Field::List(Vec::new())),
        ("from_same_namespace", Field::Bool(false)),
    ];
    object.fields.extend(fields);
    object
}

/// Lets Traefik reach a port of the pods with a label.
fn from_traefik(
    instance: &Instance,
    name: &str,
    source: &TraefikSource,
    (label, value, port): (&str, &str, i64),
) -> Object {
    let mut fields = vec![
        ("only", Field::Map(vec![(label.to_owned(), value.into())])),
        ("port", Field::Number(port)),
    ];
    match source {
        TraefikSource::Pods { namespace, labels } => {
            let labels = labels
                .iter()
                .map(|label| (label.key.clone(), label.value.as_str().into()));
            fields.push(("from_namespace", namespace.as_str().into()));
            fields.push(("from_pods", Field::Map(labels.collect())));
        }
        TraefikSource::Nodes(cidrs) => fields.push(("from_cidrs", ranges(cidrs))),
    }
    ingress(instance, name, fields)
}

/// Lets all pods, those of jobs without a label too, reach each other, DNS and what is named.
fn egress(instance: &Instance, Egress { dns, mail, https }: &Egress) -> Object {
    let mut object = policy(instance, "egress", "networkpolicy-egress.yaml");
    let dns = dns.iter().map(Cidr::to_string);
    let dns = std::iter::once(NODE_DNS_CACHE.to_owned()).chain(dns);
    let rules = [(mail, &MAIL_PORTS[..]), (https, &[443])];
    let rules = rules.into_iter().filter(|(cidrs, _)| !cidrs.is_empty());
    let rules = rules.map(|(cidrs, ports)| {
        let ports = ports.iter().map(|port| Field::Number(*port)).collect();
        Field::List(vec![ranges(cidrs), Field::List(ports)])
    });
    object.fields = vec![
        ("dns_cidrs", dns.collect()),
        ("rules", Field::List(rules.collect())),
    ];
    object
}

fn ranges(cidrs: &[Cidr]) -> Field {
    cidrs.iter().map(Cidr::to_string).collect()
}
