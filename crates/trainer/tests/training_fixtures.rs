//! The training fixtures, with their images by the formula of `fixtures/generate/trajectories.py`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use grader::fixture::{Case, Config, Operation, TrainingConfig, case_names, load_one};
use kernels::Real;
use ndarray::ArrayD;
use trainer::Trains;
use trainer::dataset::{ImageSize, LabelledImages, Split};
use trainer::network::{Network, Preset};

/// A training of the fixtures: its case, and its configuration in our words.
pub(crate) struct Training {
    pub case: Case,
    pub config: TrainingConfig,
    pub preset: &'static Preset,
    pub trains: Trains,
    pub size: ImageSize,
}

impl Training {
    /// All of them, in the order of their names: every network, and with either head if it has one.
    pub(crate) fn all() -> Vec<Self> {
        let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
        let all: Vec<Self> = case_names(&folder)
            .unwrap()
            .into_iter()
            .filter(|name| name.starts_with(Operation::Training.name()))
            .map(|name| Self::of(load_one(&folder, &name).unwrap()))
            .collect();
        for &preset in Preset::all() {
            let both = [Trains::All, Trains::HeadFrozen];
            for &trains in &both[..if preset.config.has_linear_head() { 2 } else { 1 }] {
                let found = all.iter().any(|one| one.preset == preset && one.trains == trains);
                assert!(found, "no training of {}, {trains}", preset.name);
            }
        }
        all
    }

    fn of(case: Case) -> Self {
        let Config::Training(config) = case.config.clone() else { panic!("{}", case.name) };
        let of_name = |preset: &&&'static Preset| preset.name == config.network;
        let preset = *Preset::all().iter().find(of_name).unwrap();
        let trains = match config.head.as_str() {
            "frozen" => Trains::HeadFrozen,
            "trained" => Trains::All,
            other => panic!("{}: head {other}", case.name),
        };
        let [channels, height, width] = config.image;
        let size = ImageSize { channels, height, width };
        Self { preset, trains, size, case, config }
    }

    /// The network, with weights that do not matter.
    pub(crate) fn network<F: Real>(&self) -> Network<F> {
        self.preset.config.build(self.size, self.config.classes, 99).unwrap()
    }

    /// How many steps it has, and of how many images each.
    pub(crate) fn steps_and_batch_size(&self) -> (usize, usize) {
        let [steps, batch_size] = *self.integers("batches").shape() else { panic!("not (S, B)") };
        (steps, batch_size)
    }

    /// The images that it trains with, and those whose logits are expected.
    pub(crate) fn split(&self) -> Split {
        let training: BTreeSet<usize> =
            self.integers("batches").iter().map(|&position| position as usize).collect();
        Split { training: training.into_iter().collect(), validation: self.evaluated(), seed: None }
    }

    /// The positions of the images whose logits are expected.
    pub(crate) fn evaluated(&self) -> Vec<usize> {
        self.integers("evaluated").iter().map(|&position| position as usize).collect()
    }

    /// The expected array of a role, and its relative and absolute tolerance.
    pub(crate) fn expected(&self, role: &str) -> (ArrayD<f64>, f64, f64) {
        let expected = self.case.expected(role).unwrap();
        (expected.values.to_f64(), expected.rtol, expected.atol)
    }

    /// The state dict of a role, as PyTorch wrote it.
    pub(crate) fn state_dict(&self, role: &str) -> &[u8] {
        &self.case.state_dicts[role]
    }

    /// Enough images for every position.
    pub(crate) fn images(&self) -> LabelledImages {
        const IMAGES: u32 = 220;
        let ImageSize { height, width, .. } = self.size;
        let classes = self.config.classes as u32;
        let mut pixels = Vec::new();
        for position in 0..IMAGES {
            for row in 0..height as u32 {
                for column in 0..width as u32 {
                    let bar = row * classes / height as u32 == position % classes;
                    let bar = if bar { 100 } else { 0 };
                    pixels.push((noise(position, row, column) & 127) as u8 + bar);
                }
            }
        }
        let labels = (0..IMAGES).map(|position| (position % classes) as u8).collect();
        LabelledImages::new(self.size, self.config.classes, pixels, labels).unwrap()
    }

    fn integers(&self, role: &str) -> ndarray::ArrayViewD<'_, i64> {
        let input = self.case.input(role).unwrap();
        let grader::tensor::Tensor::Int64(array) = input else {
            panic!("{role} is {}", input.dtype())
        };
        array.view()
    }
}

fn noise(position: u32, row: u32, column: u32) -> u32 {
    let mixed = position.wrapping_mul(73_856_093)
        ^ row.wrapping_mul(19_349_663)
        ^ column.wrapping_mul(83_492_791);
    let mixed = (mixed ^ mixed >> 15).wrapping_mul(2_246_822_519);
    mixed ^ mixed >> 13
}
