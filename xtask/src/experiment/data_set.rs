//! Which data set an experiment trains on, and where it is.

use std::path::{Path, PathBuf};
use std::{env, thread};

use anyhow::{Context, Result};
use clap::ValueEnum;
use trainer::dataset::{FashionMnist, LabelledImages, Synthetic};

const DIR_VARIABLE: &str = "FASHION_MNIST_DIR";

/// The data set to train on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// Fashion-MNIST if a folder is given or the default one exists, else the built-in set
    Auto,
    /// Fashion-MNIST, from its four files
    FashionMnist,
    /// The built-in set: ten classes of garments drawn by code
    Synthetic,
}

/// A data set found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataSet {
    /// In this folder, which was named as told.
    FashionMnist {
        folder: PathBuf,
        origin: &'static str,
    },
    Synthetic,
}

impl DataSet {
    /// The data set of this choice: the folder is `data_dir`, else what FASHION_MNIST_DIR says,
    /// else data/fashion-mnist in the workspace. A folder that somebody named is taken at their
    /// word, so that a mistyped one is an error and not another data set.
    pub fn find(choice: Choice, data_dir: Option<&Path>, root: &Path) -> Self {
        let variable = env::var_os(DIR_VARIABLE).filter(|folder| !folder.is_empty());
        Self::choose(choice, data_dir, variable.map(PathBuf::from), root)
    }

    fn choose(
        choice: Choice,
        data_dir: Option<&Path>,
        variable: Option<PathBuf>,
        root: &Path,
    ) -> Self {
        let (folder, origin, named) = if let Some(folder) = data_dir {
            (folder.to_path_buf(), "from --data-dir", true)
        } else if let Some(folder) = variable {
            (folder, "from the variable FASHION_MNIST_DIR", true)
        } else {
            let origin = "the default, as FASHION_MNIST_DIR is not set";
            (root.join("data/fashion-mnist"), origin, false)
        };
        match choice {
            Choice::Synthetic => Self::Synthetic,
            Choice::Auto if !named && !folder.exists() => Self::Synthetic,
            Choice::Auto | Choice::FashionMnist => Self::FashionMnist { folder, origin },
        }
    }

    /// As lines and figures call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::FashionMnist { .. } => "Fashion-MNIST",
            Self::Synthetic => "Built-in synthetic garments",
        }
    }

    /// The name of its folder of reports.
    pub fn folder(&self) -> &'static str {
        match self {
            Self::FashionMnist { .. } => "fashion-mnist",
            Self::Synthetic => "synthetic",
        }
    }

    /// The 60,000 images to train and validate with.
    pub fn training(&self) -> Result<LabelledImages> {
        match self {
            Self::FashionMnist { folder, origin } => {
                FashionMnist::training(folder).with_context(|| {
                    format!(
                        "no {} in {} ({origin}); --data-dir names another folder, and \
                         --dataset synthetic needs none",
                        self.name(),
                        folder.display()
                    )
                })
            }
            Self::Synthetic => {
                let threads =
                    thread::available_parallelism().unwrap_or(std::num::NonZero::<usize>::MIN);
                Ok(Synthetic::training(threads)?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_folder_is_taken_at_its_word_and_the_default_only_if_it_exists() {
        let root = tempfile::tempdir().unwrap();
        let named = PathBuf::from("elsewhere");
        let choose = |choice, data_dir: Option<&Path>, variable: Option<&PathBuf>| {
            DataSet::choose(choice, data_dir, variable.cloned(), root.path())
        };
        assert_eq!(choose(Choice::Auto, None, None), DataSet::Synthetic);
        assert_eq!(choose(Choice::Synthetic, Some(&named), None), DataSet::Synthetic);
        let folder_of = |data_set| match data_set {
            DataSet::FashionMnist { folder, .. } => folder,
            DataSet::Synthetic => panic!("chose the built-in set"),
        };
        assert_eq!(folder_of(choose(Choice::Auto, None, Some(&named))), named);
        let first = choose(Choice::Auto, Some(Path::new("first")), Some(&named));
        assert_eq!(folder_of(first), Path::new("first"));
        let default = root.path().join("data/fashion-mnist");
        assert_eq!(folder_of(choose(Choice::FashionMnist, None, None)), default);
        std::fs::create_dir_all(&default).unwrap();
        assert_eq!(folder_of(choose(Choice::Auto, None, None)), default);
    }
}
