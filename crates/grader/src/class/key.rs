//! What a grade depends on, as one hash: a grade with the same key need not be made again.

use sha2::{Digest, Sha256};

/// A hash of everything put in so far.
#[derive(Clone, Default)]
pub(super) struct Key(Sha256);

impl Key {
    /// The same key, with one part more.
    pub(super) fn with(mut self, part: impl AsRef<[u8]>) -> Self {
        // Each part by a hash of its own, so that no letter can move from one to the next.
        self.0.update(Sha256::digest(part));
        self
    }

    /// The hash in hexadecimal digits.
    pub(super) fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_depends_on_every_part_and_on_where_it_ends() {
        let key =
            |parts: &[&str]| parts.iter().fold(Key::default(), |key, part| key.with(part)).finish();
        assert_eq!(key(&["ab", "c"]), key(&["ab", "c"]));
        for other in [&["a", "bc"][..], &["abc"], &["ab", "c", ""], &["c", "ab"]] {
            assert_ne!(key(&["ab", "c"]), key(other));
        }
    }
}
