//! cert-manager's kinds (`cert-manager.io/v1`): a Certificate says something of a certificate that need not be at hand.

use super::{ObjectRef, Placed, SECRET_NAME, flag, text};
use crate::duration::of_go;
use crate::instant::earlier;
use crate::pki::validity::{Validity, parse_instant};
use crate::yaml::{At, Node, Value};
use time::{Duration, OffsetDateTime};

/// Label of the pods that answer for HTTP-01 (`pkg/issuer/acme/http/pod.go`).
pub const SOLVER: &str = "acme.cert-manager.io/http01-solver";
/// Port at which they answer.
pub const SOLVER_PORT: i64 = 8089;

/// A Certificate object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Where `spec` stands.
    pub at: At,
    /// `spec.secretName`: the Secret with the certificate under `tls.crt`.
    pub secret: Option<String>,
    /// `spec.dnsNames`.
    pub dns_names: Vec<Placed<String>>,
    /// Where they stand.
    pub dns_names_at: Option<At>,
    /// Whether it asks for names of another type: `ipAddresses`, `uris`, `emailAddresses`, `otherNames`.
    pub has_other_names: bool,
    /// `spec.commonName`.
    pub common_name: Option<Placed<String>>,
    /// Whether there is a `spec.literalSubject`.
    pub has_subject: bool,
    /// `spec.issuerRef`.
    pub issuer: Option<ObjectRef>,
    /// Where `spec.isCA` stands, if it is true.
    pub is_ca: Option<At>,
    /// `spec.usages`.
    pub usages: Vec<Placed<String>>,
    /// Where they stand.
    pub usages_at: Option<At>,
    /// `spec.duration`.
    pub duration: Option<Placed<std::time::Duration>>,
    /// `spec.renewBefore`.
    pub renew_before: Option<Placed<std::time::Duration>>,
    /// Whether there is a `spec.renewBeforePercentage`.
    pub has_renew_percentage: bool,
    /// `status.notBefore` and `status.notAfter`.
    pub validity: Option<Validity>,
    /// When it is renewed.
    pub renewal: Renewal,
    /// Why it is not ready, where cert-manager says so.
    pub failure: Option<String>,
}

/// When cert-manager renews a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// Then: `status.renewalTime`.
    At(OffsetDateTime),
    /// So long before its end: `spec.renewBefore`.
    Before(Duration),
    /// When so many percent of its life are left: `spec.renewBeforePercentage`.
    Left(u8),
    /// When a third of its life is left (cert-manager.io/docs/usage/certificate, "Renewal").
    Usual,
}

impl Renewal {
    /// Returns the instant for a certificate of this validity.
    #[must_use]
    pub fn of(self, validity: Validity) -> OffsetDateTime {
        let life = validity.not_after - validity.not_before;
        match self {
            Self::At(at) => at,
            Self::Before(span) => earlier(validity.not_after, span),
            Self::Left(percent) => earlier(validity.not_after, life * i32::from(percent) / 100),
            Self::Usual => earlier(validity.not_after, life / 3),
        }
    }
}

/// An Issuer or a ClusterIssuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// Where `spec` stands.
    pub at: At,
    /// Which kinds of issuer it is: `acme`, `ca`, `selfSigned`, `vault`, `venafi`.
    pub kinds: Vec<&'static str>,
    /// `ca.secretName`.
    pub authority: Option<Placed<String>>,
    /// `acme.solvers`.
    pub solvers: Vec<Solver>,
}

/// How challenges of ACME are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solver {
    /// Where it stands.
    pub at: At,
    /// `http01`.
    pub http: Option<HttpSolver>,
    /// Whether there is a `dns01`.
    pub has_dns: bool,
    /// Whether `waitInsteadOfSelfCheck` says that cert-manager does not ask itself first (1.21).
    pub waits: bool,
}

/// `http01` of a solver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSolver {
    /// Where it stands.
    pub at: At,
    /// `ingress`.
    pub ingress: Option<IngressSolver>,
    /// The `parentRefs` of `gatewayHTTPRoute`, if there is one.
    pub gateways: Option<Vec<ObjectRef>>,
}

/// The Ingress that is made for a challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngressSolver {
    /// Where it stands.
    pub at: At,
    /// `ingressClassName`, else `class`.
    pub class: Option<String>,
    /// How many of these two and `name` are there.
    pub settings: usize,
    /// Whether `ingressTemplate` gives it annotations.
    pub has_annotations: bool,
}

impl Issuer {
    pub(crate) fn of(spec: &Node) -> Self {
        let kinds = ["acme", "ca", "selfSigned", "vault", "venafi"].into_iter();
        let acme = spec.get("acme").map(|acme| acme.items_of("solvers"));
        let authority = spec.get("ca");
        Self {
            at: spec.at,
            kinds: kinds.filter(|kind| spec.get(kind).is_some()).collect(),
            authority: authority.and_then(|authority| Placed::of(authority, SECRET_NAME)),
            solvers: acme.unwrap_or_default().iter().map(Solver::of).collect(),
        }
    }

    /// Returns whether it is of a kind.
    #[must_use]
    pub fn is(&self, kind: &str) -> bool {
        self.kinds.contains(&kind)
    }
}

impl Solver {
    fn of(node: &Node) -> Self {
        Self {
            at: node.at,
            http: node.get("http01").map(|http| HttpSolver {
                at: http.at,
                ingress: http.get("ingress").map(IngressSolver::of),
                gateways: http
                    .get("gatewayHTTPRoute")
                    .map(|route| ObjectRef::all(route, "parentRefs")),
            }),
            has_dns: node.get("dns01").is_some(),
            waits: node.get("waitInsteadOfSelfCheck").is_some(),
        }
    }
}

impl IngressSolver {
    fn of(node: &Node) -> Self {
        let settings = ["ingressClassName", "class", "name"].into_iter();
        Self {
            at: node.at,
            class: text(node, "ingressClassName").or_else(|| text(node, "class")),
            settings: settings.filter(|key| node.get(key).is_some()).count(),
            has_annotations: node
                .at_path(&["ingressTemplate", "metadata", "annotations"])
                .is_some(),
        }
    }
}

impl Announced {
    pub(crate) fn of(object: &Node, spec: &Node) -> Self {
        let status = object.get("status");
        let instant = |key| parse_instant(status?.text_of(key)?).ok();
        let not_after = instant("notAfter");
        let conditions = status.map(|status| status.items_of("conditions"));
        let is_failed = |condition: &&Node| {
            condition.text_of("type") == Some("Ready")
                && condition.text_of("status") == Some("False")
        };
        let mut failed = conditions.unwrap_or_default().iter().filter(is_failed);
        let failure = failed
            .find_map(|condition| text(condition, "message").or_else(|| text(condition, "reason")));
        let length = |key: &str| {
            let node = spec.get(key)?;
            let value = of_go(node.text()?)?;
            Some(Placed { value, at: node.at })
        };
        let renew_before = length("renewBefore");
        let before = || {
            let length = Duration::try_from(renew_before.as_ref()?.value);
            length.ok().map(Renewal::Before)
        };
        let percentage = spec.get("renewBeforePercentage");
        let left = || match percentage?.value {
            Value::Int(percent) => u8::try_from(percent)
                .ok()
                .filter(|percent| *percent < 100)
                .map(Renewal::Left),
            _ => None,
        };
        let renewal = instant("renewalTime").map(Renewal::At);
        let renewal = renewal.or_else(before).or_else(left);
        let others = ["ipAddresses", "uris", "emailAddresses", "otherNames"];
        let place = |key: &str| spec.get(key).map(|node| node.at);
        Self {
            at: spec.at,
            secret: text(spec, SECRET_NAME),
            dns_names: Placed::all(spec, "dnsNames"),
            dns_names_at: place("dnsNames"),
            has_other_names: others.iter().any(|key| !spec.items_of(key).is_empty()),
            common_name: Placed::of(spec, "commonName"),
            has_subject: spec.get("literalSubject").is_some(),
            issuer: spec.get("issuerRef").map(ObjectRef::of),
            is_ca: flag(spec, "isCA"),
            usages: Placed::all(spec, "usages"),
            usages_at: place("usages"),
            duration: length("duration"),
            has_renew_percentage: percentage.is_some(),
            validity: not_after.map(|not_after| Validity {
                not_before: instant("notBefore").unwrap_or(not_after).min(not_after),
                not_after,
            }),
            renewal: renewal.unwrap_or(Renewal::Usual),
            renew_before,
            failure,
        }
    }

    /// Returns the names that the certificate is for, in lower case: `dnsNames`, else `commonName`.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let names = self.dns_names.iter().map(|name| name.value.to_lowercase());
        let names: Vec<String> = names.collect();
        match &self.common_name {
            Some(name) if names.is_empty() => vec![name.value.clone()],
            _ => names,
        }
    }
}
