//! A network computes some neighbours together: a ReLU and the max pooling after it, and the batch norm
//! or the convolution before them, or both; a flattening and the linear layer after it. Its plain twin computes
//! one layer after the other.

use kernels::conv2d::Conv2dConfig;
use kernels::max_pool2d::MaxPool2dConfig;
use kernels::{Real, RunningStatistics};
use ndarray::{Array, Array2, Array4, ArrayD, Dimension, IxDyn, ShapeBuilder};
use trainer::network::{
    Backward, BatchNorm, BatchNormInput, Conv2d, Flatten, Gradients, Layer, Linear, MaxPool2d,
    Network, Relu, Saved, Tape,
};
use trainer::random_stream::{Purpose, Stream};

/// Few different numbers, so that many pixels of a window are equal, and zeros of both signs.
fn numbers<F: Real, D: Dimension>(
    stream: &mut Stream,
    shape: impl ShapeBuilder<Dim = D>,
) -> Array<F, D> {
    let choice = [-1.0, -0.5, -0.0, 0.0, 0.5, 1.0];
    Array::from_shape_simple_fn(shape, || F::from_f64(choice[stream.below(6) as usize]))
}

fn bits<F: Real>(array: &ArrayD<F>) -> Vec<u64> {
    array.iter().map(|value| value.to_f64().to_bits()).collect()
}

/// Logits, then the gradients of all parameters, one layer after the other.
fn plainly<F: Real>(
    layers: &mut [Layer<F>],
    images: &Array4<F>,
    dlogits: &Array2<F>,
) -> Vec<Vec<u64>> {
    let nothing = || ArrayD::<F>::default(IxDyn(&[0]));
    let mut random = Stream::new(0, Purpose::Dropout, 0);
    let mut inputs = vec![images.clone().into_dyn()];
    let mut saved: Vec<Saved<F>> = layers.iter().map(|_| Saved::default()).collect();
    for (layer, saved) in layers.iter_mut().zip(&mut saved) {
        let (x, mut out) = (inputs.last().unwrap().view(), nothing());
        layer.forward_train(x, &mut random, &mut out, saved).unwrap();
        inputs.push(out);
    }
    let mut results = vec![bits(&inputs.pop().unwrap())];
    let mut dout = dlogits.clone().into_dyn();
    let mut gradients = Vec::new();
    for ((layer, x), saved) in layers.iter().zip(&inputs).zip(&saved).rev() {
        let mut own: Vec<ArrayD<F>> = layer
            .arrays()
            .weight_and_bias
            .into_iter()
            .flatten()
            .map(|array| ArrayD::zeros(array.raw_dim()))
            .collect();
        let mut dx = nothing();
        let parameters = match own.as_mut_slice() {
            [weight, bias] => Some([weight, bias]),
            _ => None,
        };
        let pass = Backward { x: x.view(), dout: &mut dout, dx: Some(&mut dx), parameters };
        layer.backward(saved, pass).unwrap();
        if !layer.is_backward_in_place() {
            dout = dx;
        }
        gradients.extend(own.iter().rev().map(bits));
    }
    results.extend(gradients.into_iter().rev());
    results
}

/// Logits in evaluation, one layer after the other.
fn plainly_evaluated<F: Real>(layers: &[Layer<F>], images: &Array4<F>) -> Vec<u64> {
    let mut x = images.clone().into_dyn();
    for layer in layers {
        let mut out = ArrayD::<F>::default(IxDyn(&[0]));
        layer.forward_eval(x.view(), &mut out, &mut Saved::default()).unwrap();
        x = out;
    }
    bits(&x)
}

/// Which layers a network has besides a convolution, a ReLU and a max pooling.
#[derive(Debug, Clone, Copy)]
struct Others {
    convolution_in_front: bool,
    batch_norm: bool,
}

fn compare<F: Real>(window: [usize; 2], stride: [usize; 2], others: Others, seed: u64) {
    let mut stream = Stream::new(seed, Purpose::Initialization, 0);
    let mut random = |shape: &[usize]| numbers::<F, _>(&mut stream, IxDyn(shape));
    let images: Array4<F> = random(&[3, 2, 9, 8]).into_dimensionality().unwrap();
    let mut model = Vec::new();
    for (c, f) in if others.convolution_in_front { vec![(2, 5), (5, 18)] } else { vec![(2, 18)] } {
        model.push(Layer::Conv2d(Conv2d {
            weight: random(&[f, c, 3, 3]).into_dimensionality().unwrap(),
            bias: random(&[f]).into_dimensionality().unwrap(),
            config: Conv2dConfig::same_3x3(),
        }));
    }
    if others.batch_norm {
        let mut vector = || random(&[18]).into_dimensionality().unwrap();
        model.push(Layer::BatchNorm(BatchNorm {
            gamma: vector(),
            beta: vector(),
            running: RunningStatistics {
                mean: vector(),
                var: vector().mapv(|value| value * value),
            },
            ..BatchNorm::new(BatchNormInput::Images, 18)
        }));
    }
    let config = MaxPool2dConfig::new(window, stride).unwrap();
    model.extend([Layer::Relu(Relu), Layer::MaxPool2d(MaxPool2d { config })]);
    let [rows, columns] = [0, 1].map(|axis| ([9, 8][axis] - window[axis]) / stride[axis] + 1);
    let fc = Linear {
        weight: random(&[4, 18 * rows * columns]).into_dimensionality().unwrap(),
        bias: random(&[4]).into_dimensionality().unwrap(),
    };
    let dlogits: Array2<F> = random(&[3, 4]).into_dimensionality().unwrap();

    let mut layers = model.clone();
    layers.extend([Layer::Flatten(Flatten), Layer::Linear(fc.clone())]);
    let evaluated = plainly_evaluated(&layers, &images);
    let expected = plainly(&mut layers, &images, &dlogits);
    let buffers = |network: &Network<F>| -> Vec<_> {
        network.buffers().iter().map(|(_, buffer)| bits(&buffer.to_owned())).collect()
    };
    let of_layers = layers.iter().flat_map(|layer| layer.arrays().buffers);
    let expected_buffers: Vec<_> = of_layers.map(|(_, buffer)| bits(&buffer.to_owned())).collect();

    let mut network = Network::with_linear_head(model, fc);
    let start = network.clone();
    let mut masks = Stream::new(0, Purpose::Dropout, 0);
    let (mut tape, mut gradients) = (Tape::default(), Gradients::new(&network, |_| true));
    // The second time in memory that has been used, and with activations that are kept or not.
    for keeps_activations in [true, true, false, false, true] {
        network.clone_from(&start);
        tape.keep_activations(keeps_activations);
        let logits = network.forward_eval_into(images.view(), &mut tape).unwrap();
        let what = format!("{window:?} {stride:?} {others:?} {seed} {keeps_activations}");
        assert_eq!(bits(&logits.to_owned().into_dyn()), evaluated, "{what}");
        let logits = network.forward_train_into(images.view(), &mut masks, &mut tape).unwrap();
        let mut results = vec![bits(&logits.to_owned().into_dyn())];
        network.backward_into(&mut tape, dlogits.view(), &mut gradients).unwrap();
        results.extend(gradients.parameters().iter().map(bits));
        assert_eq!(results, expected, "{what}");
        assert_eq!(buffers(&network), expected_buffers, "{what}");
        let seen = tape.activations(&network).len();
        assert_eq!(seen, usize::from(keeps_activations));
        assert_other_gradients_change_nothing(&network, &mut tape, &dlogits, &gradients);
    }
}

/// What is not asked for stays 0, and changes nothing else: with every choice of layers.
fn assert_other_gradients_change_nothing<F: Real>(
    network: &Network<F>,
    tape: &mut Tape<F>,
    dlogits: &Array2<F>,
    all: &Gradients<F>,
) {
    let parameters = network.parameters();
    let layer_of = |name: &str| name.rsplit_once('.').unwrap().0.to_owned();
    let mut layers: Vec<_> = parameters.iter().map(|(name, _)| layer_of(name)).collect();
    layers.dedup();
    for choice in 0..1 << layers.len() {
        let is_wanted = |name: &str| {
            let layer = layers.iter().position(|layer| *layer == layer_of(name));
            choice >> layer.unwrap() & 1 == 1
        };
        let mut some = Gradients::new(network, is_wanted);
        network.backward_into(tape, dlogits.view(), &mut some).unwrap();
        for ((name, _), (some, all)) in
            parameters.iter().zip(some.parameters().iter().zip(all.parameters()))
        {
            let zeros = ArrayD::zeros(all.raw_dim());
            let expected = if is_wanted(name) { all } else { &zeros };
            assert_eq!(bits(some), bits(expected), "{name} {choice:b}");
        }
    }
}

#[test]
fn what_is_computed_together_changes_no_bit() {
    for seed in 0..4 {
        for (window, stride) in [
            ([2, 2], [2, 2]),
            ([3, 2], [1, 2]),
            ([2, 3], [2, 1]),
            ([2, 2], [3, 3]),
            ([1, 1], [1, 1]),
        ] {
            for [convolution_in_front, batch_norm] in
                [[false, false], [false, true], [true, false], [true, true]]
            {
                let others = Others { convolution_in_front, batch_norm };
                compare::<f32>(window, stride, others, seed);
                compare::<f64>(window, stride, others, seed);
            }
        }
    }
}

/// Images that are flattened in front of the first layer, and a batch norm of rows.
fn compare_flat<F: Real>(size: [usize; 3], seed: u64) {
    let mut stream = Stream::new(seed, Purpose::Initialization, 0);
    // Random numbers whose sums depend on their order.
    let mut random = |shape: &[usize]| {
        ArrayD::from_shape_simple_fn(shape, || {
            F::from_f64(stream.below(1 << 30) as f64 / 3e8 - 1.7)
        })
    };
    let [c, h, w] = size;
    let images: Array4<F> = random(&[5, c, h, w]).into_dimensionality().unwrap();
    let mut linear = |inputs: usize, outputs: usize| {
        Layer::Linear(Linear {
            weight: random(&[outputs, inputs]).into_dimensionality().unwrap(),
            bias: random(&[outputs]).into_dimensionality().unwrap(),
        })
    };
    let norm = Layer::BatchNorm(BatchNorm::new(BatchNormInput::Rows, 18));
    let model = vec![linear(c * h * w, 18), norm, Layer::Relu(Relu), linear(18, 4)];
    let dlogits: Array2<F> = random(&[5, 4]).into_dimensionality().unwrap();
    let mut layers = vec![Layer::Flatten(Flatten)];
    layers.extend(model.clone());
    let evaluated = plainly_evaluated(&layers, &images);
    let expected = plainly(&mut layers, &images, &dlogits);

    let mut network = Network::of_flat_images(model);
    let (mut tape, mut gradients) = (Tape::default(), Gradients::new(&network, |_| true));
    let logits = network.forward_eval_into(images.view(), &mut tape).unwrap();
    assert_eq!(bits(&logits.to_owned().into_dyn()), evaluated, "{size:?}");
    let mut masks = Stream::new(0, Purpose::Dropout, 0);
    let logits = network.forward_train_into(images.view(), &mut masks, &mut tape).unwrap();
    let mut results = vec![bits(&logits.to_owned().into_dyn())];
    network.backward_into(&mut tape, dlogits.view(), &mut gradients).unwrap();
    results.extend(gradients.parameters().iter().map(bits));
    assert_eq!(results, expected, "{size:?}");
}

#[test]
fn flat_images_change_no_bit() {
    for (seed, size) in [[1, 4, 5], [3, 4, 5], [16, 1, 1], [2, 1, 16]].into_iter().enumerate() {
        compare_flat::<f32>(size, seed as u64);
        compare_flat::<f64>(size, seed as u64);
    }
}
