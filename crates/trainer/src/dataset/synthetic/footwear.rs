//! Shoes, seen from the side with the toe to the left. The three classes share a foot; they differ
//! in how much of it they cover.

use super::draw::Draws;
use super::garment::{Garment, Piece};
use super::outline::{Outline, Point};

/// The line of the foot that all shoes are built on.
struct Last {
    toe: f32,
    heel: f32,
    /// Where the sole touches the ground.
    ground: f32,
    /// The height of the toe above the ground.
    toe_height: f32,
    sole: f32,
    /// The lift of the heel.
    lift: f32,
}

impl Last {
    fn draw(draws: &mut Draws, lift: f32) -> Self {
        Self {
            toe: draws.around(-0.92, 0.05),
            heel: draws.around(0.86, 0.08),
            ground: draws.around(0.45, 0.12),
            toe_height: draws.around(0.28, 0.08),
            sole: draws.around(0.1, 0.05),
            lift,
        }
    }

    fn length(&self) -> f32 {
        self.heel - self.toe
    }

    /// The place this part of the way from toe to heel, on top of the sole.
    fn on_sole(&self, part: f32) -> Point {
        // Flat under the ball of the foot, then rising to the heel.
        let rise = self.lift * ((part - 0.4) / 0.6).clamp(0.0, 1.0);
        [self.toe + self.length() * part, self.ground - self.sole - rise]
    }

    /// The sole, with a block or a wedge below a lifted heel.
    fn sole(&self, heel_length: f32, wedge: bool, shade: f32) -> Piece {
        let top = [0.0, 0.2, 0.4, 0.7, 1.0].map(|part| self.on_sole(part));
        let mut corners: Vec<Point> = top.to_vec();
        corners.push([self.heel, self.ground]);
        if !wedge {
            let front = 1.0 - heel_length;
            let [x, y] = self.on_sole(front);
            corners.push([x, self.ground]);
            corners.push([x, (y + self.sole * 0.8).min(self.ground)]);
        }
        corners.push([self.toe + self.length() * 0.4, self.ground]);
        corners.push([self.toe + 0.02, self.ground]);
        Piece::plain(Outline::polygon(&corners), shade)
    }

    /// An upper that covers the whole foot, with its opening at this height above the ground and
    /// from this part of the length on; its rim dips so much between the instep and the heel.
    fn upper(&self, opening: f32, from: f32, dip: f32) -> Outline {
        let [heel_x, heel_y] = self.on_sole(1.0);
        let top = self.ground - opening;
        let instep = self.toe + self.length() * from;
        Outline::polygon(&[
            [self.toe, self.ground - self.sole + 0.03],
            [self.toe - 0.02, self.ground - self.sole - self.toe_height * 0.6],
            [self.toe + self.length() * 0.16, self.ground - self.sole - self.toe_height],
            [
                self.toe + self.length() * (from - 0.12).max(0.25),
                self.ground - self.toe_height - 0.12,
            ],
            [instep, top + 0.06],
            [instep + 0.06, top],
            [(instep + heel_x) * 0.5 + 0.03, top + dip],
            [heel_x - 0.04, top + dip * 0.3],
            [heel_x + 0.02, top + dip * 0.3 + 0.06],
            [heel_x - 0.02, (top + heel_y) * 0.5],
            [heel_x + 0.03, heel_y - 0.05],
            [heel_x, heel_y + 0.03],
            [self.toe + self.length() * 0.5, self.on_sole(0.5)[1] + 0.03],
        ])
    }
}

/// A lighter or darker sole.
fn sole_shade(draws: &mut Draws) -> f32 {
    if draws.chance(0.55) { draws.between(1.15, 1.6) } else { draws.between(0.4, 0.85) }
}

/// Laces: short lines across the instep.
fn laces(draws: &mut Draws, last: &Last, opening: f32, from: f32) -> Piece {
    let shade = if draws.chance(0.6) { draws.between(1.3, 1.8) } else { draws.between(0.3, 0.6) };
    let low =
        [last.toe + last.length() * (from - 0.14).max(0.2), last.ground - last.toe_height - 0.1];
    let high = [last.toe + last.length() * from + 0.05, last.ground - opening + 0.05];
    let lines = [0.1, 0.4, 0.7, 1.0]
        .map(|part| {
            let [x, y] = [low[0] + (high[0] - low[0]) * part, low[1] + (high[1] - low[1]) * part];
            [[x - 0.02, y - 0.02], [x + 0.12, y + 0.06]]
        })
        .to_vec();
    Piece::mark(Outline::strokes(lines, 0.03), shade, draws.between(0.4, 1.0))
}

/// Low, with a thick sole, laces and stripes.
pub(super) fn sneaker(draws: &mut Draws) -> Garment {
    let lift = draws.between(0.0, 0.08);
    let last = Last { sole: draws.around(0.15, 0.06), ..Last::draw(draws, lift) };
    // A few are as high as a low boot.
    let opening =
        if draws.chance(0.15) { draws.between(0.75, 1.0) } else { draws.around(0.62, 0.14) };
    let from = draws.around(0.5, 0.1);
    let dip = draws.between(0.04, 0.2);
    let mut pieces = vec![Piece::cloth(last.upper(opening, from, dip), 1.0)];
    if draws.chance(0.7) {
        pieces.push(laces(draws, &last, opening, from));
    }
    if draws.chance(0.5) {
        let x = last.toe + last.length() * draws.between(0.45, 0.65);
        let shade = sole_shade(draws);
        let count = 1 + draws.below(3);
        let lines = (0..count)
            .map(|index| {
                let x = x + 0.13 * index as f32;
                [[x, last.ground - 0.12], [x + 0.12, last.ground - opening * 0.75]]
            })
            .collect();
        pieces.push(Piece::mark(Outline::strokes(lines, 0.035), shade, 0.9));
    }
    if draws.chance(0.35) {
        let cap = Outline::stroke(
            &[[last.toe, last.ground - 0.2], [last.toe + 0.2, last.ground - 0.15]],
            0.16,
        );
        pieces.push(Piece::mark(cap, sole_shade(draws), 0.8));
    }
    pieces.push(last.sole(0.3, true, sole_shade(draws)));
    Garment { pieces, knitted: 0.1, softness: 0.5 }
}

/// A shaft above the ankle, often on a heel.
pub(super) fn ankle_boot(draws: &mut Draws) -> Garment {
    let lift = if draws.chance(0.5) { draws.between(0.1, 0.35) } else { draws.between(0.0, 0.08) };
    let last = Last { ground: draws.around(0.72, 0.14), ..Last::draw(draws, lift) };
    // A few are as low as a sneaker.
    let opening =
        if draws.chance(0.15) { draws.between(0.65, 0.9) } else { draws.around(1.25, 0.3) };
    let from = draws.around(0.52, 0.1);
    let mut pieces = vec![Piece::cloth(last.upper(opening, from, draws.between(-0.05, 0.1)), 1.0)];
    if draws.chance(0.35) {
        pieces.push(laces(draws, &last, opening, from));
    }
    if draws.chance(0.4) {
        let y = last.ground - opening * draws.between(0.45, 0.9);
        let strap = Outline::stroke(&[[-0.3, y], [1.0, y]], draws.between(0.03, 0.07));
        pieces.push(Piece::mark(strap, sole_shade(draws), 0.8));
    }
    if draws.chance(0.3) {
        let x = last.toe + last.length() * draws.between(0.65, 0.8);
        let line = [[x, last.ground - 0.35], [x, last.ground - opening]];
        pieces.push(Piece::mark(Outline::stroke(&line, 0.05), sole_shade(draws), 0.7));
    }
    pieces.push(last.sole(draws.between(0.14, 0.35), draws.chance(0.2), sole_shade(draws)));
    Garment { pieces, knitted: 0.02, softness: 0.5 }
}

/// A sole with straps and the gaps between them.
pub(super) fn sandal(draws: &mut Draws) -> Garment {
    let lift = if draws.chance(0.55) { draws.between(0.15, 0.6) } else { draws.between(0.0, 0.1) };
    let ground = draws.around(0.5, 0.15);
    let last = Last { ground: ground + lift * 0.4, ..Last::draw(draws, lift) };
    let width = draws.around(0.065, 0.04);
    let radius = width.max(0.03);
    let mut pieces = Vec::new();
    if draws.chance(0.4) {
        // A closed heel, or a closed toe.
        let from = if draws.chance(0.5) { 0.7 } else { 0.0 };
        let [x, y] = last.on_sole(from + 0.14);
        let height = draws.between(0.15, 0.5);
        let corners = [
            [x - 0.22, y + 0.05],
            [x - 0.2, y - height],
            [x + 0.2, y - height],
            [x + 0.3, y + 0.05],
        ];
        pieces.push(Piece::cloth(Outline::polygon(&corners), 0.9));
    }
    // Straps: from one place of the sole over the foot to another.
    let straps = 2 + draws.below(3);
    for _ in 0..straps {
        let from = draws.between(0.05, 0.75);
        let to = (from + draws.between(0.1, 0.35)).min(1.0);
        let ([x, y], [end_x, end_y]) = (last.on_sole(from), last.on_sole(to));
        // The foot is higher towards the ankle.
        let height = last.toe_height * (0.7 + 1.3 * from) * draws.around(1.0, 0.3);
        let top = y.min(end_y) - height;
        let middle = (x + end_x) * 0.5;
        let places = [[x, y], [middle - 0.06, top], [middle + 0.06, top], [end_x, end_y]];
        pieces.push(Piece::cloth(Outline::stroke(&places, radius), draws.between(0.75, 1.1)));
    }
    if draws.chance(0.65) {
        // Around the ankle.
        let [x, y] = last.on_sole(0.96);
        let top = y - draws.between(0.35, 0.6);
        let front = x - draws.between(0.35, 0.55);
        let places = [[x, y], [x + 0.02, top], [front, top + draws.between(-0.1, 0.15)]];
        pieces.push(Piece::cloth(Outline::stroke(&places, radius), 1.0));
    }
    pieces.push(last.sole(draws.between(0.08, 0.25), draws.chance(0.4), draws.between(0.7, 1.3)));
    Garment { pieces, knitted: 0.02, softness: 0.5 }
}
