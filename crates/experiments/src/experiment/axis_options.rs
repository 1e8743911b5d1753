//! The options of the command line for the axes of a study, from the list in the library.

use clap::builder::{PossibleValue, PossibleValuesParser, ValueParser};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use study::axis::AXES;

/// The values of axes, by the names of their options.
#[derive(Debug, Default)]
pub(crate) struct AxisOptions(pub(crate) Vec<(&'static str, Vec<String>)>);

impl Args for AxisOptions {
    fn augment_args(command: Command) -> Command {
        command.args(AXES.iter().map(|axis| {
            let choices = (axis.choices)();
            let parser = if choices.is_empty() {
                let check = axis.check;
                ValueParser::from(move |text: &str| match check(text) {
                    Ok(()) => Ok(text.to_owned()),
                    Err(expected) => Err(format!("expected {expected}")),
                })
            } else {
                let values = choices.into_iter();
                let values = values.map(|(value, help)| PossibleValue::new(value).help(help));
                PossibleValuesParser::new(values).into()
            };
            Arg::new(axis.flag)
                .long(axis.flag)
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

impl FromArgMatches for AxisOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let named = AXES.iter().filter_map(|axis| {
            let values = matches.get_many::<String>(axis.flag)?;
            Some((axis.flag, values.cloned().collect()))
        });
        Ok(Self(named.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
