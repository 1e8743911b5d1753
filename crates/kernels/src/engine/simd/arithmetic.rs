//! The vectors of `f32` that bodies are written over, one implementation per instruction set.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m256, __m256i, __m512, __m512i, _CMP_GT_OQ, _CMP_NEQ_UQ, _CMP_UNORD_Q, _MM_HINT_T0,
    _mm_prefetch, _mm256_and_ps, _mm256_blendv_epi8, _mm256_blendv_ps, _mm256_castps_si256,
    _mm256_castsi256_ps, _mm256_cmp_ps, _mm256_cmpeq_epi32, _mm256_fmadd_ps, _mm256_loadu_ps,
    _mm256_loadu_si256, _mm256_movemask_ps, _mm256_or_ps, _mm256_set1_epi32, _mm256_set1_ps,
    _mm256_storeu_ps, _mm256_storeu_si256, _mm512_cmp_ps_mask, _mm512_cmpeq_epi32_mask,
    _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_mask_mov_ps,
    _mm512_mask_set1_epi32, _mm512_maskz_compress_epi32, _mm512_maskz_compress_ps,
    _mm512_maskz_mov_ps, _mm512_set1_epi32, _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
    _mm512_storeu_si512,
};

use super::doubles::{Doubles, DoublesBaseline};
#[cfg(target_arch = "x86_64")]
use super::doubles::{Doubles256, Doubles512};
#[cfg(target_arch = "x86_64")]
use super::part_vectors;
use crate::engine::fused::fused;
use crate::engine::lanes::{LANES, filled_up};

/// What differs between the instruction sets that a body is compiled for: speed, never results.
/// Left to itself the compiler keeps large tiles in memory, so vectors are named here.
pub(super) trait Arithmetic {
    /// [`LANES`] numbers.
    type Vector: Copy;

    /// As many of type `f64`.
    type Doubles: Doubles;

    /// As many of type `u32`.
    type Indices: Copy;

    /// Vectors that a tile of a matrix product is wide, at most 2.
    const TILE_VECTORS: usize;

    /// The same numbers as a vector.
    fn load(values: &[f32; LANES]) -> Self::Vector;

    /// `value` in every lane.
    fn splat(value: f32) -> Self::Vector;

    /// The numbers of a vector.
    fn store(vector: Self::Vector, values: &mut [f32; LANES]);

    /// The first lanes of `values`, filled up with zeros.
    #[inline(always)]
    fn load_first(values: &[f32]) -> Self::Vector {
        match values.first_chunk() {
            Some(values) => Self::load(values),
            None => Self::load(&filled_up(values)),
        }
    }

    /// As many numbers of a vector as `values` has room for.
    #[inline(always)]
    fn store_first(vector: Self::Vector, values: &mut [f32]) {
        match values.first_chunk_mut() {
            Some(values) => Self::store(vector, values),
            None => {
                let mut lanes = [0.0; LANES];
                Self::store(vector, &mut lanes);
                values.copy_from_slice(&lanes[..values.len()]);
            }
        }
    }

    /// The first lanes of `indices`, filled up with `rest`.
    #[inline(always)]
    fn load_first_indices(indices: &[u32], rest: u32) -> Self::Indices {
        match indices.first_chunk() {
            Some(indices) => Self::load_indices(indices),
            None => {
                let mut lanes = [rest; LANES];
                lanes[..indices.len()].copy_from_slice(indices);
                Self::load_indices(&lanes)
            }
        }
    }

    /// As many indices of a vector as `indices` has room for.
    #[inline(always)]
    fn store_first_indices(vector: Self::Indices, indices: &mut [u32]) {
        match indices.first_chunk_mut() {
            Some(indices) => Self::store_indices(vector, indices),
            None => {
                let mut lanes = [0; LANES];
                Self::store_indices(vector, &mut lanes);
                indices.copy_from_slice(&lanes[..indices.len()]);
            }
        }
    }

    /// The same numbers in `f64`; exact.
    #[inline(always)]
    fn widen(vector: Self::Vector) -> Self::Doubles {
        let mut values = [0.0; LANES];
        Self::store(vector, &mut values);
        Self::Doubles::widen(&values)
    }

    /// Each number rounded to `f32`.
    #[inline(always)]
    fn narrow(doubles: Self::Doubles) -> Self::Vector {
        let mut values = [0.0; LANES];
        doubles.narrow(&mut values);
        Self::load(&values)
    }

    /// a·b + c in each lane, rounded once.
    fn mul_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;

    /// The same indices as a vector.
    fn load_indices(indices: &[u32; LANES]) -> Self::Indices;

    /// The indices of a vector.
    fn store_indices(vector: Self::Indices, indices: &mut [u32; LANES]);

    /// Takes x for `best` and `index` for `at` in the lanes where x is larger, or NaN.
    fn take_larger(x: Self::Vector, index: u32, best: &mut Self::Vector, at: &mut Self::Indices);

    /// The values where `at` is `index` and 0 elsewhere, and a bit a lane that says which.
    fn keep_where(at: Self::Indices, index: u32, values: Self::Vector) -> (Self::Vector, u32);

    /// Fetches the value at this index, or what lies as far behind the slice, into the cache.
    #[inline(always)]
    fn prefetch(values: &[f32], index: usize) {
        // SAFETY: every x86-64 processor has the instruction, and no address makes it fail.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(values.as_ptr().wrapping_add(index).cast());
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (values, index);
    }

    /// Moves the values that are not zero to the front of `to`, and the tags of their lanes with
    /// them; how many they are. What lies behind them in `to` is lost.
    #[inline(always)]
    fn compress(
        values: &[f32; LANES],
        tags: &[u32; LANES],
        to: &mut [f32; LANES],
        tags_to: &mut [u32; LANES],
    ) -> usize {
        let mut count = 0;
        for (&value, &tag) in values.iter().zip(tags) {
            // Stored in any case: whether it stays would be guessed wrong by a branch.
            (to[count], tags_to[count]) = (value, tag);
            count += usize::from(value != 0.0);
        }
        count
    }
}

/// What every processor of the target has.
pub(super) struct Baseline;

impl Arithmetic for Baseline {
    type Vector = [f32; LANES];
    type Doubles = DoublesBaseline;
    type Indices = [u32; LANES];

    const TILE_VECTORS: usize = 1;

    #[inline(always)]
    fn load(values: &[f32; LANES]) -> [f32; LANES] {
        *values
    }

    #[inline(always)]
    fn splat(value: f32) -> [f32; LANES] {
        [value; LANES]
    }

    #[inline(always)]
    fn store(vector: [f32; LANES], values: &mut [f32; LANES]) {
        *values = vector;
    }

    #[inline(always)]
    fn mul_add(a: [f32; LANES], b: [f32; LANES], mut c: [f32; LANES]) -> [f32; LANES] {
        for (c, (a, b)) in c.iter_mut().zip(a.into_iter().zip(b)) {
            *c = fused(a, b, *c);
        }
        c
    }

    #[inline(always)]
    fn load_indices(indices: &[u32; LANES]) -> [u32; LANES] {
        *indices
    }

    #[inline(always)]
    fn store_indices(vector: [u32; LANES], indices: &mut [u32; LANES]) {
        *indices = vector;
    }

    #[inline(always)]
    fn take_larger(x: [f32; LANES], index: u32, best: &mut [f32; LANES], at: &mut [u32; LANES]) {
        for l in 0..LANES {
            let is_better = (x[l] > best[l]) | x[l].is_nan();
            best[l] = if is_better { x[l] } else { best[l] };
            at[l] = if is_better { index } else { at[l] };
        }
    }

    #[inline(always)]
    fn keep_where(at: [u32; LANES], index: u32, mut values: [f32; LANES]) -> ([f32; LANES], u32) {
        let mut lanes = 0;
        for l in 0..LANES {
            let is_here = at[l] == index;
            values[l] = if is_here { values[l] } else { 0.0 };
            lanes |= u32::from(is_here) << l;
        }
        (values, lanes)
    }
}

/// AVX2 and FMA: sixteen registers of 8 numbers.
#[cfg(target_arch = "x86_64")]
pub(super) struct Avx2;

// SAFETY of the blocks below: `super::body::run` alone instantiates bodies for this type, in a function
// with the features and on a processor that has them; the pointers are to arrays of 16 numbers.
#[cfg(target_arch = "x86_64")]
impl Arithmetic for Avx2 {
    type Vector = [__m256; 2];
    type Doubles = Doubles256;
    type Indices = [__m256i; 2];

    const TILE_VECTORS: usize = 1;

    #[inline(always)]
    fn load(values: &[f32; LANES]) -> [__m256; 2] {
        // SAFETY: see above.
        unsafe { [_mm256_loadu_ps(values.as_ptr()), _mm256_loadu_ps(values.as_ptr().add(8))] }
    }

    #[inline(always)]
    fn splat(value: f32) -> [__m256; 2] {
        // SAFETY: see above.
        unsafe { [_mm256_set1_ps(value); 2] }
    }

    #[inline(always)]
    fn store(vector: [__m256; 2], values: &mut [f32; LANES]) {
        // SAFETY: see above.
        unsafe {
            _mm256_storeu_ps(values.as_mut_ptr(), vector[0]);
            _mm256_storeu_ps(values.as_mut_ptr().add(8), vector[1]);
        }
    }

    #[inline(always)]
    fn load_first(values: &[f32]) -> [__m256; 2] {
        match values.first_chunk() {
            Some(values) => Self::load(values),
            // SAFETY: see above.
            None => unsafe { part_vectors::avx2::load(values) },
        }
    }

    #[inline(always)]
    fn store_first(vector: [__m256; 2], values: &mut [f32]) {
        match values.first_chunk_mut() {
            Some(values) => Self::store(vector, values),
            // SAFETY: see above.
            None => unsafe { part_vectors::avx2::store(vector, values) },
        }
    }

    #[inline(always)]
    fn load_first_indices(indices: &[u32], rest: u32) -> [__m256i; 2] {
        match indices.first_chunk() {
            Some(indices) => Self::load_indices(indices),
            // SAFETY: see above.
            None => unsafe { part_vectors::avx2::load_indices(indices, rest) },
        }
    }

    #[inline(always)]
    fn store_first_indices(vector: [__m256i; 2], indices: &mut [u32]) {
        match indices.first_chunk_mut() {
            Some(indices) => Self::store_indices(vector, indices),
            // SAFETY: see above.
            None => unsafe { part_vectors::avx2::store_indices(vector, indices) },
        }
    }

    #[inline(always)]
    fn mul_add(a: [__m256; 2], b: [__m256; 2], c: [__m256; 2]) -> [__m256; 2] {
        // SAFETY: see above.
        unsafe { [_mm256_fmadd_ps(a[0], b[0], c[0]), _mm256_fmadd_ps(a[1], b[1], c[1])] }
    }

    #[inline(always)]
    fn load_indices(indices: &[u32; LANES]) -> [__m256i; 2] {
        let at = indices.as_ptr();
        // SAFETY: see above.
        unsafe { [_mm256_loadu_si256(at.cast()), _mm256_loadu_si256(at.add(8).cast())] }
    }

    #[inline(always)]
    fn store_indices(vector: [__m256i; 2], indices: &mut [u32; LANES]) {
        let at = indices.as_mut_ptr();
        // SAFETY: see above.
        unsafe {
            _mm256_storeu_si256(at.cast(), vector[0]);
            _mm256_storeu_si256(at.add(8).cast(), vector[1]);
        }
    }

    #[inline(always)]
    fn take_larger(x: [__m256; 2], index: u32, best: &mut [__m256; 2], at: &mut [__m256i; 2]) {
        for (x, (best, at)) in x.into_iter().zip(best.iter_mut().zip(at)) {
            // SAFETY: see above.
            unsafe {
                let is_better = _mm256_or_ps(
                    _mm256_cmp_ps::<_CMP_GT_OQ>(x, *best),
                    _mm256_cmp_ps::<_CMP_UNORD_Q>(x, x),
                );
                *best = _mm256_blendv_ps(*best, x, is_better);
                let index = _mm256_set1_epi32(index.cast_signed());
                *at = _mm256_blendv_epi8(*at, index, _mm256_castps_si256(is_better));
            }
        }
    }

    #[inline(always)]
    fn keep_where(at: [__m256i; 2], index: u32, values: [__m256; 2]) -> ([__m256; 2], u32) {
        // SAFETY: see above.
        unsafe {
            let index = _mm256_set1_epi32(index.cast_signed());
            let low = _mm256_castsi256_ps(_mm256_cmpeq_epi32(at[0], index));
            let high = _mm256_castsi256_ps(_mm256_cmpeq_epi32(at[1], index));
            let lanes = _mm256_movemask_ps(low) | _mm256_movemask_ps(high) << 8;
            let kept = [_mm256_and_ps(values[0], low), _mm256_and_ps(values[1], high)];
            (kept, lanes.cast_unsigned())
        }
    }
}

/// AVX-512: thirty-two registers of 16 numbers.
#[cfg(target_arch = "x86_64")]
pub(super) struct Avx512;

// SAFETY of the blocks below: as for `Avx2`.
#[cfg(target_arch = "x86_64")]
impl Arithmetic for Avx512 {
    type Vector = __m512;
    type Doubles = Doubles512;
    type Indices = __m512i;

    const TILE_VECTORS: usize = 2;

    #[inline(always)]
    fn load(values: &[f32; LANES]) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_loadu_ps(values.as_ptr()) }
    }

    #[inline(always)]
    fn splat(value: f32) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    fn store(vector: __m512, values: &mut [f32; LANES]) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_ps(values.as_mut_ptr(), vector) }
    }

    #[inline(always)]
    fn load_first(values: &[f32]) -> __m512 {
        match values.first_chunk() {
            Some(values) => Self::load(values),
            // SAFETY: see above.
            None => unsafe { part_vectors::avx512::load(values) },
        }
    }

    #[inline(always)]
    fn store_first(vector: __m512, values: &mut [f32]) {
        match values.first_chunk_mut() {
            Some(values) => Self::store(vector, values),
            // SAFETY: see above.
            None => unsafe { part_vectors::avx512::store(vector, values) },
        }
    }

    #[inline(always)]
    fn load_first_indices(indices: &[u32], rest: u32) -> __m512i {
        match indices.first_chunk() {
            Some(indices) => Self::load_indices(indices),
            // SAFETY: see above.
            None => unsafe { part_vectors::avx512::load_indices(indices, rest) },
        }
    }

    #[inline(always)]
    fn store_first_indices(vector: __m512i, indices: &mut [u32]) {
        match indices.first_chunk_mut() {
            Some(indices) => Self::store_indices(vector, indices),
            // SAFETY: see above.
            None => unsafe { part_vectors::avx512::store_indices(vector, indices) },
        }
    }

    #[inline(always)]
    fn mul_add(a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: see above.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn load_indices(indices: &[u32; LANES]) -> __m512i {
        // SAFETY: see above.
        unsafe { _mm512_loadu_si512(indices.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store_indices(vector: __m512i, indices: &mut [u32; LANES]) {
        // SAFETY: see above.
        unsafe { _mm512_storeu_si512(indices.as_mut_ptr().cast(), vector) }
    }

    #[inline(always)]
    fn take_larger(x: __m512, index: u32, best: &mut __m512, at: &mut __m512i) {
        // SAFETY: see above.
        unsafe {
            let is_better = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(x, *best)
                | _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(x, x);
            *best = _mm512_mask_mov_ps(*best, is_better, x);
            *at = _mm512_mask_set1_epi32(*at, is_better, index.cast_signed());
        }
    }

    #[inline(always)]
    fn keep_where(at: __m512i, index: u32, values: __m512) -> (__m512, u32) {
        // SAFETY: see above.
        unsafe {
            let here = _mm512_cmpeq_epi32_mask(at, _mm512_set1_epi32(index.cast_signed()));
            (_mm512_maskz_mov_ps(here, values), u32::from(here))
        }
    }

    #[inline(always)]
    fn compress(
        values: &[f32; LANES],
        tags: &[u32; LANES],
        to: &mut [f32; LANES],
        tags_to: &mut [u32; LANES],
    ) -> usize {
        // SAFETY: see above.
        unsafe {
            let values = _mm512_loadu_ps(values.as_ptr());
            let tags = _mm512_loadu_si512(tags.as_ptr().cast());
            let nonzeros = _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(values, _mm512_setzero_ps());
            _mm512_storeu_ps(to.as_mut_ptr(), _mm512_maskz_compress_ps(nonzeros, values));
            let tags = _mm512_maskz_compress_epi32(nonzeros, tags);
            _mm512_storeu_si512(tags_to.as_mut_ptr().cast(), tags);
            nonzeros.count_ones() as usize
        }
    }
}
