//! The loss and its gradient along the gradient, at one step of a training: how far the step's gradient can
//! be trusted.
//!
//! With w the trained parameters before the step and g = ∇L(w) the gradient of the loss L of the step's
//! batch, the network is moved to w − η·g for each η of [`RATES`], and there it has
//!
//! - the loss L(w − η·g);
//! - the change of the gradient, ‖∇L(w − η·g) − g‖, a Euclidean distance over all trained parameters;
//! - the smoothness ‖∇L(w − η·g) − g‖ / ‖η·g‖, whose largest value over η is called effective.
//!
//! Source: S. Santurkar, D. Tsipras, A. Ilyas and A. Mądry, "How Does Batch Normalization Help
//! Optimization?", 2018, <https://arxiv.org/abs/1805.11604>, section 3 and figure 4, whose largest η is 0.4,
//! too.
//!
//! L is one function of w: batch norms normalise with the batch's own statistics, and dropout and noise draw
//! the same numbers for each η as the step did.

use kernels::{Real, softmax_cross_entropy};
use ndarray::{Array2, ArrayD, Zip};

use crate::TrainError;
use crate::dataset::ImageBatch;
use crate::network::{Gradients, Network, ObservedQuantity, Tape};
use crate::observation::Distribution;
use crate::optimizer::Optimizer;
use crate::random_stream::Stream;

/// The steps η along the gradient: from half of a learning rate of 0.1 to four times it.
pub const RATES: [f64; 8] = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4];

/// What stands in the place of a layer's name: the values are of the network as a whole.
pub const LAYER: &str = "landscape";

/// The memory of a measurement, which the next one uses again.
#[derive(Debug)]
pub(crate) struct Landscape<F: Real> {
    tape: Tape<F>,
    /// After the backward pass of the loss its gradient.
    probabilities: Array2<F>,
    gradients: Gradients<F>,
}

impl<F: Real> Landscape<F> {
    /// Memory for the measurements of a training with such gradients.
    pub(crate) fn new(gradients: &Gradients<F>) -> Self {
        let mut tape = Tape::default();
        tape.keep_activations(false);
        Self { tape, probabilities: Array2::default([0, 0]), gradients: gradients.clone() }
    }

    /// The bytes that it holds of a batch.
    pub(crate) fn bytes_of_batch(&self) -> usize {
        self.tape.bytes() + self.probabilities.len() * size_of::<F>()
    }

    /// Measures along `gradients`, those of `network` for `batch`, which are 0 for values that `optimizer` does
    /// not train; `random` is the stream of the step from
    /// its beginning. A value that is infinite or NaN stays one. Where the gradient is 0, nothing moves, and
    /// the smoothness is NaN.
    ///
    /// `network` is not touched: a copy of it moves.
    ///
    /// # Errors
    ///
    /// [`TrainError`] for gradients or a batch of another network.
    pub(crate) fn measure(
        &mut self,
        network: &Network<F>,
        optimizer: &Optimizer<F>,
        batch: &ImageBatch<F>,
        gradients: &Gradients<F>,
        random: &Stream,
    ) -> Result<Vec<Distribution<F>>, TrainError> {
        let Self { tape, probabilities, gradients: there } = self;
        let labels = batch.labels.view();
        let mut moved = network.clone();
        let here: Vec<Option<&ArrayD<F>>> = gradients.wanted().collect();
        let length = root_of_sum(here.iter().copied().flatten().flatten().map(|&g| g.to_f64()));
        let [mut losses, mut changes, mut smoothness] = [Vec::new(), Vec::new(), Vec::new()];
        for rate in RATES {
            for ((to, from), gradient) in
                moved.parameter_arrays_mut().zip(network.parameter_arrays()).zip(&here)
            {
                let Some(gradient) = gradient else { continue };
                Zip::from(to).and(from).and(*gradient).for_each(|to, &from, &gradient| {
                    *to = F::from_f64(from.to_f64() - rate * gradient.to_f64());
                });
            }
            let logits =
                moved.forward_train_into(batch.images.view(), &mut random.clone(), tape)?;
            let loss = softmax_cross_entropy::forward_into(logits, labels, probabilities)?;
            softmax_cross_entropy::backward_in_place(probabilities.view_mut(), labels)?;
            moved.backward_into(tape, probabilities.view(), there)?;
            optimizer.clear_untrained(there);
            let both = here.iter().zip(there.wanted()).filter_map(|(&one, other)| one.zip(other));
            let pairs = both.flat_map(|(one, other)| one.iter().zip(other));
            let change = root_of_sum(pairs.map(|(one, other)| other.to_f64() - one.to_f64()));
            losses.push(loss);
            changes.push(F::from_f64(change));
            smoothness.push(F::from_f64(change / (rate * length)));
        }
        let all = [
            (ObservedQuantity::LossAlongGradient, losses),
            (ObservedQuantity::GradientChange, changes),
            (ObservedQuantity::Smoothness, smoothness),
        ];
        let named = |(quantity, values)| Distribution { layer: LAYER.to_owned(), quantity, values };
        Ok(all.map(named).into())
    }
}

/// The root of the sum of the squares of these numbers, in their order.
fn root_of_sum(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.fold(0.0, |sum, number| sum + number * number).sqrt()
}
