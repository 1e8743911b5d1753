//! What a comparison of two arms over seeds may claim.
//!
//! The unit is the seed, and arms are paired by it. A mean difference has a t interval and a BCa
//! interval beside it; the sign-flip test is exact; wins have an exact interval. Nothing here makes
//! a test or an interval of fewer than ten seeds: [`Pairs`] and [`Sample`] refuse them. [`halves()`] shows
//! on ten seeds of one thing what comparing five with five would say.
//!
//! ```
//! use statistics::*;
//!
//! # fn main() -> Result<()> {
//! // Images of 12,000 that each arm classified correctly, by seed.
//! let with_norm = [10_891, 10_902, 10_865, 10_917, 10_880, 10_874, 10_909, 10_858, 10_896, 10_888];
//! let without = [10_760, 10_811, 10_793, 10_788, 10_752, 10_897, 10_783, 10_770, 10_801, 10_765];
//! let differences: Vec<i64> = with_norm.iter().zip(without).map(|(a, b)| a - b).collect();
//! let pairs = Pairs::of_counts(&differences, 12_000)?;
//!
//! let level = ConfidenceLevel::PERCENT_95;
//! let mean = pairs.differences().summary().mean;
//! assert_eq!(format!("{mean:.4}"), "0.0080"); // 0.80 points
//! let t = mean_interval(&pairs, level);
//! assert_eq!(format!("{:.4} to {:.4}", t.low, t.high), "0.0052 to 0.0108");
//! # let mut state = 1_u64;
//! # let mut below = |bound: u64| {
//! #     state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
//! #     (state >> 33) % bound
//! # };
//! let bca = bca_interval(&pairs, level, &mut below)?; // `below` draws an integer below its argument
//! assert!(t.contains(mean) && bca.contains(mean) && t.low > 0.0);
//!
//! let outperformance = Outperformance::of(&pairs, level);
//! assert_eq!(outperformance.wins, Wins { won: 9, tied: 0, lost: 1 });
//! assert_eq!(outperformance.judge(MEANINGFUL_PROBABILITY)?, Judgement::Meaningful);
//!
//! // The primary comparison and another of the same family, which was declared before.
//! let p = sign_flip_test(&pairs)?;
//! assert_eq!(p, 4.0 / 1024.0);
//! assert_eq!(holm(&[p, 0.03])?, [8.0 / 1024.0, 0.03]);
//!
//! assert!(smallest_detectable_difference(&pairs) < mean);
//! # Ok(())
//! # }
//! ```
//!
//! # Same bits everywhere
//!
//! Sums run in the order of the seeds, `exp`, `ln` and their kind come from `libm`, and random
//! numbers from whoever calls. That is why no statistics library is used: those take logarithms and
//! exponentials from the system.
//!
//! # Sources
//!
//! - Bouthillier et al., "Accounting for Variance in Machine Learning Benchmarks", 2021: which
//!   sources of variance to vary; the probability of outperforming and its threshold.
//! - Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice", 2021:
//!   intervals instead of points; performance profiles.
//! - Colas, Sigaud and Oudeyer, "How Many Random Seeds?", 2018: tests and power with few seeds.
//! - Efron, "Better Bootstrap Confidence Intervals", 1987: BCa.
//! - Clopper and Pearson, "The Use of Confidence or Fiducial Limits Illustrated in the Case of the
//!   Binomial", 1934.
//! - Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979.

mod beta;
mod binomial;
mod bisection;
mod bootstrap;
mod error;
mod halves;
mod level;
mod multiple;
mod normal;
mod power;
mod profile;
mod sample;
mod scaled;
mod sign_flip;
mod student;
mod summary;
mod variance;
mod wins;

pub use binomial::{clopper_pearson, largest_share_unseen, standard_error};
pub use bootstrap::{RESAMPLES, bca_interval, bca_interval_of_resamples};
pub use error::{FEWEST_SEEDS, Result, StatisticsError};
pub use halves::{Half, halves};
pub use level::{ConfidenceLevel, Interval};
pub use multiple::holm;
pub use power::{POWER, SIGNIFICANCE, smallest_detectable_difference};
pub use profile::{Profile, ProfileStep};
pub use sample::{Pairs, Sample};
pub use sign_flip::sign_flip_test;
pub use student::{StudentT, mean_interval};
pub use summary::{Summary, quantile};
pub use variance::SourceSpread;
pub use wins::{Judgement, MEANINGFUL_PROBABILITY, Outperformance, Wins};
