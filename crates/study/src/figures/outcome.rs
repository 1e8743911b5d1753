//! What figures over axes show of a run. An outcome is an entry of the list below, and its name stands in
//! [`OVER_AXES`](crate::figure_name::OVER_AXES).

use statistics::{ConfidenceLevel, clopper_pearson};

use super::layout::LARGEST_LOSS;
use crate::analysis::Interval;
use crate::config::StudyConfig;
use crate::tables::RunRow;

/// A number that comes out of a run.
#[derive(Debug)]
pub(super) struct RunOutcome {
    /// The name of the figure that shows it over an axis.
    pub(super) figure: &'static str,
    /// What it is called in headings.
    pub(super) title: &'static str,
    /// What it is called in a sentence.
    pub(super) name: &'static str,
    /// What it is.
    pub(super) description: &'static str,
    /// The name of its axis, with its unit.
    pub(super) unit: &'static str,
    /// That of a run; nothing if the run has none.
    pub(super) of: fn(&RunRow, &StudyConfig) -> Option<f64>,
    /// The interval around the mean of these numbers, one per seed.
    pub(super) interval: fn(&[f64]) -> Option<Band>,
    /// Whether it lies between 0 and 1.
    pub(super) is_share: bool,
    /// What is drawn at most; a value above is drawn there, as the caption says.
    pub(super) most: f64,
    /// Whether each run has a value of its own, or only whether or not.
    pub(super) has_values: bool,
    /// Whether runs that diverged have no value of it.
    pub(super) leaves_out_diverged: bool,
    /// Which of two means is better; nothing where that is not told.
    pub(super) better: Option<Better>,
}

/// Which of two means is better.
#[derive(Debug, Clone, Copy)]
pub(super) enum Better {
    Higher,
    Lower,
}

const SHARE_CORRECT: &str = "share of images classified correctly";

static OUTCOMES: [RunOutcome; 4] = [
    RunOutcome {
        figure: "accuracy_against",
        title: "Validation accuracy",
        name: "validation accuracy",
        description: "Validation accuracy after the last epoch",
        unit: SHARE_CORRECT,
        of: |run, config| run.final_accuracy(config.chance()),
        interval: Band::of_mean,
        is_share: true,
        most: 1.0,
        has_values: true,
        leaves_out_diverged: false,
        better: Some(Better::Higher),
    },
    RunOutcome {
        figure: "test_accuracy_against",
        title: "Test accuracy",
        name: "test accuracy",
        description: "Accuracy on the test images after the last epoch",
        unit: SHARE_CORRECT,
        of: |run, config| {
            run.final_test_accuracy((config.test_images > 0).then(|| config.chance()))
        },
        interval: Band::of_mean,
        is_share: true,
        most: 1.0,
        has_values: true,
        leaves_out_diverged: false,
        better: Some(Better::Higher),
    },
    RunOutcome {
        figure: "training_loss_against",
        title: "Training loss",
        name: "training loss",
        description: "Mean training loss of the last epoch's batches",
        unit: "cross-entropy (nats per image)",
        of: |run, _| run.train_loss,
        interval: Band::of_mean,
        is_share: false,
        most: LARGEST_LOSS,
        has_values: true,
        leaves_out_diverged: true,
        better: Some(Better::Lower),
    },
    RunOutcome {
        figure: "diverged_against",
        title: "Runs that diverged",
        name: "runs that diverged",
        description: "Share of runs that diverged: whose loss or state became infinite or NaN",
        unit: "share of runs that diverged",
        of: |run, _| Some(if run.diverged() { 1.0 } else { 0.0 }),
        interval: Band::of_share,
        is_share: true,
        most: 1.0,
        has_values: false,
        leaves_out_diverged: false,
        better: None,
    },
];

/// Where the mean of an outcome lies, as far as its seeds can say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Band {
    pub(super) low: f64,
    pub(super) high: f64,
    /// What it is, in words.
    pub(super) description: &'static str,
}

impl Band {
    /// The interval around the mean of these numbers, one per seed; none for fewer than two.
    fn of_mean(numbers: &[f64]) -> Option<Self> {
        let interval = Interval::of_mean(numbers)?;
        let Interval { low, high, .. } = interval;
        Some(Self { low, high, description: interval.description() })
    }

    /// The interval around the probability of something, from whether it happened with each seed: 1.0 if it
    /// did, else 0.0. None for no seed.
    fn of_share(happened: &[f64]) -> Option<Self> {
        let times = happened.iter().filter(|happened| **happened > 0.5).count() as u64;
        let level = ConfidenceLevel::PERCENT_95;
        let interval = clopper_pearson(times, happened.len() as u64, level).ok()?;
        let (low, high) = (interval.low, interval.high);
        Some(Self { low, high, description: "95 % Clopper-Pearson interval of a probability" })
    }
}

impl Better {
    /// Whether the first is the better one.
    pub(super) fn is_first(self, one: f64, other: f64) -> bool {
        match self {
            Self::Higher => one > other,
            Self::Lower => one < other,
        }
    }

    /// What the best is called.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Higher => "highest",
            Self::Lower => "lowest",
        }
    }
}

impl RunOutcome {
    /// That which the figure of this name shows over an axis.
    pub(super) fn of_figure(figure: &str) -> Option<&'static Self> {
        OUTCOMES.iter().find(|outcome| outcome.figure == figure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probability_has_an_exact_interval() {
        assert_eq!(Band::of_share(&[]), None);
        // Of n without an event the upper end is 1 − 0.025^(1/n).
        let found = Band::of_share(&[0.0; 10]).unwrap();
        assert!(found.low == 0.0 && (found.high - 0.308_497_107_818_761).abs() < 1e-12);
        let half = Band::of_share(&[1.0, 0.0]).unwrap();
        assert!((half.low + half.high - 1.0).abs() < 1e-12 && half.low > 0.0, "{half:?}");
    }
}
