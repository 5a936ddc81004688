//! What a rule says: its matchers and their hosts.

use super::reference::reference;
use super::rules::{CI211, CI212, CI213, CI214, CI219, CI220};
use crate::lint::facts::routes::Rule;
use crate::lint::finding::Finding;
use crate::lint::model::Model;
use crate::lint::rule::Severity;
use crate::name::DnsName;
use crate::release::Release;

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

impl Rule<'_, '_> {
    pub(super) fn check(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        self.check_match(model, findings);
        for (index, named) in self.route.middlewares.iter().enumerate() {
            let field = format!("spec.routes[{}].middlewares[{index}]", self.index);
            let by = (named.name.as_str(), named.namespace.as_deref());
            reference(model, self.object, by, &field, findings);
        }
    }

    fn check_match(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        let (object, at, field) = (self.object, self.route.match_at, self.field());
        // Where it is missing, or no text, the API server has refused the object.
        if object.node_in(&field).text().is_none() {
            return;
        }
        if let Err(why) = &self.route.rule {
            let message = format!("the rule cannot be read: {why}");
            findings.push(object.finding(&CI214, at, &field, message));
            return;
        }
        let release = model.knowledge.release;
        let several = self
            .matchers
            .iter()
            .find(|matcher| OF_ONE.contains(&matcher.name.as_str()) && matcher.arguments.len() > 1);
        let is_new = release >= Release::exactly(3, 0, 0) && !self.route.is_old_syntax;
        if let Some(matcher) = several.filter(|_| is_new) {
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

    pub(super) fn check_tcp(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        let (at, field) = (self.route.match_at, self.field());
        if let Some(matcher) = self
            .matchers
            .iter()
            .find(|matcher| OF_HTTP.contains(&matcher.name.as_str()))
        {
            let message = format!("`{}` is an http matcher", matcher.name);
            findings.push(self.object.finding(&CI220, at, &field, message));
            return;
        }
        self.check_match(model, findings);
        let host = self.hosts.iter().find(|host| *host != "*");
        if let Some(host) = host.filter(|_| self.spec.tls.is_none()) {
            let message = format!(
                "`{}` can be matched only against a TLS server name",
                host.escape_debug()
            );
            findings.push(self.object.finding(&CI219, at, &field, message));
        }
    }
}
