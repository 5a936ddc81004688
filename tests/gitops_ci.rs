//! The workflows that `gitops init --ci` writes, run step by step as their hosts run them: renewals arrive in the
//! remote repository though the wildcard certificate waits for a person.

use crate::support::{make_executable, read, run_in, write};
use civi_ingress::yaml::{self, Node, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const RECIPIENT: &str = "age188kwnc9gxmahpxqauscuwhy6crjs66h0hqcn4w3vj8993595lgnqa3rfeq";
const BRANCH: &str = "civi-ingress/renewals";

/// A remote repository, and what a host gives a job.
struct Host {
    directory: TempDir,
    environment: BTreeMap<String, String>,
}

fn shell(directory: &Path, command: &mut Command) -> Output {
    command
        .current_dir(directory)
        .output()
        .expect("the program starts")
}

impl Host {
    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn git(&self, directory: &str, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(arguments).env_clear().envs(&self.environment);
        let output = shell(&self.path(directory), &mut command);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Makes a repository with a rendered fleet in `infra` and the workflow of a CI, in a bare remote.
    fn new(ci: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let path = |name: &str| directory.path().join(name);
        for name in ["bin", "home", "temp", "archive/civi-ingress-0"] {
            std::fs::create_dir_all(path(name)).unwrap();
        }
        let search = std::env::var("PATH").unwrap_or_default();
        let text = |path: &Path| path.display().to_string();
        // The program as a release has it, at the date that the test sets.
        let program = path("archive/civi-ingress-0/civi-ingress");
        let real = env!("CARGO_BIN_EXE_civi-ingress");
        write(
            &program,
            &format!(
                "#!/bin/sh\nexec {real} --now \"$(cat {}/now)\" \"$@\"\n",
                text(directory.path())
            ),
        );
        make_executable(&program);
        write(&path("gh"), "");
        let stub = path("bin/gh");
        let state = text(&path("pulls"));
        write(
            &stub,
            &format!(
                "#!/bin/sh\ncase \"$1 $2\" in\n'pr list') if [ -e {state} ]; then echo 1; else echo 0; fi;;\n'pr create') echo \"$@\" >> {state};;\n*) exit 9;;\nesac\n"
            ),
        );
        make_executable(&stub);
        let mut environment = BTreeMap::from([
            (
                "PATH".to_owned(),
                format!("{}:{search}", text(&path("bin"))),
            ),
            ("HOME".to_owned(), text(&path("home"))),
            ("TMPDIR".to_owned(), text(&path("temp"))),
            ("GIT_CONFIG_NOSYSTEM".to_owned(), "1".to_owned()),
        ]);
        for name in ["GIT_AUTHOR", "GIT_COMMITTER"] {
            environment.insert(format!("{name}_NAME"), "x".to_owned());
            environment.insert(format!("{name}_EMAIL"), "x@example.org".to_owned());
        }
        let host = Self {
            directory,
            environment,
        };
        let tar = shell(
            &host.path("archive"),
            Command::new("tar").args([
                "--create",
                "--gzip",
                "--file",
                "../civi-ingress.tar.gz",
                "civi-ingress-0",
            ]),
        );
        assert!(tar.status.success(), "{tar:?}");
        host.git(
            ".",
            &[
                "init",
                "--quiet",
                "--bare",
                "--initial-branch",
                "main",
                "remote",
            ],
        );
        host.git(
            "remote",
            &["config", "receive.advertisePushOptions", "true"],
        );
        host.git(".", &["clone", "--quiet", "remote", "work"]);
        host.git("work", &["switch", "--quiet", "--orphan", "main"]);
        let work = host.path("work");
        let init = [
            "gitops",
            "init",
            "--output-dir",
            "infra",
            "--recipient",
            RECIPIENT,
            "--ci",
            ci,
        ];
        run_in(&work, &init).good();
        run_in(&work, &["gitops", "add", "a", "-f", "infra/fleet.yaml"]).good();
        run_in(&work, &["gitops", "render", "-q", "-f", "infra/fleet.yaml"]).good();
        host.git("work", &["add", "--all"]);
        host.git("work", &["commit", "--quiet", "--message", "Begin"]);
        host.git("work", &["push", "--quiet", "origin", "main"]);
        host
    }

    /// Lets Git fail, or no longer, where a job asks the remote for the branch of proposals.
    fn let_git_fail_to_fetch(&self, fails: bool) {
        let stub = self.path("bin/git");
        if !fails {
            return std::fs::remove_file(stub).unwrap();
        }
        let search = std::env::var("PATH").unwrap_or_default();
        let script = format!(
            "#!/bin/sh\ncase \"$1 $*\" in\nfetch*{BRANCH}*|ls-remote*{BRANCH}*) exit 128;;\nesac\nPATH='{search}' exec git \"$@\"\n"
        );
        write(&stub, &script);
        make_executable(&stub);
    }

    /// Checks the default branch out, as a runner does.
    fn check_out(&self) -> PathBuf {
        let job = self.path("job");
        let _ = std::fs::remove_dir_all(&job);
        self.git(".", &["clone", "--quiet", "remote", "job"]);
        job
    }

    fn archive(&self) -> (String, String) {
        let archive = self.path("civi-ingress.tar.gz");
        let mut command = Command::new("sha256sum");
        let digest = shell(self.directory.path(), command.arg(&archive));
        let digest = String::from_utf8(digest.stdout).unwrap();
        let digest = digest.split(' ').next().unwrap().to_owned();
        (format!("file://{}", archive.display()), digest)
    }

    /// Returns the commits that a branch of the remote has beyond the default one; nothing where there is no such branch.
    fn proposed(&self) -> Vec<String> {
        let listed = self.git("remote", &["branch", "--list", BRANCH]);
        if listed.is_empty() {
            return Vec::new();
        }
        let log = self.git(
            "remote",
            &["log", "--format=%s", &format!("main..{BRANCH}")],
        );
        log.lines().map(str::to_owned).collect()
    }

    fn changed(&self) -> Vec<String> {
        let names = self.git("remote", &["diff", "--name-only", "main", BRANCH]);
        names.lines().map(str::to_owned).collect()
    }

    fn tip(&self) -> String {
        self.git("remote", &["rev-parse", BRANCH])
    }
}

fn texts(node: Option<&Node>) -> BTreeMap<String, String> {
    let Some(Value::Map(entries)) = node.map(|node| &node.value) else {
        return BTreeMap::new();
    };
    let text = |node: &Node| node.text().map(str::to_owned);
    let pairs = entries
        .iter()
        .map(|(key, node)| (key.text.to_string(), text(node)));
    pairs.filter_map(|(key, text)| Some((key, text?))).collect()
}

/// Runs a job of GitHub Actions up to its first failed step; returns its status and output.
fn github(host: &Host, job_name: &str) -> (i32, String) {
    let job_path = host.check_out();
    let file = ".github/workflows/civi-ingress.yml";
    let workflow = yaml::read(&read(&job_path.join(file)), file).unwrap();
    let job = workflow
        .get("jobs")
        .and_then(|jobs| jobs.get(job_name))
        .unwrap();
    let (url, digest) = host.archive();
    // What the host replaces the expressions of this workflow with; another one fails.
    let expressions = BTreeMap::from([
        ("${{ vars.CIVI_INGRESS_ARCHIVE }}", url),
        ("${{ vars.CIVI_INGRESS_SHA256 }}", digest),
        (
            "${{ github.event.repository.default_branch || github.ref_name }}",
            "main".to_owned(),
        ),
        ("${{ github.token }}", "token".to_owned()),
    ]);
    let mut environment = host.environment.clone();
    for (name, value) in texts(workflow.get("env"))
        .into_iter()
        .chain(texts(job.get("env")))
    {
        let value = if let Some(value) = expressions.get(value.as_str()) {
            value.clone()
        } else {
            assert!(!value.contains("${{"), "{value}");
            value
        };
        environment.insert(name, value);
    }
    let temp = host.path("runner");
    let _ = std::fs::remove_dir_all(&temp);
    std::fs::create_dir(&temp).unwrap();
    let files = ["GITHUB_PATH", "GITHUB_STEP_SUMMARY"].map(|name| (name, temp.join(name)));
    for (name, path) in &files {
        write(path, "");
        environment.insert((*name).to_owned(), path.display().to_string());
    }
    environment.insert("RUNNER_TEMP".to_owned(), temp.display().to_string());
    let mut said = String::new();
    for step in job.get("steps").unwrap().items() {
        let Some(script) = step.get("run").and_then(Node::text) else {
            let uses = step.get("uses").and_then(Node::text);
            assert_eq!(uses, Some("actions/checkout@v4"));
            continue;
        };
        assert!(!script.contains("${{"), "{script}");
        let added = read(&files[0].1);
        let search = added
            .lines()
            .fold(environment["PATH"].clone(), |search, line| {
                format!("{line}:{search}")
            });
        let script_file = temp.join("step.sh");
        write(&script_file, script);
        let mut command = Command::new("bash");
        command
            .args(["--noprofile", "--norc", "-eo", "pipefail"])
            .arg(&script_file)
            .env_clear()
            .envs(&environment)
            .env("PATH", search);
        let output = shell(&job_path, &mut command);
        said.push_str(&String::from_utf8_lossy(&output.stdout));
        said.push_str(&String::from_utf8_lossy(&output.stderr));
        if !output.status.success() {
            return (output.status.code().unwrap_or(-1), said);
        }
    }
    (0, said)
}

/// Runs a job of GitLab: its script after the one before it, in one shell.
fn gitlab(host: &Host, job_name: &str) -> (i32, String) {
    let job_path = host.check_out();
    let main = yaml::read(&read(&job_path.join(".gitlab-ci.yml")), "").unwrap();
    let included = main.get("include").unwrap().items()[0]
        .get("local")
        .and_then(Node::text);
    let file = included.unwrap();
    let jobs = yaml::read(&read(&job_path.join(file)), file).unwrap();
    let (base, job) = (
        jobs.get(".civi-ingress").unwrap(),
        jobs.get(job_name).unwrap(),
    );
    assert_eq!(
        job.get("extends").and_then(Node::text),
        Some(".civi-ingress")
    );
    let (url, digest) = host.archive();
    let mut environment = host.environment.clone();
    for (name, value) in [
        ("CIVI_INGRESS_ARCHIVE", url.as_str()),
        ("CIVI_INGRESS_SHA256", &digest),
        ("CI_DEFAULT_BRANCH", "main"),
        ("CI_PROJECT_DIR", &job_path.display().to_string()),
    ] {
        environment.insert(name.to_owned(), value.to_owned());
    }
    environment.extend(texts(base.get("variables")));
    environment.extend(texts(job.get("variables")));
    host.git("job", &["switch", "--quiet", "--detach"]);
    let lines = [base.get("before_script"), job.get("script")];
    let lines = lines.into_iter().flatten().flat_map(Node::items);
    let script: Vec<&str> = lines.map(|line| line.text().unwrap()).collect();
    let script_file = host.path("script.sh");
    write(&script_file, &(script.join("\n") + "\n"));
    let mut command = Command::new("bash");
    command
        .args(["-eo", "pipefail"])
        .arg(&script_file)
        .env_clear()
        .envs(&environment);
    let output = shell(&job_path, &mut command);
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// A year in the life of a repository, with one of the two hosts.
fn year(host: &Host, run: &dyn Fn(&Host, &str) -> (i32, String), [check, renew]: [&str; 2]) {
    let now = |instant: &str| write(&host.path("now"), instant);
    now("2027-01-01T00:00:00Z");
    let (status, said) = run(host, check);
    assert_eq!(status, 0, "{said}");
    let (status, said) = run(host, renew);
    assert_eq!((status, host.proposed().len()), (0, 0), "{said}");
    assert!(!said.contains("fatal"), "nothing is proposed yet: {said}");
    // The instance is due, and so is the wildcard, whose CA nobody can open here.
    now("2027-08-01T00:00:00Z");
    let (status, said) = run(host, renew);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("blocked"), "{said}");
    assert_eq!(host.proposed(), ["Renew certificates"]);
    let changed = host.changed();
    assert!(
        changed.contains(&"infra/instances/a/secret-selfcert.sops.yaml".to_owned())
            && changed
                .iter()
                .all(|path| path.starts_with("infra/instances/a/")),
        "{changed:?}"
    );
    let (status, _) = run(host, check);
    assert_eq!(status, 1, "the default branch is out of date");
    // The next night proposes the same keys, even after the default branch went on.
    let tip = host.tip();
    now("2027-08-02T00:00:00Z");
    run(host, renew);
    assert_eq!(host.tip(), tip);
    host.git("work", &["pull", "--quiet", "origin", "main"]);
    write(&host.path("work/README.md"), "More.\n");
    host.git("work", &["add", "--all"]);
    host.git("work", &["commit", "--quiet", "--message", "Say more"]);
    host.git("work", &["push", "--quiet", "origin", "main"]);
    let secret = format!("{BRANCH}:infra/instances/a/secret-selfcert.sops.yaml");
    let before = host.git("remote", &["show", &secret]);
    run(host, renew);
    assert_eq!(host.git("remote", &["show", &secret]), before);
    // A remote that does not answer may have a proposal: its keys are not issued twice.
    host.let_git_fail_to_fetch(true);
    let (status, said) = run(host, renew);
    assert_eq!(status, 128, "{said}");
    host.let_git_fail_to_fetch(false);
    assert_eq!(host.git("remote", &["show", &secret]), before);
    // Merged as one commit: there is nothing to propose any more.
    host.git("work", &["fetch", "--quiet", "origin"]);
    host.git(
        "work",
        &["merge", "--quiet", "--squash", &format!("origin/{BRANCH}")],
    );
    host.git("work", &["commit", "--quiet", "--message", "Renew"]);
    host.git("work", &["push", "--quiet", "origin", "main"]);
    let tip = host.tip();
    let (status, said) = run(host, renew);
    assert!(said.contains("Nothing to renew."), "{said}");
    assert_eq!((status, host.tip()), (1, tip), "the wildcard waits still");
}

#[test]
fn github_proposes_renewals_though_the_wildcard_waits() {
    let host = Host::new("github");
    year(&host, &github, ["check", "renew"]);
    let pulls = read(&host.path("pulls"));
    assert_eq!(pulls.lines().count(), 1, "one pull request: {pulls}");
    assert!(pulls.starts_with(
        "pr create --base main --head civi-ingress/renewals --title Renew certificates"
    ));
    let summary = read(&host.path("runner/GITHUB_STEP_SUMMARY"));
    assert!(summary.starts_with("### Fleet parishes\n"), "{summary}");
}

#[test]
fn gitlab_proposes_renewals_though_the_wildcard_waits() {
    let host = Host::new("gitlab");
    year(&host, &gitlab, ["civi-ingress-check", "civi-ingress-renew"]);
    let report = read(&host.path("job/.gitlab/civi-ingress.yml"));
    assert!(report.contains("FLEET: infra\n"), "{report}");
}

#[test]
fn a_workflow_or_a_fleet_that_is_there_stays_and_the_line_to_add_is_named() {
    let host = Host::new("gitlab");
    let work = host.path("work");
    write(&work.join(".gitlab-ci.yml"), "stages: [test]\n");
    let init = |ci: &str| run_in(&work.join("infra"), &["gitops", "init", "--ci", ci]);
    let again = init("gitlab");
    assert_eq!(
        (again.status, again.stderr.as_str()),
        (
            0,
            "note: ./fleet.yaml is there already and stays\n\
             note: ../.gitlab/civi-ingress.yml is there already and stays\n\
             note: ../.gitlab-ci.yml is there already and stays; add to it: include: [{local: .gitlab/civi-ingress.yml}]\n"
        )
    );
    assert_eq!(read(&work.join(".gitlab-ci.yml")), "stages: [test]\n");
    let other = init("github");
    assert_eq!(
        (other.status, other.stderr.as_str()),
        (
            0,
            "note: ./fleet.yaml is there already and stays\n\
             note: wrote ../.github/workflows/civi-ingress.yml; its first lines say what to set up\n"
        )
    );
    assert!(read(&work.join(".github/workflows/civi-ingress.yml")).contains("FLEET: infra\n"));
}
