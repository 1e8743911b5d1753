//! Hand-ins that attack the grader, each a real program. None gets a mark, and none does harm: in
//! isolation, and without it where the grader has to hold its own.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/python.rs"]
mod python;

use std::fs;
use std::io::{self, Write};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A grading of one hostile hand-in, in a folder of its own.
struct Attack {
    folder: TempDir,
    interpreter: PathBuf,
    hand_in: PathBuf,
    /// In seconds. Short ones are for attacks that last for ever, since a start takes time too.
    time_limit: &'static str,
}

impl Attack {
    /// The hand-in of this name, with these words in it replaced; `None` where there is no NumPy.
    fn new(name: &str, replacements: &[(&str, &str)]) -> Option<Self> {
        let interpreter = python::with_numpy(name)?;
        let folder = tempfile::tempdir().unwrap();
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile");
        let mut source = fs::read_to_string(here.join(name).with_extension("py")).unwrap();
        let fixtures = folder.path().join("fixtures");
        for (word, replacement) in
            replacements.iter().copied().chain([("FIXTURES", fixtures.to_str().unwrap())])
        {
            source = source.replace(word, replacement);
        }
        let hand_in = folder.path().join("hand_in.py");
        fs::write(&hand_in, source).unwrap();
        for case in [
            "notebook/forward_trivial_train",
            "notebook/forward_nontrivial_train",
            "notebook/forward_trivial_test",
            "notebook/backward",
            "spatial_batch_norm/one_pixel",
            "spatial_batch_norm/train_notebook_torch",
        ] {
            copy(&python::workspace().join("fixtures").join(case), &fixtures.join(case));
        }
        let manifest = grader::fixture::Manifest::of(&fixtures).unwrap().to_string();
        fs::write(fixtures.join("manifest.toml"), manifest).unwrap();
        Some(Self { folder, interpreter, hand_in, time_limit: "10" })
    }

    fn impatient(self) -> Self {
        Self { time_limit: "1", ..self }
    }

    fn grade_as(&self, isolation: &str, format: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(["grade", "--python", "hand_in.py", "--fixtures", "fixtures"])
            .args(["--time-limit", self.time_limit, "--isolation", isolation, "--format", format])
            .arg("--interpreter")
            .arg(&self.interpreter)
            .current_dir(self.folder.path())
            .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"));
        command.output().unwrap()
    }

    fn grade(&self, isolation: &str) -> Graded {
        let output = self.grade_as(isolation, "json");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), stderr.as_str()), (Some(1), ""));
        Graded { report: serde_json::from_slice(&output.stdout).unwrap() }
    }

    /// Neither with isolation nor without is there a mark; the verdicts name a reason each.
    fn fails(&self, reasons: &[&str]) {
        for isolation in ["auto", "off"] {
            self.grade(isolation).is_without_marks(reasons);
        }
    }
}

struct Graded {
    report: Value,
}

impl Graded {
    fn verdicts(&self) -> Vec<&Value> {
        let suites = self.report["suites"].as_array().unwrap().iter();
        suites.flat_map(|suite| suite["verdicts"].as_array().unwrap()).collect()
    }

    fn passed(&self) -> usize {
        let is_passed =
            |verdict: &&Value| matches!(verdict["outcome"].as_str(), Some("passed" | "noted"));
        self.verdicts().into_iter().filter(is_passed).count()
    }

    fn is_without_marks(&self, reasons: &[&str]) {
        assert!(self.verdicts().len() > 50);
        // Whoever refuses everything refuses a batch of one value per channel, as PyTorch does.
        let may_refuse = |verdict: &Value| {
            verdict["case"] == "behaviour/one_value_per_channel" && verdict["outcome"] == "noted"
        };
        for verdict in self.verdicts().into_iter().filter(|verdict| !may_refuse(verdict)) {
            assert_eq!(verdict["outcome"], "raised", "{verdict:#}");
            let message = verdict["message"].as_str().unwrap();
            assert!(reasons.iter().any(|reason| message.contains(reason)), "{message}");
            assert!(!message.contains('\n') && message.len() < 1000, "{message}");
        }
        assert_eq!(self.report["all_passed"], false);
    }

    /// Whether a measure is in force; says aloud that a part of a test is skipped if none is.
    fn has(&self, measures: &[&str]) -> bool {
        let isolation = &self.report["isolation"];
        let has = measures.iter().any(|measure| isolation[measure] == "in_force");
        if !has {
            let said = format!("SKIPPED an attack on isolation that is not in force: {isolation}");
            let _ = writeln!(io::stderr(), "{said}");
        }
        has
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// A number of seconds that no other process sleeps.
fn mark(number: u32) -> String {
    format!("{}.{}", 3_000 + number, std::process::id())
}

/// How many processes have this word among their arguments.
fn processes_with(word: &str) -> usize {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let command_line = |entry: fs::DirEntry| fs::read(entry.path().join("cmdline")).ok();
    entries
        .filter_map(command_line)
        .filter(|line| line.split(|&byte| byte == 0).any(|part| part == word.as_bytes()))
        .count()
}

#[test]
fn hanging() {
    let Some(attack) = Attack::new("hang", &[]) else { return };
    attack.impatient().fails(&["it took longer than a second"]);
}

#[test]
fn crashing() {
    for (name, signal) in [("abort", "signal 6 (abort)"), ("segfault", "signal 11 (memory")] {
        let Some(attack) = Attack::new(name, &[]) else { return };
        attack.fails(&[signal]);
    }
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn a_crash_costs_its_own_case_and_no_other() {
    let right = python::workspace().join("xtask/tests/hand_ins/right/einsum.py");
    let right = fs::read_to_string(right).unwrap();
    let Some(attack) = Attack::new("crash_at_times", &[("RIGHT", &right)]) else { return };
    let graded = attack.grade("auto");
    let (mut crashed, mut passed) = (0, 0);
    for verdict in graded.verdicts() {
        if verdict["outcome"] == "raised" {
            crashed += 1;
            assert!(verdict.to_string().contains("exit code 3"), "{verdict:#}");
        } else {
            passed += usize::from(matches!(verdict["outcome"].as_str(), Some("passed" | "noted")));
        }
    }
    assert!(crashed > 0);
    assert_eq!(crashed + passed, graded.verdicts().len());
}

#[test]
fn leaving_without_results() {
    for name in ["leave", "leave_at_once"] {
        let Some(attack) = Attack::new(name, &[]) else { return };
        attack.fails(&["ended with exit code 0 before it had answered"]);
    }
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn printing_without_end() {
    let Some(attack) = Attack::new("print_for_ever", &[]) else { return };
    attack.impatient().fails(&["it took longer than a second"]);
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn a_loop_costs_its_own_case_whatever_it_prints_and_leaves_and_the_same_in_every_run() {
    let right = python::workspace().join("xtask/tests/hand_ins/right/einsum.py");
    let right = fs::read_to_string(right).unwrap();
    for (name, reason) in [
        (
            "loop_at_times",
            "spatial_batchnorm_backward did not return: it took longer than a second",
        ),
        ("kill_at_times", "the program was ended by signal 9"),
    ] {
        let Some(attack) = Attack::new(name, &[("RIGHT", &right)]) else { return };
        let attack = attack.impatient();
        let mut runs: Vec<Vec<Value>> = Vec::new();
        for _ in 0..5 {
            let graded = attack.grade("auto");
            runs.push(graded.verdicts().into_iter().cloned().collect());
        }
        assert!(runs.iter().all(|run| *run == runs[0]), "{name}");
        let raised = runs[0].iter().filter(|verdict| verdict["outcome"] == "raised");
        let cases: std::collections::BTreeSet<_> =
            raised.clone().map(|verdict| verdict["case"].as_str().unwrap()).collect();
        assert!((1..10).contains(&cases.len()), "{cases:?}");
        for verdict in raised {
            assert!(verdict["message"].as_str().unwrap().contains(reason), "{verdict:#}");
        }
        assert!(runs[0].iter().all(|verdict| verdict["outcome"] != "failed"));
    }
}

#[test]
fn a_file_that_prints_much_and_is_right_passes() {
    let right = python::workspace().join("xtask/tests/hand_ins/right/einsum.py");
    let right = fs::read_to_string(right).unwrap();
    let Some(attack) = Attack::new("print_much", &[("RIGHT", &right)]) else { return };
    assert!(attack.grade_as("auto", "json").status.success());
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn starting_processes() {
    let mark = mark(1);
    let Some(attack) = Attack::new("spawn", &[("MARK", &mark)]) else { return };
    attack.fails(&[
        "started too many processes",
        "Resource temporarily unavailable",
        "its forward pass failed",
    ]);
    assert_eq!(processes_with(&mark), 0);
}

#[test]
fn outliving() {
    let mark = mark(2);
    let Some(attack) = Attack::new("survive", &[("MARK", &mark)]) else { return };
    attack.fails(&["exit code 0"]);
    assert_eq!(processes_with(&mark), 0);
}

#[test]
fn writing_into_the_fixtures() {
    let Some(attack) = Attack::new("write_fixtures", &[]) else { return };
    let graded = attack.grade("auto");
    if !graded.has(&["landlock", "own_root"]) {
        return;
    }
    graded.is_without_marks(&["RuntimeError: 0 files damaged", "its forward pass failed"]);
    let fixtures = attack.folder.path().join("fixtures");
    assert!(grader::fixture::Manifest::verify(&fixtures).unwrap().is_empty());
}

#[test]
fn reading_expected_outputs() {
    let Some(attack) = Attack::new("read_expected", &[]) else { return };
    // The attack is a real one: without isolation it would get marks.
    assert!(attack.grade("off").passed() > 0);
    let graded = attack.grade("auto");
    if graded.has(&["landlock", "own_root"]) {
        graded.is_without_marks(&["KeyError", "its forward pass failed"]);
    }
}

#[test]
fn reading_other_hand_ins() {
    let other = tempfile::tempdir().unwrap();
    let path = other.path().join("other.py");
    let right = python::workspace().join("xtask/tests/hand_ins/right/einsum.py");
    fs::copy(right, &path).unwrap();
    let Some(attack) = Attack::new("read_other", &[("OTHER", path.to_str().unwrap())]) else {
        return;
    };
    assert!(attack.grade_as("off", "json").status.success());
    let graded = attack.grade("auto");
    if graded.has(&["landlock", "own_root"]) {
        graded.is_without_marks(&["FileNotFoundError", "PermissionError"]);
    }
}

#[test]
fn printing_verdicts() {
    let Some(attack) = Attack::new("print_verdicts", &[]) else { return };
    attack.fails(&["ValueError: nothing to see", "its forward pass failed"]);
    for isolation in ["auto", "off"] {
        let output = attack.grade_as(isolation, "text");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.lines().any(|line| line.ends_with("passed.")), "{text}");
        assert!(text.contains("Tests passed: 0/3"), "{text}");
        assert!(output.stderr.is_empty());
    }
}

#[test]
fn replacing_what_a_grader_might_compare_with() {
    let Some(attack) = Attack::new("replace_numpy", &[]) else { return };
    for isolation in ["auto", "off"] {
        let graded = attack.grade(isolation);
        for verdict in graded.verdicts() {
            let case = verdict["case"].as_str().unwrap();
            if !case.starts_with("behaviour/") || case == "behaviour/x_untouched" {
                assert_eq!(verdict["outcome"], "failed", "{verdict:#}");
            }
        }
    }
}

#[test]
fn promising_huge_arrays() {
    let Some(attack) = Attack::new("huge_header", &[]) else { return };
    attack.fails(&[
        "expected 8000000000000 bytes after the header",
        "found a header of 10486",
        "exit code 0",
        "is missing",
    ]);
}

#[test]
fn pickled_objects() {
    let touched = tempfile::tempdir().unwrap();
    let path = touched.path().join("touched");
    let Some(attack) = Attack::new("pickled", &[("TOUCHED", path.to_str().unwrap())]) else {
        return;
    };
    attack.fails(&["objects and pickles are never read", "exit code 0"]);
    assert!(!path.exists());
}

#[test]
fn links_pipes_and_devices_as_results() {
    let Some(attack) = Attack::new("links", &[]) else { return };
    attack.fails(&["is not a regular file", "is missing", "exit code 0"]);
}

#[test]
fn telling_the_network() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let socket = UdpSocket::bind(address).unwrap();
    listener.set_nonblocking(true).unwrap();
    socket.set_nonblocking(true).unwrap();
    let port = address.port().to_string();
    let Some(attack) = Attack::new("connect", &[("PORT", &port)]) else { return };
    let has_heard = || listener.accept().is_ok() || socket.recv(&mut [0; 9]).is_ok();
    attack.grade("off");
    assert!(has_heard());
    while has_heard() {}
    let graded = attack.grade("auto");
    if graded.has(&["no_network"]) {
        graded.is_without_marks(&["told 0", "its forward pass failed"]);
        assert!(!has_heard());
    }
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn taking_all_memory() {
    let Some(attack) = Attack::new("memory", &[]) else { return };
    attack.impatient().fails(&["too much memory", "longer than a second", "signal 9"]);
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn filling_the_disk() {
    let Some(attack) = Attack::new("fill_disk", &[]) else { return };
    attack.impatient().fails(&[
        "too many files, or too long ones",
        "No space left on device",
        "its forward pass failed",
        "signal 25",
        "longer than a second",
    ]);
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn filling_the_disk_with_files_without_a_name() {
    let Some(attack) = Attack::new("unlinked", &[]) else { return };
    // A room of its own is full before the grader ends what fills it.
    attack.impatient().fails(&[
        "too many files, or too long ones",
        "No space left on device",
        "its forward pass failed",
    ]);
}

#[test]
fn ending_its_supervisors() {
    let Some(attack) = Attack::new("kill_parents", &[]) else { return };
    attack.fails(&["exit code 1", "signal"]);
}

#[test]
fn leaving_a_mess() {
    let Some(attack) = Attack::new("close_folders", &[]) else { return };
    let scratch = tempfile::tempdir().unwrap();
    for isolation in ["auto", "off"] {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(["grade", "--python"])
            .arg(&attack.hand_in)
            .args(["--isolation", isolation, "--case", "behaviour/x_untouched", "--interpreter"])
            .arg(&attack.interpreter)
            .env("TMPDIR", scratch.path())
            .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let left: Vec<_> = fs::read_dir(scratch.path()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
