//! A corpus of hostile inputs over all commands: each is refused with its status and one error line, nothing on
//! stdout, nothing changed on the disk, within bounds of processor time and memory that no busy machine moves.

use crate::support::{NOW, key};
use base64::Engine as _;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

/// What a run may cost: seconds of one processor, and kB of memory for data.
const LIMITS: &str = "ulimit -t 10; ulimit -d 262144; exec \"$@\"";
/// Most bytes of all that is reported about an input, whatever its size.
const SAID: usize = 20_000;

/// Texts of which none is a name, a host, an address, a time, a number or a word of a list.
fn texts() -> Vec<String> {
    let pem = key("leaf").pem().to_owned();
    let mut texts: Vec<String> = [
        "`",
        "a`b.example.org",
        "b.example.org`) || Host(`evil",
        "a\nb",
        "a\rb",
        "a\tb",
        "\u{85}a",
        "a\u{2028}b",
        "\u{202e}evil.example.org",
        "a\u{200b}b.example.org",
        "\u{1b}[2J",
        "\u{9b}31m",
        "\u{7f}",
        "\u{e0041}\u{e0042}",
        "*",
        "&a",
        "!!str a",
        "#a",
        "a: b",
        "---",
        "-",
        "--",
        "{{ a }}",
        "{% a %}",
        "$(id)",
        "%00",
        "../x",
        "/etc/passwd",
        ".",
        "..",
        "::error::x",
        "a\n::error::x",
        "##[group]x",
        "“a.example.org”",
        "☃",
        "é é",
    ]
    .map(str::to_owned)
    .into();
    texts.push(format!("{}`", "a".repeat(65_536)));
    texts.push(pem.replace('\n', "\\n"));
    texts.push(pem);
    texts
}

/// The commands with the status of their refusal; `@` stands for the text.
const WITH_TEXT: &[(i32, &str)] = &[
    (2, "new-instance p --host=@"),
    (2, "new-instance p --host=a.example.org --alias=@"),
    (2, "new-instance --host=a.example.org -- @"),
    (2, "new-instance p --host=a.example.org --namespace=@"),
    (2, "new-instance p --host=a.example.org --days=@"),
    (2, "new-instance p --host=a.example.org --not-before=@"),
    (2, "new-instance p --host=a.example.org --now=@"),
    (2, "new-instance p --host=a.example.org --key-type=@"),
    (2, "new-instance p --host=a.example.org --traefik=@"),
    (2, "new-instance p --host=a.example.org --retry=@"),
    (2, "new-instance p --host=a.example.org --remote-ip=@"),
    (
        2,
        "new-instance p --host=a.example.org --egress --egress-mail=@",
    ),
    (
        2,
        "new-instance p --host=a.example.org --egress --egress-https=@",
    ),
    (
        2,
        "new-instance p --host=a.example.org --egress --egress-dns=@",
    ),
    (2, "new-instance p --host=a.example.org --topology=@"),
    (2, "new-instance p --host=a.example.org --trusted=@"),
    (2, "new-instance p --host=a.example.org --load-balancer=@"),
    (
        2,
        "new-instance p --host=a.example.org --public-certificate=@",
    ),
    (2, "wildcard-secret --domain=@"),
    (2, "wildcard-secret --domain=example.org --namespace=@"),
    (2, "wildcard-secret --domain=example.org -- @"),
    (2, "new-instance p --host=a.example.org --ingress=@"),
    (
        2,
        "new-instance p --host=a.example.org --ingress=gateway-api --gateway=@",
    ),
    (
        2,
        "new-instance p --host=a.example.org --ingress=gateway-api --gateway-api=@",
    ),
    (
        2,
        "new-instance p --host=a.example.org --ingress=traefik-file --routes-out=r.yaml --httpd=@",
    ),
    (2, "traefik-file -- @"),
    (2, "traefik-file --namespace=@"),
    (2, "gateway -- @"),
    (2, "gateway example.org --namespace=@"),
    (2, "gateway example.org --name=@"),
    (2, "gateway example.org --class=@"),
    (2, "gateway example.org --passthrough=@"),
    (2, "gateway example.org --kind=@"),
    (2, "gateway example.org --kind=istio --selector=@"),
    (2, "tls-store --secret=@"),
    (2, "tls-store --namespace=@"),
    (2, "issuer --server=@"),
    (2, "issuer --email=@"),
    (2, "issuer --profile=@"),
    (2, "issuer --gateway=@"),
    (2, "issuer --ingress-class=@"),
    (2, "issuer --wait-instead-of-self-check=@"),
    (2, "issuer -- @"),
    (2, "public-certificate --issuer=i --dns=@"),
    (2, "public-certificate --dns=a.parish.fr --issuer=@"),
    (2, "public-certificate --issuer=i --dns=a.parish.fr -- @"),
    (2, "traefik-values --chart=@"),
    (2, "traefik-values --update-strategy=@"),
    (2, "traefik-values --read-timeout=@"),
    (2, "traefik-values --load-balancer=@"),
    (2, "traefik-values --topology=@"),
    (
        2,
        "traefik-values --topology=tcp-proxy --load-balancer=openstack --trusted=@",
    ),
    (
        2,
        "traefik-values --load-balancer=metallb --load-balancer-address=@",
    ),
    (2, "ca --output-dir=out --permit-dns=@"),
    (2, "ca --output-dir=out --permit-ip=@"),
    (2, "ca --output-dir=out --days=@"),
    (2, "cert --output-dir=out --dns=@"),
    (2, "cert --output-dir=out --ip=@"),
    (2, "status --fail-within=@ x.pem"),
    (2, "status --lang=@ x.pem"),
    (2, "status --color=@ x.pem"),
    (2, "status x.crt --instance=@"),
    (2, "status --connect=@"),
    (2, "status --context=@"),
    (2, "probe -- @"),
    (2, "probe a.example.org --connect=@"),
    (2, "probe a.example.org --timeout=@"),
    (2, "probe a.example.org --database-ca=x.pem --database=@"),
    (2, "lint --explain=@"),
    (2, "lint --traefik=@ x.yaml"),
    (2, "lint --host=@ x.yaml"),
    (2, "lint --no-config=@ x.yaml"),
    (2, "gitops init --output-dir=out --name=@"),
    (2, "gitops init --output-dir=out --domain=@"),
    (2, "gitops init --output-dir=out --recipient=@"),
    (2, "gitops add --fleet=fleet.yaml -- @"),
    (2, "gitops add --fleet=fleet.yaml p --host=@"),
    (3, "gitops add --fleet=fleet.yaml p --profile=@"),
    (3, "gitops remove --fleet=fleet.yaml -- @"),
    (2, "gitops init --output-dir=out --ci=@"),
    (3, "gitops guard -- @"),
    (3, "gitops ca --fleet=fleet.yaml --output-dir=out -- @"),
    (2, "gitops move --fleet=fleet.yaml --output-dir=out --to=@"),
    (2, "gitops import --output-dir=out --values=@"),
    (2, "gitops check --output-dir=out -f fleet.yaml --phase=@"),
    (2, "gitops diff --output-dir=out -f fleet.yaml -- @"),
    (2, "gitops diff --output-dir=. -f fleet.yaml --instance=@"),
    (2, "gitops diff --output-dir=. -f fleet.yaml --format=@"),
    (2, "gitops check --output-dir=. -f fleet.yaml --instance=@"),
    (
        2,
        "gitops render --output-dir=out -f fleet.yaml --instance=@",
    ),
    (2, "gitops status --output-dir=out --format=@"),
    (2, "topology explain --host=a.example.org -- @"),
    (2, "topology explain p --host=@"),
    (2, "topology explain p --host=a.example.org --alias=@"),
    (2, "topology explain p --host=a.example.org --namespace=@"),
    (2, "topology explain p --host=a.example.org --topology=@"),
    (
        2,
        "topology explain p --host=a.example.org --topology=passthrough --proxy-protocol=@",
    ),
    (2, "topology explain --fleet=fleet.yaml --instance=@"),
    (
        2,
        "topology explain p --host=a.example.org --load-balancer=@",
    ),
    (
        2,
        "topology move --host=a.example.org --to=passthrough --public-certificate=w -- @",
    ),
    (
        2,
        "topology move p --to=passthrough --public-certificate=w --host=@",
    ),
    (
        2,
        "topology move p --to=direct --host=a.example.org --alias=@",
    ),
    (
        2,
        "topology move p --to=direct --host=a.example.org --namespace=@",
    ),
    (2, "topology move p --host=a.example.org --to=@"),
    (
        2,
        "topology move p --host=a.example.org --to=direct --from=@",
    ),
    (
        2,
        "topology move p --host=a.example.org --to=direct --traefik=@",
    ),
    (
        2,
        "topology move p --host=a.example.org --to=passthrough --public-certificate=@",
    ),
    (
        2,
        "topology move p --host=a.example.org --to=tcp-proxy --load-balancer=@",
    ),
    (
        2,
        "topology move --fleet=fleet.yaml --to=direct --instance=@",
    ),
    (2, "topology list --load-balancer=@"),
    (2, "topology list --ingress=@"),
    (2, "topology list -- @"),
    (2, "schema -- @"),
    (2, "completions -- @"),
    (2, "templates list -- @"),
    (2, "templates export --output-dir=out -- @"),
    (2, "man -- @"),
    (2, "inspect x.pem --format=@"),
    (2, "lint x.yaml --output=@"),
    (2, "probe a.example.org -o=@"),
];

/// A PKCS#12 file of nothing, of lengths that are not given, whose MAC is to be made in 2,147,483,647 rounds.
const TOILSOME: &[u8] = b"\x30\x80\x02\x01\x03\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80\x04\x00\x00\x00\x00\x00\
    \x30\x1b\x30\x10\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x01\x00\x04\x01\x00\x02\x04\x7f\xff\xff\xff\x00\x00";

/// Files of which none is what a command wants.
fn files() -> BTreeMap<&'static str, Vec<u8>> {
    let pem = key("leaf").pem().to_owned();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let bomb = ('a'..'i').zip('b'..='i').fold(
        "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned(),
        |text, (previous, next)| {
            let items = vec![format!("*{previous}"); 9].join(",");
            text + &format!("{next}: &{next} [{items}]\n")
        },
    );
    let wide = (0..20_000).fold(String::new(), |text, number| {
        text + &format!("k{number}: 1\n")
    });
    let row = (0..20_000).fold(String::new(), |text, number| {
        text + &format!("k{number}: 1, ")
    });
    let utf16 = "a: b\n".encode_utf16().flat_map(u16::to_le_bytes);
    let block =
        |body: &str| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    let texts = [
        ("empty", String::new()),
        ("a NUL", "a: \0\n".to_owned()),
        ("a key without line ends", pem.replace('\n', "")),
        ("a key with \\n", pem.replace('\n', "\\n")),
        (
            "an encrypted key",
            pem.replace("PRIVATE", "ENCRYPTED PRIVATE"),
        ),
        (
            "an identity",
            format!("AGE-SECRET-KEY-1{}\n", "Q".repeat(58)),
        ),
        (
            "a block without end",
            "-----BEGIN CERTIFICATE-----\nMIIB\n".to_owned(),
        ),
        ("a block that is not base64", block("%%%%")),
        ("a block that is not a certificate", block("AAAA")),
        ("brackets", "[".repeat(300_000)),
        ("braces", format!("a: {}", "{a: ".repeat(100_000))),
        ("a bomb", bomb),
        ("a tag", "a: !!python/object:os.system x\n".to_owned()),
        ("a key twice", "a: 1\na: 2\n".to_owned()),
        ("an open quote", "a: \"x\n".to_owned()),
        ("a tab", "a:\n\t- b\n".to_owned()),
        ("an alias of nothing", "a: *nothing\n".to_owned()),
        ("escapes", "\u{1b}[2J: \u{1b}[2J\n".to_owned()),
        ("commands", "\"\\n::error::x\": 1\n".to_owned()),
        ("text that turns", "\u{202e}a: 1\n".to_owned()),
        ("a long key", format!("\"{}\": 1\n", "a".repeat(200_000))),
        ("many keys", wide),
        ("many keys on a line", format!("{{{row}}}\n")),
        (
            "many values on a line",
            format!("a = [{}]\n", "1, ".repeat(20_000)),
        ),
    ];
    let mut files: BTreeMap<&str, Vec<u8>> = texts
        .into_iter()
        .map(|(name, text)| (name, text.into_bytes()))
        .collect();
    files.insert("Latin-1", b"a: \xe9\n".to_vec());
    let utf16 = [0xff, 0xfe].into_iter().chain(utf16);
    files.insert("UTF-16 that was cut off", utf16.chain(*b"a").collect());
    let p12 = include_bytes!("fixtures/pkcs12/openssl.p12").as_slice();
    files.insert("PKCS#12 with a password", p12.to_vec());
    files.insert("PKCS#12 that was cut off", p12[..p12.len() - 1].to_vec());
    files.insert(
        "PKCS#12 with a MAC of two thousand million rounds",
        TOILSOME.to_vec(),
    );
    files.insert(
        "PKCS#12 without end",
        [&TOILSOME[..7], &[0x24, 0x80].repeat(300_000)].concat(),
    );
    files.insert(
        "PKCS#12 that is long",
        [TOILSOME, &vec![0; 1 << 20]].concat(),
    );
    files.insert(
        "DER",
        base64::engine::general_purpose::STANDARD
            .decode(body)
            .unwrap(),
    );
    files
}

/// The commands that read a file `@`, and the files that they take. What is not read at all ends with 4.
const WITH_FILE: &[(&str, &[&str])] = &[
    (
        "new-instance p --host=a.example.org -f @",
        &[
            "empty",
            "commands",
            "text that turns",
            "many keys",
            "many keys on a line",
        ],
    ),
    ("new-instance p --host=a.example.org --reuse @", &[]),
    ("new-instance p --host=a.example.org --clients-ca @", &[]),
    (
        "new-instance p --host=a.example.org --ca-cert @ --ca-key @",
        &[],
    ),
    ("wildcard-secret --cert @", &[]),
    (
        "cert --output-dir=out --dns=a.example.org --ca-cert @ --ca-key @",
        &[],
    ),
    ("ingress import @", &[]),
    ("inspect @", &[]),
    ("inspect x.p12 --pkcs12-password-file @", &[]),
    ("inspect @ --pkcs12-password-file password", &[]),
    ("status x.pem -f @", &[]),
    ("probe a.example.org --connect=127.0.0.1:1 --ca @", &[]),
    (
        "probe a.example.org --connect=127.0.0.1:1 --database=127.0.0.1:1 --database-ca @",
        &[],
    ),
    (
        "probe a.example.org --connect=127.0.0.1:1 --manifest @",
        &[],
    ),
    ("lint x.yaml --baseline @", &[]),
    ("lint x.yaml --config @", &["empty"]),
    ("gitops render --output-dir=out -f @", &[]),
    ("gitops check --output-dir=out -f @", &[]),
    (
        "gitops check --output-dir=out -f @ --step-summary summary.md",
        &[],
    ),
    ("gitops render --output-dir=out -f fleet.yaml --plan @", &[]),
    ("gitops diff --output-dir=out -f @", &[]),
    ("gitops add p -f @", &[]),
    ("gitops remove p -f @", &[]),
    ("gitops ca --output-dir=out -f @", &[]),
    ("gitops move --output-dir=out --to=cert-manager -f @", &[]),
    (
        "gitops render --output-dir=out -f fleet.yaml --identity @",
        &[],
    ),
    ("gitops import --output-dir=out --csv @", &[]),
    ("gitops import --output-dir=out --secrets @", &[]),
];

const FLEET: &str = "apiVersion: civi-ingress.uepal.fr/v1alpha1\nkind: Fleet\nmetadata: {name: f}\nspec:\n  domain: example.org\n\
                     \x20 secrets: {mode: plain}\n  instances:\n    a: {}\n";

/// An input and what must become of it.
struct Case {
    name: String,
    line: &'static str,
    text: String,
    file: Option<Vec<u8>>,
    status: i32,
    /// Whether there is one fault, and so one error line.
    is_one: bool,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (status, line) in WITH_TEXT {
        cases.extend(texts().into_iter().map(|text| Case {
            name: format!("{line}: {:.40}", text.escape_debug()),
            line,
            text,
            file: None,
            status: *status,
            is_one: true,
        }));
    }
    let files = files();
    for (line, taken) in WITH_FILE {
        let wrong = files.iter().filter(|(name, _)| !taken.contains(name));
        cases.extend(wrong.map(|(name, file)| Case {
            name: format!("{line}: {name}"),
            line,
            text: "f".to_owned(),
            file: Some(file.clone()),
            status: 3,
            is_one: false,
        }));
        // A directory, a name that is not there, a link to itself.
        for name in ["missing", "loop"] {
            cases.push(Case {
                name: format!("{line}: {name}"),
                line,
                text: name.to_owned(),
                file: None,
                status: 4,
                is_one: true,
            });
        }
    }
    cases
}

/// Returns what is below a directory.
fn contents(directory: &Path) -> BTreeMap<OsString, Option<Vec<u8>>> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name(), std::fs::read(entry.path()).ok())
        })
        .collect()
}

/// Describes what is wrong with how an input was refused.
fn judge(case: &Case) -> Option<String> {
    let directory = TempDir::new().unwrap();
    let path = directory.path();
    for (name, text) in [
        ("fleet.yaml", FLEET),
        ("x.yaml", "a: 1\n"),
        ("x.pem", "x\n"),
    ] {
        std::fs::write(path.join(name), text).unwrap();
    }
    let p12 = include_bytes!("fixtures/pkcs12/openssl.p12");
    std::fs::write(path.join("x.p12"), p12).unwrap();
    let certificate = include_bytes!("fixtures/good.crt");
    std::fs::write(path.join("x.crt"), certificate).unwrap();
    std::fs::write(path.join("password"), "wrong\n").unwrap();
    std::os::unix::fs::symlink("loop", path.join("loop")).unwrap();
    if let Some(file) = &case.file {
        std::fs::write(path.join("f"), file).unwrap();
    }
    let before = contents(path);
    let words = case
        .line
        .split(' ')
        .map(|word| word.replace('@', &case.text));
    let output: Output = Command::new("sh")
        .args(["-c", LIMITS, "sh", env!("CARGO_BIN_EXE_civi-ingress")])
        .args(words)
        .current_dir(path)
        .env_clear()
        .env("SOURCE_DATE_EPOCH", NOW.unix_timestamp().to_string())
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let errors = said
        .lines()
        .filter(|line| line.starts_with("error: "))
        .count();
    let steers = |c: char| c != '\n' && !civi_ingress::visible::is_visible(c);
    let wrong = if output.status.code() != Some(case.status) {
        format!("status {:?}", output.status)
    } else if errors == 0 || case.is_one && errors != 1 {
        format!("{errors} error lines")
    } else if !output.stdout.is_empty() {
        "stdout is not empty".to_owned()
    } else if contents(path) != before {
        "the disk is not as it was".to_owned()
    } else if said.len() > SAID {
        format!("{} bytes on stderr", said.len())
    } else if said.contains(steers)
        || said.lines().any(|line| line.trim_start().starts_with("::"))
        || said.contains("##[")
    {
        "stderr steers a terminal or a CI".to_owned()
    } else {
        return None;
    };
    Some(format!(
        "{}: {wrong}: {:.300}",
        case.name,
        said.escape_debug()
    ))
}

#[test]
fn every_hostile_input_is_refused_at_a_small_cost_and_leaves_no_trace() {
    let cases = cases();
    assert!(cases.len() > 300);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut wrong = Vec::new();
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            wrong.extend(judge(case));
        }
        wrong
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}
