//! The encodings of Python files.

use std::borrow::Cow;

/// What a file in UTF-8 may begin with.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A file as Python reads it: with its own bytes where Python knows what they mean, else in UTF-8.
pub(super) fn for_python(bytes: Vec<u8>) -> Vec<u8> {
    if let Some(text) = of_wide(&bytes) {
        return without_cookie(&text).into_bytes();
    }
    if let Some(rest) = bytes.strip_prefix(MARK) {
        return without_cookie(&decoded(rest)).into_bytes();
    }
    let is_python_s = cookie(&bytes).is_some_and(|name| !is_utf8(&name));
    if is_python_s || std::str::from_utf8(&bytes).is_ok() {
        return bytes;
    }
    without_cookie(&latin_1(&bytes)).into_bytes()
}

/// The text of a file, to look for words in.
pub(super) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    if let Some(text) = of_wide(bytes) {
        return text.into();
    }
    let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_or_else(|_| latin_1(bytes).into(), Cow::Borrowed)
}

/// Every byte is a character, as in Latin-1.
fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// The text of a file in UTF-16 or UTF-32; `None` of any other.
fn of_wide(bytes: &[u8]) -> Option<String> {
    let units = |rest: &[u8], read: fn([u8; 2]) -> u16| -> Option<String> {
        let units: Vec<u16> = rest.as_chunks().0.iter().map(|&unit| read(unit)).collect();
        String::from_utf16(&units).ok()
    };
    let points = |rest: &[u8], read: fn([u8; 4]) -> u32| -> Option<String> {
        rest.as_chunks().0.iter().map(|&unit| char::from_u32(read(unit))).collect()
    };
    match bytes {
        [0xff, 0xfe, 0, 0, rest @ ..] => points(rest, u32::from_le_bytes),
        [0, 0, 0xfe, 0xff, rest @ ..] => points(rest, u32::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => units(rest, u16::from_be_bytes),
        _ if is_mostly_zero(bytes, 1) => units(bytes, u16::from_le_bytes),
        _ if is_mostly_zero(bytes, 0) => units(bytes, u16::from_be_bytes),
        _ => None,
    }
}

/// Whether of two bytes in turn, the one at this place is mostly zero and the other never, as in UTF-16:
/// most letters of code are ASCII.
fn is_mostly_zero(bytes: &[u8], place: usize) -> bool {
    let pairs = bytes.as_chunks::<2>().0;
    let zeros = pairs.iter().filter(|pair| pair[place] == 0).count();
    !pairs.is_empty() && 2 * zeros > pairs.len() && pairs.iter().all(|pair| pair[1 - place] != 0)
}

/// The encoding that a comment in one of the first two lines names.
fn cookie(bytes: &[u8]) -> Option<String> {
    bytes.split(|byte| matches!(byte, b'\n' | b'\r')).take(2).find_map(|line| {
        let line = latin_1(line);
        let comment = line.trim_start().strip_prefix('#')?;
        let rest = &comment[comment.find("coding")? + "coding".len()..];
        let name = rest.strip_prefix([':', '='])?.trim_start();
        let end =
            name.find(|letter: char| !letter.is_ascii_alphanumeric() && !"-_.".contains(letter));
        Some(name[..end.unwrap_or(name.len())].to_ascii_lowercase())
    })
}

fn is_utf8(name: &str) -> bool {
    matches!(name.replace('_', "-").as_str(), "utf-8" | "utf8" | "utf-8-sig")
}

/// A text whose first two lines name no encoding, since it has another by now.
fn without_cookie(text: &str) -> String {
    let mut lines = 0;
    let end = text.find(|letter| {
        lines += usize::from(matches!(letter, '\n' | '\r'));
        // A line may end in two letters.
        lines == 4
    });
    let (first, rest) = text.split_at(end.unwrap_or(text.len()));
    first.replace("coding:", "coding ").replace("coding=", "coding ") + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "# Größe\ndef f(x):\r\n    return 'ä'\n";

    fn wide<const N: usize>(mark: bool, bytes: impl Fn(char) -> [u8; N]) -> Vec<u8> {
        let marked = if mark { format!("\u{feff}{SOURCE}") } else { SOURCE.to_owned() };
        marked.chars().flat_map(bytes).collect()
    }

    #[test]
    fn every_encoding_that_editors_write_is_read() {
        let unit = |letter: char| u16::try_from(u32::from(letter)).unwrap();
        for (name, bytes) in [
            ("UTF-8", SOURCE.as_bytes().to_vec()),
            ("UTF-8 with its mark", [b"\xef\xbb\xbf", SOURCE.as_bytes()].concat()),
            ("UTF-16 LE", wide(true, |letter| unit(letter).to_le_bytes())),
            ("UTF-16 BE", wide(true, |letter| unit(letter).to_be_bytes())),
            ("UTF-16 LE without a mark", wide(false, |letter| unit(letter).to_le_bytes())),
            ("UTF-16 BE without a mark", wide(false, |letter| unit(letter).to_be_bytes())),
            ("UTF-32 LE", wide(true, |letter| u32::from(letter).to_le_bytes())),
            ("UTF-32 BE", wide(true, |letter| u32::from(letter).to_be_bytes())),
            ("Latin-1", wide(false, |letter| [u8::try_from(u32::from(letter)).unwrap()])),
        ] {
            assert_eq!(decoded(&bytes), SOURCE, "{name}");
            assert_eq!(String::from_utf8(for_python(bytes)).unwrap(), SOURCE, "{name}");
        }
    }

    #[test]
    fn an_encoding_that_the_file_names_is_left_to_python_and_a_wrong_one_is_not() {
        let cyrillic = b"# -*- coding: cp1251 -*-\nx = '\xcf'\n".to_vec();
        assert_eq!(for_python(cyrillic.clone()), cyrillic);
        let wrong = b"#!/usr/bin/python\n# coding=utf-8\nx = '\xcf'\n".to_vec();
        let expected = "#!/usr/bin/python\n# coding utf-8\nx = '\u{cf}'\n";
        assert_eq!(String::from_utf8(for_python(wrong)).unwrap(), expected);
        let text = "# coding: utf-16\nx = 1\n";
        let utf_16: Vec<u8> = text.encode_utf16().flat_map(|unit| unit.to_le_bytes()).collect();
        assert_eq!(for_python(utf_16), b"# coding  utf-16\nx = 1\n");
        assert_eq!(for_python([MARK, b"# coding=cp1251\n"].concat()), b"# coding cp1251\n");
        // Zeros alone are no UTF-16.
        assert_eq!(for_python(vec![0; 8]), vec![0; 8]);
        assert_eq!(for_python(b"a = 1\0\n".to_vec()), b"a = 1\0\n");
    }
}
