//! What a run's folder holds, read by the programs that it is for: event files by TensorBoard,
//! `hparams.yaml` by PyYAML.

mod python;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use python::{Events, Histogram, python, read_events, run};
use tempfile::TempDir;
use trainer::log::{EventFile, Hparam, hparams_yaml};
use trainer::random_stream::{Purpose, Stream};

const STEPS_PER_EPOCH: u64 = 300;

/// Writes epochs as a run does, and what TensorBoard is to find of them.
struct Recorder {
    stream: Stream,
    file: EventFile,
    bytes: Vec<u8>,
    expected: Events,
}

impl Recorder {
    fn new() -> Self {
        Self {
            stream: Stream::new(0, Purpose::Shuffle, 0),
            file: EventFile::of_run(&[
                ("network", Hparam::Text("conv-16_relu")),
                ("weights_seed", Hparam::Integer(0)),
                ("learning_rate", Hparam::Float(5e-4)),
            ]),
            bytes: Vec::new(),
            expected: Events {
                hparams: [
                    ("network", "conv-16_relu"),
                    ("weights_seed", "0.0"),
                    ("learning_rate", "0.0005"),
                ]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
                ..Events::default()
            },
        }
    }

    /// A number in [0, 3) that `f32` has to round.
    fn draw(&mut self) -> f64 {
        self.stream.below(3_000_001) as f64 / 1_000_001.0
    }

    fn scalars(&mut self, step: u64, values: &[(&str, f64)]) {
        self.file.scalars(step, values);
        for &(tag, value) in values {
            let read = f64::from(value as f32);
            self.expected.scalars.entry(tag.to_owned()).or_default().push((step, read));
        }
    }

    /// Multiples of 1/8 from `min` to `max`, so that sums are exact in any order, and where
    /// `max - min` is 0 or 30, limits too.
    fn histogram(&mut self, step: u64, tag: &str, values: &[f64]) {
        self.file.histogram(step, tag, values.iter().copied());
        let (min, max) = (fold(values, f64::min), fold(values, f64::max));
        let width = (max - min) / 30.0;
        let limit = |bin: usize| if bin == 30 { max } else { min + width * bin as f64 };
        let bins = if values.is_empty() { 0 } else { 30 };
        let within = |bin: usize| {
            let lower = |value: &f64| bin == 1 || limit(bin - 1) <= *value;
            let upper = |value: &f64| bin == 30 || *value < limit(bin);
            values.iter().filter(|value| lower(value) && upper(value)).count() as f64
        };
        let bucket = if min == max && bins > 0 {
            [vec![0.0; 29], vec![values.len() as f64]].concat()
        } else {
            (1..=bins).map(within).collect()
        };
        self.expected.histograms.entry(tag.to_owned()).or_default().push(Histogram {
            step,
            min,
            max,
            num: values.len() as f64,
            sum: values.iter().sum(),
            sum_squares: values.iter().map(|value| value * value).sum(),
            bucket_limit: (1..=bins).map(limit).collect(),
            bucket,
        });
    }

    fn epoch(&mut self, epoch: u64) {
        let first = epoch * STEPS_PER_EPOCH;
        for step in first..first + STEPS_PER_EPOCH {
            let loss = self.draw();
            self.scalars(step, &[("train/loss", loss), ("epoch", epoch as f64)]);
        }
        let last = first + STEPS_PER_EPOCH - 1;
        let (loss, accuracy) = (self.draw(), self.draw() / 3.0);
        self.scalars(last, &[("val/loss", loss), ("val/acc", accuracy)]);
        let mut spread = vec![-10.0, 20.0];
        for _ in 0..500 {
            spread.push(f64::from(self.stream.below(240) as u32) / 8.0 - 10.0);
        }
        self.histogram(last, "γ/model.1.weight", &[1.0; 16]);
        self.histogram(last, "activations/before", &spread);
        self.histogram(last, "activations/after", &[]);
    }

    /// Ends this part of the file and begins the next, as a run that goes on does.
    fn part(&mut self) {
        self.bytes.extend(self.file.take());
        self.file = EventFile::go_on();
    }
}

fn fold(values: &[f64], of: impl Fn(f64, f64) -> f64) -> f64 {
    values.iter().copied().reduce(of).unwrap_or(0.0)
}

#[test]
fn tensorboard_reads_every_number_of_a_file_in_two_parts() {
    let Some(python) = python() else { return };
    let mut recorder = Recorder::new();
    recorder.epoch(0);
    recorder.part();
    recorder.epoch(1);
    let extremes = [0.0, -0.0, 1e-45, -1e39, 3.4e38, f64::INFINITY];
    for (step, value) in (1_u64 << 40..).zip(extremes) {
        recorder.scalars(step, &[("extremes", value)]);
    }
    recorder.part();

    let folder = TempDir::new().unwrap();
    let path = folder.path().join(EventFile::FILE_NAME);
    fs::write(&path, &recorder.bytes).unwrap();
    let events = read_events(&python, &[path]).remove(0).unwrap();
    let lengths = events.scalars.iter().map(|(tag, entries)| (tag.as_str(), entries.len()));
    let expected =
        [("epoch", 600), ("extremes", 6), ("train/loss", 600), ("val/acc", 2), ("val/loss", 2)];
    assert_eq!(lengths.collect::<Vec<_>>(), expected);
    assert_eq!(events, recorder.expected);
}

#[test]
fn one_flipped_bit_in_any_byte_is_noticed() {
    let Some(python) = python() else { return };
    let mut recorder = Recorder::new();
    recorder.scalars(0, &[("train/loss", 2.5), ("epoch", 0.0)]);
    recorder.histogram(0, "weight", &[-1.0, 0.5, 2.0]);
    recorder.scalars(1, &[("train/loss", 1.5), ("epoch", 0.0)]);
    recorder.part();
    let folder = TempDir::new().unwrap();
    let mut files: Vec<PathBuf> = Vec::new();
    let mut write = |name: String, bytes: &[u8]| {
        files.push(folder.path().join(name));
        fs::write(files.last().unwrap(), bytes).unwrap();
    };
    write(format!("{}.whole", EventFile::FILE_NAME), &recorder.bytes);
    for byte in 0..recorder.bytes.len() {
        let mut flipped = recorder.bytes.clone();
        flipped[byte] ^= 1 << (byte % 8);
        write(format!("{}.{byte}", EventFile::FILE_NAME), &flipped);
    }
    let mut results = read_events(&python, &files).into_iter();
    assert_eq!(results.next().unwrap().as_ref(), Ok(&recorder.expected));
    for (byte, result) in results.enumerate() {
        assert_ne!(result.as_ref(), Ok(&recorder.expected), "byte {byte}");
    }
}

#[test]
fn a_file_cut_between_two_records_is_whole_and_anywhere_else_is_not() {
    let Some(python) = python() else { return };
    let mut recorder = Recorder::new();
    // The version and the parameters come before the numbers.
    recorder.part();
    let mut ends = vec![EventFile::begin().take().len(), recorder.bytes.len()];
    for step in 0..3 {
        recorder.scalars(step, &[("train/loss", 2.5)]);
        recorder.part();
        ends.push(recorder.bytes.len());
    }
    let folder = TempDir::new().unwrap();
    let files: Vec<PathBuf> = (1..=recorder.bytes.len())
        .map(|length| {
            let path = folder.path().join(format!("{}.{length}", EventFile::FILE_NAME));
            fs::write(&path, &recorder.bytes[..length]).unwrap();
            path
        })
        .collect();
    for (length, result) in (1..).zip(read_events(&python, &files)) {
        let records = ends.iter().position(|&end| end == length);
        let scalars = result.map(|events| events.scalars.values().map(Vec::len).sum::<usize>());
        assert_eq!(scalars.ok(), records.map(|at| at.saturating_sub(1)), "{length} bytes");
    }
}

#[test]
fn pyyaml_reads_every_parameter_with_its_type() {
    let Some(python) = python() else { return };
    let mut stream = Stream::new(0, Purpose::Shuffle, 1);
    let floats = [0.0, -0.0, 0.1 + 0.2, 5e-4, 1e-8, 1e16, -1.5e300, 5e-324, f64::MAX];
    let mut parameters = BTreeMap::new();
    let mut add = |kind: &'static str, value: String| {
        parameters.insert(format!("{kind} {value}"), (kind, value));
    };
    for value in [0, 1, -7, i128::from(u64::MAX)] {
        add("int", value.to_string());
    }
    for value in floats.into_iter().chain([f64::INFINITY, f64::NEG_INFINITY, f64::NAN]) {
        add("float", value.to_string());
    }
    for _ in 0..500 {
        let bits = stream.below(u64::MAX);
        add("float", f64::from_bits(bits).to_string());
    }
    for value in [true, false] {
        add("bool", value.to_string());
    }
    for text in texts() {
        add("str", text);
    }

    let values: Vec<(&str, Hparam<'_>)> = parameters
        .iter()
        .map(|(name, (kind, value))| {
            let value = match *kind {
                "int" => Hparam::Integer(value.parse().unwrap()),
                "float" => Hparam::Float(value.parse().unwrap()),
                "bool" => Hparam::Bool(value.parse().unwrap()),
                _ => Hparam::Text(value),
            };
            (name.as_str(), value)
        })
        .collect();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("hparams.yaml");
    fs::write(&path, hparams_yaml(&values)).unwrap();
    let read = run(&python, include_str!("tensorboard/read_yaml.py"), &[path]).remove(0);
    let read = read.as_array().unwrap();
    assert_eq!(read.len(), values.len());
    for (entry, (name, value)) in read.iter().zip(values) {
        let [key, kind, text] = [0, 1, 2].map(|index| entry[index].as_str().unwrap());
        assert_eq!(key, name);
        let bits = |value: f64| if value.is_nan() { None } else { Some(value.to_bits()) };
        match value {
            Hparam::Integer(value) => assert_eq!((kind, text.parse()), ("int", Ok(value))),
            Hparam::Float(value) => {
                assert_eq!((kind, bits(text.parse().unwrap())), ("float", bits(value)), "{value}");
            }
            Hparam::Bool(value) => {
                assert_eq!((kind, text.to_lowercase()), ("bool", value.to_string()));
            }
            Hparam::Text(value) => assert_eq!((kind, text), ("str", value)),
        }
    }
}

/// Texts with something about them: of one and two characters, numbers, dates, YAML's words and
/// signs, in several alphabets.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = (0..=0x300).filter_map(char::from_u32).map(String::from).collect();
    for first in ' '..='~' {
        texts.extend([format!("{first}a"), format!("a{first}"), format!("a {first} b")]);
    }
    let words = ["yes", "no", "true", "false", "on", "off", "null", "y", "n", "inf", "nan", "none"];
    for word in words {
        let capital = word[..1].to_uppercase() + &word[1..];
        texts.extend([word.to_owned(), word.to_uppercase(), capital, format!(".{word}")]);
    }
    let others = "5e-4 5.0e-4 0x1f 0o17 017 1_000 1:30 190:20:30.15 2001-12-14 << = --- ... |";
    texts.extend(others.split(' ').map(str::to_owned));
    let spaced = ["", "a  b", " a", "a\n", "a\r\nb", "a: b", "a #b", "\u{feff}a", "ab\u{0}"];
    texts.extend(spaced.map(str::to_owned));
    texts.extend(["\u{2028}", "日本語", "👕", "\u{10ffff}", "\u{fffe}"].map(str::to_owned));
    texts.extend([r#"C:\new "folder""#.to_owned(), "long ".repeat(100)]);
    texts
}
