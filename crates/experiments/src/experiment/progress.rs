//! The progress of an experiment while it trains: a line per epoch, and on a terminal a bar per run and
//! one for all.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Error, Result};
use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use trainer::{Measurement, Phase};

use study::axis::Axis;
use study::cell::Cell;
use study::config::StudyConfig;
use study::experiment::Watch;
use study::published::Published;

use terminal::interrupt::Interrupt;
use terminal::output::say;

/// The transcript of runs that train side by side.
///
/// The order of its lines does not depend on which run is faster: group by group, seed by seed, epoch
/// by epoch, network by network. A terminal also shows a bar per run that trains, and below them how
/// far the study is.
pub(crate) struct Progress<'a> {
    config: &'a StudyConfig,
    cells: &'a [Cell],
    /// How many steps of each run an earlier call trained.
    saved: Vec<u64>,
    interrupt: &'a Interrupt,
    bars: MultiProgress,
    /// The work of all runs.
    whole: ProgressBar,
    state: Mutex<State>,
}

struct State {
    /// The validation accuracies of each run so far.
    accuracies: Vec<Vec<f64>>,
    /// The bar of each run that trains.
    bars: Vec<Option<ProgressBar>>,
    /// The runs that are trained.
    trained: usize,
    /// The lines of results shown.
    shown: usize,
    /// The error of the first line that could not be shown.
    failure: Option<Error>,
}

/// The work of an image in a step, where that of an image in the validation is 1: a step goes forward
/// and computes two gradients.
const WORK_OF_A_STEP: u64 = 3;

/// As long as it takes until the time left can be told from what was done.
const FIRST_GUESS: Duration = Duration::from_secs(3);

impl<'a> Progress<'a> {
    /// Of the runs so many steps are `saved`. Bars are drawn on standard error, if that is a terminal.
    pub(crate) fn new(
        config: &'a StudyConfig,
        cells: &'a [Cell],
        saved: Vec<u64>,
        interrupt: &'a Interrupt,
    ) -> Self {
        let state = State {
            accuracies: vec![Vec::new(); cells.len()],
            bars: vec![None; cells.len()],
            trained: 0,
            shown: 0,
            failure: None,
        };
        let bars = MultiProgress::new();
        let work_of = |steps: &dyn Fn(usize) -> u64| -> u64 {
            let works = (0..cells.len()).map(|run| work(config, &cells[run], steps(run)));
            works.fold(0, u64::saturating_add)
        };
        let all = work_of(&|run| config.steps_of(&cells[run].key.arm));
        let whole = bars.add(ProgressBar::new(all)).with_style(style_of_whole());
        whole.set_prefix("all runs");
        whole.set_message(format!("0 of {} runs trained", cells.len()));
        whole.set_position(work_of(&|run| saved[run]));
        whole.reset_eta();
        let state = Mutex::new(state);
        Self { config, cells, saved, interrupt, bars, whole, state }
    }

    /// Shows this measurement of this run. Returns whether every line so far could be shown.
    fn show(&self, run: usize, measurement: &Measurement) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = state.bars[run].get_or_insert_with(|| self.bar(run));
        if measurement.step >= self.saved[run] {
            self.whole.inc(measurement.count as u64 * work_per_image(measurement.phase));
        }
        match measurement.phase {
            Phase::Training => {
                bar.set_position(measurement.step % self.steps_per_epoch(run) + 1);
                let epoch = measurement.epoch + 1;
                let epochs = self.cells[run].run.epochs;
                bar.set_message(format!("epoch {epoch}/{epochs} loss {:.2}", measurement.loss));
            }
            Phase::Validation => {
                bar.reset();
                if measurement.epoch + 1 == self.cells[run].run.epochs {
                    bar.finish_and_clear();
                    state.trained += 1;
                    let runs = self.cells.len();
                    self.whole.set_message(format!("{} of {runs} runs trained", state.trained));
                }
                state.accuracies[run].push(measurement.accuracy);
                let lines = self.results(&mut state);
                let said = self.bars.suspend(|| lines.iter().try_for_each(say));
                if let Err(error) = said {
                    state.failure.get_or_insert(error);
                }
            }
        }
        state.failure.is_none()
    }

    /// Ends all bars. Returns the error of the first line that could not be shown.
    pub(crate) fn finish(self) -> Result<()> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        for bar in state.bars.iter().flatten() {
            bar.finish_and_clear();
        }
        self.whole.finish_and_clear();
        state.failure.map_or(Ok(()), Err)
    }

    fn steps_per_epoch(&self, run: usize) -> u64 {
        self.config.steps_per_epoch_of(&self.cells[run].key.arm)
    }

    fn bar(&self, run: usize) -> ProgressBar {
        let bar = ProgressBar::new(self.steps_per_epoch(run));
        let bar = self.bars.insert_before(&self.whole, bar);
        let template = "{prefix} {bar:16} {pos}/{len} {msg} {per_sec}";
        let rate = |state: &ProgressState, text: &mut dyn fmt::Write| {
            let _ = write!(text, "{:.0} steps/s", state.per_sec()); // a rate that cannot be written is left out
        };
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("per_sec", rate);
        bar.set_style(style);
        // The whole label would leave no room for the bar in 80 columns.
        let Cell { key, run, .. } = &self.cells[run];
        let name = run.network.name();
        let network = name.trim_end_matches("Network");
        bar.set_prefix(format!("{network:16} {:7} {}", key.arm.head.text(), key.seed));
        bar
    }

    fn label(&self, run: usize) -> String {
        let Cell { key, run, .. } = &self.cells[run];
        // The names of groups differ in length, and so do those of networks.
        let group = self.config.label_of_group(&key.arm);
        format!("{:23}  {group:12}  seed {}", run.network.name(), key.seed)
    }

    /// The lines that have become due.
    fn results(&self, state: &mut State) -> Vec<String> {
        let networks = self.config.grid.network.len();
        let mut lines = Vec::new();
        // Runs that are compared with each other stand side by side and have equally many epochs.
        let blocks = self.cells.chunks(networks).enumerate().flat_map(|(group, cells)| {
            let epochs = cells.first().map_or(0, |cell| cell.run.epochs as usize);
            (0..epochs).flat_map(move |epoch| {
                (0..networks).map(move |place| (group * networks + place, epoch, epochs))
            })
        });
        for (run, epoch, epochs) in blocks.skip(state.shown) {
            let Some(accuracy) = state.accuracies[run].get(epoch) else { break };
            let mut line =
                format!("{}  epoch {}/{epochs}  Val-Acc={accuracy:.4}", self.label(run), epoch + 1);
            let published = Published::beside(self.config, &self.cells[run].key.arm);
            if let Some(published) = published.accuracies.get(epoch) {
                line += &format!("  published {published:.4}");
            }
            lines.push(line);
        }
        state.shown += lines.len();
        lines
    }
}

/// The work of so many steps of a run.
fn work(config: &StudyConfig, cell: &Cell, steps: u64) -> u64 {
    let steps_per_epoch = config.steps_per_epoch_of(&cell.key.arm);
    let (epochs, more) = (steps / steps_per_epoch, steps % steps_per_epoch);
    let of_epoch = config.training_images * work_per_image(Phase::Training)
        + config.validation_images * work_per_image(Phase::Validation);
    let of_rest = (more * cell.run.batch_size as u64) * work_per_image(Phase::Training);
    epochs.saturating_mul(of_epoch).saturating_add(of_rest)
}

fn work_per_image(phase: Phase) -> u64 {
    match phase {
        Phase::Training => WORK_OF_A_STEP,
        Phase::Validation => 1,
    }
}

fn style_of_whole() -> ProgressStyle {
    let left = |state: &ProgressState, text: &mut dyn fmt::Write| {
        if state.elapsed() > FIRST_GUESS {
            let _ = write!(text, ", {} left", HumanDuration(state.eta())); // or it is left out
        }
    };
    ProgressStyle::with_template("{prefix:26} {bar:16} {percent}%, {msg}{left}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("left", left)
}

impl Watch for Progress<'_> {
    fn see(&self, cell: usize, measurement: &Measurement) -> ControlFlow<()> {
        let goes_on = self.show(cell, measurement) && !self.interrupt.is_asked();
        if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn is_asked_to_stop(&self) -> bool {
        self.interrupt.is_asked()
    }
}

/// Shows nothing, and stops when Ctrl-C asks for it.
pub(crate) struct Silent<'a>(pub(crate) &'a Interrupt);

impl Watch for Silent<'_> {
    fn see(&self, _cell: usize, _measurement: &Measurement) -> ControlFlow<()> {
        if self.0.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn is_asked_to_stop(&self) -> bool {
        self.0.is_asked()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use study::cell::cells;
    use study::config::StudyRequest;
    use trainer::dataset::DataSet;
    use trainer::dataset::Split;

    fn lines(config: &StudyConfig, order: &[(usize, u64)]) -> Vec<String> {
        let cells = cells(config).unwrap();
        let interrupt = Interrupt::default();
        let progress = Progress::new(config, &cells, vec![0; cells.len()], &interrupt);
        let mut state = progress.state.lock().unwrap();
        let mut lines = Vec::new();
        for &(run, epoch) in order {
            state.accuracies[run].push(0.25 * epoch as f64 + 0.5 * (run % 2) as f64);
            lines.extend(progress.results(&mut state));
        }
        lines
    }

    #[test]
    fn results_come_in_one_order_with_the_published_figures_where_they_compare() {
        let axes = vec![("epochs", vec!["2".to_owned()])];
        let request = StudyRequest { seeds: Some(vec![3]), axes, ..StudyRequest::default() };
        let whole = Split::four_fifths_of(60_000, 0);
        let (config, _) = request.config(DataSet::FashionMnist, whole, 10_000).unwrap();
        let expected = [
            "SimpleNetwork            head frozen   seed 3  epoch 1/2  Val-Acc=0.0000  published 0.6652",
            "SpatialBatchNormNetwork  head frozen   seed 3  epoch 1/2  Val-Acc=0.5000  published 0.7924",
            "SimpleNetwork            head frozen   seed 3  epoch 2/2  Val-Acc=0.2500  published 0.7362",
            "SpatialBatchNormNetwork  head frozen   seed 3  epoch 2/2  Val-Acc=0.7500  published 0.8193",
            "SimpleNetwork            head trained  seed 3  epoch 1/2  Val-Acc=0.0000",
            "SpatialBatchNormNetwork  head trained  seed 3  epoch 1/2  Val-Acc=0.5000",
            "SimpleNetwork            head trained  seed 3  epoch 2/2  Val-Acc=0.2500",
            "SpatialBatchNormNetwork  head trained  seed 3  epoch 2/2  Val-Acc=0.7500",
        ];
        let in_turn: Vec<_> = (0..4).flat_map(|run| [(run, 0), (run, 1)]).collect();
        assert_eq!(lines(&config, &in_turn), expected);
        let last_first: Vec<_> = (0..4).rev().flat_map(|run| [(run, 0), (run, 1)]).collect();
        assert_eq!(lines(&config, &last_first), expected);
        let synthetic = StudyConfig { data_set: DataSet::Synthetic, ..config };
        assert!(lines(&synthetic, &in_turn).iter().all(|line| !line.contains("published")));
    }
}
