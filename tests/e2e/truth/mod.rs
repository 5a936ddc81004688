//! Whether `lint` says what Traefik does: hundreds of damaged instances, applied to a real API server, asked for through
//! a real Traefik, and judged by `lint` as the manifests alone.
//!
//! ```text
//! cargo test --features e2e --test e2e -- truth      300 of seed 1 for each Traefik
//! CIVI_INGRESS_TRUTH=10000 …                         more; 0 for none
//! … CIVI_INGRESS_SEED=7 …                            others
//! CIVI_INGRESS_TRUTH=each …                          each mutator once, alone
//! … CIVI_INGRESS_TRUTH_ONLY=12,407 …                 some of them again
//! … CIVI_INGRESS_TRUTH_ABOUT='minVersion|Ed25519' …   those with one of these in the names of what is damaged
//! … CIVI_INGRESS_TRUTH_KEEP=FOLDER …                 each as a file, with what was seen
//! ```
//!
//! | I want to … | open … |
//! |---|---|
//! | damage something else | [`tables`], [`added`]: a row; [`several`]: fields together; [`chains`]: a certificate; [`httpds`]: what httpd does; [`companions`]: an object beside; [`options`]: what Traefik is told; [`mutators`]: what a row cannot say |
//! | see what an instance is before | [`instance`] |
//! | say why something cannot be known from manifests | [`verdict`] |
//! | hold `probe` against what was seen | [`live`] |
//! | change how instances are applied and asked for | [`run`] |

mod added;
mod chains;
mod companions;
mod dice;
mod httpds;
mod instance;
mod live;
mod mutators;
mod options;
mod run;
mod several;
mod tables;
mod verdict;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use libtest_mimic::Trial;

use crate::components::{Release, newest, releases};
use crate::stack::{Case, Stack, trial};
use instance::{Pki, Shape, World};
use mutators::{Draw, Mutator, draw, each};
use run::Run;
use verdict::Verdict;

/// Names how many instances there are.
const COUNT: &str = "CIVI_INGRESS_TRUTH";
/// So many there are unless it does: two and a half minutes for four Traefiks on 2 cores.
const USUAL: usize = 300;
/// What is done to them, unless `CIVI_INGRESS_SEED` is another number.
const SEED: u64 = 1;

/// Which instances there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    /// So many that a seed draws.
    Count(usize),
    /// One for each mutator.
    Each,
}

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    let mut trials = vec![trial(
        stack,
        "truth_each_of_more_than_a_thousand_mutators_damages_an_instance_of_some_shape",
        |_| each_mutator_damages(),
    )];
    let size = match env::var(COUNT).as_deref() {
        Ok("each") => Size::Each,
        _ => Size::Count(setting(COUNT).unwrap_or(USUAL)),
    };
    if size == Size::Count(0) {
        return trials;
    }
    trials.extend(releases().into_iter().map(|release| {
        let name = format!(
            "truth_lint_says_of_damaged_instances_what_traefik_{}_does",
            release.in_a_name()
        );
        trial(stack, &name, move |case| agree(case, &release, size))
    }));
    trials
}

fn each_mutator_damages() {
    let pki = Pki::new();
    let all = mutators::all();
    let releases = releases();
    let worlds: Vec<World<'_>> = releases
        .iter()
        .flat_map(|release| Shape::ALL.map(|shape| (release, shape)))
        .map(|(release, shape)| {
            let mut world = World::new("h-0", shape, release, &pki);
            world.add_store();
            world
        })
        .collect();
    let idle: Vec<&str> = all
        .iter()
        .filter(|mutator| {
            !worlds
                .iter()
                .any(|world| mutator.damage(&mut world.clone()))
        })
        .map(|mutator| mutator.name.as_str())
        .collect();
    assert!(idle.is_empty(), "{idle:#?}");
    assert!(all.len() > 1000, "{}", all.len());
}

/// Returns a number of the environment, if there is one.
fn setting<T: FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{name}: `{text}` is not a number")))
}

fn agree(case: &Case, release: &Release, size: Size) {
    let seed = setting("CIVI_INGRESS_SEED").unwrap_or(SEED);
    let pki = Pki::new();
    let all = mutators::all();
    let mut draws = match size {
        Size::Count(count) => draw(&all, count, seed, &newest(), &pki),
        Size::Each => each(&all, &newest(), &pki),
    };
    if let Ok(only) = env::var("CIVI_INGRESS_TRUTH_ONLY") {
        let only: Vec<&str> = only.split(',').collect();
        draws.retain(|draw| only.contains(&draw.number.to_string().as_str()));
    }
    if let Ok(about) = env::var("CIVI_INGRESS_TRUTH_ABOUT") {
        let about: Vec<&str> = about.split('|').collect();
        draws.retain(|draw| {
            let names = names(&all, draw);
            about.iter().any(|part| names.contains(part))
        });
    }
    let run = Run::start(case, release, &pki, &all);
    let kept = env::var_os("CIVI_INGRESS_TRUTH_KEEP").map(|folder| {
        let folder = Path::new(&folder).join(release.to_string());
        fs::create_dir_all(&folder).expect("the folder of CIVI_INGRESS_TRUTH_KEEP");
        folder
    });
    let verdicts = run.all(&draws, |verdicts| {
        for (folder, verdict) in kept
            .iter()
            .flat_map(|folder| verdicts.iter().map(move |verdict| (folder, verdict)))
        {
            keep(folder, verdict);
        }
    });
    let differ: Vec<&Verdict> = verdicts
        .iter()
        .filter(|verdict| verdict.is_difference())
        .collect();
    let mut report = String::new();
    for verdict in &differ {
        let file = keep(&case.directory, verdict);
        writeln!(report, "{verdict}\n    {}", file.display()).expect("a String takes all");
    }
    assert!(
        differ.is_empty(),
        "lint and Traefik {release} differ on {} of {} instances of seed {seed}:\n{report}",
        differ.len(),
        verdicts.len()
    );
}

/// Writes an instance to a file, with what was seen of it.
fn keep(folder: &Path, verdict: &Verdict) -> PathBuf {
    let file = folder.join(format!("{}.yaml", verdict.number));
    let mut text = String::new();
    for line in verdict.to_string().lines() {
        writeln!(text, "# {line}").expect("a String takes all");
    }
    write!(text, "# host: {}\n{}", verdict.host, verdict.manifests).expect("a String takes all");
    fs::write(&file, text).expect("a folder for it");
    file
}

/// The names of what a draw damages.
fn names(all: &[Mutator], draw: &Draw) -> String {
    let names: Vec<&str> = draw
        .mutators
        .iter()
        .map(|index| all[*index].name.as_str())
        .collect();
    names.join(" + ")
}
