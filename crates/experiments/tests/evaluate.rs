//! `cargo xtask evaluate`, as a user meets it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Weights that PyTorch trained, on images unlike those of any data set.
fn of_pytorch(training: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(format!("../../fixtures/training/{training}/final_f32.safetensors"))
}

/// The name of the built-in data set in records.
const SYNTHETIC: &str = "Built-in synthetic garments";

/// Runs the command in `folder`, without the data set that the environment may name.
fn evaluate(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_experiments"))
        .arg("evaluate")
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .env_remove("FASHION_MNIST_DIR")
        .output()
        .unwrap()
}

#[test]
fn the_network_is_known_by_its_tensors() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::copy(of_pytorch("simple_network_head_trained"), here.join("a.safetensors")).unwrap();
    // Of those of a run the ones after the most epochs count, in number, not in name.
    fs::create_dir_all(here.join("run/weights")).unwrap();
    fs::write(here.join("run/weights/epoch=9.safetensors"), "of an epoch before").unwrap();
    fs::copy(here.join("a.safetensors"), here.join("run/weights/epoch=10.safetensors")).unwrap();
    let of_run = evaluate(here, &["run", "--dataset=synthetic", "--split=test"]).stdout;
    let output = evaluate(here, &["a.safetensors", "--dataset=synthetic", "--split=test"]);
    let name = |text: &str| text.replace("run/weights/epoch=10.safetensors", "a.safetensors");
    assert_eq!(name(&String::from_utf8(of_run).unwrap()).as_bytes(), output.stdout);
    let transcript = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    insta::assert_snapshot!("evaluate", transcript);
}

/// A run with another split was trained on some of the images that seed 0 leaves for validation.
#[test]
fn the_split_is_that_of_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::create_dir_all(here.join("run/weights")).unwrap();
    let weights = here.join("run/weights/epoch=1.safetensors");
    fs::copy(of_pytorch("simple_network_head_trained"), &weights).unwrap();
    fs::write(here.join("run/hparams.yaml"), "batch_size: 50\nsplit_seed: 3\n").unwrap();
    let said = |arguments: &[&str]| {
        let output = evaluate(here, &[arguments, &["--dataset=synthetic"]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let of_run = said(&["run"]);
    assert_eq!(said(&["run", "--split-seed=3"]), of_run);
    assert_ne!(said(&["run", "--split-seed=0"]), of_run);
    // The names of tensors say nothing of activations, and the run does.
    let record = "network: conv-16-32_tanh\ndata_set: Fashion-MNIST\n";
    fs::write(here.join("run/hparams.yaml"), record.replace("Fashion-MNIST", SYNTHETIC)).unwrap();
    let tanh = said(&["run", "--split=test"]);
    assert!(tanh.contains(": conv-16-32_tanh on 10000 test images"), "{tanh}");
    // Nor are images of another data set those of the run.
    fs::write(here.join("run/hparams.yaml"), record).unwrap();
    let output = evaluate(here, &["run", "--dataset=synthetic"]);
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    let expected =
        "error: run: found a run of Fashion-MNIST, expected one of Built-in synthetic garments; ";
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn weights_that_do_not_fit_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::copy(of_pytorch("simple_network_head_trained"), here.join("a.safetensors")).unwrap();
    fs::copy(of_pytorch("batch_norm_network"), here.join("small.safetensors")).unwrap();
    let whole = fs::read(here.join("a.safetensors")).unwrap();
    fs::write(here.join("cut.safetensors"), &whole[..whole.len() - 1]).unwrap();
    let mut messages = String::new();
    for (title, arguments) in [
        ("no such file", ["nowhere.safetensors"].as_slice()),
        ("a folder without weights", &["."]),
        ("a file that was cut", &["cut.safetensors"]),
        ("a network for 10 × 10 pixels", &["small.safetensors"]),
        ("the same, by its name", &["small.safetensors", "--network=batch-norm"]),
        ("another network", &["a.safetensors", "--network=spatial-batch-norm"]),
        ("a folder without the data", &["a.safetensors", "--data-dir=nowhere"]),
    ] {
        let output = evaluate(here, arguments);
        assert_eq!(output.status.code(), Some(2), "{title}");
        let message = String::from_utf8(output.stderr).unwrap();
        messages.push_str(&format!("# {title}\n{message}\n"));
    }
    insta::assert_snapshot!("evaluate_errors", messages);
}
