//! One part of several of a study's cells, which share them out: `--shard`, and the tasks of an array job.

use std::collections::BTreeMap;

use study::cell::Cell;

/// One of so many parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shard {
    /// From 0.
    pub(crate) index: usize,
    pub(crate) count: usize,
}

impl Shard {
    /// Of a text as in `2/8`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let expected = || "expected I/N with I from 1 to N, as in 2/8".to_owned();
        let (index, count) = text.split_once('/').ok_or_else(expected)?;
        let (index, count): (usize, usize) =
            (index.parse().map_err(|_| expected())?, count.parse().map_err(|_| expected())?);
        if (1..=count).contains(&index) {
            Ok(Self { index: index - 1, count })
        } else {
            Err(expected())
        }
    }

    /// The places of the cells that it has. Those that are one run, as with several numbers of epochs, are
    /// in one part, so that no two parts ever train into one folder.
    pub(crate) fn of(self, cells: &[Cell]) -> Vec<usize> {
        let parts = parts(cells, self.count);
        (0..cells.len()).filter(|&at| parts[at] == self.index).collect()
    }
}

/// Which of so many parts each cell is in.
pub(crate) fn parts(cells: &[Cell], count: usize) -> Vec<usize> {
    let mut runs = BTreeMap::new();
    let part = |cell| {
        let next = runs.len();
        let run: usize = *runs.entry(cell).or_insert(next);
        // Each round begins one part later: else a part would have one arm alone where the number of
        // arms divides that of parts, and arms differ in what they cost.
        (run + run / count) % count
    };
    cells.iter().map(|cell| &cell.id).map(part).collect()
}

#[cfg(test)]
mod tests {
    use study::cell::cells;
    use study::config::StudyConfig;

    use super::*;

    #[test]
    fn a_shard_is_one_of_so_many() {
        assert_eq!(Shard::parse("1/1"), Ok(Shard { index: 0, count: 1 }));
        assert_eq!(Shard::parse("8/8"), Ok(Shard { index: 7, count: 8 }));
        for text in ["0/8", "9/8", "1", "1/0", "-1/2", "a/b", "1/2/3", ""] {
            assert!(Shard::parse(text).is_err(), "{text}");
        }
    }

    /// Two arms with two numbers of epochs are two runs per seed.
    #[test]
    fn shards_share_out_the_runs_and_each_has_every_arm() {
        let text = "[compare]\nnorm = [\"none\", \"batch\"]\nepochs = [1, 2]\n[fixed]\n\
                    data_set = \"synthetic\"\n[repeat]\nseeds = 6\n";
        let cells = cells(&StudyConfig::read(text).unwrap()).unwrap();
        assert_eq!(cells.len(), 2 * 2 * 6);
        for count in [1, 2, 3, 4, 5, 12, 30] {
            let parts: Vec<Vec<usize>> =
                (0..count).map(|index| Shard { index, count }.of(&cells)).collect();
            let mut all: Vec<usize> = parts.iter().flatten().copied().collect();
            all.sort_unstable();
            assert_eq!(all, (0..cells.len()).collect::<Vec<_>>(), "{count}");
            let sizes = parts.iter().map(Vec::len);
            // A run is two cells.
            assert!(sizes.clone().max().unwrap() - sizes.min().unwrap() <= 2, "{count}");
            for (part, other) in parts.iter().zip(parts.iter().skip(1)) {
                assert!(
                    part.iter().all(|&at| other.iter().all(|&of| cells[at].id != cells[of].id))
                );
            }
        }
        let halves = [0, 1].map(|index| Shard { index, count: 2 }.of(&cells));
        for half in halves {
            let arms = half.iter().filter(|&&at| cells[at].key.arm == cells[0].key.arm);
            assert_eq!(arms.count(), 3);
        }
    }
}
