//! What instances share: settings and certificates of `defaults` and a profile, worked out once.

use super::document::{CertificatePart, ObjectsPart, SettingsPart, TransportPart, Values, merge};
use super::placeholder::{self, PlaceholderNames};
use super::{CaCustody, CertificateTerms, Keys, Secrets};
use crate::cidr::Cidr;
use crate::fault::{Fault, Place};
use crate::instance::{Egress, Extras, Opened, TraefikSource};
use crate::makers::Makers;
use crate::makers::cert_manager::{CA_LIVES, OwnCas};
use crate::name::{Label, Namespace, ObjectName};
use crate::path::expand::{Topology, TopologyName};
use crate::path::shared_gateway::Unsayable;
use crate::record::leaf::{Days, LeafList, TextLine};
use crate::record::{Given, Part as _, ValueOrigin};
use crate::values::{KEYS, Layers, Settings, is_below};
use crate::yaml::{At, Node, Value};

/// Names the certificate terms that are not set.
pub(super) fn certificate(part: Option<&CertificatePart>, custody: CaCustody) -> CertificateTerms {
    let days = |given: &Option<Given<Days>>| given.as_ref().map(|given| given.value.0);
    let empty = CertificatePart::default();
    let part = part.unwrap_or(&empty);
    let organization = part.organization.as_ref();
    CertificateTerms {
        ca: part.ca.as_ref().map_or(custody, |given| given.value),
        key: part
            .key
            .as_ref()
            .map_or_else(Default::default, |given| given.value),
        days: days(&part.days).unwrap_or(365),
        ca_days: days(&part.ca_days),
        renew_before_days: days(&part.renew_before),
        overlap_days: part.overlap.as_ref().map(|given| given.value.0.0),
        organization: organization.map_or_else(Default::default, |given| given.value.clone()),
    }
}

/// Names the CAs that cert-manager keeps, and the terms on which they issue; `usual` is the one without a name of its own.
pub(super) fn cas(part: Option<&CertificatePart>, usual: &str) -> OwnCas {
    let list = part.and_then(|part| part.authorities.as_ref());
    let list = list.into_iter().flat_map(|given| &given.value.0);
    let mut names: Vec<ObjectName> = list.map(|given| given.value.clone()).collect();
    if names.is_empty() {
        names.extend(ObjectName::parse(usual));
    }
    let terms = certificate(part, CaCustody::Stored);
    OwnCas {
        names,
        key: terms.key,
        days: terms.days,
        ca_days: terms.ca_days,
        renew_before_days: terms.renew_before_days,
        organization: terms.organization,
    }
}

/// Names what of certificate terms means nothing to those who make the keys, and where.
fn meaningless(part: &CertificatePart, keys: &Keys) -> Vec<(ValueOrigin, Fault)> {
    let authorities = part.authorities.as_ref();
    let mut faults = Vec::new();
    let mut refuse = |at: &[Option<ValueOrigin>], what: &str, help: &str| {
        let at = at.iter().flatten();
        faults.extend(at.map(|at| (*at, Fault::new(what.to_owned()).help(help))));
    };
    let authorities_at = authorities.map(|given| given.origin);
    let custody = [
        part.ca.as_ref().map(|given| given.origin),
        part.overlap.as_ref().map(|given| given.origin),
    ];
    let rest = [
        part.key.as_ref().map(|given| given.origin),
        part.days.as_ref().map(|given| given.origin),
        part.ca_days.as_ref().map(|given| given.origin),
        part.renew_before.as_ref().map(|given| given.origin),
        part.organization.as_ref().map(|given| given.origin),
    ];
    match keys {
        Keys::Here(_) => refuse(
            &[authorities_at],
            "`authorities` has a meaning in mode `cert-manager` only",
            "leave it out, or change `spec.secrets.mode`",
        ),
        Keys::CertManager => refuse(
            &custody,
            "cert-manager keeps the CA and its key in the cluster",
            "leave it out; `authorities` names the CAs that are trusted",
        ),
        Keys::External(_) => refuse(
            &[&custody[..], &rest, &[authorities_at]].concat(),
            "certificates come from a store, and whoever puts them there settles how they are made",
            "leave it out",
        ),
        Keys::Both { .. } => {}
    }
    if let Some(given) = authorities.filter(|given| given.value.0.is_empty()) {
        let what = "there is no CA that could sign";
        refuse(&[Some(given.origin)], what, "name one, or leave it out");
    }
    faults
}

/// Names what is wrong with certificate terms, and where.
pub(super) fn certificate_faults(
    part: &CertificatePart,
    custody: CaCustody,
    keys: &Keys,
) -> Vec<(ValueOrigin, Fault)> {
    let mut faults = meaningless(part, keys);
    // cert-manager keeps CAs as one does that stores them.
    let custody = if keys.here().is_some() {
        custody
    } else {
        CaCustody::Stored
    };
    let terms = certificate(Some(part), custody);
    if let Some(given) = part
        .ca
        .as_ref()
        .filter(|_| is_sealed(keys) && terms.ca == CaCustody::Stored)
    {
        faults.push((given.origin, sealed_and_stored()));
    }
    let origins = |wanted: &[Option<ValueOrigin>]| wanted.iter().flatten().max().copied();
    let days_at = part.days.as_ref().map(|days| days.origin);
    let ca_days_at = part.ca_days.as_ref().map(|days| days.origin);
    // Of two levels the later one is at fault: it did not fit the one before.
    let mut find = |at: Option<ValueOrigin>, what: String, help: &str| {
        faults.extend(at.map(|at| (at, Fault::new(what).help(help))));
    };
    let is_asked = matches!(keys, Keys::CertManager | Keys::Both { .. });
    if let Some(ca_days) = terms.ca_days
        && is_asked
        && ca_days < terms.days.saturating_mul(CA_LIVES)
    {
        find(
            origins(&[days_at, ca_days_at]),
            format!(
                "cert-manager would issue a certificate of {} days that outlives its CA of {ca_days} days",
                terms.days
            ),
            "set `caDays` to at least twice `days`",
        );
        return faults;
    }
    let ca_days = terms.ca_days.filter(|_| terms.ca != CaCustody::External);
    if let Some(ca_days) = ca_days.filter(|ca_days| *ca_days < terms.days) {
        find(
            origins(&[days_at, ca_days_at]),
            format!(
                "a CA of {ca_days} days expires before its certificate of {} days",
                terms.days
            ),
            "set `caDays` to at least `days`",
        );
    }
    // A leaf ends with its CA, and a CA that is kept signs until a third of its own life is left.
    let (shortest, why) = match ca_days {
        Some(ca_days)
            if terms.ca == CaCustody::Stored && (terms.days..terms.days * 3).contains(&ca_days) =>
        {
            (ca_days / 3, " at the end of its CA")
        }
        _ => (terms.days, ""),
    };
    let renew_before_at = part.renew_before.as_ref().map(|given| given.origin);
    if let Some(renew_before) = terms.renew_before_days
        && u64::from(renew_before) * 10 >= u64::from(shortest) * 9
    {
        let help = "renewals are spread over a tenth of the lifetime: use fewer days than nine tenths of it";
        find(
            origins(&[
                renew_before_at,
                days_at,
                ca_days_at.filter(|_| shortest < terms.days),
            ]),
            format!(
                "a certificate of {shortest} days{why} that is renewed {renew_before} days before its end would be due as soon as it is issued"
            ),
            help,
        );
    }
    // An ephemeral CA ends with its leaf, which is replaced so long before, and up to a tenth of its life earlier.
    let left = terms.renew_before_days.unwrap_or(match terms.days {
        ..10 => terms.days / 2,
        10.. => terms.days / 3,
    });
    let left = left + terms.days / 10;
    let trusted = match terms.ca {
        CaCustody::Ephemeral => left + ca_days.map_or(0, |days| days.saturating_sub(terms.days)),
        CaCustody::Stored | CaCustody::External => u32::MAX,
    };
    if let (Some(overlap), Some(given)) = (terms.overlap_days, &part.overlap)
        && overlap > trusted
    {
        find(
            origins(&[Some(given.origin), days_at, ca_days_at, renew_before_at]),
            format!(
                "the previous CA cannot stay trusted for {overlap} days: it ends {trusted} days after a renewal at the latest"
            ),
            "use fewer days, or leave `overlap` out: then it stays trusted until it ends",
        );
    }
    faults
}

/// Returns whether private values are in SealedSecrets.
pub(super) fn is_sealed(keys: &Keys) -> bool {
    matches!(keys.here(), Some(Secrets::Sealed { .. }))
}

/// Explains why a sealed CA key is of no use.
pub(super) fn sealed_and_stored() -> Fault {
    Fault::new("a CA key in a SealedSecret cannot sign anything: only the controller can open it")
        .help("use `ca: ephemeral` or `ca: external`, or another `secrets.mode`")
}

/// Names the objects beyond the chart's four; the ingress's pods are in a namespace that the fleet names and have these labels,
/// unless they say so.
///
/// # Errors
/// Labels that the API server refuses; labels of pods beside addresses of nodes.
pub(super) fn extras(
    part: Option<&ObjectsPart>,
    (pods_namespace, pods_labels): (Option<&Namespace>, &[Label]),
) -> Result<Extras, Fault> {
    let Some(part) = part else {
        return Ok(Extras {
            namespace: true,
            ..Extras::default()
        });
    };
    let flag = |given: &Option<Given<bool>>| given.as_ref().is_some_and(|given| given.value);
    let retry = part
        .retry
        .as_ref()
        .and_then(|given| given.value.on()?.get());
    let hsts = part.hsts.as_ref().and_then(|given| given.value.on()?.get());
    let policy = part.network_policy.as_ref();
    let http_from = policy.and_then(|given| given.value.on()).map(|policy| {
        let labels = policy.traefik_labels.iter().flat_map(|given| &given.value.0);
        let labels = labels.map(|(key, value)| {
            let TextLine(value) = &value.value;
            Label::parse(&format!("{}={value}", key.text))
        });
        let labels: Vec<Label> = labels.collect::<Result<_, _>>()?;
        let namespace = policy.traefik_namespace.as_ref();
        let ranges = ranges(policy.node_cidrs.as_ref());
        if !ranges.is_empty() {
            if !labels.is_empty() || namespace.is_some() {
                let fault = Fault::new(
                    "`nodeCidrs` is for a Traefik on the nodes' network, which has no pods to select",
                );
                let help = "leave out `traefikNamespace` and `traefikLabels`, or `nodeCidrs`";
                return Err(fault.help(help));
            }
            return TraefikSource::nodes(ranges);
        }
        let namespace = match namespace.map(|given| &given.value).or(pods_namespace) {
            Some(namespace) => namespace.clone(),
            None => Namespace::parse("traefik")?,
        };
        let labels = if labels.is_empty() {
            pods_labels.to_vec()
        } else {
            labels
        };
        Ok(TraefikSource::pods(namespace, labels))
    });
    let egress = part.egress.as_ref().and_then(|given| given.value.on());
    let egress = egress.map(|part| Egress {
        dns: ranges(part.dns.as_ref()),
        mail: ranges(part.mail.as_ref()),
        https: ranges(part.https.as_ref()),
    });
    Ok(Extras {
        helm_release: None,
        namespace: part.namespace.as_ref().is_none_or(|given| given.value),
        config_map: flag(&part.config_map),
        retry_attempts: retry,
        hsts_seconds: hsts,
        http_from: http_from.transpose()?,
        client_auth: flag(&part.client_auth),
        default_deny: flag(&part.default_deny),
        egress,
        public_certificate: None,
        asked: None,
        dns: None,
        forwarding: Vec::new(),
        remote_ip: ranges(part.remote_ip.as_ref()),
        clients: None,
        makers: Makers::Here,
        httpd: None,
    })
}

fn ranges(list: Option<&Given<LeafList<Cidr>>>) -> Vec<Cidr> {
    let ranges = list.into_iter().flat_map(|given| &given.value.0);
    ranges.map(|given| given.value).collect()
}

/// Returns the topology of a name, with what tells the httpd where a connection comes from.
pub(super) fn topology(name: TopologyName, part: &SettingsPart) -> Topology {
    let asked = part.proxy_protocol.as_ref();
    name.with(asked.map_or(Topology::TO_HTTPD, |given| given.value.on().copied()))
}

/// Returns the Secret of the certificate that the httpd is to show to browsers.
pub(super) fn public_certificate(part: &SettingsPart) -> Option<ObjectName> {
    let given = part.public_certificate.as_ref()?;
    let secret = given.value.secret.as_ref()?;
    Some(secret.value.clone())
}

/// Returns the file with the CA of the clients that are let in.
pub(super) fn clients(part: &SettingsPart) -> Option<&Given<TextLine>> {
    part.clients.as_ref()?.value.require.as_ref()
}

/// Names what of an instance's own settings only makes sense where TLS is passed on to its httpd.
pub(super) fn only_passed(own: &SettingsPart, topology: TopologyName) -> Vec<(ValueOrigin, Fault)> {
    let mut faults = Vec::new();
    let given = own.public_certificate.as_ref();
    if let Some(given) = given.filter(|_| topology != TopologyName::Passthrough) {
        let who = if topology == TopologyName::Inspect {
            "the load balancer"
        } else {
            "Traefik"
        };
        let fault = Fault::new(format!(
            "the httpd cannot show a public certificate here: {who} trusts the CA of the instance alone",
        ));
        let help = "leave out `publicCertificate`, or use `topology: passthrough`";
        faults.push((given.origin, fault.help(help)));
    }
    if let Some(given) = &own.proxy_protocol
        && given.value.on().is_some()
        && !topology.is_passed()
    {
        let fault = Fault::new(
            "Traefik speaks http to the httpd here, which cannot carry the PROXY protocol",
        );
        let help = "leave out `proxyProtocol`, or use `topology: passthrough`";
        faults.push((given.origin, fault.help(help)));
    }
    faults
}

/// Names what of the settings happens only where Traefik ends TLS.
pub(super) fn never_passed(part: &SettingsPart) -> Vec<(ValueOrigin, Fault)> {
    let mut origins = Vec::new();
    if let Some(objects) = part.objects.as_ref().map(|given| &given.value) {
        let wanted = |given: &Given<bool>| given.value.then_some(given.origin);
        let retry = objects.retry.as_ref();
        let retry = retry.and_then(|given| given.value.on().map(|_| given.origin));
        let hsts = objects.hsts.as_ref();
        let hsts = hsts.and_then(|given| given.value.on().map(|_| given.origin));
        let client = objects.client_auth.as_ref().and_then(wanted);
        let remote_ip = objects.remote_ip.as_ref();
        let remote_ip = remote_ip.filter(|given| !given.value.0.is_empty());
        let remote_ip = remote_ip.map(|given| given.origin);
        origins.extend([
            (retry, Opened::Retry),
            (hsts, Opened::Hsts),
            (client, Opened::ClientAuth),
            (remote_ip, Opened::RemoteIp),
        ]);
    }
    if let Some(transport) = part.servers_transport.as_ref().map(|given| &given.value) {
        let TransportPart {
            max_idle_conns_per_host,
            dial_timeout: _,
            response_header_timeout,
            read_idle_timeout,
            idle_conn_timeout,
            disable_http2,
        } = transport;
        let set = [
            max_idle_conns_per_host.as_ref().map(|given| given.origin),
            response_header_timeout.as_ref().map(|given| given.origin),
            read_idle_timeout.as_ref().map(|given| given.origin),
            idle_conn_timeout.as_ref().map(|given| given.origin),
            disable_http2.as_ref().map(|given| given.origin),
        ];
        origins.extend(set.map(|origin| (origin, Opened::Transport)));
    }
    let faults = origins.into_iter();
    faults
        .filter_map(|(origin, opened)| Some((origin?, opened.fault())))
        .collect()
}

/// Names what of the settings the objects of the Gateway API cannot express.
pub(super) fn unsayable(part: &SettingsPart) -> Vec<(ValueOrigin, Unsayable)> {
    let objects = part.objects.as_ref().map(|given| &given.value);
    let retry = objects.and_then(|objects| objects.retry.as_ref());
    let retry = retry.filter(|given| given.value.on().is_some());
    let client = objects.and_then(|objects| objects.client_auth.as_ref());
    let client = client.filter(|given| given.value);
    let origins = [
        (retry.map(|given| given.origin), Unsayable::Retry),
        (client.map(|given| given.origin), Unsayable::ClientAuth),
        (
            part.clients.as_ref().map(|given| given.origin),
            Unsayable::Clients,
        ),
        (
            part.servers_transport.as_ref().map(|given| given.origin),
            Unsayable::Transport,
        ),
    ];
    let origins = origins.into_iter();
    origins
        .filter_map(|(origin, unsayable)| Some((origin?, unsayable)))
        .collect()
}

/// Returns the settings that the fleet's entry points, values over them and the transport over all amount to.
///
/// # Errors
/// Those of [`Layers::settings`]; none if each layer has passed its own check.
pub(super) fn settings(
    layers: &[&Node],
    names: PlaceholderNames<'_>,
    transport: Option<&TransportPart>,
    entry_points: &[String],
) -> Result<Settings, Vec<Fault>> {
    let mut values = Layers::default();
    if !entry_points.is_empty() {
        let item = |name: &String| Node {
            value: Value::Text(name.clone()),
            at: At::default(),
        };
        let names = Value::List(entry_points.iter().map(item).collect());
        let place = Place::File(String::new());
        values.add("civiIngress.entryPoints", names, place);
    }
    for layer in layers {
        let mut layer = Node::clone(layer);
        placeholder::expand_tree(&mut layer, names);
        values.add_file("", &layer).map_err(|fault| vec![fault])?;
    }
    let mut settings = values.settings()?;
    if let Some(part) = transport {
        let to = &mut settings.transport;
        if let Some(given) = &part.max_idle_conns_per_host {
            to.max_idle_conns_per_host = given.value.0;
        }
        for (given, to) in [
            (&part.dial_timeout, &mut to.dial_timeout),
            (
                &part.response_header_timeout,
                &mut to.response_header_timeout,
            ),
            (&part.read_idle_timeout, &mut to.read_idle_timeout),
            (&part.idle_conn_timeout, &mut to.idle_conn_timeout),
        ] {
            if let Some(given) = given {
                to.clone_from(&given.value);
            }
        }
        if let Some(given) = &part.disable_http2 {
            to.disable_http2 = given.value;
        }
    }
    Ok(settings)
}

/// Returns whether `node` sets a value that the settings are made from; with `personal`, one with a placeholder.
pub(super) fn concerns_settings(node: &Node, personal: bool) -> bool {
    fn visit(node: &Node, path: &mut String, personal: bool) -> bool {
        let Value::Map(entries) = &node.value else {
            let is_known = KEYS.iter().any(|key| *key == path || is_below(key, path));
            return is_known && (!personal || holds_placeholder(node));
        };
        entries.iter().any(|(key, child)| {
            let length = path.len();
            if length > 0 {
                path.push('.');
            }
            path.push_str(&key.text);
            let found = visit(child, path, personal);
            path.truncate(length);
            found
        })
    }
    visit(node, &mut String::new(), personal)
}

fn holds_placeholder(node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => !placeholder::is_plain(text),
        Value::List(items) => items.iter().any(holds_placeholder),
        Value::Map(entries) => entries.iter().any(|(_, child)| holds_placeholder(child)),
        _ => false,
    }
}

/// Lays settings over others.
pub(super) fn over(own: &SettingsPart, base: &SettingsPart) -> SettingsPart {
    let mut settings = own.clone();
    settings.fill(base);
    settings
}

/// Returns `helmValues` of both levels.
pub(super) fn merged(shared: Option<&Node>, own: Option<&Node>) -> Option<Node> {
    match (shared, own) {
        (Some(shared), Some(own)) => {
            let mut node = own.clone();
            merge(&mut node, shared);
            Some(node)
        }
        (shared, own) => own.or(shared).cloned(),
    }
}

/// Takes the tree out of a given part.
pub(super) fn tree(given: Option<Given<Values>>) -> Option<Node> {
    given.map(|given| given.value.0)
}
