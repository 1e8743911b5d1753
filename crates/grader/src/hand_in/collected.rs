//! The files of a hand-in, as they are found: bounded, and without those that are not needed.

use std::collections::BTreeMap;
use std::io::Read;

use crate::hand_in::download::without_copy_mark;
use crate::hand_in::kind::Kind;
use crate::hand_in::limits::{
    ENTRIES_LIMIT, FILES_LIMIT, KEPT_LIMIT, READ_LIMIT, ensure_writable, more_than, too_large,
    too_many_entries,
};
use crate::hand_in::paths::{folders, within};
use crate::hand_in::problem::Problem;
use crate::hand_in::python_files::PythonFiles;
use crate::hand_in::{main_file, notebook, text};

/// The files of a hand-in so far.
#[derive(Debug, Default)]
pub(super) struct Collected {
    files: BTreeMap<String, Vec<u8>>,
    /// Those that cells of notebooks write. They count where no file of this path is handed in: often it is
    /// the one that the cell wrote.
    of_cells: BTreeMap<String, Vec<u8>>,
    /// What is there and no Python, for messages.
    passed_over: Vec<String>,
    kept: usize,
    read: u64,
    entries: usize,
}

impl Collected {
    /// Adds a Python file or a notebook, by its path in the hand-in. Bytes are counted as they come: what
    /// a header says of them need not be true.
    pub(super) fn add(
        &mut self,
        kind: Kind,
        name: &str,
        content: &mut dyn Read,
    ) -> Result<(), Problem> {
        let limit = kind.size_limit();
        let mut bytes = Vec::new();
        content
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Problem::unreadable(name, &error))?;
        if bytes.len() as u64 > limit {
            return Err(too_large(name, limit));
        }
        self.count_read(name, bytes.len() as u64)?;
        match kind {
            Kind::Python => self.keep(name, text::for_python(bytes)),
            Kind::Notebook => {
                let notebook = notebook::read(name, &bytes)?;
                let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
                for (path, content) in notebook.files {
                    let path = within(folder, &path);
                    self.make_room(&path, &content)?;
                    let is_other = |kept: &Vec<u8>| *kept != content;
                    if self.of_cells.get(&path).is_some_and(is_other) {
                        return Err(Problem::new(
                            path,
                            "two notebooks whose cells write this file differently",
                            "one",
                        ));
                    }
                    self.of_cells.insert(path, content);
                }
                self.keep(name, notebook.cells)
            }
            Kind::Archive => {
                self.pass_over(name);
                Ok(())
            }
        }
    }

    /// Remembers a file that is no Python.
    pub(super) fn pass_over(&mut self, name: &str) {
        self.passed_over.push(name.to_owned());
    }

    /// Counts what was read of a file.
    pub(super) fn count_read(&mut self, name: &str, bytes: u64) -> Result<(), Problem> {
        self.read += bytes;
        if self.read > READ_LIMIT {
            let limit = format_args!("{} MiB", READ_LIMIT >> 20);
            return Err(more_than(limit, " in all files together", name));
        }
        Ok(())
    }

    /// Counts the files of an archive.
    pub(super) fn count_entries(&mut self, name: &str, entries: usize) -> Result<(), Problem> {
        self.entries += entries;
        if self.entries > ENTRIES_LIMIT { Err(too_many_entries(name)) } else { Ok(()) }
    }

    fn keep(&mut self, name: &str, content: Vec<u8>) -> Result<(), Problem> {
        self.make_room(name, &content)?;
        if self.files.insert(name.to_owned(), content).is_some() {
            return Err(Problem::new(name, "two files with this path", "one"));
        }
        Ok(())
    }

    /// That there may be one file more, and that it can be written.
    fn make_room(&mut self, name: &str, content: &[u8]) -> Result<(), Problem> {
        ensure_writable(name)?;
        self.kept += content.len();
        if self.kept > KEPT_LIMIT {
            return Err(more_than(format_args!("{} MiB", KEPT_LIMIT >> 20), " of code", name));
        }
        if self.files.len() + self.of_cells.len() >= FILES_LIMIT {
            return Err(more_than(FILES_LIMIT, " Python files and notebooks", name));
        }
        Ok(())
    }

    /// Whether there is nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The hand-in of these files, found in what is called `name`.
    pub(super) fn python(self, name: &str) -> Result<PythonFiles, Problem> {
        let Self { files, of_cells, passed_over, .. } = self;
        let mut files = without_copy_marks(files);
        for (path, content) in of_cells {
            files.entry(path).or_insert(content);
        }
        if files.is_empty() && !passed_over.is_empty() {
            let paths: Vec<&str> = passed_over.iter().map(String::as_str).collect();
            let found = format!("no .py or .ipynb file but {}", main_file::list(&paths));
            return Err(Problem::new(name, found, "one"));
        }
        let is_file = |folder: &&str| files.contains_key(*folder);
        if let Some(path) = files.keys().find_map(|path| folders(path).find(is_file)) {
            return Err(Problem::new(path, "a file and a folder with this path", "one of them"));
        }
        let main = main_file::choose(&files)
            .map_err(|(found, expected)| Problem::new(name, found, expected))?
            .to_owned();
        if let Some(found) = files.get(&main).and_then(|content| no_code(content)) {
            return Err(Problem::new(main, found, "the functions of the course"));
        }
        Ok(PythonFiles { main, files })
    }
}

/// What a file is that nobody has written as code, in words: it went wrong when it was saved or sent.
fn no_code(content: &[u8]) -> Option<String> {
    if content.trim_ascii().is_empty() {
        return Some("an empty file".to_owned());
    }
    let nul = content.iter().position(|&byte| byte == 0)?;
    let line = 1 + content[..nul].iter().filter(|&&byte| byte == b'\n').count();
    Some(format!("a file that is no text, with a NUL byte in line {line}"))
}

/// The files by the names that they had before a copy of them was marked, where no other file has that name.
fn without_copy_marks(files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, Vec<u8>> {
    let unmarked = |path: &str| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        without_copy_mark(name).map(|name| within(folder, &name))
    };
    let names: Vec<Option<String>> = files.keys().map(|path| unmarked(path)).collect();
    let is_free = |name: &String| {
        !files.contains_key(name)
            && names.iter().flatten().filter(|other| *other == name).count() == 1
    };
    let free: Vec<Option<String>> = names.iter().map(|name| name.clone().filter(is_free)).collect();
    let renamed = files.into_iter().zip(free);
    renamed.map(|((path, content), name)| (name.unwrap_or(path), content)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Result<PythonFiles, String> {
        let mut collected = Collected::default();
        for (name, content) in files {
            let kind = Kind::of(name).unwrap();
            collected
                .add(kind, name, &mut content.as_bytes())
                .map_err(|error| error.to_string())?;
        }
        collected.python("hw").map_err(|error| error.to_string())
    }

    #[test]
    fn a_copy_has_the_name_of_the_original_where_that_is_free() {
        let f = "def spatial_batchnorm_forward(x): pass\n";
        let paths =
            |files: &[(&str, &str)]| read(files).unwrap().files.into_keys().collect::<Vec<_>>();
        assert_eq!(paths(&[("a/layers-1.py", f), ("a/b (2).py", "")]), ["a/b.py", "a/layers.py"]);
        assert_eq!(paths(&[("b.py", f), ("b-1.py", "x")]), ["b-1.py", "b.py"]);
        assert_eq!(paths(&[("c-1.py", f), ("c-2.py", "x")]), ["c-1.py", "c-2.py"]);
    }

    #[test]
    fn what_nobody_wrote_as_code_is_no_hand_in_in_any_kind_of_file() {
        for (name, content, found) in [
            ("a.py", "", "a.py: found an empty file, expected the functions of the course"),
            ("a.py", " \n\t\r\n", "a.py: found an empty file, "),
            ("a.py", "x = 1\n\0", "a.py: found a file that is no text, with a NUL byte in line 2"),
            ("a.ipynb", "", "a.ipynb: found an empty file, "),
            ("a.ipynb", "{\"cells\": ", "a.ipynb: found no notebook ("),
        ] {
            let problem = read(&[(name, content)]).unwrap_err();
            assert!(problem.starts_with(found), "{problem}");
        }
        // A package may have empty files beside the main one.
        let f = "def spatial_batchnorm_forward(x): pass\n";
        assert!(read(&[("a/__init__.py", ""), ("a/b.py", f)]).is_ok());
    }

    fn writing(path: &str, content: &str) -> String {
        let cell = format!("%%writefile {path}\n{content}");
        format!(r#"{{"cells": [{{"cell_type": "code", "source": {cell:?}}}]}}"#)
    }

    #[test]
    fn a_file_that_is_handed_in_goes_before_the_one_that_a_cell_writes() {
        let notebook = writing(".//layers.py", "x = 1\n");
        let files = [("a/hw.ipynb", notebook.as_str()), ("a/layers.py", "x = 2\n")];
        for files in [files, [files[1], files[0]]] {
            assert_eq!(read(&files).unwrap().files["a/layers.py"], b"x = 2\n");
        }
        assert_eq!(read(&files[..1]).unwrap().files["a/layers.py"], b"x = 1\n");
        let other = writing("layers.py", "x = 3\n");
        let found = read(&[files[0], ("a/other.ipynb", &other)]).unwrap_err();
        assert!(found.starts_with("a/layers.py: found two notebooks whose cells"), "{found}");
    }

    #[test]
    fn paths_that_cannot_be_written_are_problems_of_the_hand_in() {
        let of_cell = writing("a.py/b.py", "x = 1\n");
        let long = format!("{}.py", "a".repeat(253));
        let of_long_cell = writing(&long, "x = 1\n");
        let deep = format!("{}a.py", "a/".repeat(1023));
        for (files, found) in [
            (&[("a.py", ""), ("a.py/b.py", "")][..], "a.py: found a file and a folder"),
            (&[("a.py", ""), ("hw.ipynb", &of_cell)], "a.py: found a file and a folder"),
            (&[(&long, "")], "aaa…: found more than 255 bytes in a name, expected at most 255"),
            (&[("hw.ipynb", &of_long_cell)], "aaa…: found more than 255 bytes in a name"),
            (&[(&deep, "")], "a/a/…: found more than 2048 bytes of path, expected at most 2048"),
        ] {
            let problem = read(files).unwrap_err();
            assert!(problem.contains(found), "{problem}");
        }
        let longest = format!("{}.py", "a".repeat(252));
        assert!(read(&[(&longest, "x = 1")]).is_ok());
    }
}
