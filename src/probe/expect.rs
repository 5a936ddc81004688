//! What a route's TLSOption and Middlewares promise of the leg to browsers, held against what was seen.

use super::http::Head;
use super::objects::{Manifests, Object, is_true, items, text};
use super::reference::{Reference, crossing};
use super::seen::{Broken, Tls};
use super::{Check, Finding, Verdict};
use crate::yaml::{Node, Value};

/// Deepest nesting of Middlewares `chain` that is followed.
const DEPTH_LIMIT: usize = 8;

/// What a TLSOption asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
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

impl Manifests {
    /// Returns the TLSOption of a route: its own, or the one that is called `default`.
    pub(super) fn options(&self, route: &Object, findings: &mut Vec<Finding>) -> Option<Options> {
        let named = route.spec().get("tls").and_then(|tls| tls.get("options"));
        if let Some(name) = named.and_then(|named| text(named, &["name"])) {
            let namespace = named
                .and_then(|named| text(named, &["namespace"]))
                .unwrap_or(&route.name.namespace);
            return match self.named("TLSOption", namespace, name) {
                Ok(object) => {
                    findings.extend(crossing(route, object, &object.name.namespace));
                    Some(Options::read(object))
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
        let defaults: Vec<&Object> = self
            .of_kind("TLSOption")
            .filter(|object| object.name.name == "default")
            .collect();
        match defaults.as_slice() {
            [one] => Some(Options::read(one)),
            [] => None,
            several => {
                let all: Vec<String> = several
                    .iter()
                    .map(|object| object.name.to_string())
                    .collect();
                let what = format!(
                    "there are {} TLSOptions `default`, and Traefik drops them all: {}",
                    all.len(),
                    all.join(", ")
                );
                findings.push(
                    Finding::new(Check::Objects, Verdict::Warning, what).fix("delete all but one"),
                );
                None
            }
        }
    }

    /// Follows the Middlewares of a route as far as they show in an answer.
    pub(super) fn middlewares(
        &self,
        object: &Object,
        route: &Node,
        findings: &mut Vec<Finding>,
    ) -> Option<Hsts> {
        let mut hsts = None;
        self.chain(object, items(route, "middlewares"), 0, &mut hsts, findings);
        hsts
    }

    fn chain(
        &self,
        object: &Object,
        list: &[Node],
        depth: usize,
        hsts: &mut Option<Hsts>,
        findings: &mut Vec<Finding>,
    ) {
        for named in list {
            let name = text(named, &["name"]).unwrap_or_default();
            let namespace = text(named, &["namespace"]).unwrap_or(&object.name.namespace);
            let middleware = match self.named("Middleware", namespace, name) {
                Ok(middleware) if depth < DEPTH_LIMIT => middleware,
                Ok(_) => return,
                Err(fault) => {
                    let more = match Reference::new(namespace, name) {
                        Reference::Outside(_) => "",
                        _ => "; if there is none, Traefik drops the route and answers 404",
                    };
                    findings.push(unknown(format!("{object}: {}{more}", fault.what)));
                    continue;
                }
            };
            findings.extend(crossing(object, middleware, &middleware.name.namespace));
            let spec = middleware.spec();
            if let Some(Value::Int(seconds)) = spec
                .get("headers")
                .and_then(|headers| headers.get("stsSeconds"))
                .map(|node| &node.value)
            {
                // Of several the outer one has the last word.
                if let Some(seconds) = u64::try_from(*seconds)
                    .ok()
                    .filter(|seconds| *seconds > 0 && hsts.is_none())
                {
                    *hsts = Some(Hsts {
                        seconds,
                        origin: middleware.to_string(),
                    });
                }
            }
            if let Some(scheme) = spec
                .get("redirectScheme")
                .and_then(|spec| text(spec, &["scheme"]))
                .filter(|scheme| *scheme != "https")
            {
                let what = format!(
                    "{middleware} of {object} redirects browsers that came by https to {scheme}"
                );
                findings.push(
                    Finding::new(Check::Objects, Verdict::Warning, what)
                        .fix(format!("set `scheme: https` in {middleware}")),
                );
            }
            if let Some(inner) = spec.get("chain") {
                self.chain(
                    middleware,
                    items(inner, "middlewares"),
                    depth + 1,
                    hsts,
                    findings,
                );
            }
        }
    }
}

fn unknown(what: String) -> Finding {
    Finding::new(Check::Objects, Verdict::Note, what)
}

impl Options {
    fn read(object: &Object) -> Self {
        let spec = object.spec();
        let version = |key: &str| match text(spec, &[key])? {
            "VersionTLS10" => Some(0),
            "VersionTLS11" => Some(1),
            "VersionTLS12" => Some(2),
            "VersionTLS13" => Some(3),
            _ => None,
        };
        let texts = |node: &Node, key: &str| {
            items(node, key)
                .iter()
                .filter_map(|item| item.text().map(str::to_owned))
                .collect()
        };
        let client = spec.get("clientAuth");
        Self {
            origin: object.to_string(),
            sni_strict: is_true(spec, "sniStrict"),
            min: version("minVersion"),
            max: version("maxVersion"),
            alpn: texts(spec, "alpnProtocols"),
            client: client
                .and_then(|client| text(client, &["clientAuthType"]))
                .map(str::to_owned),
            authorities: client
                .map(|client| texts(client, "secretNames"))
                .unwrap_or_default(),
        }
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
