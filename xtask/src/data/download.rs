//! One file from one address, within limits of time and size.

use std::fmt::{self, Display, Formatter};
use std::io::Read;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use trainer::dataset::PublishedFile;
use ureq::{Agent, Error, Proxy};

/// How long a body may pause.
const STALL: Duration = Duration::from_secs(15);

/// How much is read at a time.
const CHUNK: usize = 1 << 16;

/// Why a file was not got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The address asked.
    pub url: String,
    /// What happened.
    pub reason: String,
    /// Whether the place can be expected to do better for another file: not one that keeps silent.
    pub answers: bool,
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut Formatter) -> fmt::Result {
        write!(formatter, "{}: {}", self.url, self.reason)
    }
}

/// What downloads are made with.
#[derive(Debug)]
pub struct Downloader {
    agent: Agent,
}

impl Downloader {
    /// With a body that may pause so long, through this proxy.
    pub fn new(stall: Duration, proxy: Option<Proxy>) -> Self {
        // A thread whose answer nobody awaits any more ends by these.
        let agent = Agent::config_builder()
            .proxy(proxy)
            .user_agent("spatial-batch-norm")
            .timeout_resolve(Some(stall))
            .timeout_connect(Some(stall))
            .timeout_recv_response(Some(stall))
            .timeout_per_read(Some(stall))
            .build()
            .new_agent();
        Self { agent }
    }

    /// With patience for slow networks, through the proxy that the environment names, if any.
    pub fn of_environment() -> Self {
        Self::new(STALL, Proxy::try_from_env())
    }

    /// The bytes of this file, checked, from this address. The answer must begin within `patience`,
    /// which bounds the search for the address, the connection, redirects and the head together; no
    /// more than the published size is read. `progress` is told the number of bytes so far, 0 when
    /// the answer begins.
    pub fn download(
        &self,
        url: &str,
        file: &PublishedFile,
        patience: Duration,
        mut progress: impl FnMut(u64),
    ) -> Result<Vec<u8>, Failure> {
        let failure = |answers, reason| Failure { url: url.to_owned(), reason, answers };
        // ureq limits each phase; only from outside can all of them be limited together.
        let (sender, receiver) = mpsc::channel();
        let request = self.agent.get(url);
        thread::spawn(move || drop(sender.send(request.call())));
        let response = match receiver.recv_timeout(patience) {
            Ok(Ok(response)) => response,
            Ok(Err(Error::StatusCode(status))) => {
                return Err(failure(true, format!("the answer is HTTP status {status}")));
            }
            Ok(Err(Error::Timeout(_))) | Err(_) => {
                return Err(failure(false, "no answer in time".to_owned()));
            }
            Ok(Err(error)) => return Err(failure(false, error.to_string())),
        };
        progress(0);
        let mut body = response.into_body();
        if let Some(length) = body.content_length() {
            file.check_length(length).map_err(|mismatch| failure(true, mismatch.to_string()))?;
        }
        let bytes = read(&mut body.as_reader(), file.bytes, progress)
            .map_err(|stopped| failure(stopped.answers, stopped.reason))?;
        file.check(&bytes).map_err(|mismatch| failure(true, mismatch.to_string()))?;
        Ok(bytes)
    }
}

/// Why a body ended early.
struct Stopped {
    reason: String,
    answers: bool,
}

/// All of a body that must have this many bytes; one more at most is read to see that it ends.
fn read(
    body: &mut impl Read,
    expected: u64,
    mut progress: impl FnMut(u64),
) -> Result<Vec<u8>, Stopped> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let stopped = |error: std::io::Error| {
            let timed_out = matches!(
                error.get_ref().and_then(|error| error.downcast_ref()),
                Some(Error::Timeout(_))
            );
            let why = if timed_out { "it stalled".to_owned() } else { error.to_string() };
            Stopped {
                reason: format!(
                    "the download broke off after {} of {expected} bytes: {why}",
                    bytes.len()
                ),
                answers: !timed_out,
            }
        };
        let count = body.read(&mut chunk).map_err(stopped)?;
        bytes.extend_from_slice(&chunk[..count]);
        let so_far = bytes.len() as u64;
        if so_far > expected {
            let reason = format!("it sends more than the {expected} bytes of the published file");
            return Err(Stopped { reason, answers: true });
        }
        if count == 0 {
            return Ok(bytes);
        }
        progress(so_far);
    }
}
