//! What a figure of a report is: a drawing with its name, heading, description and caption.

use plots::{Drawing, render};

use crate::analysis::Analysis;
use crate::error::{Result, StudyError};

/// A figure of a report.
pub(super) trait Figure<'a>: Drawing + Sized {
    /// The name of its files, without `.svg` and `.png`.
    const NAME: &'static str;

    /// Its heading in the report.
    const HEADING: &'static str;

    /// The figure; nothing if the study has no data for it.
    fn of(analysis: &'a Analysis<'a>) -> Option<Self>;

    /// What it shows, for those who do not see it.
    fn alt(&self) -> String;

    /// What is drawn, and what is to be seen in it.
    fn caption(&self) -> String;
}

/// A figure drawn in both formats, with its texts.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnFigure {
    /// The name of its files, without `.svg` and `.png`.
    pub name: &'static str,
    /// Its heading in the report.
    pub heading: &'static str,
    /// What it shows, for those who do not see it.
    pub alt: String,
    /// What is drawn, and what is to be seen in it.
    pub caption: String,
    /// The text of the SVG.
    pub svg: String,
    /// The bytes of the PNG.
    pub png: Vec<u8>,
}

/// Draws a figure, if the study has data for it.
pub(super) fn drawn<'a, F: Figure<'a>>(analysis: &'a Analysis<'a>) -> Result<Option<DrawnFigure>> {
    let Some(figure) = F::of(analysis) else { return Ok(None) };
    let both = render(&figure).map_err(|source| StudyError::Draw { figure: F::NAME, source })?;
    Ok(Some(DrawnFigure {
        name: F::NAME,
        heading: F::HEADING,
        alt: figure.alt(),
        caption: figure.caption(),
        svg: both.svg,
        png: both.png,
    }))
}
