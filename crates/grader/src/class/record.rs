//! What is known of a graded hand-in, and the record by which a later run knows it again.
//!
//! A record is trusted only as it was written: a seal over all of it shows when a part was edited,
//! cut off or taken from another record. It is no signature. Who edits a record and computes the seal
//! anew is not noticed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::class::finding::Findings;
use crate::class::key::Key;
use crate::class::table::Line;

/// The line of a hand-in, and what was found in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) line: Line,
    pub(super) findings: Findings,
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Stored {
    /// The hash of everything that the grade depends on.
    key: String,
    #[serde(flatten)]
    record: Record,
    /// The hashes of the reports, by their extensions.
    reports: BTreeMap<String, String>,
    /// The hash of all the above.
    seal: String,
}

impl Record {
    /// The record of a hand-in that could not be graded.
    pub(super) fn problem(id: &str, problem: &str) -> Self {
        Self { line: Line::problem(id, problem), findings: Findings::default() }
    }
}

impl Stored {
    /// A record to be stored.
    pub(super) fn new(
        key: &str,
        record: Record,
        reports: BTreeMap<String, String>,
    ) -> serde_json::Result<Self> {
        let mut stored = Self { key: key.to_owned(), record, reports, seal: String::new() };
        stored.seal = stored.sealed()?;
        Ok(stored)
    }

    /// The record in a file, if it is as it was written, and of this key, this hand-in and these
    /// reports.
    pub(super) fn read(
        path: &Path,
        key: &str,
        id: &str,
        reports: &BTreeMap<String, String>,
    ) -> Option<Record> {
        let stored = Self::read_sealed(path)?;
        let is_trusted =
            stored.key == key && stored.record.line.id == id && stored.reports == *reports;
        is_trusted.then_some(stored.record)
    }

    /// The record in a file, if it is as it was written, whatever it is of.
    pub(super) fn read_sealed(path: &Path) -> Option<Self> {
        let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
        let bytes = is_file.then(|| fs::read(path).ok()).flatten()?;
        let stored: Self = serde_json::from_slice(&bytes).ok()?;
        stored.sealed().is_ok_and(|seal| seal == stored.seal).then_some(stored)
    }

    /// The hand-in that it is of.
    pub(super) fn id(&self) -> &str {
        &self.record.line.id
    }

    /// The hash of the report with this extension.
    pub(super) fn report(&self, extension: &str) -> Option<&str> {
        self.reports.get(extension).map(String::as_str)
    }

    /// What the seal must be.
    fn sealed(&self) -> serde_json::Result<String> {
        let unsealed = Self { seal: String::new(), ..self.clone() };
        Ok(Key::default().with(serde_json::to_vec(&unsealed)?).finish())
    }

    pub(super) fn to_json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::finding::{Finding, Kind};

    fn stored() -> Stored {
        let line = Line { marks: Some(4.25), out_of: Some(10.0), ..Line::problem("anna", "b") };
        let mistakes = vec![Finding {
            kind: Kind::Mistake,
            id: "eps_outside".to_owned(),
            explanation: "it adds eps outside the root".to_owned(),
        }];
        let findings = Findings { mistakes, failed_checks: vec!["random/train:dx".to_owned()] };
        Stored::new("0123", Record { line, findings }, reports()).unwrap()
    }

    fn reports() -> BTreeMap<String, String> {
        BTreeMap::from([("txt".to_owned(), "4567".to_owned())])
    }

    #[test]
    fn a_record_is_trusted_only_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        let read = || Stored::read(&path, "0123", "anna", &reports());
        assert_eq!(read(), None);
        let json = stored().to_json().unwrap();
        fs::write(&path, &json).unwrap();
        assert_eq!(read(), Some(stored().record));
        for (from, to) in [
            ("4.25", "900"),
            ("4.25", "4.250000001"),
            ("10.0", "4.25"),
            ("\"anna\"", "\"ben\""),
            ("0123", "0124"),
            ("eps_outside", "none"),
            ("\"random/train:dx\"", ""),
            ("4567", "4568"),
            ("null", "\"4 of 4\""),
        ] {
            assert!(json.contains(from), "{from}");
            fs::write(&path, json.replacen(from, to, 1)).unwrap();
            assert_eq!(read(), None, "{from} to {to}");
        }
        for length in 0..json.len() - 1 {
            fs::write(&path, &json[..length]).unwrap();
            assert_eq!(read(), None, "the first {length} bytes");
        }
    }

    #[test]
    fn a_record_of_another_hand_in_key_or_report_is_not_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        fs::write(&path, stored().to_json().unwrap()).unwrap();
        assert!(Stored::read(&path, "0123", "anna", &reports()).is_some());
        assert_eq!(Stored::read(&path, "0123", "ben", &reports()), None);
        assert_eq!(Stored::read(&path, "9999", "anna", &reports()), None);
        assert_eq!(Stored::read(&path, "0123", "anna", &BTreeMap::new()), None);
        assert_eq!(Stored::read(folder.path(), "0123", "anna", &reports()), None);
    }
}
