//! What the folder of a study is called: its data set, and what it has that the notebook's study has not.

use trainer::fingerprint::Fingerprint;

use crate::axis::Grid;
use crate::config::{StudyConfig, default_seeds};

/// The longest name; file systems take 255 bytes.
const LONGEST: usize = 150;

/// The digits of the hash that ends a name that would be longer.
const DIGITS: usize = 16;

/// The name of the folder for this study, such as `fashion-mnist`, `fashion-mnist_quick` or
/// `fashion-mnist_epochs=2_seeds=5..8`. Studies that differ in an option have different names.
///
/// ```
/// use study::config::StudyRequest;
/// use study::folder_name::folder_name;
/// use trainer::dataset::{DataSet, Split};
///
/// let axes = vec![("learning-rate", vec!["0.01".to_owned(), "0.001".to_owned()])];
/// let request = StudyRequest { quick: true, seeds: Some(vec![0, 1]), axes };
/// let (config, _) = request.config(DataSet::Synthetic, Split::four_fifths_of(60_000, 0), 10_000)?;
/// assert_eq!(folder_name(&config), "synthetic_quick_learning-rate=0.01,0.001_seeds=2");
/// # Ok::<(), study::error::StudyError>(())
/// ```
pub fn folder_name(config: &StudyConfig) -> String {
    let mut name = config.data_set.entry().folder.to_owned();
    if config.quick {
        name += "_quick";
    }
    let usual = Grid::notebook(config.quick).options();
    for (option, usual) in config.grid.options().into_iter().zip(usual) {
        if option != usual {
            let (flag, values) = option;
            name += &format!("_{flag}={values}");
        }
    }
    if config.seeds != default_seeds(config.quick) {
        name += &format!("_seeds={}", seeds_argument(&config.seeds));
    }
    if name.len() <= LONGEST {
        return name;
    }
    let mut hash = Fingerprint::default();
    hash.add_text(&name);
    let hash: String = hash.finish().chars().take(DIGITS).collect();
    let start: String = name.chars().take(LONGEST - DIGITS - 1).collect();
    format!("{start}_{hash}")
}

/// Seeds as the command line takes them.
pub(crate) fn seeds_argument(seeds: &[u64]) -> String {
    let is_range = seeds.windows(2).all(|pair| pair[0].checked_add(1) == Some(pair[1]));
    match (seeds, is_range) {
        ([0, ..], true) => seeds.len().to_string(),
        ([first, .., last], true) => format!("{first}..{}", last.saturating_add(1)),
        ([one], true) => format!("{one}..{}", one.saturating_add(1)),
        (_, _) => seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(","),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use trainer::dataset::{DataSet, Split};

    use super::*;
    use crate::config::StudyRequest;

    fn name(quick: bool, seeds: Option<Vec<u64>>, axes: &[(&'static str, &str)]) -> String {
        let axes = axes
            .iter()
            .map(|(flag, values)| (*flag, values.split(',').map(str::to_owned).collect()))
            .collect();
        let request = StudyRequest { quick, seeds, axes };
        let whole = Split::four_fifths_of(60_000, 0);
        folder_name(&request.config(DataSet::FashionMnist, whole, 10_000).unwrap().0)
    }

    #[test]
    fn studies_that_differ_in_an_option_have_folders_of_their_own() {
        let names = [
            name(false, None, &[]),
            name(true, None, &[]),
            name(false, Some(vec![0]), &[]),
            name(false, Some(vec![5, 6, 7]), &[]),
            name(false, Some(vec![7]), &[]),
            name(false, Some(vec![1, 2, 9]), &[]),
            name(false, None, &[("epochs", "2")]),
            name(false, None, &[("epochs", "3")]),
            name(false, None, &[("heads", "frozen")]),
            name(false, None, &[("networks", "simple"), ("batch-size", "10,100")]),
            name(true, Some((0..40).map(|seed| seed * 1_000_003).collect()), &[]),
            name(true, Some((0..41).map(|seed| seed * 1_000_003).collect()), &[]),
        ];
        assert_eq!(
            names[..10],
            [
                "fashion-mnist",
                "fashion-mnist_quick",
                "fashion-mnist_seeds=1",
                "fashion-mnist_seeds=5..8",
                "fashion-mnist_seeds=7..8",
                "fashion-mnist_seeds=1,2,9",
                "fashion-mnist_epochs=2",
                "fashion-mnist_epochs=3",
                "fashion-mnist_heads=frozen",
                "fashion-mnist_networks=simple_batch-size=10,100",
            ]
        );
        assert!(names.iter().all(|name| name.len() <= LONGEST), "{names:?}");
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }

    #[test]
    fn what_is_asked_for_but_usual_changes_no_name() {
        let usual = [("epochs", "5"), ("heads", "trained,frozen"), ("batch-size", "50")];
        assert_eq!(name(false, Some(vec![0, 1, 2]), &usual), "fashion-mnist");
    }
}
