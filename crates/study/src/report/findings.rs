//! The first lines of a report: what was run, on what, what came out, how it compares with the
//! published figures. Every sentence says what the tables say, whichever way that is.

use plots::thousands;
use trainer::Trains;

use super::document::{Block, Table};
use super::published_figures;
use crate::analysis::{Analysis, Comparison, Group, Spread};
use crate::arm::Arm;
use crate::config::StudyConfig;
use crate::seeds;
use crate::text::{accuracy, counted, counted_either, either, how_often, listed, signed};
use trainer::dataset::DataSet;

/// So many seeds are listed in a sentence.
const FEW_SEEDS: usize = 5;

/// The title, which names the data set.
pub(super) fn title(config: &StudyConfig) -> String {
    let look = if config.is_quick() { ", a quick look" } else { "" };
    format!("{}: {}{look}", config.file.title, config.data_set)
}

/// The first lines.
pub(super) fn blocks(analysis: &Analysis<'_>) -> Vec<Block> {
    let mut blocks = notes(&analysis.study.config);
    let question = &analysis.study.config.file.question;
    if !question.is_empty() {
        blocks.push(Block::Paragraph(format!("**The question.** {question}")));
    }
    blocks.push(Block::Paragraph(what_was_run(analysis)));
    blocks.push(Block::Paragraph(on_what(analysis)));
    blocks.extend(what_came_out(analysis));
    blocks.extend(published_figures::blocks(analysis));
    blocks
}

fn notes(config: &StudyConfig) -> Vec<Block> {
    let mut notes = Vec::new();
    if config.data_set == DataSet::Synthetic {
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

/// The steps of an epoch with each of the batch sizes.
fn steps_of_sizes(config: &StudyConfig) -> Vec<(u64, u64)> {
    config.each(|arm| (arm.steps_per_epoch(), arm.batch_size()))
}

fn what_was_run(analysis: &Analysis<'_>) -> String {
    let study = analysis.study;
    let config = &study.config;
    let networks: Vec<_> = config.networks().iter().map(|network| network.name()).collect();
    let trains = config.each(|arm| arm.run.trains);
    let has_head = config.networks().iter().all(|network| network.has_linear_head());
    let heads = match trains.as_slice() {
        [Trains::HeadFrozen] => "with the linear head frozen".to_owned(),
        [Trains::All] if !has_head => "with all layers trained".to_owned(),
        [Trains::All] => "with the linear head trained".to_owned(),
        [Trains::HeadFrozen, Trains::All] | [Trains::All, Trains::HeadFrozen] => {
            "once with the linear head frozen and once with it trained".to_owned()
        }
        some => {
            let some: Vec<String> = some.iter().map(Trains::to_string).collect();
            format!("with {}", listed(&some))
        }
    };
    let each = if networks.len() > 1 { ", each" } else { "," };
    let each_seed: Vec<String> = config.seeds().iter().map(u64::to_string).collect();
    let seeds = match each_seed.as_slice() {
        [seed] => format!("seed {seed}"),
        few if few.len() <= FEW_SEEDS => format!("the seeds {}", listed(few)),
        _ => format!("the seeds {}", seeds::shown(config.seeds())),
    };
    let planned = config.arms().len() * config.seeds().len();
    let runs = match study.runs.len() {
        all if all == planned => counted(planned as u64, "run"),
        some => format!("{some} of {}", counted(planned as u64, "run")),
    };
    let rates = config.each(|arm| format!("{:?}", arm.learning_rate()));
    let epochs = config.each(|arm| arm.run.epochs);
    let steps: Vec<String> = steps_of_sizes(config)
        .into_iter()
        .map(|(steps, size)| format!("{} of {size} images", counted(steps, "step")))
        .collect();
    let each_of = if steps.len() > 1 { ", each of" } else { " of" };
    let optimizers = config.each(|arm| arm.run.optimizer.title());
    let mut text = format!(
        "**What was run.** {}{each} {heads}, for {seeds}: {runs} of {}{each_of} {}. The optimiser \
         is {} with learning rate {}.",
        listed(&networks),
        counted_either(&epochs, "epoch"),
        either(&steps),
        either(&optimizers),
        listed(&rates),
    );
    let decays = config.each(|arm| format!("{:?}", arm.weight_decay()));
    if decays.iter().any(|decay| decay != "0.0") {
        text.push_str(&format!(" The weight decay is {}.", listed(&decays)));
    }
    if networks.len() > 1 && !config.compares(&["initial_scale", "training_images", "batch_size"]) {
        text.push_str(
            " Networks of the same seed start from the same weights where they have the same \
             layers, and see the same batches in the same order.",
        );
    }
    text
}

fn on_what(analysis: &Analysis<'_>) -> String {
    let config = &analysis.study.config;
    let mut text = format!(
        "**On what data.** {}: {} for training and {} for validation after each epoch",
        config.data_set,
        counted_either(&config.each(|arm| arm.training_images), "image"),
        thousands(config.validation_images),
    );
    text.push_str(&match analysis.arms().any(|arm| arm.test_accuracy.is_some()) {
        true => {
            format!("; {} were used once, at the end.", counted(config.test_images, "test image"))
        }
        false => "; the test images were not used.".to_owned(),
    });
    text
}

fn what_came_out(analysis: &Analysis<'_>) -> Vec<Block> {
    let config = &analysis.study.config;
    let compared: Vec<(&Group<'_>, &Comparison)> = analysis
        .groups
        .iter()
        .flat_map(|group| group.comparisons.iter().map(move |comparison| (group, comparison)))
        .collect();
    // Pair by pair, and of each pair group by group.
    let pairs = compared.iter().map(|(_, comparison)| comparison.with).max().map_or(0, |at| at + 1);
    let sentences: Vec<String> = (0..pairs)
        .flat_map(|with| compared.iter().filter(move |(_, comparison)| comparison.with == with))
        .filter_map(|(group, comparison)| sentence(analysis, group, comparison))
        .collect();
    let spread = match config.seeds().len() {
        1 => "There is one seed, so the spread between seeds is not known.".to_owned(),
        seeds => format!("± is the standard deviation over the {seeds} seeds (ddof 1)."),
    };
    let mut blocks = Vec::new();
    if sentences.is_empty() {
        blocks.push(Block::Paragraph(format!(
            "**What came out** after the last epoch. No two networks were trained alike, so none is \
             compared with another here. {spread}"
        )));
    } else {
        blocks.push(Block::Paragraph(format!("**What came out** after the last epoch. {spread}")));
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
        let of = match group.comparisons.len() {
            1 => String::new(),
            _ => format!(" of {}", group.with(comparison).network),
        };
        let name = format!("difference{of}, {}", group.label);
        let test = comparison.test_difference.map(cell).unwrap_or_default();
        rows.push(vec![name, cell(validation), test]);
    }
    rows
}

/// How a network did beside the first of its group, in words.
fn sentence(analysis: &Analysis<'_>, group: &Group<'_>, comparison: &Comparison) -> Option<String> {
    let (with, without) = (group.with(comparison), group.without(comparison));
    let difference = comparison.difference?.mean;
    let (with_name, without_name) = (&with.network, &without.network);
    let verdict = match signed(difference).as_str() {
        "0.0000" => "The two are level.".to_owned(),
        _ => {
            let direction = if difference > 0.0 { "ahead" } else { "behind" };
            format!("{with_name} is {direction} by {:.4}.", difference.abs())
        }
    };
    let mut text = format!(
        "**{}**: the validation accuracy of {with_name} is {}, that of {without_name} is {}. \
         {verdict} {}",
        group.heading(),
        accuracy(with.final_accuracy?),
        accuracy(without.final_accuracy?),
        how_often(with_name, comparison.ahead, analysis.has_several_seeds()),
    );
    if let Some(found) = comparison.catch_up {
        let total = thousands(found.steps_without);
        text.push_str(&match (found.steps_with, found.times_fewer()) {
            (Some(steps), Some(times)) => {
                let fewer =
                    if times > 1.0 { format!(", {times:.1} times as many") } else { String::new() };
                format!(
                    " {with_name} reaches the final training accuracy of {without_name} after {} \
                     steps; {without_name} itself needs {total}{fewer}.",
                    thousands(steps)
                )
            }
            (None, _) | (_, None) => format!(
                " {with_name} does not reach the final training accuracy of {without_name} within \
                 {} steps.",
                thousands(with.arm.steps())
            ),
        });
    }
    Some(text)
}
