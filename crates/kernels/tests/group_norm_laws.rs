//! What must hold of group norm whatever the numbers.

use kernels::group_norm::{self, GroupNormConfig, GroupNormGradients, GroupStatistics};
use kernels::{BatchNormConfig, Convention, RunningStatistics, spatial_batch_norm};
use ndarray::{Array1, Array2, Array4, ArrayView1, Axis, s};
use proptest::prelude::*;

use crate::common::{Random, bits};

/// Images with γ, β and dy; `groups` divides the channels.
#[derive(Debug, Clone)]
struct Case {
    x: Array4<f64>,
    dout: Array4<f64>,
    gamma: Array1<f64>,
    beta: Array1<f64>,
    groups: usize,
}

impl Case {
    fn forward(&self, x: &Array4<f64>, eps: f64) -> (Array4<f64>, GroupStatistics) {
        let config = GroupNormConfig::new(self.groups, eps).unwrap();
        group_norm::forward(x.view(), self.gamma.view(), self.beta.view(), &config).unwrap()
    }

    fn backward(&self, statistics: &GroupStatistics) -> GroupNormGradients<f64, ndarray::Ix4> {
        let (x, gamma) = (self.x.view(), self.gamma.view());
        group_norm::backward(self.dout.view(), x, gamma, statistics).unwrap()
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let sizes = (1usize..4, 1usize..5, 1usize..18, 2usize..7, 1usize..7, any::<u64>());
    sizes.prop_map(|(n, groups, width, h, w, seed)| {
        let (mut random, c) = (Random::new(seed), groups * width);
        let dout = random.array([n, c, h, w]);
        Case {
            x: random.array([n, c, h, w]).mapv(|x: f64| 3.0 * x + 2.0),
            dout,
            gamma: random.array(c),
            beta: random.array(c),
            groups,
        }
    })
}

fn assert_close<'a>(
    got: impl IntoIterator<Item = &'a f64>,
    expected: impl IntoIterator<Item = &'a f64>,
    tolerance: f64,
) -> Result<(), TestCaseError> {
    for (got, expected) in got.into_iter().zip(expected) {
        let error = (got - expected).abs();
        prop_assert!(error <= tolerance * (1.0 + expected.abs()), "{got} against {expected}");
    }
    Ok(())
}

/// The sum of each group of each image.
fn sums(images: &Array4<f64>, groups: usize) -> Array2<f64> {
    let (n, c, _, _) = images.dim();
    let width = c / groups;
    Array2::from_shape_fn((n, groups), |(image, group)| {
        images.slice(s![image, group * width..(group + 1) * width, .., ..]).sum()
    })
}

proptest! {
    #[test]
    fn a_group_has_mean_0_and_a_variance_just_below_1(case in cases()) {
        let plain = Case {
            gamma: Array1::ones(case.gamma.len()),
            beta: Array1::zeros(case.beta.len()),
            ..case.clone()
        };
        let eps = 1e-3;
        let (out, statistics) = plain.forward(&case.x, eps);
        let count = (case.x.len() / case.x.dim().0 / case.groups) as f64;
        let mean = sums(&out, case.groups) / count;
        assert_close(&mean, &Array2::zeros(mean.raw_dim()), 1e-12)?;
        let var = sums(&out.mapv(|y| y * y), case.groups) / count;
        assert_close(&var, &statistics.var().mapv(|var| var / (var + eps)), 1e-12)?;
        let squares = sums(&case.x, case.groups) / count;
        assert_close(&statistics.mean(), &squares, 1e-12)?;
    }

    #[test]
    fn scale_and_shift_of_one_group_of_one_image_are_divided_out(case in cases(), scale in 0.5..4.0) {
        // ε is in units of the variance: with a larger scale it counts for less.
        let eps = 1e-3;
        let (mut expected, _) = case.forward(&case.x, eps);
        let (of_group, _) = case.forward(&case.x, eps / (scale * scale));
        let width = case.gamma.len() / case.groups;
        let group = s![0, (case.groups - 1) * width.., .., ..];
        expected.slice_mut(group).assign(&of_group.slice(group));
        let mut moved = case.x.clone();
        moved
            .slice_mut(group)
            .mapv_inplace(|x| scale * x - 100.0);
        assert_close(&case.forward(&moved, eps).0, &expected, 1e-9)?;
    }

    #[test]
    fn every_image_is_normalised_by_itself(case in cases()) {
        let (out, statistics) = case.forward(&case.x, 1e-5);
        let gradients = case.backward(&statistics);
        for image in 0..case.x.dim().0 {
            let of_image = |images: &Array4<f64>| images.slice(s![image..=image, .., .., ..]).to_owned();
            let alone = Case { x: of_image(&case.x), dout: of_image(&case.dout), ..case.clone() };
            let (out_alone, statistics) = alone.forward(&alone.x, 1e-5);
            prop_assert_eq!(bits(&out_alone), bits(&of_image(&out)));
            prop_assert_eq!(bits(&alone.backward(&statistics).dx), bits(&of_image(&gradients.dx)));
        }
    }

    #[test]
    fn as_many_groups_as_channels_are_batch_norm_of_each_image(case in cases()) {
        let channels = case.gamma.len();
        let case = Case { groups: channels, ..case };
        let (out, statistics) = case.forward(&case.x, 1e-5);
        let gradients = case.backward(&statistics);
        let [mut dgamma, mut dbeta] = [(); 2].map(|()| Array1::<f64>::zeros(channels));
        for image in 0..case.x.dim().0 {
            let of_image = |images: &Array4<f64>| images.slice(s![image..=image, .., .., ..]).to_owned();
            let (x, dout) = (of_image(&case.x), of_image(&case.dout));
            let mut running = RunningStatistics::new(channels, Convention::PyTorch);
            let (expected, statistics) = spatial_batch_norm::forward_train(
                x.view(), case.gamma.view(), case.beta.view(), &mut running, &BatchNormConfig::pytorch(),
            ).unwrap();
            let of_batch_norm = spatial_batch_norm::backward_train(
                dout.view(), x.view(), case.gamma.view(), &statistics,
            ).unwrap();
            assert_close(&of_image(&out), &expected, 1e-11)?;
            assert_close(&of_image(&gradients.dx), &of_batch_norm.dx, 1e-10)?;
            dgamma += &of_batch_norm.dgamma;
            dbeta += &of_batch_norm.dbeta;
        }
        assert_close(&gradients.dgamma, &dgamma, 1e-11)?;
        assert_close(&gradients.dbeta, &dbeta, 1e-12)?;
    }

    #[test]
    fn dx_is_blind_to_what_normalisation_removes(case in cases()) {
        // The output does not change with a shift of a group, so dx has no part along it. With a scale it
        // changes by what ε has of the root: Σ dx·x = Σ dout·(out − β) · ε/(var + ε).
        let eps = 1e-3;
        let (out, statistics) = case.forward(&case.x, eps);
        let dx = case.backward(&statistics).dx;
        let zeros = Array2::zeros((case.x.dim().0, case.groups));
        assert_close(&sums(&dx, case.groups), &zeros, 1e-10)?;
        let beta = case.beta.view().insert_axis(Axis(1)).insert_axis(Axis(2));
        let expected = sums(&(&case.dout * &(&out - &beta)), case.groups)
            * statistics.var().mapv(|var| eps / (var + eps));
        assert_close(&sums(&(&dx * &case.x), case.groups), &expected, 1e-10)?;
        let of_channels = case.dout.sum_axis(Axis(3)).sum_axis(Axis(2)).sum_axis(Axis(0));
        assert_close(&case.backward(&statistics).dbeta, &of_channels, 1e-12)?;
    }
}

/// By hand: the groups {0, 2} and {4, 8} have means 1 and 6, and biased variances 1 and 4.
#[test]
fn two_groups_worked_out_on_paper() {
    let x: Array2<f64> = ndarray::array![[0.0, 2.0, 4.0, 8.0]];
    let gamma = ndarray::array![1.0, 2.0, 1.0, 1.0];
    let beta = ndarray::array![0.0, 0.0, 10.0, 0.0];
    // √(1 + 3) = 2 and √(4 + 5) = 3 need an ε each.
    for (eps, group, expected) in
        [(3.0, 0, [-0.5_f64, 1.0]), (5.0, 1, [10.0 - 2.0 / 3.0, 2.0 / 3.0])]
    {
        let config = GroupNormConfig::new(2, eps).unwrap();
        let (out, statistics) =
            group_norm::forward(x.view(), gamma.view(), beta.view(), &config).unwrap();
        assert_eq!(statistics.mean(), ndarray::array![[1.0, 6.0]]);
        assert_eq!(statistics.var(), ndarray::array![[1.0, 4.0]]);
        let out = out.slice(s![0, 2 * group..2 * group + 2]);
        for (got, expected) in out.iter().zip(expected) {
            assert!((got - expected).abs() < 1e-15, "{got} {expected}");
        }
    }
}

/// Around a mean of a million standard deviations the f32 result is as near to the exact one as
/// around 0, and first pixels unlike all others cost no digit.
#[test]
fn values_far_from_zero_and_first_pixels_unlike_the_others_cost_no_digit() {
    let exact = |x: &Array4<f32>| {
        let x = x.mapv(f64::from);
        // The mean is subtracted before anything is squared; sums of f64 are exact enough for f32.
        let count = x.len() as f64;
        let mean =
            x[[0, 0, 0, 0]] + x.iter().map(|value| value - x[[0, 0, 0, 0]]).sum::<f64>() / count;
        let var = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
        x.mapv(|x| (x - mean) / (var + 1e-5).sqrt())
    };
    let mut random = Random::new(1);
    let near: Array4<f32> = random.array([1, 4, 16, 16]);
    let far = near.mapv(|x| x + 1e6);
    let mut unlike = near.clone();
    unlike.slice_mut(s![.., .., ..1, ..]).mapv_inplace(|x| x + 1e5);
    let (gamma, beta) = (Array1::ones(4), Array1::zeros(4));
    let config = GroupNormConfig::new(1, 1e-5).unwrap();
    for x in [near, far, unlike] {
        let (out, _) = group_norm::forward(x.view(), gamma.view(), beta.view(), &config).unwrap();
        for (&got, expected) in out.iter().zip(exact(&x)) {
            let error = (f64::from(got) - expected).abs();
            assert!(error <= 1.2e-7 * expected.abs().max(1.0), "{got} {expected}");
        }
    }
}

#[test]
fn a_constant_group_gives_beta_and_no_nan() {
    let x = Array4::<f64>::from_elem([2, 2, 3, 3], 1234.567);
    let (gamma, beta) = (ndarray::array![2.0, 3.0], ndarray::array![0.25, -1.0]);
    for groups in [1, 2] {
        let config = GroupNormConfig::new(groups, 1e-5).unwrap();
        let (gamma, beta): (ArrayView1<'_, f64>, _) = (gamma.view(), beta.view());
        let (out, statistics) = group_norm::forward(x.view(), gamma, beta, &config).unwrap();
        for (channel, beta) in beta.iter().enumerate() {
            assert!(out.index_axis(Axis(1), channel).iter().all(|y| y == beta), "{out}");
        }
        assert!(statistics.var().iter().all(|&var| var == 0.0));
        let dout = Random::new(1).array(x.raw_dim());
        let gradients = group_norm::backward(dout.view(), x.view(), gamma, &statistics).unwrap();
        assert!(gradients.dx.iter().all(|dx| dx.is_finite()));
        assert!(gradients.dgamma.iter().all(|&dgamma| dgamma == 0.0));
    }
}

/// A backward pass has two sums of 8 bytes for each channel of each image, and for those that fill up vectors of 16.
#[test]
fn the_memory_of_statistics_and_of_a_backward_pass_is_known_before() {
    for (channels, bytes) in [(4, 3 * 16 * 16), (16, 3 * 16 * 16), (20, 3 * 32 * 16)] {
        let (x, ones) = (Array4::<f32>::ones([3, channels, 1, 2]), Array1::ones(channels));
        let config = GroupNormConfig::new(2, 1e-5).unwrap();
        let (_, statistics) =
            group_norm::forward(x.view(), ones.view(), ones.view(), &config).unwrap();
        assert_eq!(statistics.bytes_of_backward(), bytes, "{channels} channels");
        // Mean, its rest, variance and inverse deviation of two groups.
        assert_eq!(statistics.bytes(), 3 * 2 * 4 * 8);
    }
    assert_eq!(GroupStatistics::default().bytes_of_backward(), 0);
}
