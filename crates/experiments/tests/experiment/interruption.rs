//! Runs that are stopped or killed, and gone on with.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use crate::{TINY, assert_same, command, files};

const KILLS: u32 = 12;

fn arguments(out: &'static str) -> Vec<&'static str> {
    [
        TINY.as_slice(),
        &["--epochs=3", "--networks=spatial-batch-norm,dropout", "--heads=trained"],
        &[out],
    ]
    .concat()
}

/// SIGKILL at a random moment, from before the first byte is written to after the last: however
/// often, in the end every file is as in an undisturbed study.
#[test]
#[ignore = "long: .ci/run runs it"]
fn killing_at_any_moment_changes_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    // Networks that train in a moment, so that the moments fall on everything else as well.
    let fast = [TINY.as_slice(), &["--networks=batch-norm,dropout", "--epochs=2"]].concat();
    let spawn = |out, anew: bool| {
        command(folder.path(), &[fast.as_slice(), &[out]].concat())
            .args(anew.then_some("--anew"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let start = Instant::now();
    assert!(spawn("--out=undisturbed", false).wait().unwrap().success());
    let whole = start.elapsed();

    let seed = u64::from(std::process::id());
    eprintln!("moments by the seed {seed}"); // shown when the test fails
    let mut moments = Moments(seed);
    let mut killed = 0;
    let mut is_finished = false;
    while killed < KILLS {
        let mut child = spawn("--out=killed", is_finished);
        thread::sleep(whole.mul_f64(moments.next()));
        // One that was faster this time leaves a finished study, and the next begins anew.
        is_finished = child.try_wait().unwrap().is_some();
        killed += u32::from(!is_finished);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(spawn("--out=killed", false).wait().unwrap().success());
    let [undisturbed, killed] =
        ["undisturbed", "killed"].map(|out| files(&folder.path().join(out)));
    assert_same(&killed, &undisturbed);
}

/// Ctrl-C and the signal to end save the state within an epoch, and say how to go on.
#[test]
fn an_interrupted_study_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let run = |out| command(folder.path(), &arguments(out)).output().unwrap();
    assert!(run("--out=undisturbed").status.success());
    for signal in ["INT", "TERM"] {
        let mut child = command(folder.path(), &arguments("--out=stopped"))
            .args(["--threads=1", "--anew"])
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
        let left = files(&folder.path().join("stopped"));
        assert!(!left.contains_key("runs.csv"));
        let output = run("--out=stopped");
        assert!(output.status.success());
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("Going on where this study was stopped"), "{said}");
        // The epochs from before are told again.
        assert_eq!(said.matches("Val-Acc").count(), 2 + 2 * 3, "{said}");
        let [undisturbed, stopped] =
            ["undisturbed", "stopped"].map(|out| files(&folder.path().join(out)));
        assert_same(&stopped, &undisturbed);
    }
}

/// A reader that goes away, such as `head`, ends nothing.
#[test]
fn a_closed_output_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(folder.path(), &arguments("--out=piped"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(output.status.success());
    assert!(command(folder.path(), &arguments("--out=whole")).output().unwrap().status.success());
    let [piped, whole] = ["piped", "whole"].map(|out| files(&folder.path().join(out)));
    assert_same(&piped, &whole);
}

fn send(signal: &str, child: &Child) {
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
