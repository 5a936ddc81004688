//! Certificates: names, usages, times, and the issuer.

use super::challenges::{Redirects, challenges};
use super::rules::{CI884, CI885, CI886, CI887, CI888, CI889, CI893};
use crate::kinds::Placed;
use crate::kinds::cert_manager::Announced;
use crate::lint::facts::issuers::{GROUP, issuer_of};
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object, Said};
use crate::yaml::At;
use std::time::Duration;

pub(super) fn check(
    model: &Model<'_>,
    redirects: &Redirects<'_>,
    certificate: &Said<'_, '_, Announced>,
    is_shown: bool,
    findings: &mut Vec<Finding>,
) {
    let Said { object, says, .. } = certificate;
    let mut find = |rule, at, key: &str, message: String| {
        findings.push(object.finding(rule, at, &format!("spec.{key}"), message));
    };
    let common_name = says.common_name.as_ref();
    let has_names = !says.dns_names.is_empty() || says.has_other_names;
    let has_subject = common_name.is_some() || says.has_subject;
    let usages: Vec<&str> = says
        .usages
        .iter()
        .map(|usage| usage.value.as_str())
        .collect();
    // Of a client only the subject may be asked for.
    let is_client = usages.contains(&"client auth") && !usages.contains(&"server auth");
    if !(has_names || (says.is_ca.is_some() || is_client) && has_subject) {
        let message = match common_name {
            Some(name) => {
                let name = name.value.escape_debug();
                format!("only the subject has a name, `{name}`")
            }
            None => "it has no name at all".to_owned(),
        };
        find(&CI886, says.at, "dnsNames", message);
    }
    if let Some(name) = common_name.filter(|name| name.value.len() > 64) {
        let message = format!(
            "the common name of {} bytes begins with `{}`",
            name.value.len(),
            name.value.chars().take(40).collect::<String>()
        );
        find(&CI887, name.at, "commonName", message);
    }
    if let Some((at, key, message)) = durations(says) {
        find(&CI885, at, key, message.to_owned());
    }
    let is_extended = |usage: &&str| EXTENDED.contains(usage);
    let is_server = |usage: &&str| ["server auth", "any"].contains(usage);
    if is_shown && usages.iter().any(is_extended) && !usages.iter().any(is_server) {
        let message = format!("the usages are {}", usages.join(", "));
        find(&CI888, says.usages_at.unwrap_or(says.at), "usages", message);
    }
    if let Some(at) = says.is_ca.filter(|_| is_shown) {
        let message = "servers show it, and it is a CA".to_owned();
        find(&CI889, at, "isCA", message);
    }
    let Some(issuer) = issuer_of(model, certificate) else {
        findings.extend(unreachable(model, object, says));
        return;
    };
    let signs_itself = issuer.says.is("selfSigned") && !issuer.says.is("acme");
    // That of a webhook is handed to the API server by cert-manager itself.
    if signs_itself && says.is_ca.is_none() && is_shown {
        let message = format!(
            "{} {} signs with the certificate's own key",
            issuer.object.kind,
            issuer.object.shown()
        );
        let at = says.issuer.as_ref().map_or(says.at, |named| named.at);
        find(&CI893, at, "issuerRef", message);
    }
    challenges(model, redirects, certificate, issuer.says, findings);
}

/// Extended key usages by cert-manager's names (`pkg/util/pki`), those of servers left out.
const EXTENDED: [&str; 6] = [
    "client auth",
    "code signing",
    "email protection",
    "s/mime",
    "timestamping",
    "ocsp signing",
];

fn unreachable(model: &Model<'_>, object: &Object<'_>, says: &Announced) -> Option<Finding> {
    let named = says.issuer.as_ref()?;
    let Placed { value: name, at } = named.name.as_ref()?;
    if named.group.as_deref().is_some_and(|group| group != GROUP) {
        return None;
    }
    let kind = named.kind.as_deref().unwrap_or("Issuer");
    let has_cluster = || model.find(Class::ClusterIssuer, "", name).is_some();
    let has_own = || model.find(Class::Issuer, object.namespace, name).is_some();
    let message = match kind {
        "Issuer" if has_cluster() => {
            format!("`{name}` is a ClusterIssuer, but the reference means an Issuer")
        }
        "Issuer" => {
            let other = model.elsewhere(Class::Issuer, object.namespace, name)?;
            let own = object.namespace;
            format!("Issuer `{name}` is in `{other}`, the Certificate in `{own}`")
        }
        "ClusterIssuer" if has_own() => {
            format!("`{name}` is an Issuer, but the reference means a ClusterIssuer")
        }
        "ClusterIssuer" => return None,
        _ => format!(
            "cert-manager has no issuers of kind `{}`; another group must be named",
            kind.escape_debug()
        ),
    };
    Some(object.finding(&CI884, *at, "spec.issuerRef.name", message))
}

/// What is wrong with the times (`ValidateDuration`).
fn durations(says: &Announced) -> Option<(At, &'static str, &'static str)> {
    const MINUTE: Duration = Duration::from_secs(60);
    let length = says.duration.as_ref().map(|length| length.value);
    if let Some(length) = says
        .duration
        .as_ref()
        .filter(|length| length.value < MINUTE * 60)
    {
        return Some((length.at, "duration", "it is shorter than an hour"));
    }
    let before = says.renew_before.as_ref()?;
    let message = if says.has_renew_percentage {
        "`renewBefore` and `renewBeforePercentage` exclude each other"
    } else if before.value >= length.unwrap_or(MINUTE * 60 * 24 * 90) {
        "it is not shorter than the time of validity"
    } else if before.value < MINUTE * 5 {
        "it is shorter than 5 minutes"
    } else {
        return None;
    };
    Some((before.at, "renewBefore", message))
}
