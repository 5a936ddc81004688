//! Which TLSOption governs a host.
//!
//! Traefik looks it up by the server name, before it knows the route: where http routes for one host name different
//! ones, it uses the default (`buildEntryPointHandler` in `pkg/server/router/tcp/manager.go`, 2.11 to 3.7).

use super::rules::{CI411, CI412, CI413};
use crate::cluster::scope::Scope;
use crate::cluster::{Kind, Object, Resource};
use crate::kinds::Reference;
use crate::kinds::traefik::{Route, meet};
use crate::lint::facts::loaded::Loaded;
use crate::lint::facts::routes::{self, Rule};
use crate::lint::finding::Finding;
use crate::lint::model::Model;
use crate::lint::rule::Severity;
use crate::name::DnsName;
use crate::path::Routed;
use crate::path::choose;
use crate::path::fit::{Fit, fit};
use crate::path::request::{Request, RequestPath};
use crate::path::traefik::{look_up, named_scope};
use crate::rule::matchers::{Protocol, faults};
use crate::rule::{self, hosts};
use std::collections::BTreeMap;

/// A route for a host, and the options that it names.
#[derive(Clone, Copy)]
struct Named<'m> {
    routed: &'m Routed<'m>,
    /// The entry points; none for any.
    points: &'m [String],
    options: Option<&'m Object>,
    name: &'m str,
}

impl Named<'_> {
    /// Returns whether both name the same options, or never meet.
    fn agrees(&self, other: &Self) -> bool {
        let is_same = match (self.options, other.options) {
            (Some(one), Some(other)) => std::ptr::eq(one, other),
            _ => self.name == other.name,
        };
        is_same || !meet(self.points, other.points)
    }

    /// Returns how Traefik ranks its route.
    fn priority(&self) -> i64 {
        let spec = self.routed.route.resource.ingress_route();
        let route = spec.and_then(|spec| spec.routes.get(self.routed.rule));
        route.map_or(i64::MAX, choose::priority)
    }
}

pub(super) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    unused(model, findings);
    let mut by_host: BTreeMap<&str, Vec<Named<'_>>> = BTreeMap::new();
    for routed in &model.paths {
        if let Some(named) = named(model, routed) {
            for host in &routed.path.hosts {
                by_host.entry(host).or_default().push(named);
            }
        }
    }
    misdirected(model, &by_host, findings);
    for (host, all) in by_host {
        let [first, others @ ..] = &all[..] else {
            continue;
        };
        for other in others {
            if first.agrees(other) {
                continue;
            }
            let field = &other.routed.matched;
            let object = &model.objects[other.routed.route.number];
            let message = format!(
                "`{}` has the TLS options `{}` here, and `{}` in {}",
                host.escape_debug(),
                other.name,
                first.name,
                model.objects[first.routed.route.number].shown()
            );
            let finding = object.finding(&CI411, field.at, &field.path, message);
            let asks = [first, other].iter().any(|it| it.options.is_some_and(asks));
            findings.push(if asks {
                finding
            } else {
                finding.with_severity(Severity::Warning)
            });
        }
    }
}

/// Finds options that are named and do not govern: Traefik looks them up by the hosts of the rule, and not at all where it
/// does not end TLS.
fn unused(model: &Model<'_>, findings: &mut Vec<Finding>) {
    for kind in [Kind::IngressRoute, Kind::IngressRouteTcp] {
        for typed in model.cluster.of(kind) {
            let Some(spec) = typed.resource.ingress_route() else {
                continue;
            };
            let Some(tls) = &spec.tls else { continue };
            let Some(named) = tls.options.as_ref().filter(|named| named.name != "default") else {
                continue;
            };
            let why = if tls.passthrough {
                "Traefik passes TLS through, and asks for nothing"
            } else if kind == Kind::IngressRoute
                && spec.routes.iter().any(|route| {
                    let is_read = route.rule.is_ok();
                    is_read && rule_hosts(route).is_empty()
                })
            {
                "the rule names no `Host`, and the options of the server name govern"
            } else {
                continue;
            };
            let scope = named_scope(&typed.scope, named.namespace.as_deref());
            let (cluster, naming) = (model.cluster, model.naming);
            let found = look_up(cluster, naming, Kind::TlsOption, &scope, &named.name).here();
            let object = &model.objects[typed.number];
            let message = format!("TLSOption `{}` does not govern here: {why}", named.name);
            let finding = object.finding_in(&CI412, "spec.tls.options", message);
            findings.push(finding.warning_unless(found.is_some_and(asks)));
        }
    }
}

/// Finds rules without `Host` that take the requests for a host whose TLS options another route names. Such a rule has the
/// default options, whatever its route names (`resolveHTTPTLSOptions` in `pkg/server/aggregator.go`, v2.11.53 and v3.7.13).
fn misdirected(
    model: &Model<'_>,
    by_host: &BTreeMap<&str, Vec<Named<'_>>>,
    findings: &mut Vec<Finding>,
) {
    if !model.knowledge.release.compares_options_of_routers() {
        return;
    }
    let governed = |all: &[Named<'_>]| {
        let [first, others @ ..] = all else {
            return false;
        };
        first.options.is_some()
            && first.name != "default"
            && others.iter().all(|it| first.agrees(it))
    };
    let mut hosts: Vec<(DnsName, &[Named<'_>])> = Vec::new();
    for (host, all) in by_host.iter().filter(|(_, all)| governed(all)) {
        hosts.extend(DnsName::parse(host).ok().map(|host| (host, &all[..])));
    }
    if hosts.is_empty() {
        return;
    }
    let request = Request::new(RequestPath::default());
    let rules = routes::rules(model, Kind::IngressRoute);
    for loose in rules.iter().filter(|rule| is_loose(model, rule)) {
        let Ok(rule) = &loose.route.rule else {
            continue;
        };
        let priority = choose::priority(loose.route);
        let takes = |(host, all): &&(DnsName, &[Named<'_>])| {
            all.iter().all(|it| priority > it.priority())
                && all
                    .iter()
                    .any(|it| meet(it.points, &loose.spec.entry_points))
                && fit(rule, host, &request) == Fit::Yes
        };
        let beaten: Vec<_> = hosts.iter().filter(takes).collect();
        let [(host, all), others @ ..] = &beaten[..] else {
            continue;
        };
        let more = match others.len() {
            0 => String::new(),
            count => format!(", and those for {count} more hosts"),
        };
        let named = &all[0];
        let message = format!(
            "this rule takes the requests for `{host}`{more}, whose TLS options are `{}` by {}",
            named.name,
            model.objects[named.routed.route.number].shown()
        );
        let (at, field) = (loose.route.match_at, loose.field());
        findings.push(loose.object.finding(&CI413, at, &field, message));
    }
}

/// Returns whether a rule that Traefik takes ends TLS and names no host.
fn is_loose(model: &Model<'_>, rule: &Rule<'_, '_>) -> bool {
    let is_taken =
        |parsed: &rule::Rule| faults(parsed, Protocol::Http, rule.syntax(model)).is_empty();
    rule.spec.tls.is_some() && rule.hosts.is_empty() && rule.route.rule.as_ref().is_ok_and(is_taken)
}

/// Returns the hosts that a rule names, `*` among them.
fn rule_hosts(route: &Route) -> Vec<String> {
    let matchers = route.rule.as_ref().map(rule::Rule::matchers);
    hosts(matchers.unwrap_or_default())
}

fn named<'m>(model: &'m Model<'_>, routed: &'m Routed<'m>) -> Option<Named<'m>> {
    let look_up = |scope: &Scope, name: &str| {
        look_up(model.cluster, model.naming, Kind::TlsOption, scope, name).here()
    };
    let scope = &routed.route.scope;
    match &routed.route.resource {
        Resource::IngressRoute(spec) => {
            let named = spec.tls.as_ref()?.options.as_ref();
            let of = |named: &Reference| {
                look_up(&named_scope(scope, named.namespace.as_deref()), &named.name)
            };
            Some(Named {
                routed,
                points: &spec.entry_points,
                options: named.and_then(of),
                name: named.map_or("default", |named| &named.name),
            })
        }
        Resource::Ingress(spec) if spec.asks_for_tls => {
            let name = spec.options.as_deref();
            Some(Named {
                routed,
                points: &[],
                options: name.and_then(|name| look_up(scope, name)),
                name: name.unwrap_or("default"),
            })
        }
        _ => None,
    }
}

/// Returns whether one of the default options asks browsers for a certificate.
pub(super) fn any_default_asks(model: &Model<'_>) -> bool {
    let mut defaults = model.cluster.of(Kind::TlsOption);
    defaults.any(|option| option.name == "default" && asks(option))
}

/// Returns whether options with `sniStrict` govern a host that only the default certificate covers: Traefik refuses its
/// connections (`buildTLSConfig` in `pkg/tls/tlsmanager.go`, v2.11.53 to v3.7.9).
pub(super) fn leaves_out(model: &Model<'_>, loaded: &Loaded<'_, '_>) -> bool {
    let mut default = model.cluster.of(Kind::TlsOption);
    let default = default.find(|option| option.name == "default");
    model
        .paths
        .iter()
        .filter_map(|it| named(model, it))
        .any(|named| {
            let options = match named.name {
                "default" => default,
                _ => named.options,
            };
            let is_strict = matches!(
                options.map(|options| &options.resource),
                Some(Resource::TlsOption(option)) if option.sni_strict
            );
            let mut hosts = named.routed.path.hosts.iter();
            is_strict && hosts.any(|host| !loaded.covers_strictly(host))
        })
}

/// Returns whether the default options govern a host, as far as the input has all routes.
pub(super) fn default_governs(model: &Model<'_>) -> bool {
    let mut all = model.paths.iter().filter_map(|it| named(model, it));
    all.any(|named| named.name == "default")
}

/// Returns whether options ask browsers for a certificate.
fn asks(options: &Object) -> bool {
    match &options.resource {
        Resource::TlsOption(option) => {
            option
                .client_auth
                .as_deref()
                .is_some_and(|auth| auth != "NoClientCert")
                || !option.client_authorities.is_empty()
        }
        _ => false,
    }
}
