//! `docs/lint.md` is made from the table of rules. `CIVI_INGRESS_UPDATE=1 cargo test lint::docs` writes it.

use crate::support::read;
use civi_ingress::lint::recorded::{NEGATIVES, Negative, RecordedFault};
use civi_ingress::lint::rules::{ALL, FAMILIES, Family, Rule};
use std::path::Path;

const HEAD: &str = "\
# What `civi-ingress lint` looks for

Made from the tables `rules.rs` in the folders of `src/lint`; `civi-ingress lint --explain CI101` prints one rule. A rule
keeps its code and its name forever, and either stands for it. A finding can be milder than its rule where the input
leaves it open.

A comment suppresses a finding of its line, or of the next line when it stands alone; it must say why:

```yaml
# civi-ingress: allow CI103 the chart names the key so
```

`--format json` prints one object of `version` 1: the `configuration` file, `traefik` (`release`, and by what it is known:
`from`), all `releases` and `charts` with the `file` that says so, the counts `files`, `documents`, `objects`, `values`, `errors`,
`warnings`, `infos`, `suppressed`, `accepted` and `ignored`, and `findings`, each with
`code`, `name`, `severity`, `title`, `message`, `file`, `line`, `column`, `document`, `object` (`kind`, `namespace`, `name`),
`field`, `consequence` and `help`. Lines, columns and documents count from 1; what is not known is null.

| code | severity | name | what is wrong |
|---|---|---|---|
";

fn page() -> String {
    let row = |rule: &&Rule| {
        let (code, anchor) = (rule.code, rule.code.to_lowercase());
        format!(
            "| [{code}](#{anchor}) | {} | `{}` | {} |\n",
            rule.severity, rule.name, rule.title
        )
    };
    let family = |family: &Family| {
        let rules = family.rules.iter();
        format!(
            "\n## {}\n\n{}\n{}",
            family.title,
            kinds(family),
            rules.map(|rule| entry(rule)).collect::<String>()
        )
    };
    let rows: String = ALL.iter().map(row).collect();
    let families: String = FAMILIES.iter().map(family).collect();
    format!("{HEAD}{rows}{families}")
}

fn kinds(family: &Family) -> String {
    let mut kinds: Vec<String> = family.kinds().map(|kind| format!("`{kind}`")).collect();
    kinds.dedup();
    if kinds.is_empty() {
        return "Objects of all kinds are looked at.".to_owned();
    }
    format!("Looked at: {}.", kinds.join(", "))
}

fn entry(rule: &Rule) -> String {
    let mut out = format!(
        "\n### {}\n\n**{}:** {}. Its name is `{}`.\n\nIn production: {}\n",
        rule.code, rule.severity, rule.title, rule.name, rule.consequence
    );
    if let Some(fault) = rule.recorded {
        let rows = NEGATIVES.iter().filter(|row| row.fault == fault);
        out += "\nRecorded with real Traefiks:\n\n| Traefik | answer | log, or the API server's reason |\n|---|---|---|\n";
        out += &rows.map(recorded).collect::<String>();
    }
    out + &format!("\nWhat to do: {}\n", rule.help)
}

fn recorded(row: &Negative) -> String {
    let seen = match row.seen {
        RecordedFault::Refused => "refused by kubectl".to_owned(),
        RecordedFault::Status(status) => status.to_string(),
        RecordedFault::GeneratedCertificate => "Traefik's own certificate".to_owned(),
    };
    let said: Vec<String> = row.said.iter().map(|said| format!("`{said}`")).collect();
    let said = if said.is_empty() {
        "nothing".to_owned()
    } else {
        said.join("<br>")
    };
    format!("| {} | {seen} | {said} |\n", row.releases.join(", "))
}

#[test]
fn the_page_of_rules_says_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/lint.md");
    if std::env::var_os("CIVI_INGRESS_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, page()).expect("writable");
    }
    assert!(
        read(&path) == page(),
        "run `CIVI_INGRESS_UPDATE=1 cargo test lint::docs`"
    );
}
