//! The whole state of a run between two steps, as one safetensors file.
//!
//! The tensors are the network's parameters and running statistics under their PyTorch names, and
//! the optimiser's arrays as `<optimiser>.<array>.<parameter>`, such as `adam.m.fc.weight`. Random
//! streams need no state: they follow from the seed and the step. The file's metadata has one entry,
//! `checkpoint`, a JSON object with the [`Position`], the name of the numbers that the program
//! computes ([`crate::numerics`]), and the SHA-256 of all that and of all tensors, since the format
//! itself would not notice a changed bit.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use kernels::Real;
use ndarray::ArrayViewMutD;
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::WeightsError;
use crate::network::Network;
use crate::optimizer::Optimizer;
use crate::tensor;
use crate::{TrainError, numerics};

/// The one key of the metadata: a map with more would be written in no fixed order.
const METADATA_KEY: &str = "checkpoint";

/// Where a run was when its state was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The number of steps taken, which is that of the first step to take, counted from 0 over all
    /// epochs.
    pub steps: u64,
    /// The run's configuration, as its file has it.
    pub configuration: String,
    /// What each log that belongs to this state held, by its file name. None in a checkpoint of a
    /// program that noted the logs' lengths alone.
    #[serde(default)]
    pub logs: BTreeMap<String, LogState>,
}

/// What a log held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogState {
    /// Its length in bytes.
    pub length: u64,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
}

/// How a file is not the checkpoint that was written.
#[derive(Debug)]
pub(crate) struct Damage {
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub got: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Metadata {
    position: Position,
    #[serde(default = "unnamed")]
    numerics: String,
    sha256: String,
}

/// The numerics of a checkpoint that does not say.
fn unnamed() -> String {
    "unnamed".to_owned()
}

/// The file for this state.
///
/// # Errors
///
/// [`TrainError::Config`] when the optimiser has not taken as many steps as the position says.
pub fn to_bytes<F: Real>(
    network: &Network<F>,
    optimizer: &Optimizer<F>,
    position: &Position,
) -> Result<Vec<u8>, TrainError> {
    if optimizer.steps() != position.steps {
        return Err(TrainError::Config {
            parameter: "the position's number of steps",
            expected: "that of the optimiser",
            got: format!("{} instead of {}", position.steps, optimizer.steps()),
        });
    }
    let arrays = network.state().into_iter().chain(optimizer.state());
    let tensors: BTreeMap<String, (Vec<usize>, Vec<u8>)> = arrays
        .map(|(name, array)| (name, (array.shape().to_vec(), tensor::to_bytes(array))))
        .collect();
    let views = tensors
        .iter()
        .map(|(name, (shape, bytes))| {
            TensorView::new(tensor::dtype::<F>(), shape.clone(), bytes)
                .map(|view| (name.as_str(), view))
        })
        .collect::<Result<BTreeMap<_, _>, _>>()
        .map_err(WeightsError::Format)?;
    let numerics = numerics_of(network, optimizer);
    let sha256 = digest(position, &numerics, &views);
    let metadata = json(&Metadata { position: position.clone(), numerics, sha256 });
    let metadata = HashMap::from([(METADATA_KEY.to_owned(), metadata)]);
    Ok(safetensors::serialize(views, Some(metadata)).map_err(WeightsError::Format)?)
}

/// Puts the state of a checkpoint into a network and an optimiser of the same kind, and says where
/// it was saved. `path` is for messages.
///
/// # Errors
///
/// [`TrainError::Checkpoint`] when the bytes are not a checkpoint, are damaged, or belong to another
/// network or another choice of trained parameters, and [`TrainError::OtherNumerics`] when they are
/// of a program that computes other numbers. Network and optimiser are then to be thrown away.
pub fn restore<F: Real>(
    path: &Path,
    bytes: &[u8],
    network: &mut Network<F>,
    optimizer: &mut Optimizer<F>,
) -> Result<Position, TrainError> {
    let damaged = |Damage { expected, got }| refuse(path, expected, got);
    let metadata = metadata(bytes).map_err(damaged)?;
    let expected = numerics_of(network, optimizer);
    if metadata.numerics != expected {
        let (path, found) = (path.to_path_buf(), metadata.numerics);
        return Err(TrainError::OtherNumerics { path, expected, found });
    }
    if metadata.position.logs.is_empty() {
        return Err(TrainError::UnknownLogs { path: path.to_path_buf() });
    }
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| damaged(Damage::of_format(error.to_string())))?;
    let tensors: BTreeMap<&str, TensorView<'_>> = file.iter().collect();
    expect_digest(&metadata, &tensors).map_err(damaged)?;
    let Metadata { position, .. } = metadata;
    if position.steps == u64::MAX {
        let got = position.steps.to_string();
        return Err(refuse(path, "a number of steps that another can follow", got));
    }
    let mut rest = Rest { path, tensors };
    for (name, array) in network.state_mut().into_iter().chain(optimizer.state_mut()) {
        rest.fill(&name, array)?;
    }
    rest.expect_empty()?;
    optimizer.set_steps(position.steps);
    Ok(position)
}

/// Where the state in these bytes was saved, whatever network it is of.
pub(crate) fn position(bytes: &[u8]) -> Result<Position, Damage> {
    let metadata = metadata(bytes)?;
    let file =
        SafeTensors::deserialize(bytes).map_err(|error| Damage::of_format(error.to_string()))?;
    expect_digest(&metadata, &file.iter().collect())?;
    Ok(metadata.position)
}

impl Damage {
    fn of_format(got: String) -> Self {
        Self { expected: "a checkpoint".to_owned(), got }
    }
}

fn metadata(bytes: &[u8]) -> Result<Metadata, Damage> {
    let (_, header) =
        SafeTensors::read_metadata(bytes).map_err(|error| Damage::of_format(error.to_string()))?;
    let metadata = header
        .metadata()
        .as_ref()
        .and_then(|metadata| metadata.get(METADATA_KEY))
        .ok_or_else(|| Damage::of_format(format!("no metadata {METADATA_KEY:?}")))?;
    serde_json::from_str(metadata).map_err(|error| Damage::of_format(error.to_string()))
}

fn expect_digest(
    metadata: &Metadata,
    tensors: &BTreeMap<&str, TensorView<'_>>,
) -> Result<(), Damage> {
    let Metadata { position, numerics, sha256 } = metadata;
    let got = digest(position, numerics, tensors);
    if got == *sha256 {
        return Ok(());
    }
    Err(Damage { expected: format!("contents with SHA-256 {sha256}"), got })
}

fn refuse(path: &Path, expected: impl Into<String>, got: String) -> TrainError {
    TrainError::Checkpoint { path: path.to_path_buf(), expected: expected.into(), got }
}

/// The SHA-256 of a position, of numerics, and of tensors in the order of their names with all that
/// the format says of them.
fn digest(position: &Position, numerics: &str, tensors: &BTreeMap<&str, TensorView<'_>>) -> String {
    let mut hasher = Sha256::new();
    hasher.update(json(position));
    hasher.update(format!("\n{numerics}"));
    for (name, tensor) in tensors {
        hasher.update(format!("\n{name} {:?} {:?}\n", tensor.dtype(), tensor.shape()));
        hasher.update(tensor.data());
    }
    hex::encode(hasher.finalize())
}

/// JSON cannot fail for structs of numbers and texts; an empty text would be refused on reading.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// The name of the numbers that a run of these computes.
pub(crate) fn numerics_of<F: Real>(network: &Network<F>, optimizer: &Optimizer<F>) -> String {
    numerics::together(network.numerics().chain([optimizer.numerics()]))
}

/// The tensors of a file that have not yet found their place.
struct Rest<'a> {
    path: &'a Path,
    tensors: BTreeMap<&'a str, TensorView<'a>>,
}

impl Rest<'_> {
    fn fill<F: Real>(&mut self, name: &str, array: ArrayViewMutD<'_, F>) -> Result<(), TrainError> {
        let (dtype, shape) = (tensor::dtype::<F>(), array.shape().to_vec());
        let wanted = || format!("a tensor {name} of shape {shape:?} in {dtype:?}");
        let Some(found) = self.tensors.remove(name) else {
            return Err(refuse(self.path, wanted(), "none".to_owned()));
        };
        if found.dtype() != dtype || found.shape() != shape {
            let got = format!("shape {:?} in {:?}", found.shape(), found.dtype());
            return Err(refuse(self.path, wanted(), got));
        }
        tensor::copy(found.data(), array);
        Ok(())
    }

    fn expect_empty(&self) -> Result<(), TrainError> {
        match self.tensors.keys().next() {
            Some(name) => {
                let expected = "only tensors of this network and its trained parameters";
                Err(refuse(self.path, expected, format!("a tensor {name}")))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Trains;
    use crate::dataset::ImageSize;
    use crate::network::{Preset, preset};
    use crate::optimizer::OptimizerConfig;

    const IMAGE: ImageSize = ImageSize { channels: 1, height: 4, width: 4 };

    fn state<F: Real>(
        preset: &'static Preset,
        trains: Trains,
        seed: u64,
    ) -> (Network<F>, Optimizer<F>) {
        state_under("adam", preset, trains, seed)
    }

    fn state_under<F: Real>(
        optimizer: &str,
        preset: &'static Preset,
        trains: Trains,
        seed: u64,
    ) -> (Network<F>, Optimizer<F>) {
        let mut network = preset.config.build(IMAGE, 3, seed).unwrap();
        let config = OptimizerConfig::usual(optimizer, 0.1).unwrap();
        let trained = trains.parameters(&network, seed).unwrap();
        let mut optimizer = Optimizer::of_values(config, &network, &trained);
        // Arrays and running statistics that are not all zeros and ones.
        let values = || (0_u32..).map(|index| F::from_f64(f64::from(index + seed as u32) / 7.0));
        for (_, mut array) in optimizer.state_mut().into_iter().chain(network.buffers_mut()) {
            array.iter_mut().zip(values()).for_each(|(element, value)| *element = value);
        }
        optimizer.set_steps(seed);
        (network, optimizer)
    }

    fn position(steps: u64) -> Position {
        let log = LogState { length: 17, sha256: "ab".repeat(32) };
        let logs = BTreeMap::from([("metrics.csv".to_owned(), log)]);
        Position { steps, configuration: "seed: 5\n".to_owned(), logs }
    }

    fn every_value_comes_back<F: Real>() {
        let cases = OptimizerConfig::NAMES
            .iter()
            .flat_map(|name| Trains::all_values().iter().map(move |&trains| (name, trains)));
        for (name, trains) in cases {
            let state =
                |seed| state_under::<F>(name, &preset::SPATIAL_BATCH_NORM_NETWORK, trains, seed);
            let (network, optimizer) = state(5);
            let bytes = to_bytes(&network, &optimizer, &position(5)).unwrap();
            assert_eq!(bytes, to_bytes(&network, &optimizer, &position(5)).unwrap());
            let (mut other, _) = state(9);
            let mut other_optimizer = state(5).1;
            other_optimizer.state_mut().iter_mut().for_each(|(_, array)| array.fill(F::zero()));
            other_optimizer.set_steps(0);
            let path = Path::new("a.safetensors");
            let found = restore(path, &bytes, &mut other, &mut other_optimizer).unwrap();
            assert_eq!(found, position(5));
            assert_eq!((other, other_optimizer), (network, optimizer));
        }
    }

    #[test]
    fn every_value_comes_back_in_either_type() {
        every_value_comes_back::<f32>();
        every_value_comes_back::<f64>();
    }

    #[test]
    fn another_network_choice_type_or_number_of_steps_is_refused() {
        let (network, optimizer) =
            state::<f32>(&preset::SPATIAL_BATCH_NORM_NETWORK, Trains::All, 5);
        assert!(matches!(
            to_bytes(&network, &optimizer, &position(6)),
            Err(TrainError::Config { .. })
        ));
        let bytes = to_bytes(&network, &optimizer, &position(5)).unwrap();
        let message = |preset, trains| {
            let (mut network, mut optimizer) = state::<f32>(preset, trains, 5);
            let path = Path::new("a.safetensors");
            restore(path, &bytes, &mut network, &mut optimizer).unwrap_err().to_string()
        };
        let found = message(&preset::SPATIAL_BATCH_NORM_NETWORK, Trains::HeadFrozen);
        assert!(found.contains("found a tensor adam.m.fc.bias"), "{found}");
        let found = message(&preset::SIMPLE_NETWORK, Trains::All);
        assert!(
            found.contains("expected a tensor model.3.weight of shape [32, 16, 3, 3]"),
            "{found}"
        );
        let (mut network, mut optimizer) =
            state::<f64>(&preset::SPATIAL_BATCH_NORM_NETWORK, Trains::All, 5);
        let error =
            restore(Path::new("a"), &bytes, &mut network, &mut optimizer).unwrap_err().to_string();
        assert!(error.contains("in F64, found shape [16, 1, 3, 3] in F32"), "{error}");
    }

    #[test]
    fn a_number_of_steps_that_none_can_follow_is_refused() {
        let (network, mut optimizer) = state::<f32>(&preset::SIMPLE_NETWORK, Trains::All, 5);
        optimizer.set_steps(u64::MAX);
        let bytes = to_bytes(&network, &optimizer, &position(u64::MAX)).unwrap();
        let (mut network, mut optimizer) = state::<f32>(&preset::SIMPLE_NETWORK, Trains::All, 5);
        let error = restore(Path::new("a"), &bytes, &mut network, &mut optimizer).unwrap_err();
        assert!(matches!(error, TrainError::Checkpoint { .. }), "{error}");
        assert!(error.to_string().contains("found 18446744073709551615"), "{error}");
    }

    #[test]
    fn other_numerics_are_refused() {
        let expected = numerics::NOTEBOOK.name;
        let (mut network, mut optimizer) = state::<f32>(&preset::SIMPLE_NETWORK, Trains::All, 5);
        let good = to_bytes(&network, &optimizer, &position(5)).unwrap();
        let (entry, path) =
            (format!(r#"\"numerics\":\"{expected}\","#), Path::new("a.safetensors"));
        let at = good.windows(entry.len()).position(|bytes| bytes == entry.as_bytes()).unwrap();
        let others = [r#"\"numerics\":\"0123456789abcdef\","#.to_owned(), " ".repeat(entry.len())];
        for (other, name) in others.into_iter().zip(["0123456789abcdef", "unnamed"]) {
            let mut bytes = good.clone();
            bytes[at..][..entry.len()].copy_from_slice(other.as_bytes());
            let error = restore(path, &bytes, &mut network, &mut optimizer).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "a.safetensors: saved by a program that computes other numbers ({name}, this one \
                     {expected}); continue with that one, or remove the run's folder to start anew"
                )
            );
        }
    }

    #[test]
    fn every_changed_bit_of_the_header_and_some_of_the_rest_are_refused() {
        let (network, optimizer) = state::<f32>(&preset::SIMPLE_NETWORK, Trains::HeadFrozen, 5);
        let good = to_bytes(&network, &optimizer, &position(5)).unwrap();
        let header = 8 + u64::from_le_bytes(good[..8].try_into().unwrap()) as usize;
        let rest = (8 * header..8 * good.len()).step_by(8 * 97 + 3);
        for bit in (0..8 * header).chain(rest) {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let (mut network, mut optimizer) =
                state::<f32>(&preset::SIMPLE_NETWORK, Trains::HeadFrozen, 5);
            let restored = restore(Path::new("a"), &bytes, &mut network, &mut optimizer);
            // A space of padding may become another that JSON overlooks; it changes nothing.
            if let Ok(found) = restored {
                assert_eq!(good[bit / 8], b' ', "bit {bit}");
                assert_eq!(found, position(5));
            }
        }
    }
}
