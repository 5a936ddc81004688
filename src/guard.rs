//! Finds private keys in clear text in files of any kind, to keep them out of a repository.
//!
//! Files are parsed, not matched: a key counts in PEM, in DER, in base64 of either, as an age identity, and in the values
//! of manifests however these are written. What is encrypted, and certificates, are not keys; nor is a text that only
//! names a kind of PEM block.

use crate::yaml::{self, Node, Value};
use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use pki_types::PrivateKeyDer;
use zeroize::Zeroizing;

/// Deepest base64 within base64 that is looked into.
const DEPTH: usize = 3;
/// Fewest characters of base64 that are decoded: a P-256 key in SEC1 has 121 bytes, an Ed25519 key in PKCS#8 48.
const SHORTEST: usize = 60;
/// Fewest characters of base64 by which the body of a PEM block is known, where a line of base64 cuts it off.
const FIRST: usize = 16;
/// How the body of a key of OpenSSH begins that is not encrypted: its magic, and the cipher `none` (openssh
/// `PROTOCOL.key`). The others are SEQUENCEs, whose first byte is `M` in base64.
const OPENSSH: &str = "b3BlbnNzaC1rZXktdjEAAAAABG5vbm";
/// Characters of an age identity behind its prefix (`age` specification, section "X25519 recipient stanza": 32 bytes in
/// Bech32 with their checksum).
const AGE_BODY: usize = 58;

/// A private key, by its place. The key itself is never kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForbiddenKey {
    /// Line, from 1; 0 in a file that is not text.
    pub line: u64,
    /// What it is: `a private key (PEM)`.
    pub what: &'static str,
}

const PEM: &str = "a private key (PEM)";
const DER: &str = "a private key (DER)";
const AGE: &str = "an age identity";
const BASE64: &str = "a private key (base64)";

/// Finds the private keys of a file, at most one a line.
#[must_use]
pub fn keys(content: &[u8]) -> Vec<ForbiddenKey> {
    if is_der(content) {
        return vec![ForbiddenKey { line: 0, what: DER }];
    }
    let text = Zeroizing::new(String::from_utf8_lossy(content).into_owned());
    let text = text.as_str();
    let mut found = Vec::new();
    for (line, text_of_line) in (1..).zip(text.split_inclusive('\n')) {
        for word in text_of_line.split(|c: char| !is_base64(c)) {
            if let Some(what) = encoded(word, 0) {
                found.push(ForbiddenKey { line, what });
            }
        }
        if let Some(what) = age_identity(text_of_line) {
            found.push(ForbiddenKey { line, what });
        }
    }
    for at in pem_keys(text) {
        let line = text[..at].matches('\n').count() as u64 + 1;
        found.push(ForbiddenKey { line, what: PEM });
    }
    // What is folded, quoted or escaped is seen once it is read.
    if found.is_empty()
        && let Ok(documents) = yaml::read_all(text, "")
    {
        for node in &documents {
            of_node(node, &mut found);
        }
    }
    found.sort_unstable();
    found.dedup_by_key(|key| key.line);
    found
}

/// Looks at the values and keys of a document.
fn of_node(node: &Node, found: &mut Vec<ForbiddenKey>) {
    let mut look = |text: &str, line: u64| {
        let what = if pem_keys(text).next().is_some() {
            Some(PEM)
        } else {
            let compact: Zeroizing<String> =
                Zeroizing::new(text.split_ascii_whitespace().collect());
            encoded(&compact, 0).or_else(|| age_identity(text))
        };
        found.extend(what.map(|what| ForbiddenKey { line, what }));
    };
    match &node.value {
        Value::Text(text) | Value::Ambiguous(text) => look(text, node.at.line.into()),
        Value::List(items) => {
            for item in items {
                of_node(item, found);
            }
        }
        Value::Map(entries) => {
            for (key, _) in entries {
                look(&key.text, key.at.line.into());
            }
            for (_, node) in entries {
                of_node(node, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
    }
}

fn is_base64(character: char) -> bool {
    character.is_ascii_alphanumeric() || "+/".contains(character)
}

/// Base64 whose padding, where there is some, was left off.
const UNPADDED: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// Returns what a word is once it is decoded; nothing where it is not base64 of a key.
fn encoded(word: &str, depth: usize) -> Option<&'static str> {
    if word.len() < SHORTEST || depth == DEPTH {
        return None;
    }
    let bytes = UNPADDED.decode(word.trim_end_matches('='));
    let bytes = Zeroizing::new(bytes.ok()?);
    if is_der(&bytes) {
        return Some(BASE64);
    }
    let text = std::str::from_utf8(&bytes).ok()?;
    if pem_keys(text).next().is_some() {
        return Some(BASE64);
    }
    let compact: Zeroizing<String> = Zeroizing::new(text.split_ascii_whitespace().collect());
    age_identity(text).or_else(|| encoded(&compact, depth + 1))
}

/// Returns whether bytes are a private key in PKCS#8, PKCS#1 or SEC1.
fn is_der(bytes: &[u8]) -> bool {
    is_whole_sequence(bytes) && PrivateKeyDer::try_from(bytes).is_ok()
}

/// Returns whether bytes are one SEQUENCE and nothing else (X.690 section 8.1.3): the first line of a longer body is not.
fn is_whole_sequence(bytes: &[u8]) -> bool {
    let (length, rest) = match bytes {
        [0x30, length @ 0..=0x7f, rest @ ..] | [0x30, 0x81, length, rest @ ..] => {
            (usize::from(*length), rest)
        }
        [0x30, 0x82, high, low, rest @ ..] => {
            (usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        _ => return false,
    };
    rest.len() == length
}

/// Finds the PEM blocks of private keys that are not encrypted, by where each begins. The first line of its body
/// decides: a block that was cut off is a key still, and one with dots in its place is not.
fn pem_keys(text: &str) -> impl Iterator<Item = usize> + '_ {
    text.match_indices("-----BEGIN ").filter_map(|(at, begin)| {
        let rest = &text[at + begin.len()..];
        let (label, body) = rest.split_once("-----")?;
        if !label.ends_with("PRIVATE KEY") || label.starts_with("ENCRYPTED") || label.len() > 32 {
            return None;
        }
        // In strings of JSON and shells the line ends are written out.
        let body = body.trim_start_matches(['\\', 'n', 'r', '\r', '\n', ' ', '\t', '"', '\'']);
        let is_key = body.starts_with('M') || body.starts_with(OPENSSH);
        let first = body.chars().take_while(|c| is_base64(*c)).count();
        (is_key && first >= FIRST).then_some(at)
    })
}

/// Returns what a text is that has an age identity in it.
fn age_identity(text: &str) -> Option<&'static str> {
    const PREFIX: &str = "AGE-SECRET-KEY-1";
    let upper = text.to_ascii_uppercase();
    let mut bodies = upper
        .match_indices(PREFIX)
        .map(|(at, _)| &upper[at + PREFIX.len()..]);
    let is_whole =
        |body: &str| body.chars().take_while(char::is_ascii_alphanumeric).count() >= AGE_BODY;
    bodies.any(is_whole).then_some(AGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    const KEY: &str = include_str!("../tests/keys/leaf.pem");
    const RSA: &str = include_str!("../tests/keys/rsa.pem");
    const AGE_KEY: &str =
        "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";

    fn der(pem: &str) -> Vec<u8> {
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        STANDARD.decode(body).unwrap()
    }

    fn found(text: &str) -> Vec<(u64, &'static str)> {
        let keys = keys(text.as_bytes());
        keys.into_iter().map(|key| (key.line, key.what)).collect()
    }

    #[test]
    fn a_key_is_found_in_every_notation_and_by_its_line() {
        let base64 = STANDARD.encode(KEY);
        let (start, end) = base64.split_at(76);
        let twice = STANDARD.encode(&base64);
        let of_der = STANDARD.encode(der(KEY));
        let bag = STANDARD.encode(format!("Bag Attributes: <No Attributes>\n{KEY}"));
        let indented = KEY.replace('\n', "\n    ");
        let json = serde_json::to_string(KEY).unwrap();
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n";
        for (text, line, what) in [
            (KEY.to_owned(), 1, PEM),
            (RSA.to_owned(), 1, PEM),
            (format!("# a\n\n{KEY}"), 3, PEM),
            (KEY.replace('\n', "\r\n"), 1, PEM),
            (KEY.lines().take(2).collect::<Vec<_>>().join("\n"), 1, PEM),
            (format!("x = {json}\n"), 1, PEM),
            (format!("{secret}data:\n  k: {base64}\n"), 5, BASE64),
            (format!("{secret}data: {{k: \"{base64}\"}}\n"), 4, BASE64),
            (
                format!("{{\"kind\":\"Secret\",\"data\":{{\"k\":\"{base64}\"}}}}"),
                1,
                BASE64,
            ),
            (
                format!("{secret}data:\n  k: >-\n    {start}\n    {end}\n"),
                6,
                BASE64,
            ),
            (
                format!("{secret}data:\n  k: \"{start}\\\n    {end}\"\n"),
                5,
                BASE64,
            ),
            (
                format!("{secret}data:\n  k: !!binary |\n    {base64}\n"),
                6,
                BASE64,
            ),
            (
                format!("{secret}stringData:\n  k: |\n    {indented}\n"),
                6,
                PEM,
            ),
            (format!("{secret}stringData: {{k: {json}}}\n"), 4, PEM),
            (format!("{secret}data: {{k: {twice}}}\n"), 4, BASE64),
            (format!("{secret}data: {{k: {of_der}}}\n"), 4, BASE64),
            (format!("{secret}data: {{k: {bag}}}\n"), 4, BASE64),
            (format!("KEY={base64}\n"), 1, BASE64),
            (format!("kind: ConfigMap\ndata: {{k: {json}}}\n"), 2, PEM),
            (format!("# created\n{AGE_KEY}\n"), 2, AGE),
            (AGE_KEY.to_lowercase(), 1, AGE),
            (
                format!("data: {{k: {}}}\n", STANDARD.encode(AGE_KEY)),
                1,
                AGE,
            ),
        ] {
            assert_eq!(found(&text), [(line, what)], "{text}");
        }
        for key in [KEY, RSA] {
            assert_eq!(keys(&der(key)), [ForbiddenKey { line: 0, what: DER }]);
        }
        let two = format!("{KEY}{KEY}");
        assert_eq!(found(&two).len(), 2);
        let mut odd = b"\xff\xfe\n".to_vec();
        odd.extend_from_slice(KEY.as_bytes());
        assert_eq!(keys(&odd), [ForbiddenKey { line: 2, what: PEM }]);
    }

    #[test]
    fn a_key_within_folded_base64_is_found_once_it_is_read() {
        let base64 = STANDARD.encode(der(RSA));
        let (start, rest) = base64.split_at(50);
        let text = format!("kind: Secret\ndata:\n  k: >-\n    {start}\n    {rest}\n");
        assert_eq!(found(&text), [(4, BASE64)]);
    }

    #[test]
    fn what_is_public_or_encrypted_or_only_named_is_not_a_key() {
        let certificate = include_str!("../tests/fixtures/good.crt");
        let cert64 = STANDARD.encode(certificate);
        for text in [
            "",
            "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n",
            "a PEM block `-----BEGIN RSA PRIVATE KEY-----` is needed",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIFHDBOBgkqhkiG9w0BBQ0wQTApBgkqhkiG9w0BBQwwHAQI\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMIIFHDBO\n",
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAA\n",
            "an identity looks like `AGE-SECRET-KEY-1…`",
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
            "k: ENC[AES256_GCM,data:MP49xQpHvGq9hHM0fM2l0gq7S0c2PZ3l2uYz6hVwq3F6b3BlbnNzaC1rZXktdjEA,iv:MLuF2KNZyUSU5F3PxVElUmgwNr6yqzWbr48pUuHbEpg=,tag:6YCEcvaRc/EoUl9mfwzV3w==,type:str]",
            certificate,
            &cert64,
            &format!("kind: Secret\ndata: {{tls.crt: {cert64}}}\n"),
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
