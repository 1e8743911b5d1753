//! `cargo xtask submit`: a study as jobs of a batch system. An array of tasks trains the cells that are
//! left, and a job after it makes the report.

use std::env;
use std::iter;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Context, Result, anyhow, ensure};
use clap::ValueEnum;
use clap::builder::PossibleValue;
use datasets::LocalDataSet;
use study::cell::distinct;
use study::experiment::Experiment;
use study::store::State;
use terminal::count::count;
use terminal::exit::Exit;
use terminal::output::{replace_file, say};
use terminal::shell::{absolute, line};
use terminal::workspace;
use trainer::dataset::DataSet;

use crate::experiment::store;
use crate::study_argument::{NamedStudy, find};
use crate::study_options::{Request, StudyOptions};

mod copies;
mod engine;
mod sizing;
mod slurm;

use copies::Copies;
use engine::{Array, Engine, Script, Submission, shown};
use sizing::{Sizes, Wanted};

/// Every batch system.
static ENGINES: [&dyn Engine; 1] = [&slurm::Slurm];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A study by its name, or the file of one [default: headline]
    #[arg(value_name = "STUDY")]
    study: Option<String>,

    #[command(flatten)]
    options: StudyOptions,

    /// The batch system
    #[arg(long, value_enum, default_value_t = EngineArgument(0))]
    engine: EngineArgument,

    /// Show the scripts and the commands, and write and submit nothing
    #[arg(long)]
    dry_run: bool,

    /// Tasks that share out the cells [default: so many that each takes about ten minutes]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count)]
    array: Option<NonZero<usize>>,

    /// Time limit of each task, as the batch system takes it, such as 30 for minutes or 1:30:00 [default:
    /// several times what this machine needs]; the report has more where its tests may need it
    #[arg(long, value_name = "TIME")]
    time: Option<String>,

    /// Folder of all cells [default: runs/cells]
    #[arg(long, value_name = "DIR")]
    cells: Option<PathBuf>,

    /// Folder of the report [default: as that of cargo xtask experiment]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// After `--`: more options of the batch system for each job, as in `-- --partition=short`; a value that
    /// begins with - needs the =
    #[arg(last = true, value_name = "OPTIONS")]
    more: Vec<String>,
}

/// A batch system by its name on the command line: its place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct EngineArgument(usize);

impl ValueEnum for EngineArgument {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: LazyLock<Vec<EngineArgument>> =
            LazyLock::new(|| (0..ENGINES.len()).map(EngineArgument).collect());
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let engine = ENGINES[self.0];
        Some(PossibleValue::new(engine.name()).help(engine.help()))
    }
}

/// A study as it is submitted.
struct Work {
    study: NamedStudy,
    data_set: DataSet,
    /// The study with its changes.
    name: String,
    experiment: Experiment,
    states: Vec<State>,
    /// How many cells there are, and the places of those that are left.
    all: usize,
    left: Vec<usize>,
    /// What the jobs read.
    data_sets: Vec<LocalDataSet>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let engine = ENGINES[arguments.engine.0];
    engine.check(&arguments.more)?;
    let time = arguments.time.as_deref().map(|text| engine.limit(text)).transpose()?;
    let wanted = Wanted { array: arguments.array.map(NonZero::get), time };
    // What is read and measured next takes a while.
    if !arguments.dry_run {
        expect_program(engine)?;
    }
    let work = Work::find(arguments)?;
    let sizes = wanted.sizes(&work.experiment, &work.states, &work.left, engine)?;
    let note = sizes.note(&wanted, engine);
    let folder = workspace::runs()?.join(engine.name()).join(&work.name);
    let copies = Copies::of(&work.study, &folder)?;
    let submission = submission(arguments, &work, &sizes, &copies, folder)?;
    let scripts = engine.scripts(&submission)?;
    if arguments.dry_run {
        for line in note.iter().flat_map(|note| note.lines()) {
            say(format_args!("# {line}"))?;
        }
        return show(engine, &submission.folder, &scripts);
    }
    let cells = work.experiment.cells();
    work.experiment.store().expect_writable(work.left.iter().map(|&at| &cells[at]))?;
    copies.write()?;
    for script in &scripts {
        let path = submission.folder.join(script.file);
        replace_file(&path, script.text.as_bytes())?;
    }
    note.iter().try_for_each(say)?;
    say(sizes.sentence(work.left.len(), work.all))?;
    hand_over(engine, &submission, &scripts)
}

impl Work {
    /// What these arguments mean, with data that is found and whole.
    fn find(arguments: &Arguments) -> Result<Self> {
        let study = find(arguments.study.as_deref())?;
        let (named, data) = arguments.options.data(&study)?;
        // What stands in for a data set that is not here is a surprise that nobody sees in the queue.
        let data_set = *data.possible().first().context("found no data set")?;
        let Request { config, folder: name } = arguments.options.request(&study, data_set)?;
        let experiment = Experiment::new(config, store(arguments.cells.as_deref())?, 1)?;
        let found = experiment.found()?;
        let all = distinct(experiment.cells(), 0..found.len());
        // A cell of several arms is left while one of them is.
        let is_left = |at: &usize| !found[*at].state.is_complete();
        let left = distinct(experiment.cells(), (0..found.len()).filter(is_left));
        let is_read = !left.is_empty() || !experiment.untested(&found)?.is_empty();
        let data_sets = match is_read {
            true => data.only(data_set).without_network(arguments.dry_run).find_all(&named)?,
            false => Vec::new(),
        };
        data_sets.iter().try_for_each(verify)?;
        let states = found.iter().map(|found| found.state).collect();
        Ok(Self { study, data_set, name, experiment, states, all: all.len(), left, data_sets })
    }
}

/// What the scripts say, which are to lie in this folder.
fn submission(
    arguments: &Arguments,
    work: &Work,
    sizes: &Sizes,
    copies: &Copies,
    folder: PathBuf,
) -> Result<Submission> {
    let out = match &arguments.out {
        Some(out) => out.clone(),
        None => workspace::runs()?.join(&work.name),
    };
    let mut words = arguments.options.words(&work.study, &copies.argument()?, work.data_set);
    if let Some(cells) = &arguments.cells {
        words.extend(["--cells".to_owned(), absolute(cells)?]);
    }
    let variables = variables(&work.data_sets)?;
    // The nodes of a cluster have no network as a rule.
    if !variables.is_empty() {
        words.push("--offline".to_owned());
    }
    Ok(Submission {
        name: work.name.clone(),
        folder,
        root: absolute(&workspace::root()?)?,
        program: absolute(copies.program())?,
        study: words,
        out: absolute(&out)?,
        variables,
        array: sizes.tasks.map(|tasks| Array { tasks, cells: work.left.len() }),
        limit: sizes.limit.clone(),
        limit_of_report: sizes.limit_of_report.clone(),
        memory: sizes.memory,
        more: arguments.more.clone(),
    })
}

/// Hands the scripts over, and says where everything is.
fn hand_over(engine: &dyn Engine, submission: &Submission, scripts: &[Script]) -> Result<Exit> {
    let mut ids: Vec<String> = Vec::new();
    for script in scripts {
        let path = submission.folder.join(script.file);
        let before = ids.last().map(String::as_str);
        let command = command(engine, &path, before);
        let id = hand_one_over(engine, &command).map_err(|error| match before {
            Some(before) => anyhow!(
                "{error:#}\njob {before} is in the queue; `{}` submits what follows it",
                line(&command)
            ),
            None => error,
        })?;
        say(format_args!("job {id}: {}", shown(&path)))?;
        ids.push(id);
    }
    say(format_args!("state of the jobs: {}", engine.state(&ids)))?;
    let list = ["cargo", "xtask", "experiment"].map(str::to_owned);
    let list = [list.as_slice(), &submission.study, &["--list".to_owned()]].concat();
    say(format_args!("state of the cells: {}", line(&list)))?;
    say(format_args!("logs: {}", shown(&submission.folder)))?;
    say(format_args!("report: {}", shown(Path::new(&submission.out))))?;
    Ok(Exit::Success)
}

/// The command that submits a script, without the variables of this environment that would change it.
fn command(engine: &dyn Engine, script: &Path, after: Option<&str>) -> Vec<String> {
    let set = engine.overriding().iter().filter(|name| env::var_os(name).is_some());
    let unset: Vec<String> = set.flat_map(|name| ["-u", name]).map(str::to_owned).collect();
    let command = engine.command(script, after);
    match unset.as_slice() {
        [] => command,
        unset => [&["env".to_owned()], unset, &command].concat(),
    }
}

/// Prints the scripts, and the commands that would submit them.
fn show(engine: &dyn Engine, folder: &Path, scripts: &[Script]) -> Result<Exit> {
    for script in scripts {
        say(format_args!("# {}", shown(&folder.join(script.file))))?;
        say(script.text.trim_end())?;
        say("")?;
    }
    let before = iter::once(None).chain(iter::repeat(Some("ID")));
    for (script, before) in scripts.iter().zip(before) {
        say(line(&command(engine, &folder.join(script.file), before)))?;
    }
    Ok(Exit::Success)
}

/// The variables that name the folders of these data sets.
fn variables(data_sets: &[LocalDataSet]) -> Result<Vec<(&'static str, String)>> {
    let mut variables = Vec::new();
    for found in data_sets {
        match found {
            LocalDataSet::Files { published, folder } => {
                variables.push((published.files.variable, absolute(&folder.path)?));
            }
            LocalDataSet::Drawn { .. } => {}
        }
    }
    Ok(variables)
}

/// Refuses to write anything where nothing can be submitted.
fn expect_program(engine: &dyn Engine) -> Result<()> {
    let program = engine.program();
    let path = env::var_os("PATH").unwrap_or_default();
    ensure!(
        env::split_paths(&path).any(|folder| folder.join(program).is_file()),
        "found no {program} in PATH; run this where it is, or see the scripts by --dry-run"
    );
    Ok(())
}

/// Reads all files of a data set, so that a damaged one shows before a job waits for hours.
fn verify(found: &LocalDataSet) -> Result<()> {
    match found {
        LocalDataSet::Files { .. } => {
            found.training_at(&[])?;
            found.test()?;
        }
        LocalDataSet::Drawn { .. } => {}
    }
    Ok(())
}

/// Hands a script over by its command; the number of its job.
fn hand_one_over(engine: &dyn Engine, command: &[String]) -> Result<String> {
    let (program, words) = command.split_first().context("found no command to submit with")?;
    let ended = Command::new(program).args(words).output();
    let ended = ended.with_context(|| format!("{program} could not be started"))?;
    let said = String::from_utf8_lossy(&ended.stdout);
    ensure!(
        ended.status.success(),
        "`{}` failed: {}",
        line(command),
        String::from_utf8_lossy(&ended.stderr).trim()
    );
    engine.id(&said).with_context(|| {
        format!("`{}`: found {:?}, expected the number of a job", line(command), said.trim())
    })
}
