//! The caller's side: starts the launcher, watches, and ends what goes beyond its limits.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::capture::Capture;
use crate::descendants::{Descendants, descendants};
use crate::launcher::{ACCOUNT, LAUNCHER, Line};
use crate::order::{Launcher, Limits, Order};
use crate::{End, Ended, Error, InForce, Stop};

/// The pauses between two looks at the program: short at first, since most programs are.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(10);

/// The pauses between two counts of its processes and memory, and of its files.
const COUNT_PROCESSES: Duration = Duration::from_millis(30);
const COUNT_FILES: Duration = Duration::from_millis(200);

/// How long what it printed may take to arrive after its end.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Longest account that launcher and keeper give.
const LONGEST_ACCOUNT: u64 = 64 << 10;

/// Runs a program to its end, or until `watch`, which is asked every few milliseconds and told the
/// time since the start, says `false`.
///
/// # Errors
///
/// [`enum@Error`] if the program was not run.
pub fn run(
    order: &Order,
    launcher: &Launcher,
    watch: &mut dyn FnMut(Duration) -> bool,
) -> Result<Ended, Error> {
    let task = serde_json::to_string(order).map_err(|error| Error::Broken(error.to_string()))?;
    let not_started = |source| Error::Launcher { program: launcher.program.clone(), source };
    let mut child = Command::new(&launcher.program)
        .args(&launcher.arguments)
        .arg(LAUNCHER)
        .arg(task)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(not_started)?;
    let streams = (child.stdout.take(), child.stderr.take());
    let (Some(stdout), Some(stderr)) = streams else {
        return Err(Error::Broken("it has no output".to_owned()));
    };
    let (stdout, stdout_thread) = Capture::start(stdout);
    let (stderr, stderr_thread) = Capture::start(stderr);
    let printed = || stdout.length() + stderr.length();
    let stopped = wait(&mut child, order, &printed, watch).map_err(not_started)?;

    let since = Instant::now();
    while !(stdout_thread.is_finished() && stderr_thread.is_finished())
        && since.elapsed() < LAST_WORDS
    {
        thread::sleep(SHORTEST);
    }
    let (how, in_force) = account(&order.aside, stopped)?;
    Ok(Ended { how, stdout: stdout.so_far(), stderr: stderr.so_far(), in_force })
}

/// Waits for the launcher to end; `Some` if it was made to.
fn wait(
    child: &mut Child,
    order: &Order,
    printed: &dyn Fn() -> u64,
    watch: &mut dyn FnMut(Duration) -> bool,
) -> std::io::Result<Option<Stop>> {
    let start = Instant::now();
    let launcher = child.id().cast_signed();
    let (mut processes_counted, mut files_counted) = (Duration::ZERO, Duration::ZERO);
    let mut pause = SHORTEST;
    loop {
        if child.try_wait()?.is_some() {
            return Ok(None);
        }
        let elapsed = start.elapsed();
        let mut stop = None;
        if !watch(elapsed) {
            stop = Some(Stop::Time);
        } else if printed() > order.limits.output {
            stop = Some(Stop::Output);
        } else if elapsed - processes_counted > COUNT_PROCESSES {
            processes_counted = elapsed;
            let found = descendants(launcher);
            stop = too_many(&found, &order.limits)
                .or((nameless_bytes(&found) > order.limits.disk).then_some(Stop::Disk));
        } else if elapsed - files_counted > COUNT_FILES {
            files_counted = elapsed;
            stop = is_too_full(&order.writable, &order.limits).then_some(Stop::Disk);
        }
        if let Some(stop) = stop {
            end(child)?;
            return Ok(Some(stop));
        }
        thread::sleep(pause);
        pause = (pause + SHORTEST / 4).min(LONGEST);
    }
}

fn too_many(found: &Descendants, limits: &Limits) -> Option<Stop> {
    let threads: u64 = found.below.iter().map(|process| process.threads).sum();
    let pages: u64 = found.below.iter().map(|process| process.resident_pages).sum();
    if threads > limits.processes {
        Some(Stop::Processes)
    } else if pages.saturating_mul(4096) > limits.memory {
        Some(Stop::Memory)
    } else {
        None
    }
}

/// Bytes of the files without a name, which no folder lists, that these processes keep open.
fn nameless_bytes(found: &Descendants) -> u64 {
    let mut files = BTreeMap::new();
    for process in &found.below {
        let open = fs::read_dir(format!("/proc/{}/fd", process.id));
        for file in open.into_iter().flatten().flatten() {
            if let Ok(metadata) = fs::metadata(file.path())
                && metadata.is_file()
                && metadata.nlink() == 0
            {
                files.insert((metadata.dev(), metadata.ino()), 512 * metadata.blocks());
            }
        }
    }
    files.values().sum()
}

/// Whether the folders hold more bytes or more files than they may.
fn is_too_full(folders: &[PathBuf], limits: &Limits) -> bool {
    let (mut bytes, mut files) = (0_u64, 0_u64);
    let mut unvisited = folders.to_vec();
    while let Some(folder) = unvisited.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            // Of the entry itself, and not of what it leads to.
            let Ok(metadata) = entry.metadata() else { continue };
            files += 1;
            bytes = bytes.saturating_add(metadata.len());
            if bytes > limits.disk || files > limits.files {
                return true;
            }
            if metadata.is_dir() {
                unvisited.push(entry.path());
            }
        }
    }
    false
}

/// Ends the program and all that it started, then the keeper, then the launcher.
fn end(launcher: &mut Child) -> std::io::Result<()> {
    // Whoever forks while being looked for is found the next time. The keeper lives until there is
    // no one left, or it is the first of its namespace, and all end with it; the launcher, to which
    // orphans fall, sees to the rest.
    const ROUNDS: usize = 200;
    let id = launcher.id().cast_signed();
    let end = |id| kill(Pid::from_raw(id), Signal::SIGKILL);
    for _ in 0..ROUNDS {
        let found = descendants(id);
        if found.below.is_empty() {
            break;
        }
        for process in &found.below {
            let _ = end(process.id);
        }
        thread::sleep(SHORTEST);
    }
    let since = Instant::now();
    while launcher.try_wait()?.is_none() {
        for child in descendants(id).children {
            let _ = end(child);
        }
        if since.elapsed() > LAST_WORDS {
            launcher.kill()?;
        }
        thread::sleep(SHORTEST);
    }
    Ok(())
}

/// What the launcher and the keeper have to say.
fn account(aside: &Path, stopped: Option<Stop>) -> Result<(End, InForce), Error> {
    let path = aside.join(ACCOUNT);
    let mut text = String::new();
    let read =
        fs::File::open(&path).and_then(|file| file.take(LONGEST_ACCOUNT).read_to_string(&mut text));
    if read.is_err() && stopped.is_none() {
        return Err(Error::Broken("it left no account".to_owned()));
    }
    let mut in_force = None;
    let mut end = stopped.map(End::Stopped);
    let mut problem = None;
    for line in text.lines() {
        match serde_json::from_str(line) {
            Ok(Line::InForce(measures)) => in_force = Some(measures),
            Ok(Line::NotIsolated(measures)) => {
                return Err(Error::NotIsolated(Box::new(measures)));
            }
            Ok(Line::NotStarted(error)) => return Err(Error::NotStarted(error)),
            Ok(Line::Broken(error)) => problem = Some(error),
            Ok(Line::Exited(code)) => end = end.or(Some(End::Exited(code))),
            Ok(Line::Killed(signal)) => end = end.or(Some(End::Killed(signal))),
            // The last line is cut short when the keeper is ended in the midst of it.
            Err(_) => {}
        }
    }
    match (end, in_force, problem) {
        (Some(end), Some(in_force), _) => Ok((end, in_force)),
        // The keeper was ended from outside, by the kernel for want of memory most likely.
        (None, Some(in_force), _) => Ok((End::Killed(Signal::SIGKILL as i32), in_force)),
        (_, None, problem) => {
            Err(Error::Broken(problem.unwrap_or_else(|| "it did not get to the start".to_owned())))
        }
    }
}
