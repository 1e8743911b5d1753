//! The arguments that choose a data set, and how a command comes by it.

use std::iter;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Error, Result, bail};
use clap::ValueEnum;
use clap::builder::PossibleValue;
use datasets::{Choice, DataSetError, Event, Found, LocalDataSet, Published, Search};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};
use trainer::dataset::DataSet;

use terminal::shell::absolute;
use terminal::workspace::{self, relative};

/// Which data set, for the commands that take one.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DataArguments {
    /// Folder of the four Fashion-MNIST files [default: $FASHION_MNIST_DIR, else data/fashion-mnist, else the user's cache folder]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Which images; the built-in set needs no files
    #[arg(long, value_enum, default_value_t = DataSetArgument(Choice::Auto))]
    dataset: DataSetArgument,

    /// Never use the network, even if Fashion-MNIST is not here
    #[arg(long)]
    offline: bool,
}

/// A data set by its name on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct DataSetArgument(Choice);

impl ValueEnum for DataSetArgument {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: LazyLock<Vec<DataSetArgument>> = LazyLock::new(|| {
            let named = DataSet::ALL.iter().copied().map(Choice::Only);
            iter::once(Choice::Auto).chain(named).map(DataSetArgument).collect()
        });
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self.0 {
            Choice::Auto => {
                ("auto", "Fashion-MNIST if it is here or can be fetched, else the built-in set")
            }
            Choice::Only(data_set) => (data_set.entry().argument, data_set.entry().help),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

impl DataArguments {
    /// The data set that a command uses without any of these arguments, and without the network.
    pub(crate) fn offline() -> Self {
        Self { data_dir: None, dataset: DataSetArgument(Choice::Auto), offline: true }
    }

    /// Every data set that [`Self::find`] can give, the one that is preferred first.
    pub(crate) fn possible(&self) -> Vec<DataSet> {
        match self.dataset.0 {
            Choice::Auto => DataSet::ALL.to_vec(),
            Choice::Only(data_set) => vec![data_set],
        }
    }

    /// The same for a study that names these data sets or none: of those the first.
    pub(crate) fn for_study(&self, named: &[DataSet]) -> Result<Self> {
        match (named, self.dataset.0) {
            ([], _) => Ok(self.clone()),
            (named, Choice::Only(other)) if *named != [other] => {
                let named: Vec<&str> = named.iter().map(|set| set.entry().argument).collect();
                bail!(
                    "--dataset: found {}, expected {}, which the study names",
                    other.entry().argument,
                    named.join(" and ")
                )
            }
            ([first, ..], Choice::Auto | Choice::Only(_)) => Ok(self.only(*first)),
        }
    }

    /// The data sets that a study names, or the one to use if it names none.
    pub(crate) fn find_all(&self, named: &[DataSet]) -> Result<Vec<LocalDataSet>> {
        match named {
            [] => Ok(vec![self.find()?]),
            named => named.iter().map(|&data_set| self.only(data_set).find()).collect(),
        }
    }

    /// The same for this data set alone.
    pub(crate) fn only(&self, data_set: DataSet) -> Self {
        Self { dataset: DataSetArgument(Choice::Only(data_set)), ..self.clone() }
    }

    /// The words of a command line that find the data in the same place, whatever the data set.
    pub(crate) fn words(&self) -> Result<Vec<String>> {
        let mut words = Vec::new();
        if let Some(folder) = &self.data_dir {
            words.extend(["--data-dir".to_owned(), absolute(folder)?]);
        }
        words.extend(self.offline.then(|| "--offline".to_owned()));
        Ok(words)
    }

    /// The same that keeps off the network in any case, if `is_offline` says so.
    pub(crate) fn without_network(&self, is_offline: bool) -> Self {
        Self { offline: self.offline || is_offline, ..self.clone() }
    }

    /// The data set to use. Standard error tells what is fetched, and that the built-in set takes
    /// the place of Fashion-MNIST.
    pub(crate) fn find(&self) -> Result<LocalDataSet> {
        let Self { data_dir, dataset, offline } = self;
        let search = Search { choice: dataset.0, folder: data_dir.as_deref(), offline: *offline };
        let root = workspace::root()?;
        let found = search.find(relative(&root), |published, folder| {
            let bytes: u64 = published.files.files.iter().map(|file| file.bytes).sum();
            eprintln!(
                "{} is not here; fetching its {} MB to {}",
                published.data_set,
                bytes / 1_000_000,
                folder.display()
            );
            fetch(published, folder, &[], |event| eprintln!("{event}"))
        })?;
        Ok(match found {
            Found::AtHand(data_set) | Found::Fetched(data_set) => data_set,
            Found::Instead(data_set, reason) => {
                eprintln!(
                    "{:#}\n\
                     {} take its place. `cargo xtask data fetch` fetches the files, --data-dir names \
                     their folder, and --dataset {} silences this message.",
                    Error::new(reason),
                    data_set.data_set(),
                    data_set.data_set().entry().argument
                );
                data_set
            }
        })
    }
}

/// Fetches the files of a data set to a folder, the addresses `first` before the publishers'. A
/// bar shows on standard error how far each file is, if that is a terminal; `tell` is told the rest.
pub(crate) fn fetch(
    published: Published,
    folder: &Path,
    first: &[String],
    mut tell: impl FnMut(Event),
) -> Result<(), DataSetError> {
    let mut bar: Option<ProgressBar> = None;
    datasets::fetch(published, folder, first, |event| match event {
        Event::Received { file, bytes } => {
            bar.get_or_insert_with(|| download_bar(file.name, file.bytes)).set_position(bytes);
        }
        Event::Kept { .. } | Event::Fetched { .. } | Event::Refused(_) => {
            bar = None;
            tell(event);
        }
    })
}

fn download_bar(name: &'static str, bytes: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
    let template = "{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec}";
    // The template is a constant; should it be wrong, the bar looks otherwise.
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style).with_message(name).with_finish(ProgressFinish::AndClear)
}

/// What to do about an error, in arguments of the command line.
pub(crate) fn help(error: &Error) -> Option<String> {
    match error.chain().find_map(|cause| cause.downcast_ref::<DataSetError>())? {
        DataSetError::NotRead { folder, .. } => Some(format!(
            "`cargo xtask data fetch --data-dir {}` fetches missing and damaged files; --dataset \
             synthetic needs no files",
            folder.path.display()
        )),
        DataSetError::NotHere { .. } => Some("--dataset synthetic needs no files".to_owned()),
        DataSetError::NoFolder { .. } => Some("--data-dir DIR names a folder".to_owned()),
        DataSetError::NotFetched { .. } => {
            Some("--from URL names another address that has the files".to_owned())
        }
        DataSetError::Offline { .. }
        | DataSetError::ReadOnly { .. }
        | DataSetError::NotWritten { .. }
        | DataSetError::NoDataSet
        | DataSetError::NotDrawn(_) => None,
    }
}
