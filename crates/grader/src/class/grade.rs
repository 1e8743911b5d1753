//! The grading of a class.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use crate::check::Options;
use crate::class::error::ClassError;
use crate::class::finding::Findings;
use crate::class::hand_in::{HandIn, Source};
use crate::class::key::Key;
use crate::class::moves::{ClassMarks, Gradings};
use crate::class::summary::Summary;
use crate::class::table::{Line, Record, table};
use crate::export::{OutputFormat, TEXT};
use crate::fixture::Case;
use crate::grading::grade;
use crate::replace::replace;
use crate::rubric::Rubric;
use crate::submission::{Interpreter, Process, RunContext, Submission};

/// A class, and how its hand-ins are graded.
pub struct Class<'a> {
    /// The hand-ins.
    pub hand_ins: &'a [HandIn],
    /// Where the table goes.
    pub table: &'a Path,
    /// Where the reports go.
    pub reports: &'a Path,
    /// The cases of the fixtures.
    pub cases: &'a [Case],
    /// What is asked.
    pub options: &'a Options,
    /// What the checks are worth.
    pub rubric: &'a Rubric,
    /// The format of the reports, beside text.
    pub format: &'a OutputFormat,
    /// The Python that runs the hand-ins.
    pub interpreter: &'a Interpreter,
    /// How the hand-ins are run. Its launcher is the program that grades: a hand-in is graded again
    /// when the program has changed.
    pub context: &'a RunContext,
    /// How many hand-ins are graded at a time.
    pub threads: NonZero<usize>,
    /// The command that grades the file of one hand-in in the same way.
    pub command: &'a (dyn Fn(&Path) -> String + Sync),
    /// Whether to stop before the next hand-in.
    pub is_stopped: &'a (dyn Fn() -> bool + Sync),
    /// Told at the start, and after each hand-in.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

/// How far the grading of a class is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// All hand-ins.
    pub all: usize,
    /// The hand-ins whose line is in the table.
    pub done: usize,
}

/// What the grading of a class gave.
#[derive(Debug, Clone, PartialEq)]
pub struct GradedClass {
    /// How many hand-ins there are.
    pub all: usize,
    /// How many of them had to be graded now.
    pub open: usize,
    /// The lines of the table, by id: fewer than hand-ins if grading was stopped.
    pub lines: Vec<Line>,
    /// The table of mistakes and the page on the class, unless grading was stopped.
    pub summary: Option<SummaryFiles>,
}

/// Where the results of a class at a glance were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryFiles {
    /// The table of mistakes.
    pub mistakes: PathBuf,
    /// The page.
    pub page: PathBuf,
}

/// The table of mistakes lies beside the table of marks, and the page among the reports.
const MISTAKES: &str = "mistakes.csv";
const PAGE: &str = "class.md";

/// The file of the marks of the last gradings, among the records. No hand-in's name begins with a dot.
const GRADINGS: &str = ".gradings.json";

/// The folder of the reports that belong to a table: its name without `.csv`.
///
/// # Errors
///
/// [`ClassError::Unusable`] if both would have one name, or the table has the name of the table of
/// mistakes.
pub fn reports_of(table: &Path) -> Result<PathBuf, ClassError> {
    let reports = table.with_extension("");
    let unusable = |expected| ClassError::Unusable {
        path: table.to_owned(),
        found: "a table of this name".to_owned(),
        expected,
    };
    if reports == table {
        Err(unusable("a name that ends in .csv"))
    } else if table.file_name().is_some_and(|name| name == MISTAKES) {
        Err(unusable("another, which the table of mistakes does not have"))
    } else {
        Ok(reports)
    }
}

/// Grades the hand-ins that have not been graded in this way already. The table is written again
/// after each, so that what stops the grading loses at most the hand-ins in progress.
///
/// # Errors
///
/// [`ClassError`]. What is wrong with one hand-in is no error: its line says so.
pub fn grade_class(class: &Class<'_>) -> Result<GradedClass, ClassError> {
    let work = Work { class, lines: Mutex::default() };
    let hand_ins = class.hand_ins;
    let common = work.common_key()?;
    let mut open = Vec::new();
    for hand_in in hand_ins {
        match &hand_in.source {
            Err(problem) => {
                work.forget(&hand_in.id);
                work.add(Record::problem(&hand_in.id, problem));
            }
            Ok(source) => {
                let key = common.clone().with(&source.name).with(&source.bytes).finish();
                match work.known(&hand_in.id, &key) {
                    Some(record) => work.add(record),
                    None => open.push((hand_in, source, key)),
                }
            }
        }
    }
    work.write_table()?;
    let tell = |done| (class.progress)(Progress { all: hand_ins.len(), done });
    tell(hand_ins.len() - open.len());
    let queue = Mutex::new(open.iter());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let grade_all = || -> Result<(), ClassError> {
        while let Some((hand_in, source, key)) = next().filter(|_| !(class.is_stopped)()) {
            // A file that cannot be written is no fault of the hand-in's: no other is begun.
            if let Err(error) = work.grade(hand_in, source, key) {
                while next().is_some() {}
                return Err(error);
            }
            tell(work.lines().len());
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> =
            (0..class.threads.get().min(open.len())).map(|_| scope.spawn(grade_all)).collect();
        let ended = workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        ended.collect::<Result<(), _>>()
    })?;
    let is_whole = work.lines().len() == hand_ins.len();
    let summary = is_whole.then(|| work.write_summary()).transpose()?;
    let lines = work.lines().values().map(|record| record.line.clone()).collect();
    Ok(GradedClass { all: hand_ins.len(), open: open.len(), lines, summary })
}

/// The line of a hand-in, what was found, and its transcripts by their paths.
type Graded = (Line, Findings, Vec<(PathBuf, String)>);

/// A class that is being graded.
struct Work<'a> {
    class: &'a Class<'a>,
    /// The lines so far, by id, with what was found.
    lines: Mutex<BTreeMap<String, Record>>,
}

impl Work<'_> {
    /// Everything that the grades of all hand-ins depend on.
    fn common_key(&self) -> Result<Key, ClassError> {
        let Class { cases, options, rubric, interpreter, context, .. } = self.class;
        // The program's version alone would not tell what it asks.
        let program = &context.launcher.program;
        let program = fs::read(program).map_err(ClassError::read(program))?;
        let RunContext { strength, limits, time_limits, .. } = context;
        Ok(Key::default()
            .with(program)
            .with(
                cases
                    .iter()
                    .map(|case| format!("{} {}\n", case.sha256, case.name))
                    .collect::<String>(),
            )
            .with(format!("{:?}", rubric.entries))
            .with(format!("{options:?}"))
            .with(format!("{strength:?} {limits:?} {time_limits:?} {interpreter:?}")))
    }

    fn formats(&self) -> [&OutputFormat; 2] {
        [&TEXT, self.class.format]
    }

    fn report(&self, id: &str, format: &OutputFormat) -> PathBuf {
        self.class.reports.join(format!("{id}.{}", format.extension))
    }

    fn record(&self, id: &str) -> PathBuf {
        self.class.reports.join(".records").join(format!("{id}.json"))
    }

    /// The record of an earlier run, if it was of the same hand-in and all its files are there.
    fn known(&self, id: &str, key: &str) -> Option<Record> {
        let record = Record::read(&self.record(id))?;
        let is_whole = self.formats().iter().all(|format| self.report(id, format).is_file());
        (record.key == key && record.line.id == id && is_whole).then_some(record)
    }

    /// Grades one hand-in, and writes its report, its record, and the table.
    fn grade(&self, hand_in: &HandIn, source: &Source, key: &str) -> Result<(), ClassError> {
        let id = &hand_in.id;
        // Whatever is wrong with one hand-in, or with the grader on meeting it, stays with it.
        let graded = catch_unwind(AssertUnwindSafe(|| self.transcripts(id, source)))
            .unwrap_or_else(|_| Err("the grader panicked; please report this as a bug".to_owned()));
        let record = match graded {
            Err(problem) => {
                self.forget(id);
                Record::problem(id, &problem)
            }
            Ok((line, findings, transcripts)) => {
                for (path, text) in transcripts {
                    replace(&path, text.as_bytes()).map_err(ClassError::write(&path))?;
                }
                let record = Record { key: key.to_owned(), line, findings };
                let path = self.record(id);
                let json = record.to_json().map_err(ClassError::write(&path))?;
                replace(&path, json.as_bytes()).map_err(ClassError::write(&path))?;
                record
            }
        };
        self.add(record);
        self.write_table()
    }

    /// The line of a hand-in, what was found, and its transcripts by their paths.
    fn transcripts(&self, id: &str, source: &Source) -> Result<Graded, String> {
        let Class { cases, options, rubric, interpreter, context, command, .. } = *self.class;
        let started = Instant::now();
        let process =
            Process::python(id, &source.path, &source.bytes, interpreter, context.clone());
        let mut grading = grade(&process, cases, options, command(&source.path));
        if let Some(trouble) = process.trouble() {
            return Err(format!("{} was not run: {trouble}", process.name()));
        }
        grading.isolation = process.in_force();
        grading.mark(rubric);
        grading.seconds = Some(started.elapsed().as_secs_f64());
        let mut transcripts = Vec::new();
        for format in self.formats() {
            let text = format.write(&grading).map_err(|error| error.to_string())?;
            transcripts.push((self.report(id, format), text));
        }
        Ok((Line::of(id, &grading), Findings::of(&grading), transcripts))
    }

    fn lines(&self) -> MutexGuard<'_, BTreeMap<String, Record>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, record: Record) {
        self.lines().insert(record.line.id.clone(), record);
    }

    /// Removes what an earlier run wrote of a hand-in that cannot be graded any more.
    fn forget(&self, id: &str) {
        let reports = self.formats().map(|format| self.report(id, format));
        for file in reports.iter().chain([&self.record(id)]) {
            // It need not be there.
            let _ = fs::remove_file(file);
        }
    }

    fn write_table(&self) -> Result<(), ClassError> {
        // The lock is held until the file is there, or an older table might replace a newer one.
        let (lines, path) = (self.lines(), self.class.table);
        let table =
            table(lines.values().map(|record| &record.line)).map_err(ClassError::write(path))?;
        replace(path, &table).map_err(ClassError::write(path))
    }

    /// Writes the results of the class at a glance.
    fn write_summary(&self) -> Result<SummaryFiles, ClassError> {
        let (lines, class) = (self.lines(), self.class);
        let marks: ClassMarks =
            lines.iter().map(|(id, record)| (id.clone(), record.line.marks)).collect();
        let path = class.reports.join(".records").join(GRADINGS);
        let gradings = Gradings::after(&path, marks);
        let summary = Summary::of(lines.values());
        let files = SummaryFiles {
            mistakes: class.table.with_file_name(MISTAKES),
            page: class.reports.join(PAGE),
        };
        let write =
            |path: &Path, bytes: &[u8]| replace(path, bytes).map_err(ClassError::write(path));
        let mistakes = summary.mistakes().map_err(ClassError::write(&files.mistakes))?;
        write(&files.mistakes, &mistakes)?;
        write(&files.page, summary.page(gradings.moves().as_ref()).as_bytes())?;
        // Last, so that what stops this leaves the earlier marks to compare with.
        let json = gradings.to_json().map_err(ClassError::write(&path))?;
        write(&path, json.as_bytes())?;
        Ok(files)
    }
}
