//! New namespaces: of users, mounts, processes, networks, and messages between processes.

use std::fs;

use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getegid, geteuid};
use serde::{Deserialize, Serialize};

/// What the launcher has entered.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Namespaces {
    /// Why none were entered; `None` if all were.
    pub(crate) refused: Option<String>,
    /// Whether they were asked for.
    pub(crate) asked: bool,
    /// Whether root is still the system's root in them, and not only theirs.
    pub(crate) as_root: bool,
}

impl Namespaces {
    /// Whether they were entered.
    pub(crate) fn entered(&self) -> Result<(), String> {
        match &self.refused {
            Some(why) => Err(why.clone()),
            None if self.asked => Ok(()),
            None => Err("turned off".to_owned()),
        }
    }
}

/// Enters all of them, the mounts of which are the caller's to arrange.
pub(crate) fn enter() -> Namespaces {
    let apart = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS;
    let done = |as_root, refused| Namespaces { refused, asked: true, as_root };
    if geteuid().is_root() && unshare(apart).is_ok() {
        return done(true, None);
    }
    // Everyone else needs a namespace of users first, in which the rights to the others come with it.
    let (user, group) = (geteuid(), getegid());
    let entered = unshare(apart | CloneFlags::CLONE_NEWUSER)
        .map_err(|error| format!("unshare: {}", error.desc()))
        .and_then(|()| {
            let write = |file: &str, text: String| {
                fs::write(file, text).map_err(|error| format!("{file}: {error}"))
            };
            write("/proc/self/setgroups", "deny".to_owned())?;
            // Any other user would lose the rights when the keeper starts, which has use for them.
            write("/proc/self/uid_map", format!("0 {user} 1"))?;
            write("/proc/self/gid_map", format!("0 {group} 1"))
        });
    done(false, entered.err())
}
