//! `cargo xtask experiment`: a study. Arms are trained side by side over seeds and tested at the end,
//! with tables, figures and a report.

use std::num::NonZero;
use std::path::PathBuf;
use std::thread;

use anyhow::{Context, Error, Result, bail, ensure};
use datasets::LocalDataSet;
use grader::check::{Options, Scope};
use grader::export::{self, Detail};
use grader::fixture::load_all;
use grader::grading::grade;
use grader::submission::Kernels;
use study::cell::{Cell, cells};
use study::config::StudyConfig;
use study::experiment::{Experiment, Failure, Introduction};
use study::folder::StudyFolder;
use study::folder_name::folder_name;
use study::images::Images;
use study::memory::Memory;
use study::report::PAGE;
use study::seeds;
use study::store::{State, Store};
use trainer::dataset::{DataSet, Source};

use crate::data_argument::DataArguments;
use terminal::count;
use terminal::exit::Exit;
use terminal::interrupt::Interrupt;
use terminal::output::say;
use terminal::workspace;

mod axis_options;
mod machine_memory;
mod part;
mod plan;
mod progress;
mod reproduced;
pub(crate) mod study_argument;

use axis_options::AxisOptions;
use part::Part;
use progress::{Progress, Silent};
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
    seeds::parse(text).map(SeedList).map_err(|expected| format!("expected {expected}"))
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
    // An impossible study is refused before anything is read or written, whichever data set it gets.
    let possible = match study.file.data_set {
        Some(data_set) => vec![data_set],
        None => arguments.data.possible(),
    };
    let requests: Vec<_> = possible
        .iter()
        .map(|&data_set| arguments.request(&study, data_set))
        .map(|request| request.and_then(|request| fits(&request.config, threads).map(|()| request)))
        .collect();
    if requests.iter().all(Result::is_err) {
        requests.into_iter().collect::<Result<Vec<_>>>()?;
    }
    let data_set = arguments.data.find_for(study.file.data_set)?;
    let Request { config, folder } = arguments.request(&study, data_set.data_set())?;
    fits(&config, threads)?;
    let store = Store::new(match &arguments.cells {
        Some(folder) => folder.clone(),
        None => workspace::runs()?.join("cells"),
    });
    if arguments.list {
        return plan::show(&config, &store, threads);
    }
    let out = match &arguments.out {
        Some(folder) => folder.clone(),
        None => workspace::runs()?.join(folder),
    };
    train(arguments, config, out, store, threads, &data_set)
}

fn train(
    arguments: &Arguments,
    config: StudyConfig,
    out: PathBuf,
    store: Store,
    threads: usize,
    data_set: &LocalDataSet,
) -> Result<Exit> {
    let page = out.join(PAGE);
    let page = workspace::relative(&page).display().to_string();
    let wanted = arguments.part.of(&cells(&config)?)?;
    let experiment = Experiment::new(config, store, threads)?;
    let states = experiment.states()?;
    let missing: Vec<usize> =
        wanted.iter().copied().filter(|&cell| !states[cell].is_complete()).collect();
    // Data that cannot be read leaves no folder behind.
    let cells: Vec<Cell> = missing.iter().map(|&at| experiment.cells()[at].clone()).collect();
    let images = match cells.as_slice() {
        [] => None,
        cells => Some(images(experiment.config(), data_set, cells)?),
    };
    // Parts of one study may be trained side by side, and have no report.
    let is_part = arguments.part.is_some();
    let folder = if is_part { None } else { Some(experiment.open(&out)?) };
    say(description(experiment.config()))?;
    let found = states.iter().filter(|state| **state != State::Missing).count();
    if found > 0 {
        say(format_args!(
            "{} of {} cells are trained already.",
            states.iter().filter(|state| state.is_complete()).count(),
            states.len()
        ))?;
    }
    // Everything that needs no training comes first, so that only the training can fail late.
    let transcript = transcript_of_kernels()?;
    let interrupt = Interrupt::listen("stopping after this step; again to stop at once")?;
    if let Some(images) = images {
        experiment.introduce(&images, &missing)?.iter().try_for_each(introduce)?;
        say("")?;
        let progress =
            Progress::new(experiment.config(), experiment.cells(), &missing, &states, &interrupt);
        let trained = experiment.train(&images, &missing, &progress);
        progress.finish()?;
        refuse_failures(&experiment, trained?)?;
    }
    let Some(mut folder) = folder else {
        say(format_args!(
            "all {} cells of this part are trained; without --cell and --shard the same command makes the \
             report",
            wanted.len()
        ))?;
        return Ok(Exit::Success);
    };
    say(format_args!("testing on {} images", experiment.config().test_images))?;
    let tested = experiment.test(&data_set.test()?, &Silent(&interrupt))?;
    let files = experiment.finish(&mut folder, tested, transcript)?;
    say(format_args!("wrote {files} files; open {page}"))?;
    compare(&experiment, &folder)?;
    Ok(Exit::Success)
}

/// Ends the command if a cell failed, after the others went on.
fn refuse_failures(experiment: &Experiment, failures: Vec<Failure>) -> Result<()> {
    let failed = failures.len();
    let mut errors = failures.into_iter().map(|failure| Error::new(failure.error));
    let Some(first) = errors.next() else { return Ok(()) };
    errors.for_each(|error| eprintln!("error: {error:#}"));
    let states = experiment.states()?;
    let trained = states.iter().filter(|state| state.is_complete()).count();
    bail!(
        "{first:#}\n{failed} failed, {trained} of {} cells are trained; the same command goes on with the \
         others",
        states.len()
    )
}

/// The images that these cells need.
fn images(config: &StudyConfig, data_set: &LocalDataSet, cells: &[Cell]) -> Result<Images> {
    Ok(match data_set.data_set().entry().source {
        Source::Files(_) => Images::whole(data_set.training_at(&[])?),
        Source::Code(_) => {
            let needed = Images::needed(config, cells);
            let images = data_set.training_at(&needed)?;
            Images::at(needed, images)
        }
    })
}

/// Says how the study came out beside its committed report, if there is one.
fn compare(experiment: &Experiment, made: &StudyFolder) -> Result<()> {
    for committed in study::report::folders_in(&workspace::reports()?)? {
        if let Some(found) = experiment.compare(made, &committed)? {
            say(reproduced::sentence(&found, &committed))?;
        }
    }
    Ok(())
}

impl Arguments {
    /// The study with the changes of these arguments, of this data set.
    fn request(&self, study: &NamedStudy, data_set: DataSet) -> Result<Request> {
        let mut file = study.file.clone();
        let mut changes = Vec::new();
        if data_set != DataSet::FashionMnist && study.file.data_set.is_none() {
            changes.push(data_set.entry().argument.to_owned());
        }
        if self.quick && !file.quick {
            changes.push("quick".to_owned());
            file.look_quickly();
        }
        changes.extend(self.axes.apply(&mut file));
        if let Some(SeedList(seeds)) = &self.seeds {
            changes.push(format!("seeds={}", seeds::text(seeds)));
            file.seeds.clone_from(seeds);
        }
        let config = StudyConfig::new(file, data_set);
        let config = match &study.path {
            Some(path) => config.with_context(|| path.clone())?,
            None => config?,
        };
        Ok(Request { config, folder: folder_name(&study.name, &changes) })
    }
}

/// Refuses a study that needs more memory than there is.
fn fits(config: &StudyConfig, threads: usize) -> Result<()> {
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
        config.data_set,
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

/// What `cargo xtask grade --verbose` prints of the workspace's own kernels and the fixtures.
fn transcript_of_kernels() -> Result<String> {
    let cases = load_all(&workspace::root()?.join("fixtures"))?;
    ensure!(!cases.is_empty(), "fixtures: found no case, expected those of the workspace");
    let options = Options { scope: Scope::Cases, ..Options::default() };
    let grading = grade(&Kernels, &cases, &options, "cargo xtask grade");
    Ok(export::text(&grading, Detail::EveryCheck))
}
