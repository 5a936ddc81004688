//! Apache's directives in ConfigMaps, connections to it, and whether Traefik and httpd agree on the PROXY protocol.

mod ciphers;
mod config;
mod connections;
mod directive;
mod protocols;
pub(super) mod rules;

use crate::cluster::Resource;
use crate::cluster::data::Data;
use crate::kinds::istio::DestinationMode;
use crate::lint::facts::pods::End;
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::legs::Spot;
use crate::lint::model::{Class, Model};
use crate::path::check::{self, Clash};
use crate::path::hop::{Known, Outward};
use crate::path::served::Wants;
use crate::path::{Routed, WayIn};
use crate::pki::key;
use crate::yaml::Node;
use config::{Snippet, asks_for_certificate, expects_proxy, mounted, snippets};
use directive::Directive;
use rules::{CI702, CI706, CI714, CI715, CI716, CI717};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const FAMILY: Family = Family {
    number: 7,
    title: "Apache httpd",
    rules: rules::RULES,
    classes: &[
        Class::ConfigMap,
        Class::IngressRoute,
        Class::IngressRouteTcp,
        Class::Ingress,
        Class::HttpRoute,
        Class::TlsRoute,
        Class::VirtualService,
        Class::DestinationRule,
        Class::ServersTransport,
        Class::ServersTransportTcp,
        Class::Service,
        Class::Workload,
    ],
    check,
};

type Snippets<'m> = BTreeMap<usize, Vec<Snippet<'m>>>;

fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    connections::check(model, &mut findings);
    let snippets = snippets(model);
    probes(model, &snippets, &mut findings);
    if snippets.is_empty() {
        return findings;
    }
    for snippet in snippets.values().flatten() {
        contexts(model, snippet, &mut findings);
    }
    trust(model, &snippets, &mut findings);
    wants(model, &snippets, &mut findings);
    findings
}

/// Sections in which directives of a directory stand.
const OF_DIRECTORIES: [&str; 9] = [
    "directory",
    "directorymatch",
    "location",
    "locationmatch",
    "files",
    "filesmatch",
    "if",
    "elseif",
    "else",
];

/// Where a directive may stand (`apache2 -t` of 2.4.71).
fn contexts(model: &Model<'_>, snippet: &Snippet<'_>, findings: &mut Vec<Finding>) {
    let object = &model.objects[snippet.object];
    let mut find = |rule, directive: &Directive, what: String| {
        let message = format!("line {} of `{}`: {what}", directive.line, snippet.key);
        let finding = object.finding(rule, snippet.at, &snippet.field(), message);
        findings.push(finding);
    };
    for directive in snippet.of("listenbacklog") {
        if let Some(section) = directive.context() {
            let what = format!(
                "`ListenBacklog` is not allowed in a section `{}`",
                section.name
            );
            find(&CI716, directive, what);
        }
        let number = directive.arguments.first().map(|text| text.parse::<i64>());
        // A variable of the environment is filled in later.
        if matches!(number, Some(Ok(number)) if number < 1) {
            let what = "`ListenBacklog` is below 1".to_owned();
            find(&CI706, directive, what);
        }
    }
    for directive in snippet.of("remoteipproxyprotocol") {
        let context = directive.context();
        if let Some(section) = context.filter(|section| section.name != "virtualhost") {
            let what = format!(
                "`RemoteIPProxyProtocol` is not allowed in a section `{}`",
                section.name
            );
            find(&CI716, directive, what);
        }
    }
    for directive in snippet.of("sslrequiressl") {
        let section = directive.context().map(|section| section.name.as_str());
        if section.is_some_and(|name| !OF_DIRECTORIES.contains(&name)) {
            let what = "`SSLRequireSSL` must be in a `Directory` or `Location`".to_owned();
            find(&CI716, directive, what);
        }
    }
    for directive in snippet.of("<virtualhost") {
        let mut addresses = directive.arguments.iter();
        if directive.arguments.len() == 1
            && let Some(address) = addresses.find(|address| address.starts_with("0.0.0.0"))
        {
            let what = format!("`VirtualHost {}` is for IPv4 only", address.escape_debug());
            find(&CI717, directive, what);
        }
    }
}

const PROXIES: [&str; 4] = [
    "remoteipinternalproxy",
    "remoteiptrustedproxy",
    "remoteipinternalproxylist",
    "remoteiptrustedproxylist",
];

/// Whom Apache believes an address, and what Drupal makes of it.
fn trust(model: &Model<'_>, snippets: &Snippets<'_>, findings: &mut Vec<Finding>) {
    let mut limited: BTreeSet<&str> = BTreeSet::new();
    let mut rewriting: BTreeSet<&str> = BTreeSet::new();
    for snippet in snippets.values().flatten() {
        let namespace = model.objects[snippet.object].namespace;
        if PROXIES.iter().any(|name| snippet.has(name)) {
            limited.insert(namespace);
        }
        let is_on = |directive: &Directive| {
            let value = directive.arguments.first();
            value.is_some_and(|value| value.eq_ignore_ascii_case("on"))
        };
        if snippet.has("remoteipheader") || snippet.of("remoteipproxyprotocol").any(is_on) {
            rewriting.insert(namespace);
        }
    }
    for snippet in snippets.values().flatten() {
        let object = &model.objects[snippet.object];
        let place = |directive: &Directive| format!("line {} of `{}`", directive.line, snippet.key);
        for directive in snippet.of("remoteipheader").take(1) {
            if !limited.contains(object.namespace) {
                let message = format!(
                    "{}: no `RemoteIPInternalProxy` defines who may send the header",
                    place(directive)
                );
                findings.push(object.finding(&CI714, snippet.at, &snippet.field(), message));
            }
        }
        for directive in PROXIES[..2].iter().flat_map(|name| snippet.of(name)) {
            let all = directive.arguments.iter().find(|range| is_everyone(range));
            if let Some(range) = all {
                let message = format!(
                    "{}: `{}` covers every address",
                    place(directive),
                    range.escape_debug()
                );
                let finding = object.finding(&CI714, snippet.at, &snippet.field(), message);
                findings.push(if range.ends_with("/0") {
                    finding.then("httpd does not start: `The specified network mask is invalid`.")
                } else {
                    finding
                });
            }
        }
    }
    if rewriting.is_empty() {
        return;
    }
    for number in model.numbers(Class::ConfigMap) {
        let object = &model.objects[*number];
        if !rewriting.contains(object.namespace) {
            continue;
        }
        for entry in model
            .secrets
            .get(number)
            .into_iter()
            .flat_map(|held| &held.entries)
        {
            if let Some(line) = entry.text().and_then(believes_the_peer) {
                let message = format!(
                    "line {line} of `{}`: the trusted proxy is the peer itself, which Apache replaces with the client",
                    entry.key
                );
                findings.push(object.finding(&CI715, entry.at, &entry.field(), message));
            }
        }
    }
}

fn is_everyone(range: &str) -> bool {
    matches!(range, "0.0.0.0/0" | "::/0" | "0.0.0.0/0.0.0.0")
}

/// Finds `$settings['reverse_proxy_addresses'] = [$_SERVER['REMOTE_ADDR']];` of Drupal, and gives its line.
fn believes_the_peer(text: &str) -> Option<usize> {
    let mut is_in = false;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line.starts_with(['#', '*']) || line.starts_with("//") {
            continue;
        }
        is_in |= line.contains("reverse_proxy_addresses");
        if is_in && line.contains("REMOTE_ADDR") {
            return Some(number + 1);
        }
        is_in &= !line.contains(';');
    }
    None
}

/// Compares what is sent on every way in with what httpd wants.
fn wants(model: &Model<'_>, snippets: &Snippets<'_>, findings: &mut Vec<Finding>) {
    for routed in &model.paths {
        let Some(end) = End::of(model, routed) else {
            continue;
        };
        let [pod] = end.pods(model)[..] else { continue };
        let parts = mounted(model, pod, snippets);
        let port = end.port.map(|port| port.to_string());
        let port = port.as_deref();
        findings.extend(protocols::check(model, routed, &parts, port));
        let wants = Wants {
            proxy: expects_proxy(&parts, port).filter(|_| is_known(routed)),
            certificate: asks_for_certificate(&parts, port) && !is_mutual(routed),
        };
        let mut clashes = check::wants(&routed.path, wants);
        if wants.certificate && shows_nothing(model, routed) {
            clashes.push(Clash::ClientNotShown);
        }
        let clashes = clashes.into_iter();
        let spot = Spot::of(model, routed);
        findings.extend(clashes.filter_map(|clash| spot.finding(&clash)));
    }
}

/// Returns whether the Secret of the pair that is to be shown has none: Traefik goes on without it.
fn shows_nothing(model: &Model<'_>, routed: &Routed<'_>) -> bool {
    let Outward::Tls(client) = &routed.path.outward else {
        return false;
    };
    let Some(place) = &client.shows else {
        return false;
    };
    match model.grounds.secrets.find(&place.scope, &place.name) {
        Known::Here(secret) => match &secret.resource {
            Resource::Secret(data) => is_unusable(data),
            _ => false,
        },
        Known::Missing => model.options.strict_references,
        Known::Locked(_) | Known::Useless | Known::Outside => false,
    }
}

/// Returns whether Traefik cannot load a pair, or an httpd refuses it as a client's.
fn is_unusable(data: &Data) -> bool {
    if data.missing_of_pair().is_some() {
        return true;
    }
    let Some((certificate, private)) = data.get("tls.crt").zip(data.get("tls.key")) else {
        return false;
    };
    let Some(key) = private.text() else {
        return false;
    };
    let Some(cert) = certificate.certs().next() else {
        return certificate.text().is_some();
    };
    let usages = cert.details.extended_key_usages.as_ref();
    let is_for_others = usages.is_some_and(|usages| {
        let is_for_clients = |usage: &str| usage == "clientAuth" || usage == "any";
        !usages.is_empty() && !usages.iter().any(|usage| is_for_clients(usage))
    });
    key::is_served_with(key, &cert.certificate) == Some(false) || is_for_others
}

/// Returns whether Istio shows a certificate, of whichever Secret or file.
fn is_mutual(routed: &Routed<'_>) -> bool {
    let port = routed.path.httpd.as_ref();
    let port = port.and_then(|httpd| httpd.port.as_ref());
    match routed
        .transport
        .here()
        .flatten()
        .map(|object| &object.resource)
    {
        Some(Resource::DestinationRule(rule)) => rule
            .tls(None, port)
            .is_some_and(|tls| tls.mode == DestinationMode::Mutual),
        _ => false,
    }
}

/// Returns whether the input shows what sends the PROXY protocol, if anything does.
fn is_known(routed: &Routed<'_>) -> bool {
    routed.way_in != WayIn::IngressRouteTcp || routed.transport.here().is_some()
}

/// Finds HTTP probes of pods that get the PROXY protocol.
fn probes(model: &Model<'_>, snippets: &Snippets<'_>, findings: &mut Vec<Finding>) {
    // By the workload: the ports that want it; none for all of them.
    let mut wanted: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    let paths = model.paths.iter();
    let with_header = paths.filter(|routed| is_known(routed) && routed.path.proxy.is_some());
    for end in with_header.filter_map(|routed| End::of(model, routed)) {
        for pod in end.pods(model) {
            wanted
                .entry(pod)
                .or_default()
                .extend(end.port.map(|port| port.to_string()));
        }
    }
    let has_any = |name: &'static str| snippets.values().flatten().any(|snippet| snippet.has(name));
    if has_any("remoteipproxyprotocol") {
        for pod in model.numbers(Class::Workload) {
            let parts = mounted(model, *pod, snippets);
            let is_on = |directive: &&Directive| {
                let value = directive.arguments.first();
                directive.is_certain()
                    && value.is_some_and(|value| value.eq_ignore_ascii_case("on"))
            };
            let all = parts
                .iter()
                .flat_map(|part| part.of("remoteipproxyprotocol"));
            for directive in all.filter(is_on) {
                let here = directive.ports().into_iter().map(ToOwned::to_owned);
                wanted.entry(*pod).or_default().extend(here);
            }
        }
    }
    for (pod, ports) in wanted {
        let parts = mounted(model, pod, snippets);
        if !parts
            .iter()
            .any(|part| part.has("remoteipproxyprotocolexceptions"))
        {
            http_probes(model, pod, &ports, findings);
        }
    }
}

fn http_probes(
    model: &Model<'_>,
    pod: usize,
    ports: &BTreeSet<String>,
    findings: &mut Vec<Finding>,
) {
    let object = &model.objects[pod];
    let Some(spec) = object.at(&["spec", "template", "spec"]) else {
        return;
    };
    for (index, container) in spec.items_of("containers").iter().enumerate() {
        for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
            let Some(node) = container.get(probe).and_then(|probe| probe.get("httpGet")) else {
                continue;
            };
            let port = node.get("port").and_then(Node::scalar).unwrap_or_default();
            let is_other = port.bytes().all(|byte| byte.is_ascii_digit()) && !port.is_empty();
            if is_other && !ports.is_empty() && !ports.contains(&port) {
                continue;
            }
            let field = format!("spec.template.spec.containers[{index}].{probe}.httpGet");
            let message =
                format!("`{probe}` speaks http, but this port receives the PROXY protocol");
            findings.push(object.finding(&CI702, node.at, &field, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drupal_s_settings_are_read_over_several_lines_and_without_comments() {
        for (text, expected) in [
            (
                "$settings['reverse_proxy_addresses'] = [$_SERVER['REMOTE_ADDR']];",
                Some(1),
            ),
            (
                "$settings['reverse_proxy_addresses'] = [\n  $_SERVER['REMOTE_ADDR'],\n];",
                Some(2),
            ),
            (
                "$settings['reverse_proxy_addresses'] = ['10.0.0.0/8'];\n$a = $_SERVER['REMOTE_ADDR'];",
                None,
            ),
            (
                "// $settings['reverse_proxy_addresses'] = [$_SERVER['REMOTE_ADDR']];",
                None,
            ),
        ] {
            assert_eq!(believes_the_peer(text), expected, "{text}");
        }
    }
}
