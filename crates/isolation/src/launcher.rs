//! The launcher: enters new namespaces, starts the keeper in them, and clears up after it.

use std::env;
use std::fs::File;
use std::io::Write;
use std::process::Command;

use nix::sys::prctl::{set_child_subreaper, set_pdeathsig};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, setsid};
use serde::{Deserialize, Serialize};

use crate::descendants::descendants;
use crate::in_force::InForce;
use crate::keeper::keep;
use crate::namespaces::{self, Namespaces};
use crate::order::{Order, Strength};

/// The words by which a process knows its part, first of its two last arguments.
pub(crate) const LAUNCHER: &str = "launcher";
const KEEPER: &str = "keeper";

/// The file in [`Order::aside`] in which launcher and keeper say what became of the order, a line of
/// JSON each.
pub(crate) const ACCOUNT: &str = "account";

/// What launcher and keeper have to say.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    /// The program is about to start, and this holds it in.
    InForce(InForce),
    /// It will not start, since this is all that would hold it in.
    NotIsolated(InForce),
    /// It could not be started.
    NotStarted(String),
    /// Something else went wrong.
    Broken(String),
    /// The program ended with this code.
    Exited(i32),
    /// A signal ended it.
    Killed(i32),
}

/// What the keeper is told.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) order: Order,
    pub(crate) namespaces: Namespaces,
}

/// Plays the part that [`run`](fn@crate::run) has given this process: launcher or keeper. To be called
/// before the process has a second thread, with the last two of its arguments; the result is its
/// exit code.
pub fn launch(role: &str, task: &str) -> i32 {
    let done = match role {
        LAUNCHER => serde_json::from_str(task).map_err(text).and_then(start_keeper),
        KEEPER => serde_json::from_str(task).map_err(text).and_then(keep),
        _ => Err(format!("found the part {role}, expected {LAUNCHER} or {KEEPER}")),
    };
    match done {
        Ok(()) => 0,
        // The caller finds no account of an end, and says so.
        Err(_) => 1,
    }
}

fn start_keeper(order: Order) -> Result<(), String> {
    // When the caller dies, so does its launcher; the keeper follows, and with it the program.
    set_pdeathsig(Signal::SIGKILL).map_err(text)?;
    // What the terminal sends to the caller is not for the program, and the terminal is not for it to
    // write to.
    setsid().map_err(text)?;
    // Those who lose their parents fall to this process.
    set_child_subreaper(true).map_err(text)?;
    let namespaces = match order.strength {
        Strength::Off => Namespaces::default(),
        Strength::Auto | Strength::Full => namespaces::enter(),
    };
    let account = order.aside.join(ACCOUNT);
    let task = serde_json::to_string(&Task { order, namespaces }).map_err(text)?;
    let mut arguments: Vec<_> = env::args_os().skip(1).collect();
    arguments.truncate(arguments.len().saturating_sub(2));
    // By this name it is the same program even if another now lies in its place.
    let mut keeper = Command::new("/proc/self/exe");
    keeper.args(arguments).arg(KEEPER).arg(task);
    let ended = keeper.status();
    end_everyone();
    let problem = match &ended {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => format!("its keeper ended with {status}"),
        Err(error) => format!("its keeper could not be started: {error}"),
    };
    let mut file = File::options().append(true).create(true).open(account).map_err(text)?;
    say(&mut file, &Line::Broken(problem))
}

/// Ends all that the program has started. In a namespace of processes of their own, they have ended
/// with the keeper.
fn end_everyone() {
    // A process that forks while it is being looked for is found the next time.
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

/// Adds a line to the account.
pub(crate) fn say(account: &mut File, line: &Line) -> Result<(), String> {
    let mut bytes = serde_json::to_vec(line).map_err(text)?;
    bytes.push(b'\n');
    account.write_all(&bytes).map_err(text)
}

pub(crate) fn text(error: impl ToString) -> String {
    error.to_string()
}
