//! `cargo xtask submit`: what it writes, and that its scripts train and report a study, with an `sbatch`
//! that only notes what it is asked for. `.ci/slurm-study` submits to a real Slurm.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use crate::folders::workspace;
use crate::stores::{refused, said};
use crate::{assert_same, command, files};

const STUDY: &str = "[compare]\nnorm = [\"none\", \"batch\"]\n[fixed]\ndata_set = \"synthetic\"\nepochs = 1\n\
    batch_size = 10\ntraining_images = 40\nvalidation_images = 20\ntest_images = 20\ntrains = \"all\"\n\
    [repeat]\nseeds = 3\n";

/// An sbatch that counts its jobs from 17.
const SBATCH: &str =
    "#!/bin/bash\necho \"$@\" >>asked\necho \"$((16 + $(wc -l <asked)));cluster\"\n";

fn submit(root: &Path, arguments: &[&str]) -> Command {
    let path = std::env::var("PATH").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_experiments"));
    command
        .arg("submit")
        .args(arguments)
        .current_dir(root)
        .env("CARGO_MANIFEST_DIR", root.join("xtask"))
        .env_remove("FASHION_MNIST_DIR")
        .env("PATH", format!("{}:{path}", root.join("programs").display()));
    command
}

fn with_sbatch(root: &Path, text: &str) {
    fs::create_dir_all(root.join("programs")).unwrap();
    let sbatch = root.join("programs/sbatch");
    fs::write(&sbatch, text).unwrap();
    fs::set_permissions(&sbatch, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A text without the folder of the workspace, and without the hash of the program.
fn anonymous(text: &str, root: &Path) -> String {
    let text = text.replace(root.to_str().unwrap(), "/ROOT");
    let is_hash =
        |part: &&str| part.len() == 8 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let hash = text.split('/').find(is_hash).unwrap().to_owned();
    text.replace(&hash, "HASH")
}

/// As a user of a cluster would write them, and with whatever is in a name in quotes.
#[test]
fn a_dry_run_shows_the_scripts_and_writes_nothing() {
    let folder = workspace();
    let root = folder.path();
    fs::write(root.join("mine.toml"), STUDY).unwrap();
    fs::write(root.join("it's 100 %.toml"), STUDY).unwrap();
    let before = fs::read_dir(root).unwrap().count();
    let sizes = ["--dry-run", "--array=3", "--time=30"];
    let of = |arguments: &[&str]| {
        let output = submit(root, &[&sizes, arguments].concat()).output().unwrap();
        anonymous(&said(&output).0, root)
    };
    insta::assert_snapshot!("submit", of(&["mine.toml"]));
    let more = [
        "--seeds=5..8",
        "--cells=my cells",
        "--out=out",
        "--",
        "--partition=short",
        "-A",
        "us",
        "--mem=2G",
    ];
    insta::assert_snapshot!("submit_quoted", of(&[&["it's 100 %.toml"], more.as_slice()].concat()));
    assert_eq!(fs::read_dir(root).unwrap().count(), before);

    let Some(data) = std::env::var_os("FASHION_MNIST_DIR") else {
        // Not `eprintln!`, which the test runner swallows.
        let _ =
            writeln!(io::stderr(), "SKIPPED a submission with data: FASHION_MNIST_DIR is not set");
        return;
    };
    let arguments = [sizes.as_slice(), &["headline", "--quick", "--set=norm=none"]].concat();
    let output = submit(root, &arguments).env("FASHION_MNIST_DIR", &data).output().unwrap();
    let text = said(&output).0.replace(data.to_str().unwrap(), "/DATA");
    insta::assert_snapshot!("submit_headline", anonymous(&text, root));
}

/// The scripts run as they are: two tasks and the report give what one process gives.
#[test]
fn the_scripts_train_and_report_what_one_process_does() {
    let folder = workspace();
    let root = folder.path();
    with_sbatch(root, SBATCH);
    fs::write(root.join("mine.toml"), STUDY).unwrap();
    let alone = ["mine.toml", "--out=alone", "--cells=one"];
    said(&command(root, &alone).output().unwrap());

    let (text, _) = said(&submit(root, &["mine.toml", "--array=2"]).output().unwrap());
    let copy = text.split(' ').find(|word| word.ends_with("/mine.toml")).unwrap();
    let (study, copy) = (copy.to_owned(), Path::new(copy).with_file_name("experiments"));
    let text = anonymous(&text, root);
    assert!(text.starts_with("6 of 6 cells are left, in 2 tasks, about "), "{text}");
    let expected = "job 17: runs/slurm/mine/train.sbatch\njob 18: runs/slurm/mine/report.sbatch\n\
                    state of the jobs: squeue --jobs 17,18\n\
                    state of the cells: cargo xtask experiment /ROOT/runs/slurm/mine/HASH/mine.toml --list\n\
                    logs: runs/slurm/mine\nreport: runs/mine\n";
    assert!(text.ends_with(expected), "{text}");
    let asked = fs::read_to_string(root.join("asked")).unwrap().replace(root.to_str().unwrap(), "");
    let expected = "--parsable /runs/slurm/mine/train.sbatch\n\
                    --parsable --dependency=afterany:17 /runs/slurm/mine/report.sbatch\n";
    assert_eq!(asked, expected);

    // The file of the study may be edited while the array waits.
    fs::write(root.join("mine.toml"), STUDY.replace("epochs = 1", "epochs = 2")).unwrap();
    let job = |script: &str, task: Option<u64>| -> Output {
        let mut job = Command::new("bash");
        job.arg(root.join("runs/slurm/mine").join(script)).current_dir(root);
        job.env_remove("CARGO_MANIFEST_DIR").env_remove("FASHION_MNIST_DIR");
        if let Some(task) = task {
            let variables = [("ID", task), ("COUNT", 2), ("MIN", 0), ("MAX", 1), ("STEP", 1)];
            for (name, value) in variables {
                job.env(format!("SLURM_ARRAY_TASK_{name}"), value.to_string());
            }
        }
        job.output().unwrap()
    };
    said(&job("train.sbatch", Some(1)));
    let (part, _) = said(&job("report.sbatch", None));
    assert!(part.starts_with("3 of 6 cells are trained and reported; missing:\n"), "{part}");
    let arguments = [study.as_str(), "--dry-run", "--array=2"];
    let (text, _) = said(&submit(root, &arguments).output().unwrap());
    let expected = "# nothing is left to train for 1 of 2 tasks; ";
    assert!(text.starts_with(expected), "{text}");
    said(&job("train.sbatch", Some(0)));
    said(&job("report.sbatch", None));
    let mut reported = files(&root.join("runs/mine"));
    reported.retain(|name, _| name != "time.toml");
    assert_same(&reported, &files(&root.join("alone")));

    // Nothing is left to train, and the copy of the program is not what it was.
    fs::write(root.join("mine.toml"), STUDY).unwrap();
    fs::write(&copy, "a part").unwrap();
    let (text, _) = said(&submit(root, &["mine.toml"]).output().unwrap());
    let expected = "all 6 cells are trained; the report alone is left\njob 19: ";
    assert!(text.starts_with(expected), "{text}");
    assert!(fs::read(&copy).unwrap() == fs::read(env!("CARGO_BIN_EXE_experiments")).unwrap());
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o111, 0o111);
    assert_eq!(fs::read_to_string(root.join("asked")).unwrap().lines().count(), 3);
    // The copies of a submission before stay.
    fs::write(root.join("mine.toml"), STUDY.replace("epochs = 1", "epochs = 2")).unwrap();
    said(&submit(root, &["mine.toml", "--array=2", "--time=5"]).output().unwrap());
    let copies = fs::read_dir(root.join("runs/slurm/mine")).unwrap();
    let copies = copies.filter(|entry| entry.as_ref().unwrap().path().is_dir());
    assert_eq!(copies.count(), 2);
}

#[test]
fn what_cannot_be_submitted_says_why_and_writes_nothing() {
    let folder = workspace();
    let root = folder.path();
    fs::write(root.join("mine.toml"), STUDY).unwrap();
    let message = refused(&submit(root, &["mine.toml"]).env("PATH", "").output().unwrap());
    let expected =
        "error: found no sbatch in PATH; run this where it is, or see the scripts by --dry-run\n";
    assert_eq!(message, expected);
    with_sbatch(root, SBATCH);
    for (arguments, expected) in [
        (
            ["mine.toml", "--time=soon"].as_slice(),
            "error: --time: found \"soon\", expected minutes, as in 30, or ",
        ),
        (
            &["mine.toml", "--time=2"],
            "error: --time: found \"2\", expected 3 minutes or more; Slurm stops a task ",
        ),
        (
            &["mine.toml", "--", "--array=0-3"],
            "error: --array=0-3: found an option that this command sets itself; --array N before -- ",
        ),
        (
            &["headline", "--offline", "--data-dir=nowhere"],
            "error: Fashion-MNIST cannot be read from nowhere",
        ),
        (&["headlines"], "error: found no study called headlines"),
    ] {
        let message = refused(&submit(root, arguments).output().unwrap());
        assert!(message.starts_with(expected), "{message}");
    }
    with_sbatch(root, "#!/bin/bash\necho 'no such partition' >&2\nexit 1\n");
    assert!(!root.join("runs").exists());
    let message = refused(&submit(root, &["mine.toml", "--", "-p", "x"]).output().unwrap());
    assert!(message.ends_with("train.sbatch` failed: no such partition\n"), "{message}");
}

/// A queue may have room for the array alone.
#[test]
fn a_report_that_is_refused_can_be_submitted_by_hand() {
    let folder = workspace();
    let root = folder.path();
    let once = "#!/bin/bash\n[ -e asked ] && echo 'no room' >&2 && exit 1\ntouch asked\necho 17\n";
    with_sbatch(root, once);
    fs::write(root.join("mine.toml"), STUDY).unwrap();
    let message = refused(&submit(root, &["mine.toml"]).output().unwrap());
    let command =
        "sbatch --parsable '--dependency=afterany:17' /ROOT/runs/slurm/mine/report.sbatch";
    let expected = format!(
        "error: `{command}` failed: no room\n       job 17 is in the queue; `{command}` submits what follows it\n"
    );
    assert_eq!(message.replace(root.to_str().unwrap(), "/ROOT"), expected);
}

/// sbatch puts its variables above what is in a script.
#[test]
fn the_scripts_are_stronger_than_the_variables_of_whoever_submits() {
    let folder = workspace();
    let root = folder.path();
    with_sbatch(root, "#!/bin/bash\nenv | grep ^SBATCH_ >>variables\necho 17\n");
    fs::write(root.join("mine.toml"), STUDY).unwrap();
    let with_variables = |arguments: &[&str]| {
        let mut command = submit(root, arguments);
        for name in ["TIMELIMIT", "SIGNAL", "NO_REQUEUE", "ARRAY_INX", "OUTPUT", "WAIT"] {
            command.env(format!("SBATCH_{name}"), "1");
        }
        said(&command.env("SBATCH_PARTITION", "short").output().unwrap()).0
    };
    with_variables(&["mine.toml"]);
    let variables = fs::read_to_string(root.join("variables")).unwrap();
    assert_eq!(variables, "SBATCH_PARTITION=short\n".repeat(2));
    // The report is not made sooner than that of a task, and a study of six runs has six tasks.
    let text = with_variables(&["mine.toml", "--dry-run", "--time=4", "--array=9"]);
    assert!(
        text.starts_with(
            "# --array 9: there are 6 tasks instead, at most one per run that is left"
        ),
        "{text}"
    );
    let limits: Vec<&str> = text.lines().filter(|line| line.contains("--time=")).collect();
    assert_eq!(limits, ["#SBATCH --time=4", "#SBATCH --time=0:10:00"]);
    assert!(text.contains("\nenv -u SBATCH_ARRAY_INX -u SBATCH_TIMELIMIT "), "{text}");
}
