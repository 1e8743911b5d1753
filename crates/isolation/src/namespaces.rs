//! New namespaces: for users, processes, the network, messages between processes, and the name of the
//! host. The namespace for mounts is the supervisor's own, so that the launcher still sees the files of
//! the caller.

use std::fs;

use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};
use serde::{Deserialize, Serialize};

/// The namespaces that the launcher has entered.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Namespaces {
    /// Why none was entered; `None` if all were.
    pub(crate) refused: Option<String>,
    /// Whether the job asks for them.
    pub(crate) asked: bool,
    /// Whether root in them is the root of the system, and not only of the namespaces.
    pub(crate) as_root: bool,
}

impl Namespaces {
    /// Why they were not entered, if they were not.
    pub(crate) fn entered(&self) -> Result<(), String> {
        match &self.refused {
            Some(why) => Err(why.clone()),
            None if self.asked => Ok(()),
            None => Err("turned off".to_owned()),
        }
    }
}

/// Enters new namespaces of each of these kinds.
pub(crate) fn enter() -> Namespaces {
    let apart = CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS;
    let done = |as_root, refused| Namespaces { refused, asked: true, as_root };
    if geteuid().is_root() && unshare(apart).is_ok() {
        return done(true, None);
    }
    // Everyone else needs a new user namespace first, which gives the rights to enter the others.
    let (user, group) = (geteuid(), getegid());
    let entered = unshare(apart | CloneFlags::CLONE_NEWUSER)
        .map_err(|error| format!("unshare: {}", error.desc()))
        .and_then(|()| {
            let write = |file: &str, text: String| {
                fs::write(file, text).map_err(|error| format!("{file}: {error}"))
            };
            write("/proc/self/setgroups", "deny".to_owned())?;
            // Any user but 0 would lose these rights when the supervisor starts, which needs them.
            write("/proc/self/uid_map", format!("0 {user} 1"))?;
            write("/proc/self/gid_map", format!("0 {group} 1"))
        });
    done(false, entered.err())
}
