use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use grader::check::{compare_kernels_with, notebook_suite};
use grader::fixture::{
    BY_HAND, Case, MANIFEST_FILE, Manifest, Origin, case_names, files_below, generator_of,
    operation_of,
};
use grader::submission::Kernels;
use grader::verdict::{CheckOutcome, Verdict};

use crate::exit::Exit;
use crate::output::{replace_file, say};
use crate::python::{execute, virtual_environment};
use crate::workspace::fixtures_folder;

#[derive(clap::Args)]
pub struct Arguments {
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

pub fn run(arguments: &Arguments) -> Result<Exit> {
    match &arguments.action {
        Action::Verify { fixtures } => verify(&fixtures_folder(fixtures.as_deref())?),
        Action::Regenerate(arguments) => regenerate(arguments),
        Action::Add { case, fixtures } => add(case, &fixtures_folder(fixtures.as_deref())?),
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
        return Ok(Exit::Success);
    }
    say(format_args!("{} problems found.", discrepancies.len()))?;
    Ok(Exit::FoundWrong)
}

/// The modules that generators share; every other script beside them is a generator.
const SHARED_MODULES: [&str; 2] = ["case.py", "stream.py"];

fn regenerate(arguments: &Regenerate) -> Result<Exit> {
    let fixtures = fixtures_folder(arguments.fixtures.as_deref())?;
    let scripts = scripts(&fixtures.join("generate"), arguments.only.as_deref())?;
    let python = match &arguments.python {
        Some(python) => python.clone(),
        None => virtual_environment("fixtures-venv", &fixtures.join("generate/requirements.txt"))?,
    };
    let new = tempfile::tempdir().context("no temporary folder could be made")?;
    for script in &scripts {
        eprintln!("running {}", script.display());
        // Python would leave its bytecode among the generators.
        let arguments = [script.as_os_str(), new.path().as_os_str()];
        execute(Command::new(&python).arg("-B").args(arguments))?;
    }

    let made_by =
        |name: &str| scripts.iter().any(|script| script.file_name() == Some(OsStr::new(name)));
    let changes = changes(&fixtures, new.path(), |generator| {
        // A case whose script is gone is gone too, unless only some scripts ran.
        made_by(generator) || arguments.only.is_none() && generator != BY_HAND
    })?;
    for (path, change) in &changes {
        say(format_args!("{}: {path}", change.name()))?;
    }
    if arguments.check {
        let verified = Manifest::verify(&fixtures);
        let recorded =
            changes.is_empty() && verified.is_ok_and(|discrepancies| discrepancies.is_empty());
        if recorded {
            say("Every file is as committed.")?;
            return Ok(Exit::Success);
        }
        let changed = changes.len();
        let manifest = if changed > 0 { "would follow" } else { "is out of date" };
        say(format_args!("{changed} files would change; {MANIFEST_FILE} {manifest}."))?;
        return Ok(Exit::FoundWrong);
    }
    for (path, change) in &changes {
        apply(&fixtures, new.path(), path, *change)?;
    }
    let manifest = Manifest::of(&fixtures)?;
    write_manifest(&manifest, &fixtures)?;
    say(format_args!(
        "{} files changed; {MANIFEST_FILE} lists {} files of {} cases.",
        changes.len(),
        manifest.files(),
        manifest.cases()
    ))?;
    Ok(Exit::Success)
}

/// The generators to run, in alphabetical order.
fn scripts(folder: &Path, only: Option<&str>) -> Result<Vec<PathBuf>> {
    let unlisted = || format!("{}: the folder of generators cannot be listed", folder.display());
    let mut scripts = Vec::new();
    for entry in fs::read_dir(folder).with_context(unlisted)? {
        let path = entry.with_context(unlisted)?.path();
        let is_python = path.extension() == Some(OsStr::new("py"));
        let is_shared =
            SHARED_MODULES.iter().any(|name| path.file_name() == Some(OsStr::new(name)));
        if is_python && !is_shared {
            scripts.push(path);
        }
    }
    scripts.sort();
    let Some(only) = only else { return Ok(scripts) };
    let names: Vec<String> = scripts
        .iter()
        .filter_map(|script| Some(script.file_name()?.to_string_lossy().into_owned()))
        .collect();
    scripts.retain(|script| script.file_name() == Some(OsStr::new(only)));
    ensure!(
        !scripts.is_empty(),
        "{}: found no generator {only}, expected one of: {}",
        folder.display(),
        names.join(", ")
    );
    Ok(scripts)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Added,
    Changed,
    Removed,
}

impl Change {
    fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// What would have to change in `fixtures` to hold what lies in `new`. Only cases that `is_remade`
/// by their generator can lose files.
fn changes(
    fixtures: &Path,
    new: &Path,
    is_remade: impl Fn(&str) -> bool,
) -> Result<BTreeMap<String, Change>> {
    let made: BTreeSet<String> = files_below(new)?.into_iter().collect();
    let made_cases: BTreeSet<&str> =
        made.iter().filter_map(|path| Some(path.rsplit_once('/')?.0)).collect();
    let mut changes = BTreeMap::new();
    for path in &made {
        let committed = fixtures.join(path);
        if !committed.exists() {
            changes.insert(path.clone(), Change::Added);
        } else if read(&committed)? != read(&new.join(path))? {
            changes.insert(path.clone(), Change::Changed);
        }
    }
    // A folder without a single case yet is where the first generation starts.
    for case in case_names(fixtures).unwrap_or_default() {
        let folder = fixtures.join(&case);
        let generator = generator_of(&folder);
        if made_cases.contains(case.as_str()) {
            ensure!(
                generator.as_deref() != Some(BY_HAND),
                "{}: found a case by hand where a generator makes one; rename either",
                folder.display()
            );
        } else if !generator.is_some_and(|generator| is_remade(&generator)) {
            continue;
        }
        for file in files_below(&folder)? {
            let path = format!("{case}/{file}");
            if !made.contains(&path) {
                changes.insert(path, Change::Removed);
            }
        }
    }
    Ok(changes)
}

fn apply(fixtures: &Path, new: &Path, path: &str, change: Change) -> Result<()> {
    let target = fixtures.join(path);
    let failed = || format!("{}: could not be {}", target.display(), change.name());
    if change == Change::Removed {
        fs::remove_file(&target).with_context(failed)?;
        if let Some(case) = target.parent()
            && fs::read_dir(case).with_context(failed)?.next().is_none()
        {
            fs::remove_dir(case).with_context(failed)?;
        }
        return Ok(());
    }
    replace_file(&target, &read(&new.join(path))?)
}

fn write_manifest(manifest: &Manifest, fixtures: &Path) -> Result<()> {
    replace_file(&fixtures.join(MANIFEST_FILE), manifest.to_string().as_bytes())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{}: could not be read", path.display()))
}

fn add(source: &Path, fixtures: &Path) -> Result<Exit> {
    let operation = operation_of(source)?;
    let case_name = fs::canonicalize(source)
        .ok()
        .and_then(|folder| Some(folder.file_name()?.to_string_lossy().into_owned()))
        .with_context(|| {
            format!("{}: found no folder name to call the case by", source.display())
        })?;
    let name = format!("{operation}/{case_name}");
    let (case, origin) = Case::load(source, &name)?;
    ensure!(
        origin.generator == BY_HAND,
        "{}: found generator = \"{}\", expected \"{BY_HAND}\"; generated cases are recorded by \
         `cargo xtask fixtures regenerate`",
        source.display(),
        origin.generator
    );
    if !agrees_with_kernels(&case)? {
        say(format_args!(
            "{name} is not recorded: the kernels do not pass it. Work out which is right, and mend \
             the case or report the kernel."
        ))?;
        return Ok(Exit::FoundWrong);
    }
    let folder = fixtures.join(&name);
    if fs::canonicalize(source).ok() != fs::canonicalize(&folder).ok() {
        copy_case(source, &folder, &origin)?;
    }
    let mut manifest = if fixtures.join(MANIFEST_FILE).exists() {
        Manifest::read(fixtures)?
    } else {
        Manifest::default()
    };
    manifest.record(fixtures, &name)?;
    write_manifest(&manifest, fixtures)?;
    say(format_args!(
        "{name} is recorded in {MANIFEST_FILE}. Run it alone: cargo xtask grade --case {name}"
    ))?;
    Ok(Exit::Success)
}

fn agrees_with_kernels(case: &Case) -> Result<bool> {
    let mut agrees = true;
    for (role, compared) in compare_kernels_with(case)? {
        match compared {
            Ok(()) => say(format_args!("{}: {role} passed.", case.name))?,
            Err(finding) => {
                say(format_args!("{}: {role} failed.\n    {finding}", case.name))?;
                agrees = false;
            }
        }
    }
    let notebook = notebook_suite(&Kernels, std::slice::from_ref(case));
    for Verdict { check, outcome, .. } in notebook.verdicts {
        let name = &case.name;
        match outcome {
            CheckOutcome::Passed => say(format_args!("{name}: {check} passed."))?,
            CheckOutcome::Failed { findings } | CheckOutcome::Noted { findings, .. } => {
                say(format_args!("{name}: {check} failed."))?;
                for finding in findings {
                    say(format_args!("    {finding}"))?;
                }
                agrees = false;
            }
            CheckOutcome::Raised { message } => {
                say(format_args!("{name}: {check} failed due to exception: {message}."))?;
                agrees = false;
            }
        }
    }
    Ok(agrees)
}

fn copy_case(source: &Path, folder: &Path, origin: &Origin) -> Result<()> {
    if folder.exists() {
        bail!(
            "{}: found a case of this name already, expected none; rename yours, or edit that one \
             and add it by its own path",
            folder.display()
        );
    }
    for file in &origin.files {
        replace_file(&folder.join(file), &read(&source.join(file))?)?;
    }
    Ok(())
}
