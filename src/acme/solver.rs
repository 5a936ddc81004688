//! How it is shown to a CA that a name is ours.

use crate::duration::TraefikDuration;
use crate::fault::{Fault, did_you_mean};
use crate::manifest::Field;
use crate::name::{Namespace, ObjectName};
use crate::yaml::{At, Node, Value};

/// A solver of cert-manager (`ACMEChallengeSolver`).
#[derive(Debug, Clone)]
pub struct Solver {
    /// What it answers.
    pub challenge: Challenge,
    /// How long it waits for the answer to be seen everywhere, in place of looking for it itself (cert-manager 1.21): where
    /// the cluster cannot see itself as the world does.
    pub waits: Option<TraefikDuration>,
}

/// What a CA asks for, and who answers.
#[derive(Debug, Clone)]
pub enum Challenge {
    /// A file at port 80 of the name (RFC 8555 section 8.3), served through an Ingress of this class.
    Ingress(ObjectName),
    /// The same, served through an HTTPRoute of this Gateway.
    Gateway {
        /// Namespace of the Gateway.
        namespace: Namespace,
        /// Its name.
        name: ObjectName,
    },
    /// A record of the name's zone (RFC 8555 section 8.4).
    Dns(DnsSolver),
}

impl Challenge {
    /// Explains why a wildcard cannot be had by a file at port 80: a CA asks for a record (RFC 8555 section 7.1.3, Let's
    /// Encrypt's challenge types).
    #[must_use]
    pub fn no_wildcard() -> Fault {
        Fault::new(
            "no CA issues a wildcard certificate for an answer at port 80: it asks for a record in the zone",
        )
    }
}

impl Solver {
    /// Returns the fields of the template.
    pub(super) fn fields(&self) -> Vec<(&'static str, Field)> {
        let (class, gateway, dns) = match &self.challenge {
            Challenge::Ingress(class) => (Some(class), None, None),
            Challenge::Gateway { namespace, name } => (None, Some((namespace, name)), None),
            Challenge::Dns(dns) => (None, None, Some(&dns.0)),
        };
        let waits = self.waits.as_ref().map(TraefikDuration::as_str);
        vec![
            ("ingress_class", class.map(ObjectName::as_str).into()),
            ("gateway", gateway.map(|(_, name)| name.as_str()).into()),
            (
                "gateway_namespace",
                gateway.map(|(namespace, _)| namespace.as_str()).into(),
            ),
            ("dns", dns.cloned().into()),
            ("waits", waits.into()),
        ]
    }
}

/// The providers that cert-manager can ask for a record (`ACMEChallengeSolverDNS01`), without those of its tests.
const PROVIDERS: [&str; 9] = [
    "acmeDNS",
    "akamai",
    "azureDNS",
    "cloudDNS",
    "cloudflare",
    "digitalocean",
    "rfc2136",
    "route53",
    "webhook",
];
/// What else may be beside a provider.
const BESIDE: [&str; 2] = ["cnameStrategy", "nameservers"];
/// What the name of a value ends with that nobody may read.
const PRIVATE: [&str; 8] = [
    "secret",
    "token",
    "password",
    "apikey",
    "accesskey",
    "privatekey",
    "consumerkey",
    "serviceaccount",
];

/// What cert-manager needs to put a record into a zone, in its own words: it is passed on.
#[derive(Debug, Clone)]
pub struct DnsSolver(Node);

impl DnsSolver {
    /// What to write, for help.
    pub const EXAMPLE: &str = "write it as for cert-manager: `{rfc2136: {nameserver: 10.0.0.53:53, tsigKeyName: acme, tsigAlgorithm: HMACSHA256, tsigSecretSecretRef: {name: tsig, key: secret}}}`";

    /// Takes `dns01` of a solver of cert-manager.
    ///
    /// # Errors
    /// All that is wrong: no provider or several, an unknown one, and secrets in clear text, which whoever reads the fleet
    /// file would read; each with its place in the tree.
    pub fn of(node: Node) -> Result<Self, Vec<(At, Fault)>> {
        let at = node.at;
        let Value::Map(entries) = &node.value else {
            let fault = Fault::new("the solver is not a mapping").help(Self::EXAMPLE);
            return Err(vec![(at, fault)]);
        };
        let mut faults = Vec::new();
        let mut count = 0;
        for (key, _) in entries {
            let name = &*key.text;
            if PROVIDERS.contains(&name) {
                count += 1;
                if count == 2 {
                    let fault = Fault::new("a solver has one provider");
                    faults.push((key.at, fault.help("keep the one whose zone it is")));
                }
            } else if !BESIDE.contains(&name) {
                let what = format!("cert-manager has no solver `{}`", name.escape_debug());
                let fault = Fault::new(what);
                let known = PROVIDERS.iter().chain(&BESIDE).copied();
                faults.push((
                    key.at,
                    match did_you_mean(name, known) {
                        Some(meant) => fault.help(format!("did you mean `{meant}`?")),
                        None => fault.help(format!("use one of {}", PROVIDERS.join(", "))),
                    },
                ));
            }
        }
        if count == 0 && faults.is_empty() {
            let fault = Fault::new("the solver names no provider of DNS");
            faults.push((at, fault.help(Self::EXAMPLE)));
        }
        find_secrets(&node, &mut faults);
        if faults.is_empty() {
            Ok(Self(node))
        } else {
            Err(faults)
        }
    }
}

/// Finds secrets in clear text.
fn find_secrets(node: &Node, faults: &mut Vec<(At, Fault)>) {
    match &node.value {
        Value::Map(entries) => {
            for (key, child) in entries {
                let name = key.text.to_ascii_lowercase();
                let is_text = matches!(
                    child.value,
                    Value::Text(_) | Value::Int(_) | Value::Float(_) | Value::Ambiguous(_)
                );
                if is_text && PRIVATE.iter().any(|end| name.ends_with(end)) {
                    let what = format!(
                        "`{}` would be in clear text for everyone who reads this file",
                        key.text.escape_debug()
                    );
                    let help = "put it into a Secret in the namespace of cert-manager, and name that: `…SecretRef: {name, key}`";
                    faults.push((key.at, Fault::new(what).help(help)));
                }
                find_secrets(child, faults);
            }
        }
        Value::List(items) => items.iter().for_each(|item| find_secrets(item, faults)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn read(text: &str) -> Result<DnsSolver, Vec<String>> {
        let node = yaml::read(text, "solver.yaml").unwrap();
        DnsSolver::of(node)
            .map_err(|faults| faults.into_iter().map(|(_, fault)| fault.what).collect())
    }

    #[test]
    fn what_cert_manager_takes_is_passed_on() {
        for text in [
            "rfc2136: {nameserver: \"10.0.0.53:53\", tsigKeyName: acme, tsigAlgorithm: HMACSHA256, tsigSecretSecretRef: {name: tsig, key: secret}}",
            "cloudflare: {apiTokenSecretRef: {name: cloudflare, key: token}}\ncnameStrategy: Follow",
            "webhook: {groupName: acme.parish.fr, solverName: ovh, config: {endpoint: ovh-eu, applicationSecretRef: {name: ovh, key: s}}}",
            "route53: {region: eu-west-3, accessKeyID: AKIA, secretAccessKeySecretRef: {name: aws, key: s}}",
        ] {
            assert!(read(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn all_faults_of_a_solver_are_reported_at_once() {
        let faults = read(
            "cloudfare: {apiToken: hunter2}\nrfc2136: {nameserver: a}\nroute53: {secretAccessKey: x}",
        );
        assert_eq!(
            faults.unwrap_err(),
            [
                "cert-manager has no solver `cloudfare`",
                "a solver has one provider",
                "`apiToken` would be in clear text for everyone who reads this file",
                "`secretAccessKey` would be in clear text for everyone who reads this file",
            ]
        );
        assert_eq!(
            read("cnameStrategy: Follow").unwrap_err(),
            ["the solver names no provider of DNS"]
        );
        assert_eq!(read("[a]").unwrap_err(), ["the solver is not a mapping"]);
    }
}
