//! Every kind of fault of a report, made on purpose; and trainings that differ from a report.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::cell::{Cell, cells};
use crate::collect::{CellFingerprint, Collected};
use crate::config::StudyConfig;
use crate::made_up;
use crate::tables::{Study, VarianceShiftRow};

/// A report of a made-up study, with a figure.
struct Report {
    folder: TempDir,
    cells: Vec<Cell>,
    study: Study,
}

const FIGURE: &str = "figures/validation_accuracy.svg";

impl Report {
    fn new() -> Self {
        Self::of(made_up::config())
    }

    fn of(config: StudyConfig) -> Self {
        let cells = cells(&config).unwrap();
        let mut study = made_up::study(config);
        for row in &mut study.runs {
            let cell = cells.iter().find(|cell| cell.key == row.key).unwrap();
            row.cell = cell.id.as_str()[..16].to_owned();
        }
        let report = Self { folder: tempfile::tempdir().unwrap(), cells, study };
        report.write(&report.study);
        report
    }

    fn fingerprints(&self) -> Vec<CellFingerprint> {
        let of = |(at, cell): (usize, &Cell)| CellFingerprint {
            cell: cell.id.clone(),
            epochs: cell.run.epochs,
            fingerprint: Some(format!("{at:064x}")),
        };
        self.cells.iter().enumerate().map(of).collect()
    }

    /// Writes these tables, and a lock that has them.
    fn write(&self, study: &Study) {
        let mut files = study.files().unwrap();
        files.push((FIGURE.into(), b"<svg/>".to_vec()));
        let others = crate::report::files(&study.config).filter(|path| path.iter().count() == 1);
        files.extend(others.map(|path| (path, b"made up".to_vec())));
        let program = Program { rustc: "rustc \"1\"".to_owned(), cargo_lock: sha256(b"") };
        let lock = StudyLock::of(&study.config, &self.cells, self.fingerprints(), &program, &files);
        files.push((LOCK_FILE.into(), lock.unwrap().unwrap().text().into_bytes()));
        for (file, bytes) in files {
            files::replace(&self.folder.path().join(file), &bytes).unwrap();
        }
    }

    /// Puts one text of a file in the place of another.
    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from} in {text}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    fn remove_line(&self, file: &str, line: &str) {
        let path = self.folder.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        let kept: Vec<&str> = text.lines().filter(|found| !found.contains(line)).collect();
        assert_eq!(kept.len() + 1, text.lines().count());
        fs::write(path, kept.join("\n") + "\n").unwrap();
    }

    fn faults(&self) -> Vec<String> {
        let faults = check(self.folder.path()).unwrap().faults;
        faults.iter().map(ToString::to_string).collect()
    }

    fn lock(&self) -> StudyLock {
        StudyLock::read(self.folder.path()).unwrap().unwrap()
    }
}

/// That one thing is wrong, and that its message has these parts.
fn assert_one(faults: &[String], parts: &[&str]) {
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(parts.iter().all(|part| faults[0].contains(part)), "{parts:?} in {faults:?}");
}

#[test]
fn a_report_is_as_its_lock_has_it_and_a_lock_reads_back() {
    let report = Report::new();
    let checked = check(report.folder.path()).unwrap();
    assert_eq!(checked.faults, []);
    assert_eq!(checked.study.as_ref(), Some(&report.study));
    let text = fs::read_to_string(report.folder.path().join(LOCK_FILE)).unwrap();
    assert_eq!(checked.sha256, sha256(text.as_bytes()));
    let lock = report.lock();
    assert_eq!((lock.files.len(), lock.cells.len()), (15, 8));
    assert_eq!(lock.text(), text);
    assert_eq!(lock.program.rustc, "rustc \"1\"");
    assert_eq!(lock.numerics, [trainer::numerics::NOTEBOOK.name]);
    assert_eq!(lock.data["fashion-mnist"].len(), 4);
    // The vector of "abc" in FIPS 180-4.
    assert!(sha256(b"abc").starts_with("ba7816bf8f01cfea414140de5dae2223"));
}

#[test]
fn a_changed_missing_or_additional_file_is_found() {
    for (file, from, to) in [
        ("epochs.csv", "1,", "2,"),
        ("steps.csv", "9", "8"),
        ("confusion.csv", "0,0,", "0,0,1"),
        ("runs.csv", "trained", "diverged"),
        ("grade.txt", "passed", "failed"),
        (FIGURE, "svg", "svG"),
    ] {
        let report = Report::new();
        report.edit(file, from, to);
        let faults = report.faults();
        assert!(faults[0].starts_with(&format!("{file}: found SHA-256 ")), "{faults:?}");
        assert!(faults[0].ends_with("it was changed since"), "{faults:?}");
        fs::remove_file(report.folder.path().join(file)).unwrap();
        assert_one(&report.faults(), &[&format!("{file}: No such")]);
        #[cfg(unix)]
        {
            let elsewhere = report.folder.path().join("elsewhere");
            fs::write(&elsewhere, "").unwrap();
            std::os::unix::fs::symlink(elsewhere, report.folder.path().join(file)).unwrap();
            assert_one(&report.faults(), &[&format!("{file}: found a link")]);
        }
    }
    let report = Report::new();
    fs::write(report.folder.path().join("figures/training_loss.svg"), "").unwrap();
    assert_one(&report.faults(), &["found no hash of figures/training_loss.svg"]);
}

/// A lock from which files are gone, together with the files, and one with paths out of its folder.
#[test]
fn a_lock_has_the_files_of_a_report_and_no_others() {
    for file in ["index.html", "summary.csv", "epochs.csv"] {
        let report = Report::new();
        report.remove_line(LOCK_FILE, &format!("\"{file}\" = "));
        fs::remove_file(report.folder.path().join(file)).unwrap();
        let faults = report.faults();
        assert!(faults[0].contains(&format!("found no hash of {file}")), "{faults:?}");
    }
    for path in ["../precious", "/etc/hostname", "figures/other.svg", "study.lock"] {
        let report = Report::new();
        let line = format!("[files]\n{path:?} = \"{}\"", "0".repeat(64));
        report.edit(LOCK_FILE, "[files]", &line);
        assert_one(&report.faults(), &["found the file", path]);
    }
}

#[test]
fn tables_that_contradict_each_other_are_found_though_the_lock_has_them() {
    let report = Report::new();
    let mut study = report.study.clone();
    study.confusion.pop();
    report.write(&study);
    assert_one(&report.faults(), &["confusion.csv: "]);
}

#[test]
fn a_missing_or_exchanged_cell_is_found_in_lock_and_tables() {
    let report = Report::new();
    let id = report.cells[2].id.as_str();
    report.remove_line(LOCK_FILE, id);
    assert_one(
        &report.faults(),
        &["study.lock: found no cell", &id[..8], "batch norm, head frozen, seed 0"],
    );
    let report = Report::new();
    let mut study = report.study.clone();
    let gone = study.runs.remove(5).key;
    study.epochs.retain(|row| row.key != gone);
    study.steps.retain(|row| row.key != gone);
    report.write(&study);
    let run = format!("{}, seed {}", study.config.label(&gone.arm), gone.seed);
    let faults = report.faults();
    assert!(faults.iter().any(|fault| fault.contains(&run) || fault.starts_with("confusion.csv")));

    let report = Report::new();
    let mut study = report.study.clone();
    let other = study.runs[1].cell.clone();
    study.runs[0].cell = other.clone();
    report.write(&study);
    assert_one(&report.faults(), &["runs.csv: found the cell", &other]);

    let report = Report::new();
    report.edit(LOCK_FILE, id, &"f".repeat(64));
    let faults = report.faults();
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[1].contains("found the cell ffffffff, expected only cells of the study"));

    let report = Report::new();
    let line = format!("  {{ cell = {:?}, epochs = 2, fingerprint = \"f\" }},\n]", id);
    report.edit(LOCK_FILE, "]\n\n[program]", &format!("{line}\n\n[program]"));
    assert_one(&report.faults(), &["found the cell", &id[..8], "twice"]);
    let report = Report::new();
    let mut study = report.study.clone();
    study.runs[0].cell.truncate(3);
    report.write(&study);
    assert_one(&report.faults(), &["runs.csv: found the cell"]);
}

#[test]
fn a_lock_of_another_study_other_data_or_other_numerics_are_found_and_nothing_else() {
    let report = Report::new();
    let other =
        Report::of(made_up::changed(&report.study.config, &[("seeds = \"2\"", "seeds = \"3\"")]));
    let lock = |report: &Report| report.folder.path().join(LOCK_FILE);
    fs::copy(lock(&other), lock(&report)).unwrap();
    assert_one(&report.faults(), &["found the lock of the study", "expected that of study.toml"]);

    let report = Report::new();
    report.edit(LOCK_FILE, trainer::numerics::NOTEBOOK.name, "0123456789abcdef");
    let parts = ["found the numerics 0123456789abcdef", trainer::numerics::NOTEBOOK.name];
    assert_one(&report.faults(), &parts);

    let report = Report::new();
    let lock = report.lock();
    let (file, hash) = lock.data["fashion-mnist"].first_key_value().unwrap();
    report.edit(LOCK_FILE, hash, &"0".repeat(64));
    assert_one(&report.faults(), &["fashion-mnist", file, "found 0000000000000000"]);

    let report = Report::new();
    report.edit("study.toml", "epochs = 2", "epochs = 3");
    assert_one(&report.faults(), &["study.lock: found the lock of the study"]);
    report.edit("study.toml", "epochs = 3", "epochs = none");
    assert_one(&report.faults(), &["study.toml: found SHA-256"]);
}

#[test]
fn a_lock_that_is_none_is_told_with_its_line() {
    let report = Report::new();
    report.edit(LOCK_FILE, "cells = [", "cells = [ 3,");
    assert_one(&report.faults(), &["study.lock: line 6: "]);
    fs::remove_file(report.folder.path().join(LOCK_FILE)).unwrap();
    assert_one(&report.faults(), &["study.lock: found none"]);
}

#[test]
fn pages_and_figures_that_the_tables_do_not_give_are_found() {
    let report = Report::new();
    let mut lock = report.lock();
    let rendered = crate::report::render(&report.study).unwrap();
    lock.files.retain(|file, _| crate::tables::TABLE_FILES.contains(&file.as_str()));
    let names = |faults: Vec<Fault>| -> Vec<String> {
        faults.iter().filter_map(|fault| fault.file_not_of_tables().map(str::to_owned)).collect()
    };
    let named = rendered.iter().map(|(path, _)| crate::folder::name(path));
    let mut expected: Vec<String> = named.collect();
    expected.sort();
    assert_eq!(names(of_tables(&report.study, &lock).unwrap()), expected);
    for (path, bytes) in rendered {
        lock.files.insert(crate::folder::name(&path), sha256(&bytes));
    }
    assert_eq!(of_tables(&report.study, &lock).unwrap(), []);
    lock.files.insert("summary.csv".to_owned(), sha256(b"other"));
    lock.files.insert("figures/none.svg".to_owned(), sha256(b"other"));
    let found = names(of_tables(&report.study, &lock).unwrap());
    assert_eq!(found, ["figures/none.svg", "summary.csv"]);
}

/// A report made anew from its tables takes the hashes of what it wrote, and never that of a table.
#[test]
fn a_new_report_hides_no_change_of_a_table() {
    let report = Report::new();
    report.edit("epochs.csv", "1,", "2,");
    let pages = crate::report::files(&report.study.config).filter(|path| path.iter().count() == 1);
    let mut rendered: Vec<_> = pages.map(|path| (path, b"new".to_vec())).collect();
    rendered.push((FIGURE.into(), b"<svg>new</svg>".to_vec()));
    for (file, bytes) in with_lock(report.folder.path(), rendered).unwrap() {
        files::replace(&report.folder.path().join(file), &bytes).unwrap();
    }
    assert_one(&report.faults(), &["epochs.csv: found SHA-256"]);
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(with_lock(folder.path(), Vec::new()).unwrap(), []);
}

#[test]
fn without_the_weights_of_a_cell_there_is_no_lock() {
    let report = Report::new();
    let mut fingerprints = report.fingerprints();
    fingerprints[3].fingerprint = None;
    let program = report.lock().program;
    let config = &report.study.config;
    assert_eq!(StudyLock::of(config, &report.cells, fingerprints, &program, &[]).unwrap(), None);
}

#[test]
fn a_draw_has_each_cell_once_and_follows_from_its_seed() {
    let cells = Report::new().cells;
    let draws: Vec<Vec<usize>> = (0..40).map(|seed| drawn(&cells, 3, seed)).collect();
    assert!(draws.iter().all(|draw| draw.len() == 3 && draw.is_sorted_by(|one, two| one < two)));
    assert_eq!(draws[7], drawn(&cells, 3, 7));
    assert!((0..8).all(|cell| draws.iter().any(|draw| draw.contains(&cell))));
    assert_eq!(drawn(&cells, 99, 0), [0, 1, 2, 3, 4, 5, 6, 7]);
}

/// What a training gives that has this changed of it.
fn retrained(report: &Report, change: impl Fn(&mut Collected)) -> Retrained {
    let mut collected =
        Collected { study: report.study.clone(), fingerprints: report.fingerprints() };
    change(&mut collected);
    let found = compare(&report.cells, &[5, 6], &report.lock(), &report.study, &collected);
    assert!(found.cells[1].is_equal());
    assert!(found.tables.is_empty());
    found.cells[0].clone()
}

/// Arms that share a cell have rows of their own, all of which are held against the one training.
#[test]
fn every_row_of_a_cell_that_arms_share_counts_and_tables_over_seeds_once_all_are_trained() {
    let compare_vary = "vary = [\"weights\", \"order\"]\nepochs = [1, 2]";
    let report = Report::of(made_up::config_from(compare_vary, "trains = \"all\"", "seeds = 2"));
    let (cells, places) = (&report.cells, drawn(&report.cells, 99, 0));
    assert!(places.len() < cells.len());
    let lock = report.lock();
    let trained = |study| Collected { study, fingerprints: report.fingerprints() };
    let whole = compare(cells, &places, &lock, &report.study, &trained(report.study.clone()));
    assert!(whole.tables.is_empty());
    for at in 0..cells.len() {
        let mut study = report.study.clone();
        let row = study.runs.iter_mut().find(|row| row.key == cells[at].key).unwrap();
        row.test_accuracy = Some(0.987);
        let found = compare(cells, &places, &lock, &report.study, &trained(study));
        assert_eq!(found.cells.iter().filter(|cell| cell.difference.is_some()).count(), 1);
    }
    let mut study = report.study.clone();
    study.optional.activations[0].p50 += 1.0;
    let compared = compare(cells, &places, &lock, &report.study, &trained(study.clone()));
    assert_eq!(compared.tables, ["activations.csv"]);
    let some = compare(cells, &places[..1], &lock, &report.study, &trained(study));
    assert!(some.tables.is_empty());
}

#[test]
fn a_training_that_differs_is_told_with_where_it_differs_first() {
    let report = Report::new();
    assert!(retrained(&report, |_| ()).is_equal());
    let key = &report.cells[5].key;
    let found = retrained(&report, |collected| {
        let rows = collected.study.steps.iter_mut().filter(|row| row.key == *key);
        rows.skip(3).for_each(|row| row.loss += 1.0);
    });
    let (first, last) = match found.difference {
        Some(Difference::Steps { first, last, reported, found }) => {
            assert_eq!(found, reported + 1.0);
            (first, last)
        }
        ref other => panic!("{other:?}"),
    };
    // 960 steps per epoch in 20 windows.
    assert_eq!((first, last, found.is_equal()), (144, 191, false));
    let found = retrained(&report, |collected| {
        let mut rows = collected.study.epochs.iter_mut().filter(|row| row.key == *key);
        rows.next_back().unwrap().val_loss = 7.0;
    });
    let Some(Difference::Epoch { epoch: 2, found, .. }) = found.difference else {
        panic!("{found:?}")
    };
    assert_eq!(found, 7.0);
    let found = retrained(&report, |collected| {
        let row = collected.study.runs.iter_mut().find(|row| row.key == *key).unwrap();
        row.test_accuracy = Some(0.5);
    });
    assert_eq!((found.difference.clone(), found.is_equal()), (Some(Difference::Run), false));
    let found = retrained(&report, |collected| {
        collected.study.runs.retain(|row| row.key != *key);
        collected.study.steps.retain(|row| row.key != *key);
    });
    assert!(matches!(found.difference, Some(Difference::Steps { first: 0, .. })), "{found:?}");
    for fingerprint in [None, Some("0".repeat(63) + "1")] {
        let found = retrained(&report, |collected| {
            collected.fingerprints[5].fingerprint.clone_from(&fingerprint);
        });
        assert_eq!((found.difference.clone(), found.is_equal()), (None, false));
    }
}

#[test]
fn a_difference_in_a_table_that_not_every_study_has_is_told_with_the_table() {
    let names = ("figures = [", "figures = [\"variance_shift\", ");
    let config = made_up::changed(&made_up::config(), &[names]);
    let mut report = Report::of(config);
    let (key, other) = (report.cells[5].key.clone(), report.cells[6].key.clone());
    let row = |key, shift| VarianceShiftRow { key, position: 1, shift };
    report.study.optional.variance_shift = vec![row(key.clone(), 1.5), row(other.clone(), 2.5)];
    report.write(&report.study);
    assert_eq!(report.faults(), [""; 0]);
    assert!(retrained(&report, |_| ()).is_equal());
    for changed in [vec![row(key, 1.25), row(other.clone(), 2.5)], vec![row(other, 2.5)]] {
        let found = retrained(&report, |collected| {
            collected.study.optional.variance_shift.clone_from(&changed);
        });
        assert_eq!(found.difference, Some(Difference::Table { file: "variance_shift.csv" }));
    }
    // A table that the lock knows and the folder lacks is missed.
    fs::remove_file(report.folder.path().join("variance_shift.csv")).unwrap();
    assert!(report.faults()[0].starts_with("variance_shift.csv: "), "{:?}", report.faults());
}

#[test]
fn equal_cells_bound_the_others_and_all_cells_leave_none() {
    let percent = |equal| (1000.0 * Bound::of(equal, 120).share).round() / 10.0;
    assert_eq!([1, 10, 30, 59].map(percent), [95.0, 25.9, 9.5, 5.0]);
    // The one that was equal is not among the others.
    assert_eq!(Bound::of(1, 4).share, 0.75);
    assert_eq!(Bound::of(10, 120).confidence, 0.95);
    assert_eq!(Bound::of(120, 120), Bound { share: 0.0, confidence: 1.0 });
}
