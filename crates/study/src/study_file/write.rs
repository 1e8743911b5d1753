//! Writes a study's file with all its values, so that it says the same to a later program.

use std::fmt::Write;

use toml::Value;

use super::axis_values::AxisValues;
use super::contents::{Paper, StudyFile};
use super::left_out::{self, LeftOut};
use crate::axis::VARY;
use crate::seeds;
use crate::source::Source;

/// The text of a study's file.
pub(crate) fn write(file: &StudyFile) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    line(format!("title = {}", quoted(&file.title)));
    if !file.question.is_empty() {
        line(format!("question = {}", quoted(&file.question)));
    }
    if file.quick {
        line("quick = true".to_owned());
    }
    if file.settings.iter().any(|setting| setting.is_compared) {
        line("\n[compare]".to_owned());
        for AxisValues { axis, values, .. } in file.settings.iter().filter(|it| it.is_compared) {
            line(format!("{} = {}", axis.key, list(values)));
        }
    }
    line("\n[fixed]".to_owned());
    let (vary, fixed): (Vec<&AxisValues>, Vec<&AxisValues>) =
        file.settings.iter().filter(|it| !it.is_compared).partition(|it| it.axis == VARY);
    for AxisValues { axis, values, .. } in fixed {
        let value = values.first().map_or_else(String::new, |value| literal(value));
        line(format!("{} = {value}", axis.key));
    }
    for (key, images) in
        [("validation_images", file.validation_images), ("test_images", file.test_images)]
    {
        if let Some(images) = images {
            line(format!("{key} = {images}"));
        }
    }
    line("\n[repeat]".to_owned());
    line(format!("seeds = {}", quoted(&seeds::text(&file.seeds))));
    for AxisValues { values, .. } in vary {
        let sources: Vec<String> = Source::ALL
            .map(|source| source.name().to_owned())
            .into_iter()
            .filter(|name| values.iter().flat_map(|value| value.split('+')).any(|one| one == name))
            .collect();
        line(format!("vary = {}", list(&sources)));
    }
    line("\n[report]".to_owned());
    line(format!("primary = {}", quoted(file.report.primary.name())));
    line(format!("figures = {}", list(&file.report.figures)));
    line(format!("family = {}", quoted(file.report.family.name())));
    if let Some(axis) = file.report.best_over {
        line(format!("best_over = {}", quoted(axis.key)));
    }
    if let Some(Paper { citation, found }) = &file.paper {
        line("\n[paper]".to_owned());
        line(format!("citation = {}", quoted(citation)));
        line(format!("found = {}", quoted(found)));
    }
    for LeftOut { conditions } in &file.left_out {
        line(format!("\n[[{}]]", left_out::KEY));
        for (axis, values) in conditions {
            line(format!("{} = {}", axis.key, list(values)));
        }
    }
    text
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// A value of an axis: a number where it is one, else a text.
fn literal(text: &str) -> String {
    let is_number = text.parse::<f64>().is_ok_and(f64::is_finite);
    if is_number { text.to_owned() } else { quoted(text) }
}

fn list(texts: &[String]) -> String {
    let mut list = String::from("[");
    for (index, text) in texts.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = write!(list, "{}{}", if index > 0 { ", " } else { "" }, literal(text));
    }
    list + "]"
}
