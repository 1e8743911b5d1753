//! The keeper: gives up what the program is not to have, starts it, and sees how it ends.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::{set_dumpable, set_no_new_privs, set_pdeathsig};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Gid, Pid, Uid, geteuid, setgroups, setresgid, setresuid};

use crate::in_force::{InForce, Measure};
use crate::launcher::{ACCOUNT, Line, Task, say, text};
use crate::namespaces::Namespaces;
use crate::order::{Order, Strength};
use crate::{file_rules, own_root, resource_limits};

/// The user that root becomes, by its number: the one that owns nothing.
pub(crate) const NOBODY: u32 = 65_534;

/// Does the keeper's part, to the end of the program.
pub(crate) fn keep(task: Task) -> Result<(), String> {
    let Task { order, namespaces } = task;
    set_pdeathsig(Signal::SIGKILL).map_err(text)?;
    // Opened while it is still in sight, and closed to the program.
    let account = order.aside.join(ACCOUNT);
    let mut account = File::create(account).map_err(text)?;
    let in_force = match order.strength {
        Strength::Off => {
            resource_limits::set(&order.limits, false)?;
            InForce::limits_alone()
        }
        Strength::Auto | Strength::Full => {
            let entered = namespaces.entered();
            let own_root = entered.clone().and_then(|()| own_root::enter(&order));
            let no_rights = give_up_rights(&order, &namespaces, own_root.is_ok());
            let limits =
                resource_limits::set(&order.limits, no_rights == Ok(Counted::ByThemselves));
            let landlock = file_rules::restrict(&order, own_root.is_ok());
            InForce {
                landlock: Measure::of(&landlock),
                own_root: Measure::of(&own_root),
                no_network: Measure::of(&entered),
                own_processes: Measure::of(&entered),
                no_rights: Measure::of(&no_rights),
                limits: Measure::of(&limits),
            }
        }
    };
    set_no_new_privs().map_err(text)?;
    // The program runs as the same user, and is not to look into this process. A change of user
    // takes the other one back.
    set_dumpable(false).map_err(text)?;
    set_pdeathsig(Signal::SIGKILL).map_err(text)?;
    if order.strength == Strength::Full && !in_force.is_full() {
        return say(&mut account, &Line::NotIsolated(in_force));
    }
    say(&mut account, &Line::InForce(in_force))?;
    let program = match start(&order) {
        Ok(program) => program,
        Err(error) => return say(&mut account, &Line::NotStarted(error)),
    };
    let end = wait_for(program)?;
    say(&mut account, &end)
}

/// How the kernel counts the program's processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    /// Alone.
    ByThemselves,
    /// Together with all others of the user.
    WithOthers,
}

/// Becomes a user who owns nothing, if this is root, and gives up all rights over the namespaces.
fn give_up_rights(
    order: &Order,
    namespaces: &Namespaces,
    has_own_root: bool,
) -> Result<Counted, String> {
    let is_root = geteuid().is_root() && (namespaces.as_root || namespaces.entered().is_err());
    if is_root {
        let mut named = order.readable.iter().chain(&order.writable);
        if !has_own_root && let Some(closed) = named.find_map(|path| closed_to_others(path)) {
            return Err(format!("runs as root, since only root may enter {closed}"));
        }
        let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
        let refused = |error: nix::Error| format!("runs as root: {}", error.desc());
        setgroups(&[]).map_err(refused)?;
        setresgid(group, group, group).map_err(refused)?;
        setresuid(user, user, user).map_err(refused)?;
    }
    // In a namespace of users of its own and with no name there, a program that is started has no
    // rights over the others. It is also there that the kernel counts its processes; root, who has
    // become somebody else, would otherwise share that count with others of that name.
    match unshare(CloneFlags::CLONE_NEWUSER) {
        Ok(()) => Ok(Counted::ByThemselves),
        Err(error) if !is_root && namespaces.entered().is_ok() => {
            Err(format!("keeps rights over its namespaces: {}", error.desc()))
        }
        Err(_) => Ok(Counted::WithOthers),
    }
}

/// The folder above a path that not everyone may enter.
fn closed_to_others(path: &Path) -> Option<String> {
    let is_closed = |folder: &&Path| {
        fs::metadata(folder).is_ok_and(|metadata| metadata.permissions().mode() & 0o001 == 0)
    };
    path.ancestors().skip(1).find(is_closed).map(|folder| folder.display().to_string())
}

fn start(order: &Order) -> Result<Pid, String> {
    let Some((program, arguments)) = order.command.split_first() else {
        return Err("no program was named".to_owned());
    };
    let environment = order.environment.iter().map(|(name, value)| (name, value));
    let started = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .envs(environment)
        .current_dir(&order.folder)
        .stdin(Stdio::null())
        .process_group(0)
        .spawn();
    match started {
        Ok(child) => Ok(Pid::from_raw(child.id().cast_signed())),
        Err(error) => {
            let name = Path::new(program).display();
            let hint = match error.kind() {
                ErrorKind::NotFound => ": it or its interpreter is not there, or out of its sight",
                ErrorKind::PermissionDenied => ": not everyone may execute it",
                _ => "",
            };
            Err(format!("{name} could not be started: {error}{hint}"))
        }
    }
}

/// Waits for the program, and meanwhile for whoever else ends.
fn wait_for(program: Pid) -> Result<Line, String> {
    loop {
        match waitpid(None, None) {
            Ok(WaitStatus::Exited(id, code)) if id == program => return Ok(Line::Exited(code)),
            Ok(WaitStatus::Signaled(id, signal, _)) if id == program => {
                return Ok(Line::Killed(signal as i32));
            }
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.desc().to_owned()),
        }
    }
}
