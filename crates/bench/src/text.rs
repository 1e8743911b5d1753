//! The results as tables, and as the page below `reports/bench/`.

use crate::goals::{Goal, Limit, Measured, goals};
use crate::report::TITLE;
use crate::results::{Bits, Results, Row, Side, StudyTime};
use crate::table::Table;

const BITS: &str = "
## Bits

The SHA-256 of 16 training steps of the network with batch norm, on each instruction set that a side
lets one choose. Our hash is that of `cargo xtask hash`: over the loss and accuracy of every step, then
weights and running statistics. PyTorch's hash is over weights and running statistics; its initial
weights and its order of images do not depend on the instruction set.

";

impl Results {
    /// The page below `reports/bench/`, as Markdown.
    pub(crate) fn page(&self) -> String {
        let results = self;
        let mut page = format!("# {TITLE}\n\n");
        page.push_str("Made by `cargo xtask bench --against torch --out DIR`; the numbers are in `bench.json`.\n\n");
        page.push_str(&machine(results));
        page.push_str("\n## Goals\n\n");
        page.push_str(
            "Both sides were measured in turn on the same machine. Times are medians over the \
             repetitions, and so are ratios, each of which compares the two times of one turn.\n\n",
        );
        page.push_str(&goals_table(results).to_markdown());
        page.push_str("\n## Measurements\n\n");
        page.push_str(
            "*Of ceiling* is the share of what as many threads reached in the same run: multiply-adds \
             for convolutions and trainings; for batch norm, copying arrays of the same size. The \
             bytes of batch norm are those of the eight passes that it needs.\n\n",
        );
        page.push_str(&rows_table(results).to_markdown());
        page.push_str("\n## Ceilings\n\n");
        page.push_str(&ceilings_table(results).to_markdown());
        page.push_str(
            "\n[`crates/kernels/README.md`](../../crates/kernels/README.md) says what limits each kernel, \
             and what was tried.\n",
        );
        if let Some(study) = &results.study {
            page.push_str(&format!("\n## The study as a user runs it\n\n{}\n", of_study(study)));
        }
        if !results.bits.is_empty() {
            page.push_str(BITS);
            page.push_str(&bits_table(&results.bits).to_markdown());
        }
        if !results.growth.is_empty() {
            page.push_str(
                "\n## Growth\n\nThe time of a training step of the network with batch norm, and the \
                 memory of its process without the images. One thing at a time is changed from batch \
                 50, 16 and 32 channels, 28 × 28 pixels, one thread and one run.\n\n![Time and memory of a training \
                 step against batch size, channels, image size, threads and runs](bench.svg)\n",
            );
        }
        page
    }

    /// All tables, for the terminal.
    pub fn transcript(&self) -> String {
        let results = self;
        let mut text = machine(results);
        text.push('\n');
        text.push_str(&ceilings_table(results).to_text());
        text.push('\n');
        text.push_str(&rows_table(results).to_text());
        let goals = goals_table(results);
        if !goals.rows.is_empty() {
            text.push('\n');
            text.push_str(&goals.to_text());
        }
        if let Some(study) = &results.study {
            text.push_str(&format!("\n{}\n", of_study(study)));
        }
        if !results.bits.is_empty() {
            text.push('\n');
            text.push_str(&bits_table(&results.bits).to_text());
        }
        text
    }
}

fn machine(results: &Results) -> String {
    let machine = &results.machine;
    let processor = machine.processor.as_deref().unwrap_or("an unnamed processor");
    let mut versions = vec![format!("xtask {}", machine.version)];
    versions.extend(machine.rustc.clone());
    versions.extend(results.torch.as_ref().map(|torch| format!("PyTorch {torch}")));
    format!(
        "{processor}, {} cores, {}; kernels on {}; {} {}; {}{}\n",
        machine.cores,
        machine.system,
        machine.instruction_set,
        results.threads,
        if results.threads == 1 { "thread" } else { "threads" },
        versions.join(", "),
        if results.quick { "; a first look" } else { "" },
    )
}

fn of_study(study: &StudyTime) -> String {
    let mut text = format!("{}: {}.", study.what, seconds(study.seconds));
    if let Some(lightning) = &study.lightning {
        text.push_str(&format!(
            " PyTorch Lightning {} took {} for one epoch of both networks with validation; the goals \
             count {} such epochs.",
            lightning.version,
            seconds(lightning.seconds_per_epoch),
            study.epochs
        ));
    }
    text
}

fn ceilings_table(results: &Results) -> Table {
    let mut table = Table::new(["ceiling", "threads", "speed"]);
    for ceiling in &results.ceilings {
        let threads = ceiling.threads.to_string();
        table.push([
            format!("multiply-adds, {}", results.machine.instruction_set),
            threads.clone(),
            flops(ceiling.flops),
        ]);
        for copy in &ceiling.copies {
            table.push([
                format!("copy, both arrays {}", size(copy.bytes as f64)),
                threads.clone(),
                bandwidth(copy.bytes_per_second),
            ]);
        }
    }
    table
}

fn rows_table(results: &Results) -> Table {
    let mut table = Table::new(["work", "shape", "threads", "time", "speed", "of ceiling"]);
    for row in &results.rows {
        let share = results.ceiling(row.threads).and_then(|ceiling| row.share(ceiling));
        table.push([
            row.work.name(),
            row.work.shape(),
            row.threads.to_string(),
            seconds(row.ours()),
            speed(row),
            share.map_or(String::new(), percent),
        ]);
    }
    table
}

fn speed(row: &Row) -> String {
    row.flops().map(flops).or(row.bytes_per_second().map(bandwidth)).unwrap_or_default()
}

fn goals_table(results: &Results) -> Table {
    let mut table = Table::new(["work", "ours", "PyTorch", "ratio", "goal", "met"]);
    for goal in goals(results) {
        table.push([
            goal.work.clone(),
            measured(goal.ours),
            goal.torch.map_or(String::new(), measured),
            value(&goal),
            limit(goal.limit),
            if goal.is_met() { "yes" } else { "no" }.to_owned(),
        ]);
    }
    table
}

/// A row per side and number of threads, a column per instruction set. The first 16 digits of a hash
/// are enough to compare.
pub(crate) fn bits_table(bits: &[Bits]) -> Table {
    let mut table =
        Table::new(["SHA-256 after 16 steps", "threads", "baseline", "AVX2", "AVX-512"]);
    let is_of = |by, threads| move |bits: &&Bits| bits.by == by && bits.threads == threads;
    let mut lines: Vec<(Side, usize)> = bits.iter().map(|bits| (bits.by, bits.threads)).collect();
    lines.dedup();
    for (by, threads) in lines {
        let [baseline, avx2, avx512] =
            [["portable", "default"], ["avx2"; 2], ["avx512"; 2]].map(|names| {
                let mut line = bits.iter().filter(is_of(by, threads));
                let found = line.find(|bits| names.contains(&bits.instruction_set.as_str()));
                found.map(|bits| bits.sha256.chars().take(16).collect()).unwrap_or_default()
            });
        let side = match by {
            Side::Ours => "this workspace",
            Side::Torch => "PyTorch",
        };
        table.push([side.to_owned(), threads.to_string(), baseline, avx2, avx512]);
    }
    table
}

fn value(goal: &Goal) -> String {
    match goal.limit {
        Limit::AtMost(_) => format!("{:.2}", goal.value),
        Limit::AtMostOfCopying(_) | Limit::AtLeastTimes(_) => format!("{:.2}×", goal.value),
        Limit::AtLeastOfCeiling(_) => percent(goal.value),
        Limit::Below(_) => String::new(),
    }
}

fn limit(limit: Limit) -> String {
    match limit {
        Limit::AtMost(limit) => format!("≤ {limit:.2}"),
        Limit::AtMostOfCopying(limit) => format!("≤ {limit:.1}× copying"),
        Limit::AtLeastOfCeiling(limit) => format!("≥ {} of ceiling", percent(limit)),
        Limit::AtLeastTimes(limit) => format!("≥ {limit:.1}×"),
        Limit::Below(bytes) => format!("< {}", size(bytes)),
    }
}

fn measured(measured: Measured) -> String {
    match measured {
        Measured::Seconds(time) => seconds(time),
        Measured::Flops(speed) => flops(speed),
        Measured::BytesPerSecond(speed) => bandwidth(speed),
        Measured::Bytes(bytes) => size(bytes),
        Measured::Times(times) => format!("{times:.2}×"),
    }
}

fn seconds(time: f64) -> String {
    if time < 0.1 { format!("{:.3} ms", 1e3 * time) } else { format!("{time:.2} s") }
}

fn flops(speed: f64) -> String {
    format!("{:.1} GFLOP/s", speed / 1e9)
}

fn bandwidth(speed: f64) -> String {
    format!("{:.1} GB/s", speed / 1e9)
}

fn size(bytes: f64) -> String {
    format!("{:.1} MB", bytes / 1e6)
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}
