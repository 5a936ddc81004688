//! Texts of options, parsed by the library, with the option in what is wrong with them.

use civi_ingress::fault::{Fault, Faults};

type Parse<T> = fn(&str) -> Result<T, Fault>;

/// Parses the text of an option, if it is given, or notes what is wrong with it.
pub(super) fn one<T>(
    text: Option<&str>,
    option: &str,
    parse: Parse<T>,
    faults: &mut Faults,
) -> Option<T> {
    faults.keep(parse(text?).map_err(|fault| fault.argument(option)))
}

/// Parses all texts of an option, or notes what is wrong with each.
pub(super) fn all<T>(
    texts: &[String],
    option: &str,
    parse: Parse<T>,
    faults: &mut Faults,
) -> Vec<T> {
    texts
        .iter()
        .filter_map(|text| one(Some(text), option, parse, faults))
        .collect()
}
