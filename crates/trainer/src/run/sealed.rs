//! Small files in which a changed byte is noticed: TOML, after a line with the SHA-256 of all that
//! follows it.

use std::io::ErrorKind;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::TrainError;

/// Writes the file whole.
pub(super) fn write(path: &Path, value: &impl Serialize) -> Result<(), TrainError> {
    // TOML cannot fail for structs of numbers and texts; an empty one would be refused on reading.
    let text = toml::to_string(value).unwrap_or_default();
    let sealed = format!("{}{text}", first_line(&text));
    files::replace(path, sealed.as_bytes()).map_err(TrainError::file(path, "cannot be written"))
}

/// What the file holds, if it is there.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, TrainError> {
    let bytes = match files::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(TrainError::file(path, "cannot be read")(error)),
    };
    let refuse = |expected: String, found: String| {
        Err(TrainError::Damaged { path: path.to_path_buf(), expected, found })
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return refuse("text".to_owned(), "bytes that are not UTF-8".to_owned());
    };
    let (line, rest) = text.split_at(text.find('\n').map_or(text.len(), |end| end + 1));
    let expected = first_line(rest);
    if line != expected {
        return refuse(
            format!("{:?} in its first line", expected.trim()),
            format!("{:?}", line.trim()),
        );
    }
    toml::from_str(rest)
        .map(Some)
        .or_else(|error| refuse("the fields of such a file".to_owned(), error.message().to_owned()))
}

fn first_line(rest: &str) -> String {
    format!("sha256 = \"{}\"\n", hex::encode(Sha256::digest(rest)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Sample {
        name: String,
        numbers: Vec<f64>,
    }

    #[test]
    fn numbers_are_exact_and_every_changed_bit_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        assert_eq!(read::<Sample>(&path).unwrap(), None);
        let numbers = vec![0.1 + 0.2, 1e300, 5e-324, -0.0, 2.0, f64::INFINITY, f64::MAX];
        let sample = Sample { name: "γ \"a\"\nb".to_owned(), numbers };
        write(&path, &sample).unwrap();
        let found = read::<Sample>(&path).unwrap().unwrap();
        let bits = |sample: &Sample| sample.numbers.iter().map(|n| n.to_bits()).collect::<Vec<_>>();
        assert_eq!((&found, bits(&found)), (&sample, bits(&sample)));
        let good = fs::read(&path).unwrap();
        for bit in 0..8 * good.len() {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &bytes).unwrap();
            let error = read::<Sample>(&path).unwrap_err();
            assert!(matches!(error, TrainError::Damaged { .. }), "bit {bit}: {error}");
        }
        for length in [0, 5, 76, good.len() - 1] {
            fs::write(&path, &good[..length]).unwrap();
            assert!(matches!(read::<Sample>(&path), Err(TrainError::Damaged { .. })), "{length}");
        }
    }
}
