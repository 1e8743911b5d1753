//! The figures of a report, each with a caption that says what is drawn and what to see in it.

use anyhow::Result;

use crate::figures::accuracy_by_step::AccuracyByStep;
use crate::figures::activation_percentiles::ActivationPercentiles;
use crate::figures::batch_norm_parameters::BatchNormParameters;
use crate::figures::confusion_matrix::ConfusionMatrix;
use crate::figures::normalized_axes::NormalizedAxes;
use crate::figures::training_loss::TrainingLoss;
use crate::figures::validation::{Quantity, Validation};
use crate::grid::window;
use crate::published;
use crate::statistics::{
    ahead, catch_up, confusion, epochs_to_reach, pairs, percentile_width, summary,
};
use crate::tables::{self, Head, Place, Study, network_name};
use plots::{Drawing, render, thousands};
use trainer::dataset::CLASS_NAMES;

use super::document::{Figure, counted, listed};
use super::findings::{arm, how_often};

/// A figure in both formats, with its heading.
pub struct Drawn {
    pub heading: &'static str,
    pub figure: Figure,
    pub png: Vec<u8>,
}

/// All figures that the study has data for, in the order of the report.
pub fn figures(study: &Study) -> Result<Vec<Drawn>> {
    let mut figures = vec![
        drawn(
            "Validation accuracy",
            "validation_accuracy",
            &Validation { study, quantity: Quantity::Accuracy },
            "Validation accuracy of each network after each epoch",
            validation_accuracy(study),
        )?,
        drawn(
            "Validation loss",
            "validation_loss",
            &Validation { study, quantity: Quantity::Loss },
            "Validation loss of each network after each epoch",
            validation_loss(study),
        )?,
        drawn(
            "Training loss",
            "training_loss",
            &TrainingLoss { study },
            "Training loss of each network by step",
            training_loss(study),
        )?,
        drawn(
            "Steps to the other network's accuracy",
            "accuracy_by_step",
            &AccuracyByStep { study },
            "Training accuracy of each network by step",
            accuracy_by_step(study),
        )?,
        drawn(
            "What is normalised",
            "normalized_axes",
            &NormalizedAxes,
            "The (N, C, H, W) block four times, with the values that share one mean coloured, for \
             batch norm of positions, spatial batch norm, layer norm and instance norm",
            NORMALIZED_AXES.to_owned(),
        )?,
    ];
    if let Some(figure) = BatchNormParameters::of(study) {
        let caption = batch_norm_parameters(study, figure.network());
        let alt = "Gamma, beta, running mean and running variance over training";
        figures.push(drawn(
            "Batch norm's parameters and statistics",
            "batch_norm_parameters",
            &figure,
            alt,
            caption,
        )?);
    }
    if let Some(figure) = ActivationPercentiles::of(study) {
        figures.push(drawn(
            "What goes into the ReLU",
            "activation_percentiles",
            &figure,
            "Percentiles of the values that go into the ReLU over training",
            activation_percentiles(study),
        )?);
    }
    if let Some(figure) = ConfusionMatrix::of(study) {
        figures.push(drawn(
            "Which garment was taken for which",
            "confusion_matrix",
            &figure,
            "Confusion matrix of each network on the test images",
            confusion_matrix(study, figure.head),
        )?);
    }
    for drawn in &mut figures {
        drawn.figure.alt = match drawn.figure.name {
            "normalized_axes" => drawn.figure.alt.clone(),
            _ => format!("{} ({})", drawn.figure.alt, study.config.data_set),
        };
    }
    Ok(figures)
}

fn drawn<D: Drawing>(
    heading: &'static str,
    name: &'static str,
    drawing: &D,
    alt: &str,
    caption: String,
) -> Result<Drawn> {
    let both = render(drawing)?;
    let figure = Figure { name, alt: alt.to_owned(), caption, svg: both.svg };
    Ok(Drawn { heading, figure, png: both.png })
}

/// What lines, bands and points are; with a single seed there is only a line.
fn mean_and_spread(study: &Study) -> String {
    match study.config.seeds.len() {
        1 => "One seed.".to_owned(),
        seeds => format!(
            "Lines: mean over {seeds} seeds; bands: from the lowest to the highest; points: each \
             seed."
        ),
    }
}

fn validation_accuracy(study: &Study) -> String {
    let config = &study.config;
    let mut text = mean_and_spread(study);
    let networks = &config.networks;
    if networks.iter().any(|network| !published::beside(config, Head::Frozen, network).is_empty())
        && study.heads().contains(&Head::Frozen)
    {
        text.push_str(" Rings on dotted lines: what the notebook prints, one run of each network.");
    }
    for pair in pairs(config) {
        for head in study.heads() {
            let count = ahead(study, pair, head);
            if count.of == 0 {
                continue;
            }
            let often = how_often(count, study).replacen("It", &network_name(pair.with), 1);
            text.push_str(&format!(" **{}:** {often}", arm(head)));
            if let Some(first) = epochs_to_reach(study, pair, head) {
                let (with, without) = (network_name(pair.with), network_name(pair.without));
                text.push_str(&match first {
                    Some(1) => String::new(),
                    None if study.config.epochs == 1 => String::new(),
                    Some(epoch) => {
                        format!(
                            " {without} needs {epoch} epochs to reach what {with} has after one."
                        )
                    }
                    None => format!(
                        " {without} does not reach within {} what {with} has after one.",
                        counted(study.config.epochs, "epoch")
                    ),
                });
            }
        }
    }
    text
}

fn validation_loss(study: &Study) -> String {
    let ends: Vec<String> = summary(study)
        .iter()
        .filter(|row| row.epoch == study.config.epochs)
        .map(|row| {
            format!("{} {:.3} ({})", network_name(&row.network), row.val_loss_mean, row.head)
        })
        .collect();
    format!(
        "Cross-entropy in nats, mean over the validation images; guessing all ten classes alike \
         would give ln 10 = 2.303. {} At the end: {}.",
        mean_and_spread(study),
        listed(&ends)
    )
}

/// How long a window of `steps.csv` is.
fn windows(study: &Study) -> String {
    match window(study.config.steps_per_epoch) {
        0 | 1 => "of each batch before its step".to_owned(),
        steps => format!("of each batch before its step, as means over windows of {steps} steps"),
    }
}

fn training_loss(study: &Study) -> String {
    let seeds = match study.config.seeds.len() {
        1 => String::new(),
        seeds => format!(" Bold: mean over {seeds} seeds; faint: each seed."),
    };
    format!(
        "Cross-entropy in nats {}.{seeds} Upright lines: ends of epochs. Guessing all ten classes \
         alike would give ln 10 = 2.303.",
        windows(study)
    )
}

fn accuracy_by_step(study: &Study) -> String {
    let mut text = format!("Share of images classified rightly {}.", windows(study));
    if let Some(pair) = pairs(&study.config).next() {
        let (with, without) = (network_name(pair.with), network_name(pair.without));
        let mean = if study.config.seeds.len() > 1 { ", mean over seeds" } else { "" };
        text.push_str(&format!(
            " Dashed: the accuracy of {without} in its last window{mean}. Dots: the \
             end of the first window in which that of {with}, and that of {without} itself, is at \
             least as high."
        ));
        for head in study.heads() {
            let Some(found) = catch_up(study, pair, head) else { continue };
            let total = thousands(found.steps_without);
            text.push_str(&match (found.steps_with, found.times_fewer()) {
                (Some(steps), Some(times)) if times > 1.0 => format!(
                    " **{}:** {} steps instead of {total}, {times:.1} times fewer.",
                    arm(head),
                    thousands(steps)
                ),
                (Some(steps), _) => {
                    format!(" **{}:** {} steps, {total} without.", arm(head), thousands(steps))
                }
                _ => {
                    let all = thousands(study.config.epochs * study.config.steps_per_epoch);
                    format!(" **{}:** {with} does not reach it within {all} steps.", arm(head))
                }
            });
        }
    }
    text
}

const NORMALIZED_AXES: &str = "A batch of N images with C channels of H rows and W columns, H and \
    W drawn as one axis. The coloured values share one mean and one variance. Batch norm as it is \
    for fully connected layers would treat every position of every channel by itself; spatial \
    batch norm, the subject of this study, takes all positions of a channel together, as a \
    convolution does. Layer and instance norm never mix images. After the picture in \
    [Wu and He, 2018](https://arxiv.org/abs/1803.08494).";

fn batch_norm_parameters(study: &Study, network: &str) -> String {
    let seeds = match study.config.seeds.len() {
        1 => "",
        _ => " Over seeds, median and quartiles are means, minimum and maximum the extremes.",
    };
    let mut text = format!(
        "γ and β are learnt and start at 1 and 0; the running mean and variance are what \
         evaluation normalises by. Each panel shows their spread over the channels of a \
         block.{seeds}"
    );
    let rows = || {
        study
            .batch_norm
            .iter()
            .filter(|row| row.network == network && row.quantity == tables::Quantity::Gamma)
    };
    let Some(last) = rows().map(|row| row.step).max() else { return text };
    let mut ranges = Vec::new();
    for head in study.heads() {
        for block in [1, 2] {
            let end =
                || rows().filter(|row| (row.head, row.block, row.step) == (head, block, last));
            let low = end().map(|row| row.min).fold(f64::INFINITY, f64::min);
            let high = end().map(|row| row.max).fold(f64::NEG_INFINITY, f64::max);
            if low <= high {
                ranges.push(format!("from {low:.2} to {high:.2} ({head}, block {block})"));
            }
        }
    }
    if !ranges.is_empty() {
        let ranges = listed(&ranges).replace('-', "−");
        text.push_str(&format!(" At the end γ runs {ranges}."));
    }
    text
}

fn activation_percentiles(study: &Study) -> String {
    let seeds = if study.config.seeds.len() > 1 { ", mean over seeds" } else { "" };
    let mut text = format!(
        "The 15th, 50th and 85th percentile of all values that one training batch has in a \
         block{seeds}: of what goes into the ReLU and, where there is batch norm, of what goes \
         into that. After figure 1 of [Ioffe and Szegedy, 2015](https://arxiv.org/abs/1502.03167). \
         To see: how far a distribution wanders, with batch norm before the ReLU and without."
    );
    let head = study.heads().last().copied();
    let mut changes = Vec::new();
    for network in &study.config.networks {
        let width =
            head.and_then(|head| percentile_width(study, network, head, 2, Place::PreActivation));
        if let Some((first, last)) = width {
            changes.push(format!("from {first:.2} to {last:.2} in {}", network_name(network)));
        }
    }
    if let (Some(head), false) = (head, changes.is_empty()) {
        text.push_str(&format!(
            " Between the first batch looked at and the last, the distance from the 15th to the \
             85th percentile before the ReLU of block 2 goes {} ({head}).",
            listed(&changes)
        ));
    }
    text
}

fn confusion_matrix(study: &Study, head: Head) -> String {
    let over = if study.config.seeds.len() > 1 { ", over all seeds" } else { "" };
    let mut text = format!(
        "Rows: what a test image shows; columns: what it was taken for; numbers: per cent of the \
         row{over}, a dot for less than half of one ({head})."
    );
    for network in &study.config.networks {
        let worst = confusion(study, network, head).and_then(|matrix| matrix.worst());
        if let Some((from, to, share)) = worst {
            let name = |class: usize| CLASS_NAMES.get(class).copied().unwrap_or("?");
            text.push_str(&format!(
                " {} most often takes {} for {}: {:.1}%.",
                network_name(network),
                name(from),
                name(to),
                100.0 * share
            ));
        }
    }
    text
}
