//! Where the reports and the record of a hand-in lie.

use std::path::{Path, PathBuf};

use crate::class::key::hash;

/// The longest name of a file, in bytes, that file systems allow.
const LONGEST: usize = 255;

/// Room for what names of reports end in.
const ENDING: usize = ".gradescope.json".len();

/// The digits of a hash in a file name.
const DIGITS: usize = 32;

/// What stands before them.
const MARK: char = '~';

/// The folder of the records, among the reports.
pub(super) fn records(reports: &Path) -> PathBuf {
    reports.join(".records")
}

/// The file of a report.
pub(super) fn report(reports: &Path, id: &str, extension: &str) -> PathBuf {
    reports.join(format!("{}.{extension}", stem(id)))
}

/// The file of a record.
pub(super) fn record(reports: &Path, id: &str) -> PathBuf {
    records(reports).join(format!("{}.json", stem(id)))
}

/// What the names of the unfinished files of a table's batch begin with: another table in the same folder
/// has others.
pub(super) fn part(table: &Path) -> String {
    let name = table.file_name().unwrap_or_default().to_string_lossy();
    format!(".part-{}-", &hash(&name)[..8])
}

/// What the names of a hand-in's files begin with: its id, or the beginning of one that is too long,
/// with its hash. No two hand-ins have the same.
fn stem(id: &str) -> String {
    let longest = LONGEST - ENDING;
    // What looks like a shortened id is shortened too, or it could be that of another hand-in.
    if id.len() <= longest && !ends_in_hash(id) {
        return id.to_owned();
    }
    let room = longest - DIGITS - MARK.len_utf8();
    let end = (0..=room.min(id.len())).rev().find(|&end| id.is_char_boundary(end));
    let (beginning, hash) = (&id[..end.unwrap_or_default()], hash(id));
    format!("{beginning}{MARK}{}", &hash[..DIGITS])
}

fn ends_in_hash(id: &str) -> bool {
    id.rsplit_once(MARK).is_some_and(|(_, digits)| {
        digits.len() == DIGITS && digits.chars().all(|digit| digit.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::FORMATS;

    #[test]
    fn every_id_has_files_of_its_own_whose_names_are_short_enough() {
        for format in FORMATS {
            assert!(format.extension.len() < ENDING, "{}", format.extension);
        }
        assert_eq!(report(Path::new("marks"), "anna", "txt"), Path::new("marks/anna.txt"));
        let long = "a".repeat(255);
        let ids = [
            "a".repeat(239),
            "a".repeat(240),
            long.clone(),
            format!("{long}b"),
            "ä".repeat(127),
            "\u{1f600}".repeat(63),
            // What another's files are called.
            stem(&long),
            stem(&stem(&long)),
        ];
        let mut stems: Vec<String> = ids.iter().map(|id| stem(id)).collect();
        for stem in &stems {
            assert!(stem.len() + ENDING <= LONGEST, "{stem}");
        }
        assert_eq!(stems[0], ids[0]);
        stems.sort();
        stems.dedup();
        assert_eq!(stems.len(), ids.len());
    }
}
