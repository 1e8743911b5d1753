//! The results as tables, and as the page below `reports/bench/`.

use crate::figure::growth_section;
use crate::goals::{Limit, Measured, goals};
use crate::options::Extent;
use crate::race::Race;
use crate::report::TITLE;
use crate::results::{Bits, NOISE, Results, Row, Side, StudyTime};
use crate::study_work::{MeasuredStudies, StudyWork};
use crate::table::Table;
use crate::work::{BATCH_SIZE, RaceEpoch, operations_of_training};

const BITS: &str = "
## Bits

The SHA-256 of 16 training steps of the network with batch norm, on each instruction set that a side
lets one choose. Our hash is that of `cargo xtask hash`: over the loss and accuracy of every step, then
weights and running statistics. PyTorch's hash is over weights and running statistics; its initial
weights and its order of images do not depend on the instruction set.

";

const SETTINGS: &str = "
## PyTorch's settings

The median of PyTorch's time in each setting. For kernels, *default* is contiguous memory and
*channels_last* that layout of all images and weights. `torch.compile` compiles the network; it compiled
before time was taken.

";

impl Results {
    /// The page below `reports/bench/`, as Markdown.
    pub(crate) fn page(&self) -> String {
        let results = self;
        let mut page = format!("# {TITLE}\n\n");
        page.push_str("Made by `cargo xtask bench --against torch --out DIR`; the numbers are in `bench.json`.\n\n");
        page.push_str(&machine(results));
        page.push_str("\n## Goals\n\n");
        page.push_str(&format!(
            "Both sides were measured in turn on the same machine. *PyTorch* is PyTorch in the \
             fastest of the settings that were measured, which the table names. Times are medians over the turns, and so are ratios, each \
             of which compares two times of one turn. *Noise* is the interquartile range of a side's \
             times as a share of their median, where it is more than {}. The turns of a noisy row were \
             made up to three times, and all of them count. *Of least times* is the same figure, \
             made of the least time of each side. Other work on a shared machine only adds time, so the least \
             times are disturbed least. The ceiling is the best of several repetitions, in this column and in \
             the other.\n\n",
            percent(NOISE)
        ));
        page.push_str(&goals_table(results).to_markdown());
        if results.rows.iter().any(|row| !row.torch.is_empty()) {
            page.push_str(SETTINGS);
            page.push_str(&settings_table(results).to_markdown());
        }
        if !results.left_out.is_empty() {
            page.push_str(&format!("\n{}\n", left_out(results)));
        }
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
        if let Some(text) = results.study_work.as_ref().and_then(|work| of_work(work, results)) {
            page.push_str(&format!("\n## The study of four arms as work\n\n{text}\n"));
        }
        if let Some(race) = &results.race {
            page.push_str(&format!("\n## {}\n\n{}\n\n", race_title(race), of_race(race)));
            page.push_str(&race_table(race).to_markdown());
        }
        if !results.bits.is_empty() {
            page.push_str(BITS);
            page.push_str(&bits_table(&results.bits).to_markdown());
        }
        if !results.growth.is_empty() {
            page.push_str(&growth_section(results.extent));
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
        if results.rows.iter().any(|row| !row.torch.is_empty()) {
            text.push('\n');
            text.push_str(&settings_table(results).to_text());
        }
        if !results.left_out.is_empty() {
            text.push_str(&format!("\n{}\n", left_out(results)));
        }
        if let Some(study) = &results.study {
            text.push_str(&format!("\n{}\n", of_study(study)));
        }
        if let Some(work) = results.study_work.as_ref().and_then(|work| of_work(work, results)) {
            text.push_str(&format!("\n{work}\n"));
        }
        if let Some(race) = &results.race {
            text.push_str(&format!("\n{}. {}\n\n", race_title(race), of_race(race)));
            text.push_str(&race_table(race).to_text());
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
        match results.extent {
            Extent::Quick => "; a first look",
            Extent::Normal | Extent::Full => "",
        },
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

/// The processor time of the large study beside its ceiling.
fn of_work(work: &StudyWork, results: &Results) -> Option<String> {
    let (cpu, one_core) = (work.cpu_seconds()?, results.ceiling(1)?);
    let ceiling = work.ceiling_seconds(one_core);
    let (how, details) = match &work.measured {
        MeasuredStudies::Whole(whole) => {
            ("measured whole", format!("It took {} by the clock.", seconds(whole.seconds)))
        }
        MeasuredStudies::Small { base, more_epochs, epochs, two_seeds } => (
            "estimated",
            format!(
                "The estimate is from three small studies: {} for one seed and one epoch, {} for one \
                 seed and {epochs} epochs, {} for two seeds and one epoch. What a study does once counts \
                 once, what it does per seed 30 times, and what it does per epoch of a seed 150 times. \
                 Tests and intervals need ten seeds, so they are not in the estimate. `--full` measures \
                 the study whole.",
                seconds(base.cpu_seconds?),
                seconds(more_epochs.cpu_seconds?),
                seconds(two_seeds.cpu_seconds?)
            ),
        ),
    };
    Some(format!(
        "`{} --seeds=30 --epochs=5` ({}; both networks, each with its head frozen and trained; \
         validation, logs, observations, checkpoints, test, report) takes {} of processor time, {how}. \
         That is {:.2} times the {} that one core takes for the dense operations of its trainings.\n\n\
         Processor time is user and system time of the program and its children, without Cargo's. It is \
         counted per core, so the ceiling is that of one core: {:.2} MFLOP per image, {} images per \
         epoch and {} epochs, at the {} that one core reached in the same run.\n\n{details}",
        work.command,
        work.data,
        seconds(cpu),
        cpu / ceiling,
        seconds(ceiling),
        operations_of_training(1) / 1e6,
        work.training_images,
        work.epochs(),
        flops(one_core.flops),
    ))
}

fn race_title(race: &Race) -> String {
    format!("Seconds to a validation accuracy of {:.2}", race.accuracy)
}

fn of_race(race: &Race) -> String {
    let mut text = format!(
        "The network with batch norm, all parameters trained ({}; Adam, batches of {BATCH_SIZE}), is \
         validated after each epoch. Its time is that of training alone, without validation, up to the end of \
         the first epoch that reaches the accuracy. A seed that does not reach it within {} epochs is \
         counted, but has no part in the mean.",
        race.data, race.most_epochs
    );
    if race.torch.is_some() {
        text.push_str(
            " The sides take turns, seed by seed. Both have the same network, images, division into \
             training and validation, batch size and optimiser. Each draws its own initial weights and \
             order of images, the weights from the same distribution.",
        );
    }
    text
}

fn race_table(race: &Race) -> Table {
    let mut table =
        Table::new(["side", "seeds", "reached", "mean", "95 % t interval", "least to most"]);
    let mut push = |side: String, seeds: &[Vec<RaceEpoch>]| {
        let finish = race.finish(seeds);
        let reached = finish.reached;
        table.push([
            side,
            finish.seeds.to_string(),
            reached.map_or(0, |summary| summary.count).to_string(),
            reached.map_or(String::new(), |summary| seconds(summary.mean)),
            finish.interval.map_or("needs ten seeds".to_owned(), |interval| {
                format!("{} to {}", seconds(interval.low), seconds(interval.high))
            }),
            reached.map_or(String::new(), |summary| {
                format!("{} to {}", seconds(summary.min), seconds(summary.max))
            }),
        ]);
    };
    push("this workspace".to_owned(), &race.ours);
    if let Some(torch) = &race.torch {
        push(format!("PyTorch, {}", torch.setting), &torch.seeds);
    }
    table
}

/// A row per work, a column per setting.
fn settings_table(results: &Results) -> Table {
    let mut settings: Vec<&str> = Vec::new();
    for times in results.rows.iter().flat_map(|row| &row.torch) {
        if !settings.contains(&times.setting.as_str()) {
            settings.push(&times.setting);
        }
    }
    let header = ["work", "shape"].into_iter().chain(settings.iter().copied());
    let mut table = Table { header: header.map(str::to_owned).collect(), rows: Vec::new() };
    for row in &results.rows {
        let time_in = |setting: &&str| {
            let times = row.torch.iter().find(|times| times.setting == *setting);
            times.map_or(String::new(), |times| seconds(times.median()))
        };
        let mut cells = vec![row.work.name(), row.work.shape()];
        cells.extend(settings.iter().map(time_in));
        table.rows.push(cells);
    }
    table
}

fn left_out(results: &Results) -> String {
    format!("Not measured: {}.", results.left_out.join("; "))
}

fn noise(noise: Option<f64>) -> String {
    noise.map_or(String::new(), percent)
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
    let mut table =
        Table::new(["work", "shape", "threads", "turns", "time", "noise", "speed", "of ceiling"]);
    for row in &results.rows {
        let share = results.ceiling(row.threads).and_then(|ceiling| row.share(ceiling));
        table.push([
            row.work.name(),
            row.work.shape(),
            row.threads.to_string(),
            row.seconds.len().to_string(),
            seconds(row.ours()),
            noise(row.noise()),
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
    let mut table = Table::new([
        "work",
        "ours",
        "PyTorch",
        "its setting",
        "ratio",
        "goal",
        "met",
        "noise",
        "of least times",
    ]);
    for goal in goals(results) {
        table.push([
            goal.work.clone(),
            measured(goal.ours),
            goal.torch.map_or(String::new(), measured),
            goal.setting.clone().unwrap_or_default(),
            value(goal.value, goal.limit),
            limit(goal.limit),
            if goal.is_met() { "yes" } else { "no" }.to_owned(),
            noise(goal.noise),
            goal.of_least.map_or(String::new(), |of_least| value(of_least, goal.limit)),
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

fn value(value: f64, limit: Limit) -> String {
    match limit {
        Limit::AtMost(_) => format!("{value:.2}"),
        Limit::AtMostOfCeiling(_) | Limit::AtMostOfCopying(_) | Limit::AtLeastTimes(_) => {
            format!("{value:.2}×")
        }
        Limit::AtLeastOfCeiling(_) => percent(value),
        Limit::MostBytes(_) => String::new(),
    }
}

fn limit(limit: Limit) -> String {
    match limit {
        Limit::AtMost(limit) => format!("≤ {limit:.2}"),
        Limit::AtMostOfCeiling(limit) => format!("≤ {limit:.1}× its ceiling"),
        Limit::AtMostOfCopying(limit) => format!("≤ {limit:.1}× copying"),
        Limit::AtLeastOfCeiling(limit) => format!("≥ {} of ceiling", percent(limit)),
        Limit::AtLeastTimes(limit) => format!("≥ {limit:.2}×"),
        Limit::MostBytes(bytes) => format!("≤ {}", size(bytes)),
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
    match time {
        time if time < 0.1 => format!("{:.3} ms", 1e3 * time),
        time if time < 100.0 => format!("{time:.2} s"),
        time => format!("{time:.0} s"),
    }
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
