//! Reading .npy files that may be damaged or hostile. Any bytes give a [`Tensor`] or an [`NpyError`].
//! The memory needed is about as large as the bytes, plus at most 8 MiB for the header.
//!
//! `ndarray-npy` parses the header and the body, but trusts both. It allocates what the header
//! declares before it reads the body. Its parser of Python literals recurses without bound, and
//! takes time exponential in the depth of brackets. So the checks of this module come first.
//!
//! Format: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use ndarray_npy::ReadableElement;
use ndarray_npy::npy::header::Header;
use thiserror::Error;

use crate::tensor::{Dtype, Tensor};

/// The longest header that is read, in bytes. NumPy has the same default limit.
pub const HEADER_LIMIT: usize = 10_000;

/// The most axes of an array; NumPy's own limit is 64.
const AXES_LIMIT: usize = 64;

/// A header is a dictionary with a tuple in it, and a structured type adds a list of tuples.
const DEPTH_LIMIT: usize = 4;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Why the grader cannot read bytes as a .npy array. Each message says what was found and what was
/// expected.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NpyError {
    /// The first bytes are not NumPy's.
    #[error("not a .npy file: expected it to start with \\x93NUMPY, found \"{found}\"")]
    Magic {
        /// The first bytes, escaped.
        found: String,
    },

    /// A version of the format that NumPy has not defined.
    #[error("found version {major}.{minor} of the .npy format, expected 1.0, 2.0 or 3.0")]
    Version {
        /// First byte of the version.
        major: u8,
        /// Second byte of the version.
        minor: u8,
    },

    /// The file ends inside its header.
    #[error("cut short inside the header: expected at least {expected} bytes, found {found}")]
    HeaderCut {
        /// The bytes up to the end of the header.
        expected: usize,
        /// The bytes of the file.
        found: usize,
    },

    /// The header is longer than any real one.
    #[error("found a header of {found} bytes, expected at most {HEADER_LIMIT}")]
    HeaderTooLong {
        /// Its length.
        found: usize,
    },

    /// The header's brackets are nested deeper than in any real one.
    #[error("found brackets nested {found} deep in the header, expected at most {DEPTH_LIMIT}")]
    HeaderTooDeep {
        /// The depth.
        found: usize,
    },

    /// The header is not what NumPy writes.
    #[error(
        "found the header \"{found}\", expected a dictionary of descr, fortran_order and shape"
    )]
    Header {
        /// Its beginning, escaped.
        found: String,
    },

    /// Elements of a type that fixtures do not use.
    #[error(
        "found elements of type {found}, expected <f8, >f8, <f4, >f4, <i8, >i8 or |b1 (objects and pickles are never read)"
    )]
    Descriptor {
        /// NumPy's description of the type.
        found: String,
    },

    /// The array has too many axes, or more elements than could be counted.
    #[error("found the shape {found}, expected at most {AXES_LIMIT} axes and 2^63 bytes")]
    Shape {
        /// The beginning of the shape.
        found: String,
    },

    /// The body has another length than the header declares.
    #[error(
        "expected {expected} bytes after the header for {dtype} of shape {shape:?}, found {found}"
    )]
    Body {
        /// The bytes that the header declares.
        expected: usize,
        /// The bytes that there are.
        found: usize,
        /// The element type.
        dtype: Dtype,
        /// The shape.
        shape: Vec<usize>,
    },

    /// The body holds bytes that are no value of its type.
    #[error("found a body that is not {dtype}: {reason}")]
    Values {
        /// The element type.
        dtype: Dtype,
        /// What is wrong with it.
        reason: String,
    },
}

/// Reads an array from the bytes of a .npy file: version 1, 2 or 3, C or Fortran order, little- or
/// big-endian.
///
/// # Errors
///
/// [`NpyError`] for anything else.
pub fn parse(bytes: &[u8]) -> Result<Tensor, NpyError> {
    let (header, dtype, rest) = header(bytes)?;
    expect_body(&header.shape, dtype, rest.len())?;
    Ok(match dtype {
        Dtype::Float32 => Tensor::Float32(body(rest, &header, dtype)?),
        Dtype::Float64 => Tensor::Float64(body(rest, &header, dtype)?),
        Dtype::Int64 => Tensor::Int64(body(rest, &header, dtype)?),
        Dtype::Bool => Tensor::Bool(body(rest, &header, dtype)?),
    })
}

/// Checks a file of `length` bytes by its header alone, and gives the shape of the array and the bytes
/// that its values take. The `beginning` must hold the whole file, or a little more than
/// [`HEADER_LIMIT`] bytes of it.
///
/// # Errors
///
/// As [`parse`], except errors of the values.
pub fn check_header(beginning: &[u8], length: usize) -> Result<(Vec<usize>, usize), NpyError> {
    let (header, dtype, rest) = header(beginning)?;
    let body = length.saturating_sub(beginning.len() - rest.len());
    expect_body(&header.shape, dtype, body)?;
    Ok((header.shape, body))
}

/// The header, the type that it names, and the bytes after it.
fn header(bytes: &[u8]) -> Result<(Header, Dtype, &[u8]), NpyError> {
    let header_text = guarded_header(bytes)?;
    let refuse = || NpyError::Header { found: beginning(header_text) };
    let mut rest = bytes;
    let header = Header::from_reader(&mut rest).map_err(|_| refuse())?;
    let descriptor = header.type_descriptor.as_string().map(String::as_str);
    let dtype = match descriptor {
        Some("<f4" | ">f4") => Dtype::Float32,
        Some("<f8" | ">f8") => Dtype::Float64,
        Some("<i8" | ">i8") => Dtype::Int64,
        Some("|b1") => Dtype::Bool,
        _ => {
            let found = beginning(header.type_descriptor.to_string().as_bytes());
            return Err(NpyError::Descriptor { found });
        }
    };
    Ok((header, dtype, rest))
}

/// The text of the header, checked to be safe to parse.
fn guarded_header(bytes: &[u8]) -> Result<&[u8], NpyError> {
    let Some(after_magic) = bytes.strip_prefix(MAGIC) else {
        let found = beginning(&bytes[..bytes.len().min(MAGIC.len())]);
        return Err(NpyError::Magic { found });
    };
    let cut = |expected| NpyError::HeaderCut { expected, found: bytes.len() };
    let (length, after_length) = match after_magic {
        [1, 0, a, b, rest @ ..] => (usize::from(u16::from_le_bytes([*a, *b])), rest),
        [2 | 3, 0, a, b, c, d, rest @ ..] => {
            let length = u32::from_le_bytes([*a, *b, *c, *d]);
            (usize::try_from(length).unwrap_or(usize::MAX), rest)
        }
        [1, 0, ..] => return Err(cut(10)),
        [2 | 3, 0, ..] => return Err(cut(12)),
        [major, minor, ..] => return Err(NpyError::Version { major: *major, minor: *minor }),
        _ => return Err(cut(10)),
    };
    if length > HEADER_LIMIT {
        return Err(NpyError::HeaderTooLong { found: length });
    }
    let header =
        after_length.get(..length).ok_or_else(|| cut(bytes.len() - after_length.len() + length))?;
    // Brackets inside strings count too; no real header has any there.
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in header {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > DEPTH_LIMIT {
        return Err(NpyError::HeaderTooDeep { found: deepest });
    }
    Ok(header)
}

/// Checks that the header is followed by exactly as many bytes as it declares.
fn expect_body(shape: &[usize], dtype: Dtype, found: usize) -> Result<(), NpyError> {
    let too_large = || NpyError::Shape { found: beginning(format!("{shape:?}").as_bytes()) };
    if shape.len() > AXES_LIMIT {
        return Err(too_large());
    }
    // An array library multiplies the other axes of an empty array too, so these must not overflow.
    let without_empty_axes = shape.iter().filter(|&&length| length > 0);
    let bytes = without_empty_axes
        .copied()
        .try_fold(dtype.size(), usize::checked_mul)
        .filter(|&bytes| isize::try_from(bytes).is_ok())
        .ok_or_else(too_large)?;
    let expected = if shape.contains(&0) { 0 } else { bytes };
    if expected != found {
        return Err(NpyError::Body { expected, found, dtype, shape: shape.to_vec() });
    }
    Ok(())
}

fn body<T: ReadableElement>(
    bytes: &[u8],
    header: &Header,
    dtype: Dtype,
) -> Result<ArrayD<T>, NpyError> {
    let refuse = |reason: String| NpyError::Values { dtype, reason };
    let values =
        T::read_to_end_exact_vec(bytes, &header.type_descriptor, bytes.len() / dtype.size())
            .map_err(|error| refuse(error.to_string()))?;
    let shape = IxDyn(&header.shape).set_f(header.layout.is_fortran());
    ArrayD::from_shape_vec(shape, values).map_err(|error| refuse(error.to_string()))
}

/// The first bytes, escaped for a message.
fn beginning(bytes: &[u8]) -> String {
    const LENGTH: usize = 80;
    let text = bytes.trim_ascii_end();
    let start = &text[..text.len().min(LENGTH)];
    let more = if text.len() > LENGTH { "…" } else { "" };
    format!("{}{more}", start.escape_ascii().to_string().replace("\\'", "'"))
}
