//! How many certificates a public CA issues.

/// How many certificates with names that it has not seen together Let's Encrypt issues for one registered domain in seven
/// days (letsencrypt.org/docs/rate-limits, "New Certificates per Registered Domain"). Renewals do not count.
pub const NEW_NAMES_A_WEEK: usize = 50;
