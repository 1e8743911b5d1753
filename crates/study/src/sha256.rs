//! The hash of files.

use sha2::{Digest, Sha256};

/// The SHA-256 of these bytes, in 64 hexadecimal digits, as `sha256sum` prints it.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
