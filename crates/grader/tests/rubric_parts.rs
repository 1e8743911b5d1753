//! The parts of a rubric: points and patterns.

use grader::rubric::{Pattern, Points};

#[test]
fn points_are_hundredths_and_parts_never_more_than_earned() {
    for (points, shown) in [(1.0, "1"), (0.25, "0.25"), (2.1, "2.1"), (1e6, "1000000")] {
        assert_eq!(Points::new(points).unwrap().to_string(), shown);
    }
    for unusable in [0.0, -1.0, 0.001, 1.005, f64::NAN, f64::INFINITY, 2e6] {
        assert_eq!(Points::new(unusable), None, "{unusable}");
    }
    let ten = Points::new(10.0).unwrap();
    assert_eq!(ten.part(2, 3).to_f64(), 6.66);
    assert_eq!(ten.part(3, 3), ten);
    assert_eq!(ten.part(0, 0), Points::default());
    assert_eq!([ten, Points::new(0.1).unwrap()].into_iter().sum::<Points>().to_f64(), 10.1);
}

#[test]
fn a_star_stands_for_any_letters() {
    for (pattern, names, others) in [
        ("random/train", vec!["random/train"], vec!["random/trains", "random/trai"]),
        ("random/*", vec!["random/", "random/a/b"], vec!["random", "behaviour/random/"]),
        ("*_eval", vec!["a_eval", "_eval"], vec!["a_evaluation"]),
        ("a*b*ba", vec!["abba", "abxba", "aabbbba"], vec!["aba", "abb"]),
        ("*", vec!["", "x"], vec![]),
    ] {
        let pattern = Pattern::new(pattern);
        assert!(names.iter().all(|name| pattern.names(name, "dx")), "{pattern}");
        assert!(!others.iter().any(|name| pattern.names(name, "dx")), "{pattern}");
    }
    let pattern = Pattern::new("random/*:running_*");
    assert!(pattern.names("random/train", "running_var"));
    assert!(!pattern.names("random/train", "out"));
}
