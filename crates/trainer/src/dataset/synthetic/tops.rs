//! Clothes for the upper body. All are one cut with other measures, and the measures of the
//! classes overlap, so that they are mistaken for each other as their originals are.

use super::cut::{Cut, Sleeve, contrasting, seam};
use super::draw::Draws;
use super::garment::{Garment, Piece};
use super::outline::Outline;

/// A print on the chest, on some.
fn print(draws: &mut Draws, pieces: &mut Vec<Piece>, probability: f32) {
    if draws.chance(probability) {
        let (width, height) = (draws.between(0.1, 0.3), draws.between(0.08, 0.3));
        let y = draws.between(-0.25, 0.2);
        let corners =
            [[-width, y - height], [width, y - height], [width, y + height], [-width, y + height]];
        let outline =
            if draws.chance(0.5) { Outline::rounded(&corners) } else { Outline::polygon(&corners) };
        pieces.push(Piece::mark(outline, contrasting(draws), draws.between(0.5, 1.0)));
    }
}

/// Long sleeves with this chance, else mostly short ones.
fn long_or_short_sleeves(draws: &mut Draws, cut: &Cut, long: f32) -> Vec<Piece> {
    let sleeve = if draws.chance(long) {
        Sleeve::long(draws)
    } else if draws.chance(0.9) {
        Sleeve::short(draws)
    } else {
        return Vec::new();
    };
    cut.sleeves(draws, &sleeve).into()
}

/// Mostly short sleeves, no opening.
pub(super) fn tshirt(draws: &mut Draws) -> Garment {
    let bottom = draws.around(0.82, 0.1);
    let cut = Cut::straight(draws, bottom);
    let mut pieces = Vec::new();
    // "T-shirt/top": some have no sleeves, a few have long ones.
    pieces.extend(long_or_short_sleeves(draws, &cut, 0.08));
    pieces.push(cut.body());
    print(draws, &mut pieces, 0.4);
    if draws.chance(0.6) {
        pieces.push(cut.neck_band(contrasting(draws), draws.between(0.3, 0.9)));
    }
    Garment { pieces, knitted: 0.03, softness: 1.0 }
}

/// Long sleeves, closed, often knitted, with ribbed ends.
pub(super) fn pullover(draws: &mut Draws) -> Garment {
    let bottom = draws.around(0.84, 0.1);
    let mut cut = Cut::straight(draws, bottom);
    cut.neck_depth = draws.around(0.1, 0.07);
    let mut pieces = Vec::new();
    let sleeve = Sleeve::long(draws);
    pieces.extend(cut.sleeves(draws, &sleeve));
    pieces.push(cut.body());
    print(draws, &mut pieces, 0.15);
    if draws.chance(0.7) {
        pieces.push(cut.neck_band(contrasting(draws), draws.between(0.4, 0.9)));
    }
    if draws.chance(0.6) {
        pieces.push(cut.hem_band(draws.between(0.1, 0.18), contrasting(draws)));
    }
    if draws.chance(0.12) {
        // A zip at the neck.
        let line = [[0.0, cut.top], [0.0, cut.top + draws.between(0.3, 0.6)]];
        pieces.push(Piece::mark(Outline::stroke(&line, 0.03), contrasting(draws), 0.8));
    }
    Garment { pieces, knitted: 0.35, softness: 1.0 }
}

/// A long narrow body that widens below the waist.
pub(super) fn dress(draws: &mut Draws) -> Garment {
    let chest = draws.around(0.3, 0.08);
    let cut = Cut {
        top: draws.around(-0.92, 0.04),
        bottom: draws.around(0.92, 0.06),
        neck: chest * draws.around(0.55, 0.15),
        neck_depth: draws.around(0.16, 0.1),
        pointed_neck: draws.chance(0.4),
        shoulder: chest * draws.around(0.85, 0.15),
        slope: draws.around(0.06, 0.04),
        armpit: draws.around(-0.5, 0.08),
        chest,
        waist: chest * draws.around(0.95, 0.25),
        hem: chest * draws.around(1.45, 0.6),
    };
    let mut pieces = Vec::new();
    match draws.below(10) {
        0..5 => {}
        5..8 => {
            let sleeve = Sleeve {
                spread: draws.around(0.7, 0.4),
                length: draws.around(0.38, 0.16),
                cuff: draws.around(0.2, 0.05),
            };
            pieces.extend(cut.sleeves(draws, &sleeve));
        }
        _ => {
            let sleeve = Sleeve { length: draws.around(0.95, 0.2), ..Sleeve::long(draws) };
            pieces.extend(cut.sleeves(draws, &sleeve));
        }
    }
    pieces.push(cut.body());
    if draws.chance(0.5) {
        let y = (cut.armpit + cut.bottom) * draws.around(0.4, 0.2);
        pieces.push(seam([-1.0, y], [1.0, y], contrasting(draws), draws.between(0.4, 1.0)));
    }
    if draws.chance(0.15) {
        pieces.push(cut.opening(0.0, 0.025, contrasting(draws), draws.between(0.3, 0.8)));
    }
    Garment { pieces, knitted: 0.05, softness: 0.9 }
}

/// Long sleeves, open in front, lapels, pockets, longer than the others.
pub(super) fn coat(draws: &mut Draws) -> Garment {
    let bottom = draws.around(0.91, 0.08);
    let mut cut = Cut::straight(draws, bottom);
    cut.hem = cut.chest * draws.around(1.05, 0.12);
    cut.neck_depth = draws.around(0.2, 0.14);
    cut.pointed_neck = draws.chance(0.6);
    let mut pieces = Vec::new();
    let sleeve = Sleeve::long(draws);
    pieces.extend(cut.sleeves(draws, &sleeve));
    pieces.push(cut.body());
    let side = draws.around(0.0, 0.08);
    let shade = contrasting(draws);
    pieces.push(cut.opening(side, draws.between(0.02, 0.05), shade, draws.between(0.4, 1.0)));
    if draws.chance(0.5) {
        pieces.extend(cut.collar(draws.between(0.1, 0.35), draws.between(0.7, 1.1)));
    }
    if draws.chance(0.4) {
        let count = 3 + draws.below(3) as u16;
        pieces.push(cut.buttons(side + 0.09, count, contrasting(draws), draws.between(0.5, 1.0)));
    }
    if draws.chance(0.6) {
        let y = draws.between(0.2, 0.5);
        let shade = contrasting(draws);
        let opacity = draws.between(0.4, 1.0);
        let lean = draws.between(0.0, 0.12);
        for sign in [-1.0, 1.0] {
            let (near, far) = (cut.waist * 0.4 * sign, cut.waist * 0.8 * sign);
            pieces.push(seam([near, y], [far, y + lean], shade, opacity));
        }
    }
    if draws.chance(0.2) {
        let y = draws.between(0.1, 0.3);
        pieces.push(seam([-1.0, y], [1.0, y], contrasting(draws), 0.8));
    }
    Garment { pieces, knitted: 0.08, softness: 0.9 }
}

/// Sleeves of either length, a collar, a row of buttons.
pub(super) fn shirt(draws: &mut Draws) -> Garment {
    let bottom = draws.around(0.85, 0.1);
    let mut cut = Cut::straight(draws, bottom);
    cut.waist = cut.chest * draws.around(0.92, 0.1);
    let mut pieces = Vec::new();
    pieces.extend(long_or_short_sleeves(draws, &cut, 0.6));
    pieces.push(cut.body());
    if draws.chance(0.75) {
        let side = draws.around(0.0, 0.03);
        let shade = contrasting(draws);
        pieces.push(cut.opening(side, draws.between(0.015, 0.04), shade, draws.between(0.25, 0.8)));
        if draws.chance(0.6) {
            let count = 5 + draws.below(3) as u16;
            let shade = contrasting(draws);
            pieces.push(cut.buttons(side, count, shade, draws.between(0.3, 0.9)));
        }
    }
    if draws.chance(0.7) {
        pieces.extend(cut.collar(draws.between(0.03, 0.15), draws.between(0.75, 1.15)));
    }
    if draws.chance(0.3) {
        let (x, y) = (cut.chest * 0.45, draws.between(-0.2, 0.0));
        pieces.push(seam([x - 0.1, y], [x + 0.1, y], contrasting(draws), 0.7));
    }
    Garment { pieces, knitted: 0.02, softness: 1.1 }
}
