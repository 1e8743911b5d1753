//! What the experiment says while it runs.

use trainer::dataset::Split;
use trainer::{Measurement, Phase};

use super::{Arguments, NETWORKS};

/// Turns the measurements of runs side by side into lines in an order that does not depend on
/// which is faster: the accuracies of an epoch come out network by network, each epoch when it is
/// complete.
pub struct Progress<'a> {
    arguments: &'a Arguments,
    /// The published accuracies to show beside those of each network; none where they do not
    /// compare.
    published: [&'a [f64]; NETWORKS.len()],
    steps_an_epoch: u64,
    /// Whether someone watches, and wants to see that it moves.
    watched: bool,
    /// The validation accuracies of each network so far.
    accuracies: [Vec<f64>; NETWORKS.len()],
    /// The lines of results shown.
    shown: usize,
}

impl<'a> Progress<'a> {
    pub fn new(
        arguments: &'a Arguments,
        published: [&'a [f64]; NETWORKS.len()],
        split: &Split,
        watched: bool,
    ) -> Self {
        let steps = split.training.len().div_ceil(arguments.batch_size as usize);
        Self {
            arguments,
            published,
            steps_an_epoch: steps as u64,
            watched,
            accuracies: Default::default(),
            shown: 0,
        }
    }

    /// The lines to print after this measurement of this network.
    pub fn show(&mut self, network: usize, measurement: &Measurement) -> Vec<String> {
        match measurement.phase {
            Phase::Training => self.step(network, measurement).into_iter().collect(),
            Phase::Validation => {
                self.accuracies[network].push(measurement.accuracy);
                self.results()
            }
        }
    }

    /// A line at each tenth of an epoch, if someone watches.
    fn step(&self, network: usize, measurement: &Measurement) -> Option<String> {
        let step = measurement.step % self.steps_an_epoch + 1;
        let tenth = |step| step * 10 / self.steps_an_epoch;
        if !self.watched || tenth(step) == tenth(step - 1) {
            return None;
        }
        Some(format!(
            "{:23}  epoch {}/{}  step {step}/{}  loss {:.4}",
            NETWORKS[network].name(),
            measurement.epoch + 1,
            self.arguments.epochs,
            self.steps_an_epoch,
            measurement.loss
        ))
    }

    fn results(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let (epoch, network) = (self.shown / NETWORKS.len(), self.shown % NETWORKS.len());
            let Some(accuracy) = self.accuracies[network].get(epoch) else {
                return lines;
            };
            let mut line = format!(
                "{:23}  epoch {}/{}  Val-Acc={accuracy:.4}",
                NETWORKS[network].name(),
                epoch + 1,
                self.arguments.epochs
            );
            if let Some(published) = self.published[network].get(epoch) {
                line += &format!("  published {published:.4}");
            }
            lines.push(line);
            self.shown += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::Parser;
    use trainer::dataset::{FASHION_MNIST_IMAGE, LabelledImages};

    use super::*;
    use crate::experiment::{Choice, DataSet};

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn arguments(words: &[&str]) -> Arguments {
        Command::try_parse_from(["experiment"].iter().chain(words)).unwrap().arguments
    }

    fn lines(words: &[&str], watched: bool) -> Vec<String> {
        let arguments = arguments(words);
        let pixels = vec![0; 500 * FASHION_MNIST_IMAGE.values()];
        let images = LabelledImages::new(FASHION_MNIST_IMAGE, 1, pixels, vec![0; 500]).unwrap();
        let data_set = match arguments.dataset {
            Choice::Synthetic => DataSet::Synthetic,
            _ => DataSet::FashionMnist { folder: PathBuf::new(), origin: "of a test" },
        };
        let published = NETWORKS.map(|network| arguments.published(&data_set, network));
        let split = Split::four_fifths(&images);
        let mut progress = Progress::new(&arguments, published, &split, watched);
        let mut lines = Vec::new();
        // The first network is an epoch ahead of the second.
        for (network, epoch) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let measurement = Measurement {
                step: 8 * epoch + 7,
                epoch,
                phase: Phase::Training,
                loss: 0.5,
                accuracy: 0.25 * epoch as f64 + 0.5 * network as f64,
                count: 50,
            };
            lines.extend(progress.show(network, &measurement));
            let measurement = Measurement { phase: Phase::Validation, ..measurement };
            lines.extend(progress.show(network, &measurement));
        }
        lines
    }

    #[test]
    fn results_come_in_one_order_with_the_published_figures_where_they_compare() {
        assert_eq!(
            lines(&["--epochs=2"], false),
            [
                "SimpleNetwork            epoch 1/2  Val-Acc=0.0000  published 0.6652",
                "SpatialBatchNormNetwork  epoch 1/2  Val-Acc=0.5000  published 0.7924",
                "SimpleNetwork            epoch 2/2  Val-Acc=0.2500  published 0.7362",
                "SpatialBatchNormNetwork  epoch 2/2  Val-Acc=0.7500  published 0.8193",
            ]
        );
        for other in [
            "--head=trained",
            "--quick",
            "--batch-size=64",
            "--learning-rate=1e-3",
            "--dataset=synthetic",
        ] {
            let lines = lines(&["--epochs=2", other], false);
            assert_eq!(lines.len(), 4);
            assert!(lines.iter().all(|line| !line.contains("published")), "{other}: {lines:?}");
        }
    }

    #[test]
    fn whoever_watches_sees_steps_too() {
        let lines = lines(&["--epochs=2"], true);
        assert_eq!(lines.len(), 8);
        assert_eq!(lines[0], "SimpleNetwork            epoch 1/2  step 8/8  loss 0.5000");
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        for word in ["--epochs=0", "--batch-size=0", "--batch-size=4294967296", "--head=half"] {
            assert!(Command::try_parse_from(["experiment", word]).is_err(), "{word}");
        }
    }
}
