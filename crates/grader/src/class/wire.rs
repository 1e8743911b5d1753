//! What the batch and its worker processes say to each other: lines of JSON, and the bytes of hand-ins.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read, Write};
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::class::judge::Task;
use crate::hand_in::{HandIn, ProgramFolder, PythonFiles};

/// The line before the bytes of a hand-in.
#[derive(Serialize, Deserialize)]
struct Header {
    task: Task,
    hand_in: Sent,
}

/// A hand-in, but for the bytes of its files.
#[derive(Serialize, Deserialize)]
enum Sent {
    /// The main file, and the path and length of every file, whose bytes follow in this order.
    Python { main: String, files: Vec<(String, u64)> },
    /// A program, which stays where it is.
    Program { folder: PathBuf, sha256: String },
}

/// Writes a value as a line.
pub(super) fn write_line(output: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    output.write_all(&line)?;
    output.flush()
}

/// Reads a line; `None` at the end.
pub(super) fn read_line<T: DeserializeOwned>(input: &mut impl BufRead) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    input.read_until(b'\n', &mut line)?;
    // A line that was cut off is as good as none.
    if line.pop() != Some(b'\n') {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&line)?))
}

/// Writes a hand-in to grade.
pub(super) fn write_task(output: &mut impl Write, task: &Task, hand_in: &HandIn) -> io::Result<()> {
    let (sent, files) = match hand_in {
        HandIn::Python(PythonFiles { main, files }) => {
            let lengths = files.iter().map(|(path, bytes)| (path.clone(), bytes.len() as u64));
            (Sent::Python { main: main.clone(), files: lengths.collect() }, Some(files))
        }
        HandIn::Program(ProgramFolder { folder, sha256 }) => {
            (Sent::Program { folder: folder.clone(), sha256: sha256.clone() }, None)
        }
    };
    write_line(output, &Header { task: task.clone(), hand_in: sent })?;
    for bytes in files.into_iter().flat_map(BTreeMap::values) {
        output.write_all(bytes)?;
    }
    output.flush()
}

/// Reads a hand-in to grade; `None` at the end.
pub(super) fn read_task(input: &mut impl BufRead) -> io::Result<Option<(Task, HandIn)>> {
    let Some(Header { task, hand_in }) = read_line(input)? else { return Ok(None) };
    let hand_in = match hand_in {
        Sent::Program { folder, sha256 } => HandIn::Program(ProgramFolder { folder, sha256 }),
        Sent::Python { main, files: lengths } => {
            let mut files = BTreeMap::new();
            for (path, length) in lengths {
                let mut bytes = Vec::new();
                input.by_ref().take(length).read_to_end(&mut bytes)?;
                if bytes.len() as u64 != length {
                    return Ok(None);
                }
                files.insert(path, bytes);
            }
            HandIn::Python(PythonFiles { main, files })
        }
    };
    Ok(Some((task, hand_in)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_arrives_as_it_was_sent_and_one_that_is_cut_off_does_not() {
        let task = Task { id: "a\nb".to_owned(), command: "grade".to_owned() };
        let files = [("a/layers.py", &b"first\n\xff{}\n"[..]), ("b.py", b""), ("c.py", b"\0")];
        let python = HandIn::Python(PythonFiles {
            main: "a/layers.py".to_owned(),
            files: files.map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).into(),
        });
        let program = HandIn::Program(ProgramFolder {
            folder: "/class/a b".into(),
            sha256: "0123".to_owned(),
        });
        let mut sent = Vec::new();
        for hand_in in [&python, &program] {
            write_task(&mut sent, &task, hand_in).unwrap();
        }
        let mut input = sent.as_slice();
        for hand_in in [python, program] {
            assert_eq!(read_task(&mut input).unwrap(), Some((task.clone(), hand_in)));
        }
        assert_eq!(read_task(&mut input).unwrap(), None);
        let first = sent.iter().position(|&byte| byte == b'\n').unwrap();
        for cut in [1, 10, first, first + 5] {
            assert_eq!(read_task(&mut &sent[..cut]).unwrap(), None, "{cut}");
        }
    }
}
