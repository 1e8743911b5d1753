//! `cargo xtask grade --batch`: the arguments, the progress bar and the summary.

use std::env;
use std::fs;
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use grader::check::Options;
use grader::class::{
    Class, Entries, GradedClass, Joined, Judge, Line, MarksTable, Progress, SummaryFiles,
    find_any_entries, find_entries, grade_class, reports_of, serve, written_files,
};
use grader::export::OutputFormat;
use grader::fixture::Case;
use grader::messages;
use grader::rubric::Rubric;
use indicatif::{ProgressBar, ProgressStyle};

use crate::grade::marks_table::TableOptions;
use crate::grade::run_options::RunOptions;
use terminal::count;
use terminal::exit::{COULD_NOT_RUN, Exit};
use terminal::interrupt::Interrupt;
use terminal::output::say;
use terminal::workspace;

/// The students without a hand-in whom the summary names.
const NAMES_SHOWN: usize = 20;

/// How long a worker may take to end after its batch has.
const GRACE: Duration = Duration::from_secs(3);

/// Hand-ins to grade together.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct HandIns {
    /// Grade every hand-in of this folder: Python files, notebooks, .zip files, and folders
    #[arg(long, value_name = "DIR", group = "source", requires = "csv", conflicts_with = "case")]
    pub batch: Option<PathBuf>,
    /// The table of marks, one line per hand-in; reports and the page class.md go into the folder of
    /// this name without .csv, and the table of mistakes, mistakes.csv, lies beside it
    #[arg(long, value_name = "FILE", requires = "batch")]
    csv: Option<PathBuf>,
    /// Hand-ins to grade at a time [default: the number of cores]
    #[arg(long, value_name = "N", requires = "batch", allow_negative_numbers = true, value_parser = count::threads)]
    threads: Option<NonZero<usize>>,
    #[command(flatten)]
    table: TableOptions,
    /// Judge the hand-ins that a batch writes to standard input
    #[arg(long, hide = true, requires = "batch")]
    worker: bool,
}

/// What all hand-ins are asked, and how they are marked.
pub(super) struct Asked<'a> {
    pub cases: &'a [Case],
    pub options: &'a Options,
    pub rubric: &'a Rubric,
    /// The rubric's file, if one was named.
    pub rubric_file: Option<&'a Path>,
    pub format: &'a OutputFormat,
    /// The command that grades one hand-in.
    pub command: &'a (dyn Fn(&Path) -> String + Sync),
}

/// Grades the hand-ins of `folder` that have not been graded in this way already.
pub(super) fn run(
    folder: &Path,
    hand_ins: &HandIns,
    run_options: &RunOptions,
    asked: &Asked<'_>,
) -> Result<Exit> {
    let table = hand_ins.csv.as_deref().context("--csv names no file")?;
    let reports = reports_of(table)?;
    expect_no_hand_in(&reports)?;
    let mut not_handed_in = written_files(table, &reports).to_vec();
    not_handed_in.extend(hand_ins.table.roster.clone());
    not_handed_in.extend(asked.rubric_file.map(Path::to_owned));
    not_handed_in.extend(run_options.course.clone());
    let Asked { cases, options, rubric, format, command, .. } = *asked;
    // All that the arguments name is read before Python is looked for.
    let course = run_options.course()?;
    let found = if hand_ins.worker {
        None
    } else {
        let find = if hand_ins.table.roster.is_some() { find_any_entries } else { find_entries };
        let found = find(folder, &not_handed_in)?;
        let marks =
            hand_ins.table.table(table, rubric, [&ids(&found, true), &ids(&found, false)])?;
        Some((found, marks))
    };
    let judge = Judge {
        cases,
        options,
        rubric,
        format,
        interpreter: &run_options.interpreter()?,
        course: course.as_ref(),
        context: &run_options.context()?,
    };
    let Some((found, marks)) = found else {
        let is_cancelled = run_options.is_cancelled.clone();
        serve(&judge, io::stdin(), io::stdout(), move || {
            // What runs is ended and its files are removed, and then this process ends by itself.
            is_cancelled.store(true, Ordering::Relaxed);
            thread::sleep(GRACE);
            process::exit(COULD_NOT_RUN.into());
        })?;
        return Ok(Exit::Success);
    };
    let interrupt = Interrupt::listen_and_clean_up(
        run_options.is_cancelled.clone(),
        "stopping after the hand-ins in progress; again to stop at once",
    )?;
    let cores = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let bar = bar();
    let graded = grade_class(&Class {
        hand_ins: &found.entries,
        table,
        marks: &marks,
        reports: &reports,
        judge: &judge,
        worker: &|| worker(&judge.context.launcher.program),
        threads: hand_ins.threads.unwrap_or(cores),
        command,
        is_stopped: &|| interrupt.is_asked(),
        progress: &|Progress { all, done }| {
            if bar.length().is_none() {
                bar.set_length(all as u64);
                bar.set_position(done as u64);
                bar.reset_eta();
            }
            bar.set_position(done as u64);
        },
    });
    bar.finish_and_clear();
    ensure!(
        !run_options.is_cancelled.load(Ordering::Relaxed),
        "stopped at once; the same command goes on with what has no marks yet"
    );
    summary(&graded?, &marks, table, &reports, &found)
}

/// The ids of the hand-ins that can be graded, or of the others.
fn ids(found: &Entries, can_be_graded: bool) -> Vec<&str> {
    let entries = found.entries.iter().filter(|entry| entry.hand_in.is_ok() == can_be_graded);
    entries.map(|entry| entry.id.as_str()).collect()
}

/// Refuses a folder for the reports that has hand-ins in it.
fn expect_no_hand_in(reports: &Path) -> Result<()> {
    let entries = fs::read_dir(reports).into_iter().flatten().flatten();
    let Some(code) = entries.map(|entry| entry.path()).find(|path| is_code(path)) else {
        return Ok(());
    };
    bail!(
        "--csv: its reports go into {}, which has the hand-in {}; give the table another name",
        shown(reports),
        shown(&code)
    )
}

/// Whether a path is named as hand-ins are.
pub(super) fn is_code(path: &Path) -> bool {
    const ENDINGS: [&str; 4] = ["py", "ipynb", "zip", "rs"];
    let ending = path.extension().unwrap_or_default();
    ENDINGS.iter().any(|code| ending.eq_ignore_ascii_case(code))
}

/// The command of a worker process: this one, whose arguments say what is asked.
fn worker(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(env::args_os().skip(1)).arg("--worker");
    command
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:32} {pos}/{len} hand-ins, {eta} left");
    ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn shown(path: &Path) -> String {
    messages::path(workspace::relative(path))
}

fn summary(
    graded: &GradedClass,
    marks: &MarksTable,
    table: &Path,
    reports: &Path,
    Entries { of_system, joined, .. }: &Entries,
) -> Result<Exit> {
    let GradedClass { all, open, lines, summary, gone } = graded;
    let (table, reports) = (shown(table), shown(reports));
    if lines.len() < *all {
        bail!(
            "stopped after {} of {all} hand-ins, which are in {table}; the same command goes on \
             from here",
            lines.len()
        );
    }
    say(format!(
        "{all} hand-ins, {open} of them graded now: marks in {table}, one report per hand-in in {reports}/"
    ))?;
    if let Some(SummaryFiles { mistakes, page }) = summary {
        say(format!("{}: which mistakes how often, and by whom", shown(mistakes)))?;
        say(format!("{}: the class at a glance, and what moved", shown(page)))?;
    }
    match gone {
        0 => {}
        1 => say("removed the reports of 1 hand-in that is gone")?,
        count => say(format!("removed the reports of {count} hand-ins that are gone"))?,
    }
    if !of_system.is_empty() {
        say(format!("left out, as no hand-ins: {}", of_system.join(", ")))?;
    }
    for Joined { id, files } in joined {
        say(format!("graded together, as files of one student: {id}: {}", files.join(", ")))?;
    }
    let problems: Vec<&Line> = lines.iter().filter(|line| line.problem.is_some()).collect();
    for Line { id, marks, problem, .. } in &problems {
        let what = if marks.is_none() { "not graded" } else { "graded, with a problem" };
        say(format!("{what}: {id}: {}", problem.as_deref().unwrap_or_default()))?;
    }
    let is_complete = say_roster(marks)? && problems.is_empty();
    Ok(if is_complete { Exit::Success } else { Exit::FoundWrong })
}

/// Says who handed in nothing, and which hand-ins are nobody's. Returns whether all have their marks in the
/// table.
fn say_roster(marks: &MarksTable) -> Result<bool> {
    let roster = marks.roster().map_or_else(|| "the table".to_owned(), |path| shown(path));
    let absent = marks.absent();
    if !absent.is_empty() {
        let (count, of) = (absent.len(), marks.students());
        let mut who = absent[..count.min(NAMES_SHOWN)].join("; ");
        if count > NAMES_SHOWN {
            who.push_str(&format!("; and {} more, whom class.md names", count - NAMES_SHOWN));
        }
        say(format!("handed in nothing: {count} of {of} in {roster}: {who}"))?;
    }
    let what = if marks.has_lines_for_unmatched() { "nobody's, by" } else { "without a place in" };
    for (id, why) in marks.unmatched() {
        say(format!("{what} {roster}: {id}: {why}"))?;
    }
    Ok(marks.has_lines_for_unmatched() || marks.unmatched().is_empty())
}
