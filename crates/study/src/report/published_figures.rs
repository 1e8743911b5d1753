//! How a study compares with the figures that the notebook prints, and why the arm with the head
//! frozen is the one to compare. A study of another data set says nothing of them.

use trainer::Trains;

use super::document::{Block, Table};
use crate::analysis::{Analysis, ArmResult, EpochResult};
use crate::published::{of_network, pytorch_version};
use crate::text::{accuracy, counted, listed, signed};
use trainer::dataset::DataSet;

/// What is said of the published figures in the first lines, and a table epoch by epoch; nothing of a study
/// without a run like theirs.
pub(super) fn blocks(analysis: &Analysis<'_>) -> Vec<Block> {
    if !analysis.study.config.data_sets().contains(&DataSet::FashionMnist) {
        return Vec::new();
    }
    let published: Vec<&ArmResult<'_>> = analysis
        .arms()
        .filter(|arm| !arm.epochs.is_empty() && !arm.published.accuracies.is_empty())
        .collect();
    if published.is_empty() {
        return Vec::new();
    }
    let header = ["validation accuracy", "here", "published", "difference", "PyTorch re-runs"];
    vec![
        Block::Paragraph(largest_differences(&published)),
        Block::Paragraph(where_published_lies(&published, analysis.study.config.chance())),
        Block::Paragraph(why_frozen(analysis)),
        Block::Heading(2, "Beside the published figures, epoch by epoch".to_owned()),
        Block::Table(Table {
            header: header.map(str::to_owned).to_vec(),
            rows: published.iter().flat_map(|arm| rows(arm, &published)).collect(),
        }),
        Block::Paragraph(format!(
            "Here: mean over seeds with the head frozen. Published: one run of each network, as \
             the notebook prints it. PyTorch re-runs: the same training in PyTorch {} with the \
             head frozen, one number per run.",
            pytorch_version(),
        )),
    ]
}

/// The name that the notebook gives to the network of an arm, with the arm's own name where several arms
/// have published figures of one network.
fn network(arm: &ArmResult<'_>, published: &[&ArmResult<'_>]) -> String {
    let name = arm.arm.network().name();
    let same = published.iter().filter(|other| other.arm.network() == arm.arm.network());
    if same.count() > 1 { format!("{name} ({})", arm.label) } else { name.into_owned() }
}

/// The epochs of an arm that have a published accuracy, with it.
fn compared<'r, 'a>(
    arm: &'r ArmResult<'a>,
) -> impl Iterator<Item = (&'r EpochResult<'a>, f64)> + use<'r, 'a> {
    arm.epochs.iter().filter_map(|epoch| Some((epoch, arm.published.after(epoch.epoch)?)))
}

fn largest_differences(published: &[&ArmResult<'_>]) -> String {
    let largest = published.iter().filter_map(|arm| {
        let differences =
            compared(arm).map(|(epoch, published)| (epoch.epoch, epoch.accuracy.mean - published));
        // Of equal ones the first.
        let (epoch, difference) = differences
            .reduce(|worst, other| if other.1.abs() > worst.1.abs() { other } else { worst })?;
        Some(format!("{} for {} (epoch {epoch})", signed(difference), network(arm, published)))
    });
    format!(
        "**How it compares with the published figures.** With the head frozen, the largest \
         difference between our mean accuracy after an epoch and the accuracy that the notebook \
         prints is {}.",
        listed(&largest.collect::<Vec<_>>())
    )
}

/// How many of our runs end below the published one.
fn where_published_lies(published: &[&ArmResult<'_>], chance: f64) -> String {
    let places = published.iter().filter_map(|arm| {
        let (epoch, printed) = compared(arm).last()?;
        let accuracies = arm.runs.iter().filter_map(|run| epoch.accuracy_of(run.key.seed, chance));
        let (below, runs) = accuracies.fold((0, 0), |(below, runs), accuracy| {
            (below + u64::from(accuracy < printed), runs + 1)
        });
        let (network, after) = (network(arm, published), epoch.epoch);
        Some(format!(
            "after epoch {after}, {below} of our {} of {network} {} below the published {printed:.4}",
            counted(runs, "run"),
            if below == 1 { "is" } else { "are" }
        ))
    });
    format!(
        "**Where the published runs lie among ours.** They are one run of each network: {}.",
        listed(&places.collect::<Vec<_>>())
    )
}

fn why_frozen(analysis: &Analysis<'_>) -> String {
    let mut text = "**Why the arm with the head frozen is compared.** The notebook gives its \
                    optimiser the parameters of the convolutional stack only. The linear head \
                    keeps its random initial weights. The notebook does not say so; running its \
                    training again in PyTorch showed it: of all set-ups tried, only a frozen head \
                    gives the printed accuracies."
        .to_owned();
    let trained: Vec<String> = analysis
        .arms()
        .filter(|arm| arm.arm.run.trains == Trains::All)
        .filter_map(|arm| {
            let printed = of_network(&arm.arm, arm.arm.run.epochs)?;
            let here = arm.final_accuracy?.mean;
            let name = arm.arm.network().name();
            Some(format!("{name} ends at {here:.4} (published: {printed:.4})"))
        })
        .collect();
    if !trained.is_empty() {
        text.push_str(&format!(" With the head trained, {}.", listed(&trained)));
    }
    text
}

fn rows(arm: &ArmResult<'_>, published: &[&ArmResult<'_>]) -> Vec<Vec<String>> {
    let row = |(epoch, printed): (&EpochResult<'_>, f64)| {
        let at = usize::try_from(epoch.epoch - 1).unwrap_or(usize::MAX);
        let re_runs = arm.published.pytorch.iter().filter_map(|run| run.get(at));
        let re_runs: Vec<String> = re_runs.map(|accuracy| format!("{accuracy:.4}")).collect();
        vec![
            format!("{}, epoch {}", network(arm, published), epoch.epoch),
            accuracy(epoch.accuracy),
            format!("{printed:.4}"),
            signed(epoch.accuracy.mean - printed),
            re_runs.join(", "),
        ]
    };
    compared(arm).map(row).collect()
}
