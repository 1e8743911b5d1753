//! The pieces that clothes for the upper body are sewn from.

use super::draw::Draws;
use super::garment::Piece;
use super::outline::{Outline, Point};

/// The measures of a body piece; widths are halves, from the middle outwards.
pub(super) struct Cut {
    pub top: f32,
    pub bottom: f32,
    pub neck: f32,
    pub neck_depth: f32,
    /// A V instead of a curve.
    pub pointed_neck: bool,
    pub shoulder: f32,
    /// How far the shoulders fall from the neck.
    pub slope: f32,
    pub armpit: f32,
    pub chest: f32,
    pub waist: f32,
    pub hem: f32,
}

/// The measures of a sleeve.
pub(super) struct Sleeve {
    /// Sideways for each step down: 0 hangs straight down.
    pub spread: f32,
    pub length: f32,
    /// The width at the wrist.
    pub cuff: f32,
}

impl Sleeve {
    pub(super) fn short(draws: &mut Draws) -> Self {
        Self {
            spread: draws.around(0.9, 0.45),
            length: draws.around(0.52, 0.22),
            cuff: draws.around(0.3, 0.08),
        }
    }

    pub(super) fn long(draws: &mut Draws) -> Self {
        Self {
            spread: draws.around(0.26, 0.18),
            length: draws.around(1.46, 0.16),
            cuff: draws.around(0.22, 0.07),
        }
    }
}

impl Cut {
    /// What most clothes have in common: a body with nearly straight sides.
    pub(super) fn straight(draws: &mut Draws, bottom: f32) -> Self {
        let chest = draws.around(0.47, 0.1);
        Self {
            top: draws.around(-0.84, 0.06),
            bottom,
            neck: draws.around(0.2, 0.08),
            neck_depth: draws.around(0.14, 0.08),
            pointed_neck: draws.chance(0.25),
            shoulder: chest * draws.around(0.94, 0.1),
            slope: draws.around(0.12, 0.06),
            armpit: draws.around(-0.3, 0.1),
            chest,
            waist: chest * draws.around(0.95, 0.1),
            hem: chest * draws.around(0.99, 0.12),
        }
    }

    /// The right half of the neck's edge, from the middle to the shoulder seam.
    fn neckline(&self) -> Vec<Point> {
        let base = [0.0, self.top + self.neck_depth];
        let side = [self.neck * 0.6, self.top + self.neck_depth * 0.8];
        let end = [self.neck, self.top];
        if self.pointed_neck { vec![base, end] } else { vec![base, side, end] }
    }

    pub(super) fn body(&self) -> Piece {
        let mut corners = self.neckline();
        corners.extend([
            [self.shoulder, self.top + self.slope],
            [self.chest, self.armpit],
            [self.waist, (self.armpit + self.bottom) * 0.5],
            [self.hem, self.bottom],
            [0.0, self.bottom + 0.03],
        ]);
        Piece::cloth(Outline::symmetric(&corners), 1.0)
    }

    /// Both sleeves, each a little different.
    pub(super) fn sleeves(&self, draws: &mut Draws, sleeve: &Sleeve) -> [Piece; 2] {
        // They hang a little further from the light than the body, mostly.
        let shade = draws.around(0.95, 0.07);
        [false, true].map(|left| {
            let spread = sleeve.spread * draws.around(1.0, 0.25);
            let length = sleeve.length * draws.around(1.0, 0.06);
            let norm = (1.0 + spread * spread).sqrt();
            let (across, down) = (spread / norm, 1.0 / norm);
            let tip = [self.shoulder, self.top + self.slope];
            let outer = [tip[0] + across * length, tip[1] + down * length];
            let inner = [outer[0] - down * sleeve.cuff, outer[1] + across * sleeve.cuff];
            let corners: [Point; 6] = [
                [self.neck, self.top],
                tip,
                outer,
                inner,
                [self.chest, self.armpit],
                [self.chest * 0.5, self.armpit],
            ];
            let outline = Outline::polygon(&corners);
            Piece::cloth(if left { outline.mirrored() } else { outline }, shade)
        })
    }

    /// A line around the neck, as of a ribbed band.
    pub(super) fn neck_band(&self, shade: f32, opacity: f32) -> Piece {
        let lines = self
            .neckline()
            .windows(2)
            .flat_map(|pair| {
                let line = [pair[0], pair[1]];
                [line, line.map(|[x, y]| [-x, y])]
            })
            .collect();
        Piece::mark(Outline::strokes(lines, 0.05), shade, opacity)
    }

    /// Two pointed pieces at the neck, `size` deep.
    pub(super) fn collar(&self, size: f32, shade: f32) -> [Piece; 2] {
        let right = Outline::polygon(&[
            [0.0, self.top + self.neck_depth],
            [self.neck * 0.7, self.top - 0.05],
            [self.neck * 1.25, self.top + 0.03],
            [self.neck * 0.9, self.top + self.neck_depth + size],
        ]);
        [right.mirrored(), right].map(|outline| Piece { edge: 0.4, ..Piece::plain(outline, shade) })
    }

    /// The line down the front where it opens, `side` of the middle.
    pub(super) fn opening(&self, side: f32, width: f32, shade: f32, opacity: f32) -> Piece {
        let line = [[side, self.top + self.neck_depth], [side, self.bottom]];
        Piece::mark(Outline::stroke(&line, width), shade, opacity)
    }

    pub(super) fn buttons(&self, side: f32, count: u16, shade: f32, opacity: f32) -> Piece {
        let start = self.top + self.neck_depth + 0.1;
        let step = (self.bottom - 0.1 - start) / f32::from(count);
        let dots = (0..count).map(|index| [[side, start + step * f32::from(index)]; 2]).collect();
        Piece::mark(Outline::strokes(dots, 0.045), shade, opacity)
    }

    pub(super) fn hem_band(&self, height: f32, shade: f32) -> Piece {
        let y = self.bottom - height * 0.5;
        Piece::mark(Outline::stroke(&[[-1.0, y], [1.0, y]], height * 0.5), shade, 0.8)
    }
}

/// A line on the cloth, as of a pocket or a belt.
pub(super) fn seam(from: Point, to: Point, shade: f32, opacity: f32) -> Piece {
    Piece::mark(Outline::stroke(&[from, to], 0.035), shade, opacity)
}

/// Lighter or darker than the cloth around it, by at least a little.
pub(super) fn contrasting(draws: &mut Draws) -> f32 {
    if draws.chance(0.65) { draws.between(0.45, 0.8) } else { draws.between(1.15, 1.5) }
}
