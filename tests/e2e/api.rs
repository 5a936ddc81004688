//! Applies objects over the API server's own interface, as `kubectl apply --validate=strict` does and without a
//! process for each.

use std::net::SocketAddr;

use serde_json::Value;

use crate::client::{Client, Connection};

/// How the API server is reached.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) client: Client,
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

/// One connection to it.
pub(crate) struct Session<'a> {
    api: &'a Api,
    connection: Option<Connection>,
}

impl Api {
    /// Opens a connection at the first request.
    pub(crate) fn session(&self) -> Session<'_> {
        Session {
            api: self,
            connection: None,
        }
    }
}

impl Session<'_> {
    /// Creates an object, in place of one of its name.
    ///
    /// # Errors
    /// The API server's reason for a refusal.
    pub(crate) fn apply(&mut self, object: &Value) -> Result<(), String> {
        let Some(path) = path(object) else {
            return Err("an object has apiVersion, kind and a name".to_owned());
        };
        let all = format!("{path}?{STRICT}");
        let body = object.to_string();
        let mut answer = self.ask("POST", &all, &body);
        if answer.0 == CONFLICT {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            self.ask("DELETE", &format!("{path}/{}", escaped(name)), "");
            answer = self.ask("POST", &all, &body);
        }
        taken(answer)
    }

    /// Asks what the API server says of an object, and leaves all as it is.
    ///
    /// # Errors
    /// The API server's reason for a refusal.
    pub(crate) fn check(&mut self, object: &Value) -> Result<(), String> {
        let Some(path) = path(object) else {
            return Err("an object has apiVersion, kind and a name".to_owned());
        };
        let all = format!("{path}?{STRICT}&dryRun=All");
        taken(self.ask("POST", &all, &object.to_string()))
    }

    /// Asks once more on a new connection where it was idle for long and is closed.
    fn ask(&mut self, method: &str, path: &str, body: &str) -> (u16, String) {
        self.try_to_ask(method, path, body)
            .or_else(|_| self.try_to_ask(method, path, body))
            .unwrap_or_else(|why| panic!("the API server: {why}"))
    }

    fn try_to_ask(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
    ) -> Result<(u16, String), String> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => {
                let host = self.api.address.ip().to_string();
                none.insert(self.api.client.connect(self.api.address, &host)?)
            }
        };
        let token = format!("Bearer {}", self.api.token);
        let fields = [
            ("Authorization", token.as_str()),
            ("Content-Type", "application/json"),
        ];
        let answer = connection.send(method, path, &fields, body);
        if answer.is_err() {
            self.connection = None;
        }
        answer.map(|answer| (answer.status, answer.body))
    }
}

/// What `kubectl apply --validate=strict` asks for.
const STRICT: &str = "fieldValidation=Strict&fieldManager=kubectl-client-side-apply";

/// Whether the API server took an object, else its reason.
fn taken((status, body): (u16, String)) -> Result<(), String> {
    if (200..300).contains(&status) {
        return Ok(());
    }
    let said = serde_json::from_str::<Value>(&body).ok();
    let said = said.and_then(|status| status["message"].as_str().map(str::to_owned));
    Err(said.unwrap_or(body))
}

/// The status of an object that is there already.
const CONFLICT: u16 = 409;

/// Where objects of its kind are created; nothing where it lacks what kubectl asks for.
fn path(object: &Value) -> Option<String> {
    let version = object["apiVersion"].as_str()?;
    let kind = object["kind"].as_str()?;
    let metadata = &object["metadata"];
    metadata["name"].as_str().filter(|name| !name.is_empty())?;
    let root = if version.contains('/') { "apis" } else { "api" };
    if kind == "Namespace" {
        return Some(format!("/{root}/{version}/namespaces"));
    }
    let namespace = metadata["namespace"].as_str().unwrap_or("default");
    Some(format!(
        "/{root}/{version}/namespaces/{}/{}",
        escaped(namespace),
        plural(kind)
    ))
}

/// A name as a part of a path (RFC 3986 section 2.1).
fn escaped(name: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    name.bytes().map(byte).collect()
}

/// The name of a kind in paths.
fn plural(kind: &str) -> String {
    let name = kind.to_ascii_lowercase();
    match name.as_str() {
        "endpoints" => name,
        "networkpolicy" => "networkpolicies".to_owned(),
        _ => format!("{name}s"),
    }
}
