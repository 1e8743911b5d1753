//! What the experiment says while it trains.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use anyhow::{Error, Result};
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use trainer::{Measurement, Phase};

use crate::output::say;
use study::grid::Cell;
use study::published;
use study::tables::StudyConfig;

/// The transcript of runs side by side, in an order that does not depend on which is faster: head by
/// head and seed by seed, each epoch network by network, when it is complete. Whoever watches sees
/// a bar a run besides.
pub struct Progress<'a> {
    config: &'a StudyConfig,
    cells: &'a [Cell],
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
    /// Why a line could not be shown, the first time.
    failure: Option<Error>,
}

impl<'a> Progress<'a> {
    /// Bars are drawn on standard error, and only where that is a terminal.
    pub fn new(config: &'a StudyConfig, cells: &'a [Cell]) -> Self {
        let state = State {
            accuracies: vec![Vec::new(); cells.len()],
            bars: vec![None; cells.len()],
            shown: 0,
            failure: None,
        };
        Self { config, cells, bars: MultiProgress::new(), state: Mutex::new(state) }
    }

    /// Shows this measurement of this run; whether showing works.
    pub fn show(&self, run: usize, measurement: &Measurement) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = state.bars[run].get_or_insert_with(|| self.bar(run));
        match measurement.phase {
            Phase::Training => {
                bar.set_position(measurement.step % self.config.steps_per_epoch + 1);
                let epoch = measurement.epoch + 1;
                let epochs = self.config.epochs;
                bar.set_message(format!("epoch {epoch}/{epochs} loss {:.2}", measurement.loss));
            }
            Phase::Validation => {
                bar.reset();
                if measurement.epoch + 1 == self.config.epochs {
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

    /// Ends all bars; the error of the first line that could not be shown.
    pub fn finish(self) -> Result<()> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        for bar in state.bars.iter().flatten() {
            bar.finish_and_clear();
        }
        state.failure.map_or(Ok(()), Err)
    }

    fn bar(&self, run: usize) -> ProgressBar {
        let bar = self.bars.add(ProgressBar::new(self.config.steps_per_epoch));
        let template = "{prefix} {bar:16} {pos}/{len} {msg} {per_sec}";
        let rate = |state: &ProgressState, text: &mut dyn fmt::Write| {
            let _ = write!(text, "{:.0} steps/s", state.per_sec()); // what is lost is a rate
        };
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("per_sec", rate);
        bar.set_style(style);
        // The whole label would leave no room for the bar in 80 columns.
        let Cell { head, run, .. } = &self.cells[run];
        let name = run.network.name();
        let network = name.trim_end_matches("Network");
        bar.set_prefix(format!("{network:16} {:7} {}", head.name(), run.seed));
        bar
    }

    fn label(&self, run: usize) -> String {
        let Cell { head, run, .. } = &self.cells[run];
        // Heads differ in length, as networks do.
        format!("{:23}  {:12}  seed {}", run.network.name(), head.to_string(), run.seed)
    }

    /// The lines that have become due.
    fn results(&self, state: &mut State) -> Vec<String> {
        let networks = self.config.networks.len();
        let epochs = self.config.epochs as usize;
        let mut lines = Vec::new();
        while state.shown < self.cells.len() * epochs {
            let (group, place) =
                (state.shown / (networks * epochs), state.shown % (networks * epochs));
            let (run, epoch) = (group * networks + place % networks, place / networks);
            let Some(accuracy) = state.accuracies[run].get(epoch) else { break };
            let Cell { head, .. } = &self.cells[run];
            let mut line =
                format!("{}  epoch {}/{epochs}  Val-Acc={accuracy:.4}", self.label(run), epoch + 1);
            let network = self.cells[run].network();
            if let Some(published) = published::beside(self.config, *head, &network).get(epoch) {
                line += &format!("  published {published:.4}");
            }
            lines.push(line);
            state.shown += 1;
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use study::grid::cells;
    use study::tables::{DataSetName, Head};

    fn lines(config: &StudyConfig, order: &[(usize, u64)]) -> Vec<String> {
        let cells = cells(config).unwrap();
        let progress = Progress::new(config, &cells);
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
        let config = StudyConfig {
            data_set: DataSetName::FashionMnist,
            quick: false,
            networks: vec!["simple_network".to_owned(), "spatial_batch_norm_network".to_owned()],
            heads: vec![Head::Frozen, Head::Trained],
            seeds: vec![3],
            epochs: 2,
            batch_size: 50,
            learning_rate: 5e-4,
            training_images: 48_000,
            validation_images: 12_000,
            test_images: 10_000,
            steps_per_epoch: 40,
        };
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
        let synthetic = StudyConfig { data_set: DataSetName::Synthetic, ..config };
        assert!(lines(&synthetic, &in_turn).iter().all(|line| !line.contains("published")));
    }
}
