//! `CITATION.cff`: who made this workspace, what it is called, its version, date and licence.

use std::path::Path;

use yaml_rust2::{Yaml, YamlLoader};

use crate::error::{Result, StudyError};

/// What to cite, from a file in the [Citation File Format].
///
/// [Citation File Format]: https://github.com/citation-file-format/citation-file-format
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// The title of the software.
    pub title: String,
    /// What it is, in a paragraph.
    pub summary: String,
    /// The version.
    pub version: String,
    /// The date of this version, as `2026-11-28`.
    pub date: String,
    /// The identifiers of its licences in the list of SPDX; a user may take either.
    pub licenses: Vec<String>,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// Its authors.
    pub authors: Vec<Author>,
}

/// An author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The name.
    pub name: String,
    /// Whether this is a person; else an entity such as a group.
    pub is_person: bool,
}

impl Citation {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, is no YAML, or lacks one of the fields.
    pub fn read(path: &Path) -> Result<Self> {
        let text = files::read_text(path).map_err(StudyError::file(path, "cannot be read"))?;
        let damaged = |fault| StudyError::Damaged { path: path.to_path_buf(), fault };
        Self::parse(&text).map_err(damaged)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let documents = YamlLoader::load_from_str(text).map_err(|error| error.to_string())?;
        let file = documents.first().ok_or("found nothing, expected the fields of a citation")?;
        let field = |name: &str| {
            string(&file[name]).ok_or_else(|| format!("{name}: found no text, expected one"))
        };
        Ok(Self {
            title: field("title")?,
            summary: field("abstract")?,
            version: field("version")?,
            date: field("date-released")?,
            licenses: strings(&file["license"], "license")?,
            keywords: strings(&file["keywords"], "keywords")?,
            authors: authors(&file["authors"])?,
        })
    }
}

fn string(value: &Yaml) -> Option<String> {
    value.as_str().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// One text, or a list of at least one.
fn strings(value: &Yaml, name: &str) -> Result<Vec<String>, String> {
    let all = match value.as_vec() {
        Some(list) => list.iter().map(string).collect(),
        None => string(value).map(|one| vec![one]),
    };
    all.filter(|all| !all.is_empty())
        .ok_or_else(|| format!("{name}: found no text, expected one or a list of them"))
}

/// An entity has a name; a person has given and family names.
fn authors(value: &Yaml) -> Result<Vec<Author>, String> {
    let author = |author: &Yaml| {
        if let Some(name) = string(&author["name"]) {
            return Some(Author { name, is_person: false });
        }
        let names = ["given-names", "family-names"].map(|part| string(&author[part]));
        let names: Vec<String> = names.into_iter().flatten().collect();
        (!names.is_empty()).then(|| Author { name: names.join(" "), is_person: true })
    };
    let all: Option<Vec<Author>> = value.as_vec().and_then(|all| all.iter().map(author).collect());
    all.filter(|all| !all.is_empty()).ok_or_else(|| {
        "authors: found an author without a name or no author, expected a list of them".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../CITATION.cff")
    }

    #[test]
    fn the_file_of_the_workspace_agrees_with_cargo() {
        let citation = Citation::read(&committed()).unwrap();
        assert_eq!(citation.version, env!("CARGO_PKG_VERSION"));
        assert_eq!(citation.licenses.join(" OR "), "MIT OR Apache-2.0");
        assert_eq!(citation.authors.len(), 1);
    }

    #[test]
    fn a_field_that_is_missing_or_no_text_is_named() {
        let text = std::fs::read_to_string(committed()).unwrap();
        assert!(Citation::parse(&text).is_ok());
        for (from, to, fault) in [
            ("version: 0.1.0", "version: 0.1", "version: found no text"),
            ("date-released: 2026-11-28\n", "", "date-released: found no text"),
            ("license:\n  - MIT", "license:\n  - 1", "license: found no text"),
            ("  - name: The", "  - alias: The", "authors: found an author without a name"),
            ("keywords:", "keywords: [", ""),
        ] {
            assert!(text.contains(from), "{from}");
            let found = Citation::parse(&text.replacen(from, to, 1)).unwrap_err();
            assert!(found.starts_with(fault), "{found}");
        }
        assert!(Citation::parse("").is_err());
    }

    #[test]
    fn authors_are_people_or_an_entity() {
        let text = "authors:\n  - family-names: Xiao\n    given-names: Han\n  - name: A group\n";
        let file = &YamlLoader::load_from_str(text).unwrap()[0];
        let author = |name: &str, is_person| Author { name: name.to_owned(), is_person };
        let expected = [author("Han Xiao", true), author("A group", false)];
        assert_eq!(authors(&file["authors"]).unwrap(), expected);
    }
}
