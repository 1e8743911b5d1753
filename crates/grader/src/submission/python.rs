//! Submissions that are handed in: files in Python, whose functions a driver of ours calls, and folders
//! with a program.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::hand_in::{Course, HandIn, ProgramFolder, PythonFiles};
use crate::messages;
use crate::submission::driver::DRIVER;
use crate::submission::process::{Process, RunContext};

/// A Python with NumPy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// Its program.
    pub program: PathBuf,
    /// Files and folders that it and NumPy consist of.
    pub readable: Vec<PathBuf>,
    /// The folder in which NumPy lies.
    pub packages: PathBuf,
}

impl Process {
    /// A hand-in of this name, whose Python is run by `interpreter` and may import what `course` has.
    pub fn hand_in(
        name: impl Into<String>,
        hand_in: &HandIn,
        interpreter: &Interpreter,
        course: Option<&Course>,
        context: RunContext,
    ) -> Self {
        let name = messages::visible(&name.into());
        match hand_in {
            HandIn::Python(python) => Self::python(name, python, interpreter, course, context),
            HandIn::Program(program) => Self::program_folder(name, program, interpreter, context),
        }
    }

    /// Python files, run by `interpreter`, which may import what `course` has.
    pub(crate) fn python(
        name: impl Into<String>,
        python: &PythonFiles,
        interpreter: &Interpreter,
        course: Option<&Course>,
        context: RunContext,
    ) -> Self {
        let copy = |path: &str| format!("hand_in/{path}");
        let command = [
            interpreter.program.clone().into(),
            // Without the user's folders and variables, and without files of bytecode.
            OsString::from("-I"),
            OsString::from("-B"),
            // What is printed is there when a loop is ended.
            OsString::from("-u"),
            OsString::from("driver.py"),
            OsString::from(copy(&python.main)),
            interpreter.packages.clone().into(),
            course.map_or_else(OsString::new, |course| course.folder.clone().into()),
        ];
        // Threads gain nothing on arrays of this size, and cost time and memory at the start.
        let threads = ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"];
        let mut environment = threads.map(|variable| (variable.to_owned(), "1".into())).to_vec();
        // There is no screen to draw on.
        environment.push(("MPLBACKEND".to_owned(), "Agg".into()));
        let mut copies = vec![("driver.py".to_owned(), DRIVER.as_bytes().to_vec())];
        copies.extend(python.files.iter().map(|(path, bytes)| (copy(path), bytes.clone())));
        let mut readable = interpreter.readable.clone();
        readable.extend(course.map(|course| course.folder.clone()));
        Self {
            environment,
            file_name: Some(python.file_name().to_owned()),
            copies,
            ..Self::new(name, command.to_vec(), readable, python.answers_plain(), context)
        }
    }

    /// A program, which may read its own folder and what `interpreter` consists of, and finds that one first
    /// by its name.
    fn program_folder(
        name: String,
        program: &ProgramFolder,
        interpreter: &Interpreter,
        context: RunContext,
    ) -> Self {
        let mut readable = interpreter.readable.clone();
        readable.push(program.folder.clone());
        // A program that begins with `#!/usr/bin/env python3` is run by the same Python as the others.
        let folder = interpreter.program.parent().filter(|folder| folder.is_absolute());
        let environment = folder.map(|folder| {
            let mut path = folder.as_os_str().to_owned();
            path.push(":");
            path.push(isolation::PATH);
            ("PATH".to_owned(), path)
        });
        Self {
            environment: environment.into_iter().collect(),
            ..Self::new(name, vec![program.program().into()], readable, false, context)
        }
    }
}
