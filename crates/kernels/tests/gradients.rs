//! Every backward pass against central differences of its forward pass, in f64, with a random
//! cotangent: a constant one would hide wrong gradients (batch norm's dx is 0 under it).

use kernels::batch_norm::BatchNormGradients;
use kernels::conv2d::Wanted;
use kernels::conv2d::normalized::{self, Block};
use kernels::conv2d::{self, Conv2dConfig};
use kernels::gradient_check::{
    STEP, eval_numerical_gradient, eval_numerical_gradient_array, rel_error,
};
use kernels::group_norm::{self, GroupNormConfig, GroupNormGradients};
use kernels::max_pool2d::Pooled;
use kernels::max_pool2d::{self, MaxPool2dConfig};
use kernels::{
    BatchNormConfig, Convention, KernelError, RunningStatistics, batch_norm, dropout,
    ghost_batch_norm, linear, relu, sigmoid, softmax_cross_entropy, spatial_batch_norm, tanh,
};
use ndarray::{Array, Array1, Array2, Array4, ArrayView, ArrayView1, Dimension, Ix2, Ix4, array};

use crate::common::Random;

/// Central differences with h = 1e-5 in f64 are good to about 1e-9 of the largest terms.
const TOLERANCE: f64 = 1e-6;

fn assert_gradient<D: Dimension, O: Dimension>(
    what: &str,
    f: impl FnMut(ArrayView<'_, f64, D>) -> Result<Array<f64, O>, KernelError>,
    x: &Array<f64, D>,
    dout: &Array<f64, O>,
    analytic: &Array<f64, D>,
) {
    let numeric = eval_numerical_gradient_array(f, x.view(), dout.view(), STEP).unwrap();
    let error = rel_error(numeric.view(), analytic.view()).unwrap();
    assert!(error < TOLERANCE, "{what}: relative error {error:e}\n{numeric}\n{analytic}");
}

struct BatchNormCase<D: Dimension> {
    x: Array<f64, D>,
    dout: Array<f64, D>,
    gamma: Array1<f64>,
    beta: Array1<f64>,
    running: RunningStatistics<f64>,
}

impl<D: Dimension> BatchNormCase<D> {
    fn new(shape: D, seed: u64) -> Self {
        let channels = shape[1];
        let mut random = Random::new(seed);
        Self {
            x: random.array(shape.clone()).mapv(|x: f64| 3.0 * x + 10.0),
            dout: random.array(shape),
            gamma: random.array(channels),
            beta: random.array(channels),
            running: RunningStatistics {
                mean: random.array(channels),
                var: random.array(channels).mapv(|x: f64| x * x + 0.1),
            },
        }
    }

    /// Holds all three gradients against numeric ones of `forward`.
    fn assert_gradients(
        &self,
        forward: impl Fn(
            ArrayView<'_, f64, D>,
            ArrayView1<'_, f64>,
            ArrayView1<'_, f64>,
        ) -> Result<Array<f64, D>, KernelError>,
        gradients: &BatchNormGradients<f64, D>,
    ) {
        let Self { x, dout, gamma, beta, .. } = self;
        let (g, b) = (gamma.view(), beta.view());
        assert_gradient("dx", |x| forward(x, g, b), x, dout, &gradients.dx);
        assert_gradient("dgamma", |g| forward(x.view(), g, b), gamma, dout, &gradients.dgamma);
        assert_gradient("dbeta", |b| forward(x.view(), g, b), beta, dout, &gradients.dbeta);
    }
}

fn configs() -> [BatchNormConfig; 3] {
    [
        BatchNormConfig::notebook(),
        BatchNormConfig::pytorch(),
        BatchNormConfig::new(0.5, 0.5, Convention::Notebook).unwrap(),
    ]
}

#[test]
fn batch_norm_train() {
    for config in configs() {
        let case = BatchNormCase::new(Ix2(5, 3), 1);
        let (g, b) = (case.gamma.view(), case.beta.view());
        let forward = |x: ArrayView<'_, f64, _>, g: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>| {
            batch_norm::forward_train(x, g, b, &mut case.running.clone(), &config)
        };
        let (_, statistics) = forward(case.x.view(), g, b).unwrap();
        let gradients =
            batch_norm::backward_train(case.dout.view(), case.x.view(), g, &statistics).unwrap();
        case.assert_gradients(|x, g, b| Ok(forward(x, g, b)?.0), &gradients);
    }
}

#[test]
fn batch_norm_eval() {
    for config in configs() {
        let case = BatchNormCase::new(Ix2(5, 3), 2);
        let g = case.gamma.view();
        let forward = |x: ArrayView<'_, f64, _>, g: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>| {
            batch_norm::forward_eval(x, g, b, &case.running, &config)
        };
        let (x, dout) = (case.x.view(), case.dout.view());
        let gradients = batch_norm::backward_eval(dout, x, g, &case.running, &config).unwrap();
        case.assert_gradients(forward, &gradients);
    }
}

#[test]
fn spatial_batch_norm_train() {
    for config in configs() {
        let case = BatchNormCase::new(Ix4(2, 3, 4, 3), 3);
        let (g, b) = (case.gamma.view(), case.beta.view());
        let forward = |x: ArrayView<'_, f64, _>, g: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>| {
            spatial_batch_norm::forward_train(x, g, b, &mut case.running.clone(), &config)
        };
        let (_, statistics) = forward(case.x.view(), g, b).unwrap();
        let gradients =
            spatial_batch_norm::backward_train(case.dout.view(), case.x.view(), g, &statistics)
                .unwrap();
        case.assert_gradients(|x, g, b| Ok(forward(x, g, b)?.0), &gradients);
    }
}

#[test]
fn spatial_batch_norm_eval() {
    for config in configs() {
        let case = BatchNormCase::new(Ix4(2, 3, 4, 3), 4);
        let g = case.gamma.view();
        let forward = |x: ArrayView<'_, f64, _>, g: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>| {
            spatial_batch_norm::forward_eval(x, g, b, &case.running, &config)
        };
        let (x, dout) = (case.x.view(), case.dout.view());
        let gradients =
            spatial_batch_norm::backward_eval(dout, x, g, &case.running, &config).unwrap();
        case.assert_gradients(forward, &gradients);
    }
}

#[test]
fn ghost_batch_norm_with_a_smaller_last_part() {
    let config = BatchNormConfig::new(0.5, 0.5, Convention::Notebook).unwrap();
    let case = BatchNormCase::new(Ix4(5, 3, 2, 3), 7);
    let forward = |x: ArrayView<'_, f64, _>, g: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>| {
        ghost_batch_norm::forward_train(x, 2, g, b, &mut case.running.clone(), &config)
    };
    let (x, dout, g) = (case.x.view(), case.dout.view(), case.gamma.view());
    let (_, statistics) = forward(x, g, case.beta.view()).unwrap();
    assert_eq!(statistics.ghost_batches().len(), 3);
    let gradients = ghost_batch_norm::backward_train(dout, x, g, &statistics).unwrap();
    case.assert_gradients(|x, g, b| Ok(forward(x, g, b)?.0), &gradients);
}

#[test]
fn group_norm_of_rows_and_images() {
    for groups in [1, 2, 6] {
        let config = GroupNormConfig::new(groups, 1e-5).unwrap();
        let case = BatchNormCase::new(Ix4(2, 6, 4, 3), 5);
        let forward = |x: ArrayView<'_, f64, _>, g: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>| {
            group_norm::forward(x, g, b, &config)
        };
        let (x, dout, g) = (case.x.view(), case.dout.view(), case.gamma.view());
        let (_, statistics) = forward(x, g, case.beta.view()).unwrap();
        let GroupNormGradients { dx, dgamma, dbeta } =
            group_norm::backward(dout, x, g, &statistics).unwrap();
        let gradients = BatchNormGradients { dx, dgamma, dbeta };
        case.assert_gradients(|x, g, b| Ok(forward(x, g, b)?.0), &gradients);
    }
    let config = GroupNormConfig::new(2, 0.1).unwrap();
    let case = BatchNormCase::new(Ix2(3, 8), 6);
    let forward = |x: ArrayView<'_, f64, _>, g: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>| {
        group_norm::forward(x, g, b, &config)
    };
    let (x, dout, g) = (case.x.view(), case.dout.view(), case.gamma.view());
    let (_, statistics) = forward(x, g, case.beta.view()).unwrap();
    let GroupNormGradients { dx, dgamma, dbeta } =
        group_norm::backward(dout, x, g, &statistics).unwrap();
    let gradients = BatchNormGradients { dx, dgamma, dbeta };
    case.assert_gradients(|x, g, b| Ok(forward(x, g, b)?.0), &gradients);
}

#[test]
fn conv2d_of_many_geometries() {
    // (x, weight, stride, padding); more filters and channels than one block of lanes holds.
    let geometries = [
        ([2, 3, 5, 6], [4, 3, 3, 3], [1, 1], [1, 1]),
        ([1, 1, 7, 4], [2, 1, 5, 2], [2, 1], [2, 0]),
        ([2, 2, 6, 5], [3, 2, 1, 1], [3, 2], [0, 0]),
        ([1, 17, 3, 3], [18, 17, 2, 2], [1, 1], [0, 1]),
        ([1, 2, 2, 2], [1, 2, 3, 3], [2, 2], [4, 3]),
        // Windows that lie on the padding alone, on each side.
        ([1, 1, 3, 2], [1, 1, 2, 2], [1, 1], [3, 4]),
    ];
    for (seed, (x, weight, stride, padding)) in geometries.into_iter().enumerate() {
        let mut random = Random::new(10 + seed as u64);
        let x: Array4<f64> = random.array(x);
        let weight: Array4<f64> = random.array(weight);
        let bias: Array1<f64> = random.array(weight.dim().0);
        let config = Conv2dConfig::new(stride, padding).unwrap();
        let forward =
            |x: ArrayView<'_, f64, _>,
             weight: ArrayView<'_, f64, _>,
             bias: ArrayView<'_, f64, _>| { conv2d::forward(x, weight, bias, &config) };
        let dout: Array4<f64> =
            random.array(forward(x.view(), weight.view(), bias.view()).unwrap().raw_dim());
        let gradients = conv2d::backward(dout.view(), x.view(), weight.view(), &config).unwrap();
        let parameters = gradients.parameters;
        let (xv, wv, bv) = (x.view(), weight.view(), bias.view());
        assert_gradient("dx", |x| forward(x, wv, bv), &x, &dout, &gradients.dx);
        assert_gradient("dweight", |w| forward(xv, w, bv), &weight, &dout, &parameters.dweight);
        assert_gradient("dbias", |b| forward(xv, wv, b), &bias, &dout, &parameters.dbias);
    }
}

#[test]
fn max_pool2d_with_and_without_overlap() {
    for (window, stride) in [([2, 2], [2, 2]), ([3, 2], [1, 2]), ([2, 3], [3, 1])] {
        let mut random = Random::new(20);
        let x: Array4<f64> = random.array([2, 3, 6, 5]);
        let config = MaxPool2dConfig::new(window, stride).unwrap();
        let (out, argmax) = max_pool2d::forward(x.view(), &config).unwrap();
        let dout: Array4<f64> = random.array(out.raw_dim());
        let dx = max_pool2d::backward(dout.view(), argmax.view(), [6, 5], &config).unwrap();
        assert_gradient("dx", |x| Ok(max_pool2d::forward(x, &config)?.0), &x, &dout, &dx);
    }
}

#[test]
fn conv2d_and_the_max_pooling_behind_it() {
    // (x, weight, stride, padding), (window, stride of the windows).
    let geometries = [
        (([2, 3, 6, 5], [4, 3, 3, 3], [1, 1], [1, 1]), ([2, 2], [2, 2])),
        (([2, 1, 7, 9], [18, 1, 3, 2], [2, 1], [2, 0]), ([3, 2], [1, 2])),
        (([1, 17, 4, 4], [2, 17, 1, 2], [1, 1], [0, 1]), ([2, 1], [3, 2])),
    ];
    for (seed, ((x, weight, stride, padding), (window, pool_stride))) in
        geometries.into_iter().enumerate()
    {
        let mut random = Random::new(70 + seed as u64);
        let x: Array4<f64> = random.array(x);
        let weight: Array4<f64> = random.array(weight);
        let bias: Array1<f64> = random.array(weight.dim().0);
        let config = Conv2dConfig::new(stride, padding).unwrap();
        let pool = MaxPool2dConfig::new(window, pool_stride).unwrap();
        let forward = |x: ArrayView<'_, f64, Ix4>,
                       weight: ArrayView<'_, f64, Ix4>,
                       bias: ArrayView1<'_, f64>| {
            let (mut out, mut argmax) = (Array4::zeros([0; 4]), Array4::zeros([0; 4]));
            let pooled = Pooled { out: &mut out, argmax: &mut argmax };
            conv2d::max_pooled::forward_into(x, weight, bias, &config, &pool, pooled)
                .map(|()| (out, argmax))
        };
        let (xv, wv, bv) = (x.view(), weight.view(), bias.view());
        let (out, argmax) = forward(xv, wv, bv).unwrap();
        let dout: Array4<f64> = random.array(out.raw_dim());
        let (mut dx, mut dweight, mut dbias) =
            (Array4::zeros([0; 4]), Array4::zeros(weight.raw_dim()), Array1::zeros(bias.len()));
        let parameters = Some((dweight.view_mut(), dbias.view_mut()));
        let wanted = Wanted { dx: Some(&mut dx), parameters };
        let (g, argmax) = (dout.view(), argmax.view());
        conv2d::max_pooled::backward_into(g, argmax, xv, wv, &config, &pool, wanted).unwrap();
        assert_gradient("dx", |x| Ok(forward(x, wv, bv)?.0), &x, &dout, &dx);
        assert_gradient("dweight", |w| Ok(forward(xv, w, bv)?.0), &weight, &dout, &dweight);
        assert_gradient("dbias", |b| Ok(forward(xv, wv, b)?.0), &bias, &dout, &dbias);
    }
}

#[test]
fn conv2d_the_batch_norm_behind_it_and_the_max_pooling_behind_that() {
    let mut random = Random::new(80);
    let x: Array4<f64> = random.array([2, 2, 6, 5]);
    let weight: Array4<f64> = random.array([3, 2, 3, 2]);
    let [bias, gamma, beta] = [(); 3].map(|()| random.array(3));
    let forward = |x: ArrayView<'_, f64, Ix4>, block: &Block<'_, f64>| {
        let mut running = RunningStatistics::new(3, Convention::PyTorch);
        let [mut convolved, mut out] = [(); 2].map(|()| Array4::zeros([0; 4]));
        let mut argmax = Array4::zeros([0; 4]);
        let pooled = Pooled { out: &mut out, argmax: &mut argmax };
        normalized::forward_train_into(x, block, &mut running, &mut convolved, pooled)
            .map(|statistics| (out, argmax, convolved, statistics))
    };
    let block = Block {
        weight: weight.view(),
        bias: bias.view(),
        gamma: gamma.view(),
        beta: beta.view(),
        convolution: &Conv2dConfig::new([1, 1], [1, 0]).unwrap(),
        norm: &BatchNormConfig::pytorch(),
        pool: &MaxPool2dConfig::halving(),
    };
    let xv = x.view();
    let (out, argmax, y, statistics) = forward(xv, &block).unwrap();
    let dout: Array4<f64> = random.array(out.raw_dim());
    let (mut dx, mut dweight, mut dbias) =
        (Array4::zeros([0; 4]), Array4::zeros(weight.raw_dim()), Array1::zeros(3));
    let parameters = Some((dweight.view_mut(), dbias.view_mut()));
    let wanted = Wanted { dx: Some(&mut dx), parameters };
    let pooled = (dout.view(), argmax.view());
    let (dgamma, dbeta) =
        normalized::backward_train_into(pooled, xv, y.view(), &statistics, &block, wanted).unwrap();
    let of = |block: Block<'_, f64>| Ok(forward(xv, &block)?.0);
    let with = || block.clone();
    assert_gradient("dx", |x| Ok(forward(x, &block)?.0), &x, &dout, &dx);
    assert_gradient("dweight", |weight| of(Block { weight, ..with() }), &weight, &dout, &dweight);
    assert_gradient("dgamma", |gamma| of(Block { gamma, ..with() }), &gamma, &dout, &dgamma);
    assert_gradient("dbeta", |beta| of(Block { beta, ..with() }), &beta, &dout, &dbeta);
    // What is added to all values of a channel, its mean takes away.
    assert!(dbias.iter().all(|value| value.abs() < 1e-12), "{dbias}");
}

#[test]
fn relu_away_from_its_kink() {
    let mut random = Random::new(30);
    let x: Array4<f64> = random.array([2, 3, 4, 5]).mapv(|x: f64| x + 0.1 * x.signum());
    let dout: Array4<f64> = random.array(x.raw_dim());
    let dx = relu::backward(dout.view(), x.view()).unwrap();
    assert_gradient("dx", |x| Ok(relu::forward(x)), &x, &dout, &dx);
}

#[test]
fn sigmoid_and_tanh() {
    let mut random = Random::new(35);
    let x: Array4<f64> = random.array([2, 3, 4, 5]);
    let dout: Array4<f64> = random.array(x.raw_dim());
    let dx = sigmoid::backward(dout.view(), sigmoid::forward(x.view()).view()).unwrap();
    assert_gradient("dx of sigmoid", |x| Ok(sigmoid::forward(x)), &x, &dout, &dx);
    let dx = tanh::backward(dout.view(), tanh::forward(x.view()).view()).unwrap();
    assert_gradient("dx of tanh", |x| Ok(tanh::forward(x)), &x, &dout, &dx);
}

#[test]
fn linear_layer() {
    let mut random = Random::new(40);
    let x: Array2<f64> = random.array([3, 19]);
    let weight: Array2<f64> = random.array([18, 19]);
    let bias: Array1<f64> = random.array(18);
    let dout: Array2<f64> = random.array([3, 18]);
    let gradients = linear::backward(dout.view(), x.view(), weight.view()).unwrap();
    let (xv, wv, bv) = (x.view(), weight.view(), bias.view());
    assert_gradient("dx", |x| linear::forward(x, wv, bv), &x, &dout, &gradients.dx);
    assert_gradient("dweight", |w| linear::forward(xv, w, bv), &weight, &dout, &gradients.dweight);
    assert_gradient("dbias", |b| linear::forward(xv, wv, b), &bias, &dout, &gradients.dbias);
}

#[test]
fn softmax_cross_entropy_of_the_mean_loss() {
    let mut random = Random::new(50);
    let logits: Array2<f64> = random.array([4, 6]);
    let labels = array![0, 5, 2, 2];
    let (_, probabilities) = softmax_cross_entropy::forward(logits.view(), labels.view()).unwrap();
    let dlogits = softmax_cross_entropy::backward(probabilities.view(), labels.view()).unwrap();
    let numeric = eval_numerical_gradient(
        |logits| softmax_cross_entropy::forward(logits, labels.view()).map(|(loss, _)| loss),
        logits.view(),
        STEP,
    )
    .unwrap();
    let error = rel_error(numeric.view(), dlogits.view()).unwrap();
    assert!(error < TOLERANCE, "relative error {error:e}");
}

#[test]
fn dropout_with_its_mask() {
    let mut random = Random::new(60);
    let x: Array2<f64> = random.array([4, 6]);
    let mask = x.mapv(|_| random.uniform() < 0.6);
    let dout: Array2<f64> = random.array([4, 6]);
    let dx = dropout::backward(dout.view(), mask.view(), 0.4).unwrap();
    assert_gradient("dx", |x| dropout::forward(x, mask.view(), 0.4), &x, &dout, &dx);
}
