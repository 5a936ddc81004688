//! What does not fit on the paths of requests, as findings: the rule, the place and the words for each way in.

mod gateways;

use super::apache::rules::{CI712, CI713, CI726};
use super::certificates::rules::{CI601, CI602, CI607};
use super::facts::certificate::names_of;
use super::finding::Finding;
use super::gateway_api::rules::{CI806, CI807, CI810, CI816, CI820, CI821, CI824};
use super::istio::rules::{CI854, CI855, CI862, CI863, CI864, CI865, CI872};
use super::model::{Model, Object};
use super::predict::Here;
use super::references::rules::CI901;
use super::routes::rules::{CI201, CI202, CI203, CI210, CI218, CI225, CI229, CI232, CI241, CI261};
use super::rule::{Rule, Severity};
use super::tls_store::rules::{CI404, CI405, CI408};
use super::trust::rules::{CI105, CI113};
use crate::cluster::data::Cert;
use crate::cluster::{self, Kind};
use crate::kinds::service::Service;
use crate::kinds::traefik::{IngressRoute, Port, Route};
use crate::path::check::{self, Clash};
use crate::path::served::{Leaf, Passed};
use crate::path::{Field, Routed, WayIn};
use crate::threads::each;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Returns the rule that a clash breaks on a way in; nothing where it cannot be, or means nothing.
#[must_use]
pub fn rule_of(clash: &Clash<'_>, way_in: WayIn) -> Option<&'static Rule> {
    use WayIn::{HttpRoute, Ingress, IngressRoute, IngressRouteTcp, TlsRoute, VirtualService};
    let rule = match clash {
        Clash::NoSuchPort { ports, wanted, .. } => match way_in {
            // Of a name of the DNS any number is dialled (`getServicePort` in `pkg/provider/kubernetes/crd/kubernetes.go`,
            // v2.11.53 to v3.7.13).
            IngressRoute | IngressRouteTcp
                if ports.is_external && matches!(wanted, Port::Number(_)) =>
            {
                return None;
            }
            IngressRoute | IngressRouteTcp | Ingress => &CI218,
            HttpRoute | TlsRoute | VirtualService => &CI824,
        },
        Clash::PlainPort { .. } => match way_in {
            IngressRouteTcp | TlsRoute | VirtualService => &CI225,
            // The front ends TLS, and may well speak plain http.
            IngressRoute | Ingress | HttpRoute => return None,
        },
        Clash::TlsPort { .. } => match way_in {
            HttpRoute => &CI810,
            VirtualService => &CI863,
            IngressRouteTcp => &CI261,
            // Traefik speaks TLS to such a port of itself; it does not where `scheme` says so. TLS that a TLSRoute has ended
            // goes on as bytes.
            IngressRoute | Ingress | TlsRoute => return None,
        },
        Clash::TlsInTls => match way_in {
            IngressRouteTcp => &CI229,
            VirtualService => &CI872,
            // TLS ends there; a BackendTLSPolicy is not read for a TLSRoute.
            IngressRoute | Ingress | HttpRoute | TlsRoute => return None,
        },
        Clash::NothingTrusted { .. } => match way_in {
            IngressRoute | IngressRouteTcp | Ingress => &CI210,
            HttpRoute | TlsRoute => &CI810,
            VirtualService => &CI864,
        },
        Clash::AnythingTrusted => match way_in {
            IngressRoute | IngressRouteTcp | Ingress => &CI113,
            VirtualService => &CI865,
            // A BackendTLSPolicy has no field for it.
            HttpRoute | TlsRoute => return None,
        },
        Clash::NoName => match way_in {
            IngressRoute | IngressRouteTcp | Ingress => &CI201,
            // The API server requires one; Istio expects the host of each request.
            HttpRoute | TlsRoute | VirtualService => return None,
        },
        Clash::NotSigned { .. } => match way_in {
            IngressRoute | IngressRouteTcp | Ingress => &CI105,
            HttpRoute | TlsRoute | VirtualService => &CI806,
        },
        Clash::OutsideConstraints { .. } => &CI607,
        Clash::OtherNames { leaf, .. } => match way_in {
            IngressRoute | IngressRouteTcp | Ingress => {
                // Go does not read the name in a subject.
                if leaf.cert().details.subject_alt_names.is_empty() {
                    &CI203
                } else {
                    &CI202
                }
            }
            HttpRoute | TlsRoute | VirtualService => &CI807,
        },
        Clash::Expired { .. } => &CI601,
        Clash::NotYetValid { .. } => &CI602,
        Clash::NoService { is_elsewhere } => match way_in {
            HttpRoute | TlsRoute if *is_elsewhere => &CI816,
            VirtualService if *is_elsewhere => &CI862,
            IngressRoute | IngressRouteTcp | Ingress | HttpRoute | TlsRoute | VirtualService => {
                &CI901
            }
        },
        Clash::ShownElsewhere { .. } => match way_in {
            IngressRoute | IngressRouteTcp | Ingress => &CI404,
            HttpRoute | TlsRoute => &CI816,
            VirtualService => &CI854,
        },
        Clash::ShownIncomplete { .. } => match way_in {
            IngressRoute | IngressRouteTcp | Ingress => &CI405,
            HttpRoute | TlsRoute => &CI820,
            VirtualService => &CI855,
        },
        Clash::HostNotCovered { .. } => match way_in {
            IngressRoute | IngressRouteTcp | Ingress => &CI408,
            HttpRoute | TlsRoute | VirtualService => &CI821,
        },
        Clash::PrivateAuthority { .. } => match way_in {
            IngressRouteTcp | TlsRoute | VirtualService => &CI232,
            // TLS ends there.
            IngressRoute | Ingress | HttpRoute => return None,
        },
        Clash::ProxyNotSent => &CI712,
        Clash::ProxyNotExpected => &CI713,
        Clash::ClientNotShown => match way_in {
            IngressRoute | IngressRouteTcp | Ingress | HttpRoute | VirtualService => &CI726,
            // Whoever begins the TLS may have a certificate.
            TlsRoute => return None,
        },
        Clash::PassedNotCovered { .. } => match way_in {
            IngressRouteTcp | TlsRoute | VirtualService => &CI241,
            // TLS ends there.
            IngressRoute | Ingress | HttpRoute => return None,
        },
    };
    Some(rule)
}

/// Judges all paths.
pub(super) fn check(model: &Model<'_>) -> Vec<Finding> {
    let terminated = terminated(model);
    let found = each(&model.paths, |routed| {
        let spot = Spot::of(model, routed);
        let is_reached = !is_beaten(routed, &terminated);
        let (path, grounds) = (&routed.path, &model.grounds);
        let clashes = if routed.way_in.is_of_traefik() {
            check::check(path, grounds)
        } else {
            // What is shown and what is trusted is asked of each Gateway and policy, whether or not a path leads there.
            let mut clashes = check::reach(path, grounds);
            clashes.extend(check::passed(path, grounds));
            clashes
        };
        clashes
            .into_iter()
            .filter_map(|clash| spot.finding(&clash))
            .map(|finding| finding.warning_unless(is_reached))
            .collect::<Vec<_>>()
    });
    found.into_iter().flatten().collect()
}

/// Returns the http routes that end TLS, by their hosts.
fn terminated<'m>(model: &'m Model<'_>) -> BTreeMap<String, Vec<&'m IngressRoute>> {
    let mut by_host: BTreeMap<String, Vec<&IngressRoute>> = BTreeMap::new();
    for typed in model.cluster.of(Kind::IngressRoute) {
        let spec = typed.resource.ingress_route();
        let Some(spec) = spec.filter(|spec| spec.tls.is_some()) else {
            continue;
        };
        for host in spec.routes.iter().flat_map(Route::hosts) {
            by_host.entry(host).or_default().push(spec);
        }
    }
    by_host
}

/// Returns whether http routes take all hosts of a TCP route: Traefik asks them first, and the TCP route then is never
/// reached (`Router.ServeTCP` in `pkg/server/router/tcp/router.go`, v2.11.53 to v3.7.9).
fn is_beaten(routed: &Routed<'_>, terminated: &BTreeMap<String, Vec<&IngressRoute>>) -> bool {
    let own = routed.route.resource.ingress_route();
    let Some(own) = own.filter(|_| routed.way_in == WayIn::IngressRouteTcp) else {
        return false;
    };
    let hosts = &routed.path.hosts;
    let is_taken = |host: &String| {
        let others = terminated.get(host);
        others.is_some_and(|others| others.iter().any(|other| own.meets(other)))
    };
    !hosts.is_empty() && hosts.iter().all(is_taken)
}

/// Where a clash is found.
pub(super) struct Spot<'m, 'a> {
    model: &'m Model<'a>,
    way_in: WayIn,
    /// The first host.
    host: &'m str,
    /// The route, and where it says for which hosts.
    matched: Option<(&'m Object<'a>, &'m Field)>,
    /// The object that names the Service, and where.
    named: Option<(&'m Object<'a>, &'m str)>,
    /// What says how the httpd is verified.
    transport: Option<&'m cluster::Object>,
    /// The path, if it is of one.
    routed: Option<&'m Routed<'a>>,
}

impl<'m, 'a> Spot<'m, 'a> {
    /// Returns the spot of a path.
    pub(super) fn of(model: &'m Model<'a>, routed: &'m Routed<'a>) -> Self {
        let named = routed.named.as_ref();
        Self {
            model,
            way_in: routed.way_in,
            host: routed.path.hosts.first().map_or("", String::as_str),
            matched: Some((&model.objects[routed.route.number], &routed.matched)),
            named: named
                .map(|(object, field)| (&model.objects[object.number], field.path.as_str())),
            transport: routed.transport.here().flatten(),
            routed: Some(routed),
        }
    }

    /// Returns the spot of what one of Traefik's objects names as a Service.
    pub(super) fn named(model: &'m Model<'a>, object: &'m cluster::Object, field: &'m str) -> Self {
        Self {
            model,
            way_in: WayIn::IngressRoute,
            host: "",
            matched: None,
            named: Some((&model.objects[object.number], field)),
            transport: None,
            routed: None,
        }
    }

    /// Returns it for another way in.
    pub(super) fn on(mut self, way_in: WayIn) -> Self {
        self.way_in = way_in;
        self
    }

    /// Returns the spot of a transport that no path uses.
    pub(super) fn unused(model: &'m Model<'a>, transport: &'m cluster::Object) -> Self {
        let is_tcp = transport.kind() == Kind::ServersTransportTcp;
        Self {
            model,
            way_in: if is_tcp {
                WayIn::IngressRouteTcp
            } else {
                WayIn::IngressRoute
            },
            host: "",
            matched: None,
            named: None,
            transport: Some(transport),
            routed: None,
        }
    }

    /// Makes the finding for a clash.
    pub(super) fn finding(&self, clash: &Clash<'_>) -> Option<Finding> {
        let rule = rule_of(clash, self.way_in)?;
        match clash {
            Clash::NoSuchPort {
                service,
                ports,
                wanted,
            } => self.no_such_port(rule, &service.name, ports, wanted),
            Clash::PlainPort { wanted } => {
                let (object, field) = self.named?;
                let message = format!("port `{}` speaks plain http", wanted.shown().escape_debug());
                let finding = object.finding_in(rule, &self.port_field(field), message);
                Some(finding.warning_unless(!self.has_number_of_tls(wanted)))
            }
            Clash::TlsPort { wanted } if self.way_in == WayIn::IngressRouteTcp => {
                self.plain_to_tls(rule, wanted)
            }
            Clash::TlsPort { wanted } => self.tls_port(rule, wanted),
            Clash::TlsInTls if self.way_in == WayIn::VirtualService => self.wrapped(rule),
            Clash::TlsInTls => {
                let (object, field) = self.named?;
                let message = "the browser's TLS is passed through, and `tls: true` wraps it again";
                Some(object.finding_in(rule, &format!("{field}.tls"), message))
            }
            Clash::NothingTrusted { port } => self.nothing_trusted(rule, *port),
            Clash::AnythingTrusted => self.at_transport(
                rule,
                "insecureSkipVerify",
                "Traefik does not verify httpd's certificate",
            ),
            Clash::NoName => {
                let transport = self.transport?;
                let here = Here {
                    namespace: self.lint_object(transport).namespace,
                    ..Here::default()
                };
                let message = format!(
                    "{} `{}` verifies httpd's certificate, but has no `serverName`",
                    transport.kind().as_str(),
                    transport.name
                );
                let finding = self.at_transport(rule, "serverName", message)?;
                Some(finding.predicted(self.model.knowledge.release, here))
            }
            Clash::NotSigned { leaf, trusted } => self.not_signed(rule, leaf, trusted),
            Clash::OutsideConstraints { leaf } => {
                let names = leaf.cert().details.subject_alt_names.join(", ");
                let message = format!("not all of {names} are within what its CA may sign");
                Some(self.at_leaf(rule, leaf, message))
            }
            Clash::OtherNames { leaf, expected } => self.other_names(rule, leaf, expected),
            // Found at each certificate, reference and Secret, whether or not a path leads there.
            Clash::Expired { .. }
            | Clash::NotYetValid { .. }
            | Clash::NoService { .. }
            | Clash::ShownElsewhere { .. }
            | Clash::ShownIncomplete { .. } => None,
            Clash::HostNotCovered { host } => self.not_covered(rule, host),
            Clash::PassedNotCovered { leaf, host } => {
                let (object, field) = self.matched?;
                let message = format!(
                    "browsers of `{}` see {}, which is for {}",
                    host.escape_debug(),
                    self.shown(leaf),
                    names_of(&[leaf.cert()])
                );
                Some(object.finding(rule, field.at, &field.path, message))
            }
            Clash::PrivateAuthority { passed, is_own } => self.private(rule, passed, *is_own),
            Clash::ProxyNotSent => {
                let (object, field) = self.named?;
                Some(object.finding_in(rule, field, not_sent(self.way_in)))
            }
            Clash::ClientNotShown => {
                let (object, field) = self.named?;
                let message =
                    "httpd requires a client certificate, and the front shows none that it takes";
                Some(object.finding_in(rule, field, message))
            }
            Clash::ProxyNotExpected => {
                let (object, field) = self.named?;
                let message = "the route sends a PROXY header, and httpd has no `RemoteIPProxyProtocol On` for this port";
                Some(object.finding_in(rule, field, message))
            }
        }
    }

    /// Returns whether a port has a number of TLS, whatever its name says: only httpd knows which of them is right.
    fn has_number_of_tls(&self, wanted: &Port) -> bool {
        let httpd = self.routed.and_then(|routed| routed.path.httpd.as_ref());
        let service = httpd.and_then(|httpd| {
            let place = &httpd.service;
            let cluster = self.model.cluster;
            cluster.find(Kind::Service, &place.scope, &place.name)
        });
        let service = service.and_then(|object| object.resource.service());
        let port = service.and_then(|service| service.port(wanted));
        port.and_then(|port| port.number) == Some(443)
    }

    fn plain_to_tls(&self, rule: &'static Rule, wanted: &Port) -> Option<Finding> {
        let (object, field) = self.named?;
        let message = format!(
            "port `{}` speaks TLS, and what is sent there is none",
            wanted.shown().escape_debug()
        );
        Some(object.finding_in(rule, &self.port_field(field), message))
    }

    fn not_signed(
        &self,
        rule: &'static Rule,
        leaf: &Leaf<'_>,
        trusted: &[Arc<Cert>],
    ) -> Option<Finding> {
        let settings = self.transport?.resource.servers_transport()?;
        let mut roots = settings.root_cas.iter().filter(|root| root.named.is_ok());
        let root = roots.next().map_or("rootCAs", |root| root.field.as_str());
        let trusted: Vec<String> = trusted
            .iter()
            .map(|root| format!("`{}`", root.name()))
            .collect();
        let trusted = match trusted.as_slice() {
            [] => "the roots of its system only".to_owned(),
            _ => trusted.join(", "),
        };
        let message = format!(
            "{} is signed by `{}`, and Traefik trusts {trusted}",
            self.shown(leaf),
            leaf.cert().details.issuer,
        );
        let finding = self.at_transport(rule, root, message)?;
        Some(finding.predicted(self.model.knowledge.release, self.here()))
    }

    fn no_such_port(
        &self,
        rule: &'static Rule,
        name: &str,
        service: &Service,
        wanted: &Port,
    ) -> Option<Finding> {
        let (object, field) = self.named?;
        if !self.way_in.is_of_traefik() {
            return self.no_port_at_gateway(rule, name, service, wanted);
        }
        let shown = wanted.shown();
        let only = match self.way_in {
            WayIn::IngressRoute | WayIn::IngressRouteTcp => {
                let numbers = service.ports.iter().filter_map(|port| port.number);
                let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
                if service.ports.is_empty() {
                    ", and no other".to_owned()
                } else {
                    format!(", only {}", numbers.join(", "))
                }
            }
            WayIn::Ingress | WayIn::HttpRoute | WayIn::TlsRoute | WayIn::VirtualService => {
                String::new()
            }
        };
        let message = format!(
            "Service `{name}` has no port `{}`{only}",
            shown.escape_debug()
        );
        Some(object.finding_in(rule, &format!("{field}.port"), message))
    }

    fn nothing_trusted(&self, rule: &'static Rule, port: Option<&Port>) -> Option<Finding> {
        let model = self.model;
        let (object, field) = self.named?;
        // A ServersTransport that trusts the system's roots does so on purpose.
        if self.transport.is_some() || model.provider.options.own_transport {
            return None;
        }
        let speech = match self.way_in {
            WayIn::IngressRouteTcp => "TLS",
            _ => "https",
        };
        let message = format!("Traefik speaks {speech} to this Service, and nothing names its CA");
        if self.way_in == WayIn::Ingress {
            let name = object.node_in(field).text_of("name").unwrap_or_default();
            let help = format!(
                "Give Service `{name}` the annotation `traefik.ingress.kubernetes.io/service.serverstransport: NAMESPACE-NAME@kubernetescrd`."
            );
            return Some(object.finding_in(rule, field, message).with_help(help));
        }
        let field = format!("{field}.serversTransport");
        let finding = object.finding_in(rule, &field, message);
        // Whoever speaks https on the port of http knows more of that Service than the input shows.
        let may_be_meant = port == Some(&Port::Number(80)) && !model.options.strict_references;
        Some(if may_be_meant {
            finding.with_severity(Severity::Info)
        } else if model.has_certain_options() {
            finding.with_severity(Severity::Error)
        } else {
            finding
        })
    }

    fn private(
        &self,
        rule: &'static Rule,
        passed: &Passed<'_, '_>,
        is_own: bool,
    ) -> Option<Finding> {
        let (object, field) = self.matched?;
        let message = format!(
            "browsers of `{}` see {}, which `{}` signed",
            passed.host.escape_debug(),
            self.shown(&passed.leaf),
            passed.leaf.cert().details.issuer
        );
        let finding = object.finding(rule, field.at, &field.path, message);
        Some(if is_own {
            finding
        } else {
            finding.with_severity(Severity::Info)
        })
    }

    fn not_covered(&self, rule: &'static Rule, host: &str) -> Option<Finding> {
        let (object, field) = self.matched?;
        // A resolver asks for the certificate; of an Ingress the hosts of `tls` count.
        if self.way_in == WayIn::Ingress || object.has("spec.tls.certResolver") {
            return None;
        }
        let message = not_covered(host, self.model.grounds.names()?);
        Some(object.finding(rule, field.at, &field.path, message))
    }

    fn other_names(&self, rule: &'static Rule, leaf: &Leaf<'_>, expected: &str) -> Option<Finding> {
        let (details, shown) = (&leaf.cert().details, self.shown(leaf));
        let release = self.model.knowledge.release;
        if details.subject_alt_names.is_empty() {
            let subject = &details.subject;
            let message =
                format!("{shown} has no subject alternative name, only its subject `{subject}`");
            let finding = self.at_leaf(rule, leaf, message);
            return Some(finding.predicted(release, self.here()));
        }
        let names = names_of(&[leaf.cert()]);
        let message = format!("{shown} is for {names}, not for `{expected}`");
        let here = Here {
            host: &names,
            ..self.here()
        };
        let finding = self.at_transport(rule, "serverName", message)?;
        Some(finding.predicted(release, here))
    }

    fn here(&self) -> Here<'_> {
        let transport = self.transport;
        let settings = transport.and_then(|object| object.resource.servers_transport());
        let name = settings.and_then(|settings| settings.server_name.as_ref());
        Here {
            namespace: transport.map_or("", |object| self.lint_object(object).namespace),
            host: self.host,
            server_name: name.map_or("", |name| &name.value),
            ..Here::default()
        }
    }

    fn lint_object(&self, object: &cluster::Object) -> &'m Object<'a> {
        &self.model.objects[object.number]
    }

    fn shown(&self, leaf: &Leaf<'_>) -> String {
        let secret = self.lint_object(leaf.object).shown();
        format!("`{}` of Secret {secret}", leaf.entry.key)
    }

    fn at_leaf(&self, rule: &'static Rule, leaf: &Leaf<'_>, message: String) -> Finding {
        let object = self.lint_object(leaf.object);
        object.finding(rule, leaf.entry.at, &leaf.entry.field(), message)
    }

    /// Makes a finding at one of the TLS settings of the ServersTransport or ServersTransportTCP.
    fn at_transport(
        &self,
        rule: &'static Rule,
        key: &str,
        message: impl Into<String>,
    ) -> Option<Finding> {
        let transport = self.transport?;
        let below = transport.resource.servers_transport()?.path;
        let field = format!("{below}.{key}");
        Some(
            self.lint_object(transport)
                .finding_in(rule, &field, message),
        )
    }
}

/// Most names that a message lists.
const LISTED: usize = 5;

/// Describes a host that is not covered.
pub(super) fn not_covered(host: &str, names: &BTreeSet<String>) -> String {
    if names.is_empty() {
        return format!("`{host}` has no certificate");
    }
    let some: Vec<&str> = names.iter().take(LISTED).map(String::as_str).collect();
    let more = if names.len() > LISTED { ", …" } else { "" };
    format!(
        "`{host}` is not covered by any of {}{more}",
        some.join(", ")
    )
}

fn not_sent(way_in: WayIn) -> &'static str {
    match way_in {
        WayIn::IngressRoute | WayIn::Ingress => {
            "httpd requires a PROXY header, and Traefik sends none over http"
        }
        WayIn::IngressRouteTcp => "httpd requires a PROXY header, and the route sends none",
        WayIn::HttpRoute | WayIn::TlsRoute => {
            "httpd requires a PROXY header, and the Gateway API has no field to ask for one"
        }
        WayIn::VirtualService => {
            "httpd requires a PROXY header, and no DestinationRule asks Istio for one"
        }
    }
}
