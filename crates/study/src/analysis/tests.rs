//! Statistics by hand, and those of the committed study.

use trainer::Trains;
use trainer::network::{Preset, preset};

use super::*;
use crate::made_up;
use crate::tables::{EpochRow, RunKey, RunRow, StepRow};

static WITHOUT: &Preset = &preset::SIMPLE_NETWORK;
static WITH: &Preset = &preset::SPATIAL_BATCH_NORM_NETWORK;

/// Two networks, one seed each unless said, with the numbers that a test is about.
fn study(seeds: &[u64], accuracies: &[(&Preset, u64, &[f64])]) -> Study {
    let epochs = accuracies.iter().map(|(_, _, all)| all.len() as u64).max().unwrap();
    let config = made_up::config_from(
        "norm = [\"none\", \"batch\"]\ntrains = [\"head-frozen\", \"all\"]",
        &format!("epochs = {epochs}"),
        &format!("seeds = {seeds:?}"),
    );
    let mut study = Study::empty(config, String::new());
    for &(network, seed, all) in accuracies {
        let key = key(&study, network, seed);
        for (epoch, &val_accuracy) in (1..).zip(all) {
            study.epochs.push(EpochRow {
                epoch,
                val_loss: 2.0 * val_accuracy,
                val_accuracy,
                ..EpochRow::blank(key.clone())
            });
        }
        study.runs.push(RunRow {
            val_accuracy: all.last().copied(),
            test_accuracy: Some(all.last().unwrap() - 0.25),
            ..RunRow::blank(key)
        });
    }
    study
}

fn key(study: &Study, network: &Preset, seed: u64) -> RunKey {
    RunKey { arm: made_up::arm(&study.config, network, Trains::HeadFrozen), seed }
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
        &[(WITHOUT, 0, &[0.5, 0.75]), (WITHOUT, 1, &[0.25, 0.5]), (WITH, 0, &[0.75, 0.875])],
    );
    let rows = Analysis::of(&study).unwrap().summary;
    let all: Vec<_> =
        rows.iter().map(|row| (row.key.network().clone(), row.epoch, row.seeds)).collect();
    let expected = [(WITHOUT, 1, 2), (WITHOUT, 2, 2), (WITH, 1, 1), (WITH, 2, 1)];
    assert_eq!(all, expected.map(|(network, epoch, seeds)| (network.config.clone(), epoch, seeds)));
    // (0.75 + 0.5) / 2; the deviations are ±0.125, so the variance is 2 · 0.125² / 1.
    assert_eq!(rows[1].val_accuracy_mean, 0.625);
    assert_eq!(rows[1].val_accuracy_std, Some(0.031_25_f64.sqrt()));
    assert_eq!((rows[1].val_accuracy_min, rows[1].val_accuracy_max), (0.5, 0.75));
    assert_eq!(rows[1].val_loss_mean, Some(1.25));
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
    assert_eq!(Analysis::of(&study).unwrap().summary, Analysis::of(&turned).unwrap().summary);
}

#[test]
fn batch_norm_is_ahead_where_both_are_there_and_it_is_higher() {
    let study = study(
        &[0, 1, 2],
        &[
            (WITHOUT, 0, &[0.5, 0.5, 0.75]),
            (WITHOUT, 1, &[0.25, 0.25, 0.25]),
            (WITH, 0, &[0.75, 0.5, 0.25]),
            (WITH, 2, &[0.75, 0.75, 0.75]),
        ],
    );
    // No run has the head trained, so that group is left out.
    assert_eq!(study.config.groups().len(), 2);
    // Seed 0 alone has both: higher, equal, lower.
    let analysis = Analysis::of(&study).unwrap();
    let [group] = analysis.groups.as_slice() else { panic!("{:?}", analysis.groups) };
    let [comparison] = group.comparisons.as_slice() else { panic!("{:?}", group.comparisons) };
    assert_eq!((group.without(comparison).name.as_str(), comparison.with), ("no norm", 1));
    assert_eq!(comparison.ahead, Ahead { ahead: 1, level: 1, of: 3, is_all: false });
    let difference = comparison.difference.unwrap();
    assert_eq!((difference.count, difference.mean, difference.std), (1, -0.5, None));
}

/// A run's training accuracy in windows that end after 10, 20 and 30 steps.
fn add_windows(study: &mut Study, network: &Preset, seed: u64, accuracies: [f64; 3]) {
    for (end, accuracy) in [10, 20, 30].into_iter().zip(accuracies) {
        let key = key(study, network, seed);
        study.steps.push(StepRow { step: end - 1, accuracy, count: 8, ..StepRow::blank(key) });
    }
}

#[test]
fn catching_up_is_the_end_of_the_first_window_that_is_as_good() {
    let mut study = study(&[0, 1], &[(WITHOUT, 0, &[0.5])]);
    add_windows(&mut study, WITHOUT, 0, [0.25, 0.5, 0.5]);
    add_windows(&mut study, WITHOUT, 1, [0.25, 0.5, 0.75]);
    // Means over seeds: 0.5, 0.625, 0.75 against 0.625 at the end.
    add_windows(&mut study, WITH, 0, [0.75, 0.75, 0.75]);
    add_windows(&mut study, WITH, 1, [0.25, 0.5, 0.75]);
    let analysis = Analysis::of(&study).unwrap();
    let [without, with] = analysis.groups[0].arms.as_slice() else { panic!("{analysis:?}") };
    let reached = analysis.groups[0].comparisons[0].catch_up.unwrap();
    assert_eq!(reached, CatchUp { accuracy: 0.625, steps_without: 30, steps_with: Some(20) });
    assert_eq!(reached.times_fewer(), Some(1.5));
    let never = CatchUp::of(&with.windows, &without.windows[..2]).unwrap();
    assert_eq!((never.steps_with, never.times_fewer()), (None, None));
    assert_eq!(CatchUp::of(&without.windows, &[]), None);
    let windows = &with.windows;
    assert_eq!((windows[1].start, windows[1].end, windows[1].accuracy()), (10, 20, 0.625));
}

/// 21, 57 and 21 of 100 images are as many as 33 three times, and their mean share is smaller in floating
/// point.
#[test]
fn a_share_of_the_same_images_is_reached_however_it_is_rounded() {
    let mut study = study(&[0, 1, 2], &[(WITHOUT, 0, &[0.5])]);
    for (seed, early) in [(0, 0.21), (1, 0.57), (2, 0.21)] {
        for (network, accuracies) in [(WITHOUT, [0.3, 0.3, 0.33]), (WITH, [0.3, early, 0.3])] {
            for (end, accuracy) in [10, 20, 30].into_iter().zip(accuracies) {
                let key = key(&study, network, seed);
                let row = StepRow { step: end - 1, accuracy, count: 100, ..StepRow::blank(key) };
                study.steps.push(row);
            }
        }
    }
    let mean = |shares: [f64; 3]| shares.iter().sum::<f64>() / 3.0;
    assert!(mean([0.21, 0.57, 0.21]) < mean([0.33; 3]));
    let found = Analysis::of(&study).unwrap().groups[0].comparisons[0].catch_up.unwrap();
    assert_eq!((found.steps_with, found.steps_without), (Some(20), 30));
}

/// Steps of a diverged arm compare with nothing.
#[test]
fn an_arm_that_diverged_catches_up_with_nothing() {
    let mut study = study(&[0], &[(WITHOUT, 0, &[0.5]), (WITH, 0, &[0.75])]);
    add_windows(&mut study, WITHOUT, 0, [0.25, 0.5, 0.5]);
    add_windows(&mut study, WITH, 0, [0.25, 0.5, 0.5]);
    study.runs[0].state = crate::tables::RunState::Diverged;
    let comparison = &Analysis::of(&study).unwrap().groups[0].comparisons[0];
    assert_eq!((comparison.catch_up, comparison.epochs_to_reach), (None, None));
}

#[test]
fn on_a_plateau_neither_network_is_sooner() {
    let mut study = study(&[0], &[(WITHOUT, 0, &[0.5])]);
    add_windows(&mut study, WITHOUT, 0, [0.5, 0.75, 0.5]);
    add_windows(&mut study, WITH, 0, [0.5, 0.5, 0.75]);
    let found = Analysis::of(&study).unwrap().groups[0].comparisons[0].catch_up.unwrap();
    assert_eq!(found, CatchUp { accuracy: 0.5, steps_without: 10, steps_with: Some(10) });
    assert_eq!(found.times_fewer(), Some(1.0));
}

/// Two epochs of 960 steps, and windows that end with the first and with each half of the second.
#[test]
fn a_window_above_the_level_is_no_catching_up_of_an_arm_that_ends_below() {
    let caught_up_with = |without: [f64; 3], with: [f64; 3]| {
        let mut study = study(&[0], &[(WITHOUT, 0, &[0.25, 0.5])]);
        for (network, accuracies) in [(WITHOUT, without), (WITH, with)] {
            for (end, accuracy) in [960, 1_440, 1_920].into_iter().zip(accuracies) {
                let key = key(&study, network, 0);
                let row = StepRow { step: end - 1, accuracy, count: 8, ..StepRow::blank(key) };
                study.steps.push(row);
            }
        }
        let found = Analysis::of(&study).unwrap().groups[0].comparisons[0].catch_up;
        found.map(|found| found.steps_with)
    };
    let caught_up = |with: [f64; 3]| caught_up_with([0.25, 0.5, 0.5], with);
    assert_eq!(caught_up([0.75, 0.5, 0.5]), Some(Some(960)));
    // By chance the last window of the first is above all of the second, which is ahead over the epoch.
    assert_eq!(caught_up_with([0.25, 0.25, 0.625], [0.5, 0.5, 0.5]), None);
    assert_eq!(caught_up_with([0.25, 0.125, 0.125], [0.75, 0.5, 0.5]), None);
    assert_eq!(caught_up([0.75, 0.5, 0.375]), None);
    assert_eq!(caught_up([0.25, 0.25, 0.375]), Some(None));
}

/// The mean of a run that guesses and of one that does not is of neither.
#[test]
fn an_arm_with_a_run_that_has_learnt_little_catches_up_with_nothing() {
    let caught_up = |guesses: f64| {
        let mut study = study(&[0, 1], &[(WITHOUT, 0, &[0.5]), (WITHOUT, 1, &[0.5])]);
        for seed in [0, 1] {
            add_windows(&mut study, WITHOUT, seed, [0.25, 0.375, 0.375]);
        }
        add_windows(&mut study, WITH, 0, [0.875, 0.875, 0.875]);
        add_windows(&mut study, WITH, 1, [guesses; 3]);
        Analysis::of(&study).unwrap().groups[0].comparisons[0].catch_up
    };
    assert_eq!(caught_up(0.25).unwrap().steps_with, Some(10));
    assert_eq!(caught_up(0.125), None);
}

/// What one network gives by two kinds of statistics is one training.
#[test]
fn evaluations_of_one_training_do_not_catch_up_with_each_other() {
    let compared = |axis: &str| {
        let config = made_up::config_from(axis, "norm = \"batch\"\ntrains = \"all\"", "");
        let study = made_up::study(config);
        Analysis::of(&study).unwrap().groups[0].comparisons[0].catch_up
    };
    assert!(compared("learning_rate = [0.001, 0.002]").is_some());
    assert_eq!(compared("statistics = [\"running\", \"population\"]"), None);
}

/// After one epoch the second arm has 0.5 in the mean, which the first has after two.
#[test]
fn what_an_arm_has_after_an_epoch_is_a_level_where_it_is_ahead_with_each_seed() {
    let reached = |ahead: [f64; 2]| {
        let study = study(
            &[0, 1],
            &[
                (WITHOUT, 0, &[0.25, 0.5]),
                (WITHOUT, 1, &[0.375, 0.5]),
                (WITH, 0, &[ahead[0], 0.75]),
                (WITH, 1, &[ahead[1], 0.75]),
            ],
        );
        Analysis::of(&study).unwrap().groups[0].comparisons[0].epochs_to_reach
    };
    assert_eq!(reached([0.5, 0.5]), Some(Reached::After(2)));
    assert_eq!(reached([0.625, 0.375]), None);
    assert_eq!(reached([0.75, 0.75]), Some(Reached::Never));
}

/// The study that the repository holds.
fn committed() -> Study {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reports/fashion-mnist");
    Study::read(std::path::Path::new(folder)).unwrap()
}

#[test]
fn the_committed_study_reaches_the_level_in_these_windows() {
    let study = committed();
    let analysis = Analysis::of(&study).unwrap();
    assert_eq!(analysis.groups.len(), 2);
    let expected = [(Trains::HeadFrozen, 1_056, 4_800), (Trains::All, 1_152, 4_656)];
    for (group, (trains, with, without)) in analysis.groups.iter().zip(expected) {
        let found = group.comparisons[0].catch_up.unwrap();
        assert_eq!(group.arms[0].arm.run.trains, trains);
        assert_eq!((found.steps_with, found.steps_without), (Some(with), without), "{trains}");
    }
}

#[test]
fn the_committed_study_comes_as_close_to_the_published_figures_as_asked() {
    let study = committed();
    let analysis = Analysis::of(&study).unwrap();
    assert_eq!(analysis.groups[0].arms.len(), 2);
    for arm in &analysis.groups[0].arms {
        assert_eq!(arm.arm.run.trains, Trains::HeadFrozen);
        assert_eq!((arm.epochs.len(), arm.published.accuracies.len()), (5, 5));
        for epoch in &arm.epochs {
            assert_eq!(epoch.accuracy.count, study.config.seeds().len());
            let tolerance = if epoch.epoch == 1 { 0.03 } else { 0.02 };
            let difference = epoch.accuracy.mean - arm.published.after(epoch.epoch).unwrap();
            assert!(difference.abs() <= tolerance, "{} {}: {difference}", arm.label, epoch.epoch);
        }
    }
}

#[test]
fn the_committed_study_has_batch_norm_ahead_and_trained_heads_good() {
    let study = committed();
    let analysis = Analysis::of(&study).unwrap();
    assert_eq!(analysis.groups.len(), 2);
    let every = 5 * study.config.seeds().len();
    for group in &analysis.groups {
        assert_eq!(
            group.comparisons[0].ahead,
            Ahead { ahead: every, level: 0, of: every, is_all: true }
        );
    }
    for arm in &analysis.groups[1].arms {
        assert!(arm.final_accuracy.unwrap().mean > 0.87, "{}", arm.label);
    }
}

/// A run that diverged guesses from then on, in every statistic of accuracies.
#[test]
fn a_run_that_diverged_counts_as_guessing() {
    let mut study = study(&[0, 1], &[(WITHOUT, 0, &[0.5, 0.75]), (WITHOUT, 1, &[0.25])]);
    let run = study.runs.last_mut().unwrap();
    (run.state, run.epochs_trained) = (crate::tables::RunState::Diverged, 1);
    (run.val_accuracy, run.test_accuracy) = (None, None);
    let analysis = Analysis::of(&study).unwrap();
    let arm = &analysis.groups[0].arms[0];
    let accuracy = arm.final_accuracy.unwrap();
    assert_eq!((accuracy.count, accuracy.min), (2, 0.1));
    assert_eq!(arm.epochs[1].accuracy.mean, (0.75 + 0.1) / 2.0);
    assert_eq!(arm.epochs[1].loss.unwrap().count, 1);
    assert_eq!((analysis.summary[0].diverged, analysis.summary[1].diverged), (0, 1));
}

/// 12,000 images: differences of 12 images are 0.001.
#[test]
fn ten_pairs_have_a_test_and_nine_a_mean() {
    let all: Vec<u64> = (0..10).collect();
    let accuracies: Vec<f64> = (0..10).map(|seed| 0.75 + 0.001 * f64::from(seed + 1)).collect();
    let arms = |seeds: &[u64]| -> Study {
        let mut rows: Vec<(&Preset, u64, &[f64])> = Vec::new();
        for &seed in seeds {
            rows.push((WITHOUT, seed, &[0.75]));
            rows.push((WITH, seed, &accuracies[seed as usize..=seed as usize]));
        }
        study(seeds, &rows)
    };
    let ten = arms(&all);
    let analysis = Analysis::of(&ten).unwrap();
    let pairs: Vec<_> = analysis.paired().collect();
    let [(_, _, pair)] = pairs.as_slice() else { panic!("{pairs:?}") };
    assert_eq!((pair.wins.won, pair.differences.len()), (10, 10));
    assert!((pair.mean() - 0.0055).abs() < 1e-12);
    let found = pair.inference.unwrap();
    // All ten differences point one way: 2 of 2¹⁰ signs are as extreme, and the family is this pair.
    assert_eq!((found.p, found.p_adjusted), (2.0 / 1024.0, 2.0 / 1024.0));
    assert!(found.t.low > 0.0 && found.t.low < 0.0055 && found.bca.low > 0.0);
    let nine = arms(&all[..9]);
    let analysis = Analysis::of(&nine).unwrap();
    assert_eq!(analysis.paired().next().unwrap().2.inference, None);
    assert_eq!(analysis.pair_rows()[0].p, None);
}

#[test]
fn a_group_without_its_baseline_is_not_compared_and_keeps_its_colours() {
    let config = made_up::config_from(
        "norm = [\"none\", \"batch\", \"layer\"]\ntrains = [\"all\", \"norm-only\"]",
        "epochs = 1",
        "seeds = [0]\n[[leave_out]]\nnorm = \"none\"\ntrains = \"norm-only\"",
    );
    let study = made_up::study(config);
    let analysis = Analysis::of(&study).unwrap();
    let places = |group: &Group<'_>| group.arms.iter().map(|arm| arm.place).collect::<Vec<_>>();
    let [all, norm_only] = analysis.groups.as_slice() else { panic!("{:?}", analysis.groups) };
    assert_eq!((places(all), all.comparisons.len()), (vec![0, 1, 2], 2));
    assert_eq!((places(norm_only), norm_only.comparisons.len()), (vec![1, 2], 0));
}
