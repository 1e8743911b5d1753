//! What must hold of batch normalisation whatever the numbers.

use kernels::{
    BatchNormConfig, Convention, RunningStatistics, batch_norm, ghost_batch_norm,
    spatial_batch_norm,
};
use ndarray::{Array1, Array4, Axis};
use proptest::prelude::*;

use crate::common::{Random, bits};

const AXES: [Axis; 3] = [Axis(0), Axis(2), Axis(3)];

/// A batch with a mean and spread of its own in each channel, and everything else it needs.
#[derive(Debug)]
struct Case {
    x: Array4<f64>,
    dout: Array4<f64>,
    gamma: Array1<f64>,
    beta: Array1<f64>,
    running: RunningStatistics<f64>,
}

fn cases() -> impl Strategy<Value = Case> {
    (1usize..5, 1usize..6, 1usize..6, 1usize..6, any::<u64>())
        .prop_filter("training needs a few values per channel", |&(n, _, h, w, _)| n * h * w >= 4)
        .prop_map(|(n, c, h, w, seed)| {
            let mut random = Random::new(seed);
            let (mean, std): (Array1<f64>, Array1<f64>) = (random.array(c), random.array(c));
            let mut x: Array4<f64> = random.array([n, c, h, w]);
            for (channel, mut x) in x.axis_iter_mut(Axis(1)).enumerate() {
                x.mapv_inplace(|x| 10.0 * mean[channel] + (0.5 + std[channel].abs()) * x);
            }
            Case {
                dout: random.array(x.raw_dim()),
                gamma: random.array(c),
                beta: random.array(c),
                running: RunningStatistics {
                    mean: random.array(c),
                    var: random.array(c).mapv(|x: f64| x * x),
                },
                x,
            }
        })
}

fn train(
    case: &Case,
    x: &Array4<f64>,
    config: &BatchNormConfig,
) -> (Array4<f64>, RunningStatistics<f64>) {
    let mut running = case.running.clone();
    let (out, _) = spatial_batch_norm::forward_train(
        x.view(),
        case.gamma.view(),
        case.beta.view(),
        &mut running,
        config,
    )
    .unwrap();
    (out, running)
}

fn assert_close<'a>(
    a: impl IntoIterator<Item = &'a f64>,
    b: impl IntoIterator<Item = &'a f64>,
    tolerance: f64,
) -> Result<(), TestCaseError> {
    for (a, b) in a.into_iter().zip(b) {
        prop_assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{a} against {b}");
    }
    Ok(())
}

fn sum(array: &Array4<f64>) -> Array1<f64> {
    AXES.into_iter()
        .rev()
        .fold(array.clone().into_dyn(), |sum, axis| sum.sum_axis(axis))
        .into_dimensionality()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn output_has_mean_beta_and_a_variance_just_below_gamma_squared(case in cases()) {
        let config = BatchNormConfig::new(1e-3, 0.9, Convention::Notebook).unwrap();
        let (out, _) = train(&case, &case.x, &config);
        for (channel, (out, x)) in out.axis_iter(Axis(1)).zip(case.x.axis_iter(Axis(1))).enumerate() {
            let var = x.var(0.0);
            let expected = case.gamma[channel].abs() * (var / (var + 1e-3)).sqrt();
            prop_assert!((out.mean().unwrap() - case.beta[channel]).abs() < 1e-10);
            prop_assert!((out.std(0.0) - expected).abs() < 1e-10);
        }
    }

    #[test]
    fn a_shift_of_the_input_changes_the_running_mean_alone(case in cases(), shift in -50.0..50.0_f64) {
        let config = BatchNormConfig::notebook();
        let (out, running) = train(&case, &case.x, &config);
        let (shifted_out, shifted) = train(&case, &(&case.x + shift), &config);
        assert_close(&shifted_out, &out, 1e-9)?;
        assert_close(&shifted.var, &running.var, 1e-10)?;
        assert_close(&shifted.mean, &(&running.mean + 0.1 * shift), 1e-10)?;
    }

    #[test]
    fn a_scale_of_the_input_is_divided_out_with_its_sign_left(case in cases(), scale in 0.1..10.0_f64) {
        // ε is in units of the variance, so it has to scale along.
        let eps = 1e-5;
        let plain = BatchNormConfig::new(eps, 0.1, Convention::PyTorch).unwrap();
        let scaled = BatchNormConfig::new(eps * scale * scale, 0.1, Convention::PyTorch).unwrap();
        let (out, _) = train(&case, &case.x, &plain);
        let (scaled_out, _) = train(&case, &(&case.x * scale), &scaled);
        assert_close(&scaled_out, &out, 1e-9)?;
        let (flipped, _) = train(&case, &(&case.x * -scale), &scaled);
        let without_beta = |out: &Array4<f64>| -> Array4<f64> {
            let beta = case.beta.view().insert_axis(Axis(1)).insert_axis(Axis(2));
            out - &beta
        };
        assert_close(&without_beta(&flipped), &-without_beta(&out), 1e-9)?;
    }

    #[test]
    fn dx_is_blind_to_what_normalisation_removes(case in cases()) {
        // The output does not change with a shift of a channel, so dx has no part along it. With a scale it
        // changes by what ε has of the root: Σ dx·(x − mean) = Σ dout·(out − β) · ε/(var + ε).
        let eps = 1e-3;
        let config = BatchNormConfig::new(eps, 0.9, Convention::Notebook).unwrap();
        let mut running = case.running.clone();
        let (x, gamma) = (case.x.view(), case.gamma.view());
        let (out, statistics) =
            spatial_batch_norm::forward_train(x, gamma, case.beta.view(), &mut running, &config).unwrap();
        let gradients =
            spatial_batch_norm::backward_train(case.dout.view(), x, gamma, &statistics).unwrap();
        let zeros = Array1::zeros(case.gamma.len());
        assert_close(&sum(&gradients.dx), &zeros, 1e-10)?;
        let mean = statistics.mean().insert_axis(Axis(1)).insert_axis(Axis(2));
        let beta = case.beta.view().insert_axis(Axis(1)).insert_axis(Axis(2));
        let share = statistics.var().mapv(|var| eps / (var + eps));
        let expected = sum(&(&case.dout * &(&out - &beta))) * share;
        assert_close(&sum(&(&gradients.dx * &(&case.x - &mean))), &expected, 1e-10)?;
        assert_close(&gradients.dbeta, &sum(&case.dout), 1e-12)?;
    }

    #[test]
    fn evaluation_leaves_statistics_alone_and_treats_each_value_apart(case in cases()) {
        for config in [BatchNormConfig::notebook(), BatchNormConfig::pytorch()] {
            let before = (bits(&case.running.mean), bits(&case.running.var));
            let (g, b) = (case.gamma.view(), case.beta.view());
            let out =
                spatial_batch_norm::forward_eval(case.x.view(), g, b, &case.running, &config).unwrap();
            prop_assert_eq!(&before, &(bits(&case.running.mean), bits(&case.running.var)));
            let first = case.x.slice(ndarray::s![..1, .., .., ..]);
            let alone = spatial_batch_norm::forward_eval(first, g, b, &case.running, &config).unwrap();
            prop_assert_eq!(bits(&alone), bits(&out.slice(ndarray::s![..1, .., .., ..]).to_owned()));
        }
    }

    #[test]
    fn the_conventions_are_one_formula_read_two_ways(case in cases(), momentum in 0.0..=1.0) {
        let notebook = BatchNormConfig::new(1e-5, momentum, Convention::Notebook).unwrap();
        let pytorch = BatchNormConfig::new(1e-5, 1.0 - momentum, Convention::PyTorch).unwrap();
        let (out, biased) = train(&case, &case.x, &notebook);
        let (same, unbiased) = train(&case, &case.x, &pytorch);
        prop_assert_eq!(bits(&out), bits(&same));
        assert_close(&unbiased.mean, &biased.mean, 1e-12)?;
        let n = (case.x.len() / case.gamma.len()) as f64;
        let batch = |running: &Array1<f64>| running - &(momentum * &case.running.var);
        assert_close(&(batch(&unbiased.var) * ((n - 1.0) / n)), &batch(&biased.var), 1e-10)?;
    }

    #[test]
    fn a_ghost_batch_is_normalised_as_a_batch_of_its_own(case in cases(), images in 1usize..5) {
        let (n, c, h, w) = case.x.dim();
        prop_assume!(images * h * w > 1);
        let (g, b) = (case.gamma.view(), case.beta.view());
        for config in [BatchNormConfig::notebook(), BatchNormConfig::pytorch()] {
            let mut running = case.running.clone();
            let (out, statistics) =
                ghost_batch_norm::forward_train(case.x.view(), images, g, b, &mut running, &config)
                    .unwrap();
            let gradients =
                ghost_batch_norm::backward_train(case.dout.view(), case.x.view(), g, &statistics)
                    .unwrap();
            // As many whole ones as there are, and what is left, unless that is a single value.
            let mut sizes = vec![images; n / images];
            match n % images {
                0 => {}
                1 if h * w == 1 && n > images => *sizes.last_mut().unwrap() += 1,
                rest => sizes.push(rest),
            }
            let ghosts = statistics.ghost_batches();
            prop_assert_eq!(ghosts.iter().map(|(images, _)| images.len()).collect::<Vec<_>>(), sizes);
            let mut one_by_one = case.running.clone();
            let [mut dgamma, mut dbeta] = [(); 2].map(|()| Array1::zeros(c));
            for (images, of_ghost) in ghosts {
                let of_images = |array: &Array4<f64>| {
                    array.slice(ndarray::s![images.clone(), .., .., ..]).to_owned()
                };
                let (x, dout) = (of_images(&case.x), of_images(&case.dout));
                let (expected, statistics) =
                    spatial_batch_norm::forward_train(x.view(), g, b, &mut one_by_one, &config)
                        .unwrap();
                let of_batch =
                    spatial_batch_norm::backward_train(dout.view(), x.view(), g, &statistics)
                        .unwrap();
                prop_assert_eq!(&statistics, of_ghost);
                prop_assert_eq!(bits(&of_images(&out)), bits(&expected));
                prop_assert_eq!(bits(&of_images(&gradients.dx)), bits(&of_batch.dx));
                dgamma += &of_batch.dgamma;
                dbeta += &of_batch.dbeta;
            }
            prop_assert_eq!(&running, &one_by_one);
            assert_close(&gradients.dgamma, &dgamma, 1e-13)?;
            assert_close(&gradients.dbeta, &dbeta, 1e-13)?;
        }
    }

    #[test]
    fn a_ghost_batch_of_all_images_is_batch_norm_to_the_bit(case in cases(), more in 0usize..3) {
        let images = if more == 2 { usize::MAX } else { case.x.dim().0 + more };
        let config = BatchNormConfig::pytorch();
        // In f32, in which sums are rounded to the result.
        let narrow = |array: &Array4<f64>| array.mapv(|value| value as f32);
        let (x, dout) = (narrow(&case.x), narrow(&case.dout));
        let [gamma, beta] = [&case.gamma, &case.beta].map(|array| array.mapv(|value| value as f32));
        let (x, dout, g, b) = (x.view(), dout.view(), gamma.view(), beta.view());
        let mut running = RunningStatistics::new(gamma.len(), Convention::PyTorch);
        let mut of_ghosts = running.clone();
        let (expected, statistics) =
            spatial_batch_norm::forward_train(x, g, b, &mut running, &config).unwrap();
        let expected_back = spatial_batch_norm::backward_train(dout, x, g, &statistics).unwrap();
        let (out, statistics) =
            ghost_batch_norm::forward_train(x, images, g, b, &mut of_ghosts, &config).unwrap();
        let back = ghost_batch_norm::backward_train(dout, x, g, &statistics).unwrap();
        prop_assert_eq!(bits(&out), bits(&expected));
        prop_assert_eq!(bits(&back.dx), bits(&expected_back.dx));
        prop_assert_eq!(bits(&back.dgamma), bits(&expected_back.dgamma));
        prop_assert_eq!(bits(&back.dbeta), bits(&expected_back.dbeta));
        prop_assert_eq!(bits(&of_ghosts.mean), bits(&running.mean));
        prop_assert_eq!(bits(&of_ghosts.var), bits(&running.var));
    }

    #[test]
    fn the_spatial_kernel_is_the_plain_one_over_pixels(case in cases()) {
        let config = BatchNormConfig::pytorch();
        let (g, b) = (case.gamma.view(), case.beta.view());
        let pixels = case.x.view().permuted_axes([0, 2, 3, 1]).as_standard_layout().into_owned();
        let rows = pixels.len() / case.gamma.len();
        let rows = pixels.view().into_shape_with_order((rows, case.gamma.len())).unwrap();
        let mut running = case.running.clone();
        let (plain, _) = batch_norm::forward_train(rows, g, b, &mut running, &config).unwrap();
        let (spatial, spatial_running) = train(&case, &case.x, &config);
        let spatial = spatial.permuted_axes([0, 2, 3, 1]);
        assert_close(&spatial, &plain, 1e-11)?;
        assert_close(&spatial_running.mean, &running.mean, 1e-13)?;
        assert_close(&spatial_running.var, &running.var, 1e-11)?;
    }
}

#[test]
fn running_statistics_after_two_known_batches() {
    // By hand: batches {0, 2} and {4, 8} have means 1 and 6, biased variances 1 and 4.
    let config = BatchNormConfig::notebook();
    let mut notebook = RunningStatistics::new(1, Convention::Notebook);
    let mut pytorch = RunningStatistics::new(1, Convention::PyTorch);
    let (gamma, beta) = (ndarray::array![1.0], ndarray::array![0.0]);
    for batch in [ndarray::array![[0.0], [2.0]], ndarray::array![[4.0], [8.0]]] {
        let (x, g, b) = (batch.view(), gamma.view(), beta.view());
        batch_norm::forward_train(x, g, b, &mut notebook, &config).unwrap();
        batch_norm::forward_train(x, g, b, &mut pytorch, &BatchNormConfig::pytorch()).unwrap();
    }
    let close = |got: f64, expected: f64| assert!((got - expected).abs() < 1e-15, "{got}");
    close(notebook.mean[0], 0.9 * 0.1 + 0.6);
    close(notebook.var[0], 0.9 * 0.1 + 0.4);
    close(pytorch.mean[0], 0.9 * 0.1 + 0.6);
    close(pytorch.var[0], 0.9 * (0.9 + 0.1 * 2.0) + 0.1 * 8.0);
}

#[test]
fn a_mean_that_no_f64_can_hold_costs_no_digit() {
    // Around 2⁵⁰, f64 numbers are a quarter apart: the inputs are exact, their mean of 2/3 is not.
    let x = ndarray::array![[0.0], [1.0], [1.0]];
    let far = &x + (1_u64 << 50) as f64;
    let (gamma, beta) = (ndarray::array![1.0], ndarray::array![0.0]);
    let dout = ndarray::array![[0.3], [-1.0], [2.0]];
    let [near, far] = [x, far].map(|x| {
        let mut running = RunningStatistics::new(1, Convention::Notebook);
        let (x, gamma) = (x.view(), gamma.view());
        let config = BatchNormConfig::notebook();
        let (out, statistics) =
            batch_norm::forward_train(x, gamma, beta.view(), &mut running, &config).unwrap();
        let dx = batch_norm::backward_train(dout.view(), x, gamma, &statistics).unwrap().dx;
        [out.into_raw_vec_and_offset().0, dx.into_raw_vec_and_offset().0, statistics.var().to_vec()]
    });
    for (near, far) in near.iter().flatten().zip(far.iter().flatten()) {
        assert!((near - far).abs() < 1e-14, "{near} against {far}");
    }
    assert!((near[2][0] - 2.0 / 9.0).abs() < 1e-15, "{}", near[2][0]);
}

/// The variance is summed around the mean of the first images, which here lie as far from the others as
/// it takes for nearly nothing to be left of what it is corrected by.
#[test]
fn first_images_unlike_the_others_magnify_rounding_no_more_than_they_may() {
    for far in [0_i128, 1_000, 1_000_000] {
        let (n, pixels) = (60, 64);
        let value = |image: usize, pixel: usize| -> i128 {
            let digits = (image * 31 + pixel * 17) as i128 % 11 - 5;
            if image == 0 { far + digits } else { digits }
        };
        let all = || (0..n).flat_map(|image| (0..pixels).map(move |pixel| value(image, pixel)));
        let count = (n * pixels) as i128;
        // n·Σx² − (Σx)², exactly.
        let sum: i128 = all().sum();
        let scaled = count * all().map(|value| value * value).sum::<i128>() - sum * sum;
        let var = scaled as f64 / (count * count) as f64;

        let x =
            Array4::from_shape_fn((n, 1, 8, 8), |(image, _, h, w)| value(image, 8 * h + w) as f64);
        let (gamma, beta) = (Array1::ones(1), Array1::zeros(1));
        let (mut running, config) =
            (RunningStatistics::new(1, Convention::Notebook), BatchNormConfig::notebook());
        let (gamma, beta) = (gamma.view(), beta.view());
        let of_f64 =
            spatial_batch_norm::forward_train(x.view(), gamma, beta, &mut running, &config)
                .unwrap()
                .1;
        let error = (of_f64.var()[0] - var).abs() / var;
        // Of a sum of squares each of 64 + 60 additions rounds by half an ε at most, and the correction
        // magnifies that by (N − 1)/1 and one.
        let bound = 60.0 * 124.0 * f64::EPSILON / 2.0;
        assert!(error < bound, "{far}: relative error {error:e} of {var}");
    }
}

#[test]
fn a_constant_channel_gives_beta_and_no_nan() {
    let x = Array4::<f64>::from_elem([2, 1, 3, 3], 1234.567);
    let mut running = RunningStatistics::new(1, Convention::PyTorch);
    let (gamma, beta) = (ndarray::array![2.0], ndarray::array![0.25]);
    let config = BatchNormConfig::pytorch();
    let (out, statistics) = spatial_batch_norm::forward_train(
        x.view(),
        gamma.view(),
        beta.view(),
        &mut running,
        &config,
    )
    .unwrap();
    assert!(out.iter().all(|&y| y == 0.25), "{out}");
    assert_eq!(statistics.var()[0], 0.0);
    let dout = Random::new(1).array(x.raw_dim());
    let gradients =
        spatial_batch_norm::backward_train(dout.view(), x.view(), gamma.view(), &statistics)
            .unwrap();
    assert!(gradients.dx.iter().all(|dx: &f64| dx.is_finite()));
    assert_eq!(gradients.dgamma[0], 0.0);
}
