//! What a folder of hand-ins holds, as [`find_hand_ins`] finds it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use grader::class::{HandIn, find_hand_ins};

#[test]
fn hand_ins_are_files_or_folders_with_one() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    assert!(find_hand_ins(folder.path()).unwrap_err().to_string().contains("found no hand-ins"));
    write("anna.py", "a");
    write("ben/anything.py", "b");
    write("ben/__pycache__/x.py", "");
    write("cleo/cs231n/layers.py", "def spatial_batchnorm_forward(x, gamma, beta, p):");
    write("cleo/cs231n/optim.py", "# calls\n  def spatial_batchnorm_forward");
    write("dora/readme.txt", "");
    write("emil/a.py", "def spatial_batchnorm_forward(");
    write("emil/b.py", "def spatial_batchnorm_forward(");
    write("fred/a.py", "");
    write("fred/b.py", "");
    write("gina.py", &" ".repeat(1 + (1 << 20)));
    write("notes.txt", "");
    write(".hidden.py", "");
    let found: Vec<String> = find_hand_ins(folder.path())
        .unwrap()
        .iter()
        .map(|HandIn { id, source }| match source {
            Ok(source) => format!("{id}: {}", source.name),
            Err(problem) => format!("{id}! {problem}"),
        })
        .collect();
    let expected = [
        "anna: anna.py",
        "ben: anything.py",
        "cleo: layers.py",
        "dora! found no .py file, expected one",
        "emil! found 2 files that define spatial_batchnorm_forward, expected one",
        "fred! found 2 .py files, none of which defines spatial_batchnorm_forward, expected \
         one that does",
        "gina! gina.py: found 1048577 bytes, expected at most 1048576",
    ];
    assert_eq!(found, expected);
    write("anna/b.py", "");
    assert!(
        find_hand_ins(folder.path()).unwrap_err().to_string().contains("two hand-ins called anna")
    );
}

#[test]
#[cfg(unix)]
fn links_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret.txt");
    fs::write(&secret, "").unwrap();
    let hand_ins = folder.path().join("hand_ins");
    fs::create_dir_all(hand_ins.join("eve")).unwrap();
    std::os::unix::fs::symlink(&secret, hand_ins.join("mallory.py")).unwrap();
    std::os::unix::fs::symlink(&secret, hand_ins.join("eve/a.py")).unwrap();
    let found = find_hand_ins(&hand_ins).unwrap();
    assert!(found.len() == 2 && found.iter().all(|hand_in| hand_in.source.is_err()));
}
