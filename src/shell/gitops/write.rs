//! The writing of what a survey found to be changed.

use super::super::error::Failure;
use super::super::world::System;
use super::job::Job;
use super::lives::{Lives, OtherHomes};
use super::survey::{Survey, SurveyedUnit, order};
use civi_ingress::gitops::compose::{Composed, TreeFile, carry_out, restart};
use civi_ingress::gitops::context::Reading;
use civi_ingress::gitops::plan::Plan;
use civi_ingress::gitops::planning::plan;
use civi_ingress::gitops::report::{Report, UnitRow, rows};
use civi_ingress::gitops::secrets::FoundUnit;
use civi_ingress::gitops::unit::Unit;
use civi_ingress::template::Renderer;

impl Job<'_> {
    /// Composes one unit as it is to be, drawing what is new; returns its files and what was found of it.
    pub(super) fn compose(
        &self,
        renderer: &Renderer<'_>,
        unit: &Unit<'_>,
        seen: &SurveyedUnit,
        others: &OtherHomes,
    ) -> Result<(Plan, Composed, Lives), Failure> {
        let home = unit.home();
        let lives = self.files(unit, &home, others)?;
        let context = self.context();
        let source = lives.source();
        let found = FoundUnit::read(&context, unit, source, Reading::Yaml)?;
        let plan = plan(&context, unit, &found, seen.may_renew);
        let composed = carry_out(&context, unit, source, &found, &plan, renderer, &mut System)?;
        Ok((plan, composed, lives))
    }

    /// Writes what is changed, and nothing else.
    pub(super) fn write(&self, survey: Survey, prune: bool) -> Result<Report, Failure> {
        let Survey {
            units,
            mut report,
            fleet_files,
            others,
            ..
        } = survey;
        let changed: Vec<&SurveyedUnit> = units.iter().filter(|unit| unit.is_changed).collect();
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

    pub(super) fn write_unit(
        &self,
        renderer: &Renderer<'_>,
        seen: &SurveyedUnit,
        others: &OtherHomes,
    ) -> Result<(usize, usize), Failure> {
        let unit = self
            .unit(seen.member)?
            .ok_or_else(|| anyhow::anyhow!("the cluster has no certificate"))?;
        let (plan, composed, lives) = self.compose(renderer, &unit, seen, others)?;
        let home = unit.home();
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
}
