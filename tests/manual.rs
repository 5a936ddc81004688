//! The manual pages.

use crate::support::{names_in, read, run, run_in};
use tempfile::TempDir;

/// A directory with all pages.
fn pages() -> TempDir {
    let directory = TempDir::new().expect("a directory");
    run_in(directory.path(), &["man", "--output-dir", "man1"]).good();
    directory
}

/// Returns a section of a page.
fn section<'a>(page: &'a str, name: &str) -> &'a str {
    let head = |name: &str| format!(".SH {name}\n");
    let rest = page
        .split_once(&head(name))
        .or_else(|| page.split_once(&head(&format!("\"{name}\""))));
    let (_, rest) = rest.unwrap_or_else(|| panic!("no section {name}"));
    rest.split(".SH ").next().unwrap_or_default()
}

#[test]
fn every_command_has_a_page_nested_ones_too() {
    let directory = pages();
    let names = names_in(&directory.path().join("man1"));
    let of = |name: &str| names.contains(&format!("civi-ingress{name}.1"));
    for name in [
        "",
        "-new-instance",
        "-gitops",
        "-gitops-render",
        "-templates-export",
    ] {
        assert!(of(name), "{name}: {names:?}");
    }
    for name in &names {
        let page = read(&directory.path().join("man1").join(name));
        for what in [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "OPTIONS",
            "EXIT STATUS",
            "SEE ALSO",
        ] {
            assert!(!section(&page, what).is_empty(), "{name}: {what}");
        }
        assert!(!page.contains(".SH EXTRA"), "{name}");
    }
    assert_eq!(
        read(&directory.path().join("man1/civi-ingress.1")),
        run(&["man"]).good()
    );
}

#[test]
fn the_page_has_the_examples_of_the_help_as_they_are_typed() {
    let page = run(&["man"]).good();
    let examples = section(&page, "EXAMPLES");
    assert!(
        examples.contains(
            ".EX\ncivi\\-ingress wildcard\\-secret \\-\\-domain example.org \\-\\-tls\\-store"
        ),
        "{examples}"
    );
    assert!(section(&page, "EXIT STATUS").contains("\\fB70\\fR\nThe program has a fault."));
}

#[test]
fn a_page_names_the_pages_below_and_above_it() {
    let directory = pages();
    let page = |name: &str| read(&directory.path().join("man1").join(name));
    let see_also = |name: &str| {
        let names = section(&page(name), "SEE ALSO").replace('\n', "");
        names.replace("\\fB", "").replace("\\fR", "")
    };
    assert!(see_also("civi-ingress.1").contains("civi\\-ingress\\-gitops(1), "));
    assert!(see_also("civi-ingress-gitops.1").contains("civi\\-ingress\\-gitops\\-render(1), "));
    let nested = see_also("civi-ingress-gitops-render.1");
    assert!(
        nested.contains("civi\\-ingress\\-gitops(1), civi\\-ingress(1)"),
        "{nested}"
    );
}

#[cfg(feature = "terminal")]
#[test]
fn mandoc_finds_nothing_wrong_with_any_page() {
    let directory = pages();
    let folder = directory.path().join("man1");
    let output = std::process::Command::new("mandoc")
        .args(["-T", "lint", "-W", "warning"])
        .args(names_in(&folder))
        .current_dir(&folder)
        .output()
        .expect("mandoc starts");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}
