//! What a run is: every number that changes what comes out, and nothing else.

use std::collections::BTreeSet;
use std::fs;

use trainer::dataset::{DataSet, DataSetContents, Split, SplitFacts};
use trainer::network::{NetworkConfig, preset};
use trainer::optimizer::{AdamConfig, OptimizerConfig};
use trainer::run::{RunConfig, identity};
use trainer::{Observable, Observe, Seeds, TrainError, Trains};

use super::{config, train, two_halves};

const SPLIT: SplitFacts = SplitFacts { training_images: 48, validation_images: 12, seed: 0 };

fn id(run: &RunConfig, split: &SplitFacts) -> String {
    run.identity(split).unwrap().to_string()
}

#[test]
fn every_field_counts() {
    let network = |text: &str| text.parse::<NetworkConfig>().unwrap();
    let named = DataSetContents::known_by_name_alone;
    let optimizer = |name, weight_decay| {
        OptimizerConfig::usual(name, 1e-2).unwrap().with_weight_decay(weight_decay).unwrap()
    };
    let runs = [
        config(),
        RunConfig { network: preset::SIMPLE_NETWORK.config.clone(), ..config() },
        RunConfig { network: network("conv-16-33_batch-norm_relu"), ..config() },
        RunConfig { network: network("conv-16-32_batch-norm_relu_dropout-0.1"), ..config() },
        RunConfig { trains: Trains::All, ..config() },
        RunConfig { trains: Trains::NormOnly, ..config() },
        RunConfig { trains: Trains::AllButNorm, ..config() },
        RunConfig { trains: Trains::HeadOnly, ..config() },
        RunConfig { trains: Trains::NormAndHead, ..config() },
        RunConfig { trains: Trains::Random, ..config() },
        RunConfig { seeds: Seeds { weights: 4, order: 3 }, ..config() },
        RunConfig { seeds: Seeds { weights: 3, order: 4 }, ..config() },
        RunConfig { seeds: Seeds { weights: 4, order: 4 }, ..config() },
        RunConfig { batch_size: 11, ..config() },
        RunConfig { optimizer: AdamConfig::new(2e-2).unwrap().into(), ..config() },
        RunConfig { optimizer: optimizer("adam", 1e-3), ..config() },
        RunConfig { optimizer: optimizer("sgd", 0.0), ..config() },
        RunConfig { optimizer: optimizer("sgd", 1e-3), ..config() },
        RunConfig { optimizer: optimizer("momentum", 0.0), ..config() },
        RunConfig { network: network("conv-16-32_relu_dropout-0.1-before-norm"), ..config() },
        RunConfig { network: network("conv-16-32_relu_dropout-0.1"), ..config() },
        RunConfig { network: network("conv-16-32_batch-norm_relu_init-0.5"), ..config() },
        RunConfig { network: network("conv-16-32_batch-norm_tanh"), ..config() },
        RunConfig { observations_per_epoch: 3, ..config() },
        RunConfig { observe: Observe::nothing(), ..config() },
        RunConfig { observe: Observe::from_iter([Observable::Unit]), ..config() },
        RunConfig { observe: Observe::from_iter([Observable::Landscape]), ..config() },
        RunConfig { data_set: named("other halves"), ..config() },
        RunConfig { data_set: DataSet::FashionMnist.into(), ..config() },
        RunConfig { data_set: DataSet::Synthetic.into(), ..config() },
        // Known by more than the name.
        RunConfig { data_set: named(DataSet::FashionMnist.name()), ..config() },
        RunConfig { data_set: named(DataSet::Synthetic.name()), ..config() },
    ];
    let splits = [
        SplitFacts { training_images: 47, ..SPLIT },
        SplitFacts { validation_images: 11, ..SPLIT },
        SplitFacts { seed: 1, ..SPLIT },
    ];
    let mut all: Vec<String> = runs.iter().map(|run| id(run, &SPLIT)).collect();
    all.extend(splits.iter().map(|split| id(&config(), split)));
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
}

#[test]
fn epochs_and_ways_of_writing_do_not_count() {
    let rate = |text: &str| AdamConfig::new(text.parse().unwrap()).unwrap().into();
    let expected = id(&config(), &SPLIT);
    assert_eq!(expected, id(&RunConfig { epochs: 8, ..config() }, &SPLIT));
    for text in ["1e-2", "0.01", "0.0100", "10e-3"] {
        assert_eq!(
            expected,
            id(&RunConfig { optimizer: rate(text), ..config() }, &SPLIT),
            "{text}"
        );
    }
    // A preset is no other network than one that has its parts.
    let parts = "conv-16-32_batch-norm_relu".parse().unwrap();
    assert_eq!(expected, id(&RunConfig { network: parts, ..config() }, &SPLIT));
    let whole = Split::four_fifths_of(60, 0).facts().unwrap();
    assert_eq!(expected, id(&config(), &whole));
}

#[test]
fn a_folder_tells_its_identity() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(identity(folder.path()).unwrap(), None);
    train(folder.path()).unwrap();
    let found = identity(folder.path()).unwrap().unwrap();
    assert_eq!(found, config().identity(&SPLIT).unwrap());
    assert_eq!((found.as_str().len(), found.short()), (64, &found.as_str()[..8]));
    assert!(found.as_str().chars().all(|digit| digit.is_ascii_hexdigit()));
}

#[test]
fn a_folder_of_other_numerics_is_refused_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    train(folder.path()).unwrap();
    let path = folder.path().join("hparams.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let (before, numerics) = text.trim_end().rsplit_once("numerics: ").unwrap();
    fs::write(&path, format!("{before}numerics: \"0123456789abcdef\"\n")).unwrap();
    let error = train(folder.path()).unwrap_err();
    let TrainError::OtherNumerics { expected, found, .. } = &error else { panic!("{error}") };
    assert_eq!(
        (expected.as_str(), found.as_str()),
        (numerics.trim_matches('"'), "0123456789abcdef")
    );
    fs::write(&path, text.replace("batch_size: 10", "batch_size: 11")).unwrap();
    assert!(matches!(train(folder.path()), Err(TrainError::OtherRun { .. })));
}

#[test]
fn a_split_that_no_seed_drew_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (images, split) = two_halves();
    let chosen = Split { seed: None, ..split };
    let result =
        config().train(&images, &chosen, folder.path(), |_| std::ops::ControlFlow::Continue(()));
    assert!(matches!(result, Err(TrainError::DataSet { what: "its origin", .. })));
}
