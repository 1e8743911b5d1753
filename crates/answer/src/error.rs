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

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn a_question_mark_keeps_its_line() {
        let line = line!() + 2;
        let reshaped = |array: Array2<f64>| -> Result<_, Error> {
            Ok(array.reversed_axes().into_shape_with_order(6)?)
        };
        let error = reshaped(Array2::zeros((2, 3))).unwrap_err();
        assert_eq!((error.place().line(), error.place().file()), (line, file!()));
        let parsed = || -> Result<u8, Error> { Ok("x".parse::<u8>()?) };
        assert_eq!(parsed().unwrap_err().to_string(), "invalid digit found in string");
    }
}
