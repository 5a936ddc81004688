//! What people read is written as `docs/style.md` says.

use regex_lite::Regex;
use std::fs;
use std::path::{Path, PathBuf};

/// A row of the table: what is to be avoided, and what is fine all the same.
struct Row {
    avoid: Regex,
    example: String,
    instead: String,
    except: Vec<Regex>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the pieces in backticks, with the escaped bars of a Markdown table as bars.
fn quoted(cell: &str) -> Vec<String> {
    let pieces = cell.split('`').skip(1).step_by(2);
    pieces.map(|piece| piece.replace("\\|", "|")).collect()
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(root().join("docs/style.md")).unwrap();
    let regex = |pattern: &String| Regex::new(pattern).unwrap();
    text.lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            // A bar that is escaped belongs to a pattern.
            let line = line.replace("\\|", "\u{0}");
            let cells: Vec<String> = line
                .split('|')
                .map(|cell| cell.trim().replace('\u{0}', "|"))
                .collect();
            Row {
                avoid: regex(&quoted(&cells[1])[0]),
                example: cells[2].clone(),
                instead: cells[3].clone(),
                except: quoted(&cells[4]).iter().map(regex).collect(),
            }
        })
        .collect()
}

impl Row {
    /// Returns the first place in a text that the row is about.
    fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.avoid
            .find_iter(text)
            .find(|found| {
                !self.except.iter().any(|except| {
                    except
                        .find_iter(text)
                        .any(|fine| fine.start() < found.end() && found.start() < fine.end())
                })
            })
            .map(|found| {
                let start = text[..found.start()].rfind('\n').map_or(0, |at| at + 1);
                let end = text[found.end()..].find('\n');
                &text[start..end.map_or(text.len(), |end| found.end() + end)]
            })
    }
}

/// Joins sentences that go over several lines of comments or of a string, and spells out the names of tests.
fn sentences(text: &str) -> String {
    let text = Regex::new(r"\\\n\s*").unwrap().replace_all(text, "");
    let text = Regex::new(r"(//[^\n]*)\n\s*//[/!]? ?")
        .unwrap()
        .replace_all(&text, "$1 ")
        .into_owned();
    // One replacement takes two lines at once, and leaves the third for the next.
    let text = Regex::new(r"(//[^\n]*)\n\s*//[/!]? ?")
        .unwrap()
        .replace_all(&text, "$1 ")
        .into_owned();
    Regex::new(r"fn [a-z0-9_]+")
        .unwrap()
        .replace_all(&text, |found: &regex_lite::Captures<'_>| {
            found[0].replace('_', " ")
        })
        .into_owned()
}

/// Collects the files below a folder that people read.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|end| {
            ["rs", "md", "yaml", "toml"]
                .iter()
                .any(|known| end == *known)
        }) {
            files.push(path);
        }
    }
}

#[test]
fn what_people_read_has_none_of_the_words_to_avoid() {
    let rows = rows();
    let mut files = Vec::new();
    for folder in ["src", "tests", "templates", "docs", "benches"] {
        collect(&root().join(folder), &mut files);
    }
    for file in [
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "build.rs",
        "Cargo.toml",
    ] {
        files.push(root().join(file));
    }
    files.retain(|file| !file.ends_with("docs/style.md"));
    assert!(files.len() > 300, "{} files were read", files.len());
    let mut found = Vec::new();
    for file in &files {
        let text = sentences(&fs::read_to_string(file).unwrap());
        let name = file.strip_prefix(root()).unwrap().display();
        for row in &rows {
            if let Some(line) = row.find(&text) {
                found.push(format!(
                    "{name}: {} (write {}): {line}",
                    row.avoid, row.instead
                ));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_row_of_the_table_finds_its_example_and_not_what_to_write_instead() {
    let rows = rows();
    assert!(rows.len() > 10, "{} rows were read", rows.len());
    for row in rows {
        let (example, instead) = (
            format!("/// {}", row.example),
            format!("/// {}", row.instead),
        );
        assert!(row.find(&example).is_some(), "{}: {example}", row.avoid);
        assert!(row.find(&instead).is_none(), "{}: {instead}", row.avoid);
        for except in &row.except {
            assert!(
                row.find(&example)
                    .is_some_and(|_| !except.is_match(&example)),
                "{except} takes the example {example}"
            );
        }
    }
}
