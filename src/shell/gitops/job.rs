//! One run over a fleet: what it works on, how it spreads over threads, and what it has to tell.

use super::super::error::Failure;
use super::super::tree::{Tree, folders};
use super::super::{Run, output};
use super::fleet::{FleetArguments, Inputs};
use super::report::ReportArguments;
use civi_ingress::fleet::Fleet;
use civi_ingress::gitops::context::Context;
use civi_ingress::gitops::layout::{FOLDERS, SHARDS};
use civi_ingress::gitops::report::{SHOWN, UnitRow, Weight};
use civi_ingress::gitops::unit::Unit;
use civi_ingress::manifest::PrivateKeys;
use civi_ingress::pki::reuse::Depth;
use civi_ingress::template::Renderer;
use civi_ingress::threads;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use time::OffsetDateTime;

/// Fewer units than this are not worth a thread.
const FEW: usize = 8;

/// One run over a fleet.
pub(super) struct Job<'a> {
    pub(super) now: OffsetDateTime,
    pub(super) quiet: bool,
    pub(super) inputs: &'a Inputs,
    pub(super) tree: &'a Tree,
    pub(super) arguments: &'a FleetArguments,
    pub(super) depth: Depth,
    /// Whether files in the way that are not this fleet's are taken over.
    pub(super) adopts: bool,
    pub(super) told: Told,
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
            has_all: how.needs_all(),
        }
    }

    /// Keeps what there is to tell about all units, where that `is_needed`.
    pub(super) fn of_all(self, is_needed: bool) -> Self {
        Self {
            has_all: self.has_all || is_needed,
            ..self
        }
    }

    /// Returns what there is to tell so far, in the order of the units.
    pub(super) fn rows(&self) -> Vec<UnitRow> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let by_order: BTreeMap<usize, &UnitRow> =
            rows.iter().map(|((_, index), row)| (*index, row)).collect();
        by_order.into_values().cloned().collect()
    }

    /// Takes what there is to tell about a unit, in place of what was told before.
    pub(super) fn tell(&self, index: usize, row: Option<UnitRow>) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.retain(|(_, other), _| *other != index);
        if let Some(row) = row {
            rows.insert((row.weight(), index), row);
        }
        while !self.has_all && rows.len() > SHOWN {
            rows.pop_last();
        }
    }

    pub(super) fn into_rows(self) -> Vec<UnitRow> {
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

    /// Takes over what is in the way.
    pub(super) fn adopting(self, adopts: bool) -> Self {
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
            given_front: self.inputs.given_front.as_ref(),
            rekey: self.arguments.rekey,
        }
    }

    pub(super) fn fleet(&self) -> &'a Fleet {
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
    pub(super) fn sweep(&self) -> Result<(), Failure> {
        for folder in [""].iter().chain(&FOLDERS) {
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
}

/// Returns all results, or all faults of the failures that weigh most.
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
