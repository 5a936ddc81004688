//! Decides of an existing chain whether it stays byte for byte, for all who ask: what must hold is written here once.

use super::authorities::{self, above, path_end, signer};
use super::certificate::{Certificate, Sighting};
use super::issue::Ca;
use super::key::PrivateKey;
use super::validity::{Validity, format_instant};
use super::{Chain, KeyType, LeafUse, SubjectAltName, verify};
use crate::fault::Fault;
use crate::instant::earlier;
use std::fmt;
use time::{Duration, OffsetDateTime};

/// The four PEM texts of a chain as they were found; any may be missing.
#[derive(Debug, Default, Clone, Copy)]
pub struct Found<'a> {
    /// The CA's certificate; during a roll-over with others beside it, in any order.
    pub ca: Option<&'a str>,
    /// The CA's key.
    pub ca_key: Option<&'a str>,
    /// The leaf's certificate.
    pub leaf: Option<&'a str>,
    /// The leaf's key.
    pub leaf_key: Option<&'a str>,
}

/// The keys of a chain.
#[derive(Clone, Copy)]
pub enum ChainKeys<'a> {
    /// All that there are, in clear text.
    AtHand {
        /// The CA's.
        ca: Option<&'a str>,
        /// The leaf's.
        leaf: Option<&'a str>,
    },
    /// It is known only which there are: they may be locked.
    Seen {
        /// Whether the CA's is there.
        ca: bool,
        /// Whether the leaf's is there.
        leaf: bool,
    },
}

/// What is to become of the CA's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Custody {
    /// It is written beside the leaf's key, as the chart does.
    #[default]
    Stored,
    /// It is forgotten once it has signed; a renewal makes a new CA.
    Dropped,
}

/// Whose the CA is.
#[derive(Debug, Clone, Copy)]
pub enum Signer<'a> {
    /// The chain's own: it can be replaced.
    Own,
    /// Its owner's, who alone can replace it: this one, if it is at hand.
    Given(Option<&'a Certificate>),
}

/// Which names a leaf must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The wanted ones and no others, as in a fleet file, which says everything about a leaf.
    Exact,
    /// At least the wanted ones, whatever else the leaf covers, as with what the chart or someone else has made.
    Covering,
}

/// What the leaf of a chain must be.
#[derive(Debug, Clone)]
pub struct LeafTerms {
    /// Its subject alternative names.
    pub names: Vec<SubjectAltName>,
    /// Whether it may have others.
    pub extent: Extent,
    /// What it may identify.
    pub leaf_use: LeafUse,
    /// Kind of its key, if that matters.
    pub key: Option<KeyType>,
    /// Whether a common name counts as its first name if it has no subject alternative names. The chart's
    /// database certificate is like that, and its clients do not check names (`VERIFY_CA` of `MySQL` Router).
    pub common_name_does: bool,
}

impl LeafTerms {
    /// Takes what serves, whatever else it covers and of whichever type its key is.
    #[must_use]
    pub fn covering(names: Vec<SubjectAltName>, leaf_use: LeafUse) -> Self {
        Self {
            names,
            extent: Extent::Covering,
            leaf_use,
            key: None,
            common_name_does: false,
        }
    }
}

/// When a leaf is due: by default at the point that [`Validity::due_at`] gives.
#[derive(Debug, Clone, Copy, Default)]
pub struct RenewalRule {
    /// So long before its end instead, unless that is nine tenths of its life or more.
    pub before: Option<Duration>,
    /// Earlier by up to a tenth of its life, in parts of 2³², so that leaves of one day are not due in one day.
    pub spread: u32,
}

impl RenewalRule {
    /// Returns when a leaf of this validity is due.
    #[must_use]
    pub fn due_at(self, validity: Validity) -> OffsetDateTime {
        let life = validity.not_after - validity.not_before;
        // A tenth of a life of a hundred years is 3 × 10⁸ seconds: far from the limits of these types.
        let tenth = life.whole_seconds().max(0).unsigned_abs() / 10;
        // A leaf that was cut short by the end of its CA must not be due when it is issued.
        let base = match self.before {
            Some(before) if before < life - life / 10 => earlier(validity.not_after, before),
            _ => validity.due_at(),
        };
        let jitter = tenth * u64::from(self.spread) / (u64::from(u32::MAX) + 1);
        let jitter = Duration::seconds(i64::try_from(jitter).unwrap_or_default());
        earlier(base, jitter).max(validity.not_before)
    }
}

/// What a chain must be to stay.
#[derive(Debug, Clone, Copy)]
pub struct ChainTerms<'a> {
    /// What its leaf must be.
    pub leaf: &'a LeafTerms,
    /// What becomes of its CA's key.
    pub custody: Custody,
    /// Whose its CA is.
    pub signer: Signer<'a>,
    /// When its leaf is due.
    pub renewal: RenewalRule,
}

impl ChainTerms<'_> {
    /// Returns when a chain is due: with its leaf, which is good no longer than its CA, and with that, if it is a root
    /// of its own whose key is stored. Without the key, another CA gains nothing until the leaf needs one; and
    /// any other CA is renewed by its owner.
    #[must_use]
    pub fn due(&self, leaf: Validity, ca: Validity, is_root: bool) -> Due {
        let leaf = Validity {
            not_after: leaf.not_after.min(ca.not_after),
            ..leaf
        };
        let is_replaced =
            is_root && self.custody == Custody::Stored && matches!(self.signer, Signer::Own);
        Due {
            leaf: self.renewal.due_at(leaf),
            ca: is_replaced.then(|| ca.due_at()),
        }
    }
}

/// When the certificates of a chain are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The leaf.
    pub leaf: OffsetDateTime,
    /// The CA, where another can be made in its place.
    pub ca: Option<OffsetDateTime>,
}

impl Due {
    /// Returns when the first of them is.
    #[must_use]
    pub fn first(self) -> OffsetDateTime {
        self.ca.map_or(self.leaf, |ca| ca.min(self.leaf))
    }
}

/// How thoroughly a chain is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Names, dates and identifiers: what a change of the fleet file or the passing of time can break.
    Glance,
    /// Signatures and path rules too.
    Whole,
}

/// A certificate of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainPart {
    /// The CA's.
    Ca,
    /// The leaf's.
    Leaf,
}

/// Why a chain does not stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// There is none.
    Missing,
    /// Something of it is missing.
    Incomplete(&'static str),
    /// A certificate or key cannot be read.
    Unreadable(String),
    /// Its leaf has names other than the wanted ones.
    NamesChanged,
    /// Its leaf does not cover a wanted name.
    NotCovered(SubjectAltName),
    /// Its keys are not of the wanted type.
    KeyTypeChanged,
    /// Its leaf is not signed by its CA.
    NotSignedByCa(String),
    /// A key does not belong to its certificate.
    OtherKey(String),
    /// The private key of a certificate is published on the internet, under this name.
    Published(ChainPart, &'static str),
    /// Its leaf, or the CA of that, ended then.
    Expired(OffsetDateTime),
    /// The key of its CA should be stored and is not.
    CaKeyMissing,
    /// The key of its CA is stored and should not be.
    CaKeyStored,
    /// Another CA is given to sign with.
    CaChanged,
    /// One of its certificates ends then, and that is soon.
    Due(ChainPart, OffsetDateTime),
}

impl Cause {
    /// Returns the word by which reports for programs call it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Incomplete(_) => "incomplete",
            Self::Unreadable(_) => "unreadable",
            Self::NamesChanged | Self::NotCovered(_) => "names-changed",
            Self::KeyTypeChanged => "key-type-changed",
            Self::NotSignedByCa(_) => "not-signed-by-ca",
            Self::OtherKey(_) => "other-key",
            Self::Published(..) => "key-published",
            Self::Expired(_) => "expired",
            Self::CaKeyMissing | Self::CaKeyStored => "custody-changed",
            Self::CaChanged => "ca-changed",
            Self::Due(..) => "due",
        }
    }

    /// Returns whether the chain still serves.
    #[must_use]
    pub fn can_wait(&self) -> bool {
        matches!(
            self,
            Self::CaKeyMissing | Self::CaKeyStored | Self::CaChanged | Self::Due(..)
        )
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is none yet"),
            Self::Incomplete(what) => write!(f, "its {what} is missing"),
            Self::Unreadable(why) | Self::NotSignedByCa(why) | Self::OtherKey(why) => {
                f.write_str(why)
            }
            Self::NamesChanged => f.write_str("its names are not those of the fleet file"),
            Self::NotCovered(name) => {
                write!(f, "no subject alternative name covers `{name}`")
            }
            Self::KeyTypeChanged => f.write_str("its key is of another type"),
            Self::Published(ChainPart::Leaf, name) => {
                write!(f, "its private key `{name}` is published on the internet")
            }
            Self::Published(ChainPart::Ca, name) => write!(
                f,
                "the private key `{name}` of its CA is published on the internet"
            ),
            Self::Expired(end) => write!(f, "its certificate expired at {}", format_instant(*end)),
            Self::CaKeyMissing => f.write_str("its CA key is missing"),
            Self::CaKeyStored => f.write_str("its CA key is stored, and should not be"),
            Self::CaChanged => f.write_str("a different CA is given to sign with"),
            Self::Due(part, end) => {
                let what = match part {
                    ChainPart::Ca => "CA certificate",
                    ChainPart::Leaf => "certificate",
                };
                write!(
                    f,
                    "its {what} expires at {} and is due",
                    format_instant(*end)
                )
            }
        }
    }
}

/// The public half of a chain.
#[derive(Debug, Clone)]
pub struct PublicChain {
    /// The CA's certificate.
    pub ca: Sighting,
    /// Whether others are beside it.
    pub is_one_of_several: bool,
    /// The first end among the CA and those above it.
    pub path_end: OffsetDateTime,
    /// The leaf's certificate.
    pub leaf: Sighting,
}

impl PublicChain {
    /// Finds the leaf and its CA in their texts.
    ///
    /// # Errors
    /// One that is missing or cannot be read.
    fn read(ca: Option<&str>, leaf: Option<&str>) -> Result<Self, Cause> {
        let (ca, leaf) = match (ca, leaf) {
            (None, None) => return Err(Cause::Missing),
            (None, _) => return Err(Cause::Incomplete("CA certificate")),
            (_, None) => return Err(Cause::Incomplete("certificate")),
            (Some(ca), Some(leaf)) => (ca, leaf),
        };
        let look = |text| Sighting::first(text).map_err(|fault| Cause::Unreadable(fault.what));
        let leaf = look(leaf)?;
        // Most are alone, and are read no further than this program needs.
        let is_one_of_several = ca.matches("-----BEGIN CERTIFICATE-----").count() > 1;
        let (ca, path_end) = if is_one_of_several {
            let all = authorities::read(ca);
            let found = signer(&all, &whole(&leaf)?)
                .ok_or_else(|| Cause::Unreadable("there is no readable CA certificate".into()))?;
            let end = path_end(found, &above(found, &all));
            (look(found.pem())?, end)
        } else {
            let ca = look(ca)?;
            let end = ca.validity.not_after;
            (ca, end)
        };
        Ok(Self {
            ca,
            is_one_of_several,
            path_end,
            leaf,
        })
    }

    /// Returns when clients stop taking the leaf: with its own end, or with that of its CA. Some make the two one after
    /// the other for as many days each, so that the leaf ends a moment later.
    #[must_use]
    pub fn end(&self) -> OffsetDateTime {
        self.leaf.validity.not_after.min(self.path_end)
    }
}

fn whole(seen: &Sighting) -> Result<Certificate, Cause> {
    Certificate::from_der(seen.der.clone()).map_err(|fault| Cause::Unreadable(fault.what))
}

/// A chain that serves.
#[derive(Debug, Clone)]
pub struct Serving {
    /// Its public half.
    pub chain: PublicChain,
    /// When it is due.
    pub due: Due,
    /// Why it should be reissued all the same, if it should.
    pub cause: Option<Cause>,
    /// Whether another leaf under its CA, which its owner alone can replace, would end no later.
    pub ends_with_ca: bool,
}

/// Examines a chain at `now`.
///
/// Under a CA that is given, or an intermediate whose key is stored, the CA is never due, because only its owner can
/// move its end.
///
/// # Errors
/// The first cause for which it does not serve.
pub fn examine(
    (ca, leaf): (Option<&str>, Option<&str>),
    keys: ChainKeys<'_>,
    terms: &ChainTerms<'_>,
    depth: Depth,
    now: OffsetDateTime,
) -> Result<Serving, Cause> {
    let chain = PublicChain::read(ca, leaf)?;
    check(&chain, terms.leaf, depth, now)?;
    if let ChainKeys::AtHand { ca, leaf } = keys {
        check_keys(&chain, ca, leaf)?;
    }
    Ok(standing(chain, keys, terms, now))
}

/// Checks that a leaf is what it must be and that its CA signed it, apart from being due.
fn check(
    chain: &PublicChain,
    terms: &LeafTerms,
    depth: Depth,
    now: OffsetDateTime,
) -> Result<(), Cause> {
    let PublicChain { ca, leaf, .. } = chain;
    let first = terms.names.first().map(ToString::to_string);
    let by_common_name =
        terms.common_name_does && leaf.subject_alt_names.is_empty() && leaf.common_name == first;
    if terms.extent == Extent::Exact && !by_common_name {
        let mut wanted: Vec<String> = terms.names.iter().map(ToString::to_string).collect();
        let mut found = leaf.subject_alt_names.clone();
        wanted.sort_unstable();
        found.sort_unstable();
        if wanted != found {
            return Err(Cause::NamesChanged);
        }
    }
    if terms.key.is_some() && leaf.key_type != terms.key {
        return Err(Cause::KeyTypeChanged);
    }
    verify::names_issuer(&leaf.issuer, &ca.subject)
        .map_err(|fault| Cause::NotSignedByCa(fault.what))?;
    if now > chain.end() {
        return Err(Cause::Expired(chain.end()));
    }
    for (part, certificate) in [(ChainPart::Ca, ca), (ChainPart::Leaf, leaf)] {
        if let Some(name) = certificate.published_as {
            return Err(Cause::Published(part, name));
        }
    }
    let (is_whole, is_covering) = (depth == Depth::Whole, terms.extent == Extent::Covering);
    if is_whole || is_covering {
        let leaf = whole(leaf)?;
        if is_whole {
            verify::path(&whole(ca)?, &leaf, terms.leaf_use, &[], now)
                .map_err(|fault| Cause::NotSignedByCa(fault.what))?;
        }
        let names = if is_covering && !by_common_name {
            &terms.names[..]
        } else {
            &[]
        };
        if let Some(name) = verify::uncovered(&leaf, names) {
            return Err(Cause::NotCovered(name.clone()));
        }
    }
    Ok(())
}

/// Checks that keys in clear text belong to their certificates, as far as there are any.
fn check_keys(chain: &PublicChain, ca: Option<&str>, leaf: Option<&str>) -> Result<(), Cause> {
    let read = |text| PrivateKey::from_pem(text).map_err(|fault| Cause::Unreadable(fault.what));
    let other = |fault: Fault| Cause::OtherKey(fault.what);
    if let Some(text) = ca {
        verify::ca(&whole(&chain.ca)?, &read(text)?).map_err(other)?;
    }
    if let Some(text) = leaf {
        verify::belongs(&whole(&chain.leaf)?, &read(text)?).map_err(other)?;
    }
    Ok(())
}

/// Settles whether a chain that serves stays.
fn standing(
    chain: PublicChain,
    keys: ChainKeys<'_>,
    terms: &ChainTerms<'_>,
    now: OffsetDateTime,
) -> Serving {
    let PublicChain { ca, leaf, .. } = &chain;
    let (has_ca_key, has_leaf_key) = match keys {
        ChainKeys::AtHand { ca, leaf } => (ca.is_some(), leaf.is_some()),
        ChainKeys::Seen { ca, leaf } => (ca, leaf),
    };
    let is_root = ca.subject == ca.issuer;
    let path = Validity {
        not_after: chain.path_end,
        ..ca.validity
    };
    let due = terms.due(leaf.validity, path, is_root);
    let is_other = |given: &Certificate| *given.der() != ca.der;
    let cause = if !has_leaf_key {
        Some(Cause::Incomplete("private key"))
    } else if terms.custody == Custody::Stored && !has_ca_key {
        Some(Cause::CaKeyMissing)
    } else if terms.custody == Custody::Dropped && has_ca_key {
        Some(Cause::CaKeyStored)
    } else if let Signer::Given(Some(given)) = terms.signer
        && is_other(given)
    {
        Some(Cause::CaChanged)
    } else if now >= due.leaf {
        Some(Cause::Due(ChainPart::Leaf, chain.end()))
    } else if due.ca.is_some_and(|due| now >= due) {
        Some(Cause::Due(ChainPart::Ca, chain.path_end))
    } else {
        None
    };
    let is_owned = matches!(terms.signer, Signer::Given(_))
        || terms.custody == Custody::Stored && has_ca_key && !is_root;
    let ends_with_ca = is_owned && leaf.validity.not_after >= chain.path_end;
    Serving {
        chain,
        due,
        cause,
        ends_with_ca,
    }
}

/// Takes a found chain when all its keys are at hand and it stays, or is due and would be replaced by one that ends no
/// later.
///
/// # Errors
/// The cause for which it cannot stay; never a part of the chain.
pub fn keep(found: Found<'_>, terms: &ChainTerms<'_>, now: OffsetDateTime) -> Result<Chain, Cause> {
    // What is not to be stored is left out: nothing has to be made for that.
    let ca_key = found.ca_key.filter(|_| terms.custody == Custody::Stored);
    let keys = ChainKeys::AtHand {
        ca: ca_key,
        leaf: found.leaf_key,
    };
    let serving = examine((found.ca, found.leaf), keys, terms, Depth::Whole, now)?;
    match serving.cause {
        Some(Cause::Due(ChainPart::Leaf, _)) if serving.ends_with_ca => {}
        Some(cause) => return Err(cause),
        None => {}
    }
    let unreadable = |fault: Fault| Cause::Unreadable(fault.what);
    let ca = whole(&serving.chain.ca)?;
    let above = above(&ca, &authorities::read(found.ca.unwrap_or_default()));
    let key = |text| PrivateKey::from_pem(text).map_err(unreadable);
    Ok(Chain {
        above,
        ca,
        ca_key: ca_key.map(key).transpose()?,
        leaf: whole(&serving.chain.leaf)?,
        leaf_key: key(found.leaf_key.unwrap_or_default())?,
    })
}

/// Takes the CA of a found chain, to sign another leaf; nothing if its key is not there, or where it is a root that
/// cannot sign or is due itself, in whose place another can be made.
///
/// For a chain whose trust cannot be changed without a restart, a new leaf under the same CA is better than a
/// new CA. An intermediate was given by its owner, and signs until it ends.
///
/// # Errors
/// An intermediate that cannot sign: only its owner has another.
pub fn issuer(found: Found<'_>, now: OffsetDateTime) -> Result<Option<Ca>, Fault> {
    let key = found
        .ca_key
        .and_then(|text| PrivateKey::from_pem(text).ok());
    let (Some(text), Some(key)) = (found.ca, key) else {
        return Ok(None);
    };
    let all = authorities::read(text);
    let mut refused = None;
    for ca in all.iter().filter(|ca| verify::belongs(ca, &key).is_ok()) {
        let is_root = ca.names_as_issuer(ca);
        let above = above(ca, &all);
        match verify::usable_issuer(ca, &key, &above, now) {
            Ok(()) if !is_root || now < ca.validity().due_at() => {
                return Ok(Some(Ca::below(ca.clone(), key, above)));
            }
            Err(fault) if !is_root => refused = refused.or(Some(fault)),
            Ok(()) | Err(_) => {}
        }
    }
    refused.map_or(Ok(None), Err)
}
