//! Submissions that are programs. A grading runs the program in a sandbox, on all scripts at once.

mod asking;
mod end;
mod stage;
mod suspicion;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use isolation::untrusted::Folder;
use isolation::{End, Ended, InForce, Job, Launcher, Limits, Stop, Strength};

use crate::messages::with_sources;
use crate::submission::failure::Failure;
use crate::submission::interface::{Submission, run_alone};
use crate::submission::language::Language;
use crate::submission::learner::{self, Learner};
use crate::submission::outputs::{Answer, Outputs};
use crate::submission::printed::Printed;
use crate::submission::process::asking::{Asking, Start, StartEnd};
use crate::submission::process::end::failure_of;
use crate::submission::process::stage::Stage;
use crate::submission::protocol::{self, DONE, declines, list_scripts, make_folder, write_inputs};
use crate::submission::script::Script;
use crate::submission::time_limits::{EXIT_GRACE, TimeLimits};

/// How programs are run: in which sandbox, and within which limits.
#[derive(Debug, Clone)]
pub struct RunContext {
    /// The program that starts the sandbox.
    pub launcher: Launcher,
    /// How strong the sandbox must be.
    pub strength: Strength,
    /// What a program may use.
    pub limits: Limits,
    /// How long a program may take.
    pub time_limits: TimeLimits,
    /// Where a temporary folder is made for each grading: in the first of these places where one can be made.
    pub scratch: Vec<PathBuf>,
    /// Whether to end what runs now and to run nothing more.
    pub is_cancelled: Arc<AtomicBool>,
}

/// What the room of a program has: the answers, and a folder that is its home.
const OUTPUTS: &str = "outputs";
const HOME: &str = "home";

/// The part of the time that a program which only computes has at least, on a machine with nothing else to
/// do.
const MUCH_TIME: f64 = 0.9;

/// The pauses before a program whose sandbox failed is started again, in milliseconds. The machine may
/// have no process to spare for a moment.
const PAUSES: [u64; 2] = [100, 1000];

/// A program that answers scripts by the [`protocol`], which knows the notebook's convention only.
#[derive(Debug)]
pub struct Process {
    pub(super) name: String,
    /// The program and its arguments; the folders of inputs and outputs follow.
    pub(super) command: Vec<OsString>,
    pub(super) environment: Vec<(String, OsString)>,
    /// What it may read beside its inputs.
    pub(super) readable: Vec<PathBuf>,
    /// Files that it is given copies of, by their names in the folder from which it starts. An
    /// argument that is such a name works.
    pub(super) copies: Vec<(String, Vec<u8>)>,
    /// The name of the file whose functions a driver of ours calls, if it is one.
    pub(super) file_name: Option<String>,
    pub(super) answers_plain: bool,
    /// What is known of it if it is a learner's, who waits for the answers.
    pub(super) learner: Option<Learner>,
    pub(super) context: RunContext,
    pub(super) seen: Mutex<Seen>,
}

/// What became of the last grading.
#[derive(Debug, Default)]
pub(super) struct Seen {
    in_force: Option<InForce>,
    trouble: Option<String>,
    suspicion: Option<String>,
    printed: Option<Printed>,
}

impl Process {
    /// The program `command`, which may read the files and folders `readable`. It is asked plain
    /// batch norm if `answers_plain`.
    pub fn new(
        name: impl Into<String>,
        command: Vec<OsString>,
        readable: Vec<PathBuf>,
        answers_plain: bool,
        context: RunContext,
    ) -> Self {
        Self {
            name: name.into(),
            command,
            environment: Vec::new(),
            readable,
            copies: Vec::new(),
            file_name: None,
            answers_plain,
            learner: None,
            context,
            seen: Mutex::default(),
        }
    }

    /// Whether it is a Python file, whose functions a driver of ours calls.
    pub fn is_python(&self) -> bool {
        self.file_name.is_some()
    }

    /// What is known of it if it is a learner's.
    pub fn learner(&self) -> Option<&Learner> {
        self.learner.as_ref()
    }

    /// Whether it is the exercise.
    pub fn is_exercise(&self) -> bool {
        self.learner.as_ref().is_some_and(|learner| learner.is_exercise)
    }

    /// What held the program in when it was last run.
    pub fn in_force(&self) -> Option<InForce> {
        self.seen().in_force.clone()
    }

    /// Why the program was not run, for which no submission can be blamed.
    pub fn trouble(&self) -> Option<String> {
        self.seen().trouble.clone()
    }

    /// The first failure of the program that the machine may have caused, as in "No space left on
    /// device"; `None` if there was none. Such a failure counts if it is the program's own: if a
    /// [`self_check`](crate::self_check) passes, and the program fails again when nothing runs beside it.
    pub fn suspicion(&self) -> Option<String> {
        self.seen().suspicion.clone()
    }

    /// What the code printed in its first run, if it printed anything.
    pub fn printed(&self) -> Option<Printed> {
        self.seen().printed.clone()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, scripts: &[Script]) -> Result<Vec<Outputs>, String> {
        let stage = Stage::new(&self.context.scratch)?;
        let names =
            write_inputs(&stage.path("inputs"), scripts).map_err(|error| with_sources(&error))?;
        let copies = stage.path("copies");
        make_folder(&copies).map_err(|error| with_sources(&error))?;
        for (name, bytes) in &self.copies {
            let copy = copies.join(name);
            make_folder(copy.parent().unwrap_or(&copies)).map_err(|error| with_sources(&error))?;
            protocol::write_file(&copy, bytes).map_err(|error| with_sources(&error))?;
        }
        for name in ["inputs", "copies"] {
            stage.show(name).map_err(|error| format!("{}: {error}", stage.path(name).display()))?;
        }
        let time_limits = self.context.time_limits;
        let (file_name, learner) = (self.file_name.as_deref(), self.learner.as_ref());
        let mut asking = Asking::new(scripts, &names, file_name, learner, time_limits);
        let mut starts = 0..;
        while let Some((asked, number)) = asking.next().zip(starts.next()) {
            let room = stage.path(&format!("room-{number}"));
            let start = self.start(&stage, &room, &asked, &asking)?;
            asking.take(&start);
            stage.remove(&room);
        }
        let answers = asking.finish();
        let suspicion = answers.iter().find_map(suspicion::of_answer);
        let mut seen = self.seen();
        seen.suspicion = seen.suspicion.take().or(suspicion);
        Ok(answers)
    }

    /// Starts the program in a room on the scripts of these names.
    fn start(
        &self,
        stage: &Stage,
        room: &Path,
        names: &[String],
        asking: &Asking<'_>,
    ) -> Result<Start, String> {
        let inputs = stage.path("inputs");
        list_scripts(&inputs, names).map_err(|error| with_sources(&error))?;
        make_folder(room).map_err(|error| with_sources(&error))?;
        let copies = stage.path("copies");
        let mut command = self.command.clone();
        for argument in &mut command {
            if self.copies.iter().any(|(name, _)| argument == name.as_str()) {
                *argument = copies.join(&*argument).into();
            }
        }
        command.extend([inputs.clone().into(), room.join(OUTPUTS).into()]);
        let mut environment = self.environment.clone();
        for name in ["HOME", "TMPDIR"] {
            environment.push((name.to_owned(), room.join(HOME).into()));
        }
        if let Some(reason) = asking.without_backward() {
            environment.push((learner::WITHOUT_BACKWARD.to_owned(), reason.into()));
        }
        let mut readable = self.readable.clone();
        readable.extend([inputs, copies]);
        let job = Job {
            command,
            environment,
            readable,
            room: room.to_owned(),
            room_folders: vec![HOME.to_owned(), OUTPUTS.to_owned()],
            removed_without_caller: Some(stage.folder().to_owned()),
            // What is printed is read and forgotten. If it ended the program, the moment at which it
            // is noticed would decide which case pays for it.
            limits: Limits { output: u64::MAX, ..self.context.limits },
            strength: self.context.strength,
        };

        let (of_start, of_script) = (self.context.time_limits.script, asking.limit());
        let whole = asking.remaining();
        let (mut answered, mut since, mut took) = (0, Duration::ZERO, Duration::ZERO);
        let (mut has_begun, mut is_one_script) = (false, false);
        let mut watch = |now: Duration, room: &Folder| {
            took = now;
            let outputs = room.folder(OUTPUTS);
            let begun = |name: &String| outputs.as_ref().is_ok_and(|outputs| outputs.has(name));
            if !has_begun && names.first().is_some_and(begun) {
                has_begun = true;
                since = now;
            }
            while names.get(answered).is_some_and(|name| is_answered(outputs.as_ref().ok(), name)) {
                answered += 1;
                since = now;
            }
            let limit = if answered == names.len() {
                EXIT_GRACE
            } else if has_begun {
                of_script
            } else {
                of_start
            };
            is_one_script = now.saturating_sub(since) > limit;
            !is_one_script && now <= whole && !self.is_cancelled()
        };
        let ended = self.run_in_sandbox(&job, &mut watch)?;
        let end = match ended.how {
            End::Stopped(Stop::Time) if is_one_script => StartEnd::ScriptLimit,
            End::Stopped(Stop::Time) => StartEnd::WholeLimit,
            End::Stopped(_) | End::Exited(_) | End::Killed(_) => {
                StartEnd::Ended(match self.learner {
                    Some(_) => Failure::Crashed(learner::ended(&ended, &self.context.limits)),
                    None => failure_of(&ended),
                })
            }
        };
        let outputs = ended.room.folder(OUTPUTS).ok();
        // What a short program did may not have been watched.
        let begun = |name: &String| outputs.as_ref().is_some_and(|outputs| outputs.has(name));
        has_begun |= names.first().is_some_and(begun);
        let is_starved =
            ended.processor.is_some_and(|processor| processor < took.mul_f64(MUCH_TIME));
        let suspicion = suspicion::of_end(ended.how, has_begun, is_starved);
        let mut seen = self.seen();
        seen.suspicion = seen.suspicion.take().or(suspicion);
        seen.printed = seen.printed.take().or_else(|| Printed::of([&ended.stdout, &ended.stderr]));
        seen.in_force = Some(ended.in_force);
        Ok(Start { outputs, has_begun, took, end })
    }

    fn is_cancelled(&self) -> bool {
        self.context.is_cancelled.load(Ordering::Relaxed)
    }

    /// Runs a job. A sandbox that fails is tried again: the machine may be out of something for a moment.
    fn run_in_sandbox(
        &self,
        job: &Job,
        watch: &mut dyn FnMut(Duration, &Folder) -> bool,
    ) -> Result<Ended, String> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let ended = isolation::run(job, &self.context.launcher, watch);
            if self.is_cancelled() {
                return Err("interrupted".to_owned());
            }
            match (ended, pauses.next()) {
                (Ok(ended), _) => return Ok(ended),
                (
                    Err(isolation::Error::Launcher { .. } | isolation::Error::Broken(_)),
                    Some(pause),
                ) => {
                    thread::sleep(Duration::from_millis(pause));
                }
                (Err(error), _) => return Err(with_sources(&error)),
            }
        }
    }
}

/// Whether a script is answered in full.
fn is_answered(outputs: Option<&Folder>, name: &str) -> bool {
    let folder = outputs.and_then(|outputs| outputs.folder(name).ok());
    folder.is_some_and(|folder| folder.has(DONE))
}

impl Submission for Process {
    fn name(&self) -> &str {
        &self.name
    }

    fn language(&self) -> Option<Language> {
        if self.is_python() {
            Some(Language::Python)
        } else {
            self.is_exercise().then_some(Language::Rust)
        }
    }

    fn declines(&self, script: &Script) -> Option<&'static str> {
        if self.is_exercise() {
            return learner::declines(script);
        }
        declines(script, self.answers_plain)
    }

    fn run(&self, script: &Script) -> Answer {
        run_alone(self, script)
    }

    fn run_all(&self, scripts: &[Script]) -> Vec<Answer> {
        if scripts.is_empty() {
            return Vec::new();
        }
        match self.answer(scripts) {
            Ok(answers) => answers.into_iter().map(Ok).collect(),
            Err(trouble) => {
                let failure = Failure::Grader(trouble.clone());
                self.seen().trouble = Some(trouble);
                vec![Err(failure); scripts.len()]
            }
        }
    }
}
