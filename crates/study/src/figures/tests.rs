//! Figures over axes, of seeds and of steps, and each arm at its best value: by numbers made up.

use super::*;
use crate::figure_name::OVER_AXES;
use crate::made_up;
use crate::report;
use crate::tables::{RunRow, RunState, Study};

#[test]
fn the_figures_that_a_file_may_name_are_those_that_are_drawn() {
    assert_eq!(NAMES, [STANDARD, NAMED].concat());
}

#[test]
fn a_figure_over_one_axis_shows_an_outcome() {
    for (figure, axes) in OVER_AXES {
        let shows_outcome = RunOutcome::of_figure(figure).is_some();
        assert_eq!(shows_outcome, axes.len() == 1, "{figure}");
    }
}

const FIGURES: &str = "figures = [\"heat_map(batch_size, learning_rate)\", \"accuracy_against(norm)\", \
                       \"test_accuracy_against(learning_rate)\", \"training_loss_against(learning_rate)\", \
                       \"diverged_against(learning_rate)\", \"steps_to_accuracy\", \"split_seeds\"]";

/// Two norms, three learning rates and two batch sizes, of so many seeds; validation accuracies are
/// 0.5 + a tenth of the rate's place, less 0.01 with the larger batches, and a thousandth more per seed.
fn study(seeds: u64) -> Study {
    let config = made_up::config_from(
        "norm = [\"none\", \"batch\"]\nlearning_rate = [0.001, 0.01, 0.1]\nbatch_size = [50, 100]",
        "trains = \"all\"\nepochs = 2",
        &format!("seeds = {seeds}\n[report]\n{FIGURES}\nbest_over = \"learning_rate\""),
    );
    let mut study = made_up::study(config);
    for row in &mut study.runs {
        let accuracy = accuracy(row);
        row.val_accuracy = Some(accuracy);
        row.test_accuracy = Some(accuracy - 0.1);
    }
    study
}

fn accuracy(row: &RunRow) -> f64 {
    let arm = &row.key.arm;
    let rates = [0.001, 0.01, 0.1];
    let place = rates.iter().position(|rate| *rate == arm.learning_rate()).unwrap() as f64;
    let of_batch = if arm.batch_size() == 100 { 0.01 } else { 0.0 };
    0.5 + 0.1 * place - of_batch + 0.001 * row.key.seed as f64
}

/// Every run with no norm and the largest rate.
fn of_largest_rate(study: &mut Study) -> impl Iterator<Item = &mut RunRow> {
    let is_it = |row: &&mut RunRow| {
        row.key.arm.learning_rate() == 0.1 && !row.key.arm.network().to_string().contains("norm")
    };
    study.runs.iter_mut().filter(is_it)
}

fn diverge(row: &mut RunRow) {
    row.state = RunState::Diverged;
    row.train_loss = None;
    (row.val_loss, row.val_accuracy) = (None, None);
    (row.test_loss, row.test_accuracy) = (None, None);
}

fn caption(study: &Study, name: &str) -> String {
    let analysis = Analysis::of(study).unwrap();
    let all = texts(&analysis);
    all.into_iter().find(|figure| figure.name == name).unwrap().whole_caption()
}

fn svg(study: &Study, name: &str) -> String {
    let analysis = Analysis::of(study).unwrap();
    let all = draw_all(&analysis).unwrap();
    all.into_iter().find(|figure| figure.name == name).unwrap().svg
}

fn page(study: &Study) -> String {
    let files = report::render(study).unwrap();
    let (_, bytes) = files.into_iter().find(|(path, _)| path.ends_with("README.md")).unwrap();
    String::from_utf8(bytes).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_heat_map_has_a_cell_per_arm_and_frames_the_best_of_each_column() {
    let mut study = study(3);
    // Two seeds of three diverge at the best place, and all with the larger batches.
    for row in of_largest_rate(&mut study) {
        if row.key.arm.batch_size() == 100 || row.key.seed > 0 {
            diverge(row);
        }
    }
    let name = "heat_map_batch_size_learning_rate";
    let caption = caption(&study, name);
    for sentence in [
        "Shades go from 50.1 and less (white) to 70.1 (dark).",
        "**no norm:** by mean validation accuracy, the best learning rate is 0.01 at batch size 50 and 0.01 at batch size 100.",
        "**batch norm:** by mean validation accuracy, the best learning rate is 0.1 at batch size 50 and 0.1 at batch size 100.",
    ] {
        assert!(caption.contains(sentence), "{sentence}\n{caption}");
    }
    // Means over the seeds 0, 1 and 2, in per cent; (0.7 + 0.1 + 0.1) / 3 of which two diverged.
    let svg = svg(&study, name);
    for cell in ["50.1", "60.1", "70.1", "49.1", "59.1", "69.1", "30.0", "diverged"] {
        assert!(svg.contains(&format!("{cell}\n")), "{cell} in {svg}");
    }
}

#[test]
fn outcomes_are_drawn_against_an_axis() {
    let mut study = study(10);
    for row in of_largest_rate(&mut study).filter(|row| row.key.seed >= 4) {
        diverge(row);
    }
    let diverged = caption(&study, "diverged_against_learning_rate");
    assert!(diverged.contains("Bands: 95 % Clopper-Pearson interval"), "{diverged}");
    assert!(!diverged.contains("mean is") && !diverged.contains("each seed"), "{diverged}");
    let tested = caption(&study, "test_accuracy_against_learning_rate");
    // Seeds 0 to 9: a mean of 4.5 thousandths.
    let best = "**batch norm, batches of 50:** the highest mean test accuracy is 0.6045, at learning \
                rate 0.1 (0.4045 at 0.001).";
    assert!(tested.contains(best), "{tested}");
    // However low the loss of those that are left of an arm, it compares with no other.
    for row in of_largest_rate(&mut study).filter(|row| !row.diverged()) {
        row.train_loss = Some(0.001);
    }
    let loss = caption(&study, "training_loss_against_learning_rate");
    assert!(!loss.contains("0.0010"), "{loss}");
    assert!(
        loss.contains("the lowest mean training loss is ") && !loss.contains("are drawn at"),
        "{loss}"
    );
    study.runs[0].train_loss = Some(400.0);
    let loss = caption(&study, "training_loss_against_learning_rate");
    assert!(loss.contains("Losses above 4.6 are drawn at 4.6."), "{loss}");
    // Names have no line between them.
    let named = caption(&study, "accuracy_against_norm");
    assert!(named.contains("Large points: means. Bars: 95 % t interval"), "{named}");
    assert!(tested.contains("Lines: means. Bands: 95 % t interval"), "{tested}");
}

#[test]
fn steps_to_an_accuracy_are_those_of_the_slowest_level_that_all_reach() {
    let mut study = study(3);
    let caption_before = caption(&study, "steps_to_accuracy");
    assert!(
        caption_before.contains("the highest of the axis that all of them reach"),
        "{caption_before}"
    );
    // Every window of every run: not yet, then 0.5 at once and for good.
    for row in &mut study.steps {
        row.accuracy = if row.step < 300 { 0.2 } else { 0.5 };
    }
    let caption = caption(&study, "steps_to_accuracy");
    // Windows of 48 and of 24 steps: the first that ends after step 300.
    let sentence = "to a training accuracy of 0.5, the highest of the axis that all of them reach, no norm takes 336 steps and batch norm takes 336 steps.";
    assert!(caption.contains(sentence), "{caption}");
    let sentence = "**learning rate 0.001, batches of 100:** to a training accuracy of 0.5, the highest of the axis that all of them reach, no norm takes 312 steps";
    assert!(caption.contains(sentence), "{caption}");
}

/// 0 to 9 thousandths: a half of the lowest or of the highest five, and those nearly so, are told apart.
#[test]
fn ten_seeds_are_split_in_all_ways() {
    let values = study(10);
    let caption = caption(&values, "split_seeds");
    // As SciPy's `ttest_ind` counts them: p below 0.05 in 14, |t| above 1.96 in 24.
    let sentence = "in 14 of 252 splits the 95 % interval of the difference leaves 0 out, in 24 the difference is beyond \
                    1.96 standard errors, as if five seeds were many; the largest is 0.0050.";
    assert!(caption.contains(sentence), "{caption}");
    assert!(!texts(&Analysis::of(&study(9)).unwrap()).iter().any(|it| it.name == "split_seeds"));
}

/// The first figure answers the question where its numbers do; what it says is not said twice.
#[test]
fn a_first_figure_that_says_something_is_the_answer() {
    let study = study(3);
    let page = page(&study);
    let answer = "**The answer.** **no norm:** by mean validation accuracy, the best learning rate is 0.1 at batch \
                  size 50 and 0.1 at batch size 100.";
    assert!(page.contains(answer), "{page}");
    assert_eq!(page.matches("**no norm:** by mean validation accuracy").count(), 1);
    assert!(
        page.contains("By validation accuracy after the last epoch, of 6 comparisons"),
        "{page}"
    );
    // As the first of all it stands before the comparisons; elsewhere at the end of the caption.
    let second = "per value; points: each seed. Large points: means. Bars: from the lowest seed to the highest. \
                  **learning rate 0.001, batches of 50:** mean validation accuracy 0.5010 (none) and 0.5010 (batch).";
    assert!(page.contains(second), "{page}");
    let against = made_up::changed(
        &study.config,
        &[(
            "\"heat_map(batch_size, learning_rate)\", \"accuracy_against(norm)\"",
            "\"accuracy_against(norm)\"",
        )],
    );
    let page = self::page(&Study { config: against, ..study });
    let first = "**The answer.** **learning rate 0.001, batches of 50:** mean validation accuracy 0.5010 (none) and 0.5010 (batch).";
    assert!(
        page.contains(first) && page.contains("By validation accuracy after the last epoch, of 6"),
        "{page}"
    );
}

/// Arms of equal means are the best together, and no arm is the best where all runs diverged.
#[test]
fn of_equal_means_none_is_the_best_alone() {
    let mut study = study(3);
    study.runs.iter_mut().for_each(|row| row.val_accuracy = Some(0.5));
    let equal = "the best learning rate is 0.001, 0.01 or 0.1 at batch size 50 and 0.001, 0.01 or 0.1 at batch size 100.";
    assert!(page(&study).contains(equal), "{}", page(&study));
    study.runs.iter_mut().for_each(diverge);
    let page = page(&study);
    assert!(!page.contains("Framed") && !page.contains("Shades go from"), "{page}");
    assert!(page.contains("diverged"), "{page}");
}

/// The best is chosen by validation alone, and compared on the test images.
#[test]
fn each_is_shown_at_its_best_value() {
    let mut study = study(10);
    for row in of_largest_rate(&mut study) {
        diverge(row);
    }
    // On the test images the middle rate is best with batch norm too, which the choice must not see.
    for row in &mut study.runs {
        if row.key.arm.learning_rate() == 0.01 {
            row.test_accuracy = row.test_accuracy.map(|accuracy| accuracy + 0.2);
        }
    }
    let page = page(&study);
    for sentence in [
        "## Each at its best learning rate",
        "| no norm, batches of 50 | 0.01 | 0.6045 ± 0.0030 | 0.7045 ± 0.0030 |",
        "| batch norm, batches of 50 | 0.1 (at the edge) | 0.7045 ± 0.0030 | 0.6045 ± 0.0030 | −0.1000 (−0.1000 to \
         −0.1000; p 0.004)<br>against no norm, batches of 50 |",
        "against no norm, batches of 100",
        "*At the edge*",
    ] {
        assert!(page.contains(sentence), "{sentence}\n{page}");
    }
    let text = study.config.to_toml();
    assert!(text.contains("best_over = \"learning_rate\"\n"), "{text}");
    // Where the axis is not compared any more, nothing is asked of it.
    let mut file = study.config.file.clone();
    file.set(crate::axis::axis("learning_rate").unwrap(), vec!["0.01".to_owned()]);
    let one = StudyConfig::new(file, trainer::dataset::DataSet::FashionMnist).unwrap();
    assert_eq!(one.file.report.best_over, None);
    assert_eq!(
        one.file.report.figures,
        ["accuracy_against(norm)", "steps_to_accuracy", "split_seeds"]
    );
}

/// A combination without its baseline keeps the colours of the legend; a value of which all runs diverged is
/// best of nothing; the edge is that of what the combination tried.
#[test]
fn left_out_and_diverged_arms_change_neither_colours_nor_what_is_best() {
    let text = "norm = [\"none\", \"batch\"]\ntrains = [\"all\", \"norm-only\"]\nlearning_rate = [0.001, 0.01, 0.1]";
    let rest = "seeds = 10\n[report]\nfigures = [\"accuracy_against(learning_rate)\"]\n\
                best_over = \"learning_rate\"\n[[leave_out]]\nnorm = \"none\"\ntrains = \"norm-only\"\n\
                [[leave_out]]\ntrains = \"norm-only\"\nlearning_rate = 0.001";
    let mut study = made_up::study(made_up::config_from(text, "epochs = 1", rest));
    for row in &mut study.runs {
        let accuracy = accuracy(row);
        row.val_accuracy = Some(accuracy);
        if row.key.arm.learning_rate() != 0.01 {
            diverge(row);
        }
    }
    let caption = caption(&study, "accuracy_against_learning_rate");
    let best = "**batch norm, only γ and β trained:** the highest mean validation accuracy is 0.6045, at learning rate 0.01.";
    assert!(caption.contains(best), "{caption}");
    // The second panel has batch norm alone, whose mean is a dot in the colour of the legend.
    let svg = svg(&study, "accuracy_against_learning_rate");
    let blue = svg.matches("fill=\"#0072B2\"").count();
    let vermillion = svg.matches("fill=\"#D55E00\"").count();
    assert!(blue > vermillion && vermillion > 0, "{blue} {vermillion}");
    let page = page(&study);
    assert!(
        page.contains("| batch norm, only γ and β trained | 0.01 (at the edge) | 0.6045"),
        "{page}"
    );
    assert!(page.contains("| no norm, all trained | 0.01 | 0.6045"), "{page}");
}
