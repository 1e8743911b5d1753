//! `cargo xtask data`, and how commands come by their data set, as a user meets them. No test gets
//! farther than this machine: whatever leaves it goes to a proxy that is not there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[path = "../../datasets/tests/support/server.rs"]
mod server;

use server::{Server, read_head, respond, send};

const NAMES: [&str; 4] = [
    "t10k-labels-idx1-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "train-images-idx3-ubyte.gz",
];

/// A workspace and a home folder in a temporary one, both empty.
struct Home {
    folder: tempfile::TempDir,
    /// What stands between this machine and the rest.
    proxy: String,
    /// The variable XDG_CACHE_HOME.
    xdg_cache: Option<&'static str>,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("xtask")).unwrap();
        fs::write(folder.path().join("xtask/Cargo.toml"), "").unwrap();
        // The port of RFC 863's discard protocol, where nothing listens.
        Self { folder, proxy: "http://127.0.0.1:9".to_owned(), xdg_cache: None }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder that is filled when nobody names one.
    fn cache(&self) -> PathBuf {
        let caches = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
        self.path(caches).join("spatial-batch-norm/fashion-mnist")
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_experiments"));
        command.args(arguments).current_dir(self.folder.path());
        for variable in ["FASHION_MNIST_DIR", "XDG_CACHE_HOME", "all_proxy", "no_proxy"] {
            command.env_remove(variable);
        }
        command.envs(self.xdg_cache.as_ref().map(|folder| ("XDG_CACHE_HOME", folder)));
        let output = command
            .env("CARGO_MANIFEST_DIR", self.path("xtask"))
            .env("HOME", self.folder.path())
            .env("LOCALAPPDATA", self.path(".cache"))
            .env("ALL_PROXY", &self.proxy)
            .env("NO_PROXY", "127.0.0.1")
            .output()
            .unwrap();
        Ran { output, home: self.folder.path().display().to_string() }
    }
}

struct Ran {
    output: Output,
    home: String,
}

impl Ran {
    fn code(&self) -> i32 {
        self.output.status.code().unwrap()
    }

    fn stdout(&self) -> String {
        String::from_utf8(self.output.stdout.clone()).unwrap().replace(&self.home, "~")
    }

    fn stderr(&self) -> String {
        String::from_utf8(self.output.stderr.clone()).unwrap().replace(&self.home, "~")
    }

    /// Everything said, and the exit code.
    fn transcript(&self) -> String {
        format!("{}{}exit code {}\n", self.stdout(), self.stderr(), self.code())
    }
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The folder of the real files, for a test that needs them.
fn real_files() -> Option<PathBuf> {
    let folder = std::env::var_os("FASHION_MNIST_DIR").map(PathBuf::from);
    if folder.is_none() {
        // Not `eprintln!`, which the test runner swallows.
        let _ = writeln!(io::stderr(), "SKIPPED a test on real data: FASHION_MNIST_DIR is not set");
    }
    folder
}

/// A folder with the real files, whose large one takes no room.
fn copy_real_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for name in NAMES {
        if fs::hard_link(from.join(name), to.join(name)).is_err() {
            fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

/// A file of its own in the place of a link, so that damage stays here.
fn replace(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn the_built_in_set_takes_the_place_of_a_missing_one_aloud_or_not_at_all() {
    let home = Home::new();
    let mut messages = String::new();
    for (title, arguments) in [
        ("auto, offline", ["data", "preview", "--offline"].as_slice()),
        ("auto, without a network", &["data", "preview"]),
        ("asked for", &["data", "preview", "--dataset=synthetic"]),
        ("Fashion-MNIST, offline", &["data", "preview", "--dataset=fashion-mnist", "--offline"]),
        ("a folder that is not there", &["data", "preview", "--data-dir=nowhere"]),
    ] {
        let ran = home.run(arguments);
        messages.push_str(&format!("# {title}\n{}\n", ran.transcript()));
        let picture = home.path("runs/synthetic_preview.png");
        assert_eq!(picture.exists(), ran.code() == 0, "{title}");
        let _ = fs::remove_file(picture);
    }
    insta::assert_snapshot!("choosing", messages);
    let ran = home.run(&["data", "preview", "--dataset=fashion-mnist"]);
    assert_eq!(ran.code(), 2);
    assert!(
        ran.stderr().contains("t10k-labels-idx1-ubyte.gz cannot be fetched"),
        "{}",
        ran.stderr()
    );
    assert!(names(&home.cache()).is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn the_cache_folder_is_the_one_of_the_xdg_specification() {
    let mut home = Home::new();
    for (variable, caches) in
        [(Some("/caches"), "/caches"), (None, "~/.cache"), (Some("relative"), "~/.cache")]
    {
        home.xdg_cache = variable;
        let message = home.run(&["data", "preview", "--offline"]).stderr();
        let folder = format!("{caches}/spatial-batch-norm/fashion-mnist lacks files");
        assert!(message.contains(&folder), "{variable:?}: {message}");
    }
}

#[test]
fn verify_tells_of_every_file_what_is_wrong_with_it() {
    let home = Home::new();
    let folder = home.path("files");
    let mut messages = format!("# no folder\n{}\n", home.run(&["data", "verify"]).transcript());
    fs::create_dir(&folder).unwrap();
    let verify = || home.run(&["data", "verify", "--data-dir=files"]).transcript();
    messages.push_str(&format!("# an empty folder\n{}\n", verify()));
    fs::write(folder.join(NAMES[0]), [0; 5_148]).unwrap();
    fs::write(folder.join(NAMES[1]), "cut").unwrap();
    File::create(folder.join(NAMES[2])).unwrap().set_len(4_422_103).unwrap();
    messages.push_str(&format!("# zeros, a cut file, a byte too many, no file\n{}\n", verify()));
    insta::assert_snapshot!("verify", messages);
}

#[test]
fn fetch_keeps_nothing_that_is_not_the_published_file() {
    let home = Home::new();
    let server = Server::start(|_, stream| respond(stream, "200 OK", b"something else"));
    let ran = home.run(&["data", "fetch", "--from", &server.url()]);
    assert_eq!(ran.code(), 2);
    let message = ran.stderr();
    let url = server.url();
    let start = format!(
        "error: t10k-labels-idx1-ubyte.gz cannot be fetched: {url}/t10k-labels-idx1-ubyte.gz: \
         expected 5148 bytes, found 14; "
    );
    assert!(message.starts_with(&start), "{message}");
    for official in
        ["https://raw.githubusercontent.com/zalandoresearch/", "http://fashion-mnist.s3"]
    {
        assert!(message.contains(official), "{message}");
    }
    assert_eq!(server.asked(), ["/t10k-labels-idx1-ubyte.gz"]);
    assert!(names(&home.cache()).is_empty());

    fs::write(home.path("file"), "").unwrap();
    let ran = home.run(&["data", "fetch", "--data-dir=file/below", "--from", &url]);
    assert_eq!(ran.code(), 2);
    assert!(ran.stderr().contains("file/below cannot be written to"), "{}", ran.stderr());
}

#[test]
fn the_real_files_are_fetched_verified_drawn_and_not_fetched_again() {
    let Some(real) = real_files() else { return };
    let home = Home::new();
    let files = real.clone();
    let server = Server::start(move |path, stream| {
        respond(stream, "200 OK", &fs::read(files.join(&path[1..])).unwrap());
    });
    let fetch = || home.run(&["data", "fetch", "--from", &server.url()]);
    let ran = fetch();
    assert_eq!((ran.code(), ran.stderr().as_str()), (0, ""));
    let mut sorted = NAMES;
    sorted.sort_unstable();
    assert_eq!(names(&home.cache()), sorted);
    assert!(
        ran.stdout().ends_with("Fashion-MNIST is in ~/.cache/spatial-batch-norm/fashion-mnist\n")
    );

    let ran = fetch();
    assert_eq!(ran.code(), 0);
    assert_eq!(ran.stdout().matches("kept ").count(), 4);
    assert_eq!(server.asked(), NAMES.map(|name| format!("/{name}")));

    let ran = home.run(&["data", "verify"]);
    assert_eq!(ran.code(), 0);
    assert!(ran.stdout().ends_with("All 4 files are as published.\n"), "{}", ran.stdout());

    let ran = home.run(&["data", "preview"]);
    assert_eq!(ran.transcript(), "wrote runs/fashion-mnist_preview.png\nexit code 0\n");
}

/// The publishers are not asked: the proxy answers in their place.
#[test]
fn a_command_that_needs_the_files_fetches_them_from_where_they_are_to_be_had() {
    let Some(real) = real_files() else { return };
    let proxy = Server::start(move |path, stream| {
        if path != "fashion-mnist.s3-website.eu-central-1.amazonaws.com:80" {
            return respond(stream, "403 Forbidden", b"");
        }
        send(stream, "HTTP/1.1 200 OK\r\n\r\n");
        if let Some(path) = read_head(stream) {
            respond(stream, "200 OK", &fs::read(real.join(&path[1..])).unwrap());
        }
    });
    let mut home = Home::new();
    home.proxy = proxy.url();
    let ran = home.run(&["data", "preview"]);
    assert_eq!(ran.code(), 0, "{}", ran.stderr());
    insta::assert_snapshot!("fetched_by_itself", ran.transcript());
    assert_eq!(proxy.asked().iter().filter(|path| path.starts_with("raw.")).count(), 1);
    let ran = home.run(&["data", "preview", "--offline"]);
    assert_eq!(ran.transcript(), "wrote runs/fashion-mnist_preview.png\nexit code 0\n");
}

#[test]
fn damaged_files_are_refused_and_nothing_is_written() {
    let Some(real) = real_files() else { return };
    let home = Home::new();
    let folder = home.path("files");
    let labels = fs::read(real.join(NAMES[1])).unwrap();
    let mut flipped = labels.clone();
    flipped[20_000] ^= 0b100;
    let mut messages = String::new();
    for (title, damaged) in [
        ("cut", &labels[..29_000]),
        ("one bit flipped", &flipped),
        ("garbage behind the end", &[labels.as_slice(), b"garbage"].concat()),
        ("empty", &[]),
    ] {
        copy_real_files(&real, &folder);
        replace(&folder.join(NAMES[1]), damaged);
        let ran = home.run(&["data", "preview", "--data-dir=files", "--out=sheet.png"]);
        messages.push_str(&format!("# {title}\n{}\n", ran.transcript()));
        assert_eq!(home.run(&["data", "verify", "--data-dir=files"]).code(), 1, "{title}");
        fs::remove_dir_all(&folder).unwrap();
    }
    copy_real_files(&real, &folder);
    fs::remove_file(folder.join(NAMES[3])).unwrap();
    let ran = home.run(&["data", "preview", "--data-dir=files", "--out=sheet.png"]);
    messages.push_str(&format!("# one of four missing\n{}\n", ran.transcript()));
    insta::assert_snapshot!("damaged", messages);
    assert!(!home.path("sheet.png").exists());
}
