//! What a rule says: its matchers and their hosts.

use super::reference::reference;
use super::rules::{CI211, CI212, CI213, CI214, CI219, CI220, CI250, CI251, CI252, CI254};
use crate::lint::facts::routes::Rule;
use crate::lint::finding::Finding;
use crate::lint::model::Model;
use crate::lint::rule::Severity;
use crate::name::DnsName;
use crate::release::Release;
use crate::rule::matchers::{MatcherFault, Protocol, Syntax, faults, is_of_http};
use crate::rule::{Matcher, Rule as Language};

impl Rule<'_, '_> {
    pub(super) fn check(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        self.priority(model, findings);
        self.check_match(model, Protocol::Http, findings);
        for (index, named) in self.route.middlewares.iter().enumerate() {
            let field = format!("spec.routes[{}].middlewares[{index}]", self.index);
            let by = (named.name.as_str(), named.namespace.as_deref());
            reference(model, self.object, by, &field, findings);
        }
    }

    /// Finds a priority above `maxUserPriority` (`pkg/server/router/router.go` and `pkg/server/router/tcp/manager.go`,
    /// v2.11.53 to v3.7.13). The bound of the definition, 9223372036854775000 from 3.4 on, is to the API server the next
    /// number that a float has.
    fn priority(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        let most = if model.knowledge.release >= Release::exactly(3, 4, 0) {
            i64::MAX - 1023
        } else {
            i64::MAX - 1000
        };
        if let Some(priority) = self.route.priority.filter(|priority| *priority > most) {
            let field = format!("spec.routes[{}].priority", self.index);
            let message = format!("`{priority}` is more than {most}");
            findings.push(self.object.finding_in(&CI254, &field, message));
        }
    }

    fn check_match(&self, model: &Model<'_>, protocol: Protocol, findings: &mut Vec<Finding>) {
        let (object, at, field) = (self.object, self.route.match_at, self.field());
        // Where it is missing, or no text, the API server has refused the object.
        if object.node_in(&field).text().is_none() {
            return;
        }
        let rule = match &self.route.rule {
            Ok(rule) => rule,
            Err(why) => {
                let message = format!("the rule cannot be read: {why}");
                findings.push(object.finding(&CI214, at, &field, message));
                return;
            }
        };
        self.matchers(model, rule, protocol, findings);
        let release = model.knowledge.release;
        // ``HostSNI(`*`)`` stands for whatever a client asks for; of ``Host(`*`)`` CI252 speaks in the syntax of version 2.
        let is_wildcard = |host: &str| {
            let may_be_bare = protocol == Protocol::Http && self.syntax(model) == Syntax::V3;
            host.contains('*') && (host != "*" || may_be_bare)
        };
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
            } else if is_wildcard(host) && release < Release::exactly(3, 7, 0) {
                let message =
                    format!("`{host}` has a wildcard, which Traefik {release} does not support");
                findings.push(object.finding(&CI213, at, &field, message));
            }
        }
    }

    fn matchers(
        &self,
        model: &Model<'_>,
        rule: &Language,
        protocol: Protocol,
        findings: &mut Vec<Finding>,
    ) {
        let release = model.knowledge.release;
        let read = self.syntax(model);
        let other = match read {
            Syntax::V2 => Syntax::V3,
            Syntax::V3 => Syntax::V2,
        };
        if protocol == Protocol::Tcp && read == Syntax::V3 {
            self.capitals(release, rule, findings);
        }
        let found = faults(rule, protocol, read);
        if found.is_empty() {
            return;
        }
        // A Traefik that nobody has told us may be of the other major version.
        let is_sure = model.knowledge.is_certain()
            || self.route.is_old_syntax
            || !faults(rule, protocol, other).is_empty();
        for (matcher, fault) in found {
            let finding = self.fault(release, matcher, &fault);
            findings.push(if is_sure {
                finding
            } else {
                finding.with_severity(Severity::Warning)
            });
        }
    }

    /// Finds a server name in capitals, which Traefik 3 compares letter by letter until 3.7 (`hostSNI` in
    /// `pkg/muxer/tcp/matcher.go`, v3.0.4 and v3.4.3): what clients ask for is written in small letters before.
    fn capitals(&self, release: Release, rule: &Language, findings: &mut Vec<Finding>) {
        if release < Release::exactly(3, 0, 0) || release >= Release::exactly(3, 7, 0) {
            return;
        }
        for matcher in rule.matchers() {
            let is_name = matcher.name.eq_ignore_ascii_case("HostSNI");
            let mut names = matcher.arguments.iter().filter(|_| is_name);
            let odd = names.find(|name| name.bytes().any(|byte| byte.is_ascii_uppercase()));
            if let Some(name) = odd {
                let why = "before Traefik 3.7 a server name is in small letters";
                findings.push(self.fault(
                    release,
                    matcher,
                    &MatcherFault::Never(name.clone(), why),
                ));
            }
        }
    }

    fn fault(&self, release: Release, matcher: &Matcher, fault: &MatcherFault) -> Finding {
        let name = matcher.name.escape_debug();
        let (rule, message) = match fault {
            MatcherFault::Unknown { .. } => (
                &CI250,
                format!("Traefik {release} does not have `{name}` here"),
            ),
            MatcherFault::Several => {
                let count = matcher.arguments.len();
                let most = if ["Header", "HeaderRegexp", "Query", "QueryRegexp"]
                    .contains(&matcher.name.as_str())
                {
                    "two"
                } else {
                    "one"
                };
                let message =
                    format!("`{name}` has {count} arguments, but Traefik {release} accepts {most}");
                (&CI211, message)
            }
            MatcherFault::Few => (
                &CI251,
                format!("`{name}` lacks an argument, or has an empty one"),
            ),
            MatcherFault::Refused(argument, why) => {
                let argument = argument.escape_debug();
                (
                    &CI251,
                    format!("`{argument}` is refused in `{name}`: {why}"),
                )
            }
            MatcherFault::Never(argument, why) => {
                let argument = argument.escape_debug();
                (
                    &CI252,
                    format!("`{name}` never matches `{argument}`: {why}"),
                )
            }
        };
        let finding = self
            .object
            .finding(rule, self.route.match_at, &self.field(), message);
        match fault {
            MatcherFault::Unknown { meant: Some(meant) } => {
                finding.with_help(format!("Write `{meant}(…)`."))
            }
            _ => finding,
        }
    }

    pub(super) fn check_tcp(&self, model: &Model<'_>, findings: &mut Vec<Finding>) {
        self.priority(model, findings);
        let (at, field) = (self.route.match_at, self.field());
        if let Some(matcher) = self
            .matchers
            .iter()
            .find(|matcher| is_of_http(&matcher.name))
        {
            let message = format!("`{}` is an http matcher", matcher.name);
            findings.push(self.object.finding(&CI220, at, &field, message));
            return;
        }
        self.check_match(model, Protocol::Tcp, findings);
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
