//! The ConfigMap of the httpd.

use super::object::chart_object;
use crate::instance::Instance;
use crate::manifest::{Field, Object};

pub(super) fn config_map(instance: &Instance) -> Object {
    let settings = &instance.settings;
    let httpd = &settings.httpd;
    let server_name = settings
        .server_name
        .as_ref()
        .unwrap_or_else(|| instance.host());
    let data = [
        ("SERVERNAME", server_name.to_string()),
        ("SERVER_CERT", httpd.server_cert.clone()),
        ("SERVER_KEY", httpd.server_key.clone()),
        (
            "MAX_CONNECTIONS_PER_CHILD",
            httpd.max_connections_per_child.to_string(),
        ),
        ("MAX_REQUEST_WORKERS", httpd.max_request_workers.to_string()),
        ("SERVER_LIMIT", httpd.server_limit.to_string()),
        ("START_SERVERS", httpd.start_servers.to_string()),
        ("MIN_SPARE_SERVERS", httpd.min_spare_servers.to_string()),
        ("MAX_SPARE_SERVERS", httpd.max_spare_servers.to_string()),
        ("LISTEN_BACKLOG", httpd.listen_backlog.to_string()),
    ];
    let mut object = chart_object(
        instance,
        "v1",
        "ConfigMap",
        &settings.names.config_map,
        "config-httpd.yaml",
    );
    let data = data
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.into()));
    object.fields = vec![("data", Field::Map(data.collect()))];
    object
}
