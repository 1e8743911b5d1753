//! The axis of what a seed changes: how much results vary by one source alone.

use super::definition::{Axis, no_choices};
use crate::source::Source;

pub(super) static AXIS: Axis = Axis {
    key: "vary",
    flag: None,
    value_name: "SOURCES",
    help: "What a seed changes, joined by +",
    is_of_network: false,
    choices: no_choices,
    set: |arm, text| {
        arm.vary = sources(text).ok_or_else(|| {
            let names: Vec<&str> = Source::ALL.iter().map(|source| source.name()).collect();
            format!("{NONE}, or one or more of {}, joined by +", names.join(", "))
        })?;
        Ok(())
    },
    text: |arm| {
        let names: Vec<&str> = arm.vary.iter().map(|source| source.name()).collect();
        if names.is_empty() { NONE.to_owned() } else { names.join(JOINED) }
    },
    label: |arm| {
        let names: Vec<&str> = arm.vary.iter().map(|source| source.name()).collect();
        if names.is_empty() {
            "nothing varied".to_owned()
        } else {
            format!("{} varied", names.join(" and "))
        }
    },
};

const NONE: &str = "none";
const JOINED: &str = "+";

/// The sources of this text, each once, in one order.
fn sources(text: &str) -> Option<Vec<Source>> {
    if text == NONE {
        return Some(Vec::new());
    }
    let source = |name: &str| Source::ALL.into_iter().find(|source| source.name() == name);
    let mut found: Vec<Source> = text.split(JOINED).map(source).collect::<Option<_>>()?;
    found.sort_unstable();
    found.dedup();
    Some(found)
}
