//! The shift of variance of batch norms: measured only for a study that shows it, and then once.

use std::fs;

use study::tables::Study;

use crate::{experiment, files, reproduce};

const STUDY: &str = "\
title = \"Shift\"
[compare]
norm = [\"none\", \"batch\"]
[fixed]
network = \"simple\"
depth = 2
dropout = 0.3
epochs = 1
training_images = 100
validation_images = 50
test_images = 0
data_set = \"synthetic\"
[repeat]
seeds = 1
[report]
figures = [FIGURES]
";

#[test]
fn a_study_that_shows_the_shift_of_variance_has_it_measured_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let run = |figures: &str| {
        fs::write(folder.join("shift.toml"), STUDY.replace("FIGURES", figures)).unwrap();
        let output = experiment(folder, &["shift.toml", "--out=out", "--cells=cells"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let measured = || {
        let cells = files(&folder.join("cells"));
        cells.keys().filter(|name| name.contains("/variance-shift/")).count()
    };
    run("\"validation_accuracy\"");
    assert_eq!(measured(), 0);
    assert!(!folder.join("out/variance_shift.csv").exists());
    run("\"variance_shift\", \"validation_accuracy\"");
    assert_eq!(measured(), 2);
    let rows = Study::read(&folder.join("out")).unwrap().optional.variance_shift;
    let norms: Vec<u64> = rows.iter().map(|row| row.position).collect();
    assert_eq!(norms, [1, 2]);
    assert!(rows.iter().all(|row| row.shift >= 1.0), "{rows:?}");
    let page = fs::read_to_string(folder.join("out/README.md")).unwrap();
    assert!(page.contains("figures/variance_shift.svg"), "{page}");
    let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let told =
        "[`variance_shift.csv`](variance_shift.csv), the shift of variance of each batch norm;";
    assert!(words.contains(told), "{page}");
    let columns = fs::read_to_string(folder.join("out/columns.csv")).unwrap();
    assert_eq!(columns.matches("variance_shift.csv,").count(), 4, "{columns}");
    let whole = files(&folder.join("out"));

    // What was measured needs no weights, and a new training gives it again.
    for (name, _) in files(&folder.join("cells")) {
        if name.contains("/weights/") {
            fs::rename(folder.join("cells").join(&name), folder.join(name.replace('/', "_")))
                .unwrap();
        }
    }
    let again = run("\"variance_shift\", \"validation_accuracy\"");
    assert!(again.contains("2 of 2 cells are trained already."), "{again}");
    assert!(files(&folder.join("out"))["variance_shift.csv"] == whole["variance_shift.csv"]);
    for (name, bytes) in &whole {
        fs::write(folder.join("out").join(name), bytes).unwrap();
    }
    let audit = || reproduce(folder, &["out", "--cells=9", "--draw=1", "--out=audit"]);
    let output = audit();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("all 2 cells are equal"), "{said}");
}
