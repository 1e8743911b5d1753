//! What a figure of a report is: a drawing with its name, heading, description and caption.

use plots::{Drawing, render};

use crate::analysis::Analysis;
use crate::error::{Result, StudyError};
use crate::figure_name::file_stem;

/// A figure of a report.
pub(super) trait Figure: Drawing + Sized {
    /// Its heading in the report.
    fn heading(&self) -> String;

    /// What it shows, for those who do not see it.
    fn alt(&self) -> String;

    /// What is drawn, and what is to be seen in it.
    fn caption(&self) -> String;
}

/// A figure that any study can have.
pub(super) trait StandardFigure<'a>: Figure {
    /// Its name in a study's file, and that of its files without `.svg` and `.png`.
    const NAME: &'static str;

    /// The figure; nothing if the study has no data for it.
    fn of(analysis: &'a Analysis<'a>) -> Option<Self>;
}

/// A figure drawn in both formats, with its texts.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnFigure {
    /// The name of its files, without `.svg` and `.png`.
    pub name: String,
    /// Its heading in the report.
    pub heading: String,
    /// What it shows, for those who do not see it.
    pub alt: String,
    /// What is drawn, and what is to be seen in it.
    pub caption: String,
    /// The text of the SVG.
    pub svg: String,
    /// The bytes of the PNG.
    pub png: Vec<u8>,
}

/// What is said of a figure, which need not be drawn for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureText {
    /// The name of its files, without `.svg` and `.png`.
    pub name: String,
    /// Its heading in the report.
    pub heading: String,
    /// What is drawn, and what is to be seen in it.
    pub caption: String,
}

/// What is said of a figure that has this name in the study's file, if there is one.
pub(super) fn text(figure: Option<impl Figure>, name: &str) -> Option<FigureText> {
    let figure = figure?;
    Some(FigureText { name: file_stem(name), heading: figure.heading(), caption: figure.caption() })
}

/// Draws a figure that has this name in the study's file, if there is one.
pub(super) fn drawn(figure: Option<impl Figure>, name: &str) -> Result<Option<DrawnFigure>> {
    let Some(figure) = figure else { return Ok(None) };
    let both =
        render(&figure).map_err(|source| StudyError::Draw { figure: name.to_owned(), source })?;
    Ok(Some(DrawnFigure {
        name: file_stem(name),
        heading: figure.heading(),
        alt: figure.alt(),
        caption: figure.caption(),
        svg: both.svg,
        png: both.png,
    }))
}
