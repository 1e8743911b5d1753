//! Words and numbers as the sentences of a report have them.

use plots::thousands;

use crate::analysis::{Ahead, Spread};

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn listed<T: AsRef<str>>(items: &[T]) -> String {
    joined(items, "and")
}

/// `a`, `a or b`, `a, b or c`.
pub(crate) fn either<T: AsRef<str>>(items: &[T]) -> String {
    joined(items, "or")
}

fn joined<T: AsRef<str>>(items: &[T], word: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [front @ .., last] => {
            let front: Vec<&str> = front.iter().map(AsRef::as_ref).collect();
            format!("{} {word} {}", front.join(", "), last.as_ref())
        }
    }
}

/// A text with a capital letter at its beginning.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A sentence about the arms of a group, after what they have in common, as in `**Head frozen:** with
/// batch norm …`; by itself, with a capital letter, if there is one group.
pub(crate) fn led(group: &str, sentence: &str) -> String {
    if group.is_empty() { capital(sentence) } else { format!("**{}:** {sentence}", capital(group)) }
}

/// A text in brackets, after a space; nothing without a text.
pub(crate) fn aside(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" ({text})") }
}

/// `1 seed`, `3 seeds`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(count))
}

/// `3 seeds`, or `3 to 5 seeds` where arms have more or fewer.
pub(crate) fn seeds_in_words((fewest, most): (u64, u64)) -> String {
    match fewest {
        same if same == most => counted(most, "seed"),
        fewest => format!("{} to {}", thousands(fewest), counted(most, "seed")),
    }
}

/// `1 seed`, `3 seeds`, `3 or 5 seeds`.
pub(crate) fn counted_either(counts: &[u64], noun: &str) -> String {
    match counts {
        [] => String::new(),
        [one] => counted(*one, noun),
        several => {
            let counts: Vec<String> = several.iter().map(|&count| thousands(count)).collect();
            format!("{} {noun}s", either(&counts))
        }
    }
}

/// A mean with four digits, with the standard deviation where there is one.
pub(crate) fn mean_and_std(mean: Option<f64>, std: Option<f64>) -> String {
    match (mean, std) {
        (Some(mean), Some(std)) => format!("{mean:.4} ± {std:.4}"),
        (Some(mean), None) => format!("{mean:.4}"),
        (None, _) => String::new(),
    }
}

/// An accuracy with its spread where there is one.
pub(crate) fn accuracy(spread: Spread) -> String {
    mean_and_std(Some(spread.mean), spread.std)
}

/// A loss with three digits after the point; a large one with three digits and a power of ten.
pub(crate) fn loss(loss: f64) -> String {
    if loss < 1e4 { format!("{loss:.3}") } else { format!("{loss:.2e}") }
}

/// A difference with its sign.
pub(crate) fn signed(difference: f64) -> String {
    let digits = format!("{:.4}", difference.abs());
    if digits == "0.0000" {
        digits
    } else if difference > 0.0 {
        format!("+{digits}")
    } else {
        format!("−{digits}")
    }
}

/// An interval of differences. Ends keep the signs that [`signed`] leaves out, which tell whether 0 is inside.
pub(crate) fn interval(low: f64, high: f64) -> String {
    let with_sign = |end: f64| {
        let digits = signed(end);
        let is_rounded_to_0 = digits == "0.0000" && end != 0.0;
        let sign = if end > 0.0 { "+" } else { "−" };
        if is_rounded_to_0 { format!("{sign}{digits}") } else { digits }
    };
    format!("{} to {}", with_sign(low), with_sign(high))
}

/// How often an arm was ahead, counted after each epoch: a sentence without its capital letter.
pub(crate) fn how_often(
    name: &str,
    Ahead { ahead, level, of, is_all }: Ahead,
    several_seeds: bool,
) -> String {
    let level = if level > 0 { format!(", and the same after {level}") } else { String::new() };
    if !is_all {
        return format!(
            "with {name} accuracy was higher after {ahead} of the {of} epochs that both have, over all \
             seeds{level}."
        );
    }
    let every = if several_seeds { " of every seed" } else { "" };
    let all = if several_seeds { " of all seeds" } else { "" };
    if ahead == of && of > 1 {
        format!("with {name} accuracy was higher after every epoch{every} ({ahead} of {of}).")
    } else if ahead == 0 && of > 1 {
        format!("with {name} accuracy was higher after none of the {of} epochs{all}{level}.")
    } else if of == 1 {
        let how = match (ahead, level.is_empty()) {
            (1, _) => "higher",
            (_, true) => "not higher",
            (_, false) => "the same",
        };
        format!("with {name} accuracy was {how} after the only epoch.")
    } else {
        format!("with {name} accuracy was higher after {ahead} of the {of} epochs{all}{level}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_counts_read_as_english() {
        assert_eq!(listed::<&str>(&[]), "");
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b"]), "a and b");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(either(&["a", "b", "c"]), "a, b or c");
        assert_eq!(counted(1, "seed"), "1 seed");
        assert_eq!(counted_either(&[1], "seed"), "1 seed");
        assert_eq!(counted_either(&[3, 5_000], "seed"), "3 or 5,000 seeds");
        assert_eq!(counted(4_800, "step"), "4,800 steps");
    }

    #[test]
    fn epochs_with_the_same_accuracy_are_not_said_to_be_lower() {
        let told =
            |ahead, level, of| how_often("x", Ahead { ahead, level, of, is_all: true }, of > 1);
        let same = "with x accuracy was higher after 1 of the 50 epochs of all seeds, and the same after 49.";
        assert_eq!(told(1, 49, 50), same);
        let none = "with x accuracy was higher after none of the 50 epochs of all seeds, and the same after 2.";
        assert_eq!(told(0, 2, 50), none);
        assert_eq!(told(0, 0, 1), "with x accuracy was not higher after the only epoch.");
        assert_eq!(told(0, 1, 1), "with x accuracy was the same after the only epoch.");
        assert_eq!(told(1, 0, 1), "with x accuracy was higher after the only epoch.");
        let some = how_often("x", Ahead { ahead: 1, level: 1, of: 3, is_all: false }, true);
        assert!(
            some.ends_with("of the 3 epochs that both have, over all seeds, and the same after 1.")
        );
    }

    #[test]
    fn an_interval_tells_whether_0_is_inside_however_small_its_ends_are() {
        assert_eq!(interval(-0.001_04, 0.25), "−0.0010 to +0.2500");
        assert_eq!(interval(0.000_04, 0.003_9), "+0.0000 to +0.0039");
        assert_eq!(interval(-0.003_9, -0.000_04), "−0.0039 to −0.0000");
        assert_eq!(interval(0.0, 0.003_9), "0.0000 to +0.0039");
    }
}
