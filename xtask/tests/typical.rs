//! A class of typical hand-ins: the marks that the default rubric says they should get, the reasons,
//! and the class at a glance.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/python.rs"]
mod python;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use grader::rubric::Rubric;

const DOES_NOTHING: &str = r#"
import numpy as np


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    for name in ("running_mean", "running_var"):
        bn_param.setdefault(name, np.zeros(x.shape[1], x.dtype))
    return OUT, (x, gamma)


def spatial_batchnorm_backward(dout, cache):
    x, gamma = cache
    return DX, DGAMMA, DGAMMA
"#;

const NOT_WRITTEN: &str = "
def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    raise NotImplementedError


def spatial_batchnorm_backward(dout, cache):
    raise NotImplementedError
";

const DX: &str = "dx = gamma / std / N * (N * dout - dbeta - x_hat * dgamma)";

/// A hand-in of the tests, with these words in it replaced.
fn changed(hand_in: &str, replacements: &[(&str, &str)]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hand_ins");
    let mut source = fs::read_to_string(folder.join(hand_in)).unwrap();
    for (from, to) in replacements {
        assert!(source.contains(from), "{hand_in} has no {from}");
        source = source.replace(from, to);
    }
    source
}

/// The hand-ins of the table in the default rubric, by id.
fn hand_ins() -> Vec<(&'static str, String)> {
    let right = |replacements: &[(&str, &str)]| changed("right/one_step.py", replacements);
    let nothing = |out: &str, dx: &str, dgamma: &str| {
        DOES_NOTHING.replace("OUT", out).replace("DX", dx).replace("DGAMMA", dgamma)
    };
    let filled = |with: &str| {
        let of = |array: &str| with.replace("ARRAY", array);
        nothing(&of("x"), &of("dout"), &of("gamma"))
    };
    let momentum = "momentum * running_mean + (1 - momentum) * mu";
    let momentum_of_var = "momentum * running_var + (1 - momentum) * var";
    vec![
        ("right", right(&[])),
        (
            "pytorch_momentum",
            right(&[
                (momentum, "(1 - momentum) * running_mean + momentum * mu"),
                (momentum_of_var, "(1 - momentum) * running_var + momentum * var"),
            ]),
        ),
        (
            "eval_wrong",
            right(&[(
                "(x - running_mean) / np.sqrt(running_var + eps)",
                "(x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)",
            )]),
        ),
        (
            "means",
            right(&[
                ("dgamma = np.sum", "dgamma = np.mean"),
                ("dbeta = np.sum", "dbeta = np.mean"),
                (DX, "dx = gamma / std * (dout - dbeta - x_hat * dgamma)"),
            ]),
        ),
        ("dx_variance", right(&[(DX, "dx = gamma / std / N * (N * dout - dbeta)")])),
        ("no_running", right(&[(momentum, "running_mean"), (momentum_of_var, "running_var")])),
        ("no_backward", right(&[("return dx, dgamma, dbeta", "return None, None, None")])),
        ("no_transpose", changed("wrong/no_transpose.py", &[])),
        ("return_x", nothing("x", "dout", "np.zeros_like(gamma)")),
        ("copies", filled("ARRAY.copy()")),
        ("zeros", filled("np.zeros_like(ARRAY)")),
        ("ones", filled("np.ones_like(ARRAY)")),
        ("constant", filled("np.full(ARRAY.shape, 0.25, ARRAY.dtype)")),
        ("nan", filled("ARRAY * np.nan")),
        ("random_numbers", filled("np.random.standard_normal(ARRAY.shape)")),
        ("empty", filled("np.zeros(0)")),
        ("none", filled("None")),
        ("refuses", NOT_WRITTEN.replace("NotImplementedError", "ValueError(\"I do not\")")),
        ("not_written", NOT_WRITTEN.to_owned()),
    ]
}

/// The marks between which each hand-in should be, by the comments of the default rubric.
fn intended() -> BTreeMap<String, [f64; 2]> {
    let lines = Rubric::PRESET.lines().filter_map(|line| line.strip_prefix("#   "));
    let row = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[2], "to", "{line}");
        (words[0].to_owned(), [words[1], words[3]].map(|marks| marks.parse().unwrap()))
    };
    lines.map(row).collect()
}

fn grade(folder: &Path, python: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["grade", "--batch", "class", "--csv", "marks.csv", "--interpreter"])
        .arg(python)
        .current_dir(folder)
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

#[test]
fn typical_hand_ins_get_the_marks_that_the_default_rubric_names_and_the_class_is_seen_at_a_glance()
{
    let Some(python) = python::with_numpy("typical hand-ins") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("class")).unwrap();
    let hand_in = |id: &str, source: &str| fs::write(path("class").join(id), source).unwrap();
    for (id, source) in hand_ins() {
        hand_in(&format!("{id}.py"), &source);
    }
    hand_in("=syntax|.py", "def spatial_batchnorm_forward(x:\n");
    let output = grade(folder.path(), &python);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let said = String::from_utf8(output.stdout).unwrap();
    let expected = "20 hand-ins, 20 of them graded now: marks in marks.csv, one report per hand-in in \
                    marks/\nmistakes.csv: which mistakes how often, and by whom\n\
                    marks/class.md: the class at a glance, and what moved\n";
    assert_eq!(said, expected);

    let rows: Vec<BTreeMap<String, String>> = csv::Reader::from_path(path("marks.csv"))
        .unwrap()
        .deserialize()
        .map(Result::unwrap)
        .collect();
    let reason = |id: &str| rows.iter().find(|row| row["id"] == id).unwrap()["reason"].clone();
    let intended = intended();
    assert_eq!(intended.len(), hand_ins().len());
    for (id, [least, most]) in &intended {
        let row = rows.iter().find(|row| row["id"] == *id).unwrap();
        let marks: f64 = row["marks"].parse().unwrap();
        assert!(marks >= *least && marks <= *most, "{id}: {marks}");
        assert_eq!(row["reason"].is_empty(), *least == 100.0, "{id}: {}", row["reason"]);
        assert!(row["reason"].is_empty() || row["reason"].ends_with('.'), "{id}");
    }
    assert_eq!(
        reason("not_written"),
        "Every call ended in NotImplementedError (not_written.py, line 3)."
    );
    assert!(reason("'=syntax|").starts_with("SyntaxError: "), "{}", reason("'=syntax|"));
    assert!(reason("no_running").contains("never change"), "{}", reason("no_running"));

    let mistakes = fs::read_to_string(path("mistakes.csv")).unwrap();
    assert!(mistakes.starts_with("kind,id,explanation,hand_ins,share,who\n"), "{mistakes}");
    let line = |id: &str| mistakes.lines().find(|line| line.contains(id)).unwrap().to_owned();
    assert!(line("mistake,running_not_stored,").contains("no_running"), "{mistakes}");
    assert!(line("convention,pytorch_momentum,").ends_with(",1,0.05,pytorch_momentum"));
    assert!(line("exception,NotImplementedError,").ends_with(",1,0.05,not_written"));
    let page = fs::read_to_string(path("marks/class.md")).unwrap();
    assert!(page.starts_with("# The class: 20 hand-ins\n\n20 graded, 0 not graded.\n"), "{page}");
    assert!(page.ends_with("This is the first grading.\n"), "{page}");

    // The same again is the same to the last byte.
    assert!(grade(folder.path(), &python).status.success());
    assert_eq!(fs::read_to_string(path("marks/class.md")).unwrap(), page);
    assert_eq!(fs::read_to_string(path("mistakes.csv")).unwrap(), mistakes);

    // One mends a mistake, one makes one, one is new, one is gone.
    hand_in("not_written.py", &changed("right/one_step.py", &[]));
    hand_in("right.py", NOT_WRITTEN);
    hand_in("late.py", NOT_WRITTEN);
    fs::remove_file(path("class/zeros.py")).unwrap();
    for _ in 0..2 {
        assert!(grade(folder.path(), &python).status.success());
        let page = fs::read_to_string(path("marks/class.md")).unwrap();
        let moved = "- Risen: not\\_written (0 to 100)\n- Fallen: right (100 to 0)\n\
                     - New: late (0)\n- Gone: zeros\n";
        assert!(page.ends_with(moved), "{page}");
    }
}
