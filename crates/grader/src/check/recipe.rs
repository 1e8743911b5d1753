//! How the inputs of a check are drawn, in words and in numbers.

use std::fmt;

use kernels::{BatchNormConfig, Convention};
use ndarray::{Array1, Array4, ArrayD, IxDyn, ShapeBuilder};

use crate::stream::Stream;
use crate::submission::{AskedMode, Backward, Entries, Kind, Script, Step};
use crate::tensor::{Dtype, Tensor};

/// What gamma and beta are like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameters {
    /// Gamma of [0.5, 2], beta of [−1, 1].
    Usual,
    /// Gamma below 0.
    Negative,
    /// Gamma 0 in the first channel.
    Zero,
    /// Whole numbers, in the type of x.
    Whole,
    /// Whole numbers, as integers.
    Integers,
}

/// How the inputs of a check are drawn: everything follows from these fields.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Recipe {
    /// The seed, and which of its streams.
    pub seed: u64,
    pub stream: u64,
    pub dtype: Dtype,
    /// (N, C, H, W).
    pub shape: [usize; 4],
    /// The mean of x; its channels lie a little beside it, with a spread of their own.
    pub mean: f64,
    /// Whether all values of the last channel are equal.
    pub constant_channel: bool,
    pub fortran_order: bool,
    pub parameters: Parameters,
    pub eps: f64,
    pub momentum: f64,
    /// What every spread of x is multiplied by.
    pub scale: f64,
    /// Whether the running statistics start at zero.
    pub zero_running: bool,
    /// What the caller puts into `bn_param`.
    pub entries: Entries,
}

impl Recipe {
    /// Usual inputs, of a shape whose axes all differ in length.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut sizes = Stream::new([seed, stream, 0, 0]);
        let n = sizes.integer(3, 4);
        let c = if n == 3 { 4 } else { 3 };
        let h = sizes.integer(5, 6);
        let w = if h == 5 { sizes.integer(6, 7) } else { 5 };
        Self {
            seed,
            stream,
            dtype: Dtype::Float64,
            shape: [n, c, h, w],
            mean: 1.5,
            constant_channel: false,
            fortran_order: false,
            parameters: Parameters::Usual,
            eps: 1e-5,
            momentum: 0.9,
            scale: 1.0,
            zero_running: false,
            entries: Entries::ALL,
        }
    }

    /// A script without calls, whose running statistics are no starting values.
    fn script(&self) -> Script {
        let mut means = self.draws(1, 0);
        let mut vars = self.draws(2, 0);
        let running = if self.zero_running { 0.0 } else { self.scale };
        let config = BatchNormConfig::new(self.eps, self.momentum, Convention::Notebook)
            .unwrap_or_else(|_| BatchNormConfig::notebook());
        Script {
            kind: Kind::Spatial,
            config,
            running_mean: self.typed(self.channels(|_| running * means.normal())),
            running_var: self.typed(self.channels(|_| running * (0.5 + 2.0 * vars.uniform()))),
            entries: self.entries,
            moved_steps: 0,
            steps: Vec::new(),
            backwards: Vec::new(),
        }
    }

    /// A script with a forward pass in each of these modes, and then backward passes through the
    /// steps of these indices.
    pub(crate) fn calls(&self, modes: &[AskedMode], backwards: &[usize]) -> Script {
        let mut script = self.script();
        script.steps = (0..).zip(modes).map(|(number, &mode)| self.step(mode, number)).collect();
        script.backwards = backwards.iter().map(|&step| self.backward(step)).collect();
        script
    }

    /// The forward pass of this number, each with its own x, gamma and beta.
    pub(crate) fn step(&self, mode: AskedMode, number: u64) -> Step {
        let mut draws = self.draws(3, number);
        let middle = (self.shape[1] as f64 - 1.0) / 2.0;
        let last = self.shape[1] - 1;
        let x = self.images(|channel| {
            let beside = channel as f64 - middle;
            let spread = 0.6 + 0.7 * channel as f64;
            let value = draws.normal();
            // A power of two, whose sums are exact in any order.
            let is_constant = self.constant_channel && channel == last;
            if is_constant { 2.0 } else { self.mean + beside + self.scale * spread * value }
        });
        let (gamma, beta) = self.parameters(number);
        Step { mode, x, gamma, beta }
    }

    /// A backward pass through the step of this index.
    fn backward(&self, step: usize) -> Backward {
        let mut draws = self.draws(6, step as u64);
        // Off centre, so that no sum of it vanishes.
        let dout = self.images(|_| 0.4 + draws.normal());
        Backward { step, dout, x_overwritten: false }
    }

    fn parameters(&self, number: u64) -> (Tensor, Tensor) {
        let (mut gammas, mut betas) = (self.draws(4, number), self.draws(5, number));
        let whole = |value: f64| (1.0 + 4.0 * value).floor();
        let gamma = self.channels(|channel| {
            let drawn = gammas.uniform();
            let usual = 0.5 + 1.5 * drawn;
            match self.parameters {
                Parameters::Zero if channel == 0 => 0.0,
                Parameters::Usual | Parameters::Zero => usual,
                Parameters::Negative => -usual,
                Parameters::Whole | Parameters::Integers => whole(drawn),
            }
        });
        let beta = self.channels(|_| {
            let drawn = betas.uniform();
            match self.parameters {
                Parameters::Whole | Parameters::Integers => whole(drawn) - 3.0,
                Parameters::Usual | Parameters::Negative | Parameters::Zero => 2.0 * drawn - 1.0,
            }
        });
        if self.parameters == Parameters::Integers {
            let integers = |values: ArrayD<f64>| Tensor::Int64(values.mapv(|value| value as i64));
            (integers(gamma), integers(beta))
        } else {
            (self.typed(gamma), self.typed(beta))
        }
    }

    fn draws(&self, role: u64, number: u64) -> Stream {
        Stream::new([self.seed, self.stream, role, number])
    }

    /// One value per channel.
    fn channels(&self, value: impl FnMut(usize) -> f64) -> ArrayD<f64> {
        (0..self.shape[1]).map(value).collect::<Array1<f64>>().into_dyn()
    }

    fn images(&self, mut value: impl FnMut(usize) -> f64) -> Tensor {
        let mut images = Array4::zeros(self.shape.set_f(self.fortran_order));
        // In logical order, so that memory layout changes no value.
        for ((_, channel, _, _), element) in images.indexed_iter_mut() {
            *element = value(channel);
        }
        self.typed(images.into_dyn())
    }

    fn typed(&self, values: ArrayD<f64>) -> Tensor {
        if self.dtype == Dtype::Float32 {
            let layout = IxDyn(values.shape()).set_f(self.fortran_order);
            let mut single = ArrayD::zeros(layout);
            single.zip_mut_with(&values, |single, &double| *single = double as f32);
            Tensor::Float32(single)
        } else {
            Tensor::Float64(values)
        }
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [n, c, h, w] = self.shape;
        write!(
            formatter,
            "x: {}, ({n}, {c}, {h}, {w}), seed {}, mean {}",
            self.dtype, self.seed, self.mean
        )?;
        if self.scale != 1.0 {
            write!(formatter, ", spread times {}", self.scale)?;
        }
        if self.constant_channel {
            formatter.write_str(", last channel constant")?;
        }
        if self.fortran_order {
            formatter.write_str(", Fortran order")?;
        }
        formatter.write_str(match self.parameters {
            Parameters::Usual => "",
            Parameters::Negative => "; gamma negative",
            Parameters::Zero => "; gamma 0 in channel 0",
            Parameters::Whole => "; gamma and beta whole numbers",
            Parameters::Integers => "; gamma and beta int64",
        })?;
        write!(formatter, "; eps {:e}, momentum {}", self.eps, self.momentum)?;
        let Entries { eps, momentum, running } = self.entries;
        for (name, is_given) in
            [("eps", eps), ("momentum", momentum), ("running statistics", running)]
        {
            if !is_given {
                write!(formatter, "; bn_param without {name}")?;
            }
        }
        if self.zero_running && running {
            formatter.write_str("; running statistics 0")?;
        }
        Ok(())
    }
}
