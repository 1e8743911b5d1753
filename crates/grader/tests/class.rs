//! What a class's folder holds, as [`find_entries`] finds it.

use std::fs;
use std::path::Path;

use grader::class::{Entries, Entry, find_entries};

/// What each entry is, in a line.
fn entries(folder: &Path) -> Vec<String> {
    let Entries { entries, .. } = find_entries(folder, &[]).unwrap();
    let line = |Entry { id, hand_in, .. }: Entry| match hand_in {
        Ok(hand_in) => format!("{id}: {}", hand_in.file_name()),
        Err(problem) => format!("{id}! {problem}"),
    };
    entries.into_iter().map(line).collect()
}

#[test]
fn everything_in_a_class_s_folder_is_an_entry_or_of_the_system() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let none = find_entries(folder.path(), &[]).unwrap_err().to_string();
    assert!(none.contains("found no hand-ins"), "{none}");
    write("anna.py", "a");
    write("ben/anything.py", "b");
    write("ben/__pycache__/x.py", "");
    write("ben/venv/pyvenv.cfg", "");
    write("ben/venv/lib/y.py", "");
    write("cleo/cs231n/layers.py", "def spatial_batchnorm_forward(x, gamma, beta, p):");
    write("cleo/cs231n/optim.py", "# calls\n  def spatial_batchnorm_forward");
    write("dora/readme.txt", "");
    write("emil/a.py", "def spatial_batchnorm_forward(x):");
    write("emil/b.py", "def spatial_batchnorm_forward(y):");
    write("fred/a.py", "");
    write("fred/b.py", "");
    write("gina.py", &" ".repeat(1 + (1 << 20)));
    write("hans/run", "");
    write("ida/run", "");
    write("ida/hw.py", "x = 1");
    write("jan.py", " \n");
    write("notes.txt", "");
    write("anna.pdf", "");
    write(".hidden.py", "");
    write("__MACOSX/._anna.py", "");
    write("marks.csv", "");
    write("marks/anna.txt", "");
    let expected = [
        "anna: anna.py",
        "anna.pdf! anna.pdf: found a .pdf, expected a .py, an .ipynb, a .zip or a folder",
        "ben: anything.py",
        "cleo: layers.py",
        "dora! dora: found no .py or .ipynb file but readme.txt, expected one",
        "emil! emil: found 2 files that define spatial_batchnorm_forward: a.py, b.py, expected one",
        "fred! fred: found 2 files, none of which defines spatial_batchnorm_forward: a.py, b.py, \
         expected one that defines spatial_batchnorm_forward or the class SpatialBatchNorm",
        "gina! gina.py: found more than 1 MiB, expected at most 1 MiB",
        "hans! run: found a file that is not executable, expected a program; run `chmod +x run`",
        "ida: hw.py",
        "jan! jan.py: found an empty file, expected the functions of the course",
        "marks! marks: found no .py or .ipynb file but anna.txt, expected one",
        "marks.csv! marks.csv: found a .csv, expected a .py, an .ipynb, a .zip or a folder",
        "notes.txt! notes.txt: found a .txt, expected a .py, an .ipynb, a .zip or a folder",
    ];
    assert_eq!(entries(folder.path()), expected);
    // What grading writes into the folder is no entry; two hand-ins of one name keep their endings.
    let written = ["marks", "marks.csv"].map(|name| folder.path().join(name));
    write("anna.ipynb", "");
    write("~$anna.docx", "");
    let Entries { entries, of_system, joined } = find_entries(folder.path(), &written).unwrap();
    let ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids[..3], ["anna.ipynb", "anna.pdf", "anna.py"]);
    assert_eq!(ids.last(), Some(&"notes.txt"));
    assert_eq!(of_system, [".hidden.py", "__MACOSX", "~$anna.docx"]);
    assert!(joined.is_empty());
}

#[test]
#[cfg(unix)]
fn links_are_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret.py");
    fs::write(&secret, "").unwrap();
    let hand_ins = folder.path().join("hand_ins");
    fs::create_dir_all(hand_ins.join("eve")).unwrap();
    std::os::unix::fs::symlink(&secret, hand_ins.join("mallory.py")).unwrap();
    std::os::unix::fs::symlink(folder.path(), hand_ins.join("oscar")).unwrap();
    std::os::unix::fs::symlink(&secret, hand_ins.join("eve/a.py")).unwrap();
    let expected = [
        "eve! eve: found no .py or .ipynb file, expected one",
        "mallory! mallory.py: found a link, expected the file itself",
        "oscar! oscar: found a link, expected the file itself",
    ];
    assert_eq!(entries(&hand_ins), expected);
}
