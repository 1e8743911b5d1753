//! The files of a data set, fetched from the first address that has them.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use files::FolderLock;
use trainer::dataset::PublishedFile;

use crate::download::{Downloader, Failure};
use crate::error::DataSetError;
use crate::published::Published;

#[cfg(test)]
mod tests;

/// How long all addresses together may take to begin an answer, so that a user without a network
/// learns of it soon.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// How the names of unfinished files end.
const PART: &str = ".part";

/// What happens to a file while [`fetch`] runs.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// The file was there and right.
    Kept {
        /// The file's name.
        name: &'a str,
    },
    /// So many bytes of the file have arrived.
    Received {
        /// The file.
        file: &'a PublishedFile,
        /// The number of bytes so far.
        bytes: u64,
    },
    /// The file was fetched from this address.
    Fetched {
        /// The file's name.
        name: &'a str,
        /// The file's address.
        url: &'a str,
    },
    /// An address did not give the file, but a later address did.
    Refused(&'a Failure),
}

impl Display for Event<'_> {
    fn fmt(&self, formatter: &mut Formatter) -> fmt::Result {
        match self {
            Self::Kept { name } => write!(formatter, "kept {name}"),
            Self::Received { file, bytes } => write!(formatter, "{bytes} bytes of {}", file.name),
            Self::Fetched { name, url } => write!(formatter, "fetched {name} from {url}"),
            Self::Refused(failure) => write!(formatter, "refused {failure}"),
        }
    }
}

/// Fetches the files of a data set that `folder` does not yet hold as published. The addresses
/// `first` are asked before the publishers' own.
///
/// # Errors
///
/// The folder cannot be written to, or no address gave a file. Files fetched before that stay.
pub fn fetch(
    published: Published,
    folder: &Path,
    first: &[String],
    notify: impl FnMut(Event),
) -> Result<(), DataSetError> {
    let first = first.iter().map(String::as_str);
    Fetch {
        name: published.data_set.name(),
        files: published.files.files,
        addresses: first
            .chain(published.files.addresses.iter().copied())
            .map(Address::new)
            .collect(),
        time_left: ANSWER_TIMEOUT,
        downloader: Downloader::of_environment(),
    }
    .run(folder, notify)
}

/// A web folder that may have the files.
struct Address {
    url: String,
    /// Why it is asked no more.
    given_up: Option<Failure>,
}

impl Address {
    fn new(url: &str) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), given_up: None }
    }
}

struct Fetch<'a> {
    /// The data set's name.
    name: &'static str,
    files: &'a [PublishedFile],
    addresses: Vec<Address>,
    /// What is left of the time to wait for answers that do not begin.
    time_left: Duration,
    downloader: Downloader,
}

impl Fetch<'_> {
    fn run(mut self, folder: &Path, mut notify: impl FnMut(Event)) -> Result<(), DataSetError> {
        let mut lock = folder.is_dir().then(|| self.lock(folder)).flatten();
        let mut writable = false;
        for file in self.files {
            let name = file.name;
            if file.read(folder, self.name).is_ok() {
                notify(Event::Kept { name });
                continue;
            }
            if !writable {
                // Before anything is downloaded, and without a trace.
                fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder)).map_err(
                    |source| DataSetError::ReadOnly { folder: folder.to_owned(), source },
                )?;
                lock = lock.or_else(|| self.lock(folder));
                writable = true;
            }
            let (bytes, url, failures) = self.get(file, &mut notify)?;
            for failure in &failures {
                notify(Event::Refused(failure));
            }
            write(folder, name, &bytes)
                .map_err(|source| DataSetError::NotWritten { path: folder.join(name), source })?;
            notify(Event::Fetched { name, url: &url });
        }
        drop(lock);
        Ok(())
    }

    /// Locks the folder, and removes what a fetch that was killed left unfinished. While another
    /// fetch holds the lock, the unfinished files may be that one's, and stay.
    fn lock(&self, folder: &Path) -> Option<FolderLock> {
        let lock = files::lock(folder)?;
        let is_part = |name: &str| {
            name.ends_with(PART) && self.files.iter().any(|file| name.starts_with(file.name))
        };
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_name().to_str().is_some_and(is_part) {
                // It is in nobody's way; the next fetch tries again.
                let _ = fs::remove_file(entry.path());
            }
        }
        Some(lock)
    }

    /// The bytes of a file, the address that gave them, and the failures before.
    fn get(
        &mut self,
        file: &PublishedFile,
        notify: &mut impl FnMut(Event),
    ) -> Result<(Vec<u8>, String, Vec<Failure>), DataSetError> {
        let mut failures = Vec::new();
        let mut known = Vec::new();
        for index in 0..self.addresses.len() {
            if let Some(failure) = &self.addresses[index].given_up {
                known.push(failure.clone());
                continue;
            }
            let untried =
                self.addresses[index..].iter().filter(|address| address.given_up.is_none());
            let timeout = self.time_left / u32::try_from(untried.count()).unwrap_or(u32::MAX);
            let url = format!("{}/{}", self.addresses[index].url, file.name);
            let start = Instant::now();
            let mut answered = false;
            let downloaded = self.downloader.download(&url, file, timeout, |bytes| {
                answered = true;
                notify(Event::Received { file, bytes });
            });
            match downloaded {
                Ok(bytes) => return Ok((bytes, url, failures)),
                Err(failure) => {
                    if !answered {
                        self.time_left = self.time_left.saturating_sub(start.elapsed());
                    }
                    if !failure.answers {
                        self.addresses[index].given_up = Some(failure.clone());
                    }
                    failures.push(failure);
                }
            }
        }
        known.extend(failures);
        Err(DataSetError::NotFetched { file: file.name, failures: known })
    }
}

/// Puts a file into a folder, whole or not at all, even if another process does the same.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(name).suffix(PART);
    // As readable as any new file: several people may share the folder.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(folder.join(name))?;
    Ok(())
}
