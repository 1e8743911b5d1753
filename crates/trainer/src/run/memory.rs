//! How much memory a run takes.

use ndarray::{Array1, Array2, Array4};

use super::RunConfig;
use crate::dataset::{ImageBatch, ImageSize};
use crate::landscape::Landscape;
use crate::network::Tape;
use crate::observation::Observation;
use crate::optimizer::Optimizer;
use crate::random_stream::{Purpose, Stream};
use crate::{Observable, TrainError};

/// The images of the batch that is looked at; batch norm of rows needs two.
const PROBE: usize = 2;

/// Copies of the parameters and of the optimiser's arrays at the end of an epoch: those in use, those
/// of a checkpoint, and its bytes.
const COPIES_OF_STATE: usize = 3;

/// What a run holds whatever its batch: lists, logs, and the threads' working memory.
const SMALL_THINGS: u64 = 8 << 20;

/// The bytes per image of a batch, by what they are held for.
struct PerImage {
    /// A training step, with what the landscape takes of it.
    step: usize,
    /// What is observed of a step.
    observation: usize,
    /// The validation, beside what a step holds.
    validation: usize,
}

impl RunConfig {
    /// About how many bytes the run takes at most, besides those of the data set: what a step holds of
    /// a batch of `training_images` or fewer, and what is held beside it of an observation or of the
    /// validation.
    ///
    /// # Errors
    ///
    /// [`TrainError`] for a network that cannot be built for images of this size.
    pub fn memory(
        &self,
        image: ImageSize,
        classes: usize,
        training_images: usize,
        validation_images: usize,
    ) -> Result<u64, TrainError> {
        let (mut network, trained) = self.build(image, classes)?;
        let optimizer = Optimizer::of_values(self.optimizer, &network, &trained);
        let mut gradients = optimizer.memory_for_gradients(&network);
        let state = network.state().iter().map(|(_, array)| array.len()).sum::<usize>()
            + optimizer.state().iter().map(|(_, array)| array.len()).sum::<usize>();

        // A small batch goes through once: that is exact for any network, and takes a moment.
        let ImageSize { channels, height, width } = image;
        let images = Array4::<f32>::zeros([PROBE, channels, height, width]);
        let mut tape = Tape::default();
        let is_observed = self.observations_per_epoch > 0;
        tape.keep_activations(is_observed && self.observe.keeps_activations());
        let mut random = Stream::new(self.seeds.order, Purpose::Dropout, 0);
        network.forward_train_into(images.view(), &mut random, &mut tape)?;
        let seen = is_observed.then(|| Observation::of(&network, &tape, &self.observe));
        let observation = seen.map_or(0, |seen| seen.bytes());
        let dlogits = Array2::zeros(tape.logits()?.raw_dim());
        network.backward_into(&mut tape, dlogits.view(), &mut gradients)?;
        let mut evaluation = Tape::default();
        evaluation.keep_activations(false);
        network.forward_eval_into(images.view(), &mut evaluation)?;
        let parameters: usize = network.parameters().iter().map(|(_, array)| array.len()).sum();
        // Those of a step have gradients.
        let (mut landscape, mut numbers) = (0, state * COPIES_OF_STATE + parameters);
        if is_observed && self.observe.has(Observable::Landscape) {
            let batch = ImageBatch { images, labels: Array1::zeros(PROBE) };
            let mut memory = Landscape::new(&gradients);
            memory.measure(&network, &optimizer, &batch, &gradients, &random)?;
            landscape = memory.bytes_of_batch();
            // And so have those at another place of the landscape.
            numbers += parameters;
        }

        let batch = image.values() * size_of::<f32>();
        let per_image = PerImage {
            step: batch + (tape.bytes() + tape.bytes_of_backward() + landscape) / PROBE,
            observation: observation / PROBE,
            validation: batch + evaluation.bytes() / PROBE,
        };
        let held =
            |bytes: usize, images: usize| bytes.saturating_mul(self.batch_size.min(images)) as u64;
        let beside = held(per_image.observation, training_images)
            .max(held(per_image.validation, validation_images));
        let numbers = (numbers * size_of::<f32>()) as u64;
        Ok(SMALL_THINGS + numbers + held(per_image.step, training_images) + beside)
    }
}
