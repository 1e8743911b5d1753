//! `cargo xtask data`: fetching, checking and looking at the data sets.

use std::path::PathBuf;

use anyhow::Result;

use crate::output::say;
use crate::{Outcome, workspace};

mod download;
pub mod fetch;
pub mod folder;
mod preview;
mod verify;

use fetch::{Notice, fetch_fashion_mnist};
use folder::Places;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Download the four files of Fashion-MNIST, 30 MB; files that are there and right are kept
    Fetch(Fetch),
    /// Check each of the four files of Fashion-MNIST against its published checksum
    Verify {
        /// Folder of the files [default: $FASHION_MNIST_DIR, else data/fashion-mnist, else the user's cache folder]
        #[arg(long, value_name = "DIR")]
        data_dir: Option<PathBuf>,
    },
    /// Draw a sheet of images of each class
    Preview(preview::Arguments),
}

#[derive(clap::Args)]
struct Fetch {
    /// Folder to fetch to [default: $FASHION_MNIST_DIR, else the user's cache folder]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Address of a folder that has the files, to be tried before the official ones; repeatable
    #[arg(long, value_name = "URL")]
    from: Vec<String>,
}

pub fn run(arguments: &Arguments) -> Result<Outcome> {
    let root = workspace::root()?;
    let places = Places::new(&root);
    match &arguments.action {
        Action::Fetch(arguments) => fetch(arguments, &places),
        Action::Verify { data_dir } => verify::verify(&places.to_read(data_dir.as_deref())?),
        Action::Preview(arguments) => preview::preview(arguments, &root),
    }
}

fn fetch(arguments: &Fetch, places: &Places) -> Result<Outcome> {
    let folder = places.to_fill(arguments.data_dir.as_deref())?;
    fetch_fashion_mnist(&folder.path, &arguments.from, |notice| match notice {
        Notice::Refused(_) => {
            eprintln!("warning: {notice}");
            Ok(())
        }
        _ => say(notice),
    })?;
    say(format_args!("Fashion-MNIST is in {}", folder.path.display()))?;
    Ok(Outcome::Well)
}
