//! `cargo xtask experiment`, as a user meets it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(unix)]
mod disk;
#[cfg(unix)]
mod folders;
#[cfg(unix)]
mod interruption;
mod tensorboard;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use sha2::{Digest, Sha256};

/// A study of a few seconds: four runs of 3 epochs with 60 steps of 10 images each.
const TINY: [&str; 3] = ["--quick", "--batch-size=10", "--dataset=synthetic"];

/// The command in `folder`, without the data set that the environment may name.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_experiments"));
    command
        .arg("experiment")
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .env_remove("FASHION_MNIST_DIR");
    command
}

fn experiment(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

/// Runs the tiny study into `out` to its end; what it printed.
fn tiny_study(folder: &Path, out: &str, more: &[&str]) -> String {
    let out = format!("--out={out}");
    let output = experiment(folder, &[TINY.as_slice(), &[out.as_str()], more].concat());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""));
    String::from_utf8(output.stdout).unwrap()
}

/// Every file below a folder with its bytes, by its path from there.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

/// That two folders have the same files, and which differ if not.
fn assert_same(found: &BTreeMap<String, Vec<u8>>, expected: &BTreeMap<String, Vec<u8>>) {
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(found), names(expected));
    let differ: Vec<_> = expected.keys().filter(|&name| found[name] != expected[name]).collect();
    assert!(differ.is_empty(), "{differ:?} differ");
}

/// The bytes of every file of a study: whatever changes an operation, an order or a drawing changes
/// them. The networks' trajectories are held against PyTorch's in the trainer's tests.
#[test]
fn a_tiny_study_gives_the_same_bytes_on_every_machine() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!("transcript", tiny_study(folder.path(), "out", &[]));
    let files = files(&folder.path().join("out"));
    let text = |name: &str| String::from_utf8(files[name].clone()).unwrap();
    insta::assert_snapshot!("summary.csv", text("summary.csv"));
    insta::assert_snapshot!("report", text("README.md"));
    let digests: String = files
        .iter()
        .map(|(name, bytes)| {
            let digest = Sha256::digest(bytes);
            let start: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{start} {name}\n")
        })
        .collect();
    insta::assert_snapshot!("digests", digests);
}

#[test]
fn threads_change_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let [one, many] = ["1", "4"].map(|threads| {
        let said = tiny_study(folder.path(), threads, &["--threads", threads, "--epochs=1"]);
        let (said, _) = said.rsplit_once("wrote ").unwrap(); // the folder's name follows
        (said.to_owned(), files(&folder.path().join(threads)))
    });
    assert_eq!(one.0, many.0);
    assert_same(&one.1, &many.1);
}

/// The networks of the lesson before have no head to freeze, and one block.
#[test]
fn the_lesson_before_can_be_studied_too() {
    let folder = tempfile::tempdir().unwrap();
    let networks = "--networks=fully-connected,batch-norm,dropout";
    let said = tiny_study(folder.path(), "out", &[networks, "--epochs=1", "--seeds=4..6"]);
    let results: Vec<&str> = said.lines().filter(|line| line.contains("epoch")).collect();
    assert_eq!(results.len(), 6);
    assert!(results[0].starts_with("FullyConnectedNetwork    head trained  seed 4  epoch 1/1"));
    assert!(results[5].starts_with("DropoutNetwork           head trained  seed 5  epoch 1/1"));
    let files = files(&folder.path().join("out"));
    assert!(files.contains_key("dropout_network/version_1/metrics.csv"));
    let batch_norm = String::from_utf8(files["batch_norm.csv"].clone()).unwrap();
    assert!(batch_norm.contains("\ndropout_network,trained,5,"));
}

#[test]
fn a_finished_study_stays_until_a_new_one_is_asked_for_and_then_only_its_own_files_go() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    tiny_study(folder.path(), "out", &["--epochs=1"]);
    fs::write(out.join("notes.txt"), "mine").unwrap();
    // A finished study stays: the same one is not trained again, another is refused.
    let before = files(&out);
    assert!(tiny_study(folder.path(), "out", &["--epochs=1"]).contains("This study is finished"));
    let other =
        ["--quick", "--batch-size=10", "--dataset=synthetic", "--heads=trained", "--out=out"];
    assert_eq!(experiment(folder.path(), &other).status.code(), Some(2));
    assert_same(&files(&out), &before);
    tiny_study(folder.path(), "out", &["--epochs=1", "--heads=trained", "--anew"]);
    let mut again = files(&out);
    assert_eq!(again.remove("notes.txt").unwrap(), b"mine");
    tiny_study(folder.path(), "fresh", &["--epochs=1", "--heads=trained"]);
    assert_same(&again, &files(&folder.path().join("fresh")));
}

#[test]
fn what_cannot_run_says_why_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut messages = String::new();
    fs::write(folder.path().join("file"), "").unwrap();
    fs::create_dir(folder.path().join("taken")).unwrap();
    fs::write(folder.path().join("taken/README.md"), "mine").unwrap();
    for (title, arguments) in [
        ("a folder without the data", ["--data-dir=nowhere", "--out=out"].as_slice()),
        ("an output folder below a file", &["--dataset=synthetic", "--out=file/out", "--quick"]),
        ("a file of somebody's own", &["--dataset=synthetic", "--out=taken", "--quick"]),
        ("a learning rate of 0", &["--learning-rate=0", "--out=out"]),
        ("a network without a head to freeze", &["--networks=dropout", "--heads=frozen"]),
        ("a network twice", &["--networks=dropout,dropout"]),
        (
            "a learning rate that diverges",
            &[
                "--quick",
                "--dataset=synthetic",
                "--learning-rate=1e30",
                "--threads=1",
                "--out=diverges",
            ],
        ),
    ] {
        let output = experiment(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{title}");
        let message = String::from_utf8(output.stderr).unwrap();
        messages.push_str(&format!("# {title}\n{message}\n"));
    }
    for words in [
        "--seeds=0",
        "--seeds=5..5",
        "--seeds=many",
        "--seeds=1,1",
        "--epochs=0",
        "--epochs=-1",
        "--batch-size=",
        "--learning-rate=fast",
        "--threads=0",
        "--threads=99999",
        "more",
    ] {
        let output = experiment(folder.path(), &[words]);
        assert_eq!(output.status.code(), Some(2), "{words}");
        messages.push_str(&format!("# {words}\n{}\n", String::from_utf8(output.stderr).unwrap()));
    }
    insta::assert_snapshot!("errors", messages);
    assert!(!folder.path().join("out").exists());
    assert_eq!(files(&folder.path().join("taken")).len(), 1);
    // A run that diverged has nothing to go on from.
    let left = files(&folder.path().join("diverges"));
    assert!(left.keys().all(|name| !name.contains("checkpoints/")), "{:?}", left.keys());
}
