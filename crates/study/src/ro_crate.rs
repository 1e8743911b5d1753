//! `ro-crate-metadata.json`: what the committed reports are, file by file, for programs that collect
//! research data.
//!
//! Source of the format: [RO-Crate 1.1](https://www.researchobject.org/ro-crate/specification/1.1/). Nothing
//! in the file depends on the clock: names, dates and licences are those of `CITATION.cff`.

mod citation;
mod contents;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use trainer::dataset::{DataSet, Source};

pub use citation::{Author, Citation};

/// The file, in the folder that it describes.
pub const METADATA_FILE: &str = "ro-crate-metadata.json";

const CONTEXT: &str = "https://w3id.org/ro/crate/1.1/context";
const PROFILE: &str = "https://w3id.org/ro/crate/1.1";
const ROOT: &str = "./";
const SOFTWARE: &str = "#software";
const RUST: &str = "https://www.rust-lang.org/";

/// What stays as it is in an identifier: what RFC 3986 allows in a path, but for `:`, before which would
/// stand a scheme.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b'@');

/// A file of the crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrateFile {
    /// From the folder of the crate, with slashes.
    pub path: String,
    /// What it is called.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Its size.
    pub bytes: u64,
}

/// A folder of the crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CratePart {
    /// Its name in the folder of the crate.
    pub folder: String,
    /// What it is called.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Its files.
    pub files: Vec<CrateFile>,
    /// The data sets of a study; none for what is no study.
    pub made_of: Option<Vec<DataSet>>,
}

/// The metadata of a folder with these files right in it and these folders.
///
/// # Errors
///
/// None that is known: every crate has its JSON.
pub fn metadata(
    citation: &Citation,
    files: &[CrateFile],
    parts: &[CratePart],
) -> serde_json::Result<Vec<u8>> {
    let mut graph = vec![descriptor(), root(citation, files, parts)];
    graph.extend(files.iter().map(file));
    for part in parts {
        graph.push(dataset(part, citation));
        graph.extend(part.files.iter().map(file));
        graph.extend(part.made_of.as_deref().map(|data_sets| action(part, data_sets, citation)));
    }
    graph.push(software(citation));
    graph.push(json!({ "@id": RUST, "@type": "ComputerLanguage", "name": "Rust", "url": RUST }));
    let authors = citation.authors.iter().enumerate();
    graph.extend(authors.map(|(index, author)| {
        let kind = if author.is_person { "Person" } else { "Organization" };
        json!({ "@id": id_of_author(index), "@type": kind, "name": author.name })
    }));
    let data_sets = data_sets(parts);
    let licenses = data_sets.iter().filter_map(|data_set| published(*data_set)).map(|(_, id)| id);
    let mut licenses: Vec<&str> =
        citation.licenses.iter().map(String::as_str).chain(licenses).collect();
    licenses.sort_unstable();
    licenses.dedup();
    graph.extend(data_sets.into_iter().map(data_set_entity));
    graph.extend(licenses.into_iter().map(license_entity));
    let document = json!({ "@context": CONTEXT, "@graph": graph });
    let mut bytes = serde_json::to_vec_pretty(&document)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// A reference to an entity.
fn to(id: &str) -> Value {
    json!({ "@id": id })
}

/// References to these entities; RO-Crate recommends no list around a single one.
fn to_all(ids: impl IntoIterator<Item = String>) -> Value {
    let mut all: Vec<Value> = ids.into_iter().map(|id| to(&id)).collect();
    if all.len() == 1 { all.remove(0) } else { Value::Array(all) }
}

fn id_of_file(path: &str) -> String {
    utf8_percent_encode(path, IN_PATH).to_string()
}

fn id_of_folder(folder: &str) -> String {
    id_of_file(folder) + "/"
}

fn id_of_action(part: &CratePart) -> String {
    format!("#training-of-{}", id_of_file(&part.folder))
}

fn id_of_author(index: usize) -> String {
    format!("#author-{}", index + 1)
}

fn authors(citation: &Citation) -> Value {
    to_all((0..citation.authors.len()).map(id_of_author))
}

fn id_of_license(spdx: &str) -> String {
    format!("https://spdx.org/licenses/{spdx}")
}

fn licenses(citation: &Citation) -> Value {
    to_all(citation.licenses.iter().map(|spdx| id_of_license(spdx)))
}

fn descriptor() -> Value {
    json!({
        "@id": METADATA_FILE,
        "@type": "CreativeWork",
        "about": to(ROOT),
        "conformsTo": to(PROFILE),
    })
}

fn root(citation: &Citation, files: &[CrateFile], parts: &[CratePart]) -> Value {
    let folders = parts.iter().map(|part| id_of_folder(&part.folder));
    let files = files.iter().map(|file| id_of_file(&file.path));
    let studies = parts.iter().filter(|part| part.made_of.is_some());
    json!({
        "@id": ROOT,
        "@type": "Dataset",
        "name": format!("Reports of {}", citation.title),
        "description": format!("The reports that come with this software. {}", citation.summary),
        "datePublished": citation.date,
        "version": citation.version,
        "license": licenses(citation),
        "author": authors(citation),
        "publisher": authors(citation),
        "keywords": citation.keywords.join(", "),
        "hasPart": to_all(folders.chain(files)),
        "mentions": to_all(studies.map(id_of_action)),
    })
}

fn dataset(part: &CratePart, citation: &Citation) -> Value {
    json!({
        "@id": id_of_folder(&part.folder),
        "@type": "Dataset",
        "name": part.name,
        "description": part.description,
        "datePublished": citation.date,
        "license": licenses(citation),
        "author": authors(citation),
        "hasPart": to_all(part.files.iter().map(|file| id_of_file(&file.path))),
    })
}

fn file(file: &CrateFile) -> Value {
    json!({
        "@id": id_of_file(&file.path),
        "@type": "File",
        "name": file.name,
        "description": file.description,
        "contentSize": file.bytes.to_string(),
        "encodingFormat": encoding_format(&file.path),
    })
}

/// The media type of a file; that of TensorBoard's event files has no name of its own.
fn encoding_format(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("csv") => "text/csv",
        Some("html") => "text/html",
        Some("json") => "application/json",
        Some("md") => "text/markdown",
        Some("png") => "image/png",
        Some("py") => "text/x-python",
        Some("svg") => "image/svg+xml",
        Some("toml" | "lock") => "application/toml",
        Some("txt" | "study-files") => "text/plain",
        Some(_) | None => "application/octet-stream",
    }
}

fn action(part: &CratePart, data_sets: &[DataSet], citation: &Citation) -> Value {
    json!({
        "@id": id_of_action(part),
        "@type": "CreateAction",
        "name": format!("Training and report of the study “{}”", part.name),
        "description": "`cargo xtask experiment study.toml`, in the folder of the study, trains it again.",
        "agent": authors(citation),
        "instrument": to(SOFTWARE),
        "object": to_all(data_sets.iter().map(|data_set| id_of_data_set(*data_set))),
        "result": to(&id_of_folder(&part.folder)),
    })
}

fn software(citation: &Citation) -> Value {
    json!({
        "@id": SOFTWARE,
        "@type": "SoftwareSourceCode",
        "name": citation.title,
        "description": citation.summary,
        "version": citation.version,
        "license": licenses(citation),
        "author": authors(citation),
        "programmingLanguage": to(RUST),
    })
}

/// Every data set of a study, once.
fn data_sets(parts: &[CratePart]) -> Vec<DataSet> {
    let used = |data_set: &&DataSet| {
        parts.iter().filter_map(|part| part.made_of.as_ref()).any(|all| all.contains(data_set))
    };
    DataSet::ALL.iter().filter(used).copied().collect()
}

/// The page and the licence of a data set that its publishers offer.
fn published(data_set: DataSet) -> Option<(&'static str, &'static str)> {
    match &data_set.entry().source {
        Source::Files(files) => Some((files.page, files.license)),
        Source::Code(_) => None,
    }
}

fn id_of_data_set(data_set: DataSet) -> String {
    match published(data_set) {
        Some((page, _)) => page.to_owned(),
        None => format!("#{}", data_set.entry().argument),
    }
}

fn data_set_entity(data_set: DataSet) -> Value {
    let mut entity = json!({
        "@id": id_of_data_set(data_set),
        // A `Dataset` would have to be a part of the crate.
        "@type": "CreativeWork",
        "name": data_set.name(),
    });
    match published(data_set) {
        Some((page, license)) => {
            entity["url"] = page.into();
            entity["license"] = to(&id_of_license(license));
        }
        None => entity["isPartOf"] = to(SOFTWARE),
    }
    entity
}

fn license_entity(spdx: &str) -> Value {
    let id = id_of_license(spdx);
    json!({ "@id": id, "@type": "CreativeWork", "name": spdx, "identifier": spdx, "url": id })
}

#[cfg(test)]
mod tests;
