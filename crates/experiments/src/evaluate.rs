//! `cargo xtask evaluate`: loss and accuracy of given weights, ours or PyTorch's.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use trainer::dataset::{CLASS_NAMES, FASHION_MNIST_IMAGE, Split};
use trainer::evaluation::{Evaluation, evaluate_f32};
use trainer::network::{Network, NetworkConfig, Preset};
use trainer::run::{last_weights, recorded};
use trainer::{WeightsError, weights};

use crate::data_argument::DataArguments;
use crate::network_argument::NetworkArgument;
use terminal::exit::Exit;
use terminal::output::say;
use terminal::workspace::relative;

/// Images per forward pass; no result depends on it.
const BATCH_SIZE: usize = 100;

/// The classes of each data set.
const CLASSES: usize = CLASS_NAMES.len();

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Weights as safetensors: a PyTorch state dict, a run's, or the folder of a run
    #[arg(value_name = "WEIGHTS")]
    weights: PathBuf,

    /// The network [default: the one that has tensors of these names and shapes]
    #[arg(long, value_enum)]
    network: Option<NetworkArgument>,

    /// The images to evaluate the weights on
    #[arg(long, value_enum, default_value_t = Part::Validation)]
    split: Part,

    /// The seed that divides training and validation images [default: that of the run whose folder is
    /// named, else 0]
    #[arg(long, value_name = "N")]
    split_seed: Option<u64>,

    #[command(flatten)]
    data: DataArguments,
}

/// A part of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The 12,000 images that a run with this split does not train on
    Validation,
    /// The 10,000 test images
    Test,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let path = weights_at(relative(&arguments.weights))?;
    let path = path.as_path();
    let bytes = files::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let folder = relative(&arguments.weights);
    let networks = match (arguments.network, recorded(folder, "network")?) {
        (Some(network), _) => vec![network.0.config.clone()],
        // A run says which network it is; the names of tensors do not tell activations apart.
        (None, Some(network)) => vec![network.parse()?],
        (None, None) => Preset::all().iter().map(|preset| preset.config.clone()).collect(),
    };
    let (config, network) = network_of(path, &bytes, &networks)?;
    let data_set = arguments.data.find()?;
    let chosen = data_set.data_set();
    if let Some(name) = recorded(folder, "data_set")?.filter(|name| name != chosen.name()) {
        bail!(
            "{}: found a run of {name}, expected one of {chosen}; --dataset chooses the images",
            folder.display()
        );
    }
    let (images, positions, part) = match arguments.split {
        Part::Validation => {
            let of_run = recorded(folder, "split_seed")?.and_then(|seed| seed.parse().ok());
            let seed = arguments.split_seed.or(of_run).unwrap_or_default();
            let whole = Split::four_fifths_of(data_set.data_set().entry().training_images, seed);
            let validation_alone = whole.truncated(0, usize::MAX);
            let (images, split) = data_set.training_of(&validation_alone)?;
            (images, split.validation, "validation")
        }
        Part::Test => {
            let images = data_set.test()?;
            let positions = (0..images.len()).collect();
            (images, positions, "test")
        }
    };
    let Evaluation { score, .. } = evaluate_f32(&network, &images, &positions, BATCH_SIZE)?;
    say(format_args!(
        "{}: {} on {} {part} images of {}: loss {:.4}, accuracy {:.4}",
        path.display(),
        config.name(),
        positions.len(),
        data_set.data_set(),
        score.mean_loss(),
        score.accuracy()
    ))?;
    Ok(Exit::Success)
}

/// The file of weights that is named, or the last that the named folder of a run has.
fn weights_at(named: &Path) -> Result<PathBuf> {
    if !named.is_dir() {
        return Ok(named.to_owned());
    }
    last_weights(named)?.with_context(|| {
        format!(
            "{}: found a folder without weights/epoch=N.safetensors, expected a regular file, or the \
             folder of a trained run, such as runs/cells/fashion-mnist/norm=batch/weights=3,order=3,split=0",
            named.display()
        )
    })
}

/// The one network of these that the weights fit, with the weights loaded.
fn network_of<'a>(
    path: &Path,
    bytes: &[u8],
    networks: &'a [NetworkConfig],
) -> Result<(&'a NetworkConfig, Network<f32>)> {
    let (mut fitting, mut refusals) = (Vec::new(), Vec::new());
    for config in networks {
        match weights::load_network(config, FASHION_MNIST_IMAGE, CLASSES, bytes)? {
            Ok(network) => fitting.push((config, network)),
            Err(refusal) => refusals.push(refusal),
        }
    }
    let path = path.display();
    match (fitting.pop(), refusals.pop()) {
        (Some(found), _) if fitting.is_empty() => Ok(found),
        (Some(_), _) => bail!("{path} fits several networks; --network names one"),
        // A damaged file is damaged for every network.
        (None, Some(refusal))
            if networks.len() == 1 || matches!(refusal, WeightsError::Format(_)) =>
        {
            Err(anyhow::Error::new(refusal).context(format!("{path} cannot be evaluated")))
        }
        _ => bail!("{path} fits none of the networks; --network NAME says what is wrong for one"),
    }
}
