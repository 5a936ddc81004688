//! What reading a source may cost in memory, counted before anything is copied.
//!
//! Aliases let a short text stand for a long one. What an anchor keeps and what an alias brings in is weighed first;
//! so a refusal costs no more than what was taken until then.

use super::{Key, Node, Value};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Most bytes that the anchors and aliases of one document may bring in: some 40,000 values.
pub const DOCUMENT_BYTES: usize = 4 << 20;
/// Most bytes that the anchors and aliases of all documents together may bring in, besides twice the text's length.
const SOURCE_BYTES: usize = 8 << 20;
/// Most values in a stream of manifests: 128 MiB of them have some 6 million.
const MANIFESTS_VALUES: usize = 8_000_000;
/// Most values in a file of settings: the chart's own has 120.
const SETTINGS_VALUES: usize = 200_000;
/// What an allocation costs besides its content.
const ALLOCATION: usize = 16;

/// What is left for the documents of a source, which may be read side by side.
#[derive(Debug)]
pub struct Budget {
    bytes: AtomicUsize,
    values: AtomicUsize,
}

/// More is wanted than there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded;

/// What a part took of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    pub(super) bytes: usize,
    pub(super) values: usize,
}

impl Budget {
    /// Returns the budget of a stream of manifests, or several, of `length` bytes together.
    #[must_use]
    pub fn of_manifests(length: usize) -> Self {
        Self::new(length, MANIFESTS_VALUES)
    }

    /// Returns the budget of a file of settings of `length` bytes.
    #[must_use]
    pub fn of_settings(length: usize) -> Self {
        Self::new(length, SETTINGS_VALUES)
    }

    fn new(length: usize, values: usize) -> Self {
        Self {
            bytes: AtomicUsize::new(SOURCE_BYTES.saturating_add(length.saturating_mul(2))),
            values: AtomicUsize::new(values),
        }
    }

    /// Takes bytes that an anchor or alias wants.
    pub(super) fn take_bytes(&self, bytes: usize) -> Result<(), Exceeded> {
        take(&self.bytes, bytes)
    }

    /// Takes values that were read.
    pub(super) fn take_values(&self, values: usize) -> Result<(), Exceeded> {
        take(&self.values, values)
    }

    /// Takes what a part took of another budget.
    ///
    /// # Errors
    /// There is less.
    pub fn take(&self, spent: Spent) -> Result<(), Exceeded> {
        self.take_bytes(spent.bytes)?;
        self.take_values(spent.values)
    }

    /// Returns how many bytes are left.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }

    /// Returns how many values are left.
    #[must_use]
    pub fn values(&self) -> usize {
        self.values.load(Relaxed)
    }
}

fn take(left: &AtomicUsize, wanted: usize) -> Result<(), Exceeded> {
    let taken = left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(wanted));
    taken.map(|_| ()).map_err(|_| Exceeded)
}

/// Returns how many bytes of memory a copy of a value takes.
#[must_use]
pub fn weight(node: &Node) -> usize {
    let below = match &node.value {
        Value::Text(text) | Value::Ambiguous(text) => text.len() + ALLOCATION,
        Value::List(items) => ALLOCATION + items.iter().map(weight).sum::<usize>(),
        Value::Map(entries) => {
            let of_entry = |(key, value): &(Key, Node)| {
                size_of::<Key>() + key.text.len() + ALLOCATION + weight(value)
            };
            ALLOCATION + entries.iter().map(of_entry).sum::<usize>()
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => 0,
    };
    size_of::<Node>() + below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_taken() {
        let budget = Budget::of_settings(0);
        assert_eq!(budget.take_bytes(SOURCE_BYTES + 1), Err(Exceeded));
        assert_eq!(budget.take_bytes(SOURCE_BYTES), Ok(()));
        assert_eq!(budget.take_bytes(1), Err(Exceeded));
    }
}
