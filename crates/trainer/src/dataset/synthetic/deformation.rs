//! Where each pixel lies on the garment: turned, scaled, shifted, and smoothly bent.

use super::draw::Draws;
use super::plane::{PIXELS, Plane, SIDE};
use super::value_noise::ValueNoise;

/// The garment's coordinates at every pixel.
pub(super) struct Places {
    pub x: Plane,
    pub y: Plane,
    /// The smallest and the largest y of each row.
    extents: [[f32; 2]; SIDE],
}

/// How much a garment is moved, in its own coordinates, in which the image is 2 wide.
pub(super) struct Freedom {
    /// The tangent of half the largest angle that it is turned by.
    pub turn: f32,
    /// The largest relative change of size.
    pub scale: f32,
    /// The largest relative change of width against height.
    pub stretch: f32,
    /// The largest shear.
    pub shear: f32,
    /// The largest shift.
    pub shift: f32,
    /// The largest bend.
    pub bend: f32,
}

impl Places {
    /// The image's own coordinates: pixel centres from −1 to 1.
    pub(super) fn of_the_image() -> Self {
        let mut places = Self { x: [0.0; PIXELS], y: [0.0; PIXELS], extents: [[0.0; 2]; SIDE] };
        for pixel in 0..PIXELS {
            places.x[pixel] = centre(pixel % SIDE);
            places.y[pixel] = centre(pixel / SIDE);
        }
        places.measure_rows();
        places
    }

    /// The smallest and the largest y of a row of pixels.
    pub(super) fn row_extent(&self, row: usize) -> [f32; 2] {
        self.extents[row]
    }

    fn measure_rows(&mut self) {
        for (extent, row) in self.extents.iter_mut().zip(self.y.chunks_exact(SIDE)) {
            let widen = |[low, high]: [f32; 2], &y: &f32| [low.min(y), high.max(y)];
            *extent = row.iter().fold([f32::MAX, f32::MIN], widen);
        }
    }

    /// The garment's coordinates under a random deformation.
    pub(super) fn deformed(draws: &mut Draws, freedom: &Freedom) -> Self {
        // A rotation by θ from t = tan(θ/2), with no sine: cos θ = (1 − t²)/(1 + t²) and
        // sin θ = 2t/(1 + t²).
        let t = draws.around(0.0, freedom.turn);
        let cosine = (1.0 - t * t) / (1.0 + t * t);
        let sine = 2.0 * t / (1.0 + t * t);
        let size = 1.0 + draws.around(0.0, freedom.scale);
        let stretch = draws.around(0.0, freedom.stretch);
        let (width, height) = (size * (1.0 + stretch), size * (1.0 - stretch));
        let shear = draws.around(0.0, freedom.shear);
        let shift = [draws.around(0.0, freedom.shift), draws.around(0.0, freedom.shift)];
        let bend_x = ValueNoise::new(draws, freedom.bend);
        let bend_y = ValueNoise::new(draws, freedom.bend);
        let mut places = Self::of_the_image();
        for pixel in 0..PIXELS {
            let (u, v) = (places.x[pixel] - shift[0], places.y[pixel] - shift[1]);
            let x = (cosine * u + sine * v) / width;
            let y = (cosine * v - sine * u) / height;
            places.x[pixel] = x + shear * y + bend_x.at(pixel);
            places.y[pixel] = y + bend_y.at(pixel);
        }
        places.measure_rows();
        places
    }
}

fn centre(index: usize) -> f32 {
    (2 * index + 1) as f32 / SIDE as f32 - 1.0
}
