//! Lines that fit a terminal: longer ones are broken at spaces, so that no word is cut.

/// A terminal that is narrower breaks lines itself.
const NARROWEST: usize = 20;

/// The text with no line longer than `width`, as far as its words allow. What goes on in the next line is
/// indented as the line is. A command stays whole, so that it can be copied.
pub(super) fn wrapped(text: &str, width: usize) -> String {
    if width < NARROWEST {
        return text.to_owned();
    }
    let lines: Vec<String> = text.split('\n').map(|line| wrapped_line(line, width)).collect();
    lines.join("\n")
}

fn wrapped_line(line: &str, width: usize) -> String {
    let content = line.trim_start();
    if line.chars().count() <= width || content.starts_with("cargo ") {
        return line.to_owned();
    }
    let indent = &line[..line.len() - content.len()];
    let (item, content) = match content.strip_prefix("- ") {
        Some(rest) => ("- ", rest),
        None => ("", content),
    };
    let mut words = content.split(' ');
    let mut lines = vec![format!("{indent}{item}{}", words.next().unwrap_or_default())];
    let item = " ".repeat(item.len());
    for word in words {
        let last = lines.last_mut();
        match last.filter(|last| last.chars().count() + 1 + word.chars().count() <= width) {
            Some(last) => {
                last.push(' ');
                last.push_str(word);
            }
            None => lines.push(format!("{indent}{item}{word}")),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_spaces_and_keep_their_indent() {
        let text = "First to fail: a word\n  indented by two, and longer\n- an item that is longer";
        let expected =
            "First to fail: a\nword\n  indented by two,\n  and longer\n- an item that is\n  longer";
        assert_eq!(wrapped(text, 20), expected);
        assert!(wrapped(text, 20).lines().all(|line| line.chars().count() <= 20));
        // As many letters as fit, and not as many bytes.
        assert_eq!(wrapped("✓✓✓✓✓✓✓✓✓✓ ✓✓✓✓✓✓✓✓✓", 20), "✓✓✓✓✓✓✓✓✓✓ ✓✓✓✓✓✓✓✓✓");
    }

    #[test]
    fn a_long_word_and_a_command_stay_whole() {
        let long = "x".repeat(30);
        assert_eq!(wrapped(&format!("a {long} b"), 20), format!("a\n{long}\nb"));
        assert_eq!(wrapped(&format!("  {long} b"), 20), format!("  {long}\n  b"));
        assert_eq!(wrapped(&format!("- {long} b"), 20), format!("- {long}\n  b"));
        let command = "cargo xtask grade --target exercise --case random/train";
        assert_eq!(wrapped(command, 20), command);
        assert_eq!(wrapped("a b", 0), "a b");
    }
}
