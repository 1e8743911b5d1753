use std::path::{Path, PathBuf};

use anyhow::Result;
use trainer::dataset::Split;

use crate::Outcome;
use crate::data_set::DataArguments;
use crate::output::{replace_file, say};
use crate::workspace::relative;
use plots::render_png;
use study::figures::contact_sheet::ContactSheet;

/// Images among which there are enough of each class.
const LOOKED_AT: usize = 1_000;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    data: DataArguments,

    /// File to draw to [default: reports/fashion-mnist/contact_sheet.png or reports/synthetic/contact_sheet.png]
    #[arg(long, value_name = "FILE.png")]
    out: Option<PathBuf>,
}

/// Draws images of each class; `root` is the workspace.
pub fn preview(arguments: &Arguments, root: &Path) -> Result<Outcome> {
    let data_set = arguments.data.find(root)?;
    let first = Split { training: (0..LOOKED_AT).collect(), validation: Vec::new() };
    let (images, _) = data_set.training_of(&first)?;
    let sheet = ContactSheet::new(data_set.name().to_owned(), &images)?;
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| root.join("reports").join(data_set.folder()).join("contact_sheet.png"));
    replace_file(&out, &render_png(&sheet)?)?;
    say(format_args!("wrote {}", relative(&out).display()))?;
    Ok(Outcome::Well)
}
