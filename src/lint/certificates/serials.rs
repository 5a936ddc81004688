//! Serial numbers of one issuer.

use super::rules::CI621;
use crate::cluster::data::Cert;
use crate::lint::finding::Finding;
use crate::lint::model::Model;
use std::collections::BTreeMap;

/// Finds two certificates of one issuer and serial number (RFC 5280 section 4.1.2.2).
pub(super) fn serials(model: &Model<'_>, findings: &mut Vec<Finding>) {
    let mut known: BTreeMap<(&str, &str), &Cert> = BTreeMap::new();
    for (number, secret) in &model.secrets {
        for entry in &secret.entries {
            for cert in &entry.certificates {
                let details = &cert.details;
                let first = *known
                    .entry((&details.serial, &details.issuer))
                    .or_insert(cert);
                if first.details.sha256 == details.sha256 {
                    continue;
                }
                let message = format!(
                    "`{}` and `{}` of issuer `{}` have the serial number {}",
                    first.name(),
                    cert.name(),
                    details.issuer,
                    details.serial
                );
                let object = &model.objects[*number];
                findings.push(object.finding(&CI621, entry.at, &entry.field(), message));
            }
        }
    }
}
