//! Choices about arrays: their axes, shapes and types, the cache, and unknown modes.

/// How images (N, C, H, W) become the rows of a matrix with one column per channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IntoRows {
    /// The axes are permuted in this way, and the result is read in order.
    Transposed([usize; 4]),
    /// The images are read in order as (C, N·H·W), which is then transposed.
    ChannelsFirst,
}

impl IntoRows {
    pub(crate) const RIGHT: Self = Self::Transposed([0, 2, 3, 1]);
}

/// How rows become images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FromRows {
    /// The rows are read as an array whose axes are the first four of (N, C, H, W); its axes are
    /// then permuted by the second four.
    Transposed([usize; 4], [usize; 4]),
    /// The rows are transposed and read in order.
    ChannelsFirst,
    /// The rows stay rows.
    Rows,
}

impl FromRows {
    pub(crate) const RIGHT: Self = Self::Transposed([0, 2, 3, 1], [0, 3, 1, 2]);
}

/// The element type of the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResultType {
    AsGiven,
    Double,
    Single,
}

/// Which pass rounds every array to single precision on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounds {
    Nowhere,
    Everywhere,
    InBackward,
}

/// Where the backward pass finds what the forward pass computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cache {
    /// In the cache of that forward pass.
    Own,
    /// In a variable that each forward pass overwrites.
    Global,
    /// In its own cache but for x̂, whose array each forward pass overwrites.
    GlobalXHat,
    /// In the caller's x itself, from which x̂ is computed again.
    ViewOfX,
    /// In a cache whose x̂ the first backward pass scales in place.
    UsedUp,
}

/// An entry of `bn_param` that an implementation has no default for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Required {
    Nothing,
    Eps,
    Momentum,
    Running,
}

/// What happens in a mode that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnknownMode {
    Refused,
    Train,
    Eval,
    /// x is returned unchanged.
    Identity,
}
