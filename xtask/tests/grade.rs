//! `cargo xtask grade` and `cargo xtask fixtures`, as a user meets them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{fs, io};

use tempfile::TempDir;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Runs the command in `folder`, so that paths in its messages are relative to it.
fn xtask(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A folder with `fixtures/` in it, which has two of the real cases and a manifest.
fn small_copy() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for case in ["notebook/forward_trivial_train", "spatial_batch_norm/one_pixel"] {
        let from = workspace().join("fixtures").join(case);
        let to = folder.path().join("fixtures").join(case);
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    let fixtures = folder.path().join("fixtures");
    let manifest = grader::fixture::Manifest::of(&fixtures).unwrap().to_string();
    fs::write(fixtures.join("manifest.toml"), manifest).unwrap();
    folder
}

/// A .npy file of 64-bit values.
fn npy(descriptor: &str, shape: &str, values: &[f64]) -> Vec<u8> {
    let header =
        format!("{{'descr': '{descriptor}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\0".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

#[test]
fn the_kernels_pass_everything() {
    let output = xtask(&workspace(), &["grade"]);
    let text = stdout(&output);
    assert!(output.status.success(), "{text}{}", stderr(&output));
    let first = "\
SpatialBatchnormForwardTest with trivial beta and gamma (train) passed.
SpatialBatchnormForwardTest with nontrivial beta and gamma (train) passed.
SpatialBatchnormForwardTest with trivial beta and gamma (test) passed.
All tests passed for your spatial batchnorm implementation. Tests passed: 3/3
SpatialBatchnormBackwardTest passed.
";
    assert!(text.starts_with(first), "{text}");
    assert!(!text.contains("failed"), "{text}");
    // The notebook's lines have not scrolled away.
    assert!(text.lines().count() <= 24 && text.contains("\n\nTotal: "), "{text}");
}

#[test]
fn every_check_is_listed_where_that_is_asked_for() {
    let text = stdout(&xtask(&workspace(), &["grade", "--verbose"]));
    assert!(text.starts_with("SpatialBatchnormForwardTest with trivial beta"), "{text}");
    let listed = text.lines().filter(|line| line.ends_with(" passed.")).count();
    assert!(listed > 600, "{listed}");
    assert!(text.contains("\n  spatial_batch_norm/one_pixel: dbeta passed.\n"), "{text}");
    let output = xtask(&workspace(), &["grade", "--verbose", "--format", "json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--verbose: found --format json, expected text"));
}

#[test]
fn the_catalogue_is_listed_with_nothing_graded() {
    let output = xtask(&workspace(), &["grade", "--list-mistakes"]);
    assert!(output.status.success());
    insta::assert_snapshot!("mistakes", stdout(&output));
}

#[test]
fn drawn_cases_follow_the_seed_and_can_be_asked_alone() {
    let run = |more: &[&str]| xtask(&workspace(), &[&["grade"], more].concat());
    let output = run(&["--seed", "9", "--case", "random/train"]);
    assert_eq!(
        stdout(&output),
        "Random: 6 of 6 checks passed\n  random/train passed.\n\nTotal: 6 of 6 checks passed\n"
    );
    assert!(output.status.success());
    let output = run(&["--profile", "strict", "--case", "behaviour/unknown_mode"]);
    assert_eq!(
        stdout(&output),
        "Behaviour: 1 of 1 checks passed\n  behaviour/unknown_mode passed.\n\nTotal: 1 of 1 checks passed\n"
    );
    let output = run(&["--target", "exercise", "--seed", "9", "--case", "random/train"]);
    let rerun = "cargo xtask grade --target exercise --seed 9 --case random/train";
    assert!(output.status.success() || stdout(&output).contains(rerun), "{}", stdout(&output));
    let output = run(&["--case", "behaviour/nothing"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("behaviour/nothing: kernels is not asked that"));
}

#[test]
fn the_untouched_exercise_fails_without_a_crash() {
    let stubs = include_str!("../../crates/exercise/src/spatial_batchnorm.rs");
    if stubs.matches("    answer::not_implemented!(").count() != 2 {
        // Not `eprintln!`, which the test runner swallows.
        let _ =
            writeln!(io::stderr(), "SKIPPED the test of the untouched exercise: it is filled in");
        return;
    }
    let output = xtask(&workspace(), &["grade", "--target", "exercise"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output), "");
    // The last line says what this machine grants.
    let said = stdout(&output);
    let (said, _) = said.split_once("\nIsolation: ").unwrap();
    insta::assert_snapshot!("untouched_exercise", said);
}

#[test]
fn one_case_can_be_asked_alone_by_either_name() {
    let folder = small_copy();
    for name in ["spatial_batch_norm/one_pixel", "one_pixel"] {
        let output = xtask(folder.path(), &["grade", "--fixtures", "fixtures", "--case", name]);
        insta::assert_snapshot!("one_case", stdout(&output));
    }
    let output = xtask(&workspace(), &["grade", "--case", "notebook/backward"]);
    assert_eq!(
        stdout(&output),
        "SpatialBatchnormBackwardTest passed.\n\nTotal: 1 of 1 checks passed\n"
    );
}

#[test]
fn a_case_that_a_target_does_not_answer_says_so() {
    for (target, case, found) in [
        ("kernels", "relu/zeros", "relu/zeros: found a case of another operation"),
        ("exercise", "spatial_batch_norm/float32", "float32: found a case in float32"),
    ] {
        let output = xtask(&workspace(), &["grade", "--target", target, "--case", case]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(found), "{}", stderr(&output));
    }
}

#[test]
fn a_damaged_case_does_not_keep_another_from_being_asked_alone() {
    let folder = small_copy();
    fs::write(folder.path().join("fixtures/notebook/forward_trivial_train/x.npy"), "").unwrap();
    let command = ["grade", "--fixtures", "fixtures", "--case", "one_pixel"];
    assert!(xtask(folder.path(), &command).status.success());
}

#[test]
fn what_cannot_be_read_is_named_with_what_was_found_and_expected() {
    const X: &str = "x.npy";
    const CASE: &str = "case.toml";
    fn edit(path: &Path, from: &str, to: &str) {
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }
    fn edit_bytes(path: &Path, edit: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = fs::read(path).unwrap();
        edit(&mut bytes);
        fs::write(path, bytes).unwrap();
    }
    fn damaged_header(path: &Path, header: &str) {
        let length = u16::try_from(header.len()).unwrap().to_le_bytes();
        let bytes = [&b"\x93NUMPY\x01\0"[..], &length, header.as_bytes()].concat();
        fs::write(path, bytes).unwrap();
    }
    type Damage = fn(&Path);
    let damages: [(&str, &str, Damage); 32] = [
        ("a missing file", X, |path| fs::remove_file(path).unwrap()),
        ("a file cut in half", X, |path| {
            edit_bytes(path, |bytes| bytes.truncate(bytes.len() / 2));
        }),
        ("a file without its last byte", X, |path| {
            edit_bytes(path, |bytes| bytes.truncate(bytes.len() - 1));
        }),
        ("an empty file", X, |path| fs::write(path, "").unwrap()),
        ("a corrupt magic string", X, |path| edit_bytes(path, |bytes| bytes[1] = b'M')),
        ("another version", X, |path| edit_bytes(path, |bytes| bytes[6] = 4)),
        ("a file cut inside its header", X, |path| edit_bytes(path, |bytes| bytes.truncate(60))),
        ("a header too long", X, |path| damaged_header(path, &" ".repeat(10_001))),
        ("a header too deep", X, |path| damaged_header(path, "((((((()))))))\n")),
        ("a header of another kind", X, |path| damaged_header(path, "[1, 2]\n")),
        ("an oversized file", X, |path| {
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_len((64 << 20) + 1).unwrap();
        }),
        ("integers", X, |path| fs::write(path, npy("<i8", "(1,)", &[1.0])).unwrap()),
        ("pickled objects", X, |path| fs::write(path, npy("|O", "(1,)", &[1.0])).unwrap()),
        ("another shape", X, |path| {
            fs::write(path, npy("<f8", "(1, 1, 1, 2)", &[1.0, 2.0])).unwrap();
        }),
        ("more axes than arrays have", X, |path| {
            fs::write(path, npy("<f8", &format!("({})", "1, ".repeat(65)), &[1.0])).unwrap();
        }),
        ("a mask that is not one", X, |path| fs::write(path, npy("|b1", "(8,)", &[0.1])).unwrap()),
        ("a folder", X, |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
        ("two precisions", "gamma.npy", |path| {
            let halves = [0.0; 2];
            fs::write(path, npy("<f4", "(4,)", &halves)).unwrap();
        }),
        ("an expected NaN", "expected_out.npy", |path| {
            edit_bytes(path, |bytes| {
                let last = bytes.len() - 8;
                bytes[last..].copy_from_slice(&f64::NAN.to_le_bytes());
            });
        }),
        ("a missing case.toml", CASE, |path| fs::remove_file(path).unwrap()),
        ("text that is not TOML", CASE, |path| edit(path, "[config]", "[config")),
        ("an unknown key", CASE, |path| edit(path, "oracle =", "author =")),
        ("text that is not UTF-8", CASE, |path| fs::write(path, b"summary = \"\xff\"").unwrap()),
        ("another operation than the folder's", CASE, |path| {
            edit(path, "operation = \"spatial_batch_norm\"", "operation = \"batch_norm\"");
        }),
        ("an empty oracle", CASE, |path| {
            let text = fs::read_to_string(path).unwrap();
            let line = text.lines().find(|line| line.starts_with("oracle =")).unwrap();
            edit(path, line, "oracle = \"\"");
        }),
        ("a missing role", CASE, |path| edit(path, "gamma = \"gamma.npy\"\n", "")),
        ("gradients without dout", CASE, |path| edit(path, "dout = \"dout.npy\"\n", "")),
        ("a bad tolerance", CASE, |path| edit(path, "rtol = ", "rtol = -")),
        ("a tolerance that allows anything", CASE, |path| {
            let text = fs::read_to_string(path).unwrap();
            let line = text.lines().find(|line| line.starts_with("atol =")).unwrap();
            edit(path, line, "atol = inf");
        }),
        ("an unknown role", CASE, |path| edit(path, "gamma = ", "gama = ")),
        ("a momentum out of range", CASE, |path| edit(path, "momentum = 0.9", "momentum = 5.0")),
        ("a file name that leads elsewhere", CASE, |path| {
            edit(path, "x = \"x.npy\"", "x = \"../x.npy\"");
        }),
    ];
    let mut messages = String::new();
    let mut look = |name: &str, folder: &Path, more: &[&str]| {
        let arguments = [&["grade", "--fixtures", "fixtures"][..], more].concat();
        let output = xtask(folder, &arguments);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert_eq!(stdout(&output), "", "{name}");
        writeln!(messages, "# {name}\n{}", stderr(&output)).unwrap();
    };
    for (name, file, damage) in damages {
        let folder = small_copy();
        damage(&folder.path().join("fixtures/spatial_batch_norm/one_pixel").join(file));
        look(name, folder.path(), &[]);
    }
    let folder = small_copy();
    look("an unknown case", folder.path(), &["--case", "relu/other"]);
    look("a similar case", folder.path(), &["--case", "batch_norm/one_pixel"]);

    let notebooks: [(&str, Damage); 3] = [
        ("a notebook test of one's own", |test| {
            fs::rename(test, test.with_file_name("my_backward")).unwrap();
        }),
        ("a notebook test in single precision", |test| {
            fs::write(test.join("x.npy"), npy("<f4", "(1, 1, 1, 2)", &[1.0])).unwrap();
        }),
        ("a notebook test of forward with a dout", |test| {
            edit(&test.join("case.toml"), "[inputs]\n", "[inputs]\ndout = \"x.npy\"\n");
        }),
    ];
    for (name, damage) in notebooks {
        let folder = small_copy();
        damage(&folder.path().join("fixtures/notebook/forward_trivial_train"));
        look(name, folder.path(), &[]);
    }
    fs::write(folder.path().join("fixtures/relu"), "").unwrap();
    look("a file in the place of a folder", folder.path(), &[]);
    fs::remove_dir_all(folder.path().join("fixtures")).unwrap();
    look("no fixtures", folder.path(), &[]);
    insta::assert_snapshot!("errors", messages);
}

#[test]
fn verify_names_what_is_wrong() {
    let folder = small_copy();
    let verify = ["fixtures", "verify", "--fixtures", "fixtures"];
    let output = xtask(folder.path(), &verify);
    assert!(output.status.success(), "{}", stdout(&output));
    let case = folder.path().join("fixtures/spatial_batch_norm/one_pixel");
    let mut bytes = fs::read(case.join("x.npy")).unwrap();
    bytes[140] ^= 1;
    fs::write(case.join("x.npy"), bytes).unwrap();
    fs::remove_file(case.join("beta.npy")).unwrap();
    fs::write(case.join("notes.txt"), "").unwrap();
    let output = xtask(folder.path(), &verify);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!("verify", stdout(&output));

    fs::remove_file(folder.path().join("fixtures/manifest.toml")).unwrap();
    let output = xtask(folder.path(), &verify);
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    assert!(message.contains("fixtures/manifest.toml: found no file"), "{message}");
}

/// The case that `fixtures/README.md` works out on paper.
fn case_on_paper(folder: &Path) {
    let mut text = "\
operation = \"batch_norm\"
summary = \"two samples worked out on paper, with a large eps\"
oracle = \"worked out on paper\"
generator = \"by hand\"
seed = 0
libraries = []

[config]
mode = \"train\"
convention = \"notebook\"
eps = 4.0
momentum = 0.9

[inputs]
x = \"x.npy\"
"
    .to_owned();
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("x.npy"), npy("<f8", "(2, 1)", &[1.0, 4.0])).unwrap();
    let inputs = [("gamma", 10.0), ("beta", 1.0), ("running_mean", 0.0), ("running_var", 0.0)];
    for (role, value) in inputs {
        fs::write(folder.join(format!("{role}.npy")), npy("<f8", "(1,)", &[value])).unwrap();
        writeln!(text, "{role} = \"{role}.npy\"").unwrap();
    }
    let outputs: [(&str, &str, &[f64]); 3] = [
        ("out", "(2, 1)", &[-5.0, 7.0]),
        ("running_mean", "(1,)", &[0.25]),
        ("running_var", "(1,)", &[0.225]),
    ];
    for (role, shape, values) in outputs {
        let file = format!("expected_{role}.npy");
        fs::write(folder.join(&file), npy("<f8", shape, values)).unwrap();
        let entry = format!("file = \"{file}\"\nrtol = 1e-12\natol = 1e-12");
        writeln!(text, "\n[expected.{role}]\n{entry}").unwrap();
    }
    fs::write(folder.join("case.toml"), text).unwrap();
}

#[test]
fn a_case_by_hand_is_added_graded_and_edited() {
    let folder = small_copy();
    let here = folder.path();
    case_on_paper(&here.join("two_samples_on_paper"));
    let add = ["fixtures", "add", "two_samples_on_paper", "--fixtures", "fixtures"];
    let output = xtask(here, &add);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    insta::assert_snapshot!("add", stdout(&output));
    let verify = ["fixtures", "verify", "--fixtures", "fixtures"];
    assert!(xtask(here, &verify).status.success());
    let grade = ["grade", "--fixtures", "fixtures", "--case", "two_samples_on_paper"];
    let output = xtask(here, &grade);
    assert!(stdout(&output).ends_with("Total: 3 of 3 checks passed\n"), "{}", stdout(&output));

    // The same again changes nothing. Another under its name is refused; an edited one is recorded
    // anew from its own place.
    assert!(xtask(here, &add).status.success());
    fs::write(here.join("two_samples_on_paper/x.npy"), npy("<f8", "(2, 1)", &[4.0, 1.0])).unwrap();
    let swapped = npy("<f8", "(2, 1)", &[7.0, -5.0]);
    fs::write(here.join("two_samples_on_paper/expected_out.npy"), swapped).unwrap();
    let output = xtask(here, &add);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("a case of this name already"), "{}", stderr(&output));
    let inside = "fixtures/batch_norm/two_samples_on_paper";
    let description = here.join(inside).join("case.toml");
    let text = fs::read_to_string(&description).unwrap();
    fs::write(&description, text.replace("large eps", "eps of 4")).unwrap();
    assert_eq!(xtask(here, &verify).status.code(), Some(1));
    assert!(xtask(here, &["fixtures", "add", inside, "--fixtures", "fixtures"]).status.success());
    assert!(xtask(here, &verify).status.success());
}

#[test]
fn a_case_that_the_kernels_contradict_is_not_added() {
    let folder = small_copy();
    case_on_paper(&folder.path().join("on_paper"));
    let wrong = npy("<f8", "(1,)", &[0.5]);
    fs::write(folder.path().join("on_paper/expected_running_mean.npy"), wrong).unwrap();
    let output = xtask(folder.path(), &["fixtures", "add", "on_paper", "--fixtures", "fixtures"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!("add_contradicted", stdout(&output));
    assert!(!folder.path().join("fixtures/batch_norm").exists());
}

#[test]
fn a_notebook_case_that_the_kernels_fail_is_explained_and_not_added() {
    let folder = small_copy();
    let case = folder.path().join("forward_trivial_train");
    fs::rename(folder.path().join("fixtures/notebook/forward_trivial_train"), &case).unwrap();
    let text = fs::read_to_string(case.join("case.toml")).unwrap();
    fs::write(case.join("case.toml"), text.replace("\"notebook.py\"", "\"by hand\"")).unwrap();
    let add = ["fixtures", "add", "forward_trivial_train", "--fixtures", "fixtures"];
    // A constant channel has no standard deviation to become gamma.
    fs::write(case.join("x.npy"), npy("<f8", "(1, 3, 1, 2)", &[2.0; 6])).unwrap();
    let output = xtask(folder.path(), &add);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    insta::assert_snapshot!("add_notebook", stdout(&output));
    assert!(!folder.path().join("fixtures/notebook/forward_trivial_train").exists());

    let x = npy("<f8", "(1, 3, 1, 2)", &[1e3, 2e3, -1e3, 1e3, 0.0, 4e3]);
    fs::write(case.join("x.npy"), x).unwrap();
    let output = xtask(folder.path(), &add);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("trivial beta and gamma (train) passed.\n"));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let commands: [&[&str]; 3] =
        [&["fixtures", "verify"], &["grade"], &["grade", "--format", "json"]];
    for arguments in commands {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(arguments)
            .current_dir(workspace())
            .stdout(writer)
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
#[cfg(unix)]
fn regenerate_reports_replaces_and_records() {
    use std::os::unix::fs::PermissionsExt;

    let folder = small_copy();
    let here = folder.path();
    // In the place of Python: copies what lies beside the script to the folder asked for.
    let python = here.join("python");
    fs::write(&python, "#!/bin/sh\ncp -R \"$(dirname \"$2\")/made/.\" \"$3\"\n").unwrap();
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
    let fixtures = here.join("fixtures");
    let made = fixtures.join("generate/made/batch_norm/two_samples");
    case_on_paper(&made);
    fs::write(fixtures.join("generate/numpy_cases.py"), "").unwrap();
    fs::write(fixtures.join("generate/case.py"), "").unwrap();
    let text = fs::read_to_string(made.join("case.toml")).unwrap();
    fs::write(made.join("case.toml"), text.replace("by hand", "numpy_cases.py")).unwrap();

    let regenerate = |more: &[&str]| {
        let command = ["fixtures", "regenerate", "--fixtures", "fixtures", "--python", "./python"];
        xtask(here, &[&command[..], more].concat())
    };
    let only: &[&str] = &["--only", "numpy_cases.py"];
    let check: &[&str] = &["--only", "numpy_cases.py", "--check"];
    // one_pixel is of the same generator, which no longer makes it; the notebook's is of another.
    let output = regenerate(check);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    insta::assert_snapshot!("regenerate_check", stdout(&output));
    assert!(!fixtures.join("batch_norm").exists());

    let output = regenerate(only);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    assert!(!fixtures.join("spatial_batch_norm/one_pixel").exists());
    assert!(fixtures.join("notebook/forward_trivial_train/x.npy").exists());
    assert_eq!(stdout(&regenerate(check)), "Every file is as committed.\n");

    fs::write(fixtures.join("batch_norm/two_samples/x.npy"), "damaged").unwrap();
    let output = regenerate(only);
    assert!(stdout(&output).starts_with("changed: batch_norm/two_samples/x.npy\n"));
    assert!(xtask(here, &["fixtures", "verify", "--fixtures", "fixtures"]).status.success());

    let output = regenerate(&["--only", "nothing.py"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("expected one of: numpy_cases.py"), "{}", stderr(&output));
}
