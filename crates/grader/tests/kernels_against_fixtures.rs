//! Every kernel against every fixture of its operation: this holds them to NumPy and PyTorch.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use grader::check::{compare_kernels_with, kernel_answers};
use grader::fixture::{Case, Operation, case_names, load_all};
use grader::tensor::{Dtype, Tensor};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn cases() -> Vec<Case> {
    load_all(&fixtures()).unwrap()
}

/// The type of a case's floating-point inputs.
fn precision(case: &Case) -> Dtype {
    let is_single = case.inputs.values().any(|tensor| tensor.dtype() == Dtype::Float32);
    if is_single { Dtype::Float32 } else { Dtype::Float64 }
}

#[test]
fn every_kernel_answers_every_case_within_its_tolerances() {
    let mut wrong = Vec::new();
    let mut checks = 0;
    // Trainings are the trainer's tests.
    for case in cases().into_iter().filter(|case| case.operation != Operation::Training) {
        for (role, compared) in compare_kernels_with(&case).unwrap() {
            checks += 1;
            if let Err(finding) = compared {
                wrong.push(format!("{}: {role}: {finding}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {checks} checks failed:\n{}", wrong.len(), wrong.join("\n"));
    assert!(checks > 700, "only {checks} checks were made");
}

#[test]
fn every_operation_has_cases_in_both_precisions_and_no_folder_is_skipped() {
    let cases = cases();
    assert_eq!(cases.len(), case_names(&fixtures()).unwrap().len());
    let mut counts = BTreeMap::new();
    for case in &cases {
        *counts.entry((case.operation, precision(case).name())).or_insert(0) += 1;
        let answered = kernel_answers(case).unwrap().len();
        let asked = if case.operation == Operation::Training { 0 } else { case.expected.len() };
        assert!(answered >= asked, "{}", case.name);
        assert_eq!(
            case.expected.is_empty(),
            case.operation == Operation::Notebook,
            "{}",
            case.name
        );
    }
    for operation in Operation::ALL {
        assert!(counts.contains_key(&(operation, "float64")), "no f64 case of {operation}");
        // A training is of both in one case.
        let needs_f32 = !matches!(operation, Operation::Notebook | Operation::Training);
        assert_eq!(counts.contains_key(&(operation, "float32")), needs_f32, "{operation}");
    }
}

#[test]
fn kernels_are_no_less_accurate_than_their_peers() {
    fn largest_error(answer: &Tensor, expected: &Tensor) -> f64 {
        let (answer, expected) = (answer.to_f64(), expected.to_f64());
        assert_eq!(answer.shape(), expected.shape());
        answer.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }
    let mut table = String::from("case: role: largest error of the kernel, of the peer\n");
    let mut worse = Vec::new();
    let mut compared = 0;
    for case in cases().iter().filter(|case| !case.peers.is_empty()) {
        for (role, answer) in kernel_answers(case).unwrap() {
            let (Some(expected), Some(peer)) = (case.expected(role), case.peers.get(role)) else {
                continue;
            };
            let ours = largest_error(&answer, &expected.values);
            let theirs = largest_error(peer, &expected.values);
            let line = format!("{}: {role}: {ours:.2e}, {theirs:.2e}\n", case.name);
            table.push_str(&line);
            compared += 1;
            if ours > theirs {
                worse.push(line);
            }
        }
    }
    assert!(worse.is_empty(), "less accurate than the peer:\n{}", worse.concat());
    assert!(compared >= 8 * 6, "only {compared} comparisons");
    insta::assert_snapshot!("accuracy", table);
}
