use super::*;
use crate::made_up;

const PAIR: Pair = PAIRS[0];

/// Two networks, one seed each unless said, with the numbers that a test is about.
fn study(seeds: &[u64], accuracies: &[(&str, u64, &[f64])]) -> Study {
    let mut config = made_up::config();
    config.heads = vec![Head::Frozen];
    config.seeds = seeds.to_vec();
    config.epochs = accuracies.iter().map(|(_, _, all)| all.len() as u64).max().unwrap();
    let mut study = made_up::study(StudyConfig { networks: Vec::new(), ..config.clone() });
    study.config = config;
    for &(network, seed, all) in accuracies {
        for (epoch, &val_accuracy) in (1..).zip(all) {
            study.epochs.push(EpochRow {
                network: network.to_owned(),
                head: Head::Frozen,
                seed,
                epoch,
                step: epoch * 40 - 1,
                train_loss: 1.0,
                train_accuracy: 0.5,
                val_loss: 2.0 * val_accuracy,
                val_accuracy,
            });
        }
        study.runs.push(RunRow {
            network: network.to_owned(),
            head: Head::Frozen,
            seed,
            epochs: all.len() as u64,
            steps: all.len() as u64 * 40,
            train_loss: 1.0,
            val_loss: 1.0,
            val_accuracy: *all.last().unwrap(),
            test_loss: Some(1.0),
            test_accuracy: Some(all.last().unwrap() - 0.25),
        });
    }
    study
}

#[test]
fn spread_by_hand() {
    // Mean 5; squares 9 + 1 + 1 + 1 + 16 = 28 and ddof 1: 28 / 4 = 7.
    let spread = Spread::of(&[2.0, 4.0, 4.0, 6.0, 9.0]).unwrap();
    assert_eq!(
        spread,
        Spread { count: 5, mean: 5.0, std: Some(7.0_f64.sqrt()), min: 2.0, max: 9.0 }
    );
    let one = Spread::of(&[0.5]).unwrap();
    assert_eq!(one, Spread { count: 1, mean: 0.5, std: None, min: 0.5, max: 0.5 });
    assert_eq!(Spread::of(&[]), None);
}

#[test]
fn summary_by_hand() {
    let study = study(
        &[0, 1],
        &[
            ("simple_network", 0, &[0.5, 0.75]),
            ("simple_network", 1, &[0.25, 0.5]),
            ("spatial_batch_norm_network", 0, &[0.75, 0.875]),
        ],
    );
    let rows = summary(&study);
    let all: Vec<(&str, u64, usize)> =
        rows.iter().map(|row| (row.network.as_str(), row.epoch, row.seeds)).collect();
    assert_eq!(
        all,
        [
            ("simple_network", 1, 2),
            ("simple_network", 2, 2),
            ("spatial_batch_norm_network", 1, 1),
            ("spatial_batch_norm_network", 2, 1)
        ]
    );
    // (0.75 + 0.5) / 2; the deviations are ±0.125, so the variance is 2 · 0.125² / 1.
    assert_eq!(rows[1].val_accuracy_mean, 0.625);
    assert_eq!(rows[1].val_accuracy_std, Some(0.031_25_f64.sqrt()));
    assert_eq!((rows[1].val_accuracy_min, rows[1].val_accuracy_max), (0.5, 0.75));
    assert_eq!(rows[1].val_loss_mean, 1.25);
    assert_eq!(rows[1].val_loss_std, Some(0.125_f64.sqrt()));
    assert_eq!((rows[0].test_accuracy_mean, rows[1].test_accuracy_mean), (None, Some(0.375)));
    assert_eq!(rows[1].test_accuracy_std, Some(0.031_25_f64.sqrt()));
    assert_eq!(rows[3].val_accuracy_std, None);
    assert_eq!(rows[3].test_accuracy_std, None);
    assert_eq!(
        (rows[0].published, rows[1].published),
        (Some(0.665_166_666_666_666_7), Some(0.736_25))
    );
}

#[test]
fn the_order_of_rows_changes_no_bit() {
    let study = made_up::study(made_up::config());
    let mut turned = study.clone();
    turned.runs.reverse();
    turned.epochs.reverse();
    assert_eq!(summary(&study), summary(&turned));
}

#[test]
fn batch_norm_is_ahead_where_both_are_there_and_it_is_higher() {
    let study = study(
        &[0, 1, 2],
        &[
            ("simple_network", 0, &[0.5, 0.5, 0.75]),
            ("simple_network", 1, &[0.25, 0.25, 0.25]),
            ("spatial_batch_norm_network", 0, &[0.75, 0.5, 0.25]),
            ("spatial_batch_norm_network", 2, &[0.75, 0.75, 0.75]),
        ],
    );
    // Seed 0 alone has both: higher, equal, lower.
    assert_eq!(ahead(&study, PAIR, Head::Frozen), Ahead { ahead: 1, of: 3 });
    assert_eq!(ahead(&study, PAIR, Head::Trained), Ahead { ahead: 0, of: 0 });
    let difference = final_difference(&study, PAIR, Head::Frozen).unwrap();
    assert_eq!((difference.count, difference.mean, difference.std), (1, -0.5, None));
    assert_eq!(final_difference(&study, PAIR, Head::Trained), None);
}

/// A run's training accuracy in windows that end after 10, 20 and 30 steps.
fn add_windows(study: &mut Study, network: &str, seed: u64, accuracies: [f64; 3]) {
    for (end, accuracy) in [10, 20, 30].into_iter().zip(accuracies) {
        study.steps.push(StepRow {
            network: network.to_owned(),
            head: Head::Frozen,
            seed,
            step: end - 1,
            loss: 1.0,
            accuracy,
            count: 1,
        });
    }
}

#[test]
fn catching_up_is_the_end_of_the_first_window_that_is_as_good() {
    let mut study = study(&[0, 1], &[("simple_network", 0, &[0.5])]);
    add_windows(&mut study, "simple_network", 0, [0.25, 0.5, 0.5]);
    add_windows(&mut study, "simple_network", 1, [0.25, 0.5, 0.75]);
    // Means over seeds: 0.5, 0.625, 0.75 against 0.625 at the end.
    add_windows(&mut study, "spatial_batch_norm_network", 0, [0.75, 0.75, 0.75]);
    add_windows(&mut study, "spatial_batch_norm_network", 1, [0.25, 0.5, 0.75]);
    let reached = catch_up(&study, PAIR, Head::Frozen).unwrap();
    assert_eq!(reached, CatchUp { accuracy: 0.625, steps_without: 30, steps_with: Some(20) });
    assert_eq!(reached.times_fewer(), Some(1.5));
    let swapped = Pair { without: PAIR.with, with: PAIR.without };
    let never = catch_up(&study, swapped, Head::Frozen).unwrap();
    assert_eq!((never.steps_with, never.times_fewer()), (None, None));
    assert_eq!(catch_up(&study, PAIR, Head::Trained), None);
    let windows = windows(&study, PAIR.with, Head::Frozen);
    assert_eq!((windows[1].start, windows[1].end, windows[1].accuracy), (10, 20, 0.625));
}

#[test]
fn on_a_plateau_neither_network_is_sooner() {
    let mut study = study(&[0], &[("simple_network", 0, &[0.5])]);
    add_windows(&mut study, "simple_network", 0, [0.5, 0.75, 0.5]);
    add_windows(&mut study, "spatial_batch_norm_network", 0, [0.5, 0.5, 0.5]);
    let found = catch_up(&study, PAIR, Head::Frozen).unwrap();
    assert_eq!(found, CatchUp { accuracy: 0.5, steps_without: 10, steps_with: Some(10) });
    assert_eq!(found.times_fewer(), Some(1.0));
}

/// The study that the repository holds.
fn committed() -> Study {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reports/fashion-mnist");
    Study::read(std::path::Path::new(folder)).unwrap()
}

#[test]
fn the_committed_study_reaches_the_level_in_these_windows() {
    let study = committed();
    for (head, with, without) in [(Head::Frozen, 912, 3_984), (Head::Trained, 960, 3_504)] {
        let found = catch_up(&study, PAIR, head).unwrap();
        assert_eq!((found.steps_with, found.steps_without), (Some(with), without), "{head}");
    }
}

/// Mean validation accuracy of the committed study after an epoch, over its seeds.
fn committed_mean(study: &Study, network: &str, head: Head, epoch: u64) -> f64 {
    let accuracies = after_epoch(study, network, head, epoch, |row| row.val_accuracy);
    assert_eq!(accuracies.len(), study.config.seeds.len());
    accuracies.iter().sum::<f64>() / accuracies.len() as f64
}

#[test]
fn the_committed_study_comes_as_close_to_the_published_figures_as_asked() {
    let study = committed();
    assert_eq!(study.config.epochs, 5);
    for network in [PAIR.without, PAIR.with] {
        let published = published::validation_accuracies(network);
        assert_eq!(published.len(), 5);
        for (epoch, published) in (1..).zip(published) {
            let tolerance = if epoch == 1 { 0.03 } else { 0.02 };
            let mean = committed_mean(&study, network, Head::Frozen, epoch);
            assert!((mean - published).abs() <= tolerance, "{network} {epoch}: {mean} {published}");
        }
    }
}

#[test]
fn the_committed_study_has_batch_norm_ahead_and_trained_heads_good() {
    let study = committed();
    for head in [Head::Frozen, Head::Trained] {
        let every = 5 * study.config.seeds.len();
        assert_eq!(ahead(&study, PAIR, head), Ahead { ahead: every, of: every }, "{head}");
    }
    for network in [PAIR.without, PAIR.with] {
        assert!(committed_mean(&study, network, Head::Trained, 5) > 0.87, "{network}");
    }
}
