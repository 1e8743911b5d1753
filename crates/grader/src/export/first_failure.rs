//! The first failure alone, for a learner who mends one thing at a time.

use crate::export::{diagnosis, for_student};
use crate::grading::Grading;

/// The first check that failed, why, and how to go on.
pub fn first_failure(grading: &Grading) -> String {
    let grading = grading.shown();
    let verdicts = || grading.report.verdicts();
    let (total, passed) = (verdicts().count(), verdicts().filter(|v| v.is_well()).count());
    let mut lines = vec![format!("Checks passed: {passed}/{total}")];
    if let Some(failed) = verdicts().find(|verdict| !verdict.is_well()) {
        lines.extend([String::new(), format!("First to fail: {}", for_student::name(failed))]);
        let message = for_student::message(failed).unwrap_or_default();
        lines.extend(message.lines().map(|line| format!("    {line}")));
        let diagnosis = diagnosis::first(&grading);
        if !diagnosis.is_empty() {
            lines.push(String::new());
            lines.extend(diagnosis);
        }
        lines.extend([String::new(), format!("Run it alone: {}", grading.rerun(failed))]);
    }
    lines.join("\n") + "\n"
}
