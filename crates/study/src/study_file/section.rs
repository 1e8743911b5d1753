//! A table of a study's file, whose faults are told with their line, their key, what was found and what is
//! allowed.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::axis_values::AxisValues;
use super::places::Places;
use crate::arm::Arm;
use crate::axis::{AXES, axis};
use crate::seeds::{self, SeedFault};

/// The names of all axes.
pub(super) fn axis_names() -> Vec<&'static str> {
    AXES.iter().map(|axis| axis.key).collect()
}
/// The line of a place in the file, from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

pub(super) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// A text of the file with its place.
pub(super) struct Text {
    pub(super) text: String,
    /// As the file has it: a number without quotes.
    pub(super) shown: String,
    pub(super) span: Range<usize>,
}

/// A table of the file.
#[derive(Clone, Copy)]
pub(super) struct Section<'t> {
    /// The whole file.
    pub(super) text: &'t str,
    /// The name of the table; empty for the file itself.
    pub(super) name: &'static str,
    pub(super) table: &'t DeTable<'t>,
}

impl<'t> Section<'t> {
    pub(super) fn get(&self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.table.get(key)
    }

    /// The entries in the order of the file.
    pub(super) fn entries(&self) -> Vec<(&'t str, &'t Spanned<DeValue<'t>>)> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries.into_iter().map(|(key, value)| (key.get_ref().as_ref(), value)).collect()
    }

    pub(super) fn fault(&self, key: &str, at: Range<usize>, found: &str, expected: &str) -> String {
        let (line, dot) =
            (line_of(self.text, at.start), if self.name.is_empty() { "" } else { "." });
        format!("line {line}: {}{dot}{key}: found {found}, expected {expected}", self.name)
    }

    /// Remembers where each key stands.
    pub(super) fn note_places(&self, places: &mut Places) {
        for (key, value) in self.table {
            let line = line_of(self.text, value.span().start);
            places.remember(key.get_ref(), self.name, line);
        }
    }

    pub(super) fn expect_keys(&self, known: &[&str]) -> Result<(), String> {
        let mut keys: Vec<_> = self.table.keys().collect();
        keys.sort_by_key(|key| key.span().start);
        match keys.into_iter().find(|key| !known.contains(&key.get_ref().as_ref())) {
            None => Ok(()),
            Some(key) => {
                let line = line_of(self.text, key.span().start);
                let place =
                    if self.name.is_empty() { String::new() } else { format!("[{}]: ", self.name) };
                let (found, known) = (key.get_ref(), known.join(", "));
                Err(format!("line {line}: {place}found the key {found}, expected one of {known}"))
            }
        }
    }

    pub(super) fn string(&self, key: &'static str) -> Result<Option<String>, String> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let text = value.get_ref().as_str().map(str::trim).filter(|text| !text.is_empty());
        let refused = || self.fault(key, value.span(), &shown(value.get_ref()), "a text");
        text.map(|text| Some(text.to_owned())).ok_or_else(refused)
    }

    pub(super) fn boolean(&self, key: &'static str) -> Result<bool, String> {
        let Some(value) = self.get(key) else { return Ok(false) };
        let found = value.get_ref();
        found.as_bool().ok_or_else(|| self.fault(key, value.span(), &shown(found), "true or false"))
    }

    pub(super) fn count(&self, key: &str, least: u64) -> Result<u64, String> {
        let largest = u64::from(u32::MAX);
        let value = self.get(key).ok_or_else(|| format!("{key}: found none, expected a number"))?;
        let count = scalar(value.get_ref()).and_then(|text| text.parse().ok());
        let count = count.filter(|count| (least..=largest).contains(count));
        count.ok_or_else(|| {
            let expected = format!("a whole number from {least} to {largest}");
            self.fault(key, value.span(), &shown(value.get_ref()), &expected)
        })
    }

    /// The values of an axis.
    pub(super) fn setting(
        &self,
        key: &str,
        is_compared: bool,
        notebook: &Arm,
    ) -> Result<AxisValues, String> {
        let (Some(axis), Some(value)) = (axis(key), self.get(key)) else {
            return Err(format!(
                "{key}: found no axis, expected one of {}",
                axis_names().join(", ")
            ));
        };
        let texts = self.texts(key, value)?;
        if !is_compared && texts.len() != 1 {
            let expected = "one value; several are compared in [compare]";
            return Err(self.fault(
                key,
                value.span(),
                &format!("{} values", texts.len()),
                expected,
            ));
        }
        if texts.is_empty() {
            return Err(self.fault(key, value.span(), "no values", "at least one"));
        }
        let mut values: Vec<String> = Vec::new();
        for Text { text, shown, span } in texts {
            let canonical = axis
                .canonical(&text, notebook)
                .map_err(|expected| self.fault(key, span.clone(), &shown, &expected))?;
            if values.contains(&canonical) {
                return Err(self.fault(
                    key,
                    span,
                    &format!("{canonical} twice"),
                    "each value once",
                ));
            }
            values.push(canonical);
        }
        Ok(AxisValues { axis, values, is_compared })
    }

    /// One value or a list of values, as texts.
    pub(super) fn texts(
        &self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<Vec<Text>, String> {
        let one = |value: &Spanned<DeValue<'_>>| {
            let found = value.get_ref();
            let text = scalar(found).ok_or_else(|| {
                self.fault(
                    key,
                    value.span(),
                    found.type_str(),
                    "a number, a text, or a list of these",
                )
            })?;
            Ok(Text { text, shown: shown(found), span: value.span() })
        };
        match value.get_ref().as_array() {
            Some(values) => values.iter().map(one).collect(),
            None => Ok(vec![one(value)?]),
        }
    }

    pub(super) fn strings(&self, key: &'static str) -> Result<Option<Vec<Text>>, String> {
        let Some(value) = self.get(key) else { return Ok(None) };
        if value.get_ref().as_array().is_none() {
            return Err(self.fault(
                key,
                value.span(),
                value.get_ref().type_str(),
                "a list of texts",
            ));
        }
        self.texts(key, value).map(Some)
    }

    pub(super) fn one_of<T: Copy>(
        &self,
        key: &str,
        found: &Text,
        all: &[(&str, T)],
    ) -> Result<T, String> {
        let chosen = all.iter().find(|(name, _)| *name == found.text);
        chosen.map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<String> = all.iter().map(|(name, _)| quoted(name)).collect();
            let expected = format!("one of {}", names.join(", "));
            self.fault(key, found.span.clone(), &found.shown, &expected)
        })
    }

    pub(super) fn choice<T: Copy>(&self, key: &str, all: &[(&str, T)]) -> Result<T, String> {
        let value = self.get(key).ok_or_else(|| format!("{key}: found none, expected a text"))?;
        let texts = self.texts(key, value)?;
        match texts.as_slice() {
            [one] => self.one_of(key, one, all),
            several => {
                let found = format!("{} values", several.len());
                Err(self.fault(key, value.span(), &found, "one"))
            }
        }
    }

    pub(super) fn seeds(&self) -> Result<Option<Vec<u64>>, String> {
        let Some(value) = self.get("seeds") else { return Ok(None) };
        let texts = self.texts("seeds", value)?;
        let text: Vec<String> = match value.get_ref().as_array() {
            // A list of one seed is that seed, and not so many.
            Some(_) => texts
                .iter()
                .map(|Text { text, .. }| match text.parse::<u64>() {
                    Ok(seed) => format!("{seed}..{}", seed.saturating_add(1)),
                    Err(_) => text.clone(),
                })
                .collect(),
            None => texts.into_iter().map(|text| text.text).collect(),
        };
        let found = seeds::parse(&text.join(","));
        let shown = self.text.get(value.span()).unwrap_or_default();
        let fault = |SeedFault { found, expected }| {
            let found = found.unwrap_or_else(|| shown.to_owned());
            self.fault("seeds", value.span(), &found, &expected)
        };
        found.map(Some).map_err(fault)
    }
}

/// A number, a text or a truth value as text.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(|number| number.to_string()),
        DeValue::Float(number) => {
            number.as_str().parse().ok().map(|number: f64| format!("{number:?}"))
        }
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// A value in a message.
fn shown(value: &DeValue<'_>) -> String {
    match value.as_str() {
        Some(text) => quoted(text),
        None => scalar(value).unwrap_or_else(|| format!("a value of type {}", value.type_str())),
    }
}
