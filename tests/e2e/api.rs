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
    /// Creates an object.
    ///
    /// # Errors
    /// The API server's reason for a refusal.
    pub(crate) fn create(&mut self, object: &Value) -> Result<(), String> {
        let Some(path) = path(object) else {
            return Err("an object has apiVersion, kind and a name".to_owned());
        };
        let path = format!("{path}?fieldValidation=Strict&fieldManager=kubectl-client-side-apply");
        let body = object.to_string();
        // A connection that was idle for long may be closed: once more on a new one.
        let answer = self
            .ask(&path, &body)
            .or_else(|_| self.ask(&path, &body))
            .unwrap_or_else(|why| panic!("the API server: {why}"));
        if (200..300).contains(&answer.0) {
            return Ok(());
        }
        let said = serde_json::from_str::<Value>(&answer.1).ok();
        let said = said.and_then(|status| status["message"].as_str().map(str::to_owned));
        Err(said.unwrap_or(answer.1))
    }

    fn ask(&mut self, path: &str, body: &str) -> Result<(u16, String), String> {
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
        let answer = connection.send("POST", path, &fields, body);
        if answer.is_err() {
            self.connection = None;
        }
        answer.map(|answer| (answer.status, answer.body))
    }
}

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
        "/{root}/{version}/namespaces/{namespace}/{}",
        plural(kind)
    ))
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
