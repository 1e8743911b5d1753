//! `KERNELS_ISA`: every instruction set gives the same bits, and names that mean nothing are refused.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fmt::Write;
use std::process::Command;

use common::{Random, bits};
use kernels::conv2d::{self, Conv2dConfig};
use kernels::max_pool2d::{self, MaxPool2dConfig};
use kernels::{
    BatchNormConfig, Convention, InstructionSet, RunningStatistics, instruction_set, linear, relu,
    spatial_batch_norm,
};
use ndarray::{Array1, Array2, Array4};

/// What the child process prints before its answer.
const MARK: &str = "answer: ";

/// Runs the test `answer` of this file in a process of its own.
fn answer_with(isa: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "answer", "--nocapture"])
        .env("KERNELS_ISA", isa)
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let at = stdout.find(MARK).unwrap();
    stdout[at + MARK.len()..].lines().next().unwrap().to_owned()
}

/// Prints the instruction set in use and a digest of what the kernels computed with it. As a test it
/// shows only that nothing fails; the others run it in processes with another environment.
#[test]
fn answer() {
    let mut random = Random::new(1);
    let mut digest = 0_u64;
    let mut add = |bits: Vec<u64>| {
        for bits in bits {
            // FNV-1a, a value at a time.
            digest = (digest ^ bits).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for (c, f, size) in [(1, 16, 9), (16, 32, 7), (5, 37, 6)] {
        let x: Array4<f32> = random.array([3, c, size, size]);
        let weight: Array4<f32> = random.array([f, c, 3, 3]);
        let bias: Array1<f32> = random.array(f);
        let config = Conv2dConfig::same_3x3();
        let out = conv2d::forward(x.view(), weight.view(), bias.view(), &config).unwrap();
        let gradients = conv2d::backward(out.view(), x.view(), weight.view(), &config).unwrap();
        add(bits(&out));
        add(bits(&gradients.dx));
        add(bits(&gradients.parameters.dweight));
        let (mut running, config) =
            (RunningStatistics::new(f, Convention::PyTorch), BatchNormConfig::pytorch());
        let (b, out) = (bias.view(), out.view());
        let (normalized, statistics) =
            spatial_batch_norm::forward_train(out, b, b, &mut running, &config).unwrap();
        let back = spatial_batch_norm::backward_train(out, out, b, &statistics).unwrap();
        add(bits(&back.dx));
        add(bits(&back.dgamma));
        add(bits(&running.var));
        let (pooled, argmax) =
            max_pool2d::forward(normalized.view(), &MaxPool2dConfig::halving()).unwrap();
        let halving = MaxPool2dConfig::halving();
        let dx = max_pool2d::backward(pooled.view(), argmax.view(), [size; 2], &halving).unwrap();
        add(bits(&relu::backward(dx.view(), normalized.view()).unwrap()));
    }
    let (x, weight): (Array2<f32>, Array2<f32>) = (random.array([7, 50]), random.array([10, 50]));
    add(bits(&linear::forward(x.view(), weight.view(), random.array(10).view()).unwrap()));
    let set = match instruction_set() {
        Ok(set) => set.name().to_owned(),
        Err(error) => error.to_string(),
    };
    let mut line = String::new();
    write!(line, "{MARK}{set} {digest:016x}").unwrap();
    println!("{line}");
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    let digest = |answer: &str| answer.rsplit(' ').next().unwrap().to_owned();
    let expected = answer_with("portable");
    assert!(expected.starts_with("portable "), "{expected}");
    for set in InstructionSet::ALL {
        let answer = answer_with(set.name());
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
    let expected = answer_with("portable");
    for name in ["", "AVX2", "sse9"] {
        let answer = answer_with(name);
        let message = format!(
            "kernels: the environment variable KERNELS_ISA must be portable, avx2 or avx512, and one \
             that this processor has, got \"{name}\""
        );
        assert_eq!(answer, format!("{message} {}", expected.rsplit(' ').next().unwrap()));
    }
}
