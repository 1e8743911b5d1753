//! The committed reports: they are of one piece, and cells of them are trained again.

use std::io::{self, Write};
use std::path::Path;

use study::report::folders_in;

use crate::reproduce;

#[test]
fn every_committed_report_is_as_its_lock_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let output = reproduce(folder.path(), &["--check"]);
    let said = String::from_utf8(output.stdout).unwrap();
    let reports = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports");
    assert_eq!(said.matches("as study.lock has them").count(), folders_in(&reports).unwrap().len());
    assert_eq!(output.status.code(), Some(0), "{said}");
}

/// Any cell, trained again, gives the committed numbers: here one that a fixed seed draws.
#[test]
fn cells_trained_again_are_equal_to_the_committed_report() {
    let Some(data) = std::env::var_os("FASHION_MNIST_DIR") else {
        // Not `eprintln!`, which the test runner swallows.
        let _ = writeln!(
            io::stderr(),
            "SKIPPED a cell of the committed study: FASHION_MNIST_DIR is not set"
        );
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let data = format!("--data-dir={}", data.display());
    let output =
        reproduce(folder.path(), &["headline", "--cells=1", "--draw=2611", "--out=audit", &data]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("\n1 of 1 are equal. With 95 % confidence"), "{said}");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}
