//! What a program printed: its first lines, and how much more there was.

use isolation::Captured;

use crate::messages::printable;

/// Lines that are shown, and letters of each.
const LINES: usize = 8;
const LETTERS: usize = 160;

/// What a program printed in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    lines: Vec<String>,
    more: Option<String>,
}

impl Printed {
    /// What is in these streams, without what a runtime says itself; `None` if that is nothing.
    pub(super) fn of(streams: [&Captured; 2]) -> Option<Self> {
        let kept: Vec<String> = streams
            .iter()
            .map(|stream| String::from_utf8_lossy(&stream.beginning).into_owned())
            .collect();
        let all = || {
            let lines = kept.iter().flat_map(|text| text.lines());
            lines.filter(|line| !is_of_runtime(line) && !line.trim().is_empty())
        };
        let shown = |line: &str| printable(line).chars().take(LETTERS).collect::<String>();
        let lines: Vec<String> = all().take(LINES).map(shown).collect();
        if lines.is_empty() {
            return None;
        }
        let more = all().count() - lines.len();
        let is_whole = streams.iter().all(|stream| stream.length == stream.beginning.len() as u64);
        let more = match more {
            0 if is_whole => None,
            1 if is_whole => Some("1 more line".to_owned()),
            more if is_whole => Some(format!("{more} more lines")),
            more => Some(format!("more than {more} more lines")),
        };
        Some(Self { lines, more })
    }

    /// As it is shown.
    pub fn text(&self) -> String {
        let mut text = "Your code printed:".to_owned();
        for line in &self.lines {
            // In quotes, so that no printed line can be taken for one of ours.
            text.push_str(&format!("\n  `{line}`"));
        }
        if let Some(more) = &self.more {
            text.push_str(&format!("\n  … and {more}"));
        }
        text
    }
}

/// Whether Rust's runtime prints this line when a program ends.
pub(super) fn is_of_runtime(line: &str) -> bool {
    line.contains(" has overflowed its stack")
        || line.starts_with("fatal runtime error: ")
        || line.starts_with("note: run with `RUST_BACKTRACE=1`")
        || (line.starts_with("memory allocation of ") && line.ends_with(" failed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_shown_by_its_first_lines_and_what_a_runtime_says_is_not() {
        let captured = |text: &str, more: u64| Captured {
            beginning: text.as_bytes().to_vec(),
            length: text.len() as u64 + more,
        };
        let none = captured("", 0);
        let overflow =
            captured("\nthread 'main' (7) has overflowed its stack\nfatal runtime error: x\n", 0);
        assert_eq!(Printed::of([&none, &overflow]), None);
        let few = Printed::of([&captured("a\u{1b}[2J\n", 0), &captured("b\n", 0)]).unwrap();
        assert_eq!(few.text(), "Your code printed:\n  `a[2J`\n  `b`");
        let flood = "x\n".repeat(100);
        let told = Printed::of([&captured(&flood, 0), &none]).unwrap().text();
        assert!(told.ends_with("\n  … and 92 more lines") && told.lines().count() == 10, "{told}");
        let told = Printed::of([&captured(&flood, 10), &none]).unwrap().text();
        assert!(told.ends_with("\n  … and more than 92 more lines"), "{told}");
    }
}
