//! The tree of a fleet as a whole.

use super::story::{Fixed, Fresh, RECIPIENT, context, fleet, sops, step};
use crate::support::{NOW, assert_snapshot_in, readable};
use civi_ingress::gitops::compose::drawing::NoDrawing;
use civi_ingress::gitops::compose::{TreeFile, carry_out};
use civi_ingress::gitops::context::{Reading, Sealer, UnitFiles};
use civi_ingress::gitops::decide::Action;
use civi_ingress::gitops::fleet_files::fleet_files;
use civi_ingress::gitops::planning::plan;
use civi_ingress::gitops::secrets::FoundUnit;
use civi_ingress::gitops::unit::Unit;
use civi_ingress::manifest::PrivateKeys;
use civi_ingress::template::Templates;
use std::fmt::Write as _;

#[test]
fn a_second_run_decides_nothing_and_writes_the_same_bytes() {
    for sealer in [Sealer::Plain, sops(&[RECIPIENT])] {
        let fleet = fleet("  wildcard: false\n  instances: {a: {objects: {clientAuth: true}}}\n");
        let context = context(&sealer, &[], NOW);
        let (plan, first) = step(&context, &fleet, &UnitFiles::default(), &mut Fresh(0));
        assert!(plan.roles.iter().all(|role| role.action == Action::Issue));
        let (plan, second) = step(&context, &fleet, &first, &mut NoDrawing);
        assert!(plan.keeps_all());
        assert_eq!(first.current, second.current);
    }
}

#[test]
fn what_is_written_can_be_scanned_as_well_as_read() {
    let sealer = sops(&[RECIPIENT]);
    let fleet = fleet("  wildcard: false\n  instances: {a: {}}\n");
    let context = context(&sealer, &[], NOW);
    let (_, files) = step(&context, &fleet, &UnitFiles::default(), &mut Fresh(0));
    let unit = Unit::member(&fleet, &fleet.members[0]).expect("a unit");
    let found = FoundUnit::read(&context, &unit, &files, Reading::Scan).expect("our own form");
    let plan = plan(&context, &unit, &found, true);
    assert!(plan.keeps_all(), "{plan:?}");
}

#[test]
fn the_tree_of_a_fleet_byte_for_byte() {
    let spec = "  shards: 2\n  layout: LAYOUT\n\
                \x20 argocd: {repoURL: \"https://git.example.org/fleet.git\", path: clusters/prod}\n\
                \x20 flux: {source: fleet, path: clusters/prod, decryptionSecret: age-key}\n\
                \x20 secrets: {mode: plain}\n  instances:\n    \"67000\": {}\n    no-shard: {shard: 1, helmValues: {init: {paroisseName: \"Paroisse {id}\", \"on\": true}}}\n";
    for layout in ["instance", "flat"] {
        let fleet = fleet(&spec.replace("LAYOUT", layout));
        let sealer = Sealer::Plain;
        let context = context(&sealer, &[], NOW);
        let templates = Templates::default();
        let renderer = templates.renderer(PrivateKeys::Written);
        let mut out = String::new();
        let mut add = |files: Vec<TreeFile>| {
            for file in files {
                writeln!(
                    out,
                    "=== {}{}",
                    file.path,
                    if file.is_secret() { " (0600)" } else { "" }
                )
                .unwrap();
                out.push_str(&readable(&file.text));
            }
        };
        add(fleet_files(&fleet, &sealer, &renderer).unwrap_or_else(|faults| panic!("{faults:?}")));
        let members = fleet
            .members
            .iter()
            .map(|member| Unit::member(&fleet, member).expect("a unit"));
        for unit in members.chain(Unit::cluster(&fleet)) {
            let files = UnitFiles::default();
            let found = FoundUnit::default();
            let plan = plan(&context, &unit, &found, true);
            let composed = carry_out(
                &context,
                &unit,
                &files,
                &found,
                &plan,
                &renderer,
                &mut Fixed(0),
            );
            add(composed.unwrap_or_else(|faults| panic!("{faults:?}")).files);
        }
        assert_snapshot_in!("gitops", format!("tree-{layout}"), out);
    }
}

#[test]
fn a_part_with_too_many_instances_is_refused_with_the_number_that_fits() {
    let mut instances = String::from("  shards: 2\n  wildcard: false\n  instances:\n");
    for index in 0..250 {
        writeln!(instances, "    p{index}: {{}}").unwrap();
    }
    let fleet = fleet(&instances);
    let templates = Templates::default();
    let faults = fleet_files(
        &fleet,
        &Sealer::Plain,
        &templates.renderer(PrivateKeys::Written),
    )
    .err()
    .expect("refused");
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(
        faults[0]
            .help
            .as_deref()
            .is_some_and(|help| help.contains("`spec.shards` to ")),
        "{faults:?}"
    );
}
