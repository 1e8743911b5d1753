/// Names the numbers that this program computes, so that a run is not gone on with by a program that
/// computes others. They are the first digits of what `cargo xtask hash` prints for all networks
/// together; a test there holds the two against each other.
pub const NUMERICS: &str = "2a48b343716e896f";
