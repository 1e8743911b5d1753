//! The first lines of a report: what was run, on what, what came out, how it compares with the
//! published figures. Every sentence says what the tables say, whichever way that is.

use trainer::network::NetworkConfig;

use crate::statistics::{
    Ahead, Pair, Spread, ahead, catch_up, final_accuracy, final_difference, pairs, test_accuracy,
    test_difference,
};
use crate::tables::{DataSetName, Head, Study, network_name};
use plots::thousands;

use super::document::{Block, Table, counted, listed};
use super::published_figures;

/// The title, which names the data set.
pub fn title(study: &Study) -> String {
    let look = if study.config.quick { ", a quick look" } else { "" };
    format!("With and without batch norm: {}{look}", study.config.data_set)
}

/// An accuracy as the report prints it, with its spread where there is one.
pub fn accuracy(spread: Spread) -> String {
    match spread.std {
        Some(std) => format!("{:.4} ± {std:.4}", spread.mean),
        None => format!("{:.4}", spread.mean),
    }
}

/// A difference with its sign.
pub fn signed(difference: f64) -> String {
    let digits = format!("{:.4}", difference.abs());
    match difference {
        _ if digits == "0.0000" => digits,
        above if above > 0.0 => format!("+{digits}"),
        _ => format!("−{digits}"),
    }
}

/// An arm at the beginning of a sentence.
pub fn arm(head: Head) -> &'static str {
    match head {
        Head::Frozen => "Head frozen",
        Head::Trained => "Head trained",
    }
}

/// The first lines.
pub fn blocks(study: &Study) -> Vec<Block> {
    let mut blocks = notes(study);
    blocks.push(Block::Paragraph(what_was_run(study)));
    blocks.push(Block::Paragraph(on_what(study)));
    blocks.extend(what_came_out(study));
    blocks.extend(published_figures::blocks(study));
    blocks
}

fn notes(study: &Study) -> Vec<Block> {
    let config = &study.config;
    let mut notes = Vec::new();
    if config.data_set == DataSetName::Synthetic {
        notes.push(Block::Note(
            "**These are the built-in synthetic garments, not Fashion-MNIST.** The images are \
             drawn by code, for when the real ones are not at hand. The ten classes have the same \
             names; the accuracies are those of another task, so no published figure is shown \
             beside them."
                .to_owned(),
        ));
    }
    if config.quick {
        notes.push(Block::Note(format!(
            "**This is a quick look**: {} an epoch and {}. It shows that everything runs; for \
             accuracies that mean something, leave `--quick` out.",
            counted(config.steps_per_epoch, "training step"),
            counted(config.validation_images, "validation image"),
        )));
    }
    notes
}

fn what_was_run(study: &Study) -> String {
    let config = &study.config;
    let networks: Vec<String> = config.networks.iter().map(|name| network_name(name)).collect();
    let headless = |network: &String| {
        network.parse::<NetworkConfig>().is_ok_and(|known| !known.has_linear_head())
    };
    let heads = match config.heads.as_slice() {
        [Head::Frozen] => "with the linear head frozen",
        [Head::Trained] if config.networks.iter().any(headless) => "with all layers trained",
        [Head::Trained] => "with the linear head trained",
        _ => "once with the linear head frozen and once with it trained",
    };
    let each = if networks.len() > 1 { ", each" } else { "," };
    let seeds: Vec<String> = config.seeds.iter().map(u64::to_string).collect();
    let seeds = if seeds.len() == 1 {
        format!("seed {}", seeds[0])
    } else {
        format!("the seeds {}", listed(&seeds))
    };
    let planned = config.networks.len() * config.heads.len() * config.seeds.len();
    let runs = if study.runs.len() == planned {
        counted(planned as u64, "run")
    } else {
        format!("{} of {}", study.runs.len(), counted(planned as u64, "run"))
    };
    let mut text = format!(
        "**What was run.** {}{each} {heads}, for {seeds}: {runs} of {} of {} of {} images. The \
         optimiser is Adam with learning rate {:?}.",
        listed(&networks),
        counted(config.epochs, "epoch"),
        counted(config.steps_per_epoch, "step"),
        config.batch_size,
        config.learning_rate,
    );
    if networks.len() > 1 {
        text.push_str(
            " Networks of the same seed start from the same weights where they have the same \
             layers, and see the same batches in the same order.",
        );
    }
    text
}

fn on_what(study: &Study) -> String {
    let config = &study.config;
    let mut text = format!(
        "**On what data.** {}: {} to train on and {} to look at after each epoch",
        config.data_set,
        counted(config.training_images, "image"),
        thousands(config.validation_images),
    );
    let tested = study.runs.iter().any(|row| row.test_accuracy.is_some());
    text.push_str(&match tested {
        true => {
            format!("; {} were used once, at the end.", counted(config.test_images, "test image"))
        }
        false => "; the test images were not used.".to_owned(),
    });
    text
}

fn what_came_out(study: &Study) -> Vec<Block> {
    let config = &study.config;
    let mut sentences = Vec::new();
    for pair in pairs(config) {
        sentences.extend(study.heads().into_iter().filter_map(|head| compared(study, pair, head)));
    }
    let spread = match config.seeds.len() {
        1 => "There is one seed, so nothing is known of the spread between seeds.".to_owned(),
        seeds => format!("± is the standard deviation over the {seeds} seeds (ddof 1)."),
    };
    let mut rows = Vec::new();
    for head in study.heads() {
        for network in &config.networks {
            let validation = final_accuracy(study, network, head);
            let test = test_accuracy(study, network, head);
            if validation.is_none() && test.is_none() {
                continue;
            }
            let cell = |spread: Option<Spread>| spread.map(accuracy).unwrap_or_default();
            rows.push(vec![
                format!("{}, {head}", network_name(network)),
                cell(validation),
                cell(test),
            ]);
        }
        for pair in pairs(config) {
            let cell = |difference: Spread| {
                let std = difference.std.map_or(String::new(), |std| format!(" ± {std:.4}"));
                format!("{}{std}", signed(difference.mean))
            };
            let Some(validation) = final_difference(study, pair, head) else { continue };
            let test = test_difference(study, pair, head);
            let of = if pairs(config).count() > 1 {
                format!(" of {}", network_name(pair.with))
            } else {
                String::new()
            };
            let name = format!("difference{of}, {head}");
            rows.push(vec![name, cell(validation), test.map(cell).unwrap_or_default()]);
        }
    }
    let header = ["", "validation accuracy", "test accuracy"].map(str::to_owned).to_vec();
    let mut blocks = Vec::new();
    if sentences.is_empty() {
        blocks.push(Block::Paragraph(format!(
            "**What came out** after the last epoch. No network ran both with and without batch \
             norm, so there is nothing to compare. {spread}"
        )));
    } else {
        blocks.push(Block::Paragraph(format!("**What came out** after the last epoch. {spread}")));
        blocks.push(Block::List(sentences));
    }
    blocks.push(Block::Table(Table { header, rows }));
    blocks
}

/// What batch norm did in one arm, in words.
fn compared(study: &Study, pair: Pair, head: Head) -> Option<String> {
    let with = final_accuracy(study, pair.with, head)?;
    let without = final_accuracy(study, pair.without, head)?;
    let difference = final_difference(study, pair, head)?;
    let verdict = match signed(difference.mean) {
        level if level == "0.0000" => "they are level".to_owned(),
        _ => {
            let direction = if difference.mean > 0.0 { "ahead" } else { "behind" };
            format!("batch norm is {direction} by {:.4}", difference.mean.abs())
        }
    };
    let mut text = format!(
        "**{}**: {} classifies {} of the validation images rightly, {} {}; {verdict}. {}",
        arm(head),
        network_name(pair.with),
        accuracy(with),
        network_name(pair.without),
        accuracy(without),
        how_often(ahead(study, pair, head), study),
    );
    if let Some(found) = catch_up(study, pair, head) {
        let without = network_name(pair.without);
        let total = thousands(found.steps_without);
        let all = thousands(study.config.epochs * study.config.steps_per_epoch);
        text.push_str(&match (found.steps_with, found.times_fewer()) {
            (Some(steps), Some(times)) => {
                let fewer =
                    if times > 1.0 { format!(", {times:.1} times fewer") } else { String::new() };
                format!(
                    " {without} is first as good in training as at its end after {total} steps; to \
                     that accuracy batch norm needs {}{fewer}.",
                    thousands(steps)
                )
            }
            _ => format!(
                " It does not come to the training accuracy that {without} ends at, not within \
                 {all} steps."
            ),
        });
    }
    Some(text)
}

/// After how many epochs batch norm was ahead.
pub fn how_often(Ahead { ahead, of }: Ahead, study: &Study) -> String {
    let several = study.config.seeds.len() > 1;
    let every = if several { " of every seed" } else { "" };
    let all = if several { " of all seeds" } else { "" };
    if ahead == of && of > 1 {
        format!("It was ahead after every epoch{every} ({ahead} of {of}).")
    } else if ahead == 0 && of > 1 {
        format!("It was ahead after none of the {of} epochs{all}.")
    } else if of == 1 {
        format!("It was {} after the only epoch.", if ahead == 1 { "ahead" } else { "not ahead" })
    } else {
        format!("It was ahead after {ahead} of the {of} epochs{all}.")
    }
}
