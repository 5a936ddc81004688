//! Fourteen months in the life of a repository with 300 instances, opened by the real `sops` all along.

use std::collections::BTreeSet;
use std::fs;

use civi_ingress::seal::Identity;

use crate::Case;
use crate::programs::Programs;
use crate::repository::{FleetText, Report, Repository, Seen};
use crate::secret::keygen;

pub(crate) const CASES: &[Case] = &[(
    "a_repository_of_300_instances_lives_through_fourteen_months",
    year,
)];

const COUNT: usize = 300;
/// Files of an instance.
const FILES: usize = 6;

fn recipient(identity: &str) -> String {
    let identity = Identity::all_from_text(identity)
        .expect("an identity")
        .remove(0);
    identity.recipient().as_str().to_owned()
}

fn paths(id: &str, names: &[&str]) -> BTreeSet<String> {
    let path = |name: &&str| format!("instances/{id}/{name}");
    names.iter().map(path).collect()
}

/// The files that change when a leaf is renewed, or a previous CA is no longer trusted.
const RENEWED: [&str; 2] = ["secret-selfcert.sops.yaml", "secret-externca.yaml"];

struct Year<'a> {
    repository: Repository<'a>,
    identity: String,
    months: usize,
}

impl Year<'_> {
    /// Verifies all chains, and opens ten Secrets: those of `first`, then others, another ten each time.
    fn look(&mut self, first: &BTreeSet<String>) {
        self.look_after(first, false);
    }

    fn look_after(&mut self, first: &BTreeSet<String>, restarted: bool) {
        self.repository.verify(restarted);
        self.months += 1;
        let ids: Vec<&str> = self
            .repository
            .fleet
            .instances
            .keys()
            .map(String::as_str)
            .collect();
        let (mut sample, others): (Vec<&str>, Vec<&str>) =
            ids.into_iter().partition(|id| first.contains(*id));
        sample.truncate(6);
        let stride = 29;
        let others = others.iter().cycle().skip(self.months * 7).step_by(stride);
        let missing = 10 - sample.len();
        sample.extend(others.take(missing));
        self.repository.open_with_sops(&sample, &self.identity);
    }

    /// Instances that a check says are due, by its report.
    fn due(&self) -> BTreeSet<String> {
        let report = self
            .repository
            .gitops("check", &["--summary", "json"])
            .stdout;
        let report = Report(serde_json::from_slice(&report).expect("it is JSON"));
        let mut due = report.units("renew");
        due.extend(report.units("promote"));
        due
    }

    /// Instances of which this holds.
    fn ids(&self, holds: impl Fn(&Seen) -> bool) -> BTreeSet<String> {
        let ids = self.repository.fleet.instances.keys();
        ids.filter(|id| holds(&self.repository.seen(id)))
            .cloned()
            .collect()
    }
}

fn of_all(ids: &BTreeSet<String>, names: &[&str]) -> BTreeSet<String> {
    ids.iter().flat_map(|id| paths(id, names)).collect()
}

#[expect(clippy::too_many_lines, reason = "a year has as many months as it has")]
fn year(programs: &Programs) {
    let mut fleet = FleetText {
        spec: "  shards: 4\n".to_owned(),
        ..FleetText::default()
    };
    for n in 0..COUNT {
        fleet.add(&format!("p{n:03}"));
    }
    let mut year = Year {
        repository: Repository::new(programs, fleet),
        identity: String::new(),
        months: 0,
    };
    let directory = year.repository.path().to_owned();
    let outside = tempfile::tempdir().expect("a directory");
    let key_file = outside.path().join("identity");
    let key_path = key_file.display().to_string();
    let with_key = ["--identity", key_path.as_str()];
    year.identity = keygen(programs, &directory);
    fs::write(&key_file, &year.identity).expect("writable");
    year.repository.fleet.recipients = vec![recipient(&year.identity)];

    let cluster = BTreeSet::from(["cluster".to_owned()]);

    // December: all is made.
    assert_eq!(year.repository.begin("2026-12-01"), 1);
    let report = year.repository.render(&[], 0);
    assert_eq!(report.count("issue"), 2 * COUNT as u64 + 1);
    let shards = (0..4).map(|n| format!("shards/{n:03}/kustomization.yaml"));
    let touched = report.touched();
    assert!(shards.clone().all(|path| touched.contains(&path)));
    let of_instances = touched
        .iter()
        .filter(|path| path.starts_with("instances/"))
        .count();
    assert_eq!(of_instances, FILES * COUNT);
    assert_eq!(year.repository.gitops("check", &[]).status, Some(0));
    year.repository.kustomize(COUNT);
    year.look(&BTreeSet::new());

    // January: nothing is due.
    assert_eq!(year.repository.begin("2027-01-01"), 0);
    let report = year.repository.render(&[], 0);
    assert_eq!(report.touched(), BTreeSet::new());
    year.look(&BTreeSet::new());

    // February: a host changes. March: an alias comes.
    for (day, id, host, alias) in [
        ("2027-02-01", "p010", "moved.example.org", None),
        (
            "2027-03-01",
            "p020",
            "p020.example.org",
            Some("old.example.org"),
        ),
    ] {
        let hosts = &mut year
            .repository
            .fleet
            .instances
            .get_mut(id)
            .expect("it is there")
            .0;
        host.clone_into(&mut hosts[0]);
        hosts.extend(alias.map(str::to_owned));
        assert_eq!(year.repository.begin(day), 1);
        let report = year.repository.render(&[], 0);
        let mut wanted = paths(id, &RENEWED);
        wanted.insert(format!("instances/{id}/ingressroute-ingressproxy.yaml"));
        if alias.is_none() {
            wanted.insert(format!(
                "instances/{id}/serverstransport-transport-selfsigned.yaml"
            ));
        }
        assert_eq!(report.touched(), wanted, "{day}");
        assert_eq!((report.count("renew"), report.count("keep")), (2, 599));
        assert_eq!(year.repository.gitops("check", &[]).status, Some(0));
        year.look(&report.units("renew"));
    }

    // April: an instance goes. Its files stay until they are pruned.
    year.repository.fleet.instances.remove("p030");
    assert_eq!(year.repository.begin("2027-04-01"), 1);
    let report = year.repository.render(&["--prune"], 0);
    let touched = report.touched();
    assert_eq!(touched.len(), FILES + 1, "{touched:?}");
    assert_eq!(
        touched
            .iter()
            .filter(|path| path.starts_with("instances/p030/"))
            .count(),
        FILES
    );
    assert_eq!(
        touched
            .iter()
            .filter(|path| path.starts_with("shards/"))
            .count(),
        1
    );
    assert!(!year.repository.tree().join("instances/p030").exists());
    assert_eq!(year.repository.gitops("check", &[]).status, Some(0));
    year.look(&BTreeSet::new());

    // May: one comes.
    year.repository.fleet.add("newcomer");
    assert_eq!(year.repository.begin("2027-05-01"), 1);
    let report = year.repository.render(&[], 0);
    let touched = report.touched();
    assert_eq!(touched.len(), FILES + 1, "{touched:?}");
    assert_eq!((report.count("issue"), report.count("keep")), (2, 599));
    assert_eq!(year.repository.gitops("check", &[]).status, Some(0));
    year.look(&BTreeSet::from(["newcomer".to_owned()]));

    // June: a recipient comes; two weeks later the first one goes. No key changes.
    let (first, second) = (year.identity.clone(), keygen(programs, &directory));
    let leaf = year.repository.seen("p100").leaf;
    year.repository.fleet.recipients.push(recipient(&second));
    assert_eq!(year.repository.begin("2027-06-01"), 1);
    let report = year.repository.render(&with_key, 0);
    assert_eq!((report.count("reseal"), report.count("renew")), (601, 0));
    // Each file with keys, the wildcard's own, and its CA's.
    assert_eq!(report.touched().len(), COUNT + 2, "{:?}", report.touched());
    assert_eq!(year.repository.gitops("check", &[]).status, Some(0));
    year.look(&BTreeSet::new());
    year.identity.clone_from(&second);
    year.look(&BTreeSet::new());
    year.repository.fleet.recipients.remove(0);
    assert_eq!(year.repository.begin("2027-06-15"), 1);
    let report = year.repository.render(&with_key, 0);
    assert_eq!((report.count("reseal"), report.count("renew")), (601, 0));
    fs::write(&key_file, &second).expect("writable");
    assert!(year.repository.seen("p100").leaf.der() == leaf.der());
    year.look(&BTreeSet::new());
    for id in ["p000", "p100", "p200"] {
        let text = year.repository.text_of(id);
        assert_ne!(year.repository.sops(&text, &first).status, Some(0), "{id}");
    }

    // July: the first renewals, as many as one wishes.
    assert_eq!(year.repository.begin("2027-07-10"), 1);
    let due = year.due();
    assert!((60..200).contains(&due.len()), "{}", due.len());
    let report = year.repository.render(&["--max-renewals", "20"], 0);
    let renewed = report.units("renew");
    assert_eq!(renewed.len(), 20);
    assert!(renewed.is_subset(&due));
    assert_eq!(report.touched(), of_all(&renewed, &RENEWED));
    assert_eq!(report.units("defer"), &due - &renewed);
    assert_eq!(year.repository.gitops("check", &[]).status, Some(1));
    year.look(&renewed);

    // The others' CAs are rolled over in steps: their CAs are trusted first …
    assert_eq!(year.repository.begin("2027-07-14"), 1);
    let due = year.due();
    let report = year.repository.render(&["--phase", "trust"], 0);
    let staged = report.units("stage");
    assert_eq!(staged, due);
    assert_eq!(
        report.touched(),
        of_all(
            &staged,
            &[
                "secret-externca.yaml",
                "secret-selfcert.sops.yaml",
                "next/secret-selfcert.sops.yaml"
            ]
        )
    );
    assert_eq!(
        year.repository
            .gitops("check", &["--phase", "trust"])
            .status,
        Some(0)
    );
    assert_eq!(year.repository.gitops("check", &[]).status, Some(1));
    year.look(&staged);

    // … then their leaves are served; what has become due in the meantime was not trusted yet, and waits …
    assert_eq!(year.repository.begin("2027-07-18"), 1);
    let late = &year.due() - &staged;
    assert!(!late.is_empty());
    let report = year.repository.render(&["--phase", "leaf"], 1);
    assert_eq!(report.units("promote"), staged);
    assert_eq!(report.units("blocked"), late);
    let mut names = RENEWED.to_vec();
    names.push("next/secret-selfcert.sops.yaml");
    assert_eq!(report.touched(), of_all(&staged, &names));
    year.look(&staged);

    // … and once every httpd was restarted, the previous CAs are dropped.
    assert_eq!(year.repository.begin("2027-07-25"), 1);
    let rolled: BTreeSet<String> = year.ids(|seen| seen.bundle.len() == 2);
    assert!(rolled.is_superset(&staged) && rolled.is_superset(&renewed));
    let report = year.repository.render(&["--phase", "shrink"], 1);
    // The wildcard's CA key is stored: without the identity it waits.
    assert_eq!(report.units("blocked"), cluster);
    assert_eq!(report.touched(), of_all(&rolled, &RENEWED));
    assert_eq!(year.ids(|seen| seen.bundle.len() == 2), BTreeSet::new());
    year.look_after(&rolled, true);

    // August: all that is left of the first year is due.
    assert_eq!(year.repository.begin("2027-08-10"), 1);
    let due = year.due();
    let ca = year.repository.wildcard_ca();
    let report = year.repository.render(&[], 1);
    assert_eq!(
        report.units("blocked"),
        BTreeSet::from(["cluster".to_owned()])
    );
    assert_eq!(report.units("renew"), due);
    assert_eq!(report.touched(), of_all(&due, &RENEWED));
    year.look(&due);
    let report = year.repository.render(&with_key, 0);
    assert_eq!(
        report.units("renew"),
        BTreeSet::from(["cluster".to_owned()])
    );
    assert!(
        report
            .touched()
            .contains("cluster/secret-wildcardsecret.sops.yaml")
    );
    assert!(year.repository.wildcard_ca().der() == ca.der());
    assert_eq!(year.repository.gitops("check", &[]).status, Some(0));
    year.look(&due);

    // The rest: what is due is renewed, and a CA leaves its bundle when it has ended.
    for day in [
        "2027-09-01",
        "2027-10-01",
        "2027-11-01",
        "2027-12-01",
        "2028-01-01",
        "2028-02-01",
    ] {
        let found = year.repository.begin(day);
        let due = year.due();
        let now = year.repository.instant();
        let ended = year.ids(|seen| seen.bundle.iter().any(|ca| ca.validity().not_after < now));
        assert_eq!(found == 0, due.is_empty() && ended.is_empty(), "{day}");
        let report = year.repository.render(&[], 0);
        assert_eq!(report.units("renew"), due, "{day}");
        let mut wanted = of_all(&due, &RENEWED);
        wanted.extend(of_all(&ended, &RENEWED));
        assert_eq!(report.touched(), wanted, "{day}");
        assert_eq!(
            year.repository.gitops("check", &[]).status,
            Some(0),
            "{day}"
        );
        year.look(&due);
        match day {
            "2028-01-01" => assert!(ended.len() > 100, "{}", ended.len()),
            _ => assert!(ended.len() < 10, "{day}: {}", ended.len()),
        }
    }
    year.repository.kustomize(COUNT);
    let all: Vec<&str> = year
        .repository
        .fleet
        .instances
        .keys()
        .map(String::as_str)
        .collect();
    year.repository.open_with_sops(&all, &year.identity);
    year.repository.open_wildcard_with_sops(&year.identity);
}
