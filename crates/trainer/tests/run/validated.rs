//! What was trained is evaluated with other statistics once per epoch, and the results are kept.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use trainer::evaluation::EvaluationStatistics::{Batch, Population, Running};
use trainer::evaluation::{
    Evaluation, EvaluationStatistics, evaluate, evaluate_by_batch, population_moments,
    variance_shift,
};
use trainer::optimizer::AdamConfig;
use trainer::run::{self, Ended, RunConfig, read_metrics};
use trainer::{Phase, TrainError};

use super::{config, files, train, two_halves};

const STEPS_PER_EPOCH: u64 = 5;

fn with(statistics: EvaluationStatistics) -> RunConfig {
    RunConfig { statistics, ..config() }
}

/// Validates; the steps and accuracies that were seen.
fn validate(run: &RunConfig, folder: &Path) -> (Result<Ended, TrainError>, Vec<(u64, f64)>) {
    let (images, split) = two_halves();
    let mut seen = Vec::new();
    let ended = run.validate(&images, &split, folder, |measurement| {
        assert_eq!((measurement.phase, measurement.count), (Phase::Validation, 12));
        seen.push((measurement.step, measurement.accuracy));
        ControlFlow::Continue(())
    });
    (ended, seen)
}

/// The validation of an epoch, by the functions themselves.
fn expected(statistics: EvaluationStatistics, epochs: u64, folder: &Path) -> Evaluation {
    let (images, split) = two_halves();
    let run = RunConfig { epochs, ..config() };
    let mut network = run.trained(&images, folder).unwrap();
    match statistics {
        Running => {}
        Population => {
            let size = run.batch_size;
            let moments = population_moments(&network, &images, &split.training, size).unwrap();
            moments.iter().for_each(|of| of.give_to(&mut network).unwrap());
        }
        Batch => {
            return evaluate_by_batch(&network, &images, &split.validation, run.batch_size)
                .unwrap();
        }
    }
    evaluate(&network, &images, &split.validation, run.batch_size).unwrap()
}

#[test]
fn each_epoch_is_evaluated_and_neither_that_nor_the_test_needs_anything_a_second_time() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (images, split) = two_halves();
    train(folder).unwrap();
    let trained = files(folder);
    let logged = read_metrics(folder).unwrap();
    assert_eq!(with(Running).measurements(folder).unwrap(), logged);
    for (statistics, name) in [(Population, "population"), (Batch, "batch")] {
        let run = with(statistics);
        assert_eq!(run.validated(2, folder).unwrap(), None);
        let (ended, seen) = validate(&run, folder);
        assert_eq!(ended.unwrap(), Ended::Complete);
        let of = [1, 2].map(|epochs| expected(statistics, epochs, folder));
        assert_eq!(seen, [(4, of[0].score.accuracy()), (9, of[1].score.accuracy())]);
        assert_eq!(run.validated(2, folder).unwrap().unwrap(), [of[0].score, of[1].score]);
        let measurements = run.measurements(folder).unwrap();
        assert_eq!(measurements.len(), logged.len());
        for (row, logged) in measurements.iter().zip(&logged) {
            match row.phase {
                Phase::Training => assert_eq!(row, logged),
                Phase::Validation => {
                    assert_eq!((row.step, row.epoch), (logged.step, logged.epoch));
                    assert_ne!(row.loss, logged.loss);
                    assert_eq!(row.loss, of[row.epoch as usize].score.mean_loss());
                }
            }
        }
        // The validation images stand in for test images.
        assert_eq!(run.test(&images, &split.validation, folder).unwrap(), of[1]);
        let stored = files(folder);
        assert!(stored.contains_key(&format!("validation-{name}/epoch=1.toml")));
        assert!(stored.contains_key(&format!("test-{name}/epoch=2.toml")));
        // Without weights and checkpoints nothing could be evaluated a second time.
        for gone in ["weights", "checkpoints"] {
            fs::rename(folder.join(gone), folder.join(format!("no {gone}"))).unwrap();
        }
        assert_eq!(validate(&run, folder).1, seen);
        assert_eq!(run.test(&images, &split.validation, folder).unwrap(), of[1]);
        for gone in ["weights", "checkpoints"] {
            fs::rename(folder.join(format!("no {gone}")), folder.join(gone)).unwrap();
        }
        assert_eq!(files(folder), stored);
    }
    // What the training wrote stays, and goes on; what was evaluated goes with the run.
    assert!(trained.iter().all(|(name, bytes)| files(folder)[name] == *bytes));
    train(folder).unwrap();
    let own = run::files(folder).unwrap();
    assert!(files(folder).keys().all(|name| own.contains(&folder.join(name))));
}

#[test]
fn an_evaluation_goes_on_after_a_stop_and_from_checkpoints_if_weights_are_gone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (images, split) = two_halves();
    train(folder).unwrap();
    let run = with(Population);
    let ended = run.validate(&images, &split, folder, |_| ControlFlow::Break(())).unwrap();
    assert_eq!(ended, Ended::Interrupted);
    assert!(run.validated(1, folder).unwrap().is_some());
    assert_eq!(run.validated(2, folder).unwrap(), None);
    // A test has no statistics to work with yet.
    let early = run.test(&images, &split.validation, folder);
    assert!(matches!(early, Err(TrainError::NotValidated { epochs: 2, .. })));
    let weights = fs::read(folder.join("weights/epoch=2.safetensors")).unwrap();
    fs::remove_dir_all(folder.join("weights")).unwrap();
    assert_eq!(validate(&run, folder).0.unwrap(), Ended::Complete);
    assert_eq!(fs::read(folder.join("weights/epoch=2.safetensors")).unwrap(), weights);
    assert_eq!(
        run.validated(2, folder).unwrap().unwrap()[1],
        expected(Population, 2, folder).score
    );
    // Weights that are nowhere are named.
    fs::remove_dir_all(folder.join("weights")).unwrap();
    fs::remove_dir_all(folder.join("checkpoints")).unwrap();
    let error = validate(&with(Batch), folder).0.unwrap_err();
    assert!(error.to_string().contains("weights/epoch=1.safetensors"), "{error}");
    // Another process is at work.
    let _lock = ::files::lock(folder).unwrap();
    assert!(matches!(validate(&run, folder).0, Err(TrainError::InUse { .. })));
}

#[test]
fn a_damaged_result_and_that_of_another_run_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    train(folder).unwrap();
    let run = with(Population);
    validate(&run, folder).0.unwrap();
    let path = folder.join("validation-population/epoch=1.toml");
    let good = fs::read(&path).unwrap();
    let mut bytes = good.clone();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!(matches!(run.validated(2, folder), Err(TrainError::Damaged { .. })));
    fs::write(&path, good).unwrap();
    let hparams = folder.join("hparams.yaml");
    let record = fs::read(&hparams).unwrap();
    fs::write(&hparams, [record.as_slice(), b"\n"].concat()).unwrap();
    assert!(matches!(run.validated(2, folder), Err(TrainError::OtherRun { .. })));
}

/// Batch norm keeps the losses of this run finite for two epochs, and not the third: as in
/// `super::divergence`.
#[test]
fn of_a_run_that_diverged_the_epochs_before_are_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (images, split) = two_halves();
    let optimizer = AdamConfig::new(2.154e8).unwrap().into();
    let of = |epochs| RunConfig { optimizer, epochs, statistics: Batch, ..config() };
    let diverged = Ended::Diverged { step: 14 };
    let go_on = |_: &_| ControlFlow::Continue(());
    assert_eq!(of(3).train(&images, &split, folder, go_on).unwrap(), diverged);
    let (ended, seen) = validate(&of(3), folder);
    assert_eq!(ended.unwrap(), diverged);
    assert_eq!(
        seen.iter().map(|(step, _)| step + 1).collect::<Vec<_>>(),
        [STEPS_PER_EPOCH, 2 * STEPS_PER_EPOCH]
    );
    assert!(of(3).validated(2, folder).unwrap().is_some());
    assert_eq!(validate(&of(2), folder).0.unwrap(), Ended::Complete);
}

#[test]
fn the_shift_of_variance_is_measured_once_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (images, split) = two_halves();
    train(folder).unwrap();
    let run = config();
    assert_eq!(run.measured_variance_shift(folder).unwrap(), None);
    run.measure_variance_shift(&images, &split, folder).unwrap();
    let network = run.trained(&images, folder).unwrap();
    let expected = variance_shift(&network, &images, &split.validation, 5).unwrap();
    let found = run.measured_variance_shift(folder).unwrap().unwrap();
    assert_eq!(found.len(), 2);
    for (found, expected) in found.iter().zip(&expected) {
        // Batches of another size add in another order.
        assert!((found.ratio / expected.ratio - 1.0).abs() < 1e-5 && found.ratio > 1.0);
        assert_eq!(found.layer, expected.layer);
    }
    // What is stored needs no weights, and what is to be measured gets them from a checkpoint.
    let stored = files(folder);
    fs::remove_dir_all(folder.join("weights")).unwrap();
    run.measure_variance_shift(&images, &split, folder).unwrap();
    assert_eq!(run.measured_variance_shift(folder).unwrap().unwrap(), found);
    assert!(!folder.join("weights").exists());
    fs::remove_dir_all(folder.join("variance-shift")).unwrap();
    run.measure_variance_shift(&images, &split, folder).unwrap();
    assert_eq!(run.measured_variance_shift(folder).unwrap().unwrap(), found);
    assert!(run::files(folder).unwrap().contains(&folder.join("variance-shift/epoch=2.toml")));
    let path = folder.join("variance-shift/epoch=2.toml");
    let mut bytes = stored["variance-shift/epoch=2.toml"].clone();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(path, bytes).unwrap();
    assert!(matches!(run.measured_variance_shift(folder), Err(TrainError::Damaged { .. })));
}
