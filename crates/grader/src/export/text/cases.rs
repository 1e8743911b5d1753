//! Names of cases, where the text names only some of them.

use crate::verdict::Verdict;

/// Cases that are named; the others are counted.
const NAMED_CASES: usize = 4;

/// The cases of which a check failed, by the part of their names that tells them apart.
pub(super) fn failed_cases(verdicts: &[Verdict]) -> Vec<&str> {
    let failed = verdicts.iter().filter(|verdict| !verdict.is_well());
    let mut cases: Vec<&str> = failed.map(|verdict| short(&verdict.case)).collect();
    cases.dedup();
    cases
}

fn short(case: &str) -> &str {
    case.rsplit_once('/').map_or(case, |(_, name)| name)
}

/// The first of these cases, and how many more there are.
pub(super) fn bounded(cases: &[&str]) -> String {
    let named = cases[..cases.len().min(NAMED_CASES)].join(", ");
    match cases.len().saturating_sub(NAMED_CASES) {
        0 => named,
        1 => format!("{named} and 1 more case"),
        more => format!("{named} and {more} more cases"),
    }
}
