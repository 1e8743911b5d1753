//! The supervisor: gives up every right that the program is not to have, starts the program, and
//! waits for its end.

use std::fs;
use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::{set_dumpable, set_no_new_privs, set_pdeathsig};
use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, umask};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Gid, Pid, Uid, setgroups, setresgid, setresuid};
use serde::{Deserialize, Serialize};

use crate::channel::{Channel, Event, text};
use crate::in_force::{InForce, Measure};
use crate::job::{Job, PATH, Strength};
use crate::namespaces::Namespaces;
use crate::user::User;
use crate::{landlock_rules, own_root, resource_limits, seccomp};

/// What the launcher hands to the supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) job: Job,
    pub(crate) user: Option<User>,
    pub(crate) namespaces: Namespaces,
}

/// Runs the program of a task to its end.
pub(crate) fn supervise(task: Task) -> Result<(), String> {
    let Task { job, user, namespaces } = task;
    // Root of the namespaces alone is the caller, and nobody else is to be had there.
    let user = user.filter(|_| namespaces.as_root || namespaces.entered().is_err());
    set_pdeathsig(Signal::SIGKILL).map_err(text)?;
    // What is made for the program must be open to it, whatever the caller's umask is.
    umask(Mode::S_IWGRP | Mode::S_IWOTH);
    let channel = Channel::of_standard_input()?;
    let in_force = match job.strength {
        Strength::Off => {
            // What the system refuses does not turn the others off.
            let limits = resource_limits::set(&job.limits, false);
            hide_memory()?;
            InForce { limits: Measure::of(&limits), ..InForce::limits_alone() }
        }
        Strength::Auto | Strength::Full => {
            let entered = namespaces.entered();
            let room = entered.clone().and_then(|()| own_root::enter(&job, user));
            if let Ok(room) = &room {
                channel.send_room(room.as_fd())?;
            }
            let no_rights = give_up_rights(&job, user, &namespaces, room.is_ok());
            let limits = resource_limits::set(&job.limits, no_rights.is_ok());
            let landlock = landlock_rules::restrict(&job, room.is_ok());
            hide_memory()?;
            let seccomp = seccomp::restrict();
            InForce {
                landlock: Measure::of(&landlock),
                own_root: Measure::of(&room),
                no_network: Measure::of(&entered.clone().or(seccomp.clone())),
                own_processes: Measure::of(&entered),
                no_rights: Measure::of(&no_rights),
                seccomp: Measure::of(&seccomp),
                limits: Measure::of(&limits),
            }
        }
    };
    set_no_new_privs().map_err(text)?;
    // The change of user has cleared the signal of `set_pdeathsig`, so it is set again.
    set_pdeathsig(Signal::SIGKILL).map_err(text)?;
    if job.strength == Strength::Full && !in_force.is_full() {
        return channel.send(&Event::NotIsolated(in_force));
    }
    channel.send(&Event::InForce(in_force))?;
    let program = match start(&job) {
        Ok(program) => program,
        Err(error) => return channel.send(&Event::NotStarted(error)),
    };
    let end = wait_for(program)?;
    channel.send(&end)
}

/// The program may run as the same user, and must not read the memory of this process.
fn hide_memory() -> Result<(), String> {
    set_dumpable(false).map_err(text)
}

/// Becomes the user, if one is named, whose processes the kernel then counts by themselves, and gives up all rights over the namespaces.
fn give_up_rights(
    job: &Job,
    user: Option<User>,
    namespaces: &Namespaces,
    has_own_root: bool,
) -> Result<(), String> {
    if let Some(user) = user {
        let mut named = job.readable.iter().chain([&job.room]);
        if !has_own_root && let Some(closed) = named.find_map(|path| closed_to_others(path)) {
            return Err(format!("runs as root, since only root may enter {closed}"));
        }
        let (number, group) = (Uid::from_raw(user.number), Gid::from_raw(user.number));
        let refused = |error: nix::Error| format!("runs as root: {}", error.desc());
        setgroups(&[]).map_err(refused)?;
        setresgid(group, group, group).map_err(refused)?;
        setresuid(number, number, number).map_err(refused)?;
    } else if namespaces.entered().is_err() {
        return Err("runs as the user who calls it".to_owned());
    }
    // In a new user namespace that maps no user, the program has no rights over the other namespaces.
    // The kernel also counts its processes in that namespace, or else all processes of the user.
    match unshare(CloneFlags::CLONE_NEWUSER) {
        Ok(()) => Ok(()),
        Err(error) if user.is_none() => {
            Err(format!("keeps rights over its namespaces: {}", error.desc()))
        }
        Err(_) if user.is_some_and(|user| user.is_own) => Ok(()),
        Err(_) => Err("is the user nobody, as other programs are that run now".to_owned()),
    }
}

/// The first folder above a path that not everyone may enter.
fn closed_to_others(path: &Path) -> Option<String> {
    let is_closed = |folder: &&Path| {
        fs::metadata(folder).is_ok_and(|metadata| metadata.permissions().mode() & 0o001 == 0)
    };
    path.ancestors().skip(1).find(is_closed).map(|folder| folder.display().to_string())
}

fn starts_in(job: &Job) -> PathBuf {
    job.room_folders.first().map_or_else(|| job.room.clone(), |first| job.room.join(first))
}

fn start(job: &Job) -> Result<Pid, String> {
    let Some((program, arguments)) = job.command.split_first() else {
        return Err("no program was named".to_owned());
    };
    let environment = job.environment.iter().map(|(name, value)| (name, value));
    let started = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .env("LANG", "C.UTF-8")
        .envs(environment)
        .current_dir(starts_in(job))
        .stdin(Stdio::null())
        .process_group(0)
        .spawn();
    match started {
        Ok(child) => Ok(Pid::from_raw(child.id().cast_signed())),
        Err(error) => {
            let name = Path::new(program).display();
            let hint = if error.kind() == ErrorKind::NotFound {
                ": it or its interpreter is not there, or out of its sight"
            } else if error.kind() == ErrorKind::PermissionDenied {
                ": not everyone may execute it"
            } else {
                ""
            };
            Err(format!("{name} could not be started: {error}{hint}"))
        }
    }
}

/// Waits for the end of the program, and collects all other processes that end before.
fn wait_for(program: Pid) -> Result<Event, String> {
    loop {
        match waitpid(None, None) {
            Ok(WaitStatus::Exited(id, code)) if id == program => {
                return Ok(Event::Exited(code));
            }
            Ok(WaitStatus::Signaled(id, signal, _)) if id == program => {
                return Ok(Event::Killed(signal as i32));
            }
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.desc().to_owned()),
        }
    }
}
