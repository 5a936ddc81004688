//! The configuration file of a repository: what `lint` reads there, and how. The comments are the descriptions in its
//! JSON Schema.

use super::documents::rules::CI009;
use super::rule::{Rule, Severity};
use super::rules;
use crate::chart::ChartMajor;
use crate::fault::{self, Fault, Place};
use crate::name::DnsName;
use crate::record::leaf::{Days, LeafList, ListedWord, TextLine, choices};
use crate::record::{Given, Part as _, PartReader, Syntax, record};
use crate::release::Release;
use crate::toml;

/// The JSON Schema (draft 2020-12) of the configuration file, as `docs/lint.schema.json` has it.
pub const SCHEMA: &str = include_str!("../../docs/lint.schema.json");

/// The name of the file.
pub const FILE: &str = ".civi-ingress.toml";

/// What a configuration file says.
#[derive(Debug, Default)]
pub struct Configuration {
    /// What is read where the command line names nothing.
    pub paths: Vec<NamedPath>,
    /// What is applied to a cluster each.
    pub roots: Vec<NamedPath>,
    /// Findings that are accepted.
    pub baselines: Vec<NamedPath>,
    /// Hosts for which there must be a route.
    pub hosts: Vec<DnsName>,
    /// The release that reads the manifests.
    pub traefik: Option<Release>,
    /// The chart that reads the values files.
    pub chart: Option<ChartMajor>,
    /// How many days before its end a certificate is found to expire soon.
    pub expires_within: Option<u32>,
    /// Whether a reference out of the input is an error.
    pub strict_references: bool,
    /// What is shown.
    pub level: Option<Severity>,
    /// What ends the run with 1.
    pub fail_on: Option<Severity>,
    /// Rules whose findings are left out.
    pub ignored: Vec<IgnoredRule>,
}

/// A path as the file has it, relative to the file's directory.
#[derive(Debug, Clone)]
pub struct NamedPath {
    /// The path.
    pub path: String,
    /// Where the file names it.
    pub place: Place,
}

/// A rule whose findings are left out.
#[derive(Debug, Clone)]
pub struct IgnoredRule {
    /// The rule.
    pub rule: &'static Rule,
    /// Only below these paths; everywhere if there are none.
    pub paths: Vec<NamedPath>,
    /// Where the file names it.
    pub place: Place,
}

record! {
    /// What civi-ingress lint reads of a repository, and how. Paths are relative to this file. The command line wins.
    ConfigurationDocument {
        /// Files and directories that are read where the command line names none.
        paths: LeafList<RelativePath> = "paths";
        /// Directories that are applied to a cluster each: no route of one is looked for in another [default: found out].
        roots: LeafList<RelativePath> = "roots";
        /// Files with findings that are accepted, as --write-baseline writes them.
        baselines: LeafList<RelativePath> = "baselines";
        /// Hosts for which there must be a route.
        hosts: LeafList<HostName> = "hosts";
        /// Whether references to objects outside the input are errors.
        strict_references: bool = "strict-references";
        /// How many days before its end a certificate is found to expire soon.
        expires_within: Days = "expires-within";
        /// The mildest findings that are shown [default: warning].
        level: Severity = "level";
        /// The mildest findings that end the run with 1 [default: warning].
        fail_on: Severity = "fail-on";
        /// What reads the manifests and values files.
        releases: Releases = "releases";
        /// Rules whose findings are left out.
        ignore: LeafList<Ignore> = "ignore";
    }
}

record! {
    /// What reads the manifests and values files.
    Releases {
        /// Traefik's release, 2.9 to 3.x, in quotes [default: found out].
        traefik: Release = "traefik";
        /// Major version of Traefik's Helm chart, 20 to 41 [default: found out].
        chart: ChartMajor = "chart";
    }
}

record! {
    /// A rule whose findings are left out.
    Ignore {
        /// Code or name of the rule.
        rule: RuleName = "rule", required;
        /// Why.
        reason: TextLine = "reason", required;
        /// Files and directories in which they are left out [default: everywhere].
        paths: LeafList<RelativePath> = "paths";
    }
}

/// A path relative to the file.
#[derive(Debug, Clone)]
pub(super) struct RelativePath(String);

impl ListedWord for RelativePath {
    fn parse(text: &str) -> Result<Self, Fault> {
        let TextLine(path) = TextLine::parse(text)?;
        if path.starts_with('/') {
            let fault = Fault::new(format!("`{}` is an absolute path", path.escape_debug()));
            return Err(fault.help("name it relative to the directory of this file"));
        }
        if path == "-" {
            let fault = Fault::new("standard input cannot be named here");
            return Err(fault.help("pass `-` on the command line"));
        }
        Ok(Self(path))
    }
}

/// A host, as `--host` takes it.
#[derive(Debug, Clone)]
pub(super) struct HostName(DnsName);

impl ListedWord for HostName {
    fn parse(text: &str) -> Result<Self, Fault> {
        DnsName::parse(text).map(Self)
    }
}

/// The code or the name of a rule.
#[derive(Debug, Clone)]
pub(super) struct RuleName(&'static Rule);

impl ListedWord for RuleName {
    fn parse(text: &str) -> Result<Self, Fault> {
        rules::named(text).map(Self)
    }
}

choices! {
    Severity { Info = "info", Warning = "warning", Error = "error" }
}

impl Configuration {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place and its line.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<Fault>> {
        let node = toml::read(text, file)?;
        let mut reader = PartReader::default();
        reader.begin(file);
        reader.syntax = Syntax::Toml;
        let document = ConfigurationDocument::read(node, &mut reader).unwrap_or_default();
        let read = Self::of(document, &mut reader);
        if reader.count() == 0 {
            return Ok(read);
        }
        let faults = reader.finish().into_iter().map(|(_, fault)| (fault, text));
        Err(fault::with_sources(faults))
    }

    fn of(document: ConfigurationDocument, reader: &mut PartReader) -> Self {
        let releases = document.releases.map(|given| given.value);
        let releases = releases.unwrap_or_default();
        let ignored = document.ignore.map_or_else(Vec::new, |given| given.value.0);
        Self {
            paths: paths(document.paths, reader),
            roots: paths(document.roots, reader),
            baselines: paths(document.baselines, reader),
            hosts: document
                .hosts
                .map_or_else(Vec::new, |given| given.value.0)
                .into_iter()
                .map(|host| host.value.0)
                .collect(),
            traefik: releases.traefik.map(|given| given.value),
            chart: releases.chart.map(|given| given.value),
            expires_within: document.expires_within.map(|given| given.value.0),
            strict_references: document.strict_references.is_some_and(|given| given.value),
            level: document.level.map(|given| given.value),
            fail_on: document.fail_on.map(|given| given.value),
            ignored: ignored
                .into_iter()
                .filter_map(|given| ignored_rule(given.value, reader))
                .collect(),
        }
    }
}

fn paths(list: Option<Given<LeafList<RelativePath>>>, reader: &PartReader) -> Vec<NamedPath> {
    let paths = list.map_or_else(Vec::new, |given| given.value.0);
    let paths = paths.into_iter().map(|given| NamedPath {
        path: given.value.0,
        place: reader.place(given.origin),
    });
    paths.collect()
}

fn ignored_rule(ignore: Ignore, reader: &mut PartReader) -> Option<IgnoredRule> {
    let Given { value, origin } = ignore.rule?;
    let paths = paths(ignore.paths, reader);
    if value.0 == &CI009 && paths.is_empty() {
        // Ignored everywhere, it would hide that files are not checked at all.
        let fault = Fault::new(format!("{} cannot be ignored everywhere", CI009.code));
        let help = "nothing of such a document is checked: name the files in `paths`";
        reader.push(origin, fault.help(help));
    }
    Some(IgnoredRule {
        rule: value.0,
        paths,
        place: reader.place(origin),
    })
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "the published file is compared with the types"
)]
mod tests {
    use super::*;
    use crate::record::schema::{HOST_LABEL, choice, schemas};
    use schemars::generate::SchemaSettings;
    use schemars::json_schema;
    use serde_json::json;

    schemas! {
        RelativePath: json_schema!({
            "type": "string",
            "pattern": r"^(?!-$)(?!/)[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        });
        HostName: json_schema!({"type": "string", "pattern": format!(r"^(?!-){HOST_LABEL}(\.{HOST_LABEL})*\.?$")});
        RuleName: json_schema!({"type": "string", "minLength": 1});
        Severity: choice::<Self>();
    }

    fn generated() -> String {
        let generator = SchemaSettings::draft2020_12().into_generator();
        let mut schema = generator.into_root_schema_for::<ConfigurationDocument>();
        schema.insert("title".to_owned(), FILE.into());
        let value = serde_json::to_value(schema).expect("a schema is JSON");
        format!("{value:#}\n")
    }

    #[test]
    fn the_published_schema_of_the_configuration_file_is_that_of_the_types() {
        let text = generated();
        if std::env::var_os("CIVI_INGRESS_UPDATE").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/lint.schema.json");
            return std::fs::write(path, &text).expect("writable");
        }
        assert!(
            text == SCHEMA,
            "docs/lint.schema.json is out of date: CIVI_INGRESS_UPDATE=1 cargo test published_schema"
        );
    }

    const FULL: &str = "\
paths = [\"clusters\", \"values.yaml\"]
roots = [\"clusters/a\", \"clusters/b\"]
baselines = [\"accepted.json\"]
hosts = [\"a.example.org\", \"intern\"]
strict-references = true
expires-within = \"14d\"
level = \"info\"
fail-on = \"error\"

[releases]
traefik = \"3.6\"
chart = 39

[[ignore]]
rule = \"verification-off\"
reason = \"a test cluster\"
paths = [\"clusters/b\"]

[[ignore]]
rule = \"CI103\"
reason = \"the chart names the key so\"
";

    #[test]
    fn all_that_the_command_line_takes_is_read() {
        let read = Configuration::parse(FULL, FILE).unwrap();
        let named = |paths: &[NamedPath]| -> Vec<String> {
            let named = |path: &NamedPath| format!("{} {}", path.place, path.path);
            paths.iter().map(named).collect()
        };
        assert_eq!(
            named(&read.paths),
            [
                ".civi-ingress.toml:1:10 clusters",
                ".civi-ingress.toml:1:22 values.yaml"
            ]
        );
        assert_eq!((read.roots.len(), read.baselines.len()), (2, 1));
        assert_eq!(read.hosts.len(), 2);
        assert_eq!(read.traefik, Some(Release::line(3, 6)));
        assert_eq!(read.chart.map(ChartMajor::number), Some(39));
        assert_eq!(read.expires_within, Some(14));
        assert!(read.strict_references);
        assert_eq!(
            (read.level, read.fail_on),
            (Some(Severity::Info), Some(Severity::Error))
        );
        let ignored: Vec<(&str, usize)> = read
            .ignored
            .iter()
            .map(|entry| (entry.rule.code, entry.paths.len()))
            .collect();
        assert_eq!(ignored, [("CI113", 1), ("CI103", 0)]);
        let empty = Configuration::parse("", FILE).unwrap();
        assert!(empty.paths.is_empty() && empty.traefik.is_none() && !empty.strict_references);
    }

    #[test]
    fn all_that_is_wrong_is_named_with_its_place_its_line_and_a_hint() {
        let text = "\
path = [\"a\"]
paths = [\"/etc\", \"-\", \"\", 1]
roots = \"clusters\"
hosts = [\"a`b\"]
level = \"warn\"
releases = \"3.7\"
[[ignore]]
rule = \"CI1O3\"
[[ignore]]
rule = \"broken-yaml\"
reason = \" \"
";
        let faults = Configuration::parse(text, "c.toml").unwrap_err();
        let said: Vec<String> = faults
            .iter()
            .map(|fault| {
                assert!(fault.snippet.is_some(), "{fault}");
                format!("{fault} / {}", fault.help.as_deref().unwrap_or_default())
            })
            .collect();
        let expected = [
            "c.toml:1:1: unknown key `path` / did you mean `paths`?",
            "c.toml:2:10: `/etc` is an absolute path / name it relative to the directory of this file",
            "c.toml:2:18: standard input cannot be named here / pass `-` on the command line",
            "c.toml:2:23: a string is empty / fill it in, or leave it out",
            "c.toml:2:27: a string is needed here, not the number `1` / put the value in quotes if it is meant as text",
            "c.toml:3:9: a list is needed here, not the string `clusters` / write `[\"a\", \"b\"]`; of tables, `[[name]]` above each",
        ];
        for expected in expected {
            assert!(
                said.iter().any(|said| said == expected),
                "{expected}: {said:#?}"
            );
        }
        for (place, piece) in [
            ("c.toml:4:10: character", "host name"),
            ("c.toml:5:9: `warn` is not allowed here", "warning"),
            ("c.toml:6:12: a table is needed here", "[name]"),
            ("c.toml:7:1: the key `reason` is missing", ""),
            ("c.toml:8:8: there is no rule `CI1O3`", "perhaps `CI103`"),
            ("c.toml:10:8: CI009 cannot be ignored everywhere", "`paths`"),
            ("c.toml:11:10: a string is empty", ""),
        ] {
            let fits = |said: &&String| said.starts_with(place) && said.contains(piece);
            assert!(said.iter().any(|said| fits(&said)), "{place}: {said:#?}");
        }
        assert!(said.len() >= 13, "{said:#?}");
    }

    #[test]
    fn the_schema_takes_what_is_read_and_refuses_what_is_refused() {
        let schema: serde_json::Value = serde_json::from_str(&generated()).unwrap();
        let validator = jsonschema::draft202012::new(&schema).expect("a schema");
        let full = json!({
            "paths": ["clusters"], "roots": ["clusters/a"], "baselines": ["a.json"], "hosts": ["a.example.org"],
            "strict-references": false, "expires-within": 30, "level": "info", "fail-on": "error",
            "releases": {"traefik": "3.7", "chart": 41},
            "ignore": [{"rule": "CI103", "reason": "so", "paths": ["a"]}],
        });
        let as_toml = |value: &serde_json::Value| -> String {
            // An inline table of TOML 1.1 is JSON with `=` in place of `:`.
            let entries = value.as_object().unwrap().iter();
            let lines = entries.map(|(key, value)| {
                let value = value.to_string().replace("\":", "\"=");
                format!("{key} = {value}\n")
            });
            lines.collect()
        };
        let agree = |value: &serde_json::Value| {
            let read = Configuration::parse(&as_toml(value), FILE);
            assert_eq!(validator.is_valid(value), read.is_ok(), "{value}: {read:?}");
            read.is_ok()
        };
        assert!(agree(&full));
        let mut refused = 0;
        let values = [
            json!(true),
            json!(7),
            json!("x"),
            json!(""),
            json!("/x"),
            json!([]),
            json!(["-"]),
            json!([""]),
            json!(["/x"]),
            json!([1]),
            json!({}),
            json!({"traefik": "9.9"}),
            json!({"chart": 3}),
            json!([{"rule": "CI103"}]),
            json!([{"rule": "CI103", "reason": "so", "paths": ["/x"]}]),
            json!([{"rule": "CI103", "reason": "so", "path": ["x"]}]),
        ];
        for key in full.as_object().unwrap().keys() {
            for value in &values {
                let mut changed = full.clone();
                changed[key] = value.clone();
                refused += usize::from(!agree(&changed));
            }
        }
        assert!(refused > 100, "{refused}");
        let mut changed = full.clone();
        changed["misspelt"] = json!(1);
        assert!(!agree(&changed));
    }
}
