//! What people read of certificates and paths, in their languages: not all of them are administrators.
//!
//! Each line of the table has all languages: one that is missing does not compile.

use super::live::LiveFault;
use super::path::{FrontKind, InstancePath, JudgedLeg, LegVerdict, Stop, Wire};
use super::row::{Row, Urgency};
use std::fmt;
use std::str::FromStr;
use time::OffsetDateTime;

/// A language of the page and the diagrams.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// French.
    French,
}

impl FromStr for Language {
    type Err = ();

    /// Reads a language tag (`fr`, `fr-CA`) or the name of a locale (`fr_FR.UTF-8`).
    ///
    /// # Errors
    /// Another language.
    fn from_str(text: &str) -> Result<Self, ()> {
        let language = text.split(['_', '-', '.', '@']).next();
        match language.map(str::to_ascii_lowercase).as_deref() {
            Some("en" | "c" | "posix") => Ok(Self::English),
            Some("fr") => Ok(Self::French),
            _ => Err(()),
        }
    }
}

/// Defines a function for each line, which returns its text in the language.
macro_rules! table {
    ($($name:ident($($argument:ident),*): $english:literal, $french:literal;)*) => {
        impl Language {
            $(pub(super) fn $name(self, $($argument: impl fmt::Display),*) -> String {
                match self {
                    Self::English => format!($english),
                    Self::French => format!($french),
                }
            })*
        }
    };
}

table! {
    tag(): "en", "fr";
    certificates(): "Certificates", "Certificats";
    certificates_of(fleet): "Certificates of the fleet {fleet}", "Certificats de la flotte {fleet}";
    all_fine(subject): "{subject}: all fine", "{subject}\u{a0}: tout va bien";
    some_urgent(subject, counts): "{subject}: {counts}", "{subject}\u{a0}: {counts}";
    count_of_certificates(number): "{number} certificates", "{number} certificats";
    one_certificate(): "1 certificate", "1 certificat";
    no_instance(): "no instance", "aucune instance";
    one_instance(): "1 instance", "1 instance";
    count_of_instances(number): "{number} instances", "{number} instances";
    next_to_end(): "Next to end:", "Prochaine échéance\u{a0}:";
    of_instance(instance): "of the instance <b>{instance}</b>", "de l’instance <b>{instance}</b>";
    of_more_instances(instance, more):
        "of the instance <b>{instance}</b> and {more} more", "de l’instance <b>{instance}</b> et de {more} autres";
    in_place(place): "in {place}", "dans {place}";
    on_day(day): "on {day}", "le {day}";
    summary(): "Summary", "Résumé";
    trusted_still(): "still trusted, and may end", "encore acceptés, peuvent expirer";
    unreadable(number):
        "{number} values or files could not be read and are not on this page.",
        "{number} valeurs ou fichiers n’ont pas pu être lus et ne figurent pas sur cette page.";

    one_day(): "1 day", "1 jour";
    count_of_days(number): "{number} days", "{number} jours";
    ended_today(): "ended today", "expiré aujourd’hui";
    ended_ago(days): "ended {days} ago", "expiré depuis {days}";
    begins(day): "begins {day}", "débute le {day}";
    replaced(): "replaced", "remplacé";
    days_left(days): "{days} left", "encore {days}";

    timeline(): "Timeline", "Calendrier";
    filter_hint(): "Filter by host, namespace, issuer …", "Filtrer\u{a0}: hôte, espace de noms…";
    filter(): "Filter", "Filtrer";
    of(): "of", "sur";
    shared(): "Shared and other certificates", "Certificats partagés et autres";
    no_certificate(): "No certificate found", "Aucun certificat trouvé";
    most_urgent_first(number): "{number}, most urgent first", "{number}, les plus urgents d’abord";
    and_more(number): "and {number} more", "et {number} autres";
    planned():
        "Renewals as the fleet file plans them.",
        "Renouvellements prévus par le fichier de la flotte.";
    legend_bar(): "valid, renewal due, end", "valide, renouvellement dû, expiration";
    today(): "today", "aujourd’hui";
    legend_open(): "Open a row for its path.", "Ouvrez une ligne pour voir son chemin.";
    each_month(): "Each month", "Chaque mois";
    each_month_what(): "renewals due, ends", "renouvellements dus, expirations";
    fall_due(number): "{number} fall due", "{number} à renouveler";
    end_too(number): "{number} end", "{number} expirent";
    unknown(): "unknown", "inconnu";
    until_day(day): "until {day}", "jusqu’au {day}";
    due_since(day): "due since {day}", "dû depuis le {day}";
    renew_on(day): "renew {day}", "à renouveler le {day}";
    ends_on(day): "ends {day}", "expire le {day}";
    fails(): ", cert-manager fails", ", échec de cert-manager";
    by_cert_manager(): ", cert-manager", ", cert-manager";

    all_certificates(): "All certificates", "Tous les certificats";
    state(): "State", "État";
    names(): "Names", "Noms";
    place(): "Place", "Emplacement";
    ends(): "Ends", "Expire le";
    days_left_heading(): "Days left", "Jours restants";
    renewal_due(): "Renewal due", "Renouvellement dû";
    issuer(): "Issuer", "Émetteur";
    left_out(number):
        "{number} more that are less urgent are left out; <code>--format json</code> has all.",
        "{number} autres, moins urgents, sont omis\u{202f}; <code>--format json</code> les contient tous.";

    asks_for(hosts): "asks for {hosts}", "demande {hosts}";
    no_certificate_on_leg(): "no certificate found", "aucun certificat trouvé";
    expects(name): "expects {name}", "attend {name}";
    issuer_is(issuer): "issuer {issuer}", "émetteur {issuer}";
    trusted_until(client, day): "{client} trusted it until {day}", "{client} lui faisait confiance jusqu’au {day}";
    trusts_until(client, day): "{client} trusts it until {day}", "{client} lui fait confiance jusqu’au {day}";
    trusts_issuer(client): "{client} trusts its issuer", "{client} fait confiance à son émetteur";
    one_more_ca(): ", and 1 more CA", ", et 1 autre AC";
    more_cas(number): ", and {number} more CAs", ", et {number} autres AC";
    trusts_only(client): "{client} trusts only ", "{client} ne fait confiance qu’à ";
    ca_ends(ca, day): "{ca} (ends {day})", "{ca} (expire le {day})";
    is_not_for(name): "is not for {name}", "n’est pas pour {name}";
    takes_any(client): "{client} accepts any certificate", "{client} accepte n’importe quel certificat";
    ends_in_state(day, state): "ends {day}, {state}", "expire le {day}, {state}";
    certificate_not_found(): "certificate not found", "certificat introuvable";

    browser(): "Browser", "Navigateur";
    balancer(): "Load balancer", "Répartiteur de charge";
    istio_gateway(): "Istio gateway", "Passerelle Istio";
    gateway(): "Gateway", "Passerelle";
    database(): "Database", "Base de données";
    gateway_object(name): "Gateway {name}", "Gateway {name}";
    passes_through(): "passes TLS through unopened", "laisse passer TLS sans l’ouvrir";
    plain(): "plain http: nothing is encrypted", "http en clair, rien n’est chiffré";
    gateway_unknown():
        "not among the manifests; whether TLS ends here is unknown",
        "absente des manifestes, on ignore si TLS se termine ici";
    route_without_tls():
        "the route has no tls: plain http, unless its entry point adds TLS",
        "la route n’a pas de tls, donc http en clair, sauf si son point d’entrée ajoute TLS";
    mesh_both_sides(): "the mesh's own TLS on both sides", "le TLS du maillage des deux côtés";
    leg_unknown():
        "the manifests do not say whether this leg is TLS",
        "les manifestes ne disent pas si ce tronçon est en TLS";
    browsers_tls_ends(): "the browser's TLS ends here", "le TLS du navigateur se termine ici";
    balancers_tls_ends(): "the load balancer's TLS ends here", "le TLS du répartiteur de charge se termine ici";
    balancer_if_any(): "if any: passes TLS through", "laisse passer TLS, s’il y en a un";
    no_address(): "no address yet", "pas encore d’adresse";
    service(name): "Service {name}", "Service {name}";
    proxy_protocol(version): "PROXY protocol {version}", "protocole PROXY {version}";
    ends_tls_itself():
        "ends TLS itself, with a certificate that no manifest holds",
        "termine TLS lui-même, avec un certificat qu’aucun manifeste ne contient";
    the_browser(): "the browser", "le navigateur";
    the_balancer(): "the load balancer", "le répartiteur de charge";
    the_gateway(): "the gateway", "la passerelle";

    not_encrypted(): "NOT ENCRYPTED", "NON CHIFFRÉ";
    mesh_tls(): "mesh TLS", "TLS du maillage";
    maybe_tls(): "TLS?", "TLS incertain";
    tls(): "TLS", "TLS";
    ca_trusted(): "TLS, CA trusted", "TLS, AC de confiance";
    ca_not_trusted(): "TLS, CA NOT TRUSTED", "TLS, AC REFUSÉE";
    wrong_name(): "TLS, WRONG NAME", "TLS, MAUVAIS NOM";
    not_verified(): "TLS, NOT VERIFIED", "TLS, NON VÉRIFIÉ";
}

/// The months as people shorten them; no two are alike.
const MONTHS: [(&str, &str); 12] = [
    ("Jan", "janv."),
    ("Feb", "févr."),
    ("Mar", "mars"),
    ("Apr", "avr."),
    ("May", "mai"),
    ("Jun", "juin"),
    ("Jul", "juil."),
    ("Aug", "août"),
    ("Sep", "sept."),
    ("Oct", "oct."),
    ("Nov", "nov."),
    ("Dec", "déc."),
];

impl Language {
    /// Names a month in short.
    pub(super) fn month(self, month: time::Month) -> &'static str {
        let (english, french) = MONTHS[usize::from(u8::from(month)) - 1];
        match self {
            Self::English => english,
            Self::French => french,
        }
    }

    /// Writes a day as `24 Nov 2026`.
    pub(super) fn day(self, instant: OffsetDateTime) -> String {
        let day = match (self, instant.day()) {
            (Self::French, 1) => "1er".to_owned(),
            (_, day) => day.to_string(),
        };
        format!("{day} {} {}", self.month(instant.month()), instant.year())
    }

    /// Counts days.
    pub(super) fn days(self, days: i64) -> String {
        if days == 1 || (days == 0 && self == Self::French) {
            return match days {
                1 => self.one_day(),
                _ => self.one_day().replace('1', "0"),
            };
        }
        self.count_of_days(days)
    }

    /// Counts instances.
    pub(super) fn instances(self, number: usize) -> String {
        match number {
            0 => self.no_instance(),
            1 => self.one_instance(),
            number => self.count_of_instances(number),
        }
    }

    /// Describes how long a certificate has left.
    pub(super) fn left(self, row: &Row) -> String {
        match row.urgency {
            Urgency::Expired if row.days_left == 0 => self.ended_today(),
            Urgency::Expired => self.ended_ago(self.days(-row.days_left)),
            Urgency::NotYetValid => self.begins(self.day(row.details.validity.not_before)),
            Urgency::Replaced => self.replaced(),
            _ => self.days_left(self.days(row.days_left)),
        }
    }

    /// Names an urgency as the heading of a group.
    pub(super) fn group(self, urgency: Urgency) -> &'static str {
        let (english, french) = match urgency {
            Urgency::Expired => ("Expired", "Expirés"),
            Urgency::NotYetValid => ("Not yet valid", "Pas encore valides"),
            Urgency::Due => ("Renewal due", "À renouveler"),
            Urgency::Soon => ("Due within 30 days", "À renouveler sous 30 jours"),
            Urgency::Fine => ("Fine", "En ordre"),
            Urgency::Replaced => ("Replaced", "Remplacés"),
        };
        match self {
            Self::English => english,
            Self::French => french,
        }
    }

    /// Names the urgency of one certificate.
    pub(super) fn urgency(self, urgency: Urgency) -> &'static str {
        match (self, urgency) {
            (Self::English, urgency) => urgency.as_str(),
            (Self::French, Urgency::Expired) => "expiré",
            (Self::French, Urgency::NotYetValid) => "pas encore valide",
            (Self::French, Urgency::Due) => "à renouveler",
            (Self::French, Urgency::Soon) => "bientôt",
            (Self::French, Urgency::Fine) => "en ordre",
            (Self::French, Urgency::Replaced) => "remplacé",
        }
    }

    /// Names what is wrong with what a live host shows.
    pub(super) fn live_fault(self, fault: LiveFault) -> &'static str {
        match (self, fault) {
            (Self::English, fault) => fault.as_str(),
            (Self::French, LiveFault::OtherName) => "autre nom",
            (Self::French, LiveFault::NoIntermediate) => "intermédiaire manquant",
        }
    }

    /// Counts certificates of an urgency, as in `2 expired`.
    pub(super) fn count(self, number: usize, urgency: Urgency) -> String {
        let word = match (self, number, urgency) {
            (Self::English, ..) | (Self::French, 0 | 1, _) | (_, _, Urgency::Due) => {
                self.urgency(urgency).to_owned()
            }
            (Self::French, _, Urgency::NotYetValid) => "pas encore valides".to_owned(),
            (Self::French, ..) => format!("{}s", self.urgency(urgency)),
        };
        format!("{number} {word}")
    }

    /// Names what a request passes.
    pub(super) fn title(self, stop: Stop, instance: &InstancePath) -> String {
        match stop {
            Stop::Browser => self.browser(),
            Stop::Balancer => self.balancer(),
            Stop::Front => match instance.front.kind {
                FrontKind::Traefik => "Traefik".to_owned(),
                FrontKind::Istio => self.istio_gateway(),
                FrontKind::Gateway => self.gateway(),
            },
            Stop::Httpd => "httpd".to_owned(),
            Stop::Database => self.database(),
        }
    }

    /// Describes what is known of it, apart from certificates.
    pub(super) fn notes(self, stop: Stop, instance: &InstancePath) -> Vec<String> {
        let mut notes = Vec::new();
        match stop {
            Stop::Browser | Stop::Database => {}
            Stop::Balancer => self.balancer_notes(instance, &mut notes),
            Stop::Front => {
                let gateway = instance.front.gateway.as_ref();
                notes.extend(gateway.map(|gateway| self.gateway_object(gateway)));
                notes.extend(match instance.browser.wire {
                    _ if instance.passes_through() => Some(self.passes_through()),
                    Wire::Plain => Some(self.plain()),
                    Wire::Unknown if gateway.is_some() => Some(self.gateway_unknown()),
                    Wire::Unknown => Some(self.route_without_tls()),
                    Wire::Tls | Wire::PassedThrough | Wire::Mesh => None,
                });
            }
            Stop::Httpd => notes.extend(match instance.backend.wire {
                Wire::Plain => Some(self.plain()),
                Wire::Mesh => Some(self.mesh_both_sides()),
                Wire::Unknown => Some(self.leg_unknown()),
                Wire::PassedThrough if instance.ends_before() => Some(self.balancers_tls_ends()),
                Wire::PassedThrough => Some(self.browsers_tls_ends()),
                Wire::Tls => None,
            }),
        }
        notes
    }

    fn balancer_notes(self, instance: &InstancePath, notes: &mut Vec<String>) {
        let Some(balancer) = &instance.balancer else {
            notes.push(self.balancer_if_any());
            return;
        };
        if !balancer.addresses.is_empty() {
            notes.push(balancer.addresses.join(", "));
        } else if balancer.is_service {
            notes.push(self.no_address());
        }
        if balancer.is_service {
            let namespace = balancer.namespace.as_ref();
            let namespace = namespace.map_or_else(String::new, |namespace| format!("{namespace}/"));
            notes.push(self.service(format!("{namespace}{}", balancer.name)));
        } else {
            notes.push(balancer.name.clone());
        }
        if let Some(version) = &balancer.proxy_protocol {
            let version = if version == "true" { "" } else { version };
            notes.push(self.proxy_protocol(version).trim_end().to_owned());
        }
        if balancer.ends_tls {
            notes.push(self.ends_tls_itself());
        }
    }

    /// Describes what goes over a leg and what its client makes of it.
    pub(super) fn arrow(self, leg: &JudgedLeg) -> String {
        match (leg.wire, leg.verdict) {
            (Wire::Plain, _) => self.not_encrypted(),
            (Wire::Mesh, _) => self.mesh_tls(),
            (Wire::Unknown, _) => self.maybe_tls(),
            (_, LegVerdict::Unknown) => self.tls(),
            (_, LegVerdict::Signed) => self.ca_trusted(),
            (_, LegVerdict::NotSigned) => self.ca_not_trusted(),
            (_, LegVerdict::OtherName) => self.wrong_name(),
            (_, LegVerdict::Unchecked) => self.not_verified(),
        }
    }

    /// Names the client of what a request passes.
    pub(super) fn client(self, stop: Stop, instance: &InstancePath) -> String {
        match stop {
            Stop::Httpd if !instance.passes_through() => match instance.front.kind {
                FrontKind::Gateway => self.the_gateway(),
                FrontKind::Traefik | FrontKind::Istio => self.title(Stop::Front, instance),
            },
            Stop::Database => "httpd".to_owned(),
            _ if instance.ends_before() => self.the_balancer(),
            _ => self.the_browser(),
        }
    }
}

/// Returns whether there is something to tell of a leg's certificate: which it is, or that it is missing.
pub(super) fn tells_certificate(leg: &JudgedLeg) -> bool {
    match leg.wire {
        Wire::Plain | Wire::Mesh => false,
        Wire::Unknown => leg.certificate.is_some(),
        Wire::Tls | Wire::PassedThrough => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Month;

    #[test]
    fn a_language_is_read_from_a_tag_or_the_name_of_a_locale() {
        for (text, language) in [
            ("fr", Ok(Language::French)),
            ("fr-CA", Ok(Language::French)),
            ("fr_FR.UTF-8", Ok(Language::French)),
            ("FR", Ok(Language::French)),
            ("en_GB", Ok(Language::English)),
            ("C.UTF-8", Ok(Language::English)),
            ("POSIX", Ok(Language::English)),
            ("de_DE", Err(())),
            ("fresh", Err(())),
            ("", Err(())),
        ] {
            assert_eq!(text.parse(), language, "{text}");
        }
    }

    #[test]
    fn days_are_counted_as_each_language_does() {
        assert_eq!(
            [0, 1, 2].map(|days| Language::English.days(days)),
            ["0 days", "1 day", "2 days"]
        );
        assert_eq!(
            [0, 1, 2].map(|days| Language::French.days(days)),
            ["0 jour", "1 jour", "2 jours"]
        );
    }

    #[test]
    fn certificates_are_counted_as_french_does() {
        let count = |number, urgency| Language::French.count(number, urgency);
        assert_eq!(count(1, Urgency::Expired), "1 expiré");
        assert_eq!(count(2, Urgency::Expired), "2 expirés");
        assert_eq!(count(2, Urgency::NotYetValid), "2 pas encore valides");
        assert_eq!(count(2, Urgency::Due), "2 à renouveler");
    }

    #[test]
    fn no_two_months_of_a_language_are_written_alike() {
        for language in [Language::English, Language::French] {
            let months = (1..=12).map(|month| Month::try_from(month).expect("a month"));
            let names: std::collections::BTreeSet<_> =
                months.map(|month| language.month(month)).collect();
            assert_eq!(names.len(), 12);
        }
    }
}
