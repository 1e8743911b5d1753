//! The gallery of studies: of each its question, a picture, the answer, what the paper found, and the first
//! paragraph of the discussion.

use std::iter;
use std::path::PathBuf;

use super::document::{Block, Document};
use super::{PAGE, TEXT, answer, findings, html, markdown};
use crate::analysis::Analysis;
use crate::error::Result;
use crate::figures;
use crate::tables::Study;

/// The pages that list these studies, each in the folder of this name below theirs: `README.md` and
/// `index.html`.
///
/// # Errors
///
/// A figure that cannot be drawn.
pub fn gallery(studies: &[(String, Study)]) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut of_studies = Vec::new();
    for (folder, study) in studies {
        of_studies.push((folder, findings::title(&study.config), blocks(folder, study)?));
    }
    let document = |file: &str| {
        let of_study = |(folder, title, blocks): &(&String, String, Vec<Block>)| {
            let heading = Block::Heading(2, format!("[{title}]({folder}/{file})"));
            iter::once(heading).chain(blocks.iter().cloned()).collect::<Vec<_>>()
        };
        let blocks = of_studies.iter().flat_map(of_study).collect();
        Document { title: "Studies".to_owned(), blocks }
    };
    Ok(vec![
        (PAGE.into(), html::write(&document(PAGE)).into_bytes()),
        (TEXT.into(), markdown::write(&document(TEXT)).into_bytes()),
    ])
}

/// What is shown of a study.
fn blocks(folder: &str, study: &Study) -> Result<Vec<Block>> {
    let analysis = Analysis::of(study)?;
    let mut blocks = findings::opening(&study.config);
    if let Some(figure) = figures::draw_first(&analysis)? {
        let path = format!("{folder}/figures/{}.svg", figure.name);
        blocks.push(Block::Picture { alt: figure.alt, path });
    }
    blocks.extend(answer::block(&analysis));
    blocks.extend(findings::paper(&study.config));
    let paragraphs = study.discussion.paragraphs();
    let first: Option<String> = paragraphs.first().map(|first| match paragraphs.len() {
        1 => first.clone(),
        _ => format!("{first} (More in the report.)"),
    });
    blocks.extend(findings::discussion(first.as_slice()));
    Ok(blocks)
}
