//! JUnit XML, for continuous integration.

use quick_junit::{NonSuccessKind, Report as JunitReport, TestCase, TestCaseStatus, TestSuite};

use crate::export::diagnosis;
use crate::export::format::{ExportError, OutputFormat};
use crate::grading::Grading;
use crate::verdict::{CheckOutcome, Finding, Verdict};

/// JUnit XML.
pub(super) const JUNIT: OutputFormat = OutputFormat {
    name: "junit",
    summary: "For continuous integration",
    extension: "xml",
    needs_marks: false,
    write: junit,
};

/// The grading as JUnit XML: a wrong answer is a failure, no answer an error, and a case that was
/// not asked is skipped. There are no times in it, so that equal reports are equal files.
fn junit(grading: &Grading) -> Result<String, ExportError> {
    let something_failed = !grading.report.all_passed();
    let grading = &grading.shown();
    let mut xml = JunitReport::new(format!("grade {}", grading.report.target));
    for suite in &grading.report.suites {
        let mut tests = TestSuite::new(suite.name.name());
        for verdict in &suite.verdicts {
            let mut test = TestCase::new(verdict.check.as_str(), status(verdict, grading));
            test.set_classname(verdict.case.as_str());
            if let CheckOutcome::Noted { convention, findings } = &verdict.outcome {
                test.set_system_out(note(convention, findings));
            }
            tests.add_test_case(test);
        }
        for not_asked in &suite.not_asked {
            let mut skipped = TestCaseStatus::skipped();
            skipped.set_message(not_asked.reason.as_str());
            let cases = if not_asked.cases == 1 { "case" } else { "cases" };
            let name = format!("{} {cases} not asked", not_asked.cases);
            let mut test = TestCase::new(name, skipped);
            test.set_classname(not_asked.reason.as_str());
            tests.add_test_case(test);
        }
        xml.add_test_suite(tests);
    }
    let diagnosis = diagnosis::lines(grading, something_failed);
    if !diagnosis.is_empty() {
        let mut suite = TestSuite::new("diagnosis");
        suite.set_system_out(diagnosis.join("\n"));
        xml.add_test_suite(suite);
    }
    Ok(xml.to_string()?)
}

fn status(verdict: &Verdict, grading: &Grading) -> TestCaseStatus {
    let (kind, message) = match &verdict.outcome {
        CheckOutcome::Passed | CheckOutcome::Noted { .. } => return TestCaseStatus::success(),
        CheckOutcome::Raised { message } => {
            (NonSuccessKind::Error, format!("failed due to exception: {message}"))
        }
        CheckOutcome::Failed { findings } => (NonSuccessKind::Failure, in_lines(findings)),
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(message.lines().next().unwrap_or_default());
    let mut description = vec![message];
    description.extend(verdict.input.as_ref().map(|input| format!("Input: {input}")));
    description.extend(verdict.hint.as_ref().map(|hint| format!("Hint: {hint}")));
    description.push(format!("Run it alone: {}", grading.rerun(verdict)));
    status.set_description(description.join("\n"));
    status
}

fn note(convention: &str, findings: &[Finding]) -> String {
    format!("Convention: {convention}\n{}", in_lines(findings))
}

fn in_lines(findings: &[Finding]) -> String {
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    lines.join("\n")
}
