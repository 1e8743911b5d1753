//! Words without quotes, which TOML does not have: the most frequent reason why a file is no TOML.

use std::ops::Range;

/// What is wrong at this place of a file that is no TOML, if it is a word without quotes.
pub(super) fn fault(text: &str, place: Range<usize>) -> Option<String> {
    let word = text.get(place.clone())?.trim();
    if !word.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return None;
    }
    let before = text.get(..place.start)?;
    // A key has no quotes either.
    let before_word = before.trim_end();
    if !before_word.ends_with(['=', '[', ',']) {
        return None;
    }
    let line = before.rsplit('\n').next().unwrap_or_default();
    let key = line.split('=').next().unwrap_or_default().trim();
    let is_truth = ["true", "false"].contains(&word.to_lowercase().as_str()) || key == "quick";
    Some(match is_truth {
        true => format!("found {word}, expected true or false, in small letters"),
        false => format!(
            "found {word} without quotes, expected a number or a text in quotes; write {word:?}"
        ),
    })
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    #[test]
    fn a_word_without_quotes_is_told_and_nothing_else() {
        let fault = |text: &str| {
            let error = DeTable::parse(text).unwrap_err();
            super::fault(text, error.span().unwrap())
        };
        for (text, word) in [
            ("[compare]\nnorm = [none]", "none"),
            ("[compare]\nnorm = none", "none"),
            ("norm = [\"none\", batch]", "batch"),
            ("norm = [\n  batch,\n]", "batch"),
            ("title = Mine study\nquick = true", "Mine study"),
            ("norm = group(4)", "group(4)"),
            ("trains = head-frozen", "head-frozen"),
            ("trains = trained", "trained"),
            ("activation = info", "info"),
        ] {
            let expected = format!(
                "found {word} without quotes, expected a number or a text in quotes; write {word:?}"
            );
            assert_eq!(fault(text).as_deref(), Some(expected.as_str()), "{text}");
        }
        for text in ["quick = True", "quick = yes", "quick = FALSE"] {
            let message = fault(text).unwrap();
            assert!(message.ends_with("expected true or false, in small letters"), "{message}");
        }
        for text in ["a = .5", "a = 5.", "a = ", "a = 'x", "a b = 1", "a = 007", "a = 1 b", "a"] {
            assert_eq!(fault(text), None, "{text}");
        }
    }
}
