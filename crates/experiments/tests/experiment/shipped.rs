//! The studies that come with the workspace, each as a quick look at the built-in data set.

use std::fs;

use study::shipped::SHIPPED;

use super::experiment;

const ALL: [&str; 4] = ["--all", "--quick", "--dataset=synthetic", "--cells=cells"];

/// The numbers are those that the hashes and the accuracy table hold; here it is seen that each study trains,
/// and what its report says of it.
#[test]
#[ignore = "trains over a hundred networks; .ci/run asks for it"]
fn every_shipped_study_has_a_report_of_a_quick_look() {
    let folder = tempfile::tempdir().unwrap();
    let output = experiment(folder.path(), &[&ALL[..], &["--out=reports"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for study in SHIPPED {
        let report = folder.path().join("reports").join(study.name).join("README.md");
        let report = fs::read_to_string(report).unwrap();
        insta::assert_snapshot!(format!("shipped_{}", study.name), report);
    }
    let (trained, cells) = total(&list(folder.path()));
    assert_eq!(trained, cells);
}

/// A cell of several studies counts once.
#[test]
fn the_list_of_all_studies_has_a_line_for_each_and_their_sum() {
    let folder = tempfile::tempdir().unwrap();
    let list = list(folder.path());
    let lines: Vec<Vec<&str>> =
        list.lines().map(|line| line.split_whitespace().collect()).collect();
    let named: Vec<&str> = lines[1..=SHIPPED.len()].iter().map(|line| line[4]).collect();
    assert_eq!(named, SHIPPED.iter().map(|study| study.name).collect::<Vec<_>>());
    let cells = |line: &Vec<&str>| line[0].parse::<usize>().unwrap();
    let sum: usize = lines[1..=SHIPPED.len()].iter().map(cells).sum();
    assert_eq!(total(&list), (0, sum));
    // Two networks with two heads; seeds-are-not-enough has these and no others.
    let of = |name: &str| cells(lines.iter().find(|line| line.last() == Some(&name)).unwrap());
    assert_eq!([of("headline"), of("seeds-are-not-enough")], [4, 0]);
}

#[test]
fn all_studies_are_no_part_of_one() {
    let folder = tempfile::tempdir().unwrap();
    for other in ["depth", "--shard=1/2", "--cell=0123", "--requeue=1"] {
        let output = experiment(folder.path(), &[&ALL[..], &[other]].concat());
        assert_eq!(output.status.code(), Some(2), "{other}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains("'--all' cannot be used with"), "{errors}");
    }
}

fn list(folder: &std::path::Path) -> String {
    let output = experiment(folder, &[&ALL[..], &["--list"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The trained cells and all, by the last line.
fn total(list: &str) -> (usize, usize) {
    let line = list.lines().last().unwrap();
    let number = |text: &str| text.split_whitespace().next().unwrap().parse().unwrap();
    let (_, trained) = line.split_once(": ").unwrap();
    (number(trained), number(line))
}
