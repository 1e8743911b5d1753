//! `cargo xtask experiment`: the study. Networks with and without batch norm, trained side by side
//! over heads and seeds, tested at the end, with tables, figures and a report.

use std::num::NonZero;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, ensure};
use datasets::LocalDataSet;
use grader::check::{Options, Scope};
use grader::export::{self, Detail};
use grader::fixture::load_all;
use grader::grading::grade;
use grader::submission::Kernels;
use study::config::{StudyConfig, StudyRequest};
use study::experiment::{Experiment, Introduction};
use study::folder::State;
use study::report::PAGE;

use crate::data_argument::DataArguments;
use terminal::exit::Exit;
use terminal::interrupt::Interrupt;
use terminal::output::say;
use terminal::workspace;

mod axis_options;
mod progress;

use axis_options::AxisOptions;
use progress::{Progress, Silent};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArguments,

    #[command(flatten)]
    axes: AxisOptions,

    /// Seeds of the initial weights and of the order of the images: how many, from 0, or a range
    /// as in 5..8 [default: 3, with --quick 1]
    #[arg(long, value_name = "N", value_parser = parse_seeds)]
    seeds: Option<Seeds>,

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

#[derive(Debug, Clone, PartialEq, Eq)]
struct Seeds(Range<u64>);

fn parse_seeds(text: &str) -> Result<Seeds> {
    let number = |text: &str| text.parse::<u64>().with_context(|| format!("found {text:?}"));
    let seeds = match text.split_once("..") {
        Some((first, end)) => number(first)?..number(end)?,
        None => 0..number(text)?,
    };
    // A seed costs minutes of training; more seeds than these are a typing error.
    let count = seeds.end.saturating_sub(seeds.start);
    ensure!((1..=10_000).contains(&count), "found {count} seeds, expected 1 to 10000");
    Ok(Seeds(seeds))
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let request = StudyRequest {
        quick: arguments.quick,
        seeds: arguments.seeds.as_ref().map(|seeds| seeds.0.clone()),
        axes: arguments.axes.0.clone(),
    };
    // An impossible study is refused before anything is read or written.
    request.grid()?;
    let root = workspace::root()?;
    let data_set = arguments.data.find()?;
    let (config, split) = request.config(
        data_set.data_set(),
        data_set.split(),
        data_set.data_set().entry().test_images,
    )?;
    let (images, split) = data_set.training_of(&split)?;
    let out = arguments.out_folder(&data_set, &root);
    let threads = arguments.threads.or(thread::available_parallelism().ok());
    let threads = threads.map_or(1, NonZero::get);
    let page = out.join(PAGE);
    let page = workspace::relative(&page).display().to_string();
    let (experiment, state) = Experiment::open(config, &out, arguments.anew, threads)?;
    say(description(experiment.config()))?;
    match state {
        State::Finished => {
            say(format_args!("This study is finished: open {page}, or --anew trains it again."))?;
            return Ok(Exit::Success);
        }
        State::Unfinished => {
            say("Going on where this study was stopped; --anew begins it again.")?;
        }
        State::New => {}
    }
    // Everything that needs no training comes first, so that only the training can fail late.
    let transcript = transcript_of_kernels()?;
    experiment.introduce(&images, &split)?.iter().try_for_each(introduce)?;
    say("")?;
    let interrupt = Interrupt::listen("stopping after this step; again to stop at once")?;
    let progress = Progress::new(experiment.config(), experiment.cells(), &interrupt);
    let trained = experiment.train(&images, &split, &progress);
    progress.finish()?;
    trained?;
    say(format_args!("testing on {} images", experiment.config().test_images))?;
    let tested = experiment.test(&data_set.test()?, &Silent(&interrupt))?;
    let files = experiment.finish(&tested, transcript)?;
    say(format_args!("wrote {files} files; open {page}"))?;
    Ok(Exit::Success)
}

impl Arguments {
    fn out_folder(&self, data_set: &LocalDataSet, root: &Path) -> PathBuf {
        if let Some(folder) = &self.out {
            return folder.clone();
        }
        let folder = root.join("reports").join(data_set.data_set().entry().folder);
        if self.quick { folder.join("quick") } else { folder }
    }
}

fn description(config: &StudyConfig) -> String {
    let list = |numbers: &[u64]| numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let listed = |texts: Vec<String>| texts.join(", ");
    format!(
        "{}: {} training and {} validation images, batch {}, learning rate {}, {} {}{}",
        config.data_set,
        config.training_images,
        config.validation_images,
        list(&config.grid.batch_size.iter().map(|size| size.0).collect::<Vec<_>>()),
        listed(config.grid.learning_rate.iter().map(|rate| format!("{:?}", rate.0)).collect()),
        if config.seeds.len() == 1 { "seed" } else { "seeds" },
        list(&config.seeds),
        if config.quick { ", a quick look" } else { "" },
    )
}

/// Shows a network, and that it can be evaluated.
fn introduce(Introduction { label, seed, summary, score }: &Introduction) -> Result<()> {
    say(format_args!("\n{label}, seed {seed}"))?;
    say(summary.to_string().trim_end_matches('\n'))?;
    say(format_args!(
        "Sanity check of {} validation images before training: Val-Acc={:.4}",
        score.count(),
        score.accuracy()
    ))
}
/// What `cargo xtask grade --verbose` prints of the workspace's own kernels and the fixtures.
fn transcript_of_kernels() -> Result<String> {
    let cases = load_all(&workspace::root()?.join("fixtures"))?;
    let options = Options { scope: Scope::Cases, ..Options::default() };
    let grading = grade(&Kernels, &cases, &options, "cargo xtask grade");
    Ok(export::text(&grading, Detail::EveryCheck))
}
