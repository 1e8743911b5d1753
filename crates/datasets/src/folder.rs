//! Where the files of a data set lie, and where missing files are fetched to.

use std::env;
use std::path::{Path, PathBuf};

use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};

use crate::data_folder::{DataFolder, Origin};
use crate::error::DataSetError;
use crate::published::Published;

/// Every place that may hold the files of one data set, except the folder that an argument names.
#[derive(Debug, Clone)]
pub struct Places {
    pub(crate) published: Published,
    /// The folder that the environment variable names.
    variable: Option<PathBuf>,
    /// The folder in the workspace.
    workspace: PathBuf,
    /// The folder below the user's cache folder, if the system knows one.
    cache: Option<PathBuf>,
}

impl Places {
    /// The places that the environment names; `root` is the folder of the workspace.
    pub fn new(published: Published, root: &Path) -> Self {
        let variable = env::var_os(published.files.variable).map(PathBuf::from);
        let cache = choose_native_strategy().ok().map(|strategy| strategy.cache_dir());
        Self::with(published, root, variable, cache)
    }

    /// These places. An empty variable counts as not set, and a relative cache folder as none.
    pub(crate) fn with(
        published: Published,
        root: &Path,
        variable: Option<PathBuf>,
        cache: Option<PathBuf>,
    ) -> Self {
        let cache = cache.filter(|path| path.is_absolute());
        let folder = published.data_set.entry().folder;
        Self {
            published,
            variable: variable.filter(|path| !path.as_os_str().is_empty()),
            workspace: root.join("data").join(folder),
            cache: cache.map(|path| path.join("spatial-batch-norm").join(folder)),
        }
    }

    /// The folder to read from: `argument`, else the variable's folder, else the workspace's folder
    /// if it exists, else the cache's folder, whether or not it exists.
    ///
    /// # Errors
    ///
    /// [`DataSetError::NoFolder`] when there is none of these.
    pub fn to_read(&self, argument: Option<&Path>) -> Result<DataFolder, DataSetError> {
        match self.named(argument) {
            Some(folder) => Ok(folder),
            None if self.workspace.exists() => {
                Ok(DataFolder { path: self.workspace.clone(), origin: Origin::Workspace })
            }
            None => self.cache(),
        }
    }

    /// The folder to fetch to: `argument`, else the variable's folder, else the cache's folder.
    ///
    /// # Errors
    ///
    /// [`DataSetError::NoFolder`] when there is none of these.
    pub fn to_fill(&self, argument: Option<&Path>) -> Result<DataFolder, DataSetError> {
        self.named(argument).map_or_else(|| self.cache(), Ok)
    }

    fn named(&self, argument: Option<&Path>) -> Option<DataFolder> {
        let folder = |path: &Path, origin| DataFolder { path: path.to_owned(), origin };
        let variable = || {
            let path = self.variable.as_deref()?;
            Some(folder(path, Origin::Variable(self.published.files.variable)))
        };
        argument.map(|path| folder(path, Origin::Argument)).or_else(variable)
    }

    fn cache(&self) -> Result<DataFolder, DataSetError> {
        let variable = self.published.files.variable;
        let path = self.cache.clone().ok_or(DataSetError::NoFolder { variable })?;
        Ok(DataFolder { path, origin: Origin::Cache })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use trainer::dataset::DataSet;

    const VARIABLE: Origin = Origin::Variable("FASHION_MNIST_DIR");

    fn fashion_mnist() -> Published {
        Published::of(DataSet::FashionMnist).unwrap()
    }

    #[test]
    fn the_argument_goes_before_the_variable_the_workspace_and_the_cache() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let places = |variable: Option<&str>| {
            let variable = variable.map(PathBuf::from);
            Places::with(fashion_mnist(), root, variable, Some(root.to_owned()))
        };
        let read = |variable, argument: Option<&Path>| {
            let folder = places(variable).to_read(argument).unwrap();
            (folder.origin, folder.path)
        };
        let given = Some(Path::new("given"));
        assert_eq!(read(Some("named"), given), (Origin::Argument, PathBuf::from("given")));
        assert_eq!(read(Some("named"), None), (VARIABLE, PathBuf::from("named")));
        let cache = root.join("spatial-batch-norm/fashion-mnist");
        assert_eq!(read(Some(""), None), (Origin::Cache, cache));
        let workspace = root.join("data/fashion-mnist");
        fs::create_dir_all(&workspace).unwrap();
        assert_eq!(read(None, None), (Origin::Workspace, workspace));

        let fill =
            |variable, argument: Option<&Path>| places(variable).to_fill(argument).unwrap().origin;
        assert_eq!(fill(Some("named"), given), Origin::Argument);
        assert_eq!(fill(Some("named"), None), VARIABLE);
        // Only a user who names the workspace's folder has it filled.
        assert_eq!(fill(None, None), Origin::Cache);
    }

    #[test]
    fn without_a_cache_folder_a_folder_must_be_named() {
        for cache in [None, Some(""), Some("caches")] {
            let root = Path::new("/root-of-workspace");
            let places = Places::with(fashion_mnist(), root, None, cache.map(PathBuf::from));
            let message = places.to_fill(None).unwrap_err().to_string();
            assert!(
                message.contains("neither by an argument nor by FASHION_MNIST_DIR"),
                "{message}"
            );
        }
    }
}
