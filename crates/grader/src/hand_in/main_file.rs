//! Which of several files has the functions that are graded.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::hand_in::{notebook, text};

/// The function and the class by which a file among others is known as the one to grade.
const FUNCTION: &str = "spatial_batchnorm_forward";
const CLASS: &str = "SpatialBatchNorm";

/// How many files a message names.
const NAMED: usize = 4;

/// The path of the file to grade: the only one, else the one that defines the function asked for, else
/// the one that defines the class. The error is what was found and what was expected.
pub(super) fn choose(files: &BTreeMap<String, Vec<u8>>) -> Result<&str, (String, String)> {
    let paths: Vec<&str> = files.keys().map(String::as_str).collect();
    if let [only] = paths.as_slice() {
        return Ok(only);
    }
    if paths.is_empty() {
        return Err(("no .py or .ipynb file".into(), "one".into()));
    }
    for (name, defines) in
        [(FUNCTION, defines_function as fn(&str, &str) -> bool), (CLASS, defines_class)]
    {
        let mut defining: Vec<&str> = paths
            .iter()
            .copied()
            .filter(|path| defines(&source(path, &files[*path]), name))
            .collect();
        // Copies of one file are as good as the file.
        defining.sort_by_key(|path| path.matches('/').count());
        let mut seen: Vec<&[u8]> = Vec::new();
        defining.retain(|path| {
            let content = files[*path].as_slice();
            let is_new = !seen.contains(&content);
            seen.push(content);
            is_new
        });
        match defining.as_slice() {
            [] => {}
            [one] => return Ok(one),
            several => {
                return Err((
                    format!("{} files that define {name}: {}", several.len(), list(several)),
                    "one".into(),
                ));
            }
        }
    }
    // A notebook may take the functions from elsewhere.
    let mut notebooks = paths.iter().filter(|path| notebook::is_one(path));
    if let (Some(one), None) = (notebooks.next(), notebooks.next()) {
        return Ok(one);
    }
    Err((
        format!("{} files, none of which defines {FUNCTION}: {}", paths.len(), list(&paths)),
        format!("one that defines {FUNCTION} or the class {CLASS}"),
    ))
}

/// Some of these paths, for a message.
pub(super) fn list(paths: &[&str]) -> String {
    let named = paths.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// The code of a file as text.
fn source<'a>(path: &str, content: &'a [u8]) -> Cow<'a, str> {
    if notebook::is_one(path) { notebook::code(content).into() } else { text::decoded(content) }
}

/// Whether a file defines the function that is graded, or the class.
pub(super) fn has_spatial(path: &str, content: &[u8]) -> bool {
    let source = source(path, content);
    defines_function(&source, FUNCTION) || defines_class(&source, CLASS)
}

/// Whether a file has both functions of plain batch norm, or the class that has them.
pub(super) fn has_plain(path: &str, content: &[u8]) -> bool {
    let source = source(path, content);
    let both = ["batchnorm_forward", "batchnorm_backward"];
    both.iter().all(|name| defines_function(&source, name))
        || (defines_class(&source, "BatchNorm") && defines_class(&source, CLASS))
}

/// The lines of a text, whatever they end in.
fn lines(source: &str) -> impl Iterator<Item = &str> {
    source.split(['\n', '\r'])
}

fn defines_function(source: &str, name: &str) -> bool {
    lines(source).any(|line| {
        let is_named = |rest: &str, follows: &[char]| {
            rest.trim_start()
                .strip_prefix(name)
                .is_some_and(|rest| rest.trim_start().starts_with(follows))
        };
        match line.strip_prefix("def ") {
            Some(rest) => is_named(rest, &['(']),
            None => !line.starts_with([' ', '\t']) && is_named(line, &['=']),
        }
    })
}

fn defines_class(source: &str, name: &str) -> bool {
    lines(source).any(|line| {
        line.strip_prefix("class ")
            .and_then(|rest| rest.trim_start().strip_prefix(name))
            .is_some_and(|rest| rest.trim_start().starts_with(['(', ':']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        files.iter().map(|(path, source)| ((*path).into(), source.as_bytes().to_vec())).collect()
    }

    #[test]
    fn plain_batch_norm_is_asked_of_files_that_have_it() {
        for with in [
            "def batchnorm_forward(x):\n  pass\ndef batchnorm_backward (dout, cache):\n",
            "batchnorm_forward = f\nbatchnorm_backward = g\n",
            "def batchnorm_forward(x): pass\rdef batchnorm_backward(d): pass\r",
            "class BatchNorm:\n  pass\nclass SpatialBatchNorm(object):\n  pass\n",
        ] {
            assert!(has_plain("a.py", with.as_bytes()), "{with}");
        }
        for without in [
            "def batchnorm_forward(x): pass\n",
            "def batchnorm_forward(x): pass\ndef batchnorm_backward_alt(dout, cache): pass\n",
            "def spatial_batchnorm_forward(x): pass\ndef spatial_batchnorm_backward(d): pass\n",
            "  batchnorm_forward(x)\n  batchnorm_backward(x)\n",
            "batchnorm_forward(x)\nbatchnorm_backward(x)\n",
            "class BatchNormalization: pass\nclass SpatialBatchNorm: pass\n",
        ] {
            assert!(!has_plain("a.py", without.as_bytes()), "{without}");
        }
    }

    #[test]
    fn the_main_file_defines_the_function_else_the_class_and_two_are_named() {
        let (f, c) =
            ("def spatial_batchnorm_forward(x): pass\n", "class SpatialBatchNorm:\n  pass\n");
        for (files, main) in [
            (&[("only.py", "")][..], "only.py"),
            (&[("a.py", ""), ("b/c.py", f)], "b/c.py"),
            (&[("a.py", c), ("b.py", f)], "b.py"),
            (&[("a.py", c), ("b.py", "")], "a.py"),
            (&[("a.py", f), ("b/a.py", f)], "a.py"),
            (&[("a.py", ""), ("hw.ipynb", "[]")], "hw.ipynb"),
        ] {
            assert_eq!(choose(&of(files)), Ok(main), "{files:?}");
        }
        let found = |files| choose(&of(files)).unwrap_err().0;
        let other = format!("{f}x = 1\n");
        let two = [("a.py", f), ("b.py", other.as_str())];
        assert_eq!(found(&two), "2 files that define spatial_batchnorm_forward: a.py, b.py");
        let none = ["1.py", "2.py", "3.py", "4.py", "5.py"].map(|path| (path, ""));
        assert!(found(&none).ends_with(": 1.py, 2.py, 3.py, 4.py and 1 more"), "{}", found(&none));
        assert_eq!(found(&[]), "no .py or .ipynb file");
    }
}
