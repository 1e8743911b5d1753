//! What a class's folder holds: an entry for each file and folder in it, and what systems left there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use crate::class::error::ClassError;
use crate::hand_in::{Download, HandIn, Problem, is_of_system, of_platform, without_ending};
use crate::messages;

/// A file or folder in a class's folder.
#[derive(Debug)]
pub struct Entry {
    /// Its name in the table, which no other has: the name of the file, without the ending that its kind
    /// has, or of the folder. Escapes such as `\n` stand for characters that would not stay where they are
    /// written.
    pub id: String,
    /// The name of its file or folder; of files that belong together, that of a folder of them.
    pub path: PathBuf,
    /// What to grade, or why there is nothing.
    pub hand_in: Result<HandIn, Problem>,
}

/// What a class's folder holds.
#[derive(Debug)]
pub struct Entries {
    /// By their ids.
    pub entries: Vec<Entry>,
    /// The names of what systems and programs leave in folders, which nobody hands in.
    pub of_system: Vec<String>,
    /// The hand-ins that a platform gave out in several files.
    pub joined: Vec<Joined>,
}

/// A hand-in that a platform gave out in several files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// Its name in the table.
    pub id: String,
    /// The names of the files and folders.
    pub files: Vec<String>,
}

/// The entries of a class's folder, without the files and folders `written`, which grading the class
/// writes.
///
/// # Errors
///
/// [`ClassError`] if the folder cannot be read, or holds no entries.
pub fn find_entries(folder: &Path, written: &[PathBuf]) -> Result<Entries, ClassError> {
    let found = find_any_entries(folder, written)?;
    if found.entries.is_empty() {
        let expected = "Python files, notebooks, .zip files or folders";
        return Err(unusable(folder, "no hand-ins", expected));
    }
    Ok(found)
}

/// As [`find_entries`], but the folder may hold none: where the class is known, that says who handed in
/// nothing.
///
/// # Errors
///
/// [`ClassError`] if the folder cannot be read.
pub fn find_any_entries(folder: &Path, written: &[PathBuf]) -> Result<Entries, ClassError> {
    if !folder.is_dir() {
        return Err(unusable(folder, "no folder", "a folder of hand-ins"));
    }
    let written: Vec<PathBuf> =
        written.iter().filter_map(|path| path.canonicalize().ok()).collect();
    let (mut found, mut of_system) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(ClassError::read(folder))? {
        let entry = entry.map_err(ClassError::read(folder))?;
        let is_written = entry.path().canonicalize().is_ok_and(|path| written.contains(&path));
        let name = messages::distinct(&entry.file_name());
        if is_of_system(&name) {
            of_system.push(name);
        } else if !is_written {
            found.push((name, entry));
        }
    }
    of_system.sort();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    let names: Vec<(String, bool)> = found
        .iter()
        .map(|(name, entry)| (name.clone(), entry.file_type().is_ok_and(|kind| kind.is_dir())))
        .collect();
    let read = found.iter().zip(ids(&names)).map(|((name, entry), id)| {
        let entry_of_class = Entry { id, path: entry.file_name().into(), hand_in: read(entry) };
        (name.clone(), entry_of_class)
    });
    let (mut entries, joined) = joined(folder, read.collect());
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(Entries { entries, of_system, joined })
}

/// The entries, of which those are one that a platform gave out as files of one student.
fn joined(folder: &Path, entries: Vec<(String, Entry)>) -> (Vec<Entry>, Vec<Joined>) {
    let student = |name: &str| {
        let Download { name, number, .. } = of_platform(name)?;
        Some((name.to_owned(), number.to_owned()))
    };
    let mut students = BTreeMap::<_, Vec<_>>::new();
    for (name, entry) in entries {
        students.entry(student(&name)).or_default().push((name, entry));
    }
    let (mut all, mut joined) = (Vec::new(), Vec::new());
    for (student, members) in students {
        let together = student.and_then(|student| of_one_student(folder, &student, &members));
        match together {
            Some(entry) => {
                let files = members.into_iter().map(|(name, _)| name).collect();
                joined.push(Joined { id: entry.id.clone(), files });
                all.push(entry);
            }
            None => all.extend(members.into_iter().map(|(_, entry)| entry)),
        }
    }
    (all, joined)
}

/// The one entry of these members; none if they are not parts of one hand-in, but several.
fn of_one_student(
    folder: &Path,
    (student, number): &(String, String),
    members: &[(String, Entry)],
) -> Option<Entry> {
    let file_numbers: Vec<&str> =
        members.iter().filter_map(|(name, _)| of_platform(name)?.file_number).collect();
    // No two files of a platform have the same number.
    let is_of_platform = file_numbers.iter().collect::<BTreeSet<_>>().len() == file_numbers.len();
    if members.len() < 2 || !is_of_platform {
        return None;
    }
    let read: Vec<&HandIn> =
        members.iter().filter_map(|(_, entry)| entry.hand_in.as_ref().ok()).collect();
    let whole: Vec<&HandIn> = read.iter().copied().filter(|one| one.answers_spatial()).collect();
    let is_program = read.iter().any(|one| matches!(one, HandIn::Program(_)));
    if is_program || whole.windows(2).any(|two| !two[0].has_files_of(two[1])) {
        return None;
    }
    let paths: Vec<PathBuf> = members.iter().map(|(_, entry)| folder.join(&entry.path)).collect();
    let name = format!("{student}_{number}");
    let hand_in = HandIn::read_together(&name, &paths);
    // The id stays the same when another file is added to the one that has the functions.
    let answers = |entry: &&Entry| entry.hand_in.as_ref().is_ok_and(HandIn::answers_spatial);
    let mut by_use = members.iter().map(|(_, entry)| entry);
    let id = by_use.clone().find(answers).or_else(|| by_use.next())?.id.clone();
    Some(Entry { id, path: name.into(), hand_in })
}

fn unusable(folder: &Path, found: &str, expected: &'static str) -> ClassError {
    ClassError::Unusable { path: folder.to_owned(), found: found.to_owned(), expected }
}

/// The ids of files and folders: names without endings, but for those that would then be the same.
fn ids(names: &[(String, bool)]) -> Vec<String> {
    let mut in_full = BTreeSet::new();
    loop {
        let id = |(name, is_folder): &(String, bool)| match without_ending(name) {
            Some(stem) if !is_folder && !in_full.contains(name) => stem.to_owned(),
            Some(_) | None => name.clone(),
        };
        let ids: Vec<String> = names.iter().map(id).collect();
        let mut with_id: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (id, (name, _)) in ids.iter().zip(names) {
            with_id.entry(id).or_default().push(name);
        }
        let same: Vec<String> = with_id
            .into_values()
            .filter(|names| names.len() > 1)
            .flatten()
            .map(str::to_owned)
            .collect();
        if same.is_empty() {
            return ids;
        }
        in_full.extend(same);
    }
}

fn read(entry: &DirEntry) -> Result<HandIn, Problem> {
    if entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
        let name = messages::flat_name(&entry.file_name());
        return Err(Problem::new(name, "a link", "the file itself"));
    }
    HandIn::read(&entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIN: &str = "def spatial_batchnorm_forward(x): pass\n";

    /// The ids of the entries of a folder with these files, how many of them are read, and what is joined.
    fn found(files: &[(&str, &str)]) -> (Vec<String>, usize, Vec<Joined>) {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let Entries { entries, joined, .. } = find_any_entries(folder.path(), &[]).unwrap();
        let read = entries.iter().filter(|entry| entry.hand_in.is_ok()).count();
        (entries.into_iter().map(|entry| entry.id).collect(), read, joined)
    }

    #[test]
    fn files_that_a_platform_gave_out_one_by_one_are_the_hand_in_of_one_student() {
        let main = "jane_1234_9003_layers-1";
        for others in [
            &["jane_LATE_1234_9001_layer_utils.py", "jane_1234_9002_report.pdf"][..],
            &["jane_1234_9004_hw.ipynb.docx", "jane_1234_9009_copy.zip"],
        ] {
            let mut files: Vec<(&str, &str)> = others.iter().map(|&name| (name, "x")).collect();
            files.extend([("jane_1234_9003_layers-1.py", MAIN), ("ben_77_9005_layers.py", MAIN)]);
            let (ids, read, joined) = found(&files);
            assert_eq!((ids, read), (vec!["ben_77_9005_layers".into(), main.into()], 2));
            let mut names: Vec<String> = others.iter().map(|&name| name.to_owned()).collect();
            names.push(format!("{main}.py"));
            names.sort();
            assert_eq!(joined, [Joined { id: main.to_owned(), files: names }]);
        }
        let moodle = "Jane Doe_34_assignsubmission";
        let files = [
            (format!("{moodle}_file/layers.py"), MAIN),
            (format!("{moodle}_file/layer_utils.py"), "x"),
            (format!("{moodle}_onlinetext/onlinetext.html"), "x"),
        ];
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let (ids, read, _) = found(&files);
        assert_eq!((ids, read), (vec![format!("{moodle}_file")], 1));
    }

    #[test]
    fn what_may_be_of_two_students_is_not_joined() {
        let other = format!("{MAIN}x = 1\n");
        for files in [
            // Two who each have the functions.
            [("hw_1_2_anna.py", MAIN), ("hw_1_3_ben.py", &other)],
            // No platform gives two files one number.
            [("hw_1_2_anna.py", MAIN), ("hw_1_2_ben.py", "x")],
            [("anna_1_2_layers.py", MAIN), ("ben_1_3_layers.py", "x")],
            [("anna_1_2_layers.py", MAIN), ("anna_5_3_layers.py", "x")],
        ] {
            let (ids, _, joined) = found(&files);
            assert_eq!((ids.len(), joined.len()), (2, 0), "{files:?}");
        }
        // A file and its copy are one.
        let (ids, read, _) = found(&[("jane_1_2_a.py", MAIN), ("jane_1_3_b.py", MAIN)]);
        assert_eq!((ids.len(), read), (1, 1));
    }

    #[test]
    fn hand_ins_of_one_name_have_their_endings_in_their_ids() {
        let names = [
            ("ann.py", false, "ann.py"),
            ("ann.zip", false, "ann.zip"),
            ("ann.zip.py", false, "ann.zip.py"),
            ("ben", true, "ben"),
            ("ben.ipynb", false, "ben.ipynb"),
            ("cleo.py", true, "cleo.py"),
            ("cleo.PY.py", false, "cleo.PY"),
            ("dora.py", false, "dora"),
            ("dora.pdf", false, "dora.pdf"),
        ];
        let given = names.map(|(name, is_folder, _)| (name.to_owned(), is_folder));
        assert_eq!(ids(&given), names.map(|(_, _, id)| id));
    }
}
