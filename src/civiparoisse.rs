//! The names of the Civiparoisse chart (fr.uepalparoisse.helm 0.1.1, commit 2832df4), by the template that has them, and
//! of what this program adds beside them.

/// Secret with the chains of an instance (`templates/secret_keys.yaml`).
pub const KEYS_SECRET: &str = "selfcert";
/// Its key with the CA of httpd.
pub const CA_CERT: &str = "cacert";
/// Its key with the key of that CA.
pub const CA_KEY: &str = "cakey";
/// Its key with the certificate of httpd.
pub const HTTPD_CERT: &str = "externcert";
/// Its key with the key of httpd.
pub const HTTPD_KEY: &str = "externkey";
/// Its key with the CA of the database.
pub const DATABASE_CA_CERT: &str = "dbcacert";
/// Its key with the key of that CA.
pub const DATABASE_CA_KEY: &str = "dbcakey";
/// Its key with the certificate of the database.
pub const DATABASE_CERT: &str = "dbservercert";
/// Its key with the key of the database.
pub const DATABASE_KEY: &str = "dbserverkey";
/// Secret with what Traefik trusts (`templates/secret_keys.yaml`).
pub const TRUST_SECRET: &str = "externca";

/// Key of the mail server's certificate in its Secret (`templates/mail_secret.yaml`).
pub const MAIL_CERT: &str = "mailCert";
/// Key of its key.
pub const MAIL_KEY: &str = "mailKey";
/// Key of its CA.
pub const MAIL_CA_CERT: &str = "mailCaCert";
/// Key of that CA's key.
pub const MAIL_CA_KEY: &str = "mailCaKey";

/// Where httpd finds its certificate (`values.yaml`, `httpd.serverCert`).
pub const HTTPD_CERT_FILE: &str = "/var/run/secrets/KEYS/extern.x509";
/// Where it finds its key (`values.yaml`, `httpd.serverKey`).
pub const HTTPD_KEY_FILE: &str = "/var/run/secrets/KEYS/extern.pem";

/// `IngressRoute` (`templates/ingressroute.yaml`).
pub const INGRESS_ROUTE: &str = "ingressproxy";
/// `ServersTransport` (`templates/serverstransport_selfsigned.yaml`).
pub const SERVERS_TRANSPORT: &str = "transport-selfsigned";
/// `ConfigMap` with the environment of httpd (`templates/config_httpd.yaml`).
pub const HTTPD_CONFIG: &str = "config-httpd";
/// `ConfigMap` with what httpd must know of the ingress, which the chart does not have.
pub const HTTPD_INGRESS: &str = "httpd-ingress";
/// Secret with the CA of the certificates that clients must show to Traefik, which the chart does not have.
pub const CLIENTS_SECRET: &str = "clients-ca";
/// `TLSOption` by which Traefik asks for them, which the chart does not have.
pub const CLIENTS_OPTION: &str = "clients";
/// Secret with the certificate that browsers see of one instance, which the chart does not have.
pub const PUBLIC_SECRET: &str = "public-tls";
/// Key of [`HTTPD_INGRESS`] with the CA of those that clients must show to httpd.
pub const CLIENTS_KEY: &str = "clients-ca.crt";
/// Where httpd finds that CA (docs/topologies.md).
pub const CLIENTS_CA_FILE: &str = "/etc/apache2/httpd-ingress/clients-ca.crt";
/// Service of httpd (`templates/service_httpd.yaml`).
pub const HTTPD_SERVICE: &str = "civicrmhttpd";
/// Port of its pods, which a `NetworkPolicy` sees instead of the Service's (`templates/service_httpd.yaml`, targetPort).
pub const HTTPD_PORT: i64 = 443;
/// Value of the label `app` of its pods (`templates/stateful_set_httpd.yaml`).
pub const HTTPD_APP: &str = "paroisse-httpd-impl";
/// `StatefulSet` of httpd (`templates/stateful_set_httpd.yaml`).
pub const HTTPD_SET: &str = "paroisse-set-httpd";
/// Service of the database (`templates/service_db.yaml`).
pub const DATABASE_SERVICE: &str = "civicrmdb";
/// `StatefulSet` of the database (`templates/stateful_set_db.yaml`).
pub const DATABASE_SET: &str = "paroisse-set-db";
/// `StatefulSet` of the tools (`templates/stateful_set_tools.yaml`).
pub const TOOLS_SET: &str = "paroisse-set-tools";

/// Secret with the wildcard certificate (`minikube_traefik_wildcard.md` of the chart's documentation).
pub const WILDCARD_SECRET: &str = "wildcardsecret";

/// Secret with the certificate of httpd where cert-manager issues it, which the chart does not have.
pub const HTTPD_TLS_SECRET: &str = "httpd-tls";
/// Secret with the CA of that, which the chart does not have.
pub const HTTPD_CA_SECRET: &str = "httpd-ca";
/// Secret with the certificate of the database where cert-manager issues it, which the chart does not have.
pub const DATABASE_TLS_SECRET: &str = "db-tls";
/// Secret with the CA of that, which the chart does not have.
pub const DATABASE_CA_SECRET: &str = "db-ca";
/// Secret with the wildcard certificate where cert-manager issues it by a CA of its own.
pub const WILDCARD_TLS_SECRET: &str = "wildcard-tls";
/// Secret with the CA of that.
pub const WILDCARD_CA: &str = "wildcard-ca";

/// Secret with Traefik's own certificate, which the chart does not have.
pub const CLIENT_SECRET: &str = "externclient";
/// Secret with the CA of that, which the chart does not have.
pub const CLIENT_CA_SECRET: &str = "externclientca";
