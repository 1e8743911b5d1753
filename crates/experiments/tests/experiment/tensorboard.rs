//! The event files of a study, read back by TensorBoard's own reader and shown by its own plugins.

#[path = "../../../trainer/tests/tensorboard/python.rs"]
#[allow(dead_code, reason = "the trainer's tests use the rest")]
mod python;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use python::{Events, Histogram, python, read_events, run};
use serde_json::{Value, json};
use trainer::Phase;
use trainer::run::{read_distributions, read_metrics};

use crate::tiny_study;

/// Every tag and value of the event files is that of `metrics.csv`, and every histogram has the
/// extremes of `distributions.csv`; nothing more, nothing less.
#[test]
fn event_files_say_what_the_tables_say() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    tiny_study(folder.path(), "out", &["--epochs=2"]);
    let cells = folder.path().join("out/cells");
    let events = crate::files(&cells)
        .into_keys()
        .filter_map(|name| Some(cells.join(name.strip_suffix("/events.out.tfevents.run")?)));
    let runs: Vec<PathBuf> = events.collect();
    assert_eq!(runs.len(), 4);
    let files: Vec<PathBuf> = runs.iter().map(|run| run.join("events.out.tfevents.run")).collect();
    for (run, events) in runs.iter().zip(read_events(&python, &files)) {
        let Events { scalars, hparams, histograms } = events.unwrap();
        assert_eq!(hparams, expected_hparams(run), "{}", run.display());
        assert_eq!(scalars, expected_scalars(run), "{}", run.display());
        let found: BTreeMap<_, Vec<_>> = histograms
            .into_iter()
            .map(|(tag, rows)| {
                let extremes = |Histogram { step, min, max, .. }| (step, min, max);
                (tag, rows.into_iter().map(extremes).collect())
            })
            .collect();
        assert_eq!(found, expected_extremes(run), "{}", run.display());
    }
}

/// What TensorBoard's plugins show of a folder with a study and its cells: the means of `metrics.csv`
/// over seeds within their ranges, and of every run what it is and how it ended.
#[test]
fn tensorboard_draws_bands_over_seeds_and_lists_how_each_run_ended() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    tiny_study(folder.path(), "out", &["--epochs=2", "--seeds=3", "--heads=all"]);
    let out = folder.path().join("out");
    let board = run(&python, include_str!("read_board.py"), std::slice::from_ref(&out)).remove(0);

    let names = crate::files(&out.join("cells")).into_keys();
    let runs: BTreeSet<String> = names
        .filter_map(|name| Some(format!("cells/{}", name.strip_suffix("/hparams.yaml")?)))
        .collect();
    let mut arms = BTreeMap::<String, Vec<PathBuf>>::new();
    for run in &runs {
        let arm = run.split('/').nth(2).unwrap();
        arms.entry(format!("tensorboard/{arm}/mean")).or_default().push(out.join(run));
    }
    assert_eq!(arms.values().map(Vec::len).collect::<Vec<_>>(), [3, 3]);
    assert_eq!(board["categories"], json!(["Means over seeds"]));
    assert_eq!(board["incomplete"], json!([]));
    assert_eq!(board["bands"].as_object().unwrap().len(), 3);
    for (column, tag) in ["val/acc", "val/loss", "train/acc"].into_iter().enumerate() {
        let title = format!("{tag}: mean over seeds, lowest to highest");
        let found = by_name(&board["bands"][&title], |band| {
            ["value", "lower", "upper"].map(|part| points(&band[part]))
        });
        let expected: BTreeMap<_, _> =
            arms.iter().map(|(name, cells)| (name.clone(), expected_band(cells, column))).collect();
        assert_eq!(found, expected, "{title}");
    }

    let metrics = json!(["epoch", "train/acc", "train/loss", "val/acc", "val/loss"]);
    assert_eq!(board["metrics"], metrics, "of the runs alone, and not of their means");
    let sessions = by_name(&board["sessions"], Value::clone);
    assert_eq!(sessions.keys().cloned().collect::<BTreeSet<_>>(), runs);
    for (name, session) in sessions {
        let run = out.join(&name);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        assert_eq!(by_name(&session["hparams"], text), expected_hparams(&run), "{name}");
        let last: BTreeMap<_, _> = expected_scalars(&run)
            .into_iter()
            .map(|(tag, points)| (tag, points.last().unwrap().1))
            .collect();
        assert_eq!(by_name(&session["metrics"], number), last, "{name}");
    }
}

fn by_name<T>(value: &Value, read: impl Fn(&Value) -> T) -> BTreeMap<String, T> {
    let entries = value.as_object().unwrap().iter();
    entries.map(|(name, value)| (name.clone(), read(value))).collect()
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

/// A number at each of several steps.
type Points = Vec<(u64, f64)>;

fn points(value: &Value) -> Points {
    let points = value.as_array().unwrap().iter();
    points.map(|point| (point[0].as_u64().unwrap(), number(&point[1]))).collect()
}

/// The mean, the lowest and the highest of these runs, in a column of [`epochs`].
fn expected_band(runs: &[PathBuf], column: usize) -> [Points; 3] {
    let runs: Vec<_> = runs.iter().map(|run| epochs(run)).collect();
    let over_runs = |of: &dyn Fn(&[f64]) -> f64| {
        (0..runs[0].len())
            .map(|epoch| {
                let numbers: Vec<f64> = runs.iter().map(|run| run[epoch].1[column]).collect();
                (runs[0][epoch].0, f64::from(of(&numbers) as f32))
            })
            .collect()
    };
    [
        over_runs(&|numbers| numbers.iter().sum::<f64>() / numbers.len() as f64),
        over_runs(&|numbers| numbers.iter().copied().fold(f64::INFINITY, f64::min)),
        over_runs(&|numbers| numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
    ]
}

/// The last step of each epoch, with accuracy and loss of validation and the accuracy of training.
fn epochs(run: &Path) -> Vec<(u64, [f64; 3])> {
    let (mut epochs, mut correct, mut images) = (Vec::new(), 0.0, 0.0);
    for row in read_metrics(run).unwrap() {
        match row.phase {
            Phase::Training => {
                correct += row.accuracy * row.count as f64;
                images += row.count as f64;
            }
            Phase::Validation => {
                epochs.push((row.step, [row.accuracy, row.loss, correct / images]));
                (correct, images) = (0.0, 0.0);
            }
        }
    }
    assert_eq!(epochs.len(), 2);
    epochs
}

fn expected_scalars(run: &Path) -> BTreeMap<String, Vec<(u64, f64)>> {
    let mut scalars = BTreeMap::<_, Vec<_>>::new();
    let mut of_epoch = Vec::new();
    for row in read_metrics(run).unwrap() {
        let mut expect = |tag: &str, value: f64| {
            let as_stored = f64::from(value as f32);
            scalars.entry(tag.to_owned()).or_default().push((row.step, as_stored));
        };
        match row.phase {
            Phase::Training => {
                expect("train/loss", row.loss);
                expect("epoch", row.epoch as f64);
                of_epoch.push((row.accuracy * row.count as f64, row.count));
            }
            Phase::Validation => {
                expect("val/loss", row.loss);
                expect("val/acc", row.accuracy);
                let images: usize = of_epoch.iter().map(|(_, count)| count).sum();
                let correct: f64 = of_epoch.drain(..).map(|(correct, _)| correct).sum();
                expect("train/acc", correct.round() / images as f64);
            }
        }
    }
    assert_eq!(scalars["train/loss"].len(), 120);
    assert_eq!(scalars["val/acc"].len(), 2);
    scalars
}

/// The lines of `hparams.yaml` that people compare.
fn expected_hparams(run: &Path) -> BTreeMap<String, String> {
    let yaml = fs::read_to_string(run.join("hparams.yaml")).unwrap();
    let pairs = yaml.lines().map(|line| line.split_once(": ").unwrap());
    let shown = pairs.filter(|(name, _)| !["generator", "numerics"].contains(name));
    let number = |value: &str| value.parse::<f64>().ok().map(|number| format!("{number:?}"));
    let hparams: BTreeMap<_, _> = shown
        .map(|(name, value)| (name.to_owned(), number(value).unwrap_or_else(|| value.to_owned())))
        .collect();
    assert!(hparams.contains_key("network") && hparams.contains_key("split_seed"));
    hparams
}

fn expected_extremes(run: &Path) -> BTreeMap<String, Vec<(u64, f64, f64)>> {
    let mut extremes = BTreeMap::<_, Vec<_>>::new();
    for row in read_distributions(run).unwrap() {
        let tag = format!("{}/{}", row.layer, row.quantity.name());
        extremes.entry(tag).or_default().push((row.step, row.min, row.max));
    }
    assert!(
        extremes.contains_key("model.1/pre_activation")
            || extremes.contains_key("model.2/pre_activation")
    );
    extremes
}
