//! The race: how long each side trains until its network reaches an accuracy.

use std::time::Instant;

use kernels::with_threads;
use serde::{Deserialize, Serialize};
use statistics::{ConfidenceLevel, Interval, Sample, Summary, mean_interval};
use trainer::network::{Network, preset};
use trainer::optimizer::{AdamConfig, Optimizer};
use trainer::{FitConfig, Observe, Phase, TrainError, fit};

use crate::error::Result;
use crate::options::{Extent, Options, StudyData};
use crate::peer::{Peer, Script};
use crate::work::{BATCH_SIZE, LEARNING_RATE, RaceEpoch, RaceWork};

/// The share of the validation images that are to be classified correctly.
const RACE_ACCURACY: f64 = 0.9;

/// The epochs after which a seed is given up.
const MOST_EPOCHS: u64 = 8;

/// Both sides' trainings, seed by seed in turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Race {
    /// The name of the data set.
    pub(crate) data: String,
    /// The accuracy to reach.
    pub(crate) accuracy: f64,
    /// The epochs after which a seed is given up.
    pub(crate) most_epochs: u64,
    /// Our trainings, by seed.
    pub(crate) ours: Vec<Vec<RaceEpoch>>,
    /// PyTorch's setting and its trainings, if it was measured too.
    pub(crate) torch: Option<TorchRace>,
}

/// PyTorch's trainings in its fastest setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TorchRace {
    /// The setting.
    pub(crate) setting: String,
    /// The trainings, by seed.
    pub(crate) seeds: Vec<Vec<RaceEpoch>>,
}

/// The seconds until the accuracy was reached, over the seeds that reached it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Finish {
    pub(crate) seeds: usize,
    /// Mean and spread; none if no seed reached it.
    pub(crate) reached: Option<Summary>,
    /// The 95 % interval of the mean; none of fewer than ten seeds.
    pub(crate) interval: Option<Interval>,
}

impl Race {
    /// Trains both sides, PyTorch in this setting.
    pub(crate) fn measure(
        options: &Options<'_>,
        data: &StudyData,
        torch: Option<(&Script, String)>,
    ) -> Result<Self> {
        let StudyData { name, images, split, .. } = data;
        let mut peer: Option<Peer> = None;
        if let Some((script, _)) = &torch {
            peer = Some(script.with_images(images, &split.positions())?.serve(options.threads)?);
        }
        let mut race = Self {
            data: name.clone(),
            accuracy: RACE_ACCURACY,
            most_epochs: MOST_EPOCHS,
            ours: Vec::new(),
            torch: torch.map(|(_, setting)| TorchRace { setting, seeds: Vec::new() }),
        };
        let seeds = match options.extent {
            Extent::Quick | Extent::Normal => 3,
            Extent::Full => 30,
        };
        for seed in 0..seeds {
            (options.progress)(&format!("seconds to an accuracy of {RACE_ACCURACY}: seed {seed}"));
            let ours = with_threads(options.threads, || ours(data, seed))??;
            race.ours.push(ours);
            if let (Some(peer), Some(torch)) = (&mut peer, &mut race.torch) {
                let work = RaceWork {
                    network: &preset::SPATIAL_BATCH_NORM_NETWORK.config,
                    training_images: split.training.len(),
                    seed,
                    most_epochs: MOST_EPOCHS,
                    accuracy: RACE_ACCURACY,
                };
                torch.seeds.push(peer.race(&work, &torch.setting)?);
            }
        }
        Ok(race)
    }

    /// How these trainings ended.
    pub(crate) fn finish(&self, seeds: &[Vec<RaceEpoch>]) -> Finish {
        let seconds: Vec<f64> = seeds.iter().filter_map(|epochs| self.seconds(epochs)).collect();
        let sample = Sample::new(&seconds).ok();
        Finish {
            seeds: seeds.len(),
            reached: Summary::of(&seconds).ok(),
            interval: sample.map(|sample| mean_interval(&sample, ConfidenceLevel::PERCENT_95)),
        }
    }

    /// The seconds of all epochs up to the first that reaches the accuracy.
    fn seconds(&self, epochs: &[RaceEpoch]) -> Option<f64> {
        let last = epochs.iter().position(|epoch| epoch.accuracy >= self.accuracy)?;
        Some(epochs[..=last].iter().map(|epoch| epoch.seconds).sum())
    }
}

/// Why our training ends before its last epoch.
enum Stop {
    Reached,
    Failed(TrainError),
}

impl From<TrainError> for Stop {
    fn from(error: TrainError) -> Self {
        Self::Failed(error)
    }
}

fn ours(data: &StudyData, seed: u64) -> Result<Vec<RaceEpoch>> {
    let StudyData { images, split, .. } = data;
    let config = &preset::SPATIAL_BATCH_NORM_NETWORK.config;
    let mut network: Network<f32> = config.build(images.size(), images.classes(), seed)?;
    let mut optimizer = Optimizer::new(AdamConfig::new(LEARNING_RATE)?, &network, |_| true);
    let config = FitConfig {
        first_step: 0,
        epochs: MOST_EPOCHS,
        batch_size: BATCH_SIZE,
        seed,
        observe_every: 0,
        observe: Observe::default(),
    };
    let mut epochs = Vec::new();
    let (mut start, mut seconds) = (Instant::now(), 0.0);
    let ended = fit(&mut network, &mut optimizer, images, split, &config, |moment| {
        match moment.measurement.phase {
            Phase::Training => seconds = start.elapsed().as_secs_f64(),
            Phase::Validation => {
                let accuracy = moment.measurement.accuracy;
                epochs.push(RaceEpoch { seconds, accuracy });
                start = Instant::now();
                if accuracy >= RACE_ACCURACY {
                    return Err(Stop::Reached);
                }
            }
        }
        Ok(())
    });
    match ended {
        Ok(()) | Err(Stop::Reached) => Ok(epochs),
        Err(Stop::Failed(error)) => Err(error.into()),
    }
}
