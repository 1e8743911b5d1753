//! Fabrics: how light a garment's cloth is at each place of it.

use super::draw::Draws;
use super::outline::Point;

/// A pattern of light and dark over the garment's coordinates; 1 where it is lightest.
pub(super) enum Texture {
    /// One tone.
    Plain,
    /// Bands across a direction.
    Stripes {
        /// The direction, divided by the width of a pair of bands.
        wave: Point,
        /// The part of each pair that is dark.
        dark: f32,
        /// How much darker that is.
        depth: f32,
    },
    /// Two sets of bands, crossed.
    Checks {
        /// Pairs of bands a unit.
        frequency: f32,
        /// How much darker each set is.
        depth: f32,
    },
    /// The small rhombi of a knitted cloth.
    Knit {
        /// Stitches a unit.
        frequency: f32,
        /// How much darker the gaps are.
        depth: f32,
    },
    /// Darker towards one side.
    Gradient {
        /// The change per unit along each axis.
        slope: Point,
    },
    /// Darker above or below a line across.
    Block {
        /// The height of the line.
        line: f32,
        /// How much darker it is above; negative for below.
        depth: f32,
    },
}

impl Texture {
    /// A random fabric; `knitted` is the probability of a knit.
    pub(super) fn draw(draws: &mut Draws, knitted: f32) -> Self {
        if draws.chance(knitted) {
            return Self::Knit {
                frequency: draws.between(3.5, 6.0),
                depth: draws.between(0.15, 0.45),
            };
        }
        match draws.below(20) {
            0..10 => Self::Plain,
            10..12 => {
                // Bands across, mostly level; an eighth of the time upright.
                let frequency = draws.between(1.8, 4.5);
                let tilt = draws.around(0.0, 0.3);
                let wave = if draws.chance(0.25) { [1.0, tilt] } else { [tilt, 1.0] };
                Self::Stripes {
                    wave: [wave[0] * frequency, wave[1] * frequency],
                    dark: draws.between(0.3, 0.6),
                    depth: draws.between(0.2, 0.6),
                }
            }
            12..14 => {
                Self::Checks { frequency: draws.between(1.6, 3.5), depth: draws.between(0.15, 0.4) }
            }
            14..17 => {
                Self::Gradient { slope: [draws.between(-0.15, 0.15), draws.between(-0.3, 0.3)] }
            }
            _ => Self::Block { line: draws.between(-0.5, 0.5), depth: draws.between(-0.6, 0.6) },
        }
    }

    /// The fabric's lightness at this place.
    pub(super) fn at(&self, [x, y]: Point) -> f32 {
        match *self {
            Self::Plain => 1.0,
            Self::Stripes { wave, dark, depth } => {
                1.0 - depth * band(wave[0] * x + wave[1] * y, dark)
            }
            Self::Checks { frequency, depth } => {
                1.0 - depth * (band(frequency * x, 0.5) + band(frequency * y, 0.5))
            }
            Self::Knit { frequency, depth } => {
                1.0 - depth * (triangle(frequency * x) + triangle(frequency * y)) * 0.5
            }
            Self::Gradient { slope } => 1.0 - slope[0] * (1.0 + x) - slope[1] * y,
            Self::Block { line, depth } => {
                let above = (0.5 + 8.0 * (line - y)).clamp(0.0, 1.0);
                if depth > 0.0 { 1.0 - depth * above } else { 1.0 + depth * (1.0 - above) }
            }
        }
    }
}

/// A wave of period 1 between 0 and 1, in straight lines.
fn triangle(phase: f32) -> f32 {
    // The phases of a garment are far above −64; moving them up makes truncation the floor.
    let shifted = phase + 64.0;
    let part = shifted - shifted as u32 as f32;
    if part < 0.5 { 2.0 * part } else { 2.0 - 2.0 * part }
}

/// A wave of period 1 that is 1 over the part `dark` of it and 0 elsewhere, with soft edges.
fn band(phase: f32, dark: f32) -> f32 {
    (0.5 + 4.0 * (triangle(phase) - (1.0 - dark))).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waves_have_period_one_on_both_sides_of_zero() {
        for (phase, expected) in [(0.0, 0.0), (0.25, 0.5), (0.5, 1.0), (0.75, 0.5), (1.0, 0.0)] {
            for period in [-9.0, -1.0, 0.0, 7.0] {
                assert_eq!(triangle(phase + period), expected);
            }
        }
        let dark = (0..1_000).filter(|&step| band(step as f32 / 1_000.0, 0.3) > 0.5).count();
        assert!((290..310).contains(&dark), "{dark}");
    }
}
