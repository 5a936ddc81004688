//! Names that are alike.

use crate::fault::did_you_mean;

/// Most names among which one that is alike says anything: a tree of thousands of instances has those by chance.
const LIMIT: usize = 1000;

/// The names that one may be a misspelling of.
#[derive(Default)]
pub(in crate::lint) struct Spellings(Vec<Spelling>);

/// A name, and what tells at once that another is not alike.
struct Spelling {
    name: String,
    stem: String,
    letters: Letters,
}

impl Spelling {
    fn of(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            stem: stem(name),
            letters: Letters::of(name),
        }
    }
}

/// The letters of a name, a bit for each; nothing of a name with others than ASCII has.
struct Letters(Option<u64>);

impl Letters {
    fn of(name: &str) -> Self {
        let bit = |byte: u8| 1 << (byte.to_ascii_lowercase() & 63);
        let bits = || name.bytes().fold(0, |bits, byte| bits | bit(byte));
        Self(name.is_ascii().then(bits))
    }

    /// Returns whether three mistakes may make one name of the other: each takes one letter at most, and adds one.
    fn may_be_of(&self, other: &Self) -> bool {
        let pair = self.0.zip(other.0);
        pair.is_none_or(|(one, other)| (one ^ other).count_ones() <= 6)
    }
}

impl Spellings {
    /// Takes all names; of too many it keeps none.
    pub(in crate::lint) fn of<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let names: Vec<&str> = names.take(LIMIT + 1).collect();
        if names.len() > LIMIT {
            return Self::default();
        }
        Self(names.into_iter().map(Spelling::of).collect())
    }

    /// Returns the name that is most like one, unless they differ as members of a row do: `wrr1` and `wrr2`, `roots-a`
    /// and `roots-b`.
    pub(in crate::lint) fn nearest(&self, name: &str) -> Option<&str> {
        let own = Spelling::of(name);
        let all = self.0.iter();
        let others = all
            .filter(|other| own.letters.may_be_of(&other.letters))
            .filter(|other| other.stem != own.stem);
        did_you_mean(name, others.map(|other| other.name.as_str()))
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
