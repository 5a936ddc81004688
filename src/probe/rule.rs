//! The rule of an IngressRoute, as far as it names hosts and paths.

use crate::name::DnsName;

/// Gives the arguments of all matchers of one name in a rule, such as the host in `` Host(`a.example.org`) ``.
pub(super) fn arguments(rule: &str, matcher: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = rule;
    let opening = format!("{matcher}(");
    while let Some(at) = rest.find(&opening) {
        let is_whole = !rest[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        rest = &rest[at + opening.len()..];
        let inner = rest.split(')').next().unwrap_or_default();
        if is_whole {
            found.extend(inner.split(',').map(|argument| {
                argument
                    .trim()
                    .trim_matches(['`', '"', '\''])
                    .to_ascii_lowercase()
            }));
        }
    }
    found
}

/// Whether a rule names a host.
pub(super) fn names(rule: &str, host: &DnsName) -> bool {
    arguments(rule, "Host")
        .iter()
        .any(|name| covers(name, host))
}

/// Whether a matcher's host is this one, or a wildcard of it (from Traefik 3.7.0).
fn covers(argument: &str, host: &DnsName) -> bool {
    let parent = host.as_str().split_once('.').map(|(_, parent)| parent);
    argument == host.as_str()
        || (argument.strip_prefix("*.").is_some() && argument.strip_prefix("*.") == parent)
}

/// Whether a rule takes a path, as far as it says: other matchers are taken for fitting.
pub(super) fn takes(rule: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or(path).to_ascii_lowercase();
    let (prefixes, exact) = (arguments(rule, "PathPrefix"), arguments(rule, "Path"));
    let is_free = prefixes.is_empty() && exact.is_empty();
    is_free
        || prefixes
            .iter()
            .any(|prefix| path.starts_with(prefix.as_str()))
        || exact.contains(&path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_rules_of_both_majors() {
        assert_eq!(
            arguments("Host(`a.x`) || Host(`b.x`)", "Host"),
            ["a.x", "b.x"]
        );
        assert_eq!(
            arguments("Host(`a.x`, `B.x`) && PathPrefix(`/p`)", "Host"),
            ["a.x", "b.x"]
        );
        assert_eq!(
            arguments("HostRegexp(`.*`) && !XHost(`c`)", "Host"),
            [""; 0]
        );
        let host = DnsName::parse("a.example.org").unwrap();
        assert!(covers("*.example.org", &host) && !covers("*.org", &host) && !covers("a", &host));
        assert!(
            takes("Host(`a`) && PathPrefix(`/p`)", "/p/q?x") && !takes("PathPrefix(`/p`)", "/")
        );
    }
}
