//! `cargo xtask experiment`: the study. Networks with and without batch norm, trained side by side
//! over heads and seeds, tested at the end, with tables, figures and a report.

use std::num::NonZero;
use std::path::PathBuf;
use std::thread;

use anyhow::{Result, bail};
use grader::check::{Options, Scope};
use grader::export::{self, Detail};
use grader::fixture::load_all;
use grader::grading::grade;
use grader::submission::Kernels;
use study::config::{StudyConfig, StudyRequest};
use study::experiment::{Experiment, Introduction};
use study::folder::State;
use study::folder_name::folder_name;
use study::memory::Memory;
use study::report::PAGE;
use trainer::dataset::{DataSet, Split};

use crate::data_argument::DataArguments;
use terminal::count;
use terminal::exit::Exit;
use terminal::interrupt::Interrupt;
use terminal::output::say;
use terminal::workspace;

mod axis_options;
mod machine_memory;
mod progress;
mod reproduced;
mod seeds;

use axis_options::AxisOptions;
use progress::{Progress, Silent};
use seeds::Seeds;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArguments,

    #[command(flatten)]
    axes: AxisOptions,

    /// Seeds of the initial weights and of the order of the images: how many, from 0, a range as in
    /// 5..8, or a list as in 1,2,3 [default: 3, with --quick 1]
    #[arg(long, value_name = "SEEDS", allow_negative_numbers = true, value_parser = seeds::parse)]
    seeds: Option<Seeds>,

    /// A first look of under half a minute: one seed, 3 epochs of 60 batches, 1,000 validation images
    #[arg(long)]
    quick: bool,

    /// Runs side by side; changes nothing but the time [default: the cores]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count::threads)]
    threads: Option<NonZero<usize>>,

    /// Folder to write to [default: one below runs/, named by the data set and by what is asked for,
    /// as in runs/fashion-mnist_epochs=2]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Begin anew, and remove what an earlier study wrote into the folder
    #[arg(long)]
    anew: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let threads = arguments.threads.or(thread::available_parallelism().ok());
    let threads = threads.map_or(1, NonZero::get);
    // An impossible study is refused before anything is read or written, whichever data set it gets.
    let possible = arguments.data.possible();
    let plans: Vec<_> =
        possible.iter().map(|&data_set| arguments.plan(data_set, threads)).collect();
    if plans.iter().all(Result::is_err) {
        plans.into_iter().collect::<Result<Vec<_>>>()?;
    }
    let data_set = arguments.data.find()?;
    let (config, split) = arguments.plan(data_set.data_set(), threads)?;
    let (images, split) = data_set.training_of(&split)?;
    let out = match &arguments.out {
        Some(folder) => folder.clone(),
        None => workspace::runs()?.join(folder_name(&config)),
    };
    let page = out.join(PAGE);
    let page = workspace::relative(&page).display().to_string();
    let (experiment, state) = Experiment::open(config, &out, arguments.anew, threads)?;
    say(description(experiment.config()))?;
    match state {
        State::Finished => {
            say(format_args!("This study is finished: open {page}, or --anew trains it again."))?;
            compare(&experiment)?;
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
    let saved = experiment.saved_steps()?;
    let progress = Progress::new(experiment.config(), experiment.cells(), saved, &interrupt);
    let trained = experiment.train(&images, &split, &progress);
    progress.finish()?;
    trained?;
    say(format_args!("testing on {} images", experiment.config().test_images))?;
    let tested = experiment.test(&data_set.test()?, &Silent(&interrupt))?;
    let files = experiment.finish(&tested, transcript)?;
    say(format_args!("wrote {files} files; open {page}"))?;
    compare(&experiment)?;
    Ok(Exit::Success)
}

/// Says how the study came out beside its committed report, if there is one.
fn compare(experiment: &Experiment) -> Result<()> {
    let committed = workspace::reports()?.join(experiment.config().data_set.entry().folder);
    match experiment.compare(&committed)? {
        Some(found) => say(reproduced::sentence(&found, &committed)),
        None => Ok(()),
    }
}

impl Arguments {
    /// The study of this data set, which fits into the memory of this machine.
    fn plan(&self, data_set: DataSet, threads: usize) -> Result<(StudyConfig, Split)> {
        let request = StudyRequest {
            quick: self.quick,
            seeds: self.seeds.as_ref().map(|Seeds(seeds)| seeds.clone()),
            axes: self.axes.0.clone(),
        };
        let entry = data_set.entry();
        let whole = Split::four_fifths_of(entry.training_images, 0);
        let (config, split) = request.config(data_set, whole, entry.test_images)?;
        if let Some(available) = machine_memory::available() {
            expect_memory(&config, threads, available)?;
        }
        Ok((config, split))
    }
}

/// Refuses a study that needs more memory than there is.
fn expect_memory(config: &StudyConfig, threads: usize, available: u64) -> Result<()> {
    let memory = Memory::of(config)?;
    let runs = threads.min(memory.runs());
    let needed = memory.bytes(runs);
    if needed <= available {
        return Ok(());
    }
    let fewer = (1..runs).rev().find(|&fewer| memory.bytes(fewer) <= available);
    let gigabytes = |bytes: u64| format!("{:.1} GB", bytes as f64 / 1e9);
    let side_by_side =
        if runs == 1 { "its run".to_owned() } else { format!("{runs} runs side by side") };
    let remedy = match fewer {
        None => "give a smaller --batch-size".to_owned(),
        Some(fewer) => format!("give a smaller --batch-size, or --threads {fewer}"),
    };
    bail!(
        "the study needs about {} of memory for {side_by_side}, and {} are available; {remedy}",
        gigabytes(needed),
        gigabytes(available)
    )
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
