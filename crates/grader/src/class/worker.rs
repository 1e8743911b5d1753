//! Worker processes, which judge hand-ins: one that dies costs the grade of the hand-in that it judged,
//! and no other.

use std::io::{self, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;

use crate::class::error::ClassError;
use crate::class::judge::{Judge, Judged, Task};
use crate::class::wire::{read_line, read_task, write_line, write_task};
use crate::hand_in::HandIn;

/// A worker process, as the batch sees it.
pub(super) struct Worker {
    child: Child,
    /// None once the worker is to end.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts a worker, which must judge by what `key` is the hash of.
    pub(super) fn start(mut command: Command, key: &str) -> Result<Self, ClassError> {
        // The terminal's Ctrl-C is for the batch to answer: it lets the hand-ins in progress end.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|cause| ClassError::Start { what: "a worker process", cause })?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let Some((input, output)) = input.zip(output) else {
            return Err(ClassError::Worker("it has no pipes".to_owned()));
        };
        let mut worker = Self { child, input: Some(input), output: BufReader::new(output) };
        match read_line::<String>(&mut worker.output) {
            Ok(Some(its_key)) if its_key == key => Ok(worker),
            Ok(Some(_)) => Err(ClassError::Worker(
                "the fixtures, the rubric or the interpreter have changed since the batch began; \
                 start it again"
                    .to_owned(),
            )),
            Ok(None) | Err(_) => Err(ClassError::Worker(format!(
                "it {} before it was ready; what it said is above",
                worker.end()
            ))),
        }
    }

    /// The worker, unless it has ended without being asked anything.
    pub(super) fn if_alive(mut self) -> Option<Self> {
        matches!(self.child.try_wait(), Ok(None)).then_some(self)
    }

    /// What the worker judges of a hand-in. If it dies, the error says how, and it is not to be asked
    /// again.
    pub(super) fn ask(&mut self, task: &Task, hand_in: &HandIn) -> Result<Judged, String> {
        let sent = match &mut self.input {
            Some(input) => write_task(input, task, hand_in),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        };
        match sent.and_then(|()| read_line(&mut self.output)) {
            Ok(Some(judged)) => Ok(judged),
            Ok(None) | Err(_) => Err(self.end()),
        }
    }

    /// Ends the worker, and says how it has ended.
    fn end(&mut self) -> String {
        self.input = None;
        match self.child.wait() {
            Ok(status) => how(status),
            Err(error) => format!("ended in an unknown way ({error})"),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.end();
    }
}

/// How a process ended, in words.
fn how(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("ended with signal {signal}");
    }
    match status.code() {
        Some(code) => format!("ended with exit code {code}"),
        None => "ended".to_owned(),
    }
}

/// Judges the hand-ins that a batch writes to `input`, each with one line to `output`, until that ends.
/// Then `end` is called, which ends the process: a worker does not outlive its batch, even in the
/// middle of a hand-in.
///
/// # Errors
///
/// [`ClassError`] if there is no thread to read by, or nobody listens.
pub fn serve(
    judge: &Judge<'_>,
    input: impl Read + Send + 'static,
    mut output: impl Write,
    end: impl FnOnce() + Send + 'static,
) -> Result<(), ClassError> {
    let (sender, tasks) = mpsc::channel();
    let unheard = |error: io::Error| ClassError::Worker(format!("nobody listens to it: {error}"));
    write_line(&mut output, &judge.key().finish()).map_err(unheard)?;
    let read = move || {
        let mut input = BufReader::new(input);
        while let Ok(Some(task)) = read_task(&mut input) {
            if sender.send(task).is_err() {
                break;
            }
        }
        // A worker that is idle ends by itself.
        drop(sender);
        end();
    };
    thread::Builder::new()
        .spawn(read)
        .map_err(|cause| ClassError::Start { what: "a thread", cause })?;
    for (task, hand_in) in tasks {
        match write_line(&mut output, &judge.judge(&task, &hand_in)) {
            // The batch has ended, and this hand-in is the next batch's.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            written => written.map_err(unheard)?,
        }
    }
    Ok(())
}
