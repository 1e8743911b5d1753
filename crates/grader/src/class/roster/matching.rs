//! Which hand-in is whose.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use crate::class::roster::platform::Student;
use crate::hand_in::{Download, without_ending};

/// What the names of hand-ins say of a student.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Claim {
    /// No hand-in is theirs.
    Nothing,
    /// This one is.
    HandIn(String),
    /// These could be; the marks of none are entered.
    Unclear(Vec<String>),
}

/// Why a hand-in is nobody's. Students are meant by their place in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Why {
    /// Nobody is called so.
    Unknown,
    /// Several students are called so.
    Several(Vec<usize>),
    /// Another hand-in fits the same student as well.
    Shared(usize),
    /// Another hand-in fits the student better.
    Taken(usize),
}

/// Which hand-in is whose.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Matching {
    /// One per student.
    pub(crate) claims: Vec<Claim>,
    /// The hand-ins that are nobody's, by id.
    pub(crate) unmatched: BTreeMap<String, Why>,
}

/// Whether a hand-in could be a student's, in the order in which it is asked of all hand-ins. Whoever
/// has a hand-in by one rule gets none by the next.
const RULES: [fn(&Student, &Name<'_>) -> bool; 4] = [
    |student, name| student.number.is_some() && student.number.as_deref() == name.number,
    |student, name| student.keys.iter().any(|key| key == name.id),
    |student, name| student.keys.iter().any(|key| folded(key) == name.folded),
    |student, name| student.keys.iter().any(|key| folded(key) == name.stem),
];

/// The name of a hand-in.
struct Name<'a> {
    id: &'a str,
    folded: String,
    /// The same without the ending of a file.
    stem: String,
    number: Option<&'a str>,
}

/// A name in small letters, without blanks around it, and with one form of each letter and apostrophe: systems
/// store accents as letters of their own or not, and programs write `’` for `'`.
pub(crate) fn folded(name: &str) -> String {
    let composed: String = name.trim().nfc().collect();
    composed.to_lowercase().replace(APOSTROPHES, "'")
}

/// What stands for an apostrophe.
const APOSTROPHES: [char; 6] = ['\u{2018}', '\u{2019}', '\u{2bc}', '\u{2b9}', '`', '\u{b4}'];

/// A name without the ending of a file.
fn stem(name: &str) -> &str {
    let is_ending = |ending: &str| {
        (1..=5).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && is_ending(ending) => stem,
        Some(_) | None => name,
    }
}

/// Which of these hand-ins is whose, and then, among the students who have none, which of the others, that
/// cannot be graded. `downloaded` reads a platform's names of hand-ins.
pub(crate) fn matching<'a>(
    students: &[Student],
    [hand_ins, others]: [&[&'a str]; 2],
    downloaded: fn(&str) -> Option<Download<'_>>,
) -> Matching {
    let name = |id: &'a str, stem: &str| Name {
        id,
        folded: folded(id),
        stem: folded(stem),
        number: downloaded(id).map(|found| found.number),
    };
    // The id of a hand-in has an ending only where another has the same name; that of other files always.
    let hand_ins = hand_ins.iter().map(|id| name(id, without_ending(id).unwrap_or(id)));
    let others = others.iter().map(|id| name(id, stem(id)));
    let mut claims = vec![Claim::Nothing; students.len()];
    let mut unmatched = BTreeMap::new();
    let mut rest = Vec::new();
    for mut open in [hand_ins.collect::<Vec<_>>(), others.collect()] {
        for fits in RULES {
            open = claim(fits, open, students, &mut claims, &mut unmatched);
        }
        rest.extend(open);
    }
    for name in rest {
        let is_of = |student: &Student| RULES.iter().any(|fits| fits(student, &name));
        let why = students.iter().position(is_of).map_or(Why::Unknown, Why::Taken);
        unmatched.insert(name.id.to_owned(), why);
    }
    Matching { claims, unmatched }
}

/// Gives hand-ins to students by one rule. Returns those that fit nobody who has none.
fn claim<'a>(
    fits: fn(&Student, &Name<'_>) -> bool,
    open: Vec<Name<'a>>,
    students: &[Student],
    claims: &mut [Claim],
    unmatched: &mut BTreeMap<String, Why>,
) -> Vec<Name<'a>> {
    let mut left = Vec::new();
    let mut fitting: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut unclear = Vec::new();
    for name in open {
        let is_free = |at: &usize| claims[*at] == Claim::Nothing;
        let of = (0..students.len()).filter(is_free).filter(|&at| fits(&students[at], &name));
        let of: Vec<usize> = of.collect();
        match of[..] {
            [] => left.push(name),
            [only] => fitting.entry(only).or_default().push(name.id.to_owned()),
            [..] => unclear.push((name.id.to_owned(), of)),
        }
    }
    for (at, ids) in fitting {
        if let [only] = &ids[..] {
            claims[at] = Claim::HandIn(only.clone());
            continue;
        }
        unmatched.extend(ids.iter().map(|id| (id.clone(), Why::Shared(at))));
        claims[at] = Claim::Unclear(ids);
    }
    for (id, of) in unclear {
        for &at in &of {
            match &mut claims[at] {
                Claim::HandIn(_) => {}
                Claim::Unclear(ids) => ids.push(id.clone()),
                nothing @ Claim::Nothing => *nothing = Claim::Unclear(vec![id.clone()]),
            }
        }
        unmatched.insert(id, Why::Several(of));
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(students: &[(&str, &[&str])], hand_ins: &[&str]) -> Matching {
        matched_with(students, [hand_ins, &[]])
    }

    fn matched_with(students: &[(&str, &[&str])], hand_ins: [&[&str]; 2]) -> Matching {
        let student = |(row, (number, keys)): (usize, &(&str, &[&str]))| Student {
            row,
            id: String::new(),
            number: Some((*number).to_owned()).filter(|number| !number.is_empty()),
            keys: keys.iter().map(|&key| key.to_owned()).collect(),
            names: Vec::new(),
            is_for_tests: false,
        };
        let students: Vec<Student> = students.iter().enumerate().map(student).collect();
        fn downloaded(name: &str) -> Option<Download<'_>> {
            name.split_once('#').map(|(name, number)| Download {
                name,
                number,
                file_number: None,
                file: "",
            })
        }
        matching(&students, hand_ins, downloaded)
    }

    fn of(id: &str) -> Claim {
        Claim::HandIn(id.to_owned())
    }

    #[test]
    fn the_number_counts_first_then_the_same_name_then_its_letters() {
        let students: [(&str, &[&str]); 3] =
            [("7", &["anna", "Müller, Anna"]), ("8", &["ben"]), ("9", &["cleo", "S9"])];
        let Matching { claims, unmatched } =
            matched(&students, &["cleo#8", "MÜLLER, ANNA ", "s9", "zoe"]);
        assert_eq!(claims, [of("MÜLLER, ANNA "), of("cleo#8"), of("s9")]);
        assert_eq!(unmatched, BTreeMap::from([("zoe".to_owned(), Why::Unknown)]));
        // Who is called so exactly has it before others.
        let students: [(&str, &[&str]); 2] = [("", &["Anna"]), ("", &["anna"])];
        let Matching { claims, unmatched } = matched(&students, &["anna", "ANNA"]);
        assert_eq!((claims, unmatched.len()), (vec![of("ANNA"), of("anna")], 0));
    }

    #[test]
    fn what_cannot_be_graded_is_of_those_who_have_nothing_better() {
        let students: [(&str, &[&str]); 2] = [("7", &["anna"]), ("8", &["ben"])];
        let Matching { claims, unmatched } =
            matched_with(&students, [&["layers#7", "ANNA"], &["report#7", "report#8", "x"]]);
        assert_eq!(claims, [of("layers#7"), of("report#8")]);
        let expected = [("ANNA", Why::Taken(0)), ("report#7", Why::Taken(0)), ("x", Why::Unknown)];
        assert_eq!(unmatched, expected.map(|(id, why)| (id.to_owned(), why)).into());
    }

    #[test]
    fn a_name_is_the_same_however_its_accents_and_apostrophes_are_stored() {
        let students: [(&str, &[&str]); 4] = [
            ("", &["o'brien"]),
            ("", &["M\u{fc}ller, Ren\u{e9}"]),
            ("", &["d\u{2019}arc"]),
            ("", &["Nguye\u{302}\u{303}n"]),
        ];
        let ids = ["O\u{2019}Brien", "Mu\u{308}ller, Rene\u{301}", "d'arc", "nguy\u{1ec5}n"];
        let Matching { claims, unmatched } = matched(&students, &ids);
        assert_eq!((claims, unmatched), (ids.map(of).to_vec(), BTreeMap::new()));
    }

    #[test]
    fn who_handed_in_what_cannot_be_graded_or_two_things_has_not_handed_in_nothing() {
        let students: [(&str, &[&str]); 4] =
            [("", &["anna"]), ("", &["ben"]), ("", &["cleo"]), ("", &["d.e"])];
        let hand_ins = ["ben.py", "ben.zip", "cleo.x"];
        let others = ["Anna.pdf", "d.e", "cleo.x.docx"];
        let Matching { claims, unmatched } = matched_with(&students, [&hand_ins, &others]);
        let both = Claim::Unclear(vec!["ben.py".to_owned(), "ben.zip".to_owned()]);
        assert_eq!(claims, [of("Anna.pdf"), both, Claim::Nothing, of("d.e")]);
        // A file's own name may have a point in it.
        assert_eq!(unmatched["cleo.x"], Why::Unknown);
    }

    #[test]
    fn what_is_unclear_is_nobodys() {
        let students: [(&str, &[&str]); 3] = [("", &["Anna"]), ("", &["anna"]), ("5", &["ben"])];
        let Matching { claims, unmatched } = matched(&students, &["ANNA", "x#5", "y#5"]);
        let unclear = |ids: &[&str]| Claim::Unclear(ids.iter().map(|&id| id.to_owned()).collect());
        assert_eq!(claims, [unclear(&["ANNA"]), unclear(&["ANNA"]), unclear(&["x#5", "y#5"])]);
        let expected = BTreeMap::from([
            ("ANNA".to_owned(), Why::Several(vec![0, 1])),
            ("x#5".to_owned(), Why::Shared(2)),
            ("y#5".to_owned(), Why::Shared(2)),
        ]);
        assert_eq!(unmatched, expected);
    }
}
