//! The seeds of a study as text: a number of them, a range, or a list.

/// A seed costs minutes of training; more seeds than these are a typing error.
const LARGEST_NUMBER: u64 = 10_000;

/// The seeds of a number, as in `3` for 0, 1 and 2, of a range, as in `5..8` for 5, 6 and 7, or of a
/// list of seeds and ranges, as in `1,2,5..8`.
///
/// # Errors
///
/// What is expected of a text instead.
pub fn parse(text: &str) -> Result<Vec<u64>, String> {
    let parts: Vec<&str> = text.split(',').collect();
    let mut seeds = Vec::new();
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
            return Err(format!("1 to {LARGEST_NUMBER} seeds, found {count} in {part:?}"));
        }
        seeds.extend(numbers);
        if seeds.len() as u64 > LARGEST_NUMBER {
            return Err(format!("1 to {LARGEST_NUMBER} seeds, found {}", seeds.len()));
        }
    }
    let mut sorted = seeds.clone();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("each seed once, found {} twice", pair[0])),
        None => Ok(seeds),
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.trim().parse().map_err(|_| expected())
}

fn expected() -> String {
    "how many seeds, as in 3, a range, as in 5..8, or a list, as in 1,2,3".to_owned()
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
            assert!(parse(text).unwrap_err().starts_with("how many seeds"), "{text}");
        }
        for text in ["0", "5..5", "8..5", "10001", "1,3..3", "18446744073709551615"] {
            assert!(parse(text).unwrap_err().contains("1 to 10000"), "{text}");
        }
        for text in ["1,1", "3,0..4"] {
            assert!(parse(text).unwrap_err().contains("twice"), "{text}");
        }
        assert!(parse("0..9000,10000..19000").unwrap_err().contains("found 18000"));
    }

    #[test]
    fn the_text_of_seeds_reads_back() {
        for seeds in [vec![0], vec![7], vec![0, 1, 2], vec![5, 6], vec![2, 1], vec![0, 2]] {
            assert_eq!(parse(&text(&seeds)), Ok(seeds));
        }
    }
}
