//! Text that is printed or written: messages of errors as one line, and words of hand-ins as text that
//! stays where it is written.
//!
//! Students choose the names of hand-ins and the words of exceptions. A character that moves the cursor,
//! breaks a line or turns its direction could make "failed" look like something else.

use std::error::Error;
use std::ffi::OsStr;
use std::path::Path;

/// Characters that are not controls but move, hide or turn what is around them, or that XML forbids.
const MOVING: [std::ops::RangeInclusive<char>; 14] = [
    '\u{ad}'..='\u{ad}',
    '\u{61c}'..='\u{61c}',
    '\u{180e}'..='\u{180e}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{feff}'..='\u{feff}',
    '\u{fff0}'..='\u{fffb}',
    '\u{fffe}'..='\u{ffff}',
    '\u{110bd}'..='\u{110cd}',
    '\u{13430}'..='\u{1343f}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// Whether a character stays where it is written: no control, and none that breaks, joins, hides or
/// turns a line.
pub fn is_plain(letter: char) -> bool {
    !letter.is_control() && !MOVING.iter().any(|range| range.contains(&letter))
}

/// A name on one line, with escapes such as `\n` and `\u{1b}` for what is not plain.
pub fn visible(name: &str) -> String {
    let mut shown = String::new();
    for letter in name.chars() {
        if is_plain(letter) {
            shown.push(letter);
        } else {
            shown.extend(letter.escape_default());
        }
    }
    shown
}

/// A path as a name.
pub fn path(path: &Path) -> String {
    visible(&path.display().to_string())
}

/// The name of a file as [`visible`] text, which no other file name has.
pub(crate) fn distinct(name: &OsStr) -> String {
    let mut shown = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        shown.push_str(&visible(&chunk.valid().replace('\\', r"\\")));
        for byte in chunk.invalid() {
            shown.push_str(&format!(r"\x{byte:02x}"));
        }
    }
    shown
}

/// The name of a file with `_` for what is not plain. It is never longer than the name.
pub(crate) fn flat_name(name: &OsStr) -> String {
    let mut flat = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        flat.extend(
            chunk.valid().chars().map(|letter| if is_plain(letter) { letter } else { '_' }),
        );
        if !chunk.invalid().is_empty() {
            flat.push('_');
        }
    }
    flat
}

/// Text on one line, with a blank for what is not plain.
pub(crate) fn on_one_line(text: &str) -> String {
    text.replace(|letter| !is_plain(letter), " ")
}

/// Text of several lines without what is not plain, but for the ends of lines and tabs.
pub fn printable(text: &str) -> String {
    text.chars().filter(|&letter| is_plain(letter) || matches!(letter, '\n' | '\t')).collect()
}

/// An error and its causes, without a cause that the message before it ends in already.
pub(crate) fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// Where in the text TOML was not as it should be, and how.
pub(crate) fn of_toml(error: &toml::de::Error, text: &str) -> String {
    let start = error.span().map_or(0, |span| span.start);
    let line = 1 + text.bytes().take(start).filter(|&byte| byte == b'\n').count();
    format!("line {line}: {}", error.message().replace('\n', ", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_cursor_or_turns_a_line_is_shown_as_an_escape() {
        for (name, shown, flat) in [
            ("anna ä é 名前 \u{1f600}", "anna ä é 名前 \u{1f600}", "anna ä é 名前 \u{1f600}"),
            ("a\u{1b}[2Jb", r"a\u{1b}[2Jb", "a_[2Jb"),
            ("x\npassed.", r"x\npassed.", "x_passed."),
            ("\r\t\u{7f}\u{9b}", r"\r\t\u{7f}\u{9b}", "____"),
            ("\u{202e}fdp", r"\u{202e}fdp", "_fdp"),
            ("\u{2066}\u{2028}\u{200b}\u{ad}", r"\u{2066}\u{2028}\u{200b}\u{ad}", "____"),
        ] {
            assert_eq!(visible(name), shown);
            assert_eq!(distinct(OsStr::new(name)), shown);
            assert_eq!(flat_name(OsStr::new(name)), flat);
            assert_eq!(on_one_line(name), flat.replace('_', " "));
        }
        assert_eq!(printable("a\u{1b}[2J\n\tb\r\u{202e}"), "a[2J\n\tb");
    }

    #[test]
    #[cfg(unix)]
    fn two_names_of_files_never_look_the_same() {
        use std::os::unix::ffi::OsStrExt;
        let names: [&[u8]; 6] =
            [b"a\x1bb", br"a\u{1b}b", b"a\xffb", br"a\xffb", b"a\xfeb", "a\u{fffd}b".as_bytes()];
        let mut shown: Vec<String> =
            names.iter().map(|name| distinct(OsStr::from_bytes(name))).collect();
        assert!(shown.iter().all(|name| name.chars().all(is_plain)), "{shown:?}");
        shown.sort();
        shown.dedup();
        assert_eq!(shown.len(), names.len());
        for name in names {
            assert!(flat_name(OsStr::from_bytes(name)).len() <= name.len());
        }
    }
}
