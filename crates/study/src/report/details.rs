//! The end of a report: all numbers of the summary, the transcript of the grade, how to make the
//! study again, and what it does not show.

use statistics::FEWEST_SEEDS;

use super::document::{Block, Table};
use crate::analysis::{Analysis, SummaryRow};
use crate::config::{CONFIG_FILE, StudyConfig};
use crate::tables::{GRADE_FILE, OptionalTable};
use crate::text::{counted, counted_either, mean_and_std};
use trainer::dataset::DataSet;

pub(super) fn blocks(analysis: &Analysis<'_>) -> Vec<Block> {
    let meaning = if analysis.has_several_seeds() {
        "Means over seeds, ± their standard deviation (ddof 1). [`summary.csv`](summary.csv) has the \
         same numbers with all digits."
    } else {
        "[`summary.csv`](summary.csv) has the same numbers with all digits."
    };
    let mut blocks = vec![
        Block::Heading(2, "All epochs".to_owned()),
        Block::Paragraph(meaning.to_owned()),
        Block::Table(all_epochs(analysis)),
    ];
    blocks.extend(grade(&analysis.study.grade));
    blocks.extend(again(&analysis.study.config));
    blocks.push(Block::Heading(2, "What it does not show".to_owned()));
    blocks.push(Block::List(limits(analysis)));
    blocks
}

fn all_epochs(analysis: &Analysis<'_>) -> Table {
    let (config, rows) = (&analysis.study.config, &analysis.summary);
    let published = rows.iter().any(|row| row.published.is_some());
    let several = analysis.has_several_seeds();
    let incomplete = rows.iter().any(|row| row.seeds != config.seeds().len() as u64);
    type Column<'a> = (&'a str, bool, &'a dyn Fn(&SummaryRow) -> String);
    let columns: [Column<'_>; 8] = [
        ("", true, &|row| config.label(&row.key)),
        ("epoch", true, &|row| row.epoch.to_string()),
        ("seeds", incomplete, &|row| row.seeds.to_string()),
        ("val. accuracy", true, &|row| {
            mean_and_std(Some(row.val_accuracy_mean), row.val_accuracy_std)
        }),
        ("lowest–highest", several, &|row| {
            format!("{:.4}–{:.4}", row.val_accuracy_min, row.val_accuracy_max)
        }),
        ("val. loss", true, &|row| mean_and_std(row.val_loss_mean, row.val_loss_std)),
        ("test accuracy", true, &|row| mean_and_std(row.test_accuracy_mean, row.test_accuracy_std)),
        ("published", published, &|row| mean_and_std(row.published, None)),
    ];
    let shown = || columns.iter().filter(|(_, shown, _)| *shown);
    Table {
        header: shown().map(|(name, ..)| (*name).to_owned()).collect(),
        rows: rows.iter().map(|row| shown().map(|(_, _, cell)| cell(row)).collect()).collect(),
    }
}

fn grade(transcript: &str) -> Vec<Block> {
    let lines: Vec<&str> = transcript.lines().collect();
    if lines.is_empty() {
        return Vec::new();
    }
    // The notebook's own lines end where the first empty line is, and the verdict is the last.
    let suite = lines.iter().take_while(|line| !line.is_empty()).take(12);
    let mut short: Vec<&str> = suite.copied().collect();
    if lines.len() > short.len() {
        short.push("…");
        short.extend(lines.last());
    }
    vec![
        Block::Heading(2, "The grade of the kernels".to_owned()),
        Block::Paragraph(format!(
            "The networks were trained with this workspace's kernels. `cargo xtask grade` grades \
             them ([whole transcript]({GRADE_FILE})):"
        )),
        Block::Code(short.join("\n")),
        Block::Folded { summary: "The whole transcript".to_owned(), code: transcript.to_owned() },
    ]
}

fn again(config: &StudyConfig) -> Vec<Block> {
    let optional: String = OptionalTable::of(config)
        .map(|table| format!("[`{0}`]({0}), {1}; ", table.file, table.in_short))
        .collect();
    vec![
        Block::Heading(2, "How to make it again".to_owned()),
        Block::Paragraph(
            "The first command trains what is not trained yet; it gives the same bytes on every \
             machine. The second only draws the figures and writes this report from the tables beside \
             it. Both in the folder of this report:"
                .to_owned(),
        ),
        Block::Code(format!("cargo xtask experiment {CONFIG_FILE}\ncargo xtask report .")),
        Block::Paragraph(format!(
            "The tables: [`study.toml`](study.toml), the study; [`runs.csv`](runs.csv), a row per run \
             with all its hyperparameters; [`epochs.csv`](epochs.csv), a row per run and epoch; \
             [`steps.csv`](steps.csv), training by windows of steps; [`confusion.csv`](confusion.csv), test \
             images by class; {optional}[`comparisons.csv`](comparisons.csv), the statistics. \
             [`columns.csv`](columns.csv) says what each column is. Where it lies beside them, \
             `study.lock` says what the report was made of: `cargo xtask reproduce --check .` holds it \
             against these files, and `cargo xtask reproduce .` trains some of the cells anew. Where the cells were trained by \
             the command that made the report, `time.toml` says how long that took and on what \
             machine."
        )),
    ]
}

fn limits(analysis: &Analysis<'_>) -> Vec<String> {
    let config = &analysis.study.config;
    let optimizers = match config.each(|arm| arm.run.optimizer.name()).len() {
        1 => "one optimiser",
        _ => "these optimisers",
    };
    let rates = match config.each(|arm| arm.learning_rate().to_bits()).len() {
        1 => "one learning rate",
        _ => "these learning rates",
    };
    let data_sets = match config.data_sets().len() {
        1 => "is one data set".to_owned(),
        several => format!("are {several} data sets"),
    };
    let mut limits = vec![format!(
        "The networks are small. There {data_sets}, and {optimizers} with {rates}. The study does not \
         ask what holds elsewhere."
    )];
    match usize::try_from(analysis.seeds_of_arms().0).unwrap_or(usize::MAX) {
        0 | 1 => limits.push(
            "One seed cannot tell a difference between arms from one between seeds.".to_owned(),
        ),
        few if few < FEWEST_SEEDS => limits.push(format!(
            "{} are too few to say how likely a difference is.",
            counted(few as u64, "seed")
        )),
        _ => {}
    }
    let epochs = config.each(|arm| arm.run.epochs);
    let length = counted_either(&epochs, "epoch");
    let after = match epochs.len() {
        1 => format!("What comes after {length} of training is not known."),
        _ => format!("A run has {length} of training; what comes after that is not known."),
    };
    let costs = if config.networks().len() > 1 {
        " Steps are not time: one costs more in some networks than in others."
    } else {
        ""
    };
    limits.push(format!("{after}{costs}"));
    if analysis.summary.iter().any(|row| row.published.is_some()) {
        limits.push(
            "The published figures are one run of each network, with unknown seeds. Ours can only \
             agree with them as closely as runs agree with each other."
                .to_owned(),
        );
    }
    if config.data_sets() == [DataSet::Synthetic] {
        limits.push(
            "Garments drawn by code are not photographs: these results do not say how the networks \
             do on Fashion-MNIST."
                .to_owned(),
        );
    }
    limits
}
