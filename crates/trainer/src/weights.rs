//! Weights in both directions between a [`Network`] and PyTorch, as safetensors files.
//!
//! The names are those of PyTorch's state dict, so that in Python
//! `model.load_state_dict(safetensors.torch.load_file(path), strict=True)` reads what [`save`]
//! wrote, and [`load`] reads what `safetensors.torch.save_file(model.state_dict(), path)` wrote.
//!
//! Source of the format: <https://huggingface.co/docs/safetensors>, "Format".

use std::collections::BTreeSet;

use kernels::Real;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::dataset::ImageSize;
use crate::error::{TrainError, WeightsError};
use crate::network::{Network, NetworkConfig};
use crate::tensor;

/// PyTorch's count of a batch norm's training batches, which our batch norms do without.
const BATCHES_TRACKED: &str = "num_batches_tracked";

/// How the name of a batch norm's running variance ends.
const RUNNING_VARIANCE: &str = ".running_var";

/// The parameters and running statistics of `network` as a safetensors file in the network's type.
///
/// For each batch norm PyTorch also has `num_batches_tracked`, an int64 of rank 0: the number of
/// training batches so far, which it uses where a momentum is not given.
///
/// The same network gives the same bytes. They are those of `safetensors.torch.save_file`, which
/// orders tensors by type and name.
///
/// # Errors
///
/// [`WeightsError::Format`] if the format cannot hold the tensors, which those of a network never
/// are.
///
/// # Example
///
/// ```
/// use trainer::dataset::FASHION_MNIST_IMAGE;
/// use trainer::network::preset::SPATIAL_BATCH_NORM_NETWORK;
/// use trainer::weights;
///
/// let config = &SPATIAL_BATCH_NORM_NETWORK.config;
/// let build = |seed| config.build::<f32>(FASHION_MNIST_IMAGE, 10, seed);
/// let (trained, mut other) = (build(0)?, build(1)?);
/// weights::load(&weights::save(&trained, 4_800)?, &mut other)?;
/// assert_eq!(other, trained);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn save<F: Real>(
    network: &Network<F>,
    num_batches_tracked: u64,
) -> Result<Vec<u8>, WeightsError> {
    let mut tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = network
        .state()
        .into_iter()
        .map(|(name, array)| {
            let shape = array.shape().to_vec();
            (name, tensor::dtype::<F>(), shape, tensor::to_bytes(array))
        })
        .collect();
    for name in names_of_counts(network) {
        tensors.push((name, Dtype::I64, Vec::new(), num_batches_tracked.to_le_bytes().to_vec()));
    }
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            Ok((name, TensorView::new(*dtype, shape.clone(), bytes)?))
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(WeightsError::Format)?;
    safetensors::serialize(views, None).map_err(WeightsError::Format)
}

/// Replaces the parameters and running statistics of `network` by those of a safetensors file:
/// a PyTorch state dict, or what [`save`] made.
///
/// Tensors of float32 and of float64 are read; into a network of the other type they go by the
/// nearest number, so float32 is exact in `f64`, and float64 is rounded to `f32`.
/// `num_batches_tracked` may be there or not.
///
/// # Errors
///
/// [`WeightsError`] when the file is damaged, and when it misses a tensor of the network, has one
/// that the network does not have, or one of another shape or type, or one with values that are
/// not finite, or a negative running variance. The network is then unchanged.
pub fn load<F: Real>(bytes: &[u8], network: &mut Network<F>) -> Result<(), WeightsError> {
    let file = SafeTensors::deserialize(bytes).map_err(WeightsError::Format)?;
    expect_names(&file, network)?;
    let values = network
        .state()
        .into_iter()
        .map(|(name, array)| {
            let tensor = file.tensor(&name).map_err(WeightsError::Format)?;
            read(name, &tensor, array.shape())
        })
        .collect::<Result<Vec<Vec<F>>, WeightsError>>()?;
    for ((_, mut array), values) in network.state_mut().into_iter().zip(values) {
        array.iter_mut().zip(values).for_each(|(old, new)| *old = new);
    }
    Ok(())
}

/// The network with the weights of a safetensors file, in `f32`. It is not generic, so that it is compiled in
/// this crate, optimised, and not in that of the caller.
///
/// # Errors
///
/// Those of [`NetworkConfig::build`]; `Ok(Err(_))` is that of [`load`], where the weights do not fit.
pub fn load_network(
    config: &NetworkConfig,
    image: ImageSize,
    classes: usize,
    bytes: &[u8],
) -> Result<Result<Network<f32>, WeightsError>, TrainError> {
    let mut network = config.outline(image, classes)?;
    Ok(load(bytes, &mut network).map(|()| network))
}

/// The names of PyTorch's counts of training batches.
fn names_of_counts<F: Real>(network: &Network<F>) -> impl Iterator<Item = String> {
    let counting = network.norms().filter(|(_, norm)| norm.counts_batches);
    counting.map(|(name, _)| format!("{name}.{BATCHES_TRACKED}"))
}

/// Refuses a file that lacks a tensor of the network, or has one too many.
fn expect_names<F: Real>(file: &SafeTensors<'_>, network: &Network<F>) -> Result<(), WeightsError> {
    let needed: BTreeSet<String> = network.state().into_iter().map(|(name, _)| name).collect();
    let allowed: BTreeSet<String> = names_of_counts(network).collect();
    let found: BTreeSet<String> = file.names().into_iter().map(str::to_owned).collect();
    let missing: Vec<String> = needed.difference(&found).cloned().collect();
    if !missing.is_empty() {
        return Err(WeightsError::Missing { names: missing });
    }
    let unknown: Vec<String> = found
        .into_iter()
        .filter(|name| !needed.contains(name) && !allowed.contains(name))
        .collect();
    if !unknown.is_empty() {
        return Err(WeightsError::Unknown { names: unknown });
    }
    for name in allowed {
        if let Ok(tensor) = file.tensor(&name) {
            expect_shape(&name, &[], tensor.shape())?;
            if tensor.dtype() != Dtype::I64 {
                let (expected, found) = ("I64", tensor.dtype());
                return Err(WeightsError::Type { name, expected, found });
            }
        }
    }
    Ok(())
}

fn expect_shape(name: &str, expected: &[usize], found: &[usize]) -> Result<(), WeightsError> {
    if expected == found {
        return Ok(());
    }
    let (expected, found) = (expected.to_vec(), found.to_vec());
    Err(WeightsError::Shape { name: name.to_owned(), expected, found })
}

/// The values of a tensor of this shape, in logical order.
fn read<F: Real>(
    name: String,
    view: &TensorView<'_>,
    shape: &[usize],
) -> Result<Vec<F>, WeightsError> {
    expect_shape(&name, shape, view.shape())?;
    let found = view.dtype();
    let Some(values) = tensor::from_bytes::<F>(found, view.data()) else {
        return Err(WeightsError::Type { name, expected: "F32 or F64", found });
    };
    let count =
        |wrong: fn(f64) -> bool| values.iter().filter(|value| wrong(value.to_f64())).count();
    let not_finite = count(|value| !value.is_finite());
    if not_finite > 0 {
        return Err(WeightsError::NotFinite { name, count: not_finite });
    }
    let negative = count(|value| value < 0.0);
    if negative > 0 && name.ends_with(RUNNING_VARIANCE) {
        return Err(WeightsError::NegativeVariance { name, count: negative });
    }
    Ok(values)
}
