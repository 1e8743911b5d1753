//! `cargo xtask reproduce`: the audit of a report. Its files are held against its lock, and some of its
//! cells, drawn at random, are trained anew.

use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use study::audit::{Checked, LOCK_FILE, StudyLock, check};
use study::config::CONFIG_FILE;
use study::tables::{Row, RunRow, Study};

use crate::data_argument::DataArguments;
use crate::experiment::store;
use crate::study_argument::find;
use terminal::count;
use terminal::exit::Exit;
use terminal::interrupt::Interrupt;
use terminal::workspace::{self, relative};

mod faults;
mod record;
mod retrain;

use faults::tell;
use retrain::{Draw, Retraining};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The folder of a report, or a study by its name or file that has one in reports/ or runs/
    /// [default: every report in reports/]
    #[arg(value_name = "STUDY|DIR")]
    studies: Vec<String>,

    /// Hold every file against study.lock, and train nothing
    #[arg(long, conflicts_with_all = [
        "cells", "draw", "threads", "from", "out", "data_dir", "dataset", "offline",
    ])]
    check: bool,

    /// How many cells to train anew
    #[arg(long, value_name = "K", default_value = "10", allow_negative_numbers = true, value_parser = count::count)]
    cells: NonZero<usize>,

    /// The seed that they are drawn by [default: another one each time, which is shown]
    #[arg(long, value_name = "SEED", allow_negative_numbers = true)]
    draw: Option<u64>,

    /// Runs side by side; changes nothing but the time [default: the cores]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count::threads)]
    threads: Option<NonZero<usize>>,

    /// Folder of the cells of the first training, if it is still there: where a cell differs, its logs say
    /// in which step it does first [default: runs/cells]
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,

    /// Folder of reproduction.json, for one report [default: one below runs/reproduced/]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    #[command(flatten)]
    data: DataArguments,
}

/// The digits of a lock in the name of a folder.
const DIGITS: usize = 8;

/// As many as a default seed can be, so that it is typed easily.
const SEEDS: u64 = 1_000_000;

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let folders = arguments.folders()?;
    if let (Some(_), several @ 2..) = (&arguments.out, folders.len()) {
        bail!("--out: found {several} reports, expected one");
    }
    if let Some(folder) = &arguments.from {
        let cells = store(Some(folder))?;
        ensure!(
            !cells.index()?.is_empty(),
            "--from: found no cell in {}, expected a folder of cells, such as runs/cells",
            folder.display()
        );
    }
    let interrupt = Interrupt::listen("stopping after this step; again to stop at once")?;
    let mut is_all_right = true;
    for folder in folders {
        let checked = check(&folder)?;
        tell(&folder, &checked)?;
        match checked {
            Checked { lock: Some(lock), study: Some(study), sha256, faults }
                if faults.is_empty() =>
            {
                if !arguments.check {
                    let retraining = arguments.retraining(&folder, study, lock, sha256)?;
                    is_all_right &= retraining.run(&interrupt)?;
                }
            }
            Checked { .. } => is_all_right = false,
        }
    }
    Ok(Exit::of(is_all_right))
}

impl Arguments {
    fn retraining<'a>(
        &'a self,
        folder: &'a Path,
        study: Study,
        lock: StudyLock,
        sha256: String,
    ) -> Result<Retraining<'a>> {
        let threads = self.threads.or(thread::available_parallelism().ok());
        let out = match &self.out {
            Some(out) => out.clone(),
            None => {
                let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
                let name = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let lock = sha256.get(..DIGITS).unwrap_or(&sha256);
                workspace::runs()?.join("reproduced").join(format!("{name}_{lock}"))
            }
        };
        Ok(Retraining {
            folder,
            reported: study,
            lock,
            sha256,
            cells: self.cells.get(),
            draw: match self.draw {
                Some(seed) => Draw { seed, is_given: true },
                None => {
                    let seed = RandomState::new().build_hasher().finish() % SEEDS;
                    Draw { seed, is_given: false }
                }
            },
            threads: threads.map_or(1, NonZero::get),
            earlier: store(self.from.as_deref())?,
            out,
            data: &self.data,
        })
    }

    /// The folders of the reports.
    fn folders(&self) -> Result<Vec<PathBuf>> {
        let committed = reports_in(&workspace::reports()?)?;
        if self.studies.is_empty() {
            ensure!(!committed.is_empty(), "reports: found no report, expected the committed ones");
            return Ok(committed);
        }
        self.studies.iter().map(|study| self.folder(study, &committed)).collect()
    }

    /// The folder that an argument means. One of `reports/` comes before one of `runs/`.
    fn folder(&self, argument: &str, committed: &[PathBuf]) -> Result<PathBuf> {
        let folder = Path::new(argument);
        if folder.is_dir() {
            return Ok(folder.to_owned());
        }
        let study = find(Some(argument))?;
        let mut texts = Vec::new();
        for data_set in self.data.for_study(&study.file.data_sets())?.possible() {
            texts.push(study.config(study.file.clone(), data_set)?.to_toml());
        }
        let is_of_study = |folder: &&PathBuf| {
            let found = files::read_text(&folder.join(CONFIG_FILE)).ok();
            found.is_some_and(|found| texts.contains(&found.replace("\r\n", "\n")))
        };
        let of_workspace = reports_in(&workspace::runs()?)?;
        for folders in [committed, &of_workspace] {
            match folders.iter().filter(is_of_study).collect::<Vec<_>>().as_slice() {
                [] => {}
                [found] => return Ok((*found).clone()),
                [first, ..] => {
                    let first = relative(first).display();
                    bail!(
                        "{argument}: found several reports, such as {first}; name the folder of one"
                    )
                }
            }
        }
        bail!(
            "{}: found no report in reports/ and runs/ of this study as it is; `cargo xtask experiment` \
             makes one, and the folder of one may be named",
            study.name
        )
    }
}

/// The folders right below this one that have any part of a report that tells one.
fn reports_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if folder.exists() {
        let unreadable = || format!("{} cannot be read", folder.display());
        for entry in fs::read_dir(folder).with_context(unreadable)? {
            let path = entry.with_context(unreadable)?.path();
            let marks = [LOCK_FILE, CONFIG_FILE, RunRow::FILE];
            if marks.iter().any(|mark| path.join(mark).symlink_metadata().is_ok()) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
