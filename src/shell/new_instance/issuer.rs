//! The chains of an instance, taken or made.

use crate::shell::Run;
use crate::shell::error::{Failure, Kind};
use crate::shell::issuing::{IssuingPlan, Signing, describe};
use crate::shell::output::{self, warn};
use civi_ingress::fault::Fault;
use civi_ingress::ingress::{self, Credentials, Role};
use civi_ingress::instance::{Credential, Instance};
use civi_ingress::manifests::FoundSecret;
use civi_ingress::name::{DnsName, ObjectName};
use civi_ingress::pki::issue::Ca;
use civi_ingress::pki::reuse::{
    self, Cause, ChainTerms, Custody, Found, LeafTerms, RenewalRule, Signer,
};
use civi_ingress::pki::trust_bundle::{Retention, trust_bundle};
use civi_ingress::pki::validity::format_instant;
use civi_ingress::pki::{
    Certificate, Chain, LeafUse, PrivateKey, SubjectAltName, authorities, verify,
};
use civi_ingress::values::{SecretKeyRef, Settings};
use zeroize::Zeroizing;

/// Takes or makes the chains of an instance.
pub(super) struct InstanceIssuer<'a> {
    pub(super) run: &'a Run,
    pub(super) plan: &'a IssuingPlan,
    /// What was asked for.
    pub(super) custody: Option<Custody>,
    pub(super) wants_ca_key: bool,
    pub(super) found: Option<&'a Vec<FoundSecret>>,
}

impl InstanceIssuer<'_> {
    /// Returns the credentials, and the PEM text of the instance CA's key where that is wanted.
    pub(super) fn credentials(
        &self,
        instance: &Instance,
        existing_ca: Option<Ca>,
    ) -> Result<(Credentials, Option<Zeroizing<String>>), Failure> {
        let settings = &instance.settings;
        let mut credentials = Credentials::default();
        let mut notes = Vec::new();
        let mut renewed = Vec::new();
        let ca_key = match &instance.extras.public_certificate {
            None => self.add_httpd(
                instance,
                existing_ca,
                &mut credentials,
                &mut notes,
                &mut renewed,
            )?,
            Some(secret) => {
                notes.push(format!(
                    "httpd: the certificate of Secret {}/{secret}, which others make and renew",
                    instance.namespace
                ));
                None
            }
        };
        let db_leaf = LeafTerms {
            common_name_does: true,
            ..LeafTerms::covering(dns(&instance.db_hosts), LeafUse::Server)
        };
        let db_found = Found {
            ca: self.text(&settings.db_ca_cert),
            ca_key: self.text(&settings.db_ca_key),
            leaf: self.text(&settings.db_server_cert),
            leaf_key: self.text(&settings.db_server_key),
        };
        let terms = self.own_terms(&db_leaf, db_found);
        let kept = self.keep("database", db_found, &terms)?;
        if kept.is_err() && self.found.is_some() {
            renewed.push(Role::Database);
        }
        let database = match kept {
            Ok(chain) => chain,
            Err(stored) => self.make(&terms, stored)?.0,
        };
        notes.push(format!(
            "database: {}",
            describe(&db_leaf.names, &database.leaf)
        ));
        for note in notes {
            self.run.note(&note);
        }
        if let Some(command) = ingress::restart(instance.namespace.as_str(), &renewed, &[]) {
            self.run.note(&format!(
                "the previous CAs stay trusted beside the new ones; to load the new certificates: {command}"
            ));
        }
        let router_ca = self.text(&settings.db_router_ca);
        let before = db_found.ca.into_iter().chain(router_ca);
        let before = before.flat_map(authorities::read);
        let db_trusted = self.bundle(&database.ca, before, self.retention());
        credentials.add_chain(Role::Database, &database);
        credentials.add_bundle(Credential::DbCaCert, &db_trusted);
        if instance.extras.client_auth {
            self.add_client(instance, &mut credentials)?;
        }
        Ok((credentials, ca_key))
    }

    /// Adds the chain that the httpd serves to Traefik, and what Traefik trusts. Returns the PEM text of the CA's key where
    /// that is wanted.
    fn add_httpd(
        &self,
        instance: &Instance,
        existing_ca: Option<Ca>,
        credentials: &mut Credentials,
        notes: &mut Vec<String>,
        renewed: &mut Vec<Role>,
    ) -> Result<Option<Zeroizing<String>>, Failure> {
        let settings = &instance.settings;
        let server_leaf = LeafTerms::covering(dns(&instance.hosts), LeafUse::Server);
        let given = existing_ca.as_ref().map(|ca| ca.certificate.clone());
        let server_found = Found {
            ca: self.text(&settings.ca_cert),
            ca_key: self.text(&settings.ca_key),
            leaf: self.text(&settings.server_cert),
            leaf_key: self.text(&settings.server_key),
        };
        let terms = ChainTerms {
            leaf: &server_leaf,
            // The key of a CA that was given belongs to its owner; it goes into the cluster only when that is asked for.
            custody: match (self.custody, &given) {
                (None, Some(_)) => Custody::Dropped,
                _ => self.custody_of(server_found),
            },
            signer: match &given {
                Some(ca) => Signer::Given(Some(ca)),
                None => Signer::Own,
            },
            renewal: RenewalRule::default(),
        };
        let kept = self.keep("httpd", server_found, &terms)?;
        if kept.is_err() && self.found.is_some() {
            renewed.push(Role::Httpd);
        }
        let (server, ca_key) = match kept {
            Ok(chain) if self.wants_ca_key => {
                let key = kept_ca_key(&chain, server_found)?;
                (chain, Some(key))
            }
            Ok(chain) => (chain, None),
            Err(stored) => self.make(&terms, existing_ca.or(stored))?,
        };
        notes.push(format!(
            "httpd: {}",
            describe(&server_leaf.names, &server.leaf)
        ));
        let retention = if given.is_some() {
            Retention::UntilEnd
        } else {
            self.retention()
        };
        let found_bundle = self.found_bundle(settings).into_iter();
        let before = found_bundle.flat_map(authorities::read);
        let signed = server_found.ca.into_iter().flat_map(authorities::topmost);
        let trusted = self.bundle(server.root(), before.chain(signed), retention);
        credentials.add_chain(Role::Httpd, &server);
        credentials.add_bundle(Credential::TrustBundle, &trusted);
        Ok(ca_key)
    }

    /// Adds Traefik's own pair. A due one is signed by the same CA while that is good, because httpd learns of a
    /// new CA only when it is restarted.
    fn add_client(
        &self,
        instance: &Instance,
        credentials: &mut Credentials,
    ) -> Result<(), Failure> {
        let (pair, ca) = (
            &instance.settings.client_secret,
            &instance.settings.client_ca_secret,
        );
        let names = vec![SubjectAltName::Dns(instance.client_name()?)];
        let leaf = LeafTerms::covering(names, LeafUse::Client);
        let found = Found {
            ca: self.entry(ca, "ca.crt"),
            ca_key: self.entry(ca, "ca.key"),
            leaf: self.entry(pair, "tls.crt"),
            leaf_key: self.entry(pair, "tls.key"),
        };
        let terms = self.own_terms(&leaf, found);
        let what = "Traefik to httpd";
        let mut is_new_ca = false;
        let chain = match reuse::keep(found, &terms, self.run.now) {
            Ok(chain) => chain,
            Err(cause) => {
                self.check_new_ca(what, found, &terms, &cause)?;
                let issuer = reuse::issuer(found, self.run.now)?;
                is_new_ca = issuer.is_none();
                self.make(&terms, issuer)?.0
            }
        };
        self.run
            .note(&format!("{what}: {}", describe(&leaf.names, &chain.leaf)));
        if found.ca.is_some() && is_new_ca {
            warn(
                "the client CA is reissued: restart httpd before Traefik presents its new certificate",
            );
        }
        let before = found.ca.into_iter().flat_map(authorities::read);
        let trusted = self.bundle(&chain.ca, before, self.retention());
        credentials.add_chain(Role::Client, &chain);
        credentials.add_bundle(Credential::ClientTrustBundle, &trusted);
        Ok(())
    }

    /// Returns what a chain under a CA of its own must be to stay.
    fn own_terms<'t>(&self, leaf: &'t LeafTerms, found: Found<'_>) -> ChainTerms<'t> {
        ChainTerms {
            leaf,
            custody: self.custody_of(found),
            signer: Signer::Own,
            renewal: RenewalRule::default(),
        }
    }

    /// Returns what becomes of the key of a CA: what was asked for, or what became of it before.
    fn custody_of(&self, found: Found<'_>) -> Custody {
        let was_dropped = found.ca.is_some() && found.ca_key.is_none();
        let before = if was_dropped {
            Custody::Dropped
        } else {
            Custody::Stored
        };
        self.custody.unwrap_or(before)
    }

    /// Checks that a chain may be reissued for this reason: a CA whose key is elsewhere is replaced only when that
    /// is asked for.
    fn check_new_ca(
        &self,
        what: &str,
        found: Found<'_>,
        terms: &ChainTerms<'_>,
        cause: &Cause,
    ) -> Result<(), Failure> {
        let ca = found.ca.filter(|_| found.ca_key.is_none());
        let ca = ca.and_then(|text| authorities::read(text).into_iter().next());
        let Some(ca) = ca.filter(|_| self.custody.is_none() && is_own(terms)) else {
            return Ok(());
        };
        let fault = Fault::new(format!(
            "{what}: {cause}, and the key of its CA `{}` is not in what is reused",
            ca.details()?.name()
        ));
        let help = match terms.leaf.leaf_use {
            LeafUse::Server if !terms.leaf.common_name_does => {
                "pass the CA with `--ca-cert` and `--ca-key`, or `--ca-custody dropped` for a new one"
            }
            _ => "pass `--ca-custody dropped` for a new CA",
        };
        Err(Failure::new(Kind::WouldLose, fault.help(help)))
    }

    /// Settles what is trusted beside the CA of a chain, by the texts that were trusted until now.
    fn bundle(
        &self,
        ca: &Certificate,
        before: impl IntoIterator<Item = Certificate>,
        retention: Retention,
    ) -> Vec<Certificate> {
        trust_bundle(&[ca], before, retention, self.run.now)
    }

    fn retention(&self) -> Retention {
        let leaf = self.plan.leaf;
        Retention::WhileServed {
            life: leaf.not_after - leaf.not_before,
        }
    }

    fn text(&self, place: &SecretKeyRef) -> Option<&str> {
        self.entry(&place.secret, place.key.as_str())
    }

    fn entry(&self, secret: &ObjectName, key: &str) -> Option<&str> {
        let secret = self
            .found?
            .iter()
            .find(|found| found.name == secret.as_str())?;
        secret.data.get(key).map(|text| text.as_str())
    }

    /// What Traefik trusts so far; the chart keeps it under another key.
    fn found_bundle(&self, settings: &Settings) -> Option<&str> {
        let secret = &settings.trust_bundle.secret;
        self.text(&settings.trust_bundle).or_else(|| {
            ["ca.crt", "tls.ca", "tls.crt"]
                .iter()
                .find_map(|key| self.entry(secret, key))
        })
    }

    /// Keeps a found chain, or says why it cannot stay; then gives the intermediate that signs its successor, where the
    /// key of one is stored.
    ///
    /// # Errors
    /// A stored intermediate that cannot sign any more: it is its owner's to replace.
    fn keep(
        &self,
        what: &str,
        found: Found<'_>,
        terms: &ChainTerms<'_>,
    ) -> Result<Result<Chain, Option<Ca>>, Failure> {
        if self.found.is_none() {
            return Ok(Err(None));
        }
        let now = self.run.now;
        let is_stored = is_own(terms) && found.ca_key.is_some();
        let text = found.ca.filter(|_| is_stored);
        let intermediate = text.and_then(authorities::intermediate);
        let cause = match (reuse::keep(found, terms, now), &intermediate) {
            (Ok(chain), None) => {
                explain_kept(what, &chain);
                return Ok(Ok(chain));
            }
            (Ok(chain), Some(_)) => {
                explain_kept(what, &chain);
                let validity = chain.leaf.validity();
                if now >= validity.due_at() {
                    warn(&format!(
                        "{what}: its certificate expires at {} with the stored CA, an intermediate: pass its successor with `--ca-cert` and `--ca-key`",
                        format_instant(validity.not_after)
                    ));
                }
                return Ok(Ok(chain));
            }
            (Err(cause), _) => cause,
        };
        self.check_new_ca(what, found, terms, &cause)?;
        let Some((ca, _)) = intermediate else {
            warn(&format!(
                "{what}: all keys and certificates are reissued: {cause}"
            ));
            return Ok(Err(None));
        };
        let name = ca.details()?.name().to_owned();
        let lost = |why: String| {
            let what = format!("{what}: {cause}, and the stored CA `{name}` cannot sign: {why}");
            let help = "pass its successor with `--ca-cert` and `--ca-key`; without `--reuse` a new CA is made";
            Failure::new(Kind::WouldLose, Fault::new(what).help(help))
        };
        let issuer = reuse::issuer(found, now).map_err(|fault| lost(fault.what))?;
        let issuer =
            issuer.ok_or_else(|| lost("the key that is stored is not its own".to_owned()))?;
        warn(&format!(
            "{what}: its key and certificate are reissued under the stored CA `{name}`: {cause}"
        ));
        Ok(Err(Some(issuer)))
    }

    fn make(
        &self,
        terms: &ChainTerms<'_>,
        existing_ca: Option<Ca>,
    ) -> Result<(Chain, Option<Zeroizing<String>>), Failure> {
        let signing = Signing {
            plan: self.plan,
            names: &terms.leaf.names,
            leaf_use: terms.leaf.leaf_use,
            existing_ca,
        };
        let (ca, leaf, leaf_key) = signing.issue(self.run)?;
        let text = is_own(terms).then(|| Zeroizing::new(ca.key.pem().to_owned()));
        let ca_key = (terms.custody == Custody::Stored).then_some(ca.key);
        Ok((
            Chain {
                ca: ca.certificate,
                above: ca.above,
                ca_key,
                leaf,
                leaf_key,
            },
            text,
        ))
    }
}

fn is_own(terms: &ChainTerms<'_>) -> bool {
    matches!(terms.signer, Signer::Own)
}

/// Explains why a chain stays.
fn explain_kept(what: &str, chain: &Chain) {
    let validity = chain.leaf.validity();
    output::explain(|| {
        format!(
            "{what}: keys and certificates stay: the certificate ends at {} and is due at {}",
            format_instant(validity.not_after),
            format_instant(validity.due_at())
        )
    });
}

/// Returns the key of a CA that was kept, for a file of its own.
fn kept_ca_key(chain: &Chain, found: Found<'_>) -> Result<Zeroizing<String>, Failure> {
    let key = found
        .ca_key
        .and_then(|text| PrivateKey::from_pem(text).ok());
    if let Some(key) = key.filter(|key| verify::ca(&chain.ca, key).is_ok()) {
        return Ok(Zeroizing::new(key.pem().to_owned()));
    }
    let fault = Fault::new("the CA is kept, but its key is not in what is reused");
    Err(Failure::new(
        Kind::WouldLose,
        fault.help("leave out the option").argument("--ca-key-out"),
    ))
}

fn dns(names: &[DnsName]) -> Vec<SubjectAltName> {
    names.iter().cloned().map(SubjectAltName::Dns).collect()
}
