//! `completions/` is what the binary prints. `CIVI_INGRESS_UPDATE=1 cargo test completions` rewrites it.

use crate::support::run;
use std::path::Path;

#[test]
fn the_committed_completions_are_those_of_the_binary() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
    for (shell, file) in [
        ("bash", "civi-ingress.bash"),
        ("zsh", "_civi-ingress"),
        ("fish", "civi-ingress.fish"),
        ("elvish", "civi-ingress.elv"),
        ("powershell", "_civi-ingress.ps1"),
    ] {
        let script = run(&["completions", shell]).good();
        let path = folder.join(file);
        if std::env::var_os("CIVI_INGRESS_UPDATE").is_some() {
            std::fs::write(&path, &script).expect("writable");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == script,
            "{file} is out of date: CIVI_INGRESS_UPDATE=1 cargo test completions"
        );
    }
}
