//! The one among the routes of the manifests that takes a request.

use super::{Check, Finding, Verdict};
use crate::cluster::{Cluster, Kind};
use crate::fault::{Fault, did_you_mean};
use crate::lint::rules::CI214;
use crate::name::DnsName;
use crate::path::choose::{Candidate, Candidates, candidates};
use crate::path::fit::{self, Fit};
use crate::path::hop::Place;
use crate::path::please::please;
use crate::path::request::Request;

/// Names a route with its rule.
fn in_words(route: &Candidate<'_>) -> String {
    format!("{}: {}", route.object, route.route.text)
}

/// Returns the routes of a kind in Traefik's order, and reports those for a host that it drops.
pub(super) fn routes<'a>(
    cluster: &'a Cluster,
    kind: Kind,
    host: &DnsName,
    findings: &mut Vec<Finding>,
) -> Candidates<'a> {
    let found = candidates(cluster, kind);
    for dropped in &found.dropped {
        let (object, text, why) = (dropped.object, &dropped.route.text, dropped.why);
        if text.contains(host.as_str()) {
            let subject = format!("{object}, `{text}`: {why}");
            findings.push(Finding::of_rule(&CI214, Verdict::Broken, subject));
        }
    }
    found
}

/// Chooses as Traefik does, and bends the request where it may be bent and no rule takes it.
pub(super) fn choose<'c, 'a>(
    cluster: &Cluster,
    candidates: &'c [Candidate<'a>],
    host: &DnsName,
    plain: &Request,
    may_bend: bool,
    findings: &mut Vec<Finding>,
) -> Result<(&'c Candidate<'a>, Request), Fault> {
    let fits: Vec<Fit> = candidates
        .iter()
        .map(|route| fit::fit(route.rule, host, plain))
        .collect();
    let first = fits.iter().position(|fit| *fit == Fit::Yes);
    let open = fits.iter().position(|fit| *fit == Fit::Undecided);
    let note = |what: String| Finding::new(Check::Objects, Verdict::Note, what);
    let depends =
        |route: &Candidate<'_>, request: &Request| fit::undecided(route.rule, host, request);
    match (first, open) {
        (Some(first), open) => {
            let chosen = &candidates[first];
            if let Some(open) = open.filter(|open| *open < first) {
                let before = &candidates[open];
                let what = format!(
                    "whether {} takes the request cannot be decided here, because it depends on {}; it comes before the route that is followed",
                    in_words(before),
                    depends(before, plain)
                );
                findings.push(note(what));
            }
            let is_equal = |other: &usize| {
                *other != first
                    && fits[*other] == Fit::Yes
                    && candidates[*other].priority == chosen.priority
                    && Place::of(candidates[*other].object) != Place::of(chosen.object)
                    && candidates[*other].meets(chosen)
            };
            if let Some(other) = (0..candidates.len()).find(is_equal) {
                let what = format!(
                    "{} takes it too, with the same priority: which one Traefik follows is arbitrary",
                    in_words(&candidates[other])
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
                in_words(chosen),
                depends(chosen, plain)
            );
            findings.push(note(what));
            Ok((chosen, plain.clone()))
        }
        (None, None) => {
            // A path that was given stays; fields may come to it.
            let bent = candidates.iter().find_map(|route| {
                let request = please(route.rule, host, plain)?;
                (may_bend || request.path() == plain.path()).then_some((route, request))
            });
            let (chosen, request) =
                bent.ok_or_else(|| no_route(cluster, candidates, host, plain))?;
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

fn no_route(
    cluster: &Cluster,
    routes: &[Candidate<'_>],
    host: &DnsName,
    request: &Request,
) -> Fault {
    let for_host: Vec<String> = routes
        .iter()
        .filter(|route| route.names(host))
        .map(in_words)
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
    let hosts: Vec<String> = [Kind::IngressRoute, Kind::IngressRouteTcp]
        .iter()
        .flat_map(|kind| candidates(cluster, *kind).tried)
        .flat_map(|route| route.route.hosts())
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
