//! A class at a glance: the table of mistakes, and a page that a teacher reads in a minute.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use crate::class::cells::{escaped, inert};
use crate::class::finding::{Finding, Kind};
use crate::class::moves::Moves;
use crate::class::record::Record;

/// Checks that the page lists.
const CHECKS_SHOWN: usize = 10;

/// Mistakes that the page lists, and names of hand-ins with each. The table has all.
const MISTAKES_SHOWN: usize = 15;
const NAMES_SHOWN: usize = 12;

/// A line of the table of mistakes.
#[derive(Serialize)]
struct MistakeLine<'a> {
    kind: &'a str,
    id: String,
    explanation: String,
    hand_ins: usize,
    /// Of the graded hand-ins, from 0 to 1.
    share: f64,
    who: String,
}

/// A class's results, by which the table and the page are written.
pub(super) struct Summary<'a> {
    graded: Vec<&'a Record>,
    not_graded: Vec<&'a Record>,
    /// What was found, with the ids of the hand-ins, the most frequent first.
    findings: Vec<(&'a Finding, Vec<&'a str>)>,
}

impl<'a> Summary<'a> {
    /// The summary of these records, which are in the order of their ids.
    pub(super) fn of(records: impl Iterator<Item = &'a Record>) -> Self {
        let (graded, not_graded): (Vec<_>, Vec<_>) =
            records.partition(|record| record.line.marks.is_some());
        let mut who: BTreeMap<&Finding, Vec<&str>> = BTreeMap::new();
        for record in &graded {
            for finding in &record.findings.mistakes {
                who.entry(finding).or_default().push(&record.line.id);
            }
        }
        let mut findings: Vec<_> = who.into_iter().collect();
        findings.sort_by_key(|(_, who)| std::cmp::Reverse(who.len()));
        Self { graded, not_graded, findings }
    }

    /// The table of mistakes, with its heading.
    pub(super) fn mistakes(&self) -> csv::Result<Vec<u8>> {
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        writer.write_record(["kind", "id", "explanation", "hand_ins", "share", "who"])?;
        for (finding, who) in &self.findings {
            writer.serialize(MistakeLine {
                kind: finding.kind.name(),
                id: inert(&finding.id),
                explanation: inert(&finding.explanation),
                hand_ins: who.len(),
                share: (self.share(who.len()) * 1e4).round() / 1e4,
                // Where a semicolon parts cells, each name begins one.
                who: who.iter().map(|id| inert(id)).collect::<Vec<_>>().join("; "),
            })?;
        }
        writer.into_inner().map_err(|error| error.into_error().into())
    }

    fn share(&self, hand_ins: usize) -> f64 {
        hand_ins as f64 / self.graded.len().max(1) as f64
    }

    /// The page, in Markdown. `moves` is what moved since the last grading, if there was one; `absent`
    /// are the students who handed in nothing.
    pub(super) fn page(&self, moves: Option<&Moves>, absent: &[String]) -> String {
        let all = self.graded.len() + self.not_graded.len();
        let mut page = format!("# The class: {}\n", counted(all, "hand-in"));
        self.tell_marks(&mut page, absent);
        self.tell_mistakes(&mut page);
        self.tell_checks(&mut page);
        page.push_str("\n## Since the last grading\n\n");
        match moves {
            None => page.push_str("This is the first grading.\n"),
            Some(moves) => tell_moves(moves, &mut page),
        }
        page
    }

    fn tell_marks(&self, page: &mut String, absent: &[String]) {
        let (graded, not_graded) = (self.graded.len(), self.not_graded.len());
        let _ = writeln!(page, "\n{graded} graded, {not_graded} not graded.");
        let with_problem = |record: &&&Record| record.line.problem.is_some();
        let troubled = self.not_graded.iter().chain(self.graded.iter().filter(with_problem));
        let problems: Vec<String> = troubled
            .map(|Record { line, .. }| {
                let problem = line.problem.as_deref().unwrap_or_default();
                format!("- {}: {}\n", escaped(&line.id), escaped(problem))
            })
            .collect();
        if !problems.is_empty() {
            let _ = write!(page, "\n{}", problems.concat());
        }
        if !absent.is_empty() {
            let absent: Vec<String> = absent.iter().map(|id| escaped(id)).collect();
            let _ = writeln!(page, "\nHanded in nothing: {}.", absent.join("; "));
        }
        let mut marks: Vec<f64> =
            self.graded.iter().filter_map(|record| record.line.marks).collect();
        marks.sort_by(f64::total_cmp);
        let Some(out_of) = self.graded.iter().find_map(|record| record.line.out_of) else {
            return;
        };
        let full = marks.iter().filter(|&&marks| marks >= out_of).count();
        let zero = marks.iter().filter(|&&marks| marks <= 0.0).count();
        let _ = writeln!(
            page,
            "\n## Marks, out of {out_of}\n\n\
             | lowest | lower quartile | median | upper quartile | highest | full marks | no marks |\n\
             |---:|---:|---:|---:|---:|---:|---:|\n\
             | {} | {} | {} | {} | {} | {full} | {zero} |",
            quantile(&marks, 0),
            quantile(&marks, 1),
            quantile(&marks, 2),
            quantile(&marks, 3),
            quantile(&marks, 4),
        );
    }

    fn tell_mistakes(&self, page: &mut String) {
        page.push_str("\n## What is wrong, and with whom\n\n");
        if self.findings.is_empty() {
            page.push_str("Nothing was found.\n");
            return;
        }
        page.push_str("| hand-ins | share | kind | what | who |\n|---:|---:|---|---|---|\n");
        for (finding, who) in self.findings.iter().take(MISTAKES_SHOWN) {
            let shown: Vec<String> = who.iter().take(NAMES_SHOWN).map(|id| escaped(id)).collect();
            let more = match who.len().saturating_sub(NAMES_SHOWN) {
                0 => String::new(),
                more => format!("; and {more} more"),
            };
            let what = match finding.kind {
                Kind::Mistake | Kind::Convention | Kind::Exception | Kind::Unexplained => {
                    escaped(&finding.explanation)
                }
                Kind::WrongForm => {
                    format!("{}: {}", escaped(&finding.id), escaped(&finding.explanation))
                }
            };
            let _ = writeln!(
                page,
                "| {} | {} | {} | {what} | {}{more} |",
                who.len(),
                percent(self.share(who.len())),
                finding.kind.name(),
                shown.join("; "),
            );
        }
        if let more @ 1.. = self.findings.len().saturating_sub(MISTAKES_SHOWN) {
            let _ = writeln!(page, "\nmistakes.csv has {more} more.");
        }
    }

    fn tell_checks(&self, page: &mut String) {
        let mut failing: BTreeMap<&str, usize> = BTreeMap::new();
        for check in self.graded.iter().flat_map(|record| &record.findings.failed_checks) {
            *failing.entry(check).or_default() += 1;
        }
        let mut failing: Vec<(&str, usize)> = failing.into_iter().collect();
        failing.sort_by_key(|&(check, hand_ins)| (std::cmp::Reverse(hand_ins), rank(check)));
        page.push_str("\n## Checks that fail most often\n\n");
        if failing.is_empty() {
            page.push_str("No check fails.\n");
            return;
        }
        page.push_str("| hand-ins | share | check |\n|---:|---:|---|\n");
        for (check, hand_ins) in failing.iter().take(CHECKS_SHOWN) {
            let share = percent(self.share(*hand_ins));
            let _ = writeln!(page, "| {hand_ins} | {share} | `{check}` |");
        }
        let _ = writeln!(page, "\n{} fail with someone.", counted(failing.len(), "check"));
    }
}

/// Where the suite of a check comes in a transcript.
fn rank(check: &str) -> usize {
    let suites = ["notebook/", "spatial_batch_norm/", "batch_norm/", "behaviour/"];
    suites.iter().position(|suite| check.starts_with(suite)).unwrap_or(suites.len())
}

fn tell_moves(moves: &Moves, page: &mut String) {
    let Moves { risen, fallen, new, gone } = moves;
    let moved = |title: &str, moved: &[(String, Option<f64>, Option<f64>)]| {
        let of = |(id, before, now): &(String, Option<f64>, Option<f64>)| {
            format!("{} ({} to {})", escaped(id), or_not_graded(*before), or_not_graded(*now))
        };
        (title.to_owned(), moved.iter().map(of).collect::<Vec<_>>())
    };
    let added = |(id, marks): &(String, Option<f64>)| {
        format!("{} ({})", escaped(id), or_not_graded(*marks))
    };
    let lists = [
        moved("Risen", risen),
        moved("Fallen", fallen),
        ("New".to_owned(), new.iter().map(added).collect()),
        ("Gone".to_owned(), gone.iter().map(|id| escaped(id)).collect()),
    ];
    for (title, ids) in lists {
        let ids = if ids.is_empty() { "none".to_owned() } else { ids.join("; ") };
        let _ = writeln!(page, "- {title}: {ids}");
    }
}

fn or_not_graded(marks: Option<f64>) -> String {
    marks.map_or("not graded".to_owned(), |marks| marks.to_string())
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// A quartile of sorted values, interpolated linearly; 0 is the least, 4 the greatest.
fn quantile(sorted: &[f64], quarter: usize) -> String {
    let last = sorted.len().saturating_sub(1);
    let (whole, rest) = (quarter * last / 4, quarter * last % 4);
    let Some(&below) = sorted.get(whole) else { return String::new() };
    let above = sorted.get(whole + 1).copied().unwrap_or(below);
    let value = below + (above - below) * rest as f64 / 4.0;
    ((value * 100.0).round() / 100.0).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::finding::Findings;
    use crate::class::table::Line;

    #[test]
    fn quartiles_are_those_of_numpy() {
        // numpy.quantile([1, 2, 4, 8, 16, 31], [0, 0.25, 0.5, 0.75, 1])
        let marks = [1.0, 2.0, 4.0, 8.0, 16.0, 31.0];
        let found: Vec<String> = (0..=4).map(|quarter| quantile(&marks, quarter)).collect();
        assert_eq!(found, ["1", "2.5", "6", "14", "31"]);
        assert_eq!(quantile(&[7.25], 3), "7.25");
        assert_eq!(quantile(&[], 2), "");
    }

    fn record(id: &str, marks: f64, mistakes: &[(Kind, &str)], failed: &[&str]) -> Record {
        let finding = |&(kind, id): &(Kind, &str)| Finding {
            kind,
            id: id.to_owned(),
            explanation: format!("it has {id}"),
        };
        let line =
            Line { id: id.to_owned(), marks: Some(marks), out_of: Some(10.0), ..Line::default() };
        let findings = Findings {
            mistakes: mistakes.iter().map(finding).collect(),
            failed_checks: failed.iter().map(|&check| check.to_owned()).collect(),
        };
        Record { line, findings }
    }

    #[test]
    fn what_is_frequent_comes_first_and_names_do_no_harm() {
        let records = [
            record("=a", 5.0, &[(Kind::Mistake, "b"), (Kind::Mistake, "c")], &["random/train:dx"]),
            record(
                "d|e",
                7.5,
                &[(Kind::Mistake, "c")],
                &["notebook/backward:dx", "random/train:dx"],
            ),
            record("f", 10.0, &[], &[]),
        ];
        let summary = Summary::of(records.iter());
        let table = String::from_utf8(summary.mistakes().unwrap()).unwrap();
        let expected = "kind,id,explanation,hand_ins,share,who\n\
                        mistake,c,it has c,2,0.6667,'=a; d|e\n\
                        mistake,b,it has b,1,0.3333,'=a\n";
        assert_eq!(table, expected);
        let page = summary.page(None, &[]);
        assert!(page.contains("| 5 | 6.25 | 7.5 | 8.75 | 10 | 1 | 0 |"), "{page}");
        assert!(page.contains("| 2 | 66.7 % | mistake | it has c | \\=a; d\\|e |"), "{page}");
        let checks =
            "| 2 | 66.7 % | `random/train:dx` |\n| 1 | 33.3 % | `notebook/backward:dx` |\n";
        assert!(page.contains(checks), "{page}");
        assert!(page.ends_with("This is the first grading.\n"));
        let page = summary.page(Some(&Moves::default()), &[]);
        assert!(page.ends_with("- Risen: none\n- Fallen: none\n- New: none\n- Gone: none\n"));
        assert_eq!(
            Summary::of(std::iter::empty()).page(None, &[]).lines().next(),
            Some("# The class: 0 hand-ins")
        );
    }
}
