//! The faults that the program cannot be made to print, written by hand, applied, and compared with the table of
//! `src/lint/recorded.rs`.

use std::fmt::Write as _;
use std::sync::Arc;

use libtest_mimic::Trial;

use crate::client::Client;
use crate::cluster::Cluster;
use crate::components::{Release, releases};
use crate::handwritten::{Ingress, ROOT_CAS, ROOT_CAS_SECRETS, service, tls_store};
use crate::httpd::{Manner, Settings, Site};
use crate::pki::{Authority, Pair};
use crate::stack::{Case, Stack, trial};
use civi_ingress::lint::recorded::{NEGATIVES, RecordedFault};

/// The cases of this module.
pub(crate) fn all(stack: &Arc<Stack>) -> Vec<Trial> {
    releases()
        .into_iter()
        .map(|release| {
            let name = format!(
                "each_fault_is_answered_as_recorded_by_traefik_{}",
                release.in_a_name()
            );
            trial(stack, &name, move |case| as_recorded(case, &release))
        })
        .collect()
}

/// A fault: its name in the table, and what it does to an instance that is right.
struct Fault {
    name: &'static str,
    commit: fn(&mut Instance, &Authority),
}

/// What the faults change.
struct Instance {
    ingress: Ingress,
    /// The pair that httpd serves.
    pair: Pair,
    /// Whether a second namespace has a `TLSStore` named `default`.
    second_store: bool,
    /// Whether the stores list the wildcard among their certificates.
    listed: bool,
}

const FAULTS: &[Fault] = &[
    Fault {
        name: "none",
        commit: |_, _| (),
    },
    Fault {
        name: "wrong-ca",
        commit: |instance, _| {
            let another = Authority::new("another CA");
            instance.ingress.authorities = vec![("ca.crt", another.certificate)];
        },
    },
    Fault {
        name: "missing-san",
        commit: |instance, authority| {
            instance.pair = authority.server(&instance.ingress.host, &[]);
        },
    },
    Fault {
        name: "wrong-server-name",
        commit: |instance, _| {
            instance.ingress.server_name = Some("another.example.org".to_owned());
        },
    },
    Fault {
        name: "no-server-name",
        commit: |instance, _| instance.ingress.server_name = None,
    },
    Fault {
        name: "no-ca-secret",
        commit: |instance, _| instance.ingress.authorities.clear(),
    },
    Fault {
        name: "ca-not-pem",
        commit: |instance, _| {
            instance.ingress.authorities = vec![("ca.crt", "no certificate".to_owned())];
        },
    },
    Fault {
        // The key of the Civiparoisse chart, which is read for being the only one, and one more.
        name: "ca-secret-with-two-keys",
        commit: |instance, _| {
            let (_, pem) = instance.ingress.authorities.remove(0);
            instance.ingress.authorities = vec![("tls.crt", pem.clone()), ("tls.key", pem)];
        },
    },
    Fault {
        name: "ca-secret-with-ca-crt-and-another-key",
        commit: |instance, _| {
            instance
                .ingress
                .authorities
                .push(("tls.crt", "another".to_owned()));
        },
    },
    Fault {
        name: "root-cas",
        commit: |instance, _| instance.ingress.roots = ROOT_CAS.into(),
    },
    Fault {
        name: "root-cas-secrets",
        commit: |instance, _| instance.ingress.roots = ROOT_CAS_SECRETS.into(),
    },
    Fault {
        name: "min-version-alone",
        commit: |instance, _| instance.ingress.transport = "  minVersion: VersionTLS12\n",
    },
    Fault {
        name: "min-version-below-max-version",
        commit: |instance, _| {
            instance.ingress.transport = "  minVersion: VersionTLS12\n  maxVersion: VersionTLS13\n";
        },
    },
    Fault {
        name: "old-api-group",
        commit: |instance, _| instance.ingress.group = "traefik.containo.us",
    },
    Fault {
        name: "two-default-stores",
        commit: |instance, _| instance.second_store = true,
    },
    Fault {
        name: "two-default-stores-without-certificates",
        commit: |instance, _| {
            instance.second_store = true;
            instance.listed = false;
        },
    },
];

fn as_recorded(case: &Case, release: &Release) {
    let cluster = case.stack.cluster(release);
    let browser = Authority::new("browser CA");
    let wildcard = browser.server("wildcard", &["*.example.org"]);
    let mut observed = String::new();
    for fault in FAULTS {
        let (seen, said) = observe(case, cluster, release, fault, &browser, &wildcard);
        row(&mut observed, fault.name, release, seen, &said);
    }
    let mut recorded = String::new();
    for negative in NEGATIVES {
        if negative.releases.contains(&release.profile().as_str()) {
            row(
                &mut recorded,
                negative.fault,
                release,
                negative.seen,
                negative.said,
            );
        }
    }
    assert!(
        observed == recorded,
        "recorded.rs says of Traefik {release}:\n{recorded}\nand the run showed:\n{observed}"
    );
}

/// One row as it is written in `recorded.rs`, for what is recorded as for what is observed.
fn row(
    table: &mut String,
    fault: &str,
    release: &Release,
    seen: RecordedFault,
    said: &[impl AsRef<str>],
) {
    let said: Vec<&str> = said.iter().map(AsRef::as_ref).collect();
    writeln!(
        table,
        "Negative {{ fault: {fault:?}, releases: &[{:?}], seen: Seen::{seen:?}, said: &{said:?} }},",
        release.profile()
    )
    .expect("a String takes all");
}

fn observe(
    case: &Case,
    cluster: &Cluster,
    release: &Release,
    fault: &Fault,
    browser: &Authority,
    wildcard: &Pair,
) -> (RecordedFault, Vec<String>) {
    let namespace = format!("fault-{}", fault.name);
    let host = format!("{namespace}.example.org");
    let authority = Authority::new("instance CA");
    let mut instance = Instance {
        ingress: Ingress::new(release, &namespace, &host, &authority.certificate),
        pair: authority.server(&host, &[&host]),
        second_store: false,
        listed: true,
    };
    (fault.commit)(&mut instance, &authority);

    let address = case.stack.address();
    cluster.apply(&service(&namespace, address));
    cluster.apply(&tls_store(&namespace, wildcard, instance.listed));
    let second = format!("{namespace}-2");
    let mut namespaces = vec![namespace.as_str()];
    if instance.second_store {
        cluster.kubectl(&["create", "namespace", &second], "");
        cluster.apply(&tls_store(&second, wildcard, instance.listed));
        namespaces.push(&second);
    }
    let applied = cluster.try_kubectl(&["apply", "-f", "-"], &instance.ingress.manifests());
    if !applied.status.success() {
        return (RecordedFault::Refused, refusals(&applied.stderr));
    }

    let site = Site {
        address,
        pair: instance.pair,
        page: fault.name.to_owned(),
        manner: Manner::default(),
    };
    let _httpd = case.httpd(&namespace, &[site], &Settings::default());
    let traefik = case.traefik(release, cluster, &namespaces);
    traefik.wait_for(&host);
    let client = Client::trusting(&browser.certificate);
    let seen = match client.get(traefik.websecure(), &host, "/") {
        Ok(answer) => RecordedFault::Status(answer.status),
        Err(why) if why.contains("UnknownIssuer") => RecordedFault::GeneratedCertificate,
        Err(why) => panic!("{}: {why}", fault.name),
    };
    // Without what differs from run to run, the order of a list of two namespaces included.
    let said = traefik.complaints().into_iter().map(|line| {
        line.replace(
            &format!("{second} {namespace}"),
            &format!("{namespace} {second}"),
        )
        .replace(&host, "<host>")
        .replace(&namespace, "<namespace>")
        .replace(&address.to_string(), "<httpd>")
    });
    (seen, said.collect())
}

/// The API server's part of kubectl's messages, which are worded differently from version to version.
fn refusals(errors: &[u8]) -> Vec<String> {
    let errors = String::from_utf8_lossy(errors);
    ["strict decoding error", "no matches for kind"]
        .iter()
        .flat_map(|start| {
            errors
                .lines()
                .filter_map(move |line| line.find(start).map(|at| line[at..].to_owned()))
        })
        .collect()
}
