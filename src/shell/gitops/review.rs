//! Plans: what a run would do, written to a file by `gitops diff` and carried out by `gitops render`.

use super::super::error::{Failure, Kind};
use super::super::tree::{EntryKind, Tree};
use super::super::world;
use super::fleet::{Inputs, digest_of};
use super::job::Job;
use super::survey::Survey;
use aws_lc_rs::digest::{Context, SHA256};
use civi_ingress::fault::Fault;
use civi_ingress::gitops::fleet_files::TREE_FILE;
use civi_ingress::gitops::layout::FOLDERS;
use civi_ingress::gitops::review::Review;
use civi_ingress::pki::key::hex;
use std::collections::BTreeMap;
use std::path::Path;

/// Takes what a run decided and has not done yet.
pub(super) fn of(inputs: &Inputs, job: &Job<'_>, survey: &Survey) -> Result<Review, Failure> {
    let rows = job.told.rows();
    let adopted = survey.in_the_way().cloned().collect();
    let tree = digests(job.tree)?;
    let inputs = inputs.digests.clone();
    Ok(Review::new(&survey.report, &rows, adopted, inputs, tree))
}

/// Reads a plan.
pub(super) fn read(path: &Path) -> Result<Review, Failure> {
    let text = world::read_stream(path)?;
    Ok(Review::read(&text.content, &text.name)?)
}

/// Refuses to do anything else than a plan says.
pub(super) fn refuse_another(plan: &Review, present: &Review) -> Result<(), Failure> {
    let differences = plan.differences(present);
    if differences.is_empty() {
        return Ok(());
    }
    let help = "give the options that the plan was made with, or review it again: `civi-ingress gitops diff --plan FILE`";
    let last = differences.len() - 1;
    let fault = |(index, difference): (usize, String)| {
        let fault = Fault::new(difference);
        // Said once, below the last.
        if index == last {
            fault.help(help)
        } else {
            fault
        }
    };
    Err(Failure {
        kind: Kind::WouldLose,
        faults: differences.into_iter().enumerate().map(fault).collect(),
    })
}

/// Returns a SHA-256 of the files in each folder of a tree, without those below it.
fn digests(tree: &Tree) -> Result<BTreeMap<String, String>, Failure> {
    let mut found = BTreeMap::new();
    let mut root = Context::new(&SHA256);
    for name in [TREE_FILE, "kustomization.yaml"] {
        if let Some(text) = tree.read(name)? {
            root.update(format!("{name} {}\n", digest_of(text.as_bytes())).as_bytes());
        }
    }
    found.insert(".".to_owned(), hex(root.finish().as_ref()));
    let mut pending: Vec<String> = FOLDERS.map(str::to_owned).into();
    while let Some(folder) = pending.pop() {
        let mut entries = tree.list(&folder)?;
        entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        let mut content = Context::new(&SHA256);
        let mut is_empty = true;
        for entry in entries {
            let path = format!("{folder}/{}", entry.name);
            match entry.kind {
                EntryKind::Folder => pending.push(path),
                EntryKind::File => {
                    // What a stranger has there may be unreadable; it is not touched.
                    let text = tree.read(&path).ok().flatten();
                    let digest = text.map_or_else(String::new, |text| digest_of(text.as_bytes()));
                    content.update(format!("{} {digest}\n", entry.name).as_bytes());
                    is_empty = false;
                }
                EntryKind::Other => {}
            }
        }
        if !is_empty {
            found.insert(folder, hex(content.finish().as_ref()));
        }
    }
    Ok(found)
}
