//! How the files of a data set differ from what is expected.

use thiserror::Error;

/// Why bytes are not the IDX array expected.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IdxError {
    /// The bytes end within the header.
    #[error("expected a header of {expected} bytes, found {found} bytes in all")]
    Header {
        /// The length of the header.
        expected: usize,
        /// The number of bytes there are.
        found: usize,
    },
    /// The first bytes are not those of an array of unsigned bytes with this number of axes.
    #[error("expected the first bytes {expected:02x?}, found {found:02x?}")]
    Magic {
        /// Two zeros, the type, and the number of axes.
        expected: [u8; 4],
        /// The first four bytes.
        found: [u8; 4],
    },
    /// The header tells another shape than expected.
    #[error("expected the shape {expected:?}, found {found:?}")]
    Shape {
        /// The shape expected.
        expected: Vec<usize>,
        /// The shape that the header tells.
        found: Vec<usize>,
    },
    /// There are more or fewer elements than the header says.
    #[error("expected {expected} bytes after the header, found {found}")]
    Length {
        /// The product of the lengths in the header.
        expected: usize,
        /// The number of bytes behind the header.
        found: usize,
    },
}

/// How bytes differ from a published file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// There are more or fewer; their SHA-256 was not looked at.
    #[error("expected {expected} bytes, found {found}")]
    Length {
        /// The size of the published file.
        expected: u64,
        /// The number of bytes found.
        found: u64,
    },
    /// There are as many, but others.
    #[error("expected the SHA-256 {expected}, found {found}")]
    Sha256 {
        /// The SHA-256 of the published file, in hexadecimal.
        expected: &'static str,
        /// The SHA-256 found, in hexadecimal.
        found: String,
    },
}
