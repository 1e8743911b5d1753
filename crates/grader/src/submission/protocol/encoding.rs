//! A script as files.

use std::fmt::Write as _;
use std::ops::Range;

use kernels::gradient_check::STEP;
use ndarray::{ArrayD, Axis, stack};
use ndarray_npy::{WritableElement, WriteNpyExt};
use sha2::{Digest, Sha256};

use crate::submission::protocol::files::ProtocolError;
use crate::submission::script::{AskedMode, Entries, Kind, Script, Step};
use crate::tensor::{Tensor, with_array};

/// The file that lists the calls.
const CALLS: &str = "calls.txt";

/// The word for an entry of `bn_param` that the caller leaves out.
const DEFAULT: &str = "default";

/// The word for a mode that does not exist.
const UNKNOWN: &str = "validate";

/// The files of a script.
pub(super) struct Encoded {
    kind: &'static str,
    /// Their names and contents.
    pub(super) files: Vec<(String, Vec<u8>)>,
}

impl Encoded {
    /// Puts a script into files.
    pub(super) fn new(script: &Script) -> Result<Self, ProtocolError> {
        let kind = match script.kind {
            Kind::Plain => "plain",
            Kind::Spatial => "spatial",
        };
        let mut calls = String::new();
        let mut files = Vec::new();
        let mut file = |name: String, tensors: &[&Tensor]| {
            files.push((name, stacked(tensors)?));
            Ok(())
        };
        // Writing to a string does not fail.
        let _ = writeln!(calls, "kind {kind}");
        let value = |is_given: bool, value: f64| {
            if is_given { value.to_string() } else { DEFAULT.to_owned() }
        };
        let Entries { eps, momentum, running } = script.entries;
        let _ = writeln!(calls, "eps {}", value(eps, script.config.eps()));
        let _ = writeln!(calls, "momentum {}", value(momentum, script.config.momentum()));
        if !running {
            let _ = writeln!(calls, "running none");
        } else {
            let _ = writeln!(calls, "running given");
            file("running_mean.npy".to_owned(), &[&script.running_mean])?;
            file("running_var.npy".to_owned(), &[&script.running_var])?;
        }
        let runs = runs(script);
        for (number, run) in runs.iter().enumerate() {
            let differences = script.moved_steps > 0 && run.start == 0;
            // Of a numeric gradient the caller makes all passes from the arrays of the last.
            let from = if differences { script.moved_steps } else { run.start };
            let steps = &script.steps[from..run.end];
            let mode = match steps[0].mode {
                AskedMode::Train => "train",
                AskedMode::Eval => "test",
                AskedMode::Unknown => UNKNOWN,
            };
            if differences {
                let _ = writeln!(calls, "differences {number} {mode} {STEP}");
            } else {
                let _ = writeln!(calls, "forward {number} {mode} {}", steps.len());
            }
            let of = |array: fn(&Step) -> &Tensor| steps.iter().map(array).collect::<Vec<_>>();
            file(format!("x_{number}.npy"), &of(|step| &step.x))?;
            file(format!("gamma_{number}.npy"), &of(|step| &step.gamma))?;
            file(format!("beta_{number}.npy"), &of(|step| &step.beta))?;
        }
        for (number, backward) in script.backwards.iter().enumerate() {
            let Some(run) = runs.iter().position(|run| run.contains(&backward.step)) else {
                let found = format!("a backward pass of step {}, which is none", backward.step);
                return Err(ProtocolError::Array(found));
            };
            let call = backward.step - runs[run].start;
            let then = if backward.x_overwritten { " overwrite_x" } else { "" };
            let _ = writeln!(calls, "backward {number} {run} {call}{then}");
            file(format!("dout_{number}.npy"), &[&backward.dout])?;
        }
        files.insert(0, (CALLS.to_owned(), calls.into_bytes()));
        Ok(Self { kind, files })
    }

    /// The name of its folder: its kind, and the beginning of a hash of all its files.
    pub(super) fn name(&self) -> String {
        let mut hash = Sha256::new();
        for (name, bytes) in &self.files {
            for part in [name.as_bytes(), bytes] {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part);
            }
        }
        format!("{}-{}", self.kind, hex::encode(&hash.finalize()[..8]))
    }
}

/// The steps that share a file: those of a numeric gradient with the one after them, and neighbours
/// in one mode, with arrays alike and in C order.
pub(super) fn runs(script: &Script) -> Vec<Range<usize>> {
    let Script { steps, moved_steps, .. } = script;
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if index <= *moved_steps => run.end = index + 1,
            Some(run) if run.start == 0 && *moved_steps > 0 => runs.push(index..index + 1),
            Some(run) if are_alike(&steps[run.start], step) => run.end = index + 1,
            _ => runs.push(index..index + 1),
        }
    }
    runs
}

fn are_alike(a: &Step, b: &Step) -> bool {
    let alike = |a: &Tensor, b: &Tensor| {
        a.dtype() == b.dtype() && a.shape() == b.shape() && is_in_c_order(a) && is_in_c_order(b)
    };
    a.mode == b.mode && alike(&a.x, &b.x) && alike(&a.gamma, &b.gamma) && alike(&a.beta, &b.beta)
}

fn is_in_c_order(tensor: &Tensor) -> bool {
    with_array!(tensor, array => array.is_standard_layout())
}

/// The bytes of a .npy file with these arrays along a new first axis.
fn stacked(tensors: &[&Tensor]) -> Result<Vec<u8>, ProtocolError> {
    fn of<'a, T: Clone + WritableElement + 'a>(
        arrays: Option<Vec<&'a ArrayD<T>>>,
    ) -> Result<Vec<u8>, ProtocolError> {
        let unlike = || ProtocolError::Array("found arrays of several types in one".to_owned());
        let failed = |error: String| ProtocolError::Array(error);
        let arrays = arrays.ok_or_else(unlike)?;
        let mut bytes = Vec::new();
        match arrays.as_slice() {
            // One array keeps its order in memory.
            [only] => only.view().insert_axis(Axis(0)).write_npy(&mut bytes),
            several => {
                let views: Vec<_> = several.iter().map(|array| array.view()).collect();
                let stacked = stack(Axis(0), &views).map_err(|error| failed(error.to_string()))?;
                stacked.write_npy(&mut bytes)
            }
        }
        .map_err(|error| failed(error.to_string()))?;
        Ok(bytes)
    }
    macro_rules! all_of {
        ($variant:ident) => {
            of(tensors
                .iter()
                .map(|tensor| if let Tensor::$variant(array) = tensor { Some(array) } else { None })
                .collect())
        };
    }
    match tensors.first() {
        Some(Tensor::Float32(_)) => all_of!(Float32),
        Some(Tensor::Float64(_)) => all_of!(Float64),
        Some(Tensor::Int64(_)) => all_of!(Int64),
        Some(Tensor::Bool(_)) => all_of!(Bool),
        None => Err(ProtocolError::Array("found no array".to_owned())),
    }
}
