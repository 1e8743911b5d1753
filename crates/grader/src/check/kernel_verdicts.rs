//! A case held against the kernels, which are the reference: a new case must pass.

use std::slice;

use crate::check::kernel_answers::compare_kernels_with;
use crate::check::notebook::notebook_suite;
use crate::fixture::Case;
use crate::submission::{Failure, Kernels};
use crate::verdict::{CheckOutcome, Verdict};

/// The verdicts on the kernels' answers to a case: an output role each, then the notebook's tests.
///
/// # Errors
///
/// [`Failure`] when a kernel refuses the inputs, and for a training.
pub fn kernel_verdicts(case: &Case) -> Result<Vec<Verdict>, Failure> {
    let compared = compare_kernels_with(case)?.into_iter().map(|(role, compared)| {
        let outcome = match compared {
            Ok(()) => CheckOutcome::Passed,
            Err(finding) => CheckOutcome::Failed { findings: vec![finding] },
        };
        Verdict::new(role, &case.name, outcome, "")
    });
    let notebook = notebook_suite(&Kernels, slice::from_ref(case));
    Ok(compared.chain(notebook.verdicts).collect())
}
