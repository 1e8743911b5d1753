//! What a person would forget, held by a test: where imports point, how files open and how long they
//! are, which words are retired, what is not to be tracked. Each message names the file, the line
//! and what to do.
//!
//! `CONTRIBUTING.md` gives the reasons.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, and most syntax does not matter to it"
)]

mod crates;
mod features;
mod files;
mod imports;
mod source;
mod words;

use std::fmt;
use std::path::PathBuf;

/// Something to mend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// From the root of the workspace.
    file: PathBuf,
    /// From 1; none where the whole file is meant.
    line: Option<usize>,
    /// What is wrong, then what to do.
    message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
        }
        write!(formatter, ": {}", self.message)
    }
}

#[track_caller]
fn expect_none(mut findings: Vec<Finding>) {
    findings.sort();
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(lines.is_empty(), "{} to mend:\n{}\n", lines.len(), lines.join("\n"));
}

#[test]
fn crates_depend_downwards_only() {
    expect_none(crates::upward_dependencies());
}

#[test]
fn no_package_is_built_with_two_sets_of_features() {
    expect_none(features::several());
}

#[test]
fn files_of_one_folder_do_not_import_in_a_circle() {
    expect_none(imports::circles());
}

#[test]
fn every_rust_file_says_what_it_is_for() {
    expect_none(files::without_header());
}

#[test]
fn a_module_with_children_lies_beside_its_folder() {
    expect_none(files::named_mod());
}

#[test]
fn every_file_of_tests_is_part_of_a_program() {
    expect_none(files::forgotten_tests());
}

#[test]
fn no_file_is_too_long_to_hold_one_idea() {
    expect_none(files::too_long());
}

#[test]
fn nothing_left_over_is_tracked() {
    expect_none(files::left_over());
}

#[test]
fn retired_words_stay_retired() {
    expect_none(words::retired());
}
