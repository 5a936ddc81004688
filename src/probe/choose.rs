//! The routes of the manifests in Traefik's order, and the one among them that takes a request.

use super::fit::{self, Fit, covers};
use super::objects::{Manifests, Object, items, text};
use super::please::please;
use super::request::Request;
use super::{Check, Finding, Verdict};
use crate::fault::{Fault, did_you_mean};
use crate::name::DnsName;
use crate::rule::{self, Rule};
use crate::yaml::{Node, Value};

/// A rule, and the route that it is of.
pub(super) struct Candidate<'a> {
    pub(super) object: &'a Object,
    pub(super) route: &'a Node,
    pub(super) text: &'a str,
    pub(super) rule: Rule,
    pub(super) priority: i64,
}

impl Candidate<'_> {
    pub(super) fn names(&self, host: &DnsName) -> bool {
        self.hosts()
            .iter()
            .any(|name| name != "*" && covers(name, host))
    }

    pub(super) fn hosts(&self) -> Vec<String> {
        rule::hosts(self.rule.matchers())
    }

    /// Whether it is ``HostSNI(`*`)``, which Traefik tries last.
    pub(super) fn is_wide(&self) -> bool {
        is_wide(&self.rule)
    }

    /// Whether both may listen on one entry point.
    pub(super) fn meets(&self, other: &Candidate<'_>) -> bool {
        let [ours, theirs] = [self, other].map(|route| items(route.object.spec(), "entryPoints"));
        let is_theirs = |name: &Node| theirs.iter().any(|other| other.text() == name.text());
        ours.is_empty() || theirs.is_empty() || ours.iter().any(is_theirs)
    }

    fn in_words(&self) -> String {
        format!("{}: {}", self.object, self.text)
    }
}

fn is_wide(rule: &Rule) -> bool {
    matches!(rule, Rule::Matcher(matcher) if matcher.name == "HostSNI" && matcher.arguments == ["*"])
}

impl Manifests {
    /// Returns the routes of a kind that may listen on the port of TLS, first those that Traefik tries first.
    pub(super) fn candidates<'a>(
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
                                    .fix(format!("fix `match` in {object}")),
                            );
                        }
                        continue;
                    }
                };
                let by_length = if is_wide(&parsed) {
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
    pub(super) fn choose<'c, 'a>(
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
                        "whether {} takes the request cannot be decided here, because it depends on {}; it comes before the route that is followed",
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
                        && candidates[*other].meets(chosen)
                };
                if let Some(other) = (0..candidates.len()).find(is_equal) {
                    let what = format!(
                        "{} takes it too, with the same priority: which one Traefik follows is arbitrary",
                        candidates[other].in_words()
                    );
                    let finding = Finding::new(Check::Objects, Verdict::Warning, what);
                    findings.push(finding.fix(format!("set `priority` in {}", chosen.object)));
                }
                Ok((chosen, plain.clone()))
            }
            (None, Some(open)) => {
                let chosen = &candidates[open];
                let what = format!(
                    "whether {} takes the request cannot be decided here, because it depends on {}; it is followed anyway",
                    chosen.in_words(),
                    depends(chosen, plain)
                );
                findings.push(note(what));
                Ok((chosen, plain.clone()))
            }
            (None, None) => {
                // A path that was given stays; fields may come to it.
                let bent = candidates.iter().find_map(|route| {
                    let request = please(&route.rule, host, plain)?;
                    (may_bend || request.path() == plain.path()).then_some((route, request))
                });
                let (chosen, request) =
                    bent.ok_or_else(|| self.no_route(candidates, host, plain))?;
                let what = format!(
                    "no rule takes `{}` alone, so {} is requested, as {} requires",
                    plain.path().as_str(),
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
        let fault = Fault::new(format!(
            "the manifests contain no IngressRoute for `{host}`"
        ))
        .file("--manifest");
        let near = did_you_mean(host.as_str(), hosts.iter().map(String::as_str));
        match (near, hosts.is_empty()) {
            (Some(near), _) => fault.help(format!("there is one for `{}`", near.escape_debug())),
            (None, true) => fault.help("`kubectl get ingressroutes,serverstransports,secrets -n NAMESPACE -o yaml` prints what is needed"),
            (None, false) => fault.help(format!("there are routes for {} other hosts", hosts.len())),
        }
    }
}
