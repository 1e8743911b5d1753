//! What was run, on what, and everything that a run was made with: what a reviewer asks first.

use kernels::BatchNormConfig;
use trainer::dataset::DataSetEntry;
use trainer::evaluation::EvaluationStatistics;
use trainer::network::{LayerRow, NetworkConfig, Norm};
use trainer::{Observe, Trains};

use super::document::{Block, Table};
use crate::analysis::Analysis;
use crate::arm::{Arm, steps_per_window};
use crate::config::StudyConfig;
use crate::error::Result;
use crate::rate_scaling::{NOTEBOOK_BATCH_SIZE, RateScaling};
use crate::seeds;
use crate::source::Source;
use crate::text::{aside, counted, counted_either, either, listed};
use plots::thousands;

/// So many seeds are listed in a sentence.
const FEW_SEEDS: usize = 5;

/// So many networks are named, and shown layer by layer.
const MOST_NETWORKS: usize = 4;

const ALL_TRAINED: &str = "with all layers trained";

/// What was run.
///
/// # Errors
///
/// None for a study that was checked: that of a network that cannot be built.
pub(super) fn blocks(analysis: &Analysis<'_>) -> Result<Vec<Block>> {
    let mut blocks = vec![
        Block::Heading(2, "What was run".to_owned()),
        Block::Paragraph(what_was_run(analysis)),
        Block::Paragraph(on_what(analysis)),
    ];
    blocks.push(Block::Facts(held(&analysis.study.config)));
    blocks.extend(networks(&analysis.study.config)?);
    Ok(blocks)
}

/// Each network layer by layer, those of the same layers once, and at most [`MOST_NETWORKS`].
fn networks(config: &StudyConfig) -> Result<Vec<Block>> {
    let networks = config.networks();
    let (mut blocks, mut shown, mut is_repeated) = (Vec::new(), Vec::new(), false);
    for network in &networks {
        let arm = config.arms().iter().find(|arm| arm.network() == *network);
        let Some(DataSetEntry { image, class_names, .. }) = arm.map(|arm| arm.data_set().entry())
        else {
            continue;
        };
        let (image, classes) = (*image, class_names.len());
        let layers = network.architecture(image, classes)?;
        let all: usize = layers.iter().map(|layer| layer.parameters).sum();
        let row = |layer: LayerRow| {
            vec![
                layer.name,
                format!("`{}`", layer.pytorch),
                shape(&layer.output),
                thousands(layer.parameters as u64),
            ]
        };
        let header = [&*network.name(), "in PyTorch", "output of one image", "parameters"];
        let header = header.map(str::to_owned).to_vec();
        let rows: Vec<Vec<String>> = layers.into_iter().map(row).collect();
        if shown.contains(&rows) {
            is_repeated = true;
            continue;
        }
        if shown.len() == MOST_NETWORKS {
            break;
        }
        shown.push(rows.clone());
        blocks.push(Block::Heading(
            3,
            format!("{}: {} parameters", network.name(), thousands(all as u64)),
        ));
        blocks.push(Block::Table(Table { header, rows }));
    }
    let many = networks.len();
    let mut told = String::new();
    if shown.len() < many {
        let same = if is_repeated { "; others have the layers of one of these" } else { "" };
        told = format!("{} of the {many} networks are shown{same}. ", shown.len());
    }
    let each = if many == 1 { "the network" } else { "each network" };
    told.push_str(&format!(
        "[`networks.py`](networks.py) has a class of PyTorch for {each}, which loads the weights of a run."
    ));
    blocks.push(Block::Paragraph(told));
    Ok(blocks)
}

/// A shape such as `16 × 28 × 28`.
fn shape(axes: &[usize]) -> String {
    let axes: Vec<String> = axes.iter().map(usize::to_string).collect();
    axes.join(" × ")
}

/// What all runs have in common, and where it comes from.
fn held(config: &StudyConfig) -> Vec<(&'static str, String)> {
    let each = |of: &dyn Fn(&Arm) -> String| listed(&config.each(of));
    let split = match config.each(|arm| arm.vary.contains(&Source::Split)).as_slice() {
        [true] => "the seed of the run",
        [false] => "seed 0",
        _ => "the seed of the run where the split varies, and else with seed 0",
    };
    let first = if config.has_other_validation_images() {
        format!(", the first {} of them used", thousands(config.validation_images))
    } else {
        String::new()
    };
    let rest = config.notebook().training_images;
    let trained_on = match config.each(|arm| arm.training_images) {
        all if all.iter().all(|images| *images == rest) => String::new(),
        some => format!(
            "; of the {} others the first {} are trained on",
            thousands(rest),
            either(&some.into_iter().map(thousands).collect::<Vec<_>>())
        ),
    };
    let mut facts = vec![
        ("input", "pixels divided by 255, no augmentation".to_owned()),
        (
            "split",
            format!(
                "a fifth of the data set's training images for validation{first}, drawn with \
                 {split}{trained_on}"
            ),
        ),
        (
            "initial weights and biases",
            format!(
                "uniform in ±s/√(inputs of an output) with s = {}; 1 is PyTorch's default; γ = 1, β = 0",
                each(&|arm| format!("{}", arm.network().initial_scale))
            ),
        ),
        ("loss", "cross-entropy of the softmax, mean over the batch".to_owned()),
        (
            "optimiser",
            each(&|arm| {
                let optimizer = arm.run.optimizer;
                match optimizer.constants().as_str() {
                    "" => optimizer.title().to_owned(),
                    constants => format!("{} ({constants})", optimizer.title()),
                }
            }),
        ),
        (
            "learning rate",
            format!("{}, constant{}", listed(&learning_rates(config)), scaled(config)),
        ),
        ("weight decay", each(&|arm| format!("{:?}", arm.weight_decay()))),
        (
            "batch",
            format!(
                "{}; the last of an epoch may be smaller",
                each(&|arm| counted(arm.batch_size(), "image"))
            ),
        ),
        (
            "precision",
            "32 bits; sums in one order, whatever the processor and the number of threads"
                .to_owned(),
        ),
        ("written by", format!("version {} of the program", env!("CARGO_PKG_VERSION"))),
    ];
    let statistics = config.each(|arm| arm.run.statistics);
    if statistics.iter().any(|it| *it != EvaluationStatistics::Running) {
        let all = statistics.into_iter().map(statistics_in_words).collect::<Vec<_>>();
        let trained = "; arms that differ in nothing else are one training";
        facts.insert(
            facts.len() - 2,
            (
                "validation and test",
                format!("batch norm normalises with {}{trained}", all.join(", or ")),
            ),
        );
    }
    if config.arms().iter().any(|arm| arm.run.observe != Observe::default()) {
        let every = |arm: &Arm| {
            if arm.run.observe.is_nothing() {
                return "nothing".to_owned();
            }
            let what = arm.run.observe.name().replace('+', " and ");
            let steps = counted(steps_per_window(arm.steps_per_epoch()), "step");
            format!("{what}, every {steps} and in the last of each epoch")
        };
        facts.insert(facts.len() - 2, ("observed", either(&config.each(every))));
    }
    let norms = config.each(|arm| arm.network().norm);
    if norms.iter().any(|norm| *norm != Norm::None) {
        facts.insert(facts.len() - 2, ("norms", norms_in_words(&norms)));
    }
    facts
}

/// What batch norm normalises with in evaluation.
fn statistics_in_words(statistics: EvaluationStatistics) -> &'static str {
    match statistics {
        EvaluationStatistics::Running => "its running statistics",
        EvaluationStatistics::Population => {
            "population statistics (the mean and the biased variance over all training images, pooled from \
             batches of the arm's size that are each normalised by their own: precise batch norm of Wu and \
             Johnson, 2021)"
        }
        EvaluationStatistics::Batch => {
            "the mean and the biased variance of each evaluated batch, of the arm's size"
        }
    }
}

/// What norms have in common.
fn norms_in_words(norms: &[Norm]) -> String {
    let config = BatchNormConfig::pytorch();
    let (eps, momentum) = (config.eps(), config.momentum());
    let running = if norms.iter().copied().any(Norm::has_running_statistics) {
        format!(
            "; running statistics of batch norm by PyTorch's convention: r ← {}·r + {momentum}·batch \
             with the unbiased variance, from mean 0 and variance 1",
            1.0 - momentum
        )
    } else {
        String::new()
    };
    let noise = if norms.contains(&Norm::NoisyBatchNorm) {
        "; noisy batch norm makes s·y + m of an output y of batch norm in training, all of it drawn anew in \
         each step: for each channel μ from U(−0.5, 0.5) and σ from U(1, 1.25), then for each channel of each \
         image m from U(μ − 0.1, μ + 0.1) and s from N(σ, 0.1²); in evaluation there is no noise"
    } else {
        ""
    };
    format!("ε = {eps:e} within the root{running}{noise}")
}

/// How many trainings the runs are, where some are evaluated in several ways.
fn trainings(config: &StudyConfig) -> String {
    let arms = config.arms();
    let is_first = |(index, arm): &(usize, &Arm)| {
        !arms[..*index].iter().any(|earlier| earlier.shares_training_with(arm))
    };
    let trained = arms.iter().enumerate().filter(is_first).count();
    // Arms that vary in other sources share the training with seed 0.
    if trained == arms.len() || config.compares(&["vary"]) {
        return String::new();
    }
    let trainings = counted((trained * config.seeds().len()) as u64, "training");
    format!("{trainings}, evaluated in several ways")
}

/// The learning rates of the arms, to four digits where they are scaled by the batch size.
fn learning_rates(config: &StudyConfig) -> Vec<String> {
    config.each(|arm| {
        let rate = arm.learning_rate();
        let rounded = format!("{rate:.3e}").parse().unwrap_or(rate);
        let shown = if arm.rate_scaling() == RateScaling::None { rate } else { rounded };
        format!("{shown:?}")
    })
}

/// How learning rates are scaled, if they are.
fn scaled(config: &StudyConfig) -> String {
    let scalings = config.each(|arm| match arm.rate_scaling() {
        RateScaling::None => None,
        RateScaling::Linear => Some("the batch size"),
        RateScaling::SquareRoot => Some("the root of the batch size"),
    });
    let in_some = if scalings.contains(&None) { "in some arms " } else { "" };
    let by: Vec<&str> = scalings.into_iter().flatten().collect();
    if by.is_empty() {
        return String::new();
    }
    format!(
        "; {in_some}scaled by {}, from the rate for batches of {NOTEBOOK_BATCH_SIZE} images",
        either(&by)
    )
}

/// The steps of an epoch with each of the batch sizes.
fn steps_of_sizes(config: &StudyConfig) -> Vec<(u64, u64)> {
    config.each(|arm| (arm.steps_per_epoch(), arm.batch_size()))
}

fn what_was_run(analysis: &Analysis<'_>) -> String {
    let study = analysis.study;
    let config = &study.config;
    let networks: Vec<_> = config.networks().iter().map(|network| network.name()).collect();
    let named = match networks.len() {
        many if many > MOST_NETWORKS => counted(many as u64, "network"),
        _ => listed(&networks),
    };
    let trains = config.each(|arm| arm.run.trains);
    let has_head = |network: &&NetworkConfig| network.has_linear_head();
    let heads = match trains.as_slice() {
        // Without a head there is nothing to freeze.
        [Trains::HeadFrozen] if !config.networks().iter().any(has_head) => {
            format!(
                "{ALL_TRAINED} (`head-frozen` in the tables, which freezes nothing here: these networks \
                 have no separate linear head)"
            )
        }
        [Trains::HeadFrozen] if !config.networks().iter().all(has_head) => {
            "with the linear head frozen where there is one".to_owned()
        }
        [Trains::HeadFrozen] => "with the linear head frozen".to_owned(),
        [Trains::All] => ALL_TRAINED.to_owned(),
        [Trains::HeadFrozen, Trains::All] | [Trains::All, Trains::HeadFrozen] => {
            "once with the linear head frozen and once with it trained".to_owned()
        }
        some => {
            let some: Vec<String> = some.iter().map(Trains::to_string).collect();
            format!("with {}", listed(&some))
        }
    };
    let each = match networks.len() {
        0 | 1 => ",",
        _ if have_all(config, |arm| (arm.run.trains, arm.batch_size())) => ", each",
        _ if have_all(config, |arm| arm.run.trains) && !have_all(config, Arm::batch_size) => {
            ", not each with every batch size,"
        }
        _ => ", not in every combination,",
    };
    let each_seed: Vec<String> = config.seeds().iter().map(u64::to_string).collect();
    let seeds = match each_seed.as_slice() {
        [seed] => format!("seed {seed}"),
        few if few.len() <= FEW_SEEDS => format!("the seeds {}", listed(few)),
        _ => format!("the seeds {}", seeds::shown(config.seeds())),
    };
    let planned = config.arms().len() * config.seeds().len();
    let runs = match study.runs.len() {
        all if all == planned => {
            format!("{}{}", counted(planned as u64, "run"), aside(&trainings(config)))
        }
        some => format!("{some} of {}", counted(planned as u64, "run")),
    };
    let rates = learning_rates(config);
    let epochs = config.each(|arm| arm.run.epochs);
    let steps: Vec<String> = steps_of_sizes(config)
        .into_iter()
        .map(|(steps, size)| format!("{} of {size} images", counted(steps, "step")))
        .collect();
    let each_of = if steps.len() > 1 { ", each of" } else { " of" };
    let optimizers = config.each(|arm| arm.run.optimizer.title());
    let mut text = format!(
        "{named}{each} {heads}, for {seeds}: {runs} of {}{each_of} {}. The optimiser \
         is {} with learning rate {}.",
        counted_either(&epochs, "epoch"),
        either(&steps),
        either(&optimizers),
        listed(&rates),
    );
    let decays = config.each(|arm| format!("{:?}", arm.weight_decay()));
    if decays.iter().any(|decay| decay != "0.0") {
        text.push_str(&format!(" The weight decay is {}.", listed(&decays)));
    }
    if networks.len() > 1
        && !config.compares(&["data_set", "initial_scale", "training_images", "batch_size", "vary"])
    {
        text.push_str(
            " Runs of the same seed start from the same weights where they have the same \
             layers, and see the same batches in the same order.",
        );
    }
    text
}

/// Whether every network was run in each of the ways that `way` tells apart.
fn have_all<T: PartialEq>(config: &StudyConfig, way: impl Fn(&Arm) -> T) -> bool {
    let ways = config.each(&way);
    let has = |network: &NetworkConfig, wanted: &T| {
        config.arms().iter().any(|arm| arm.network() == network && way(arm) == *wanted)
    };
    config.networks().iter().all(|network| ways.iter().all(|wanted| has(network, wanted)))
}

fn on_what(analysis: &Analysis<'_>) -> String {
    let config = &analysis.study.config;
    let mut text = format!(
        "{}: {} for training and {} for validation after each epoch",
        config.data_sets_in_words(),
        counted_either(&config.each(|arm| arm.training_images), "image"),
        thousands(config.validation_images),
    );
    text.push_str(&match analysis.arms().any(|arm| arm.test_accuracy.is_some()) {
        true => {
            format!("; {} were used once, at the end.", counted(config.test_images, "test image"))
        }
        false => "; the test images were not used.".to_owned(),
    });
    text
}
