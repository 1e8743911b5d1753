//! Hand-ins in Python and programs, graded as a teacher would: right ones in many styles, wrong ones,
//! and what both are told.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod course;
mod forms;
#[path = "../support/python.rs"]
mod python;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use python::{with_numpy, workspace};

const NOTEBOOK: &str = "\
SpatialBatchnormForwardTest with trivial beta and gamma (train) passed.
SpatialBatchnormForwardTest with nontrivial beta and gamma (train) passed.
SpatialBatchnormForwardTest with trivial beta and gamma (test) passed.
All tests passed for your spatial batchnorm implementation. Tests passed: 3/3
SpatialBatchnormBackwardTest passed.
";

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hand_ins")
}

/// Runs `grade` in this folder.
fn grade(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("grade")
        .args(arguments)
        .current_dir(here())
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The transcript without what a machine grants.
fn transcript(output: &Output) -> String {
    let text = stdout(output);
    let (text, isolation) = text.split_once("\nIsolation: ").unwrap();
    assert!(isolation.contains("limits"), "{isolation}");
    text.to_owned()
}

#[test]
fn right_hand_ins_pass_everything() {
    let Some(python) = with_numpy("right hand-ins") else { return };
    let python = python.to_str().unwrap();
    let mut styles = 0;
    for entry in fs::read_dir(here().join("right")).unwrap() {
        let path = entry.unwrap().path();
        let output = grade(&["--python", path.to_str().unwrap(), "--interpreter", python]);
        let text = transcript(&output);
        assert!(text.starts_with(NOTEBOOK) && !text.contains("failed"), "{text}");
        assert_eq!(output.status.code(), Some(0), "{}", path.display());
        let source = fs::read_to_string(&path).unwrap();
        let has_plain = source.contains("def batchnorm_backward(");
        assert_eq!(text.contains("batch norm, which is not handed in"), !has_plain, "{text}");
        styles += 1;
    }
    assert!(styles >= 6);
}

#[test]
fn wrong_hand_ins_are_told_what_is_wrong() {
    let Some(python) = with_numpy("wrong hand-ins") else { return };
    for (name, case) in [
        ("in_place", "behaviour/x_untouched"),
        ("in_place", "behaviour/dout_untouched"),
        ("in_place", "behaviour/running_arrays_untouched"),
        ("unfinished", "notebook/forward_trivial_train"),
        ("raises", "notebook/forward_trivial_train"),
        ("missing_helper", "notebook/forward_trivial_train"),
        ("odd_types", "spatial_batch_norm/one_pixel"),
    ] {
        let file = format!("wrong/{name}.py");
        let command =
            ["--python", &file, "--interpreter", python.to_str().unwrap(), "--case", case];
        let output = grade(&command);
        let text = transcript(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        insta::assert_snapshot!(format!("{name}_{}", case.replace('/', "_")), text);
    }
    // What Python says of it depends on its version.
    let command = ["--python", "wrong/syntax.py", "--interpreter", python.to_str().unwrap()];
    let output = grade(&command);
    assert_eq!(output.status.code(), Some(1));
    let text = transcript(&output);
    let first = "\nSpatialBatchnormForwardTest with trivial beta and gamma (train) failed due to \
                 exception: SyntaxError: ";
    assert!(text.starts_with("SyntaxError: ") && text.contains(first), "{text}");
    assert!(text.contains(" (syntax.py, line 3).\n") && !text.contains(" passed."), "{text}");
    assert!(text.ends_with("\nMend that, then grade again.\n"), "{text}");
    assert!(text.lines().count() <= 24, "{text}");
    // The last digits of what NumPy computes depend on its version.
    let case = "spatial_batch_norm/train_notebook_torch";
    let command = ["--python", "wrong/no_transpose.py", "--case", case, "--interpreter"];
    let text = transcript(&grade(&[&command[..], &[python.to_str().unwrap()]].concat()));
    for diagnosed in ["[reshape_without_transpose]", "[backward_reshapes_without_transpose]"] {
        assert!(text.contains(diagnosed), "{text}");
    }
}

/// The transcript of a right hand-in with one change.
fn changed(folder: &Path, python: &str, name: &str, change: &dyn Fn(String) -> String) -> String {
    let right = fs::read_to_string(here().join("right/by_axes.py")).unwrap();
    let source = change(right.clone());
    assert_ne!(source, right, "{name}");
    let file = folder.join(name);
    fs::write(&file, source).unwrap();
    let file = file.to_str().unwrap();
    let output = grade(&["--python", file, "--interpreter", python]);
    transcript(&output).replace(&format!("{}/", folder.display()), "")
}

#[test]
fn a_task_that_is_not_written_yet_waits_for_what_is_wrong_in_the_other() {
    let Some(python) = with_numpy("an unwritten backward pass") else { return };
    let folder = tempfile::tempdir().unwrap();
    let text = |name: &str, is_wrong: bool| {
        changed(folder.path(), python.to_str().unwrap(), name, &|source| {
            let begin = source.find("def spatial_batchnorm_backward").unwrap();
            let forward = &source[..begin];
            let forward =
                if is_wrong { forward.replace("1e-5", "1e-3") } else { forward.to_owned() };
            forward
                + "def spatial_batchnorm_backward(dout, cache):\n    raise NotImplementedError(\"task 2\")\n"
        })
    };
    let unwritten = "NotImplementedError: task 2";
    let advice = |text: &str| text.rsplit("\nTotal: ").next().unwrap().to_owned();
    let (only, both) = (text("only.py", false), text("both.py", true));
    assert!(only.starts_with(unwritten), "{only}");
    assert!(!both.starts_with(unwritten), "{both}");
    let advice = advice(&both);
    let wrong = advice.find("What is wrong, by the numbers:").unwrap();
    assert!(wrong < advice.find(unwritten).unwrap(), "{advice}");
}

#[test]
fn what_fails_alike_is_said_once_with_the_next_step() {
    let Some(python) = with_numpy("hand-ins that fail alike") else { return };
    let folder = tempfile::tempdir().unwrap();
    let text = |name: &str, change: &dyn Fn(String) -> String| {
        changed(folder.path(), python.to_str().unwrap(), name, change)
    };
    let stub = |_: String| {
        "def spatial_batchnorm_forward(x, gamma, beta, bn_param):\n    pass\n\n\n\
         def spatial_batchnorm_backward(dout, cache):\n    pass\n"
            .to_owned()
    };
    insta::assert_snapshot!("alike_not_written", text("not_written.py", &stub));
    let product =
        |right: String| right.replace("dout.size // dout.shape[1]", "np.product(dout.shape)");
    insta::assert_snapshot!("alike_backward", text("product.py", &product));
    let in_class = |right: String| {
        right.replace("def spatial_batchnorm_", "class Norm:\n  def ").replace("\n    ", "\n      ")
    };
    insta::assert_snapshot!("alike_class", text("in_class.py", &in_class));

    for (name, change, step) in [
        (
            "print.py",
            &(|right| right + "\nprint AXES\n") as &dyn Fn(String) -> String,
            "This is Python 2: `print AXES`, line 46; the course now runs Python 3.",
        ),
        (
            "int.py",
            &|right| right.replace("c = x.shape[1]", "c = np.int(x.shape[1])"),
            "`np.int` went with NumPy 1.24: use `int` or `np.int64`.",
        ),
        (
            "helper.py",
            &|right| {
                right.replace("def spatial_batchnorm_forward", "def other").replace(
                    "AXES =",
                    "from cs231n.layers import spatial_batchnorm_forward\nAXES =",
                )
            },
            "It is graded without the course's other files.",
        ),
        (
            "starred.py",
            &|right| right.replace("c = x.shape[1]", "c = channels(x)"),
            "It is graded without the course's other files.",
        ),
        (
            "exits.py",
            &|right| right + "\nraise SystemExit(1)\n",
            "Line 46 ends Python. Remove it, or put it below ",
        ),
        (
            "no_functions.py",
            &|_| "def bn_forward(x):\n    return x\n".to_owned(),
            "Write `spatial_batchnorm_forward(x, gamma, beta, bn_param)` and ",
        ),
    ] {
        let text = text(name, change);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() <= 24, "{text}");
        let step = format!("  Next step: {step}");
        assert!(lines[1].starts_with(&step), "{text}");
        // The same two lines, and what to do then, are the end.
        assert_eq!(lines[lines.len() - 3..lines.len() - 1], lines[..2], "{text}");
        assert_eq!(lines.last(), Some(&"Mend that, then grade again."), "{text}");
    }
}

#[test]
fn a_file_that_is_prepared_for_a_missing_module_or_reads_arguments_passes() {
    let Some(python) = with_numpy("prepared hand-ins") else { return };
    let folder = tempfile::tempdir().unwrap();
    for (name, before) in [
        (
            "prepared.py",
            "try:\n    from bn_fast import wide\nexcept ImportError:\n    print('slow')\n",
        ),
        ("exits.py", "try:\n    import bn_fast\nexcept ImportError:\n    raise SystemExit(1)\n"),
        ("arguments.py", "import argparse\nargparse.ArgumentParser().parse_args()\n"),
    ] {
        let change = |right: String| right.replace("AXES =", &format!("{before}AXES ="));
        let text = changed(folder.path(), python.to_str().unwrap(), name, &change);
        assert!(text.starts_with(NOTEBOOK) && !text.contains("failed"), "{name}: {text}");
        assert!(text.lines().count() <= 24, "{name}: {text}");
    }
}

#[test]
fn a_program_is_graded_by_the_protocol() {
    let Some(python) = with_numpy("a program") else { return };
    let example = workspace().join("crates/grader/examples/answer.py");
    let program = format!("{} '{}'", python.display(), example.display());
    let output = grade(&["--program", &program]);
    let text = transcript(&output);
    assert!(text.starts_with(NOTEBOOK) && !text.contains("failed"), "{text}");
    assert_eq!(output.status.code(), Some(0));
    // Asked of plain batch norm, it answers nothing.
    let case = ["--program", &program, "--plain", "--case", "batch_norm/one_sample_eval"];
    let output = grade(&case);
    assert_eq!(output.status.code(), Some(1));
    assert!(transcript(&output).contains("ended with exit code 0 before it had answered"));
}

#[test]
fn outputs_made_elsewhere_are_graded() {
    let Some(python) = with_numpy("outputs made elsewhere") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (inputs, outputs) = (path("inputs"), path("outputs"));
    let written = stdout(&grade(&["--export-inputs", &inputs]));
    assert!(written.starts_with("wrote ") && written.contains("grade --outputs DIR"), "{written}");
    let answer = workspace().join("crates/grader/examples/answer.py");
    let made = Command::new(python).arg(answer).args([&inputs, &outputs]).status().unwrap();
    assert!(made.success());
    let output = grade(&["--outputs", &outputs]);
    let text = stdout(&output);
    assert!(text.starts_with(NOTEBOOK) && !text.contains("failed"), "{text}");
    assert!(text.contains("of plain batch norm, without outputs"), "{text}");
    assert_eq!(output.status.code(), Some(0));
    // One case is found among all outputs; other random cases are not.
    let one = ["--outputs", &outputs, "--case", "spatial_batch_norm/one_pixel"];
    assert_eq!(grade(&one).status.code(), Some(0));
    let other = grade(&["--outputs", &outputs, "--seed", "77"]);
    assert_eq!(other.status.code(), Some(1));
    assert!(stdout(&other).contains("out_0.npy is missing"));
    // Inputs are written into an empty folder only.
    let again = grade(&["--export-inputs", &inputs]);
    assert_eq!(again.status.code(), Some(2));
}

#[test]
fn what_cannot_be_run_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let no_numpy = folder.path().join("python");
    fs::write(&no_numpy, "#!/bin/sh\necho '{\"program\":\"/x\",\"prefixes\":[],\"numpy\":null}'\n")
        .unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&no_numpy, executable).unwrap();
    let no_numpy = no_numpy.to_str().unwrap();
    let file = "right/einsum.py";
    for (arguments, message) in [
        (&["--python", "nothing.py"][..], "nothing.py: found no such file, expected a .py, "),
        (&["--python", file, "--interpreter", "/no/python"], "/no/python could not be started"),
        (&["--python", file, "--interpreter", no_numpy], "-m pip install numpy"),
        (&["--program", "no-such-program x"], "no-such-program: found no such program"),
        (&["--program", "'"], "without its counterpart"),
        (&["--outputs", "nothing"], "nothing: expected a folder of outputs"),
        (&["--python", file, "--outputs", "right"], "cannot be used with"),
        (&["--python", file, "--target", "kernels"], "cannot be used with"),
    ] {
        let output = grade(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(message), "{stderr}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn isolation_can_be_required_and_turned_off() {
    let case = ["--program", "true", "--case", "spatial_batch_norm/one_pixel"];
    let off = grade(&[&case[..], &["--isolation", "off"]].concat());
    let text = stdout(&off);
    assert!(text.contains("\nIsolation: limits; missing: Landlock (turned off), "), "{text}");
    let required = grade(&[&case[..], &["--isolation", "require"]].concat());
    let auto = grade(&[&case[..], &["--format", "json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&stdout(&auto)).unwrap();
    let measures = report["isolation"].as_object().unwrap();
    assert_eq!(measures.len(), 7);
    if measures.values().all(|measure| measure == "in_force") {
        assert_eq!(required.status.code(), Some(1));
    } else {
        assert_eq!(required.status.code(), Some(2));
        let stderr = String::from_utf8_lossy(&required.stderr);
        assert!(stderr.contains("not all isolation is in force here"), "{stderr}");
    }
}
