//! Vectors whose last lanes lie beyond an array: the lanes within it are read and written alone, by
//! instructions that leave out what a mask leaves out. A copy value by value takes ten times as long, and
//! what it has just written cannot be read as a vector for a while.

/// For [`super::arithmetic::Avx2`].
pub(super) mod avx2 {
    use std::arch::x86_64::{
        __m256, __m256i, _mm256_blendv_epi8, _mm256_loadu_si256, _mm256_maskload_epi32,
        _mm256_maskload_ps, _mm256_maskstore_epi32, _mm256_maskstore_ps, _mm256_set1_epi32,
    };

    use crate::engine::lanes::LANES;

    /// A mask of the first lanes begins as many places before the middle.
    const MASKS: [i32; 2 * LANES] = {
        let mut masks = [0; 2 * LANES];
        let mut lane = 0;
        while lane < LANES {
            masks[lane] = -1;
            lane += 1;
        }
        masks
    };

    /// The first `count` lanes.
    ///
    /// # Safety
    ///
    /// The processor must have AVX2.
    #[inline(always)]
    unsafe fn first(count: usize) -> [__m256i; 2] {
        let at = MASKS[LANES - count.min(LANES)..].as_ptr();
        // SAFETY: sixteen masks follow each of the first seventeen places.
        unsafe { [_mm256_loadu_si256(at.cast()), _mm256_loadu_si256(at.add(8).cast())] }
    }

    /// At most [`LANES`] values, filled up with zeros.
    ///
    /// # Safety
    ///
    /// The processor must have AVX2.
    #[inline(always)]
    pub(in super::super) unsafe fn load(values: &[f32]) -> [__m256; 2] {
        let at = values.as_ptr();
        // SAFETY: no lane behind the last value is read.
        unsafe {
            let [low, high] = first(values.len());
            [_mm256_maskload_ps(at, low), _mm256_maskload_ps(at.wrapping_add(8), high)]
        }
    }

    /// As many lanes as there are values.
    ///
    /// # Safety
    ///
    /// The processor must have AVX2.
    #[inline(always)]
    pub(in super::super) unsafe fn store(vector: [__m256; 2], values: &mut [f32]) {
        let at = values.as_mut_ptr();
        // SAFETY: no lane behind the last value is written.
        unsafe {
            let [low, high] = first(values.len());
            _mm256_maskstore_ps(at, low, vector[0]);
            _mm256_maskstore_ps(at.wrapping_add(8), high, vector[1]);
        }
    }

    /// At most [`LANES`] indices, filled up with `rest`.
    ///
    /// # Safety
    ///
    /// The processor must have AVX2.
    #[inline(always)]
    pub(in super::super) unsafe fn load_indices(indices: &[u32], rest: u32) -> [__m256i; 2] {
        let at = indices.as_ptr().cast::<i32>();
        // SAFETY: no lane behind the last index is read.
        unsafe {
            let [low, high] = first(indices.len());
            let rest = _mm256_set1_epi32(rest.cast_signed());
            [
                _mm256_blendv_epi8(rest, _mm256_maskload_epi32(at, low), low),
                _mm256_blendv_epi8(rest, _mm256_maskload_epi32(at.wrapping_add(8), high), high),
            ]
        }
    }

    /// As many lanes as there are indices.
    ///
    /// # Safety
    ///
    /// The processor must have AVX2.
    #[inline(always)]
    pub(in super::super) unsafe fn store_indices(vector: [__m256i; 2], indices: &mut [u32]) {
        let at = indices.as_mut_ptr().cast::<i32>();
        // SAFETY: no lane behind the last index is written.
        unsafe {
            let [low, high] = first(indices.len());
            _mm256_maskstore_epi32(at, low, vector[0]);
            _mm256_maskstore_epi32(at.wrapping_add(8), high, vector[1]);
        }
    }
}

/// For [`super::arithmetic::Avx512`].
pub(super) mod avx512 {
    use std::arch::x86_64::{
        __m512, __m512i, __mmask16, _mm512_mask_loadu_epi32, _mm512_mask_storeu_epi32,
        _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_set1_epi32,
    };

    use crate::engine::lanes::LANES;

    /// The first `count` lanes.
    #[inline(always)]
    fn first(count: usize) -> __mmask16 {
        ((1_u32 << count.min(LANES)) - 1) as __mmask16
    }

    /// At most [`LANES`] values, filled up with zeros.
    ///
    /// # Safety
    ///
    /// The processor must have AVX-512.
    #[inline(always)]
    pub(in super::super) unsafe fn load(values: &[f32]) -> __m512 {
        // SAFETY: no lane behind the last value is read.
        unsafe { _mm512_maskz_loadu_ps(first(values.len()), values.as_ptr()) }
    }

    /// As many lanes as there are values.
    ///
    /// # Safety
    ///
    /// The processor must have AVX-512.
    #[inline(always)]
    pub(in super::super) unsafe fn store(vector: __m512, values: &mut [f32]) {
        // SAFETY: no lane behind the last value is written.
        unsafe { _mm512_mask_storeu_ps(values.as_mut_ptr(), first(values.len()), vector) }
    }

    /// At most [`LANES`] indices, filled up with `rest`.
    ///
    /// # Safety
    ///
    /// The processor must have AVX-512.
    #[inline(always)]
    pub(in super::super) unsafe fn load_indices(indices: &[u32], rest: u32) -> __m512i {
        let (mask, at) = (first(indices.len()), indices.as_ptr().cast());
        // SAFETY: no lane behind the last index is read.
        unsafe { _mm512_mask_loadu_epi32(_mm512_set1_epi32(rest.cast_signed()), mask, at) }
    }

    /// As many lanes as there are indices.
    ///
    /// # Safety
    ///
    /// The processor must have AVX-512.
    #[inline(always)]
    pub(in super::super) unsafe fn store_indices(vector: __m512i, indices: &mut [u32]) {
        let mask = first(indices.len());
        // SAFETY: no lane behind the last index is written.
        unsafe { _mm512_mask_storeu_epi32(indices.as_mut_ptr().cast(), mask, vector) }
    }
}
