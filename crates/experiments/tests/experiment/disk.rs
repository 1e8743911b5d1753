//! Disks that are full or not to be written to.

use std::io::{self, Write};
use std::path::Path;
use std::process::Command;

use crate::{TINY, experiment, files, tiny_study};

/// A small file system of its own, for as long as this lives.
struct Disk(tempfile::TempDir);

impl Disk {
    /// None, said aloud, where this user may not make one.
    fn mount(options: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success());
        if mounted {
            return Some(Self(folder));
        }
        // Not `eprintln!`, which the test runner swallows.
        let _ = writeln!(io::stderr(), "SKIPPED a test of full disks: only root can mount one");
        None
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let status =
            Command::new("mount").args(["-o", &options]).arg(self.0.path()).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

fn refusal(folder: &Path) -> String {
    let arguments =
        [TINY.as_slice(), &["--epochs=2", "--threads=1", "--out=out", "--cells=out/cells"]]
            .concat();
    let output = experiment(folder, &arguments);
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8(output.stderr).unwrap()
}

/// Wherever the disk is full first, each file that is left is whole, and with more room the study
/// goes on to the same bytes.
#[test]
#[ignore = "long: .ci/run runs it"]
fn a_full_disk_stops_a_study_and_loses_nothing() {
    let roomy = tempfile::tempdir().unwrap();
    tiny_study(roomy.path(), "out", &["--epochs=2"]);
    let expected = files(&roomy.path().join("out"));
    for kilobytes in [4, 40, 150, 400, 1_300] {
        let Some(disk) = Disk::mount(&format!("size={kilobytes}k")) else { return };
        let message = refusal(disk.0.path());
        assert!(message.contains("No space left on device"), "{kilobytes}: {message}");
        assert!(message.contains("out"), "{kilobytes}: {message}");
        for (name, bytes) in files(disk.0.path()) {
            assert!(!name.ends_with(".part"), "{kilobytes}: {name}");
            let csv_is_whole =
                !name.ends_with(".csv") || bytes.is_empty() || bytes.ends_with(b"\n");
            assert!(csv_is_whole, "{kilobytes}: {name}");
        }
        disk.remount("size=100m");
        tiny_study(disk.0.path(), "out", &["--epochs=2"]);
        super::assert_same(&files(&disk.0.path().join("out")), &expected);
    }
}

/// Once, with the folder and the cause, whether it is the one of the cells or of the report, and whether
/// it is there already.
#[test]
fn a_read_only_folder_is_refused_before_any_training() {
    let Some(disk) = Disk::mount("size=10m") else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = format!("--cells={}", disk.0.path().join("cells").display());
    let out = format!("--out={}", disk.0.path().join("out").display());
    let cases = [[store.as_str(), "--out=out"], ["--cells=cells", out.as_str()]];
    let message = |places: &[&str; 2]| {
        let output = experiment(folder.path(), &[TINY.as_slice(), places].concat());
        assert_eq!(output.status.code(), Some(2));
        let message = String::from_utf8(output.stderr).unwrap();
        message.replace(disk.0.path().to_str().unwrap(), "disk")
    };
    let why = "Read-only file system (os error 30)";
    let of_cells = format!(
        "error: disk/cells cannot be written into: {why}; --cells gives another folder of cells\n"
    );
    disk.remount("ro");
    assert_eq!(message(&cases[0]), of_cells);
    let expected = format!("error: disk/out cannot be made: {why}; --out gives another\n");
    assert_eq!(message(&cases[1]), expected);
    disk.remount("rw");
    std::fs::create_dir_all(disk.0.path().join("cells")).unwrap();
    std::fs::create_dir_all(disk.0.path().join("out")).unwrap();
    disk.remount("ro");
    assert_eq!(message(&cases[0]), of_cells);
    let expected = format!("error: disk/out cannot be written into: {why}; --out gives another\n");
    assert_eq!(message(&cases[1]), expected);
    assert!(files(folder.path()).is_empty());
}
