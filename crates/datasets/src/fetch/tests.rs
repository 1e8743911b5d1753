//! Fetching, from servers on this machine that answer well, badly or not at all.

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;

use sha2::{Digest, Sha256};

use super::*;

#[path = "../../tests/support/server.rs"]
mod server;

use server::{Server, redirect, respond, send};

/// The examples of FIPS 180-4's own, with the digests given there.
const FILES: [PublishedFile; 2] = [
    PublishedFile {
        name: "abc",
        bytes: 3,
        sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    },
    PublishedFile {
        name: "long",
        bytes: 56,
        sha256: "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    },
];

const ABC: &[u8] = b"abc";
const LONG: &[u8] = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

fn good() -> Server {
    Server::start(|path, stream| match path {
        "/abc" => respond(stream, "200 OK", ABC),
        "/long" => respond(stream, "200 OK", LONG),
        _ => respond(stream, "404 Not Found", b"no"),
    })
}

/// Fetches to a folder, from these places alone; the notices given.
fn fetch_files(
    files: &[PublishedFile],
    folder: &Path,
    places: &[&Server],
) -> (Result<(), String>, Vec<String>) {
    let urls: Vec<String> = places.iter().map(|place| place.url()).collect();
    let mut notices = Vec::new();
    let fetch = Fetch {
        name: "Test set",
        files,
        addresses: urls.iter().map(|url| Address::new(url)).collect(),
        time_left: Duration::from_secs(3) * places.len() as u32,
        downloader: Downloader::new(Duration::from_secs(2), None),
    };
    let fetched = fetch.run(folder, |event| match event {
        Event::Received { .. } => {}
        Event::Kept { .. } | Event::Fetched { .. } | Event::Refused(_) => {
            notices.push(event.to_string());
        }
    });
    // Ports differ from run to run.
    let anonymous = |text: String| {
        urls.iter().enumerate().fold(text, |text, (index, url)| {
            text.replace(url.as_str(), &format!("http://place-{}", index + 1))
        })
    };
    let fetched = fetched.map_err(|error| anonymous(format!("{:#}", anyhow::Error::new(error))));
    (fetched, notices.into_iter().map(anonymous).collect())
}

fn fetch_both(folder: &Path, places: &[&Server]) -> (Result<(), String>, Vec<String>) {
    fetch_files(&FILES, folder, places)
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_is_missing_or_wrong_is_fetched_and_what_is_right_is_kept() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("new/folder");
    let server = good();
    let (fetched, notices) = fetch_both(&folder, &[&server]);
    fetched.unwrap();
    assert_eq!(
        notices,
        ["fetched abc from http://place-1/abc", "fetched long from http://place-1/long"]
    );
    assert_eq!(fs::read(folder.join("abc")).unwrap(), ABC);
    assert_eq!(fs::read(folder.join("long")).unwrap(), LONG);
    assert_eq!(names(&folder), ["abc", "long"]);

    let (fetched, notices) = fetch_both(&folder, &[&server]);
    fetched.unwrap();
    assert_eq!(notices, ["kept abc", "kept long"]);
    assert_eq!(server.asked(), ["/abc", "/long"]);

    fs::write(folder.join("long"), &LONG[..55]).unwrap();
    let (fetched, notices) = fetch_both(&folder, &[&server]);
    fetched.unwrap();
    assert_eq!(notices, ["kept abc", "fetched long from http://place-1/long"]);
    assert_eq!(fs::read(folder.join("long")).unwrap(), LONG);
    assert_eq!(names(&folder), ["abc", "long"]);
}

#[test]
fn what_a_killed_fetch_left_is_removed_by_the_next_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = good();
    for name in ["abcX1y2z3.part", "longAbCdEf.part", "mine.part"] {
        fs::write(folder.path().join(name), "half").unwrap();
    }
    // Another fetch still runs.
    let other = files::lock(folder.path()).unwrap();
    fetch_both(folder.path(), &[&server]).0.unwrap();
    assert_eq!(names(folder.path()).len(), 5);
    drop(other);
    // Even if every file is there.
    fetch_both(folder.path(), &[&server]).0.unwrap();
    assert_eq!(names(folder.path()), ["abc", "long", "mine.part"]);

    fs::remove_file(folder.path().join("abc")).unwrap();
    fs::write(folder.path().join("abcX1y2z3.part"), "half").unwrap();
    fetch_both(folder.path(), &[&server]).0.unwrap();
    assert_eq!(names(folder.path()), ["abc", "long", "mine.part"]);
}

#[cfg(unix)]
#[test]
fn files_are_as_readable_as_any_other_new_one() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    fetch_both(folder.path(), &[&good()]).0.unwrap();
    fs::write(folder.path().join("other"), "").unwrap();
    let mode = |name| fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
    assert_eq!(mode("abc"), mode("other"));
}

type Answer = fn(&str, &mut TcpStream);

/// Holds the connection without a word until the client hangs up.
fn hold(stream: &mut TcpStream) {
    let _ = stream.read(&mut [0]);
}

/// Servers that do not give the file, and what is said of them.
const BAD: [(&str, Answer); 11] = [
    ("has no such file", |_, stream| respond(stream, "404 Not Found", ABC)),
    ("is broken", |_, stream| respond(stream, "500 Internal Server Error", b"")),
    ("sends other bytes", |_, stream| respond(stream, "200 OK", b"abd")),
    ("announces a shorter file", |_, stream| respond(stream, "200 OK", b"ab")),
    ("announces a longer file", |_, stream| respond(stream, "200 OK", b"abc\n")),
    ("cuts an announced file", |_, stream| {
        send(stream, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab");
    }),
    ("cuts an unannounced file", |_, stream| {
        send(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nab");
    }),
    ("never ends", |_, stream| {
        send(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        while send(stream, [b'a'; 4096]) {}
    }),
    ("stalls", |_, stream| {
        send(stream, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab");
        hold(stream);
    }),
    ("never answers", |_, stream| hold(stream)),
    ("sends round in circles", |path, stream| redirect(stream, path)),
];

#[test]
fn a_bad_place_is_refused_and_named_and_the_next_one_asked() {
    let mut messages = String::new();
    for (title, answer) in BAD {
        let folder = tempfile::tempdir().unwrap();
        let bad = Server::start(answer);
        let (fetched, notices) = fetch_files(&FILES[..1], folder.path(), &[&bad]);
        messages.push_str(&format!("# {title}\n{}\n\n", fetched.unwrap_err()));
        assert!(notices.is_empty(), "{notices:?}");
        assert!(names(folder.path()).is_empty(), "{title}");

        let (fetched, notices) = fetch_files(&FILES[..1], folder.path(), &[&bad, &good()]);
        fetched.unwrap();
        assert!(notices[0].starts_with("refused http://place-1/abc: "), "{notices:?}");
        assert_eq!(notices[1..], ["fetched abc from http://place-2/abc"], "{title}");
        assert_eq!(names(folder.path()), ["abc"], "{title}");
        assert_eq!(fs::read(folder.path().join("abc")).unwrap(), ABC);
    }
    insta::assert_snapshot!("bad_places", messages);
}

#[test]
fn a_redirection_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let target = good();
    let url = target.url();
    let server = Server::start(move |path, stream| redirect(stream, &format!("{url}{path}")));
    fetch_both(folder.path(), &[&server]).0.unwrap();
    assert_eq!(names(folder.path()), ["abc", "long"]);
    assert_eq!(target.asked(), ["/abc", "/long"]);
}

/// Else each file would wait for it anew.
#[test]
fn a_place_that_keeps_silent_is_asked_once_and_one_that_refuses_again() {
    for (answer, asked) in [
        (BAD[9].1, ["/abc"].as_slice()),
        (|_, stream| respond(stream, "404 Not Found", b""), &["/abc", "/long"]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let place = Server::start(answer);
        fetch_both(folder.path(), &[&place, &good()]).0.unwrap();
        assert_eq!(place.asked(), asked);
        assert_eq!(names(folder.path()), ["abc", "long"]);
    }
}

/// The time of a body is not that of waiting for an answer, which is limited over all places.
#[test]
fn a_place_that_stalls_leaves_the_next_one_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let stalls = Server::start(|_, stream| {
        send(stream, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
        hold(stream);
    });
    let server = good();
    let fetch = Fetch {
        name: "Test set",
        files: &FILES,
        addresses: vec![Address::new(&stalls.url()), Address::new(&server.url())],
        time_left: Duration::from_millis(2_400),
        downloader: Downloader::new(Duration::from_secs(3), None),
    };
    fetch.run(folder.path(), |_| {}).unwrap();
    assert_eq!(stalls.asked(), ["/abc"]);
    assert_eq!(names(folder.path()), ["abc", "long"]);
}

#[test]
fn files_got_before_a_failure_stay_and_the_failure_names_every_place() {
    let folder = tempfile::tempdir().unwrap();
    let silent = Server::start(|_, stream| hold(stream));
    let half = Server::start(|path, stream| match path {
        "/abc" => respond(stream, "200 OK", ABC),
        _ => respond(stream, "404 Not Found", b""),
    });
    let (fetched, _) = fetch_both(folder.path(), &[&silent, &half]);
    assert_eq!(
        fetched.unwrap_err().to_string(),
        "long cannot be fetched: http://place-1/abc: no answer in time; http://place-2/long: \
         the answer is HTTP status 404"
    );
    assert_eq!(names(folder.path()), ["abc"]);
}

#[test]
fn a_machine_that_accepts_no_connection_is_no_place() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let fetch = Fetch {
        name: "Test set",
        files: &FILES,
        addresses: vec![Address::new(&url)],
        time_left: Duration::from_secs(5),
        downloader: Downloader::new(Duration::from_secs(5), None),
    };
    let message = fetch.run(folder.path(), |_| {}).unwrap_err().to_string();
    assert!(message.starts_with(&format!("abc cannot be fetched: {url}/abc: ")), "{message}");
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_folder_that_cannot_be_written_to_is_named_before_anything_is_downloaded() {
    let parent = tempfile::tempdir().unwrap();
    fs::write(parent.path().join("file"), "").unwrap();
    let server = good();
    let folder = parent.path().join("file/below");
    let message = fetch_both(&folder, &[&server]).0.unwrap_err().to_string();
    assert!(message.contains("file/below cannot be written to"), "{message}");
    assert!(server.asked().is_empty());
    assert_eq!(names(parent.path()), ["file"]);
}

/// A file system of its own for a test, gone with it.
struct Mounted(PathBuf);

impl Mounted {
    /// A small one in memory; nothing where this user may not mount.
    fn at(folder: &Path, options: &str) -> Option<Self> {
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(folder)
            .output();
        let mounted = mount.is_ok_and(|output| output.status.success());
        if !mounted {
            // Not `eprintln!`, which the test runner swallows.
            let _ = writeln!(io::stderr(), "SKIPPED a test: a tmpfs cannot be mounted here");
        }
        mounted.then(|| Self(folder.to_path_buf()))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

#[test]
fn a_read_only_folder_is_named_before_anything_is_downloaded() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_mounted) = Mounted::at(folder.path(), "ro") else { return };
    let server = good();
    let message = fetch_both(folder.path(), &[&server]).0.unwrap_err().to_string();
    assert!(message.contains("cannot be written to"), "{message}");
    assert!(server.asked().is_empty());
}

#[test]
fn a_full_disk_leaves_no_part_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_mounted) = Mounted::at(folder.path(), "size=64k") else { return };
    static BYTES: [u8; 100_000] = [7; 100_000];
    let digest = Sha256::digest(BYTES).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let large = PublishedFile { name: "large", bytes: 100_000, sha256: digest.leak() };
    let server = Server::start(|path, stream| match path {
        "/abc" => respond(stream, "200 OK", ABC),
        _ => respond(stream, "200 OK", &BYTES),
    });
    let (fetched, _) = fetch_files(&[FILES[0], large], folder.path(), &[&server]);
    let message = fetched.unwrap_err().to_string();
    assert!(message.contains("large cannot be written"), "{message}");
    assert_eq!(names(folder.path()), ["abc"]);
}
