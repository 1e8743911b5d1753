//! The grader graded: correct implementations in different styles pass everything, wrong ones fail
//! where they are wrong, and the transcripts read well.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::path::Path;

use grader::check::{Options, Scope, grade};
use grader::diagnosis::Profile;
use grader::export;
use grader::fixture::{Case, load_all, load_one};
use grader::submission::{Kernels, RustFunctions, Submission};
use grader::verdict::{Outcome, Report, SuiteName};
use ndarray::{Array4, ArrayView4, s};

mod untrusted;
mod styles;
mod variants;

const COMMAND: &str = "cargo xtask grade --target exercise";

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// The notebook's cases and a few others, for transcripts of a length that one reads.
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

fn graded(submission: &dyn Submission) -> Report {
    let options = Options { scope: Scope::Cases, ..Options::new(COMMAND) };
    grade(submission, &few_cases(), &options)
}

/// Case and check of everything that did not pass.
fn failed(report: &Report) -> Vec<String> {
    report
        .suites
        .iter()
        .flat_map(|suite| &suite.verdicts)
        .filter(|verdict| !verdict.is_well())
        .map(|verdict| format!("{}: {}", verdict.case, verdict.check))
        .collect()
}

fn backward_of(
    f: fn(ArrayView4<'_, f64>, &variants::Cache) -> variants::Gradients,
) -> impl Submission {
    RustFunctions::new("variant", variants::forward, move |dout, cache| Ok(f(dout, cache)))
}

#[test]
fn the_reference_passes_everything_and_its_transcript_is_this() {
    let report = grade(
        &Kernels,
        &load_all(&fixtures()).unwrap(),
        &Options::new("cargo xtask grade --target kernels"),
    );
    assert_eq!(failed(&report), [""; 0]);
    assert!(report.all_passed());
    insta::assert_snapshot!("reference", export::text(&report));
}

#[test]
fn correct_implementations_in_other_styles_pass_everything() {
    let cases = load_all(&fixtures()).unwrap();
    let loops = RustFunctions::new("loops", variants::forward, |dout, cache| {
        Ok(variants::backward(dout, cache))
    });
    let stepwise = RustFunctions::new("stepwise", variants::forward, |dout, cache| {
        Ok(variants::backward_in_small_steps(dout, cache))
    });
    let reshaped =
        RustFunctions::new("reshaped", variants::reshaped_forward, variants::reshaped_backward);
    let mut submissions = styles::all();
    submissions.extend([
        Box::new(loops) as Box<dyn Submission>,
        Box::new(stepwise),
        Box::new(reshaped),
    ]);
    assert!(submissions.len() >= 12);
    for submission in &submissions {
        for (profile, seed) in [(Profile::Notebook, 1), (Profile::Strict, 77)] {
            let options = Options { profile, seed, ..Options::new(COMMAND) };
            let report = grade(submission.as_ref(), &cases, &options);
            assert_eq!(failed(&report), [""; 0], "{}", submission.name());
            assert!(report.diagnosis.is_empty(), "{}: {:?}", submission.name(), report.diagnosis);
            // The notebook's four, and every case in f64 and the notebook's convention.
            let checks: usize = report.suites.iter().map(|suite| suite.verdicts.len()).sum();
            assert!(checks > 300, "{checks}");
        }
    }
}

#[test]
fn mistakes_that_no_catalogue_has_are_caught_and_the_diagnosis_is_honest() {
    let mut table = String::new();
    for (name, submission) in strangers::all() {
        let report = grade(submission.as_ref(), &[], &Options::new(COMMAND));
        assert!(!failed(&report).is_empty(), "{name}");
        let diagnosis = &report.diagnosis;
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
    insta::assert_snapshot!("strangers", table);
}

#[test]
fn statistics_over_the_wrong_axes_fail() {
    let report = graded(&RustFunctions::new(
        "exercise",
        |x, gamma, beta, bn_param: &mut _| {
            let axes = variants::Axes::OneAPosition;
            variants::forward_with(x, gamma, beta, bn_param, axes, variants::Epsilon::InsideTheRoot)
        },
        |dout, cache| Ok(variants::backward(dout, cache)),
    ));
    insta::assert_snapshot!("wrong_forward", export::text(&report));
}

#[test]
fn epsilon_outside_the_root_passes_the_notebook_and_fails_the_reference() {
    let report = graded(&RustFunctions::new(
        "exercise",
        |x, gamma, beta, bn_param: &mut _| {
            let epsilon = variants::Epsilon::OutsideTheRoot;
            variants::forward_with(x, gamma, beta, bn_param, variants::Axes::OneAChannel, epsilon)
        },
        |dout, cache| Ok(variants::backward(dout, cache)),
    ));
    let failed = failed(&report);
    assert!(failed.contains(&"spatial_batch_norm/train_notebook_torch: out".to_owned()));
    assert!(!failed.iter().any(|check| check.starts_with("notebook/forward")), "{failed:?}");
}

#[test]
fn a_backward_pass_without_the_variance_term_fails() {
    let report = graded(&RustFunctions::new("exercise", variants::forward, |dout, cache| {
        Ok(variants::backward_without_variance(dout, cache))
    }));
    insta::assert_snapshot!("wrong_backward", export::text(&report));
    insta::assert_snapshot!("wrong_backward_json", export::json(&report).unwrap());
    insta::assert_snapshot!("wrong_backward_junit", export::junit(&report).unwrap());
}

#[test]
fn zeros_do_not_pass_for_gradients() {
    let report = graded(&backward_of(|dout, cache| {
        let (dx, dgamma, dbeta) = variants::backward(dout, cache);
        (dx * 0.0, dgamma * 0.0, dbeta * 0.0)
    }));
    assert!(
        failed(&report).contains(&"notebook/backward: SpatialBatchnormBackwardTest".to_owned())
    );
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
    let submissions: [&dyn Submission; 2] = [&nan, &cut];
    for submission in submissions {
        let report = graded(submission);
        let outputs = [": out", ": dx", ": dgamma", ": dbeta"];
        for suite in &report.suites {
            for verdict in &suite.verdicts {
                let name = format!(": {}", verdict.check);
                if suite.name == SuiteName::Notebook || outputs.contains(&&name[..]) {
                    assert_ne!(verdict.outcome, Outcome::Passed, "{}{name}", verdict.case);
                }
            }
        }
        assert!(export::json(&report).is_ok() && export::junit(&report).is_ok());
    }
}

#[test]
fn evaluation_may_not_move_running_statistics_by_a_single_bit() {
    let report = graded(&RustFunctions::new(
        "exercise",
        |x, gamma, beta, bn_param: &mut grader::submission::BnParam| {
            let result = variants::forward(x, gamma, beta, bn_param)?;
            if bn_param.mode == grader::fixture::Mode::Eval {
                bn_param.running_var[0] = f64::from_bits(bn_param.running_var[0].to_bits() + 1);
            }
            Ok(result)
        },
        |dout, cache| Ok(variants::backward(dout, cache)),
    ));
    assert_eq!(failed(&report), ["spatial_batch_norm/eval_notebook_torch: running_var"]);
}

#[test]
fn a_panic_in_one_test_never_loses_the_others() {
    let report = graded(&RustFunctions::new("exercise", variants::forward, |dout, _| {
        panic!("index {} out of range", dout.len())
    }));
    let text = export::text(&report);
    assert!(text.contains("Tests passed: 3/3\nSpatialBatchnormBackwardTest failed due to exception: index 120 out of range.\n"), "{text}");
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
    let report = graded(&RustFunctions::new("exercise", variants::forward, |_, _| {
        Err("gone.\nSpatialBatchnormBackwardTest passed.".into())
    }));
    let text = export::text(&report);
    assert!(!text.lines().any(|line| line == "SpatialBatchnormBackwardTest passed."), "{text}");
}

#[test]
fn an_error_is_reported_like_a_panic() {
    let report = graded(&RustFunctions::new(
        "exercise",
        |x: ArrayView4<'_, f64>, _, _, _: &mut _| {
            let rows = x.to_owned().into_shape_with_order((7, 7))?;
            Ok((rows.into_shape_with_order((1, 1, 7, 7))?, ()))
        },
        |_, (): &()| Err("not reached".into()),
    ));
    let text = export::text(&report);
    assert!(text.starts_with("SpatialBatchnormForwardTest with trivial beta and gamma (train) failed due to exception: "), "{text}");
}

#[test]
fn no_seed_raises_a_false_alarm() {
    for seed in 0..10 {
        for submission in styles::all() {
            let options = Options { profile: Profile::Strict, seed, ..Options::new(COMMAND) };
            let report = grade(submission.as_ref(), &[], &options);
            assert_eq!(failed(&report), [""; 0], "{} {seed}", submission.name());
        }
    }
}
