//! Bags: a body, a handle or a strap, and what closes them.

use super::draw::Draws;
use super::garment::{Garment, Piece};
use super::outline::Outline;

/// From clutch to shopping bag.
pub(super) fn bag(draws: &mut Draws) -> Garment {
    let half_height = draws.around(0.5, 0.22);
    let bottom = draws.around(0.8, 0.1);
    let top = bottom - 2.0 * half_height;
    let lower = draws.around(0.78, 0.16);
    let upper = lower * draws.around(0.9, 0.18);
    let corners = [
        [0.0, top],
        [upper, top],
        [lower * 1.02, (top + bottom) * 0.5],
        [lower, bottom],
        [0.0, bottom],
        [-lower, bottom],
        [-lower * 1.02, (top + bottom) * 0.5],
        [-upper, top],
    ];
    let body =
        if draws.chance(0.5) { Outline::rounded(&corners) } else { Outline::polygon(&corners) };
    let mut pieces = Vec::new();
    let rise = (top + 0.95).max(0.12) * draws.between(0.5, 1.0);
    let reach = upper * draws.between(0.35, 0.85);
    let radius = draws.between(0.035, 0.09);
    let places = [
        [-reach, top + 0.15],
        [-reach * 0.95, top - rise],
        [reach * 0.95, top - rise],
        [reach, top + 0.15],
    ];
    match draws.below(5) {
        0 => {}
        1..3 => {
            pieces.push(Piece::plain(Outline::stroke(&places, radius), draws.between(0.6, 1.2)))
        }
        _ => {
            pieces
                .push(Piece::plain(Outline::loop_stroke(&places, radius), draws.between(0.6, 1.2)));
        }
    }
    pieces.push(Piece::cloth(body, 1.0));
    if draws.chance(0.5) {
        // A flap, down to here.
        let edge = top + (bottom - top) * draws.between(0.3, 0.65);
        let flap =
            [[-upper, top], [upper, top], [upper, edge - 0.1], [0.0, edge], [-upper, edge - 0.1]];
        let flap = Piece {
            inside: true,
            ..Piece::cloth(Outline::polygon(&flap), draws.between(0.7, 1.2))
        };
        pieces.push(flap);
    }
    if draws.chance(0.5) {
        let y = top + (bottom - top) * draws.between(0.25, 0.6);
        let clasp = Outline::strokes(vec![[[-0.04, y], [0.04, y]]], draws.between(0.05, 0.1));
        pieces.push(Piece::mark(clasp, draws.between(1.3, 1.8), 1.0));
    }
    if draws.chance(0.3) {
        let y = top + (bottom - top) * draws.between(0.1, 0.9);
        let seam = Outline::stroke(&[[-1.0, y], [1.0, y]], 0.03);
        pieces.push(Piece::mark(seam, draws.between(0.5, 1.4), 0.8));
    }
    Garment { pieces, knitted: 0.08, softness: 0.5 }
}
