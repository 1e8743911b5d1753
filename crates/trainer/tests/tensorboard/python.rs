//! The Python scripts beside this file, and what they print.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

use serde_json::Value;

/// A Python with the packages of `requirements.txt`: that of `TENSORBOARD_PYTHON`, which must have
/// them, or else the `python3` at hand if it has them. Without one, says so.
pub(super) fn python() -> Option<PathBuf> {
    if let Some(named) = env::var_os("TENSORBOARD_PYTHON") {
        return Some(named.into());
    }
    let imported = Command::new("python3").args(["-c", "import tensorboard, yaml"]).output();
    if imported.is_ok_and(|output| output.status.success()) {
        return Some("python3".into());
    }
    let message = "SKIPPED reading with TensorBoard; set TENSORBOARD_PYTHON to a Python that has \
                   the packages of crates/trainer/tests/tensorboard/requirements.txt";
    // Not `eprintln!`, which the test runner swallows.
    let _ = writeln!(io::stderr(), "{message}");
    None
}

/// Runs a script on files; the lines that it printed, one a file.
pub(super) fn run(python: &Path, script: &str, files: &[PathBuf]) -> Vec<Value> {
    let output = Command::new(python).arg("-c").arg(script).args(files).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {}\n{stderr}", python.display(), output.status);
    let lines = String::from_utf8(output.stdout).unwrap();
    let values: Vec<Value> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(values.len(), files.len(), "{lines}\n{stderr}");
    values
}

/// What TensorBoard finds in an event file.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Events {
    /// By tag, in the file's order.
    pub scalars: BTreeMap<String, Vec<(u64, f64)>>,
    /// The parameters of the run; numbers as the shortest texts that read back as the same.
    pub hparams: BTreeMap<String, String>,
    /// By tag, in the file's order.
    pub histograms: BTreeMap<String, Vec<Histogram>>,
}

/// A histogram that TensorBoard read.
#[derive(Debug, PartialEq)]
pub(super) struct Histogram {
    pub step: u64,
    pub min: f64,
    pub max: f64,
    pub num: f64,
    pub sum: f64,
    pub sum_squares: f64,
    pub bucket_limit: Vec<f64>,
    pub bucket: Vec<f64>,
}

/// What TensorBoard finds in each file, or what is wrong with it.
pub(super) fn read_events(python: &Path, files: &[PathBuf]) -> Vec<Result<Events, String>> {
    run(python, include_str!("read_events.py"), files).iter().map(events).collect()
}

fn events(line: &Value) -> Result<Events, String> {
    if let Some(error) = line.get("error") {
        return Err(error.as_str().unwrap().to_owned());
    }
    let scalars = by_tag(&line["scalars"], |scalar| (step(&scalar[0]), number(&scalar[1])));
    let histograms = by_tag(&line["histograms"], |histogram| Histogram {
        step: step(&histogram["step"]),
        min: number(&histogram["min"]),
        max: number(&histogram["max"]),
        num: number(&histogram["num"]),
        sum: number(&histogram["sum"]),
        sum_squares: number(&histogram["sum_squares"]),
        bucket_limit: list(&histogram["bucket_limit"], number),
        bucket: list(&histogram["bucket"], number),
    });
    let hparams = line["hparams"].as_object().unwrap().iter();
    let text =
        |(name, value): (&String, &Value)| (name.clone(), value.as_str().unwrap().to_owned());
    Ok(Events { scalars, hparams: hparams.map(text).collect(), histograms })
}

fn by_tag<T>(value: &Value, entry: impl Fn(&Value) -> T) -> BTreeMap<String, Vec<T>> {
    let tags = value.as_object().unwrap().iter();
    tags.map(|(tag, entries)| (tag.clone(), list(entries, &entry))).collect()
}

fn list<T>(value: &Value, entry: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().unwrap().iter().map(entry).collect()
}

fn step(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}
