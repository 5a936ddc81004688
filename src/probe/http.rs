//! The head of an HTTP answer, and what its status means behind Traefik.

use super::{Check, Finding, Leg, Verdict};

/// Longest head taken, in bytes: twice what Apache httpd sends at most by default (`LimitRequestFieldSize` 8190).
pub const HEAD_LIMIT: usize = 16 << 10;
/// Most fields taken.
const FIELDS_LIMIT: usize = 100;
/// Longest text of a field that is shown.
const SHOWN: usize = 200;

/// What of an answer's head is looked at. Every text is printable ASCII: what is not, is escaped, but in `location`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// `Server`: Apache httpd always sends it, Traefik never does.
    pub server: Option<String>,
    /// `Location`, as it came.
    pub location: Option<Vec<u8>>,
    /// Whether there is a `Set-Cookie`.
    pub sets_cookie: bool,
    /// `Strict-Transport-Security`.
    pub hsts: Option<String>,
}

/// Reads the final answer's head out of what has come so far; nothing if more must come.
///
/// Interim answers (1xx, RFC 9110 section 15.2) are passed over.
///
/// # Errors
/// What is not HTTP/1, in words.
pub fn read(mut bytes: &[u8]) -> Result<Option<Head>, String> {
    loop {
        let mut fields = [httparse::EMPTY_HEADER; FIELDS_LIMIT];
        let mut response = httparse::Response::new(&mut fields);
        let status = response
            .parse(bytes)
            .map_err(|error| format!("the answer is not HTTP/1: {error}"))?;
        let httparse::Status::Complete(length) = status else {
            return Ok(None);
        };
        let code = response.code.unwrap_or_default();
        if (100..200).contains(&code) {
            bytes = &bytes[length..];
            continue;
        }
        let field = |name: &str| {
            let field = response
                .headers
                .iter()
                .find(|field| field.name.eq_ignore_ascii_case(name))?;
            Some(field.value)
        };
        return Ok(Some(Head {
            status: code,
            server: field("server").map(shortened),
            location: field("location").map(<[u8]>::to_vec),
            sets_cookie: field("set-cookie").is_some(),
            hsts: field("strict-transport-security").map(shortened),
        }));
    }
}

/// Writes the beginning of a text as printable ASCII; other bytes as `\\xNN`.
pub(super) fn shortened(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in &bytes[..bytes.len().min(SHOWN)] {
        match byte {
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text.extend(byte.escape_ascii().map(char::from)),
        }
    }
    text
}

impl Head {
    /// Names where it leads.
    pub(super) fn shown_location(&self) -> String {
        let location = self.location.as_deref();
        location.map_or_else(|| "nowhere".to_owned(), shortened)
    }

    fn is_from_httpd(&self) -> bool {
        self.server
            .as_ref()
            .is_some_and(|server| server.starts_with("Apache"))
    }

    /// Returns the `max-age` of `Strict-Transport-Security` in seconds (RFC 6797 section 6.1.1).
    #[must_use]
    pub fn max_age(&self) -> Option<u64> {
        let directives = self.hsts.as_deref()?.split(';');
        directives
            .filter_map(|directive| directive.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("max-age"))
            .and_then(|(_, value)| value.trim().trim_matches('"').parse().ok())
    }
}

/// Describes what a status means (Traefik's `ComputeStatusCode`, pkg/proxy/httputil/proxy.go, v3.7.9).
#[must_use]
pub fn status(head: &Head, leg: Leg) -> Finding {
    let code = head.status;
    let finding = |verdict, what: String| Finding::new(Check::Http, verdict, what);
    let location = head.shown_location();
    match (code, leg) {
        (200..=299, _) => finding(Verdict::Good, format!("status {code}")),
        (300..=399, _) if location.starts_with("http://") => finding(
            Verdict::Warning,
            format!("status {code} sends the browser back to plain http: {location}"),
        )
        .fix("the application behind does not know that the browser came by https: make it trust X-Forwarded-Proto"),
        (300..=399, _) => finding(Verdict::Good, format!("status {code} to {location}")),
        (401 | 403, _) => finding(Verdict::Note, format!("status {code}: the page is not public")),
        _ if leg == Leg::Backend || head.is_from_httpd() => finding(
            Verdict::Warning,
            format!("status {code} from the httpd itself: both TLS legs work"),
        )
        .fix("read the httpd's error log"),
        (404, _) => finding(Verdict::Broken, "status 404: Traefik has no route for this host".to_owned()).fix(
            "apply the IngressRoute for this host, on this entry point; Traefik drops one that names what does not exist, and logs why",
        ),
        (421, _) => finding(
            Verdict::Broken,
            "status 421: the TLS options of this host differ from those of the connection".to_owned(),
        )
        .fix("give all hosts of one certificate the same TLSOption"),
        (500, _) => finding(
            Verdict::Broken,
            "status 500: Traefik refuses the httpd's certificate: its CA, its name or its dates".to_owned(),
        )
        .fix("check the other leg: `--backend ADDR:PORT --manifest FILE` shows which object is wrong"),
        (502, _) => finding(
            Verdict::Broken,
            "status 502: the httpd closed the connection, or does not listen there".to_owned(),
        )
        .fix("check the httpd's pods and their log, and at the Service's port"),
        (503, _) => finding(Verdict::Broken, "status 503: no pod of the Service is ready".to_owned())
            .fix("check the httpd's pods and the Service's selector"),
        (504, _) => finding(
            Verdict::Broken,
            "status 504: the httpd kept Traefik waiting too long, for the connection, the handshake (10 s) or the answer".to_owned(),
        )
        .fix("render with `--retry`, give the httpd more workers, or raise responseHeaderTimeout"),
        _ => finding(Verdict::Warning, format!("status {code}")),
    }
}

/// Reports how the host is kept on TLS; on a TCP route that is the httpd's own affair.
#[must_use]
pub fn hsts(head: &Head, is_tcp: bool) -> Finding {
    let finding = |verdict, what: String| Finding::new(Check::Hsts, verdict, what);
    match (&head.hsts, head.max_age()) {
        (None, _) if is_tcp => finding(
            Verdict::Note,
            "no Strict-Transport-Security; the httpd must send it".to_owned(),
        ),
        (None, _) => finding(
            Verdict::Note,
            "no Strict-Transport-Security; `--hsts` renders it".to_owned(),
        ),
        (Some(text), None) => finding(
            Verdict::Warning,
            format!("Strict-Transport-Security without a max-age is ignored: {text}"),
        ),
        (Some(_), Some(0)) => finding(
            Verdict::Note,
            "Strict-Transport-Security with max-age 0 makes browsers forget it".to_owned(),
        ),
        (Some(text), Some(_)) => finding(Verdict::Good, text.clone()),
    }
}

/// Reports whether port 80 leads to TLS.
#[must_use]
pub fn redirect(head: &Head, host: &str) -> Finding {
    let finding = |verdict, what: String| Finding::new(Check::Redirect, verdict, what);
    let location = head.shown_location();
    let rest = location
        .strip_prefix("https://")
        .and_then(|rest| rest.strip_prefix(host));
    let leads = (300..400).contains(&head.status)
        && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':', '?']));
    if leads {
        return finding(
            Verdict::Good,
            format!("status {} to {location}", head.status),
        );
    }
    finding(
        Verdict::Warning,
        format!(
            "port 80 answers {} to {location}, not a redirect to https://{host}",
            head.status
        ),
    )
    .fix("`civi-ingress traefik-values` renders the redirect")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        read(text.as_bytes()).unwrap().expect("a whole head")
    }

    #[test]
    fn a_head_is_read_when_it_is_whole_and_interim_answers_are_passed_over() {
        assert_eq!(read(b"HTTP/1.1 200 OK\r\nServer: Apa"), Ok(None));
        let head = head(
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nserver: Apache/2.4\r\n\r\nbody",
        );
        assert_eq!(
            (head.status, head.server.as_deref()),
            (200, Some("Apache/2.4"))
        );
        assert!(read(b"SSH-2.0-OpenSSH_9.2\r\n").is_err());
    }

    #[test]
    fn no_control_character_of_a_field_gets_through() {
        let head = head(
            "HTTP/1.1 302 Found\r\nLocation: https://a/\x1b[2J\u{202e}x\r\n\r\n"
                .replace('\x1b', "\u{9b}")
                .as_str(),
        );
        let location = head.shown_location();
        assert!(
            location.bytes().all(|byte| byte.is_ascii_graphic()),
            "{location}"
        );
    }

    #[test]
    fn a_status_is_the_httpds_own_when_the_httpd_signs_it() {
        let traefik = head("HTTP/1.1 500 Internal Server Error\r\n\r\n");
        assert_eq!(status(&traefik, Leg::Front).verdict, Verdict::Broken);
        let httpd = head("HTTP/1.1 500 Internal Server Error\r\nServer: Apache\r\n\r\n");
        assert_eq!(status(&httpd, Leg::Front).verdict, Verdict::Warning);
        let down = head("HTTP/1.1 302 Found\r\nLocation: http://a.example.org/\r\n\r\n");
        assert_eq!(status(&down, Leg::Front).verdict, Verdict::Warning);
    }

    #[test]
    fn hsts_counts_with_a_max_age() {
        for (value, verdict) in [
            ("max-age=31536000; includeSubDomains", Verdict::Good),
            ("Max-Age=\"1\"", Verdict::Good),
            ("max-age=0", Verdict::Note),
            ("includeSubDomains", Verdict::Warning),
        ] {
            let head = head(&format!(
                "HTTP/1.1 200 OK\r\nStrict-Transport-Security: {value}\r\n\r\n"
            ));
            assert_eq!(hsts(&head, false).verdict, verdict, "{value}");
        }
    }

    #[test]
    fn a_redirect_leads_to_the_host_itself() {
        for (location, verdict) in [
            ("https://a.example.org/", Verdict::Good),
            ("https://a.example.org:8443/x", Verdict::Good),
            ("https://a.example.org.evil.test/", Verdict::Warning),
            ("http://a.example.org/", Verdict::Warning),
        ] {
            let head = head(&format!(
                "HTTP/1.1 308 Permanent Redirect\r\nLocation: {location}\r\n\r\n"
            ));
            assert_eq!(
                redirect(&head, "a.example.org").verdict,
                verdict,
                "{location}"
            );
        }
    }
}
