//! Whether the tables of a study fit together. A file that lost its last lines, or a row edited by
//! hand, would otherwise draw a wrong figure without a word.

use std::collections::BTreeMap;
use std::fmt::Debug;

use trainer::dataset::CLASS_NAMES;

use super::csv_file::Row;
use super::key::RunKey;
use super::rows::{
    ActivationRow, BatchNormRow, ConfusionRow, EpochRow, LandscapeRow, RunRow, StepRow, UnitRow,
    VarianceShiftRow,
};
use super::study::Study;
use crate::arm::Arm;
use crate::config::StudyConfig;

/// The first file that contradicts another, and how.
pub(super) fn find(study: &Study) -> Option<(&'static str, String)> {
    type Check = fn(&Study) -> Result<(), String>;
    let checks: [(&str, Check); 9] = [
        (RunRow::FILE, runs),
        (EpochRow::FILE, epochs),
        (StepRow::FILE, steps),
        (ConfusionRow::FILE, confusion),
        (ActivationRow::FILE, activations),
        (BatchNormRow::FILE, batch_norm),
        (VarianceShiftRow::FILE, variance_shift),
        (LandscapeRow::FILE, landscape),
        (UnitRow::FILE, unit_percentiles),
    ];
    checks.into_iter().find_map(|(file, check)| Some((file, check(study).err()?)))
}

fn name(config: &StudyConfig, RunKey { arm, seed }: &RunKey) -> String {
    format!("{}, seed {seed}", config.label(arm))
}

/// Items by keys, in the order in which the keys come.
fn by_key<'a, K: PartialEq, T>(items: impl Iterator<Item = (&'a K, T)>) -> Vec<(&'a K, Vec<T>)> {
    let mut found: Vec<(&K, Vec<T>)> = Vec::new();
    for (key, item) in items {
        // Rows of one key mostly follow each other.
        match found.iter_mut().rev().find(|(known, _)| *known == key) {
            Some((_, items)) => items.push(item),
            None => found.push((key, vec![item])),
        }
    }
    found
}

/// The items of this key; none where it has none.
fn of_key<'a, K: PartialEq, T>(found: &'a [(&K, Vec<T>)], key: &K) -> &'a [T] {
    found.iter().find(|(known, _)| *known == key).map_or(&[], |(_, items)| items)
}

fn runs(study: &Study) -> Result<(), String> {
    let config = &study.config;
    for (index, row) in study.runs.iter().enumerate() {
        let named = || name(config, &row.key);
        let (epochs, steps) = (row.key.arm.run.epochs, row.key.arm.steps_per_epoch());
        let trained = row.epochs_trained;
        if row.diverged() {
            // It stopped somewhere in the epoch after those that it came to the end of.
            if trained >= epochs || row.steps / steps.max(1) != trained {
                return Err(format!(
                    "{}: found {} steps and {trained} epochs of a run that diverged, expected fewer \
                     than {epochs} epochs of {steps} steps",
                    named(),
                    row.steps
                ));
            }
        } else if trained != epochs || row.steps != epochs * steps || row.val_accuracy.is_none() {
            return Err(format!(
                "{}: found {trained} epochs with {} steps, expected {epochs} of {steps} steps as \
                 study.toml says, and a validation accuracy",
                named(),
                row.steps
            ));
        }
        if study.runs[..index].iter().any(|other| other.key == row.key) {
            return Err(format!("{}: found twice, expected a row per run", named()));
        }
    }
    if study.runs.is_empty() {
        return Err("found no run, expected at least one".to_owned());
    }
    Ok(())
}

fn epochs(study: &Study) -> Result<(), String> {
    let config = &study.config;
    let found = by_key(study.epochs.iter().map(|row| (&row.key, row)));
    known(study, "epochs", found.iter().map(|(run, _)| *run))?;
    for run in &study.runs {
        let rows = of_key(&found, &run.key);
        let epochs: Vec<u64> = rows.iter().map(|row| row.epoch).collect();
        if !epochs.iter().copied().eq(1..=run.epochs_trained) {
            return Err(format!(
                "{}: found the epochs {epochs:?}, expected 1 to {} in order, as {} says",
                name(config, &run.key),
                run.epochs_trained,
                RunRow::FILE
            ));
        }
        if let (Some(last), Some(expected)) = (rows.last(), run.val_accuracy)
            && last.val_accuracy != expected
        {
            return Err(format!(
                "{}: found the validation accuracy {} after the last epoch, expected {expected} as \
                 {} says",
                name(config, &run.key),
                last.val_accuracy,
                RunRow::FILE
            ));
        }
    }
    Ok(())
}

fn steps(study: &Study) -> Result<(), String> {
    let config = &study.config;
    let found = by_key(study.steps.iter().map(|row| (&row.key, row.step)));
    known(study, "steps", found.iter().map(|(run, _)| *run))?;
    for run in &study.runs {
        let steps = of_key(&found, &run.key);
        ascending(&name(config, &run.key), steps)?;
        if steps.last().map_or(0, |step| step + 1) != run.steps {
            let end = steps.last().map_or("nothing".to_owned(), |step| format!("step {step}"));
            return Err(format!(
                "{}: found {end} at its end, expected a window that ends the {} steps of {}",
                name(config, &run.key),
                run.steps,
                RunRow::FILE
            ));
        }
    }
    Ok(())
}

fn activations(study: &Study) -> Result<(), String> {
    let rows = study.optional.activations.iter();
    same_steps(&study.config, rows.map(|row| (&row.key, ((row.block, row.place), row.step))))
}

fn batch_norm(study: &Study) -> Result<(), String> {
    let rows = study.optional.batch_norm.iter();
    same_steps(&study.config, rows.map(|row| (&row.key, ((row.block, row.quantity), row.step))))
}

fn variance_shift(study: &Study) -> Result<(), String> {
    for (key, norms) in
        by_key(study.optional.variance_shift.iter().map(|row| (&row.key, row.position)))
    {
        let is_trained = study.runs.iter().any(|run| run.key == *key && !run.diverged());
        let named = || name(&study.config, key);
        if !is_trained {
            return Err(format!("{}: found batch norms of a run that is not trained", named()));
        }
        if !norms.iter().copied().eq(1..=norms.len() as u64) {
            return Err(format!(
                "{}: found the batch norms {norms:?}, expected 1, 2 and so on",
                named()
            ));
        }
    }
    Ok(())
}

fn confusion(study: &Study) -> Result<(), String> {
    let config = &study.config;
    let classes = CLASS_NAMES.len() as u64;
    for (arm, rows) in by_key(study.confusion.iter().map(|row| (&row.key, row))) {
        let name = config.label(arm);
        let (mut count, mut seen) = (0_u64, Vec::new());
        for row in rows {
            let pair = (row.true_class, row.predicted_class);
            let named = || format!("{name}, class {} as {}", pair.0, pair.1);
            if pair.0 >= classes || pair.1 >= classes {
                return Err(format!("{}: expected classes from 0 to {}", named(), classes - 1));
            }
            if seen.contains(&pair) {
                return Err(format!(
                    "{}: found twice, expected a row per pair of classes",
                    named()
                ));
            }
            seen.push(pair);
            count = count.saturating_add(row.count);
        }
        let is_tested = |row: &&RunRow| row.key.arm == *arm && row.test_accuracy.is_some();
        let tested = study.runs.iter().filter(is_tested).count() as u64;
        let expected = config.test_images.saturating_mul(tested);
        if count != expected {
            return Err(format!(
                "{name}: found {count} images, expected {expected}: {} test images in each of \
                 {tested} runs",
                config.test_images
            ));
        }
    }
    Ok(())
}

fn landscape(study: &Study) -> Result<(), String> {
    let rows = &study.optional.landscape;
    observed_in_steps(study, rows.iter().map(|row| (&row.key, row.step)))?;
    ordered(study, rows, |row| {
        let ranges = [[row.loss_min, row.loss_max], [row.change_min, row.change_max]];
        (&row.key, row.step, ranges.iter().all(|[min, max]| min <= max))
    })
}

fn unit_percentiles(study: &Study) -> Result<(), String> {
    let rows = &study.optional.unit_percentiles;
    observed_in_steps(study, rows.iter().map(|row| (&row.key, row.step)))?;
    ordered(study, rows, |row| (&row.key, row.step, row.p15 <= row.p50 && row.p50 <= row.p85))
}

/// What was observed of a run was observed in steps that it took, in their order.
fn observed_in_steps<'a>(
    study: &Study,
    rows: impl Iterator<Item = (&'a RunKey, u64)>,
) -> Result<(), String> {
    let found = by_key(rows);
    known(study, "observations", found.iter().map(|(run, _)| *run))?;
    for run in &study.runs {
        let steps = of_key(&found, &run.key);
        let name = name(&study.config, &run.key);
        ascending(&name, steps)?;
        if let Some(step) = steps.last().filter(|step| **step >= run.steps) {
            return Err(format!(
                "{name}: found step {step}, expected one of the {} steps of {}",
                run.steps,
                RunRow::FILE
            ));
        }
    }
    Ok(())
}

/// No row has a smaller number where a larger one belongs.
fn ordered<'a, R: 'a>(
    study: &Study,
    rows: impl IntoIterator<Item = &'a R>,
    check: impl Fn(&'a R) -> (&'a RunKey, u64, bool),
) -> Result<(), String> {
    match rows.into_iter().map(check).find(|(.., is_ordered)| !is_ordered) {
        Some((key, step, _)) => {
            let name = name(&study.config, key);
            Err(format!("{name}, step {step}: expected its columns in ascending order"))
        }
        None => Ok(()),
    }
}

/// Every run of a table is in `runs.csv`.
fn known<'a>(
    study: &Study,
    what: &str,
    mut found: impl Iterator<Item = &'a RunKey>,
) -> Result<(), String> {
    match found.find(|key| !study.runs.iter().any(|run| run.key == **key)) {
        Some(key) => {
            let name = name(&study.config, key);
            Err(format!("{name}: found {what} of no run in {}", RunRow::FILE))
        }
        None => Ok(()),
    }
}

fn ascending(name: &str, steps: &[u64]) -> Result<(), String> {
    match steps.windows(2).find(|pair| pair[0] >= pair[1]) {
        Some(pair) => Err(format!(
            "{name}: found step {} after step {}, expected ascending steps",
            pair[1], pair[0]
        )),
        None => Ok(()),
    }
}

/// All that was observed of an arm was observed in the same steps.
fn same_steps<'a, K: Copy + Ord + Debug>(
    config: &StudyConfig,
    rows: impl Iterator<Item = (&'a Arm, (K, u64))>,
) -> Result<(), String> {
    for (arm, rows) in by_key(rows) {
        let name = config.label(arm);
        let mut kinds: BTreeMap<K, Vec<u64>> = BTreeMap::new();
        for (kind, step) in rows {
            kinds.entry(kind).or_default().push(step);
        }
        let Some((first, steps)) = kinds.first_key_value() else { continue };
        for (kind, others) in &kinds {
            ascending(&name, others)?;
            if others != steps {
                return Err(format!(
                    "{name}: found {} steps of {kind:?} and {} of {first:?}, expected the same steps \
                     of both",
                    others.len(),
                    steps.len()
                ));
            }
        }
    }
    Ok(())
}
