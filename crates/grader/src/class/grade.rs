//! The grading of a class.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;

use crate::class::entries::Entry;
use crate::class::error::ClassError;
use crate::class::files;
use crate::class::folder::Folder;
use crate::class::gone;
use crate::class::judge::{Grade, Judge, Judged, Task};
use crate::class::key::{hash, hash_of_file};
use crate::class::marks_table::MarksTable;
use crate::class::moves::{ClassMarks, Gradings};
use crate::class::record::{Record, Stored};
use crate::class::summary::Summary;
use crate::class::table::Line;
use crate::class::worker::Worker;
use crate::hand_in::HandIn;
use crate::messages::{flat_name, with_sources};
use crate::replace::{folder_of, remove_parts, replace};
use crate::self_check::self_check;

/// A class, and how its hand-ins are graded.
pub struct Class<'a> {
    /// The hand-ins.
    pub hand_ins: &'a [Entry],
    /// Where the table goes.
    pub table: &'a Path,
    /// What is in the table.
    pub marks: &'a MarksTable,
    /// Where the reports go.
    pub reports: &'a Path,
    /// What they are asked, and how they are marked.
    pub judge: &'a Judge<'a>,
    /// The command of a worker process, which calls [`serve`](crate::class::serve) with the same judge.
    pub worker: &'a (dyn Fn() -> Command + Sync),
    /// How many hand-ins are graded at a time, each by a worker process of its own.
    pub threads: NonZero<usize>,
    /// The command that grades the hand-in of this name in the same way.
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
    /// How many hand-ins are gone, of which reports were removed.
    pub gone: usize,
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

/// The files and folders that grading a class writes, of which its table and reports are two.
pub fn written_files(table: &Path, reports: &Path) -> [PathBuf; 3] {
    [table.to_owned(), reports.to_owned(), table.with_file_name(MISTAKES)]
}

/// The folder of the reports that belong to a table: its name without `.csv`.
///
/// # Errors
///
/// [`ClassError::Unusable`] if the name of the table does not end in `.csv`, so that it may be that of a
/// hand-in, or is that of the table of mistakes.
pub fn reports_of(table: &Path) -> Result<PathBuf, ClassError> {
    let unusable = |expected| ClassError::Unusable {
        path: table.to_owned(),
        found: "a table of this name".to_owned(),
        expected,
    };
    if !table.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")) {
        Err(unusable("a name that ends in .csv"))
    } else if table.file_name().is_some_and(|name| name == MISTAKES) {
        Err(unusable("another, which the table of mistakes does not have"))
    } else {
        Ok(table.with_extension(""))
    }
}

/// Grades the hand-ins that have not been graded in this way already. The table is written again
/// after each, so that what stops the grading loses at most the hand-ins in progress.
///
/// Before anyone is graded, a known right hand-in is: if the machine costs it marks, nobody gets any.
/// The same is done when the machine could have caused what went wrong with a hand-in. If the machine
/// proves sound, that hand-in is graded again while no other is, and the second grade counts.
///
/// # Errors
///
/// [`ClassError`]. What is wrong with one hand-in is no error: its line says so.
pub fn grade_class(class: &Class<'_>) -> Result<GradedClass, ClassError> {
    let program = &class.judge.context.launcher.program;
    let key = class.judge.key();
    let worker_key = key.clone().finish();
    let key = key.with_file(program).map_err(ClassError::read(program))?;
    let folder = Folder::lock(class.reports)?;
    let work = Work {
        class,
        worker_key,
        part: files::part(class.table),
        lines: Mutex::default(),
        machine: RwLock::default(),
    };
    // Nobody else writes these files now: such as are there are of a batch that was killed.
    for of_killed in [folder_of(class.table), class.reports, &files::records(class.reports)] {
        remove_parts(of_killed, &work.part);
    }
    let (mut known, mut open) = (Vec::new(), Vec::new());
    for hand_in in class.hand_ins {
        let Entry { id, path, hand_in } = hand_in;
        match hand_in {
            Err(problem) => {
                let name = path.file_name().map_or_else(String::new, flat_name);
                known.push(Record::problem(id, &problem.of(&name)));
            }
            Ok(hand_in) => {
                let key = key.clone().with_hand_in(hand_in).finish();
                match work.known(id, &key) {
                    Some(record) => known.push(record),
                    None => open.push(Open { id, path, hand_in, key }),
                }
            }
        }
    }
    if !open.is_empty() {
        work.check_machine(None).inspect_err(|_| folder.remove_if_new())?;
    }
    for record in known {
        if record.line.marks.is_none() {
            gone::remove(class.reports, &record.line.id);
        }
        work.add(record);
    }
    // A table without a line is of use to nobody, but one of other marks is not left there.
    if !work.lines().is_empty() || class.table.exists() {
        work.write_table()?;
    }
    work.grade_all(&open)?;
    let is_whole = work.lines().len() == class.hand_ins.len();
    let summary = is_whole.then(|| work.write_summary()).transpose()?;
    // A folder without hand-ins may be one that is not mounted, and a batch that was stopped has no summary
    // that could say what was removed.
    let has_hand_ins = class.hand_ins.iter().any(|entry| entry.hand_in.is_ok());
    let gone = if is_whole && has_hand_ins {
        let ids = class.hand_ins.iter().map(|entry| &*entry.id).collect();
        gone::remove_others(class.reports, &ids)
    } else {
        0
    };
    let lines = work.lines().values().map(|record| record.line.clone()).collect();
    Ok(GradedClass { all: class.hand_ins.len(), open: open.len(), lines, summary, gone })
}

/// A hand-in that is to be graded.
struct Open<'a> {
    id: &'a str,
    path: &'a Path,
    hand_in: &'a HandIn,
    key: String,
}

/// A class that is being graded.
struct Work<'a> {
    class: &'a Class<'a>,
    /// What a worker process must judge by.
    worker_key: String,
    /// What the names of its unfinished files begin with.
    part: String,
    /// The lines so far, by id, with what was found.
    lines: Mutex<BTreeMap<String, Record>>,
    /// Held together by all who grade, and alone by who must know what the machine's fault is.
    machine: RwLock<()>,
}

impl Work<'_> {
    /// Grades what is open, several at a time.
    fn grade_all(&self, open: &[Open<'_>]) -> Result<(), ClassError> {
        let Class { hand_ins, threads, is_stopped, progress, .. } = self.class;
        let tell = |done| progress(Progress { all: hand_ins.len(), done });
        tell(hand_ins.len() - open.len());
        let queue = Mutex::new(open.iter());
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let empty_queue = || while next().is_some() {};
        let grade_some = || -> Result<(), ClassError> {
            let mut worker = None;
            while let Some(open) = next().filter(|_| !is_stopped()) {
                self.grade(open, &mut worker)?;
                tell(self.lines().len());
            }
            Ok(())
        };
        thread::scope(|scope| {
            let start = |_| {
                // After an error, no other hand-in is begun.
                let grade = || grade_some().inspect_err(|_| empty_queue());
                thread::Builder::new()
                    .spawn_scoped(scope, grade)
                    .inspect_err(|_| empty_queue())
                    .map_err(|cause| ClassError::Start { what: "a thread", cause })
            };
            let started: Vec<_> = (0..threads.get().min(open.len())).map(start).collect();
            let ended = started.into_iter().map(|thread| {
                thread?.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            // Every thread is waited for, whichever fails first.
            ended.fold(Ok(()), Result::and)
        })
    }

    /// Grades one hand-in, and writes its reports, its record, and the table.
    fn grade(&self, open: &Open<'_>, worker: &mut Option<Worker>) -> Result<(), ClassError> {
        let mut judged = {
            let _others_too = self.machine.read().unwrap_or_else(PoisonError::into_inner);
            self.ask(open, worker)?
        };
        if judged.suspicion.is_some() {
            let _alone = self.machine.write().unwrap_or_else(PoisonError::into_inner);
            self.check_machine(Some(open.id))?;
            judged = self.ask(open, worker)?;
            if judged.suspicion.is_some() {
                self.check_machine(Some(open.id))?;
            }
        }
        let record = match judged.grade {
            Err(problem) => {
                gone::remove(self.class.reports, open.id);
                Record::problem(open.id, &problem)
            }
            Ok(grade) => self.keep(open, grade),
        };
        self.add(record);
        self.write_table()
    }

    /// What a worker process judges of a hand-in. One that has died is replaced.
    fn ask(&self, open: &Open<'_>, worker: &mut Option<Worker>) -> Result<Judged, ClassError> {
        let mut asked = match worker.take().and_then(Worker::if_alive) {
            Some(idle) => idle,
            None => Worker::start((self.class.worker)(), &self.worker_key)?,
        };
        let task = Task { id: open.id.to_owned(), command: (self.class.command)(open.path) };
        match asked.ask(&task, open.hand_in) {
            Ok(judged) => {
                *worker = Some(asked);
                Ok(judged)
            }
            Err(how) => {
                let problem =
                    format!("the grader {how} while it judged this; please report this as a bug");
                Ok(Judged { grade: Err(problem), suspicion: None })
            }
        }
    }

    /// Grades a known right hand-in, which loses marks only by the machine's fault.
    fn check_machine(&self, during: Option<&str>) -> Result<(), ClassError> {
        let Judge { interpreter, context, cases, options, .. } = self.class.judge;
        self_check(interpreter, context, cases, options)
            .map_err(|source| ClassError::Machine { during: during.map(str::to_owned), source })
    }

    /// Writes the reports and the record of a graded hand-in. What cannot be written is the problem of
    /// its line, and costs no marks.
    fn keep(&self, open: &Open<'_>, grade: Grade) -> Record {
        let Grade { line, findings, reports } = grade;
        let mut record = Record { line, findings };
        if let Err(error) = self.write(open, &record, &reports) {
            self.forget_record(open.id);
            record.line.problem = Some(format!(
                "the marks are as they should be, but {}; the hand-in will be graded again",
                with_sources(&error)
            ));
        }
        record
    }

    fn write(
        &self,
        open: &Open<'_>,
        record: &Record,
        reports: &[String],
    ) -> Result<(), ClassError> {
        let mut hashes = BTreeMap::new();
        let mut written = Ok(());
        for (format, text) in self.class.judge.formats().into_iter().zip(reports) {
            let path = files::report(self.class.reports, open.id, format.extension);
            written = written.and(self.replace(&path, text.as_bytes()));
            hashes.insert(format.extension.to_owned(), hash(text));
        }
        written?;
        let path = files::record(self.class.reports, open.id);
        let stored = Stored::new(&open.key, record.clone(), hashes);
        let json = stored.and_then(|stored| stored.to_json()).map_err(ClassError::write(&path))?;
        self.replace(&path, json.as_bytes())
    }

    /// The record of an earlier run, if it was of the same hand-in, and it and all reports are as they
    /// were written.
    fn known(&self, id: &str, key: &str) -> Option<Record> {
        let reports = self.class.reports;
        let mut hashes = BTreeMap::new();
        for format in self.class.judge.formats() {
            let hash = hash_of_file(&files::report(reports, id, format.extension))?;
            hashes.insert(format.extension.to_owned(), hash);
        }
        Stored::read(&files::record(reports, id), key, id, &hashes)
    }

    fn lines(&self) -> MutexGuard<'_, BTreeMap<String, Record>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, record: Record) {
        self.lines().insert(record.line.id.clone(), record);
    }

    fn forget_record(&self, id: &str) {
        let _ = fs::remove_file(files::record(self.class.reports, id));
    }

    fn write_table(&self) -> Result<(), ClassError> {
        // The lock is held until the file is there, or an older table might replace a newer one.
        let (lines, path) = (self.lines(), self.class.table);
        let table = self.class.marks.bytes(&lines).map_err(ClassError::write(path))?;
        self.replace(path, &table)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), ClassError> {
        replace(path, bytes, &self.part).map_err(ClassError::write(path))
    }

    /// Writes the results of the class at a glance.
    fn write_summary(&self) -> Result<SummaryFiles, ClassError> {
        let (lines, class) = (self.lines(), self.class);
        let marks: ClassMarks =
            lines.iter().map(|(id, record)| (id.clone(), record.line.marks)).collect();
        let path = files::records(class.reports).join(GRADINGS);
        let gradings = Gradings::after(&path, marks);
        let summary = Summary::of(lines.values());
        let files = SummaryFiles {
            mistakes: class.table.with_file_name(MISTAKES),
            page: class.reports.join(PAGE),
        };
        let mistakes = summary.mistakes().map_err(ClassError::write(&files.mistakes))?;
        self.replace(&files.mistakes, &mistakes)?;
        self.replace(
            &files.page,
            summary.page(gradings.moves().as_ref(), &class.marks.absent()).as_bytes(),
        )?;
        // Last, so that what stops this leaves the earlier marks to compare with.
        let json = gradings.to_json().map_err(ClassError::write(&path))?;
        self.replace(&path, json.as_bytes())?;
        Ok(files)
    }
}
