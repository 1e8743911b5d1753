//! `cargo xtask reproduce`, as a reviewer meets it.

use std::fs;
use std::path::Path;

use study::audit::{StudyLock, sha256};

use crate::{files, reproduce, tiny_study};

/// The forged report in `folder`, whose lock agrees with it again.
fn lock_again(folder: &Path, change: impl Fn(&mut StudyLock)) {
    let mut lock = StudyLock::read(folder).unwrap().unwrap();
    for (file, hash) in &mut lock.files {
        *hash = sha256(&fs::read(folder.join(file)).unwrap());
    }
    change(&mut lock);
    fs::write(folder.join("study.lock"), lock.text()).unwrap();
}

/// The code and the lines of an audit of `out` that trains every cell anew.
fn audit(folder: &Path, more: &[&str]) -> (Option<i32>, String) {
    let arguments = [&["out", "--cells=9", "--draw=1", "--out=audit"], more].concat();
    let output = reproduce(folder, &arguments);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_report_that_is_what_the_program_trains_is_told_from_one_that_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, out) = (folder.path(), folder.path().join("out"));
    tiny_study(folder, "out", &["--epochs=1"]);
    let whole = files(&out);
    let check = || reproduce(folder, &["--check", "out"]);
    let (checked, output) = (check(), audit(folder, &[]));
    assert_eq!(checked.status.code(), Some(0));
    let (code, said) = output;
    assert_eq!(code, Some(0), "{said}");
    let last = said.lines().rev().nth(1).unwrap();
    assert_eq!(last, "all 4 cells are equal: their rows are what this program trains");
    assert_eq!(files(&out), whole);
    let record = fs::read_to_string(folder.join("audit/reproduction.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!((&record["equal"], &record["bound"]["share"]), (&4.into(), &0.0.into()));
    assert_eq!(record["lock"], sha256(&whole["study.lock"]));
    assert_eq!((&record["folder"], &record["draw_is_given"]), (&"out".into(), &true.into()));
    let left = fs::read_dir(folder.join("audit")).unwrap().count();
    assert_eq!(left, 1, "what was equal is not kept");

    // A digit of a table, which the lock does not know of.
    let steps = String::from_utf8(whole["steps.csv"].clone()).unwrap();
    let line = steps.lines().nth(30).unwrap();
    let (run, numbers) = line.rsplit_once(',').unwrap();
    fs::write(out.join("steps.csv"), steps.replace(line, &format!("{run},1{numbers}"))).unwrap();
    let checked = check();
    assert_eq!(checked.status.code(), Some(1));
    let said = String::from_utf8(checked.stdout).unwrap();
    assert!(said.starts_with("out: 1 fault found\n  steps.csv: found SHA-256 "), "{said}");
    let (code, said) = audit(folder, &[]);
    assert_eq!((code, said.lines().count()), (Some(1), 2), "{said}");

    // The same, and a lock made to fit: only a training tells.
    lock_again(&out, |_| ());
    assert_eq!(check().status.code(), Some(0));
    let (code, said) = audit(folder, &[]);
    assert_eq!(code, Some(1));
    for part in [
        "differs first in steps ",
        "as in steps.csv; its fingerprint is that in study.lock, so the tables were changed",
        "\n3 of 4 are equal: the report is not what this program trains\n",
        "\nwhat was trained is in audit/cells-",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }

    // What follows from all cells, and what is drawn from the tables.
    fs::write(out.join("steps.csv"), &steps).unwrap();
    let activations = String::from_utf8(whole["activations.csv"].clone()).unwrap();
    let line = activations.lines().nth(3).unwrap();
    let (rest, _) = line.rsplit_once(',').unwrap();
    let forged = activations.replace(line, &format!("{rest},7.5"));
    fs::write(out.join("activations.csv"), forged).unwrap();
    fs::write(out.join("summary.csv"), [&whole["summary.csv"], b"\n".as_slice()].concat()).unwrap();
    lock_again(&out, |_| ());
    assert_eq!(check().status.code(), Some(0));
    let (code, said) = audit(folder, &[]);
    assert_eq!(code, Some(1));
    for part in [
        "\nall 4 cells are equal",
        "\nactivations.csv: found other rows, expected those that all cells give\n",
        "\n  summary.csv: found SHA-256 ",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    for file in ["activations.csv", "summary.csv"] {
        fs::write(out.join(file), &whole[file]).unwrap();
    }

    // A fingerprint: the tables say nothing, the logs of the first training have the step.
    lock_again(&out, |lock| lock.cells[2].fingerprint = "0".repeat(64));
    let (code, said) = audit(folder, &[]);
    assert_eq!(code, Some(1));
    assert!(said.contains("no row of the tables does"), "{said}");
    let id = StudyLock::read(&out).unwrap().unwrap().cells[2].cell.clone();
    let store = study::store::Store::new(out.join("cells"));
    let cell = store.copies(&id).unwrap()[0].clone();
    // They know what was written.
    fs::remove_dir_all(cell.join("checkpoints")).unwrap();
    let logs = cell.join("metrics.csv");
    let text = fs::read_to_string(&logs).unwrap();
    let line = text.lines().find(|line| line.starts_with("37,")).unwrap();
    let (rest, count) = line.rsplit_once(',').unwrap();
    fs::write(&logs, text.replace(line, &format!("{rest},9{count}"))).unwrap();
    let (code, said) = audit(folder, &["--from=out/cells"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("first in step 37: found the loss "), "{said}");
    // Logs that cannot be read are no help, and no harm.
    fs::write(&logs, "nonsense").unwrap();
    let (code, said) = audit(folder, &["--from=out/cells"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("no row of the tables does"), "{said}");
}

#[test]
fn an_audit_that_cannot_run_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("empty")).unwrap();
    let output = reproduce(folder, &["empty", "--check"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("empty: 1 fault found\n  study.lock: found none, expected"), "{said}");
    for (arguments, expected) in [
        (&["nothing"][..], "found no study called nothing"),
        (&["learning-rate", "--quick"], "unexpected argument"),
        (&["empty", "--from=empty"], "--from: found no cell in empty"),
        (&["empty", "empty", "--out=audit"], "--out: found 2 reports, expected one"),
        (&["--check", "--dataset=synthetic"], "cannot be used with"),
        (&["learning-rate", "--cells=0"], "expected a whole number of at least 1"),
        (&["--check", "--cells=3"], "cannot be used with"),
    ] {
        let output = reproduce(folder, arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(expected), "{expected} in {said}");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
}
