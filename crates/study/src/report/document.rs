//! A report as a sequence of blocks, before it is Markdown or HTML.

/// Text with the marks of Markdown that both writers know: `**strong**`, `` `code` `` and
/// `[a link](address)`.
pub type Text = String;

/// A part of a report.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A heading of level 2 or 3.
    Heading(u8, Text),
    Paragraph(Text),
    /// What a reader must not miss.
    Note(Text),
    List(Vec<Text>),
    Table(Table),
    Figure(Figure),
    /// Lines to be shown as they are.
    Code(String),
    /// The same where there is room for it; a page that cannot fold leaves it out.
    Folded {
        summary: Text,
        code: String,
    },
}

/// A table; its first column is a name, the others are numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub header: Vec<Text>,
    pub rows: Vec<Vec<Text>>,
}

/// A figure that lies in `figures/`.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its file's name without `.svg`.
    pub name: &'static str,
    /// What it shows, for those who do not see it.
    pub alt: String,
    pub caption: Text,
    pub svg: String,
}

/// A report.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub title: String,
    pub blocks: Vec<Block>,
}

impl Figure {
    /// Where it lies, from the report.
    pub fn path(&self) -> String {
        format!("figures/{}.svg", self.name)
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [front @ .., last] => {
            let front: Vec<&str> = front.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", front.join(", "), last.as_ref())
        }
    }
}

/// `1 seed`, `3 seeds`.
pub fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", plots::thousands(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_counts_read_as_english() {
        assert_eq!(listed::<&str>(&[]), "");
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b"]), "a and b");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(counted(1, "seed"), "1 seed");
        assert_eq!(counted(4_800, "step"), "4,800 steps");
    }
}
