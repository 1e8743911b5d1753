//! A rubric: its entries, read from a TOML file and held against the checks that there are.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::messages::of_toml;
use crate::report::CheckId;
use crate::rubric::error::RubricError;
use crate::rubric::pattern::Pattern;
use crate::rubric::points::Points;

/// Which checks are worth how many points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rubric {
    /// Where it comes from, for messages.
    file: String,
    /// What there are points for, in order.
    pub entries: Vec<Entry>,
}

/// Something that there are points for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, which no other entry has.
    pub name: String,
    /// What students read of it.
    pub title: String,
    /// The checks that count.
    pub checks: Vec<Pattern>,
    /// The most points.
    pub points: Points,
    /// For how much of the checks there are how many.
    pub award: Award,
    /// The evidence that the points need: one of these checks must pass, if any of them is asked. What
    /// computes nothing passes the checks that ask only to leave things as they are.
    pub needs: Vec<Pattern>,
    /// Whether students see neither the checks nor what came of them, points excepted.
    pub hidden: bool,
}

impl Entry {
    /// Whether it counts this check of this case.
    pub fn counts(&self, case: &str, check: &str) -> bool {
        self.checks.iter().any(|pattern| pattern.names(case, check))
    }

    /// Whether this check of this case is evidence for it.
    pub fn is_evidence(&self, case: &str, check: &str) -> bool {
        self.needs.iter().any(|pattern| pattern.names(case, check))
    }
}

/// How an entry's points are earned. Checks that a submission is not asked count neither way; where
/// it is asked none, there are no points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Award {
    /// All if every check passes, and none otherwise.
    #[default]
    All,
    /// In proportion to the checks passed, rounded down to hundredths.
    Proportional,
    /// In proportion to the checks passed beyond half of them, rounded down to hundredths: what does
    /// nothing passes some checks, such as those where zeros are right.
    AboveHalf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    entry: Vec<FileEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEntry {
    name: String,
    title: Option<String>,
    checks: Vec<String>,
    points: f64,
    #[serde(default)]
    award: Award,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default)]
    hidden: bool,
}

impl Rubric {
    /// The text of [`Rubric::preset`].
    pub const PRESET: &str = include_str!("../../rubrics/default.toml");

    /// What counts where no rubric is given.
    ///
    /// # Errors
    ///
    /// None, as a test sees to.
    pub fn preset() -> Result<Self, RubricError> {
        Self::parse(Self::PRESET, "the default rubric")
    }

    /// Reads a rubric.
    ///
    /// # Errors
    ///
    /// [`RubricError::Io`], and those of [`Rubric::parse`].
    pub fn load(path: &Path) -> Result<Self, RubricError> {
        let file = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|source| RubricError::Io { file: file.clone(), source })?;
        Self::parse(&text, &file)
    }

    /// The rubric in this text, which messages call `file`.
    ///
    /// # Errors
    ///
    /// [`RubricError::Toml`], [`RubricError::Field`].
    pub fn parse(text: &str, file: &str) -> Result<Self, RubricError> {
        let parsed: File = toml::from_str(text).map_err(|error| RubricError::Toml {
            file: file.to_owned(),
            problem: of_toml(&error, text),
        })?;
        let wrong = |field: String, found: String, expected| RubricError::Field {
            file: file.to_owned(),
            field,
            found,
            expected,
        };
        if parsed.entry.is_empty() {
            return Err(wrong("entry".into(), "none".into(), "at least one [[entry]]"));
        }
        let mut names = BTreeSet::new();
        let mut entries = Vec::with_capacity(parsed.entry.len());
        for (at, entry) in parsed.entry.into_iter().enumerate() {
            let field = |field: &str| format!("entry {} ({}): {field}", at + 1, entry.name);
            if entry.name.trim().is_empty() {
                return Err(wrong(field("name"), "nothing".into(), "a name"));
            }
            if !names.insert(entry.name.clone()) {
                let expected = "a name that no other entry has";
                return Err(wrong(field("name"), "it twice".into(), expected));
            }
            let points = Points::new(entry.points).ok_or_else(|| {
                let expected = "more than 0 and at most 1000000, with at most two decimals";
                wrong(field("points"), entry.points.to_string(), expected)
            })?;
            if entry.checks.is_empty() {
                return Err(wrong(field("checks"), "none".into(), "at least one"));
            }
            entries.push(Entry {
                title: entry.title.unwrap_or_else(|| entry.name.clone()),
                name: entry.name,
                checks: entry.checks.into_iter().map(Pattern::new).collect(),
                points,
                award: entry.award,
                needs: entry.needs.into_iter().map(Pattern::new).collect(),
                hidden: entry.hidden,
            });
        }
        Ok(Self { file: file.to_owned(), entries })
    }

    /// The checks that students do not see.
    pub fn hidden(&self) -> Vec<Pattern> {
        let hidden = self.entries.iter().filter(|entry| entry.hidden);
        hidden.flat_map(|entry| &entry.checks).cloned().collect()
    }

    /// Holds every pattern against the checks that there are, so that no slip costs points.
    ///
    /// # Errors
    ///
    /// [`RubricError::Field`] for a pattern that names none.
    pub fn validate(&self, known: &[CheckId]) -> Result<(), RubricError> {
        for (at, entry) in self.entries.iter().enumerate() {
            let fields = [("checks", &entry.checks), ("needs", &entry.needs)];
            let named = fields
                .into_iter()
                .flat_map(|(field, patterns)| patterns.iter().map(move |pattern| (field, pattern)));
            for (field, pattern) in named {
                if !known.iter().any(|CheckId { case, check }| pattern.names(case, check)) {
                    return Err(RubricError::Field {
                        file: self.file.clone(),
                        field: format!("entry {} ({}): {field}", at + 1, entry.name),
                        found: format!("\"{pattern}\", which names no check"),
                        expected: "a case or a check of it, as in random/train, random/* or \
                                   spatial_batch_norm/*:dx; --format json lists them",
                    });
                }
            }
        }
        Ok(())
    }
}
