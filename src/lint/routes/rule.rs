//! What a rule says: its matchers, and for TCP what is beside them.

use super::reference::{provider_suffix, reference};
use super::rules::{CI211, CI212, CI213, CI214, CI219, CI220, CI223, CI225, CI226};
use crate::lint::facts::routes::{Rule, named_ports};
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model};
use crate::lint::rule::Severity;
use crate::name::DnsName;
use crate::release::Release;
use crate::rule as language;
use crate::yaml::Node;

/// Matchers that take one argument in Traefik 3 (`pkg/muxer/http/matcher.go`, `pkg/muxer/tcp/matcher.go`).
const OF_ONE: [&str; 10] = [
    "Host",
    "HostRegexp",
    "Path",
    "PathPrefix",
    "PathRegexp",
    "Method",
    "ClientIP",
    "HostSNI",
    "HostSNIRegexp",
    "ALPN",
];
/// Matchers of http.
const OF_HTTP: [&str; 12] = [
    "Host",
    "HostHeader",
    "HostRegexp",
    "Path",
    "PathPrefix",
    "PathRegexp",
    "Method",
    "Header",
    "Headers",
    "Query",
    "HeaderRegexp",
    "QueryRegexp",
];

impl Rule<'_> {
    pub(super) fn check(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        self.check_match(model, findings);
        let object = &model.objects[self.object];
        for (index, node) in self.node.items_of("middlewares").iter().enumerate() {
            let field = format!("spec.routes[{}].middlewares[{index}]", self.index);
            reference(model, object, node, &field, findings);
        }
    }

    fn check_match(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        let object = &model.objects[self.object];
        let (at, field) = (self.at(), self.field());
        // Where it is missing, or no text, the API server has refused the object.
        let Some(text) = self.node.text_of("match") else {
            return;
        };
        if let Err(why) = language::Rule::parse(text) {
            findings.push(object.finding(
                &CI214,
                at,
                &field,
                format!("the rule cannot be read: {why}"),
            ));
            return;
        }
        let release = model.knowledge.release;
        let is_v2 = self.node.text_of("syntax") == Some("v2");
        let several = self
            .matchers
            .iter()
            .find(|matcher| OF_ONE.contains(&matcher.name.as_str()) && matcher.arguments.len() > 1);
        if let Some(matcher) = several.filter(|_| release >= Release::exactly(3, 0, 0) && !is_v2) {
            let message = format!(
                "`{}` has {} arguments, but Traefik {release} accepts one",
                matcher.name,
                matcher.arguments.len()
            );
            let finding = object.finding(&CI211, at, &field, message);
            findings.push(if model.knowledge.is_certain() {
                finding
            } else {
                finding.with_severity(Severity::Warning)
            });
        }
        for host in &self.hosts {
            if !host.is_ascii() {
                let ascii = DnsName::parse(host).ok();
                let finding = object.finding(
                    &CI212,
                    at,
                    &field,
                    format!("`{}` is not in ASCII", host.escape_debug()),
                );
                findings.push(match ascii {
                    Some(ascii) => finding.with_help(format!("Write it as `{ascii}`.")),
                    None => finding,
                });
            } else if host.contains('*') && host != "*" && release < Release::exactly(3, 7, 0) {
                let message =
                    format!("`{host}` has a wildcard, which Traefik {release} does not support");
                findings.push(object.finding(&CI213, at, &field, message));
            }
        }
    }

    /// TLS that is passed through meets httpd, not Traefik.
    fn passed_through(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        let object = &model.objects[self.object];
        let Some(tls) = object.spec().get("tls") else {
            return;
        };
        if !tls.get("passthrough").is_some_and(Node::says_true) {
            return;
        }
        for key in ["secretName", "certResolver"] {
            if let Some(node) = tls.get(key).filter(|_| self.index == 0) {
                let message = format!("`{key}` is set together with `passthrough`");
                findings.push(object.finding(&CI226, node.at, &format!("spec.tls.{key}"), message));
            }
        }
        for (index, service) in self.node.items_of("services").iter().enumerate() {
            let namespace = service.text_of("namespace");
            let namespace = namespace.unwrap_or(object.namespace);
            let Some(port) = service.get("port") else {
                continue;
            };
            let wanted = port.scalar().unwrap_or_default();
            let is_plain = |number: &str, name: &str| number == "80" || name == "http";
            let known = named_ports(model, service, namespace).unwrap_or_default();
            let found = known
                .iter()
                .find(|(number, name)| *number == wanted || *name == wanted);
            let is_http = match found {
                Some((number, name)) => is_plain(number, name),
                None => is_plain(&wanted, &wanted),
            };
            if is_http {
                let field = format!("spec.routes[{}].services[{index}].port", self.index);
                let message = format!("port `{}` speaks plain http", wanted.escape_debug());
                findings.push(object.finding(&CI225, port.at, &field, message));
            }
        }
    }

    pub(super) fn check_tcp(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        self.passed_through(model, findings);
        let object = &model.objects[self.object];
        let (at, field) = (self.at(), self.field());
        if let Some(matcher) = self
            .matchers
            .iter()
            .find(|matcher| OF_HTTP.contains(&matcher.name.as_str()))
        {
            let message = format!("`{}` is an http matcher", matcher.name);
            findings.push(object.finding(&CI220, at, &field, message));
            return;
        }
        self.check_match(model, findings);
        if object.spec().get("tls").is_none()
            && let Some(host) = self.hosts.iter().find(|host| *host != "*")
        {
            let message = format!(
                "`{}` can be matched only against a TLS server name",
                host.escape_debug()
            );
            findings.push(object.finding(&CI219, at, &field, message));
        }
        for (index, service) in self.node.items_of("services").iter().enumerate() {
            let Some(node) = service.get("serversTransport") else {
                continue;
            };
            let Some(name) = node.text() else { continue };
            let field = format!(
                "spec.routes[{}].services[{index}].serversTransport",
                self.index
            );
            let namespace = object.namespace;
            provider_suffix(model, object, node, &field, findings);
            if model
                .find(Class::ServersTransportTcp, namespace, name)
                .is_none()
                && model
                    .find(Class::ServersTransport, namespace, name)
                    .is_some()
            {
                let message = format!("`{name}` is a ServersTransport, but this is a TCP route");
                findings.push(object.finding(&CI223, node.at, &field, message));
            }
        }
    }
}
