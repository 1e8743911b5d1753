//! Submissions that are programs. A grading runs the program in a sandbox, on all scripts at once.

mod asking;
mod end;
mod stage;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use isolation::untrusted::Folder;
use isolation::{End, InForce, Job, Launcher, Limits, Stop, Strength};

use crate::messages::with_sources;
use crate::submission::failure::Failure;
use crate::submission::interface::{Submission, run_alone};
use crate::submission::outputs::{Answer, Outputs};
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
    /// The folder in which a temporary one is made for each grading.
    pub scratch: PathBuf,
}

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
    pub(super) context: RunContext,
    pub(super) seen: Mutex<Seen>,
}

/// What became of the last grading.
#[derive(Debug, Default)]
pub(super) struct Seen {
    in_force: Option<InForce>,
    trouble: Option<String>,
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
            context,
            seen: Mutex::default(),
        }
    }

    /// What held the program in when it was last run.
    pub fn in_force(&self) -> Option<InForce> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).in_force.clone()
    }

    /// Why the program was not run, for which no submission can be blamed.
    pub fn trouble(&self) -> Option<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).trouble.clone()
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
        let time_limits = self.context.time_limits;
        let mut asking = Asking::new(scripts, &names, self.file_name.as_deref(), time_limits);
        let mut starts = 0..;
        while let Some((asked, number)) = asking.next().zip(starts.next()) {
            let start = self.start(&stage, number, &asked, &asking)?;
            asking.take(&start);
            stage.remove(&stage.path(&format!("outputs-{number}")));
        }
        Ok(asking.finish())
    }

    /// Starts the program on the scripts of these names.
    fn start(
        &self,
        stage: &Stage,
        start: usize,
        names: &[String],
        asking: &Asking<'_>,
    ) -> Result<Start, String> {
        let inputs = stage.path("inputs");
        list_scripts(&inputs, names).map_err(|error| with_sources(&error))?;
        let folder = |name: &str| -> Result<PathBuf, String> {
            let path = stage.path(&format!("{name}-{start}"));
            make_folder(&path).map_err(|error| with_sources(&error))?;
            Ok(path)
        };
        let (outputs, home, aside) = (folder("outputs")?, folder("home")?, folder("aside")?);
        for writable in [&outputs, &home] {
            isolation::hand_over(writable).map_err(|error| error.to_string())?;
        }
        let copies = stage.path("copies");
        let mut command = self.command.clone();
        for argument in &mut command {
            if self.copies.iter().any(|(name, _)| argument == name.as_str()) {
                *argument = copies.join(&*argument).into();
            }
        }
        command.extend([inputs.clone().into(), outputs.clone().into()]);
        let mut environment = self.environment.clone();
        for name in ["HOME", "TMPDIR"] {
            environment.push((name.to_owned(), home.clone().into()));
        }
        let mut readable = self.readable.clone();
        readable.extend([inputs, copies]);
        let job = Job {
            command,
            environment,
            folder: home.clone(),
            readable,
            writable: vec![outputs.clone(), home.clone()],
            launcher_folder: aside.clone(),
            // What is printed is read and forgotten. If it ended the program, the moment at which it
            // is noticed would decide which case pays for it.
            limits: Limits { output: u64::MAX, ..self.context.limits },
            strength: self.context.strength,
        };

        let (of_start, of_script) = (self.context.time_limits.script, asking.limit());
        let whole = asking.remaining();
        let (mut answered, mut since, mut took) = (0, Duration::ZERO, Duration::ZERO);
        let (mut has_begun, mut is_one_script) = (false, false);
        let mut watch = |now: Duration| {
            took = now;
            if !has_begun && names.first().is_some_and(|name| outputs.join(name).exists()) {
                has_begun = true;
                since = now;
            }
            while names.get(answered).is_some_and(|name| outputs.join(name).join(DONE).exists()) {
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
            is_one_script = now - since > limit;
            !is_one_script && now <= whole
        };
        let ended = isolation::run(&job, &self.context.launcher, &mut watch);
        stage.remove(&home);
        stage.remove(&aside);
        let ended = ended.map_err(|error| with_sources(&error))?;
        let end = match ended.how {
            End::Stopped(Stop::Time) if is_one_script => StartEnd::ScriptLimit,
            End::Stopped(Stop::Time) => StartEnd::WholeLimit,
            End::Stopped(_) | End::Exited(_) | End::Killed(_) => {
                StartEnd::Ended(failure_of(&ended))
            }
        };
        // What a short program did may not have been watched.
        has_begun |= names.first().is_some_and(|name| outputs.join(name).exists());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.in_force = Some(ended.in_force);
        let outputs = Folder::open(&outputs).ok();
        Ok(Start { outputs, has_begun, took, end })
    }
}

impl Submission for Process {
    fn name(&self) -> &str {
        &self.name
    }

    fn declines(&self, script: &Script) -> Option<&'static str> {
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
                let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.trouble = Some(trouble);
                vec![Err(failure); scripts.len()]
            }
        }
    }
}
