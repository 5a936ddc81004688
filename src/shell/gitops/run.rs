//! `gitops render` and `gitops check`: one look at every unit, then, if nothing forbids it, the writing.

use super::super::cli::{
    Annotations, FailOnWaiting, FleetArguments, GitopsCheck, GitopsRender, PhaseArgument,
    ReportArguments, Summary,
};
use super::super::error::{Failure, Kind};
use super::super::tree::{Access, Entry, EntryKind, Tree};
use super::super::world::System;
use super::super::{Run, output, print_or_end};
use super::fleet::{Inputs, read};
use super::moves::{Left, settle};
use super::{git, known};
use civi_ingress::fault::Fault;
use civi_ingress::fleet::{Fleet, Layout};
use civi_ingress::gitops::annotation::{self, Annotation};
use civi_ingress::gitops::compose::{Composed, NoDrawing, TreeFile, carry_out, paths, restart};
use civi_ingress::gitops::decide::{Action, Depth, Need, Reason};
use civi_ingress::gitops::fleet_files::{TREE_FILE, fleet_files};
use civi_ingress::gitops::layout::{
    CLUSTER, Home, INSTANCES, Owner, SHARDS, has_merge_markers, names_secret, owner,
};
use civi_ingress::gitops::moves::{LeftBehind, names_another_namespace};
use civi_ingress::gitops::plan::{
    Context, Found as FoundUnit, Phase, Plan, Reading, RolePlan, Sealer, UnitFiles, namespaces,
    plan,
};
use civi_ingress::gitops::report::{Actions, Report, SHOWN, UnitRow, Weight, rows};
use civi_ingress::gitops::unit::Unit;
use civi_ingress::guarded::Guarded;
use civi_ingress::manifest::PrivateKeys;
use civi_ingress::template::Renderer;
use civi_ingress::threads;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use time::OffsetDateTime;

/// Fewer units than this are not worth a thread.
const FEW: usize = 8;
/// Without `--prune-max` a run removes at most this many instances, and at most a fifth of those there are: a typing
/// error in a glob must not empty a repository.
const PRUNE_LIMIT: usize = 10;
/// Without `--max-issues` a run over a tree that is known issues first keys to at most this many instances, or to a
/// tenth of all where that is more: what is not there may be elsewhere.
const ISSUE_LIMIT: usize = 5;

pub(super) fn render(run: &Run, arguments: &GitopsRender) -> Result<(), Failure> {
    annotated(
        try_render(run, arguments),
        &arguments.report,
        &arguments.fleet,
    )
}

fn try_render(run: &Run, arguments: &GitopsRender) -> Result<(), Failure> {
    let mut inputs = read(run, &arguments.fleet)?;
    let tree_path = &arguments.fleet.output_dir;
    if matches!(inputs.sealer, Sealer::Plain) && !arguments.allow_plain_in_git {
        git::guard(&inputs.fleet, tree_path)?;
    }
    let (fleet, file) = (&inputs.fleet, &arguments.fleet.fleet);
    known::refuse_another(tree_path, fleet, file, arguments.fleet.max_issues)?;
    let tree = Tree::open(tree_path, Access::Write)?;
    let standing = settle(&mut inputs, &tree)?;
    let depth = if arguments.verify {
        Depth::Whole
    } else {
        Depth::Glance
    };
    let told = Told::for_report(&arguments.report);
    let job = Job::new(run, &inputs, &tree, &arguments.fleet, depth, told);
    let job = job.adopting(arguments.adopt);
    job.sweep()?;
    let survey = job.survey()?;
    survey.refuse_conflicts(arguments.adopt)?;
    standing.refuse_unmarked(&inputs.fleet, &survey.left)?;
    survey.refuse_to_issue_much(arguments.fleet.max_issues)?;
    let removed = if arguments.prune {
        survey.removed_instances
    } else {
        standing.removed_instances()
    };
    survey.refuse_to_lose_much(&inputs.fleet, removed, arguments.prune_max)?;
    let consequences = standing.consequences(&inputs.fleet, &survey.left);
    let mut report = job.write(survey, arguments.prune)?;
    report.cluster = consequences;
    report.changes = job.told.into_rows();
    let has_written = !report.is_up_to_date() || report.pruned;
    if has_written && !arguments.no_sync {
        tree.sync()?;
    }
    let is_blocked = report.actions.blocked > 0;
    let fails = is_blocked && arguments.fail_on == FailOnWaiting::Blocked;
    report.exit_code = u8::from(fails);
    publish(run, &report, &arguments.report, &arguments.fleet, "wrote")?;
    standing.advise(true);
    if fails {
        return Err(Failure::found());
    }
    Ok(())
}

pub(super) fn check(run: &Run, arguments: &GitopsCheck) -> Result<(), Failure> {
    annotated(
        try_check(run, arguments),
        &arguments.report,
        &arguments.fleet,
    )
}

/// Prints as annotations, where they are asked for, why a run failed: a refused fleet file is what a pull request
/// most needs to show.
fn annotated(
    result: Result<(), Failure>,
    how: &ReportArguments,
    arguments: &FleetArguments,
) -> Result<(), Failure> {
    if let (Err(failure), Some(form)) = (&result, how.annotations)
        && !failure.faults.is_empty()
    {
        let annotations: Vec<Annotation<'_>> =
            failure.faults.iter().map(Annotation::from).collect();
        print_or_end(write_annotations(form, &annotations, arguments).as_bytes())?;
    }
    result
}

fn write_annotations(
    form: Annotations,
    annotations: &[Annotation<'_>],
    arguments: &FleetArguments,
) -> String {
    let file = arguments.fleet.display().to_string();
    match form {
        Annotations::Github => annotation::github(annotations, &file),
        Annotations::Gitlab => annotation::gitlab(annotations, &file),
    }
}

fn try_check(run: &Run, arguments: &GitopsCheck) -> Result<(), Failure> {
    let mut inputs = read(run, &arguments.fleet)?;
    let tree = Tree::open(&arguments.fleet.output_dir, Access::Read)?;
    let standing = settle(&mut inputs, &tree)?;
    let told = Told::for_report(&arguments.report);
    let job = Job::new(run, &inputs, &tree, &arguments.fleet, Depth::Whole, told);
    let survey = job.survey()?;
    let in_the_way: Vec<String> = survey.in_the_way().cloned().collect();
    let consequences = standing.consequences(&inputs.fleet, &survey.left);
    let refused = survey.refuse_to_issue_much(arguments.fleet.max_issues);
    let mut report = survey.report;
    if let Err(failure) = refused {
        let whys = failure.faults.into_iter();
        report.refused.extend(whys.map(|fault| match fault.help {
            Some(help) => format!("{} ({help})", fault.what),
            None => fault.what,
        }));
    }
    report.in_the_way = in_the_way;
    report.cluster = consequences;
    report.changes = job.told.into_rows();
    let waits = report.actions.defer + report.actions.blocked > 0;
    let found = waits || !report.is_up_to_date();
    report.exit_code = u8::from(found);
    publish(
        run,
        &report,
        &arguments.report,
        &arguments.fleet,
        "would write",
    )?;
    standing.advise(false);
    if found {
        return Err(Failure::found());
    }
    Ok(())
}

/// Prints a report where and as it is wanted: on stdout for programs, on stderr for people.
pub(super) fn publish(
    run: &Run,
    report: &Report,
    how: &ReportArguments,
    arguments: &FleetArguments,
    verb: &str,
) -> Result<(), Failure> {
    let text = match (how.summary, how.annotations) {
        (Some(Summary::Json), _) => Some(report.as_json()),
        (None, Some(form)) => Some(write_annotations(form, &report.annotations(), arguments)),
        (None, None) => None,
    };
    output::say(&report.as_text(verb, !run.quiet));
    match text {
        Some(text) => print_or_end(text.as_bytes()),
        None => Ok(()),
    }
}

impl From<PhaseArgument> for Phase {
    fn from(phase: PhaseArgument) -> Self {
        match phase {
            PhaseArgument::All => Self::All,
            PhaseArgument::Trust => Self::Trust,
            PhaseArgument::Leaf => Self::Leaf,
            PhaseArgument::Shrink => Self::Shrink,
        }
    }
}

/// One run over a fleet.
pub(super) struct Job<'a> {
    now: OffsetDateTime,
    quiet: bool,
    inputs: &'a Inputs,
    tree: &'a Tree,
    arguments: &'a FleetArguments,
    depth: Depth,
    /// Whether files in the way that are not this fleet's are taken over.
    pub(super) adopts: bool,
    told: Told,
}

/// What is to be told about units, by weight and order. Of ten thousand rows only a report for programs needs all.
#[derive(Default)]
pub(super) struct Told {
    rows: Mutex<BTreeMap<(Weight, usize), UnitRow>>,
    has_all: bool,
}

impl Told {
    pub(super) fn for_report(how: &ReportArguments) -> Self {
        Self {
            rows: Mutex::default(),
            has_all: how.summary.is_some() || how.annotations.is_some(),
        }
    }

    /// Takes what there is to tell about a unit, in the place of what was told before.
    fn tell(&self, index: usize, row: Option<UnitRow>) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.retain(|(_, other), _| *other != index);
        if let Some(row) = row {
            rows.insert((row.weight(), index), row);
        }
        while !self.has_all && rows.len() > SHOWN {
            rows.pop_last();
        }
    }

    fn into_rows(self) -> Vec<UnitRow> {
        let rows = self
            .rows
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let by_order: BTreeMap<usize, UnitRow> = rows
            .into_iter()
            .map(|((_, index), row)| (index, row))
            .collect();
        by_order.into_values().collect()
    }
}

/// Which keys of a unit are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    Nothing,
    Some,
    All,
}

/// What was seen of one unit.
pub(super) struct Seen {
    /// Its place among the members; none for the cluster.
    pub(super) member: Option<usize>,
    /// Whether there is something to tell about it.
    has_news: bool,
    /// How many files would be written; nothing where new certificates leave that open.
    written: Option<usize>,
    removed: usize,
    actions: Actions,
    pub(super) is_changed: bool,
    may_renew: bool,
    can_wait_until: Option<OffsetDateTime>,
    /// Which of its keys would be issued because they are not there.
    missing: Missing,
    /// Files in the way that are not this fleet's.
    conflicts: Vec<String>,
    /// Files of others that are left alone, and the Secret of ours that one seems to hold.
    foreign: Vec<Stranger>,
    /// What it leaves in the cluster, where it leaves its namespace.
    left: Option<LeftBehind>,
    /// Files of the instance that it was until it was renamed.
    pub(super) left_behind: Vec<String>,
    /// That another folder of the tree holds other keys of the same objects.
    duplicate: Option<String>,
}

/// What was seen of the whole tree.
pub(super) struct Survey {
    pub(super) units: Vec<Seen>,
    pub(super) report: Report,
    pub(super) fleet_files: Vec<TreeFile>,
    pub(super) others: OtherHomes,
    conflicts: Vec<String>,
    removed_instances: usize,
    /// What units leave in the cluster.
    pub(super) left: Left,
    /// Whether an earlier run has finished here.
    is_known: bool,
}

/// What may become of a unit.
#[derive(Debug, Clone, Copy)]
struct Leave {
    /// Whether a renewal that can wait may happen now.
    renews: bool,
    /// Whether its keys are there, in Git's index and not in the work tree.
    is_hidden: bool,
}

impl Survey {
    /// Gives the files that are not this fleet's and stand where its own would.
    fn in_the_way(&self) -> impl Iterator<Item = &String> {
        let of_units = self.units.iter().flat_map(|unit| &unit.conflicts);
        of_units.chain(&self.conflicts)
    }

    /// Refuses to write over files that are not this fleet's.
    fn refuse_conflicts(&self, adopt: bool) -> Result<(), Failure> {
        let conflicts: Vec<&String> = self.in_the_way().collect();
        if conflicts.is_empty() || adopt {
            return Ok(());
        }
        let fault = |path: &&String| {
            Fault::new("the file is not this fleet's and stands in the way")
                .help("move it away, or take it over with `--adopt`")
                .file(path)
        };
        Err(Failure {
            kind: Kind::WouldLose,
            faults: conflicts.iter().map(fault).collect(),
        })
    }

    /// Refuses to issue keys to many instances of a tree that should hold them.
    fn refuse_to_issue_much(&self, limit: Option<usize>) -> Result<(), Failure> {
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
            "{count} of {all} instances have no keys in this tree and would all get new ones; {limit} may"
        );
        let help = format!(
            "check `--output-dir` and what is checked out; if they are new, `--max-issues {count}` allows it"
        );
        Err(Failure::new(Kind::WouldLose, Fault::new(what).help(help)))
    }

    /// Refuses to take many instances from their clusters at once: those that the run or a controller removes, and
    /// those that get another namespace.
    fn refuse_to_lose_much(
        &self,
        fleet: &Fleet,
        removed: usize,
        limit: Option<usize>,
    ) -> Result<(), Failure> {
        let relocated = self.units.iter().filter(|unit| unit.left.is_some()).count();
        let count = removed + relocated;
        if removed > 0 && fleet.members.is_empty() {
            let fault = Fault::new("the fleet has no instances: nothing is pruned")
                .help("remove the tree by hand if that is meant");
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
        let what = format!("{count} instances would {how}, and {limit} are allowed");
        let help =
            format!("check the fleet file and its includes; `--prune-max {count}` allows it");
        Err(Failure::new(Kind::WouldLose, Fault::new(what).help(help)))
    }
}

impl<'a> Job<'a> {
    pub(super) fn new(
        run: &Run,
        inputs: &'a Inputs,
        tree: &'a Tree,
        arguments: &'a FleetArguments,
        depth: Depth,
        told: Told,
    ) -> Self {
        Self {
            now: run.now,
            quiet: run.quiet,
            inputs,
            tree,
            arguments,
            depth,
            adopts: false,
            told,
        }
    }

    /// Takes over what stands in the way.
    fn adopting(self, adopts: bool) -> Self {
        Self { adopts, ..self }
    }

    pub(super) fn context(&self) -> Context<'a> {
        Context {
            now: self.now,
            phase: self.arguments.phase.into(),
            depth: self.depth,
            sealer: &self.inputs.sealer,
            identities: &self.inputs.identities,
            given_ca: self.inputs.given_ca.as_ref(),
            rekey: self.arguments.rekey,
        }
    }

    fn fleet(&self) -> &'a Fleet {
        &self.inputs.fleet
    }

    pub(super) fn unit(&self, member: Option<usize>) -> Result<Option<Unit<'a>>, Failure> {
        match member {
            Some(index) => Ok(Some(Unit::member(
                self.fleet(),
                &self.fleet().members[index],
            )?)),
            None => Ok(Unit::cluster(self.fleet())),
        }
    }

    /// Removes what a killed run left behind.
    fn sweep(&self) -> Result<(), Failure> {
        for folder in ["", INSTANCES, SHARDS, CLUSTER, "argocd", "flux"] {
            self.tree.sweep(folder)?;
        }
        // What is left in an instance's own folder goes when that is read.
        for shard in folders(self.tree.list(SHARDS)?) {
            self.tree.sweep(&format!("{SHARDS}/{shard}"))?;
        }
        Ok(())
    }

    /// Runs `work` for every index, on several threads where that is worth it, and gives the results in order.
    pub(super) fn for_each<I: Copy + Send + Sync, T: Send>(
        &self,
        items: &[I],
        work: impl Fn(&Renderer<'_>, I) -> Result<T, Failure> + Sync,
    ) -> Result<Vec<T>, Failure> {
        let renderer = || {
            self.inputs
                .templates
                .renderer_for_many(PrivateKeys::Written)
        };
        let done = AtomicUsize::new(0);
        let is_watched = !self.quiet && output::stderr_is_terminal() && items.len() > 500;
        let step = |renderer: &Renderer<'_>, item: I| {
            let result = work(renderer, item);
            let count = done.fetch_add(1, Ordering::Relaxed) + 1;
            if is_watched && (count.is_multiple_of(250) || count == items.len()) {
                output::show_progress(count, items.len());
            }
            result
        };
        let jobs = self.arguments.jobs.unwrap_or_else(threads::processors);
        if jobs == 1 || items.len() < FEW {
            let renderer = renderer();
            return collect(items.iter().map(|item| step(&renderer, *item)));
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(jobs).build();
        let pool = match pool {
            Ok(pool) => pool,
            // Nobody asked for them.
            Err(_) if self.arguments.jobs.is_none() => {
                let renderer = renderer();
                return collect(items.iter().map(|item| step(&renderer, *item)));
            }
            Err(error) => return Err(anyhow::anyhow!("cannot start threads: {error}").into()),
        };
        let results: Vec<Result<T, Failure>> = pool.install(|| {
            items
                .par_iter()
                .with_min_len(4)
                .map_init(renderer, |renderer, item| step(renderer, *item))
                .collect()
        });
        collect(results)
    }

    /// Looks at every unit and at every folder.
    pub(super) fn survey(&self) -> Result<Survey, Failure> {
        let fleet = self.fleet();
        let mut report = Report::new(fleet.name.as_str(), self.now);
        let cluster = fleet.wildcard.iter().map(|_| None);
        let items: Vec<Option<usize>> = cluster.chain((0..fleet.members.len()).map(Some)).collect();
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
        report.units = units.len();
        report.told = units.iter().filter(|unit| unit.has_news).count();
        report.written = units.iter().filter_map(|unit| unit.written).sum();
        report.folders = units.iter().filter(|unit| unit.written.is_none()).count();
        report.removed = units.iter().map(|unit| unit.removed).sum();
        report.unchanged = units.iter().filter(|unit| !unit.is_changed).count();
        let mut moved = BTreeSet::new();
        for unit in &units {
            report.warnings.extend(unit.duplicate.clone());
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
        let gone = self.find_strangers(&wanted, &moved, &mut report)?;
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
    fn hold_what_is_hidden(&self, units: &mut [Seen], others: &OtherHomes) -> Result<(), Failure> {
        if !units.iter().any(|unit| unit.missing != Missing::Nothing) {
            return Ok(());
        }
        let indexed = known::indexed(&self.arguments.output_dir)?;
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
            if self.is_hidden(&Home::of(&unit), &indexed)? {
                *seen = self.look(&renderer, seen.member, others, leave)?;
            }
        }
        Ok(())
    }

    /// Says whether a file with keys of a home stands in Git's index and not in the work tree.
    fn is_hidden(&self, home: &Home, indexed: &BTreeSet<String>) -> Result<bool, Failure> {
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
    fn brake(&self, units: &mut [Seen], others: &OtherHomes) -> Result<(), Failure> {
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

    /// Finds the homes that instances may have had in another layout; none in nearly every tree.
    fn other_homes(&self) -> Result<OtherHomes, Failure> {
        let mut others = OtherHomes::default();
        let shards = folders(self.tree.list(SHARDS)?).map(|shard| format!("{SHARDS}/{shard}"));
        let is_flat = self.fleet().layout == Layout::Flat;
        for folder in std::iter::once(INSTANCES.to_owned()).chain(shards) {
            for entry in self.tree.list(&folder)? {
                let owner = entry.name.split_once('.').map(|(id, _)| id.to_owned());
                match owner {
                    _ if entry.kind == EntryKind::Folder && folder == INSTANCES && is_flat => {
                        others.own.insert(entry.name);
                    }
                    _ if entry.kind == EntryKind::Folder
                        && folder == INSTANCES
                        && !self.has_member(&entry.name) =>
                    {
                        others.own.insert(entry.name);
                    }
                    // In the layout with folders this is where an instance lives now.
                    _ if entry.kind != EntryKind::File => {}
                    Some(id) if entry.name != "kustomization.yaml" => {
                        others.shared.entry(id).or_default().insert(folder.clone());
                    }
                    _ => {}
                }
            }
        }
        self.find_renamed(&mut others)?;
        Ok(others)
    }

    /// Finds instances of the tree that are in the fleet file under another name: of the same namespace and host.
    fn find_renamed(&self, others: &mut OtherHomes) -> Result<(), Failure> {
        let ids: BTreeSet<String> = others
            .own
            .iter()
            .chain(others.shared.keys())
            .cloned()
            .collect();
        let gone: Vec<String> = ids.into_iter().filter(|id| !self.has_member(id)).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let members = self.fleet().members.iter().enumerate();
        let by_namespace: BTreeMap<&str, usize> = members
            .map(|(index, member)| (member.namespace.as_str(), index))
            .collect();
        for old in gone {
            let mut files = UnitFiles::default();
            for home in others.all(&old) {
                self.read_owned(&home, &mut files)?;
            }
            for namespace in namespaces(&files) {
                let index = by_namespace.get(namespace.as_str()).copied();
                let Some(unit) = self.unit(index)?.filter(|_| index.is_some()) else {
                    continue;
                };
                let found = FoundUnit::read(&self.context(), &unit, &files, Reading::Yaml);
                if found.is_ok_and(|found| found.own_leaf(&unit).is_some()) {
                    let renamed = others.renamed.entry(unit.id().to_owned()).or_default();
                    renamed.push(old.clone());
                }
            }
        }
        Ok(())
    }

    /// Reads the files of a home that are this fleet's.
    fn read_owned(&self, home: &Home, files: &mut UnitFiles) -> Result<(), Failure> {
        let UnitFiles {
            current, staged, ..
        } = self.tree.read_unit(home)?.files;
        let is_ours = |(_, text): &(String, Guarded)| owner(self.fleet(), text) == Owner::Ours;
        files.current.extend(current.into_iter().filter(is_ours));
        files.staged.extend(staged.into_iter().filter(is_ours));
        Ok(())
    }

    /// Takes the files of an instance under its old name: as the ones that its credentials are read from, where there
    /// are none at home, and as left behind once they are there.
    fn take_renamed(
        &self,
        unit: &Unit<'_>,
        others: &OtherHomes,
        lives: &mut Lives,
    ) -> Result<(), Failure> {
        let Some(renamed) = others.renamed.get(unit.id()) else {
            return Ok(());
        };
        let is_home = holds_secret(&lives.at_home);
        let own_leaf = |files: &UnitFiles| {
            let found = FoundUnit::read(&self.context(), unit, files, Reading::Yaml).ok()?;
            found.own_leaf(unit)
        };
        let leaf = own_leaf(&lives.at_home);
        if let ([first, second, ..], false) = (&renamed[..], is_home) {
            let what = format!(
                "`{first}` and `{second}` in the tree both hold keys of the namespace `{}` and the host of `{}`",
                unit.namespace(),
                unit.id()
            );
            let help = "remove the one whose certificate is not in the cluster; the other's keys are then kept";
            return Err(Failure::new(Kind::WouldLose, Fault::new(what).help(help)));
        }
        for old in renamed {
            let mut files = UnitFiles::default();
            for home in others.all(old) {
                self.read_owned(&home, &mut files)?;
            }
            if is_home && own_leaf(&files) != leaf {
                lives.duplicate = Some(format!(
                    "{}: `{old}` in the tree holds other keys of the same namespace and host: remove the one that is not in the cluster",
                    unit.id()
                ));
                continue;
            }
            let paths = files.current.iter().chain(&files.staged);
            lives
                .left_behind
                .extend(paths.map(|(path, _)| path.clone()));
            if !is_home {
                lives.renamed_from = Some(old.clone());
                lives.elsewhere.current.append(&mut files.current);
                lives.elsewhere.staged.append(&mut files.staged);
            }
        }
        Ok(())
    }

    /// Reads the files of a unit where it lives, or else where it may have lived. What bears no mark of this fleet is
    /// a stranger's: no key is taken from there, unless it stands in the way and is adopted.
    fn files(&self, unit: &Unit<'_>, home: &Home, others: &OtherHomes) -> Result<Lives, Failure> {
        let found = self.tree.read_unit(home)?;
        let mut lives = Lives::default();
        let is_ours = |(_, text): &(String, Guarded)| owner(unit.fleet(), text) == Owner::Ours;
        let all = found.files.current.iter().chain(&found.files.staged);
        refuse_unfinished_merges(all)?;
        let (current, strangers) = found.files.current.into_iter().partition(is_ours);
        let (staged, more_strangers): (_, Vec<_>) =
            found.files.staged.into_iter().partition(is_ours);
        lives.at_home.current = current;
        lives.at_home.staged = staged;
        let mut strangers: Vec<(String, Guarded)> = strangers;
        strangers.extend(more_strangers);
        let names_one = |text: &str| {
            let secrets = unit.placements().iter().map(|(_, place)| &place.secret);
            let named = secrets
                .clone()
                .find(|name| names_secret(text, name.as_str()));
            named.map(ToString::to_string)
        };
        for (path, text) in &strangers {
            lives.strangers.push((path.clone(), names_one(text)));
        }
        for (path, text) in found.others {
            let named = text.as_ref().and_then(|text| names_one(text));
            lives.others.push((path, named));
        }
        if self.adopts {
            lives.at_home.adopted = strangers;
        }
        self.take_renamed(unit, others, &mut lives)?;
        if unit.as_member().is_none() || holds_secret(&lives.at_home) {
            return Ok(lives);
        }
        for other in others.of(unit.id(), home) {
            self.read_owned(&other, &mut lives.elsewhere)?;
        }
        Ok(lives)
    }

    /// Decides what becomes of a unit's chains, and composes its files where nothing is drawn for them.
    fn decide(
        &self,
        renderer: &Renderer<'_>,
        unit: &Unit<'_>,
        source: &UnitFiles,
        owned: &[&(String, Guarded)],
        leave: Leave,
    ) -> Result<(Plan, Option<Composed>), Failure> {
        let context = self.context();
        let attempt = |reading| -> Result<(Plan, Option<Composed>), Failure> {
            let found = FoundUnit::read(&context, unit, source, reading)?;
            let plan = plan(&context, unit, &found, leave.renews);
            if !plan.keeps_all() {
                return Ok((plan, None));
            }
            let nothing = &mut NoDrawing;
            let composed = carry_out(&context, unit, source, &found, &plan, renderer, nothing)?;
            Ok((plan, Some(composed)))
        };
        let scanned = attempt(Reading::Scan)?;
        let is_empty = source.current.is_empty() && source.adopted.is_empty();
        if is_empty || is_unchanged(scanned.1.as_ref(), owned) {
            return Ok(scanned);
        }
        attempt(Reading::Yaml)
    }

    /// Looks at one unit: what becomes of its chains, and whether its files are as they shall be.
    fn look(
        &self,
        renderer: &Renderer<'_>,
        member: Option<usize>,
        others: &OtherHomes,
        leave: Leave,
    ) -> Result<Seen, Failure> {
        let unit = self
            .unit(member)?
            .ok_or_else(|| anyhow::anyhow!("the cluster has no certificate"))?;
        let home = Home::of(&unit);
        let lives = self.files(&unit, &home, others)?;
        let owned: Vec<&(String, _)> = lives
            .at_home
            .current
            .iter()
            .chain(&lives.at_home.staged)
            .collect();
        let source = lives.source();
        let (mut plan, composed) = self.decide(renderer, &unit, source, &owned, leave)?;
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
        if is_changed {
            removed.extend(lives.left_behind.iter().cloned());
        }
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
        Ok(Seen {
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
            left_behind: lives.left_behind,
            duplicate: lives.duplicate,
        })
    }

    /// Gives the files with keys in clear that others may read: they are written anew.
    fn exposed(&self, composed: Option<&Composed>) -> Result<Vec<String>, Failure> {
        let mut exposed = Vec::new();
        let files = composed.map_or(&[][..], |composed| &composed.files);
        for file in files.iter().filter(|file| file.is_secret()) {
            if self.tree.is_exposed(&file.path)? {
                exposed.push(file.path.clone());
            }
        }
        Ok(exposed)
    }

    /// Composes one unit as it shall be, drawing what is new; gives its files and what was found of it.
    pub(super) fn compose(
        &self,
        renderer: &Renderer<'_>,
        unit: &Unit<'_>,
        seen: &Seen,
        others: &OtherHomes,
    ) -> Result<(Plan, Composed, Lives), Failure> {
        let home = Home::of(unit);
        let lives = self.files(unit, &home, others)?;
        let context = self.context();
        let source = lives.source();
        let found = FoundUnit::read(&context, unit, source, Reading::Yaml)?;
        let plan = plan(&context, unit, &found, seen.may_renew);
        let composed = carry_out(&context, unit, source, &found, &plan, renderer, &mut System)?;
        Ok((plan, composed, lives))
    }

    /// Writes what is changed, and nothing else.
    fn write(&self, survey: Survey, prune: bool) -> Result<Report, Failure> {
        let Survey {
            units,
            mut report,
            fleet_files,
            others,
            ..
        } = survey;
        let changed: Vec<&Seen> = units.iter().filter(|unit| unit.is_changed).collect();
        let counts = self.for_each(&changed, |renderer, seen| {
            self.write_unit(renderer, seen, &others)
        })?;
        report.folders = 0;
        report.written = counts.iter().map(|(written, _)| written).sum();
        report.removed = counts.iter().map(|(_, removed)| removed).sum();
        for file in &fleet_files {
            self.tree.write(file)?;
        }
        if prune {
            self.tree.remove_all(&report.stale)?;
            report.pruned = true;
        }
        Ok(report)
    }

    fn write_unit(
        &self,
        renderer: &Renderer<'_>,
        seen: &Seen,
        others: &OtherHomes,
    ) -> Result<(usize, usize), Failure> {
        let unit = self
            .unit(seen.member)?
            .ok_or_else(|| anyhow::anyhow!("the cluster has no certificate"))?;
        let (plan, composed, lives) = self.compose(renderer, &unit, seen, others)?;
        let home = Home::of(&unit);
        let at_home = || lives.at_home.current.iter().chain(&lives.at_home.staged);
        let text = |path: &str| {
            at_home()
                .find(|(found, _)| found == path)
                .map(|(_, text)| text)
        };
        let owned: Vec<String> = at_home().map(|(path, _)| path.clone()).collect();
        let is_kept = |path: &str| !composed.files.iter().any(|file| file.path == path);
        let kept_strangers = lives.strangers.iter().any(|(path, _)| is_kept(path));
        let exposed = self.exposed(Some(&composed))?;
        let differs = |file: &&TreeFile| {
            text(&file.path).is_none_or(|found| **found != *file.text)
                || exposed.contains(&file.path)
        };
        let written: Vec<String> = composed
            .files
            .iter()
            .filter(differs)
            .map(|file| file.path.clone())
            .collect();
        let removed: Vec<String> = owned
            .iter()
            .filter(|path| !composed.files.iter().any(|file| file.path == **path))
            .chain(&lives.left_behind)
            .cloned()
            .collect();
        let counts = (written.len(), removed.len());
        let shares = !home.is_own() || kept_strangers || !lives.others.is_empty();
        self.tree
            .write_unit(&home, &composed.files, &owned, shares)?;
        // The keys are in their new place by now.
        self.tree.remove_all(&lives.left_behind)?;
        let row = UnitRow {
            id: unit.id().to_owned(),
            namespace: unit.namespace().to_owned(),
            place: unit.as_member().map(|member| member.place.clone()),
            certificates: rows(&plan, &composed.made, self.now),
            written,
            removed,
            moved_from: lives.renamed_from,
            is_adopted: !seen.conflicts.is_empty(),
            restart: restart(&unit, &plan),
        };
        self.told.tell(order(seen.member), Some(row));
        Ok(counts)
    }

    fn has_member(&self, id: &str) -> bool {
        let members = &self.fleet().members;
        let found = members.binary_search_by(|member| member.id.as_str().cmp(id));
        found.is_ok()
    }

    /// Finds files that belong to no unit and no list of fleet files: stale where they are this fleet's, foreign
    /// elsewhere. Gives the units that the stale ones make up, and what each has in the cluster.
    fn find_strangers(
        &self,
        wanted: &BTreeSet<String>,
        moved: &BTreeSet<String>,
        report: &mut Report,
    ) -> Result<BTreeMap<String, LeftBehind>, Failure> {
        let fleet = self.fleet();
        // In the layout with folders a home is known by its name.
        let shared_homes: BTreeSet<(String, String)> = match fleet.layout {
            Layout::Instance => BTreeSet::new(),
            Layout::Flat => fleet
                .members
                .iter()
                .map(|member| Home::of_member(fleet, member))
                .map(|home| (home.folder, home.prefix))
                .collect(),
        };
        let has_member = |id: &str| self.has_member(id);
        let mut gone: BTreeMap<String, LeftBehind> = BTreeMap::new();
        let mut pending: Vec<String> = [INSTANCES, SHARDS, "argocd", "flux", CLUSTER]
            .map(str::to_owned)
            .into();
        self.judge("kustomization.yaml", wanted, report)?;
        let is_no_folder = |entry: &Entry| entry.kind != EntryKind::Folder;
        let root = self.tree.list("")?.into_iter().filter(is_no_folder);
        let taken = root.filter(|entry| pending.contains(&entry.name));
        report.foreign.extend(taken.map(|entry| entry.name));
        while let Some(folder) = pending.pop() {
            if folder == CLUSTER && fleet.wildcard.is_some() {
                continue;
            }
            let holds_homes = folder == INSTANCES && fleet.layout == Layout::Instance;
            for entry in self.tree.list(&folder)? {
                let is_folder = entry.kind == EntryKind::Folder;
                if is_folder && holds_homes && has_member(&entry.name) {
                    continue;
                }
                let path = format!("{folder}/{}", entry.name);
                if is_folder {
                    pending.push(path);
                    continue;
                }
                let prefix = entry
                    .name
                    .split_once('.')
                    .map(|(id, _)| format!("{id}."))
                    .unwrap_or_default();
                let is_members = shared_homes.contains(&(folder.clone(), prefix.clone()));
                if wanted.contains(&path) || moved.contains(&path) || is_members {
                    continue;
                }
                if entry.kind == EntryKind::Other {
                    report.foreign.push(path);
                    continue;
                }
                if let Some(text) = self.judge(&path, wanted, report)? {
                    let id = unit_of(&folder, &prefix).filter(|id| !has_member(id));
                    if let Some(id) = id {
                        gone.entry(id).or_default().add(&text, None);
                    }
                }
            }
        }
        report.stale.sort_unstable();
        report.foreign.sort_unstable();
        Ok(gone)
    }

    /// Notes a file that belongs to nothing; gives its text where it is this fleet's.
    fn judge(
        &self,
        path: &str,
        wanted: &BTreeSet<String>,
        report: &mut Report,
    ) -> Result<Option<Guarded>, Failure> {
        let text = match self.tree.read(path) {
            Err(failure) if !wanted.contains(path) && self.tree.is_strangers(path, &failure) => {
                report.foreign.push(path.to_owned());
                return Ok(None);
            }
            text => text?,
        };
        let Some(text) = text else {
            return Ok(None);
        };
        let owner = owner(self.fleet(), &text);
        if !wanted.contains(path) {
            match owner {
                Owner::Ours => report.stale.push(path.to_owned()),
                Owner::Foreign => report.foreign.push(path.to_owned()),
            }
        }
        Ok((owner == Owner::Ours).then_some(text))
    }
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

/// Gives a unit's place in reports: the cluster comes first.
fn order(member: Option<usize>) -> usize {
    member.map_or(0, |index| index + 1)
}

/// Says whether routes wait with their certificate: for a host that it does not name yet they would lead nowhere.
fn waits_for_names(plan: &Plan) -> bool {
    let waits = |role: &RolePlan| matches!(role.action, Action::Blocked(Reason::NamesChanged, _));
    plan.roles.iter().any(waits)
}

/// Refuses files in which a merge was left unfinished, all of them at once: what is in them is not missing.
fn refuse_unfinished_merges<'f>(
    files: impl Iterator<Item = &'f (String, Guarded)>,
) -> Result<(), Failure> {
    let unfinished = files.filter(|(_, text)| has_merge_markers(text));
    let faults: Vec<Fault> = unfinished
        .map(|(path, _)| {
            Fault::new("the file has the markers of a merge that was not finished")
                .help("take the file of one side (`git checkout --ours FILE`, or `--theirs`), then render again")
                .file(path)
        })
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.into())
    }
}

/// Says whether the files that are there are those that were composed.
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

/// Gives the paths that are to be written and those to be removed.
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

/// Gives the name of the instance that a stale file was of, or the cluster's; nothing for the files of the fleet.
fn unit_of(folder: &str, prefix: &str) -> Option<String> {
    if folder == CLUSTER {
        return Some(CLUSTER.to_owned());
    }
    let is_below = |all: &str| folder == all || folder.starts_with(&format!("{all}/"));
    if !is_below(INSTANCES) && !is_below(SHARDS) {
        return None;
    }
    let of_folder = folder
        .strip_prefix(&format!("{INSTANCES}/"))
        .and_then(|rest| rest.split('/').next())
        .map(str::to_owned);
    let of_prefix = prefix
        .strip_suffix('.')
        .filter(|id| *id != "kustomization")
        .map(str::to_owned);
    of_folder.or(of_prefix)
}

fn folders(entries: Vec<Entry>) -> impl Iterator<Item = String> {
    entries
        .into_iter()
        .filter(|entry| entry.kind == EntryKind::Folder)
        .map(|entry| entry.name)
}

/// Gives all results, or all faults of the failures that weigh most.
fn collect<T>(results: impl IntoIterator<Item = Result<T, Failure>>) -> Result<Vec<T>, Failure> {
    let mut good = Vec::new();
    let mut failed: Option<Failure> = None;
    for result in results {
        match (result, &mut failed) {
            (Ok(value), _) => good.push(value),
            (Err(failure), None) => failed = Some(failure),
            (Err(failure), Some(first)) => first.faults.extend(failure.faults),
        }
    }
    match failed {
        Some(failure) => Err(failure),
        None => Ok(good),
    }
}

/// Where else instances may live or have lived, by what is in the tree.
#[derive(Default)]
pub(super) struct OtherHomes {
    /// The instances with a folder of their own.
    own: BTreeSet<String>,
    /// The folders that hold files of an instance among those of others.
    shared: BTreeMap<String, BTreeSet<String>>,
    /// Of instances that were renamed, the names by which the tree knows them.
    renamed: BTreeMap<String, Vec<String>>,
}

impl OtherHomes {
    /// Gives the homes of an instance besides the one that it shall have.
    fn of(&self, id: &str, home: &Home) -> Vec<Home> {
        let homes = self.all(id).into_iter();
        homes.filter(|other| other != home).collect()
    }

    /// Gives the homes of an instance, also of one that is not in the fleet file any more.
    fn all(&self, id: &str) -> Vec<Home> {
        let own = self.own.contains(id).then(|| Home::own(id));
        let shared = self.shared.get(id).into_iter().flatten();
        own.into_iter()
            .chain(shared.map(|folder| Home::shared(folder, id)))
            .collect()
    }
}

/// The files of a unit, where it lives and where it lived.
#[derive(Default)]
pub(super) struct Lives {
    /// Those of this fleet.
    pub(super) at_home: UnitFiles,
    /// Files of others with names that this program gives, and the Secret of the unit that one seems to hold.
    strangers: Vec<Stranger>,
    /// Files of others with any other name, likewise.
    others: Vec<Stranger>,
    /// Read only where there is no Secret at home.
    elsewhere: UnitFiles,
    /// The name of the instance whose files those are.
    renamed_from: Option<String>,
    /// Files under an old name, whose keys are at home or go there.
    left_behind: Vec<String>,
    duplicate: Option<String>,
}

/// A file of somebody else, and the Secret of a unit that it seems to hold.
type Stranger = (String, Option<String>);

impl Lives {
    /// Parts the files of others into those that stand where a file of the unit would, and those that are left alone.
    fn strangers(
        &self,
        unit: &Unit<'_>,
        composed: Option<&Composed>,
        sealer: &Sealer,
    ) -> (Vec<String>, Vec<Stranger>) {
        let wanted = match composed {
            _ if self.strangers.is_empty() => BTreeSet::new(),
            Some(composed) => {
                let files = composed.files.iter();
                files.map(|file| file.path.clone()).collect()
            }
            // Not all of it is composed yet; where it will be is known.
            None => paths(unit, sealer),
        };
        let all = self.strangers.iter().cloned();
        let (conflicts, left_alone): (Vec<_>, Vec<_>) =
            all.partition(|(path, _)| wanted.contains(path));
        let conflicts = conflicts.into_iter().map(|(path, _)| path);
        let left_alone = left_alone.into_iter().chain(self.others.iter().cloned());
        (conflicts.collect(), left_alone.collect())
    }

    /// Gives the files that its credentials are read from.
    pub(super) fn source(&self) -> &UnitFiles {
        if holds_secret(&self.at_home) || !holds_secret(&self.elsewhere) {
            &self.at_home
        } else {
            &self.elsewhere
        }
    }
}

/// Says whether a Secret is among the files.
fn holds_secret(files: &UnitFiles) -> bool {
    let mut all = files.current.iter().chain(&files.adopted);
    all.any(|(path, _)| path.contains("secret-"))
}
