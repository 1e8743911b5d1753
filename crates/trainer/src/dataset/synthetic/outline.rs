//! Shapes, and how far each pixel is from their edge.

use super::deformation::Places;
use super::plane::{PIXELS, Plane, SIDE};

/// How far from an edge distances are needed: more than a pixel outside, and inside as far as an
/// edge's shadow goes.
pub(super) const REACH: f32 = 0.16;

/// A place in the garment's own coordinates: x to the right, y downwards, both from −1 to 1 over
/// the image.
pub(super) type Point = [f32; 2];

/// A shape: the inside of a polygon, or all that is near some lines.
#[derive(Debug, Clone)]
pub(super) struct Outline {
    lines: Vec<[Point; 2]>,
    /// How far around its lines the shape reaches.
    radius: f32,
    filled: bool,
}

impl Outline {
    /// The inside of the polygon with these corners.
    pub(super) fn polygon(corners: &[Point]) -> Self {
        let following = corners.iter().cycle().skip(1);
        let lines = corners.iter().zip(following).map(|(&from, &to)| [from, to]).collect();
        Self { lines, radius: 0.0, filled: true }
    }

    /// The inside of a polygon whose corners are cut twice, which makes curves of them.
    ///
    /// Source: Chaikin, "An algorithm for high-speed curve generation", 1974.
    pub(super) fn rounded(corners: &[Point]) -> Self {
        Self::polygon(&cut_corners(&cut_corners(corners)))
    }

    /// The inside of a polygon and of its mirror image at x = 0. `right` holds the corners of the
    /// right half from the middle of the top to the middle of the bottom.
    pub(super) fn symmetric(right: &[Point]) -> Self {
        let left = right.iter().rev().map(|&corner| mirrored(corner));
        Self::polygon(&right.iter().copied().chain(left).collect::<Vec<_>>())
    }

    /// A line through these places, `radius` wide to each side.
    pub(super) fn stroke(places: &[Point], radius: f32) -> Self {
        let lines = places.windows(2).map(|pair| [pair[0], pair[1]]).collect();
        Self { lines, radius, filled: false }
    }

    /// Lines between the two places of each pair, `radius` wide to each side; a dot where both
    /// are one.
    pub(super) fn strokes(lines: Vec<[Point; 2]>, radius: f32) -> Self {
        Self { lines, radius, filled: false }
    }

    /// A ring of lines through these places, with its corners cut.
    pub(super) fn loop_stroke(places: &[Point], radius: f32) -> Self {
        Self { radius, filled: false, ..Self::rounded(places) }
    }

    /// The mirror image at x = 0.
    pub(super) fn mirrored(&self) -> Self {
        let lines = self.lines.iter().map(|line| line.map(mirrored)).collect();
        Self { lines, ..*self }
    }

    /// The distance of every pixel from the edge, negative inside. Exact up to [`REACH`]; beyond
    /// it, some number that is further.
    ///
    /// Line by line over a row of pixels, not pixel by pixel over all lines: each pixel is
    /// independent of the others, so the compiler may compute several at once without changing any.
    pub(super) fn distances(&self, places: &Places) -> Plane {
        let mut squares = [f32::MAX; PIXELS];
        let mut inside = [0_u32; PIXELS];
        let reach = REACH + self.radius;
        for line in &self.lines {
            let (low, high) = (line[0][1].min(line[1][1]), line[0][1].max(line[1][1]));
            for row in 0..SIDE {
                // A row that is further from the line neither comes near it nor crosses it.
                let [upper, lower] = places.row_extent(row);
                if lower >= low - reach && upper <= high + reach {
                    let pixels = row * SIDE..(row + 1) * SIDE;
                    line_up(
                        line,
                        [&places.x[pixels.clone()], &places.y[pixels.clone()]],
                        &mut squares[pixels.clone()],
                        &mut inside[pixels],
                    );
                }
            }
        }
        let mut distances = squares;
        for (distance, inside) in distances.iter_mut().zip(inside) {
            let sign = if self.filled && inside == 1 { -1.0 } else { 1.0 };
            *distance = sign * distance.sqrt() - self.radius;
        }
        distances
    }
}

/// Takes a line into account in each pixel's squared distance and in whether it is inside.
fn line_up(line: &[Point; 2], [x, y]: [&[f32]; 2], squares: &mut [f32], inside: &mut [u32]) {
    let [from, to] = line;
    let along = [to[0] - from[0], to[1] - from[1]];
    let length = along[0] * along[0] + along[1] * along[1];
    let reciprocal = if length > 0.0 { 1.0 / length } else { 0.0 };
    for (((&x, &y), square), inside) in x.iter().zip(y).zip(squares).zip(inside) {
        let offset = [x - from[0], y - from[1]];
        let projection = (offset[0] * along[0] + offset[1] * along[1]) * reciprocal;
        let nearest = projection.clamp(0.0, 1.0);
        let gap = [offset[0] - along[0] * nearest, offset[1] - along[1] * nearest];
        let found = gap[0] * gap[0] + gap[1] * gap[1];
        *square = if found < *square { found } else { *square };
        // A ray to the right crosses the line: the even-odd rule for inside.
        let left = along[0] * offset[1] > along[1] * offset[0];
        let down = (y >= from[1]) & (y < to[1]) & !left;
        let up = (y < from[1]) & (y >= to[1]) & left;
        *inside ^= u32::from(down | up);
    }
}

fn mirrored([x, y]: Point) -> Point {
    [-x, y]
}

/// Each corner of a closed polygon replaced by two, a quarter of the way to its neighbours.
fn cut_corners(corners: &[Point]) -> Vec<Point> {
    let between = |from: Point, to: Point, part: f32| {
        [from[0] + (to[0] - from[0]) * part, from[1] + (to[1] - from[1]) * part]
    };
    let following = corners.iter().cycle().skip(1);
    corners
        .iter()
        .zip(following)
        .flat_map(|(&from, &to)| [between(from, to, 0.25), between(from, to, 0.75)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::draw::Draws;
    use super::*;
    use crate::dataset::synthetic::deformation::Freedom;
    use crate::random_stream::{Purpose, Stream};

    /// The distance of one place, by plain loops.
    fn plain_distance(outline: &Outline, [x, y]: Point) -> f32 {
        let nearest = outline.lines.iter().map(|&[from, to]| {
            let steps = 2_000;
            let squares = (0..=steps).map(|step| {
                let part = step as f32 / steps as f32;
                let place = [0, 1].map(|axis| from[axis] + (to[axis] - from[axis]) * part);
                (place[0] - x) * (place[0] - x) + (place[1] - y) * (place[1] - y)
            });
            squares.fold(f32::MAX, f32::min)
        });
        let nearest = nearest.fold(f32::MAX, f32::min).sqrt();
        let crossings = outline.lines.iter().filter(|[from, to]| {
            (from[1] > y) != (to[1] > y)
                && x < from[0] + (to[0] - from[0]) * (y - from[1]) / (to[1] - from[1])
        });
        let inside = outline.filled && crossings.count() % 2 == 1;
        if inside { -nearest } else { nearest - outline.radius }
    }

    #[test]
    fn distances_are_those_of_plain_loops_within_reach() {
        let freedom =
            Freedom { turn: 0.3, scale: 0.2, stretch: 0.1, shear: 0.3, shift: 0.2, bend: 0.15 };
        let mut draws = Draws::new(Stream::new(0, Purpose::SyntheticTest, u64::MAX));
        let star = [[0.0, -0.8], [0.3, -0.1], [0.9, 0.5], [0.1, 0.3], [-0.7, 0.7], [-0.2, 0.0]];
        let outlines = [
            Outline::polygon(&star),
            Outline::rounded(&star),
            Outline::symmetric(&[[0.0, -0.5], [0.6, 0.2], [0.0, 0.5]]),
            Outline::stroke(&star, 0.2),
            Outline::strokes(vec![[[0.3, 0.3]; 2], [[-0.5, -0.4], [-0.5, 0.4]]], 0.1).mirrored(),
        ];
        for outline in outlines {
            let places = Places::deformed(&mut draws, &freedom);
            let distances = outline.distances(&places);
            let mut near = 0;
            for (pixel, fast) in distances.into_iter().enumerate() {
                let place = [places.x[pixel], places.y[pixel]];
                let plain = plain_distance(&outline, place);
                if plain.abs() < REACH {
                    near += 1;
                    assert!((fast - plain).abs() < 1e-3, "{place:?}: {fast} instead of {plain}");
                } else {
                    assert_eq!(fast < 0.0, plain < 0.0, "{place:?}: {fast} instead of {plain}");
                    assert!(fast.abs() >= REACH * 0.999, "{place:?}: {fast} instead of {plain}");
                }
            }
            assert!(near > 50);
        }
    }
}
