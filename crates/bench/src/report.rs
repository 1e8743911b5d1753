//! The files of a folder such as `reports/bench/`, and what each of them is.

use crate::error::Result;
use crate::results::Results;

/// What the folder is about.
pub const TITLE: &str = "Speed, memory and bits";

const PAGE: &str = "README.md";
const NUMBERS: &str = "bench.json";
const SVG: &str = "bench.svg";
const PNG: &str = "bench.png";

/// The files, each with what it is.
pub const FILES: [(&str, &str); 4] = [
    (PAGE, "The measurements as tables, beside the goals."),
    (NUMBERS, "Every measurement; times in seconds, sizes in bytes."),
    (
        SVG,
        "Time and memory of a training step against batch size, channels, image size, threads and runs.",
    ),
    (
        PNG,
        "Time and memory of a training step against batch size, channels, image size, threads and runs.",
    ),
];

impl Results {
    /// The files by their names.
    ///
    /// # Errors
    ///
    /// [`BenchError::Figure`](crate::BenchError::Figure) if the figure cannot be drawn.
    pub fn files(&self) -> Result<[(&'static str, Vec<u8>); 4]> {
        let figure = self.figure()?;
        Ok([
            (SVG, figure.svg.into_bytes()),
            (PNG, figure.png),
            (PAGE, self.page().into_bytes()),
            (NUMBERS, self.to_json()?.into_bytes()),
        ])
    }
}
