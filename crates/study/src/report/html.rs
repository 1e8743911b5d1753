//! A report as one page of HTML that needs nothing else: styles and figures are inside.

use std::fmt::Write as _;

use super::document::{Block, Document, Table};
use crate::figures::DrawnFigure;

const STYLE: &str = include_str!("style.css");

/// Sorts a table by the column whose header is clicked.
const SCRIPT: &str = include_str!("sort.js");

/// The document as `index.html`.
pub(super) fn write(document: &Document) -> String {
    let title = escaped(&document.title);
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>{title}</h1>\n"
    );
    for block in &document.blocks {
        // Writing to a string cannot fail.
        let _ = match block {
            Block::Heading(level, text) => writeln!(out, "<h{level}>{}</h{level}>", inline(text)),
            Block::Paragraph(text) => writeln!(out, "<p>{}</p>", inline(text)),
            Block::Note(text) => writeln!(out, "<p class=\"note\">{}</p>", inline(text)),
            Block::List(items) => {
                let items: String =
                    items.iter().map(|item| format!("<li>{}</li>\n", inline(item))).collect();
                writeln!(out, "<ul>\n{items}</ul>")
            }
            Block::Table(rows) => writeln!(out, "{}", table(rows)),
            Block::Facts(facts) => {
                let fact = |(name, text): &(&str, String)| {
                    format!("<dt>{}</dt><dd>{}</dd>\n", escaped(name), inline(text))
                };
                let facts: String = facts.iter().map(fact).collect();
                writeln!(out, "<dl>\n{facts}</dl>")
            }
            Block::Figure(drawn) => writeln!(out, "{}", figure(drawn)),
            Block::Code(code) => writeln!(out, "<pre>{}</pre>", escaped(code.trim_end())),
            Block::Folded { summary, code } => writeln!(
                out,
                "<details>\n<summary>{}</summary>\n<pre>{}</pre>\n</details>",
                inline(summary),
                escaped(code.trim_end())
            ),
        };
    }
    out + "</main>\n<script>\n" + SCRIPT + "</script>\n</body>\n</html>\n"
}

fn table(table: &Table) -> String {
    let row = |cells: &[String], tag: &str| -> String {
        let lines = |cell: &String| cell.split('\n').map(inline).collect::<Vec<_>>().join("<br>");
        let cells: String =
            cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", lines(cell))).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = table.rows.iter().map(|cells| row(cells, "td")).collect();
    format!(
        "<div class=\"wide\"><table>\n<thead>\n{}</thead>\n<tbody>\n{rows}</tbody>\n</table></div>",
        row(&table.header, "th")
    )
}

fn figure(figure: &DrawnFigure) -> String {
    // The alternative text goes into the drawing itself; there is no element around to hold it.
    let label = format!("<svg role=\"img\" aria-label=\"{}\" ", escaped(&figure.alt));
    let svg = figure.svg.trim_end().replacen("<svg ", &label, 1);
    format!(
        "<figure id=\"{}\">\n<div class=\"wide\">{svg}</div>\n<figcaption>{}</figcaption>\n</figure>",
        figure.name,
        inline(&figure.caption)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The marks of [`super::document::Text`] as HTML.
fn inline(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['*', '`', '[']) {
        out.push_str(&escaped(&rest[..at]));
        rest = &rest[at..];
        let (html, after) = mark(rest);
        out.push_str(&html);
        rest = after;
    }
    out + &escaped(rest)
}

/// The mark that a text begins with, and what follows; a character that begins none is itself.
fn mark(text: &str) -> (String, &str) {
    let between = |open: &str, close: &str| text.strip_prefix(open)?.split_once(close);
    if let Some((strong, after)) = between("**", "**") {
        return (format!("<strong>{}</strong>", inline(strong)), after);
    }
    if let Some((code, after)) = between("`", "`") {
        return (format!("<code>{}</code>", escaped(code)), after);
    }
    if let Some((label, after)) = between("[", "](")
        && let Some((address, after)) = after.split_once(')')
    {
        return (format!("<a href=\"{}\">{}</a>", escaped(address), inline(label)), after);
    }
    let (first, after) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    (escaped(first), after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_elements_and_the_rest_is_escaped() {
        assert_eq!(
            inline("a < b: **bold `x<y`**, [a **link**](f.csv?a&b) and 2 * 3 [1]"),
            "a &lt; b: <strong>bold <code>x&lt;y</code></strong>, \
             <a href=\"f.csv?a&amp;b\">a <strong>link</strong></a> and 2 * 3 [1]"
        );
        assert_eq!(inline("**open `marks [stay"), "**open `marks [stay");
    }
}
