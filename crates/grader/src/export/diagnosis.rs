use crate::diagnosis::{Diagnosed, Diagnosis, Mistake};

/// The diagnosis for people, a line each; empty if nothing is wrong.
pub(super) fn lines(diagnosis: &Diagnosis) -> Vec<String> {
    let mut lines = Vec::new();
    let is_note = |found: &&Diagnosed| found.alternatives.iter().flatten().all(|m| m.is_convention);
    let (notes, mistakes): (Vec<&Diagnosed>, Vec<&Diagnosed>) =
        diagnosis.found.iter().partition(is_note);
    if !mistakes.is_empty() {
        lines.push("What is wrong, by the numbers:".to_owned());
        mistakes.iter().for_each(|found| tell(found, &mut lines));
    }
    for part in &diagnosis.unexplained {
        let unless =
            if mistakes.is_empty() { part.advice() } else { "it may follow from the above" };
        lines.push(format!("No known mistake explains {part}: {unless}"));
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

/// What to mend first, by the numbers; empty if nothing is wrong or nothing known.
pub(super) fn first(diagnosis: &Diagnosis) -> Vec<String> {
    let is_mistake =
        |found: &&Diagnosed| !found.alternatives.iter().flatten().all(|m| m.is_convention);
    let mut lines = Vec::new();
    if let Some(found) = diagnosis.found.iter().find(is_mistake) {
        lines.push("What is wrong, by the numbers:".to_owned());
        tell(found, &mut lines);
    } else if let Some(part) = diagnosis.unexplained.first() {
        lines.push(format!(
            "No known mistake explains {part}: compare your formula with the lesson's, term by term."
        ));
    }
    lines
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
