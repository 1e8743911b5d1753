//! Marks: what a report is worth by a rubric.

use serde::Serialize;

use crate::report::Report;
use crate::rubric::definition::{Award, Entry, Rubric};
use crate::rubric::points::Points;

/// The points of one report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Marks {
    /// The points earned.
    pub scored: Points,
    /// The points that there are.
    pub out_of: Points,
    /// What they are for, in the rubric's order.
    pub entries: Vec<EntryMarks>,
}

/// The points of one entry of a rubric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EntryMarks {
    /// The entry's name.
    pub name: String,
    /// What students read.
    pub title: String,
    /// Whether students see no more of it than the points.
    pub hidden: bool,
    /// The points earned.
    pub scored: Points,
    /// The points that there are.
    pub out_of: Points,
    /// How many of its checks passed.
    pub passed: usize,
    /// How many of its checks the submission was asked.
    pub asked: usize,
    /// Where they are in the report: suite and verdict.
    #[serde(skip)]
    pub(crate) places: Vec<(usize, usize)>,
}

impl Marks {
    /// The marks of a report by a rubric.
    pub fn of(report: &Report, rubric: &Rubric) -> Self {
        Self::new(rubric.entries.iter().map(|entry| marks_of(report, entry)).collect())
    }

    /// Whether students do not see the check in this place. A check that one entry hides is hidden,
    /// whichever others count it.
    pub(crate) fn hides(&self, place: (usize, usize)) -> bool {
        self.entries.iter().any(|entry| entry.hidden && entry.places.contains(&place))
    }

    fn new(entries: Vec<EntryMarks>) -> Self {
        Self {
            scored: entries.iter().map(|entry| entry.scored).sum(),
            out_of: entries.iter().map(|entry| entry.out_of).sum(),
            entries,
        }
    }

    /// For students: hidden entries are one, without names.
    pub(crate) fn shown(&self) -> Self {
        let (hidden, mut entries): (Vec<EntryMarks>, Vec<EntryMarks>) =
            self.entries.iter().cloned().partition(|entry| entry.hidden);
        if !hidden.is_empty() {
            entries.push(EntryMarks {
                name: "hidden".to_owned(),
                title: "Hidden checks".to_owned(),
                hidden: true,
                scored: hidden.iter().map(|entry| entry.scored).sum(),
                out_of: hidden.iter().map(|entry| entry.out_of).sum(),
                passed: hidden.iter().map(|entry| entry.passed).sum(),
                asked: hidden.iter().map(|entry| entry.asked).sum(),
                places: Vec::new(),
            });
        }
        Self::new(entries)
    }
}

fn marks_of(report: &Report, entry: &Entry) -> EntryMarks {
    let mut places = Vec::new();
    let mut passed = 0;
    let mut evidence = Vec::new();
    for (at, suite) in report.suites.iter().enumerate() {
        for (nth, verdict) in suite.verdicts.iter().enumerate() {
            if entry.counts(&verdict.case, &verdict.check) {
                places.push((at, nth));
                passed += usize::from(verdict.is_well());
            }
            if entry.is_evidence(&verdict.case, &verdict.check) {
                evidence.push(verdict.is_well());
            }
        }
    }
    let asked = places.len();
    let has_evidence = evidence.is_empty() || evidence.contains(&true);
    let scored = match entry.award {
        Award::All | Award::Proportional | Award::AboveHalf if !has_evidence => Points::default(),
        Award::All if passed < asked => Points::default(),
        Award::All | Award::Proportional => entry.points.part(passed, asked),
        Award::AboveHalf => entry.points.part((2 * passed).saturating_sub(asked), asked),
    };
    EntryMarks {
        name: entry.name.clone(),
        title: entry.title.clone(),
        hidden: entry.hidden,
        scored,
        out_of: entry.points,
        passed,
        asked,
        places,
    }
}
