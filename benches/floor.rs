//! The least that a run can cost: its cryptography or its files, and nothing else.
//!
//! ```text
//! floor                                   one instance's cryptography, for `new-instance`
//! floor crypto INSTANCES                  the cryptography of this many instances
//! floor write INSTANCES DIR SIZES         a folder an instance with files of these sizes: 500,180,…
//! floor read DIR                          list, open and read every file of every folder below
//! ```
//!
//! An instance has two CAs with a leaf each: four P-256 keys, four signatures, and four verifications
//! before anything is written. The steps are those that rcgen and webpki take with aws-lc-rs: a key is made as
//! PKCS#8 and loaded from it, a signature is checked with a key that is read from its encoded form.
//! `benches/check` and `benches/fleet` compare.
#![expect(clippy::disallowed_methods, reason = "a floor is made of bare calls")]

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::Path;

const CERTIFICATES: usize = 4;
/// About the size of what is signed in a certificate.
const TO_BE_SIGNED: [u8; 450] = [7; 450];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<usize>().expect("a number");
    match arguments.as_slice() {
        ["crypto", instances] => (0..number(instances)).for_each(|_| crypto()),
        ["write", instances, directory, sizes] => {
            let sizes: Vec<usize> = sizes.split(',').map(number).collect();
            write(number(instances), Path::new(directory), &sizes);
        }
        ["read", directory] => read(Path::new(directory)),
        // `cargo bench` passes a flag of its own.
        [] | ["--bench"] => crypto(),
        other => panic!("unknown arguments {other:?}"),
    }
}

fn crypto() {
    let random = SystemRandom::new();
    for _ in 0..CERTIFICATES {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random)
            .expect("a new key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref())
            .expect("the same key");
        let signature = key.sign(&random, &TO_BE_SIGNED).expect("a signature");
        let public =
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.public_key().as_ref().to_vec());
        public
            .verify(&TO_BE_SIGNED, signature.as_ref())
            .expect("our own signature");
    }
}

fn write(instances: usize, directory: &Path, sizes: &[usize]) {
    let content = vec![b'x'; sizes.iter().copied().max().unwrap_or_default()];
    fs::create_dir(directory).expect("a new directory");
    for instance in 0..instances {
        let folder = directory.join(format!("p{instance:05}"));
        fs::create_dir(&folder).expect("a new folder");
        for (index, size) in sizes.iter().enumerate() {
            let mut file =
                File::create_new(folder.join(format!("file-{index}.yaml"))).expect("a new file");
            file.write_all(&content[..*size]).expect("room");
        }
    }
}

fn read(directory: &Path) {
    let mut buffer = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("a type").is_dir() {
            read(&entry.path());
        } else {
            buffer.clear();
            File::open(entry.path())
                .and_then(|mut file| file.read_to_end(&mut buffer))
                .expect("a file");
        }
    }
}
