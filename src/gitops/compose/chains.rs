//! The credentials of a chain: carried over, opened or made.

use super::drawing::Drawing;
use super::work::Work;
use crate::fault::Fault;
use crate::fleet::CaCustody;
use crate::gitops::decide::Action;
use crate::gitops::found::{Stored, decode};
use crate::gitops::plan::RolePlan;
use crate::ingress::{Credentials, Role};
use crate::instance::Credential;
use crate::manifest::SecretData;
use crate::pki::issue::{self, Ca, CaRequest, LeafRequest};
use crate::pki::reuse::{self, Found};
use crate::pki::{Chain, PrivateKey};
use crate::values::SecretKeyRef;

impl Work<'_> {
    /// Puts the credentials of one chain where its action says.
    pub(super) fn fill(
        &mut self,
        plan: &RolePlan,
        in_use: &mut Credentials,
        waiting: &mut Credentials,
        drawing: &mut dyn Drawing,
    ) -> Result<(), Fault> {
        match &plan.action {
            Action::Keep | Action::Defer(_) | Action::Blocked(..) => {
                self.carry(plan.role, false, in_use)?;
            }
            Action::Promote => self.carry(plan.role, true, in_use)?,
            Action::Reseal(_) => {
                self.open(plan.role)?;
                self.carry_opened(plan.role, in_use)?;
            }
            Action::Issue | Action::Renew(_) => {
                let chain = self.make(plan, drawing)?;
                in_use.add_chain(plan.role, &chain);
                self.made.push((plan.role, chain.leaf));
            }
            Action::Stage(_) => {
                self.carry(plan.role, false, in_use)?;
                let chain = self.make(plan, drawing)?;
                waiting.add_chain(plan.role, &chain);
                self.made.push((plan.role, chain.leaf));
            }
        }
        Ok(())
    }

    pub(super) fn places(&self, role: Role) -> Vec<(Credential, SecretKeyRef)> {
        let parts = role.parts();
        let of_role = [parts.ca, parts.ca_key, parts.leaf, parts.leaf_key];
        self.placements
            .iter()
            .filter(|(credential, _)| of_role.contains(credential))
            .cloned()
            .collect()
    }

    pub(super) fn carry(
        &self,
        role: Role,
        from_staged: bool,
        credentials: &mut Credentials,
    ) -> Result<(), Fault> {
        for (credential, place) in self.places(role) {
            let value = match self.staged.value(&place).filter(|_| from_staged) {
                Some(value) => Some(value),
                None => self.current.value(&place),
            };
            if let Some(value) = value {
                credentials.add(credential, carried(value, credential)?);
            }
        }
        Ok(())
    }

    fn carry_opened(&self, role: Role, credentials: &mut Credentials) -> Result<(), Fault> {
        for (credential, place) in self.places(role) {
            let opened = self
                .opened
                .get(&place.secret)
                .and_then(|values| values.get(place.key.as_str()));
            match opened {
                Some(text) => {
                    let opened = Stored::Base64(text.as_str().into());
                    credentials.add(credential, carried(&opened, credential)?);
                }
                None => {
                    if let Some(value) = self.current.value(&place) {
                        credentials.add(credential, carried(value, credential)?);
                    }
                }
            }
        }
        Ok(())
    }

    fn open(&mut self, role: Role) -> Result<(), Fault> {
        let mut secrets = self.unit.secrets_of(role);
        secrets.extend(
            self.unit
                .ca_key_place(role)
                .map(|place| place.secret.clone()),
        );
        for name in secrets {
            if !self.opened.contains_key(&name) {
                let values = self.current.open(&name, self.context.identities)?;
                self.opened.insert(name, values);
            }
        }
        Ok(())
    }

    fn make(&mut self, plan: &RolePlan, drawing: &mut dyn Drawing) -> Result<Chain, Fault> {
        let role = plan.role;
        let terms = self.unit.terms();
        let now = self.context.now;
        let wanted = self.unit.roles().iter().find(|(other, _)| *other == role);
        let (_, wanted) =
            wanted.ok_or_else(|| Fault::new(format!("there is no chain `{role}`")))?;
        let (ca_validity, leaf_validity) = self.unit.validities(role, now)?;
        let custody = self.unit.custody(role);
        let stored = match custody {
            CaCustody::Stored if !plan.new_ca => self.stored_ca(role)?,
            _ => None,
        };
        let fresh;
        let ca: &Ca = match (custody, self.context.given_ca, &stored) {
            (CaCustody::External, Some(given), _) => given,
            (CaCustody::External, None, _) => {
                return Err(Fault::new("the CA that signs for the fleet was not given")
                    .help("pass `--ca-cert FILE --ca-key FILE`"));
            }
            (_, _, Some(stored)) => stored,
            (_, _, None) => {
                let request = CaRequest {
                    organization: self.unit.organization(),
                    validity: ca_validity,
                    permitted: &wanted.names,
                };
                fresh = issue::ca(&request, drawing.key(terms.key)?, drawing.serial()?)?;
                &fresh
            }
        };
        let (validity, _) = leaf_validity.clamped_to(ca.validity());
        let request = LeafRequest {
            organization: self.unit.organization(),
            validity,
            names: &wanted.names,
            leaf_use: wanted.leaf_use,
        };
        let (leaf, leaf_key) =
            issue::leaf(&request, drawing.key(terms.key)?, drawing.serial()?, ca)?;
        let ca_key = match custody {
            CaCustody::Stored => Some(PrivateKey::from_pem(ca.key.pem())?),
            CaCustody::Ephemeral | CaCustody::External => None,
        };
        Ok(Chain {
            ca: ca.certificate.clone(),
            above: ca.above.clone(),
            ca_key,
            leaf,
            leaf_key,
        })
    }

    /// Opens the CA that was kept for a role; nothing if it cannot sign any more, and another may take its place.
    fn stored_ca(&mut self, role: Role) -> Result<Option<Ca>, Fault> {
        self.open(role)?;
        let text = |credential: Credential| {
            let place = self.unit.place_of(credential)?;
            let opened = self
                .opened
                .get(&place.secret)
                .and_then(|values| values.get(place.key.as_str()));
            match opened {
                Some(base64) => decode(base64, true),
                None => self
                    .current
                    .value(place)?
                    .clear_text(credential.is_private()),
            }
        };
        let parts = role.parts();
        let (ca, ca_key) = (text(parts.ca), text(parts.ca_key));
        let found = Found {
            ca: ca.as_deref(),
            ca_key: ca_key.as_deref(),
            ..Found::default()
        };
        reuse::issuer(found, self.context.now).map_err(|fault| fault.file(self.unit.id()))
    }
}

/// Takes a value over as it stands.
pub(super) fn carried(value: &Stored<'_>, credential: Credential) -> Result<SecretData, Fault> {
    use base64::Engine as _;
    let base64 = match value {
        Stored::Base64(text) => text.to_string(),
        Stored::Sops(text) | Stored::Sealed(text) => {
            return Ok(SecretData::sealed(text.to_string()));
        }
        Stored::Text(text) => base64::engine::general_purpose::STANDARD.encode(text.as_bytes()),
    };
    if credential.is_private() {
        return Ok(SecretData::carried_key(base64));
    }
    SecretData::carried_certificates(base64)
}
