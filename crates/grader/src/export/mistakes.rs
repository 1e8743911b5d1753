//! The catalogue of known mistakes, as a list to read.

use std::fmt::Write as _;

use crate::diagnosis::{CATALOGUE, Mistake};

/// One mistake per line, by group: its id, what it does, a case that exposes it.
pub fn list_of_mistakes() -> String {
    let mut list = format!("{} known mistakes and conventions\n", CATALOGUE.len());
    let width = CATALOGUE.iter().map(|mistake| mistake.id.len()).max().unwrap_or(0);
    for group in CATALOGUE.chunk_by(|a, b| a.group == b.group) {
        // Writing to a string does not fail.
        let _ = writeln!(list, "\n{}", group[0].group.name());
        for Mistake { id, explanation, exposed_by, is_convention, .. } in group {
            let convention = if *is_convention { ", a convention" } else { "" };
            let _ = writeln!(list, "  {id:width$}  {explanation}{convention} (see {exposed_by})");
        }
    }
    list
}
