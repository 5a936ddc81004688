//! Fleet files: what they mean, and what is reported about wrong ones.

use crate::support::assert_snapshot_in;
use civi_ingress::fault::Fault;
use civi_ingress::fleet::{
    self, CaCustody, CertificateSource, Fleet, FrontNames, Layout, Member, Secrets, Source,
};
use civi_ingress::path::expand::Topology;
use civi_ingress::path::hop::ProxyVersion;
use proptest::prelude::*;
use std::fmt::Write as _;

/// A fleet file and what lies beside it, by pattern.
struct Files<'a> {
    main: &'a str,
    beside: &'a [(&'a str, &'a str)],
}

impl Files<'_> {
    fn read(&self) -> Result<Fleet, Vec<Fault>> {
        let source = |name: &str, text: &str| Source {
            name: name.to_owned(),
            text: text.to_owned(),
        };
        fleet::read(&source("fleet.yaml", self.main), &mut |pattern| {
            let prefix = pattern.trim_end_matches(['*']);
            let matching = self
                .beside
                .iter()
                .filter(|(name, _)| name.starts_with(prefix));
            Ok(matching.map(|(name, text)| source(name, text)).collect())
        })
    }
}

/// Puts a `spec` below the head of a fleet file.
fn with_head(spec: &str) -> String {
    format!(
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {{name: uepal}}\nspec:\n{spec}"
    )
}

fn read(spec: &str) -> Result<Fleet, Vec<Fault>> {
    let main = with_head(spec);
    Files {
        main: &main,
        beside: &[],
    }
    .read()
}

/// Returns the text that the program prints for faults.
fn text(faults: &[Fault]) -> String {
    let mut out = String::new();
    for fault in faults {
        writeln!(out, "error: {fault}").unwrap();
        if let Some(snippet) = &fault.snippet {
            write!(out, "{snippet}").unwrap();
        }
        if let Some(help) = &fault.help {
            writeln!(out, "help: {help}").unwrap();
        }
    }
    out
}

#[track_caller]
fn good(spec: &str) -> Fleet {
    read(spec).unwrap_or_else(|faults| panic!("{}", text(&faults)))
}

fn member<'a>(fleet: &'a Fleet, id: &str) -> &'a Member {
    let is = |member: &&Member| member.id.as_str() == id;
    fleet.members.iter().find(is).expect("the member exists")
}

const FULL: &str = r#"
  domain: uepal.net
  traefik: {version: "3.4", chart: 33, entryPoints: [websecure, internal]}
  secrets: {mode: sops, recipients: [age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq, age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p]}
  layout: flat
  shards: 4
  wildcard: {namespace: traefik, apex: true, certificate: {days: 90, ca: external}}
  flux: {source: fleet, decryptionSecret: sops-age}
  defaults:
    namespace: "civi-{id}"
    aliases: ["{id}-old.{domain}"]
    certificate: {days: 200, renewBefore: 60d}
    serversTransport: {dialTimeout: 5s}
    objects: {configMap: true, retry: 5, networkPolicy: {traefikNamespace: ingress}}
    helmValues:
      init: {siteName: "{id}", mailDomain: "{externalHost}", list: [a, b]}
      httpd: {listenBacklog: 7}
  profiles:
    big:
      certificate: {key: p384}
      helmValues: {limits: {httpd: {memory: 2Gi}}, init: {list: [c]}}
  instances:
    strasbourg-stpierre:
    wissembourg:
      profile: big
      externalHost: wi.uepal.net
      aliases: []
      servername: "www.{externalHost}"
      shard: 3
      certificate: {organization: Wissembourg}
      objects: {retry: false, networkPolicy: {traefikLabels: {app: t}}}
      helmValues: {init: {paroisseName: "Paroisse de Wissembourg {{x}}"}, httpd: {listenBacklog: 9}}
    "67000": {profile: big}
"#;

#[test]
fn a_full_fleet_says_what_it_says() {
    let fleet = good(FULL);
    assert_eq!(
        (fleet.name.as_str(), fleet.domain.as_str()),
        ("uepal", "uepal.net")
    );
    assert_eq!(
        (fleet.release.to_string().as_str(), fleet.chart),
        ("3.4", 33)
    );
    assert_eq!(fleet.layout, Layout::Flat);
    assert_eq!(fleet.shards.map(u16::from), Some(4));
    let recipients = vec![
        "age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq".to_owned(),
        "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p".to_owned(),
    ];
    assert_eq!(fleet.keys.here(), Some(&Secrets::Sops { recipients }));
    let front = fleet.front.as_ref().unwrap();
    assert_eq!(
        (front.namespace.as_str(), front.names),
        ("traefik", FrontNames::Wildcard { apex: true })
    );
    let CertificateSource::Own { terms, .. } = &front.source else {
        panic!("this program issues it");
    };
    assert_eq!((terms.days, terms.ca), (90, CaCustody::External));
    let flux = fleet.flux.as_ref().unwrap();
    assert_eq!(
        (flux.source_kind.as_str(), flux.interval.as_str()),
        ("GitRepository", "10m")
    );
    let ids: Vec<&str> = fleet
        .members
        .iter()
        .map(|member| member.id.as_str())
        .collect();
    assert_eq!(ids, ["67000", "strasbourg-stpierre", "wissembourg"]);
}

#[test]
fn defaults_then_the_profile_then_the_instance_count() {
    let fleet = good(FULL);
    let plain = member(&fleet, "strasbourg-stpierre");
    assert_eq!(plain.namespace.as_str(), "civi-strasbourg-stpierre");
    let hosts: Vec<&str> = plain.hosts.iter().map(AsRef::as_ref).collect();
    assert_eq!(
        hosts,
        [
            "strasbourg-stpierre.uepal.net",
            "strasbourg-stpierre-old.uepal.net"
        ]
    );
    let wissembourg = member(&fleet, "wissembourg");
    assert_eq!(wissembourg.hosts.len(), 1);
    assert_eq!(
        wissembourg.server_name.as_ref().unwrap().as_str(),
        "www.wi.uepal.net"
    );
    assert_eq!(wissembourg.shard, Some(3));
    let terms = &wissembourg.terms;
    assert_eq!(
        (terms.certificate.days, terms.certificate.renew_before_days),
        (200, Some(60))
    );
    assert_eq!(terms.certificate.key.name(), "p384");
    assert_eq!(terms.certificate.organization.to_string(), "Wissembourg");
    assert_eq!(terms.settings.transport.dial_timeout.as_str(), "5s");
    assert_eq!(terms.settings.httpd.listen_backlog, 9);
    assert_eq!(terms.settings.entry_points, ["websecure", "internal"]);
    assert_eq!(
        (
            terms.extras.retry_attempts,
            plain.terms.extras.retry_attempts
        ),
        (None, Some(5))
    );
    assert!(terms.extras.namespace && terms.extras.config_map);
    let policy = format!("{:?}", terms.extras.http_from);
    assert!(
        policy.contains("\"ingress\"") && policy.contains("\"app\""),
        "{policy}"
    );
}

#[test]
fn values_merge_and_take_the_names_of_their_instance() {
    let fleet = good(FULL);
    let values = |id| fleet.helm_values(member(&fleet, id)).unwrap();
    let text = |id, key: &str| {
        let values = values(id);
        let init = values.get("init").unwrap();
        init.get(key)
            .and_then(|node| node.text())
            .map(str::to_owned)
    };
    assert_eq!(text("67000", "siteName").unwrap(), "67000");
    assert_eq!(text("wissembourg", "mailDomain").unwrap(), "wi.uepal.net");
    assert_eq!(
        text("wissembourg", "paroisseName").unwrap(),
        "Paroisse de Wissembourg {x}"
    );
    assert_eq!(text("strasbourg-stpierre", "paroisseName"), None);
    let list = |id| {
        values(id)
            .get("init")
            .unwrap()
            .get("list")
            .unwrap()
            .items()
            .len()
    };
    assert_eq!((list("strasbourg-stpierre"), list("67000")), (2, 1));
}

#[test]
fn instances_without_settings_of_their_own_share_them() {
    let fleet = good(
        "  domain: a.org\n  defaults: {helmValues: {x: \"{id}\"}}\n  instances: {a: , b: {shard: }, c: {externalHost: x.a.org}, d: {helmValues: {v: 1}}}\n",
    );
    let terms = |id| &member(&fleet, id).terms;
    assert!(std::sync::Arc::ptr_eq(terms("a"), terms("b")));
    assert!(std::sync::Arc::ptr_eq(terms("a"), terms("c")));
    assert!(!std::sync::Arc::ptr_eq(terms("a"), terms("d")));
    assert!(std::sync::Arc::ptr_eq(
        &terms("a").settings,
        &terms("d").settings
    ));
}

#[test]
fn a_value_that_concerns_the_ingress_may_hold_a_placeholder() {
    let fleet = good(
        "  domain: a.org\n  defaults: {helmValues: {httpd: {serverCertSecret: \"{id}-cert\"}}}\n  instances: {a: , b: }\n",
    );
    let secret = |id| {
        member(&fleet, id)
            .terms
            .settings
            .server_cert
            .secret
            .to_string()
    };
    assert_eq!(
        (secret("a").as_str(), secret("b").as_str()),
        ("a-cert", "b-cert")
    );
}

#[test]
fn the_entry_points_of_the_fleet_count_until_an_instance_has_its_own() {
    let fleet = good(
        "  domain: a.org\n  traefik: {entryPoints: [web1]}\n  instances: {a: , b: {helmValues: {civiIngress: {entryPoints: [web2]}}}}\n",
    );
    let points = |id| member(&fleet, id).terms.settings.entry_points.clone();
    assert_eq!(
        (points("a"), points("b")),
        (vec!["web1".to_owned()], vec!["web2".to_owned()])
    );
}

#[test]
fn a_member_is_an_instance() {
    let fleet = good(FULL);
    let instance = fleet.instance(member(&fleet, "wissembourg")).unwrap();
    assert_eq!(instance.host().as_str(), "wi.uepal.net");
    assert_eq!(instance.namespace.as_str(), "civi-wissembourg");
    assert_eq!(
        instance.settings.server_name.unwrap().as_str(),
        "www.wi.uepal.net"
    );
}

#[test]
fn the_least_fleet_has_defaults_for_all_else() {
    let fleet = good("  domain: uepal.net\n");
    assert!(fleet.members.is_empty());
    assert_eq!(
        fleet.keys.here(),
        Some(&Secrets::Sops { recipients: vec![] })
    );
    let front = fleet.front.unwrap();
    assert_eq!(front.namespace.as_str(), "default");
    assert!(
        matches!(&front.source, CertificateSource::Own { terms, .. } if terms.ca == CaCustody::Stored)
    );
    for none in ["wildcard: false", "publicCertificate: {mode: none}"] {
        let fleet = good(&format!("  domain: uepal.net\n  {none}\n"));
        assert!(fleet.front.is_none(), "{none}");
    }
}

#[test]
fn included_files_give_instances_each_once() {
    let main = with_head(
        "  domain: a.org\n  include: [p/*, p/b*, x.csv]\n  profiles: {big: {certificate: {days: 90}}}\n",
    );
    let head = "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Instance\n";
    let two = format!(
        "{head}metadata: {{name: a}}\n---\n{head}metadata: {{name: b}}\nspec: {{profile: big}}\n"
    );
    let fleet = Files {
        main: &main,
        beside: &[
            ("p/a.yaml", &two),
            ("p/b.yaml", &format!("\u{feff}{head}metadata: {{name: c}}\nspec:\n")),
            ("x.csv", "\u{feff}id;aliases;certificate.days;objects.configMap;objects.namespace;helmValues.x\r\nd;e.a.org f.a.org;30;VRAI;false;on\r\n"),
        ],
    }
    .read()
    .unwrap_or_else(|faults| panic!("{}", text(&faults)));
    let days: Vec<(&str, u32)> = fleet
        .members
        .iter()
        .map(|member| (member.id.as_str(), member.terms.certificate.days))
        .collect();
    assert_eq!(days, [("a", 365), ("b", 90), ("c", 365), ("d", 30)]);
    let d = member(&fleet, "d");
    assert_eq!(d.hosts.len(), 3);
    assert!(d.terms.extras.config_map && !d.terms.extras.namespace);
    let values = fleet.helm_values(d).unwrap();
    assert_eq!(values.get("x").and_then(|node| node.text()), Some("on"));
    assert_eq!(d.place.to_string(), "x.csv:2:1");
}

/// A name, a spec, or the whole file where it begins with `apiVersion`, and the files beside it.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

/// Fleets with something wrong.
const BAD: &[Case<'_>] = &[
    ("empty", "", &[]),
    ("not-a-mapping", "apiVersion\n", &[]),
    ("broken-syntax", "  domain: a.org\n instances: {}\n", &[]),
    ("two-documents", "  domain: a.org\n---\nkind: Fleet\n", &[]),
    (
        "head",
        "apiVersion: civi-ingress.uepal.fr/v1\nkind: fleet\nmetadata: {nam: x}\nsepc: {}\n",
        &[],
    ),
    ("domain-missing", "  instances: {a: {namespce: x}}\n", &[]),
    ("domain-of-one-label", "  domain: example\n", &[]),
    (
        "unknown-keys",
        "  domain: a.org\n  trafik: {}\n  traefik: {versoin: \"3.7\"}\n  secrets: {recipient: []}\n  argocd: {repoUrl: x}\n  \
         wildcard: {apx: true}\n  defaults: {profile: big, externalhost: x, objects: {configmap: true}}\n  \
         profiles: {big: {certificat: {}}}\n  instances:\n    a: {serversTransport: {dialTimout: 1s}}\n    \
         b: {certificate: {caDay: 1}, helmValues: {httpd: {listenBackLog: 1}}}\n",
        &[],
    ),
    (
        "wrong-types",
        "  domain: [a.org]\n  include: x\n  traefik: {version: 3.10, chart: \"41\"}\n  layout: tree\n  shards: 0\n  wildcard: yes\n  \
         profiles: []\n  defaults: {aliases: a, objects: {namespace: \"true\", retry: 1, hsts: -1}}\n  \
         instances:\n    a: x\n    b: {namespace: 12, shard: -1, certificate: {days: 1.5, key: ed25519, ca: kept}}\n",
        &[],
    ),
    (
        "ambiguous-scalars",
        "  domain: a.org\n  instances:\n    no: {}\n    007: {}\n    a: {namespace: on, certificate: {days: 0x10}, helmValues: {v: 012, w: [yes]}}\n",
        &[],
    ),
    (
        "duplicate-keys",
        "  domain: a.org\n  domain: b.org\n  instances:\n    a: {}\n    b: {shard: 1, shard: 2}\n    a: {}\n",
        &[],
    ),
    (
        "duplicate-hosts-and-namespaces",
        "  domain: a.org\n  instances:\n    a: {aliases: [b.a.org, A.a.org]}\n    b: {}\n    c: {namespace: a}\n    \
         d: {externalHost: \"{namespace}.{domain}\", namespace: b}\n",
        &[],
    ),
    (
        "hosts-not-covered",
        "  domain: uepal.net\n  defaults: {externalHost: \"www.{id}.{domain}\"}\n  instances:\n    a: {}\n    b: {}\n    \
         c: {externalHost: uepal.net, aliases: [c.example.org, xuepal.net, deep.c.uepal.net]}\n",
        &[],
    ),
    (
        "bad-names",
        "  domain: a.org\n  wildcard: {namespace: kube-system}\n  instances:\n    A: {}\n    b: {namespace: kube-system}\n    \
         c: {externalHost: \"c`.a.org\"}\n    d: {aliases: [localhost, \"*.a.org\"]}\n    e: {servername: \"http://x\"}\n",
        &[],
    ),
    (
        "placeholders",
        "  domain: a.org\n  defaults: {namespace: \"{namespace}\", externalHost: \"{externalhost}\"}\n  instances:\n    \
         a: {namespace: \"{ID}\", servername: \"{HOME}.x\", aliases: [\"${id}.a.org\", \"{id\"], helmValues: {v: [\"{{ .Values.x }\"]}}\n",
        &[],
    ),
    (
        "bad-durations",
        "  domain: a.org\n  secrets: {mode: plain}\n  flux: {source: x, interval: \"10\"}\n  instances:\n    \
         a: {serversTransport: {dialTimeout: soon, idleConnTimeout: -1, readIdleTimeout: 1d}}\n    \
         b: {certificate: {days: 0, caDays: 99999d, renewBefore: 60s, overlap: \"30\"}}\n    c: {certificate: {days: 90, renewBefore: 90d}}\n",
        &[],
    ),
    (
        "terms-that-cannot-converge",
        "  domain: a.org\n  defaults: {certificate: {days: 90}}\n  wildcard: {certificate: {days: 90, renewBefore: 89d}}\n  instances:\n    \
         a: {certificate: {renewBefore: 81d}}\n    b: {certificate: {ca: stored, caDays: 60, renewBefore: 70d}}\n    \
         c: {certificate: {ca: stored, caDays: 120, renewBefore: 36d}}\n    d: {certificate: {renewBefore: 30d, overlap: 40d}}\n    \
         e: {certificate: {caDays: 89}}\n    f: {certificate: {overlap: 90d, ca: stored}}\n",
        &[],
    ),
    (
        "spans-and-switches",
        "  domain: a.org\n  instances:\n    a: {certificate: {overlap: 0}}\n    b: {certificate: {overlap: 0d, renewBefore: 0}}\n    \
         c: {objects: {networkPolicy: true, retry: true}}\n",
        &[],
    ),
    (
        "unknown-profiles",
        "  domain: a.org\n  profiles: {small: {}, large: {}}\n  instances:\n    a: {profile: smal}\n    b: {profile: other}\n    c: {profile: \"\"}\n",
        &[],
    ),
    (
        "no-profiles",
        "  domain: a.org\n  instances: {a: {profile: big}}\n",
        &[],
    ),
    (
        "shards",
        "  domain: a.org\n  shards: 4\n  instances: {a: {shard: 3}, b: {shard: 4}, c: {shard: 70000}}\n",
        &[],
    ),
    (
        "shard-without-shards",
        "  domain: a.org\n  instances: {a: {shard: 0}}\n",
        &[],
    ),
    (
        "secrets",
        "  domain: a.org\n  secrets: {mode: sops, recipients: [\"\", \" \", age1x], scope: strict, sealingCertificate: x}\n",
        &[],
    ),
    (
        "sealed-without-certificate",
        "  domain: a.org\n  wildcard: false\n  secrets: {mode: sealed, recipients: [a]}\n",
        &[],
    ),
    (
        "sealed-and-stored",
        "  domain: a.org\n  secrets: {mode: sealed, sealingCertificate: pub.pem}\n  defaults: {certificate: {ca: stored}}\n  \
         profiles: {big: {certificate: {ca: stored}}}\n  instances:\n    a: {}\n    b: {}\n    c: {certificate: {ca: stored}}\n    d: {certificate: {ca: external}}\n",
        &[],
    ),
    (
        "values",
        "  domain: a.org\n  defaults:\n    helmValues: {externalhost: x, serverstransport: {dialTimeout: 1s}, httpd: {listenBacklog: none}}\n  \
         instances:\n    a: {helmValues: {httpd: {serverKeyField: externcert}}}\n    b: {helmValues: [x]}\n    \
         c: {objects: {networkPolicy: {traefikLabels: {a: \"b c\"}}}}\n    d: {objects: {networkPolicy: {nodeCidrs: [10.0.0.1/8]}}}\n    \
         e: {objects: {networkPolicy: {nodeCidrs: [10.0.0.0/8], traefikNamespace: t}}}\n",
        &[],
    ),
    (
        "controllers",
        "  domain: a.org\n  argocd: {repoURL: x, path: ../a, project: My Project}\n  flux: {source: x}\n  instances:\n    \
         cluster: {}\n    i23456789-123456789-123456789-123456789-123456789-12345678: {}\n    i23456789-123456789-123456789-123456789-123456789-1234567: {}\n",
        &[],
    ),
    (
        "names-that-a-flat-tree-has",
        "  domain: a.org\n  layout: flat\n  instances:\n    cluster: {}\n    kustomization: {}\n",
        &[],
    ),
    (
        "long-name",
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata:\n  name: f23456789-123456789-123456789-123456789-123456789-123456789-1234\nspec: {domain: a.org}\n",
        &[],
    ),
    (
        "long-name-of-a-kustomization",
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata:\n  name: f23456789-123456789-123456789-123456789-123456789-123456789\n\
         spec: {domain: a.org, shards: 2, flux: {source: x, decryptionSecret: keys}}\n",
        &[],
    ),
    (
        "passed-on",
        "  domain: a.org\n  topology: passthrough\n  defaults:\n    objects: {retry: 3}\n    serversTransport: {dialTimeout: 5s, idleConnTimeout: 1s}\n  instances:\n    \
         a: {}\n    b: {publicCertificate: {secret: web}, objects: {hsts: 60, clientAuth: true, remoteIp: [10.42.0.0/16]}}\n    c: {topology: direct, publicCertificate: {secret: web}, proxyProtocol: v1}\n    \
         d: {publicCertificate: {secret: web}, objects: {retry: false}, helmValues: {httpd: {serverCertSecret: x}}}\n    e: {publicCertificate: {}}\n    \
         f: {publicCertificate: {secret: web}, helmValues: {civiIngress: {servicePort: 80}}}\n",
        &[],
    ),
    (
        "entry-points",
        "  domain: a.org\n  traefik: {entryPoints: [\"web secure\", 1]}\n",
        &[],
    ),
    (
        "no-entry-points",
        "  domain: a.org\n  traefik: {entryPoints: []}\n",
        &[],
    ),
    (
        "tags-and-merge-keys",
        "  domain: a.org\n  defaults: &d {}\n  instances:\n    a: {<<: *d}\n",
        &[],
    ),
    (
        "private-key",
        "  domain: a.org\n  instances:\n    a: {x: \"-----BEGIN PRIVATE KEY-----\"}\n",
        &[],
    ),
    (
        "long-and-hostile-lines",
        "  domain: a.org\n  instances:\n    a: {helmValues: {v: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}, tail: 1}\n    \
         b: {\"\\e[2J\": 1} # \u{202e}x\n",
        &[],
    ),
    (
        "included-files",
        "  domain: a.org\n  include: [none/*, p/*, \"\"]\n  instances: {a: {}}\n",
        &[
            (
                "p/a.yaml",
                "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Instance\nmetadata: {name: a}\n---\n\
                 apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {}\n---\n\
                 apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Instance\nmetadata: {name: b}\nspec: {namespace: a, shrd: 1}\n",
            ),
            ("p/b.yaml", "a: [\n"),
            (
                "p/c.yaml",
                "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Instance\nmetadata: {name: b}\nspec: {externalHost: a.a.org}\n",
            ),
        ],
    ),
    (
        "tables",
        "  domain: a.org\n  include: [p/*]\n",
        &[
            (
                "p/a.csv",
                "id;externalHsot;certificate.days;objects.configMap;profile\r\na;;soon;oui;\r\na;;;;\r\n;;1;;\r\nb;;40000;true;big\r\nc;;;;;x\r\n",
            ),
            ("p/b.csv", "name,namespace\nx,y\n"),
            ("p/c.csv", "id,namespace\nd,\"x\ne,y\n"),
            ("p/d.CSV", ""),
            ("p/e.csv", "id,aliases\nf,f.b.org f_.a.org f.c.org\n"),
        ],
    ),
];

#[test]
fn all_that_is_wrong_is_reported_at_once_with_its_line() {
    for (name, spec, beside) in BAD {
        let main = if spec.is_empty() || spec.starts_with("apiVersion") {
            (*spec).to_owned()
        } else {
            with_head(spec)
        };
        let files = Files {
            main: &main,
            beside,
        };
        let faults = files.read().expect_err(name);
        assert_snapshot_in!("fleet", *name, text(&faults));
    }
}

const AT_GATEWAY: &str = "  domain: example.org\n  ingress: {kind: gateway-api}\n";

#[test]
fn a_gateway_has_a_listener_for_the_domain_and_one_for_each_host_that_is_passed_on() {
    let names = |spec: &str| {
        let fleet = good(&format!("{AT_GATEWAY}{spec}"));
        let listeners = fleet.listeners().unwrap().into_iter();
        let listeners = listeners.map(|listener| (listener.name, listener.host));
        listeners.collect::<Vec<_>>()
    };
    let some = |name: &str, host: &str| (name.to_owned(), Some(host.to_owned()));
    let https = some("https", "*.example.org");
    assert_eq!(
        names("  instances: {a: , b: }\n"),
        std::slice::from_ref(&https)
    );
    assert_eq!(
        names("  wildcard: {apex: true}\n  instances: {a: }\n"),
        [https.clone(), some("https-apex", "example.org")]
    );
    let passed = "{topology: passthrough, proxyProtocol: false, publicCertificate: {secret: w}}";
    assert_eq!(
        names(&format!("  instances: {{a: , b: {passed}}}\n")),
        [https, some("tls-b.example.org", "b.example.org")]
    );
    assert_eq!(
        names(&format!("  instances: {{b: {passed}}}\n")),
        [("tls".to_owned(), None)]
    );
}

#[test]
fn what_a_traefik_of_files_cannot_have_is_refused_with_the_way_out() {
    let balancer = |kind: &str| {
        format!(
            "  topology: tcp-proxy\n  loadBalancer: {{kind: {kind}, trusted: [10.0.0.7], nodes: [10.0.0.11]}}\n"
        )
    };
    let offload = balancer("haproxy").replace("tcp-proxy", "offload");
    let asked = "  publicCertificate: {mode: acme, names: instance, acme: {challenge: http-01}}\n";
    for (ingress, more, what) in [
        ("", "", None),
        ("release: \"2.11\", directory: /srv/traefik", "", None),
        ("", "  defaults: {httpdAddress: \"civi_{id}:8443\"}\n", None),
        ("", &balancer("haproxy"), None),
        ("", "  secrets: {mode: cert-manager}\n", None),
        ("directory: etc", "", Some("not the path of a directory")),
        ("release: \"1.6\"", "", Some("Traefik 1.6 is too old")),
        ("chart: 41", "", Some("outside of the cluster")),
        ("namespace: t", "", Some("outside of the cluster")),
        ("fastProxy: true", "", Some("outside of the cluster")),
        ("entryPoints: [x]", "", Some("outside of the cluster")),
        ("gateway: {name: x}", "", Some("outside of the cluster")),
        ("", &offload, Some("`offload` is not written")),
        (
            "",
            &balancer("openstack").replace(", nodes: [10.0.0.11]", ""),
            Some("is asked for by the Service"),
        ),
        ("", asked, Some("no answer at port 80")),
        (
            "",
            "  defaults: {httpdAddress: \"https://{id}\"}\n",
            Some("not a host with a port"),
        ),
    ] {
        let head = "  domain: example.org\n";
        let spec = format!(
            "{head}  ingress: {{kind: traefik-file, {ingress}}}\n{more}  instances: {{a: }}\n"
        );
        let faults = read(&spec).map_or_else(|faults| faults, |_| Vec::new());
        let found = text(&faults);
        assert_eq!(what.is_none(), faults.is_empty(), "{spec}{found}");
        assert!(found.contains(what.unwrap_or_default()), "{found}");
        assert!(faults.iter().all(|fault| fault.help.is_some()), "{found}");
    }
    for (spec, what) in [
        (
            "  ingress: {directory: /a}\n  instances: {a: }\n",
            "told nothing by files",
        ),
        ("  instances: {a: {httpdAddress: a}}\n", "by its Service"),
    ] {
        let faults = read(&format!("  domain: example.org\n{spec}")).expect_err(what);
        assert!(text(&faults).contains(what), "{}", text(&faults));
    }
}

#[test]
fn what_the_gateway_api_cannot_express_is_refused_with_the_way_out() {
    let hosts: String = (0..64)
        .map(|number| format!("p{number}: {{profile: passed}}, "))
        .collect();
    let many = format!(
        "  profiles: {{passed: {{topology: passthrough, proxyProtocol: false, publicCertificate: {{secret: w}}}}}}\n  instances: {{a: , {hosts}}}\n"
    );
    for (spec, what) in [
        (
            "  topology: passthrough\n  defaults: {publicCertificate: {secret: w}}\n  instances: {a: }\n",
            "the PROXY protocol sent to httpd",
        ),
        (
            "  instances: {a: {objects: {retry: 3}}}\n",
            "`retry` of an HTTPRoute",
        ),
        (
            "  instances: {a: {objects: {clientAuth: true}}}\n",
            "shows httpd no certificate",
        ),
        (
            "  instances: {a: {serversTransport: {dialTimeout: 5s}}}\n",
            "connections and times",
        ),
        (
            "  secrets: {mode: cert-manager}\n  instances: {a: }\n",
            "reads the CA from a ConfigMap",
        ),
        (
            "  wildcard: {namespace: other}\n  instances: {a: }\n",
            "in its own namespace, `traefik`",
        ),
        (
            "  publicCertificate: {mode: acme, names: instance, acme: {challenge: http-01}}\n  topology: direct\n  instances: {a: }\n",
            "a listener for each of its hosts",
        ),
        (&many, "65 listeners"),
    ] {
        let faults = read(&format!("{AT_GATEWAY}{spec}")).expect_err(what);
        let found = text(&faults);
        assert!(found.contains(what), "{what}: {found}");
        assert!(faults.iter().all(|fault| fault.help.is_some()), "{found}");
    }
    for (ingress, what) in [
        (
            "{kind: gateway-api, release: \"3.7\"}",
            "that of the Gateway API here",
        ),
        (
            "{kind: gateway-api, release: \"1.3\"}",
            "not a release of the Gateway API",
        ),
        ("{kind: traefik, release: \"1.6\"}", "too old"),
        ("{gateway: {name: x}}", "attached to no Gateway"),
        (
            "{kind: gateway-api, chart: 37}",
            "Traefik 3.5 does not read BackendTLSPolicy v1",
        ),
        (
            "{kind: gateway-api, entryPoints: [x]}",
            "the entry point that has its port",
        ),
        (
            "{kind: gateway-api, gateway: {className: istio}}",
            "does not name Traefik",
        ),
    ] {
        let spec = format!("  domain: example.org\n  ingress: {ingress}\n  instances: {{a: }}\n");
        let faults = read(&spec).expect_err(what);
        assert!(text(&faults).contains(what), "{what}: {}", text(&faults));
    }
    let passing = "  topology: passthrough\n  defaults: {proxyProtocol: false, publicCertificate: {secret: w}}\n";
    for (ingress, more, what) in [
        ("release: \"1.4\", chart: 39", "", None),
        (
            "release: \"1.4\", chart: 39",
            passing,
            Some("Traefik 3.6 does not read TLSRoute v1"),
        ),
        (
            "release: \"1.4\", chart: 41",
            "",
            Some("waits for TLSRoute v1"),
        ),
        ("release: \"1.7\", chart: 40", passing, None),
    ] {
        let spec = format!(
            "  domain: example.org\n  ingress: {{kind: gateway-api, {ingress}}}\n{more}  instances: {{a: }}\n"
        );
        let found = read(&spec).map_or_else(|faults| text(&faults), |_| String::new());
        assert_eq!(what.is_none(), found.is_empty(), "{found}");
        assert!(found.contains(what.unwrap_or_default()), "{found}");
    }
}

#[test]
fn what_is_not_written_for_istio_is_refused_with_the_way_out() {
    let refused = |ingress: &str, more: &str, what: &str| {
        let spec = format!("  domain: example.org\n  ingress: {ingress}\n{more}\n");
        let faults = read(&spec).expect_err(what);
        let found = text(&faults);
        assert!(found.contains(what), "{what}: {found}");
        assert!(faults.iter().all(|fault| fault.help.is_some()), "{found}");
    };
    for (more, what) in [
        (
            "  topology: offload\n  loadBalancer: {kind: haproxy, trusted: [10.0.0.0/24], nodes: [10.0.0.1]}\n  instances: {a: }",
            "`offload` is not written for the objects of Istio",
        ),
        (
            "  instances: {a: {objects: {clientAuth: true}}}",
            "reads it in that of its pods",
        ),
        (
            "  secrets: {mode: cert-manager}\n  instances: {a: }",
            "keep it in that of the instance",
        ),
        (
            "  wildcard: {namespace: other}\n  instances: {a: }",
            "in its own namespace, `istio-ingress`",
        ),
        (
            "  dns: {mode: annotation, targets: [192.0.2.1], externalDns: {release: \"0.22\"}}\n  instances: {a: }",
            "Traefik's own routes alone",
        ),
        (
            "  publicCertificate: {mode: acme, names: instance, acme: {challenge: http-01}}\n  topology: direct\n  instances: {a: }",
            "reads certificates in the namespace of its pods",
        ),
    ] {
        refused("{kind: istio}", more, what);
    }
    for (ingress, what) in [
        ("{kind: istio, release: \"1.21\"}", "not a release of Istio"),
        ("{kind: istio, release: \"1.6\"}", "that of Istio here"),
        ("{kind: istio, release: \"3.7\"}", "that of Istio here"),
        ("{kind: traefik, release: \"1.31\"}", "a release of Istio"),
        ("{kind: istio, chart: 41}", "`chart` is for Traefik"),
        ("{kind: istio, namespace: a}", "`namespace` is for Traefik"),
        ("{kind: istio, entryPoints: [x]}", "has no entry points"),
        (
            "{kind: istio, gateway: {port: 1}}",
            "`port` is for a Gateway of the",
        ),
        (
            "{kind: istio, gateway: {selector: {}}}",
            "the pods of all gateways",
        ),
        (
            "{kind: gateway-api, gateway: {selector: {a: b}}}",
            "`selector` is for a Gateway of Istio",
        ),
    ] {
        refused(ingress, "  instances: {a: }", what);
    }
}

#[test]
fn the_gateway_of_istio_has_a_server_for_what_it_ends_and_one_for_what_it_passes_on() {
    let servers = |spec: &str| {
        let fleet = good(&format!(
            "  domain: example.org\n  ingress: {{kind: istio}}\n{spec}"
        ));
        let servers = fleet.istio_servers();
        (servers.ended.join(" "), servers.passed.join(" "))
    };
    let passed = "{topology: passthrough, publicCertificate: {secret: w}}";
    for (spec, ended, passes) in [
        ("  instances: {a: , b: }\n", "*.example.org", ""),
        (
            "  wildcard: {apex: true}\n  instances: {a: }\n",
            "*.example.org example.org",
            "",
        ),
        (
            &format!("  instances: {{a: , b: {passed}}}\n"),
            "*.example.org",
            "b.example.org",
        ),
        (&format!("  instances: {{b: {passed}}}\n"), "", "*"),
    ] {
        assert_eq!(servers(spec), (ended.to_owned(), passes.to_owned()));
    }
}

#[test]
fn instances_follow_the_topology_of_the_fleet_or_one_that_arrives_likewise() {
    let fleet = good(
        "  domain: example.org\n  topology: tcp-proxy\n  loadBalancer: {kind: ovh-mks, trusted: [10.0.0.0/20]}\n  instances:\n    a: {}\n    b: {topology: tcp-proxy}\n",
    );
    for id in ["a", "b"] {
        let member = member(&fleet, id);
        assert_eq!(fleet.topology(member), Topology::TcpProxy);
    }
    assert_eq!(fleet.arrival.announcing().len(), 1);
    let other = read(
        "  domain: example.org\n  topology: tcp-proxy\n  loadBalancer: {kind: ovh-mks, trusted: [10.0.0.0/20]}\n  defaults: {topology: direct}\n  instances: {a: {}, b: {}}\n",
    );
    let faults = text(&other.expect_err("one fault"));
    assert!(
        faults.starts_with(
            "error: fleet.yaml:8:24: without the PROXY protocol OVHcloud Octavia would hide"
        ) && faults.matches("error:").count() == 1,
        "{faults}"
    );
}

#[test]
fn an_httpd_to_which_tls_is_passed_on_shows_its_public_certificate_by_the_charts_values() {
    let fleet = good(
        "  domain: example.org\n  topology: passthrough\n  defaults: {publicCertificate: {secret: web-tls}}\n  instances:\n    a: {externalHost: a.example.net}\n    \
         b: {proxyProtocol: false, helmValues: {httpd: {listenBacklog: 2}}}\n    c: {topology: direct}\n",
    );
    let topology = |id| fleet.topology(member(&fleet, id));
    let proxy = Some(ProxyVersion::V2);
    assert_eq!(topology("a"), Topology::Passthrough { proxy });
    assert_eq!(topology("b"), Topology::Passthrough { proxy: None });
    assert_eq!(topology("c"), Topology::Direct);
    let values = |id| {
        let values = fleet.helm_values(member(&fleet, id))?;
        let mut text = String::new();
        civi_ingress::yaml::tree_text(&values, &mut text);
        Some(text)
    };
    assert_eq!(
        values("b").unwrap(),
        "externalhost: b.example.org\nservername: b.example.org\nhttpd:\n  serverCertSecret: web-tls\n  serverCertField: tls.crt\n  \
         serverKeySecret: web-tls\n  serverKeyField: tls.key\n  listenBacklog: 2\n"
    );
    assert!(values("a").unwrap().contains("serverKeySecret: web-tls\n"));
    assert_eq!(values("c"), None);
    let instance = fleet.instance(member(&fleet, "a")).unwrap();
    assert_eq!(instance.settings.server_key.secret.as_str(), "web-tls");
    let of_others = ["ca_cert", "server_cert", "server_key", "trust_bundle"];
    assert_eq!(
        instance.placements().len(),
        9 - of_others.len(),
        "the database's"
    );
}

#[test]
fn the_ingress_is_named_by_its_kind_or_in_short_and_not_twice() {
    let long = good(
        "  domain: example.org\n  ingress: {kind: traefik, release: \"3.4\", chart: 33, namespace: edge}\n  defaults: {objects: {networkPolicy: {}}}\n  instances: {a: {}}\n",
    );
    let short = good(
        "  domain: example.org\n  traefik: {version: \"3.4\", chart: 33}\n  defaults: {objects: {networkPolicy: {traefikNamespace: edge}}}\n  instances: {a: {}}\n",
    );
    assert_eq!((long.release, long.chart), (short.release, short.chart));
    let from = |fleet: &Fleet| member(fleet, "a").terms.extras.http_from.clone();
    assert!(from(&long).is_some());
    assert_eq!(from(&long), from(&short));
    let both = read(
        "  domain: example.org\n  ingress: {kind: traefik}\n  traefik: {chart: 33}\n  instances: {a: {}}\n",
    );
    let faults = text(&both.expect_err("one fault"));
    assert!(
        faults.contains("`ingress` and `traefik` say the same thing twice"),
        "{faults}"
    );
}

#[test]
fn an_invalid_recipient_is_reported_with_all_else() {
    let faults = read(
        "  domain: example.org\n  secrets: {recipients: [age1xyz]}\n  instances: {a: {profile: big}}\n",
    );
    let faults = text(&faults.expect_err("two faults"));
    assert!(
        faults.contains("fleet.yaml:6:26: ") && faults.contains("there is no profile `big`"),
        "{faults}"
    );
}

#[test]
fn all_that_is_wrong_with_one_instance_is_reported_at_once() {
    let faults = read(
        "  domain: example.org\n  instances:\n    a:\n      profile: big\n      namespace: kube-a\n      externalHost: a_.example.org\n      \
         aliases: [www.b.example.org]\n      servername: a b\n      helmValues: {httpd: {serverCertField: 'a b'}}\n",
    );
    let faults = text(&faults.expect_err("six faults"));
    for line in 8..=13 {
        assert!(
            faults.contains(&format!("fleet.yaml:{line}:")),
            "{line}: {faults}"
        );
    }
}

#[test]
fn the_schema_is_printed_as_it_is_published() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/fleet.schema.json");
    let published = std::fs::read_to_string(path).expect("a text file");
    assert_eq!(crate::support::run(&["schema", "fleet"]).good(), published);
}

#[test]
fn the_fleet_file_of_the_documentation_is_read() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/fleet-file.md");
    let page = std::fs::read_to_string(page).expect("a text file");
    let block = |info: &str| {
        let begin = page.split_once(&format!("```{info}\n")).expect("a block").1;
        begin.split_once("```").expect("its end").0
    };
    let parish =
        "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Instance\nmetadata: {name: a}\n";
    let beside = [("parishes/*.yaml", parish), ("more.csv", block("csv"))];
    let fleet = Files {
        main: block("yaml"),
        beside: &beside,
    }
    .read()
    .unwrap_or_else(|faults| panic!("{}", text(&faults)));
    assert_eq!(fleet.members.len(), 4);
}

#[test]
fn what_is_wrong_with_a_shared_setting_is_reported_once_for_all_instances() {
    let mut spec = String::from(
        "  domain: a.org\n  defaults: {externalHost: \"www.{id}.a.org\", servername: \"{id}_x\"}\n  instances:\n",
    );
    for number in 0..1_000 {
        writeln!(spec, "    i{number}:").unwrap();
    }
    assert_eq!(read(&spec).unwrap_err().len(), 2);
}

#[test]
fn a_fault_of_an_include_keeps_its_own_words() {
    let main = Source {
        name: "fleet.yaml".to_owned(),
        text: with_head("  domain: a.org\n  include: [x]\n"),
    };
    let faults = fleet::read(&main, &mut |_| Err(Fault::new("cannot read x"))).unwrap_err();
    assert_eq!(faults[0].to_string(), "fleet.yaml:6:13: cannot read x");
}

/// Checks what holds for every text: it gives a sound fleet, or faults that all have a place.
fn check_outcome(outcome: Result<Fleet, Vec<Fault>>) -> Result<(), TestCaseError> {
    match outcome {
        Ok(fleet) => {
            let mut hosts = std::collections::BTreeSet::new();
            let mut namespaces = std::collections::BTreeSet::new();
            for member in &fleet.members {
                prop_assert!(member.hosts.iter().all(|host| hosts.insert(host.clone())));
                prop_assert!(namespaces.insert(member.namespace.clone()));
                prop_assert!(fleet.instance(member).is_ok());
                drop(fleet.helm_values(member));
            }
            prop_assert!(fleet.members.is_sorted_by(|a, b| a.id < b.id));
        }
        Err(faults) => {
            prop_assert!(!faults.is_empty());
            prop_assert!(faults.iter().all(|fault| fault.place.is_some()));
            let text = text(&faults);
            prop_assert!(
                !text.contains('\u{1b}') && !text.contains('\u{202e}'),
                "{}",
                text
            );
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_fleet_file_with_a_piece_changed_is_read_or_refused(
        from in 0..FULL.len(), length in 0usize..12, with in "\\PC{0,6}|[\\x00-\\x7f]{0,4}|[\u{202e}\u{1b}]|: |- |\\[|\\{|\\}\\}|&a |\\*a|\n  ",
    ) {
        let mut main = with_head(FULL);
        let from = from + main.len() - FULL.len();
        let to = (from + length).min(main.len());
        prop_assume!(main.is_char_boundary(from) && main.is_char_boundary(to));
        main.replace_range(from..to, &with);
        check_outcome(Files { main: &main, beside: &[] }.read())?;
    }

    #[test]
    fn any_string_in_any_setting_is_read_or_refused(
        key in "id|namespace|externalHost|servername|aliases|profile|certificate|organization|helmValues|include|domain",
        value in "\\PC{0,12}|[\\x00-\\x7f]{0,8}|[a-z.{}-]{0,12}|\\{(id|domain|namespace|externalHost)\\}[a-z.]{0,4}",
    ) {
        let quoted = civi_ingress::yaml::scalar::to_string(&value);
        let settings = match key.as_str() {
            "aliases" => format!("{{aliases: [{quoted}]}}"),
            "organization" => format!("{{certificate: {{organization: {quoted}}}}}"),
            "helmValues" => format!("{{helmValues: {{{quoted}: {quoted}, httpd: {{serverCertSecret: {quoted}}}}}}}"),
            "id" | "include" | "domain" => "{}".to_owned(),
            key => format!("{{{key}: {quoted}}}"),
        };
        let id = if key == "id" { &quoted } else { "a" };
        let domain = if key == "domain" { &quoted } else { "a.org" };
        let include = if key == "include" { format!("  include: [{quoted}]\n") } else { String::new() };
        check_outcome(read(&format!("  domain: {domain}\n{include}  instances:\n    {id}: {settings}\n    b: {{}}\n")))?;
    }

    #[test]
    fn any_fleet_that_is_read_has_no_host_and_no_namespace_twice(
        instances in prop::collection::vec(("[ab]{1,2}", prop::option::of("[ab]{1,2}"), prop::option::of("[ab]{1,2}")), 0..5),
    ) {
        let mut table = String::from("id,namespace,aliases\n");
        for (id, namespace, alias) in &instances {
            let alias = alias.as_ref().map_or(String::new(), |alias| format!("{alias}.a.org"));
            writeln!(table, "{id},{},{alias}", namespace.as_deref().unwrap_or_default()).unwrap();
        }
        let main = with_head("  domain: a.org\n  include: [t.csv]\n");
        check_outcome(Files { main: &main, beside: &[("t.csv", &table)] }.read())?;
    }

    #[test]
    fn any_table_is_read_or_refused(table in "(id|;|,|\"|\n|\r\n|a|b| |\u{e9}|profile|aliases|\\.|helmValues\\.x){0,40}") {
        let main = with_head("  domain: a.org\n  include: [t.csv]\n");
        check_outcome(Files { main: &main, beside: &[("t.csv", &table)] }.read())?;
    }
}
