//! One file from one address, within limits of time and size.

use std::fmt::{self, Display, Formatter};
use std::io::Read;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use trainer::dataset::PublishedFile;
use ureq::{Agent, Error, Proxy};

/// How long the body of an answer may pause.
const PAUSE_TIMEOUT: Duration = Duration::from_secs(15);

/// The bytes that are read at a time.
const CHUNK: usize = 1 << 16;

/// Why an address did not give a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The address of the file.
    pub url: String,
    /// What happened.
    pub reason: String,
    /// Whether the server answers at all, so that it may still give another file.
    pub answers: bool,
}

impl Display for Failure {
    fn fmt(&self, formatter: &mut Formatter) -> fmt::Result {
        write!(formatter, "{}: {}", self.url, self.reason)
    }
}

/// Downloads files.
#[derive(Debug)]
pub(crate) struct Downloader {
    agent: Agent,
}

impl Downloader {
    /// Each phase of a request, and each pause of an answer's body, may last `pause`.
    pub(crate) fn new(pause: Duration, proxy: Option<Proxy>) -> Self {
        // These end a thread whose answer nobody awaits any more.
        let agent = Agent::config_builder()
            .proxy(proxy)
            .user_agent("spatial-batch-norm")
            .timeout_resolve(Some(pause))
            .timeout_connect(Some(pause))
            .timeout_recv_response(Some(pause))
            .timeout_per_read(Some(pause))
            .build()
            .new_agent();
        Self { agent }
    }

    /// With time limits for slow networks, through the proxy that the environment names, if any.
    pub(crate) fn of_environment() -> Self {
        Self::new(PAUSE_TIMEOUT, Proxy::try_from_env())
    }

    /// The bytes of this file from this address, checked against the published checksum.
    ///
    /// The answer must begin within `timeout`, which limits name resolution, connection, redirects
    /// and head together. No more than the published size is read. `progress` is told the number of
    /// bytes so far, and 0 when the answer begins.
    pub(crate) fn download(
        &self,
        url: &str,
        file: &PublishedFile,
        timeout: Duration,
        mut progress: impl FnMut(u64),
    ) -> Result<Vec<u8>, Failure> {
        let failure = |answers, reason| Failure { url: url.to_owned(), reason, answers };
        // ureq limits each phase; only waiting from outside limits all phases together.
        let (sender, receiver) = mpsc::channel();
        let request = self.agent.get(url);
        thread::spawn(move || drop(sender.send(request.call())));
        let response = match receiver.recv_timeout(timeout) {
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

/// Why the body of an answer ended early.
struct Stopped {
    reason: String,
    answers: bool,
}

/// The whole body of an answer, which must have `expected` bytes. Reading stops at the first chunk
/// that goes beyond them.
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
