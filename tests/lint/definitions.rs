//! What the API server would say of an object of Traefik.

use super::{options, report, said};

fn warned(text: &str) -> Vec<String> {
    let all = said(&report(text, &options(text)));
    all.into_iter()
        .filter(|line| !line.starts_with("info"))
        .collect()
}

fn service(field: &str) -> String {
    format!(
        "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: r, namespace: ns}}\nspec: {{entryPoints: [web], routes: [{{match: Host(`a.example.org`), kind: Rule, services: [{{name: s, port: 80, {field}}}]}}]}}\n"
    )
}

#[test]
fn a_field_is_refused_by_releases_that_do_not_have_it_and_not_by_those_that_may() {
    let text = service("nodePortLB: true");
    for release in ["3.4.3", "3.2", "3.7"] {
        let text = format!("# options: traefik={release}\n{text}");
        assert_eq!(warned(&text), [""; 0], "{release}");
    }
    for release in ["2.11", "3.0.4"] {
        let text = format!("# options: traefik={release}\n{text}");
        let expected =
            format!("error[CI314] Traefik {release} does not have `nodePortLB`, but 3.4.3 does");
        assert_eq!(warned(&text), [expected]);
    }
    assert_eq!(warned(&text), [""; 0], "nobody said which release it is");
}

#[test]
fn a_field_that_nothing_has_is_an_error_to_a_release_that_is_known_and_a_warning_to_the_newest() {
    let text = service("colour: red");
    assert_eq!(
        warned(&text),
        ["warning[CI314] `colour` is not a field here"]
    );
    for (release, expected) in [
        ("3.7", vec!["error[CI314] `colour` is not a field here"]),
        ("3.9", vec![]),
    ] {
        let text = format!("# options: traefik={release}\n{text}");
        assert_eq!(warned(&text), expected, "{release}");
    }
}

#[test]
fn words_are_booleans_as_kubectl_takes_them() {
    assert_eq!(warned(&service("passHostHeader: on")), [""; 0]);
    assert_eq!(
        warned(&service("scheme: no")),
        [
            "error[CI315] `spec.routes[0].services[0].scheme` is a boolean to kubectl, and must be a string"
        ]
    );
    assert_eq!(
        warned(&service("passHostHeader: \"true\"")),
        [
            "error[CI315] `spec.routes[0].services[0].passHostHeader` is a string, and must be `true` or `false`"
        ]
    );
}

#[test]
fn lists_and_mappings_are_followed_and_what_is_null_is_absent() {
    let headers = |value: &str| {
        format!(
            "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {{name: m, namespace: ns}}\nspec: {{headers: {{customRequestHeaders: {value}, stsSeconds: ~}}}}\n"
        )
    };
    assert_eq!(warned(&headers("{X-A: b}")), [""; 0]);
    assert_eq!(
        warned(&headers("{X-A: 1}")),
        ["error[CI315] `spec.headers.customRequestHeaders.X-A` is a number, and must be a string"]
    );
    assert_eq!(
        warned(&headers("[X-A]")),
        ["error[CI315] `spec.headers.customRequestHeaders` is a list, and must be a mapping"]
    );
}

#[test]
fn of_others_than_traefik_only_what_no_version_takes_is_found() {
    let route = |field: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r, namespace: ns}}\nspec: {{parentRefs: [{{name: g}}], hostnames: [a.example.org], rules: [{{backendRefs: [{{name: s, port: 80}}], {field}}}]}}\n"
        )
    };
    for of_another_channel in [
        "retry: {attempts: 2}",
        "filters: [{type: ExternalAuth, externalAuth: {}}]",
    ] {
        assert_eq!(warned(&route(of_another_channel)), [""; 0]);
    }
    assert_eq!(
        warned(&route("matches: [{path: {type: PathPrefixes, value: /}}]")),
        ["error[CI316] `PathPrefixes` is not one of `Exact`, `PathPrefix`, `RegularExpression`"]
    );
    assert_eq!(
        warned(&route("matches: {}")),
        ["error[CI315] `spec.rules[0].matches` is a mapping, and must be a list"]
    );
}
