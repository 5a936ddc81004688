//! `gitops diff`: what rendering would change, line by line.

use super::super::cli::GitopsDiff;
use super::super::error::Failure;
use super::super::tree::{Access, Tree};
use super::super::{Run, output, print_or_end};
use super::fleet::read;
use super::moves::settle;
use super::run::{Job, Told};
use aws_lc_rs::digest::{SHA256, digest};
use civi_ingress::gitops::compose::TreeFile;
use civi_ingress::gitops::decide::Depth;
use civi_ingress::pki::key::hex;
use similar::TextDiff;
use std::fmt::Write as _;

/// Lines around a change, as `diff -u` has them.
const CONTEXT: usize = 3;

pub(super) fn run(run: &Run, arguments: &GitopsDiff) -> Result<(), Failure> {
    let mut inputs = read(run, &arguments.fleet)?;
    let tree = Tree::open(&arguments.fleet.output_dir, Access::Read)?;
    let standing = settle(&mut inputs, &tree)?;
    let (arguments, told) = (&arguments.fleet, Told::default());
    let job = Job::new(run, &inputs, &tree, arguments, Depth::Glance, told);
    let survey = job.survey()?;
    let changed: Vec<_> = survey.units.iter().filter(|unit| unit.is_changed).collect();
    let mut pieces = job.for_each(&changed, |renderer, seen| {
        let mut out = String::new();
        let Some(unit) = job.unit(seen.member)? else {
            return Ok(out);
        };
        let (_, composed, lives) = job.compose(renderer, &unit, seen, &survey.others)?;
        let old: Vec<_> = lives
            .at_home
            .current
            .iter()
            .chain(&lives.at_home.staged)
            .collect();
        for file in &composed.files {
            let before = old.iter().find(|(path, _)| *path == file.path);
            difference(
                &mut out,
                &file.path,
                before.map(|(_, text)| text.as_str()),
                Some(&file.text),
            );
        }
        for (path, text) in old {
            if !composed.files.iter().any(|file| file.path == *path) {
                difference(&mut out, path, Some(text), None);
            }
        }
        Ok(out)
    })?;
    let mut rest = String::new();
    for TreeFile { path, text, .. } in &survey.fleet_files {
        let before = tree.read(path)?;
        difference(
            &mut rest,
            path,
            before.as_ref().map(civi_ingress::guarded::Guarded::as_str),
            Some(text),
        );
    }
    for path in &survey.report.stale {
        let before = tree.read(path)?;
        difference(
            &mut rest,
            path,
            before.as_ref().map(civi_ingress::guarded::Guarded::as_str),
            None,
        );
    }
    pieces.push(rest);
    if !run.quiet {
        for consequence in standing.consequences(&inputs.fleet, &survey.left) {
            output::say(&format!("note: {}\n", consequence.line()));
        }
    }
    standing.advise(false);
    let text = pieces.concat();
    if text.is_empty() {
        return Ok(());
    }
    print_or_end(text.as_bytes())?;
    Err(Failure::found())
}

fn difference(out: &mut String, path: &str, before: Option<&str>, after: Option<&str>) {
    let (old, new) = (
        redacted(before.unwrap_or_default()),
        redacted(after.unwrap_or_default()),
    );
    if old == new && before.is_some() == after.is_some() {
        return;
    }
    let header = |side: &str, is_there: bool| {
        if is_there {
            format!("{side}/{path}")
        } else {
            "/dev/null".to_owned()
        }
    };
    let diff = TextDiff::from_lines(old.as_str(), new.as_str());
    let mut unified = diff.unified_diff();
    unified.context_radius(CONTEXT).header(
        &header("a", before.is_some()),
        &header("b", after.is_some()),
    );
    write!(out, "{unified}").expect("writing to a String cannot fail");
}

/// Puts a fingerprint in the place of every value of a Secret, of every ciphertext and of the block `sops`.
fn redacted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_data = false;
    let mut in_sops = false;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        if indent == 0 {
            in_data = line == "data:";
            in_sops = line == "sops:";
            if in_sops {
                let block = &text[text.find("\nsops:").map_or(0, |at| at + 1)..];
                writeln!(out, "sops: {}", fingerprint(block))
                    .expect("writing to a String cannot fail");
            }
        }
        if in_sops {
            continue;
        }
        let key = line.trim_start();
        if key == "encryptedData:" {
            in_data = true;
        } else if key == "template:" {
            in_data = false;
        }
        match line.split_once(": ") {
            Some((key, value)) if in_data || value.starts_with("\"-----BEGIN ") => {
                writeln!(out, "{key}: {}", fingerprint(value))
            }
            _ => writeln!(out, "{line}"),
        }
        .expect("writing to a String cannot fail");
    }
    out
}

fn fingerprint(value: &str) -> String {
    let hash = hex(digest(&SHA256, value.as_bytes()).as_ref());
    format!("<redacted sha256:{}>", &hash[..8])
}
