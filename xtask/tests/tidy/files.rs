//! How files open, how long they are, what they are called.

use std::path::{Path, PathBuf};

use super::{Finding, source};

/// Lines of code that a file may have: without comments, blank lines and its tests.
const MOST_LINES: usize = 400;

/// Tables of data, which may be longer.
const TABLES: [&str; 1] = ["crates/grader/src/diagnosis/catalogue/"];

/// Names of files that tools and editors leave behind.
const LEFT_OVER: [&str; 8] =
    [".snap.new", ".orig", ".rej", ".pyc", ".part", ".swp", ".DS_Store", ".profraw"];

pub(crate) fn without_header() -> Vec<Finding> {
    let rust = source::with_extension("rs").into_iter();
    rust.filter(|file| !source::read(file).starts_with("//!"))
        .map(|file| Finding {
            file,
            line: Some(1),
            message: "no `//!` in the first line; say in a sentence what the file is for"
                .to_owned(),
        })
        .collect()
}

pub(crate) fn named_mod() -> Vec<Finding> {
    let rust = source::with_extension("rs").into_iter();
    rust.filter(|file| file.ends_with("mod.rs") && !is_test(file))
        .map(|file| {
            let folder = file.parent().unwrap_or(Path::new("")).display().to_string();
            let message = format!("a module is a file beside its folder; rename it {folder}.rs");
            Finding { file, line: None, message }
        })
        .collect()
}

/// Tests that no program has: where Cargo does not find the programs of a crate's tests by itself, each file
/// is one that its manifest names, or a module of one.
pub(crate) fn forgotten_tests() -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut joined = 0;
    for manifest in source::with_extension("toml") {
        let Some(package) = manifest.parent().filter(|_| manifest.ends_with("Cargo.toml")) else {
            continue;
        };
        let table: toml::Table = source::read(&manifest).parse().unwrap();
        let finds_tests = |package: &toml::Value| package.get("autotests")?.as_bool();
        if table.get("package").and_then(finds_tests) != Some(false) {
            continue;
        }
        let targets = table.get("test").and_then(toml::Value::as_array);
        let named = targets.into_iter().flatten().filter_map(|target| target["name"].as_str());
        let folder = package.join("tests");
        let programs: Vec<PathBuf> =
            named.map(|name| folder.join(name).with_extension("rs")).collect();
        let modules: Vec<String> = programs.iter().map(|program| source::read(program)).collect();
        joined += 1;
        for file in source::with_extension("rs") {
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            let is_declared =
                |text: &String| text.lines().any(|line| line == format!("mod {name};"));
            if file.parent() == Some(&folder)
                && !programs.contains(&file)
                && !modules.iter().any(is_declared)
            {
                let message = format!("its tests are not run; declare `mod {name};` in all.rs");
                findings.push(Finding { file, line: None, message });
            }
        }
    }
    assert!(joined > 0, "found no crate whose tests are one program");
    findings
}

pub(crate) fn too_long() -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in source::with_extension("rs") {
        let name = file.to_string_lossy().into_owned();
        if is_test(&file) || TABLES.iter().any(|table| name.starts_with(table)) {
            continue;
        }
        let text = source::read(&file);
        let code = text.lines().map(str::trim_start);
        // The tests of a file stand at its end, in a module of that name.
        let code = code.take_while(|line| *line != "mod tests {");
        let lines = code.filter(|line| !line.is_empty() && !line.starts_with("//")).count();
        if lines > MOST_LINES {
            let message = format!(
                "{lines} lines of code, expected at most {MOST_LINES}; cut it where two ideas meet"
            );
            findings.push(Finding { file, line: None, message });
        }
    }
    findings
}

pub(crate) fn left_over() -> Vec<Finding> {
    let all = source::tracked().into_iter();
    all.filter(|file| LEFT_OVER.iter().any(|end| file.to_string_lossy().ends_with(end)))
        .map(|file| Finding {
            file,
            line: None,
            message: "a tool left it behind; remove it with `git rm`".to_owned(),
        })
        .collect()
}

fn is_test(file: &Path) -> bool {
    file.components().any(|part| part.as_os_str() == "tests" || part.as_os_str() == "tests.rs")
}
