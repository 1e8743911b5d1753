//! The sums of products that convolution and its gradients consist of, in an order fixed by the
//! shapes alone.

/// Where a row of a [`Correlation`] begins in its source, and where its results go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Index into the source.
    pub base: usize,
    /// Index into the output.
    pub target: usize,
    /// How far the next place lies behind this one in the source, and how many places from this one on lie
    /// as far apart. A place that the next does not lie behind is alone.
    evenly_spaced: (usize, usize),
}

impl Place {
    /// How far the first of `places` lie apart in the source, and how many they are.
    pub(crate) fn evenly_spaced(places: &[Self]) -> (usize, usize) {
        places.first().map_or((0, 0), |&Self { evenly_spaced: (apart, count), .. }| {
            (apart, count.min(places.len()))
        })
    }
}

/// Places, and how far they reach. Vector code relies on both, so only [`Self::new`] makes them.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    places: Vec<Place>,
    /// The largest base and the largest target.
    largest: [usize; 2],
}

impl Places {
    /// The places with these bases and targets.
    pub(crate) fn new(ends: impl Iterator<Item = [usize; 2]>) -> Self {
        let mut places: Vec<_> =
            ends.map(|[base, target]| Place { base, target, evenly_spaced: (0, 1) }).collect();
        let mut largest = [0; 2];
        for at in (0..places.len()).rev() {
            let Place { base, target, evenly_spaced: (apart, count) } = places[at];
            largest = [largest[0].max(base), largest[1].max(target)];
            if let Some(before) = at.checked_sub(1).map(|before| &mut places[before])
                && let Some(from_before) = base.checked_sub(before.base)
            {
                let as_far = from_before == apart;
                before.evenly_spaced = (from_before, if as_far { count + 1 } else { 2 });
            }
        }
        Self { places, largest }
    }

    /// All of them, in order.
    pub(crate) fn all(&self) -> &[Place] {
        &self.places
    }

    /// The largest base and the largest target; `None` without a place.
    pub(crate) fn largest(&self) -> Option<[usize; 2]> {
        (!self.places.is_empty()).then_some(self.largest)
    }
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
