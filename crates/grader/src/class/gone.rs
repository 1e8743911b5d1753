//! The reports of hand-ins that are no longer there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::class::files;
use crate::class::key::hash_of_file;
use crate::class::record::Stored;
use crate::export::FORMATS;

/// Removes the reports and records of hand-ins whose ids are not among these. Only a report that is as it
/// was written goes: what somebody has changed is theirs.
pub(super) fn remove(reports: &Path, ids: &BTreeSet<&str>) {
    for entry in fs::read_dir(files::records(reports)).into_iter().flatten().flatten() {
        let path = entry.path();
        let Some(stored) = Stored::read_sealed(&path) else { continue };
        let id = stored.id();
        if ids.contains(id) || files::record(reports, id) != path {
            continue;
        }
        for format in FORMATS {
            let report = files::report(reports, id, format.extension);
            let written = stored.report(format.extension);
            if written.is_some() && hash_of_file(&report).as_deref() == written {
                // What cannot be removed now is tried again by no other batch: its record goes.
                let _ = fs::remove_file(report);
            }
        }
        let _ = fs::remove_file(path);
    }
}
