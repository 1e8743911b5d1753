//! Commands in one argument, as a shell reads and writes them.

use std::path::{self, Path};

use anyhow::{Context, Result, ensure};
use grader::messages::is_plain;

/// The words of a command.
///
/// # Errors
///
/// A quote or a backslash without its counterpart.
pub fn words(command: &str) -> Result<Vec<String>> {
    shlex::split(command)
        .with_context(|| format!("{command}: found a quote or a \\ without its counterpart"))
}

/// A word as it is typed in a shell, on one line.
pub fn quoted(word: &str) -> String {
    if !word.chars().all(is_plain) {
        // As bash, zsh and ksh read it.
        let escaped = |letter: char| match letter {
            '\\' | '\'' => format!("\\{letter}"),
            plain if is_plain(plain) => plain.to_string(),
            other => format!("\\U{:08x}", u32::from(other)),
        };
        return format!("$'{}'", word.chars().map(escaped).collect::<String>());
    }
    // What a shell cannot be told, no command line had.
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), |quoted| quoted.into_owned())
}

/// A command as it is typed.
pub fn line(words: &[String]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// A path as a word of a command that is run in another folder.
///
/// # Errors
///
/// A path that is not UTF-8 or has a line break, which no line of a script can have.
pub fn absolute(path: &Path) -> Result<String> {
    let path = path::absolute(path).with_context(|| path.display().to_string())?;
    let text = path.to_str();
    let text =
        text.with_context(|| format!("{}: found a path that is not UTF-8", path.display()))?;
    ensure!(!text.contains('\n'), "{text:?}: found a path with a line break; rename it");
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_at_blanks_outside_quotes() {
        for (command, expected) in [
            ("", &[][..]),
            ("  python3   a.py ", &["python3", "a.py"]),
            ("a 'b c' d", &["a", "b c", "d"]),
            ("a \"b c\" d", &["a", "b c", "d"]),
            ("a \"b \\\" c\"", &["a", "b \" c"]),
            ("a\\ b c", &["a b", "c"]),
            ("a'b c'\"d e\"f", &["ab cd ef"]),
            ("a '' \"\"", &["a", "", ""]),
        ] {
            assert_eq!(words(command).unwrap(), expected, "{command}");
        }
    }

    #[test]
    fn what_moves_the_cursor_is_typed_as_an_escape() {
        assert_eq!(quoted("a\u{1b}[2J\n'\\b"), r"$'a\U0000001b[2J\U0000000a\'\\b'");
    }

    #[test]
    fn a_word_survives_its_quotes_and_unfinished_ones_are_refused() {
        for word in ["a/b.py", "", "a b", "it's", "$x \"y\" \\"] {
            assert_eq!(words(&quoted(word)).unwrap(), [word]);
        }
        for unfinished in ["a 'b", "a \"b", "a \\"] {
            assert!(words(unfinished).is_err(), "{unfinished}");
        }
    }
}
