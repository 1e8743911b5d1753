//! The output of a program: read to its end, so that the program never blocks, and kept up to a bound.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The bytes that are kept of each stream, at most.
const KEPT: usize = 64 << 10;

/// The beginning of what a program printed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Captured {
    /// The first 64 KiB.
    pub beginning: Vec<u8>,
    /// The number of all bytes.
    pub length: u64,
}

/// A stream that is being captured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Capture {
    kept: Arc<Mutex<Vec<u8>>>,
    length: Arc<AtomicU64>,
}

impl Capture {
    /// Captures a stream on a thread of its own, which ends with the stream. Nobody may wait for
    /// that thread without a timeout: a process that escaped could hold the stream open for ever.
    ///
    /// # Errors
    ///
    /// The error of the system if there is no thread to be had.
    pub(crate) fn start(
        mut stream: impl Read + Send + 'static,
    ) -> io::Result<(Self, thread::JoinHandle<()>)> {
        let capture = Self::default();
        let into = capture.clone();
        let thread = thread::Builder::new().spawn(move || {
            let mut buffer = vec![0; KEPT];
            while let Ok(read @ 1..) = stream.read(&mut buffer) {
                let mut kept = into.kept.lock().unwrap_or_else(PoisonError::into_inner);
                let room = KEPT - kept.len();
                kept.extend_from_slice(&buffer[..read.min(room)]);
                into.length.fetch_add(read as u64, Ordering::Relaxed);
            }
        })?;
        Ok((capture, thread))
    }

    /// The number of bytes read so far.
    pub(crate) fn length(&self) -> u64 {
        self.length.load(Ordering::Relaxed)
    }

    /// What was captured so far.
    pub(crate) fn so_far(&self) -> Captured {
        let beginning = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Captured { beginning, length: self.length() }
    }
}
