//! When certificates are renewed, where a fleet file or cert-manager determines it.

use super::row::{Renewer, Row};
use crate::cluster::{Cluster, Kind, Resource};
use crate::fault::Faults;
use crate::find::{ObjectKind, ObjectOrigin, Origin};
use crate::fleet::Fleet;
use crate::gitops::renewal::{DatedCertificate, dates};
use crate::kinds::cert_manager::Announced;
use crate::pki::certificate::Details;
use crate::pki::fingerprint::Fingerprint;
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;

/// Where a certificate stands first in an object.
fn places(rows: &[Row]) -> BTreeMap<(Option<String>, String, String), usize> {
    let mut places = BTreeMap::new();
    for (index, row) in rows.iter().enumerate() {
        for origin in &row.origins {
            if let Origin::Object(ObjectOrigin {
                namespace,
                name,
                key,
                number: 0 | 1,
                ..
            }) = origin
            {
                places.insert((namespace.clone(), name.clone(), key.clone()), index);
            }
        }
    }
    places
}

/// Lets the rows of a fleet be due when it renews them.
pub(super) fn plan(rows: &mut [Row], fleet: &Fleet, faults: &mut Faults) {
    let places = places(rows);
    let place = |namespace: &str, secret: &str, key: &str| {
        let place = (
            Some(namespace.to_owned()),
            secret.to_owned(),
            key.to_owned(),
        );
        places.get(&place).copied()
    };
    let renewals = dates(fleet, |namespace, wanted| {
        let row = place(namespace, wanted.secret.as_str(), wanted.key.as_str())?;
        let details = &rows[row].details;
        Some(DatedCertificate {
            validity: details.validity,
            is_root: details.self_issued,
        })
    });
    let due: Vec<(usize, OffsetDateTime)> = faults
        .keep_all(renewals)
        .unwrap_or_default()
        .iter()
        .filter_map(|renewal| {
            let row = place(&renewal.namespace, &renewal.secret, &renewal.key)?;
            Some((row, renewal.at))
        })
        .collect();
    for (row, at) in due {
        rows[row].due = at;
        rows[row].renewed_by = Renewer::Fleet;
    }
}

/// Takes what Certificates say: of a certificate that was found when it is renewed, and of others all that is known.
pub(super) fn announce(rows: &mut Vec<Row>, cluster: &Cluster, now: OffsetDateTime) {
    let places = places(rows);
    let mut known = Vec::new();
    let mut others = Vec::new();
    for object in cluster.of(Kind::Certificate) {
        let Resource::Certificate(certificate) = &object.resource else {
            continue;
        };
        let Some(secret) = &certificate.secret else {
            continue;
        };
        let namespace = object.scope.namespace().map(str::to_owned);
        match places.get(&(namespace, secret.clone(), "tls.crt".to_owned())) {
            Some(row) => known.push((*row, certificate)),
            None => others.push((object, secret, certificate)),
        }
    }
    for (row, certificate) in known {
        let row = &mut rows[row];
        note(row, certificate);
    }
    for (object, secret, certificate) in others {
        let Some(details) = details(certificate) else {
            continue;
        };
        let origin = Origin::Object(ObjectOrigin {
            namespace: object.scope.namespace().map(str::to_owned),
            name: secret.clone(),
            key: "tls.crt".to_owned(),
            number: 0,
            kind: ObjectKind::Announced,
            file: object.file.to_string(),
        });
        let mut row = Row::new(details, BTreeSet::from([origin]), now);
        note(&mut row, certificate);
        rows.push(row);
    }
}

fn note(row: &mut Row, certificate: &Announced) {
    row.due = certificate.renewal.of(row.details.validity);
    row.renewed_by = Renewer::CertManager;
    row.failure.clone_from(&certificate.failure);
}

/// What a Certificate says of a certificate that is not at hand; nothing if none was issued yet.
fn details(certificate: &Announced) -> Option<Details> {
    let names = certificate.names();
    let common_name = names.first().cloned();
    let issuer = certificate.issuer.as_ref();
    let issuer = issuer.map_or_else(String::new, |issuer| issuer.name().to_owned());
    Some(Details {
        subject: common_name.clone().unwrap_or_default(),
        common_name,
        issuer: issuer.clone(),
        issuer_common_name: Some(issuer),
        self_issued: false,
        serial: String::new(),
        serial_sign: 1,
        version: 3,
        subject_alt_names: names,
        critical_names: false,
        validity: certificate.validity?,
        key: "".into(),
        weak_key: None,
        signature_algorithm: "",
        weak_signature: false,
        names_two_algorithms: false,
        is_ca: certificate.is_ca.is_some(),
        critical_constraints: true,
        path_len: None,
        key_usages: None,
        extended_key_usages: None,
        subject_key_id: None,
        authority_key_id: None,
        issuer_url: None,
        permitted: None,
        excluded: Vec::new(),
        repeats_extension: false,
        unknown_critical: None,
        sha256: Fingerprint::default(),
        key_sha256: Fingerprint::default(),
        published_as: None,
    })
}
