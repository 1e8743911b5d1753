//! The vector code against plain loops, bit by bit, on every instruction set of this processor.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;

use super::channels::{add_terms, replace_by_terms};
use super::instruction_set::InstructionSet;
use super::nonzeros::{collect, gather, scatter};
use super::tile::correlate;
use crate::engine::correlation::{Correlation, Matrix, Places};
use crate::engine::fused::fused;
use crate::engine::lanes::{LANES, Number, Term};
use crate::engine::nonzeros::{Blocks, Nonzeros};
use crate::engine::plain;

fn available() -> impl Iterator<Item = InstructionSet> {
    InstructionSet::ALL.into_iter().filter(|set| set.is_available())
}

/// Bits, with every NaN the same: which NaN a processor returns is its own affair.
fn bits(value: f32) -> u32 {
    if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() }
}

/// A number that looks random, in [−1, 1).
fn noise(index: usize, seed: u32) -> f32 {
    let mixed = (index as u32 ^ seed).wrapping_mul(0x85eb_ca6b);
    (mixed ^ (mixed >> 13)).wrapping_mul(0xc2b2_ae35) as i32 as f32 / 2_147_483_648.0
}

#[test]
fn says_which_instruction_sets_it_cannot_test() {
    for set in InstructionSet::ALL.into_iter().filter(|set| !set.is_available()) {
        let mut stderr = std::io::stderr();
        writeln!(stderr, "SKIPPED {}: this processor lacks it", set.name()).unwrap();
    }
    assert!(InstructionSet::Portable.is_available());
}

/// Any number, and often one of the kinds at which rounding goes wrong.
fn floats() -> impl Strategy<Value = f32> {
    prop_oneof![
        4 => any::<u32>().prop_map(f32::from_bits),
        // Few digits around 1, so that sums of products are ties or nearly so.
        4 => (0_u32..1 << 12, 0_u32..3, any::<bool>()).prop_map(|(digits, exponent, negative)| {
            let size = f32::from_bits(0x3f80_0000 + (exponent << 23) + (digits << 11));
            if negative { -size } else { size }
        }),
        // Powers of two, which decide such ties from far below.
        2 => (any::<bool>(), 0_u32..255).prop_map(|(negative, exponent)| {
            f32::from_bits((u32::from(negative) << 31) + (exponent << 23))
        }),
        1 => prop::sample::select(vec![0.0, -0.0, f32::INFINITY, f32::MAX, f32::from_bits(1)]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn fused_rounds_once(a in floats(), b in floats(), c in floats()) {
        let expected = libm::fmaf(a, b, c);
        prop_assert_eq!(bits(fused(a, b, c)), bits(expected), "{:e}·{:e} + {:e}", a, b, c);
    }
}

#[test]
fn fused_rounds_once_where_two_roundings_go_wrong() {
    // (1 + 2⁻¹²)² = 1 + 2⁻¹¹ + 2⁻²⁴ lies midway between two f32; what is added decides, and is too
    // small for f64 to see.
    let (a, tiny) = (1.0 + 1.0 / 4096.0_f32, f32::from_bits((127 - 60) << 23));
    let below = 1.0 + 1.0 / 2048.0_f32;
    let above = below + f32::EPSILON;
    assert_eq!([fused(a, a, -tiny), fused(a, a, tiny)], [below, above]);
    assert_eq!([fused(-a, a, -tiny), fused(-a, a, tiny)], [-above, -below]);
    let twice = |c: f32| (f64::from(a) * f64::from(a) + f64::from(c)) as f32;
    assert_eq!(twice(-tiny), twice(tiny), "this is no case of going wrong");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn tiles_of_any_shape_are_plain_loops(
        count in 0_usize..70, in_a_row in 1_usize..40, apart in 0_usize..5, is_downwards: bool,
        width in 1_usize..70, row_padding in 0_usize..3,
        runs in 0_usize..4, run_length in 0_usize..8, step in 0_usize..4, run_stride in 0_usize..30,
        is_by_vector: bool, seed: u32,
    ) {
        let vectors = width.div_ceil(LANES);
        let (rows, row) = (runs * run_length, vectors * LANES + row_padding);
        let reach = runs * run_stride + run_length * step + 1;
        let base = |place: usize| {
            let place = if is_downwards { count - 1 - place } else { place };
            place / in_a_row + place * apart
        };
        let source: Vec<f32> = (0..reach + 6 * count).map(|index| noise(index, seed)).collect();
        let values: Vec<f32> = (0..rows * row).map(|index| noise(index, !seed)).collect();
        let start: Vec<f32> = (0..vectors * LANES).map(|index| noise(index, seed ^ 7)).collect();
        let (row_stride, vector_stride) =
            if is_by_vector { (LANES, rows * LANES) } else { (row, LANES) };
        let correlation = Correlation {
            source: &source,
            matrix: Matrix { values: &values, row_stride, vector_stride },
            width,
            start: &start,
            runs,
            run_length,
            run_stride,
            step,
        };
        // Targets out of order, and with gaps that must stay as they are.
        let places = Places::new((0..count).map(|at| [base(at), (count - 1 - at) * (width + 1)]));
        let mut expected = vec![f32::NAN; count * (width + 1)];
        plain::correlate(&correlation, &places, &mut expected);
        for set in available() {
            let mut got = vec![f32::NAN; expected.len()];
            correlate(set, &correlation, &places, &mut got);
            let bits = |values: &[f32]| values.iter().copied().map(bits).collect::<Vec<_>>();
            prop_assert_eq!(bits(&got), bits(&expected), "{}", set.name());
        }
    }
}

/// Sums of six products each, at these bases, on every instruction set and in plain loops.
fn correlations_agree(bases: &[usize], width: usize) {
    let vectors = width.div_ceil(LANES);
    let numbers = |count: usize, seed: u32| -> Vec<f32> {
        (0..count).map(|index| noise(index, seed)).collect()
    };
    let source = numbers(bases.iter().max().map_or(0, |base| base + 5 + 3), 1);
    let (values, start) = (numbers(6 * vectors * LANES, 2), numbers(vectors * LANES, 3));
    let correlation = Correlation {
        source: &source,
        matrix: Matrix { values: &values, row_stride: vectors * LANES, vector_stride: LANES },
        width,
        start: &start,
        runs: 2,
        run_length: 3,
        run_stride: 5,
        step: 1,
    };
    let places = Places::new(bases.iter().enumerate().map(|(at, &base)| [base, at * width]));
    let mut expected = vec![f32::NAN; bases.len() * width];
    plain::correlate(&correlation, &places, &mut expected);
    for set in available() {
        let mut got = vec![f32::NAN; expected.len()];
        correlate(set, &correlation, &places, &mut got);
        let bits = |values: &[f32]| values.iter().copied().map(bits).collect::<Vec<_>>();
        assert_eq!(bits(&got), bits(&expected), "{} {width} {bases:?}", set.name());
    }
}

#[test]
fn tiles_of_every_size_are_plain_loops() {
    // One vector, two, and both; whole and in part.
    for width in [3, LANES, 2 * LANES - 1, 2 * LANES, 3 * LANES] {
        for count in 0..70 {
            let neighbours = (0..count).collect::<Vec<_>>();
            // Some of these distances have tiles of their own.
            for apart in [0, 1, 2, 15, 16, 17, 32, 64] {
                let bases = neighbours.iter().map(|at| apart * at).collect::<Vec<_>>();
                correlations_agree(&bases, width);
                // Two rows, with a frame between them.
                let of_rows = |at: &usize| apart * (at + at / 14 * 2);
                correlations_agree(&neighbours.iter().map(of_rows).collect::<Vec<_>>(), width);
            }
            // Neighbours that end amid a tile of others, or begin there.
            let ends = |at: &usize| at + at.saturating_sub(29) * 4;
            correlations_agree(&neighbours.iter().map(ends).collect::<Vec<_>>(), width);
            let begins = |at: &usize| if *at < 5 { 9 * at } else { 40 + at };
            correlations_agree(&neighbours.iter().map(begins).collect::<Vec<_>>(), width);
        }
    }
}

#[test]
fn nothing_is_written_where_one_place_of_many_is_out_of_range() {
    const COUNT: usize = 40;
    let (source, values) = ([1.0; COUNT + 7], [1.0; 2 * LANES]);
    let correlation = Correlation {
        source: &source,
        matrix: Matrix { values: &values, row_stride: LANES, vector_stride: LANES },
        width: 5,
        start: &[0.0; LANES],
        runs: 1,
        run_length: 2,
        run_stride: 0,
        step: 7,
    };
    let is_refused = |set, at: usize, place: [usize; 2]| {
        let mut places: Vec<_> = (0..COUNT).map(|at| [at, 5 * at]).collect();
        places[at] = place;
        let places = Places::new(places.into_iter());
        let mut out = [f32::NAN; 5 * COUNT];
        let write = AssertUnwindSafe(|| correlate(set, &correlation, &places, &mut out));
        let is_refused = catch_unwind(write).is_err();
        assert_eq!(out.iter().all(|value| value.is_nan()), is_refused);
        is_refused
    };
    let (last_base, last_target) = (COUNT - 1, 5 * (COUNT - 1));
    for set in available() {
        for at in [0, 13, 27, 28, COUNT - 1] {
            assert!(!is_refused(set, at, [last_base, last_target]));
            for beyond in [1, 5, 1 << 20, usize::MAX - last_target] {
                assert!(is_refused(set, at, [last_base, last_target + beyond]), "{at} {beyond}");
                assert!(is_refused(set, at, [last_base + beyond, last_target]), "{at} {beyond}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn nonzeros_give_what_plain_loops_give(
        pixels in 1_usize..9, channels in 1_usize..40, rows in 1_usize..5, vectors in 1_usize..6,
        share in 0.0_f32..1.0, seed: u32,
    ) {
        let (run, stride) = (vectors * LANES, vectors * LANES + 3);
        let value = |index: usize| {
            if noise(index, !seed).abs() < share { noise(index, seed) } else { 0.0 }
        };
        let image: Vec<f32> = (0..pixels * channels).map(value).collect();
        let block = rows * run;
        let mut tags: Vec<u32> = (0..channels).map(|channel| (channel * block) as u32).collect();
        tags.resize(channels.next_multiple_of(LANES), 0);
        let bases: Vec<usize> = (0..pixels).map(|pixel| 5 * pixel).collect();
        let frame = 5 * pixels + rows * stride;
        let numbers = |count: usize, seed: u32| -> Vec<f32> {
            (0..count).map(|index| noise(index, seed)).collect()
        };
        let (blocks, frame) = (numbers(channels * block, seed ^ 1), numbers(frame, seed ^ 2));
        let shape = Blocks { bases: &bases, rows, run, stride };
        let (mut scattered, mut gathered) = (frame.clone(), blocks.clone());
        for (pixel, channel) in (0..pixels).flat_map(|p| (0..channels).map(move |c| (p, c))) {
            let value = image[pixel * channels + channel];
            for (row, j) in (0..rows).flat_map(|row| (0..run).map(move |j| (row, j))) {
                let in_frame = bases[pixel] + row * stride + j;
                let in_block = channel * block + row * run + j;
                if value != 0.0 {
                    let sum = scattered[in_frame];
                    scattered[in_frame] = fused(value, blocks[in_block], sum);
                    gathered[in_block] = fused(frame[in_frame], value, gathered[in_block]);
                }
            }
        }
        let bits = |values: &[f32]| values.iter().copied().map(bits).collect::<Vec<_>>();
        for set in available() {
            let mut nonzeros = Nonzeros::of_image("test", pixels, channels).unwrap();
            collect(set, &image, &tags, &mut nonzeros);
            let mut got = frame.clone();
            scatter(set, &nonzeros, shape, &blocks, &mut got);
            prop_assert_eq!(bits(&got), bits(&scattered), "scatter, {}", set.name());
            let mut got = blocks.clone();
            gather(set, &nonzeros, shape, &frame, &mut got);
            prop_assert_eq!(bits(&got), bits(&gathered), "gather, {}", set.name());
        }
    }
}

/// P·a + b, and a·b.
struct Products;

impl Term<1, 2> for Products {
    #[inline(always)]
    fn of<V: Number>([factor]: [V; 1], a: V, b: V) -> [V; 2] {
        [factor * a + b, a * b]
    }
}

impl Term<1, 1> for Products {
    #[inline(always)]
    fn of<V: Number>([factor]: [V; 1], a: V, b: V) -> [V; 1] {
        [factor * a + b]
    }
}

#[test]
fn passes_over_any_number_of_channels_are_plain_loops() {
    for (width, pixels) in (1..=70).flat_map(|width| [(width, 1), (width, 9)]) {
        let count = width * pixels;
        let numbers = |seed| (0..count).map(|index| noise(index, seed)).collect::<Vec<f32>>();
        let (a, b) = (numbers(1), numbers(2));
        let mut channels = vec![[[0.0; LANES]]; width.div_ceil(LANES)];
        let factor = |channel: usize| f64::from(noise(channel, 3));
        for channel in 0..width {
            channels[channel / LANES][0][channel % LANES] = factor(channel);
        }
        let (mut sums, mut terms) = (vec![[0.0; 2]; width], Vec::new());
        for (index, (&a, &b)) in a.iter().zip(&b).enumerate() {
            let (a, b, channel) = (f64::from(a), f64::from(b), index % width);
            let [one, other]: [f64; 2] = Products::of([factor(channel)], a, b);
            sums[channel][0] += one;
            sums[channel][1] += other;
            terms.push((one as f32).to_bits());
        }
        for set in available() {
            let mut got = vec![[[0.0; LANES]; 2]; channels.len()];
            add_terms::<Products, 1, 2>(set, [&a, &b], width, &channels, &mut got);
            for (channel, sums) in sums.iter().enumerate() {
                let got = got[channel / LANES].map(|lanes| lanes[channel % LANES].to_bits());
                assert_eq!(got, sums.map(f64::to_bits), "{} {width} {pixels}", set.name());
            }
            // What lies behind the pixels must stay as it is.
            let mut replaced = [a.as_slice(), &[7.0; LANES]].concat();
            replace_by_terms::<Products, 1>(set, &mut replaced[..count], &b, width, &channels);
            let got: Vec<_> = replaced.iter().map(|value| value.to_bits()).collect();
            assert_eq!(got[..count], terms, "{} {width} {pixels}", set.name());
            assert_eq!(replaced[count..], [7.0; LANES], "{} {width} {pixels}", set.name());
        }
    }
}
