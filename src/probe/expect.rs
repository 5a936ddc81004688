//! What a route's TLSOption and Middlewares promise of the leg to browsers, held against what was seen.

use super::http::Head;
use super::objects::{crossing, named};
use super::seen::{Broken, Tls};
use super::{Check, Finding, Verdict};
use crate::cluster::{Cluster, Kind, Object, Resource};
use crate::kinds::Reference;
use crate::kinds::traefik::{IngressRoute, Route, TlsOption, tls_version};
use crate::lint::rules::CI402;
use crate::path::hop::Place;
use crate::path::traefik::{Name, named_scope};

/// Deepest nesting of Middlewares `chain` that is followed.
const DEPTH_LIMIT: usize = 8;

/// What a TLSOption asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientOptions {
    /// The object.
    pub origin: String,
    min: Option<u8>,
    max: Option<u8>,
    alpn: Vec<String>,
    sni_strict: bool,
    client: Option<String>,
    authorities: Vec<String>,
}

/// What a Middleware sets of `Strict-Transport-Security`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hsts {
    /// `max-age`.
    pub seconds: u64,
    /// The Middleware.
    pub origin: String,
}

/// Follows the Middlewares of a route as far as they show in an answer.
pub(super) fn middlewares(
    cluster: &Cluster,
    object: &Object,
    route: &Route,
    findings: &mut Vec<Finding>,
) -> Option<Hsts> {
    let mut hsts = None;
    chain(cluster, object, &route.middlewares, 0, &mut hsts, findings);
    hsts
}

fn chain(
    cluster: &Cluster,
    object: &Object,
    list: &[Reference],
    depth: usize,
    hsts: &mut Option<Hsts>,
    findings: &mut Vec<Finding>,
) {
    for reference in list {
        let scope = named_scope(&object.scope, reference.namespace.as_deref());
        let middleware = match named(cluster, Kind::Middleware, &scope, &reference.name) {
            Ok(middleware) if depth < DEPTH_LIMIT => middleware,
            Ok(_) => return,
            Err(fault) => {
                let more = match Name::of(&reference.name) {
                    Name::Outside(_) => "",
                    _ => "; if there is none, Traefik drops the route and answers 404",
                };
                findings.push(unknown(format!("{object}: {}{more}", fault.what)));
                continue;
            }
        };
        findings.extend(crossing(object, middleware, &middleware.scope));
        let Resource::Middleware(spec) = &middleware.resource else {
            continue;
        };
        // Of several the outer one has the last word.
        let seconds = spec
            .sts_seconds
            .and_then(|seconds| u64::try_from(seconds).ok());
        if let Some(seconds) = seconds.filter(|seconds| *seconds > 0 && hsts.is_none()) {
            *hsts = Some(Hsts {
                seconds,
                origin: middleware.to_string(),
            });
        }
        let scheme = spec.redirect_scheme.as_deref();
        if let Some(scheme) = scheme.filter(|scheme| *scheme != "https") {
            let what = format!(
                "{middleware} of {object} redirects browsers that came by https to {scheme}"
            );
            findings.push(
                Finding::new(Check::Objects, Verdict::Warning, what)
                    .fix(format!("set `scheme: https` in {middleware}")),
            );
        }
        chain(cluster, middleware, &spec.chain, depth + 1, hsts, findings);
    }
}

fn unknown(what: String) -> Finding {
    Finding::new(Check::Objects, Verdict::Note, what)
}

impl ClientOptions {
    /// Returns the TLSOption of a route: its own, or the one that is called `default`.
    pub(super) fn of(
        cluster: &Cluster,
        object: &Object,
        route: &IngressRoute,
        findings: &mut Vec<Finding>,
    ) -> Option<Self> {
        if let Some(reference) = route.tls.as_ref().and_then(|tls| tls.options.as_ref()) {
            let scope = named_scope(&object.scope, reference.namespace.as_deref());
            return match named(cluster, Kind::TlsOption, &scope, &reference.name) {
                Ok(option) => {
                    findings.extend(crossing(object, option, &option.scope));
                    Self::read(option)
                }
                Err(fault) => {
                    findings.push(unknown(format!(
                        "{}; what it requires of browsers is not checked",
                        fault.what
                    )));
                    None
                }
            };
        }
        let defaults: Vec<&Object> = cluster
            .of(Kind::TlsOption)
            .filter(|object| object.name == "default")
            .collect();
        match defaults.as_slice() {
            [one] => Self::read(one),
            [] => None,
            several => {
                let all: Vec<String> = several
                    .iter()
                    .map(|object| Place::of(object).to_string())
                    .collect();
                let all = all.join(", ");
                findings.push(Finding::of_rule(&CI402, Verdict::Warning, all));
                None
            }
        }
    }

    fn read(object: &Object) -> Option<Self> {
        let Resource::TlsOption(option) = &object.resource else {
            return None;
        };
        let TlsOption {
            min_version,
            max_version,
            alpn,
            sni_strict,
            client_auth,
            client_authorities,
        } = &**option;
        let authorities = client_authorities.iter();
        Some(Self {
            origin: object.to_string(),
            sni_strict: *sni_strict,
            min: min_version.as_deref().and_then(tls_version),
            max: max_version.as_deref().and_then(tls_version),
            alpn: alpn.clone(),
            client: client_auth.clone(),
            authorities: authorities.map(|name| name.value.clone()).collect(),
        })
    }

    /// Whether only a second handshake shows that older versions are refused.
    #[must_use]
    pub fn asks_for_tls_1_3(&self) -> bool {
        self.min == Some(3)
    }

    /// Reports, before any connection, what a client without a certificate will meet.
    #[must_use]
    pub fn before(&self, has_certificate: bool) -> Option<Finding> {
        let kind = self
            .client
            .as_deref()
            .filter(|kind| kind.starts_with("Require"))?;
        if has_certificate {
            return None;
        }
        let of = if self.authorities.is_empty() {
            String::new()
        } else {
            format!(" of a CA in Secret {}", self.authorities.join(", "))
        };
        let what = format!(
            "{} lets no browser in without a certificate{of} ({kind}), and none is given",
            self.origin
        );
        Some(
            Finding::new(Check::Client, Verdict::Warning, what)
                .fix("pass one: `--cert FILE --key FILE`"),
        )
    }

    /// Holds a handshake against it; `older` is how one in TLS 1.2 went, and `is_other` says that the certificate is not
    /// for the name.
    #[must_use]
    pub fn after(
        &self,
        tls: &Tls,
        older: Option<&Result<(), Broken>>,
        is_other: bool,
    ) -> Option<Finding> {
        let mut differences: Vec<String> = Vec::new();
        let mut differs = |what: String| differences.push(what);
        let version = match tls.version.as_deref() {
            Some("TLS 1.3") => 3,
            Some("TLS 1.2") => 2,
            _ => return None,
        };
        let spoken = tls.version.as_deref().unwrap_or_default();
        if self.min.is_some_and(|min| version < min) || self.max.is_some_and(|max| version > max) {
            differs(format!(
                "the front speaks {spoken}, which it does not let in"
            ));
        } else if matches!(older, Some(Ok(()) | Err(Broken::Certificate))) {
            differs("minVersion is TLS 1.3, and the front accepts TLS 1.2 too".to_owned());
        }
        if self.sni_strict && is_other {
            differs("sniStrict, and the front shows a certificate for another name".to_owned());
        }
        if !self.alpn.is_empty() {
            match &tls.alpn {
                Some(alpn) if !self.alpn.contains(alpn) => differs(format!(
                    "the front chose {alpn}, and alpnProtocols has only {}",
                    self.alpn.join(", ")
                )),
                None if self
                    .alpn
                    .iter()
                    .any(|alpn| alpn == "h2" || alpn == "http/1.1") =>
                {
                    differs(format!(
                        "alpnProtocols has {}, and the front chose none",
                        self.alpn.join(", ")
                    ));
                }
                _ => {}
            }
        }
        let asks = self
            .client
            .as_deref()
            .filter(|kind| !matches!(*kind, "NoClientCert" | ""));
        if let Some(kind) = asks.filter(|_| !tls.asked_for_certificate) {
            differs(format!(
                "clientAuthType is {kind}, and the front asks for no certificate"
            ));
        }
        if !differences.is_empty() {
            let what = format!(
                "{} is not in force: {}",
                self.origin,
                differences.join("; ")
            );
            let finding = Finding::new(Check::Tls, Verdict::Warning, what);
            return Some(finding.fix("check in Traefik's log whether the route is applied; routes that name different TLSOptions for one host all get the default"));
        }
        let unseen = match self.min? {
            3 => ", and TLS 1.2 is refused",
            _ => "; whether older versions are refused cannot be seen from here",
        };
        let what = format!(
            "{} asks for TLS 1.{} at least, and {spoken} is spoken{unseen}",
            self.origin, self.min?
        );
        Some(Finding::new(Check::Tls, Verdict::Good, what))
    }
}

impl Hsts {
    /// Reports where an answer lacks what the Middleware sets.
    #[must_use]
    pub fn missed(&self, head: &Head) -> Option<Finding> {
        let Self { seconds, origin } = self;
        let what = match head.max_age() {
            Some(age) if age == *seconds => return None,
            Some(age) => format!(
                "Strict-Transport-Security has max-age {age}, and {origin} sets stsSeconds {seconds}"
            ),
            None => format!(
                "{origin} sets stsSeconds {seconds}, and the answer has no Strict-Transport-Security"
            ),
        };
        let finding = Finding::new(Check::Hsts, Verdict::Warning, what);
        Some(finding.fix("a route other than the manifests' answers, or they are not applied: check Traefik's log"))
    }
}
