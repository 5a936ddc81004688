//! What ends when: every form of the report, and how the command reads a fleet.

mod page;
mod paths;
mod renewals;
mod selection;
mod sources;

use crate::support::{NOW, Recipe, assert_snapshot_in, run_in, run_with_stdin, write};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use civi_ingress::cluster::data::Certificates;
use civi_ingress::cluster::{Cluster, Object};
use civi_ingress::find::{self, FoundCertificate, Origin};
use civi_ingress::pki::{Certificate, Chain};
use civi_ingress::status::{self, Format, LegVerdict, Presentation, Report, Urgency};
use civi_ingress::visible;
use pki_types::CertificateDer;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tempfile::TempDir;
use time::Duration;

const NAMES_THAT_ATTACK: [&str; 4] = [
    "<script>alert(\"1\")</script>",
    "a\"];\n} --> b'#x\\",
    "\u{202e}gro.elpmaxe\u{1b}[31m",
    "x{{y}}\"><img src=//h onerror=1>",
];

fn secret(kind: &str, namespace: &str, name: &str, data: &[(&str, &str)]) -> String {
    let lines = data
        .iter()
        .map(|(key, pem)| format!("  {key}: {}\n", STANDARD.encode(pem)));
    let lines: String = lines.collect();
    format!(
        "---\napiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: {namespace}\ndata:\n{lines}"
    )
}

fn chain(names: &[&str], days_ago: i64, keys: (&str, &str)) -> Chain {
    Recipe {
        names,
        now: NOW - Duration::days(days_ago),
        keys,
        ..Recipe::default()
    }
    .chain()
}

/// An instance as the chart and this program render it, made this many days ago.
fn instance(name: &str, days_ago: i64) -> String {
    let host = format!("{name}.example.org");
    let namespace = format!("paroisse-{name}");
    let server = chain(&[&host], days_ago, ("ca", "leaf"));
    let database_names = ["civicrmdb", &format!("civicrmdb.{namespace}.svc")];
    let database = chain(&database_names, days_ago, ("db-ca", "db-leaf"));
    let data = [
        ("cacert", server.ca.pem()),
        ("dbcacert", database.ca.pem()),
        ("externcert", server.leaf.pem()),
        ("externkey", server.leaf_key.pem()),
        ("dbservercert", database.leaf.pem()),
    ];
    [
        secret("Secret", &namespace, "selfcert", &data),
        secret("Secret", &namespace, "externca", &[("ca.crt", server.ca.pem())]),
        format!(
            "---\napiVersion: traefik.io/v1alpha1\nkind: ServersTransport\nmetadata: {{name: transport-selfsigned, \
             namespace: {namespace}}}\nspec:\n  serverName: {host}\n  rootCAs: [{{secret: externca}}]\n\
             ---\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: ingressproxy, namespace: \
             {namespace}}}\nspec:\n  routes:\n    - match: Host(`{host}`)\n      services: [{{name: civicrmhttpd, port: \
             443, serversTransport: transport-selfsigned}}]\n  tls: {{}}\n"
        ),
    ]
    .concat()
}

fn wildcard() -> String {
    let chain = chain(&["*.example.org"], 10, ("ca", "rsa"));
    let store = "---\napiVersion: traefik.io/v1alpha1\nkind: TLSStore\nmetadata: {name: default, namespace: default}\n\
                 spec: {defaultCertificate: {secretName: wildcardsecret}}\n";
    let data = [("tls.crt", chain.leaf.pem())];
    secret("Secret", "default", "wildcardsecret", &data) + store
}

/// One instance of each urgency but "not yet valid", and what browsers see.
fn fleet() -> String {
    let instances = [("a", 0), ("b", 400), ("c", 300), ("d", 220)];
    let instances = instances.map(|(name, days_ago)| instance(name, days_ago));
    instances.concat() + &wildcard()
}

fn report(text: &str) -> Report {
    let mut findings = find::read(text, "fleet.yaml").expect("good YAML");
    assert_eq!(findings.damaged, []);
    let cluster = findings.take_cluster();
    status::report(findings.found, &cluster, NOW).expect("good certificates")
}

#[test]
fn the_table_of_a_fleet() {
    assert_snapshot_in!(
        "status",
        "table",
        report(&fleet()).write(Format::Table, &Presentation::default())
    );
}

#[test]
fn the_metrics_of_a_fleet() {
    let text = report(&fleet()).write(Format::Prometheus, &Presentation::default());
    assert_snapshot_in!("status", "prometheus", text);
}

#[test]
fn the_page_of_a_fleet() {
    assert_snapshot_in!(
        "status",
        "html",
        report(&fleet()).write(Format::Html, &Presentation::default())
    );
}

#[test]
fn the_mermaid_flowchart_of_a_fleet() {
    assert_snapshot_in!(
        "status",
        "mermaid",
        report(&fleet()).write(Format::Mermaid, &Presentation::default())
    );
}

#[test]
fn the_graph_of_a_fleet() {
    assert_snapshot_in!(
        "status",
        "dot",
        report(&fleet()).write(Format::Dot, &Presentation::default())
    );
}

#[test]
fn the_json_of_an_instance() {
    let report = report(&(instance("a", 0) + &wildcard()));
    let mut text = report.write(Format::Json, &Presentation::default());
    // A signature is different every time.
    for (number, row) in report.rows.iter().enumerate() {
        text = text.replace(
            &row.details.sha256.to_string(),
            &format!("<SHA-256 of row {number}>"),
        );
    }
    assert_snapshot_in!("status", "json", text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn rows_are_sorted_by_urgency_then_by_the_days_of_renewal_and_end(
        lives in prop::collection::vec((-400i64..400, 1u32..800), 1..12)
    ) {
        let found = lives.iter().enumerate().map(|(number, (days_ago, days))| {
            let chain = Recipe {
                now: NOW - Duration::days(*days_ago),
                days: *days,
                ..Recipe::default()
            }
            .chain();
            let path = format!("{number}.pem");
            FoundCertificate { origin: Origin::File { path, number: 0 }, certificate: chain.leaf }
        });
        let report = status::report(found.collect(), &Cluster::default(), NOW).unwrap();
        prop_assert_eq!(report.rows.len(), lives.len());
        for pair in report.rows.windows(2) {
            let key = |row: &status::Row| {
                let end = row.details.validity.not_after;
                (row.urgency, row.due.date(), end.date())
            };
            prop_assert!(key(&pair[0]) <= key(&pair[1]));
        }
        for row in &report.rows {
            let validity = row.details.validity;
            let expected = if NOW > validity.not_after {
                Urgency::Expired
            } else if NOW < validity.not_before {
                Urgency::NotYetValid
            } else if NOW >= validity.due_at() {
                Urgency::Due
            } else if NOW + Duration::days(30) >= validity.due_at() {
                Urgency::Soon
            } else {
                Urgency::Fine
            };
            prop_assert_eq!(row.urgency, expected);
        }
    }
}

#[test]
fn a_certificate_in_several_places_is_one_row_that_lists_them() {
    let report = report(&instance("a", 0));
    let row = report
        .rows
        .iter()
        .find(|row| row.origins.len() > 1)
        .expect("the CA is in two Secrets");
    let places: Vec<String> = row.origins.iter().map(Origin::short).collect();
    assert_eq!(
        places,
        ["paroisse-a/externca ca.crt", "paroisse-a/selfcert cacert"]
    );
    assert_eq!(report.rows.len(), 4);
}

#[test]
fn a_certificate_that_a_host_served_is_shown_with_its_address() {
    let chain = chain(&["a.example.org"], 0, ("ca", "leaf"));
    let found = [chain.leaf, chain.ca].into_iter().enumerate();
    let found = found.map(|(index, certificate)| FoundCertificate {
        origin: Origin::Endpoint {
            host: "a.example.org:443".to_owned(),
            at: None,
            number: index + 1,
        },
        certificate,
    });
    let report = status::report(found.collect(), &Cluster::default(), NOW).unwrap();
    let table = report.write(Format::Table, &Presentation::default());
    assert!(
        table.contains("fine   a.example.org:443 #1  ok    a.example.org "),
        "{table}"
    );
    let metrics = parse_metrics(&report.write(Format::Prometheus, &Presentation::default()));
    let endpoint = ("endpoint".to_owned(), "a.example.org:443".to_owned());
    assert!(metrics[0].1.contains(&endpoint), "{metrics:?}");
}

#[test]
fn a_certificate_in_many_places_is_shown_in_a_few_and_counted() {
    let pem = chain(&["a.example.org"], 0, ("ca", "leaf"))
        .leaf
        .pem()
        .to_owned();
    let secrets =
        (1..=9).map(|number| secret("Secret", &format!("n{number}"), "s", &[("ca.crt", &pem)]));
    let report = report(&secrets.collect::<String>());
    assert_eq!(report.rows[0].origins.len(), 9);
    let table = report.write(Format::Table, &Presentation::default());
    assert_eq!(table.lines().count(), 6);
    assert!(table.ends_with("  also 5 more\n"), "{table}");
}

#[test]
fn a_damaged_certificate_of_a_bundle_does_not_hide_the_others() {
    let good = chain(&["a.example.org"], 0, ("ca", "leaf"))
        .leaf
        .pem()
        .to_owned();
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let findings = find::read(&format!("{good}{bad}{good}"), "b.pem").unwrap();
    assert_eq!(findings.found.len(), 2);
    let damaged: Vec<String> = findings.damaged.iter().map(ToString::to_string).collect();
    assert!(
        damaged.len() == 1 && damaged[0].starts_with("b.pem #2: "),
        "{damaged:?}"
    );
}

#[test]
fn the_path_of_an_instance_is_found_with_and_without_its_route() {
    let whole = instance("a", 0) + &wildcard();
    let secrets: String = whole
        .split("---\n")
        .filter(|document| document.contains("kind: Secret\n"))
        .map(|document| format!("---\n{document}"))
        .collect();
    for text in [&whole, &secrets] {
        let report = report(text);
        let [instance] = report.instances.as_slice() else {
            panic!("one instance")
        };
        assert_eq!(instance.hosts, ["a.example.org"]);
        let names = |leg: &status::JudgedLeg| report.rows[leg.certificate.unwrap()].names();
        assert_eq!(names(&instance.browser), "*.example.org");
        assert_eq!(names(&instance.backend), "a.example.org");
        assert_eq!(instance.backend.verdict, LegVerdict::Signed);
        let database = instance.database.as_ref().unwrap();
        assert_eq!(names(database), "civicrmdb, civicrmdb.paroisse-a.svc");
        assert_eq!(database.verdict, LegVerdict::Signed);
        assert_eq!(instance.urgency, Some(Urgency::Fine));
    }
}

#[test]
fn a_path_says_when_the_trusted_authority_is_another_and_when_the_name_is() {
    let other = chain(&["a.example.org"], 0, ("db-ca", "leaf"));
    let mut objects = instance("a", 0);
    let externca = objects.find("  name: externca").unwrap();
    objects.replace_range(externca..externca + 16, "  name: old-name");
    objects += &secret(
        "Secret",
        "paroisse-a",
        "externca",
        &[("ca.crt", other.ca.pem())],
    );
    assert_eq!(
        report(&objects).instances[0].backend.verdict,
        LegVerdict::NotSigned
    );
    let renamed = instance("a", 0).replace("serverName: a.", "serverName: b.");
    assert_eq!(
        report(&renamed).instances[0].backend.verdict,
        LegVerdict::OtherName
    );
}

#[test]
fn a_ca_that_stays_in_a_bundle_after_its_successor_signs_raises_no_alarm() {
    let old = chain(&["a.example.org"], 300, ("rsa", "db-leaf")).ca;
    let before = instance("a", 0);
    let line = before.lines().find(|line| line.starts_with("  ca.crt: "));
    let value = line.and_then(|line| line.split(": ").nth(1)).expect("a CA");
    let new = String::from_utf8(STANDARD.decode(value).unwrap()).unwrap();
    let pems = |first: &str, second: &str| {
        let both = STANDARD.encode(format!("{first}{second}"));
        before.replace(&format!("ca.crt: {value}"), &format!("ca.crt: {both}"))
    };
    for text in [pems(&new, old.pem()), pems(old.pem(), &new)] {
        let report = report(&text);
        assert_eq!(report.count(Urgency::Replaced), 1);
        assert_eq!(report.count(Urgency::Due), 0);
        assert_eq!(report.ending("90d".parse().unwrap()).count(), 0);
        assert_eq!(report.instances[0].urgency, Some(Urgency::Fine));
        let last = report.rows.last().unwrap();
        assert_eq!(last.details.sha256, old.details().unwrap().sha256);
        assert!(
            report
                .write(Format::Html, &Presentation::default())
                .contains("still trusted, and may end")
        );
    }
    // Alone, or with nothing that its neighbour signs, it is what is trusted.
    let alone = secret(
        "Secret",
        "n",
        "externca",
        &[("ca.crt", &format!("{}{new}", old.pem()))],
    );
    assert_eq!(report(&alone).count(Urgency::Replaced), 0);
}

#[test]
fn certificates_in_clear_text_are_found_in_sops_sealed_secrets_and_config_maps() {
    let pem = chain(&["a.example.org"], 0, ("ca", "leaf"))
        .leaf
        .pem()
        .to_owned();
    let indented = pem.replace('\n', "\n        ");
    let text = format!(
        "kind: Secret\nmetadata: {{name: selfcert, namespace: ns}}\ndata:\n  externcert: {}\n  \
         externkey: ENC[AES256_GCM,data:MP49xQ==,iv:MLuF,tag:fZVK,type:str]\nsops: {{mac: x}}\n---\n\
         kind: SealedSecret\nmetadata: {{name: sealed, namespace: ns}}\nspec:\n  encryptedData: {{externkey: AgBy}}\n  \
         template:\n    data:\n      externcert: |\n        {indented}\n---\n\
         kind: ConfigMap\nmetadata: {{name: externca, namespace: ns}}\ndata:\n  ca.crt: |\n        {indented}\n---\n\
         kind: Secret\nmetadata: {{name: clear, namespace: ns}}\nstringData:\n  tls.crt: |\n        {indented}\n",
        STANDARD.encode(&pem)
    );
    let mut findings = find::read(&text, "f.yaml").unwrap();
    let places: Vec<String> = findings
        .found
        .iter()
        .map(|found| found.origin.to_string())
        .collect();
    let expected = [
        "f.yaml Secret ns/selfcert externcert",
        "f.yaml SealedSecret ns/sealed externcert",
        "f.yaml ConfigMap ns/externca ca.crt",
        "f.yaml Secret ns/clear tls.crt",
    ];
    assert_eq!(places, expected);
    assert_eq!(findings.encrypted, ["f.yaml Secret ns/selfcert externkey"]);
    assert_eq!(findings.damaged, []);
    let cluster = findings.take_cluster();
    let report = status::report(findings.found, &cluster, NOW).unwrap();
    let metrics = report.write(Format::Prometheus, &Presentation::default());
    assert!(metrics.contains(
        "configmap_namespace=\"ns\",configmap_name=\"externca\",configmap_key=\"ca.crt\""
    ));
}

/// A certificate with any common name and subject alternative name.
fn odd_certificate(name: &str, host: &str) -> Certificate {
    let mut parameters = rcgen::CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    let host = rcgen::string::Ia5String::try_from(host).unwrap();
    parameters.subject_alt_names = vec![rcgen::SanType::DnsName(host)];
    parameters.not_before = NOW - Duration::DAY;
    parameters.not_after = NOW + Duration::days(90);
    let key = rcgen::KeyPair::generate().unwrap();
    let der = parameters.self_signed(&key).unwrap().der().to_vec();
    Certificate::from_der(CertificateDer::from(der)).unwrap()
}

/// A fleet in which every text that others choose is hostile.
fn hostile() -> Report {
    let mut found = Vec::new();
    let mut objects = Vec::new();
    for (number, name) in NAMES_THAT_ATTACK.into_iter().enumerate() {
        let certificate = odd_certificate(name, "\"><b>x</b>\\.example.org");
        found.push(FoundCertificate {
            origin: Origin::Object(find::ObjectOrigin {
                namespace: Some(name.to_owned()),
                name: name.to_owned(),
                key: "externcert".to_owned(),
                number: 0,
                kind: find::ObjectKind::Secret,
                file: name.to_owned(),
            }),
            certificate: certificate.clone(),
        });
        let path = format!("{name}/{number}.pem");
        found.push(FoundCertificate {
            origin: Origin::File { path, number: 0 },
            certificate: odd_certificate(name, "h.example.org"),
        });
        let quoted = serde_json::to_string(name).unwrap();
        let route = format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {quoted}, namespace: {quoted}}}\n\
             spec: {{parentRefs: [{{name: {quoted}}}], hostnames: [{quoted}], rules: [{{backendRefs: [{{name: {quoted}}}]}}]}}\n"
        );
        let route = civi_ingress::yaml::read(&route, name).unwrap();
        objects.extend(Object::read(&route, &name.into(), &Certificates::default()));
    }
    let cluster = Cluster::new(objects, BTreeMap::new());
    status::report(found, &cluster, NOW).unwrap()
}

#[test]
fn no_control_character_of_a_certificate_reaches_a_terminal() {
    for format in [Format::Table, Format::Mermaid, Format::Dot, Format::Html] {
        let text = hostile().write(format, &Presentation::default());
        let bad = text
            .chars()
            .find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
        assert_eq!(bad, None, "{format:?}");
    }
    assert_eq!(
        hostile()
            .write(Format::Table, &Presentation::default())
            .lines()
            .count(),
        9
    );
}

#[test]
fn a_page_escapes_what_others_chose() {
    let page = hostile().write(Format::Html, &Presentation::default());
    for bad in ["<img", "<b>x</b>"] {
        assert!(!page.contains(bad), "{bad}");
    }
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;"));
}

#[test]
fn a_page_stands_alone_under_its_own_policy() {
    for report in [report(&fleet()), hostile(), report(&wildcard())] {
        let page = report.write(Format::Html, &Presentation::default());
        let style = page
            .split_once("<style>")
            .and_then(|(_, rest)| rest.split_once("</style>"))
            .expect("a style sheet")
            .0;
        let script = page
            .split_once("<script>")
            .and_then(|(_, rest)| rest.split_once("</script>"))
            .expect("a script")
            .0;
        let hash = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
        let policy = format!(
            "content=\"default-src 'none';style-src 'sha256-{}';script-src 'sha256-{}';base-uri 'none';form-action 'none'\"",
            hash(style),
            hash(script)
        );
        assert!(page.contains(&policy));
        for outside in ["fetch(", "import", "http:", "https:", "innerHTML", "eval"] {
            assert!(!script.contains(outside), "{outside}");
        }
        let whole_script = format!("<script>{script}</script>");
        let (markup, style) = (
            page.replace(style, "").replace(&whole_script, ""),
            style.replace("url(#h)", ""),
        );
        for outside in ["url(", "@import", "http:", "https:"] {
            assert!(!style.contains(outside), "{outside}");
        }
        for forbidden in [
            " style=", "<script", " src=\"", "<link", "<img", "<iframe", " onclick",
        ] {
            assert!(!markup.contains(forbidden), "{forbidden}");
        }
        let values = |attribute: &str| -> Vec<String> {
            let begin = format!(" {attribute}=\"");
            let parts = markup.split(&begin[..]).skip(1);
            parts
                .map(|rest| rest.split('"').next().unwrap().to_owned())
                .collect()
        };
        let ids: Vec<String> = values("id");
        let unique: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "{ids:?}");
        for target in values("href") {
            let id = target.strip_prefix('#').expect("links stay on the page");
            assert!(unique.contains(&id.to_owned()), "{target}");
        }
        for element in [
            "details", "summary", "section", "svg", "symbol", "g", "ol", "table", "div", "em", "b",
            "small", "span",
        ] {
            let opened = markup.matches(&format!("<{element}>")[..]).count()
                + markup.matches(&format!("<{element} ")[..]).count();
            let closed = markup.matches(&format!("</{element}>")[..]).count();
            assert_eq!(opened, closed, "{element}");
        }
    }
}

#[test]
fn a_diagram_keeps_hostile_names_inside_their_labels() {
    let mermaid = hostile().write(Format::Mermaid, &Presentation::default());
    for line in mermaid.lines() {
        // Outside its quotes a line holds only what this program writes.
        assert_eq!(line.matches('"').count() % 2, 0, "{line}");
        let outside: String = line.split('"').step_by(2).collect();
        assert!(
            !outside.contains("script") && !outside.contains('<'),
            "{line}"
        );
    }
    assert!(!mermaid.contains("<script") && !mermaid.contains("{{"));
    for line in hostile()
        .write(Format::Dot, &Presentation::default())
        .lines()
    {
        let quotes = line
            .replace("\\\\", "")
            .replace("\\\"", "")
            .matches('"')
            .count();
        assert_eq!(quotes % 2, 0, "{line}");
    }
}

/// A sample of the text format: name, labels, value.
type Sample = (String, Vec<(String, String)>, f64);

/// Reads the text format strictly: a family is a HELP line, a TYPE line and its samples, each series once.
fn parse_metrics(text: &str) -> Vec<Sample> {
    assert!(text.ends_with('\n'));
    let mut samples: Vec<Sample> = Vec::new();
    let mut families: Vec<String> = Vec::new();
    let mut series = BTreeSet::new();
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a help text");
            assert!(is_name(name) && !help.is_empty(), "{line}");
            assert!(!families.contains(&name.to_owned()), "{name} comes twice");
            assert_eq!(lines.next(), Some(&format!("# TYPE {name} gauge")[..]));
            families.push(name.to_owned());
            continue;
        }
        let end = line.find(['{', ' ']).expect("a value");
        let name = &line[..end];
        assert_eq!(Some(name), families.last().map(String::as_str), "{line}");
        let mut labels = Vec::new();
        let mut rest = &line[end..];
        if let Some(inside) = rest.strip_prefix('{') {
            rest = inside;
            loop {
                let (label, value) = rest.split_once("=\"").expect("a label");
                assert!(is_name(label), "{label}");
                let mut text = String::new();
                let mut characters = value.char_indices();
                let end = loop {
                    let (at, character) = characters.next().expect("the quote closes");
                    match character {
                        '"' => break at,
                        '\\' => match characters.next().expect("an escape").1 {
                            'n' => text.push('\n'),
                            other => {
                                assert!(['\\', '"'].contains(&other), "{line}");
                                text.push(other);
                            }
                        },
                        other => text.push(other),
                    }
                };
                labels.push((label.to_owned(), text));
                rest = &value[end + 1..];
                match rest.strip_prefix(',') {
                    Some(next) => rest = next,
                    None => break,
                }
            }
            rest = rest.strip_prefix('}').expect("the brace closes");
        }
        let value = rest
            .strip_prefix(' ')
            .expect("one space")
            .parse()
            .expect("a number");
        let known: BTreeSet<&String> = labels.iter().map(|(label, _)| label).collect();
        assert_eq!(known.len(), labels.len(), "a label comes twice: {line}");
        assert!(
            series.insert((name.to_owned(), labels.clone())),
            "a series comes twice: {line}"
        );
        samples.push((name.to_owned(), labels, value));
    }
    samples
}

#[test]
fn the_metrics_are_read_back_with_every_label_as_it_can_be_shown() {
    let report = hostile();
    let text = report.write(Format::Prometheus, &Presentation::default());
    assert!(text.chars().all(|c| c == '\n' || visible::is_visible(c)));
    let samples = parse_metrics(&text);
    let shown = |name: &str| {
        let lines: Vec<_> = name.split('\n').map(visible::line).collect();
        lines.join("\n")
    };
    let of = |metric: &'static str| samples.iter().filter(move |sample| sample.0 == metric);
    assert_eq!(of("x509_cert_not_after").count(), 8);
    for (_, labels, value) in of("x509_cert_not_after") {
        let label = |name: &str| {
            labels
                .iter()
                .find(|(label, _)| label == name)
                .map(|(_, value)| value.as_str())
        };
        let common_name = label("subject_CN").expect("a common name");
        assert!(
            NAMES_THAT_ATTACK
                .iter()
                .any(|name| shown(name) == common_name),
            "{common_name:?}"
        );
        assert!(
            label("serial_number")
                .unwrap()
                .bytes()
                .all(|byte| byte.is_ascii_digit())
        );
        let end = (NOW + Duration::days(90)).unix_timestamp();
        assert_eq!(format!("{value}"), end.to_string());
        match label("secret_name") {
            Some(name) => assert_eq!(label("secret_namespace"), Some(name)),
            None => assert!(
                label("filepath")
                    .unwrap()
                    .ends_with(label("filename").unwrap())
            ),
        }
    }
    let seconds = (90 * 86_400).to_string();
    assert!(of("x509_cert_expires_in_seconds").all(|(_, _, value)| format!("{value}") == seconds));
    assert!(of("x509_cert_expired").all(|(_, _, value)| value.to_bits() == 0.0f64.to_bits()));
}

#[test]
fn a_serial_number_is_the_same_number_in_both_forms() {
    for (serial, decimal) in [
        (vec![1], "1"),
        (
            vec![0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            "9223372036854775807",
        ),
        (
            vec![0x7f; 20],
            "727885129180488904360266563744972327436484050815",
        ),
    ] {
        let mut parameters = rcgen::CertificateParams::default();
        parameters.serial_number = Some(serial.into());
        let key = rcgen::KeyPair::generate().unwrap();
        let der = parameters.self_signed(&key).unwrap().der().to_vec();
        let certificate = Certificate::from_der(CertificateDer::from(der)).unwrap();
        assert_eq!(certificate.details().unwrap().serial_decimal(), decimal);
    }
}

#[test]
fn series_that_would_be_equal_are_told_apart() {
    let pem = |days_ago| chain(&["a.example.org"], days_ago, ("ca", "leaf")).leaf;
    let bundle = format!("{}{}", pem(0).pem(), pem(1).pem());
    let text = secret("Secret", "n", "s", &[("tls.crt", &bundle)]);
    // The same Secret in two files is one.
    let twice = text.clone() + &text;
    let samples =
        parse_metrics(&report(&twice).write(Format::Prometheus, &Presentation::default()));
    let ends = samples
        .iter()
        .filter(|sample| sample.0 == "x509_cert_not_after");
    let discriminators: Vec<bool> = ends
        .map(|(_, labels, _)| labels.iter().any(|(label, _)| label == "discriminator"))
        .collect();
    assert_eq!(discriminators, [true, true]);
}

#[test]
fn the_command_reads_stdin_and_fails_only_where_it_is_told_to() {
    let directory = TempDir::new().unwrap();
    let fleet = fleet();
    let quiet = run_with_stdin(directory.path(), &["status", "-"], &fleet);
    assert_eq!((quiet.status, quiet.stderr.as_str()), (0, ""));
    assert_eq!(
        quiet.stdout,
        report(&fleet).write(Format::Table, &Presentation::default())
    );
    let arguments = ["status", "-", "--fail-within", "66d", "--format", "json"];
    let failing = run_with_stdin(directory.path(), &arguments, &fleet);
    assert_eq!(failing.status, 1);
    assert_eq!(
        failing.stderr,
        "error: 4 of 17 certificates expire within 66d or have expired\n"
    );
    assert!(failing.stdout.starts_with("{\n  \"version\": 1,\n"));
    let arguments = ["status", "-", "--fail-within", "1y"];
    let refused = run_with_stdin(directory.path(), &arguments, &fleet);
    assert_eq!((refused.status, refused.stdout.as_str()), (2, ""));
    assert_eq!(
        refused.stderr,
        "error: --fail-within: `1y` is not a time span\n\
         help: use a whole number with a unit, such as `30d`, `12h` or `4w`\n"
    );
}

#[test]
fn a_tree_is_read_without_links_and_what_cannot_be_read_is_reported() {
    let directory = TempDir::new().unwrap();
    let path = |name: &str| directory.path().join("tree").join(name);
    std::fs::create_dir_all(path("deep/er")).unwrap();
    write(&path("deep/er/all.yml"), &instance("a", 0));
    write(&path("values.yaml"), "a: {{ not yaml }\n");
    write(
        &path("chart.yaml"),
        "kind: IngressRoute\nspec: {{ .Values.x }\n",
    );
    write(
        &path("note.txt"),
        chain(&["txt.example.org"], 0, ("ca", "leaf")).leaf.pem(),
    );
    write(
        &path("bad.pem"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    write(
        &directory.path().join("b.pem"),
        chain(&["b.example.org"], 0, ("ca", "leaf")).leaf.pem(),
    );
    std::os::unix::fs::symlink("../b.pem", path("link.pem")).unwrap();
    std::os::unix::fs::symlink("..", path("loop")).unwrap();
    let run = run_in(directory.path(), &["status", "tree"]);
    assert_eq!(run.status, 0);
    let warnings: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(warnings.len(), 2, "{}", run.stderr);
    assert!(
        warnings[0].starts_with("warning: tree/chart.yaml:"),
        "{}",
        run.stderr
    );
    assert!(
        warnings[1].starts_with("warning: tree/bad.pem: "),
        "{}",
        run.stderr
    );
    assert_eq!(run.stdout.lines().count(), 6, "{}", run.stdout);
    assert!(!run.stdout.contains("b.example.org"));
    let run = run_in(directory.path(), &["status", "tree", "--fail-within", "1d"]);
    assert_eq!(run.status, 1);
    assert!(
        run.stderr
            .ends_with("error: 2 values or files could not be read\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn encrypted_certificates_are_counted_in_a_note() {
    let directory = TempDir::new().unwrap();
    let sops = "---\nkind: Secret\nmetadata: {name: s}\ndata:\n  externcert: ENC[AES256_GCM,data:dEf2H35jLkc=]\n  \
                externkey: ENC[AES256_GCM,data:Upzpgw==]\nsops: {mac: x}\n";
    let text = instance("a", 0) + sops;
    let run = run_with_stdin(directory.path(), &["status", "-"], &text);
    assert_eq!(
        run.stderr,
        "note: 1 encrypted values are certificates by their key; the report is without them\n"
    );
    assert_eq!(
        run.good(),
        report(&text).write(Format::Table, &Presentation::default())
    );
}

#[test]
fn an_input_without_certificates_is_refused() {
    let directory = TempDir::new().unwrap();
    let run = run_with_stdin(directory.path(), &["status", "-"], "");
    assert_eq!((run.status, run.stdout.as_str()), (3, ""));
    assert_eq!(
        run.stderr,
        "error: standard input: there is no certificate\n\
         help: pass manifests with Secrets, PEM files or directories of them\n"
    );
}

#[test]
fn a_report_file_is_replaced_only_on_request() {
    let directory = TempDir::new().unwrap();
    write(&directory.path().join("fleet.yaml"), &instance("a", 0));
    let arguments = [
        "status",
        "fleet.yaml",
        "--format",
        "html",
        "--output-file",
        "page.html",
    ];
    assert_eq!(run_in(directory.path(), &arguments).good(), "");
    let page = crate::support::read(&directory.path().join("page.html"));
    assert!(page.starts_with("<!doctype html>"));
    assert_eq!(run_in(directory.path(), &arguments).status, 5);
    let forced = [&arguments[..], &["--force"]].concat();
    assert_eq!(run_in(directory.path(), &forced).status, 0);
}

#[test]
fn the_language_of_the_page_is_that_of_the_option_or_of_the_locale() {
    let directory = TempDir::new().expect("a directory");
    write(&directory.path().join("fleet.yaml"), &fleet());
    let page = |environment: &[(&str, &str)], option: &[&str]| {
        let mut command = crate::support::command(directory.path());
        command.envs(environment.iter().copied());
        command.args(["status", "fleet.yaml", "--format", "html"]);
        let page = crate::support::finish(command.args(option)).good();
        page[page.find("lang=").expect("a language")..][6..8].to_owned()
    };
    assert_eq!(page(&[], &[]), "en");
    assert_eq!(page(&[], &["--lang", "fr"]), "fr");
    assert_eq!(page(&[("LANG", "fr_FR.UTF-8")], &[]), "fr");
    assert_eq!(
        page(&[("LANG", "fr_FR.UTF-8"), ("LC_MESSAGES", "C")], &[]),
        "en"
    );
    assert_eq!(page(&[("LANG", "C"), ("LC_ALL", "fr_CH")], &[]), "fr");
    assert_eq!(page(&[("LC_ALL", ""), ("LANG", "fr_FR")], &[]), "fr");
    assert_eq!(page(&[("LANG", "de_DE")], &[]), "en");
    assert_eq!(page(&[("LANG", "fr_FR")], &["--lang", "en"]), "en");
}
