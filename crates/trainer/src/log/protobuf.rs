//! The few pieces of the [protobuf wire format] that event files need. As in proto3, a field of its
//! own that is 0 is left out; a member of a `oneof` or of a list is not.
//!
//! [protobuf wire format]: https://protobuf.dev/programming-guides/encoding/

const VARINT: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const WITH_LENGTH: u64 = 2;
const FOUR_BYTES: u64 = 5;

/// A message, field by field, in the order of the calls.
#[derive(Debug, Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    /// An `int64` that is not negative, unless 0.
    pub(super) fn int64(mut self, field: u64, value: u64) -> Self {
        if value != 0 {
            self.key(field, VARINT);
            self.varint(value);
        }
        self
    }

    /// A `double`, unless +0.
    pub(super) fn double(mut self, field: u64, value: f64) -> Self {
        if value.to_bits() != 0 {
            self.key(field, EIGHT_BYTES);
            self.0.extend(value.to_le_bytes());
        }
        self
    }

    /// A `double` of a `oneof`.
    pub(super) fn double_of_one(mut self, field: u64, value: f64) -> Self {
        self.key(field, EIGHT_BYTES);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// A `bool` of a `oneof`.
    pub(super) fn bool_of_one(mut self, field: u64, value: bool) -> Self {
        self.key(field, VARINT);
        self.varint(value.into());
        self
    }

    /// A `string` of a `oneof`.
    pub(super) fn string_of_one(self, field: u64, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    /// A `float` of a `oneof`.
    pub(super) fn float_of_one(mut self, field: u64, value: f32) -> Self {
        self.key(field, FOUR_BYTES);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// A `repeated double [packed = true]`.
    pub(super) fn doubles(self, field: u64, values: &[f64]) -> Self {
        if values.is_empty() {
            return self;
        }
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.bytes(field, &bytes)
    }

    /// A string.
    pub(super) fn string(self, field: u64, value: &str) -> Self {
        if value.is_empty() { self } else { self.bytes(field, value.as_bytes()) }
    }

    /// A message within this one.
    pub(super) fn message(self, field: u64, value: Self) -> Self {
        self.bytes(field, &value.0)
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self.key(field, WITH_LENGTH);
        self.varint(value.len() as u64);
        self.0.extend(value);
        self
    }

    fn key(&mut self, field: u64, wire_type: u64) {
        self.varint(field << 3 | wire_type);
    }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    fn varint(&mut self, mut value: u64) {
        while value > 0x7f {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int64(value: u64) -> Vec<u8> {
        Message::default().int64(2, value).into_bytes()
    }

    #[test]
    fn varints_are_as_long_as_they_need_to_be() {
        assert_eq!(int64(0), [0_u8; 0]);
        assert_eq!(int64(1), [0x10, 1]);
        assert_eq!(int64(127), [0x10, 0x7f]);
        assert_eq!(int64(128), [0x10, 0x80, 1]);
        assert_eq!(int64(300), [0x10, 0xac, 2], "the example of the format's documentation");
        assert_eq!(int64(1 << 32), [0x10, 0x80, 0x80, 0x80, 0x80, 0x10]);
        let largest = [0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        assert_eq!(int64(i64::MAX as u64), largest);
    }

    #[test]
    fn only_what_stands_alone_may_be_left_out() {
        let alone = Message::default().double(1, 0.0).string(3, "").doubles(6, &[]);
        assert_eq!(alone.into_bytes(), [0_u8; 0]);
        let negative = Message::default().double(1, -0.0).into_bytes();
        assert_eq!(negative, [0x09, 0, 0, 0, 0, 0, 0, 0, 0x80]);
        assert_eq!(Message::default().float_of_one(2, 0.0).into_bytes(), [0x15, 0, 0, 0, 0]);
        let double = Message::default().double_of_one(2, 0.0).into_bytes();
        assert_eq!(double, [0x11, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(Message::default().bool_of_one(4, false).into_bytes(), [0x20, 0]);
        assert_eq!(Message::default().string_of_one(3, "").into_bytes(), [0x1a, 0]);
        assert_eq!(Message::default().message(5, Message::default()).into_bytes(), [0x2a, 0]);
        let list = Message::default().doubles(7, &[0.0]).into_bytes();
        assert_eq!(list, [0x3a, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
}
