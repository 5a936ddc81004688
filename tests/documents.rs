//! The documents' sessions and blocks run, their links lead somewhere, and they name what exists.

use crate::support::names_in;
use civi_ingress::lint::recorded::NEGATIVES;
use civi_ingress::yaml;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The present of all blocks.
const NOW: &str = "2026-11-21T10:00:00Z";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What a document in Markdown consists of, as far as it can be checked.
#[derive(Debug, Default)]
struct Document {
    /// Its path below the checkout.
    path: PathBuf,
    /// Its fenced blocks: what follows the fence, and the text between.
    blocks: Vec<(String, String)>,
    /// Targets of its links and images.
    links: Vec<String>,
    /// The anchors of its headings.
    anchors: BTreeSet<String>,
    /// All inline code.
    code: Vec<String>,
}

impl Document {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(root().join(path)).expect("a document");
        let mut document = Self {
            path: path.to_owned(),
            ..Self::default()
        };
        let options = Options::ENABLE_TABLES | Options::ENABLE_GFM;
        let (mut heading, mut block) = (None::<String>, None::<(String, String)>);
        for event in Parser::new_ext(&text, options) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    document.links.push(dest_url.into_string());
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let anchor = document.anchor(&heading.take().unwrap_or_default());
                    document.anchors.insert(anchor);
                }
                Event::Start(Tag::CodeBlock(kind)) => {
                    let info = match kind {
                        CodeBlockKind::Fenced(info) => info.into_string(),
                        CodeBlockKind::Indented => "text".to_owned(),
                    };
                    block = Some((info, String::new()));
                }
                Event::End(TagEnd::CodeBlock) => document.blocks.extend(block.take()),
                Event::Text(text) => {
                    if let Some((_, body)) = &mut block {
                        body.push_str(&text);
                    } else if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                Event::Code(code) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&code);
                    }
                    document.code.push(code.into_string());
                }
                _ => {}
            }
        }
        document
    }

    /// The anchor that code hosts and mdBook give a heading: a repeated one gets a number.
    fn anchor(&self, heading: &str) -> String {
        let anchor: String = heading
            .to_lowercase()
            .chars()
            .filter_map(|character| match character {
                ' ' => Some('-'),
                '-' | '_' => Some(character),
                _ => character.is_alphanumeric().then_some(character),
            })
            .collect();
        let numbered = (1..).map(|number| format!("{anchor}-{number}"));
        std::iter::once(anchor.clone())
            .chain(numbered)
            .find(|anchor| !self.anchors.contains(anchor))
            .expect("numbers do not end")
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// The Markdown files of a folder of the checkout, by name.
fn markdown_in(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for name in names_in(&root().join(folder)) {
        let path = Path::new(folder).join(&name);
        if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Folders whose Markdown files are pages of the documentation.
const PAGES: [&str; 2] = ["docs", "docs/fr"];

fn documents() -> Vec<Document> {
    let pages = PAGES
        .iter()
        .filter(|folder| root().join(folder).is_dir())
        .flat_map(|folder| markdown_in(folder));
    let all = markdown_in("").into_iter().chain(pages);
    all.map(|path| Document::read(&path)).collect()
}

/// Programs that are not run, each with what stands in for it in `tests/documents`.
const STAND_INS: &[(&str, &str)] = &[
    ("kubectl", "kubectl"),
    ("helm", "helm"),
    ("cargo", "cargo"),
    ("age-keygen", "age-keygen"),
    ("apt-get", "foreign"),
    ("brew", "foreign"),
    ("certutil", "foreign"),
    ("chmod", "foreign"),
    ("curl", "foreign"),
    ("docker", "foreign"),
    ("dpkg", "foreign"),
    ("gh", "foreign"),
    ("git", "foreign"),
    ("jq", "foreign"),
    ("k3s", "foreign"),
    ("keytool", "foreign"),
    ("kind", "foreign"),
    ("mdbook", "foreign"),
    ("minikube", "foreign"),
    ("nix-env", "foreign"),
    ("rustup", "foreign"),
    ("sha256sum", "foreign"),
    ("skopeo", "foreign"),
    ("sudo", "foreign"),
    ("tar", "foreign"),
];

/// A folder with a PATH of stand-ins, a cluster that is empty, and the blocks' working directory.
struct Workplace {
    directory: TempDir,
}

impl Workplace {
    fn new() -> Self {
        let directory = TempDir::new().expect("a directory");
        for folder in ["bin", "cluster", "work", "home"] {
            std::fs::create_dir(directory.path().join(folder)).expect("a folder");
        }
        let scripts = root().join("tests/documents");
        for (program, script) in STAND_INS {
            let link = directory.path().join("bin").join(program);
            symlink(scripts.join(script), link).expect("a link");
        }
        Self { directory }
    }

    /// The place in which a document's blocks begin: an empty cluster where it says so, else that of the first steps
    /// done, for the page on CI with a fleet.
    fn of(document: &Document) -> Self {
        let place = Self::new();
        let name = document.path.file_stem().unwrap_or_default();
        let name = name.to_string_lossy();
        if name.starts_with("README") || name == "start" {
            return place;
        }
        let mut steps = vec![
            "mkdir ../first && cd ../first",
            "civi-ingress wildcard-secret --domain example.org --tls-store --ca-custody stored | kubectl apply -f -",
            "civi-ingress new-instance paroisse-a --host a.example.org --create-namespace | kubectl apply -f -",
        ];
        if name == "ci" {
            steps.extend([
                "cd ../work && age-keygen -o age.txt",
                "civi-ingress gitops init --output-dir infra --domain example.org --recipient \"$(age-keygen -y age.txt)\"",
                "civi-ingress gitops add paroisse-a -f infra/fleet.yaml",
                "civi-ingress gitops render -f infra/fleet.yaml --output-dir infra",
            ]);
        }
        place.block(document, &steps.join("\n"));
        place
    }

    /// Runs a script of bash, both streams in one, with the program itself and the stand-ins for others.
    fn run(&self, script: &str) -> (Option<i32>, String) {
        let binary = Path::new(env!("CARGO_BIN_EXE_civi-ingress"));
        let path = format!(
            "{}:{}:{}",
            self.directory.path().join("bin").display(),
            binary.parent().expect("a folder").display(),
            std::env::var("PATH").expect("a PATH")
        );
        let output = Command::new("bash")
            .args(["-o", "pipefail", "-c"])
            .arg(format!("umask 022; exec 2>&1; {script}"))
            .current_dir(self.directory.path().join("work"))
            .env_clear()
            .env("LC_ALL", "C")
            .env("PATH", path)
            .env("HOME", self.directory.path().join("home"))
            .env("CLUSTER", self.directory.path().join("cluster"))
            .env("NODE", "127.0.0.1")
            .env("NOW", NOW)
            .stdin(std::process::Stdio::null())
            .output()
            .expect("bash starts");
        let text = String::from_utf8(output.stdout).expect("text");
        (output.status.code(), text)
    }

    /// Runs a session: each command must print what is printed below it.
    fn session(&self, document: &Document, session: &str) {
        for (command, expected) in steps(session) {
            let (_, found) = self.run(&format!(
                "civi-ingress() {{ command civi-ingress --now {NOW} \"$@\"; }}; {command}"
            ));
            assert!(
                matches(&expected, &found),
                "{}:\n$ {command}\nexpected:\n{expected}\nfound:\n{found}",
                document.name()
            );
        }
    }

    /// Runs a block: each command must end well; of our own a check may also have found something, and no name server
    /// is asked where a host is. Variables stay for the next block, as in a reader's shell.
    fn block(&self, document: &Document, block: &str) {
        let (status, found) = self.run(&format!(
            "set -eua
             [[ ! -e ~/variables ]] || . ~/variables
             civi-ingress() {{
               [[ $1 != probe || $* = *--connect* ]] || set -- \"$@\" --connect 127.0.0.1:1
               command civi-ingress --now {NOW} \"$@\" || [ $? = 1 ]
             }}
             {block}
             export -p | grep -v 'PWD=' >~/variables"
        ));
        assert_eq!(
            status,
            Some(0),
            "{}:\n{block}\nprinted:\n{found}",
            document.name()
        );
    }
}

/// Splits a session into its commands (`$ …`, continued by a backslash) and what each prints.
fn steps(session: &str) -> Vec<(String, String)> {
    let mut steps: Vec<(String, String)> = Vec::new();
    let mut continues = false;
    for line in session.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push((command.to_owned(), String::new()));
        } else {
            let (command, output) = steps.last_mut().expect("a session begins with a command");
            let target = if continues { command } else { output };
            target.push_str(line);
            target.push('\n');
        }
        continues =
            (line.starts_with("$ ") || continues) && (line.ends_with('\\') || line.ends_with('|'));
        if continues && line.starts_with("$ ") {
            steps.last_mut().expect("just pushed").0.push('\n');
        }
    }
    steps
}

/// Compares line by line; `…` stands for any run of characters.
fn matches(expected: &str, found: &str) -> bool {
    let line_matches = |expected: &str, found: &str| {
        let mut rest = found;
        let mut parts = expected.split('…').enumerate().peekable();
        while let Some((index, part)) = parts.next() {
            let is_last = parts.peek().is_none();
            let Some(at) = (if is_last && index > 0 {
                rest.rfind(part)
            } else {
                rest.find(part)
            }) else {
                return false;
            };
            if index == 0 && at != 0 || is_last && at + part.len() != rest.len() {
                return false;
            }
            rest = &rest[at + part.len()..];
        }
        true
    };
    expected.lines().count() == found.lines().count()
        && expected
            .lines()
            .zip(found.lines())
            .all(|(e, f)| line_matches(e, f))
}

#[test]
fn every_block_of_the_documents_runs_as_it_is_printed() {
    let documents = documents();
    let mut sessions = 0;
    std::thread::scope(|scope| {
        for document in &documents {
            sessions += document.blocks.len();
            scope.spawn(|| {
                let place = Workplace::of(document);
                for (info, text) in &document.blocks {
                    match info.as_str() {
                        "console" => place.session(document, text),
                        "sh" => place.block(document, text),
                        "yaml" | "json" => assert!(
                            yaml::read_all(text, "block").is_ok(),
                            "{}: not YAML:\n{text}",
                            document.name()
                        ),
                        "csv" | "text" | "ini" => {}
                        other => panic!("{}: a block of kind `{other}`", document.name()),
                    }
                }
            });
        }
    });
    assert!(sessions >= 30, "{sessions} blocks were found");
}

#[test]
fn the_comparison_of_sessions_can_fail() {
    assert!(matches("a … c\n", "a b c\n"));
    assert!(matches("…\n", "anything\n"));
    for (expected, found) in [
        ("a\n", "b\n"),
        ("a\n", "a\nb\n"),
        ("a …\n", "b a x\n"),
        ("a … c\n", "a b c d\n"),
        ("a\n", ""),
    ] {
        assert!(!matches(expected, found), "{expected:?} {found:?}");
    }
}

#[test]
fn every_link_within_the_documents_leads_to_a_file_and_a_heading() {
    let documents: BTreeMap<PathBuf, Document> = documents()
        .into_iter()
        .map(|document| (document.path.clone(), document))
        .collect();
    let mut broken = Vec::new();
    for document in documents.values() {
        for link in &document.links {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                document.path.clone()
            } else {
                let folder = document.path.parent().expect("a folder");
                without_dots(&folder.join(file))
            };
            let is_there = root().join(&target).exists();
            let leads = anchor.is_empty()
                || documents
                    .get(&target)
                    .is_some_and(|target| target.anchors.contains(anchor));
            if !is_there || !leads {
                broken.push(format!("{}: {link}", document.name()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// A relative path without `..`.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                plain.pop();
            }
            std::path::Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

#[test]
fn every_page_is_in_the_summary_of_the_site() {
    let summary = Document::read(Path::new("docs/SUMMARY.md"));
    let linked: BTreeSet<PathBuf> = summary
        .links
        .iter()
        .map(|link| Path::new("docs").join(link))
        .collect();
    let pages = PAGES
        .iter()
        .filter(|folder| root().join(folder).is_dir())
        .flat_map(|folder| markdown_in(folder))
        .filter(|page| *page != summary.path);
    let missing: Vec<PathBuf> = pages.filter(|page| !linked.contains(page)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// A page of the site cannot link to what the site does not hold.
#[test]
fn no_page_links_out_of_the_folder_of_the_site() {
    for document in documents() {
        if document.path.starts_with("docs") {
            for link in &document.links {
                let target = without_dots(&document.path.parent().expect("a folder").join(link));
                assert!(
                    link.contains("://") || link.starts_with('#') || target.starts_with("docs"),
                    "{}: {link}",
                    document.name()
                );
            }
        }
    }
}

#[test]
fn every_key_of_the_values_is_on_their_page() {
    let page = Document::read(Path::new("docs/values.md"));
    for key in civi_ingress::values::KEYS {
        assert!(
            page.code.iter().any(|code| code == key),
            "{key} is not in docs/values.md"
        );
    }
}

#[test]
fn every_key_of_the_fleet_file_is_on_its_page() {
    fn keys(schema: &serde_json::Value, found: &mut BTreeSet<String>) {
        match schema {
            serde_json::Value::Object(fields) => {
                if let Some(serde_json::Value::Object(properties)) = fields.get("properties") {
                    found.extend(properties.keys().cloned());
                }
                fields.values().for_each(|field| keys(field, found));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
            _ => {}
        }
    }
    let schema = std::fs::read_to_string(root().join("docs/fleet.schema.json")).unwrap();
    let mut wanted = BTreeSet::new();
    keys(&serde_json::from_str(&schema).unwrap(), &mut wanted);
    let page = Document::read(Path::new("docs/fleet-file.md"));
    let example: String = page.blocks.iter().map(|(_, text)| text.as_str()).collect();
    let missing: Vec<&String> = wanted
        .iter()
        .filter(|key| !page.code.contains(key) && !example.contains(&format!("{key}:")))
        .collect();
    assert!(wanted.len() > 50 && missing.is_empty(), "{missing:?}");
}

/// Troubleshooting quotes Traefik: only what a real one has logged, `HOST` and `NAMESPACE` for the instance's own.
#[test]
fn what_the_troubleshooting_page_quotes_of_traefik_was_recorded() {
    let page = std::fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let recorded: Vec<String> = NEGATIVES
        .iter()
        .flat_map(|negative| negative.said)
        .map(|said| {
            said.replace("<host>", "HOST")
                .replace("<namespace>", "NAMESPACE")
                .replace("<httpd>", "ADDRESS")
        })
        .collect();
    let quoted: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### Traefik logs `"))
        .map(|rest| rest.trim_end_matches('`'))
        .collect();
    assert!(quoted.len() >= 5, "{quoted:?}");
    for quote in quoted {
        assert!(
            recorded.iter().any(|said| said.contains(quote)),
            "no Traefik was seen to log `{quote}`"
        );
    }
}

#[test]
fn every_substitute_program_can_be_run() {
    for (program, script) in STAND_INS {
        let file = root().join("tests/documents").join(script);
        let mode = std::fs::metadata(&file)
            .expect(program)
            .permissions()
            .mode();
        assert_eq!(mode & 0o111, 0o111, "{}", file.display());
    }
}

#[test]
fn every_template_folder_has_snapshots() {
    for name in names_in(&root().join("templates"))
        .iter()
        .filter(|name| !name.contains('.'))
    {
        assert!(root().join("snapshots").join(name).is_dir(), "{name}");
    }
}

/// The French pages, each with the English one that it translates.
fn translations() -> Vec<(Document, Document)> {
    let pages = markdown_in("docs/fr").into_iter().map(|french| {
        let name = french.file_name().expect("a name");
        (Path::new("docs").join(name), french)
    });
    std::iter::once((PathBuf::from("README.md"), PathBuf::from("README.fr.md")))
        .chain(pages)
        .map(|(english, french)| (Document::read(&english), Document::read(&french)))
        .collect()
}

/// A block without its comments, which are translated.
fn without_comments(block: &str) -> String {
    let line = |line: &str| {
        let end = if line.starts_with("# ") {
            0
        } else {
            line.find("   # ").unwrap_or(line.len())
        };
        format!("{}\n", &line[..end])
    };
    block.lines().map(line).collect()
}

#[test]
fn the_administrators_pages_are_in_french() {
    let french: Vec<String> = translations()
        .iter()
        .map(|(_, french)| french.name())
        .collect();
    for page in [
        "README.fr.md",
        "docs/fr/start.md",
        "docs/fr/instance.md",
        "docs/fr/wildcard.md",
        "docs/fr/ca-import.md",
        "docs/fr/fleet.md",
        "docs/fr/ci.md",
        "docs/fr/status.md",
        "docs/fr/troubleshooting.md",
    ] {
        assert!(french.iter().any(|name| name == page), "{page}");
    }
}

#[test]
fn a_french_page_has_the_blocks_the_code_and_the_headings_of_the_english_one() {
    for (english, french) in translations() {
        let blocks = |document: &Document| -> Vec<(String, String)> {
            let blocks = document.blocks.iter();
            blocks
                .map(|(info, text)| (info.clone(), without_comments(text)))
                .collect()
        };
        assert_eq!(blocks(&english), blocks(&french), "{}", french.name());
        let code =
            |document: &Document| -> BTreeSet<String> { document.code.iter().cloned().collect() };
        let (ours, theirs) = (code(&english), code(&french));
        let differ: Vec<&String> = ours.symmetric_difference(&theirs).collect();
        assert!(differ.is_empty(), "{}: {differ:?}", french.name());
        assert_eq!(
            english.anchors.len(),
            french.anchors.len(),
            "{}: headings",
            french.name()
        );
    }
}

/// A link leads to the French page if there is one; the two READMEs link to each other.
#[test]
fn a_french_page_links_where_the_english_one_does() {
    let pages: BTreeMap<PathBuf, PathBuf> = translations()
        .into_iter()
        .flat_map(|(english, french)| {
            let back = (french.path == Path::new("README.fr.md"))
                .then(|| (french.path.clone(), english.path.clone()));
            back.into_iter().chain([(english.path, french.path)])
        })
        .collect();
    let targets = |document: &Document| -> Vec<PathBuf> {
        let folder = document.path.parent().expect("a folder");
        let files = document.links.iter().map(|link| {
            let file = link.split('#').next().unwrap_or_default();
            if file.contains("://") {
                PathBuf::from(file)
            } else if file.is_empty() {
                document.path.clone()
            } else {
                without_dots(&folder.join(file))
            }
        });
        files.collect()
    };
    for (english, french) in translations() {
        let mut expected: Vec<PathBuf> = targets(&english)
            .into_iter()
            .map(|target| pages.get(&target).cloned().unwrap_or(target))
            .collect();
        let mut found = targets(&french);
        expected.sort();
        found.sort();
        assert_eq!(expected, found, "{}", french.name());
    }
}

/// French sets a space that does not break before `:`, `;`, `?` and `!` and inside guillemets, and has an apostrophe
/// of its own. Headings that quote a message stay as they are.
#[test]
fn french_pages_are_set_as_french_is() {
    let mut wrong = Vec::new();
    for (english, french) in translations() {
        let read = |document: &Document| {
            std::fs::read_to_string(root().join(&document.path)).expect("a document")
        };
        let (quoted, text) = (read(&english), read(&french));
        let mut is_block = false;
        for line in text.lines() {
            if line.starts_with("```") {
                is_block = !is_block;
            }
            if is_block || line.starts_with("```") || quoted.lines().any(|same| same == line) {
                continue;
            }
            let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("x");
            let letters: Vec<char> = prose.chars().collect();
            let is_wrong = letters.windows(3).any(|three| match *three {
                [' ', ':' | ';' | '?' | '!' | '»', _] | ['«', ' ', _] => true,
                [before, '\'', after] => before.is_alphabetic() && after.is_alphabetic(),
                _ => false,
            }) || prose.ends_with(" :")
                || prose.ends_with(" ?")
                || prose.ends_with(" ;")
                || prose.ends_with(" !");
            if is_wrong {
                wrong.push(format!("{}: {line}", french.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
