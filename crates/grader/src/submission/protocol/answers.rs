//! Answers in files, each of which may be damaged or hostile.

use isolation::untrusted::{Folder, Judge, ReadError};

use crate::messages::on_one_line;
use crate::npy;
use crate::submission::failure::Failure;
use crate::submission::outputs::{Gradients, Outputs, StepOutput, Touched};
use crate::submission::protocol::encoding::runs;
use crate::submission::script::Script;
use crate::tensor::Tensor;

/// The file whose presence says that a script is answered.
pub(crate) const DONE: &str = "done";

/// The longest array that is read, in bytes.
const ARRAY_LIMIT: u64 = 64 << 20;

/// The longest note that is read, in bytes, and shown, in characters.
const NOTE_LIMIT: u64 = 64 << 10;
const SHOWN: usize = 500;

/// Reads the answer to a script from its folder, which is called `name`.
pub(crate) fn read_outputs(
    folder: Result<Folder, ReadError>,
    name: &str,
    script: &Script,
) -> Outputs {
    let answers = Answers { folder, name };
    let runs = runs(script);
    let steps = runs.iter().enumerate().flat_map(|(number, run)| {
        let differences = script.moved_steps > 0 && run.start == 0;
        answers.forward(number, run.len(), !differences)
    });
    let gradients = (0..script.backwards.len()).map(|number| answers.backward(number));
    Outputs { steps: steps.collect(), gradients: gradients.collect() }
}

/// The files of one answer.
struct Answers<'a> {
    folder: Result<Folder, ReadError>,
    name: &'a str,
}

/// What a program has to say about a call.
#[derive(Default)]
struct Note {
    error: Option<String>,
    touched: Vec<Touched>,
}

impl Answers<'_> {
    /// The passes of a line, whose running statistics are read if `with_running`.
    fn forward(
        &self,
        number: usize,
        calls: usize,
        with_running: bool,
    ) -> Vec<Result<StepOutput, Failure>> {
        let note = self.note(&format!("forward_{number}.txt"));
        let read = || {
            let rows = |role: &str| -> Result<Vec<Option<Tensor>>, Failure> {
                let file = format!("{role}_{number}.npy");
                let array = self.array(&file)?;
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
        let array = |role: &str| self.array(&format!("{role}_{number}.npy"));
        let (dx, dgamma, dbeta) = (array("dx")?, array("dgamma")?, array("dbeta")?);
        Ok(Gradients { dx, dgamma, dbeta, touched: note.touched })
    }

    fn read(&self, file: &str, limit: u64, judge: Judge<'_>) -> Result<Vec<u8>, Failure> {
        let found = match &self.folder {
            Ok(folder) => folder.read(file, limit, judge),
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

    fn array(&self, file: &str) -> Result<Tensor, Failure> {
        // Nothing of the size that a header promises is allocated before it is known to be there.
        let judge = |beginning: &[u8], length: u64| {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            npy::check_header(beginning, length).map_err(|error| error.to_string())
        };
        let bytes = self.read(file, ARRAY_LIMIT, &judge)?;
        npy::parse(&bytes).map_err(|error| self.unreadable(file, &error.to_string()))
    }

    /// The note about a call; an unreadable one says nothing.
    fn note(&self, file: &str) -> Note {
        let mut note = Note::default();
        let Ok(bytes) = self.read(file, NOTE_LIMIT, &|_, _| Ok(())) else { return note };
        for line in String::from_utf8_lossy(&bytes).lines() {
            match line.split_once(' ') {
                Some(("error", message)) => note.error = Some(one_line(message)),
                Some(("touched", names)) => {
                    note.touched = names
                        .split(' ')
                        .filter_map(|name| {
                            Touched::ALL.into_iter().find(|array| array.name() == name)
                        })
                        .collect();
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
