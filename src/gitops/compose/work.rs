//! What is known while a plan is carried out.

use crate::gitops::context::Context;
use crate::gitops::secrets::{Opened, UnitSecrets};
use crate::gitops::unit::Unit;
use crate::ingress::Role;
use crate::instance::Credential;
use crate::name::ObjectName;
use crate::pki::Certificate;
use crate::values::SecretKeyRef;
use std::collections::BTreeMap;

/// A unit whose plan is carried out.
pub(super) struct Work<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) unit: &'a Unit<'a>,
    pub(super) placements: &'a [(Credential, SecretKeyRef)],
    pub(super) current: &'a UnitSecrets<'a>,
    pub(super) staged: &'a UnitSecrets<'a>,
    pub(super) opened: BTreeMap<ObjectName, Opened>,
    pub(super) made: Vec<(Role, Certificate)>,
}
