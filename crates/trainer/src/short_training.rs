//! A short training on the built-in data set, and one SHA-256 of all that it gives. The hash is the
//! same on every processor and instruction set, for any number of threads, in any build.

use std::num::NonZero;
use std::thread;

use kernels::with_threads;

use crate::dataset::{LabelledImages, Split, Synthetic};
use crate::fingerprint::Fingerprint;
use crate::network::NetworkConfig;
use crate::optimizer::{AdamConfig, Optimizer};
use crate::{FitConfig, Observe, TrainError, fit};

/// The images of some training steps, and of one validation at their end.
#[derive(Debug, Clone)]
pub struct ShortTraining {
    images: LabelledImages,
    batch_size: usize,
}

impl ShortTraining {
    /// The first images of the built-in data set: those of `steps` batches, then one batch for the
    /// validation.
    ///
    /// # Errors
    ///
    /// [`TrainError::DataSet`] if the data set has fewer images.
    pub fn new(steps: NonZero<usize>, batch_size: NonZero<usize>) -> Result<Self, TrainError> {
        let most = Synthetic::TRAINING_IMAGES;
        let count = steps.checked_add(1).and_then(|batches| batches.checked_mul(batch_size));
        let count = count.map(NonZero::get).filter(|&count| count <= most);
        let count = count.ok_or_else(|| TrainError::DataSet {
            data_set: "the built-in data set",
            what: "the number of images",
            expected: format!("at most {most}"),
            got: format!("{steps} steps and a validation of {batch_size} each"),
        })?;
        let threads = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        let images = Synthetic::training_at(&(0..count).collect::<Vec<_>>(), threads)?;
        Ok(Self { images, batch_size: batch_size.get() })
    }

    /// The images, those of the validation last.
    pub fn images(&self) -> &LabelledImages {
        &self.images
    }

    /// Trains all parameters of the network with seed 0 for one epoch by Adam with learning rate
    /// 5e-4, on up to so many threads.
    ///
    /// The SHA-256 is over the measurements in order (the loss and accuracy of every step, then
    /// those of the validation), then over weights and running statistics. It is in lower-case
    /// hexadecimal.
    ///
    /// # Errors
    ///
    /// Those of [`fit()`], of [`NetworkConfig::build`] and of [`with_threads`].
    pub fn hash(&self, network: &NetworkConfig, threads: usize) -> Result<String, TrainError> {
        let Self { images, batch_size } = self;
        let mut network = network.build::<f32>(images.size(), images.classes(), 0)?;
        let mut optimizer = Optimizer::new(AdamConfig::new(5e-4)?, &network, |_| true);
        let training = images.len() - batch_size;
        let split = Split {
            training: (0..training).collect(),
            validation: (training..images.len()).collect(),
            seed: None,
        };
        let batch_size = *batch_size;
        let config = FitConfig {
            first_step: 0,
            epochs: 1,
            batch_size,
            seed: 0,
            observe_every: 0,
            observe: Observe::default(),
        };
        let mut fingerprint = Fingerprint::default();
        with_threads(threads, || {
            fit::<_, TrainError>(&mut network, &mut optimizer, images, &split, &config, |moment| {
                fingerprint.add_measurement(&moment.measurement);
                Ok(())
            })
        })??;
        fingerprint.add_network(&network);
        Ok(fingerprint.finish())
    }
}
