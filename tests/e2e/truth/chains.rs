//! Mutators of certificates, by where they are mounted or named: keys of other types and forms, chains, names and limits.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki_types::PrivateKeyDer;
use pki_types::pem::PemObject as _;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P384_SHA384,
    PKCS_ED25519, PKCS_RSA_SHA256, SanType, SignatureAlgorithm,
};
use time::{Duration, OffsetDateTime};

use super::instance::World;
use super::mutators::{Mutator, put, signer};
use crate::pki::{Authority, Pair};

/// All of them.
pub(super) fn chains() -> Vec<Mutator> {
    let mut all = Vec::new();
    for place in &PLACES {
        let kept = |which: &str| which == "all" || which.split(' ').any(|it| it == place.short);
        for (which, name, make) in PAIRS {
            if kept(which) {
                all.push(place.mutator(name, *make));
            }
        }
        for (which, name, change) in TEXTS {
            if kept(which) {
                all.push(place.mutator(name, move |authority, host| {
                    change(authority.server(host, &[host]))
                }));
            }
        }
    }
    all.extend(AUTHORITIES.iter().map(|(name, make)| {
        let label = format!("Secret/externca CA {name}");
        Mutator::new("Secret/externca", &label, move |world| {
            let (trusted, pair) = make(world);
            let is_put = put(world, "Secret/externca", "ca.crt", &trusted);
            is_put && pair.is_none_or(|pair| HTTPD.put(world, &pair))
        })
    }));
    all
}

/// A Secret with a pair.
struct Place {
    /// Its word in the tables.
    short: &'static str,
    secret: &'static str,
    keys: [&'static str; 2],
}

/// What httpd mounts.
const HTTPD: Place = Place {
    short: "httpd",
    secret: "Secret/selfcert",
    keys: ["externcert", "externkey"],
};

static PLACES: [Place; 3] = [
    HTTPD,
    Place {
        short: "own",
        secret: "Secret/own-certificate",
        keys: ["tls.crt", "tls.key"],
    },
    Place {
        short: "store",
        secret: "Secret/wildcardsecret",
        keys: ["tls.crt", "tls.key"],
    },
];

impl Place {
    fn put(&self, world: &mut World<'_>, pair: &Pair) -> bool {
        put(world, self.secret, self.keys[0], &pair.certificate)
            && put(world, self.secret, self.keys[1], &pair.key)
    }

    /// Makes a mutator of what makes a pair of the authority that is right here, for the name that is right here.
    fn mutator(
        &'static self,
        name: &str,
        make: impl Fn(&Authority, &str) -> Pair + Send + Sync + 'static,
    ) -> Mutator {
        let label = format!("{} pair {name}", self.secret);
        Mutator::new(self.secret, &label, move |world| {
            let pair = match self.short {
                "httpd" => make(signer(world), &world.host),
                "own" => make(&world.pki.browser, &world.host),
                _ => make(&world.pki.browser, "*.example.org"),
            };
            self.put(world, &pair)
        })
    }
}

/// A key of RSA, which takes long to make.
static RSA: LazyLock<KeyPair> =
    LazyLock::new(|| KeyPair::generate_for(&PKCS_RSA_SHA256).expect("a key"));

type Make = fn(&Authority, &str) -> Pair;

/// Places, a name, and what makes a pair of the authority and the name.
const PAIRS: &[(&str, &str, Make)] = &[
    ("all", "of RSA", |authority, host| {
        authority.leaf_of(&RSA, host, &[host], |_| ())
    }),
    ("all", "of P-384", |authority, host| {
        of(&PKCS_ECDSA_P384_SHA384, authority, host)
    }),
    ("own store", "of Ed25519", |authority, host| {
        of(&PKCS_ED25519, authority, host)
    }),
    (
        "own store",
        "of RSA in the form PKCS 1",
        |authority, host| {
            let pair = authority.leaf_of(&RSA, host, &[host], |_| ());
            Pair {
                // Before what PKCS 1 has there are the version, the algorithm and two lengths.
                key: pem("RSA PRIVATE KEY", &der(&pair.key)[26..]),
                ..pair
            }
        },
    ),
    (
        "own store",
        "of P-256 in the form SEC 1",
        |authority, host| {
            let pair = authority.server(host, &[host]);
            Pair {
                // Likewise, with the curve.
                key: pem("EC PRIVATE KEY", &der(&pair.key)[29..]),
                ..pair
            }
        },
    ),
    ("all", "with a chain of three", |authority, host| {
        let upper = authority.intermediate("the upper", |_| ());
        let lower = upper.intermediate("the lower", |_| ());
        sent(lower.server(host, &[host]), &[&lower, &upper])
    }),
    (
        "all",
        "with a chain of three in the wrong order",
        |authority, host| {
            let upper = authority.intermediate("the upper", |_| ());
            let lower = upper.intermediate("the lower", |_| ());
            sent(lower.server(host, &[host]), &[&upper, &lower])
        },
    ),
    (
        "all",
        "with a chain that lacks its upper link",
        |authority, host| {
            let upper = authority.intermediate("the upper", |_| ());
            let lower = upper.intermediate("the lower", |_| ());
            sent(lower.server(host, &[host]), &[&lower])
        },
    ),
    (
        "all",
        "with a chain that lacks its lower link",
        |authority, host| {
            let upper = authority.intermediate("the upper", |_| ());
            let lower = upper.intermediate("the lower", |_| ());
            sent(lower.server(host, &[host]), &[&upper])
        },
    ),
    (
        "all",
        "with an intermediate and the root",
        |authority, host| {
            let between = authority.intermediate("between", |_| ());
            sent(between.server(host, &[host]), &[&between, authority])
        },
    ),
    ("all", "with an expired intermediate", |authority, host| {
        let between = authority.intermediate("between", |parameters| {
            parameters.not_after = OffsetDateTime::now_utc() - Duration::days(1);
            parameters.not_before = OffsetDateTime::now_utc() - Duration::days(60);
        });
        sent(between.server(host, &[host]), &[&between])
    }),
    (
        "all",
        "with an intermediate that is not yet valid",
        |authority, host| {
            let between = authority.intermediate("between", |parameters| {
                parameters.not_before = OffsetDateTime::now_utc() + Duration::days(1);
            });
            sent(between.server(host, &[host]), &[&between])
        },
    ),
    (
        "all",
        "with an intermediate that is not a CA",
        |authority, host| {
            let between = authority.intermediate("between", |parameters| {
                parameters.is_ca = IsCa::ExplicitNoCa;
            });
            sent(between.server(host, &[host]), &[&between])
        },
    ),
    (
        "httpd",
        "with an intermediate that may not sign",
        |authority, host| {
            let between = authority.intermediate("between", |parameters| {
                parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            });
            sent(between.server(host, &[host]), &[&between])
        },
    ),
    (
        "all",
        "with an intermediate for clients",
        |authority, host| {
            let between = authority.intermediate("between", |parameters| {
                parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            });
            sent(between.server(host, &[host]), &[&between])
        },
    ),
    (
        "all",
        "with an intermediate of too short a path",
        |authority, host| {
            let upper = authority.intermediate("the upper", |parameters| {
                parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            });
            let lower = upper.intermediate("the lower", |_| ());
            sent(lower.server(host, &[host]), &[&lower, &upper])
        },
    ),
    (
        "all",
        "with an intermediate for another domain",
        |authority, host| {
            let between = authority.intermediate("between", |parameters| {
                parameters.name_constraints = permitted("example.net");
            });
            sent(between.server(host, &[host]), &[&between])
        },
    ),
    (
        "all",
        "with an intermediate for its domain",
        |authority, host| {
            let between = authority.intermediate("between", |parameters| {
                parameters.name_constraints = permitted("example.org");
            });
            sent(between.server(host, &[host]), &[&between])
        },
    ),
    (
        "all",
        "with the intermediate of another",
        |authority, host| {
            let between = authority.intermediate("between", |_| ());
            let other = authority.intermediate("another", |_| ());
            sent(between.server(host, &[host]), &[&other])
        },
    ),
    (
        "all",
        "with an intermediate of the same name and another key",
        |authority, host| {
            let between = authority.intermediate("between", |_| ());
            let other = authority.intermediate("between", |_| ());
            sent(between.server(host, &[host]), &[&other])
        },
    ),
    (
        "all",
        "twice and with an intermediate",
        |authority, host| {
            let between = authority.intermediate("between", |_| ());
            let mut pair = between.server(host, &[host]);
            pair.certificate = pair.certificate.repeat(2);
            sent(pair, &[&between])
        },
    ),
    (
        "httpd own store",
        "for servers and clients",
        |authority, host| {
            authority.leaf_with(host, &[host], |parameters| {
                let usages = &mut parameters.extended_key_usages;
                usages.push(ExtendedKeyUsagePurpose::ClientAuth);
            })
        },
    ),
    ("all", "for signing code", |authority, host| {
        authority.leaf_with(host, &[host], |parameters| {
            parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        })
    }),
    ("all", "without key usage", |authority, host| {
        authority.leaf_with(host, &[host], |parameters| parameters.key_usages.clear())
    }),
    (
        "all",
        "with a critical extension that nobody knows",
        |authority, host| {
            authority.leaf_with(host, &[host], |parameters| {
                let mut extension =
                    CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 55555, 1], vec![5, 0]);
                extension.set_criticality(true);
                parameters.custom_extensions.push(extension);
            })
        },
    ),
    (
        "all",
        "with an extension that nobody knows",
        |authority, host| {
            authority.leaf_with(host, &[host], |parameters| {
                let extension =
                    CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 55555, 1], vec![5, 0]);
                parameters.custom_extensions.push(extension);
            })
        },
    ),
    ("all", "until the year 9999", |authority, host| {
        authority.leaf_with(host, &[host], |parameters| {
            parameters.not_after = rcgen::date_time_ymd(9999, 12, 31);
        })
    }),
    ("all", "since the year 1970", |authority, host| {
        authority.leaf_with(host, &[host], |parameters| {
            parameters.not_before = rcgen::date_time_ymd(1970, 1, 1);
        })
    }),
    ("all", "that ends before it begins", |authority, host| {
        authority.leaf_with(host, &[host], |parameters| {
            let now = OffsetDateTime::now_utc();
            parameters.not_before = now + Duration::days(1);
            parameters.not_after = now - Duration::days(1);
        })
    }),
    ("all", "without a subject", |authority, host| {
        authority.leaf_with(host, &[host], |parameters| {
            parameters.distinguished_name = rcgen::DistinguishedName::new();
        })
    }),
    (
        "all",
        "with a subject for another name",
        |authority, host| authority.server("another.example.org", &[host]),
    ),
    ("httpd own", "for a hundred names", |authority, host| {
        let mut names: Vec<String> = (0..100).map(|number| format!("{number}.{host}")).collect();
        names.push(host.to_owned());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        authority.server(host, &names)
    }),
    (
        "httpd own",
        "with an asterisk within a label",
        |authority, _| authority.server("a", &["h-*.example.org"]),
    ),
    ("httpd own", "for the domain alone", |authority, _| {
        authority.server("a", &["example.org"])
    }),
    ("httpd own", "for every name", |authority, _| {
        authority.server("a", &["*"])
    }),
    ("httpd own", "for a wildcard in capitals", |authority, _| {
        authority.server("a", &["*.EXAMPLE.ORG"])
    }),
    (
        "httpd own",
        "for the wildcard of its own name",
        |authority, host| {
            let name = format!("*.{host}");
            authority.server("a", &[&name])
        },
    ),
    (
        "httpd own",
        "for a wildcard and the host",
        |authority, host| authority.server("a", &["*.example.org", host]),
    ),
    ("all", "for an address of the web", |authority, host| {
        authority.leaf_with(host, &[], |parameters| {
            let address = format!("https://{host}/").try_into().expect("ASCII");
            parameters.subject_alt_names = vec![SanType::URI(address)];
        })
    }),
    (
        "all",
        "of another CA of the same name",
        |authority, host| {
            let name = authority.name();
            Authority::new(&name).server(host, &[host])
        },
    ),
    ("own store", "that is its own CA", |_, host| {
        let change = |parameters: &mut CertificateParams| {
            parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        };
        Pair::self_signed(host, change)
    }),
];

type Change = fn(Pair) -> Pair;

/// Places, a name, and what becomes of the text of a pair.
const TEXTS: &[(&str, &str, Change)] = &[
    ("own store", "with its key before its certificate", |pair| {
        Pair {
            certificate: format!("{}{}", pair.key, pair.certificate),
            ..pair
        }
    }),
    ("own store", "with all in both", |pair| {
        let all = format!("{}{}", pair.certificate, pair.key);
        Pair {
            certificate: all.clone(),
            key: all,
        }
    }),
    ("own store", "with EC PARAMETERS before its key", |pair| {
        Pair {
            key: format!(
                "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{}",
                pair.key
            ),
            ..pair
        }
    }),
    ("own store", "with a key that is named ENCRYPTED", |pair| {
        Pair {
            key: pair.key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
            ..pair
        }
    }),
    ("own store", "with a key that is named RSA", |pair| Pair {
        key: pair.key.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
        ..pair
    }),
    ("own store", "with a key that is named otherwise", |pair| {
        Pair {
            key: pair.key.replace("PRIVATE KEY", "KEY"),
            ..pair
        }
    }),
    (
        "own store",
        "with a certificate that is named TRUSTED",
        |pair| Pair {
            certificate: pair
                .certificate
                .replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
            ..pair
        },
    ),
    (
        "own store",
        "with a certificate that is named X509",
        |pair| Pair {
            certificate: pair.certificate.replace("CERTIFICATE", "X509 CERTIFICATE"),
            ..pair
        },
    ),
    ("own store", "behind a byte order mark", |pair| Pair {
        certificate: format!("\u{feff}{}", pair.certificate),
        ..pair
    }),
    ("own store", "with a key behind a byte order mark", |pair| {
        Pair {
            key: format!("\u{feff}{}", pair.key),
            ..pair
        }
    }),
    ("own store", "behind spaces", |pair| Pair {
        certificate: format!("  {}", pair.certificate),
        ..pair
    }),
    ("own store", "indented", |pair| Pair {
        certificate: pair.certificate.replace('\n', "\n  "),
        ..pair
    }),
    ("own store", "with spaces behind its lines", |pair| Pair {
        certificate: pair.certificate.replace('\n', "  \n"),
        key: pair.key.replace('\n', "  \n"),
    }),
    ("own store", "with empty lines", |pair| Pair {
        certificate: pair.certificate.replace('\n', "\n\n"),
        ..pair
    }),
    ("own store", "without its last line break", |pair| Pair {
        certificate: pair.certificate.trim_end().to_owned(),
        key: pair.key.trim_end().to_owned(),
    }),
    ("own store", "without its last line", |pair| Pair {
        certificate: without_last_line(&pair.certificate),
        ..pair
    }),
    ("own store", "with a key without its last line", |pair| {
        Pair {
            key: without_last_line(&pair.key),
            ..pair
        }
    }),
    ("own store", "in small letters", |pair| Pair {
        certificate: pair.certificate.replace("CERTIFICATE", "certificate"),
        ..pair
    }),
    ("own store", "with dashes that are missing", |pair| Pair {
        certificate: pair.certificate.replace("-----", "----"),
        ..pair
    }),
    ("own store", "with half of its certificate", |pair| {
        let lines: Vec<&str> = pair.certificate.lines().collect();
        let certificate = [&lines[..4], &lines[lines.len() - 1..]].concat().join("\n");
        Pair {
            certificate,
            ..pair
        }
    }),
    ("own store", "with a broken certificate behind it", |pair| {
        Pair {
            certificate: format!(
                "{}-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
                pair.certificate
            ),
            ..pair
        }
    }),
    ("own store", "with text behind it", |pair| Pair {
        certificate: format!("{}that is all\n", pair.certificate),
        ..pair
    }),
    ("own store", "with two keys, the right one first", |pair| {
        Pair {
            key: format!(
                "{}{}",
                pair.key,
                KeyPair::generate().expect("a key").serialize_pem()
            ),
            ..pair
        }
    }),
    ("own store", "with two keys, the right one last", |pair| {
        Pair {
            key: format!(
                "{}{}",
                KeyPair::generate().expect("a key").serialize_pem(),
                pair.key
            ),
            ..pair
        }
    }),
    (
        "own store",
        "with a public key in place of its key",
        |pair| Pair {
            key: KeyPair::from_pem(&pair.key)
                .expect("a key")
                .public_key_pem(),
            ..pair
        },
    ),
    ("own store", "with no more than the key in both", |pair| {
        Pair {
            certificate: pair.key.clone(),
            ..pair
        }
    }),
];

type Trust = fn(&World<'_>) -> (String, Option<Pair>);

/// What Traefik trusts, and what httpd shows where that is another pair.
const AUTHORITIES: &[(&str, Trust)] = &[
    ("between, of a chain", |world| {
        let between = world.own.intermediate("between", |_| ());
        let pair = between.server(&world.host, &[&world.host]);
        (between.certificate, Some(pair))
    }),
    ("between, of a chain that is sent", |world| {
        let between = world.own.intermediate("between", |_| ());
        let pair = sent(between.server(&world.host, &[&world.host]), &[&between]);
        (between.certificate, Some(pair))
    }),
    (
        "and what is between, of a chain that is not sent",
        |world| {
            let between = world.own.intermediate("between", |_| ());
            let pair = between.server(&world.host, &[&world.host]);
            let both = format!("{}{}", world.own.certificate, between.certificate);
            (both, Some(pair))
        },
    ),
    ("between, of another chain", |world| {
        let between = world.own.intermediate("between", |_| ());
        (between.certificate, None)
    }),
    ("of the same name and another key", |world| {
        (Authority::new(&world.own.name()).certificate, None)
    }),
    ("of the same key and another name", |world| {
        let other = world.own.again(|parameters| {
            parameters.distinguished_name = rcgen::DistinguishedName::new();
            parameters
                .distinguished_name
                .push(DnType::CommonName, "another");
        });
        (other, None)
    }),
    ("for another domain", |world| {
        let limited = world.own.again(|parameters| {
            parameters.name_constraints = permitted("example.net");
        });
        (limited, None)
    }),
    ("for its domain", |world| {
        let limited = world.own.again(|parameters| {
            parameters.name_constraints = permitted("example.org");
        });
        (limited, None)
    }),
    ("for all but its domain", |world| {
        let limited = world.own.again(|parameters| {
            parameters.name_constraints = Some(NameConstraints {
                permitted_subtrees: Vec::new(),
                excluded_subtrees: vec![GeneralSubtree::DnsName("example.org".to_owned())],
            });
        });
        (limited, None)
    }),
    ("of no path", |world| {
        let short = world.own.again(|parameters| {
            parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        });
        (short, None)
    }),
    ("of no path, before an intermediate", |world| {
        let short = world.own.again(|parameters| {
            parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        });
        (short, Some(world.own.below(&world.host, true)))
    }),
    ("that may not sign", |world| {
        let limited = world.own.again(|parameters| {
            parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        });
        (limited, None)
    }),
    ("without key usage", |world| {
        let limited = world.own.again(|parameters| parameters.key_usages.clear());
        (limited, None)
    }),
    ("without basic constraints", |world| {
        let limited = world.own.again(|parameters| parameters.is_ca = IsCa::NoCa);
        (limited, None)
    }),
    ("for clients", |world| {
        let limited = world.own.again(|parameters| {
            parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        });
        (limited, None)
    }),
    ("for servers", |world| {
        let limited = world.own.again(|parameters| {
            parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        });
        (limited, None)
    }),
    ("with a critical extension that nobody knows", |world| {
        let odd = world.own.again(|parameters| {
            let mut extension =
                CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 55555, 1], vec![5, 0]);
            extension.set_criticality(true);
            parameters.custom_extensions.push(extension);
        });
        (odd, None)
    }),
    ("behind a byte order mark", |world| {
        (format!("\u{feff}{}", world.own.certificate), None)
    }),
    ("that is named TRUSTED", |world| {
        let text = &world.own.certificate;
        (text.replace("CERTIFICATE", "TRUSTED CERTIFICATE"), None)
    }),
    ("behind a broken one", |world| {
        let broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        (format!("{broken}{}", world.own.certificate), None)
    }),
    ("before a broken one", |world| {
        let broken = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        (format!("{}{broken}", world.own.certificate), None)
    }),
    ("twice", |world| (world.own.certificate.repeat(2), None)),
    ("fifty times another", |world| {
        let others = world.pki.stranger.certificate.repeat(50);
        (format!("{others}{}", world.own.certificate), None)
    }),
    ("and the leaf", |world| {
        let leaf = world.serves.pair.as_ref();
        let leaf = leaf.map(|pair| pair.certificate.as_str());
        let leaf = leaf.unwrap_or_default();
        (format!("{}{leaf}", world.own.certificate), None)
    }),
    ("that is a self-signed leaf", |world| {
        let pair = Pair::self_signed(&world.host, |_| ());
        (pair.certificate.clone(), Some(pair))
    }),
    ("that is a self-signed leaf for another name", |_| {
        let pair = Pair::self_signed("another.example.org", |_| ());
        (pair.certificate.clone(), Some(pair))
    }),
    ("of RSA", |world| {
        let authority = Authority::of(&RSA, "a CA of RSA");
        let pair = authority.server(&world.host, &[&world.host]);
        (authority.certificate, Some(pair))
    }),
];

fn of(algorithm: &'static SignatureAlgorithm, authority: &Authority, host: &str) -> Pair {
    let key = KeyPair::generate_for(algorithm).expect("a key");
    authority.leaf_of(&key, host, &[host], |_| ())
}

/// A pair with further certificates behind its own.
fn sent(mut pair: Pair, above: &[&Authority]) -> Pair {
    for authority in above {
        pair.certificate.push_str(&authority.certificate);
    }
    pair
}

#[expect(clippy::unnecessary_wraps, reason = "the field is optional")]
fn permitted(domain: &str) -> Option<NameConstraints> {
    Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(domain.to_owned())],
        excluded_subtrees: Vec::new(),
    })
}

/// What PEM of a key in the form PKCS 8 holds.
fn der(key: &str) -> Vec<u8> {
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key of ours");
    key.secret_der().to_vec()
}

fn pem(name: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    format!("-----BEGIN {name}-----\n{text}\n-----END {name}-----\n")
}

fn without_last_line(text: &str) -> String {
    let (before, _) = text.trim_end().rsplit_once('\n').expect("several lines");
    before.to_owned()
}
