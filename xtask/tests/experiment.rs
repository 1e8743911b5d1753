//! `cargo xtask experiment`, as a user meets it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use sha2::{Digest, Sha256};

/// A study of a few seconds: 100 steps of 10 images.
const TINY: [&str; 4] = ["--quick", "--batch-size=10", "--dataset=synthetic", "--head=trained"];

/// Runs the command in `folder`, without the data set that the environment may name.
fn experiment(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("experiment")
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .env_remove("FASHION_MNIST_DIR")
        .output()
        .unwrap()
}

fn stderr_of_a_refusal(folder: &Path, arguments: &[&str]) -> String {
    let output = experiment(folder, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// The bytes of every file of a run: whatever changes an operation, an order or a drawing changes
/// them. Each network's metrics were first held against PyTorch by their accuracies.
#[test]
fn a_tiny_study_gives_the_same_bytes_on_every_machine() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [TINY.as_slice(), &["--out=out"]].concat();
    let output = experiment(folder.path(), &arguments);
    let mut transcript = String::from_utf8(output.stdout).unwrap();
    transcript.push_str(&String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(0), "{transcript}");
    for file in [
        "simple_network/metrics.csv",
        "spatial_batch_norm_network/metrics.csv",
        "validation_accuracy.svg",
        "validation_accuracy.png",
    ] {
        let bytes = fs::read(folder.path().join("out").join(file)).unwrap();
        let digest = Sha256::digest(&bytes);
        let start: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        transcript.push_str(&format!("{file}: SHA-256 {start}…\n"));
    }
    insta::assert_snapshot!("tiny_study", transcript);
}

#[test]
fn what_cannot_run_says_why_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |arguments: &[&str]| stderr_of_a_refusal(folder.path(), arguments);
    let mut messages = String::new();
    fs::write(folder.path().join("file"), "").unwrap();
    for (title, arguments) in [
        ("a folder without the data", ["--data-dir=nowhere", "--out=out"].as_slice()),
        ("an output folder below a file", &["--dataset=synthetic", "--out=file/out"]),
        ("a learning rate of 0", &["--learning-rate=0", "--out=out"]),
        (
            "a learning rate that diverges",
            &["--quick", "--dataset=synthetic", "--learning-rate=1e30", "--out=out"],
        ),
    ] {
        let message = refusal(arguments);
        messages.push_str(&format!("# {title}\n{message}\n"));
    }
    insta::assert_snapshot!("experiment_errors", messages);
    let left: Vec<_> = fs::read_dir(folder.path().join("out")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
