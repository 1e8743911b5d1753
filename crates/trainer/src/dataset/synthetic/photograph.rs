//! From a garment to its picture: cloth, light, what is in the way, and the camera.

use super::class::Class;
use super::deformation::{Freedom, Places};
use super::draw::Draws;
use super::garment::{Garment, Piece};
use super::outline::{Outline, REACH};
use super::plane::{PIXELS, Plane, SIDE};
use super::texture::Texture;
use super::value_noise::ValueNoise;

/// Draws one image of this class.
pub(super) fn picture(draws: &mut Draws, class: Class, image: &mut [u8]) {
    let garment = class.draw(draws);
    let texture = Texture::draw(draws, garment.knitted);
    let soft = garment.softness;
    let freedom = Freedom {
        turn: 0.12,
        scale: 0.12,
        stretch: 0.08,
        shear: 0.12 * soft,
        shift: 0.14,
        bend: 0.1 * soft,
    };
    let places = Places::deformed(draws, &freedom);
    let (mut light, cover) = paint(&garment, &texture, &places);
    illuminate(draws, &mut light, &cover);
    if draws.chance(0.2) {
        obstruct(draws, &mut light);
    }
    expose(draws, &light, image);
}

/// The pieces over each other: how light each pixel is, and how much of it the garment covers.
fn paint(garment: &Garment, texture: &Texture, places: &Places) -> (Plane, Plane) {
    let mut light = [0.0; PIXELS];
    let mut cover = [0.0; PIXELS];
    let mut fabric = [1.0; PIXELS];
    for (pixel, fabric) in fabric.iter_mut().enumerate() {
        *fabric = texture.at([places.x[pixel], places.y[pixel]]);
    }
    for layer in &garment.pieces {
        let distances = layer.outline.distances(places);
        for pixel in 0..PIXELS {
            let distance = distances[pixel];
            // A pixel is 2/28 wide: half covered where the edge goes through its centre.
            let mut hidden = (0.5 - distance * (SIDE as f32 / 2.0)).clamp(0.0, 1.0);
            hidden *= layer.opacity;
            if layer.inside {
                hidden *= cover[pixel];
            }
            let shade = shade(layer, fabric[pixel], distance);
            light[pixel] += hidden * (shade - light[pixel]);
            cover[pixel] += hidden * (1.0 - cover[pixel]);
        }
    }
    (light, cover)
}

fn shade(layer: &Piece, fabric: f32, distance: f32) -> f32 {
    let cloth = if layer.patterned { fabric } else { 1.0 };
    let depth = (-distance / REACH).clamp(0.0, 1.0);
    layer.shade * cloth * (1.0 - layer.edge * (1.0 - depth) * (1.0 - depth))
}

/// The garment's own tone, folds, and light from one side.
fn illuminate(draws: &mut Draws, light: &mut Plane, cover: &Plane) {
    let tone = draws.between(0.3, 0.97);
    let slope = [draws.around(0.0, 0.35), draws.around(0.0, 0.35)];
    let folds = ValueNoise::new(draws, 0.3);
    let places = Places::of_the_image();
    for pixel in 0..PIXELS {
        let falling = 1.0 + slope[0] * places.x[pixel] + slope[1] * places.y[pixel];
        light[pixel] *= tone * falling * (1.0 + folds.at(pixel) * cover[pixel]);
    }
}

/// Something in front of the garment: a bar of any grey, in any direction.
fn obstruct(draws: &mut Draws, light: &mut Plane) {
    let place = [draws.between(-0.9, 0.9), draws.between(-0.9, 0.9)];
    let along = [draws.between(-1.0, 1.0), draws.between(-1.0, 1.0)];
    let bar = Outline::stroke(
        &[place, [place[0] + along[0], place[1] + along[1]]],
        draws.between(0.05, 0.16),
    );
    let shade = draws.between(0.0, 0.8);
    let distances = bar.distances(&Places::of_the_image());
    for (light, distance) in light.iter_mut().zip(distances) {
        let hidden = (0.5 - distance * (SIDE as f32 / 2.0)).clamp(0.0, 1.0);
        *light += hidden * (shade - *light);
    }
}

/// The camera's contrast and grain, and the rounding to bytes.
fn expose(draws: &mut Draws, light: &Plane, image: &mut [u8]) {
    let curve = draws.between(-0.5, 0.5);
    let grain = draws.between(0.01, 0.07);
    for (byte, &light) in image.iter_mut().zip(light) {
        let light = light.clamp(0.0, 1.0);
        let exposed = light + curve * light * (1.0 - light);
        // Bright places have all of the grain, dark ones a third.
        let value = exposed + grain * (0.3 + 0.7 * exposed) * draws.grain();
        // Half up, then cut off; `as` takes what is below 0 to 0 and above 255 to 255.
        *byte = (value * 255.0 + 0.5) as u8;
    }
}
