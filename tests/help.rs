//! Help, examples, and what a command line that cannot be taken is answered.

use crate::support::{assert_snapshot_in, finish, names_in, run, run_in, write};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Returns the words of every command, as the help of the one above it lists them.
fn commands() -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let mut next = 0;
    while let Some(command) = all.get(next).cloned() {
        next += 1;
        let help = help(&command);
        let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
        for line in listed.take_while(|line| !line.is_empty()) {
            let name = line
                .strip_prefix("  ")
                .and_then(|line| line.split(' ').next());
            if let Some(name) = name.filter(|name| !name.is_empty() && *name != "help") {
                all.push(command.iter().cloned().chain([name.to_owned()]).collect());
            }
        }
    }
    all
}

fn help(command: &[String]) -> String {
    let arguments: Vec<&str> = command
        .iter()
        .map(String::as_str)
        .chain(["--help"])
        .collect();
    let run = run(&arguments);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    run.stdout
}

#[test]
fn help_of_every_command() {
    let commands = commands();
    assert!(commands.len() > 20, "{commands:?}");
    for command in commands {
        let name = format!("help-{}", command.join("-"));
        assert_snapshot_in!("command-line", name.trim_end_matches('-'), help(&command));
    }
}

#[test]
fn the_command_help_prints_the_same_as_the_option() {
    for command in commands() {
        let words = command.iter().map(String::as_str);
        let printed = run(&["help"].into_iter().chain(words).collect::<Vec<_>>());
        assert_eq!(printed.good(), help(&command), "{command:?}");
    }
}

#[test]
fn the_short_help_is_shorter_and_says_where_more_is() {
    for command in commands() {
        let arguments: Vec<&str> = command.iter().map(String::as_str).chain(["-h"]).collect();
        let short = run(&arguments).good();
        assert!(short.lines().count() < help(&command).lines().count());
        assert!(short.contains("(see more with '--help')"), "{short}");
        assert!(!short.contains("Examples:"), "{short}");
    }
}

/// Returns the commands of each example: the lines indented by four below a line that is indented by two.
fn examples(help: &str) -> Vec<String> {
    let mut examples = Vec::new();
    let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1);
    for line in lines.take_while(|line| line.is_empty() || line.starts_with("  ")) {
        if let Some(command) = line.strip_prefix("    ") {
            let example: &mut String = examples.last_mut().expect("a heading comes first");
            example.push_str(command);
            example.push('\n');
        } else if line.starts_with("  ") {
            examples.push(String::new());
        }
    }
    examples
}

/// Puts what the examples read into a directory: files, a tree, and programs that stand for those of a cluster.
fn prepare(directory: &Path) {
    let at = |name: &str| directory.join(name);
    let good = |arguments: &[&str]| drop(run_in(directory, arguments).good());
    write(&at("values.yaml"), "externalhost: a.example.org\n");
    good(&[
        "new-instance",
        "paroisse-a",
        "--host",
        "a.example.org",
        "--output-dir",
        "manifests",
    ]);
    let secrets = run_in(
        directory,
        &["new-instance", "paroisse-a", "--host", "a.example.org"],
    );
    write(&at("secrets.yaml"), &secrets.good());
    write(
        &at("ingresses.yaml"),
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a, namespace: paroisse-a}\nspec: {rules: [{host: a.example.org}]}\n",
    );
    good(&["ca", "--output-dir", "pki"]);
    good(&[
        "cert",
        "--dns",
        "*.example.org",
        "--ca-cert",
        "pki/ca.crt",
        "--ca-key",
        "pki/ca.key",
        "--output-dir",
        "tls",
    ]);
    for (from, to) in [
        ("tls/tls.crt", "tls.crt"),
        ("tls/tls.crt", "fullchain.pem"),
        ("tls/tls.key", "privkey.pem"),
    ] {
        std::fs::copy(at(from), at(to)).unwrap();
    }
    write(
        &at(".sops.yaml"),
        "creation_rules:\n  - age: age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\n",
    );
    write(
        &at("solver.yaml"),
        "cloudflare: {apiTokenSecretRef: {name: cloudflare, key: token}}\n",
    );
    std::fs::create_dir(at("clusters")).unwrap();
    good(&[
        "gitops",
        "init",
        "--output-dir",
        ".",
        "--domain",
        "example.org",
    ]);
    let fleet = std::fs::read_to_string(at("fleet.yaml")).unwrap();
    write(
        &at("fleet.yaml"),
        &fleet.replace("# paroisse-a: {}", "paroisse-a: {}"),
    );
    good(&[
        "gitops",
        "render",
        "-f",
        "fleet.yaml",
        "--output-dir",
        "clusters/prod",
    ]);
    std::fs::create_dir(at("bin")).unwrap();
    for (program, script) in [
        (
            "kubectl",
            "case $1 in api-resources) echo secrets;; get) if test $2 = ingresses; then cat ingresses.yaml; else cat secrets.yaml; fi;; apply) cat > applied.yaml; test -s applied.yaml;; esac",
        ),
        ("helm", "cat > applied.yaml; test -s applied.yaml"),
        ("man", "test -s \"$1\""),
    ] {
        let path = at("bin").join(program);
        write(&path, &format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn every_example_runs_but_those_that_look_at_a_live_host() {
    let binary = Path::new(env!("CARGO_BIN_EXE_civi-ingress"))
        .parent()
        .unwrap();
    let mut number = 0;
    for example in commands()
        .iter()
        .flat_map(|command| examples(&help(command)))
    {
        if example.contains("civi-ingress probe") {
            continue;
        }
        number += 1;
        let directory = TempDir::new().unwrap();
        prepare(directory.path());
        let script = format!(
            "umask 077; git init -q; civi-ingress() {{ command civi-ingress --now 2026-11-21T10:00:00Z \"$@\"; }}\n{example}"
        );
        let path = format!("bin:{}:/usr/bin:/bin", binary.display());
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &script])
            .current_dir(directory.path())
            .env("PATH", path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{example}\n{said}");
    }
    assert!(number > 20, "{number} examples were run");
}

#[test]
fn a_command_of_another_program_is_answered_with_the_one_that_is_meant() {
    for (typed, meant) in [
        ("renew", "'gitops render'"),
        (
            "render",
            "'new-instance' renders one instance, 'gitops render' a fleet",
        ),
        ("check", "'gitops check'"),
        ("verify", "'lint'"),
        ("validate", "'lint'"),
        ("init", "'gitops init'"),
        ("list", "'status'"),
        ("rotate", "'new-instance NAME' without '--reuse'"),
        ("create", "'new-instance'"),
        ("apply", "`kubectl apply -f -`"),
        ("issue", "'cert'"),
        ("diff", "'gitops diff'"),
        ("import", "'gitops import'"),
    ] {
        let run = run(&[typed]);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{typed}");
        let first = format!("error: unrecognized subcommand '{typed}'\n\n  tip: ");
        assert!(run.stderr.starts_with(&first), "{}", run.stderr);
        let tip = run.stderr.lines().nth(2).unwrap();
        assert!(tip.contains(meant), "{tip}");
    }
}

#[test]
fn a_number_below_zero_is_refused_as_a_value_of_its_option() {
    let run = run(&[
        "gitops",
        "render",
        "-f",
        "f",
        "--output-dir",
        "o",
        "--max-renewals",
        "-5",
    ]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    let first = "error: invalid value '-5' for '--max-renewals <N>'";
    assert!(run.stderr.starts_with(first), "{}", run.stderr);
}

#[test]
fn a_length_of_time_or_an_instant_that_begins_with_a_hyphen_is_judged_as_a_value() {
    for (line, what) in [
        (
            "probe a.example.org --timeout -5s",
            "--timeout: `-5s` is not a duration",
        ),
        (
            "probe a.example.org --http-timeout -5s",
            "--http-timeout: `-5s` is not a duration",
        ),
        (
            "probe a.example.org --expires-within -3d",
            "--expires-within: `-3d`",
        ),
        (
            "lint x.yaml --expires-within -3d",
            "--expires-within: `-3d`",
        ),
        (
            "status x.pem --fail-within -3d",
            "--fail-within: `-3d` is not a time span",
        ),
        (
            "ca --output-dir out --days -5d",
            "--days: `-5d` is not a lifetime",
        ),
        (
            "cert --dns a.b --output-dir out --ca-days -5d",
            "--ca-days: `-5d` is not a lifetime",
        ),
        (
            "ca --output-dir out --not-before -1d",
            "--not-before: `-1d`",
        ),
        ("inspect x.pem --now -1d", "--now: `-1d`"),
        (
            "traefik-values --read-timeout -5s",
            "--read-timeout: `-5s` is not a valid read timeout",
        ),
        (
            "traefik-values --replicas -5x",
            "invalid value '-5x' for '--replicas <N>'",
        ),
        (
            "gitops check --max-issues -5x",
            "invalid value '-5x' for '--max-issues <N>'",
        ),
    ] {
        let refused = run(&line.split(' ').collect::<Vec<_>>());
        assert_eq!((refused.status, refused.stdout.as_str()), (2, ""), "{line}");
        let first = format!("error: {what}");
        assert!(
            refused.stderr.starts_with(&first),
            "{line}: {}",
            refused.stderr
        );
    }
}

#[test]
fn no_tip_says_that_an_option_may_be_a_value() {
    for arguments in [
        &["inspect", "-5"][..],
        &["new-instance", "-x"],
        &["--bogus"],
        &["nope"],
    ] {
        let run = run(arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(!run.stderr.contains(" -- "), "{}", run.stderr);
    }
}

#[test]
fn called_as_a_plugin_of_kubectl_it_names_itself_so() {
    let directory = TempDir::new().unwrap();
    let plugin = directory.path().join("kubectl-civi_ingress");
    symlink(env!("CARGO_BIN_EXE_civi-ingress"), &plugin).unwrap();
    let plugin = |arguments: &[&str]| {
        let mut command = assert_cmd::Command::new(&plugin);
        finish(
            command
                .current_dir(directory.path())
                .env_clear()
                .args(arguments),
        )
    };
    let refused = plugin(&["new-instance"]);
    assert_eq!(refused.status, 2);
    let usage = "\nUsage: kubectl civi-ingress new-instance <NAME>\n";
    assert!(refused.stderr.contains(usage), "{}", refused.stderr);
    let help = plugin(&["help", "inspect"]).good();
    assert!(
        help.contains("\nUsage: kubectl civi-ingress inspect [OPTIONS] <FILE>...\n"),
        "{help}"
    );
    for command in [
        &["--help"][..],
        &["gitops", "render", "--help"],
        &["probe", "--help"],
    ] {
        let help = plugin(command).good();
        let calls = |name: &str| help.matches(name).count();
        assert!(calls("kubectl civi-ingress ") > 2, "{help}");
        assert_eq!(
            calls(" civi-ingress "),
            calls("kubectl civi-ingress "),
            "{help}"
        );
    }
    let refused = plugin(&["gitops", "check", "--output-dir", "out", "-f", "fleet.yaml"]);
    assert!(
        !refused.stderr.contains("`civi-ingress "),
        "{}",
        refused.stderr
    );
    let refused = plugin(&["inspect", "https://a.example.org"]);
    assert!(
        refused
            .stderr
            .contains("help: `kubectl civi-ingress probe HOST`"),
        "{}",
        refused.stderr
    );
    assert_eq!(names_in(directory.path()), ["kubectl-civi_ingress"]);
}
