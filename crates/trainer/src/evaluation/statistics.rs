//! What batch norm normalises with in evaluation.

/// What a batch norm, or a ghost batch norm, normalises with in evaluation. Other norms compute the
/// same in training and in evaluation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum EvaluationStatistics {
    /// The running averages that training left.
    #[default]
    Running,
    /// The moments over the training images: [`super::population_moments`].
    Population,
    /// The evaluated batch's own: [`super::evaluate_by_batch`].
    Batch,
}

impl EvaluationStatistics {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Running, Self::Population, Self::Batch];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Population => "population",
            Self::Batch => "batch",
        }
    }
}
