//! VirtualServices: the Gateway in front and the Service behind.

use super::offers::Offers;
use super::policies::Rules;
use super::rules::{CI858, CI859, CI860, CI862, CI863};
use crate::lint::facts::istio::{Destination, Takes, destination, servers};
use crate::lint::facts::ports::{port, ports};
use crate::lint::facts::shape::shape;
use crate::lint::finding::Finding;
use crate::lint::gateway_api::rules::{CI823, CI824};
use crate::lint::model::{Class, Model, Object, may_be_same};
use crate::lint::routes::rules::CI225;
use crate::lint::rule::Severity;
use crate::yaml::Node;
use std::collections::{BTreeMap, BTreeSet};

/// What VirtualServices lead to: namespace, name and port of a Service.
#[derive(Default)]
pub(super) struct Routed<'a> {
    /// The hosts that browsers ask for, by the Service that gets plain requests.
    pub(super) hosts: BTreeMap<(&'a str, &'a str), BTreeSet<&'a str>>,
    /// Where TLS is passed through to.
    pub(super) passed: BTreeSet<(&'a str, &'a str, String)>,
}

/// Who answers for a host and a match at a Gateway.
type Known<'m, 'a> = BTreeMap<(&'a str, &'a str, String), &'m Object<'a>>;

pub(super) fn check<'a>(
    model: &Model<'a>,
    rules: &Rules<'a>,
    findings: &mut Vec<Finding>,
) -> Routed<'a> {
    let mut routed = Routed::default();
    let mut known = Known::new();
    let gateways: BTreeMap<usize, Offers<'_>> = model
        .numbers(Class::IstioGateway)
        .iter()
        .map(|number| (*number, Offers::of(&model.objects[*number])))
        .collect();
    let bound: BTreeSet<&str> = model
        .of(Class::VirtualService)
        .filter(|object| !object.spec().items_of("gateways").is_empty())
        .flat_map(hosts)
        .collect();
    let offered: BTreeSet<&str> = model
        .of(Class::IstioGateway)
        .flat_map(|gateway| {
            servers(gateway)
                .into_iter()
                .flat_map(move |it| it.hosts(gateway))
        })
        .map(|(_, host)| host)
        .filter(|host| !host.contains('*') && !bound.contains(host))
        .collect();
    for object in model.of(Class::VirtualService) {
        let one = One {
            model,
            object,
            gateways: &gateways,
            is_at_gateway: object
                .spec()
                .items_of("gateways")
                .iter()
                .any(|node| node.text() != Some("mesh")),
        };
        if !one.is_at_gateway
            && let Some(host) = hosts(object).find(|host| offered.contains(host))
        {
            let message =
                format!("a Gateway has `{host}`, but no VirtualService for it names a Gateway");
            let finding = object.finding(&CI858, object.spec().at, "spec.gateways", message);
            findings.push(finding.with_severity(Severity::Warning));
        }
        one.bound(findings);
        one.same(&mut known, findings);
        one.destinations(rules, &mut routed, findings);
    }
    routed
}

fn hosts<'a>(object: &Object<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    object
        .spec()
        .items_of("hosts")
        .iter()
        .filter_map(Node::text)
}

struct One<'m, 'a> {
    model: &'m Model<'a>,
    object: &'m Object<'a>,
    gateways: &'m BTreeMap<usize, Offers<'a>>,
    is_at_gateway: bool,
}

impl<'m, 'a> One<'m, 'a> {
    fn has(&self, key: &str) -> bool {
        !self.object.spec().items_of(key).is_empty()
    }

    /// Compares its hosts and routes with the servers of its Gateways.
    fn bound(&self, findings: &mut Vec<Finding>) {
        let (model, object) = (self.model, self.object);
        let mut is_known = self.is_at_gateway;
        let mut all: Vec<&Offers<'a>> = Vec::new();
        for (index, node) in object.spec().items_of("gateways").iter().enumerate() {
            let Some(named) = node.text().filter(|named| *named != "mesh") else {
                continue;
            };
            let (namespace, name) = named.split_once('/').unwrap_or((object.namespace, named));
            let found = model.find(Class::IstioGateway, namespace, name);
            if let Some(offers) = found.and_then(|number| self.gateways.get(&number)) {
                all.push(offers);
                continue;
            }
            is_known = false;
            let other = model.elsewhere(Class::IstioGateway, namespace, name);
            if let Some(other) = other {
                let message = format!("Gateway `{name}` is in `{other}`, not in `{namespace}`");
                let help = format!("Write `{other}/{name}`.");
                let field = format!("spec.gateways[{index}]");
                findings.push(
                    object
                        .finding(&CI859, node.at, &field, message)
                        .with_help(help),
                );
            }
        }
        if !is_known || all.is_empty() {
            return;
        }
        for (index, node) in object.spec().items_of("hosts").iter().enumerate() {
            let Some(host) = node.text() else { continue };
            let met: Vec<Takes> = all
                .iter()
                .flat_map(|offers| offers.to(host, object.namespace))
                .collect();
            if met.is_empty() {
                let message = format!(
                    "none of its Gateways has a server for `{}`",
                    host.escape_debug()
                );
                findings.push(object.finding(
                    &CI858,
                    node.at,
                    &format!("spec.hosts[{index}]"),
                    message,
                ));
            } else if !met.iter().any(|takes| self.offers(*takes)) {
                let passed = met.contains(&Takes::Tls);
                let message = if passed {
                    format!("TLS is passed through for `{host}`, and there is no `tls` route")
                } else if met.contains(&Takes::Http) {
                    format!("TLS is terminated for `{host}`, and there is no `http` route")
                } else {
                    format!("the server for `{host}` accepts only `tcp` routes")
                };
                findings.push(object.finding(
                    &CI860,
                    node.at,
                    &format!("spec.hosts[{index}]"),
                    message,
                ));
                return;
            }
        }
    }

    fn offers(&self, takes: Takes) -> bool {
        self.has(match takes {
            Takes::Http => "http",
            Takes::Tls => "tls",
            Takes::Tcp => "tcp",
        })
    }

    /// Finds the same host and match of another namespace at the same Gateway.
    fn same(&self, known: &mut Known<'m, 'a>, findings: &mut Vec<Finding>) {
        let object = self.object;
        for gateway in object.spec().items_of("gateways") {
            let Some(named) = gateway.text().filter(|named| named.contains('/')) else {
                continue;
            };
            for (index, node) in object.spec().items_of("hosts").iter().enumerate() {
                let Some(host) = node.text() else { continue };
                for http in object.spec().items_of("http") {
                    let matches = http
                        .get("match")
                        .map(|node| shape(&node.value))
                        .unwrap_or_default();
                    let first = *known.entry((named, host, matches)).or_insert(object);
                    if !may_be_same(first.namespace, object.namespace) {
                        let message = format!(
                            "`{}` is also the host of {}",
                            host.escape_debug(),
                            first.shown()
                        );
                        let field = format!("spec.hosts[{index}]");
                        findings.push(object.finding(&CI823, node.at, &field, message));
                    }
                }
            }
        }
    }

    fn destinations(
        &self,
        rules: &Rules<'a>,
        routed: &mut Routed<'a>,
        findings: &mut Vec<Finding>,
    ) {
        for kind in ["http", "tls", "tcp"] {
            for (index, rule) in self.object.spec().items_of(kind).iter().enumerate() {
                for (number, route) in rule.items_of("route").iter().enumerate() {
                    if let Some(node) = route.get("destination") {
                        let path = format!("spec.{kind}[{index}].route[{number}].destination");
                        self.destination(kind, node, &path, rules, routed, findings);
                    }
                }
            }
        }
    }

    fn destination(
        &self,
        kind: &str,
        node: &'a Node,
        path: &str,
        rules: &Rules<'a>,
        routed: &mut Routed<'a>,
        findings: &mut Vec<Finding>,
    ) {
        let (model, object) = (self.model, self.object);
        let Some((host, at)) = node
            .get("host")
            .and_then(|node| Some((node.text()?, node.at)))
        else {
            return;
        };
        let (namespace, name) = match destination(host, object.namespace) {
            Destination::Service { namespace, name } => (namespace, name),
            Destination::Half { namespace, name } => {
                if model.find(Class::Service, namespace, name).is_some() && !namespace.is_empty() {
                    let message = format!("nothing completes `{host}`");
                    findings.push(self.half(at, path, message, namespace, name));
                }
                return;
            }
            Destination::Other => return,
        };
        let found = model.find(Class::Service, namespace, name);
        if found.is_none()
            && let Some(other) = model.elsewhere(Class::Service, namespace, name)
        {
            let message = format!(
                "Service `{name}` is in `{other}`, and `{host}` means that of `{namespace}`"
            );
            findings.push(self.half(at, path, message, other, name));
            return;
        }
        let service = found.map(|number| &model.objects[number]);
        let wanted = node.at_path(&["port", "number"]);
        // With a single port none needs to be named.
        let only = service.map(ports).filter(|ports| ports.len() == 1);
        let number = wanted
            .and_then(Node::scalar)
            .or_else(|| only.map(|ports| ports[0].number().to_owned()));
        let Some(number) = number else { return };
        let at = wanted.map_or(at, |node| node.at);
        let field = format!("{path}.port.number");
        let Some(port) = port(service, &number) else {
            let message = format!("Service `{name}` has no port {number}");
            findings.push(object.finding(&CI824, at, &field, message));
            return;
        };
        if !self.is_at_gateway {
            return;
        }
        match kind {
            "http" => {
                routed
                    .hosts
                    .entry((namespace, name))
                    .or_default()
                    .extend(hosts(object));
                if port.is_tls() && !rules.may_speak_tls(namespace, name) {
                    let message = format!(
                        "Service `{name}` speaks TLS on port {number}, and no DestinationRule applies to it"
                    );
                    findings.push(object.finding(&CI863, at, &field, message));
                }
            }
            "tls" => {
                if port.is_plain() {
                    let message = format!("port `{number}` speaks plain http");
                    findings.push(object.finding(&CI225, at, &field, message));
                }
                routed.passed.insert((namespace, name, number));
            }
            _ => {}
        }
    }

    fn half(
        &self,
        at: crate::yaml::At,
        path: &str,
        message: String,
        namespace: &str,
        name: &str,
    ) -> Finding {
        self.object
            .finding(&CI862, at, &format!("{path}.host"), message)
            .with_help(format!("Write `{name}.{namespace}.svc.cluster.local`."))
    }
}
