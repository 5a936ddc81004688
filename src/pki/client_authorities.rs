//! The CAs that sign the certificates of clients.

use super::certificate::Certificate;
use super::pem::{CertificateText, mentions_private_key};
use super::refusals::{self, Refusal, RefusalRule, Use};
use crate::fault::Fault;

/// The CAs one of which must have signed the certificate of a client; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAuthorities(Vec<Certificate>);

impl ClientAuthorities {
    /// Reads them from a PEM text; what is around the blocks does not travel.
    ///
    /// # Errors
    /// A private key, no certificate, one that cannot be read, one that is not a CA or that Go refuses ([`refusals`]).
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        if mentions_private_key(text) {
            let fault = Fault::new("there is a private key beside the CA of the clients");
            return Err(vec![
                fault.help("keep the key elsewhere: whoever has it makes clients"),
            ]);
        }
        let mut faults = Vec::new();
        let mut found: Vec<Certificate> = Vec::new();
        for certificate in Certificate::each_from_pem(text) {
            let judged =
                certificate.and_then(|certificate| Ok((certificate.details()?, certificate)));
            let (details, certificate) = match judged {
                Ok(read) => read,
                Err(fault) => {
                    faults.push(fault);
                    continue;
                }
            };
            let refusals = refusals::of(&details, Use::Authority).into_iter();
            // A CA of clients may well leave servers out.
            let is_refused = |refusal: &Refusal| {
                refusal.is_fatal && refusal.rule != RefusalRule::AuthorityNotForServers
            };
            faults.extend(refusals.filter(is_refused).map(|refusal| {
                let what = format!("the CA of the clients {}", refusal.what);
                Fault::new(what).help(refusal.help)
            }));
            if !found.contains(&certificate) {
                found.push(certificate);
            }
        }
        if found.is_empty() && faults.is_empty() {
            let fault = Fault::new("there is no certificate");
            faults.push(fault.help("a PEM file with the CA of the clients is needed"));
        }
        if faults.is_empty() {
            Ok(Self(found))
        } else {
            Err(faults)
        }
    }

    /// Returns them as PEM.
    #[must_use]
    pub fn text(&self) -> CertificateText {
        self.0.iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &str = include_str!("../../tests/fixtures/good.crt");

    fn refused(text: &str) -> String {
        let faults = ClientAuthorities::parse(text).unwrap_err();
        faults[0].what.clone()
    }

    #[test]
    fn a_file_with_a_key_without_a_certificate_or_with_a_leaf_is_refused() {
        let key = "-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n";
        assert_eq!(
            refused(&format!("{CERTIFICATE}{key}")),
            "there is a private key beside the CA of the clients"
        );
        assert_eq!(refused("x\n"), "there is no certificate");
        let leaf = refused(CERTIFICATE);
        assert!(leaf.starts_with("the CA of the clients "), "{leaf}");
    }
}
