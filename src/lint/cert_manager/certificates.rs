//! Certificates: names, usages, times, and the issuer.

use super::challenges::{Redirects, challenges};
use super::rules::{CI884, CI885, CI886, CI887, CI888, CI889, CI893};
use crate::lint::facts::issuers::{GROUP, issuer_of};
use crate::lint::finding::Finding;
use crate::lint::model::{Class, Model, Object};
use crate::yaml::Node;

pub(super) fn check(
    model: &Model<'_>,
    redirects: &Redirects<'_>,
    object: &Object<'_>,
    is_shown: bool,
    findings: &mut Vec<Finding>,
) {
    let spec = object.spec();
    let mut find = |rule, node: Option<&Node>, key: &str, message: String| {
        let at = node.map_or(spec.at, |node| node.at);
        findings.push(object.finding(rule, at, &format!("spec.{key}"), message));
    };
    let is_authority = spec.get("isCA").is_some_and(Node::says_true);
    let has = |key: &str| !spec.items_of(key).is_empty();
    let names = [
        "dnsNames",
        "ipAddresses",
        "uris",
        "emailAddresses",
        "otherNames",
    ];
    let has_names = names.iter().any(|key| has(key));
    let common_name = spec
        .get("commonName")
        .and_then(|node| Some((node.text()?, node)));
    let has_subject = common_name.is_some() || spec.get("literalSubject").is_some();
    let usages: Vec<&str> = spec
        .items_of("usages")
        .iter()
        .filter_map(Node::text)
        .collect();
    // Of a client only the subject may be asked for.
    let is_client = usages.contains(&"client auth") && !usages.contains(&"server auth");
    if !(has_names || (is_authority || is_client) && has_subject) {
        let message = match common_name {
            Some((name, _)) => format!("only the subject has a name, `{}`", name.escape_debug()),
            None => "it has no name at all".to_owned(),
        };
        find(&CI886, None, "dnsNames", message);
    }
    if let Some((name, node)) = common_name.filter(|(name, _)| name.len() > 64) {
        let message = format!(
            "the common name of {} bytes begins with `{}`",
            name.len(),
            name.chars().take(40).collect::<String>()
        );
        find(&CI887, Some(node), "commonName", message);
    }
    if let Some((node, key, message)) = durations(spec) {
        find(&CI885, Some(node), key, message);
    }
    let is_extended = |usage: &&str| EXTENDED.contains(usage);
    let is_server = |usage: &&str| ["server auth", "any"].contains(usage);
    if is_shown && usages.iter().any(is_extended) && !usages.iter().any(is_server) {
        let message = format!("the usages are {}", usages.join(", "));
        find(&CI888, spec.get("usages"), "usages", message);
    }
    if is_shown && is_authority {
        find(
            &CI889,
            spec.get("isCA"),
            "isCA",
            "servers show it, and it is a CA".to_owned(),
        );
    }
    let Some(issuer) = issuer_of(model, object) else {
        unreachable(model, object, findings);
        return;
    };
    let signs_itself =
        issuer.spec().get("selfSigned").is_some() && issuer.spec().get("acme").is_none();
    // That of a webhook is handed to the API server by cert-manager itself.
    if signs_itself && !is_authority && is_shown {
        let message = format!(
            "{} {} signs with the certificate's own key",
            issuer.kind,
            issuer.shown()
        );
        find(&CI893, spec.get("issuerRef"), "issuerRef", message);
    }
    challenges(model, redirects, object, issuer, findings);
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

fn unreachable(model: &Model<'_>, object: &Object<'_>, findings: &mut Vec<Finding>) {
    let Some(reference) = object.spec().get("issuerRef") else {
        return;
    };
    let Some((name, node)) = reference
        .get("name")
        .and_then(|node| Some((node.text()?, node)))
    else {
        return;
    };
    let group = reference.text_of("group").unwrap_or(GROUP);
    let kind = reference.text_of("kind").unwrap_or("Issuer");
    if group != GROUP && !group.is_empty() {
        return;
    }
    let elsewhere = model.elsewhere(Class::Issuer, object.namespace, name);
    let message = if !["Issuer", "ClusterIssuer"].contains(&kind) {
        format!(
            "cert-manager has no issuers of kind `{}`; another group must be named",
            kind.escape_debug()
        )
    } else if kind == "Issuer" && model.find(Class::ClusterIssuer, "", name).is_some() {
        format!("`{name}` is a ClusterIssuer, but the reference means an Issuer")
    } else if kind == "Issuer"
        && let Some(other) = elsewhere
    {
        format!(
            "Issuer `{name}` is in `{other}`, the Certificate in `{}`",
            object.namespace
        )
    } else if kind == "ClusterIssuer" && model.find(Class::Issuer, object.namespace, name).is_some()
    {
        format!("`{name}` is an Issuer, but the reference means a ClusterIssuer")
    } else {
        return;
    };
    findings.push(object.finding(&CI884, node.at, "spec.issuerRef.name", message));
}

/// What is wrong with the times (`ValidateDuration`).
fn durations(spec: &Node) -> Option<(&Node, &'static str, String)> {
    let read = |key: &str| Some((spec.get(key)?, seconds(spec.text_of(key)?)?));
    let duration = read("duration");
    let length = duration.map_or(90.0 * 86400.0, |(_, seconds)| seconds);
    if let Some((node, _)) = duration.filter(|(_, seconds)| *seconds < 3600.0) {
        return Some((node, "duration", "it is shorter than an hour".to_owned()));
    }
    let (node, before) = read("renewBefore")?;
    let message = if spec.get("renewBeforePercentage").is_some() {
        "`renewBefore` and `renewBeforePercentage` exclude each other"
    } else if before >= length {
        "it is not shorter than the time of validity"
    } else if before < 300.0 {
        "it is shorter than 5 minutes"
    } else {
        return None;
    };
    Some((node, "renewBefore", message.to_owned()))
}

/// Reads a duration of Go, such as `2160h` or `1h30m`.
fn seconds(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut sum = 0.0;
    while !rest.is_empty() {
        let length = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
            .count();
        let number: f64 = rest[..length].parse().ok()?;
        rest = &rest[length..];
        let (unit, factor) = [("ms", 0.001), ("h", 3600.0), ("m", 60.0), ("s", 1.0)]
            .into_iter()
            .find(|(unit, _)| rest.starts_with(unit))?;
        rest = &rest[unit.len()..];
        sum += number * factor;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn durations_of_go_are_read() {
        assert_eq!(seconds("2160h"), Some(7_776_000.0));
        assert_eq!(seconds("1h30m"), Some(5400.0));
        assert_eq!(seconds("90"), None);
        assert_eq!(seconds("1d"), None);
    }
}
