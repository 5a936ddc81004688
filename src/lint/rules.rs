//! The rules of all families.
//!
//! `docs/lint.md` is made from them (`tests/lint/docs.rs`).

pub use super::families::FAMILIES;
pub use super::family::Family;
pub use super::rule::{Rule, Severity};

// What `probe` finds in the objects, too.
pub(crate) use super::gateway_api::rules::CI805;
pub(crate) use super::istio::rules::CI855;
pub(crate) use super::routes::rules::{CI210, CI214, CI219, CI227, CI229, CI235};
pub(crate) use super::tls_store::rules::{CI401, CI402};
pub(crate) use super::trust::rules::{CI101, CI102, CI108, CI110, CI114};
pub(crate) use super::versions::rules::CI305;

use crate::fault::{Fault, did_you_mean};
use std::sync::LazyLock;

/// All rules, in the order of their codes.
pub static ALL: LazyLock<Vec<&'static Rule>> = LazyLock::new(|| {
    let mut all: Vec<&Rule> = FAMILIES
        .iter()
        .flat_map(|family| family.rules)
        .copied()
        .collect();
    all.sort_unstable_by_key(|rule| rule.code);
    all
});

/// Returns the rule with this code or name, in any case.
#[must_use]
pub fn find(text: &str) -> Option<&'static Rule> {
    let is_it =
        |rule: &&Rule| rule.code.eq_ignore_ascii_case(text) || rule.name.eq_ignore_ascii_case(text);
    ALL.iter().copied().find(is_it)
}

/// Returns the rule with this code or name.
///
/// # Errors
/// There is no such rule; the help names one that is similar.
pub fn named(text: &str) -> Result<&'static Rule, Fault> {
    find(text).ok_or_else(|| {
        let fault = Fault::new(format!("there is no rule `{}`", text.escape_debug()));
        let known = ALL.iter().flat_map(|rule| [rule.code, rule.name]);
        match did_you_mean(text, known) {
            Some(near) => fault.help(format!(
                "perhaps `{near}`; `civi-ingress lint --list` lists all"
            )),
            None => fault.help("`civi-ingress lint --list` lists all"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_rule_is_found_by_its_code_and_by_its_name_and_none_shares_them() {
        assert_eq!(find("ci202"), find("Wrong-Server-Name"));
        assert_eq!(find("ci202").map(|rule| rule.code), Some("CI202"));
        assert_eq!(find("CI999"), None);
        for rule in ALL.iter() {
            assert_eq!(find(rule.code), Some(*rule));
            assert_eq!(find(rule.name), Some(*rule));
        }
        let codes: BTreeSet<&str> = ALL.iter().map(|rule| rule.code).collect();
        assert_eq!(codes.len(), ALL.len());
    }

    #[test]
    fn names_are_words_of_small_letters_and_digits_with_hyphens_between_them() {
        for rule in ALL.iter() {
            let words: Vec<&str> = rule.name.split('-').collect();
            // With one word, a name in a suppression could be the beginning of its reason.
            assert!(words.len() > 1, "{}", rule.name);
            for word in words {
                let is_plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
                assert!(
                    !word.is_empty() && word.bytes().all(is_plain),
                    "{}",
                    rule.name
                );
            }
        }
    }

    #[test]
    fn codes_begin_with_the_number_of_their_family_and_are_in_order() {
        for family in &FAMILIES {
            let codes = family.rules.iter().map(|rule| rule.code);
            assert!(codes.clone().is_sorted(), "{}", family.title);
            for code in codes {
                let number = code.strip_prefix("CI").filter(|number| number.len() == 3);
                let hundred = number.and_then(|number| number.parse::<u16>().ok());
                assert_eq!(
                    hundred.map(|it| it / 100),
                    Some(u16::from(family.number)),
                    "{code}"
                );
            }
        }
        assert!(FAMILIES.is_sorted_by_key(|family| family.number));
    }

    #[test]
    fn every_text_is_a_sentence() {
        for rule in ALL.iter() {
            for text in [rule.consequence, rule.help] {
                assert!(text.ends_with(['.', '`', ')']), "{}: {text}", rule.code);
            }
            assert!(!rule.title.ends_with('.'), "{}", rule.code);
        }
    }
}
