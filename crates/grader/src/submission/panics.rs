//! Panics of submissions, which are verdicts and no accidents.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static SILENT: Cell<bool> = const { Cell::new(false) };
}

/// Calls `f`; if it panics, the error is the panic's message, which then does not appear on
/// stderr. Panics elsewhere, on other threads too, are reported as ever.
///
/// # Errors
///
/// The message of the panic.
pub(crate) fn catch<T>(f: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !SILENT.get() {
                report(info);
            }
        }));
    });
    let before = SILENT.replace(true);
    // What a submission leaves half done is its own, and is not looked at after a panic.
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    SILENT.set(before);
    result.map_err(|payload| message(payload.as_ref()))
}

fn message(payload: &(dyn Any + Send)) -> String {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without a message".to_owned(),
    }
}
