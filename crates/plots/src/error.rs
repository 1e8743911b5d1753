//! Why a figure could not be drawn.

use plotters::drawing::DrawingAreaErrorKind;
use thiserror::Error;

/// Why a figure could not be drawn.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DrawError {
    /// The font inside the program is none.
    #[error("the embedded font cannot be read")]
    Font,

    /// A back end of plotters refused.
    #[error("plotters cannot draw: {0}")]
    BackEnd(String),

    /// The pixels could not become a PNG.
    #[error("the PNG cannot be written")]
    Png(#[from] png::EncodingError),

    /// What the figure is to show does not fit it.
    #[error("{what}: found {found}, expected {expected}")]
    Data {
        /// What does not fit.
        what: &'static str,
        /// What was found.
        found: String,
        /// What the figure can show.
        expected: String,
    },
}

impl<E: std::error::Error + Send + Sync> From<DrawingAreaErrorKind<E>> for DrawError {
    fn from(error: DrawingAreaErrorKind<E>) -> Self {
        Self::BackEnd(error.to_string())
    }
}

/// What drawing gives.
pub type Result<T, E = DrawError> = std::result::Result<T, E>;
