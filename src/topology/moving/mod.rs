//! A move from one topology to another for a person: which steps, in which order, and of each what to run, what to wait
//! for, how to see that it is done and how to go back. A view of the order that [`crate::path::moving`] gives.

mod arriving;
mod inside;
mod keys;

pub use keys::{Goal, KeysMove};

use crate::fault::Fault;
use crate::fleet::{Fleet, Secrets};
use crate::gitops::layout::{Form, Home};
use crate::ingress::{Credentials, Ingress, objects};
use crate::instance::{Instance, Opened};
use crate::manifest::Identity;
use crate::name::ObjectName;
use crate::path::arrival::Arrival;
use crate::path::expand::Topology;
use crate::path::moving::{Change, Standing, Step, order};
use crate::release::Release;
use crate::report;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Version of the form for programs; it changes when a field is removed or changes its meaning.
const FORM: u32 = 1;

/// The file with the values that Traefik had before a move.
const VALUES_NOW: &str = "traefik-values-now.yaml";

/// One end of a move of an instance.
#[derive(Debug, Clone)]
pub struct End {
    /// The way that requests take.
    pub topology: Topology,
    /// The instance there.
    pub instance: Instance,
}

/// An instance that is moved.
#[derive(Debug)]
pub struct Moved<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is now.
    pub from: End,
    /// What it is to be.
    pub to: End,
    /// Where its files lie in the tree of a fleet; an instance of its own has a directory of its name.
    pub home: Option<Home>,
}

/// What is moved.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The topology that is to be.
    pub to: Topology,
    /// Who is moved.
    pub instances: Vec<Moved<'a>>,
    /// Names of those that are in the topology already.
    pub unmoved: Vec<&'a str>,
    /// How requests arrive now, and how they are to.
    pub arrivals: [&'a Arrival; 2],
    /// The release of Traefik.
    pub release: Release,
    /// By what it is moved.
    pub means: Means<'a>,
}

/// By what an instance is moved.
#[derive(Debug)]
pub enum Means<'a> {
    /// A fleet file and its tree.
    Fleet {
        /// The fleet.
        fleet: &'a Fleet,
        /// The name of its file.
        file: String,
        /// The directory of its tree: nothing, or a path with a slash at its end.
        tree: String,
        /// Whether all its instances are moved.
        is_whole: bool,
        /// The Secret with the certificate that httpd shows to browsers, where the fleet file does not say it.
        certificate: Option<ObjectName>,
        /// The file with the CA of the clients that are let in, where it comes with this move: beside the fleet file, as it is
        /// to be written.
        clients: Option<String>,
    },
    /// `new-instance` and `traefik-values`.
    Single {
        /// The options of both for the way that requests are to take.
        way: String,
        /// Those of `new-instance` for the instance.
        further: Vec<String>,
    },
}

/// A move, in its order.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "topologyMove"))]
pub struct Document {
    /// Version of this form.
    version: u32,
    /// Name of the topology that is to be.
    to: &'static str,
    /// The instances that are moved.
    instances: Vec<MovedName>,
    /// Instances that are in it already.
    unmoved: Vec<String>,
    /// What cannot be done without loss, or not everywhere.
    limits: Vec<String>,
    /// The steps.
    steps: Vec<Stated>,
}

/// An instance, and what it is now.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "topologyMoved"))]
struct MovedName {
    /// Its name.
    name: String,
    /// Name of its topology.
    from: &'static str,
    /// Names of the topologies on its way, in their order.
    via: Vec<&'static str>,
}

/// A step.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "topologyStep"))]
struct Stated {
    /// What changes, in a word for programs.
    change: &'static str,
    #[serde(flatten)]
    words: Words,
}

/// What is told of a step.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Words {
    /// What to do, in a sentence.
    what: String,
    /// Commands, and in lines that begin with `#` what no command does.
    run: Vec<String>,
    /// What to wait for.
    wait: Vec<String>,
    /// How to see that it is done.
    see: Vec<String>,
    /// How to go back.
    back: Vec<String>,
}

/// An instance in one step.
#[derive(Debug, Clone, Copy)]
struct At<'a> {
    moved: &'a Moved<'a>,
    step: &'a Step,
}

/// Explains what of an instance cannot be had where its TLS is passed on.
#[must_use]
pub fn never_passed(instance: &Instance) -> Vec<Fault> {
    let extras = &instance.extras;
    let opened = [
        (extras.retry_attempts.is_some(), Opened::Retry),
        (extras.hsts_seconds.is_some(), Opened::Hsts),
        (extras.client_auth, Opened::ClientAuth),
        (!extras.remote_ip.is_empty(), Opened::RemoteIp),
    ];
    let opened = opened.into_iter().filter(|(is_wanted, _)| *is_wanted);
    opened.map(|(_, opened)| opened.fault()).collect()
}

impl Moved<'_> {
    /// Refuses steps by which an httpd comes to believe others while it takes the addresses of browsers from `X-Forwarded-For`:
    /// Apache reads whose when it starts.
    fn checked(&self, steps: Vec<Step>) -> Result<Vec<Step>, Fault> {
        let changes = |step: &Step| step.before.httpd.believes != step.after.httpd.believes;
        if self.from.instance.extras.remote_ip.is_empty() || !steps.iter().any(changes) {
            return Ok(steps);
        }
        let fault = Fault::new(
            "httpd takes browsers' addresses from X-Forwarded-For, and learns whose to believe only when it starts",
        );
        Err(fault.help("leave out `remoteIp` until all is moved"))
    }
}

impl Document {
    /// Orders the steps of a move, or of several of the same instances one after another.
    ///
    /// # Errors
    /// A move that loses requests, with the way round.
    pub fn of(subjects: &[Subject<'_>]) -> Result<Self, Vec<Fault>> {
        let mut limits = Vec::new();
        let mut steps = Vec::new();
        for subject in subjects {
            let ways = subject.ways()?;
            let stages = stages(&ways);
            for limit in subject.limits(&stages) {
                if !limits.contains(&limit) {
                    limits.push(limit);
                }
            }
            if !stages.is_empty() {
                steps.push(subject.prepared(&stages));
                let each = stages.iter();
                steps.extend(each.map(|(change, at)| subject.stated(*change, at)));
                steps.push(subject.finished(&stages));
            }
        }
        let (first, last) = (subjects.first(), subjects.last());
        let names = |subject: &Subject<'_>| subject.to.name().as_str();
        let via: Vec<&'static str> = subjects.iter().rev().skip(1).rev().map(names).collect();
        let moved = first.map_or(&[][..], |subject| &subject.instances);
        Ok(Self {
            version: FORM,
            to: last.map_or("", names),
            instances: moved
                .iter()
                .map(|moved| MovedName {
                    name: moved.name.to_owned(),
                    from: moved.from.topology.name().as_str(),
                    via: via.clone(),
                })
                .collect(),
            unmoved: first
                .into_iter()
                .flat_map(|subject| &subject.unmoved)
                .map(ToString::to_string)
                .collect(),
            limits,
            steps,
        })
    }

    /// Writes it as JSON.
    #[must_use]
    pub fn json(&self) -> String {
        report::json(self)
    }

    /// Writes it for a person.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut add = |line: &str| writeln!(out, "{line}").expect("a String takes all");
        for MovedName { name, from, via } in &self.instances {
            let ways = [&[*from][..], via, &[self.to]].concat().join(" -> ");
            add(&format!("{name}: {ways}"));
        }
        for name in &self.unmoved {
            add(&format!("{name}: {} already", self.to));
        }
        for limit in &self.limits {
            add(&format!("! {limit}"));
        }
        for (Stated { change, words }, number) in self.steps.iter().zip(1..) {
            add("");
            add(&format!("{number}. {} ({change})", words.what));
            for line in &words.run {
                add(&format!("     {line}"));
            }
            for (title, lines) in [
                ("wait", &words.wait),
                ("see", &words.see),
                ("back", &words.back),
            ] {
                for line in lines {
                    add(&format!("   {:<6}{line}", format!("{title}:")));
                }
            }
        }
        out
    }
}

/// Merges the orders of all instances: what is done for each, between what is done once for the cluster. The latter is the same
/// for all that move from one arrival to another.
fn stages<'a>(ways: &'a [(&'a Moved<'a>, Vec<Step>)]) -> Vec<(Change, Vec<At<'a>>)> {
    let mut stages: BTreeMap<(usize, bool, usize, Change), Vec<At<'a>>> = BTreeMap::new();
    for (moved, steps) in ways {
        let mut behind = 0;
        for step in steps {
            let is_of_cluster = step.change.is_of_cluster();
            let part = if is_of_cluster { 0 } else { step.part };
            let stage = stages.entry((behind, is_of_cluster, part, step.change));
            stage.or_default().push(At { moved, step });
            behind += usize::from(is_of_cluster);
        }
    }
    let stages = stages.into_iter();
    stages.map(|((.., change), all)| (change, all)).collect()
}

impl Change {
    /// Returns whether it is done once for the cluster, and not for each instance.
    fn is_of_cluster(self) -> bool {
        match self {
            Self::Believe | Self::SetUp | Self::Trust | Self::Turn | Self::Lead | Self::Settle => {
                true
            }
            Self::Acquaint
            | Self::Double
            | Self::Divert
            | Self::Rework
            | Self::Return
            | Self::Keep
            | Self::Open
            | Self::Yield
            | Self::Close
            | Self::Dismiss => false,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Believe => "believe",
            Self::SetUp => "set-up",
            Self::Trust => "trust",
            Self::Turn => "turn",
            Self::Lead => "lead",
            Self::Settle => "settle",
            Self::Acquaint => "acquaint",
            Self::Double => "double",
            Self::Divert => "divert",
            Self::Rework => "rework",
            Self::Return => "return",
            Self::Keep => "keep",
            Self::Open => "open",
            Self::Yield => "yield",
            Self::Close => "close",
            Self::Dismiss => "dismiss",
        }
    }
}

impl Subject<'_> {
    /// Orders the changes of each instance.
    fn ways(&self) -> Result<Vec<(&Moved<'_>, Vec<Step>)>, Vec<Fault>> {
        let [from, to] = self.arrivals;
        let of = |end: &End, arrival| Standing::new(end.topology, arrival, &end.instance);
        let mut faults = Vec::new();
        let mut ways = Vec::new();
        for moved in &self.instances {
            let ordered = order(&of(&moved.from, from), &of(&moved.to, to));
            match ordered.and_then(|steps| moved.checked(steps)) {
                Ok(steps) => ways.push((moved, steps)),
                Err(fault) if faults.contains(&fault) => {}
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            Ok(ways)
        } else {
            Err(faults)
        }
    }

    /// Returns what cannot be done without loss, or not everywhere.
    fn limits(&self, stages: &[(Change, Vec<At<'_>>)]) -> Vec<String> {
        let has = |wanted: Change| stages.iter().any(|(change, _)| *change == wanted);
        let mut limits = Vec::new();
        if has(Change::Believe) || has(Change::Settle) {
            limits.push(
                "Traefik reads whom it believes when it starts, so each node gets a new pod when nothing comes to the node any more. With one node, requests fail until its pod is ready: add a second one for the time of the move."
                    .to_owned(),
            );
        }
        if has(Change::Double) {
            limits.push(
                "httpd reads its certificate when it starts, so a copy of it answers meanwhile. The node needs room for both, and both mount the same volumes: with ReadWriteOnce on one node (cordon the others), with ReadWriteOncePod not at all, and then requests fail while httpd restarts."
                    .to_owned(),
            );
        }
        let is_whole = !matches!(
            self.means,
            Means::Fleet {
                is_whole: false,
                ..
            }
        );
        if has(Change::Yield) && !has(Change::Turn) && !is_whole {
            limits.push(
                "A browser that has a connection open for another host of the same wildcard certificate may ask there for this one too (HTTP/2), and Traefik answers 404 once the old route is gone. Where that must not be, move all instances."
                    .to_owned(),
            );
        }
        limits
    }

    fn stated(&self, change: Change, at: &[At<'_>]) -> Stated {
        let words = match change {
            Change::Believe => self.believe(),
            Change::SetUp => self.set_up(),
            Change::Trust => self.trust(),
            Change::Turn => self.turn(),
            Change::Lead => self.lead(),
            Change::Settle => self.settle(),
            Change::Acquaint => inside::acquaint(at),
            Change::Double => inside::double(at),
            Change::Divert => inside::divert(self.release, at),
            Change::Rework => self.rework(at),
            Change::Return => inside::returned(self.release, at),
            Change::Keep => inside::keep(self.release, at),
            Change::Open => self.open(at),
            Change::Yield => inside::yielded(self.release, at),
            Change::Close => inside::close(self.release, at),
            Change::Dismiss => inside::dismiss(at),
        };
        words.of(change.word())
    }

    /// What is written and rendered before anything is applied.
    fn prepared(&self, stages: &[(Change, Vec<At<'_>>)]) -> Stated {
        let is_inside = stages.iter().any(|(change, _)| !change.is_of_cluster());
        let mut words = match &self.means {
            Means::Fleet {
                fleet, file, tree, ..
            } => {
                let mut words = Words::new("Write the new words and render them; push nothing yet");
                if is_inside {
                    words.run.extend(suspended(fleet, "suspend", 0));
                }
                words.run.push(format!("# {file}:"));
                let lines = self.words_of_fleet().into_iter();
                words.run.extend(lines.map(|line| format!("#   {line}")));
                let place = place(file, tree);
                words
                    .run
                    .push(format!("civi-ingress gitops render {place}"));
                for moved in &self.instances {
                    let asked = |end: &End| end.instance.extras.asked.clone();
                    if asked(&moved.from) != asked(&moved.to) {
                        let files = self.files(moved, |kind| kind == "Certificate");
                        words.run.extend(inside::applied(&files));
                    }
                }
                if !self.leaves_file() {
                    words
                        .see
                        .push(format!("`civi-ingress gitops check {place}`"));
                }
                words.back.push("`git checkout .`".to_owned());
                words
            }
            Means::Single { way, further } => {
                let mut words = Words::new("Render what is to be");
                for Moved { name, to, .. } in &self.instances {
                    let hosts = &to.instance.hosts;
                    let aliases = hosts.iter().skip(1).map(|host| format!(" --alias {host}"));
                    let aliases = aliases.collect::<Vec<_>>().concat();
                    words.run.push(format!(
                        "civi-ingress new-instance {name} --host {}{aliases} {} --cluster --output-dir {name}",
                        to.instance.host(),
                        [std::slice::from_ref(way), further.as_slice()].concat().join(" ")
                    ));
                    words.see.push(format!("`civi-ingress lint {name}`"));
                    words.back.push(format!("`rm -r {name}`"));
                }
                words
            }
        };
        words.see.extend(self.needed());
        words.of("prepare")
    }

    /// Returns whether the file of a load balancer lies in the tree of the fleet that nothing names any more.
    fn leaves_file(&self) -> bool {
        let [from, to] = self.arrivals.map(|arrival| {
            let kind = arrival.balancer().map(|balancer| balancer.kind);
            kind.filter(|kind| !kind.is_asked_for_by_service())
        });
        from.is_some() && from != to
    }

    /// Names what others make, and must be there.
    fn needed(&self) -> Vec<String> {
        let mut needed = Vec::new();
        for Moved { from, to, .. } in &self.instances {
            let namespace = &to.instance.namespace;
            if let Some(secret) = to.instance.extras.own_front()
                && from.instance.extras.own_front() != Some(secret)
            {
                needed.push(format!(
                    "`kubectl -n {namespace} get secret {secret} -o yaml | civi-ingress inspect -` shows the certificate of {}, of a CA that browsers know",
                    to.instance.host()
                ));
            }
        }
        let is_passed = |end: &End| end.topology.name().is_passed();
        let ends = |moved: &Moved<'_>| {
            let has_own = moved.to.instance.extras.own_front().is_some();
            is_passed(&moved.from) && !is_passed(&moved.to) && !has_own
        };
        let [_, to] = self.arrivals;
        if !to.is_plain() && self.instances.iter().any(ends) {
            let who = match to.ending() {
                [] => "browsers know its CA",
                _ => "the load balancer is to trust its CA",
            };
            needed.push(format!(
                "the certificate of the TLSStore `default` covers the hosts, and {who}"
            ));
        }
        let asks = |end: &End| end.instance.extras.clients.is_some();
        let shows = |moved: &Moved<'_>| asks(&moved.to) && !asks(&moved.from);
        if !to.ending().is_empty() && self.instances.iter().any(shows) {
            needed.push(
                "the load balancer has a certificate of the CA of `clients`: `civi-ingress cert --client-auth` makes one"
                    .to_owned(),
            );
        }
        needed
    }

    /// What is applied at the end, so that what runs and what is written are the same.
    fn finished(&self, stages: &[(Change, Vec<At<'_>>)]) -> Stated {
        let all = stages.iter().flat_map(|(_, at)| at);
        let mut words = Words::new("Apply all of it, and let nothing old remain");
        words.run.extend(all.filter_map(inside::chart_follows));
        let old = self
            .instances
            .first()
            .map(|moved| moved.from.topology.name());
        let old = old.unwrap_or(self.to.name()).as_str();
        match &self.means {
            Means::Fleet {
                fleet, file, tree, ..
            } => {
                if self.leaves_file() {
                    let place = place(file, tree);
                    words
                        .run
                        .push(format!("civi-ingress gitops render {place} --prune"));
                    words
                        .see
                        .push(format!("`civi-ingress gitops check {place}`"));
                }
                if stages.iter().any(|(change, _)| *change == Change::Believe) {
                    words.run.push(format!("rm {VALUES_NOW}"));
                }
                words
                    .run
                    .push("git add -A && git commit && git push".to_owned());
                words.run.extend(suspended(fleet, "resume", 1));
                let output = if tree.is_empty() { "." } else { tree.as_str() };
                words.see.push(format!("`civi-ingress status {output}`"));
                words
                    .back
                    .push(format!("`civi-ingress topology move -f {file} --to {old}`"));
            }
            Means::Single { .. } => {
                for Moved { name, from, to, .. } in &self.instances {
                    words.run.push(format!("kubectl apply -f {name}"));
                    let of = |end: &End| end.instance.extras.public_certificate.is_some();
                    if of(to) && !of(from) {
                        words.run.push(format!(
                            "kubectl -n {} delete secret {} --ignore-not-found",
                            to.instance.namespace, to.instance.settings.trust_bundle.secret
                        ));
                    }
                    words.run.push(format!("rm -r {name}"));
                }
                words.back.push(format!(
                    "`civi-ingress topology move` with `--from {} --to {old}`",
                    self.to.name().as_str()
                ));
            }
        }
        for Moved { to, .. } in &self.instances {
            let host = to.instance.host();
            words
                .see
                .push(format!("`civi-ingress probe {host} --cluster`"));
        }
        words.of("finish")
    }

    /// Writes the keys of the fleet file that are to be.
    fn words_of_fleet(&self) -> Vec<String> {
        let Means::Fleet {
            fleet,
            is_whole,
            certificate,
            clients,
            ..
        } = &self.means
        else {
            return Vec::new();
        };
        let [from, to] = self.arrivals;
        let word = self.to.name().as_str();
        let mut lines = vec!["spec:".to_owned()];
        let certificate = certificate.as_ref();
        let certificate =
            certificate.map(|secret| format!("publicCertificate: {{secret: {secret}}}"));
        if *is_whole {
            lines.push(format!("  topology: {word}"));
            let mut defaults = Vec::new();
            defaults.extend(certificate);
            if let Some(file) = clients {
                defaults.push(format!("clients: {{require: {file}}}"));
            }
            if !defaults.is_empty() {
                lines.push(format!("  defaults: {{{}}}", defaults.join(", ")));
            }
        } else {
            lines.push("  instances:".to_owned());
            let certificate = certificate.map_or_else(String::new, |word| format!(", {word}"));
            for moved in &self.instances {
                lines.push(format!(
                    "    {}: {{topology: {word}{certificate}}}",
                    moved.name
                ));
            }
        }
        if from != to {
            lines.push(arriving::in_fleet(to));
        }
        let asks = |end: &End| end.instance.extras.clients.is_some();
        let let_in = |moved: &Moved<'_>| asks(&moved.from) && !asks(&moved.to);
        if self.instances.iter().any(let_in) {
            lines.push(
                "# and no `clients`: nobody but the load balancer has such a certificate"
                    .to_owned(),
            );
        }
        if *is_whole && fleet.members.len() > 1 {
            lines.push("# and no `topology` of its own at an instance".to_owned());
        }
        lines
    }

    /// Returns where the file of an object lies.
    fn file(&self, moved: &Moved<'_>, identity: &Identity) -> String {
        match (&self.means, &moved.home) {
            (Means::Fleet { tree, .. }, Some(home)) => {
                format!("{tree}{}", home.path(identity, Form::Public))
            }
            _ => format!("{}/{}", moved.name, identity.file_name()),
        }
    }

    /// Returns the files of the objects of an instance that are to be and of which this is true, without those that hold
    /// keys.
    fn files(&self, moved: &Moved<'_>, is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let ingress = Ingress::Traefik(self.release);
        let End { topology, instance } = &moved.to;
        let all = objects(&ingress, *topology, instance, &Credentials::default());
        let wanted = all.iter().filter(|object| is_wanted(object.identity.kind));
        let mut files: Vec<String> = wanted
            .map(|object| self.file(moved, &object.identity))
            .collect();
        files.dedup();
        files
    }

    /// Returns the commands that apply the Secrets of an instance that are to be.
    fn secrets_applied(&self, moved: &Moved<'_>) -> Vec<String> {
        let instance = &moved.to.instance;
        let mut names = Vec::new();
        for (_, place) in instance.placements() {
            if !names.contains(&place.secret) {
                names.push(place.secret);
            }
        }
        let commands = names.into_iter().map(|name| {
            let of = |kind| Identity {
                api_version: "v1",
                kind,
                namespace: Some(instance.namespace.clone()),
                name: name.clone(),
            };
            match (&self.means, &moved.home) {
                (Means::Fleet { fleet, tree, .. }, Some(home)) => match fleet.keys.here() {
                    Some(Secrets::Sops { .. }) => {
                        let file = home.path(&of("Secret"), Form::Sops);
                        format!("sops decrypt {tree}{file} | kubectl apply -f -")
                    }
                    Some(Secrets::Sealed { .. }) => {
                        let file = home.path(&of("SealedSecret"), Form::Sealed);
                        format!("kubectl apply -f {tree}{file}")
                    }
                    Some(Secrets::Plain) | None => {
                        let file = home.path(&of("Secret"), Form::Plain);
                        format!("kubectl apply -f {tree}{file}")
                    }
                },
                _ => format!("kubectl apply -f {}", self.file(moved, &of("Secret"))),
            }
        });
        commands.collect()
    }
}

/// Writes the options that name a fleet file and its tree.
fn place(file: &str, tree: &str) -> String {
    let output = match tree {
        "" => ".",
        tree => tree.trim_end_matches('/'),
    };
    format!("-f {file} --output-dir {output}")
}

/// Returns the commands by which the controllers of a fleet apply nothing, or go on.
fn suspended(fleet: &Fleet, word: &str, replicas: u8) -> Vec<String> {
    let flux = fleet.flux.as_ref();
    let flux = flux.map(|flux| format!("flux {word} kustomization --all -n {}", flux.namespace));
    let argo = fleet.argo_cd.as_ref();
    let argo = argo.map(|argo| {
        format!(
            "kubectl -n {} scale statefulset argocd-application-controller --replicas={replicas}",
            argo.namespace
        )
    });
    flux.into_iter().chain(argo).collect()
}

impl Words {
    fn new(what: &str) -> Self {
        Self {
            what: what.to_owned(),
            ..Self::default()
        }
    }

    fn of(self, change: &'static str) -> Stated {
        Stated {
            change,
            words: self,
        }
    }
}
