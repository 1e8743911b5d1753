//! Runs that are stopped or killed, and gone on with.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use crate::{TINY, assert_same, command, files, places};

const KILLS: u32 = 12;
const ENDS: u32 = 8;
const SIGNALS: [&str; 4] = ["KILL", "KILL", "TERM", "USR1"];

fn arguments(out: &str) -> Vec<String> {
    let networks = ["--epochs=3", "--networks=spatial-batch-norm,dropout", "--heads=trained"];
    let given = [TINY.as_slice(), &networks].concat();
    given.into_iter().map(str::to_owned).chain(places(out)).collect()
}

fn study(folder: &Path, out: &str) -> Command {
    let arguments = arguments(out);
    command(folder, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// SIGKILL at a random moment, from before the first byte is written to after the last: however
/// often, in the end every file is as in an undisturbed study.
#[test]
#[ignore = "long: .ci/run runs it"]
fn killing_at_any_moment_changes_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    // Networks that train in a moment, so that the moments fall on everything else as well.
    let spawn = |out: &str| {
        let fast = ["--networks=batch-norm,dropout", "--heads=all", "--epochs=2"];
        let [out, cells] = places(out);
        command(folder.path(), &[TINY.as_slice(), &fast, &[out.as_str(), cells.as_str()]].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let start = Instant::now();
    assert!(spawn("undisturbed").wait().unwrap().success());
    let whole = start.elapsed();

    let seed = u64::from(std::process::id());
    eprintln!("moments by the seed {seed}"); // shown when the test fails
    let mut moments = Moments(seed);
    let mut killed = 0;
    while killed < KILLS {
        let mut child = spawn("killed");
        thread::sleep(whole.mul_f64(moments.next()));
        if child.try_wait().unwrap().is_some() {
            // One that came to its end leaves nothing to kill, and the next begins anew.
            fs::remove_dir_all(folder.path().join("killed")).unwrap();
            continue;
        }
        killed += 1;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(spawn("killed").wait().unwrap().success());
    let [undisturbed, killed] =
        ["undisturbed", "killed"].map(|out| files(&folder.path().join(out)));
    assert_same(&killed, &undisturbed);
}

/// Three parts of a study and one of them once more, all at once, each ended at a random moment by a random
/// signal, and again: two processes at one cell and whatever they leave change no byte either.
#[test]
#[ignore = "long: .ci/run runs it"]
fn ending_several_processes_at_any_moment_changes_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let spawn = |out: &str, part: &[&str]| {
        let fast = ["--networks=batch-norm,dropout", "--heads=all", "--epochs=8", "--seeds=3"];
        let [out, cells] = places(out);
        let places = [out.as_str(), cells.as_str()];
        command(folder.path(), &[TINY.as_slice(), &fast, &places, part, &["--threads=1"]].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let is_well = |mut child: Child| child.wait().unwrap().success();
    let start = Instant::now();
    assert!(is_well(spawn("undisturbed", &[])));
    let whole = start.elapsed();
    let parts = ["--shard=1/3", "--shard=2/3", "--shard=3/3", "--shard=1/3"];

    let seed = u64::from(std::process::id());
    eprintln!("moments and signals by the seed {seed}"); // shown when the test fails
    let mut moments = Moments(seed);
    let mut ended = 0;
    while ended < ENDS {
        // Late moments come when there is something to go on with.
        let latest = whole * (2 + ended) / (2 + ENDS);
        let before = ended;
        let mut ends = parts.map(|part| {
            let signal = SIGNALS[(moments.next() * SIGNALS.len() as f64) as usize];
            (latest.mul_f64(moments.next()), signal, spawn("ended", &[part]))
        });
        ends.sort_by_key(|(moment, ..)| *moment);
        let start = Instant::now();
        for (moment, signal, child) in &mut ends {
            thread::sleep(moment.saturating_sub(start.elapsed()));
            if child.try_wait().unwrap().is_none() {
                send(signal, child);
                ended += 1;
            }
        }
        for (.., mut child) in ends {
            child.wait().unwrap();
        }
        if ended == before {
            // All came to their ends before their moments: nothing is left to train, and the next begin anew.
            fs::remove_dir_all(folder.path().join("ended")).unwrap();
        }
    }
    // At the end nobody is in anybody's way, and no part is left to another.
    assert!(parts[..3].iter().all(|part| is_well(spawn("ended", &[part]))));
    assert!(is_well(spawn("ended", &[])));
    let [undisturbed, ended] = ["undisturbed", "ended"].map(|out| files(&folder.path().join(out)));
    assert_same(&ended, &undisturbed);
}

/// Ctrl-C and the signal to end save the state within an epoch, and say how to go on.
#[test]
fn an_interrupted_study_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let run = |out| study(folder.path(), out).output().unwrap();
    assert!(run("undisturbed").status.success());
    for signal in ["INT", "TERM"] {
        let mut child = study(folder.path(), signal)
            .args(["--threads=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("epoch 1/3")));
        send(signal, &child);
        for line in lines {
            line.unwrap();
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "stopping after this step; again to stop at once\n\
             error: stopped before the end; the same command goes on from here\n"
        );
        let left = files(&folder.path().join(signal));
        assert!(!left.contains_key("runs.csv"));
        let output = run(signal);
        assert!(output.status.success());
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("0 of 2 cells are trained already, "), "{said}");
        // The epochs from before are told again.
        assert_eq!(said.matches("Val-Acc").count(), 2 + 2 * 3, "{said}");
        let [undisturbed, stopped] =
            ["undisturbed", signal].map(|out| files(&folder.path().join(out)));
        assert_same(&stopped, &undisturbed);
    }
}

/// A reader that goes away, such as `head`, ends nothing.
#[test]
fn a_closed_output_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = study(folder.path(), "piped")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(output.status.success());
    assert!(study(folder.path(), "whole").output().unwrap().status.success());
    let [piped, whole] = ["piped", "whole"].map(|out| files(&folder.path().join(out)));
    assert_same(&piped, &whole);
}

pub(crate) fn send(signal: &str, child: &Child) {
    let status =
        Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// Shares of a duration, spread evenly over it: a linear congruential generator (Knuth, "The Art of
/// Computer Programming", volume 2, 3.3.4), with another start each time on purpose.
struct Moments(u64);

impl Moments {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 40) as f64 / (1_u64 << 24) as f64
    }
}
