//! What others put into a tree, what they do to a run, and what they could read of it.

/// A case: its name is the sentence it proves.
type Case = (&'static str, fn());

pub(crate) const CASES: &[Case] = &[];
