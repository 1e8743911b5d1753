//! The fixtures that are part of this program, for where there is no workspace around it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;
use terminal::workspace;

/// Every file of the folder of fixtures that a grading needs, by its path.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/fixtures.rs"));

/// A folder of fixtures.
pub(crate) struct Fixtures {
    /// Where it lies.
    pub(crate) folder: PathBuf,
    /// It goes with this, if it was unpacked.
    _unpacked: Option<TempDir>,
}

impl Fixtures {
    /// The folder that is `named`, else the workspace's, else that of this program.
    pub(crate) fn find(named: Option<&Path>) -> Result<Self> {
        if named.is_none() && workspace::root().is_err() {
            let unpacked = unpack().context("the fixtures of this program cannot be unpacked")?;
            return Ok(Self { folder: unpacked.path().to_owned(), _unpacked: Some(unpacked) });
        }
        Ok(Self { folder: workspace::fixtures_folder(named)?, _unpacked: None })
    }
}

fn unpack() -> Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("spatial-batchnorm-fixtures-").tempdir()?;
    for (name, bytes) in FILES {
        let path = folder.path().join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, bytes)?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Grading by them is a test of its own, `package`.
    #[test]
    fn the_embedded_fixtures_are_those_of_the_workspace() {
        let unpacked = unpack().unwrap();
        let fixtures = workspace::root().unwrap().join("fixtures");
        let manifest = grader::fixture::Manifest::read(unpacked.path()).unwrap();
        assert_eq!(manifest, grader::fixture::Manifest::read(&fixtures).unwrap());
        assert_eq!(grader::fixture::Manifest::verify(unpacked.path()).unwrap(), []);
        assert_eq!(FILES.len(), manifest.files() + 1);
    }
}
