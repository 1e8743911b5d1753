//! `cargo xtask data`: fetching, verifying and drawing the data sets.

use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result, ensure};
use datasets::{DataFolder, Event, Places, Published};
use plots::render_png;
use study::figures::contact_sheet::ContactSheet;
use trainer::dataset::Split;

use crate::data_argument::{self, DataArguments};
use terminal::exit::Exit;
use terminal::output::{replace_file, say};
use terminal::workspace::{self, relative};

/// Images among which there are enough of each class.
const PREVIEWED_IMAGES: usize = 1_000;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Download the four files of Fashion-MNIST, 30 MB; files that are there and right are kept
    Fetch {
        /// Folder to fetch to [default: $FASHION_MNIST_DIR, else the user's cache folder]
        #[arg(long, value_name = "DIR")]
        data_dir: Option<PathBuf>,

        /// Address of a folder that has the files, to be tried before the official ones; repeatable
        #[arg(long, value_name = "URL")]
        from: Vec<String>,
    },
    /// Check each of the four files of Fashion-MNIST against its published checksum
    Verify {
        /// Folder of the files [default: $FASHION_MNIST_DIR, else data/fashion-mnist, else the user's cache folder]
        #[arg(long, value_name = "DIR")]
        data_dir: Option<PathBuf>,
    },
    /// Draw a sheet of images of each class
    Preview {
        #[command(flatten)]
        data: DataArguments,

        /// File to draw to [default: runs/fashion-mnist_preview.png or runs/synthetic_preview.png]
        #[arg(long, value_name = "FILE.png")]
        out: Option<PathBuf>,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let published = Published::all().next().context("no data set has files")?;
    let places = Places::new(published, relative(&workspace::root()?));
    match &arguments.action {
        Action::Fetch { data_dir, from } => {
            fetch(published, &places.to_fill(data_dir.as_deref())?.path, from)
        }
        Action::Verify { data_dir } => verify(published, &places.to_read(data_dir.as_deref())?),
        Action::Preview { data, out } => preview(data, out.as_deref()),
    }
}

fn fetch(published: Published, folder: &Path, from: &[String]) -> Result<Exit> {
    let mut said = Ok(());
    data_argument::fetch(published, folder, from, |event| match event {
        Event::Refused(_) => eprintln!("warning: {event}"),
        Event::Kept { .. } | Event::Received { .. } | Event::Fetched { .. } => {
            if said.is_ok() {
                said = say(event);
            }
        }
    })?;
    said?;
    say(format_args!("{} is in {}", published.data_set, folder.display()))?;
    Ok(Exit::Success)
}

/// Says of every file whether it is the published one.
fn verify(Published { data_set, files }: Published, folder: &DataFolder) -> Result<Exit> {
    let DataFolder { path, origin } = folder;
    let path = relative(path);
    ensure!(
        path.is_dir(),
        "{path} ({origin}) is not a folder; `cargo xtask data fetch --data-dir {path}` makes and \
         fills it",
        path = path.display(),
    );
    let mut wrong = 0;
    for file in files.files {
        match file.read(path, data_set.name()) {
            Ok(_) => say(format_args!("{}: as published", path.join(file.name).display()))?,
            Err(error) => {
                wrong += 1;
                say(format_args!("{:#}", Error::new(error)))?;
            }
        }
    }
    let (files, path) = (files.files.len(), path.display());
    if wrong == 0 {
        say(format_args!("All {files} files are as published."))?;
    } else {
        say(format_args!(
            "{wrong} of {files} files are not as published; `cargo xtask data fetch --data-dir \
             {path}` replaces them."
        ))?;
    }
    Ok(Exit::of(wrong == 0))
}

/// Draws images of each class.
fn preview(data: &DataArguments, out: Option<&Path>) -> Result<Exit> {
    let data_set = data.find()?;
    let first =
        Split { training: (0..PREVIEWED_IMAGES).collect(), validation: Vec::new(), seed: None };
    let (images, _) = data_set.training_of(&first)?;
    let sheet = ContactSheet::new(data_set.data_set().to_string(), &images)?;
    let out = match out {
        Some(file) => file.to_owned(),
        None => {
            let folder = data_set.data_set().entry().folder;
            workspace::runs()?.join(format!("{folder}_preview.png"))
        }
    };
    replace_file(&out, &render_png(&sheet)?)?;
    say(format_args!("wrote {}", relative(&out).display()))?;
    Ok(Exit::Success)
}
