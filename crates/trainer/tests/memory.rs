//! A training step uses the memory of the one before it, and a run as much as it says before.

#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait")]
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ops::ControlFlow;

use trainer::dataset::{DataSetContents, FASHION_MNIST_IMAGE, LabelledImages, Split};
use trainer::evaluation::EvaluationStatistics;
use trainer::network::{NetworkConfig, Preset, preset};
use trainer::optimizer::{AdamConfig, Optimizer};
use trainer::run::RunConfig;
use trainer::{FitConfig, Observe, Phase, Seeds, TrainError, Trains, fit};

/// Counts the bytes that each thread asks for, holds, and held at most.
struct Counting;

thread_local! {
    static ASKED: Cell<usize> = const { Cell::new(0) };
    static HELD: Cell<usize> = const { Cell::new(0) };
    static MOST_HELD: Cell<usize> = const { Cell::new(0) };
}

fn hold(more: usize, less: usize) {
    // A thread may give back what another asked for.
    HELD.set((HELD.get() + more).saturating_sub(less));
    MOST_HELD.set(MOST_HELD.get().max(HELD.get()));
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.set(ASKED.get().wrapping_add(layout.size()));
        hold(layout.size(), 0);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        hold(0, layout.size());
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ASKED.set(ASKED.get().wrapping_add(size));
        hold(size, layout.size());
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn images(count: usize) -> LabelledImages {
    let values = FASHION_MNIST_IMAGE.values();
    let pixels = (0..count * values).map(|index| (index * 7 % 251) as u8).collect();
    let labels = (0..count).map(|index| (index % 10) as u8).collect();
    LabelledImages::new(FASHION_MNIST_IMAGE, 10, pixels, labels).unwrap()
}

/// The presets, and networks with the layers that no preset has.
fn every_network() -> Vec<NetworkConfig> {
    let others = [
        "conv-16-32_batch-norm_tanh",
        "conv-16-32_sigmoid",
        "conv-16-32_group-norm-4_relu",
        "linear-200_group-norm-1_tanh",
        "linear-200-200_group-norm-100_relu",
        "conv-16-32_instance-norm_relu",
        "conv-16-32_ghost-batch-norm-30_relu",
        "conv-16-32_noisy-batch-norm_relu",
    ];
    let others = others.iter().map(|text| text.parse().unwrap());
    Preset::all().iter().map(|preset| preset.config.clone()).chain(others).collect()
}

/// The most bytes that a step after the first of each epoch asks for.
fn asked_by_a_step(network: &NetworkConfig, batch_size: usize) -> usize {
    // Two batches and a smaller one.
    let count = 2 * batch_size + batch_size / 2;
    let images = images(count);
    let split = Split { training: (0..count).collect(), validation: vec![0], seed: None };
    let mut network = network.build::<f32>(FASHION_MNIST_IMAGE, 10, 0).unwrap();
    let mut adam = Optimizer::new(AdamConfig::new(1e-3).unwrap(), &network, |_| true);
    let config = FitConfig {
        first_step: 0,
        epochs: 2,
        batch_size,
        seed: 0,
        observe_every: 0,
        observe: Observe::default(),
    };
    let (mut before, mut most) = (0, 0);
    fit(&mut network, &mut adam, &images, &split, &config, |moment| {
        if moment.measurement.phase == Phase::Training && !moment.measurement.step.is_multiple_of(3)
        {
            most = most.max(ASKED.get() - before);
        }
        before = ASKED.get();
        Ok::<_, TrainError>(())
    })
    .unwrap();
    most
}

/// What a step does ask for are lists: where the windows of an image lie, and numbers per channel of each
/// image, of each ghost batch and of the batch. Together that is less than 192 KiB, and of it at most 2 KiB per image, whose
/// activations have 50 KiB behind the first convolution alone.
#[test]
fn steps_after_the_first_ask_for_no_memory_that_grows_with_the_batch() {
    for config in every_network() {
        let [few, many] = [20, 60].map(|batch_size| asked_by_a_step(&config, batch_size));
        let name = config.name();
        assert!(few > 0, "{name}: the allocator does not count");
        assert!(many <= 192 << 10, "{name}: {many} bytes");
        assert!(many - few <= 40 * 2048, "{name}: {few} bytes for 20 images and {many} for 60");
    }
}

/// Group norm asks for nothing at all, not even a list.
#[test]
fn steps_with_group_norm_ask_for_no_more_memory_than_those_without() {
    for (with, without) in [
        ("conv-16-32_group-norm-4_relu", "conv-16-32_relu"),
        ("conv-16-32_instance-norm_relu", "conv-16-32_relu"),
        ("linear-200_group-norm-8_relu", "linear-200_relu"),
    ] {
        let [with_norm, without] =
            [with, without].map(|network| asked_by_a_step(&network.parse().unwrap(), 20));
        assert!(with_norm <= without, "{with}: {with_norm} bytes, {without} without");
    }
}

/// A batch of a study can be so large that the machine has no room for it, which the estimate is to show
/// before the training begins. It lies between nine tenths and one and a half of what is held.
#[test]
fn a_run_holds_about_as_much_memory_as_it_says_before() {
    let all = every_network().into_iter().map(|config| (config, Trains::All));
    let spatial = || preset::SPATIAL_BATCH_NORM_NETWORK.config.clone();
    let parts = [Trains::NormAndHead, Trains::Random].map(|trains| (spatial(), trains));
    for (config, trains) in all.chain(parts) {
        for observe in ["distributions", "landscape", "distributions+landscape+unit"] {
            expect_memory(&config, trains, &Observe::of_name(observe).unwrap());
        }
    }
}

fn expect_memory(config: &NetworkConfig, trains: Trains, observe: &Observe) {
    let batch_size = if config.has_linear_head() { 120 } else { 2_400 };
    let images = images(2 * batch_size);
    let split = Split {
        training: (0..batch_size).collect(),
        validation: (batch_size..2 * batch_size).collect(),
        seed: Some(0),
    };
    let run = RunConfig {
        network: config.clone(),
        trains,
        seeds: Seeds::both(0),
        epochs: 1,
        batch_size,
        optimizer: AdamConfig::new(1e-3).unwrap().into(),
        observations_per_epoch: 1,
        observe: observe.clone(),
        data_set: DataSetContents::known_by_name_alone("of numbers"),
        statistics: EvaluationStatistics::Running,
    };
    let expected = run.memory(FASHION_MNIST_IMAGE, 10, batch_size, batch_size).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let before = HELD.get();
    MOST_HELD.set(before);
    run.train(&images, &split, folder.path(), |_| ControlFlow::Continue(())).unwrap();
    let held = MOST_HELD.get() - before;
    let ratio = expected as f64 / held as f64;
    let name = config.name();
    assert!(
        (0.9..1.5).contains(&ratio),
        "{name}, {trains}, {observe:?}: {expected} bytes expected, {held} held"
    );
}
