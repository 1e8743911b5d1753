//! What is said of a study that the workspace has a committed report of.

use std::path::Path;

use study::reproduction::Reproduction;
use terminal::workspace::relative;

/// The differing files that are named.
const NAMED: usize = 3;

/// Whether a study came out as its committed report, whose folder is `committed`.
pub(super) fn sentence(found: &Reproduction, committed: &Path) -> String {
    let report = format!("the committed report in {}", relative(committed).display());
    match found {
        Reproduction::Same { files } => format!("the same bytes as {report} ({files} files)"),
        Reproduction::Different { files, differing } => {
            let named = differing.iter().take(NAMED).map(|file| file.display().to_string());
            let mut named = named.collect::<Vec<_>>().join(", ");
            if differing.len() > NAMED {
                named += " and others";
            }
            let why = if found.numbers_differ() {
                "The numbers differ: this program computes others than the one that made that \
                 report, or the report was changed since."
            } else {
                "The numbers are the same; what is drawn and written from them differs."
            };
            format!("{} of {files} files differ from {report}: {named}. {why}", differing.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_comparison_says_what_differs_and_why_that_may_be() {
        let of = |names: &[&str]| {
            let differing = names.iter().map(PathBuf::from).collect();
            sentence(&Reproduction::Different { files: 27, differing }, Path::new("reports/a"))
        };
        assert_eq!(
            sentence(&Reproduction::Same { files: 27 }, Path::new("reports/a")),
            "the same bytes as the committed report in reports/a (27 files)"
        );
        assert_eq!(
            of(&["index.html"]),
            "1 of 27 files differ from the committed report in reports/a: index.html. The numbers \
             are the same; what is drawn and written from them differs."
        );
        assert_eq!(
            of(&["runs.csv", "steps.csv", "README.md", "index.html"]),
            "4 of 27 files differ from the committed report in reports/a: runs.csv, steps.csv, \
             README.md and others. The numbers differ: this program computes others than the one \
             that made that report, or the report was changed since."
        );
    }
}
