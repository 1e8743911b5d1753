//! Inputs of hidden checks reach no report for students, whatever a hand-in says and returns.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/python.rs"]
mod python;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use grader::npy;
use grader::tensor::Dtype;
use serde_json::Value;

/// Hides what is drawn, one test of the notebook, and one case of the fixtures.
const RUBRIC: &str = r#"
[[entry]]
name = "seen"
checks = ["notebook/*", "spatial_batch_norm/*", "behaviour/*"]
points = 6

[[entry]]
name = "unseen"
checks = ["random/*", "notebook/forward_nontrivial_train", "spatial_batch_norm/one_pixel"]
points = 4
award = "proportional"
hidden = true
"#;

fn xtask(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("grade")
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

/// A value, as a report would have it: in words, and as four lengths.
fn as_told(value: f64) -> [String; 3] {
    let bits = value.to_bits();
    let lengths = [0, 16, 32, 48].map(|by| (bits >> by) & 0xffff);
    let listed = |separator: &str| lengths.map(|length| length.to_string()).join(separator);
    [value.to_string(), listed(", "), listed(",\n")]
}

/// The first value of the first x of each script that is asked with these arguments, by its name.
fn first_values(folder: &Path, arguments: &[&str]) -> BTreeMap<String, u64> {
    let inputs = tempfile::tempdir_in(folder).unwrap();
    let exported =
        xtask(folder, &[&["--export-inputs", inputs.path().to_str().unwrap()], arguments].concat());
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let scripts = fs::read_to_string(inputs.path().join("scripts.txt")).unwrap();
    let first = |script: &str| {
        let bytes = fs::read(inputs.path().join(script).join("x_0.npy")).unwrap();
        let x = npy::parse(&bytes).ok().filter(|x| x.dtype() == Dtype::Float64)?;
        Some((script.to_owned(), x.to_f64().iter().next()?.to_bits()))
    };
    scripts.lines().filter_map(first).collect()
}

/// The values of inputs that hidden checks alone have, and those of all others.
fn values(folder: &Path) -> (Vec<f64>, Vec<f64>) {
    let all = first_values(folder, &[]);
    // What another seed does not change is not drawn.
    let mut others = first_values(folder, &["--seed", "2"]);
    for case in ["notebook/forward_nontrivial_train", "spatial_batch_norm/one_pixel"] {
        for script in first_values(folder, &["--case", case]).keys() {
            others.remove(script);
        }
    }
    let is_seen = |(script, _): &(&String, &u64)| others.contains_key(*script);
    let seen: BTreeSet<u64> = all.iter().filter(is_seen).map(|(_, &value)| value).collect();
    let hidden: BTreeSet<u64> =
        all.values().copied().filter(|value| !seen.contains(value)).collect();
    let values = |bits: BTreeSet<u64>| bits.into_iter().map(f64::from_bits).collect();
    (values(hidden), values(seen))
}

fn told(text: &str, values: &[f64]) -> usize {
    // JSON indents lists.
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_told = |value: &&f64| as_told(**value).iter().any(|told| text.contains(told));
    values.iter().filter(is_told).count()
}

struct Leak {
    folder: tempfile::TempDir,
    interpreter: PathBuf,
}

fn leak(test: &str) -> Option<Leak> {
    let interpreter = python::with_numpy(test)?;
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("class")).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hidden/leak.py");
    fs::copy(source, folder.path().join("class/leak.py")).unwrap();
    fs::write(folder.path().join("rubric.toml"), RUBRIC).unwrap();
    Some(Leak { folder, interpreter })
}

/// Gradescope's results: what students see, and the rest.
fn shown_by_gradescope(text: &str) -> (String, String) {
    let mut results: Value = serde_json::from_str(text).unwrap();
    let tests: Vec<Value> = serde_json::from_value(results["tests"].take()).unwrap();
    let (hidden, seen): (Vec<Value>, Vec<Value>) =
        tests.into_iter().partition(|test| test["visibility"] == "hidden");
    let texts = |values: &[Value]| values.iter().map(Value::to_string).collect::<String>();
    (texts(&[&[results], &seen[..]].concat()), texts(&hidden))
}

#[test]
fn inputs_of_hidden_checks_are_in_no_report_for_students() {
    let Some(Leak { folder, interpreter }) = leak("hidden inputs") else { return };
    let folder = folder.path();
    let (hidden, seen) = values(folder);
    assert!(hidden.len() > 20 && seen.len() > 40, "{} {}", hidden.len(), seen.len());
    let interpreter = interpreter.to_str().unwrap();
    let grade = ["--python", "class/leak.py", "--interpreter", interpreter];
    let of_format = |format: &str| {
        let output =
            xtask(folder, &[&grade[..], &["--rubric", "rubric.toml", "--format", format]].concat());
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    for format in ["text", "json", "junit", "exercism"] {
        let text = of_format(format);
        assert_eq!(told(&text, &hidden), 0, "{format}: {text}");
        // The attack is a real one: what the process was given is told.
        assert!(told(&text, &seen) > 3, "{format}: {text}");
    }
    let (shown, unseen) = shown_by_gradescope(&of_format("gradescope"));
    assert_eq!(told(&shown, &hidden), 0, "{shown}");
    assert!(told(&shown, &seen) > 3 && told(&unseen, &hidden) > 0, "{shown} {unseen}");
    let options = ["--rubric", "rubric.toml", "--first-failure"];
    let first = xtask(folder, &[&grade[..], &options].concat());
    assert_eq!(told(&String::from_utf8(first.stdout).unwrap(), &hidden), 0);

    // Whoever knows the seed can draw the hidden inputs.
    for (rubric, names_seed) in [(&["--rubric", "rubric.toml"][..], false), (&[], true)] {
        let output =
            xtask(folder, &[&grade[..], rubric, &["--seed", "7", "--format", "json"]].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.contains("--seed 7"), names_seed, "{text}");
    }

    let batch = ["--batch", "class", "--csv", "marks.csv", "--rubric", "rubric.toml"];
    let output =
        xtask(folder, &[&batch[..], &["--interpreter", interpreter, "--format", "json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for report in ["marks/leak.txt", "marks/leak.json"] {
        let text = fs::read_to_string(folder.join(report)).unwrap();
        assert_eq!(told(&text, &hidden), 0, "{report}: {text}");
        assert!(told(&text, &seen) > 3, "{report}: {text}");
    }
}

#[test]
fn a_right_hand_in_gets_all_marks_where_hidden_checks_are_asked_apart() {
    let Some(Leak { folder, interpreter }) = leak("hidden checks") else { return };
    let right = python::workspace().join("xtask/tests/hand_ins/right/one_step.py");
    fs::copy(right, folder.path().join("right.py")).unwrap();
    let arguments = ["--python", "right.py", "--rubric", "rubric.toml", "--interpreter"];
    let output = xtask(folder.path(), &[&arguments[..], &[interpreter.to_str().unwrap()]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("\nMarks: 10 of 10\n"), "{text}");
}
