//! The plan of a study: each cell, how far it is, and about how long the rest takes.

use std::collections::BTreeSet;
use std::num::NonZero;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use indicatif::HumanDuration;
use study::arm::Arm;
use study::cell::{Cell, cells, distinct};
use study::config::StudyConfig;
use study::store::{State, Store};
use terminal::count::counted;
use terminal::exit::Exit;
use terminal::output::say;
use terminal::workspace::relative;
use trainer::ShortTraining;
use trainer::network::NetworkConfig;

use super::progress::{work, work_of_training};

/// The steps that a measurement of speed takes.
const STEPS: NonZero<usize> = NonZero::new(4).expect("4 is not 0");

/// Prints the plan. Nothing of the study is trained: a few steps on drawn images tell the speed.
pub(super) fn show(config: &StudyConfig, store: &Store, threads: usize) -> Result<Exit> {
    let cells = cells(config)?;
    let distinct = distinct(&cells, 0..cells.len());
    let mut speeds = Speeds::default();
    let mut left = 0.0;
    let (mut trained, mut diverged, mut begun) = (0, 0, 0);
    say(format_args!("{:8}  {:>9}  {:>7}  {:>6}  arm", "cell", "state", "time", "seed"))?;
    for (at, cell) in cells.iter().enumerate() {
        let Planned { state, whole, rest } = speeds.plan(config, cell, store.state(cell)?)?;
        // One that is another arm's too counts once.
        let counts = distinct.contains(&at);
        let state = match state {
            State::Missing => "missing".to_owned(),
            State::Begun { .. } => {
                begun += usize::from(counts);
                format!("{:.0} %", 100.0 * (1.0 - rest / whole))
            }
            State::Trained => {
                trained += usize::from(counts);
                "trained".to_owned()
            }
            State::Diverged { .. } => {
                diverged += usize::from(counts);
                "diverged".to_owned()
            }
        };
        left += if counts { rest } else { 0.0 };
        say(format_args!(
            "{}  {state:>9}  {:>5.0} s  {:>6}  {}",
            cell.id.short(),
            whole,
            cell.key.seed,
            config.label(&cell.key.arm)
        ))?;
    }
    let missing = distinct.len() - trained - diverged - begun;
    let left = Duration::from_secs_f64(left / threads.min(distinct.len()).max(1) as f64);
    say(format_args!(
        "{} in {}: {trained} trained, {diverged} diverged, {begun} begun, {missing} missing; \
         about {} left with {}",
        counted(distinct.len(), "cell"),
        relative(store.path()).display(),
        HumanDuration(left),
        counted(threads, "thread"),
    ))?;
    Ok(Exit::Success)
}

/// Prints a line per study and what all of them come to. A cell counts once, in the first study that has
/// it.
pub(super) fn show_all(
    studies: &[(&str, &StudyConfig)],
    store: &Store,
    threads: usize,
) -> Result<Exit> {
    let mut speeds = Speeds::default();
    let mut seen = BTreeSet::new();
    let (mut all, mut trained, mut left) = (0, 0, 0.0);
    say(format_args!("{:>6}  {:>7}  {:>7}  study", "cells", "trained", "left"))?;
    for (name, config) in studies {
        let (mut of_study, mut trained_here, mut left_here) = (0, 0, 0.0);
        for cell in cells(config)? {
            if seen.insert((cell.id.clone(), cell.run.epochs)) {
                let Planned { state, rest, .. } =
                    speeds.plan(config, &cell, store.state(&cell)?)?;
                of_study += 1;
                trained_here += usize::from(state.is_complete());
                left_here += rest;
            }
        }
        let minutes = left_here / threads as f64 / 60.0;
        say(format_args!("{of_study:>6}  {trained_here:>7}  {minutes:>3.0} min  {name}"))?;
        (all, trained, left) = (all + of_study, trained + trained_here, left + left_here);
    }
    say(format_args!(
        "{} in {}: {trained} trained; about {} left with {}",
        counted(all, "cell"),
        relative(store.path()).display(),
        HumanDuration(Duration::from_secs_f64(left / threads as f64)),
        counted(threads, "thread"),
    ))?;
    Ok(Exit::Success)
}

/// The speed of each kind of training on one thread of this machine, measured when it is first asked
/// for.
#[derive(Default)]
pub(crate) struct Speeds(Vec<(NetworkConfig, usize, f64)>);

/// How far a cell is, and how long its training takes on one thread.
pub(crate) struct Planned {
    state: State,
    /// In seconds, from the first step to the last.
    whole: f64,
    /// In seconds, for the steps that are left.
    pub(crate) rest: f64,
}

impl Speeds {
    /// What is left of a cell in this state.
    pub(crate) fn plan(
        &mut self,
        config: &StudyConfig,
        cell: &Cell,
        state: State,
    ) -> Result<Planned> {
        let arm = &cell.key.arm;
        let seconds = self.seconds_per_work(arm)?;
        let whole = work_of_training(config, arm) as f64 * seconds;
        let rest = match state {
            State::Missing => whole,
            State::Begun { steps } => whole - work(config, arm, steps) as f64 * seconds,
            State::Trained | State::Diverged { .. } => 0.0,
        };
        Ok(Planned { state, whole, rest })
    }

    /// The seconds that the test of a cell takes on one thread.
    pub(crate) fn of_test(&mut self, config: &StudyConfig, cell: &Cell) -> Result<f64> {
        Ok(config.test_images as f64 * self.seconds_per_work(&cell.key.arm)?)
    }

    /// The seconds that a unit of [`work`] takes.
    fn seconds_per_work(&mut self, arm: &Arm) -> Result<f64> {
        // The scale of the weights changes no time, but a few steps from large ones may diverge.
        let network = NetworkConfig { initial_scale: 1.0, ..arm.network().clone() };
        let size = arm.run.batch_size;
        if let Some((.., known)) = self.0.iter().find(|(one, of, _)| *one == network && *of == size)
        {
            return Ok(*known);
        }
        let batch_size = NonZero::new(size).context("batch_size: found 0, expected at least 1")?;
        let training = ShortTraining::new(STEPS, batch_size)?;
        training.hash(&network, 1)?; // the first one allocates
        let begun = Instant::now();
        training.hash(&network, 1)?;
        let work = (STEPS.get() as u64 * work_of_step(size)) as f64 + size as f64;
        let seconds = begun.elapsed().as_secs_f64() / work;
        self.0.push((network, size, seconds));
        Ok(seconds)
    }
}

fn work_of_step(batch_size: usize) -> u64 {
    super::progress::WORK_OF_A_STEP * batch_size as u64
}
