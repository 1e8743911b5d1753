//! The next step after an exception about shapes and axes, which NumPy names, and ndarray's after the crate
//! `answer` has explained it.

use super::kind::Kind;

/// The kinds of these exceptions.
pub(super) const KINDS: [Kind; 7] = [
    Kind { signs: &["could not be broadcast together"], step: |message| broadcast(message.text) },
    Kind { signs: &["cannot reshape array of size"], step: |message| reshape(message.text) },
    Kind {
        signs: &["is out of bounds for array of dimension"],
        step: |message| axis(message.text),
    },
    Kind {
        signs: &["axes don't match array"],
        step: |_| {
            Some("`transpose` takes as many axes as the array has. Print the array's shape.".into())
        },
    },
    Kind {
        signs: &["found an array with another number of values than"],
        step: |_| {
            Some(
                "Write down the length of each axis of the array, and of the new shape. Which axis is \
                 in one of the two products alone?"
                    .into(),
            )
        },
    },
    Kind {
        signs: &["found two arrays whose shapes do not fit"],
        step: |_| {
            Some(
                "Which axis of the larger array do the values of the smaller one belong to?".into(),
            )
        },
    },
    Kind {
        signs: &["found an array whose elements lie in another order in memory"],
        step: |_| {
            Some(
                "`permuted_axes` renames axes and moves no data. Which array went through it?"
                    .into(),
            )
        },
    },
];

/// What to do about two shapes that NumPy could not broadcast together.
fn broadcast(message: &str) -> Option<String> {
    let shapes = shapes(message.split_once("together with shapes ")?.1);
    // Where the result has a place already, its shape comes third.
    let [one, other, ..] = shapes.as_slice() else { return None };
    let (long, short) = if one.len() < other.len() { (other, one) } else { (one, other) };
    let rule = "NumPy aligns shapes from the last axis on";
    if let [values] = short[..] {
        let last = long.last()?;
        let whose = if long.len() > 1 && long.contains(&values) {
            format!("Which axis of {} do the {values} values belong to?", told(long))
        } else {
            "Which of the two shapes is not what you think?".to_owned()
        };
        return Some(format!(
            "{rule}: here {values} values meet an axis of length {last}. {whose}"
        ));
    }
    let mut pairs = long.iter().rev().zip(short.iter().rev());
    let (nth, (a, b)) = (1..).zip(&mut pairs).find(|(_, (a, b))| a != b && **a != 1 && **b != 1)?;
    let axis =
        if nth == 1 { "the last axis".to_owned() } else { format!("axis {nth} from the end") };
    Some(format!(
        "{rule}: {axis} is {a} in one and {b} in the other. Which of them is not what you think?"
    ))
}

/// What to do about an array whose values do not fill a shape. NumPy leaves out a length of -1 that comes
/// first, so that the shape may be a part.
fn reshape(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("cannot reshape array of size ")?;
    let (values, rest) = rest.split_once(" into shape (")?;
    let lengths: Vec<&str> = rest.split_once(')')?.0.trim_end_matches(',').split(',').collect();
    let known = lengths.iter().filter(|length| **length != "newaxis");
    let known: Vec<usize> = known.map(|length| length.parse().ok()).collect::<Option<_>>()?;
    let (values, places) = (values.parse::<usize>().ok()?, known.iter().product::<usize>());
    let product = known.iter().map(usize::to_string).collect::<Vec<String>>().join("·");
    let product = if known.len() > 1 { format!("{product} = {places}") } else { product };
    let rule = if places > 0 && values.is_multiple_of(places) {
        format!("The array has {values} values, and the shape has {product}")
    } else {
        format!("The array has {values} values, which {product} does not divide")
    };
    Some(format!("{rule}. Which axis is missing, or of another length?"))
}

/// What to do about an axis that an array does not have.
fn axis(message: &str) -> Option<String> {
    let (_, axes) = message.split_once("is out of bounds for array of dimension ")?;
    let axes: usize = axes.split(' ').next()?.parse().ok()?;
    Some(match axes {
        0 => "The array is a single number, which has no axes. Print its shape.".to_owned(),
        1 => "The array has one axis, which is 0. Print its shape.".to_owned(),
        axes => format!("The array has {axes} axes, which are 0 to {}. Print its shape.", axes - 1),
    })
}

/// The shapes at the beginning of a text, as in "(2,3) (3,)".
fn shapes(text: &str) -> Vec<Vec<usize>> {
    let shape = |word: &str| {
        let lengths = word.strip_prefix('(')?.strip_suffix(')')?.trim_end_matches(',');
        lengths.split(',').map(|length| length.parse().ok()).collect::<Option<Vec<usize>>>()
    };
    text.split(' ').map_while(shape).collect()
}

fn told(shape: &[usize]) -> String {
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    format!("({}{comma})", lengths.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BROADCAST: &str = "ValueError: operands could not be broadcast together with shapes ";

    #[test]
    fn a_vector_that_meets_another_axis_is_told_with_both_lengths() {
        let told = broadcast(&format!("{BROADCAST}(2,3,4,5) (3,) (a.py, line 3)")).unwrap();
        let expected = "NumPy aligns shapes from the last axis on: here 3 values meet an axis of length \
                        5. Which axis of (2, 3, 4, 5) do the 3 values belong to?";
        assert_eq!(told, expected);
        assert_eq!(broadcast(&format!("{BROADCAST}(3,) (2,3,4,5)")).unwrap(), expected);
        // No axis has as many values.
        let told = broadcast(&format!("{BROADCAST}(2,4) (3,)")).unwrap();
        assert!(told.ends_with("Which of the two shapes is not what you think?"), "{told}");
        assert!(told.contains("here 3 values meet an axis of length 4."), "{told}");
    }

    #[test]
    fn of_two_larger_shapes_the_first_axis_that_does_not_fit_is_told() {
        let of = |shapes: &str| broadcast(&format!("{BROADCAST}{shapes}"));
        let told = of("(2,3,4,5) (2,4,5,3)").unwrap();
        assert!(told.contains(": the last axis is 5 in one and 3 in the other."), "{told}");
        assert_eq!(of("(2,3,4,5) (2,4,5,3) (2,3,4,5)").as_ref(), Some(&told));
        let told = of("(6,1,5) (3,4,1)").unwrap();
        assert!(told.contains(": axis 3 from the end is 6 in one and 3 in the other."), "{told}");
        // What NumPy does not say is not guessed.
        for other in ["", "(2,3)", "(2,3) (2,newaxis)", "(2,3) (2,3)"] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn values_that_do_not_fill_a_shape_are_counted() {
        for (shape, expected) in [
            ("(10,3)", "The array has 120 values, and the shape has 10·3 = 30."),
            ("(60,)", "The array has 120 values, and the shape has 60."),
            // As of `reshape(-1, 7)` and `reshape(-1, 7, 3)`.
            ("(7)", "The array has 120 values, which 7 does not divide."),
            ("(7,3)", "The array has 120 values, which 7·3 = 21 does not divide."),
            ("(7,newaxis)", "The array has 120 values, which 7 does not divide."),
        ] {
            let message =
                format!("ValueError: cannot reshape array of size 120 into shape {shape}");
            let told = reshape(&format!("{message} (a.py, line 3)")).unwrap();
            assert_eq!(told, format!("{expected} Which axis is missing, or of another length?"));
        }
        assert_eq!(reshape("cannot reshape array"), None);
    }

    #[test]
    fn an_axis_that_is_not_there_is_told_with_those_that_are() {
        let message = "AxisError: axis 4 is out of bounds for array of dimension 4 (a.py, line 7)";
        let told = axis(message).unwrap();
        assert_eq!(told, "The array has 4 axes, which are 0 to 3. Print its shape.");
    }
}
