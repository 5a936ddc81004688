//! Authorities and certificates in the Secrets and ConfigMaps of manifests.

use super::objects::{DEFAULT_NAMESPACE, Datum, Manifests, Name, Object, items, missing, text};
use super::route::Way;
use super::transport::Transport;
use super::trust::{Origin, Trust};
use super::{Check, Finding, Verdict};
use crate::fault::{Fault, Faults};
use crate::manifests::FoundSecret;
use crate::name::DnsName;
use crate::pki::{Certificate, SubjectAltName, verify};
use crate::yaml::Node;
use pki_types::CertificateDer;
use pki_types::pem::PemObject as _;

/// Reads the certificates of a PEM text and passes over what is none, as Go's `AppendCertsFromPEM` does.
fn lenient(pem: &str) -> Vec<Certificate> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .filter_map(Result::ok)
        .filter_map(|der| Certificate::from_der(der).ok())
        .collect()
}

/// Reports that a value cannot be read, and how to give it.
fn locked(object: &str, with: &str, name: &Name) -> Fault {
    Fault::new(format!("{object} is encrypted ({with}), so it cannot be read here")).help(format!(
        "pass the Secret as the cluster has it: `kubectl get secret {} -n {} -o yaml`; or, for SOPS, `sops decrypt FILE | civi-ingress probe … --manifest -`",
        name.name, name.namespace
    ))
}

impl Manifests {
    /// Returns the authorities of the certificate that browsers see, and what there is to report about them.
    ///
    /// Where TLS ends at Traefik it is `ca.crt` beside the certificate, in the Secret that the route or the TLSStore
    /// `default` names; where it is passed through, the authority of the httpd's own. Nothing if there is none.
    #[must_use]
    pub fn front_trust(&self, way: Option<&Way<'_>>) -> (Option<Trust>, Vec<Finding>) {
        if let Some(way) = way.filter(|way| !way.ends_at_traefik()) {
            let trust = self.extern_trust(way.namespace(), way.host());
            let finding = trust.as_ref().map(|trust| {
                let what = format!("browsers see the httpd's own certificate here, from a private CA ({}): they refuse it unless they have imported that CA", trust.origin);
                Finding::new(Check::Trust, Verdict::Note, what)
            });
            return (trust, finding.into_iter().collect());
        }
        let own = way.and_then(|way| way.secret.clone());
        let stores = self
            .of_kind("TLSStore")
            .filter(|store| store.name.name == "default")
            .filter_map(|store| {
                let secret = text(store.spec(), &["defaultCertificate", "secretName"])?;
                Some(Name::new(&store.name.namespace, secret))
            });
        let (mut anchors, mut origins, mut findings) = (Vec::new(), Vec::new(), Vec::new());
        for secret in own.into_iter().chain(stores) {
            let data = self.data("Secret", &secret).unwrap_or_default();
            match data.get("ca.crt") {
                Some(Datum::Clear(pem)) => {
                    anchors.extend(lenient(pem));
                    origins.push(format!("Secret {secret} key ca.crt"));
                }
                Some(Datum::Locked(with)) => {
                    let what = format!(
                        "Secret {secret} key ca.crt is encrypted ({with}), so it cannot be read here"
                    );
                    findings.push(
                        Finding::new(Check::Objects, Verdict::Note, what)
                            .fix("pass the CA of the front with `--ca FILE`"),
                    );
                }
                None => {}
            }
        }
        let trust = (!anchors.is_empty()).then_some(Trust {
            anchors,
            origin: Origin::Objects(origins),
        });
        (trust, findings)
    }

    /// Reports when there is more than one TLSStore `default`: Traefik drops them all.
    #[must_use]
    pub fn stores(&self) -> Option<Finding> {
        let stores: Vec<String> = self
            .of_kind("TLSStore")
            .filter(|store| store.name.name == "default")
            .map(|store| store.name.to_string())
            .collect();
        (stores.len() > 1).then(|| {
            let what = format!(
                "there are {} TLSStores `default`, and Traefik drops them all: {}",
                stores.len(),
                stores.join(", ")
            );
            Finding::new(Check::Objects, Verdict::Broken, what).fix("delete all but one")
        })
    }

    /// Reads `rootCAs` and `rootCAsSecrets` as Traefik does: what cannot be used is passed over.
    pub(super) fn root_cas(
        &self,
        spec: &Node,
        object: &Object,
        out: &mut Transport,
        faults: &mut Faults,
    ) {
        let old = items(spec, "rootCAsSecrets")
            .iter()
            .map(|node| (node, "Secret", node.text()));
        let new = items(spec, "rootCAs")
            .iter()
            .map(|node| match text(node, &["configMap"]) {
                Some(name) => (node, "ConfigMap", Some(name)),
                None => (node, "Secret", text(node, &["secret"])),
            });
        let (mut anchors, mut origins) = (Vec::new(), Vec::new());
        for (node, kind, name) in old.chain(new) {
            let Some(name) = name else { continue };
            let name = Name::new(&object.name.namespace, name);
            let Some(data) = self.data(kind, &name) else {
                faults.push(object.fault(missing(kind, &name), node));
                continue;
            };
            let key = ["tls.ca", "ca.crt"]
                .into_iter()
                .find(|key| data.contains_key(*key));
            let lone = data
                .keys()
                .next()
                .filter(|_| kind == "Secret" && data.len() == 1);
            let Some(key) = key.or(lone.copied()) else {
                let what = format!(
                    "{kind} {name} contains neither tls.ca nor ca.crt: Traefik ignores it and trusts its system's roots"
                );
                out.findings.push(
                    Finding::new(Check::Objects, Verdict::Broken, what)
                        .fix(format!("put the CA under the key ca.crt of {kind} {name}")),
                );
                continue;
            };
            let origin = format!("{kind} {name} key {key}");
            let pem = match data[key] {
                Datum::Clear(pem) => pem,
                Datum::Locked(with) => {
                    faults.push(object.fault(locked(&origin, with, &name), node));
                    continue;
                }
            };
            let read = lenient(pem);
            if read.is_empty() {
                let what = format!(
                    "{origin} holds no readable certificate: Traefik trusts nobody, and logs nothing"
                );
                out.findings.push(
                    Finding::new(Check::Objects, Verdict::Broken, what)
                        .fix(format!("put the CA's PEM text there: {origin}")),
                );
            }
            anchors.extend(read);
            origins.push(origin);
        }
        if !origins.is_empty() {
            out.trust = Some(Trust {
                anchors,
                origin: Origin::Objects(origins),
            });
        }
    }

    /// Finds the authorities of a namespace's Secrets that signed a certificate for `host` beside them.
    pub(super) fn extern_trust(&self, namespace: &str, host: &DnsName) -> Option<Trust> {
        let mut all: Vec<(Certificate, String)> = self.certificates(namespace).collect();
        // The Secret that is there for its CA goes before one that holds it too.
        all.sort_by_key(|(_, origin)| !origin.ends_with(" key ca.crt"));
        let leaves: Vec<&Certificate> = all
            .iter()
            .map(|(leaf, _)| leaf)
            .filter(|leaf| is_leaf_for(leaf, host))
            .collect();
        let (mut anchors, mut origins) = (Vec::<Certificate>::new(), Vec::new());
        for (anchor, origin) in &all {
            let signed = leaves
                .iter()
                .any(|leaf| verify::signed_by(leaf, anchor).is_ok());
            if signed && !anchors.contains(anchor) {
                anchors.push(anchor.clone());
                origins.push(origin.clone());
            }
        }
        (!anchors.is_empty()).then_some(Trust {
            anchors,
            origin: Origin::Objects(origins),
        })
    }

    /// Finds the leaves for `host` in the Secrets of a namespace that one of the authorities signed.
    pub(super) fn kept(
        &self,
        namespace: &str,
        host: &DnsName,
        trust: Option<&Trust>,
    ) -> Vec<(Certificate, String)> {
        let is_signed = |leaf: &Certificate| {
            let mut anchors = trust.iter().flat_map(|trust| &trust.anchors);
            anchors.any(|anchor| verify::signed_by(leaf, anchor).is_ok())
        };
        self.certificates(namespace)
            .filter(|(leaf, _)| is_leaf_for(leaf, host) && is_signed(leaf))
            .collect()
    }

    fn certificates(&self, namespace: &str) -> impl Iterator<Item = (Certificate, String)> {
        let is_here = move |secret: &&FoundSecret| {
            secret.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE) == namespace
        };
        self.secrets.iter().filter(is_here).flat_map(|secret| {
            secret.data.iter().flat_map(move |(key, value)| {
                let origin = format!("Secret {secret} key {key}");
                lenient(value)
                    .into_iter()
                    .map(move |certificate| (certificate, origin.clone()))
            })
        })
    }
}

fn is_leaf_for(certificate: &Certificate, host: &DnsName) -> bool {
    let name = SubjectAltName::Dns(host.clone());
    certificate
        .details()
        .is_ok_and(|details| !details.is_ca && details.covers(&name))
}
