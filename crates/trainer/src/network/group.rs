//! Layers that are computed together.
//!
//! A group is added by a file with its [`LayerGroup`] and a line in the list below.

mod alone;
mod conv2d_batch_norm_relu_max_pool;
mod conv2d_relu_max_pool;
mod flatten_linear;
mod kind;
mod relu_max_pool;

use kernels::Real;

use self::alone::Alone;
use self::conv2d_batch_norm_relu_max_pool::Conv2dBatchNormReluMaxPool;
use self::conv2d_relu_max_pool::Conv2dReluMaxPool;
use self::flatten_linear::FlattenLinear;
use self::relu_max_pool::ReluMaxPool;
use super::named_layers::NamedLayer;

pub(super) use self::kind::{GroupBackward, LayerGroup};

/// The groups of a network's layers in order: each the first of the list that fits, or a layer alone. A
/// pass that keeps activations leaves out the groups that hide some. They take the place of those in
/// `groups`.
pub(super) fn find_groups<F: Real>(
    mut layers: &[NamedLayer<F>],
    keeps_activations: bool,
    groups: &mut Vec<&'static dyn LayerGroup<F>>,
) {
    let all: [&'static dyn LayerGroup<F>; 4] =
        [&Conv2dBatchNormReluMaxPool, &Conv2dReluMaxPool, &ReluMaxPool, &FlattenLinear];
    groups.clear();
    while !layers.is_empty() {
        let fits = |group: &&dyn LayerGroup<F>| {
            !(keeps_activations && group.hides_activations()) && group.begins(layers)
        };
        let group = all.into_iter().find(fits).unwrap_or(&Alone);
        layers = layers.get(group.layers()..).unwrap_or_default();
        groups.push(group);
    }
}
