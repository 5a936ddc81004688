//! Where a fleet file and its tree are when no option names them.

use super::super::error::Failure;
use super::super::{Run, world};
use super::git::WorkTree;
use super::init::FILE;
use super::known;
use civi_ingress::fault::Fault;
use civi_ingress::fleet::Fleet;
use std::path::{Path, PathBuf};

/// A fleet file, and the tree where an option names it.
#[derive(Debug)]
pub(in super::super) struct NamedFleet {
    /// The fleet file.
    pub(in super::super) file: PathBuf,
    /// Whether the file was looked for.
    is_found: bool,
    tree: Option<PathBuf>,
}

impl NamedFleet {
    /// Takes what options name. Without a fleet file the nearest `fleet.yaml` counts, from the directory of the tree or
    /// the working directory up to the top of the Git work tree, or to the root if there is none.
    ///
    /// # Errors
    /// No such file; a directory that cannot be looked at.
    pub(in super::super) fn new(file: Option<&Path>, tree: Option<&Path>) -> Result<Self, Failure> {
        let tree = tree.map(Path::to_path_buf);
        if let Some(file) = file {
            let file = file.to_owned();
            return Ok(Self {
                file,
                is_found: false,
                tree,
            });
        }
        let begin = world::resolved(tree.as_deref().unwrap_or(Path::new(".")));
        let top = WorkTree::of(&begin)?.map(|found| found.top().to_owned());
        for folder in begin.ancestors() {
            let file = folder.join(FILE);
            if world::is_file(&file)? {
                let file = world::from_here(&file);
                return Ok(Self {
                    file,
                    is_found: true,
                    tree,
                });
            }
            if top.as_deref() == Some(folder) {
                break;
            }
        }
        let what = format!("there is no {FILE} in {} or above it", begin.display());
        let help =
            "name the fleet file with `-f FILE`, or begin one with `civi-ingress gitops init`";
        Err(Fault::new(what).help(help).into())
    }

    /// Settles the tree, and notes what was found without an option: the directory with the fleet file, unless the
    /// fleet has its tree elsewhere in the repository.
    ///
    /// # Errors
    /// A fleet file from standard input, which has no directory; several trees of the fleet.
    pub(in super::super) fn tree(
        &self,
        run: &Run,
        fleet: Option<&Fleet>,
    ) -> Result<PathBuf, Failure> {
        let (tree, is_found) = match &self.tree {
            Some(tree) => (tree.clone(), false),
            None => (self.find_tree(fleet)?, true),
        };
        if self.is_found || is_found {
            run.note(&format!(
                "fleet file {}, tree {}",
                self.file.display(),
                tree.display()
            ));
        }
        Ok(tree)
    }

    fn find_tree(&self, fleet: Option<&Fleet>) -> Result<PathBuf, Failure> {
        if world::is_stdin(&self.file) {
            let fault = Fault::new("a fleet file from standard input has no directory");
            let help = "name the directory of the tree with `--output-dir DIR`";
            return Err(fault.help(help).argument("--fleet").into());
        }
        let folder = super::super::lexical::parent(&self.file).to_owned();
        let Some(fleet) = fleet.filter(|fleet| !known::is_tree(&folder, fleet)) else {
            return Ok(folder);
        };
        match &known::others(&folder, fleet, &self.file)?[..] {
            [] => Ok(folder),
            [tree] => Ok(world::from_here(tree)),
            trees => {
                let trees: Vec<String> = trees
                    .iter()
                    .map(|tree| tree.display().to_string())
                    .collect();
                let what = format!(
                    "the fleet `{}` has {} trees: {}",
                    fleet.name,
                    trees.len(),
                    trees.join(", ")
                );
                let fault = Fault::new(what).help("name one of them with `--output-dir DIR`");
                Err(fault.into())
            }
        }
    }
}
