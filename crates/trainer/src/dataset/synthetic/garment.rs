//! What a garment is made of.

use super::outline::Outline;

/// A part of a garment, painted over those before it.
pub(super) struct Piece {
    pub outline: Outline,
    /// How light it is, relative to the garment.
    pub shade: f32,
    /// Whether it is of the garment's fabric; else it is plain.
    pub patterned: bool,
    /// How much of what lies below it hides.
    pub opacity: f32,
    /// How much darker its edge is, as cloth is that turns away from the light.
    pub edge: f32,
    /// Whether it shows only where the garment already is.
    pub inside: bool,
}

impl Piece {
    /// A piece of the garment's cloth.
    pub(super) fn cloth(outline: Outline, shade: f32) -> Self {
        Self { outline, shade, patterned: true, opacity: 1.0, edge: 0.35, inside: false }
    }

    /// A plain piece of its own, like a sole or a handle.
    pub(super) fn plain(outline: Outline, shade: f32) -> Self {
        Self { outline, shade, patterned: false, opacity: 1.0, edge: 0.1, inside: false }
    }

    /// A mark on the garment: a seam, a button, a print.
    pub(super) fn mark(outline: Outline, shade: f32, opacity: f32) -> Self {
        Self { outline, shade, patterned: false, opacity, edge: 0.0, inside: true }
    }
}

/// A garment's parts, from the lowest to the uppermost.
pub(super) struct Garment {
    pub pieces: Vec<Piece>,
    /// The probability that its fabric is knitted.
    pub knitted: f32,
    /// How freely it lies: 1 for clothes, less for what is stiff.
    pub softness: f32,
}
