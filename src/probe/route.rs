//! Which route of the manifests a connection for a host takes, and what it asks of the connection.
//!
//! On the port of TLS Traefik looks first for an http route that names the host, then for a TCP route that does, then
//! for an http route without any host, and last for ``HostSNI(`*`)`` (`Router.ServeTCP` in
//! pkg/server/router/tcp/router.go, the same in v2.11.53, v3.0.0 and v3.7.9; its documentation says that TCP goes first).
//! Among routes of one kind the highest priority goes first, by default the length of the rule.

use super::choose::{choose, routes};
use super::expect::{ClientOptions, Hsts, middlewares};
use super::gateway;
use super::{Check, Finding, Verdict};
use crate::cluster::{Cluster, Kind, Object};
use crate::fault::Fault;
use crate::kinds::traefik as kinds;
use crate::lint::rules::{CI219, CI227};
use crate::name::DnsName;
use crate::path::Routed;
use crate::path::choose::Candidate;
use crate::path::entrances::Entrances;
use crate::path::fit::{self, Fit};
use crate::path::hop::{Inward, Place, Shown};
use crate::path::request::{Request, RequestPath};
use crate::path::traefik::inward;

/// How Traefik leads the connections for a host.
pub struct Way<'a> {
    /// What is asked for, so that the route takes it.
    pub request: Request,
    /// The TLSOption that holds, where the TLS of browsers ends at Traefik.
    pub options: Option<ClientOptions>,
    /// What the answer must say of HSTS.
    pub hsts: Option<Hsts>,
    /// What there is to report about the objects.
    pub findings: Vec<Finding>,
    cluster: &'a Cluster,
    object: &'a Object,
    led: Led<'a>,
    inward: Inward,
    host: DnsName,
}

/// What leads the connections.
enum Led<'a> {
    /// A route of Traefik's own kinds.
    ByTraefik(&'a kinds::Route),
    /// One of the Gateway API, or of Istio.
    ByGateway(Box<Routed<'a>>),
}

impl<'a> Way<'a> {
    /// Finds the route for a host; `path` is what is to be requested, and nothing for whatever the route takes.
    ///
    /// # Errors
    /// No route for the host, or none that takes the path.
    pub fn find(
        cluster: &'a Cluster,
        host: &DnsName,
        path: Option<&RequestPath>,
    ) -> Result<Self, Fault> {
        let plain = Request::new(path.cloned().unwrap_or_default());
        let mut findings = Vec::new();
        let http = routes(cluster, Kind::IngressRoute, host, &mut findings);
        let tcp = routes(cluster, Kind::IngressRouteTcp, host, &mut findings).tried;
        let is_for_host = |route: &Candidate<'_>| fit::may_take(route.rule, host);
        let is_served = http.tried.iter().chain(&tcp).any(is_for_host);
        // What is served without TLS alone is reached by what ends it before Traefik.
        let is_plain = http.plain.iter().any(|route| route.names(host));
        if !is_served
            && !is_plain
            && let Some(routed) = gateway::find(cluster, host)
        {
            return Ok(Self::at_gateway(cluster, routed, plain, host, findings));
        }
        let http = if is_plain && !is_served {
            http.plain
        } else {
            http.tried
        };
        let (tls, raw): (Vec<_>, Vec<_>) =
            tcp.into_iter().partition(|route| route.spec.tls.is_some());
        let (raw, dropped): (Vec<_>, Vec<_>) = raw.into_iter().partition(Candidate::is_wide);
        for route in dropped.iter().filter(|route| route.names(host)) {
            let finding = Finding::of_rule(&CI219, Verdict::Broken, route.object);
            findings.push(finding.fix(format!(
                "set `tls` in {}, such as `passthrough: true`",
                route.object
            )));
        }
        let fits = |route: &&Candidate<'_>| fit::fit(route.rule, host, &plain) != Fit::No;

        let named = http.iter().find(|route| route.names(host));
        let first = tls.iter().find(fits);
        let by_name = first.filter(|route| !route.is_wide());
        let hostless = http.iter().find(|route| route.route.hosts().is_empty());
        if let Some((named, by_name)) = named.zip(by_name).filter(|(one, other)| one.meets(other)) {
            findings.push(never_reached(by_name, named));
        }
        let is_http = named.is_some() || (by_name.is_none() && hostless.is_some());
        let last: Vec<Candidate<'_>> = if is_http {
            http
        } else {
            tls.into_iter().chain(raw).collect()
        };
        let may_bend = path.is_none();
        let (chosen, request) = choose(cluster, &last, host, &plain, may_bend, &mut findings)?;
        Ok(Self::by(cluster, chosen, request, host, findings))
    }

    /// Follows a route of the Gateway API or of Istio, whichever requests it takes.
    fn at_gateway(
        cluster: &'a Cluster,
        routed: Routed<'a>,
        request: Request,
        host: &DnsName,
        mut findings: Vec<Finding>,
    ) -> Self {
        findings.insert(0, gateway::taken(&routed, host));
        Self {
            request,
            options: None,
            hsts: None,
            findings,
            cluster,
            object: routed.route,
            inward: routed.path.inward.clone(),
            led: Led::ByGateway(Box::new(routed)),
            host: host.clone(),
        }
    }

    fn by(
        cluster: &'a Cluster,
        chosen: &Candidate<'a>,
        request: Request,
        host: &DnsName,
        mut findings: Vec<Finding>,
    ) -> Self {
        let object = chosen.object;
        let inward = inward(object, chosen.spec, chosen.route, &Entrances::default());
        let ends = match inward {
            Inward::PassedThrough => ", and passes its TLS through to the httpd",
            Inward::Plain if object.kind() == Kind::IngressRoute => {
                ", on entry points without TLS: something before Traefik must end it"
            }
            _ => "",
        };
        let what = format!("{object} takes the host: {}{ends}", chosen.route.text);
        findings.insert(0, Finding::new(Check::Objects, Verdict::Good, what));
        let mut way = Self {
            request,
            options: None,
            hsts: None,
            findings,
            cluster,
            object,
            led: Led::ByTraefik(chosen.route),
            inward,
            host: host.clone(),
        };
        if way.ends_at_traefik() && way.inward != Inward::Plain {
            way.options = ClientOptions::of(cluster, object, chosen.spec, &mut way.findings);
        }
        if !way.is_tcp() {
            way.hsts = middlewares(cluster, object, chosen.route, &mut way.findings);
        }
        way
    }

    /// Whether the TLS of browsers ends at Traefik or before it, and not at the httpd.
    #[must_use]
    pub fn ends_at_traefik(&self) -> bool {
        !self.is_tcp() || matches!(self.inward, Inward::Tls(_))
    }

    /// Returns the Secret of the route's own certificate.
    #[must_use]
    pub fn secrets(&self) -> &[Place] {
        match &self.inward {
            Inward::Tls(Shown::Secrets(places)) => places,
            _ => &[],
        }
    }

    /// Whether it passes the TLS of browsers on, and nothing else.
    pub(super) fn passes_tls_through(&self) -> bool {
        self.inward == Inward::PassedThrough
    }

    /// Whether it is a TCP route.
    #[must_use]
    pub fn is_tcp(&self) -> bool {
        matches!(self.object.kind(), Kind::IngressRouteTcp | Kind::TlsRoute)
            || self.object.kind() == Kind::VirtualService && self.passes_tls_through()
    }

    /// Returns the namespace of the httpd.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.object.scope.label()
    }

    pub(super) fn host(&self) -> &DnsName {
        &self.host
    }

    /// Returns the object that the route is of.
    #[must_use]
    pub fn name(&self) -> String {
        self.object.to_string()
    }

    pub(super) fn object(&self) -> &'a Object {
        self.object
    }

    /// Returns the route of Traefik's own kinds, or the path of the one of the Gateway API.
    pub(super) fn route(&self) -> Result<&'a kinds::Route, &Routed<'a>> {
        match &self.led {
            Led::ByTraefik(route) => Ok(route),
            Led::ByGateway(routed) => Err(routed),
        }
    }

    pub(super) fn cluster(&self) -> &'a Cluster {
        self.cluster
    }
}

/// Reports a TCP route behind an http route that names the host too.
fn never_reached(tcp: &Candidate<'_>, http: &Candidate<'_>) -> Finding {
    if tcp.passes_through() {
        let subject = format!("{} and {}", tcp.object, http.object);
        return Finding::of_rule(&CI227, Verdict::Warning, subject);
    }
    let what = format!(
        "{} is never reached: {} names the host too, and http routes that do so go before TCP routes",
        tcp.object, http.object
    );
    let finding = Finding::new(Check::Objects, Verdict::Warning, what);
    finding.fix("remove the host from one of the two")
}
