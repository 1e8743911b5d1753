//! Text, for the terminal: the notebook's own lines, a heading per suite with what failed, and at
//! the end the total, the diagnosis and the marks.

mod cases;
mod suite;

use crate::export::format::OutputFormat;
use crate::export::{diagnosis, exceptions};
use crate::fixture::NOTEBOOK_BACKWARD;
use crate::grading::Grading;
use crate::report::{Report, Suite, SuiteName};
use crate::rubric::Marks;
use crate::verdict::{CheckOutcome, Verdict};

use cases::{bounded, failed_cases};
use suite::{Told, explain, not_asked, one_line};

/// Text.
pub const TEXT: OutputFormat = OutputFormat {
    name: "text",
    summary: "For the terminal",
    extension: "txt",
    needs_marks: false,
    write: |grading| Ok(text(grading, Detail::Failures)),
    ungraded: None,
};

/// How much of a grading a text lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// What failed, and a line per suite. Of a single case, every check.
    Failures,
    /// Every check.
    EveryCheck,
}

/// The grading for a terminal: the notebook's own lines, word for word, and then the rest. An
/// exception that decides most of it stands above them, and again in the diagnosis at the end.
pub fn text(grading: &Grading, detail: Detail) -> String {
    let grading = &grading.shown();
    let report = &grading.report;
    let above = exceptions::above_all(grading);
    let mut told = Told {
        lists_every_check: detail == Detail::EveryCheck || is_one_case(report),
        exceptions: above.iter().map(|(message, _)| message.clone()).collect(),
        of_every_call: exceptions::of_every_call(report),
    };
    let mut blocks: Vec<Vec<String>> = above.into_iter().map(|(_, lines)| lines).collect();
    for suite in &report.suites {
        match suite.name {
            SuiteName::Notebook => {
                blocks.extend([notebook(suite), measured(suite, grading)]);
            }
            SuiteName::Reference | SuiteName::Behaviour | SuiteName::Random => {
                let lines = suite::lines(suite, grading, &mut told);
                // Suites with nothing to tell are a line each.
                match blocks.last_mut() {
                    Some(last) if lines.len() == 1 && is_heading(last) => last.extend(lines),
                    _ => blocks.push(lines),
                }
            }
        }
    }
    let something_failed = !report.all_passed();
    blocks.extend([
        diagnosis::noted(grading),
        total(report),
        diagnosis::lines_after_notes(grading, something_failed),
    ]);
    blocks.extend(grading.marks.as_ref().map(marks_lines));
    blocks.extend(grading.isolation.as_ref().map(|known| vec![format!("Isolation: {known}.")]));
    blocks.retain(|lines| !lines.is_empty());
    let blocks: Vec<String> = blocks.iter().map(|lines| lines.join("\n")).collect();
    blocks.join("\n\n") + "\n"
}

/// Whether a block is headings of suites alone.
fn is_heading(lines: &[String]) -> bool {
    lines.iter().all(|line| line.contains(" checks passed") && !line.starts_with(' '))
}

fn is_one_case(report: &Report) -> bool {
    let mut cases = report.verdicts().map(|verdict| &verdict.case);
    let first = cases.next();
    cases.all(|case| Some(case) == first)
}

/// The notebook's lines, word for word.
fn notebook(suite: &Suite) -> Vec<String> {
    let is_backward = |verdict: &&Verdict| verdict.case == NOTEBOOK_BACKWARD;
    let (backward, forward): (Vec<&Verdict>, Vec<&Verdict>) =
        suite.verdicts.iter().partition(is_backward);
    let line = |verdict: &&Verdict| one_line(&verdict.check, &verdict.outcome);
    let mut lines: Vec<String> = forward.iter().map(line).collect();
    // The notebook counts its forward tests only, and only when it runs them all.
    if forward.len() > 1 {
        let passed = forward.iter().filter(|verdict| verdict.is_well()).count();
        let verdict =
            if passed == forward.len() { "All tests passed" } else { "Some tests failed" };
        lines.push(format!(
            "{verdict} for your spatial batchnorm implementation. Tests passed: {passed}/{}",
            forward.len()
        ));
    }
    lines.extend(backward.iter().map(line));
    lines
}

/// What the notebook's lines leave unsaid.
fn measured(suite: &Suite, grading: &Grading) -> Vec<String> {
    let is_explained = |verdict: &&Verdict| matches!(verdict.outcome, CheckOutcome::Failed { .. });
    let failed: Vec<&Verdict> = suite.verdicts.iter().filter(is_explained).collect();
    let mut lines = Vec::new();
    if !failed.is_empty() {
        lines.push("What the notebook's tests measured:".to_owned());
    }
    for verdict in failed {
        lines.push(format!("  {}", verdict.check));
        explain(verdict, &mut lines);
        lines.push(format!("    Run it alone: {}", grading.rerun(verdict)));
    }
    lines.extend(not_asked(suite));
    lines
}

/// The total over all suites, and the cases that failed, by suite.
fn total(report: &Report) -> Vec<String> {
    let all = report.verdicts().count();
    let passed = report.verdicts().filter(|verdict| verdict.is_well()).count();
    let mut lines = vec![format!("Total: {passed} of {all} checks passed")];
    if passed == 0 || passed == all {
        return lines;
    }
    for suite in &report.suites {
        let failed = suite.verdicts.len() - suite.passed();
        if failed > 0 {
            let cases = failed_cases(&suite.verdicts);
            let checks = if failed == 1 { "check" } else { "checks" };
            let name = suite.name.name();
            lines.push(format!("  failed in {name}, {failed} {checks}: {}", bounded(&cases)));
        }
    }
    lines
}

/// The marks, one entry per line.
fn marks_lines(marks: &Marks) -> Vec<String> {
    let mut lines = vec![format!("Marks: {} of {}", marks.scored, marks.out_of)];
    lines.extend(marks.entries.iter().map(|entry| {
        let points = format!("{} of {}", entry.scored, entry.out_of);
        let checks = match entry.asked {
            0 => "not asked".to_owned(),
            asked => format!("{} of {asked} checks", entry.passed),
        };
        format!("  {points:12}  {} ({checks})", entry.title)
    }));
    lines
}
