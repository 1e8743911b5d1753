//! What moved since the last grading of a class.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// The marks of a class by id; none for what could not be graded.
pub(super) type ClassMarks = BTreeMap<String, Option<f64>>;

/// The marks of a class's last two gradings that differ. A grading that changes nothing replaces
/// neither, so that its page is the same as the last.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Gradings {
    before: Option<ClassMarks>,
    now: ClassMarks,
}

impl Gradings {
    /// The gradings in the file of the last one, followed by this one.
    pub(super) fn after(path: &Path, now: ClassMarks) -> Self {
        let known = fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        match known {
            None => Self { before: None, now },
            Some(Self { before, now: last }) if last == now => Self { before, now },
            Some(Self { now: last, .. }) => Self { before: Some(last), now },
        }
    }

    pub(super) fn to_json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// What moved; `None` if this is the first grading.
    pub(super) fn moves(&self) -> Option<Moves> {
        let before = self.before.as_ref()?;
        let mut moves = Moves::default();
        for (id, &marks) in &self.now {
            match before.get(id) {
                None => moves.new.push((id.clone(), marks)),
                Some(&earlier) if earlier < marks => {
                    moves.risen.push((id.clone(), earlier, marks));
                }
                Some(&earlier) if earlier > marks => {
                    moves.fallen.push((id.clone(), earlier, marks));
                }
                Some(_) => {}
            }
        }
        let is_gone = |id: &&String| !self.now.contains_key(*id);
        moves.gone = before.keys().filter(is_gone).cloned().collect();
        Some(moves)
    }
}

/// What moved between two gradings, by id. What could not be graded is below all marks.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Moves {
    pub(super) risen: Vec<(String, Option<f64>, Option<f64>)>,
    pub(super) fallen: Vec<(String, Option<f64>, Option<f64>)>,
    pub(super) new: Vec<(String, Option<f64>)>,
    pub(super) gone: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_held_against_the_last_grading_that_had_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("marks.json");
        let marks = |marks: &[(&str, Option<f64>)]| -> ClassMarks {
            marks.iter().map(|&(id, marks)| (id.to_owned(), marks)).collect()
        };
        let grade = |now| {
            let gradings = Gradings::after(&path, now);
            fs::write(&path, gradings.to_json().unwrap()).unwrap();
            gradings.moves()
        };
        let first = marks(&[("a", Some(1.0)), ("b", Some(2.0)), ("c", None), ("d", Some(3.0))]);
        assert_eq!(grade(first.clone()), None);
        assert_eq!(grade(first), None);
        let second = marks(&[("a", Some(2.0)), ("b", Some(1.5)), ("c", Some(0.0)), ("e", None)]);
        let moves = Moves {
            risen: vec![("a".to_owned(), Some(1.0), Some(2.0)), ("c".to_owned(), None, Some(0.0))],
            fallen: vec![("b".to_owned(), Some(2.0), Some(1.5))],
            new: vec![("e".to_owned(), None)],
            gone: vec!["d".to_owned()],
        };
        assert_eq!(grade(second.clone()), Some(moves.clone()));
        assert_eq!(grade(second), Some(moves));
    }
}
