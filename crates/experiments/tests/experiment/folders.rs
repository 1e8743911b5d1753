//! Where studies go that name no folder, and what is said beside the committed report.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::{TINY, assert_same, command, files};

/// A workspace with nothing in it but the fixtures and how to cite it.
pub(crate) fn workspace() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("xtask")).unwrap();
    fs::write(folder.path().join("xtask/Cargo.toml"), "").unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    std::os::unix::fs::symlink(fixtures.canonicalize().unwrap(), folder.path().join("fixtures"))
        .unwrap();
    let citation = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../CITATION.cff");
    fs::copy(citation, folder.path().join("CITATION.cff")).unwrap();
    folder
}

fn run(root: &Path, arguments: &[&str]) -> Output {
    let mut command = command(root, arguments);
    command.env("CARGO_MANIFEST_DIR", root.join("xtask")).output().unwrap()
}

fn said(root: &Path, arguments: &[&str]) -> String {
    let output = run(root, arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn each_variation_has_a_folder_and_the_one_with_a_committed_report_is_compared_with_it() {
    let folder = workspace();
    let root = folder.path();
    let one = [TINY.as_slice(), &["--epochs=1", "--networks=batch-norm", "--heads=all"]].concat();
    let made = said(root, &[one.as_slice(), &["--out=reports/synthetic"]].concat());
    assert!(!made.contains("committed"), "{made}"); // nothing is compared with itself
    let end = "wrote reports/index.html\n";
    assert!(made.contains("wrote reports/README.md\n") && made.contains(end), "{made}");
    assert!(made.ends_with("wrote reports/ro-crate-metadata.json\n"), "{made}");
    let committed = root.join("reports/synthetic");
    let before = files(&committed);

    let here = "runs/headline_synthetic_quick_network=batch_norm_network_trains=all_batch_size=10_epochs=1";
    let first = said(root, &one);
    assert!(first.contains(&format!("; open {here}/index.html\n")), "{first}");
    assert!(first.contains("1 of 1 cell is trained already."), "{first}");
    let same = "the same bytes as the committed report in reports/synthetic (";
    assert!(first.contains(same), "{first}");
    assert_same(&files(&root.join(here)), &before);

    // Other seeds are another study.
    let other = said(root, &[one.as_slice(), &["--seeds=3,5"]].concat());
    assert!(other.ends_with(&format!("open {here}_seeds=3,5/index.html\n")), "{other}");
    assert_same(&files(&root.join(here)), &before);
    assert_same(&files(&committed), &before);

    // A finished study is compared too.
    fs::write(committed.join("epochs.csv"), "other numbers").unwrap();
    let finished = said(root, &one);
    assert!(
        finished
            .contains("files differ from the committed report in reports/synthetic: epochs.csv. "),
        "{finished}"
    );
}

#[test]
fn a_batch_that_the_data_or_the_machine_has_no_room_for_is_refused_before_anything_is_written() {
    let folder = workspace();
    let root = folder.path();
    for (arguments, expected) in [
        (
            ["--batch-size=48001", "--quick"].as_slice(),
            "error: batch_size: found 48001, expected 1 to 48000, the training images\n",
        ),
        (
            &["--batch-size=10,4294967295"],
            "error: batch_size: found 4294967295, expected 1 to 48000, the training images\n",
        ),
        (
            &["--batch-size=47999", "--networks=batch-norm"],
            "error: BatchNormNetwork: batch size: found 47999 with 48000 training images, expected one that leaves \
             no batch of a single image, which batch norm cannot normalise\n",
        ),
    ] {
        let output = run(root, arguments);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
    }
    // A thousand of the largest runs: terabytes.
    let all = ["--batch-size=48000", "--threads=1000", "--seeds=1000"];
    let output = run(root, &all);
    let message = String::from_utf8(output.stderr).unwrap();
    if cfg!(target_os = "linux") {
        assert_eq!(output.status.code(), Some(2));
        assert!(message.starts_with("error: the study needs about "), "{message}");
        assert!(message.contains(" GB of memory for 1000 runs side by side, and "), "{message}");
        assert!(message.contains("; give a smaller --batch-size"), "{message}");
    }
    let mut names: Vec<_> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["CITATION.cff", "fixtures", "xtask"]);
}
