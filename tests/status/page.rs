//! The page for a browser: whose it is, in which order its rows stand, and its languages.

use super::{fleet, instance, report, wildcard};
use civi_ingress::status::{Format, Language, Presentation, Report};

fn page(report: &Report, language: Language) -> String {
    let presentation = Presentation {
        language,
        ..Presentation::default()
    };
    report.write(Format::Html, &presentation)
}

/// Returns the page without its style and script.
fn body(page: &str) -> &str {
    let (_, body) = page.split_once("</head>").expect("a head");
    body.split("<script>").next().unwrap_or_default()
}

/// Returns where a text stands for the first time.
fn place(page: &str, text: &str) -> usize {
    page.find(text).unwrap_or_else(|| panic!("no {text}"))
}

#[test]
fn the_title_names_the_fleet_where_its_file_is_at_hand() {
    let mut report = report(&fleet());
    assert!(page(&report, Language::English).contains("<title>Certificates: 2 expired"));
    report.fleet = Some("uepal".to_owned());
    let english = page(&report, Language::English);
    assert!(
        english.contains("<title>Certificates of the fleet uepal: 2 expired"),
        "{english}"
    );
    assert!(english.contains("<h1>Certificates of the fleet uepal</h1>"));
    let french = page(&report, Language::French);
    assert!(
        french.contains("<title>Certificats de la flotte uepal\u{a0}: 2 expirés"),
        "{french}"
    );
}

#[test]
fn what_ends_next_is_named_with_its_instance() {
    let page = page(&report(&fleet()), Language::English);
    let line = "Next to end: <b>civicrmdb +1</b> of the instance <b>paroisse-c</b>, in paroisse-c/selfcert dbservercert, on ";
    assert!(page.contains(line), "{page}");
}

#[test]
fn instances_of_a_group_stand_by_the_day_of_their_renewal_then_as_people_sort_names() {
    let days = [("p10", 0), ("p2", 0), ("p1", 5), ("p3", 100)];
    let text: String = days
        .iter()
        .map(|(name, days)| instance(name, *days))
        .collect();
    let page = page(&report(&text), Language::English);
    let rows =
        ["p3", "p1", "p2", "p10"].map(|name| place(&page, &format!("<b>{name}.example.org</b>")));
    assert!(rows.is_sorted(), "{rows:?}");
    let (_, table) = page.split_once("<tbody>").expect("a table");
    let rows = ["p3", "p1", "p2", "p10"]
        .map(|name| place(table, &format!("paroisse-{name}/selfcert externcert")));
    assert!(rows.is_sorted(), "{rows:?}");
}

#[test]
fn the_headings_of_the_table_say_that_they_head_columns() {
    let page = page(&report(&fleet()), Language::English);
    assert_eq!(
        page.matches("<th").count() - page.matches("<thead").count(),
        7
    );
    assert_eq!(page.matches("<th scope=\"col\"").count(), 7);
}

#[test]
fn the_french_page_has_no_english_left() {
    let mut report = report(&(fleet() + &wildcard()));
    report.damaged = 2;
    let page = page(&report, Language::French);
    assert!(page.starts_with("<!doctype html>\n<html lang=\"fr\">"));
    for word in [
        "ertificate",
        "xpired",
        "enewal",
        " left",
        "rowser",
        "alancer",
        "atabase",
        " trust",
        "ssuer",
        "hared",
        "imeline",
        "ilter ",
        "today",
        " days",
        " more",
        "Fine",
        "valid ",
        "State",
        "Place",
        " end",
        " of ",
        "eplaced",
        "asks",
        " Nov ",
        " Feb",
        " Apr ",
    ] {
        assert!(!body(&page).contains(word), "{word}: {page}");
    }
    for word in [
        "encore 365 jours",
        "expiré depuis 35 jours",
        "En ordre",
        "Navigateur",
        "Émetteur",
        "févr.",
    ] {
        assert!(page.contains(word), "{word}: {page}");
    }
}

#[test]
fn diagrams_speak_the_language_and_reports_for_programs_do_not() {
    let report = report(&fleet());
    let french = Presentation {
        language: Language::French,
        ..Presentation::default()
    };
    for format in [Format::Mermaid, Format::Dot] {
        let text = report.write(format, &french);
        assert!(
            text.contains("Base de données") && text.contains("AC de confiance"),
            "{text}"
        );
        assert!(!text.contains("Browser"), "{text}");
    }
    for format in [Format::Json, Format::Prometheus, Format::Table] {
        let english = report.write(format, &Presentation::default());
        assert_eq!(report.write(format, &french), english);
    }
}
