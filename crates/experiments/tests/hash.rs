//! `cargo xtask hash`: one hash, whatever it runs on.
//!
//! Where kernels are meant to give other bits than before, this makes the snapshots anew, unless
//! the ways to run disagree, and then says what `trainer::numerics` has to be:
//! `INSTA_UPDATE=always cargo test --package experiments --test hash`

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::{self, Display, Formatter};
use std::io::{self, ErrorKind, Write};
use std::process::{Command, Output};

use kernels::InstructionSet;
use trainer::fingerprint::Fingerprint;
use trainer::numerics::{NOTEBOOK, Numerics};

const PROGRAM: &str = env!("CARGO_BIN_EXE_experiments");

/// The command's own default.
const WHOLE: [&str; 2] = ["--steps=300", "--batch-size=50"];
/// The same for kernels that take long, because they fuse multiply-adds by hand.
const FEW_IMAGES: [&str; 2] = ["--steps=300", "--batch-size=5"];
/// For all ways to run, and for emulators.
const FEW_STEPS: [&str; 2] = ["--steps=3", "--batch-size=10"];
const EMULATED: [&str; 2] = ["--steps=3", "--batch-size=5"];

/// Threads of a run, and runs side by side.
const PARALLEL: [(usize, usize); 8] =
    [(1, 1), (2, 1), (3, 1), (8, 1), (1, 2), (1, 3), (1, 8), (2, 2)];

/// One way to run.
#[derive(Clone, Copy)]
struct Way {
    set: InstructionSet,
    threads: usize,
    side_by_side: usize,
}

impl Display for Way {
    /// As the command says it.
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self { set, threads, side_by_side } = self;
        let set = set.name();
        let build = if cfg!(debug_assertions) { "debug" } else { "release" };
        write!(
            formatter,
            "kernels on {set}, threads of a run {threads}, runs side by side {side_by_side}, {build} \
             build"
        )
    }
}

impl Way {
    fn hashes(self, size: [&str; 2]) -> String {
        let (threads, runs) = (self.threads.to_string(), self.side_by_side.to_string());
        let output = Command::new(PROGRAM)
            .arg("hash")
            .args(size)
            .args(["--threads", &threads, "--side-by-side", &runs])
            .env("KERNELS_ISA", self.set.name())
            .output()
            .unwrap();
        let (hashes, said) = answer(output);
        assert_eq!(said, format!("{self}\n"));
        hashes
    }
}

fn answer(output: Output) -> (String, String) {
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{}: {said}", output.status);
    (String::from_utf8(output.stdout).unwrap(), said)
}

/// Each of these ways on each of these instruction sets.
fn ways<'a>(
    sets: impl IntoIterator<Item = InstructionSet> + 'a,
    parallel: &'a [(usize, usize)],
) -> impl Iterator<Item = Way> + 'a {
    sets.into_iter().flat_map(move |set| {
        let way = move |&(threads, side_by_side)| Way { set, threads, side_by_side };
        parallel.iter().map(way)
    })
}

/// Those that this processor has; says which it lacks.
fn available() -> impl Iterator<Item = InstructionSet> {
    InstructionSet::ALL.into_iter().filter(|set| {
        let is_available = set.is_available();
        if !is_available {
            skipped(&format!("hashes on {}, which this processor lacks", set.name()));
        }
        is_available
    })
}

fn skipped(what: &str) {
    // Not `eprintln!`, which the test runner swallows.
    let _ = writeln!(io::stderr(), "SKIPPED {what}");
}

/// The hashes on which all agree.
fn agreed(found: impl Iterator<Item = (String, String)>) -> String {
    let found: Vec<(String, String)> = found.collect();
    let (first, expected) = &found[0];
    for (way, hashes) in &found {
        assert_eq!(hashes, expected, "{way} against {first}");
    }
    expected.clone()
}

#[test]
fn three_steps_on_every_instruction_set_and_any_number_of_threads() {
    let ways = ways(available(), &PARALLEL);
    let hashes = agreed(ways.map(|way| (way.to_string(), way.hashes(FEW_STEPS))));
    insta::assert_snapshot!("3_steps_of_10", hashes);
}

#[test]
fn three_hundred_steps() {
    let fused: Vec<_> = available().filter(|&set| set != InstructionSet::Portable).collect();
    if fused.is_empty() {
        return skipped("300 steps of 50 images, which take minutes on the portable kernels");
    }
    let parallel = [(3, 1), (1, 1), (2, 1), (8, 1), (1, 3)];
    // One number of threads for each instruction set keeps `cargo test` short. The profile `hashes`, which has
    // no debug assertions, tries all.
    let parallel = if cfg!(debug_assertions) { &parallel[..1] } else { &parallel };
    let ways = ways(fused, parallel);
    let hashes = agreed(ways.map(|way| (way.to_string(), way.hashes(WHOLE))));
    insta::assert_snapshot!("300_steps_of_50", hashes);
    let Numerics { name, networks } = NOTEBOOK;
    let mut together = Fingerprint::default();
    for network in networks {
        let is_its = |line: &&str| line.ends_with(&format!(" {network}"));
        together.add_text(hashes.lines().find(is_its).unwrap());
    }
    assert_eq!(
        together.finish().get(..16).unwrap(),
        name,
        "bits changed; so must the name in crates/trainer/src/numerics.rs, to what is left here"
    );
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn three_hundred_steps_of_few_images_on_every_instruction_set() {
    let ways = ways(available(), &[(3, 1), (1, 2)]);
    let hashes = agreed(ways.map(|way| (way.to_string(), way.hashes(FEW_IMAGES))));
    insta::assert_snapshot!("300_steps_of_5", hashes);
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn three_steps_on_emulated_processors() {
    if cfg!(not(target_arch = "x86_64")) {
        return skipped("emulated processors, all of which are x86-64");
    }
    let mut found = Vec::new();
    for processor in ["Nehalem", "Haswell", "max"] {
        let output = Command::new("qemu-x86_64")
            .args(["-cpu", processor, PROGRAM, "hash", "--threads=2"])
            .args(EMULATED)
            .env_remove("KERNELS_ISA")
            .output();
        if output.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            return skipped("emulated processors; on Debian, apt-get install qemu-user");
        }
        let (hashes, said) = answer(output.unwrap());
        let is_portable = said.contains("kernels on portable,");
        if processor == "Nehalem" {
            assert!(is_portable, "{said}");
        } else if is_portable {
            skipped(&format!("AVX2 on an emulated {processor}; qemu has it from 7.2 on"));
        }
        found.push((processor.to_owned(), hashes));
    }
    let hashes = agreed(found.into_iter());
    insta::assert_snapshot!("3_steps_of_5", hashes);
    let here = Way { set: InstructionSet::Portable, threads: 1, side_by_side: 2 };
    assert_eq!(here.hashes(EMULATED), hashes);
}

#[test]
fn what_cannot_be_trained_says_why() {
    let message = |arguments: &[&str]| {
        let output = Command::new(PROGRAM).arg("hash").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(output.stdout, b"");
        String::from_utf8(output.stderr).unwrap().lines().last().unwrap().to_owned()
    };
    assert_eq!(
        message(&["--steps=60000", "--batch-size=1"]),
        "error: the built-in data set: the number of images must be at most 60000, got 60000 steps and \
         a validation of 1 each"
    );
    assert!(message(&["--networks=batch-norm", "--batch-size=1"]).contains("single image"));
}
