//! The connection to the database: a greeting in clear text, the request for TLS, TLS. Nobody logs in.

use super::super::dial::{self, Bounded};
use super::super::tls::{self, Handshake};
use super::plan::ProbePlan;
use civi_ingress::probe::database::Database;
use civi_ingress::probe::greeting::{self, GREETING_LIMIT, Greeting};
use civi_ingress::probe::judge::Circumstances;
use civi_ingress::probe::report::LegReport;
use civi_ingress::probe::seen::Seen;
use civi_ingress::probe::target::Endpoint;
use civi_ingress::probe::transport::Versions;
use std::io::{self, ErrorKind, Read as _, Write as _};

/// Looks at the leg from the httpd to its database.
pub(super) fn look(
    database: &Database,
    endpoint: &Endpoint,
    plan: &ProbePlan,
    around: &Circumstances<'_>,
) -> LegReport {
    let mut seen = Seen::default();
    connect(database, endpoint, plan, around, &mut seen);
    database.judge(endpoint, around, &seen)
}

fn connect(
    database: &Database,
    endpoint: &Endpoint,
    plan: &ProbePlan,
    around: &Circumstances<'_>,
    seen: &mut Seen,
) {
    let addresses = match dial::resolve(endpoint, plan.timeout) {
        Ok(addresses) => addresses,
        Err(why) => {
            seen.unresolved = Some(why);
            return;
        }
    };
    let (attempts, stream) = dial::connect(&addresses, plan.timeout);
    seen.attempts = attempts;
    let Some(stream) = stream else {
        return;
    };
    let mut stream = Bounded::new(stream, plan.timeout);
    let greeting = greet(&mut stream);
    let offers_tls = matches!(
        greeting.as_deref().map(greeting::read),
        Ok(Ok(Some(Greeting::Welcome {
            offers_tls: true,
            ..
        })))
    );
    let asked = if offers_tls {
        stream.write_all(&greeting::tls_request())
    } else {
        Ok(())
    };
    let greeted = asked.and(greeting);
    let is_asked = offers_tls && greeted.is_ok();
    seen.greeting = Some(greeted.map_err(|error| dial::fault(&error, plan.timeout)));
    if !is_asked {
        return;
    }
    stream.extend(plan.timeout);
    let name = Database::name();
    let how = Handshake {
        name: &name,
        is_name_sent: true,
        trust: &database.trust,
        now: around.now,
        protocols: &[],
        versions: Versions::Both,
        client: None,
        insecure: false,
        patience: plan.timeout,
    };
    seen.tls = Some(tls::handshake_over(stream, &how).0);
}

/// Reads what the server says first, and nothing of what comes after it.
fn greet(stream: &mut Bounded) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = [0; GREETING_LIMIT];
    while bytes.len() < GREETING_LIMIT && matches!(greeting::read(&bytes), Ok(None)) {
        let most = GREETING_LIMIT - bytes.len();
        match stream.read(&mut buffer[..most]) {
            Ok(0) => break,
            Ok(count) => bytes.extend(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}
