//! The seeds of a study as text: a number of them, a range, or a list.

use std::fmt::{self, Display, Formatter};

/// A seed costs minutes of training; more seeds than these are a typing error.
const LARGEST_NUMBER: u64 = 10_000;

/// Why a text is no seeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedFault {
    /// What was found, where that is more than the text.
    pub found: Option<String>,
    /// What is expected instead.
    pub expected: String,
}

impl Display for SeedFault {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        if let Some(found) = &self.found {
            write!(formatter, "found {found}, ")?;
        }
        write!(formatter, "expected {}", self.expected)
    }
}

/// The seeds of a number, as in `3` for 0, 1 and 2, of a range, as in `5..8` for 5, 6 and 7, or of a
/// list of seeds and ranges, as in `1,2,5..8`.
///
/// # Errors
///
/// What is expected of a text instead.
pub fn parse(text: &str) -> Result<Vec<u64>, SeedFault> {
    let parts: Vec<&str> = text.split(',').collect();
    let mut seeds = Vec::new();
    let number_of_seeds = |count: u64| SeedFault {
        found: Some(if count == 0 { "no seeds".to_owned() } else { format!("{count} seeds") }),
        expected: format!("1 to {LARGEST_NUMBER}"),
    };
    for part in &parts {
        let numbers = match part.split_once("..") {
            Some((first, end)) => number(first)?..number(end)?,
            None if parts.len() == 1 => 0..number(part)?,
            None => {
                let seed = number(part)?;
                seed..seed.checked_add(1).ok_or_else(expected)?
            }
        };
        let count = numbers.end.saturating_sub(numbers.start);
        if !(1..=LARGEST_NUMBER).contains(&count) {
            return Err(number_of_seeds(count));
        }
        seeds.extend(numbers);
        if seeds.len() as u64 > LARGEST_NUMBER {
            return Err(number_of_seeds(seeds.len() as u64));
        }
    }
    let mut sorted = seeds.clone();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(SeedFault {
            found: Some(format!("{} twice", pair[0])),
            expected: "each seed once".to_owned(),
        }),
        None => Ok(seeds),
    }
}

fn number(text: &str) -> Result<u64, SeedFault> {
    text.trim().parse().map_err(|_| expected())
}

fn expected() -> SeedFault {
    let expected =
        "how many seeds, as in 3, a range, as in 5..8, or a list, as in 1,2,3".to_owned();
    SeedFault { found: None, expected }
}

/// Seeds in a sentence: each, or of many their range.
pub fn shown(seeds: &[u64]) -> String {
    match seeds {
        [first, .., last] if seeds.len() > 5 && text(seeds).contains("..") => {
            format!("{first} to {last}")
        }
        [0, .., last] if seeds.len() > 5 && !text(seeds).contains(',') => format!("0 to {last}"),
        seeds => seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// Seeds as [`parse`] takes them, as short as it can be.
pub fn text(seeds: &[u64]) -> String {
    let is_range = seeds.windows(2).all(|pair| pair[0].checked_add(1) == Some(pair[1]));
    match (seeds, is_range) {
        ([0, ..], true) => seeds.len().to_string(),
        ([first, .., last], true) => format!("{first}..{}", last.saturating_add(1)),
        ([one], true) => format!("{one}..{}", one.saturating_add(1)),
        (_, _) => seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(","),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_number_of_them_a_range_or_a_list() {
        assert_eq!(parse("3"), Ok(vec![0, 1, 2]));
        assert_eq!(parse("5..8"), Ok(vec![5, 6, 7]));
        assert_eq!(parse("1,2,3"), Ok(vec![1, 2, 3]));
        assert_eq!(parse("9, 0..2"), Ok(vec![9, 0, 1]));
        for text in ["", "many", "-1", "1.5", "1,,2", "1,", "..", "1..", "..3", "1..x"] {
            let fault = parse(text).unwrap_err().to_string();
            assert!(fault.starts_with("expected how many seeds"), "{text}: {fault}");
        }
        let message = |text| parse(text).unwrap_err().to_string();
        for text in ["0", "5..5", "8..5", "1,3..3"] {
            assert_eq!(message(text), "found no seeds, expected 1 to 10000", "{text}");
        }
        for (text, found) in [("10001", "10001"), ("0..9000,10000..19000", "18000")] {
            assert_eq!(message(text), format!("found {found} seeds, expected 1 to 10000"));
        }
        assert_eq!(message("1,1"), "found 1 twice, expected each seed once");
        assert_eq!(message("3,0..4"), "found 3 twice, expected each seed once");
    }

    #[test]
    fn the_text_of_seeds_reads_back() {
        for seeds in [vec![0], vec![7], vec![0, 1, 2], vec![5, 6], vec![2, 1], vec![0, 2]] {
            assert_eq!(parse(&text(&seeds)), Ok(seeds));
        }
    }
}
