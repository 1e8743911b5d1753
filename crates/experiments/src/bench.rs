//! `cargo xtask bench`: how fast kernels and trainings are, beside what this machine can do at best
//! and beside PyTorch.

use std::env;
use std::fs;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result};
use bench::{Extent, Machine, Options, Program, Studies, StudyCommand, StudyData};
use clap::ValueEnum;
use trainer::dataset::{DataSet, Split};

use crate::data_argument::DataArguments;
use crate::gallery;
use terminal::count;
use terminal::exit::Exit;
use terminal::output::{replace_file, say};
use terminal::python::{execute, virtual_environment};
use terminal::workspace;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Write the measurements to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Write bench.json, the figure and a README.md to this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Run this in turn with our side, and print the ratios
    #[arg(long, value_enum)]
    against: Option<Against>,

    /// Use this interpreter and its packages instead of a virtual environment of the pinned ones
    #[arg(long, value_name = "PATH", requires = "against")]
    python: Option<PathBuf>,

    /// A first look: fewer repetitions, a tenth of an epoch, no study against PyTorch Lightning
    #[arg(long)]
    quick: bool,

    /// Measure the study of 30 seeds whole instead of estimating it from small ones, and train to an
    /// accuracy with 30 seeds instead of 3; takes an hour
    #[arg(long, conflicts_with = "quick")]
    full: bool,

    /// Compare bits alone, on every instruction set and numbers of threads, and measure nothing
    #[arg(long, conflicts_with_all = ["json", "out", "quick", "full", "threads"])]
    bits: bool,

    /// Threads that each side may take [default: the cores]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count::threads)]
    threads: Option<NonZero<usize>>,

    /// What one process of this program is to measure for another
    #[arg(long, hide = true, value_name = "JSON")]
    request: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Against {
    /// PyTorch in each of its settings, of which the fastest counts
    Torch,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    if let Some(request) = &arguments.request {
        say(bench::answer(request)?)?;
        return Ok(Exit::Success);
    }
    // What cannot be written shows before minutes of measuring, not after.
    if let Some(file) = &arguments.json {
        files::expect_free(file)
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    if let Some(folder) = &arguments.out {
        fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let options = arguments.options()?;
    if arguments.bits {
        say(bench::bits_table(&options)?.trim_end())?;
        return Ok(Exit::Success);
    }
    let results = bench::measure(&options)?;
    say(results.transcript().trim_end())?;
    let json = results.to_json()?;
    if let Some(file) = &arguments.json {
        replace_file(file, json.as_bytes())?;
    }
    if let Some(folder) = &arguments.out {
        let files = results.files()?;
        for (file, bytes) in &files {
            replace_file(&folder.join(file), bytes)?;
        }
        let shown = workspace::relative(folder).display();
        say(format_args!("wrote {} files to {shown}", files.len()))?;
        gallery::write(gallery::of([folder.as_path()])?)?;
    }
    Ok(Exit::Success)
}

impl Arguments {
    fn options(&self) -> Result<Options<'static>> {
        // An instruction set that the processor lacks shows before data is read.
        Machine::here()?;
        let threads = self.threads.or(thread::available_parallelism().ok()).map_or(1, NonZero::get);
        let path = env::current_exe().context("this program cannot find itself")?;
        let python = match (self.against, &self.python) {
            (None, _) => None,
            (Some(Against::Torch), Some(python)) => {
                // Without this it would fail after minutes.
                let mut version = Command::new(python);
                version.arg("--version").stdout(Stdio::null());
                execute(&mut version)?;
                Some(python.clone())
            }
            (Some(Against::Torch), None) => {
                let requirements = workspace::root()?.join("crates/bench/peer/requirements.txt");
                Some(virtual_environment("bench-venv", &requirements)?)
            }
        };
        Ok(Options {
            program: Program { path, arguments: vec!["bench".into(), "--request".into()] },
            python,
            studies: (!self.bits).then(|| studies(threads)).transpose()?,
            threads,
            extent: match (self.quick, self.full) {
                (true, _) => Extent::Quick,
                (false, false) => Extent::Normal,
                (false, true) => Extent::Full,
            },
            progress: &|what| eprintln!("measuring {what}"),
        })
    }
}

/// The studies, on the data set that their commands choose.
fn studies(threads: usize) -> Result<Studies> {
    let local = DataArguments::offline().find()?;
    let data_set = local.data_set();
    let split = Split::four_fifths_of(data_set.entry().training_images, 0);
    let (images, split) = local.training_of(&split)?;
    let has_race = match data_set {
        DataSet::FashionMnist => true,
        DataSet::Synthetic => false,
    };
    let command = |study: &str| {
        let command = format!("experiment {study}");
        let arguments = format!("{command} --offline --threads={threads}");
        StudyCommand {
            shown: format!("cargo xtask {command}"),
            arguments: arguments.split(' ').map(Into::into).collect(),
        }
    };
    Ok(Studies {
        notebook: command("--heads=frozen"),
        headline: command("headline"),
        data: StudyData { name: data_set.name().to_owned(), images, split, has_race },
    })
}
