//! Which route of the manifests a connection for a host takes, and what it asks of the connection.
//!
//! On the port of TLS Traefik looks first for an http route that names the host, then for a TCP route that does, then
//! for an http route without any host, and last for ``HostSNI(`*`)`` (`Router.ServeTCP` in
//! pkg/server/router/tcp/router.go, the same in v2.11.53, v3.0.0 and v3.7.9; its documentation says that TCP goes first).
//! Among routes of one kind the highest priority goes first, by default the length of the rule.

use super::choose::Candidate;
use super::expect::{Hsts, Options};
use super::fit::{self, Fit};
use super::objects::{Manifests, Name, Object, items, text};
use super::reference::{Service, crossing, passes_through};
use super::request::Request;
use super::target::RequestPath;
use super::transport::Transport;
use super::{Check, Finding, Verdict};
use crate::fault::Fault;
use crate::name::DnsName;
use crate::pki::Certificate;
use crate::yaml::Node;

/// How Traefik leads the connections for a host.
pub struct Way<'a> {
    /// What is asked for, so that the route takes it.
    pub request: Request,
    /// The TLSOption that holds, where the TLS of browsers ends at Traefik.
    pub options: Option<Options>,
    /// What the answer must say of HSTS.
    pub hsts: Option<Hsts>,
    /// What there is to report about the objects.
    pub findings: Vec<Finding>,
    /// The Secret of the route's own certificate.
    pub secret: Option<Name>,
    manifests: &'a Manifests,
    object: &'a Object,
    route: &'a Node,
    host: DnsName,
}

impl Manifests {
    /// Finds the route for a host; `path` is what is to be requested, and nothing for whatever the route takes.
    ///
    /// # Errors
    /// No route for the host, or none that takes the path.
    pub fn way(&self, host: &DnsName, path: Option<&RequestPath>) -> Result<Way<'_>, Fault> {
        let plain = Request::new(path.cloned().unwrap_or_default());
        let mut findings = Vec::new();
        let http = self.candidates("IngressRoute", host, &mut findings);
        let tcp = self.candidates("IngressRouteTCP", host, &mut findings);
        let (tls, raw): (Vec<_>, Vec<_>) = tcp
            .into_iter()
            .partition(|route| route.object.spec().get("tls").is_some());
        let (raw, dropped): (Vec<_>, Vec<_>) = raw.into_iter().partition(Candidate::is_wide);
        for route in dropped.iter().filter(|route| route.names(host)) {
            let what = format!(
                "{} names a host and has no `tls`: Traefik drops the route",
                route.object
            );
            let finding = Finding::new(Check::Objects, Verdict::Broken, what);
            findings.push(finding.fix(format!(
                "set `tls` in {}, such as `passthrough: true`",
                route.object
            )));
        }
        let fits = |route: &&Candidate<'_>| fit::fit(&route.rule, host, &plain) != Fit::No;

        let named = http.iter().find(|route| route.names(host));
        let first = tls.iter().find(fits);
        let by_name = first.filter(|route| !route.is_wide());
        let hostless = http
            .iter()
            .find(|route| route.hosts().iter().all(|name| name == "*"));
        if let Some((named, by_name)) = named.zip(by_name).filter(|(one, other)| one.meets(other)) {
            let what = format!(
                "{} is never reached: {} names the host too, and http routes that do so go before TCP routes",
                by_name.object, named.object
            );
            let finding = Finding::new(Check::Objects, Verdict::Warning, what);
            findings.push(finding.fix("remove the host from one of the two"));
        }
        let is_http = named.is_some() || (by_name.is_none() && hostless.is_some());
        let last: Vec<Candidate<'_>> = if is_http {
            http
        } else {
            tls.into_iter().chain(raw).collect()
        };
        let (chosen, request) = self.choose(&last, host, &plain, path.is_none(), &mut findings)?;
        Ok(self.way_of(chosen, request, host, findings))
    }

    fn way_of<'a>(
        &'a self,
        chosen: &Candidate<'a>,
        request: Request,
        host: &DnsName,
        mut findings: Vec<Finding>,
    ) -> Way<'a> {
        let (object, route) = (chosen.object, chosen.route);
        let ends = if passes_through(object) {
            ", and passes its TLS through to the httpd"
        } else {
            ""
        };
        let what = format!("{object} takes the host: {}{ends}", chosen.text);
        findings.insert(0, Finding::new(Check::Objects, Verdict::Good, what));
        let mut way = Way {
            request,
            options: None,
            hsts: None,
            findings,
            secret: text(object.spec(), &["tls", "secretName"])
                .map(|name| Name::new(&object.name.namespace, name)),
            manifests: self,
            object,
            route,
            host: host.clone(),
        };
        if way.ends_at_traefik() {
            way.options = self.options(object, &mut way.findings);
        }
        if object.kind == "IngressRoute" {
            way.hsts = self.middlewares(object, route, &mut way.findings);
        }
        way
    }
}

impl<'a> Way<'a> {
    /// Whether the TLS of browsers ends at Traefik, and not at the httpd.
    #[must_use]
    pub fn ends_at_traefik(&self) -> bool {
        self.object.kind == "IngressRoute"
            || (self.object.spec().get("tls").is_some() && !passes_through(self.object))
    }

    /// Whether it is a TCP route.
    #[must_use]
    pub fn is_tcp(&self) -> bool {
        self.object.kind == "IngressRouteTCP"
    }

    /// Returns the namespace of the httpd.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.object.name.namespace
    }

    pub(super) fn host(&self) -> &DnsName {
        &self.host
    }

    /// Returns the object that the route is of.
    #[must_use]
    pub fn name(&self) -> String {
        self.object.to_string()
    }

    /// Returns the certificates that the httpd should serve, and their Secrets.
    #[must_use]
    pub fn kept(&self) -> Vec<(Certificate, String)> {
        let trust = self.manifests.extern_trust(self.namespace(), &self.host);
        self.manifests
            .kept(self.namespace(), &self.host, trust.as_ref())
    }

    /// Returns how Traefik reaches one of the route's services: that of a name, or the first that gets requests.
    ///
    /// # Errors
    /// A route without services, or without that one; a ServersTransport, Secret or ConfigMap that the manifests do not
    /// hold; a field whose value cannot be used.
    pub fn transport(&self, service: Option<&str>) -> Result<Transport, Vec<Fault>> {
        let nodes = items(self.route, "services");
        let services = self.manifests.services(self.object, nodes)?;
        if services.is_empty() {
            let fault = Fault::new(format!("the route for `{}` has no service", self.host));
            return Err(vec![self.object.fault(fault, self.route)]);
        }
        let chosen = match service {
            Some(name) => services
                .iter()
                .find(|service| service.name() == name)
                .ok_or_else(|| {
                    let fault = Fault::new(format!(
                        "the route for `{}` has no service `{}`",
                        self.host,
                        name.escape_debug()
                    ));
                    vec![
                        fault
                            .help(format!("there is {}", listed(&services)))
                            .argument("--service"),
                    ]
                })?,
            None => services
                .iter()
                .find(|service| service.is_used())
                .unwrap_or(&services[0]),
        };
        let mut transport = self.manifests.transport(self, chosen)?;
        if services.len() > 1 {
            let what = format!(
                "the route has {} services, of which {} is checked: {}",
                services.len(),
                chosen.in_words(false),
                listed(&services)
            );
            let finding = Finding::new(Check::Objects, Verdict::Note, what);
            transport.findings.insert(
                0,
                finding.fix("`--service NAME` with its `--backend` checks another one"),
            );
        }
        let service = format!("service {}", chosen.in_words(false));
        let across = crossing(self.object, &service, &chosen.namespace);
        transport.findings.extend(across);
        Ok(transport)
    }

    pub(super) fn object(&self) -> &'a Object {
        self.object
    }
}

fn listed(services: &[Service<'_>]) -> String {
    let words: Vec<String> = services
        .iter()
        .map(|service| service.in_words(true))
        .collect();
    words.join(", ")
}
