//! Which route of the manifests a connection for a host takes, and what it asks of the connection.
//!
//! On the port of TLS Traefik looks first for an http route that names the host, then for a TCP route that does, then
//! for an http route without any host, and last for ``HostSNI(`*`)`` (`Router.ServeTCP` in
//! pkg/server/router/tcp/router.go, the same in v2.11.53, v3.0.0 and v3.7.9; its documentation says that TCP goes first).
//! Among routes of one kind the highest priority goes first, by default the length of the rule.

use super::expect::{Hsts, Options};
use super::fit::{self, Fit, covers};
use super::objects::{Manifests, Name, Object, items, text};
use super::reference::{Service, passes_through};
use super::request::Request;
use super::target::RequestPath;
use super::transport::Transport;
use super::{Check, Finding, Verdict};
use crate::fault::{Fault, did_you_mean};
use crate::name::DnsName;
use crate::pki::Certificate;
use crate::rule::{self, Rule};
use crate::yaml::{Node, Value};

/// How Traefik leads the connections for a host.
pub struct Way<'a> {
    /// What is asked for, so that the route takes it.
    pub request: Request,
    /// The TLSOption that holds, where the TLS of browsers ends at Traefik.
    pub options: Option<Options>,
    /// What the answer must say of HSTS.
    pub hsts: Option<Hsts>,
    /// What is to be said of the objects.
    pub findings: Vec<Finding>,
    /// The Secret of the route's own certificate.
    pub secret: Option<Name>,
    manifests: &'a Manifests,
    object: &'a Object,
    route: &'a Node,
    host: DnsName,
}

/// A rule, and the route that it is of.
struct Candidate<'a> {
    object: &'a Object,
    route: &'a Node,
    text: &'a str,
    rule: Rule,
    priority: i64,
}

impl Candidate<'_> {
    fn names(&self, host: &DnsName) -> bool {
        let is_wide = |name: &str| name == "*";
        self.hosts()
            .iter()
            .any(|name| !is_wide(name) && covers(name, host))
    }

    fn hosts(&self) -> Vec<String> {
        rule::hosts(self.rule.matchers())
    }

    fn in_words(&self) -> String {
        format!("{}: {}", self.object, self.text)
    }
}

impl Manifests {
    /// Finds the route for a host; `path` is what shall be asked for, and nothing for whatever the route takes.
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
        let (wide, narrow): (Vec<_>, Vec<_>) = tls
            .into_iter()
            .partition(|route| route.priority == -1 || route.text.trim() == "HostSNI(`*`)");
        let fits = |route: &&Candidate<'_>| fit::fit(&route.rule, host, &plain) != Fit::No;

        let named = http.iter().find(|route| route.names(host));
        let by_name = narrow.iter().find(fits);
        let hostless = http
            .iter()
            .find(|route| route.hosts().iter().all(|name| name == "*"));
        if let (Some(named), Some(by_name)) = (named, by_name) {
            let what = format!(
                "{} is never reached: {} names the host too, and http routes that do so go before TCP routes",
                by_name.object, named.object
            );
            let finding = Finding::new(Check::Objects, Verdict::Warning, what);
            findings.push(finding.mend("take the host out of one of the two"));
        }
        let is_http = named.is_some() || (by_name.is_none() && hostless.is_some());
        let last: Vec<Candidate<'_>> = if is_http {
            http
        } else {
            narrow.into_iter().chain(wide).chain(raw).collect()
        };
        let (chosen, request) = self.choose(&last, host, &plain, path.is_none(), &mut findings)?;
        Ok(self.way_of(chosen, request, host, findings))
    }

    /// Gives the routes of a kind that may listen on the port of TLS, first those that Traefik tries first.
    fn candidates<'a>(
        &'a self,
        kind: &str,
        host: &DnsName,
        findings: &mut Vec<Finding>,
    ) -> Vec<Candidate<'a>> {
        let mut found = Vec::new();
        for object in self.of_kind(kind) {
            let entry_points = items(object.spec(), "entryPoints");
            let is_for_port_80 = !entry_points.is_empty()
                && entry_points.iter().all(|name| name.text() == Some("web"));
            if is_for_port_80 && object.spec().get("tls").is_none() {
                continue;
            }
            for route in items(object.spec(), "routes") {
                let text = text(route, &["match"]).unwrap_or_default();
                let parsed = match Rule::parse(text) {
                    Ok(rule) => rule,
                    Err(why) => {
                        if text.contains(host.as_str()) {
                            let what = format!(
                                "{object}: Traefik cannot read the rule `{text}` and drops the route: {why}"
                            );
                            findings.push(
                                Finding::new(Check::Objects, Verdict::Broken, what)
                                    .mend(format!("mend `match` of {object}")),
                            );
                        }
                        continue;
                    }
                };
                let by_length = if text.trim() == "HostSNI(`*`)" {
                    -1
                } else {
                    i64::try_from(text.len()).unwrap_or(i64::MAX)
                };
                let priority = match route.get("priority").map(|priority| &priority.value) {
                    Some(Value::Int(priority)) if *priority != 0 => *priority,
                    _ => by_length,
                };
                found.push(Candidate {
                    object,
                    route,
                    text,
                    rule: parsed,
                    priority,
                });
            }
        }
        found.sort_by_key(|candidate| std::cmp::Reverse(candidate.priority));
        found
    }

    /// Chooses as Traefik does, and bends the request where it may be bent and no rule takes it.
    fn choose<'c, 'a>(
        &self,
        candidates: &'c [Candidate<'a>],
        host: &DnsName,
        plain: &Request,
        may_bend: bool,
        findings: &mut Vec<Finding>,
    ) -> Result<(&'c Candidate<'a>, Request), Fault> {
        let fits: Vec<Fit> = candidates
            .iter()
            .map(|route| fit::fit(&route.rule, host, plain))
            .collect();
        let first = fits.iter().position(|fit| *fit == Fit::Yes);
        let open = fits.iter().position(|fit| *fit == Fit::Undecided);
        let note = |what: String| Finding::new(Check::Objects, Verdict::Note, what);
        let depends =
            |route: &Candidate<'_>, request: &Request| fit::undecided(&route.rule, host, request);
        match (first, open) {
            (Some(first), open) => {
                let chosen = &candidates[first];
                if let Some(open) = open.filter(|open| *open < first) {
                    let before = &candidates[open];
                    let what = format!(
                        "whether {} takes the request cannot be decided here, for it depends on {}; it goes before what is followed",
                        before.in_words(),
                        depends(before, plain)
                    );
                    findings.push(note(what));
                }
                let is_equal = |other: &usize| {
                    *other != first
                        && fits[*other] == Fit::Yes
                        && candidates[*other].priority == chosen.priority
                        && candidates[*other].object.name != chosen.object.name
                };
                if let Some(other) = (0..candidates.len()).find(is_equal) {
                    let what = format!(
                        "{} takes it too, with the same priority: which one Traefik follows is chance",
                        candidates[other].in_words()
                    );
                    let finding = Finding::new(Check::Objects, Verdict::Warning, what);
                    findings.push(finding.mend(format!("set `priority` in {}", chosen.object)));
                }
                Ok((chosen, plain.clone()))
            }
            (None, Some(open)) => {
                let chosen = &candidates[open];
                let what = format!(
                    "whether {} takes the request cannot be decided here, for it depends on {}; it is followed all the same",
                    chosen.in_words(),
                    depends(chosen, plain)
                );
                findings.push(note(what));
                Ok((chosen, plain.clone()))
            }
            (None, None) => {
                let bent = candidates
                    .iter()
                    .find_map(|route| Some((route, fit::please(&route.rule, host, plain)?)));
                let (chosen, request) = bent
                    .filter(|_| may_bend)
                    .ok_or_else(|| self.no_route(candidates, host, plain))?;
                let what = format!(
                    "no rule takes `/`, so {} is asked for, as {} wants",
                    request.in_words(plain),
                    chosen.object
                );
                findings.push(note(what));
                let on = depends(chosen, &request);
                if !on.is_empty() {
                    findings.push(note(format!(
                        "whether its rule takes that depends on {on}, which cannot be decided here"
                    )));
                }
                Ok((chosen, request))
            }
        }
    }

    fn no_route(&self, candidates: &[Candidate<'_>], host: &DnsName, request: &Request) -> Fault {
        let for_host: Vec<String> = candidates
            .iter()
            .filter(|route| route.names(host))
            .map(Candidate::in_words)
            .collect();
        if !for_host.is_empty() {
            let fault = Fault::new(format!(
                "no rule for `{host}` takes a GET request for `{}`",
                request.path().as_str()
            ));
            return fault
                .help(format!("there is {}", for_host.join("; ")))
                .argument("--path");
        }
        let hosts: Vec<String> = ["IngressRoute", "IngressRouteTCP"]
            .iter()
            .flat_map(|kind| self.candidates(kind, host, &mut Vec::new()))
            .flat_map(|route| route.hosts())
            .collect();
        let fault = Fault::new(format!("the manifests hold no IngressRoute for `{host}`"))
            .argument("--manifest");
        let near = did_you_mean(host.as_str(), hosts.iter().map(String::as_str));
        match (near, hosts.is_empty()) {
            (Some(near), _) => fault.help(format!("there is one for `{}`", near.escape_debug())),
            (None, true) => fault.help("`kubectl get ingressroutes,serverstransports,secrets -n NAMESPACE -o yaml` prints what is needed"),
            (None, false) => fault.help(format!("there are routes for {} other hosts", hosts.len())),
        }
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

    /// Gives the namespace of the httpd.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.object.name.namespace
    }

    pub(super) fn host(&self) -> &DnsName {
        &self.host
    }

    /// Gives the object that the route is of.
    #[must_use]
    pub fn name(&self) -> String {
        self.object.to_string()
    }

    /// Gives the certificates that the httpd should serve, and their Secrets.
    #[must_use]
    pub fn kept(&self) -> Vec<(Certificate, String)> {
        let trust = self.manifests.extern_trust(self.namespace(), &self.host);
        self.manifests
            .kept(self.namespace(), &self.host, trust.as_ref())
    }

    /// Says how Traefik reaches one of the route's services: that of a name, or the first that gets requests.
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
                "the route has {} services, of which {} is looked at: {}",
                services.len(),
                chosen.in_words(false),
                listed(&services)
            );
            let finding = Finding::new(Check::Objects, Verdict::Note, what);
            transport.findings.insert(
                0,
                finding.mend("`--service NAME` with its `--backend` looks at another one"),
            );
        }
        if chosen.namespace != self.object.name.namespace {
            let what = format!(
                "service {} is of another namespace than {}: Traefik takes it with allowCrossNamespace only",
                chosen.in_words(false),
                self.object
            );
            transport
                .findings
                .push(Finding::new(Check::Objects, Verdict::Note, what));
        }
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
