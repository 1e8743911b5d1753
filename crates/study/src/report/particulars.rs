//! The end of a report: all numbers of the summary, the transcript of `grade`, how to make the
//! study again, and what it does not show.

use crate::published;
use crate::statistics::{SummaryRow, summary};
use crate::tables::{DataSetName, GRADE_FILE, Head, Study, network_name};

use super::document::{Block, Table, counted};

pub fn blocks(study: &Study) -> Vec<Block> {
    let mut blocks = vec![
        Block::Heading(2, "All epochs".to_owned()),
        Block::Paragraph(
            match study.config.seeds.len() {
                1 => "The same numbers, to the last digit, are in [`summary.csv`](summary.csv).",
                _ => {
                    "Means over seeds, ± their standard deviation (ddof 1); the same numbers, to \
                     the last digit, are in [`summary.csv`](summary.csv)."
                }
            }
            .to_owned(),
        ),
        Block::Table(all_epochs(study)),
    ];
    blocks.extend(grade(study));
    blocks.extend(again(study));
    blocks.push(Block::Heading(2, "What it does not show".to_owned()));
    blocks.push(Block::List(limits(study)));
    blocks
}

fn all_epochs(study: &Study) -> Table {
    let with = |mean: Option<f64>, std: Option<f64>| match (mean, std) {
        (Some(mean), Some(std)) => format!("{mean:.4} ± {std:.4}"),
        (Some(mean), None) => format!("{mean:.4}"),
        _ => String::new(),
    };
    let rows = summary(study);
    let published = rows.iter().any(|row| row.published.is_some());
    let several = study.config.seeds.len() > 1;
    let incomplete = rows.iter().any(|row| row.seeds != study.config.seeds.len());
    type Column<'a> = (&'a str, bool, &'a dyn Fn(&SummaryRow) -> String);
    let columns: [Column<'_>; 8] = [
        ("", true, &|row| format!("{}, {}", network_name(&row.network), row.head)),
        ("epoch", true, &|row| row.epoch.to_string()),
        ("seeds", incomplete, &|row| row.seeds.to_string()),
        ("val. accuracy", true, &|row| with(Some(row.val_accuracy_mean), row.val_accuracy_std)),
        ("lowest–highest", several, &|row| {
            format!("{:.4}–{:.4}", row.val_accuracy_min, row.val_accuracy_max)
        }),
        ("val. loss", true, &|row| with(Some(row.val_loss_mean), row.val_loss_std)),
        ("test accuracy", true, &|row| with(row.test_accuracy_mean, row.test_accuracy_std)),
        ("published", published, &|row| with(row.published, None)),
    ];
    let shown = || columns.iter().filter(|(_, shown, _)| *shown);
    Table {
        header: shown().map(|(name, ..)| (*name).to_owned()).collect(),
        rows: rows.iter().map(|row| shown().map(|(_, _, cell)| cell(row)).collect()).collect(),
    }
}

fn grade(study: &Study) -> Vec<Block> {
    let lines: Vec<&str> = study.grade.lines().collect();
    if lines.is_empty() {
        return Vec::new();
    }
    // The notebook's own lines end where the first empty line is, and the verdict is the last.
    let suite = lines.iter().take_while(|line| !line.is_empty()).copied().collect::<Vec<_>>();
    let mut short = if suite.len() > 12 { suite[..12].to_vec() } else { suite };
    let left_out = lines.len() > short.len();
    if left_out {
        short.push("…");
        short.extend(lines.last());
    }
    vec![
        Block::Heading(2, "The grade of the kernels".to_owned()),
        Block::Paragraph(format!(
            "The networks were trained with this workspace's kernels. `cargo xtask grade` says of \
             them ([whole transcript]({GRADE_FILE})):"
        )),
        Block::Code(short.join("\n")),
        Block::Folded { summary: "The whole transcript".to_owned(), code: study.grade.clone() },
    ]
}

fn again(study: &Study) -> Vec<Block> {
    let config = &study.config;
    let (choice, folder) = match config.data_set {
        DataSetName::FashionMnist => ("fashion-mnist", "reports/fashion-mnist"),
        DataSetName::Synthetic => ("synthetic", "reports/synthetic"),
    };
    let (quick, folder) = match config.quick {
        true => (" --quick", format!("{folder}/quick")),
        false => ("", folder.to_owned()),
    };
    let seeds = match (config.seeds.first(), config.seeds.last()) {
        (Some(&first), Some(last)) => format!(" --seeds {first}..{}", last + 1),
        _ => String::new(),
    };
    let words = |words: Vec<String>| words.join(",");
    let networks = words(config.networks.iter().map(|folder| network_argument(folder)).collect());
    let heads = words(config.heads.iter().map(|head| head_argument(*head).to_owned()).collect());
    let commands = format!(
        "cargo xtask experiment --dataset {choice}{quick} --networks {networks} --heads {heads}{seeds} \
         --epochs {} --batch-size {} --learning-rate {:?}\n\
         cargo xtask report {folder}",
        config.epochs, config.batch_size, config.learning_rate
    );
    vec![
        Block::Heading(2, "How to make it again".to_owned()),
        Block::Paragraph(
            "The first command trains everything; it gives the same bytes on every machine. The \
             second only draws the figures and writes this report from the tables beside it."
                .to_owned(),
        ),
        Block::Code(commands),
        Block::Paragraph(
            "The tables: [`study.toml`](study.toml), the configuration; [`runs.csv`](runs.csv), a \
             row a run; [`epochs.csv`](epochs.csv), a row a run and epoch; [`steps.csv`](steps.csv), \
             training by windows of steps; [`activations.csv`](activations.csv) and \
             [`batch_norm.csv`](batch_norm.csv), percentiles inside the networks; \
             [`confusion.csv`](confusion.csv), test images by class."
                .to_owned(),
        ),
    ]
}

/// A network's name on the command line, from the name of its folder.
fn network_argument(folder: &str) -> String {
    folder.trim_end_matches("_network").replace('_', "-")
}

fn head_argument(head: Head) -> &'static str {
    match head {
        Head::Frozen => "frozen",
        Head::Trained => "trained",
    }
}

fn limits(study: &Study) -> Vec<String> {
    let config = &study.config;
    let mut limits = vec![
        "Small networks, one data set, one optimiser with one learning rate. Whether batch norm \
         helps elsewhere, and whether it allows larger learning rates, was not asked."
            .to_owned(),
    ];
    limits.push(match config.seeds.len() {
        1 => "One seed: a difference as small as that between seeds would not be seen as such."
            .to_owned(),
        seeds => {
            format!("{}: too few to say how likely a difference is.", counted(seeds as u64, "seed"))
        }
    });
    limits.push(format!(
        "{} of training: what comes after is not known, and steps are not time; a step with batch \
         norm costs more than one without.",
        counted(config.epochs, "epoch")
    ));
    let compares = |network: &String| !published::beside(config, Head::Frozen, network).is_empty();
    if study.heads().contains(&Head::Frozen) && config.networks.iter().any(compares) {
        limits.push(
            "The published figures are one run of each network with unknown seeds; agreement with \
             them can only be as close as runs are to one another."
                .to_owned(),
        );
    }
    if config.data_set == DataSetName::Synthetic {
        limits.push(
            "Garments drawn by code are no photographs: nothing here says how the networks do on \
             Fashion-MNIST."
                .to_owned(),
        );
    }
    limits
}
