//! `cargo xtask experiment`, as a user meets it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod audit;
mod committed;
#[cfg(unix)]
mod disk;
#[cfg(unix)]
mod engines;
#[cfg(unix)]
mod folders;
#[cfg(unix)]
mod interruption;
mod shipped;
#[cfg(unix)]
mod slurm;
mod statistics;
#[cfg(unix)]
mod stores;
#[cfg(unix)]
mod submit;
mod tensorboard;
mod variance_shift;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use sha2::{Digest, Sha256};
use study::tables::Study;

/// A study of a few seconds: four runs of 3 epochs with 60 steps of 10 images each.
const TINY: [&str; 3] = ["--quick", "--batch-size=10", "--dataset=synthetic"];

/// The command `experiment` in `folder`, without the data set that the environment may name.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    command_of("experiment", folder, arguments)
}

fn command_of(name: &str, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_experiments"));
    command
        .arg(name)
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .env_remove("FASHION_MNIST_DIR");
    command
}

fn experiment(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn reproduce(folder: &Path, arguments: &[&str]) -> Output {
    command_of("reproduce", folder, arguments).output().unwrap()
}

/// Runs the tiny study to its end, with its report in `out` and its cells in `out/cells`; what it printed.
fn tiny_study(folder: &Path, out: &str, more: &[&str]) -> String {
    let [out, cells] = places(out);
    let output =
        experiment(folder, &[TINY.as_slice(), &[out.as_str(), cells.as_str()], more].concat());
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""));
    String::from_utf8(output.stdout).unwrap()
}

/// The options for a report in this folder and cells in `cells` in it.
fn places(out: &str) -> [String; 2] {
    [format!("--out={out}"), format!("--cells={out}/cells")]
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
            } else if !path.ends_with("time.toml") {
                // All but what the clock said.
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
    // The committed report would no longer come out with the same bytes.
    let committed = "../../reports/fashion-mnist/grade.txt";
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join(committed);
    assert!(
        fs::read_to_string(committed).unwrap() == text("grade.txt"),
        "reports/fashion-mnist/grade.txt is out of date; CONTRIBUTING.md says how reports are made anew"
    );
    insta::assert_snapshot!("summary.csv", text("summary.csv"));
    insta::assert_snapshot!("report", text("README.md"));
    // The lock names the compiler.
    let digests: String = files
        .iter()
        .filter(|(name, _)| *name != "study.lock")
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
    let time = fs::read_to_string(folder.path().join("4/time.toml")).unwrap();
    for line in ["cells = ", "threads = 4", "seconds = ", "[machine]", "instruction_set = "] {
        assert!(time.contains(line), "{time}");
    }
}

/// The networks of the lesson before have no head to freeze, and one block.
#[test]
fn the_lesson_before_can_be_studied_too() {
    let folder = tempfile::tempdir().unwrap();
    let networks = "--networks=fully-connected,batch-norm,dropout";
    let more = [networks, "--heads=all", "--epochs=1", "--seeds=4..6"];
    let said = tiny_study(folder.path(), "out", &more);
    let results: Vec<&str> = said.lines().filter(|line| line.contains("  epoch ")).collect();
    assert_eq!(results.len(), 6);
    assert!(results[0].starts_with("FullyConnectedNetwork  seed 4  epoch 1/1"));
    assert!(results[5].starts_with("DropoutNetwork         seed 5  epoch 1/1"));
    let files = files(&folder.path().join("out"));
    let is_run = |name: &&String| {
        name.starts_with("cells/synthetic/network=dropout_network,")
            && name.ends_with("/weights=5,order=5,split=5/metrics.csv")
    };
    assert_eq!(files.keys().filter(is_run).count(), 1, "{:?}", files.keys());
    let batch_norm = String::from_utf8(files["batch_norm.csv"].clone()).unwrap();
    assert!(batch_norm.contains("\ndropout_network,"));
}

/// More seeds and more epochs train what is new, and give the bytes of the same study made at once.
#[test]
fn a_study_that_grows_is_the_same_as_one_made_at_once() {
    let folder = tempfile::tempdir().unwrap();
    tiny_study(folder.path(), "grown", &["--epochs=1", "--heads=all"]);
    fs::write(folder.path().join("grown/notes.txt"), "mine").unwrap();
    let again = tiny_study(folder.path(), "grown", &["--epochs=1", "--heads=all"]);
    assert!(again.contains("2 of 2 cells are trained already."), "{again}");
    assert!(!again.contains("epoch 1/1"), "{again}");
    let more = ["--epochs=2", "--heads=all", "--seeds=2"];
    let said = tiny_study(folder.path(), "grown", &more);
    // The first epoch of the first seed is told again, from its log.
    assert_eq!(said.matches("Val-Acc").count(), 2 + 2 * 2 * 2, "{said}");
    tiny_study(folder.path(), "at_once", &more);
    let mut grown = files(&folder.path().join("grown"));
    assert_eq!(grown.remove("notes.txt").unwrap(), b"mine");
    // The report of one epoch had its test, too.
    let before = grown.len();
    grown.retain(|name, _| !name.ends_with("/test/epoch=1.toml"));
    assert_eq!(grown.len(), before - 2);
    assert_same(&grown, &files(&folder.path().join("at_once")));
}

/// Two studies share the cells that both have, and none that one of them has not is touched.
#[test]
fn another_study_finds_the_cells_that_both_have() {
    let folder = tempfile::tempdir().unwrap();
    let study = |heads| {
        let places = ["--out=out", "--cells=cells", "--epochs=1", heads];
        let output = experiment(folder.path(), &[TINY.as_slice(), &places].concat());
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stdout).unwrap()
    };
    study("--heads=frozen");
    let before = files(&folder.path().join("cells"));
    let said = study("--heads=frozen,trained");
    assert!(said.contains("2 of 4 cells are trained already."), "{said}");
    let after = files(&folder.path().join("cells"));
    assert!(before.iter().all(|(name, bytes)| after[name] == *bytes));
    assert_eq!(after.len(), 2 * before.len());
}

/// Arms that differ in their epochs only are one run, whatever the threads; and a cell that was tested on
/// some images is tested on others, too.
#[test]
fn epochs_can_be_compared_and_cells_shared_whatever_they_were_tested_on() {
    let folder = tempfile::tempdir().unwrap();
    let more = ["--heads=all", "--set=norm=batch", "--set=epochs=1,2"];
    for (out, threads) in [("one", "--threads=1"), ("many", "--threads=3")] {
        tiny_study(folder.path(), out, &[&more[..], &[threads]].concat());
    }
    let [one, many] = ["one", "many"].map(|out| files(&folder.path().join(out)));
    assert_same(&many, &one);
    assert_eq!(one.keys().filter(|name| name.ends_with("metrics.csv")).count(), 1);
    let study = String::from_utf8(one["study.toml"].clone()).unwrap();
    for (images, tested) in [("0", 0), ("50", 2)] {
        let text = study.replace("test_images = 1000", &format!("test_images = {images}"));
        fs::write(folder.path().join("other.toml"), text.replace("quick = true\n", "")).unwrap();
        let arguments = ["other.toml", "--out=other", "--cells=one/cells"];
        let output = experiment(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let runs = Study::read(&folder.path().join("other")).unwrap().runs;
        assert_eq!(runs.iter().filter(|run| run.test_accuracy.is_some()).count(), tested);
    }
}

/// A run that diverges is a row like any other, and stops none.
#[test]
fn a_run_that_diverges_has_a_row_and_stops_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let more = ["--heads=all", "--epochs=2", "--set=learning_rate=0.001,1e30"];
    let said = tiny_study(folder.path(), "out", &more);
    assert!(said.contains("seed 0  diverged in step "), "{said}");
    assert!(said.contains("epoch 2/2"), "{said}");
    let runs = fs::read_to_string(folder.path().join("out/runs.csv")).unwrap();
    assert_eq!(runs.lines().filter(|line| line.contains(",trained,2,")).count(), 2, "{runs}");
    assert_eq!(runs.lines().filter(|line| line.contains(",diverged,0,")).count(), 2, "{runs}");
    let again = tiny_study(folder.path(), "out", &more);
    assert!(again.contains("4 of 4 cells are trained already."), "{again}");
}

/// One cell by its hash, and one part of several, are the cells of the whole study.
#[test]
fn parts_of_a_study_are_its_cells() {
    let folder = tempfile::tempdir().unwrap();
    tiny_study(folder.path(), "whole", &["--epochs=1"]);
    let list = tiny_study(folder.path(), "parts", &["--epochs=1", "--list"]);
    assert!(
        list.contains("4 cells in parts/cells: 0 trained, 0 diverged, 0 begun, 4 missing"),
        "{list}"
    );
    let hash = list.lines().nth(1).and_then(|line| line.split(' ').next()).unwrap().to_owned();
    tiny_study(folder.path(), "parts", &["--epochs=1", "--cell", &hash]);
    let list = tiny_study(folder.path(), "parts", &["--epochs=1", "--list"]);
    assert!(list.contains(": 1 trained, 0 diverged, 0 begun, 3 missing"), "{list}");
    for shard in ["1/2", "2/2"] {
        tiny_study(folder.path(), "parts", &["--epochs=1", "--shard", shard]);
    }
    assert!(!folder.path().join("parts/runs.csv").exists());
    tiny_study(folder.path(), "parts", &["--epochs=1"]);
    let [whole, parts] = ["whole", "parts"].map(|out| files(&folder.path().join(out)));
    assert_same(&parts, &whole);
}

/// A file of a user's own, with three axes; and what is wrong in others.
#[test]
fn a_study_is_a_file_and_a_broken_one_says_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let study = "title = \"Mine\"\n[compare]\nnorm = [\"none\", \"batch\"]\n\
        learning_rate = [1e-3, 1e-2]\nactivation = [\"relu\", \"tanh\"]\n[fixed]\n\
        data_set = \"synthetic\"\ntrains = \"all\"\nepochs = 1\ntraining_images = 100\n\
        validation_images = 50\ntest_images = 50\n[repeat]\nseeds = [4]\n[report]\n\
        figures = [\"accuracy_against(learning_rate)\"]\n";
    let path = folder.path().join("mine.toml");
    fs::write(&path, study).unwrap();
    let run = || experiment(folder.path(), &["mine.toml", "--out=out", "--cells=cells"]);
    let output = run();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let made = files(&folder.path().join("out"));
    assert!(made.contains_key("figures/accuracy_against_learning_rate.svg"), "{:?}", made.keys());
    let runs = String::from_utf8(made["runs.csv"].clone()).unwrap();
    assert_eq!(runs.lines().count(), 1 + 8, "{runs}");
    // The file in the report is the study, too.
    let again = experiment(folder.path(), &["out/study.toml", "--out=again", "--cells=cells"]);
    assert_eq!(again.status.code(), Some(0), "{}", String::from_utf8_lossy(&again.stderr));
    assert_same(&files(&folder.path().join("again")), &made);

    let mut messages = String::new();
    for (from, to) in [
        ("[compare]", "[compares]"),
        ("norm = [", "norms = ["),
        ("\"batch\"]", "\"btach\"]"),
        ("\"batch\"]", "\"none\"]"),
        ("1e-2]", "0]"),
        ("1e-2]", "\"fast\"]"),
        ("epochs = 1", "epochs = [1, 2]"),
        ("epochs = 1", "norm = \"batch\""),
        ("training_images = 100", "training_images = 48001"),
        ("seeds = [4]", "seeds = [4, 4]"),
        ("seeds = [4]", "vary = [\"wights\"]"),
        ("(learning_rate)\"", "(epochs)\""),
        ("title = \"Mine\"", "title = 5"),
        ("\"Mine\"", "\"Mine"),
        ("trains = \"all\"", "trains = \"norm-only\""),
        ("[\"none\", \"batch\"]", "[none, batch]"),
        ("[\"none\", \"batch\"]", "[\"batch\", \"ghost(50)\"]"),
        ("[\"none\", \"batch\"]", "[\"none\", \"group(5)\"]"),
        ("epochs = 1", "quick = True"),
        ("epochs = 1", "epochs = 0"),
        ("epochs = 1", "batch_size = 101"),
        ("test_images = 50", "test_images = 10001"),
        ("seeds = [4]", "seeds = 0"),
        ("seeds = [4]", "seeds = \"4..x\""),
        ("seeds = [4]", "vary = []"),
        (study, ""),
        (study, "# nothing yet\n"),
    ] {
        assert!(study.contains(from), "{from}");
        fs::write(&path, study.replace(from, to)).unwrap();
        let output = run();
        assert_eq!(output.status.code(), Some(2), "{to}");
        messages.push_str(&format!("# {to}\n{}\n", String::from_utf8(output.stderr).unwrap()));
    }
    insta::assert_snapshot!("broken_studies", messages);
    assert_same(&files(&folder.path().join("out")), &made);
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
        ("nothing to train", &["--heads=norm-only", "--dataset=synthetic"]),
        (
            "cells below a file",
            &["--dataset=synthetic", "--out=out", "--cells=file/cells", "--quick"],
        ),
        ("a file for the cells", &["--dataset=synthetic", "--out=out", "--cells=file", "--quick"]),
        (
            "a cell that is none",
            &["--cell=xyz", "--dataset=synthetic", "--out=out", "--cells=cells"],
        ),
        ("a study that is none", &["headlines"]),
        ("a network twice", &["--networks=dropout,dropout"]),
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
        "--set=epochs",
        "--shard=3/2",
        "--anew",
    ] {
        let output = experiment(folder.path(), &[words]);
        assert_eq!(output.status.code(), Some(2), "{words}");
        messages.push_str(&format!("# {words}\n{}\n", String::from_utf8(output.stderr).unwrap()));
    }
    insta::assert_snapshot!("errors", messages);
    assert!(!folder.path().join("out").exists());
    assert_eq!(files(&folder.path().join("taken")).len(), 1);
}
