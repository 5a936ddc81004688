//! Texts with a place that something is yet to fill in: what it will be is not known.

/// Returns whether a text has such a place: `${VAR}` (Flux, envsubst), `$(VAR)` (Kustomize), `{{ … }}` (Helm and other
/// templates), `{% … %}`, `<name>` (Argo CD Vault Plugin, and what is to be replaced by hand).
#[must_use]
pub fn is_unfilled(text: &str) -> bool {
    if !text.contains(['$', '{', '<']) {
        return false;
    }
    let names = |from: &str, open: &str, close: char| {
        from.match_indices(open).any(|(at, _)| {
            let inner = &from[at + open.len()..];
            let begins = inner.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic());
            // A group of an expression has a name, too.
            let is_group = open == "<" && from[..at].ends_with(['?', 'P']);
            let end = inner.find(|c: char| c == close || c.is_whitespace());
            let is_closed = end.is_some_and(|end| inner[end..].starts_with(close));
            begins && !is_group && (is_closed || open == "${" && inner.contains(close))
        })
    };
    let is_between = |open: &str, close: &str| {
        let after = text.split_once(open).map(|(_, after)| after);
        after.is_some_and(|after| after.contains(close))
    };
    names(text, "${", '}')
        || names(text, "$(", ')')
        || names(text, "<", '>')
        || is_between("{{", "}}")
        || is_between("{%", "%}")
}

#[cfg(test)]
mod tests {
    use super::is_unfilled;

    #[test]
    fn a_place_that_is_yet_to_be_filled_in_is_seen() {
        for text in [
            "web.${DOMAIN}",
            "${EP:=websecure}",
            "${TLS_SECRET/./-}",
            "$(HOST).example.org",
            "{{ .Values.host }}",
            "a-{{name}}",
            "{% if a %}",
            "<domain>",
            "Host(`<path:kv/data/a#host>`)",
        ] {
            assert!(is_unfilled(text), "{text}");
        }
        for text in [
            "a.example.org",
            "^(?P<name>a)$",
            "$",
            "a < b > c",
            "Host(`a`) && PathPrefix(`/{id:[0-9]+}`)",
            "HostRegexp(`{host:.+}`)",
            "^a$",
            "$1/${2}",
        ] {
            assert!(!is_unfilled(text), "{text}");
        }
    }
}
