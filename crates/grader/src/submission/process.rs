//! Submissions that are programs. A grading runs the program in a sandbox, on all scripts at once.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use isolation::{End, Ended, InForce, Job, Launcher, Limits, Stop, Strength};
use tempfile::TempDir;

use crate::messages::with_sources;
use crate::submission::failure::Failure;
use crate::submission::interface::{Submission, run_alone};
use crate::submission::outputs::{Answer, Outputs};
use crate::submission::protocol::{
    self, DONE, ProtocolError, declines, list_scripts, make_folder, read_outputs, write_inputs,
};
use crate::submission::script::Script;
use crate::submission::time_limits::{EXIT_GRACE, TimeLimits};

/// How often a program is started for one grading, at most.
const MAX_STARTS: usize = 12;

/// After so many starts in a row that answered nothing, it is not started again.
const FRUITLESS_STARTS: usize = 3;

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
        let mut answers: Vec<Option<Outputs>> = vec![None; scripts.len()];
        let mut spent = Duration::ZERO;
        let mut fruitless = 0;
        let mut why = String::new();
        // Those that are still to be answered, in order.
        let mut open: Vec<usize> = (0..scripts.len()).collect();
        for start in 0..MAX_STARTS {
            if open.is_empty() || fruitless == FRUITLESS_STARTS {
                break;
            }
            let asked: Vec<String> = open.iter().map(|&index| names[index].clone()).collect();
            let (outputs, failure) = self.start(&stage, start, &asked, &mut spent)?;
            why = failure.to_string();
            let is_done = |index: &&usize| outputs.join(&names[**index]).join(DONE).exists();
            let done = open.iter().take_while(is_done).count();
            // The first that is not done is the one in which the program failed; the rest are asked
            // again.
            let failed = (done + 1).min(open.len());
            for (position, &index) in open[..failed].iter().enumerate() {
                let otherwise = (position == done).then_some(&failure);
                let (name, script) = (&names[index], &scripts[index]);
                answers[index] = Some(read_outputs(&outputs, name, script, otherwise));
            }
            fruitless = if done == 0 { fruitless + 1 } else { 0 };
            open.drain(..failed);
            stage.remove(&outputs);
            if spent >= self.context.time_limits.whole {
                break;
            }
        }
        let given_up = Failure::GivenUp(why);
        let unanswered = |script: &Script| Outputs {
            steps: vec![Err(given_up.clone()); script.steps.len()],
            gradients: vec![Err(given_up.clone()); script.backwards.len()],
        };
        let answers = answers.into_iter().zip(scripts);
        Ok(answers.map(|(answer, script)| answer.unwrap_or_else(|| unanswered(script))).collect())
    }

    /// Starts the program on the scripts of these names. The result is its folder of outputs, and
    /// why it answered no more than is in there.
    fn start(
        &self,
        stage: &Stage,
        start: usize,
        names: &[String],
        spent: &mut Duration,
    ) -> Result<(PathBuf, Failure), String> {
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
            limits: self.context.limits,
            strength: self.context.strength,
        };

        let TimeLimits { script, whole } = self.context.time_limits;
        let (mut answered, mut since, mut elapsed) = (0, Duration::ZERO, Duration::ZERO);
        let before = *spent;
        let mut is_one_script = false;
        let mut watch = |now: Duration| {
            elapsed = now;
            while names.get(answered).is_some_and(|name| outputs.join(name).join(DONE).exists()) {
                answered += 1;
                since = now;
            }
            let limit = if answered == names.len() { EXIT_GRACE } else { script };
            is_one_script = now - since > limit;
            !is_one_script && before + now <= whole
        };
        let ended = isolation::run(&job, &self.context.launcher, &mut watch);
        *spent += elapsed;
        stage.remove(&home);
        stage.remove(&aside);
        let ended = ended.map_err(|error| with_sources(&error))?;
        let failure = failure_of(&ended, if is_one_script { script } else { whole }, is_one_script);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.in_force = Some(ended.in_force);
        Ok((outputs, failure))
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

/// Why a program that has ended answers no more. All sentences are ours but for its last words.
fn failure_of(ended: &Ended, time_limit: Duration, is_one_script: bool) -> Failure {
    let last_words = String::from_utf8_lossy(&ended.stderr.beginning).into_owned();
    let last_words = last_words.lines().rfind(|line| !line.trim().is_empty());
    let last_words = match last_words {
        Some(line) => format!("; its last words: {}", protocol::one_line(line)),
        None => String::new(),
    };
    let seconds = match time_limit.as_secs_f64() {
        1.0 => "a second".to_owned(),
        seconds => format!("{seconds} seconds"),
    };
    match ended.how {
        End::Exited(code) => Failure::Crashed(format!(
            "the program ended with exit code {code} before it had answered{last_words}"
        )),
        End::Killed(signal) => Failure::Crashed(format!(
            "the program was ended by signal {signal}{}{last_words}",
            signal_name(signal)
        )),
        End::Stopped(stop) => {
            let limit = match stop {
                Stop::Time if is_one_script => format!("it took longer than {seconds}"),
                Stop::Time => format!("all took longer than {seconds}"),
                Stop::Memory => "it took too much memory".to_owned(),
                Stop::Processes => "it started too many processes".to_owned(),
                Stop::Output => "it printed too much".to_owned(),
                Stop::Disk => "it wrote too many files, or too long ones".to_owned(),
            };
            Failure::Stopped(format!("the program was ended, since {limit}"))
        }
    }
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        4 => " (illegal instruction)",
        6 => " (abort)",
        7 | 11 => " (memory that is not its own)",
        8 => " (arithmetic error)",
        9 => " (killed, for want of memory most likely)",
        24 => " (too much processor time)",
        25 => " (a file too long)",
        _ => "",
    }
}

/// The temporary folder of one grading.
struct Stage {
    folder: TempDir,
}

impl Stage {
    fn new(scratch: &Path) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", scratch.display());
        let scratch = scratch.canonicalize().map_err(failed)?;
        let folder = tempfile::Builder::new().prefix("grade-").tempdir_in(&scratch);
        let folder = folder.map_err(failed)?;
        // Without a root of its own, a program that is somebody else must get in.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711))
                .map_err(failed)?;
        }
        Ok(Self { folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Removes what a program has filled, even what it has closed to others.
    fn remove(&self, folder: &Path) {
        if fs::remove_dir_all(folder).is_err() {
            open_all(folder);
            // What remains now goes with the whole stage, or not at all.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

fn open_all(folder: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_all(&entry.path());
        }
    }
}

impl From<ProtocolError> for Failure {
    fn from(error: ProtocolError) -> Self {
        Self::Grader(with_sources(&error))
    }
}
