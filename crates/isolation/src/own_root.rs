//! A root folder that has only what the program may see, and a room of the program's own in it.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Component, Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{chdir, pivot_root};

use crate::job::Job;
use crate::room::make_folders;
use crate::user::User;

/// The programs and libraries of the system, and the files by which they are found.
pub(crate) const SYSTEM: [&str; 12] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/nix/store",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
];

/// Devices that programs expect.
pub(crate) const DEVICES: [&str; 5] =
    ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/// The symbolic links that one path may lead through, at most: as in the kernel.
const MAX_LINKS: usize = 40;

/// What a room can hold beyond the limits, in bytes and files: whoever goes beyond a limit is ended by
/// it, and does not meet the end of the room first.
const TO_SPARE: u64 = 8 << 20;
const FILES_TO_SPARE: u64 = 100;

/// Makes such a folder the root of this process and of all that it starts. Returns the program's room,
/// which is the user's, if one is named.
///
/// # Errors
///
/// The error of the system, as a text. This process then still sees the old root.
pub(crate) fn enter(job: &Job, user: Option<User>) -> Result<OwnedFd, String> {
    unshare(CloneFlags::CLONE_NEWNS).map_err(|error| format!("unshare: {}", error.desc()))?;
    // The folder that is the room elsewhere is covered by the new root.
    let root = &job.room;
    let room = fill(root, job, user).and_then(|room| change_to(root).map(|()| room));
    if room.is_err() {
        // It is the room after all.
        let _ = umount2(root, MntFlags::MNT_DETACH);
    }
    room
}

/// Mounts the new root at `root`, with all that the program may see. Returns the program's room.
fn fill(root: &Path, job: &Job, user: Option<User>) -> Result<OwnedFd, String> {
    let at = |what: &'static str| move |error: nix::Error| format!("{what}: {}", error.desc());
    let on_disk = |path: &Path, error: io::Error| format!("{}: {error}", path.display());
    const NOTHING: Option<&str> = None;
    // Mounts of this namespace are not to appear in others.
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(NOTHING, "/", NOTHING, private, NOTHING).map_err(at("mount /"))?;
    let plain = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    let small = Some("size=1m,mode=755");
    mount(Some("tmpfs"), root, Some("tmpfs"), plain, small).map_err(at("mount tmpfs"))?;

    let system = SYSTEM.iter().map(Path::new);
    let readable = job.readable.iter().map(PathBuf::as_path);
    for path in system.chain(readable) {
        bind(root, path, plain | MsFlags::MS_RDONLY)?;
    }
    let room = make_room(root, job, user)?;
    for path in DEVICES.iter().map(Path::new) {
        bind(root, path, MsFlags::MS_NOSUID)?;
    }
    // Not every container allows this, and few programs need it.
    let processes = root.join("proc");
    make_folder(&processes).map_err(|error| on_disk(&processes, error))?;
    let _ = mount(Some("proc"), &processes, Some("proc"), plain | MsFlags::MS_NOEXEC, NOTHING);

    Ok(room)
}

/// Makes a folder, on which a file system is mounted, the root.
fn change_to(root: &Path) -> Result<(), String> {
    let at = |what: &'static str| move |error: nix::Error| format!("{what}: {}", error.desc());
    let on_disk = |path: &Path, error: io::Error| format!("{}: {error}", path.display());
    let plain = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    const NOTHING: Option<&str> = None;
    let old = root.join(".old");
    make_folder(&old).map_err(|error| on_disk(&old, error))?;
    pivot_root(root, &old).map_err(at("pivot_root"))?;
    chdir("/").map_err(at("chdir"))?;
    umount2("/.old", MntFlags::MNT_DETACH).map_err(at("umount"))?;
    fs::remove_dir("/.old").map_err(|error| on_disk(Path::new("/.old"), error))?;
    let read_only = plain | MsFlags::MS_RDONLY | MsFlags::MS_REMOUNT | MsFlags::MS_BIND;
    mount(NOTHING, "/", NOTHING, read_only, NOTHING).map_err(at("remount /"))
}

/// Mounts a file system in memory, of a fixed size, for the room of a job below the new root.
fn make_room(root: &Path, job: &Job, user: Option<User>) -> Result<OwnedFd, String> {
    let room = root.join(job.room.strip_prefix("/").unwrap_or(&job.room));
    let at = |error: io::Error| format!("{}: {error}", job.room.display());
    make_folder(&room).map_err(at)?;
    let bytes = job.limits.disk.saturating_add(TO_SPARE);
    let files = job.limits.files.saturating_add(FILES_TO_SPARE);
    let options = format!("size={bytes},nr_inodes={files},mode=755");
    let plain = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("tmpfs"), &room, Some("tmpfs"), plain, Some(options.as_str()))
        .map_err(|error| format!("mount tmpfs: {}", error.desc()))?;
    make_folders(&room, &job.room_folders, user).map_err(at)?;
    Ok(File::open(&room).map_err(at)?.into())
}

/// Shows a file or folder, if it exists, below the new root under its own path.
fn bind(root: &Path, path: &Path, flags: MsFlags) -> Result<(), String> {
    let at = |error: String| format!("{}: {error}", path.display());
    let placed = match place(root, path, MAX_LINKS) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        placed => placed.map_err(|error| at(error.to_string()))?,
    };
    const NOTHING: Option<&str> = None;
    let bind = MsFlags::MS_BIND | MsFlags::MS_REC;
    mount(Some(&placed.original), &placed.copy, NOTHING, bind, NOTHING)
        .map_err(|error| at(error.desc().to_owned()))?;
    // A mount cannot drop the flags of its original.
    let mut flags = flags | MsFlags::MS_REMOUNT | MsFlags::MS_BIND;
    let original = statvfs(&placed.original).map_err(|error| at(error.desc().to_owned()))?.flags();
    for (set, same) in [
        (FsFlags::ST_RDONLY, MsFlags::MS_RDONLY),
        (FsFlags::ST_NOSUID, MsFlags::MS_NOSUID),
        (FsFlags::ST_NODEV, MsFlags::MS_NODEV),
        (FsFlags::ST_NOEXEC, MsFlags::MS_NOEXEC),
    ] {
        if original.contains(set) {
            flags |= same;
        }
    }
    mount(NOTHING, &placed.copy, NOTHING, flags, NOTHING)
        .map_err(|error| at(error.desc().to_owned()))
}

/// A file or folder, and its place below the new root.
struct Placed {
    original: PathBuf,
    copy: PathBuf,
}

/// Makes an empty file or folder below `root` for the one at `path`, and every symbolic link on the way.
fn place(root: &Path, path: &Path, links: usize) -> io::Result<Placed> {
    let below = |path: &Path| root.join(path.strip_prefix("/").unwrap_or(path));
    let mut original = PathBuf::from("/");
    let mut names = path.components();
    while let Some(name) = names.next() {
        original.push(name);
        if !fs::symlink_metadata(&original)?.is_symlink() {
            continue;
        }
        let target = fs::read_link(&original)?;
        let link = below(&original);
        if let Some(folder) = link.parent() {
            make_folder(folder)?;
        }
        match symlink(&target, &link) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let links =
            links.checked_sub(1).ok_or_else(|| io::Error::other("leads through too many links"))?;
        original.pop();
        let led_to = without_dots(&original.join(target)).join(names.as_path());
        return place(root, &led_to, links);
    }
    let copy = below(&original);
    if original.is_dir() {
        make_folder(&copy)?;
    } else if !copy.exists() {
        if let Some(folder) = copy.parent() {
            make_folder(folder)?;
        }
        File::create(&copy)?;
    }
    Ok(Placed { original, copy })
}

/// Makes a folder that anyone may enter, and the folders above it.
fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(path)
}

/// The path without `..` and `.`. No link is followed: a `..` in the links of a system's folders does
/// not lead through another link.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {
                plain.push(component);
            }
        }
    }
    plain
}
