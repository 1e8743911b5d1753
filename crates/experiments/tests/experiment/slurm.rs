//! A study in jobs of Slurm, by the variables that it sets and with a `scontrol` that only notes what it is
//! asked for. `.ci/slurm` runs a study in a real one.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Output, Stdio};

use crate::interruption::send;
use crate::stores::{cells, refused, report, said, small};
use crate::{TINY, assert_same, command, experiment, files};

/// The variables of a task of an array that counts from 4 in steps of 2.
fn of_task(command: &mut Command, index: u64, count: u64) {
    for (name, value) in [
        ("SLURM_JOB_ID", 90 + index),
        ("SLURM_ARRAY_JOB_ID", 90),
        ("SLURM_ARRAY_TASK_ID", 4 + 2 * index),
        ("SLURM_ARRAY_TASK_COUNT", count),
        ("SLURM_ARRAY_TASK_MIN", 4),
        ("SLURM_ARRAY_TASK_MAX", 4 + 2 * (count - 1)),
        ("SLURM_ARRAY_TASK_STEP", 2),
        ("SLURM_CPUS_PER_TASK", 1),
    ] {
        command.env(name, value.to_string());
    }
}

/// Each task trains its part, leaves what another process trains, and waits for nobody.
#[test]
fn the_tasks_of_an_array_train_a_study_and_the_report_is_that_of_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    said(&small(root, &["--out=alone", "--cells=one"]).output().unwrap());
    let task = |index, count| {
        let mut command = small(root, &["--cells=shared"]);
        of_task(&mut command, index, count);
        command
    };
    let taken = root.join("shared").join(cells(&root.join("one")).remove(0));
    fs::create_dir_all(&taken).unwrap();
    let lock = files::lock(&taken).unwrap();
    let tasks: Vec<Child> = (0..3).map(|index| task(index, 3).spawn().unwrap()).collect();
    let mut texts = Vec::new();
    for (index, child) in tasks.into_iter().enumerate() {
        let (stdout, stderr) = said(&child.wait_with_output().unwrap());
        assert_eq!(stderr, "");
        let (first, _) = stdout.split_once('\n').unwrap();
        let part = format!("; part {} of 3, from SLURM_ARRAY_TASK_ID", index + 1);
        assert!(first.ends_with(&part), "{stdout}");
        texts.push(stdout);
    }
    let left =
        texts.iter().filter(|text| text.contains("; left to the processes that train them: "));
    assert_eq!(left.count(), 1, "{texts:?}");
    assert_eq!(cells(&root.join("shared")).len(), 3);
    // A part that is named is no task's.
    let mut named = task(0, 3);
    let (named, _) = said(&named.args(["--shard=2/2"]).output().unwrap());
    assert!(named.contains("; part 2 of 2, from --shard\n"), "{named}");

    drop(lock);
    let again: Vec<String> =
        (0..3).map(|index| said(&task(index, 3).output().unwrap()).0).collect();
    let end = "; `cargo xtask report` with the same study makes the report\n";
    assert!(again.iter().all(|text| text.ends_with(end)), "{again:?}");
    let (whole, _) = said(&task(0, 3).args(["--shard=1/1", "--out=whole"]).output().unwrap());
    assert!(whole.contains("\nwrote "), "{whole}");
    assert_same(&files(&root.join("whole")), &files(&root.join("alone")));
    let changes = [TINY.as_slice(), &crate::stores::SMALL].concat();
    let arguments = [&["headline"], changes.as_slice(), &["--cells=shared", "--out=out"]].concat();
    let (reported, _) = said(&report(root, &arguments));
    assert!(reported.starts_with("all 4 cells are trained\n"), "{reported}");
    assert_same(&files(&root.join("out")), &files(&root.join("alone")));

    // A list is of the whole study, and needs no array with even steps.
    let mut gaps = task(0, 3);
    let message = refused(&gaps.env("SLURM_ARRAY_TASK_MAX", "9").output().unwrap());
    assert!(message.starts_with("error: SLURM_ARRAY_TASK_COUNT, _MIN, _MAX, "), "{message}");
    let (list, _) = said(&gaps.args(["--list"]).output().unwrap());
    assert!(list.contains("\n4 cells in shared: 4 trained, "), "{list}");
}

/// SIGUSR1 ends in a checkpoint and, where it is asked for, in the queue; the signal of `scancel` never
/// does.
#[test]
fn a_task_that_is_out_of_time_goes_back_into_the_queue_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let programs = root.join("programs");
    fs::create_dir(&programs).unwrap();
    let scontrol = programs.join("scontrol");
    let text = "#!/bin/sh\necho \"$@\" >>asked\nif [ -e broken ]; then echo 'Job is gone' >&2; exit 1; fi\n";
    fs::write(&scontrol, text).unwrap();
    fs::set_permissions(&scontrol, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());

    let study = ["--epochs=20", "--networks=spatial-batch-norm", "--heads=trained"];
    let arguments = |out: &str| {
        let own = [format!("--out={out}"), format!("--cells={out}/cells")];
        TINY.iter().chain(&study).map(|word| (*word).to_owned()).chain(own).collect::<Vec<_>>()
    };
    let task = |out: &str, more: &[&str]| {
        let arguments = arguments(out);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut task = command(root, &[&arguments[..], more].concat());
        of_task(&mut task, 0, 1);
        task.env("PATH", &path).stdout(Stdio::piped()).stderr(Stdio::piped());
        task
    };
    let stopped_by = |signal: &str, mut task: Command| -> Output {
        let mut child = task.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("  epoch ")));
        send(signal, &child);
        let rest: Vec<String> = lines.map(Result::unwrap).collect();
        let mut output = child.wait_with_output().unwrap();
        output.stdout = rest.join("\n").into_bytes();
        output
    };
    let asked = || fs::read_to_string(root.join("asked")).unwrap_or_default();
    let end = "the same command goes on from here\n";

    let unasked = refused(&stopped_by("USR1", task("out", &[])));
    assert_eq!(unasked, format!("error: stopped by SIGUSR1 before the end; {end}"));
    let cancelled = refused(&stopped_by("TERM", task("out", &["--requeue=3"])));
    assert!(cancelled.ends_with(&format!("error: stopped before the end; {end}")), "{cancelled}");
    assert_eq!(asked(), "");

    let (stdout, stderr) = said(&stopped_by("USR1", task("out", &["--requeue=3"])));
    assert_eq!((asked().as_str(), stderr.as_str()), ("requeue 90_4\n", ""));
    let expected = "stopped by SIGUSR1; 90_4 goes back into the queue and goes on from here";
    assert!(stdout.ends_with(expected), "{stdout}");

    let mut third = task("out", &["--requeue=3"]);
    third.env("SLURM_RESTART_COUNT", "3");
    let message = refused(&stopped_by("USR1", third));
    let expected = "90_4 was started again 3 times, and --requeue allows 3; ";
    assert!(message.contains(expected), "{message}");
    assert_eq!(asked().lines().count(), 1);

    fs::write(root.join("broken"), "").unwrap();
    let message = refused(&stopped_by("USR1", task("out", &["--requeue=3"])));
    let expected = "error: `scontrol requeue 90_4` failed: Job is gone\n";
    assert!(message.starts_with(expected), "{message}");

    said(&task("out", &[]).output().unwrap());
    for out in ["out", "whole"] {
        let arguments = arguments(out);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        said(&experiment(root, &arguments));
    }
    assert_same(&files(&root.join("out")), &files(&root.join("whole")));
}
