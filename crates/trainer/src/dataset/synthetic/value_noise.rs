//! A smooth random surface over the image: for bends, folds and stains.
//!
//! Source: value noise, as in Ebert et al., "Texturing and Modeling", 1994: random values at the
//! nodes of a grid, blended in between.

use super::draw::Draws;
use super::plane::{PIXELS, Plane, SIDE};

/// Cells of the grid along each side, each as many pixels wide.
const CELLS: usize = 4;
const CELL: usize = SIDE / CELLS;
const NODES: usize = CELLS + 1;

/// Smooth values between −height and height.
pub(super) struct ValueNoise {
    surface: Plane,
}

impl ValueNoise {
    pub(super) fn new(draws: &mut Draws, height: f32) -> Self {
        let mut nodes = [[0.0; NODES]; NODES];
        for node in nodes.as_flattened_mut() {
            *node = draws.between(-height, height);
        }
        let parts: [f32; CELL] = std::array::from_fn(blend);
        let mix = |from: f32, to: f32, part: f32| from + (to - from) * part;
        let mut surface = [0.0; PIXELS];
        for (row, values) in surface.chunks_exact_mut(SIDE).enumerate() {
            let (above, below) = (&nodes[row / CELL], &nodes[row / CELL + 1]);
            for (cell, values) in values.chunks_exact_mut(CELL).enumerate() {
                let down = parts[row % CELL];
                let left = mix(above[cell], below[cell], down);
                let right = mix(above[cell + 1], below[cell + 1], down);
                for (value, &across) in values.iter_mut().zip(&parts) {
                    *value = mix(left, right, across);
                }
            }
        }
        Self { surface }
    }

    /// The value at this pixel.
    pub(super) fn at(&self, pixel: usize) -> f32 {
        self.surface[pixel]
    }
}

/// 3t² − 2t³, which is flat at both ends, so that the surface has no creases at the nodes.
fn blend(offset: usize) -> f32 {
    let t = (2 * offset + 1) as f32 / (2 * CELL) as f32;
    t * t * (3.0 - 2.0 * t)
}
