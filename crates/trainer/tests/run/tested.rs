//! A run is tested once per number of epochs, and the result is kept.

use std::fs;

use trainer::TrainError;
use trainer::evaluation::evaluate;
use trainer::run::RunConfig;

use super::{config, files, train, two_halves};

#[test]
fn the_result_is_that_of_an_evaluation_and_is_read_the_second_time() {
    let folder = tempfile::tempdir().unwrap();
    let (images, split) = two_halves();
    train(folder.path()).unwrap();
    let positions = &split.validation;
    for epochs in [1, 2] {
        let run = RunConfig { epochs, ..config() };
        let network = run.trained(&images, folder.path()).unwrap();
        let expected = evaluate(&network, &images, positions, run.batch_size).unwrap();
        assert_eq!(run.test(&images, positions, folder.path()).unwrap(), expected);
        assert!(expected.confusion.sum() == 12 && expected.score.count() == 12);
        let stored = files(folder.path());
        assert!(stored.contains_key(&format!("test/epoch={epochs}.toml")));
        // Without weights nothing could be evaluated a second time.
        let weights = folder.path().join(format!("weights/epoch={epochs}.safetensors"));
        fs::remove_file(&weights).unwrap();
        assert_eq!(run.test(&images, positions, folder.path()).unwrap(), expected);
        fs::write(&weights, &stored[&format!("weights/epoch={epochs}.safetensors")]).unwrap();
        assert_eq!(files(folder.path()), stored);
    }
    // A test is no obstacle to further training.
    train(folder.path()).unwrap();
}

#[test]
fn a_damaged_result_and_one_on_other_images_are_refused_and_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (images, split) = two_halves();
    train(folder.path()).unwrap();
    let test = |positions: &[usize]| config().test(&images, positions, folder.path());
    test(&split.validation).unwrap();
    let good = files(folder.path());
    for other in [&split.validation[1..], &split.training[..12]] {
        let error = test(other).unwrap_err();
        assert!(matches!(error, TrainError::TestedOnOthers { found: 12, .. }), "{error}");
    }
    let name = "test/epoch=2.toml";
    let path = folder.path().join(name);
    for place in 0..good[name].len() {
        let mut bytes = good[name].clone();
        bytes[place] ^= 1; // of a digit another digit
        fs::write(&path, &bytes).unwrap();
        let error = test(&split.validation).unwrap_err();
        assert!(matches!(error, TrainError::Damaged { .. }), "{place}: {error}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    fs::write(&path, &good[name]).unwrap();
    test(&split.validation).unwrap();
    // The result of another run.
    let hparams = folder.path().join("hparams.yaml");
    fs::write(&hparams, [good["hparams.yaml"].as_slice(), b"\n"].concat()).unwrap();
    assert!(matches!(test(&split.validation), Err(TrainError::OtherRun { .. })));
}

#[test]
fn what_was_not_trained_is_not_tested() {
    let folder = tempfile::tempdir().unwrap();
    let (images, split) = two_halves();
    let test = |run: &RunConfig| run.test(&images, &split.validation, folder.path());
    assert!(matches!(test(&config()), Err(TrainError::OtherRun { .. })));
    train(folder.path()).unwrap();
    let more = RunConfig { epochs: 3, ..config() };
    assert!(matches!(test(&more), Err(TrainError::File { .. })));
    assert!(!folder.path().join("test").exists());
}
