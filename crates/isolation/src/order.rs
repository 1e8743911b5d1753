use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What to run, and on what terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The program, by its path, and its arguments.
    pub command: Vec<OsString>,
    /// The only variables of its environment beside PATH and LANG.
    pub environment: Vec<(String, OsString)>,
    /// The folder in which it starts.
    pub folder: PathBuf,
    /// Files and folders that it may read and execute, beside the system's programs and libraries.
    pub readable: Vec<PathBuf>,
    /// Folders in which it may do anything.
    pub writable: Vec<PathBuf>,
    /// An empty folder of the caller's, for the launcher's use. No other may write there.
    pub aside: PathBuf,
    /// What it may use.
    pub limits: Limits,
    /// How far it is held in.
    pub strength: Strength,
}

/// What a program may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Address space of each process, and resident memory of all of them, in bytes.
    pub memory: u64,
    /// Processes and threads at a time.
    pub processes: u64,
    /// Open files of each process.
    pub open_files: u64,
    /// Length of each file, in bytes.
    pub file: u64,
    /// Bytes in all writable folders.
    pub disk: u64,
    /// Files and folders in all writable folders.
    pub files: u64,
    /// Bytes that it may print.
    pub output: u64,
    /// Seconds of processor time of each process.
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

/// How far a program is held in. Its environment is clean and its limits hold in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Strength {
    /// By limits alone.
    Off,
    /// As far as the system grants.
    #[default]
    Auto,
    /// In full, or it is not run.
    Full,
}

/// The program that calls [`launch()`](fn@crate::launch), and the arguments with which it does. Two more
/// follow, for [`launch()`](fn@crate::launch).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launcher {
    /// Its path.
    pub program: PathBuf,
    /// Its first arguments.
    pub arguments: Vec<OsString>,
}
