//! The training of some cells of a report, and what comes out beside the report.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use bench::Machine;
use study::audit::{
    Bound, Compared, Difference, Fault, Retrained, StudyLock, compare, drawn, first_differing_step,
    of_tables,
};
use study::cell::{Cell, distinct};
use study::collect::{Collected, collect};
use study::error::StudyError;
use study::experiment::{Experiment, TestImages};
use study::store::{State, Store};
use study::tables::Study;
use study::training::InUse;

use super::faults::tell_faults;
use super::record::{CellRecord, FILE, Record};
use crate::data_argument::DataArguments;
use crate::experiment::machine_memory::expect_room;
use crate::experiment::progress::{Progress, Silent};
use crate::experiment::{images, refuse_failures};
use crate::program::program;
use terminal::count::counted;
use terminal::interrupt::Interrupt;
use terminal::output::{replace_file, say};
use terminal::workspace::relative;

/// What is to be trained anew.
pub(super) struct Retraining<'a> {
    /// The folder of the report, whose files are as its lock has them.
    pub(super) folder: &'a Path,
    pub(super) reported: Study,
    pub(super) lock: StudyLock,
    /// The SHA-256 of the lock.
    pub(super) sha256: String,
    /// How many cells.
    pub(super) cells: usize,
    pub(super) draw: Draw,
    pub(super) threads: usize,
    /// Where the cells of the first training may still be.
    pub(super) earlier: Store,
    /// The folder of the record.
    pub(super) out: PathBuf,
    pub(super) data: &'a DataArguments,
}

/// The seed that cells are drawn by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draw {
    pub(super) seed: u64,
    /// Whether it was named on the command line.
    pub(super) is_given: bool,
}

impl Retraining<'_> {
    /// Trains, compares, says what came out and writes the record. Returns whether all was equal.
    pub(super) fn run(&self, interrupt: &Interrupt) -> Result<bool> {
        let config = &self.reported.config;
        expect_room(config, self.threads)?;
        let not_of_tables = of_tables(&self.reported, &self.lock)?;
        // Never into a store, so that nothing that is there can be taken for a new training.
        fs::create_dir_all(&self.out)
            .with_context(|| format!("{} cannot be made", self.out.display()))?;
        let scratch = tempfile::Builder::new()
            .prefix("cells-")
            .tempdir_in(&self.out)
            .with_context(|| format!("{} cannot be written into", self.out.display()))?;
        let store = Store::new(scratch.path().to_owned());
        let experiment = Experiment::new(config.clone(), store, self.threads)?;
        let cells = experiment.cells();
        let wanted = drawn(cells, self.cells, self.draw.seed);
        let trained = self.train(&experiment, &wanted, interrupt).map_err(|error| {
            match error.downcast_ref::<StudyError>() {
                Some(StudyError::Stopped) => anyhow!(
                    "stopped before the end, and nothing is kept; --draw {} draws the same cells",
                    self.draw.seed
                ),
                Some(_) | None => error,
            }
        })?;
        let Compared { cells: results, tables } =
            compare(cells, &wanted, &self.lock, &self.reported, &trained);
        let equal = results.iter().filter(|result| result.is_equal()).count();
        // Before anything else can fail.
        let kept = (equal < results.len()).then(|| scratch.keep());

        say("")?;
        let record = |result| record(&experiment, &self.earlier, result);
        let records: Vec<CellRecord> = results.iter().map(record).collect();
        for CellRecord { cell, run, difference, .. } in &records {
            let ended = difference.as_deref().unwrap_or("equal");
            say(format_args!("{}  {run}: {ended}", cell.get(..8).unwrap_or(cell)))?;
        }
        let all = distinct(cells, 0..cells.len()).len();
        let bound = (equal == results.len()).then(|| Bound::of(equal, all));
        say(sentence(equal, results.len(), all, bound, self.draw.is_given))?;
        let mut differ: Vec<String> = tables.iter().map(|&file| file.to_owned()).collect();
        for file in tables {
            say(format_args!("{file}: found other rows, expected those that all cells give"))?;
        }
        if !not_of_tables.is_empty() {
            say("The report is not what this program makes of its tables:")?;
            tell_faults(&not_of_tables)?;
        }
        differ
            .extend(not_of_tables.iter().filter_map(Fault::file_not_of_tables).map(str::to_owned));
        let is_all_equal = equal == results.len() && differ.is_empty();
        self.write(&Record {
            study: config.file.title.clone(),
            folder: relative(self.folder).display().to_string(),
            lock: self.sha256.clone(),
            numerics: self.lock.numerics.clone(),
            cells_of_study: all,
            draw: self.draw.seed,
            draw_is_given: self.draw.is_given,
            equal,
            bound,
            cells: records,
            files_that_differ: differ,
            program: program(),
            machine: Machine::here()?,
        })?;
        if let Some(folder) = kept {
            say(format_args!("what was trained is in {}", relative(&folder).display()))?;
        }
        Ok(is_all_equal)
    }

    /// Trains these cells and tests them.
    fn train(
        &self,
        experiment: &Experiment,
        wanted: &[usize],
        interrupt: &Interrupt,
    ) -> Result<Collected> {
        let (config, cells) = (experiment.config(), experiment.cells());
        let named = config.data_sets();
        let data_sets = self.data.for_study(&named)?.find_all(&named)?;
        let chosen: Vec<Cell> = wanted.iter().map(|&at| cells[at].clone()).collect();
        let training = images(config, &data_sets, &chosen)?;
        say(format_args!(
            "training {} of {} anew, drawn with --draw {}",
            wanted.len(),
            counted(distinct(cells, 0..cells.len()).len(), "cell"),
            self.draw.seed
        ))?;
        let states = vec![State::Missing; cells.len()];
        let progress = Progress::new(config, cells, wanted, &states, interrupt);
        // An arm that only evaluates a cell otherwise has rows of it, too.
        let is_wanted = |cell: &Cell| {
            let is_it = |other: &Cell| other.id == cell.id && other.run.epochs == cell.run.epochs;
            chosen.iter().any(is_it)
        };
        let of_all_arms: Vec<usize> =
            (0..cells.len()).filter(|&at| is_wanted(&cells[at])).collect();
        let trained = experiment.train(&training, &of_all_arms, InUse::IsAwaited, &progress);
        progress.finish()?;
        refuse_failures(experiment, trained?.failures)?;
        let found = experiment.found()?;
        let mut test_images = TestImages::new();
        if config.test_images > 0 {
            for data_set in &data_sets {
                test_images.push((data_set.data_set(), data_set.test()?));
            }
        }
        let tested = experiment.test(&found, &test_images, &Silent(interrupt))?;
        Ok(collect(config, cells, &found, tested, String::new())?)
    }

    fn write(&self, record: &Record) -> Result<()> {
        let mut text = serde_json::to_string_pretty(record).context("the record is no JSON")?;
        text.push('\n');
        let path = self.out.join(FILE);
        replace_file(&path, text.as_bytes())?;
        say(format_args!("wrote {}", relative(&path).display()))
    }
}

fn record(experiment: &Experiment, earlier: &Store, result: &Retrained) -> CellRecord {
    let cell = &experiment.cells()[result.at];
    let is_equal = result.is_equal();
    CellRecord {
        cell: cell.id.to_string(),
        run: format!("{}, seed {}", experiment.config().label(&cell.key.arm), cell.key.seed),
        expected: result.expected.clone(),
        found: result.found.clone(),
        is_equal,
        difference: (!is_equal).then(|| difference(experiment, earlier, cell, result)),
    }
}

/// Where a training differs from the report first: by the logs of the first training, if they are still
/// here and the training is at fault, else by the tables.
fn difference(experiment: &Experiment, earlier: &Store, cell: &Cell, result: &Retrained) -> String {
    let is_of_tables = result.found == result.expected;
    if !is_of_tables && let Some(found) = by_logs(experiment, earlier, cell) {
        return found;
    }
    match &result.difference {
        None => "its fingerprint differs from that in study.lock, and no row of the tables does: what was \
                 observed of layers differs, the weights at the end, or the lock"
            .to_owned(),
        Some(first) if is_of_tables => format!(
            "{}; its fingerprint is that in study.lock, so the tables were changed",
            in_words(first)
        ),
        Some(first) => in_words(first),
    }
}

/// The first step in which the logs of the two trainings differ. Logs that cannot be read count as gone.
fn by_logs(experiment: &Experiment, earlier: &Store, cell: &Cell) -> Option<String> {
    let new = experiment.store().folder(cell).ok()?;
    let earlier = earlier.copies(&cell.id).ok()?.first()?;
    let (before, now) = first_differing_step(earlier, &new).ok()??;
    Some(format!(
        "differs from {} first in step {}: found the loss {:?}, expected {:?}",
        relative(earlier).display(),
        now.step,
        now.loss,
        before.loss
    ))
}

fn in_words(difference: &Difference) -> String {
    match difference {
        Difference::Steps { first, last, reported, found } => {
            let steps = if first == last {
                format!("step {first}")
            } else {
                format!("steps {first} to {last}")
            };
            format!(
                "differs first in {steps}: found the mean loss {found:?}, expected {reported:?} as in steps.csv"
            )
        }
        Difference::Epoch { epoch, reported, found } => format!(
            "differs first after epoch {epoch}: found the validation loss {found:?}, expected \
             {reported:?} as in epochs.csv"
        ),
        Difference::Run => {
            "differs in its row of runs.csv alone, such as in its results on the test images"
                .to_owned()
        }
        Difference::Table { file } => format!("differs in {file} alone"),
    }
}

fn sentence(
    equal: usize,
    trained: usize,
    all: usize,
    bound: Option<Bound>,
    draw_is_given: bool,
) -> String {
    let cells = counted(all, "cell");
    match bound {
        None => {
            format!("{equal} of {trained} are equal: the report is not what this program trains")
        }
        Some(_) if equal == all => {
            format!("all {cells} are equal: their rows are what this program trains")
        }
        Some(Bound { share, .. }) => format!(
            "{equal} of {trained} are equal. With 95 % confidence at most {} of all {cells} would come out \
             otherwise{}",
            percent(share),
            if draw_is_given { ", if nobody chose the draw by what is in the report" } else { "" }
        ),
    }
}

/// A share in percent with two digits.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    let text = if percent < 9.95 { format!("{percent:.1}") } else { format!("{percent:.0}") };
    format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_cells_bound_the_others_and_all_cells_leave_none() {
        let said = |equal, all| sentence(equal, equal, all, Some(Bound::of(equal, all)), false);
        for (equal, share) in [(1, "95 %"), (10, "26 %"), (30, "9.5 %"), (59, "5 %")] {
            assert!(said(equal, 120).contains(&format!("at most {share} of all 120 cells")));
        }
        assert_eq!(said(4, 4), "all 4 cells are equal: their rows are what this program trains");
        assert!(
            sentence(9, 10, 120, None, true).starts_with("9 of 10 are equal: the report is not")
        );
    }
}
