//! What is no regular file, and a command that must refuse it at once.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Longer than any refusal takes, much shorter than a test that waits for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a program of the workspace in `folder`, and ends it when it waits for something.
#[track_caller]
pub(crate) fn run(program: &str, folder: &Path, arguments: &[&str]) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            unreachable!("{arguments:?} waits");
        }
        sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

/// A folder with something that is no regular file under each of [`NAMES`].
pub(crate) fn no_files() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    assert!(Command::new("mkfifo").arg(path("pipe.csv")).status().unwrap().success());
    symlink(path("pipe.csv"), path("link.csv")).unwrap();
    symlink("/dev/zero", path("zero.csv")).unwrap();
    fs::create_dir(path("folder.csv")).unwrap();
    folder
}

pub(crate) const NAMES: [&str; 4] = ["pipe.csv", "link.csv", "zero.csv", "folder.csv"];

#[track_caller]
pub(crate) fn is_refused(output: &Output, name: &str) {
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains(name), "{name}: {message}");
    assert!(message.contains("expected a regular file"), "{name}: {message}");
}
