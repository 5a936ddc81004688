//! Values files.

use crate::yaml::Node;

/// A values file.
pub(in crate::lint) struct Values<'a> {
    pub(in crate::lint) file: usize,
    pub(in crate::lint) document: usize,
    pub(in crate::lint) prefix: String,
    pub(in crate::lint) node: &'a Node,
    /// The chart's version, if it is beside the values.
    pub(in crate::lint) chart: Option<&'a str>,
}
