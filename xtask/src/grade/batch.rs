//! A folder of hand-ins, graded side by side: a line each in one table, and a report each beside it.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use grader::check::grade;
use grader::fixture::{Case, Manifest};
use grader::submission::{Interpreter, Process, Setting};
use indicatif::{ProgressBar, ProgressStyle};

use crate::grade::batch::hand_in::{HandIn, Source, find};
use crate::grade::batch::key::Key;
use crate::grade::batch::line::{Line, Record, table};
use crate::grade::stranger::Stranger;
use crate::grade::words::quoted;
use crate::grade::{Arguments, Format, Marking};
use crate::interrupt::Interrupt;
use crate::output::{replace_file, say};
use crate::{Outcome, workspace};
use study::side_by_side::side_by_side;

mod hand_in;
mod key;
mod line;

/// Hand-ins to grade together.
#[derive(Debug, Clone, clap::Args)]
pub struct HandIns {
    /// Grade every hand-in of this folder: Python files, or folders with one in them
    #[arg(long, value_name = "DIR", group = "source", requires = "csv", conflicts_with = "case")]
    pub batch: Option<PathBuf>,
    /// The table of marks, a line a hand-in; reports go into the folder of this name without .csv
    #[arg(long, value_name = "FILE", requires = "batch")]
    csv: Option<PathBuf>,
    /// Hand-ins to grade at a time [default: the number of cores]
    #[arg(long, value_name = "N", requires = "batch")]
    threads: Option<NonZero<usize>>,
}

/// All that hand-ins have in common.
struct Batch<'a> {
    arguments: &'a Arguments,
    cases: &'a [Case],
    marking: &'a Marking,
    interpreter: Interpreter,
    setting: Setting,
    /// Where the table goes.
    csv: PathBuf,
    /// Where the reports go.
    reports: PathBuf,
    /// The lines so far, by id.
    lines: Mutex<BTreeMap<String, Line>>,
}

/// Grades the hand-ins of `folder` that have not been graded in this way already.
pub fn run(
    folder: &Path,
    arguments: &Arguments,
    fixtures: &Path,
    cases: &[Case],
    marking: &Marking,
) -> Result<Outcome> {
    let csv = arguments.hand_ins.csv.clone().context("--csv names no file")?;
    let reports = csv.with_extension("");
    if reports == csv {
        bail!("--csv: found {}, expected a name that ends in .csv", csv.display());
    }
    let hand_ins = find(folder)?;
    let terms = &arguments.terms;
    let batch = Batch {
        arguments,
        cases,
        marking,
        interpreter: terms.interpreter()?,
        setting: terms.setting()?,
        csv,
        reports,
        lines: Mutex::default(),
    };
    let common = Key::of_program()?
        .with(Manifest::of(fixtures)?.to_string())
        .with(&marking.text)
        .with(format!("{:?}", arguments.options_of(String::new())))
        .with(format!("{terms:?} {:?}", batch.interpreter));

    let interrupt =
        Interrupt::listen("stopping after the hand-ins in hand; again to stop at once")?;
    let mut open = Vec::new();
    for hand_in in &hand_ins {
        match &hand_in.source {
            Err(problem) => {
                batch.forget(&hand_in.id);
                batch.add(Line::problem(&hand_in.id, problem));
            }
            Ok(source) => {
                let key = common.clone().with(&source.name).with(&source.bytes).finish();
                match batch.known(&hand_in.id, &key) {
                    Some(line) => batch.add(line),
                    None => open.push((hand_in, source, key)),
                }
            }
        }
    }
    let before = hand_ins.len() - open.len();
    batch.write_table()?;
    let bar = bar(hand_ins.len(), before);
    let threads = arguments.hand_ins.threads.or(thread::available_parallelism().ok());
    side_by_side(&open, threads.map_or(1, NonZero::get), |_, (hand_in, source, key), _| {
        if interrupt.is_asked() {
            return Ok(());
        }
        // A file that cannot be written is no fault of the hand-in's: no other is begun.
        batch.grade(hand_in, source, key)?;
        bar.inc(1);
        Ok(())
    })?;
    bar.finish_and_clear();
    batch.summary(hand_ins.len(), open.len())
}

fn bar(all: usize, before: usize) -> ProgressBar {
    let bar = ProgressBar::new(all as u64);
    let template = "{bar:32} {pos}/{len} hand-ins, {eta} left";
    bar.set_style(
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar.set_position(before as u64);
    bar.reset_eta();
    bar
}

impl Batch<'_> {
    fn file(&self, id: &str, extension: &str) -> PathBuf {
        self.reports.join(format!("{id}.{extension}"))
    }

    fn record(&self, id: &str) -> PathBuf {
        self.reports.join(".records").join(format!("{id}.json"))
    }

    /// The line of an earlier run, if it was of the same hand-in and all its files are there.
    fn known(&self, id: &str, key: &str) -> Option<Line> {
        let record = Record::read(&self.record(id))?;
        let formats = [Format::Text, self.arguments.format];
        let is_whole = formats.iter().all(|format| self.file(id, format.extension()).is_file());
        (record.key == key && record.line.id == id && is_whole).then_some(record.line)
    }

    /// Grades one hand-in, and writes its report, its record, and the table.
    fn grade(&self, hand_in: &HandIn, source: &Source, key: &str) -> Result<()> {
        let id = &hand_in.id;
        // Whatever is wrong with one hand-in, or with the grader on meeting it, stays with it.
        let graded = catch_unwind(AssertUnwindSafe(|| self.report(id, source)))
            .unwrap_or_else(|_| Err(anyhow!("the grader panicked; please report this as a bug")));
        let line = match graded {
            Err(problem) => {
                self.forget(id);
                Line::problem(id, &format!("{problem:#}"))
            }
            Ok((line, files)) => {
                for (extension, text) in files {
                    replace_file(&self.file(id, extension), text.as_bytes())?;
                }
                let record = Record { key: key.to_owned(), line };
                replace_file(&self.record(id), record.to_json()?.as_bytes())?;
                record.line
            }
        };
        self.add(line);
        self.write_table()
    }

    fn report(&self, id: &str, source: &Source) -> Result<(Line, Vec<(&'static str, String)>)> {
        let started = Instant::now();
        let (setting, path) = (self.setting.clone(), &source.path);
        let process = Process::python(id, path, &source.bytes, &self.interpreter, setting);
        let submission = Stranger::Process(Box::new(process));
        let path = format!("--python {}", quoted(&path.display().to_string()));
        let options = self.arguments.options_of(self.arguments.command_of(&path));
        let mut report = grade(submission.submission(), self.cases, &options);
        report.isolation = submission.isolation()?;
        self.marking.mark(&mut report);
        let seconds = started.elapsed().as_secs_f64();
        let mut files = Vec::new();
        for format in [Format::Text, self.arguments.format] {
            files.push((format.extension(), format.transcript(&report, Some(seconds))?));
        }
        Ok((Line::of(id, &report, seconds), files))
    }

    fn add(&self, line: Line) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.insert(line.id.clone(), line);
    }

    /// Removes what an earlier run wrote of a hand-in that cannot be graded any more.
    fn forget(&self, id: &str) {
        let formats = [Format::Text, self.arguments.format];
        let files = formats.map(|format| self.file(id, format.extension()));
        for file in files.iter().chain([&self.record(id)]) {
            // It need not be there.
            let _ = fs::remove_file(file);
        }
    }

    fn write_table(&self) -> Result<()> {
        // The lock is held until the file is there, or an older table might replace a newer one.
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        replace_file(&self.csv, &table(lines.values())?)
    }

    fn summary(&self, all: usize, open: usize) -> Result<Outcome> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let (csv, reports) = (
            workspace::relative(&self.csv).display(),
            workspace::relative(&self.reports).display(),
        );
        if lines.len() < all {
            bail!(
                "stopped after {} of {all} hand-ins, which are in {csv}; the same command goes on \
                 from here",
                lines.len()
            );
        }
        let problems: Vec<&Line> = lines.values().filter(|line| line.problem.is_some()).collect();
        say(format!(
            "{all} hand-ins, {} of them graded now: marks in {csv}, a report each in {reports}/",
            open
        ))?;
        for Line { id, problem, .. } in &problems {
            say(format!("not graded: {id}: {}", problem.as_deref().unwrap_or_default()))?;
        }
        Ok(if problems.is_empty() { Outcome::Success } else { Outcome::FoundWrong })
    }
}
