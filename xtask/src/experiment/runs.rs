//! Runs of networks, side by side on the cores.

use std::num::NonZero;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Error, Result};
use trainer::dataset::{LabelledImages, Split};
use trainer::log::MetricsCsv;
use trainer::network::Architecture;
use trainer::optimizer::{Adam, AdamConfig};
use trainer::{FitConfig, Head, Measurement, Phase, fit};

/// One training of one network with one configuration and one seed.
#[derive(Debug, Clone)]
pub struct RunConfig {
    pub architecture: Architecture,
    pub head: Head,
    pub epochs: u64,
    pub batch_size: usize,
    pub optimizer: AdamConfig,
    pub seed: u64,
}

/// What came out of a run.
#[derive(Debug)]
pub struct Run {
    pub architecture: Architecture,
    pub measurements: Vec<Measurement>,
    /// The measurements as the file `metrics.csv`.
    pub metrics_csv: Vec<u8>,
}

impl Run {
    pub fn of_phase(&self, phase: Phase) -> impl Iterator<Item = &Measurement> {
        self.measurements.iter().filter(move |measurement| measurement.phase == phase)
    }
}

impl RunConfig {
    /// Trains in `f32`, and shows each measurement to `observe`.
    pub fn run(
        &self,
        images: &LabelledImages,
        split: &Split,
        mut observe: impl FnMut(&Measurement) -> Result<()>,
    ) -> Result<Run> {
        let mut network =
            self.architecture.build::<f32>(images.size(), images.classes(), self.seed)?;
        let mut optimizer =
            Adam::new(self.optimizer, &network, |parameter| self.head.trains(parameter));
        let config =
            FitConfig { epochs: 0..self.epochs, batch_size: self.batch_size, seed: self.seed };
        let mut measurements = Vec::new();
        let mut log = MetricsCsv::new(Vec::new())?;
        fit(&mut network, &mut optimizer, images, split, &config, |measurement| {
            log.write(&measurement)?;
            observe(&measurement)?;
            measurements.push(measurement);
            Ok::<(), Error>(())
        })
        .with_context(|| format!("training {} failed", self.architecture.name()))?;
        let metrics_csv = log.into_inner()?;
        Ok(Run { architecture: self.architecture, measurements, metrics_csv })
    }
}

/// Does `work` on each item, as many at a time as there are cores; the results are in the order of
/// the items.
pub fn side_by_side<I: Sync, R: Send>(
    items: &[I],
    work: impl Fn(usize, &I) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(items.len());
    let queue = Mutex::new(items.iter().enumerate());
    let next = || queue.lock().map(|mut queue| queue.next());
    let mut results: Vec<(usize, Result<R>)> = Vec::new();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut done = Vec::new();
                    while let Ok(Some((index, item))) = next() {
                        done.push((index, work(index, item)));
                    }
                    done
                })
            })
            .collect();
        for worker in workers {
            // A panic in a run is a bug; it goes on here as it would without threads.
            results.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn results_are_in_order_and_the_first_error_wins() {
        let items: Vec<u32> = (0..50).collect();
        let squares = side_by_side(&items, |index, item| Ok(index as u32 * item)).unwrap();
        assert!(squares.iter().zip(&items).all(|(square, item)| *square == item * item));
        let error =
            side_by_side(
                &items,
                |_, item| {
                    if item % 20 == 19 { bail!("item {item}") } else { Ok(()) }
                },
            );
        assert_eq!(error.unwrap_err().to_string(), "item 19");
    }
}
