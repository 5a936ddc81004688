//! The certificate that browsers see.

mod options;
pub(super) mod rules;
mod settings;

use crate::cluster::data::Cert;
use crate::cluster::{self, Kind, Resource};
use crate::kinds::Named;
use crate::kinds::ingress::Ingress;
use crate::kinds::traefik::{TlsOption, TlsStore};
use crate::lint::facts::covered::are_covered;
use crate::lint::facts::loaded::Loaded;
use crate::lint::family::Family;
use crate::lint::finding::Finding;
use crate::lint::legs::not_covered;
use crate::lint::model::{Class, Model, Object};
use crate::lint::predict::Here;
use crate::lint::trust::rules::CI112;
use crate::path::WayIn;
use crate::path::check::{self, Clash, covers};
use crate::path::hop::{Inward, Known};
use crate::release::Release;
use rules::{CI401, CI402, CI403, CI404, CI405, CI406, CI407, CI408, CI409, CI410, CI421};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const FAMILY: Family = Family {
    number: 4,
    title: "The certificate that browsers see",
    rules: rules::RULES,
    classes: &[
        Class::TlsStore,
        Class::TlsOption,
        Class::IngressRoute,
        Class::IngressRouteTcp,
        Class::Ingress,
        Class::Secret,
    ],
    check,
};

fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let loaded = Loaded::of(model);
    let are_covered = loaded.as_ref().is_some_and(Loaded::cover_all);
    singletons(model, are_covered, &mut findings);
    let options = model.cluster.of(Kind::TlsOption);
    let is_strict = |object: &cluster::Object| match &object.resource {
        Resource::TlsOption(option) => option.sni_strict,
        _ => false,
    };
    let strict = options.into_iter().any(is_strict);
    let mut shown = BTreeSet::new();
    for typed in model.cluster.objects() {
        let object = &model.objects[typed.number];
        let mut pairs: Vec<&Named> = Vec::new();
        match &typed.resource {
            Resource::TlsStore(spec) => {
                let context = (strict, are_covered);
                store(model, object, spec, context, loaded.as_ref(), &mut findings);
                pairs.extend(spec.default_certificate.iter().chain(&spec.certificates));
            }
            Resource::IngressRoute(spec) | Resource::IngressRouteTcp(spec) => {
                let options = spec.tls.as_ref().and_then(|tls| tls.options.as_ref());
                if options.is_some_and(|options| options.name == "default") {
                    let message = "`default` is not to be named";
                    let finding = object.finding_in(&CI421, "spec.tls.options.name", message);
                    let is_passed = spec.tls.as_ref().is_some_and(|tls| tls.passthrough);
                    findings.push(finding.warning_unless(!is_passed));
                }
                pairs.extend(spec.tls.as_ref().and_then(|tls| tls.secret.as_ref()));
            }
            Resource::Ingress(spec) if spec.is_of_traefik => {
                pairs.extend(spec.secrets());
                covered(model, typed, spec, &mut findings);
            }
            Resource::TlsOption(spec) => option(model, object, spec, &mut findings),
            _ => {}
        }
        for named in pairs {
            shown.extend(pair(model, typed, named, are_covered, &mut findings));
        }
    }
    same_names(model, &shown, &mut findings);
    nothing_shown(model, loaded.as_ref(), &mut findings);
    options::check(model, &mut findings);
    findings
}

fn singletons(model: &Model<'_>, are_covered: bool, findings: &mut Vec<Finding>) {
    for (class, rule) in [(Class::TlsStore, &CI401), (Class::TlsOption, &CI402)] {
        let all: Vec<&Object<'_>> = model
            .of(class)
            .filter(|object| object.name == "default")
            .collect();
        let namespaces: BTreeSet<&str> = all.iter().map(|object| object.namespace).collect();
        // Without a namespace, it may be the same one again.
        let stated: Vec<&str> = namespaces
            .into_iter()
            .filter(|namespace| !namespace.is_empty())
            .collect();
        if stated.len() < 2 {
            continue;
        }
        for object in all {
            let message = format!(
                "there is a {} `default` in each of {}",
                object.kind,
                stated.join(", ")
            );
            let here = Here::default();
            let finding = object.finding(rule, object.node.at, "metadata.name", message);
            let finding = finding.predicted(model.knowledge.release, here);
            let named = stated.join(" ");
            let consequence = finding
                .consequence
                .as_ref()
                .map(|text| text.replace("<namespace> <namespace>-2", &named));
            let finding = Finding {
                consequence,
                ..finding
            };
            // Without them the certificates of routes and of `certificates` go on, and so do the built-in options.
            let is_lost = match class {
                Class::TlsStore => !are_covered,
                _ => options::any_default_asks(model),
            };
            findings.push(finding.warning_unless(is_lost));
        }
    }
}

fn store(
    model: &Model<'_>,
    object: &Object<'_>,
    store: &TlsStore,
    (strict, are_covered): (bool, bool),
    loaded: Option<&Loaded<'_, '_>>,
    findings: &mut Vec<Finding>,
) {
    if object.name != "default" && !object.name.is_empty() {
        let message = format!("`{}` is not `default`", object.name.escape_debug());
        let finding = object.finding_in(&CI403, "metadata.name", message);
        let mut all = model.of(Class::TlsStore);
        let is_default = all.any(|object| object.name == "default");
        let is_needed = model.options.strict_references && !is_default && !are_covered;
        findings.push(finding.warning_unless(is_needed));
    }
    let is_listed = |default: &&Named| {
        let mut listed = store.certificates.iter();
        listed.any(|named| named.name == default.name)
    };
    let default = store.default_certificate.as_ref();
    if let Some(named) = default.filter(|named| strict && !is_listed(named)) {
        let message = "a TLSOption has `sniStrict`, and this certificate is only the default";
        let is_refused = loaded.is_some_and(|loaded| options::leaves_out(model, loaded));
        let finding = object.finding(&CI406, named.at, &named.field, message);
        findings.push(finding.warning_unless(is_refused));
    }
}

/// Checks the Secret of a pair, and returns it, if it is there.
fn pair(
    model: &Model<'_>,
    typed: &cluster::Object,
    named: &Named,
    are_all_covered: bool,
    findings: &mut Vec<Finding>,
) -> Option<usize> {
    let object = &model.objects[typed.number];
    // Where another certificate covers the hosts of a route, Traefik shows that one.
    let is_needed = !are_all_covered && !are_covered(model, typed, None);
    let mut find = |rule, message: String| {
        let finding = object.finding(rule, named.at, &named.field, message);
        findings.push(finding.warning_unless(is_needed));
    };
    match check::pair(&typed.scope, &named.name, &model.grounds) {
        Some(Clash::ShownElsewhere { namespace })
            if !model.is_copied(Class::Secret, &named.name) =>
        {
            let message = format!(
                "Secret `{}` is in namespace `{namespace}`, the {} in `{}`",
                named.name, object.kind, object.namespace
            );
            find(&CI404, message);
        }
        Some(Clash::ShownIncomplete { secret, missing }) => {
            let shown = model.objects[secret.number].shown();
            find(&CI405, format!("Secret {shown} has no `{missing}`"));
        }
        _ => {}
    }
    let secret = model
        .grounds
        .secrets
        .find(&typed.scope, &named.name)
        .here()?;
    let object = &model.objects[secret.number];
    if object.label("owner") == Some("helm") {
        let message = format!("Traefik does not see Secret {}", object.shown());
        let finding = object.finding_in(&CI112, "metadata.labels.owner", message);
        findings.push(finding.warning_unless(!are_all_covered));
    }
    Some(secret.number)
}

fn option(model: &Model<'_>, object: &Object<'_>, option: &TlsOption, findings: &mut Vec<Finding>) {
    if !option.client_authorities.is_empty() && option.client_auth.is_none() {
        let message = "`secretNames` without `clientAuthType`";
        findings.push(object.finding_in(&CI409, "spec.clientAuth", message));
    }
    settings::check(model, object, option, findings);
    let release = model.knowledge.release;
    if option.min_version.is_none() && release < Release::exactly(2, 11, 0) {
        let message = format!("Traefik {release} accepts TLS 1.0 here");
        findings.push(object.finding_in(&CI410, "spec.minVersion", message));
    }
}

/// Finds hosts for which there is no certificate, where nothing outside the input may be relied on: Traefik shows one of
/// its own making. Where all of them are known, `path::check` finds the same.
fn nothing_shown(model: &Model<'_>, loaded: Option<&Loaded<'_, '_>>, findings: &mut Vec<Finding>) {
    let Some(names) = model
        .grounds
        .all_names()
        .filter(|_| model.options.strict_references)
    else {
        return;
    };
    let makes_one = |store: &cluster::Object| match &store.resource {
        Resource::TlsStore(store) => store.has_generated,
        _ => false,
    };
    if model.cluster.of(Kind::TlsStore).any(makes_one) {
        return;
    }
    for routed in &model.paths {
        let is_ended = matches!(routed.path.inward, Inward::Tls(_));
        let object = &model.objects[routed.route.number];
        let is_ours = [WayIn::IngressRoute, WayIn::IngressRouteTcp].contains(&routed.way_in);
        if !is_ended || !is_ours || object.has("spec.tls.certResolver") {
            continue;
        }
        let is_covered = |host: &str| match loaded {
            Some(loaded) => loaded.covers_host(host),
            None => covers(names, host),
        };
        for host in routed.path.hosts.iter().filter(|host| !is_covered(host)) {
            let (at, field) = (routed.matched.at, &routed.matched.path);
            findings.push(object.finding(&CI408, at, field, not_covered(host, names)));
        }
    }
}

/// Finds two Secrets that Traefik shows for the same names.
fn same_names(model: &Model<'_>, shown: &BTreeSet<usize>, findings: &mut Vec<Finding>) {
    let mut known: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
    for number in shown {
        let Some(cert) = certificate(model, *number) else {
            continue;
        };
        let mut names: Vec<&str> = cert
            .details
            .subject_alt_names
            .iter()
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        if names.is_empty() {
            continue;
        }
        let first = *known.entry(names).or_insert(*number);
        // The same certificate twice hides nothing.
        let is_other = certificate(model, first)
            .is_some_and(|other| other.details.sha256 != cert.details.sha256);
        if first != *number && is_other {
            let (object, other) = (&model.objects[*number], &model.objects[first]);
            let message = format!(
                "Secret {} has another certificate for {}",
                other.shown(),
                cert.details.subject_alt_names.join(", ")
            );
            findings.push(object.finding(&CI407, object.node.at, "data.tls.crt", message));
        }
    }
}

fn certificate<'m>(model: &'m Model<'_>, number: usize) -> Option<&'m Cert> {
    model.secrets.get(&number)?.get("tls.crt")?.certs().next()
}

/// Compares the hosts of an Ingress with the certificates that Traefik may choose from.
fn covered(
    model: &Model<'_>,
    typed: &cluster::Object,
    ingress: &Ingress,
    findings: &mut Vec<Finding>,
) {
    let Some(names) = model.grounds.names() else {
        return;
    };
    for entry in &ingress.tls {
        let secret = entry.secret.as_ref();
        let known = secret.map(|named| model.grounds.secrets.find(&typed.scope, &named.name));
        if !matches!(known, Some(Known::Here(_))) {
            continue;
        }
        for host in entry.hosts.iter().filter(|host| !covers(names, &host.name)) {
            let object = &model.objects[typed.number];
            let message = not_covered(&host.name, names);
            findings.push(object.finding(&CI408, host.at, &host.field, message));
        }
    }
}
