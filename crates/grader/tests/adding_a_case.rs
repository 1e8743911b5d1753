//! A case that is added to the fixtures is there whole and recorded, or not at all; one that is removed
//! leaves nothing.

use std::fs;
use std::path::{Path, PathBuf};

use grader::fixture::{
    FixtureError, MANIFEST_FILE, Manifest, NewCase, files_below, load_all, load_one, remove_case,
};
use tempfile::TempDir;

/// A folder with `fixtures/`, which has one case, and `mine/`, a case of one's own beside it.
fn folder() -> TempDir {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/relu/zeros");
    let folder = tempfile::tempdir().unwrap();
    let (known, mine) = (folder.path().join("fixtures/relu/zeros"), folder.path().join("mine"));
    for file in files_below(&source).unwrap() {
        copy(&source.join(&file), &known.join(&file));
        copy(&source.join(&file), &mine.join(&file));
    }
    let description = mine.join("case.toml");
    let text = fs::read_to_string(&description).unwrap();
    let line = text.lines().find(|line| line.starts_with("generator")).unwrap();
    fs::write(&description, text.replace(line, "generator = \"by hand\"")).unwrap();
    let fixtures = folder.path().join("fixtures");
    Manifest::of(&fixtures).unwrap().write(&fixtures).unwrap();
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::copy(from, to).unwrap();
}

fn paths(folder: &TempDir) -> (PathBuf, PathBuf) {
    (folder.path().join("fixtures"), folder.path().join("mine"))
}

#[track_caller]
fn is_added(fixtures: &Path) {
    assert_eq!(Manifest::verify(fixtures).unwrap(), []);
    assert_eq!(load_one(fixtures, "relu/mine").unwrap().name, "relu/mine");
    assert!(!fixtures.join(".staging").exists());
}

#[test]
fn what_a_killed_call_left_is_removed_by_the_next() {
    let folder = folder();
    let (fixtures, mine) = paths(&folder);
    // Killed while the case or the manifest was being written.
    fs::create_dir_all(fixtures.join(".staging/folder")).unwrap();
    fs::write(fixtures.join(".staging/folder/x.npy"), "half").unwrap();
    fs::write(fixtures.join(".staging/file"), "half").unwrap();
    // It is in nobody's way until then.
    assert_eq!(Manifest::verify(&fixtures).unwrap(), []);
    assert_eq!(load_all(&fixtures).unwrap().len(), 1);
    NewCase::load(&mine).unwrap().record(&fixtures).unwrap();
    is_added(&fixtures);
}

#[test]
fn a_call_that_was_killed_before_the_manifest_goes_on() {
    let folder = folder();
    let (fixtures, mine) = paths(&folder);
    for file in files_below(&mine).unwrap() {
        copy(&mine.join(&file), &fixtures.join("relu/mine").join(&file));
    }
    let refused = load_all(&fixtures).unwrap_err().to_string();
    assert!(refused.contains("relu/mine/case.toml: orphan"), "{refused}");
    // And what was recorded may be recorded again.
    for _ in 0..2 {
        NewCase::load(&mine).unwrap().record(&fixtures).unwrap();
        is_added(&fixtures);
    }
}

#[test]
fn another_case_of_the_name_stays_as_it_is() {
    let folder = folder();
    let (fixtures, mine) = paths(&folder);
    copy(&mine.join("case.toml"), &fixtures.join("relu/mine/case.toml"));
    let error = NewCase::load(&mine).unwrap().record(&fixtures).unwrap_err();
    assert!(error.to_string().contains("a case of this name already"), "{error}");
    assert_eq!(files_below(&fixtures.join("relu/mine")).unwrap(), ["case.toml"]);
}

#[test]
fn two_calls_do_not_change_the_same_fixtures() {
    let folder = folder();
    let (fixtures, mine) = paths(&folder);
    let before = fs::read(fixtures.join(MANIFEST_FILE)).unwrap();
    let other = fs::File::open(&fixtures).unwrap();
    other.lock().unwrap();
    let error = NewCase::load(&mine).unwrap().record(&fixtures).unwrap_err();
    assert!(matches!(error, FixtureError::InUse { .. }), "{error}");
    assert_eq!(fs::read(fixtures.join(MANIFEST_FILE)).unwrap(), before);
    other.unlock().unwrap();
    NewCase::load(&mine).unwrap().record(&fixtures).unwrap();
    is_added(&fixtures);
}

/// As `folder`, with the case of one's own among the fixtures.
fn folder_with_mine() -> TempDir {
    let folder = folder();
    let (fixtures, mine) = paths(&folder);
    NewCase::load(&mine).unwrap().record(&fixtures).unwrap();
    folder
}

#[track_caller]
fn is_removed(fixtures: &Path) {
    assert_eq!(Manifest::verify(fixtures).unwrap(), []);
    assert_eq!(load_all(fixtures).unwrap().len(), 1);
    assert!(!fixtures.join("relu/mine").exists() && !fixtures.join(".staging").exists());
}

#[test]
fn removing_is_the_reverse_of_adding_and_names_every_file() {
    let before = folder();
    let manifest = fs::read(paths(&before).0.join(MANIFEST_FILE)).unwrap();
    for name in ["relu/mine", "mine"] {
        let folder = folder_with_mine();
        let (fixtures, mine) = paths(&folder);
        let removed = remove_case(&fixtures, name).unwrap();
        assert_eq!(removed.name, "relu/mine");
        assert_eq!(removed.files, files_below(&mine).unwrap());
        is_removed(&fixtures);
        assert_eq!(fs::read(fixtures.join(MANIFEST_FILE)).unwrap(), manifest);
        let again = remove_case(&fixtures, name).unwrap_err();
        assert!(matches!(again, FixtureError::UnknownCase { .. }), "{again}");
    }
}

#[test]
fn a_removal_that_was_killed_after_the_manifest_goes_on() {
    let folder = folder_with_mine();
    let (fixtures, _) = paths(&folder);
    let with_mine = fs::read_to_string(fixtures.join(MANIFEST_FILE)).unwrap();
    let entry = with_mine.split("\n[[case]]").find(|entry| entry.contains("relu/mine")).unwrap();
    let without = with_mine.replace(&format!("\n[[case]]{entry}"), "");
    assert_ne!(without, with_mine);
    fs::write(fixtures.join(MANIFEST_FILE), without).unwrap();
    assert!(load_all(&fixtures).is_err());
    assert!(!remove_case(&fixtures, "mine").unwrap().files.is_empty());
    is_removed(&fixtures);
    // And one whose files somebody has deleted already.
    let folder = folder_with_mine();
    let (fixtures, _) = paths(&folder);
    fs::remove_dir_all(fixtures.join("relu/mine")).unwrap();
    assert_eq!(remove_case(&fixtures, "mine").unwrap().files, [] as [String; 0]);
    is_removed(&fixtures);
}

#[test]
fn what_a_generator_makes_or_nobody_recorded_is_not_removed() {
    let folder = folder_with_mine();
    let (fixtures, _) = paths(&folder);
    let before = fs::read(fixtures.join(MANIFEST_FILE)).unwrap();
    let refused = |name: &str| remove_case(&fixtures, name).unwrap_err().to_string();
    let generated = refused("relu/zeros");
    assert!(
        generated.contains(
            "found relu/zeros with generator = \"pytorch_cases.py\", expected \"by hand\""
        ),
        "{generated}"
    );
    assert!(generated.contains("remove a generated case from its generator"), "{generated}");
    for unknown in ["none", "relu", "", "../mine", "relu/mine/", ".staging"] {
        assert!(refused(unknown).contains("found no case"), "{unknown}");
    }
    fs::write(fixtures.join("relu/mine/notes.txt"), "mine alone").unwrap();
    let notes = refused("mine");
    assert!(notes.contains("relu/mine/notes.txt: found a file of no case"), "{notes}");
    assert_eq!(fs::read(fixtures.join(MANIFEST_FILE)).unwrap(), before);
    assert!(fixtures.join("relu/mine/case.toml").exists() && fixtures.join("relu/zeros").exists());
}
