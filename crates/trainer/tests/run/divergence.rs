//! A run whose loss or state becomes infinite or NaN ends as diverged, once and for all.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use trainer::network::NetworkConfig;
use trainer::optimizer::AdamConfig;
use trainer::run::{Ended, RunConfig, diverged, read_metrics};
use trainer::{Phase, TrainError};

use super::{config, files, two_halves};

/// A run that diverges because its learning rate is absurd.
struct Case {
    network: &'static str,
    learning_rate: f64,
    step: u64,
    what: &'static str,
}

const CASES: [Case; 5] = [
    Case { network: "linear-200_relu", learning_rate: 2e17, step: 2, what: "training loss" },
    // Within an epoch, and at the beginning of one: dropout lets the training diverge before the validation.
    Case {
        network: "linear-200_relu_dropout-0.9",
        learning_rate: 1.122e17,
        step: 8,
        what: "training loss",
    },
    Case {
        network: "linear-200_relu_dropout-0.9",
        learning_rate: 1.259e17,
        step: 5,
        what: "training loss",
    },
    Case {
        network: "conv-16-32_batch-norm_relu",
        learning_rate: 5e17,
        step: 4,
        what: "validation loss",
    },
    // Batch norm keeps the losses finite for three epochs.
    Case {
        network: "conv-16-32_batch-norm_relu",
        learning_rate: 2.154e8,
        step: 14,
        what: "model.5.running_var",
    },
];

const STEPS_PER_EPOCH: u64 = 5;

impl Case {
    fn run(&self, epochs: u64) -> RunConfig {
        RunConfig {
            network: self.network.parse().unwrap(),
            optimizer: AdamConfig::new(self.learning_rate).unwrap().into(),
            epochs,
            ..config()
        }
    }

    /// The epochs that end before it diverges.
    fn whole_epochs(&self) -> u64 {
        self.step / STEPS_PER_EPOCH
    }
}

fn train(run: &RunConfig, folder: &Path) -> Result<Ended, TrainError> {
    let (images, split) = two_halves();
    run.train(&images, &split, folder, |_| ControlFlow::Continue(()))
}

#[test]
fn a_run_that_diverges_says_so_again_and_keeps_its_logs_up_to_the_step() {
    for case in &CASES {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let ended = Ended::Diverged { step: case.step };
        assert_eq!(diverged(folder).unwrap(), None);
        assert_eq!(train(&case.run(5), folder).unwrap(), ended);
        let expected = files(folder);
        let record = String::from_utf8(expected["diverged.toml"].clone()).unwrap();
        assert!(record.contains(&format!("what = {:?}\n", case.what)), "{record}");
        assert_eq!(diverged(folder).unwrap(), Some(case.step));
        // All measurements before, and no number that is not finite.
        let metrics = read_metrics(folder).unwrap();
        let taken = metrics.iter().filter(|row| row.phase == Phase::Training).count() as u64;
        let is_of_step = case.what == "training loss";
        assert_eq!(taken, if is_of_step { case.step } else { case.step + 1 });
        assert_eq!(metrics.len() as u64, taken + case.whole_epochs());
        assert!(metrics.iter().all(|row| row.loss.is_finite()));
        // The same call, and one for more epochs.
        for epochs in [5, 9, case.whole_epochs() + 1] {
            assert_eq!(train(&case.run(epochs), folder).unwrap(), ended);
            assert_eq!(files(folder), expected);
        }
    }
}

/// Weights that `f32` cannot hold: the first loss is not finite, and there is nothing to log.
#[test]
fn a_run_can_diverge_at_its_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let usual = config();
    let network = NetworkConfig { initial_scale: 1e40, ..usual.network.clone() };
    let run = RunConfig { network, ..usual };
    for _ in 0..2 {
        assert_eq!(train(&run, folder.path()).unwrap(), Ended::Diverged { step: 0 });
        assert_eq!(read_metrics(folder.path()).unwrap(), []);
    }
}

#[test]
fn it_is_complete_for_the_epochs_before() {
    let (images, _) = two_halves();
    for case in &CASES {
        let folder = tempfile::tempdir().unwrap();
        let whole = case.whole_epochs();
        train(&case.run(5), folder.path()).unwrap();
        let expected = files(folder.path());
        for epochs in 1..=whole {
            let fewer = tempfile::tempdir().unwrap();
            assert_eq!(train(&case.run(epochs), fewer.path()).unwrap(), Ended::Complete);
            assert_eq!(train(&case.run(epochs), folder.path()).unwrap(), Ended::Complete);
            let trained = |run: &Path| case.run(epochs).trained(&images, run).unwrap();
            assert_eq!(trained(folder.path()), trained(fewer.path()));
            // Asked for more, the one of fewer epochs diverges as well.
            train(&case.run(5), fewer.path()).unwrap();
            assert_eq!(files(fewer.path()), expected);
        }
        let error = case.run(whole + 1).trained(&images, folder.path()).unwrap_err();
        assert!(matches!(error, TrainError::Diverged { step } if step == case.step), "{error}");
        assert_eq!(files(folder.path()), expected);
    }
}

#[test]
fn stops_and_kills_on_the_way_change_no_byte() {
    let (images, split) = two_halves();
    for case in &CASES {
        let undisturbed = tempfile::tempdir().unwrap();
        train(&case.run(5), undisturbed.path()).unwrap();
        let expected = files(undisturbed.path());
        // Stopped after its second step before it diverges, which may be within an epoch.
        let folder = tempfile::tempdir().unwrap();
        let stop_at = case.step.saturating_sub(2);
        let ended = case.run(5).train(&images, &split, folder.path(), |measurement| {
            if measurement.step >= stop_at {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert_eq!(ended.unwrap(), Ended::Interrupted);
        assert_eq!(
            train(&case.run(5), folder.path()).unwrap(),
            Ended::Diverged { step: case.step }
        );
        assert_eq!(files(folder.path()), expected, "stopped at {stop_at}");
        // Killed after its logs and before it had said why they end.
        fs::rename(folder.path().join("diverged.toml"), folder.path().join("diverged.toml.part"))
            .unwrap();
        assert_eq!(
            train(&case.run(5), folder.path()).unwrap(),
            Ended::Diverged { step: case.step }
        );
        assert_eq!(files(folder.path()), expected, "killed");
    }
}

#[test]
fn what_was_changed_or_is_of_another_run_is_refused_and_stays() {
    let case = &CASES[4];
    let folder = tempfile::tempdir().unwrap();
    train(&case.run(5), folder.path()).unwrap();
    let good = files(folder.path());
    let path = folder.path().join("diverged.toml");
    let text = String::from_utf8(good["diverged.toml"].clone()).unwrap();
    for changed in [String::new(), text.replace("step = 14", "step = 15"), text.clone() + "a = 1\n"]
    {
        fs::write(&path, &changed).unwrap();
        for epochs in [1, 5] {
            let error = train(&case.run(epochs), folder.path()).unwrap_err();
            assert!(matches!(error, TrainError::Damaged { .. }), "{error}");
        }
        assert!(matches!(diverged(folder.path()), Err(TrainError::Damaged { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), changed);
    }
    fs::write(&path, &text).unwrap();
    let metrics = folder.path().join("metrics.csv");
    fs::write(&metrics, &good["metrics.csv"][1..]).unwrap();
    let error = train(&case.run(5), folder.path()).unwrap_err();
    assert!(matches!(error, TrainError::ShortLog { .. }), "{error}");
    assert!(matches!(read_metrics(folder.path()), Err(TrainError::ShortLog { .. })));
    fs::write(&metrics, &good["metrics.csv"]).unwrap();

    let other = tempfile::tempdir().unwrap();
    train(&CASES[3].run(5), other.path()).unwrap();
    fs::copy(other.path().join("diverged.toml"), &path).unwrap();
    let error = train(&case.run(5), folder.path()).unwrap_err();
    assert!(matches!(error, TrainError::OtherRun { .. }), "{error}");
}
