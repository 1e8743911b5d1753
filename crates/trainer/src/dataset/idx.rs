//! The IDX format of the MNIST family of data sets.
//!
//! ```text
//! 0, 0, type, number of axes d | d lengths, big-endian u32 | the elements, last axis fastest
//! ```
//!
//! Source: LeCun, Cortes and Burges, "The MNIST database", <http://yann.lecun.com/exdb/mnist/>,
//! "The IDX file format". Only the type that these data sets use is read: 0x08, unsigned bytes.

use crate::error::IdxError;

const UNSIGNED_BYTE: u8 = 0x08;

/// The elements, the last axis fastest, of an array that must have this shape. Nothing is allocated on the word of the header.
///
/// # Errors
///
/// [`IdxError`] for any bytes but exactly such an array.
pub(super) fn read(bytes: &[u8], shape: &[usize]) -> Result<Vec<u8>, IdxError> {
    let header = header_length(shape);
    let short = IdxError::Header { expected: header, found: bytes.len() };
    let Some((&found, _)) = bytes.split_first_chunk::<4>() else {
        return Err(short);
    };
    // A shape with more axes than a byte counts fits no header: 0 never equals its length.
    let expected = [0, 0, UNSIGNED_BYTE, u8::try_from(shape.len()).unwrap_or(0)];
    if found != expected {
        return Err(IdxError::Magic { expected, found });
    }
    let Some((head, elements)) = bytes.split_at_checked(header) else {
        return Err(short);
    };
    let (lengths, _) = head[4..].as_chunks::<4>();
    let found: Vec<usize> =
        lengths.iter().map(|&length| u32::from_be_bytes(length) as usize).collect();
    if found != shape {
        return Err(IdxError::Shape { expected: shape.to_vec(), found });
    }
    let expected = elements_in(shape);
    if elements.len() != expected {
        return Err(IdxError::Length { expected, found: elements.len() });
    }
    Ok(elements.to_vec())
}

/// The length of a whole file with this shape, `usize::MAX` if that is more than any file's.
pub(super) fn file_length(shape: &[usize]) -> usize {
    elements_in(shape).saturating_add(header_length(shape))
}

fn header_length(shape: &[usize]) -> usize {
    4 + 4 * shape.len()
}

fn elements_in(shape: &[usize]) -> usize {
    shape.iter().fold(1, |product: usize, &length| product.saturating_mul(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [u8; 18] = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];

    #[test]
    fn a_whole_array_is_read() {
        assert_eq!(read(&GOOD, &[2, 3]).unwrap(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(file_length(&[2, 3]), GOOD.len());
    }

    #[test]
    fn every_cut_and_every_padding_is_refused() {
        for length in 0..GOOD.len() {
            let error = read(&GOOD[..length], &[2, 3]).unwrap_err();
            match error {
                IdxError::Header { expected: 12, found } if length < 12 => {
                    assert_eq!(found, length)
                }
                IdxError::Length { expected: 6, found } => assert_eq!(found, length - 12),
                IdxError::Header { .. }
                | IdxError::Length { .. }
                | IdxError::Magic { .. }
                | IdxError::Shape { .. } => {
                    panic!("{error}")
                }
            }
        }
        let mut padded = GOOD.to_vec();
        padded.push(0);
        let expected = IdxError::Length { expected: 6, found: 7 };
        assert_eq!(read(&padded, &[2, 3]), Err(expected));
    }

    #[test]
    fn every_changed_bit_of_the_header_is_refused() {
        for bit in 0..12 * 8 {
            let mut bytes = GOOD;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&bytes, &[2, 3]).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_header_that_promises_the_world_allocates_nothing() {
        let mut bytes = vec![0, 0, 8, 3];
        bytes.extend([0xff; 12]);
        let world = [u32::MAX as usize; 3];
        assert!(matches!(read(&bytes, &world), Err(IdxError::Length { found: 0, .. })));
        assert!(matches!(read(&bytes, &[1, 1, 1]), Err(IdxError::Shape { .. })));
        assert_eq!(file_length(&world), usize::MAX);
    }
}
