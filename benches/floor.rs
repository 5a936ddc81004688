//! The least that `new-instance` can cost: its key generations, signatures and verifications, and nothing else.
//!
//! `new-instance` makes two CAs with a leaf each: four P-256 keys, four signatures, and four verifications
//! before anything is printed. The steps are those that rcgen and webpki take with aws-lc-rs: a key is made as
//! PKCS#8 and loaded from it, a signature is checked with a key that is read from its encoded form.
//! `benches/check` compares the two.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};

const CERTIFICATES: usize = 4;
/// About the size of what is signed in a certificate.
const TO_BE_SIGNED: [u8; 450] = [7; 450];

fn main() {
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
