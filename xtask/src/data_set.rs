//! Which data set a command works on, and how it comes by it.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Error, Result, bail};
use clap::ValueEnum;
use trainer::TrainError;
use trainer::dataset::{FashionMnist, LabelledImages, Split, Synthetic};

use crate::data::fetch::fetch_fashion_mnist;
use crate::data::folder::{Origin, Places};
use crate::workspace::relative;
use study::data_set_name::DataSetName;

/// The images of either data set to train and validate with.
const TRAINING_IMAGES: usize = 60_000;

/// The test images of either data set.
pub const TEST_IMAGES: usize = 10_000;

/// Which images of either data set to train with, and which to validate with.
pub fn whole_split() -> Split {
    Split::four_fifths_of(TRAINING_IMAGES)
}

/// Which data set, for the commands that take one.
#[derive(Debug, Clone, clap::Args)]
pub struct DataArguments {
    /// Folder of the four Fashion-MNIST files [default: $FASHION_MNIST_DIR, else data/fashion-mnist, else the user's cache folder]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Which images; the built-in set needs no files
    #[arg(long, value_enum, default_value_t = Choice::Auto)]
    pub dataset: Choice,

    /// Never use the network, even if Fashion-MNIST is not here
    #[arg(long)]
    pub offline: bool,
}

/// The data set asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// Fashion-MNIST if it is here or can be fetched, else the built-in set
    Auto,
    /// Fashion-MNIST, from its four files; fetched if they are not here
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

/// How a data set came to be the one.
#[derive(Debug)]
enum Found {
    /// It was asked for or here.
    AtHand(DataSet),
    /// Its missing files were fetched.
    Fetched(DataSet),
    /// The built-in set, as Fashion-MNIST is not here for this reason.
    BuiltInInstead(Error),
}

impl DataArguments {
    /// The data set to use. What was fetched, and that the built-in set takes the place of
    /// Fashion-MNIST, is said on standard error; `root` is the workspace.
    ///
    /// # Errors
    ///
    /// Fashion-MNIST was asked for and is neither here nor can be fetched.
    pub fn find(&self, root: &Path) -> Result<DataSet> {
        let found = self.search(&Places::new(root), |folder| {
            eprintln!("Fashion-MNIST is not here; fetching its 30 MB to {}", folder.display());
            fetch_fashion_mnist(folder, &[], |notice| {
                eprintln!("{notice}");
                Ok(())
            })
        })?;
        Ok(match found {
            Found::AtHand(data_set) | Found::Fetched(data_set) => data_set,
            Found::BuiltInInstead(reason) => {
                eprintln!(
                    "The built-in set takes the place of Fashion-MNIST, which is not here: {reason:#}\n\
                     `cargo xtask data fetch` fetches it, --data-dir names its folder, and --dataset \
                     synthetic silences this."
                );
                DataSet::Synthetic
            }
        })
    }

    /// Looks for the data set. A folder that somebody named is taken at their word, so that a
    /// mistyped one is an error and not another data set; so is the workspace's own if it exists,
    /// which somebody made. Only the cache folder is filled by `fetch`.
    fn search(&self, places: &Places, fetch: impl FnOnce(&Path) -> Result<()>) -> Result<Found> {
        if self.dataset == Choice::Synthetic {
            return Ok(Found::AtHand(DataSet::Synthetic));
        }
        let look = || {
            let folder = places.to_read(self.data_dir.as_deref())?;
            let data_set = DataSet::FashionMnist {
                folder: relative(&folder.path).to_path_buf(),
                origin: folder.origin.text(),
            };
            if folder.origin != Origin::Cache || folder.is_complete() {
                return Ok(Found::AtHand(data_set));
            }
            if self.offline {
                bail!(
                    "{} does not hold it, and --offline forbids fetching it",
                    folder.path.display()
                );
            }
            fetch(&folder.path)?;
            Ok(Found::Fetched(data_set))
        };
        look().or_else(|reason| match self.dataset {
            Choice::Auto => Ok(Found::BuiltInInstead(reason)),
            _ => {
                Err(reason.context("Fashion-MNIST is not here; --dataset synthetic needs no files"))
            }
        })
    }
}

impl DataSet {
    /// As lines and figures call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::FashionMnist { .. } => FashionMnist::NAME,
            Self::Synthetic => "Built-in synthetic garments",
        }
    }

    /// The name in the files of a study.
    pub fn kind(&self) -> DataSetName {
        match self {
            Self::FashionMnist { .. } => DataSetName::FashionMnist,
            Self::Synthetic => DataSetName::Synthetic,
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
        self.read(FashionMnist::training, Synthetic::training)
    }

    /// Images that are enough for this split of those to train and validate with, and where among
    /// them its images are. Training with them gives the same numbers as with all, and a small split
    /// of the built-in set is there sooner, as only its images are drawn.
    pub fn training_of(&self, split: &Split) -> Result<(LabelledImages, Split)> {
        match self {
            Self::FashionMnist { .. } => Ok((self.training()?, split.clone())),
            Self::Synthetic => {
                let images = Synthetic::training_at(&split.positions(), threads())?;
                Ok((images, split.of_its_images_alone()))
            }
        }
    }

    /// The 10,000 images to test with, once, at the end.
    pub fn test(&self) -> Result<LabelledImages> {
        self.read(FashionMnist::test, Synthetic::test)
    }

    fn read(
        &self,
        from_files: impl FnOnce(&Path) -> Result<LabelledImages, TrainError>,
        built_in: impl FnOnce(NonZero<usize>) -> Result<LabelledImages, TrainError>,
    ) -> Result<LabelledImages> {
        match self {
            Self::FashionMnist { folder, origin } => from_files(folder).with_context(|| {
                format!(
                    "{} cannot be read from {folder} ({origin}); `cargo xtask data fetch --data-dir {folder}` \
                     fetches what is missing or damaged, and --dataset synthetic needs no files",
                    self.name(),
                    folder = folder.display()
                )
            }),
            Self::Synthetic => Ok(built_in(threads())?),
        }
    }
}

fn threads() -> NonZero<usize> {
    thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::ffi::OsString;
    use std::fs;

    use super::*;

    /// A workspace and a home folder without any data set.
    struct Surroundings {
        root: tempfile::TempDir,
        variable: Option<&'static str>,
    }

    /// What a search came to, and the folder that it fetched to.
    struct Searched {
        found: Result<Found>,
        fetched_to: Option<PathBuf>,
    }

    impl Surroundings {
        fn new() -> Self {
            Self { root: tempfile::tempdir().unwrap(), variable: None }
        }

        fn places(&self) -> Places {
            let variable = |name: &str| {
                self.variable.filter(|_| name == "FASHION_MNIST_DIR").map(OsString::from)
            };
            // Some systems take the cache folder from the home folder, others from a variable.
            let cache = |name: &str| (name == "LOCALAPPDATA").then(|| self.root.path().into());
            let home = Some(self.root.path().to_path_buf());
            Places::with(self.root.path(), |name| variable(name).or_else(|| cache(name)), home)
        }

        fn search(
            &self,
            dataset: Choice,
            data_dir: Option<&str>,
            offline: bool,
            online: bool,
        ) -> Searched {
            let arguments =
                DataArguments { data_dir: data_dir.map(PathBuf::from), dataset, offline };
            let fetched_to = Cell::new(None);
            let found = arguments.search(&self.places(), |folder| {
                fetched_to.set(Some(folder.to_path_buf()));
                if online { Ok(()) } else { bail!("no network") }
            });
            Searched { found, fetched_to: fetched_to.take() }
        }

        fn cache(&self) -> PathBuf {
            self.places().to_fill(None).unwrap().path
        }
    }

    #[track_caller]
    fn expect_folder(searched: &Searched, expected: &Path) {
        match &searched.found {
            Ok(Found::AtHand(DataSet::FashionMnist { folder, .. })) => assert_eq!(folder, expected),
            other => panic!("{other:?}"),
        }
        assert_eq!(searched.fetched_to, None);
    }

    #[test]
    fn a_named_folder_is_taken_at_its_word_and_never_filled() {
        let mut surroundings = Surroundings::new();
        surroundings.variable = Some("elsewhere");
        for choice in [Choice::Auto, Choice::FashionMnist] {
            let search = |data_dir| surroundings.search(choice, data_dir, false, true);
            expect_folder(&search(None), Path::new("elsewhere"));
            expect_folder(&search(Some("first")), Path::new("first"));
        }
    }

    #[test]
    fn the_workspaces_folder_is_used_if_it_exists() {
        let surroundings = Surroundings::new();
        let folder = surroundings.root.path().join("data/fashion-mnist");
        fs::create_dir_all(&folder).unwrap();
        for choice in [Choice::Auto, Choice::FashionMnist] {
            expect_folder(&surroundings.search(choice, None, false, true), &folder);
        }
    }

    #[test]
    fn the_cache_is_used_if_it_has_all_files_and_else_filled() {
        let surroundings = Surroundings::new();
        let cache = surroundings.cache();
        fs::create_dir_all(&cache).unwrap();
        for file in FashionMnist::FILES {
            let searched = surroundings.search(Choice::Auto, None, false, true);
            assert_eq!(searched.fetched_to.as_ref(), Some(&cache));
            let found = searched.found.unwrap();
            assert!(
                matches!(&found, Found::Fetched(DataSet::FashionMnist { folder, .. }) if *folder == cache),
                "{found:?}"
            );
            fs::write(cache.join(file.name), "").unwrap();
        }
        for offline in [false, true] {
            expect_folder(&surroundings.search(Choice::FashionMnist, None, offline, false), &cache);
        }
    }

    #[test]
    fn without_files_or_network_the_built_in_set_is_used_for_a_reason_or_nothing() {
        let surroundings = Surroundings::new();
        for (offline, reason) in [(true, "--offline forbids"), (false, "no network")] {
            let searched = surroundings.search(Choice::Auto, None, offline, false);
            assert_eq!(searched.fetched_to.is_some(), !offline);
            let Ok(Found::BuiltInInstead(why)) = searched.found else { panic!("{offline}") };
            assert!(why.to_string().contains(reason), "{why}");
            let searched = surroundings.search(Choice::FashionMnist, None, offline, false);
            let message = format!("{:#}", searched.found.unwrap_err());
            assert!(message.contains(reason), "{message}");
            assert!(message.contains("--dataset synthetic"), "{message}");
        }
    }

    #[test]
    fn the_built_in_set_looks_for_nothing() {
        let mut surroundings = Surroundings::new();
        surroundings.variable = Some("elsewhere");
        let searched = surroundings.search(Choice::Synthetic, Some("named"), false, true);
        assert!(matches!(searched.found, Ok(Found::AtHand(DataSet::Synthetic))));
        assert_eq!(searched.fetched_to, None);
    }
}
