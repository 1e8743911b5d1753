//! What is said of a study that is reported before all of its cells are trained.

use study::cell::distinct;
use study::experiment::Experiment;
use study::found::Found;
use study::seeds;
use terminal::count::counted;

/// The arms whose missing seeds are named.
const NAMED: usize = 8;

/// The seeds of an arm that are named, where they are no range.
const NAMED_SEEDS: usize = 10;

/// How many cells are trained, and a line per arm that has others.
pub(super) fn lines(experiment: &Experiment, found: &[Found]) -> Vec<String> {
    let config = experiment.config();
    let distinct = distinct(experiment.cells(), 0..found.len());
    let trained = distinct.iter().filter(|&&at| found[at].state.is_complete()).count();
    let cells = counted(distinct.len(), "cell");
    if trained == distinct.len() {
        return vec![match trained {
            1 => "the cell is trained".to_owned(),
            _ => format!("all {cells} are trained"),
        }];
    }
    let mut missing: Vec<(String, Vec<u64>)> = Vec::new();
    for (cell, found) in experiment.cells().iter().zip(found) {
        if !found.state.is_complete() {
            let arm = config.label(&cell.key.arm);
            match missing.iter_mut().find(|(known, _)| *known == arm) {
                Some((_, seeds)) => seeds.push(cell.key.seed),
                None => missing.push((arm, vec![cell.key.seed])),
            }
        }
    }
    let are = if trained == 1 { "is" } else { "are" };
    let mut lines = vec![format!("{trained} of {cells} {are} trained and reported; missing:")];
    lines.extend(missing.iter().take(NAMED).map(|(arm, seeds)| {
        let noun = if seeds.len() == 1 { "seed" } else { "seeds" };
        let all = seeds::shown(seeds);
        let is_long = all.matches(',').count() >= NAMED_SEEDS;
        let named = match seeds.get(..NAMED_SEEDS) {
            Some(first) if is_long => {
                format!("{} and {} more", seeds::shown(first), seeds.len() - NAMED_SEEDS)
            }
            Some(_) | None => all,
        };
        format!("  {arm}: {noun} {named}")
    }));
    if let Some(more) = missing.len().checked_sub(NAMED).filter(|more| *more > 0) {
        lines
            .push(format!("  and cells of {more} more {}", if more == 1 { "arm" } else { "arms" }));
    }
    lines
}
