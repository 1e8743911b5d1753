//! Why a submission gave no answer, and whose fault that is.

use kernels::KernelError;
use thiserror::Error;

/// Why a submission gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Failure {
    /// The submission panicked, with this message.
    #[error("{0}")]
    Panicked(String),
    /// The submission refused the call, with this message.
    #[error("{0}")]
    Refused(String),
    /// The submission's process ended by itself, without an answer.
    #[error("{0}")]
    Crashed(String),
    /// The submission's process was ended, since it went beyond a limit.
    #[error("{0}")]
    Stopped(String),
    /// The submission's process was not started again, having failed too often.
    #[error("not asked any more: {0}")]
    GivenUp(String),
    /// The submission gave nothing.
    #[error("{what} is missing")]
    Missing {
        /// The result, or its file below the folder of outputs.
        what: String,
    },
    /// The submission gave less than it was asked for.
    #[error("the submission returned fewer results than it was asked for")]
    TooFew,
    /// The submission gave something that the grader cannot use.
    #[error("{what} {reason}")]
    Unusable {
        /// The result, or its file below the folder of outputs.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The grader failed, for which no submission can be blamed.
    #[error("the grader failed: {0}")]
    Grader(String),
}

impl Failure {
    /// What a backward pass says whose forward pass has failed: no reason of its own. The driver of
    /// Python files says the same.
    pub(crate) const FORWARD_FAILED: &'static str = "its forward pass failed";

    /// What is said of a function that is not written yet.
    pub(crate) const UNWRITTEN: [&str; 4] = [
        "NotImplementedError",
        "not yet implemented",
        "not implemented",
        "_backward returned nothing but zeros",
    ];

    /// Whether a message says that a function is not written yet.
    pub(crate) fn says_unwritten(message: &str) -> bool {
        let returned_none =
            message.contains("batchnorm_") && message.contains(" returned None, expected (");
        returned_none || Self::UNWRITTEN.iter().any(|sign| message.contains(sign))
    }

    /// The message of a failure, without whether the submission was still asked.
    pub(crate) fn reason(message: &str) -> &str {
        message.strip_prefix("not asked any more: ").unwrap_or(message)
    }

    /// Whether the submission itself said that something is wrong, with an error or a panic.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::Panicked(_) | Self::Refused(_) => true,
            Self::Crashed(_)
            | Self::Stopped(_)
            | Self::GivenUp(_)
            | Self::Missing { .. }
            | Self::TooFew
            | Self::Unusable { .. }
            | Self::Grader(_) => false,
        }
    }
}

/// The kernels refuse as a submission does, which they are too.
impl From<KernelError> for Failure {
    fn from(error: KernelError) -> Self {
        Self::Refused(error.to_string())
    }
}
