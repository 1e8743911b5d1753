//! The gallery of studies: of each its question, a picture and the answer.

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
    let page = Document { title: "Studies".to_owned(), blocks: blocks(studies, PAGE)? };
    let text = Document { title: "Studies".to_owned(), blocks: blocks(studies, TEXT)? };
    Ok(vec![
        (PAGE.into(), html::write(&page).into_bytes()),
        (TEXT.into(), markdown::write(&text).into_bytes()),
    ])
}

/// What is shown, with links to this file in each folder.
fn blocks(studies: &[(String, Study)], file: &str) -> Result<Vec<Block>> {
    let mut blocks = Vec::new();
    for (folder, study) in studies {
        let analysis = Analysis::of(study)?;
        let title = findings::title(&study.config);
        blocks.push(Block::Heading(2, format!("[{title}]({folder}/{file})")));
        blocks.extend(findings::opening(&study.config));
        if let Some(figure) = figures::draw_all(&analysis)?.into_iter().next() {
            let path = format!("{folder}/figures/{}.svg", figure.name);
            blocks.push(Block::Picture { alt: figure.alt, path });
        }
        blocks.extend(answer::block(&analysis));
    }
    Ok(blocks)
}
