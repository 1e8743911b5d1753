//! `cargo xtask experiment`: a network with and one without batch norm, trained side by side.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use clap::ValueEnum;
use trainer::dataset::Split;
use trainer::network::Architecture;
use trainer::optimizer::AdamConfig;
use trainer::{Head, Phase};

use crate::output::{replace_file, say};
use crate::plots;
use crate::plots::training::{Curve, Training};
use crate::study::published;
use crate::{Outcome, workspace};

mod data_set;
mod progress;
mod runs;

use data_set::{Choice, DataSet};
use progress::Progress;
use runs::{Run, RunConfig, side_by_side};

const NETWORKS: [Architecture; 2] =
    [Architecture::SimpleNetwork, Architecture::SpatialBatchNormNetwork];

/// Training steps of an epoch, and validation images, of a quick look.
const QUICK: (usize, usize) = (100, 1_000);

#[derive(clap::Args)]
pub struct Arguments {
    /// Folder of the four Fashion-MNIST files [default: $FASHION_MNIST_DIR, else data/fashion-mnist]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// What to train on; the built-in set needs no files
    #[arg(long, value_enum, default_value_t = Choice::Auto)]
    dataset: Choice,

    /// Passes over the training images
    #[arg(long, default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    epochs: u32,

    /// Images of a batch
    #[arg(
        long,
        default_value_t = published::BATCH_SIZE,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    batch_size: u32,

    /// Learning rate of Adam
    #[arg(long, default_value_t = published::LEARNING_RATE, allow_negative_numbers = true)]
    learning_rate: f64,

    /// Seed of the initial weights and of the order of the images
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Whether the linear head is trained, or only the convolutional stack as in the notebook
    #[arg(long, value_enum, default_value_t = HeadArgument::Frozen)]
    head: HeadArgument,

    /// A first look: 100 training steps an epoch and 1,000 validation images
    #[arg(long)]
    quick: bool,

    /// Folder to write to [default: reports/fashion-mnist or reports/synthetic, with --quick the subfolder quick]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum HeadArgument {
    Frozen,
    Trained,
}

pub fn run(arguments: &Arguments) -> Result<Outcome> {
    let optimizer = AdamConfig::new(arguments.learning_rate)?;
    let root = workspace::root()?;
    let data_set = DataSet::find(arguments.dataset, arguments.data_dir.as_deref(), &root);
    let images = data_set.training()?;
    let mut split = Split::four_fifths(&images);
    if arguments.quick {
        let (steps, validation) = QUICK;
        split = split.truncated(steps.saturating_mul(arguments.batch_size as usize), validation);
    }
    let out = arguments.out_folder(&data_set, &root);
    // A folder that cannot be written to should show before the training, not after.
    fs::create_dir_all(&out)
        .with_context(|| format!("{} cannot be made; --out gives another", out.display()))?;

    say(arguments.description(&data_set, &split))?;
    let configs = NETWORKS.map(|architecture| RunConfig {
        architecture,
        head: arguments.head(),
        epochs: u64::from(arguments.epochs),
        batch_size: arguments.batch_size as usize,
        optimizer,
        seed: arguments.seed,
    });
    let published = NETWORKS.map(|network| arguments.published(&data_set, network));
    let watched = io::stdout().is_terminal();
    let progress = Mutex::new(Progress::new(arguments, published, &split, watched));
    let runs = side_by_side(&configs, |index, config| {
        config.run(&images, &split, |measurement| {
            let mut progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
            progress.show(index, measurement).iter().try_for_each(say)
        })
    })?;

    let curves = runs.iter().zip(published).map(|(run, published)| curve(run, published)).collect();
    let figure = plots::render(&Training { title: arguments.title(&data_set), curves })?;
    let mut files: Vec<(PathBuf, &[u8])> = runs
        .iter()
        .map(|run| {
            (out.join(run.architecture.folder()).join("metrics.csv"), run.metrics_csv.as_slice())
        })
        .collect();
    files.push((out.join("validation_accuracy.svg"), figure.svg.as_bytes()));
    files.push((out.join("validation_accuracy.png"), &figure.png));
    for (path, bytes) in files {
        replace_file(&path, bytes).context("--out gives another folder")?;
        say(format_args!("wrote {}", workspace::relative(&path).display()))?;
    }
    Ok(Outcome::Well)
}

impl Arguments {
    fn head(&self) -> Head {
        match self.head {
            HeadArgument::Frozen => Head::Frozen,
            HeadArgument::Trained => Head::Trained,
        }
    }

    fn out_folder(&self, data_set: &DataSet, root: &Path) -> PathBuf {
        if let Some(folder) = &self.out {
            return folder.clone();
        }
        let folder = root.join("reports").join(data_set.folder());
        if self.quick { folder.join("quick") } else { folder }
    }

    fn arm(&self) -> &'static str {
        match self.head {
            HeadArgument::Frozen => "head frozen",
            HeadArgument::Trained => "head trained",
        }
    }

    fn description(&self, data_set: &DataSet, split: &Split) -> String {
        format!(
            "{}: {} training and {} validation images, {}, batch {}, learning rate {:?}, seed {}",
            data_set.name(),
            split.training.len(),
            split.validation.len(),
            self.arm(),
            self.batch_size,
            self.learning_rate,
            self.seed
        )
    }

    fn title(&self, data_set: &DataSet) -> String {
        let look = if self.quick { ", quick look" } else { "" };
        format!("{}, {}, seed {}{look}", data_set.name(), self.arm(), self.seed)
    }

    /// The published accuracies that a run of this network on this data compares with.
    fn published(&self, data_set: &DataSet, architecture: Architecture) -> &'static [f64] {
        let compares = matches!(data_set, DataSet::FashionMnist { .. })
            && self.head() == Head::Frozen
            && self.batch_size == published::BATCH_SIZE
            && self.learning_rate == published::LEARNING_RATE
            && !self.quick;
        let published = published::validation_accuracies(architecture.folder());
        let epochs = published.len().min(self.epochs as usize);
        if compares { &published[..epochs] } else { &[] }
    }
}

fn curve(run: &Run, published: &'static [f64]) -> Curve {
    Curve {
        name: run.architecture.name(),
        losses: run.of_phase(Phase::Training).map(|row| row.loss).collect(),
        accuracies: run.of_phase(Phase::Validation).map(|row| row.accuracy).collect(),
        published,
    }
}
