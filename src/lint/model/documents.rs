//! The documents of the input.

use crate::fault::Fault;
use crate::lint::source::Source;
use crate::yaml::budget::Budget;
use crate::yaml::{At, MANIFESTS_LIMIT, Node, stream};

/// A document that was read.
pub(in crate::lint) struct Document {
    pub(in crate::lint) file: usize,
    /// Its number in its file, from 1.
    pub(in crate::lint) number: usize,
    pub(in crate::lint) node: Node,
}

/// A document that is not YAML.
pub(in crate::lint) struct Broken {
    pub(in crate::lint) file: usize,
    pub(in crate::lint) at: At,
    pub(in crate::lint) what: String,
}

/// Reads all documents of the sources; of what is not YAML the fault is kept, so that it does not hide the others.
///
/// # Errors
/// All sources that are too long; aliases that together stand for too much.
pub(in crate::lint) fn read(
    sources: &[Source],
) -> Result<(Vec<Document>, Vec<Broken>), Vec<Fault>> {
    let too_long: Vec<Fault> = sources
        .iter()
        .filter(|source| source.text.len() > MANIFESTS_LIMIT)
        .map(|source| {
            let what = format!("the text has more than {MANIFESTS_LIMIT} bytes");
            let help = "pass a directory of smaller files";
            Fault::new(what).help(help).file(&source.name)
        })
        .collect();
    if !too_long.is_empty() {
        return Err(too_long);
    }
    let cuts: Vec<(usize, stream::Cut<'_>)> = sources
        .iter()
        .enumerate()
        .flat_map(|(file, source)| {
            stream::cut(&source.text)
                .into_iter()
                .map(move |cut| (file, cut))
        })
        .collect();
    let length = sources.iter().map(|source| source.text.len()).sum();
    let (files, cuts): (Vec<usize>, Vec<stream::Cut<'_>>) = cuts.into_iter().unzip();
    let parts = stream::read_all(&cuts, || Budget::of_manifests(length))
        .map_err(|(part, broken)| vec![broken.fault(&sources[files[part]].name)])?;
    let mut documents: Vec<Document> = Vec::new();
    let mut found = Vec::new();
    for (file, part) in files.into_iter().zip(parts) {
        match part {
            Ok(nodes) => {
                for node in nodes {
                    let number = documents
                        .last()
                        .filter(|last| last.file == file)
                        .map_or(1, |last| last.number + 1);
                    documents.push(Document { file, number, node });
                }
            }
            Err(broken) => found.push(Broken {
                file,
                at: broken.at,
                what: broken.what,
            }),
        }
    }
    Ok((documents, found))
}
