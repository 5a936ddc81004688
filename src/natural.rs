//! The order in which people look for names: `p2` comes before `p10`.

use std::cmp::Ordering;

/// A text that is ordered by its words and the values of its numbers; texts that differ in nothing else are ordered
/// bytewise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Natural<'a>(pub &'a str);

impl Ord for Natural<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut left, mut right) = (self.0.as_bytes(), other.0.as_bytes());
        loop {
            let numbers = (number(left), number(right));
            let order = match numbers {
                (0, _) | (_, 0) => left.first().cmp(&right.first()),
                (l, r) => value(&left[..l]).cmp(&value(&right[..r])),
            };
            if order.is_ne() {
                return order;
            }
            if left.is_empty() {
                return self.0.cmp(other.0);
            }
            let (l, r) = (numbers.0.max(1), numbers.1.max(1));
            (left, right) = (&left[l..], &right[r..]);
        }
    }
}

impl PartialOrd for Natural<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Counts the digits at the beginning.
fn number(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// Returns what digits are ordered by, however many there are: how many count, and which.
fn value(digits: &[u8]) -> (usize, &[u8]) {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    (digits.len() - zeros, &digits[zeros..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_ordered_by_their_value() {
        let sorted = [
            "",
            "01",
            "1",
            "2",
            "10",
            "9999999999999999999999",
            "a",
            "a1b2",
            "a1b10",
            "a2b1",
            "a10",
            "p02",
            "p2",
            "p10",
            "p10a",
            "pa",
        ];
        for pair in sorted.windows(2) {
            assert!(Natural(pair[0]) < Natural(pair[1]), "{pair:?}");
        }
    }

    proptest! {
        #[test]
        fn texts_are_equal_only_to_themselves(a in "[0-2a-b.]{0,6}", b in "[0-2a-b.]{0,6}") {
            prop_assert_eq!(Natural(&a).cmp(&Natural(&b)) == Ordering::Equal, a == b);
            prop_assert_eq!(Natural(&a).cmp(&Natural(&b)), Natural(&b).cmp(&Natural(&a)).reverse());
        }

        #[test]
        fn the_order_is_transitive(mut texts in prop::collection::vec("[0-2a.]{0,4}", 3)) {
            texts.sort_by(|a, b| Natural(a).cmp(&Natural(b)));
            prop_assert!(Natural(&texts[0]) <= Natural(&texts[2]));
        }
    }
}
