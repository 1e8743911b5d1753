//! A kind of message, and the parts of a message.

/// A kind of message, and what to do about it.
pub(super) struct Kind {
    /// The message has one of these in it.
    pub signs: &'static [&'static str],
    /// The next step, in sentences; `None` if the message is of another kind after all.
    pub step: fn(&Message<'_>) -> Option<String>,
}

/// The parts of a message.
pub(super) struct Message<'a> {
    pub text: &'a str,
    /// The line of the submission's file, as in "line 14".
    pub line: Option<&'a str>,
    /// The statement that could not be read, of a syntax error.
    pub statement: Option<&'a str>,
}

impl<'a> Message<'a> {
    /// The parts of a text.
    pub(super) fn of(text: &'a str) -> Self {
        let (rest, place) = match text.rsplit_once(" (") {
            Some((rest, place)) if place.contains(", line ") => (rest, place.strip_suffix(')')),
            _ => (text, None),
        };
        let line = place.and_then(|place| Some(&place[place.rfind("line ")?..]));
        let statement = rest.strip_suffix('`').and_then(|rest| Some(rest.split_once(": `")?.1));
        Self { text, line, statement }
    }
}
