//! What is made of results: of made-up ones, and of those under `reports/bench`. Speed itself is
//! never tested.

use std::fs;
use std::num::NonZero;

use trainer::dataset::{Split, Synthetic};

use crate::ceiling::{Ceiling, CopySpeed};
use crate::child::{Cost, Program};
use crate::figure::GrowthFigure;
use crate::goals::{Limit, goals};
use crate::machine::Machine;
use crate::options::{Extent, Options, StudyData};
use crate::peer::Script;
use crate::process::Duration;
use crate::race::{Race, TorchRace};
use crate::results::{
    Bits, GrowthPoint, Lightning, Memory, Results, Row, SettingTimes, Side, StudyTime, TorchMemory,
};
use crate::study_work::{MeasuredStudies, StudyWork};
use crate::turns::Turns;
use crate::work::{RaceEpoch, Work};

/// A row whose default setting of PyTorch took twice as long as the fastest one.
fn row(work: Work, threads: usize, seconds: &[f64], torch: &[f64], one: &[f64]) -> Row {
    let slower: Vec<f64> = torch.iter().map(|seconds| 2.0 * seconds).collect();
    let times = |setting: &str, seconds: &[f64]| SettingTimes {
        setting: setting.to_owned(),
        seconds: seconds.to_vec(),
    };
    Row {
        work,
        threads,
        seconds: seconds.to_vec(),
        torch: vec![times("default", &slower), times("channels_last", torch)],
        seconds_on_one_thread: one.to_vec(),
    }
}

fn duration(cpu_seconds: f64) -> Duration {
    Duration { seconds: cpu_seconds / 2.0, cpu_seconds: Some(cpu_seconds) }
}

/// Ten of our seeds reach the accuracy, after 2 s and 1 s in turn; an eleventh does not. One of
/// PyTorch's two seeds does, after 12 s.
fn race() -> Race {
    let epoch = |seconds, accuracy| RaceEpoch { seconds, accuracy };
    let reached_second = vec![epoch(1.0, 0.89), epoch(1.0, 0.9), epoch(1.0, 0.91)];
    let two = [reached_second, vec![epoch(1.0, 0.95)]];
    let mut ours = vec![two; 5].concat();
    ours.push(vec![epoch(1.0, 0.5); 8]);
    let seeds = vec![vec![epoch(5.0, 0.8), epoch(7.0, 0.92)], vec![epoch(5.0, 0.8); 8]];
    Race {
        data: "Fashion-MNIST".to_owned(),
        accuracy: 0.9,
        most_epochs: 8,
        ours,
        torch: Some(TorchRace { setting: "channels_last".to_owned(), seeds }),
    }
}

fn made_up() -> Results {
    let ceiling = |threads: usize| {
        let many = threads as f64;
        Ceiling {
            threads,
            flops: 100e9 * many,
            copies: vec![
                CopySpeed { bytes: 512 << 10, bytes_per_second: 80e9 * many },
                CopySpeed { bytes: 256 << 20, bytes_per_second: 40e9 },
            ],
        }
    };
    let mut kernels = Work::kernels().into_iter();
    let mut kernel = |seconds: &[f64], torch: &[f64]| {
        kernels.next().map(|work| row(work, 1, seconds, torch, &[]))
    };
    let mut rows = Vec::new();
    rows.extend(kernel(&[0.4e-3, 0.5e-3, 0.6e-3], &[1.0e-3, 1.0e-3, 1.5e-3]));
    rows.extend(kernel(&[0.3e-3], &[0.5e-3]));
    rows.extend(kernel(&[11e-3], &[44e-3]));
    rows.extend(kernel(&[1e-3], &[4e-3]));
    rows.extend(kernel(&[3e-3], &[2.5e-3]));
    rows.extend(kernel(&[0.3e-3], &[0.9e-3]));
    let [simple, normalized] = Work::epochs(960);
    rows.push(row(simple, 2, &[2.0], &[8.0], &[3.8]));
    rows.push(row(normalized, 2, &[4.0, 4.0, 4.0], &[9.0, 12.0, 8.0], &[6.0, 6.0, 6.0]));
    let cost = |seconds, megabytes: u64| Cost {
        seconds,
        peak_bytes: Some(megabytes * 1_000_000),
        data_bytes: 2_000_000,
    };
    let growth = |what: &str, value, cost| GrowthPoint { what: what.to_owned(), value, cost };
    let bits = |by, set: &str, threads, sha256: &str| Bits {
        by,
        instruction_set: set.to_owned(),
        threads,
        sha256: sha256.repeat(8),
    };
    Results {
        machine: Machine {
            processor: Some("A processor".to_owned()),
            cores: 2,
            instruction_set: "avx2".to_owned(),
            system: "linux x86_64".to_owned(),
            version: "0.1.0".to_owned(),
            rustc: Some("rustc 1.90.0".to_owned()),
        },
        threads: 2,
        extent: Extent::Normal,
        torch: Some("2.15.0".to_owned()),
        left_out: vec!["PyTorch, torch.compile: no compiler".to_owned()],
        ceilings: vec![ceiling(1), ceiling(2)],
        rows,
        study: Some(StudyTime {
            what: "the study".to_owned(),
            epochs: 5,
            seconds: 20.0,
            lightning: Some(Lightning { version: "2.6.6".to_owned(), seconds_per_epoch: 32.0 }),
        }),
        study_work: Some(StudyWork {
            command: "cargo xtask experiment headline".to_owned(),
            data: "Fashion-MNIST".to_owned(),
            training_images: 48_000,
            measured: MeasuredStudies::Small {
                base: duration(20.0),
                more_epochs: duration(60.0),
                epochs: 5,
                two_seeds: duration(35.0),
            },
        }),
        race: Some(race()),
        memory: Some(Memory {
            peak_bytes: 130_000_000,
            data_bytes: 47_000_000,
            torch: Some(TorchMemory {
                peak_bytes: 900_000_000,
                data_bytes: 150_000_000,
                idle_bytes: 300_000_000,
            }),
        }),
        growth: vec![
            growth("batch size", 10, cost(1e-3, 12)),
            growth("batch size", 50, cost(4e-3, 22)),
            growth("threads of one run", 1, cost(4e-3, 22)),
            growth("threads of one run", 2, cost(2e-3, 32)),
        ],
        bits: vec![
            bits(Side::Ours, "portable", 1, "0123abcd"),
            bits(Side::Ours, "avx2", 1, "0123abcd"),
            bits(Side::Ours, "avx2", 2, "0123abcd"),
            bits(Side::Torch, "default", 2, "456789ef"),
            bits(Side::Torch, "avx2", 2, "89abcdef"),
        ],
    }
}

#[test]
fn json_gives_back_what_was_measured() {
    let results = made_up();
    assert_eq!(Results::from_json(&results.to_json().unwrap()).unwrap(), results);
}

#[test]
fn tables_and_page() {
    insta::assert_snapshot!("transcript", made_up().transcript());
    insta::assert_snapshot!("page", made_up().page());
}

#[test]
fn a_ratio_is_the_median_over_the_turns() {
    let [_, work] = Work::epochs(960);
    // The turns have 1/2, 1/10 and 2; the medians of the sides alone would have 2/4.
    let row = row(work, 2, &[1.0, 2.0, 8.0], &[2.0, 20.0, 4.0], &[2.0, 2.0, 12.0]);
    assert_eq!(row.ratio(), Some(0.5));
    assert_eq!(row.torch().unwrap().setting, "channels_last");
    assert_eq!(row.speedup(), Some(1.5));
    assert_eq!(row.ours(), 2.0);
    assert_eq!(row.flops(), Some(48_000.0 * 5_964_672.0 / 2.0));
}

#[test]
fn least_times_are_those_of_each_side_alone() {
    let [_, work] = Work::epochs(960);
    let mut row = row(work, 2, &[1.0, 2.0, 8.0], &[20.0, 5.0, 4.0], &[6.0, 3.0, 12.0]);
    let least = row.least();
    assert_eq!((least.ours(), least.ratio(), least.speedup()), (1.0, Some(0.25), Some(3.0)));
    // A setting that is once the fastest, and by its median not, has no part in it.
    row.torch.push(SettingTimes { setting: "other".to_owned(), seconds: vec![1.0, 90.0, 90.0] });
    let least = row.least();
    assert_eq!(
        (least.torch().unwrap().setting.as_str(), least.ratio()),
        ("channels_last", Some(0.25))
    );

    let goals = goals(&made_up());
    // Batch norm: 0.4, 0.5 and 0.6 ms, and 1 ms at best; 48,000 images in 4 s, and 8 s at best.
    assert_eq!(goals[0].of_least, Some(0.4));
    assert_eq!(goals[7].of_least, Some(0.5));
    // The studies and the memory are measured once.
    assert_eq!(goals.iter().filter(|goal| goal.of_least.is_none()).count(), 3);
}

#[test]
fn pytorch_is_its_fastest_setting_by_the_median() {
    let [work, _] = Work::epochs(960);
    let mut row = row(work, 2, &[1.0, 1.0, 1.0], &[4.0, 4.0, 4.0], &[]);
    let often_faster = SettingTimes { setting: "other".to_owned(), seconds: vec![3.0, 2.0, 90.0] };
    row.torch.push(often_faster);
    assert_eq!(row.torch().unwrap().setting, "other");
    assert_eq!(row.ratio(), Some(1.0 / 3.0));
    row.torch.clear();
    assert_eq!((row.torch(), row.ratio()), (None, None));
}

#[test]
fn noise_is_that_of_the_side_where_it_is_larger() {
    let noise = |ours: &[f64], torch: &[f64], one: &[f64]| {
        let [work, _] = Work::epochs(960);
        row(work, 2, ours, torch, one).noise()
    };
    let (quiet, noisy) = ([1.0, 1.0, 1.1, 1.2, 9.0], [1.0, 1.0, 2.0, 2.0, 2.0]);
    assert_eq!(noise(&quiet, &quiet, &quiet), None);
    assert_eq!(noise(&noisy, &quiet, &[]), Some(0.5));
    assert_eq!(noise(&quiet, &noisy, &[]), Some(0.5));
    assert_eq!(noise(&quiet, &[], &noisy), Some(0.5));
}

#[test]
fn a_seed_that_does_not_reach_the_accuracy_is_counted_apart() {
    let race = race();
    let ours = race.finish(&race.ours);
    let reached = ours.reached.unwrap();
    assert_eq!((ours.seeds, reached.count, reached.mean), (11, 10, 1.5));
    // SciPy: `stats.t.interval(0.95, 9, 1.5, stats.sem([1, 2] * 5))`.
    let interval = ours.interval.unwrap();
    assert!((interval.low - 1.122_973_806).abs() < 1e-9, "{interval:?}");
    assert!((interval.high - 1.877_026_194).abs() < 1e-9, "{interval:?}");
    let torch = race.finish(&race.torch.as_ref().unwrap().seeds);
    assert_eq!((torch.seeds, torch.reached.unwrap().mean, torch.interval), (2, 12.0, None));
    assert_eq!(race.finish(&[]).reached, None);
}

#[test]
fn a_share_is_of_the_ceiling_for_its_size() {
    let results = made_up();
    let one = results.ceiling(1).unwrap();
    // 3 · 50 · 1,806,336 operations in 3 ms, of 100 GFLOP/s.
    let convolution = results.rows[4].share(one).unwrap();
    assert!((convolution - 0.903_168).abs() < 1e-9, "{convolution}");
    // 8 passes over 51.4 MB in 11 ms, of 40 GB/s: its 154 MB fit under the larger copy.
    let large = results.rows[2].share(one).unwrap();
    assert!((large - 411_041_792.0 / 11e-3 / 40e9).abs() < 1e-9, "{large}");
    assert_eq!(one.bytes_per_second(1 << 40), Some(40e9));
    assert_eq!(one.bytes_per_second(1), Some(80e9));
}

#[test]
fn a_goal_is_met_on_its_own_side_of_the_limit() {
    let goals = goals(&made_up());
    let met = |limit: fn(&Limit) -> bool| {
        goals.iter().filter(|goal| limit(&goal.limit)).map(|goal| goal.is_met()).collect::<Vec<_>>()
    };
    // Batch norm 0.4, 0.6, 0.25, 0.25; convolutions 1.2 of 0.8, 0.33 of 0.67; epochs 0.25, 0.44; the
    // study 20 s of 160 s.
    let against_torch = [false, false, true, true, false, true, true, false, false];
    assert_eq!(met(|limit| matches!(limit, Limit::AtMost(_))), against_torch);
    assert_eq!(met(|limit| matches!(limit, Limit::AtMostOfCopying(_))), [true]);
    // 20 s, 10 s for each epoch and 5 s for each seed: 1,655 s; the ceiling is 1,718 s.
    assert_eq!(met(|limit| matches!(limit, Limit::AtMostOfCeiling(_))), [true]);
    // A convolution at 90 %, epochs at 72 % and 36 % of two threads' ceiling.
    assert_eq!(met(|limit| matches!(limit, Limit::AtLeastOfCeiling(_))), [true, true, false]);
    assert_eq!(met(|limit| matches!(limit, Limit::MostBytes(_))), [false]);
    assert_eq!(met(|limit| matches!(limit, Limit::AtLeastTimes(_))), [true, false]);
}

#[test]
fn results_without_pytorch_are_tables_too() {
    let mut results = made_up();
    results.torch = None;
    results.study = None;
    results.memory = None;
    results.left_out.clear();
    results.race = results.race.map(|race| Race { torch: None, ..race });
    results.rows.iter_mut().for_each(|row| row.torch.clear());
    assert!(goals(&results).iter().all(|goal| goal.torch.is_none()));
    let text = results.transcript();
    assert!(text.contains("batch norm, forward + backward") && !text.contains("NaN"), "{text}");
    assert!(!text.contains("channels_last"), "{text}");
}

#[test]
fn the_figure_has_a_column_for_each_thing_that_grows() {
    let figure = GrowthFigure::new(&made_up());
    assert_eq!(figure.columns.len(), 2);
    assert_eq!(figure.columns[1].time, [(1.0, 4.0), (2.0, 2.0)]);
    assert_eq!(figure.columns[1].memory, [(1.0, 20.0), (2.0, 30.0)]);
    let drawn = made_up().figure().unwrap();
    assert!(drawn.svg.contains("threads of one run"));
    assert!(drawn.png.len() > 1_000);
}

#[test]
fn the_committed_report_is_made_of_the_committed_measurements() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reports/bench");
    let read = |name: &str| fs::read_to_string(format!("{folder}/{name}")).unwrap();
    let results = Results::from_json(&read("bench.json")).unwrap();
    let figure = results.figure().unwrap();
    if std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        let write =
            |name: &str, bytes: &[u8]| fs::write(format!("{folder}/{name}"), bytes).unwrap();
        write("README.md", results.page().as_bytes());
        write("bench.svg", figure.svg.as_bytes());
        write("bench.png", &figure.png);
    }
    for (name, made) in [("README.md", results.page()), ("bench.svg", figure.svg)] {
        assert!(
            read(name) == made,
            "reports/bench/{name} differs; INSTA_UPDATE=always makes it anew"
        );
    }
}

/// Answers like `peer.py`: the setting "other" refuses, and times alternate between 1 s and 3 s. A seed
/// reaches the accuracy in its first epoch.
const STAND_IN: &str = r#"
setting() { echo "{\"name\":\"$1\",\"times_kernels\":$2}"; }
echo "{\"torch\":\"9\",\"settings\":[$(setting default true),$(setting other true),$(setting trains false)]}"
seconds=3
while read -r line; do
    case "$line" in
        *'"race"'*) echo '{"epochs":[{"seconds":1.5,"accuracy":0.95}]}' ;;
        *'"other"'*) echo '{"refused":"no compiler"}' ;;
        *) seconds=$((4 - seconds)); echo "{\"seconds\":$seconds}" ;;
    esac
done
"#;

fn options() -> Options<'static> {
    let program = Program { path: "not started".into(), arguments: Vec::new() };
    let (threads, extent) = (1, Extent::Quick);
    Options { program, python: None, studies: None, threads, extent, progress: &|_| () }
}

#[test]
fn a_setting_that_pytorch_refuses_is_left_out_aloud_and_a_noisy_row_is_repeated() {
    let images = Synthetic::training_at(&[0], NonZero::<usize>::MIN).unwrap();
    let script = Script::stand_in("sh", STAND_IN, &images).unwrap();
    let (options, peer) = (options(), Some(script.serve(1).unwrap()));
    let mut turns = Turns { options: &options, images: &images, peer, left_out: Vec::new() };
    let row = turns.row(Work::BatchNorm { shape: [2, 2, 4, 4] }).unwrap();
    assert_eq!(turns.left_out, ["PyTorch, other: no compiler"]);
    let seconds = [1.0, 3.0].into_iter().cycle().take(21).collect();
    assert_eq!(row.torch, [SettingTimes { setting: "default".to_owned(), seconds }]);
    assert_eq!(row.seconds.len(), 21);
    assert!(row.noise().unwrap() >= 2.0);
}

#[test]
fn both_sides_race_with_the_same_seeds() {
    let images =
        Synthetic::training_at(&(0..60).collect::<Vec<_>>(), NonZero::<usize>::MIN).unwrap();
    let script = Script::stand_in("sh", STAND_IN, &images).unwrap();
    let split = Split::four_fifths_of(60, 0);
    let data = StudyData { name: "few images".to_owned(), images, split, has_race: true };
    let race = Race::measure(&options(), &data, Some((&script, "default".to_owned()))).unwrap();
    // Few images do not teach enough: each of our seeds is given up.
    assert!(race.ours.iter().all(|epochs| epochs.len() == 8), "{race:?}");
    let finish = race.finish(&race.ours);
    assert_eq!((finish.seeds, finish.reached), (3, None));
    let torch = race.finish(&race.torch.as_ref().unwrap().seeds);
    assert_eq!((torch.seeds, torch.reached.unwrap().mean), (3, 1.5));
}
