//! Misspelt fields of the Gateway API, Istio and cert-manager (rule CI311): the levels that matter here.
//!
//! The names are those of the definitions of Gateway API 1.6 (both channels), Istio 1.31 and cert-manager 1.21.

use super::finding::Finding;
use super::model::{Class, Model, Object, entries};
use super::rules::CI311;
use crate::fault::did_you_mean;
use crate::yaml::Node;

/// Fields by the path below `spec` (`[]` for each item of a list).
type Level = (&'static str, &'static str);

const PARENT: &str = "group kind name namespace port sectionName";
const BACKEND: &str = "group kind name namespace port weight filters";
const OBJECT: &str = "group kind name namespace";

const GATEWAY: &[Level] = &[
    (
        "",
        "addresses allowedListeners backendTLS defaultScope gatewayClassName infrastructure listeners tls",
    ),
    (
        "listeners[]",
        "allowedRoutes hostname name port protocol tls",
    ),
    (
        "listeners[].tls",
        "certificateRefs mode options frontendValidation",
    ),
    ("listeners[].tls.certificateRefs[]", OBJECT),
    ("listeners[].allowedRoutes", "kinds namespaces"),
    ("listeners[].allowedRoutes.namespaces", "from selector"),
    ("tls", "backend frontend"),
    ("tls.backend", "clientCertificateRef"),
];
const HTTP_ROUTE: &[Level] = &[
    ("", "hostnames parentRefs rules useDefaultGateways"),
    ("parentRefs[]", PARENT),
    (
        "rules[]",
        "backendRefs filters matches name timeouts retry sessionPersistence",
    ),
    ("rules[].matches[]", "headers method path queryParams"),
    ("rules[].backendRefs[]", BACKEND),
    ("rules[].timeouts", "backendRequest request"),
    (
        "rules[].filters[]",
        "cors extensionRef externalAuth requestHeaderModifier requestMirror requestRedirect responseHeaderModifier type urlRewrite",
    ),
];
const TLS_ROUTE: &[Level] = &[
    ("", "hostnames parentRefs rules useDefaultGateways"),
    ("parentRefs[]", PARENT),
    ("rules[]", "backendRefs name"),
    ("rules[].backendRefs[]", BACKEND),
];
const POLICY: &[Level] = &[
    ("", "options targetRefs validation"),
    ("targetRefs[]", "group kind name sectionName"),
    (
        "validation",
        "caCertificateRefs hostname subjectAltNames wellKnownCACertificates",
    ),
    ("validation.caCertificateRefs[]", "group kind name"),
    ("validation.subjectAltNames[]", "hostname type uri"),
];
const GRANT: &[Level] = &[
    ("", "from to"),
    ("from[]", "group kind namespace"),
    ("to[]", "group kind name"),
];
const ISTIO_GATEWAY: &[Level] = &[
    ("", "selector servers"),
    ("servers[]", "bind defaultEndpoint hosts name port tls"),
    ("servers[].port", "name number protocol targetPort"),
    (
        "servers[].tls",
        "caCertCredentialName caCertificates caCrl cipherSuites credentialName credentialNames httpsRedirect insecureSkipVerify maxProtocolVersion minProtocolVersion mode privateKey serverCertificate subjectAltNames tlsCertificates verifyCertificateHash verifyCertificateSpki",
    ),
];
const DESTINATION: &str = "host port subset";
const VIRTUAL_SERVICE: &[Level] = &[
    ("", "exportTo gateways hosts http tcp tls"),
    (
        "http[]",
        "corsPolicy delegate directResponse fault headers match mirror mirror_percent mirrorPercent mirrorPercentage mirrors name redirect retries rewrite route timeout",
    ),
    ("http[].route[]", "destination headers weight"),
    ("http[].route[].destination", DESTINATION),
    ("tls[]", "match route"),
    (
        "tls[].match[]",
        "destinationSubnets gateways port sniHosts sourceLabels sourceNamespace",
    ),
    ("tls[].route[]", "destination weight"),
    ("tls[].route[].destination", DESTINATION),
];
const TRAFFIC: &str = "connectionPool loadBalancer outlierDetection portLevelSettings proxyProtocol retryBudget tls tunnel";
const CLIENT_TLS: &str = "caCertificates caCrl clientCertificate credentialName insecureSkipVerify mode privateKey sni subjectAltNames";
const DESTINATION_RULE: &[Level] = &[
    ("", "exportTo host subsets trafficPolicy workloadSelector"),
    ("trafficPolicy", TRAFFIC),
    ("trafficPolicy.tls", CLIENT_TLS),
    (
        "trafficPolicy.portLevelSettings[]",
        "connectionPool loadBalancer outlierDetection port tls",
    ),
    ("trafficPolicy.portLevelSettings[].tls", CLIENT_TLS),
    ("trafficPolicy.connectionPool", "http tcp"),
    (
        "trafficPolicy.connectionPool.tcp",
        "connectTimeout idleTimeout maxConnectionDuration maxConnections tcpKeepalive",
    ),
    (
        "trafficPolicy.connectionPool.http",
        "h2UpgradePolicy http1MaxPendingRequests http2KeepAlive http2MaxRequests idleTimeout maxConcurrentStreams maxRequestsPerConnection maxRetries useClientProtocol",
    ),
    ("subsets[]", "labels name trafficPolicy"),
    ("subsets[].trafficPolicy", TRAFFIC),
    ("subsets[].trafficPolicy.tls", CLIENT_TLS),
];
const CERTIFICATE: &[Level] = &[
    (
        "",
        "additionalOutputFormats commonName dnsNames duration emailAddresses encodeUsagesInRequest ipAddresses isCA issuerRef keystores literalSubject nameConstraints otherNames privateKey renewBefore renewBeforePercentage renewal revisionHistoryLimit secretName secretTemplate signatureAlgorithm subject uris usages",
    ),
    ("issuerRef", "group kind name"),
    ("privateKey", "algorithm encoding rotationPolicy size"),
    ("secretTemplate", "annotations labels"),
];
const ISSUER: &[Level] = &[
    ("", "acme ca selfSigned vault venafi"),
    (
        "acme",
        "caBundle disableAccountKeyGeneration email enableDurationFeature externalAccountBinding preferredChain privateKeySecretRef profile renewalInformationSource server skipTLSVerify solvers",
    ),
    (
        "acme.solvers[]",
        "dns01 http01 selector waitInsteadOfSelfCheck",
    ),
    ("acme.solvers[].http01", "gatewayHTTPRoute ingress"),
    (
        "acme.solvers[].http01.ingress",
        "class ingressClassName ingressTemplate name podTemplate serviceType",
    ),
    (
        "acme.solvers[].http01.gatewayHTTPRoute",
        "labels parentRefs podTemplate serviceType",
    ),
    (
        "ca",
        "crlDistributionPoints issuingCertificateURLs ocspServers secretName",
    ),
];

/// Kinds with their levels.
const KINDS: [(Class, &[Level]); 11] = [
    (Class::Gateway, GATEWAY),
    (Class::HttpRoute, HTTP_ROUTE),
    (Class::TlsRoute, TLS_ROUTE),
    (Class::BackendTlsPolicy, POLICY),
    (Class::ReferenceGrant, GRANT),
    (Class::IstioGateway, ISTIO_GATEWAY),
    (Class::VirtualService, VIRTUAL_SERVICE),
    (Class::DestinationRule, DESTINATION_RULE),
    (Class::Issuer, ISSUER),
    (Class::ClusterIssuer, ISSUER),
    (Class::Secret, CERTIFICATE),
];

pub(super) fn check(model: &Model<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (class, levels) in KINDS {
        for object in model.of(class) {
            if class == Class::Secret && object.kind != "Certificate" {
                continue;
            }
            for (path, known) in levels {
                let parts: Vec<&str> = path.split('.').filter(|part| !part.is_empty()).collect();
                walk(object, object.spec(), &parts, "spec", known, &mut findings);
            }
        }
    }
    findings
}

fn walk(
    object: &Object<'_>,
    node: &Node,
    parts: &[&str],
    path: &str,
    known: &'static str,
    findings: &mut Vec<Finding>,
) {
    let Some((part, rest)) = parts.split_first() else {
        for (key, _) in entries(node) {
            if known.split(' ').any(|name| name == key.text) {
                continue;
            }
            let taken = |name: &&str| node.get(name).is_none();
            if let Some(meant) = did_you_mean(&key.text, known.split(' ').filter(taken)) {
                let message = format!("`{}` is no field", key.text.escape_debug());
                let finding =
                    object.finding(&CI311, key.at, &format!("{path}.{}", key.text), message);
                findings.push(finding.with_help(format!("Write `{meant}`.")));
            }
        }
        return;
    };
    let name = part.trim_end_matches("[]");
    let Some(node) = node.get(name) else { return };
    if name.len() == part.len() {
        walk(
            object,
            node,
            rest,
            &format!("{path}.{name}"),
            known,
            findings,
        );
        return;
    }
    for (index, item) in node.items().iter().enumerate() {
        walk(
            object,
            item,
            rest,
            &format!("{path}.{name}[{index}]"),
            known,
            findings,
        );
    }
}
