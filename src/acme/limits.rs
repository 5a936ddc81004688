//! How many certificates a public CA issues.

use super::Directory;

/// How many certificates with names that it has not seen together Let's Encrypt issues for one registered domain in seven
/// days (letsencrypt.org/docs/rate-limits, "New Certificates per Registered Domain"). Renewals do not count.
const NEW_CERTIFICATES_A_WEEK: usize = 50;

/// Explains how long it takes until so many new certificates of one domain are issued, where that is more than a week.
#[must_use]
pub fn rollout(directory: &Directory, domain: &str, count: usize) -> Option<String> {
    let weeks = count.div_ceil(NEW_CERTIFICATES_A_WEEK);
    if *directory != Directory::Production || weeks < 2 {
        return None;
    }
    Some(format!(
        "Let's Encrypt issues {NEW_CERTIFICATES_A_WEEK} new certificates of a registered domain a week, so that the {count} below `{domain}` take {weeks} weeks, and cert-manager tries again until then; with `names: wildcard` and `challenge: dns-01` one is enough"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_hundred_new_certificates_take_six_weeks() {
        let weeks = |count| {
            let text = rollout(&Directory::Production, "parish.fr", count)?;
            let behind = text.split(" take ").nth(1)?;
            behind.split(' ').next()?.parse().ok()
        };
        assert_eq!(weeks(50), None::<usize>);
        assert_eq!(weeks(51), Some(2));
        assert_eq!(weeks(300), Some(6));
        assert_eq!(rollout(&Directory::Staging, "parish.fr", 300), None);
    }
}
