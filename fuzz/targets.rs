//! What every reader must stand: any bytes. Each target reads them as one kind of input does, goes on with what it
//! got as the commands do, and panics where something is broken.
//!
//! `driver.rs` calls them on stable with a fixed number of inputs, `fuzz_targets` under libFuzzer.

use civi_ingress::cidr::Cidr;
use civi_ingress::duration::TraefikDuration;
use civi_ingress::fault::{Fault, Faults};
use civi_ingress::find;
use civi_ingress::fleet;
use civi_ingress::gitops::found;
use civi_ingress::inspect;
use civi_ingress::lint::configuration::Configuration;
use civi_ingress::lint::{self, Options, Severity, baseline, report};
use civi_ingress::manifests;
use civi_ingress::name::DnsName;
use civi_ingress::path::entrances::Entrances;
use civi_ingress::path::request::RequestPath;
use civi_ingress::path::{self, hop::ProxyVersion};
use civi_ingress::pki::forms::{self, FormPart};
use civi_ingress::pki::pkcs12::Password;
use civi_ingress::pki::validity::LifeEnd;
use civi_ingress::pki::{PrivateKey, bundle};
use civi_ingress::probe::greeting::{self, GREETING_LIMIT, Greeting};
use civi_ingress::probe::http;
use civi_ingress::probe::objects;
use civi_ingress::probe::proxy;
use civi_ingress::probe::redirect::{Trail, Url};
use civi_ingress::probe::target::{Endpoint, Target, horizon, patience};
use civi_ingress::release::Release;
use civi_ingress::rule::Rule;
use civi_ingress::rule::matchers::{self, Protocol, Syntax};
use civi_ingress::seal::creation_rules::Rules;
use civi_ingress::seal::recipient::{Identity, Recipient};
use civi_ingress::seal::sealed::SealingCertificate;
use civi_ingress::seal::sops;
use civi_ingress::status::{self, Format, Presentation};
use civi_ingress::tone::plain;
use civi_ingress::values::Layers;
use civi_ingress::values::set::{self, Typing};
use civi_ingress::yaml::{self, scalar};
use serde::de::IgnoredAny;
use time::OffsetDateTime;
use time::macros::datetime;
use zeroize::Zeroizing;

/// A target, by its name and that of its corpus.
pub(crate) type FuzzTarget = (&'static str, fn(&[u8]));

/// All targets.
pub(crate) const ALL: [FuzzTarget; 17] = [
    ("apache", apache),
    ("certificates", certificates),
    ("configuration", configuration),
    ("fleet", fleet),
    ("greeting", database_greeting),
    ("http", http_answer),
    ("inspect", inspect_text),
    ("keys", keys),
    ("lint", lint_text),
    ("manifests", manifest_stream),
    ("proxy", proxy_header),
    ("rule", rule),
    ("sealed", sealed),
    ("set", set_arguments),
    ("sops", sops_file),
    ("table", table),
    ("values", values),
];

const NOW: OffsetDateTime = datetime!(2026-11-21 10:00:00 UTC);

/// Returns the input as text; bytes that are none count as the sign for them.
fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

/// Returns which of several forms an input is reported in: to write them all would cost more than to read it. Each
/// change of an input changes the form.
fn form(data: &[u8], forms: usize) -> usize {
    data.iter().map(|byte| usize::from(*byte)).sum::<usize>() % forms
}

/// A fault is one line that can be shown.
fn check(faults: &[Fault]) {
    assert!(!faults.is_empty(), "a refusal says why");
    for fault in faults {
        let line = fault.to_string();
        assert!(!line.contains(char::is_control), "{line:?}");
        assert!(line.len() < 4000, "{line}");
    }
}

/// Values files of `new-instance` and `import`.
pub(crate) fn values(data: &[u8]) {
    let text = text(data);
    match yaml::read(&text, "f.yaml") {
        Err(fault) => check(&[fault]),
        Ok(node) => {
            let mut written = String::new();
            yaml::tree_text(&node, &mut written);
            yaml::read(&written, "-").expect("what we write can be read");
            let mut layers = Layers::default();
            match layers.add_file("f.yaml", &node) {
                Err(fault) => check(&[fault]),
                Ok(()) => drop(layers.settings().map_err(|faults| check(&faults))),
            }
        }
    }
}

/// `--set` or another argument.
pub(crate) fn set_arguments(data: &[u8]) {
    let text = text(data);
    let fault = match form(data, 10) {
        0 => Endpoint::parse(&text, 443).err(),
        1 => patience(&text).err(),
        2 => horizon(&text).err(),
        3 => text.parse::<status::Within>().err(),
        4 => LifeEnd::parse(&text).err(),
        5 => Cidr::parse(&text).err(),
        6 => DnsName::parse(&text).err(),
        7 => TraefikDuration::parse(&text)
            .map(|duration| duration.length())
            .err(),
        8 => return assignments(&text, Typing::Inferred),
        _ => return assignments(&text, Typing::Text),
    };
    if let Some(fault) = fault {
        check(&[fault]);
    }
}

fn assignments(text: &str, typing: Typing) {
    let mut layers = Layers::default();
    match set::parse(text, typing) {
        Err(fault) => check(&[fault]),
        Ok(pairs) => {
            for (path, value) in pairs {
                layers.add(&path, value, set::place(text, typing));
            }
            drop(layers.settings().map_err(|faults| check(&faults)));
        }
    }
}

/// Fleet files, which include themselves as a table too.
pub(crate) fn fleet(data: &[u8]) {
    let source = |name: &str| fleet::Source {
        name: name.to_owned(),
        text: text(data),
    };
    let mut include = |pattern: &str| {
        Ok(match pattern {
            "x.csv" => vec![source("x.csv")],
            _ => Vec::new(),
        })
    };
    match fleet::read(&source("fleet.yaml"), &mut include) {
        Err(faults) => check(&faults),
        Ok(fleet) => {
            for member in &fleet.members {
                drop(fleet.instance(member));
                drop(fleet.helm_values(member));
            }
        }
    }
}

/// The configuration file of a repository.
pub(crate) fn configuration(data: &[u8]) {
    drop(Configuration::parse(&text(data), ".civi-ingress.toml").map_err(|faults| check(&faults)));
}

/// CSV tables.
pub(crate) fn table(data: &[u8]) {
    let source = fleet::Source {
        name: "t.csv".to_owned(),
        text: text(data),
    };
    drop(fleet::table(&source).map_err(|faults| check(&faults)));
}

/// What `status` finds in any file.
pub(crate) fn certificates(data: &[u8]) {
    for name in ["f.crt", "f.yaml", "kustomization.yaml"] {
        state(data, name);
    }
}

/// `status`, in one of its forms.
fn state(data: &[u8], name: &str) {
    let mut findings = match find::read_bytes(data, name, false, None) {
        Err(faults) => return check(&faults),
        Ok(findings) => findings,
    };
    let cluster = findings.take_cluster();
    let mut faults = Faults::default();
    let paths = path::read(&cluster, Release::default().into(), &Entrances::default());
    let report = status::lenient(findings.found, (&cluster, paths), None, NOW, &mut faults);
    let format = match form(data, 6) {
        0 => Format::Table,
        1 => Format::Json,
        2 => Format::Prometheus,
        3 => Format::Html,
        4 => Format::Mermaid,
        _ => Format::Dot,
    };
    drop(report.write(format, &Presentation::default()));
}

/// `inspect`.
pub(crate) fn inspect_text(data: &[u8]) {
    match inspect::read(text(data), "f.pem", None) {
        Err(faults) => check(&faults),
        Ok(findings) => {
            drop(inspect::as_text(&findings, NOW, &plain));
            drop(inspect::as_json(&findings, NOW));
        }
    }
}

/// Keys and bundles of certificates and keys, in PEM and PKCS#12.
pub(crate) fn keys(data: &[u8]) {
    let password = Password::of_text("geheim");
    drop(
        forms::pem(data, "f.p12", FormPart::Leaf, Some(&password)).map_err(|faults| check(&faults)),
    );
    let text = text(data);
    drop(PrivateKey::from_pem(&text).map_err(|fault| check(&[fault])));
    drop(Identity::all_from_text(&text).map_err(|fault| check(&[fault])));
    drop(Recipient::parse(&text).map_err(|fault| check(&[fault])));
    let source = bundle::BundleSource {
        file: "f.pem",
        text: &text,
    };
    drop(bundle::import(&[source], &[], NOW).map_err(|faults| check(&faults)));
}

/// Streams of manifests, as `--reuse`, `import` and `probe` take them.
pub(crate) fn manifest_stream(data: &[u8]) {
    let text = text(data);
    drop(manifests::secrets(&text, "f.yaml").map_err(|faults| check(&faults)));
    drop(objects::read(&[("f.yaml", &text)]).map_err(|faults| check(&faults)));
    drop(found::scan(&text));
    drop(found::read(&text, "f.yaml").map_err(|fault| check(&[fault])));
}

/// `lint`.
pub(crate) fn lint_text(data: &[u8]) {
    judge(text(data));
}

/// `lint`, a third of the time with a report in one of its forms.
fn judge(text: String) {
    let mut sources = [lint::Source::new("f.yaml".to_owned(), Zeroizing::new(text))];
    match lint::lint(&mut sources, &Options::at(NOW)) {
        Err(faults) => check(&faults),
        Ok(found) => {
            let level = Severity::Info;
            let is_json = |text: String| {
                serde_json::from_str::<IgnoredAny>(&text).expect("the report is JSON");
            };
            match form(sources[0].text.as_bytes(), 1024) {
                // It has all rules, whatever was found.
                0 => is_json(report::sarif(&found, &sources, level)),
                1..64 => is_json(report::json(&found, &sources, level)),
                64..96 => drop(report::annotations(&found, &sources, level)),
                96..128 => {
                    let xml = report::junit(&found, &sources, level, Severity::Warning);
                    let is_hidden = |c: char| c.is_control() && c != '\n';
                    assert!(!xml.contains(is_hidden), "{xml:?}");
                }
                128..160 => drop(baseline::write(&found, &sources)),
                160..320 => {
                    let lines = report::text(&found, &sources, level, &plain);
                    let is_hidden = |c: char| c.is_control() && c != '\n';
                    assert!(!lines.contains(is_hidden), "{lines:?}");
                }
                _ => {}
            }
        }
    }
}

/// Rules of Traefik, by themselves, and one in sixteen in a route that `lint` and `status` read.
pub(crate) fn rule(data: &[u8]) {
    let text = text(data);
    match Rule::parse(&text) {
        Err(why) => assert!(
            !why.is_empty() && !why.contains(char::is_control),
            "{why:?}"
        ),
        Ok(rule) => {
            for protocol in [Protocol::Http, Protocol::Tcp] {
                for syntax in [Syntax::V3, Syntax::V2] {
                    drop(matchers::faults(&rule, protocol, syntax));
                }
            }
        }
    }
    let kind = match form(data, 32) {
        0 => "IngressRoute",
        1 => "IngressRouteTCP",
        _ => return,
    };
    let rule = scalar::to_string(&text);
    let manifest = format!(
        "apiVersion: traefik.io/v1alpha1\nkind: {kind}\nmetadata: {{name: a, namespace: n}}\nspec:\n  tls: {{}}\n  \
         routes:\n    - {{kind: Rule, match: {rule}, services: [{{name: s, port: 443}}]}}\n    \
         - {{kind: Rule, match: \"Host(`a.example.org`)\", services: [{{name: s, port: 443}}]}}\n"
    );
    state(manifest.as_bytes(), "f.yaml");
    judge(manifest);
}

/// Apache's configuration in a ConfigMap.
pub(crate) fn apache(data: &[u8]) {
    let text = scalar::to_string(&text(data));
    judge(format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: n}}\ndata:\n  httpd.conf: {text}\n"
    ));
}

/// Files that SOPS encrypted, and its rules.
pub(crate) fn sops_file(data: &[u8]) {
    let text = text(data);
    drop(sops::read(&text, "f.yaml").map_err(|fault| check(&[fault])));
    drop(sops::open(&text, "f.yaml", &[]).map_err(|fault| check(&[fault])));
    let rules = Rules::read(&text, ".sops.yaml", "tree");
    match rules {
        Ok(rules) => {
            if let Err(fault) = rules.recipients("instances/a/secret.yaml") {
                check(&[fault]);
            }
        }
        Err(fault) => check(&[fault]),
    }
}

/// What a controller of SealedSecrets publishes, and the objects.
pub(crate) fn sealed(data: &[u8]) {
    let text = text(data);
    drop(SealingCertificate::from_pem(&text, NOW));
    manifest_stream(data);
}

/// Heads of HTTP answers.
pub(crate) fn http_answer(data: &[u8]) {
    if let Ok(Some(head)) = http::read(data) {
        let _ = head.max_age();
        drop(http::hsts(&head, false));
        drop(http::redirect(&head, "a.example.org"));
    }
    let target = Target::parse("a.example.org").expect("a good host");
    let first = Url::https(&target, &RequestPath::default());
    let mut trail = Trail::new(first, data.to_vec(), None);
    let mut hops = 0;
    while let Some(url) = trail.next() {
        hops += 1;
        assert!(hops <= 10, "a trail ends");
        assert_eq!(url.authority().split(':').next(), Some("a.example.org"));
        trail.push(url, Ok(data.to_vec()));
    }
    for finding in trail.findings(443) {
        assert!(!finding.what.contains(char::is_control), "{}", finding.what);
    }
}

/// The first packet of a database.
pub(crate) fn database_greeting(data: &[u8]) {
    let shown = match greeting::read(data) {
        Ok(None) => {
            assert!(data.len() < GREETING_LIMIT, "what is too long is refused");
            return;
        }
        Ok(Some(Greeting::Welcome { version, .. })) => version,
        Ok(Some(Greeting::Refusal { words, .. })) => words,
        Err(why) => why,
    };
    assert!(
        shown.bytes().all(|byte| matches!(byte, b' '..=b'~')),
        "{shown:?}"
    );
}

/// Headers of the PROXY protocol between any two addresses.
pub(crate) fn proxy_header(data: &[u8]) {
    let mut bytes = [0; 36];
    let length = data.len().min(bytes.len());
    bytes[..length].copy_from_slice(&data[..length]);
    let address = |at: usize| {
        let port = u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let ip: [u8; 16] = bytes[at + 2..at + 18].try_into().expect("16 bytes");
        match bytes[at] % 2 {
            0 => std::net::SocketAddr::from((ip, port)),
            _ => std::net::SocketAddr::from(([ip[0], ip[1], ip[2], ip[3]], port)),
        }
    };
    for version in [ProxyVersion::V1, ProxyVersion::V2] {
        let header = proxy::header(version, address(0), address(18));
        assert!(!header.is_empty());
    }
}
