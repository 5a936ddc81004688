//! Finds the programs and runs them, each in an empty environment and a home of its own.

use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What `install` builds; it reads the same file.
const VERSIONS: &str = include_str!("versions");

/// What `tests/e2e/install` builds: kubectl, where the machine has none.
const E2E_VERSIONS: &str = include_str!("../e2e/versions");

/// Where each program is.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) sops: PathBuf,
    pub(crate) age: PathBuf,
    pub(crate) age_keygen: PathBuf,
    pub(crate) kubeseal: PathBuf,
    pub(crate) kubectl: PathBuf,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    /// Nothing when a signal ended it.
    pub(crate) status: Option<i32>,
}

impl Programs {
    /// Finds all of them.
    ///
    /// # Errors
    /// Names every missing program, and the command that gets it.
    pub(crate) fn find() -> Result<Self, String> {
        let cache = cache()?;
        let path = |name: &str, program: &str| {
            let version = version(VERSIONS, name);
            cache.join(format!("{name}-{version}")).join(program)
        };
        let kubernetes = format!(
            "e2e/kubernetes-{}/kubectl",
            version(E2E_VERSIONS, "kubernetes")
        );
        let programs = Self {
            sops: path("sops", "sops"),
            age: path("age", "age"),
            age_keygen: path("age", "age-keygen"),
            kubeseal: path("kubeseal", "kubeseal"),
            kubectl: on_path("kubectl").unwrap_or_else(|| cache.join("..").join(kubernetes)),
        };
        let all = [
            &programs.sops,
            &programs.age,
            &programs.age_keygen,
            &programs.kubeseal,
            &programs.kubectl,
        ];
        let missing: Vec<String> = all
            .into_iter()
            .filter(|path| !path.is_file())
            .map(|path| path.display().to_string())
            .collect();
        if missing.is_empty() {
            return Ok(programs);
        }
        Err(format!(
            "the oracles are not there:\n  {}\nget them with: tests/oracles/install (kubectl: tests/e2e/install)",
            missing.join("\n  ")
        ))
    }
}

fn version<'a>(versions: &'a str, name: &str) -> &'a str {
    versions
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .find(|fields| fields.first() == Some(&name))
        .expect("versions: every program is there")[1]
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// The directory that `install` fills.
fn cache() -> Result<PathBuf, String> {
    if let Some(named) = env::var_os("CIVI_INGRESS_ORACLES_CACHE") {
        return Ok(PathBuf::from(named));
    }
    env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))
        .map(|parent| parent.join("civi-ingress/oracles"))
        .ok_or_else(|| {
            "neither CIVI_INGRESS_ORACLES_CACHE, XDG_CACHE_HOME nor HOME is set".to_owned()
        })
}

/// Runs `program` in `directory`, with `identity` where `sops` looks for one and `input` on stdin.
pub(crate) fn run(
    program: &Path,
    directory: &Path,
    arguments: &[&str],
    identity: &str,
    input: &[u8],
) -> Outcome {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("HOME", directory)
        .env("SOPS_AGE_KEY", identity)
        .env("SOPS_DISABLE_VERSION_CHECK", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that does not read its input may be gone already. What it is given fits into the pipe.
    let _ = child.stdin.take().expect("piped").write_all(input);
    let output = child.wait_with_output().expect("the program ends");
    Outcome {
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        status: output.status.code(),
    }
}

impl Outcome {
    /// Returns stdout of a run that must have gone well.
    #[track_caller]
    pub(crate) fn good(self) -> Vec<u8> {
        assert_eq!(self.status, Some(0), "{}", self.stderr);
        self.stdout
    }

    /// As [`Outcome::good`], as text.
    #[track_caller]
    pub(crate) fn text(self) -> String {
        String::from_utf8(self.good()).expect("the output is text")
    }
}
