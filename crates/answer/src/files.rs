//! The .npy files and notes of one script.

use std::fs;
use std::path::PathBuf;

use ndarray::{ArrayD, Axis, stack};
use ndarray_npy::{ReadNpyError, read_npy, write_npy};

use crate::program_error::ProgramError;

/// The folders of a script.
pub(crate) struct Files {
    pub(crate) inputs: PathBuf,
    pub(crate) outputs: PathBuf,
}

impl Files {
    /// The folder of the outputs is made.
    pub(crate) fn new(inputs: PathBuf, outputs: PathBuf) -> Result<Self, ProgramError> {
        fs::create_dir_all(&outputs).map_err(|error| ProgramError::of(&outputs, error))?;
        Ok(Self { inputs, outputs })
    }

    /// The lines of a file of the inputs.
    pub(crate) fn text(&self, name: &str) -> Result<String, ProgramError> {
        let path = self.inputs.join(name);
        fs::read_to_string(&path).map_err(|error| ProgramError::of(&path, error))
    }

    /// Writes a text into the outputs.
    pub(crate) fn note(&self, name: &str, text: &str) -> Result<(), ProgramError> {
        let path = self.outputs.join(name);
        fs::write(&path, text).map_err(|error| ProgramError::of(&path, error))
    }

    /// An array of f64, f32 or i64, each of which is exact in f64 here, and whether it is one of f32. Its
    /// memory keeps the order that it has in the file.
    pub(crate) fn read(&self, name: &str) -> Result<(ArrayD<f64>, bool), ProgramError> {
        let path = self.inputs.join(format!("{name}.npy"));
        let is_other = |error: &ReadNpyError| matches!(error, ReadNpyError::WrongDescriptor(_));
        match read_npy::<_, ArrayD<f64>>(&path) {
            Err(error) if is_other(&error) => {}
            read => return Ok((read.map_err(|error| ProgramError::of(&path, error))?, false)),
        }
        match read_npy::<_, ArrayD<f32>>(&path) {
            Err(error) if is_other(&error) => {}
            read => {
                let read = read.map_err(|error| ProgramError::of(&path, error))?;
                return Ok((read.mapv(f64::from), true));
            }
        }
        let read = read_npy::<_, ArrayD<i64>>(&path);
        Ok((
            read.map_err(|error| ProgramError::of(&path, error))?.mapv(|value| value as f64),
            false,
        ))
    }

    /// Writes one array, in f32 if `is_single`.
    pub(crate) fn write(
        &self,
        name: &str,
        array: &ArrayD<f64>,
        is_single: bool,
    ) -> Result<(), ProgramError> {
        let path = self.outputs.join(format!("{name}.npy"));
        let written = if is_single {
            write_npy(&path, &array.mapv(|value| value as f32))
        } else {
            write_npy(&path, array)
        };
        written.map_err(|error| ProgramError::of(&path, error))
    }

    /// Writes arrays of one shape along a new first axis; nothing if there are none.
    pub(crate) fn write_stacked(
        &self,
        name: &str,
        arrays: &[ArrayD<f64>],
        is_single: bool,
    ) -> Result<(), ProgramError> {
        if arrays.is_empty() {
            return Ok(());
        }
        let views: Vec<_> = arrays.iter().map(|array| array.view()).collect();
        let stacked = stack(Axis(0), &views);
        let stacked = stacked.map_err(|error| ProgramError::of(&self.outputs.join(name), error))?;
        self.write(name, &stacked, is_single)
    }
}
