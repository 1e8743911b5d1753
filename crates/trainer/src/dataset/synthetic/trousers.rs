//! Trousers: a waistband and two legs.

use super::draw::Draws;
use super::garment::{Garment, Piece};
use super::outline::Outline;

/// Straight, tapered or flared, with the legs apart or nearly closed.
pub(super) fn trousers(draws: &mut Draws) -> Garment {
    let top = draws.around(-0.92, 0.05);
    let bottom = draws.around(0.92, 0.06);
    let waist = draws.around(0.3, 0.08);
    let hip = waist * draws.around(1.15, 0.12);
    let crotch = draws.around(-0.35, 0.12);
    // From the middle: where a leg begins and ends, at the bottom.
    let gap = draws.around(0.1, 0.1);
    let leg = draws.around(0.2, 0.07);
    let knee = draws.around(0.05, 0.03);
    let shade = draws.around(0.92, 0.08);
    let right = Outline::polygon(&[
        [0.0, top],
        [waist, top],
        [hip, top + (crotch - top) * 0.6],
        [(hip + gap + leg) * 0.5, (crotch + bottom) * 0.5],
        [gap + leg, bottom],
        [gap, bottom],
        [knee, (crotch + bottom) * 0.5],
        [0.0, crotch],
    ]);
    let mut pieces = vec![Piece::cloth(right.mirrored(), shade), Piece::cloth(right, 1.0)];
    if draws.chance(0.7) {
        let band = Outline::stroke(&[[-1.0, top + 0.05], [1.0, top + 0.05]], 0.045);
        pieces.push(Piece::mark(band, draws.between(0.5, 1.4), 0.8));
    }
    if draws.chance(0.5) {
        let side = hip * 0.65;
        let crease = [
            [[side, top + 0.2], [gap + leg * 0.5, bottom]],
            [[-side, top + 0.2], [-gap - leg * 0.5, bottom]],
        ];
        let outline = Outline::strokes(crease.to_vec(), 0.025);
        pieces.push(Piece::mark(outline, draws.between(0.6, 1.4), draws.between(0.3, 0.8)));
    }
    Garment { pieces, knitted: 0.03, softness: 0.8 }
}
