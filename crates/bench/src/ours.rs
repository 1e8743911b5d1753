//! Our own side: work is prepared once, then called again and again.

use kernels::conv2d::{self, Conv2dConfig};
use kernels::{BatchNormConfig, Convention, RunningStatistics, spatial_batch_norm};
use ndarray::{Array1, Array4};
use trainer::dataset::{LabelledImages, Split};
use trainer::network::{Network, NetworkConfig};
use trainer::optimizer::{AdamConfig, Optimizer};
use trainer::{FitConfig, Observe, TrainError, fit};

use crate::error::Result;
use crate::work::{BATCH_SIZE, LEARNING_RATE, Work};

/// Does the work once.
pub(crate) type Call<'a> = Box<dyn FnMut() -> Result<()> + Send + 'a>;

/// Prepares everything that is not to be measured. Each call of an epoch goes on training the network
/// of the call before.
pub(crate) fn prepare<'a>(work: &Work, images: &'a LabelledImages) -> Result<Call<'a>> {
    Ok(match work {
        &Work::BatchNorm { shape } => batch_norm(shape)?,
        &Work::Convolution { shape, filters, input_gradient } => {
            convolution(shape, filters, input_gradient)?
        }
        Work::Epoch { network, steps } => epoch(network, *steps, images)?,
    })
}

/// A pseudo-random number in [−1, 1).
fn noise(index: usize) -> f32 {
    let mixed = (index as u32 ^ 0x9e37_79b9).wrapping_mul(0x85eb_ca6b);
    (mixed ^ (mixed >> 13)).wrapping_mul(0xc2b2_ae35) as i32 as f32 / 2_147_483_648.0
}

/// An array `(N, C, H, W)` in channels-last memory, as kernels hand images to each other.
fn pixels([n, c, h, w]: [usize; 4]) -> Result<Array4<f32>> {
    let pixels = Array1::from_iter((0..n * c * h * w).map(noise));
    Ok(pixels.into_shape_with_order((n, h, w, c))?.permuted_axes([0, 3, 1, 2]))
}

fn batch_norm(shape: [usize; 4]) -> Result<Call<'static>> {
    let channels = shape[1];
    let (x, mut gradient) = (pixels(shape)?, pixels(shape)?);
    let (gamma, beta) = (Array1::ones(channels), Array1::zeros(channels));
    let mut running = RunningStatistics::new(channels, Convention::PyTorch);
    let (config, mut out) = (BatchNormConfig::pytorch(), x.clone());
    Ok(Box::new(move || {
        let (x, gamma, beta) = (x.view(), gamma.view(), beta.view());
        let statistics = spatial_batch_norm::forward_train_into(
            x,
            gamma,
            beta,
            &mut running,
            &config,
            &mut out,
        )?;
        // In place, as in training: the gradient to the input replaces the gradient to the result.
        spatial_batch_norm::backward_train_in_place(&mut gradient, x, gamma, &statistics)?;
        Ok(())
    }))
}

fn convolution(shape: [usize; 4], filters: usize, input_gradient: bool) -> Result<Call<'static>> {
    let [n, c, h, w] = shape;
    let (x, gradient) = (pixels(shape)?, pixels([n, filters, h, w])?);
    let weight = pixels([filters, c, 3, 3])?.as_standard_layout().into_owned();
    let bias = Array1::zeros(filters);
    let config = Conv2dConfig::same_3x3();
    let (mut out, mut dx) = (gradient.clone(), x.clone());
    Ok(Box::new(move || {
        let (x, weight, gradient) = (x.view(), weight.view(), gradient.view());
        conv2d::forward_into(x, weight, bias.view(), &config, &mut out)?;
        if input_gradient {
            conv2d::backward_input_into(gradient, [h, w], weight, &config, &mut dx)?;
        }
        std::hint::black_box(conv2d::backward_parameters(gradient, x, [3, 3], &config)?);
        Ok(())
    }))
}

fn epoch<'a>(
    network: &NetworkConfig,
    steps: usize,
    images: &'a LabelledImages,
) -> Result<Call<'a>> {
    let mut network = network.build(images.size(), images.classes(), 0)?;
    let mut optimizer = Optimizer::new(AdamConfig::new(LEARNING_RATE)?, &network, |_| true);
    // An epoch ends with its validation, which has a single batch here.
    let training = 0..steps * BATCH_SIZE;
    let validation = (0..BATCH_SIZE).collect();
    let split = Split { training: training.collect(), validation, seed: None };
    let mut seed = 0;
    Ok(Box::new(move || {
        seed += 1;
        train_in_batches(&mut network, &mut optimizer, images, &split, (seed, BATCH_SIZE), || ())
    }))
}

/// Trains for one epoch in batches of this size, and calls `after_step` after each step. Each seed
/// gives another order of the images.
pub(crate) fn train_in_batches(
    network: &mut Network<f32>,
    optimizer: &mut Optimizer<f32>,
    images: &LabelledImages,
    split: &Split,
    (seed, batch_size): (u64, usize),
    mut after_step: impl FnMut(),
) -> Result<()> {
    let config = FitConfig {
        first_step: 0,
        epochs: 1,
        batch_size,
        seed,
        observe_every: 0,
        observe: Observe::default(),
    };
    fit::<_, TrainError>(network, optimizer, images, split, &config, |_| {
        after_step();
        Ok(())
    })?;
    Ok(())
}
