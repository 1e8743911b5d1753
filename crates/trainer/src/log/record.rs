//! The records of an event file.

use crc::{CRC_32_ISCSI, Crc, Table};

/// CRC-32C, of Castagnoli's polynomial, as iSCSI has it (RFC 3720).
static CRC_32C: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISCSI);

/// Appends a record as TensorFlow frames it: the payload's length (u64), its masked checksum, the
/// payload, its masked checksum; numbers little-endian, checksums u32.
pub(super) fn append(bytes: &mut Vec<u8>, payload: &[u8]) {
    let length = (payload.len() as u64).to_le_bytes();
    bytes.extend(length);
    bytes.extend(masked_crc(&length).to_le_bytes());
    bytes.extend(payload);
    bytes.extend(masked_crc(payload).to_le_bytes());
}

/// The checksum turned right by 15 bits, plus a constant, so that checksums of data that hold
/// checksums are no special case.
fn masked_crc(bytes: &[u8]) -> u32 {
    CRC_32C.checksum(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_rfc_3720() {
        let ascending: Vec<u8> = (0..32).collect();
        let descending: Vec<u8> = (0..32).rev().collect();
        assert_eq!(CRC_32C.checksum(&[0; 32]), 0x8a91_36aa);
        assert_eq!(CRC_32C.checksum(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(CRC_32C.checksum(&ascending), 0x46dd_794e);
        assert_eq!(CRC_32C.checksum(&descending), 0x113f_db5c);
    }

    /// On paper: the CRC of no bytes is 0, so both its checksums follow from the constants; the
    /// length's is that of `struct.pack("<Q", 0)` by TensorBoard's `masked_crc32c`.
    #[test]
    fn an_empty_record_is_16_bytes() {
        let mut bytes = vec![7];
        append(&mut bytes, &[]);
        let expected =
            [[7].as_slice(), &[0; 8], &[0x29, 0x03, 0x98, 0x07], &[0xd8, 0xea, 0x82, 0xa2]];
        assert_eq!(bytes, expected.concat());
    }
}
