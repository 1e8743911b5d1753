//! A part of a study's cells: one by its hash, or every Nth.

use anyhow::{Result, bail};
use study::cell::Cell;

/// Which cells are trained.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Part {
    /// Train this cell alone, by the first digits of its hash, as --list shows it
    #[arg(long, value_name = "HASH", conflicts_with_all = ["shard", "list"])]
    cell: Option<String>,

    /// Train one part of N, as in 2/8: every Nth cell from the Ith on
    #[arg(long, value_name = "I/N", value_parser = shard, conflicts_with = "list")]
    shard: Option<Shard>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shard {
    /// From 0.
    index: usize,
    count: usize,
}

fn shard(text: &str) -> Result<Shard, String> {
    let expected = || "expected I/N with I from 1 to N, as in 2/8".to_owned();
    let (index, count) = text.split_once('/').ok_or_else(expected)?;
    let (index, count): (usize, usize) =
        (index.parse().map_err(|_| expected())?, count.parse().map_err(|_| expected())?);
    if (1..=count).contains(&index) {
        Ok(Shard { index: index - 1, count })
    } else {
        Err(expected())
    }
}

impl Part {
    /// Whether it is not the whole study.
    pub(crate) fn is_some(&self) -> bool {
        self.cell.is_some() || self.shard.is_some()
    }

    /// The places of the cells that it has.
    pub(crate) fn of(&self, cells: &[Cell]) -> Result<Vec<usize>> {
        if let Some(hash) = &self.cell {
            let is_named = |cell: &Cell| cell.id.as_str().starts_with(hash.as_str());
            let found: Vec<usize> = (0..cells.len()).filter(|&at| is_named(&cells[at])).collect();
            // Arms that differ in their epochs only are one cell.
            let is_one = found.iter().all(|&at| cells[at].id == cells[found[0]].id);
            return match found.len() {
                1.. if is_one => Ok(found),
                0 => bail!("--cell: found no cell {hash} in this study; --list shows them"),
                several => {
                    bail!("--cell: found {several} cells that begin with {hash}; give more digits")
                }
            };
        }
        let Shard { index, count } = self.shard.unwrap_or(Shard { index: 0, count: 1 });
        Ok((0..cells.len()).filter(|at| at % count == index).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_one_of_so_many() {
        assert_eq!(shard("1/1"), Ok(Shard { index: 0, count: 1 }));
        assert_eq!(shard("8/8"), Ok(Shard { index: 7, count: 8 }));
        for text in ["0/8", "9/8", "1", "1/0", "-1/2", "a/b", "1/2/3", ""] {
            assert!(shard(text).is_err(), "{text}");
        }
    }
}
