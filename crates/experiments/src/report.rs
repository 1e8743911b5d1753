//! `cargo xtask report`: the figures and the report of a study, from its tables alone.

use std::path::PathBuf;

use anyhow::{Context, Result};
use study::folder::{add_to_list, is_finished};
use study::report::{render, studies_below};
use study::tables::Study;

use terminal::exit::Exit;
use terminal::output::{replace_file, say};
use terminal::workspace;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Folders of studies [default: every finished study below runs/ and reports/]
    #[arg(value_name = "DIR")]
    folders: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let folders = match arguments.folders.as_slice() {
        [] => finished_studies()?,
        named => named.to_vec(),
    };
    // Everything is drawn before the first file is replaced: what cannot be made leaves the old.
    let mut reports = Vec::new();
    for folder in folders {
        let study = Study::read(&folder)?;
        let files =
            render(&study).with_context(|| format!("{} cannot be reported", folder.display()))?;
        reports.push((folder, files));
    }
    for (folder, files) in reports {
        let names: Vec<PathBuf> = files.iter().map(|(file, _)| file.clone()).collect();
        add_to_list(&folder, &names)?;
        for (file, bytes) in files {
            let path = folder.join(file);
            replace_file(&path, &bytes)?;
            say(format_args!("wrote {}", workspace::relative(&path).display()))?;
        }
    }
    Ok(Exit::Success)
}

/// The finished studies of the workspace. Standard error names the others.
fn finished_studies() -> Result<Vec<PathBuf>> {
    let mut folders = studies_below(&[workspace::runs()?, workspace::reports()?])?;
    folders.retain(|folder| {
        let is_finished = is_finished(folder);
        if !is_finished {
            let folder = workspace::relative(folder).display();
            eprintln!(
                "{folder}: not finished, left as it is; the command that began it goes on with it"
            );
        }
        is_finished
    });
    Ok(folders)
}
