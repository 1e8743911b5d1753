//! Which scripts a program is still to be asked, within which limit, and what it has answered.
//!
//! A program that has ended is started again on what remains. The script in which it ended costs its
//! own calls and no others. Four rules bound the time:
//!
//! 1. All starts together have the limit for all scripts.
//! 2. Once a script has reached its limit, the later ones have a tenth of it. At the end, those that
//!    reached this shorter limit are asked again within the full one, until one of them reaches that.
//! 3. A learner waits. A pass that loops once is not called again, nor one that ends the program
//!    [`ENDS_IN_A_ROW`] times without an answer between, for one cause, or [`ENDS`] times in all: the exercise
//!    is asked its other forward passes if it is the backward pass, everybody else nothing more.
//! 4. A program that has never answered a call is started three times at most, on other scripts each
//!    time. A Python file that cannot be loaded is started twice.

use std::time::Duration;

use isolation::untrusted::{Folder, ReadError};

use crate::submission::failure::Failure;
use crate::submission::learner::{Learner, did_not_return};
use crate::submission::outputs::Outputs;
use crate::submission::process::end::{has_results, interrupted};
use crate::submission::protocol::{DONE, read_outputs};
use crate::submission::script::Script;
use crate::submission::time_limits::{TimeLimits, seconds};

/// A program that has answered nothing at all in so many starts is not started again.
const FRUITLESS_STARTS: usize = 3;

/// Nor is a Python file that was not loaded in so many. The second is for a machine that was slow.
const STARTS_WITHOUT_LOADING: usize = 2;

/// So often a learner's program may end for one cause with no answer of the same pass between, and [`ENDS`]
/// times in all, before the pass is not called any more. Some inputs may be special; a pass that ends on every
/// input is soon known.
const ENDS_IN_A_ROW: usize = 3;
const ENDS: usize = 12;

/// One start of a program.
pub(super) struct Start {
    /// The folder of what it wrote; none if it has removed it.
    pub(super) outputs: Option<Folder>,
    /// Whether it came to its first script.
    pub(super) has_begun: bool,
    /// How long it ran.
    pub(super) took: Duration,
    /// Why it ended.
    pub(super) end: StartEnd,
}

/// Why a start of a program ended.
pub(super) enum StartEnd {
    /// A script reached its time limit.
    ScriptLimit,
    /// All scripts reached theirs.
    WholeLimit,
    /// Anything else.
    Ended(Failure),
}

/// The scripts of a grading, and how far their answers are.
pub(super) struct Asking<'a> {
    scripts: &'a [Script],
    /// The folders of the scripts, in the same order.
    names: &'a [String],
    /// The file whose functions are called, if the program is a Python file.
    file_name: Option<&'a str>,
    learner: Option<&'a Learner>,
    /// Why the backward pass is not called any more.
    without_backward: Option<String>,
    /// How often the program of a learner has ended, and why since the last answer of the same pass.
    ends: usize,
    ends_in_a_row: Vec<String>,
    time_limits: TimeLimits,
    answers: Vec<Option<Outputs>>,
    /// The scripts still to be asked in this round, in order.
    open: Vec<usize>,
    /// Those that reached the shorter limit.
    cut_short: Vec<usize>,
    /// The limit for each script now.
    limit: Duration,
    is_last_round: bool,
    spent: Duration,
    has_answered: bool,
    fruitless: usize,
    without_loading: usize,
    /// Why no more is asked.
    given_up: Option<Failure>,
}

impl<'a> Asking<'a> {
    pub(super) fn new(
        scripts: &'a [Script],
        names: &'a [String],
        file_name: Option<&'a str>,
        learner: Option<&'a Learner>,
        time_limits: TimeLimits,
    ) -> Self {
        Self {
            scripts,
            names,
            file_name,
            learner,
            without_backward: None,
            ends: 0,
            ends_in_a_row: Vec::new(),
            time_limits,
            answers: vec![None; scripts.len()],
            open: (0..scripts.len()).collect(),
            cut_short: Vec::new(),
            limit: time_limits.script,
            is_last_round: false,
            spent: Duration::ZERO,
            has_answered: false,
            fruitless: 0,
            without_loading: 0,
            given_up: None,
        }
    }

    /// The names of the scripts to be asked at the next start; `None` if there is to be none.
    pub(super) fn next(&mut self) -> Option<Vec<String>> {
        if self.open.is_empty() {
            self.open = std::mem::take(&mut self.cut_short);
            self.limit = self.time_limits.script;
            self.is_last_round = true;
        }
        if self.spent >= self.time_limits.whole {
            self.given_up.get_or_insert(all_took_too_long(self.time_limits));
        }
        let is_over = self.open.is_empty() || self.given_up.is_some();
        (!is_over).then(|| self.open.iter().map(|&index| self.names[index].clone()).collect())
    }

    /// Why the backward pass is not to be called at the next start, if it is not.
    pub(super) fn without_backward(&self) -> Option<&str> {
        self.without_backward.as_deref()
    }

    /// The limit for each script at the next start.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// What remains of the limit for all scripts.
    pub(super) fn remaining(&self) -> Duration {
        self.time_limits.whole.saturating_sub(self.spent)
    }

    /// Takes the answers of a start on the scripts that [`Asking::next`] has named.
    pub(super) fn take(&mut self, start: &Start) {
        self.spent += start.took;
        if let Some(file) = self.file_name.filter(|_| !start.has_begun) {
            self.without_loading += 1;
            if self.without_loading == STARTS_WITHOUT_LOADING {
                let is_learners = self.learner.is_some();
                self.given_up = Some(not_loaded(file, &start.end, self.time_limits, is_learners));
            }
            return;
        }
        let folder = |index: usize| match &start.outputs {
            Some(outputs) => outputs.folder(&self.names[index]),
            None => Err(ReadError::NotThere),
        };
        let is_done = |index: &&usize| folder(**index).is_ok_and(|folder| folder.has(DONE));
        let done = self.open.iter().take_while(is_done).count();
        let read =
            |index: usize| read_outputs(folder(index), &self.names[index], &self.scripts[index]);
        for &index in &self.open[..done] {
            self.answers[index] = Some(read(index));
        }
        self.has_answered |= done > 0;
        // The first that is not done is the one in which the program ended.
        if let Some(&index) = self.open.get(done) {
            let answer = read(index);
            self.has_answered |= has_results(&answer);
            let mut ended_in = "";
            let why = |function| {
                ended_in = function;
                self.why(function, &start.end)
            };
            let answer = interrupted(&self.scripts[index], answer, why);
            // The last attempt had the longest limit, so that it has answered the most.
            self.answers[index] = Some(answer);
            if let Some(learner) = self.learner {
                let reason = self.why(ended_in, &start.end).to_string();
                let is_backward = ended_in.ends_with("_backward");
                let has_pass =
                    |&index: &usize| !is_backward || !self.scripts[index].backwards.is_empty();
                if self.open[..done].iter().any(has_pass) {
                    self.ends_in_a_row.clear();
                }
                if self.is_enough(&reason, &start.end) {
                    let can_go_on = learner.is_exercise && self.without_backward.is_none();
                    if can_go_on && is_backward {
                        self.without_backward = Some(reason);
                        (self.ends, self.ends_in_a_row) = (0, Vec::new());
                    } else {
                        self.given_up = Some(Failure::GivenUp(reason));
                    }
                }
            } else if matches!(start.end, StartEnd::ScriptLimit) {
                if self.is_last_round {
                    self.open.truncate(done + 1);
                } else if self.limit < self.time_limits.script {
                    self.cut_short.push(index);
                }
                self.limit = self.time_limits.after_first_timeout();
            }
        }
        let asked = (done + 1).min(self.open.len());
        self.open.drain(..asked);
        if !self.has_answered {
            self.fruitless += 1;
            // The next start begins elsewhere: it may be these first scripts alone.
            let part = self.open.len() / FRUITLESS_STARTS;
            self.open.rotate_left(part);
            if self.fruitless == FRUITLESS_STARTS {
                let function = "spatial_batchnorm_forward";
                self.given_up = Some(Failure::GivenUp(self.why(function, &start.end).to_string()));
            }
        }
    }

    /// Whether the pass of a learner in which a start has ended, for this reason, is not to be called again.
    fn is_enough(&mut self, reason: &str, end: &StartEnd) -> bool {
        match end {
            StartEnd::ScriptLimit | StartEnd::WholeLimit => true,
            StartEnd::Ended(_) => {
                self.ends += 1;
                self.ends_in_a_row.push(reason.to_owned());
                let alike = self.ends_in_a_row.iter().filter(|known| *known == reason).count();
                alike >= ENDS_IN_A_ROW || self.ends >= ENDS
            }
        }
    }

    /// Why this function has not answered.
    fn why(&self, function: &str, end: &StartEnd) -> Failure {
        if let Some(learner) = self.learner {
            let told = |predicate: &str| learner.sentence(function, predicate);
            match end {
                StartEnd::ScriptLimit => {
                    return Failure::Stopped(told(&did_not_return(self.time_limits.script)));
                }
                StartEnd::Ended(Failure::Crashed(predicate)) => {
                    return Failure::Crashed(told(predicate));
                }
                StartEnd::WholeLimit | StartEnd::Ended(_) => {}
            }
        }
        match end {
            StartEnd::ScriptLimit => {
                let what = if self.file_name.is_some() { function } else { "the program" };
                let exceeded = self.time_limits.exceeded();
                Failure::Stopped(format!("{what} did not return: it {exceeded}"))
            }
            StartEnd::WholeLimit => all_took_too_long(self.time_limits),
            StartEnd::Ended(failure) => failure.clone(),
        }
    }

    /// All answers, in the order of the scripts.
    pub(super) fn finish(self) -> Vec<Outputs> {
        let mut answers = self.answers;
        if let Some(reason) = &self.without_backward {
            // A backward pass that is not called is answered with the reason.
            for gradients in answers.iter_mut().flatten().flat_map(|answer| &mut answer.gradients) {
                if matches!(gradients, Err(Failure::Refused(told)) if told == reason) {
                    *gradients = Err(Failure::GivenUp(reason.clone()));
                }
            }
        }
        let given_up = self.given_up.unwrap_or(Failure::TooFew);
        let unanswered = |script: &Script| Outputs {
            steps: vec![Err(given_up.clone()); script.steps.len()],
            gradients: vec![Err(given_up.clone()); script.backwards.len()],
        };
        let answers = answers.into_iter().zip(self.scripts);
        answers.map(|(answer, script)| answer.unwrap_or_else(|| unanswered(script))).collect()
    }
}

fn all_took_too_long(time_limits: TimeLimits) -> Failure {
    Failure::GivenUp(format!("all calls together took longer than {}", seconds(time_limits.whole)))
}

fn not_loaded(file: &str, end: &StartEnd, time_limits: TimeLimits, is_learners: bool) -> Failure {
    match end {
        StartEnd::Ended(Failure::Crashed(predicate)) if is_learners => {
            Failure::Crashed(format!("{file} {predicate} while it was loaded"))
        }
        StartEnd::ScriptLimit | StartEnd::WholeLimit => Failure::Stopped(format!(
            "{file} could not be loaded: it took longer than {}",
            seconds(time_limits.script)
        )),
        StartEnd::Ended(failure) => failure.clone(),
    }
}

#[cfg(test)]
mod tests {
    use kernels::{BatchNormConfig, Convention};
    use ndarray::{ArrayD, IxDyn};

    use super::*;
    use crate::submission::{AskedMode, Entries, Kind, Step};
    use crate::tensor::Tensor;

    fn script() -> Script {
        let zeros = |shape: &[usize]| Tensor::Float64(ArrayD::zeros(IxDyn(shape)));
        let [gamma, beta, running_mean, running_var] = [(); 4].map(|()| zeros(&[3]));
        let step = Step { mode: AskedMode::Train, x: zeros(&[2, 3, 4, 5]), gamma, beta };
        Script {
            kind: Kind::Spatial,
            config: BatchNormConfig::new(1e-5, 0.9, Convention::Notebook).unwrap(),
            running_mean,
            running_var,
            entries: Entries::ALL,
            steps: vec![step],
            moved_steps: 0,
            backwards: Vec::new(),
        }
    }

    /// How often a learner's program is started that ends in its first script each time, the `nth` time so.
    fn starts(end_of: impl Fn(usize) -> StartEnd) -> (usize, String) {
        let scripts = vec![script(); 20];
        let names: Vec<String> = (0..scripts.len()).map(|number| number.to_string()).collect();
        let learner = Learner::of("a.rs", "", "fn", true);
        let mut asking = Asking::new(&scripts, &names, None, Some(&learner), TimeLimits::default());
        // It has answered something before.
        asking.has_answered = true;
        let mut starts = 0;
        while asking.next().is_some() {
            let (took, end) = (Duration::from_millis(1), end_of(starts));
            asking.take(&Start { outputs: None, has_begun: true, took, end });
            starts += 1;
        }
        let last = asking.finish().pop().unwrap();
        (starts, last.steps[0].as_ref().unwrap_err().to_string())
    }

    #[test]
    fn a_learners_program_that_ends_is_started_again_until_it_has_ended_alike_three_times() {
        let ended = |predicate: &str| StartEnd::Ended(Failure::Crashed(predicate.to_owned()));
        let (alike, last) = starts(|_| ended("overflowed the stack"));
        assert_eq!(alike, ENDS_IN_A_ROW);
        assert_eq!(last, "not asked any more: your forward pass overflowed the stack");
        let (different, _) = starts(|nth| ended(&format!("ended with exit code {nth}")));
        assert_eq!(different, ENDS);
        // Somebody waits for the time limit.
        let (loops, _) = starts(|_| StartEnd::ScriptLimit);
        assert_eq!(loops, 1);
    }
}
