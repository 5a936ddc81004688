//! What is wrong with a certificate as a live host shows it. Whether it is trusted, [`crate::probe`] says.

use super::row::Row;
use crate::find::Origin;
use crate::name::DnsName;
use crate::pki::SubjectAltName;
use crate::pki::certificate::Details;

/// What is wrong with what a host shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LiveFault {
    /// The certificate is for other names.
    OtherName,
    /// An intermediate signed it, and is not sent.
    NoIntermediate,
}

impl LiveFault {
    /// Returns the words for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OtherName => "other name",
            Self::NoIntermediate => "no intermediate",
        }
    }

    /// Returns the word for it in reports for programs.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::OtherName => "otherName",
            Self::NoIntermediate => "noIntermediate",
        }
    }
}

/// Notes what is wrong with each certificate that a host shows.
pub(super) fn judge(rows: &mut [Row]) {
    let faults: Vec<Vec<(usize, LiveFault)>> = rows.iter().map(|row| of(row, rows)).collect();
    for (row, faults) in rows.iter_mut().zip(faults) {
        row.live_faults = faults;
    }
}

/// Finds what is wrong, with the number of the place where it is.
fn of(row: &Row, rows: &[Row]) -> Vec<(usize, LiveFault)> {
    let mut faults = Vec::new();
    for (place, origin) in row.origins.iter().enumerate() {
        let Origin::Endpoint {
            host,
            number: number @ (0 | 1),
            ..
        } = origin
        else {
            continue;
        };
        let name = host.rsplit_once(':').map_or(&host[..], |(name, _)| name);
        let is_for = DnsName::parse(name).map(SubjectAltName::Dns);
        if is_for.is_ok_and(|name| !row.details.covers(&name)) {
            faults.push((place, LiveFault::OtherName));
        }
        if *number == 0 && lacks_intermediate(&row.details, rows) {
            faults.push((place, LiveFault::NoIntermediate));
        }
    }
    faults
}

/// Whether a certificate that is sent alone was signed by an intermediate: by one that was found, or by one that it says
/// where to fetch, as those of public CAs do, whose roots sign no server's certificate (CA/Browser Forum, Baseline
/// Requirements, section 6.1.7).
fn lacks_intermediate(leaf: &Details, rows: &[Row]) -> bool {
    if leaf.self_issued || leaf.is_ca {
        return false;
    }
    let issuers = rows.iter().map(|row| &row.details).filter(|issuer| {
        issuer.is_ca && issuer.subject == leaf.issuer && {
            let (own, named) = (&issuer.subject_key_id, &leaf.authority_key_id);
            own.is_none() || named.is_none() || own == named
        }
    });
    let mut is_root: Vec<bool> = issuers.map(|issuer| issuer.self_issued).collect();
    is_root.sort_unstable();
    match is_root.last() {
        Some(is_root) => !is_root,
        None => leaf.issuer_url.is_some(),
    }
}
