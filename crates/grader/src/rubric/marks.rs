//! Marks: what a report is worth by a rubric.

use serde::Serialize;

use crate::rubric::{Award, Entry, Points, Rubric};
use crate::verdict::{Report, Verdict};

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

impl Report {
    /// Marks this report, and hides the checks that the rubric hides.
    pub fn mark(&mut self, rubric: &Rubric) {
        let marks = rubric.entries.iter().map(|entry| self.marks_of(entry)).collect();
        for suite in &mut self.suites {
            for verdict in &mut suite.verdicts {
                verdict.hidden = rubric.hides(&verdict.case, &verdict.check);
            }
        }
        self.marks = Some(Marks::new(marks));
    }

    fn marks_of(&self, entry: &Entry) -> EntryMarks {
        let mut places = Vec::new();
        for (at, suite) in self.suites.iter().enumerate() {
            let verdicts = suite.verdicts.iter().enumerate();
            let named = verdicts.filter(|(_, verdict)| entry.counts(&verdict.case, &verdict.check));
            places.extend(named.map(|(verdict, _)| (at, verdict)));
        }
        let is_well = |place: &&(usize, usize)| self.verdict(**place).is_some_and(Verdict::is_well);
        let (passed, asked) = (places.iter().filter(is_well).count(), places.len());
        let scored = match entry.award {
            Award::All if passed < asked => Points::default(),
            Award::All | Award::Proportional => entry.points.part(passed, asked),
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

    /// The verdict at a place.
    pub(crate) fn verdict(&self, (suite, verdict): (usize, usize)) -> Option<&Verdict> {
        self.suites.get(suite)?.verdicts.get(verdict)
    }

    /// What students may see: hidden checks are left out, and their entries are one.
    pub(crate) fn shown(&self) -> Self {
        let mut shown = self.clone();
        for suite in &mut shown.suites {
            suite.verdicts.retain(|verdict| !verdict.hidden);
        }
        shown.suites.retain(|suite| !suite.is_empty());
        shown.marks = self.marks.as_ref().map(Marks::shown);
        shown
    }
}
