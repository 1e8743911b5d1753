//! `cargo xtask fixtures`: checking the reference fixtures, making them anew, adding and removing a case.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use grader::check::kernel_verdicts;
use grader::fixture::{
    MANIFEST_FILE, Manifest, NewCase, Regeneration, RemovedCase, generators, remove_case,
};
use grader::verdict::{CheckOutcome, Verdict};

use terminal::exit::Exit;
use terminal::output::say;
use terminal::python::{execute, virtual_environment};
use terminal::workspace::fixtures_folder;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Check that every file is the one in the manifest, readable and part of a case
    Verify {
        /// Folder of the fixtures [default: fixtures/ of this workspace]
        #[arg(long, value_name = "DIR")]
        fixtures: Option<PathBuf>,
    },
    /// Make the generated cases anew, and report every file that changes
    Regenerate(Regenerate),
    /// Check a case made by hand and enter it into the manifest
    Add {
        /// Folder of the case; one outside of the fixtures is copied into them
        #[arg(value_name = "FOLDER")]
        case: PathBuf,
        /// Folder of the fixtures [default: fixtures/ of this workspace]
        #[arg(long, value_name = "DIR")]
        fixtures: Option<PathBuf>,
    },
    /// Take a case made by hand out of the fixtures and the manifest, with its files
    Remove {
        /// Name of the case, as in batch_norm/two_samples_on_paper
        #[arg(value_name = "NAME")]
        case: String,
        /// Folder of the fixtures [default: fixtures/ of this workspace]
        #[arg(long, value_name = "DIR")]
        fixtures: Option<PathBuf>,
    },
}

#[derive(clap::Args)]
struct Regenerate {
    /// Folder of the fixtures [default: fixtures/ of this workspace]
    #[arg(long, value_name = "DIR")]
    fixtures: Option<PathBuf>,
    /// Report only; change nothing, and fail if anything would change
    #[arg(long)]
    check: bool,
    /// Run this generator alone, as in pytorch_cases.py
    #[arg(long, value_name = "GENERATOR")]
    only: Option<String>,
    /// Use this interpreter and its packages instead of a virtual environment of the pinned ones
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    match &arguments.action {
        Action::Verify { fixtures } => verify(&fixtures_folder(fixtures.as_deref())?),
        Action::Regenerate(arguments) => regenerate(arguments),
        Action::Add { case, fixtures } => add(case, &fixtures_folder(fixtures.as_deref())?),
        Action::Remove { case, fixtures } => remove(case, &fixtures_folder(fixtures.as_deref())?),
    }
}

fn verify(fixtures: &Path) -> Result<Exit> {
    let discrepancies = Manifest::verify(fixtures)?;
    for discrepancy in &discrepancies {
        say(format_args!("{}/{discrepancy}", fixtures.display()))?;
    }
    if discrepancies.is_empty() {
        let manifest = Manifest::read(fixtures)?;
        let (files, cases) = (manifest.files(), manifest.cases());
        say(format_args!("{files} files of {cases} cases are as recorded."))?;
    } else {
        say(format_args!("{} problems found.", discrepancies.len()))?;
    }
    Ok(Exit::of(discrepancies.is_empty()))
}

fn regenerate(arguments: &Regenerate) -> Result<Exit> {
    let fixtures = fixtures_folder(arguments.fixtures.as_deref())?;
    let scripts = fixtures.join("generate");
    let generators = generators(&scripts, arguments.only.as_deref())?;
    let python = match &arguments.python {
        Some(python) => python.clone(),
        None => virtual_environment("fixtures-venv", &scripts.join("requirements.txt"))?,
    };
    let made = tempfile::tempdir().context("no temporary folder could be made")?;
    for generator in &generators {
        eprintln!("running {}", generator.display());
        // Python would leave its bytecode among the generators.
        let arguments = [generator.as_os_str(), made.path().as_os_str()];
        execute(Command::new(&python).arg("-B").args(arguments))?;
    }
    // A case whose generator is gone is gone too, unless only some generators ran.
    let of_all = arguments.only.is_none();
    let regeneration = Regeneration::compare(&fixtures, made.path(), &generators, of_all)?;
    let changes = regeneration.changes();
    for (path, change) in changes {
        say(format_args!("{change}: {path}"))?;
    }
    if arguments.check {
        let verified = Manifest::verify(&fixtures);
        let recorded =
            changes.is_empty() && verified.is_ok_and(|discrepancies| discrepancies.is_empty());
        if recorded {
            say("Every file is as committed.")?;
        } else {
            let manifest = if changes.is_empty() { "is out of date" } else { "would follow" };
            let changed = changes.len();
            say(format_args!("{changed} files would change; {MANIFEST_FILE} {manifest}."))?;
        }
        return Ok(Exit::of(recorded));
    }
    regeneration.apply()?;
    let manifest = Manifest::of(&fixtures)?;
    manifest.write(&fixtures)?;
    say(format_args!(
        "{} files changed; {MANIFEST_FILE} lists {} files of {} cases.",
        changes.len(),
        manifest.files(),
        manifest.cases()
    ))?;
    Ok(Exit::Success)
}

fn add(folder: &Path, fixtures: &Path) -> Result<Exit> {
    let new = NewCase::load(folder)?;
    let name = &new.case.name;
    let verdicts = kernel_verdicts(&new.case)?;
    verdicts.iter().try_for_each(say_verdict)?;
    if verdicts.iter().any(|verdict| verdict.outcome != CheckOutcome::Passed) {
        say(format_args!(
            "{name} is not recorded: the kernels do not pass it. Find out which of the two is \
             right, and correct the case or report the kernel."
        ))?;
        return Ok(Exit::FoundWrong);
    }
    new.record(fixtures)?;
    say(format_args!(
        "{name} is recorded in {MANIFEST_FILE}. Run it alone: cargo xtask grade --case {name}"
    ))?;
    Ok(Exit::Success)
}

fn remove(case: &str, fixtures: &Path) -> Result<Exit> {
    let RemovedCase { name, files } = remove_case(fixtures, case)?;
    for file in &files {
        say(format_args!("removed: {name}/{file}"))?;
    }
    say(format_args!("{name} is no longer in {MANIFEST_FILE}; {} files removed.", files.len()))?;
    Ok(Exit::Success)
}

fn say_verdict(Verdict { case, check, outcome, .. }: &Verdict) -> Result<()> {
    match outcome {
        CheckOutcome::Passed => say(format_args!("{case}: {check} passed.")),
        CheckOutcome::Failed { findings } | CheckOutcome::Noted { findings, .. } => {
            say(format_args!("{case}: {check} failed."))?;
            findings.iter().try_for_each(|finding| say(format_args!("    {finding}")))
        }
        CheckOutcome::Raised { message } => {
            say(format_args!("{case}: {check} failed due to exception: {message}."))
        }
    }
}
