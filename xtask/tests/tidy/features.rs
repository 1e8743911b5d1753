//! Programs and tests share what Cargo builds: every package of others has the same features in each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use super::Finding;

/// What Cargo builds for the tests, and for each program that is run by itself.
const BUILDS: [&[&str]; 3] = [
    &["--workspace", "--edges", "normal,build,dev"],
    &["--package", "xtask", "--edges", "normal,build"],
    &["--package", "experiments", "--edges", "normal,build"],
];

/// Packages that a program takes with other features than the tests do.
pub(crate) fn several() -> Vec<Finding> {
    let [tests, programs @ ..] = BUILDS.map(packages);
    let mut findings = Vec::new();
    for (package, features) in programs.iter().flatten() {
        let shared = &tests[package];
        if !features.is_subset(shared) {
            let message = format!(
                "{package} is built with the features {features:?} for a program and with {shared:?} for the \
                 tests, so twice; ask for those of the tests here and in crates/grader/Cargo.toml"
            );
            findings.push(Finding { file: PathBuf::from("Cargo.toml"), line: None, message });
        }
    }
    findings
}

/// The sets of features of each package. A package has several where a build script or macro needs it too.
fn packages(arguments: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--prefix", "none", "--no-dedupe", "--format", "{p}|{f}"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).unwrap();
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // Other lines part the members of the workspace.
    for (package, features) in text.lines().filter_map(|line| line.split_once('|')) {
        all.entry(package.to_owned()).or_default().insert(features.to_owned());
    }
    all
}
