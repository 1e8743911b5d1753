//! What the batch and its worker processes say to each other: lines of JSON, and the bytes of hand-ins.

use std::io::{self, BufRead, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::class::judge::Task;

/// The line before the bytes of a hand-in.
#[derive(Serialize, Deserialize)]
struct Header {
    task: Task,
    length: u64,
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
pub(super) fn write_task(output: &mut impl Write, task: &Task, source: &[u8]) -> io::Result<()> {
    write_line(output, &Header { task: task.clone(), length: source.len() as u64 })?;
    output.write_all(source)?;
    output.flush()
}

/// Reads a hand-in to grade; `None` at the end.
pub(super) fn read_task(input: &mut impl BufRead) -> io::Result<Option<(Task, Vec<u8>)>> {
    let Some(Header { task, length }) = read_line(input)? else { return Ok(None) };
    let mut source = Vec::new();
    input.take(length).read_to_end(&mut source)?;
    Ok((source.len() as u64 == length).then_some((task, source)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_arrives_as_it_was_sent_and_one_that_is_cut_off_does_not() {
        let task = Task {
            id: "a\nb".to_owned(),
            file_name: "a.py".to_owned(),
            command: "grade".to_owned(),
        };
        let source = b"first\n\xff{}\n";
        let mut sent = Vec::new();
        write_task(&mut sent, &task, source).unwrap();
        write_task(&mut sent, &task, b"").unwrap();
        let mut input = sent.as_slice();
        assert_eq!(read_task(&mut input).unwrap(), Some((task.clone(), source.to_vec())));
        assert_eq!(read_task(&mut input).unwrap(), Some((task, Vec::new())));
        assert_eq!(read_task(&mut input).unwrap(), None);
        for cut in [1, 10, 60] {
            assert_eq!(read_task(&mut &sent[..cut]).unwrap(), None, "{cut}");
        }
    }
}
