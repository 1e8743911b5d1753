//! Text of students in tables and pages: students choose the names of hand-ins and the words of
//! exceptions.

use crate::messages::{is_plain, on_one_line};

/// What a formula begins with. Spreadsheets take full-width and small signs for the plain ones.
const FORMULA: [char; 19] = [
    '=', '+', '-', '@', '\u{2212}', '\u{207a}', '\u{207b}', '\u{207c}', '\u{208a}', '\u{208b}',
    '\u{208c}', '\u{fe62}', '\u{fe63}', '\u{fe66}', '\u{fe6b}', '\u{ff0b}', '\u{ff0d}', '\u{ff1d}',
    '\u{ff20}',
];

/// Text on one line that no spreadsheet takes for a formula.
pub(super) fn inert(text: &str) -> String {
    let line = on_one_line(text);
    let is_formula = line.trim_start().starts_with(FORMULA);
    let quote = if is_formula || text.starts_with(['\t', '\r', '\n']) { "'" } else { "" };
    format!("{quote}{line}")
}

/// Text that Markdown shows as it is, on one line.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        if !is_plain(letter) {
            escaped.push(' ');
            continue;
        }
        if letter.is_ascii_punctuation() && !matches!(letter, ',' | ';' | ':' | '/' | '\'' | '.') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_neither_formulas_nor_markup() {
        assert_eq!(inert("=1+1"), "'=1+1");
        for sign in "=+-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻₌₊₋−".chars() {
            assert_eq!(inert(&format!("{sign}1+1")), format!("'{sign}1+1"));
            assert_eq!(inert(&format!(" \u{feff}{sign}1")), format!("'  {sign}1"));
        }
        for blank in ["\t", "\r", "\n", "\t=", "\r\n＝"] {
            assert!(inert(&format!("{blank}1")).starts_with("' "), "{blank:?}");
        }
        assert_eq!(inert("a\n=1\u{1b}[2J"), "a =1 [2J");
        assert_eq!(inert("anna"), "anna");
        assert_eq!(escaped("a_b|<i>\n[x](y)"), "a\\_b\\|\\<i\\> \\[x\\]\\(y\\)");
    }
}
