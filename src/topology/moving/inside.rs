//! The steps of a move that are taken for each instance: its httpd, and Traefik's route to it.

use super::{At, Subject, Words};
use crate::civiparoisse::{
    CLIENTS_CA_FILE, CLIENTS_OPTION, HTTPD_APP, HTTPD_CERT_FILE, HTTPD_INGRESS, HTTPD_KEY_FILE,
    HTTPD_SET,
};
use crate::instance::Instance;
use crate::path::moving::{Believed, Change, Manner, Route, Step};
use crate::release::{Release, TransportTcp};
use serde_json::json;

/// What the names of a copy end with.
const COPY: &str = "-before";
/// `kubectl get -o yaml` to what `kubectl create` takes: without what the API server filled in.
const BARE: &str =
    r"-e '/^status:/,$d' -e '/^  \(creationTimestamp\|generation\|resourceVersion\|uid\):/d'";

impl Subject<'_> {
    /// The httpd restarts as it is to be.
    pub(super) fn rework(&self, all: &[At<'_>]) -> Words {
        let mut words = Words::new("Restart httpd as it is to be: nothing comes to it now");
        for at in all {
            let instance = &at.moved.to.instance;
            let namespace = &instance.namespace;
            let [before, after] = [&at.step.before.httpd, &at.step.after.httpd];
            if before.certificate != after.certificate && !after.is_public {
                words.run.extend(self.secrets_applied(at.moved));
            }
            let files = self.files(at.moved, |kind| kind == "ConfigMap");
            words.run.extend(applied(&files));
            if before.certificate != after.certificate {
                words.run.push(if is_helm_safe(at) {
                    chart_upgraded(instance)
                } else {
                    certificate_mounted(instance)
                });
            }
            let mounts = |httpd: &Manner| (httpd.believes.clone(), httpd.takes_proxy, httpd.asks);
            if mounts(before) != mounts(after) {
                words.run.push(mounted(namespace.as_str(), after));
            }
            words.run.push(format!(
                "kubectl -n {namespace} rollout restart statefulset/{HTTPD_SET}"
            ));
            words.wait.push(format!(
                "`kubectl -n {namespace} rollout status statefulset/{HTTPD_SET} --timeout=10m`"
            ));
            words.see.push(format!(
                "`kubectl -n {namespace} get pod {HTTPD_SET}-0` shows one that has just started"
            ));
            words.back.push(format!(
                "`kubectl -n {namespace} rollout undo statefulset/{HTTPD_SET}`"
            ));
        }
        words
    }

    /// The new route is there, beside the old one.
    pub(super) fn open(&self, all: &[At<'_>]) -> Words {
        let routes = all
            .first()
            .map(|at| (at.step.before.route, at.step.after.route));
        let mut words = Words::new(match routes {
            Some((Route::Ended, Route::Passed(_))) => {
                "Add the route that passes TLS on; the one that names the host goes on taking all"
            }
            Some((Route::Passed(_), Route::Ended)) => {
                "Add the route that ends TLS: it takes new connections at once, and those that are open stay with the copy"
            }
            _ => "Add the new route; nothing comes to it yet",
        });
        for at in all {
            // The one Secret that can be here is that of the CA of clients.
            let is_reached = |kind: &str| {
                kind.starts_with("ServersTransport")
                    || ["Middleware", "Secret", "TLSOption"].contains(&kind)
            };
            let mut files = self.files(at.moved, is_reached);
            files.extend(self.files(at.moved, |kind| kind.starts_with("IngressRoute")));
            files.dedup();
            words.run.extend(applied(&files));
            let End { kind, name, .. } =
                end(self.release, &at.moved.to.instance, at.step.after.route);
            let namespace = &at.moved.to.instance.namespace;
            words
                .back
                .push(format!("`kubectl -n {namespace} delete {kind} {name}`"));
            let host = at.moved.to.instance.host();
            words.see.push(format!(
                "`kubectl -n {namespace} get {kind} {name}`, and `civi-ingress probe {host}`"
            ));
        }
        words.wait.push(READ.to_owned());
        words
    }
}

/// Returns whether Helm leaves the routes alone: it makes the chart's IngressRoute again where that is not there, which
/// would end TLS before httpd can take that.
fn is_helm_safe(at: &At<'_>) -> bool {
    !matches!(at.step.before.route, Route::Passed(_))
}

/// Returns the command that has the Civiparoisse chart mount the certificate of the httpd.
fn chart_upgraded(instance: &Instance) -> String {
    let shown = instance.shown();
    let [cert, key] = [&shown.server_cert, &shown.server_key];
    format!(
        "helm upgrade civi chart -n {} --reuse-values --set httpd.serverCertSecret={},httpd.serverCertField={},httpd.serverKeySecret={},httpd.serverKeyField={}",
        instance.namespace, cert.secret, cert.key, key.secret, key.key
    )
}

/// Returns the command that does the same without Helm, by the names of `templates/stateful_set_httpd.yaml`.
fn certificate_mounted(instance: &Instance) -> String {
    let shown = instance.shown();
    let files = [
        ("servercertvol", HTTPD_CERT_FILE, &shown.server_cert),
        ("serverkeyvol", HTTPD_KEY_FILE, &shown.server_key),
    ];
    let mounts = files.map(|(volume, file, place)| {
        json!({"mountPath": file, "name": volume, "subPath": place.key.as_str()})
    });
    let volumes = files.map(|(volume, _, place)| {
        json!({"name": volume, "secret": {"secretName": place.secret.as_str()}})
    });
    let spec =
        json!({"containers": [{"name": "https", "volumeMounts": mounts}], "volumes": volumes});
    let patch = json!({"spec": {"template": {"spec": spec}}});
    format!(
        "kubectl -n {} patch statefulset {HTTPD_SET} -p '{patch}'",
        instance.namespace
    )
}

/// Returns the command that has the chart know what was mounted without it.
pub(super) fn chart_follows(at: &At<'_>) -> Option<String> {
    let Step {
        change,
        before,
        after,
        ..
    } = at.step;
    let is_due = *change == Change::Rework
        && before.httpd.certificate != after.httpd.certificate
        && !is_helm_safe(at);
    is_due.then(|| chart_upgraded(&at.moved.to.instance))
}

/// How long Traefik takes to read what has changed (`providersThrottleDuration`, 2 s), and more.
const READ: &str = "10 seconds: Traefik reads changes within 2";

/// A kind of route of one instance.
struct End {
    kind: String,
    name: String,
}

fn end(release: Release, instance: &Instance, route: Route) -> End {
    let (group, _) = release.api_version().split_once('/').unwrap_or_default();
    let kind = match route {
        Route::Ended | Route::Plain => "ingressroutes",
        Route::Passed(_) => "ingressroutetcps",
    };
    End {
        kind: format!("{kind}.{group}"),
        name: instance.settings.names.ingress_route.to_string(),
    }
}

pub(super) fn applied(files: &[String]) -> Option<String> {
    if files.is_empty() {
        return None;
    }
    let files: Vec<String> = files.iter().map(|file| format!(" -f {file}")).collect();
    Some(format!("kubectl apply{}", files.concat()))
}

/// Copies an object under names that end otherwise.
fn copied(namespace: &str, object: &str, further: &str) -> String {
    format!(
        "kubectl -n {namespace} get {object} -o yaml | sed {BARE}{further} | kubectl create -f -"
    )
}

/// Renames every mention of a name.
fn renamed(name: &str) -> String {
    format!(" -e 's/{}/&{COPY}/g'", name.replace('.', r"\."))
}

/// A copy of the httpd starts beside it.
pub(super) fn double(all: &[At<'_>]) -> Words {
    let mut words = Words::new("Start a copy of httpd beside it, as it is now");
    for at in all {
        let instance = &at.moved.from.instance;
        let namespace = instance.namespace.as_str();
        let service = &instance.settings.names.service;
        let is_mounted = at.step.before.httpd.believes != Believed::Peer;
        let mut names = renamed(HTTPD_SET) + &renamed(HTTPD_APP);
        if is_mounted {
            let config = renamed(HTTPD_INGRESS);
            let object = format!("configmap {HTTPD_INGRESS}");
            words.run.push(copied(namespace, &object, &config));
            names += &config;
        }
        // Its volumes are on that node.
        let node = format!(
            "$(kubectl -n {namespace} get pod {HTTPD_SET}-0 -o jsonpath='{{.spec.nodeName}}')"
        );
        let pinned = format!(r#" -e "s/^    spec:\$/&\n      nodeName: {node}/""#);
        let object = format!("statefulset {HTTPD_SET}");
        words
            .run
            .push(copied(namespace, &object, &(names + &pinned)));
        if instance.extras.http_from.is_some() {
            let policy = "httpd-from-traefik";
            let object = format!("networkpolicy {policy}");
            let names = renamed(policy) + &renamed(HTTPD_APP);
            words.run.push(copied(namespace, &object, &names));
        }
        words.run.push(format!(
            "kubectl -n {namespace} expose service {service} --name={service}{COPY} --selector=app={HTTPD_APP}{COPY}"
        ));
        words.wait.push(format!(
            "`kubectl -n {namespace} rollout status statefulset/{HTTPD_SET}{COPY} --timeout=10m`"
        ));
        words.see.push(format!(
            "`kubectl -n {namespace} get endpointslices -l kubernetes.io/service-name={service}{COPY}` shows its address"
        ));
    }
    words
        .back
        .push("as in the step that dismisses it".to_owned());
    words
}

/// The copy goes.
pub(super) fn dismiss(all: &[At<'_>]) -> Words {
    let mut words = Words::new("Remove the copy");
    for at in all {
        let instance = &at.moved.from.instance;
        let service = &instance.settings.names.service;
        let mut objects = vec![
            format!("statefulset/{HTTPD_SET}{COPY}"),
            format!("service/{service}{COPY}"),
        ];
        if at.step.before.httpd.believes != Believed::Peer {
            objects.push(format!("configmap/{HTTPD_INGRESS}{COPY}"));
        }
        if instance.extras.http_from.is_some() {
            objects.push(format!("networkpolicy/httpd-from-traefik{COPY}"));
        }
        let namespace = &instance.namespace;
        let objects = objects.join(" ");
        words
            .run
            .push(format!("kubectl -n {namespace} delete {objects}"));
        words
            .see
            .push(format!("`kubectl -n {namespace} get pods` shows one httpd"));
    }
    words
}

/// Returns the command that leads a route to a Service.
fn led(release: Release, at: At<'_>, suffix: &str) -> String {
    let instance = &at.moved.from.instance;
    let End { kind, name } = end(release, instance, at.step.before.route);
    let service = &instance.settings.names.service;
    patched(
        instance,
        &kind,
        &name,
        "/spec/routes/0/services/0/name",
        &format!("{service}{suffix}"),
    )
}

fn patched(instance: &Instance, kind: &str, name: &str, path: &str, value: &str) -> String {
    let value = serde_json::Value::from(value);
    format!(
        "kubectl -n {} patch {kind} {name} --type=json -p '[{{\"op\":\"replace\",\"path\":\"{path}\",\"value\":{value}}}]'",
        instance.namespace
    )
}

/// Returns how to see that nothing comes to an httpd any more: its connections, by what the kernel says in its pod.
fn left(at: At<'_>, suffix: &str) -> String {
    format!(
        "then until `kubectl -n {} exec {HTTPD_SET}{suffix}-0 -c https -- cat /proc/net/tcp /proc/net/tcp6 | grep -c ':01BB [0-9A-F]*:[0-9A-F]* 01 '` prints 0, twice",
        at.moved.from.instance.namespace
    )
}

/// The route leads to the copy.
pub(super) fn divert(release: Release, all: &[At<'_>]) -> Words {
    diverted(
        release,
        all,
        [COPY, ""],
        "Lead the route of now to the copy",
    )
}

/// The route leads to the httpd again.
pub(super) fn returned(release: Release, all: &[At<'_>]) -> Words {
    diverted(release, all, ["", COPY], "Lead the route back to httpd")
}

fn diverted(release: Release, all: &[At<'_>], ends: [&str; 2], what: &str) -> Words {
    let [to, from] = ends;
    let mut words = Words {
        what: what.to_owned(),
        wait: vec![READ.to_owned()],
        ..Words::default()
    };
    for at in all {
        words.run.push(led(release, *at, to));
        words.wait.push(left(*at, from));
        words.back.push(format!("`{}`", led(release, *at, from)));
        let host = at.moved.from.instance.host();
        words.see.push(format!("`civi-ingress probe {host}`"));
    }
    words
}

/// Returns whether both routes are of one kind, so that the old one goes on under a second name.
fn is_kept(old: Route, new: Route) -> bool {
    ![old, new]
        .iter()
        .any(|route| matches!(route, Route::Passed(_)))
}

/// The old route is there under a second name, too.
pub(super) fn keep(release: Release, all: &[At<'_>]) -> Words {
    let mut words = Words::new("Give the old route a second name: the new one takes its own");
    for at in all {
        let instance = &at.moved.from.instance;
        let namespace = instance.namespace.as_str();
        let End { kind, name } = end(release, instance, at.step.before.route);
        let object = format!("{kind} {name}");
        words.run.push(copied(namespace, &object, &renamed(&name)));
        words
            .see
            .push(format!("`kubectl -n {namespace} get {kind}`"));
        words.back.push(format!(
            "`kubectl -n {namespace} delete {kind} {name}{COPY}`"
        ));
    }
    words.wait.push(READ.to_owned());
    words
}

/// The old route leaves new connections to the new one.
///
/// Traefik 3.7.15 gives a router without a host's name in its rule no TLSOption, and answers 421 on connections that were opened with
/// one (`findConflictingRouters` in `pkg/server/aggregator.go`, `pkg/middlewares/snicheck`): where there is one, the rule
/// gets a name that nobody has (RFC 6761, section 6.4).
pub(super) fn yielded(release: Release, all: &[At<'_>]) -> Words {
    let mut words = Words {
        what: "Take the host's name out of the old route: new connections go by the new one, and the old one answers on those that are open".to_owned(),
        wait: vec![READ.to_owned()],
        ..Words::default()
    };
    for at in all {
        let instance = &at.moved.from.instance;
        let End { kind, name } = end(release, instance, at.step.before.route);
        let path = "/spec/routes/0/match";
        let hosts: Vec<String> = instance.hosts.iter().map(ToString::to_string).collect();
        let matched = |of: &dyn Fn(&String) -> String| {
            let matchers: Vec<String> = hosts.iter().map(of).collect();
            matchers.join(" || ")
        };
        let asks = instance.extras.clients.is_some();
        let by_pattern = matched(&|host| {
            let pattern = release.host_by_pattern(host);
            if asks {
                format!("{pattern} || Host(`{host}.invalid`)")
            } else {
                pattern
            }
        });
        let by_name = matched(&|host| format!("Host(`{host}`)"));
        words
            .run
            .push(patched(instance, &kind, &name, path, &by_pattern));
        words.back.push(format!(
            "`{}`",
            patched(instance, &kind, &name, path, &by_name)
        ));
        let host = instance.host();
        words.see.push(match at.step.after.arrival.ending() {
            [] => format!("`civi-ingress probe {host}` shows httpd's own certificate"),
            _ => format!(
                "`openssl s_client -connect NODE:443 -servername {host} </dev/null` shows httpd's own certificate"
            ),
        });
    }
    words
}

/// The old route goes.
pub(super) fn close(release: Release, all: &[At<'_>]) -> Words {
    let mut words = Words::new(
        "Remove the old route when nothing has come by it for 4 minutes: Traefik closes connections that nobody has used for 3",
    );
    for at in all {
        let instance = &at.moved.from.instance;
        let namespace = &instance.namespace;
        let End { kind, name } = end(release, instance, at.step.before.route);
        let (group, transport) = (
            kind.split_once('.'),
            &instance.settings.names.servers_transport,
        );
        let (_, group) = group.unwrap_or_default();
        let [old, new] = [at.step.before.route, at.step.after.route];
        let name = if is_kept(old, new) {
            format!("{name}{COPY}")
        } else {
            name
        };
        let mut objects = vec![format!("{kind}/{name}")];
        match old {
            Route::Ended | Route::Plain => {
                words.wait.push(format!(
                    "before that, until `kubectl -n traefik logs -l app.kubernetes.io/name=traefik --tail=-1 --since=4m | grep -c '\"RouterName\":\"[a-z]*-{namespace}-{name}-'` prints 0"
                ));
                if !is_kept(old, new) {
                    objects.push(format!("serverstransports.{group}/{transport}"));
                    if instance.extras.clients.is_some() {
                        objects.push(format!("tlsoptions.{group}/{CLIENTS_OPTION}"));
                    }
                    words.run.push(format!(
                        "# each `helm upgrade` of the Civiparoisse chart brings {name} back: have a post-renderer take it out"
                    ));
                }
            }
            Route::Passed(_) => {
                words
                    .wait
                    .push(left(*at, COPY).replace("then until", "before that, until"));
                if release.transport_tcp() != TransportTcp::Nowhere {
                    objects.push(format!("serverstransporttcps.{group}/{transport}"));
                }
            }
        }
        let objects = objects.join(" ");
        words.run.push(format!(
            "kubectl -n {namespace} delete --ignore-not-found {objects}"
        ));
        words.see.push(format!(
            "`civi-ingress probe {} --cluster`",
            instance.host()
        ));
    }
    words
        .back
        .push("from here, the way back is a move in the other direction".to_owned());
    words
}

/// Drupal believes other load balancers: it reads at each request which there are.
pub(super) fn acquaint(all: &[At<'_>]) -> Words {
    let mut words = Words {
        what: "Have Drupal believe the load balancers that requests may come from".to_owned(),
        wait: vec![
            "2 minutes: so long a ConfigMap that has changed may take to get to where it is mounted"
                .to_owned(),
        ],
        ..Words::default()
    };
    for at in all {
        let namespace = &at.moved.from.instance.namespace;
        let patched = |httpd: &Manner| {
            let Believed::Balancer(ranges) = &httpd.believes else {
                return String::new();
            };
            let ranges: Vec<String> = ranges.iter().map(ToString::to_string).collect();
            let patch = json!({"data": {"load-balancers.txt": ranges.join(",")}});
            format!(
                "kubectl -n {namespace} patch configmap {HTTPD_INGRESS} --type=merge -p '{patch}'"
            )
        };
        words.run.push(patched(&at.step.after.httpd));
        words
            .back
            .push(format!("`{}`", patched(&at.step.before.httpd)));
        words.see.push(format!(
            "`kubectl -n {namespace} get configmap {HTTPD_INGRESS} -o yaml` names them"
        ));
    }
    words
}

/// Returns what is mounted into the httpd, or no longer.
fn mounted(namespace: &str, httpd: &Manner) -> String {
    let configuration = "ingress.conf in /etc/apache2/conf-enabled";
    let clients = if httpd.asks {
        format!(", clients-ca.crt as {CLIENTS_CA_FILE}")
    } else {
        String::new()
    };
    let how = match &httpd.believes {
        Believed::Peer => {
            "is no longer mounted, and its line in Drupal's settings.php goes".to_owned()
        }
        Believed::Nobody => format!(
            "is mounted: {configuration}{clients}, settings.ingress.php beside Drupal's settings.php, which includes it if it is there"
        ),
        Believed::Balancer(_) if httpd.takes_proxy || httpd.asks => format!(
            "is mounted: {configuration}{clients}, settings.ingress.php and load-balancers.txt in a directory, and Drupal's settings.php includes the former if it is there"
        ),
        Believed::Balancer(_) => {
            "is mounted as a directory, and Drupal's settings.php includes its settings.ingress.php if it is there".to_owned()
        }
    };
    format!("# {namespace}: StatefulSet {HTTPD_SET}: the ConfigMap {HTTPD_INGRESS} {how}")
}
