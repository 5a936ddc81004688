//! The reports: for people, as JSON, SARIF and annotations; baselines and suppressions.

use super::{filled, report, source};
use crate::support::NOW;
use civi_ingress::chart::ChartMajor;
use civi_ingress::lint::baseline::{self, Baseline};
use civi_ingress::lint::{
    Options, Report, Severity, Source, explain, lint, report as reports, rules,
};
use civi_ingress::tone::plain;
use serde_json::Value;

/// One finding with a place, one with a value of a Secret beside it, one with an odd file name.
fn unread() -> Vec<Source> {
    let first = "apiVersion: v1\nkind: Secret\nmetadata: {name: externca, namespace: ns}\ndata:\n  tls.crt: ${ca}\n\
                 ---\napiVersion: traefik.io/v1alpha1\nkind: ServersTransport\nmetadata: {name: t, namespace: ns}\n\
                 spec:\n  serverName: a.example.org\n  rootCAs: [{secret: externca}]\n";
    let second = "logs: {general: {level: INFO}}\n";
    vec![
        source("a b,c:%.yaml", &filled(first)),
        source("values.yaml", second),
    ]
}

fn found() -> (Vec<Source>, Report) {
    let mut sources = unread();
    let mut options = Options::at(NOW);
    options.chart = Some(ChartMajor::default());
    let report = lint(&mut sources, &options).expect("YAML");
    (sources, report)
}

#[test]
fn a_person_reads_the_finding_its_place_its_line_what_would_happen_and_what_to_do() {
    let (sources, report) = found();
    let text = reports::text(&report, &sources, Severity::Warning, &plain);
    let expected = "\
warning[CI103]: Traefik reads `tls.crt` because it is the only key
 --> a b,c:%.yaml:5:3 (document 1, Secret ns/externca, data.tls.crt)
  |
5 |   tls.crt: …
  |   ^
  = in production: Traefik 2.5 to 3.x read it because it is the only one; Traefik 4 is announced to stop doing so, and any second key breaks it today (CI101).
  = help: Name the key `ca.crt`.

error[CI501]: chart 41 refuses `logs`
 --> values.yaml:1:1 (document 1, logs)
  |
1 | logs: {general: {level: INFO}}
  | ^
  = in production: `helm install` and `helm upgrade` fail: the values do not meet the chart's schema, or a template calls `fail`.
  = help: Use `log` and `accessLog`.
";
    assert_eq!(text, expected);
}

#[test]
fn no_report_shows_the_value_of_a_secret_in_whatever_style_it_is_written() {
    let secret = "c2VjcmV0IHZhbHVlIG9mIGEga2V5";
    for text in [
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: ns}}\ndata:\n  k: {secret}!\n"
        ),
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: ns}}\ndata: {{k: {secret}!}}\n"
        ),
        format!(
            "{{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{{\"name\":\"s\"}},\"data\":{{\"k\":\"{secret}!\"}}}}"
        ),
        format!(
            "apiVersion: v1\nkind: List\nitems:\n- {{apiVersion: v1, kind: Secret, metadata: {{name: s}}, data: {{k: {secret}!}}}}\n"
        ),
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\ndata:\n  k: |\n    {secret}!\n"
        ),
    ] {
        let mut sources = [source("s.yaml", &text)];
        let report = lint(&mut sources, &Options::at(NOW)).expect("YAML");
        assert_eq!(report.findings.len(), 1, "{text}");
        for shown in [
            reports::text(&report, &sources, Severity::Info, &plain),
            reports::json(&report, &sources, Severity::Info),
            reports::sarif(&report, &sources, Severity::Info),
            reports::annotations(&report, &sources, Severity::Info),
            reports::junit(&report, &sources, Severity::Info, Severity::Error),
        ] {
            assert!(!shown.contains("c2VjcmV0"), "{shown}");
            assert!(shown.contains("CI006"), "{shown}");
        }
    }
}

#[test]
fn programs_read_a_report_of_a_stated_version() {
    let (sources, report) = found();
    let json = crate::support::report("lint", &reports::json(&report, &sources, Severity::Warning));
    assert_eq!(json["version"], 1);
    assert_eq!(
        json["traefik"],
        serde_json::json!({"release": "3.7", "from": "default"})
    );
    assert_eq!(
        json["releases"],
        serde_json::json!([{"release": "3.7", "from": "default", "file": null}])
    );
    assert_eq!(
        json["charts"],
        serde_json::json!([{"chart": 41, "from": "option", "file": "values.yaml"}])
    );
    assert_eq!((&json["objects"], &json["values"]), (&2.into(), &1.into()));
    assert_eq!((&json["errors"], &json["warnings"]), (&1.into(), &1.into()));
    let first = &json["findings"][0];
    assert_eq!(first["code"], "CI103");
    assert_eq!(first["name"], "ca-under-unusual-key");
    assert_eq!(
        first["object"],
        serde_json::json!({"kind": "Secret", "namespace": "ns", "name": "externca"})
    );
    assert_eq!(
        (&first["line"], &first["column"], &first["document"]),
        (&5.into(), &3.into(), &1.into())
    );
    assert_eq!(json["findings"][1]["object"], Value::Null);
}

/// Returns what was read of files, for options.
fn what_was_read(files: &[(&str, &str)], options: &Options) -> String {
    let mut sources: Vec<Source> = files
        .iter()
        .map(|(name, text)| source(name, text))
        .collect();
    let report = lint(&mut sources, options).expect("YAML");
    reports::what_was_read(&report, &sources)
}

#[test]
fn the_summary_says_what_was_read_and_how_releases_and_charts_are_known() {
    let object = "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: m, namespace: ns}\nspec: {compress: {}}\n";
    let old_keys = "logs: {general: {level: INFO}}\n";
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: traefik, namespace: ns}\n\
                   spec:\n  chart: {spec: {chart: traefik, version: 39.0.1}}\n  values: {ports: {web: {port: 80}}}\n";
    let image = "image: {tag: v3.5.2}\nports: {web: {port: 8000}}\n";
    let found = Options::at(NOW);
    let mut given = Options::at(NOW);
    given.traefik = "3.4".parse().ok();
    given.chart = ChartMajor::parse("33").ok();
    for (files, options, expected) in [
        (
            &[("a.yaml", object), ("b.txt", "")][..],
            &found,
            "read 1 object in 2 files, for Traefik 3.7 (assumed)",
        ),
        (
            &[
                ("v.yaml", old_keys),
                ("w.yaml", old_keys),
                ("x.yaml", image),
            ],
            &found,
            "read 0 objects and 3 values files in 3 files, for Traefik 3.5.2 (by the image in x.yaml) and \
             charts 40 (by the keys in v.yaml and 1 more), 41 (assumed)",
        ),
        (
            &[("r.yaml", release)],
            &found,
            "read 1 object and 1 values file in 1 file, for Traefik 3.7 (assumed) and \
             chart 39 (by the release in r.yaml)",
        ),
        (
            &[("r.yaml", release), ("v.yaml", image)],
            &given,
            "read 1 object and 2 values files in 2 files, for Traefik 3.4 (--traefik) and chart 33 (--chart)",
        ),
    ] {
        assert_eq!(what_was_read(files, options), expected);
    }
}

#[test]
fn a_summary_lists_three_releases_of_many_clusters_and_counts_the_others() {
    let names: Vec<String> = (1..=5).map(|n| format!("clusters/c{n}")).collect();
    let mut files = Vec::new();
    for (patch, name) in names.iter().enumerate() {
        files.push((
            format!("{name}/kustomization.yaml"),
            "resources: [t.yaml]\n".to_owned(),
        ));
        files.push((
            format!("{name}/t.yaml"),
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: traefik, namespace: ns}}\n\
                 spec: {{template: {{spec: {{containers: [{{name: t, image: \"traefik:v3.5.{patch}\"}}]}}}}}}\n"
            ),
        ));
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let read = what_was_read(&files, &Options::at(NOW));
    assert!(
        read.ends_with(
            "for Traefik 3.5.0 (by the image in clusters/c1/t.yaml), 3.5.1 (by the image in clusters/c2/t.yaml), \
             3.5.2 (by the image in clusters/c3/t.yaml), 2 more"
        ),
        "{read}"
    );
}

/// Returns the attributes of the elements of a name, as another parser than ours reads them.
fn elements<'a>(document: &'a roxmltree::Document<'_>, name: &str) -> Vec<roxmltree::Node<'a, 'a>> {
    document
        .descendants()
        .filter(|node| node.has_tag_name(name))
        .collect()
}

#[test]
fn junit_has_a_suite_a_file_a_case_a_finding_and_failures_from_the_threshold_on() {
    let mut sources = unread();
    sources.push(source(
        "fine.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
    ));
    sources.push(source("other.yaml", "a: 1\n"));
    let mut options = Options::at(NOW);
    options.chart = Some(ChartMajor::default());
    let report = lint(&mut sources, &options).expect("YAML");
    let xml = reports::junit(&report, &sources, Severity::Warning, Severity::Error);
    let document = roxmltree::Document::parse(&xml).expect("XML");
    let root = document.root_element();
    assert_eq!(
        (
            root.tag_name().name(),
            root.attribute("tests"),
            root.attribute("failures")
        ),
        ("testsuites", Some("4"), Some("1"))
    );
    let suites: Vec<_> = elements(&document, "testsuite")
        .iter()
        .map(|suite| {
            ["name", "tests", "failures", "errors", "skipped"]
                .map(|key| suite.attribute(key).unwrap().to_owned())
                .join(" ")
        })
        .collect();
    assert_eq!(
        suites,
        [
            "a b,c:%.yaml 1 0 0 0",
            "values.yaml 1 1 0 0",
            "fine.yaml 1 0 0 0",
            "other.yaml 1 0 0 1"
        ]
    );
    let cases: Vec<_> = elements(&document, "testcase")
        .iter()
        .map(|case| {
            let inner = case.first_element_child();
            let inner = inner.map_or("", |node| node.tag_name().name());
            (
                case.attribute("classname").unwrap(),
                case.attribute("name").unwrap(),
                inner,
            )
        })
        .collect();
    assert_eq!(
        cases,
        [
            (
                "a b,c:%",
                "CI103 ca-under-unusual-key: Secret ns/externca data.tls.crt",
                "system-out"
            ),
            ("values", "CI501 value-refused-by-chart logs", "failure"),
            ("fine", "lint", ""),
            ("other", "lint", "skipped"),
        ]
    );
    let failure = elements(&document, "failure")[0];
    assert_eq!(
        (failure.attribute("type"), failure.attribute("message")),
        (Some("error"), Some("chart 41 refuses `logs`"))
    );
    let text = failure.text().unwrap();
    assert!(
        text.starts_with(
            "error[CI501]: chart 41 refuses `logs`\n --> values.yaml:1:1 (document 1, logs)\n"
        ),
        "{text}"
    );
    let all = reports::junit(&report, &sources, Severity::Warning, Severity::Warning);
    assert!(
        all.contains("<testsuites name=\"civi-ingress lint\" tests=\"4\" failures=\"2\""),
        "{all}"
    );
    let none = reports::junit(&report, &sources, Severity::Error, Severity::Error);
    let document = roxmltree::Document::parse(&none).expect("XML");
    assert_eq!(
        elements(&document, "testcase")[0].attribute("name"),
        Some("lint")
    );
}

#[test]
fn junit_is_well_formed_and_a_case_has_a_name_of_its_own_whatever_is_in_a_name() {
    let odd = "<\u{1}&\"'>]]>\u{fffe}\u{202e}.yaml";
    let text = "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: \"<a>&\\u0007\", namespace: ns}\n\
                spec: {chain: {middlewares: [{name: \"x&<y>\", namspace: 1}, {name: b, namspace: 2}]}}\n";
    let mut sources = vec![source(odd, text), source(".yaml", "a: [\n")];
    let report = lint(&mut sources, &Options::at(NOW)).expect("read");
    assert!(!report.findings.is_empty());
    let xml = reports::junit(&report, &sources, Severity::Info, Severity::Warning);
    let document =
        roxmltree::Document::parse(&xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
    let suite = elements(&document, "testsuite")[0];
    let shown = "<\\u{1}&\"'>]]>\\u{fffe}\\u{202e}.yaml";
    assert_eq!(suite.attribute("name"), Some(shown));
    let mut names: Vec<_> = elements(&document, "testcase")
        .iter()
        .map(|case| {
            (
                case.attribute("classname").unwrap().to_owned(),
                case.attribute("name").unwrap().to_owned(),
            )
        })
        .collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "{names:?}");
    assert!(names.iter().any(|(class, _)| class == ".yaml"), "{names:?}");
}

#[test]
fn the_sarif_log_has_what_the_standard_requires() {
    let (sources, report) = found();
    let log: Value =
        serde_json::from_str(&reports::sarif(&report, &sources, Severity::Info)).expect("JSON");
    // Sections 3.13.2, 3.13.4, 3.14.6, 3.18.2, 3.19.8.
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "civi-ingress");
    let ids: Vec<&str> = driver["rules"]
        .as_array()
        .expect("rules")
        .iter()
        .filter_map(|rule| rule["id"].as_str())
        .collect();
    assert_eq!(ids.len(), rules::ALL.len());
    assert_eq!(driver["rules"][0]["name"], "suppression-without-reason");
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), report.findings.len());
    for result in results {
        // Sections 3.27.5, 3.27.6, 3.27.10, 3.27.11, 3.28, 3.29, 3.30.
        let index =
            usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
        assert_eq!(result["ruleId"], ids[index]);
        assert!(
            ["none", "note", "warning", "error"]
                .contains(&result["level"].as_str().expect("a level"))
        );
        assert!(
            !result["message"]["text"]
                .as_str()
                .expect("a text")
                .is_empty()
        );
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().expect("a URI");
        assert!(!uri.contains([' ', ',', ':']), "{uri}");
        assert!(
            place["region"]["startLine"]
                .as_u64()
                .is_some_and(|line| line >= 1)
        );
        assert!(
            place["region"]["startColumn"]
                .as_u64()
                .is_some_and(|column| column >= 1)
        );
        assert!(result["partialFingerprints"]["civiIngress/v1"].is_string());
    }
}

#[test]
fn an_annotation_is_one_line_with_its_separators_escaped() {
    let (sources, report) = found();
    let text = reports::annotations(&report, &sources, Severity::Warning);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].starts_with(
            "::warning file=a b%2Cc%3A%25.yaml,line=5,col=3,title=CI103::Traefik reads `tls.crt`"
        ),
        "{}",
        lines[0]
    );
    assert!(lines[0].contains("%0AHelp: "));
}

#[test]
fn a_baseline_accepts_what_it_was_written_for_wherever_it_moves_and_nothing_else() {
    let (sources, mut report) = found();
    let (text, _) = baseline::write(&report, &sources);
    let accepted = Baseline::parse(&text, "b.json").expect("our own");
    assert_eq!(accepted.apply(&mut report, &sources), 0);
    assert_eq!(report.accepted, 2);
    assert!(!report.fails(Severity::Warning));

    let mut moved: Vec<Source> = unread()
        .iter()
        .map(|it| source(&it.name, &format!("\n\n{}", it.text.as_str())))
        .collect();
    let mut options = Options::at(NOW);
    options.chart = Some(civi_ingress::chart::ChartMajor::default());
    let mut report = lint(&mut moved[..1], &options).expect("YAML");
    // That of the values file meets nothing now.
    assert_eq!(accepted.apply(&mut report, &moved), 1);
    assert!(!report.fails(Severity::Warning));

    for wrong in [
        "",
        "{}",
        "{\"version\":2,\"findings\":[]}",
        "{\"version\":1,\"findings\":[],\"x\":1}",
    ] {
        assert!(Baseline::parse(wrong, "b.json").is_err(), "{wrong}");
    }
}

#[test]
fn a_suppressed_finding_is_counted_and_does_not_fail() {
    let text = "apiVersion: traefik.io/v1alpha1\nkind: ServersTransport\nmetadata: {name: t, namespace: ns}\nspec:\n  \
                insecureSkipVerify: true # civi-ingress: allow CI113 a demonstration\n";
    let report = report(text, &Options::at(NOW));
    assert_eq!(report.suppressed, 1);
    assert!(!report.fails(Severity::Warning));
}

#[test]
fn an_explanation_says_what_real_traefiks_answered() {
    let rule = rules::find("CI305").expect("a rule");
    let text = explain(rule);
    assert!(text.starts_with(
        "error[CI305]: `minVersion` without a higher `maxVersion`\nName: min-version-alone\n\nIn production: "
    ));
    assert!(
        text.contains("\n  3.7: the browser gets 500\n    error: 500 Internal Server Error"),
        "{text}"
    );
    assert!(text.ends_with(&format!("What to do: {}\n", rule.help)));
}

#[test]
fn a_name_stands_for_its_rule_in_suppressions_baselines_and_explanations() {
    let text = "apiVersion: traefik.io/v1alpha1\nkind: ServersTransport\nmetadata: {name: t, namespace: ns}\nspec:\n  \
                insecureSkipVerify: true # civi-ingress: allow verification-off a demonstration\n";
    assert_eq!(report(text, &Options::at(NOW)).suppressed, 1);
    let misspelt = text.replace("verification-off", "verification-of");
    let found = report(&misspelt, &Options::at(NOW));
    let messages: Vec<&str> = found
        .findings
        .iter()
        .filter(|finding| finding.rule.code == "CI003")
        .map(|finding| finding.message.as_str())
        .collect();
    assert_eq!(messages, ["there is no rule `verification-of`"]);

    let (sources, mut report) = self::found();
    let (written, _) = baseline::write(&report, &sources);
    assert!(written.contains("\"CI501\""), "{written}");
    let by_name = written.replace("CI501", "value-refused-by-chart");
    let accepted = Baseline::parse(&by_name, "b.json").expect("a baseline");
    assert_eq!(accepted.apply(&mut report, &sources), 0);

    let rule = rules::find("wrong-server-name").expect("a rule");
    assert_eq!(rule.code, "CI202");
    assert!(explain(rule).contains("\nName: wrong-server-name\n"));
}

#[test]
fn control_characters_of_an_input_reach_no_terminal() {
    let text = "apiVersion: traefik.io/v1alpha1\nkind: ServersTransport\nmetadata: {name: \"t\\e[31m\", namespace: ns}\n\
                spec: {insecureSkipVerify: true, serverName: \"\\e]0;x\\a\"}\n";
    let mut sources = [source("a\u{1b}.yaml", text)];
    let report = lint(&mut sources, &Options::at(NOW)).expect("YAML");
    for shown in [
        reports::text(&report, &sources, Severity::Info, &plain),
        reports::annotations(&report, &sources, Severity::Info),
        reports::json(&report, &sources, Severity::Info),
    ] {
        assert!(!shown.contains(['\u{1b}', '\u{7}']), "{shown:?}");
    }
}
