//! What is promised of the sandbox, in every environment that a machine may be: by real programs, as root
//! and as an ordinary user, with and without namespaces and Landlock.

#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/environment.rs"]
mod environment;
#[path = "../support/python.rs"]
mod python;

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use environment::{Environment, is_root};
use serde_json::Value;
use tempfile::TempDir;

/// Fixtures that are enough for a verdict.
const CASES: [&str; 5] = [
    "notebook/forward_trivial_train",
    "notebook/forward_nontrivial_train",
    "notebook/forward_trivial_test",
    "notebook/backward",
    "spatial_batch_norm/one_pixel",
];

/// Hand-ins that answer nothing right get nothing.
const RUBRIC: &str = r#"
[[entry]]
name = "values"
checks = ["notebook/*", "random/*"]
points = 100
"#;

/// A folder that everybody may use, with fixtures and hand-ins.
struct Room {
    folder: TempDir,
    interpreter: PathBuf,
    /// One that an ordinary user may start, too.
    for_everyone: Option<PathBuf>,
}

impl Room {
    fn new(test: &str) -> Option<Self> {
        let interpreter = python::with_numpy(test)?;
        let folder = tempfile::tempdir().unwrap();
        let for_everyone = for_everyone(&interpreter, &folder.path().join("python"));
        let room = Self { folder, interpreter, for_everyone };
        let fixtures = room.path("fixtures");
        for case in CASES {
            copy(&python::workspace().join("fixtures").join(case), &fixtures.join(case));
        }
        let manifest = grader::fixture::Manifest::of(&fixtures).unwrap().to_string();
        fs::write(fixtures.join("manifest.toml"), manifest).unwrap();
        fs::write(room.path("rubric.toml"), RUBRIC).unwrap();
        for name in ["class", "scratch"] {
            fs::create_dir(room.path(name)).unwrap();
        }
        open_to_all(room.folder.path());
        Some(room)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the hand-in of this name, from these tests or from those of hostile and of right ones.
    fn hand_in(&self, to: &str, from: &str, replacements: &[(&str, &str)]) {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        let mut source = fs::read_to_string(tests.join(from)).unwrap();
        for (word, replacement) in replacements {
            source = source.replace(word, replacement);
        }
        fs::write(self.path(to), source).unwrap();
        open_to_all(&self.path(to));
    }

    /// The environments whose programs can be run here; says aloud which are skipped.
    fn environments(&self) -> Vec<Environment> {
        let (possible, skipped_ones): (Vec<_>, Vec<_>) = Environment::ALL
            .into_iter()
            .partition(|environment| !environment.is_ordinary_user || self.for_everyone.is_some());
        for environment in skipped_ones {
            skipped(&format!("{}: it needs a Python that this user may start", environment.name));
        }
        possible
    }

    fn environment(&self, name: &str) -> Option<Environment> {
        self.environments().into_iter().find(|environment| environment.name == name)
    }

    fn command(&self, environment: Environment, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .arg("grade")
            .args(arguments)
            .args(["--fixtures", "fixtures", "--isolation", environment.isolation, "--interpreter"])
            .arg(self.for_everyone.as_ref().unwrap_or(&self.interpreter))
            .current_dir(self.folder.path())
            .env("TMPDIR", self.path("scratch"))
            .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"));
        command
    }

    fn grade(&self, environment: Environment, arguments: &[&str]) -> Output {
        environment.output(&mut self.command(environment, arguments))
    }

    /// What is left where temporary folders are made.
    fn left(&self) -> Vec<PathBuf> {
        fs::read_dir(self.path("scratch")).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// An interpreter that everybody may start: the given one, or the system's own with the NumPy of the
/// given one, made in `folder`; none if they are of different versions.
fn for_everyone(given: &Path, folder: &Path) -> Option<PathBuf> {
    use std::os::unix::process::CommandExt;
    const SCRIPT: &str = "import numpy, os, sys\n\
                          print(sys.version_info[:2], os.path.dirname(os.path.dirname(numpy.__file__)))";
    let said = |command: &mut Command| {
        let output = command.output().ok().filter(|output| output.status.success())?;
        Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    };
    let starts = |python: &Path| {
        let mut command = Command::new(python);
        command.args(["-c", SCRIPT]).current_dir("/");
        if is_root() {
            command.uid(1000).gid(1000);
        }
        said(&mut command).is_some()
    };
    if starts(given) {
        return Some(given.to_owned());
    }
    let with_numpy = said(Command::new(given).args(["-c", SCRIPT]))?;
    let (version, packages) = with_numpy.rsplit_once(' ')?;
    let own = folder.join("bin/python");
    let place = "import sys, sysconfig; print(sys.version_info[:2], sysconfig.get_path('purelib'))";
    said(Command::new("/usr/bin/python3").args(["-m", "venv", "--without-pip"]).arg(folder))?;
    let found = said(Command::new(&own).args(["-c", place]))?;
    let (own_version, own_packages) = found.rsplit_once(' ')?;
    if version != own_version {
        return None;
    }
    for part in ["numpy", "numpy.libs"] {
        let part = Path::new(packages).join(part);
        if part.exists() {
            copy(&part, &Path::new(own_packages).join(part.file_name()?));
        }
    }
    open_to_all(folder);
    starts(&own).then_some(own)
}

fn open_to_all(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    for entry in fs::read_dir(path).into_iter().flatten() {
        open_to_all(&entry.unwrap().path());
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(output)))
}

/// Says aloud that a part of a test is skipped.
fn skipped(what: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED {what}");
}

/// The processes that have this word among their arguments.
fn processes_with(word: &str) -> usize {
    let command_line =
        |entry: fs::DirEntry| fs::read(entry.path().join("cmdline")).unwrap_or_default();
    let lines = fs::read_dir("/proc").unwrap().flatten().map(command_line);
    lines.filter(|line| line.split(|&byte| byte == 0).any(|part| part == word.as_bytes())).count()
}

/// Waits until this holds, for seconds at most.
fn becomes(holds: impl Fn() -> bool) -> bool {
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(20) {
        if holds() {
            return true;
        }
        thread::sleep(Duration::from_millis(5));
    }
    false
}

#[test]
fn the_table_of_the_readme_is_what_the_transcript_says() {
    let Some(room) = Room::new("the table of environments") else { return };
    room.hand_in("right.py", "hand_ins/right/one_step.py", &[]);
    let readme = python::workspace().join("crates/isolation/README.md");
    let readme = fs::read_to_string(readme).unwrap();
    if !is_root() {
        return skipped("the environments of root, since the tests are run by another user");
    }
    for environment in room.environments() {
        let graded = json(&room.grade(environment, &["--python", "right.py", "--format", "json"]));
        assert_eq!(graded["all_passed"], true, "{}", environment.name);
        let isolation = graded["isolation"].as_object().unwrap();
        let cell = |measure: &str| {
            let is_in_force = isolation[measure] == "in_force";
            if is_in_force { "yes" } else { "–" }
        };
        let measures = [
            "landlock",
            "own_root",
            "no_network",
            "own_processes",
            "no_rights",
            "seccomp",
            "limits",
        ];
        assert_eq!(isolation.len(), measures.len());
        let row = format!("| {} | {} |", environment.name, measures.map(cell).join(" | "));
        if environment.name == "everything is granted" && row.contains('–') {
            return skipped(&format!(
                "the table of environments, since this machine grants less: {row}"
            ));
        }
        assert!(readme.contains(&row), "expected in the README: {row}");
    }
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn calls_that_no_program_needs_are_refused_and_no_file_of_the_caller_is_open() {
    let Some(room) = Room::new("refused calls") else { return };
    room.hand_in("probe.py", "environments/probe.py", &[]);
    for environment in room.environments() {
        let arguments = ["--python", "probe.py", "--case", "spatial_batch_norm/one_pixel"];
        let mut command = room.command(environment, &arguments);
        // Two files that the grader inherits, as from a careless shell.
        let line = "exec 7<fixtures/manifest.toml 9<rubric.toml; exec \"$@\"";
        let words = [command.get_program().to_owned()];
        let words: Vec<_> =
            words.into_iter().chain(command.get_args().map(ToOwned::to_owned)).collect();
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", line, "sh"]).args(words).arg("--format").arg("json");
        shell.current_dir(room.folder.path());
        for (name, value) in command.get_envs() {
            shell.env(name, value.unwrap());
        }
        command = shell;
        let graded = json(&environment.output(&mut command));
        let said = graded["suites"][0]["verdicts"][0]["message"].as_str().unwrap();
        let is_filtered = graded["isolation"]["seccomp"] == "in_force";
        assert!(!said.contains("file "), "{}: {said}", environment.name);
        if is_filtered {
            assert!(said.contains("worked: ."), "{}: {said}", environment.name);
        } else {
            assert!(said.contains("socket"), "the probe sees nothing: {said}");
        }
    }
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn what_is_in_force_cannot_be_forged() {
    let Some(room) = Room::new("forged isolation") else { return };
    room.hand_in("forge.py", "environments/forge.py", &[]);
    room.hand_in("right.py", "hand_ins/right/one_step.py", &[]);
    for environment in room.environments() {
        let isolation = |file: &str| {
            json(&room.grade(environment, &["--python", file, "--format", "json"]))["isolation"]
                .clone()
        };
        assert_eq!(isolation("forge.py"), isolation("right.py"), "{}", environment.name);
    }
}

#[test]
fn where_no_temporary_folder_can_be_made_the_next_place_is_taken() {
    use std::os::unix::ffi::OsStrExt;
    let Some(room) = Room::new("places for temporary folders") else { return };
    room.hand_in("right.py", "hand_ins/right/one_step.py", &[]);
    let not_text = std::ffi::OsStr::from_bytes(b"scr\xff");
    fs::create_dir(room.folder.path().join(not_text)).unwrap();
    for environment in room.environments() {
        for place in ["".as_ref(), not_text, "right.py".as_ref(), "/proc".as_ref()] {
            let mut command = room.command(environment, &["--python", "right.py"]);
            let output = environment.output(command.env("TMPDIR", place));
            assert!(output.status.success(), "{place:?}: {}", stderr(&output));
        }
    }
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn a_right_hand_in_gets_full_marks_whatever_its_neighbours_do() {
    let Some(room) = Room::new("neighbours") else { return };
    let mark = format!("4711.{}", std::process::id());
    for number in 0..4 {
        room.hand_in(&format!("class/right{number}.py"), "hand_ins/right/einsum.py", &[]);
    }
    for hostile in ["fill_disk", "spawn", "memory", "close_folders"] {
        let to = format!("class/{hostile}.py");
        room.hand_in(&to, &format!("hostile/{hostile}.py"), &[("MARK", &mark)]);
    }
    for hostile in ["deep", "kill_all", "sparse"] {
        let to = format!("class/{hostile}.py");
        room.hand_in(&to, &format!("environments/{hostile}.py"), &[]);
    }
    for name in
        ["everything is granted", "neither", "an ordinary user, neither", "`--isolation off`"]
    {
        let Some(environment) = room.environment(name) else { continue };
        let table = format!("{}.csv", name.replace(|letter: char| !letter.is_alphabetic(), "_"));
        let marked = ["--csv", &table, "--rubric", "rubric.toml"];
        let limits = ["--time-limit", "1", "--threads", "2"];
        let arguments = [&["--batch", "class"][..], &marked, &limits].concat();
        let output = room.grade(environment, &arguments);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{name}: {}", stderr(&output));
        let mut reader = csv::Reader::from_path(room.path(&table)).unwrap();
        let mut seen = 0;
        for line in reader.records().map(Result::unwrap) {
            let (id, marks) = (&line[0], line[1].parse::<f64>());
            if id.starts_with("right") {
                seen += 1;
                assert_eq!(marks, Ok(100.0), "{name}: {line:?}");
            } else {
                assert!(marks.is_ok_and(|marks| marks == 0.0), "{name}: {line:?}");
            }
        }
        assert_eq!(seen, 4);
        assert_eq!(processes_with(&mark), 0, "{name}");
        assert_eq!(room.left(), [] as [PathBuf; 0], "{name}");
    }
}

/// A grading of a hand-in that leaves a process apart, and whose processes have the mark.
fn start_lingering(room: &Room, environment: Environment, mark: &str) -> Child {
    room.hand_in("linger.py", "environments/linger.py", &[("MARK", mark)]);
    let mut command = room.command(environment, &["--python", "linger.py"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    environment.spawn(&mut command).unwrap()
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn nothing_outlives_a_killed_grader_and_the_next_call_removes_its_files() {
    let Some(room) = Room::new("killed graders") else { return };
    room.hand_in("right.py", "hand_ins/right/one_step.py", &[]);
    for (number, environment) in room.environments().into_iter().enumerate() {
        let mark = format!("{}.{}", 5000 + number, std::process::id());
        let mut grader = start_lingering(&room, environment, &mark);
        assert!(becomes(|| processes_with(&mark) > 1), "{}", environment.name);
        grader.kill().unwrap();
        grader.wait().unwrap();
        assert!(becomes(|| processes_with(&mark) == 0), "{}", environment.name);
        let output = room.grade(environment, &["--python", "right.py"]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(room.left(), [] as [PathBuf; 0], "{}", environment.name);
    }
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn a_signal_ends_a_grading_and_leaves_nothing() {
    let Some(room) = Room::new("signals") else { return };
    let signals = ["INT", "TERM", "HUP"];
    for (number, (signal, environment)) in signals.iter().zip(room.environments()).enumerate() {
        let mark = format!("{}.{}", 6000 + number, std::process::id());
        let mut grader = start_lingering(&room, environment, &mark);
        assert!(becomes(|| processes_with(&mark) > 1), "{signal}");
        let killed = Command::new("kill").args(["-s", signal, &grader.id().to_string()]).status();
        assert!(killed.unwrap().success());
        assert_eq!(grader.wait().unwrap().code(), Some(2), "{signal}");
        assert_eq!((processes_with(&mark), room.left()), (0, Vec::new()), "{signal}");
    }
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn a_strict_umask_costs_no_marks() {
    let Some(room) = Room::new("umasks") else { return };
    room.hand_in("right.py", "hand_ins/right/one_step.py", &[]);
    for (umask, environment) in ["027", "037", "077"].iter().flat_map(|umask| {
        ["everything is granted", "no namespaces", "neither"]
            .map(|name| (umask, room.environment(name).unwrap()))
    }) {
        let command = room.command(environment, &["--python", "right.py"]);
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]).arg(command.get_program());
        shell.args(command.get_args()).current_dir(room.folder.path());
        for (name, value) in command.get_envs() {
            shell.env(name, value.unwrap());
        }
        let output = environment.output(&mut shell);
        assert!(output.status.success(), "{umask}, {}: {}", environment.name, stderr(&output));
    }
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn a_machine_that_cannot_grade_gives_no_verdict() {
    let Some(room) = Room::new("machines that cannot grade") else { return };
    room.hand_in("right.py", "hand_ins/right/one_step.py", &[]);
    let full = room.environment("everything is granted").unwrap();
    let says = |output: &Output, words: &[&str]| {
        assert_eq!(output.status.code(), Some(2), "{}", stderr(output));
        assert!(output.stdout.is_empty());
        for word in words {
            assert!(stderr(output).contains(word), "{}", stderr(output));
        }
    };
    // Not enough memory for the interpreter itself.
    let output = room.grade(full, &["--python", "right.py", "--memory-limit", "50"]);
    says(&output, &["this machine cannot grade", "--memory-limit"]);

    // A NumPy that does not load.
    let made = Command::new(&room.interpreter)
        .args(["-m", "venv", "--without-pip"])
        .arg(room.path("broken"))
        .status();
    assert!(made.unwrap().success());
    let python = room.path("broken/bin/python");
    let place = Command::new(&python)
        .args(["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
        .output()
        .unwrap();
    let numpy = Path::new(String::from_utf8(place.stdout).unwrap().trim()).join("numpy");
    fs::create_dir(&numpy).unwrap();
    let broken = "raise ImportError('libblas.so.3: cannot open shared object file')\n";
    fs::write(numpy.join("__init__.py"), broken).unwrap();
    let broken = Room { folder: room.folder, interpreter: python, for_everyone: None };
    let output = broken.grade(full, &["--python", "right.py"]);
    says(
        &output,
        &["this machine cannot grade", "cannot open shared object file", "--interpreter"],
    );
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn no_room_for_temporary_files_gives_no_verdict_or_all_marks() {
    let Some(room) = Room::new("little room") else { return };
    room.hand_in("right.py", "hand_ins/right/one_step.py", &[]);
    let mounted = Command::new("unshare")
        .args(["-m", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs \"$1\"", "sh"])
        .arg(room.path("scratch"))
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        return skipped("little room: a file system in memory cannot be mounted here");
    }
    // Without namespaces there would be none to have such a file system in.
    for name in ["everything is granted", "`--isolation off`"] {
        let environment = room.environment(name).unwrap();
        for kilobytes in [100, 1000, 2000, 3000, 4000, 6000, 8000, 16000] {
            let command = room.command(environment, &["--python", "right.py"]);
            let line =
                format!("mount -t tmpfs -o size={kilobytes}k,mode=777 tmpfs \"$0\" && exec \"$@\"");
            let mut shell = Command::new("unshare");
            shell.args(["-m", "sh", "-c", &line]).arg(room.path("scratch"));
            shell.arg(command.get_program()).args(command.get_args());
            shell.current_dir(room.folder.path());
            for (variable, value) in command.get_envs() {
                shell.env(variable, value.unwrap());
            }
            let output = environment.output(&mut shell);
            let code = output.status.code();
            assert!(matches!(code, Some(0 | 2)), "{name}, {kilobytes} KiB: {}", stderr(&output));
        }
    }
}
