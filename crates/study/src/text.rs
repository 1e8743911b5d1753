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

/// `1 seed`, `3 seeds`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(count))
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

/// How often a network was ahead, counted after each epoch.
pub(crate) fn how_often(network: &str, Ahead { ahead, of }: Ahead, several_seeds: bool) -> String {
    let every = if several_seeds { " of every seed" } else { "" };
    let all = if several_seeds { " of all seeds" } else { "" };
    if ahead == of && of > 1 {
        format!("{network} was ahead after every epoch{every} ({ahead} of {of}).")
    } else if ahead == 0 && of > 1 {
        format!("{network} was ahead after none of the {of} epochs{all}.")
    } else if of == 1 {
        let not = if ahead == 1 { "" } else { "not " };
        format!("{network} was {not}ahead after the only epoch.")
    } else {
        format!("{network} was ahead after {ahead} of the {of} epochs{all}.")
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
}
