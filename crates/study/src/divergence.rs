//! What is said of runs that diverged, wherever numbers are shown that they count in.

use crate::analysis::Analysis;
use crate::text::listed;

/// How many runs diverged, and what that means for the numbers; nothing if none did.
pub(crate) fn diverged(analysis: &Analysis<'_>) -> String {
    let arms = analysis.arms().filter(|arm| arm.diverged() > 0);
    let arms: Vec<String> = arms
        .map(|arm| format!("{} of {} with {}", arm.diverged(), arm.runs.len(), arm.label))
        .collect();
    if arms.is_empty() {
        return String::new();
    }
    let chance = analysis.study.config.chance();
    format!(
        " Runs diverged: {}. In accuracies they count as guessing, {chance:.1}; losses leave them out.",
        listed(&arms)
    )
}
