//! `cargo xtask bench`: how fast kernels and trainings are, against what this machine can do at best
//! and against PyTorch, each measured in turn in one run.

use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use kernels::InstructionSet;
use kernels::with_threads;
use serde::Deserialize;
use tempfile::TempDir;
use trainer::dataset::{LabelledImages, Synthetic};

use crate::data_argument::DataArguments;
use crate::hash;
use crate::output::{replace_file, say};
use crate::{Outcome, workspace};
use growth::{Column, Growth as GrowthFigure};
use plots::render;

mod ceiling;
mod child;
mod goals;
mod growth;
mod machine;
mod ours;
mod peer;
mod results;
mod stopwatch;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod work;

use ceiling::Ceiling;
use child::{Done, Errand, Growth, Step};
use machine::Machine;
use peer::{Peer, Script};
use results::{Bits, Lightning, Memory, Results, Row, Side, Study};
use stopwatch::seconds_per_call;
use work::{BATCH_SIZE, EPOCH_IMAGES, Work};

/// The instruction sets that PyTorch lets one choose from, by `ATEN_CPU_CAPABILITY`.
const OF_TORCH: [&str; 3] = ["default", "avx2", "avx512"];

/// The numbers of threads on which bits are compared, whatever else may be taken.
const THREADS_FOR_BITS: [usize; 4] = [1, 2, 3, 8];
const THREADS_FOR_BITS_OF_TORCH: [usize; 2] = [1, 2];

/// The epochs of the notebook's study.
const STUDY_EPOCHS: u32 = 5;

#[derive(clap::Args)]
pub struct Arguments {
    /// Write the measurements to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Write bench.json, the figure and a README.md to this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Run this beside, in turn, and print the ratios
    #[arg(long, value_enum)]
    against: Option<Against>,

    /// Use this interpreter and its packages instead of a virtual environment of the pinned ones
    #[arg(long, value_name = "PATH", requires = "against")]
    python: Option<PathBuf>,

    /// A first look: fewer repetitions, a tenth of an epoch, no study
    #[arg(long)]
    quick: bool,

    /// Compare bits alone, on every instruction set and numbers of threads, and measure nothing
    #[arg(long, conflicts_with_all = ["json", "out", "quick", "threads"])]
    bits: bool,

    /// Threads that each side may take [default: the cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZero<usize>>,

    /// What one process of this program asks of another
    #[arg(long, hide = true, value_name = "JSON")]
    errand: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Against {
    /// PyTorch in eager mode, with its default settings
    Torch,
}

pub fn run(arguments: &Arguments) -> Result<Outcome> {
    if let Some(errand) = &arguments.errand {
        child::answer(errand)?;
        return Ok(Outcome::Success);
    }
    if arguments.bits {
        let temporary = temporary()?;
        let images = hash::images(child::STEPS_FOR_BITS, BATCH_SIZE)?;
        let script = arguments.script(&images, temporary.path())?;
        say(text::bits_table(&bits(script.as_ref())?).to_markdown().trim_end())?;
        return Ok(Outcome::Success);
    }
    let results = arguments.measure()?;
    say(text::transcript(&results).trim_end())?;
    let json = serde_json::to_string_pretty(&results)? + "\n";
    if let Some(file) = &arguments.json {
        replace_file(file, json.as_bytes())?;
    }
    if let Some(folder) = &arguments.out {
        let figure = render(&figure(&results))?;
        replace_file(&folder.join("bench.svg"), figure.svg.as_bytes())?;
        replace_file(&folder.join("bench.png"), &figure.png)?;
        replace_file(&folder.join("README.md"), text::page(&results).as_bytes())?;
        replace_file(&folder.join("bench.json"), json.as_bytes())?;
        say(format_args!("wrote 4 files to {}", workspace::relative(folder).display()))?;
    }
    Ok(Outcome::Success)
}

impl Arguments {
    fn measure(&self) -> Result<Results> {
        let threads = self.threads.or(thread::available_parallelism().ok()).map_or(1, NonZero::get);
        let temporary = temporary()?;
        let images = images()?;
        let script = self.script(&images, temporary.path())?;
        progress("ceilings");
        let ceilings = ceilings(threads)?;
        let mut peer = script.as_ref().map(|script| script.serve(threads)).transpose()?;
        let torch = peer.as_ref().map(|peer| peer.version.clone());
        let mut rows = Vec::new();
        for work in Work::kernels() {
            rows.push(self.row(work, &images, threads, peer.as_mut())?);
        }
        let whole = EPOCH_IMAGES / BATCH_SIZE;
        for work in Work::epochs(if self.quick { whole / 10 } else { whole }) {
            rows.push(self.row(work, &images, threads, peer.as_mut())?);
        }
        drop(peer);
        let memory = memory(script.as_ref(), threads)?;
        Ok(Results {
            machine: Machine::here()?,
            threads,
            quick: self.quick,
            torch,
            ceilings,
            rows,
            study: if self.quick { None } else { Some(study(script.as_ref(), threads)?) },
            memory,
            growth: self.growth(threads)?,
            bits: bits(script.as_ref())?,
        })
    }

    /// The other side, with these images in a file of this folder; none if none was asked for.
    fn script(&self, images: &LabelledImages, folder: &Path) -> Result<Option<Script>> {
        let Some(Against::Torch) = self.against else {
            return Ok(None);
        };
        let file = folder.join("images");
        fs::write(&file, content(images)).context("the images cannot be handed over")?;
        Script::new(self.python.as_deref(), file).map(Some)
    }

    /// One work, both sides in turn.
    fn row(
        &self,
        work: Work,
        images: &LabelledImages,
        threads: usize,
        mut peer: Option<&mut Peer>,
    ) -> Result<Row> {
        progress(&format!("{} {}", work.name(), work.shape()));
        let is_epoch = matches!(work, Work::Epoch { .. });
        let turns = if self.quick { 3 } else { 5 };
        // Whole epochs are long enough; a call of a kernel is not.
        let at_least = if is_epoch { 0.0 } else { 0.1 };
        let mut call = ours::prepare(&work, images)?;
        let mut ours = |threads| -> Result<f64> {
            with_threads(threads, || {
                // Threads are started, and their memory is asked for, before the clock is.
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

    /// Steps with one thing changed at a time, each in a process of its own.
    fn growth(&self, threads: usize) -> Result<Vec<Growth>> {
        let study = Step { steps: if self.quick { 10 } else { Step::STUDY.steps }, ..Step::STUDY };
        let mut points = Vec::new();
        let mut add = |what: &str, values: &[usize], change: &dyn Fn(usize) -> Step| {
            for &value in values {
                progress(&format!("growth: {what} {value}"));
                let done: Done = child::ask(&Errand::Steps(change(value)), None)?;
                points.push(Growth { what: what.to_owned(), value, done });
            }
            Ok::<_, anyhow::Error>(())
        };
        add("batch size", &[10, 25, 50, 100, 200, 400], &|batch| Step { batch, ..study })?;
        add("channels", &[4, 8, 16, 32, 48, 64], &|channels| Step { channels, ..study })?;
        add("image height and width", &[14, 28, 42, 56], &|image| Step { image, ..study })?;
        let threads: Vec<usize> = (1..=threads).collect();
        add("threads of one run", &threads, &|threads| Step { threads, ..study })?;
        add("runs side by side", &[1, 2, 3, 4], &|runs| Step { runs, ..study })?;
        Ok(points)
    }
}

/// What the terminal shows while it takes its time.
fn progress(what: &str) {
    eprintln!("measuring {what}");
}

fn temporary() -> Result<TempDir> {
    tempfile::tempdir().context("no temporary folder could be made")
}

/// The images of one epoch.
fn images() -> Result<LabelledImages> {
    let positions: Vec<usize> = (0..EPOCH_IMAGES).collect();
    let threads = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    Ok(Synthetic::training_at(&positions, threads)?)
}

/// The images as the script reads them.
fn content(images: &LabelledImages) -> Vec<u8> {
    let pixels = (0..images.len()).filter_map(|position| images.image(position));
    let mut content: Vec<u8> = pixels.flatten().copied().collect();
    content.extend(images.labels());
    content
}

fn ceilings(threads: usize) -> Result<Vec<Ceiling>> {
    let mut sizes: Vec<u64> = Work::kernels().iter().filter_map(Work::working_set).collect();
    sizes.extend([ceiling::WITHIN_CACHE, ceiling::BEYOND_CACHES]);
    let mut counts = vec![1, threads];
    counts.dedup();
    counts.into_iter().map(|threads| Ceiling::measure(threads, &sizes)).collect()
}

fn memory(script: Option<&Script>, threads: usize) -> Result<Option<Memory>> {
    progress("memory");
    let done: Done = child::ask(&Errand::Run { threads }, None)?;
    let torch = script.map(|script| script.once("memory", threads, None)).transpose()?;
    let data_bytes = done.data_bytes;
    Ok(done.peak_bytes.map(|peak_bytes| Memory { peak_bytes, data_bytes, torch }))
}

/// The notebook's study, by the command that a user gives.
fn study(script: Option<&Script>, threads: usize) -> Result<Study> {
    progress("the study");
    let out = temporary()?;
    let data_set = DataArguments::offline().find()?;
    let program = std::env::current_exe().context("this program cannot find itself")?;
    let asked = format!("experiment --heads=frozen --seeds=1 --epochs={STUDY_EPOCHS}");
    let start = Instant::now();
    let status = Command::new(program)
        .args(asked.split(' '))
        .args(["--offline", &format!("--threads={threads}"), "--out"])
        .arg(out.path().join("study"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("this program cannot be started again")?;
    ensure!(status.success(), "the study ended with {status}");
    let seconds = start.elapsed().as_secs_f64();
    #[derive(Deserialize)]
    struct Answer {
        seconds: Option<f64>,
        lightning: Option<String>,
    }
    progress("the study by PyTorch Lightning");
    let answer: Option<Answer> =
        script.map(|script| script.once("study", threads, None)).transpose()?;
    let lightning = answer.and_then(|Answer { seconds, lightning }| {
        Some(Lightning { version: lightning?, seconds_per_epoch: seconds? })
    });
    let what = format!(
        "`cargo xtask {asked}` ({}; both networks, validation, logs, checkpoints, test, report)",
        data_set.name()
    );
    Ok(Study { what, epochs: STUDY_EPOCHS, seconds, lightning })
}

/// What the first steps give, for every instruction set of this processor and numbers of threads.
fn bits(script: Option<&Script>) -> Result<Vec<Bits>> {
    let mut bits = Vec::new();
    progress("bits");
    for threads in THREADS_FOR_BITS {
        for set in InstructionSet::ALL.into_iter().filter(|set| set.is_available()) {
            let sha256 = child::ask(&Errand::Bits { threads }, Some(set.name()))?;
            let instruction_set = set.name().to_owned();
            bits.push(Bits { by: Side::Ours, instruction_set, threads, sha256 });
        }
    }
    #[derive(Deserialize)]
    struct Answer {
        sha256: String,
        instruction_set: String,
    }
    let Some(script) = script else {
        return Ok(bits);
    };
    for threads in THREADS_FOR_BITS_OF_TORCH {
        for set in OF_TORCH {
            let environment = Some(("ATEN_CPU_CAPABILITY", set));
            let Answer { sha256, instruction_set } = script.once("bits", threads, environment)?;
            // Of what the processor lacks PyTorch takes the next lower one, without a word.
            if instruction_set == set {
                bits.push(Bits { by: Side::Torch, instruction_set, threads, sha256 });
            }
        }
    }
    Ok(bits)
}

fn figure(results: &Results) -> GrowthFigure {
    let mut columns: Vec<Column> = Vec::new();
    for growth in &results.growth {
        if columns.last().is_none_or(|column| column.name != growth.what) {
            let name = growth.what.clone();
            columns.push(Column { name, time: Vec::new(), memory: Vec::new() });
        }
        if let Some(column) = columns.last_mut() {
            let x = growth.value as f64;
            column.time.push((x, 1e3 * growth.done.seconds));
            column.memory.extend(growth.bytes().map(|bytes| (x, bytes as f64 / 1e6)));
        }
    }
    let machine = results.machine.processor.clone().unwrap_or(results.machine.system.clone());
    GrowthFigure { machine, columns }
}
