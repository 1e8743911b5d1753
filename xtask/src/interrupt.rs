//! Ctrl-C: the first asks the work to save its state and stop, the second ends the process at once,
//! which loses at most what was done since it was last saved.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

use crate::exit::COULD_NOT_RUN;

/// Whether somebody asked to stop.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    asked: Arc<AtomicBool>,
}

impl Interrupt {
    /// Listens for Ctrl-C, and where the system has it for the signal to end. The first is answered
    /// by this line.
    pub fn listen(answer: &'static str) -> Result<Self> {
        let interrupt = Self::default();
        let listener = interrupt.clone();
        ctrlc::set_handler(move || {
            if listener.asked.swap(true, Ordering::Relaxed) {
                process::exit(COULD_NOT_RUN.into());
            }
            eprintln!("{answer}");
        })
        .context("Ctrl-C cannot be listened for")?;
        Ok(interrupt)
    }

    /// Whether somebody asked to stop.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}
