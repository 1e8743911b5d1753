//! The caller's side: starts the launcher, watches the program, and ends it when it goes beyond a limit
//! or its time limit.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::prctl::set_dumpable;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::event::Timespec;

use crate::capture::Capture;
use crate::channel::{Channel, Event, Received};
use crate::descendants::{Descendants, descendants};
use crate::ended::{End, Ended, Stop};
use crate::error::Error;
use crate::in_force::InForce;
use crate::job::{Job, Launcher, Limits, Strength};
use crate::launcher::{LAUNCHER, Launch};
use crate::room::Room;
use crate::untrusted::Folder;

/// The pauses between two checks of the program. They are short at first, since most programs are
/// short.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(10);

/// The pauses between two counts of processes and memory, and between two counts of files.
const PROCESSES_PAUSE: Duration = Duration::from_millis(30);
const FILES_PAUSE: Duration = Duration::from_millis(200);

/// The time within which processes must end, and their output arrive, after the program has ended.
const GRACE: Duration = Duration::from_millis(500);

/// Runs a program in the sandbox until it ends, goes beyond a limit, or `watch` returns `false`.
///
/// `watch` is called every few milliseconds with the time since the start and the program's room as it is
/// then. It is where a caller sets a timeout: `&mut |elapsed, _| elapsed < time_limit`.
///
/// From then on, no other program may look into this process, which may know what the program must
/// not: it is no longer [dumpable](https://man7.org/linux/man-pages/man2/prctl.2.html).
///
/// # Errors
///
/// [`enum@Error`] if the program was not run.
pub fn run(
    job: &Job,
    launcher: &Launcher,
    watch: &mut dyn FnMut(Duration, &Folder) -> bool,
) -> Result<Ended, Error> {
    let not_started = |source| Error::Launcher { program: launcher.program.clone(), source };
    set_dumpable(false).map_err(|error| not_started(error.into()))?;
    let (room, user) =
        Room::prepare(job).map_err(|source| Error::Room { folder: job.room.clone(), source })?;
    let task = serde_json::to_string(&Launch { job, user });
    let task = task.map_err(|error| Error::Broken(error.to_string()))?;
    let (channel, theirs) = Channel::new().map_err(not_started)?;
    let mut child = Command::new(&launcher.program)
        .args(&launcher.arguments)
        .arg(LAUNCHER)
        .arg(task)
        .env_clear()
        .stdin(theirs)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(not_started)?;
    let streams = (child.stdout.take(), child.stderr.take());
    let (Some(stdout), Some(stderr)) = streams else {
        return Err(Error::Broken("it has no output".to_owned()));
    };
    let captured = Capture::start(stdout).and_then(|out| Ok((out, Capture::start(stderr)?)));
    let ((stdout, stdout_thread), (stderr, stderr_thread)) = match captured {
        Ok(captured) => captured,
        Err(error) => {
            end(&mut child).map_err(not_started)?;
            return Err(not_started(error));
        }
    };
    let mut running = Running { job, channel, room, processor: None, told: Told::default() };
    let printed = || stdout.length() + stderr.length();
    let stopped = running.wait(&mut child, &printed, watch).or_else(|error| {
        // Else the launcher would take its caller for dead, and remove what is the caller's.
        end(&mut child).and(Err(error))
    });
    let stopped = stopped.map_err(not_started)?;

    let since = Instant::now();
    while !(stdout_thread.is_finished() && stderr_thread.is_finished()) && since.elapsed() < GRACE {
        thread::sleep(SHORTEST_PAUSE);
    }
    let Running { room, processor, told, .. } = running;
    let (how, in_force) = told.outcome(job.strength, stopped)?;
    let room = room.into_folder();
    let (stdout, stderr) = (stdout.so_far(), stderr.so_far());
    Ok(Ended { how, stdout, stderr, processor, in_force, room })
}

/// A program that is running.
struct Running<'a> {
    job: &'a Job,
    channel: Channel,
    room: Room,
    processor: Option<Duration>,
    told: Told,
}

impl Running<'_> {
    /// Waits for the launcher to end. Returns the limit for which it was ended, if it was.
    fn wait(
        &mut self,
        child: &mut Child,
        printed: &dyn Fn() -> u64,
        watch: &mut dyn FnMut(Duration, &Folder) -> bool,
    ) -> std::io::Result<Option<Stop>> {
        let start = Instant::now();
        let launcher = child.id().cast_signed();
        let limits = &self.job.limits;
        let (mut processes_counted, mut files_counted) = (Duration::ZERO, Duration::ZERO);
        let mut pause = SHORTEST_PAUSE;
        loop {
            let has_ended = child.try_wait()?.is_some();
            self.listen()?;
            if has_ended {
                // What filled its room may have ended before that was noticed.
                let is_full = self.room.is_too_full(limits, Descendants::default);
                return Ok(is_full.then_some(Stop::Disk));
            }
            let elapsed = start.elapsed();
            let mut stop = None;
            if !watch(elapsed, self.room.folder()) {
                stop = Some(Stop::Time);
            } else if printed() > limits.output {
                stop = Some(Stop::Output);
            } else if elapsed - processes_counted > PROCESSES_PAUSE {
                processes_counted = elapsed;
                stop = exceeded_limit(&descendants(launcher), limits);
            } else if self.room.has_changed() || elapsed - files_counted > FILES_PAUSE {
                files_counted = elapsed;
                let is_full = self.room.is_too_full(limits, || descendants(launcher));
                stop = is_full.then_some(Stop::Disk);
            }
            if let Some(stop) = stop {
                if stop == Stop::Time {
                    let found = descendants(launcher);
                    self.processor =
                        Some(found.below.iter().map(|process| process.processor).sum());
                }
                end(child)?;
                self.listen()?;
                return Ok(Some(stop));
            }
            let longest = Timespec { tv_sec: 0, tv_nsec: i64::from(pause.subsec_nanos()) };
            if self.channel.wait(None, Some(longest))? {
                // The launcher is about to end.
                thread::sleep(SHORTEST_PAUSE / 4);
            }
            pause = (pause + SHORTEST_PAUSE / 4).min(LONGEST_PAUSE);
        }
    }

    /// Takes what launcher and supervisor have said.
    fn listen(&mut self) -> std::io::Result<()> {
        while let Received::Event(event, folder) = self.channel.receive()? {
            match event {
                Event::Room => {
                    if let Some(folder) = folder {
                        self.room = Room::Own(Folder::of(folder, &self.job.room));
                    }
                }
                Event::InForce(measures) => self.told.in_force = Some(measures),
                Event::NotIsolated(measures) => {
                    self.told.refused = Some(Error::NotIsolated(Box::new(measures)));
                }
                Event::NotStarted(error) => self.told.refused = Some(Error::NotStarted(error)),
                Event::Broken(error) => self.told.problem = Some(error),
                Event::Exited(code) => self.told.end = self.told.end.or(Some(End::Exited(code))),
                Event::Killed(signal) => {
                    self.told.end = self.told.end.or(Some(End::Killed(signal)));
                }
            }
        }
        Ok(())
    }
}

/// What launcher and supervisor have said.
#[derive(Debug, Default)]
struct Told {
    in_force: Option<InForce>,
    refused: Option<Error>,
    problem: Option<String>,
    end: Option<End>,
}

impl Told {
    /// How the program ended, and in which sandbox it ran.
    fn outcome(self, strength: Strength, stopped: Option<Stop>) -> Result<(End, InForce), Error> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        let end = stopped.map(End::Stopped).or(self.end);
        let did_not_start = || "it did not reach the start of the program".to_owned();
        let Some(in_force) = self.in_force else {
            return match stopped {
                Some(Stop::Time) => Err(Error::Slow),
                Some(Stop::Memory | Stop::Processes | Stop::Output | Stop::Disk) | None => {
                    Err(Error::Broken(self.problem.unwrap_or_else(did_not_start)))
                }
            };
        };
        let in_force = match strength {
            // Whatever was said: without a sandbox there are limits at best.
            Strength::Off => InForce { limits: in_force.limits, ..InForce::limits_alone() },
            Strength::Auto | Strength::Full => in_force,
        };
        match (end, self.problem) {
            (Some(end), _) => Ok((end, in_force)),
            (None, Some(problem)) => Err(Error::Broken(problem)),
            // The launcher was ended from outside, most likely by the program.
            (None, None) => Ok((End::Killed(Signal::SIGKILL as i32), in_force)),
        }
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
