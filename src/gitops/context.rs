//! What holds for a whole run over a fleet: the present, the phase, how values are locked and who opens them.

use super::decide::Need;
use crate::fault::Fault;
use crate::guarded::Guarded;
use crate::pki::bundle::Bundle;
use crate::pki::issue::Ca;
use crate::pki::reuse::Depth;
use crate::seal::creation_rules::Rules;
use crate::seal::sealed::{SealingCertificate, SealingScope};
use crate::seal::{Identity, Recipient};
use time::OffsetDateTime;

/// How private values are locked in the tree.
#[derive(Debug)]
pub enum Sealer {
    /// Not at all.
    Plain,
    /// For age recipients.
    Sops(Readers),
    /// For a SealedSecrets controller.
    Sealed {
        /// Its certificate.
        certificate: Box<SealingCertificate>,
        /// What the ciphertext is bound to.
        scope: SealingScope,
    },
}

/// Who can open encrypted files.
#[derive(Debug)]
pub enum Readers {
    /// The same for all files.
    Of(Vec<Recipient>),
    /// For each file those of the first rule that holds for its path.
    ByPath(Rules),
}

impl Readers {
    /// Returns those of one file, by its path below the tree, sorted.
    pub(super) fn of(&self, path: &str) -> Result<Vec<Recipient>, Fault> {
        let mut recipients = match self {
            Self::Of(recipients) => recipients.clone(),
            Self::ByPath(rules) => rules.recipients(path)?.to_vec(),
        };
        recipients.sort_unstable();
        recipients.dedup();
        Ok(recipients)
    }
}

/// Which step of a roll-over a run may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// All at once: the trust bundle names the previous CA as well, so one apply is safe.
    All,
    /// Only make successors, and let their CAs be trusted.
    Trust,
    /// Let successors whose CAs are trusted take their places.
    Leaf,
    /// Trust only the current CAs.
    Shrink,
}

/// What holds for a whole run.
#[derive(Debug)]
pub struct Context<'a> {
    /// The present.
    pub now: OffsetDateTime,
    /// The step that may be taken.
    pub phase: Phase,
    /// How thoroughly chains are looked at.
    pub depth: Depth,
    /// How private values are locked.
    pub sealer: &'a Sealer,
    /// What opens them.
    pub identities: &'a [Identity],
    /// The CA that signs for the fleet.
    pub given_ca: Option<&'a Ca>,
    /// The certificate for browsers that was given, where it is of no chain of ours.
    pub given_front: Option<&'a Bundle>,
    /// Whether new keys are issued where those that are there would have to be locked in another way.
    pub rekey: bool,
}

impl Context<'_> {
    /// Returns which identity is needed where nothing that is given opens a file.
    pub(super) fn identity(&self) -> Need {
        if self.identities.is_empty() {
            Need::Identity
        } else {
            Need::OtherIdentity
        }
    }
}

/// The files of a unit, as they were read: path below the tree, text.
#[derive(Debug, Default)]
pub struct UnitFiles {
    /// Those in use.
    pub current: Vec<(String, Guarded)>,
    /// Secrets that wait for their phase.
    pub staged: Vec<(String, Guarded)>,
    /// Those of others that are taken over: a Secret in them counts if there is none of its name in use.
    pub adopted: Vec<(String, Guarded)>,
}

impl UnitFiles {
    /// Returns the texts of all of them.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let all = self.current.iter().chain(&self.staged).chain(&self.adopted);
        all.map(|(_, text)| text.as_str())
    }
}

/// How files are read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As this program writes them; anything else counts as missing, so a plan stands only when the files turn out
    /// unchanged.
    Scan,
    /// As YAML.
    Yaml,
}
