//! A command in one argument, taken apart and put together as a shell would.

use anyhow::{Result, bail};

/// The words of a command: separated by blanks, which `'…'`, `"…"` and `\` keep together.
pub fn words(command: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = command.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => match letters.next() {
                Some(escaped) => word.get_or_insert_default().push(escaped),
                None => bail!("{command}: found a \\ at the end, expected a letter after it"),
            },
            (None, _) if letter.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    if let Some(open) = quote {
        bail!("{command}: found a {open} without its counterpart");
    }
    words.extend(word);
    Ok(words)
}

/// A word as it is typed in a shell.
pub fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "/._-+=:,@%".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_comes_apart_as_in_a_shell() {
        assert_eq!(words("").unwrap(), [""; 0]);
        assert_eq!(words("  a  b\tc ").unwrap(), ["a", "b", "c"]);
        assert_eq!(
            words(r#"a 'b c' "d \" e" f\ g '' h"i"j"#).unwrap(),
            ["a", "b c", "d \" e", "f g", "", "hij"]
        );
        for unfinished in ["a 'b", "a \"b", "a \\"] {
            assert!(words(unfinished).is_err(), "{unfinished}");
        }
    }

    #[test]
    fn a_word_survives_its_quotes() {
        for word in ["a/b.py", "", "a b", "it's", "$x \"y\" \\"] {
            assert_eq!(words(&quoted(word)).unwrap(), [word]);
        }
    }
}
