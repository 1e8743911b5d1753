//! Ctrl-C: the first one asks the work to save its state and stop. The second one ends the process at
//! once, which loses the work since the last save. Batch systems ask by a signal that their time limit is
//! near.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::exit::COULD_NOT_RUN;

/// How long work that is ended at once may take to clean up.
const GRACE: Duration = Duration::from_secs(2);

/// Whether the work is asked to stop.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    asked: Arc<AtomicBool>,
    /// Whether a signal said that the time limit is near.
    warned: Arc<AtomicBool>,
    /// Whether it listens for Ctrl-C, which a process can do once.
    listens: Arc<AtomicBool>,
}

impl Interrupt {
    /// Listens for Ctrl-C and, where the system has it, for the signal to terminate. The first of
    /// them prints the line `answer`.
    pub fn listen(answer: &'static str) -> Result<Self> {
        Self::listen_for(Arc::default(), answer)
    }

    /// The same, which sets `asked`.
    pub fn listen_for(asked: Arc<AtomicBool>, answer: &'static str) -> Result<Self> {
        Self { asked, ..Self::default() }.and_listen(answer)
    }

    /// Listens for SIGUSR1 alone, where the system has it: batch systems send it ahead of a time limit.
    pub fn by_time_limit() -> Result<Self> {
        let interrupt = Self::default();
        #[cfg(unix)]
        signal_hook::flag::register(signal_hook::consts::SIGUSR1, Arc::clone(&interrupt.warned))
            .context("found no way to listen for SIGUSR1")?;
        Ok(interrupt)
    }

    /// The same that listens as [`Self::listen`] does, too; one that does already stays as it is.
    pub fn and_listen(self, answer: &'static str) -> Result<Self> {
        if self.listens.swap(true, Ordering::Relaxed) {
            return Ok(self);
        }
        let listener = self.clone();
        ctrlc::set_handler(move || {
            if listener.asked.swap(true, Ordering::Relaxed) {
                process::exit(COULD_NOT_RUN.into());
            }
            eprintln!("{answer}");
        })
        .context("found no way to listen for Ctrl-C")?;
        Ok(self)
    }

    /// The same for work that must clean up when it is ended at once: the second of them sets `ended`, and
    /// the process is ended a moment later, if it has not ended by itself.
    pub fn listen_and_clean_up(ended: Arc<AtomicBool>, answer: &'static str) -> Result<Self> {
        let interrupt = Self::default();
        let listener = interrupt.clone();
        ctrlc::set_handler(move || {
            if listener.asked.swap(true, Ordering::Relaxed) {
                ended.store(true, Ordering::Relaxed);
                thread::sleep(GRACE);
                process::exit(COULD_NOT_RUN.into());
            }
            eprintln!("{answer}");
        })
        .context("found no way to listen for Ctrl-C")?;
        Ok(interrupt)
    }

    /// Whether the work is asked to stop.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed) || self.warned.load(Ordering::Relaxed)
    }

    /// Whether the time limit alone asks for it, and nobody else does.
    pub fn is_out_of_time(&self) -> bool {
        self.warned.load(Ordering::Relaxed) && !self.asked.load(Ordering::Relaxed)
    }
}
