//! What TensorBoard draws of a study: for each arm the mean over its seeds, within a band.

use std::path::{Path, PathBuf};

use trainer::log::{EventFile, MarginChart};

use crate::analysis::{Analysis, ArmResult, EpochResult, Interval, IntervalKind, Spread};
use crate::arm::Arm;
use crate::cell::{ELSEWHERE, name_of_arm};
use crate::config::StudyConfig;
use crate::tables::EpochRow;

/// The folder of an arm's files, which TensorBoard takes for the name of a run.
const FOLDER: &str = "tensorboard";

/// The category of the charts on TensorBoard's page *Custom Scalars*. All studies have the same, so
/// that TensorBoard draws the arms of all that it is shown in the same charts.
const CATEGORY: &str = "Means over seeds";

/// A number that a run has after each epoch.
struct Metric {
    /// Its tag in the event files of runs.
    tag: &'static str,
    of_run: fn(&EpochRow) -> f64,
    /// Whether a run that has diverged counts as one that guesses; else it is left out.
    is_accuracy: bool,
}

const METRICS: [Metric; 3] = [
    Metric { tag: "val/acc", of_run: |row| row.val_accuracy, is_accuracy: true },
    Metric { tag: "val/loss", of_run: |row| row.val_loss, is_accuracy: false },
    Metric { tag: "train/acc", of_run: |row| row.train_accuracy, is_accuracy: true },
];

/// The tags of a mean and its band, and the title of their chart. A tag says what the band is: a
/// chart draws every run that has its tags, whichever study it is of.
struct Band {
    kind: IntervalKind,
    mean: String,
    lower: String,
    upper: String,
    title: String,
}

impl Band {
    fn new(metric: &Metric, kind: IntervalKind) -> Self {
        let (name, title) = match kind {
            IntervalKind::Confidence => ("t95", "mean over seeds with its 95 % t interval"),
            IntervalKind::Range => ("range", "mean over seeds, lowest to highest"),
        };
        let tag = |part: &str| format!("{}/{name}/{part}", metric.tag);
        Self {
            kind,
            mean: tag("mean"),
            lower: tag("lower"),
            upper: tag("upper"),
            title: format!("{}: {title}", metric.tag),
        }
    }

    fn chart(&self) -> MarginChart<'_> {
        MarginChart {
            title: &self.title,
            value: &self.mean,
            lower: &self.lower,
            upper: &self.upper,
        }
    }
}

/// The files of all arms, from the study's folder.
pub(crate) fn files(config: &StudyConfig) -> impl Iterator<Item = PathBuf> {
    config.arms().iter().map(|arm| file(config, arm))
}

/// Whether this is the path of such a file, from the folder of a study.
pub(crate) fn is_of_study(path: &str) -> bool {
    path.strip_prefix(FOLDER).is_some_and(|path| path.starts_with('/'))
}

/// The file of each arm that has a run.
pub(crate) fn write(analysis: &Analysis<'_>) -> Vec<(PathBuf, Vec<u8>)> {
    let config = &analysis.study.config;
    let bands: Vec<(&Metric, Band)> = METRICS
        .iter()
        .filter_map(|metric| Some((metric, Band::new(metric, kind(analysis, metric)?))))
        .collect();
    // TensorBoard's page shows the last chart first.
    let charts: Vec<MarginChart<'_>> = bands.iter().rev().map(|(_, band)| band.chart()).collect();
    let of_arm = |arm: &ArmResult<'_>| {
        let mut events = EventFile::begin();
        events.margin_charts(CATEGORY, &charts);
        for epoch in &arm.epochs {
            let steps = epoch.epoch.saturating_mul(arm.arm.steps_per_epoch());
            for (metric, band) in &bands {
                let numbers = metric.over_seeds(epoch, config.chance());
                let Some(Spread { mean, min, max, .. }) = Spread::of(&numbers) else { continue };
                let (lower, upper) = match (band.kind, Interval::of_mean(&numbers)) {
                    (IntervalKind::Confidence, Some(interval)) => (interval.low, interval.high),
                    (IntervalKind::Confidence, None) | (IntervalKind::Range, _) => (min, max),
                };
                events.scalars(
                    steps.saturating_sub(1),
                    &[
                        (metric.tag, mean),
                        (&band.mean, mean),
                        (&band.lower, lower),
                        (&band.upper, upper),
                    ],
                );
            }
        }
        events.take()
    };
    analysis.arms().map(|arm| (file(config, &arm.arm), of_arm(arm))).collect()
}

/// What the band of a metric is: a t interval if every arm has one after every epoch. None if no arm
/// has the metric.
fn kind(analysis: &Analysis<'_>, metric: &Metric) -> Option<IntervalKind> {
    let chance = analysis.study.config.chance();
    let epochs = analysis.arms().flat_map(|arm| &arm.epochs);
    let mut points = epochs
        .map(|epoch| metric.over_seeds(epoch, chance))
        .filter(|all| !all.is_empty())
        .peekable();
    points.peek()?;
    let has_t = |numbers: Vec<f64>| {
        Interval::of_mean(&numbers).is_some_and(|found| found.kind == IntervalKind::Confidence)
    };
    Some(if points.all(has_t) { IntervalKind::Confidence } else { IntervalKind::Range })
}

impl Metric {
    /// The numbers of an arm's runs after an epoch.
    fn over_seeds(&self, epoch: &EpochResult<'_>, chance: f64) -> Vec<f64> {
        let measured = epoch.rows.iter().map(|row| (self.of_run)(row));
        let guessed = epoch.diverged.iter().filter(|_| self.is_accuracy).map(|_| chance);
        measured.chain(guessed).collect()
    }
}

/// The file of an arm, such as `tensorboard/norm=batch,trains=all/mean/events.out.tfevents.run`. The
/// arm's name is that of its folder in the store, with what that leaves out where it differs.
fn file(config: &StudyConfig, arm: &Arm) -> PathBuf {
    let mut name = name_of_arm(config, arm);
    for axis in ELSEWHERE {
        if config.each(axis.text).len() > 1 {
            name.push_str(&format!(",{}={}", axis.key, (axis.text)(arm)));
        }
    }
    Path::new(FOLDER).join(name).join("mean").join(EventFile::FILE_NAME)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::made_up;
    use crate::tables::{RunKey, RunRow, RunState, Study};

    /// A study of one arm with 500 steps per epoch and these validation accuracies of each seed,
    /// epoch by epoch. Its losses are twice, its training accuracies half the accuracies. A seed with
    /// fewer epochs than the study has diverged.
    fn study(epochs: u64, seeds: &[&[f64]]) -> Study {
        let config = made_up::config_from(
            "norm = [\"batch\"]",
            &format!("epochs = {epochs}\nbatch_size = 96"),
            &format!("seeds = {}", seeds.len()),
        );
        let mut study = Study::empty(config, String::new());
        for (seed, accuracies) in (0..).zip(seeds) {
            let key = RunKey { arm: study.config.arms()[0].clone(), seed };
            for (epoch, &val_accuracy) in (1..).zip(*accuracies) {
                study.epochs.push(EpochRow {
                    epoch,
                    step: 500 * epoch - 1,
                    val_accuracy,
                    val_loss: 2.0 * val_accuracy,
                    train_accuracy: 0.5 * val_accuracy,
                    ..EpochRow::blank(key.clone())
                });
            }
            let epochs_trained = accuracies.len() as u64;
            let trained = epochs_trained == epochs;
            let state = if trained { RunState::Trained } else { RunState::Diverged };
            let val_accuracy = accuracies.last().copied().filter(|_| trained);
            let row = RunRow { state, epochs_trained, val_accuracy, ..RunRow::blank(key) };
            study.runs.push(row);
        }
        study
    }

    /// A tag with its number at a step.
    type Point<'a> = (&'a str, f64);

    fn only_file(study: &Study) -> (PathBuf, Vec<u8>) {
        let mut files = write(&Analysis::of(study).unwrap());
        assert_eq!(files.len(), 1);
        files.remove(0)
    }

    /// The file with charts of these bands and these points of each step.
    fn expected(bands: &[(&str, &str)], steps: &[(u64, &[Point<'_>])]) -> Vec<u8> {
        let words = |kind: &str| match kind {
            "t95" => "mean over seeds with its 95 % t interval",
            _ => "mean over seeds, lowest to highest",
        };
        let all: Vec<[String; 4]> = bands
            .iter()
            .map(|(tag, kind)| {
                let part = |part: &str| format!("{tag}/{kind}/{part}");
                [format!("{tag}: {}", words(kind)), part("mean"), part("lower"), part("upper")]
            })
            .collect();
        let charts: Vec<MarginChart<'_>> = all
            .iter()
            .rev()
            .map(|[title, value, lower, upper]| MarginChart { title, value, lower, upper })
            .collect();
        let mut file = EventFile::begin();
        file.margin_charts("Means over seeds", &charts);
        for (step, points) in steps {
            points.chunks(4).for_each(|metric| file.scalars(*step, metric));
        }
        file.take()
    }

    const RANGES: [(&str, &str); 3] =
        [("val/acc", "range"), ("val/loss", "range"), ("train/acc", "range")];

    #[test]
    fn means_and_ranges_by_hand() {
        let study = study(2, &[&[0.25, 0.5], &[0.75, 0.625]]);
        let (path, bytes) = only_file(&study);
        let place = "tensorboard/norm=batch,batch_size=96/mean/events.out.tfevents.run";
        assert_eq!(path, Path::new(place));
        let first = [
            ("val/acc", 0.5),
            ("val/acc/range/mean", 0.5),
            ("val/acc/range/lower", 0.25),
            ("val/acc/range/upper", 0.75),
            ("val/loss", 1.0),
            ("val/loss/range/mean", 1.0),
            ("val/loss/range/lower", 0.5),
            ("val/loss/range/upper", 1.5),
            ("train/acc", 0.25),
            ("train/acc/range/mean", 0.25),
            ("train/acc/range/lower", 0.125),
            ("train/acc/range/upper", 0.375),
        ];
        let second = [
            ("val/acc", 0.5625),
            ("val/acc/range/mean", 0.5625),
            ("val/acc/range/lower", 0.5),
            ("val/acc/range/upper", 0.625),
            ("val/loss", 1.125),
            ("val/loss/range/mean", 1.125),
            ("val/loss/range/lower", 1.0),
            ("val/loss/range/upper", 1.25),
            ("train/acc", 0.28125),
            ("train/acc/range/mean", 0.28125),
            ("train/acc/range/lower", 0.25),
            ("train/acc/range/upper", 0.3125),
        ];
        assert_eq!(bytes, expected(&RANGES, &[(499, &first), (999, &second)]));
    }

    /// Ten seeds with 0, 1/16 … 9/16. SciPy: `stats.t.interval(.95, 9, x.mean(), stats.sem(x))`.
    #[test]
    fn ten_seeds_have_a_t_interval() {
        let accuracies: Vec<[f64; 1]> = (0..10).map(|seed| [f64::from(seed) / 16.0]).collect();
        let seeds: Vec<&[f64]> = accuracies.iter().map(<[f64; 1]>::as_slice).collect();
        let (_, bytes) = only_file(&study(1, &seeds));
        let (mean, lower, upper) = (0.28125, 0.145_884_338_145_739_45, 0.416_615_661_854_260_6);
        let points = [
            ("val/acc", mean),
            ("val/acc/t95/mean", mean),
            ("val/acc/t95/lower", lower),
            ("val/acc/t95/upper", upper),
            ("val/loss", 2.0 * mean),
            ("val/loss/t95/mean", 2.0 * mean),
            ("val/loss/t95/lower", 2.0 * lower),
            ("val/loss/t95/upper", 2.0 * upper),
            ("train/acc", 0.5 * mean),
            ("train/acc/t95/mean", 0.5 * mean),
            ("train/acc/t95/lower", 0.5 * lower),
            ("train/acc/t95/upper", 0.5 * upper),
        ];
        let bands = [("val/acc", "t95"), ("val/loss", "t95"), ("train/acc", "t95")];
        assert_eq!(bytes, expected(&bands, &[(499, &points)]));
    }

    /// Nine losses have no t interval, though ten accuracies have one. SciPy as above, of 0, 1/16 …
    /// 8/16 and 0.1, and of their halves and 0.1.
    #[test]
    fn a_run_that_diverged_guesses_and_has_no_loss() {
        let accuracies: Vec<[f64; 1]> = (0..9).map(|seed| [f64::from(seed) / 16.0]).collect();
        let seeds: Vec<&[f64]> =
            accuracies.iter().map(<[f64; 1]>::as_slice).chain([[].as_slice()]).collect();
        let (_, bytes) = only_file(&study(1, &seeds));
        let points = [
            ("val/acc", 0.235),
            ("val/acc/t95/mean", 0.235),
            ("val/acc/t95/lower", 0.114_676_061_109_563_63),
            ("val/acc/t95/upper", 0.355_323_938_890_436_4),
            ("val/loss", 0.5),
            ("val/loss/range/mean", 0.5),
            ("val/loss/range/lower", 0.0),
            ("val/loss/range/upper", 1.0),
            ("train/acc", 0.1225),
            ("train/acc/t95/mean", 0.1225),
            ("train/acc/t95/lower", 0.064_503_493_070_121_85),
            ("train/acc/t95/upper", 0.180_496_506_929_878_18),
        ];
        let bands = [("val/acc", "t95"), ("val/loss", "range"), ("train/acc", "t95")];
        assert_eq!(bytes, expected(&bands, &[(499, &points)]));
    }

    #[test]
    fn an_arm_of_which_all_runs_diverged_guesses_and_has_no_chart_of_losses() {
        let (_, bytes) = only_file(&study(2, &[&[], &[]]));
        let points = [
            ("val/acc", 0.1),
            ("val/acc/range/mean", 0.1),
            ("val/acc/range/lower", 0.1),
            ("val/acc/range/upper", 0.1),
            ("train/acc", 0.1),
            ("train/acc/range/mean", 0.1),
            ("train/acc/range/lower", 0.1),
            ("train/acc/range/upper", 0.1),
        ];
        let bands = [("val/acc", "range"), ("train/acc", "range")];
        assert_eq!(bytes, expected(&bands, &[(499, &points), (999, &points)]));
    }

    #[test]
    fn neither_a_second_time_nor_the_order_of_rows_changes_a_byte() {
        let study = made_up::study(made_up::config());
        let once = write(&Analysis::of(&study).unwrap());
        assert_eq!(once.len(), study.config.arms().len());
        assert_eq!(write(&Analysis::of(&study).unwrap()), once);
        let mut turned = study.clone();
        turned.epochs.reverse();
        turned.runs.reverse();
        assert_eq!(write(&Analysis::of(&turned).unwrap()), once);
    }

    #[test]
    fn every_arm_has_a_file_of_its_own() {
        let config = made_up::config_from(
            "norm = [\"none\", \"batch\"]\ndata_set = [\"fashion-mnist\", \"synthetic\"]\nepochs = [1, 2]\n\
             vary = [\"weights\", \"order\"]",
            "batch_size = 96",
            "",
        );
        let named: BTreeSet<PathBuf> = files(&config).collect();
        assert_eq!(named.len(), config.arms().len());
        let study = made_up::study(config);
        let written = write(&Analysis::of(&study).unwrap());
        assert_eq!(written.into_iter().map(|(path, _)| path).collect::<BTreeSet<_>>(), named);
    }
}
