//! The model summary, as PyTorch Lightning prints it at the start of a training.

use std::fmt;

use kernels::Real;
use thousands::Separable;

use super::named_layers::Network;
use crate::trained_parameters::TrainedParameters;

/// The children of a network, with their numbers of parameters, and how many of them are trained.
///
/// ```
/// use trainer::dataset::FASHION_MNIST_IMAGE;
/// use trainer::network::{ModelSummary, preset};
/// use trainer::Trains;
///
/// let network = preset::SIMPLE_NETWORK.config.build::<f32>(FASHION_MNIST_IMAGE, 10, 0)?;
/// let summary = ModelSummary::of(&network, &Trains::HeadFrozen.parameters(&network, 0)?);
/// assert_eq!((summary.trainable(), summary.total()), (4_800, 20_490));
/// assert!(summary.to_string().contains("0 | model | Sequential | 4.8 K \n"));
/// # Ok::<(), trainer::TrainError>(())
/// ```
///
/// Source: `ModelSummary` of PyTorch Lightning, as the notebook shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSummary {
    children: Vec<Child>,
    trainable: usize,
    bytes_per_parameter: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Child {
    name: String,
    kind: &'static str,
    parameters: usize,
}

impl ModelSummary {
    /// The summary of `network` when these of its parameters are trained.
    pub fn of<F: Real>(network: &Network<F>, trained: &TrainedParameters) -> Self {
        let mut children: Vec<Child> = Vec::new();
        let mut trainable = 0;
        for (name, array) in network.parameters() {
            trainable += trained.count(&name, array.len());
            let child = name.split('.').next().unwrap_or(&name);
            match children.last_mut() {
                Some(last) if last.name == child => last.parameters += array.len(),
                _ => {
                    // A child whose layers are numbered is a stack of them.
                    let kind = if name.split('.').count() > 2 { "Sequential" } else { "Linear" };
                    children.push(Child { name: child.to_owned(), kind, parameters: array.len() });
                }
            }
        }
        Self { children, trainable, bytes_per_parameter: size_of::<F>() }
    }

    /// The number of values that are trained.
    pub fn trainable(&self) -> usize {
        self.trainable
    }

    /// The number of values in all parameters.
    pub fn total(&self) -> usize {
        self.children.iter().map(|child| child.parameters).sum()
    }
}

/// Lightning's table, without a newline at its end; its last column is padded, as Lightning's is.
impl fmt::Display for ModelSummary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![["", "Name", "Type", "Params"].map(str::to_owned)];
        for (index, Child { name, kind, parameters }) in self.children.iter().enumerate() {
            let count = human_readable_count(*parameters);
            rows.push([index.to_string(), name.clone(), (*kind).to_owned(), count]);
        }
        let widths: [usize; 4] =
            [0, 1, 2, 3].map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0));
        // Lightning counts a separator more than there are columns.
        let rule = "-".repeat(widths.iter().sum::<usize>() + 3 * (widths.len() + 1));
        for (at, [index, name, kind, count]) in rows.iter().enumerate() {
            let [a, b, c, d] = widths;
            writeln!(formatter, "{index:a$} | {name:b$} | {kind:c$} | {count:d$}")?;
            if at == 0 || at + 1 == rows.len() {
                writeln!(formatter, "{rule}")?;
            }
        }
        let (trainable, total) = (self.trainable(), self.total());
        for (count, what) in [
            (trainable, "Trainable params"),
            (total - trainable, "Non-trainable params"),
            (total, "Total params"),
        ] {
            writeln!(formatter, "{:10}{what}", human_readable_count(count))?;
        }
        let megabytes = format!("{:.3}", (total * self.bytes_per_parameter) as f64 * 1e-6);
        write!(formatter, "{megabytes:10}Total estimated model params size (MB)")
    }
}

/// A count in thousands, millions and so on: one decimal below a hundred of them, none from there
/// on, where Lightning cuts off and does not round.
///
/// Source: the rules of Lightning's `get_human_readable_count`.
fn human_readable_count(count: usize) -> String {
    const UNITS: [(f64, char); 4] = [(1e-12, 'T'), (1e-9, 'B'), (1e-6, 'M'), (1e-3, 'K')];
    for (scale, unit) in UNITS {
        // The product, not a quotient, is what Lightning rounds.
        let scaled = count as f64 * scale;
        if scaled >= 100.0 {
            return format!("{} {unit}", (scaled as u64).separate_with_commas());
        }
        if scaled >= 1.0 {
            return format!("{scaled:.1} {unit}");
        }
    }
    format!("{count}  ")
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::Trains;
    use crate::dataset::FASHION_MNIST_IMAGE;
    use crate::network::preset::Preset;

    /// The examples in the documentation of Lightning's function, and the notebook's counts.
    #[test]
    fn counts_read_as_lightnings_do() {
        for (count, expected) in [
            (0, "0  "),
            (123, "123  "),
            (999, "999  "),
            (1_000, "1.0 K"),
            (1_234, "1.2 K"),
            (4_800, "4.8 K"),
            (4_896, "4.9 K"),
            (15_690, "15.7 K"),
            (99_960, "100.0 K"),
            (159_999, "159 K"),
            (2_000_000, "2.0 M"),
            (3_000_000_000, "3.0 B"),
            (400_000_000_000_000, "400 T"),
            (5_000_000_000_000_000, "5,000 T"),
        ] {
            assert_eq!(human_readable_count(count), expected);
        }
    }

    #[test]
    fn every_network_has_the_summary_that_lightning_would_print() {
        let mut all = String::new();
        for preset in Preset::all() {
            let network = preset.config.build::<f32>(FASHION_MNIST_IMAGE, 10, 0).unwrap();
            for (trains, label) in [(Trains::HeadFrozen, "Frozen"), (Trains::All, "Trained")] {
                let trained = trains.parameters(&network, 0).unwrap();
                let summary = ModelSummary::of(&network, &trained);
                writeln!(all, "# {}, head {label}\n{summary}\n", preset.name).unwrap();
            }
        }
        insta::assert_snapshot!(all);
    }
}
