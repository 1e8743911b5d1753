//! `cargo xtask experiment`: a network with and one without batch norm, trained side by side.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Mutex;
use std::{env, fs};

use anyhow::{Context, Result};
use clap::ValueEnum;
use trainer::dataset::{FashionMnist, Split};
use trainer::network::Architecture;
use trainer::optimizer::AdamConfig;
use trainer::{Head, Phase};

use crate::output::replace_file;
use crate::plots;
use crate::plots::training::{Curve, Training};
use crate::{Outcome, workspace};

mod progress;
mod published;
mod runs;

use progress::Progress;
use runs::{Run, RunConfig, side_by_side};

const DATA_SET: &str = "Fashion-MNIST";
const DATA_DIR_VARIABLE: &str = "FASHION_MNIST_DIR";
const NETWORKS: [Architecture; 2] =
    [Architecture::SimpleNetwork, Architecture::SpatialBatchNormNetwork];

/// Training steps of an epoch, and validation images, of a quick look.
const QUICK: (usize, usize) = (100, 1_000);

#[derive(clap::Args)]
pub struct Arguments {
    /// Folder of the four Fashion-MNIST files [default: $FASHION_MNIST_DIR, else data/fashion-mnist]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

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

    /// Folder to write to [default: reports/fashion-mnist, with --quick its subfolder quick]
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
    let images = {
        let (folder, origin) = arguments.data_folder()?;
        FashionMnist::training(&folder).with_context(|| {
            format!("no {DATA_SET} in {} ({origin}); --data-dir gives another", folder.display())
        })?
    };
    let mut split = Split::four_fifths(&images);
    if arguments.quick {
        let (steps, validation) = QUICK;
        split = split.truncated(steps.saturating_mul(arguments.batch_size as usize), validation);
    }
    let out = arguments.out_folder()?;
    // A folder that cannot be written to should show before the training, not after.
    fs::create_dir_all(&out)
        .with_context(|| format!("{} cannot be made; --out gives another", out.display()))?;

    println!("{}", arguments.description(&split));
    let configs = NETWORKS.map(|architecture| RunConfig {
        architecture,
        head: arguments.head(),
        epochs: u64::from(arguments.epochs),
        batch_size: arguments.batch_size as usize,
        optimizer,
        seed: arguments.seed,
    });
    let progress = Mutex::new(Progress::new(arguments, &split, io::stdout().is_terminal()));
    let runs = side_by_side(&configs, |index, config| {
        config.run(&images, &split, |measurement| {
            if let Ok(mut progress) = progress.lock() {
                progress.show(index, measurement).iter().for_each(|line| println!("{line}"));
            }
        })
    })?;

    let curves = runs.iter().map(|run| arguments.curve(run)).collect();
    let figure = plots::render(&Training { title: arguments.title(), curves })?;
    let mut files: Vec<(PathBuf, &[u8])> = runs
        .iter()
        .map(|run| {
            (out.join(run.architecture.folder()).join("metrics.csv"), run.metrics_csv.as_slice())
        })
        .collect();
    files.push((out.join("validation_accuracy.svg"), figure.svg.as_bytes()));
    files.push((out.join("validation_accuracy.png"), &figure.png));
    for (path, bytes) in files {
        replace_file(&path, bytes)?;
        println!("wrote {}", workspace::relative(&path).display());
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

    /// The folder of the data, and who named it.
    fn data_folder(&self) -> Result<(PathBuf, &'static str)> {
        if let Some(folder) = &self.data_dir {
            return Ok((folder.clone(), "from --data-dir"));
        }
        if let Some(folder) = env::var_os(DATA_DIR_VARIABLE).filter(|folder| !folder.is_empty()) {
            return Ok((PathBuf::from(folder), "from the variable FASHION_MNIST_DIR"));
        }
        let folder = workspace::root()?.join("data/fashion-mnist");
        Ok((folder, "the default, as FASHION_MNIST_DIR is not set"))
    }

    fn out_folder(&self) -> Result<PathBuf> {
        if let Some(folder) = &self.out {
            return Ok(folder.clone());
        }
        let folder = workspace::root()?.join("reports/fashion-mnist");
        Ok(if self.quick { folder.join("quick") } else { folder })
    }

    fn arm(&self) -> &'static str {
        match self.head {
            HeadArgument::Frozen => "head frozen",
            HeadArgument::Trained => "head trained",
        }
    }

    fn description(&self, split: &Split) -> String {
        format!(
            "{DATA_SET}: {} training and {} validation images, {}, batch {}, learning rate {:?}, seed {}",
            split.training.len(),
            split.validation.len(),
            self.arm(),
            self.batch_size,
            self.learning_rate,
            self.seed
        )
    }

    fn title(&self) -> String {
        let look = if self.quick { ", quick look" } else { "" };
        format!("{DATA_SET}, {}, seed {}{look}", self.arm(), self.seed)
    }

    /// The published accuracies that a run of this network compares with.
    fn published(&self, architecture: Architecture) -> &'static [f64] {
        let published = published::validation_accuracies(architecture);
        let epochs = published.len().min(self.epochs as usize);
        if published::compares_with(self) { &published[..epochs] } else { &[] }
    }

    fn curve(&self, run: &Run) -> Curve {
        Curve {
            name: run.architecture.name(),
            losses: run.of_phase(Phase::Training).filter_map(|row| row.loss).collect(),
            accuracies: run.of_phase(Phase::Validation).filter_map(|row| row.accuracy).collect(),
            published: self.published(run.architecture),
        }
    }
}
