//! Private keys that anyone can download.

use super::fingerprint::Fingerprint;

/// SHA-256 of the subject public key info of the eight private keys in the public repository
/// `fr.uepalparoisse.dockerfiles` (SELFKEYS, commit 3b8a039), with the name each has there.
const PUBLISHED: [(&str, &str); 8] = [
    (
        "db_ca",
        "cc5125256a113ac131de04166ef6981a028cd485d727ab0bc4c7f02a1e82cf94",
    ),
    (
        "extern_ca",
        "97009088e403c77618d42c1016d03ab92130878e65b37df0a5d67e0534d87b0f",
    ),
    (
        "mail_ca",
        "5610c1f062336cb344828d8fa32cb8657787980ccf00dc1f0cb0067eb640fa45",
    ),
    (
        "wildcard_ca",
        "4c82d702d71bb3667d51aea31e064d1c7433bc1ca73032b472347b0a2b420aa7",
    ),
    (
        "civicrmdb",
        "0d3c1c55ae784cf3de03c1cb83ff99a4b00ec35a05447158c73c51c55f02e5e8",
    ),
    (
        "extern",
        "01159e6c81d48f7341f981f3597090f8292a9725b315dc3b03102831036fbfa7",
    ),
    (
        "mail",
        "8ccb169ab2030b9d5a1d032f8ac26778840dae36c8e662fbe3a907e4ff8216e5",
    ),
    (
        "wildcard",
        "3e176e60daecf7023e3cacbf73f3f73dbed80ef64352aa446ddf2a56c124c92c",
    ),
];

/// Returns the name under which the private key of this public key was published, if it was.
///
/// `fingerprint` is that of the subject public key info.
pub(super) fn name_of(fingerprint: &Fingerprint) -> Option<&'static str> {
    PUBLISHED
        .iter()
        .find(|(_, hash)| fingerprint.is(hash))
        .map(|(name, _)| *name)
}
