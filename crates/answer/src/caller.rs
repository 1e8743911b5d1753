//! One call of a function: a panic or an error becomes a message with the line of the source.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};

use crate::backtrace;
use crate::functions::Result;
use crate::shape_error::explained;
use crate::source::Source;

/// The messages of `todo!()`, [`not_implemented!`](crate::not_implemented!) and `unimplemented!()`.
const NOT_IMPLEMENTED: [&str; 3] =
    ["not yet implemented", "not implemented yet", "not implemented"];

/// The letters of a message that are told: the grader reads some more, and the place is to be among them.
const LETTERS: usize = 250;

thread_local! {
    /// The place of the last panic on this thread.
    static PANICKED_AT: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
}

/// Calls functions of one source file.
pub(crate) struct Caller {
    source: Source,
    /// The first message of each line. Later calls that fail there have the same one, so that what
    /// happens alike is told once.
    told: RefCell<BTreeMap<(&'static str, String, u32), String>>,
}

impl Caller {
    /// From now on panics are not printed.
    pub(crate) fn new(source: Source) -> Self {
        panic::set_hook(Box::new(move |info| {
            let location = info.location();
            let is_own = location.is_some_and(|location| location.file().ends_with(source.file));
            let own = || backtrace::innermost(source.package);
            let given = || location.map(|location| (location.file().to_owned(), location.line()));
            let place = if is_own { given() } else { own().or_else(given) };
            PANICKED_AT.with_borrow_mut(|panicked| *panicked = place);
        }));
        Self { source, told: RefCell::default() }
    }

    /// What `call` returns, which calls `function`. The error is a message that says with which arguments
    /// and in which line it failed; `given` names the arguments, as in "x of shape (2, 3, 4, 5)".
    pub(crate) fn call<T>(
        &self,
        function: &'static str,
        given: &str,
        call: impl FnOnce() -> Result<T>,
    ) -> std::result::Result<T, String> {
        // What a function leaves half done is its own, and is not looked at after a panic.
        let (message, place) = match panic::catch_unwind(AssertUnwindSafe(call)) {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => {
                let place = error.place();
                (error.to_string(), Some((place.file().to_owned(), place.line())))
            }
            Err(payload) => (text(payload.as_ref()), PANICKED_AT.take()),
        };
        let (file, line) = place.unwrap_or_default();
        let mut told = self.told.borrow_mut();
        let message = told.entry((function, file.clone(), line)).or_insert_with(|| {
            let short = |message: &str| message.chars().take(LETTERS).collect::<String>();
            if let Some(note) = note_of_unwritten(&message) {
                // Its arguments and its code say nothing; what its author noted does.
                let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
                let note =
                    if note.is_empty() { String::new() } else { format!(": {}", short(note)) };
                return format!("{function} is not implemented yet{note} ({name}, line {line})");
            }
            let code = self.source.code(&file, line);
            let place = if line == 0 { String::new() } else { self.source.place(&file, line) };
            let message = short(&explained(&message, &code));
            format!("{function}, given {given}: {message}{place}")
        });
        Err(message.clone())
    }
}

/// What a function that is still to be written notes in its message; `None` of any other message.
fn note_of_unwritten(message: &str) -> Option<&str> {
    let notes = NOT_IMPLEMENTED.iter().filter_map(|text| message.strip_prefix(text));
    let mut notes =
        notes.filter_map(|rest| if rest.is_empty() { Some("") } else { rest.strip_prefix(": ") });
    notes.next()
}

fn text(payload: &(dyn Any + Send)) -> String {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without a message".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn what_fails_in_a_line_is_told_once_with_its_call_and_its_code() {
        let source = crate::source!("caller.rs");
        let caller = Caller::new(source);
        let call = |given: &str, index: usize| {
            caller.call("f", given, || {
                Ok([1, 2, 3].get(index).copied().unwrap_or_else(|| panic!("no {index}")))
            })
        };
        let line = line!() - 3;
        assert_eq!(call("x of shape (3,)", 0), Ok(1));
        let first = call("x of shape (3,)", 7).unwrap_err();
        assert!(first.starts_with("f, given x of shape (3,): no 7: `Ok([1, 2, 3].get("), "{first}");
        assert!(first.ends_with(&format!("(caller.rs, line {line})")), "{first}");
        assert_eq!(call("x of shape (8,)", 8).unwrap_err(), first);
        // It arises in a library, and is told where it comes from.
        let none = "".len();
        let stepped = caller.call("f", "x", || Ok((0..3).step_by(none).count())).unwrap_err();
        let at = format!("(caller.rs, line {})", line!() - 1);
        assert!(stepped.ends_with(&at), "{stepped}");
        let sum = || ndarray::array![1.0, 2.0] + ndarray::array![1.0, 2.0, 3.0];
        let sum = caller.call("f", "x", || Ok(sum())).unwrap_err();
        let expected = "f, given x: `+` found two arrays whose shapes do not fit";
        assert!(sum.starts_with(expected), "{sum}");
        let long = caller.call("f", "x", || -> Result<()> { panic!("{}", "long ".repeat(1000)) });
        let at = format!("(caller.rs, line {})", line!() - 1);
        assert!(
            long.as_ref().is_err_and(|long| long.len() < 500 && long.ends_with(&at)),
            "{long:?}"
        );
        let unwritten = caller.call("f", "x", || -> Result<()> { crate::not_implemented!(line) });
        let expected = format!("f is not implemented yet (caller.rs, line {})", line!() - 1);
        assert_eq!(unwritten, Err(expected));
        let noted = caller.call("f", "x", || -> Result<()> { unimplemented!("test mode {}", 1) });
        let at = format!("(caller.rs, line {})", line!() - 1);
        assert_eq!(noted, Err(format!("f is not implemented yet: test mode 1 {at}")));
        let own = caller.call("f", "x", || -> Result<()> { panic!("not implemented for {}", 5) });
        let expected = "f, given x: not implemented for 5: `";
        assert!(own.as_ref().is_err_and(|own| own.starts_with(expected)), "{own:?}");
        let refused = caller.call("f", "x", || -> Result<()> { Err(Error::new("no")) });
        let expected = "f, given x: no: `let refused = caller.call(\"f\", \"x\", ||";
        assert!(refused.clone().unwrap_err().starts_with(expected), "{refused:?}");
    }
}
