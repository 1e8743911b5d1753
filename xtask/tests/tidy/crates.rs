//! Crates depend on crates below them.

use std::path::{Path, PathBuf};

use super::{Finding, source};

/// The crates of the workspace, each above those that it may know. The picture in
/// `crates/README.md` is this list.
const HOUSE: [(&str, &[&str]); 15] = [
    ("xtask", &["terminal", "grader", "isolation", "files", "kernels"]),
    (
        "experiments",
        &[
            "terminal", "bench", "study", "datasets", "plots", "grader", "trainer", "files",
            "kernels",
        ],
    ),
    ("terminal", &["grader", "files"]),
    ("bench", &["plots", "statistics", "trainer", "kernels"]),
    ("study", &["plots", "statistics", "trainer", "files", "kernels"]),
    ("datasets", &["trainer", "files"]),
    ("plots", &[]),
    ("statistics", &[]),
    ("exercise", &["answer", "kernels"]),
    ("answer", &[]),
    ("grader", &["files", "isolation", "kernels"]),
    ("trainer", &["files", "kernels"]),
    ("isolation", &[]),
    ("files", &[]),
    ("kernels", &[]),
];

/// Dependencies, those of tests apart, that [`HOUSE`] does not allow.
pub(crate) fn upward_dependencies() -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in source::with_extension("toml") {
        if manifest.file_name() != Some("Cargo.toml".as_ref()) || manifest.components().count() < 2
        {
            continue;
        }
        let text = source::read(&manifest);
        let table: toml::Table = text.parse().unwrap();
        let name = table["package"]["name"].as_str().unwrap();
        let allowed = HOUSE.iter().find(|(known, _)| *known == name).map(|(_, below)| *below);
        let Some(allowed) = allowed else {
            let message = format!("{name} has no place in the house; give it one in {}", file!());
            findings.push(Finding { file: manifest, line: None, message });
            continue;
        };
        for dependency in dependencies(&table) {
            let ours = HOUSE.iter().any(|(known, _)| known == dependency);
            if ours && !allowed.contains(&dependency.as_str()) {
                findings.push(above(&manifest, &text, name, dependency, allowed));
            }
        }
    }
    findings
}

/// All dependencies, those of a build script and of single systems too, but not those of tests.
fn dependencies(manifest: &toml::Table) -> Vec<&String> {
    let mut tables = vec![manifest];
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    tables
        .extend(targets.into_iter().flat_map(|all| all.values().filter_map(toml::Value::as_table)));
    let mut found = Vec::new();
    for table in tables {
        for section in ["dependencies", "build-dependencies"] {
            found.extend(
                table
                    .get(section)
                    .and_then(toml::Value::as_table)
                    .into_iter()
                    .flat_map(toml::Table::keys),
            );
        }
    }
    found
}

fn above(manifest: &Path, text: &str, name: &str, dependency: &str, allowed: &[&str]) -> Finding {
    let line = text.lines().position(|line| line.starts_with(dependency)).map(|at| at + 1);
    let message = format!(
        "{name} depends on {dependency}, which is not below it; it may depend on {allowed:?}: move \
         what both need into one of these"
    );
    Finding { file: PathBuf::from(manifest), line, message }
}
