//! The launcher: enters new namespaces, starts the supervisor in them, and ends all that is left when
//! the supervisor has ended.

use std::env;
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus};

use nix::sys::prctl::{set_child_subreaper, set_dumpable};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, close, setsid};
use rustix::event::Timespec;
use rustix::process::{PidfdFlags, pidfd_open};
use serde::{Deserialize, Serialize};

use crate::channel::{Channel, Event, text};
use crate::descendants::descendants;
use crate::folders::remove;
use crate::job::{Job, Strength};
use crate::namespaces::{self, Namespaces};
use crate::supervisor::{Task, supervise};
use crate::user::User;

/// The role of a process is the first of its last two arguments.
pub(crate) const LAUNCHER: &str = "launcher";
const SUPERVISOR: &str = "supervisor";

/// What a caller hands to the launcher.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Launch<J> {
    pub(crate) job: J,
    /// The user as whom the program is to run, if that is another than the caller.
    pub(crate) user: Option<User>,
}

/// How long the launcher waits for its caller or its supervisor to end before it looks at both, where
/// it cannot wait for both at once.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };

/// Does what [`run`](fn@crate::run) has started this process for, as launcher or as supervisor. The
/// caller hands in the last two arguments of the process, before it starts a second thread or opens a
/// file, and exits with the code that is returned.
pub fn launch(role: &str, task: &str) -> i32 {
    let done = match role {
        LAUNCHER => serde_json::from_str(task).map_err(text).and_then(start_supervisor),
        SUPERVISOR => serde_json::from_str(task).map_err(text).and_then(supervise),
        _ => Err(format!("found the role {role}, expected {LAUNCHER} or {SUPERVISOR}")),
    };
    match done {
        Ok(()) => 0,
        Err(problem) => {
            // Without a channel nobody has called.
            if let Ok(channel) = Channel::of_standard_input() {
                let _ = channel.send(&Event::Broken(problem));
            }
            1
        }
    }
}

fn start_supervisor(Launch { mut job, user }: Launch<Job>) -> Result<(), String> {
    close_inherited();
    let channel = Channel::of_standard_input()?;
    let removed_without_caller = job.removed_without_caller.take();
    // A session of its own: the program gets no signals of the caller's terminal, and cannot write to
    // it.
    setsid().map_err(text)?;
    // Processes whose parents end become children of this process.
    set_child_subreaper(true).map_err(text)?;
    let namespaces = match job.strength {
        Strength::Off => Namespaces::default(),
        Strength::Auto | Strength::Full => namespaces::enter(),
    };
    // A program of the same user must not write into this process, and so into the channel.
    set_dumpable(false).map_err(text)?;
    let task = serde_json::to_string(&Task { job, user, namespaces }).map_err(text)?;
    let mut arguments: Vec<_> = env::args_os().skip(1).collect();
    arguments.truncate(arguments.len().saturating_sub(2));
    // This path leads to the running program even if its file was replaced.
    let mut supervisor = Command::new("/proc/self/exe");
    supervisor.args(arguments).arg(SUPERVISOR).arg(task);
    let started = supervisor.spawn();
    let mut supervisor =
        started.map_err(|error| format!("its supervisor could not be started: {error}"))?;
    let ended = wait_for_supervisor(&mut supervisor, &channel);
    end_everyone();
    match ended? {
        None => {
            if let Some(folder) = removed_without_caller {
                // The next call removes what is left.
                let _ = remove(&folder);
            }
            Ok(())
        }
        Some(status) if status.success() => Ok(()),
        // It has said what is wrong itself.
        Some(status) if status.code() == Some(1) => Ok(()),
        // The supervisor was ended from outside: by the program, or by the kernel for lack of memory.
        Some(status) if status.signal().is_some() => {
            channel.send(&Event::Killed(status.signal().unwrap_or_default()))
        }
        Some(status) => channel.send(&Event::Broken(format!("its supervisor ended with {status}"))),
    }
}

/// Closes the files that the caller's caller has left open: the program would inherit them.
fn close_inherited() {
    let open: Vec<i32> = fs::read_dir("/proc/self/fd")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    for file in open.into_iter().filter(|&file| file > 2) {
        // The listing itself is closed already.
        let _ = close(file);
    }
}

/// How the supervisor ended; `None` if it was ended because the caller is gone.
fn wait_for_supervisor(
    supervisor: &mut Child,
    channel: &Channel,
) -> Result<Option<ExitStatus>, String> {
    let id = rustix::process::Pid::from_child(supervisor);
    // Kernels before 5.3 have none.
    let end = pidfd_open(id, PidfdFlags::empty()).ok();
    let longest = end.is_none().then_some(PAUSE);
    loop {
        let is_alone = channel.wait(end.as_ref().map(AsFd::as_fd), longest).map_err(text)?;
        if let Some(status) = supervisor.try_wait().map_err(text)? {
            return Ok(Some(status));
        }
        if is_alone {
            supervisor.kill().and_then(|()| supervisor.wait()).map_err(text)?;
            return Ok(None);
        }
    }
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
