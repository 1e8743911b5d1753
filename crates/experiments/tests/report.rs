//! `cargo xtask report`, as a user meets it: it draws from a committed study, and a damaged table
//! leaves everything as it was.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// A study of one run, written by hand.
const TABLES: [(&str, &str); 8] = [
    (
        "study.toml",
        "title = \"By hand\"\nquick = true\n[compare]\ntrains = [\"all\"]\n[fixed]\n\
         data_set = \"synthetic\"\nnetwork = \"simple\"\nepochs = 1\nbatch_size = 10\n\
         training_images = 40\nvalidation_images = 100\ntest_images = 100\n[repeat]\nseeds = [0]\n",
    ),
    (
        "runs.csv",
        "trains,seed,cell,state,epochs_trained,steps,train_loss,val_loss,val_accuracy,test_loss,\
         test_accuracy,network,depth,norm,activation,dropout,dropout_place,initial_scale,optimizer,\
         learning_rate,weight_decay,batch_size,epochs,training_images\n\
         all,0,0123456789abcdef,trained,1,4,2.0,1.5,0.5,,,simple_network,2,none,relu,none,\
         after-activation,1.0,adam,0.0005,0.0,10,1,40\n",
    ),
    (
        "epochs.csv",
        "trains,seed,epoch,step,train_loss,train_accuracy,val_loss,val_accuracy\n\
         all,0,1,3,2.0,0.25,1.5,0.5\n",
    ),
    (
        "steps.csv",
        "trains,seed,step,loss,accuracy,count\nall,0,1,2.25,0.125,20\nall,0,3,1.75,0.375,20\n",
    ),
    ("activations.csv", "trains,step,seeds,block,place,p15,p50,p85\n"),
    ("batch_norm.csv", "trains,step,seeds,block,quantity,min,p25,p50,p75,max\n"),
    ("confusion.csv", "trains,true_class,predicted_class,count\n"),
    ("grade.txt", "Tests passed: 3/3\n"),
];

fn report(folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_experiments"))
        .args(["report", "study"])
        .current_dir(folder)
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn a_study_is_drawn_from_its_tables_and_a_damaged_one_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let study = folder.path().join("study");
    fs::create_dir(&study).unwrap();
    for (file, text) in TABLES {
        fs::write(study.join(file), text).unwrap();
    }
    let output = report(folder.path());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    insta::assert_snapshot!("report", String::from_utf8(output.stdout).unwrap());
    let first = files(&study);
    assert_eq!(report(folder.path()).status.code(), Some(0));
    assert_eq!(files(&study), first, "the second report differs from the first");

    let epochs = study.join("epochs.csv");
    fs::write(&epochs, TABLES[2].1.replace("0.25", "a quarter")).unwrap();
    let output = report(folder.path());
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: study/epochs.csv: line 2, column train_accuracy: found \"a quarter\": invalid float \
         literal\n"
    );
    fs::write(&epochs, TABLES[2].1).unwrap();
    assert_eq!(files(&study), first, "a study that could not be read was drawn");
}

/// Without folders, all finished studies of a workspace are drawn.
#[test]
fn finished_studies_are_drawn_and_others_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("xtask")).unwrap();
    fs::write(folder.path().join("xtask/Cargo.toml"), "").unwrap();
    let citation = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../CITATION.cff");
    fs::copy(citation, folder.path().join("CITATION.cff")).unwrap();
    let report = || {
        Command::new(env!("CARGO_BIN_EXE_experiments"))
            .arg("report")
            .current_dir(folder.path())
            .env("CARGO_MANIFEST_DIR", folder.path().join("xtask"))
            .output()
            .unwrap()
    };
    let output = report();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(message.starts_with("error: found no folder with a study.toml below "), "{message}");
    for (study, tables) in
        [("reports/a", &TABLES[..]), ("runs/b", &TABLES), ("runs/c", &TABLES[..1])]
    {
        fs::create_dir_all(folder.path().join(study)).unwrap();
        for (file, text) in tables {
            fs::write(folder.path().join(study).join(file), text).unwrap();
        }
    }
    let output = report();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "runs/c: not finished, left as it is; the command that began it goes on with it, and `cargo xtask \
         report runs/c` reports what is there\n"
    );
    assert!(folder.path().join("reports/a/index.html").is_file());
    assert!(folder.path().join("runs/b/index.html").is_file());
    assert!(!folder.path().join("runs/c/index.html").exists());
    assert!(folder.path().join("reports/index.html").is_file());

    // A study of the gallery that cannot be read stops the report before anything is written.
    fs::write(folder.path().join("reports/a/README.md"), "older").unwrap();
    fs::create_dir_all(folder.path().join("reports/b")).unwrap();
    for (file, text) in TABLES {
        fs::write(folder.path().join("reports/b").join(file), text.replace("0.25", "a")).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_experiments"))
        .args(["report", "reports/a"])
        .current_dir(folder.path())
        .env("CARGO_MANIFEST_DIR", folder.path().join("xtask"))
        .output()
        .unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(message.contains("the gallery in reports/ cannot be made"), "{message}");
    assert_eq!(fs::read(folder.path().join("reports/a/README.md")).unwrap(), b"older");
}

/// A file that no study wrote is not replaced, and a folder that another process works in is left.
#[test]
fn a_report_leaves_what_is_not_of_its_study() {
    let folder = tempfile::tempdir().unwrap();
    let study = folder.path().join("study");
    fs::create_dir(&study).unwrap();
    for (file, text) in TABLES {
        fs::write(study.join(file), text).unwrap();
    }
    for own in ["README.md", "columns.csv", "figures"] {
        fs::write(study.join(own), "mine").unwrap();
        let before = files(&study);
        let output = report(folder.path());
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert_eq!(files(&study), before, "{own}");
        fs::remove_file(study.join(own)).unwrap();
    }
    let lock = files::lock(&study).unwrap();
    let output = report(folder.path());
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(message, "error: study: another process works on a study here; wait for it\n");
    drop(lock);
    assert_eq!(report(folder.path()).status.code(), Some(0));
    fs::remove_file(study.join("summary.csv")).unwrap();
    assert_eq!(report(folder.path()).status.code(), Some(0));
}

#[test]
fn a_folder_without_a_study_says_what_makes_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("study")).unwrap();
    let output = report(folder.path());
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.ends_with("; `cargo xtask experiment` writes it\n"), "{message}");
}
