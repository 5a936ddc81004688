//! Names that the certificates of several httpds behind passed-through hosts share.

use super::rules::CI233;
use crate::lint::finding::Finding;
use crate::lint::model::Model;
use crate::path::Routed;
use crate::path::served::Passed;
use crate::pki::SubjectAltName;
use std::collections::BTreeMap;

pub(super) fn check(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut known: BTreeMap<Vec<&str>, Passed<'_, '_>> = BTreeMap::new();
    let mut last: Option<&Routed<'_>> = None;
    for routed in &model.paths {
        // Each rule once, however many Services it has.
        let is_same = |last: &Routed<'_>| {
            (last.route.number, last.rule) == (routed.route.number, routed.rule)
        };
        if last.replace(routed).is_some_and(is_same) {
            continue;
        }
        let Some(passed) = model.grounds.passed(&routed.path) else {
            continue;
        };
        let details = &passed.leaf.cert().details;
        let names = details.subject_alt_names.iter();
        let mut names: Vec<&str> = names.map(String::as_str).collect();
        names.sort_unstable();
        let first = *known.entry(names).or_insert(passed);
        let is_covered = SubjectAltName::parse(first.host).is_ok_and(|host| details.covers(&host));
        if first.service != passed.service && first.host != passed.host && is_covered {
            let message = format!(
                "the certificate behind `{}` covers `{}` too, which another httpd serves",
                passed.host.escape_debug(),
                first.host.escape_debug()
            );
            let field = &routed.matched;
            let route = &model.objects[routed.route.number];
            findings.push(route.finding(&CI233, field.at, &field.path, message));
        }
    }
}
