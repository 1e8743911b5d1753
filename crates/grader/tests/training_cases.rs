//! A training's state dicts: which there must be, and what is no such file.

use std::fs;
use std::path::Path;

use grader::fixture::{CASE_FILE, FixtureError, Manifest, files_below, load_one};
use tempfile::TempDir;

const CASE: &str = "training/fully_connected_network";

fn copy() -> TempDir {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(CASE);
    let copy = tempfile::tempdir().unwrap();
    let folder = copy.path().join(CASE);
    fs::create_dir_all(&folder).unwrap();
    for file in files_below(&source).unwrap() {
        fs::copy(source.join(&file), folder.join(&file)).unwrap();
    }
    copy
}

/// The error of a case whose description has `old` replaced by `new`.
fn refusal(old: &str, new: &str) -> FixtureError {
    let fixtures = copy();
    let description = fixtures.path().join(CASE).join(CASE_FILE);
    let text = fs::read_to_string(&description).unwrap();
    assert!(text.contains(old));
    fs::write(&description, text.replace(old, new)).unwrap();
    Manifest::of(fixtures.path()).unwrap_err()
}

#[test]
fn a_training_has_its_state_dicts() {
    let fixtures = copy();
    Manifest::of(fixtures.path()).unwrap().write(fixtures.path()).unwrap();
    let case = load_one(fixtures.path(), CASE).unwrap();
    let roles: Vec<&str> = case.state_dicts.keys().map(String::as_str).collect();
    assert_eq!(roles, ["final_f32", "final_f64", "initial"]);
}

#[test]
fn a_cut_state_dict_is_named() {
    let fixtures = copy();
    let path = fixtures.path().join(CASE).join("final_f32.safetensors");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 4]).unwrap();
    let error = Manifest::of(fixtures.path()).unwrap_err();
    assert!(matches!(&error, FixtureError::StateDict { path: named, .. } if *named == path));
    assert!(error.to_string().contains("final_f32.safetensors: not a safetensors file"), "{error}");
    fs::remove_file(&path).unwrap();
    let error = Manifest::of(fixtures.path()).unwrap_err();
    assert!(matches!(&error, FixtureError::Missing { path: named, .. } if *named == path));
}

#[test]
fn other_state_dicts_and_trainings_by_hand_are_refused() {
    for (old, new, found) in [
        ("initial = ", "first = ", "[final_f32, final_f64, first]"),
        ("initial = \"initial.safetensors\"\n", "", "[final_f32, final_f64]"),
        ("\"trajectories.py\"", "\"by hand\"", "a training by hand"),
        ("initial.safetensors", "../initial.safetensors", "../initial.safetensors"),
    ] {
        let error = refusal(old, new);
        assert!(matches!(error, FixtureError::Schema { .. }), "{error}");
        assert!(error.to_string().contains(found), "{error}");
    }
}
