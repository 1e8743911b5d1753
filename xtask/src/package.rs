//! `cargo xtask package`: the grader as a file that a platform runs where hand-ins arrive.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, ensure};
use grader::hand_in::Course;
use terminal::exit::Exit;
use terminal::output::{replace_file, say};
use terminal::python::execute;
use terminal::workspace;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::grade;

/// Where the program runs: any Linux on this processor, whatever its C library is.
const TARGET: &str = "x86_64-unknown-linux-musl";

/// The profile of a program that goes elsewhere.
const PROFILE: &str = "standalone";

/// Options of grading that make no sense elsewhere.
const OF_THIS_MACHINE: [&str; 2] = ["--fixtures", "--allow-read"];

const SETUP: &str = include_str!("package/setup.sh");

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    platform: Platform,
}

#[derive(clap::Subcommand)]
enum Platform {
    /// An autograder for Gradescope: upload the file as it is
    Gradescope(Gradescope),
}

#[derive(clap::Args)]
struct Gradescope {
    /// What the checks are worth [default: crates/grader/rubrics/default.toml]
    #[arg(long, value_name = "FILE")]
    rubric: Option<PathBuf>,
    /// Modules of the course that hand-ins import
    #[arg(long, value_name = "DIR")]
    course: Option<PathBuf>,
    /// The file to write
    #[arg(long, value_name = "FILE.zip", default_value = "autograder.zip")]
    out: PathBuf,
    /// After `--`: more options of `cargo xtask grade`, as in `-- --seed 2611 --time-limit 20`
    #[arg(last = true, value_name = "OPTIONS")]
    options: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    match &arguments.platform {
        Platform::Gradescope(arguments) => gradescope(arguments),
    }
}

fn gradescope(arguments: &Gradescope) -> Result<Exit> {
    let rubric = grade::rubric_text(arguments.rubric.as_deref())?;
    let run = run_autograder(arguments)?;
    let course = arguments.course.as_deref().map(files_of).transpose()?.unwrap_or_default();
    let program = build()?;
    let program = fs::read(&program).with_context(|| program.display().to_string())?;
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, mode: u32, bytes: &[u8]| -> Result<()> {
        archive.start_file(name, options().unix_permissions(mode))?;
        Ok(archive.write_all(bytes)?)
    };
    add("setup.sh", 0o755, SETUP.as_bytes())?;
    add("run_autograder", 0o755, run.as_bytes())?;
    add("grader", 0o755, &program)?;
    add("rubric.toml", 0o644, rubric.as_bytes())?;
    for (name, bytes) in &course {
        add(&format!("course/{name}"), 0o644, bytes)?;
    }
    let bytes = archive.finish()?.into_inner();
    replace_file(&arguments.out, &bytes)?;
    say(format!(
        "wrote {} ({:.1} MB): upload it under Configure Autograder; it needs no Rust and no network",
        workspace::relative(&arguments.out).display(),
        bytes.len() as f64 / 1e6
    ))?;
    Ok(Exit::Success)
}

/// The same bytes whenever it is packed.
fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::DEFAULT)
}

/// The script that Gradescope starts for each submission.
fn run_autograder(arguments: &Gradescope) -> Result<String> {
    let mut words: Vec<String> = ["--python", "submission", "--format", "gradescope"]
        .into_iter()
        .chain(["--rubric", "source/rubric.toml", "--out", "results/results.json"])
        .map(str::to_owned)
        .collect();
    if arguments.course.is_some() {
        words.extend(["--course", "source/course"].map(str::to_owned));
    }
    for option in OF_THIS_MACHINE {
        let is_given = |word: &String| word.split('=').next() == Some(option);
        ensure!(
            !arguments.options.iter().any(is_given),
            "{option} names something of this machine, which Gradescope's has not"
        );
    }
    words.extend(arguments.options.iter().cloned());
    grade::parse(&words).context("the options after -- are not those of `cargo xtask grade`")?;
    let words: Vec<String> = words.iter().map(|word| terminal::shell::quoted(word)).collect();
    Ok(format!(
        "#!/bin/sh\n\
         # Grades the folder submission, and writes results/results.json whole or not at all.\n\
         cd /autograder || exit 2\n\
         exec source/grader grade {}\n",
        words.join(" ")
    ))
}

/// The files of a course, by their paths in its folder.
fn files_of(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let files = Course::read(folder).and_then(|course| course.files());
    let files = files.map_err(|error| anyhow!("--course: {error}"))?;
    let read = |(name, path): (String, PathBuf)| {
        let bytes = files::read(&path).with_context(|| path.display().to_string())?;
        Ok((name, bytes))
    };
    files.into_iter().map(read).collect()
}

/// Builds this program so that it needs nothing of the machine on which it runs.
fn build() -> Result<PathBuf> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let libraries = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .context("rustc could not be started")?;
    let libraries = String::from_utf8_lossy(&libraries.stdout).trim().to_owned();
    ensure!(
        Path::new(&libraries).is_dir(),
        "Rust's target {TARGET} is not installed; `rustup target add {TARGET}` installs it"
    );
    let mut cargo = workspace::cargo("build", "xtask")?;
    cargo.args(["--target", TARGET, "--profile", PROFILE]);
    // The only code for a C compiler is assembly, for which that of the machine will do.
    if env::var_os("CC_x86_64_unknown_linux_musl").is_none() {
        cargo.env("CC_x86_64_unknown_linux_musl", "cc");
    }
    // Whoever is given the program learns nothing of the folders in which it was built.
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::home_dir().map(|home| home.join(".cargo"))).unwrap_or_default();
    let renamed = [(workspace::root()?, "workspace"), (home, "cargo")]
        .map(|(folder, name)| format!("--remap-path-prefix={}={name}", folder.display()));
    cargo.env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS", renamed.join(" "));
    execute(&mut cargo)?;
    let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    let target = target.map_or_else(|| Ok(workspace::root()?.join("target")), anyhow::Ok)?;
    Ok(target.join(TARGET).join(PROFILE).join("xtask"))
}
