//! Marks by rubrics, and the formats that carry them.

use std::path::{Path, PathBuf};

use grader::check::{Options, known_checks};
use grader::diagnosis::{CATALOGUE, Variant};
use grader::export::{self, Detail};
use grader::fixture::load_all;
use grader::grading::{Grading, grade};
use grader::report::CheckId;
use grader::rubric::Rubric;
use grader::submission::{
    Answer, AskedMode, Backward, Failure, Gradients, Kernels, Outputs, Script, Step, StepOutput,
    Submission,
};
use grader::tensor::Tensor;
use serde::Deserialize;
use serde_json::Value;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn graded(submission: &dyn Submission) -> Grading {
    let cases = load_all(&fixtures()).unwrap();
    grade(submission, &cases, &Options::default(), "cargo xtask grade")
}

/// The grading in the format of this name.
fn written(format: &str, grading: &Grading) -> String {
    export::format(format).unwrap().write(grading).unwrap()
}

fn with_mistake(id: &str) -> Variant {
    let mistake = CATALOGUE.iter().find(|mistake| mistake.id == id).unwrap();
    Variant::with([mistake])
}

fn exam() -> Rubric {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("rubrics/exam.toml");
    Rubric::load(&path).unwrap()
}

#[test]
fn known_checks_are_those_that_are_made() {
    let known = known_checks(&load_all(&fixtures()).unwrap());
    let grading = graded(&Kernels);
    let made: Vec<_> = grading.report.verdicts().collect();
    // The kernels are not asked what they refuse as PyTorch does.
    let is_asked = |id: &&CheckId| id.case != "behaviour/one_value_per_channel";
    let known: Vec<&CheckId> = known.iter().filter(is_asked).collect();
    assert_eq!(known.len(), made.len());
    assert!(made.iter().zip(&known).all(|(v, id)| v.case == id.case && v.check == id.check));
}

#[test]
fn the_rubrics_of_this_crate_name_checks_that_there_are() {
    let known = known_checks(&load_all(&fixtures()).unwrap());
    for (rubric, points) in [(Rubric::preset().unwrap(), 100.0), (exam(), 10.0)] {
        rubric.validate(&known).unwrap();
        let mut grading = graded(&Kernels);
        grading.mark(&rubric);
        let marks = grading.marks.unwrap();
        assert_eq!(marks.out_of.to_f64(), points);
        assert_eq!(marks.scored.to_f64(), points);
    }
}

const RUBRIC: &str = r#"
[[entry]]
name = "all"
checks = ["notebook/*"]
points = 2

[[entry]]
name = "part"
checks = ["spatial_batch_norm/two_values_a_channel"]
points = 1
award = "proportional"

[[entry]]
name = "secret"
checks = ["random/train:running_var", "random/train:out"]
points = 4
award = "proportional"
hidden = true
"#;

#[test]
fn points_are_all_or_nothing_or_in_proportion_and_hidden_checks_count() {
    let mut grading = graded(&with_mistake("running_var_with_epsilon"));
    grading.mark(&Rubric::parse(RUBRIC, "rubric.toml").unwrap());
    let marks = grading.marks.as_ref().unwrap();
    let scored: Vec<f64> = marks.entries.iter().map(|entry| entry.scored.to_f64()).collect();
    let checks: Vec<_> = marks.entries.iter().map(|entry| (entry.passed, entry.asked)).collect();
    // The running variance is one of six results, and one of the two hidden ones.
    assert_eq!(checks, [(4, 4), (5, 6), (1, 2)]);
    assert_eq!(scored, [2.0, 0.83, 2.0]);
    assert_eq!((marks.scored.to_f64(), marks.out_of.to_f64()), (4.83, 7.0));

    let text = export::text(&grading, Detail::Failures);
    let (_, marks) = text.split_once("\nMarks: ").unwrap();
    assert_eq!(
        marks,
        "4.83 of 7\n  2 of 2        all (4 of 4 checks)\n  0.83 of 1     part (5 of 6 checks)\n  \
         2 of 4        Hidden checks (1 of 2 checks)\n"
    );
}

#[test]
fn students_do_not_see_what_is_hidden() {
    let mut grading = graded(&with_mistake("running_var_with_epsilon"));
    grading.mark(&exam());
    let shown = [
        export::text(&grading, Detail::Failures),
        written("json", &grading),
        written("junit", &grading),
        written("exercism", &grading),
        export::first_failure(&grading),
    ];
    for text in shown {
        assert!(!text.contains("random/") && !text.contains("nobody has seen"), "{text}");
    }
    let results: Gradescope = serde_json::from_str(&written("gradescope", &grading)).unwrap();
    for test in &results.tests {
        assert_eq!(test.output.contains("random/"), test.visibility == Visibility::Hidden);
    }
}

#[test]
fn a_submission_is_never_passed_as_a_whole_by_hiding_what_fails() {
    let rubric = RUBRIC.replace("\"random/train:out\"", "\"*\"");
    let mut grading = graded(&with_mistake("running_var_with_epsilon"));
    grading.mark(&Rubric::parse(&rubric, "rubric.toml").unwrap());
    let json: Value = serde_json::from_str(&written("json", &grading)).unwrap();
    assert_eq!(json["all_passed"], false);
    // What remains is which cases were not asked.
    for suite in json["suites"].as_array().unwrap() {
        assert_eq!(suite["total"], 0);
    }
    let results: Exercism = serde_json::from_str(&written("exercism", &grading)).unwrap();
    assert!(results.status == Status::Error && results.tests.is_empty());
    assert_eq!(results.message.unwrap(), "Hidden checks failed.");
}

#[test]
fn a_rubric_with_a_slip_names_file_and_field() {
    let known = known_checks(&load_all(&fixtures()).unwrap());
    let edits = [
        ("points = 2", "points = -2"),
        ("points = 2", "points = 0.001"),
        ("points = 2", "points = \"2\""),
        ("points = 2", "point = 2"),
        ("points = 2\n", ""),
        ("award = \"proportional\"", "award = \"some\""),
        ("name = \"part\"", "name = \"all\""),
        ("name = \"part\"", "name = \" \""),
        ("checks = [\"notebook/*\"]", "checks = []"),
        ("notebook/*", "notebok/*"),
        ("random/train:out", "random/train:output"),
        ("points = 2\n", "points = 2\nneeds = [\"random/trian\"]\n"),
        ("[[entry]]", "[[entry]"),
        (RUBRIC, "# Nothing\n"),
        ("\n[[entry]]", "title = \"Exam\"\n\n[[entry]]"),
    ];
    let mut messages = String::new();
    for (from, to) in edits {
        assert!(RUBRIC.contains(from));
        let text = RUBRIC.replacen(from, to, 1);
        let rubric = Rubric::parse(&text, "rubric.toml");
        let error = rubric.and_then(|rubric| rubric.validate(&known)).unwrap_err();
        messages += &format!("# {}\n{error}\n\n", to.trim_end());
    }
    insta::assert_snapshot!("rubric_errors", messages);
    let message = Rubric::load(Path::new("nowhere.toml")).unwrap_err().to_string();
    assert_eq!(message, "nowhere.toml: the rubric cannot be read");
}

/// The fields of Gradescope's results that its specification publishes, and no others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "that they are read is the test")]
struct Gradescope {
    score: Option<f64>,
    execution_time: Option<f64>,
    output: Option<String>,
    output_format: Option<OutputFormat>,
    test_output_format: Option<OutputFormat>,
    test_name_format: Option<OutputFormat>,
    visibility: Option<Visibility>,
    stdout_visibility: Option<Visibility>,
    extra_data: Option<Value>,
    #[serde(default)]
    tests: Vec<GradescopeTest>,
    #[serde(default)]
    leaderboard: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "that they are read is the test")]
struct GradescopeTest {
    score: f64,
    max_score: f64,
    status: GradescopeStatus,
    name: String,
    name_format: Option<OutputFormat>,
    number: Option<String>,
    output: String,
    output_format: Option<OutputFormat>,
    #[serde(default)]
    tags: Vec<String>,
    visibility: Visibility,
    extra_data: Option<Value>,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(rename_all = "snake_case")]
enum GradescopeStatus {
    Passed,
    Failed,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutputFormat {
    Text,
    Html,
    SimpleFormat,
    Md,
    Ansi,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(rename_all = "snake_case")]
enum Visibility {
    Hidden,
    AfterDueDate,
    AfterPublished,
    Visible,
}

/// The fields of Exercism's results that its test runner interface publishes, and no others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exercism {
    version: u8,
    status: Status,
    message: Option<String>,
    tests: Vec<ExercismTest>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExercismTest {
    name: String,
    status: Status,
    message: Option<String>,
    output: Option<String>,
    test_code: Option<String>,
    task_id: Option<u8>,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(rename_all = "snake_case")]
enum Status {
    Pass,
    Fail,
    Error,
}

/// Numbers cut after their tenth decimal: the last digits of what is expected are the kernels' own
/// affair.
fn shortened(text: &str) -> String {
    let mut decimals = None;
    let is_kept = |character: &char| {
        decimals = match (character, decimals) {
            ('.', _) => Some(0),
            ('0'..='9', Some(count)) => Some(count + 1),
            _ => None,
        };
        decimals.is_none_or(|count| count <= 10)
    };
    text.chars().filter(is_kept).collect()
}

#[test]
fn gradescope_gets_its_published_fields() {
    for (submission, right) in
        [(&Kernels as &dyn Submission, true), (&with_mistake("running_var_with_epsilon"), false)]
    {
        let mut grading = graded(submission);
        assert!(export::format("gradescope").unwrap().write(&grading).is_err());
        grading.mark(&exam());
        grading.seconds = Some(1.25);
        let text = written("gradescope", &grading);
        let results: Gradescope = serde_json::from_str(&text).unwrap();
        assert_eq!(results.execution_time, Some(1.25));
        assert_eq!(results.score == Some(10.0), right);
        assert_eq!(results.stdout_visibility, Some(Visibility::Hidden));
        let score: f64 = results.tests.iter().map(|test| test.score).sum();
        assert!((results.score.unwrap() - score).abs() < 1e-9);
        for test in &results.tests {
            let full = test.score == test.max_score;
            assert_eq!(test.status == GradescopeStatus::Passed, full, "{}", test.name);
        }
        if !right {
            insta::assert_snapshot!("gradescope", shortened(&text));
        }
    }
}

#[test]
fn exercism_gets_its_published_fields() {
    let read = |grading: &Grading| -> Exercism {
        serde_json::from_str(&written("exercism", grading)).unwrap()
    };
    let right = read(&graded(&Kernels));
    assert_eq!((right.version, right.message), (3, None));
    assert!(right.status == Status::Pass && right.tests.iter().all(|t| t.status == Status::Pass));

    let mut grading = graded(&with_mistake("dx_without_variance_term"));
    let wrong = read(&grading);
    assert!(wrong.status == Status::Fail && wrong.message.is_none());
    for test in &wrong.tests {
        assert!(test.status == Status::Pass || test.message.is_some());
        assert!(test.output.is_none() && test.test_code.is_some());
        let backward = ["dx", "dgamma", "dbeta"].iter().any(|role| test.name.ends_with(role));
        assert!(!backward || test.name.starts_with("behaviour/") || test.task_id == Some(2));
    }
    let first = wrong.tests.iter().find(|test| test.status == Status::Fail).unwrap();
    assert!(first.message.as_ref().unwrap().contains("What is wrong, by the numbers:"));

    grading.report.suites.retain_mut(|suite| {
        suite.verdicts.truncate(2);
        suite.name == grader::report::SuiteName::Random
    });
    for verdict in grading.report.suites.iter_mut().flat_map(|suite| &mut suite.verdicts) {
        verdict.outcome = grader::verdict::CheckOutcome::Raised { message: "not yet".to_owned() };
    }
    let raised = read(&grading);
    assert!(raised.status == Status::Error && raised.message.unwrap().contains("not yet"));
}

#[test]
fn the_first_failure_is_told_with_its_diagnosis() {
    let grading = graded(&with_mistake("dx_without_variance_term"));
    insta::assert_snapshot!("first_failure", export::first_failure(&grading));
    let right = export::first_failure(&graded(&Kernels));
    assert!(right.starts_with("Checks passed: ") && right.lines().count() == 1);
}

/// Answers every call with the same kind of nothing.
struct Nothing {
    /// Makes a result of the argument of the same shape.
    result: fn(&Tensor) -> Tensor,
    /// The running statistics after a call, of those before it.
    running: fn(&Tensor) -> Tensor,
    /// Whether a mode that does not exist is refused.
    refuses: bool,
}

impl Submission for Nothing {
    fn name(&self) -> &str {
        "nothing"
    }

    fn run(&self, script: &Script) -> Answer {
        let step = |step: &Step| {
            if self.refuses && step.mode == AskedMode::Unknown {
                return Err(Failure::Refused("no such mode".to_owned()));
            }
            Ok(StepOutput {
                out: (self.result)(&step.x),
                running_mean: Some((self.running)(&script.running_mean)),
                running_var: Some((self.running)(&script.running_var)),
                touched: Vec::new(),
            })
        };
        let backward = |backward: &Backward| {
            let gamma = &script.steps[backward.step].gamma;
            let dgamma = (self.result)(gamma);
            let dx = (self.result)(&backward.dout);
            Ok(Gradients { dx, dbeta: dgamma.clone(), dgamma, touched: Vec::new() })
        };
        Ok(Outputs {
            steps: script.steps.iter().map(step).collect(),
            gradients: script.backwards.iter().map(backward).collect(),
        })
    }
}

/// An array of the same shape and type with this value everywhere.
fn filled(like: &Tensor, value: f64) -> Tensor {
    match like {
        Tensor::Float32(array) => Tensor::Float32(array.mapv(|_| value as f32)),
        Tensor::Float64(_) | Tensor::Int64(_) | Tensor::Bool(_) => {
            Tensor::Float64(like.to_f64().mapv(|_| value))
        }
    }
}

#[test]
fn what_computes_nothing_gets_nothing_by_the_default_rubric() {
    let cases = load_all(&fixtures()).unwrap();
    let kinds: [fn(&Tensor) -> Tensor; 5] = [
        Tensor::clone,
        |like| filled(like, 0.0),
        |like| filled(like, 1.0),
        |like| filled(like, f64::NAN),
        |_| Tensor::Float64(ndarray::ArrayD::zeros(ndarray::IxDyn(&[0]))),
    ];
    let runnings: [fn(&Tensor) -> Tensor; 3] =
        [Tensor::clone, |like| filled(like, 0.0), |like| filled(like, f64::NAN)];
    for (kind, result) in kinds.into_iter().enumerate() {
        // Each of them with one kind of running statistics, and all with those left alone.
        for running in [runnings[0], runnings[kind % 3]] {
            let mut grading =
                grade(&Nothing { result, running, refuses: true }, &cases, &Options::default(), "");
            grading.mark(&Rubric::preset().unwrap());
            let marks = grading.marks.unwrap();
            assert_eq!(marks.scored.to_f64(), 0.0, "kind {kind}: {marks:#?}");
            // It is the evidence that is missing: some checks do pass.
            assert!(marks.entries.iter().any(|entry| entry.passed > 0), "kind {kind}");
        }
    }
}

#[test]
fn points_that_need_evidence_are_given_if_one_of_the_named_checks_passes_or_none_is_asked() {
    let mut grading = graded(&with_mistake("running_var_with_epsilon"));
    for (needs, scored) in [
        (r#"["random/train:running_var"]"#, 0.0),
        (r#"["random/train:running_var", "random/train:out"]"#, 2.0),
        (r#"["behaviour/one_value_per_channel"]"#, 2.0),
        ("[]", 2.0),
    ] {
        let entry = "[[entry]]\nname = \"a\"\nchecks = [\"notebook/*\"]\npoints = 2\n";
        let rubric = format!("{entry}needs = {needs}\n");
        grading.mark(&Rubric::parse(&rubric, "rubric.toml").unwrap());
        assert_eq!(grading.marks.as_ref().unwrap().scored.to_f64(), scored, "{needs}");
    }
}
