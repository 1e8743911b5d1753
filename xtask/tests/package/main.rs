//! `cargo xtask package gradescope`: the autograder runs as Gradescope runs it, in a root that has Python
//! and NumPy but neither Rust nor a network.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test fails by panicking")]

#[path = "../support/python.rs"]
mod python;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// The fields that Gradescope publishes: <https://gradescope-autograders.readthedocs.io/en/latest/specs/>.
const OF_RESULTS: [&str; 11] = [
    "score",
    "execution_time",
    "output",
    "output_format",
    "test_output_format",
    "test_name_format",
    "visibility",
    "stdout_visibility",
    "extra_data",
    "tests",
    "leaderboard",
];
const OF_TESTS: [&str; 11] = [
    "score",
    "max_score",
    "status",
    "name",
    "name_format",
    "number",
    "output",
    "output_format",
    "tags",
    "visibility",
    "extra_data",
];
const VISIBILITIES: [&str; 4] = ["hidden", "after_due_date", "after_published", "visible"];

/// Mounts what Python needs into the root `$1`, and starts the autograder there without a network. `$2` is
/// the folder of the interpreter, the others are mounted.
const START: &str = r#"
set -e
root=$1; search=$2; shift 2
for path; do
    if [ -d "$path" ]; then mkdir -p "$root$path"; else mkdir -p "$root${path%/*}"; : > "$root$path"; fi
    mount --rbind "$path" "$root$path"
done
exec "$(command -v chroot)" "$root" /usr/bin/env -i PATH="$search:/usr/bin:/bin" /bin/sh -c '
    if command -v cargo || command -v rustc; then exit 99; fi
    exec /autograder/run_autograder'
"#;

/// Where the autograder runs.
struct Root {
    folder: TempDir,
    /// The folder of the interpreter.
    search: PathBuf,
    /// What is there beside the autograder.
    mounted: Vec<PathBuf>,
}

impl Root {
    fn new(archive: &Path, interpreter: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // A root is open to every user, as a temporary folder is not.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let source = folder.path().join("autograder/source");
        let mut archive = zip::ZipArchive::new(File::open(archive).unwrap()).unwrap();
        archive.extract(&source).unwrap();
        // `unzip` leaves folders open to every user, this extraction does not.
        let opened = Command::new("chmod").args(["-R", "go+rX"]).arg(&source).status().unwrap();
        assert!(opened.success());
        fs::create_dir_all(folder.path().join("tmp")).unwrap();
        // As Gradescope does when it builds the image.
        fs::rename(source.join("run_autograder"), source.join("../run_autograder")).unwrap();
        for name in ["source/setup.sh", "source/grader", "run_autograder"] {
            let file = folder.path().join("autograder").join(name);
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o111, 0o111, "{name}");
        }
        let prefixes = Command::new(interpreter)
            .args(["-c", "import sys; print(sys.prefix); print(sys.base_prefix)"])
            .output()
            .unwrap();
        let prefixes = String::from_utf8(prefixes.stdout).unwrap();
        let system = ["/usr/bin", "/usr/lib", "/bin", "/lib", "/lib64", "/proc", "/dev"];
        let mut mounted: Vec<PathBuf> = system.iter().map(PathBuf::from).collect();
        mounted.extend(prefixes.lines().filter(|prefix| *prefix != "/usr").map(PathBuf::from));
        mounted.retain(|path| path.exists());
        mounted.dedup();
        Self { folder, search: interpreter.parent().unwrap().to_owned(), mounted }
    }

    /// What the autograder writes on these files, as (path, content).
    fn results(&self, files: &[(&str, &[u8])]) -> Value {
        let autograder = self.folder.path().join("autograder");
        for name in ["submission", "results"] {
            let _ = fs::remove_dir_all(autograder.join(name));
            fs::create_dir(autograder.join(name)).unwrap();
        }
        for (name, content) in files {
            fs::write(autograder.join("submission").join(name), content).unwrap();
        }
        let output = Command::new("unshare")
            .args(["--mount", "--net", "sh", "-c", START, "sh"])
            .arg(self.folder.path())
            .arg(&self.search)
            .args(&self.mounted)
            .output()
            .unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        let text = fs::read_to_string(autograder.join("results/results.json"));
        let text = text.unwrap_or_else(|error| unreachable!("{error}: {}: {said}", output.status));
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}: {said}", output.status);
        let results: Value = serde_json::from_str(&text).unwrap();
        expect_published(&results);
        results
    }
}

fn expect_published(results: &Value) {
    expect_fields(results, &OF_RESULTS);
    assert!(results["score"].is_number() && results["output"].is_string(), "{results}");
    for test in results["tests"].as_array().unwrap() {
        expect_fields(test, &OF_TESTS);
        assert!(test["score"].as_f64().unwrap() <= test["max_score"].as_f64().unwrap(), "{test}");
        assert!(["passed", "failed"].contains(&test["status"].as_str().unwrap()), "{test}");
    }
}

fn expect_fields(value: &Value, known: &[&str]) {
    let fields: BTreeSet<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    assert!(fields.iter().all(|field| known.contains(field)), "{fields:?}");
    for name in ["visibility", "stdout_visibility"] {
        let visibility = value.get(name).and_then(Value::as_str);
        assert!(visibility.is_none_or(|visibility| VISIBILITIES.contains(&visibility)), "{value}");
    }
}

fn has_musl() -> bool {
    let arguments = ["--print", "target-libdir", "--target", "x86_64-unknown-linux-musl"];
    let output = Command::new("rustc").args(arguments).output().unwrap();
    Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
}

#[test]
#[ignore = "long: .ci/run runs it"]
fn the_autograder_marks_what_arrives_without_rust_and_without_a_network() {
    let test = "the autograder in a bare root";
    let Some(interpreter) = python::with_numpy(test) else { return };
    if fs::metadata("/proc/self").unwrap().uid() != 0 || !has_musl() {
        eprintln!("SKIPPED {test}: needs root, and Rust's target x86_64-unknown-linux-musl");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("autograder.zip");
    // A module of the course that reads what lies beside it.
    let course = folder.path().join("course/nndl");
    fs::create_dir_all(&course).unwrap();
    fs::write(course.join("eps.txt"), "1e-5").unwrap();
    let module =
        "import os\nEPS = float(open(os.path.join(os.path.dirname(__file__), 'eps.txt')).read())\n";
    fs::write(course.join("constants.py"), module).unwrap();
    let packed = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["package", "gradescope", "--out"])
        .arg(&archive)
        .arg("--course")
        .arg(folder.path().join("course"))
        .args(["--", "--seed", "7"])
        .env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(packed.status.success(), "{}", String::from_utf8_lossy(&packed.stderr));
    let root = Root::new(&archive, &interpreter);

    let right =
        fs::read(python::workspace().join("xtask/tests/hand_ins/right/one_step.py")).unwrap();
    let with_course =
        [b"from nndl.constants import EPS\nassert EPS == 1e-5\n", &right[..]].concat();
    let results = root.results(&[("layers.py", &with_course)]);
    assert_eq!(results["score"], 100.0, "{results}");
    assert_eq!(results["output"], "All checks passed.");

    let wrong = String::from_utf8(right.clone()).unwrap().replace("1e-5", "1e-3");
    let results = root.results(&[("layers.py", wrong.as_bytes())]);
    let score = results["score"].as_f64().unwrap();
    assert!(score > 0.0 && score < 100.0, "{results}");

    let results = root.results(&[("layers.py", b"def spatial_batchnorm_forward(x:\n")]);
    assert_eq!(results["score"], 0.0);
    assert!(results["output"].as_str().unwrap().contains("SyntaxError"), "{results}");

    for files in [&[][..], &[("notes.pdf", b"%PDF".as_slice())], &[("hand_in.zip", b"PK, broken")]]
    {
        let results = root.results(files);
        assert_eq!(results["score"], 0.0);
        let output = results["output"].as_str().unwrap();
        assert!(output.starts_with("This submission could not be graded: "), "{output}");
    }
}
