//! Where the code of the rules is: a folder for each family, and what several ask for below them.

use std::fs;
use std::path::{Path, PathBuf};

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| entry.path())
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn no_family_of_rules_asks_another_for_more_than_its_rules_and_what_is_below_asks_none() {
    let lint = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lint");
    let folders = fs::read_dir(&lint).unwrap().map(|entry| entry.unwrap());
    let families: Vec<String> = folders
        .filter(|entry| entry.path().join("rules.rs").exists())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert!(families.len() > 10, "{families:?}");
    let below = ["facts", "model"].map(str::to_owned);
    let mut asked = 0;
    let mut wrong = Vec::new();
    for folder in families.iter().chain(&below) {
        for path in files(&lint.join(folder)) {
            let text = fs::read_to_string(&path).unwrap_or_default();
            for family in families.iter().filter(|family| *family != folder) {
                for (at, name) in text.match_indices(&format!("lint::{family}::")) {
                    asked += 1;
                    if !text[at + name.len()..].starts_with("rules::") {
                        wrong.push(format!("{}: {name}", path.display()));
                    }
                }
            }
        }
    }
    assert!(asked > 0 && wrong.is_empty(), "{wrong:?}");
}
