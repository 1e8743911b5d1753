//! What the folder of a study's results is called: the study, and what was changed of it.

use trainer::fingerprint::Fingerprint;

/// The longest name; file systems take 255 bytes.
const LONGEST: usize = 150;

/// The digits of the hash that ends a name that would be longer.
const DIGITS: usize = 16;

/// The name of the folder for a study with these changes, such as `headline` or
/// `headline_quick_epochs=2_seeds=5..8`. Studies with other changes have other names.
///
/// ```
/// use study::folder_name::folder_name;
///
/// let changes = ["quick".to_owned(), "learning_rate=0.01,0.001".to_owned()];
/// assert_eq!(folder_name("headline", &changes), "headline_quick_learning_rate=0.01,0.001");
/// ```
pub fn folder_name(study: &str, changes: &[String]) -> String {
    let parts: Vec<&str> = [study].into_iter().chain(changes.iter().map(String::as_str)).collect();
    shortened(&parts.join("_"))
}

/// A name that file systems take: the name itself, or if it is too long its beginning and a hash.
pub(crate) fn shortened(name: &str) -> String {
    let name = name.replace(['/', '\\'], "-");
    if name.len() <= LONGEST {
        return name;
    }
    let mut hash = Fingerprint::default();
    hash.add_text(&name);
    let hash: String = hash.finish().chars().take(DIGITS).collect();
    let mut end = LONGEST - DIGITS - 1;
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}_{hash}", &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_ends_in_a_hash_of_all_of_it() {
        let long = |last: &str| shortened(&format!("{}{last}", "é".repeat(100)));
        assert!(long("a").len() <= LONGEST);
        assert_ne!(long("a"), long("b"));
        assert_eq!(shortened("../up"), "..-up");
    }
}
