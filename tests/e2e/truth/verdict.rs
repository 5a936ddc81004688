//! What Traefik did beside what `lint` says, and what nobody can know from manifests.

use std::fmt;

use civi_ingress::lint::{Options, Report, Severity, Source, lint as look};
use civi_ingress::name::DnsName;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::instance::{Shape, World};
use crate::components::Release;

/// What a browser sees of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// The right page behind a certificate that it takes.
    Good,
    /// The API server refused these objects.
    Refused(Vec<String>),
    Status(u16),
    /// The page of something else.
    Page(String),
    /// No answer, or a certificate that it does not take.
    Failed(String),
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Good => f.write_str("it serves the right page"),
            Self::Refused(why) => write!(f, "the API server refuses: {}", why.join("; ")),
            Self::Status(status) => write!(f, "Traefik answers {status}"),
            Self::Page(page) => write!(f, "Traefik serves another page: {page}"),
            Self::Failed(why) => write!(f, "the browser fails: {why}"),
        }
    }
}

/// How `lint` is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It fails, and `lint` says nothing.
    Missed,
    /// It fails, and `lint` only warns.
    OnlyWarned,
    /// It works, and `lint` says that it does not.
    FalseError,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::OnlyWarned => "only warned of",
            Self::FalseError => "false error",
        }
    }
}

/// An instance, what was seen of it and what `lint` says.
pub(super) struct Verdict {
    pub(super) number: usize,
    /// How they differ, if they do.
    pub(super) kind: Option<Kind>,
    pub(super) host: String,
    pub(super) shape: Shape,
    pub(super) mutators: String,
    pub(super) seen: Seen,
    pub(super) said: Vec<String>,
    /// How `probe` differs from what was seen, if it does.
    pub(super) probed: Option<String>,
    /// What Traefik logged of the instance.
    pub(super) logged: Vec<String>,
    pub(super) manifests: String,
}

impl Verdict {
    /// Whether `lint` or `probe` is wrong.
    pub(super) fn is_difference(&self) -> bool {
        self.kind.is_some() || self.probed.is_some()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} #{} ({:?}) {}",
            self.kind.map_or("agreed", Kind::name),
            self.number,
            self.shape,
            self.mutators
        )?;
        write!(f, "    seen: {}", self.seen)?;
        for line in &self.said {
            write!(f, "\n    lint: {line}")?;
        }
        if let Some(probed) = &self.probed {
            write!(f, "\n    probe: {probed}")?;
        }
        for line in &self.logged {
            write!(f, "\n    log: {line}")?;
        }
        Ok(())
    }
}

/// Judges an instance by its manifests.
pub(super) fn lint(release: &Release, host: &str, shared: &str, manifests: &str) -> Report {
    let mut options = Options::at(OffsetDateTime::now_utc());
    options.traefik = Some(release.to_string().parse().expect("a release"));
    options.strict_references = true;
    options.hosts = vec![DnsName::parse(host).expect("a name of ours")];
    let source =
        |name: &str, text: &str| Source::new(name.to_owned(), Zeroizing::new(text.to_owned()));
    let mut sources = vec![source("instance.yaml", manifests)];
    if !shared.is_empty() {
        sources.push(source("shared.yaml", shared));
    }
    look(&mut sources, &options).expect("the manifests are short")
}

/// What a report says, a line each.
pub(super) fn said(report: &Report) -> Vec<String> {
    report
        .findings
        .iter()
        .map(|finding| {
            format!(
                "{}[{}] {} at {}",
                finding.severity, finding.rule.code, finding.message, finding.field
            )
        })
        .collect()
}

/// What makes an instance fail and may be meant so, or cannot be known from manifests: how the name of a mutator begins or
/// what is in it, and the reason.
const UNKNOWABLE: [(&str, &str); 63] = [
    (
        "PathPrefix(`/civicrm`)",
        "a route may be meant for some paths only",
    ),
    ("PathPrefix(`/admin`)", "the same"),
    ("PathPrefix(`/{path:[a-z]+}`)", "the same"),
    ("PathPrefix(`//`)", "the same"),
    ("PathRegexp(`^/admin`)", "the same"),
    ("&& !Path(`/`)", "the same"),
    (
        "Header(`X-A`, `b`)",
        "a route may be meant for some requests only",
    ),
    ("Headers(`X-A`, `b`)", "the same"),
    ("Method(`POST`)", "the same"),
    ("Method(`NOSUCH`)", "the same"),
    ("!Method(`GET`)", "the same"),
    ("QueryRegexp(`a`, `b`)", "the same"),
    ("PathPrefix(`/ `)", "the same"),
    ("PathPrefix(`/%2F`)", "the same"),
    ("Path(`/index.html`)", "the same"),
    ("ALPN(`http/1.1`)", "the same"),
    ("HeadersRegexp(`X-A`, `.*`)", "the same"),
    ("HeaderRegexp(`X-A`, `.*`)", "the same"),
    ("Path(`/{a}`)", "the same"),
    ("Query(`a", "the same"),
    ("ClientIP(`192.0.2", "the same"),
    ("ALPN(`h2`)", "the same"),
    ("192.0.2.0/24", "who is let in is a decision"),
    ("::/0", "the same"),
    ("[\"10.213.0.0\"]", "the same"),
    (
        "clientAuth := {\"secretNames\": [\"externca\"]}",
        "the same",
    ),
    (
        "Secret/externclient pair of another CA",
        "whose clients httpd lets in is in files of its image",
    ),
    ("Secret/externclient pair self-signed", "the same"),
    ("\"redis\": ", "what answers there is not in manifests"),
    (
        "redirectScheme\": {\"scheme\": \"http\"",
        "what a site sends away may be meant",
    ),
    ("\"port\": \"8443\"", "the same"),
    ("\"regex\": \"(?<a>x)\"", "the same"),
    ("RequireAnyClientCert", "who is let in is a decision"),
    ("RequireAndVerifyClientCert", "the same"),
    ("denies everything", "who is let in is a decision"),
    ("sends all elsewhere", "what a site sends away may be meant"),
    ("has nothing left", "the same"),
    ("asks for certificates", "the same"),
    ("asks for a client certificate", "the same"),
    (
        "forwardAuth\": {\"address\": \"http://",
        "what answers there is not in manifests",
    ),
    ("forwardAuth\": {\"address\": \"https://", "the same"),
    (
        "maxResponseBodyBytes",
        "how long pages are is not in manifests",
    ),
    (
        "api@internal",
        "what Traefik serves of its own may be meant",
    ),
    ("noop@internal", "the same"),
    (
        "Secret/wildcardsecret pair of another CA",
        "which CAs browsers trust is not in manifests",
    ),
    ("Secret/own-certificate pair of another CA", "the same"),
    ("Secret/own-certificate pair self-signed", "the same"),
    (
        "addPrefix\": {\"prefix\": \"nowhere\"",
        "which paths the httpd has is not in manifests",
    ),
    ("addPrefix\": {\"prefix\": \"/?\"", "the same"),
    ("addPrefix\": {\"prefix\": \"/#\"", "the same"),
    ("replacePath\": {\"path\": \"?\"", "the same"),
    ("\"query\": \"/nowhere\"", "the same"),
    (
        "Secret/own-certificate pair without its intermediate",
        "whether a CA that is not there is a root or between is not in manifests",
    ),
    ("that lacks its upper link", "the same"),
    ("that lacks its lower link", "the same"),
    ("with the intermediate of another", "the same"),
    ("pair of another CA of the same name", "the same"),
    (
        "pair that is its own CA",
        "which CAs browsers trust is not in manifests",
    ),
    (
        "\"externalName\": \"HOST\"",
        "what answers at a name of the DNS is not in manifests",
    ),
    ("\"externalName\": \"10.213.0.1\"", "the same"),
    (
        "a Secret of users that lets users in",
        "who is let in is a decision",
    ),
    ("a Secret of users that lets a user in", "the same"),
    (
        "\"sslHost\": \"another",
        "what a site sends away may be meant",
    ),
];

/// Mutators after which the httpd does not start, or does not listen where it is asked, though nothing in the manifests of
/// Kubernetes is wrong: which files its configuration reads, and on which ports it listens, only the image says.
const OF_THE_IMAGE: [&str; 6] = [
    "Service /spec/ports/0/targetPort := 65535",
    "Secret/selfcert /data",
    "Secret/selfcert /stringData",
    "ConfigMap/httpd-site speaks plain http",
    "Service /spec/ports/0/targetPort := 8443",
    "Service /spec/ports/0/targetPort := 80",
];

/// Errors that say of a door that it is open; the right page is served through it all the same.
const OPEN_DOORS: [&str; 6] = ["CI106", "CI409", "CI604", "CI605", "CI606", "CI714"];

/// What the API server refuses because of its own options, such as the addresses of Services, or of what it holds: an object
/// that was read from a cluster says in which revision, and can only be applied there.
const OF_THE_CLUSTER: [&str; 5] = [
    "/metadata/resourceVersion := ",
    "Service /spec/clusterIP := \"192.0.2.1\"",
    "Service /spec/ipFamilies := [\"IPv6\"]",
    "Service /spec/ipFamilyPolicy := \"RequireDualStack\"",
    // Another instance may have it.
    "\"nodePort\": 30443}",
];

/// Mutators after which two of the same kind serve the host: one of them may be wrong, and which is taken is chance or the
/// length of its rule.
const TWO_SERVE: [&str; 4] = [
    "beside it a route of ",
    "beside it a route for ",
    "a second route ",
    "beside it the same wildcard, expired",
];

/// What browsers refuse, and the client of the test takes, which does not look at the key usage of a CA.
const OF_BROWSERS: [&str; 1] = ["with an intermediate that may not sign"];

/// Errors about one host, which may be another one than that which is asked for.
const OF_HOSTS: [&str; 2] = ["CI241", "CI408"];

/// Whether two serve the host, of which one may be wrong.
pub(super) fn is_double(mutators: &str) -> bool {
    TWO_SERVE.iter().any(|part| mutators.contains(part))
}

/// Whether what is damaged may be meant so, or cannot be known.
pub(super) fn is_unknowable(mutators: &str) -> bool {
    UNKNOWABLE.iter().any(|(part, _)| mutators.contains(part))
}

/// Returns how `lint` is wrong, if it is.
pub(super) fn compare(
    world: &World<'_>,
    mutators: &str,
    seen: &Seen,
    report: &Report,
) -> Option<Kind> {
    let findings = report.findings.iter();
    let findings = findings.filter(|finding| !OPEN_DOORS.contains(&finding.rule.code));
    let host = format!("`{}`", world.host);
    let findings = findings.filter(|finding| {
        let is_of_hosts = OF_HOSTS.contains(&finding.rule.code);
        // A certificate that is missing says whom it is missed by.
        let is_of_others = finding
            .consequence
            .as_ref()
            .is_some_and(|why| why.starts_with("If the Secret is missing") && !why.contains(&host));
        (!is_of_hosts || finding.message.contains(&host)) && !is_of_others
    });
    // A Secret of CAs is wrong though nothing on this path uses it, and a CA that is missing leaves a door open.
    let is_beside = world.has("IngressRouteTCP") && mutators.contains("Secret/externca")
        || mutators.contains("clientAuth := {\"secretNames\": [\"nowhere\"]}");
    let is_double = is_double(mutators);
    let is_passed = world.has("IngressRouteTCP");
    let is_of_browsers = is_passed && OF_BROWSERS.iter().any(|part| mutators.contains(part));
    // Which pods are behind endpoints that someone wrote, and so which configuration, is not in manifests.
    let is_apart = mutators.contains(" by hand") && mutators.contains("ConfigMap/httpd-site");
    if is_apart && *seen != Seen::Good {
        return None;
    }
    if (is_beside || is_double || is_of_browsers) && *seen == Seen::Good {
        return None;
    }
    let is_of_cluster = OF_THE_CLUSTER.iter().any(|part| mutators.contains(part));
    if is_of_cluster && matches!(seen, Seen::Refused(_)) {
        return None;
    }
    let worst = findings.map(|finding| finding.severity).max();
    let is_unknowable = is_unknowable(mutators)
        || OF_THE_IMAGE.iter().any(|start| {
            mutators
                .split(" + ")
                .any(|mutator| mutator.starts_with(start))
        });
    if is_unknowable && !matches!(seen, Seen::Good | Seen::Refused(_)) {
        return None;
    }
    let kind = match (seen, worst) {
        (Seen::Good, Some(Severity::Error)) => Kind::FalseError,
        (Seen::Good, _) | (_, Some(Severity::Error)) => return None,
        (_, Some(Severity::Warning)) => Kind::OnlyWarned,
        (_, Some(Severity::Info) | None) => Kind::Missed,
    };
    // What the httpd serves is then not what its manifests say.
    (!world.serves.is_hidden).then_some(kind)
}
