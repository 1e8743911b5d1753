//! Reads a study's file. A fault is told with its line, the key, what was found and what is allowed.

use toml::Spanned;
use toml::de::DeTable;

use super::axis_values::AxisValues;
use super::contents::{Family, Paper, PrimaryOutcome, ReportPlan, StudyFile};
use super::left_out;
use super::places::Places;
use super::section::{Section, Text, axis_names, line_of, quoted};
use super::unquoted;
use crate::arm::Arm;
use crate::axis::VARY;
use crate::figure_name;
use crate::source::Source;

/// The seeds of a study that names none.
const DEFAULT_SEEDS: [u64; 3] = [0, 1, 2];

/// Reads a study from the text of its file. Values of axes are tried on `notebook`.
///
/// # Errors
///
/// The line and the key at fault, what was found and what is allowed.
pub fn read(text: &str, notebook: &Arm) -> Result<StudyFile, String> {
    let document = DeTable::parse(text).map_err(|error| {
        let line = error.span().map(|span| format!("line {}: ", line_of(text, span.start)));
        let unquoted = error.span().and_then(|span| unquoted::fault(text, span));
        let fault = unquoted.unwrap_or_else(|| error.message().to_owned());
        format!("{}{fault}", line.unwrap_or_default())
    })?;
    let top = Section { text, name: "", table: document.get_ref() };
    let tables = ["compare", "fixed", left_out::KEY, "repeat", "report", "paper"];
    let keys = [&["title", "question", "quick"], tables.as_slice()].concat();
    top.expect_keys(&keys)?;
    if top.table.is_empty() {
        return Err(format!("found no key, expected at least one of {}", keys.join(", ")));
    }
    let section = |name: &'static str| {
        let Some(value) = top.get(name) else { return Ok::<_, String>(None) };
        let found = value.get_ref();
        let table = found.as_table().ok_or_else(|| {
            top.fault(name, value.span(), found.type_str(), &format!("a table [{name}]"))
        })?;
        Ok(Some(Section { text, name, table }))
    };
    let mut file = StudyFile {
        title: top.string("title")?.unwrap_or_else(|| "A study".to_owned()),
        question: top.string("question")?.unwrap_or_default(),
        quick: top.boolean("quick")?,
        settings: Vec::new(),
        validation_images: None,
        test_images: None,
        left_out: Vec::new(),
        seeds: DEFAULT_SEEDS.to_vec(),
        report: ReportPlan {
            primary: PrimaryOutcome::ValidationAccuracy,
            figures: figure_name::STANDARD.iter().map(|name| (*name).to_owned()).collect(),
            family: Family::Holm,
            best_over: None,
        },
        paper: None,
        places: Places::default(),
    };
    if let Some(section) = section("compare")? {
        section.expect_keys(&axis_names())?;
        section.note_places(&mut file.places);
        for (key, _) in section.entries() {
            file.settings.push(section.setting(key, true, notebook)?);
        }
    }
    if let Some(section) = section("fixed")? {
        let others = ["validation_images", "test_images"];
        let mut axes = axis_names();
        axes.retain(|key| *key != VARY.key);
        section.expect_keys(&[axes.as_slice(), &others].concat())?;
        section.note_places(&mut file.places);
        for (key, value) in section.entries() {
            match key {
                "validation_images" => file.validation_images = Some(section.count(key, 1)?),
                "test_images" => file.test_images = Some(section.count(key, 0)?),
                _ => {
                    let setting = section.setting(key, false, notebook)?;
                    if file.settings.iter().any(|known| known.axis == setting.axis) {
                        let expected = "an axis either in [compare] or in [fixed]";
                        return Err(section.fault(key, value.span(), "it in both", expected));
                    }
                    file.settings.push(setting);
                }
            }
        }
    }
    file.left_out = left_out::read(top, &file.settings, notebook)?;
    if let Some(section) = section("repeat")? {
        section.expect_keys(&["seeds", "vary"])?;
        section.note_places(&mut file.places);
        if let Some(found) = section.seeds()? {
            file.seeds = found;
        }
        if let Some(names) = section.strings("vary")? {
            let sources = Source::ALL.map(|source| (source.name(), source));
            let chosen = names.iter().map(|name| section.one_of("vary", name, &sources));
            let mut arm = notebook.clone();
            arm.vary = chosen.collect::<Result<Vec<_>, String>>()?;
            arm.vary.sort_unstable();
            arm.vary.dedup();
            if file.settings.iter().any(|known| known.axis == VARY) {
                let at = section.get("vary").map_or(0..0, Spanned::span);
                let expected = "what a seed changes either here or in [compare]";
                return Err(section.fault("vary", at, "it in both", expected));
            }
            let values = vec![(VARY.text)(&arm)];
            file.settings.push(AxisValues { axis: VARY, values, is_compared: false });
        }
    }
    if let Some(section) = section("report")? {
        section.expect_keys(&["primary", "figures", "family", "best_over"])?;
        let outcomes = PrimaryOutcome::ALL.map(|outcome| (outcome.name(), outcome));
        if section.get("primary").is_some() {
            file.report.primary = section.choice("primary", &outcomes)?;
        }
        if section.get("family").is_some() {
            let families = Family::ALL.map(|family| (family.name(), family));
            file.report.family = section.choice("family", &families)?;
        }
        let compared = file.settings.iter().filter(|setting| setting.is_compared);
        let compared: Vec<_> = compared.map(|setting| setting.axis).collect();
        if section.get("best_over").is_some() {
            let axes: Vec<_> = compared.iter().map(|axis| (axis.key, *axis)).collect();
            file.report.best_over = Some(section.choice("best_over", &axes)?);
        }
        if let Some(names) = section.strings("figures")? {
            for Text { text, span, .. } in &names {
                figure_name::expect(text, &compared).map_err(|expected| {
                    section.fault("figures", span.clone(), &quoted(text), &expected)
                })?;
            }
            file.report.figures = names.into_iter().map(|name| name.text).collect();
        }
    }
    if let Some(section) = section("paper")? {
        section.expect_keys(&["citation", "found"])?;
        let text = |key| {
            let lacks = || {
                format!("paper.{key}: found none, expected a text beside the other key of [paper]")
            };
            section.string(key)?.ok_or_else(lacks)
        };
        file.paper = Some(Paper { citation: text("citation")?, found: text("found")? });
    }
    Ok(file)
}
