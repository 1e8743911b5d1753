//! Jupyter notebooks: the code of their cells, without outputs.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::hand_in::kind::Kind;
use crate::hand_in::paths::normal;
use crate::hand_in::problem::Problem;
use crate::hand_in::text;

/// What is needed of a notebook.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Notebook {
    /// Its cells as JSON, as the driver reads them: pairs of a number and code. Cells of code are counted,
    /// from 1.
    pub(super) cells: Vec<u8>,
    /// The Python files that its cells write with `%%writefile`.
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

#[derive(Deserialize)]
struct Stored {
    #[serde(default)]
    cells: Vec<Cell>,
    // Of the format before the fourth.
    #[serde(default)]
    worksheets: Vec<Worksheet>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Worksheet {
    #[serde(default)]
    cells: Vec<Cell>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    kernelspec: Option<Kernel>,
}

#[derive(Deserialize)]
struct Kernel {
    language: Option<String>,
}

/// A cell. Its outputs, which may have megabytes, are passed over.
#[derive(Deserialize)]
struct Cell {
    cell_type: String,
    #[serde(default, alias = "input")]
    source: Lines,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Lines {
    One(String),
    Several(Vec<String>),
}

impl Default for Lines {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

/// Whether a file is a notebook.
pub(super) fn is_one(path: &str) -> bool {
    Kind::of(path) == Some(Kind::Notebook)
}

/// The notebook in a file.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Notebook, Problem> {
    let expected = "a notebook as Jupyter saves it";
    let stored: Stored = serde_json::from_str(&text::decoded(bytes)).map_err(|error| {
        let found = if bytes.is_empty() {
            "an empty file".into()
        } else {
            format!("no notebook ({error})")
        };
        Problem::new(name, found, expected)
    })?;
    if let Some(language) = stored.metadata.kernelspec.and_then(|kernel| kernel.language)
        && !language.eq_ignore_ascii_case("python")
    {
        return Err(Problem::new(name, format!("a notebook in {language}"), "one in Python"));
    }
    let worksheets = stored.worksheets.into_iter().flat_map(|sheet| sheet.cells);
    let code = stored.cells.into_iter().chain(worksheets).filter(|cell| cell.cell_type == "code");
    let (mut cells, mut files) = (Vec::new(), BTreeMap::<String, Vec<u8>>::new());
    for (number, cell) in (1_u32..).zip(code) {
        let source = match cell.source {
            Lines::One(source) => source,
            Lines::Several(lines) => lines.concat(),
        };
        match written_file(&source) {
            Some((path, is_more, content)) => {
                let file = files.entry(path).or_default();
                if !is_more {
                    file.clear();
                }
                file.extend(content.as_bytes());
            }
            None => cells.push((number, source)),
        }
    }
    if cells.is_empty() && files.is_empty() {
        return Err(Problem::new(name, "a notebook without code", "cells with the functions"));
    }
    let cells = serde_json::to_vec(&cells)
        .map_err(|error| Problem::new(name, format!("no notebook ({error})"), expected))?;
    Ok(Notebook { cells, files })
}

/// The Python file that a cell writes: its path, whether the cell adds to it, and what it says.
fn written_file(cell: &str) -> Option<(String, bool, &str)> {
    let (line, content) = cell.trim_start().split_once('\n')?;
    let words = line.strip_prefix("%%writefile").or_else(|| line.strip_prefix("%%file"))?;
    let mut words: Vec<&str> = words.split_whitespace().collect();
    let is_more = words.iter().any(|word| matches!(*word, "-a" | "--append"));
    words.retain(|word| !word.starts_with('-'));
    let [path] = words.as_slice() else { return None };
    let path = path.trim_matches(['"', '\'']);
    let is_inside = !path.starts_with('/') && path.split('/').all(|part| part != "..");
    let path = normal(path);
    (is_inside && Kind::of(&path) == Some(Kind::Python)).then_some((path, is_more, content))
}

/// All code of the cells that [`read`] gave, as one text.
pub(super) fn code(cells: &[u8]) -> String {
    let cells: Vec<(u32, String)> = serde_json::from_slice(cells).unwrap_or_default();
    cells.into_iter().map(|(_, source)| source + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(notebook: &str) -> String {
        String::from_utf8(read("hw.ipynb", notebook.as_bytes()).unwrap().cells).unwrap()
    }

    #[test]
    fn cells_of_code_are_counted_and_outputs_are_dropped() {
        let notebook = r##"{"cells": [{"cell_type": "markdown", "source": ["# HW"]},
            {"cell_type": "code", "source": ["import numpy as np\n", "x = 1"],
             "outputs": [{"data": {"image/png": "iVBOR", "text": ["\ud83d"]}}]},
            {"cell_type": "raw", "source": "x"}, {"cell_type": "code", "source": "y = \"ä\""}],
            "metadata": {"kernelspec": {"language": "python", "name": "python3"}}, "nbformat": 4}"##;
        assert_eq!(cells(notebook), r#"[[1,"import numpy as np\nx = 1"],[2,"y = \"ä\""]]"#);
        assert_eq!(code(cells(notebook).as_bytes()), "import numpy as np\nx = 1\ny = \"ä\"\n");
        let of_format_3 = r#"{"worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1"],
            "language": "python"}]}], "nbformat": 3}"#;
        assert_eq!(cells(of_format_3), r#"[[1,"x = 1"]]"#);
    }

    #[test]
    fn a_file_that_a_cell_writes_is_a_file_of_the_hand_in_and_none_lies_outside() {
        let cell = |source: &str| format!(r#"{{"cell_type": "code", "source": {source:?}}}"#);
        let sources = [
            "%%writefile nndl/layers.py\nx = 1\n",
            "%%writefile -a ./nndl//layers.py\ny = 2\n",
            "%%writefile ../out.py\nx = 1\n",
            "%%writefile /tmp/out.py\nx = 1\n",
            "%%writefile notes.txt\nx\n",
        ];
        let notebook = format!(r#"{{"cells": [{}]}}"#, sources.map(cell).join(", "));
        let notebook = read("hw.ipynb", notebook.as_bytes()).unwrap();
        let expected = BTreeMap::from([("nndl/layers.py".into(), b"x = 1\ny = 2\n".to_vec())]);
        assert_eq!(notebook.files, expected);
        assert!(notebook.cells.starts_with(b"[[3,"));
    }

    #[test]
    fn what_is_no_notebook_in_python_is_told() {
        for (content, found) in [
            ("", "found an empty file, "),
            ("{\"cells\": [", "found no notebook (EOF while"),
            ("{\"cells\": []}", "found a notebook without code, "),
            (
                r#"{"cells": [], "metadata": {"kernelspec": {"language": "R"}}}"#,
                "found a notebook in R, expected one in Python",
            ),
        ] {
            let problem = read("hw.ipynb", content.as_bytes()).unwrap_err().to_string();
            assert!(problem.starts_with("hw.ipynb: ") && problem.contains(found), "{problem}");
        }
        let deep = format!(r#"{{"cells": {}"#, "[".repeat(100_000));
        assert!(read("hw.ipynb", deep.as_bytes()).is_err());
    }
}
