//! Every instruction set (`KERNELS_ISA`) and number of threads gives the same bits, and names that mean
//! nothing are refused.

use std::process::Command;

use kernels::adam;
use kernels::conv2d::Wanted;
use kernels::conv2d::normalized::{self, Block};
use kernels::conv2d::{self, Conv2dConfig};
use kernels::group_norm::{self, GroupNormConfig};
use kernels::linear::{self, flattened};
use kernels::max_pool2d::Pooled;
use kernels::max_pool2d::{self, MaxPool2dConfig};
use kernels::sgd::{self, SgdFactors};
use kernels::{
    BatchNormConfig, Convention, InstructionSet, Real, RunningStatistics, flatten,
    ghost_batch_norm, instruction_set, relu, sigmoid, spatial_batch_norm, tanh, with_threads,
};
use ndarray::{Array1, Array2, Array4};
use proptest::prelude::*;

use crate::common::{Random, adam_factors, bits};

/// What the child process prints before its answer.
const MARK: &str = "answer: ";

/// Runs the test `answer` of this file in a process of its own.
fn answer_with(isa: &str, seed: u64, threads: usize) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "instruction_sets::answer", "--nocapture"])
        .env("KERNELS_ISA", isa)
        .env("ANSWER_SEED", seed.to_string())
        .env("ANSWER_THREADS", threads.to_string())
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let at = stdout.find(MARK).unwrap();
    stdout[at + MARK.len()..].lines().next().unwrap().to_owned()
}

/// A digest of what the kernels compute of numbers and shapes from this seed.
fn digest<F: Real>(seed: u64) -> u64 {
    let mut random = Random::new(seed);
    let mut digest = 0_u64;
    let mut add = |bits: Vec<u64>| {
        for bits in bits {
            // FNV-1a, a value at a time.
            digest = (digest ^ bits).wrapping_mul(0x0100_0000_01b3);
        }
    };
    let drawn = |random: &mut Random| {
        let mut below = |end: f64| (random.uniform() * end) as usize;
        let channels = [1 + below(20.0), 16, 32][below(3.0)];
        let kernel = [1, 3, 5][below(3.0)];
        let shape = [1 + below(9.0), channels, 1 + below(40.0), 5 + below(11.0)];
        (shape, [kernel, 1 + below(2.0), below(3.0)])
    };
    let same = [3, 1, 1];
    let shapes =
        [([3, 1, 16, 9], same), ([3, 16, 32, 7], same), drawn(&mut random), drawn(&mut random)];
    for ([n, c, f, size], [kernel, stride, padding]) in shapes {
        let x: Array4<F> = random.array([n, c, size, size]);
        let weight: Array4<F> = random.array([f, c, kernel, kernel]);
        let bias: Array1<F> = random.array(f);
        let config = Conv2dConfig::new([stride; 2], [padding; 2]).unwrap();
        let out = conv2d::forward(x.view(), weight.view(), bias.view(), &config).unwrap();
        add(bits(&out));
        let size = out.dim().2;
        if size == 1 {
            continue; // nothing to pool
        }
        let (mut running, batch_norm_config) =
            (RunningStatistics::new(f, Convention::PyTorch), BatchNormConfig::pytorch());
        let (b, out) = (bias.view(), out.view());
        let (normalized, statistics) =
            spatial_batch_norm::forward_train(out, b, b, &mut running, &batch_norm_config).unwrap();
        let back = spatial_batch_norm::backward_train(out, out, b, &statistics).unwrap();
        add(bits(&back.dx));
        add(bits(&back.dgamma));
        add(bits(&running.var));
        let (normalized_by_ghosts, statistics) =
            ghost_batch_norm::forward_train(out, 2, b, b, &mut running, &batch_norm_config)
                .unwrap();
        let back = ghost_batch_norm::backward_train(out, out, b, &statistics).unwrap();
        add(bits(&normalized_by_ghosts));
        add(bits(&back.dx));
        add(bits(&back.dgamma));
        add(bits(&running.var));
        let of_size = |groups: &usize| f.is_multiple_of(*groups) && f / groups * size * size > 1;
        for groups in [1, 2, f].into_iter().filter(of_size) {
            let config = GroupNormConfig::new(groups, 1e-5).unwrap();
            let (normalized, statistics) = group_norm::forward(out, b, b, &config).unwrap();
            let back = group_norm::backward(out, out, b, &statistics).unwrap();
            add(bits(&normalized));
            add(bits(&back.dx));
            add(bits(&back.dgamma));
        }
        let halving = MaxPool2dConfig::halving();
        let with_relu = halving.with_relu();
        let (pooled, argmax) = max_pool2d::forward(normalized.view(), &with_relu).unwrap();
        let dx = max_pool2d::backward(pooled.view(), argmax.view(), [size; 2], &with_relu).unwrap();
        add(bits(&pooled));
        add(bits(&dx));
        let (pooled, argmax) = max_pool2d::forward(normalized.view(), &halving).unwrap();
        let dx = max_pool2d::backward(pooled.view(), argmax.view(), [size; 2], &halving).unwrap();
        let few = relu::backward(dx.view(), normalized.view()).unwrap();
        add(bits(&few));
        let (x, w) = (x.view(), weight.view());
        for pool in [halving, with_relu] {
            let [mut together, mut dx] = [(); 2].map(|()| Array4::zeros([0; 4]));
            let mut argmax = Array4::zeros([0; 4]);
            let into = Pooled { out: &mut together, argmax: &mut argmax };
            conv2d::max_pooled::forward_into(x, w, b, &config, &pool, into).unwrap();
            add(bits(&together));
            let (mut dweight, mut dbias) = (weight.clone(), bias.clone());
            let parameters = Some((dweight.view_mut(), dbias.view_mut()));
            let wanted = Wanted { dx: Some(&mut dx), parameters };
            let (dout, argmax) = (pooled.view(), argmax.view());
            conv2d::max_pooled::backward_into(dout, argmax, x, w, &config, &pool, wanted).unwrap();
            add(bits(&dx));
            add(bits(&dweight));
            add(bits(&dbias));
            let (convolution, norm, pool) = (&config, &batch_norm_config, &pool);
            let block = Block { weight: w, bias: b, gamma: b, beta: b, convolution, norm, pool };
            let (mut convolved, mut argmax) = (Array4::zeros([0; 4]), Array4::zeros([0; 4]));
            let into = Pooled { out: &mut together, argmax: &mut argmax };
            normalized::forward_eval_into(x, &block, &running, into).unwrap();
            add(bits(&together));
            let into = Pooled { out: &mut together, argmax: &mut argmax };
            let statistics =
                normalized::forward_train_into(x, &block, &mut running, &mut convolved, into)
                    .unwrap();
            add(bits(&together));
            add(bits(&running.var));
            let parameters = Some((dweight.view_mut(), dbias.view_mut()));
            let wanted = Wanted { dx: Some(&mut dx), parameters };
            let (of_pool, y) = ((pooled.view(), argmax.view()), convolved.view());
            let (dgamma, _) =
                normalized::backward_train_into(of_pool, x, y, &statistics, &block, wanted)
                    .unwrap();
            add(bits(&dgamma));
            add(bits(&dx));
            add(bits(&dweight));
        }
        // Few nonzeros, and many.
        for dout in [few.view(), out] {
            let gradients = conv2d::backward(dout, x, w, &config).unwrap();
            add(bits(&gradients.dx));
            add(bits(&gradients.parameters.dweight));
            add(bits(&gradients.parameters.dbias));
        }
        let mut rows = Array2::zeros([0, 0]);
        flatten::forward_into(pooled.view(), &mut rows).unwrap();
        let weight: Array2<F> = random.array([10, rows.ncols()]);
        let dout: Array2<F> = random.array([n, 10]);
        let bias: Array1<F> = random.array(10);
        add(bits(&linear::forward(rows.view(), weight.view(), bias.view()).unwrap()));
        let (mut out, mut dx) = (Array2::zeros([0, 0]), Array4::zeros([0; 4]));
        flattened::forward_into(pooled.view(), weight.view(), bias.view(), &mut out).unwrap();
        add(bits(&out));
        let (_, c, h, w) = pooled.dim();
        flattened::backward_input_into(dout.view(), weight.view(), [c, h, w], &mut dx).unwrap();
        add(bits(&dx));
        let (mut dweight, mut dbias) = (Array2::zeros([0, 0]), Array1::zeros(0));
        flattened::backward_parameters_into(dout.view(), pooled.view(), &mut dweight, &mut dbias)
            .unwrap();
        add(bits(&dweight));
        let gradients = linear::backward(dout.view(), rows.view(), weight.view()).unwrap();
        add(bits(&gradients.dx));
        add(bits(&gradients.dweight));
        let [mut p, mut m, mut v] = [
            weight,
            random.array(gradients.dweight.raw_dim()),
            Array2::ones(gradients.dweight.raw_dim()),
        ];
        let factors = adam_factors(0.9, 0.01, 0.1);
        adam::step(p.view_mut(), gradients.dweight.view(), m.view_mut(), v.view_mut(), &factors)
            .unwrap();
        add(bits(&p));
        let factors = SgdFactors { learning_rate: 0.3, weight_decay: 0.1 };
        sgd::step(p.view_mut(), gradients.dweight.view(), &factors).unwrap();
        let (w, g, v) = (p.view_mut(), gradients.dweight.view(), m.view_mut());
        sgd::step_with_momentum(w, g, v, 0.9, &factors).unwrap();
        add(bits(&p));
        // Of every size at which the exponential is neither 1 nor 0.
        let wide = normalized.mapv(|x| x * x * x);
        for out in [sigmoid::forward(wide.view()), tanh::forward(wide.view())] {
            add(bits(&out));
        }
        add(bits(&sigmoid::backward(wide.view(), normalized.view()).unwrap()));
        add(bits(&tanh::backward(wide.view(), normalized.view()).unwrap()));
    }
    digest
}

/// Prints the instruction set in use and a digest of what the kernels computed with it. As a test it
/// shows only that nothing fails; the others run it in processes with another environment.
#[test]
fn answer() {
    let number = |name: &str| std::env::var(name).ok().map(|value| value.parse().unwrap());
    let (seed, threads) = (number("ANSWER_SEED"), number("ANSWER_THREADS"));
    let [seed, threads] = [seed.unwrap_or(1), threads.unwrap_or(1)];
    let digests =
        with_threads(threads as usize, || [digest::<f32>(seed), digest::<f64>(seed)]).unwrap();
    let set = match instruction_set() {
        Ok(set) => set.name().to_owned(),
        Err(error) => error.to_string(),
    };
    println!("{MARK}{set} {:016x}{:016x}", digests[0], digests[1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn shapes_threads_and_instruction_sets_have_one_answer(seed: u64) {
        let digest = |answer: &str| answer.rsplit(' ').next().unwrap().to_owned();
        let expected = answer_with("portable", seed, 1);
        for set in InstructionSet::ALL {
            for threads in [1, 2, 3, 8] {
                let answer = answer_with(set.name(), seed, threads);
                prop_assert_eq!(digest(&answer), digest(&expected), "{} on {}", set.name(), threads);
            }
        }
    }
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    let digest = |answer: &str| answer.rsplit(' ').next().unwrap().to_owned();
    let expected = answer_with("portable", 1, 1);
    assert!(expected.starts_with("portable "), "{expected}");
    for set in InstructionSet::ALL {
        let answer = answer_with(set.name(), 1, 1);
        assert_eq!(digest(&answer), digest(&expected), "{}", set.name());
        let is_in_use = answer.starts_with(&format!("{} ", set.name()));
        let is_refused = answer.contains(&format!("got \"{}\"", set.name()));
        assert!(is_in_use || is_refused, "{answer}");
        // Not the other way round: an emulator may run the child on the processor itself.
        assert!(is_in_use || !set.is_available(), "{answer}");
    }
}

#[test]
fn an_unknown_instruction_set_is_named_in_an_error_and_changes_no_result() {
    let expected = answer_with("portable", 1, 1);
    for name in ["", "AVX2", "sse9"] {
        let answer = answer_with(name, 1, 1);
        let message = format!(
            "kernels: the environment variable KERNELS_ISA must be portable, avx2 or avx512, and one \
             that this processor has, got \"{name}\""
        );
        assert_eq!(answer, format!("{message} {}", expected.rsplit(' ').next().unwrap()));
    }
}
