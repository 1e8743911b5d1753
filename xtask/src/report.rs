//! placeholder
use crate::study::tables::Study;
use anyhow::Result;
use std::path::PathBuf;
pub const FILES: &[&str] = &["index.html", "README.md", "summary.csv"];
pub const PAGE: &str = "index.html";
pub fn render(_: &Study) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    Ok(vec![])
}
