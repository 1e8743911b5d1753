//! The shapes and types of results, judged by themselves: whoever returns the right numbers in the
//! wrong shape is told of the shape, and nothing else.

use super::result::WrongForm;
use crate::submission::{OF_GRADIENTS, OF_STEPS, Outputs, Script};
use crate::tensor::Tensor;

/// A wrong form, and what it says of the values.
pub(super) struct Found {
    pub form: WrongForm,
    /// Whether the values can be judged all the same: the shape is right but for axes of length 1, or
    /// the type alone is wrong.
    pub is_form_alone: bool,
}

/// Results of a wrong shape, and results of whole numbers, by their roles, each once. A shape that is
/// wrong otherwise stands for all of its role.
pub(super) fn wrong_forms(answered: &[(&Script, &Outputs)]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for (script, outputs) in answered {
        let Some(x) = script.steps.first().map(|step| step.x.shape()) else { continue };
        for (role, tensor) in results(outputs) {
            let expected = expected_shape(role, x);
            let shape = tensor.shape();
            let mut add = |of_shape: bool, is_form_alone: bool, wrong: String, right: String| {
                let is_known = |known: &Found| {
                    known.form.quantity == role && known.form.is_of_shape() == of_shape
                };
                let form = WrongForm { quantity: role.to_owned(), found: wrong, expected: right };
                match found.iter_mut().find(|known| is_known(known)) {
                    Some(known) if known.is_form_alone && !is_form_alone => {
                        *known = Found { form, is_form_alone };
                    }
                    Some(_) => {}
                    None => found.push(Found { form, is_form_alone }),
                }
            };
            if shape != expected {
                let told = |shape: &[usize]| format!("shape {}", in_letters(shape, x));
                let is_form_alone = squeezed(shape).eq(squeezed(&expected));
                add(true, is_form_alone, told(shape), told(&expected));
            }
            // Which type of floating point is another part's question.
            if tensor.dtype() != script.dtype() {
                let is_form_alone = !tensor.dtype().is_float();
                add(false, is_form_alone, tensor.dtype().to_string(), script.dtype().to_string());
            }
        }
    }
    found
}

/// The outputs with all results in their right shapes that have them but for axes of length 1.
pub(super) fn in_right_shapes(script: &Script, outputs: &Outputs) -> Outputs {
    let mut outputs = outputs.clone();
    let Some(x) = script.steps.first().map(|step| step.x.shape()) else { return outputs };
    let reshape = |role: &str, tensor: &mut Tensor| {
        let expected = expected_shape(role, x);
        if tensor.shape() != expected && squeezed(tensor.shape()).eq(squeezed(&expected)) {
            tensor.reshape(&expected);
        }
    };
    for step in outputs.steps.iter_mut().flatten() {
        reshape("out", &mut step.out);
        step.running_mean.iter_mut().for_each(|mean| reshape("running_mean", mean));
        step.running_var.iter_mut().for_each(|var| reshape("running_var", var));
    }
    for gradients in outputs.gradients.iter_mut().flatten() {
        reshape("dx", &mut gradients.dx);
        reshape("dgamma", &mut gradients.dgamma);
        reshape("dbeta", &mut gradients.dbeta);
    }
    outputs
}

/// All arrays of an answer, by their roles.
fn results(outputs: &Outputs) -> Vec<(&'static str, &Tensor)> {
    let mut results = Vec::new();
    for step in outputs.steps.iter().flatten() {
        results.extend(OF_STEPS.iter().filter_map(|role| Some((*role, step.of_role(role)?))));
    }
    for gradients in outputs.gradients.iter().flatten() {
        let of = |role: &&'static str| Some((*role, gradients.of_role(role)?));
        results.extend(OF_GRADIENTS.iter().filter_map(of));
    }
    results
}

/// The shape of a result for a batch of this shape.
fn expected_shape(role: &str, x: &[usize]) -> Vec<usize> {
    if matches!(role, "out" | "dx") { x.to_vec() } else { x[1..2].to_vec() }
}

fn squeezed(shape: &[usize]) -> impl Iterator<Item = &usize> {
    shape.iter().filter(|&&length| length != 1)
}

/// A shape in the letters of (N, C, H, W), where the lengths of x tell them apart.
fn in_letters(shape: &[usize], x: &[usize]) -> String {
    let letter = |&length: &usize| -> String {
        let mut axes = (0..x.len()).filter(|&axis| x[axis] == length && length != 1);
        match (axes.next(), axes.next()) {
            (Some(axis), None) if x.len() == 4 => ["N", "C", "H", "W"][axis].to_owned(),
            (Some(_) | None, _) => length.to_string(),
        }
    };
    let letters: Vec<String> = shape.iter().map(letter).collect();
    match letters.as_slice() {
        [only] => format!("({only},)"),
        _ => format!("({})", letters.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::in_letters;

    #[test]
    fn shapes_are_told_in_letters_where_those_are_clear() {
        assert_eq!(in_letters(&[1, 4], &[3, 4, 5, 6]), "(1, C)");
        assert_eq!(in_letters(&[4], &[3, 4, 5, 6]), "(C,)");
        assert_eq!(in_letters(&[], &[3, 1, 5, 6]), "()");
        assert_eq!(in_letters(&[3, 7], &[3, 3, 5, 6]), "(3, 7)");
        assert_eq!(in_letters(&[3, 5, 6, 4], &[3, 4, 5, 6]), "(N, H, W, C)");
    }
}
