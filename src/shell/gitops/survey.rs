//! The look at every unit and at the whole tree, before anything is written, and what it forbids.

use super::super::error::{Failure, Kind};
use super::super::output;
use super::job::Job;
use super::known;
use super::lives::{OtherHomes, Stranger, refuse_unfinished_merges};
use super::moves::Left;
use super::units::units;
use civi_ingress::fault::Fault;
use civi_ingress::fleet::Fleet;
use civi_ingress::gitops::compose::drawing::NoDrawing;
use civi_ingress::gitops::compose::{Composed, TreeFile, carry_out, restart};
use civi_ingress::gitops::context::{Reading, UnitFiles};
use civi_ingress::gitops::decide::{Action, Need, Reason};
use civi_ingress::gitops::fleet_files::{TREE_FILE, fleet_files};
use civi_ingress::gitops::layout::{CLUSTER, Home, Owner, owner};
use civi_ingress::gitops::moves::{LeftBehind, names_another_namespace};
use civi_ingress::gitops::plan::{Plan, RolePlan};
use civi_ingress::gitops::planning::plan;
use civi_ingress::gitops::report::{Actions, CertificateRow, Report, UnitRow, rows};
use civi_ingress::gitops::secrets::FoundUnit;
use civi_ingress::gitops::unit::Unit;
use civi_ingress::guarded::Guarded;
use civi_ingress::manifest::PrivateKeys;
use civi_ingress::pki::reuse::Cause;
use civi_ingress::template::Renderer;
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;

/// Without `--prune-max` a run removes at most this many instances, and at most a fifth of those there are: a typing
/// error in a glob must not empty a repository.
const PRUNE_LIMIT: usize = 10;

/// Without `--max-issues` a run over a tree that is known issues first keys to at most this many instances, or to a
/// tenth of all where that is more: what is not there may be elsewhere.
const ISSUE_LIMIT: usize = 5;

/// What a run over some instances leaves to a run over all: the files of the whole, and what is no longer needed.
const NOT_WRITTEN: &str = "not all files of the fleet as a whole are as the fleet file says; a run without `--instance` writes them";

/// Which keys of a unit are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    Nothing,
    Some,
    All,
}

/// What was seen of one unit.
pub(super) struct SurveyedUnit {
    /// Its place among the members; none for the cluster.
    pub(super) member: Option<usize>,
    /// Whether there is something to tell about it.
    pub(super) has_news: bool,
    /// How many files would be written; nothing if new certificates leave that open.
    pub(super) written: Option<usize>,
    pub(super) removed: usize,
    pub(super) actions: Actions,
    pub(super) is_changed: bool,
    pub(super) may_renew: bool,
    pub(super) can_wait_until: Option<OffsetDateTime>,
    /// Which of its keys would be issued because they are not there.
    pub(super) missing: Missing,
    /// Files in the way that are not this fleet's.
    pub(super) conflicts: Vec<String>,
    /// Files of others that are left alone, and the Secret of ours that one seems to hold.
    pub(super) foreign: Vec<Stranger>,
    /// What it leaves in the cluster, where it leaves its namespace.
    pub(super) left: Option<LeftBehind>,
    /// Files of the instance that it was until it was renamed.
    pub(super) left_behind: Vec<String>,
    /// What becomes of each of its chains and why, with `--verbose`.
    pub(super) decisions: Vec<String>,
    /// That another folder of the tree holds other keys of the same objects.
    pub(super) duplicate: Option<String>,
    /// The Secret that its httpd shows and that nothing would make any more.
    pub(super) stranded: Option<String>,
    /// That data keys which a person put into a Secret of ours go.
    pub(super) lost_keys: Vec<String>,
}

/// What was seen of the whole tree.
pub(super) struct Survey {
    pub(super) units: Vec<SurveyedUnit>,
    pub(super) report: Report,
    pub(super) fleet_files: Vec<TreeFile>,
    pub(super) others: OtherHomes,
    pub(super) conflicts: Vec<String>,
    pub(super) removed_instances: usize,
    /// What units leave in the cluster.
    pub(super) left: Left,
    /// Whether an earlier run has finished here.
    pub(super) is_known: bool,
}

/// A plan, the files that it leads to where nothing is drawn for them, and data keys that nobody knows: file and key.
type Decided = (Plan, Option<Composed>, Vec<(String, String)>);

/// What may become of a unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leave {
    /// Whether a renewal that can wait may happen now.
    pub(super) renews: bool,
    /// Whether its keys are there, in Git's index and not in the work tree.
    pub(super) is_hidden: bool,
}

impl Survey {
    /// Returns the files that are not this fleet's and are where its own would be.
    pub(super) fn in_the_way(&self) -> impl Iterator<Item = &String> {
        let of_units = self.units.iter().flat_map(|unit| &unit.conflicts);
        of_units.chain(&self.conflicts)
    }

    /// Refuses to write over files that are not this fleet's.
    pub(super) fn refuse_conflicts(&self, adopt: bool) -> Result<(), Failure> {
        let conflicts: Vec<&String> = self.in_the_way().collect();
        if conflicts.is_empty() || adopt {
            return Ok(());
        }
        let fault = |path: &&String| {
            Fault::new("the file does not belong to this fleet and is in the way")
                .help("move it away, or take it over with `--adopt`")
                .file(path)
        };
        Err(Failure {
            kind: Kind::WouldLose,
            faults: conflicts.iter().map(fault).collect(),
        })
    }

    /// Refuses to take away certificates that are shown, before others are.
    pub(super) fn refuse_to_strand(&self, fleet: &Fleet, rekeys: bool) -> Result<(), Failure> {
        let stranded = self.units.iter().filter_map(|unit| {
            let member = fleet.members.get(unit.member?)?;
            Some((member, unit.stranded.as_ref()?))
        });
        let stranded: Vec<_> = stranded.collect();
        let (Some((member, secret)), false) = (stranded.first(), rekeys) else {
            return Ok(());
        };
        let others = match stranded.len() - 1 {
            0 => String::new(),
            1 => ", and 1 other instance".to_owned(),
            count => format!(", and {count} other instances"),
        };
        let what = format!(
            "the httpd of `{}` shows the certificate in Secret `{secret}`{others}, which would go before another one is shown",
            member.id
        );
        let help = "`civi-ingress gitops move` prints the steps by which no request is lost; `--rekey` does it at once";
        Err(Failure::new(Kind::WouldLose, Fault::new(what).help(help)))
    }

    /// Refuses to issue keys to many instances of a tree that should hold them.
    pub(super) fn refuse_to_issue_much(&self, limit: Option<usize>) -> Result<(), Failure> {
        let all = self.units.len();
        let count = self
            .units
            .iter()
            .filter(|unit| unit.missing == Missing::All)
            .count();
        let limit = limit.unwrap_or_else(|| {
            if self.is_known {
                ISSUE_LIMIT.max(all / 10)
            } else {
                all
            }
        });
        if count <= limit {
            return Ok(());
        }
        let what = format!(
            "{count} of {all} instances have no keys in this tree and would all get new ones; at most {limit} may"
        );
        let help = format!(
            "check `--output-dir` and what is checked out; if they are new, `--max-issues {count}` allows it"
        );
        Err(Failure::new(Kind::WouldLose, Fault::new(what).help(help)))
    }

    /// Refuses to take many instances from their clusters at once: those that the run or a controller removes, and
    /// those that get another namespace.
    pub(super) fn refuse_to_lose_much(
        &self,
        fleet: &Fleet,
        removed: usize,
        limit: Option<usize>,
    ) -> Result<(), Failure> {
        let relocated = self.units.iter().filter(|unit| unit.left.is_some()).count();
        let count = removed + relocated;
        if removed > 0 && fleet.members.is_empty() {
            let fault = Fault::new("the fleet has no instances: nothing is pruned")
                .help("remove the tree by hand if that is intended");
            return Err(Failure::new(Kind::WouldLose, fault));
        }
        let limit = limit.unwrap_or_else(|| {
            let fifth = (fleet.members.len() + removed) / 5;
            PRUNE_LIMIT.min(fifth.max(1))
        });
        if count <= limit {
            return Ok(());
        }
        let how = match (removed, relocated) {
            (_, 0) => "be removed",
            (0, _) => "leave their namespaces",
            _ => "be removed or leave their namespaces",
        };
        let what = format!("{count} instances would {how}, and at most {limit} may");
        let help =
            format!("check the fleet file and its includes; `--prune-max {count}` allows it");
        Err(Failure::new(Kind::WouldLose, Fault::new(what).help(help)))
    }
}

impl Job<'_> {
    /// Looks at every unit and at every folder.
    pub(super) fn survey(&self) -> Result<Survey, Failure> {
        let fleet = self.fleet();
        let mut report = Report::new(fleet.name.as_str(), self.now);
        let items = units(fleet, &self.arguments.instance)?;
        let others = self.other_homes()?;
        let all = Leave {
            renews: true,
            is_hidden: false,
        };
        let mut units = self.for_each(&items, |renderer, item| {
            self.look(renderer, item, &others, all)
        })?;
        self.hold_what_is_hidden(&mut units, &others)?;
        self.brake(&mut units, &others)?;
        let renderer = self
            .inputs
            .templates
            .renderer_for_many(PrivateKeys::Written);
        let fleet_files = fleet_files(fleet, &self.inputs.sealer, &renderer)?;
        let wanted = fleet_files.iter().map(|file| file.path.clone()).collect();
        let mut conflicts = Vec::new();
        let mut changed = Vec::new();
        let mut is_known = false;
        for file in fleet_files {
            let found = self.tree.read(&file.path)?;
            is_known |= file.path == TREE_FILE
                && found
                    .as_ref()
                    .is_some_and(|text| owner(fleet, text) == Owner::Ours);
            match found {
                Some(text) if *text == *file.text => {}
                Some(text) => {
                    let read = (file.path.clone(), text);
                    refuse_unfinished_merges(std::iter::once(&read))?;
                    let (_, text) = read;
                    if owner(fleet, &text) == Owner::Foreign {
                        conflicts.push(file.path.clone());
                    }
                    changed.push(file);
                }
                None => changed.push(file),
            }
        }
        count(&units, &mut report);
        let mut moved = BTreeSet::new();
        for unit in &units {
            let id = unit
                .member
                .map_or("cluster", |member| fleet.members[member].id.as_str());
            for decision in &unit.decisions {
                output::explain(|| format!("{id}: {decision}"));
            }
            report.warnings.extend(unit.duplicate.clone());
            report.warnings.extend(unit.lost_keys.iter().cloned());
            moved.extend(unit.left_behind.iter().cloned());
            report.actions.add(&unit.actions);
            for (path, named) in &unit.foreign {
                report.foreign.push(path.clone());
                if let Some(name) = named {
                    report.not_taken.insert(path.clone(), name.clone());
                }
            }
        }
        report.fleet_files = changed.iter().map(|file| file.path.clone()).collect();
        let gone = if self.is_partial() {
            if !changed.is_empty() {
                report.warnings.push(NOT_WRITTEN.to_owned());
            }
            (changed, conflicts) = (Vec::new(), Vec::new());
            report.fleet_files.clear();
            BTreeMap::new()
        } else {
            self.find_strangers(&wanted, &moved, &mut report)?
        };
        let line_ends = windows(self.tree.with_carriage_returns());
        report.warnings.extend(line_ends);
        let removed_instances = gone.keys().filter(|id| *id != CLUSTER).count();
        let relocated = units.iter_mut().filter_map(|unit| {
            let id = unit
                .member
                .map_or(CLUSTER, |index| fleet.members[index].id.as_str());
            Some((id.to_owned(), unit.left.clone()?, false))
        });
        let left = relocated
            .chain(gone.into_iter().map(|(id, left)| (id, left, true)))
            .collect();
        Ok(Survey {
            units,
            report,
            fleet_files: changed,
            others,
            conflicts,
            removed_instances,
            left,
            is_known,
        })
    }

    /// Lets units wait whose keys Git has and the work tree has not: a sparse checkout, or files that somebody
    /// removed without saying so to Git.
    pub(super) fn hold_what_is_hidden(
        &self,
        units: &mut [SurveyedUnit],
        others: &OtherHomes,
    ) -> Result<(), Failure> {
        if !units.iter().any(|unit| unit.missing != Missing::Nothing) {
            return Ok(());
        }
        let indexed = known::indexed(&self.inputs.tree)?;
        if indexed.is_empty() {
            return Ok(());
        }
        let renderer = self
            .inputs
            .templates
            .renderer_for_many(PrivateKeys::Written);
        let leave = Leave {
            renews: true,
            is_hidden: true,
        };
        for seen in units
            .iter_mut()
            .filter(|unit| unit.missing != Missing::Nothing)
        {
            let Some(unit) = self.unit(seen.member)? else {
                continue;
            };
            if self.is_hidden(&unit.home(), &indexed)? {
                *seen = self.look(&renderer, seen.member, others, leave)?;
            }
        }
        Ok(())
    }

    /// Returns whether a file with keys of a home is in Git's index and not in the work tree.
    pub(super) fn is_hidden(
        &self,
        home: &Home,
        indexed: &BTreeSet<String>,
    ) -> Result<bool, Failure> {
        let folder = format!("{}/", home.folder);
        let below = indexed
            .range(folder.clone()..)
            .take_while(|path| path.starts_with(&folder));
        for path in below {
            let is_its = home.has(&path[folder.len()..]) && path.contains("secret-");
            if is_its && self.tree.read(path)?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Lets only so many renewals happen that can wait, the soonest end first.
    pub(super) fn brake(
        &self,
        units: &mut [SurveyedUnit],
        others: &OtherHomes,
    ) -> Result<(), Failure> {
        let Some(limit) = self.arguments.max_renewals else {
            return Ok(());
        };
        let mut waiting: Vec<(OffsetDateTime, usize)> = units
            .iter()
            .enumerate()
            .filter_map(|(index, unit)| Some((unit.can_wait_until?, index)))
            .collect();
        waiting.sort_unstable();
        let renderer = self
            .inputs
            .templates
            .renderer_for_many(PrivateKeys::Written);
        for (_, index) in waiting.into_iter().skip(limit) {
            let member = units[index].member;
            let leave = Leave {
                renews: false,
                is_hidden: false,
            };
            units[index] = self.look(&renderer, member, others, leave)?;
        }
        Ok(())
    }

    /// Decides what becomes of a unit's chains, and composes its files where nothing is drawn for them; gives too the
    /// data keys that this program does not write, where files are not as they should be.
    pub(super) fn decide(
        &self,
        renderer: &Renderer<'_>,
        unit: &Unit<'_>,
        source: &UnitFiles,
        owned: &[&(String, Guarded)],
        leave: Leave,
    ) -> Result<Decided, Failure> {
        let context = self.context();
        let attempt = |reading| -> Result<Decided, Failure> {
            let found = FoundUnit::read(&context, unit, source, reading)?;
            let plan = plan(&context, unit, &found, leave.renews);
            let unknown = match reading {
                Reading::Scan => Vec::new(),
                Reading::Yaml => found.unknown_keys(unit),
            };
            if !plan.keeps_all() {
                return Ok((plan, None, unknown));
            }
            let nothing = &mut NoDrawing;
            let composed = carry_out(&context, unit, source, &found, &plan, renderer, nothing)?;
            Ok((plan, Some(composed), unknown))
        };
        let scanned = attempt(Reading::Scan)?;
        let is_empty = source.current.is_empty() && source.adopted.is_empty();
        if is_empty || is_unchanged(scanned.1.as_ref(), owned) {
            return Ok(scanned);
        }
        attempt(Reading::Yaml)
    }

    /// Looks at one unit: what becomes of its chains, and whether its files are as they should be.
    pub(super) fn look(
        &self,
        renderer: &Renderer<'_>,
        member: Option<usize>,
        others: &OtherHomes,
        leave: Leave,
    ) -> Result<SurveyedUnit, Failure> {
        let unit = self
            .unit(member)?
            .ok_or_else(|| anyhow::anyhow!("the cluster has no certificate"))?;
        let home = unit.home();
        let lives = self.files(&unit, &home, others)?;
        let owned: Vec<&(String, _)> = lives
            .at_home
            .current
            .iter()
            .chain(&lives.at_home.staged)
            .collect();
        let source = lives.source();
        let (mut plan, composed, unknown) = self.decide(renderer, &unit, source, &owned, leave)?;
        let mut is_changed = !is_unchanged(composed.as_ref(), &owned);
        let (conflicts, foreign) = lives.strangers(&unit, composed.as_ref(), &self.inputs.sealer);
        let waits_for = match (leave.is_hidden, self.adopts || conflicts.is_empty()) {
            (true, _) => Some(Need::Checkout),
            (false, false) => Some(Need::Adoption),
            (false, true) => None,
        };
        if let Some(need) = waits_for {
            plan.wait_for(need);
        }
        let missing = match (plan.finds_no_keys(), plan.misses_keys()) {
            (true, _) => Missing::All,
            (false, true) => Missing::Some,
            (false, false) => Missing::Nothing,
        };
        let exposed = self.exposed(composed.as_ref())?;
        is_changed = (is_changed || !exposed.is_empty() || !lives.left_behind.is_empty())
            && !waits_for_names(&plan)
            && waits_for.is_none();
        let mut actions = Actions::default();
        actions.count(&plan);
        let certificates = rows(&plan, &[], self.now);
        let has_news = certificates.iter().any(|row| row.action != "keep");
        let decisions = if output::is_verbose() {
            certificates.iter().map(CertificateRow::decision).collect()
        } else {
            Vec::new()
        };
        let (written, mut removed) = match composed.as_ref().filter(|_| is_changed) {
            Some(composed) => {
                let (mut written, removed) = changes(&composed.files, &owned);
                let more = exposed.into_iter().filter(|path| !written.contains(path));
                let more: Vec<String> = more.collect();
                written.extend(more);
                (written, removed)
            }
            // New certificates change the files, in ways that are known once they are made.
            None if is_changed => (vec![format!("{}/", home.folder)], Vec::new()),
            None => (Vec::new(), Vec::new()),
        };
        let left = is_changed.then(|| leaves(&unit, source)).flatten();
        let stranded = is_changed.then(|| unit.stranded(source)).flatten();
        if is_changed {
            removed.extend(lives.left_behind.iter().cloned());
        }
        let lost_keys = unknown
            .into_iter()
            .filter(|(path, key)| is_changed && !stays(composed.as_ref(), path, key));
        let lost_keys = lost_keys.map(|(path, key)| {
            format!("{path}: the data key `{key}` is not this program's and goes: keep it in a Secret of its own")
        });
        let lost_keys: Vec<String> = lost_keys.collect();
        let has_news = is_changed || has_news;
        let is_folder = written.iter().any(|path| path.ends_with('/'));
        let count_written = (!is_folder).then_some(written.len());
        let count_removed = removed.len();
        let row = has_news.then(|| UnitRow {
            id: unit.id().to_owned(),
            namespace: unit.namespace().to_owned(),
            place: unit.as_member().map(|member| member.place.clone()),
            certificates,
            written,
            removed,
            moved_from: lives.renamed_from,
            is_adopted: !conflicts.is_empty(),
            restart: restart(&unit, &plan),
        });
        self.told.tell(order(member), row);
        Ok(SurveyedUnit {
            member,
            has_news,
            written: count_written,
            removed: count_removed,
            actions,
            is_changed,
            may_renew: leave.renews,
            can_wait_until: plan.can_wait_until(),
            missing,
            conflicts,
            foreign,
            left,
            decisions,
            left_behind: lives.left_behind,
            duplicate: lives.duplicate,
            stranded,
            lost_keys,
        })
    }

    /// Returns the files with keys in clear text that others may read: they are written again.
    pub(super) fn exposed(&self, composed: Option<&Composed>) -> Result<Vec<String>, Failure> {
        let mut exposed = Vec::new();
        let files = composed.map_or(&[][..], |composed| &composed.files);
        for file in files.iter().filter(|file| file.is_secret()) {
            if self.tree.is_exposed(&file.path)? {
                exposed.push(file.path.clone());
            }
        }
        Ok(exposed)
    }
}

/// Counts what was seen of the units.
fn count(units: &[SurveyedUnit], report: &mut Report) {
    report.units = units.len();
    report.told = units.iter().filter(|unit| unit.has_news).count();
    report.written = units.iter().filter_map(|unit| unit.written).sum();
    report.folders = units.iter().filter(|unit| unit.written.is_none()).count();
    report.removed = units.iter().map(|unit| unit.removed).sum();
    report.unchanged = units.iter().filter(|unit| !unit.is_changed).count();
}

/// Finds what a unit leaves in the cluster, where its files name another namespace than it has.
fn leaves(unit: &Unit<'_>, files: &UnitFiles) -> Option<LeftBehind> {
    let namespace = unit.namespace();
    let texts = files
        .current
        .iter()
        .filter(|(_, text)| owner(unit.fleet(), text) == Owner::Ours)
        .map(|(_, text)| text.as_str());
    if !texts
        .clone()
        .any(|text| names_another_namespace(text, namespace))
    {
        return None;
    }
    let left = LeftBehind::find(texts, Some(namespace));
    (!left.namespaces.is_empty()).then_some(left)
}

/// Returns a unit's place in reports: the cluster comes first.
pub(super) fn order(member: Option<usize>) -> usize {
    member.map_or(0, |index| index + 1)
}

/// Returns whether routes wait with their certificate: for a host that it does not name yet they would lead nowhere.
fn waits_for_names(plan: &Plan) -> bool {
    let waits = |role: &RolePlan| {
        matches!(
            role.action,
            Action::Blocked(Reason::Chain(Cause::NamesChanged), _)
        )
    };
    plan.roles.iter().any(waits)
}

/// Returns whether the files that are there are those that were composed.
fn is_unchanged(composed: Option<&Composed>, owned: &[&(String, Guarded)]) -> bool {
    composed.is_some_and(|composed| {
        let same = |file: &TreeFile| {
            owned
                .iter()
                .any(|(path, text)| *path == file.path && **text == *file.text)
        };
        composed.files.len() == owned.len() && composed.files.iter().all(same)
    })
}

/// Describes how many files have line ends as on Windows, and how to change that; nothing if none has.
pub(super) fn windows(count: usize) -> Option<String> {
    let (files, have) = match count {
        0 => return None,
        1 => ("1 file".to_owned(), "has"),
        count => (format!("{count} files"), "have"),
    };
    Some(format!(
        "{files} {have} the line ends of Windows (CRLF), which do not count: a `.gitattributes` with `* -text` in the tree keeps Git from putting them in"
    ))
}

/// Returns whether a data key is in a file as it will be written.
fn stays(composed: Option<&Composed>, path: &str, key: &str) -> bool {
    let key = format!("{}:", civi_ingress::yaml::scalar::to_string(key));
    let files = composed.map_or(&[][..], |composed| &composed.files);
    let file = files.iter().find(|file| file.path == path);
    file.is_some_and(|file| {
        let mut lines = file.text.lines();
        lines.any(|line| line.trim_start().starts_with(&key))
    })
}

/// Returns the paths that are to be written and those to be removed.
fn changes(files: &[TreeFile], owned: &[&(String, Guarded)]) -> (Vec<String>, Vec<String>) {
    let is_there = |file: &&TreeFile| {
        owned
            .iter()
            .any(|(path, text)| *path == file.path && **text == *file.text)
    };
    let written = files.iter().filter(|file| !is_there(file));
    let is_wanted = |path: &String| files.iter().any(|file| file.path == *path);
    let removed = owned.iter().filter(|(path, _)| !is_wanted(path));
    (
        written.map(|file| file.path.clone()).collect(),
        removed.map(|(path, _)| path.clone()).collect(),
    )
}
