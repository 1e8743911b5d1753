/// When a layer's turn is.
///
/// A ReLU before a max pooling is put off until after it, to a fraction of the values and in place.
/// max(x, 0) of the largest is the largest of max(x, 0), and where that is 0, so is the gradient,
/// whichever pixel gets it: the same bits on both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// In the order of the layers.
    InOrder,
    /// A ReLU that follows the pooling after it, and is done with that.
    AfterPool,
    /// A pooling that reads the input of the ReLU before it.
    BeforeRelu,
}

impl Turn {
    /// The layer whose input the layer of this index reads; none where another does its work.
    pub(super) fn input(self, index: usize) -> Option<usize> {
        match self {
            Self::InOrder => Some(index),
            Self::AfterPool => None,
            Self::BeforeRelu => index.checked_sub(1),
        }
    }
}
