//! Where the four files of Fashion-MNIST are, and where they are fetched to.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use trainer::dataset::FashionMnist;

/// Names the folder, where no `--data-dir` does.
const VARIABLE: &str = "FASHION_MNIST_DIR";

/// Below the workspace, and below `spatial-batch-norm` in the user's cache folder.
const NAME: &str = "fashion-mnist";

/// A folder, and how it came to be the one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFolder {
    pub path: PathBuf,
    pub origin: Origin,
}

/// How a folder came to be the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// `--data-dir` names it.
    DataDir,
    /// `FASHION_MNIST_DIR` names it.
    Variable,
    /// It exists in the workspace.
    Workspace,
    /// None of these: it is in the user's cache folder.
    Cache,
}

impl Origin {
    /// In the words of a message.
    pub fn text(self) -> &'static str {
        match self {
            Self::DataDir => "from --data-dir",
            Self::Variable => "from the variable FASHION_MNIST_DIR",
            Self::Workspace => "the workspace's own, as FASHION_MNIST_DIR is not set",
            Self::Cache => "in the user's cache folder",
        }
    }
}

/// All places that may hold the files, but for the one that an argument names.
#[derive(Debug, Clone)]
pub struct Places {
    /// What `FASHION_MNIST_DIR` says.
    variable: Option<PathBuf>,
    /// `data/fashion-mnist` in the workspace.
    workspace: PathBuf,
    /// Ours below the user's cache folder, if there is such a thing.
    cache: Option<PathBuf>,
}

impl Places {
    /// As the environment tells; `root` is the workspace.
    pub fn new(root: &Path) -> Self {
        Self::with(root, |name| env::var_os(name), env::home_dir())
    }

    /// With these variables and this home folder. An empty variable is one that is not set.
    pub fn with(
        root: &Path,
        variable: impl Fn(&str) -> Option<OsString>,
        home: Option<PathBuf>,
    ) -> Self {
        let folder = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let cache = if cfg!(windows) {
            folder("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            home.map(|home| home.join("Library/Caches"))
        } else {
            // A relative path here is to be ignored, says the XDG Base Directory Specification.
            let named = folder("XDG_CACHE_HOME").filter(|path| path.is_absolute());
            named.or_else(|| home.map(|home| home.join(".cache")))
        };
        Self {
            variable: folder(VARIABLE),
            workspace: root.join("data").join(NAME),
            cache: cache
                .filter(|path| path.is_absolute())
                .map(|path| path.join("spatial-batch-norm").join(NAME)),
        }
    }

    /// The folder to read from: `data_dir`, else what the variable says, else the workspace's if it
    /// exists, else the cache's, whether or not it exists.
    ///
    /// # Errors
    ///
    /// None of these, and the system tells no cache folder.
    pub fn to_read(&self, data_dir: Option<&Path>) -> Result<DataFolder> {
        match self.named(data_dir) {
            Some(folder) => Ok(folder),
            None if self.workspace.exists() => {
                Ok(DataFolder { path: self.workspace.clone(), origin: Origin::Workspace })
            }
            None => self.cache(),
        }
    }

    /// The folder to fetch to: `data_dir`, else what the variable says, else the cache's.
    ///
    /// # Errors
    ///
    /// None of these, and the system tells no cache folder.
    pub fn to_fill(&self, data_dir: Option<&Path>) -> Result<DataFolder> {
        self.named(data_dir).map_or_else(|| self.cache(), Ok)
    }

    fn named(&self, data_dir: Option<&Path>) -> Option<DataFolder> {
        let argument =
            data_dir.map(|path| DataFolder { path: path.to_path_buf(), origin: Origin::DataDir });
        argument
            .or_else(|| Some(DataFolder { path: self.variable.clone()?, origin: Origin::Variable }))
    }

    fn cache(&self) -> Result<DataFolder> {
        let path = self.cache.clone().ok_or_else(|| {
            let variable = if cfg!(windows) { "LOCALAPPDATA" } else { "HOME" };
            anyhow!(
                "there is no cache folder, as {variable} is not set; --data-dir or {VARIABLE} \
                 names a folder"
            )
        })?;
        Ok(DataFolder { path, origin: Origin::Cache })
    }
}

impl DataFolder {
    /// Whether all four files are there; whether they are right shows when they are read.
    pub fn is_complete(&self) -> bool {
        FashionMnist::FILES.iter().all(|file| self.path.join(file.name).exists())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn places(root: &Path, variables: &[(&str, &str)], home: Option<&Path>) -> Places {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        Places::with(root, variable, home.map(Path::to_path_buf))
    }

    #[test]
    fn the_argument_goes_before_the_variable_the_workspace_and_the_cache() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let all = [(VARIABLE, "named")];
        let read = |variables: &[_], data_dir: Option<&Path>| {
            let folder = places(root, variables, Some(root)).to_read(data_dir).unwrap();
            (folder.origin, folder.path)
        };
        let given = Some(Path::new("given"));
        assert_eq!(read(&all, given), (Origin::DataDir, PathBuf::from("given")));
        assert_eq!(read(&all, None), (Origin::Variable, PathBuf::from("named")));
        let (origin, cache) = read(&[(VARIABLE, "")], None);
        assert_eq!(origin, Origin::Cache);
        assert!(cache.starts_with(root) && cache.ends_with("spatial-batch-norm/fashion-mnist"));
        let workspace = root.join("data/fashion-mnist");
        fs::create_dir_all(&workspace).unwrap();
        assert_eq!(read(&[], None), (Origin::Workspace, workspace));

        let fill = |variables: &[_], data_dir: Option<&Path>| {
            places(root, variables, Some(root)).to_fill(data_dir).unwrap().origin
        };
        assert_eq!(fill(&all, given), Origin::DataDir);
        assert_eq!(fill(&all, None), Origin::Variable);
        // The workspace's folder is filled only by whoever names it.
        assert_eq!(fill(&[], None), Origin::Cache);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_cache_folder_is_the_one_of_the_xdg_specification() {
        let root = Path::new("/root-of-workspace");
        let cache = |variables: &[_], home: Option<&str>| {
            let places = places(root, variables, home.map(Path::new));
            places.to_fill(None).map(|folder| folder.path)
        };
        let below = |folder: &str| Path::new(folder).join("spatial-batch-norm/fashion-mnist");
        let named = [("XDG_CACHE_HOME", "/caches")];
        assert_eq!(cache(&named, Some("/home/me")).unwrap(), below("/caches"));
        assert_eq!(cache(&[], Some("/home/me")).unwrap(), below("/home/me/.cache"));
        let relative = [("XDG_CACHE_HOME", "caches")];
        assert_eq!(cache(&relative, Some("/home/me")).unwrap(), below("/home/me/.cache"));
        let message = cache(&[], None).unwrap_err().to_string();
        assert!(message.contains("HOME is not set; --data-dir"), "{message}");
        assert!(cache(&[], Some("")).is_err());
    }
}
