//! Every entry of the catalogue is made by a variant of the plain implementation, caught, and named.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use grader::check::{Options, grade};
use grader::diagnosis::{CATALOGUE, Mistake, Profile, Variant};
use grader::verdict::Report;

fn graded(variant: &Variant, profile: Profile) -> Report {
    let options = Options { profile, ..Options::new("cargo xtask grade") };
    grade(variant, &[], &options)
}

fn failed_cases(report: &Report) -> Vec<String> {
    let verdicts = report.suites.iter().flat_map(|suite| &suite.verdicts);
    let mut cases: Vec<String> =
        verdicts.filter(|verdict| !verdict.is_well()).map(|verdict| verdict.case.clone()).collect();
    cases.dedup();
    cases
}

/// What the diagnosis says, ties joined by |, two together by +.
fn named(report: &Report) -> Vec<String> {
    let one = |mistakes: &Vec<Mistake>| {
        mistakes.iter().map(|mistake| mistake.id).collect::<Vec<_>>().join(" + ")
    };
    let found = report.diagnosis.found.iter();
    found.map(|found| found.alternatives.iter().map(one).collect::<Vec<_>>().join(" | ")).collect()
}

#[test]
fn without_a_mistake_everything_passes() {
    for profile in [Profile::Notebook, Profile::Strict] {
        let report = graded(&Variant::with([]), profile);
        assert_eq!(failed_cases(&report), [""; 0]);
        assert!(report.diagnosis.is_empty());
    }
}

#[test]
fn every_mistake_is_caught_and_named() {
    let mut wrong = Vec::new();
    for mistake in CATALOGUE.iter() {
        let report = graded(&Variant::with([mistake]), Profile::Strict);
        let named = named(&report);
        let failed = failed_cases(&report);
        if named != [mistake.id] || !report.diagnosis.unexplained.is_empty() {
            wrong.push(format!("{}: {named:?} {:?}", mistake.id, report.diagnosis.unexplained));
        }
        if !failed.iter().any(|case| case == mistake.exposed_by) {
            wrong.push(format!(
                "{}: not exposed by {}, but {failed:?}",
                mistake.id, mistake.exposed_by
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), CATALOGUE.len(), wrong.join("\n"));
}
