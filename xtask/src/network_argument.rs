use clap::ValueEnum;
use trainer::network::Architecture;

/// A network by its name on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NetworkArgument {
    /// Two convolutions and a linear head
    Simple,
    /// The same with spatial batch norm after each convolution
    SpatialBatchNorm,
    /// Two linear layers, of the lesson before
    FullyConnected,
    /// The same with batch norm between them
    BatchNorm,
    /// The same with batch norm and dropout between them
    Dropout,
}

impl NetworkArgument {
    pub fn architecture(self) -> Architecture {
        match self {
            Self::Simple => Architecture::SimpleNetwork,
            Self::SpatialBatchNorm => Architecture::SpatialBatchNormNetwork,
            Self::FullyConnected => Architecture::FullyConnectedNetwork,
            Self::BatchNorm => Architecture::BatchNormNetwork,
            Self::Dropout => Architecture::DropoutNetwork,
        }
    }
}
