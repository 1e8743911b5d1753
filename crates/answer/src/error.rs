//! The error that the functions return. It knows the line at which it arose.

use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;

/// An error of a library, or a message, with the line at which it arose.
///
/// It is no [`std::error::Error`] itself, so that `?` can make it from each of those.
#[derive(Clone)]
pub struct Error {
    message: String,
    place: &'static Location<'static>,
}

impl Error {
    /// An error with this message, as in `return Err(Error::new("no images"))`.
    #[track_caller]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), place: Location::caller() }
    }

    /// The same error, as if it had arisen where the function is called that calls this.
    #[must_use]
    pub fn at(self, place: &'static Location<'static>) -> Self {
        Self { place, ..self }
    }

    pub(crate) fn place(&self) -> &'static Location<'static> {
        self.place
    }
}

impl<E: StdError> From<E> for Error {
    #[track_caller]
    fn from(error: E) -> Self {
        Self::new(error.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.message, self.place)
    }
}

/// A message with what it lacks: ndarray names the kind of what is wrong with a shape, and no more.
pub(crate) fn explained(message: &str) -> String {
    let (kind, explanation) = if message.contains("ShapeError/IncompatibleLayout") {
        (
            "ShapeError/IncompatibleLayout",
            "found an array whose elements lie in another order in memory than its axes, as after \
             permuted_axes, expected the standard layout; call as_standard_layout() first",
        )
    } else if message.contains("ShapeError/IncompatibleShape") {
        (
            "ShapeError/IncompatibleShape",
            "found shapes that do not fit, expected as many elements as before to reshape, and to \
             broadcast lengths that are equal, or 1, from the last axis on",
        )
    } else {
        return message.to_owned();
    };
    format!("{kind}: {explanation}")
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn a_question_mark_keeps_its_line_and_a_shape_error_is_explained() {
        let line = line!() + 2;
        let reshaped = |array: Array2<f64>| -> Result<_, Error> {
            Ok(array.reversed_axes().into_shape_with_order(6)?)
        };
        let error = reshaped(Array2::zeros((2, 3))).unwrap_err();
        assert_eq!((error.place().line(), error.place().file()), (line, file!()));
        let explained = explained(&error.to_string());
        assert!(explained.ends_with("call as_standard_layout() first"), "{explained}");
        let parsed = || -> Result<u8, Error> { Ok("x".parse::<u8>()?) };
        assert_eq!(parsed().unwrap_err().to_string(), "invalid digit found in string");
    }
}
