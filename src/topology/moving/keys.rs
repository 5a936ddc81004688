//! A move of the keys of a fleet: from its tree to cert-manager, or back.
//!
//! On the way both make certificates and the ingress trusts both, so that it does not matter when an httpd shows which.

use super::{Document, FORM, MovedName, Stated, Words, place};
use crate::civiparoisse::{
    DATABASE_CA_SECRET, DATABASE_SET, DATABASE_TLS_SECRET, HTTPD_CA_SECRET, HTTPD_SET,
    HTTPD_TLS_SECRET, TOOLS_SET, WILDCARD_CA,
};
use crate::fault::{Fault, Faults};
use crate::fleet::{CertificateSource, Fleet, FrontCertificate, Keys, Secrets};
use crate::gitops::layout::Home;
use crate::instance::{Instance, client_auth_stays};
use crate::makers::Side;
use crate::name::ObjectName;

/// Who is to make the keys of a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// cert-manager.
    CertManager,
    /// This program, in the tree as this mode of `spec.secrets` keeps them.
    Tree(&'static str),
}

impl Goal {
    /// The names of all of them, as `spec.secrets.mode` has them.
    pub const NAMES: [&'static str; 4] = ["cert-manager", "sops", "sealed", "plain"];

    /// Returns the goal of a name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let name = Self::NAMES.into_iter().find(|known| *known == name)?;
        Some(if name == CERT_MANAGER {
            Self::CertManager
        } else {
            Self::Tree(name)
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::CertManager => CERT_MANAGER,
            Self::Tree(name) => name,
        }
    }
}

const CERT_MANAGER: &str = Goal::NAMES[0];

/// A fleet whose keys move.
#[derive(Debug)]
pub struct KeysMove<'a> {
    /// The fleet.
    pub fleet: &'a Fleet,
    /// The name of its file.
    pub file: String,
    /// The directory of its tree: nothing, or a path with a slash at its end.
    pub tree: String,
    /// Who is to make its keys.
    pub goal: Goal,
}

/// Where a fleet is on the way from its tree to cert-manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Station {
    /// This program makes all.
    Tree,
    /// Both make certificates; those of this program are shown.
    TreeShown,
    /// Both make certificates; those of cert-manager are shown.
    CertManagerShown,
    /// cert-manager makes all.
    CertManager,
}

impl Station {
    const ALL: [Self; 4] = [
        Self::Tree,
        Self::TreeShown,
        Self::CertManagerShown,
        Self::CertManager,
    ];
}

/// An instance, and the folder of its files.
struct Site {
    instance: Instance,
    home: Home,
}

impl KeysMove<'_> {
    /// Orders the steps.
    ///
    /// # Errors
    /// Keys of a store; keys that the tree keeps in another way than they are to; an httpd that asks Traefik for a
    /// certificate.
    pub fn document(&self) -> Result<Document, Vec<Fault>> {
        let (mode, from) = self.now().map_err(|fault| vec![fault])?;
        let to = match self.goal {
            Goal::CertManager => Station::CertManager,
            Goal::Tree(_) => Station::Tree,
        };
        let sites = if from == to {
            Vec::new()
        } else {
            self.sites()?
        };
        let way: Vec<Station> = Station::ALL
            .into_iter()
            .filter(|station| (from.min(to)..=from.max(to)).contains(station) && *station != from)
            .collect();
        let way: Vec<Station> = if from < to {
            way
        } else {
            way.into_iter().rev().collect()
        };
        let mut before = from;
        let mut steps = Vec::new();
        for station in way {
            steps.push(self.step(mode, before, station, &sites));
            before = station;
        }
        let names = self
            .fleet
            .members
            .iter()
            .map(|member| member.id.to_string());
        let (moved, unmoved) = if from == to {
            (Vec::new(), names.collect())
        } else {
            let from = match from {
                Station::Tree => mode,
                Station::TreeShown | Station::CertManagerShown => "both",
                Station::CertManager => CERT_MANAGER,
            };
            let moved = names.map(|name| MovedName {
                name,
                from,
                via: Vec::new(),
            });
            (moved.collect(), Vec::new())
        };
        Ok(Document {
            version: FORM,
            to: self.goal.name(),
            instances: moved,
            unmoved,
            limits: if steps.is_empty() {
                Vec::new()
            } else {
                self.limits(to)
            },
            steps,
        })
    }

    /// Returns how the tree keeps keys at the one end, and where the fleet is now.
    fn now(&self) -> Result<(&'static str, Station), Fault> {
        let name = |secrets: &Secrets| match secrets {
            Secrets::Sops { .. } => "sops",
            Secrets::Sealed { .. } => "sealed",
            Secrets::Plain => "plain",
        };
        let (mode, station) = match &self.fleet.keys {
            Keys::Here(here) => (name(here), Station::Tree),
            Keys::Both { here, shown } => {
                let station = match shown {
                    Side::Here => Station::TreeShown,
                    Side::CertManager => Station::CertManagerShown,
                };
                (name(here), station)
            }
            Keys::CertManager => match self.goal {
                Goal::Tree(mode) => (mode, Station::CertManager),
                Goal::CertManager => (CERT_MANAGER, Station::CertManager),
            },
            Keys::External(_) => {
                let fault = Fault::new("the keys of this fleet come from a store");
                return Err(fault.help("put the keys that are to be into the store, or into the tree, and change `mode` then: the Secrets stay as they are"));
            }
        };
        match self.goal {
            Goal::Tree(goal) if goal != mode => {
                let what = format!("the tree keeps its keys with `{mode}`, not with `{goal}`");
                let help = format!(
                    "move to `{mode}`, or change `mode` and render: a change of the mode alone keeps the keys"
                );
                Err(Fault::new(what).help(help))
            }
            _ => Ok((mode, station)),
        }
    }

    fn sites(&self) -> Result<Vec<Site>, Vec<Fault>> {
        let mut faults = Faults::default();
        let mut sites = Vec::new();
        for member in &self.fleet.members {
            let Some(instance) = faults.keep_all(self.fleet.instance(member)) else {
                continue;
            };
            if instance.extras.client_auth {
                faults.push(client_auth_stays().at(member.place.clone()));
            }
            let home = Home::of_member(self.fleet, member);
            sites.push(Site { instance, home });
        }
        faults.finish(Some(sites))
    }

    /// Returns what cannot be done without loss.
    fn limits(&self, to: Station) -> Vec<String> {
        let mut limits = vec![
            "httpd and database read their certificates when they start, so that the upgrade of the chart restarts both: an instance with one httpd does not answer meanwhile.".to_owned(),
        ];
        if self.wildcard().is_some() {
            limits.push("The CA of the wildcard becomes another one: browsers that have not imported it before the second step refuse all hosts.".to_owned());
            if to == Station::CertManager {
                limits.push("The key of the CA that browsers have imported leaves the tree with the last step, where it was stored; Git keeps it in its history.".to_owned());
            }
        }
        limits
    }

    /// Returns the wildcard certificate, if the fleet has one of its own.
    fn wildcard(&self) -> Option<&FrontCertificate> {
        let front = self.fleet.front.as_ref();
        front.filter(|front| matches!(front.source, CertificateSource::Own { .. }))
    }

    fn step(&self, mode: &str, from: Station, to: Station, sites: &[Site]) -> Stated {
        let changed = self.changed(mode, from, to);
        let back = words(mode, from);
        let (change, mut words) = match (from, to) {
            (Station::Tree, _) => ("make", self.made_by_cert_manager(sites)),
            (Station::CertManager, _) => ("make", self.made_in_tree(sites)),
            (_, Station::Tree) => ("forget", self.cert_manager_forgotten(sites)),
            (_, Station::CertManager) => ("forget", tree_forgotten(sites)),
            _ => ("show", self.shown(sites)),
        };
        words.run.splice(0..0, changed);
        words
            .back
            .insert(0, format!("`secrets: {back}`, rendered and applied"));
        words.of(change)
    }

    /// Returns what is written into the fleet file, and rendered.
    fn changed(&self, mode: &str, from: Station, to: Station) -> Vec<String> {
        let mut lines = vec![
            format!("# {}:", self.file),
            "#   spec:".to_owned(),
            format!("#     secrets: {}", words(mode, to)),
        ];
        let needed = match (mode, from, to) {
            (_, _, Station::CertManager) => Some(
                "and nothing that has a meaning in the other mode only, such as `recipients` and `ca`",
            ),
            ("sops", Station::CertManager, _) => {
                Some("and `recipients`, unless `.sops.yaml` has them")
            }
            ("sealed", Station::CertManager, _) => Some("and `sealingCertificate`"),
            _ => Some("and its other keys as they are"),
        };
        lines.extend(needed.map(|needed| format!("#     # {needed}")));
        let place = place(&self.file, &self.tree);
        // All keys are the first ones of this tree: a run issues few unless it is told how many.
        let issues = if from == Station::CertManager {
            let units = self.fleet.members.len() + usize::from(self.wildcard().is_some());
            format!(" --max-issues {units}")
        } else {
            String::new()
        };
        lines.push(format!("civi-ingress gitops render {place}{issues}"));
        lines.push("# commit that, and have it applied".to_owned());
        lines
    }

    fn made_by_cert_manager(&self, sites: &[Site]) -> Words {
        let mut words = Words::new(
            "Have cert-manager make certificates, too, and Traefik trust them; none is shown yet",
        );
        let of_instances = sites.iter().map(|site| site.instance.namespace.as_str());
        let of_wildcard = self.wildcard().map(|front| front.namespace.as_str());
        for namespace in of_instances.chain(of_wildcard) {
            words.wait.push(format!(
                "`kubectl -n {namespace} wait certificates --all --for=condition=Ready --timeout=600s`"
            ));
        }
        if let Some(front) = self.wildcard() {
            words.see.push(format!(
                "`kubectl -n {} get secret {WILDCARD_CA} -o jsonpath='{{.data.ca\\.crt}}' | base64 -d` prints the CA that browsers are to import now",
                front.namespace
            ));
        }
        words
    }

    fn made_in_tree(&self, sites: &[Site]) -> Words {
        let mut words = Words::new(
            "Make certificates in the tree, too, and have Traefik trust them; none is shown yet",
        );
        for site in sites {
            words.wait.push(format!(
                "`kubectl -n {} get secrets {}` finds them",
                site.instance.namespace,
                in_tree(&site.instance)
            ));
        }
        if self.wildcard().is_some() {
            let place = place(&self.file, &self.tree);
            words.see.push(format!(
                "`civi-ingress gitops ca {place}` prints the CA that browsers are to import now"
            ));
        }
        words
    }

    fn shown(&self, sites: &[Site]) -> Words {
        let mut words = Words::new("Have httpd and database show the other certificates");
        for Site { instance, home } in sites {
            let namespace = &instance.namespace;
            words.run.push(format!(
                "helm upgrade civi chart -n {namespace} --reuse-values -f {}{}",
                self.tree,
                home.other_path("values.yaml")
            ));
            for set in [DATABASE_SET, HTTPD_SET, TOOLS_SET] {
                words.wait.push(format!(
                    "`kubectl -n {namespace} rollout status statefulset/{set}`"
                ));
            }
            words.see.push(format!(
                "`civi-ingress probe {} --cluster`",
                instance.host()
            ));
        }
        words.back.push("the same upgrade of the chart".to_owned());
        words
    }

    fn cert_manager_forgotten(&self, sites: &[Site]) -> Words {
        let mut words = Words::new("Trust only what is in the tree, and take away the rest");
        let label = format!("civi-ingress.uepal.fr/fleet={}", self.fleet.name);
        for Site { instance, .. } in sites {
            let namespace = &instance.namespace;
            words.run.push(format!(
                "kubectl -n {namespace} delete certificates,issuers -l {label}"
            ));
            words.run.push(format!(
                "kubectl -n {namespace} delete secrets {} --ignore-not-found",
                kept(instance)
            ));
        }
        words
    }
}

fn tree_forgotten(sites: &[Site]) -> Words {
    let mut words = Words::new("Trust only what cert-manager makes, and take away the rest");
    for Site { instance, .. } in sites {
        words.run.push(format!(
            "kubectl -n {} delete secrets {} --ignore-not-found",
            instance.namespace,
            in_tree(instance)
        ));
    }
    words
}

/// Writes `spec.secrets` at a station.
fn words(mode: &str, station: Station) -> String {
    match station {
        Station::Tree => format!("{{mode: {mode}}}"),
        Station::TreeShown => format!("{{mode: {mode}, beside: {CERT_MANAGER}}}"),
        Station::CertManagerShown => format!("{{mode: {CERT_MANAGER}, beside: {mode}}}"),
        Station::CertManager => format!("{{mode: {CERT_MANAGER}}}"),
    }
}

/// Returns the names of the Secrets with what this program makes.
fn in_tree(instance: &Instance) -> String {
    let mut names: Vec<String> = Vec::new();
    for (_, place) in instance.places() {
        let name = place.secret.to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(" ")
}

/// Returns the names of the Secrets with what cert-manager makes.
fn kept(instance: &Instance) -> String {
    let asked = instance.extras.makers.asked();
    let cas = asked.map_or_else(
        || vec![HTTPD_CA_SECRET],
        |asked| asked.names.iter().map(ObjectName::as_str).collect(),
    );
    let mut names = vec![DATABASE_CA_SECRET, DATABASE_TLS_SECRET, HTTPD_TLS_SECRET];
    names.extend(cas);
    names.join(" ")
}
