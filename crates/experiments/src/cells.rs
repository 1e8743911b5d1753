//! `cargo xtask cells`: what is trained, which studies use it, and how some of it is removed.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use indicatif::DecimalBytes;
use study::store::Store;
use study::stored::StoredCell;
use terminal::count::counted;
use terminal::exit::Exit;
use terminal::output::say;
use terminal::workspace::relative;

use crate::experiment::store;

mod selection;
mod users;

use selection::{Selection, Wanted};
use users::Users;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Folder of all cells [default: runs/cells]
    #[arg(long, value_name = "DIR", global = true)]
    cells: Option<PathBuf>,

    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Remove cells: shows which, and asks
    Remove(Removal),
}

#[derive(clap::Args)]
struct Removal {
    /// Studies by their names or files, or cells by the first digits of their hashes
    #[arg(value_name = "STUDY|HASH")]
    named: Vec<String>,

    /// All cells that no study uses of those that come with the workspace, have a folder below runs/ or
    /// reports/, or are begun
    #[arg(long)]
    unused: bool,

    /// Of the named studies, the cells that other studies use as well
    #[arg(long)]
    shared: bool,

    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit> {
    let store = store(arguments.cells.as_deref())?;
    let mut cells = Vec::new();
    for (id, folders) in store.index()? {
        for folder in folders {
            cells.push(StoredCell::read(id.clone(), folder.clone())?);
        }
    }
    cells.sort_by(|one, other| one.folder.cmp(&other.folder));
    let users = Users::find(&store)?;
    match &arguments.action {
        None => list(&store, &cells, &users)?,
        Some(Action::Remove(removal)) => remove(removal, &store, &cells, &users)?,
    }
    Ok(Exit::Success)
}

fn list(store: &Store, cells: &[StoredCell], users: &Users) -> Result<()> {
    users.unreadable().iter().for_each(|fault| eprintln!("{fault}"));
    show(store, &cells.iter().collect::<Vec<_>>(), users)
}

/// A line per arm, and one for all.
fn show(store: &Store, cells: &[&StoredCell], users: &Users) -> Result<()> {
    let bytes: u64 = cells.iter().map(|cell| cell.bytes).sum();
    let all = counted(cells.len(), "cell");
    if !cells.is_empty() {
        say(format_args!("{:>5}  {:>6}  {:>10}  arm", "cells", "epochs", "size"))?;
    }
    for of_arm in cells.chunk_by(|one, next| one.folder.parent() == next.folder.parent()) {
        say(line(store, of_arm, users))?;
    }
    say(format_args!("{all} in {}, {}", relative(store.path()).display(), DecimalBytes(bytes)))
}

fn line(store: &Store, cells: &[&StoredCell], users: &Users) -> String {
    let first = &cells[0].folder;
    let arm = first.parent().filter(|arm| *arm != store.path()).unwrap_or(first);
    let arm = arm.strip_prefix(store.path()).unwrap_or(arm).display();
    let bytes: u64 = cells.iter().map(|cell| cell.bytes).sum();
    let epochs = cells.iter().map(|cell| cell.epochs);
    let epochs = match (epochs.clone().min(), epochs.max()) {
        (Some(least), Some(most)) if least < most => format!("{least} to {most}"),
        (_, most) => most.unwrap_or(0).to_string(),
    };
    let mut line =
        format!("{:>5}  {epochs:>6}  {:>10}  {arm}", cells.len(), DecimalBytes(bytes).to_string());
    let diverged = cells.iter().filter(|cell| cell.is_diverged).count();
    if diverged > 0 {
        line += &format!(", {diverged} diverged");
    }
    let in_use = cells.iter().filter(|cell| cell.is_in_use()).count();
    if in_use > 0 {
        line += &format!(", {in_use} in training");
    }
    line + &users.sentence(cells)
}

fn remove(removal: &Removal, store: &Store, cells: &[StoredCell], users: &Users) -> Result<()> {
    if removal.named.is_empty() && !removal.unused {
        bail!("found nothing to remove, expected a study, the hash of a cell, or --unused");
    }
    let wanted = Wanted::new(&removal.named, removal.unused, removal.shared)?;
    if let Some(fault) = users.unreadable().first().filter(|_| wanted.depends_on_users()) {
        bail!(
            "{fault}, so it is not known which cells it uses; mend it, or name cells by their hashes, or \
             studies with --shared"
        );
    }
    if cells.is_empty() {
        let folder = relative(store.path()).display();
        return say(format_args!("found no cell in {folder}, nothing is removed"));
    }
    let Selection { selected, shared } = wanted.select(store, cells, users)?;
    if !shared.is_empty() {
        say(format_args!(
            "{} {}{}; --shared removes them too",
            shared.len(),
            if shared.len() == 1 { "stays" } else { "stay" },
            users.sentence_of_others(&shared, wanted.studies())
        ))?;
    }
    if selected.is_empty() {
        return say("every cell is used, nothing is removed");
    }
    if let Some(cell) = selected.iter().find(|cell| cell.is_in_use()) {
        bail!(
            "{}: a process works on this cell; wait for it, or stop it. Nothing is removed",
            relative(&cell.folder).display()
        );
    }
    show(store, &selected, users)?;
    if !removal.yes && !is_agreed()? {
        return say("nothing is removed");
    }
    for cell in &selected {
        if !cell.remove(store.path())? {
            let folder = relative(&cell.folder).display();
            say(format_args!("{folder} stays: it has files that no run wrote"))?;
        }
    }
    for study in users.begun_among(wanted.studies()) {
        store.forget(study)?;
    }
    let bytes: u64 = selected.iter().map(|cell| cell.bytes).sum();
    say(format_args!("removed {}, {}", counted(selected.len(), "cell"), DecimalBytes(bytes)))
}

fn is_agreed() -> Result<bool> {
    if !io::stdin().is_terminal() {
        bail!("found no terminal to ask at, so nothing is removed; --yes removes without asking");
    }
    eprint!("Remove them? [y/N] ");
    io::stderr().flush().context("standard error cannot be written")?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).context("the answer cannot be read")?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}
