//! A study as commands, one per cell that is not complete, for whatever runs commands on many processors
//! or machines.

use std::collections::BTreeSet;
use std::env;

use anyhow::{Context, Result};
use study::cell::cells;
use study::config::StudyConfig;
use study::store::Store;
use terminal::exit::Exit;
use terminal::output::say;
use terminal::shell::{absolute, line};
use trainer::run::CellId;

/// Prints the commands, nothing else. `words` name the study.
pub(super) fn show(config: &StudyConfig, store: &Store, words: &[String]) -> Result<Exit> {
    let cells = cells(config)?;
    let program = env::current_exe().context("the path of this program cannot be told")?;
    let mut seen: BTreeSet<&CellId> = BTreeSet::new();
    for cell in &cells {
        // A cell that is several arms' is one, whose command trains all of their epochs.
        if store.state(cell)?.is_complete() || !seen.insert(&cell.id) {
            continue;
        }
        let mut others = cells.iter().filter(|other| other.id != cell.id);
        let is_short = others.all(|other| other.id.short() != cell.id.short());
        let hash = if is_short { cell.id.short() } else { cell.id.as_str() };
        let of_cell = ["--cell", hash, "--threads", "1"].map(str::to_owned);
        let all = [&[absolute(&program)?, "experiment".to_owned()], words, &of_cell].concat();
        say(line(&all))?;
    }
    Ok(Exit::Success)
}
