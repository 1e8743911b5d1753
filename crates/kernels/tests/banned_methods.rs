//! The methods that clippy.toml bans, each called where the ban is expected: if it stopped matching,
//! the expectation would go unfulfilled, which the linter reports.

use ndarray::{arr1, arr2};

#[test]
#[expect(clippy::disallowed_methods, reason = "shows that a product of vectors is banned")]
fn dot_of_vectors() {
    assert_eq!(arr1(&[1.0, 2.0]).dot(&arr1(&[3.0, 4.0])), 11.0);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "shows that a product of matrices is banned")]
fn dot_of_matrices() {
    assert_eq!(arr2(&[[2.0]]).dot(&arr2(&[[3.0]])), arr2(&[[6.0]]));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "shows that the system's functions are banned")]
fn exp_of_the_system() {
    assert_eq!(0.0_f64.exp(), 1.0);
}
