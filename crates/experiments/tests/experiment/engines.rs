//! A study by the lines of `--list --format lines`, in GNU parallel and in Snakemake: each gives the bytes
//! of one process.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::stores::said;
use crate::{assert_same, command, files};

const STUDY: &str = "[compare]\nnorm = [\"none\", \"batch\"]\n[fixed]\ndata_set = \"synthetic\"\n\
    epochs = 1\nbatch_size = 10\ntraining_images = 40\nvalidation_images = 20\ntest_images = 20\n\
    trains = \"all\"\n[repeat]\nseeds = 2\n";

/// What changes the study, with what a shell would take for something else.
const CHANGES: [&str; 3] = ["it's $mine.toml", "--set=norm=none,group(2)", "--seeds=4..6"];

/// The lines of the study in a folder of cells, once its cells are as `train` leaves them.
fn lines(root: &Path, cells: &str) -> String {
    let list = [&CHANGES[..], &["--list", "--format=lines", cells]].concat();
    let (lines, stderr) = said(&command(root, &list).output().unwrap());
    assert_eq!(stderr, "");
    lines
}

/// Trains the cells by `train`, which gets the file of lines; the report must be that of one process.
fn expect_serial_bytes(train: impl Fn(&Path) -> Command) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(root.join(CHANGES[0]), STUDY).unwrap();
    let whole = |out: &str, cells: &str| {
        said(&command(root, &[&CHANGES[..], &[out, cells]].concat()).output().unwrap()).0
    };
    whole("--out=alone", "--cells=one");

    let cells = "--cells=the cells";
    let text = lines(root, cells);
    let start = format!("{} experiment ", env!("CARGO_BIN_EXE_experiments"));
    assert_eq!(text.lines().count(), 4, "{text}");
    assert!(text.lines().all(|line| line.starts_with(&start)), "{text}");
    let file = root.join("lines");
    fs::write(&file, text).unwrap();
    // Elsewhere, where neither the study nor a workspace is.
    let elsewhere = tempfile::tempdir().unwrap();
    let mut training = train(&file);
    training.current_dir(elsewhere.path()).env_remove("CARGO_MANIFEST_DIR").stdin(Stdio::null());
    let ended = training.output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));

    assert_eq!(lines(root, cells), "");
    let reported = whole("--out=out", cells);
    assert!(reported.contains("4 of 4 cells are trained already."), "{reported}");
    assert_same(&files(&root.join("out")), &files(&root.join("alone")));
    assert_same(&files(&root.join("the cells")), &files(&root.join("one")));
}

#[test]
fn gnu_parallel_gives_the_bytes_of_one_process() {
    let found = Command::new("parallel").arg("--version").output();
    // The program of moreutils has the same name.
    if !found.is_ok_and(|output| output.stdout.starts_with(b"GNU parallel")) {
        // Not `eprintln!`, which the test runner swallows.
        let _ = writeln!(io::stderr(), "SKIPPED a study in GNU parallel, which is not installed");
        return;
    }
    expect_serial_bytes(|lines| {
        let mut parallel = Command::new("parallel");
        parallel.arg("--arg-file").arg(lines);
        parallel
    });
}

/// By the Snakemake of `SNAKEMAKE`, else whichever is at hand.
#[test]
fn snakemake_gives_the_bytes_of_one_process() {
    let named = std::env::var_os("SNAKEMAKE");
    let program = named.clone().unwrap_or_else(|| "snakemake".into());
    if named.is_none() && Command::new(&program).arg("--version").output().is_err() {
        let message = "SKIPPED a study in Snakemake; set SNAKEMAKE to one with the packages of \
                       crates/experiments/engines/requirements.txt";
        let _ = writeln!(io::stderr(), "{message}");
        return;
    }
    let snakefile = Path::new(env!("CARGO_MANIFEST_DIR")).join("engines/Snakefile");
    expect_serial_bytes(|lines| {
        let mut snakemake = Command::new(&program);
        snakemake.arg("--snakefile").arg(&snakefile).args(["--cores", "2", "--config"]);
        snakemake.arg(format!("lines={}", lines.display()));
        snakemake
    });
}
