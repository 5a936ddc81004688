//! The certificate for browsers that somebody gives.

use super::work::Work;
use crate::fault::Fault;
use crate::gitops::plan::Plan;
use crate::gitops::settle::has_key;
use crate::ingress::{Credentials, Role};
use crate::instance::Credential;
use crate::manifest::SecretData;

impl Work<'_> {
    /// Puts in the certificate that was given, or the one that was found.
    ///
    /// # Errors
    /// There is neither.
    pub(super) fn fill_given(&self, plan: &Plan, in_use: &mut Credentials) -> Result<(), Fault> {
        if let Some(given) = self.context.given_front.filter(|_| plan.takes_given) {
            let chain = given.certificates.iter().collect();
            in_use.add(Credential::PublicCert, SecretData::certificates(&chain));
            in_use.add(Credential::PublicKey, SecretData::private(given.key.pem()));
            return Ok(());
        }
        if !has_key(self.unit, self.current, Role::Public) {
            let fault = Fault::new(
                "the certificate that browsers see is neither in the files that the fleet file names nor in the tree",
            );
            let help = "put the files there for this run; later runs do without them";
            return Err(fault.help(help));
        }
        self.carry(Role::Public, false, in_use)
    }
}
