//! `cargo xtask reproduce`: the audit of a report. Its files are held against its lock, and some of its
//! cells, drawn at random, are trained anew.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Result, bail};
use study::audit::{Checked, check};
use study::config::CONFIG_FILE;
use study::folder::is_finished;
use study::report::folders_in;

use crate::data_argument::DataArguments;
use crate::experiment::store;
use crate::study_argument::{NamedStudy, find};
use terminal::count::{self, counted};
use terminal::exit::Exit;
use terminal::interrupt::Interrupt;
use terminal::output::say;
use terminal::workspace::{self, relative};

mod record;
mod retrain;

use retrain::Retraining;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The folder of a report, or a study by its name or file that has a committed report
    /// [default: every committed report]
    #[arg(value_name = "STUDY|DIR")]
    studies: Vec<String>,

    /// Hold report, tables and lock against each other, and train nothing
    #[arg(long, conflicts_with_all = ["cells", "draw", "threads", "from", "out"])]
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

/// The faults of a report that are told.
const TOLD: usize = 10;

/// As many as a default seed can be, so that it is typed easily.
const SEEDS: u64 = 1_000_000;

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let folders = arguments.folders()?;
    if let (Some(_), several @ 2..) = (&arguments.out, folders.len()) {
        bail!("--out: found {several} reports, expected one");
    }
    let interrupt = Interrupt::listen("stopping after this step; again to stop at once")?;
    let mut is_all_right = true;
    for folder in folders {
        let checked = check(&folder)?;
        tell(&folder, &checked)?;
        if !checked.faults.is_empty() {
            is_all_right = false;
        } else if !arguments.check {
            is_all_right &= arguments.retrain(&folder, checked, &interrupt)?;
        }
    }
    Ok(Exit::of(is_all_right))
}

/// Says what a check found.
fn tell(folder: &Path, checked: &Checked) -> Result<()> {
    let shown = relative(folder).display();
    let Checked { files, cells, lock, faults } = checked;
    if faults.is_empty() {
        let (files, cells) = (counted(*files, "file"), counted(*cells, "cell"));
        return say(format_args!(
            "{shown}: {files} and {cells} are as study.lock has them; its own SHA-256 is {lock}"
        ));
    }
    say(format_args!("{shown}: {} found", counted(faults.len(), "fault")))?;
    faults.iter().take(TOLD).try_for_each(|fault| say(format_args!("  {fault}")))?;
    match faults.len().checked_sub(TOLD) {
        None | Some(0) => Ok(()),
        Some(more) => say(format_args!("  and {more} more")),
    }
}

impl Arguments {
    fn retrain(&self, folder: &Path, checked: Checked, interrupt: &Interrupt) -> Result<bool> {
        let threads = self.threads.or(thread::available_parallelism().ok());
        let out = match &self.out {
            Some(out) => out.clone(),
            None => {
                let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
                let name = whole.file_name().unwrap_or_default();
                workspace::runs()?.join("reproduced").join(name)
            }
        };
        let retraining = Retraining {
            folder,
            lock: checked.lock,
            cells: self.cells.get(),
            draw: self.draw.unwrap_or_else(|| RandomState::new().build_hasher().finish() % SEEDS),
            threads: threads.map_or(1, NonZero::get),
            earlier: store(self.from.as_deref())?,
            out,
            data: &self.data,
        };
        retraining.run(interrupt)
    }

    /// The folders of the reports.
    fn folders(&self) -> Result<Vec<PathBuf>> {
        let committed = || Ok::<_, anyhow::Error>(finished(folders_in(&workspace::reports()?)?));
        if !self.studies.is_empty() {
            return self.studies.iter().map(|study| self.folder(study, &committed()?)).collect();
        }
        let committed = committed()?;
        if committed.is_empty() {
            bail!("reports: found no report, expected the committed ones");
        }
        Ok(committed)
    }

    /// The folder that an argument means.
    fn folder(&self, argument: &str, committed: &[PathBuf]) -> Result<PathBuf> {
        let folder = Path::new(argument);
        if folder.is_dir() {
            return Ok(folder.to_owned());
        }
        let study = find(Some(argument))?;
        let of_workspace = finished(folders_in(&workspace::runs()?)?);
        for data_set in self.data.for_study(&study.file.data_sets())?.possible() {
            let text = study.config(study.file.clone(), data_set)?.to_toml();
            let is_of_study = |folder: &&PathBuf| {
                files::read_text(&folder.join(CONFIG_FILE)).is_ok_and(|found| found == text)
            };
            if let Some(found) = committed.iter().chain(&of_workspace).find(is_of_study) {
                return Ok(found.clone());
            }
        }
        let NamedStudy { name, .. } = study;
        bail!(
            "{name}: found no report of this study in reports/ and runs/; `cargo xtask experiment` makes one, \
             and the folder of one may be named"
        )
    }
}

fn finished(mut folders: Vec<PathBuf>) -> Vec<PathBuf> {
    folders.retain(|folder| is_finished(folder));
    folders
}
