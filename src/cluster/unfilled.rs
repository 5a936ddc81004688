//! Texts with a place that something is yet to fill in: what it will be is not known.

use super::data::is_encrypted;

/// Returns whether a text has such a place: `${VAR}` (Flux, envsubst), `$VAR` (envsubst), `$(VAR)` (Kustomize), `$(command)`, `{{ … }}`
/// (Helm and other templates), `{% … %}`, `<name>` (Argo CD Vault Plugin, and what is to be replaced by hand), or is a value
/// that SOPS has encrypted.
#[must_use]
pub fn is_unfilled(text: &str) -> bool {
    if !text.contains(['$', '{', '<', '[']) {
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
        || has_variable(text)
        || is_encrypted(text)
        || text.starts_with("$(") && text.ends_with(')')
        || names(text, "$(", ')')
        || names(text, "<", '>')
        || is_between("{{", "}}")
        || is_between("{%", "%}")
}

/// Returns whether a word has `$VAR`, of at least two capital letters, digits and underscores and nothing beside them; in
/// several words it is for a shell.
fn has_variable(text: &str) -> bool {
    !text.contains(char::is_whitespace)
        && text.match_indices('$').any(|(at, _)| {
            let rest = &text[at + 1..];
            let is_of_name = |c: char| c == '_' || c.is_ascii_alphanumeric();
            let name = &rest[..rest.find(|c| !is_of_name(c)).unwrap_or(rest.len())];
            name.len() > 1
                && name.starts_with(|c: char| c == '_' || c.is_ascii_uppercase())
                && !name.contains(|c: char| c.is_ascii_lowercase())
        })
}

/// Words in capital letters that stand for what is to be put in their place.
const WORDS: [&str; 13] = [
    "CHANGEME",
    "DATE",
    "HASH",
    "NAME",
    "NAMESPACE",
    "PLACEHOLDER",
    "RANDOM",
    "REPLACEME",
    "SUFFIX",
    "TAG",
    "TIMESTAMP",
    "UUID",
    "VERSION",
];

/// Returns whether a name has a part in capital letters that a script replaces: `job-TIMESTAMP`, `TEST_NAME`.
#[must_use]
pub fn has_replaced_word(name: &str) -> bool {
    name.split(['-', '.', '/']).any(|part| {
        let words = part.split('_');
        let is_capital =
            |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase());
        WORDS.contains(&part) || part.contains('_') && words.into_iter().all(is_capital)
    })
}

#[cfg(test)]
mod tests {
    use super::{has_replaced_word, is_unfilled};

    #[test]
    fn a_word_that_a_script_replaces_is_told_from_a_name_in_capital_letters() {
        for name in ["job-TIMESTAMP", "loop-TASK_ID", "TEST_NAME", "a.NAME"] {
            assert!(has_replaced_word(name), "{name}");
        }
        for name in [
            "_",
            "WEB",
            "web-PROD",
            "my_app",
            "RTX6000-micro",
            "MY_app",
            "A__B",
        ] {
            assert!(!has_replaced_word(name), "{name}");
        }
    }

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
            "$NAMESPACE",
            "$(cat secret | base64 -w0)",
            "apps-$HELM_NAME.example.org",
            "ENC[AES256_GCM,data:x,type:str]",
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
            "a:$apr1$XYZabc$0",
            "^/A$B",
            "[A-Z]+$",
            "echo $PASSWORD",
        ] {
            assert!(!is_unfilled(text), "{text}");
        }
    }
}
