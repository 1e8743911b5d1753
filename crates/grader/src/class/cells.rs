//! Text of students in tables and pages: students choose the names of hand-ins and the words of
//! exceptions.

/// Text that no spreadsheet takes for a formula.
pub(super) fn inert(text: &str) -> String {
    let quote = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("{quote}{text}")
}

/// Text that Markdown shows as it is, on one line.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        if letter.is_control() {
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
        assert_eq!(inert("anna"), "anna");
        assert_eq!(escaped("a_b|<i>\n[x](y)"), "a\\_b\\|\\<i\\> \\[x\\]\\(y\\)");
    }
}
