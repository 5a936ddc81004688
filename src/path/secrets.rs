//! Secrets that are at hand, and those that a controller makes.

use super::hop::Known;
use crate::cluster::data::Lock;
use crate::cluster::scope::Scope;
use crate::cluster::{Cluster, Kind, Object, Resource};
use std::collections::BTreeMap;

/// Secrets that are at hand, and those that a controller makes.
#[derive(Debug)]
pub struct Secrets<'a> {
    cluster: &'a Cluster,
    /// Where a controller makes one, by its name.
    made: BTreeMap<String, Vec<Scope>>,
}

impl<'a> Secrets<'a> {
    /// Takes those of a cluster: cert-manager makes one for each of its Certificates, the External Secrets Operator one for
    /// each `ExternalSecret`.
    #[must_use]
    pub fn of(cluster: &'a Cluster) -> Self {
        let mut secrets = Self {
            cluster,
            made: BTreeMap::new(),
        };
        let made = [Kind::Certificate, Kind::ExternalSecret];
        for object in made.into_iter().flat_map(|kind| cluster.of(kind)) {
            let secret = match &object.resource {
                Resource::Certificate(announced) => announced.secret.as_ref(),
                Resource::ExternalSecret(fetched) => Some(&fetched.secret),
                _ => None,
            };
            if let Some(secret) = secret {
                secrets.make(object.scope.clone(), secret);
            }
        }
        secrets
    }

    /// Adds one that a controller makes.
    pub fn make(&mut self, scope: Scope, secret: &str) {
        self.made.entry(secret.to_owned()).or_default().push(scope);
    }

    /// Finds a Secret; one that a controller makes is there, and not to be read.
    #[must_use]
    pub fn find(&self, scope: &Scope, name: &str) -> Known<&'a Object> {
        if let Some(secret) = self.cluster.find(Kind::Secret, scope, name) {
            return Known::Here(secret);
        }
        if self.made(name).any(|made| !made.differs_from(scope)) {
            Known::Locked(Lock::Later)
        } else {
            Known::Missing
        }
    }

    /// Returns a namespace other than the one of a scope in which a Secret of the name is, or is made.
    #[must_use]
    pub fn elsewhere(&self, scope: &Scope, name: &str) -> Option<&str> {
        let found = self.cluster.elsewhere(Kind::Secret, scope, name);
        let mut made = self.made(name).filter(|made| made.differs_from(scope));
        found.or_else(|| made.next().and_then(Scope::namespace))
    }

    /// Returns a namespace in which a Secret of the name is, or is made.
    #[must_use]
    pub fn anywhere(&self, name: &str) -> Option<&str> {
        let found = self.cluster.anywhere(Kind::Secret, name);
        found.or_else(|| self.made(name).find_map(Scope::namespace))
    }

    fn made(&self, name: &str) -> impl Iterator<Item = &Scope> {
        self.made.get(name).into_iter().flatten()
    }
}
