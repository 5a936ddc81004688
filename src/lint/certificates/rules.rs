//! What is looked for.

use crate::lint::rule::rules;

rules! {
    CI601 "expired-certificate" Error
        "a certificate has expired"
        "Clients refuse it; between Traefik and httpd every request is answered with 500."
        "Issue a new one: `civi-ingress new-instance … --reuse` renews what is due."
    CI602 "certificate-not-yet-valid" Error
        "a certificate is not valid yet"
        "Clients refuse it until then; between Traefik and httpd every request is answered with 500."
        "Wait, check the clock, or issue a new one."
    CI603 "certificate-expires-soon" Warning
        "a certificate expires soon"
        "Then clients refuse it; between Traefik and httpd every request is answered with 500."
        "Issue a new one: `civi-ingress new-instance … --reuse` renews what is due."
    CI604 "weak-key" Error
        "a key is too weak"
        "Browsers and Go refuse RSA keys below 2048 bits and unknown curves."
        "Make a new key: ECDSA on P-256 or RSA with 2048 bits."
    CI605 "weak-signature" Error
        "a certificate is signed with SHA-1 or MD5"
        "Browsers and Go refuse it."
        "Issue a new one."
    CI606 "published-key" Error
        "a certificate's private key is published on the internet"
        "Anyone can impersonate the server, or sign in the CA's name."
        "Make new keys, and remove the old CA wherever it is trusted."
    CI607 "outside-name-constraints" Error
        "a certificate has a name that its CA may not sign"
        "Clients refuse it because of the CA's name constraints; between Traefik and httpd every request is answered with 500."
        "Make another CA for the name; `civi-ingress inspect` shows what a CA permits."
    CI608 "long-common-name" Warning
        "a common name has more than 64 characters"
        "RFC 5280 allows 64: OpenSSL cannot make such a certificate, and cert-manager and linters refuse it."
        "Leave the common name out; clients read the subject alternative names."
    CI609 "wildcard-under-top-level-domain" Error
        "a wildcard is directly under a top-level domain"
        "Chromium, Firefox, OpenSSL and GnuTLS refuse it."
        "Use a domain of two labels."
    CI610 "key-not-of-certificate" Error
        "a private key does not belong to its certificate"
        "httpd does not start, and Traefik does not load the pair."
        "Put the matching pair back together, or reissue it."
    CI611 "ca-as-server-certificate" Error
        "a server's certificate is a CA"
        "Firefox, Java and others refuse it as a server certificate; Go, and so Traefik, does not. Anyone who gets the key can sign for any name."
        "Sign a leaf with it: `civi-ingress cert --ca-cert … --ca-key …`."
    CI612 "not-for-servers" Error
        "a server's certificate is not for servers"
        "Clients refuse it because of its extended key usage: `x509: certificate specifies an incompatible key usage`."
        "Request extended key usage serverAuth."
    CI613 "misplaced-asterisk" Error
        "an asterisk is not the whole first label of a name"
        "Clients do not match it (RFC 6125 section 6.4.3)."
        "Use `*.` before a domain."
    CI614 "valid-for-too-long" Warning
        "a certificate for browsers is valid for more than 825 days"
        "Apple's clients refuse it, even under a CA that a user added (support.apple.com/103769)."
        "Issue it for a shorter time."
    CI615 "damaged-certificate" Error
        "a certificate cannot be read"
        "Traefik and httpd cannot read it either."
        "Replace the PEM text."
    CI616 "not-signed-by-ca-beside" Error
        "a certificate is not signed by the CA next to it"
        "Clients that trust that CA refuse the certificate."
        "Reissue both together; if one key was lost, do not fill it in from another CA."
    CI617 "certificate-without-san" Error
        "a certificate has no subject alternative name"
        "Go, Java, Python and browsers refuse it; clients that verify only the CA accept it."
        "Issue one with subject alternative names."
    CI618 "odd-dns-name" Warning
        "a name has an underscore or ends with a dot"
        "Java and Python refuse an underscore; only Chromium and Node.js accept a trailing dot."
        "Issue the certificate for names of letters, digits and hyphens."
    CI619 "self-signed-server-certificate" Warning
        "a server's certificate is self-signed and not a CA"
        "Chromium, GnuTLS and NSS refuse it even if it is trusted."
        "Make a CA, and sign a leaf with it: `civi-ingress cert`."
    CI620 "chain-out-of-order" Warning
        "the certificates of a chain are out of order"
        "TLS 1.2 clients may refuse it (RFC 5246 section 7.4.2), and a certificate that signed none of the others is sent for nothing."
        "Put the leaf first, and after each certificate the one that signed it."
    CI621 "serial-number-twice" Warning
        "two certificates of one issuer have the same serial number"
        "Firefox and other users of NSS refuse the second: `SEC_ERROR_REUSED_ISSUER_AND_SERIAL`."
        "Reissue one of the two; two CAs need different names."
    CI622 "name-constraint-with-dot" Warning
        "a name constraint begins with a dot"
        "RFC 5280 section 4.2.1.10 has no such form for names: Python's cryptography and linters call the CA malformed."
        "Name the domain without the dot; names below it are included."
    CI623 "leaf-outlives-ca" Warning
        "a leaf outlives the CA that signed it"
        "Once the CA has ended, no client trusts the leaf, whatever end date the leaf has."
        "Renew both by the end of the CA; `civi-ingress` makes no leaf that outlives its CA."
    CI624 "certificate-refused-by-go" Error
        "a certificate has a form that Go refuses"
        "Traefik does not accept it: it trusts nothing that such a CA signed, and every request is answered with 500."
        "Issue a new one: `civi-ingress new-instance`, or `civi-ingress ca` for a CA alone."
    CI625 "ca-not-for-servers" Error
        "the extended key usage of a CA leaves out servers"
        "Go, OpenSSL and Python refuse all servers' certificates below it; between Traefik and httpd every request is answered with 500."
        "A CA needs no extended key usage; one that has it needs serverAuth."
    CI626 "certificate-not-strict" Warning
        "a certificate lacks what strict clients require"
        "Traefik and browsers accept it; Python since 3.13 and OpenSSL with strict checks refuse it, and whatever such a CA signed."
        "Issue a new one: `civi-ingress new-instance`, or `civi-ingress ca` for a CA alone."
    CI627 "broken-chain" Error
        "a certificate in a chain does not certify the one before it"
        "Clients refuse the chain: browsers warn, and between Traefik and httpd every request is answered with 500."
        "Send the certificates that the CA gave along with this one; where one of them has expired, ask for a new leaf."
}
