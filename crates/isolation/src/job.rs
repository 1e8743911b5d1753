//! A job for the sandbox: the program, what it may use, and how strictly it is isolated.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A program to run, and what it is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The program, by its path, and its arguments.
    pub command: Vec<OsString>,
    /// The variables of its environment, to which only PATH and LANG are added.
    pub environment: Vec<(String, OsString)>,
    /// Files and folders that it may read and execute, in addition to the system's programs and
    /// libraries.
    pub readable: Vec<PathBuf>,
    /// An empty folder, in which it may do anything: its room. Where the system grants it, the program
    /// finds there a file system in memory of its own, which holds [`Limits::disk`] bytes and ends with
    /// the job; elsewhere it finds this folder itself. Either is in [`Ended::room`](crate::Ended::room).
    pub room: PathBuf,
    /// The names of the folders that it finds in its room. It starts in the first of them.
    pub room_folders: Vec<String>,
    /// A folder of the caller's that is to be removed if the caller ends before the job.
    pub removed_without_caller: Option<PathBuf>,
    /// How much it may use.
    pub limits: Limits,
    /// How strictly it is isolated.
    pub strength: Strength,
}

/// How much a program may use. Its time limit is not among these: see
/// [`run()`](fn@crate::run).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of address space per process, and of resident memory of all processes together.
    pub memory: u64,
    /// Processes and threads at the same time.
    pub processes: u64,
    /// Open files per process.
    pub open_files: u64,
    /// Bytes per file.
    pub file: u64,
    /// Bytes of all files in its room together.
    pub disk: u64,
    /// Files and folders in its room together.
    pub files: u64,
    /// Bytes of standard output and standard error together.
    pub output: u64,
    /// Seconds of processor time per process.
    pub processor_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1 << 20;
        Self {
            memory: 4096 * MIB,
            processes: 64,
            open_files: 256,
            file: 64 * MIB,
            disk: 128 * MIB,
            files: 20_000,
            output: 16 * MIB,
            processor_seconds: 600,
        }
    }
}

/// The folders in which a program finds others by their names, unless its environment names other ones.
pub const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// How strictly a program is isolated. Its environment is clean and its limits hold in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Strength {
    /// No sandbox: limits only.
    Off,
    /// Every measure that the system grants.
    #[default]
    Auto,
    /// Every measure; if the system does not grant them all, the program is not run.
    Full,
}

/// The program that calls [`launch()`](fn@crate::launch), and the arguments with which it does so. Two
/// more arguments follow, which it hands to `launch()`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launcher {
    /// Its path.
    pub program: PathBuf,
    /// Its first arguments.
    pub arguments: Vec<OsString>,
}
