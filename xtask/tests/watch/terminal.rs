//! A program in a pseudo-terminal: what it shows, and what is typed.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// How long is waited for anything, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(240);

/// The end of a round.
const END: &str = "q and Enter to end.";

/// A watch that runs.
pub(crate) struct Watching {
    child: Child,
    terminal: File,
    shown: Receiver<String>,
    unread: String,
}

impl Watching {
    pub(crate) fn start(mut command: Command) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let end = || {
            let mut options = File::options();
            options.read(true).write(true).custom_flags(libc::O_NOCTTY);
            options.open(OsStr::from_bytes(name.to_bytes())).unwrap()
        };
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let terminal = File::from(terminal);
        let shown = read(terminal.try_clone().unwrap());
        Self { child, terminal, shown, unread: String::new() }
    }

    /// What is shown until this text, which is the next.
    pub(crate) fn until(&mut self, text: &str) -> String {
        let since = Instant::now();
        loop {
            if let Some(at) = self.unread.find(text) {
                let rest = self.unread.split_off(at + text.len());
                return std::mem::replace(&mut self.unread, rest);
            }
            let left = PATIENCE.saturating_sub(since.elapsed());
            match self.shown.recv_timeout(left) {
                Ok(more) => self.unread.push_str(&more),
                Err(error) => panic!("{error}: expected {text:?} in {}", self.unread),
            }
        }
    }

    /// What is shown until the end of the round, from the beginning of a screen if there is one.
    pub(crate) fn round(&mut self) -> String {
        let said = self.until(END);
        let begin = said.rfind("\u{1b}[2J").unwrap_or(0);
        said[begin..].to_owned()
    }

    pub(crate) fn type_line(&mut self, line: &str) {
        self.terminal.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Does what Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> ExitStatus {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("it does not end")
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads on a thread of its own.
fn read(mut from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, shown) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        let mut bytes = Vec::new();
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            bytes.extend_from_slice(&buffer[..length]);
            // A letter may be cut in two.
            let whole = match std::str::from_utf8(&bytes) {
                Ok(text) => text.len(),
                Err(error) => error.valid_up_to(),
            };
            let text: Vec<u8> = bytes.drain(..whole).collect();
            let text = String::from_utf8(text).unwrap().replace('\r', "");
            if sender.send(text).is_err() {
                return;
            }
        }
    });
    shown
}

/// What a command without a terminal says until this text. It is ended then.
pub(crate) fn piped(mut command: Command, until: &str) -> String {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let shown = read(child.stdout.take().unwrap());
    let mut said = String::new();
    while !said.contains(until) {
        said.push_str(&shown.recv_timeout(PATIENCE).unwrap());
    }
    child.kill().unwrap();
    child.wait().unwrap();
    said
}
