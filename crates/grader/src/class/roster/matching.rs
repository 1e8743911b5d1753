//! Which hand-in is whose.

use std::collections::BTreeMap;

use crate::class::roster::platform::{Downloaded, Student};

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
const RULES: [fn(&Student, &Name<'_>) -> bool; 3] = [
    |student, name| student.number.is_some() && student.number.as_deref() == name.number,
    |student, name| student.keys.iter().any(|key| key == name.id),
    |student, name| student.keys.iter().any(|key| folded(key) == name.folded),
];

/// The name of a hand-in.
struct Name<'a> {
    id: &'a str,
    folded: String,
    number: Option<&'a str>,
}

/// A name in small letters, without blanks around it.
pub(crate) fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Which of these hand-ins is whose, and then, among the students who have none, which of the others, that
/// cannot be graded. `downloaded` reads a platform's names of hand-ins.
pub(crate) fn matching<'a>(
    students: &[Student],
    [hand_ins, others]: [&[&'a str]; 2],
    downloaded: fn(&str) -> Option<Downloaded<'_>>,
) -> Matching {
    let name = |&id: &&'a str| Name {
        id,
        folded: folded(id),
        number: downloaded(id).map(|found| found.number),
    };
    let mut claims = vec![Claim::Nothing; students.len()];
    let mut unmatched = BTreeMap::new();
    let mut rest = Vec::new();
    for hand_ins in [hand_ins, others] {
        let mut open: Vec<Name<'_>> = hand_ins.iter().map(name).collect();
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
        fn downloaded(name: &str) -> Option<Downloaded<'_>> {
            name.split_once('#').map(|(name, number)| Downloaded { name, number })
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
