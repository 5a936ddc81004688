//! Decides what becomes of a chain that was found: it stays, is made, or waits.

use crate::fleet::CertificateTerms;
use crate::instant::earlier;
use crate::pki::certificate::Sighting;
use crate::pki::validity::{Validity, format_instant};
use crate::pki::{Certificate, KeyType, LeafUse, SubjectAltName, reuse, verify};
use aws_lc_rs::digest::{SHA256, digest};
use std::fmt;
use time::{Duration, OffsetDateTime};

/// Why a chain does not stay as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// There is none.
    Missing,
    /// Something of it is missing.
    Incomplete(&'static str),
    /// A certificate cannot be read.
    Unreadable(String),
    /// The names of its leaf are not the wanted ones.
    NamesChanged,
    /// Its keys are not of the wanted type.
    KeyTypeChanged,
    /// Its leaf is not signed by its CA.
    NotSignedByCa(String),
    /// Another CA is given to sign with.
    CaChanged,
    /// Its private key is published on the internet, under this name.
    Published(&'static str),
    /// Its leaf ended then.
    Expired(OffsetDateTime),
    /// Its leaf or CA ends then, and that is soon.
    Due(OffsetDateTime),
    /// The recipients of its keys are not the wanted ones.
    RecipientsChanged,
    /// The controller has another sealing key.
    SealingKeyChanged,
    /// The ciphertext is bound to more or less than wanted.
    ScopeChanged,
    /// Its keys are locked in another way than wanted.
    ModeChanged,
    /// Its CA key is kept although it should not be, or is gone although it should be kept.
    CustodyChanged,
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
    /// Returns the word by which reports for programs call it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Incomplete(_) => "incomplete",
            Self::Unreadable(_) => "unreadable",
            Self::NamesChanged => "names-changed",
            Self::KeyTypeChanged => "key-type-changed",
            Self::NotSignedByCa(_) => "not-signed-by-ca",
            Self::CaChanged => "ca-changed",
            Self::Published(_) => "key-published",
            Self::Expired(_) => "expired",
            Self::Due(_) => "due",
            Self::RecipientsChanged => "recipients-changed",
            Self::SealingKeyChanged => "sealing-key-changed",
            Self::ScopeChanged => "scope-changed",
            Self::ModeChanged => "mode-changed",
            Self::CustodyChanged => "custody-changed",
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
        matches!(
            self,
            Self::Due(_)
                | Self::RecipientsChanged
                | Self::SealingKeyChanged
                | Self::ScopeChanged
                | Self::ModeChanged
                | Self::CustodyChanged
                | Self::CaChanged
                | Self::SameFile
                | Self::LockedOtherwise
        )
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

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is none yet"),
            Self::Incomplete(what) => write!(f, "its {what} is missing"),
            Self::Unreadable(why) | Self::NotSignedByCa(why) => f.write_str(why),
            Self::NamesChanged => f.write_str("its names are not those of the fleet file"),
            Self::KeyTypeChanged => f.write_str("its key is of another type"),
            Self::CaChanged => f.write_str("a different CA is given to sign with"),
            Self::Published(name) => {
                write!(f, "its private key `{name}` is published on the internet")
            }
            Self::Expired(end) => write!(f, "it expired at {}", format_instant(*end)),
            Self::Due(end) => write!(f, "it expires at {} and is due", format_instant(*end)),
            Self::RecipientsChanged => f.write_str("the recipients have changed"),
            Self::SealingKeyChanged => f.write_str("the sealing certificate has changed"),
            Self::ScopeChanged => f.write_str("the scope of the SealedSecret has changed"),
            Self::ModeChanged => f.write_str("secrets are now kept in another way"),
            Self::CustodyChanged => f.write_str("the custody of its CA key has changed"),
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
            (_, Reason::Missing) => format!("not issued yet, {self}"),
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

/// What the leaf of a chain must be.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its subject alternative names.
    pub names: Vec<SubjectAltName>,
    /// What it may identify.
    pub leaf_use: LeafUse,
    /// Kind of its key.
    pub key: KeyType,
    /// Whether a common name counts as its first name if it has no subject alternative names. The chart's
    /// database certificate is like that, and its clients do not check names (`VERIFY_CA` of `MySQL` Router).
    pub common_name_does: bool,
}

/// The public half of a chain.
#[derive(Debug, Clone)]
pub struct PublicChain {
    /// The CA's certificate.
    pub ca: Sighting,
    /// Whether others are beside it.
    pub is_one_of_several: bool,
    /// The leaf's certificate.
    pub leaf: Sighting,
}

/// How thoroughly a chain is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Names, dates and identifiers: what a change of the fleet file or the passing of time can break.
    Glance,
    /// Signatures and path rules too.
    Whole,
}

/// Reads the public half of a chain and checks what is wrong with it at `now`, apart from being due.
///
/// # Errors
/// The first reason why it cannot stay.
pub fn examine(
    ca: Option<&str>,
    leaf: Option<&str>,
    wanted: &Wanted,
    depth: Depth,
    now: OffsetDateTime,
) -> Result<PublicChain, Reason> {
    let (ca, leaf) = match (ca, leaf) {
        (None, None) => return Err(Reason::Missing),
        (None, _) => return Err(Reason::Incomplete("CA certificate")),
        (_, None) => return Err(Reason::Incomplete("certificate")),
        (Some(ca), Some(leaf)) => (ca, leaf),
    };
    let look = |text| Sighting::first(text).map_err(|fault| Reason::Unreadable(fault.what));
    let leaf = look(leaf)?;
    // Most are alone, and are read no further than this program needs.
    let is_one_of_several = ca.matches("-----BEGIN CERTIFICATE-----").count() > 1;
    let ca = if is_one_of_several {
        let whole = Certificate::from_der(leaf.der.clone())
            .map_err(|fault| Reason::Unreadable(fault.what))?;
        let authorities = reuse::authorities(ca);
        look(reuse::signer(&authorities, &whole).map_or(ca, Certificate::pem))?
    } else {
        look(ca)?
    };
    let mut names: Vec<String> = wanted.names.iter().map(ToString::to_string).collect();
    let first_name = names.first().cloned();
    let mut found = leaf.subject_alt_names.clone();
    names.sort_unstable();
    found.sort_unstable();
    let by_common_name =
        wanted.common_name_does && found.is_empty() && leaf.common_name == first_name;
    if names != found && !by_common_name {
        return Err(Reason::NamesChanged);
    }
    if leaf.key_type != Some(wanted.key) {
        return Err(Reason::KeyTypeChanged);
    }
    verify::names_issuer((&leaf.issuer, leaf.validity), (&ca.subject, ca.validity))
        .map_err(|fault| Reason::NotSignedByCa(fault.what))?;
    if now > leaf.validity.not_after {
        return Err(Reason::Expired(leaf.validity.not_after));
    }
    if let Some(published) = leaf.published_as {
        return Err(Reason::Published(published));
    }
    if depth == Depth::Whole {
        let names = if by_common_name {
            &[]
        } else {
            &wanted.names[..]
        };
        let whole = |seen: &Sighting| {
            Certificate::from_der(seen.der.clone()).map_err(|fault| Reason::Unreadable(fault.what))
        };
        verify::path(&whole(&ca)?, &whole(&leaf)?, wanted.leaf_use, names, now)
            .map_err(|fault| Reason::NotSignedByCa(fault.what))?;
    }
    Ok(PublicChain {
        ca,
        is_one_of_several,
        leaf,
    })
}

/// Returns when a leaf is due: `renewBefore` before its end, or at the point that [`Validity::due_at`] gives, also
/// where that is nine tenths of its lifetime; and
/// earlier by up to a tenth of its life, the same for `id` every time, so that a fleet that was made in one day is
/// not renewed in one day.
#[must_use]
pub fn due_at(
    validity: Validity,
    terms: &CertificateTerms,
    fleet: &str,
    id: &str,
) -> OffsetDateTime {
    let life = validity.not_after - validity.not_before;
    // A tenth of a life of a hundred years is 3 × 10⁸ seconds: far from the limits of these types.
    let tenth = life.whole_seconds().max(0).unsigned_abs() / 10;
    // A leaf that was cut short by the end of its CA must not be due when it is issued.
    let before = terms
        .renew_before_days
        .map(|days| Duration::days(days.into()));
    let base = match before {
        Some(before) if before < life - life / 10 => earlier(validity.not_after, before),
        _ => validity.due_at(),
    };
    let jitter = tenth * u64::from(spread(fleet, id)) / (u64::from(u32::MAX) + 1);
    let jitter = Duration::seconds(i64::try_from(jitter).unwrap_or_default());
    let due = earlier(base, jitter);
    due.max(validity.not_before)
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
            .map(|n| due_at(validity, &terms(None), "uepal", &format!("p{n}")))
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
        let due = due_at(validity, &terms(Some(30)), "f", "a");
        assert!(
            due <= datetime!(2026-03-12 00:00:00 UTC) && due >= datetime!(2026-03-02 00:00:00 UTC)
        );
        assert_eq!(due, due_at(validity, &terms(Some(30)), "f", "a"));
        assert_eq!(
            due_at(validity, &terms(Some(200)), "f", "a"),
            due_at(validity, &terms(None), "f", "a")
        );
    }
}
