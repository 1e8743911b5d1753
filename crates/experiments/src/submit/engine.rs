//! What a batch system must know of a study, and what the command must know of a batch system.

use std::path::{Path, PathBuf};

use anyhow::Result;
use terminal::workspace::relative;

/// How often a task may go back into the queue. What is trained by then is kept.
pub(super) const RESTARTS: u64 = 10;

/// A study for a batch system. What scripts name is absolute.
pub(super) struct Submission {
    /// The study with what is changed of it, as the folder of its report is called.
    pub(super) name: String,
    /// The folder of the scripts and the logs.
    pub(super) folder: PathBuf,
    /// The workspace.
    pub(super) root: String,
    /// The program, which takes `experiment` and `report`.
    pub(super) program: String,
    /// The words that name and change the study.
    pub(super) study: Vec<String>,
    /// The folder of the report.
    pub(super) out: String,
    /// The variables of the environment that the program reads.
    pub(super) variables: Vec<(&'static str, String)>,
    /// None where nothing is left to train.
    pub(super) array: Option<Array>,
    pub(super) limit: Limit,
    /// What the user has to say to the batch system.
    pub(super) more: Vec<String>,
}

/// The tasks that train.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Array {
    pub(super) tasks: usize,
    /// The cells that are left.
    pub(super) cells: usize,
}

/// The time limit of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) seconds: u64,
    /// As the batch system takes it.
    pub(super) text: String,
}

/// A script of a job.
pub(super) struct Script {
    /// Its name in the folder of the submission.
    pub(super) file: &'static str,
    pub(super) text: String,
}

/// A batch system.
pub(super) trait Engine: Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// What the help says of it.
    fn help(&self) -> &'static str;

    /// The program that submits.
    fn program(&self) -> &'static str;

    /// The most tasks that an array has as a rule.
    fn most_tasks(&self) -> usize;

    /// Refuses options of a user with which the scripts would not do what they are for.
    fn check(&self, options: &[String]) -> Result<()>;

    /// The limit of this text.
    fn limit(&self, text: &str) -> Result<Limit>;

    /// The limit of so many seconds.
    fn limit_of(&self, seconds: u64) -> Limit;

    /// The scripts, each of which is to wait for the end of the one before.
    fn scripts(&self, submission: &Submission) -> Result<Vec<Script>>;

    /// The command that submits a script, whose job begins when the job `after` is over, and prints the
    /// number of its own.
    fn command(&self, script: &Path, after: Option<&str>) -> Vec<String>;

    /// The number of a job in what the command printed.
    fn id(&self, printed: &str) -> Option<String>;

    /// The command that shows how far these jobs are.
    fn state(&self, ids: &[String]) -> String;
}

/// A path as it is shown.
pub(super) fn shown(path: &Path) -> String {
    relative(path).display().to_string()
}
