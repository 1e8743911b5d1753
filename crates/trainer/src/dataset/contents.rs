//! What the images of a run are, for its record.

use super::DataSet;
use super::entry::Source;

/// What the images of a run are: the name of their data set, and what fixes each of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSetContents {
    name: String,
    /// The SHA-256 of each published file by the file's name, or the name of what a generator draws.
    fixed: Vec<(&'static str, &'static str)>,
}

impl From<DataSet> for DataSetContents {
    fn from(data_set: DataSet) -> Self {
        let mut fixed = match &data_set.entry().source {
            Source::Files(published) => {
                published.files.iter().map(|file| (file.name, file.sha256)).collect()
            }
            Source::Code(drawn) => vec![("generator", drawn.numerics)],
        };
        // The order in which files are fetched says nothing of what they hold.
        fixed.sort_unstable();
        Self { name: data_set.to_string(), fixed }
    }
}

impl DataSetContents {
    /// Images that are of no data set, and of which only this name is known.
    pub fn known_by_name_alone(name: impl Into<String>) -> Self {
        Self { name: name.into(), fixed: Vec::new() }
    }

    /// The name in texts.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What fixes each byte, with its name.
    pub fn fixed(&self) -> &[(&'static str, &'static str)] {
        &self.fixed
    }
}
