//! All measurements, one after the other.

use std::num::NonZero;
use std::thread;

use serde::Deserialize;
use trainer::dataset::{LabelledImages, Synthetic};

use crate::bits::bits;
use crate::ceiling::{BEYOND_CACHES, Ceiling, WITHIN_CACHE};
use crate::child::{Cost, Request, StepConfig, ask};
use crate::error::Result;
use crate::machine::Machine;
use crate::options::{Extent, Options, Studies};
use crate::peer::Script;
use crate::process::Duration;
use crate::race::Race;
use crate::results::{GrowthPoint, Lightning, Memory, Results, Row, StudyTime};
use crate::study_work::{self, StudySize, StudyWork};
use crate::turns::Turns;
use crate::work::{BATCH_SIZE, EPOCH_IMAGES, Work};

/// The epochs of the notebook's study.
const STUDY_EPOCHS: u32 = 5;

/// Measures everything: ceilings, kernels, epochs, memory, studies, the race, growth and bits.
///
/// # Errors
///
/// [`BenchError`](crate::BenchError) for the first measurement that fails.
pub fn measure(options: &Options<'_>) -> Result<Results> {
    let &Options { threads, extent, progress, .. } = options;
    let images = epoch_images()?;
    let script =
        options.python.as_deref().map(|python| Script::new(python, &images)).transpose()?;
    let script = script.as_ref();
    progress("ceilings");
    let ceilings = ceilings(threads)?;
    let mut turns = Turns {
        options,
        images: &images,
        peer: script.map(|script| script.serve(threads)).transpose()?,
        left_out: Vec::new(),
    };
    let mut rows = Vec::new();
    let whole = EPOCH_IMAGES / BATCH_SIZE;
    let epochs = Work::epochs(if extent == Extent::Quick { whole / 10 } else { whole });
    for work in Work::kernels().into_iter().chain(epochs) {
        rows.push(turns.row(work)?);
    }
    let Turns { peer, mut left_out, .. } = turns;
    let torch = peer.as_ref().map(|peer| peer.version.clone());
    // PyTorch's process ends here, so that it takes neither memory nor time from what follows.
    drop(peer);
    // The last row is the training that is raced.
    let fastest = rows.last().and_then(Row::torch).map(|times| times.setting.clone());
    let (mut study, mut study_work, mut race) = (None, None, None);
    if let Some(studies) = &options.studies {
        study = match extent {
            Extent::Quick => None,
            Extent::Normal | Extent::Full => {
                Some(self::study(options, studies, script, &mut left_out)?)
            }
        };
        study_work = StudyWork::measure(options, studies)?;
        if studies.data.has_race {
            race = Some(Race::measure(options, &studies.data, script.zip(fastest))?);
        }
    }
    let memory = memory(options, script)?;
    Ok(Results {
        machine: Machine::here()?,
        threads,
        extent,
        torch,
        left_out,
        ceilings,
        rows,
        study,
        study_work,
        race,
        memory,
        growth: growth(options)?,
        bits: bits(options, script)?,
    })
}

/// The images of one epoch.
fn epoch_images() -> Result<LabelledImages> {
    let positions: Vec<usize> = (0..EPOCH_IMAGES).collect();
    let threads = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    Ok(Synthetic::training_at(&positions, threads)?)
}

fn ceilings(threads: usize) -> Result<Vec<Ceiling>> {
    let mut sizes: Vec<u64> = Work::kernels().iter().filter_map(Work::working_set).collect();
    sizes.extend([WITHIN_CACHE, BEYOND_CACHES]);
    let mut counts = vec![1, threads];
    counts.dedup();
    counts.into_iter().map(|threads| Ceiling::measure(threads, &sizes)).collect()
}

/// Training steps with one thing changed at a time, each in a process of its own. The points take turns,
/// and the fastest process of each counts: other work only adds time.
fn growth(options: &Options<'_>) -> Result<Vec<GrowthPoint>> {
    const STUDY: StepConfig = StepConfig::STUDY;
    let study = StepConfig {
        steps: if options.extent == Extent::Quick { 10 } else { STUDY.steps },
        ..STUDY
    };
    let mut configs = Vec::new();
    let mut add = |what, values: &[usize], change: &dyn Fn(usize) -> StepConfig| {
        configs.extend(values.iter().map(|&value| (what, value, change(value))));
    };
    add("batch size", &[10, 25, 50, 100, 200, 400], &|batch| StepConfig { batch, ..study });
    add("channels", &[4, 8, 16, 32, 48, 64], &|channels| StepConfig { channels, ..study });
    add("image height and width", &[14, 28, 42, 56], &|image| StepConfig { image, ..study });
    let threads: Vec<usize> = (1..=options.threads).collect();
    add("threads of one run", &threads, &|threads| StepConfig { threads, ..study });
    add("runs side by side", &[1, 2, 3, 4], &|runs| StepConfig { runs, ..study });
    let mut points: Vec<GrowthPoint> = Vec::new();
    for round in 1..=options.extent.growth_rounds() {
        for (at, &(what, value, config)) in configs.iter().enumerate() {
            (options.progress)(&format!("growth, round {round}: {what} {value}"));
            let cost: Cost = ask(&options.program, &Request::Steps(config), None)?;
            match points.get_mut(at) {
                None => points.push(GrowthPoint { what: String::from(what), value, cost }),
                Some(point) => point.cost = faster(point.cost, cost),
            }
        }
    }
    Ok(points)
}

/// The cost of the faster of two processes.
fn faster(a: Cost, b: Cost) -> Cost {
    if b.seconds < a.seconds { b } else { a }
}

fn memory(options: &Options<'_>, script: Option<&Script>) -> Result<Option<Memory>> {
    let threads = options.threads;
    (options.progress)("memory");
    let Cost { peak_bytes, data_bytes, .. } =
        ask(&options.program, &Request::Run { threads }, None)?;
    let torch = script.map(|script| script.once("memory", threads, None)).transpose()?;
    Ok(peak_bytes.map(|peak_bytes| Memory { peak_bytes, data_bytes, torch }))
}

/// The notebook's study, by the command that a user gives.
fn study(
    options: &Options<'_>,
    studies: &Studies,
    script: Option<&Script>,
    left_out: &mut Vec<String>,
) -> Result<StudyTime> {
    (options.progress)("the study");
    let size = StudySize { seeds: 1, epochs: STUDY_EPOCHS };
    let Duration { seconds, .. } =
        study_work::run(&options.program, &studies.notebook, size, "the study")?;
    #[derive(Deserialize)]
    struct Answer {
        seconds: Option<f64>,
        lightning: Option<String>,
    }
    (options.progress)("the study by PyTorch Lightning");
    let answer: Option<Answer> =
        script.map(|script| script.once("study", options.threads, None)).transpose()?;
    let was_asked = answer.is_some();
    let lightning = answer.and_then(|Answer { seconds, lightning }| {
        Some(Lightning { version: lightning?, seconds_per_epoch: seconds? })
    });
    if was_asked && lightning.is_none() {
        left_out.push("PyTorch Lightning: it is not installed for this interpreter".to_owned());
    }
    let what = format!(
        "`{} --seeds=1 --epochs={STUDY_EPOCHS}` ({}; both networks, validation, logs, checkpoints, \
         test, report)",
        studies.notebook.shown, studies.data.name
    );
    Ok(StudyTime { what, epochs: STUDY_EPOCHS, seconds, lightning })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faster_process_counts_with_its_memory() {
        let cost = |seconds, peak| Cost { seconds, peak_bytes: Some(peak), data_bytes: 1 };
        let (slow, fast) = (cost(2.0, 10), cost(1.0, 20));
        assert_eq!(faster(slow, fast), fast);
        assert_eq!(faster(fast, slow), fast);
    }
}
