//! Secrets for Git: SOPS files for age recipients, and SealedSecrets.
//!
//! Both encrypt the private values alone. Certificates stay in clear text, so a later run decides about renewal
//! without any key. Random numbers are passed in, but for the seed of RSA-OAEP, which `aws-lc-rs` draws itself.
//!
//! | I want to … | open … |
//! |---|---|
//! | name who can open a file | [`recipient`], [`creation_rules`] |
//! | write, read or open a SOPS file | [`sops`]; the age files in it: `age` |
//! | seal for the controller of a cluster | [`sealed`] |

mod age;
pub mod creation_rules;
pub mod recipient;
pub mod sealed;
pub mod sops;

pub use recipient::{Identity, Recipient};

use crate::fault::Fault;

/// Fills a buffer with random bytes, or says that the system gives none.
pub type Random<'a> = dyn FnMut(&mut [u8]) -> Result<(), Fault> + 'a;
