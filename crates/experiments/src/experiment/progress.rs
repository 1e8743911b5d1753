//! The progress of an experiment while it trains: a line per epoch, and on a terminal a bar per run and
//! one for all.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Error, Result};
use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use trainer::{Measurement, Phase};

use study::arm::Arm;
use study::cell::{Cell, distinct};
use study::config::StudyConfig;
use study::published::Published;
use study::store::State;
use study::tables::RunKey;
use study::training::Watch;

use terminal::count::counted;
use terminal::interrupt::Interrupt;
use terminal::output::say;

/// The transcript of runs that train side by side.
///
/// The order of its lines does not depend on which run is faster: seed by seed, epoch by epoch, arm by
/// arm. A terminal also shows a bar per run that trains, and below them how far the study is.
pub(crate) struct Progress<'a> {
    config: &'a StudyConfig,
    cells: &'a [Cell],
    /// How many steps of each cell an earlier call trained.
    saved: Vec<u64>,
    interrupt: &'a Interrupt,
    bars: MultiProgress,
    /// The work of all runs.
    whole: ProgressBar,
    /// The wanted cells without those that are another arm's too.
    distinct: Vec<usize>,
    state: Mutex<Shown>,
}

struct Shown {
    /// The cells and epochs that get a line, in the order of the lines.
    order: Vec<(usize, usize)>,
    /// The validation accuracies of each cell so far.
    accuracies: Vec<Vec<f64>>,
    /// The step in which a cell diverged.
    diverged: Vec<Option<u64>>,
    /// The bar of each cell that trains.
    bars: Vec<Option<ProgressBar>>,
    /// The cells that are trained.
    trained: usize,
    /// The places in the order whose lines were shown.
    shown: usize,
    /// The error of the first line that could not be shown.
    failure: Option<Error>,
}

/// The work of an image in a step, where that of an image in the validation is 1: a step goes forward
/// and computes two gradients.
pub(super) const WORK_OF_A_STEP: u64 = 3;

/// As long as it takes until the time left can be told from what was done.
const FIRST_GUESS: Duration = Duration::from_secs(3);

impl<'a> Progress<'a> {
    /// Of the training of the wanted cells; `states` says how far each cell is. Bars are drawn on
    /// standard error, if that is a terminal.
    pub(crate) fn new(
        config: &'a StudyConfig,
        cells: &'a [Cell],
        wanted: &[usize],
        states: &[State],
        interrupt: &'a Interrupt,
    ) -> Self {
        let saved: Vec<u64> = states
            .iter()
            .map(|state| match state {
                State::Begun { steps } => *steps,
                State::Missing | State::Trained | State::Diverged { .. } => 0,
            })
            .collect();
        let shown = Shown {
            order: order(cells, wanted),
            accuracies: vec![Vec::new(); cells.len()],
            diverged: vec![None; cells.len()],
            bars: vec![None; cells.len()],
            trained: 0,
            shown: 0,
            failure: None,
        };
        let distinct = distinct(cells, wanted.iter().copied());
        let sum = |of: &dyn Fn(usize) -> u64| {
            distinct.iter().map(|&cell| of(cell)).fold(0, u64::saturating_add)
        };
        let bars = MultiProgress::new();
        let all = sum(&|cell| work_of_training(config, &cells[cell].key.arm));
        let whole = bars.add(ProgressBar::new(all)).with_style(style_of_whole());
        whole.set_prefix("all runs");
        whole.set_message(format!("0 of {} trained", counted(distinct.len(), "run")));
        whole.set_position(sum(&|cell| work(config, &cells[cell].key.arm, saved[cell])));
        whole.reset_eta();
        let state = Mutex::new(shown);
        Self { config, cells, saved, interrupt, bars, whole, distinct, state }
    }

    /// Shows this measurement of this run. Returns whether every line so far could be shown.
    fn show(&self, run: usize, measurement: &Measurement) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = state.bars[run].get_or_insert_with(|| self.bar(run));
        if measurement.step >= self.saved[run] && self.distinct.contains(&run) {
            self.whole.inc(measurement.count as u64 * work_per_image(measurement.phase));
        }
        match measurement.phase {
            Phase::Training => {
                bar.set_position(measurement.step % self.steps_per_epoch(run) + 1);
                let epoch = measurement.epoch + 1;
                let epochs = self.cells[run].run.epochs;
                bar.set_message(format!("epoch {epoch}/{epochs} loss {:.2}", measurement.loss));
                state.failure.is_none()
            }
            Phase::Validation => {
                bar.reset();
                state.accuracies[run].push(measurement.accuracy);
                if measurement.epoch + 1 == self.cells[run].run.epochs {
                    self.end(&mut state, run);
                }
                self.say_what_is_due(&mut state)
            }
        }
    }

    /// Shows that a run diverged. Returns whether every line so far could be shown.
    fn show_divergence(&self, run: usize, step: u64) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.diverged[run] = Some(step);
        let arm = &self.cells[run].key.arm;
        let done = work(self.config, arm, step.max(self.saved[run]));
        if self.distinct.contains(&run) {
            self.whole.inc(work_of_training(self.config, arm).saturating_sub(done));
        }
        self.end(&mut state, run);
        self.say_what_is_due(&mut state)
    }

    fn end(&self, state: &mut Shown, run: usize) {
        if let Some(bar) = &state.bars[run] {
            bar.finish_and_clear();
        }
        state.trained += usize::from(self.distinct.contains(&run));
        self.whole.set_message(format!(
            "{} of {} trained",
            state.trained,
            counted(self.distinct.len(), "run")
        ));
    }

    fn say_what_is_due(&self, state: &mut Shown) -> bool {
        let lines = self.results(state);
        let said = self.bars.suspend(|| lines.iter().try_for_each(say));
        if let Err(error) = said {
            state.failure.get_or_insert(error);
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
        self.cells[run].key.arm.steps_per_epoch()
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
        let Cell { key, .. } = &self.cells[run];
        let cut = |text: String| text.chars().take(16).collect::<String>();
        let (name, group) = (self.config.name(&key.arm), self.config.label_of_group(&key.arm));
        bar.set_prefix(format!("{:16} {:16} {}", cut(name), cut(group), key.seed));
        bar
    }

    fn label(&self, run: usize) -> String {
        let RunKey { arm, seed } = &self.cells[run].key;
        let labels = self.config.arms().iter().map(|arm| self.config.label(arm).chars().count());
        let widest = labels.max().unwrap_or_default();
        format!("{:widest$}  seed {seed}", self.config.label(arm))
    }

    /// The lines that have become due.
    fn results(&self, state: &mut Shown) -> Vec<String> {
        let mut lines = Vec::new();
        for &(run, epoch) in &state.order[state.shown..] {
            let epochs = self.cells[run].run.epochs;
            match (state.accuracies[run].get(epoch), state.diverged[run]) {
                (Some(accuracy), _) => {
                    let mut line = format!(
                        "{}  epoch {}/{epochs}  Val-Acc={accuracy:.4}",
                        self.label(run),
                        epoch + 1
                    );
                    let published = Published::beside(self.config, &self.cells[run].key.arm);
                    if let Some(published) = published.accuracies.get(epoch) {
                        line += &format!("  published {published:.4}");
                    }
                    lines.push(line);
                }
                // Once: the epochs after it have no line.
                (None, Some(step)) => {
                    if state.accuracies[run].len() == epoch {
                        lines.push(format!("{}  diverged in step {step}", self.label(run)));
                    }
                }
                (None, None) => break,
            }
            state.shown += 1;
        }
        lines
    }
}

/// The order of the lines: seed by seed, of a seed epoch by epoch, of an epoch arm by arm.
fn order(cells: &[Cell], wanted: &[usize]) -> Vec<(usize, usize)> {
    let mut order = Vec::new();
    for of_seed in wanted.chunk_by(|&one, &next| cells[one].key.seed == cells[next].key.seed) {
        let epochs = |cell: usize| cells[cell].run.epochs as usize;
        let last = of_seed.iter().map(|&cell| epochs(cell)).max().unwrap_or_default();
        for epoch in 0..last {
            let those = of_seed.iter().filter(|&&cell| epoch < epochs(cell));
            order.extend(those.map(|&cell| (cell, epoch)));
        }
    }
    order
}

/// The work of the whole training of an arm with one seed.
pub(super) fn work_of_training(config: &StudyConfig, arm: &Arm) -> u64 {
    work(config, arm, arm.steps())
}

/// The work of so many steps of a run.
pub(super) fn work(config: &StudyConfig, arm: &Arm, steps: u64) -> u64 {
    let steps_per_epoch = arm.steps_per_epoch();
    let (epochs, more) = (steps / steps_per_epoch, steps % steps_per_epoch);
    let of_epoch = arm.training_images * work_per_image(Phase::Training)
        + config.validation_images * work_per_image(Phase::Validation);
    let of_rest = (more * arm.batch_size()) * work_per_image(Phase::Training);
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

    fn see_divergence(&self, cell: usize, step: u64) -> ControlFlow<()> {
        let goes_on = self.show_divergence(cell, step) && !self.interrupt.is_asked();
        if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn see_in_use(&self, cell: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // The lines of the others do not wait for those of a cell that somebody else trains.
        let shown = state.shown;
        let (mut kept, moved): (Vec<_>, Vec<_>) =
            state.order.split_off(shown).into_iter().partition(|(run, _)| *run != cell);
        kept.extend(moved);
        state.order.extend(kept);
        self.say_what_is_due(&mut state);
    }

    fn see_waiting(&self, cells: usize) {
        let those = counted(cells, "cell");
        self.bars.suspend(|| eprintln!("waiting for {those} that another process trains"));
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

    fn see_divergence(&self, _cell: usize, _step: u64) -> ControlFlow<()> {
        if self.0.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn see_in_use(&self, _cell: usize) {}

    fn see_waiting(&self, _cells: usize) {}

    fn is_asked_to_stop(&self) -> bool {
        self.0.is_asked()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use study::cell::cells;

    const STUDY: &str = "[compare]\nnorm = [\"none\", \"batch\"]\ntrains = [\"head-frozen\", \"all\"]\n\
        [fixed]\nepochs = 2\n[repeat]\nseeds = [3]\n";

    fn config(data_set: &str) -> StudyConfig {
        let text = STUDY.replace("[fixed]\n", &format!("[fixed]\ndata_set = \"{data_set}\"\n"));
        StudyConfig::read(&text).unwrap()
    }

    /// The lines after these epochs of these cells; an epoch of none is a divergence in step 70.
    fn lines(config: &StudyConfig, events: &[(usize, Option<u64>)]) -> Vec<String> {
        let cells = cells(config).unwrap();
        let (interrupt, states) = (Interrupt::default(), vec![State::Missing; cells.len()]);
        let wanted: Vec<usize> = (0..cells.len()).collect();
        let progress = Progress::new(config, &cells, &wanted, &states, &interrupt);
        let mut state = progress.state.lock().unwrap();
        let mut lines = Vec::new();
        for &(run, epoch) in events {
            match epoch {
                Some(epoch) => {
                    let accuracy = 0.25 * epoch as f64 + 0.5 * (run / 2) as f64;
                    state.accuracies[run].push(accuracy);
                }
                None => state.diverged[run] = Some(70),
            }
            lines.extend(progress.results(&mut state));
        }
        lines
    }

    #[test]
    fn results_come_in_one_order_with_the_published_figures_where_they_compare() {
        let published = config("fashion-mnist");
        let expected = [
            "no norm, head frozen     seed 3  epoch 1/2  Val-Acc=0.0000  published 0.6652",
            "no norm, all trained     seed 3  epoch 1/2  Val-Acc=0.0000",
            "batch norm, head frozen  seed 3  epoch 1/2  Val-Acc=0.5000  published 0.7924",
            "batch norm, all trained  seed 3  epoch 1/2  Val-Acc=0.5000",
            "no norm, head frozen     seed 3  epoch 2/2  Val-Acc=0.2500  published 0.7362",
            "no norm, all trained     seed 3  epoch 2/2  Val-Acc=0.2500",
            "batch norm, head frozen  seed 3  epoch 2/2  Val-Acc=0.7500  published 0.8193",
            "batch norm, all trained  seed 3  epoch 2/2  Val-Acc=0.7500",
        ];
        let in_turn: Vec<_> = (0..4).flat_map(|run| [(run, Some(0)), (run, Some(1))]).collect();
        assert_eq!(lines(&published, &in_turn), expected);
        let last_first: Vec<_> =
            (0..4).rev().flat_map(|run| [(run, Some(0)), (run, Some(1))]).collect();
        assert_eq!(lines(&published, &last_first), expected);
        let synthetic = config("synthetic");
        assert!(lines(&synthetic, &in_turn).iter().all(|line| !line.contains("published")));
    }

    #[test]
    fn a_run_that_diverges_has_one_line_for_it_and_holds_up_no_other() {
        let events = [
            (0, Some(0)),
            (1, None),
            (2, Some(0)),
            (3, Some(0)),
            (0, Some(1)),
            (2, Some(1)),
            (3, None),
        ];
        let found = lines(&config("synthetic"), &events);
        let ends: Vec<&str> =
            found.iter().map(|line| line.split("seed 3  ").nth(1).unwrap()).collect();
        assert_eq!(
            ends,
            [
                "epoch 1/2  Val-Acc=0.0000",
                "diverged in step 70",
                "epoch 1/2  Val-Acc=0.5000",
                "epoch 1/2  Val-Acc=0.5000",
                "epoch 2/2  Val-Acc=0.2500",
                "epoch 2/2  Val-Acc=0.7500",
                "diverged in step 70",
            ]
        );
    }
}
