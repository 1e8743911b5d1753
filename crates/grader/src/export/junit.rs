//! JUnit XML, for continuous integration.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::export::diagnosis;
use crate::export::format::{ExportError, OutputFormat};
use crate::grading::Grading;
use crate::messages::is_plain;
use crate::report::NotAsked;
use crate::verdict::{CheckOutcome, Finding, Verdict};

/// JUnit XML.
pub(super) const JUNIT: OutputFormat = OutputFormat {
    name: "junit",
    summary: "For continuous integration",
    extension: "xml",
    needs_marks: false,
    write: junit,
    ungraded: None,
};

/// A test of a suite.
struct Test {
    name: String,
    class_name: String,
    /// What is in its element.
    inside: Option<Inside>,
}

/// An element: its name, its message, and its text.
struct Inside {
    element: &'static str,
    message: Option<String>,
    text: String,
}

const FAILURE: &str = "failure";
const ERROR: &str = "error";
const SKIPPED: &str = "skipped";
const OUTPUT: &str = "system-out";

/// The grading as JUnit XML: a wrong answer is a failure, no answer an error, and a case that was
/// not asked is skipped. There are no times in it, so that equal reports are equal files.
fn junit(grading: &Grading) -> Result<String, ExportError> {
    let something_failed = !grading.report.all_passed();
    let grading = &grading.shown();
    let suites: Vec<(&str, Vec<Test>)> = grading
        .report
        .suites
        .iter()
        .map(|suite| {
            let asked = suite.verdicts.iter().map(|verdict| test(verdict, grading));
            (suite.name.name(), asked.chain(suite.not_asked.iter().map(skipped)).collect())
        })
        .collect();
    let diagnosis = diagnosis::lines(grading, something_failed).join("\n");
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 4);
    let declaration = BytesDecl::new("1.0", Some("UTF-8"), None);
    xml.write_event(Event::Decl(declaration)).map_err(ExportError::Junit)?;
    let name = format!("grade {}", grading.report.target);
    let all = suites.iter().flat_map(|(_, tests)| tests);
    xml.create_element("testsuites")
        .with_attribute(("name", plain(&name).as_str()))
        .with_attributes(counts(all).iter().map(|(name, count)| (*name, count.as_str())))
        .write_inner_content(|xml| {
            for (name, tests) in &suites {
                write_suite(xml, name, tests)?;
            }
            if diagnosis.is_empty() {
                return Ok(());
            }
            let counts = counts([]);
            let counts = counts.iter().map(|(name, count)| (*name, count.as_str()));
            let suite = xml.create_element("testsuite").with_attribute(("name", "diagnosis"));
            suite.with_attributes(counts).write_inner_content(|xml| {
                write_inside(xml, &Inside { element: OUTPUT, message: None, text: diagnosis })
            })?;
            Ok(())
        })
        .map_err(ExportError::Junit)?;
    xml.write_event(Event::Text(BytesText::new("\n"))).map_err(ExportError::Junit)?;
    Ok(String::from_utf8_lossy(&xml.into_inner()).into_owned())
}

/// How many tests there are, and how many of each kind did not pass.
fn counts<'a>(tests: impl IntoIterator<Item = &'a Test>) -> [(&'static str, String); 4] {
    let elements: Vec<Option<&str>> =
        tests.into_iter().map(|test| test.inside.as_ref().map(|inside| inside.element)).collect();
    let of = |element| elements.iter().filter(|found| **found == Some(element)).count().to_string();
    [
        ("tests", elements.len().to_string()),
        ("skipped", of(SKIPPED)),
        ("errors", of(ERROR)),
        ("failures", of(FAILURE)),
    ]
}

fn write_suite(xml: &mut Writer<Vec<u8>>, name: &str, tests: &[Test]) -> io::Result<()> {
    let counts = counts(tests);
    let counts = counts.iter().map(|(name, count)| (*name, count.as_str()));
    let suite = xml.create_element("testsuite").with_attribute(("name", name));
    suite.with_attributes(counts).write_inner_content(|xml| {
        for Test { name, class_name, inside } in tests {
            let (name, class_name) = (plain(name), plain(class_name));
            let element = xml
                .create_element("testcase")
                .with_attributes([("name", name.as_str()), ("classname", class_name.as_str())]);
            match inside {
                None => element.write_empty()?,
                Some(inside) => element.write_inner_content(|xml| write_inside(xml, inside))?,
            };
        }
        Ok(())
    })?;
    Ok(())
}

fn write_inside(xml: &mut Writer<Vec<u8>>, inside: &Inside) -> io::Result<()> {
    let mut element = xml.create_element(inside.element);
    let message = inside.message.as_deref().map(plain);
    if let Some(message) = &message {
        element = element.with_attribute(("message", message.as_str()));
    }
    if inside.text.is_empty() {
        element.write_empty()?;
    } else {
        element.write_text_content(BytesText::new(&plain(&inside.text)))?;
    }
    Ok(())
}

/// Text without what XML forbids.
fn plain(text: &str) -> String {
    text.chars().filter(|&letter| letter == '\n' || is_plain(letter)).collect()
}

fn skipped(not_asked: &NotAsked) -> Test {
    let cases = if not_asked.cases == 1 { "case" } else { "cases" };
    let reason = not_asked.reason.as_str().to_owned();
    Test {
        name: format!("{} {cases} not asked", not_asked.cases),
        class_name: reason.clone(),
        inside: Some(Inside { element: SKIPPED, message: Some(reason), text: String::new() }),
    }
}

fn test(verdict: &Verdict, grading: &Grading) -> Test {
    let (element, message) = match &verdict.outcome {
        CheckOutcome::Passed => return case(verdict, None),
        CheckOutcome::Noted { convention, findings } => {
            let text = note(convention, findings);
            return case(verdict, Some(Inside { element: OUTPUT, message: None, text }));
        }
        CheckOutcome::Raised { message } => (ERROR, format!("failed due to exception: {message}")),
        CheckOutcome::Failed { findings } => (FAILURE, in_lines(findings)),
    };
    let first = message.lines().next().unwrap_or_default().to_owned();
    let mut lines = vec![message];
    lines.extend(verdict.input.as_ref().map(|input| format!("Input: {input}")));
    lines.extend(verdict.hint.as_ref().map(|hint| format!("Hint: {hint}")));
    lines.push(format!("Run it alone: {}", grading.rerun(verdict)));
    case(verdict, Some(Inside { element, message: Some(first), text: lines.join("\n") }))
}

fn case(verdict: &Verdict, inside: Option<Inside>) -> Test {
    let (name, class_name) = (verdict.check.as_str().to_owned(), verdict.case.as_str().to_owned());
    Test { name, class_name, inside }
}

fn note(convention: &str, findings: &[Finding]) -> String {
    format!("Convention: {convention}\n{}", in_lines(findings))
}

fn in_lines(findings: &[Finding]) -> String {
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    lines.join("\n")
}
