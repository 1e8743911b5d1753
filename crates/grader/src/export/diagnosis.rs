//! The diagnosis in words.

use crate::diagnosis::{AnswerPart, Diagnosed, Diagnosis, Mistake};

/// The diagnosis for people, in lines; empty if nothing is wrong.
pub(super) fn lines(diagnosis: &Diagnosis) -> Vec<String> {
    let mut lines = Vec::new();
    let (notes, mistakes) = notes_and_mistakes(diagnosis);
    let (earlier, later) = by_first(diagnosis, first_part(&mistakes));
    let unknown =
        |part: &AnswerPart| format!("No known mistake explains {part}: {}", part.advice());
    lines.extend(earlier.into_iter().map(unknown));
    if !mistakes.is_empty() {
        lines.push("What is wrong, by the numbers:".to_owned());
        mistakes.iter().for_each(|found| tell(found, &mut lines));
    }
    match later.as_slice() {
        [] => {}
        [part] => {
            lines.push(format!("No known mistake explains {part}: it may follow from the above"));
        }
        parts => {
            let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
            let parts = parts.join("; ");
            lines
                .push(format!("No known mistake explains {parts}: they may follow from the above"));
        }
    }
    if !mistakes.is_empty() {
        lines.push("Mend the first of these, then grade again.".to_owned());
    }
    if !notes.is_empty() {
        lines.push("Conventions other than the notebook's, which are no mistakes:".to_owned());
        notes.iter().for_each(|found| tell(found, &mut lines));
    }
    lines
}

/// What to correct first, in lines; empty if nothing is wrong.
pub(super) fn first(diagnosis: &Diagnosis) -> Vec<String> {
    let (_, mistakes) = notes_and_mistakes(diagnosis);
    let (earlier, _) = by_first(diagnosis, first_part(&mistakes));
    let mut lines = Vec::new();
    if let Some(part) = earlier.first() {
        lines.push(format!(
            "No known mistake explains {part}: compare your formula with the lesson's, term by term."
        ));
    } else if let Some(found) = mistakes.first() {
        lines.push("What is wrong, by the numbers:".to_owned());
        tell(found, &mut lines);
    }
    lines
}

/// What is a matter of conventions alone, and what is wrong.
fn notes_and_mistakes(diagnosis: &Diagnosis) -> (Vec<&Diagnosed>, Vec<&Diagnosed>) {
    let is_note = |found: &&Diagnosed| found.alternatives.iter().flatten().all(|m| m.is_convention);
    diagnosis.found.iter().partition(is_note)
}

/// The first part that a mistake was found in.
fn first_part(mistakes: &[&Diagnosed]) -> Option<AnswerPart> {
    mistakes.iter().filter_map(|found| found.part).min()
}

/// The unexplained parts that cannot follow from what is wrong in the part `first`, and those that
/// can.
fn by_first(
    diagnosis: &Diagnosis,
    first: Option<AnswerPart>,
) -> (Vec<&AnswerPart>, Vec<&AnswerPart>) {
    diagnosis.unexplained.iter().partition(|&&part| first.is_none_or(|first| part < first))
}

fn tell(found: &Diagnosed, lines: &mut Vec<String>) {
    match found.alternatives.as_slice() {
        [only] => tell_together(only, "  ", lines),
        tied => {
            lines.push(format!("  one of these {}, which give the same numbers:", tied.len()));
            tied.iter().for_each(|together| tell_together(together, "    ", lines));
        }
    }
}

fn tell_together(mistakes: &[Mistake], indent: &str, lines: &mut Vec<String>) {
    for (nth, mistake) in mistakes.iter().enumerate() {
        let and = if nth == 0 { "" } else { "and " };
        lines.push(format!("{indent}{and}{} [{}]", mistake.explanation, mistake.id));
        lines.push(format!("{indent}  Hint: {}", mistake.hint));
    }
}
