//! Whether the tables of a study fit together. A file that lost its last lines, or a row edited by
//! hand, would otherwise draw a figure that is quietly wrong.

use std::collections::BTreeMap;

use super::{
    ActivationRow, BatchNormRow, ConfusionRow, EpochRow, Head, Row, RunRow, StepRow, Study,
};
use trainer::dataset::CLASS_NAMES;

/// A run, as messages name it.
type Run = (String, Head, u64);

/// The first file that contradicts another, and how.
pub fn find(study: &Study) -> Option<(&'static str, String)> {
    let runs = match runs(study) {
        Ok(runs) => runs,
        Err(fault) => return Some((RunRow::FILE, fault)),
    };
    let checks: [(&str, Result<(), String>); 5] = [
        (EpochRow::FILE, epochs(study, &runs)),
        (StepRow::FILE, steps(study, &runs)),
        (ActivationRow::FILE, activations(study)),
        (BatchNormRow::FILE, batch_norm(study)),
        (ConfusionRow::FILE, confusion(study, &runs)),
    ];
    checks.into_iter().find_map(|(file, check)| Some((file, check.err()?)))
}

fn run_of(row: &impl Row) -> Run {
    let (network, head, seed) = row.cell();
    (network.to_owned(), head, seed.unwrap_or_default())
}

fn named((network, head, seed): &Run) -> String {
    format!("{network}, {head}, seed {seed}")
}

fn runs(study: &Study) -> Result<BTreeMap<Run, &RunRow>, String> {
    let mut runs = BTreeMap::new();
    for row in &study.runs {
        let run = run_of(row);
        if row.epochs == 0 || row.epochs > study.config.epochs {
            return Err(format!(
                "{}: found {} epochs, expected 1 to {} as study.toml says",
                named(&run),
                row.epochs,
                study.config.epochs
            ));
        }
        if row.steps != row.epochs * study.config.steps_per_epoch {
            return Err(format!(
                "{}: found {} steps, expected {} epochs of {} as study.toml says",
                named(&run),
                row.steps,
                row.epochs,
                study.config.steps_per_epoch
            ));
        }
        if runs.insert(run.clone(), row).is_some() {
            return Err(format!("{}: found twice, expected a row a run", named(&run)));
        }
    }
    let Some(longest) = study.runs.iter().map(|row| row.epochs).max() else {
        return Err("found no run, expected at least one".to_owned());
    };
    // Axes and tables go to the last epoch.
    if longest != study.config.epochs {
        return Err(format!(
            "found {longest} epochs in the longest run, expected {} as study.toml says",
            study.config.epochs
        ));
    }
    Ok(runs)
}

fn epochs(study: &Study, runs: &BTreeMap<Run, &RunRow>) -> Result<(), String> {
    let mut found: BTreeMap<Run, Vec<u64>> = BTreeMap::new();
    for row in &study.epochs {
        found.entry(run_of(row)).or_default().push(row.epoch);
    }
    known("epochs", &found, runs)?;
    for (run, row) in runs {
        let epochs = found.remove(run).unwrap_or_default();
        if !epochs.iter().copied().eq(1..=row.epochs) {
            return Err(format!(
                "{}: found the epochs {epochs:?}, expected 1 to {} in order, as {} says",
                named(run),
                row.epochs,
                RunRow::FILE
            ));
        }
        let last = study.epochs.iter().rfind(|epoch| run_of(*epoch) == *run);
        if let Some(last) = last.filter(|last| last.val_accuracy != row.val_accuracy) {
            return Err(format!(
                "{}: found the validation accuracy {} after the last epoch, expected {} as {} says",
                named(run),
                last.val_accuracy,
                row.val_accuracy,
                RunRow::FILE
            ));
        }
    }
    Ok(())
}

fn steps(study: &Study, runs: &BTreeMap<Run, &RunRow>) -> Result<(), String> {
    let mut found: BTreeMap<Run, Vec<u64>> = BTreeMap::new();
    for row in &study.steps {
        found.entry(run_of(row)).or_default().push(row.step);
    }
    known("steps", &found, runs)?;
    for (run, row) in runs {
        let steps = found.remove(run).unwrap_or_default();
        ascending(run, &steps)?;
        if steps.last().map(|step| step + 1) != Some(row.steps) {
            let end = steps.last().map_or("nothing".to_owned(), |step| format!("step {step}"));
            return Err(format!(
                "{}: found {end} at its end, expected a window that ends the {} steps of {}",
                named(run),
                row.steps,
                RunRow::FILE
            ));
        }
    }
    Ok(())
}

fn activations(study: &Study) -> Result<(), String> {
    let kinds = study.activations.iter().map(|row| (run_of(row), (row.block, row.place), row.step));
    same_steps(kinds)
}

fn batch_norm(study: &Study) -> Result<(), String> {
    let kinds =
        study.batch_norm.iter().map(|row| (run_of(row), (row.block, row.quantity), row.step));
    same_steps(kinds)
}

fn confusion(study: &Study, runs: &BTreeMap<Run, &RunRow>) -> Result<(), String> {
    let classes = CLASS_NAMES.len() as u64;
    let mut found: BTreeMap<(&str, Head), u64> = BTreeMap::new();
    let mut seen = BTreeMap::new();
    for row in &study.confusion {
        let name = format!(
            "{}, {}, class {} as {}",
            row.network, row.head, row.true_class, row.predicted_class
        );
        if row.true_class >= classes || row.predicted_class >= classes {
            return Err(format!("{name}: expected classes from 0 to {}", classes - 1));
        }
        if seen.insert((&row.network, row.head, row.true_class, row.predicted_class), ()).is_some()
        {
            return Err(format!("{name}: found twice, expected a row a pair of classes"));
        }
        let sum = found.entry((&row.network, row.head)).or_default();
        *sum = sum.saturating_add(row.count);
    }
    for ((network, head), count) in found {
        let tested = runs
            .iter()
            .filter(|((of, arm, _), row)| {
                of == network && *arm == head && row.test_accuracy.is_some()
            })
            .count() as u64;
        let expected = study.config.test_images.saturating_mul(tested);
        if count != expected {
            return Err(format!(
                "{network}, {head}: found {count} images, expected {expected}: {} test images in \
                 each of {tested} runs",
                study.config.test_images
            ));
        }
    }
    Ok(())
}

/// Every run of a table is in `runs.csv`.
fn known(
    what: &str,
    found: &BTreeMap<Run, Vec<u64>>,
    runs: &BTreeMap<Run, &RunRow>,
) -> Result<(), String> {
    match found.keys().find(|run| !runs.contains_key(run)) {
        Some(run) => Err(format!("{}: found {what} of no run in {}", named(run), RunRow::FILE)),
        None => Ok(()),
    }
}

fn ascending(run: &Run, steps: &[u64]) -> Result<(), String> {
    match steps.windows(2).find(|pair| pair[0] >= pair[1]) {
        Some(pair) => Err(format!(
            "{}: found step {} after step {}, expected ascending steps",
            named(run),
            pair[1],
            pair[0]
        )),
        None => Ok(()),
    }
}

/// All that was looked at in a run was looked at in the same steps.
fn same_steps<K: Ord + std::fmt::Debug>(
    rows: impl Iterator<Item = (Run, K, u64)>,
) -> Result<(), String> {
    let mut found: BTreeMap<Run, BTreeMap<K, Vec<u64>>> = BTreeMap::new();
    for (run, kind, step) in rows {
        found.entry(run).or_default().entry(kind).or_default().push(step);
    }
    for (run, kinds) in &found {
        let Some((first, steps)) = kinds.first_key_value() else { continue };
        for (kind, others) in kinds {
            ascending(run, others)?;
            if others != steps {
                return Err(format!(
                    "{}: found {} steps of {kind:?} and {} of {first:?}, expected the same steps \
                     of both",
                    named(run),
                    others.len(),
                    steps.len()
                ));
            }
        }
    }
    Ok(())
}
