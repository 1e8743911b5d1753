//! Where in a piece of memory the elements of an array begin: at the start of a cache line. A vector
//! that lies across two lines takes twice as long to load, and allocators promise 16 bytes alone.

use std::mem::size_of;

/// The bytes of a cache line, and of the widest vector.
const LINE: usize = 64;

/// Elements of a smaller array lie where they lie.
const SMALL: usize = 16 * LINE;

/// The elements to ask for, so that `count` can begin at the start of a line; `None` if that is more
/// than can be counted.
pub(crate) fn room<T>(count: usize) -> Option<usize> {
    if count.checked_mul(size_of::<T>())? < SMALL {
        return Some(count);
    }
    count.checked_add(LINE / size_of::<T>().max(1))
}

/// Where `count` elements begin in a piece of memory with at least that many: at the start of a line
/// if they can.
pub(crate) fn first<T>(elements: &[T], count: usize) -> usize {
    let to_line = elements.as_ptr().align_offset(LINE);
    if to_line <= elements.len().saturating_sub(count) { to_line } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_begin_at_a_line_or_where_they_must() {
        for count in [256, 257, 1000, 5000] {
            let elements = vec![0.0_f32; room::<f32>(count).unwrap()];
            let first = first(&elements, count);
            assert!(first + count <= elements.len());
            assert_eq!(elements[first..].as_ptr() as usize % LINE, 0, "{count}");
        }
        assert_eq!(room::<f32>(255), Some(255));
        assert_eq!(room::<f64>(usize::MAX / 2), None);
        let elements = [0_u32; 40];
        for start in 0..16 {
            let elements = &elements[start..];
            assert!(first(elements, elements.len()) == 0);
        }
    }
}
