//! What is read.

use zeroize::Zeroizing;

/// A text and the name by which a report calls it.
#[derive(Debug)]
pub struct Source {
    /// Its name, such as a path.
    pub name: String,
    /// The text; it may hold private keys.
    pub text: Zeroizing<String>,
}
