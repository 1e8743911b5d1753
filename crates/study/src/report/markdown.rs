//! A report as Markdown, for a forge to show.

use std::fmt::Write as _;

use super::document::{Block, Document, Table};

/// Lines are wrapped to this width, so that a changed number changes a line and not a paragraph.
const WIDTH: usize = 100;

/// The document as `README.md`.
pub(super) fn write(document: &Document) -> String {
    let mut out = format!("# {}\n", document.title);
    for block in &document.blocks {
        // Writing to a string cannot fail.
        let _ = match block {
            Block::Heading(level, text) => {
                writeln!(out, "\n{} {text}", "#".repeat(usize::from(*level)))
            }
            Block::Paragraph(text) => writeln!(out, "\n{}", wrapped(text, "", "")),
            Block::Note(text) => writeln!(out, "\n{}", wrapped(text, "> ", "> ")),
            Block::List(items) => {
                let items: Vec<_> = items.iter().map(|item| wrapped(item, "- ", "  ")).collect();
                writeln!(out, "\n{}", items.join("\n"))
            }
            Block::Facts(facts) => {
                let fact = |(name, text): &(&str, String)| {
                    wrapped(&format!("**{name}**: {text}"), "- ", "  ")
                };
                let facts: Vec<_> = facts.iter().map(fact).collect();
                writeln!(out, "\n{}", facts.join("\n"))
            }
            Block::Table(rows) => writeln!(out, "\n{}", table(rows)),
            Block::Figure(figure) => writeln!(
                out,
                "\n![{}](figures/{}.svg)\n\n{}",
                figure.alt,
                figure.name,
                wrapped(&figure.caption, "", "")
            ),
            Block::Code(code) => writeln!(out, "\n```text\n{}\n```", code.trim_end()),
            Block::Folded { .. } => Ok(()),
        };
    }
    out
}

fn table(table: &Table) -> String {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | ").replace('\n', "<br>"));
    let kinds: Vec<String> = (0..table.header.len())
        .map(|column| if column == 0 { "---" } else { "---:" }.to_owned())
        .collect();
    let mut lines = vec![line(&table.header), line(&kinds)];
    lines.extend(table.rows.iter().map(|row| line(row)));
    lines.join("\n")
}

/// Breaks lines at spaces. A word that would make something else of the line that it begins, as
/// a dash makes a list, stays on the line before.
fn wrapped(text: &str, first: &str, others: &str) -> String {
    let begins_something = |word: &str| {
        let number = word.strip_suffix(['.', ')']);
        word.starts_with(['-', '+', '*', '#', '>', '|']) && !word.starts_with("**")
            || number.is_some_and(|number| number.parse::<u64>().is_ok())
    };
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for word in text.split_whitespace() {
        let width = line.chars().count() + 1 + word.chars().count();
        if !empty && width > WIDTH && !begins_something(word) {
            lines.push(std::mem::replace(&mut line, others.to_owned()));
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines.push(line);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_becomes_something_else_by_wrapping() {
        let long = "word ".repeat(19) + "end 1. next - dash + plus # hash";
        let text = wrapped(&long, "> ", "> ");
        assert!(text.lines().count() > 1);
        for line in text.lines() {
            assert!(line.starts_with("> w") || line.starts_with("> e") || line.starts_with("> n"));
        }
        assert_eq!(text.replace("\n> ", " "), format!("> {long}"));
    }
}
