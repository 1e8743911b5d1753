//! The files of a data set, fetched from the first place that has them.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use trainer::dataset::{FashionMnist, PublishedFile};

use super::download::{Downloader, Failure};

#[cfg(test)]
mod tests;

/// Where the publishers offer Fashion-MNIST.
///
/// Source: <https://github.com/zalandoresearch/fashion-mnist>, "Get the Data".
const OFFICIAL: [&str; 2] = [
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
];

/// How long all places together may keep one waiting in vain for the beginning of an answer, so
/// that whoever has no network learns of it soon.
const PATIENCE: Duration = Duration::from_secs(5);

/// What happened to a file.
#[derive(Debug, Clone, Copy)]
pub enum Notice<'a> {
    /// It was there and right.
    Kept { name: &'a str },
    /// It was fetched from this address.
    Fetched { name: &'a str, url: &'a str },
    /// It was not got here, but then elsewhere.
    Refused(&'a Failure),
}

impl Display for Notice<'_> {
    fn fmt(&self, formatter: &mut Formatter) -> fmt::Result {
        match self {
            Self::Kept { name } => write!(formatter, "kept {name}"),
            Self::Fetched { name, url } => write!(formatter, "fetched {name} from {url}"),
            Self::Refused(failure) => write!(formatter, "refused {failure}"),
        }
    }
}

/// Fetches the files of Fashion-MNIST that are not yet in this folder as published, from
/// the places named `first`, else from the official ones.
///
/// # Errors
///
/// The folder cannot be written to, or a file was got from no place. Files that were got stay.
pub fn fetch_fashion_mnist(
    folder: &Path,
    first: &[String],
    notice: impl FnMut(Notice) -> Result<()>,
) -> Result<()> {
    let places = first.iter().map(String::as_str).chain(OFFICIAL).map(Place::new).collect();
    Fetch {
        files: &FashionMnist::FILES,
        places,
        patience: PATIENCE,
        downloader: Downloader::of_environment(),
    }
    .run(folder, notice)
}

/// A folder on the web that may have the files.
struct Place {
    url: String,
    /// Why it is asked no more.
    given_up: Option<Failure>,
}

impl Place {
    fn new(url: &str) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), given_up: None }
    }
}

struct Fetch<'a> {
    files: &'a [PublishedFile],
    places: Vec<Place>,
    /// What is left of the time to wait in vain.
    patience: Duration,
    downloader: Downloader,
}

impl Fetch<'_> {
    fn run(mut self, folder: &Path, mut notice: impl FnMut(Notice) -> Result<()>) -> Result<()> {
        let mut writable = false;
        for file in self.files {
            let name = file.name;
            if file.read(folder, FashionMnist::NAME).is_ok() {
                notice(Notice::Kept { name })?;
                continue;
            }
            if !writable {
                // Before anything is downloaded, and without a trace.
                fs::create_dir_all(folder)
                    .and_then(|()| tempfile::tempfile_in(folder))
                    .with_context(|| format!("{} cannot be written to", folder.display()))?;
                writable = true;
            }
            let (bytes, url, failures) = self.get(file)?;
            for failure in &failures {
                notice(Notice::Refused(failure))?;
            }
            write(folder, name, &bytes)?;
            notice(Notice::Fetched { name, url: &url })?;
        }
        Ok(())
    }

    /// The bytes of a file, the address that had it, and what happened before.
    fn get(&mut self, file: &PublishedFile) -> Result<(Vec<u8>, String, Vec<Failure>)> {
        let mut failures = Vec::new();
        let mut known = Vec::new();
        for index in 0..self.places.len() {
            if let Some(failure) = &self.places[index].given_up {
                known.push(failure.clone());
                continue;
            }
            let untried = self.places[index..].iter().filter(|place| place.given_up.is_none());
            let patience = self.patience / u32::try_from(untried.count()).unwrap_or(u32::MAX);
            let url = format!("{}/{}", self.places[index].url, file.name);
            let bar = progress_bar(file);
            let start = Instant::now();
            let mut answered = false;
            let got = self.downloader.download(&url, file, patience, |bytes| {
                answered = true;
                bar.set_position(bytes);
            });
            bar.finish_and_clear();
            match got {
                Ok(bytes) => return Ok((bytes, url, failures)),
                Err(failure) => {
                    if !answered {
                        self.patience = self.patience.saturating_sub(start.elapsed());
                    }
                    if !failure.answers {
                        self.places[index].given_up = Some(failure.clone());
                    }
                    failures.push(failure);
                }
            }
        }
        known.extend(failures);
        let reasons: Vec<String> = known.iter().map(Failure::to_string).collect();
        bail!("{} cannot be fetched: {}", file.name, reasons.join("; "))
    }
}

/// Shown on standard error, if that is a terminal.
fn progress_bar(file: &PublishedFile) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(file.bytes), ProgressDrawTarget::stderr());
    let template = "{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec}";
    // The template is a constant; should it be wrong, the bar looks otherwise.
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style).with_message(file.name)
}

/// Puts a file into a folder, whole or not at all, even if another process does the same.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let write = || {
        let mut builder = tempfile::Builder::new();
        builder.prefix(name).suffix(".part");
        // As any new file, not for its owner alone: several people may share the folder.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(folder.join(name))?;
        Ok::<(), std::io::Error>(())
    };
    write().with_context(|| format!("{} cannot be written", folder.join(name).display()))
}
