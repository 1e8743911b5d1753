//! The user that a program of root's runs as: one of its own, who owns nothing but its room.

use std::os::unix::fs::chown;
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, io};

use nix::unistd::geteuid;
use serde::{Deserialize, Serialize};

/// `nobody`, where no other number is to be had: in a container that has few.
const NOBODY: u32 = 65_534;

/// Numbers from here on are no user's: they are above those that directories of users hand out, and
/// below those of systemd. Each process of ours has some of them to itself.
const FIRST: u32 = 2_001_000_000;
const PER_PROCESS: u32 = 32;

/// How many numbers at the upper end of those that a container has are taken to be no user's.
const LAST: u32 = 30_000;

/// A user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) number: u32,
    /// Whether no other program that is run now is this user.
    pub(crate) is_own: bool,
}

impl User {
    /// The user for the next program, if this is root: it becomes the owner of `room`.
    pub(crate) fn next(room: &Path) -> io::Result<Option<Self>> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if !geteuid().is_root() {
            return Ok(None);
        }
        let nth = NEXT.fetch_add(1, Ordering::Relaxed) % PER_PROCESS;
        let own = process::id() * PER_PROCESS + nth;
        let users = [
            Some(Self { number: FIRST + own, is_own: true }),
            upper_end().map(|last| Self { number: last - own % LAST, is_own: true }),
        ];
        for user in users.into_iter().flatten() {
            if user.give(room).is_ok() {
                return Ok(Some(user));
            }
        }
        let nobody = Self { number: NOBODY, is_own: false };
        nobody.give(room).map(|()| Some(nobody))
    }

    /// Gives a folder to the user.
    pub(crate) fn give(self, folder: &Path) -> io::Result<()> {
        chown(folder, Some(self.number), Some(self.number))
    }
}

/// The last number of a container that has enough of them: `/proc/self/uid_map` has a line per range,
/// with its first number and, last, how many there are.
fn upper_end() -> Option<u32> {
    let map = fs::read_to_string("/proc/self/uid_map").ok()?;
    let last_of = |line: &str| -> Option<u32> {
        let numbers: Vec<u32> = line.split_whitespace().map_while(|n| n.parse().ok()).collect();
        let [first, _, count] = numbers[..] else { return None };
        (count > 2 * LAST).then(|| first.saturating_add(count - 1))
    };
    map.lines().filter_map(last_of).max()
}
