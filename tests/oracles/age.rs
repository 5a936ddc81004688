//! What `age` makes of our recipients, identities and data keys.

use crate::Case;
use crate::programs::{Programs, run};
use crate::secret::{keygen, sealed};
use civi_ingress::seal::Identity;
use std::fs;

pub(crate) const CASES: &[Case] = &[
    (
        "identities_that_age_keygen_writes_are_read_and_have_its_recipients",
        identities,
    ),
    (
        "age_opens_the_data_key_of_each_recipient_and_only_with_their_identity",
        data_keys,
    ),
];

fn identities(programs: &Programs) {
    let directory = tempfile::tempdir().unwrap();
    let text = keygen(programs, directory.path()) + &keygen(programs, directory.path());
    let ours: Vec<String> = Identity::all_from_text(&text)
        .unwrap()
        .iter()
        .map(|identity| identity.recipient().to_string())
        .collect();
    let outcome = run(
        &programs.age_keygen,
        directory.path(),
        &["-y"],
        "",
        text.as_bytes(),
    );
    assert_eq!(ours, outcome.text().lines().collect::<Vec<_>>());
}

fn data_keys(programs: &Programs) {
    let directory = tempfile::tempdir().unwrap();
    let files: Vec<String> = (0..3).map(|_| keygen(programs, directory.path())).collect();
    let recipients: Vec<_> = files
        .iter()
        .map(|text| {
            Identity::all_from_text(text).unwrap()[0]
                .recipient()
                .clone()
        })
        .collect();
    let text = sealed(&recipients);
    let tree: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let entries = tree["sops"]["age"].as_sequence().unwrap();
    assert_eq!(entries.len(), 3);
    let mut keys = Vec::new();
    for (row, entry) in entries.iter().enumerate() {
        assert_eq!(entry["recipient"].as_str(), Some(recipients[row].as_str()));
        for (column, file) in files.iter().enumerate() {
            fs::write(directory.path().join("key.txt"), file).unwrap();
            let armoured = entry["enc"].as_str().unwrap().as_bytes();
            let arguments = ["--decrypt", "--identity", "key.txt"];
            let outcome = run(&programs.age, directory.path(), &arguments, "", armoured);
            if row == column {
                keys.push(outcome.good());
            } else {
                assert_eq!(outcome.status, Some(1), "{}", outcome.stderr);
            }
        }
    }
    assert!(keys.iter().all(|key| key.len() == 32 && *key == keys[0]));
}
