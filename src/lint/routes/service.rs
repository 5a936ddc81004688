//! What routes, a TraefikService and a Middleware name as a Service: its namespace, its type, its scheme, its transport.

use super::reference::{leave_open, provider_suffix, reference};
use super::rules::{CI205, CI206, CI207, CI208, CI210, CI221, CI223, CI242, CI249};
use crate::cluster::{self, Kind, Resource};
use crate::kinds::traefik::{Port, ServiceRef, TraefikService, TraefikServiceKind};
use crate::lint::facts::durations::is_go_duration;
use crate::lint::finding::Finding;
use crate::lint::legs::Spot;
use crate::lint::model::{Model, Object};
use crate::lint::rule::Severity;
use crate::path::check::{is_at_tls_of_pods, port, tls_port};
use crate::path::hop::{Httpd, Outward, Place};
use crate::path::traefik::{Name, look_up, named_scope, speaks_https_to};
use crate::path::{Routed, WayIn};
use crate::release::Release;
use crate::yaml::{Node, Value};

/// What is wrong with plain http to such a port.
const TLS_PORT: &str = "the port is one of TLS, and `scheme` says otherwise";

const SCHEMES: [&str; 3] = ["http", "https", "h2c"];

pub(super) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for object in model.cluster.objects() {
        match &object.resource {
            Resource::IngressRoute(spec) | Resource::IngressRouteTcp(spec) => {
                for route in &spec.routes {
                    weightless(&model.objects[object.number], &route.services, findings);
                }
                for service in spec.routes.iter().flat_map(|route| &route.services) {
                    named(model, object, service, findings);
                    of_other_protocol(model, object, service, findings);
                }
            }
            Resource::TraefikService(spec) => {
                leads_nowhere(model, object, spec, findings);
                let all = spec.services.iter().chain(&spec.mirrors);
                for service in all.chain(&spec.fallback) {
                    named(model, object, service, findings);
                    no_such_port(model, object, service, findings);
                }
            }
            Resource::Middleware(spec) => {
                if let Some(service) = &spec.errors {
                    named(model, object, service, findings);
                    no_such_port(model, object, service, findings);
                    without_transport(model, object, service, findings);
                    plain_to_tls(model, object, service, findings);
                }
                let by = &model.objects[object.number];
                for (index, named) in spec.chain.iter().enumerate() {
                    let field = format!("spec.chain.middlewares[{index}]");
                    // Before, a chain reaches over (`createChainMiddleware`, v3.4.3).
                    let is_kept = model.knowledge.release.resolves_in_one_place();
                    let namespace = named.namespace.as_deref().filter(|_| is_kept);
                    reference(model, by, (&named.name, namespace), &field, findings);
                }
            }
            _ => {}
        }
    }
    for routed in &model.paths {
        if routed.way_in == WayIn::IngressRoute {
            verified(model, routed, findings);
        }
    }
}

/// Finds several services of which none gets a request: all weights are 0.
fn weightless(object: &Object<'_>, services: &[ServiceRef], findings: &mut Vec<Finding>) {
    let [first, _, ..] = services else { return };
    if services.iter().all(|service| service.weight == 0) {
        let message = "the weights of all services are 0".to_owned();
        let field = format!("{}.weight", first.field);
        findings.push(object.finding_in(&CI249, &field, message));
    }
}

fn named(
    model: &Model<'_>,
    typed: &cluster::Object,
    named: &ServiceRef,
    findings: &mut Vec<Finding>,
) {
    let object = &model.objects[typed.number];
    let field = |key: &str| format!("{}.{key}", named.field);
    let by = (named.name.as_str(), named.namespace.as_deref());
    let before = findings.len();
    reference(model, object, by, &named.field, findings);
    // These releases cut the provider off, for http alone (`sanitizedName` in `pkg/provider/kubernetes/crd/kubernetes_http.go`,
    // v3.0.4 to v3.6.0).
    let release = model.knowledge.release;
    let cuts = release >= Release::exactly(3, 0, 0) && release < Release::exactly(3, 6, 17);
    let is_cut = cuts && typed.kind() != Kind::IngressRouteTcp;
    if is_cut && !named.is_traefik_service {
        leave_open(&[&CI208], findings[before..].iter_mut());
    }
    // Others look for a Service of the whole name, whatever their options (`loadServers` in `kubernetes_http.go`, v2.11.53 to
    // v3.7.13).
    let may_name = match Name::of(&named.name) {
        Name::Object(_) => true,
        Name::Key(_) => !model.provider.options.allow_cross_namespace || is_cut,
        Name::Outside(_) => typed.kind() != Kind::IngressRoute,
    };
    if !may_name && !named.is_traefik_service {
        let message = format!(
            "a Service has no provider, and `{}` names one",
            named.name.escape_debug()
        );
        findings.push(object.finding_in(&CI208, &field("name"), message));
    }
    for (index, middleware) in named.middlewares.iter().enumerate() {
        let by = (middleware.name.as_str(), middleware.namespace.as_deref());
        let field = format!("{}.middlewares[{index}]", named.field);
        reference(model, object, by, &field, findings);
    }
    if named.is_traefik_service {
        of_its_provider(model, typed, named, &mut findings[before..]);
        return;
    }
    if let Some(name) = &named.transport {
        let field = field("serversTransport");
        provider_suffix(model, object, &name.value, &field, findings);
    }
    let scheme = named.scheme.as_ref();
    if let Some(text) = scheme.filter(|text| !SCHEMES.contains(&text.as_str())) {
        let message = format!("`{}` is not a valid scheme", text.escape_debug());
        findings.push(object.finding_in(&CI207, &field("scheme"), message));
    }
    no_port(object, named, findings);
    options(model, typed, object, named, findings);
    if model.provider.options.allow_external_name_services {
        return;
    }
    let scope = named_scope(&typed.scope, named.namespace.as_deref());
    let service = model.cluster.find(Kind::Service, &scope, &named.name);
    let service = service.and_then(|object| object.resource.service());
    if service.is_some_and(|service| service.is_external) {
        let message = format!("Service `{}` is of type ExternalName", named.name);
        let finding = object.finding_in(&CI221, &field("name"), message);
        findings.push(if model.has_certain_options() {
            finding
        } else {
            finding.with_severity(Severity::Info)
        });
    }
}

/// Leaves open what names the provider of a TraefikService that Traefik finds: until 2.11.45 and from 3.0 to 3.6.16 it cuts
/// the provider off, in later releases of 2.11 it takes the key (`fullServiceName` in
/// `pkg/provider/kubernetes/crd/kubernetes_http.go`), and from then on neither.
fn of_its_provider(
    model: &Model<'_>,
    typed: &cluster::Object,
    named: &ServiceRef,
    findings: &mut [Finding],
) {
    let release = model.knowledge.release;
    let Name::Key(key) = Name::of(&named.name) else {
        return;
    };
    let is_key = release.resolves_in_one_place();
    if is_key && release >= Release::exactly(3, 0, 0) {
        return;
    }
    let name = if is_key { named.name.as_str() } else { key };
    let scope = named_scope(&typed.scope, named.namespace.as_deref());
    let (cluster, naming) = (model.cluster, model.naming);
    let found = look_up(cluster, naming, Kind::TraefikService, &scope, name).here();
    if found.is_some() {
        leave_open(&[&CI208], findings.iter_mut());
    }
}

/// Finds a TraefikService that leads nowhere: it says nothing, its services get no requests, or Traefik refuses its mirrors
/// (`AddMirror` in `pkg/server/service/loadbalancer/mirror/mirror.go`, v2.11.53 to v3.7.13).
fn leads_nowhere(
    model: &Model<'_>,
    typed: &cluster::Object,
    spec: &TraefikService,
    findings: &mut Vec<Finding>,
) {
    let object = &model.objects[typed.number];
    let percent = |mirror: &&ServiceRef| match object.node_in(&mirror.field).get("percent") {
        Some(node) => matches!(node.value, Value::Int(percent) if !(0..=100).contains(&percent)),
        None => false,
    };
    let (field, message) = match spec.kind {
        None => ("spec".to_owned(), "it leads to no service".to_owned()),
        Some(TraefikServiceKind::Weighted | TraefikServiceKind::HighestRandomWeight)
            if spec.services.iter().all(|service| service.weight <= 0) =>
        {
            let kind = spec.kind.map_or("", TraefikServiceKind::field);
            let what = "none of its services gets a request";
            (format!("spec.{kind}"), what.to_owned())
        }
        Some(_) => match spec.mirrors.iter().find(percent) {
            Some(mirror) => {
                let field = format!("{}.percent", mirror.field);
                (field, "a share is from 0 to 100".to_owned())
            }
            None => return,
        },
    };
    let finding = object.finding_in(&CI249, &field, message);
    // Perhaps something that is not in the input names it.
    findings.push(finding.warning_unless(is_named(model, typed)));
}

/// Returns whether a route, a Middleware or another TraefikService names this one.
fn is_named(model: &Model<'_>, typed: &cluster::Object) -> bool {
    let names = |by: &cluster::Object, service: &ServiceRef| {
        let scope = named_scope(&by.scope, service.namespace.as_deref());
        let (cluster, kind) = (model.cluster, Kind::TraefikService);
        let found = || look_up(cluster, model.naming, kind, &scope, &service.name).here();
        service.is_traefik_service && found().is_some_and(|found| found.number == typed.number)
    };
    model.cluster.objects().iter().any(|by| match &by.resource {
        Resource::IngressRoute(spec) => {
            let mut services = spec.routes.iter().flat_map(|route| &route.services);
            services.any(|service| names(by, service))
        }
        Resource::TraefikService(spec) => {
            let all = spec.services.iter().chain(&spec.mirrors);
            all.chain(&spec.fallback).any(|service| names(by, service))
        }
        Resource::Middleware(spec) => spec
            .errors
            .as_ref()
            .is_some_and(|service| names(by, service)),
        _ => false,
    })
}

/// The strategies of a load balancer, and since when each is taken (`buildServersLB` in
/// `pkg/provider/kubernetes/crd/kubernetes_http.go`, v2.11.53 to v3.7.9).
const STRATEGIES: [(&str, Release); 5] = [
    ("RoundRobin", Release::exactly(2, 0, 0)),
    ("wrr", Release::exactly(3, 4, 0)),
    ("p2c", Release::exactly(3, 4, 0)),
    ("hrw", Release::exactly(3, 6, 0)),
    ("leasttime", Release::exactly(3, 6, 0)),
];

/// Finds options that Traefik refuses (`buildServersLB` in `pkg/provider/kubernetes/crd/kubernetes_http.go`).
fn options(
    model: &Model<'_>,
    typed: &cluster::Object,
    object: &Object<'_>,
    named: &ServiceRef,
    findings: &mut Vec<Finding>,
) {
    let node = object.node_in(&named.field);
    let mut find = |key: &str, message: String| {
        let field = format!("{}.{key}", named.field);
        findings.push(object.finding_in(&CI249, &field, message));
    };
    let strategy = node.text_of("strategy").filter(|text| !text.is_empty());
    let release = model.knowledge.release;
    let is_taken = |text: &&str| {
        let mut known = STRATEGIES.iter();
        known.any(|(known, since)| known == text && release >= *since)
    };
    if let Some(text) = strategy.filter(|text| !is_taken(text)) {
        let message = format!(
            "Traefik {release} has no strategy `{}`",
            text.escape_debug()
        );
        find("strategy", message);
    }
    let interval = node.at_path(&["responseForwarding", "flushInterval"]);
    let interval = interval
        .and_then(Node::text)
        .filter(|text| !text.is_empty());
    if let Some(text) = interval.filter(|text| !is_go_duration(text)) {
        let message = format!("`{}` is not a duration", text.escape_debug());
        find("responseForwarding.flushInterval", message);
    }
    // Traefik 2 reads what is empty as a duration (`buildProxy` in `pkg/server/service/proxy.go`, v2.11.53).
    let forwarding = node
        .get("responseForwarding")
        .filter(|it| it.value != Value::Null);
    let is_empty = |node: &Node| node.text_of("flushInterval").is_none_or(str::is_empty);
    if release < Release::exactly(3, 0, 0) && forwarding.is_some_and(is_empty) {
        find(
            "responseForwarding.flushInterval",
            "there is no interval".to_owned(),
        );
    }
    let window = node.at_path(&["passiveHealthCheck", "failureWindow"]);
    let window = window
        .and_then(Node::text)
        .filter(|text| !is_go_duration(text));
    if let Some(text) = window {
        let message = format!("`{}` is not a duration", text.escape_debug());
        find("passiveHealthCheck.failureWindow", message);
    }
    let scope = named_scope(&typed.scope, named.namespace.as_deref());
    let service = model.cluster.find(Kind::Service, &scope, &named.name);
    let service = service.and_then(|object| object.resource.service());
    let is_checked = node
        .get("healthCheck")
        .is_some_and(|node| node.value != Value::Null);
    if is_checked && service.is_some_and(|service| !service.is_external) {
        let message = "Traefik takes it for a Service of type ExternalName only".to_owned();
        find("healthCheck", message);
    }
}

/// Finds a Service of which no port is named (`getServicePort` in `pkg/provider/kubernetes/crd/kubernetes.go`).
fn no_port(object: &Object<'_>, named: &ServiceRef, findings: &mut Vec<Finding>) {
    let is_none = match &named.port {
        None => {
            let node = object.node_in(&named.field).get("port");
            // Of another type `definitions` speaks.
            node.is_none_or(|node| node.value == Value::Null)
        }
        Some(Port::Number(number)) => *number == 0,
        Some(Port::Name(name)) => name.is_empty(),
    };
    let is_outside = named.name.contains('@');
    if is_none && !is_outside {
        let message = format!(
            "no port of Service `{}` is named",
            named.name.escape_debug()
        );
        findings.push(object.finding_in(&CI242, &format!("{}.port", named.field), message));
    }
}

/// Finds a port that a Service does not have, where no path need lead to it.
fn no_such_port(
    model: &Model<'_>,
    typed: &cluster::Object,
    named: &ServiceRef,
    findings: &mut Vec<Finding>,
) {
    let httpd = httpd_of(typed, named);
    let clash = port(&httpd, &model.grounds).filter(|_| !named.is_traefik_service);
    let spot = Spot::named(model, typed, &named.field);
    findings.extend(clash.and_then(|clash| spot.finding(&clash)));
}

fn httpd_of(by: &cluster::Object, named: &ServiceRef) -> Httpd {
    Httpd {
        service: Place {
            scope: named_scope(&by.scope, named.namespace.as_deref()),
            name: named.name.clone(),
        },
        port: named.port.clone(),
        share: named.weight,
    }
}

/// Finds a Service of a Middleware whose port is one of TLS, and that is spoken to by plain http. If it answers for
/// good pages too, none of them is seen.
fn plain_to_tls(
    model: &Model<'_>,
    typed: &cluster::Object,
    named: &ServiceRef,
    findings: &mut Vec<Finding>,
) {
    let httpd = httpd_of(typed, named);
    let is_plain = named
        .scheme
        .as_deref()
        .is_some_and(|scheme| scheme != "https");
    if !is_plain || named.is_traefik_service || tls_port(&httpd, &model.grounds).is_none() {
        return;
    }
    let object = &model.objects[typed.number];
    let statuses = object.node_in("spec.errors").items_of("status").iter();
    let is_always = statuses.filter_map(Node::text).any(covers_good_pages);
    let finding = object.finding_in(&CI206, &format!("{}.scheme", named.field), TLS_PORT);
    findings.push(finding.warning_unless(model.options.strict_references && is_always));
}

/// Returns whether a range of status codes such as `200-299` has 200.
fn covers_good_pages(range: &str) -> bool {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let code = |text: &str| text.parse::<u16>().ok();
    code(first)
        .zip(code(last))
        .is_some_and(|(first, last)| (first..=last).contains(&200))
}

/// Finds a Service of a Middleware that is spoken to by https, with nothing that says how it is verified. Annotations of the
/// Service are for Ingresses only.
fn without_transport(
    model: &Model<'_>,
    typed: &cluster::Object,
    named: &ServiceRef,
    findings: &mut Vec<Finding>,
) {
    if named.transport.is_some() || named.is_traefik_service || model.provider.options.own_transport
    {
        return;
    }
    let scope = named_scope(&typed.scope, named.namespace.as_deref());
    let service = model.cluster.find(Kind::Service, &scope, &named.name);
    let service = service.and_then(|object| object.resource.service());
    if speaks_https_to(named.scheme.as_deref(), named.port.as_ref(), service) == Some(true) {
        let message = format!("Service `{}` is spoken to by https", named.name);
        let object = &model.objects[typed.number];
        findings.push(object.finding_in(&CI210, &named.field, message));
    }
}

/// Finds a transport that is there, and is for the other protocol.
fn of_other_protocol(
    model: &Model<'_>,
    route: &cluster::Object,
    named: &ServiceRef,
    findings: &mut Vec<Finding>,
) {
    let Some(name) = named.transport.as_ref().map(|name| &name.value) else {
        return;
    };
    let (wanted, other, protocol, scope) = if route.kind() == Kind::IngressRouteTcp {
        // For TCP Traefik looks beside the route (`makeTCPServersTransportKey`).
        let scope = route.scope.clone();
        let (wanted, other) = (Kind::ServersTransportTcp, Kind::ServersTransport);
        (wanted, other, "a TCP", scope)
    } else {
        let scope = named_scope(&route.scope, named.namespace.as_deref());
        let (wanted, other) = (Kind::ServersTransport, Kind::ServersTransportTcp);
        (wanted, other, "an http", scope)
    };
    let is_there = |kind| model.cluster.find(kind, &scope, name).is_some();
    if !is_there(wanted) && is_there(other) {
        let kind = other.as_str();
        let message = format!("`{name}` is a {kind}, but this is {protocol} route");
        let field = format!("{}.serversTransport", named.field);
        findings.push(model.objects[route.number].finding_in(&CI223, &field, message));
    }
}

/// Compares what a ServersTransport verifies with the route.
fn verified(model: &Model<'_>, routed: &Routed<'_>, findings: &mut Vec<Finding>) {
    let before = findings.len();
    with_transport(model, routed, findings);
    if findings[before..]
        .iter()
        .any(|finding| finding.rule == &CI206)
    {
        return;
    }
    // Without a scheme Traefik would speak TLS to such a port.
    let httpd = routed.path.httpd.as_ref();
    let is_plain = routed.path.outward == Outward::Plain;
    let wanted = httpd
        .filter(|_| is_plain)
        .and_then(|httpd| tls_port(httpd, &model.grounds));
    if let (Some(_), Some((object, field))) = (wanted, routed.named.as_ref()) {
        let object = &model.objects[object.number];
        let finding = object.finding_in(&CI206, &format!("{}.scheme", field.path), TLS_PORT);
        findings.push(finding.warning_unless(model.options.strict_references));
    }
}

fn with_transport(model: &Model<'_>, routed: &Routed<'_>, findings: &mut Vec<Finding>) {
    let Some((transport, (object, field))) =
        routed.transport.here().flatten().zip(routed.named.as_ref())
    else {
        return;
    };
    let settings = transport.resource.servers_transport();
    let Some(settings) = settings.filter(|settings| !settings.skips_verification) else {
        return;
    };
    let expected = settings.server_name.as_ref().map(|name| &name.value);
    if !matches!(routed.path.outward, Outward::Tls(_)) {
        if expected.is_some() || !settings.root_cas.is_empty() {
            let message = format!(
                "ServersTransport `{}` verifies TLS, but the route speaks plain http to this Service",
                transport.name
            );
            let path = format!("{}.serversTransport", field.path);
            let object = &model.objects[object.number];
            let finding = object.finding(&CI206, field.at, &path, message);
            let httpd = routed.path.httpd.as_ref();
            let grounds = &model.grounds;
            let speaks_tls = httpd.is_some_and(|httpd| {
                tls_port(httpd, grounds).is_some() || is_at_tls_of_pods(httpd, grounds)
            });
            findings.push(finding.warning_unless(speaks_tls));
        }
        return;
    }
    let hosts = &routed.path.hosts;
    if let Some(expected) = expected.filter(|name| !hosts.is_empty() && !hosts.contains(name)) {
        let message = format!(
            "`{}` is not one of the route's hosts: {}",
            expected.escape_debug(),
            hosts.join(", ")
        );
        let transport = &model.objects[transport.number];
        findings.push(transport.finding_in(&CI205, "spec.serverName", message));
    }
}
