//! What a study asks and what came out of it, in words. Every sentence says what the tables say,
//! whichever way that is.

use trainer::dataset::DataSet;

use super::document::{Block, Table};
use crate::analysis::{Analysis, Comparison, Group, Spread};
use crate::arm::Arm;
use crate::catch_up::steps_to_reach;
use crate::config::StudyConfig;
use crate::divergence::diverged;
use crate::study_file::Paper;
use crate::text::{
    accuracy, aside, capital, counted, counted_either, how_often, led, seeds_in_words, signed,
};

/// The title, which names the data set.
pub(crate) fn title(config: &StudyConfig) -> String {
    let look = if config.is_quick() { ", a quick look" } else { "" };
    format!("{}: {}{look}", config.file.title, config.data_sets_in_words())
}

/// What a reader must not miss, and the question.
pub(super) fn opening(config: &StudyConfig) -> Vec<Block> {
    let mut blocks = notes(config);
    let question = &config.file.question;
    if !question.is_empty() {
        blocks.push(Block::Paragraph(format!("**The question.** {question}")));
    }
    blocks
}

/// What was published of the same question.
pub(super) fn paper(config: &StudyConfig) -> Option<Block> {
    let Paper { citation, found } = config.file.paper.as_ref()?;
    Some(Block::Paragraph(format!("**What the paper found.** {found} ({citation})")))
}

/// What readers say of it.
pub(super) fn discussion(paragraphs: &[String]) -> impl Iterator<Item = Block> {
    paragraphs.iter().enumerate().map(|(at, paragraph)| {
        let name = if at == 0 { "**Discussion.** " } else { "" };
        Block::Paragraph(format!("{name}{paragraph}"))
    })
}

fn notes(config: &StudyConfig) -> Vec<Block> {
    let mut notes = Vec::new();
    if config.data_sets() == [DataSet::Synthetic] {
        notes.push(Block::Note(
            "**These are the built-in synthetic garments, not Fashion-MNIST.** The images are \
             drawn by code, for when the real ones are not at hand. The ten classes have the same \
             names, but the task is another one, so the published figures are not shown beside \
             these accuracies."
                .to_owned(),
        ));
    }
    if config.is_quick() {
        let steps = config.each(Arm::steps_per_epoch);
        notes.push(Block::Note(format!(
            "**This is a quick look**: {} per epoch and {}. It shows that everything runs. Its \
             accuracies mean little; leave `--quick` out for the whole study.",
            counted_either(&steps, "training step"),
            counted(config.validation_images, "validation image"),
        )));
    }
    notes
}

/// What came out after the last epoch: a sentence for each arm beside its baseline, and a table.
pub(super) fn what_came_out(analysis: &Analysis<'_>) -> Vec<Block> {
    let all = analysis.groups.iter();
    let compared = all.flat_map(|group| group.comparisons.iter().map(move |found| (group, found)));
    let sentences: Vec<String> =
        compared.filter_map(|(group, found)| sentence(analysis, group, found)).collect();
    let seeds = analysis.seeds_of_arms();
    let spread = match seeds {
        (_, 0 | 1) => "There is one seed, so the spread between seeds is not known.".to_owned(),
        seeds => {
            format!("± is the standard deviation over {} (ddof 1).", seeds_in_words(seeds))
        }
    };
    let mut blocks = vec![
        Block::Heading(2, "What came out".to_owned()),
        Block::Paragraph(format!("After the last epoch. {spread}{}", diverged(analysis))),
    ];
    if !sentences.is_empty() {
        blocks.push(Block::List(sentences));
    }
    let header = ["", "validation accuracy", "test accuracy"].map(str::to_owned).to_vec();
    let rows = analysis.groups.iter().flat_map(rows).collect();
    blocks.push(Block::Table(Table { header, rows }));
    blocks
}

/// The accuracies of a group of arms, and their differences.
fn rows(group: &Group<'_>) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for arm in &group.arms {
        if arm.final_accuracy.is_some() || arm.test_accuracy.is_some() {
            let cell = |spread: Option<Spread>| spread.map(accuracy).unwrap_or_default();
            rows.push(vec![arm.label.clone(), cell(arm.final_accuracy), cell(arm.test_accuracy)]);
        }
    }
    for comparison in &group.comparisons {
        let cell = |difference: Spread| {
            let std = difference.std.map_or(String::new(), |std| format!(" ± {std:.4}"));
            format!("{}{std}", signed(difference.mean))
        };
        let Some(validation) = comparison.difference else { continue };
        let (with, without) = (group.with(comparison), group.without(comparison));
        let name = format!("{} less {}{}", with.name, without.name, aside(&group.label));
        let test = comparison.test_difference.map(cell).unwrap_or_default();
        rows.push(vec![name, cell(validation), test]);
    }
    rows
}

/// How an arm did beside its baseline, in words.
fn sentence(analysis: &Analysis<'_>, group: &Group<'_>, comparison: &Comparison) -> Option<String> {
    let (with, without) = (group.with(comparison), group.without(comparison));
    let difference = comparison.difference?;
    if let Some(arm) = [with, without].into_iter().find(|arm| arm.all_diverged()) {
        return Some(led(&group.label, &format!("all runs with {} diverged.", arm.name)));
    }
    let (with_name, without_name) = (&with.name, &without.name);
    let verdict = match signed(difference.mean).as_str() {
        "0.0000" => "level".to_owned(),
        _ if difference.mean > 0.0 => format!("higher by {:.4}", difference.mean.abs()),
        _ => format!("lower by {:.4}", difference.mean.abs()),
    };
    // The means are of all runs of an arm, the difference of those that have a partner.
    let paired = if [with, without].iter().all(|arm| arm.runs.len() == difference.count) {
        String::new()
    } else {
        format!(" over the {} that both have", counted(difference.count as u64, "seed"))
    };
    let beside = format!(
        "with {with_name} the validation accuracy is {}, with {without_name} {}: {verdict}{paired}.",
        accuracy(with.final_accuracy?),
        accuracy(without.final_accuracy?),
    );
    let often = how_often(with_name, comparison.ahead, analysis.has_several_seeds());
    let mut text = format!("{} {}", led(&group.label, &beside), capital(&often));
    if let Some(found) = &comparison.catch_up {
        text.push_str(&format!(" {}", capital(&steps_to_reach(with, without, found))));
    }
    Some(text)
}
