//! The kinds of files that are handed in, by their endings.

/// What a hand-in may be.
pub(super) const EXPECTED: &str = "a .py, an .ipynb, a .zip or a folder";

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A Python file.
    Python,
    /// A Jupyter notebook.
    Notebook,
    /// A packed folder.
    Archive,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Python, Self::Notebook, Self::Archive];

    /// The kind of a file of this name.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| stem(name, kind.ending()).is_some())
    }

    /// What the names of its files end in.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Python => ".py",
            Self::Notebook => ".ipynb",
            Self::Archive => ".zip",
        }
    }

    /// The largest file of the kind that is read, in bytes. A notebook has pictures, of which nothing is
    /// kept, and of a `.zip` only what is needed is unpacked.
    pub(super) fn size_limit(self) -> u64 {
        match self {
            Self::Python => 1 << 20,
            Self::Notebook => 64 << 20,
            Self::Archive => 256 << 20,
        }
    }
}

/// A name without the ending of its kind, whether that is written in capitals or not.
pub(crate) fn without_ending(name: &str) -> Option<&str> {
    stem(name, Kind::of(name)?.ending())
}

fn stem<'a>(name: &'a str, ending: &str) -> Option<&'a str> {
    let at = name.len().checked_sub(ending.len()).filter(|&at| at > 0)?;
    name.get(at..)?.eq_ignore_ascii_case(ending).then(|| &name[..at])
}

/// What a file of no kind is, in words.
pub(super) fn found(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && !ending.is_empty() => format!("a .{ending}"),
        Some(_) | None => "a file without an ending".to_owned(),
    }
}

/// The file in a folder that makes it a virtual environment of Python: thousands of files, none of which is
/// handed in.
pub(super) const ENVIRONMENT: &str = "pyvenv.cfg";

/// Whether a file or folder of this name is what systems and programs leave among the files of people.
pub(crate) fn is_of_system(name: &str) -> bool {
    const NAMES: [&str; 9] = [
        "__MACOSX",
        "__pycache__",
        "node_modules",
        "Thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        "$RECYCLE.BIN",
        "System Volume Information",
        "@eaDir",
    ];
    // Among those that begin with a dot are `.DS_Store`, `.git` and `.ipynb_checkpoints`. Office marks a
    // file that is open by one whose name begins with `~$`.
    let beginnings = [".", "~$"];
    beginnings.iter().any(|beginning| name.starts_with(beginning))
        || NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_follows_from_the_ending_in_letters_of_either_size() {
        for (name, kind, stem) in [
            ("layers.py", Some(Kind::Python), Some("layers")),
            ("HW.IPYNB", Some(Kind::Notebook), Some("HW")),
            ("a.b.Zip", Some(Kind::Archive), Some("a.b")),
            (".py", None, None),
            ("layers.pyc", None, None),
            ("ä", None, None),
        ] {
            assert_eq!(Kind::of(name), kind, "{name}");
            assert_eq!(without_ending(name), stem, "{name}");
        }
        for name in [".DS_Store", "._layers.py", "~$report.docx", "THUMBS.DB", "Desktop.ini"] {
            assert!(is_of_system(name), "{name}");
        }
        for name in ["layers.py", "~layers.py", "thumbs.py", "a.DS_Store"] {
            assert!(!is_of_system(name), "{name}");
        }
        assert_eq!(found("a.pdf"), "a .pdf");
        assert_eq!(found("README"), "a file without an ending");
    }
}
