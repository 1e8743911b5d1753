//! Grades the grader: correct implementations in different styles pass everything, wrong ones fail
//! where they are wrong, and the transcripts read well.

use std::fmt::Write as _;
use std::path::Path;

use grader::check::{Options, Scope};
use grader::diagnosis::Profile;
use grader::export::{self, Detail};
use grader::fixture::{Case, load_all, load_one};
use grader::grading::{Grading, grade};
use grader::report::SuiteName;
use grader::submission::{Kernels, Submission};
use grader::verdict::{CheckOutcome, Verdict};
use ndarray::{Array4, ArrayView4, s};

use rust_functions::RustFunctions;

mod implementations;
mod rust_functions;
mod styles;
mod unknown_mistakes;

const COMMAND: &str = "cargo xtask grade --target exercise";

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// The notebook's cases and a few others, so that transcripts stay short enough to read.
fn few_cases() -> Vec<Case> {
    [
        "notebook/forward_trivial_train",
        "notebook/forward_nontrivial_train",
        "notebook/forward_trivial_test",
        "notebook/backward",
        "batch_norm/train_notebook_torch",
        "spatial_batch_norm/eval_notebook_torch",
        "spatial_batch_norm/float32",
        "spatial_batch_norm/train_notebook_torch",
        "spatial_batch_norm/train_pytorch_torch",
    ]
    .map(|name| load_one(&fixtures(), name).unwrap())
    .to_vec()
}

fn graded(submission: &dyn Submission) -> Grading {
    let options = Options { scope: Scope::Cases, ..Options::default() };
    grade(submission, &few_cases(), &options, COMMAND)
}

/// The case and the check of every verdict that did not pass.
fn failed(grading: &Grading) -> Vec<String> {
    grading
        .report
        .verdicts()
        .filter(|verdict| !verdict.is_well())
        .map(|verdict| format!("{}: {}", verdict.case, verdict.check))
        .collect()
}

fn written(format: &str, grading: &Grading) -> Result<String, export::ExportError> {
    export::format(format).unwrap().write(grading)
}

fn backward_of(
    f: fn(ArrayView4<'_, f64>, &implementations::Cache) -> implementations::Gradients,
) -> impl Submission {
    RustFunctions::new("variant", implementations::forward, move |dout, cache| Ok(f(dout, cache)))
}

#[test]
fn the_reference_passes_everything_and_its_transcript_is_this() {
    let grading = grade(
        &Kernels,
        &load_all(&fixtures()).unwrap(),
        &Options::default(),
        "cargo xtask grade --target kernels",
    );
    assert_eq!(failed(&grading), [""; 0]);
    assert!(grading.report.all_passed());
    insta::assert_snapshot!("reference", export::text(&grading, Detail::Failures));
}

#[test]
fn correct_implementations_in_other_styles_pass_everything() {
    let cases = load_all(&fixtures()).unwrap();
    let loops = RustFunctions::new("loops", implementations::forward, |dout, cache| {
        Ok(implementations::backward(dout, cache))
    });
    let stepwise = RustFunctions::new("stepwise", implementations::forward, |dout, cache| {
        Ok(implementations::backward_in_small_steps(dout, cache))
    });
    let reshaped = RustFunctions::new(
        "reshaped",
        implementations::reshaped_forward,
        implementations::reshaped_backward,
    );
    let mut submissions = styles::all();
    submissions.extend([
        Box::new(loops) as Box<dyn Submission>,
        Box::new(stepwise),
        Box::new(reshaped),
    ]);
    assert!(submissions.len() >= 12);
    for submission in &submissions {
        for (profile, seed) in [(Profile::Notebook, 1), (Profile::Strict, 77)] {
            let options = Options { profile, seed, ..Options::default() };
            let grading = grade(submission.as_ref(), &cases, &options, COMMAND);
            assert_eq!(failed(&grading), [""; 0], "{}", submission.name());
            assert!(grading.diagnosis.is_empty(), "{}: {:?}", submission.name(), grading.diagnosis);
            // The notebook's four, and every case in f64 and the notebook's convention.
            let checks = grading.report.verdicts().count();
            assert!(checks > 300, "{checks}");
        }
    }
}

#[test]
fn mistakes_that_no_catalogue_has_are_caught_and_the_diagnosis_is_honest() {
    let mut table = String::new();
    for (name, submission) in unknown_mistakes::all() {
        let grading = grade(submission.as_ref(), &[], &Options::default(), COMMAND);
        assert!(!failed(&grading).is_empty(), "{name}");
        let diagnosis = &grading.diagnosis;
        assert!(!diagnosis.is_empty(), "{name}");
        let named: Vec<&str> = diagnosis
            .found
            .iter()
            .flat_map(|found| found.alternatives.iter().flatten())
            .map(|mistake| mistake.id)
            .collect();
        let unknown: Vec<String> = diagnosis.unexplained.iter().map(ToString::to_string).collect();
        writeln!(table, "{name}: no known mistake in {unknown:?}, named {named:?}").unwrap();
    }
    insta::assert_snapshot!("unknown_mistakes", table);
}

#[test]
fn statistics_over_the_wrong_axes_fail() {
    let grading = graded(&RustFunctions::new(
        "exercise",
        |x, gamma, beta, bn_param: &mut _| {
            let axes = implementations::Axes::OneAPosition;
            implementations::forward_with(
                x,
                gamma,
                beta,
                bn_param,
                axes,
                implementations::Epsilon::InsideTheRoot,
            )
        },
        |dout, cache| Ok(implementations::backward(dout, cache)),
    ));
    insta::assert_snapshot!("wrong_forward", export::text(&grading, Detail::Failures));
}

#[test]
fn epsilon_outside_the_root_passes_the_notebook_and_fails_the_reference() {
    let grading = graded(&RustFunctions::new(
        "exercise",
        |x, gamma, beta, bn_param: &mut _| {
            let epsilon = implementations::Epsilon::OutsideTheRoot;
            implementations::forward_with(
                x,
                gamma,
                beta,
                bn_param,
                implementations::Axes::OneAChannel,
                epsilon,
            )
        },
        |dout, cache| Ok(implementations::backward(dout, cache)),
    ));
    let failed = failed(&grading);
    assert!(failed.contains(&"spatial_batch_norm/train_notebook_torch: out".to_owned()));
    assert!(!failed.iter().any(|check| check.starts_with("notebook/forward")), "{failed:?}");
}

#[test]
fn a_backward_pass_without_the_variance_term_fails() {
    let grading =
        graded(&RustFunctions::new("exercise", implementations::forward, |dout, cache| {
            Ok(implementations::backward_without_variance(dout, cache))
        }));
    insta::assert_snapshot!("wrong_backward", export::text(&grading, Detail::Failures));
    insta::assert_snapshot!("wrong_backward_json", written("json", &grading).unwrap());
    insta::assert_snapshot!("wrong_backward_junit", written("junit", &grading).unwrap());
}

#[test]
fn zeros_do_not_pass_for_gradients() {
    let grading = graded(&backward_of(|dout, cache| {
        let (dx, dgamma, dbeta) = implementations::backward(dout, cache);
        (dx * 0.0, dgamma * 0.0, dbeta * 0.0)
    }));
    assert!(
        failed(&grading).contains(&"notebook/backward: SpatialBatchnormBackwardTest".to_owned())
    );
    // A backward pass that is not written yet follows no convention, and its right shapes are no merit.
    let gradients = ["dx", "dgamma", "dbeta"];
    let is_of_backward = |verdict: &&Verdict| gradients.contains(&verdict.check.as_str());
    let message = "spatial_batchnorm_backward returned nothing but zeros";
    let zeros = CheckOutcome::Raised { message: message.to_owned() };
    let mut of_backward = grading.report.verdicts().filter(is_of_backward).peekable();
    assert!(of_backward.peek().is_some());
    assert!(of_backward.all(|verdict| verdict.outcome == zeros));
}

#[test]
fn nan_and_wrong_shapes_are_failures_and_not_crashes() {
    let nan = RustFunctions::new(
        "nan",
        |x: ArrayView4<'_, f64>, _, _, _: &mut _| Ok((x.mapv(|_| f64::NAN), ())),
        |dout: ArrayView4<'_, f64>, (): &()| {
            let channels = dout.shape()[1];
            let nan = ndarray::Array1::from_elem(channels, f64::NAN);
            Ok((dout.mapv(|_| f64::NAN), nan.clone(), nan))
        },
    );
    let cut = RustFunctions::new(
        "cut",
        |x: ArrayView4<'_, f64>, _, _, _: &mut _| Ok((x.slice(s![.., .., 1.., ..]).to_owned(), ())),
        |_: ArrayView4<'_, f64>, (): &()| {
            Ok((Array4::zeros([1, 1, 1, 1]), Default::default(), Default::default()))
        },
    );
    // What has no number in it equals every mistake that gives none.
    let cases = load_all(&fixtures()).unwrap();
    let diagnosis = grade(&nan, &cases, &Options::default(), COMMAND).diagnosis;
    assert!(diagnosis.found.is_empty() && diagnosis.unexplained.is_empty());

    let submissions: [&dyn Submission; 2] = [&nan, &cut];
    for submission in submissions {
        let grading = graded(submission);
        let outputs = [": out", ": dx", ": dgamma", ": dbeta"];
        for suite in &grading.report.suites {
            for verdict in &suite.verdicts {
                let name = format!(": {}", verdict.check);
                if suite.name == SuiteName::Notebook || outputs.contains(&&name[..]) {
                    assert_ne!(verdict.outcome, CheckOutcome::Passed, "{}{name}", verdict.case);
                }
            }
        }
        assert!(written("json", &grading).is_ok() && written("junit", &grading).is_ok());
    }
}

#[test]
fn evaluation_may_not_move_running_statistics_by_a_single_bit() {
    let grading = graded(&RustFunctions::new(
        "exercise",
        |x, gamma, beta, bn_param: &mut rust_functions::BnParam| {
            let result = implementations::forward(x, gamma, beta, bn_param)?;
            if bn_param.mode == grader::fixture::Mode::Eval {
                bn_param.running_var[0] = f64::from_bits(bn_param.running_var[0].to_bits() + 1);
            }
            Ok(result)
        },
        |dout, cache| Ok(implementations::backward(dout, cache)),
    ));
    assert_eq!(failed(&grading), ["spatial_batch_norm/eval_notebook_torch: running_var"]);
}

#[test]
fn a_panic_in_one_test_never_loses_the_others() {
    let grading = graded(&RustFunctions::new("exercise", implementations::forward, |dout, _| {
        panic!("index {} out of range", dout.len())
    }));
    let text = export::text(&grading, Detail::Failures);
    assert!(text.contains("Tests passed: 3/3\nSpatialBatchnormBackwardTest failed due to exception: index 120 out of range.\n"), "{text}");
    assert!(
        text.contains("\n  3 checks failed due to exception: index 360 out of range.\n"),
        "{text}"
    );
    let text = export::text(&grading, Detail::EveryCheck);
    assert!(
        text.contains("spatial_batch_norm/train_notebook_torch: running_var passed.\n"),
        "{text}"
    );
    assert!(
        text.contains(
            "spatial_batch_norm/train_notebook_torch: dx, dgamma, dbeta failed due to exception:"
        ),
        "{text}"
    );
}

#[test]
fn a_message_cannot_look_like_verdicts() {
    let grading = graded(&RustFunctions::new("exercise", implementations::forward, |_, _| {
        Err("gone.\nSpatialBatchnormBackwardTest passed.".into())
    }));
    let text = export::text(&grading, Detail::Failures);
    assert!(!text.lines().any(|line| line == "SpatialBatchnormBackwardTest passed."), "{text}");
}

#[test]
fn an_error_is_reported_like_a_panic() {
    let grading = graded(&RustFunctions::new(
        "exercise",
        |x: ArrayView4<'_, f64>, _, _, _: &mut _| {
            let rows = x.to_owned().into_shape_with_order((7, 7))?;
            Ok((rows.into_shape_with_order((1, 1, 7, 7))?, ()))
        },
        |_, (): &()| Err("not reached".into()),
    ));
    let text = export::text(&grading, Detail::Failures);
    let message = "ShapeError/IncompatibleShape: incompatible shapes";
    assert!(text.starts_with(&format!("{message}: no call got any further.\n")), "{text}");
    assert!(text.contains(&format!("\nSpatialBatchnormForwardTest with trivial beta and gamma (train) failed due to exception: {message}.\n")), "{text}");
}

#[test]
fn no_seed_raises_a_false_alarm() {
    for seed in 0..10 {
        for submission in styles::all() {
            let options = Options { profile: Profile::Strict, seed, ..Options::default() };
            let grading = grade(submission.as_ref(), &[], &options, COMMAND);
            assert_eq!(failed(&grading), [""; 0], "{} {seed}", submission.name());
        }
    }
}
