//! `cargo xtask experiment`: a study. Arms are trained side by side over seeds and tested at the end,
//! with tables, figures and a report.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Error, Result, bail, ensure};
use clap::ValueEnum;
use datasets::LocalDataSet;
use study::cell::{Cell, distinct};
use study::config::StudyConfig;
use study::experiment::{Experiment, Introduction};
use study::images::Images;
use study::seeds;
use study::shipped::SHIPPED;
use study::store::{State, Store};
use study::training::{Failure, InUse};
use trainer::dataset::{DataSet, Source};

use crate::slurm::Job;
use crate::study_argument::{NamedStudy, find};
use crate::study_options::{Request, StudyOptions};
use terminal::count::{self, counted};
use terminal::exit::Exit;
use terminal::interrupt::Interrupt;
use terminal::output::say;
use terminal::shell::absolute;
use terminal::workspace;

pub(crate) mod ending;
mod lines;
pub(crate) mod machine_memory;
mod part;
pub(crate) mod plan;
pub(crate) mod progress;
mod reproduced;
mod requeue;
mod timing;

use ending::end;
use machine_memory::expect_room;
use part::{Part, PartOptions};
use progress::Progress;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A study by its name, or the file of one [default: headline]
    #[arg(value_name = "STUDY")]
    study: Option<String>,

    /// Every study that comes with the workspace, one after the other; they share cells
    #[arg(long, conflicts_with_all = ["study", "format", "cell", "shard", "requeue"])]
    all: bool,

    #[command(flatten)]
    options: StudyOptions,

    /// Show the plan and how far each cell is, and train nothing
    #[arg(long)]
    list: bool,

    /// What the list is: a table, or a command per cell that is not complete, for other programs to run
    #[arg(long, value_enum, default_value_t = Format::Table, requires = "list")]
    format: Format,

    #[command(flatten)]
    part: PartOptions,

    /// Runs side by side; changes nothing but the time [default: $SLURM_CPUS_PER_TASK, else the cores]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count::threads)]
    threads: Option<NonZero<usize>>,

    /// Folder of the report [default: one below runs/, named by the study and by what is changed of it,
    /// as in runs/headline_epochs=2]; with --all the folder that those of all reports are in
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Folder of all cells, where studies find what others trained [default: runs/cells]
    #[arg(long, value_name = "DIR")]
    cells: Option<PathBuf>,

    /// In a job of Slurm: on SIGUSR1, which comes ahead of the time limit, save the state and go back into
    /// the queue, if the job was started again fewer than N times
    #[arg(long, value_name = "N")]
    requeue: Option<u64>,
}

/// What a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Each cell, how far it is, about how long it takes
    Table,
    /// A command per cell that is not complete
    Lines,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let job = Job::here();
    let interrupt = Interrupt::by_time_limit()?;
    run_in(&job, arguments, &interrupt)
        .or_else(|error| requeue::after(error, &interrupt, &job, arguments.requeue))
}

fn run_in(job: &Job, arguments: &Arguments, interrupt: &Interrupt) -> Result<Exit> {
    let threads = threads(arguments.threads, job)?;
    if !arguments.all {
        let study = find(arguments.study.as_deref())?;
        let possible = arguments.possible(&study, threads)?;
        return run_study(job, arguments, &study, possible, interrupt);
    }
    let studies = SHIPPED.iter().map(|study| find(Some(study.name)));
    let studies = studies.collect::<Result<Vec<NamedStudy>>>()?;
    // What is impossible in the last is told before the first is trained.
    let possible = studies.iter().map(|study| arguments.possible(study, threads));
    let possible = possible.collect::<Result<Vec<_>>>()?;
    if arguments.list {
        let found = |study: &NamedStudy| Ok(arguments.found(study)?.0.config);
        let configs = studies.iter().map(found).collect::<Result<Vec<_>>>()?;
        let all: Vec<_> = studies.iter().map(|study| study.name.as_str()).zip(&configs).collect();
        return plan::show_all(&all, &store(arguments.cells.as_deref())?, threads);
    }
    let mut all_right = true;
    for (at, (study, possible)) in studies.iter().zip(possible).enumerate() {
        say(format_args!("\n{} ({} of {})", study.name, at + 1, studies.len()))?;
        let ended = run_study(job, arguments, study, possible, interrupt);
        all_right &= ended.with_context(|| format!("the study {}", study.name))? == Exit::Success;
    }
    Ok(Exit::of(all_right))
}

fn run_study(
    job: &Job,
    arguments: &Arguments,
    study: &NamedStudy,
    possible: Vec<Result<Request>>,
    interrupt: &Interrupt,
) -> Result<Exit> {
    let threads = threads(arguments.threads, job)?;
    let store = store(arguments.cells.as_deref())?;
    if let Some(Ok(Request { config, folder })) = possible.into_iter().next()
        && !arguments.list
    {
        let experiment = Experiment::new(config, store, threads)?;
        let found = experiment.found()?;
        let is_trained = found.iter().all(|found| found.state.is_complete());
        // What is trained and tested needs no data.
        if is_trained && experiment.untested(&found)?.is_empty() {
            let part = arguments.part.part(job)?;
            let out = arguments.out(study, &folder)?;
            return train((&out, &folder), &experiment, &part, &[], interrupt);
        }
    }
    let store = self::store(arguments.cells.as_deref())?;
    let (Request { config, folder }, data_sets) = arguments.found(study)?;
    expect_room(&config, threads)?;
    if arguments.list {
        return match arguments.format {
            Format::Table => plan::show(&config, &store, threads),
            Format::Lines => {
                let first = data_sets.first().map(LocalDataSet::data_set);
                let first = first.context("found no data set")?;
                lines::show(&config, &store, &arguments.words(study, first)?)
            }
        };
    }
    let experiment = Experiment::new(config, store, threads)?;
    let out = arguments.out(study, &folder)?;
    let part = arguments.part.part(job)?;
    train((&out, &folder), &experiment, &part, &data_sets, interrupt)
}

impl Arguments {
    /// The study with each data set that it may get.
    ///
    /// # Errors
    ///
    /// A study that is impossible with each of them, before anything is read or written.
    fn possible(&self, study: &NamedStudy, threads: usize) -> Result<Vec<Result<Request>>> {
        let (_, data) = self.options.data(study)?;
        let request = |&data_set: &DataSet| {
            let request = self.options.request(study, data_set)?;
            expect_room(&request.config, threads)?;
            Ok(request)
        };
        let requests: Vec<Result<Request>> = data.possible().iter().map(request).collect();
        if requests.iter().all(Result::is_err) {
            requests.into_iter().collect::<Result<Vec<_>>>()?;
            bail!("found no data set");
        }
        Ok(requests)
    }

    /// The study with the data sets that are at hand, and these.
    fn found(&self, study: &NamedStudy) -> Result<(Request, Vec<LocalDataSet>)> {
        let (named, data) = self.options.data(study)?;
        let data_sets = data.find_all(&named)?;
        let first = data_sets.first().map(LocalDataSet::data_set).context("found no data set")?;
        Ok((self.options.request(study, first)?, data_sets))
    }

    /// The folder of the report of a study whose usual folder has this name.
    fn out(&self, study: &NamedStudy, usual: &str) -> Result<PathBuf> {
        Ok(match &self.out {
            Some(folder) if self.all => folder.join(&study.name),
            Some(folder) => folder.clone(),
            None => workspace::runs()?.join(usual),
        })
    }

    /// The words that name the study, this data set and its cells, in whatever folder they are read.
    fn words(&self, study: &NamedStudy, data_set: DataSet) -> Result<Vec<String>> {
        let argument = match (&study.path, &self.study) {
            (Some(_), Some(path)) => absolute(Path::new(path))?,
            (Some(_) | None, Some(_) | None) => study.name.clone(),
        };
        let mut words = self.options.words(study, &argument, data_set);
        words.extend(self.options.data.words()?);
        if let Some(cells) = &self.cells {
            words.extend(["--cells".to_owned(), absolute(cells)?]);
        }
        Ok(words)
    }
}

/// So many threads, or else as many as there are processors for this job.
pub(crate) fn threads(named: Option<NonZero<usize>>, job: &Job) -> Result<usize> {
    let threads = match named {
        Some(threads) => Some(threads),
        None => job.processors()?.or(thread::available_parallelism().ok()),
    };
    Ok(threads.map_or(1, NonZero::get))
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
    (out, folder_of_study): (&Path, &str),
    experiment: &Experiment,
    part: &Part,
    data_sets: &[LocalDataSet],
    interrupt: &Interrupt,
) -> Result<Exit> {
    let wanted = part.of(experiment.cells())?;
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
    let untested = if part.is_whole() { experiment.untested(&found)? } else { Vec::new() };
    expect_store(experiment, &missing, &untested)?;
    // Everything that needs no training comes first, so that only the training can fail late.
    let report = if part.is_whole() {
        Some((experiment.open(out)?, ending::transcript_of_kernels()?))
    } else {
        None
    };
    say(description(experiment.config()) + &part.description())?;
    if states.iter().any(|state| *state != State::Missing) {
        say(how_far(experiment.cells(), &states))?;
    }
    let interrupt =
        &interrupt.clone().and_listen("stopping after this step; again to stop at once")?;
    let mut left = Vec::new();
    if let Some(images) = images {
        experiment.store().note(folder_of_study, experiment.config())?;
        experiment.introduce(&images, &missing)?.iter().try_for_each(introduce)?;
        say("")?;
        let progress =
            Progress::new(experiment.config(), experiment.cells(), &missing, &states, interrupt);
        let begun = Instant::now();
        let in_use = if part.is_whole() { InUse::IsAwaited } else { InUse::IsLeft };
        let trained = experiment.train(&images, &missing, in_use, &progress);
        progress.finish()?;
        let not_trained = trained?;
        refuse_failures(experiment, not_trained.failures)?;
        left = not_trained.left;
        if let Some((folder, _)) = &report {
            let trained = distinct(experiment.cells(), missing.iter().copied()).len();
            timing::write(folder.path(), trained, experiment.threads(), begun.elapsed())?;
        }
    }
    match report {
        Some((folder, transcript)) => {
            let test_images = |wanted| {
                let found = data_sets.iter().find(|found| found.data_set() == wanted);
                Ok(found.context("found no test images")?.test()?)
            };
            end(experiment, folder, transcript, test_images, interrupt)
        }
        None => {
            say(end_of_part(experiment.cells(), &wanted, &left))?;
            Ok(Exit::Success)
        }
    }
}

/// What is said at the end of a part, of whose cells these were left to other processes.
fn end_of_part(cells: &[Cell], wanted: &[usize], left: &[usize]) -> String {
    let all = distinct(cells, wanted.iter().copied()).len();
    let state = match (all, left) {
        (1, []) => "the cell of this part is trained".to_owned(),
        (all, []) => format!("all {} of this part are trained", counted(all, "cell")),
        (all, left) => {
            let named: Vec<&str> = left.iter().map(|&at| cells[at].id.short()).collect();
            format!(
                "{} of {} of this part are trained; left to the processes that train them: {}",
                all - left.len(),
                counted(all, "cell"),
                named.join(", ")
            )
        }
    };
    format!("{state}; `cargo xtask report` with the same study makes the report")
}

/// Refuses a store that the cells which are to be trained and tested cannot be written into. Standard
/// error says if nothing keeps two processes apart there.
fn expect_store(experiment: &Experiment, missing: &[usize], untested: &[usize]) -> Result<()> {
    let store = experiment.store();
    let written = missing.iter().chain(untested).map(|&cell| &experiment.cells()[cell]);
    store.expect_writable(written)?;
    if !missing.is_empty() && !store.locks_work() {
        eprintln!(
            "{}: no lock is sure to keep other machines out here, as on most shared file systems; let no two \
             processes train one cell (the tasks of an array job have different ones)",
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
        if cells.iter().all(|cell| cell.key.arm.data_set() != data_set) {
            continue;
        }
        match data_set.entry().source {
            Source::Files(_) => images.add_whole(data_set, found.training_at(&[])?),
            Source::Code(_) => {
                let needed = Images::needed(config, cells, data_set);
                let drawn = found.training_at(&needed)?;
                images.add_at(data_set, needed, drawn);
            }
        }
    }
    Ok(images)
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
