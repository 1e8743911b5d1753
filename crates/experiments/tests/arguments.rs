//! What commands refuse to read or to replace: pipes, devices and folders in the place of a file.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../../xtask/tests/support/no_files.rs"]
mod no_files;

use std::fs;
use std::path::Path;
use std::process::Output;

use no_files::{NAMES, is_refused, no_files};

fn xtask(folder: &Path, arguments: &[&str]) -> Output {
    no_files::run(env!("CARGO_BIN_EXE_experiments"), folder, arguments)
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
