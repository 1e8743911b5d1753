//! One folder of cells with several processes, and cells from several folders.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::folders::workspace;
use crate::interruption::send;
use crate::{TINY, assert_same, command, experiment, files};

/// A study of four cells that train in a moment.
pub(crate) const SMALL: [&str; 4] =
    ["--epochs=1", "--networks=batch-norm,dropout", "--heads=all", "--seeds=2"];

pub(crate) fn small(folder: &Path, more: &[&str]) -> Command {
    let mut command = command(folder, &[TINY.as_slice(), &SMALL, more].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn report(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_experiments"))
        .arg("report")
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .env_remove("FASHION_MNIST_DIR")
        .output()
        .unwrap()
}

/// What a command printed that came to its end, on standard output and standard error.
pub(crate) fn said(output: &Output) -> (String, String) {
    let [stdout, stderr] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8(text.clone()).unwrap());
    assert_eq!(output.status.code(), Some(0), "{stdout}{stderr}");
    (stdout, stderr)
}

pub(crate) fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The folders of cells below this one, from there, in order.
pub(crate) fn cells(folder: &Path) -> Vec<PathBuf> {
    let names = files(folder).into_keys();
    names.filter_map(|name| Some(PathBuf::from(name.strip_suffix("/hparams.yaml")?))).collect()
}

#[test]
fn two_processes_train_a_study_together() {
    let folder = tempfile::tempdir().unwrap();
    said(&small(folder.path(), &["--out=alone", "--cells=one"]).output().unwrap());
    let both = ["a", "b"].map(|out| {
        let out = format!("--out={out}");
        small(folder.path(), &[out.as_str(), "--cells=shared"]).spawn().unwrap()
    });
    for child in both {
        said(&child.wait_with_output().unwrap());
    }
    let alone = files(&folder.path().join("alone"));
    assert_same(&files(&folder.path().join("a")), &alone);
    assert_same(&files(&folder.path().join("b")), &alone);
    assert_same(&files(&folder.path().join("shared")), &files(&folder.path().join("one")));
}

/// The others are trained first; then it is waited for, until Ctrl-C or the other process ends that.
#[test]
fn a_cell_that_another_process_trains_is_left_to_it_and_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    said(&small(folder.path(), &["--out=alone", "--cells=one"]).output().unwrap());
    let taken = cells(&folder.path().join("one")).remove(0);
    let taken = folder.path().join("shared").join(taken);
    fs::create_dir_all(&taken).unwrap();
    for is_interrupted in [true, false] {
        let lock = files::lock(&taken).unwrap();
        let mut child = small(folder.path(), &["--out=a", "--cells=shared"]).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        assert_eq!(first, "waiting for 1 cell that another process trains");
        assert_eq!(cells(&folder.path().join("shared")).len(), 3);
        if is_interrupted {
            send("INT", &child);
        } else {
            drop(lock);
        }
        let more: Vec<String> = lines.map(Result::unwrap).collect();
        let output = child.wait_with_output().unwrap();
        if is_interrupted {
            assert_eq!(output.status.code(), Some(2));
            assert!(more[1].contains("the same command goes on from here"), "{more:?}");
        } else {
            said(&output);
            assert!(more.is_empty(), "{more:?}");
        }
    }
    let alone = files(&folder.path().join("alone"));
    assert_same(&files(&folder.path().join("a")), &alone);
}

/// Half of the cells here, half elsewhere, some in both: reported as if all had been trained here.
#[test]
fn a_report_is_made_of_the_cells_that_there_are_wherever_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    said(&small(root, &["--out=whole", "--cells=one"]).output().unwrap());
    let whole = files(&root.join("whole"));
    fs::rename(root.join("whole/study.toml"), root.join("mine.toml")).unwrap();
    for (part, store) in [("--shard=1/2", "here"), ("--shard=2/2", "there")] {
        let store = format!("--cells={store}");
        said(&small(root, &[part, store.as_str()]).output().unwrap());
    }

    let message = refused(&report(root, &["mine.toml", "--cells=nowhere", "--out=none"]));
    let expected = "error: mine: found none of its cells trained in nowhere; `cargo xtask experiment` trains \
                    them, and --from names a folder that has them\n";
    assert_eq!(message, expected);
    assert!(!root.join("none").exists());

    let (first, _) = said(&report(root, &["mine.toml", "--cells=here", "--out=out"]));
    let expected = "2 of 4 cells are trained and reported; missing:\n  DropoutNetwork: seed 0\n  \
                    BatchNormNetwork: seed 1\ntesting on 1000 images\nwrote ";
    assert!(first.starts_with(expected), "{first}");
    let page = fs::read_to_string(root.join("out/README.md")).unwrap();
    assert!(page.replace('\n', " ").contains("2 of 4 runs of 1 epoch"), "{page}");

    // Elsewhere the folders have other names, and nothing is written.
    fs::create_dir(root.join("copied")).unwrap();
    for (at, cell) in cells(&root.join("there")).iter().enumerate() {
        fs::rename(root.join("there").join(cell), root.join(format!("copied/{at}"))).unwrap();
    }
    let copied = files(&root.join("copied"));
    let merged = ["mine.toml", "--cells=here", "--from=copied", "--from=one", "--out=out"];
    let (all, _) = said(&report(root, &merged));
    assert!(all.starts_with("all 4 cells are trained\nwrote "), "{all}");
    assert_same(&files(&root.join("out")), &whole);
    assert_same(&files(&root.join("copied")), &copied);

    // A complete report, which may be all that is left, is replaced by no partial one.
    for study in ["mine.toml", "out"] {
        for (store, here) in [("here", "2 are"), ("copied", "2 are")] {
            let message = refused(&report(root, &[study, "--cells", store, "--out=out"]));
            let expected = format!(
                "error: out: found a report of 4 runs, of which {here} here; --out gives another folder\n"
            );
            assert_eq!(message, expected);
            assert_same(&files(&root.join("out")), &whole);
        }
    }
    said(&report(root, &["mine.toml", "--cells=here", "--out=part"]));

    // The options that change a study find its cells; what a folder with tables says stays.
    let changes = [TINY.as_slice(), &SMALL, &["--cells=one", "--out=changed"]].concat();
    said(&report(root, &[&["headline"], changes.as_slice()].concat()));
    assert_same(&files(&root.join("changed")), &whole);
    for (option, named) in [("--seeds=1", "--seeds"), ("--set=norm=none", "--set norm")] {
        let message = refused(&report(root, &["out", option]));
        let expected = format!("error: {named}: found out with a report, which stays as it is, ");
        assert!(message.starts_with(&expected), "{message}");
    }

    // Its folder is reported from its tables, and an unfinished one from its cells.
    let (tables, _) = said(&report(root, &["out"]));
    assert!(tables.starts_with("wrote out/summary.csv\n"), "{tables}");
    fs::remove_file(root.join("out/runs.csv")).unwrap();
    said(&report(root, &["out", "--cells=one"]));
    assert_same(&files(&root.join("out")), &whole);

    // A log that is not what was written.
    let log = root.join("copied/0/metrics.csv");
    let text = fs::read_to_string(&log).unwrap();
    fs::write(&log, text.replacen("0.", "0.1", 1)).unwrap();
    let message = refused(&report(root, &merged));
    assert!(message.starts_with("error: copied/0/metrics.csv: its first "), "{message}");

    // Copies that contradict each other: this one has the logs of another cell, and the checkpoint that
    // knows them.
    let another = root.join("one").join(cells(&root.join("one")).remove(0));
    for part in ["metrics.csv", "distributions.csv", "checkpoints"] {
        for (file, bytes) in files(&another).into_iter().filter(|(file, _)| file.starts_with(part))
        {
            fs::write(root.join("copied/0").join(file), bytes).unwrap();
        }
    }
    let message = refused(&report(root, &merged));
    let (cell, other) = (cells(&root.join("one")).remove(1), "copied/0");
    let [one, other] =
        [&format!("one/{}", cell.display()), other].map(|path| message.contains(path));
    assert!(one && other && message.contains("found other results of the cell"), "{message}");

    // What is no study.
    let cell = Path::new("one").join(cells(&root.join("one")).remove(0));
    for (given, expected) in [
        (cell.to_str().unwrap(), "found a cell, expected a study"),
        ("one", "found a folder of cells, expected a study"),
    ] {
        let message = refused(&report(root, &[given]));
        assert!(message.contains(expected), "{message}");
    }
    let message = refused(&report(root, &["mine.toml", "--from=mine.toml"]));
    assert!(message.contains("mine.toml"), "{message}");
}

#[test]
fn a_study_that_is_trained_and_tested_needs_no_data() {
    let Some(data) = std::env::var_os("FASHION_MNIST_DIR") else {
        // Not `eprintln!`, which the test runner swallows.
        let _ =
            writeln!(io::stderr(), "SKIPPED a study without data: FASHION_MNIST_DIR is not set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let study = "[fixed]\nepochs = 1\ntraining_images = 100\nvalidation_images = 50\ntest_images = 50\n\
                 trains = \"all\"\n[repeat]\nseeds = 1\n";
    fs::write(root.join("mine.toml"), study).unwrap();
    let arguments = ["mine.toml", "--out=out", "--cells=cells"];
    said(&command(root, &arguments).env("FASHION_MNIST_DIR", data).output().unwrap());
    let made = files(&root.join("out"));
    let cells = files(&root.join("cells"));
    let without = ["--data-dir=nowhere", "--offline"];
    let again = [arguments.as_slice(), &without].concat();
    let (again, _) = said(&experiment(root, &again));
    assert!(again.contains("1 of 1 cell is trained already."), "{again}");
    said(&report(
        root,
        &[["mine.toml", "--out=new", "--cells=cells"].as_slice(), &without].concat(),
    ));
    assert_same(&files(&root.join("out")), &made);
    assert_same(&files(&root.join("new")), &made);
    assert_same(&files(&root.join("cells")), &cells);
    // A test that is missing needs the test images.
    let test = cells.keys().find(|name| name.ends_with("test/epoch=1.toml")).unwrap();
    fs::remove_file(root.join("cells").join(test)).unwrap();
    let more = [["mine.toml", "--out=new", "--cells=cells"].as_slice(), &without].concat();
    assert!(refused(&report(root, &more)).contains("nowhere"));
}

fn store_of(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_experiments"))
        .arg("cells")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .env("CARGO_MANIFEST_DIR", folder.join("xtask"))
        .output()
        .unwrap()
}

/// What goes is named first, with its size and who uses it; only what a run wrote goes.
#[test]
fn cells_are_listed_with_who_uses_them_and_removed_when_asked_twice() {
    let folder = workspace();
    let root = folder.path();
    let run = |more: &[&str]| {
        let mut command = small(root, more);
        said(&command.env("CARGO_MANIFEST_DIR", root.join("xtask")).output().unwrap());
    };
    run(&["--out=runs/mine"]);
    run(&["--out=elsewhere", "--set=learning_rate=0.01"]);
    fs::copy(root.join("runs/mine/study.toml"), root.join("mine.toml")).unwrap();
    let store = root.join("runs/cells");
    let before = cells(&store);
    assert_eq!(before.len(), 8);

    let (list, _) = said(&store_of(root, &[]));
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 1 + 4 + 1, "{list}");
    assert_eq!(
        lines.iter().filter(|line| line.ends_with(": used by runs/mine")).count(),
        2,
        "{list}"
    );
    assert_eq!(
        lines.iter().filter(|line| line.ends_with(": used by no study")).count(),
        2,
        "{list}"
    );
    assert!(lines[1].starts_with("    2       1  "), "{list}");
    assert!(lines[5].starts_with("8 cells in runs/cells, "), "{list}");

    // Nothing goes without a yes.
    let everything = files(&store);
    let message = refused(&store_of(root, &["remove", "--unused"]));
    assert!(message.ends_with("; --yes removes without asking\n"), "{message}");
    for (arguments, expected) in [
        (["remove", "--yes"].as_slice(), "found nothing to remove, expected a study"),
        (&["remove", "--yes", "headline"], "headline: found no cell of it in runs/cells"),
        (&["remove", "--yes", "0123456789abcdef"], "found no cell of it in runs/cells"),
        (&["remove", "--yes", "nonesuch"], "found no study called nonesuch"),
    ] {
        let message = refused(&store_of(root, arguments));
        assert!(message.contains(expected), "{message}");
    }
    let lock = files::lock(&store.join(&before[0])).unwrap();
    let message = refused(&store_of(root, &["remove", "mine.toml", "--unused", "--yes"]));
    assert!(message.contains("a process works on this cell"), "{message}");
    drop(lock);
    assert_same(&files(&store), &everything);

    let (removed, _) = said(&store_of(root, &["remove", "--unused", "--yes"]));
    assert!(removed.contains("\nremoved 4 cells, "), "{removed}");
    let (left, _) = said(&store_of(root, &["remove", "--unused", "--yes"]));
    assert_eq!(left, "every cell is used, nothing is removed\n");
    let kept = cells(&store);
    assert_eq!(kept.len(), 4);
    run(&["--out=runs/mine"]);
    assert_eq!(cells(&store), kept);

    // A foreign file stays where it is.
    let foreign = store.join(&kept[0]).join("weights/notes.txt");
    fs::write(&foreign, "mine").unwrap();
    let (removed, _) = said(&store_of(root, &["remove", "mine.toml", "--yes"]));
    assert!(
        removed.contains(" stays: it has files that no run wrote\nremoved 4 cells, "),
        "{removed}"
    );
    let left = files(&root.join("runs"));
    let of_cells: Vec<_> = left.keys().filter(|name| name.starts_with("cells/")).collect();
    assert_eq!(of_cells.len(), 1, "{of_cells:?}");
    assert!(of_cells[0].ends_with("/weights/notes.txt"), "{of_cells:?}");
    assert_eq!(fs::read_to_string(&foreign).unwrap(), "mine");

    // A study that cannot be read may use any cell.
    fs::write(root.join("runs/mine/study.toml"), "[compares]\n").unwrap();
    let message = refused(&store_of(root, &["remove", "--unused", "--yes"]));
    assert!(message.contains("it is not known which cells it uses"), "{message}");
}

/// What several studies have goes only when that is asked for.
#[test]
fn cells_of_a_study_that_others_use_stay_and_those_of_a_part_are_used() {
    let folder = workspace();
    let root = folder.path();
    let study = |name: &str, rates: &str| {
        let text = format!(
            "[compare]\nlearning_rate = [{rates}]\n[fixed]\ndata_set = \"synthetic\"\nnetwork = \
             \"batch-norm\"\nepochs = 1\nbatch_size = 10\ntraining_images = 40\nvalidation_images = 20\n\
             test_images = 20\n[repeat]\nseeds = 2\n"
        );
        fs::write(root.join(name), text).unwrap();
    };
    study("one.toml", "0.01, 0.02");
    study("other.toml", "0.02, 0.04");
    let run = |arguments: &[&str]| {
        let mut command = command(root, arguments);
        said(&command.env("CARGO_MANIFEST_DIR", root.join("xtask")).output().unwrap());
    };
    let left = || cells(&root.join("runs/cells")).len();
    run(&["one.toml"]);
    run(&["other.toml", "--shard=1/2"]);
    assert_eq!(left(), 4 + 1);
    let used_by_part = ": used by runs/cells/begun/other_";
    let (list, _) = said(&store_of(root, &[]));
    assert_eq!(list.matches(used_by_part).count(), 1, "{list}");
    assert_eq!(list.matches(": used by runs/one, runs/cells/begun/other_").count(), 1, "{list}");
    let (unused, _) = said(&store_of(root, &["remove", "--unused", "--yes"]));
    assert_eq!(unused, "every cell is used, nothing is removed\n");

    let (removed, _) = said(&store_of(root, &["remove", "one.toml", "--yes"]));
    assert!(removed.starts_with(&format!("2 stay{used_by_part}")), "{removed}");
    assert!(removed.contains(".toml; --shared removes them too\n"), "{removed}");
    assert!(removed.contains("\nremoved 2 cells, "), "{removed}");
    assert_eq!(left(), 3);
    // With the rest of the study its folder says whose its cells are.
    run(&["other.toml"]);
    assert_eq!(left(), 4);
    let (list, _) = said(&store_of(root, &[]));
    assert!(list.contains(": used by runs/one, runs/other\n"), "{list}");
    assert!(!list.contains("begun"), "{list}");

    let (removed, _) = said(&store_of(root, &["remove", "other.toml", "--yes"]));
    assert!(removed.starts_with("2 stay: used by runs/one; --shared "), "{removed}");
    let (stay, _) = said(&store_of(root, &["remove", "other.toml", "--yes"]));
    assert!(stay.ends_with("\nevery cell is used, nothing is removed\n"), "{stay}");
    assert_eq!(left(), 2);
    // Not one of several that are all named.
    let (removed, _) = said(&store_of(root, &["remove", "one.toml", "other.toml", "--yes"]));
    assert!(removed.contains("\nremoved 2 cells, "), "{removed}");
    run(&["one.toml"]);
    let (removed, _) = said(&store_of(root, &["remove", "other.toml", "--shared", "--yes"]));
    assert!(removed.contains("\nremoved 2 cells, "), "{removed}");

    // A part that is given up takes its note with it.
    study("third.toml", "0.03");
    run(&["third.toml", "--shard=1/2"]);
    said(&store_of(root, &["remove", "third.toml", "--yes"]));
    let (list, _) = said(&store_of(root, &[]));
    assert!(!list.contains("0.03"), "{list}");
    assert_eq!(fs::read_dir(root.join("runs/cells/begun")).unwrap().count(), 0);

    // Whether a study that cannot be read uses them is not known.
    fs::write(root.join("runs/other/study.toml"), "[compares]\n").unwrap();
    let message = refused(&store_of(root, &["remove", "one.toml", "--yes"]));
    assert!(message.contains("it is not known which cells it uses"), "{message}");
    said(&store_of(root, &["remove", "one.toml", "--shared", "--yes"]));
}
