//! A run in its folder: what it leaves, and that stopping and going on changes no byte of it.

mod divergence;
mod epochs;
mod identity;
mod tested;
mod validated;

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use trainer::dataset::{DataSetContents, ImageSize, LabelledImages, Split};
use trainer::evaluation::EvaluationStatistics;
use trainer::network::preset;
use trainer::optimizer::AdamConfig;
use trainer::random_stream::{Purpose, Stream};
use trainer::run::{self, Ended, RunConfig, read_distributions, read_metrics};
use trainer::{Observe, Phase, Seeds, TrainError, Trains};

const SIZE: ImageSize = ImageSize { channels: 1, height: 8, width: 8 };

/// 60 images of two classes: a bright left or a bright right half.
fn two_halves() -> (LabelledImages, Split) {
    let mut stream = Stream::new(0, Purpose::Shuffle, 0);
    let labels: Vec<u8> = (0..60).map(|_| stream.below(2) as u8).collect();
    let pixels = labels
        .iter()
        .flat_map(|&label| (0..64_u8).map(move |pixel| u8::from(pixel % 8 < 4) ^ label))
        .map(|bright| bright * 100 + stream.below(150) as u8)
        .collect();
    let images = LabelledImages::new(SIZE, 2, pixels, labels).unwrap();
    let split = Split::four_fifths_of(images.len(), 0);
    (images, split)
}

/// Two epochs of five steps, the last of 8 images.
fn config() -> RunConfig {
    RunConfig {
        network: preset::SPATIAL_BATCH_NORM_NETWORK.config.clone(),
        trains: Trains::HeadFrozen,
        seeds: Seeds::both(3),
        epochs: 2,
        batch_size: 10,
        optimizer: AdamConfig::new(1e-2).unwrap().into(),
        observations_per_epoch: 2,
        observe: Observe::default(),
        data_set: DataSetContents::known_by_name_alone("two halves"),
        statistics: EvaluationStatistics::Running,
    }
}

/// Every file below a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

fn train(folder: &Path) -> Result<Ended, TrainError> {
    let (images, split) = two_halves();
    config().train(&images, &split, folder, |_| ControlFlow::Continue(()))
}

#[test]
fn a_run_leaves_its_configuration_logs_and_a_checkpoint_per_epoch() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(train(folder.path()).unwrap(), Ended::Complete);
    let files = files(folder.path());
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "checkpoints/epoch=0-step=5.safetensors",
            "checkpoints/epoch=1-step=10.safetensors",
            "distributions.csv",
            "events.out.tfevents.run",
            "hparams.yaml",
            "metrics.csv",
            "weights/epoch=1.safetensors",
            "weights/epoch=2.safetensors",
        ]
    );
    insta::assert_snapshot!("hparams", String::from_utf8(files["hparams.yaml"].clone()).unwrap());
    let metrics = read_metrics(folder.path()).unwrap();
    let places: Vec<_> = metrics.iter().map(|row| (row.step, row.phase, row.count)).collect();
    assert_eq!(
        places[3..7],
        [
            (3, Phase::Training, 10),
            (4, Phase::Training, 8),
            (4, Phase::Validation, 12),
            (5, Phase::Training, 10),
        ]
    );
    assert_eq!(places.len(), 12);
    let header = b"step,epoch,split,loss,accuracy,count\n0,0,train,";
    assert!(files["metrics.csv"].starts_with(header));
    // Observed at steps 0, 3, 6, 9, and 4, the last of the first epoch: two batch norms with four quantities, and two inputs of each
    // of two ReLUs.
    let seen = read_distributions(folder.path()).unwrap();
    assert_eq!(seen.len(), 5 * (2 * 4 + 2 * 2));
    assert!(seen.iter().all(|row| row.min <= row.p15 && row.p15 <= row.p50 && row.p50 <= row.max));
    let steps: Vec<u64> = seen.iter().step_by(12).map(|row| row.step).collect();
    assert_eq!(steps, [0, 3, 4, 6, 9]);
}

/// However often and wherever a run is stopped, what it leaves in the end is the same.
#[test]
fn stopping_and_going_on_changes_no_byte() {
    for trains in [config().trains, Trains::Random] {
        stopping_and_going_on(&RunConfig { trains, ..config() });
    }
}

fn stopping_and_going_on(config: &RunConfig) {
    let (images, split) = two_halves();
    let train =
        |folder: &Path| config.train(&images, &split, folder, |_| ControlFlow::Continue(()));
    let undisturbed = tempfile::tempdir().unwrap();
    train(undisturbed.path()).unwrap();
    let expected = files(undisturbed.path());
    for stops in [vec![0], vec![3], vec![4], vec![9], vec![0, 0, 0, 1, 2, 0]] {
        let folder = tempfile::tempdir().unwrap();
        for &steps in &stops {
            // Measurements of earlier parts are shown again, and only steps after them count.
            let before = read_metrics(folder.path()).map_or(0, |rows| rows.len());
            let mut seen = 0;
            let ended = config
                .train(&images, &split, folder.path(), |_| {
                    seen += 1;
                    if seen > before + steps {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                })
                .unwrap();
            assert_eq!(ended, Ended::Interrupted);
        }
        assert_eq!(train(folder.path()).unwrap(), Ended::Complete);
        assert_eq!(files(folder.path()), expected, "stopped after {stops:?}");
    }
}

/// A process that clears a run can be killed too.
#[test]
fn a_run_that_was_partly_cleared_can_be_trained_again() {
    let whole = tempfile::tempdir().unwrap();
    train(whole.path()).unwrap();
    let expected = files(whole.path());
    let order = run::files(whole.path()).unwrap();
    for removed in 1..=order.len() {
        let folder = tempfile::tempdir().unwrap();
        train(folder.path()).unwrap();
        for path in &run::files(folder.path()).unwrap()[..removed] {
            let _ = fs::remove_file(path); // parts are not there
        }
        train(folder.path()).unwrap();
        assert_eq!(files(folder.path()), expected, "without the first {removed} of {order:?}");
    }
}

#[test]
fn a_second_process_is_kept_out() {
    let folder = tempfile::tempdir().unwrap();
    let (images, split) = two_halves();
    let mut second = None;
    config()
        .train(&images, &split, folder.path(), |_| {
            second.get_or_insert_with(|| train(folder.path()));
            ControlFlow::Continue(())
        })
        .unwrap();
    let error = second.unwrap().unwrap_err();
    assert!(matches!(error, TrainError::InUse { .. }), "{error}");
}

/// A checkpoint is gone on with only by the run that it is of, whatever `hparams.yaml` says.
#[test]
fn a_checkpoint_of_another_configuration_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    train(folder.path()).unwrap();
    fs::remove_file(folder.path().join("hparams.yaml")).unwrap();
    let (images, split) = two_halves();
    let other = RunConfig { optimizer: AdamConfig::new(2e-2).unwrap().into(), ..config() };
    let error =
        other.train(&images, &split, folder.path(), |_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, TrainError::OtherRun { .. }), "{error}");
    let checkpoints = folder.path().join("checkpoints");
    fs::remove_file(folder.path().join("hparams.yaml")).unwrap();
    fs::rename(
        checkpoints.join("epoch=0-step=5.safetensors"),
        checkpoints.join("epoch=1-step=10.safetensors"),
    )
    .unwrap();
    let error = train(folder.path()).unwrap_err();
    assert!(error.to_string().contains("the state after 10 steps, as its name says"), "{error}");
}

#[test]
fn a_last_batch_of_one_row_is_refused_before_the_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let (images, split) = two_halves();
    for (preset, refused) in [
        (&preset::BATCH_NORM_NETWORK, true),
        (&preset::DROPOUT_NETWORK, true),
        (&preset::FULLY_CONNECTED_NETWORK, false),
        (&preset::SPATIAL_BATCH_NORM_NETWORK, false),
    ] {
        let config =
            RunConfig { network: preset.config.clone(), batch_size: 47, epochs: 1, ..config() };
        let folder = folder.path().join(preset.folder);
        let mut steps = 0;
        let result = config.train(&images, &split, &folder, |_| {
            steps += 1;
            ControlFlow::Continue(())
        });
        match result {
            Err(TrainError::Config { parameter: "the batch size", .. }) => {
                assert!(refused && steps == 0, "{preset:?}");
            }
            other => assert!(!refused && other.is_ok(), "{preset:?} {other:?}"),
        }
    }
}

/// A process can be killed between any two writes: logs may be longer than the last checkpoint
/// says, and parts of files be left over.
#[test]
fn what_a_killed_process_leaves_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    train(folder.path()).unwrap();
    let expected = files(folder.path());
    let last = folder.path().join("checkpoints/epoch=1-step=10.safetensors");
    fs::remove_file(&last).unwrap();
    fs::write(folder.path().join("checkpoints/epoch=1-step=10.safetensors.part"), "half").unwrap();
    train(folder.path()).unwrap();
    assert_eq!(files(folder.path()), expected);

    for name in ["metrics.csv", "distributions.csv", "events.out.tfevents.run"] {
        let path = folder.path().join(name);
        fs::write(&path, [expected[name].as_slice(), b"1,2,half a ro"].concat()).unwrap();
    }
    assert_eq!(train(folder.path()).unwrap(), Ended::Complete); // nothing is left to train
    assert_eq!(files(folder.path()), expected);

    // Killed before the first checkpoint.
    fs::remove_dir_all(folder.path().join("checkpoints")).unwrap();
    train(folder.path()).unwrap();
    assert_eq!(files(folder.path()), expected);
}

#[test]
fn folders_that_cannot_be_gone_on_with_are_refused_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    train(folder.path()).unwrap();
    let (images, split) = two_halves();
    let other = RunConfig { seeds: Seeds::both(4), ..config() };
    let error =
        other.train(&images, &split, folder.path(), |_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, TrainError::OtherRun { .. }), "{error}");

    let good = files(folder.path());
    let metrics = folder.path().join("metrics.csv");
    fs::write(&metrics, &good["metrics.csv"][..100]).unwrap();
    let error = train(folder.path()).unwrap_err();
    assert!(matches!(error, TrainError::ShortLog { found: 100, .. }), "{error}");
    fs::write(&metrics, &good["metrics.csv"]).unwrap();

    let name = "checkpoints/epoch=1-step=10.safetensors";
    let checkpoint = folder.path().join(name);
    for bit in (0..8 * good[name].len()).step_by(8 * 4_999 + 3) {
        let mut bytes = good[name].clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(&checkpoint, &bytes).unwrap();
        let error = train(folder.path()).unwrap_err();
        assert!(matches!(error, TrainError::Checkpoint { .. }), "bit {bit}: {error}");
        assert!(error.to_string().contains("step=10.safetensors: expected"), "{error}");
    }
    for length in [0, 7, 8, 100, good[name].len() - 1] {
        fs::write(&checkpoint, &good[name][..length]).unwrap();
        assert!(matches!(train(folder.path()), Err(TrainError::Checkpoint { .. })));
    }
    fs::write(&checkpoint, &good[name]).unwrap();
    assert_eq!(files(folder.path()), good);
}

#[test]
fn a_log_with_a_changed_byte_is_refused_by_name_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    train(folder.path()).unwrap();
    let good = files(folder.path());
    for name in ["metrics.csv", "distributions.csv", "events.out.tfevents.run"] {
        let path = folder.path().join(name);
        for place in [0, good[name].len() / 3, good[name].len() / 2, good[name].len() - 2] {
            let mut bytes = good[name].clone();
            bytes[place] ^= 1; // of a digit another digit
            bytes.extend(b"what a killed process added");
            fs::write(&path, &bytes).unwrap();
            let error = train(folder.path()).unwrap_err();
            assert!(matches!(error, TrainError::ChangedLog { .. }), "{name} {place}: {error}");
            let message = error.to_string();
            assert!(message.contains(name) && message.contains("to start anew"), "{message}");
            assert_eq!(fs::read(&path).unwrap(), bytes);
        }
        fs::write(&path, &good[name]).unwrap();
    }
    train(folder.path()).unwrap();
    assert_eq!(files(folder.path()), good);
}

/// A report is made of what these functions read.
#[test]
fn a_log_that_was_changed_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    train(folder.path()).unwrap();
    let good = files(folder.path());
    let read = |name: &str| match name {
        "metrics.csv" => read_metrics(folder.path()).map(|rows| rows.len()),
        _ => read_distributions(folder.path()).map(|rows| rows.len()),
    };
    for name in ["metrics.csv", "distributions.csv"] {
        let path = folder.path().join(name);
        let rows = read(name).unwrap();
        let text = String::from_utf8(good[name].clone()).unwrap();
        let second = text.lines().nth(1).unwrap();
        let changes = [
            "garbage\n".to_owned(),
            text.lines().take(3).map(|line| format!("{line}\n")).collect(),
            text.replacen(&format!("{second}\n"), "", 1),
            text.replacen(second, &format!("{second}1"), 1),
        ];
        for changed in changes {
            fs::write(&path, &changed).unwrap();
            let error = read(name).unwrap_err();
            let is_refused =
                matches!(error, TrainError::ShortLog { .. } | TrainError::ChangedLog { .. });
            assert!(is_refused && error.to_string().contains(name), "{error}");
        }
        fs::write(&path, text.clone() + "what a killed pro").unwrap();
        assert_eq!(read(name).unwrap(), rows);
        fs::write(&path, &text).unwrap();
    }
}

#[test]
fn an_earlier_checkpoint_that_is_damaged_is_said() {
    let folder = tempfile::tempdir().unwrap();
    train(folder.path()).unwrap();
    let good = files(folder.path());
    let name = "checkpoints/epoch=0-step=5.safetensors";
    let earlier = folder.path().join(name);
    let mut damaged = vec![Vec::new(), good["checkpoints/epoch=1-step=10.safetensors"].clone()];
    for place in [9, good[name].len() / 2, good[name].len() - 1] {
        let mut bytes = good[name].clone();
        bytes[place] ^= 1;
        damaged.push(bytes);
    }
    for bytes in damaged {
        fs::write(&earlier, bytes).unwrap();
        let error = train(folder.path()).unwrap_err();
        assert!(matches!(error, TrainError::EarlierCheckpoint { .. }), "{error}");
        let message = error.to_string();
        assert!(message.contains(name) && message.contains("remove it"), "{message}");
    }
    // What the message says helps.
    fs::remove_file(&earlier).unwrap();
    assert_eq!(train(folder.path()).unwrap(), Ended::Complete);
}

#[test]
fn a_checkpoint_that_does_not_know_the_logs_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    train(folder.path()).unwrap();
    let last = folder.path().join("checkpoints/epoch=1-step=10.safetensors");
    let mut bytes = fs::read(&last).unwrap();
    let key = br#"\"logs\":"#;
    let at = bytes.windows(key.len()).position(|window| window == key).unwrap();
    bytes[at + 2] = b'd';
    fs::write(&last, bytes).unwrap();
    let error = train(folder.path()).unwrap_err();
    assert!(matches!(error, TrainError::UnknownLogs { .. }), "{error}");
    assert!(error.to_string().contains("remove the run's folder to start anew"), "{error}");
}

#[test]
fn the_trained_network_can_be_had_again() {
    let folder = tempfile::tempdir().unwrap();
    let (images, split) = two_halves();
    assert!(matches!(config().trained(&images, folder.path()), Err(TrainError::File { .. })));
    train(folder.path()).unwrap();
    let network = config().trained(&images, folder.path()).unwrap();
    let evaluation =
        trainer::evaluation::evaluate(&network, &images, &split.validation, 10).unwrap();
    let last = *read_metrics(folder.path()).unwrap().last().unwrap();
    assert_eq!(evaluation.score.mean_loss(), last.loss);
    assert_eq!(evaluation.score.accuracy(), last.accuracy);
    let other = RunConfig { network: preset::SIMPLE_NETWORK.config.clone(), ..config() };
    let error = other.trained(&images, folder.path()).unwrap_err();
    assert!(matches!(error, TrainError::Weights { .. }), "{error}");
}
