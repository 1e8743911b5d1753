//! The event files of a study, read back by TensorBoard's own reader.

#[path = "../../../trainer/tests/tensorboard/python.rs"]
#[allow(dead_code, reason = "the trainer's tests use the rest")]
mod python;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use python::{Events, Histogram, python, read_events};
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
