//! The configuration of a study, as `study.toml` holds it.

use std::fmt;

use anyhow::{Result, bail, ensure};
use serde::{Deserialize, Serialize};

/// What all runs of a study have in common, and the grid that they fill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyConfig {
    pub data_set: DataSetName,
    /// Whether it is a first look: few batches an epoch.
    pub quick: bool,
    /// By the names of their folders, in the order of the report.
    pub networks: Vec<String>,
    pub heads: Vec<Head>,
    pub seeds: Vec<u64>,
    pub epochs: u64,
    pub batch_size: u64,
    pub learning_rate: f64,
    pub training_images: u64,
    pub validation_images: u64,
    pub test_images: u64,
    pub steps_per_epoch: u64,
}

/// A data set by the name that lines, titles and figures give it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DataSetName {
    #[serde(rename = "Fashion-MNIST")]
    FashionMnist,
    #[serde(rename = "Built-in synthetic garments")]
    Synthetic,
}

impl fmt::Display for DataSetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FashionMnist => "Fashion-MNIST",
            Self::Synthetic => "Built-in synthetic garments",
        })
    }
}

pub use trainer::Head;

/// The name of a network from the name of its folder: `simple_network` is SimpleNetwork.
pub fn network_name(folder: &str) -> String {
    let capitalised = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| {
            first.to_ascii_uppercase().to_string() + letters.as_str()
        })
    };
    folder.split('_').map(capitalised).collect()
}

impl StudyConfig {
    /// Reads `study.toml`.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let config: Self = toml::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    /// Whether a report can be made of such a study.
    fn check(&self) -> Result<()> {
        fn distinct<T: PartialEq + fmt::Debug>(field: &str, values: &[T]) -> Result<()> {
            ensure!(!values.is_empty(), "{field}: found none, expected at least one");
            for (index, value) in values.iter().enumerate() {
                ensure!(
                    !values[..index].contains(value),
                    "{field}: found {value:?} twice, expected each once"
                );
            }
            Ok(())
        }
        distinct("networks", &self.networks)?;
        distinct("heads", &self.heads)?;
        distinct("seeds", &self.seeds)?;
        for network in &self.networks {
            let plain = |letter: char| {
                letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'
            };
            ensure!(
                !network.is_empty() && network.chars().all(plain),
                "networks: found {network:?}, expected small letters, digits and underscores, as \
                 in \"simple_network\""
            );
        }
        let sizes = [
            ("epochs", self.epochs),
            ("batch_size", self.batch_size),
            ("training_images", self.training_images),
            ("validation_images", self.validation_images),
            ("steps_per_epoch", self.steps_per_epoch),
        ];
        for (field, size) in sizes {
            // Numbers of the size of u64::MAX would overflow sums of steps.
            ensure!(
                (1..=u64::from(u32::MAX)).contains(&size),
                "{field}: found {size}, expected 1 to {}",
                u32::MAX
            );
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            bail!(
                "learning_rate: found {:?}, expected a finite number above 0",
                self.learning_rate
            );
        }
        Ok(())
    }
}
