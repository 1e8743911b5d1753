//! The user that a program of root's runs as: one of its own, who owns nothing but its room.

use std::io;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::unistd::geteuid;

/// `nobody`, where no other number is to be had: in a container that has few.
const NOBODY: u32 = 65_534;

/// Numbers from here on are no user's. Each process of ours has some of them to itself.
const FIRST: u32 = 1_900_000_000;
const PER_PROCESS: u32 = 64;

/// The user for the next program, if this is root: it becomes the owner of `room`.
pub(crate) fn own(room: &Path) -> io::Result<Option<u32>> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    if !geteuid().is_root() {
        return Ok(None);
    }
    let nth = NEXT.fetch_add(1, Ordering::Relaxed) % PER_PROCESS;
    let own = FIRST + process::id() * PER_PROCESS + nth;
    if give(room, own).is_ok() {
        return Ok(Some(own));
    }
    give(room, NOBODY).map(|()| Some(NOBODY))
}

/// Whether nobody else is this user.
pub(crate) fn is_own(user: u32) -> bool {
    user >= FIRST
}

/// Gives a folder to a user.
pub(crate) fn give(folder: &Path, user: u32) -> io::Result<()> {
    chown(folder, Some(user), Some(user))
}
