//! What commands refuse to read or to replace: pipes, devices and folders in the place of a file.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/no_files.rs"]
mod no_files;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use no_files::{NAMES, is_refused, no_files};

fn xtask(folder: &Path, arguments: &[&str]) -> Output {
    no_files::run(env!("CARGO_BIN_EXE_xtask"), folder, arguments)
}

#[test]
fn an_argument_that_is_no_regular_file_is_refused_at_once() {
    let folder = no_files();
    for name in NAMES {
        let output = xtask(folder.path(), &["grade", "--python", name]);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{message}");
        let found =
            if name == "folder.csv" { "no .py" } else { "something that is no regular file" };
        assert!(message.contains(&format!("{name}: found {found}")), "{name}: {message}");
        is_refused(&xtask(folder.path(), &["grade", "--rubric", name]), name);
        let output = xtask(folder.path(), &["grade", "--program", &format!("./{name}")]);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("found no such program"));
    }
    // Nothing was removed or made.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), NAMES.len());
}

#[test]
fn a_case_whose_files_are_no_regular_files_is_not_added() {
    for name in NAMES {
        for file in ["case.toml", "x.npy"] {
            let folder = no_files();
            let case = folder.path().join("case");
            fs::create_dir(&case).unwrap();
            let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/relu/zeros");
            for entry in fs::read_dir(known).unwrap() {
                let entry = entry.unwrap();
                fs::copy(entry.path(), case.join(entry.file_name())).unwrap();
            }
            fs::remove_file(case.join(file)).unwrap();
            fs::rename(folder.path().join(name), case.join(file)).unwrap();
            let output = xtask(folder.path(), &["fixtures", "add", "case", "--fixtures", "all"]);
            assert_eq!(output.status.code(), Some(2), "{output:?}");
            let message = String::from_utf8_lossy(&output.stderr);
            assert!(message.contains("not a regular file"), "{message}");
            assert!(!folder.path().join("all").exists());
        }
    }
}

/// `fixtures add` and `fixtures remove` may be killed at any moment: the same call then goes on, and nothing
/// is left over.
#[test]
fn adding_and_removing_a_case_can_be_killed_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/relu/zeros");
    let call = |action: &str, case: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(["fixtures", action, case, "--fixtures", "fixtures"])
            .current_dir(folder.path())
            .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    };
    let mut killed = 0;
    for round in 0..60 {
        let case = format!("case_{round}");
        fs::create_dir(folder.path().join(&case)).unwrap();
        for entry in fs::read_dir(&known).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), folder.path().join(&case).join(entry.file_name())).unwrap();
        }
        let description = folder.path().join(&case).join("case.toml");
        let text = fs::read_to_string(&description).unwrap();
        fs::write(&description, text.replace("pytorch_cases.py", "by hand")).unwrap();

        let mut child = call("add", &case).spawn().unwrap();
        sleep(Duration::from_micros(500 * round));
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        let output = call("add", &case).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let fixtures = folder.path().join("fixtures");
        assert_eq!(grader::fixture::Manifest::verify(&fixtures).unwrap(), [], "round {round}");
        assert_eq!(fs::read_dir(&fixtures).unwrap().count(), 2, "round {round}");
    }
    assert!(killed > 10, "only {killed} calls were killed");

    let mut killed = 0;
    // The first case stays, or there would be no fixtures.
    for round in 1..60 {
        let case = format!("case_{round}");
        let fixtures = folder.path().join("fixtures");
        let mut child = call("remove", &case).spawn().unwrap();
        sleep(Duration::from_micros(250 * round));
        killed += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        let output = call("remove", &case).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() || said.contains("found no case"), "{said}");
        assert_eq!(grader::fixture::Manifest::verify(&fixtures).unwrap(), [], "round {round}");
        assert!(!fixtures.join("relu").join(&case).exists(), "round {round}");
        assert_eq!(fs::read_dir(&fixtures).unwrap().count(), 2, "round {round}");
    }
    assert!(killed > 10, "only {killed} calls were killed");
}

/// Whatever reads the fixtures refuses those that are not what their manifest lists.
#[test]
fn every_way_to_grade_refuses_fixtures_that_differ_from_their_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let case = "spatial_batch_norm/one_pixel";
    let known = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(case);
    let fixtures = folder.path().join("fixtures");
    fs::create_dir_all(fixtures.join(case)).unwrap();
    for entry in fs::read_dir(known).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), fixtures.join(case).join(entry.file_name())).unwrap();
    }
    grader::fixture::Manifest::of(&fixtures).unwrap().write(&fixtures).unwrap();
    fs::create_dir(folder.path().join("class")).unwrap();
    fs::write(folder.path().join("class/one.py"), "").unwrap();
    fs::write(folder.path().join("one.py"), "").unwrap();

    let description = fixtures.join(case).join("case.toml");
    let text = fs::read_to_string(&description).unwrap();
    let line = text.lines().find(|line| line.starts_with("rtol")).unwrap();
    fs::write(&description, text.replacen(line, "rtol = 1e+12", 1)).unwrap();
    for more in [
        &[][..],
        &["--case", "one_pixel"],
        &["--python", "one.py"],
        &["--batch", "class", "--csv", "marks.csv"],
        &["--export-inputs", "inputs"],
    ] {
        let arguments = [&["grade", "--fixtures", "fixtures"][..], more].concat();
        let output = xtask(folder.path(), &arguments);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {message}");
        assert!(message.contains("one_pixel/case.toml: damaged"), "{more:?}: {message}");
        assert!(message.contains("restore it from version control"), "{more:?}: {message}");
    }
    assert!(!folder.path().join("marks.csv").exists() && !folder.path().join("inputs").exists());
}
