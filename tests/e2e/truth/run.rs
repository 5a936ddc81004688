//! Applies instances in batches, asks for each through Traefik, and judges them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::instance::{Pki, Shape, Speech, World, store, text};
use super::live;
use super::mutators::{Draw, Mutator};
use super::verdict::{self, Seen, Verdict};
use crate::api::Session;
use crate::client::Client;
use crate::cluster::Cluster;
use crate::components::Release;
use crate::httpd::{Httpd, Manner, Settings, Site};
use crate::stack::Case;
use crate::traefik::Traefik;
use crate::wait;

/// Instances that are there at a time.
const BATCH: usize = 250;
/// Wide ones that are there at a time, with a Traefik for each.
const WIDE_BATCH: usize = 60;
/// Requests and applications at a time: most of each is waiting.
const AT_A_TIME: usize = 6;
/// Traefiks at a time, which each take a second of a processor to start.
const TRAEFIKS_AT_A_TIME: usize = 2;
/// How long an answer may take: Traefik's own limit for a dead backend is 30 seconds, which none of ours is.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a Traefik of an instance's own may take to read the cluster: some are ended by the instance, and never do.
const START: Duration = Duration::from_secs(60);
/// The same where it passes over the instance that nothing was done to.
const START_OF_CLASS: Duration = Duration::from_secs(8);

/// How often such an instance is asked for before what it answers counts.
const AGAIN: usize = 10;

/// How often an instance of several services is asked for.
const SHARES: usize = 4;

/// Where etcd has what instances are made of.
const RESOURCES: [&str; 21] = [
    "secrets",
    "configmaps",
    "services/specs",
    "services/endpoints",
    "endpointslices",
    "deployments",
    "traefik.io/ingressroutes",
    "traefik.io/ingressroutetcps",
    "traefik.io/traefikservices",
    "traefik.io/middlewaretcps",
    "traefik.io/middlewares",
    "traefik.io/serverstransports",
    "traefik.io/serverstransporttcps",
    "traefik.io/tlsoptions",
    "traefik.io/tlsstores",
    "traefik.containo.us/ingressroutes",
    "traefik.containo.us/ingressroutetcps",
    "traefik.containo.us/middlewares",
    "traefik.containo.us/serverstransports",
    "traefik.containo.us/tlsoptions",
    "traefik.containo.us/tlsstores",
];

/// What a run is done with.
pub(super) struct Run<'a> {
    case: &'a Case,
    release: &'a Release,
    pki: &'a Pki,
    mutators: &'a [Mutator],
    cluster: Cluster,
    /// The wildcard certificate that all share, as manifests.
    shared: String,
    addresses: Vec<Ipv4Addr>,
    traefik: Ipv4Addr,
    lanes: Vec<Ipv4Addr>,
    browser: Client,
    /// The file of the authority that browsers trust.
    authority: PathBuf,
    /// The numbers of servers that were started.
    servers: AtomicUsize,
}

/// An instance that was damaged, and what came of applying it.
struct Applied<'a, 'd> {
    draw: &'d Draw,
    /// Where its httpd listens.
    address: Ipv4Addr,
    world: World<'a>,
    refused: Vec<String>,
}

impl<'a> Run<'a> {
    /// Starts an API server and makes the namespaces.
    pub(super) fn start(
        case: &'a Case,
        release: &'a Release,
        pki: &'a Pki,
        mutators: &'a [Mutator],
    ) -> Self {
        // Traefik watches all namespaces, as it does by default: no other case's objects may be there.
        let cluster = case
            .stack
            .new_cluster(release, &format!("cluster-truth-{release}"));
        let authority = case.directory.join("browser.pem");
        std::fs::write(&authority, &pki.browser.certificate).expect("our own directory");
        let run = Self {
            authority,
            shared: text(&store("traefik", &pki.wildcard)),
            browser: Client::trusting(&pki.browser.certificate)
                .offering("http/1.1")
                .waiting(PATIENCE),
            addresses: (0..=BATCH).map(|_| case.stack.address()).collect(),
            traefik: case.stack.address(),
            lanes: (0..TRAEFIKS_AT_A_TIME)
                .map(|_| case.stack.address())
                .collect(),
            servers: AtomicUsize::new(0),
            case,
            release,
            pki,
            mutators,
            cluster,
        };
        let mut names = vec!["traefik".to_owned()];
        for slot in 0..=BATCH {
            names.push(namespace(slot));
            names.push(format!("{}-b", namespace(slot)));
        }
        run.in_parallel(&names, |session, name| {
            let object = json!({
                "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name},
            });
            session.apply(&object).expect("a namespace of ours");
        });
        run
    }

    /// Judges all.
    /// `done` is told each batch.
    pub(super) fn all(&self, draws: &[Draw], done: impl Fn(&[Verdict])) -> Vec<Verdict> {
        let (wide, narrow): (Vec<&Draw>, Vec<&Draw>) = draws.iter().partition(|draw| draw.is_wide);
        let mut found = Vec::new();
        for object in store("traefik", &self.pki.wildcard) {
            let api = self.cluster.api();
            api.session()
                .apply(&object)
                .expect("the shared certificate");
        }
        for batch in narrow.chunks(BATCH) {
            let start = Instant::now();
            let verdicts = self.narrow(batch);
            done(&verdicts);
            found.extend(verdicts);
            self.note(batch.len(), "side by side", start);
        }
        for object in ["secrets", "traefik.io/tlsstores"] {
            self.cluster.forget(&[object], "traefik/");
        }
        for batch in wide.chunks(WIDE_BATCH) {
            let start = Instant::now();
            let verdicts = self.wide(batch);
            done(&verdicts);
            found.extend(verdicts);
            self.note(batch.len(), "with a Traefik each", start);
        }
        found.sort_by_key(|found| found.number);
        found
    }

    fn note(&self, count: usize, how: &str, start: Instant) {
        use std::io::Write as _;
        let _ = writeln!(
            std::io::stderr(),
            "truth: {count} instances {how} through Traefik {} in {} s",
            self.release,
            start.elapsed().as_secs()
        );
    }

    /// Judges instances that one Traefik serves.
    fn narrow(&self, batch: &[&Draw]) -> Vec<Verdict> {
        let applied = self.apply(batch, false);
        // An instance that nothing was done to, applied last: when it answers, Traefik has read all.
        let marker = self.marker();
        let httpd = self.httpd(&applied, &marker);
        let traefik = self.traefik(self.traefik, &[], &[]);
        let front = traefik.websecure();
        wait::until("the undamaged instance", || {
            match see(&self.browser, front, &marker) {
                Seen::Good => Ok(()),
                // A rule of another instance takes its requests: it is one of those that are wide.
                Seen::Page(page) => panic!("the undamaged instance shows the page of {page}"),
                other => Err(other.to_string()),
            }
        });
        let seen = each(&applied, AT_A_TIME, |_, applied| {
            self.look(applied, front, &self.shared)
        });
        let found = self.judge(&applied, seen, &self.shared, &traefik);
        drop(traefik);
        drop(httpd);
        self.forget();
        found
    }

    /// Judges instances of which each has a Traefik of its own.
    fn wide(&self, batch: &[&Draw]) -> Vec<Verdict> {
        let applied = self.apply(batch, true);
        let marker = self.marker();
        let httpd = self.httpd(&applied, &marker);
        let found = each(&applied, TRAEFIKS_AT_A_TIME, |lane, applied| {
            if !applied.refused.is_empty() {
                let seen = Seen::Refused(applied.refused.clone());
                return self.verdict(applied, (seen, None), "", None);
            }
            let own = applied.world.namespace.as_str();
            let second = format!("{own}-b");
            let traefik = self.traefik(
                self.lanes[lane],
                &[own, &second, &marker.namespace],
                &applied.world.flags,
            );
            // Some of these end Traefik's provider, and the instance is then never served.
            // The instance that nothing was done to is of no class.
            let is_of_class = |flag: &String| flag.contains("ingressclass");
            let start = if applied.world.flags.iter().any(is_of_class) {
                START_OF_CLASS
            } else {
                START
            };
            traefik.has_within(&marker.host, start);
            // It switches one entry point after the other, and what tells of its routes is behind another one.
            let is_good = || see(&self.browser, traefik.websecure(), &applied.world) == Seen::Good;
            let _ = (0..AGAIN).any(|_| is_good());
            let seen = self.look(applied, traefik.websecure(), "");
            self.verdict(applied, seen, "", Some(&traefik))
        });
        drop(httpd);
        self.forget();
        found
    }

    /// Asks for an instance as a browser does, and then by `probe`; returns how the two differ, too.
    fn look(
        &self,
        applied: &Applied<'_, '_>,
        front: SocketAddr,
        shared: &str,
    ) -> (Seen, Option<String>) {
        if !applied.refused.is_empty() {
            return (Seen::Refused(applied.refused.clone()), None);
        }
        // Of several services each takes a share of the requests: what one answers is not what all do.
        let times = if applied.world.has_shares() {
            SHARES
        } else {
            1
        };
        let all: Vec<Seen> = (0..times)
            .map(|_| see(&self.browser, front, &applied.world))
            .collect();
        let worst = all.iter().find(|seen| **seen != Seen::Good);
        let seen = worst.unwrap_or(&all[0]).clone();
        let is_one = all.iter().all(|other| *other == seen);
        let probed = (applied.draw.is_probed && is_one).then(|| {
            let probe = live::Probe {
                host: &applied.world.host,
                front,
                httpd: applied.address,
                authority: &self.authority,
                manifests: &format!("{shared}---\n{}", applied.world.text()),
            };
            probe.differs(&seen)
        });
        (seen, probed.flatten())
    }

    fn forget(&self) {
        self.cluster.forget(&RESOURCES, "h-");
    }

    fn traefik(&self, address: Ipv4Addr, namespaces: &[&str], further: &[String]) -> Traefik {
        let number = self.servers.fetch_add(1, Ordering::Relaxed);
        let directory = self.case.directory.join(format!("traefik-{number}"));
        std::fs::create_dir(&directory).expect("one server a number");
        let flags = [
            format!("--entrypoints.web.address={address}:80"),
            "--log.level=WARN".to_owned(),
        ];
        Traefik::start_with(
            &self.case.stack.programs,
            self.release,
            &self.cluster,
            namespaces,
            address,
            &directory,
            &[&flags[..], further].concat(),
        )
    }

    /// Damages instances and applies them.
    fn apply<'d>(&self, batch: &[&'d Draw], is_wide: bool) -> Vec<Applied<'a, 'd>> {
        let numbered: Vec<(usize, &Draw)> = batch.iter().copied().enumerate().collect();
        self.in_parallel(&numbered, |session, (slot, draw)| {
            let mut world = World::new(&namespace(*slot), draw.shape, self.release, self.pki);
            world.address = self.addresses[*slot];
            if is_wide {
                world.add_store();
            }
            for index in &draw.mutators {
                self.mutators[*index].damage(&mut world);
            }
            // Where no manifest says so, the httpd serves what it mounts.
            if !world.serves.is_hidden {
                world.serves.pair = world.mounted();
            }
            let endpoints = world.endpoints();
            let refused = world
                .objects
                .iter()
                .enumerate()
                .filter_map(|(place, object)| {
                    if is_replaced(object, &world.objects[place + 1..]) {
                        session.check(object).err()
                    } else {
                        session.apply(object).err()
                    }
                })
                .collect();
            for object in &endpoints {
                // A Service that was refused may make endpoints that are, too.
                let _ = session.apply(object);
            }
            Applied {
                draw,
                address: self.addresses[*slot],
                world,
                refused,
            }
        })
    }

    /// Starts the httpd of all that were applied and have a pair.
    fn httpd(&self, applied: &[Applied<'a, '_>], marker: &World<'a>) -> Httpd {
        let worlds = applied.iter().map(|applied| &applied.world).chain([marker]);
        let addresses = self.addresses[..applied.len()]
            .iter()
            .chain(&self.addresses[BATCH..]);
        let sites: Vec<Site> = worlds
            .zip(addresses)
            .filter_map(|(world, address)| {
                let serves = &world.serves;
                Some(Site {
                    address: *address,
                    pair: serves.pair.clone()?,
                    page: serves.page.clone(),
                    manner: Manner {
                        is_plain: serves.speech == Speech::Plain,
                        wants_proxy: serves.wants_proxy,
                        client_authority: serves.asks_for.clone(),
                        directives: serves.directives.clone(),
                    },
                })
            })
            .collect();
        let settings = Settings {
            keeps_alive: false,
            ..Settings::default()
        };
        let number = self.servers.fetch_add(1, Ordering::Relaxed);
        self.case
            .httpd(&format!("httpd-{number}"), &sites, &settings)
    }

    /// Compares all that was seen with what `lint` says.
    fn judge(
        &self,
        applied: &[Applied<'a, '_>],
        seen: Vec<(Seen, Option<String>)>,
        shared: &str,
        traefik: &Traefik,
    ) -> Vec<Verdict> {
        let seen: Vec<_> = applied.iter().zip(seen).collect();
        each(&seen, AT_A_TIME, |_, (applied, seen)| {
            self.verdict(applied, seen.clone(), shared, Some(traefik))
        })
    }

    fn verdict(
        &self,
        applied: &Applied<'_, '_>,
        (seen, probed): (Seen, Option<String>),
        shared: &str,
        traefik: Option<&Traefik>,
    ) -> Verdict {
        let world = &applied.world;
        let manifests = world.text();
        let report = verdict::lint(self.release, &world.host, shared, &manifests);
        let mutators = super::names(self.mutators, applied.draw);
        let kind = verdict::compare(world, &mutators, &seen, &report);
        let is_open = verdict::is_unknowable(&mutators)
            || seen == Seen::Good && verdict::is_double(&mutators);
        let logged = traefik.map_or_else(Vec::new, |traefik| {
            let complaints = traefik.complaints().into_iter();
            let own = |line: &String| line.contains(&world.namespace) || line.contains(&world.host);
            complaints.filter(own).collect()
        });
        Verdict {
            number: applied.draw.number,
            kind,
            host: world.host.clone(),
            shape: applied.draw.shape,
            probed: probed.filter(|_| !is_open),
            mutators,
            seen,
            said: verdict::said(&report),
            logged,
            manifests: format!("{shared}---\n{manifests}"),
        }
    }

    /// Runs a step for each item on several threads, with a connection to the API server for each.
    fn in_parallel<T: Sync, U: Send>(
        &self,
        items: &[T],
        step: impl Fn(&mut Session<'_>, &T) -> U + Sync,
    ) -> Vec<U> {
        let api = self.cluster.api();
        let sessions: Vec<Mutex<Session<'_>>> =
            (0..AT_A_TIME).map(|_| Mutex::new(api.session())).collect();
        each(items, AT_A_TIME, |lane, item| {
            let mut session = sessions[lane].lock().expect("it is this thread's own");
            step(&mut session, item)
        })
    }

    /// The undamaged instance of a batch.
    fn marker(&self) -> World<'a> {
        let mut world = World::new(&namespace(BATCH), Shape::Plain, self.release, self.pki);
        world.address = self.addresses[BATCH];
        let endpoints = world.endpoints();
        let api = self.cluster.api();
        let mut session = api.session();
        for object in world.objects.iter().chain(&endpoints) {
            session.apply(object).expect("an undamaged instance");
        }
        world
    }
}

/// Whether another object of its name is applied after it.
fn is_replaced(object: &Value, later: &[Value]) -> bool {
    let id = |object: &Value| {
        let metadata = &object["metadata"];
        let fields = [&object["apiVersion"], &object["kind"]];
        let fields = fields
            .into_iter()
            .chain([&metadata["namespace"], &metadata["name"]]);
        fields.cloned().collect::<Vec<_>>()
    };
    let own = id(object);
    own.iter().all(Value::is_string) && later.iter().any(|other| id(other) == own)
}

/// The namespace of a place in a batch.
fn namespace(slot: usize) -> String {
    format!("h-{slot:03}")
}

/// What a browser sees of an instance.
fn see(browser: &Client, front: SocketAddr, world: &World<'_>) -> Seen {
    match browser.get(front, &world.host, "/") {
        Ok(answer) if answer.status != 200 => Seen::Status(answer.status),
        Ok(answer) if answer.body != world.host => Seen::Page(answer.body),
        Ok(_) => Seen::Good,
        Err(why) => Seen::Failed(why),
    }
}

/// Runs a step for each item on several threads; each thread has a lane of its own.
fn each<T: Sync, U: Send>(
    items: &[T],
    lanes: usize,
    step: impl Fn(usize, &T) -> U + Sync,
) -> Vec<U> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, U)>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for lane in 0..lanes {
            let (next, done, step) = (&next, &done, &step);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = step(lane, item);
                    done.lock()
                        .expect("no thread panicked")
                        .push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no thread panicked");
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
