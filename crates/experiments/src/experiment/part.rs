//! The part of a study's cells that is trained: one by its hash, or one of several parts, which an array
//! job gives its tasks.

use anyhow::{Result, bail};
use study::cell::Cell;

use crate::shard::Shard;
use crate::slurm::{self, Job};

/// Which cells are asked for.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PartOptions {
    /// Train this cell alone, by the first digits of its hash, as --list shows it
    #[arg(long, value_name = "HASH", conflicts_with_all = ["shard", "list"])]
    cell: Option<String>,

    /// Train one part of N, as in 2/8; 1/1 is all [default: of an array job of Slurm the part of this task,
    /// else all]
    #[arg(long, value_name = "I/N", value_parser = Shard::parse, conflicts_with = "list")]
    shard: Option<Shard>,
}

/// Which cells are trained.
pub(super) enum Part {
    Whole,
    Cell(String),
    Shard(Shard),
    /// The part of a task of an array.
    Task(Shard),
}

impl PartOptions {
    /// The part that is asked for, else that of this task.
    pub(super) fn part(&self, job: &Job) -> Result<Part> {
        Ok(match (&self.cell, self.shard) {
            (Some(hash), _) => Part::Cell(hash.clone()),
            // So a job of an array can train a study of its own.
            (None, Some(Shard { count: 1, .. })) => Part::Whole,
            (None, Some(shard)) => Part::Shard(shard),
            (None, None) => job.task()?.map_or(Part::Whole, Part::Task),
        })
    }
}

impl Part {
    pub(super) fn is_whole(&self) -> bool {
        matches!(self, Self::Whole)
    }

    /// Which part it is, and why, after the description of the study.
    pub(super) fn description(&self) -> String {
        let part = |shard: &Shard, from: &str| {
            format!("; part {} of {}, from {from}", shard.index + 1, shard.count)
        };
        match self {
            Self::Whole => String::new(),
            Self::Cell(hash) => format!("; the cell {hash} alone, from --cell"),
            Self::Shard(shard) => part(shard, "--shard"),
            Self::Task(shard) => part(shard, slurm::TASK),
        }
    }

    /// The places of the cells that it has.
    pub(super) fn of(&self, cells: &[Cell]) -> Result<Vec<usize>> {
        let hash = match self {
            Self::Whole => return Ok((0..cells.len()).collect()),
            Self::Shard(shard) | Self::Task(shard) => return Ok(shard.of(cells)),
            Self::Cell(hash) => hash,
        };
        let is_named = |cell: &Cell| cell.id.as_str().starts_with(hash.as_str());
        let found: Vec<usize> = (0..cells.len()).filter(|&at| is_named(&cells[at])).collect();
        // Arms that differ in their epochs only are one cell.
        let is_one = found.iter().all(|&at| cells[at].id == cells[found[0]].id);
        match found.len() {
            1.. if is_one => Ok(found),
            0 => bail!("--cell: found no cell {hash} in this study; --list shows them"),
            several => {
                bail!("--cell: found {several} cells that begin with {hash}; give more digits")
            }
        }
    }
}
