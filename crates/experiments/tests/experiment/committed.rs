//! The committed study, a cell of which is trained again.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use study::tables::{RunState, Study};
use trainer::Phase;
use trainer::run::read_metrics;

use crate::{command, files};

/// Any cell, trained again by its hash, gives the committed numbers: here the last seed's first arm.
#[test]
fn a_cell_trained_again_gives_the_committed_numbers() {
    let Some(data) = std::env::var_os("FASHION_MNIST_DIR") else {
        // Not `eprintln!`, which the test runner swallows.
        let _ = writeln!(
            io::stderr(),
            "SKIPPED a cell of the committed study: FASHION_MNIST_DIR is not set"
        );
        return;
    };
    let report = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports/fashion-mnist");
    let committed = Study::read(&report).unwrap();
    let run = committed.runs.iter().rev().find(|run| run.state == RunState::Trained).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = report.join("study.toml");
    let arguments = [file.to_str().unwrap(), "--cell", &run.cell, "--cells=cells"];
    let output =
        command(folder.path(), &arguments).env("FASHION_MNIST_DIR", data).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));

    let cells = folder.path().join("cells");
    let logs: Vec<PathBuf> = files(&cells)
        .into_keys()
        .filter_map(|name| Some(cells.join(name.strip_suffix("/metrics.csv")?)))
        .collect();
    let [log] = logs.as_slice() else { panic!("{logs:?}") };
    let mut measured = read_metrics(log).unwrap();
    measured.retain(|row| row.phase == Phase::Validation);
    let measured: Vec<_> =
        measured.iter().map(|row| (row.epoch + 1, row.loss, row.accuracy)).collect();
    let of_run = committed.epochs.iter().filter(|row| row.key == run.key);
    let expected: Vec<_> = of_run.map(|row| (row.epoch, row.val_loss, row.val_accuracy)).collect();
    assert_eq!(measured, expected);
}
