//! PEM texts (RFC 7468): the one reader of their blocks, so that none is lost silently, and the text of
//! certificates, which holds nothing else.

use super::Certificate;
use crate::fault::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::{memchr, memchr2};
use pki_types::CertificateDer;
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// What is between `-----BEGIN …-----` and `-----END …-----`.
#[derive(Clone, Copy)]
pub(super) struct PemBlock<'a> {
    label: &'a str,
    /// The line that begins it, from 1.
    line: usize,
    body: &'a str,
    /// Whether its first and last line are where other programs look for them.
    pub(super) is_plain: bool,
}

/// What a block holds, by its label.
enum PemKind {
    Certificate,
    PrivateKey,
    /// Neither, and no harm beside either.
    Beside,
    /// What may hold a certificate that is not read here, and what to do about it.
    Unread(&'static str),
}

impl PemBlock<'_> {
    fn kind(&self) -> PemKind {
        match self.label {
            // The second is OpenSSL's old label for the same (`PEM_STRING_X509_OLD`).
            "CERTIFICATE" | "X509 CERTIFICATE" => PemKind::Certificate,
            label if label.ends_with("PRIVATE KEY") => PemKind::PrivateKey,
            "EC PARAMETERS"
            | "DH PARAMETERS"
            | "X9.42 DH PARAMETERS"
            | "DSA PARAMETERS"
            | "PUBLIC KEY"
            | "RSA PUBLIC KEY"
            | "X509 CRL"
            | "CERTIFICATE REQUEST"
            | "NEW CERTIFICATE REQUEST" => PemKind::Beside,
            "TRUSTED CERTIFICATE" => PemKind::Unread(
                "it carries OpenSSL's own trust settings: `openssl x509 -in FILE -out PLAIN` leaves them out",
            ),
            "PKCS7" | "PKCS #7 SIGNED DATA" | "CMS" => PemKind::Unread(
                "take the certificates out: `openssl pkcs7 -in FILE -print_certs -out PLAIN`",
            ),
            "ATTRIBUTE CERTIFICATE" => PemKind::Unread("leave it out: TLS has no use for it"),
            _ => PemKind::Unread("certificates are in blocks `CERTIFICATE`; leave the others out"),
        }
    }

    /// Decodes the body of a certificate. Nothing secret needs the constant time that readers of keys take.
    fn decode(&self) -> Result<Vec<u8>, Fault> {
        let mut packed = Vec::with_capacity(self.body.len());
        for line in self.body.lines() {
            packed.extend_from_slice(line.trim_ascii().as_bytes());
        }
        match STANDARD.decode(&packed) {
            Ok(der) if !der.is_empty() => Ok(der),
            Ok(_) | Err(_) => Err(self.damage()),
        }
    }

    /// Returns why the body of a certificate cannot be decoded.
    fn damage(&self) -> Fault {
        let mut is_empty = true;
        for (index, line) in self.body.lines().enumerate() {
            let line_number = self.line + 1 + index;
            let line = line.trim_ascii();
            if is_base64(line) {
                is_empty &= line.is_empty();
                continue;
            }
            if line.contains(':') {
                let what = format!("line {line_number}: the certificate has a header");
                return Fault::new(what).help(
                    "Go and OpenSSL pass over such a certificate; leave the header and the empty line below it out",
                );
            }
            let what = format!("line {line_number}: the PEM text is damaged: this is not base64");
            return Fault::new(what).help(WHOLE);
        }
        let begins = self.line;
        let why = if is_empty {
            "is empty"
        } else {
            "is not whole base64"
        };
        let what = format!(
            "line {begins}: the PEM text is damaged: the certificate that begins here {why}"
        );
        Fault::new(what).help(WHOLE)
    }

    /// Returns a key alone, as any reader of PEM takes it.
    pub(super) fn alone(&self) -> Zeroizing<String> {
        let label = self.label;
        let mut text = Zeroizing::new(String::with_capacity(
            self.body.len() + 2 * label.len() + 64,
        ));
        for piece in [BEGIN, label, DASHES, "\n"] {
            text.push_str(piece);
        }
        for line in self.body.lines() {
            text.push_str(line.trim());
            text.push('\n');
        }
        for piece in [END, label, DASHES, "\n"] {
            text.push_str(piece);
        }
        text
    }
}

/// The digits of base64 and its padding.
const BASE64: [bool; 256] = {
    let mut all = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        all[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        byte += 1;
    }
    all
};

/// Returns whether a line is of base64 alone.
fn is_base64(line: &str) -> bool {
    line.bytes().all(|byte| BASE64[usize::from(byte)])
}

const WHOLE: &str = "copy the whole file again, with its line ends";

/// Reads the blocks of a text, each or why it is not one.
///
/// A block may be indented, have any line ends, and begin on the line where the one before ends, as in files that were
/// joined without a newline between. Lines outside blocks are comments. After a fault, reading goes on.
#[derive(Clone)]
struct Blocks<'a> {
    text: &'a str,
    /// Where the next line begins.
    at: usize,
    /// Its number, from 1.
    line: usize,
}

/// A line or the rest of one, and where it begins.
#[derive(Clone, Copy)]
struct PemLine<'a> {
    text: &'a str,
    at: usize,
    number: usize,
}

/// What a line is to PEM.
enum Mark<'a> {
    None,
    /// `-----BEGIN …-----`, perhaps after other text.
    Begin(&'a str),
    /// `-----END …-----` and what follows it.
    End(&'a str, PemLine<'a>),
    /// A line that was meant to be one of the two.
    Broken(&'static str),
}

const LOST: &str = "keep `-----BEGIN …-----` and `-----END …-----` on lines of their own: line ends were lost, or written as `\\n`";
const HYPHENS: &str = "it needs five hyphens before and after, as in `-----BEGIN CERTIFICATE-----`";

impl<'a> PemLine<'a> {
    fn mark(self) -> Mark<'a> {
        // Nearly every line is base64, and no mark is without hyphens or dashes.
        if self.text.is_ascii() && memchr(b'-', self.text.as_bytes()).is_none() {
            return Mark::None;
        }
        let text = self.text.trim();
        if text.starts_with('#') || !text.contains(['-', '–', '—', '−']) {
            return Mark::None;
        }
        if let Some(rest) = text.strip_prefix(END) {
            return match rest.split_once(DASHES) {
                Some((label, after)) => Mark::End(label, self.rest(after)),
                None => Mark::Broken(HYPHENS),
            };
        }
        match (text.find(BEGIN), text.find(END)) {
            (Some(_) | None, Some(_)) => Mark::Broken(LOST),
            (Some(at), None) => match text[at + BEGIN.len()..].split_once(DASHES) {
                Some((label, "")) => Mark::Begin(label),
                Some(_) => Mark::Broken(LOST),
                None => Mark::Broken(HYPHENS),
            },
            (None, None) if is_meant(text) => Mark::Broken(HYPHENS),
            (None, None) => Mark::None,
        }
    }

    /// Returns the end of this line, `after` being a part of it.
    fn rest(self, after: &'a str) -> Self {
        let at = self.at + (after.as_ptr() as usize - self.text.as_ptr() as usize);
        Self {
            text: after,
            at,
            number: self.number,
        }
    }
}

/// Returns whether a line was meant to begin or end a block: too few hyphens, dashes of a word processor, small letters.
fn is_meant(line: &str) -> bool {
    let is_dash = |char: char| "-–—−".contains(char);
    let upper = line.to_ascii_uppercase();
    (line.starts_with(is_dash) || line.ends_with(is_dash))
        && (upper.contains("BEGIN ") || upper.contains("END "))
        && (upper.contains("CERTIFICATE") || upper.contains("KEY"))
}

impl<'a> Blocks<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
        }
    }

    fn take_line(&mut self) -> Option<PemLine<'a>> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return None;
        }
        let (text, length) = match memchr2(b'\n', b'\r', rest.as_bytes()) {
            Some(end) if rest[end..].starts_with("\r\n") => (&rest[..end], end + 2),
            Some(end) => (&rest[..end], end + 1),
            None => (rest, rest.len()),
        };
        let line = PemLine {
            text,
            at: self.at,
            number: self.line,
        };
        self.at += length;
        self.line += 1;
        Some(line)
    }

    /// Reads on at the rest of the line that was taken last.
    fn back_to(&mut self, rest: PemLine<'a>) {
        self.at = rest.at;
        self.line = rest.number;
    }

    /// Returns whether a text stands at the beginning of a line that ends with LF.
    fn begins_line(&self, line: PemLine<'a>, text: &str) -> bool {
        line.text.starts_with(text) && (line.at == 0 || self.text[..line.at].ends_with('\n'))
    }

    /// Reads the block that begins at a line.
    fn block(&mut self, label: &'a str, begin: PemLine<'a>) -> Result<PemBlock<'a>, Fault> {
        let is_begun = self.begins_line(begin, BEGIN);
        let body_at = self.at;
        while let Some(line) = self.take_line() {
            match line.mark() {
                Mark::None => {}
                Mark::End(end, rest) => {
                    let is_ended = self.begins_line(line, END) && rest.text.trim().is_empty();
                    self.back_to(rest);
                    if end == label {
                        return Ok(PemBlock {
                            label,
                            line: begin.number,
                            body: &self.text[body_at..line.at],
                            is_plain: is_begun && is_ended,
                        });
                    }
                    let what = format!(
                        "line {}: a block ends here under a different name than it begins with in line {}",
                        line.number, begin.number
                    );
                    return Err(Fault::new(what).help(WHOLE));
                }
                Mark::Begin(_) => {
                    self.back_to(line);
                    return Err(endless(begin.number));
                }
                Mark::Broken(why) => return Err(broken(line.number, why)),
            }
        }
        Err(endless(begin.number))
    }
}

fn endless(line: usize) -> Fault {
    let what = format!("line {line}: the block that begins here has no end");
    Fault::new(what).help(WHOLE)
}

fn broken(line: usize, why: &str) -> Fault {
    Fault::new(format!(
        "line {line}: this is not how a PEM block begins or ends"
    ))
    .help(why)
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Result<PemBlock<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = self.take_line()?;
            match line.mark() {
                Mark::None => {}
                Mark::Begin(label) => return Some(self.block(label, line)),
                Mark::End(_, rest) => {
                    self.back_to(rest);
                    let what = format!(
                        "line {}: a block ends here that does not begin",
                        line.number
                    );
                    return Some(Err(Fault::new(what).help(WHOLE)));
                }
                Mark::Broken(why) => {
                    self.skip_broken();
                    return Some(Err(broken(line.number, why)));
                }
            }
        }
    }
}

impl Blocks<'_> {
    /// Passes over the rest of a block whose first line is broken, and its end with it.
    fn skip_broken(&mut self) {
        let mut ahead = self.clone();
        while let Some(line) = ahead.take_line() {
            match line.mark() {
                Mark::None => {}
                Mark::End(_, rest) => {
                    ahead.back_to(rest);
                    *self = ahead;
                    return;
                }
                Mark::Broken(_) => {
                    *self = ahead;
                    return;
                }
                Mark::Begin(_) => return,
            }
        }
    }
}

/// Decodes the certificates of a text one by one; keys, parameters and the like beside them are passed over.
pub(super) fn certificates(
    text: &str,
) -> impl Iterator<Item = Result<CertificateDer<'static>, Fault>> {
    decoded(Blocks::of(text))
}

/// Decodes them as Go and OpenSSL do, which look for the first and the last line of a block at the beginning of a line, and
/// want nothing behind the last one (`Decode` of Go's `encoding/pem`, 1.22 to 1.27; `PEM_read_bio_ex` of OpenSSL 3).
pub(super) fn plain_certificates(
    text: &str,
) -> impl Iterator<Item = Result<CertificateDer<'static>, Fault>> {
    decoded(Blocks::of(text).map(|block| match block {
        Ok(block) if !block.is_plain => {
            let line = block.line;
            let what = format!(
                "line {line}: the block that begins here is indented, or shares a line with other text"
            );
            Err(Fault::new(what).help(
                "Go and OpenSSL pass over such a block; put `-----BEGIN …-----` and `-----END …-----` at the beginning of lines of their own",
            ))
        }
        other => other,
    }))
}

fn decoded<'a>(
    blocks: impl Iterator<Item = Result<PemBlock<'a>, Fault>>,
) -> impl Iterator<Item = Result<CertificateDer<'static>, Fault>> {
    blocks.filter_map(|block| {
        let block = match block {
            Ok(block) => block,
            Err(fault) => return Some(Err(fault)),
        };
        match block.kind() {
            PemKind::Certificate => Some(block.decode().map(CertificateDer::from)),
            PemKind::PrivateKey | PemKind::Beside => None,
            PemKind::Unread(help) => {
                let what = format!(
                    "line {}: a block `{}` is not read",
                    block.line,
                    block.label.escape_debug()
                );
                Some(Err(Fault::new(what).help(help)))
            }
        }
    })
}

/// Writes a PEM block with lines of 64 characters and LF ends (RFC 7468 section 2).
pub(super) fn to_pem(tag: &str, der: &[u8]) -> String {
    let config = ::pem::EncodeConfig::new().set_line_ending(::pem::LineEnding::LF);
    ::pem::encode_config(&::pem::Pem::new(tag, der), config)
}

/// Returns the blocks of private keys, whatever is beside them.
///
/// # Errors
/// A block that is not whole.
pub(super) fn private_keys(text: &str) -> Result<Vec<PemBlock<'_>>, Fault> {
    let mut keys = Vec::new();
    for block in Blocks::of(text) {
        let block = block?;
        if matches!(block.kind(), PemKind::PrivateKey) {
            keys.push(block);
        }
    }
    Ok(keys)
}

/// Returns whether a text holds a private key, or what was meant to be one.
#[must_use]
pub fn mentions_private_key(text: &str) -> bool {
    text.contains("PRIVATE KEY-----")
}

/// Returns advice on how to turn a file that is not text into PEM.
#[must_use]
pub fn advice(bytes: &[u8]) -> &'static str {
    // id-data and id-signedData of RFC 2315 section 14, as they are in DER.
    const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01];
    const SIGNED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
    let begins_with = |id: &[u8]| {
        let head = &bytes[..bytes.len().min(40)];
        head.windows(id.len()).any(|window| window == id)
    };
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            "it is UTF-16: save it as UTF-8, or `iconv -f UTF-16 -t UTF-8 FILE >PLAIN`"
        }
        // The magic numbers of `JKS` and `JCEKS`, which Java wrote by default up to Java 8.
        [0xfe, 0xed, 0xfe, 0xed, ..] | [0xce, 0xce, 0xce, 0xce, ..] => {
            "it is a Java KeyStore: `keytool -importkeystore -srckeystore FILE -destkeystore NEW.p12 -deststoretype PKCS12`"
        }
        [0x30, ..] if begins_with(SIGNED) => {
            "it is PKCS#7: `openssl pkcs7 -inform der -in FILE -print_certs -out PLAIN`"
        }
        [0x30, ..] if begins_with(DATA) => {
            "it is PKCS#12: `umask 077; openssl pkcs12 -in FILE -nodes -out PLAIN`"
        }
        _ if is_old_text(bytes) => {
            "its letters are those of Latin-1 or Windows: save it as UTF-8, or `iconv -f WINDOWS-1252 -t UTF-8 FILE >PLAIN`"
        }
        _ => "PEM and YAML files are needed; convert DER with `openssl x509 -inform der`",
    }
}

/// Returns whether bytes that are not UTF-8 are a text all the same: none of them is a control character but tabs and ends
/// of lines, and most are ASCII.
fn is_old_text(bytes: &[u8]) -> bool {
    let is_of_text = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..);
    let others = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    bytes.iter().all(is_of_text) && others < bytes.len() / 2
}

/// PEM text of certificates and of nothing else: no key, no comment, and every block as [`Certificate::pem`] writes it.
///
/// Whatever is public is written from it, so that what was next to a certificate in a file cannot travel with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateText(String);

impl<'a> FromIterator<&'a Certificate> for CertificateText {
    fn from_iter<I: IntoIterator<Item = &'a Certificate>>(certificates: I) -> Self {
        Self(certificates.into_iter().map(Certificate::pem).collect())
    }
}

impl From<&Certificate> for CertificateText {
    fn from(certificate: &Certificate) -> Self {
        Self(certificate.pem().to_owned())
    }
}

impl CertificateText {
    /// Takes the certificates of a text, and re-encodes them unless they are there in that form, and alone.
    ///
    /// # Errors
    /// A text in which a block cannot be read, or without a certificate.
    pub fn of(text: &str) -> Result<Self, Fault> {
        if Self::is_alone(text) {
            return Ok(Self(text.to_owned()));
        }
        let mut encoded = String::with_capacity(text.len());
        for der in certificates(text) {
            encoded.push_str(&to_pem("CERTIFICATE", &der?));
        }
        if encoded.is_empty() {
            return Err(Fault::new("there is no certificate"));
        }
        Ok(Self(encoded))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns, without decoding, whether a text is blocks `CERTIFICATE` one after the other, in lines of 64 characters.
    pub(crate) fn is_alone(text: &str) -> bool {
        let mut lines = text.split('\n');
        loop {
            match lines.next() {
                // A text ends with a newline: the last piece is empty.
                Some("") => return !text.is_empty() && lines.next().is_none(),
                Some("-----BEGIN CERTIFICATE-----") => {}
                _ => return false,
            }
            let mut is_short = false;
            loop {
                let Some(line) = lines.next() else {
                    return false;
                };
                if line == "-----END CERTIFICATE-----" {
                    break;
                }
                if is_short || line.is_empty() || line.len() > 64 || !is_base64(line) {
                    return false;
                }
                is_short = line.len() < 64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what is read of a text: the bytes of each certificate, or the fault.
    fn read(text: &str) -> Vec<String> {
        certificates(text)
            .map(|der| match der {
                Ok(der) => format!("{:?}", der.as_ref()),
                Err(fault) => fault.to_string(),
            })
            .collect()
    }

    const ONE: &str = "-----BEGIN CERTIFICATE-----\nAQ==\n-----END CERTIFICATE-----";
    const TWO: &str = "-----BEGIN CERTIFICATE-----\nAg==\n-----END CERTIFICATE-----\n";
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";

    #[test]
    fn all_blocks_are_read_however_files_were_joined() {
        for text in [
            format!("{ONE}\n{TWO}"),
            format!("{ONE}{TWO}"),
            format!("comment{ONE}subject=a{TWO}"),
            format!("\u{feff}{ONE}\n\n{KEY}{TWO}{KEY}"),
            format!("{ONE}\n{TWO}").replace('\n', "\r\n"),
            format!("{ONE}\n{TWO}").replace('\n', "\r"),
            format!("{ONE}\n{TWO}").replace('\n', "\n   \t"),
            format!("{ONE}\n{TWO}").replace("\n-----END", "  \n\n-----END"),
            format!("{ONE}\n{TWO}").replace("CERTIFICATE", "X509 CERTIFICATE"),
            format!("# -----BEGIN CERTIFICATE-----\n{ONE}\n{TWO}"),
            format!("--- END of the first ---\n{ONE}\n{TWO}"),
        ] {
            assert_eq!(read(&text), ["[1]", "[2]"], "{text}");
        }
    }

    #[test]
    fn a_block_that_go_and_openssl_pass_over_is_a_fault_to_them() {
        let whole = format!("{ONE}\n{TWO}");
        let read = |text: &str| plain_certificates(text).flatten().count();
        for (text, count) in [
            (whole.clone(), 2),
            (whole.replace('\n', "\r\n"), 2),
            (format!("comment\n{ONE}  \nsubject=a\n{TWO}"), 2),
            (whole.replace("AQ==", "  AQ=="), 2),
            (whole.replace('\n', "\n  "), 0),
            (whole.replace('\n', "\r"), 0),
            (format!("{ONE}{TWO}"), 0),
            (format!("\u{feff}{whole}"), 1),
            (format!("comment{whole}"), 1),
        ] {
            assert_eq!(read(&text), count, "{text:?}");
        }
    }

    #[test]
    fn a_block_that_is_not_understood_is_a_fault_at_its_line_and_hides_no_other() {
        let no_end = "line 1: the block that begins here has no end";
        let marks = "this is not how a PEM block begins or ends";
        for (first, fault) in [
            ("-----BEGIN CERTIFICATE-----\nAQ==\n", no_end.to_owned()),
            ("-----BEGIN CERTIFICATE-----\n", no_end.to_owned()),
            ("AQ==\n-----END CERTIFICATE-----\n", "line 2: a block ends here that does not begin".to_owned()),
            (
                "-----BEGIN CERTIFICATE-----\nAQ==\n-----END PRIVATE KEY-----\n",
                "line 3: a block ends here under a different name than it begins with in line 1".to_owned(),
            ),
            ("-----BEGIN CERTIFICATE-----AQ==-----END CERTIFICATE-----\n", format!("line 1: {marks}")),
            ("-----BEGIN CERTIFICATE-----\\nAQ==\\n-----END CERTIFICATE-----\\n\n", format!("line 1: {marks}")),
            ("-----BEGIN CERTIFICATE----\nAQ==\n-----END CERTIFICATE-----\n", format!("line 1: {marks}")),
            ("----BEGIN CERTIFICATE-----\nAQ==\n-----END CERTIFICATE-----\n", format!("line 1: {marks}")),
            ("–––––BEGIN CERTIFICATE–––––\nAQ==\n–––––END CERTIFICATE–––––\n", format!("line 1: {marks}")),
            ("-----begin certificate-----\nAQ==\n-----END CERTIFICATE-----\n", format!("line 1: {marks}")),
            ("-----BEGIN CERTIFICATE-----\nAQ==-----END CERTIFICATE-----\n", format!("line 2: {marks}")),
            (
                "-----BEGIN CERTIFICATE-----\nA*==\n-----END CERTIFICATE-----\n",
                "line 2: the PEM text is damaged: this is not base64".to_owned(),
            ),
            (
                "-----BEGIN CERTIFICATE-----\nAQ\n-----END CERTIFICATE-----\n",
                "line 1: the PEM text is damaged: the certificate that begins here is not whole base64".to_owned(),
            ),
            (
                "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
                "line 1: the PEM text is damaged: the certificate that begins here is empty".to_owned(),
            ),
            (
                "-----BEGIN CERTIFICATE-----\nProc-Type: 4\n\nAQ==\n-----END CERTIFICATE-----\n",
                "line 2: the certificate has a header".to_owned(),
            ),
            (
                "-----BEGIN TRUSTED CERTIFICATE-----\nAQ==\n-----END TRUSTED CERTIFICATE-----\n",
                "line 1: a block `TRUSTED CERTIFICATE` is not read".to_owned(),
            ),
            (
                "-----BEGIN PKCS7-----\nAQ==\n-----END PKCS7-----\n",
                "line 1: a block `PKCS7` is not read".to_owned(),
            ),
            (
                "-----BEGIN CERTIFICAT-----\nAQ==\n-----END CERTIFICAT-----\n",
                "line 1: a block `CERTIFICAT` is not read".to_owned(),
            ),
        ] {
            assert_eq!(read(&format!("{first}{TWO}")), [fault, "[2]".to_owned()], "{first}");
        }
    }

    #[test]
    fn the_text_of_certificates_holds_no_key_and_no_comment() {
        let clean = format!("{ONE}\n{TWO}");
        for text in [
            clean.clone(),
            format!("{KEY}{ONE}\n{TWO}"),
            format!("subject=a\n{ONE}\nsecret\n{TWO}{KEY}"),
            clean.replace('\n', "\r\n"),
            format!("{ONE}{TWO}"),
            clean.trim_end().to_owned(),
        ] {
            assert_eq!(
                CertificateText::of(&text).expect("certificates").as_str(),
                clean,
                "{text}"
            );
        }
        assert!(CertificateText::of(KEY).is_err());
        assert!(CertificateText::of("").is_err());
        assert!(CertificateText::of("\n").is_err());
    }

    #[test]
    fn files_that_are_not_text_get_the_advice_for_their_form() {
        let id = |last: u8| {
            [
                &[
                    0x30, 0x82, 1, 0, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, last,
                ][..],
                &[0xff; 9],
            ]
            .concat()
        };
        for (bytes, word) in [
            (vec![0xff, 0xfe, b'-', 0], "iconv"),
            (vec![0xfe, 0xff, 0, b'-'], "iconv"),
            (id(1), "openssl pkcs12"),
            (id(2), "openssl pkcs7"),
            (vec![0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2], "keytool"),
            (vec![0x30, 0x82, 1, 0, 0x30, 0x82], "openssl x509"),
            (b"a: \xe9\n".to_vec(), "iconv -f WINDOWS-1252"),
            (vec![0xff], "openssl x509"),
            (Vec::new(), "openssl x509"),
        ] {
            assert!(advice(&bytes).contains(word), "{bytes:?}");
        }
    }

    #[test]
    fn keys_are_found_among_others_and_taken_alone() {
        let text = format!("comment\n{ONE}{KEY}").replace('\n', "\r\n  ");
        let keys = private_keys(&text).expect("whole blocks");
        assert_eq!(keys.len(), 1);
        assert_eq!(*keys[0].alone(), KEY);
        assert!(private_keys(&KEY.replace("-----END", "")).is_err());
        assert!(private_keys(&KEY.replace('\n', "\\n")).is_err());
    }
}
