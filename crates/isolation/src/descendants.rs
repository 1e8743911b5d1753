//! The processes that a process has started, directly or not.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// The descendants of a process at one moment.
#[derive(Debug, Default)]
pub(crate) struct Descendants {
    /// The numbers of its children.
    pub(crate) children: Vec<i32>,
    /// All descendants of its children.
    pub(crate) below: Vec<Process>,
}

/// A process, and what it uses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process {
    pub(crate) id: i32,
    parent: i32,
    pub(crate) threads: u64,
    /// Resident memory in pages of 4 KiB.
    pub(crate) resident_pages: u64,
    /// Processor time, its own and that of its children which have ended.
    pub(crate) processor: Duration,
}

/// The unit of processor times, the same on every Linux that we know of.
const TICK: Duration = Duration::from_millis(10);

/// Finds the descendants of a process. A process that ends during the search may be missing, and so
/// may its children.
pub(crate) fn descendants(of: i32) -> Descendants {
    let mut by_parent: BTreeMap<i32, Vec<Process>> = BTreeMap::new();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    for id in entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()) {
        if let Some(process) = read(id) {
            by_parent.entry(process.parent).or_default().push(process);
        }
    }
    let mut found = Descendants::default();
    let mut unvisited: Vec<i32> = vec![of];
    while let Some(parent) = unvisited.pop() {
        for process in by_parent.remove(&parent).unwrap_or_default() {
            unvisited.push(process.id);
            if parent == of {
                found.children.push(process.id);
            } else {
                found.below.push(process);
            }
        }
    }
    found
}

/// Reads `/proc/<id>/stat`: the number, the name in brackets, the state, the parent, and so on.
fn read(id: i32) -> Option<Process> {
    let stat = fs::read(format!("/proc/{id}/stat")).ok()?;
    // The name itself may contain brackets and blanks.
    let after_name = &stat[stat.iter().rposition(|&byte| byte == b')')? + 1..];
    let fields: Vec<&str> = std::str::from_utf8(after_name).ok()?.split_whitespace().collect();
    let parent = fields.get(1)?.parse().ok()?;
    let threads = fields.get(17)?.parse().ok()?;
    let resident_pages = fields.get(21)?.parse().ok()?;
    let ticks = fields.get(11..15)?.iter().filter_map(|ticks| ticks.parse::<u32>().ok()).sum();
    Some(Process { id, parent, threads, resident_pages, processor: TICK.saturating_mul(ticks) })
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_child_and_its_child_are_found() {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", "echo started; sleep 60 & wait"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let shell_id = shell.id().cast_signed();
        let sleeper = loop {
            if let [sleeper] = descendants(shell_id).children[..] {
                let found = descendants(std::process::id().cast_signed());
                assert!(found.children.contains(&shell_id));
                assert!(found.below.iter().any(|process| process.id == sleeper));
                break sleeper;
            }
        };
        for id in [sleeper, shell_id] {
            nix::sys::signal::kill(
                nix::unistd::Pid::from_raw(id),
                nix::sys::signal::Signal::SIGKILL,
            )
            .unwrap();
        }
        shell.wait().unwrap();
    }
}
