//! The caller's side: starts the launcher, watches the program, and ends it when it goes beyond a limit
//! or its time limit.

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
use crate::ended::{End, Ended, Stop};
use crate::error::Error;
use crate::in_force::InForce;
use crate::job::{Job, Launcher, Limits};
use crate::launcher::LAUNCHER;
use crate::status::{STATUS_FILE, StatusLine};

/// The pauses between two checks of the program. They are short at first, since most programs are
/// short.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(10);

/// The pauses between two counts of processes and memory, and between two counts of files.
const PROCESSES_PAUSE: Duration = Duration::from_millis(30);
const FILES_PAUSE: Duration = Duration::from_millis(200);

/// The time within which processes must end, and their output arrive, after the program has ended.
const GRACE: Duration = Duration::from_millis(500);

/// The bytes that are read of the status file, at most.
const MAX_STATUS: u64 = 64 << 10;

/// Runs a program in the sandbox until it ends, goes beyond a limit, or `watch` returns `false`.
///
/// `watch` is called every few milliseconds with the time since the start. It is where a caller sets a
/// timeout: `&mut |elapsed| elapsed < time_limit`.
///
/// # Errors
///
/// [`enum@Error`] if the program was not run.
pub fn run(
    job: &Job,
    launcher: &Launcher,
    watch: &mut dyn FnMut(Duration) -> bool,
) -> Result<Ended, Error> {
    let task = serde_json::to_string(job).map_err(|error| Error::Broken(error.to_string()))?;
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
    let stopped = wait(&mut child, job, &printed, watch).map_err(not_started)?;

    let since = Instant::now();
    while !(stdout_thread.is_finished() && stderr_thread.is_finished()) && since.elapsed() < GRACE {
        thread::sleep(SHORTEST_PAUSE);
    }
    let (how, in_force) = outcome(&job.launcher_folder, stopped)?;
    Ok(Ended { how, stdout: stdout.so_far(), stderr: stderr.so_far(), in_force })
}

/// Waits for the launcher to end. Returns the limit for which it was ended, if it was.
fn wait(
    child: &mut Child,
    job: &Job,
    printed: &dyn Fn() -> u64,
    watch: &mut dyn FnMut(Duration) -> bool,
) -> std::io::Result<Option<Stop>> {
    let start = Instant::now();
    let launcher = child.id().cast_signed();
    let (mut processes_counted, mut files_counted) = (Duration::ZERO, Duration::ZERO);
    let mut pause = SHORTEST_PAUSE;
    loop {
        if child.try_wait()?.is_some() {
            return Ok(None);
        }
        let elapsed = start.elapsed();
        let mut stop = None;
        if !watch(elapsed) {
            stop = Some(Stop::Time);
        } else if printed() > job.limits.output {
            stop = Some(Stop::Output);
        } else if elapsed - processes_counted > PROCESSES_PAUSE {
            processes_counted = elapsed;
            let found = descendants(launcher);
            stop = exceeded_limit(&found, &job.limits)
                .or((nameless_bytes(&found) > job.limits.disk).then_some(Stop::Disk));
        } else if elapsed - files_counted > FILES_PAUSE {
            files_counted = elapsed;
            stop = is_too_full(&job.writable, &job.limits).then_some(Stop::Disk);
        }
        if let Some(stop) = stop {
            end(child)?;
            return Ok(Some(stop));
        }
        thread::sleep(pause);
        pause = (pause + SHORTEST_PAUSE / 4).min(LONGEST_PAUSE);
    }
}

/// The limit that these processes go beyond together.
fn exceeded_limit(found: &Descendants, limits: &Limits) -> Option<Stop> {
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

/// The bytes of deleted files that these processes keep open. No folder lists them.
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

/// Whether the folders have more bytes or more files than the limits allow.
fn is_too_full(folders: &[PathBuf], limits: &Limits) -> bool {
    let (mut bytes, mut files) = (0_u64, 0_u64);
    let mut unvisited = folders.to_vec();
    while let Some(folder) = unvisited.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            // The metadata of a link itself, not of its target.
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

/// Ends the program and all that it started, then the supervisor, then the launcher.
fn end(launcher: &mut Child) -> std::io::Result<()> {
    // A process that forks during the search is found in the next round. The supervisor is ended last.
    // With a process namespace, all that is left ends with it; without one, orphans become children of
    // the launcher, which ends them.
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
        thread::sleep(SHORTEST_PAUSE);
    }
    let since = Instant::now();
    while launcher.try_wait()?.is_none() {
        for child in descendants(id).children {
            let _ = end(child);
        }
        if since.elapsed() > GRACE {
            launcher.kill()?;
        }
        thread::sleep(SHORTEST_PAUSE);
    }
    Ok(())
}

/// How the program ended, and in which sandbox it ran, by the status file.
fn outcome(launcher_folder: &Path, stopped: Option<Stop>) -> Result<(End, InForce), Error> {
    let path = launcher_folder.join(STATUS_FILE);
    let mut text = String::new();
    let read =
        fs::File::open(&path).and_then(|file| file.take(MAX_STATUS).read_to_string(&mut text));
    if read.is_err() && stopped.is_none() {
        return Err(Error::Broken("it left no status file".to_owned()));
    }
    let mut in_force = None;
    let mut end = stopped.map(End::Stopped);
    let mut problem = None;
    for line in text.lines() {
        match serde_json::from_str(line) {
            Ok(StatusLine::InForce(measures)) => in_force = Some(measures),
            Ok(StatusLine::NotIsolated(measures)) => {
                return Err(Error::NotIsolated(Box::new(measures)));
            }
            Ok(StatusLine::NotStarted(error)) => return Err(Error::NotStarted(error)),
            Ok(StatusLine::Broken(error)) => problem = Some(error),
            Ok(StatusLine::Exited(code)) => end = end.or(Some(End::Exited(code))),
            Ok(StatusLine::Killed(signal)) => end = end.or(Some(End::Killed(signal))),
            // The last line is incomplete if the supervisor was ended while it wrote.
            Err(_) => {}
        }
    }
    match (end, in_force, problem) {
        (Some(end), Some(in_force), _) => Ok((end, in_force)),
        // The supervisor was ended from outside, most likely by the kernel for lack of memory.
        (None, Some(in_force), _) => Ok((End::Killed(Signal::SIGKILL as i32), in_force)),
        (_, None, problem) => Err(Error::Broken(
            problem.unwrap_or_else(|| "it did not reach the start of the program".to_owned()),
        )),
    }
}
