use super::*;
use crate::pki::{PrivateKey, verify};
use yasna::models::ObjectIdentifier;

macro_rules! file {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/fixtures/pkcs12/", $name)).as_slice()
    };
}

const PASSWORD: &str = "geheim";

fn open(bytes: &[u8], password: &str) -> Result<Contents, String> {
    let password = Password::of_text(password);
    let read = super::read(bytes, Some(&password), Wanted::CertificatesAndKeys);
    read.map_err(|fault| format!("{}; {}", fault.what, fault.help.unwrap_or_default()))
}

/// Returns the refusal of a file.
fn refusal(bytes: &[u8], password: &str) -> String {
    open(bytes, password).err().expect("it is refused")
}

#[test]
fn files_of_openssl_java_and_firefox_are_opened() {
    let files = [
        ("openssl", file!("openssl.p12"), PASSWORD, 3, 1),
        ("legacy-3des", file!("legacy-3des.p12"), PASSWORD, 3, 1),
        ("no-keys", file!("no-keys.p12"), PASSWORD, 3, 0),
        ("empty", file!("empty-password.p12"), "", 1, 1),
        ("clear", file!("clear-certificates.p12"), PASSWORD, 1, 1),
        ("bare", file!("bare.p12"), "", 1, 1),
        ("ca", file!("ca.p12"), "motpassé€\nsecond line", 2, 1),
        ("java", file!("java.p12"), PASSWORD, 3, 1),
        ("java-trusted", file!("java-trusted.p12"), PASSWORD, 1, 0),
        ("nss", file!("nss.p12"), PASSWORD, 3, 1),
    ];
    for (name, bytes, password, certificates, keys) in files {
        assert!(is_pkcs12(bytes), "{name}");
        let contents = open(bytes, password).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(contents.certificates.len(), certificates, "{name}");
        assert_eq!(contents.keys.len(), keys, "{name}");
        for key in &contents.keys {
            let key = PrivateKey::from_pem(key).unwrap();
            let is_of = |certificate: &&Certificate| verify::belongs(certificate, &key).is_ok();
            assert_eq!(
                contents.certificates.iter().filter(is_of).count(),
                1,
                "{name}"
            );
        }
    }
}

#[test]
fn a_file_with_an_empty_password_needs_none() {
    let contents = super::read(file!("empty-password.p12"), None, Wanted::Certificates).unwrap();
    assert_eq!(contents.certificates.len(), 1);
    assert!(contents.keys.is_empty());
}

#[test]
fn the_empty_password_may_be_no_bytes_or_the_zero_at_the_end_of_a_string() {
    for wide in [&[][..], &[0, 0]] {
        let bytes = pfx(&bags(|_| {}), Some((wide, 1)));
        assert!(open(&bytes, "").is_ok(), "{wide:?}");
    }
}

#[test]
fn a_wrong_password_is_reported_as_that_and_a_missing_one_with_the_option() {
    let wrong = refusal(file!("openssl.p12"), "Geheim");
    assert!(wrong.contains("the password does not open"), "{wrong}");
    assert!(!wrong.contains("damaged"), "{wrong}");
    let missing = super::read(file!("openssl.p12"), None, Wanted::Certificates);
    let missing = missing.err().unwrap().help.unwrap();
    assert!(missing.contains("--pkcs12-password-file"), "{missing}");
}

#[test]
fn no_byte_of_a_file_can_be_changed_without_notice() {
    let whole = open(file!("openssl.p12"), PASSWORD).unwrap();
    let is_same = |contents: &Contents| {
        let ders = |contents: &Contents| {
            let certificates = contents.certificates.iter();
            certificates
                .map(|one| one.der().to_vec())
                .collect::<Vec<_>>()
        };
        ders(contents) == ders(&whole) && contents.keys == whole.keys
    };
    for position in (0..file!("openssl.p12").len()).step_by(5) {
        for flipped in [1, 0x80] {
            let mut bytes = file!("openssl.p12").to_vec();
            bytes[position] ^= flipped;
            let opened = open(&bytes, PASSWORD);
            assert!(
                opened.is_err() || opened.is_ok_and(|contents| is_same(&contents)),
                "{position}"
            );
        }
    }
}

#[test]
fn a_file_that_was_cut_off_is_refused() {
    for bytes in [
        file!("java-trusted.p12"),
        file!("bare.p12"),
        file!("nss.p12"),
    ] {
        for length in (0..bytes.len()).step_by(3) {
            assert!(open(&bytes[..length], PASSWORD).is_err(), "{length}");
        }
    }
}

#[test]
fn rc2_is_refused_by_its_name_with_the_way_out() {
    let said = refusal(file!("legacy-rc2.p12"), PASSWORD);
    assert!(said.contains("40-bit RC2"), "{said}");
    assert!(said.contains("openssl pkcs12 -legacy"), "{said}");
}

#[test]
fn pbmac1_is_refused_with_the_openssl_that_reads_it() {
    let said = refusal(file!("pbmac1.p12"), PASSWORD);
    assert!(
        said.contains("its MAC is made with PBMAC1; turn it into PEM with OpenSSL 3.4 or later: "),
        "{said}"
    );
}

#[test]
fn encrypted_parts_without_a_mac_are_refused() {
    let said = refusal(file!("no-mac.p12"), PASSWORD);
    assert!(said.contains("no MAC"), "{said}");
}

#[test]
fn certificates_are_read_without_a_mac_if_they_are_in_clear_text() {
    let read = super::read(file!("no-mac.p12"), None, Wanted::Certificates);
    assert_eq!(read.unwrap().certificates.len(), 1);
}

#[test]
fn a_file_costs_at_most_five_million_rounds_of_hashing() {
    for rounds in [5_000_001, u32::MAX.into(), u64::MAX] {
        let said = refusal(&pfx(&bags(|_| {}), Some((&[0, 0], rounds))), PASSWORD);
        assert!(said.contains("5000000 rounds"), "{said}");
    }
    assert!(refusal(&pfx(&bags(|_| {}), Some((&[0, 0], 0))), PASSWORD).contains("damaged"));
    // The empty password is tried in two ways.
    let said = refusal(&pfx(&bags(|_| {}), Some((b"x", 2_500_001))), "");
    assert!(said.contains("rounds"), "{said}");
}

#[test]
fn pieces_in_pieces_without_end_are_refused() {
    let mut nested = yasna::construct_der(|writer| writer.write_bytes(b"x"));
    for _ in 0..100_000 {
        let mut outer = vec![0x24];
        match nested.len() {
            length @ ..0x80 => outer.push(u8::try_from(length).unwrap()),
            length => {
                outer.push(0x83);
                outer.extend_from_slice(&u32::try_from(length).unwrap().to_be_bytes()[1..]);
            }
        }
        outer.extend_from_slice(&nested);
        nested = outer;
        if nested.len() > 4000 {
            break;
        }
    }
    let bytes = yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_u8(3);
            writer.next().write_sequence(|writer| {
                writer.next().write_oid(&id("1.2.840.113549.1.7.1"));
                writer
                    .next()
                    .write_tagged(yasna::Tag::context(0), |writer| writer.write_der(&nested));
            });
        });
    });
    assert!(is_pkcs12(&bytes));
    assert!(refusal(&bytes, PASSWORD).contains("damaged"));
}

#[test]
fn a_file_that_is_too_long_is_refused() {
    let mut bytes = file!("bare.p12").to_vec();
    bytes.resize(LIMIT + 1, 0);
    assert!(refusal(&bytes, "").contains("more than 1048576 bytes"));
}

#[test]
fn neither_certificates_nor_keys_in_der_are_taken_for_pkcs12() {
    // A certificate of version 1 with the serial number 3; keys as PKCS#1, SEC1 and PKCS#8.
    let others: [&[u8]; 5] = [
        &[0x30, 0x82, 1, 0, 0x30, 0x82, 0, 0xf0, 2, 1, 3, 0x30],
        &[0x30, 0x82, 1, 0, 2, 1, 0, 2, 1, 1],
        &[0x30, 0x77, 2, 1, 1, 4, 0x20],
        &[0x30, 0x82, 1, 0, 2, 1, 0, 0x30, 0x0d],
        &[],
    ];
    for bytes in others {
        assert!(!is_pkcs12(bytes), "{bytes:?}");
    }
}

#[test]
fn an_object_identifier_of_a_stranger_is_shown_only_if_it_is_short() {
    for length in [3, 5_000] {
        let long: Vec<u64> = [1, 2].into_iter().chain((0..length).map(|_| 5)).collect();
        let bags = bags(|writer| {
            writer.next().write_sequence(|writer| {
                writer
                    .next()
                    .write_oid(&ObjectIdentifier::from_slice(&long));
                let content = yasna::Tag::context(0);
                writer
                    .next()
                    .write_tagged(content, |writer| writer.write_bytes(b"x"));
            });
        });
        let said = refusal(&pfx(&bags, None), "");
        assert!(said.len() < 400, "{said}");
        assert!(said.contains("is not read"), "{said}");
    }
}

fn id(dotted: &str) -> ObjectIdentifier {
    let parts = dotted.split('.').map(|part| part.parse().unwrap());
    ObjectIdentifier::from_slice(&parts.collect::<Vec<u64>>())
}

/// Returns bags that are in clear text, as the parts of a file.
fn bags(write: impl Fn(&mut yasna::DERWriterSeq<'_>)) -> Vec<u8> {
    let bags = yasna::construct_der(|writer| writer.write_sequence(|writer| write(writer)));
    yasna::construct_der(|writer| {
        writer.write_sequence(|writer| data(writer.next(), &bags));
    })
}

fn data(writer: yasna::DERWriter<'_>, bytes: &[u8]) {
    writer.write_sequence(|writer| {
        writer.next().write_oid(&id("1.2.840.113549.1.7.1"));
        let content = yasna::Tag::context(0);
        writer
            .next()
            .write_tagged(content, |writer| writer.write_bytes(bytes));
    });
}

/// Returns a file with a MAC by a password in its wide form and a number of rounds.
fn pfx(parts: &[u8], mac: Option<(&[u8], u64)>) -> Vec<u8> {
    yasna::construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_u8(3);
            data(writer.next(), parts);
            let Some((password, rounds)) = mac else {
                return;
            };
            let count = u32::try_from(rounds).unwrap_or(1).clamp(1, 10);
            let count = NonZeroU32::new(count).unwrap();
            let key = derive(&digest::SHA256, 3, password, b"salt", count, 32);
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), parts);
            writer.next().write_sequence(|writer| {
                writer.next().write_sequence(|writer| {
                    writer.next().write_sequence(|writer| {
                        writer.next().write_oid(&id("2.16.840.1.101.3.4.2.1"));
                    });
                    writer.next().write_bytes(tag.as_ref());
                });
                writer.next().write_bytes(b"salt");
                writer.next().write_u64(rounds);
            });
        });
    })
}
