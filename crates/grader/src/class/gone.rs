//! The removal of reports that are of no use any more: of hand-ins that are gone, or that can no longer be
//! graded.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::class::files;
use crate::class::key::hash_of_file;
use crate::class::record::Stored;
use crate::export::FORMATS;

/// Removes the reports and records of hand-ins whose ids are not among these. Returns how many hand-ins lost
/// reports.
pub(super) fn remove_others(reports: &Path, ids: &BTreeSet<&str>) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(files::records(reports)).into_iter().flatten().flatten() {
        let path = entry.path();
        let Some(stored) = Stored::read_sealed(&path) else { continue };
        let id = stored.id();
        if !ids.contains(id) && files::record(reports, id) == path {
            count += usize::from(remove_reports(reports, &stored));
            let _ = fs::remove_file(path);
        }
    }
    count
}

/// Removes the reports and the record of this hand-in.
pub(super) fn remove(reports: &Path, id: &str) {
    let path = files::record(reports, id);
    if let Some(stored) = Stored::read_sealed(&path).filter(|stored| stored.id() == id) {
        remove_reports(reports, &stored);
    }
    // It need not be there.
    let _ = fs::remove_file(path);
}

/// Removes the reports that are as they were written: what somebody has changed is theirs. Returns whether
/// there were any.
fn remove_reports(reports: &Path, stored: &Stored) -> bool {
    let mut has_removed = false;
    for format in FORMATS {
        let report = files::report(reports, stored.id(), format.extension);
        let written = stored.report(format.extension);
        if written.is_some() && hash_of_file(&report).as_deref() == written {
            // What cannot be removed now is tried again by no other batch: its record goes.
            has_removed |= fs::remove_file(report).is_ok();
        }
    }
    has_removed
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::class::key::hash;
    use crate::class::record::Record;

    fn write(reports: &Path, id: &str) {
        fs::create_dir_all(files::records(reports)).unwrap();
        let hashes = ["txt", "json"].map(|extension| {
            let text = format!("{id} in {extension}");
            fs::write(files::report(reports, id, extension), &text).unwrap();
            (extension.to_owned(), hash(&text))
        });
        let stored = Stored::new("key", Record::problem(id, "none"), BTreeMap::from(hashes));
        fs::write(files::record(reports, id), stored.unwrap().to_json().unwrap()).unwrap();
    }

    #[test]
    fn a_report_that_somebody_has_changed_stays_and_the_number_of_others_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let reports = folder.path();
        let is_there = |id, extension| files::report(reports, id, extension).exists();
        for id in ["anna", "ben", "cleo", "dora"] {
            write(reports, id);
        }
        fs::write(files::report(reports, "ben", "txt"), "changed").unwrap();
        for extension in ["txt", "json"] {
            fs::write(files::report(reports, "cleo", extension), "changed").unwrap();
        }
        assert_eq!(remove_others(reports, &BTreeSet::from(["dora"])), 2);
        let left =
            ["anna", "ben", "cleo", "dora"].map(|id| [is_there(id, "txt"), is_there(id, "json")]);
        assert_eq!(left, [[false, false], [true, false], [true, true], [true, true]]);
        assert_eq!(remove_others(reports, &BTreeSet::from(["dora"])), 0);

        fs::write(files::report(reports, "dora", "txt"), "changed").unwrap();
        remove(reports, "dora");
        assert_eq!([is_there("dora", "txt"), is_there("dora", "json")], [true, false]);
        assert!(!files::record(reports, "dora").exists());
        remove(reports, "nobody");
    }
}
