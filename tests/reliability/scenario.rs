//! The runs that are killed and failed: what the tree is before, what the fleet file says then, what is asked for.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use civi_ingress::seal::Identity;

use crate::program::run;

/// When the trees are made.
pub(crate) const MADE: &str = "2026-11-24T10:00:00Z";
/// When every certificate of theirs is due, and none has ended.
pub(crate) const DUE: &str = "2027-09-20T10:00:00Z";
/// How many instances a tree has.
pub(crate) const COUNT: usize = 20;
/// A throw-away identity, made for these tests.
const IDENTITY: &str = "AGE-SECRET-KEY-1ZJZMGH6KZ0G4XLN477ENYNZ68NK3CUSKCR50829Y27ATYFX2GT9SDSZ02M";

/// A fleet file in the making.
#[derive(Clone)]
pub(crate) struct FleetText {
    pub(crate) layout: &'static str,
    pub(crate) shards: Option<usize>,
    pub(crate) mode: &'static str,
    /// Names, and what they say of themselves.
    pub(crate) instances: Vec<(String, String)>,
}

impl FleetText {
    pub(crate) fn new(layout: &'static str, mode: &'static str) -> Self {
        let instances = (1..=COUNT).map(|n| (format!("p{n:02}"), "{}".to_owned()));
        Self {
            layout,
            shards: None,
            mode,
            instances: instances.collect(),
        }
    }

    pub(crate) fn sharded(self, shards: usize) -> Self {
        Self {
            shards: Some(shards),
            ..self
        }
    }

    /// Lets an instance have a new host, another an alias, and others go and come.
    pub(crate) fn changed(mut self) -> Self {
        "{externalHost: other.example.org}".clone_into(&mut self.instances[2].1);
        "{aliases: [\"alias.{domain}\"]}".clone_into(&mut self.instances[7].1);
        "{objects: {retry: 3}}".clone_into(&mut self.instances[11].1);
        self.instances.remove(15);
        self.instances.push(("p99".to_owned(), "{}".to_owned()));
        self
    }

    pub(crate) fn without(mut self, count: usize) -> Self {
        self.instances.truncate(self.instances.len() - count);
        self
    }

    /// Writes the fleet file; half of the instances are in a file of their own each.
    pub(crate) fn write(&self, directory: &Path) {
        let parishes = directory.join("parishes");
        fs::create_dir_all(&parishes).expect("writable");
        for entry in fs::read_dir(&parishes).expect("readable") {
            fs::remove_file(entry.expect("readable").path()).expect("writable");
        }
        let mut text = format!(
            "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: parishes}}\nspec:\n  domain: example.org\n  wildcard: {{certificate: {{ca: ephemeral}}}}\n  layout: {}\n",
            self.layout
        );
        if let Some(shards) = self.shards {
            writeln!(text, "  shards: {shards}").expect("writing to a String cannot fail");
        }
        if self.mode == "sops" {
            let identity = &identities()[0];
            writeln!(
                text,
                "  secrets: {{mode: sops, recipients: [{}]}}",
                identity.recipient()
            )
            .expect("writing to a String cannot fail");
        } else {
            writeln!(text, "  secrets: {{mode: {}}}", self.mode)
                .expect("writing to a String cannot fail");
        }
        if self.instances.len() > 1 {
            text.push_str("  include: [parishes/*.yaml]\n");
        }
        if self.instances.is_empty() {
            text.push_str("  instances: {}\n");
        } else {
            text.push_str("  instances:\n");
        }
        for (index, (id, spec)) in self.instances.iter().enumerate() {
            if index % 2 == 0 {
                writeln!(text, "    {id}: {spec}").expect("writing to a String cannot fail");
            } else {
                let text = format!(
                    "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Instance\nmetadata: {{name: {id}}}\nspec: {spec}\n"
                );
                fs::write(parishes.join(format!("{id}.yaml")), text).expect("writable");
            }
        }
        fs::write(directory.join("fleet.yaml"), text).expect("writable");
    }
}

/// What opens the encrypted trees.
pub(crate) fn identities() -> Vec<Identity> {
    Identity::all_from_text(IDENTITY).expect("an identity")
}

/// The same as the text of a key file.
pub(crate) fn identity_file() -> String {
    format!("{IDENTITY}\n")
}

/// A run that is killed and failed.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// The fleet of the tree that is there; nothing for a tree that is not.
    old: Option<FleetText>,
    new: FleetText,
    pub(crate) now: &'static str,
    /// Runs between.
    between: &'static [&'static [&'static str]],
    extra: &'static [&'static str],
    threads: &'static str,
    /// What becomes of other calls all the time.
    pub(crate) also: Option<&'static str>,
    /// Whether an instance's folder goes from old to new at once.
    pub(crate) at_once: bool,
}

impl Scenario {
    pub(crate) fn all() -> Vec<Self> {
        let usual = |name, old, new, now| Self {
            name,
            old,
            new,
            now,
            between: &[],
            extra: &[],
            threads: "1",
            also: None,
            at_once: true,
        };
        let sops = || FleetText::new("instance", "sops");
        let plain = || FleetText::new("instance", "plain");
        let flat = |mode| FleetText::new("flat", mode);
        vec![
            usual("a_first_run", None, sops(), MADE),
            usual("a_first_run_in_clear", None, plain(), MADE),
            Self {
                at_once: false,
                ..usual("a_first_flat_run", None, flat("sops"), MADE)
            },
            usual("a_change", Some(sops()), sops().changed(), MADE),
            usual("a_change_in_clear", Some(plain()), plain().changed(), MADE),
            usual("a_renewal", Some(sops()), sops(), DUE),
            Self {
                threads: "2",
                ..usual("a_renewal_on_two_threads", Some(plain()), plain(), DUE)
            },
            Self {
                at_once: false,
                ..usual(
                    "a_flat_renewal_in_clear",
                    Some(flat("plain")),
                    flat("plain"),
                    DUE,
                )
            },
            Self {
                at_once: false,
                extra: &["--prune"],
                ..usual(
                    "a_flat_change_in_parts_that_prunes",
                    Some(flat("sops").sharded(4)),
                    flat("sops").sharded(4).changed(),
                    MADE,
                )
            },
            Self {
                extra: &["--prune"],
                ..usual("a_pruning", Some(plain()), plain().without(4), MADE)
            },
            Self {
                at_once: false,
                extra: &["--prune", "--prune-max", "20"],
                ..usual(
                    "a_move_from_flat_parts_to_folders",
                    Some(flat("plain").sharded(4)),
                    plain(),
                    MADE,
                )
            },
            Self {
                between: &[&["--phase", "trust"]],
                extra: &["--phase", "leaf"],
                ..usual("a_promotion", Some(sops()), sops(), DUE)
            },
            Self {
                at_once: false,
                also: Some("renameat2:error=EINVAL"),
                ..usual(
                    "a_renewal_where_folders_cannot_be_exchanged",
                    Some(plain()),
                    plain(),
                    DUE,
                )
            },
        ]
    }

    pub(crate) fn is_sops(&self) -> bool {
        self.new.mode == "sops"
    }

    /// Names of the instances that stay.
    pub(crate) fn staying(&self) -> Vec<&str> {
        let old = self.old.iter().flat_map(|old| &old.instances);
        old.map(|(id, _)| id.as_str())
            .filter(|id| self.new.instances.iter().any(|(other, _)| other == id))
            .collect()
    }

    /// Makes the tree that is there in `directory`, and then the fleet file of the run.
    pub(crate) fn set_up(&self, directory: &Path) {
        if let Some(old) = &self.old {
            old.write(directory);
            run(directory, &render(MADE, &[])).good();
            for extra in self.between {
                run(directory, &render(self.now, extra)).good();
            }
        }
        self.new.write(directory);
    }

    pub(crate) fn arguments(&self) -> Vec<&'static str> {
        let mut arguments = render(self.now, self.extra);
        let jobs = arguments.iter().position(|argument| *argument == "--jobs");
        arguments[jobs.expect("it is there") + 1] = self.threads;
        arguments
    }

    /// Whether the run removes what belongs to nothing any more.
    pub(crate) fn prunes(&self) -> bool {
        self.extra.contains(&"--prune")
    }

    /// The arguments of a check of what the run makes.
    pub(crate) fn check(&self) -> Vec<&'static str> {
        let mut arguments = render(self.now, &["--summary", "json", "--quiet"]);
        arguments[1] = "check";
        arguments
    }
}

/// The arguments of a rendering on one thread, so that its calls can be counted.
pub(crate) fn render(now: &'static str, extra: &[&'static str]) -> Vec<&'static str> {
    let mut arguments = vec![
        "gitops",
        "render",
        "-f",
        "fleet.yaml",
        "--output-dir",
        "tree",
        "--jobs",
        "1",
        "--now",
        now,
    ];
    arguments.extend(extra);
    arguments
}
