//! The whole state of a run between two steps, as one safetensors file.
//!
//! The tensors are the network's parameters and running statistics under their PyTorch names, and
//! Adam's moments as `adam.m.<parameter>` and `adam.v.<parameter>`. Random streams need no state:
//! they follow from the seed and the step. The file's metadata has one entry, `checkpoint`, a JSON
//! object with the step to go on from, the lengths that the run's logs then had, and the SHA-256 of
//! all tensors, since the format itself would not notice a changed bit.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use kernels::Real;
use ndarray::{ArrayViewD, ArrayViewMutD};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::TrainError;
use crate::hexadecimal::hexadecimal;
use crate::network::Network;
use crate::optimizer::{Adam, Moments};
use crate::tensor;

/// The one key of the metadata: a map with more would be written in no fixed order.
const METADATA_KEY: &str = "checkpoint";

/// What precedes a parameter's name in the names of Adam's moments.
const FIRST_MOMENT: &str = "adam.m.";
const SECOND_MOMENT: &str = "adam.v.";

/// Where a run was when its state was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The first step to take, counted from 0 over all epochs.
    pub resume_at: u64,
    /// The length in bytes of each log that belongs to this state, by its file name.
    pub log_lengths: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Metadata {
    resume_at: u64,
    log_lengths: BTreeMap<String, u64>,
    sha256: String,
}

/// The file for this state.
///
/// # Errors
///
/// [`TrainError::Checkpoint`] for more tensors than the format holds, which no network here has.
pub fn to_bytes<F: Real>(
    network: &Network<F>,
    optimizer: &Adam<F>,
    position: &Position,
) -> Result<Vec<u8>, TrainError> {
    let tensors: BTreeMap<String, (Vec<usize>, Vec<u8>)> = arrays(network, optimizer)
        .into_iter()
        .map(|(name, array)| (name, (array.shape().to_vec(), tensor::to_bytes(array))))
        .collect();
    let failed = |error| refuse(Path::new("a checkpoint"), "a file of safetensors", error);
    let metadata = Metadata {
        resume_at: position.resume_at,
        log_lengths: position.log_lengths.clone(),
        sha256: digest(tensors.iter().map(|(name, (_, bytes))| (name.as_str(), bytes.as_slice()))),
    };
    let metadata = serde_json::to_string(&metadata).map_err(|error| failed(error.to_string()))?;
    let views = tensors
        .iter()
        .map(|(name, (shape, bytes))| {
            TensorView::new(tensor::dtype::<F>(), shape.clone(), bytes).map(|view| (name, view))
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| failed(error.to_string()))?;
    safetensors::serialize(views, Some(HashMap::from([(METADATA_KEY.to_owned(), metadata)])))
        .map_err(|error| failed(error.to_string()))
}

/// Puts the state of a checkpoint into a network and an optimiser of the same kind, and says where
/// it was saved. `path` is for messages.
///
/// # Errors
///
/// [`TrainError::Checkpoint`] when the bytes are not a checkpoint, are damaged, or belong to another
/// network or another choice of trained parameters. Network and optimiser are then to be thrown
/// away.
pub fn restore<F: Real>(
    path: &Path,
    bytes: &[u8],
    network: &mut Network<F>,
    optimizer: &mut Adam<F>,
) -> Result<Position, TrainError> {
    let unreadable = |error: String| refuse(path, "a checkpoint", error);
    let (_, header) =
        SafeTensors::read_metadata(bytes).map_err(|error| unreadable(error.to_string()))?;
    let metadata = header
        .metadata()
        .as_ref()
        .and_then(|metadata| metadata.get(METADATA_KEY))
        .ok_or_else(|| unreadable(format!("no metadata {METADATA_KEY:?}")))?;
    let metadata: Metadata =
        serde_json::from_str(metadata).map_err(|error| unreadable(error.to_string()))?;
    let file = SafeTensors::deserialize(bytes).map_err(|error| unreadable(error.to_string()))?;
    let tensors: BTreeMap<String, TensorView<'_>> = file.tensors().into_iter().collect();
    let found = digest(tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.data())));
    if found != metadata.sha256 {
        let expected = format!("tensors with SHA-256 {}", metadata.sha256);
        return Err(refuse(path, expected, found));
    }
    let mut rest = Rest { path, tensors };
    for (name, array) in network.parameters_mut() {
        rest.fill(&name, array)?;
    }
    for (name, array) in network.buffers_mut() {
        rest.fill(&name, array)?;
    }
    for ((name, _), moments) in network.parameters().iter().zip(optimizer.moments_mut()) {
        if let Some(Moments { m, v }) = moments {
            rest.fill(&format!("{FIRST_MOMENT}{name}"), m.view_mut())?;
            rest.fill(&format!("{SECOND_MOMENT}{name}"), v.view_mut())?;
        }
    }
    rest.expect_empty()?;
    optimizer.set_steps(metadata.resume_at);
    Ok(Position { resume_at: metadata.resume_at, log_lengths: metadata.log_lengths })
}

fn refuse(path: &Path, expected: impl Into<String>, got: String) -> TrainError {
    TrainError::Checkpoint { path: path.to_path_buf(), expected: expected.into(), got }
}

/// The SHA-256 of tensors in the order of their names, each with its name before it.
fn digest<'a>(tensors: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut hasher = Sha256::new();
    for (name, bytes) in tensors {
        hasher.update(name);
        hasher.update([0]);
        hasher.update(bytes);
    }
    hexadecimal(&hasher.finalize())
}

/// Every array of the state by its name in the file.
fn arrays<'a, F: Real>(
    network: &'a Network<F>,
    optimizer: &'a Adam<F>,
) -> Vec<(String, ArrayViewD<'a, F>)> {
    let parameters = network.parameters();
    let mut arrays = network.buffers();
    for ((name, _), moments) in parameters.iter().zip(optimizer.moments()) {
        if let Some(moments) = moments {
            arrays.push((format!("{FIRST_MOMENT}{name}"), moments.m.view()));
            arrays.push((format!("{SECOND_MOMENT}{name}"), moments.v.view()));
        }
    }
    arrays.extend(parameters);
    arrays
}

/// The tensors of a file that have not yet found their place.
struct Rest<'a> {
    path: &'a Path,
    tensors: BTreeMap<String, TensorView<'a>>,
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
