//! Finding a data set: at hand, fetched, or the built-in set in its place.

use std::path::Path;

use trainer::dataset::{DataSet, PublishedFile};

use crate::data_folder::{DataFolder, Origin};
use crate::error::DataSetError;
use crate::folder::Places;
use crate::local::LocalDataSet;
use crate::published::Published;

/// The data set that a user asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The first data set that has files if they are here or can be fetched, else the first data
    /// set that needs no files.
    Auto,
    /// This data set.
    Only(DataSet),
}

/// What to search for, and how.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// The data set.
    pub choice: Choice,
    /// The folder of its files, if the user names one.
    pub folder: Option<&'a Path>,
    /// Whether fetching is forbidden.
    pub offline: bool,
}

/// A data set, and how it was found.
#[derive(Debug)]
pub enum Found {
    /// It needs no files, or its files are here.
    AtHand(LocalDataSet),
    /// Its missing files were fetched.
    Fetched(LocalDataSet),
    /// The first data set that needs no files, because of this error.
    Instead(LocalDataSet, DataSetError),
}

impl Search<'_> {
    /// Searches for the data set where the environment says; `root` is the folder of the workspace.
    ///
    /// A folder that the user named is used even if it does not hold the files, so that a misspelt
    /// name is an error and not another data set. The same holds for the workspace's folder, which
    /// exists only if the user made it. Only the cache folder is filled, by `fetch`.
    ///
    /// # Errors
    ///
    /// [`DataSetError::NotHere`] when the data set that was asked for is neither here nor fetched.
    pub fn find(
        &self,
        root: &Path,
        fetch: impl FnOnce(Published, &Path) -> Result<(), DataSetError>,
    ) -> Result<Found, DataSetError> {
        self.find_in(|published| Places::new(published, root), fetch)
    }

    fn find_in(
        &self,
        places: impl FnOnce(Published) -> Places,
        fetch: impl FnOnce(Published, &Path) -> Result<(), DataSetError>,
    ) -> Result<Found, DataSetError> {
        let drawn = match self.choice {
            Choice::Auto => DataSet::ALL.iter().copied().find_map(LocalDataSet::drawn),
            Choice::Only(data_set) => LocalDataSet::drawn(data_set),
        };
        let published = match self.choice {
            Choice::Auto => Published::all().next(),
            Choice::Only(data_set) => Published::of(data_set),
        };
        let found = match published {
            Some(published) => self.find_files(&places(published), fetch).map_err(|reason| {
                let name = published.data_set.name();
                DataSetError::NotHere { name, source: Box::new(reason) }
            }),
            None => return drawn.map(Found::AtHand).ok_or(DataSetError::NoDataSet),
        };
        match (found, drawn) {
            (Err(reason), Some(drawn)) => Ok(Found::Instead(drawn, reason)),
            (found, _) => found,
        }
    }

    fn find_files(
        &self,
        places: &Places,
        fetch: impl FnOnce(Published, &Path) -> Result<(), DataSetError>,
    ) -> Result<Found, DataSetError> {
        let folder = places.to_read(self.folder)?;
        let published = places.published;
        let data_set = LocalDataSet::Files { published, folder: folder.clone() };
        let DataFolder { path, origin } = folder;
        let is_here = |file: &PublishedFile| path.join(file.name).exists();
        if origin != Origin::Cache || published.files.files.iter().all(is_here) {
            return Ok(Found::AtHand(data_set));
        }
        if self.offline {
            return Err(DataSetError::Offline { name: published.data_set.name(), folder: path });
        }
        fetch(published, &path)?;
        Ok(Found::Fetched(data_set))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    const FASHION_MNIST: Choice = Choice::Only(DataSet::FashionMnist);

    fn published() -> Published {
        Published::of(DataSet::FashionMnist).unwrap()
    }

    /// A workspace and a cache folder without any data set.
    struct Surroundings {
        root: tempfile::TempDir,
        variable: Option<&'static str>,
    }

    /// What a search found, and the folder that it fetched to.
    struct Searched {
        found: Result<Found, DataSetError>,
        fetched_to: Option<PathBuf>,
    }

    impl Surroundings {
        fn new() -> Self {
            Self { root: tempfile::tempdir().unwrap(), variable: None }
        }

        fn places(&self) -> Places {
            let variable = self.variable.map(PathBuf::from);
            let cache = self.root.path().join("cache");
            Places::with(published(), self.root.path(), variable, Some(cache))
        }

        fn search(
            &self,
            choice: Choice,
            folder: Option<&str>,
            offline: bool,
            online: bool,
        ) -> Searched {
            let search = Search { choice, folder: folder.map(Path::new), offline };
            let fetched_to = Cell::new(None);
            let found = search.find_in(
                |_| self.places(),
                |_, folder| {
                    fetched_to.set(Some(folder.to_path_buf()));
                    let failures = Vec::new();
                    let no_network = DataSetError::NotFetched { file: "a file", failures };
                    if online { Ok(()) } else { Err(no_network) }
                },
            );
            Searched { found, fetched_to: fetched_to.take() }
        }

        fn cache(&self) -> PathBuf {
            self.places().to_fill(None).unwrap().path
        }
    }

    #[track_caller]
    fn expect_folder(searched: &Searched, expected: &Path) {
        match &searched.found {
            Ok(Found::AtHand(LocalDataSet::Files { folder, .. })) => {
                assert_eq!(folder.path, expected);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(searched.fetched_to, None);
    }

    #[test]
    fn a_named_folder_is_taken_at_its_word_and_never_filled() {
        let mut surroundings = Surroundings::new();
        surroundings.variable = Some("elsewhere");
        for choice in [Choice::Auto, FASHION_MNIST] {
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
        for choice in [Choice::Auto, FASHION_MNIST] {
            expect_folder(&surroundings.search(choice, None, false, true), &folder);
        }
    }

    #[test]
    fn the_cache_is_used_if_it_has_all_files_and_else_filled() {
        let surroundings = Surroundings::new();
        let cache = surroundings.cache();
        fs::create_dir_all(&cache).unwrap();
        for file in published().files.files {
            let searched = surroundings.search(Choice::Auto, None, false, true);
            assert_eq!(searched.fetched_to.as_ref(), Some(&cache));
            let found = searched.found.unwrap();
            assert!(
                matches!(&found, Found::Fetched(LocalDataSet::Files { folder, .. }) if folder.path == cache),
                "{found:?}"
            );
            fs::write(cache.join(file.name), "").unwrap();
        }
        for offline in [false, true] {
            expect_folder(&surroundings.search(FASHION_MNIST, None, offline, false), &cache);
        }
    }

    #[test]
    fn without_files_or_network_the_built_in_set_is_used_for_a_reason_or_nothing() {
        let surroundings = Surroundings::new();
        for (offline, reason) in
            [(true, "fetching them is forbidden"), (false, "a file cannot be fetched")]
        {
            let searched = surroundings.search(Choice::Auto, None, offline, false);
            assert_eq!(searched.fetched_to.is_some(), !offline);
            let Ok(Found::Instead(LocalDataSet::Drawn { data_set: DataSet::Synthetic, .. }, why)) =
                searched.found
            else {
                panic!("{offline}")
            };
            let DataSetError::NotHere { source: why, .. } = why else { panic!("{why}") };
            assert!(why.to_string().contains(reason), "{why}");
            let searched = surroundings.search(FASHION_MNIST, None, offline, false);
            let error = searched.found.unwrap_err();
            assert_eq!(error.to_string(), "Fashion-MNIST is not here");
            let DataSetError::NotHere { source, .. } = error else { panic!("{error}") };
            assert!(source.to_string().contains(reason), "{source}");
        }
    }

    #[test]
    fn the_built_in_set_looks_for_nothing() {
        let mut surroundings = Surroundings::new();
        surroundings.variable = Some("elsewhere");
        let searched =
            surroundings.search(Choice::Only(DataSet::Synthetic), Some("named"), false, true);
        assert!(matches!(
            searched.found,
            Ok(Found::AtHand(LocalDataSet::Drawn { data_set: DataSet::Synthetic, .. }))
        ));
        assert_eq!(searched.fetched_to, None);
    }
}
