//! What a garment is made of, and the ten kinds of it.

use super::draw::Draws;
use super::outline::Outline;
use super::{bag, footwear, tops, trousers};

/// The ten classes, in Fashion-MNIST's order: a label is a position in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Tshirt,
    Trouser,
    Pullover,
    Dress,
    Coat,
    Sandal,
    Shirt,
    Sneaker,
    Bag,
    AnkleBoot,
}

impl Class {
    pub const ALL: [Self; 10] = [
        Self::Tshirt,
        Self::Trouser,
        Self::Pullover,
        Self::Dress,
        Self::Coat,
        Self::Sandal,
        Self::Shirt,
        Self::Sneaker,
        Self::Bag,
        Self::AnkleBoot,
    ];
}

/// A part of a garment, painted over those before it.
pub struct Layer {
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

impl Layer {
    /// A piece of the garment's cloth.
    pub fn cloth(outline: Outline, shade: f32) -> Self {
        Self { outline, shade, patterned: true, opacity: 1.0, edge: 0.35, inside: false }
    }

    /// A plain piece of its own, like a sole or a handle.
    pub fn piece(outline: Outline, shade: f32) -> Self {
        Self { outline, shade, patterned: false, opacity: 1.0, edge: 0.1, inside: false }
    }

    /// A mark on the garment: a seam, a button, a print.
    pub fn mark(outline: Outline, shade: f32, opacity: f32) -> Self {
        Self { outline, shade, patterned: false, opacity, edge: 0.0, inside: true }
    }
}

/// A garment's parts, from the lowest to the uppermost.
pub struct Garment {
    pub layers: Vec<Layer>,
    /// The probability that its fabric is knitted.
    pub knitted: f32,
    /// How freely it lies: 1 for clothes, less for what is stiff.
    pub softness: f32,
}

impl Garment {
    /// A random garment of this class.
    pub fn draw(draws: &mut Draws, class: Class) -> Self {
        match class {
            Class::Tshirt => tops::tshirt(draws),
            Class::Trouser => trousers::trousers(draws),
            Class::Pullover => tops::pullover(draws),
            Class::Dress => tops::dress(draws),
            Class::Coat => tops::coat(draws),
            Class::Sandal => footwear::sandal(draws),
            Class::Shirt => tops::shirt(draws),
            Class::Sneaker => footwear::sneaker(draws),
            Class::Bag => bag::bag(draws),
            Class::AnkleBoot => footwear::ankle_boot(draws),
        }
    }
}
