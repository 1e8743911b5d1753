//! What commands refuse to read or to replace: pipes, devices and folders in the place of a file.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Longer than any refusal takes, much shorter than a test that waits for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the command in `folder`, and ends it when it waits for something.
#[track_caller]
fn xtask(folder: &Path, arguments: &[&str]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_experiments"))
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
fn no_files() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    assert!(Command::new("mkfifo").arg(path("pipe.csv")).status().unwrap().success());
    symlink(path("pipe.csv"), path("link.csv")).unwrap();
    symlink("/dev/zero", path("zero.csv")).unwrap();
    fs::create_dir(path("folder.csv")).unwrap();
    folder
}

const NAMES: [&str; 4] = ["pipe.csv", "link.csv", "zero.csv", "folder.csv"];

#[track_caller]
fn is_refused(output: &Output, name: &str) {
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains(name), "{name}: {message}");
    assert!(message.contains("expected a regular file"), "{name}: {message}");
}

#[test]
fn weights_that_are_no_regular_file_are_refused_at_once() {
    let folder = no_files();
    for name in NAMES {
        is_refused(&xtask(folder.path(), &["evaluate", name]), name);
    }
    // Nothing was removed or made.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), NAMES.len());
}

#[test]
fn a_file_of_a_named_folder_that_is_no_regular_file_is_refused_at_once() {
    let study = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports/fashion-mnist");
    for name in NAMES {
        for table in ["study.toml", "runs.csv", "steps.csv", "grade.txt"] {
            let folder = no_files();
            for entry in fs::read_dir(&study).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_file() {
                    fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
                }
            }
            fs::remove_file(folder.path().join(table)).unwrap();
            fs::rename(folder.path().join(name), folder.path().join(table)).unwrap();
            is_refused(&xtask(folder.path(), &["report", "."]), table);
        }
        let folder = no_files();
        let data = folder.path().join("train-labels-idx1-ubyte.gz");
        fs::rename(folder.path().join(name), data).unwrap();
        let arguments =
            ["experiment", "--quick", "--dataset", "fashion-mnist", "--data-dir", ".", "--offline"];
        let output = xtask(folder.path(), &[&arguments[..], &["--out", "out"]].concat());
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
}

#[test]
fn a_pipe_a_device_or_a_folder_is_not_replaced_by_a_file() {
    let folder = no_files();
    for name in NAMES {
        is_refused(
            &xtask(folder.path(), &["data", "preview", "--dataset", "synthetic", "--out", name]),
            name,
        );
        assert!(!fs::metadata(folder.path().join(name)).unwrap().is_file(), "{name}");
    }
}
