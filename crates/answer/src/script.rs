//! One script: calls of the two functions over one pair of running statistics.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};

use ndarray::{Array1, Array4, ArrayD, Axis, Dimension, Ix1, Ix4};

use crate::caller::Caller;
use crate::files::Files;
use crate::functions::{AnyBackward, AnyForward, BnParam, Mode};
use crate::program_error::ProgramError;

/// The names of the two functions.
const FORWARD: &str = "spatial_batchnorm_forward";
const BACKWARD: &str = "spatial_batchnorm_backward";

/// What is assumed where the caller tells nothing.
const EPS: f64 = 1e-5;
const MOMENTUM: f64 = 0.9;

/// One pass of a line: the number of the line, and of the pass in it.
type Pass = (String, usize);

/// A script that is being answered.
pub(crate) struct Script<'a> {
    files: Files,
    caller: &'a Caller,
    forward: &'a AnyForward,
    backward: &'a AnyBackward,
    without_backward: Option<&'a str>,
    eps: f64,
    momentum: f64,
    running: Option<[Array1<f64>; 2]>,
    /// Those that a backward pass is to be given.
    caches: BTreeMap<Pass, Box<dyn Any>>,
    needed: BTreeSet<Pass>,
    is_single: bool,
}

/// The arguments of one forward pass.
struct Arguments {
    x: Array4<f64>,
    gamma: Array1<f64>,
    beta: Array1<f64>,
}

/// The results of the passes of one line.
#[derive(Default)]
struct Results {
    out: Vec<ArrayD<f64>>,
    running_mean: Vec<ArrayD<f64>>,
    running_var: Vec<ArrayD<f64>>,
}

impl<'a> Script<'a> {
    pub(crate) fn new(
        files: Files,
        caller: &'a Caller,
        forward: &'a AnyForward,
        backward: &'a AnyBackward,
        without_backward: Option<&'a str>,
    ) -> Self {
        Self {
            files,
            caller,
            forward,
            backward,
            without_backward,
            eps: EPS,
            momentum: MOMENTUM,
            running: None,
            caches: BTreeMap::new(),
            needed: BTreeSet::new(),
            is_single: false,
        }
    }

    /// Makes all calls, and says that it is done.
    pub(crate) fn answer(mut self) -> Result<(), ProgramError> {
        let text = self.files.text("calls.txt")?;
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(' ').collect()).collect();
        let of_backward = lines.iter().filter(|words| words[0] == "backward" && words.len() > 3);
        self.needed = of_backward
            .map(|words| Ok((words[2].to_owned(), self.number(words[3])?)))
            .collect::<Result<_, ProgramError>>()?;
        for words in &lines {
            match words[..] {
                ["kind", _] | ["running", "none"] | ["eps" | "momentum", "default"] => {}
                ["eps", eps] => self.eps = self.number(eps)?,
                ["momentum", momentum] => self.momentum = self.number(momentum)?,
                ["running", "given"] => {
                    self.running = Some([self.first("running_mean")?, self.first("running_var")?]);
                }
                ["forward", line, mode, _] => self.passes(line, mode)?,
                ["differences", line, mode, step] => {
                    self.differences(line, mode, self.number(step)?)?;
                }
                // No cache can hold a view of x, so that an overwritten x makes no difference.
                ["backward", line, forward, pass] | ["backward", line, forward, pass, _] => {
                    let pass = (forward.to_owned(), self.number(pass)?);
                    self.gradients(line, &pass)?;
                }
                _ => return Err(self.no_line(&words.join(" "))),
            }
        }
        self.files.note("done", "")
    }

    fn no_line(&self, line: &str) -> ProgramError {
        ProgramError::line(&self.files.inputs, line)
    }

    fn number<T: std::str::FromStr>(&self, word: &str) -> Result<T, ProgramError> {
        word.parse().map_err(|_| self.no_line(word))
    }

    /// An input as an array of this rank, without the axis over passes.
    fn one<D: Dimension>(
        &self,
        name: &str,
        of: &ArrayD<f64>,
        pass: usize,
    ) -> Result<ndarray::Array<f64, D>, ProgramError> {
        let one = of.index_axis(Axis(0), pass).to_owned().into_dimensionality();
        one.map_err(|error| ProgramError::of(&self.files.inputs.join(name), error))
    }

    fn first<D: Dimension>(&self, name: &str) -> Result<ndarray::Array<f64, D>, ProgramError> {
        let (array, _) = self.files.read(name)?;
        self.one(name, &array, 0)
    }

    /// The passes of a `forward` line.
    fn passes(&mut self, line: &str, mode: &str) -> Result<(), ProgramError> {
        let names = ["x", "gamma", "beta"].map(|name| format!("{name}_{line}"));
        let (x, is_single) = self.files.read(&names[0])?;
        self.is_single = is_single;
        let ((gamma, _), (beta, _)) = (self.files.read(&names[1])?, self.files.read(&names[2])?);
        let mut results = Results::default();
        let mut failure = None;
        for pass in 0..x.len_of(Axis(0)) {
            let arguments = Arguments {
                x: self.one::<Ix4>(&names[0], &x, pass)?,
                gamma: self.one::<Ix1>(&names[1], &gamma, pass)?,
                beta: self.one::<Ix1>(&names[2], &beta, pass)?,
            };
            if let Err(message) = self.pass(&arguments, mode, (line, pass), &mut results) {
                failure = Some(message);
                break;
            }
        }
        let Results { out, running_mean, running_var } = results;
        for (name, arrays) in
            [("out", out), ("running_mean", running_mean), ("running_var", running_var)]
        {
            self.files.write_stacked(&format!("{name}_{line}"), &arrays, self.is_single)?;
        }
        self.failed("forward", line, failure)
    }

    /// The passes of a numeric gradient: one element after the other goes up, down and back, with a pass
    /// after each of the first two, and one more at the end.
    fn differences(&mut self, line: &str, mode: &str, step: f64) -> Result<(), ProgramError> {
        let x: Array4<f64> = self.first(&format!("x_{line}"))?;
        let mut arguments = Arguments {
            // Its elements are moved in the order of its axes.
            x: x.as_standard_layout().into_owned(),
            gamma: self.first(&format!("gamma_{line}"))?,
            beta: self.first(&format!("beta_{line}"))?,
        };
        let mut results = Results::default();
        let mut pass = 0..;
        let mut next = |arguments: &Arguments| {
            let at = (line, pass.next().unwrap_or_default());
            self.pass(arguments, mode, at, &mut results)
        };
        let mut all = || -> Result<(), String> {
            for argument in 0..3 {
                for element in 0..arguments.element(argument).len() {
                    let old = arguments.element(argument)[element];
                    for new in [old + step, old - step] {
                        arguments.element(argument)[element] = new;
                        next(&arguments)?;
                    }
                    arguments.element(argument)[element] = old;
                }
            }
            next(&arguments)
        };
        let failure = all().err();
        self.files.write_stacked(&format!("out_{line}"), &results.out, self.is_single)?;
        self.failed("forward", line, failure)
    }

    /// One forward pass. Its failure is a message.
    fn pass(
        &mut self,
        arguments: &Arguments,
        mode: &str,
        (line, pass): (&str, usize),
        results: &mut Results,
    ) -> Result<(), String> {
        let mode = match mode {
            "train" => Mode::Train,
            "test" => Mode::Test,
            other => return Err(format!("there is no mode {other}")),
        };
        let Arguments { x, gamma, beta } = arguments;
        let zeros = || Array1::zeros(gamma.len());
        let [running_mean, running_var] = self.running.take().unwrap_or_else(|| [zeros(), zeros()]);
        let (eps, momentum) = (self.eps, self.momentum);
        let mut bn_param = BnParam { mode, eps, momentum, running_mean, running_var };
        let given = format!("x of shape {:?}", x.dim());
        let forward = self.forward;
        let called = self
            .caller
            .call(FORWARD, &given, || forward(x.view(), gamma.view(), beta.view(), &mut bn_param));
        let BnParam { running_mean, running_var, .. } = bn_param;
        let taken = called.and_then(|(out, cache)| {
            push("out", &mut results.out, out.into_dyn())?;
            push("running_mean", &mut results.running_mean, running_mean.clone().into_dyn())?;
            push("running_var", &mut results.running_var, running_var.clone().into_dyn())?;
            Ok(cache)
        });
        self.running = Some([running_mean, running_var]);
        let pass = (line.to_owned(), pass);
        let cache = taken?;
        if self.needed.contains(&pass) {
            self.caches.insert(pass, cache);
        }
        Ok(())
    }

    /// The backward pass of a `backward` line.
    fn gradients(&self, line: &str, pass: &Pass) -> Result<(), ProgramError> {
        let dout: Array4<f64> = self.first(&format!("dout_{line}"))?;
        let gradients = match (self.without_backward, self.caches.get(pass)) {
            (Some(reason), _) => Err(reason.to_owned()),
            (None, None) => Err("its forward pass failed".to_owned()),
            (None, Some(cache)) => {
                let given = format!("dout of shape {:?}", dout.dim());
                self.caller.call(BACKWARD, &given, || (self.backward)(dout.view(), cache.as_ref()))
            }
        };
        match gradients {
            Ok((dx, dgamma, dbeta)) => {
                let arrays = [dx.into_dyn(), dgamma.into_dyn(), dbeta.into_dyn()];
                for (name, array) in ["dx", "dgamma", "dbeta"].iter().zip(&arrays) {
                    self.files.write(&format!("{name}_{line}"), array, self.is_single)?;
                }
                Ok(())
            }
            Err(message) => self.failed("backward", line, Some(message)),
        }
    }

    /// Notes down why a call failed, if it did.
    fn failed(&self, kind: &str, line: &str, why: Option<String>) -> Result<(), ProgramError> {
        let Some(message) = why else { return Ok(()) };
        let message = message.replace(char::is_control, " ");
        self.files.note(&format!("{kind}_{line}.txt"), &format!("error {message}\n"))
    }
}

impl Arguments {
    /// The elements of x, gamma or beta, each of which is in standard layout.
    fn element(&mut self, argument: usize) -> &mut [f64] {
        let elements = match argument {
            0 => self.x.as_slice_mut(),
            1 => self.gamma.as_slice_mut(),
            _ => self.beta.as_slice_mut(),
        };
        elements.unwrap_or_default()
    }
}

/// Keeps a result of a pass, whose shape must be that of the passes before.
fn push(name: &str, results: &mut Vec<ArrayD<f64>>, new: ArrayD<f64>) -> Result<(), String> {
    if results.first().is_some_and(|first| first.shape() != new.shape()) {
        return Err(format!("{name} changes its shape from call to call"));
    }
    results.push(new);
    Ok(())
}
