//! Answers in files, each of which may be damaged or hostile. What all of a script's files can cost
//! follows from the script: its results have a [`Room`], and there is one note per line.

use std::ops::Range;

use isolation::untrusted::{Folder, Judge, ReadError};

use crate::messages::on_one_line;
use crate::npy;
use crate::submission::failure::Failure;
use crate::submission::outputs::{Gradients, Outputs, StepOutput, Touched};
use crate::submission::protocol::encoding::runs;
use crate::submission::protocol::room::{Room, shape_of_gradient, shape_of_step};
use crate::submission::script::Script;
use crate::tensor::Tensor;

/// The file whose presence says that a script is answered.
pub(crate) const DONE: &str = "done";

/// What is read of a note, in bytes, and shown of a message, in characters.
const NOTE_LIMIT: u64 = 4 << 10;
const SHOWN: usize = 500;

/// Reads the answer to a script from its folder, which is called `name`.
pub(crate) fn read_outputs(
    folder: Result<Folder, ReadError>,
    name: &str,
    script: &Script,
) -> Outputs {
    let answers = Answers { folder, name, script, room: Room::of(script) };
    let runs = runs(script);
    let steps = runs.iter().enumerate().flat_map(|(number, run)| answers.forward(number, run));
    let gradients = (0..script.backwards.len()).map(|number| answers.backward(number));
    Outputs { steps: steps.collect(), gradients: gradients.collect() }
}

/// The files of one answer.
struct Answers<'a> {
    folder: Result<Folder, ReadError>,
    name: &'a str,
    script: &'a Script,
    room: Room,
}

/// What a program has to say about a call.
#[derive(Default)]
struct Note {
    error: Option<String>,
    touched: Vec<Touched>,
}

impl Answers<'_> {
    /// The passes of a line, which are these steps of the script.
    fn forward(&self, number: usize, run: &Range<usize>) -> Vec<Result<StepOutput, Failure>> {
        let calls = run.len();
        // A numeric gradient is asked for outputs alone.
        let with_running = self.script.moved_steps == 0 || run.start > 0;
        let note = self.note(&format!("forward_{number}.txt"));
        let read = || {
            let rows = |role: &str| -> Result<Vec<Option<Tensor>>, Failure> {
                let file = format!("{role}_{number}.npy");
                let array =
                    self.array(&file, &shape_of_step(self.script, role, run.start, calls))?;
                let found = array.shape().first().copied();
                let rows = array.rows(calls).ok_or_else(|| {
                    let found = found.map_or("none".to_owned(), |found| found.to_string());
                    let reason = format!("has {found} as its first axis, expected {calls} calls");
                    self.unreadable(&file, &reason)
                })?;
                Ok(rows.into_iter().map(Some).collect())
            };
            let out = rows("out")?;
            let running = |role: &str| match with_running.then(|| rows(role)) {
                // The submission keeps none where its caller finds it, and the rest counts.
                None | Some(Err(Failure::Missing { .. })) => Ok(vec![None; out.len()]),
                Some(read) => read,
            };
            let (mean, var) = (running("running_mean")?, running("running_var")?);
            Ok((out, mean, var))
        };
        let failure = note.error.clone().map(Failure::Refused);
        let mut steps: Vec<Result<StepOutput, Failure>> = match read() {
            Ok((out, running_mean, running_var)) => out
                .into_iter()
                .flatten()
                .zip(running_mean)
                .zip(running_var)
                .map(|((out, running_mean), running_var)| {
                    let touched = note.touched.clone();
                    Ok(StepOutput { out, running_mean, running_var, touched })
                })
                .collect(),
            // A program that reports an error owes no arrays.
            Err(unreadable) => {
                let failure = failure.clone().unwrap_or(unreadable);
                vec![Err(failure); calls]
            }
        };
        let missing = failure.unwrap_or_else(|| self.missing(&format!("out_{number}.npy")));
        steps.resize(calls, Err(missing));
        steps
    }

    fn backward(&self, number: usize) -> Result<Gradients, Failure> {
        let note = self.note(&format!("backward_{number}.txt"));
        if let Some(error) = note.error {
            return Err(Failure::Refused(error));
        }
        let array = |role: &str| {
            let expected = shape_of_gradient(self.script, role, number);
            self.array(&format!("{role}_{number}.npy"), &expected)
        };
        let (dx, dgamma, dbeta) = (array("dx")?, array("dgamma")?, array("dbeta")?);
        Ok(Gradients { dx, dgamma, dbeta, touched: note.touched })
    }

    fn read(&self, file: &str, judge: Judge<'_>) -> Result<Vec<u8>, Failure> {
        let found = match &self.folder {
            Ok(folder) => folder.read(file, judge),
            Err(ReadError::NotThere) => Err(ReadError::NotThere),
            Err(error) => return Err(self.unreadable("", &error.to_string())),
        };
        found.map_err(|error| {
            if matches!(error, ReadError::NotThere) {
                self.missing(file)
            } else {
                self.unreadable(file, &error.to_string())
            }
        })
    }

    /// The array in a file, of which this shape was asked.
    fn array(&self, file: &str, expected: &[usize]) -> Result<Tensor, Failure> {
        // Nothing of the size that a header promises is read or allocated before there is room for it.
        let judge = |beginning: &[u8], length: u64| {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            let (found, body) =
                npy::check_header(beginning, length).map_err(|error| error.to_string())?;
            if self.room.take(body as u64, expected) {
                return Ok(());
            }
            Err(format!(
                "has shape {found:?}, expected {expected:?}; results so much larger than asked are \
                 not read"
            ))
        };
        let bytes = self.read(file, &judge)?;
        npy::parse(&bytes).map_err(|error| self.unreadable(file, &error.to_string()))
    }

    /// The note about a call; an unreadable one says nothing.
    fn note(&self, file: &str) -> Note {
        let mut note = Note::default();
        let Ok(folder) = &self.folder else { return note };
        let Ok(bytes) = folder.beginning(file, NOTE_LIMIT) else { return note };
        for line in String::from_utf8_lossy(&bytes).lines() {
            match line.split_once(' ') {
                Some(("error", message)) => note.error = Some(one_line(message)),
                Some(("touched", names)) => {
                    let is_named =
                        |array: &Touched| names.split(' ').any(|name| name == array.name());
                    note.touched = Touched::ALL.into_iter().filter(is_named).collect();
                }
                _ => {}
            }
        }
        note
    }

    fn missing(&self, file: &str) -> Failure {
        Failure::Missing { what: self.path(file) }
    }

    fn unreadable(&self, file: &str, reason: &str) -> Failure {
        Failure::Unusable { what: self.path(file), reason: one_line(reason) }
    }

    fn path(&self, file: &str) -> String {
        format!("{}/{file}", self.name).trim_end_matches('/').to_owned()
    }
}

/// A program's text as one line of bounded length, which cannot be taken for the grader's.
pub(crate) fn one_line(text: &str) -> String {
    on_one_line(text.trim()).chars().take(SHOWN).collect()
}
