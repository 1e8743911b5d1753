//! The ten kinds of garments.

use super::draw::Draws;
use super::garment::Garment;
use super::{bag, footwear, tops, trousers};

/// The ten classes, in Fashion-MNIST's order: a label is a position in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
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
    pub(super) const ALL: [Self; 10] = [
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

    /// A random garment of this class.
    pub(super) fn draw(self, draws: &mut Draws) -> Garment {
        match self {
            Self::Tshirt => tops::tshirt(draws),
            Self::Trouser => trousers::trousers(draws),
            Self::Pullover => tops::pullover(draws),
            Self::Dress => tops::dress(draws),
            Self::Coat => tops::coat(draws),
            Self::Sandal => footwear::sandal(draws),
            Self::Shirt => tops::shirt(draws),
            Self::Sneaker => footwear::sneaker(draws),
            Self::Bag => bag::bag(draws),
            Self::AnkleBoot => footwear::ankle_boot(draws),
        }
    }
}
