//! Decides what becomes of a chain that was found: it stays, is made, or waits.

use crate::fleet::CertificateTerms;
use crate::pki::reuse::{Cause, RenewalRule};
use aws_lc_rs::digest::{SHA256, digest};
use std::fmt;
use time::Duration;

/// Why a chain does not stay as it is in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The chain itself is not what it must be.
    Chain(Cause),
    /// The recipients of its keys are not the wanted ones.
    RecipientsChanged,
    /// The controller has another sealing key.
    SealingKeyChanged,
    /// The ciphertext is bound to more or less than wanted.
    ScopeChanged,
    /// Its keys are locked in another way than wanted.
    ModeChanged,
    /// A chain in the same encrypted file is reissued, and that file has one data key.
    SameFile,
    /// Its certificates are encrypted too, and what opens them is not at hand.
    Closed(Need),
    /// Its file was encrypted by other rules than this program's, so that nothing can be rendered around it.
    LockedOtherwise,
    /// Its file can also be opened by these means, for which this program does not encrypt.
    OtherReaders(Vec<&'static str>),
    /// Its file is not one that `sops` would open, for this reason.
    Damaged(String),
}

impl Reason {
    /// There is none.
    pub const MISSING: Self = Self::Chain(Cause::Missing);

    /// Returns the word by which reports for programs call it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Chain(cause) => cause.code(),
            Self::RecipientsChanged => "recipients-changed",
            Self::SealingKeyChanged => "sealing-key-changed",
            Self::ScopeChanged => "scope-changed",
            Self::ModeChanged => "mode-changed",
            Self::SameFile => "same-file",
            Self::Closed(_) => "closed",
            Self::LockedOtherwise => "encrypted-otherwise",
            Self::OtherReaders(_) => "other-readers",
            Self::Damaged(_) => "damaged",
        }
    }

    /// Returns whether the chain still serves: then its renewal can wait for its turn or its phase.
    #[must_use]
    pub fn can_wait(&self) -> bool {
        match self {
            Self::Chain(cause) => cause.can_wait(),
            Self::SameFile => true,
            _ => self.concerns_lock_only(),
        }
    }

    /// Returns whether the leaf is due.
    #[must_use]
    pub fn is_due(&self) -> bool {
        matches!(self, Self::Chain(Cause::Due(..)))
    }

    /// Returns whether the same keys, encrypted again, would do.
    #[must_use]
    pub fn concerns_lock_only(&self) -> bool {
        matches!(
            self,
            Self::RecipientsChanged
                | Self::SealingKeyChanged
                | Self::ScopeChanged
                | Self::ModeChanged
                | Self::LockedOtherwise
        )
    }
}

impl From<Cause> for Reason {
    fn from(cause: Cause) -> Self {
        Self::Chain(cause)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chain(cause) => cause.fmt(f),
            Self::RecipientsChanged => f.write_str("the recipients have changed"),
            Self::SealingKeyChanged => f.write_str("the sealing certificate has changed"),
            Self::ScopeChanged => f.write_str("the scope of the SealedSecret has changed"),
            Self::ModeChanged => f.write_str("secrets are now kept in another way"),
            Self::SameFile => f.write_str("it shares a file and its data key with one that is reissued"),
            Self::Closed(_) => f.write_str("its certificates are encrypted"),
            Self::LockedOtherwise => f.write_str(
                "its file was encrypted with settings other than this program's (which values, which MAC)",
            ),
            Self::OtherReaders(fields) => write!(
                f,
                "its file can also be opened by {}, for which only `sops` encrypts; remove these readers with `sops`, or delete the file to get new keys",
                fields.join(", ")
            ),
            Self::Damaged(why) => write!(
                f,
                "its file is damaged: {why}; restore the file, or delete it to get new keys"
            ),
        }
    }
}

/// What becomes of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It stays byte for byte.
    Keep,
    /// It is made, because there is none.
    Issue,
    /// It is reissued.
    Renew(Reason),
    /// Its keys and certificates stay and are encrypted again.
    Reseal(Reason),
    /// Its successor is made and waits; the trust bundle names its CA already.
    Stage(Reason),
    /// The successor that waited takes its place.
    Promote,
    /// It should be reissued and waits for its turn or its phase.
    Defer(Reason),
    /// It should be reissued, and something is needed for that.
    Blocked(Reason, Need),
}

impl Action {
    /// Returns the word by which reports call it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Issue => "issue",
            Self::Renew(_) => "renew",
            Self::Reseal(_) => "reseal",
            Self::Stage(_) => "stage",
            Self::Promote => "promote",
            Self::Defer(_) => "defer",
            Self::Blocked(..) => "blocked",
        }
    }

    /// Returns the reason, if there is one.
    #[must_use]
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Renew(reason)
            | Self::Reseal(reason)
            | Self::Stage(reason)
            | Self::Defer(reason)
            | Self::Blocked(reason, _) => Some(reason),
            Self::Keep | Self::Issue | Self::Promote => None,
        }
    }

    /// Returns whether keys are drawn for it.
    #[must_use]
    pub fn makes_keys(&self) -> bool {
        matches!(self, Self::Issue | Self::Renew(_) | Self::Stage(_))
    }
}

/// What a renewal waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A private key that opens what is encrypted; none is given.
    Identity,
    /// The same; none of those given opens it.
    OtherIdentity,
    /// The private key of the CA that signs for the fleet.
    CaKey,
    /// Another CA than the one that is given, because that ends with its leaf.
    OtherCa,
    /// A CA in place of the intermediate whose key is stored, for that cannot sign (again).
    OtherIntermediate,
    /// A run with `--phase trust`.
    TrustPhase,
    /// A person who fixes the file.
    Person,
    /// Files that are in Git but not in the work tree.
    Checkout,
    /// Permission to take over files in the way that are not this fleet's.
    Adoption,
}

impl Need {
    /// Describes what waits for it and why: a first issue, or a renewal.
    #[must_use]
    pub fn sentence(self, reason: &Reason) -> String {
        match (self, reason) {
            (Self::Checkout | Self::Adoption, _) => self.to_string(),
            (_, &Reason::MISSING) => format!("not issued yet, {self}"),
            (
                _,
                Reason::Closed(_)
                | Reason::LockedOtherwise
                | Reason::OtherReaders(_)
                | Reason::Damaged(_),
            ) => format!("kept as it is, {self}: {reason}"),
            (_, reason) if reason.concerns_lock_only() => {
                format!("{reason}, {self}; `--rekey` issues new keys instead")
            }
            (_, reason) => format!("renewal due, {self}: {reason}"),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity needed (`--identity FILE`)",
            Self::OtherIdentity => "none of the given identities opens it (`--identity FILE`)",
            Self::CaKey => "CA key needed (`--ca-cert FILE --ca-key FILE`)",
            Self::OtherCa => "the given CA ends at the same time: another one is needed (`--ca-cert FILE --ca-key FILE`)",
            Self::OtherIntermediate => {
                "the stored CA is an intermediate that cannot sign a longer one: set `ca: external` and pass its successor (`--ca-cert FILE --ca-key FILE`), or `ca: ephemeral` for a CA of its own"
            }
            Self::TrustPhase => "`--phase trust` has not run yet",
            Self::Person => "to be fixed by hand",
            Self::Checkout => {
                "its keys are in Git's index but are not checked out (`git sparse-checkout add FOLDER` or `git restore FOLDER`; to have them reissued, `git rm --cached`)"
            }
            Self::Adoption => "a file in the way does not belong to this fleet (`--adopt` takes it over)",
        })
    }
}

/// Returns when a leaf of a fleet is due: `renewBefore` before its end, and earlier by up to a tenth of its life, the
/// same for `id` every time, so that a fleet that was made in one day is not renewed in one day.
#[must_use]
pub fn renewal_rule(terms: &CertificateTerms, fleet: &str, id: &str) -> RenewalRule {
    let before = terms.renew_before_days;
    RenewalRule {
        before: before.map(|days| Duration::days(days.into())),
        spread: spread(fleet, id),
    }
}

/// Returns a number that is spread evenly over ids and always the same for one.
#[must_use]
pub fn spread(fleet: &str, id: &str) -> u32 {
    let hash = digest(&SHA256, format!("{fleet}/{id}").as_bytes());
    let bytes: [u8; 4] = hash.as_ref()[..4]
        .try_into()
        .expect("a digest has 32 bytes");
    u32::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::CaCustody;
    use crate::pki::KeyType;
    use crate::pki::validity::Validity;
    use time::OffsetDateTime;
    use time::macros::datetime;

    fn terms(renew_before_days: Option<u32>) -> CertificateTerms {
        CertificateTerms {
            ca: CaCustody::Ephemeral,
            key: KeyType::P256,
            days: 365,
            ca_days: None,
            renew_before_days,
            overlap_days: None,
            organization: crate::pki::issue::Organization::default(),
        }
    }

    #[test]
    fn a_fleet_made_in_one_day_is_due_over_a_tenth_of_its_life() {
        let validity = Validity {
            not_before: datetime!(2026-01-01 00:00:00 UTC),
            not_after: datetime!(2027-01-01 00:00:00 UTC),
        };
        let due: Vec<OffsetDateTime> = (0..1000)
            .map(|n| renewal_rule(&terms(None), "uepal", &format!("p{n}")).due_at(validity))
            .collect();
        let (first, last) = (due.iter().min().unwrap(), due.iter().max().unwrap());
        assert!(*last <= validity.due_at());
        assert!(*first >= validity.due_at() - Duration::days(37));
        assert!(*last - *first > Duration::days(35), "{first} {last}");
        let in_the_first_week = due
            .iter()
            .filter(|at| **at < *first + Duration::WEEK)
            .count();
        assert!(
            (150..250).contains(&in_the_first_week),
            "{in_the_first_week}"
        );
    }

    #[test]
    fn renew_before_counts_from_the_end_where_the_life_is_longer() {
        let validity = Validity {
            not_before: datetime!(2026-01-01 00:00:00 UTC),
            not_after: datetime!(2026-04-11 00:00:00 UTC),
        };
        let due = renewal_rule(&terms(Some(30)), "f", "a").due_at(validity);
        assert!(
            due <= datetime!(2026-03-12 00:00:00 UTC) && due >= datetime!(2026-03-02 00:00:00 UTC)
        );
        assert_eq!(
            due,
            renewal_rule(&terms(Some(30)), "f", "a").due_at(validity)
        );
        assert_eq!(
            renewal_rule(&terms(Some(200)), "f", "a").due_at(validity),
            renewal_rule(&terms(None), "f", "a").due_at(validity)
        );
    }
}
