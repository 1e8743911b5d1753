//! All measurements, one after the other.

use std::num::NonZero;
use std::process::Command;
use std::thread;
use std::time::Instant;

use kernels::with_threads;
use serde::Deserialize;
use tempfile::tempdir;
use trainer::dataset::{LabelledImages, Synthetic};

use crate::bits::bits;
use crate::ceiling::{BEYOND_CACHES, Ceiling, WITHIN_CACHE};
use crate::child::{Cost, Request, StepConfig, ask};
use crate::error::{BenchError, Result};
use crate::machine::Machine;
use crate::options::{Options, STUDY_EPOCHS, StudyCommand};
use crate::ours;
use crate::peer::{Peer, Script};
use crate::process;
use crate::results::{GrowthPoint, Lightning, Memory, Results, Row, StudyTime};
use crate::stopwatch::seconds_per_call;
use crate::work::{BATCH_SIZE, EPOCH_IMAGES, Work};

/// Measures everything: ceilings, kernels, epochs, memory, the study, growth and bits.
///
/// # Errors
///
/// [`BenchError`] for the first measurement that fails.
pub fn measure(options: &Options<'_>) -> Result<Results> {
    let &Options { threads, quick, progress, .. } = options;
    let images = epoch_images()?;
    let script =
        options.python.as_deref().map(|python| Script::new(python, &images)).transpose()?;
    let script = script.as_ref();
    progress("ceilings");
    let ceilings = ceilings(threads)?;
    let mut peer = script.map(|script| script.serve(threads)).transpose()?;
    let torch = peer.as_ref().map(|peer| peer.version.clone());
    let mut rows = Vec::new();
    let whole = EPOCH_IMAGES / BATCH_SIZE;
    let epochs = Work::epochs(if quick { whole / 10 } else { whole });
    for work in Work::kernels().into_iter().chain(epochs) {
        rows.push(row(options, work, &images, peer.as_mut())?);
    }
    drop(peer);
    let memory = memory(options, script)?;
    Ok(Results {
        machine: Machine::here()?,
        threads,
        quick,
        torch,
        ceilings,
        rows,
        study: options.study.as_ref().map(|command| study(options, command, script)).transpose()?,
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

/// One piece of work, both sides in turn.
fn row(
    options: &Options<'_>,
    work: Work,
    images: &LabelledImages,
    mut peer: Option<&mut Peer>,
) -> Result<Row> {
    let &Options { threads, quick, progress, .. } = options;
    progress(&format!("{} {}", work.name(), work.shape()));
    let is_epoch = matches!(work, Work::Epoch { .. });
    let turns = if quick { 3 } else { 5 };
    // One epoch takes long enough; one call of a kernel does not.
    let at_least = if is_epoch { 0.0 } else { 0.1 };
    let mut call = ours::prepare(&work, images)?;
    let mut ours = |threads| -> Result<f64> {
        with_threads(threads, || {
            // The first call starts threads and allocates memory, which is not to be measured.
            if !is_epoch {
                call()?;
            }
            seconds_per_call(at_least, &mut call)
        })?
    };
    let mut row = Row {
        work,
        threads,
        seconds: Vec::new(),
        torch_seconds: Vec::new(),
        seconds_on_one_thread: Vec::new(),
    };
    for _ in 0..turns {
        row.seconds.push(ours(threads)?);
        if let Some(peer) = &mut peer {
            row.torch_seconds.push(peer.seconds(&row.work, at_least)?);
        }
        if is_epoch && threads > 1 {
            row.seconds_on_one_thread.push(ours(1)?);
        }
    }
    Ok(row)
}

/// Training steps with one thing changed at a time, each in a process of its own.
fn growth(options: &Options<'_>) -> Result<Vec<GrowthPoint>> {
    const STUDY: StepConfig = StepConfig::STUDY;
    let study = StepConfig { steps: if options.quick { 10 } else { STUDY.steps }, ..STUDY };
    let mut points = Vec::new();
    let mut add = |what: &str, values: &[usize], change: &dyn Fn(usize) -> StepConfig| {
        for &value in values {
            (options.progress)(&format!("growth: {what} {value}"));
            let cost = ask(&options.program, &Request::Steps(change(value)), None)?;
            points.push(GrowthPoint { what: what.to_owned(), value, cost });
        }
        Ok::<_, BenchError>(())
    };
    add("batch size", &[10, 25, 50, 100, 200, 400], &|batch| StepConfig { batch, ..study })?;
    add("channels", &[4, 8, 16, 32, 48, 64], &|channels| StepConfig { channels, ..study })?;
    add("image height and width", &[14, 28, 42, 56], &|image| StepConfig { image, ..study })?;
    let threads: Vec<usize> = (1..=options.threads).collect();
    add("threads of one run", &threads, &|threads| StepConfig { threads, ..study })?;
    add("runs side by side", &[1, 2, 3, 4], &|runs| StepConfig { runs, ..study })?;
    Ok(points)
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
    study: &StudyCommand,
    script: Option<&Script>,
) -> Result<StudyTime> {
    (options.progress)("the study");
    let folder = tempdir().map_err(BenchError::system("no temporary folder could be made"))?;
    let mut command = Command::new(&options.program.path);
    command.args(&study.arguments).arg(folder.path().join("study"));
    let start = Instant::now();
    process::run(&mut command, "the study")?;
    let seconds = start.elapsed().as_secs_f64();
    #[derive(Deserialize)]
    struct Answer {
        seconds: Option<f64>,
        lightning: Option<String>,
    }
    (options.progress)("the study by PyTorch Lightning");
    let answer: Option<Answer> =
        script.map(|script| script.once("study", options.threads, None)).transpose()?;
    let lightning = answer.and_then(|Answer { seconds, lightning }| {
        Some(Lightning { version: lightning?, seconds_per_epoch: seconds? })
    });
    let what = study.description.clone();
    Ok(StudyTime { what, epochs: STUDY_EPOCHS, seconds, lightning })
}
