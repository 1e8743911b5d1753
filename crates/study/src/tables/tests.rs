//! Tables written, read and damaged.

use std::fmt::Write as _;
use std::fs;

use trainer::Trains;
use trainer::network::preset;

use super::*;
use crate::axis::Axis;
use crate::made_up::{self, arm};

#[test]
fn a_study_written_and_read_is_the_same_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let mut study = made_up::study(made_up::config());
    study.runs[0].test_loss = None;
    study.runs[0].val_loss = Some(0.1 + 0.2);
    // A run that did not look at the test images has none in the confusion matrix either.
    study.runs[0].test_accuracy = None;
    let untested = arm(&study.config, &preset::SIMPLE_NETWORK, Trains::HeadFrozen);
    study.confusion.retain(|row| row.key != untested);
    write(&study, folder.path());
    assert_eq!(Study::read(folder.path()).unwrap(), study);
    let runs = fs::read_to_string(folder.path().join("runs.csv")).unwrap();
    let mut lines = runs.lines();
    let younger = |axis: &&&Axis| crate::axis::YOUNGER.contains(axis);
    let axes = crate::axis::AXES.iter().filter(|axis| !younger(axis));
    let axes: Vec<&str> = axes.map(|axis| axis.key).collect();
    let header = format!("{},seed,{}", axes.join(","), RunRow::COLUMNS.join(","));
    assert_eq!(lines.next().unwrap(), header);
    assert!(lines.next().unwrap().contains(",0.30000000000000004,"));
    assert!(runs.lines().nth(1).unwrap().ends_with(",,"));
}

#[test]
fn a_table_without_rows_keeps_its_header() {
    let bytes = bytes::<BatchNormRow>(&[], &made_up::config()).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text, "norm,trains,step,seeds,block,quantity,min,p25,p50,p75,max\n");
    assert!(parse::<BatchNormRow>(&text, &made_up::config()).unwrap().is_empty());
}

/// The first rows keep their bytes whatever the program's columns are.
#[test]
fn the_committed_tables_are_written_as_they_were_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reports/fashion-mnist");
    let study = Study::read(Path::new(folder)).unwrap();
    for (file, bytes) in study.files().unwrap() {
        assert!(fs::read(Path::new(folder).join(&file)).unwrap() == bytes, "{}", file.display());
    }
}

#[test]
fn a_column_more_or_an_optional_one_less_still_reads() {
    let study = made_up::study(made_up::config());
    let config = &study.config;
    let text = String::from_utf8(bytes(&study.runs, config).unwrap()).unwrap();
    let with_cell = |text: &str, head: &str, cell: &str| -> String {
        let lines = text.lines().enumerate();
        lines.map(|(at, line)| format!("{line},{}\n", if at == 0 { head } else { cell })).collect()
    };
    let wider = with_cell(&text, "seconds", "NaN");
    assert_eq!(parse::<RunRow>(&wider, config).unwrap(), study.runs);
    let narrower: String =
        text.lines().map(|line| format!("{}\n", line.rsplit_once(',').unwrap().0)).collect();
    let read = parse::<RunRow>(&narrower, config).unwrap();
    assert!(read.iter().all(|row| row.test_accuracy.is_none() && row.test_loss.is_some()));
}

/// Each damage is done to a whole study, and must be refused with the file, and where there is one
/// the line and the column.
#[test]
fn damage_is_named() {
    type Damage = fn(&str) -> String;
    let damages: [(&str, &str, Damage); 31] = [
        ("an unknown data set", "study.toml", |t| t.replace("fashion-mnist", "mnist")),
        ("a misspelt key", "study.toml", |t| t.replace("batch_size", "batchsize")),
        ("no seeds", "study.toml", |t| t.replace("seeds = \"2\"", "seeds = []")),
        ("a value twice", "study.toml", |t| t.replace("\"batch\"", "\"none\"")),
        ("a path for a network", "study.toml", |t| t.replace("simple_network", "../")),
        ("no epochs", "study.toml", |t| t.replace("epochs = 2", "epochs = 0")),
        ("a rate of nan", "study.toml", |t| t.replace("0.0005", "nan")),
        ("an empty file", "runs.csv", |_| String::new()),
        ("only a header", "runs.csv", |t| first_lines(t, 1)),
        ("a renamed column", "runs.csv", |t| t.replace("epochs_trained", "epochs_done")),
        ("a word for a number", "runs.csv", |t| t.replacen(",1920,", ",many,", 1)),
        ("a run twice", "runs.csv", |t| format!("{t}{}\n", t.lines().last().unwrap())),
        ("too many epochs", "runs.csv", |t| t.replace(",trained,2,1920,", ",trained,3,1920,")),
        ("more epochs promised", "study.toml", |t| t.replace("epochs = 2", "epochs = 4000000000")),
        ("other steps", "study.toml", |t| {
            t.replace("training_images = 48000", "training_images = 40000")
        }),
        ("a run too few", "runs.csv", |t| first_lines(t, 8)),
        ("cut within a number", "epochs.csv", |t| t[..t.len() - 5].to_owned()),
        ("cut after a comma", "epochs.csv", |t| t[..=t.rfind(',').unwrap()].to_owned() + "\n"),
        ("a row less", "epochs.csv", |t| first_lines(t, t.lines().count() - 1)),
        ("a column less", "epochs.csv", |t| cut_last_cell(t, 3)),
        ("NaN", "epochs.csv", |t| replace_cell(t, 4, 8, "NaN")),
        ("per cent", "epochs.csv", |t| replace_cell(t, 2, 8, "78.5")),
        ("another accuracy", "epochs.csv", |t| replace_cell(t, 3, 8, "0.5")),
        ("a step beyond all", "steps.csv", |t| replace_cell(t, 2, 3, "18446744073709551615")),
        ("a negative loss", "steps.csv", |t| replace_cell(t, 2, 4, "-0.5")),
        ("half the steps", "steps.csv", |t| first_lines(t, t.lines().count() / 2 - 4)),
        ("another network", "steps.csv", |t| replace_cell(t, 3, 0, "another_network")),
        ("another arm", "activations.csv", |t| replace_cell(t, 3, 1, "head")),
        ("another place", "activations.csv", |t| replace_cell(t, 5, 5, "in_the_middle")),
        ("rows lost", "batch_norm.csv", |t| first_lines(t, t.lines().count() - 3)),
        ("rows lost", "confusion.csv", |t| first_lines(t, t.lines().count() - 1)),
    ];
    let mut messages = String::new();
    for (title, file, damage) in damages {
        let folder = tempfile::tempdir().unwrap();
        write(&made_up::study(made_up::config()), folder.path());
        let path = folder.path().join(file);
        let whole = fs::read_to_string(&path).unwrap();
        let damaged = damage(&whole);
        assert_ne!(damaged, whole, "{title}");
        fs::write(&path, damaged).unwrap();
        let error = with_causes(&Study::read(folder.path()).unwrap_err());
        let error = error.replace(&format!("{}/", folder.path().display()), "");
        writeln!(messages, "# {file}: {title}\n{error}\n").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    write(&made_up::study(made_up::config()), folder.path());
    fs::remove_file(folder.path().join("steps.csv")).unwrap();
    let error = with_causes(&Study::read(folder.path()).unwrap_err());
    let error = error.replace(&format!("{}/", folder.path().display()), "");
    writeln!(messages, "# steps.csv: missing\n{error}").unwrap();
    insta::assert_snapshot!("damage", messages);
}

/// Only a study whose file names the figure has the table of it.
#[test]
fn tables_of_figures_are_read_as_they_were_written_and_damage_is_named() {
    let config = made_up::config();
    let study = made_up::observed();
    let of_figures = ["landscape.csv", "unit_percentiles.csv"];
    assert!(of_figures.iter().all(|file| !table_files(&config).contains(file)));
    assert!(of_figures.iter().all(|file| table_files(&study.config).contains(file)));
    let folder = tempfile::tempdir().unwrap();
    write(&study, folder.path());
    assert_eq!(Study::read(folder.path()).unwrap(), study);
    let lines: Vec<String> = of_figures
        .iter()
        .map(|file| first_lines(&fs::read_to_string(folder.path().join(file)).unwrap(), 2))
        .collect();
    let expected = [
        "norm,seed,step,loss_min,loss_max,change_min,change_max,smoothness\n\
         none,0,0,2.0,3.0,0.5,2.0,8.0\n",
        "norm,seed,step,p15,p50,p85\nnone,0,0,-1.0,0.0,1.0\n",
    ];
    assert_eq!(lines, expected);

    let damaged = |change: &dyn Fn(&mut Study)| {
        let mut study = study.clone();
        change(&mut study);
        write(&study, folder.path());
        Study::read(folder.path()).unwrap_err().to_string()
    };
    let expect = |found: String, parts: [&str; 2]| {
        assert!(parts.iter().all(|part| found.contains(part)), "{found}");
    };
    let found = damaged(&|study| study.optional.landscape.swap(0, 1));
    expect(found, ["landscape.csv", "step 0 after step 48"]);
    let found = damaged(&|study| study.optional.landscape[0].loss_max = Some(0.5));
    expect(found, ["landscape.csv", "step 0: expected its columns in ascending order"]);
    let found = damaged(&|study| study.optional.landscape[39].step = 1_920);
    expect(found, ["landscape.csv", "found step 1920, expected one of the 1920 steps"]);
    let found = damaged(&|study| study.optional.unit_percentiles[1].p50 = 9.0);
    expect(found, ["unit_percentiles.csv", "step 48: expected its columns in ascending order"]);
    fs::remove_file(folder.path().join("unit_percentiles.csv")).unwrap();
    assert!(Study::read(folder.path()).is_err());

    // What is not finite is empty.
    let mut study = study;
    study.optional.landscape[3].smoothness = None;
    write(&study, folder.path());
    assert_eq!(Study::read(folder.path()).unwrap(), study);
}

fn write(study: &Study, folder: &Path) {
    for (file, bytes) in study.files().unwrap() {
        fs::write(folder.join(file), bytes).unwrap();
    }
}

/// An error with its causes, as the command prints it.
fn with_causes(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", with_causes(source)),
        None => error.to_string(),
    }
}

fn first_lines(text: &str, count: usize) -> String {
    text.lines().take(count).map(|line| format!("{line}\n")).collect()
}

/// Changes a cell; lines from 1, as messages count them, columns from 0.
fn replace_cell(text: &str, line: usize, column: usize, cell: &str) -> String {
    let changed = |(index, row): (usize, &str)| {
        let mut cells: Vec<&str> = row.split(',').collect();
        if index + 1 == line {
            cells[column] = cell;
        }
        cells.join(",") + "\n"
    };
    text.lines().enumerate().map(changed).collect()
}

fn cut_last_cell(text: &str, line: usize) -> String {
    let changed = |(index, row): (usize, &str)| match row.rsplit_once(',') {
        Some((front, _)) if index + 1 == line => format!("{front}\n"),
        _ => format!("{row}\n"),
    };
    text.lines().enumerate().map(changed).collect()
}

#[test]
fn a_table_that_not_every_study_has_is_of_a_figure() {
    for table in OPTIONAL_TABLES {
        let mut figures = crate::figure_name::STANDARD.iter().chain(crate::figure_name::NAMED);
        assert!(figures.any(|figure| *figure == table.figure), "{}", table.file);
        assert!(is_table(table.file) && !TABLE_FILES.contains(&table.file), "{}", table.file);
    }
}

/// Only a study whose file names the figure has the table.
#[test]
fn shifts_of_variance_are_read_as_they_were_written_and_damage_is_named() {
    let config = made_up::config();
    let figures = "figures = [\"validation_accuracy\"";
    let with = made_up::changed(&config, &[(figures, "figures = [\"variance_shift\"")]);
    assert!(!table_files(&config).contains(&VarianceShiftRow::FILE));
    assert!(table_files(&with).contains(&VarianceShiftRow::FILE));
    let mut study = made_up::study(with);
    let key = study.runs[1].key.clone();
    let row = |position| VarianceShiftRow {
        key: key.clone(),
        position,
        shift: 1.0 + 0.1 * position as f64,
    };
    study.optional.variance_shift = vec![row(1), row(2)];
    let folder = tempfile::tempdir().unwrap();
    write(&study, folder.path());
    assert_eq!(Study::read(folder.path()).unwrap(), study);
    let damaged = |change: &dyn Fn(&mut Study)| {
        let mut study = study.clone();
        change(&mut study);
        write(&study, folder.path());
        Study::read(folder.path()).unwrap_err().to_string()
    };
    let found = damaged(&|study| {
        study.optional.variance_shift.remove(0);
    });
    assert!(
        found.contains("variance_shift.csv") && found.contains("the batch norms [2]"),
        "{found}"
    );
    // A run that diverged in its first step has no row elsewhere, and no norm to be measured.
    let found = damaged(&|study| {
        let run = &mut study.runs[1];
        *run = RunRow { cell: run.cell.clone(), ..RunRow::blank(run.key.clone()) };
        run.state = RunState::Diverged;
        study.epochs.retain(|row| row.key != key);
        study.steps.retain(|row| row.key != key);
        for row in study.confusion.iter_mut().filter(|row| row.key == key.arm) {
            row.count /= 2;
        }
    });
    assert!(found.contains("variance_shift.csv"), "{found}");
    fs::remove_file(folder.path().join(VarianceShiftRow::FILE)).unwrap();
    assert!(Study::read(folder.path()).is_err());
}
