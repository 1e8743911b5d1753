//! `cargo xtask experiment`: the study. Networks with and without batch norm, trained side by side
//! over heads and seeds, tested at the end, and what came out as tables, figures and a report.

use std::num::NonZero;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use datasets::DataSet;
use kernels::with_threads;
use trainer::dataset::{LabelledImages, Split};
use trainer::evaluation::{Evaluation, evaluate};
use trainer::network::{ModelSummary, preset};
use trainer::optimizer::AdamConfig;
use trainer::run::Ended;
use trainer::{Measurement, TrainError, fit};

use crate::data_argument::DataArguments;
use crate::interrupt::Interrupt;
use crate::network_argument::NetworkArgument;
use crate::output::{replace_file, say};
use crate::{Outcome, grade, workspace};
use study::folder::{State, StudyFolder};
use study::grid::{Cell, cells};
use study::harvest::harvest;
use study::published;
use study::report;
use study::side_by_side::side_by_side;
use study::tables::{CONFIG_FILE, DataSetName, Head, Row, RunRow, StudyConfig, TABLE_FILES};

mod progress;

use progress::Progress;

/// A quick look: training steps of an epoch, validation images and test images.
const QUICK: (usize, usize, usize) = (60, 1_000, 1_000);

const STOPPED: &str = "stopped before the end; the same command goes on from here";

/// The batches of the sanity check, which the notebook's trainer makes before training.
const SANITY_BATCHES: usize = 2;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    data: DataArguments,

    /// What to train, in the order of the report
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_values_t = [&preset::SIMPLE_NETWORK, &preset::SPATIAL_BATCH_NORM_NETWORK].map(NetworkArgument)
    )]
    networks: Vec<NetworkArgument>,

    /// Whether the linear head is trained, or only the convolutional stack as in the notebook; both
    /// are arms of the study [default: both, where the networks have a head]
    #[arg(long, value_enum, value_delimiter = ',')]
    heads: Vec<HeadArgument>,

    /// Seeds of the initial weights and of the order of the images: how many, from 0, or a range
    /// as in 5..8 [default: 3, with --quick 1]
    #[arg(long, value_name = "N", value_parser = parse_seeds)]
    seeds: Option<Seeds>,

    /// Passes over the training images [default: 5, with --quick 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    epochs: Option<u32>,

    /// Images of a batch
    #[arg(
        long,
        value_name = "N",
        default_value_t = published::BATCH_SIZE,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    batch_size: u32,

    /// Learning rate of Adam
    #[arg(
        long,
        value_name = "RATE",
        default_value_t = published::LEARNING_RATE,
        allow_negative_numbers = true
    )]
    learning_rate: f64,

    /// A first look of under half a minute: one seed, 3 epochs of 60 batches, 1,000 validation images
    #[arg(long)]
    quick: bool,

    /// Runs side by side; changes nothing but the time [default: the cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZero<usize>>,

    /// Folder to write to [default: reports/fashion-mnist or reports/synthetic, with --quick the subfolder quick]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Begin anew, and remove what an earlier study wrote into the folder
    #[arg(long)]
    anew: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum HeadArgument {
    Frozen,
    Trained,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Seeds(Range<u64>);

fn parse_seeds(text: &str) -> Result<Seeds> {
    let number = |text: &str| text.parse::<u64>().with_context(|| format!("found {text:?}"));
    let seeds = match text.split_once("..") {
        Some((first, end)) => number(first)?..number(end)?,
        None => 0..number(text)?,
    };
    // Every seed is a run of minutes; more is a slip of the finger.
    let count = seeds.end.saturating_sub(seeds.start);
    ensure!((1..=10_000).contains(&count), "found {count} seeds, expected 1 to 10000");
    Ok(Seeds(seeds))
}

pub fn run(arguments: &Arguments) -> Result<Outcome> {
    arguments.check()?;
    let root = workspace::root()?;
    let data_set = arguments.data.find()?;
    let (images, split) = data_set.training_of(&arguments.split())?;
    let config = arguments.study(&data_set, &split)?;
    let cells = cells(&config)?;

    let out = arguments.out_folder(&data_set, &root);
    let config_file = toml::to_string(&config).context("the configuration is not TOML")?;
    let files = files();
    let (_folder, state) = StudyFolder::open(&out, &config_file, &files, &cells, arguments.anew)?;
    let page = out.join(report::PAGE);
    let page = workspace::relative(&page).display().to_string();
    say(description(&config))?;
    if state == State::Finished {
        say(format_args!("This study is finished: open {page}, or --anew trains it again."))?;
        return Ok(Outcome::Success);
    }
    replace_file(&out.join(CONFIG_FILE), config_file.as_bytes())?;
    if state == State::Unfinished {
        say("Going on where this study was stopped; --anew begins it again.")?;
    }
    // What needs no training is made before it, so that nothing but the training can fail late.
    let transcript = grade::transcript_of_kernels()?;
    introduce(&cells, &images, &split)?;
    let threads = arguments.threads();
    let interrupt = Interrupt::listen("stopping after this step; again to stop at once")?;
    train(&config, &cells, &out, &images, &split, threads, &interrupt)?;
    say(format_args!("testing on {} images", config.test_images))?;
    let tested = test(&data_set, &config, &cells, &out, threads, &interrupt)?;
    let study = harvest(config, &cells, &out, &tested, transcript)?;
    let mut written = study.files()?;
    written.extend(report::render(&study)?);
    // The table whose presence says that the study is finished comes last.
    written.sort_by_key(|(path, _)| path == Path::new(RunRow::FILE));
    for (path, bytes) in &written {
        replace_file(&out.join(path), bytes)
            .context("with this mended, the same command goes on from here")?;
    }
    say(format_args!("wrote {} files; open {page}", written.len()))?;
    Ok(Outcome::Success)
}

/// All files that a study can write beside the folders of its runs.
fn files() -> Vec<PathBuf> {
    let known = TABLE_FILES.iter().chain(report::FILES).map(PathBuf::from);
    known.chain(report::figure_files()).collect()
}

impl Arguments {
    /// Refuses what no study can be made of before anything is read or written.
    fn check(&self) -> Result<()> {
        AdamConfig::new(self.learning_rate)?;
        for (index, network) in self.networks.iter().enumerate() {
            if self.networks[..index].contains(network) {
                bail!("--networks: found one twice, expected each once");
            }
        }
        let headless = self.networks.iter().map(|network| network.0);
        if let Some(network) =
            headless.into_iter().find(|network| !network.config.has_linear_head())
            && self.heads.contains(&HeadArgument::Frozen)
        {
            bail!(
                "--heads: found frozen, expected trained with {}, which has no linear head apart \
                 from its model",
                network.name
            );
        }
        Ok(())
    }

    fn split(&self) -> Split {
        let split = DataSet::split();
        if !self.quick {
            return split;
        }
        let (steps, validation, _) = QUICK;
        split.truncated(steps.saturating_mul(self.batch_size as usize), validation)
    }

    fn heads(&self) -> Vec<Head> {
        let has_head = |network: &NetworkArgument| network.0.config.has_linear_head();
        let mut heads: Vec<Head> = self
            .heads
            .iter()
            .map(|head| match head {
                HeadArgument::Frozen => Head::Frozen,
                HeadArgument::Trained => Head::Trained,
            })
            .collect();
        if heads.is_empty() && self.networks.iter().all(has_head) {
            heads.push(Head::Frozen);
        }
        if heads.is_empty() || self.heads.is_empty() {
            heads.push(Head::Trained);
        }
        heads.sort();
        heads.dedup();
        heads
    }

    fn study(&self, data_set: &DataSet, split: &Split) -> Result<StudyConfig> {
        let batch_size = self.batch_size as usize;
        let default_seeds = if self.quick { 0..1 } else { 0..3 };
        let default_epochs = if self.quick { 3 } else { 5 };
        let test_images = if self.quick { QUICK.2 } else { DataSet::TEST_IMAGES };
        Ok(StudyConfig {
            data_set: name_in_files(data_set),
            quick: self.quick,
            networks: self.networks.iter().map(|network| network.0.folder.to_owned()).collect(),
            heads: self.heads(),
            seeds: self.seeds.as_ref().map_or(default_seeds, |seeds| seeds.0.clone()).collect(),
            epochs: u64::from(self.epochs.unwrap_or(default_epochs)),
            batch_size: u64::from(self.batch_size),
            learning_rate: self.learning_rate,
            training_images: split.training.len() as u64,
            validation_images: split.validation.len() as u64,
            test_images: test_images as u64,
            steps_per_epoch: fit::steps_per_epoch(split, batch_size)?,
        })
    }

    fn out_folder(&self, data_set: &DataSet, root: &Path) -> PathBuf {
        if let Some(folder) = &self.out {
            return folder.clone();
        }
        let folder = root.join("reports").join(data_set.folder());
        if self.quick { folder.join("quick") } else { folder }
    }

    fn threads(&self) -> usize {
        self.threads.or(thread::available_parallelism().ok()).map_or(1, NonZero::get)
    }
}

/// The name of a data set in the files of a study.
fn name_in_files(data_set: &DataSet) -> DataSetName {
    match data_set {
        DataSet::Files { .. } => DataSetName::FashionMnist,
        DataSet::Synthetic => DataSetName::Synthetic,
    }
}

fn description(config: &StudyConfig) -> String {
    let list = |numbers: &[u64]| numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    format!(
        "{}: {} training and {} validation images, batch {}, learning rate {:?}, {} {}{}",
        config.data_set,
        config.training_images,
        config.validation_images,
        config.batch_size,
        config.learning_rate,
        if config.seeds.len() == 1 { "seed" } else { "seeds" },
        list(&config.seeds),
        if config.quick { ", a quick look" } else { "" },
    )
}

/// Shows each network, and that it can be evaluated, as the notebook's trainer does before it
/// trains: with untrained weights about a tenth of the images come out right.
fn introduce(cells: &[Cell], images: &LabelledImages, split: &Split) -> Result<()> {
    let mut introduced = Vec::new();
    for Cell { run, head, .. } in cells {
        let which = (&run.network, *head);
        if introduced.contains(&which) {
            continue;
        }
        introduced.push(which);
        let (network, _) = run.start(images)?;
        let batches = SANITY_BATCHES.saturating_mul(run.batch_size).min(split.validation.len());
        let Evaluation { score, .. } =
            evaluate(&network, images, &split.validation[..batches], run.batch_size)?;
        let summary = ModelSummary::of(&network, |parameter| run.head.trains(parameter));
        say(format_args!("\n{}, {head}, seed {}", run.network.name(), run.seed))?;
        say(summary.to_string().trim_end_matches('\n'))?;
        say(format_args!(
            "Sanity check of {} validation images before training: Val-Acc={:.4}",
            score.count(),
            score.accuracy()
        ))?;
    }
    say("")
}

/// Trains every run that is not yet trained.
fn train(
    config: &StudyConfig,
    cells: &[Cell],
    out: &Path,
    images: &LabelledImages,
    split: &Split,
    threads: usize,
    interrupt: &Interrupt,
) -> Result<()> {
    let progress = Progress::new(config, cells);
    let ended = side_by_side(cells, threads, |index, cell, threads| {
        if interrupt.is_asked() {
            return Ok(Ended::Interrupted);
        }
        let observe = |measurement: &Measurement| {
            let shown = progress.show(index, measurement);
            if shown && !interrupt.is_asked() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        with_threads(threads, || cell.run.train(images, split, &cell.folder_in(out), observe))
            .map_err(TrainError::from)
            .flatten()
            .inspect_err(|_| interrupt.ask())
            .with_context(|| training_failed(cell))
    });
    progress.finish()?;
    if ended?.contains(&Ended::Interrupted) {
        bail!(STOPPED);
    }
    Ok(())
}

fn training_failed(cell: &Cell) -> String {
    format!("training {} ({}, seed {}) failed", cell.run.network.name(), cell.head, cell.run.seed)
}

/// Looks at the test images, once, now that nothing can be chosen by them any more.
fn test(
    data_set: &DataSet,
    config: &StudyConfig,
    cells: &[Cell],
    out: &Path,
    threads: usize,
    interrupt: &Interrupt,
) -> Result<Vec<Evaluation>> {
    let images = data_set.test()?;
    let positions: Vec<usize> = (0..usize::try_from(config.test_images)?).collect();
    side_by_side(cells, threads, |_, cell, threads| {
        ensure!(!interrupt.is_asked(), STOPPED);
        let network = cell.run.trained(&images, &cell.folder_in(out))?;
        let evaluate = || evaluate(&network, &images, &positions, cell.run.batch_size);
        with_threads(threads, evaluate)?.context("the test failed")
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        arguments: Arguments,
    }

    /// What the notebook trains, for three seeds and with either head.
    #[test]
    fn the_study_without_any_option_is_the_notebooks() {
        let arguments = Command::try_parse_from(["experiment"]).unwrap().arguments;
        let study = arguments.study(&DataSet::Synthetic, &arguments.split()).unwrap();
        let expected = StudyConfig {
            data_set: DataSetName::Synthetic,
            quick: false,
            networks: ["simple_network", "spatial_batch_norm_network"].map(str::to_owned).to_vec(),
            heads: vec![Head::Frozen, Head::Trained],
            seeds: vec![0, 1, 2],
            epochs: 5,
            batch_size: 50,
            learning_rate: 5e-4,
            training_images: 48_000,
            validation_images: 12_000,
            test_images: 10_000,
            steps_per_epoch: 960,
        };
        assert_eq!(study, expected);
    }
}
