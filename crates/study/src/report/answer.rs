//! The answer to a study's question, in one sentence, by its primary outcome.

use ::statistics::FEWEST_SEEDS;

use super::document::Block;
use super::statistics::p_value;
use crate::analysis::{Analysis, Comparison, Group, Inference, Paired};
use crate::divergence::diverged;
use crate::figures;
use crate::study_file::Family;
use crate::text::{aside, counted, interval, listed, signed};

/// So many pairs of arms are told one by one; of more it is told how many came out how.
const FEW_PAIRS: usize = 3;

/// Below this p-value a difference is called one.
const LEVEL: f64 = 0.05;

/// The answer: what the first figure says of the question, and how the arms compare. Nothing if that
/// figure says nothing and no two arms are compared.
pub(super) fn block(analysis: &Analysis<'_>) -> Option<Block> {
    let reading = figures::first_text(analysis).and_then(|text| text.reading);
    let compared = match &reading {
        Some(reading) if reading.is_whole_answer => None,
        Some(_) | None => compared(analysis),
    };
    let reading = reading.map(|reading| reading.text);
    let sentences: Vec<String> = reading.into_iter().chain(compared).collect();
    let planned = analysis.study.config.arms().len() * analysis.study.config.seeds().len();
    let of = match analysis.study.runs.len() {
        all if all >= planned => String::new(),
        some => format!(", of {some} of {}", counted(planned as u64, "run")),
    };
    (!sentences.is_empty())
        .then(|| Block::Paragraph(format!("**The answer{of}.** {}", sentences.join(" "))))
}

/// How the arms compare; nothing if no two are.
fn compared(analysis: &Analysis<'_>) -> Option<String> {
    let pairs: Vec<_> = analysis.paired().collect();
    let told = match pairs.len() {
        0 => return None,
        1..=FEW_PAIRS => {
            let mut told: Vec<String> = Vec::new();
            let mut before = String::new();
            for (group, found, paired) in &pairs {
                let (who, how) = one(group, found, paired);
                // What is said already is not said again.
                let both = format!("{who} {how}");
                match who == before {
                    true if how.is_empty() => {}
                    true => told.push(how),
                    false => told.push(both.trim_end().to_owned()),
                }
                before = who;
            }
            listed(&told)
        }
        _ => of_many(analysis, &pairs),
    };
    let outcome = analysis.study.config.file.report.primary.name();
    let untested = pairs.iter().filter(|(.., paired)| paired.inference.is_none());
    let few = match (untested.clone().count(), pairs.as_slice()) {
        (0, _) => String::new(),
        (some, pairs) if some < pairs.len() => {
            format!(
                " Of these {some} have fewer than {FEWEST_SEEDS} pairs of runs, too few for a test."
            )
        }
        _ => match untested.map(|(.., paired)| paired.differences.len()).max() {
            None | Some(0 | 1) => " One pair of runs is too few for a test.".to_owned(),
            Some(most) => format!(" {most} pairs of runs are too few for a test."),
        },
    };
    Some(format!("By {outcome}, {told}.{few}{}", diverged(analysis)))
}

/// How an arm did beside its baseline: which two, and by how much.
fn one(group: &Group<'_>, comparison: &Comparison, paired: &Paired) -> (String, String) {
    let (with, without) = (&group.with(comparison).name, &group.without(comparison).name);
    let mean = paired.mean();
    let arms = [group.with(comparison), group.without(comparison)];
    let lost = arms.into_iter().filter(|arm| arm.all_diverged());
    let lost: Vec<&str> = lost.map(|arm| arm.name.as_str()).collect();
    if !lost.is_empty() {
        return (
            format!("all runs with {} diverged", listed(&lost)),
            aside(&group.label).trim().to_owned(),
        );
    }
    let (who, by) = match signed(mean).as_str() {
        "0.0000" => (format!("{with} and {without} are"), "level".to_owned()),
        difference => match &paired.inference {
            Some(found) if found.p_adjusted >= LEVEL => {
                let told = format!(
                    "not told apart by the sign-flip test (mean difference {difference}; {})",
                    adjusted_p(found)
                );
                (format!("{with} and {without} are"), told)
            }
            _ if mean > 0.0 => (format!("{with} is ahead of {without}"), format!("by {mean:.4}")),
            _ => (format!("{with} is behind {without}"), format!("by {:.4}", -mean)),
        },
    };
    let mut asides = Vec::new();
    if !group.label.is_empty() {
        asides.push(group.label.clone());
    }
    if let Some(found) = &paired.inference {
        let interval = interval(found.t.low, found.t.high);
        asides.push(format!("95 % t interval of the difference {interval}"));
    }
    let pairs = paired.differences.len();
    if pairs > 1 {
        asides.push(format!("ahead in {} of {pairs} pairs", paired.wins.won));
    }
    match (asides.is_empty(), by.strip_suffix(')')) {
        (true, _) => (who, by),
        // One pair of brackets holds all.
        (false, Some(open)) => (who, format!("{open}; {})", asides.join("; "))),
        (false, None) => (who, format!("{by} ({})", asides.join("; "))),
    }
}

/// How many pairs came out how.
fn of_many(analysis: &Analysis<'_>, pairs: &[(&Group<'_>, &Comparison, &Paired)]) -> String {
    let is_tested = pairs.iter().all(|(.., paired)| paired.inference.is_some());
    let is_told = |paired: &Paired| match &paired.inference {
        Some(found) if is_tested => found.p_adjusted < LEVEL,
        Some(_) | None => signed(paired.mean()) != "0.0000",
    };
    let count = |sign: f64| {
        let told =
            pairs.iter().filter(|(.., paired)| is_told(paired) && paired.mean() * sign > 0.0);
        told.count()
    };
    let (ahead, behind) = (count(1.0), count(-1.0));
    let undecided = pairs.len() - ahead - behind;
    let adjusted = match analysis.study.config.file.report.family {
        Family::Holm => " after Holm's correction",
        Family::None => "",
    };
    let by =
        if is_tested { format!(" (p below {LEVEL}{adjusted})") } else { " in the mean".to_owned() };
    let are = if undecided == 1 { "is" } else { "are" };
    let rest = if is_tested { "not told apart" } else { "level" };
    let mut text = format!(
        "of {} comparisons the arm is ahead of its baseline in {ahead}{by}, behind in {behind}, and \
         {undecided} {are} {rest}",
        pairs.len()
    );
    let largest = pairs
        .iter()
        .reduce(|most, next| if next.2.mean().abs() > most.2.mean().abs() { next } else { most });
    if let Some((group, comparison, paired)) = largest {
        let (with, without) = (group.with(comparison), group.without(comparison));
        let mut asides = Vec::new();
        if !group.label.is_empty() {
            asides.push(group.label.clone());
        }
        if is_tested
            && !is_told(paired)
            && let Some(found) = &paired.inference
        {
            asides.push(format!("not told apart; {}", adjusted_p(found)));
        }
        text.push_str(&format!(
            "; the largest difference is {}, of {} against {}{}",
            signed(paired.mean()),
            with.name,
            without.name,
            aside(&asides.join("; "))
        ));
    }
    text
}

/// The p-value that decides, by its name.
fn adjusted_p(found: &Inference) -> String {
    let name = if found.p_adjusted == found.p { "p" } else { "Holm's p" };
    format!("{name} {}", p_value(found.p_adjusted))
}
