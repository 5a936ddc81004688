//! Hosts with and without wildcards.

/// Returns whether a name with a wildcard in front, or none, and another one meet: Gateway API takes any number of
/// labels for the asterisk, as Istio does.
pub(in crate::lint) fn meets(one: &str, other: &str) -> bool {
    let covers = |pattern: &str, host: &str| {
        pattern
            .strip_prefix('*')
            .is_some_and(|tail| host.len() > tail.len() && host.ends_with(tail))
    };
    one == other || covers(one, other) || covers(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_meet_where_one_covers_the_other() {
        for (one, other) in [
            ("a.example.org", "a.example.org"),
            ("*.example.org", "a.example.org"),
            ("a.b.example.org", "*.example.org"),
            ("*.b.example.org", "*.example.org"),
            ("*", "a.example.org"),
        ] {
            assert!(meets(one, other), "{one} {other}");
        }
        assert!(!meets("*.example.org", "example.org"));
        assert!(!meets("*.example.org", "a.example.net"));
        assert!(!meets("a.example.org", "b.example.org"));
    }
}
