//! The protocol: its worked examples, and answers in folders that are damaged or hostile.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use grader::check::{Options, protocol_scripts};
use grader::fixture::load_all;
use grader::grading::grade;
use grader::submission::protocol::write_inputs;
use grader::submission::{
    AskedMode, Backward, Entries, Kind, OutputsFolder, Script, Step, Submission,
};
use grader::tensor::Tensor;
use grader::verdict::CheckOutcome;
use kernels::BatchNormConfig;
use ndarray::{Array1, Array4, ShapeBuilder, array};
use ndarray_npy::write_npy;

/// Runs a program on everything that the grader asks, and expects it to be right.
fn answers_everything(mut program: Command) {
    let cases = load_all(Path::new("../../fixtures")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (inputs, outputs) = (folder.path().join("inputs"), folder.path().join("outputs"));
    let scripts = protocol_scripts(&cases, &Options::default());
    assert!(write_inputs(&inputs, &scripts).unwrap().len() > 30);
    assert!(program.args([&inputs, &outputs]).status().unwrap().success());
    let grading = grade(&OutputsFolder::new("outputs", &outputs), &cases, &Options::default(), "");
    for verdict in grading.report.verdicts() {
        assert!(verdict.is_well(), "{verdict:#?}");
    }
    assert_eq!(grading.report.suites.len(), 4);
}

#[test]
fn the_example_in_rust_answers_everything() {
    // Cargo builds examples with the tests, unless a single test is asked for.
    let examples = std::env::current_exe().unwrap().parent().unwrap().with_file_name("examples");
    let example = examples.join("answer");
    if !example.is_file() {
        let _ = writeln!(
            io::stderr(),
            "SKIPPED the example in Rust: it is not built; cargo build --example answer"
        );
        return;
    }
    answers_everything(Command::new(example));
}

#[test]
fn the_example_in_python_answers_everything() {
    let named = std::env::var_os("GRADER_PYTHON");
    let python = named.clone().map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let import = Command::new(&python).args(["-c", "import numpy"]).output();
    if !import.is_ok_and(|output| output.status.success()) {
        assert!(named.is_none(), "GRADER_PYTHON names a Python without NumPy");
        let _ = writeln!(
            io::stderr(),
            "SKIPPED the example in Python: set GRADER_PYTHON to a Python with NumPy"
        );
        return;
    }
    let mut program = Command::new(python);
    program.arg("examples/answer.py");
    answers_everything(program);
}

/// Two passes alike, one in Fortran order, and a backward pass of the second.
fn script() -> Script {
    let shape = (2, 1, 2, 3);
    let x = |start: f64| {
        Array4::from_shape_fn(shape, |(n, _, h, w)| start + (n * 6 + h * 3 + w) as f64)
    };
    let vector = |value: f64| Tensor::Float64(array![value].into_dyn());
    let step = |x: Array4<f64>| Step {
        mode: AskedMode::Train,
        x: Tensor::Float64(x.into_dyn()),
        gamma: vector(2.0),
        beta: Tensor::Int64(array![1].into_dyn()),
    };
    let mut fortran = Array4::zeros(shape.f());
    fortran.assign(&x(7.0));
    Script {
        kind: Kind::Spatial,
        config: BatchNormConfig::notebook(),
        running_mean: vector(0.0),
        running_var: vector(1.0),
        entries: Entries::ALL,
        moved_steps: 0,
        steps: vec![step(x(0.0)), step(x(3.0)), step(fortran)],
        backwards: vec![Backward {
            step: 1,
            dout: Tensor::Float64(x(0.5).into_dyn()),
            x_overwritten: true,
        }],
    }
}

/// The answers to [`script`] after `prepare` has filled the folder of its outputs.
fn answered(prepare: impl FnOnce(&Path)) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let names = write_inputs(&folder.path().join("inputs"), &[script()]).unwrap();
    let outputs = folder.path().join("outputs");
    let answer = outputs.join(&names[0]);
    fs::create_dir_all(&answer).unwrap();
    for (number, passes) in [(0, 2), (1, 1)] {
        let out = ndarray::Array5::<f64>::zeros((passes, 2, 1, 2, 3));
        write_npy(answer.join(format!("out_{number}.npy")), &out).unwrap();
        for role in ["running_mean", "running_var"] {
            let rows = ndarray::Array2::<f64>::zeros((passes, 1));
            write_npy(answer.join(format!("{role}_{number}.npy")), &rows).unwrap();
        }
    }
    write_npy(answer.join("dx_0.npy"), &Array4::<f64>::zeros((2, 1, 2, 3))).unwrap();
    for role in ["dgamma", "dbeta"] {
        write_npy(answer.join(format!("{role}_0.npy")), &Array1::<f64>::zeros(1)).unwrap();
    }
    prepare(&answer);
    let outputs = OutputsFolder::new("outputs", outputs).run(&script()).unwrap();
    let steps = outputs.steps.iter().map(|step| match step {
        Ok(step) => format!("{:?} {:?}", step.out.shape(), step.touched),
        Err(failure) => failure.to_string(),
    });
    let gradients = outputs.gradients.iter().map(|gradients| match gradients {
        Ok(gradients) => format!("{:?} {:?}", gradients.dx.shape(), gradients.touched),
        Err(failure) => failure.to_string(),
    });
    let name = &names[0];
    steps.chain(gradients).map(|line| line.replace(name, "SCRIPT")).collect()
}

const WELL: &str = "[2, 1, 2, 3] []";

#[test]
fn a_script_is_written_as_the_readme_says() {
    let folder = tempfile::tempdir().unwrap();
    let names = write_inputs(folder.path(), &[script(), script()]).unwrap();
    // Equal scripts have a folder each, and names that follow from what is in them.
    assert_eq!(names[1], format!("{}-2", names[0]));
    assert_eq!(names[0].len(), "spatial-".len() + 16);
    let listed = fs::read_to_string(folder.path().join("scripts.txt")).unwrap();
    assert_eq!(listed, format!("{}\n{}\n", names[0], names[1]));
    let script = folder.path().join(&names[0]);
    let calls = fs::read_to_string(script.join("calls.txt")).unwrap();
    let expected = "kind spatial\neps 0.00001\nmomentum 0.9\nrunning given\nforward 0 train 2\n\
                    forward 1 train 1\nbackward 0 0 1 overwrite_x\n";
    assert_eq!(calls, expected);
    let files: BTreeSet<String> = fs::read_dir(&script)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let arrays = ["x_0", "gamma_0", "beta_0", "x_1", "gamma_1", "beta_1", "dout_0"];
    let running = ["running_mean", "running_var"];
    let mut named: BTreeSet<String> =
        arrays.iter().chain(&running).map(|name| format!("{name}.npy")).collect();
    named.insert("calls.txt".to_owned());
    assert_eq!(files, named);
    let header = |name: &str| {
        String::from_utf8_lossy(&fs::read(script.join(name)).unwrap()[10..100]).into_owned()
    };
    assert!(header("x_0.npy").contains("'fortran_order': False, 'shape': (2, 2, 1, 2, 3)"));
    assert!(header("x_1.npy").contains("'fortran_order': True, 'shape': (1, 2, 1, 2, 3)"));
    assert!(header("beta_0.npy").contains("'<i8'"));
}

#[test]
fn good_answers_are_read_whole() {
    assert_eq!(answered(|_| ()), [WELL; 4]);
    let touched = answered(|answer| {
        fs::write(answer.join("forward_1.txt"), "touched x running_var nonsense\n").unwrap();
        fs::write(answer.join("backward_0.txt"), "touched dout\n").unwrap();
    });
    let (step, gradients) = ("[2, 1, 2, 3] [X, RunningVar]", "[2, 1, 2, 3] [Dout]");
    assert_eq!(touched, [WELL, WELL, step, gradients]);
}

#[test]
fn a_bad_result_costs_its_own_call_and_no_other() {
    let refused = |file: &str, edit: &dyn Fn(&Path)| answered(|answer| edit(&answer.join(file)));
    let npy = |header: &str| {
        let length = u16::try_from(header.len() + 1).unwrap().to_le_bytes();
        [b"\x93NUMPY\x01\0", &length[..], header.as_bytes(), b"\n"].concat()
    };
    let objects = npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }");
    let huge = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 99999999999), }");
    let rows = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 0), }");
    let scalar = [npy("{'descr': '<f8', 'fortran_order': False, 'shape': (), }"), vec![0; 8]];
    for (bytes, reason) in [
        (&b"nonsense"[..], "SCRIPT/out_1.npy not a .npy file"),
        (&objects, "objects and pickles are never read"),
        (&huge, "expected 799999999992 bytes after the header"),
        (&rows, "has 99999999999 as its first axis, expected 1 calls"),
        (&scalar.concat(), "has none as its first axis, expected 1 calls"),
    ] {
        let lines = refused("out_1.npy", &|path| fs::write(path, bytes).unwrap());
        assert!(lines[2].contains(reason), "{}", lines[2]);
        assert_eq!([&lines[0], &lines[1], &lines[3]], [WELL; 3]);
    }
    let lines = refused("out_0.npy", &|path| fs::remove_file(path).unwrap());
    assert_eq!(lines[..2], ["SCRIPT/out_0.npy is missing"; 2]);
    let lines = refused("dgamma_0.npy", &|path| fs::remove_file(path).unwrap());
    assert_eq!(lines, [WELL, WELL, WELL, "SCRIPT/dgamma_0.npy is missing"]);
    // A call that fails leaves the results of those before it.
    let lines = answered(|answer| {
        let out = ndarray::Array5::<f64>::zeros((1, 2, 1, 2, 3));
        write_npy(answer.join("out_0.npy"), &out).unwrap();
        fs::write(answer.join("forward_0.txt"), "error of\x1b[2J\rits own\n").unwrap();
        fs::write(answer.join("backward_0.txt"), "error no\n").unwrap();
    });
    assert_eq!(lines, [WELL, "of [2J its own", WELL, "no"]);
}

/// A sparse file of float64 with this shape.
fn sparse(path: &Path, shape: &str, bytes: u64) {
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n");
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    let beginning = [b"\x93NUMPY\x01\0", &length[..], header.as_bytes()].concat();
    fs::write(path, &beginning).unwrap();
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_len(beginning.len() as u64 + bytes).unwrap();
}

#[test]
fn a_result_far_larger_than_asked_is_not_read_and_its_failure_names_both_shapes() {
    let lines = answered(|answer| {
        sparse(&answer.join("out_0.npy"), "(2, 4194304)", 8 << 23);
        sparse(&answer.join("dgamma_0.npy"), "(8388608,)", 8 << 23);
    });
    let reason = "; results so much larger than asked are not read";
    let of_out = "SCRIPT/out_0.npy has shape [2, 4194304], expected [2, 2, 1, 2, 3]";
    let of_dgamma = "SCRIPT/dgamma_0.npy has shape [8388608], expected [1]";
    assert_eq!(lines[0], format!("{of_out}{reason}"));
    assert_eq!([&lines[1], &lines[2]], [&lines[0], WELL]);
    assert_eq!(lines[3], format!("{of_dgamma}{reason}"));
}

#[test]
fn results_of_a_wrong_shape_are_read_as_long_as_the_script_has_room() {
    // The room of so small a script is 64 KiB: 6000 values leave 2192 for others, so that dgamma has
    // room and dbeta has none. What is no larger than asked is read all the same.
    let lines = answered(|answer| {
        sparse(&answer.join("out_0.npy"), "(2, 3000)", 8 * 6000);
        sparse(&answer.join("dgamma_0.npy"), "(2000,)", 8 * 2000);
    });
    assert_eq!(lines, ["[3000] []", "[3000] []", WELL, WELL]);
    let lines = answered(|answer| {
        sparse(&answer.join("out_0.npy"), "(2, 3000)", 8 * 6000);
        sparse(&answer.join("dgamma_0.npy"), "(2000,)", 8 * 2000);
        sparse(&answer.join("dbeta_0.npy"), "(2000,)", 8 * 2000);
    });
    assert_eq!(lines[..3], ["[3000] []", "[3000] []", WELL]);
    assert!(lines[3].starts_with("SCRIPT/dbeta_0.npy has shape [2000], expected [1]"), "{lines:?}");
}

#[test]
fn of_a_long_note_the_beginning_counts() {
    let lines = answered(|answer| {
        fs::remove_file(answer.join("out_1.npy")).unwrap();
        let note = format!("error {}", "far too long ".repeat(1 << 20));
        fs::write(answer.join("forward_1.txt"), note).unwrap();
        fs::write(answer.join("backward_0.txt"), "touched x ".repeat(1 << 20)).unwrap();
    });
    assert_eq!(lines[..2], [WELL; 2]);
    assert!(lines[2].starts_with("far too long far") && lines[2].len() == 500, "{}", lines[2]);
    assert_eq!(lines[3], "[2, 1, 2, 3] [X]");
}

#[test]
fn nothing_is_believed_about_a_folder_that_is_not_there() {
    let outputs = OutputsFolder::new("outputs", "no/such/folder");
    let grading = grade(&outputs, &[], &Options::default(), "");
    for verdict in grading.report.verdicts() {
        assert!(matches!(verdict.outcome, CheckOutcome::Raised { .. }), "{verdict:#?}");
    }
}
