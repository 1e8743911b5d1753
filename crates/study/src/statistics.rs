//! What the tables of a study say, in numbers: means and spreads over seeds, and comparisons.
//!
//! Everything goes in the order of `study.toml` (networks, heads, seeds), whatever the order of
//! the rows, and each sum runs in that order, so that its bits depend on nothing else.

use serde::Serialize;
use trainer::dataset::CLASS_NAMES;

use super::published;
use super::tables::{EpochRow, Head, Place, RunRow, StepRow, Study, StudyConfig};

/// Mean and spread of a few numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub count: usize,
    pub mean: f64,
    /// Standard deviation with ddof 1: √(Σ(x − mean)² / (n − 1)); none for a single number.
    pub std: Option<f64>,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    /// Of these numbers; none of no numbers.
    pub fn of(numbers: &[f64]) -> Option<Self> {
        let first = *numbers.first()?;
        let count = numbers.len();
        let mean = numbers.iter().sum::<f64>() / count as f64;
        let squares: f64 = numbers.iter().map(|number| (number - mean) * (number - mean)).sum();
        Some(Self {
            count,
            mean,
            std: (count > 1).then(|| (squares / (count - 1) as f64).sqrt()),
            min: numbers.iter().fold(first, |least, &number| least.min(number)),
            max: numbers.iter().fold(first, |most, &number| most.max(number)),
        })
    }
}

/// A network with batch norm and the same network without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    pub without: &'static str,
    pub with: &'static str,
}

/// The pairs that a study can hold, the notebook's own first.
const PAIRS: [Pair; 2] = [
    Pair { without: "simple_network", with: "spatial_batch_norm_network" },
    Pair { without: "fully_connected_network", with: "batch_norm_network" },
];

/// The pairs of which this study has both networks.
pub fn pairs(config: &StudyConfig) -> impl Iterator<Item = Pair> + '_ {
    let has = |network: &str| config.networks.iter().any(|known| known == network);
    PAIRS.into_iter().filter(move |pair| has(pair.without) && has(pair.with))
}

/// A row of `summary.csv`: a network with a head after an epoch, over all seeds that came so far.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SummaryRow {
    pub network: String,
    pub head: Head,
    pub epoch: u64,
    pub seeds: usize,
    pub val_accuracy_mean: f64,
    /// With ddof 1; empty for a single seed, as all spreads here.
    pub val_accuracy_std: Option<f64>,
    pub val_accuracy_min: f64,
    pub val_accuracy_max: f64,
    pub val_loss_mean: f64,
    pub val_loss_std: Option<f64>,
    /// In the row of the last epoch only.
    pub test_accuracy_mean: Option<f64>,
    pub test_accuracy_std: Option<f64>,
    /// The published validation accuracy; empty where it does not compare.
    pub published: Option<f64>,
}

/// The rows of `summary.csv`.
pub fn summary(study: &Study) -> Vec<SummaryRow> {
    let config = &study.config;
    let mut rows = Vec::new();
    for network in &config.networks {
        for &head in &config.heads {
            let published = published::beside(config, head, network);
            for epoch in 1..=config.epochs {
                let at = |value: fn(&EpochRow) -> f64| {
                    Spread::of(&after_epoch(study, network, head, epoch, value))
                };
                let (Some(accuracy), Some(loss)) =
                    (at(|row| row.val_accuracy), at(|row| row.val_loss))
                else {
                    continue;
                };
                let test =
                    (epoch == config.epochs).then(|| test_accuracy(study, network, head)).flatten();
                rows.push(SummaryRow {
                    network: network.clone(),
                    head,
                    epoch,
                    seeds: accuracy.count,
                    val_accuracy_mean: accuracy.mean,
                    val_accuracy_std: accuracy.std,
                    val_accuracy_min: accuracy.min,
                    val_accuracy_max: accuracy.max,
                    val_loss_mean: loss.mean,
                    val_loss_std: loss.std,
                    test_accuracy_mean: test.map(|test| test.mean),
                    test_accuracy_std: test.and_then(|test| test.std),
                    published: usize::try_from(epoch - 1)
                        .ok()
                        .and_then(|index| published.get(index).copied()),
                });
            }
        }
    }
    rows
}

/// A value after an epoch, one a seed that came so far.
fn after_epoch(
    study: &Study,
    network: &str,
    head: Head,
    epoch: u64,
    value: fn(&EpochRow) -> f64,
) -> Vec<f64> {
    let of_seed = |&seed: &u64| epoch_row(study, network, head, seed, epoch).map(value);
    study.config.seeds.iter().filter_map(of_seed).collect()
}

/// What a run had come to after an epoch.
pub fn epoch_row<'a>(
    study: &'a Study,
    network: &str,
    head: Head,
    seed: u64,
    epoch: u64,
) -> Option<&'a EpochRow> {
    study.epochs.iter().find(|row| {
        row.network == network && row.head == head && row.seed == seed && row.epoch == epoch
    })
}

/// The runs of a network with a head, in the order of the seeds.
fn runs_of<'a>(
    study: &'a Study,
    network: &'a str,
    head: Head,
) -> impl Iterator<Item = &'a RunRow> + 'a {
    study.config.seeds.iter().filter_map(move |&seed| {
        study.runs.iter().find(|row| row.network == network && row.head == head && row.seed == seed)
    })
}

/// Validation accuracy at the end of training, over seeds.
pub fn final_accuracy(study: &Study, network: &str, head: Head) -> Option<Spread> {
    let accuracies: Vec<f64> = runs_of(study, network, head).map(|row| row.val_accuracy).collect();
    Spread::of(&accuracies)
}

/// Accuracy on the test images at the end of training, over the seeds that looked at them.
pub fn test_accuracy(study: &Study, network: &str, head: Head) -> Option<Spread> {
    let accuracies: Vec<f64> =
        runs_of(study, network, head).filter_map(|row| row.test_accuracy).collect();
    Spread::of(&accuracies)
}

/// In how many of the epochs of all seeds that both networks of a pair have, the one with batch
/// norm had the higher validation accuracy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    pub ahead: usize,
    pub of: usize,
}

/// Counts where batch norm was ahead.
pub fn ahead(study: &Study, pair: Pair, head: Head) -> Ahead {
    let mut count = Ahead { ahead: 0, of: 0 };
    for &seed in &study.config.seeds {
        for epoch in 1..=study.config.epochs {
            let row = |network| epoch_row(study, network, head, seed, epoch);
            if let (Some(with), Some(without)) = (row(pair.with), row(pair.without)) {
                count.of += 1;
                count.ahead += usize::from(with.val_accuracy > without.val_accuracy);
            }
        }
    }
    count
}

/// The final validation accuracy with batch norm less that without, of the same seed, over the
/// seeds that have both.
pub fn final_difference(study: &Study, pair: Pair, head: Head) -> Option<Spread> {
    difference(study, pair, head, |row| Some(row.val_accuracy))
}

/// The accuracy on the test images with batch norm less that without, as
/// [`final_difference`].
pub fn test_difference(study: &Study, pair: Pair, head: Head) -> Option<Spread> {
    difference(study, pair, head, |row| row.test_accuracy)
}

fn difference(
    study: &Study,
    pair: Pair,
    head: Head,
    value: fn(&RunRow) -> Option<f64>,
) -> Option<Spread> {
    let of = |network: &str, seed: u64| {
        runs_of(study, network, head).find(|row| row.seed == seed).and_then(value)
    };
    let seeds = study.config.seeds.iter();
    let differences: Vec<f64> =
        seeds.filter_map(|&seed| Some(of(pair.with, seed)? - of(pair.without, seed)?)).collect();
    Spread::of(&differences)
}

/// The first epoch after which the network without batch norm is at least as good on the
/// validation images as the one with it is after its first, means over seeds: nothing if one of
/// them has no epochs, and none if there is no such epoch.
pub fn epochs_to_reach(study: &Study, pair: Pair, head: Head) -> Option<Option<u64>> {
    let mean = |network: &str, epoch| {
        let accuracies = after_epoch(study, network, head, epoch, |row| row.val_accuracy);
        Spread::of(&accuracies).map(|spread| spread.mean)
    };
    let level = mean(pair.with, 1)?;
    mean(pair.without, 1)?;
    let reaches = |epoch: &u64| mean(pair.without, *epoch).is_some_and(|mean| mean >= level);
    Some((1..=study.config.epochs).find(reaches))
}

/// The distance from the 15th to the 85th percentile at a place, mean over seeds, in the first step
/// that was looked at and in the last.
pub fn percentile_width(
    study: &Study,
    network: &str,
    head: Head,
    block: u64,
    place: Place,
) -> Option<(f64, f64)> {
    let rows = || {
        study.activations.iter().filter(move |row| {
            row.network == network && (row.head, row.block, row.place) == (head, block, place)
        })
    };
    let at = |step: u64| {
        let of_step = rows().filter(|row| row.step == step);
        Spread::of(&of_step.map(|row| row.p85 - row.p15).collect::<Vec<_>>())
    };
    let (first, last) = (rows().map(|row| row.step).min()?, rows().map(|row| row.step).max()?);
    Some((at(first)?.mean, at(last)?.mean))
}

/// A window of training steps, mean over seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Steps taken before the window.
    pub start: u64,
    /// Steps taken at its end.
    pub end: u64,
    pub loss: f64,
    pub accuracy: f64,
}

/// The windows of one run.
pub fn windows_of_run(study: &Study, network: &str, head: Head, seed: u64) -> Vec<Window> {
    let rows = study
        .steps
        .iter()
        .filter(|row| (row.network.as_str(), row.head, row.seed) == (network, head, seed));
    let mut start = 0;
    rows.map(|row: &StepRow| {
        let end = row.step + 1;
        let window = Window { start, end, loss: row.loss, accuracy: row.accuracy };
        start = end;
        window
    })
    .collect()
}

/// The windows of a network with a head, mean over the seeds; only windows that all its runs have.
pub fn windows(study: &Study, network: &str, head: Head) -> Vec<Window> {
    let runs: Vec<Vec<Window>> = study
        .config
        .seeds
        .iter()
        .map(|&seed| windows_of_run(study, network, head, seed))
        .filter(|windows| !windows.is_empty())
        .collect();
    let Some((first, others)) = runs.split_first() else { return Vec::new() };
    first
        .iter()
        .filter_map(|window| {
            let mut mean = *window;
            for run in others {
                let same = run
                    .iter()
                    .find(|other| (other.start, other.end) == (window.start, window.end))?;
                mean.loss += same.loss;
                mean.accuracy += same.accuracy;
            }
            mean.loss /= runs.len() as f64;
            mean.accuracy /= runs.len() as f64;
            Some(mean)
        })
        .collect()
}

/// How soon each network of a pair trains as well as the one without batch norm does in the end:
/// one rule for both, so that a plateau before the end gives neither an advantage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CatchUp {
    /// Training accuracy without batch norm in the last window, mean over seeds: the level.
    pub accuracy: f64,
    /// Steps after which the first window ends in which the accuracy without batch norm, mean over
    /// seeds, is at least the level; the last window at the latest.
    pub steps_without: u64,
    /// The same with batch norm; none if there is no such window.
    pub steps_with: Option<u64>,
}

impl CatchUp {
    /// How many times fewer steps it took with batch norm.
    pub fn times_fewer(&self) -> Option<f64> {
        self.steps_with.map(|steps| self.steps_without as f64 / steps as f64)
    }
}

/// Looks when both networks reached the level; nothing if a network of the pair has no steps.
pub fn catch_up(study: &Study, pair: Pair, head: Head) -> Option<CatchUp> {
    let without = windows(study, pair.without, head);
    let with = windows(study, pair.with, head);
    with.first()?;
    let level = without.last()?.accuracy;
    let reached = |windows: &[Window]| {
        windows.iter().find(|window| window.accuracy >= level).map(|window| window.end)
    };
    Some(CatchUp { accuracy: level, steps_without: reached(&without)?, steps_with: reached(&with) })
}

/// How many test images of each class were taken for which, over all seeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    counts: [[u64; CLASSES]; CLASSES],
}

const CLASSES: usize = CLASS_NAMES.len();

impl Confusion {
    /// The share of a class's images that were taken for another; none of a class without images.
    pub fn share(&self, true_class: usize, predicted_class: usize) -> Option<f64> {
        let row = self.counts.get(true_class)?;
        let all: u64 = row.iter().sum();
        (all > 0).then(|| row.get(predicted_class).map(|&count| count as f64 / all as f64))?
    }

    /// The pair of classes that are most often confused, one way: true, predicted, share.
    pub fn worst(&self) -> Option<(usize, usize, f64)> {
        let mut worst: Option<(usize, usize, f64)> = None;
        for true_class in 0..CLASSES {
            for predicted_class in (0..CLASSES).filter(|&class| class != true_class) {
                let Some(share) = self.share(true_class, predicted_class) else { continue };
                if share > worst.map_or(0.0, |(.., most)| most) {
                    worst = Some((true_class, predicted_class, share));
                }
            }
        }
        worst
    }
}

/// The confusion matrix of a network with a head; nothing if no test image was looked at.
pub fn confusion(study: &Study, network: &str, head: Head) -> Option<Confusion> {
    let mut counts = [[0_u64; CLASSES]; CLASSES];
    for row in study.confusion.iter().filter(|row| row.network == network && row.head == head) {
        let row_of = usize::try_from(row.true_class).ok().and_then(|class| counts.get_mut(class));
        let column = usize::try_from(row.predicted_class).ok();
        if let (Some(row_of), Some(column)) = (row_of, column)
            && let Some(count) = row_of.get_mut(column)
        {
            *count = count.saturating_add(row.count);
        }
    }
    counts.iter().flatten().any(|&count| count > 0).then_some(Confusion { counts })
}

#[cfg(test)]
mod tests;
