//! One right hand-in with one change each: what the course's own tests say of it, and the truth that
//! must be told.

use std::fs;

use crate::python::with_numpy;
use crate::{grade, stdout};

/// The right hand-in that the changes are made in.
const RIGHT: &str = "right/one_change.py";

/// A change: its name, the text it replaces, the text it puts there, what the course's tests say (P
/// passed, F failed or ended in an exception: three forward lines and the backward line), and what the
/// transcript says of it.
type Change = (&'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip] // A table.
const CHANGES: [Change; 22] = [
    ("eps_default", r#".get("eps", 1e-5)"#, r#".get("eps", 1e-3)"#, "FFPP", "[epsilon_default_1e-3]"),
    ("eps_required", r#".get("eps", 1e-5)"#, r#"["eps"]"#, "FFFF", "[epsilon_required]"),
    ("momentum_default", r#".get("momentum", 0.9)"#, r#".get("momentum", 0.1)"#, "PPPP", "[momentum_default_0.1]"),
    ("momentum_required", r#".get("momentum", 0.9)"#, r#"["momentum"]"#, "FFFF", "[momentum_required]"),
    ("running_required", r#".get("running_mean", zeros)"#, r#"["running_mean"]"#, "FFFF", "[running_required]"),
    ("first_batch", "keep = momentum\n", "keep = momentum if running_mean.any() else 0.0\n", "PPPP", "[running_from_first_batch]"),
    ("pop_mode", r#"mode = bn_param["mode"]"#, r#"mode = bn_param.pop("mode")"#, "FFFF", "[mode_changed]"),
    ("set_mode", "keep = momentum\n", "keep = momentum\n        bn_param[\"mode\"] = \"test\"\n", "PPFF", "[mode_changed]"),
    ("eps_twice", "variance = x.var(axis=AXES)", "variance = x.var(axis=AXES) + eps", "PPPP", "[epsilon_twice]"),
    ("int_cast", "gamma * normalised + beta", "(gamma * normalised + beta).astype(gamma.dtype)", "PFPP", "out is int64, expected float64"),
    ("dgamma_without_x_hat", "(dout * normalised).sum(axis=AXES)", "dout.sum(axis=AXES)", "PPPF", "[dgamma_without_x_hat]"),
    ("dgamma_last", "return dx, dgamma, dbeta", "return dx, dbeta, dgamma", "PPPF", "[dgamma_and_dbeta_swapped]"),
    ("dx_last", "return dx, dgamma, dbeta", "return dgamma, dbeta, dx", "PPPF", "[dx_returned_last]"),
    ("one_missing", "return dx, dgamma, dbeta", "return dx, dgamma", "PPPF", "returned 2 results, expected (dx, dgamma, dbeta)"),
    ("noise", "return dx, dgamma, dbeta", "return dx + 1e-5 * np.random.randn(*dx.shape), dgamma, dbeta", "PPPF", "[equal_calls_differ]"),
    ("dbeta_row", "return dx, dgamma, dbeta", "return dx, dgamma, dbeta.reshape(1, -1)", "PPPP", "dbeta has shape (1, C)"),
    ("running_row", "keep * running_mean + (1 - keep) * mean", "(keep * running_mean.ravel() + (1 - keep) * mean)[None]", "PPPP", "running_mean has shape (1, C)"),
    ("typo_in_training", "x.mean(axis=AXES)", "x.meann(axis=AXES)", "FFFF", "has no attribute 'meann'"),
    ("raises_for_one_channel", "keep = momentum\n", "keep = momentum\n        if x.shape[1] == 1: raise ValueError(\"one channel\")\n", "PPPP", "ValueError: one channel"),
    ("beta_subtracted", "gamma * x + beta", "gamma * x - beta", "PPPP", "[eval_beta_subtracted]"),
    ("in_place", "x = x - wide(running_mean)", "x -= wide(running_mean)", "PPPP", "[x_changed_in_place]"),
    ("outside", "bn_param[\"running_mean\"] =", "bn_param[\"mean_so_far\"] =", "PPFP", "running mean in bn_param never changes in training"),
];

/// P for each of the notebook's four lines that passed, else F.
fn lines(text: &str) -> String {
    let tests = text.lines().filter(|line| line.starts_with("SpatialBatchnorm")).take(4);
    tests.map(|line| if line.ends_with(" passed.") { 'P' } else { 'F' }).collect()
}

#[test]
fn each_change_gets_the_lines_of_the_course_and_is_told_truly() {
    let Some(python) = with_numpy("one change each") else { return };
    let folder = tempfile::tempdir().unwrap();
    let right = fs::read_to_string(crate::here().join(RIGHT)).unwrap();
    let mut wrong = Vec::new();
    for (name, old, new, expected, told) in CHANGES {
        assert_eq!(right.matches(old).count(), 1, "{name}: {old}");
        let file = folder.path().join(format!("{name}.py"));
        fs::write(&file, right.replace(old, new)).unwrap();
        let command =
            ["--python", file.to_str().unwrap(), "--interpreter", python.to_str().unwrap()];
        let output = grade(&command);
        let text = stdout(&output);
        let found = lines(&text);
        if found != expected || !text.contains(told) || output.status.code() != Some(1) {
            wrong.push(format!("{name}: {found}, expected {expected} and {told}\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), CHANGES.len(), wrong.join("\n"));
}
