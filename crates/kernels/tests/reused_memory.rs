//! The functions that write into given memory: the same bits as those that return new arrays, whatever
//! the memory held, and no new memory where there is room.

use kernels::conv2d::Wanted;
use kernels::conv2d::normalized::{self, Block};
use kernels::conv2d::{self, Conv2dConfig};
use kernels::group_norm::{self, GroupNormConfig, GroupStatistics};
use kernels::max_pool2d::{self, MaxPool2dConfig, Pooled};
use kernels::{
    BatchNormConfig, Convention, KernelError, Real, RunningStatistics, ghost_batch_norm, relu,
    sigmoid, spatial_batch_norm, tanh,
};
use ndarray::{Array1, Array4, ArrayView1};
use proptest::prelude::*;

use crate::common::{Random, bits, in_every_layout};

/// Calls `write` on memory of every size, full of NaN, and holds the result to `expected`.
fn assert_reuses<F: Real>(
    expected: &Array4<F>,
    mut write: impl FnMut(&mut Array4<F>) -> Result<(), KernelError>,
) {
    for room in [0, 1, expected.len(), expected.len() + 3] {
        let mut memory = Array4::from_elem([room, 1, 1, 1], F::from_f64(f64::NAN));
        write(&mut memory).unwrap();
        assert_eq!(memory.shape(), expected.shape());
        assert_eq!(bits(&memory), bits(expected), "room for {room}");
        let place = memory.as_ptr();
        write(&mut memory).unwrap();
        assert_eq!(memory.as_ptr(), place, "the second call asked for other memory");
        assert_eq!(bits(&memory), bits(expected));
    }
}

fn all_kernels<F: Real>(shape: [usize; 4], kernel: [usize; 2], stride: [usize; 2], seed: u64) {
    let mut random = Random::new(seed);
    let [_, c, h, w] = shape;
    let x: Array4<F> = random.array(shape);
    let (gamma, beta): (Array1<F>, Array1<F>) = (random.array(c), random.array(c));
    let weight: Array4<F> = random.array([c + 1, c, kernel[0], kernel[1]]);
    let bias = random.array(c + 1);

    let config = Conv2dConfig::new(stride, [1, 0]).unwrap();
    let out = conv2d::forward(x.view(), weight.view(), bias.view(), &config).unwrap();
    assert_reuses(&out, |out| {
        conv2d::forward_into(x.view(), weight.view(), bias.view(), &config, out)
    });
    let dx = conv2d::backward_input(out.view(), [h, w], weight.view(), &config).unwrap();
    assert_reuses(&dx, |dx| {
        conv2d::backward_input_into(out.view(), [h, w], weight.view(), &config, dx)
    });

    // Most of it zero, for which there is another way; and without padding, so that inputs are left out.
    let weight: Array4<F> = random.array([3, 16, kernel[0], kernel[1]]);
    let config = Conv2dConfig::new(stride, [0, 0]).unwrap();
    let x: Array4<F> = random.array([2, 16, h, w]);
    let mut dout =
        conv2d::forward(x.view(), weight.view(), Array1::zeros(3).view(), &config).unwrap();
    dout.mapv_inplace(|value| if random.uniform() < 0.2 { value } else { F::zero() });
    let dx = conv2d::backward_input(dout.view(), [h, w], weight.view(), &config).unwrap();
    assert_reuses(&dx, |dx| {
        conv2d::backward_input_into(dout.view(), [h, w], weight.view(), &config, dx)
    });

    let config = MaxPool2dConfig::new(kernel, stride).unwrap();
    let x: Array4<F> = random.array(shape);
    let (out, argmax) = max_pool2d::forward(x.view(), &config).unwrap();
    let mut places = Array4::from_elem([1, 1, 1, 1], 77);
    assert_reuses(&out, |out| max_pool2d::forward_into(x.view(), &config, out, &mut places));
    assert_eq!(places, argmax);
    let dx = max_pool2d::backward(out.view(), argmax.view(), [h, w], &config).unwrap();
    assert_reuses(&dx, |dx| {
        max_pool2d::backward_into(out.view(), argmax.view(), [h, w], &config, dx)
    });

    let convolution = Conv2dConfig::new([1, 1], [1, 1]).unwrap();
    let (weight, bias) = (random.array([c, c, 3, 3]), random.array(c));
    let (weight, b) = (weight.view(), bias.view());
    let convolved = conv2d::forward(x.view(), weight, b, &convolution).unwrap();
    let (out, argmax) = max_pool2d::forward(convolved.view(), &config).unwrap();
    assert_reuses(&out, |out| {
        let pooled = Pooled { out, argmax: &mut places };
        conv2d::max_pooled::forward_into(x.view(), weight, b, &convolution, &config, pooled)
    });
    assert_eq!(places, argmax);
    let unpooled = max_pool2d::backward(out.view(), argmax.view(), [h, w], &config).unwrap();
    let dx = conv2d::backward_input(unpooled.view(), [h, w], weight, &convolution).unwrap();
    assert_reuses(&dx, |dx| {
        let (dout, argmax) = (out.view(), argmax.view());
        let wanted = Wanted { dx: Some(dx), parameters: None };
        conv2d::max_pooled::backward_into(
            dout,
            argmax,
            x.view(),
            weight,
            &convolution,
            &config,
            wanted,
        )
    });

    let (norm, pool) = (&BatchNormConfig::pytorch(), &config);
    let (gamma, beta, convolution) = (gamma.view(), beta.view(), &convolution);
    let block = Block { weight, bias: b, gamma, beta, convolution, norm, pool };
    let mut running = RunningStatistics::new(c, Convention::PyTorch);
    let (normalized, statistics) =
        spatial_batch_norm::forward_train(convolved.view(), gamma, beta, &mut running, norm)
            .unwrap();
    let (out, argmax) = max_pool2d::forward(normalized.view(), pool).unwrap();
    let mut images = Array4::from_elem([1, 2, 1, 1], F::from_f64(f64::NAN));
    for trains in [true, false] {
        let mut same = RunningStatistics::new(c, Convention::PyTorch);
        let evaluated =
            spatial_batch_norm::forward_eval(convolved.view(), gamma, beta, &same, norm).unwrap();
        let (evaluated, _) = max_pool2d::forward(evaluated.view(), pool).unwrap();
        assert_reuses(if trains { &out } else { &evaluated }, |out| {
            let (x, pooled) = (x.view(), Pooled { out, argmax: &mut places });
            if trains {
                normalized::forward_train_into(x, &block, &mut same, &mut images, pooled).map(drop)
            } else {
                normalized::forward_eval_into(x, &block, &same, pooled)
            }
        });
    }
    let mut pooled = (out.clone(), argmax.clone());
    assert_reuses(&convolved, |convolved| {
        let (x, mut same) = (x.view(), RunningStatistics::new(c, Convention::PyTorch));
        let pooled = Pooled { out: &mut pooled.0, argmax: &mut pooled.1 };
        normalized::forward_train_into(x, &block, &mut same, convolved, pooled).map(drop)
    });
    assert_eq!(pooled.1, argmax);
    let unpooled = max_pool2d::backward(out.view(), argmax.view(), [h, w], pool).unwrap();
    let of_norm =
        spatial_batch_norm::backward_train(unpooled.view(), convolved.view(), gamma, &statistics)
            .unwrap();
    let dx = conv2d::backward_input(of_norm.dx.view(), [h, w], weight, convolution).unwrap();
    assert_reuses(&dx, |dx| {
        let (pooled, y) = ((out.view(), argmax.view()), convolved.view());
        let wanted = Wanted { dx: Some(dx), parameters: None };
        normalized::backward_train_into(pooled, x.view(), y, &statistics, &block, wanted).map(drop)
    });
    norm_kernels(&x, gamma, beta, &mut random);
}

fn norm_kernels<F: Real>(
    x: &Array4<F>,
    g: ArrayView1<'_, F>,
    b: ArrayView1<'_, F>,
    random: &mut Random,
) {
    let (shape, c) = (x.raw_dim(), g.len());
    let config = BatchNormConfig::pytorch();
    let start = RunningStatistics::new(c, Convention::PyTorch);
    let mut running = start.clone();
    let (out, statistics) =
        spatial_batch_norm::forward_train(x.view(), g, b, &mut running, &config).unwrap();
    assert_reuses(&out, |out| {
        let mut same = start.clone();
        let got = spatial_batch_norm::forward_train_into(x.view(), g, b, &mut same, &config, out)?;
        assert_eq!((got, same), (statistics.clone(), running.clone()));
        Ok(())
    });
    let dout: Array4<F> = random.array(shape);
    let expected =
        spatial_batch_norm::backward_train(dout.view(), x.view(), g, &statistics).unwrap();
    for (layout, mut dout) in in_every_layout(&dout) {
        let (dgamma, dbeta) =
            spatial_batch_norm::backward_train_in_place(&mut dout, x.view(), g, &statistics)
                .unwrap();
        let got = [bits(&dout), bits(&dgamma), bits(&dbeta)];
        let expected = [bits(&expected.dx), bits(&expected.dgamma), bits(&expected.dbeta)];
        assert_eq!(got, expected, "{layout}");
    }

    let mut running = start.clone();
    let (out, statistics) =
        ghost_batch_norm::forward_train(x.view(), 2, g, b, &mut running, &config).unwrap();
    assert_reuses(&out, |out| {
        let mut same = start.clone();
        let got = ghost_batch_norm::forward_train_into(x.view(), 2, g, b, &mut same, &config, out)?;
        assert_eq!((got, same), (statistics.clone(), running.clone()));
        Ok(())
    });
    group_norm_kernels(x, &dout, g, b);
    activation_kernels(x, &dout);
}

fn group_norm_kernels<F: Real>(
    x: &Array4<F>,
    dout: &Array4<F>,
    gamma: ArrayView1<'_, F>,
    beta: ArrayView1<'_, F>,
) {
    // A size that the statistics before may have had or not.
    let mut kept = GroupStatistics::default();
    for groups in [1, gamma.len()] {
        let config = GroupNormConfig::new(groups, 1e-5).unwrap();
        let (out, statistics) = group_norm::forward(x.view(), gamma, beta, &config).unwrap();
        assert_reuses(&out, |out| {
            group_norm::forward_into(x.view(), gamma, beta, &config, out, &mut kept)?;
            assert_eq!(kept, statistics);
            Ok(())
        });
        let expected = group_norm::backward(dout.view(), x.view(), gamma, &statistics).unwrap();
        for (layout, mut dout) in in_every_layout(dout) {
            let nan = Array1::from_elem(gamma.len(), F::from_f64(f64::NAN));
            let [mut dgamma, mut dbeta] = [nan.clone(), nan];
            let parameters = [dgamma.view_mut(), dbeta.view_mut()];
            group_norm::backward_in_place(&mut dout, x.view(), gamma, &statistics, parameters)
                .unwrap();
            let got = [bits(&dout), bits(&dgamma), bits(&dbeta)];
            let expected = [bits(&expected.dx), bits(&expected.dgamma), bits(&expected.dbeta)];
            assert_eq!(got, expected, "{layout}");
        }
    }
}

fn activation_kernels<F: Real>(x: &Array4<F>, dout: &Array4<F>) {
    for (name, out, dx) in [
        ("relu", relu::forward(x.view()), relu::backward(dout.view(), x.view())),
        ("sigmoid", sigmoid::forward(x.view()), sigmoid::backward(dout.view(), x.view())),
        ("tanh", tanh::forward(x.view()), tanh::backward(dout.view(), x.view())),
    ] {
        let dx = dx.unwrap();
        assert_reuses(&out, |out| match name {
            "relu" => relu::forward_into(x.view(), out),
            "sigmoid" => sigmoid::forward_into(x.view(), out),
            _ => tanh::forward_into(x.view(), out),
        });
        for (layout, x) in in_every_layout(x) {
            let (mut got, mut dout) = (x.clone(), dout.clone());
            match name {
                "relu" => got = relu::forward(x.view()),
                "sigmoid" => sigmoid::forward_in_place(&mut got),
                _ => tanh::forward_in_place(&mut got),
            }
            assert_eq!(bits(&got), bits(&out), "{name}, {layout}");
            match name {
                "relu" => relu::backward_in_place(&mut dout, x.view()),
                "sigmoid" => sigmoid::backward_in_place(&mut dout, x.view()),
                _ => tanh::backward_in_place(&mut dout, x.view()),
            }
            .unwrap();
            assert_eq!(bits(&dout), bits(&dx), "{name}, {layout}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn given_memory_changes_no_result(
        n in 2usize..4, c in 1usize..20,
        size in prop::array::uniform2(2usize..7),
        kernel in prop::array::uniform2(1usize..3),
        stride in prop::array::uniform2(1usize..4),
        seed: u64,
    ) {
        all_kernels::<f32>([n, c, size[0], size[1]], kernel, stride, seed);
        all_kernels::<f64>([n, c, size[0], size[1]], kernel, stride, seed);
    }
}

#[test]
fn an_argmax_out_of_range_is_refused_whatever_the_memory() {
    let dout = Array4::<f32>::ones([1, 1, 1, 1]);
    let mut dx = Array4::ones([1, 1, 2, 2]);
    let argmax = Array4::from_elem([1, 1, 1, 1], 4);
    let config = MaxPool2dConfig::halving();
    let refused = max_pool2d::backward_into(dout.view(), argmax.view(), [2, 2], &config, &mut dx);
    assert!(matches!(refused, Err(KernelError::Index { got: 4, bound: 4, .. })), "{refused:?}");
}
