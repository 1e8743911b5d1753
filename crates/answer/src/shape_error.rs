//! Errors of ndarray about shapes in words: it names the kind of what is wrong, and neither the call nor the
//! shapes. The call is read from the code; what it asks for follows from its name.

/// What ndarray says where shapes do not fit, and where the elements lie in another order in memory.
const SHAPES: &str = "ShapeError/IncompatibleShape: incompatible shapes";
const LAYOUT: &str = "ShapeError/IncompatibleLayout: incompatible memory layout";

/// What is said before the error where a result is unwrapped, which is no word of the author's.
const UNWRAPPED: &str = "called `Result::unwrap()` on an `Err` value: ";

/// What a call found that gave an error of shapes, and what it expects.
struct Call {
    names: &'static [&'static str],
    explanation: &'static str,
}

const CALLS: [Call; 4] = [
    Call {
        names: &["into_shape_with_order", "into_shape_clone", "to_shape", "into_shape"],
        explanation: "found an array with another number of values than the new shape has, expected \
                      as many; print the array's `shape()` and the new one",
    },
    Call {
        names: &["into_dimensionality"],
        explanation: "found an array with another number of axes than its new type, expected as \
                      many; print the array's `shape()`",
    },
    Call {
        names: &["stack"],
        explanation: "found arrays of different shapes, expected one shape; print the `shape()` of each",
    },
    Call {
        names: &["concatenate", "append", "push", "push_row", "push_column"],
        explanation: "found arrays whose other axes have different lengths, expected equal ones; \
                      print the `shape()` of each",
    },
];

/// What is said of arithmetic on two arrays.
const BROADCAST: &str = "found two arrays whose shapes do not fit, expected lengths that are equal, or \
                         1, from the last axis on; print the `shape()` of each";

/// What is said of shapes where the call is not known, and of the order in memory.
const OF_SHAPES: &str = "found shapes that do not fit, expected as many values as before to reshape, and in                          arithmetic lengths that are equal, or 1, from the last axis on";
const OF_LAYOUT: &str = "found an array whose elements lie in another order in memory than its axes, as                          after permuted_axes, expected the standard layout; call as_standard_layout() first";

/// A message with what an error of ndarray in it lacks. `code` is the line that it comes from, and the
/// statement of this line.
pub(crate) fn explained(message: &str, code: &[String; 2]) -> String {
    let (error, explanation) = if message.contains(LAYOUT) {
        let call = call(code).map_or(String::new(), |(name, _)| format!("`{name}` "));
        (LAYOUT, format!("{call}{OF_LAYOUT}"))
    } else if message.contains(SHAPES) {
        // An operator panics, and gives no error that `?` could return.
        let operator = || operator(code).filter(|_| message != SHAPES);
        let explanation = match (call(code), operator()) {
            (Some((name, explanation)), None) => format!("`{name}` {explanation}"),
            (None, Some(operator)) => format!("`{operator}` {BROADCAST}"),
            (Some(_), Some(_)) | (None, None) => OF_SHAPES.to_owned(),
        };
        (SHAPES, explanation)
    } else {
        return message.to_owned();
    };
    message.replacen(UNWRAPPED, "", 1).replacen(error, &explanation, 1)
}

/// The call of [`CALLS`] in the line; else in its statement, if there is one alone.
fn call(code: &[String; 2]) -> Option<(&'static str, &'static str)> {
    let found = |code: &str| {
        let names =
            CALLS.iter().flat_map(|call| call.names.iter().map(|name| (*name, call.explanation)));
        let mut found = names.filter(|(name, _)| places(code, name).next().is_some());
        found.next().filter(|_| found.next().is_none())
    };
    code.iter().find_map(|code| found(code))
}

/// The operator in the line, or in its statement, if it is one alone. What stands in the parentheses of a call
/// of [`CALLS`] computes the lengths of a shape.
fn operator(code: &[String; 2]) -> Option<char> {
    let found = |code: &str| {
        let code = without_new_shapes(code);
        let mut found =
            code.chars().zip(code.chars().skip(1)).zip(code.chars().skip(2)).filter_map(
                |((before, operator), after)| {
                    let is_operator = matches!(operator, '+' | '-' | '*' | '/');
                    (before == ' ' && is_operator && after == ' ').then_some(operator)
                },
            );
        found.next().filter(|_| found.next().is_none())
    };
    code.iter().find_map(|code| found(code))
}

/// The code without the arguments of a call of [`CALLS`].
fn without_new_shapes(code: &str) -> String {
    let Some((name, _)) = call(&[code.to_owned(), String::new()]) else { return code.to_owned() };
    let Some(at) = places(code, name).next() else { return code.to_owned() };
    let (before, arguments) = code.split_at(at + name.len());
    let mut depth = 0;
    let end = arguments.find(|letter| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        letter == ')' && depth == 0
    });
    let after = end.map_or("", |end| &arguments[end..]);
    format!("{before}{after}")
}

/// Where a function or method of this name is called.
fn places<'a>(code: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_called = move |(at, _): &(usize, &str)| {
        let before =
            code[..*at].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
        !before && code[at + name.len()..].starts_with(['(', '!', ':'])
    };
    code.match_indices(name).filter(is_called).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(message: &str, line: &str, statement: &str) -> String {
        explained(message, &[line, statement].map(str::to_owned))
    }

    #[test]
    fn an_error_of_shapes_names_the_call_that_gave_it() {
        let line = "let rows = x.into_shape_with_order((n * h, c))?;";
        let of_reshape = told(SHAPES, line, line);
        assert!(
            of_reshape.starts_with("`into_shape_with_order` found an array with another number"),
            "{of_reshape}"
        );
        let unwrapped =
            told(&format!("{UNWRAPPED}{SHAPES}"), &line.replace('?', ".unwrap()"), line);
        assert_eq!(unwrapped, of_reshape);
        // The call stands in another line of the statement.
        assert_eq!(
            told(SHAPES, ")?;", "let rows = x.into_shape_with_order((n * h,c,))?;"),
            of_reshape
        );
        for (line, name) in [
            ("let y = concatenate(Axis(0), &views)?;", "concatenate"),
            ("let y = stack(Axis(0), &views)?;", "stack"),
            ("let y = x.into_dimensionality::<Ix4>()?;", "into_dimensionality"),
        ] {
            let told = told(SHAPES, line, line);
            assert!(told.starts_with(&format!("`{name}` found ")), "{told}");
        }
        assert!(
            told(LAYOUT, line, line).starts_with("`into_shape_with_order` found an array whose")
        );
        assert!(told(LAYOUT, line, line).ends_with("call as_standard_layout() first"));
    }

    #[test]
    fn an_operator_is_named_where_it_panicked_and_what_is_unclear_is_told_in_general() {
        let panicked = format!("{UNWRAPPED}{SHAPES}");
        let line = "let y = &x - &mean;";
        assert!(told(&panicked, line, line).starts_with("`-` found two arrays"));
        // An error that was returned is of no operator.
        assert_eq!(told(SHAPES, line, line), OF_SHAPES);
        let several = "let y = (&x - &mean) / &std;";
        assert_eq!(told(&panicked, several, several), OF_SHAPES);
        assert_eq!(told(&panicked, "", ""), OF_SHAPES);
        let unclear = "let y = x.into_shape_with_order(6).unwrap() + z;";
        assert_eq!(told(&panicked, unclear, unclear), OF_SHAPES);
    }

    #[test]
    fn the_authors_own_words_stay() {
        let own = told(&format!("back to images: {SHAPES}"), "", "");
        assert_eq!(own, format!("back to images: {OF_SHAPES}"));
        assert_eq!(told("index out of bounds", "a + b", ""), "index out of bounds");
    }
}
