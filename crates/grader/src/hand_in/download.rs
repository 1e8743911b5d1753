//! The names of files that were downloaded: what platforms and browsers add to the name that a student gave.

use crate::hand_in::kind::Kind;

/// What a platform says in the name of a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Download<'a> {
    /// The student's name.
    pub(crate) name: &'a str,
    /// The number by which the platform knows the student.
    pub(crate) number: &'a str,
    /// The number of the file, where the platform has one.
    pub(crate) file_number: Option<&'a str>,
    /// What the student called the file; nothing if the platform does not say.
    pub(crate) file: &'a str,
}

/// `doejane_1234_5678_layers.py` or `doejane_LATE_1234_5678_layers.py`: the name without blanks and signs,
/// the user's ID, that of the file, and what the student called it.
/// [`lib/content_zipper.rb`](https://github.com/instructure/canvas-lms/blob/master/lib/content_zipper.rb)
/// sees to it that no number stands between underscores before the ID.
pub(crate) fn of_canvas(name: &str) -> Option<Download<'_>> {
    let parts: Vec<&str> = name.split('_').collect();
    let at = (1..parts.len().saturating_sub(2))
        .find(|&at| is_number(parts[at]) && is_number(parts[at + 1]))?;
    let length = |parts: &[&str]| parts.iter().map(|part| part.len() + 1).sum::<usize>();
    let student = &name[..length(&parts[..at]) - 1];
    Some(Download {
        name: student.strip_suffix("_LATE").unwrap_or(student),
        number: parts[at],
        file_number: Some(parts[at + 1]),
        file: &name[length(&parts[..at + 2])..],
    })
}

/// What parts the participant from the kind of submission.
const OF_MOODLE: &str = "_assignsubmission_";

/// `Jane Doe_1234_assignsubmission_file`: the name, the number of the identifier, and how the hand-in
/// was submitted. A file that was downloaded without its folder has its own name behind that.
pub(crate) fn of_moodle(name: &str) -> Option<Download<'_>> {
    let (participant, submission) = name.split_once(OF_MOODLE)?;
    let (student, number) = participant.rsplit_once('_')?;
    let file = submission.split_once('_').map_or("", |(_, file)| file);
    is_number(number).then_some(Download { name: student, number, file_number: None, file })
}

/// What the name of a download says, whichever platform gave it.
pub(crate) fn of_platform(name: &str) -> Option<Download<'_>> {
    of_moodle(name).or_else(|| of_canvas(name))
}

fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// The name of a file before a platform added the student to it.
pub(super) fn without_student(name: &str) -> &str {
    let file = of_platform(name).map(|download| download.file);
    file.filter(|file| Kind::of(file).is_some()).unwrap_or(name)
}

/// The name of a Python file without what marks another file of the same name, as `layers-1.py`,
/// `layers (1).py` and `layers - Copy.py`. No import statement could name a file that is called so. None if
/// there is no such mark.
pub(super) fn without_copy_mark(name: &str) -> Option<String> {
    let (Some(Kind::Python), Some((stem, ending))) = (Kind::of(name), name.rsplit_once('.')) else {
        return None;
    };
    let mut rest = stem;
    loop {
        let shorter = without_number(rest).or_else(|| {
            [" - Copy", " copy", " Copy"].iter().find_map(|mark| rest.strip_suffix(mark))
        });
        match shorter.map(str::trim_end).filter(|shorter| !shorter.is_empty()) {
            Some(shorter) => rest = shorter,
            None => break,
        }
    }
    (rest.len() < stem.len()).then(|| format!("{rest}.{ending}"))
}

/// A name without `-1`, `(1)` or ` 1` at its end.
fn without_number(name: &str) -> Option<&str> {
    let bracketed = name.strip_suffix(')').and_then(|rest| rest.rsplit_once('('));
    let (rest, number) =
        bracketed.or_else(|| name.rsplit_once('-')).or_else(|| name.rsplit_once(' '))?;
    is_number(number).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_that_the_student_gave_is_behind_what_the_platform_added() {
        for (name, original) in [
            ("jane_1234_9003_layers.py", "layers.py"),
            ("jane_LATE_1234_9003_layer_utils.py", "layer_utils.py"),
            ("jane_1234_9003_hw_1_2_x.ipynb", "hw_1_2_x.ipynb"),
            ("Jane Doe_34_assignsubmission_file_layers.py", "layers.py"),
            ("Jane Doe_34_assignsubmission_file_a_1_2_b.py", "a_1_2_b.py"),
            ("layers.py", "layers.py"),
            ("hw_2026_layers.py", "hw_2026_layers.py"),
            // There would be no name left.
            ("jane_1234_9003_.py", "jane_1234_9003_.py"),
            ("Jane Doe_34_assignsubmission_file", "Jane Doe_34_assignsubmission_file"),
        ] {
            assert_eq!(without_student(name), original, "{name}");
        }
    }

    #[test]
    fn a_mark_of_a_copy_is_what_no_module_has_in_its_name() {
        for name in [
            "layers-1.py",
            "layers (1).py",
            "layers(12).py",
            "layers-1 (2).py",
            "layers - Copy.py",
            "layers - Copy (2).py",
            "layers copy 2.py",
        ] {
            assert_eq!(without_copy_mark(name).as_deref(), Some("layers.py"), "{name}");
        }
        for name in ["layers.py", "layers_1.py", "layers1.py", "-1.py", "(1).py", "hw-2.ipynb"] {
            assert_eq!(without_copy_mark(name), None, "{name}");
        }
    }

    #[test]
    fn the_user_is_the_first_of_the_two_numbers_in_a_name_of_canvas() {
        let read = |name| of_canvas(name).map(|found| [found.name, found.number, found.file]);
        let layers = Some(["doejane", "1234", "layers"]);
        assert_eq!(read("doejane_1234_5678_layers"), layers);
        assert_eq!(read("doejane_LATE_1234_5678_layers"), layers);
        // What the student called the file is theirs to choose.
        assert_eq!(read("doe_1234_5678_9999_8888_x"), Some(["doe", "1234", "9999_8888_x"]));
        assert_eq!(read("de_la_cruz_12_34_my_layers"), Some(["de_la_cruz", "12", "my_layers"]));
        for other in ["anna", "anna_2024_11", "anna_12_layers", "_", "1_2_3", ""] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn the_participant_stands_before_the_kind_of_submission_in_a_name_of_moodle() {
        let read = |name| of_moodle(name).map(|found| [found.name, found.number]);
        for end in ["file", "file_", "onlinetext_", "file_layers", "file_9_assignsubmission_file_"]
        {
            let name = format!("Jane van Doe_34_assignsubmission_{end}");
            let found = of_moodle(&name).map(|found| [found.name, found.number]);
            assert_eq!(found, Some(["Jane van Doe", "34"]), "{name}");
        }
        assert_eq!(read("Participant_34_assignsubmission_file_"), Some(["Participant", "34"]));
        assert_eq!(read("A-Jane_Doe_34_assignsubmission_file"), Some(["A-Jane_Doe", "34"]));
        for other in ["Jane", "Jane_34", "Jane_assignsubmission_file", "_assignsubmission_"] {
            assert_eq!(read(other), None);
        }
    }
}
