//! Reports of made-up studies.

use std::collections::BTreeMap;

use plotters::style::IntoFont;

use super::*;
use crate::arm::Arm;
use crate::discussion::Discussion;
use crate::made_up;
use crate::source::Source;
use crate::tables::{RunKey, RunState};
use trainer::network::{Norm, preset};

/// The files of a report by their names.
fn rendered(study: &Study) -> BTreeMap<String, Vec<u8>> {
    let files = render(study).unwrap();
    files.into_iter().map(|(path, bytes)| (path.to_str().unwrap().to_owned(), bytes)).collect()
}

fn text(files: &BTreeMap<String, Vec<u8>>, name: &str) -> String {
    String::from_utf8(files[name].clone()).unwrap()
}

/// The report without its line breaks.
fn unwrapped(files: &BTreeMap<String, Vec<u8>>) -> String {
    text(files, "README.md").split_whitespace().collect::<Vec<_>>().join(" ")
}

const SYNTHETIC: [(&str, &str); 1] = [("\"fashion-mnist\"", "\"synthetic\"")];

fn fashion_mnist() -> Study {
    made_up::study(made_up::config())
}

fn synthetic() -> Study {
    made_up::study(made_up::changed(&made_up::config(), &SYNTHETIC))
}

/// As small as a study can be: one seed, one head, one epoch, and a first look at that.
fn smallest() -> Study {
    let config = made_up::config_from("norm = [\"none\", \"batch\"]", "epochs = 1", "seeds = [3]");
    made_up::study(made_up::changed(&config, &[("[compare]", "quick = true\n[compare]")]))
}

#[test]
fn the_report_of_a_study_on_fashion_mnist() {
    let files = rendered(&fashion_mnist());
    insta::assert_snapshot!("fashion_mnist", text(&files, "README.md"));
    insta::assert_snapshot!("fashion_mnist_summary", text(&files, "summary.csv"));
}

#[test]
fn the_report_of_a_study_on_the_built_in_set_shows_no_published_figure() {
    let files = rendered(&synthetic());
    let report = text(&files, "README.md");
    for file in ["README.md", "index.html", "summary.csv", "figures/validation_accuracy.svg"] {
        let text = text(&files, file);
        for published in ["0.6652", "0.665166", "0.7962", "0.796166", "0.8440,"] {
            assert!(!text.contains(published), "{file} shows {published}");
        }
    }
    assert!(!text(&files, "figures/validation_accuracy.svg").contains("published"));
    insta::assert_snapshot!("synthetic", report);
}

#[test]
fn the_report_of_a_quick_look_with_one_seed() {
    insta::assert_snapshot!("smallest", text(&rendered(&smallest()), "README.md"));
}

#[test]
fn what_the_paper_found_stands_beside_the_answer() {
    let paper =
        "[paper]\ncitation = \"Nobody, \\\"Nothing\\\", 2018\"\nfound = \"Nothing at all.\"\n";
    let config =
        made_up::config_from("norm = [\"none\", \"batch\"]", "", &format!("seeds = 2\n{paper}"));
    let study = made_up::study(config);
    let report = unwrapped(&rendered(&study));
    let found = "**What the paper found.** Nothing at all. (Nobody, \"Nothing\", 2018)";
    assert!(report.contains(found), "{report}");
    let gallery = gallery(&[("one".to_owned(), study)]).unwrap();
    let page = String::from_utf8(gallery[1].1.clone()).unwrap();
    assert!(page.split_whitespace().collect::<Vec<_>>().join(" ").contains(found), "{page}");
}

/// No sentence praises batch norm when the tables do not.
#[test]
fn the_report_says_what_the_tables_say_whichever_way() {
    let mut study = fashion_mnist();
    let turn = |arm: &mut Arm| {
        let (one, other) = (&preset::SIMPLE_NETWORK, &preset::SPATIAL_BATCH_NORM_NETWORK);
        let turned = if *arm.network() == one.config { other } else { one };
        arm.run.network = turned.config.clone();
    };
    study.runs.iter_mut().for_each(|row| turn(&mut row.key.arm));
    study.epochs.iter_mut().for_each(|row| turn(&mut row.key.arm));
    study.steps.iter_mut().for_each(|row| turn(&mut row.key.arm));
    let report = unwrapped(&rendered(&study));
    for sentence in [
        "batch norm is behind no norm by 0.0",
        "lower by 0.0524",
        "With batch norm accuracy was higher after none of the 4 epochs of all seeds",
        "The final training accuracy with no norm is not reached with batch norm within 1,920 steps",
        "| batch norm less no norm (head frozen) | −0.0524",
    ] {
        assert!(report.contains(sentence), "{sentence}\n{report}");
    }
    assert!(!report.contains("times fewer") && !report.contains("times as many"));
}

#[test]
fn a_study_with_holes_and_other_networks_has_a_report() {
    let networks =
        [&preset::DROPOUT_NETWORK, &preset::FULLY_CONNECTED_NETWORK, &preset::BATCH_NORM_NETWORK];
    let config = made_up::config_of(&networks);
    let config = made_up::changed(&config, &[("batch_size = 50", "batch_size = 100")]);
    let mut study = made_up::study(config);
    let is_left_out =
        |key: &RunKey| *key.arm.network() == preset::BATCH_NORM_NETWORK.config && key.seed == 1;
    study.runs.retain(|row| !is_left_out(&row.key));
    study.epochs.retain(|row| !is_left_out(&row.key));
    study.optional.activations.clear();
    study.optional.batch_norm.clear();
    study.confusion.clear();
    study.grade.clear();
    let files = rendered(&study);
    let report = unwrapped(&files);
    assert!(report.contains("5 of 6 runs"), "{report}");
    assert!(report.contains("**The answer, of 5 of 6 runs.**"), "{report}");
    assert!(report.contains("| BatchNormNetwork | 2 | 1 |"), "{report}");
    for left_out in ["batch_norm_parameters", "activation_percentiles", "confusion_matrix"] {
        assert!(!files.contains_key(&format!("figures/{left_out}.svg")));
        assert!(!report.contains(&format!("figures/{left_out}")), "{left_out}");
    }
    let alone = made_up::study(made_up::config_of(&[&preset::SIMPLE_NETWORK]));
    let report = unwrapped(&rendered(&alone));
    assert!(report.contains("SimpleNetwork"), "{report}");
}

#[test]
fn figures_are_the_same_each_time_and_say_what_they_show() {
    let (once, twice) = (rendered(&fashion_mnist()), rendered(&fashion_mnist()));
    assert_eq!(once, twice);
    for (name, texts) in [
        ("validation_accuracy", ["no norm", "all trained", "published", "each of 2 seeds"]),
        ("validation_loss", ["batch norm", "nats", "epoch", "head frozen"]),
        ("training_loss", ["no norm", "nats", "training steps", "each seed"]),
        ("accuracy_by_step", ["no norm", "batch norm", "training steps", "head frozen"]),
        ("batch_norm_parameters", ["γ", "β", "running mean", "running variance"]),
        ("activation_percentiles", ["15th", "into the ReLU", "into batch norm", "block 2"]),
        ("confusion_matrix", ["Ankle boot", "taken for", "all trained", "52"]),
    ] {
        let svg = text(&once, &format!("figures/{name}.svg"));
        for text in texts.into_iter().chain(["Fashion-MNIST"]) {
            assert!(svg.contains(text), "{name}: {text}");
        }
        assert!(once[&format!("figures/{name}.png")].starts_with(b"\x89PNG"));
    }
    let synthetic = rendered(&synthetic());
    let smallest = rendered(&smallest());
    for (name, bytes) in synthetic.iter().filter(|(name, _)| name.ends_with(".svg")) {
        let drawing = String::from_utf8(bytes.clone()).unwrap();
        if name != "figures/normalized_axes.svg" {
            assert!(drawing.contains("Built-in synthetic garments"), "{name}");
            assert!(text(&smallest, name).contains("quick look"), "{name}");
        }
    }
}

#[test]
fn the_page_needs_nothing_else() {
    let files = rendered(&fashion_mnist());
    let page = text(&files, "index.html");
    assert_eq!(page.matches("<svg role=\"img\" aria-label=\"").count(), 8);
    for outside in ["<script src", "<link", "<img", "src=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    for (open, close) in [("<figure ", "</figure>"), ("<table>", "</table>"), ("<li>", "</li>")] {
        assert!(page.contains(open));
        assert_eq!(page.matches(open).count(), page.matches(close).count(), "{open}");
    }
    assert!(page.contains("<title>With and without batch norm: Fashion-MNIST</title>"));
    assert!(page.contains("name=\"viewport\""));
}

/// What the tables hold is what the report is made of: read back, they give the same files.
#[test]
fn a_report_made_again_from_the_tables_is_the_same() {
    for study in [fashion_mnist(), smallest()] {
        let folder = tempfile::tempdir().unwrap();
        for (file, bytes) in study.files().unwrap() {
            fs::write(folder.path().join(file), bytes).unwrap();
        }
        assert_eq!(rendered(&Study::read(folder.path()).unwrap()), rendered(&study));
    }
}

#[test]
fn studies_are_found_below_folders_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let folders = [folder.path().to_path_buf(), folder.path().join("nowhere")];
    let none = studies_below(&folders).unwrap_err().to_string();
    assert!(none.contains("found no folder with a study.toml"), "{none}");
    for name in ["synthetic", "fashion-mnist/quick", "fashion-mnist"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join(CONFIG_FILE), "").unwrap();
    }
    fs::create_dir_all(folder.path().join("other")).unwrap();
    let found = studies_below(&folders).unwrap();
    let names: Vec<_> = found
        .iter()
        .map(|path| path.strip_prefix(folder.path()).unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, ["fashion-mnist", "fashion-mnist/quick", "synthetic"]);
}

/// `StudyFolder` removes exactly the files of this list, and refuses to overwrite others.
#[test]
fn every_figure_drawn_is_listed_and_every_one_listed_is_drawn() {
    // As many seeds as the figure of profiles needs.
    let config = made_up::changed(&made_up::config(), &[("seeds = \"2\"", "seeds = \"10\"")]);
    let files = rendered(&made_up::study(config));
    let mut drawn: Vec<_> = files.keys().filter(|file| file.starts_with("figures/")).collect();
    let mut listed: Vec<_> = figures::files(&made_up::config())
        .map(|file| file.to_str().unwrap().replace('\\', "/"))
        .collect();
    drawn.sort();
    listed.sort();
    assert!(listed.iter().eq(drawn));
}

/// A figure of one panel is the narrowest, and a quick look at the built-in set has the longest
/// titles.
#[test]
fn every_title_fits() {
    let synthetic = made_up::study(made_up::changed(&smallest().config, &SYNTHETIC));
    for study in [fashion_mnist(), smallest(), synthetic] {
        for (name, bytes) in rendered(&study).iter().filter(|(name, _)| name.ends_with(".svg")) {
            let svg = std::str::from_utf8(bytes).unwrap();
            let attribute = |text: &str, name: &str| -> f64 {
                text.split_once(&format!("{name}=\""))
                    .unwrap()
                    .1
                    .split('"')
                    .next()
                    .unwrap()
                    .parse()
                    .unwrap()
            };
            let (of_text, rest) = svg.split_once("<text ").unwrap().1.split_once('>').unwrap();
            let title = rest.split_once("</text>").unwrap().0.trim();
            // plotters writes sizes in units of which 1.24 make the size that it measures by.
            let size = attribute(of_text, " font-size") * 1.24;
            let font = (plots::FONT_FAMILY, size).into_font();
            let right = attribute(of_text, "x") + f64::from(font.box_size(title).unwrap().0);
            assert!(right <= attribute(svg, " width"), "{name}: {title} ends at {right}");
        }
    }
}

/// A study that compares more than networks and heads has a panel per combination, a column and a
/// word for each.
#[test]
fn a_study_of_learning_rates_has_a_panel_for_each() {
    let config = made_up::config_from(
        "norm = [\"none\", \"batch\"]\nlearning_rate = [1e-4, 1e-3, 1e-2]",
        "trains = \"all\"\nepochs = 2",
        "",
    );
    let study = made_up::study(config);
    let files = rendered(&study);
    let report = unwrapped(&files);
    for sentence in [
        "12 runs of 2 epochs of 960 steps of 50 images",
        "The optimiser is Adam with learning rate 0.0001, 0.001 and 0.01.",
        "**Learning rate 0.01:** with batch norm the validation accuracy is",
    ] {
        assert!(report.contains(sentence), "{sentence}\n{report}");
    }
    let summary = text(&files, "summary.csv");
    assert!(summary.starts_with("norm,learning_rate,epoch,seeds,"), "{summary}");
    assert!(summary.contains("\nnone,0.001,2,2,"), "{summary}");
    let folder = tempfile::tempdir().unwrap();
    for (file, bytes) in study.files().unwrap() {
        fs::write(folder.path().join(file), bytes).unwrap();
    }
    assert_eq!(Study::read(folder.path()).unwrap(), study);
    let svg = text(&files, "figures/training_loss.svg");
    assert!(svg.contains("learning rate 0.0001"));
}

/// A report says of no network that it was trained in a way that was left out.
#[test]
fn a_study_that_leaves_combinations_out_says_so() {
    let text = |left_out: &str| {
        let config = made_up::config_from(
            "norm = [\"none\", \"batch\"]\ntrains = [\"all\", \"head-only\"]",
            "epochs = 2",
            &format!("seeds = 2\n{left_out}"),
        );
        unwrapped(&rendered(&made_up::study(config)))
    };
    let both = "SimpleNetwork and SpatialBatchNormNetwork";
    let with = "with all trained and only the head trained, for";
    assert!(text("").contains(&format!("{both}, each {with}")), "{}", text(""));
    let some = text("[[leave_out]]\nnorm = \"none\"\ntrains = \"head-only\"");
    assert!(some.contains(&format!("{both}, not in every combination, {with}")), "{some}");
}

#[test]
fn a_study_that_leaves_batch_sizes_out_says_so() {
    let text = |trains: &str, left_out: &str| {
        let config = made_up::config_from(
            &format!("norm = [\"none\", \"batch\"]\nbatch_size = [50, 100]\ntrains = [{trains}]"),
            "",
            &format!("seeds = 2\n[[leave_out]]\nnorm = \"none\"\n{left_out}"),
        );
        unwrapped(&rendered(&made_up::study(config)))
    };
    let networks = "SimpleNetwork and SpatialBatchNormNetwork, not";
    let sizes = text("\"all\"", "batch_size = 100");
    let told = format!("{networks} each with every batch size, with all layers trained");
    assert!(sizes.contains(&told), "{sizes}");
    let two = "\"all\", \"head-only\"";
    for left_out in [
        "batch_size = 100\ntrains = \"head-only\"",
        "batch_size = 100\n[[leave_out]]\nnorm = \"none\"\ntrains = \"head-only\"",
    ] {
        let some = text(two, left_out);
        assert!(some.contains(&format!("{networks} in every combination, with")), "{some}");
    }
}

/// A training that is evaluated in two ways is two runs of each seed.
#[test]
fn trainings_are_counted_where_they_are_fewer_than_runs() {
    let text = |compared: &str| {
        let config = made_up::config_from(compared, "norm = \"batch\"\ntrains = \"all\"", "");
        unwrapped(&rendered(&made_up::study(config)))
    };
    let ways = "statistics = [\"running\", \"population\"]\nlearning_rate = [0.001, 0.002]";
    let told = "8 runs (4 trainings, evaluated in several ways) of ";
    assert!(text(ways).contains(told), "{}", text(ways));
    let rates = "learning_rate = [0.001, 0.002]";
    assert!(text(rates).contains(": 4 runs of "), "{}", text(rates));
}

/// Each arm has the steps of its own batch size and its own epochs.
#[test]
fn a_study_of_batch_sizes_and_epochs_says_the_steps_of_each() {
    let config = made_up::config_from(
        "norm = [\"none\", \"batch\"]\nepochs = [3, 5]\nbatch_size = [50, 100]",
        "training_images = 2000",
        "",
    );
    let study = made_up::study(config);
    let files = rendered(&study);
    let report = unwrapped(&files);
    for sentence in [
        "16 runs of 3 or 5 epochs, each of 40 steps of 50 images or 20 steps of 100 images.",
        "averaged over windows of 2 steps (batches of 50) or 1 step (batches of 100)",
        "A run has 3 or 5 epochs of training; what comes after that is not known.",
    ] {
        assert!(report.contains(sentence), "{sentence}\n{report}");
    }
    let folder = tempfile::tempdir().unwrap();
    for (file, bytes) in study.files().unwrap() {
        fs::write(folder.path().join(file), bytes).unwrap();
    }
    assert_eq!(Study::read(folder.path()).unwrap(), study);
}

/// Where a seed changes one source alone, its spread is told, and no mean is held against another.
#[test]
fn a_study_of_what_seeds_change_tells_the_spread_of_each_source() {
    let compare = "norm = [\"none\", \"batch\"]\nvary = [\"weights\", \"order\"]";
    let mut study = made_up::study(made_up::config_from(compare, "", "seeds = 2"));
    for (at, row) in study.runs.iter_mut().enumerate() {
        // Of each arm two seeds 0.02 apart with weights, and 0.04 with order: std √2 times half of it.
        let apart = if row.key.arm.vary == [Source::Weights] { 0.02 } else { 0.04 };
        row.val_accuracy = Some(0.5 + 0.01 * at as f64);
        if row.key.seed == 1 {
            row.val_accuracy = Some(0.5 + 0.01 * (at as f64 - 1.0) + apart);
        }
    }
    let report = unwrapped(&rendered(&study));
    for line in [
        "| the initial weights | 0.0141 | 2 | 2 |",
        "| the order of the images | 0.0283 | 2 | 2 |",
        "What a seed changes differs between the arms, as they say.",
    ] {
        assert!(report.contains(line), "{line}\n{report}");
    }
    let alone = made_up::study(made_up::config_from("vary = [\"weights\", \"order\"]", "", ""));
    let report = unwrapped(&rendered(&alone));
    assert!(report.contains("Spread by source") && !report.contains("The answer"), "{report}");
}

#[test]
fn the_gallery_has_question_picture_and_answer_of_each_study() {
    let mut discussed = fashion_mnist();
    discussed.discussion = Discussion::Of(["It is so.", "And more."].map(str::to_owned).to_vec());
    let studies = [("a".to_owned(), discussed), ("b".to_owned(), synthetic())];
    let files: BTreeMap<_, _> = gallery(&studies).unwrap().into_iter().collect();
    let page = String::from_utf8(files[Path::new("index.html")].clone()).unwrap();
    assert!(
        page.contains("<a href=\"b/index.html\">")
            && page.contains("a/figures/validation_accuracy.svg")
    );
    let text = String::from_utf8(files[Path::new("README.md")].clone()).unwrap();
    assert!(text.contains("**Discussion.** It is so. (More in the report.)\n"), "{text}");
    insta::assert_snapshot!("gallery", text);
}

/// Ten pairs whose differences point both ways alike: the means differ, and no test tells them apart.
#[test]
fn what_no_test_tells_apart_is_not_said_to_be_ahead() {
    let config = made_up::config_from("norm = [\"none\", \"batch\"]", "", "seeds = 10");
    let mut study = made_up::study(config);
    for row in &mut study.runs {
        let sign = if row.key.seed.is_multiple_of(2) { 1.0 } else { -1.0 };
        let batch = row.key.arm == study.config.arms()[1];
        row.val_accuracy = Some(0.5 + if batch { 0.001 + 0.01 * sign } else { 0.0 });
    }
    let report = unwrapped(&rendered(&study));
    assert!(
        report.contains(
            "batch norm and no norm are not told apart by the sign-flip test (mean difference +0.0010; p "
        ),
        "{report}"
    );
    assert!(!report.contains("batch norm is ahead of no norm"), "{report}");
}

/// With one learning rate of four the difference is large, but of either sign.
#[test]
fn the_largest_difference_says_if_no_test_tells_it_apart() {
    let config = made_up::config_from(
        "norm = [\"none\", \"batch\"]\nlearning_rate = [0.001, 0.01, 0.1, 1]",
        "trains = \"all\"",
        "seeds = 10",
    );
    let report = |spread: f64, others: f64| {
        let mut study = made_up::study(config.clone());
        for row in &mut study.runs {
            let arm = &row.key.arm;
            let sign = if row.key.seed.is_multiple_of(2) { 1.0 } else { -1.0 };
            let gain = match (arm.network().norm, arm.learning_rate() == 1.0) {
                (Norm::None, _) => 0.0,
                (_, false) => others,
                (_, true) => 0.05 + spread * sign,
            };
            row.val_accuracy = Some(0.5 + gain);
        }
        unwrapped(&rendered(&study))
    };
    let largest =
        "the largest difference is +0.0500, of batch norm against no norm (learning rate 1.0";
    let (unclear, clear) = (report(0.3, 0.01), report(0.0, 0.01));
    assert!(unclear.contains(&format!("{largest}; not told apart; p 0.")), "{unclear}");
    assert!(clear.contains(&format!("{largest}).")), "{clear}");
    // Where none is told apart, Holm's method takes p four times.
    let none = report(0.3, 0.0);
    assert!(none.contains(&format!("{largest}; not told apart; Holm's p 1.000)")), "{none}");
}

/// Networks of the same layers are shown once, and of many networks four.
#[test]
fn a_report_says_how_many_networks_it_shows() {
    for (axis, tables, told) in [
        (
            "initial_scale = [0.01, 0.1, 1, 3]",
            2,
            "2 of the 8 networks are shown; others have the layers of one of these. ",
        ),
        ("network = [\"simple\", \"fully-connected\"]", 4, ""),
        ("depth = [1, 2, 3]", 4, "4 of the 6 networks are shown. "),
    ] {
        let config = made_up::config_from(
            &format!("{axis}\nnorm = [\"none\", \"batch\"]"),
            "trains = \"all\"",
            "",
        );
        let report = unwrapped(&rendered(&made_up::study(config)));
        assert_eq!(report.matches("| in PyTorch |").count(), tables, "{report}");
        let sentence =
            format!("{told}[`networks.py`](networks.py) has a class of PyTorch for each network,");
        assert!(report.contains(&sentence), "{report}");
        assert_eq!(report.contains("networks are shown"), !told.is_empty(), "{report}");
    }
}

/// An axis of steps has about six ticks, so lines of many epochs are left out.
#[test]
fn lines_of_epochs_are_told_as_they_are_drawn() {
    for (epochs, expected) in [
        (1, ""),
        (6, "Vertical lines: ends of epochs."),
        (10, "Vertical lines: every 2 epochs."),
        (13, "Vertical lines: every 3 epochs."),
    ] {
        let fixed = format!("trains = \"all\"\nepochs = {epochs}");
        let config = made_up::config_from("norm = [\"none\", \"batch\"]", &fixed, "");
        let report = unwrapped(&rendered(&made_up::study(config)));
        assert_eq!(report.contains("Vertical lines"), !expected.is_empty(), "{epochs}");
        assert!(report.contains(expected), "{epochs}: {report}");
    }
}

/// Two arms against a baseline of which nothing is left.
#[test]
fn a_lost_baseline_is_told_once() {
    let config = made_up::config_from("norm = [\"none\", \"batch\", \"layer\"]", "", "seeds = 10");
    let mut study = made_up::study(config);
    let baseline = study.config.arms()[0].clone();
    for row in study.runs.iter_mut().filter(|row| row.key.arm == baseline) {
        row.state = RunState::Diverged;
        (row.train_loss, row.val_loss, row.val_accuracy) = (None, None, None);
        (row.test_loss, row.test_accuracy) = (None, None);
    }
    let report = unwrapped(&rendered(&study));
    let answer = "**The answer.** By validation accuracy after the last epoch, all runs with no norm diverged.";
    assert!(report.contains(answer), "{report}");
}

/// Arms with other numbers of steps share a panel, which is as long as the longest.
#[test]
fn a_panel_is_as_long_as_its_longest_arm_and_has_epochs_where_they_end_alike() {
    for (axis, expected, has_epochs) in
        [("epochs = [1, 3]", ">2,880<", true), ("batch_size = [100, 50]", ">800<", false)]
    {
        let fixed = if has_epochs { "trains = \"all\"" } else { "epochs = 1" };
        let files = rendered(&made_up::study(made_up::config_from(axis, fixed, "")));
        let figure =
            text(&files, "figures/training_loss.svg").split_whitespace().collect::<String>();
        let report = unwrapped(&files);
        assert_eq!(report.contains("Vertical lines: ends of epochs."), has_epochs, "{axis}");
        assert!(figure.contains(expected), "{axis}: {figure}");
    }
}

/// Of ten seeds five are there for one arm and three for the other.
#[test]
fn a_report_of_a_part_says_how_many_seeds_there_are() {
    let config = made_up::config_from("norm = [\"none\", \"batch\"]", "", "seeds = 10");
    let mut study = made_up::study(config.clone());
    let is_there = |key: &RunKey| key.seed < if key.arm == config.arms()[0] { 5 } else { 3 };
    study.runs.retain(|row| is_there(&row.key));
    study.epochs.retain(|row| is_there(&row.key));
    study.steps.retain(|row| is_there(&row.key));
    let report = unwrapped(&rendered(&study));
    for sentence in [
        "8 of 20 runs",
        "± is the standard deviation over 3 to 5 seeds (ddof 1).",
        "over the 3 seeds that both have",
        "3 pairs of runs are too few for a test.",
        "Lines: mean over 3 to 5 seeds;",
    ] {
        assert!(report.contains(sentence), "{sentence}\n{report}");
    }
    assert!(!report.contains("10 seeds"), "{report}");
}
