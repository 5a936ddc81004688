//! What the Traefik that reads the manifests takes.

pub(super) mod rules;

use crate::duration::of_go;
use crate::lint::facts::durations::{is_duration, is_go_duration};
use crate::lint::facts::servers_transport::{FIELDS, ROOT_CAS};
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::lint::predict::Here;
use crate::lint::rule::{Rule, Severity};
use crate::release::{Release, TransportTcp};
use crate::yaml::{Key, Node, Value};
use rules::{CI301, CI302, CI303, CI304, CI305, CI306, CI307, CI308, CI309, CI310, CI312, CI313};
use std::time::Duration;

pub(super) const FAMILY: Family = Family {
    number: 3,
    title: "What a Traefik release takes",
    rules: rules::RULES,
    classes: &[
        Class::IngressRoute,
        Class::IngressRouteTcp,
        Class::ServersTransport,
        Class::ServersTransportTcp,
        Class::Middleware,
        Class::MiddlewareTcp,
        Class::TlsOption,
        Class::TlsStore,
        Class::TraefikService,
        Class::Other,
    ],
    check,
};

const TIMEOUTS: [&str; 5] = [
    "dialTimeout",
    "responseHeaderTimeout",
    "idleConnTimeout",
    "readIdleTimeout",
    "pingTimeout",
];
/// What the headers middleware lost with Traefik 3 (migration guide, "Headers Middleware"; still in the definition).
const LOST_HEADERS: [&str; 6] = [
    "sslRedirect",
    "sslTemporaryRedirect",
    "sslHost",
    "sslForceHost",
    "sslProxyHeaders",
    "featurePolicy",
];

fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for object in &model.objects {
        if object.is_of_traefik() {
            group(model, object, &mut findings);
        }
        match object.class {
            Class::ServersTransport => transport(model, object, &mut findings),
            Class::ServersTransportTcp => tcp_transport(model, object, &mut findings),
            Class::IngressRoute => route(model, object, &mut findings),
            Class::Middleware | Class::MiddlewareTcp => middleware(model, object, &mut findings),
            _ => {}
        }
    }
    findings
}

fn group(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    let release = model.knowledge.release;
    let at = object
        .at(&["apiVersion"])
        .map_or(object.node.at, |node| node.at);
    let is_old = object.group == "traefik.containo.us";
    let (first, last) = (Release::exactly(2, 10, 0), Release::exactly(3, 0, 0));
    if is_old && release >= last || !is_old && release < first {
        let message = format!("Traefik {release} does not serve `{}`", object.group);
        let finding = object.finding(&CI301, at, "apiVersion", message);
        findings.push(if is_old {
            let consequence = format!("kubectl refuses the manifest: `no matches for kind \"{}\" in version \"traefik.containo.us/v1alpha1\"`", object.kind);
            finding.then(consequence)
        } else {
            finding
        });
    } else if is_old && release >= first {
        let message = format!(
            "Traefik {release} still serves `{}`, Traefik 3 does not",
            object.group
        );
        findings.push(object.finding(&CI309, at, "apiVersion", message));
    }
}

fn transport(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    let release = model.knowledge.release;
    let spec = object.spec();
    let here = Here {
        namespace: object.namespace,
        transport: object.name,
        ..Here::default()
    };
    for (key, _) in spec.entries() {
        let field = format!("spec.{}", key.text);
        match FIELDS.iter().find(|(name, _)| *name == key.text) {
            Some((name, since)) if release < *since => {
                let rule: &'static Rule = if *name == ROOT_CAS { &CI302 } else { &CI304 };
                let message =
                    format!("Traefik {release} does not have `{name}`, which came with {since}");
                findings.push(object.finding(rule, key.at, &field, message).then(format!(
                    "kubectl refuses the manifest: `strict decoding error: unknown field \"spec.{name}\"`; GitOps tools may drop the field silently"
                )));
            }
            Some(("rootCAsSecrets", _))
                if release >= Release::exactly(3, 4, 1) && model.knowledge.is_certain() =>
            {
                let message = format!("Traefik {release} requires `rootCAs`");
                findings.push(
                    object
                        .finding(&CI303, key.at, &field, message)
                        .predicted(release, here),
                );
            }
            // Of what no release knows, `definitions` speaks.
            _ => {}
        }
    }
    timeouts(model, object, findings);
    versions_of_tls(model, object, here, findings);
}

fn tcp_transport(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    for (key, node) in object.spec().entries() {
        if is_spent(key, node) || is_too_short(key, node).is_some() {
            let shown = node.scalar().unwrap_or_default();
            let message = format!("`{}` is over before it begins", shown.escape_debug());
            let finding = object.finding(&CI306, node.at, "spec.dialTimeout", message);
            findings.push(finding.then("Traefik closes every connection."));
        }
    }
    let release = model.knowledge.release;
    match release.transport_tcp() {
        TransportTcp::Nowhere => {
            let at = object.at(&["kind"]).map_or(object.node.at, |node| node.at);
            let message =
                format!("Traefik {release} does not have ServersTransportTCP, which came with 3.0");
            findings.push(object.finding(&CI313, at, "kind", message));
        }
        TransportTcp::Dials => {
            if let Some(node) = object.spec().get("proxyProtocol") {
                let message = format!(
                    "Traefik {release} does not have `proxyProtocol` here, which came with {}",
                    Release::PROXY_BY_TRANSPORT
                );
                findings.push(object.finding(&CI313, node.at, "spec.proxyProtocol", message));
            }
        }
        TransportTcp::SendsProxyProtocol => {}
    }
}

/// Returns whether a time to dial is over before it begins: a definition refuses it from 3.4 on. Of the other times Go takes
/// one below zero for none (`Dialer.deadline` in `net/dial.go`, `Transport` in `net/http/transport.go`, 1.22 to 1.27).
fn is_spent(key: &Key, node: &Node) -> bool {
    let text = node.scalar().unwrap_or_default();
    key.text == "dialTimeout" && text.starts_with('-') && is_go_duration(&text)
}

/// Returns a time to dial or to answer in which no packet comes back: below ten microseconds, and 0 is none.
fn is_too_short<'n>(key: &Key, node: &'n Node) -> Option<&'n str> {
    let text = node.text()?;
    let length = of_go(text)?;
    let is_of_network = ["dialTimeout", "responseHeaderTimeout"].contains(&key.text.as_str());
    let is_short = !length.is_zero() && length < Duration::from_micros(10);
    (is_of_network && is_short).then_some(text)
}

fn timeouts(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    let Some(timeouts) = object.spec().get("forwardingTimeouts") else {
        return;
    };
    for (key, node) in timeouts.entries() {
        let field = format!("spec.forwardingTimeouts.{}", key.text);
        if !TIMEOUTS.contains(&key.text.as_str()) {
            continue;
        }
        if let Some(length) = is_too_short(key, node) {
            let message = format!("`{length}` is shorter than any connection takes");
            let consequence = "Traefik gives up at once, and answers 504 to every request.";
            findings.push(
                object
                    .finding(&CI306, node.at, &field, message)
                    .then(consequence),
            );
            continue;
        }
        let is_duration = match &node.value {
            Value::Int(number) => *number >= 0,
            Value::Text(text) | Value::Ambiguous(text) => is_duration(text),
            // Of other types, `definitions` speaks.
            _ => true,
        };
        if !is_duration {
            let shown = node.scalar().unwrap_or_default();
            let message = format!(
                "`{}` is not a duration of whole numbers with units",
                shown.escape_debug()
            );
            let finding = object.finding(&CI306, node.at, &field, message);
            // The pattern of the definition is for strings.
            let is_number = matches!(node.value, Value::Int(_));
            let is_taken = is_number || model.knowledge.release < Release::exactly(3, 4, 0);
            findings.push(if is_taken && is_spent(key, node) {
                let consequence =
                    "Traefik gives up before it has dialled, and answers 504 to every request.";
                finding.then(consequence)
            } else if is_number {
                finding
                    .with_severity(Severity::Warning)
                    .then("Traefik takes it for no limit.")
            } else if is_taken {
                let consequence = format!(
                    "Traefik {} logs `Error while reading` and uses the default",
                    model.knowledge.release
                );
                finding.with_severity(Severity::Warning).then(consequence)
            } else {
                finding
            });
        }
    }
}

/// From 3.7.0 on (`pkg/server/service/transport.go`), `createTLSConfig` compares `minVersion` with a `maxVersion` of 0.
fn versions_of_tls(
    model: &Model<'_>,
    object: &Object<'_>,
    here: Here<'_>,
    findings: &mut Vec<Finding>,
) {
    let release = model.knowledge.release;
    let spec = object.spec();
    let Some(least) = spec
        .get("minVersion")
        .filter(|_| release >= Release::exactly(3, 7, 0))
    else {
        return;
    };
    let rank = |node: &Node| {
        [
            "VersionTLS10",
            "VersionTLS11",
            "VersionTLS12",
            "VersionTLS13",
        ]
        .iter()
        .position(|name| Some(*name) == node.text())
    };
    let most = spec.get("maxVersion");
    let is_fine = match (rank(least), most.map(rank)) {
        (Some(_), None) => false,
        (Some(least), Some(Some(most))) => least < most,
        _ => true,
    };
    if !is_fine {
        let message = match most {
            None => "there is no `maxVersion`",
            Some(_) => "`maxVersion` is not higher",
        };
        findings.push(
            object
                .finding(&CI305, least.at, "spec.minVersion", message)
                .predicted(release, here),
        );
    }
}

fn route(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    let release = model.knowledge.release;
    for (index, rule) in object.spec().items_of("routes").iter().enumerate() {
        let kind = rule.get("kind");
        if kind.is_none_or(|kind| kind.value == Value::Null) && release < Release::exactly(3, 3, 0)
        {
            let message = format!("Traefik {release} requires `kind: Rule`");
            let field = format!("spec.routes[{index}].kind");
            findings.push(object.finding(&CI312, rule.at, &field, message));
        }
    }
}

fn middleware(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    let release = model.knowledge.release;
    for (key, node) in object.spec().entries() {
        let field = format!("spec.{}", key.text);
        match key.text.as_str() {
            "ipAllowList" if release < Release::exactly(2, 11, 0) => {
                let message =
                    format!("Traefik {release} does not have `ipAllowList`, which came with 2.11");
                findings.push(object.finding(&CI307, key.at, &field, message));
            }
            "ipWhiteList" if release >= Release::exactly(3, 0, 0) => {
                let message = format!("Traefik {release} requires `ipAllowList`");
                findings.push(object.finding(&CI308, key.at, &field, message));
            }
            "headers" if release >= Release::exactly(3, 0, 0) => {
                for (key, _) in node
                    .entries()
                    .iter()
                    .filter(|(key, _)| LOST_HEADERS.contains(&key.text.as_str()))
                {
                    let message = format!("`{}` does nothing in Traefik {release}", key.text);
                    let field = format!("{field}.{}", key.text);
                    let finding = object.finding(&CI310, key.at, &field, message);
                    // Manifests for both majors set it for the older one.
                    findings.push(if model.knowledge.is_certain() {
                        finding
                    } else {
                        finding.with_severity(Severity::Info)
                    });
                }
            }
            "retry" if release < Release::exactly(3, 7, 0) => {
                for (key, _) in node.entries().iter().filter(|(key, _)| {
                    ["status", "timeout", "retryNonIdempotentMethod"].contains(&key.text.as_str())
                }) {
                    let message = format!(
                        "Traefik {release} does not have `{}`, which came with 3.7",
                        key.text
                    );
                    let finding =
                        object.finding(&CI307, key.at, &format!("{field}.{}", key.text), message);
                    findings.push(finding);
                }
            }
            _ => {}
        }
    }
}
