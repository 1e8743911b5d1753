//! The norms that a network can have, by their names in files.

use std::borrow::Cow;

use kernels::Real;

use super::layer::{BatchNorm, BatchNormInput, GhostBatchNorm, GroupNorm, Layer, NoisyBatchNorm};
use crate::TrainError;

/// What normalises the activations of a network's blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Norm {
    /// Nothing does.
    None,
    /// Batch norm, of rows or of images.
    BatchNorm,
    /// Batch norm whose training statistics are of so many images each.
    GhostBatchNorm {
        /// The images of a ghost batch: at least 1, of rows at least 2.
        images: usize,
    },
    /// Batch norm with noise behind it in training.
    NoisyBatchNorm,
    /// Group norm, which normalises each image by itself; one group is layer norm.
    GroupNorm {
        /// The number of groups, a divisor of every width.
        groups: usize,
    },
    /// Group norm with as many groups as channels; of images only.
    InstanceNorm,
}

const NONE: &str = "none";
const BATCH_NORM: &str = "batch-norm";
const GHOST_BATCH_NORM: &str = "ghost-batch-norm";
const NOISY_BATCH_NORM: &str = "noisy-batch-norm";
const GROUP_NORM: &str = "group-norm";
const INSTANCE_NORM: &str = "instance-norm";

impl Norm {
    /// The name in files, such as `batch-norm` or `group-norm-4`.
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Self::None => NONE.into(),
            Self::BatchNorm => BATCH_NORM.into(),
            Self::GhostBatchNorm { images } => format!("{GHOST_BATCH_NORM}-{images}").into(),
            Self::NoisyBatchNorm => NOISY_BATCH_NORM.into(),
            Self::GroupNorm { groups } => format!("{GROUP_NORM}-{groups}").into(),
            Self::InstanceNorm => INSTANCE_NORM.into(),
        }
    }

    /// The norm of this name in files.
    pub fn of_name(name: &str) -> Option<Self> {
        let number = |prefix| name.strip_prefix(prefix)?.strip_prefix('-')?.parse().ok();
        let norm = match name {
            NONE => Some(Self::None),
            BATCH_NORM => Some(Self::BatchNorm),
            NOISY_BATCH_NORM => Some(Self::NoisyBatchNorm),
            INSTANCE_NORM => Some(Self::InstanceNorm),
            _ => number(GHOST_BATCH_NORM)
                .map(|images| Self::GhostBatchNorm { images })
                .or_else(|| number(GROUP_NORM).map(|groups| Self::GroupNorm { groups })),
        };
        // One name per norm, as results are found by it.
        norm.filter(|norm| norm.name() == name)
    }

    /// Whether evaluation normalises with running statistics, and not as training does.
    pub fn has_running_statistics(self) -> bool {
        match self {
            Self::BatchNorm | Self::GhostBatchNorm { .. } | Self::NoisyBatchNorm => true,
            Self::None | Self::GroupNorm { .. } | Self::InstanceNorm => false,
        }
    }

    /// The layer for rows of so many features.
    pub(super) fn of_rows<F: Real>(self, features: usize) -> Result<Option<Layer<F>>, TrainError> {
        self.check(features, BatchNormInput::Rows)?;
        self.layer(features, BatchNormInput::Rows)
    }

    /// The layer for images of so many channels.
    pub(super) fn of_images<F: Real>(
        self,
        channels: usize,
    ) -> Result<Option<Layer<F>>, TrainError> {
        self.check(channels, BatchNormInput::Images)?;
        self.layer(channels, BatchNormInput::Images)
    }

    fn layer<F: Real>(
        self,
        channels: usize,
        input: BatchNormInput,
    ) -> Result<Option<Layer<F>>, TrainError> {
        let group_norm = |groups| GroupNorm::new(groups, channels).map(Layer::GroupNorm);
        Ok(match self {
            Self::None => None,
            Self::BatchNorm => Some(Layer::BatchNorm(BatchNorm::new(input, channels))),
            Self::GhostBatchNorm { images } => {
                let norm = BatchNorm::new(input, channels);
                Some(Layer::GhostBatchNorm(GhostBatchNorm { norm, images }))
            }
            Self::NoisyBatchNorm => {
                let norm = BatchNorm::new(input, channels);
                Some(Layer::NoisyBatchNorm(NoisyBatchNorm { norm }))
            }
            Self::GroupNorm { groups } => Some(group_norm(groups)?),
            Self::InstanceNorm => Some(group_norm(channels)?),
        })
    }

    /// Refuses a norm that cannot normalise so many channels.
    fn check(self, channels: usize, input: BatchNormInput) -> Result<(), TrainError> {
        let refuse =
            |parameter, expected, got| Err(TrainError::Config { parameter, expected, got });
        let of_rows = input == BatchNormInput::Rows;
        let fewest_images = if of_rows { 2 } else { 1 };
        match self {
            Self::GhostBatchNorm { images } if images < fewest_images => refuse(
                "the images of a ghost batch",
                "at least 1, and in a fully connected network at least 2",
                images.to_string(),
            ),
            Self::GroupNorm { groups } if groups == 0 || !channels.is_multiple_of(groups) => {
                let got = format!("{groups} for a width of {channels}");
                refuse("the number of groups", "a divisor of every width", got)
            }
            Self::GroupNorm { groups } if of_rows && groups == channels => refuse(
                "the number of groups",
                "less than every width of a fully connected network",
                format!("{groups} for a width of {channels}"),
            ),
            Self::InstanceNorm if of_rows => refuse(
                "the norm",
                "one that has several values to normalise together in a fully connected network",
                INSTANCE_NORM.to_owned(),
            ),
            Self::None
            | Self::BatchNorm
            | Self::GhostBatchNorm { .. }
            | Self::NoisyBatchNorm
            | Self::GroupNorm { .. }
            | Self::InstanceNorm => Ok(()),
        }
    }
}
