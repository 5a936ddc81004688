//! Names that are alike.

use crate::fault::did_you_mean;

/// Most names among which one that is alike says anything: a tree of thousands of instances has those by chance.
const LIMIT: usize = 1000;

/// The names that one may be a misspelling of, each with its stem.
#[derive(Default)]
pub(in crate::lint) struct Spellings(Vec<(String, String)>);

impl Spellings {
    /// Takes all names; of too many it keeps none.
    pub(in crate::lint) fn of<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let names: Vec<&str> = names.take(LIMIT + 1).collect();
        if names.len() > LIMIT {
            return Self::default();
        }
        let with_stem = |name: &str| (name.to_owned(), stem(name));
        Self(names.into_iter().map(with_stem).collect())
    }

    /// Returns the name that is most like one, unless they differ as members of a row do: `wrr1` and `wrr2`, `roots-a`
    /// and `roots-b`.
    pub(in crate::lint) fn nearest(&self, name: &str) -> Option<&str> {
        let row = stem(name);
        let others = self.0.iter().filter(|(_, stem)| *stem != row);
        did_you_mean(name, others.map(|(other, _)| other.as_str()))
    }
}

/// Returns what the names of a row have in common.
fn stem(name: &str) -> String {
    name.split(['-', '.'])
        .map(|part| match part.len() {
            1 => "",
            _ => part.trim_end_matches(|c: char| c.is_ascii_digit()),
        })
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_a_row_are_not_misspellings_of_each_other() {
        for (one, other, is_near) in [
            ("wrr1", "wrr2", false),
            ("roots-a", "roots-b", false),
            ("transport-1", "transport-12", false),
            ("externca", "externcas", true),
            ("transport-selfsinged", "transport-selfsigned", true),
        ] {
            let spellings = Spellings::of([other].into_iter());
            assert_eq!(spellings.nearest(one), is_near.then_some(other), "{one}");
        }
    }

    #[test]
    fn of_a_thousand_names_one_that_is_alike_says_nothing() {
        let names = |count: usize| -> Vec<String> {
            (0..count).map(|number| format!("other-{number}")).collect()
        };
        let near = |names: &[String]| {
            let all = names.iter().map(String::as_str);
            let spellings = Spellings::of(all.chain(["externca"]));
            spellings.nearest("externcas").map(str::to_owned)
        };
        assert_eq!(near(&names(999)).as_deref(), Some("externca"));
        assert_eq!(near(&names(1000)), None);
    }
}
