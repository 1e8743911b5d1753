//! A study of what batch norm normalises with in evaluation: each network is trained once.

use std::fs;

use study::tables::Study;

use crate::{files, reproduce, tiny_study};

const MORE: [&str; 4] =
    ["--heads=all", "--set=norm=batch", "--epochs=2", "--set=statistics=running,population,batch"];

#[test]
fn arms_that_differ_in_their_statistics_are_one_training_with_rows_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, out) = (folder.path(), folder.path().join("out"));
    // Trained before, for a study that says nothing of statistics.
    tiny_study(folder, "out", &MORE[..3]);
    let plain = Study::read(&out).unwrap();
    let before = files(&out.join("cells"));
    tiny_study(folder, "out", &MORE);
    let whole = files(&out);
    let cells = files(&out.join("cells"));
    assert!(before.iter().all(|(name, bytes)| cells[name] == *bytes));
    let told = |part: &str| cells.keys().filter(|name| name.contains(part)).count();
    let parts =
        ["/metrics.csv", "/test/", "/test-population/", "/validation-population/", "-batch/"];
    assert_eq!(parts.map(told), [1, 1, 1, 2, 3]);
    let study = Study::read(&out).unwrap();
    let losses = |study: &Study, at: usize| (study.runs[at].val_loss, study.runs[at].test_loss);
    assert_eq!((study.runs.len(), losses(&study, 0)), (3, losses(&plain, 0)));
    for at in [1, 2] {
        let (validation, test) = losses(&study, at);
        assert!(validation != losses(&plain, 0).0 && test != losses(&plain, 0).1);
        assert_eq!(study.runs[at].train_loss, study.runs[0].train_loss);
    }
    let lock = fs::read_to_string(out.join("study.lock")).unwrap();
    assert_eq!(lock.matches("fingerprint = ").count(), 1);

    // A reviewer's training is evaluated in each way, too.
    let output = reproduce(folder, &["out", "--cells=9", "--draw=1", "--out=audit"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("equal: their rows are what this program trains"), "{said}");

    // The tables need no weights a second time.
    let weights = cells.keys().find(|name| name.ends_with("weights/epoch=2.safetensors")).unwrap();
    fs::remove_file(out.join("cells").join(weights)).unwrap();
    let again = tiny_study(folder, "out", &MORE);
    assert!(again.contains("1 of 1 cell is trained already."), "{again}");
    for name in ["runs.csv", "epochs.csv", "confusion.csv", "index.html"] {
        assert!(files(&out)[name] == whole[name], "{name}");
    }
}
