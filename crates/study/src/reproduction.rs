//! Whether a study came out as the same study did before: byte by byte.

use std::path::{Path, PathBuf};

use crate::config::{CONFIG_FILE, StudyConfig};
use crate::discussion::DISCUSSION_FILE;
use crate::error::{Result, StudyError};
use crate::report;
use crate::tables::{DICTIONARY_FILE, table_files};

/// How the files of a study compare with those of the same study from before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reproduction {
    /// All files have the same bytes.
    Same {
        /// How many there are.
        files: usize,
    },
    /// Some differ.
    Different {
        /// How many there are.
        files: usize,
        /// The files that differ or are missing from before.
        differing: Vec<PathBuf>,
    },
}

impl Reproduction {
    /// Compares what a study with this configuration wrote to `made` with what is in `before`. None if
    /// that is another study or none, or the same folder.
    ///
    /// # Errors
    ///
    /// A file of `made` that cannot be read.
    pub fn of(config: &StudyConfig, made: &Path, before: &Path) -> Result<Option<Self>> {
        let same_folder = match (made.canonicalize(), before.canonicalize()) {
            (Ok(made), Ok(before)) => made == before,
            (Ok(_) | Err(_), Ok(_) | Err(_)) => false,
        };
        let text = files::read_text(&before.join(CONFIG_FILE)).ok();
        let found = text.and_then(|text| StudyConfig::read(&text).ok());
        if same_folder || found.as_ref() != Some(config) {
            return Ok(None);
        }
        // The pages of a report with a discussion have it, and those of a new one have not.
        let has_discussion = before.join(DISCUSSION_FILE).exists();
        let pages = [report::PAGE, report::TEXT];
        let is_of_discussion =
            |file: &PathBuf| has_discussion && pages.iter().any(|page| file == Path::new(page));
        let names: Vec<PathBuf> = table_files(config)
            .into_iter()
            .map(PathBuf::from)
            .chain(report::files(config))
            .filter(|file| !is_of_discussion(file))
            .collect();
        let (mut files, mut differing) = (0, Vec::new());
        for name in &names {
            let path = made.join(name);
            // A figure that the study has no data for is in neither.
            if !path.exists() && !before.join(name).exists() {
                continue;
            }
            let bytes = files::read(&path).map_err(StudyError::file(&path, "cannot be read"))?;
            files += 1;
            // What cannot be read from before is not the same.
            if files::read(&before.join(name)).ok() != Some(bytes) {
                differing.push(name.clone());
            }
        }
        Ok(Some(match differing.is_empty() {
            true => Self::Same { files },
            false => Self::Different { files, differing },
        }))
    }

    /// Whether a table of numbers differs, and not only what is drawn and written from them.
    pub fn numbers_differ(&self) -> bool {
        match self {
            Self::Same { .. } => false,
            // One table holds only words: what the columns of the others mean.
            Self::Different { differing, .. } => differing.iter().any(|file| {
                file.extension().is_some_and(|ending| ending == "csv")
                    && file != Path::new(DICTIONARY_FILE)
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::made_up;
    use crate::tables::TABLE_FILES;

    fn write_study(folder: &Path, config: &StudyConfig) {
        for name in TABLE_FILES.iter().map(PathBuf::from).chain(report::files(config)) {
            let path = folder.join(&name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, name.to_str().unwrap()).unwrap();
        }
        fs::write(folder.join(CONFIG_FILE), config.to_toml()).unwrap();
    }

    #[test]
    fn the_same_study_is_compared_file_by_file_and_another_not_at_all() {
        let config = made_up::config();
        let [made, before] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let (made, before) = (made.path(), before.path());
        write_study(made, &config);
        let compare = || Reproduction::of(&config, made, before).unwrap();
        assert_eq!(compare(), None);
        write_study(before, &config);
        let files = TABLE_FILES.len() + report::files(&config).count();
        assert_eq!(compare(), Some(Reproduction::Same { files }));
        assert_eq!(Reproduction::of(&config, made, &made.join(".")).unwrap(), None);

        let words = ["index.html", DICTIONARY_FILE];
        words.iter().for_each(|file| fs::write(before.join(file), "otherwise").unwrap());
        let found = compare().unwrap();
        assert!(!found.numbers_differ());
        let differing = words.map(PathBuf::from).to_vec();
        assert_eq!(found, Reproduction::Different { files, differing });
        for table in ["epochs.csv", "summary.csv", "comparisons.csv"] {
            fs::remove_file(before.join(table)).unwrap();
            assert!(compare().unwrap().numbers_differ(), "{table}");
            fs::write(before.join(table), table).unwrap();
            assert!(!compare().unwrap().numbers_differ(), "{table}");
        }

        let mut other = config.clone();
        other.file.seeds = vec![7];
        fs::write(before.join(CONFIG_FILE), other.to_toml()).unwrap();
        assert_eq!(compare(), None);
    }
}
