//! The metadata of a made-up study.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

use super::*;
use crate::folder::{StudyFolder, listed};
use crate::made_up;

fn citation() -> Citation {
    Citation {
        title: "Some software".to_owned(),
        summary: "It trains.".to_owned(),
        version: "1.2.3".to_owned(),
        date: "2026-11-28".to_owned(),
        licenses: vec!["MIT".to_owned(), "Apache-2.0".to_owned()],
        keywords: vec!["one".to_owned(), "two".to_owned()],
        authors: vec![Author { name: "A group".to_owned(), is_person: false }],
    }
}

fn crate_of(folder: &str, paths: &[&str]) -> Value {
    let study = made_up::study(made_up::config());
    let files: Vec<(String, u64)> = paths.iter().map(|path| ((*path).to_owned(), 17)).collect();
    let part = CratePart::of_study(folder, &study, &files).unwrap();
    let page = CrateFile {
        path: "README.md".to_owned(),
        name: "The studies".to_owned(),
        description: "Each study with its question and its answer.".to_owned(),
        bytes: 5,
    };
    serde_json::from_slice(&metadata(&citation(), &[page], &[part]).unwrap()).unwrap()
}

/// The entity of this identifier.
fn entity<'a>(document: &'a Value, id: &str) -> &'a Value {
    let graph = document["@graph"].as_array().unwrap();
    graph.iter().find(|entity| entity["@id"] == id).unwrap_or_else(|| panic!("{id}: {graph:#?}"))
}

/// Every identifier that an entity refers to.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) if fields.len() == 1 && fields.contains_key("@id") => {
            found.insert(fields["@id"].as_str().unwrap().to_owned());
        }
        Value::Object(fields) => fields.values().for_each(|field| references(field, found)),
        Value::Array(all) => all.iter().for_each(|one| references(one, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn a_crate_has_its_study_its_software_its_data_and_their_licences() {
    let document = crate_of("a", &["runs.csv", "figures/validation_accuracy.svg"]);
    insta::assert_snapshot!("metadata", serde_json::to_string_pretty(&document).unwrap());
}

#[test]
fn every_reference_leads_to_an_entity_and_no_entity_is_there_twice() {
    let document = crate_of("a", &["runs.csv", "study.toml"]);
    let graph = document["@graph"].as_array().unwrap();
    let ids = graph.iter().map(|entity| entity["@id"].as_str().unwrap().to_owned());
    let mut known: BTreeSet<String> = ids.collect();
    assert_eq!(known.len(), graph.len());
    known.insert(PROFILE.to_owned());
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.is_subset(&known), "{:?}", found.difference(&known));
}

#[test]
fn identifiers_are_paths_of_uris() {
    let path = "tensorboard/norm=batch,trains=all/50 % at 1:2/é#?[x]";
    let document = crate_of("my study", &[path]);
    let file =
        "my%20study/tensorboard/norm=batch,trains=all/50%20%25%20at%201%3A2/%C3%A9%23%3F%5Bx%5D";
    assert_eq!(entity(&document, file)["name"], path);
    assert_eq!(entity(&document, "my%20study/")["hasPart"]["@id"], file);
}

#[test]
fn every_file_that_a_study_writes_is_described() {
    let study = made_up::study(made_up::config());
    let report = crate::report::render(&study).unwrap().into_iter().chain(study.files().unwrap());
    let own: Vec<_> = report.map(|(path, _)| (path.display().to_string(), 1)).collect();
    let part = CratePart::of_study("a", &study, &own).unwrap();
    for file in part.files {
        assert!(!file.description.contains("A file that the study wrote"), "{}", file.path);
        assert!(!file.description.is_empty() && !file.description.contains("**"), "{}", file.path);
        let is_unknown = encoding_format(&file.path) == "application/octet-stream";
        assert_eq!(is_unknown, file.path.starts_with("a/tensorboard/"), "{}", file.path);
    }
}

/// A Python with the packages of `requirements.txt`: that of `RO_CRATE_PYTHON`, which must have them, or
/// else the `python3` at hand if it has them. Without one, says so.
fn python() -> Option<PathBuf> {
    if let Some(named) = env::var_os("RO_CRATE_PYTHON") {
        return Some(named.into());
    }
    let imported = Command::new("python3").args(["-c", "import rocrate.rocrate"]).output();
    if imported.is_ok_and(|output| output.status.success()) {
        return Some("python3".into());
    }
    let message = "SKIPPED reading with ro-crate-py; set RO_CRATE_PYTHON to a Python that has the packages \
                   of crates/study/tests/ro_crate/requirements.txt";
    // Not `eprintln!`, which the test runner swallows.
    let _ = writeln!(io::stderr(), "{message}");
    None
}

/// What the script prints of the crate in this folder.
fn checked(python: &Path, folder: &Path) -> String {
    let script = include_str!("../../tests/ro_crate/check.py");
    let output = Command::new(python).arg("-c").arg(script).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_library_of_ro_crate_finds_every_file_of_a_crate() {
    let Some(python) = python() else { return };
    let reports = tempfile::tempdir().unwrap();
    let study = made_up::study(made_up::config());
    let mut files = study.files().unwrap();
    files.extend(crate::report::render(&study).unwrap());
    let paths: Vec<PathBuf> = files.iter().map(|(path, _)| path.clone()).collect();
    let path = reports.path().join("my study");
    let folder = StudyFolder::open(&path, &paths).unwrap();
    files.iter().for_each(|(path, bytes)| folder.write(path, bytes).unwrap());
    let part = CratePart::of_study("my study", &study, &listed(&path).unwrap()).unwrap();
    let bytes = metadata(&citation(), &[], &[part]).unwrap();
    files::replace(&reports.path().join(METADATA_FILE), &bytes).unwrap();
    // The list of files is one of them.
    let all = format!("{} files, 1 studies\n", files.len() + 1);
    assert_eq!(checked(&python, reports.path()), all);

    files::replace(&path.join("runs.csv"), b"other").unwrap();
    std::fs::remove_file(path.join("steps.csv")).unwrap();
    let found = checked(&python, reports.path());
    assert!(found.contains("my%20study/runs.csv: found 5 bytes, expected "), "{found}");
    assert!(found.contains("my%20study/steps.csv: found no file\n"), "{found}");
}

#[test]
fn the_library_of_ro_crate_finds_every_file_of_the_committed_reports() {
    let Some(python) = python() else { return };
    let reports = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports");
    let found = checked(&python, &reports);
    let [last] = found.lines().collect::<Vec<_>>()[..] else { panic!("{found}") };
    assert!(last.ends_with(" studies") && !last.ends_with(" 0 studies"), "{found}");
}
