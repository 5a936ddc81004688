//! What manifests say, as far as several families ask for it. No family asks another.

pub(super) mod authorities;
pub(super) mod browsers;
pub(super) mod certificate;
pub(super) mod covered;
pub(super) mod durations;
pub(super) mod issuers;
pub(super) mod loaded;
pub(super) mod pods;
pub(super) mod routes;
pub(super) mod servers_transport;
pub(super) mod spelling;
pub(super) mod verified;
