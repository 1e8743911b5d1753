//! The progress of an experiment while it trains: a line per epoch, and a bar per run.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use anyhow::{Error, Result};
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
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
/// by epoch, network by network. A terminal also shows a bar per run.
pub(crate) struct Progress<'a> {
    config: &'a StudyConfig,
    cells: &'a [Cell],
    interrupt: &'a Interrupt,
    bars: MultiProgress,
    state: Mutex<State>,
}

struct State {
    /// The validation accuracies of each run so far.
    accuracies: Vec<Vec<f64>>,
    /// The bar of each run that trains.
    bars: Vec<Option<ProgressBar>>,
    /// The lines of results shown.
    shown: usize,
    /// The error of the first line that could not be shown.
    failure: Option<Error>,
}

impl<'a> Progress<'a> {
    /// Bars are drawn on standard error, if that is a terminal.
    pub(crate) fn new(
        config: &'a StudyConfig,
        cells: &'a [Cell],
        interrupt: &'a Interrupt,
    ) -> Self {
        let state = State {
            accuracies: vec![Vec::new(); cells.len()],
            bars: vec![None; cells.len()],
            shown: 0,
            failure: None,
        };
        Self { config, cells, interrupt, bars: MultiProgress::new(), state: Mutex::new(state) }
    }

    /// Shows this measurement of this run. Returns whether every line so far could be shown.
    fn show(&self, run: usize, measurement: &Measurement) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = state.bars[run].get_or_insert_with(|| self.bar(run));
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
        state.failure.map_or(Ok(()), Err)
    }

    fn steps_per_epoch(&self, run: usize) -> u64 {
        self.config.steps_per_epoch_of(&self.cells[run].key.arm)
    }

    fn bar(&self, run: usize) -> ProgressBar {
        let bar = self.bars.add(ProgressBar::new(self.steps_per_epoch(run)));
        let template = "{prefix} {bar:16} {pos}/{len} {msg} {per_sec}";
        let rate = |state: &ProgressState, text: &mut dyn fmt::Write| {
            let _ = write!(text, "{:.0} steps/s", state.per_sec()); // a rate that cannot be written is left out
        };
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("per_sec", rate);
        bar.set_style(style);
        // The whole label would leave no room for the bar in 80 columns.
        let Cell { run, .. } = &self.cells[run];
        let name = run.network.name();
        let network = name.trim_end_matches("Network");
        bar.set_prefix(format!("{network:16} {:7} {}", run.head.text(), run.seed));
        bar
    }

    fn label(&self, run: usize) -> String {
        let Cell { key, run, .. } = &self.cells[run];
        // The names of groups differ in length, and so do those of networks.
        let group = self.config.label_of_group(&key.arm);
        format!("{:23}  {group:12}  seed {}", run.network.name(), run.seed)
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
        let progress = Progress::new(config, &cells, &interrupt);
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
        let request = StudyRequest { seeds: Some(3..4), axes, ..StudyRequest::default() };
        let whole = Split::four_fifths_of(60_000);
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
