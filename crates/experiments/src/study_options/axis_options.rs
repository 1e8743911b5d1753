//! The options of the command line that change axes of a study: `--set`, and short ones for some.

use clap::builder::{PossibleValue, PossibleValuesParser, ValueParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use study::axis::{AXES, Axis, axis, place};
use study::study_file::StudyFile;

const SET: &str = "set";

/// Axes with their new values, in the order in which they apply.
#[derive(Debug, Default)]
pub(crate) struct AxisOptions(Vec<(&'static Axis, Vec<String>)>);

impl AxisOptions {
    /// Changes a study, and gives the changes as parts of a folder's name.
    pub(crate) fn apply(&self, study: &mut StudyFile) -> Vec<String> {
        self.0.iter().for_each(|(axis, values)| study.set(axis, values.clone()));
        self.settings()
    }

    /// Each change as `--set` takes it.
    pub(crate) fn settings(&self) -> Vec<String> {
        self.0.iter().map(|(axis, values)| format!("{}={}", axis.key, values.join(","))).collect()
    }

    /// The key of the first axis that is changed.
    pub(crate) fn first(&self) -> Option<&'static str> {
        self.0.first().map(|(axis, _)| axis.key)
    }
}

impl Args for AxisOptions {
    fn augment_args(command: Command) -> Command {
        let keys: Vec<&str> = AXES.iter().map(|axis| axis.key).collect();
        let command = command.arg(
            Arg::new(SET)
                .long(SET)
                .value_name("AXIS=VALUES")
                .help("Give an axis of the study other values; several, as in learning_rate=0.01,0.001, are compared")
                .long_help(format!("Give an axis of the study other values; several, as in learning_rate=0.01,0.001, are compared. The axes: {}", keys.join(", ")))
                .action(ArgAction::Append)
                .value_parser(setting),
        );
        let short = AXES.iter().filter_map(|axis| Some((axis, axis.flag?)));
        command.args(short.map(|(axis, flag)| {
            let choices = (axis.choices)();
            let parser = if choices.is_empty() {
                ValueParser::from(move |text: &str| {
                    check(axis, text).map_err(|expected| format!("expected {expected}"))
                })
            } else {
                let values = choices.into_iter();
                let values = values.map(|(value, help)| PossibleValue::new(value).help(help));
                PossibleValuesParser::new(values).into()
            };
            Arg::new(flag)
                .long(flag)
                .value_name(axis.value_name)
                .help(axis.help)
                .value_delimiter(',')
                .action(ArgAction::Append)
                .allow_negative_numbers(true)
                .value_parser(parser)
        }))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// The value of this text, if the axis has it.
fn check(axis: &Axis, text: &str) -> Result<String, String> {
    let arm = study::arm::Arm::any().map_err(|error| error.to_string())?;
    axis.canonical(text, &arm)
}

/// The axis and the values of `AXIS=VALUES`.
fn setting(text: &str) -> Result<(&'static Axis, Vec<String>), String> {
    let keys = || AXES.iter().map(|axis| axis.key).collect::<Vec<_>>().join(", ");
    let Some((key, values)) = text.split_once('=') else {
        return Err("expected AXIS=VALUES, as in learning_rate=0.01,0.001".to_owned());
    };
    let axis = axis(key.trim())
        .ok_or_else(|| format!("found the axis {:?}, expected one of {}", key.trim(), keys()))?;
    let values = distinct(axis, values.split(','));
    Ok((axis, values.map_err(|fault| format!("{}: {fault}", axis.key))?))
}

/// The values of these texts, in one way of writing, each once.
fn distinct<'a>(axis: &Axis, texts: impl Iterator<Item = &'a str>) -> Result<Vec<String>, String> {
    let mut found: Vec<String> = Vec::new();
    for text in texts {
        let canonical = check(axis, text.trim())
            .map_err(|expected| format!("found {text:?}, expected {expected}"))?;
        if found.contains(&canonical) {
            return Err(format!("found {canonical} twice, expected each value once"));
        }
        found.push(canonical);
    }
    Ok(found)
}

impl FromArgMatches for AxisOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let short = AXES.iter().filter_map(|&axis| {
            let flag = axis.flag?;
            let values = distinct(axis, matches.get_many::<String>(flag)?.map(String::as_str));
            Some(values.map(|values| (axis, values)).map_err(|fault| {
                clap::Error::raw(ErrorKind::ValueValidation, format!("--{flag}: {fault}"))
            }))
        });
        let mut named: Vec<(&'static Axis, Vec<String>)> = short.collect::<Result<_, _>>()?;
        let set = matches.get_many::<(&'static Axis, Vec<String>)>(SET);
        named.extend(set.into_iter().flatten().cloned());
        let is_twice = |at: usize| named[..at].iter().any(|(axis, _)| *axis == named[at].0);
        if let Some(at) = (0..named.len()).find(|&at| is_twice(at)) {
            let fault = format!("{}: found twice, expected each axis once", named[at].0.key);
            return Err(clap::Error::raw(ErrorKind::ValueValidation, fault));
        }
        // A network brings its own parts, which other options may change.
        named.sort_by_key(|(axis, _)| place(axis));
        Ok(Self(named))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_names_an_axis_and_its_values() {
        let (axis, values) = setting("learning_rate=1e-2, 0.001").unwrap();
        assert_eq!((axis.key, values), ("learning_rate", vec!["0.01".into(), "0.001".into()]));
        for (text, expected) in [
            ("learning_rate", "expected AXIS=VALUES"),
            ("rate=1", "found the axis \"rate\", expected one of data_set, network, "),
            ("epochs=0", "epochs: found \"0\", expected a whole number from 1"),
            ("epochs=", "epochs: found \"\""),
            ("epochs=1,1", "epochs: found 1 twice"),
        ] {
            let message = setting(text).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
