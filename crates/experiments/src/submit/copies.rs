//! Copies of what the jobs run and read: the program, and the file of the study where it has no name. A
//! build or an edit while jobs wait then changes nothing for them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use terminal::output::replace_file;
use terminal::shell::absolute;

use super::engine::shown;
use crate::study_argument::NamedStudy;

/// The bytes of a hash in the name of the folder of copies.
const BYTES: usize = 4;

/// What is copied, and where to.
pub(super) struct Copies {
    program: PathBuf,
    original: PathBuf,
    /// The name of the study, or its file and the text of that.
    study: Study,
}

enum Study {
    Named(String),
    File(PathBuf, String),
}

impl Copies {
    /// The copies for jobs whose scripts are in this folder: in a folder below it that is named by what they
    /// are, so that those of a submission before stay as they are.
    pub(super) fn of(study: &NamedStudy, folder: &Path) -> Result<Self> {
        let original = env::current_exe().context("the folder of this program cannot be told")?;
        let bytes =
            fs::read(&original).with_context(|| format!("{} cannot be read", shown(&original)))?;
        let mut hash = Sha256::new();
        hash.update(&bytes);
        hash.update(study.text.as_deref().unwrap_or_default());
        let hash: String =
            hash.finalize()[..BYTES].iter().map(|byte| format!("{byte:02x}")).collect();
        let folder = folder.join(hash);
        let study = match &study.text {
            None => Study::Named(study.name.clone()),
            Some(text) => Study::File(folder.join(format!("{}.toml", study.name)), text.clone()),
        };
        Ok(Self { program: folder.join("experiments"), original, study })
    }

    /// The copy of the program.
    pub(super) fn program(&self) -> &Path {
        &self.program
    }

    /// The argument that names the study.
    pub(super) fn argument(&self) -> Result<String> {
        match &self.study {
            Study::Named(name) => Ok(name.clone()),
            Study::File(path, _) => absolute(path),
        }
    }

    pub(super) fn write(&self) -> Result<()> {
        if let Study::File(path, text) = &self.study {
            replace_file(path, text.as_bytes())?;
        }
        if self.program.exists() {
            return Ok(());
        }
        // Beside its place first, so that nobody finds a part of it; with the permission to run it.
        let written = || {
            let folder = self.program.parent().unwrap_or(Path::new("."));
            fs::create_dir_all(folder)?;
            let part = folder.join(format!("experiments.{}", std::process::id()));
            fs::copy(&self.original, &part)?;
            fs::rename(&part, &self.program)
        };
        written().with_context(|| format!("{} cannot be written", shown(&self.program)))
    }
}
