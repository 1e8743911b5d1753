//! Whatever byte of whatever fixture is damaged, `Manifest::verify` names the file.

use std::fs;
use std::path::Path;

use grader::fixture::{
    FixtureError, MANIFEST_FILE, Manifest, Problem, case_names, files_below, load_all, load_one,
};
use tempfile::TempDir;

const CASES: [&str; 3] = ["relu/zeros", "dropout/half_f32", "spatial_batch_norm/one_pixel"];

/// A folder of a few of the real cases, with a manifest.
fn small_copy() -> TempDir {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let copy = tempfile::tempdir().unwrap();
    for case in CASES {
        fs::create_dir_all(copy.path().join(case)).unwrap();
        for file in files_below(&fixtures.join(case)).unwrap() {
            fs::copy(fixtures.join(case).join(&file), copy.path().join(case).join(&file)).unwrap();
        }
    }
    fs::write(copy.path().join("README.md"), "not looked at").unwrap();
    fs::create_dir(copy.path().join("generate")).unwrap();
    fs::write(copy.path().join("generate/numpy_cases.py"), "not looked at").unwrap();
    let manifest = Manifest::of(copy.path()).unwrap().to_string();
    fs::write(copy.path().join(MANIFEST_FILE), manifest).unwrap();
    copy
}

fn problems(fixtures: &Path) -> Vec<(String, Problem)> {
    let found = Manifest::verify(fixtures).unwrap();
    found.into_iter().map(|discrepancy| (discrepancy.path, discrepancy.problem)).collect()
}

#[test]
fn an_undamaged_folder_has_no_discrepancies() {
    let fixtures = small_copy();
    assert_eq!(problems(fixtures.path()), []);
    assert_eq!(case_names(fixtures.path()).unwrap().len(), CASES.len());
    assert_eq!(Manifest::read(fixtures.path()).unwrap(), Manifest::of(fixtures.path()).unwrap());
}

#[test]
fn a_damaged_byte_anywhere_is_named() {
    let fixtures = small_copy();
    for file in files_below(fixtures.path()).unwrap() {
        if file == "README.md" || file.starts_with("generate/") {
            continue;
        }
        let path = fixtures.path().join(&file);
        let bytes = fs::read(&path).unwrap();
        // Every byte of a header, and every 37th after it.
        let places = (0..bytes.len()).filter(|place| *place < 128 || place % 37 == 0);
        for place in places.chain([bytes.len() - 1]) {
            let mut damaged = bytes.clone();
            damaged[place] ^= 0b0000_0100;
            fs::write(&path, &damaged).unwrap();
            match Manifest::verify(fixtures.path()) {
                Ok(found) => {
                    // A manifest of other digests or names blames the files that it is about.
                    let is_named = found
                        .iter()
                        .any(|discrepancy| discrepancy.path == file || file == MANIFEST_FILE);
                    assert!(is_named, "byte {place} of {file}: {found:?}");
                }
                Err(error) => {
                    assert_eq!(file, MANIFEST_FILE, "byte {place}: {error}");
                    assert!(error.to_string().contains(MANIFEST_FILE), "byte {place}: {error}");
                }
            }
        }
        fs::write(&path, &bytes).unwrap();
    }
    assert_eq!(problems(fixtures.path()), []);
}

#[test]
fn a_removed_and_an_added_file_are_named() {
    let fixtures = small_copy();
    fs::remove_file(fixtures.path().join("relu/zeros/x.npy")).unwrap();
    fs::write(fixtures.path().join("relu/zeros/y.npy"), "").unwrap();
    fs::create_dir(fixtures.path().join("elsewhere")).unwrap();
    fs::write(fixtures.path().join("elsewhere/file"), "").unwrap();
    let found = problems(fixtures.path());
    assert!(found.contains(&("relu/zeros/x.npy".to_owned(), Problem::Missing)));
    assert!(found.contains(&("relu/zeros/y.npy".to_owned(), Problem::Orphan)));
    assert!(found.contains(&("elsewhere/file".to_owned(), Problem::Orphan)));
}

#[test]
fn a_case_that_is_recorded_but_makes_no_sense_is_unreadable() {
    let fixtures = small_copy();
    let case = fixtures.path().join("relu/zeros");
    // Its shapes no longer fit each other, and the manifest is none the wiser.
    fs::copy(fixtures.path().join("dropout/half_f32/x.npy"), case.join("dout.npy")).unwrap();
    let manifest = fs::read_to_string(fixtures.path().join(MANIFEST_FILE)).unwrap();
    let error = Manifest::of(fixtures.path()).unwrap_err();
    assert!(error.to_string().contains("relu/zeros"), "{error}");
    let found = problems(fixtures.path());
    assert!(found.iter().any(|(path, problem)| {
        path == "relu/zeros" && matches!(problem, Problem::Unreadable(_))
    }));
    assert_eq!(fs::read_to_string(fixtures.path().join(MANIFEST_FILE)).unwrap(), manifest);
}

#[test]
fn a_case_cannot_name_files_elsewhere() {
    let names =
        ["../zeros/x.npy", "/etc/passwd", "sub/x.npy", "..", ".", "", "x\\\\y.npy", "./x.npy"];
    for name in names {
        let fixtures = small_copy();
        let path = fixtures.path().join("relu/zeros/case.toml");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("x = \"x.npy\"", &format!("x = \"{name}\""))).unwrap();
        match Manifest::of(fixtures.path()) {
            Err(FixtureError::Schema { expected, .. }) => assert!(expected.contains("plain name")),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
#[cfg(unix)]
fn a_link_is_not_followed() {
    let fixtures = small_copy();
    let path = fixtures.path().join("relu/zeros/x.npy");
    fs::rename(&path, fixtures.path().join("generate/x.npy")).unwrap();
    std::os::unix::fs::symlink(fixtures.path().join("generate/x.npy"), &path).unwrap();
    assert!(problems(fixtures.path()).iter().any(|(found, _)| found == "relu/zeros/x.npy"));
    assert!(matches!(Manifest::of(fixtures.path()), Err(FixtureError::NotAFile { .. })));
    let error = load_one(fixtures.path(), "relu/zeros").unwrap_err();
    assert!(matches!(error, FixtureError::NotAsRecorded { .. }), "{error}");
}

/// Ways to change a folder of fixtures, each with the file that must be named.
type Change = (&'static str, fn(&Path));

#[test]
fn only_recorded_fixtures_are_loaded() {
    let changes: [Change; 6] = [
        ("relu/zeros/case.toml: damaged", |folder| {
            let path = folder.join("relu/zeros/case.toml");
            let text = fs::read_to_string(&path).unwrap();
            let wide = text.replace("rtol = 0.0", "rtol = 1e+12");
            assert_ne!(wide, text);
            fs::write(path, wide).unwrap();
        }),
        ("relu/zeros/expected_out.npy: damaged", |folder| {
            let path = folder.join("relu/zeros/expected_out.npy");
            let mut bytes = fs::read(&path).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            fs::write(path, bytes).unwrap();
        }),
        ("relu/zeros/x.npy: found no file", |folder| {
            fs::remove_file(folder.join("relu/zeros/x.npy")).unwrap();
        }),
        ("relu/zeros/extra.npy: orphan", |folder| {
            fs::write(folder.join("relu/zeros/extra.npy"), "").unwrap();
        }),
        ("manifest.toml: found no file", |folder| {
            fs::remove_file(folder.join(MANIFEST_FILE)).unwrap();
        }),
        ("relu/zeros: its case.toml names other files", |folder| {
            let path = folder.join(MANIFEST_FILE);
            let text = fs::read_to_string(&path).unwrap();
            let start = text.find("path = \"relu/zeros\"").unwrap();
            let other = text[start..].replacen("seed = ", "seed = 1", 1);
            fs::write(path, format!("{}{other}", &text[..start])).unwrap();
        }),
    ];
    for (named, change) in changes {
        let fixtures = small_copy();
        assert_eq!(load_all(fixtures.path()).unwrap().len(), CASES.len());
        change(fixtures.path());
        for error in [
            load_all(fixtures.path()).unwrap_err(),
            load_one(fixtures.path(), "relu/zeros").unwrap_err(),
        ] {
            let message = error.to_string();
            assert!(message.contains(named), "{named}: {message}");
            let remedies = ["version control", "remove it", "fixtures regenerate"];
            assert!(remedies.iter().any(|remedy| message.contains(remedy)), "no remedy: {message}");
        }
        // The other cases are not asked when one is loaded alone.
        let other = load_one(fixtures.path(), "dropout/half_f32");
        assert_eq!(other.is_ok(), !named.starts_with(MANIFEST_FILE), "{named}");
    }
}

#[test]
fn a_case_that_is_in_no_manifest_is_not_graded() {
    let fixtures = small_copy();
    let case = fixtures.path().join("relu/copy");
    fs::create_dir(&case).unwrap();
    for file in files_below(&fixtures.path().join("relu/zeros")).unwrap() {
        fs::copy(fixtures.path().join("relu/zeros").join(&file), case.join(&file)).unwrap();
    }
    let message = load_all(fixtures.path()).unwrap_err().to_string();
    assert!(message.contains("relu/copy/case.toml: orphan"), "{message}");
    assert!(message.contains("`cargo xtask fixtures verify` lists this and 4 more"), "{message}");
    let message = load_one(fixtures.path(), "relu/copy").unwrap_err().to_string();
    assert!(message.contains("found no case relu/copy"), "{message}");
}
