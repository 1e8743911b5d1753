//! Words that this workspace no longer uses, each with the one that took its place.

use super::{Finding, source};

/// What a word must touch on neither side to be one.
fn is_part_of_a_word(letter: char) -> bool {
    letter.is_alphanumeric()
}

/// Retired words and sentences, and what to write instead.
const RETIRED: [(&str, &str); 13] = [
    ("errand", "request"),
    ("errands", "requests"),
    ("Keeper", "supervisor"),
    ("keeper", "supervisor"),
    ("Stranger", "untrusted program"),
    ("stranger", "untrusted program"),
    ("strangers", "untrusted programs"),
    ("harvest", "collect"),
    ("AfterPool", "what commutes with what"),
    ("Whose.", "whom or what it belongs to"),
    ("How that went.", "what came out"),
    ("classified rightly", "classified correctly"),
    ("patience", "time limits"),
];

/// Things that are counted, and things that they are counted by: "values a channel" is to be "values
/// per channel", `steps_an_epoch` is to be `steps_per_epoch`.
const COUNTED: [&str; 29] = [
    "numbers",
    "checkpoint",
    "checkpoints",
    "message",
    "messages",
    "steps",
    "seconds",
    "milliseconds",
    "bytes",
    "values",
    "images",
    "operations",
    "observations",
    "parameters",
    "nats",
    "channels",
    "lines",
    "rows",
    "files",
    "figures",
    "batches",
    "calls",
    "times",
    "threads",
    "allocations",
    "points",
    "epochs",
    "columns",
    "passes",
];
const UNITS: [&str; 26] = [
    "an epoch",
    "a second",
    "a step",
    "a channel",
    "an image",
    "a call",
    "a parameter",
    "a value",
    "a run",
    "a seed",
    "a file",
    "a row",
    "a line",
    "a head",
    "a network",
    "a batch",
    "a test",
    "a case",
    "a class",
    "a feature",
    "a thread",
    "a kernel",
    "a sample",
    "a pixel",
    "a panel",
    "a minute",
];

/// Names of types that said too little, and what names them now.
const RETIRED_TYPES: [(&str, &str); 8] = [
    ("Order", "Job"),
    ("Setting", "RunContext, or what it holds"),
    ("Terms", "options"),
    ("Bench", "what it makes"),
    ("Turn", "which layers commute"),
    ("Errand", "Request"),
    ("Patience", "TimeLimits"),
    ("Outcome", "what came out of what: two crates would use the bare word for two things"),
];

/// Where a word may stand all the same: this list, the examples of how not to write, and the fixtures,
/// whose names cannot change.
const EXCEPTED: [&str; 3] = ["xtask/tests/tidy/", "fixtures/", "CONTRIBUTING.md"];

pub(crate) fn retired() -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in source::tracked() {
        let name = file.to_string_lossy().into_owned();
        let is_read =
            ["rs", "md", "toml", "py"].iter().any(|end| name.ends_with(&format!(".{end}")));
        if !is_read || EXCEPTED.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        for (index, line) in source::read(&file).lines().enumerate() {
            for (word, instead) in in_line(line) {
                findings.push(Finding {
                    file: file.clone(),
                    line: Some(index + 1),
                    message: format!("found \"{word}\"; write \"{instead}\""),
                });
            }
        }
    }
    findings
}

fn in_line(line: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (word, instead) in RETIRED {
        if has_word(line, word) {
            found.push((word.to_owned(), instead.to_owned()));
        }
    }
    for (name, instead) in RETIRED_TYPES {
        if ["struct", "enum", "trait"].iter().any(|kind| has_word(line, &format!("{kind} {name}")))
        {
            found.push((name.to_owned(), instead.to_owned()));
        }
    }
    // Names of fixtures, such as `two_values_a_channel`, are not words of ours to change.
    let line = line.replace("two_values_a_channel", "");
    for unit in UNITS {
        let (_, noun) = unit.split_once(' ').unwrap_or(("", unit));
        for (separator, unit) in [(' ', unit.to_owned()), ('_', unit.replace(' ', "_"))] {
            if !line.contains(&unit) {
                continue;
            }
            for counted in COUNTED {
                let rate = format!("{counted}{separator}{unit}");
                if has_word(&line, &rate) {
                    found.push((rate, format!("{counted}{separator}per{separator}{noun}")));
                }
            }
        }
    }
    found
}

/// Whether a line has this word, as a whole one.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let inner = word.ends_with('.');
        !before.is_some_and(is_part_of_a_word) && (inner || !after.is_some_and(is_part_of_a_word))
    })
}

#[test]
fn whole_words_are_found_and_parts_of_others_are_not() {
    let words = |line: &str| in_line(line).into_iter().map(|(word, _)| word).collect::<Vec<_>>();
    assert_eq!(words("let keeper = 1; // bookkeeper"), ["keeper"]);
    assert_eq!(words("so many values a channel"), ["values a channel"]);
    assert_eq!(words("pub steps_an_epoch: u64"), ["steps_an_epoch"]);
    assert_eq!(words("pub struct Order {"), ["Order"]);
    assert!(
        words("pub struct Ordering { // bookkeepers, steps per epoch, two_values_a_channel")
            .is_empty()
    );
}
