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

impl Source {
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
}
