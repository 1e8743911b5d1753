//! Grading at every save. The exercise is a part of this program, so Cargo builds the program again
//! each time and runs it. Where the code does not build, the compiler's message is shown.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;
use std::{env, process};

use anyhow::{Context, Result, ensure};

use crate::grade::shell::words;
use terminal::exit::{COULD_NOT_RUN, Exit};
use terminal::output::say;
use terminal::workspace;

/// The pause between two looks at the files.
const PAUSE: Duration = Duration::from_millis(300);

/// What is watched and done, for tests of the watching.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Watched {
    /// Instead of the exercise's sources
    #[arg(long, hide = true, requires = "watch")]
    watch_folder: Option<PathBuf>,
    /// Instead of building and grading
    #[arg(long, hide = true, requires = "watch")]
    watch_command: Option<String>,
}

/// Grades by this command's `arguments` now and after each save, until interrupted.
pub(super) fn run(watched: &Watched, arguments: &[String]) -> Result<Exit> {
    let folder = match &watched.watch_folder {
        Some(folder) => folder.clone(),
        None => workspace::root()?.join("crates/exercise/src"),
    };
    let command = match &watched.watch_command {
        Some(command) => words(command)?.into_iter().map(OsString::from).collect(),
        None => {
            say("Building, which takes minutes the first time and seconds after a save.")?;
            built_and_graded(arguments)
        }
    };
    let shown = workspace::relative(&folder).display();
    let mut graded = None;
    loop {
        let contents = contents(&folder)?;
        if graded.as_ref() != Some(&contents) {
            if graded.is_some() {
                say("\n--- saved: grading again ---\n")?;
            }
            grade(&command, &folder)?;
            say(format!("Watching {shown}; Ctrl-C ends it."))?;
            io::stdout().flush().context("standard output cannot be written")?;
            graded = Some(contents);
        }
        thread::sleep(PAUSE);
    }
}

/// Builds and grades without optimisation: after a save that takes seconds, an optimised build most
/// of a minute.
fn built_and_graded(arguments: &[String]) -> Vec<OsString> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = vec![cargo];
    command.extend(["run", "--quiet", "--package", "xtask", "--"].map(OsString::from));
    command.extend(arguments.iter().map(OsString::from));
    command
}

/// Grades once, and says what to do next. What the command prints goes to the terminal as it is.
fn grade(command: &[OsString], folder: &Path) -> Result<()> {
    let (program, arguments) = command.split_first().context("there is nothing to run")?;
    let status = Command::new(program)
        .args(arguments)
        .status()
        .with_context(|| format!("{} could not be started", Path::new(program).display()))?;
    let folder = workspace::relative(folder).display();
    let next = match status.code() {
        Some(0) => "All checks pass. Next: cargo xtask grade --target exercise --profile strict, \
                    or cargo xtask experiment."
            .to_owned(),
        Some(1) => format!("Next: mend that in {folder}, and save."),
        Some(code) if code == i32::from(COULD_NOT_RUN) => {
            "It could not be graded, as told above. Next: mend that, and save.".to_owned()
        }
        Some(_) => format!(
            "The code does not build. Next: mend the first error above in {folder}, and save."
        ),
        None => {
            ensure!(cfg!(unix), "the command ended in an unknown way");
            // The signal that ended it was most likely meant for both.
            process::exit(COULD_NOT_RUN.into());
        }
    };
    say(format!("\n{next}"))
}

/// The contents of the files below a folder, by name. A file that is just being written may be
/// missing for a moment.
fn contents(folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| format!("{}", folder.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("{}", folder.display()))?.path();
        if path.is_dir() {
            found.extend(contents(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && let Ok(bytes) = fs::read(&path)
        {
            found.push((path, bytes));
        }
    }
    found.sort();
    Ok(found)
}
