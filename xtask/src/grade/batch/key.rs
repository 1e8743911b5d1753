//! What a grade depends on, as one hash: a grade with the same key need not be made again.

use std::env;
use std::fs;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// A hash of everything put in so far.
#[derive(Clone)]
pub struct Key(Sha256);

impl Key {
    /// That of this program, whose version alone would not tell what it asks.
    pub fn of_program() -> Result<Self> {
        let path = env::current_exe().context("this program does not find itself")?;
        let program = fs::read(&path).with_context(|| format!("{}", path.display()))?;
        Ok(Self(Sha256::new()).with(program))
    }

    /// That of this besides.
    pub fn with(mut self, part: impl AsRef<[u8]>) -> Self {
        // Each part by a hash of its own, so that no letter can move from one to the next.
        self.0.update(Sha256::digest(part));
        self
    }

    /// The hash, two digits a byte.
    pub fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_depends_on_every_part_and_on_where_it_ends() {
        let key = |parts: &[&str]| {
            parts.iter().fold(Key(Sha256::new()), |key, part| key.with(part)).finish()
        };
        assert_eq!(key(&["ab", "c"]), key(&["ab", "c"]));
        for other in [&["a", "bc"][..], &["abc"], &["ab", "c", ""], &["c", "ab"]] {
            assert_ne!(key(&["ab", "c"]), key(other));
        }
    }
}
