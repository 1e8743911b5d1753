//! What the primary outcome says about each pair of arms: a table, how its numbers are computed, and
//! what they can say at all.

use ::statistics::{FEWEST_SEEDS, Judgement, MEANINGFUL_PROBABILITY, Outperformance, SourceSpread};

use super::document::{Block, Table};
use crate::analysis::{Analysis, ArmResult, Comparison, Group, Inference, Paired};
use crate::axis::VARY;
use crate::source::Source;
use crate::study_file::{Family, PrimaryOutcome};
use crate::text::{aside, counted, interval, listed, signed};

/// The table and its explanation, and how much results vary by one source; nothing if nothing is
/// compared.
pub(super) fn blocks(analysis: &Analysis<'_>) -> Vec<Block> {
    let mut blocks = Vec::new();
    if analysis.paired().next().is_some() {
        let has_inference = analysis.paired().any(|(.., paired)| paired.inference.is_some());
        blocks.push(Block::Heading(2, "Statistics".to_owned()));
        blocks.push(Block::Paragraph(what_is_compared(analysis)));
        blocks.push(Block::Table(table(analysis, has_inference)));
        blocks.push(Block::Paragraph(how_computed(analysis, has_inference)));
    }
    blocks.extend(spread_by_source(analysis));
    blocks
}

/// How much the primary outcome varies by what a seed changes, for a study that compares that.
fn spread_by_source(analysis: &Analysis<'_>) -> Vec<Block> {
    let config = &analysis.study.config;
    if !config.compared().any(|axis| axis == VARY) {
        return Vec::new();
    }
    let row = |vary: &Vec<Source>| {
        let arms = analysis.arms().filter(|arm| arm.arm.vary == *vary);
        let outcomes: Vec<Vec<f64>> = arms.map(|arm| arm.outcomes(config)).collect();
        let spread = SourceSpread::of(&outcomes).ok()?;
        let sources: Vec<&str> = vary.iter().map(|source| source.label()).collect();
        Some(vec![
            listed(&sources),
            format!("{:.4}", spread.std),
            spread.degrees_of_freedom.to_string(),
            spread.groups.to_string(),
        ])
    };
    let rows: Vec<Vec<String>> =
        config.each(|arm| arm.vary.clone()).iter().filter_map(row).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let header = ["a seed changes", "standard deviation", "degrees of freedom", "arms"];
    vec![
        Block::Heading(2, "Spread by source".to_owned()),
        Block::Paragraph(format!(
            "How much the {} varies from seed to seed if a seed changes this and the rest is that of \
             seed 0: the standard deviation within the arms, pooled over them (Bouthillier et al., \
             2021). With ν degrees of freedom it is uncertain by about 1/√(2ν) of itself.",
            config.file.report.primary.name()
        )),
        Block::Table(Table { header: header.map(str::to_owned).to_vec(), rows }),
    ]
}

fn what_is_compared(analysis: &Analysis<'_>) -> String {
    let config = &analysis.study.config;
    let file = &config.file;
    let sources = config.each(|arm| arm.vary.clone());
    let vary = sources.first().cloned().unwrap_or_default();
    let varied: Vec<&str> = vary.iter().map(|source| source.label()).collect();
    let held: Vec<&str> = Source::ALL
        .iter()
        .filter(|source| !vary.contains(source))
        .map(|source| source.label())
        .collect();
    let varied = if varied.is_empty() { "nothing".to_owned() } else { listed(&varied) };
    let held = match held.as_slice() {
        [] => String::new(),
        [one] => format!("; {one} stays the same"),
        several => format!("; {} stay the same", listed(several)),
    };
    let changes = match sources.len() {
        1 => format!("A seed changes {varied}{held}."),
        _ => "What a seed changes differs between the arms, as they say.".to_owned(),
    };
    // What else is compared may change these in a pair.
    let shared = if config.compares(&["data_set", "initial_scale", "training_images", "batch_size"])
    {
        ""
    } else {
        ": runs of one seed start from the same weights where they have the same layers, and see the \
         same images in the same order"
    };
    format!(
        "The outcome, named before the training: {}. The unit is the seed. {changes} \
         Arms are paired by it{shared}. Differences are of each arm less the baseline. \
         [`comparisons.csv`](comparisons.csv) has all digits.",
        file.report.primary.name()
    )
}

fn table(analysis: &Analysis<'_>, has_inference: bool) -> Table {
    let family = analysis.study.config.file.report.family;
    let p = match family {
        Family::Holm => "p (Holm)",
        Family::None => "p",
    };
    let mut header = vec!["", "pairs", "mean difference"];
    if has_inference {
        header.extend(["95 % intervals: t, BCa", "ahead in, P(ahead)", p, "smallest"]);
    } else {
        header.push("ahead in");
    }
    let row = |(group, comparison, paired): (&Group<'_>, &Comparison, &Paired)| {
        let (with, without) = (group.with(comparison), group.without(comparison));
        let pairs = paired.differences.len();
        let ahead = format!("{} of {pairs}", paired.wins.won);
        let mut cells = vec![
            format!("{} against {}{}", with.name, without.name, aside(&group.label)),
            pairs.to_string(),
            signed(paired.mean()),
        ];
        match &paired.inference {
            Some(found) => cells.extend(inferred(family, found, &ahead)),
            None if has_inference => {
                cells.extend([String::new(), ahead, String::new(), String::new()]);
            }
            None => cells.push(ahead),
        }
        cells
    };
    let rows = analysis.paired().map(row).collect();
    Table { header: header.iter().map(|name| (*name).to_owned()).collect(), rows }
}

fn inferred(family: Family, found: &Inference, ahead: &str) -> [String; 4] {
    let (t, bca) = (interval(found.t.low, found.t.high), interval(found.bca.low, found.bca.high));
    let Outperformance { probability, interval: range, .. } = found.outperformance;
    let p = match family {
        Family::Holm => format!("{}\n({})", p_value(found.p), p_value(found.p_adjusted)),
        Family::None => p_value(found.p),
    };
    [
        format!("{t}\n{bca}"),
        format!("{ahead}\n{probability:.2} ({:.2} to {:.2})", range.low, range.high),
        p,
        format!("{:.4}", found.smallest),
    ]
}

/// A p-value with three digits after the point, or with two digits and a power of ten.
pub(super) fn p_value(p: f64) -> String {
    if p >= 0.001 { format!("{p:.3}") } else { format!("{p:.1e}").replace('-', "−") }
}

fn how_computed(analysis: &Analysis<'_>, has_inference: bool) -> String {
    let config = &analysis.study.config;
    let mut text = String::new();
    if has_inference {
        text.push_str(
            "The t interval takes the differences as normally distributed; the BCa bootstrap interval \
             (Efron 1987; 10,000 resamples of a fixed stream) does not, but in simulations of normal \
             differences it covers the true mean in only 90 % of studies of 10 pairs and 93 % of 30. \
             P(ahead): the share of pairs in \
             which the arm was ahead, ties half, with its Clopper-Pearson interval. p: the exact \
             two-sided sign-flip test, over all ways to exchange the two arms within pairs. Smallest: \
             the difference that such a study would see in four of five cases at a level of 5 %, for one \
             pair alone.",
        );
        text.push_str(match config.file.report.family {
            Family::Holm => {
                " Holm's method adjusts p over all pairs of the table that have one, which are the family \
                 that the study's file declares."
            }
            Family::None => " No adjustment for the number of pairs was declared.",
        });
        text.push_str(&judgements(analysis));
    } else {
        text.push_str(&format!(
            "There are fewer than {FEWEST_SEEDS} pairs, so there is no test and no interval."
        ));
    }
    if let Some([accuracies, errors]) = standard_errors(analysis) {
        text.push_str(&format!(
            " Beside the seeds there are the images: for the arms, whose accuracy is {accuracies}, the \
             standard error over {} is {errors} points{}",
            counted(analysis.images_of_outcome(), "image"),
            match config.validates_on_other_images() {
                Some(true) =>
                    ". Each seed validates on other images, so it is a part of the spread between seeds.",
                Some(false) => ", and no number of seeds makes it smaller.",
                None => ".",
            }
        ));
    }
    text
}

/// In how many pairs Bouthillier et al. would call the arm better.
fn judgements(analysis: &Analysis<'_>) -> String {
    let judged: Vec<Judgement> = analysis
        .paired()
        .filter_map(|(.., paired)| paired.inference.as_ref())
        .filter_map(|found| found.outperformance.judge(MEANINGFUL_PROBABILITY).ok())
        .collect();
    let meaningful = judged.iter().filter(|judged| **judged == Judgement::Meaningful).count();
    format!(
        " By the criterion of Bouthillier et al. (2021), by which P(ahead) must be above 0.5 with its \
         whole interval and able to exceed {MEANINGFUL_PROBABILITY}, the arm is better than the baseline in \
         {meaningful} of {}.",
        counted(judged.len() as u64, "pair")
    )
}

/// The accuracies of the arms, and their standard errors over the images in points: the least and the largest.
fn standard_errors(analysis: &Analysis<'_>) -> Option<[String; 2]> {
    let images = analysis.images_of_outcome();
    let outcome = |arm: &ArmResult<'_>| match analysis.study.config.file.report.primary {
        PrimaryOutcome::ValidationAccuracy => arm.final_accuracy,
        PrimaryOutcome::TestAccuracy => arm.test_accuracy,
    };
    let accuracies: Vec<f64> = analysis.arms().filter_map(|arm| Some(outcome(arm)?.mean)).collect();
    let error = |accuracy: &f64| {
        let correct = (accuracy * images as f64).round();
        Some(100.0 * ::statistics::standard_error(correct as u64, images).ok()?)
    };
    let errors = accuracies.iter().map(error).collect::<Option<Vec<f64>>>()?;
    let range = |numbers: &[f64]| {
        let [least, most] = [f64::min, f64::max].map(|of| numbers.iter().copied().reduce(of));
        let [least, most] = [format!("{:.2}", least?), format!("{:.2}", most?)];
        Some(if least == most { least } else { format!("{least} to {most}") })
    };
    Some([range(&accuracies)?, range(&errors)?])
}
