//! Seeds as an argument.

/// The seeds of a study, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seeds(pub(super) Vec<u64>);

/// A seed costs minutes of training; more seeds than these are a typing error.
const MOST: u64 = 10_000;

/// The seeds of a number, as in `3` for 0, 1 and 2, of a range, as in `5..8` for 5, 6 and 7, or of a
/// list of seeds and ranges, as in `1,2,5..8`. The error says what is expected.
pub(super) fn parse(text: &str) -> Result<Seeds, String> {
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
        if !(1..=MOST).contains(&count) {
            return Err(format!("found {count} seeds in {part:?}, expected 1 to {MOST}"));
        }
        seeds.extend(numbers);
        if seeds.len() as u64 > MOST {
            return Err(format!("found {} seeds, expected 1 to {MOST}", seeds.len()));
        }
    }
    let mut sorted = seeds.clone();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("found the seed {} twice, expected each once", pair[0])),
        None => Ok(Seeds(seeds)),
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| expected())
}

fn expected() -> String {
    "expected how many, as in 3, a range, as in 5..8, or a list, as in 1,2,3".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_number_of_them_a_range_or_a_list() {
        let seeds = |text| parse(text).map(|Seeds(seeds)| seeds);
        assert_eq!(seeds("3"), Ok(vec![0, 1, 2]));
        assert_eq!(seeds("5..8"), Ok(vec![5, 6, 7]));
        assert_eq!(seeds("1,2,3"), Ok(vec![1, 2, 3]));
        assert_eq!(seeds("9,0..2"), Ok(vec![9, 0, 1]));
        for text in ["", "many", "-1", "1.5", "1,,2", "1,", "..", "1..", "..3", "1..x", "1, 2"] {
            assert!(seeds(text).unwrap_err().starts_with("expected how many"), "{text}");
        }
        for text in ["0", "5..5", "8..5", "10001", "1,3..3", "18446744073709551615"] {
            assert!(seeds(text).unwrap_err().contains("expected 1 to 10000"), "{text}");
        }
        for text in ["1,1", "3,0..4"] {
            assert!(seeds(text).unwrap_err().contains("twice"), "{text}");
        }
        assert!(seeds("0..9000,10000..19000").unwrap_err().contains("18000 seeds"));
    }
}
