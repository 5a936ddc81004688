//! A key goes through every command and every format, in every notation: none of it is shown.
//!
//! Add a line to [`LINES`] for a new command or option; a command without one fails the first test.

use crate::support::{command, key, run};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

/// The commands with what is given to them. `@text` stands for the key as an argument, and these for files that hold
/// it: `@raw` as it is, `@p12` in a PKCS#12 file, `@manifest` in Secrets and other objects, `@values` in a values file, `@fleet` and `@keys` as
/// value and as key of a fleet file, `@csv` in a table, `@sops` in a SOPS file, `@templates` and `@folder` in folders.
const LINES: &[(&str, &[&str])] = &[
    (
        "new-instance",
        &[
            "p --host @text",
            "@text --host a.example.org",
            "p --host a.example.org --alias @text",
            "p --host a.example.org --namespace @text",
            "p --host a.example.org --reuse @raw",
            "p --host a.example.org --reuse @manifest",
            "p --host a.example.org --reuse @sops",
            "p --host a.example.org --reuse @text",
            "p --host a.example.org -f @raw",
            "p --host a.example.org -f @values",
            "p --host a.example.org --set @text",
            "p --host a.example.org --set @text=1",
            "p --host a.example.org --set externalhost=@text",
            "p --host a.example.org --set serverstransport.dialTimeout=@text",
            "p --host a.example.org --set httpd.listenBacklog=@text",
            "p --host a.example.org --set-string httpd.serverCertField=@text",
            "p --host a.example.org --templates @templates",
            "p --host a.example.org --ca-cert @raw --ca-key @raw",
            "p --host a.example.org --ca-cert @raw",
            "p --host a.example.org --ca-cert @manifest --ca-key @text",
            "p --host a.example.org --ca-key-out @text --output-dir @text",
            "p --host a.example.org --days @text",
            "p --host a.example.org --ca-days @text",
            "p --host a.example.org --not-before @text",
            "p --host a.example.org --now @text",
            "p --host a.example.org --key-type @text",
            "p --host a.example.org --organization @text",
            "p --host a.example.org --traefik @text",
            "p --host a.example.org --helm-release @text",
            "p --host a.example.org --network-policy --traefik-cidr @text",
            "p --host a.example.org --egress --egress-mail @text",
            "p --host a.example.org --remote-ip @text",
            "p --host a.example.org --topology @text",
            "p --host a.example.org --topology passthrough --public-certificate @text",
            "p --host a.example.org --clients-ca @raw",
            "p --host a.example.org --ingress gateway-api --gateway @text",
            "p --host a.example.org --ingress gateway-api --gateway a/@text",
            "p --host a.example.org --ingress istio --gateway a/@text",
            "p --host a.example.org --ingress gateway-api --gateway-api @text",
            "p --host a.example.org --ingress @text",
            "p --host a.example.org --ingress traefik-file --routes-out @text --output-dir @text",
            "p --host a.example.org --ingress traefik-file --routes-out out --httpd @text",
            "p --host a.example.org --ingress traefik-file --routes-out out --traefik-directory @text",
            "p --host a.example.org --topology tcp-proxy --load-balancer openstack --trusted @text",
            "p --host a.example.org @text",
            "p --host a.example.org --bogus=@text",
        ],
    ),
    (
        "wildcard-secret",
        &[
            "--cert @raw --key @raw",
            "--cert @manifest --key @raw --domain example.org",
            "--cert @raw",
            "--cert @raw --pkcs12-password-file @raw",
            "--cert @p12 --pkcs12-password-file @raw",
            "--cert @text",
            "--domain @text",
            "@text --domain example.org",
            "--domain example.org -n @text",
            "--domain example.org --ca-cert @raw --ca-key @raw",
            "--domain example.org --ca-out @text --output-dir out",
            "--domain example.org --traefik @text",
        ],
    ),
    (
        "tls-store",
        &[
            "--secret @text",
            "--namespace @text",
            "--traefik @text",
            "--templates @templates",
        ],
    ),
    (
        "gateway",
        &[
            "@text",
            "example.org --passthrough @text",
            "example.org --namespace @text",
            "example.org --name @text",
            "example.org --class @text",
            "example.org --port @text",
            "example.org --kind @text",
            "example.org --kind istio --selector @text",
            "example.org --templates @templates",
        ],
    ),
    (
        "traefik-file",
        &[
            "@text",
            "--store --namespace @text",
            "--traefik-directory @text",
            "--topology tcp-proxy --load-balancer haproxy --trusted @text",
            "--templates @templates",
        ],
    ),
    (
        "secret-files",
        &[
            "@raw --output-dir out",
            "@text --output-dir out",
            "@manifest --output-dir out",
            "@sops --output-dir out",
            "@raw --output-dir @text",
        ],
    ),
    (
        "issuer",
        &[
            "@text",
            "--server @text",
            "--server https://acme.parish.fr/@text",
            "--email @text",
            "--profile @text",
            "--ca-bundle @raw",
            "--ca-bundle @manifest",
            "--ingress-class @text",
            "--gateway @text",
            "--gateway a/@text",
            "--dns-solver @raw",
            "--dns-solver @values",
            "--dns-solver @manifest",
            "--wait-instead-of-self-check @text",
            "--templates @templates",
        ],
    ),
    (
        "public-certificate",
        &[
            "@text --dns a.parish.fr --issuer i",
            "--dns @text --issuer i",
            "--dns a.parish.fr --issuer @text",
            "--dns a.parish.fr --issuer i --namespace @text",
            "--dns a.parish.fr --issuer i --traefik @text",
            "--dns a.parish.fr --issuer i --templates @templates",
        ],
    ),
    (
        "traefik-values",
        &[
            "--chart @text",
            "--log-level @text",
            "--access-log @text",
            "--update-strategy @text",
            "--proxy-protocol-from @text",
            "--load-balancer @text",
            "--topology @text",
            "--topology tcp-proxy --load-balancer openstack --trusted @text",
            "--load-balancer metallb --load-balancer-address @text",
            "--watch-namespace @text",
            "--read-timeout @text",
            "--templates @templates",
            "--replicas @text",
            "--ingresses --chart @text",
        ],
    ),
    (
        "ca",
        &[
            "--output-dir out --permit-dns @text",
            "--output-dir out --permit-ip @text",
            "--output-dir out --organization @text",
            "--output-dir out --days @text",
            "--output-dir @raw",
        ],
    ),
    (
        "cert",
        &[
            "--output-dir out --dns @text",
            "--output-dir out --ip @text",
            "--output-dir out --dns a.example.org --ca-cert @raw --ca-key @raw",
            "--output-dir @raw --dns a.example.org",
        ],
    ),
    ("ingress import", &["@raw", "@manifest", "@text", "@values"]),
    (
        "inspect",
        &[
            "@raw",
            "@raw --format json",
            "@manifest",
            "@manifest --format json",
            "@manifest -o yaml",
            "@manifest --pem",
            "@raw --pem",
            "@raw --pkcs12-password-file @text",
            "@p12 --pkcs12-password-file @raw",
            "@sops",
            "@values",
            "@text",
        ],
    ),
    (
        "status",
        &[
            "@raw",
            "@raw --format json",
            "@manifest",
            "@manifest --format json",
            "@manifest -o yaml",
            "@manifest --format prometheus",
            "@manifest --format html",
            "@manifest --format html --lang fr",
            "@manifest --format html --lang @text",
            "@manifest --color always --verbose",
            "@raw --color @text",
            "@manifest --format mermaid",
            "@manifest --format dot",
            "@folder",
            "@folder --format json",
            "@folder --format prometheus",
            "@folder --format html",
            "@folder --format mermaid",
            "@folder --format dot",
            "@folder -f @fleet",
            "@folder -f @raw",
            "@p12 --pkcs12-password-file @raw",
            "@sops",
            "@folder --fail-within @text",
            "@folder --failed",
            "@folder --instance @text",
            "@folder --instance p --format json",
            "--cluster --context @text",
            "--connect @text",
            "--connect-file @raw --timeout 1s",
        ],
    ),
    (
        "probe",
        &[
            "@text",
            "a.example.org --connect 127.0.0.1:1 --ca @raw",
            "a.example.org --connect 127.0.0.1:1 --ca @manifest --format json",
            "a.example.org --connect 127.0.0.1:1 --ca @raw --cert @raw --key @raw",
            "a.example.org --connect 127.0.0.1:1 --ca @raw --cert @raw",
            "a.example.org --connect 127.0.0.1:1 --manifest @manifest",
            "a.example.org --connect 127.0.0.1:1 --manifest @raw --format json",
            "a.example.org --connect 127.0.0.1:1 --manifest @raw --output yaml",
            "a.example.org --connect 127.0.0.1:1 --backend 127.0.0.1:1 --backend-ca @raw",
            "a.example.org --connect 127.0.0.1:1 --ca @raw --database 127.0.0.1:1 --database-ca @raw",
            "a.example.org --connect 127.0.0.1:1 --ca @raw --database @text --database-ca @raw",
            "a.example.org --connect 127.0.0.1:1 --manifest @manifest --database 127.0.0.1:1",
            "a.example.org --connect @text",
            "a.example.org --connect 127.0.0.1:1 --path @text",
            "a.example.org --connect 127.0.0.1:1 --timeout @text",
        ],
    ),
    (
        "lint",
        &[
            "@raw --level info",
            "@manifest --level info",
            "@manifest --level info --format json",
            "@manifest --level info --format sarif",
            "@manifest --level info --format github",
            "@values --level info",
            "@sops --level info",
            "@folder --level info",
            "@folder --level info --format json",
            "@folder --level info --format sarif",
            "@folder --level info --format github",
            "@manifest --level info --format junit",
            "@folder --level info --format junit",
            "@manifest --config @raw",
            "@manifest --config @text",
            "@manifest --root @text",
            "--no-config @text",
            "@manifest --baseline @raw",
            "@manifest --host @text",
            "@manifest --traefik @text",
            "@manifest --chart @text",
            "--explain @text",
        ],
    ),
    (
        "gitops init",
        &[
            "--output-dir out --name @text",
            "--output-dir out --domain @text",
            "--output-dir out --recipient @text",
        ],
    ),
    (
        "gitops render",
        &[
            "-f @fleet --output-dir out",
            "-f @keys --output-dir out",
            "-f @raw --output-dir out",
            "-f @csv --output-dir out",
            "-f fleet.yaml --output-dir out --identity @raw",
            "-f fleet.yaml --output-dir out --identity @manifest",
            "-f fleet.yaml --output-dir out --identity @text",
            "-f fleet.yaml --output-dir out --ca-cert @raw --ca-key @raw",
            "-f fleet.yaml --output-dir out --templates @templates",
            "-f @fleet --output-dir out --annotations github",
            "-f @keys --output-dir out --annotations gitlab",
            "-f fleet.yaml --output-dir @folder --summary json",
            "-f fleet.yaml --output-dir @folder --step-summary summary.md",
            "-f fleet.yaml --output-dir out --plan @raw",
            "-f fleet.yaml --output-dir out --plan @text",
            "-f fleet.yaml --output-dir out --instance @text",
            "--output-dir @folder",
        ],
    ),
    ("gitops guard", &["@text", "--all", "--bogus=@text"]),
    (
        "gitops add",
        &[
            "@text",
            "p -f @fleet --host @text",
            "p -f @keys --profile @text",
            "p -f @raw",
        ],
    ),
    (
        "gitops remove",
        &["@text", "@text -f @fleet", "a -f @keys", "a -f @csv"],
    ),
    (
        "gitops ca",
        &[
            "-f fleet.yaml --output-dir @folder",
            "@text -f fleet.yaml --output-dir @folder",
            "-f @fleet --output-dir @folder",
        ],
    ),
    (
        "gitops move",
        &[
            "-f fleet.yaml --output-dir @folder --to @text",
            "-f @fleet --output-dir @folder --to cert-manager",
            "-f fleet.yaml --output-dir @folder --to cert-manager -o json",
        ],
    ),
    (
        "gitops check",
        &[
            "-f @fleet --output-dir @folder",
            "-f fleet.yaml --output-dir @folder",
            "-f fleet.yaml --output-dir @folder --summary json",
            "-f fleet.yaml --output-dir @folder --annotations github",
            "-f fleet.yaml --output-dir @folder --annotations gitlab",
            "-f fleet.yaml --output-dir @folder --identity @raw",
        ],
    ),
    (
        "gitops diff",
        &[
            "-f fleet.yaml --output-dir @folder",
            "-f fleet.yaml --output-dir @tree",
            "-f @fleet --output-dir @folder",
            "-f fleet.yaml --output-dir @folder --instance @text",
            "-f fleet.yaml --output-dir @folder --plan plan.json",
            "-f fleet.yaml --output-dir @folder -o json",
            "-f fleet.yaml --output-dir @tree --format yaml",
        ],
    ),
    (
        "gitops status",
        &[
            "--output-dir @folder",
            "--output-dir @folder --format json",
            "--output-dir @tree --format html",
        ],
    ),
    (
        "gitops import",
        &[
            "--output-dir out --secrets @manifest",
            "--output-dir out --secrets @raw",
            "--output-dir out --csv @csv",
            "--output-dir out --csv @raw",
            "--output-dir out --values @text",
            "--output-dir out --values p=@values",
            "--output-dir out --values p=@raw",
            "--output-dir out --values @text=@raw",
        ],
    ),
    (
        "topology explain",
        &[
            "p --host @text",
            "@text --host a.example.org",
            "p --host a.example.org --alias @text",
            "p --host a.example.org --namespace @text",
            "p --host a.example.org --values @raw",
            "p --host a.example.org --values @values",
            "p --host a.example.org --set @text",
            "p --host a.example.org --set httpd.serverCertField=@text",
            "p --host a.example.org --topology @text",
            "p --host a.example.org --topology passthrough --proxy-protocol @text",
            "p --host a.example.org --topology passthrough --public-certificate @text",
            "p --host a.example.org --clients-ca @raw",
            "p --host a.example.org --load-balancer @text",
            "p --host a.example.org --load-balancer metallb --load-balancer-address @text",
            "p --host a.example.org --load-balancer openstack --topology tcp-proxy --trusted @text",
            "-f @raw",
            "-f @fleet",
            "-f @fleet -o json",
            "-f @keys -o mermaid",
            "-f @fleet --instance @text",
        ],
    ),
    (
        "topology move",
        &[
            "p --host @text --to tcp-proxy --load-balancer haproxy --trusted 10.0.0.7",
            "@text --host a.example.org --to passthrough --public-certificate w",
            "p --host a.example.org --alias @text --to passthrough --public-certificate w",
            "p --host a.example.org --namespace @text --to passthrough --public-certificate w",
            "p --host a.example.org --values @raw --to passthrough --public-certificate w",
            "p --host a.example.org --values @values --to passthrough --public-certificate w",
            "p --host a.example.org --set @text --to passthrough --public-certificate w",
            "p --host a.example.org --to @text",
            "p --host a.example.org --to direct --from @text",
            "p --host a.example.org --to tcp-proxy --load-balancer haproxy --trusted 10.0.0.7 --clients-ca @raw",
            "p --host a.example.org --to direct --traefik @text",
            "p --host a.example.org --to passthrough --proxy-protocol @text",
            "p --host a.example.org --to passthrough --public-certificate @text",
            "p --host a.example.org --to tcp-proxy --load-balancer @text",
            "p --host a.example.org --to direct --load-balancer metallb --load-balancer-address @text",
            "p --host a.example.org --to tcp-proxy --load-balancer openstack --trusted @text",
            "-f @raw --to direct",
            "-f @fleet --to tcp-proxy --load-balancer haproxy --trusted 10.0.0.7",
            "-f @fleet --to passthrough --public-certificate w -o json",
            "-f @fleet --to direct --instance @text",
        ],
    ),
    (
        "topology list",
        &["@text", "--load-balancer @text", "--ingress @text"],
    ),
    ("templates list", &["@text"]),
    (
        "templates export",
        &["--output-dir @raw", "--output-dir out @text"],
    ),
    ("schema", &["@text"]),
    ("completions", &["@text", "kubectl @text"]),
    ("man", &["--output-dir @raw", "@text"]),
];

/// What goes well writes manifests, and those hold what they were asked to hold.
const MANIFESTS: [&str; 7] = [
    "gateway",
    "new-instance",
    "wildcard-secret",
    "tls-store",
    "issuer",
    "public-certificate",
    "traefik-values",
];

const FLEET: &str = "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {name: f}\nspec:\n  domain: example.org\n  secrets: {mode: plain}\n  instances:\n    a: {}\n";

#[test]
fn every_command_has_its_lines() {
    let names = |arguments: &[&str]| -> Vec<String> {
        let help = run(&[arguments, &["--help"]].concat()).good();
        let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
        commands
            .take_while(|line| line.starts_with("  "))
            .filter(|line| !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
            .filter(|name| name != "help")
            .collect()
    };
    let mut all = BTreeSet::new();
    for command in names(&[]) {
        let below = names(&[&command]);
        if below.is_empty() {
            all.insert(command);
        } else {
            all.extend(below.iter().map(|name| format!("{command} {name}")));
        }
    }
    let have: BTreeSet<String> = LINES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(all, have);
}

/// A key in a notation.
struct Notation {
    name: &'static str,
    bytes: Vec<u8>,
}

fn notations(pem: &str) -> Vec<Notation> {
    let body: Vec<&str> = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(body.concat()).unwrap();
    let join = |separator: &str, bytes: &[u8], one: &dyn Fn(&u8) -> String| {
        bytes.iter().map(one).collect::<Vec<_>>().join(separator)
    };
    let hex = |byte: &u8| format!("{byte:02x}");
    let texts = [
        ("PEM", pem.to_owned()),
        ("PEM with CRLF", pem.replace('\n', "\r\n")),
        ("PEM with \\n", pem.replace('\n', "\\n")),
        ("PEM without line ends", pem.replace('\n', "")),
        ("PEM with spaces", pem.replace('\n', " ")),
        (
            "PEM without its end",
            pem.lines().take(3).collect::<Vec<_>>().join("\n"),
        ),
        ("PEM that is damaged", pem.replacen("MIG", "MI*G", 1)),
        (
            "PEM that calls itself a certificate",
            pem.replace("PRIVATE KEY", "CERTIFICATE"),
        ),
        (
            "PEM with \\n that calls itself a certificate",
            pem.replace("PRIVATE KEY", "CERTIFICATE")
                .replace('\n', "\\n"),
        ),
        ("base64", body.concat()),
        ("base64 in lines", body.join("\n")),
        ("base64 of PEM", STANDARD.encode(pem)),
        ("hexadecimal", join("", &der, &hex)),
        ("hexadecimal with colons", join(":", &der, &hex)),
        ("numbers", format!("{der:?}")),
        ("numbers of PEM", format!("{:?}", pem.as_bytes())),
    ];
    let der = Notation {
        name: "DER",
        bytes: der,
    };
    let texts = texts.map(|(name, text)| Notation {
        name,
        bytes: text.into_bytes(),
    });
    texts.into_iter().chain([der]).collect()
}

/// Length of the pieces that are looked for.
const PIECE: usize = 16;

/// Returns the pieces of a notation in all that a program may make of its bytes, line ends apart.
fn pieces(notation: &Notation) -> BTreeSet<Vec<u8>> {
    let bytes = &notation.bytes;
    let escaped = String::from_utf8_lossy(bytes).escape_debug().to_string();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let forms = [
        bytes.clone(),
        escaped.into_bytes(),
        format!("{bytes:?}").into_bytes(),
        hex.into_bytes(),
        STANDARD.encode(bytes).into_bytes(),
        STANDARD.encode(STANDARD.encode(bytes)).into_bytes(),
    ];
    forms
        .iter()
        .flat_map(|form| form.windows(PIECE).map(<[u8]>::to_vec))
        .collect()
}

/// Makes the files of a notation in a directory.
fn fill(directory: &Path, notation: &Notation) {
    let write = |name: &str, bytes: &[u8]| {
        let path = directory.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    let text = String::from_utf8_lossy(&notation.bytes).into_owned();
    // A string of JSON is one of YAML.
    let quoted = serde_json::to_string(&text).unwrap();
    let encoded = STANDARD.encode(&notation.bytes);
    let manifest = format!(
        "# {first}\napiVersion: v1\nkind: Secret\nmetadata: {{name: selfcert, namespace: p}}\ndata:\n  externcert: {encoded}\n  externkey: {encoded}\n\
         \x20 cacert: {quoted}\n---\napiVersion: v1\nkind: Secret\nmetadata: {{name: w, namespace: p, annotations: {{a: {quoted}}}}}\n\
         type: kubernetes.io/tls\nstringData:\n  tls.crt: {quoted}\n  tls.key: {quoted}\n  ca.crt: {quoted}\n---\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: p}}\ndata:\n  ca.crt: {quoted}\n---\n\
         apiVersion: v1\nkind: Secret\nmetadata: {{name: {quoted}, namespace: {quoted}}}\ndata: {{{quoted}: {encoded}, ca.crt: {encoded}}}\n---\n\
         apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: r, namespace: p}}\nspec:\n  entryPoints: [{quoted}]\n  routes:\n\
         \x20 - match: {quoted}\n    kind: Rule\n    services: [{{name: {quoted}, port: {quoted}, scheme: {quoted}, serversTransport: {quoted}}}]\n\
         \x20 tls: {{secretName: {quoted}}}\n---\napiVersion: traefik.io/v1alpha1\nkind: ServersTransport\nmetadata: {{name: t, namespace: p}}\n\
         spec:\n  serverName: {quoted}\n  rootCAsSecrets: [w]\n  {quoted}: 1\n",
        first = text.lines().next().unwrap_or_default(),
    );
    write("manifest.yaml", manifest.as_bytes());
    write("folder/manifest.yaml", manifest.as_bytes());
    write("folder/broken.yaml", format!("a: [{text}\n").as_bytes());
    write("folder/raw.pem", &notation.bytes);
    write(
        "folder/raw.json",
        format!("{{{quoted}: {quoted}, {quoted}: 1}}").as_bytes(),
    );
    write("raw.pem", &notation.bytes);
    let mut p12 = include_bytes!("fixtures/pkcs12/bare.p12").to_vec();
    let at = p12.len() / 2;
    p12.splice(
        at..at + notation.bytes.len().min(at),
        notation.bytes.iter().copied(),
    );
    write("raw.p12", &p12);
    write("values.yaml", format!("externalhost: {quoted}\nhttpd: {{serverCertSecret: {quoted}, listenBacklog: {quoted}}}\n{quoted}: 1\nserverstransport: {quoted}\n").as_bytes());
    write(
        "at-the-end.yaml",
        format!("externalhost: |\n  {}\nx: [\n", text.replace('\n', "\n  ")).as_bytes(),
    );
    write(
        "by-value.yaml",
        FLEET
            .replace("domain: example.org", &format!("domain: {quoted}"))
            .replace(
                "a: {}",
                &format!("a: {{externalHost: {quoted}, aliases: [{quoted}]}}"),
            )
            .as_bytes(),
    );
    write(
        "by-key.yaml",
        FLEET
            .replace(
                "    a: {}",
                &format!("    {quoted}: {{{quoted}: {quoted}}}"),
            )
            .as_bytes(),
    );
    write("fleet.yaml", FLEET.as_bytes());
    write("table.csv", format!("id,{text}\na,{text}\n").as_bytes());
    write(
        "secret.sops.yaml",
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: selfcert}}\ndata:\n  externkey: ENC[AES256_GCM,data:{encoded},iv:{encoded},tag:{encoded},type:str]\n  externcert: {encoded}\nsops:\n  mac: {quoted}\n  age: [{{recipient: {quoted}, enc: {quoted}}}]\n").as_bytes(),
    );
    write(
        "templates/traefik/ingressroute.yaml",
        format!("{{{{ {text} }}}}\n").as_bytes(),
    );
    write("templates/other.yaml", &notation.bytes);
    for secret in ["externkey: |", "externkey: >-"] {
        let body = text.replace('\n', "\n    ");
        write(
            "tree/instances/a/secret-selfcert.yaml",
            format!("# civi-ingress:managed fleet=f instance=a v1\n# {}\nkind: Secret\nmetadata: {{name: selfcert, namespace: a}}\nstringData:\n  {secret}\n    {body}\n", text.replace('\n', "\n# ")).as_bytes(),
        );
    }
}

#[test]
fn no_command_shows_any_of_a_key_in_any_notation() {
    let (ours, other) = (notations(key("leaf").pem()), notations(key("ca").pem()));
    let common: Vec<BTreeSet<Vec<u8>>> = other.iter().map(pieces).collect();
    // What is in every such key tells nothing.
    let secret: BTreeSet<Vec<u8>> = ours
        .iter()
        .zip(&common)
        .flat_map(|(notation, common)| {
            pieces(notation)
                .difference(common)
                .cloned()
                .collect::<Vec<_>>()
        })
        .collect();
    let cases: Vec<(&Notation, &str, &str)> = ours
        .iter()
        .flat_map(|notation| {
            LINES.iter().flat_map(move |(name, lines)| {
                lines.iter().map(move |line| (notation, *name, *line))
            })
        })
        .collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut shown = Vec::new();
        while let Some((notation, name, line)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            let directory = TempDir::new().unwrap();
            fill(directory.path(), notation);
            let argument = |word: &str| -> OsString {
                let files = [
                    ("@raw", "raw.pem"),
                    ("@p12", "raw.p12"),
                    ("@manifest", "manifest.yaml"),
                    ("@values", "values.yaml"),
                    ("@fleet", "by-value.yaml"),
                    ("@keys", "by-key.yaml"),
                    ("@csv", "table.csv"),
                    ("@sops", "secret.sops.yaml"),
                    ("@templates", "templates"),
                    ("@folder", "folder"),
                    ("@tree", "tree"),
                ];
                let word = files.iter().fold(word.to_owned(), |word, (name, file)| {
                    word.replace(name, file)
                });
                let (before, after) = word.split_once("@text").unwrap_or((&word, ""));
                if before.len() == word.len() {
                    return word.into();
                }
                // No argument has a NUL.
                let text: Vec<u8> = notation
                    .bytes
                    .iter()
                    .copied()
                    .filter(|byte| *byte != 0)
                    .collect();
                OsString::from_vec([before.as_bytes(), &text, after.as_bytes()].concat())
            };
            let arguments = name.split(' ').chain(line.split(' ')).map(argument);
            let output = command(directory.path()).args(arguments).output().unwrap();
            let is_manifest = output.status.success() && MANIFESTS.contains(name);
            let stdout = if is_manifest { &[][..] } else { &output.stdout };
            for (stream, bytes) in [("stdout", stdout), ("stderr", &output.stderr)] {
                if let Some(piece) = bytes.windows(PIECE).find(|piece| secret.contains(*piece)) {
                    shown.push(format!(
                        "{}: {name} {line}: {stream} shows {:?}",
                        notation.name,
                        String::from_utf8_lossy(piece)
                    ));
                }
            }
            let code = output.status.code();
            if !matches!(code, Some(0..=6)) {
                shown.push(format!("{}: {name} {line}: status {code:?}", notation.name));
            }
        }
        shown
    };
    let shown: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(
        shown.is_empty(),
        "{} of {}:\n{}",
        shown.len(),
        cases.len(),
        shown.join("\n")
    );
}
