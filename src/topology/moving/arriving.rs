//! The steps of a move that are taken once for the cluster: Traefik, the load balancer, the DNS record.

use super::{Means, Subject, VALUES_NOW, Words, place};
use crate::chart::ChartMajor;
use crate::cidr::Cidr;
use crate::load_balancer::{BalancerKind, LoadBalancer};
use crate::outside::terraform::{FLOATING_IP, HTTPD_CA, TRAEFIK_CA};
use crate::path::arrival::Arrival;
use crate::path::moving::{self, takes};
use std::fmt::Write as _;

/// Where HAProxy has its files.
const MACHINE: &str = "/etc/haproxy";
/// What HAProxy shows to an httpd.
const SHOWN: &str =
    "# its machine's /etc/haproxy/client.pem: a certificate of the CA of `clients`, and its key";
/// How HAProxy takes its files: the new ones for new connections.
const RELOADED: &str = "ssh root@BALANCER 'haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl reload-or-restart haproxy'";
const OLD_PROCESS: &str = "until its old process has ended, which serves what was open: `pgrep -c haproxy` on its machine prints as many as before";
/// Where browsers find a load balancer that is there for a while.
const ANOTHER: &str = "ANOTHER";
/// Selects Traefik's pods.
const PODS: &str = "-l app.kubernetes.io/name=traefik";

impl Subject<'_> {
    fn upgrade(&self, further: &str) -> String {
        let (values, chart) = match &self.means {
            Means::Fleet { fleet, tree, .. } => {
                (format!("{tree}cluster/traefik-values.yaml"), fleet.chart)
            }
            Means::Single { .. } => ("traefik-values.yaml".to_owned(), 41),
        };
        format!(
            "helm upgrade traefik traefik/traefik --version '^{chart}' -n traefik{further} -f {values}"
        )
    }

    /// Traefik takes both ways.
    pub(super) fn believe(&self) -> Words {
        let [from, to] = self.arrivals;
        let mut run = vec![format!(
            "helm get values traefik -n traefik -o yaml > {VALUES_NOW}"
        )];
        if let Means::Single { way, .. } = &self.means {
            run.push(format!(
                "civi-ingress traefik-values {way} > traefik-values.yaml"
            ));
        }
        let both = format!(
            "{}{}{} --set updateStrategy.type=OnDelete",
            self.upgrade(&format!(" -f {VALUES_NOW}")),
            unions(from, to),
            self.redirect_off()
        );
        run.push(both);
        run.extend(one_node_after_another(from));
        Words {
            what:
                "Have Traefik take both ways: its values of now, and over them those that are to be"
                    .to_owned(),
            run,
            wait: node_is_empty(),
            see: believed(to),
            back: vec![format!(
                "`helm upgrade` with `-f {VALUES_NOW}` alone, and the nodes again"
            )],
        }
    }

    /// Takes the redirect out of the values of now, where a load balancer is to send plain http.
    fn redirect_off(&self) -> String {
        let [from, to] = self.arrivals;
        if !to.is_plain() || from.is_plain() {
            return String::new();
        }
        let chart = match &self.means {
            Means::Fleet { fleet, .. } => ChartMajor::parse(&fleet.chart.to_string()).ok(),
            Means::Single { .. } => None,
        };
        let key = chart.unwrap_or_default().redirect_key();
        format!(" --set ports.web.{key}=null")
    }

    /// Traefik takes the new way alone.
    pub(super) fn settle(&self) -> Words {
        let [from, to] = self.arrivals;
        let mut run = Vec::new();
        let left = moving::left(from, to);
        let (asked_for, own): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|balancer| balancer.kind.is_asked_for_by_service());
        // It keeps connections to Traefik for minutes after the last browser has left it, and nodes would wait for them.
        run.extend(own.into_iter().map(taken_down));
        if !takes(to, from) {
            run.push(self.upgrade("") + " --set updateStrategy.type=OnDelete");
            run.extend(one_node_after_another(to));
            run.push(self.upgrade(""));
        }
        run.extend(asked_for.into_iter().map(taken_down));
        Words {
            what: "Give up what only the old way needed".to_owned(),
            run,
            wait: node_is_empty(),
            see: self.answers(to),
            back: vec![format!(
                "`helm upgrade` with `-f {VALUES_NOW}` before the other, and the nodes again"
            )],
        }
    }

    /// The load balancer to come.
    pub(super) fn set_up(&self) -> Words {
        let [from, to] = self.arrivals;
        let Some(balancer) = to.balancer() else {
            return Words::default();
        };
        let title = balancer.kind.title();
        Words {
            what: format!("Set up {title}; browsers do not know it yet"),
            run: self.installed(balancer, from),
            wait: Vec::new(),
            see: self.answers(to),
            back: vec![format!("`{}`", taken_down(balancer))],
        }
    }

    /// The load balancer trusts what Traefik shows and what httpd shows. The file of HAProxy is that of the end where it meets
    /// httpd: at the other end it may show a certificate that nobody asks for, too.
    pub(super) fn trust(&self) -> Words {
        let [from, to] = self.arrivals;
        let Some(balancer) = to.balancer() else {
            return Words::default();
        };
        if !balancer.kind.turns_without_loss() {
            return self.trusting_second(balancer);
        }
        let both = format!("cat {MACHINE}/traefik-ca.crt - > {MACHINE}/httpd-ca.crt");
        let mut run = Vec::new();
        if to.meets_httpd() {
            run.push(SHOWN.to_owned());
        } else {
            run.push(self.authority_of_traefik());
        }
        run.push(self.authorities_of_httpds(&both));
        if to.meets_httpd() {
            run.push(self.configured());
        }
        run.push(RELOADED.to_owned());
        Words {
            what: format!(
                "Have {} trust what Traefik shows and what httpd shows",
                balancer.kind.title()
            ),
            run,
            wait: vec![OLD_PROCESS.to_owned()],
            see: self.answers(from),
            back: vec!["the files of before, and `systemctl reload haproxy`".to_owned()],
        }
    }

    /// A second load balancer, set up by the same file with other variables, trusts both, and the first one goes: its address is
    /// free again.
    fn trusting_second(&self, balancer: &LoadBalancer) -> Words {
        let [from, to] = self.arrivals;
        let authority = if to.meets_httpd() {
            HTTPD_CA
        } else {
            TRAEFIK_CA
        };
        let mut variables = format!(" -var {authority}=BOTH");
        if balancer.address.is_some() {
            write!(variables, " -var {FLOATING_IP}={ANOTHER}").expect("a String takes all");
        }
        let mut run = vec![
            format!(
                "# Barbican: a secret BOTH with the CA of the certificate that Traefik shows, and those of the instances: {}",
                self.authorities_printed()
            ),
            self.terraform("workspace new both"),
            self.terraform(&format!("apply{variables}")),
            format!(
                "# DNS: {}: {ANOTHER}, the address of that one",
                self.names()
            ),
        ];
        run.extend(self.destroyed("default"));
        Words {
            what: format!(
                "Set up a second {} that trusts what Traefik shows and what httpd shows, and lead browsers to it",
                balancer.kind.title()
            ),
            run,
            wait: led_over(from, to),
            see: self.answers_at(ANOTHER),
            back: vec!["until the first one is destroyed: the record of before".to_owned()],
        }
    }

    /// A third load balancer does what it is to do, and the second one goes.
    fn final_third(&self, balancer: &LoadBalancer) -> Words {
        let [from, to] = self.arrivals;
        let mut run = vec![
            self.terraform("workspace new next"),
            self.terraform("apply"),
            format!("# DNS: {}: {}", self.names(), address(to)),
        ];
        run.extend(self.destroyed("both"));
        Words {
            what: format!(
                "Set up {} as it is to be, and lead browsers to it",
                balancer.kind.title()
            ),
            run,
            wait: led_over(from, to),
            see: self.answers(to),
            back: vec!["until the second one is destroyed: the record of before".to_owned()],
        }
    }

    /// Returns how the load balancer of a workspace goes, when browsers have left it.
    fn destroyed(&self, workspace: &str) -> [String; 2] {
        [
            "# when nobody comes by the one of before:".to_owned(),
            format!(
                "TF_WORKSPACE={workspace} {}  # the workspace of the one of before",
                self.terraform("destroy")
            ),
        ]
    }

    fn terraform(&self, command: &str) -> String {
        let tree = match &self.means {
            Means::Fleet { tree, .. } => tree.as_str(),
            Means::Single { .. } => "",
        };
        format!("terraform -chdir={tree}outside/terraform {command}")
    }

    /// Returns by which commands the CAs are printed that a load balancer is to trust.
    fn authorities_printed(&self) -> String {
        match &self.means {
            Means::Fleet {
                fleet, file, tree, ..
            } => {
                let names = fleet.members.iter().map(|member| member.id.as_str());
                let names: Vec<&str> = names.collect();
                let place = place(file, tree);
                format!(
                    "`civi-ingress gitops ca {place}` and `civi-ingress gitops ca {} {place}` print them",
                    names.join(" ")
                )
            }
            Means::Single { .. } => {
                "`ca.crt` of the Secrets that Traefik trusts has the latter".to_owned()
            }
        }
    }

    /// The load balancer does something else.
    pub(super) fn turn(&self) -> Words {
        let [from, to] = self.arrivals;
        let Some(balancer) = to.balancer() else {
            return Words::default();
        };
        if !balancer.kind.turns_without_loss() {
            return self.final_third(balancer);
        }
        Words {
            what: format!("Have {} do what it is to do", balancer.kind.title()),
            run: self.installed(balancer, from),
            wait: vec![OLD_PROCESS.to_owned()],
            see: self.answers(to),
            back: vec!["the files of before, and `systemctl reload haproxy`".to_owned()],
        }
    }

    /// Returns the command that brings the CA of the certificate that Traefik shows to HAProxy's machine.
    fn authority_of_traefik(&self) -> String {
        match &self.means {
            Means::Fleet {
                fleet, file, tree, ..
            } if fleet.has_wildcard() => {
                let to = format!("cat > {MACHINE}/traefik-ca.crt");
                authorities(&[], file, tree, &to)
            }
            _ => format!(
                "# its machine's {MACHINE}/traefik-ca.crt: the CA of the certificate that Traefik shows"
            ),
        }
    }

    /// Returns the command that brings the CAs of the instances to HAProxy's machine, where `to` takes them.
    fn authorities_of_httpds(&self, to: &str) -> String {
        match &self.means {
            Means::Fleet {
                fleet, file, tree, ..
            } => {
                let names = fleet.members.iter().map(|member| member.id.as_str());
                authorities(&names.collect::<Vec<_>>(), file, tree, to)
            }
            Means::Single { .. } => {
                format!("# on its machine, from the CAs of all instances: {to}")
            }
        }
    }

    /// Returns the command that brings HAProxy's configuration to its machine.
    fn configured(&self) -> String {
        match &self.means {
            Means::Fleet { tree, .. } => {
                format!("scp {tree}outside/haproxy/haproxy.cfg root@BALANCER:{MACHINE}/haproxy.cfg")
            }
            Means::Single { .. } => {
                "# its file: `settings` of `civi-ingress topology explain`, or `gitops render`"
                    .to_owned()
            }
        }
    }

    /// Browsers are led to the new address.
    pub(super) fn lead(&self) -> Words {
        let [from, to] = self.arrivals;
        let hosts = self
            .instances
            .iter()
            .flat_map(|moved| &moved.to.instance.hosts);
        Words {
            what: format!("Lead browsers to {}", address(to)),
            run: vec![format!("# DNS: {}: {}", self.names(), address(to))],
            wait: led_over(from, to),
            see: hosts
                .map(|host| format!("`civi-ingress probe {host}`"))
                .collect(),
            back: vec![format!("the record of before: {}", address(from))],
        }
    }

    /// Returns the names of which the DNS record leads browsers.
    fn names(&self) -> String {
        if let Means::Fleet { fleet, .. } = &self.means {
            return format!("*.{}", fleet.domain);
        }
        let moved = self.instances.iter();
        let hosts = moved.flat_map(|moved| &moved.to.instance.hosts);
        let hosts: Vec<String> = hosts.map(ToString::to_string).collect();
        hosts.join(", ")
    }

    /// Returns how to see that a way answers.
    fn answers(&self, arrival: &Arrival) -> Vec<String> {
        let at = match arrival.balancer() {
            None => "NODE".to_owned(),
            Some(balancer) => known_address(balancer),
        };
        self.answers_at(&at)
    }

    fn answers_at(&self, at: &str) -> Vec<String> {
        let hosts = self.instances.iter().map(|moved| moved.to.instance.host());
        hosts
            .map(|host| format!("`civi-ingress probe {host} --connect {at}`"))
            .collect()
    }

    /// Returns how the rendered file of a load balancer gets to it.
    fn installed(&self, balancer: &LoadBalancer, from: &Arrival) -> Vec<String> {
        let mut run = Vec::new();
        match balancer.kind {
            BalancerKind::HaProxy => {
                let [_, to] = self.arrivals;
                // What it trusted until now has been there before it trusts one of two.
                let is_trusting = from.balancer().is_some_and(|old| old.kind == balancer.kind)
                    && from.meets_httpd() != to.meets_httpd()
                    && !from.is_plain()
                    && !to.is_plain();
                let meets_traefik = !to.ending().is_empty() && !to.is_plain();
                if to.meets_httpd() {
                    if !is_trusting {
                        run.push(SHOWN.to_owned());
                    }
                    let only = format!("cat > {MACHINE}/httpd-ca.crt");
                    run.push(self.authorities_of_httpds(&only));
                } else if meets_traefik && !is_trusting {
                    run.push(self.authority_of_traefik());
                }
                run.push(self.configured());
                run.push(RELOADED.to_owned());
            }
            BalancerKind::Terraform => {
                let is_second = from
                    .balancer()
                    .is_some_and(|old| old.kind == BalancerKind::Terraform);
                if is_second {
                    let next = self.terraform("workspace new next");
                    run.push(format!(
                        "{next}  # the one of now stays; this one has another address"
                    ));
                }
                run.push(self.terraform("apply"));
            }
            // Traefik's Service has asked for it.
            BalancerKind::OpenStack | BalancerKind::OvhMks | BalancerKind::MetalLb => {}
        }
        run
    }
}

/// Returns the command that gives the CAs of instances, or that which browsers import, to a command on HAProxy's machine.
fn authorities(names: &[&str], file: &str, tree: &str, to: &str) -> String {
    let words = [&["civi-ingress gitops ca"][..], names].concat().join(" ");
    let place = place(file, tree);
    format!("{words} {place} | ssh root@BALANCER '{to}'")
}

/// Writes `loadBalancer` of a fleet file.
pub(super) fn in_fleet(arrival: &Arrival) -> String {
    let Some(balancer) = arrival.balancer() else {
        return "  # no `loadBalancer`".to_owned();
    };
    let list = |items: Vec<String>| format!("[{}]", items.join(", "));
    let mut parts = vec![format!("kind: {}", balancer.kind.name())];
    if !balancer.trusted.is_empty() {
        let ranges = balancer.trusted.iter().map(Cidr::to_string);
        parts.push(format!("trusted: {}", list(ranges.collect())));
    }
    if let Some(version) = balancer.proxy_protocol {
        parts.push(format!("proxyProtocol: v{}", version.number()));
    }
    if let Some(address) = balancer.address {
        parts.push(format!("address: {address}"));
    }
    if !balancer.nodes.is_empty() {
        let nodes = balancer.nodes.iter().map(ToString::to_string);
        parts.push(format!("nodes: {}", list(nodes.collect())));
    } else if !balancer.kind.is_asked_for_by_service() {
        parts.push("nodes: [those that run Traefik]".to_owned());
    }
    format!("  loadBalancer: {{{}}}", parts.join(", "))
}

/// Returns what of two lists in values files, of which Helm takes the second alone, must be named together.
fn unions(from: &Arrival, to: &Arrival) -> String {
    let lists = [
        ("proxyProtocol", from.announcing(), to.announcing()),
        ("forwardedHeaders", from.forwarding(), to.forwarding()),
    ];
    let mut flags = String::new();
    for (key, old, new) in lists {
        if new.is_empty() || old.iter().all(|range| new.contains(range)) {
            continue;
        }
        let both = old.iter().chain(new).map(Cidr::to_string);
        let both: Vec<String> = both.collect();
        for port in ["web", "websecure"] {
            let both = both.join(",");
            write!(flags, " --set 'ports.{port}.{key}.trustedIPs={{{both}}}'")
                .expect("a String takes all");
        }
    }
    flags
}

/// Returns how Traefik's pods are replaced: each when nothing comes to it.
fn one_node_after_another(arrival: &Arrival) -> Vec<String> {
    let (out, back) = match arrival.balancer().map(|balancer| balancer.kind) {
        None => (
            "# take its address out of the DNS record".to_owned(),
            "# put its address back".to_owned(),
        ),
        Some(BalancerKind::OpenStack | BalancerKind::OvhMks | BalancerKind::MetalLb) => {
            let label =
                "kubectl label node NODE node.kubernetes.io/exclude-from-external-load-balancers";
            (format!("{label}=true"), format!("{label}-"))
        }
        Some(BalancerKind::HaProxy) => (
            "# take its `server` lines out of haproxy.cfg, and `systemctl reload haproxy`"
                .to_owned(),
            "# put them back, and reload".to_owned(),
        ),
        Some(BalancerKind::Terraform) => {
            let set = "openstack loadbalancer member set POOL MEMBER --weight";
            (format!("{set} 0"), format!("{set} 1"))
        }
    };
    let of_node = "--field-selector spec.nodeName=NODE";
    vec![
        "# each node that runs Traefik, one after another:".to_owned(),
        out,
        format!("kubectl -n traefik delete pod {PODS} {of_node}"),
        format!("kubectl -n traefik wait pod {PODS} {of_node} --for=condition=Ready --timeout=10m"),
        back,
    ]
}

fn node_is_empty() -> Vec<String> {
    vec!["before a pod is deleted, until `conntrack -L -p tcp --dport 443` on its node shows no connection that is open".to_owned()]
}

/// Returns how to see whom Traefik believes.
fn believed(arrival: &Arrival) -> Vec<String> {
    let by = [
        ("proxyProtocol", arrival.announcing()),
        ("forwardedHeaders", arrival.forwarding()),
    ];
    let mut see = vec![format!("`kubectl -n traefik get pods {PODS}`: all are new")];
    for (key, ranges) in by.into_iter().filter(|(_, ranges)| !ranges.is_empty()) {
        let ranges: Vec<String> = ranges.iter().map(Cidr::to_string).collect();
        see.push(format!(
            "`kubectl -n traefik get pods {PODS} -o yaml | grep -ic {key}.trustedips=.*{}` prints 2 for each pod",
            ranges.join(",")
        ));
    }
    see
}

/// Names the address at which browsers find an arrival.
fn address(arrival: &Arrival) -> String {
    match arrival.balancer() {
        None => "the addresses of the nodes".to_owned(),
        Some(balancer) => match balancer.address {
            Some(address) => address.to_string(),
            None => format!("the address of {}", balancer.kind.title()),
        },
    }
}

fn known_address(balancer: &LoadBalancer) -> String {
    let address = balancer.address.map(|address| address.to_string());
    address.unwrap_or_else(|| "ADDRESS".to_owned())
}

/// Returns what to wait for until all browsers have been led over.
fn led_over(from: &Arrival, to: &Arrival) -> Vec<String> {
    vec![
        "as long as the old record's TTL, and then 4 minutes: Traefik closes connections that nobody has used for 3".to_owned(),
        left(from, to),
    ]
}

/// Returns how to see that nobody comes by an old address any more.
fn left(from: &Arrival, to: &Arrival) -> String {
    let ranges = to.balancer().map_or(&[][..], |balancer| &balancer.trusted);
    let ranges: Vec<String> = ranges.iter().map(Cidr::to_string).collect();
    match from.balancer().map(|balancer| balancer.kind) {
        None | Some(BalancerKind::MetalLb) => {
            let alone = match ranges.as_slice() {
                [] => String::new(),
                ranges => format!(" from elsewhere than {}", ranges.join(", ")),
            };
            format!(
                "until `conntrack -L -p tcp --dport 443` on the nodes shows no connection that is open{alone}"
            )
        }
        Some(BalancerKind::HaProxy) => {
            "until `ss -Htn state established '( sport = :80 or sport = :443 )'` on the old machine prints nothing"
                .to_owned()
        }
        Some(BalancerKind::OpenStack | BalancerKind::OvhMks | BalancerKind::Terraform) => {
            "until `openstack loadbalancer stats show NAME -c active_connections` of the old one shows 0"
                .to_owned()
        }
    }
}

fn taken_down(balancer: &LoadBalancer) -> String {
    match balancer.kind {
        BalancerKind::HaProxy => "ssh root@BALANCER systemctl disable --now haproxy".to_owned(),
        BalancerKind::Terraform => {
            "terraform destroy  # in the workspace of the old one".to_owned()
        }
        BalancerKind::OpenStack | BalancerKind::OvhMks | BalancerKind::MetalLb => {
            "# with Traefik's Service the load balancer is gone".to_owned()
        }
    }
}
