//! The sums of products that convolution and its gradients consist of, in an order fixed by the
//! shapes alone.

/// Where a row of a [`Correlation`] begins in its source, and where its results go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Index into the source.
    pub base: usize,
    /// Index into the output.
    pub target: usize,
}

/// ```text
/// out[target + l] = start[l] + Σ_{r < runs} Σ_{j < run_length}
///     source[base + r·run_stride + j·step] · matrix[r·run_length + j][l]
/// ```
///
/// for each [`Place`] and each l < width, one product after the other in the order of r and j, by
/// [`mul_add`](super::real::Real::mul_add).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Correlation<'a, F> {
    /// What is read one value at a time.
    pub source: &'a [F],
    /// The matrix; each row is read in vectors of [`LANES`](super::lanes::LANES) values, the last filled up with
    /// anything.
    pub matrix: Matrix<'a, F>,
    /// Results a place.
    pub width: usize,
    /// Where the sums of a place start, filled up to whole vectors.
    pub start: &'a [F],
    /// Runs of a sum.
    pub runs: usize,
    /// Products of a run.
    pub run_length: usize,
    /// From one run to the next in the source.
    pub run_stride: usize,
    /// From one value of a run to the next in the source.
    pub step: usize,
}

/// A matrix read in vectors of [`LANES`](super::lanes::LANES) columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matrix<'a, F> {
    /// All values.
    pub values: &'a [F],
    /// From one row to the next.
    pub row_stride: usize,
    /// From one vector of a row to the next.
    pub vector_stride: usize,
}
