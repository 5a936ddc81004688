//! Where the files of a fleet lie, what they are called, and how they say whose they are.

use crate::fleet::{Fleet, Layout, Member};
use crate::manifest::Identity;
use crate::name::ObjectName;
use serde_json::Value;

/// How a file begins that this program owns, behind one of [`COMMENTS`].
const MARK: &str = "civi-ingress:managed fleet=";
/// How a comment begins a file: in YAML and the like, in a zone file, and in Terraform's JSON, which takes the key `//` for one.
const COMMENTS: [&str; 3] = ["# ", "; ", "{\n  \"//\": \""];
/// Folder of the instances.
pub const INSTANCES: &str = "instances";
/// Folder of the parts of a fleet.
pub const SHARDS: &str = "shards";
/// Folder of what exists once per cluster.
pub const CLUSTER: &str = "cluster";
/// Folder of the Kustomizations of Flux.
const FLUX: &str = "flux";
/// Folder of the `ApplicationSet` of Argo CD.
const ARGO_CD: &str = "argocd";
/// Folder of what is not for the cluster: files for machines before it.
pub const OUTSIDE: &str = "outside";
/// The folders of a tree.
pub const FOLDERS: [&str; 6] = [INSTANCES, SHARDS, CLUSTER, FLUX, ARGO_CD, OUTSIDE];
/// Name of the file by which KSOPS opens Secrets for Argo CD. No instance's name has an underscore, so it collides
/// with no instance's file.
pub const GENERATOR: &str = "secret_generator.yaml";
/// Name of the file with values of the chart of external-dns.
/// Name of the file with the values of Traefik's chart.
pub const TRAEFIK_VALUES: &str = "traefik-values.yaml";
/// Name of the file with the values of the chart of Istio's gateway.
pub const ISTIO_VALUES: &str = "istio-values.yaml";
/// Name of the file with the values of external-dns's chart.
pub const EXTERNAL_DNS_VALUES: &str = "external-dns-values.yaml";
/// Folder of Secrets that wait for their phase.
const NEXT: &str = "next";

/// Name of the Secret with the key of the wildcard certificate's CA, which is not applied to a cluster.
pub const WILDCARD_CA_SECRET: &str = "wildcardca";

/// Names of files of a unit that are not objects, or one whose kind says all.
const OTHERS: [&str; 7] = [
    EXTERNAL_DNS_VALUES,
    ISTIO_VALUES,
    "kustomization.yaml",
    "namespace.yaml",
    GENERATOR,
    TRAEFIK_VALUES,
    "values.yaml",
];
/// Prefixes of the names of files with objects.
const KINDS: [&str; 22] = [
    "backendtlspolicy-",
    "certificate-",
    "clusterissuer-",
    "configmap-",
    "destinationrule-",
    "dnsendpoint-",
    "externalsecret-",
    "gateway-",
    "httproute-",
    "ingressroute-",
    "ingressroutetcp-",
    "issuer-",
    "middleware-",
    "networkpolicy-",
    "sealedsecret-",
    "secret-",
    "serverstransport-",
    "serverstransporttcp-",
    "tlsoption-",
    "tlsroute-",
    "tlsstore-",
    "virtualservice-",
];

/// Whose a file is, by its first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// This fleet's.
    Ours,
    /// Another fleet's, or nobody's that is known.
    Foreign,
}

/// Writes the first line of a file of the fleet; with the instance's name where it belongs to one.
#[must_use]
pub fn mark(fleet: &Fleet, id: Option<&str>) -> String {
    let instance = id.map_or_else(String::new, |id| format!(" instance={id}"));
    format!("# {MARK}{}{instance} v1\n", fleet.name)
}

/// Writes the first line of a zone file of the fleet.
#[must_use]
pub fn zone_mark(fleet: &Fleet) -> String {
    format!("; {MARK}{} v1\n", fleet.name)
}

/// Writes a mapping in JSON with the mark of the fleet.
#[must_use]
pub fn marked_json(fleet: &Fleet, mut value: Value) -> String {
    // The key sorts before all others.
    value["//"] = format!("{MARK}{} v1", fleet.name).into();
    format!("{value:#}\n")
}

/// Returns what follows the mark of a text that has one.
fn marked(text: &[u8]) -> Option<&[u8]> {
    let behind = |comment: &&str| text.strip_prefix(comment.as_bytes());
    let text = COMMENTS.iter().find_map(behind)?;
    text.strip_prefix(MARK.as_bytes())
}

/// Returns whether a file's first line names an owner, whoever that is.
#[must_use]
pub fn is_marked(bytes: &[u8]) -> bool {
    marked(bytes).is_some()
}

/// Returns the folder of the tree that a file belongs to, by its path.
#[must_use]
pub fn tree_of(path: &str) -> Option<&str> {
    let mut from = 0;
    for part in path.split('/') {
        if FOLDERS.contains(&part) {
            return Some(path[..from].trim_end_matches('/'));
        }
        from += part.len() + 1;
    }
    None
}

/// Returns whether a merge was left unfinished in a file of a fleet.
#[must_use]
pub fn has_merge_markers(text: &str) -> bool {
    let begins = |marker: &str| text.starts_with(marker) || text.contains(&format!("\n{marker}"));
    // The mark of the file may be behind a marker.
    begins("<<<<<<< ") && begins(">>>>>>> ") && text.contains(MARK)
}

/// Returns whether a text seems to hold a Secret of this name, whatever else it is: for a note, not to take it from there.
#[must_use]
pub fn names_secret(text: &str, name: &str) -> bool {
    let bare = |line: &str| line.replace(['"', '\'', ' ', ',', '\t', '\r'], "");
    let has = |wanted: &str| text.lines().any(|line| bare(line) == wanted);
    text.contains("Secret")
        && (has("kind:Secret") || has("kind:SealedSecret"))
        && has(&format!("name:{name}"))
}

/// Returns whose a file is.
#[must_use]
pub fn owner(fleet: &Fleet, text: &str) -> Owner {
    let named = marked(text.as_bytes()).and_then(|rest| rest.split(u8::is_ascii_whitespace).next());
    if named == Some(fleet.name.as_str().as_bytes()) {
        Owner::Ours
    } else {
        Owner::Foreign
    }
}

/// How the private values in a file are locked, as its name shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Nothing in it is private.
    Public,
    /// Private values are in clear text.
    Plain,
    /// `sops` opens it.
    Sops,
    /// The controller of SealedSecrets opens it.
    Sealed,
}

/// Where the files of one unit lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The folder, without a slash at the end.
    pub folder: String,
    /// Where others share the folder, what the names of its own files begin with: `paroisse-a.`
    pub prefix: String,
}

impl Home {
    /// Returns the home of the cluster.
    #[must_use]
    pub fn of_cluster() -> Self {
        Self {
            folder: CLUSTER.to_owned(),
            prefix: String::new(),
        }
    }

    /// Returns the home of a member.
    #[must_use]
    pub fn of_member(fleet: &Fleet, member: &Member) -> Self {
        let id = &member.id;
        match (fleet.layout, member.shard) {
            (Layout::Instance, _) => Self::own(id.as_str()),
            (Layout::Flat, None) => Self::shared(INSTANCES, id.as_str()),
            (Layout::Flat, Some(shard)) => Self::shared(&shard_folder(shard), id.as_str()),
        }
    }

    /// Returns the home of an instance with a folder of its own.
    #[must_use]
    pub fn own(id: &str) -> Self {
        Self {
            folder: format!("{INSTANCES}/{id}"),
            prefix: String::new(),
        }
    }

    /// Returns the home of an instance in a folder with others.
    #[must_use]
    pub fn shared(folder: &str, id: &str) -> Self {
        Self {
            folder: folder.to_owned(),
            prefix: format!("{id}."),
        }
    }

    /// Returns whether a file of the folder is this unit's by its name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        name.starts_with(&self.prefix)
    }

    /// Returns whether the folder is the unit's alone.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.prefix.is_empty()
    }

    /// Returns the path of an object's file.
    #[must_use]
    pub fn path(&self, identity: &Identity, form: Form) -> String {
        let Self { folder, prefix } = self;
        if !self.is_own() && form == Form::Public {
            let all = prefix.trim_end_matches('.');
            return format!("{folder}/{all}.yaml");
        }
        format!("{folder}/{prefix}{}", file_name(identity, form))
    }

    /// Returns the path of a Secret that is encrypted by SOPS.
    #[must_use]
    pub fn secret_path(&self, name: &ObjectName) -> String {
        let identity = Identity {
            api_version: "v1",
            kind: "Secret",
            namespace: None,
            name: name.clone(),
        };
        self.path(&identity, Form::Sops)
    }

    /// Returns the path of a Secret that waits.
    #[must_use]
    pub fn staged_path(&self, identity: &Identity, form: Form) -> String {
        let name = file_name(identity, form);
        if self.is_own() {
            format!("{}/{NEXT}/{name}", self.folder)
        } else {
            format!("{}/{}{NEXT}.{name}", self.folder, self.prefix)
        }
    }

    /// Returns the folder of Secrets that wait, if it is one of its own.
    #[must_use]
    pub fn staged_folder(&self) -> Option<String> {
        self.is_own().then(|| format!("{}/{NEXT}", self.folder))
    }

    /// Returns whether a path is that of a Secret that waits.
    #[must_use]
    pub fn is_staged(&self, path: &str) -> bool {
        let Some(name) = path.strip_prefix(&self.folder) else {
            return false;
        };
        if self.is_own() {
            name.starts_with("/next/")
        } else {
            name.starts_with(&format!("/{}{NEXT}.", self.prefix))
        }
    }

    /// Returns whether a file of the unit may have this name, whatever the unit is.
    #[must_use]
    pub fn may_write(&self, path: &str) -> bool {
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
        let name = name.strip_prefix(&self.prefix).unwrap_or(name);
        let name = name.strip_prefix("next.").unwrap_or(name);
        let object = name.strip_suffix(".yaml").unwrap_or_default();
        let is_object = KINDS.iter().any(|kind| object.starts_with(kind));
        OTHERS.contains(&name) || is_object || !self.is_own() && name == "yaml"
    }

    /// Returns the path of a file that is not an object, such as `values.yaml`.
    #[must_use]
    pub fn other_path(&self, name: &str) -> String {
        format!("{}/{}{name}", self.folder, self.prefix)
    }
}

fn file_name(identity: &Identity, form: Form) -> String {
    if identity.kind == "Namespace" {
        return "namespace.yaml".to_owned();
    }
    let kind = identity.kind.to_ascii_lowercase();
    let suffix = if form == Form::Sops {
        ".sops.yaml"
    } else {
        ".yaml"
    };
    format!("{kind}-{}{suffix}", identity.name)
}

/// Returns whether a file of the cluster is applied: the key of the CA that browsers trust is not.
#[must_use]
pub fn is_applied(path: &str) -> bool {
    !path.contains(WILDCARD_CA_SECRET)
}

/// Returns the folder of a part.
#[must_use]
pub fn shard_folder(shard: u16) -> String {
    format!("{SHARDS}/{}", part_name(shard))
}

/// Returns the name of a part, as folders, Kustomizations and labels have it.
#[must_use]
pub fn part_name(shard: u16) -> String {
    format!("{shard:03}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_object_has_a_name_that_a_unit_may_write() {
        let home = |prefix: &str| Home {
            folder: "instances/a".to_owned(),
            prefix: prefix.to_owned(),
        };
        let kinds = [
            "BackendTLSPolicy",
            "Certificate",
            "ClusterIssuer",
            "ConfigMap",
            "DestinationRule",
            "DNSEndpoint",
            "ExternalSecret",
            "Gateway",
            "HTTPRoute",
            "IngressRoute",
            "IngressRouteTCP",
            "Issuer",
            "Middleware",
            "Namespace",
            "NetworkPolicy",
            "SealedSecret",
            "Secret",
            "ServersTransport",
            "ServersTransportTCP",
            "TLSOption",
            "TLSRoute",
            "TLSStore",
            "VirtualService",
        ];
        for kind in kinds {
            let identity = Identity {
                api_version: "v1",
                kind,
                namespace: None,
                name: crate::name::ObjectName::parse("x").unwrap(),
            };
            for home in [home(""), home("a.")] {
                for form in [Form::Public, Form::Plain, Form::Sops, Form::Sealed] {
                    assert!(home.may_write(&home.path(&identity, form)), "{kind}");
                    assert!(home.may_write(&home.staged_path(&identity, form)), "{kind}");
                }
            }
        }
        assert!(!home("").may_write("instances/a/README.md"));
        assert!(!home("").may_write("instances/a/secret-selfcert.sops.yaml.bak"));
        assert!(!home("").may_write("instances/a/.#secret-selfcert.sops.yaml"));
        assert!(!home("a.").may_write("instances/a.extra.yaml"));
    }
}
