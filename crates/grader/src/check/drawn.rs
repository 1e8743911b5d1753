//! The random suite: cases drawn from a seed and answered by the kernels, so that stored answers are
//! of no use.

use crate::check::hint;
use crate::check::question::{Question, Questions};
use crate::check::recipe::{Parameters, Recipe};
use crate::check::tolerances::{DRAWN, DRAWN_F32, DRAWN_F32_MEAN_1E3, DRAWN_MEAN_1E6};
use crate::check::values::{IN_EVALUATION, compare_role, roles};
use crate::diagnosis::ConventionPolicy;
use crate::fixture::Mode;
use crate::report::SuiteName;
use crate::submission::{Answer, AskedMode, Kernels, Outputs, Script, Submission};
use crate::tensor::{Dtype, Tensor};
use crate::verdict::{CheckOutcome, Finding, Verdict};

/// Names of the suite's cases begin with this.
pub(crate) const PREFIX: &str = "random/";

/// One case: its name, how its inputs are drawn, and its forward passes.
struct DrawnCase {
    name: &'static str,
    recipe: Recipe,
    modes: &'static [AskedMode],
    tolerance: f64,
}

const TRAIN: &[AskedMode] = &[AskedMode::Train];
const EVAL: &[AskedMode] = &[AskedMode::Eval];
const TRAIN_EVAL: &[AskedMode] = &[AskedMode::Train, AskedMode::Eval];
const BATCHES: &[AskedMode] =
    &[AskedMode::Train, AskedMode::Train, AskedMode::Train, AskedMode::Eval];

fn cases(seed: u64) -> Vec<DrawnCase> {
    let mut stream = 0;
    let mut case = |name, modes, special: fn(&mut Recipe)| {
        stream += 1;
        let mut recipe = Recipe::new(seed, stream);
        special(&mut recipe);
        let tolerance = match recipe.dtype {
            Dtype::Float32 if recipe.mean >= 1e3 => DRAWN_F32_MEAN_1E3,
            Dtype::Float32 => DRAWN_F32,
            Dtype::Float64 if recipe.mean >= 1e6 => DRAWN_MEAN_1E6,
            Dtype::Float64 | Dtype::Int64 | Dtype::Bool => DRAWN,
        };
        DrawnCase { name, recipe, modes, tolerance }
    };
    vec![
        case("train", TRAIN, |_| {}),
        case("eval", EVAL, |_| {}),
        case("several_batches", BATCHES, |_| {}),
        case("momentum_zero", BATCHES, |recipe| recipe.momentum = 0.0),
        case("momentum_third", BATCHES, |recipe| recipe.momentum = 0.3),
        case("momentum_one", BATCHES, |recipe| recipe.momentum = 1.0),
        case("eps_1e-12", TRAIN_EVAL, |recipe| recipe.eps = 1e-12),
        case("eps_half", TRAIN, |recipe| recipe.eps = 0.5),
        case("eps_half_eval", EVAL, |recipe| recipe.eps = 0.5),
        case("gamma_negative", TRAIN_EVAL, |recipe| recipe.parameters = Parameters::Negative),
        case("gamma_zero", TRAIN_EVAL, |recipe| recipe.parameters = Parameters::Zero),
        case("gamma_whole", TRAIN_EVAL, |recipe| recipe.parameters = Parameters::Whole),
        case("gamma_integer", TRAIN_EVAL, |recipe| recipe.parameters = Parameters::Integers),
        case("width_equals_channels", TRAIN_EVAL, |recipe| {
            recipe.shape = [2, 4, 3, 4];
        }),
        case("all_axes_equal", TRAIN_EVAL, |recipe| recipe.shape = [3; 4]),
        case("one_image", TRAIN_EVAL, |recipe| recipe.shape[0] = 1),
        case("one_channel", TRAIN_EVAL, |recipe| recipe.shape[1] = 1),
        case("one_pixel", TRAIN_EVAL, |recipe| recipe.shape = [5, 3, 1, 1]),
        case("constant_channel", TRAIN_EVAL, |recipe| recipe.constant_channel = true),
        case("fortran_order", TRAIN_EVAL, |recipe| recipe.fortran_order = true),
        case("train_float32", TRAIN, |recipe| recipe.dtype = Dtype::Float32),
        case("eval_float32", EVAL, |recipe| recipe.dtype = Dtype::Float32),
        case("train_float32_mean_1e3", TRAIN, |recipe| {
            recipe.dtype = Dtype::Float32;
            recipe.mean = 1e3;
        }),
        // So small a spread that ε shows.
        case("eps_default", TRAIN_EVAL, |recipe| {
            recipe.entries.eps = false;
            recipe.scale = 0.01;
        }),
        case("momentum_default", BATCHES, |recipe| recipe.entries.momentum = false),
        case("running_zero", BATCHES, |recipe| recipe.zero_running = true),
        case("running_default", BATCHES, |recipe| {
            recipe.zero_running = true;
            recipe.entries.running = false;
        }),
        case("train_mean_1e6", TRAIN, |recipe| recipe.mean = 1e6),
    ]
}

impl DrawnCase {
    /// The backward pass is that of the first call, where that is in training: the notebook
    /// defines none in evaluation.
    fn script(&self) -> Script {
        let trains_first = self.modes.first() == Some(&AskedMode::Train);
        self.recipe.calls(self.modes, if trains_first { &[0] } else { &[] })
    }
}

/// The suite's questions.
pub(crate) fn random_questions(submission: &dyn Submission, seed: u64) -> Questions<'static> {
    let questions = cases(seed).into_iter().map(|case| {
        Question::new(vec![case.script()], move |scripts, answers, policy| {
            let ([script], [answer]) = (scripts, answers) else { return Vec::new() };
            verdicts(&case, script, answer, policy)
        })
        .for_diagnosis()
    });
    Questions::new(SuiteName::Random, submission, questions)
}

fn verdicts(
    case: &DrawnCase,
    script: &Script,
    answer: &Answer,
    policy: &ConventionPolicy,
) -> Vec<Verdict> {
    let expected = expected(script);
    let mode = if case.modes == EVAL { Mode::Eval } else { Mode::Train };
    let name = format!("{PREFIX}{}", case.name);
    let verdict = |role: &'static str| {
        let against = |expected: &Outputs| {
            let found = answer.as_ref().map_err(Clone::clone)?;
            compare_role(role, script, found, expected, case.tolerance)
        };
        let findings = expected.as_ref().map_err(Clone::clone).and_then(against);
        let outcome = policy.outcome(findings, script, against);
        let hint = hint::for_role(role, if is_of_evaluation(&outcome) { Mode::Eval } else { mode });
        Verdict::new(role, &name, outcome, hint).of_input(&case.recipe)
    };
    roles(script).into_iter().map(verdict).collect()
}

/// Whether the call that went wrong, of several, was an evaluation.
fn is_of_evaluation(outcome: &CheckOutcome) -> bool {
    let CheckOutcome::Failed { findings } = outcome else { return false };
    findings.iter().any(|finding| {
        matches!(finding, Finding::During { circumstances, .. }
            if circumstances.ends_with(IN_EVALUATION))
    })
}

/// The kernels' answer, in double precision whatever the script's.
pub(crate) fn expected(script: &Script) -> Answer {
    let double = |tensor: &Tensor| Tensor::Float64(tensor.to_f64());
    let mut script = script.clone();
    for tensor in [&mut script.running_mean, &mut script.running_var] {
        *tensor = double(tensor);
    }
    for step in &mut script.steps {
        for tensor in [&mut step.x, &mut step.gamma, &mut step.beta] {
            *tensor = double(tensor);
        }
    }
    for backward in &mut script.backwards {
        backward.dout = double(&backward.dout);
    }
    Kernels.run(&script)
}
