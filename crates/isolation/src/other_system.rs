//! Systems without a sandbox: a program runs only where none is asked for, within a time limit. Its reader
//! must trust it: it is the user's own.

#![cfg_attr(test, allow(unreachable_pub, reason = "tests build it where it is not used"))]

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::capture::Capture;
use crate::untrusted::Folder;
use crate::{End, Ended, Error, InForce, Job, Launcher, Measure, Stop, Strength};

/// The pause between two looks at the program.
const PAUSE: Duration = Duration::from_millis(5);

/// The time within which the output arrives after the program has ended.
const GRACE: Duration = Duration::from_millis(500);

/// Runs a program without a sandbox and without limits, until it ends or `watch` returns `false`.
///
/// # Errors
///
/// [`Error::OtherSystem`] if the job asks for a sandbox; else why the program was not run.
pub fn run(
    job: &Job,
    _launcher: &Launcher,
    watch: &mut dyn FnMut(Duration, &Folder) -> bool,
) -> Result<Ended, Error> {
    if job.strength != Strength::Off {
        return Err(Error::OtherSystem);
    }
    let in_room = |source| Error::Room { folder: job.room.clone(), source };
    for folder in &job.room_folders {
        fs::create_dir_all(job.room.join(folder)).map_err(in_room)?;
    }
    let room = Folder::open(&job.room).map_err(|error| in_room(std::io::Error::other(error)))?;
    let (program, arguments) = job
        .command
        .split_first()
        .ok_or_else(|| Error::NotStarted("no program was named".into()))?;
    let not_started = |error: std::io::Error| Error::NotStarted(error.to_string());
    let starts_in =
        job.room_folders.first().map_or_else(|| job.room.clone(), |first| job.room.join(first));
    let mut child = Command::new(program)
        .args(arguments)
        .envs(job.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(starts_in)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(not_started)?;
    let streams = (child.stdout.take(), child.stderr.take());
    let (Some(stdout), Some(stderr)) = streams else {
        return Err(Error::Broken("it has no output".to_owned()));
    };
    let captured = Capture::start(stdout).and_then(|out| Ok((out, Capture::start(stderr)?)));
    let waited = captured.and_then(|captured| {
        let how = wait(&mut child, &mut |elapsed| watch(elapsed, &room))?;
        Ok((captured, how))
    });
    let ((stdout, stderr), how) = match waited {
        Ok(waited) => waited,
        Err(error) => {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
            return Err(not_started(error));
        }
    };
    let since = Instant::now();
    while !(stdout.1.is_finished() && stderr.1.is_finished()) && since.elapsed() < GRACE {
        thread::sleep(PAUSE);
    }
    let limits = Measure::Missing("this system has none".to_owned());
    Ok(Ended {
        how,
        stdout: stdout.0.so_far(),
        stderr: stderr.0.so_far(),
        processor: None,
        in_force: InForce { limits, ..InForce::limits_alone() },
        room,
    })
}

fn wait(child: &mut Child, goes_on: &mut dyn FnMut(Duration) -> bool) -> std::io::Result<End> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            #[cfg(unix)]
            if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
                return Ok(End::Killed(signal));
            }
            return Ok(End::Exited(status.code().unwrap_or(1)));
        }
        if !goes_on(start.elapsed()) {
            child.kill()?;
            child.wait()?;
            return Ok(End::Stopped(Stop::Time));
        }
        thread::sleep(PAUSE);
    }
}

/// Launches nothing.
#[cfg(not(target_os = "linux"))]
pub fn launch(_role: &str, _task: &str) -> i32 {
    1
}

#[cfg(all(test, unix))]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Limits;

    fn run_shell(script: &str, room: &Path, strength: Strength) -> Result<Ended, Error> {
        let job = Job {
            command: ["/bin/sh", "-c", script].map(Into::into).to_vec(),
            environment: vec![("GREETING".to_owned(), "hello".into())],
            readable: Vec::new(),
            room: room.to_owned(),
            room_folders: vec!["home".to_owned()],
            removed_without_caller: None,
            limits: Limits::default(),
            strength,
        };
        let launcher = Launcher { program: "none".into(), arguments: Vec::new() };
        run(&job, &launcher, &mut |elapsed, _| elapsed < Duration::from_secs(1))
    }

    #[test]
    fn the_users_own_program_runs_within_its_time_limit_and_no_other_runs() {
        let room = tempfile::tempdir().unwrap();
        let ended = run_shell("echo $GREETING; pwd > place; exit 3", room.path(), Strength::Off);
        let ended = ended.unwrap();
        assert_eq!((ended.how, &ended.stdout.beginning[..]), (End::Exited(3), &b"hello\n"[..]));
        assert!(ended.room.folder("home").unwrap().has("place"));
        let killed = run_shell("kill -9 $$", room.path(), Strength::Off).unwrap();
        assert_eq!(killed.how, End::Killed(9));
        let looped = run_shell("while true; do :; done", room.path(), Strength::Off).unwrap();
        assert_eq!(looped.how, End::Stopped(Stop::Time));
        let refused = run_shell("exit", room.path(), Strength::Auto);
        assert!(matches!(refused, Err(Error::OtherSystem)));
    }
}
