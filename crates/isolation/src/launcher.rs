//! The launcher: enters new namespaces, starts the supervisor in them, and ends all that is left when
//! the supervisor has ended.

use std::env;
use std::fs::File;
use std::process::Command;

use nix::sys::prctl::{set_child_subreaper, set_pdeathsig};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, setsid};

use crate::descendants::descendants;
use crate::job::{Job, Strength};
use crate::namespaces::{self, Namespaces};
use crate::status::{STATUS_FILE, StatusLine, append, text};
use crate::supervisor::{Task, supervise};

/// The role of a process is the first of its last two arguments.
pub(crate) const LAUNCHER: &str = "launcher";
const SUPERVISOR: &str = "supervisor";

/// Does what [`run`](fn@crate::run) has started this process for, as launcher or as supervisor. The
/// caller hands in the last two arguments of the process, before it starts a second thread, and
/// exits with the code that is returned.
pub fn launch(role: &str, task: &str) -> i32 {
    let done = match role {
        LAUNCHER => serde_json::from_str(task).map_err(text).and_then(start_supervisor),
        SUPERVISOR => serde_json::from_str(task).map_err(text).and_then(supervise),
        _ => Err(format!("found the role {role}, expected {LAUNCHER} or {SUPERVISOR}")),
    };
    match done {
        Ok(()) => 0,
        // The status file then tells of no end, which `run` reports.
        Err(_) => 1,
    }
}

fn start_supervisor(job: Job) -> Result<(), String> {
    // The launcher dies with the caller, the supervisor with the launcher, the program with the
    // supervisor.
    set_pdeathsig(Signal::SIGKILL).map_err(text)?;
    // A session of its own: the program gets no signals of the caller's terminal, and cannot write to
    // it.
    setsid().map_err(text)?;
    // Processes whose parents end become children of this process.
    set_child_subreaper(true).map_err(text)?;
    let namespaces = match job.strength {
        Strength::Off => Namespaces::default(),
        Strength::Auto | Strength::Full => namespaces::enter(),
    };
    let status = job.launcher_folder.join(STATUS_FILE);
    let task = serde_json::to_string(&Task { job, namespaces }).map_err(text)?;
    let mut arguments: Vec<_> = env::args_os().skip(1).collect();
    arguments.truncate(arguments.len().saturating_sub(2));
    // This path leads to the running program even if its file was replaced.
    let mut supervisor = Command::new("/proc/self/exe");
    supervisor.args(arguments).arg(SUPERVISOR).arg(task);
    let ended = supervisor.status();
    end_everyone();
    let problem = match &ended {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => format!("its supervisor ended with {status}"),
        Err(error) => format!("its supervisor could not be started: {error}"),
    };
    let mut file = File::options().append(true).create(true).open(status).map_err(text)?;
    append(&mut file, &StatusLine::Broken(problem))
}

/// Ends all processes that the program has started. With a process namespace of its own, they have
/// already ended with the supervisor.
fn end_everyone() {
    // A process that forks during the search is found in the next round.
    const ROUNDS: usize = 1000;
    for _ in 0..ROUNDS {
        let found = descendants(Pid::this().as_raw());
        let below = found.below.iter().map(|process| process.id);
        let all: Vec<i32> = found.children.into_iter().chain(below).collect();
        if all.is_empty() {
            return;
        }
        for id in all {
            let _ = kill(Pid::from_raw(id), Signal::SIGKILL);
        }
        while matches!(
            waitpid(None, Some(WaitPidFlag::WNOHANG)),
            Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..))
        ) {}
    }
}
