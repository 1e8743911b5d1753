//! `cargo xtask experiment`: a study. Arms are trained side by side over seeds and tested at the end,
//! with tables, figures and a report.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Error, Result, bail, ensure};
use datasets::LocalDataSet;
use study::cell::{Cell, distinct};
use study::config::StudyConfig;
use study::experiment::{Experiment, Failure, Introduction};
use study::folder_name::folder_name;
use study::images::Images;
use study::memory::Memory;
use study::seeds;
use study::store::{State, Store};
use study::study_file::StudyFile;
use trainer::dataset::{DataSet, Source};

use crate::data_argument::DataArguments;
use terminal::count::{self, counted};
use terminal::exit::Exit;
use terminal::interrupt::Interrupt;
use terminal::output::say;
use terminal::workspace;

mod axis_options;
pub(crate) mod ending;
mod machine_memory;
mod part;
mod plan;
pub(crate) mod progress;
mod reproduced;
pub(crate) mod study_argument;
mod timing;

use axis_options::AxisOptions;
use ending::end;
use part::Part;
use progress::Progress;
use study_argument::{NamedStudy, find};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A study by its name, or the file of one [default: headline]
    #[arg(value_name = "STUDY")]
    study: Option<String>,

    #[command(flatten)]
    data: DataArguments,

    #[command(flatten)]
    axes: AxisOptions,

    /// Seeds, each of which every arm is trained with: how many, from 0, a range as in 5..8, or a list
    /// as in 1,2,3 [default: those of the study, with --quick its first]
    #[arg(long, value_name = "SEEDS", allow_negative_numbers = true, value_parser = seed_list)]
    seeds: Option<SeedList>,

    /// A first look: one seed, 3 epochs of 60 batches, 1,000 validation images
    #[arg(long)]
    quick: bool,

    /// Show the plan and how far each cell is, and train nothing
    #[arg(long)]
    list: bool,

    #[command(flatten)]
    part: Part,

    /// Runs side by side; changes nothing but the time [default: the cores]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count::threads)]
    threads: Option<NonZero<usize>>,

    /// Folder of the report [default: one below runs/, named by the study and by what is changed of it,
    /// as in runs/headline_epochs=2]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Folder of all cells, where studies find what others trained [default: runs/cells]
    #[arg(long, value_name = "DIR")]
    cells: Option<PathBuf>,
}

#[derive(Debug, Clone)]
struct SeedList(Vec<u64>);

fn seed_list(text: &str) -> Result<SeedList, String> {
    seeds::parse(text).map(SeedList).map_err(|fault| fault.to_string())
}

/// A study that is to be run, with the name of its folder of results.
struct Request {
    config: StudyConfig,
    folder: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let threads = arguments.threads.or(thread::available_parallelism().ok());
    let threads = threads.map_or(1, NonZero::get);
    let study = find(arguments.study.as_deref())?;
    let named = arguments.changed(&study).0.data_sets();
    let data = arguments.data.for_study(&named)?;
    // An impossible study is refused before anything is read or written, whichever data set it gets.
    let requests: Vec<_> = data
        .possible()
        .iter()
        .map(|&data_set| arguments.request(&study, data_set))
        .map(|request| request.and_then(|request| fits(&request.config, threads).map(|()| request)))
        .collect();
    if requests.iter().all(Result::is_err) {
        requests.into_iter().collect::<Result<Vec<_>>>()?;
        bail!("found no data set");
    }
    let store = store(arguments.cells.as_deref())?;
    if let Some(Ok(Request { config, folder })) = requests.into_iter().next()
        && !arguments.list
    {
        let experiment = Experiment::new(config, store, threads)?;
        let found = experiment.found()?;
        let is_trained = found.iter().all(|found| found.state.is_complete());
        // What is trained and tested needs no data.
        if is_trained && experiment.untested(&found)?.is_empty() {
            return train(arguments, &experiment, &folder, &[]);
        }
    }
    let store = self::store(arguments.cells.as_deref())?;
    let data_sets = data.find_all(&named)?;
    let first = data_sets.first().map(LocalDataSet::data_set).context("found no data set")?;
    let Request { config, folder } = arguments.request(&study, first)?;
    fits(&config, threads)?;
    if arguments.list {
        return plan::show(&config, &store, threads);
    }
    train(arguments, &Experiment::new(config, store, threads)?, &folder, &data_sets)
}

/// The folder of all cells: this one, else the workspace's.
pub(crate) fn store(named: Option<&Path>) -> Result<Store> {
    let path = match named {
        Some(folder) => folder.to_owned(),
        None => workspace::runs()?.join("cells"),
    };
    let existing = files::deepest_existing(&path);
    ensure!(
        existing.is_dir(),
        "{} cannot be a folder of cells: found the file {}; --cells gives another folder",
        path.display(),
        existing.display()
    );
    Ok(Store::new(path))
}

/// Trains what is missing, and reports. Without data sets nothing is missing.
fn train(
    arguments: &Arguments,
    experiment: &Experiment,
    folder_of_study: &str,
    data_sets: &[LocalDataSet],
) -> Result<Exit> {
    let out = match &arguments.out {
        Some(folder) => folder.clone(),
        None => workspace::runs()?.join(folder_of_study),
    };
    let wanted = arguments.part.of(experiment.cells())?;
    let found = experiment.found()?;
    let states: Vec<State> = found.iter().map(|found| found.state).collect();
    let missing: Vec<usize> =
        wanted.iter().copied().filter(|&cell| !states[cell].is_complete()).collect();
    // Data that cannot be read leaves no folder behind.
    let cells: Vec<Cell> = missing.iter().map(|&at| experiment.cells()[at].clone()).collect();
    let images = match cells.as_slice() {
        [] => None,
        cells => Some(images(experiment.config(), data_sets, cells)?),
    };
    // Parts of one study may be trained side by side, and have no report.
    let is_part = arguments.part.is_some();
    expect_store(
        experiment,
        &missing,
        &if is_part { vec![] } else { experiment.untested(&found)? },
    )?;
    let folder = if is_part { None } else { Some(experiment.open(&out)?) };
    say(description(experiment.config()))?;
    if states.iter().any(|state| *state != State::Missing) {
        say(how_far(experiment.cells(), &states))?;
    }
    // Everything that needs no training comes first, so that only the training can fail late.
    let transcript = ending::transcript_of_kernels()?;
    let interrupt = Interrupt::listen("stopping after this step; again to stop at once")?;
    if let Some(images) = images {
        experiment.store().note(folder_of_study, experiment.config())?;
        experiment.introduce(&images, &missing)?.iter().try_for_each(introduce)?;
        say("")?;
        let progress =
            Progress::new(experiment.config(), experiment.cells(), &missing, &states, &interrupt);
        let begun = Instant::now();
        let trained = experiment.train(&images, &missing, &progress);
        progress.finish()?;
        refuse_failures(experiment, trained?)?;
        if let Some(folder) = &folder {
            let trained = distinct(experiment.cells(), missing.iter().copied()).len();
            timing::write(folder.path(), trained, experiment.threads(), begun.elapsed())?;
        }
    }
    match folder {
        Some(folder) => {
            let test_images = |wanted| {
                let found = data_sets.iter().find(|found| found.data_set() == wanted);
                Ok(found.context("found no test images")?.test()?)
            };
            end(experiment, folder, transcript, test_images, &interrupt)
        }
        None => {
            let all = match distinct(experiment.cells(), wanted).len() {
                1 => "the cell of this part is trained".to_owned(),
                cells => format!("all {cells} cells of this part are trained"),
            };
            say(format_args!(
                "{all}; without --cell and --shard the same command makes the report"
            ))?;
            Ok(Exit::Success)
        }
    }
}

/// Refuses a store that the cells which are to be trained and tested cannot be written into. Standard
/// error says if nothing keeps two processes apart there.
fn expect_store(experiment: &Experiment, missing: &[usize], untested: &[usize]) -> Result<()> {
    let store = experiment.store();
    let written = missing.iter().chain(untested).map(|&cell| &experiment.cells()[cell]);
    store.expect_writable(written)?;
    if !missing.is_empty() && !store.locks_work() {
        eprintln!(
            "{}: folders cannot be locked here, as on some shared file systems; let one process at a time \
             train into this folder",
            workspace::relative(store.path()).display()
        );
    }
    Ok(())
}

/// How many cells an earlier call trained.
fn how_far(cells: &[Cell], states: &[State]) -> String {
    let distinct = distinct(cells, 0..cells.len());
    let states = distinct.iter().map(|&at| states[at]);
    let trained = states.clone().filter(|state| state.is_complete()).count();
    let in_part = states.clone().filter(|state| matches!(state, State::Begun { .. })).count();
    let more = if in_part == 0 { String::new() } else { format!(", {in_part} more in part") };
    let are = if trained == 1 { "is" } else { "are" };
    format!("{trained} of {} {are} trained already{more}.", counted(states.len(), "cell"))
}

/// The failures that are told one by one; the others are mostly of the same cause.
const TOLD_FAILURES: usize = 5;

/// Ends the command if a cell failed, after the others went on.
pub(crate) fn refuse_failures(experiment: &Experiment, failures: Vec<Failure>) -> Result<()> {
    let failed = failures.len();
    let mut errors = failures.into_iter().map(|failure| Error::new(failure.error));
    let Some(first) = errors.next() else { return Ok(()) };
    let others = errors.by_ref().take(TOLD_FAILURES - 1);
    others.for_each(|error| eprintln!("error: {error:#}"));
    let untold = match errors.count() {
        0 => String::new(),
        untold => format!(" ({untold} of them not told here)"),
    };
    let found = experiment.found()?;
    let cells = distinct(experiment.cells(), 0..found.len());
    let trained = cells.iter().filter(|&&at| found[at].state.is_complete()).count();
    bail!(
        "{first:#}\n{failed} failed{untold}, {trained} of {} {} trained; the same command goes on with the \
         others",
        counted(cells.len(), "cell"),
        if trained == 1 { "is" } else { "are" }
    )
}

/// The images that these cells need.
pub(crate) fn images(
    config: &StudyConfig,
    data_sets: &[LocalDataSet],
    cells: &[Cell],
) -> Result<Images> {
    let mut images = Images::default();
    for found in data_sets {
        let data_set = found.data_set();
        let needed = Images::needed(config, cells, data_set);
        match data_set.entry().source {
            _ if needed.is_empty() => {}
            Source::Files(_) => images.add_whole(data_set, found.training_at(&[])?),
            Source::Code(_) => {
                let drawn = found.training_at(&needed)?;
                images.add_at(data_set, needed, drawn);
            }
        }
    }
    Ok(images)
}

impl Arguments {
    /// The file of a study with the changes of these arguments, and these as parts of a folder's name.
    fn changed(&self, study: &NamedStudy) -> (StudyFile, Vec<String>) {
        let mut file = study.file.clone();
        let mut changes = Vec::new();
        if self.quick && !file.quick {
            changes.push("quick".to_owned());
            file.look_quickly();
        }
        changes.extend(self.axes.apply(&mut file));
        if let Some(SeedList(seeds)) = &self.seeds {
            changes.push(format!("seeds={}", seeds::text(seeds)));
            file.set_seeds(seeds.clone());
        }
        (file, changes)
    }

    /// The study with the changes of these arguments, of this data set if it names none.
    fn request(&self, study: &NamedStudy, data_set: DataSet) -> Result<Request> {
        let (file, of_arguments) = self.changed(study);
        let mut changes = NamedStudy::change_by(&file, data_set);
        changes.extend(of_arguments);
        let config = study.config(file, data_set)?;
        Ok(Request { config, folder: folder_name(&study.name, &changes) })
    }
}

/// Refuses a study that needs more memory than there is.
pub(crate) fn fits(config: &StudyConfig, threads: usize) -> Result<()> {
    let Some(available) = machine_memory::available() else { return Ok(()) };
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
    let list =
        |numbers: Vec<u64>| numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let rates = config.each(|arm| format!("{:?}", arm.learning_rate()));
    format!(
        "{}: {} training and {} validation images, batch {}, learning rate {}, {} {}{}",
        config.data_sets_in_words(),
        list(config.each(|arm| arm.training_images)),
        config.validation_images,
        list(config.each(study::arm::Arm::batch_size)),
        rates.join(", "),
        if config.seeds().len() == 1 { "seed" } else { "seeds" },
        seeds::shown(config.seeds()),
        if config.is_quick() { ", a quick look" } else { "" },
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
