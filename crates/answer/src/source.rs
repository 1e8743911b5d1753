//! The file that the functions are in, for messages that name its lines.

/// The source file of the functions. [`source!`](crate::source!) makes it.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// Its name.
    pub file: &'static str,
    /// Its text.
    pub text: &'static str,
    /// The folder of the package that it is in.
    pub package: &'static str,
}

/// The [`Source`] of this name, which lies beside the file that calls the macro.
#[macro_export]
macro_rules! source {
    ($file:literal) => {
        $crate::Source {
            file: $file,
            text: include_str!($file),
            package: env!("CARGO_MANIFEST_DIR"),
        }
    };
}

/// Panics, since this function is not implemented yet, and uses its arguments, so that the compiler does not
/// warn of them.
#[macro_export]
macro_rules! not_implemented {
    ($($argument:ident),* $(,)?) => {{
        $(let _ = &$argument;)*
        panic!("not implemented yet")
    }};
}

/// A line of code is shown up to so many letters.
const SHOWN: usize = 100;

/// A statement is looked for in so many lines before a line of it, and after.
const LINES: usize = 8;

impl Source {
    /// The code at a place: the line, and the statement that it is a part of. Both are empty if the file is
    /// another one.
    pub(crate) fn code(&self, path: &str, line: u32) -> [String; 2] {
        let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let Some(at) = (line as usize).checked_sub(1).filter(|_| file == self.file) else {
            return Default::default();
        };
        let lines: Vec<&str> = self.text.lines().map(without_comment).collect();
        let is_last = |line: &str| line.is_empty() || line.ends_with([';', '{', '}']);
        let is_in = |nth: &usize| lines.get(*nth).is_some_and(|line| !is_last(line));
        let before = (at.saturating_sub(LINES)..at).rev().take_while(is_in).count();
        let after = (at..at + LINES).take_while(is_in).count();
        let statement = lines.iter().take(at + after + 1).skip(at - before).copied().collect();
        [lines.get(at).copied().unwrap_or_default().to_owned(), statement]
    }

    /// A place in a file, with the code there if it is this one: as in ": `x.len()` (a.rs, line 3)".
    pub(crate) fn place(&self, path: &str, line: u32) -> String {
        let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let at = (line as usize).checked_sub(1).filter(|_| file == self.file);
        let code = at.and_then(|at| self.text.lines().nth(at)).map_or("", str::trim);
        let code: String = code.chars().take(SHOWN).collect();
        let code = if code.is_empty() { code } else { format!(": `{code}`") };
        format!("{code} ({file}, line {line})")
    }
}

fn without_comment(line: &str) -> &str {
    line.split("//").next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_file_has_its_code_and_one_elsewhere_has_none() {
        let source = Source { file: "a.rs", text: "one();\n  two(x)?;\n", package: "/a" };
        assert_eq!(source.place("src/a.rs", 2), ": `two(x)?;` (a.rs, line 2)");
        assert_eq!(source.place("/else/b.rs", 2), " (b.rs, line 2)");
        assert_eq!(source.place("src/a.rs", 9), " (a.rs, line 9)");
    }

    #[test]
    fn a_statement_of_several_lines_is_read_from_any_of_them() {
        let text = "one();\n\nlet a = b // why\n    .c(1)?\n    .d();\nf();\n";
        let source = Source { file: "a.rs", text, package: "/a" };
        for line in 3..=5 {
            assert_eq!(source.code("/a/a.rs", line)[1], "let a = b.c(1)?.d();");
        }
        assert_eq!(source.code("a.rs", 4)[0], ".c(1)?");
        assert_eq!(source.code("a.rs", 6), ["f();", "f();"].map(str::to_owned));
        assert_eq!(source.code("b.rs", 1), ["", ""].map(str::to_owned));
        assert_eq!(source.code("a.rs", 99), ["", ""].map(str::to_owned));
    }
}
