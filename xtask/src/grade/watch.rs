//! Grading at every save: the exercise, or whatever `--python` names. What is shown is what is done of
//! each task, the first failure, and its hints, one after the other on request.
//!
//! One thread looks at the files and at the keys, and starts a round for each save. A round builds, grades
//! and ends by itself. A save, `q` or Ctrl-C cancels it, but for
//! a build, which is waited for.

mod lines;
mod round;
mod saves;
mod screen;
mod watched;

use std::io::{self, BufRead, IsTerminal};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::grade::watch::round::Round;
use crate::grade::watch::saves::Saves;
use crate::grade::watch::screen::Screen;
use terminal::exit::Exit;
use terminal::interrupt::Interrupt;

pub(super) use self::watched::{Watch, Watched};

/// The pause between two looks at the files. A save that takes longer is seen when it is over.
const PAUSE: Duration = Duration::from_millis(100);

/// What happens while the files are watched.
enum Event {
    Line(String),
    NoMoreKeys,
    Ended(Round),
}

/// Grades now and after each save, until `q` or Ctrl-C.
pub(super) fn run(watch: &Watch<'_>) -> Result<Exit> {
    let interrupt = Interrupt::listen(screen::STOPPING)?;
    let (sender, events) = mpsc::channel();
    listen_to_keys(sender.clone())?;
    let mut screen = Screen::new(&watch.path(), &watch.command);
    let mut saves = Saves::of(watch.path());
    thread::scope(|scope| {
        // Set to cancel the round that runs, if one does.
        let mut running: Option<Arc<AtomicBool>> = None;
        let mut is_wanted = true;
        let ended = loop {
            if interrupt.is_asked() {
                break Ok(());
            }
            is_wanted |= saves.is_new();
            if is_wanted && let Some(is_cancelled) = &running {
                is_cancelled.store(true, Ordering::Relaxed);
            } else if is_wanted {
                is_wanted = false;
                if let Err(error) = screen.begin() {
                    break Err(error);
                }
                let mut run_options = watch.run_options.clone();
                run_options.is_cancelled = Arc::default();
                running = Some(run_options.is_cancelled.clone());
                let sender = sender.clone();
                let round = move || {
                    // The watch goes on whatever a round meets.
                    let round = catch_unwind(AssertUnwindSafe(|| round::run(watch, &run_options)));
                    let round = round.unwrap_or_else(|_| Round::panicked());
                    // Nobody listens any more once the watch has ended.
                    let _ = sender.send(Event::Ended(round));
                };
                let started = thread::Builder::new().spawn_scoped(scope, round);
                if let Err(error) = started {
                    break Err(error).context("a round could not be started");
                }
            }
            let shown = match events.recv_timeout(PAUSE) {
                Ok(Event::Ended(round)) => {
                    running = None;
                    // A save has made it out of date.
                    if is_wanted { Ok(()) } else { screen.end(round) }
                }
                Ok(Event::Line(line)) => match line.trim() {
                    "q" | "quit" => break Ok(()),
                    "h" | "hint" if running.is_none() => screen.more(),
                    _ => screen.keys(),
                },
                Ok(Event::NoMoreKeys) if io::stdin().is_terminal() => break Ok(()),
                Ok(Event::NoMoreKeys) | Err(_) => Ok(()),
            };
            if shown.is_err() {
                break shown;
            }
        };
        // The scope waits for the round, which removes its files.
        if let Some(is_cancelled) = running {
            is_cancelled.store(true, Ordering::Relaxed);
        }
        ended
    })?;
    Ok(Exit::Success)
}

/// Reads lines on a thread of its own, which ends with the program.
fn listen_to_keys(sender: mpsc::Sender<Event>) -> Result<()> {
    let listen = move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(Event::Line(line)).is_err() {
                return;
            }
        }
        let _ = sender.send(Event::NoMoreKeys);
    };
    thread::Builder::new().spawn(listen).context("no thread listens to the keys")?;
    Ok(())
}
