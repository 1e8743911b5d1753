//! How programs that are graded are run: their files, their limits, their sandbox.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use grader::check::Options;
use grader::fixture::Case;
use grader::hand_in::{Course, HandIn};
use grader::messages;
use grader::self_check::self_check;
use grader::submission::{Interpreter, Process, RunContext, TimeLimits};
use isolation::{Launcher, Limits, Strength};

use terminal::python;
use terminal::shell::words;

/// The least memory that is worth a try, in MiB: no Python starts with less.
const LEAST_MEMORY: u64 = 16;

/// A whole number that is not too small.
fn at_least<const LEAST: u64>(argument: &str) -> Result<u64, String> {
    match argument.parse() {
        Ok(number) if number >= LEAST => Ok(number),
        Ok(_) | Err(_) => Err(format!("expected a whole number, {LEAST} or more")),
    }
}

/// How a hand-in or a program is run.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct RunOptions {
    /// Python with NumPy, for --python and --batch [default: $GRADER_PYTHON, else python3]
    #[arg(long, value_name = "PATH")]
    interpreter: Option<PathBuf>,
    /// The course's own files, which hand-ins in Python may import after their own, and not change
    #[arg(long, value_name = "DIR", conflicts_with_all = ["program", "outputs", "target"])]
    pub course: Option<PathBuf>,
    /// The program answers plain batch norm too
    #[arg(long, requires = "program")]
    plain: bool,
    /// A file or folder that the program may read, beside the system's and its own; repeatable
    #[arg(long, value_name = "PATH")]
    allow_read: Vec<PathBuf>,
    /// Seconds that a submission may take for one case. Once it has reached them, it has a tenth, and at
    /// least 1, for each other case; for all cases it has 120, or 12 times this if that is more
    #[arg(long, value_name = "SECONDS", default_value_t = TimeLimits::default().script.as_secs(), value_parser = at_least::<1>)]
    time_limit: u64,
    /// Memory that a submission may take, in MiB
    #[arg(long, value_name = "MIB", default_value_t = Limits::default().memory >> 20, value_parser = at_least::<LEAST_MEMORY>)]
    memory_limit: u64,
    /// Whether a submission runs in a sandbox
    #[arg(long, value_enum, default_value_t = Isolation::Auto)]
    isolation: Isolation,
    /// Whether to end what runs, and to run nothing more.
    #[arg(skip)]
    pub is_cancelled: Arc<AtomicBool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Isolation {
    /// Run it with limits alone
    Off,
    /// Isolate it as far as the system grants
    Auto,
    /// Run nothing unless all isolation is in force
    Require,
}

impl RunOptions {
    /// In which sandbox and within which limits submissions are run.
    pub(super) fn context(&self) -> Result<RunContext> {
        let program = env::current_exe().context("this program does not find itself")?;
        let launcher = Launcher { program, arguments: vec!["isolated".into()] };
        let strength = match self.isolation {
            Isolation::Off => Strength::Off,
            Isolation::Auto => Strength::Auto,
            Isolation::Require => Strength::Full,
        };
        let limits = Limits { memory: self.memory_limit << 20, ..Limits::default() };
        let time_limits = TimeLimits::for_script(Duration::from_secs(self.time_limit));
        let (scratch, is_cancelled) = (scratch(&limits), self.is_cancelled.clone());
        Ok(RunContext { launcher, strength, limits, time_limits, scratch, is_cancelled })
    }

    /// Whether a known right hand-in passes here.
    ///
    /// # Errors
    ///
    /// What is wrong with the machine, of which no submission is to be judged then.
    pub(super) fn self_check(&self, cases: &[Case], options: &Options) -> Result<()> {
        Ok(self_check(&self.interpreter()?, &self.context()?, cases, options)?)
    }

    /// The submission of a hand-in.
    pub(super) fn hand_in(&self, path: &Path) -> Result<Process> {
        let hand_in = HandIn::read(path)?;
        let (name, course) = (messages::path(path), self.course()?);
        let (interpreter, context) = (self.interpreter()?, self.context()?);
        Ok(Process::hand_in(name, &hand_in, &interpreter, course.as_ref(), context))
    }

    /// The course's own files, if they are named.
    pub(super) fn course(&self) -> Result<Option<Course>> {
        // What is wrong with it is no problem of a hand-in.
        let read =
            |folder: &PathBuf| Course::read(folder).map_err(|error| anyhow!("--course: {error}"));
        self.course.as_ref().map(read).transpose()
    }

    /// The Python that hand-ins are run by.
    pub(super) fn interpreter(&self) -> Result<Interpreter> {
        let allowed = self.allowed()?;
        let mut interpreter = python::with_numpy(self.interpreter.as_deref())?;
        interpreter.readable.extend(allowed);
        Ok(interpreter)
    }

    /// The submission of a program.
    pub(super) fn program(&self, command: &str) -> Result<Process> {
        let words = words(command)?;
        let (program, arguments) = words.split_first().context("--program names no program")?;
        let program = found(program)?;
        let mut readable = own_files(&program);
        readable.extend(self.allowed()?);
        let mut resolved: Vec<OsString> = vec![program.into()];
        for argument in arguments {
            // The program starts in another folder.
            let path = Path::new(argument);
            if path.exists() {
                let path = absolute(path)?;
                readable.push(path.clone());
                resolved.push(path.into());
            } else {
                resolved.push(argument.into());
            }
        }
        Ok(Process::new(
            messages::visible(command),
            resolved,
            readable,
            self.plain,
            self.context()?,
        ))
    }

    fn allowed(&self) -> Result<Vec<PathBuf>> {
        let allow = |path: &PathBuf| {
            ensure!(path.exists(), "{}: expected a file or folder to read", path.display());
            Ok(absolute(path)?)
        };
        self.allow_read.iter().map(allow).collect()
    }
}

/// Where temporary folders may be made: in TMPDIR if that is set, else in memory if there is plenty, else
/// on disk.
fn scratch(limits: &Limits) -> Vec<PathBuf> {
    const PLENTY: u64 = 8;
    let named = env::var_os("TMPDIR").filter(|path| !path.is_empty()).map(PathBuf::from);
    let in_memory = isolation::folder_in_memory(PLENTY * limits.disk);
    let on_disk = ["/tmp", "/var/tmp"].map(PathBuf::from);
    named.into_iter().chain(in_memory).chain(on_disk).collect()
}

/// The program of this name, on the search path if it is a bare one.
fn found(program: &str) -> Result<PathBuf> {
    let is_bare = !program.contains('/');
    let folders = env::var_os("PATH").filter(|_| is_bare).unwrap_or_default();
    let found = if is_bare {
        env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file())
    } else {
        Some(PathBuf::from(program)).filter(|path| path.is_file())
    };
    let found = found.with_context(|| format!("{program}: found no such program to grade"))?;
    Ok(absolute(found)?)
}

/// What a program consists of, as far as can be seen from outside: its file, the files that it is a
/// link to, and for those in the `bin` of an installation the `lib` beside it.
fn own_files(program: &Path) -> Vec<PathBuf> {
    // As many links as the kernel follows.
    const LINKS: usize = 40;
    let mut files = Vec::new();
    let mut next = Some(program.to_owned());
    while let Some(path) = next.filter(|_| files.len() < 4 * LINKS) {
        if let Some(folder) = path.parent().filter(|folder| folder.ends_with("bin"))
            && let Some(installation) = folder.parent()
        {
            let parts = ["lib", "lib64", "share", "pyvenv.cfg"];
            let parts = parts.map(|part| installation.join(part)).into_iter();
            files.extend(parts.filter(|part| part.exists()));
        }
        next = fs::read_link(&path).ok().map(|target| match path.parent() {
            Some(folder) => folder.join(target),
            None => target,
        });
        files.push(path);
    }
    files
}
