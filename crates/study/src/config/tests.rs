//! Studies from files, and what follows from them.

use super::*;
use crate::axis::{NETWORK, axis};
use crate::made_up::config_from;

fn read(text: &str) -> Result<StudyConfig, String> {
    StudyConfig::read(&format!("[fixed]\ndata_set = \"fashion-mnist\"\n{text}"))
}

#[test]
fn a_file_that_says_nothing_is_the_notebooks_training() {
    let config = read("").unwrap();
    let [arm] = config.arms() else { panic!("{:?}", config.arms()) };
    assert_eq!((arm.training_images, arm.batch_size(), arm.run.epochs), (48_000, 50, 5));
    assert_eq!((arm.learning_rate(), arm.steps()), (5e-4, 4_800));
    assert_eq!((config.validation_images, config.test_images), (12_000, 10_000));
    assert_eq!(config.seeds(), [0, 1, 2]);
    assert_eq!(StudyConfig::read(&config.to_toml()).unwrap(), config);
}

#[test]
fn every_shipped_study_reads_and_says_the_same_with_all_values() {
    for study in crate::shipped::SHIPPED {
        let file = study_file::read(study.text, &Arm::any().unwrap()).unwrap();
        for quick in [false, true] {
            let mut file = file.clone();
            if quick {
                file.look_quickly();
            }
            let config = StudyConfig::new(file, DataSet::Synthetic).unwrap();
            assert_eq!(StudyConfig::read(&config.to_toml()).unwrap(), config, "{}", study.name);
        }
    }
}

#[test]
fn a_change_takes_the_place_of_what_it_changes() {
    let text = "[compare]\nnorm = [\"none\", \"batch\"]\nlearning_rate = [1e-3, 1e-2]\n\
        [report]\nfigures = [\"accuracy_against(learning_rate)\", \"training_loss\"]\n";
    let mut file = study_file::read(text, &Arm::any().unwrap()).unwrap();
    // A figure against an axis that is not compared any more goes with it.
    file.set(axis("learning_rate").unwrap(), vec!["0.1".to_owned()]);
    let config = StudyConfig::new(file.clone(), DataSet::FashionMnist).unwrap();
    assert_eq!(config.file.report.figures, ["training_loss"]);
    assert_eq!(StudyConfig::read(&config.to_toml()).unwrap(), config);
    // Networks take the place of the norm, by which arms were compared.
    file.set(NETWORK, ["simple", "batch-norm"].map(str::to_owned).to_vec());
    file.set(axis("epochs").unwrap(), ["1", "2"].map(str::to_owned).to_vec());
    let config = StudyConfig::new(file, DataSet::FashionMnist).unwrap();
    let compared: Vec<_> = config.compared().map(|axis| axis.key).collect();
    assert_eq!(compared, ["network", "epochs"]);
    let groups = config.groups();
    assert_eq!(groups[1], [&config.arms()[1], &config.arms()[3]].map(Clone::clone));
    // Norms of another network take its place in turn.
    let mut file = config.file.clone();
    file.set(NETWORK, vec!["linear-100-100_relu".to_owned()]);
    file.set(axis("norm").unwrap(), ["batch", "none"].map(str::to_owned).to_vec());
    let config = StudyConfig::new(file, DataSet::FashionMnist).unwrap();
    let compared: Vec<_> = config.compared().map(|axis| axis.key).collect();
    assert_eq!(compared, ["norm", "epochs"]);
}

/// The text of a network has its norm in it, so arms pair by their places, not by texts.
#[test]
fn norms_and_networks_can_be_compared_together() {
    let compare = "norm = [\"none\", \"batch\"]\nnetwork = [\"simple\", \"fully-connected\"]";
    let config = config_from(compare, "trains = \"all\"", "");
    assert_eq!(config.groups()[1][0].network().to_string(), "fully_connected_network");
    let labels: Vec<_> = config.arms().iter().map(|arm| config.label(arm)).collect();
    assert_eq!(labels[1], "no norm, FullyConnectedNetwork");
    let last = config.values(&config.arms()[3]);
    let last: Vec<_> = last.into_iter().map(|(axis, value)| (axis.key, value)).collect();
    assert_eq!(last, [("norm", "batch"), ("network", "fully_connected_network")]);
}

#[test]
fn a_quick_look_limits_what_is_more_and_keeps_what_is_less() {
    let text = "quick = true\n[compare]\nepochs = [5, 1, 8]\n[fixed]\ntest_images = 10\n\
        training_images = 100\ndata_set = \"synthetic\"\n";
    let config = StudyConfig::read(text).unwrap();
    assert_eq!(config.each(|arm| arm.run.epochs), [3, 1]);
    assert_eq!((config.validation_images, config.test_images), (1_000, 10));
    assert_eq!(config.each(|arm| arm.training_images), [100]);
}

#[test]
fn what_says_nothing_is_refused() {
    for (text, expected) in [
        ("[repeat]\nvary = []", "vary: found nothing for several seeds"),
        (
            "test_images = 0\n[report]\nprimary = \"test accuracy after the last epoch\"",
            "test_images: found 0",
        ),
        (
            "network = \"batch-norm\"\n[compare]\ntrains = [\"head-frozen\", \"all\"]",
            "which come out the same",
        ),
        ("validation_images = 12001", "validation_images: found 12001, expected 1 to 12000"),
        ("norm = \"group(5)\"", "line 3: fixed.norm: conv-16-32_group-norm-5_relu"),
        (
            "batch_size = 16\n[compare]\nnorm = [\"batch\", \"ghost(16)\"]",
            "line 5: compare.norm: found ",
        ),
        (
            "batch_size = 16\n[compare]\nnorm = [\"ghost(99)\", \"ghost(17)\"]",
            "which come out the same",
        ),
        (
            "network = \"conv-8-8_relu\"\n[compare]\nnorm = [\"instance\", \"group(8)\"]",
            "which come out the same",
        ),
        ("[compare]\ntrains = [\"all\", \"all-but-norm\"]", "which come out the same"),
        (
            "norm = \"layer\"\n[compare]\nstatistics = [\"running\", \"population\"]",
            "statistics = running and statistics = population, which come out the same",
        ),
        (
            "network = \"batch-norm\"\nbatch_size = 11\nvalidation_images = 56\nstatistics = \"batch\"",
            "found 11 with 56 images to evaluate",
        ),
        (
            "network = \"batch-norm\"\nbatch_size = 11\ntest_images = 56\nstatistics = \"batch\"",
            "found 11 with 56 images to evaluate",
        ),
    ] {
        let message = read(text).unwrap_err();
        assert!(message.contains(expected), "{message}");
    }
    for text in [
        "[repeat]\nseeds = [4]\nvary = []",
        "batch_size = 16\n[compare]\nnorm = [\"batch\", \"ghost(15)\"]",
        "[compare]\nnorm = [\"instance\", \"group(16)\"]",
        "norm = \"ghost(10)\"\n[compare]\nstatistics = [\"running\", \"population\", \"batch\"]",
        "batch_size = 11\nvalidation_images = 56\nnorm = \"batch\"\nstatistics = \"batch\"",
    ] {
        assert!(read(text).is_ok(), "{text}: {:?}", read(text));
    }
}

/// A fault that shows only beside other values has the line of its key, as long as the value is the file's.
#[test]
fn a_fault_of_the_whole_study_has_a_line_too() {
    for (text, expected) in [
        (
            "batch_size = 99\ntraining_images = 98",
            "line 3: fixed.batch_size: found 99, expected 1 to 98",
        ),
        ("training_images = 48001", "line 3: fixed.training_images: found 48001"),
        ("test_images = 10001", "line 3: fixed.test_images: found 10001"),
        ("[repeat]\nvary = []", "line 4: repeat.vary: found nothing"),
        ("trains = \"norm-only\"", "line 3: fixed.trains: SimpleNetwork"),
        ("depth = 6", "line 3: fixed.depth: "),
        (
            "batch_size = 47999\nnorm = \"batch\"\nnetwork = \"batch-norm\"",
            "line 3: fixed.batch_size: ",
        ),
        ("network = \"conv-16-32_group-norm-5_relu\"", "line 3: fixed.network: "),
    ] {
        let message = read(text).unwrap_err();
        assert!(message.starts_with(expected), "{message}");
    }
    let text = "[fixed]\ntraining_images = 48001\nbatch_size = 100000\n";
    let mut file = study_file::read(text, &Arm::any().unwrap()).unwrap();
    file.set(axis("training_images").unwrap(), vec!["48002".to_owned()]);
    let message = StudyConfig::new(file, DataSet::FashionMnist).unwrap_err().to_string();
    assert!(message.starts_with("training_images: found 48002"), "{message}");
}

/// With seed 0 every source gives the same run, so these are one cell.
#[test]
fn each_source_can_be_varied_by_itself() {
    let config = config_from("vary = [\"weights\", \"split+order\"]", "", "seeds = 2");
    assert_eq!(
        config.each(|arm| arm.vary.clone()),
        [vec![Source::Weights], vec![Source::Order, Source::Split]]
    );
    assert_eq!(StudyConfig::read(&config.to_toml()).unwrap(), config);
    assert!(!config.compares_arms());
    let seeds =
        |arm: &Arm, seed| (arm.seeds(seed).weights, arm.seeds(seed).order, arm.seed_of_split(seed));
    let of_arms: Vec<_> = config.arms().iter().map(|arm| seeds(arm, 1)).collect();
    assert_eq!(of_arms, [(1, 0, 0), (0, 1, 1)]);
    let cells = crate::cell::cells(&config).unwrap();
    let ids: Vec<_> = cells.iter().map(|cell| cell.id.as_str()).collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[2], ids[3]);
    let twice = read("[compare]\nvary = [\"weights\"]\n[repeat]\nvary = [\"order\"]").unwrap_err();
    assert!(twice.contains("repeat.vary: found it in both"), "{twice}");
}

/// Each arm has the images, the folder and the published figures of its own data set.
#[test]
fn data_sets_can_be_compared() {
    let text =
        "[compare]\nnorm = [\"none\", \"batch\"]\ndata_set = [\"synthetic\", \"fashion-mnist\"]\n";
    let config = StudyConfig::read(text).unwrap();
    assert_eq!(config.data_sets(), [DataSet::Synthetic, DataSet::FashionMnist]);
    assert_eq!(StudyConfig::read(&config.to_toml()).unwrap(), config);
    let folders: Vec<_> = crate::cell::cells(&config).unwrap();
    let first = |at: usize| folders[at].folder.iter().next().unwrap().to_str().unwrap().to_owned();
    assert_eq!([first(0), first(1)], ["synthetic", "fashion-mnist"]);
    let published = |at: usize| crate::published::Published::beside(&config, &config.arms()[at]);
    assert!(published(0).accuracies.is_empty() && !published(1).accuracies.is_empty());
    let labels: Vec<_> = config.arms().iter().map(|arm| config.label(arm)).collect();
    assert_eq!(labels[1], "no norm, Fashion-MNIST");
    let fault = StudyConfig::read("[fixed]\ndata_set = \"mnist\"\n").unwrap_err();
    assert!(
        fault.contains("fixed.data_set: found \"mnist\", expected fashion-mnist, synthetic"),
        "{fault}"
    );
}

/// What a seed changes is never what arms are held against each other by, wherever it stands.
#[test]
fn arms_are_compared_by_what_is_not_the_seed() {
    let one = config_from("vary = [\"weights\", \"order\"]\nnorm = [\"none\", \"batch\"]", "", "");
    assert!(one.compares_arms());
    let names = |arms: &[Arm]| arms.iter().map(|arm| one.label(arm)).collect::<Vec<_>>();
    let groups: Vec<Vec<String>> = one.groups().iter().map(|group| names(group)).collect();
    assert_eq!(
        groups,
        [
            ["no norm, weights varied", "batch norm, weights varied"],
            ["no norm, order varied", "batch norm, order varied"]
        ]
    );
}

#[test]
fn a_quick_look_has_60_of_the_smallest_batches_or_one_of_the_largest() {
    let images = |batch_sizes: &str| {
        let text = format!("[compare]\nbatch_size = {batch_sizes}");
        let mut file = study_file::read(&text, &Arm::any().unwrap()).unwrap();
        file.look_quickly();
        let config = StudyConfig::new(file, DataSet::FashionMnist).unwrap();
        config.each(|arm| arm.training_images)
    };
    assert_eq!(images("[50]"), [60 * 50]);
    assert_eq!(images("[8, 192]"), [60 * 8]);
    assert_eq!(images("[2, 256]"), [256]);
}

#[test]
fn the_learning_rate_follows_from_the_batch_size() {
    let read = |rest: &str| {
        StudyConfig::read(&format!(
            "[fixed]\ndata_set = \"fashion-mnist\"\ntrains = \"all\"\n{rest}"
        ))
    };
    let compare = "[compare]\nbatch_size = [2, 50, 200]";
    // Whichever comes first in the file.
    for fixed in [
        "learning_rate = 0.001\nrate_scaling = \"linear\"\n",
        "rate_scaling = \"linear\"\nweight_decay = 0\nlearning_rate = 0.001\noptimizer = \"adam\"\n",
    ] {
        let config = read(&format!("{fixed}{compare}")).unwrap();
        assert_eq!(config.each(Arm::learning_rate), [0.00004, 0.001, 0.004]);
        assert_eq!(config.each(Arm::base_rate), [0.001]);
        assert_eq!(StudyConfig::read(&config.to_toml()), Ok(config));
    }
    // The cell is that of the learning rate itself.
    let id = |rest: &str| {
        let config = read(rest).unwrap();
        crate::cell::cells(&config).unwrap().remove(0).id.to_string()
    };
    assert_eq!(
        id("batch_size = 200\nrate_scaling = \"square-root\"\nlearning_rate = 0.001"),
        id("batch_size = 200\nlearning_rate = 0.002")
    );
    let same = "[compare]\nrate_scaling = [\"none\", \"linear\"]";
    let error = read(same).unwrap_err();
    assert!(
        error.contains("rate_scaling = none and rate_scaling = linear, which come out the same")
    );
    let huge = "learning_rate = 1e308\nbatch_size = 500\nrate_scaling = \"linear\"";
    assert!(read(huge).unwrap_err().contains("a learning rate that stays finite"), "{huge}");
}

#[test]
fn a_value_is_chosen_of_a_compared_axis_only() {
    let read = |best_over: &str| {
        StudyConfig::read(&format!(
            "[compare]\nlearning_rate = [0.1, 0.2]\n[fixed]\ndata_set = \"fashion-mnist\"\n\
             [report]\nbest_over = {best_over}\n"
        ))
    };
    assert_eq!(
        read("\"learning_rate\"").unwrap().file.report.best_over.unwrap().key,
        "learning_rate"
    );
    for wrong in ["\"norm\"", "\"rate\"", "3", "[]"] {
        let error = read(wrong).unwrap_err();
        assert!(error.contains("line 6: report.best_over: found "), "{error}");
    }
}

#[test]
fn what_a_figure_shows_has_to_be_observed() {
    let report = "[report]\nfigures = [\"training_loss\", \"landscape\"]\n";
    let fault = StudyConfig::read(&format!(
        "[fixed]\ndata_set = \"fashion-mnist\"\nobserve = \"unit+distributions\"\n{report}"
    ));
    let fault = fault.unwrap_err();
    let expected =
        "found landscape, for which nothing is observed, expected landscape in the axis observe";
    assert!(fault.contains("figures: ") && fault.contains(expected), "{fault}");
    let observed = StudyConfig::read(&format!(
        "[fixed]\ndata_set = \"fashion-mnist\"\nobserve = \"landscape+distributions\"\n{report}"
    ));
    let observed = observed.unwrap();
    assert!(observed.to_toml().contains("observe = \"distributions+landscape\""));
    assert!(!read("").unwrap().to_toml().contains("observe"));
}

/// What is observed changes no number of a training, so that there is nothing to compare.
#[test]
fn arms_that_differ_in_what_is_observed_are_refused() {
    let fault = read("[compare]\nobserve = [\"none\", \"unit\"]\n").unwrap_err();
    assert!(fault.contains("compare.observe") && fault.contains("come out the same"), "{fault}");
}
