//! Layers that commute: the order in which two neighbours are computed.

use super::layer::Layer;

/// When a layer is computed.
///
/// A ReLU and the max pooling after it commute: max(x, 0) of the largest is the largest of max(x, 0),
/// and where that is 0, so is the gradient, whichever pixel gets it. Both orders give the same bits.
/// So the ReLU is computed after the pooling, on a fraction of the values and in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ComputeOrder {
    /// In the order of the layers.
    InOrder,
    /// A ReLU that commutes with the max pooling after it, and is computed together with it.
    ReluAfterMaxPool,
    /// The max pooling after such a ReLU, which reads the ReLU's input.
    MaxPoolBeforeRelu,
}

impl ComputeOrder {
    /// The orders of two neighbours that commute.
    pub(super) fn of_commuting<F>(first: &Layer<F>, second: &Layer<F>) -> Option<[Self; 2]> {
        let commute = matches!((first, second), (Layer::Relu(_), Layer::MaxPool2d(_)));
        commute.then_some([Self::ReluAfterMaxPool, Self::MaxPoolBeforeRelu])
    }

    /// The layer whose input the layer of this index reads; none where another does its work.
    pub(super) fn input(self, index: usize) -> Option<usize> {
        match self {
            Self::InOrder => Some(index),
            Self::ReluAfterMaxPool => None,
            Self::MaxPoolBeforeRelu => index.checked_sub(1),
        }
    }
}
