//! Which ciphers of TLS 1.2 httpd takes, as OpenSSL reads the list of `SSLCipherSuite` (`openssl-ciphers`(1), "CIPHER LIST
//! FORMAT", OpenSSL 3), among those that Traefik and browsers offer.

/// A cipher that Traefik or browsers offer with TLS 1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cipher {
    /// OpenSSL's name.
    name: &'static str,
    /// The other strings of a list that select it.
    groups: &'static [&'static str],
}

/// What selects each of them.
const ALL: [&str; 6] = ["ALL", "DEFAULT", "HIGH", "TLSv1.2", "TLSv1.0", "TLSv1"];

impl Cipher {
    /// Returns whether it is for a key of RSA.
    fn is_of_rsa(self) -> bool {
        !self.name.contains("ECDSA")
    }

    /// Returns whether Traefik offers it, too: Go has no cipher without an exchange of keys since 1.22
    /// (`disabledCipherSuites` in `crypto/tls/cipher_suites.go`).
    fn is_of_go(self) -> bool {
        self.name.starts_with("ECDHE")
    }

    /// Returns whether a string of a list selects it.
    fn is_selected(self, text: &str) -> bool {
        if text == self.name {
            return true;
        }
        text.split('+').all(|part| {
            let is_version = part.starts_with("TLSv1");
            let is_new = self.groups.contains(&"TLSv1.2");
            self.groups.contains(&part)
                || ALL.contains(&part) && (!is_version || is_new == (part == "TLSv1.2"))
        })
    }
}

const fn cipher(name: &'static str, groups: &'static [&'static str]) -> Cipher {
    Cipher { name, groups }
}

#[rustfmt::skip]
const OFFERED: [Cipher; 14] = [
    cipher("ECDHE-ECDSA-AES128-GCM-SHA256", &["kECDHE", "kEECDH", "ECDHE", "EECDH", "aECDSA", "ECDSA", "AES", "AES128", "AESGCM", "SHA256", "TLSv1.2"]),
    cipher("ECDHE-ECDSA-AES256-GCM-SHA384", &["kECDHE", "kEECDH", "ECDHE", "EECDH", "aECDSA", "ECDSA", "AES", "AES256", "AESGCM", "SHA384", "TLSv1.2"]),
    cipher("ECDHE-ECDSA-CHACHA20-POLY1305", &["kECDHE", "kEECDH", "ECDHE", "EECDH", "aECDSA", "ECDSA", "CHACHA20", "TLSv1.2"]),
    cipher("ECDHE-ECDSA-AES128-SHA", &["kECDHE", "kEECDH", "ECDHE", "EECDH", "aECDSA", "ECDSA", "AES", "AES128", "SHA", "SHA1"]),
    cipher("ECDHE-ECDSA-AES256-SHA", &["kECDHE", "kEECDH", "ECDHE", "EECDH", "aECDSA", "ECDSA", "AES", "AES256", "SHA", "SHA1"]),
    cipher("ECDHE-RSA-AES128-GCM-SHA256", &["kECDHE", "kEECDH", "ECDHE", "EECDH", "aRSA", "AES", "AES128", "AESGCM", "SHA256", "TLSv1.2"]),
    cipher("ECDHE-RSA-AES256-GCM-SHA384", &["kECDHE", "kEECDH", "ECDHE", "EECDH", "aRSA", "AES", "AES256", "AESGCM", "SHA384", "TLSv1.2"]),
    cipher("ECDHE-RSA-CHACHA20-POLY1305", &["kECDHE", "kEECDH", "ECDHE", "EECDH", "aRSA", "CHACHA20", "TLSv1.2"]),
    cipher("ECDHE-RSA-AES128-SHA", &["kECDHE", "kEECDH", "ECDHE", "EECDH", "aRSA", "AES", "AES128", "SHA", "SHA1"]),
    cipher("ECDHE-RSA-AES256-SHA", &["kECDHE", "kEECDH", "ECDHE", "EECDH", "aRSA", "AES", "AES256", "SHA", "SHA1"]),
    cipher("AES128-GCM-SHA256", &["kRSA", "RSA", "aRSA", "AES", "AES128", "AESGCM", "SHA256", "TLSv1.2"]),
    cipher("AES256-GCM-SHA384", &["kRSA", "RSA", "aRSA", "AES", "AES256", "AESGCM", "SHA384", "TLSv1.2"]),
    cipher("AES128-SHA", &["kRSA", "RSA", "aRSA", "AES", "AES128", "SHA", "SHA1"]),
    cipher("AES256-SHA", &["kRSA", "RSA", "aRSA", "AES", "AES256", "SHA", "SHA1"]),
];

/// Returns those of the ciphers that are offered which a list selects; nothing where it leaves the choice to what is not in
/// it.
pub(super) fn selected(list: &str) -> Option<Vec<Cipher>> {
    let mut kept: Vec<Cipher> = Vec::new();
    let mut killed: Vec<Cipher> = Vec::new();
    for text in list.split([':', ',', ' ', ';']) {
        let matches = |text: &str| {
            let all = OFFERED.into_iter();
            all.filter(|cipher| cipher.is_selected(text))
                .collect::<Vec<_>>()
        };
        if text.is_empty() || text.starts_with(['+', '@']) {
            continue;
        }
        if text.contains('$') || text.starts_with("PROFILE=") || text.starts_with("SUITEB") {
            return None;
        }
        if let Some(gone) = text.strip_prefix('!') {
            killed.extend(matches(gone));
        } else if let Some(gone) = text.strip_prefix('-') {
            let gone = matches(gone);
            kept.retain(|cipher| !gone.contains(cipher));
        } else {
            kept.extend(matches(text));
        }
    }
    kept.retain(|cipher| !killed.contains(cipher));
    Some(kept)
}

/// Returns whether one of these ciphers is for a key of one of these types, and offered by Traefik or a browser.
pub(super) fn fit(ciphers: &[Cipher], keys: &[&str], is_of_traefik: bool) -> bool {
    ciphers.iter().any(|cipher| {
        let is_offered = !is_of_traefik || cipher.is_of_go();
        let is_for = |key: &&str| key.starts_with("RSA") == cipher.is_of_rsa();
        is_offered && keys.iter().any(is_for)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_selects_ciphers_as_openssl_does() {
        for (list, ecdsa, rsa) in [
            ("HIGH:!aNULL:!MD5", true, true),
            ("DEFAULT", true, true),
            ("ECDHE-RSA-AES128-GCM-SHA256", false, true),
            ("ECDHE-ECDSA-AES128-GCM-SHA256", true, false),
            ("HIGH:!ECDSA", false, true),
            ("HIGH:!aRSA", true, false),
            ("ECDHE+AESGCM:!RSA", true, true),
            ("EECDH+CHACHA20:EECDH+AESGCM:!aECDSA", false, true),
            ("DHE-RSA-AES256-GCM-SHA384", false, false),
            ("AES256-GCM-SHA384", false, false),
            ("ALL:-ECDHE", false, false),
            ("ALL:!ECDHE:ECDHE", false, false),
            ("ALL:-ECDHE:ECDHE", true, true),
            ("TLSv1.2:!ECDSA", false, true),
            ("ECDHE+AESCCM", false, false),
            ("HIGH @STRENGTH", true, true),
        ] {
            let ciphers = selected(list).unwrap();
            assert_eq!(fit(&ciphers, &["EC P-256"], true), ecdsa, "{list}");
            assert_eq!(fit(&ciphers, &["RSA 2048"], true), rsa, "{list}");
        }
        for list in ["PROFILE=SYSTEM", "${CIPHERS}", "SUITEB128"] {
            assert_eq!(selected(list), None, "{list}");
        }
    }

    #[test]
    fn browsers_offer_ciphers_without_an_exchange_of_keys() {
        let ciphers = selected("AES256-GCM-SHA384").unwrap();
        assert!(fit(&ciphers, &["RSA 2048"], false));
        assert!(!fit(&ciphers, &["EC P-256"], false));
    }
}
