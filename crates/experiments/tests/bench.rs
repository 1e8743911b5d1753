//! `cargo xtask bench`, and the variable that chooses its kernels, as a user meets them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::process::{Command, Output};

fn xtask(arguments: &[&str], instruction_set: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_experiments"));
    command.args(arguments).env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"));
    match instruction_set {
        Some(set) => command.env("KERNELS_ISA", set),
        None => command.env_remove("KERNELS_ISA"),
    };
    command.output().unwrap()
}

#[test]
fn an_instruction_set_that_means_nothing_is_refused() {
    for command in [["bench", "--quick"], ["hash", "--steps=1"]] {
        let output = xtask(&command, Some("sse9"));
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(output.stdout, b"");
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            "error: kernels: the environment variable KERNELS_ISA must be portable, avx2 or avx512, \
             and one that this processor has, got \"sse9\"\n"
        );
    }
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn a_request_is_answered_in_json_with_the_same_bits_on_every_instruction_set() {
    let request = ["bench", "--request", r#"{"request":"bits","threads":1}"#];
    let answer = |set| {
        let output = xtask(&request, set);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<String>(&output.stdout).unwrap()
    };
    let best = answer(None);
    assert_eq!(best.len(), 64);
    assert_eq!(answer(Some("portable")), best);
    let readme =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    assert!(
        readme.contains(&best[..16]),
        "README.md has other bits than {best}; put into it the table that `cargo xtask bench --bits \
         --against torch` prints"
    );
}

#[test]
fn bits_alone_are_not_measurements() {
    for more in ["--quick", "--threads=2", "--json=file", "--out=folder"] {
        let output = xtask(&["bench", "--bits", more], None);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8(output.stderr).unwrap().contains("cannot be used with"));
    }
}

#[test]
fn an_interpreter_is_for_the_other_side_alone() {
    let output = xtask(&["bench", "--python", "python3"], None);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("--against"));
}
