//! How a study compares with the figures that the notebook prints, and why the arm with the head
//! frozen is the one to compare. Beside another data set nothing is said of them.

use crate::published;
use crate::statistics::{SummaryRow, final_accuracy, summary};
use crate::tables::{DataSetName, Head, Study, network_name};
use plots::thousands;

use super::document::{Block, Table, listed};
use super::findings::signed;

/// What is said of the published figures in the first lines, and a table epoch by epoch.
pub fn blocks(study: &Study) -> Vec<Block> {
    if study.config.data_set != DataSetName::FashionMnist {
        return Vec::new();
    }
    let summary = summary(study);
    let rows: Vec<(&SummaryRow, f64)> =
        summary.iter().filter_map(|row| Some((row, row.published?))).collect();
    if rows.is_empty() {
        return vec![Block::Paragraph(format!(
            "**How it compares with the published figures.** It does not: they were made with the \
             head frozen, batches of {} and learning rate {:?} on all {} training images, and this \
             study has no such run.",
            published::BATCH_SIZE,
            published::LEARNING_RATE,
            thousands(48_000),
        ))];
    }
    let header = ["validation accuracy", "here", "published", "difference", "PyTorch re-runs"];
    vec![
        Block::Paragraph(largest_differences(study, &rows)),
        Block::Paragraph(why_frozen(study)),
        Block::Heading(2, "Beside the published figures, epoch by epoch".to_owned()),
        Block::Table(Table {
            header: header.map(str::to_owned).to_vec(),
            rows: rows.iter().map(|(row, published)| epoch(row, *published)).collect(),
        }),
        Block::Paragraph(
            "Here: mean over seeds with the head frozen. Published: one run of each network, as \
             the notebook prints it. PyTorch re-runs: the same training in PyTorch 2.11 with the \
             head frozen, one run a figure."
                .to_owned(),
        ),
    ]
}

fn largest_differences(study: &Study, rows: &[(&SummaryRow, f64)]) -> String {
    let mut largest = Vec::new();
    for network in &study.config.networks {
        let of_network = rows.iter().filter(|(row, _)| row.network == *network);
        let differences =
            of_network.map(|(row, published)| (row.epoch, row.val_accuracy_mean - published));
        // Of equal ones the first.
        let worst = differences.reduce(
            |worst, other| {
                if other.1.abs() > worst.1.abs() { other } else { worst }
            },
        );
        if let Some((epoch, difference)) = worst {
            let name = network_name(network);
            largest.push(format!("{} for {name} (epoch {epoch})", signed(difference)));
        }
    }
    format!(
        "**How it compares with the published figures.** With the head frozen, the largest \
         difference between our mean after an epoch and the accuracy that the notebook prints is \
         {}.",
        listed(&largest)
    )
}

fn why_frozen(study: &Study) -> String {
    let mut text = "**Why head frozen is the arm to compare.** The notebook gives its optimiser \
                    the parameters of the convolutional stack and never those of the linear head, \
                    which keeps its random initial weights. It does not say so; it was found by \
                    running its training again in PyTorch: of the set-ups tried, only with the head \
                    frozen do the printed accuracies come out."
        .to_owned();
    let trained: Vec<String> = study
        .config
        .networks
        .iter()
        .filter_map(|network| {
            let index = usize::try_from(study.config.epochs).ok()?.checked_sub(1)?;
            let printed = published::validation_accuracies(network).get(index)?;
            let here = final_accuracy(study, network, Head::Trained)?.mean;
            Some(format!("{} ends at {here:.4} (published: {printed:.4})", network_name(network)))
        })
        .collect();
    if !trained.is_empty() {
        text.push_str(&format!(
            " With the head trained, {}; that arm is what one would want to know of the networks.",
            listed(&trained)
        ));
    }
    text
}

fn epoch(row: &SummaryRow, published: f64) -> Vec<String> {
    let index = usize::try_from(row.epoch - 1).unwrap_or(usize::MAX);
    let rerun: Vec<String> = published::pytorch_validation_accuracies(&row.network)
        .iter()
        .filter_map(|run| run.get(index))
        .map(|accuracy| format!("{accuracy:.4}"))
        .collect();
    let std = row.val_accuracy_std.map_or(String::new(), |std| format!(" ± {std:.4}"));
    vec![
        format!("{}, epoch {}", network_name(&row.network), row.epoch),
        format!("{:.4}{std}", row.val_accuracy_mean),
        format!("{published:.4}"),
        signed(row.val_accuracy_mean - published),
        rerun.join(", "),
    ]
}
