//! What a figure of a report is: a drawing with its name, heading, description and caption.

use plots::{Drawing, render};

use crate::analysis::Analysis;
use crate::error::{Result, StudyError};
use crate::figure_name::file_stem;
use crate::text::capital;

/// A figure of a report.
pub(super) trait Figure: Drawing + Sized {
    /// Its heading in the report.
    fn heading(&self) -> String;

    /// What it shows, for those who do not see it.
    fn alt(&self) -> String;

    /// What is drawn.
    fn caption(&self) -> String;

    /// What its numbers say of the study's question; nothing if the caption says it all.
    fn reading(&self) -> Option<Reading> {
        None
    }
}

/// What the numbers of a figure say of the study's question. It is the study's answer if the figure is the
/// first, and else the end of the caption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// In sentences.
    pub text: String,
    /// Whether nothing else belongs to the answer.
    pub is_whole_answer: bool,
}

impl Reading {
    /// Of these sentences, the first with a capital letter; nothing of none.
    pub(super) fn of(sentences: &[String], is_whole_answer: bool) -> Option<Self> {
        let text = capital(&sentences.join(" "));
        (!text.is_empty()).then_some(Self { text, is_whole_answer })
    }
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
    /// What is drawn, with its reading unless that stands elsewhere.
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
    /// What is drawn.
    pub caption: String,
    /// What its numbers say.
    pub reading: Option<Reading>,
}

impl FigureText {
    /// The caption and the reading.
    pub fn whole_caption(&self) -> String {
        whole(&self.caption, self.reading.as_ref())
    }
}

fn whole(caption: &str, reading: Option<&Reading>) -> String {
    reading.map_or_else(|| caption.to_owned(), |reading| format!("{caption} {}", reading.text))
}

/// What is said of a figure that has this name in the study's file, if there is one.
pub(super) fn text(figure: Option<impl Figure>, name: &str) -> Option<FigureText> {
    let figure = figure?;
    Some(FigureText {
        name: file_stem(name),
        heading: figure.heading(),
        caption: figure.caption(),
        reading: figure.reading(),
    })
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
        caption: whole(&figure.caption(), figure.reading().as_ref()),
        svg: both.svg,
        png: both.png,
    }))
}
