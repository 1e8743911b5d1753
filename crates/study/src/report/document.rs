//! A report as a sequence of blocks, before it is Markdown or HTML.

use crate::figures::DrawnFigure;

/// Text with the marks of Markdown that both writers know: `**strong**`, `` `code` `` and
/// `[a link](address)`.
pub(super) type Text = String;

/// A part of a report.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    /// A heading of level 2 or 3.
    Heading(u8, Text),
    Paragraph(Text),
    /// What a reader must not miss.
    Note(Text),
    List(Vec<Text>),
    Table(Table),
    /// Names with what is said of each.
    Facts(Vec<(&'static str, Text)>),
    Figure(DrawnFigure),
    /// Lines to be shown as they are.
    Code(String),
    /// Lines that a page shows when its reader asks for them; a page that cannot fold leaves them
    /// out.
    Folded {
        summary: Text,
        code: String,
    },
}

/// A table; its first column is a name, the others are numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    pub(super) header: Vec<Text>,
    pub(super) rows: Vec<Vec<Text>>,
}

/// A report.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Document {
    pub(super) title: String,
    pub(super) blocks: Vec<Block>,
}
