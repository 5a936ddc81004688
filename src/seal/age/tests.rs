use super::*;

/// Bytes that differ from call to call and are random to nobody: 1, 2 and 3 for the first three.
fn counting() -> impl FnMut(&mut [u8]) -> Result<(), Fault> {
    let mut next = 0_u8;
    move |bytes| {
        next = next.wrapping_add(1);
        bytes.fill(next);
        Ok(())
    }
}

const CONTENT: [u8; KEY_LEN] = [7; KEY_LEN];
const FILE_KEY: [u8; FILE_KEY_LEN] = [2; FILE_KEY_LEN];

fn pair(number: u8) -> KeyPair {
    KeyPair::new(&Zeroizing::new([number; KEY_LEN]))
}

fn encrypted() -> String {
    encrypt(&pair(9).public, &Zeroizing::new(CONTENT), &mut counting()).unwrap()
}

/// The file of [`encrypted`] with its stanzas changed, under a code that fits again.
fn with_stanzas(change: impl Fn(&str) -> String) -> String {
    let file = dearmour(&encrypted()).unwrap();
    let end = file.windows(3).position(|bytes| bytes == b"---").unwrap();
    let stanzas = std::str::from_utf8(&file[VERSION.len()..end]).unwrap();
    with_header(&format!("{VERSION}{}---", change(stanzas)), &file)
}

/// This header as far as `---`, a code that fits it, and the payload of `file`.
fn with_header(header: &str, file: &[u8]) -> String {
    let code = hmac::sign(&header_key(&Zeroizing::new(FILE_KEY)), header.as_bytes());
    let mut changed = format!("{header} {}\n", STANDARD_NO_PAD.encode(code)).into_bytes();
    changed.extend_from_slice(&file[file.len() - PAYLOAD_NONCE_LEN - KEY_LEN - TAG_LEN..]);
    armour(&changed)
}

fn opened(armoured: &str, number: u8) -> Option<Result<Option<Secret>, Damaged>> {
    AgeFile::parse(armoured).map(|file| file.open(&pair(number)))
}

fn opens(armoured: &str) -> bool {
    opened(armoured, 9)
        .is_some_and(|result| result.is_ok_and(|key| key == Some(Zeroizing::new(CONTENT))))
}

#[test]
fn a_file_opens_for_its_recipient_and_nobody_else() {
    let text = encrypted();
    assert!(opens(&text));
    assert!(matches!(opened(&text, 8), Some(Ok(None))));
}

#[test]
fn stanzas_of_other_types_and_of_other_recipients_are_passed_over() {
    let foreign = "-> X25519 CbVTBgm0S8T7sBBFLdP1KCrIpnJXNRDKdDaV4dg9oFY\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
    let long = "A".repeat(COLUMNS);
    for other in [
        "-> !-grease\n\n",
        "-> ~ a b c ~~~\nAAAA\n",
        &format!("-> x\n{long}\n{long}\nAA\n"),
        &format!("-> mlkem768x25519 y\n{long}\n\n"),
        "-> x25519 lower\n\n",
        foreign,
    ] {
        assert!(
            opens(&with_stanzas(|ours| format!("{other}{ours}"))),
            "{other}"
        );
        assert!(
            opens(&with_stanzas(|ours| format!("{ours}{other}"))),
            "{other}"
        );
        assert!(matches!(
            opened(&with_stanzas(|_| other.to_owned()), 9),
            Some(Ok(None))
        ));
    }
}

#[test]
fn a_header_that_the_format_does_not_allow_is_refused_though_its_code_fits() {
    let replaced = |from: &'static str, to: &'static str| {
        with_stanzas(move |ours| {
            assert!(ours.contains(from), "{ours}");
            ours.replacen(from, to, 1)
        })
    };
    // No stanza at all; bodies that do not end or are not base64 in its one form; arguments.
    let long = "A".repeat(COLUMNS);
    let texts = [
        with_stanzas(|_| String::new()),
        with_stanzas(|ours| format!("{ours}\n")),
        with_stanzas(|ours| format!("{ours}-> x\n{long}\n")),
        with_stanzas(|ours| format!("{ours}-> x\n{long}A\n\n")),
        with_stanzas(|ours| format!("{ours}-> x\nAAAAA\n")),
        with_stanzas(|ours| format!("{ours}-> x\nAA==\n")),
        with_stanzas(|ours| format!("{ours}-> x\nAB\n")),
        with_stanzas(|ours| format!("{ours}-> x y\r\n\n")),
        with_stanzas(|ours| format!("{ours}-> é\n\n")),
        with_stanzas(|ours| format!("{ours}->\n\n")),
        with_stanzas(|ours| format!("{ours}-> \n\n")),
        replaced("-> ", "->"),
        replaced("-> ", "->  "),
        replaced("X25519 ", "X25519  "),
        replaced("X25519 ", "X25519 AAAA "),
        replaced("X25519 ", "X25519 A"),
        replaced("\n", "=\n"),
        replaced("\n", " x\n"),
        with_stanzas(|ours| ours.trim_end_matches('\n').to_owned() + "AAAA\n"),
        with_stanzas(|ours| ours.replace('\n', "\r\n")),
    ];
    for text in texts {
        assert!(opened(&text, 9).is_none(), "{text}");
    }
    // A version that is not ours, and a point that gives everybody the same secret.
    let file = dearmour(&encrypted()).unwrap();
    let header = with_header("age-encryption.org/v2\n-> x\n\n---", &file);
    assert!(AgeFile::parse(&header).is_none());
    let nobodys = with_stanzas(|ours| {
        let (_, body) = ours.split_once('\n').unwrap();
        format!("-> X25519 {}\n{body}", STANDARD_NO_PAD.encode([0; KEY_LEN]))
    });
    assert!(matches!(opened(&nobodys, 9), Some(Err(Damaged))));
}

#[test]
fn a_header_changed_under_its_code_and_a_payload_of_another_length_are_refused() {
    let file = dearmour(&encrypted()).unwrap();
    let end = file.windows(3).position(|bytes| bytes == b"---").unwrap();
    let mut greased = file[..end].to_vec();
    greased.extend_from_slice(b"-> x\n\n");
    greased.extend_from_slice(&file[end..]);
    assert!(matches!(opened(&armour(&greased), 9), Some(Err(Damaged))));

    assert!(AgeFile::parse(&armour(&file[..file.len() - 1])).is_none());
    assert!(AgeFile::parse(&armour(&[&file[..], &[0]].concat())).is_none());
    for end in 0..file.len() {
        assert!(AgeFile::parse(&armour(&file[..end])).is_none(), "{end}");
    }
}

#[test]
fn each_flipped_bit_is_noticed() {
    let file = dearmour(&encrypted()).unwrap();
    for index in 0..file.len() {
        for bit in 0..8 {
            let mut flipped = file.clone();
            flipped[index] ^= 1 << bit;
            assert!(!opens(&armour(&flipped)), "byte {index}, bit {bit}");
        }
    }
}

#[test]
fn armour_has_one_form_but_for_white_space_around_it_and_windows_line_ends() {
    let text = encrypted();
    for same in [
        text.replace('\n', "\r\n"),
        format!("\n \t\r\n{text}\n\n"),
        text.trim_end().to_owned(),
    ] {
        assert!(opens(&same), "{same:?}");
    }
    let first = text.find('\n').unwrap() + 1;
    let lines: Vec<&str> = text.lines().collect();
    for other in [
        text.replacen("AGE ENCRYPTED", "AGE", 1),
        text.replacen("BEGIN", "begin", 1),
        text.replacen(BEGIN, &format!("{BEGIN} "), 1),
        text.replacen(BEGIN, &format!("{BEGIN}\nVersion: 1\n"), 1),
        text.replacen(&format!("\n{END}"), END, 1),
        text.replacen(&format!("\n{END}"), &format!("\n\n{END}"), 1),
        text.replacen(&format!("{BEGIN}\n"), &format!("{BEGIN}\n\n"), 1),
        format!("{}\n{}", &text[..first + 10], &text[first + 10..]),
        text.replacen(lines[1], &format!("{}{}", lines[1], &lines[2][..4]), 1),
        text.replacen(lines[1], &format!(" {}", lines[1]), 1),
        text.replacen('=', "", 1),
        format!("{text}x"),
        format!("x{text}"),
        format!("{BEGIN}\n{END}\n"),
        format!("{BEGIN}{END}"),
        BEGIN.to_owned(),
        String::new(),
    ] {
        assert!(AgeFile::parse(&other).is_none(), "{other}");
    }
}

#[test]
fn a_file_of_thousands_of_stanzas_is_refused_before_any_agreement() {
    let many = with_stanzas(|ours| ours.repeat(1000));
    assert!(AgeFile::parse(&many).is_none());
}

#[test]
fn random_numbers_that_are_not_to_be_had_end_the_encryption() {
    for after in 0..3 {
        let mut calls = 0;
        let mut failing = |_: &mut [u8]| {
            calls += 1;
            if calls > after {
                return Err(Fault::new("dry"));
            }
            Ok(())
        };
        let result = encrypt(&pair(9).public, &Zeroizing::new(CONTENT), &mut failing);
        assert_eq!(result.unwrap_err().what, "dry");
    }
}
