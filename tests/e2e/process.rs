//! Starts a server in a session of its own and ends it, with all its children, when the value is dropped.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::wait;

/// A running server.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `program`; `name` is the file of its output in `directory`.
    ///
    /// The environment is empty but for `environment`: HTTP proxies, KUBECONFIG and
    /// `KUBERNETES_SERVICE_HOST` would each change what Traefik does.
    pub(crate) fn start(
        name: &str,
        directory: &Path,
        program: &Path,
        arguments: &[String],
        environment: &[(&str, &str)],
    ) -> Self {
        let log = directory.join(format!("{name}.log"));
        let output = File::create(&log).expect("the log's directory is there");
        // httpd signals its whole process group, so each server leads one: `setsid` keeps the process id.
        let child = Command::new("setsid")
            .arg(program)
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a second handle of the log"))
            .stderr(output)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
        Self {
            name: name.to_owned(),
            child,
            log,
        }
    }

    /// What the server wrote so far.
    pub(crate) fn output(&self) -> String {
        let bytes = fs::read(&self.log).expect("the log is there as long as the server");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Fails when the server has ended, with the end of its log.
    pub(crate) fn assert_running(&mut self) {
        if let Some(status) = self.ended() {
            let output = self.output();
            let tail: Vec<&str> = output.lines().rev().take(15).collect();
            let tail: Vec<&str> = tail.into_iter().rev().collect();
            panic!("{} ended with {status}:\n{}", self.name, tail.join("\n"));
        }
    }

    /// Sends a signal to the server itself, not to its children.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the server is running");
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("our own child")
    }

    fn pid(&self) -> Pid {
        let id = i32::try_from(self.child.id()).expect("a process id");
        Pid::from_raw(id).expect("a process id is not zero")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Errors mean that the group is gone already, and a drop has nobody to tell.
        let group = self.pid();
        let _ = kill_process_group(group, Signal::TERM);
        if wait::at_most(Duration::from_secs(5), || self.ended()).is_none() {
            let _ = kill_process_group(group, Signal::KILL);
            let _ = self.child.wait();
        }
    }
}
