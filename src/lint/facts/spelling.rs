//! Names that are alike.

/// Returns whether two names differ as members of a row do: `wrr1` and `wrr2`, `roots-a` and `roots-b`.
pub(in crate::lint) fn is_numbered(one: &str, other: &str) -> bool {
    let stem = |name: &str| -> String {
        name.split(['-', '.'])
            .map(|part| match part.len() {
                1 => "",
                _ => part.trim_end_matches(|c: char| c.is_ascii_digit()),
            })
            .collect::<Vec<_>>()
            .join("-")
    };
    stem(one) == stem(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_a_row_are_not_misspellings_of_each_other() {
        assert!(is_numbered("wrr1", "wrr2"));
        assert!(is_numbered("roots-a", "roots-b"));
        assert!(is_numbered("transport-1", "transport-12"));
        assert!(!is_numbered("externca", "externcas"));
        assert!(!is_numbered("transport-selfsinged", "transport-selfsigned"));
    }
}
